"""HiGHS through highspy: the default engine."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quota_opt.errors import Text
from quota_opt.model.linear import Arrays, FloatArray
from quota_opt.solving.attempt import Answer, Ask, given_options, solve_checked
from quota_opt.solving.engine import Availability
from quota_opt.solving.options import bad_option, bad_option_value, how_to_install
from quota_opt.solving.profile import Profile
from quota_opt.solving.status import EngineInfo, OnProgress, Solution, Status
from quota_opt.solving.watch import Watch

FEASIBILITY = 1e-9
"""Primal and integer tolerance asked for, in the (scaled) units of the model."""
HEURISTICS = 0.3
"""Share of the effort that goes into finding plans; more than the 0.05 of HiGHS, as bounds are tight from the start."""
SMALL = 300
"""Mixed-integer programs with this many columns or fewer are solved without presolve."""
CONFIRM_S = 60.0
"""Longest time for asking again whether a model is infeasible."""


class HighsEngine:
    """HiGHS: linear programs with duals, mixed-integer programs with bounds, hot starts and cancellation."""

    name = "highs"

    def availability(self, solver: str) -> Availability:
        """Whether highspy can be imported."""
        try:
            import highspy
        except ImportError as error:
            return Availability(
                False,
                reason=Text(
                    f"缺少 highspy（{error}）。安装：{how_to_install('highspy')}",
                    f"highspy is missing ({error}). Install it: {how_to_install('highspy')}",
                ),
            )
        version = f"{highspy.HIGHS_VERSION_MAJOR}.{highspy.HIGHS_VERSION_MINOR}.{highspy.HIGHS_VERSION_PATCH}"
        return Availability(True, version)

    def solve(
        self,
        arrays: Arrays,
        profile: Profile,
        *,
        on_progress: OnProgress | None = None,
        start: FloatArray | None = None,
        stage: str = "solve",
    ) -> Solution:
        """Solve one model with HiGHS."""
        info = EngineInfo(self.name, "HIGHS", self.availability("HIGHS").version, given_options(profile))
        return solve_checked(ask_highs, info, arrays, profile, on_progress=on_progress, start=start, stage=stage)


def load(arrays: Arrays) -> Any:
    """A silent `highspy.Highs` that holds the model."""
    import highspy

    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("small_matrix_value", 1e-12)
    matrix = arrays.matrix
    # Positional: columns, rows, entries, row-wise format, sense, …
    status = highs.passModel(
        arrays.columns,
        arrays.rows,
        matrix.nnz,
        int(highspy.MatrixFormat.kRowwise),
        int(highspy.ObjSense.kMaximize),
        arrays.offset,
        arrays.objective,
        arrays.lower,
        arrays.upper,
        arrays.row_lower,
        arrays.row_upper,
        matrix.indptr.astype(np.int32),
        matrix.indices.astype(np.int32),
        matrix.data,
        arrays.integer.astype(np.int32),
    )
    if status == highspy.HighsStatus.kError:
        raise ValueError("HiGHS refuses the model")
    return highs


def ask_highs(arrays: Arrays, profile: Profile, watch: Watch, start: FloatArray | None) -> Answer:
    """What HiGHS says of one model, in its units; see `attempt.Ask`."""
    return without_wrong_presolve(_asked, arrays, profile, watch, start)


def without_wrong_presolve(
    ask: Ask, arrays: Arrays, profile: Profile, watch: Watch, start: FloatArray | None
) -> Answer:
    """Ask HiGHS in a way that its presolve of mixed-integer programs cannot mislead.

    Up to version 1.15 it now and then (about once in ten thousand random small models) calls a worse point optimal or
    a model infeasible that is not. Small models do without presolve; larger ones are not called infeasible or
    unbounded before they have been asked without it, as far as time allows. A profile that sets `presolve` is obeyed.
    """
    if "presolve" in profile.options or not arrays.integer.any():
        return ask(arrays, profile, watch, start)
    plain = profile.model_copy(update={"options": {**profile.options, "presolve": "off"}})
    if arrays.columns <= SMALL:
        return ask(arrays, plain, watch, start)
    answer = ask(arrays, profile, watch, start)
    if answer.status in (Status.OPTIMAL, Status.FEASIBLE, Status.NO_SOLUTION_FOUND):
        return answer
    left = CONFIRM_S if profile.time_limit_s is None else min(profile.time_limit_s - watch.seconds, CONFIRM_S)
    if left <= 0 or watch.cancelled.is_set():
        return answer
    second = ask(arrays, plain.with_limits(time_limit=left), watch, start)
    if second.status in (None, Status.INFEASIBLE, Status.UNBOUNDED, Status.OPTIMAL):
        return second
    if second.status is Status.FEASIBLE:
        # Not infeasible after all: the whole time for it, then.
        return ask(arrays, plain, watch, second.values)
    return answer


def _asked(arrays: Arrays, profile: Profile, watch: Watch, start: FloatArray | None) -> Answer:
    import highspy

    highs = load(arrays)
    set_options(highs, profile)
    if start is not None:
        given = highspy.HighsSolution()
        given.col_value = start.tolist()
        highs.setSolution(given)
    _listen(highs, watch, bool(arrays.integer.any()))
    highs.run()
    try:
        return _answer(highs, arrays)
    finally:
        # The scheduler belongs to this thread, which ends here.
        highspy.Highs.resetGlobalScheduler(False)


def set_options(highs: Any, profile: Profile) -> None:
    """Give HiGHS the options of a profile. Raises InputError for one it does not know."""
    import highspy

    chosen: dict[str, bool | int | float | str] = {
        "mip_rel_gap": profile.relative_gap,
        "mip_abs_gap": 1e-9,
        "mip_feasibility_tolerance": FEASIBILITY,
        "primal_feasibility_tolerance": FEASIBILITY,
        "mip_heuristic_effort": HEURISTICS,
        "threads": profile.threads,
        "parallel": "off" if profile.threads == 1 else "on",
        "random_seed": profile.random_seed,
        "time_limit": math.inf if profile.time_limit_s is None else profile.time_limit_s,
    }
    known = [name for name in dir(highspy.HighsOptions) if not name.startswith("_")]
    for name, value in {**chosen, **profile.options}.items():
        status, kind = highs.getOptionType(name)
        if status != highspy.HighsStatus.kOk:
            raise bad_option(profile, name, known)
        fitting = float(value) if kind == highspy.HighsOptionType.kDouble and not isinstance(value, str) else value
        if highs.setOptionValue(name, fitting) != highspy.HighsStatus.kOk:
            raise bad_option_value(profile, name, value)


def _listen(highs: Any, watch: Watch, mixed_integer: bool) -> None:
    """Let HiGHS tell the watch how far it is, and ask it whether to stop."""
    import highspy

    kinds = highspy.cb.HighsCallbackType

    def tell(event: Any) -> None:
        if mixed_integer:
            watch.update(event.data_out.mip_primal_bound, event.data_out.mip_dual_bound)
        if watch.cancelled.is_set():
            event.interrupt()

    for kind in (
        kinds.kCallbackMipInterrupt,
        kinds.kCallbackMipImprovingSolution,
        kinds.kCallbackMipLogging,
        kinds.kCallbackSimplexInterrupt,
        kinds.kCallbackIpmInterrupt,
    ):
        highs.callbacks[int(kind)].subscribe(tell)


def _answer(highs: Any, arrays: Arrays) -> Answer:
    import highspy

    code = highs.getModelStatus()
    message = highs.modelStatusToString(code)
    info = highs.getInfo()
    mixed_integer = bool(arrays.integer.any())
    bound = info.mip_dual_bound if mixed_integer else math.inf
    bound = bound if math.isfinite(bound) and abs(bound) < 1e100 else math.inf
    has_values = info.primal_solution_status == highspy.kSolutionStatusFeasible
    statuses = highspy.HighsModelStatus
    if code == statuses.kOptimal:
        solution = highs.getSolution()
        duals = np.asarray(solution.row_dual) if solution.dual_valid and not mixed_integer else None
        return Answer(Status.OPTIMAL, np.asarray(solution.col_value), bound, duals)
    if code == statuses.kInfeasible:
        return Answer(Status.INFEASIBLE)
    if code == statuses.kUnbounded:
        return Answer(Status.UNBOUNDED)
    if code == statuses.kUnboundedOrInfeasible:
        return Answer(None)
    limits = (
        statuses.kTimeLimit,
        statuses.kIterationLimit,
        statuses.kSolutionLimit,
        statuses.kInterrupt,
        statuses.kMemoryLimit,
        statuses.kObjectiveBound,
        statuses.kObjectiveTarget,
    )
    if code in limits:
        if has_values:
            return Answer(Status.FEASIBLE, np.asarray(highs.getSolution().col_value), bound, message=message)
        return Answer(Status.NO_SOLUTION_FOUND, bound=bound, message=message)
    return Answer(Status.ERROR, message=f"HiGHS ended with {message}")


def small_program(arrays: Arrays, start: FloatArray, enough: float, nodes: int, seconds: float) -> FloatArray | None:
    """The best point HiGHS finds of a small mixed-integer program, to `enough` or in so many nodes; None without one.

    `start` is offered as a first point, feasible or not.
    """
    import highspy

    highs = load(arrays)
    options: dict[str, bool | int | float | str] = {
        "threads": 1,
        "parallel": "off",
        "random_seed": 0,
        "mip_rel_gap": 0.0,
        "mip_abs_gap": enough,
        "mip_max_nodes": nodes,
        "mip_heuristic_effort": HEURISTICS,
        "mip_feasibility_tolerance": FEASIBILITY,
        "primal_feasibility_tolerance": FEASIBILITY,
    }
    if math.isfinite(seconds):
        options["time_limit"] = max(seconds, 0.01)
    for name, value in options.items():
        highs.setOptionValue(name, value)
    given = highspy.HighsSolution()
    given.col_value = start.tolist()
    highs.setSolution(given)
    highs.run()
    try:
        if highs.getInfo().primal_solution_status != highspy.kSolutionStatusFeasible:
            return None
        return np.asarray(highs.getSolution().col_value)
    finally:
        highspy.Highs.resetGlobalScheduler(False)


@dataclass(frozen=True)
class Relaxed:
    """The optimum of a linear relaxation: values, prices of the rows, and HiGHS' basis to start again from."""

    values: FloatArray
    prices: FloatArray
    basis: Any


