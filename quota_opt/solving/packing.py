"""Groups of choices of which at most one is taken, and the bound that prices of all other rows prove with them.

    bound = offset + Σ_i λ_i · b_i + Σ_groups max(0, best d_j) + Σ_others max(d_j · l_j, d_j · u_j),   d = c − Aᵀλ

`λ` prices the tying rows (b_i is the side its sign points to); a group is what a row `Σ x_j <= 1` over 0/1 columns
holds together: the actions of a firm, the starts of a project. Any `λ` proves a bound for the numbers of the arrays as
they stand: what rounding may have taken off is put on top (underflow aside, which no model of quotas comes near).

    computed d_j is within (n_j + 1) u (|c_j| + Σ_i |a_ij| |λ_i|) of d_j,   n_j entries in column j, u = 2⁻⁵³

so all columns together, each times what it can reach (1 in a group), add at most `|c|·w + |λ|·(|A| w)` with weights `w`
that are worked out once. Products add u of their size; the sum itself is exact (`math.fsum`) and rounded up at last.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from quota_opt.model.linear import Arrays, FloatArray, IntArray

ROUNDING = 2.0**-52
"""Twice what one operation may be off, relatively: the other half is for the rounding of the allowance itself."""
RAY_MARGIN = 1e-9
"""By how much of its sides a ray must miss 0 to say that nothing is possible: rows hold to this much only."""


@dataclass(frozen=True)
class Groups:
    """`of` gives each column its group, -1 for those that are not 0/1; `tying` marks the rows that are no group's own.

    A 0/1 column in no such row is a group by itself.
    """

    of: IntArray
    count: int
    tying: NDArray[np.bool_]

    def of_rows(self, arrays: Arrays) -> IntArray:
        """The group of each row that is a group's own, -1 for the others."""
        made = np.full(arrays.rows, -1, dtype=np.int64)
        own = np.flatnonzero(~self.tying)
        made[own] = self.of[arrays.matrix.indices[arrays.matrix.indptr[own]]]
        return made

    def members(self) -> tuple[IntArray, IntArray]:
        """(columns sorted by group, first position of each group with one past the end at last)."""
        order = np.argsort(self.of, kind="stable")
        order = order[np.searchsorted(self.of[order], 0) :]
        return order, np.searchsorted(self.of[order], np.arange(self.count + 1))


def all_choices(arrays: Arrays) -> bool:
    """Whether there are whole numbers, and 0 or 1 all of them."""
    whole = arrays.integer
    return bool(whole.any() and (arrays.lower[whole] >= 0.0).all() and (arrays.upper[whole] <= 1.0).all())


