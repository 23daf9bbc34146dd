"""Trade-offs between two to four measures: the plans that nothing betters in all of them at once.

`exact`   every non-dominated point, none twice, with boxes that prove there are no others (`front`)
`points`  so many of them, spread evenly, each proven within the profile's gap (`front_spread`)

Where rules have objectives of their own (an order of priority, fairness), these come first, as in every solve: the
front is over the plans that reach them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from quota_opt.analysis.front.exact import Found, exact_front
from quota_opt.analysis.front.rates import knee_of, neighbours_of, rates_of
from quota_opt.analysis.front.spread import spread_front
from quota_opt.analysis.opened import OBJECTIVE, Line, Opened
from quota_opt.errors import Finding, InputError, Language, Level, NoPlanFound, Text, Where
from quota_opt.model.linear import Arrays, FloatArray
from quota_opt.plan.plan import Plan
from quota_opt.report.document import Document
from quota_opt.scenario import Scenario
from quota_opt.solving.memory import places
from quota_opt.solving.profile import Profile
from quota_opt.solving.stages import StageResult, stage_arrays
from quota_opt.solving.status import OnProgress, Status, relative_gap

Sense = Literal["max", "min"]
POINTS = 25
"""How many points are spread where nobody says."""
BETTER_MORE = (
    "value_added", "value_added_final", "value_added_gained_final", "tax", "tax_final", "jobs_created", "jobs_net",
    "investment", "projects_started", "priority_points", "chains_completed", "sale_income", "objective",
)  # fmt: skip
"""Measures of which more is better where no sense is given; with what is freed of a resource."""
BETTER_LESS = (
    "public_cost", "jobs_lost", "value_added_lost_final", "firms_closed", "purchase_cost", "exit_payments",
    "trading_cost",
)  # fmt: skip
"""The same of which less is better; with the net and the idle amount of a resource."""


@dataclass(frozen=True, eq=False)
class Goal:
    """One measure of a front: its sense, and the measure over the columns of the model."""

    sense: Sense
    line: Line

    @property
    def name(self) -> str:
        """The measure's name."""
        return self.line.name

    @property
    def sign(self) -> float:
        """What turns the measure so that less is better."""
        return -1.0 if self.sense == "max" else 1.0

    def losses(self) -> FloatArray:
        """Weights of the columns, less being better; the constant apart."""
        return self.sign * self.line.weights + 0.0

    def value(self, loss: float) -> float:
        """The measure at a loss."""
        return self.sign * loss + self.line.constant + 0.0

    @property
    def words(self) -> Text:
        """The measure and its sense."""
        title = self.line.title
        return Text(f"{title.zh}（{'越大' if self.sense == 'max' else '越小'}越好）", f"{title.en} ({self.sense})")


