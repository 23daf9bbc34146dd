"""Directives: what the leadership, an earlier promise or an analysis lays down for this run.

    Σ_t start[p, t] = 1      (t = year where given)          a project that must be awarded
    Σ_t share[p, t] = share                                  of which exactly so much
    Σ_t start[p, t] = 0                                      a project that must not be awarded
    Σ_{a, t} act[f, a, t] = 1  (of the action, in the year)  what must be done to a firm
    Σ_{a, t} act[f, a, t] = 0                                a firm that is kept as it is
    m  >= / <= / ==  value                                   a bound on a measure, or on the objective
    Σ_listed (1 − as before) + Σ_others decided  <=  most_changes

==============  ======================================================================  ============
symbol          meaning                                                                 source
==============  ======================================================================  ============
m               a linear measure of the whole plan, or the weighted objective           parameters
as before       1 if a listed project or firm is decided as in the reference: the same  parameters
                year, the same action, the same share where one is listed
others          projects started and firms treated that the reference does not list     decision
most_changes    most projects and firms decided otherwise; each counts once             parameters
==============  ======================================================================  ============

With `bend = true` the bars of other rules (an access limit, a protection, the list of firms) do not keep the project
or the action out. Only bars are lifted: caps, portfolios, budgets, duties and substitution hold as ever. Reports name
each clause that is bent, and by whom.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from quota_opt.errors import Finding, Text
from quota_opt.messages import table
from quota_opt.model.build import Build, RowInfo
from quota_opt.model.case import Case, FloatArray, IntArray
from quota_opt.model.entries import Entries
from quota_opt.model.measures import coefficients, measure_title, measure_unit
from quota_opt.model.objective import stages
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Bend, Rule, RuleAudit
from quota_opt.rules._directing import (
    ACTION_WORDS,
    ANY,
    KEEP,
    OBJECTIVE,
    DirectivesParameters,
    Reference,
    bends_of,
    check_directives,
    linear,
)
from quota_opt.rules._objective import objective_of
from quota_opt.rules._shared import amount, audited
from quota_opt.scenario import RuleParameters

SIDES = {
    "<=": Text("不高于", "at most"),
    ">=": Text("不低于", "at least"),
    "==": Text("等于", "exactly"),
}
SAME_SHARE = 1e-5
"""Shares this near count as the same."""


class Directives(Rule[DirectivesParameters]):
    """Projects, firms and measures that are laid down, and a plan to stay near."""

    name: ClassVar[str] = "directives"
    title: ClassVar[Text] = Text("指定事项", "directives")
    order: ClassVar[int] = 90  # its rows speak of what other rules add to the objective
    Parameters: ClassVar[type[RuleParameters]] = DirectivesParameters

    def check(self, case: Case) -> list[Finding]:
        """Unknown names, years, shares, measures; what is barred without `bend`; what contradicts itself."""
        return check_directives(self, case, self.parameters)

    def bends(self, case: Case) -> Sequence[Bend]:
        """The projects and actions with `bend = true`."""
        return bends_of(self.parameters)

    def rows(self, build: Build) -> None:
        """One row per directive, two where a share is given; the changes to the reference as one."""
        projects = {"project": build.case.projects["project"].to_numpy(dtype=object)}
        firms = {"firm": build.case.firms["firm"].to_numpy(dtype=object)}
        for demand in self._demands(build.case):
            if demand.kind in ("measure", "what"):
                self._bound(build, demand)
                continue
            kept = build.act if demand.kind == "firm" else build.share if demand.part else build.start
            columns = kept[demand.rows][:, demand.years].ravel()
            columns = columns[columns >= 0]
            build.add_rows(
                RowInfo(self.name, demand.clause, demand.unit, item=demand.item),
                {demand.kind: [demand.code], **({"part": [0]} if demand.part else {})},
                {**projects, **firms, "part": np.array(["share"], dtype=object)},
                entries=Entries.stacked([(columns, np.ones(len(columns)))]),
                lower=demand.lower,
                upper=demand.upper,
            )
        if self.parameters.reference is not None:
            self._near(build, self.parameters.reference)

    def audit(self, outcome: Outcome) -> RuleAudit:
        """Each directive against the plan, and the changes to the reference."""
        figures = [
            {
                "project": demand.name if demand.kind == "project" else "",
                "firm": demand.name if demand.kind == "firm" else "",
                "measure": demand.name if demand.kind == "measure" else "",
                "what": demand.name if demand.kind == "what" else "",
                "part": "share" if demand.part else "",
                "clause": demand.clause or "",
                "unit": demand.unit,
                "words": demand.words.zh,
                "words_en": demand.words.en,
                "figure": demand.reached(outcome),
                "lower": demand.lower,
                "upper": demand.upper,
            }
            for demand in self._demands(outcome.case)
        ]
        reference = self.parameters.reference
        if reference is not None:
            figures.append(
                {
                    **dict.fromkeys(("project", "firm", "measure", "part"), ""),
                    "what": "reference",
                    "clause": reference.clause or self.clause or "",
                    "unit": "changes",
                    "words": f"与原方案相比至多改动 {reference.most_changes} 项",
                    "words_en": f"at most {reference.most_changes} changes to the plan made before",
                    "figure": float(len(changes(outcome, reference))),
                    "lower": -np.inf,
                    "upper": float(reference.most_changes),
                }
            )
        rows = pd.DataFrame(figures) if figures else pd.DataFrame({"figure": [], "upper": []})

        def sentence(row: Any) -> Text:
            clause = f"（{row.clause}）" if row.clause else ""
            of = f" ({row.clause})" if row.clause else ""
            least, most = row.lower, row.upper
            sides = [("=", least)] if least == most else [("≥", least), ("≤", most)]
            asked = " ".join(f"{sign} {amount(side)}" for sign, side in sides if np.isfinite(side))
            if row.excess > 0:
                return Text(
                    f"没有落实：{row.words}{clause}，实际 {amount(row.figure)}，要求 {asked}。",
                    f"Not carried out: {row.words_en}{of}; it is {amount(row.figure)}, demanded {asked}.",
                )
            return Text(f"已落实：{row.words}{clause}。", f"Carried out: {row.words_en}{of}.")

        return audited(self, "-", rows, sentence)

    def _demands(self, case: Case) -> Iterator[Demand]:
        """The directives as sums of decisions between bounds; what has no form is a finding and left out."""
        everywhen = np.arange(case.horizon)
        projects = {str(name): row for row, name in enumerate(case.projects["project"])}
        firms = {str(name): row for row, name in enumerate(case.firms["firm"])}
        for i, one in enumerate(self.parameters.projects):
            if one.project not in projects:
                continue
            row = projects[one.project]
            years = everywhen if one.year is None else np.flatnonzero(case.years == one.year)
            clause, bound = one.clause or self.clause, float(one.award)
            called, when = _called(case.projects, "project", row), _on(one.year)
            words = Text(f"不安排 {called}", f"no award of {called}")
            if one.award:
                size = _size(one.share)
                words = Text(f"安排 {called}{when.zh}{size.zh}", f"award {called}{when.en}{size.en}")
            at = np.array([row])
            yield Demand("project", one.project, row, at, years, clause, "projects", bound, bound, words, i)
            if one.share is not None:
                words = Text(f"{called}{_size(one.share).zh}", f"{called}{_size(one.share).en}")
                yield Demand(
                    "project", one.project, row, at, years, clause, "share", one.share, one.share, words, i, part=True
                )
        for i, firm in enumerate(self.parameters.firms, len(self.parameters.projects)):
            if firm.firm not in firms:
                continue
            mine = (case.actions["firm"] == firm.firm).to_numpy(dtype=bool)
            if firm.action not in (KEEP, ANY):
                mine = mine & (case.actions["action"] == firm.action).to_numpy(dtype=bool)
            years = everywhen if firm.year is None else np.flatnonzero(case.years == firm.year)
            bound = float(firm.action != KEEP)
            said, when = ACTION_WORDS[firm.action], _on(firm.year)
            called = _called(case.firms, "firm", firms[firm.firm])
            words = Text(f"{said.zh} {called}{when.zh}", f"{said.en} {called}{when.en}")
            clause, rows = firm.clause or self.clause, np.flatnonzero(mine)
            yield Demand("firm", firm.firm, firms[firm.firm], rows, years, clause, "firms", bound, bound, words, i)
        none = np.zeros(0, dtype=np.int64)
        for i, one_measure in enumerate(self.parameters.measures):
            name = one_measure.measure
            if not linear(case, name):
                continue
            least = one_measure.value if one_measure.sense in (">=", "==") else -np.inf
            most = one_measure.value if one_measure.sense in ("<=", "==") else np.inf
            unit = "objective" if name == OBJECTIVE else measure_unit(case, name)
            clause = one_measure.clause or self.clause
            kind = "what" if name == OBJECTIVE else "measure"
            title = table(kind).get(name) or measure_title(case, name) or Text(name, name)
            side, value = SIDES[one_measure.sense], amount(one_measure.value)
            of = table("unit").get(unit, Text(unit, unit))
            words = Text(f"{title.zh}{side.zh} {value} {of.zh}", f"{title.en} {side.en} {value} {of.en}")
            item = i + len(self.parameters.projects) + len(self.parameters.firms)
            yield Demand(kind, name, i, none, none, clause, unit, least, most, words, item)

    def _bound(self, build: Build, demand: Demand) -> None:
        """The row of a measure; the objective counts what other rules add to it, too."""
        case = build.case
        if demand.name == OBJECTIVE:
            (stage,) = stages(case)
            made = stage.coefficients
            soft = build.penalties
        else:
            made, soft = coefficients(case, demand.name), []
        columns, values = build.expression(made)
        columns = np.concatenate([columns, np.array([column for column, _ in soft], dtype=np.int64)])
        values = np.concatenate([values, np.array([-cost for _, cost in soft])])
        build.add_rows(
            RowInfo(self.name, demand.clause, demand.unit, item=demand.item),
            {demand.kind: [0]},
            {demand.kind: np.array([demand.name], dtype=object)},
            entries=(np.zeros(len(columns), dtype=np.int64), columns, values),
            lower=demand.lower - made.constant,
            upper=demand.upper - made.constant,
        )

    def _near(self, build: Build, given: Reference) -> None:
        """All decisions that are others than in the reference, counted; where a share is listed, with a column."""
        case = build.case
        listed_projects, listed_firms = _listed(case, given)
        column_of: list[IntArray] = []
        sign: list[FloatArray] = []
        for grid, listed in ((build.start, listed_projects.rows), (build.act, listed_firms.rows)):
            others = np.ones(len(grid), dtype=bool)
            others[listed] = False
            columns = grid[others].ravel()
            columns = columns[columns >= 0]
            column_of.append(columns)
            sign.append(np.ones(len(columns)))
        kept = [build.act[rows, t] for rows, t in listed_firms.same]
        for row, t, share in listed_projects.awards:
            if share is None or not bool(case.projects["divisible"].iat[row]) or build.start[row, t] < 0:
                kept.append(build.start[[row], t])
            else:
                kept.append(self._as_before(build, row, t, share))
        columns = np.concatenate([*kept, np.zeros(0, dtype=np.int64)])
        columns = columns[columns >= 0]
        column_of.append(columns)
        sign.append(-np.ones(len(columns)))
        size = len(listed_projects.awards) + len(listed_firms.same)
        build.add_rows(
            RowInfo(self.name, given.clause or self.clause, "changes", item=self.parameters.count),
            {"what": [0]},
            {"what": np.array(["reference"], dtype=object)},
            entries=Entries.stacked([(np.concatenate(column_of), np.concatenate(sign))]),
            upper=float(given.most_changes - size),
        )

    def _as_before(self, build: Build, row: int, t: int, share: float) -> IntArray:
        """A column that is 1 only if the project starts in that year with that share."""
        names = {"project": build.case.projects["project"].to_numpy(dtype=object)}
        label: dict[str, ArrayLike] = {"project": [row], "year": build.case.years[[t]]}
        kept = build.model.add_columns("kept", label, upper=1.0, integer=True, categories=names)
        link = RowInfo(self.name, self.clause, "share", elastic=False)
        size = build.share[row, t]
        for weight, lower, upper in ((-share, 0.0, np.inf), (1.0 - share, -np.inf, 1.0)):
            entries = Entries.stacked([(np.array([size, kept[0]]), np.array([1.0, weight]))])
            build.add_rows(link, label, names, entries=entries, lower=lower, upper=upper)
        return kept


@dataclass(frozen=True)
class Demand:
    """One directive as a row: decisions of `rows` (projects, or actions) in `years`, summed, within bounds.

    `kind` is project, firm, measure, or what (the objective); `code` its position in the table; `part`: shares are
    summed, not starts.
    `item` is the directive's place among projects, firms and measures, one list after the other.
    """

    kind: str
    name: str
    code: int
    rows: IntArray
    years: IntArray
    clause: str | None
    unit: str
    lower: float
    upper: float
    words: Text
    item: int
    part: bool = False

    def reached(self, outcome: Outcome) -> float:
        """What the plan makes of it."""
        if self.kind == "measure":
            return outcome.measure(self.name)
        if self.kind == "what":
            value = objective_of(outcome)
            return float("nan") if value is None else value
        row, year = outcome.award_row, outcome.award_year
        if self.kind == "firm":
            row, year = outcome.action_row, outcome.action_year
        hit = np.isin(row, self.rows) & np.isin(year, self.years)
        return float(outcome.award_share[hit].sum() if self.part else hit.sum())


@dataclass(frozen=True)
class _ListedProjects:
    rows: IntArray
    awards: tuple[tuple[int, int, float | None], ...]  # project, year position, share


@dataclass(frozen=True)
class _ListedFirms:
    rows: IntArray  # every action of the firms listed
    same: tuple[tuple[IntArray, int], ...]  # per firm: its actions of the kind listed, year position


def _listed(case: Case, given: Reference) -> tuple[_ListedProjects, _ListedFirms]:
    """The reference in positions; names and years that are not there are findings and left out."""
    where = {str(name): row for row, name in enumerate(case.projects["project"])}
    years = {int(year): t for t, year in enumerate(case.years)}
    awards = tuple(
        (where[p.project], years[p.year], p.share) for p in given.projects if p.project in where and p.year in years
    )
    owner, kind = case.actions["firm"].to_numpy(dtype=object), case.actions["action"].to_numpy(dtype=object)
    known = set(case.firms["firm"])
    firms = [f for f in given.firms if f.firm in known and f.year in years]
    mine = np.flatnonzero(np.isin(owner.astype(str), [f.firm for f in firms]))
    same = tuple((np.flatnonzero((owner == f.firm) & (kind == f.action)), years[f.year]) for f in firms)
    return _ListedProjects(np.array([row for row, _, _ in awards], dtype=np.int64), awards), _ListedFirms(mine, same)


def _called(named: pd.DataFrame, key: str, row: int) -> str:
    """A project or firm by its identifier and the name people know it by."""
    name, title = str(named[key].iat[row]), str(named["name"].iat[row] or "")
    return name if title in ("", name) else f"{name} {title}"


def _size(share: float | None) -> Text:
    return Text("", "") if share is None else Text(f"（份额 {share:.4g}）", f" at a share of {share:.4g}")


def _on(year: int | None) -> Text:
    return Text("", "") if year is None else Text(f"（{year} 年）", f" in {year}")


def changes(outcome: Outcome, given: Reference) -> list[str]:
    """Projects and firms that the plan decides otherwise than the reference."""
    case = outcome.case
    started = {
        str(case.projects["project"].iat[row]): (int(case.years[t]), float(share))
        for row, t, share in zip(outcome.award_row, outcome.award_year, outcome.award_share, strict=True)
    }
    done = {
        str(case.actions["firm"].iat[row]): (str(case.actions["action"].iat[row]), int(case.years[t]))
        for row, t in zip(outcome.action_row, outcome.action_year, strict=True)
    }
    projects, firms = {p.project: p for p in given.projects}, {f.firm: f for f in given.firms}
    found = [name for name in started if name not in projects] + [name for name in done if name not in firms]
    for name, award in projects.items():
        year, share = started.get(name, (None, 0.0))
        if year != award.year or (award.share is not None and abs(share - award.share) > SAME_SHARE):
            found.append(name)
    return found + [name for name, f in firms.items() if done.get(name) != (f.action, f.year)]
