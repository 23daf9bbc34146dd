"""One block's linear program, kept hot: solved again and again at other prices of the linking rows."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from quota_opt.model.linear import Arrays, FloatArray, IntArray
from quota_opt.solving.by_place import Part

LOWER, BASIC, UPPER, FREE = range(4)
"""How a column or row stands in a basis; HiGHS' own numbers."""
_DUAL_SIMPLEX = 1
_PRIMAL_SIMPLEX = 4


@dataclass(frozen=True)
class BlockAnswer:
    """A block's optimum: values, prices of its own rows, and how its columns and rows stand in the basis."""

    values: FloatArray
    prices: FloatArray
    columns: NDArray[np.int8]
    rows: NDArray[np.int8]


@dataclass(frozen=True)
class Until:
    """A moment by this machine's clock. Sent to another process it is as many seconds ahead there: clocks differ."""

    at: float

    @property
    def seconds(self) -> float:
        """Seconds from now; negative when it is over."""
        return self.at - time.time()

    def __reduce__(self) -> tuple[Any, ...]:
        return _in, (self.seconds,)


def _in(seconds: float) -> Until:
    return Until(time.time() + seconds)


class Block:
    """A block with its HiGHS, made when first needed; lives in a worker's process, or in the caller's."""

    def __init__(self, arrays: Arrays, linking: sp.csr_array) -> None:
        self.arrays = replace(arrays, integer=np.zeros(arrays.columns, dtype=bool))
        self.integer = arrays.integer
        self.linking = linking
        self._highs: Any = None
        self._worth: FloatArray = self.arrays.objective

    @classmethod
    def of(cls, part: Part) -> Block:
        """The block of a part."""
        return cls(part.arrays, part.linking)

    def change_sides(self, rows: IntArray, lower: FloatArray, upper: FloatArray) -> None:
        """Other sides of some of the block's own rows."""
        sides = self.arrays.row_lower.copy(), self.arrays.row_upper.copy()
        sides[0][rows], sides[1][rows] = lower, upper
        self.arrays = replace(self.arrays, row_lower=sides[0], row_upper=sides[1])
        if self._highs is not None:
            self._highs.changeRowsBounds(len(rows), rows.astype(np.int32), lower, upper)

    def solve(self, prices: FloatArray, until: Until) -> BlockAnswer | None:
        """The optimum at these prices of the linking rows; None without one in time."""
        import highspy

        from quota_opt.solving.highs import load

        worth = self.arrays.objective - self.linking.T @ prices
        if self._highs is None:
            highs = load(replace(self.arrays, objective=worth))
            for name, value in (("threads", 1), ("parallel", "off"), ("random_seed", 0), ("presolve", "off")):
                highs.setOptionValue(name, value)
            highs.setOptionValue("simplex_strategy", _DUAL_SIMPLEX)
            self._highs = highs
        else:
            highs = self._highs
            changed = np.flatnonzero(worth != self._worth)
            highs.changeColsCost(len(changed), changed.astype(np.int32), worth[changed])
            # Other prices leave the last point possible and its basis good for the primal method; other sides do not.
            highs.setOptionValue("simplex_strategy", _PRIMAL_SIMPLEX if len(changed) else _DUAL_SIMPLEX)
        self._worth = worth
        highs.setOptionValue("time_limit", highs.getRunTime() + max(until.seconds, 0.01))
        highs.run()
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution, basis = highs.getSolution(), highs.getBasis()
        return BlockAnswer(
            np.asarray(solution.col_value),
            np.asarray(solution.row_dual),
            np.array([int(s) for s in basis.col_status], dtype=np.int8),
            np.array([int(s) for s in basis.row_status], dtype=np.int8),
        )
