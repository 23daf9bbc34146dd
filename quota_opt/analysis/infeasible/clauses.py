"""The clauses of a case that can be dropped one by one, and the question whether a plan exists without some of them.

A clause is a rule, or one line of it: a target, a cap, an admission limit, a directive, what a project requires or
excludes. Clauses that add rows are dropped by freeing their rows; those that take candidates out (lists, protection,
limits that reject) by preparing the case without them. Pool balances, one action per firm and one start per project
are always there, and a market stays open.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quota_opt.errors import Text, Where
from quota_opt.model.build import Problem, build
from quota_opt.model.case import Case, prepare
from quota_opt.model.linear import FloatArray, IntArray
from quota_opt.model.rule import Rule
from quota_opt.report.numbers import short
from quota_opt.report.words import ACTIONS, SENSES, listed, measure_name, resource_name, unit_name
from quota_opt.rules import rules_of
from quota_opt.scenario import Scenario
from quota_opt.solving.elastic import blocks, decided, infeasible_rows, point_of, without_rows
from quota_opt.solving.profile import Profile

Key = tuple[str, int | None]
"""A clause: rule (or `requires`, `excludes`) and the line of its list; None where the rule is one clause."""
LINKS = ("requires", "excludes")
_BY_LIMIT = "admission"
_BY_LINE = (*LINKS, "targets", "caps", "directives", _BY_LIMIT)
CHECK_S = 20.0
"""Longest time for one question."""


@dataclass(frozen=True)
class Clause:
    """One clause: rule, line of its list, what it says, the document's clause, and where the case states it."""

    rule: str
    item: int | None
    title: Text
    clause: str | None
    where: Where

    @property
    def key(self) -> Key:
        """What tells it from other clauses."""
        return self.rule, self.item


@dataclass
class _Built:
    """The case prepared without some screening clauses, its rows by clause, and what is known of it already."""

    problem: Problem
    rows: Mapping[Key, IntArray]
    points: list[frozenset[Key]] = field(default_factory=list)  # clauses that a point found breaks
    never: list[frozenset[Key]] = field(default_factory=list)  # clauses that exclude each other


class Questions:
    """Whether a plan exists when only some clauses hold; answers are kept, models are built once."""

    def __init__(self, scenario: Scenario, profile: Profile, deadline: float) -> None:
        self.scenario, self.profile, self.deadline = scenario, profile, deadline
        self.rules = rules_of(scenario.rules)
        self._built: dict[frozenset[Key], _Built] = {}
        whole = self.built(frozenset())
        self.screening = _screening(whole.problem.case)
        bare = self.built(self.screening)
        self.clauses = self.screening | frozenset(whole.rows) | frozenset(bare.rows)

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self.deadline - time.monotonic()

    @property
    def problem(self) -> Problem:
        """The model of the case itself."""
        return self.built(frozenset()).problem

    def rows_of(self, key: Key) -> IntArray:
        """The rows of a clause in the model of the case."""
        return self.built(frozenset()).rows.get(key, np.zeros(0, dtype=np.int64))

    def built(self, off: frozenset[Key]) -> _Built:
        """The case without these screening clauses."""
        if off not in self._built:
            problem = build(prepare(self.scenario, _without(self.rules, off)))
            self._built[off] = _Built(problem, rows_by_clause(problem))
        return self._built[off]

    def holds(self, active: frozenset[Key]) -> bool | None:
        """Whether there is a plan when of all clauses these alone hold; None where the limit came first."""
        made = self.built(self.screening - active)
        mine = active & frozenset(made.rows)
        if any(not broken & mine for broken in made.points):
            return True
        if any(never <= mine for never in made.never):
            return False
        if self.left <= 0:
            return None
        arrays = without_rows(made.problem.arrays, self._freed(made, active))
        solution = point_of(arrays, self.profile, min(self.left, CHECK_S))
        answer = decided(solution)
        if solution.values is not None:
            made.points.append(_broken(made, solution.values))
        elif answer is False:
            made.never.append(mine)
        return answer

    def shrunk(self, active: frozenset[Key]) -> frozenset[Key]:
        """Fewer of the clauses, where their rows exclude each other even without whole numbers; else all of them."""
        made = self.built(self.screening - active)
        arrays = without_rows(made.problem.arrays, self._freed(made, active))
        rows = infeasible_rows(arrays, min(max(self.left, 0.0), CHECK_S))
        if rows is None:
            return active
        hit = np.zeros(arrays.rows, dtype=bool)
        hit[rows] = True
        named = frozenset(key for key, own in made.rows.items() if hit[own].any())
        fewer = (named | self.screening) & active
        return fewer if self.holds(fewer) is False else active

    def _freed(self, made: _Built, active: frozenset[Key]) -> NDArray[np.bool_]:
        freed = np.zeros(made.problem.arrays.rows, dtype=bool)
        for key, rows in made.rows.items():
            if key not in active and key in self.clauses:
                freed[rows] = True
        return freed


