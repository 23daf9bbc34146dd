"""`quota-opt bench --against SECONDS`: the same model to the default profile and to general solvers, in turn.

Each solve runs in a process of its own with the same limit and one thread, one after the other, so that the figures of
one run may be compared. Seconds are wall time from hand-over. A solver is measured twice: by the gap it proves itself,
and by how far its plan is from the bound that the default profile proves (`near`). CP-SAT gets the model rounded to
whole numbers (`bench_whole`): what it proves is about that model.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

GAPS = (1e-2, 1e-3, 1e-4)
GRACE_S = 300.0
"""What a process may take beyond twice the limit, to read the case and hand the model over, before it is ended."""


class Solver(StrEnum):
    """Who takes part; `auto` is the default profile."""

    AUTO = "auto"
    HIGHS = "highs"
    SCIP = "scip"
    CBC = "cbc"
    CP_SAT = "cp-sat"


RELAXATION = "highs-lp"
"""Not a solver of the model: HiGHS on its linear relaxation, as long as it takes."""


TABLES = "quota_opt: tables and rules"
WAYS = {
    TABLES: "quota_opt",
    "quota_opt: arrays": "quota_opt",
    "linopy: grouped sums": "linopy",
    "linopy: arrays": "linopy",
    "pulp: objects": "pulp",
}
"""Ways to build one model, and the package each needs. The first starts from the tables of the case, the others from
its finished arrays, which they only have to state in their own words."""
PULP = "pulp: objects"


@dataclass(frozen=True)
class Point:
    """What a solver knew after so many seconds."""

    seconds: float
    objective: float | None
    bound: float | None


@dataclass(frozen=True)
class Race:
    """One solver on one model.

    `within` are the seconds until it proved a gap of 1e-2, 1e-3, 1e-4, `near` those until its plan was that near our
    bound (None: not in the time). `ratios` and `near_ratios` are ours over theirs; where they never got there, ours
    over the time they had, so that the true ratio is smaller still.
    """

    size: str
    seed: int
    solver: str
    status: str
    seconds: float | None = None
    cpu_seconds: float | None = None
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None
    gap_to_ours: float | None = None
    within: tuple[float | None, ...] = (None, None, None)
    near: tuple[float | None, ...] = (None, None, None)
    ratios: tuple[float | None, ...] = (None, None, None)
    near_ratios: tuple[float | None, ...] = (None, None, None)
    peak_mb: float | None = None
    columns: int | None = None
    rows: int | None = None
    rounded: bool = False
    points: tuple[Point, ...] = ()

    def flat(self) -> dict[str, Any]:
        """As one line of a table; the points are a table of their own."""
        line = {name: value for name, value in vars(self).items() if not isinstance(value, tuple)}
        for name in ("within", "near", "ratios", "near_ratios"):
            line |= {f"{name}_{gap:g}": value for gap, value in zip(GAPS, getattr(self, name), strict=True)}
        return line


def races(
    size: str,
    seed: int,
    case: str,
    seconds: float,
    solvers: tuple[str, ...] = tuple(Solver),
    *,
    relaxation: bool = False,
) -> list[Race]:
    """Every solver on the case in the folder `case`, in turn, each with `seconds`; then, if asked, the relaxation."""
    model = str(Path(case).with_name("model.npz"))
    subprocess.run([*_PROGRAM, "export", case, model], check=True)
    found = [_raced(size, seed, solver, case if solver == Solver.AUTO else model, seconds) for solver in solvers]
    found = compared(found, seconds)
    if relaxation:
        found.append(_raced(size, seed, RELAXATION, model, math.inf))
    return found


def compared(found: list[Race], limit: float) -> list[Race]:
    """The races with gaps against our bound (the least one proven where the default profile did not take part)."""
    ours = next((race for race in found if race.solver == Solver.AUTO), None)
    bounds = [race.bound for race in found if race.bound is not None and not race.rounded]
    best = ours.bound if ours is not None and ours.bound is not None else min(bounds, default=None)
    told = [_beside(race, best) for race in found]
    ours = next((race for race in told if race.solver == Solver.AUTO), None)
    if ours is None:
        return told
    return [
        race
        if race.solver == Solver.AUTO or race.seconds is None
        else replace(
            race,
            ratios=_ratios(ours.within, race.within, limit),
            near_ratios=_ratios(ours.near, race.near, limit),
        )
        for race in told
    ]


def _beside(race: Race, bound: float | None) -> Race:
    from quota_opt.solving.status import relative_gap

    if bound is None:
        return race
    last = None if race.objective is None else relative_gap(race.objective, max(bound, race.objective))
    near: list[float | None] = []
    for gap in GAPS:
        reached = (
            point.seconds
            for point in race.points
            if point.objective is not None and relative_gap(point.objective, max(bound, point.objective)) <= gap
        )
        near.append(next(reached, race.seconds if last is not None and last <= gap else None))
    return replace(race, gap_to_ours=last, near=tuple(near))


def _ratios(ours: tuple[float | None, ...], theirs: tuple[float | None, ...], limit: float) -> tuple[float | None, ...]:
    return tuple(
        None if own is None else round(own / max(limit if other is None else other, 1e-3), 4)
        for own, other in zip(ours, theirs, strict=True)
    )


_PROGRAM = (sys.executable, "-m", "quota_opt.cli.bench_race")


def _raced(size: str, seed: int, solver: str, source: str, seconds: float) -> Race:
    """One race in a process of its own, which tells points line by line and its result last."""
    command = [*_PROGRAM, solver, source, str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
    late = False
    try:
        out, err = process.communicate(timeout=None if math.isinf(seconds) else 2.0 * seconds + GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        late = True
    lines = [json.loads(line) for line in out.splitlines() if line.endswith("}")]
    points = tuple(Point(**line) for line in lines if "status" not in line)
    if lines and "status" in lines[-1]:
        result: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in lines[-1].items()
        }
        return Race(size, seed, str(solver), points=points, **result)
    if late and points:
        last = points[-1]
        return Race(
            size, seed, solver, "ended late", last.seconds, objective=last.objective, bound=last.bound, points=points
        )
    why = "ended late" if late else (err.strip().splitlines() or ["failed"])[-1][:80]
    return Race(size, seed, solver, why)
