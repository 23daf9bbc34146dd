"""One parameter from one value to another: where the plan changes, and what it is worth in between.

Where each value allows all that the values on one side of it allow (shown by comparing the built models, see
`sweep_order`), the sweep is exact, from the loosest value on:

    1. solve at the loosest value v
    2. the tightest value at which the decisions found still are worth the same: to there they are optimal, since no
       tighter value can be worth more. It is found by halving, without solving: decisions whose columns are still there
       are tried with their continuous parts free
    3. solve just beyond; where that is worth as much within the gap, it is optimal on the whole piece and replaces what
       was found; else a new piece begins. On from 2

A break point found by halving is put at the figure that makes it: the intensity of the project that is let in there, or
the shortest number that is the same for all that can be told. Where shares follow the parameter from value to value
there are no pieces; values are then asked at even steps. So they are where nothing can be shown; a parameter of whole
numbers is asked at each of them.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from quota_opt.analysis.near.sweep_order import columns_in, included
from quota_opt.analysis.opened import Opened, fixed
from quota_opt.errors import Finding, InputError, Language, Level, NoPlanFound, Text, Where
from quota_opt.model.build import Problem
from quota_opt.plan.folder import whole_folder, write_table
from quota_opt.plan.plan import Plan
from quota_opt.plan.solve import plan_of
from quota_opt.report.document import Document, write_reports
from quota_opt.report.reporters import REPORTERS
from quota_opt.report.sweep import sweep_document
from quota_opt.scenario import Scenario
from quota_opt.solving.engine import engine_of
from quota_opt.solving.memory import Recall
from quota_opt.solving.profile import Profile, auxiliary_profile
from quota_opt.solving.stages import Solved, optimise, stage_arrays
from quota_opt.solving.status import OnProgress, Status, relative_gap

STEPS = 20
"""Even steps of a sweep that is not exact, and across what changes without pieces."""
PROBES = 4
"""Values between the ends at which the order of the models is looked at before anything is solved."""
FINE, COARSE = 1e-8, 1e-6
"""How near a break point is found, relative to the larger end: of a candidate, of a row."""
WORTH = 1e-8
"""How much less, relatively, decisions may be worth elsewhere and still be worth the same."""
SHORTEST = 1e-4
"""A piece shorter than this share of the sweep is none: there the plan follows the parameter."""
LINEAR_TIME = 60.0
NOTHING = Text("", "")


@dataclass(frozen=True, eq=False)
class Piece:
    """From one value of the parameter to another, in rising order: `plan` (None: no plan) is optimal there.

    `with_start`, `with_stop` tell whether the ends belong to it. `exact`: shown for every value between; else the plan
    was found at `at` and asked at the ends alone. `made_by` says what changes at the end where it is tighter.
    """

    start: float
    stop: float
    with_start: bool
    with_stop: bool
    at: float
    plan: Plan | None
    bound: float
    exact: bool
    made_by: Text = NOTHING


@dataclass(frozen=True, eq=False)
class Sweep:
    """The pieces of a sweep in rising order of the parameter.

    table      one row per piece: from, to, from_in, to_in (whether the end belongs to the piece), at (the value it was
               solved at), status, exact, objective, bound, gap, each measure, awards, entered, left (projects, against
               the piece before), firms_entered, firms_left, made_by_zh, made_by, plan (its folder)

    `exact`: every piece is proven as a whole. `looser` is "up" or "down", the direction in which more is allowed; empty
    where that cannot be shown. `solves` and `builds` count what it took.
    """

    scenario: Scenario
    parameter: str
    start: float
    stop: float
    pieces: tuple[Piece, ...]
    looser: str
    table: pd.DataFrame
    solves: int
    builds: int
    seconds: float

    @property
    def exact(self) -> bool:
        """Whether each piece is proven from end to end."""
        return all(piece.exact for piece in self.pieces)

    @property
    def breaks(self) -> tuple[float, ...]:
        """The values at which the plan changes, rising."""
        return tuple(piece.start for piece in self.pieces[1:])

    def document(self) -> Document:
        """The report for people."""
        return sweep_document(self)

    def write(self, folder: str | Path, language: Language = "zh") -> Path:
        """Write sweep.csv, the reports and a result folder per piece."""
        target = Path(folder)
        with whole_folder(target) as work:
            write_table(self.table, work / "sweep.csv")
            write_reports(self.document(), work, language)
            for number, piece in enumerate(self.pieces, 1):
                if piece.plan is not None:
                    piece.plan.write(work / f"plan-{number}", language)
        return target


def sweep(
    case: Scenario | str | Path | Opened,
    parameter: str,
    start: float,
    stop: float,
    profile: str | Path | Profile = "auto",
    *,
    steps: int | None = None,
    gap: float | None = None,
    time_limit: float | None = None,
    on_progress: OnProgress | None = None,
) -> Sweep:
    """What becomes of the plan as one parameter (a dotted settings path) goes from `start` to `stop`.

    With `steps` the parameter is asked at so many even steps and nothing between them is claimed. `gap` and
    `time_limit` are those of each solve.

    Raises InputError where the path is not known, a value is not allowed, or the two ends are the same; NoPlanFound
    where a limit comes before any plan; what `quota_opt.solve` raises, save that a value without a plan is a piece.
    """
    began = time.monotonic()
    opened = case if isinstance(case, Opened) else Opened.of(case, profile, gap=gap, time_limit=time_limit)
    low, high = sorted((float(start), float(stop)))
    if not (math.isfinite(low) and math.isfinite(high) and low < high) or (steps is not None and steps < 1):
        raise InputError([_bad_ends(parameter, start, stop)])
    sweeper = _Sweeper(opened, parameter, low, high, on_progress)
    looser = "" if steps is not None else sweeper.looser()
    pieces = sweeper.exactly(looser) if looser else sweeper.in_steps(steps or STEPS)
    table = _table(pieces)
    seconds = time.monotonic() - began
    return Sweep(
        opened.scenario, parameter, low, high, tuple(pieces), looser, table, sweeper.solves, sweeper.builds, seconds
    )


@dataclass(frozen=True, eq=False)
class _Point:
    """One value, its model, and the decisions found there (None: there are none)."""

    value: float
    problem: Problem
    solved: Solved | None

    @property
    def objective(self) -> float:
        """The last stage's value, always to be maximised; minus infinity without a plan."""
        return -math.inf if self.solved is None else self.problem.stages[-1].sign * self.solved.objective

    @property
    def bound(self) -> float:
        """What is proven of it, always to be maximised."""
        return -math.inf if self.solved is None else self.problem.stages[-1].sign * self.solved.bound