@dataclass(frozen=True, eq=False)
class Front:
    """A front and what proves it.

    points    one row per point (index `point`, from 1), a column per measure; in order from the best of the first
    table     the same with what front.csv says: point, measures, status, bound, neighbour, slope, knee
    complete  whether no other point is non-dominated: proven by the boxes in `proof`
    proof     points and boxes as front.json has them; `front_record.record_problems` checks it without a solver
    plans     a whole, verified plan for each point
    """

    scenario: Scenario
    goals: tuple[Goal, ...]
    exact: bool
    status: Status
    complete: bool
    found: Found
    opened: Opened
    before: tuple[StageResult, ...] = ()

    @cached_property
    def points(self) -> pd.DataFrame:
        """One row per point, a column per measure."""
        values = {
            goal.name: [goal.value(loss) for loss in self.found.points[:, at]] for at, goal in enumerate(self.goals)
        }
        return pd.DataFrame(values, index=pd.RangeIndex(1, len(self.found.points) + 1, name="point"), dtype=float)

    @cached_property
    def table(self) -> pd.DataFrame:
        """front.csv: see the class. `slope` is what the first measure changes per unit of the second on the way to the
        neighbour, which is the next point where there are two measures, the nearest one where there are more."""
        points = self.found.points
        made = self.points.reset_index()
        made["status"] = [str(status) for status in self.found.statuses]
        made["bound"] = [self.goals[0].value(bound) for bound in self.found.bounds]
        made["neighbour"] = pd.array(self.neighbours, dtype="Int64")
        made["slope"] = rates_of(self.points.to_numpy(), neighbours_of(points))
        made["knee"] = [at + 1 == self.knee for at in range(len(points))]
        return made

    @property
    def neighbours(self) -> tuple[int | None, ...]:
        """The neighbour of each point (from 1), None where it has none."""
        return tuple(None if at < 0 else int(at) + 1 for at in neighbours_of(self.found.points))

    @property
    def rates(self) -> tuple[float, ...]:
        """`slope` of the table."""
        return tuple(float(rate) for rate in self.table["slope"])

    @property
    def knee(self) -> int | None:
        """The knee (from 1), None where there is none."""
        at = knee_of(self.found.points)
        return None if at < 0 else at + 1

    @cached_property
    def proof(self) -> dict[str, Any]:
        """See `front_record.proof_of`."""
        from quota_opt.analysis.front.record import proof_of

        return proof_of(self)

    @cached_property
    def plans(self) -> tuple[Plan, ...]:
        """A verified plan for each point, in the order of `points`."""
        return tuple(self.plan(at + 1) for at in range(len(self.found.values)))

    def plan(self, point: int) -> Plan:
        """The verified plan of one point (from 1).

        Its scenario has the first measure as objective and the others held where they are (rule `directives`), so
        that it can be solved and checked by itself.
        """
        opened = Opened.of(self.scenario_at(point), self.opened.profile)
        values = _carried(self.opened.arrays, opened.arrays, self.found.values[point - 1])
        if len(opened.problem.stages) != len(self.before) + 1:
            return opened.plan(values)
        goal, bound = self.goals[0], float(self.table["bound"][point - 1])
        value = float(self.points[goal.name][point])
        gap = relative_gap(value, bound)
        opened = replace(opened, profile=opened.profile.with_limits(gap=max(gap, opened.profile.relative_gap)))
        own = StageResult(opened.problem.stages[-1].name, goal.sense, Status.OPTIMAL, value, bound, gap, 0.0)
        return opened.plan(values, stages=(*self.before, own))

    def scenario_at(self, point: int) -> Scenario:
        """The scenario of one point (from 1): the first measure as objective, the others held where they are."""
        first, *others = self.goals
        measures = [
            {
                "measure": goal.name,
                "sense": ">=" if goal.sense == "max" else "<=",
                "value": float(self.points[goal.name][point]),
                "reason": f"取舍曲线第 {point} 点 (front, point {point})",
            }
            for goal in others
        ]
        laid_down = self.scenario.rules.get("directives")
        known = [] if laid_down is None else laid_down.model_dump(exclude_none=True)["measures"]
        settings: dict[str, Any] = {"rules.directives.measures": [*known, *measures]}
        if first.name != OBJECTIVE:
            order = [{"measure": first.name, "sense": first.sense, "tolerance": 0.0}]
            settings["objective"] = {"form": "lexicographic", "order": order}
            settings |= _without_points(self.scenario)
        return self.scenario.with_(**settings)

    def document(self) -> Document:
        """The report for people."""
        from quota_opt.report.front import front_document

        return front_document(self)

    def write(self, folder: str | Path, language: Language = "zh") -> Path:
        """Write front.csv, front.json, reports and a result folder per point, whole or not at all. Returns its path."""
        from quota_opt.analysis.front.record import write_front

        return write_front(self, Path(folder), language)


def pareto(
    case: Scenario | str | Path,
    measures: Sequence[str],
    *,
    exact: bool = False,
    points: int | None = None,
    profile: str | Path | Profile = "auto",
    gap: float | None = None,
    time_limit: float | None = None,
    on_progress: OnProgress | None = None,
) -> Front:
    """The trade-off front of a case over two to four measures.

    Parameters
    ----------
    measures
        `NAME:max` or `NAME:min`; the sense may be left out where it is plain (gains max, costs and losses min).
        The first is the one that is optimised, the others are what it is traded for.
    exact
        Find every non-dominated point: measures must weigh whole decisions only, no shares or trades.
    points
        Without `exact`: how many points, spread evenly (25). Fewer where there are no more.
    profile, gap, time_limit, on_progress
        As in `solve`; the gap is for each point (exact points have none), `time_limit` for the whole front, the
        profile's own limit for each program of it.

    Returns
    -------
    Front
        `.complete` where it is proven that there is no other point; a limit leaves what was found until then.

    Raises
    ------
    InputError, InfeasibleScenario, UnboundedScenario, NoPlanFound, EngineUnavailable
    """
    if exact and points is not None:
        what = Text("exact 与 points 同时写了。", "Both exact and points are given.")
        fix = Text("只用其中一个。", "Give one of them.")
        raise InputError([_finding("front-both", what, fix)])
    if points is not None and points < 2:
        what = Text(f"点数 {points} 太少。", f"{points} points are too few for a front.")
        raise InputError([_finding("front-points", what, Text("至少 2 个点。", "Ask for at least 2."))])
    began = time.monotonic()
    opened = Opened.of(case, profile, gap=gap)
    goals = goals_of(opened, measures)
    if exact:
        _refuse_continuous(opened, goals)
    until = math.inf if time_limit is None else began + time_limit
    arrays, before = _after_rules(opened, on_progress)
    losses = np.stack([goal.losses() for goal in goals])
    if exact:
        found = exact_front(arrays, losses, opened.profile, until=until, on_progress=on_progress)
    else:
        found = spread_front(opened, arrays, losses, points or POINTS, until=until, on_progress=on_progress)
    if not len(found.points):
        _raise(opened, found, on_progress)
    return Front(opened.scenario, goals, exact, found.status, found.complete, found, opened, before)


