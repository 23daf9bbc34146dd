"""Admission: which new projects may draw on the quota, by energy per value added or another criterion.

A project fails a limit when, at full size,

    energy_intensity, carbon_intensity     amount > value · value added     (fails outright without value added)
    tax_per_mu, value_added_per_mu,
    investment_per_mu                      amount < value · land
    {amount = A, per = B}                  A > value · B     any two numeric columns of projects; with at_least = true
                                           A < value · B     (revenue per mu; energy per product: the product norm)

What then happens is the limit's `action`: `reject` (it cannot start), `substitute` (it draws `ratio` times its energy
from the pools), `report` (said, nothing else). `scope = "portfolio"` holds the weighted mean of what is awarded to the
limit instead:  Σ share·amount <= value · Σ share·base. `scope = "set"` pairs `projects` with `firms`: in each year in
which one of the projects has started,

    Σ_projects share·amount − Σ_firms freed  <=  value · (Σ_projects share·value added − Σ_firms value added lost)

with what the firms' actions have made available (and lost) by that year: who starts before the closure it is paired
with has not got its relief yet. A set in which nothing has started is under no limit. Several limits stack. A project
with a favoured tag gets the favour's action where it would be rejected or pay by substitution, and the override is
reported.

====================  ============================================================  ============  ============
symbol                meaning                                                       unit          source
====================  ============================================================  ============  ============
energy                on the declared basis, at full size                           tce/yr        projects.csv
value added           industrial value added, not output                            10k yuan/yr   projects.csv
value                 the limit                                                     tce/10k yuan  parameters
====================  ============================================================  ============  ============
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from quota_opt.errors import Finding, Level, Text
from quota_opt.model.build import Build, RowInfo
from quota_opt.model.case import Case, FloatArray, IntArray, records
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Bar, Rule, RuleAudit
from quota_opt.rules._shared import audited, check_choices, check_places, inside, note
from quota_opt.scenario import RuleParameters, refused, unit_words
from quota_opt.scenario.accounting import fuel_energy
from quota_opt.scenario.factors import factors_with
from quota_opt.scenario.settings import BothLanguages

Named = Literal["energy_intensity", "carbon_intensity", "tax_per_mu", "value_added_per_mu", "investment_per_mu"]


class Ratio(BaseModel):
    """A criterion of the case's own: one numeric column of projects per another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: str = Field(description="column of projects above the line")
    per: str = Field(description="column of projects below it")
    at_least: bool = Field(default=False, description="true: the limit is a minimum")
    title: BothLanguages | None = Field(default=None, description="how the criterion is called")
    unit: str = Field(default="", description="unit of the limit, as shown")


class Criterion(NamedTuple):
    """A criterion ready for use: columns above and below the line, the side that fails, words and unit."""

    amount: str
    base: str
    is_most: bool
    title: Text
    unit: Text
    amount_unit: str


def _criterion(named: str, amount: str, base: str, is_most: bool, title: Text, units: tuple[str, str]) -> Criterion:
    top, below = (unit_words(unit) for unit in units)
    return Criterion(amount, base, is_most, title, Text(f"{top.zh}/{below.zh}", f"{top.en}/{below.en}"), units[0])


MONEY = "10k yuan"
CRITERIA: dict[str, Criterion] = {
    row[0]: _criterion(*row)
    for row in (
        ("energy_intensity", "energy", "value_added", True, Text("能耗强度", "energy intensity"), ("tce", MONEY)),
        ("carbon_intensity", "carbon_t", "value_added", True, Text("碳排放强度", "carbon intensity"), ("tCO2", MONEY)),
        ("tax_per_mu", "tax", "land_mu", False, Text("亩均税收", "tax per mu"), (MONEY, "mu")),
        (
            "value_added_per_mu",
            "value_added",
            "land_mu",
            False,
            Text("亩均增加值", "value added per mu"),
            (MONEY, "mu"),
        ),
        ("investment_per_mu", "investment", "land_mu", False, Text("亩均投资", "investment per mu"), (MONEY, "mu")),
    )
}
RESOURCES = {"energy": "energy", "carbon_t": "carbon"}
RELATIVE = 1e-9
# Factors in public use lie between these; a break-even outside them says nothing about the choice of factor.
LEAST_FACTOR, MOST_FACTOR = 0.2, 0.4


