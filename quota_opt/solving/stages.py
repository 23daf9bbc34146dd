"""From a built model to decisions: the objectives in order, exact continuous values, prices from the relaxation."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from quota_opt.model.build import Problem
from quota_opt.model.linear import Arrays, FloatArray
from quota_opt.solving.by_place import Nested, nested_blocks
from quota_opt.solving.engine import Engine, engine_named, engine_of
from quota_opt.solving.highs import Relaxed, relaxed
from quota_opt.solving.memory import Memory, Recall
from quota_opt.solving.profile import Profile, auxiliary_profile
from quota_opt.solving.proof import Proof
from quota_opt.solving.resolve import again, better_bound
from quota_opt.solving.status import EngineInfo, OnProgress, Solution, Status, relative_gap
from quota_opt.solving.structure import BLOCK, COUNTY, applies, solve_structured
from quota_opt.solving.ties import as_early_as_can_be

log = logging.getLogger(__name__)

STAGE_SLACK = 1e-9
"""What a later stage may give up of an earlier one beyond its tolerance, relative: rounding, not policy."""
STAGE_GROWTH = 10.0
"""How much more of it each later stage is allowed."""
SETTLED = 1e-9
"""What a plan gains at least, relative, where continuous decisions made exact are said to have improved it."""
PRICE_TIME_LIMIT = 600.0
LEAST_SHARE = 1e-9
"""A share below this is none."""


@dataclass(frozen=True)
class StageResult:
    """One objective as solved: its value and proven bound in the sense people read (not negated), and how it ended.

    `proof` is for the model of this stage (`stage_arrays`), where the engine left one.
    """

    name: str
    sense: str
    status: Status
    objective: float
    bound: float
    gap: float
    seconds: float
    proof: Proof | None = None


@dataclass(frozen=True)
class Solved:
    """The decisions of a model (None without an incumbent) and what proves them.

    `arrays` is the model of the last stage, rows for the earlier ones included; `row_duals` are those of its linear
    relaxation (None where it was not solved), in the order of its rows; `root` has its basis, where that is at hand.
    """

    status: Status
    values: FloatArray | None
    objective: float
    bound: float
    gap: float
    engine: EngineInfo
    stages: tuple[StageResult, ...]
    arrays: Arrays
    row_duals: FloatArray | None
    relaxation: float
    message: str = ""
    root: Relaxed | None = None


def optimise(
    problem: Problem, profile: Profile, on_progress: OnProgress | None = None, recall: Recall | None = None
) -> Solved:
    """Solve every stage in order with the profile's engine; then settle continuous values and price the rows.

    A limit or cancellation in any stage ends the run with what has been found so far. An empty `recall` is filled with
    what the solve leaves; a filled one is used: the same case with other numbers is solved from there (`resolve`).
    """
    known = dict(recall.stages) if recall is not None else {}
    root: Relaxed | None = None
    engine = engine_of(profile)
    asked = _Stages(problem, profile, engine, on_progress)
    arrays = problem.arrays
    values: FloatArray | None = None
    memories: dict[int, Memory] = {}
    results: list[StageResult] = []
    solution: Solution | None = None
    for number, (stage, (objective, constant)) in enumerate(zip(problem.stages, problem.objectives, strict=True)):
        arrays = replace(arrays, objective=objective, offset=constant)
        solution, root = asked.stage(number, arrays, values, known.get(number))
        if solution.values is None and values is not None and solution.status is Status.NO_SOLUTION_FOUND:
            kept = arrays.value(values)
            solution = replace(solution, status=Status.FEASIBLE, values=values, objective=kept)
        results.append(_result(stage.name, stage.sign, solution))
        if solution.values is None:
            break
        values = solution.values
        memories[number] = Memory(arrays, values, solution.proof)
        if solution.status is not Status.OPTIMAL:
            arrays = _last_objective(problem, arrays)
            break
        if number + 1 < len(problem.stages):
            arrays = _keeping(problem, arrays, number, solution.objective)
    assert solution is not None
    # The record says what was asked for, not what was left of it: the same run is recorded in the same words.
    asked_of = {**solution.engine.options, "time_limit_s": profile.time_limit_s}
    solution = replace(solution, engine=replace(solution.engine, options=asked_of))
    status = solution.status
    if values is None:
        return Solved(
            status, None, math.nan, math.inf, math.inf, solution.engine, tuple(results), arrays, None, math.inf,
            solution.message,
        )  # fmt: skip
    linear = _linear_engine(engine)
    values = _canonical(problem, arrays, values, linear)
    unfinished = len(results) < len(problem.stages)
    if not unfinished:
        results[-1] = _as_settled(results[-1], problem.stages[-1].sign, arrays.value(values), profile)
        status = results[-1].status
    if recall is None:
        row_duals, relaxation, root = _prices(arrays, linear)
    else:
        root = root if root is not None and not unfinished else relaxed(arrays, basis=asked.basis)
        row_duals, relaxation = (None, math.inf) if root is None else (root.prices, arrays.value(root.values))
        if not known and not unfinished:
            memories[len(results) - 1] = Memory(arrays, values, solution.proof, root)
        if not known:
            recall.stages.update(memories)
    ending = _Ending(status, solution.engine, solution.message)
    return replace(_ended(problem, arrays, values, results, row_duals, relaxation, ending), root=root)


def solved_before(
    problem: Problem, profile: Profile, values: FloatArray, engine: EngineInfo, results: Sequence[StageResult] = ()
) -> Solved:
    """What `optimise` would say of decisions that were found elsewhere; `values` has one entry per column.

    `results` says what was proven of each stage. Without them the plan counts as FEASIBLE, and the relaxation is the
    bound.
    """
    arrays = problem.arrays
    linear = _linear_engine(engine_of(profile))
    if results:
        arrays = stage_arrays(problem, len(problem.stages) - 1, [stage.objective for stage in results])
    values = _canonical(problem, arrays, values, linear)
    row_duals, relaxation, root = _prices(arrays, linear)
    if results:
        status = next((stage.status for stage in results if stage.status is not Status.OPTIMAL), Status.OPTIMAL)
    else:
        stage, status = problem.stages[0], Status.FEASIBLE
        found = Solution(status, values, arrays.value(values), relaxation, engine, 0.0)
        results = [_result(stage.name, stage.sign, found)]
        if len(problem.stages) > 1:
            arrays = _last_objective(problem, arrays)
            row_duals, relaxation, root = _prices(arrays, linear)
    ended = _ended(problem, arrays, values, results, row_duals, relaxation, _Ending(status, engine))
    return replace(ended, root=root)


@dataclass(frozen=True)
class _Ending:
    """How a solve ended, and by which program."""

    status: Status
    engine: EngineInfo
    message: str = ""


def _ended(
    problem: Problem, arrays: Arrays, values: FloatArray, results: Sequence[StageResult], row_duals: FloatArray | None,
    relaxation: float, ending: _Ending,
) -> Solved:  # fmt: skip
    """The decisions with what is known of them; where stages are missing, the last objective counts as it stands."""
    last = results[-1]
    if len(results) < len(problem.stages):
        last = replace(last, objective=arrays.value(values), bound=relaxation, gap=math.inf)
    return Solved(
        ending.status, values, last.objective, last.bound, last.gap, ending.engine, tuple(results), arrays, row_duals,
        relaxation, ending.message,
    )  # fmt: skip


def _canonical(problem: Problem, arrays: Arrays, values: FloatArray, linear: Engine) -> FloatArray:
    """The same decisions as early as can be, whole numbers whole, continuous ones exact, and no start without use."""
    values = as_early_as_can_be(problem, arrays, np.where(arrays.integer, np.round(values), values), linear)
    return _without_idle_starts(problem, arrays, _settled(problem, arrays, values, linear))


class _Stages:
    """Solves one stage after the other with what is left of the profile's time."""

    def __init__(self, problem: Problem, profile: Profile, engine: Engine, on_progress: OnProgress | None) -> None:
        self.problem, self.profile, self.engine, self.on_progress = problem, profile, engine, on_progress
        self.began = time.monotonic()
        self.blocks: Nested | None = None
        self.basis: Any = None  # of a relaxation like that of the last stage, to start from

    def stage(
        self, number: int, arrays: Arrays, start: FloatArray | None, memory: Memory | None
    ) -> tuple[Solution, Relaxed | None]:
        """The stage's solution, from memory where it suffices; its relaxation where that was solved on the way."""
        name = _stage_name(self.problem, number)
        if memory is None or self.profile.engine != "highs" or not arrays.integer.any():
            return self._anew(arrays, start, name), None
        left = _rest(self.profile, self.began)
        first = again(arrays, left, memory, on_progress=self.on_progress, stage=name)
        known, self.basis = first.solution, first.basis
        if known.status is Status.OPTIMAL or known.message == "cancelled":
            return known, first.root
        if known.values is not None and (start is None or known.objective > arrays.value(start)):
            start = known.values
        return better_bound(self._anew(arrays, start, name), known, self.profile.relative_gap), first.root

    def _anew(self, arrays: Arrays, start: FloatArray | None, name: str) -> Solution:
        """The ordinary solve of a stage."""
        left = _rest(self.profile, self.began)
        if not applies(arrays, self.profile):
            return self.engine.solve(arrays, left, on_progress=self.on_progress, start=start, stage=name)
        self.blocks = nested_blocks(self.problem, BLOCK, COUNTY) if self.blocks is None else self.blocks
        return solve_structured(arrays, left, on_progress=self.on_progress, start=start, stage=name, blocks=self.blocks)


