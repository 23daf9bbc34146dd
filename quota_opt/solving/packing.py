"""Groups of choices of which at most one is taken, and the bound that prices of all other rows prove with them.

    bound = offset + Σ_i λ_i · b_i + Σ_groups max(0, best d_j) + Σ_others max(d_j · l_j, d_j · u_j),   d = c − Aᵀλ

`λ` prices the tying rows (b_i is the side its sign points to); a group is what a row `Σ x_j <= 1` over 0/1 columns
holds together: the actions of a firm, the starts of a project. Any `λ` proves a bound; the sums are rounded outwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from quota_opt.model.linear import Arrays, FloatArray, IntArray

OUTWARD = 1e-13
"""Rounding allowed for, as a fraction of the sum of what is added up."""


@dataclass(frozen=True)
class Groups:
    """`of` gives each column its group, -1 for those that are not 0/1; `tying` marks the rows that are no group's own.

    A 0/1 column in no such row is a group by itself.
    """

    of: IntArray
    count: int
    tying: NDArray[np.bool_]

    def members(self) -> tuple[IntArray, IntArray]:
        """(columns sorted by group, first position of each group with one past the end at last)."""
        order = np.argsort(self.of, kind="stable")
        order = order[np.searchsorted(self.of[order], 0) :]
        return order, np.searchsorted(self.of[order], np.arange(self.count + 1))


def groups_of(arrays: Arrays) -> Groups:
    """The groups of a model; an integer column that is not 0/1 is in none."""
    integer = arrays.integer & (arrays.lower >= 0.0) & (arrays.upper <= 1.0)
    matrix = arrays.matrix
    sizes = np.diff(matrix.indptr)
    good = np.asarray((matrix.data == 1.0) & integer[matrix.indices])
    rows = np.repeat(np.arange(arrays.rows), sizes)
    fits = (np.bincount(rows[good], minlength=arrays.rows) == sizes) & (sizes > 0)
    fits &= (arrays.row_upper == 1.0) & (arrays.row_lower <= 0.0)
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
    """Bounds from prices on one model, under changing bounds of its 0/1 columns."""

    def __init__(self, arrays: Arrays, groups: Groups) -> None:
        self._arrays = arrays
        self._tying = groups.tying
        self._transposed = sp.csr_array(arrays.matrix.T)
        self._order, self._starts = groups.members()
        self._continuous = np.flatnonzero(groups.of < 0)

    def margins(self, prices: FloatArray) -> FloatArray:
        """Each column's objective less what the tying rows it uses are worth at `prices`."""
        made: FloatArray = self._arrays.objective - self._transposed @ np.where(self._tying, prices, 0.0)
        return made

    def value(self, prices: FloatArray, lower: FloatArray, upper: FloatArray, *, objective: bool = True) -> float:
        """The bound under these column bounds; without the objective, what a ray proves (below 0: infeasible)."""
        arrays = self._arrays
        prices = np.where(self._tying, prices, 0.0)
        prices = np.where((prices > 0) & np.isinf(arrays.row_upper), 0.0, prices)
        prices = np.where((prices < 0) & np.isinf(arrays.row_lower), 0.0, prices)
        side = np.where(prices > 0, arrays.row_upper, np.where(prices < 0, arrays.row_lower, 0.0))
        margin = -(self._transposed @ prices)
        if objective:
            margin = margin + arrays.objective
        grouped = margin[self._order]
        forced = lower[self._order] > 0.5
        open_ = np.where(upper[self._order] > 0.5, grouped, 0.0)
        parts: list[FloatArray] = [prices * side]
        if len(self._order):
            best = np.maximum(np.maximum.reduceat(open_, self._starts[:-1]), 0.0)
            taken = np.add.reduceat(np.where(forced, grouped, 0.0), self._starts[:-1])
            parts.append(np.where(np.add.reduceat(forced.astype(float), self._starts[:-1]) > 0.5, taken, best))
        rest = margin[self._continuous]
        low, high = lower[self._continuous], upper[self._continuous]
        with np.errstate(invalid="ignore"):
            parts.append(np.where(rest > 0, rest * high, np.where(rest < 0, rest * low, 0.0)))
        total = sum(float(part.sum()) for part in parts)
        size = sum(float(np.abs(part).sum()) for part in parts)
        # What enters d itself was rounded too: the sizes of its terms are those of the priced rows, at least.
        return total + (arrays.offset if objective else 0.0) + OUTWARD * (size + abs(arrays.offset)) * 100.0
