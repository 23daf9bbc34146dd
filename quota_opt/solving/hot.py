"""One mixed-integer model asked many times for the least of its goals under other limits: HiGHS keeps it loaded.

minimise    weights · z        z = goals @ x, one row each
subject to  the rows and bounds of the model,  z <= limits
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from quota_opt.model.linear import Arrays, FloatArray
from quota_opt.solving.checking import check_values, snapped
from quota_opt.solving.highs import SMALL, load, set_options
from quota_opt.solving.profile import Profile
from quota_opt.solving.scaling import scaling_of
from quota_opt.solving.status import OnProgress, Status
from quota_opt.solving.watch import Watch

NO_HEURISTICS: dict[str, bool | float] = {
    "mip_heuristic_effort": 0.0,
    "mip_heuristic_run_feasibility_jump": False,
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_root_reduced_cost": False,
}
"""A start is as good as what they find, and small programs take twice as long with them."""
LARGEST = 8192.0
"""Goals with larger coefficients are scaled down to this, by a power of two."""


@dataclass(frozen=True, eq=False)
class Least:
    """How one question ended: values of the columns (None without any) and a proven lower bound on weights · z."""

    status: Status
    values: FloatArray | None
    bound: float
    seconds: float = 0.0


class HotGoals:
    """The model with one more row per goal, loaded once; each question changes sides of those rows and the costs."""

    def __init__(self, arrays: Arrays, goals: FloatArray, profile: Profile) -> None:
        import highspy

        self.arrays, self.goals = arrays, goals
        self._scaling = scaling_of(arrays)
        scaled = self._scaling.apply(arrays)
        largest = np.abs(goals).max(axis=1, initial=0.0)
        self._factor = np.exp2(np.minimum(0.0, np.floor(np.log2(LARGEST / np.maximum(largest, 1.0)))))
        self._rows = goals * self._scaling.columns * self._factor[:, None]
        endless = np.full(len(goals), np.inf)
        self._highs = load(
            replace(
                scaled,
                matrix=sp.csr_array(sp.vstack([scaled.matrix, sp.csr_array(self._rows)])),
                row_lower=np.append(scaled.row_lower, -endless),
                row_upper=np.append(scaled.row_upper, endless),
            )
        )
        set_options(self._highs, profile)
        for name, value in NO_HEURISTICS.items():
            if name not in profile.options:
                self._highs.setOptionValue(name, value)
        self._own_presolve = "presolve" in profile.options
        self._highs.setOptionValue("mip_rel_gap", 0.0)
        self._highs.changeObjectiveSense(highspy.ObjSense.kMinimize)
        self._highs.changeObjectiveOffset(0.0)
        self._columns = np.arange(arrays.columns, dtype=np.int32)
        self._watch: Watch | None = None
        self._listen()

    def least(
        self,
        weights: FloatArray,
        limits: FloatArray,
        *,
        enough: float,
        start: FloatArray | None = None,
        seconds: float = math.inf,
        on_progress: OnProgress | None = None,
    ) -> Least:
        """Minimise `weights` · z under z <= `limits`, to an absolute gap of `enough`, in at most `seconds`."""
        costs = (weights / self._factor) @ self._rows
        highs = self._highs
        highs.changeColsCost(self.arrays.columns, self._columns, costs)
        for at, limit in enumerate(limits):
            highs.changeRowBounds(self.arrays.rows + at, -np.inf, float(limit * self._factor[at]))
        highs.setOptionValue("mip_abs_gap", max(enough, 1e-9))
        presolve = "off" if self.arrays.columns <= SMALL else "choose"
        answer = self._asked(weights, presolve, start, seconds, on_progress)
        if answer.status is Status.INFEASIBLE and presolve != "off" and not self._own_presolve:
            # Not believed before it is asked without presolve, see `highs.without_wrong_presolve`.
            answer = self._asked(weights, "off", start, seconds - answer.seconds, on_progress)
        return answer

    def _asked(
        self,
        weights: FloatArray,
        presolve: str,
        start: FloatArray | None,
        seconds: float,
        on_progress: OnProgress | None,
    ) -> Least:
        import highspy

        highs = self._highs
        highs.clearSolver()
        if not self._own_presolve:
            highs.setOptionValue("presolve", presolve)
        highs.setOptionValue("time_limit", float(highs.getRunTime() + max(seconds, 0.01)))
        if start is not None:
            given = highspy.HighsSolution()
            given.col_value = self._scaling.values_in(start).tolist()
            highs.setSolution(given)
        watch = self._watch = Watch("front", on_progress)
        watch.run(self._run)
        return self._answer(weights, watch)

    def _run(self) -> None:
        import highspy

        self._highs.run()
        # The scheduler belongs to this thread, which ends here.
        highspy.Highs.resetGlobalScheduler(False)

    def _listen(self) -> None:
        import highspy

        kinds = highspy.cb.HighsCallbackType

        def tell(event: Any) -> None:
            if self._watch is not None and self._watch.cancelled.is_set():
                event.interrupt()

        for kind in (kinds.kCallbackMipInterrupt, kinds.kCallbackSimplexInterrupt):
            self._highs.callbacks[int(kind)].subscribe(tell)

    def _answer(self, weights: FloatArray, watch: Watch) -> Least:
        import highspy

        highs, statuses = self._highs, highspy.HighsModelStatus
        code, info = highs.getModelStatus(), highs.getInfo()
        if code == statuses.kInfeasible:
            return Least(Status.INFEASIBLE, None, math.inf, watch.seconds)
        if code in (statuses.kUnbounded, statuses.kUnboundedOrInfeasible):
            return Least(Status.UNBOUNDED, None, -math.inf, watch.seconds)
        bound = float(info.mip_dual_bound) if abs(info.mip_dual_bound) < 1e100 else -math.inf
        values = None
        if info.primal_solution_status == highspy.kSolutionStatusFeasible:
            values = snapped(self.arrays, self._scaling.values_out(np.asarray(highs.getSolution().col_value)))
            if not check_values(self.arrays, values).ok:
                return Least(Status.ERROR, None, bound, watch.seconds)
        if code == statuses.kOptimal and values is not None:
            if not self.arrays.integer.any():
                bound = float(weights @ (self.goals @ values))
            return Least(Status.OPTIMAL, values, bound, watch.seconds)
        stopped = (statuses.kTimeLimit, statuses.kInterrupt, statuses.kIterationLimit, statuses.kSolutionLimit)
        if code in stopped:
            status = Status.NO_SOLUTION_FOUND if values is None else Status.FEASIBLE
            return Least(status, values, bound, watch.seconds)
        return Least(Status.ERROR, None, bound, watch.seconds)
