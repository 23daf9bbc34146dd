"""How far prices hold: by how much the right-hand side of a row may move before one more unit of it is worth another.

The best value of a linear program is concave and piecewise linear in one right-hand side; the price of the row is its
slope. `basis_ranges` reads off the basis at hand how far that basis stays feasible: all rows in one pass, and certain
as far as it goes. A degenerate vertex may let it end early, even at once; `price_pieces` finds where the slope really
changes, with a few hot-started linear programs a row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quota_opt.model.linear import Arrays, FloatArray, IntArray
from quota_opt.solving.highs import FEASIBILITY, Relaxed, load, relaxed

ROUNDING = 1e-7
"""What two prices of one row may differ by, relatively, and be the same."""
KEPT = 1e-10
"""What the best value may be off, relatively, when a piece is followed to its end."""
TIGHT = 1e-7
"""How near a side a value stands, relatively, that stands at it."""
STILL = 1e-11
"""A basic column that moves less than this per unit does not end a range."""


@dataclass(frozen=True)
class Ranges:
    """Prices of some rows and the changes of their right-hand sides, from <= 0 to >= 0, over which each holds."""

    prices: FloatArray
    holds_from: FloatArray
    holds_to: FloatArray


@dataclass(frozen=True)
class TwoSided(Ranges):
    """The same with what one less costs and one more brings: other than the price where the slope changes there."""

    less: FloatArray
    more: FloatArray


def price_ranges(
    arrays: Arrays, root: Relaxed, rows: IntArray, looked_into: int, *, priced: bool = False
) -> TwoSided | None:
    """Ranges by the basis of a relaxation; up to `looked_into` rows are followed one by one to where the slope changes.

    These are the rows whose range the basis ends at once, and with `priced` all that have a price. None where the basis
    is lost; NaN where it has another price than `root`.
    """
    found = basis_ranges(arrays, root, rows)
    if found is None:
        return None
    low, high, less, more = found.holds_from.copy(), found.holds_to.copy(), found.prices.copy(), found.prices.copy()
    ended = ~((low < -STILL) & (high > STILL))
    edge = np.flatnonzero(ended | (priced & (np.abs(found.prices) > STILL)))[:looked_into]
    pieces = price_pieces(arrays, rows[edge]) if len(edge) else None
    if pieces is not None:
        down, up = pieces
        less[edge], more[edge] = down.prices, up.prices
        is_down, is_up = (np.isclose(found.prices[edge], side.prices, rtol=ROUNDING, atol=ROUNDING) for side in pieces)
        low[edge] = np.where(is_down, down.holds_from, 0.0)
        high[edge] = np.where(is_up, up.holds_to, 0.0)
    return TwoSided(found.prices, low, high, less, more)


def basis_ranges(arrays: Arrays, root: Relaxed, rows: IntArray) -> Ranges | None:
    """Ranges of one side of each row over which the basis of a relaxation stays optimal; None if it is lost.

    The side is the one the row stands at, the upper where it stands at none; NaN where the price of the basis is not
    the one of `root`.
    """
    import highspy

    highs = _ready(load(replace(arrays, integer=np.zeros(arrays.columns, dtype=bool))))
    highs.setBasis(root.basis)
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    status, basic = highs.getBasicVariables()
    if status != highspy.HighsStatus.kOk:
        return None
    solution, basis = highs.getSolution(), highs.getBasis()
    low = np.concatenate([arrays.lower, arrays.row_lower])
    high = np.concatenate([arrays.upper, arrays.row_upper])
    values = np.concatenate([np.asarray(solution.col_value), np.asarray(solution.row_value)])
    duals = np.asarray(solution.row_dual)
    # Basic variables are columns by their number, rows i as -i - 1; HiGHS keeps the negative of a row's activity.
    basic = np.asarray(basic, dtype=np.int64)
    signs = np.where(basic >= 0, 1.0, -1.0)
    basic = np.where(basic >= 0, basic, arrays.columns - 1 - basic)
    at, least, most = values[basic], low[basic], high[basic]
    is_basic = np.array([state == highspy.HighsBasisStatus.kBasic for state in basis.row_status])
    made = np.full((2, len(rows)), np.nan)
    for k, row in enumerate(rows.tolist()):
        if _differ(duals[row], root.prices[row]):
            continue
        if is_basic[row]:
            at_row, upper = values[arrays.columns + row], math.isfinite(arrays.row_upper[row])
            made[:, k] = (
                (min(at_row - arrays.row_upper[row], 0.0), math.inf)
                if upper
                else (-math.inf, max(at_row - arrays.row_lower[row], 0.0))
            )
            continue
        status, moves = highs.getBasisInverseCol(row)
        if status == highspy.HighsStatus.kOk:
            made[:, k] = _reach(at, least, most, signs * np.asarray(moves))
    return Ranges(root.prices[rows], made[0], made[1])


def _reach(at: FloatArray, least: FloatArray, most: FloatArray, moves: FloatArray) -> tuple[float, float]:
    """How far down and up a right-hand side goes until a basic variable, moving with it, meets a bound."""
    ups, downs = moves > STILL, moves < -STILL
    room_up, room_down = np.maximum(most - at, 0.0), np.maximum(at - least, 0.0)
    to = min(
        np.min(room_up[ups] / moves[ups], initial=math.inf), np.min(room_down[downs] / -moves[downs], initial=math.inf)
    )
    back = min(
        np.min(room_down[ups] / moves[ups], initial=math.inf), np.min(room_up[downs] / -moves[downs], initial=math.inf)
    )
    return 0.0 - float(back), float(to)


def price_pieces(arrays: Arrays, rows: IntArray) -> tuple[Ranges, Ranges] | None:
    """For the upper side of each row what one less costs and what one more brings, each with its range.

    The two are the slopes on both sides of where the row stands; they are one price, with one range, unless the row
    stands right where the slope changes. One less costs inf where nothing is possible then. None where the relaxation
    has no optimum; NaN for rows that are not of the form `<=`.
    """
    whole = replace(arrays, integer=np.zeros(arrays.columns, dtype=bool))
    root = relaxed(whole)
    if root is None:
        return None
    beside, along = _Beside(whole, root), _Along(whole, root)
    found = np.full((4, len(rows)), np.nan)
    for k, row in enumerate(rows.tolist()):
        if not math.isfinite(arrays.row_upper[row]):
            continue
        less, more = beside.slope(row, -1.0), beside.slope(row, 1.0)
        if not _differ(less, more):
            less = more = root.prices[row] if not _differ(root.prices[row], more) else more
        found[:, k] = less, more, along.reach(row, -1.0, less), along.reach(row, 1.0, more)
    same, zero = found[0] == found[1], np.zeros(len(rows))
    return (
        Ranges(found[0], 0.0 - found[2], np.where(same, found[3], zero)),
        Ranges(found[1], np.where(same, 0.0 - found[2], zero), found[3]),
    )


class _Beside:
    """The directions in which an optimum may move at first, and the best of them when one row gives or takes.

    Only what is tight at the optimum matters: by duality the best direction is worth the least of all prices of the
    row that prove the optimum (the largest, where the row takes).
    """

    def __init__(self, arrays: Arrays, root: Relaxed) -> None:
        activity = arrays.matrix @ root.values
        low, high = _tight(root.values, arrays.lower), _tight(root.values, arrays.upper)
        below, above = _tight(activity, arrays.row_lower), _tight(activity, arrays.row_upper)
        self._above = above
        cone = replace(
            arrays,
            offset=0.0,
            lower=np.where(low, 0.0, -math.inf),
            upper=np.where(high, 0.0, math.inf),
            row_lower=np.where(below, 0.0, -math.inf),
            row_upper=np.where(above, 0.0, math.inf),
        )
        self._highs = _ready(load(cone))

    def slope(self, row: int, sign: float) -> float:
        """What the best value changes by, per unit that the row's side is moved up (sign 1) or down (-1)."""
        import highspy

        if not self._above[row]:
            return 0.0
        highs, statuses = self._highs, highspy.HighsModelStatus
        highs.changeRowBounds(row, -math.inf, sign)
        highs.run()
        status, value = highs.getModelStatus(), highs.getInfo().objective_function_value
        highs.changeRowBounds(row, -math.inf, 0.0)
        if status == statuses.kOptimal:
            return max(sign * float(value), 0.0)
        return math.inf if sign < 0 and status in (statuses.kInfeasible, statuses.kUnboundedOrInfeasible) else math.nan


