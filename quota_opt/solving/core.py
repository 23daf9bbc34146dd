"""The linear program over the columns that prices leave open, solved again and again from where it stood."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from quota_opt.model.linear import Arrays, FloatArray, IntArray

FEASIBILITY = 1e-9


class Core:
    """A hot-started HiGHS over `columns` of a model, all of its rows kept.

    Positions handed in and out are those of the core. After `solve` returned True, `x`, `prices` and `value` are the
    answer's; `ray` is a proof of infeasibility after False, if HiGHS has one.
    """

    def __init__(self, arrays: Arrays, columns: IntArray, basis: Any = None, limit: float = math.inf) -> None:
        import highspy

        from quota_opt.solving.highs import load

        self.columns = columns
        part = replace(
            arrays,
            objective=arrays.objective[columns],
            lower=arrays.lower[columns],
            upper=arrays.upper[columns],
            integer=np.zeros(len(columns), dtype=bool),
            matrix=sp.csr_array(arrays.matrix[:, columns]),
            column_blocks=(),
            row_blocks=(),
        )
        self.lower, self.upper = part.lower.copy(), part.upper.copy()
        self._base = part.lower.copy(), part.upper.copy()
        self._optimal = highspy.HighsModelStatus.kOptimal
        self._infeasible = highspy.HighsModelStatus.kInfeasible
        self._highs = load(part)
        self._highs.setOptionValue("primal_feasibility_tolerance", FEASIBILITY)
        self._highs.setOptionValue("simplex_strategy", 1)
        self._highs.setOptionValue("presolve", "off")
        self._highs.setOptionValue("threads", 1)
        self._highs.setOptionValue("parallel", "off")
        self._highs.setOptionValue("random_seed", 0)
        if math.isfinite(limit):
            self._highs.setOptionValue("time_limit", limit)
        if basis is not None:
            given = highspy.HighsBasis()
            status = basis.col_status
            given.col_status = [status[j] for j in columns.tolist()]
            given.row_status = basis.row_status
            given.valid = True
            self._highs.setBasis(given)
        self.count = 0
        self.x: FloatArray = np.zeros(len(columns))
        self.prices: FloatArray = np.zeros(arrays.rows)
        self.value = math.nan
        self.infeasible = False
        self.ray: FloatArray | None = None

    def set(self, columns: IntArray, lower: FloatArray | float, upper: FloatArray | float) -> None:
        """Change the bounds of some columns."""
        if not len(columns):
            return
        self.lower[columns], self.upper[columns] = lower, upper
        self._highs.changeColsBounds(len(columns), columns.astype(np.int32), self.lower[columns], self.upper[columns])

    def reset(self, lower: FloatArray, upper: FloatArray) -> None:
        """Change to these bounds; only what differs is handed over."""
        changed = np.flatnonzero((lower != self.lower) | (upper != self.upper))
        self.set(changed, lower[changed], upper[changed])

    @property
    def base(self) -> tuple[FloatArray, FloatArray]:
        """The bounds of the model itself (copies)."""
        return self._base[0].copy(), self._base[1].copy()

    def solve(self) -> bool:
        """Solve from the last basis; whether an optimum was found."""
        self._highs.run()
        self.count += 1
        status = self._highs.getModelStatus()
        self.infeasible = status == self._infeasible
        self.ray = None
        if status != self._optimal:
            if self.infeasible:
                self.ray = self._dual_ray()
            return False
        solution = self._highs.getSolution()
        self.x = np.asarray(solution.col_value)
        self.prices = np.asarray(solution.row_dual)
        self.value = float(self._highs.getInfo().objective_function_value)
        return True

    def _dual_ray(self) -> FloatArray | None:
        found = self._highs.getDualRay()
        values = found[-1] if isinstance(found, tuple) else None
        if values is None or len(values) != len(self.prices):
            return None
        return np.asarray(values, dtype=float)
