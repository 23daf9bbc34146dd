"""Large cases: the few lumpy projects first, then the many small firms.

A county has hundreds of projects and thousands of firms. Solvers lose themselves in the firms, although each of them
hardly matters. So the projects are decided with firm actions relaxed to shares, which proves a bound on the whole; then
the firms are decided beside those projects. Where both agree within the gap asked for, the plan is proven; where not,
it is a start for the solver, and the bound stays.
"""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass, replace

import numpy as np

from quota_opt.model.build import Problem
from quota_opt.model.linear import Arrays, FloatArray
from quota_opt.solving.engine import Engine
from quota_opt.solving.profile import Profile
from quota_opt.solving.status import OnProgress, Solution, Status, relative_gap

log = logging.getLogger(__name__)

LARGE = 5_000
"""Columns of firm actions from which on this pays; below, a solver does as well alone."""
PROJECTS_SHARE, FIRMS_SHARE = 0.4, 0.3
"""Of the time left: for the projects, then for the firms of what is left after them."""
LAST_SECONDS = 5.0
"""For a plan after all, once the caller has asked to stop."""


@dataclass(frozen=True)
class _Clock:
    """What is left of a profile's time."""

    profile: Profile
    began: float

    def part(self, share: float, gap: float) -> Profile:
        """The profile with a share of the time left, and its own gap."""
        limit = self.profile.time_limit_s
        left = None if limit is None else max(share * (limit - (time.monotonic() - self.began)), 0.01)
        return self.profile.with_limits(gap=gap, time_limit=left)


def is_large(problem: Problem, profile: Profile) -> bool:
    """Whether a model has the structure, and a gap that leaves room for it."""
    return profile.relative_gap > 0 and int((problem.act >= 0).sum()) >= LARGE and bool((problem.start >= 0).any())


def solve_large(
    engine: Engine,
    problem: Problem,
    arrays: Arrays,
    profile: Profile,
    *,
    on_progress: OnProgress | None = None,
    start: FloatArray | None = None,
    stage: str = "solve",
) -> Solution:
    """Solve one large model, projects first; the answer is as good as `engine.solve`'s, or better proven."""
    clock = _Clock(profile, time.monotonic())
    actions = problem.act[problem.act >= 0]
    integer = arrays.integer.copy()
    integer[actions] = False
    half = profile.relative_gap / 2
    cancelled = _Cancelled(on_progress)
    projects = engine.solve(
        replace(arrays, integer=integer),
        clock.part(PROJECTS_SHARE, half),
        on_progress=cancelled,
        stage=f"{stage}: projects",
    )
    if projects.status in (Status.INFEASIBLE, Status.UNBOUNDED, Status.ERROR):
        # Relaxing the firms cannot make a case infeasible; the engine's own answer on the whole settles the rest.
        return engine.solve(
            arrays, clock.part(1.0, profile.relative_gap), on_progress=on_progress, start=start, stage=stage
        )
    cancelled.asked |= projects.message == "cancelled"
    best = start
    if projects.values is not None:
        # Whoever stops here still wants a plan: what is left of one is a matter of seconds.
        limits = clock.part(FIRMS_SHARE, half) if not cancelled.asked else profile.with_limits(time_limit=LAST_SECONDS)
        listener = None if cancelled.asked else cancelled
        found = _firms_beside(engine, problem, arrays, projects.values, limits, listener, stage)
        if found is not None:
            cancelled.asked |= found.message == "cancelled"
            if found.values is not None and (best is None or arrays.value(found.values) > arrays.value(best)):
                best = found.values
    proven = best is not None and relative_gap(arrays.value(best), projects.bound) <= profile.relative_gap
    if proven or cancelled.asked:
        return _as_solution(arrays, best, projects, proven=proven, clock=clock)
    log.debug("projects first left a gap; the engine goes on from there")
    whole = engine.solve(
        arrays, clock.part(1.0, profile.relative_gap), on_progress=on_progress, start=best, stage=stage
    )
    return _with_bound(whole, projects.bound, profile)


class _Cancelled:
    """Passes progress on and remembers whether the caller asked to stop."""

    def __init__(self, on_progress: OnProgress | None) -> None:
        self._on_progress = on_progress
        self.asked = False

    def __call__(self, progress: object) -> bool | None:
        if self._on_progress is None:
            return None
        answer = self._on_progress(progress)  # type: ignore[arg-type]
        self.asked = self.asked or answer is False
        return answer


def _firms_beside(
    engine: Engine,
    problem: Problem,
    arrays: Arrays,
    values: FloatArray,
    profile: Profile,
    on_progress: OnProgress | None,
    stage: str,
) -> Solution | None:
    """The best decisions on firms beside the projects that `values` start; projects may be dropped, none added."""
    starts = problem.start[problem.start >= 0]
    chosen = np.round(values[starts])
    found = None
    for least in (chosen, np.zeros(len(starts))):
        lower, upper = arrays.lower.copy(), arrays.upper.copy()
        lower[starts], upper[starts] = least, chosen
        found = engine.solve(
            replace(arrays, lower=lower, upper=upper), profile, on_progress=on_progress, stage=f"{stage}: firms"
        )
        if found.values is not None or found.message == "cancelled":
            break
    return found


def _as_solution(
    arrays: Arrays, values: FloatArray | None, projects: Solution, *, proven: bool, clock: _Clock
) -> Solution:
    """The plan found with the bound of the projects' stage; without one, that a limit came before any plan."""
    bare = replace(projects, row_duals=None, reduced_costs=None, seconds=time.monotonic() - clock.began)
    if values is None:
        return replace(bare, status=Status.NO_SOLUTION_FOUND, values=None, objective=math.nan, message="cancelled")
    objective = arrays.value(values)
    return replace(
        bare,
        status=Status.OPTIMAL if proven else Status.FEASIBLE,
        values=values,
        objective=objective,
        bound=max(projects.bound, objective),
        message="" if proven else "cancelled",
    )


def _with_bound(solution: Solution, bound: float, profile: Profile) -> Solution:
    """The solution with the better of two bounds, and the status that this bound proves."""
    if solution.values is None:
        return solution
    tighter = max(min(solution.bound, bound), solution.objective)
    proven = relative_gap(solution.objective, tighter) <= profile.relative_gap
    status = Status.OPTIMAL if proven else solution.status
    return replace(solution, bound=tighter, status=status)
