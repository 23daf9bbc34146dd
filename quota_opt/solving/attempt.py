"""What is the same around every solver call: clean, scale, watch, resolve, check. The engines only translate.

An engine hands in `ask`: a function from plain arrays to an `Answer` in the solver's own (scaled) units. Around it,
`solve_checked` settles what needs no solver, resolves "infeasible or unbounded", puts whole numbers where they
belong and re-checks every value against the arrays as they came in.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from quota_opt.model.linear import Arrays, FloatArray
from quota_opt.solving.checking import (
    EXACT,
    TOLERANCE,
    check_values,
    dual_bound,
    sharpened,
    snapped,
    without_integers,
)
from quota_opt.solving.profile import Profile
from quota_opt.solving.proof import Proof
from quota_opt.solving.scaling import Scaling, no_scaling, scaling_of
from quota_opt.solving.status import EngineInfo, OnProgress, Solution, Status, relative_gap
from quota_opt.solving.watch import Watch

GAP_SLACK = 1e-6
"""A gap may exceed the profile's by this much before OPTIMAL becomes FEASIBLE: tolerances, not the search."""

DUALITY = 1e-5
"""Duals whose bound is further than this fraction from the objective prove nothing and are not handed on."""


@dataclass(frozen=True)
class Answer:
    """What a solver said, in our words and its units. `status` None: infeasible or unbounded, it did not say which.

    `proof` is what can be added up again of the bound; the bound itself may be better, on the solver's word.
    """

    status: Status | None
    values: FloatArray | None = None
    bound: float = math.inf
    row_duals: FloatArray | None = None
    message: str = ""
    proof: Proof | None = None


Ask = Callable[[Arrays, Profile, Watch, FloatArray | None], Answer]
"""Solve these arrays under this profile, telling the watch how it goes, from this start if there is one."""


def solve_checked(
    ask: Ask,
    info: EngineInfo,
    arrays: Arrays,
    profile: Profile,
    *,
    on_progress: OnProgress | None = None,
    start: FloatArray | None = None,
    stage: str = "solve",
    scaled: bool = True,
) -> Solution:
    """Solve `arrays` with `ask` and hand back only what holds when re-checked."""
    began = time.monotonic()
    answer = _settled(arrays)
    if answer is None:
        kept = np.flatnonzero((np.diff(arrays.matrix.indptr) > 0) & _restricts(arrays))
        asked = replace(_rounded_bounds(arrays), **_rows(arrays, kept), column_blocks=(), row_blocks=())
        answer = _asked(ask, asked, profile, Watch(stage, on_progress), start=start, scaled=scaled)
        if answer.row_duals is not None:
            duals = np.zeros(arrays.rows)
            duals[kept] = answer.row_duals
            answer = replace(answer, row_duals=duals)
        if answer.proof is not None:
            answer = replace(answer, proof=answer.proof.in_units(kept, np.ones(len(kept)), 1.0))
    return _solution(arrays, answer, profile, info, time.monotonic() - began)


def given_options(profile: Profile) -> dict[str, Any]:
    """What the profile asks of the solver, for the record."""
    return {
        "relative_gap": profile.relative_gap,
        "time_limit_s": profile.time_limit_s,
        "threads": profile.threads,
        "random_seed": profile.random_seed,
        **profile.options,
    }


def _settled(arrays: Arrays) -> Answer | None:
    """The answer where no engine is needed: faulty numbers, crossed bounds, rows and models without columns."""
    numbers = (arrays.objective, arrays.matrix.data)
    sides = (arrays.lower, arrays.upper, arrays.row_lower, arrays.row_upper)
    if not all(np.isfinite(part).all() for part in numbers) or any(np.isnan(part).any() for part in sides):
        return Answer(Status.ERROR, message="the model holds numbers that are not finite")
    bounds = _rounded_bounds(arrays)
    crossed = bounds.lower - bounds.upper > EXACT * np.maximum(1.0, np.abs(bounds.upper))
    if crossed.any() or (bounds.lower == np.inf).any() or (bounds.upper == -np.inf).any():
        return Answer(Status.INFEASIBLE, message="the bounds of a column exclude each other")
    if (arrays.row_lower > arrays.row_upper + EXACT * np.maximum(1.0, np.abs(arrays.row_upper))).any():
        return Answer(Status.INFEASIBLE, message="the sides of a row exclude each other")
    empty = np.diff(arrays.matrix.indptr) == 0
    if (empty & ((arrays.row_lower > EXACT) | (arrays.row_upper < -EXACT))).any():
        return Answer(Status.INFEASIBLE, message="a row without columns cannot hold")
    if arrays.columns == 0:
        return Answer(Status.OPTIMAL, np.zeros(0), arrays.offset, np.zeros(arrays.rows))
    return None


