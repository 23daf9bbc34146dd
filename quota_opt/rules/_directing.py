"""Parameters of directives, and what they may not say: unknown names, years and shares, bars, contradictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from quota_opt.errors import Finding, Level, Text, Where
from quota_opt.model.case import Case
from quota_opt.model.measures import coefficients
from quota_opt.model.objective import check_measure, has_soft_targets, stages
from quota_opt.model.rule import Bend, Rule
from quota_opt.scenario import RuleParameters, refused
from quota_opt.scenario.nearest import mend_name
from quota_opt.scenario.standing import clause_words, standings

OBJECTIVE = "objective"
KEEP, ANY = "keep", "any"
FirmAction = Literal["close", "upgrade", "relocate", "merge", "rebuild", "any", "keep"]
ACTION_WORDS = {
    "close": Text("关停", "close"),
    "upgrade": Text("提升改造", "upgrade"),
    "relocate": Text("搬迁", "relocate"),
    "merge": Text("整合", "merge"),
    "rebuild": Text("重建", "rebuild"),
    ANY: Text("整治", "treat"),
    KEEP: Text("保留", "keep"),
}


class _Directed(BaseModel):
    """What every directive has: who laid it down, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: str = Field(default="", description="who laid it down")
    reason: str = Field(default="", description="why")

    @property
    def clause(self) -> str:
        """Who and why, as a clause is cited."""
        return " · ".join(part for part in (self.by, self.reason) if part)


class ProjectDirective(_Directed):
    """A project that must be awarded, or must not be."""

    project: str = Field(description="the project")
    award: bool = Field(default=True, description="true: it must be awarded; false: it must not")
    year: int | None = Field(default=None, description="year it starts in; blank: any")
    share: float | None = Field(
        default=None, gt=0.0, le=1.0, description="exactly this share of a divisible project; blank: any it may have"
    )
    bend: bool = Field(default=False, description="true: the bars of other rules do not keep it out")

    @model_validator(mode="after")
    def _refusal_is_plain(self) -> ProjectDirective:
        if not self.award and (self.share is not None or self.bend or self.year is not None):
            raise refused(
                Text("不予安排时不写 year、share、bend", "with award = false there is no year, share or bend"),
                Text("删去这几项，或改为 award = true。", "Leave them out, or write award = true."),
            )
        return self


class FirmDirective(_Directed):
    """What must be done to a firm, or that it is left as it is."""

    firm: str = Field(description="the firm")
    action: FirmAction = Field(description="what must be done to it; any: one action or another; keep: nothing")
    year: int | None = Field(default=None, description="year it is done in; blank: any")
    bend: bool = Field(default=False, description="true: the bars of other rules do not forbid it")

    @model_validator(mode="after")
    def _one_action_is_bent(self) -> FirmDirective:
        if self.bend and self.action in (KEEP, ANY):
            raise refused(
                Text("bend 须配一种具体措施", "bend goes with one kind of action"),
                Text('写明措施，如 action = "close"，或删去 bend。', 'Name it, as action = "close", or drop bend.'),
            )
        if self.action == KEEP and self.year is not None:
            raise refused(
                Text("保留（keep）不写年份", "keep has no year"),
                Text("删去 year：保留指整个规划期。", "Leave the year out: a firm is kept throughout."),
            )
        return self


class MeasureDirective(_Directed):
    """A bound on a measure of the plan."""

    measure: str = Field(description="a measure, or objective: the case's weighted objective")
    sense: Literal["<=", ">=", "=="] = Field(description="at most, at least or exactly")
    value: float = Field(allow_inf_nan=False, description="the bound")


class ReferenceProject(BaseModel):
    """An award of the plan that was made before."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    project: str = Field(description="a project awarded before")
    year: int = Field(description="the year of its start")
    share: float | None = Field(
        default=None, gt=0.0, le=1.0, description="its share; blank: another share is no change"
    )


class ReferenceFirm(BaseModel):
    """An action of the plan that was made before."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    firm: str = Field(description="a firm treated before")
    action: Literal["close", "upgrade", "relocate", "merge", "rebuild"] = Field(description="what was done to it")
    year: int = Field(description="the year of the action")


class Reference(_Directed):
    """A plan made before, and how many of its decisions may be others now."""

    projects: tuple[ReferenceProject, ...] = Field(default=(), description="the awards made before")
    firms: tuple[ReferenceFirm, ...] = Field(default=(), description="the actions done before")
    most_changes: int = Field(ge=0, description="most projects and firms that may be decided otherwise")


