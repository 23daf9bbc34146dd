"""Admission: which new projects may draw on the quota, by energy per value added or another criterion.

A project fails a limit when, at full size,

    energy_intensity, carbon_intensity     amount > value · value added     (fails outright without value added)
    tax_per_mu, value_added_per_mu,
    investment_per_mu                      amount < value · land
    {amount = A, per = B}                  A > value · B     any two numeric columns of projects; with at_least = true
                                           A < value · B     (revenue per mu; energy per product: the product norm)

What then happens is the limit's `action`: `reject` (it cannot start), `substitute` (it draws `ratio` times its energy
from the pools), `buy` (it buys `buy_share` of its energy each year at its place; an error without the rule `trading`),
`report` (said, nothing else). A limit is in force from `from_year` to `to_year`; a project is judged by the year it
starts in, and by the energy that counts in intensity that year (rule `accounting`): it may be barred
in one year and admitted in the next. Other criteria than energy intensity take energy as stated.

`scope = "portfolio"` holds the weighted mean of what is awarded to the limit, in each year in force:
Σ share·amount <= value · Σ share·base. `scope = "set"` pairs `projects` with `firms`: in each year in which one of the
projects has started,

    Σ_projects share·amount − Σ_firms freed  <=  value · (Σ_projects share·value added − Σ_firms value added lost)

with what the firms' actions have made available (and lost) by that year: who starts before the closure it is paired
with has not got its relief yet. A set in which nothing has started is under no limit. With `action = "report"` the plan
says how a portfolio or set stands, and nothing is held. Several limits stack. A project with a favoured tag gets the
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

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from quota_opt.errors import Finding, Level, Text
from quota_opt.model.build import Build, RowInfo
from quota_opt.model.case import Case, FloatArray, IntArray, records
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Bar, Rule, RuleAudit
from quota_opt.rules._break_even import break_even_words
from quota_opt.rules._limits import RESOURCES, Favour, Limit, Ratio
from quota_opt.rules._shared import (
    amount,
    audited,
    check_choices,
    check_places,
    inside,
    kept_out,
    note,
    start_years,
)
from quota_opt.scenario import RuleParameters, unit_words

RELATIVE = 1e-9


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
            if not _in_force(case, limit).any():
                first, last = case.years[0], case.years[-1]
                found.append(
                    note(
                        self,
                        "limit-outside-horizon",
                        Text(
                            f"准入上限 {limit.value:g} 的执行年份不在规划期内，不起作用。",
                            f"The limit of {limit.value:g} is in force in no year of the horizon.",
                        ),
                        Text(
                            f"from_year、to_year 应与 {first}–{last} 年重叠。",
                            f"Let from_year and to_year meet the years {first} to {last}.",
                        ),
                        level=Level.WARNING,
                        seen=f"{limit.from_year or ''}–{limit.to_year or ''}",
                    )
                )
            if limit.action == "buy" and (case.market is None or not np.isfinite(case.market.project_price).any()):
                found.append(
                    note(
                        self,
                        "no-market",
                        Text(
                            "超限项目须购买用能权，而本案例没有启用交易规则，或没有写购入价。",
                            "Projects above the limit must buy energy quota, but trading is off or has no price.",
                        ),
                        Text(
                            "启用 [rules.trading] 并写明 buy_price；或改用 reject、substitute（并写 ratio）或 report。",
                            "Turn on [rules.trading] with a buy_price; or use reject, substitute or report.",
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
        """Projects that fail a rejecting limit in some year of starting and are not favoured."""
        favoured = self._favoured(case)
        bars = []
        for limit in self.parameters.limits:
            if limit.action == "reject" and limit.scope == "project":
                fails = self._fails(case, limit) & ~favoured[:, None]
                rows = np.flatnonzero(fails.any(axis=1))
                texts = self._words(case, rows, limit)
                figures = [f"{ratio:.4g} / {limit.value:g}" for ratio in self._figures(case, rows, limit)]
                bars.append(Bar("project", rows, fails[rows], "rejected", texts, figures))
        return bars

    def ratios(self, case: Case) -> FloatArray:
        """The largest ratio that a failed limit, or the favour, demands in each year of starting."""
        favoured = self._favoured(case)[:, None]
        ratio = np.ones_like(case.kappa)
        for limit in self.parameters.limits:
            if limit.scope != "project":
                continue
            fails = self._fails(case, limit)
            if limit.action == "substitute":
                ratio = np.where(fails & ~favoured, np.maximum(ratio, limit.ratio), ratio)
            favour = self.parameters.favour
            if favour is not None and favour.action == "substitute" and limit.action != "report":
                ratio = np.where(fails & favoured, np.maximum(ratio, favour.ratio), ratio)
        return ratio

    def must_buy(self, case: Case) -> FloatArray:
        """The largest share that a failed limit says must be bought; favoured projects need not."""
        favoured = self._favoured(case)[:, None]
        share = np.zeros((len(case.projects), case.horizon))
        for limit in self.parameters.limits:
            if limit.scope == "project" and limit.action == "buy":
                share = np.maximum(share, np.where(self._fails(case, limit) & ~favoured, limit.buy_share, 0.0))
        return share

    def notes(self, case: Case) -> list[Finding]:
        """Projects above a limit that is only reported, and overrides in favour of tags."""
        favoured = self._favoured(case)
        found = []
        for limit in self.parameters.limits:
            if limit.scope != "project":
                continue
            fails = self._fails(case, limit).any(axis=1)
            rows = np.flatnonzero(fails & (favoured | (limit.action == "report")))
            names = case.projects["project"].to_numpy(dtype=object)[rows]
            over = limit.action != "report"
            end = (
                Text("，按扶持条款放行", ", let through by favour") if over else Text("（仅提示）", " (reported only)")
            )
            figures = self._figures(case, rows, limit)
            for project, words, ratio in zip(names, self._words(case, rows, limit), figures, strict=True):
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
        for number, limit in enumerate(self.parameters.limits):
            if limit.scope == "project" or limit.action != "reject":
                continue
            info = RowInfo(self.name, limit.clause or self.clause, limit.criteria.amount_unit, item=number)
            together = self._together(case, limit)
            over = self._over(case, limit) * together[:, None]
            years = np.flatnonzero(_in_force(case, limit))
            if not len(years):
                continue
            awards = _upto(build.share, over, years)
            if limit.scope == "portfolio":
                build.add_rows(info, {"year": case.years[years]}, entries=awards, upper=0.0)
                continue
            relief, loss, slack = self._relief(case, limit)
            lag = case.actions["lag"].to_numpy()
            parts = [awards, _upto(build.act, loss, years), _upto(build.act, -relief, years, lag)]
            row, column, value = (np.concatenate([part[i] for part in parts]) for i in range(3))
            for q in np.flatnonzero(together).tolist():
                # The row holds once q has started; until then it may be off by all the others and the firms can be.
                positive = np.maximum(over, 0.0)
                free = (slack + positive.sum(axis=0) - positive[q])[years]
                only = np.zeros_like(over)
                only[q, years] = free
                started = _upto(build.start, only, years)
                build.add_rows(
                    info,
                    {"project": np.full(len(years), q), "year": case.years[years]},
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
        over = np.zeros_like(case.start_window)
        for limit in self.parameters.limits:
            if limit.scope == "project" and limit.action != "report":
                over |= self._fails(case, limit) & self._favoured(case)[:, None]
        passed = outcome.award_row[over[outcome.award_row, outcome.award_year]]
        return tuple(map(str, case.projects["project"].to_numpy()[passed]))

    def audit(self, outcome: Outcome) -> RuleAudit:
        """Awards that fail a rejecting limit; portfolios and sets against their limits, reported ones too."""
        case = outcome.case
        favoured = self._favoured(case)
        parts = []
        for limit in self.parameters.limits:
            if limit.scope != "project":
                years, standing = self._standing(outcome, limit)
                name = limit.scope if limit.projects is None else " + ".join((*limit.projects, *(limit.firms or ())))
                since = outcome.award_year[self._together(case, limit)[outcome.award_row]]
                many = [int((since <= t).sum()) for t in years]
                of = {"project": name, "year": case.years[years], "awards": many, "limit": limit.value}
                upper = 0.0 if limit.action == "reject" else np.inf
                words, unit, most = limit.criteria.title, limit.criteria.amount_unit, limit.criteria.is_most
                by = {"criterion": words.zh, "criterion_en": words.en, "unit": unit, "is_most": most}
                parts.append(pd.DataFrame({**of, **by, "figure": standing, "upper": upper}))
                continue
            if limit.action != "reject":
                continue
            held = self._concerned(case, limit)[outcome.award_row] & ~favoured[outcome.award_row]
            held &= ~case.bent_starts[outcome.award_row, outcome.award_year]
            rows, years = outcome.award_row[held], outcome.award_year[held]
            over = np.maximum(self._over(case, limit)[rows, years], 0.0)
            parts.append(
                pd.DataFrame(
                    {
                        "project": case.projects["project"].to_numpy()[rows],
                        "year": case.years[years],
                        "intensity": self._ratios(case, limit)[rows, years],
                        "limit": limit.value,
                        "figure": np.where(self._fails(case, limit)[rows, years], np.maximum(over, 1e-3), 0.0),
                        "upper": 0.0,
                    }
                )
            )
        figures = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"figure": [], "upper": []})

        def sentence(row: Any) -> Text:
            return Text(f"{row.project} 超过准入上限却获安排。", f"{row.project} is awarded above its limit.")

        made = audited(self, "tce", figures, sentence)
        texts = made.texts if not made.ok else (*self._rejected(case), *_reached(made.figures))
        binding = bool(texts)
        return RuleAudit(
            self.name,
            made.ok,
            made.worst_excess,
            made.unit,
            self.clause,
            binding,
            made.figures,
            (*texts, *_reported(made.figures)),
        )

    def _standing(self, outcome: Outcome, limit: Limit) -> tuple[IntArray, FloatArray]:
        """How far the awards of a portfolio or set are over its limit, for each year position in which it counts."""
        case = outcome.case
        together = self._together(case, limit)
        over = self._over(case, limit) * together[:, None]
        years = np.flatnonzero(_in_force(case, limit))
        held = [outcome.award_year <= t for t in years]
        figures = np.array(
            [
                (over[outcome.award_row, t] * outcome.award_share)[on].sum()
                for t, on in zip(years.tolist(), held, strict=True)
            ],
            dtype=float,
        )
        if limit.scope == "portfolio":
            return years, figures
        relief, loss, _ = self._relief(case, limit)
        row, since = outcome.action_row, outcome.action_year
        effect = since + case.actions["lag"].to_numpy()[row]
        figures += [loss[row[since <= t], t].sum() - relief[row[effect <= t], t].sum() for t in years]
        own = outcome.award_year[together[outcome.award_row]]
        counts = years >= own.min(initial=case.horizon)
        return years[counts], figures[counts]

    def _rejected(self, case: Case) -> tuple[Text, ...]:
        """One sentence for the limit, if it keeps any project out."""
        favoured = self._favoured(case)[:, None]
        out = np.zeros_like(case.start_window)
        for limit in self.parameters.limits:
            if limit.action == "reject" and limit.scope == "project":
                out |= self._fails(case, limit) & ~favoured & ~case.bent_starts
        barred = kept_out(case, out)
        later = (out & case.start_window).any(axis=1) & ~barred
        if not (barred.any() or later.any()):
            return ()
        kept = [limit for limit in self.parameters.limits if limit.scope == "project" and limit.action == "reject"]
        # A line of nought stands for a clause about all it concerns: it is called by whom it is about.
        lines = sorted(
            {limit.whom if limit.value == 0.0 else Text(f"{limit.value:g}", f"{limit.value:g}") for limit in kept}
        )
        zh, en = "、".join(line.zh for line in lines), ", ".join(line.en for line in lines)
        made = []
        if barred.any():
            count = int(barred.sum())
            made.append(
                Text(
                    f"准入上限 {zh} 使 {count} 个项目不予准入。",
                    f"The limit of {en} keeps {count} project{'' if count == 1 else 's'} out.",
                )
            )
        if later.any():
            count = int(later.sum())
            made.append(
                Text(
                    f"准入上限 {zh} 使 {count} 个项目只能在部分年份开工。",
                    f"The limit of {en} bars {count} project{'' if count == 1 else 's'} from starting in some years.",
                )
            )
        return tuple(made)

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

    def _relief(self, case: Case, limit: Limit) -> tuple[FloatArray, FloatArray, FloatArray]:
        """What each action of a set's firms frees, value · value added it loses (A, T); what that can cost a year."""
        resource = RESOURCES[limit.criteria.amount]
        mine = case.actions["firm"].isin(list(limit.firms or ())).to_numpy(dtype=bool)[:, None]
        shape = (len(case.actions), case.horizon)
        free = np.zeros(shape)
        if resource in case.resources:
            r = case.resources.index(resource)
            free = np.column_stack([case.as_intensity.standing_free(r, t) for t in range(case.horizon)])
        relief: FloatArray = np.where(mine, free, 0.0)
        lost = limit.value * case.actions["value_added_lost"].to_numpy(dtype=float)[:, None]
        loss: FloatArray = np.where(mine, np.broadcast_to(lost, shape), 0.0)
        worst = np.zeros((len(case.firms), case.horizon))
        np.maximum.at(worst, case.actions["firm_code"].to_numpy(), loss + np.maximum(-relief, 0.0))
        return relief, loss, worst.sum(axis=0)

    def _over(self, case: Case, limit: Limit) -> FloatArray:
        """(P, T): by how much each project is over the limit, in units of the amount; below 0 when within."""
        of = limit.criteria
        amounts, allowed = self._amounts(case, limit), (limit.value * _column(case, of.base))[:, None]
        over: FloatArray = amounts - allowed if of.is_most else allowed - amounts
        return over

    def _amounts(self, case: Case, limit: Limit) -> FloatArray:
        """(P, T): what stands above the line: of energy intensity the energy that counts that year."""
        if limit.criterion == "energy_intensity":
            return np.column_stack([case.intensity_energy(t) for t in range(case.horizon)])
        return np.repeat(_column(case, limit.criteria.amount)[:, None], case.horizon, axis=1)

    def _ratios(self, case: Case, limit: Limit) -> FloatArray:
        """(P, T): the figure each project is judged by if it starts that year; infinite without a base."""
        bases = _column(case, limit.criteria.base)[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios: FloatArray = np.where(bases > 0, self._amounts(case, limit) / bases, np.inf)
        return ratios

    def _figures(self, case: Case, rows: IntArray, limit: Limit) -> list[float]:
        """The figure of the first year in which each of the projects `rows` fails the limit."""
        first = self._fails(case, limit)[rows].argmax(axis=1)
        figures: list[float] = self._ratios(case, limit)[rows, first].tolist()
        return figures

    def _fails(self, case: Case, limit: Limit) -> NDArray[np.bool_]:
        """(P, T): whether a project that starts that year fails the limit."""
        of = limit.criteria
        over = self._over(case, limit)
        base = np.repeat(_column(case, of.base)[:, None], case.horizon, axis=1)
        judged = self._amounts(case, limit) if of.is_most else base
        margin = RELATIVE * np.maximum(np.abs(judged), 1.0)
        fails: NDArray[np.bool_] = (judged > 0) & (over > margin)
        return fails & self._concerned(case, limit)[:, None] & _in_force(case, limit)

    def _favoured(self, case: Case) -> NDArray[np.bool_]:
        tags = set(self.parameters.favour.tags) if self.parameters.favour is not None else set()
        return np.array([not tags.isdisjoint(own) for own in case.projects["tags"]], dtype=bool)

    def _words(self, case: Case, rows: IntArray, limit: Limit) -> list[Text]:
        """What keeps each of the projects `rows` from passing the limit."""
        of, title = limit.criteria, limit.criteria.title
        unit = Text(f"（{of.unit.zh}）", f" {of.unit.en}") if of.unit.zh else Text("", "")
        side = Text("高于", "above") if of.is_most else Text("低于", "below")
        made = []
        fails, breaks = self._fails(case, limit), break_even_words(case, rows, limit)
        for row, figure, even in zip(rows.tolist(), self._figures(case, rows, limit), breaks, strict=True):
            shown = f"{figure:.4g}" if np.isfinite(figure) else "∞"
            when = start_years(case.years, fails[row])
            if limit.value == 0.0 and of.is_most:
                # A line of nought is a way to say that a clause holds for all it concerns.
                made.append(
                    Text(
                        f"属于“{limit.whom.zh}”，此条不论{title.zh}高低一律适用（{title.zh} {shown}）{when.zh}",
                        f"falls under {limit.whom.en}: the clause holds whatever the {title.en} ({shown}){when.en}",
                    )
                )
                continue
            made.append(
                Text(
                    f"{title.zh} {shown} {side.zh}准入线 {limit.value:g}{unit.zh}{even.zh}{when.zh}",
                    f"{title.en} {shown} is {side.en} the line of {limit.value:g}{unit.en}{even.en}{when.en}",
                )
            )
        return made


def _in_force(case: Case, limit: Limit) -> NDArray[np.bool_]:
    """(T,): the years in which the limit is in force."""
    first = -np.inf if limit.from_year is None else limit.from_year
    last = np.inf if limit.to_year is None else limit.to_year
    return np.asarray((case.years >= first) & (case.years <= last), dtype=bool)


def _column(case: Case, name: str) -> FloatArray:
    """A numeric column of projects, blank cells 0 (an unknown one is a finding)."""
    if name not in case.projects or not pd.api.types.is_float_dtype(case.projects[name]):
        return np.zeros(len(case.projects))
    return case.projects[name].fillna(0.0).to_numpy(dtype=float)


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


def _reported(figures: pd.DataFrame) -> tuple[Text, ...]:
    """One sentence for each portfolio or set of which the limit is only reported: how the finished plan stands."""
    if "awards" not in figures:
        return ()
    shown = figures[(figures["awards"] > 0) & np.isinf(figures["upper"])]
    made = []
    for row in records(shown.drop_duplicates(["project", "limit", "criterion"], keep="last")):
        whole = row.project == "portfolio"
        who = Text("全部项目" if whole else row.project, "all projects" if whole else row.project)
        unit = unit_words(row.unit)
        off = amount(abs(row.figure))
        if row.figure > 0:
            side = Text("高于上限", "above the limit of") if row.is_most else Text("低于下限", "below the minimum of")
            how = Text(
                f"{side.zh} {row.limit:g}，相差 {off} {unit.zh}", f"is {side.en} {row.limit:g} by {off} {unit.en}"
            )
        else:
            side = Text("上限", "the limit of") if row.is_most else Text("下限", "the minimum of")
            how = Text(
                f"符合{side.zh} {row.limit:g}，余 {off} {unit.zh}",
                f"keeps {side.en} {row.limit:g} with {off} {unit.en} to spare",
            )
        made.append(
            Text(
                f"{int(row.year)} 年{who.zh}合计{row.criterion}{how.zh}（仅提示）。",
                f"{int(row.year)}: {row.criterion_en} of {who.en} together {how.en} (reported only).",
            )
        )
    return tuple(made)


def _upto(
    columns: IntArray, amounts: FloatArray, years: IntArray, lag: NDArray[Any] | None = None
) -> tuple[IntArray, IntArray, FloatArray]:
    """Entries (position in `years`, column, amount that year) of decisions in every year from their effect on."""
    parts = [(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0))]
    for k, s in enumerate(years.tolist()):
        for t in range(s + 1):
            live = (columns[:, t] >= 0) & (amounts[:, s] != 0.0)
            rows = np.flatnonzero(live if lag is None else live & (lag <= s - t))
            parts.append((np.full(len(rows), k), columns[rows, t], amounts[rows, s]))
    return (
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1] for part in parts]),
        np.concatenate([part[2] for part in parts]),
    )
