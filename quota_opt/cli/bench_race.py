"""One solver on one model, in the process of that race: points as they come, then the result, a JSON line each.

python -m quota_opt.cli.bench_race export CASE MODEL         the model of a case as arrays
python -m quota_opt.cli.bench_race SOLVER CASE-or-MODEL SECONDS
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from quota_opt.cli.bench_solvers import GAPS, RELAXATION, Point, Solver
from quota_opt.model.linear import Arrays, Block, IntArray
from quota_opt.solving.attempt import GAP_SLACK
from quota_opt.solving.profile import Profile, read_profile
from quota_opt.solving.status import OnProgress, Progress, relative_gap

HIGHS_ALONE = {"presolve": "choose"}
"""HiGHS by itself: a profile with options of its own is handed to the solver as it is."""
MOST_MEMORY = 0.8
"""Of the machine's memory, what one process may ask for before it is out of memory."""


@dataclass(frozen=True)
class _Outcome:
    status: str
    seconds: float
    objective: float = math.nan
    bound: float = math.inf


@dataclass(frozen=True)
class _Run:
    """A model read and built, and the way to solve it."""

    arrays: Arrays
    solve: Callable[[OnProgress], _Outcome]
    rounded: bool = False


def peak_mb() -> float | None:
    """Largest resident memory of this process or of one it started, in MB; None where the system does not say."""
    try:
        import resource
    except ImportError:
        return None
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)


def cpu_seconds() -> float:
    """Processor time of this process and of those it started."""
    return sum(os.times()[:4])


def export(case: str, model: str) -> None:
    """Write the model of a case folder as plain arrays."""
    import quota_opt as qo

    arrays = qo.build(qo.read(case)).arrays
    names = ("objective", "lower", "upper", "integer", "row_lower", "row_upper")
    blocks = arrays.row_blocks
    first = [block.first for before, block in zip((None, *blocks), blocks, strict=False) if _new_rule(before, block)]
    matrix = arrays.matrix
    np.savez(
        model,
        offset=arrays.offset,
        data=matrix.data,
        indices=matrix.indices,
        indptr=matrix.indptr,
        rule_starts=np.array(first, dtype=np.int64),
        **{name: getattr(arrays, name) for name in names},
    )


def _new_rule(before: Block | None, block: Block) -> bool:
    return before is None or before.name != block.name


def rule_starts(model: str) -> IntArray:
    """The rows at which another rule begins."""
    with np.load(model) as file:
        starts: IntArray = file["rule_starts"]
    return starts


def imported(model: str) -> Arrays:
    """The arrays that `export` wrote."""
    with np.load(model) as file:
        parts = {name: file[name] for name in file.files if name != "rule_starts"}
    shape = (len(parts["row_lower"]), len(parts["objective"]))
    matrix = sp.csr_array((parts.pop("data"), parts.pop("indices"), parts.pop("indptr")), shape=shape)
    return Arrays(offset=float(parts.pop("offset")), matrix=matrix, **parts)


def race(solver: str, source: str, seconds: float) -> dict[str, Any]:
    """One race; what `bench_solvers.Race` says of it."""
    from quota_opt.errors import EngineUnavailable

    run = _prepared(solver, source, seconds)
    points: list[Point] = []
    began, began_cpu = time.perf_counter(), cpu_seconds()

    def add(second: float, objective: float | None, bound: float | None) -> None:
        # The engine's own clock, of the last point, starts a moment later than ours.
        point = Point(max(round(second, 3), points[-1].seconds if points else 0.0), objective, bound)
        if not points or (objective, bound) != (points[-1].objective, points[-1].bound):
            points.append(point)
            _tell(vars(point))

    def watch(progress: Progress) -> None:
        if progress.incumbent is not None or progress.bound is not None:
            add(time.perf_counter() - began, progress.incumbent, progress.bound)

    document: dict[str, Any] = {
        "columns": run.arrays.columns,
        "rows": run.arrays.rows,
        "rounded": run.rounded,
    }
    try:
        outcome = run.solve(watch)
    except EngineUnavailable:
        return {"status": "cannot take this model", **document}
    document |= {
        "status": outcome.status,
        "seconds": round(outcome.seconds, 3),
        "cpu_seconds": round(cpu_seconds() - began_cpu, 3),
        "peak_mb": peak_mb(),
        "objective": _finite(outcome.objective),
        "bound": _finite(outcome.bound),
    }
    add(outcome.seconds, _finite(outcome.objective), _finite(outcome.bound))
    if solver == RELAXATION:
        return document
    gaps = [(point.seconds, _gap(point)) for point in points]
    within = [
        next((second for second, gap in gaps if gap is not None and gap <= goal + GAP_SLACK), None) for goal in GAPS
    ]
    return {**document, "gap": gaps[-1][1], "within": within}