class _Sweeper:
    """Builds and solves the case at values of the parameter; keeps the last models and what the first solve left."""

    def __init__(self, opened: Opened, parameter: str, low: float, high: float, on_progress: OnProgress | None) -> None:
        self.opened, self.parameter, self.low, self.high = opened, parameter, low, high
        self.on_progress = on_progress
        self.scale = max(abs(low), abs(high))
        self.solves = self.builds = 0
        self.whole = False
        self._recall = Recall()
        self._built: dict[float, Opened] = {}
        self.whole = self._takes_whole_numbers_alone()

    # One value

    def built(self, value: float) -> Opened:
        """The case with the parameter at `value`; the last few are kept."""
        if value not in self._built:
            self.builds += 1
            while len(self._built) >= PROBES + 2:
                del self._built[next(iter(self._built))]
            self._built[value] = self.opened.changed(**{self.parameter: int(value) if self.whole else value})
        return self._built[value]

    def _takes_whole_numbers_alone(self) -> bool:
        """Whether the parameter refuses what lies between two whole numbers, as a year or a lag does."""
        if not (self.low.is_integer() and self.high.is_integer()):
            return False
        try:
            self.built(self.low + 0.5)
        except InputError:
            return True
        return False

    def solved(self, value: float) -> _Point:
        """The case solved there, from what the first solve left."""
        problem = self.built(value).problem
        self.solves += 1
        found = optimise(problem, self.opened.profile, self.on_progress, self._recall)
        if found.values is None and found.status is not Status.INFEASIBLE:
            limit = Text(
                f"参数取 {value:g} 时，到时限还没有找到任何方案。",
                f"A limit came before any plan was found with the parameter at {value:g}.",
            )
            raise NoPlanFound(limit)
        return _Point(value, problem, None if found.values is None else found)

    def plan(self, point: _Point) -> Plan | None:
        """The verified plan of a point."""
        if point.solved is None:
            return None
        opened = self.built(point.value)
        return plan_of(opened.problem, point.solved, self.opened.profile, findings=opened.findings, reporters=REPORTERS)

    # Exact

    def looser(self) -> str:
        """ "up" or "down", as the models between the ends include one another; empty where that is not shown."""
        values = np.linspace(self.low, self.high, PROBES + 2).tolist()
        problems = [self.built(value).problem for value in values]
        for name, chain in (("up", problems), ("down", problems[::-1])):
            if all(included(tight, loose) for tight, loose in itertools.pairwise(chain)):
                return name
        return ""

    def exactly(self, looser: str) -> list[Piece]:
        """The pieces by the method at the head of this file; by even steps from where it does not hold."""
        loosest, tightest = (self.high, self.low) if looser == "up" else (self.low, self.high)
        here, end, closed = self.solved(loosest), loosest, True
        top = here.bound
        pieces: list[Piece] = []
        while here.solved is not None:
            holds = self._holds_to(here, tightest)
            if holds is None:
                pieces.append(self._piece(here, end, closed, tightest, True, top))
                return _rising(pieces)
            at, inside, made_by, margin = holds
            further = self._beyond(here, at, tightest, margin)
            if abs(at - end) < SHORTEST * (self.high - self.low) and _alike(here, further):
                at, inside, further = self._a_step_on(end, tightest)
                pieces.append(replace(self._piece(here, end, closed, at, inside, top), exact=False))
                closed = True
            else:
                if len(here.problem.stages) == 1 and self._as_good(further, top):
                    here = further
                    continue
                pieces.append(self._piece(here, end, closed, at, inside, top, made_by))
                closed = not inside
            here, end, top = further, at, further.bound
        pieces.append(self._piece(here, end, closed, tightest, True, top))
        return _rising(pieces)

    def _a_step_on(self, end: float, tightest: float) -> tuple[float, bool, _Point]:
        """The next of even steps, which does not belong to the piece before, and what is found there."""
        width = min((self.high - self.low) / STEPS, abs(tightest - end))
        value = end + math.copysign(width, tightest - end)
        return value, False, self.solved(value)

    def _beyond(self, here: _Point, at: float, tightest: float, margin: float) -> _Point:
        """What is found just beyond a break point, as far from it as the tolerances of a solver make necessary."""
        while True:
            value = at + math.copysign(min(margin, abs(tightest - at)), tightest - at)
            further = self.solved(value)
            if not _same(here, further) or margin > SHORTEST * (self.high - self.low):
                return further
            margin *= 10.0

    def _as_good(self, point: _Point, top: float) -> bool:
        """Whether a plan is optimal within the gap where no plan is worth more than `top`."""
        return point.solved is not None and relative_gap(point.objective, max(top, point.objective)) <= max(
            self.opened.profile.relative_gap, WORTH
        )

    def _holds_to(self, point: _Point, tightest: float) -> tuple[float, bool, Text, float] | None:
        """Where the decisions of a point cease to hold on the way; None where they hold to the end.

        The value, whether they hold there, what makes it, and how far beyond it the next plan is to be asked for.
        """
        if not self._fails(point, tightest):
            return None
        good, bad = point.value, tightest
        guess = self._guess(point, tightest)
        if guess is not None and not self._fails(point, guess):
            good = guess
            beyond = guess + math.copysign(self._near(point, bad), bad - guess)
            bad = beyond if (bad - beyond) * (bad - guess) > 0.0 and self._fails(point, beyond) else bad
        while abs(good - bad) > 1.5 * self._near(point, bad):
            middle = good + 0.5 * (bad - good)
            good, bad = (good, middle) if self._fails(point, middle) else (middle, bad)
        missing, near = self._missing(point, bad), self._near(point, bad)
        at = self._figure(point, good, missing, near)
        inside = at == good or not self._fails(point, at)
        return at, inside, _words(missing, at, tightest < point.value), near

    def _near(self, point: _Point, value: float) -> float:
        """How near a break point is to be found: where candidates go it is sharp, rows have a solver's tolerance."""
        return (FINE if self._missing(point, value) else COARSE) * self.scale

    def _guess(self, point: _Point, tightest: float) -> float | None:
        """Where the decisions might cease to hold: the intensity of the first that goes, or where a row is full."""
        missing = self._missing(point, tightest)
        between = sorted(self._intensities(point, missing), reverse=tightest < point.value)
        inside = [value for value in between if (value - point.value) * (value - tightest) < 0.0]
        if missing:
            return inside[0] if inside else None
        first, last = self.built(point.value).problem.arrays, self.built(tightest).problem.arrays
        assert point.solved is not None and point.solved.values is not None
        if first.matrix.shape != last.matrix.shape:
            return None
        x = point.solved.values
        ends = [(a.row_upper - a.matrix @ x, a.matrix @ x - a.row_lower) for a in (first, last)]
        way = 1.0
        for before, after in zip(*ends, strict=True):
            full = np.isfinite(before) & np.isfinite(after) & (after < 0.0) & (before > after)
            way = min(way, float((before[full] / (before[full] - after[full])).min(initial=1.0)))
        guess = point.value + max(way, 0.0) * (tightest - point.value)
        return next((f for f in _shorter(guess) if abs(f - guess) <= COARSE * self.scale), guess) if way < 1.0 else None

    def _fails(self, point: _Point, value: float) -> bool:
        """Whether the decisions of a point are worth less at another value, or are no plan there."""
        assert point.solved is not None and point.solved.values is not None
        problem = self.built(value).problem
        columns = columns_in(point.problem, problem)
        values = point.solved.values
        whole = point.problem.arrays.integer
        if (np.abs(values[(columns < 0) & whole]) > 0.5).any():
            return True
        carried = np.zeros(problem.arrays.columns)
        carried[columns[columns >= 0]] = values[columns >= 0]
        reached = [stage.objective for stage in point.solved.stages]
        arrays = stage_arrays(problem, len(problem.stages) - 1, reached)
        chosen = np.flatnonzero(arrays.integer)
        held = fixed(arrays, chosen, np.round(carried[chosen]))
        held = replace(held, integer=np.zeros(held.columns, dtype=bool))
        linear = auxiliary_profile(LINEAR_TIME)
        found = engine_of(linear).solve(held, linear, stage="solve")
        worth = -math.inf if found.values is None else found.objective
        return worth < point.objective - WORTH * max(1.0, abs(point.objective))

    def _missing(self, point: _Point, value: float) -> list[tuple[str, str]]:
        """(kind, id) of the decisions that cannot be taken at a value."""
        assert point.solved is not None and point.solved.values is not None
        columns = columns_in(point.problem, self.built(value).problem)
        gone = np.flatnonzero((columns < 0) & point.problem.arrays.integer & (np.abs(point.solved.values) > 0.5))
        named = []
        for block in point.problem.arrays.column_blocks:
            kind = {"act": "firm", "start": "project"}.get(block.name)
            inside = gone[(gone >= block.first) & (gone < block.first + block.size)]
            named += [(kind, str(block.label_of(int(at))[kind])) for at in inside] if kind else []
        return list(dict.fromkeys(named))

    def _figure(self, point: _Point, good: float, missing: list[tuple[str, str]], near: float) -> float:
        """The figure that makes a break point found at `good`."""
        for figure in [*self._intensities(point, missing), *_shorter(good)]:
            if abs(figure - good) <= near and self.low <= figure <= self.high:
                return figure
        return good

    def _intensities(self, point: _Point, missing: list[tuple[str, str]]) -> Iterator[float]:
        """Energy per value added of the projects that are let in or out."""
        projects = point.problem.case.projects
        for kind, name in missing:
            row = projects[projects["project"] == name] if kind == "project" else projects[:0]
            if len(row) and float(row["value_added"].iloc[0]) > 0.0:
                yield float(row["energy"].iloc[0]) / float(row["value_added"].iloc[0])

    def _piece(
        self,
        point: _Point,
        end: float,
        closed: bool,
        other: float,
        inside: bool,
        top: float,
        made_by: Text = NOTHING,
    ) -> Piece:
        """From `end`, where it is looser, to `other`."""
        bound = self._stated(point, top)
        plan = self.plan(point)
        if end <= other:
            return Piece(end, other, closed, inside, point.value, plan, bound, True, made_by)
        return Piece(other, end, inside, closed, point.value, plan, bound, True, made_by)

    def _stated(self, point: _Point, top: float) -> float:
        return math.nan if point.solved is None else point.problem.stages[-1].sign * max(top, point.objective)

    # In steps

    def in_steps(self, steps: int) -> list[Piece]:
        """The plan at even steps, or at each whole number where there are no others.

        Neighbours with the same decisions at the same worth are one piece, not proven.
        """
        pieces: list[Piece] = []
        last: _Point | None = None
        values = np.arange(self.low, self.high + 1.0) if self.whole else np.linspace(self.low, self.high, steps + 1)
        for value in values.tolist():
            point = self.solved(value)
            if last is not None and _same(last, point):
                pieces[-1] = replace(pieces[-1], stop=value)
            else:
                pieces.append(replace(self._piece(point, value, True, value, True, point.bound), exact=False))
            last = point
        return pieces


