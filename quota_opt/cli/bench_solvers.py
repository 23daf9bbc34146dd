"""`quota-opt bench --against SECONDS`: the same model to the default profile and to general solvers, in turn.

Each solve runs in a process of its own with the same limit and one thread, one after the other, so that the figures of
one run may be compared; seconds are wall time from hand-over, gaps are those each solver proves by itself.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any

SOLVERS = ("auto", "highs", "scip", "cbc", "cp-sat")
GAPS = (1e-2, 1e-3, 1e-4)
PLAIN = {"presolve": "choose"}
"""HiGHS by itself: a profile with options of its own is handed to the solver as it is."""


@dataclass(frozen=True)
class Race:
    """One solver on one model; `within` are the seconds until it proved 1e-2, 1e-3, 1e-4 (None: not in the time)."""

    size: str
    solver: str
    status: str
    seconds: float | None = None
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None
    within: tuple[float | None, ...] = (None, None, None)
    peak_mb: float | None = None


def races(size: str, case: str, seconds: float, solvers: tuple[str, ...] = SOLVERS) -> list[Race]:
    """Every solver on the case in the folder `case`, in turn, each with `seconds`."""
    found = []
    for solver in solvers:
        command = [sys.executable, "-m", "quota_opt.cli.bench_solvers", size, case, solver, str(seconds)]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
        if done.returncode:
            found.append(Race(size, solver, (done.stderr.strip().splitlines() or ["failed"])[-1][:80]))
        else:
            found.append(Race(**json.loads(done.stdout.splitlines()[-1])))
    return found


def _race(size: str, case: str, solver: str, seconds: float) -> Race:
    import quota_opt as qo
    from quota_opt.cli.bench import peak_mb
    from quota_opt.solving.profile import read_profile
    from quota_opt.solving.stages import optimise
    from quota_opt.solving.status import Progress

    profile = read_profile(solver).with_limits(gap=GAPS[-1], time_limit=seconds)
    if solver == "highs":
        profile = profile.model_copy(update={"options": PLAIN})
    problem = qo.build(qo.read(case))
    within: list[float | None] = [None] * len(GAPS)

    def watch(progress: Progress) -> None:
        for i, gap in enumerate(GAPS):
            if within[i] is None and progress.gap is not None and progress.gap <= gap:
                within[i] = round(progress.seconds, 2)

    try:
        solved = optimise(problem, profile, watch)
    except qo.EngineUnavailable:
        return Race(size, solver, "cannot take this model")
    spent = solved.stages[-1].seconds
    if solved.values is None:
        return Race(size, solver, str(solved.status), round(spent, 2), peak_mb=peak_mb())
    for i, gap in enumerate(GAPS):
        if within[i] is None and solved.gap <= gap:
            within[i] = round(spent, 2)
    return Race(
        size,
        solver,
        str(solved.status),
        round(spent, 2),
        solved.objective,
        solved.bound,
        solved.gap,
        tuple(within),
        peak_mb(),
    )


def main(arguments: list[str]) -> dict[str, Any]:
    """One race, as a document."""
    size, case, solver, seconds = arguments
    return asdict(_race(size, case, solver, float(seconds)))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1:])) + "\n")
