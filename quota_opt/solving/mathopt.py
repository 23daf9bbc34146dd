"""OR-Tools through MathOpt: HiGHS, SCIP, CP-SAT, GLOP and PDLP; each solve in a process of its own.

What each of them cannot do (MathOpt 9.15): GLOP and PDLP take no integer columns; CP-SAT computes in whole numbers
(MathOpt would cut continuous columns into steps and call the outcome optimal), so it is given integer columns with
finite bounds and rows of decimal numbers only; HiGHS does not listen to MathOpt's interrupter, so its process is
ended and its incumbent is read from the file of improving solutions.
"""

from __future__ import annotations

import datetime
import math
import re
import struct
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from quota_opt.errors import EngineUnavailable, Text
from quota_opt.model.linear import Arrays, FloatArray
from quota_opt.solving.attempt import Answer, given_options, solve_checked
from quota_opt.solving.children import ChildError, run_child
from quota_opt.solving.engine import Availability
from quota_opt.solving.highs import HEURISTICS, without_wrong_presolve
from quota_opt.solving.options import bad_option, bad_option_value, how_to_install
from quota_opt.solving.profile import SOLVERS, Profile
from quota_opt.solving.scaling import in_whole_numbers
from quota_opt.solving.status import EngineInfo, OnProgress, Solution, Status
from quota_opt.solving.watch import Watch

LINEAR_ONLY = ("GLOP", "PDLP")
MIXED_INTEGER = ("HIGHS", "SCIP", "CP_SAT")
FEASIBILITY = 1e-9
"""Tolerance asked for: a switch 1e-7 short of off, times a capacity of 1e5, would be worth 0.01."""
_IMPROVING = "improving.sol"


class MathOptEngine:
    """The solvers that OR-Tools brings, behind one interface."""

    name = "mathopt"

    def availability(self, solver: str) -> Availability:
        """Whether ortools is installed with MathOpt."""
        try:
            import ortools.math_opt.rpc_pb2  # noqa: F401
        except ImportError as error:
            return Availability(
                False,
                reason=Text(
                    f"缺少 OR-Tools（{error}）。安装：{how_to_install('ortools')}",
                    f"OR-Tools is missing ({error}). Install it: {how_to_install('ortools')}",
                ),
            )
        if solver not in SOLVERS["mathopt"]:
            listing = ", ".join(SOLVERS["mathopt"])
            return Availability(
                False,
                reason=Text(f"MathOpt 里没有 {solver}；有：{listing}", f"MathOpt has no {solver}; it has {listing}"),
            )
        return Availability(True, metadata.version("ortools"))

    def solve(
        self,
        arrays: Arrays,
        profile: Profile,
        *,
        on_progress: OnProgress | None = None,
        start: FloatArray | None = None,
        stage: str = "solve",
    ) -> Solution:
        """Solve one model with the profile's MathOpt solver."""
        reason = cannot(profile.solver, arrays)
        if reason is not None:
            raise EngineUnavailable(reason)
        info = EngineInfo(self.name, profile.solver, self.availability(profile.solver).version, given_options(profile))
        scaled = profile.solver != "CP_SAT"  # powers of two would spoil its decimals
        return solve_checked(
            _ask, info, arrays, profile, on_progress=on_progress, start=start, stage=stage, scaled=scaled
        )


def cannot(solver: str, arrays: Arrays) -> Text | None:
    """Why the solver cannot take a model of this kind; None if it can."""
    mixed_integer = bool(arrays.integer.any())
    if solver in LINEAR_ONLY and mixed_integer:
        return Text(
            f"{solver} 只解线性规划，而这个模型有整数决策；请换用 auto 等方案",
            f"{solver} solves linear programs only, and this model has integer decisions; use another, e.g. auto",
        )
    if solver == "CP_SAT":
        if not arrays.integer.all():
            return Text(
                "CP-SAT 只会算整数，而这个模型有连续量（例如指标调拨）；请换用 auto 等方案",
                "CP-SAT computes in whole numbers and this model has continuous quantities (such as transfers); "
                "use another profile, e.g. auto",
            )
        if in_whole_numbers(arrays) is None:
            return Text(
                "CP-SAT 只会算整数：列要有有限的上下界，系数的小数不能超过六位；请换用 auto 等方案",
                "CP-SAT computes in whole numbers: it needs finite bounds and coefficients of at most six decimals; "
                "use another profile, e.g. auto",
            )
    return None


def _ask(arrays: Arrays, profile: Profile, watch: Watch, start: FloatArray | None) -> Answer:
    if profile.solver == "HIGHS":
        return without_wrong_presolve(_asked, arrays, profile, watch, start)
    return _asked(arrays, profile, watch, start)


