"""The market a rule may open: what quota costs where and when, and who must buy for a project of their own.

Three kinds of trade, each an amount per year: `buy[n, r, t]` and `sell[n, r, t]` of a place, and `project[p, t]`, what
a project must buy of energy for itself. A purchase stands `lasts` years, a sale its own year alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from quota_opt.model.case import Case

FloatArray = NDArray[np.float64]


class Sides(NamedTuple):
    """One array per kind of trade: columns of a model, amounts of a plan, or weights of a measure."""

    buy: NDArray[Any]  # (R, N, T)
    sell: NDArray[Any]  # (R, N, T)
    project: NDArray[Any]  # (P, T)

    def plus(self, other: Sides) -> Sides:
        """The sum of both."""
        return Sides(*(mine + its for mine, its in zip(self, other, strict=True)))

    def times(self, factor: float) -> Sides:
        """Each times a number."""
        return Sides(*(mine * factor for mine in self))


@dataclass(frozen=True)
class Market:
    """What may be traded. Prices are 10k yuan per unit of resource, NaN where that side is closed.

    `project_price` (P, T) is what a project pays for energy it must buy, `most` (R, T) the most bought in a year over
    all places, `levy` the share of sales that goes to the level above, `exit_payment` (T,) what a closure is paid per
    tce made available, `weight` what the net cost counts in a weighted objective that names none of its money.
    """

    buy_price: FloatArray  # (R, T)
    sell_price: FloatArray  # (R, T)
    project_price: FloatArray  # (P, T)
    places: NDArray[np.bool_]  # (N,)
    most: FloatArray  # (R, T)
    exit_payment: FloatArray  # (T,)
    lasts: int = 1
    levy: float = 0.0
    weight: float = 1.0

    def resources(self) -> NDArray[np.bool_]:
        """(R,): resources with a price on either side in any year."""
        priced: NDArray[np.bool_] = np.isfinite(self.buy_price) | np.isfinite(self.sell_price)
        return np.asarray(priced.any(axis=1), dtype=bool)


MONEY = ("purchase_cost", "sale_income", "exit_payments", "trading_cost")
"""Measures of what the market costs and brings."""
ENDS = ("bought", "sold")


def blank(case: Case, value: float = 0.0, dtype: Any = float) -> Sides:
    """A value for every trade there could be."""
    grid = (len(case.resources), case.places.size, case.horizon)
    return Sides(
        np.full(grid, value, dtype),
        np.full(grid, value, dtype),
        np.full((len(case.projects), case.horizon), value, dtype),
    )


def standing(amounts: FloatArray, lasts: int) -> FloatArray:
    """What stands in each year (last axis) of amounts that last some years each."""
    total = np.zeros_like(amounts)
    for age in range(min(lasts, amounts.shape[-1])):
        total[..., age:] += amounts[..., : amounts.shape[-1] - age]
    return total


def obligation(case: Case, s: int) -> FloatArray:
    """(P, T): energy that a project started in each year must have bought in year position `s`, per unit of share."""
    owed = np.zeros((len(case.projects), case.horizon))
    if case.energy < 0:
        return owed
    for t in range(s + 1):
        owed[:, t] = case.must_buy[:, t] * case.need[case.energy] * case.ramp[:, s - t] * case.counted.total[:, s]
    return owed


def open_columns(case: Case) -> Sides:
    """The most of each trade, NaN where there can be none.

    Without a limit of the rule's own a place buys no more than all projects together would use.
    """
    most = blank(case, np.nan)
    market = case.market
    if market is None:
        return most
    for r in range(len(case.resources)):
        limit = np.where(np.isfinite(market.most[r]), market.most[r], _demand(case, r))
        held = _supply(case, r)
        for t in np.flatnonzero(np.isfinite(market.buy_price[r])).tolist():
            most.buy[r, market.places, t] = limit[t]
        for t in np.flatnonzero(np.isfinite(market.sell_price[r])).tolist():
            most.sell[r, market.places, t] = held[t]
    mine = case.must_buy.any(axis=1) & market.places[case.projects["place_code"].to_numpy()]
    for u in range(case.horizon):
        most.project[:, u] = np.where(
            mine & np.isfinite(market.project_price[:, u]), obligation(case, u).max(axis=1), np.nan
        )
    return most


def _demand(case: Case, r: int) -> float:
    """What every project at full size, every action that takes quota and every debt would take together."""
    years = range(case.horizon)
    used = np.max([case.standing_need(r, s).max(axis=1, initial=0.0) for s in years], axis=0)
    taken = np.zeros(len(case.firms))
    np.maximum.at(taken, case.actions["firm_code"].to_numpy(), -case.free[r])
    owed = np.maximum(-case.initial[r], 0.0).sum(axis=0).max(initial=0.0)
    return float(used.sum() + taken.sum() + owed)


def _supply(case: Case, r: int) -> FloatArray:
    """(T,): all there can be of a resource without purchases."""
    best = np.zeros(len(case.firms))
    np.maximum.at(best, case.actions["firm_code"].to_numpy(), case.free[r])
    supply: FloatArray = best.sum() + np.maximum(case.initial[r], 0.0).sum(axis=0)
    return supply