def _same(one: _Point, other: _Point) -> bool:
    """Whether the decisions of two points are the same, at the same worth."""
    return _alike(one, other) and (
        one.solved is None or math.isclose(one.objective, other.objective, rel_tol=WORTH, abs_tol=WORTH)
    )


def _alike(one: _Point, other: _Point) -> bool:
    """Whether the whole decisions of two points are the same, whatever their shares."""
    if one.solved is None or other.solved is None:
        return one.solved is other.solved
    assert one.solved.values is not None and other.solved.values is not None
    columns = columns_in(one.problem, other.problem)
    values, theirs = one.solved.values, np.append(other.solved.values, 0.0)
    whole = one.problem.arrays.integer
    alike = np.abs(values - theirs[columns])[whole] < 0.5
    count = np.round(other.solved.values[other.problem.arrays.integer]).sum() == np.round(values[whole]).sum()
    return bool(alike.all() and count)


def _words(missing: list[tuple[str, str]], at: float, below: bool) -> Text:
    """What makes a break point: decisions that cannot be taken beyond it, or a rule they would break."""
    if not missing:
        return Text("再紧，原安排就不满足规则", "any tighter, and the plan breaks a rule")
    names = [name for _, name in missing]
    side = Text("低于", "below") if below else Text("高于", "above")
    return Text(
        f"{side.zh} {at:.6g} 时 {'、'.join(names)} 不能选", f"{side.en} {at:.6g}, {', '.join(names)} cannot be chosen"
    )


