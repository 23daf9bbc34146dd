"""Cases small enough to solve by hand, shared by tests of the model and the plan."""

from __future__ import annotations

from typing import Any

import quota_opt as qo

TREE = [
    {"place": "county", "level": "county"},
    {"place": "N1", "level": "town", "parent": "county"},
    {"place": "N2", "level": "town", "parent": "county"},
]


def case(
    *,
    first: int = 2024,
    last: int = 2025,
    resources: tuple[str, ...] = ("energy",),
    objective: dict[str, Any] | None = None,
    rules: dict[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
    places: list[dict[str, Any]] | None = None,
    **tables: list[dict[str, Any]],
) -> qo.Scenario:
    """A case with towns N1 and N2 of one county, and whatever is given."""
    whole: dict[str, Any] = {
        "scenario": {
            "name": "small",
            "first_year": first,
            "last_year": last,
            "resources": list(resources),
            "data": "synthetic",
        },
        "rules": rules or {},
        **(settings or {}),
    }
    if objective is not None:
        whole["objective"] = objective
    if "discount_rate" in (settings or {}):
        whole["scenario"]["discount_rate"] = whole.pop("discount_rate")
    return qo.Scenario.from_tables(whole, places=places or TREE, **tables)


FINAL = {"maximise": {"value_added_final": 1.0}}
