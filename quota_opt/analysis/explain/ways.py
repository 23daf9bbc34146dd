"""The single changes that would let a project in: how large each must be at least, and on request how large it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from quota_opt.analysis.explain.chains import gaps_of
from quota_opt.analysis.explain.changes import (
    SMALL_MODEL,
    Answer,
    Step,
    entering,
    forcing,
    needed,
    quota_to_enter,
    solved,
    with_energy,
    with_project,
    with_quota,
)
from quota_opt.analysis.explain.pricing import Pricing, cell
from quota_opt.analysis.explain.types import Change, State
from quota_opt.errors import Text
from quota_opt.messages import table
from quota_opt.model.case import IntArray
from quota_opt.model.measures import coefficients
from quota_opt.model.objective import weights
from quota_opt.report.numbers import running, short
from quota_opt.report.words import resource_name, unit_name
from quota_opt.scenario import Scenario

INTENSITY_STEP, VALUE_STEP, PARAMETER_STEP, WEIGHT_STEP, SHARE_STEP = 0.001, 1.0, 0.001, 0.1, 0.01
MOST_WEIGHTS = 50
"""Steps of weight beyond four times what prices say that are tried at most."""
_ADDED = ("value_added", "value_added_final", "value_added_gained_final")


class Ways:
    """The ways in for one project that is out; `years` are the positions it may start in (its bars out of the way)."""

    def __init__(self, pricing: Pricing, project: int, years: IntArray, *, barred: bool, confirm: bool) -> None:
        self.pricing, self.project, self.years = pricing, project, years
        self.barred, self.confirm = barred, confirm
        case = pricing.case
        self.case, self.scenario = case, pricing.plan.scenario
        self.row = case.projects.iloc[project]
        self.name = str(self.row["project"])
        self.place = int(self.row["place_code"])
        losses = pricing.least_losses[project]
        self.loss = float(losses[years].min()) if len(years) else math.inf
        self.year = int(years[np.argmax(pricing.project_margins[project, years])]) if len(years) else 0

    def all(self) -> Iterator[Change]:
        """Every way there is to speak of, one after another."""
        if not self.barred:
            for r in range(len(self.case.resources)):
                yield from self._quota(r)
            yield from self._energy()
            yield from self._value()
            yield from self._weight()
            yield from self._retention()
            yield from self._partners()
        else:
            yield from self._admissible()
        yield from self._other_years()

    def _quota(self, r: int) -> Iterator[Change]:
        """More of a resource at the project's place, every year."""
        pricing, resource = self.pricing, self.case.resources[r]
        if pricing.project_charges[r, self.project, self.year] <= 1e-9 * max(1.0, abs(pricing.value)):
            return
        prices = pricing.pool_prices[r, self.place]
        bound = needed(self.loss, prices)
        unit, where = unit_name(self.case.unit(resource)), self.case.place_title(str(self.row["place"]))
        what = resource_name(resource)
        if not self.confirm:
            if math.isinf(bound):
                text = Text(
                    f"{where}的{what.zh}指标再多也不够。", f"No amount of {what.en} at {where} is enough by itself."
                )
                yield Change("quota", text, "not_enough", unit=self.case.unit(resource))
                return
            text = Text(
                f"{where}的{what.zh}指标每年至少再多 {short(bound)} {unit.zh}。",
                f"At least {short(bound)} {unit.en} more {what.en} at {where} every year.",
            )
            if bound <= 0.0:
                text = _little(f"{where}的{what.zh}指标再多一些", f"Some more {what.en} at {where}")
            yield Change("quota", text, "at_least" if bound > 0 else "open", bound, self.case.unit(resource))
            return

        def change(steps: int) -> Scenario:
            return with_quota(self.scenario, str(self.row["place"]), resource, float(steps))

        most = max(1, math.ceil(self._scarce(r)))
        guess = min(most, max(1, math.ceil(min(bound, most))))
        if pricing.arrays.columns <= SMALL_MODEL and len(pricing.problem.stages) == 1:
            entry = quota_to_enter(pricing, self.project, self.place, r, 1.0)
            if entry.enough is not None:
                guess = math.ceil(entry.enough)
                most = max(most, guess)
        found, answer = entering(pricing, self.name, change, guess, most)
        yield self._found(
            "quota",
            found,
            answer,
            change,
            1.0,
            self.case.unit(resource),
            lambda steps: Text(
                f"{where}的{what.zh}指标每年再多 {short(steps)} {unit.zh}",
                f"{short(steps)} {unit.en} more {what.en} at {where} every year",
            ),
        )

    def _scarce(self, r: int) -> float:
        """What all projects that are out would take of a resource in its dearest year: with so much it is plenty."""
        case, awarded = self.case, self.pricing.outcome.award_row
        use = np.max([case.standing_need(r, s).max(axis=1, initial=0.0) for s in range(case.horizon)], axis=0)
        out = np.ones(len(case.projects), dtype=bool)
        out[awarded] = False
        return float(use[out].sum())

    def _energy(self) -> Iterator[Change]:
        """Less energy for the same value added: a lower intensity."""
        r = self.case.energy
        added = float(self.row["value_added"])
        energy = float(self.case.base_energy[self.project])
        if r < 0 or energy <= 0 or added <= 0:
            return
        charge = float(self.pricing.project_charges[r, self.project, self.year])
        now = energy / added
        least = needed(self.loss, charge)
        unit = unit_name("tce/10k yuan")
        if not self.confirm:
            if charge <= 0:
                return
            reach = now * (1.0 - least)
            if reach <= 0:
                text = Text("能耗强度再低也不够。", "No lower energy intensity is enough by itself.")
                yield Change("energy", text, "about", unit="tce/10k yuan")
                return
            text = Text(
                f"能耗强度由 {short(now)} 降到约 {short(reach)} {unit.zh}。",
                f"Energy intensity from {short(now)} down to about {short(reach)} {unit.en}.",
            )
            if least <= 0:
                text = _little("能耗强度再低一些", "A lower energy intensity")
            yield Change("energy", text, "about" if least > 0 else "open", now - reach, "tce/10k yuan", reach)
            return

        def change(steps: int) -> Scenario:
            return with_energy(self.scenario, self.name, max(0.0, 1.0 - steps * INTENSITY_STEP / now))

        most = max(1, math.ceil(now / INTENSITY_STEP))
        guess = min(most, max(1, math.ceil(min(least, 1.0) * most)))
        found, answer = entering(self.pricing, self.name, change, guess, most)
        made = self._found(
            "energy",
            found,
            answer,
            change,
            INTENSITY_STEP,
            "tce/10k yuan",
            lambda size: Text(
                f"能耗强度由 {now:.3f} 降到 {max(0.0, now - size):.3f} {unit.zh}",
                f"energy intensity from {now:.3f} down to {max(0.0, now - size):.3f} {unit.en}",
            ),
        )
        yield made

    def _value(self) -> Iterator[Change]:
        """More value added a year from the same energy."""
        slope = self.slope()
        if slope <= 0:
            return
        now, unit = float(self.row["value_added"]), unit_name("10k yuan/yr")
        least = self.loss / slope
        if not self.confirm:
            text = Text(
                f"年增加值由 {short(now)} 提高到至少 {short(now + least)} {unit.zh}。",
                f"Value added from {short(now)} up to at least {short(now + least)} {unit.en}.",
            )
            if least <= 0:
                text = _little("年增加值再高一些", "More value added")
            yield Change("value", text, "at_least" if least > 0 else "open", least, "10k yuan/yr", now + least)
            return

        def change(steps: int) -> Scenario:
            return with_project(self.scenario, self.name, value_added=now + steps * VALUE_STEP)

        forced = forcing(self.pricing, project=self.project)
        if not forced.possible:
            return
        guess = max(1, math.ceil(max(forced.loss, 0.0) / slope / VALUE_STEP))
        most = 4 * guess + math.ceil(abs(now)) + 10
        found, answer = entering(self.pricing, self.name, change, guess, most)
        yield self._found(
            "value",
            found,
            answer,
            change,
            VALUE_STEP,
            "10k yuan/yr",
            lambda size: Text(
                f"年增加值由 {short(now)} 提高到 {short(now + size)} {unit.zh}",
                f"value added from {short(now)} up to {short(now + size)} {unit.en}",
            ),
        )

    def slope(self) -> float:
        """What one unit of value added a year is worth in the objective, at most, over the years it may start in."""
        if len(self.pricing.problem.stages) > 1 or not len(self.years):
            return 0.0
        added = float(self.row["value_added"])
        if added == 0:
            return 0.0
        total = np.zeros(self.case.horizon)
        for name, weight in weights(self.case).items():
            if name in _ADDED:
                total += weight * coefficients(self.case, name).shares[self.project] / added
        return float(total[self.years].max())

    def _weight(self) -> Iterator[Change]:
        """More points for its category; others of the category gain as well."""
        rule, category = self.case.rule("priority"), str(self.row["category"])
        points = weights(self.case).get("priority_points", 0.0) if len(self.pricing.problem.stages) == 1 else 0.0
        given = dict(getattr(rule.parameters, "weights", {})) if rule is not None else {}
        each = points * float(self.case.base_energy[self.project])
        if category not in given or each <= 0:
            return
        now, name = float(given[category]), table("category").get(category, Text(category, category))
        least = self.loss / each
        if not self.confirm:
            text = Text(
                f"“{name.zh}”的权重由 {short(now)} 提高到约 {short(now + least)}。",
                f"The weight of {name.en} from {short(now)} up to about {short(now + least)}.",
            )
            if least <= 0:
                text = _little(f"“{name.zh}”的权重再高一些", f"A higher weight of {name.en}")
            yield Change("weight", text, "about" if least > 0 else "open", least, "", now + least)
            return

        def change(steps: int) -> Scenario:
            return self.scenario.with_(**{f"rules.priority.weights.{category}": round(now + steps * WEIGHT_STEP, 6)})

        guess = max(1, math.ceil(least / WEIGHT_STEP))
        found, answer = entering(self.pricing, self.name, change, guess, 4 * guess + MOST_WEIGHTS)
        yield self._found(
            "weight",
            found,
            answer,
            change,
            WEIGHT_STEP,
            "",
            lambda size: Text(
                f"“{name.zh}”的权重由 {short(now)} 提高到 {short(now + size)}",
                f"the weight of {name.en} from {short(now)} up to {short(now + size)}",
            ),
        )

    def _retention(self) -> Iterator[Change]:
        """Towns that keep less of what they free."""
        rule = self.case.rule("retention")
        keep = float(getattr(rule.parameters, "keep", 0.0)) if rule is not None else 0.0
        rows = zip(self.pricing.problem.arrays.row_blocks, self.pricing.problem.info, strict=True)
        priced = any(np.any(self.pricing.duals[block.positions]) for block, info in rows if info.rule == "retention")
        if keep <= 0 or not priced:
            return
        if not self.confirm:
            text = Text(f"镇街留用比例由 {keep:.0%} 放低。", f"Towns keep less than the {keep:.0%} of now.")
            yield Change("parameter", text, "open")
            return

        def change(steps: int) -> Scenario:
            return self.scenario.with_(**{"rules.retention.keep": max(0.0, round(keep - steps * SHARE_STEP, 6))})

        most = math.ceil(keep / SHARE_STEP)
        found, answer = entering(self.pricing, self.name, change, max(1, most // 4), most)
        yield self._found(
            "parameter",
            found,
            answer,
            change,
            SHARE_STEP,
            "",
            lambda size: Text(
                f"镇街留用比例由 {keep:.0%} 降到 {max(0.0, keep - size):.0%}",
                f"the share towns keep from {keep:.0%} down to {max(0.0, keep - size):.0%}",
            ),
        )

    def _partners(self) -> Iterator[Change]:
        """A project it requires, or one that fills a gap of its chain, awarded with it."""
        awarded = set(self.pricing.outcome.award_row.tolist())
        for name in self.row["requires"]:
            members = self.case.members(str(name))
            if awarded & set(members.tolist()):
                continue
            if not self.confirm:
                yield Change(
                    "partner", Text(f"先（或同时）安排 {name}。", f"{name} awarded first, or with it."), "open"
                )
                continue
            for member in members.tolist():
                yield self._with_partner(int(member))
        seen: set[int] = set()
        for partner in (q for gap in gaps_of(self.pricing, self.project) for q in gap.partners.tolist()):
            name = cell(self.case.projects, "project", partner)
            if partner not in seen and self.confirm:
                yield self._with_partner(partner)
            elif partner not in seen:
                text = Text(f"与同链的 {name} 一起安排。", f"{name} of the same chain awarded with it.")
                yield Change("partner", text, "open")
            seen.add(partner)

    def _with_partner(self, partner: int) -> Change:
        name = str(cell(self.case.projects, "project", partner))
        found = forcing(self.pricing, project=self.project, partner=partner)
        if not found.possible:
            text = Text(f"与 {name} 同时安排：无解。", f"Together with {name}: no plan.")
            return Change("partner", text, "not_enough")
        cost = running(abs(found.loss), self.pricing.unit)
        more = found.loss > 0
        text = Text(
            f"与 {name} 同时安排：目标值{'减少' if more else '增加'} {cost.zh}{_names(found.leavers).zh}。",
            f"Together with {name}: the objective {'loses' if more else 'gains'} {cost.en}{_names(found.leavers).en}.",
        )
        state: State = "enough" if not more else "not_enough"
        return Change("partner", text, state, gain=-found.loss, leavers=found.leavers, joiners=found.joiners)

    def _other_years(self) -> Iterator[Change]:
        """A start in a year outside its window."""
        window = self.case.start_window[self.project]
        for t in np.flatnonzero(~window).tolist():
            year = int(self.case.years[t])
            loss = float(self.pricing.least_losses[self.project, t])
            if self.barred:
                continue
            if not self.confirm:
                if loss > 0:
                    cost = running(loss, self.pricing.unit)
                    text = Text(
                        f"改在 {year} 年开工仍不够：目标值至少减少 {cost.zh}。",
                        f"A start in {year} is not enough: it costs at least {cost.en}.",
                    )
                    yield Change("year", text, "not_enough", reach=float(year))
                else:
                    text = Text(f"改在 {year} 年开工，价格上可行。", f"A start in {year} would pay its price.")
                    yield Change("year", text, "open", reach=float(year))
                continue
            changed = self._in_year(year)
            answer = solved(self.pricing, changed)
            yield self._asked("year", changed, answer, Text(f"可在 {year} 年开工", f"a start in {year}"), float(year))

    def _in_year(self, year: int) -> Scenario:
        """The window widened to a year."""
        cells: dict[str, float] = {}
        earliest, latest = self.row["earliest"], self.row["latest"]
        if not pd.isna(earliest) and year < earliest:
            cells["earliest"] = float(year)
        if not pd.isna(latest) and year > latest:
            cells["latest"] = float(year)
        return with_project(self.scenario, self.name, **cells)

    def _admissible(self) -> Iterator[Change]:
        """What would lift the bar: an intensity or a limit that lets the project pass."""
        rule = self.case.rule("admission")
        limits = getattr(rule.parameters, "limits", ()) if rule is not None else ()
        added, energy = float(self.row["value_added"]), float(self.case.base_energy[self.project])
        if not limits or added <= 0 or energy <= 0:
            return
        now, unit = energy / added, unit_name("tce/10k yuan")
        values = [
            (i, float(limit.value))
            for i, limit in enumerate(limits)
            if limit.action == "reject" and limit.scope == "project" and limit.criterion == "energy_intensity"
        ]
        for reach in sorted({value for _, value in values if value < now}, reverse=True):
            changed = with_energy(self.scenario, self.name, reach / now)
            if not self._may_start(changed):
                continue
            words = Text(
                f"能耗强度由 {short(now)} 降到 {short(reach)} {unit.zh}",
                f"energy intensity from {short(now)} down to {short(reach)} {unit.en}",
            )
            yield self._lifted("energy", changed, words, reach, now - reach, "tce/10k yuan")
            break
        for i, value in values:
            if value >= now:
                continue
            reach = math.ceil(now / PARAMETER_STEP - 1e-9) * PARAMETER_STEP
            changed = self.scenario.with_(**{f"rules.admission.limits.{i}.value": round(reach, 6)})
            if not self._may_start(changed):
                continue
            words = Text(
                f"准入线由 {short(value)} 放宽到 {short(reach)} {unit.zh}",
                f"the limit from {short(value)} up to {short(reach)} {unit.en}",
            )
            yield self._lifted("parameter", changed, words, reach, reach - value, "tce/10k yuan")

    def _may_start(self, scenario: Scenario) -> bool:
        """Whether the rules of a changed case let the project start in some year."""
        from quota_opt.plan.solve import prepared
        from quota_opt.rules import rules_of

        case, _ = prepared(scenario, rules_of(scenario.rules))
        return bool(case.start_allowed[self.project].any())

    def _lifted(self, kind: str, changed: Scenario, words: Text, reach: float, amount: float, unit: str) -> Change:
        """A change that lifts the bar; whether the project is then in is for the prices to guess, or a re-solve."""
        if self.confirm:
            answer = solved(self.pricing, changed)
            return self._asked(kind, changed, answer, words, reach, amount, unit)
        cost = running(self.loss, self.pricing.unit) if math.isfinite(self.loss) else Text("", "")
        worth = self.loss <= 0.0
        text = Text(
            f"{words.zh}，即可参加安排；"
            + ("按价格有望入选。" if worth else f"但即使如此，安排它至少使目标值减少 {cost.zh}。"),
            f"{_upper(words.en)}: it may then compete; "
            + ("by prices it may well be in." if worth else f"but to award it would still cost at least {cost.en}."),
        )
        return Change(kind, text, "about", amount, unit, reach, scenario=changed)

    def _asked(
        self,
        kind: str,
        changed: Scenario,
        answer: Answer,
        words: Text,
        reach: float | None = None,
        amount: float | None = None,
        unit: str = "",
    ) -> Change:
        """A change that was re-solved once."""
        gain, leavers, joiners = answer.against(self.pricing.plan, self.name)
        if answer.has(self.name):
            text = Text(
                f"{words.zh}，即可入选{_names(leavers).zh}。", f"{_upper(words.en)}: it is in{_names(leavers).en}."
            )
        else:
            text = Text(f"{words.zh}，仍不能入选。", f"{_upper(words.en)}: it is still out.")
        return Change(
            kind,
            text,
            "enough" if answer.has(self.name) else "not_enough",
            amount,
            unit,
            reach,
            gain=gain,
            leavers=leavers,
            joiners=joiners,
            scenario=changed,
        )

    def _found(
        self,
        kind: str,
        found: Step,
        answer: Answer | None,
        change: Callable[[int], Scenario],
        step: float,
        unit: str,
        words: Callable[[float], Text],
    ) -> Change:
        """A change that was searched for."""
        if found.least is None or answer is None:
            most = words((found.below or 0) * step)
            text = Text(f"{most.zh}，仍不能入选：另有限制。", f"{_upper(most.en)}: still out, something else keeps it.")
            return Change(kind, text, "not_enough", None, unit, below=(found.below or 0) * step)
        gain, leavers, joiners = answer.against(self.pricing.plan, self.name)
        what, less = words(found.least * step), None if found.below is None else found.below * step
        odd = Text(
            "；更大的变化反而不行" if not found.monotone else "",
            "" if found.monotone else "; more is not always enough",
        )
        shown = (
            Text("", "")
            if less is None
            else Text(f"；少一步（{short(step)}）就不行", f"; one step ({short(step)}) less is not enough")
        )
        text = Text(
            f"{what.zh}，即可入选{_names(leavers).zh}{shown.zh}{odd.zh}。",
            f"{_upper(what.en)}: it is in{_names(leavers).en}{shown.en}{odd.en}.",
        )
        return Change(
            kind,
            text,
            "enough",
            found.least * step,
            unit,
            below=less,
            gain=gain,
            leavers=leavers,
            joiners=joiners,
            monotone=found.monotone,
            scenario=change(found.least),
        )


def _names(leavers: tuple[str, ...]) -> Text:
    """Who leaves, behind a comma."""
    if not leavers:
        return Text("，无项目落选", ", nobody leaves")
    shown, more = leavers[:4], len(leavers) > 4
    return Text(
        f"，换下 {'、'.join(shown)}{' 等' if more else ''}（{len(leavers)} 个）",
        f", {', '.join(shown)}{' …' if more else ''} leave{'s' if len(leavers) == 1 else ''}",
    )


def _little(zh: str, en: str) -> Text:
    """A change of which prices cannot tell the size."""
    return Text(f"{zh}（按价格看不出要多少）。", f"{en} (prices cannot tell how much).")


def _upper(words: str) -> str:
    return words[:1].upper() + words[1:]