def _prepared(solver: str, source: str, seconds: float) -> _Run:
    if solver == RELAXATION:
        arrays = imported(source)
        return _Run(arrays, lambda _: _relaxation(arrays))
    profile = read_profile(solver).with_limits(gap=GAPS[-1], time_limit=seconds)
    return _ours(source, profile) if solver == Solver.AUTO else _theirs(solver, source, profile)


def _ours(case: str, profile: Profile) -> _Run:
    """The default profile as a user has it; what it does after the solve (transfers, prices) is not counted."""
    import quota_opt as qo
    from quota_opt.solving.stages import optimise

    problem = qo.build(qo.read(case))

    def solve(watch: OnProgress) -> _Outcome:
        solved = optimise(problem, profile, watch)
        return _Outcome(
            str(solved.status), sum(stage.seconds for stage in solved.stages), solved.objective, solved.bound
        )

    return _Run(problem.arrays, solve)


def _theirs(solver: str, model: str, profile: Profile) -> _Run:
    """A general solver on the exported arrays; CP-SAT on the rounded ones, its plan judged by the exact ones."""
    from quota_opt.cli.bench_whole import in_whole_columns
    from quota_opt.solving.checking import check_values
    from quota_opt.solving.engine import engine_of

    arrays = imported(model)
    given, whole = arrays, None
    if solver == Solver.HIGHS:
        profile = profile.model_copy(update={"options": HIGHS_ALONE})
    elif solver == Solver.CP_SAT and not arrays.integer.all():
        whole = in_whole_columns(arrays)
        given = arrays if whole is None else whole.arrays

    def solve(watch: OnProgress) -> _Outcome:
        found = engine_of(profile).solve(given, profile, on_progress=watch)
        if found.values is None:
            return _Outcome(str(found.status), found.seconds, bound=found.bound)
        values = found.values if whole is None else whole.values_out(found.values)
        broken = not check_values(arrays, values).ok
        status = "plan breaks a row" if broken else str(found.status)
        return _Outcome(status, found.seconds, math.nan if broken else arrays.value(values), found.bound)

    return _Run(arrays, solve, rounded=whole is not None)


def _relaxation(arrays: Arrays) -> _Outcome:
    from quota_opt.solving.highs import relaxed

    began = time.perf_counter()
    found = relaxed(arrays)
    spent = time.perf_counter() - began
    if found is None:
        return _Outcome("NO_SOLUTION_FOUND", spent)
    return _Outcome("OPTIMAL", spent, bound=arrays.value(found.values))


def _gap(point: Point) -> float | None:
    if point.objective is None or point.bound is None:
        return None
    return relative_gap(point.objective, point.bound)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _tell(document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


def _bounded_memory() -> None:
    """A solver that wants more memory than there is fails by itself, and does not take the machine along."""
    try:
        import resource

        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ImportError, ValueError, OSError, AttributeError):
        return
    resource.setrlimit(resource.RLIMIT_DATA, (int(MOST_MEMORY * there), resource.RLIM_INFINITY))


def main(arguments: list[str]) -> None:
    """Do what the arguments say; see the head of this file."""
    _bounded_memory()
    if arguments[0] == "export":
        export(arguments[1], arguments[2])
    else:
        _tell(race(arguments[0], arguments[1], float(arguments[2])))


if __name__ == "__main__":
    main(sys.argv[1:])