def _screening(case: Case) -> frozenset[Key]:
    """The clauses that take candidates out, or change what they need, before there is a model."""
    found: set[Key] = {(rule.name, None) for rule, bar in case.bars if len(bar.rows) and rule.name not in _BY_LINE}
    limits = case.rule(_BY_LIMIT)
    if limits is not None:
        for i, limit in enumerate(limits.parameters.limits):
            if limit.scope == "project" and limit.action != "report":
                found.add((_BY_LIMIT, i))
    return frozenset(found)


def _without(rules: Iterable[Rule[Any]], off: frozenset[Key]) -> list[Rule[Any]]:
    """The rules without the screening clauses that are off; an admission limit that is off is reported only."""
    kept = []
    for rule in rules:
        if (rule.name, None) in off:
            continue
        lines = {item for name, item in off if name == rule.name}
        if lines:
            limits = tuple(
                limit.model_copy(update={"action": "report"}) if i in lines else limit
                for i, limit in enumerate(rule.parameters.limits)
            )
            kept.append(type(rule)(rule.parameters.model_copy(update={"limits": limits})))
        else:
            kept.append(rule)
    return kept


def rows_by_clause(problem: Problem) -> dict[Key, IntArray]:
    """The rows of each clause; what is always there has none."""
    rows: dict[Key, list[IntArray]] = {}
    for block, info in blocks(problem):
        if not info.elastic or info.rule == "pool" or not block.size:
            continue
        if info.rule in LINKS:
            owner = np.asarray(block.labels["project"])
            for code in np.unique(owner).tolist():
                rows.setdefault((info.rule, int(code)), []).append(block.positions[owner == code])
        else:
            rows.setdefault((info.rule, info.item), []).append(block.positions)
    return {key: np.concatenate(parts) for key, parts in rows.items()}


def _broken(made: _Built, values: FloatArray) -> frozenset[Key]:
    """The clauses whose rows a point breaks."""
    arrays = made.problem.arrays
    activity = arrays.matrix @ values
    size = np.maximum(1.0, np.maximum(np.abs(activity), _finite(arrays.row_lower, arrays.row_upper)))
    excess = np.maximum(activity - arrays.row_upper, arrays.row_lower - activity) > 1e-7 * size
    return frozenset(key for key, rows in made.rows.items() if excess[rows].any())


def _finite(lower: FloatArray, upper: FloatArray) -> FloatArray:
    largest: FloatArray = np.maximum(
        np.where(np.isfinite(lower), np.abs(lower), 0.0), np.where(np.isfinite(upper), np.abs(upper), 0.0)
    )
    return largest


def clause_of(case: Case, key: Key) -> Clause:
    """A clause in words."""
    name, item = key
    scenario, rule = case.scenario, case.rule(name)
    if name in LINKS:
        assert item is not None
        row = int(case.projects["source_row"].iloc[item])
        project = str(case.projects["project"].iloc[item])
        title = Text(f"{project} 的前置项目", f"what {project} requires")
        if name == "excludes":
            title = Text(f"与 {project} 互斥的项目", f"what {project} excludes")
        return Clause(name, item, title, None, scenario.where("projects", row, name))
    assert rule is not None
    where = Where(path=f"rules.{name}")
    if item is None:
        return Clause(name, None, rule.title, rule.clause, where)
    lines = {"targets": _target, "caps": _cap, _BY_LIMIT: _limit, "directives": _directive}
    title, clause, where = lines[name](case, item)
    return Clause(name, item, title, clause or rule.clause, where)


