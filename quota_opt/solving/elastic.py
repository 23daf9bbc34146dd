"""Models whose rows may give: which of them clash, what point satisfies the rest, and by how little they must give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from quota_opt.errors import Conflict
from quota_opt.model.build import Problem, RowInfo
from quota_opt.model.linear import Arrays, Block, FloatArray, IntArray
from quota_opt.solving.engine import engine_of
from quota_opt.solving.profile import Profile
from quota_opt.solving.status import Solution, Status

TIME_LIMIT = 20.0
LEAST = 1e-6
RAY = 1e-9


def conflicts(problem: Problem, profile: Profile) -> tuple[Conflict, ...]:
    """The rows that must give, and by how much in their own units, in the smallest relaxation relative to their size.

    Empty when even that finds nothing (a choice that excludes itself, or a limit came).
    """
    soft = np.zeros(problem.arrays.rows, dtype=bool)
    for block, info in blocks(problem):
        soft[block.first : block.first + block.size] = info.elastic
    least = least_relaxation(problem.arrays, soft, profile, TIME_LIMIT)
    return () if least is None else told(problem, least.amounts)


def blocks(problem: Problem) -> Iterator[tuple[Block, RowInfo]]:
    """Each block of rows with what it is."""
    return zip(problem.arrays.row_blocks, problem.info, strict=True)


@dataclass(frozen=True)
class Relaxation:
    """A point of the model whose rows give as little as can be: `amounts` by row, in units of the row, 0 for most."""

    values: FloatArray
    amounts: FloatArray


def told(problem: Problem, amounts: FloatArray) -> tuple[Conflict, ...]:
    """The rows that give (`amounts` by row), with their rule, clause, unit and labels."""
    found = []
    for block, info in blocks(problem):
        given = amounts[block.first : block.first + block.size]
        for at in np.flatnonzero(given > LEAST).tolist():
            labels = block.label_of(block.first + at)
            found.append(Conflict(info.rule, info.clause, float(given[at]), info.unit, labels))
    return tuple(found)


def least_relaxation(
    arrays: Arrays, soft: NDArray[np.bool_], profile: Profile, seconds: float = TIME_LIMIT
) -> Relaxation | None:
    """The point at which the `soft` rows give least, each relative to its size; None without one in `seconds`.

    The elastic model adds, to each side of each soft row, a slack that costs the inverse of the row's size, and
    minimises the sum.
    """
    rows = np.flatnonzero(soft)
    size = _sizes(arrays)
    below = rows[np.isfinite(arrays.row_lower[rows])]
    above = rows[np.isfinite(arrays.row_upper[rows])]
    sides = np.concatenate([below, above])
    count = len(sides)
    slack = sp.coo_array(
        (np.concatenate([np.ones(len(below)), -np.ones(len(above))]), (sides, np.arange(count))),
        shape=(arrays.rows, count),
    )
    elastic = replace(
        arrays,
        objective=np.concatenate([np.zeros(arrays.columns), -1.0 / size[sides]]),
        offset=0.0,
        lower=np.concatenate([arrays.lower, np.zeros(count)]),
        upper=np.concatenate([arrays.upper, np.full(count, np.inf)]),
        integer=np.concatenate([arrays.integer, np.zeros(count, dtype=bool)]),
        matrix=sp.csr_array(sp.hstack([arrays.matrix, slack])),
        column_blocks=(),
    )
    limited = _limited(profile, seconds, gap=1e-3)
    solution = engine_of(limited).solve(elastic, limited, stage="explain")
    if solution.values is None:
        return None
    amounts = np.zeros(arrays.rows)
    np.maximum.at(amounts, sides, solution.values[arrays.columns :])
    return Relaxation(solution.values[: arrays.columns], amounts)


def without_rows(arrays: Arrays, rows: NDArray[np.bool_] | IntArray) -> Arrays:
    """The model with some rows that bound nothing."""
    lower, upper = arrays.row_lower.copy(), arrays.row_upper.copy()
    lower[rows], upper[rows] = -np.inf, np.inf
    return replace(arrays, row_lower=lower, row_upper=upper)


def point_of(arrays: Arrays, profile: Profile, seconds: float) -> Solution:
    """Any point of the model: OPTIMAL or FEASIBLE with values, INFEASIBLE, or NO_SOLUTION_FOUND in `seconds`."""
    asked = replace(arrays, objective=np.zeros(arrays.columns), offset=0.0)
    limited = _limited(profile, seconds)
    return engine_of(limited).solve(asked, limited, stage="explain")


def infeasible_rows(arrays: Arrays, seconds: float) -> IntArray | None:
    """Rows that, with the bounds of the columns, already exclude each other without whole numbers (Farkas).

    None where the relaxation has a point, HiGHS is not there, or a limit came first.
    """
    from quota_opt.solving.engine import engine_named

    if not engine_named("highs").availability("HIGHS").ok or not arrays.rows:
        return None
    import highspy

    from quota_opt.solving.highs import load

    relaxed = replace(
        arrays, objective=np.zeros(arrays.columns), integer=np.zeros(arrays.columns, dtype=bool), offset=0.0
    )
    highs = load(relaxed)
    # A ray is what the simplex method leaves of a model that has been presolved by nobody.
    for name, value in (("presolve", "off"), ("solver", "simplex"), ("threads", 1), ("time_limit", max(seconds, 0.01))):
        highs.setOptionValue(name, value)
    highs.run()
    try:
        if highs.getModelStatus() != highspy.HighsModelStatus.kInfeasible:
            return None
        _, there, ray = highs.getDualRay()
        return np.flatnonzero(np.abs(np.asarray(ray)) > RAY) if there else None
    finally:
        highspy.Highs.resetGlobalScheduler(False)


def decided(solution: Solution) -> bool | None:
    """Whether the model has a point; None where a limit came before it was known."""
    if solution.values is not None:
        return True
    return False if solution.status is Status.INFEASIBLE else None


def _limited(profile: Profile, seconds: float, gap: float | None = None) -> Profile:
    return profile.with_limits(gap=gap, time_limit=max(min(profile.time_limit_s or seconds, seconds), 0.01))


def _sizes(arrays: Arrays) -> FloatArray:
    """How large each row's figures are: its finite sides, else its largest coefficient; at least 1."""
    size = np.ones(arrays.rows)
    for side in (arrays.row_lower, arrays.row_upper):
        size = np.maximum(size, np.where(np.isfinite(side), np.abs(side), 0.0))
    if arrays.matrix.nnz:
        owner = np.repeat(np.arange(arrays.rows), np.diff(arrays.matrix.indptr))
        np.maximum.at(size, owner, np.abs(arrays.matrix.data))
    return size
