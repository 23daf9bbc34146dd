"""Cases with something uncertain in them, small enough to work out by hand."""

from __future__ import annotations

from typing import Any

from small import FINAL, case

import quota_opt as qo

HALF_TO_ALL = {"distribution": "uniform", "low": 0.5, "high": 1.0}


def one_closure(uncertainty: dict[str, Any] | None = None, *, last: int = 2024, **more: Any) -> qo.Scenario:
    """Closing F in N1 frees 1,000 tce a year; P there needs 800 and is worth 900 a year."""
    settings = {"uncertainty": uncertainty} if uncertainty is not None else {}
    return case(
        last=last,
        objective=more.pop("objective", FINAL),
        settings=settings,
        firms=[{"firm": "F", "place": "N1", "energy_tce": 1000.0, "value_added": 100.0}],
        actions=[{"firm": "F", "action": "close", "latest": 2024}],
        projects=[
            {"project": "P", "place": "N1", "category": "chain", "energy_tce": 800.0, "value_added": 900.0}
            | {"latest": 2024}
        ],
        **more,
    )


def two_towns(uncertainty: dict[str, Any] | None = None, **more: Any) -> qo.Scenario:
    """F1, F2 in N1 and F3 in N2 free 600, 400 and 500; A in N1 needs 500, B and D in N2 600 and 300."""
    settings = {"uncertainty": uncertainty} if uncertainty is not None else {}
    firms = [("F1", "N1", 600.0), ("F2", "N1", 400.0), ("F3", "N2", 500.0)]
    projects = [
        ("A", "N1", "chain", 500.0, 900.0),
        ("B", "N2", "strategic", 600.0, 1000.0),
        ("D", "N2", "upgrade", 300.0, 400.0),
    ]
    return case(
        first=2024,
        last=more.pop("last", 2025),
        objective=more.pop("objective", FINAL),
        settings={**settings, **more.pop("settings", {})},
        firms=[{"firm": f, "place": n, "energy_tce": e, "value_added": 60.0} for f, n, e in firms],
        actions=[{"firm": f, "action": "close"} for f, _, _ in firms],
        projects=[
            {"project": p, "place": n, "category": c, "energy_tce": e, "value_added": v} for p, n, c, e, v in projects
        ],
        **more,
    )