class _Along:
    """How far the best value keeps up with a slope: the program with one column more, the change of one row's side."""

    def __init__(self, arrays: Arrays, root: Relaxed) -> None:
        self._arrays = arrays
        self._best = float(arrays.objective @ root.values)
        self._slack = KEPT * max(1.0, abs(self._best))
        self._highs = _ready(load(replace(arrays, objective=np.zeros(arrays.columns), offset=0.0)))
        empty = np.zeros(0, dtype=np.int32)
        self._highs.addCol(1.0, 0.0, math.inf, 0, empty, np.zeros(0))
        entries = np.flatnonzero(arrays.objective).astype(np.int32)
        self._highs.addRow(self._best - self._slack, math.inf, len(entries), entries, arrays.objective[entries])

    def reach(self, row: int, sign: float, slope: float) -> float:
        """The largest change, up (sign 1) or down (-1), at which the best value lies on the slope; NaN if unknown."""
        import highspy

        if not math.isfinite(slope):
            return 0.0 if slope == math.inf else math.nan
        highs, moved, kept = self._highs, self._arrays.columns, self._arrays.rows
        highs.changeCoeff(row, moved, -sign)
        highs.changeCoeff(kept, moved, -sign * slope)
        highs.run()
        status = highs.getModelStatus()
        value = float(highs.getInfo().objective_function_value)
        highs.changeCoeff(row, moved, 0.0)
        statuses = highspy.HighsModelStatus
        if status in (statuses.kUnbounded, statuses.kUnboundedOrInfeasible):
            return math.inf
        return max(value, 0.0) if status == statuses.kOptimal else math.nan


def _tight(values: FloatArray, side: FloatArray) -> NDArray[np.bool_]:
    """Where values stand at a side, as far as a solver tells."""
    return np.asarray(np.isfinite(side) & (np.abs(values - side) <= TIGHT * np.maximum(1.0, np.abs(side))))


def _ready(highs: Any) -> Any:
    options: dict[str, bool | int | float | str] = {
        "presolve": "off",
        "threads": 1,
        "parallel": "off",
        "random_seed": 0,
        "primal_feasibility_tolerance": FEASIBILITY,
        "dual_feasibility_tolerance": FEASIBILITY,
    }
    for name, value in options.items():
        highs.setOptionValue(name, value)
    return highs


def _differ(one: float, other: float) -> bool:
    """Whether two prices are not the same but for rounding."""
    return math.isinf(one) != math.isinf(other) or not abs(one - other) <= ROUNDING * max(1.0, abs(one), abs(other))