def _rising(pieces: list[Piece]) -> list[Piece]:
    return sorted(pieces, key=lambda piece: (piece.start, piece.stop))


def _shorter(value: float) -> Iterator[float]:
    """The value in more and more digits."""
    for digits in range(1, 16):
        yield float(f"{value:.{digits}g}")


def _bad_ends(parameter: str, start: float, stop: float) -> Finding:
    return Finding(
        Level.ERROR,
        "bad-range",
        Text(f"参数从 {start:g} 到 {stop:g} 不是一段范围。", f"From {start:g} to {stop:g} is no range."),
        Where(path=parameter),
        Text("请给出两个不同的值，步数不少于 1。", "Give two different values, and at least one step."),
    )


def _table(pieces: list[Piece]) -> pd.DataFrame:
    """One row per piece; see `Sweep`."""
    rows: list[dict[str, Any]] = []
    before: Plan | None = None
    for number, piece in enumerate(pieces, 1):
        plan = piece.plan
        row: dict[str, Any] = {
            "from": piece.start,
            "to": piece.stop,
            "from_in": piece.with_start,
            "to_in": piece.with_stop,
            "at": piece.at,
            "status": "INFEASIBLE" if plan is None else str(plan.status),
            "exact": piece.exact,
            "objective": math.nan if plan is None else plan.objective,
            "bound": piece.bound,
            "gap": math.nan if plan is None else relative_gap(plan.objective, piece.bound),
        }
        if plan is not None:
            row |= dict(plan.measures)
        row["awards"] = 0 if plan is None else len(plan.awards)
        for name, table, key in (("", "awards", "project"), ("firms_", "actions", "firm")):
            mine = set() if plan is None else set(getattr(plan, table)[key])
            theirs = set() if before is None else set(getattr(before, table)[key])
            compared = number > 1
            row[f"{name}entered"] = ";".join(sorted(mine - theirs)) if compared else ""
            row[f"{name}left"] = ";".join(sorted(theirs - mine)) if compared else ""
        row |= {"made_by_zh": piece.made_by.zh, "made_by": piece.made_by.en}
        row["plan"] = "" if plan is None else f"plan-{number}"
        rows.append(row)
        before = plan
    return pd.DataFrame(rows)
