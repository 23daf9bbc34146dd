"""Power-of-two scaling of badly scaled models; undone on the way out, so that nothing of it is seen outside `solving/`.

Rows r and continuous columns c get factors (integer columns keep 1), the objective one factor s:

    matrix' = r matrix c,   x = c x',   objective' = s objective c

Powers of two change no digit of the data. A model within the comfortable range is handed over as it is, so that
the solver's tolerances keep their meaning in the units of the model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from quota_opt.model.linear import Arrays, FloatArray
from quota_opt.solving.proof import Proof

COMFORTABLE = (1e-5, 1e7)
"""Matrix coefficients within this range, and not wider apart than `WIDEST`, are left alone."""
WIDEST = 1e10
COMFORTABLE_COST = (1.0, 1e7)
"""Range for the largest objective coefficient."""
_DECIMALS = 6
_LARGEST_WHOLE = 1e12
_SWEEPS = 4
_LIMIT = 40  # no factor beyond 2**±40


@dataclass(frozen=True)
class Scaling:
    """Factors of rows, columns and objective; all ones where nothing is scaled."""

    rows: FloatArray
    columns: FloatArray
    objective: float

    @property
    def idle(self) -> bool:
        """Whether nothing is scaled."""
        return self.objective == 1.0 and bool((self.rows == 1.0).all()) and bool((self.columns == 1.0).all())

    def apply(self, arrays: Arrays) -> Arrays:
        """The scaled model."""
        if self.idle:
            return arrays
        matrix = arrays.matrix.copy()
        matrix.data = (
            matrix.data * np.repeat(self.rows, np.diff(matrix.indptr)) * self.columns[matrix.indices]
            if matrix.nnz
            else matrix.data
        )
        return replace(
            arrays,
            objective=arrays.objective * self.columns * self.objective,
            offset=arrays.offset * self.objective,
            lower=arrays.lower / self.columns,
            upper=arrays.upper / self.columns,
            matrix=matrix,
            row_lower=arrays.row_lower * self.rows,
            row_upper=arrays.row_upper * self.rows,
        )

    def values_in(self, values: FloatArray) -> FloatArray:
        """Values of the model as values of the scaled model."""
        return values / self.columns

    def values_out(self, values: FloatArray) -> FloatArray:
        """Values of the scaled model as values of the model; what is not one value per column stays for the check."""
        return values * self.columns if values.shape == self.columns.shape else values

    def objective_out(self, value: float) -> float:
        """An objective value or bound of the scaled model in units of the model."""
        return value / self.objective

    def duals_out(self, duals: FloatArray) -> FloatArray:
        """Row duals of the scaled model in units of the model."""
        return duals * self.rows / self.objective

    def proof_out(self, proof: Proof) -> Proof:
        """A proof for the scaled model as one for the model."""
        return proof.in_units(np.arange(len(self.rows)), self.rows, self.objective)


def scaling_of(arrays: Arrays) -> Scaling:
    """The factors for `arrays`: all ones unless coefficients lie outside the comfortable range."""
    rows, columns = np.zeros(arrays.rows), np.zeros(arrays.columns)  # exponents of two
    matrix = abs(arrays.matrix)
    matrix.eliminate_zeros()
    if matrix.nnz:
        smallest, largest = float(matrix.data.min()), float(matrix.data.max())
        low, high = COMFORTABLE
        if smallest < low or largest > high or largest > WIDEST * smallest:
            rows, columns = _equilibrated(matrix, arrays.integer)
    costs = np.abs(arrays.objective) * np.exp2(columns)
    peak = float(costs.max(initial=0.0))
    low, high = COMFORTABLE_COST
    exponent = 0.0 if peak == 0.0 or low <= peak <= high else float(np.clip(10 - round(np.log2(peak)), -_LIMIT, _LIMIT))
    return Scaling(np.exp2(rows), np.exp2(columns), 2.0**exponent)


def no_scaling(arrays: Arrays) -> Scaling:
    """Factors that change nothing."""
    return Scaling(np.ones(arrays.rows), np.ones(arrays.columns), 1.0)


def in_whole_numbers(arrays: Arrays) -> Arrays | None:
    """The same model with every row in whole numbers; None where that cannot be had exactly.

    All columns must be integer with finite bounds, and every row a multiple of a whole number up to six decimals. As
    rows then take whole values only, their sides are moved to the nearest whole number inside.
    """
    bounds = np.concatenate([arrays.lower, arrays.upper])
    if not arrays.integer.all() or np.abs(bounds).max(initial=0.0) > _LARGEST_WHOLE:
        return None
    data = arrays.matrix.data
    row_of = np.repeat(np.arange(arrays.rows), np.diff(arrays.matrix.indptr))
    factor = np.zeros(arrays.rows)
    for power in range(_DECIMALS + 1):
        scaled = data * 10.0**power
        whole = np.round(scaled)
        fits = (np.abs(scaled - whole) <= 1e-12 * np.abs(scaled)) & (np.abs(whole) <= _LARGEST_WHOLE)
        good = np.ones(arrays.rows, dtype=bool)
        np.logical_and.at(good, row_of, fits)
        factor = np.where((factor == 0.0) & good, 10.0**power, factor)
    if (factor == 0.0).any():
        return None
    matrix = arrays.matrix.copy()
    matrix.data = np.round(data * factor[row_of])
    reach = np.maximum(np.abs(arrays.lower), np.abs(arrays.upper))
    if (abs(matrix) @ reach > 2.0**50).any():
        return None
    return replace(
        arrays,
        matrix=matrix,
        row_lower=np.ceil(arrays.row_lower * factor - 1e-6),
        row_upper=np.floor(arrays.row_upper * factor + 1e-6),
    )


def _equilibrated(
    matrix: sp.csr_array, integer: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> tuple[FloatArray, FloatArray]:
    """Exponents that bring the geometric middle of each row and each continuous column towards one."""
    logs = np.log2(matrix.data)
    row_of = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    column_of = matrix.indices
    rows, columns = np.zeros(matrix.shape[0]), np.zeros(matrix.shape[1])
    for _ in range(_SWEEPS):
        rows = -_middle(logs + columns[column_of], row_of, len(rows))
        columns = -_middle(logs + rows[row_of], column_of, len(columns))
        columns[integer] = 0.0
    # Last the rows by their largest entry: tolerances on a row are then relative to what matters in it.
    columns = np.clip(np.round(columns), -_LIMIT, _LIMIT)
    peak = np.full(len(rows), -np.inf)
    np.maximum.at(peak, row_of, logs + columns[column_of])
    rows = np.where(np.isfinite(peak), -peak, 0.0)
    return np.clip(np.round(rows), -_LIMIT, _LIMIT), columns


def _middle(logs: FloatArray, group: NDArray[np.signedinteger], size: int) -> FloatArray:
    """(largest + smallest) / 2 per group; 0 for an empty one."""
    high, low = np.full(size, -np.inf), np.full(size, np.inf)
    np.maximum.at(high, group, logs)
    np.minimum.at(low, group, logs)
    high[np.isinf(high)], low[np.isinf(low)] = 0.0, 0.0
    return np.asarray((high + low) / 2)