class DirectivesParameters(RuleParameters):
    """`projects`, `firms` and `measures` that are laid down for this run, and a `reference` plan to stay near."""

    projects: tuple[ProjectDirective, ...] = Field(default=(), description="projects to award or not to award")
    firms: tuple[FirmDirective, ...] = Field(default=(), description="what is done to firms")
    measures: tuple[MeasureDirective, ...] = Field(default=(), description="bounds on measures")
    reference: Reference | None = Field(default=None, description="a plan made before, and the most changes to it")

    @property
    def count(self) -> int:
        """How many projects, firms and measures are laid down."""
        return len(self.projects) + len(self.firms) + len(self.measures)


def bends_of(parameters: DirectivesParameters) -> list[Bend]:
    """The candidates that directives with `bend = true` let pass."""
    found = [Bend(d.project, None, d.year, d.by, d.reason) for d in parameters.projects if d.bend]
    return found + [Bend(d.firm, d.action, d.year, d.by, d.reason) for d in parameters.firms if d.bend]


def check_directives(rule: Rule[Any], case: Case, parameters: DirectivesParameters) -> list[Finding]:
    """Unknown names, years outside the horizon, what cannot be, what is barred, and what contradicts itself."""
    checks = _Checks(rule, case)
    for i, project in enumerate(parameters.projects):
        checks.project(f"projects.{i}", project)
    for i, firm in enumerate(parameters.firms):
        checks.firm(f"firms.{i}", firm)
    for i, measure in enumerate(parameters.measures):
        checks.measure(f"measures.{i}", measure)
    checks.once("projects", [d.project for d in parameters.projects])
    checks.once("firms", [d.firm for d in parameters.firms])
    checks.together(parameters.projects)
    checks.bounds(parameters.measures)
    if parameters.reference is not None:
        checks.reference(parameters.reference)
    return checks.found