def sided(prices: FloatArray, row_lower: FloatArray, row_upper: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The prices of rows that have a side to count against (others 0), and that side (0 where there is no price)."""
    side = np.where(prices > 0, row_upper, np.where(prices < 0, row_lower, 0.0))
    endless = np.isinf(side)
    return np.where(endless, 0.0, prices), np.where(endless, 0.0, side)


def groups_of(arrays: Arrays) -> Groups:
    """The groups of a model; an integer column that is not 0/1 is in none.

    `Σ a x_j <= a` is as good as `Σ x_j <= 1`: scaling a row changes no group.
    """
    integer = arrays.integer & (arrays.lower >= 0.0) & (arrays.upper <= 1.0)
    matrix = arrays.matrix
    sizes = np.diff(matrix.indptr)
    rows = np.repeat(np.arange(arrays.rows), sizes)
    good = np.asarray((matrix.data == arrays.row_upper[rows]) & integer[matrix.indices])
    fits = (np.bincount(rows[good], minlength=arrays.rows) == sizes) & (sizes > 0)
    fits &= (arrays.row_upper > 0.0) & (arrays.row_lower <= 0.0)
    # The first fitting row a column is in may become its group's; a row does if it is the first of all its columns.
    entry = fits[rows]
    first = np.full(arrays.columns, arrays.rows, dtype=np.int64)
    np.minimum.at(first, matrix.indices[entry], rows[entry])
    own = fits.copy()
    own[rows[entry][first[matrix.indices[entry]] != rows[entry]]] = False
    of = np.full(arrays.columns, -1, dtype=np.int64)
    mine = own[rows]
    number = np.cumsum(own) - 1
    of[matrix.indices[mine]] = number[rows[mine]]
    alone = np.flatnonzero(integer & (of < 0))
    count = int(own.sum())
    of[alone] = count + np.arange(len(alone))
    return Groups(of, count + len(alone), ~own)


class PriceBound:
    """Bounds from prices on one model, under changing bounds of its 0/1 columns.

    `elsewhere` marks rows whose sides are counted by whoever put their prices there: those between blocks.
    """

    def __init__(self, arrays: Arrays, groups: Groups, elsewhere: NDArray[np.bool_] | None = None) -> None:
        self._arrays = arrays
        self._tying = groups.tying
        self._transposed = sp.csr_array(arrays.matrix.T)
        self._order, self._starts = groups.members()
        self._others = np.flatnonzero(groups.of < 0)
        self._row_lower, self._row_upper = arrays.row_lower, arrays.row_upper
        if elsewhere is not None:
            self._row_lower = np.where(elsewhere, 0.0, arrays.row_lower)
            self._row_upper = np.where(elsewhere, 0.0, arrays.row_upper)
        low, high = arrays.lower[self._others], arrays.upper[self._others]
        reach = np.ones(arrays.columns)
        reach[self._others] = np.maximum(*(np.where(np.isfinite(side), np.abs(side), 0.0) for side in (low, high)))
        operations = np.diff(self._transposed.indptr) + 4.0
        weight = ROUNDING * operations * reach
        self._cost_error = float(np.abs(arrays.objective) @ weight)
        self._row_error = abs(arrays.matrix) @ weight
        self._endless = np.flatnonzero(np.isinf(low) | np.isinf(high))
        endless = self._others[self._endless]
        self._endless_part = abs(self._transposed[endless, :])
        self._endless_weight = ROUNDING * operations[endless]

    def margins(self, prices: FloatArray) -> FloatArray:
        """Each column's objective less what the tying rows it uses are worth at `prices`."""
        made: FloatArray = self._arrays.objective - self._transposed @ np.where(self._tying, prices, 0.0)
        return made

    def value(self, prices: FloatArray, lower: FloatArray, upper: FloatArray, *, objective: bool = True) -> float:
        """The bound under these column bounds; without the objective, what a ray proves (below 0: infeasible).

        Only bounds of 0/1 columns may differ from the model's. Infinite where the prices prove nothing.
        """
        arrays = self._arrays
        prices, side = self._cleaned(prices)
        margin = -(self._transposed @ prices)
        if objective:
            margin = margin + arrays.objective
        rest, low, high = margin[self._others], lower[self._others], upper[self._others]
        if self._gains_without_end(prices, rest, low, high, objective):
            return math.inf
        by_row = prices * side
        with np.errstate(invalid="ignore", over="ignore"):
            by_column = np.where(rest > 0, rest * high, np.where(rest < 0, rest * low, 0.0))
        by_group = self._by_group(margin[self._order], lower[self._order], upper[self._order])
        allowance = float(np.abs(prices) @ self._row_error) + (self._cost_error if objective else 0.0)
        allowance += ROUNDING * float(np.abs(by_row).sum() + np.abs(by_column).sum())
        parts = [by_row[by_row != 0.0], by_column[by_column != 0.0], by_group[by_group != 0.0]]
        terms = np.concatenate([*parts, [allowance, arrays.offset if objective else 0.0]])
        if not np.isfinite(terms).all():
            return math.inf
        return math.nextafter(math.fsum(terms.tolist()), math.inf)

    def excludes(self, ray: FloatArray, lower: FloatArray, upper: FloatArray) -> bool:
        """Whether a ray proves that nothing fits these column bounds, by more than the tolerance of rows."""
        prices, side = self._cleaned(ray)
        margin = RAY_MARGIN * float(np.abs(prices) @ np.maximum(1.0, np.abs(side)))
        return self.value(ray, lower, upper, objective=False) < -margin

    def _cleaned(self, prices: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The prices of tying rows that have a side to count against, and that side."""
        return sided(np.where(self._tying, prices, 0.0), self._row_lower, self._row_upper)

    def _by_group(self, margin: FloatArray, lower: FloatArray, upper: FloatArray) -> FloatArray:
        """What each group gives at most; the arrays are in the order of groups."""
        if not len(margin):
            return np.zeros(0)
        starts, forced = self._starts[:-1], lower > 0.5
        best = np.maximum(np.maximum.reduceat(np.where(upper > 0.5, margin, 0.0), starts), 0.0)
        if not forced.any():
            return np.asarray(best)
        # With two of a group forced nothing is possible, and any figure is a bound.
        taken = np.maximum.reduceat(np.where(forced, margin, -np.inf), starts)
        return np.asarray(np.where(np.isfinite(taken), taken, best))

    def _gains_without_end(
        self, prices: FloatArray, rest: FloatArray, low: FloatArray, high: FloatArray, objective: bool
    ) -> bool:
        """Whether a column without an end may gain on its way there, for all that rounding lets us know."""
        at = self._endless
        if not len(at):
            return False
        size = self._endless_part @ np.abs(prices)
        if objective:
            size = size + np.abs(self._arrays.objective[self._others[at]])
        error = self._endless_weight * size
        up, down = np.isinf(high[at]) & (rest[at] + error > 0), np.isinf(low[at]) & (rest[at] - error < 0)
        return bool((up | down).any())
