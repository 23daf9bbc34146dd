"""The ledger read as flows: which end each entry has, and what went from sectors through pools to categories."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

_SOURCES = ("initial", "bought")
_USES = ("idle", "sold")
_STEP = re.compile(r"\s*(?:>|→|->|;)\s*")


def ledger_with_kinds(ledger: pd.DataFrame, projects: set[str]) -> pd.DataFrame:
    """The ledger with `from_kind` (firm, initial, bought) and `to_kind` (project, firm, idle, sold)."""
    if {"from_kind", "to_kind"} <= set(ledger.columns):
        return ledger
    origin, target = ledger["from"].astype(str), ledger["to"].astype(str)
    return ledger.assign(
        from_kind=[value if value in _SOURCES else "firm" for value in origin],
        to_kind=[value if value in _USES else "project" if value in projects else "firm" for value in target],
    )


def steps(path: object) -> list[str]:
    """The places a pool path names, in order."""
    return [part for part in _STEP.split(str(path)) if part] if isinstance(path, str) else []


def energy_flows(ledger: pd.DataFrame, scenario: Any, year: int) -> pd.DataFrame:
    """Entries of the last year and the main resource: sector, action, route, from_place, to_place, category, amount.

    `route` is `stay` where the quota is used in the place that held it, `pool` where it went through an upper pool.
    """
    columns = ["sector", "action", "route", "from_place", "to_place", "end", "amount"]
    resource = "energy" if "energy" in scenario.resources or not scenario.resources else scenario.resources[0]
    rows = ledger[(ledger["resource"] == resource) & (ledger["year"] == year) & (ledger["amount"] > 1e-9)]
    if rows.empty:
        return pd.DataFrame(columns=columns)
    sector = dict(zip(scenario.firms["firm"], scenario.firms["sector"], strict=True))
    category = dict(zip(scenario.projects["project"], scenario.projects["category"], strict=True))
    paths = [steps(path) for path in rows["pool_path"]]
    frame = pd.DataFrame(
        {
            "sector": [
                sector.get(f, "") if k == "firm" else k for f, k in zip(rows["from"], rows["from_kind"], strict=True)
            ],
            "action": [
                str(a) if k == "firm" and isinstance(a, str) else str(k)
                for a, k in zip(rows["action"], rows["from_kind"], strict=True)
            ],
            "route": ["pool" if len(path) > 1 else "stay" for path in paths],
            "from_place": [path[0] if path else "" for path in paths],
            "to_place": [path[-1] if path else "" for path in paths],
            "end": [
                category.get(t, k) if k == "project" else k for t, k in zip(rows["to"], rows["to_kind"], strict=True)
            ],
            "amount": rows["amount"].to_numpy(dtype=float),
        }
    )
    summed = frame.groupby(columns[:-1], sort=True, dropna=False)["amount"].sum()
    return summed.reset_index()