def _rounded_bounds(arrays: Arrays) -> Arrays:
    """The same model with the bounds of integer columns at whole numbers."""
    lower = np.where(arrays.integer, np.ceil(arrays.lower - EXACT), arrays.lower)
    upper = np.where(arrays.integer, np.floor(arrays.upper + EXACT), arrays.upper)
    return replace(arrays, lower=lower, upper=upper)


def _restricts(arrays: Arrays) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.asarray(np.isfinite(arrays.row_lower) | np.isfinite(arrays.row_upper))


def _rows(arrays: Arrays, kept: np.ndarray[tuple[int], np.dtype[np.int64]]) -> dict[str, Any]:
    return {
        "matrix": arrays.matrix[kept, :],
        "row_lower": arrays.row_lower[kept],
        "row_upper": arrays.row_upper[kept],
    }


def _asked(
    ask: Ask, arrays: Arrays, profile: Profile, watch: Watch, *, start: FloatArray | None, scaled: bool
) -> Answer:
    """Ask the solver in scaled units; the answer in units of the model, decided and with whole numbers settled."""
    scaling = scaling_of(arrays) if scaled else no_scaling(arrays)
    watch.objective_scale = scaling.objective
    inner = scaling.apply(arrays)
    given = None if start is None else scaling.values_in(np.clip(start, arrays.lower, arrays.upper))
    answer = watch.run(lambda: ask(inner, profile, watch, given))
    if answer.status is None or answer.status is Status.UNBOUNDED:
        answer = _decided(ask, inner, profile, watch, answer)
    answer = _out(answer, scaling)
    if watch.cancelled.is_set() and answer.status in (Status.FEASIBLE, Status.NO_SOLUTION_FOUND):
        answer = replace(answer, message="cancelled")
    if start is not None and answer.status in (Status.FEASIBLE, Status.NO_SOLUTION_FOUND):
        own = snapped(arrays, start)
        worse = answer.values is None or arrays.value(answer.values) < arrays.value(own)
        if worse and check_values(arrays, own).ok:
            return replace(answer, status=Status.FEASIBLE, values=own)
    if answer.values is None:
        return answer
    return replace(answer, values=_settled_values(ask, arrays, answer.values, profile, watch))


def _decided(ask: Ask, arrays: Arrays, profile: Profile, watch: Watch, answer: Answer) -> Answer:
    """Tell infeasible from unbounded, and believe neither without a second look.

    Without an objective a model can only be infeasible or not. With whole numbers, a feasible model is unbounded only
    if it is so without them; if not, the solver erred, and is asked once more under the bound this gives.
    """

    def again(changed: Arrays) -> Answer:
        left = profile
        if profile.time_limit_s is not None:
            left = profile.with_limits(time_limit=max(profile.time_limit_s - watch.seconds, 0.1))
        return watch.run(lambda: ask(changed, left, watch, None))

    second = again(replace(arrays, objective=np.zeros(arrays.columns), offset=0.0))
    if second.status in (Status.INFEASIBLE, Status.NO_SOLUTION_FOUND):
        return second
    if second.status not in (Status.OPTIMAL, Status.FEASIBLE):
        return Answer(Status.ERROR, message=second.message or answer.message or "infeasible or unbounded, undecided")
    if arrays.integer.any():
        relaxed = again(replace(arrays, integer=np.zeros(arrays.columns, dtype=bool)))
        if relaxed.status is Status.OPTIMAL and relaxed.values is not None:
            last = again(_capped(arrays, arrays.value(relaxed.values)))
            if last.status in (None, Status.UNBOUNDED, Status.INFEASIBLE):
                return Answer(Status.ERROR, message="the solver calls a model unbounded that is not")
            return replace(last, row_duals=None, proof=None)
    return Answer(Status.UNBOUNDED, message="the objective can grow without limit")


def _capped(arrays: Arrays, most: float) -> Arrays:
    """The same model with a row more, which says that the objective is not above `most`."""
    slack = 1e-6 * max(1.0, abs(most))
    return replace(
        arrays,
        matrix=sp.csr_array(sp.vstack([arrays.matrix, sp.csr_array(arrays.objective[None, :])])),
        row_lower=np.append(arrays.row_lower, -np.inf),
        row_upper=np.append(arrays.row_upper, most - arrays.offset + slack),
    )


