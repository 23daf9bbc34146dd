"""Admission: which new projects may draw on the quota, by energy per value added or another criterion.

A project fails a limit when, at full size,

    energy_intensity, carbon_intensity     amount > value · value added     (fails outright without value added)
    tax_per_mu, value_added_per_mu,
    investment_per_mu                      amount < value · land

What then happens is the limit's `action`: `reject` (it cannot start), `substitute` (it draws `ratio` times its energy
from the pools), `report` (said, nothing else). `scope = "portfolio"` holds the weighted mean of what is awarded to the
limit instead:  Σ share·amount <= value · Σ share·base. Several limits stack. A project with a favoured tag gets the
favour's action where it would be rejected or pay by substitution, and the override is reported.

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
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from quota_opt.errors import Finding, Level, Text
from quota_opt.model.build import Build, RowInfo
from quota_opt.model.case import Case, FloatArray, IntArray
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Bar, Rule, RuleAudit
from quota_opt.rules._shared import audited, check_choices, check_places, inside, note
from quota_opt.scenario import RuleParameters, refused, unit_words
from quota_opt.scenario.accounting import fuel_energy
from quota_opt.scenario.factors import factors_with

Criterion = Literal["energy_intensity", "carbon_intensity", "tax_per_mu", "value_added_per_mu", "investment_per_mu"]
# criterion: (column of the amount, column of the base, the limit is a maximum, words, unit)
CRITERIA: dict[str, tuple[str, str, bool, Text, tuple[str, str]]] = {
    "energy_intensity": ("energy", "value_added", True, Text("能耗强度", "energy intensity"), ("tce", "10k yuan")),
    "carbon_intensity": ("carbon_t", "value_added", True, Text("碳排放强度", "carbon intensity"), ("tCO2", "10k yuan")),
    "tax_per_mu": ("tax", "land_mu", False, Text("亩均税收", "tax per mu"), ("10k yuan", "mu")),
    "value_added_per_mu": (
        "value_added",
        "land_mu",
        False,
        Text("亩均增加值", "value added per mu"),
        ("10k yuan", "mu"),
    ),
    "investment_per_mu": ("investment", "land_mu", False, Text("亩均投资", "investment per mu"), ("10k yuan", "mu")),
}
RELATIVE = 1e-9
# Factors in public use lie between these; a break-even outside them says nothing about the choice of factor.
LEAST_FACTOR, MOST_FACTOR = 0.2, 0.4


class Limit(BaseModel):
    """One limit: its value, whom it concerns (places, sectors, `applies_to`), and what happens above it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float = Field(ge=0.0)
    places: tuple[str, ...] | None = None
    applies_to: str = "new_projects"
    action: Literal["reject", "substitute", "buy", "report"] = "reject"
    ratio: float = Field(default=1.0, ge=1.0)
    sectors: tuple[str, ...] | None = None
    criterion: Criterion = "energy_intensity"
    scope: Literal["project", "portfolio"] = "project"
    clause: str | None = None

    @model_validator(mode="after")
    def _possible(self) -> Limit:
        if self.action == "substitute" and self.criterion != "energy_intensity":
            raise refused(
                Text(
                    "替代是按用能加倍的，只能用于 criterion = 'energy_intensity'",
                    "substitution multiplies the use of energy; it needs criterion = 'energy_intensity'",
                )
            )
        if self.scope == "portfolio" and self.action not in ("reject", "report"):
            raise refused(
                Text("整体上限只能 reject 或 report", "a portfolio limit either holds (reject) or is reported")
            )
        return self


