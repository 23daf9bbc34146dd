"""A model in whole numbers, for a race with CP-SAT, which knows no others.

A continuous column of one unit or less (a share) is counted in thousandths, any other (a transfer) in tenths. What a
row then asks of the columns is rounded to the inside at four decimals, so that every plan of the rounded model is one
of the model; a bound on the rounded model proves nothing about the model. Coarser steps (0.01 and two decimals) gave
CP-SAT smaller numbers and, on a county, no better plans.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from quota_opt.model.linear import Arrays, FloatArray

SHARE_GRID, GRID = 1e-3, 1e-1
DIGITS = 1e4
_EXACT = 1e-7  # of a unit in the last digit kept: closer to it than this is on it


@dataclass(frozen=True)
class Whole:
    """The rounded model, and what one step of each of its columns is worth in the model."""

    arrays: Arrays
    step: FloatArray

    def values_out(self, values: FloatArray) -> FloatArray:
        """Values of the rounded model as values of the model."""
        return values * self.step


def in_whole_columns(arrays: Arrays) -> Whole | None:
    """The rounded model; None where a column has no finite bounds, or a row that must hold exactly has odd digits."""
    if not (np.isfinite(arrays.lower).all() and np.isfinite(arrays.upper).all()):
        return None
    small = np.maximum(np.abs(arrays.lower), np.abs(arrays.upper)) <= 1.0
    step = np.where(arrays.integer, 1.0, np.where(small, SHARE_GRID, GRID))
    lower, upper = np.ceil(arrays.lower / step - 1e-9), np.floor(arrays.upper / step + 1e-9)
    matrix = arrays.matrix.copy()
    columns = matrix.indices
    row = np.repeat(np.arange(arrays.rows), np.diff(matrix.indptr))
    scaled = matrix.data * step[columns] * DIGITS
    nearest = np.round(scaled)
    odd = np.abs(scaled - nearest) > _EXACT * np.maximum(1.0, np.abs(scaled))
    above, below = np.isfinite(arrays.row_upper)[row], np.isfinite(arrays.row_lower)[row]
    both_signs = (lower[columns] < 0) & (upper[columns] > 0)
    if (odd & (both_signs | (above & below))).any():
        return None
    # Under an upper side a positive column weighs the next step more, under a lower side the next step less.
    up = above == (upper[columns] > 0)
    matrix.data = np.where(odd, np.where(up, np.ceil(scaled), np.floor(scaled)), nearest) / DIGITS
    rounded = replace(
        arrays,
        objective=arrays.objective * step,
        lower=lower,
        upper=upper,
        integer=np.ones(arrays.columns, dtype=bool),
        matrix=matrix,
        row_lower=np.ceil(arrays.row_lower * DIGITS - _EXACT) / DIGITS,
        row_upper=np.floor(arrays.row_upper * DIGITS + _EXACT) / DIGITS,
        column_blocks=(),
        row_blocks=(),
    )
    return Whole(rounded, step)
