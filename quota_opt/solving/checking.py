"""What a solver answers is re-checked from the arrays before anyone sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse.linalg import lsqr

from quota_opt.model.linear import Arrays, FloatArray

TOLERANCE = 1e-6
"""Largest excess over a row or bound, as a fraction of what is largest in it (at least one unit)."""
INTEGER_TOLERANCE = 1e-6
EXACT = 1e-9
"""An excess this small is rounding noise of the arithmetic itself."""


@dataclass(frozen=True)
class Check:
    """The worst excess of a set of values: relative to the scale of its row or bound, where, and off-integrality."""

    excess: float
    where: str
    off_integer: float

    @property
    def ok(self) -> bool:
        """Whether the values may be handed on."""
        return self.excess <= TOLERANCE and self.off_integer <= INTEGER_TOLERANCE

    @property
    def words(self) -> str:
        """What is wrong, for a message."""
        if self.excess > TOLERANCE:
            return f"the solver's values break {self.where} by {self.excess:.3g} of its scale"
        return f"the solver's values are {self.off_integer:.3g} away from whole numbers"


def check_values(arrays: Arrays, values: FloatArray) -> Check:
    """Bounds, rows and integrality of `values`, each relative to the scale of its row or bound."""
    if values.shape != (arrays.columns,) or not np.isfinite(values).all():
        return Check(np.inf, "their own form (missing or not finite)", np.inf)
    worst, where = 0.0, ""
    size = np.maximum(1.0, np.abs(values))
    by_column = np.maximum(arrays.lower - values, values - arrays.upper) / size
    if by_column.size and by_column.max() > worst:
        worst, where = float(by_column.max()), f"the bound of column {int(by_column.argmax())}"
    by_row = row_excess(arrays, values)
    if by_row.size and by_row.max() > worst:
        worst, where = float(by_row.max()), f"row {int(by_row.argmax())}"
    whole = values[arrays.integer]
    off = float(np.abs(whole - np.round(whole)).max(initial=0.0))
    return Check(worst, where, off)


def row_excess(arrays: Arrays, values: FloatArray) -> FloatArray:
    """By how much each row is broken (<= 0: it holds), relative to the largest of 1, its sides and its terms."""
    activity = arrays.matrix @ values
    excess = np.maximum(arrays.row_lower - activity, activity - arrays.row_upper)
    return np.asarray(excess / _row_scale(arrays, values))


def _row_scale(arrays: Arrays, values: FloatArray) -> FloatArray:
    matrix = arrays.matrix
    scale = np.ones(arrays.rows)
    if matrix.nnz:
        terms = np.abs(matrix.data * values[matrix.indices])
        np.maximum.at(scale, np.repeat(np.arange(arrays.rows), np.diff(matrix.indptr)), terms)
    for side in (arrays.row_lower, arrays.row_upper):
        scale = np.maximum(scale, np.where(np.isfinite(side), np.abs(side), 0.0))
    return scale


def snapped(arrays: Arrays, values: FloatArray) -> FloatArray:
    """`values` with integer columns at whole numbers and all columns within their bounds."""
    rounded = np.where(arrays.integer, np.round(values), values)
    return np.clip(rounded, arrays.lower, arrays.upper) + 0.0  # no minus zeros


def sharpened(arrays: Arrays, values: FloatArray) -> FloatArray:
    """`values` with the last digits put right: the smallest change of the continuous columns that makes the rows
    which hold with equality (or miss it by rounding) hold exactly. For solvers that print eight digits or stop early.
    """
    near = 1e-7 * np.maximum(1.0, np.abs(values))
    moved = np.where(~arrays.integer & (np.abs(values - arrays.lower) <= near), arrays.lower, values)
    moved = np.where(~arrays.integer & (np.abs(moved - arrays.upper) <= near), arrays.upper, moved)
    free = np.flatnonzero(~arrays.integer & (moved > arrays.lower) & (moved < arrays.upper))
    activity = arrays.matrix @ moved
    margin = 2e-7 * _row_scale(arrays, moved)
    missing = np.where(
        np.abs(arrays.row_upper - activity) <= margin, arrays.row_upper - activity, arrays.row_lower - activity
    )
    tight = np.flatnonzero(np.abs(missing) <= margin)
    if not free.size or not tight.size:
        return moved
    system = arrays.matrix[tight, :][:, free]
    change = lsqr(system, missing[tight], atol=1e-15, btol=1e-15, iter_lim=500)[0]
    moved[free] += change
    return np.clip(moved, arrays.lower, arrays.upper)


def without_integers(arrays: Arrays, values: FloatArray) -> Arrays:
    """The linear program left when the integer columns stay at `values`."""
    free = ~arrays.integer
    fixed = np.where(arrays.integer, values, 0.0)
    used = arrays.matrix @ fixed
    return replace(
        arrays,
        objective=arrays.objective[free],
        offset=arrays.offset + float(arrays.objective @ fixed),
        lower=arrays.lower[free],
        upper=arrays.upper[free],
        integer=np.zeros(int(free.sum()), dtype=bool),
        matrix=arrays.matrix[:, np.flatnonzero(free)],
        row_lower=arrays.row_lower - used,
        row_upper=arrays.row_upper - used,
        column_blocks=(),
        row_blocks=(),
    )


def dual_bound(arrays: Arrays, row_duals: FloatArray) -> float:
    """The bound on the objective that row duals prove for the linear program; inf where they prove none.

    Reduced costs and duals that are noise beside their terms do not spoil the proof of an unbounded column.
    """
    reduced = arrays.objective - arrays.matrix.T @ row_duals
    noise = 1e-7 * np.maximum(1.0, np.abs(arrays.objective))
    reduced = np.where(np.abs(reduced) <= noise, 0.0, reduced)
    with np.errstate(invalid="ignore"):
        by_column = np.where(reduced > 0, reduced * arrays.upper, np.where(reduced < 0, reduced * arrays.lower, 0.0))
        quiet = np.where(np.abs(row_duals) <= 1e-12, 0.0, row_duals)
        by_row = np.where(quiet > 0, quiet * arrays.row_upper, np.where(quiet < 0, quiet * arrays.row_lower, 0.0))
    return float(arrays.offset + by_column.sum() + by_row.sum())