def stage_arrays(problem: Problem, number: int, objectives: Sequence[float]) -> Arrays:
    """The model of one stage, given what the stages before it came to (in the sense people read)."""
    arrays = problem.arrays
    for earlier, stated in enumerate(objectives[:number]):
        objective, constant = problem.objectives[earlier]
        arrays = replace(arrays, objective=objective, offset=constant)
        arrays = _keeping(problem, arrays, earlier, problem.stages[earlier].sign * stated)
    objective, constant = problem.objectives[number]
    return replace(arrays, objective=objective, offset=constant)


def _stage_name(problem: Problem, number: int) -> str:
    return "solve" if len(problem.stages) == 1 else problem.stages[number].name


def _rest(profile: Profile, began: float) -> Profile:
    """The profile with what is left of its time."""
    if profile.time_limit_s is None:
        return profile
    return profile.with_limits(time_limit=max(profile.time_limit_s - (time.monotonic() - began), 0.01))


def _result(name: str, sign: float, solution: Solution) -> StageResult:
    return StageResult(
        name,
        "max" if sign > 0 else "min",
        solution.status,
        sign * solution.objective + 0.0,
        sign * solution.bound + 0.0,
        solution.gap,
        solution.seconds,
        solution.proof,
    )


def _as_settled(stated: StageResult, sign: float, value: float, profile: Profile) -> StageResult:
    """What is said of a stage once continuous decisions are exact: those of a plan put together may have gained."""
    if value <= sign * stated.objective + SETTLED * max(1.0, abs(value)):
        return stated
    bound = max(sign * stated.bound, value)
    gap = relative_gap(value, bound)
    closed = gap <= profile.relative_gap and stated.status is Status.FEASIBLE
    status = Status.OPTIMAL if closed else stated.status
    return replace(stated, status=status, objective=sign * value + 0.0, bound=sign * bound + 0.0, gap=gap)