class Limit(BaseModel):
    """One limit: its value, whom it concerns (places, sectors, `applies_to`), and what happens above it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float = Field(ge=0.0, description="the limit")
    places: tuple[str, ...] | None = Field(default=None, description="these places and all below (default all)")
    applies_to: str = Field(default="new_projects", description="new_projects, a category or a tag")
    action: Literal["reject", "substitute", "buy", "report"] = Field(default="reject", description="what then happens")
    ratio: float = Field(default=1.0, ge=1.0, description="quota given up per tce used, with substitute")
    sectors: tuple[str, ...] | None = Field(default=None, description="these sectors only")
    criterion: Named | Ratio = Field(default="energy_intensity", description="what is measured")
    scope: Literal["project", "portfolio", "set"] = Field(default="project", description="of what it is measured")
    projects: tuple[str, ...] | None = Field(default=None, description="projects (or variant groups) of a set")
    firms: tuple[str, ...] | None = Field(default=None, description="firms whose actions a set counts")
    clause: str | None = Field(default=None, description="clause of this limit")

    @model_validator(mode="after")
    def _possible(self) -> Limit:
        if self.action == "substitute" and self.criteria.amount != "energy":
            raise refused(
                Text(
                    "替代是按用能加倍的，只能用于以能耗为分子的 criterion（如 energy_intensity）",
                    "substitution multiplies the use of energy; the criterion must have energy on top",
                )
            )
        if self.scope != "project" and self.action not in ("reject", "report"):
            raise refused(
                Text("整体上限只能 reject 或 report", "a portfolio or set limit either holds (reject) or is reported")
            )
        of_set = self.projects is not None or self.firms is not None
        if (self.scope == "set") != of_set or (of_set and not self.projects):
            raise refused(
                Text(
                    "scope = 'set' 须写 projects（可加 firms）；其他情形不写",
                    "scope = 'set' needs projects (and may have firms); other scopes have neither",
                )
            )
        top, base = self.criteria.amount, self.criteria.base
        if self.scope == "set" and (top not in RESOURCES or base != "value_added" or not self.criteria.is_most):
            raise refused(
                Text(
                    "成对上限只适用于 energy_intensity 和 carbon_intensity",
                    "a limit on a set needs energy_intensity or carbon_intensity",
                )
            )
        return self

    @property
    def criteria(self) -> Criterion:
        """The criterion, named or the case's own."""
        if isinstance(self.criterion, str):
            return CRITERIA[self.criterion]
        own, title = self.criterion, self.criterion.title
        plain = f"{own.amount}/{own.per}"
        words = Text(title.zh or plain, title.en or plain) if title is not None else Text(plain, plain)
        return Criterion(own.amount, own.per, not own.at_least, words, Text(own.unit, own.unit), "-")