def _target(case: Case, i: int) -> tuple[Text, str | None, Where]:
    line = case.scenario.targets.iloc[i]
    name = measure_name(str(line["measure"]))
    unit = _unit_of(case, str(line["measure"]))
    place = case.place_title(str(line["place"])) if line["place"] else ""
    year = "" if np.isnan(line["year"]) else str(int(line["year"]))
    bound = f"{SENSES[line['sense']]} {short(float(line['value']))}"
    zh = " ".join(part for part in (place, f"{year} 年" if year else "", name.zh, bound, unit_name(unit).zh) if part)
    en = " ".join(part for part in (place, year, name.en, bound, unit_name(unit).en) if part)
    where = case.scenario.where("targets", i, "value")
    return Text(f"目标：{zh}", f"target: {en}"), str(line["clause"]) or None, where


def _unit_of(case: Case, measure: str) -> str:
    from quota_opt.model.measures import known_measures, measure_unit

    first = measure if measure in known_measures(case) else measure.split("+", maxsplit=1)[0].strip()
    return measure_unit(case, first)


def _cap(case: Case, i: int) -> tuple[Text, str | None, Where]:
    rule = case.rule("caps")
    assert rule is not None
    cap = rule.parameters.caps[i]
    what, unit = resource_name(cap.resource), unit_name(case.unit(cap.resource))
    place = case.place_title(cap.place) if cap.place else ""
    year = Text(f"{cap.year} 年", str(cap.year)) if cap.year is not None else Text("", "")
    zh = " ".join(part for part in (place, cap.sector or "", year.zh, what.zh) if part)
    en = " ".join(part for part in (place, cap.sector or "", year.en, what.en) if part)
    title = Text(f"总量上限：{zh} ≤ {short(cap.amount)} {unit.zh}", f"cap: {en} ≤ {short(cap.amount)} {unit.en}")
    return title, cap.clause, Where(path=f"rules.caps.caps.{i}")


def _limit(case: Case, i: int) -> tuple[Text, str | None, Where]:
    rule = case.rule(_BY_LIMIT)
    assert rule is not None
    limit = rule.parameters.limits[i]
    of = limit.criteria
    sign = "≤" if of.is_most else "≥"
    title = Text(
        f"准入：{of.title.zh} {sign} {limit.value:g} {of.unit.zh}".rstrip(),
        f"admission: {of.title.en} {sign} {limit.value:g} {of.unit.en}".rstrip(),
    )
    return title, limit.clause, Where(path=f"rules.admission.limits.{i}")


def directive_at(parameters: Any, item: int) -> tuple[str, int]:
    """The list a directive stands in (projects, firms, measures, reference), and its place there."""
    for name in ("projects", "firms", "measures"):
        size = len(getattr(parameters, name))
        if item < size:
            return name, item
        item -= size
    return "reference", 0


def _directive(case: Case, item: int) -> tuple[Text, str | None, Where]:
    rule = case.rule("directives")
    assert rule is not None
    name, i = directive_at(rule.parameters, item)
    if name == "reference":
        given = rule.parameters.reference
        most = given.most_changes
        title = Text(f"与原方案至多 {most} 处不同", f"at most {most} changes to the plan before")
        return title, given.clause, Where(path="rules.directives.reference")
    one = getattr(rule.parameters, name)[i]
    if name == "measures":
        said, sign = measure_name(one.measure), SENSES[one.sense]
        title = Text(f"指定：{said.zh} {sign} {short(one.value)}", f"directive: {said.en} {sign} {short(one.value)}")
    elif name == "projects":
        verb = Text("安排", "award") if one.award else Text("不安排", "no award of")
        title = Text(f"指定：{verb.zh} {one.project}", f"directive: {verb.en} {one.project}")
    else:
        done = Text("保留", "keep") if one.action == "keep" else listed(ACTIONS, one.action)
        title = Text(f"指定：{done.zh} {one.firm}", f"directive: {done.en} {one.firm}")
    return title, one.clause or None, Where(path=f"rules.directives.{name}.{i}")