def _out(answer: Answer, scaling: Scaling) -> Answer:
    return replace(
        answer,
        values=None if answer.values is None else scaling.values_out(np.asarray(answer.values)),
        bound=scaling.objective_out(answer.bound),
        row_duals=None if answer.row_duals is None else scaling.duals_out(answer.row_duals),
        proof=None if answer.proof is None else scaling.proof_out(answer.proof),
    )


def _settled_values(ask: Ask, arrays: Arrays, values: FloatArray, profile: Profile, watch: Watch) -> FloatArray:
    """The values with whole numbers exactly whole, if the rows allow it; else as they came, for the check to judge.

    A whole number that is 1e-7 off, times a coefficient of 1e5, moves a row by 0.01. Where rounding shows in a row,
    the continuous columns are solved for again beside the rounded ones.
    """
    if not check_values(arrays, values).ok:
        return values
    whole = snapped(arrays, values)
    check = check_values(arrays, whole)
    if check.excess <= EXACT:
        return whole
    candidates = [(check.excess, whole)]
    if not arrays.integer.all():
        _consider(candidates, arrays, sharpened(arrays, whole))
        if candidates[0][0] > EXACT and arrays.integer.any():
            found = _rest_solved(ask, arrays, whole, profile, watch.stage)
            if found is not None:
                _consider(candidates, arrays, found)
                _consider(candidates, arrays, sharpened(arrays, found))
    excess, best = candidates[0]
    return best if excess <= TOLERANCE else values


def _consider(candidates: list[tuple[float, FloatArray]], arrays: Arrays, values: FloatArray) -> None:
    """Put values that break the rows less than any before at the head of the candidates."""
    whole = snapped(arrays, values)
    excess = check_values(arrays, whole).excess
    if excess < candidates[0][0]:
        candidates.insert(0, (excess, whole))


def _rest_solved(ask: Ask, arrays: Arrays, whole: FloatArray, profile: Profile, stage: str) -> FloatArray | None:
    """The continuous columns solved for beside the rounded integer ones; None if that gives nothing."""
    rest = without_integers(arrays, whole)
    scaling = scaling_of(rest)
    watch = Watch(stage)
    limit = None if profile.time_limit_s is None else max(profile.time_limit_s, 1.0)
    found = _out(
        watch.run(lambda: ask(scaling.apply(rest), profile.with_limits(time_limit=limit), watch, None)), scaling
    )
    if found.status is not Status.OPTIMAL or found.values is None:
        return None
    values = whole.copy()
    values[~arrays.integer] = found.values
    return values


def _solution(arrays: Arrays, answer: Answer, profile: Profile, info: EngineInfo, seconds: float) -> Solution:
    """The answer as a Solution, after the last checks: values against the arrays, status against the gap."""
    status = answer.status or Status.ERROR
    message = answer.message
    values = answer.values
    objective, bound = math.nan, answer.bound
    if status in (Status.OPTIMAL, Status.FEASIBLE):
        check = None if values is None else check_values(arrays, values)
        if check is None or not check.ok:
            message = check.words if check else "the solver claims a solution and gives none"
            return Solution(Status.ERROR, None, math.nan, math.inf, info, seconds, message=message)
        assert values is not None
        objective = arrays.value(values)
        linear = not arrays.integer.any()
        duals = answer.row_duals if linear and status is Status.OPTIMAL else None
        if linear and status is Status.OPTIMAL:
            proven = math.inf if duals is None else dual_bound(arrays, duals)
            if abs(proven - objective) > DUALITY * max(1.0, abs(objective)):
                duals = None
                # The solver says optimal; its own bound is the best there is to show for it.
                proven = bound if math.isfinite(bound) else objective
            bound = proven
        bound = max(bound, objective)
        if status is Status.OPTIMAL and relative_gap(objective, bound) > profile.relative_gap + GAP_SLACK:
            status = Status.FEASIBLE
            message = message or "the solver's bound does not prove the profile's gap"
        reduced = None if duals is None else arrays.objective - arrays.matrix.T @ duals
        return Solution(status, values, objective, bound, info, seconds, duals, reduced, message, answer.proof)
    if status is Status.UNBOUNDED:
        bound = math.inf
    elif status is Status.INFEASIBLE:
        bound = -math.inf
    proof = answer.proof if status is Status.NO_SOLUTION_FOUND else None
    return Solution(status, None, objective, bound, info, seconds, message=message, proof=proof)
