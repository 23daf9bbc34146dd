"""The ledger: every unit of a resource, each year, from the firm that freed it through the pools to who has it.

Double entry by construction: one line is both the debit of its source and the credit of its destination. Which unit
goes where is a matter of bookkeeping, so the order is written down and always the same:

- a pool fills with the quota held at the start, then with what its own firms free (by identifier), then with what
  came from other pools (by the path it came);
- it serves firms of the place whose action takes quota, then its own projects (by identifier), then transfers out
  (to the parent first, then to places below by identifier); the rest is idle.
"""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass

import numpy as np
import pandas as pd

from quota_opt.model.case import Case, FloatArray
from quota_opt.model.outcome import Outcome

COLUMNS = ["entry", "year", "resource", "from_kind", "from", "action", "pool_path", "to_kind", "to", "amount"]
DUST = 1e-9
ARROW = " > "


@dataclass
class _Parcel:
    kind: str
    source: str
    action: str
    path: tuple[int, ...]
    amount: float


def ledger_table(outcome: Outcome) -> pd.DataFrame:
    """The ledger of a plan; columns `COLUMNS`, amounts in units of the resource, per year."""
    case = outcome.case
    lines: list[tuple[object, ...]] = []
    for r, resource in enumerate(case.resources):
        for t, year in enumerate(case.years):
            for kind, source, action, path, to_kind, to, amount in _flows(outcome, r, t):
                names = ARROW.join(case.places.names[n] for n in path)
                lines.append((int(year), resource, kind, source, action, names, to_kind, to, amount))
    table = pd.DataFrame(lines, columns=COLUMNS[1:])
    table.insert(0, "entry", np.arange(1, len(table) + 1))
    return table


def _flows(outcome: Outcome, r: int, t: int) -> list[tuple[str, str, str, tuple[int, ...], str, str, float]]:
    case = outcome.case
    pools: dict[int, list[_Parcel]] = {}
    takers: dict[int, list[tuple[str, str, float]]] = {}
    for n in np.flatnonzero(case.initial[r, :, t] > DUST).tolist():
        pools.setdefault(n, []).append(_Parcel("initial", "initial", "", (n,), float(case.initial[r, n, t])))
    _firms(outcome, r, t, pools, takers)
    _projects(outcome, r, t, takers)
    exits, waiting = _exits(case, outcome.net_up[r, :, t])
    lines = []
    active = set(pools) | set(takers) | set(exits) | set(waiting)
    ready = deque(sorted(n for n in active if not waiting.get(n)))
    while ready:
        n = ready.popleft()
        parcels = deque(pools.get(n, []))
        for kind, name, amount in takers.get(n, []):
            lines += [(p.kind, p.source, p.action, p.path, kind, name, p.amount) for p in _taken(parcels, amount)]
        for target, amount in exits.get(n, []):
            for p in _taken(parcels, amount):
                moved = _Parcel(p.kind, p.source, p.action, (*p.path, target), p.amount)
                pools.setdefault(target, []).append(moved)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
        lines += [(p.kind, p.source, p.action, p.path, "idle", "idle", p.amount) for p in parcels if p.amount > DUST]
    return lines


def _firms(
    outcome: Outcome, r: int, t: int, pools: dict[int, list[_Parcel]], takers: dict[int, list[tuple[str, str, float]]]
) -> None:
    case = outcome.case
    table = case.actions
    places, firms, kinds = (table[name].tolist() for name in ("place_code", "firm", "action"))
    since = outcome.action_year + table["lag"].to_numpy()[outcome.action_row]
    free = case.standing_free(r, t)
    for row in outcome.action_row[since <= t]:
        amount = float(free[row])
        place, firm, action = places[row], firms[row], kinds[row]
        if amount > DUST:
            pools.setdefault(place, []).append(_Parcel("firm", firm, action, (place,), amount))
        elif amount < -DUST:
            takers.setdefault(place, []).append(("firm", firm, -amount))


