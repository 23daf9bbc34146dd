"""A finished plan as plain arrays over the case's tables, and the arithmetic audits and results need.

Nothing here knows the matrix: quantities are summed from the case's tables, the actions done, the awards made and the
transfers stated.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from quota_opt.model.case import Case, FloatArray, IntArray
from quota_opt.model.market import Sides, standing
from quota_opt.model.measures import coefficients, known_measures, measure_unit


@dataclass(frozen=True)
class Outcome:
    """What was decided. `action_row`, `award_row` point into `case.actions`, `case.projects`; years are positions.

    `up` and `down` (R, N, T) are the transfers from each place to its parent and back, in units of the resource;
    `trades` what is bought and sold in each year (None: nothing).
    """

    case: Case
    action_row: IntArray
    action_year: IntArray
    award_row: IntArray
    award_year: IntArray
    award_share: FloatArray
    up: FloatArray
    down: FloatArray
    trades: Sides | None = None

    @cached_property
    def freed(self) -> FloatArray:
        """(R, N, T): what actions make available at each place in each year."""
        case = self.case
        total = np.zeros_like(case.initial)
        place = case.actions["place_code"].to_numpy()[self.action_row]
        since = self.action_year + case.actions["lag"].to_numpy()[self.action_row]
        for t in range(case.horizon):
            on = since <= t
            for r in range(len(case.resources)):
                np.add.at(total[r, :, t], place[on], case.standing_free(r, t)[self.action_row[on]])
        return total

    @cached_property
    def used(self) -> FloatArray:
        """(R, N, T): what awards take from each place's pool in each year, substitution ratio included."""
        case = self.case
        total = np.zeros_like(case.initial)
        place = case.projects["place_code"].to_numpy()[self.award_row]
        for t in range(case.horizon):
            on = self.award_year <= t
            for r in range(len(case.resources)):
                np.add.at(total[r, :, t], place[on], self.award_use(r, t)[on])
        return total

    def award_use(self, r: int, t: int) -> FloatArray:
        """What each award takes of resource `r` in year position `t` (0 before it starts)."""
        case = self.case
        use: FloatArray = case.standing_need(r, t)[self.award_row, self.award_year] * self.award_share
        return use

    @cached_property
    def net_up(self) -> FloatArray:
        """(R, N, T): what leaves each place for its parent, net."""
        return self.up - self.down

    @cached_property
    def bought(self) -> FloatArray:
        """(R, N, T): what purchases that stand add to each pool, those of projects among them."""
        case = self.case
        if self.trades is None or case.market is None:
            return np.zeros_like(case.initial)
        total = standing(self.trades.buy, case.market.lasts)
        if case.energy >= 0:
            own = standing(self.trades.project, case.market.lasts)
            np.add.at(total[case.energy], case.projects["place_code"].to_numpy(), own)
        return total

    @cached_property
    def sold(self) -> FloatArray:
        """(R, N, T): what is sold out of each pool."""
        return np.zeros_like(self.case.initial) if self.trades is None else self.trades.sell

    @cached_property
    def idle(self) -> FloatArray:
        """(R, N, T): what is left in each pool."""
        net = self.net_up
        inflow = np.zeros_like(net)
        child = np.flatnonzero(self.case.places.parent >= 0)
        for n in child:
            inflow[:, self.case.places.parent[n]] += net[:, n]
        return self.case.initial + self.freed + self.bought - self.sold - net + inflow - self.used

    @cached_property
    def action_cost(self) -> FloatArray:
        """(N, T): cost of the actions taken at each place in each year, 10k yuan."""
        total = np.zeros(self.case.initial.shape[1:])
        place = self.case.actions["place_code"].to_numpy()[self.action_row]
        np.add.at(total, (place, self.action_year), self.case.actions["cost"].to_numpy()[self.action_row])
        return total

    def awarded(self, amount: FloatArray) -> FloatArray:
        """An amount per project times what each award has of it."""
        picked: FloatArray = amount[self.award_row] * self.award_share
        return picked

    def measure(self, name: str, *, year: int | None = None, inside: NDArray[np.bool_] | None = None) -> float:
        """A measure of the plan up to `year` over the places `inside`; see `measures.py`."""
        if name == "smallest_town_ratio":
            return self._smallest_town_ratio()
        if name == "chains_completed":
            return float(self.chains_complete[:, self._position(year)].sum())
        made = coefficients(self.case, name, year=year, inside=inside)
        traded = 0.0
        if made.trades is not None and self.trades is not None:
            traded = sum(float((w * x).sum()) for w, x in zip(made.trades, self.trades, strict=True))
        return float(
            made.constant
            + traded
            + made.actions[self.action_row, self.action_year].sum()
            + (made.shares[self.award_row, self.award_year] * self.award_share).sum()
            + made.starts[self.award_row, self.award_year].sum()
        )

    def bent(self, rule: str) -> tuple[str, ...]:
        """Firms and projects whose action or award a bar of the rule forbids, and that the case lets pass."""
        case, found = self.case, []
        for owner, bar in case.bent:
            if owner.name == rule:
                table, row, year = case.projects["project"], self.award_row, self.award_year
                if bar.kind == "action":
                    table, row, year = case.actions["firm"], self.action_row, self.action_year
                at = dict(zip(row.tolist(), year.tolist(), strict=True))
                found += [
                    str(table.iat[r])
                    for r, out in zip(bar.rows.tolist(), bar.forbidden, strict=True)
                    if r in at and out[at[r]]
                ]
        return tuple(dict.fromkeys(found))

    def measures(self) -> dict[str, float]:
        """Every measure of the case; those without a value on this plan (no town frees anything) are left out."""
        values = {name: self.measure(name) for name in known_measures(self.case)}
        return {name: value for name, value in values.items() if not np.isnan(value)}

    def measure_units(self) -> dict[str, str]:
        """The unit of each measure."""
        return {name: measure_unit(self.case, name) for name in known_measures(self.case)}

    def _smallest_town_ratio(self) -> float:
        """Smallest used ÷ freed of energy over the towns (and zones) that free any, in the last year."""
        case = self.case
        if case.energy < 0:
            return float("nan")
        town = np.isin(case.places.levels.astype(str), ("town", "zone"))
        freed, used = self.freed[case.energy, :, -1], self.used[case.energy, :, -1]
        frees = town & (freed > 1e-9)
        return float((used[frees] / freed[frees]).min()) if frees.any() else float("nan")

    def _position(self, year: int | None) -> int:
        return self.case.horizon - 1 if year is None else int(np.searchsorted(self.case.years, year))

    @cached_property
    def chain_supply(self) -> FloatArray:
        """(S, T): suppliers of each stage of a chain in each year: firms not closed by then, projects started."""
        case = self.case
        years = np.arange(case.horizon)
        open_still = np.ones((len(case.firms), case.horizon))
        closes = case.actions["action"].to_numpy(dtype=object)[self.action_row] == "close"
        firm = case.actions["firm_code"].to_numpy()[self.action_row[closes]]
        np.minimum.at(open_still, firm, (years < self.action_year[closes][:, None]).astype(float))
        started = np.zeros((len(case.projects), case.horizon))
        np.maximum.at(started, self.award_row, (years >= self.award_year[:, None]).astype(float))
        supply: FloatArray = case.chains.firms.astype(float) @ open_still + case.chains.projects.astype(float) @ started
        return supply

    @cached_property
    def chains_complete(self) -> NDArray[np.bool_]:
        """(C, T): whether each stage of a chain has a surviving firm or a started project in a year."""
        complete = np.ones((len(self.case.chains.names), self.case.horizon), dtype=bool)
        np.logical_and.at(complete, self.case.chains.chain, self.chain_supply > 0.5)
        return complete


def transfers_table(outcome: Outcome, *, least: float = 1e-9) -> pd.DataFrame:
    """The transfers as a table: resource, year, from_place, to_place, amount (standing that year)."""
    case = outcome.case
    names = case.places.names
    net = outcome.net_up
    r, n, t = np.nonzero(np.abs(net) > least)
    amount = net[r, n, t]
    parent = case.places.parent[n]
    origin, target = np.where(amount > 0, n, parent), np.where(amount > 0, parent, n)
    return pd.DataFrame(
        {
            "resource": np.array(case.resources, dtype=object)[r],
            "year": case.years[t],
            "from_place": names[origin],
            "to_place": names[target],
            "amount": np.abs(amount),
        }
    )
