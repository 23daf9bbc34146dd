"""The prices of a plan: what one more unit in each pool is worth, how that is known, and how far it holds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from quota_opt.model.build import Problem
from quota_opt.model.linear import Arrays, FloatArray, IntArray
from quota_opt.solving.highs import Relaxed, relaxed
from quota_opt.solving.ranging import price_ranges
from quota_opt.solving.stages import Solved

COLUMNS = ["place", "resource", "year", "price", "unit", "method", "holds_from", "holds_to"]
DUAL, RELAXED = "dual", "dual of the linear relaxation"
NO_RANGE = ", without range"
"""Said behind the method where the ranges were not worked out."""
RANGED_COLUMNS = 30_000
"""Models with more columns have no ranges: their relaxation would have to be solved once more for them."""
RANGED_S = 60.0
SMALL = 300
"""Up to so many columns, ranges that the basis ends at once are followed to where the price really changes."""
DIGITS = 6


def pool_rows(problem: Problem) -> IntArray:
    """The rows of the pool balances."""
    blocks = zip(problem.arrays.row_blocks, problem.info, strict=True)
    parts = [block.positions for block, info in blocks if info.rule == "pool"]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def pools_frame(problem: Problem) -> pd.DataFrame:
    """place, resource, year and unit of each pool balance, in the order of `pool_rows`."""
    parts = [
        block.frame().assign(unit=f"objective per {info.unit}")
        for block, info in zip(problem.arrays.row_blocks, problem.info, strict=True)
        if info.rule == "pool"
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS[:3] + COLUMNS[4:5])


def prices_table(problem: Problem, solved: Solved) -> pd.DataFrame:
    """What one more unit in each pool is worth, from the relaxation's duals; empty where it was not solved.

    `holds_from` <= 0 <= `holds_to` is the change of the pool's quantity that year, in units of the resource, over which
    the price holds in the linear program the duals are of: as far as its basis goes, and perhaps farther.
    """
    if solved.row_duals is None:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    rows = pool_rows(problem)
    ranges = _ranges(solved.arrays, rows, solved.row_duals, solved.root)
    method = RELAXED if solved.arrays.integer.any() else DUAL
    table = pools_frame(problem)
    table["price"] = np.maximum(solved.row_duals[rows], 0.0)
    table["method"] = method if ranges is not None else method + NO_RANGE
    table["holds_from"], table["holds_to"] = ranges if ranges is not None else (np.nan, np.nan)
    return table[COLUMNS]


def _ranges(
    arrays: Arrays, rows: IntArray, duals: FloatArray, root: Relaxed | None
) -> tuple[FloatArray, FloatArray] | None:
    """The ranges of prices that a basis explains; NaN where it has another price. None where there is no basis."""
    if arrays.columns > RANGED_COLUMNS or not len(rows):
        return None
    known = root if root is not None else relaxed(arrays, RANGED_S)
    looked_into = len(rows) if arrays.columns <= SMALL else 0
    found = price_ranges(arrays, known, rows, looked_into) if known is not None else None
    if found is None:
        return None
    same = np.isclose(found.prices, duals[rows], rtol=1e-6, atol=1e-9)
    low, high = (np.where(same, np.round(side, DIGITS), np.nan) + 0.0 for side in (found.holds_from, found.holds_to))
    return low, high
