"""The amounts of a plan that people read, one by one: what awards take, actions free, and pools move, buy and sell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from quota_opt.model.case import Case, FloatArray, IntArray
from quota_opt.model.outcome import Outcome

COLUMNS = ["kind", "id", "place", "year", "resource", "exact", "whole"]
KINDS = ("award", "freed", "transfer", "bought", "bought_for", "sold", "initial", "idle")
DUST = 1e-6


@dataclass(frozen=True)
class Amounts:
    """Exact amounts of one resource as flat arrays, an entry per amount and year.

    `kind` is a position in `KINDS`; `owner` the row of the action or award, or the place; `year` a position.
    """

    kind: IntArray
    owner: IntArray
    year: IntArray
    exact: FloatArray

    def at(self, kind: str) -> dict[tuple[int, int], int]:
        """Position by owner and year."""
        here = np.flatnonzero(self.kind == KINDS.index(kind))
        return {(int(self.owner[i]), int(self.year[i])): int(i) for i in here}


def amounts_of(outcome: Outcome, r: int) -> Amounts:
    """What awards take, actions free, and pools move, buy and sell of a resource, where it is not nothing."""
    case = outcome.case
    parts: list[tuple[int, IntArray, IntArray, FloatArray]] = []

    def add(kind: str, owner: IntArray, year: IntArray, exact: FloatArray) -> None:
        live = np.abs(exact) > DUST
        parts.append((KINDS.index(kind), owner[live], year[live], exact[live]))

    since = outcome.action_year + case.actions["lag"].to_numpy(dtype=np.int64)[outcome.action_row]
    for t in range(case.horizon):
        add("award", outcome.award_row, np.full(len(outcome.award_row), t), outcome.award_use(r, t))
        on = outcome.action_row[since <= t]
        add("freed", on, np.full(len(on), t), case.standing_free(r, t)[on])
    place, year = (grid.ravel() for grid in np.indices(case.initial.shape[1:]))
    add("transfer", place, year, outcome.net_up[r].ravel())
    if outcome.trades is not None:
        add("bought", place, year, outcome.trades.buy[r].ravel())
        add("sold", place, year, outcome.trades.sell[r].ravel())
        if r == case.energy:
            own, when = (grid.ravel() for grid in np.indices(outcome.trades.project.shape))
            add("bought_for", own, when, outcome.trades.project.ravel())
    kind = np.concatenate([np.full(len(owner), code) for code, owner, _, _ in parts])
    owner, year, exact = (np.concatenate([part[i] for part in parts]) for i in (1, 2, 3))
    return Amounts(kind.astype(np.int64), owner.astype(np.int64), year.astype(np.int64), exact.astype(np.float64))


def places_of(case: Case, amounts: Amounts) -> IntArray:
    """The place of each amount."""
    place = amounts.owner.copy()
    projects, firms = (table["place_code"].to_numpy(dtype=np.int64) for table in (case.projects, case.actions))
    for kind, table in (("award", projects), ("bought_for", projects), ("freed", firms)):
        here = amounts.kind == KINDS.index(kind)
        place[here] = table[amounts.owner[here]]
    return place


def lines_of(outcome: Outcome, r: int, amounts: Amounts, whole: FloatArray) -> pd.DataFrame:
    """The amounts as lines; a transfer's place is the lower one, its amount what goes up (less than 0: down)."""
    case = outcome.case
    place = case.places.names[places_of(case, amounts)]
    names = place.copy()
    projects, firms = (case.projects["project"].to_numpy(object), case.actions["firm"].to_numpy(object))
    for kind, owners in (("award", projects), ("bought_for", projects), ("freed", firms)):
        here = amounts.kind == KINDS.index(kind)
        names[here] = owners[amounts.owner[here]]
    table = pd.DataFrame(
        {
            "kind": np.array(KINDS, dtype=object)[amounts.kind],
            "id": names,
            "place": place,
            "year": case.years[amounts.year],
            "resource": case.resources[r],
            "exact": amounts.exact,
            "whole": whole.astype(np.int64),
        }
    )
    order = np.lexsort((names.astype(str), amounts.kind, amounts.year))
    return table.iloc[order].reset_index(drop=True)


def is_whole(values: FloatArray) -> bool:
    """Whether all values are whole numbers."""
    return bool((np.abs(values - np.round(values)) <= DUST).all())