class Favour(BaseModel):
    """Projects with one of `tags` get this action where they fail a limit, and the override is reported."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tags: tuple[str, ...] = Field(description="tags that are favoured")
    action: Literal["report", "substitute"] = Field(default="report", description="what then happens instead")
    ratio: float = Field(default=1.0, ge=1.0, description="quota given up per tce used, with substitute")


class AdmissionParameters(RuleParameters):
    """The limits, and who is favoured."""

    limits: tuple[Limit, ...] = Field(description="the limits; all of them count")
    favour: Favour | None = Field(default=None, description="projects that are favoured")


class Admission(Rule[AdmissionParameters]):
    """The gate for new projects."""

    name: ClassVar[str] = "admission"
    title: ClassVar[Text] = Text("项目准入", "admission of projects")
    order: ClassVar[int] = 30
    Parameters: ClassVar[type[RuleParameters]] = AdmissionParameters

    def check(self, case: Case) -> list[Finding]:
        """Unknown places and sectors, limits that concern no project, purchase without a market."""
        found: list[Finding] = []
        sectors = sorted(set(case.projects["sector"]) | set(case.firms["sector"]))
        for i, limit in enumerate(self.parameters.limits):
            found += check_places(self, limit.places or (), case.places, f"limits.{i}.places")
            what = Text("行业", "sector")
            # One policy may serve many counties, and not every county has every sector it names.
            path = f"limits.{i}.sectors"
            found += check_choices(self, limit.sectors or (), sectors, path, what, Level.WARNING)
            if isinstance(limit.criterion, Ratio):
                numeric = [c for c in case.projects.columns if pd.api.types.is_float_dtype(case.projects[c])]
                columns = [limit.criterion.amount, limit.criterion.per]
                what = Text("项目数值列", "numeric column of projects")
                found += check_choices(self, columns, numeric, f"limits.{i}.criterion", what)
            found += self._check_set(case, i, limit)
            if limit.action == "buy":
                found.append(
                    note(
                        self,
                        "no-market",
                        Text(
                            "超限购买用能权需要交易规则，而本案例没有。",
                            "Buying quota above the limit needs a rule for trading, which there is not.",
                        ),
                        Text(
                            "改用 reject、substitute（并写 ratio）或 report。",
                            "Use reject, substitute (with a ratio) or report.",
                        ),
                        level=Level.ERROR,
                        seen="buy",
                    )
                )
            if len(case.projects) and not self._concerned(case, limit).any() and limit.applies_to != "new_projects":
                found.append(
                    note(
                        self,
                        "limit-without-projects",
                        Text(f"没有项目属于“{limit.applies_to}”。", f"No project falls under {limit.applies_to!r}."),
                        Text(
                            "applies_to 写 new_projects、项目类别或项目标签。",
                            "applies_to is new_projects, a category or a tag of projects.",
                        ),
                        level=Level.WARNING,
                        seen=limit.applies_to,
                    )
                )
        return found

    def _check_set(self, case: Case, i: int, limit: Limit) -> list[Finding]:
        """Projects and firms of a set that are not there, and a set without its resource."""
        if limit.scope != "set":
            return []
        projects = [*case.projects["project"], *(group for group in case.projects["variant_of"].unique() if group)]
        path, named = f"limits.{i}.projects", Text("项目或方案组", "project or group")
        found = check_choices(self, limit.projects or (), projects, path, named)
        firms = case.firms["firm"].tolist()
        found += check_choices(self, limit.firms or (), firms, f"limits.{i}.firms", Text("企业", "firm"))
        resource = RESOURCES[limit.criteria.amount]
        path, named = f"limits.{i}.criterion", Text("资源", "resource")
        return found + check_choices(self, [resource], case.resources, path, named)

    def bars(self, case: Case) -> list[Bar]:
        """Projects that fail a rejecting limit and are not favoured."""
        favoured = self._favoured(case)
        bars = []
        for limit in self.parameters.limits:
            if limit.action == "reject" and limit.scope == "project":
                rows = np.flatnonzero(self._fails(case, limit) & ~favoured)
                years = np.ones((len(rows), case.horizon), dtype=bool)
                texts = self._words(case, rows, limit)
                figures = [f"{ratio:.4g} / {limit.value:g}" for ratio in _ratios(case, rows, limit.criteria)]
                bars.append(Bar("project", rows, years, "rejected", texts, figures))
        return bars

    def ratios(self, case: Case) -> FloatArray:
        """The largest ratio that a failed limit, or the favour, demands."""
        favoured = self._favoured(case)
        ratio = np.ones(len(case.projects))
        for limit in self.parameters.limits:
            if limit.scope != "project":
                continue
            fails = self._fails(case, limit)
            if limit.action == "substitute":
                ratio = np.where(fails & ~favoured, np.maximum(ratio, limit.ratio), ratio)
            favour = self.parameters.favour
            if favour is not None and favour.action == "substitute" and limit.action in ("reject", "substitute"):
                ratio = np.where(fails & favoured, np.maximum(ratio, favour.ratio), ratio)
        return ratio

    def notes(self, case: Case) -> list[Finding]:
        """Projects above a limit that is only reported, and overrides in favour of tags."""
        favoured = self._favoured(case)
        found = []
        for limit in self.parameters.limits:
            if limit.scope != "project":
                continue
            fails = self._fails(case, limit)
            rows = np.flatnonzero(fails & (favoured | (limit.action == "report")))
            names = case.projects["project"].to_numpy(dtype=object)[rows]
            over = limit.action != "report"
            end = (
                Text("，按扶持条款放行", ", let through by favour") if over else Text("（仅提示）", " (reported only)")
            )
            ratios = _ratios(case, rows, limit.criteria)
            for project, words, ratio in zip(names, self._words(case, rows, limit), ratios, strict=True):
                found.append(
                    note(
                        self,
                        "admission-override" if over else "admission-report",
                        Text(f"{project}：{words.zh}{end.zh}", f"{project}: {words.en}{end.en}"),
                        Text("无需修改；请在方案中说明理由。", "Nothing to mend; give the reason in the papers."),
                        seen=f"{ratio:.4g}",
                    )
                )
        return found

    def rows(self, build: Build) -> None:
        """One row per portfolio limit and year; one per set, project of the set and year."""
        case = build.case
        for limit in self.parameters.limits:
            if limit.scope == "project" or limit.action != "reject":
                continue
            info = RowInfo(self.name, limit.clause or self.clause, limit.criteria.amount_unit)
            over = self._over(case, limit) * self._together(case, limit)
            awards = _upto(build.share, over)
            if limit.scope == "portfolio":
                build.add_rows(info, {"year": case.years}, entries=awards, upper=0.0)
                continue
            relief, loss, slack = self._relief(case, limit)
            lag = case.actions["lag"].to_numpy()
            parts = [awards, _upto(build.act, loss), _upto(build.act, -relief, lag)]
            row, column, value = (np.concatenate([part[i] for part in parts]) for i in range(3))
            for q in np.flatnonzero(self._together(case, limit)).tolist():
                # The row holds once q has started; until then it may be off by all the others and the firms can be.
                free = slack + float(np.maximum(over, 0.0).sum()) - max(float(over[q]), 0.0)
                only = np.zeros(len(case.projects))
                only[q] = free
                started = _upto(build.start, only)
                build.add_rows(
                    info,
                    {"project": np.full(case.horizon, q), "year": case.years},
                    {"project": case.projects["project"].to_numpy(dtype=object)},
                    entries=(
                        np.concatenate([row, started[0]]),
                        np.concatenate([column, started[1]]),
                        np.concatenate([value, started[2]]),
                    ),
                    upper=free,
                )

    def overrides(self, outcome: Outcome) -> tuple[str, ...]:
        """Awards above a limit that a favour let through."""
        case = outcome.case
        over = np.zeros(len(case.projects), dtype=bool)
        for limit in self.parameters.limits:
            if limit.scope == "project" and limit.action != "report":
                over |= self._fails(case, limit)
        passed = outcome.award_row[(over & self._favoured(case))[outcome.award_row]]
        return tuple(map(str, case.projects["project"].to_numpy()[passed]))

    def audit(self, outcome: Outcome) -> RuleAudit:
        """Awards that fail a rejecting limit; portfolios above their mean; substitution ratios not honoured."""
        case = outcome.case
        favoured = self._favoured(case)
        parts = []
        for limit in self.parameters.limits:
            if limit.action != "reject":
                continue
            if limit.scope != "project":
                years, standing = self._standing(outcome, limit)
                name = limit.scope if limit.projects is None else " + ".join((*limit.projects, *(limit.firms or ())))
                since = outcome.award_year[self._together(case, limit)[outcome.award_row]]
                many = [int((since <= t).sum()) for t in years]
                of = {"project": name, "year": case.years[years], "awards": many, "limit": limit.value}
                parts.append(pd.DataFrame({**of, "figure": standing, "upper": 0.0}))
                continue
            held = self._concerned(case, limit)[outcome.award_row] & ~favoured[outcome.award_row]
            over = np.maximum(self._over(case, limit), 0.0)
            fails = self._fails(case, limit)
            rows = outcome.award_row[held]
            parts.append(
                pd.DataFrame(
                    {
                        "project": case.projects["project"].to_numpy()[rows],
                        "year": case.years[outcome.award_year[held]],
                        "intensity": _ratios(case, rows, limit.criteria),
                        "limit": limit.value,
                        "figure": np.where(fails[rows], np.maximum(over[rows], 1e-3), 0.0),
                        "upper": 0.0,
                    }
                )
            )
        figures = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"figure": [], "upper": []})

        def sentence(row: Any) -> Text:
            return Text(f"{row.project} 超过准入上限却获安排。", f"{row.project} is awarded above its limit.")

        made = audited(self, "tce", figures, sentence)
        texts = made.texts if not made.ok else (*self._rejected(case), *_reached(made.figures))
        return RuleAudit(
            self.name, made.ok, made.worst_excess, made.unit, self.clause, bool(texts), made.figures, texts
        )

    def _standing(self, outcome: Outcome, limit: Limit) -> tuple[IntArray, FloatArray]:
        """How far the awards of a portfolio or set are over its limit, for each year position in which it counts."""
        case = outcome.case
        together = self._together(case, limit)
        over = outcome.awarded(self._over(case, limit) * together)
        years = np.arange(case.horizon)
        figures = np.array([over[outcome.award_year <= t].sum() for t in years], dtype=float)
        if limit.scope == "portfolio":
            return years, figures
        relief, loss, _ = self._relief(case, limit)
        row, since = outcome.action_row, outcome.action_year
        effect = since + case.actions["lag"].to_numpy()[row]
        figures += [loss[row[since <= t]].sum() - relief[row[effect <= t]].sum() for t in years]
        own = outcome.award_year[together[outcome.award_row]]
        counts = years[years >= own.min(initial=case.horizon)]
        return counts, figures[counts]

    def _rejected(self, case: Case) -> tuple[Text, ...]:
        """One sentence for the limit, if it keeps any project out."""
        favoured = self._favoured(case)
        out = np.zeros(len(case.projects), dtype=bool)
        for limit in self.parameters.limits:
            if limit.action == "reject" and limit.scope == "project":
                out |= self._fails(case, limit) & ~favoured
        if not out.any():
            return ()
        kept = [limit for limit in self.parameters.limits if limit.scope == "project" and limit.action == "reject"]
        lines = sorted({f"{limit.value:g}" for limit in kept})
        count = int(out.sum())
        return (
            Text(
                f"准入上限 {'、'.join(lines)} 使 {count} 个项目不予准入。",
                f"The limit of {', '.join(lines)} keeps {count} project{'' if count == 1 else 's'} out.",
            ),
        )

    def _concerned(self, case: Case, limit: Limit) -> NDArray[np.bool_]:
        here: NDArray[np.bool_] = inside(case, limit.places)[case.projects["place_code"].to_numpy()]
        if limit.sectors is not None:
            here &= case.projects["sector"].isin(list(limit.sectors)).to_numpy()
        if limit.applies_to != "new_projects":
            tagged = np.array([limit.applies_to in tags for tags in case.projects["tags"]], dtype=bool)
            here &= (case.projects["category"] == limit.applies_to).to_numpy() | tagged
        return here

    def _together(self, case: Case, limit: Limit) -> NDArray[np.bool_]:
        """(P,): the projects a portfolio or set limit adds up."""
        together = self._concerned(case, limit)
        if limit.projects is not None:
            named = np.zeros(len(case.projects), dtype=bool)
            for name in limit.projects:
                named[case.members(name)] = True
            together = together & named
        return together

    def _relief(self, case: Case, limit: Limit) -> tuple[FloatArray, FloatArray, float]:
        """(A,) what each action of a set's firms frees, (A,) value · value added it loses; how much that can cost."""
        resource = RESOURCES[limit.criteria.amount]
        mine = case.actions["firm"].isin(list(limit.firms or ())).to_numpy(dtype=bool)
        free = case.free[case.resources.index(resource)] if resource in case.resources else np.zeros(len(mine))
        relief = np.where(mine, free, 0.0)
        loss = np.where(mine, limit.value * case.actions["value_added_lost"].to_numpy(dtype=float), 0.0)
        worst = np.zeros(len(case.firms))
        np.maximum.at(worst, case.actions["firm_code"].to_numpy(), loss + np.maximum(-relief, 0.0))
        return relief, loss, float(worst.sum())

    def _over(self, case: Case, limit: Limit) -> FloatArray:
        """(P,): by how much each project is over the limit, in units of the amount; below 0 when within."""
        of = limit.criteria
        amounts, allowed = _column(case, of.amount), limit.value * _column(case, of.base)
        over: FloatArray = amounts - allowed if of.is_most else allowed - amounts
        return over

    def _fails(self, case: Case, limit: Limit) -> NDArray[np.bool_]:
        of = limit.criteria
        amounts = _column(case, of.amount if of.is_most else of.base)
        margin = RELATIVE * np.maximum(np.abs(amounts), 1.0)
        fails: NDArray[np.bool_] = (amounts > 0) & (self._over(case, limit) > margin)
        return fails & self._concerned(case, limit)

    def _favoured(self, case: Case) -> NDArray[np.bool_]:
        tags = set(self.parameters.favour.tags) if self.parameters.favour is not None else set()
        return np.array([not tags.isdisjoint(own) for own in case.projects["tags"]], dtype=bool)

    def _words(self, case: Case, rows: IntArray, limit: Limit) -> list[Text]:
        """What keeps each of the projects `rows` from passing the limit."""
        of, title = limit.criteria, limit.criteria.title
        unit = Text(f"（{of.unit.zh}）", f" {of.unit.en}") if of.unit.zh else Text("", "")
        side = Text("高于", "above") if of.is_most else Text("低于", "below")
        made = []
        for figure, even in zip(_ratios(case, rows, of), _break_even(case, rows, limit), strict=True):
            shown = f"{figure:.4g}" if np.isfinite(figure) else "∞"
            made.append(
                Text(
                    f"{title.zh} {shown} {side.zh}准入线 {limit.value:g}{unit.zh}{even.zh}",
                    f"{title.en} {shown} is {side.en} the line of {limit.value:g}{unit.en}{even.en}",
                )
            )
        return made