def _keeping(problem: Problem, arrays: Arrays, number: int, best: float) -> Arrays:
    """The model with one row more: the objective of stage `number` stays at `best`, less its tolerance.

    The slack for rounding is relative to the objective's largest figure, and grows from stage to stage: what a later
    stage gains out of the rounding of an earlier one must not bind the next.
    """
    tolerance, rounding = problem.stages[number].tolerance, STAGE_SLACK * STAGE_GROWTH**number
    largest = max(1.0, abs(best), float(np.abs(arrays.objective).max(initial=0.0)))
    slack = max(tolerance * abs(best), rounding * largest)
    row = sp.csr_array(arrays.objective[None, :])
    return replace(
        arrays,
        matrix=sp.csr_array(sp.vstack([arrays.matrix, row])),
        row_lower=np.append(arrays.row_lower, best - arrays.offset - slack),
        row_upper=np.append(arrays.row_upper, np.inf),
    )


def _last_objective(problem: Problem, arrays: Arrays) -> Arrays:
    objective, constant = problem.objectives[-1]
    return replace(arrays, objective=objective, offset=constant)


def _linear_engine(engine: Engine) -> Engine:
    """HiGHS for the small linear programs around a solve, where it is there; the profile's engine otherwise."""
    highs = engine_named("highs")
    return highs if highs.availability("HIGHS").ok else engine


def _settled(problem: Problem, arrays: Arrays, values: FloatArray, engine: Engine) -> FloatArray:
    """Whole numbers made whole, continuous decisions solved exactly beside them, transfers and trades as few as go."""
    settled = np.where(arrays.integer, np.round(values), values)
    moves = np.zeros(arrays.columns, dtype=bool)
    moves[problem.move[problem.move >= 0]] = True
    others = ~arrays.integer & ~moves
    if others.any():
        settled = _resolved(arrays, settled, others | moves, engine)
    for grid in problem.trade:
        moves[grid[grid >= 0]] = True
    if moves.any():
        # With the rest fixed, transfers carry no value of their own: the fewest are taken, so that plans are canonical.
        # Trades are placed along with them, at no loss to the objective.
        settled = _resolved(arrays, settled, moves, engine, fewest=True)
    return np.clip(settled, arrays.lower, arrays.upper) + 0.0