def _projects(outcome: Outcome, r: int, t: int, takers: dict[int, list[tuple[str, str, float]]]) -> None:
    case = outcome.case
    use = outcome.award_use(r, t)
    places, projects = case.projects["place_code"].tolist(), case.projects["project"].tolist()
    for i in np.argsort(outcome.award_row, kind="stable"):
        if use[i] > DUST:
            row = int(outcome.award_row[i])
            takers.setdefault(places[row], []).append(("project", projects[row], float(use[i])))


def _exits(case: Case, net_up: FloatArray) -> tuple[dict[int, list[tuple[int, float]]], dict[int, int]]:
    """Transfers out of each place in their order, and how many transfers each place waits for."""
    exits: dict[int, list[tuple[int, float]]] = {}
    waiting: dict[int, int] = {}
    for n in np.flatnonzero(np.abs(net_up) > DUST).tolist():
        parent, amount = int(case.places.parent[n]), float(net_up[n])
        origin, target = (n, parent) if amount > 0 else (parent, n)
        exits.setdefault(origin, []).append((target, abs(amount)))
        waiting[target] = waiting.get(target, 0) + 1
    for n, targets in exits.items():
        targets.sort(key=lambda item: (item[0] != case.places.parent[n], item[0]))
    return exits, waiting


def _taken(parcels: deque[_Parcel], amount: float) -> list[_Parcel]:
    """The parcels, or parts of them, that make up `amount`, from the front."""
    taken = []
    left = amount
    while left > DUST and parcels:
        first = parcels[0]
        part = min(first.amount, left)
        if first.amount - part <= DUST:
            part = min(first.amount, left + DUST)
            parcels.popleft()
        else:
            first.amount -= part
        taken.append(_Parcel(first.kind, first.source, first.action, first.path, part))
        left -= part
    return taken


def ledger_problems(outcome: Outcome, ledger: pd.DataFrame, tolerance: float = 1e-6) -> list[str]:
    """Where a ledger does not match the plan: sources, destinations, idle quota, transfers; and negative lines."""
    case = outcome.case
    if set(COLUMNS) - set(ledger.columns):
        return [f"columns missing: {', '.join(sorted(set(COLUMNS) - set(ledger.columns)))}"]
    expected = ledger_table(outcome)
    problems = []
    if (ledger["amount"] < -tolerance).any() or ledger["amount"].isna().any():
        problems.append("a line has a negative or missing amount")
    for name, key in (
        ("source", ["year", "resource", "from_kind", "from", "action"]),
        ("destination", ["year", "resource", "to_kind", "to"]),
    ):
        problems += _differences(name, key, expected, ledger, tolerance)
    problems += _differences("path", ["year", "resource", "edge"], _edges(expected), _edges(ledger), tolerance)
    known = set(case.places.names)
    strangers = {part for path in ledger["pool_path"].unique() for part in str(path).split(ARROW)} - known
    problems += [f"no place is called {name}" for name in sorted(strangers)]
    return problems


def _edges(ledger: pd.DataFrame) -> pd.DataFrame:
    """Amounts over each step of the paths, the first place and the last counted as steps too."""
    steps = ledger["pool_path"].map(_steps)
    return ledger[["year", "resource", "amount"]].assign(edge=steps).explode("edge")


def _steps(path: object) -> list[str]:
    parts = str(path).split(ARROW)
    return [f"* > {parts[0]}", *(f"{a} > {b}" for a, b in itertools.pairwise(parts)), f"{parts[-1]} > *"]


def _differences(
    name: str, key: list[str], expected: pd.DataFrame, stated: pd.DataFrame, tolerance: float
) -> list[str]:
    left = expected.fillna({"action": ""}).groupby(key)["amount"].sum()
    right = stated.fillna({"action": ""}).groupby(key)["amount"].sum()
    both = pd.concat([left.rename("expected"), right.rename("stated")], axis=1).fillna(0.0)
    allowed = tolerance + 1e-9 * both["expected"].abs()
    off = both[(both["expected"] - both["stated"]).abs() > allowed]
    return [
        f"{name} {' '.join(map(str, index))}: the ledger says {line.stated:g}, the plan {line.expected:g}"
        for index, line in zip(off.index[:5], off.head(5).itertuples(index=False), strict=True)
    ]