def _column(case: Case, name: str) -> FloatArray:
    """A numeric column of projects, blank cells 0 (an unknown one is a finding)."""
    if name not in case.projects or not pd.api.types.is_float_dtype(case.projects[name]):
        return np.zeros(len(case.projects))
    return case.projects[name].fillna(0.0).to_numpy(dtype=float)


def _ratios(case: Case, rows: IntArray, of: Criterion) -> list[float]:
    """The figure each of the projects `rows` is judged by; infinite without a base."""
    amounts, bases = _column(case, of.amount)[rows], _column(case, of.base)[rows]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios: list[float] = np.where(bases > 0, amounts / bases, np.inf).tolist()
    return ratios


def _reached(figures: pd.DataFrame) -> tuple[Text, ...]:
    """One sentence for each portfolio or set whose limit leaves nothing to spare, with the first year of it."""
    if "awards" not in figures:
        return ()
    tight = figures[(figures["awards"] > 0) & (figures["slack"] <= 1e-6)]
    return tuple(
        Text(
            f"{row.project} 合计在 {int(row.year)} 年已到准入上限。",
            f"{row.project} together {'is' if row.project == 'portfolio' else 'are'} at the limit in {int(row.year)}.",
        )
        for row in records(tight.drop_duplicates("project"))
    )


