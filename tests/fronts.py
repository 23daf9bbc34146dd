"""Small problems of several goals, every plan of which can be tried; for tests of fronts. Less is better."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import scipy.sparse as sp

from quota_opt.model.linear import Arrays


def problem(rows: Any, lower: Any, upper: Any) -> Arrays:
    """Yes-no decisions under rows."""
    matrix = np.atleast_2d(np.asarray(rows, dtype=float))
    columns = matrix.shape[1]
    return Arrays(
        objective=np.zeros(columns),
        offset=0.0,
        lower=np.zeros(columns),
        upper=np.ones(columns),
        integer=np.ones(columns, dtype=bool),
        matrix=sp.csr_array(matrix),
        row_lower=np.asarray(lower, dtype=float),
        row_upper=np.asarray(upper, dtype=float),
    )


def knapsack(random: np.random.Generator, items: int, goals: int, largest: int, *, real: bool = False) -> Any:
    """(arrays, goals): profits to be as large as can be, turned round, under one weight."""
    profits = random.integers(1, largest, (goals, items)).astype(float)
    if real:
        profits *= random.uniform(0.5, 1.5, (goals, items))
    weights = random.integers(1, largest, items).astype(float)
    return problem(weights, [-np.inf], [weights.sum() // 2]), -profits


def assignment(costs: Any) -> Any:
    """(arrays, goals): each of n gets one of n; `costs` (goals, n, n)."""
    goals, size, _ = np.shape(costs)
    cells = np.arange(size * size).reshape(size, size)
    rows = np.zeros((2 * size, size * size))
    for at in range(size):
        rows[at, cells[at]] = 1.0
        rows[size + at, cells[:, at]] = 1.0
    ones = np.ones(2 * size)
    return problem(rows, ones, ones), np.reshape(np.asarray(costs, dtype=float), (goals, size * size))


def plans_of(arrays: Arrays) -> Any:
    """Every plan, a row each."""
    every = np.array(list(itertools.product([0.0, 1.0], repeat=arrays.columns)))
    used = every @ arrays.matrix.toarray().T
    meets = (used <= arrays.row_upper + 1e-9).all(axis=1) & (used >= arrays.row_lower - 1e-9).all(axis=1)
    return every[meets]


def assignments_of(size: int) -> Any:
    """Every assignment of n to n, a row each."""
    return np.array([np.eye(size)[list(order)].ravel() for order in itertools.permutations(range(size))])


def unbettered(points: Any) -> Any:
    """The points that no other is as good as in all goals and better in one, each once, in order."""
    points = np.unique(np.round(np.asarray(points, dtype=float), 9), axis=0)
    kept = [p for p in points if not ((points <= p).all(axis=1) & (points < p).any(axis=1)).any()]
    return np.array(kept).reshape(-1, points.shape[1])
