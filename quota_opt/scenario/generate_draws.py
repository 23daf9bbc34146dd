"""Random draws that are the same on every machine and with every version of NumPy.

NumPy promises that a bit generator's stream never changes, not that the distributions built on it stay as they are; so
everything here is made from PCG64's raw 64-bit words by the arithmetic written below.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

# Acklam's rational approximation of the inverse normal distribution, relative error below 1.2e-9.
_CENTRE_TOP = (-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.3577518672690, -30.66479806614716)
_CENTRE_LAST = 2.506628277459239
_CENTRE_BELOW = (-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572)
_TAIL_TOP = (-0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968)
_TAIL_LAST = 2.938163982698783
_TAIL_BELOW = (0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416)
_TAIL = 0.02425


class Draws:
    """A stream of random numbers; each call takes the next words of the stream."""

    def __init__(self, seed: int) -> None:
        self._bits = np.random.PCG64(seed)

    def uniform(self, size: int, low: float = 0.0, high: float = 1.0) -> FloatArray:
        """Numbers in [low, high)."""
        words = np.asarray(self._bits.random_raw(size), dtype=np.uint64)
        unit = (words >> np.uint64(11)).astype(np.float64) * 2.0**-53
        return low + (high - low) * unit

    def normal(self, size: int, limit: float = 3.0) -> FloatArray:
        """Standard normal numbers, cut at ±`limit`."""
        return np.clip(_inverse_normal(self.uniform(size)), -limit, limit)

    def log_normal(self, size: int, median: float, sigma: float, limit: float = 3.0) -> FloatArray:
        """Log-normal numbers with that median, cut at `limit` sigmas."""
        return median * np.exp(sigma * self.normal(size, limit))

    def choose(self, size: int, weights: Sequence[float] | FloatArray) -> IntArray:
        """Positions drawn with the given weights."""
        steps = np.cumsum(np.asarray(weights, dtype=float))
        return np.searchsorted(steps[:-1] / steps[-1], self.uniform(size), side="right").astype(np.int64)

    def choose_rows(self, rows: IntArray, weights: FloatArray) -> IntArray:
        """For each entry of `rows` a column of the matrix `weights`, drawn with that row's weights."""
        steps = np.cumsum(weights, axis=1)
        steps /= steps[:, -1:]
        wide = weights.shape[1]
        ladder = (np.arange(len(weights))[:, None] + steps).ravel()
        chosen = np.searchsorted(ladder, rows + self.uniform(len(rows)), side="right") - rows * wide
        within: IntArray = np.clip(chosen, 0, wide - 1).astype(np.int64)
        return within

    def happens(self, size: int, share: float) -> BoolArray:
        """True with probability `share`."""
        return self.uniform(size) < share

    def exactly(self, size: int, count: int) -> BoolArray:
        """True in exactly `count` of `size` places."""
        chosen = np.zeros(size, dtype=bool)
        chosen[np.argsort(self.uniform(size), kind="stable")[:count]] = True
        return chosen


def _inverse_normal(share: FloatArray) -> FloatArray:
    """The standard normal number below which that share lies."""
    share = np.clip(share, 1e-12, 1.0 - 1e-12)
    offset = share - 0.5
    square = offset * offset
    centre = offset * _horner(square, (*_CENTRE_TOP, _CENTRE_LAST)) / _horner(square, (*_CENTRE_BELOW, 1.0))
    outer = np.sqrt(-2.0 * np.log(np.minimum(share, 1.0 - share)))
    tail = _horner(outer, (*_TAIL_TOP, _TAIL_LAST)) / _horner(outer, (*_TAIL_BELOW, 1.0))
    tail = np.where(share < 0.5, tail, -tail)
    return np.where(np.minimum(share, 1.0 - share) < _TAIL, tail, centre)


def _horner(x: FloatArray, coefficients: Sequence[float]) -> FloatArray:
    value = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        value = value * x + coefficient
    return value