class _Checks:
    """Findings gathered about one case's directives."""

    def __init__(self, rule: Rule[Any], case: Case) -> None:
        self.rule, self.case = rule, case
        self.found: list[Finding] = []
        self.projects = {str(name): row for row, name in enumerate(case.projects["project"])}
        self.firms = {str(name): row for row, name in enumerate(case.firms["firm"])}

    def add(
        self, code: str, path: str, what: Text, fix: Text, seen: str | None = None, level: Level = Level.ERROR
    ) -> None:
        where = Where(path=f"rules.{self.rule.name}.{path}", rule=self.rule.name, clause=self.rule.clause)
        self.found.append(Finding(level, code, what, where, fix, seen))

    def known(self, path: str, name: str, names: Sequence[str], kind: Text) -> bool:
        if name in names:
            return True
        what = Text(f"指定事项写到的{kind.zh}“{name}”不存在。", f"A directive names the {kind.en} {name!r}, not there.")
        self.add(f"unknown-{kind.en}", path, what, mend_name(name, list(names)), name)
        return False

    def in_horizon(self, path: str, year: int | None) -> bool:
        years = self.case.years
        if year is None or years[0] <= year <= years[-1]:
            return True
        what = Text(f"指定的年份 {year} 不在规划期内。", f"The year {year} of a directive is outside the horizon.")
        fix = Text(
            f"改为 {years[0]}–{years[-1]} 中的一年，或不写。", f"Use {years[0]} to {years[-1]}, or leave it out."
        )
        self.add("year-outside-horizon", f"{path}.year", what, fix, str(year))
        return False

    def years(self, year: int | None) -> NDArray[np.bool_]:
        return np.ones(self.case.horizon, dtype=bool) if year is None else self.case.years == year

    def project(self, path: str, one: ProjectDirective) -> None:
        if not self.known(f"{path}.project", one.project, list(self.projects), Text("项目", "project")):
            return
        if not self.in_horizon(path, one.year) or not one.award:
            return
        row, case = self.projects[one.project], self.case
        self._share(path, one, row)
        years = self.years(one.year)
        self._possible(
            path, one, one.project, years, case.start_window[[row]], case.start_allowed[[row]], "project", [row]
        )

    def _share(self, path: str, one: ProjectDirective, row: int) -> None:
        divisible = bool(self.case.projects["divisible"].iat[row])
        least = float(self.case.projects["min_share"].to_numpy(dtype=float)[row])
        if one.share is None:
            if divisible and least <= 0.0:
                what = Text(
                    f"{one.project} 没有最小份额，指定安排而不写份额，可能只安排极小一部分。",
                    f"{one.project} has no least share: awarded without a share, it may be of next to no size.",
                )
                fix = Text("写上 share，如 share = 1.0。", "Give a share, as share = 1.0.")
                self.add("award-without-size", path, what, fix, level=Level.WARNING)
        elif not divisible and one.share != 1.0:
            what = Text(
                f"{one.project} 不可分割，不能只安排 {one.share:.0%}。",
                f"{one.project} is indivisible; it cannot have a share of {one.share:g}.",
            )
            fix = Text("删去 share，或在项目表中标为可分割。", "Leave the share out, or make the project divisible.")
            self.add("share-of-indivisible", f"{path}.share", what, fix, f"{one.share:g}")
        elif one.share < least:
            what = Text(
                f"{one.project} 至少要安排 {least:.0%}，指定的是 {one.share:.0%}。",
                f"{one.project} takes {least:g} at least; the directive gives {one.share:g}.",
            )
            fix = Text(f"写不小于 {least:g} 的份额。", f"Give a share of {least:g} or more.")
            self.add("share-below-least", f"{path}.share", what, fix, f"{one.share:g}")

    def firm(self, path: str, one: FirmDirective) -> None:
        if not self.known(f"{path}.firm", one.firm, list(self.firms), Text("企业", "firm")):
            return
        if not self.in_horizon(path, one.year) or one.action == KEEP:
            return
        case, words = self.case, ACTION_WORDS[one.action]
        mine = (case.actions["firm"] == one.firm).to_numpy(dtype=bool)
        if one.action != ANY:
            mine = mine & (case.actions["action"] == one.action).to_numpy(dtype=bool)
        rows = np.flatnonzero(mine)
        if not len(rows):
            what = Text(f"{one.firm} 没有“{words.zh}”这一措施。", f"{one.firm} has no action {one.action!r}.")
            fix = Text(
                "在措施表中补上一行，或在 [actions] 中写该措施的默认值。",
                "Add a row to the table of actions, or defaults of the action under [actions].",
            )
            if not one.bend and case.listing is not None and not case.listing.listed[self.firms[one.firm]]:
                fix = Text(
                    f"该企业不在低效企业清单内；要破例，请写 bend = true。{fix.zh}",
                    f"The firm is not on the list; to bend that, write bend = true. {fix.en}",
                )
            self.add("no-such-action", f"{path}.action", what, fix, one.action)
            return
        self._possible(
            path,
            one,
            f"{one.firm}（{words.zh}）",
            self.years(one.year),
            case.act_window[rows],
            case.act_allowed[rows],
            "action",
            rows.tolist(),
        )

    def _possible(
        self,
        path: str,
        one: ProjectDirective | FirmDirective,
        name: str,
        years: NDArray[np.bool_],
        window: NDArray[np.bool_],
        allowed: NDArray[np.bool_],
        kind: str,
        rows: list[int],
    ) -> None:
        """Whether a candidate is left in the years asked for; if not, which rule bars it and with which figure."""
        if not (window & years).any():
            what = Text(f"{name} 在指定的年份不能进行。", f"{name} may not happen in the years of the directive.")
            fix = Text("改年份，或改 earliest、latest。", "Change the year, or earliest and latest.")
            self.add("directive-outside-window", path, what, fix, "" if one.year is None else str(one.year))
            return
        bent = any(
            bar.kind == kind and (bar.forbidden & years)[np.isin(bar.rows, rows)].any() for _, bar in self.case.bent
        )
        if one.bend and not bent:
            what = Text(f"{name} 没有需要突破的条款。", f"No bar keeps {name} out; there is nothing to bend.")
            fix = Text("可以删去 bend。", "bend may be left out.")
            self.add("nothing-to-bend", f"{path}.bend", what, fix, level=Level.INFO)
        if (allowed & years).any():
            return
        of = standings(self.case.scenario)
        said = []
        for rule, bar in self.case.bars:
            for at in np.flatnonzero(np.isin(bar.rows, rows)).tolist() if bar.kind == kind else ():
                if (bar.forbidden[at] & years).any():
                    clause = clause_words(rule.clause, of) if rule.clause else Text("", "")
                    figure = f"（{bar.figures[at]}）" if bar.figures[at] else ""
                    zh = f"{rule.title.zh}{f'【{clause.zh}】' if clause.zh else ''}：{bar.texts[at].zh.rstrip('。')}"
                    en = f"{rule.title.en}{f' [{clause.en}]' if clause.en else ''}: {bar.texts[at].en.rstrip('.')}"
                    said.append(Text(zh + figure, en + (f" ({bar.figures[at]})" if figure else "")))
        told = list(dict.fromkeys(said))
        what = Text(
            f"{name} 被条款排除，指定无效：{'；'.join(text.zh for text in told)}。",
            f"{name} is barred, so the directive cannot hold: {'; '.join(text.en for text in told)}.",
        )
        fix = Text(
            "撤销该指定；确要破例的，写 bend = true（命令行 --bend），报告会写明突破了哪一条。",
            "Drop the directive; or write bend = true (--bend), and reports will name the clause that is bent.",
        )
        if one.bend:
            fix = Text("请另选年份。", "Choose another year.")
        self.add("directive-barred", path, what, fix, name)

    def measure(self, path: str, one: MeasureDirective) -> None:
        if one.measure != OBJECTIVE:
            where = Where(path=f"rules.{self.rule.name}.{path}.measure", rule=self.rule.name)
            wrong = check_measure(self.case, one.measure, where)
            if wrong is not None:
                self.found.append(wrong)
        elif len(stages(self.case)) != 1 or self.case.scenario.settings.objective.form != "weighted":
            what = Text(
                "本案例分几层优化，没有单一的目标值可限定。",
                "The case is optimised in several stages; there is no one objective to bound.",
            )
            fix = Text("改用某个成效指标。", "Bound a measure instead.")
            self.add("objective-of-stages", f"{path}.measure", what, fix, one.measure)

        elif one.sense != ">=" and has_soft_targets(self.case):
            what = Text(
                "有软目标时，目标值只能限定下限：上限可以靠故意不完成软目标来满足。",
                "With soft targets the objective has lower bounds only: missing them on purpose would lower it.",
            )
            fix = Text("改用 >=，或限定某个成效指标。", "Use >=, or bound a measure.")
            self.add("objective-of-soft-targets", f"{path}.sense", what, fix, one.sense)

    def once(self, table: str, names: list[str]) -> None:
        for i, name in enumerate(names):
            if name in names[:i]:
                what = Text(f"{name} 有不止一条指定，互相矛盾或重复。", f"{name} has more than one directive.")
                fix = Text("同一对象只留一条。", "Keep one directive for each.")
                self.add("contradictory-directives", f"{table}.{i}", what, fix, name)

    def together(self, directives: Sequence[ProjectDirective]) -> None:
        """Awards that exclude each other, are variants of one project, or need one that is refused."""
        case = self.case
        groups, _ = case.groups
        awarded = {
            self.projects[d.project]: i for i, d in enumerate(directives) if d.award and d.project in self.projects
        }
        refused_ones = {self.projects[d.project] for d in directives if not d.award and d.project in self.projects}
        fix = Text("只指定其中一个，或改项目表。", "Direct one of them only, or change the table of projects.")
        name, excludes, requires = (case.projects[key].tolist() for key in ("project", "excludes", "requires"))
        for row, i in awarded.items():
            for other in awarded:
                same = groups[row] == groups[other]
                apart = any(other in case.members(e) for e in excludes[row])
                if other != row and (same or apart) and (apart or other < row):
                    words = (
                        Text("是同一组方案", "are variants of one project")
                        if same
                        else Text("互斥", "exclude each other")
                    )
                    what = Text(
                        f"指定安排的 {name[row]} 与 {name[other]} {words.zh}。",
                        f"{name[row]} and {name[other]}, both to be awarded, {words.en}.",
                    )
                    self.add("contradictory-directives", f"projects.{i}", what, fix, name[row])
            for needed in requires[row]:
                members = case.members(needed).tolist()
                if members and set(members) <= refused_ones:
                    what = Text(
                        f"指定安排的 {name[row]} 需要 {needed} 先行，而它被指定不予安排。",
                        f"{name[row]}, to be awarded, requires {needed}, which is to be refused.",
                    )
                    self.add("contradictory-directives", f"projects.{i}", what, fix, name[row])

    def bounds(self, directives: Sequence[MeasureDirective]) -> None:
        """Bounds on one measure that leave no value."""
        least: dict[str, float] = {}
        most: dict[str, float] = {}
        for i, one in enumerate(directives):
            if one.sense in (">=", "=="):
                least[one.measure] = max(least.get(one.measure, -np.inf), one.value)
            if one.sense in ("<=", "=="):
                most[one.measure] = min(most.get(one.measure, np.inf), one.value)
            low, high = least.get(one.measure, -np.inf), most.get(one.measure, np.inf)
            if low > high:
                what = Text(
                    f"{one.measure} 被指定不低于 {low:g}，又不高于 {high:g}。",
                    f"{one.measure} is to be at least {low:g} and at most {high:g}.",
                )
                fix = Text("改其中一个数。", "Change one of the figures.")
                self.add("contradictory-directives", f"measures.{i}.value", what, fix, f"{one.value:g}")

    def reference(self, given: Reference) -> None:
        for table, entries, kind, known in (
            ("projects", [(p.project, p.year) for p in given.projects], Text("项目", "project"), self.projects),
            ("firms", [(f.firm, f.year) for f in given.firms], Text("企业", "firm"), self.firms),
        ):
            for i, (name, year) in enumerate(entries):
                path = f"reference.{table}.{i}"
                self.known(f"{path}.{kind.en}", name, list(known), kind)
                self.in_horizon(path, year)
            self.once(f"reference.{table}", [name for name, _ in entries])


def linear(case: Case, measure: str) -> bool:
    """Whether a directive about this measure can be a row; what cannot is a finding."""
    if measure == OBJECTIVE:
        return len(stages(case)) == 1 and case.scenario.settings.objective.form == "weighted"
    try:
        coefficients(case, measure)
    except (KeyError, ValueError):
        return False
    return True