def _without_idle_starts(problem: Problem, arrays: Arrays, values: FloatArray) -> FloatArray:
    """Starts of divisible projects at no share at all are taken back, unless a row or an objective counts them."""
    padded = np.append(values, 0.0)  # what there is no column for (-1) is 0
    started = problem.share != problem.start
    started &= (padded[problem.start] > 0.5) & (padded[problem.share] <= LEAST_SHARE)
    if not started.any():
        return values
    by_column = arrays.matrix.tocsc()
    activity = arrays.matrix @ values
    better = values.copy()
    for start, share in zip(problem.start[started].tolist(), problem.share[started].tolist(), strict=True):
        better[share] = 0.0
        if any(objective[start] for objective, _ in problem.objectives):
            continue
        part = slice(by_column.indptr[start], by_column.indptr[start + 1])
        rows, without = by_column.indices[part], activity[by_column.indices[part]] - by_column.data[part]
        if (without <= arrays.row_upper[rows]).all() and (without >= arrays.row_lower[rows]).all():
            better[start] = 0.0
            activity[rows] = without
    return better


def _resolved(
    arrays: Arrays, values: FloatArray, free: NDArray[np.bool_], engine: Engine, *, fewest: bool = False
) -> FloatArray:
    """`values` with the `free` columns solved again, all others as they are.

    The objective is the model's; with `fewest`, the smallest sum of absolute values of the same objective instead.
    """
    chosen = np.flatnonzero(free)
    used = arrays.matrix @ np.where(free, 0.0, values)
    matrix = sp.csr_array(arrays.matrix[:, chosen])
    row_lower, row_upper = arrays.row_lower, arrays.row_upper
    lower, upper, objective = arrays.lower[chosen], arrays.upper[chosen], arrays.objective[chosen]
    if fewest and objective.any():
        matrix = sp.csr_array(sp.vstack([matrix, sp.csr_array(objective[None, :])]))
        used = np.concatenate([used, np.zeros(1)])
        row_lower, row_upper = np.append(row_lower, objective @ values[chosen]), np.append(row_upper, np.inf)
    if fewest:  # each column as the difference of two parts that cost 1 each
        matrix = sp.csr_array(sp.hstack([matrix, -matrix]))
        objective = np.full(2 * len(chosen), -1.0)
        lower, upper = np.zeros(2 * len(chosen)), np.concatenate([np.maximum(upper, 0.0), np.maximum(-lower, 0.0)])
    rest = Arrays(
        objective=objective,
        offset=0.0,
        lower=lower,
        upper=upper,
        integer=np.zeros(len(objective), dtype=bool),
        matrix=matrix,
        row_lower=row_lower - used,
        row_upper=row_upper - used,
    )
    solution = engine.solve(rest, auxiliary_profile(PRICE_TIME_LIMIT), stage="settle")
    if solution.values is None:
        # A side that the point at hand oversteps by the solver's rounding gives way just that far.
        activity = np.append(arrays.matrix @ values, row_lower[arrays.rows :])
        eased = replace(
            rest,
            row_lower=np.minimum(row_lower, activity) - used,
            row_upper=np.maximum(row_upper, activity) - used,
        )
        solution = engine.solve(eased, auxiliary_profile(PRICE_TIME_LIMIT), stage="settle")
    if solution.values is None:
        log.debug("settling left the solver's values as they were: %s %s", solution.status, solution.message)
        return values
    found = solution.values
    better = values.copy()
    better[chosen] = found[: len(chosen)] - found[len(chosen) :] if fewest else found
    return better


def _prices(arrays: Arrays, engine: Engine) -> tuple[FloatArray | None, float, Relaxed | None]:
    """Row duals and value of the linear relaxation, and the relaxation itself where HiGHS leaves its basis."""
    if engine.name == "highs":
        root = relaxed(arrays, PRICE_TIME_LIMIT)
        if root is not None:
            return root.prices, arrays.value(root.values), root
    whole = replace(arrays, integer=np.zeros(arrays.columns, dtype=bool))
    solution = engine.solve(whole, auxiliary_profile(PRICE_TIME_LIMIT), stage="prices")
    return solution.row_duals, solution.objective if solution.status is Status.OPTIMAL else math.inf, None