def _asked(arrays: Arrays, profile: Profile, watch: Watch, start: FloatArray | None) -> Answer:
    from ortools.math_opt import result_pb2

    request = _request(arrays, profile, start)
    best: dict[str, float] = {}

    def heard(kind: bytes, payload: bytes) -> None:
        told = struct.unpack(">dd", payload) if kind == b"B" else _read_log(profile.solver, payload.decode())
        if told is not None:
            watch.update(*told)
            if told[1] is not None and math.isfinite(told[1]):
                best["bound"] = told[1]

    with tempfile.TemporaryDirectory(prefix="quota-opt-") as folder:
        try:
            data = run_child("child_mathopt.py", request, Path(folder), watch, heard)
        except ChildError as failure:
            return _failed(profile, str(failure))
        if data is None:
            values = _improving(Path(folder) / _IMPROVING, arrays)
            if values is None:
                return Answer(Status.NO_SOLUTION_FOUND)
            return Answer(Status.FEASIBLE, values, best.get("bound", math.inf))
    return _answer(result_pb2.SolveResultProto.FromString(data), arrays)


def _request(arrays: Arrays, profile: Profile, start: FloatArray | None) -> bytes:
    """The model and the parameters as a serialised SolveRequest."""
    from ortools.math_opt import parameters_pb2, rpc_pb2

    request = rpc_pb2.SolveRequest()
    kind = {"SCIP": "GSCIP"}.get(profile.solver, profile.solver)
    request.solver_type = parameters_pb2.SolverTypeProto.Value(f"SOLVER_TYPE_{kind}")
    if profile.solver == "CP_SAT":
        arrays = in_whole_numbers(arrays) or arrays
    _fill_model(request.model, arrays)
    _set_parameters(request.parameters, profile, arrays)
    if start is not None and profile.solver in MIXED_INTEGER:
        hint = request.model_parameters.solution_hints.add().variable_values
        hint.ids.extend(range(arrays.columns))
        hint.values.extend(start.tolist())
    data: bytes = request.SerializeToString()
    return data


def _fill_model(model: Any, arrays: Arrays) -> None:
    model.variables.ids.extend(range(arrays.columns))
    model.variables.lower_bounds.extend(arrays.lower.tolist())
    model.variables.upper_bounds.extend(arrays.upper.tolist())
    model.variables.integers.extend(arrays.integer.tolist())
    model.objective.maximize = True
    model.objective.offset = arrays.offset
    priced = np.flatnonzero(arrays.objective)
    model.objective.linear_coefficients.ids.extend(priced.tolist())
    model.objective.linear_coefficients.values.extend(arrays.objective[priced].tolist())
    model.linear_constraints.ids.extend(range(arrays.rows))
    model.linear_constraints.lower_bounds.extend(arrays.row_lower.tolist())
    model.linear_constraints.upper_bounds.extend(arrays.row_upper.tolist())
    matrix = arrays.matrix.copy()
    matrix.sum_duplicates()  # entries must come sorted by row and column
    matrix.eliminate_zeros()
    model.linear_constraint_matrix.row_ids.extend(np.repeat(np.arange(arrays.rows), np.diff(matrix.indptr)).tolist())
    model.linear_constraint_matrix.column_ids.extend(matrix.indices.tolist())
    model.linear_constraint_matrix.coefficients.extend(matrix.data.tolist())


def _set_parameters(parameters: Any, profile: Profile, arrays: Arrays) -> None:
    solver = profile.solver
    if profile.time_limit_s is not None:
        parameters.time_limit.FromTimedelta(datetime.timedelta(seconds=profile.time_limit_s))
    if solver != "HIGHS":
        parameters.threads = profile.threads
    if solver != "PDLP":
        parameters.random_seed = profile.random_seed
    if solver in MIXED_INTEGER:
        parameters.relative_gap_tolerance = profile.relative_gap
        parameters.absolute_gap_tolerance = 1e-9
    if solver == "HIGHS":
        highs = parameters.highs
        highs.int_options["threads"] = profile.threads
        highs.string_options["parallel"] = "off" if profile.threads == 1 else "on"
        for name in ("mip_feasibility_tolerance", "primal_feasibility_tolerance"):
            highs.double_options[name] = FEASIBILITY
        highs.double_options["small_matrix_value"] = 1e-12
        highs.double_options["mip_heuristic_effort"] = HEURISTICS
        if arrays.integer.any():
            highs.string_options["mip_improving_solution_file"] = _IMPROVING
            highs.bool_options["mip_improving_solution_report_sparse"] = True
    elif solver == "SCIP":
        parameters.gscip.real_params["numerics/feastol"] = FEASIBILITY
    elif solver == "CP_SAT":
        largest = np.abs(np.concatenate([arrays.lower, arrays.upper])).max(initial=1.0)
        parameters.cp_sat.mip_max_bound = max(1e7, float(largest))
    elif solver == "PDLP":
        criteria = parameters.pdlp.termination_criteria.simple_optimality_criteria
        criteria.eps_optimal_absolute = 1e-9
        criteria.eps_optimal_relative = 1e-9
    for name, value in profile.options.items():
        _set_option(parameters, profile, name, value)