def _upto(
    columns: IntArray, amounts: FloatArray, lag: NDArray[Any] | None = None
) -> tuple[IntArray, IntArray, FloatArray]:
    """Entries (year position, column, amount) of decisions in every year from their effect on."""
    parts = []
    horizon = columns.shape[1]
    for t in range(horizon):
        for s in range(t, horizon):
            live = (columns[:, t] >= 0) & (amounts != 0.0)
            rows = np.flatnonzero(live if lag is None else live & (lag <= s - t))
            parts.append((np.full(len(rows), s), columns[rows, t], amounts[rows]))
    return (
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1] for part in parts]),
        np.concatenate([part[2] for part in parts]),
    )


def _break_even(case: Case, rows: IntArray, limit: Limit) -> list[Text]:
    """Where electricity at equal value decides: the factor used, and the one at which the project is just even."""
    silent = Text("", "")
    if (
        limit.criteria is not CRITERIA["energy_intensity"]
        or case.scenario.energy_basis != "equal_value"
        or not len(rows)
    ):
        return [silent] * len(rows)
    factors, year = factors_with(case.scenario.settings.factors), case.scenario.first_year
    used = factors["electricity_equal_value"].of(year)[0]
    projects = case.projects.iloc[rows]
    electricity = projects["electricity_mwh"].to_numpy(dtype=float)
    others = fuel_energy(projects, factors, "equal_value", year) - electricity * used
    with np.errstate(divide="ignore", invalid="ignore"):
        even = (limit.value * projects["value_added"].to_numpy(dtype=float) - others) / electricity
    return [
        Text(
            f"；等价值电力折算系数为 {factor:.4f} 千克标准煤/千瓦时时恰好持平，本案例用 {used:g}",
            f"; even at an equal-value electricity factor of {factor:.4f} kgce/kWh, the case uses {used:g}",
        )
        if LEAST_FACTOR <= factor <= MOST_FACTOR
        else silent
        for factor in even.tolist()
    ]


def limits_of(case: Case) -> Sequence[Limit]:
    """The admission limits of a case, for charts and reports; empty where the rule is off."""
    rule = case.rule("admission")
    return rule.parameters.limits if rule is not None else ()
