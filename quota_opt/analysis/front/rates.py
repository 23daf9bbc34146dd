"""What one step along a front costs: neighbours, trade-off rates and the knee. Goals are turned so that less is better.

The knee is the point farthest below the plane through the ends (the best point of each goal), every goal counted from
its best to its worst on the front as 0 to 1; there is none where no point lies below it.
"""

from __future__ import annotations

import numpy as np

from quota_opt.model.linear import FloatArray, IntArray

LEAST_BEND = 1e-6
"""A point this little below the plane, of 1, is on it."""


def unit_points(points: FloatArray) -> FloatArray:
    """The points with every goal from 0 (best) to 1 (worst)."""
    if not len(points):
        return points
    low, high = points.min(axis=0), points.max(axis=0)
    unit: FloatArray = (points - low) / np.where(high > low, high - low, 1.0)
    return unit


def neighbours_of(points: FloatArray) -> IntArray:
    """The neighbour of each point: the next where there are two goals, else the nearest; -1 where there is none."""
    count = len(points)
    if points.shape[1] == 2 or count < 2:
        after = np.arange(1, count + 1)
        return np.where(after < count, after, -1)
    unit = unit_points(points)
    apart = ((unit[:, None, :] - unit[None, :, :]) ** 2).sum(axis=2)
    np.fill_diagonal(apart, np.inf)
    return np.asarray(apart.argmin(axis=1), dtype=np.int64)


def rates_of(values: FloatArray, neighbour: IntArray) -> FloatArray:
    """Change of the first measure per unit of the second, from each point to its neighbour; nan without a change."""
    rates = np.full(len(values), np.nan)
    for at, other in enumerate(neighbour):
        if other >= 0 and values[other, 1] != values[at, 1]:
            rates[at] = (values[other, 0] - values[at, 0]) / (values[other, 1] - values[at, 1])
    return rates


def knee_of(points: FloatArray) -> int:
    """The position of the knee; -1 where there is none."""
    if len(points) < 3:
        return -1
    unit = unit_points(points)
    ends = unit[[int(np.lexsort((unit.sum(axis=1), unit[:, goal]))[0]) for goal in range(unit.shape[1])]]
    try:
        normal = np.linalg.solve(ends, np.ones(len(ends)))
    except np.linalg.LinAlgError:
        return -1
    if (normal <= 0).any():
        return -1
    below = 1.0 - unit @ normal
    deepest = int(below.argmax())
    return deepest if below[deepest] / np.linalg.norm(normal) > LEAST_BEND else -1