def _set_option(parameters: Any, profile: Profile, name: str, value: bool | int | float | str) -> None:
    """Pass one option through, in the place the solver keeps options of its type."""
    if profile.solver in ("HIGHS", "SCIP"):
        own = parameters.highs if profile.solver == "HIGHS" else parameters.gscip
        suffix = "options" if profile.solver == "HIGHS" else "params"
        real = "double" if profile.solver == "HIGHS" else "real"
        kind = {bool: "bool", int: "int", float: real, str: "string"}[type(value)]
        getattr(own, f"{kind}_{suffix}")[name] = value
        return
    own = {"CP_SAT": parameters.cp_sat, "GLOP": parameters.glop, "PDLP": parameters.pdlp}[profile.solver]
    if name not in own.DESCRIPTOR.fields_by_name:
        raise bad_option(profile, name, own.DESCRIPTOR.fields_by_name)
    try:
        setattr(own, name, value)
    except (AttributeError, TypeError, ValueError) as error:
        raise bad_option_value(profile, name, value) from error


def _failed(profile: Profile, text: str) -> Answer:
    """An error of the solver: one of the profile's options if it is named, else an ERROR."""
    for name, value in profile.options.items():
        if name in text or (re.search("option|Param", text) and "INVALID_ARGUMENT" in text):
            raise bad_option_value(profile, name, value)
    if "invalid PrimalSolutionProto.objective_value" in text:
        return Answer(None)  # SCIP shows an unbounded ray whose worth MathOpt cannot write down
    return Answer(Status.ERROR, message=text)


def _answer(result: Any, arrays: Arrays) -> Answer:
    from ortools.math_opt import result_pb2, solution_pb2

    known = {
        result_pb2.TERMINATION_REASON_OPTIMAL: Status.OPTIMAL,
        result_pb2.TERMINATION_REASON_FEASIBLE: Status.FEASIBLE,
        result_pb2.TERMINATION_REASON_NO_SOLUTION_FOUND: Status.NO_SOLUTION_FOUND,
        result_pb2.TERMINATION_REASON_INFEASIBLE: Status.INFEASIBLE,
        result_pb2.TERMINATION_REASON_UNBOUNDED: Status.UNBOUNDED,
        result_pb2.TERMINATION_REASON_INFEASIBLE_OR_UNBOUNDED: None,
    }
    termination = result.termination
    reason = termination.reason
    if reason not in known:
        word = result_pb2.TerminationReasonProto.Name(reason)
        return Answer(Status.ERROR, message=f"MathOpt ended with {word} {termination.detail}".strip())
    status = known[reason]
    message = ""
    if status in (Status.FEASIBLE, Status.NO_SOLUTION_FOUND):
        message = "stopped by limit: " + result_pb2.LimitProto.Name(termination.limit).removeprefix("LIMIT_").lower()
    if status not in (Status.OPTIMAL, Status.FEASIBLE):
        bound = termination.objective_bounds.dual_bound if status is Status.NO_SOLUTION_FOUND else math.inf
        return Answer(status, bound=bound, message=message or termination.detail)
    solution = result.solutions[0] if result.solutions else None
    if solution is None or solution.primal_solution.feasibility_status != solution_pb2.SOLUTION_STATUS_FEASIBLE:
        return Answer(Status.NO_SOLUTION_FOUND if status is Status.FEASIBLE else Status.ERROR, message=message)
    values = _dense(solution.primal_solution.variable_values, arrays.columns)
    duals = None
    if not arrays.integer.any() and solution.HasField("dual_solution"):
        duals = _dense(solution.dual_solution.dual_values, arrays.rows)
    return Answer(status, values, termination.objective_bounds.dual_bound, duals, message)


def _dense(vector: Any, size: int) -> FloatArray:
    values = np.zeros(size)
    values[np.asarray(vector.ids, dtype=np.int64)] = np.asarray(vector.values)
    return values


_HIGHS_LINE = re.compile(r"\s\d+\.\d+%\s+(\S+)\s+(\S+)")


def _read_log(solver: str, text: str) -> tuple[float | None, float | None] | None:
    """Incumbent and bound from the last line of a solver's log that shows them."""
    for line in reversed(text.splitlines()):
        if solver == "SCIP":
            cells = line.split("|")
            if len(cells) > 10:
                bound, incumbent = _number(cells[-4]), _number(cells[-3])
                if bound is not None:
                    return incumbent, bound
        elif solver == "HIGHS":
            found = _HIGHS_LINE.search(line)
            if found:
                return _number(found.group(2)), _number(found.group(1))
    return None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _improving(path: Path, arrays: Arrays) -> FloatArray | None:
    """The last complete solution HiGHS wrote: `Objective v`, `# Columns -n` (n non-zeros), n lines `name value column`.

    Names are empty here. The file is buffered: what HiGHS has found since its last flush is lost.
    """
    try:
        lines = path.read_text(encoding="ascii").split("\n")
    except OSError:
        return None
    lines = lines[:-1]  # the last line may be cut
    starts = [at for at, line in enumerate(lines) if line.startswith("# Columns")]
    for at in reversed(starts):
        count = int(lines[at].split()[-1])
        entries = lines[at + 1 : at + 1 + abs(count)]
        if count > 0 or len(entries) < abs(count):
            continue
        values = np.zeros(arrays.columns)
        for entry in entries:
            value, column = entry.split()[-2:]
            values[int(column)] = float(value)
        return values
    return None
