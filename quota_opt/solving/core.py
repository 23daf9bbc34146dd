"""The linear program over the columns that prices leave open, solved again and again from where it stood."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from quota_opt.model.linear import Arrays, FloatArray, IntArray

FEASIBILITY = 1e-9
SHORT = 1e-7
"""What a row may be short by, as a share of its largest coefficient, and still be kept."""
DEAR, STEEP = 30.0, 0.02
"""A unit that a row is short costs this many times its price, and at least this share of the scale per choice."""


class Core:
    """A hot-started HiGHS over `columns` of a model, the others fixed at their value in `rest`.

    It has the rows named; columns that are in no other can be taken in later. The rows of `eased` may be broken at a
    high cost, so that there is an optimum under whatever bounds; `short` tells whether one is. Positions handed in and
    out are those of the core; after `solve` returned True, `x`, `prices` (of all rows of the model) and `value` are
    the answer's.
    """

    def __init__(
        self,
        arrays: Arrays,
        columns: IntArray,
        rows: IntArray,
        rest: FloatArray,
        eased: NDArray[np.bool_],
        prices: FloatArray,
        scale: float,
        basis: Any = None,
    ) -> None:
        import highspy

        from quota_opt.solving.highs import load

        self.columns = columns
        self.rest = rest.copy()
        self.rest[columns] = 0.0
        self._arrays, self._by_column = arrays, sp.csr_array(arrays.matrix.T)
        used = (arrays.matrix @ self.rest)[rows]
        matrix = sp.csr_array(arrays.matrix[rows][:, columns])
        low, high = arrays.row_lower[rows] - used, arrays.row_upper[rows] - used
        largest = np.full(len(rows), 1e-9)
        np.maximum.at(largest, np.repeat(np.arange(len(rows)), np.diff(matrix.indptr)), np.abs(matrix.data))
        over = np.flatnonzero(eased[rows] & np.isfinite(high))
        under = np.flatnonzero(eased[rows] & np.isfinite(low))
        cost = np.maximum(DEAR * np.abs(prices[rows]), STEEP * scale / largest)
        count = len(over) + len(under)
        gives = sp.csr_array(
            (
                np.concatenate([-np.ones(len(over)), np.ones(len(under))]),
                (np.concatenate([over, under]), np.arange(count)),
            ),
            shape=(len(rows), count),
        )
        self._place = np.arange(len(columns))
        self._eases = len(columns) + np.arange(count)
        self._cost = np.concatenate([cost[over], cost[under]])
        self._shortest = SHORT * largest[np.concatenate([over, under])]
        part = replace(
            arrays,
            objective=np.concatenate([arrays.objective[columns], -cost[over], -cost[under]]),
            offset=arrays.offset + float(arrays.objective @ self.rest),
            lower=np.concatenate([arrays.lower[columns], np.zeros(count)]),
            upper=np.concatenate([arrays.upper[columns], np.full(count, np.inf)]),
            integer=np.zeros(len(columns) + count, dtype=bool),
            matrix=sp.csr_array(sp.hstack([matrix, gives], format="csr")),
            row_lower=low,
            row_upper=high,
            column_blocks=(),
            row_blocks=(),
        )
        self.lower, self.upper = arrays.lower[columns].copy(), arrays.upper[columns].copy()
        self._base = self.lower.copy(), self.upper.copy()
        self._optimal, self._infeasible = highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible
        self._highs = load(part)
        for name, value in (
            ("primal_feasibility_tolerance", FEASIBILITY),
            ("simplex_strategy", 1),
            ("presolve", "off"),
            ("threads", 1),
            ("parallel", "off"),
            ("random_seed", 0),
        ):
            self._highs.setOptionValue(name, value)
        if basis is not None:
            given = highspy.HighsBasis()
            status, of_rows = basis.col_status, basis.row_status
            given.col_status = [status[j] for j in columns.tolist()] + [highspy.HighsBasisStatus.kLower] * count
            given.row_status = [of_rows[i] for i in rows.tolist()]
            given.valid = True
            self._highs.setBasis(given)
        self._rows = rows
        self._row_at = np.full(arrays.rows, -1)
        self._row_at[rows] = np.arange(len(rows))
        self._highs_size = len(columns) + count
        self._times = 1.0
        self.count = 0
        self.x: FloatArray = np.zeros(len(columns))
        self.value = math.nan
        self.short = False
        self._prices: FloatArray = np.zeros(len(rows))

    @property
    def prices(self) -> FloatArray:
        """Prices of all rows of the model, 0 where no open column is in the row."""
        made = np.zeros(self._arrays.rows)
        made[self._rows] = self._prices
        return made

    def set(self, columns: IntArray, lower: FloatArray | float, upper: FloatArray | float) -> None:
        """Change the bounds of some columns."""
        if not len(columns):
            return
        self.lower[columns], self.upper[columns] = lower, upper
        places = self._place[columns].astype(np.int32)
        self._highs.changeColsBounds(len(columns), places, self.lower[columns], self.upper[columns])

    def reset(self, lower: FloatArray, upper: FloatArray) -> None:
        """Change to these bounds; only what differs is handed over."""
        changed = np.flatnonzero((lower != self.lower) | (upper != self.upper))
        self.set(changed, lower[changed], upper[changed])

    @property
    def base(self) -> tuple[FloatArray, FloatArray]:
        """The bounds of the model itself (copies)."""
        return self._base[0].copy(), self._base[1].copy()

    def dear(self, times: float) -> None:
        """What rows that are short cost, as a multiple of what they cost at first."""
        if times == self._times:
            return
        self._times = times
        self._highs.changeColsCost(len(self._eases), self._eases.astype(np.int32), -times * self._cost)

    def solve(self) -> bool:
        """Solve from the last basis; whether an optimum was found."""
        self._highs.run()
        self.count += 1
        if self._highs.getModelStatus() != self._optimal:
            self._highs.clearSolver()
            self._highs.run()
        if self._highs.getModelStatus() != self._optimal:
            return False
        solution = self._highs.getSolution()
        values = np.asarray(solution.col_value)
        self.x = values[self._place]
        self.short = bool((values[self._eases] > self._shortest).any())
        self._prices = np.asarray(solution.row_dual)
        self.value = float(self._highs.getInfo().objective_function_value)
        return True

    def ray(self) -> FloatArray | None:
        """One entry per row of the model: why the last `solve` found nothing feasible; None if HiGHS cannot say."""
        if self._highs.getModelStatus() != self._infeasible:
            return None
        _, known, entries = self._highs.getDualRay()
        if not known:
            return None
        made = np.zeros(self._arrays.rows)
        made[self._rows] = entries
        return made

    def take_in(self, columns: IntArray) -> None:
        """Open more columns of the model (in none but the core's rows); they come last, at their own bounds."""
        part = sp.csr_array(self._by_column[columns])
        arrays = self._arrays
        self._highs.addCols(
            len(columns),
            arrays.objective[columns],
            arrays.lower[columns],
            arrays.upper[columns],
            part.nnz,
            part.indptr[:-1].astype(np.int32),
            self._row_at[part.indices].astype(np.int32),
            part.data,
        )
        self.columns = np.concatenate([self.columns, columns])
        self._place = np.concatenate([self._place, self._highs_size + np.arange(len(columns))])
        self._highs_size += len(columns)
        self.lower = np.concatenate([self.lower, arrays.lower[columns]])
        self.upper = np.concatenate([self.upper, arrays.upper[columns]])
        lower, upper = self._base
        self._base = np.append(lower, arrays.lower[columns]), np.append(upper, arrays.upper[columns])
        self.x = np.concatenate([self.x, np.zeros(len(columns))])

    def whole(self) -> FloatArray:
        """The values of all columns of the model."""
        values = self.rest.copy()
        values[self.columns] = self.x
        return values
