"""Why a case is infeasible: every policy row may give, at a price; what gives in the cheapest answer is in conflict."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from quota_opt.errors import Conflict
from quota_opt.model.build import Problem
from quota_opt.solving.engine import engine_of
from quota_opt.solving.profile import Profile

TIME_LIMIT = 20.0
LEAST = 1e-6


def conflicts(problem: Problem, profile: Profile) -> tuple[Conflict, ...]:
    """The rows that must give, and by how much in their own units, in the smallest relaxation relative to their size.

    The elastic model adds, to each side of each row that states policy, a slack that costs the inverse of the row's
    size, and minimises the sum. Empty when even that finds nothing (a choice that excludes itself, or a limit came).
    """
    arrays = problem.arrays
    soft = np.zeros(arrays.rows, dtype=bool)
    for block, info in zip(arrays.row_blocks, problem.info, strict=True):
        soft[block.first : block.first + block.size] = info.elastic
    rows = np.flatnonzero(soft)
    size = _sizes(problem)[rows]
    below = rows[np.isfinite(arrays.row_lower[rows])]
    above = rows[np.isfinite(arrays.row_upper[rows])]
    count = len(below) + len(above)
    slack = sp.coo_array(
        (
            np.concatenate([np.ones(len(below)), -np.ones(len(above))]),
            (np.concatenate([below, above]), np.arange(count)),
        ),
        shape=(arrays.rows, count),
    )
    cost = dict(zip(rows.tolist(), (1.0 / size).tolist(), strict=True))
    penalties = np.array([cost[int(row)] for row in np.concatenate([below, above])])
    elastic = replace(
        arrays,
        objective=np.concatenate([np.zeros(arrays.columns), -penalties]),
        offset=0.0,
        lower=np.concatenate([arrays.lower, np.zeros(count)]),
        upper=np.concatenate([arrays.upper, np.full(count, np.inf)]),
        integer=np.concatenate([arrays.integer, np.zeros(count, dtype=bool)]),
        matrix=sp.csr_array(sp.hstack([arrays.matrix, slack])),
        column_blocks=(),
    )
    limited = profile.with_limits(gap=1e-3, time_limit=min(profile.time_limit_s or TIME_LIMIT, TIME_LIMIT))
    solution = engine_of(limited).solve(elastic, limited, stage="explain")
    if solution.values is None:
        return ()
    given = solution.values[arrays.columns :]
    found = []
    for row, amount in zip(np.concatenate([below, above]).tolist(), given.tolist(), strict=True):
        if amount <= LEAST:
            continue
        for block, info in zip(arrays.row_blocks, problem.info, strict=True):
            if block.first <= row < block.first + block.size:
                found.append(Conflict(info.rule, info.clause, amount, info.unit, block.label_of(row)))
    return tuple(found)


def _sizes(problem: Problem) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """How large each row's figures are: its finite sides, else its largest coefficient; at least 1."""
    arrays = problem.arrays
    size = np.ones(arrays.rows)
    for side in (arrays.row_lower, arrays.row_upper):
        size = np.maximum(size, np.where(np.isfinite(side), np.abs(side), 0.0))
    if arrays.matrix.nnz:
        owner = np.repeat(np.arange(arrays.rows), np.diff(arrays.matrix.indptr))
        np.maximum.at(size, owner, np.abs(arrays.matrix.data))
    return size
