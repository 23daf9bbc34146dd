"""Whether every plan of one model is a plan of another too: what makes a sweep of a parameter exact.

A row `a'x ≤ b'` of the looser model keeps every x within the bounds that keeps the row `ax ≤ b` of the same labels, if

    sup over the bounds of (a' − a)x  ≤  b' − b

A row without a partner stands against `0x ≤ 0`. Columns the looser model has beside are 0 in the plans of the tighter
one. With the same objective on the columns both have, the best value of the looser model is then at least that of the
tighter one.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from quota_opt.model.build import Problem
from quota_opt.model.linear import FloatArray, IntArray
from quota_opt.solving.memory import places

SAME = 1e-9
"""Figures this near each other, relatively, are the same."""


def included(tight: Problem, loose: Problem) -> bool:
    """Whether it is shown that each plan of `tight` is a plan of `loose` with the same objectives."""
    columns = columns_in(tight, loose)
    if (columns < 0).any() or len(tight.stages) != len(loose.stages):
        return False
    return (
        _same_objectives(tight, loose, columns)
        and _looser_bounds(tight, loose, columns)
        and _looser_rows(tight, loose, columns)
    )


def columns_in(problem: Problem, other: Problem) -> IntArray:
    """Where each column of a model stands in another of the same case; negative where it does not."""
    mine, theirs = problem.arrays, other.arrays
    return places(mine.column_blocks, mine.columns, theirs.column_blocks, theirs.columns)


def _same_objectives(tight: Problem, loose: Problem, columns: IntArray) -> bool:
    for stage, other in zip(tight.stages, loose.stages, strict=True):
        if (stage.name, stage.sign, stage.tolerance) != (other.name, other.sign, other.tolerance):
            return False
    for (weights, constant), (theirs, other_constant) in zip(tight.objectives, loose.objectives, strict=True):
        scale = max(1.0, float(np.abs(weights).max(initial=0.0)), abs(constant))
        if not np.allclose(weights, theirs[columns], rtol=SAME, atol=SAME * scale):
            return False
        if abs(constant - other_constant) > SAME * scale:
            return False
    return True


def _looser_bounds(tight: Problem, loose: Problem, columns: IntArray) -> bool:
    mine, theirs = tight.arrays, loose.arrays
    beside = np.ones(theirs.columns, dtype=bool)
    beside[columns] = False
    if (theirs.lower[beside] > 0.0).any() or (theirs.upper[beside] < 0.0).any():
        return False
    whole = theirs.integer[columns] & ~mine.integer
    slack = SAME * np.maximum(1.0, np.abs(np.where(np.isfinite(mine.upper), mine.upper, 0.0)))
    wider = (theirs.upper[columns] >= mine.upper - slack) & (theirs.lower[columns] <= mine.lower + slack)
    return bool(wider.all() and not whole.any())


def _looser_rows(tight: Problem, loose: Problem, columns: IntArray) -> bool:
    mine, theirs = tight.arrays, loose.arrays
    to_loose = places(mine.row_blocks, mine.rows, theirs.row_blocks, theirs.rows)
    partner = np.full(theirs.rows, -1, dtype=np.int64)
    there = to_loose >= 0
    partner[to_loose[there]] = np.flatnonzero(there)
    known = partner >= 0
    take = sp.csr_array((np.ones(int(known.sum())), (np.flatnonzero(known), partner[known])), (theirs.rows, mine.rows))
    change = sp.csr_array(theirs.matrix.tocsc()[:, columns] - take @ mine.matrix)
    largest = max(1.0, float(np.abs(theirs.matrix.data).max(initial=0.0)))
    change.data[np.abs(change.data) <= SAME * largest * 1e-3] = 0.0
    change.eliminate_zeros()
    upper, lower = np.zeros(theirs.rows), np.zeros(theirs.rows)
    upper[known], lower[known] = mine.row_upper[partner[known]], mine.row_lower[partner[known]]
    return _within(change, mine.lower, mine.upper, theirs.row_upper, upper) and _within(
        -change, mine.lower, mine.upper, -theirs.row_lower, -lower
    )


def _within(change: sp.csr_array, low: FloatArray, high: FloatArray, side: FloatArray, base: FloatArray) -> bool:
    """Whether the most `change` can be within the bounds is no more than `side − base`, row by row."""
    at = np.where(change.data > 0.0, high[change.indices], low[change.indices])
    row = np.repeat(np.arange(change.shape[0]), np.diff(change.indptr))
    most = np.bincount(row, weights=change.data * at, minlength=change.shape[0])
    open_side = side == np.inf
    room = np.where(open_side, np.inf, side) - np.where(open_side, 0.0, base)
    finite = np.where(np.isfinite(side), np.abs(side), 0.0)
    return bool((open_side | (most <= room + SAME * np.maximum(1.0, finite))).all())