def relaxed(arrays: Arrays, limit: float = math.inf, basis: Any = None) -> Relaxed | None:
    """Solve the linear relaxation, on from `basis` where there is one; None without an optimum in `limit` seconds."""
    import highspy

    highs = load(replace(arrays, integer=np.zeros(arrays.columns, dtype=bool)))
    for name, value in (("threads", 1), ("parallel", "off"), ("random_seed", 0), ("time_limit", limit)):
        highs.setOptionValue(name, value)
    if basis is not None:
        highs.setOptionValue("presolve", "off")
        highs.setBasis(basis)
    highs.run()
    found = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    try:
        if not found:
            return None
        solution = highs.getSolution()
        return Relaxed(np.asarray(solution.col_value), np.asarray(solution.row_dual), highs.getBasis())
    finally:
        highspy.Highs.resetGlobalScheduler(False)


class HotProgram:
    """A linear relaxation that is solved again and again under other column bounds, from where it stood."""

    def __init__(self, arrays: Arrays) -> None:
        self._lower, self._upper = arrays.lower.copy(), arrays.upper.copy()
        self._highs = load(replace(arrays, integer=np.zeros(arrays.columns, dtype=bool)))
        for name, value in (("presolve", "off"), ("simplex_strategy", 1), ("threads", 1), ("parallel", "off")):
            self._highs.setOptionValue(name, value)

    def prices(self, lower: FloatArray, upper: FloatArray) -> FloatArray | None:
        """Prices of the rows under these bounds of the columns; None without an optimum."""
        import highspy

        changed = np.flatnonzero((lower != self._lower) | (upper != self._upper))
        if len(changed):
            bounds = lower[changed], upper[changed]
            self._highs.changeColsBounds(len(changed), changed.astype(np.int32), *bounds)
        self._lower, self._upper = lower, upper
        self._highs.run()
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return np.asarray(self._highs.getSolution().row_dual)