def goals_of(opened: Opened, measures: Sequence[str]) -> tuple[Goal, ...]:
    """The measures as goals. Raises InputError for fewer than two or more than four, unknown or repeated ones."""
    findings: list[Finding] = []
    if not 2 <= len(measures) <= 4:
        what = Text(
            f"取舍要 2 至 4 个成效指标，现有 {len(measures)} 个。",
            f"A front is over 2 to 4 measures, not {len(measures)}.",
        )
        findings.append(
            _finding(
                "front-measures",
                what,
                Text("例如 value_added:max 和 carbon_net:min。", "For example value_added:max and carbon_net:min."),
            )
        )
    goals: list[Goal] = []
    for asked in measures:
        name, _, stated = asked.partition(":")
        try:
            line = opened.line(name)
        except InputError as error:
            findings += error.findings
            continue
        sense = stated or sense_of(name)
        if sense not in ("max", "min"):
            what = Text(
                f"“{asked}”没有写明越大越好还是越小越好。", f"{asked!r} does not say whether more or less is better."
            )
            findings.append(
                _finding(
                    "front-sense",
                    what,
                    Text(f"写成 {name}:max 或 {name}:min。", f"Write {name}:max or {name}:min."),
                    asked,
                )
            )
        elif any(goal.name == name for goal in goals):
            what = Text(f"成效指标“{name}”写了两次。", f"The measure {name!r} is named twice.")
            findings.append(
                _finding("front-twice", what, Text("每个成效指标只写一次。", "Name each measure once."), asked)
            )
        else:
            goals.append(Goal("max" if sense == "max" else "min", line))
    if any(goal.name == OBJECTIVE for goal in goals[1:]):
        what = Text("“objective”要写在最前。", "'objective' must come first.")
        fix = Text("把它作为第一个 --measure。", "Name it as the first measure.")
        findings.append(_finding("front-objective", what, fix, OBJECTIVE))
    if findings:
        raise InputError(findings)
    return tuple(goals)


def sense_of(name: str) -> str:
    """The sense of a measure that is plain by its name; empty where it is not."""
    if name in BETTER_MORE or name.endswith("_freed"):
        return "max"
    return "min" if name in BETTER_LESS or name.endswith(("_net", "_idle")) else ""


def _without_points(scenario: Scenario) -> dict[str, Any]:
    """Settings that take points of the rule `chain` out of an objective that a front replaces."""
    chain = scenario.rules.get("chain")
    if chain is None:
        return {}
    told = chain.model_dump()
    return {f"rules.chain.{name}": 0.0 for name in ("complete_points", "last_supplier_cost") if told[name]}


def _carried(old: Arrays, new: Arrays, values: FloatArray) -> FloatArray:
    """Values of one model in the columns of a like one, by their labels; what is new is 0."""
    to = places(old.column_blocks, old.columns, new.column_blocks, new.columns)
    made = np.zeros(new.columns)
    made[to[to >= 0]] = values[: old.columns][to >= 0]
    return made


def _refuse_continuous(opened: Opened, goals: Sequence[Goal]) -> None:
    """Raise where a measure weighs decisions that are not whole: such a front has no end of points."""
    arrays = opened.arrays
    findings = []
    for goal in goals:
        weighed = np.flatnonzero((goal.line.weights != 0.0) & ~arrays.integer & (arrays.lower < arrays.upper))
        if len(weighed):
            column = arrays.column_names()[int(weighed[0])]
            findings.append(
                _finding(
                    "front-continuous",
                    Text(
                        f"成效指标“{goal.line.title.zh}”含连续的量（{column} 等 {len(weighed)} 个），前沿没有尽数。",
                        f"The measure {goal.name!r} weighs quantities that are not whole ({column}, {len(weighed)} in "
                        f"all): such a front has no end of points.",
                    ),
                    Text("改用 --points N，取均匀分布的若干点。", "Use --points N for so many points, spread evenly."),
                    goal.name,
                )
            )
    if findings:
        raise InputError(findings)


def _after_rules(opened: Opened, on_progress: OnProgress | None) -> tuple[Arrays, tuple[StageResult, ...]]:
    """The model with what rules put before every objective kept at its best, and how that was proven."""
    problem = opened.problem
    count = sum(len(rule.stages(problem.case)) for rule in problem.case.rules)
    arrays = problem.arrays
    if not count:
        return arrays, ()
    told = opened.solve(on_progress=on_progress).certificate["stages"][:count]
    results = tuple(
        StageResult(
            line["name"], line["sense"], Status(line["status"]), line["objective"], line["bound"], line["gap"],
            line["seconds"],
        )
        for line in told
    )  # fmt: skip
    return stage_arrays(problem, count, [result.objective for result in results]), results


def _raise(opened: Opened, found: Found, on_progress: OnProgress | None) -> None:
    """No point at all: the ending of an ordinary solve."""
    if found.status is Status.INFEASIBLE:
        opened.solve(on_progress=on_progress)
    raise NoPlanFound(Text("到时限时还没有找到任何方案。", "A limit came before any plan was found; allow more time."))


def _finding(code: str, what: Text, fix: Text, seen: str | None = None) -> Finding:
    return Finding(Level.ERROR, code, what, Where(), fix, seen)
