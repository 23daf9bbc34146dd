"""Ties between years: the same firms and projects, at the same worth, as early as the rules allow.

Where an action or award could fall in several years without any objective changing, the solver's choice would be
an accident. With everything else as it is, a small model puts each in the earliest year, all together.
"""

from __future__ import annotations

import logging

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from quota_opt.model.build import Problem
from quota_opt.model.linear import Arrays, FloatArray, IntArray
from quota_opt.solving.engine import Engine
from quota_opt.solving.profile import auxiliary_profile
from quota_opt.solving.status import Status

log = logging.getLogger(__name__)

TIME_LIMIT = 10.0
SAME = 1e-12


def as_early_as_can_be(problem: Problem, arrays: Arrays, values: FloatArray, engine: Engine) -> FloatArray:
    """`values` with every tied action and award in the earliest year that goes; unchanged where there is no tie.

    If the small model does not end in time, the values stay as they came.
    """
    columns, row, year = _candidates(problem, values)
    if not len(columns):
        return values
    moves = np.concatenate([problem.move[problem.move >= 0], _free_trades(problem)])
    free = np.concatenate([columns, moves])
    fixed = values.copy()
    fixed[free] = 0.0
    used = arrays.matrix @ fixed
    rows = int(row.max()) + 1
    once = sp.csr_array((np.ones(len(columns)), (row, np.arange(len(columns)))), shape=(rows, len(free)))
    integer = np.zeros(len(free), dtype=bool)
    integer[: len(columns)] = True
    slack = 1e-9 * np.maximum(1.0, np.abs(used))
    small = Arrays(
        objective=np.concatenate([(problem.case.horizon - year).astype(float), np.zeros(len(moves))]),
        offset=0.0,
        lower=arrays.lower[free],
        upper=arrays.upper[free],
        integer=integer,
        matrix=sp.csr_array(sp.vstack([arrays.matrix[:, free], once])),
        row_lower=np.concatenate([arrays.row_lower - used - slack, np.ones(rows)]),
        row_upper=np.concatenate([arrays.row_upper - used + slack, np.ones(rows)]),
    )
    found = engine.solve(small, auxiliary_profile(TIME_LIMIT), start=values[free], stage="ties")
    if found.status is not Status.OPTIMAL or found.values is None:
        log.debug("ties stay as they came: %s %s", found.status, found.message)
        return values
    better = values.copy()
    better[free] = found.values
    better[columns] = np.round(better[columns])
    return better


def _free_trades(problem: Problem) -> IntArray:
    """Columns of trade that no objective weighs, so that they may follow the years as transfers do."""
    columns = np.concatenate([grid[grid >= 0] for grid in problem.trade])
    weighed = np.any([objective[columns] != 0.0 for objective, _ in problem.objectives], axis=0)
    free: IntArray = columns[~weighed]
    return free


def _candidates(problem: Problem, values: FloatArray) -> tuple[IntArray, IntArray, IntArray]:
    """Columns of chosen actions and awards that have years of equal worth: (column, number of the choice, year)."""
    worth = np.stack([objective for objective, _ in problem.objectives])
    parts: list[tuple[IntArray, IntArray, IntArray]] = []
    count = 0
    for grid in (problem.act, np.where(problem.share == problem.start, problem.start, -1)):
        chosen = np.append(values, 0.0)[grid] > 0.5  # what there is no column for (-1) is not chosen
        rows, at = np.nonzero(chosen)
        if not len(rows):
            continue
        mine = worth[:, grid[rows, at]]
        others = worth[:, grid[rows]]
        near = np.abs(others - mine[:, :, None]) <= SAME * np.maximum(1.0, np.abs(others))
        same: NDArray[np.bool_] = np.asarray(near.all(axis=0), dtype=bool)
        tied = (grid[rows] >= 0) & same
        tied &= (tied.sum(axis=1) > 1)[:, None]
        choice, year = np.nonzero(tied)
        if len(choice):
            _, number = np.unique(choice, return_inverse=True)
            parts.append((grid[rows[choice], year], number + count, year))
            count += int(number.max()) + 1
    if not parts:
        return (np.zeros(0, dtype=np.int64),) * 3
    return tuple(np.concatenate([part[i] for part in parts]) for i in range(3))  # type: ignore[return-value]
