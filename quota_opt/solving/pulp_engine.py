"""PuLP: CBC, which it brings along, and whatever other solver it finds here (a commercial one, say).

PuLP calls a CBC stopped at a limit "Optimal": `sol_status` tells the truth. CBC's bound stands in its log only. Its
solution file has eight digits, so its values are sharpened against the rows. Each solve runs in a process of its
own; on cancellation CBC gets the interrupt it knows and hands over its incumbent.
"""

from __future__ import annotations

import math
import pickle
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from quota_opt.errors import InputError, Text
from quota_opt.model.linear import Arrays, FloatArray
from quota_opt.solving.attempt import Answer, given_options, solve_checked
from quota_opt.solving.checking import sharpened, snapped
from quota_opt.solving.children import ChildError, run_child
from quota_opt.solving.engine import Availability
from quota_opt.solving.options import bad_option, how_to_install
from quota_opt.solving.profile import Profile
from quota_opt.solving.status import EngineInfo, OnProgress, Solution, Status
from quota_opt.solving.watch import Watch

CBC = ("PULP_CBC_CMD", "COIN_CMD")
"""The CBC that comes with PuLP, then one that is installed on its own."""

# pulp.constants: LpStatus* and LpSolution*
_NOT_SOLVED, _INFEASIBLE, _UNBOUNDED = 0, -1, -2
_SOLUTION_NONE, _SOLUTION_OPTIMAL, _SOLUTION_FEASIBLE = 0, 1, 2
_SOLUTION_INFEASIBLE, _SOLUTION_UNBOUNDED = -1, -2


class PulpEngine:
    """CBC and the solvers PuLP finds."""

    name = "pulp"

    def availability(self, solver: str) -> Availability:
        """Whether PuLP is installed and finds the solver."""
        try:
            import pulp
        except ImportError as error:
            return Availability(
                False,
                reason=Text(
                    f"缺少 PuLP（{error}）。安装：{how_to_install('pulp')}",
                    f"PuLP is missing ({error}). Install it: {how_to_install('pulp')}",
                ),
            )
        if _solver_name(solver) is not None:
            return Availability(True, str(pulp.__version__))
        here = ", ".join(pulp.listSolvers(onlyAvailable=True)) or "-"
        if solver == "CBC":
            reason = Text(
                f"PuLP 没有找到 CBC。安装一个 cbc 程序并放到 PATH 上；这里能用的有：{here}",
                f"PuLP finds no CBC. Install a cbc program and put it on the PATH; available here: {here}",
            )
        elif solver in pulp.listSolvers():
            reason = Text(
                f"PuLP 认识 {solver}，但这里没有装好（程序或许可证）；能用的有：{here}",
                f"PuLP knows {solver}, but it is not installed here (program or licence); available here: {here}",
            )
        else:
            listing = ", ".join(pulp.listSolvers())
            reason = Text(
                f"PuLP 不认识 {solver}；它认识的有：{listing}",
                f"PuLP does not know {solver}; it knows: {listing}",
            )
        return Availability(False, reason=reason)

    def solve(
        self,
        arrays: Arrays,
        profile: Profile,
        *,
        on_progress: OnProgress | None = None,
        start: FloatArray | None = None,
        stage: str = "solve",
    ) -> Solution:
        """Solve one model with the profile's solver through PuLP."""
        info = EngineInfo(self.name, profile.solver, self.availability(profile.solver).version, given_options(profile))
        return solve_checked(_ask, info, arrays, profile, on_progress=on_progress, start=start, stage=stage)


def _solver_name(solver: str) -> str | None:
    """PuLP's own name of a solver that runs here."""
    import pulp

    known = pulp.listSolvers()
    for name in CBC if solver == "CBC" else (solver,):
        if name == CBC[0]:  # making one only to ask would warn of PuLP 4
            here = name in known and shutil.which(pulp.PULP_CBC_CMD.pulp_cbc_path) is not None
        else:
            here = name in known and pulp.getSolver(name, msg=False).available()
        if here:
            return name
    return None


def _ask(arrays: Arrays, profile: Profile, watch: Watch, start: FloatArray | None) -> Answer:
    name = _solver_name(profile.solver)
    if name is None:
        return Answer(Status.ERROR, message=f"{profile.solver} is not available any more")
    lines: list[str] = []

    def heard(_: bytes, payload: bytes) -> None:
        lines.append(payload.decode("utf-8", "replace"))
        watch.update(*_bounds_of("".join(lines[-2:])))  # a line may come in two parts

    with tempfile.TemporaryDirectory(prefix="quota-opt-", ignore_cleanup_errors=True) as place:
        # CBC takes a start for the optimum now and then, so it gets none; at a limit without a plan it is what is left.
        request = _request(arrays, profile, name, None if name in CBC else start)
        try:
            data = run_child("child_pulp.py", request, Path(place), watch, heard, signalled=True)
        except ChildError as failure:
            if str(failure).startswith("option: "):
                raise _bad_argument(profile, str(failure)) from failure
            return Answer(Status.ERROR, message=str(failure))
    log = "".join(lines)
    unknown = re.search(r"No match for (\S+)", log)
    if unknown and unknown.group(1) in profile.options:
        raise bad_option(profile, unknown.group(1), ())
    if data is None:
        return Answer(Status.NO_SOLUTION_FOUND)
    return _answer(pickle.loads(data), arrays, log, profile.relative_gap)