class Favour(BaseModel):
    """Projects with one of `tags` get this action where they fail a limit, and the override is reported."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tags: tuple[str, ...]
    action: Literal["report", "substitute"] = "report"
    ratio: float = Field(default=1.0, ge=1.0)


class AdmissionParameters(RuleParameters):
    """The limits, and who is favoured."""

    limits: tuple[Limit, ...]
    favour: Favour | None = None


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

    def bars(self, case: Case) -> list[Bar]:
        """Projects that fail a rejecting limit and are not favoured."""
        favoured = self._favoured(case)
        bars = []
        for limit in self.parameters.limits:
            if limit.action == "reject" and limit.scope == "project":
                rows = np.flatnonzero(self._fails(case, limit) & ~favoured)
                years = np.ones((len(rows), case.horizon), dtype=bool)
                texts = self._words(case, rows, limit)
                figures = [f"{ratio:.4g} / {limit.value:g}" for ratio in _ratios(case, rows, limit.criterion)]
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
            ratios = _ratios(case, rows, limit.criterion)
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
        """One row per portfolio limit and year."""
        case = build.case
        for limit in self.parameters.limits:
            if limit.scope != "portfolio" or limit.action != "reject":
                continue
            over = self._over(case, limit) * self._concerned(case, limit)
            parts = []
            for t in range(case.horizon):
                for s in range(t, case.horizon):
                    rows = np.flatnonzero((build.share[:, t] >= 0) & (over != 0.0))
                    parts.append((np.full(len(rows), s), build.share[rows, t], over[rows]))
            entries = tuple(np.concatenate([part[i] for part in parts]) for i in range(3))
            info = RowInfo(self.name, limit.clause or self.clause, CRITERIA[limit.criterion][4][0])
            build.add_rows(info, {"year": case.years}, entries=entries, upper=0.0)

    def audit(self, outcome: Outcome) -> RuleAudit:
        """Awards that fail a rejecting limit; portfolios above their mean; substitution ratios not honoured."""
        case = outcome.case
        favoured = self._favoured(case)
        parts = []
        for limit in self.parameters.limits:
            if limit.action != "reject":
                continue
            if limit.scope == "portfolio":
                over = outcome.awarded(self._over(case, limit) * self._concerned(case, limit))
                upto = [float(over[outcome.award_year <= t].sum()) for t in range(case.horizon)]
                parts.append(pd.DataFrame({"project": "portfolio", "year": case.years, "figure": upto, "upper": 0.0}))
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
                        "intensity": _ratios(case, rows, limit.criterion),
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
        texts = made.texts if not made.ok else self._rejected(case)
        return RuleAudit(
            self.name, made.ok, made.worst_excess, made.unit, self.clause, bool(texts), made.figures, texts
        )

    def _rejected(self, case: Case) -> tuple[Text, ...]:
        """One sentence for the limit, if it keeps any project out."""
        favoured = self._favoured(case)
        out = np.zeros(len(case.projects), dtype=bool)
        for limit in self.parameters.limits:
            if limit.action == "reject" and limit.scope == "project":
                out |= self._fails(case, limit) & ~favoured
        if not out.any():
            return ()
        lines = sorted({f"{limit.value:g}" for limit in self.parameters.limits if limit.action == "reject"})
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

    def _over(self, case: Case, limit: Limit) -> FloatArray:
        """(P,): by how much each project is over the limit, in units of the amount; below 0 when within."""
        top, base, is_most, _, _ = CRITERIA[limit.criterion]
        amounts = case.projects[top].fillna(0.0).to_numpy(dtype=float)
        allowed = limit.value * case.projects[base].fillna(0.0).to_numpy(dtype=float)
        over: FloatArray = amounts - allowed if is_most else allowed - amounts
        return over

    def _fails(self, case: Case, limit: Limit) -> NDArray[np.bool_]:
        top, base, is_most, _, _ = CRITERIA[limit.criterion]
        amounts = case.projects[top if is_most else base].fillna(0.0).to_numpy(dtype=float)
        margin = RELATIVE * np.maximum(np.abs(amounts), 1.0)
        fails: NDArray[np.bool_] = (amounts > 0) & (self._over(case, limit) > margin)
        return fails & self._concerned(case, limit)

    def _favoured(self, case: Case) -> NDArray[np.bool_]:
        tags = set(self.parameters.favour.tags) if self.parameters.favour is not None else set()
        return np.array([not tags.isdisjoint(own) for own in case.projects["tags"]], dtype=bool)

    def _words(self, case: Case, rows: IntArray, limit: Limit) -> list[Text]:
        """What keeps each of the projects `rows` from passing the limit."""
        _, _, is_most, title, units = CRITERIA[limit.criterion]
        top, base = (unit_words(unit) for unit in units)
        side = Text("高于", "above") if is_most else Text("低于", "below")
        made = []
        for figure, even in zip(_ratios(case, rows, limit.criterion), _break_even(case, rows, limit), strict=True):
            shown = f"{figure:.4g}" if np.isfinite(figure) else "∞"
            made.append(
                Text(
                    f"{title.zh} {shown} {side.zh}准入线 {limit.value:g}（{top.zh}/{base.zh}）{even.zh}",
                    f"{title.en} {shown} is {side.en} the line of {limit.value:g} {top.en}/{base.en}{even.en}",
                )
            )
        return made


def _ratios(case: Case, rows: IntArray, criterion: str) -> list[float]:
    """The figure each of the projects `rows` is judged by; infinite without a base."""
    top, base, _, _, _ = CRITERIA[criterion]
    amounts = case.projects[top].to_numpy(dtype=float)[rows]
    bases = case.projects[base].to_numpy(dtype=float)[rows]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios: list[float] = np.where(bases > 0, amounts / bases, np.inf).tolist()
    return ratios


def _break_even(case: Case, rows: IntArray, limit: Limit) -> list[Text]:
    """Where electricity at equal value decides: the factor used, and the one at which the project is just even."""
    silent = Text("", "")
    if limit.criterion != "energy_intensity" or case.scenario.energy_basis != "equal_value" or not len(rows):
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