def _request(arrays: Arrays, profile: Profile, name: str, start: FloatArray | None) -> bytes:
    arguments: dict[str, Any] = {"msg": False}
    if profile.time_limit_s is not None:
        arguments["timeLimit"] = profile.time_limit_s
    if name in CBC:
        options = {
            "primalTolerance": 1e-8,
            "integerTolerance": 1e-7,
            "randomSeed": profile.random_seed or 1,
            "randomCbcSeed": profile.random_seed,
            **profile.options,
        }
        arguments |= {
            "gapRel": profile.relative_gap,
            "gapAbs": 1e-9,
            "threads": profile.threads if profile.threads > 1 else None,  # one thread is not a pool of one
            "timeMode": "elapsed",
            "options": [f"{key} {value}" for key, value in options.items()],
        }
    else:
        arguments |= {"gapRel": profile.relative_gap, "threads": profile.threads, **profile.options}
    return pickle.dumps(
        {
            "solver": name,
            "has_log": name in CBC,
            "arguments": arguments,
            "objective": arrays.objective.tolist(),
            "offset": arrays.offset,
            "lower": arrays.lower.tolist(),
            "upper": arrays.upper.tolist(),
            "integer": arrays.integer.tolist(),
            "pointer": arrays.matrix.indptr.tolist(),
            "index": arrays.matrix.indices.tolist(),
            "value": arrays.matrix.data.tolist(),
            "row_lower": arrays.row_lower.tolist(),
            "row_upper": arrays.row_upper.tolist(),
            "start": None if start is None else start.tolist(),
        }
    )


def _bad_argument(profile: Profile, text: str) -> InputError:
    """PuLP's own complaint about an argument names it in quotes."""
    named = re.search(r"'(\w+)'\s*$", text)
    return bad_option(profile, named.group(1) if named else text, ())


def _answer(result: dict[str, Any], arrays: Arrays, log: str, gap: float) -> Answer:
    said, status = result["status"], result["sol_status"]
    values = None if result["values"] is None else np.asarray(result["values"], dtype=np.float64)
    if values is not None and log:
        values = sharpened(arrays, snapped(arrays, values))
    _, bound = _bounds_of(log)
    if status == _SOLUTION_OPTIMAL and "within gap tolerance" not in log:
        bound = None  # the last bound told on the way; the search tree was exhausted since
    if status == _SOLUTION_OPTIMAL:
        duals = None
        if not arrays.integer.any() and result["duals"] is not None:
            duals = np.asarray(result["duals"])
        proven = math.inf if values is None else arrays.value(values)
        if arrays.integer.any() and values is not None:
            # A search that ends has also left out what the allowed gap let it leave out: no more is proven than that.
            proven += gap * abs(proven)
        return Answer(Status.OPTIMAL, values, proven if bound is None else bound, duals)
    if status == _SOLUTION_FEASIBLE:
        return Answer(Status.FEASIBLE, values, math.inf if bound is None else bound, message="stopped at a limit")
    if status == _SOLUTION_INFEASIBLE or said == _INFEASIBLE:
        # CBC's presolve also says so of a model whose dual is infeasible.
        return Answer(None if _may_be_unbounded(arrays) else Status.INFEASIBLE)
    if status == _SOLUTION_UNBOUNDED or said == _UNBOUNDED:
        return Answer(None)
    if said == _NOT_SOLVED and status == _SOLUTION_NONE:
        return Answer(
            Status.NO_SOLUTION_FOUND, bound=math.inf if bound is None else bound, message="stopped at a limit"
        )
    return Answer(Status.ERROR, message=f"PuLP ended with status {said}, solution status {status}")


def _may_be_unbounded(arrays: Arrays) -> bool:
    """Whether some column can grow for ever and be worth it."""
    up = (arrays.objective > 0) & np.isposinf(arrays.upper)
    down = (arrays.objective < 0) & np.isneginf(arrays.lower)
    return bool((up | down).any())


_FINAL_BOUND = re.compile(r"^Upper bound:\s+(\S+)", re.MULTILINE)
_FOUND = re.compile(r"Cbc00(?:04|12|16)I Integer solution of (\S+) found")
_AFTER = re.compile(r"Cbc0010I After .*?(\S+) best solution, best possible (\S+) ")


def _bounds_of(log: str) -> tuple[float | None, float | None]:
    """Incumbent and bound from CBC's log, which tells a maximisation with the sign turned until its summary."""
    incumbent = bound = None
    for found in _FOUND.finditer(log):
        incumbent = -float(found.group(1))
    for found in _AFTER.finditer(log):
        bound = -float(found.group(2))
    final = _FINAL_BOUND.search(log)
    if final:
        digits = len(final.group(1).partition(".")[2])
        bound = float(final.group(1)) + 10.0**-digits  # it was rounded for printing
    return incumbent, bound
