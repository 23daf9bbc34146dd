"""Clearance: every firm beyond a line has been treated by a year; coverage, not a count.

    Σ_{actions a of the kinds, t ≤ by} act[f, a, t]  >=  1       for every firm f with  measure(f) op value  in scope

==============  ======================================================================  =============  ==========
symbol          meaning                                                                 unit           source
==============  ======================================================================  =============  ==========
measure         tax_per_mu, value_added_per_mu, energy_intensity or a numeric column     that of value  firms.csv
op, value       the line, with the exact operator                                       that of value  parameters
kinds           actions that count; blank: any                                          -              parameters
by              last year in which the action may fall; blank: the last of the horizon  -              parameters
==============  ======================================================================  =============  ==========

A figure that is undefined (tax per mu without land) does not meet the line, as in `listing`. A firm that meets it and
that no action can treat in time (none given, not listed, protected, wrong years) is an error of the case, or a note
with `allow_untreatable = true`. A deadline after the horizon demands nothing yet.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from pydantic import Field, model_validator

from quota_opt.errors import Finding, Level, Text
from quota_opt.model.build import Build
from quota_opt.model.case import Case
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Listing, Rule, RuleAudit
from quota_opt.rules._screening import FIGURES, Condition, Operator, Scope, measures_known
from quota_opt.rules._shared import audited, check_choices, check_places, inside, note
from quota_opt.rules._treatment import Duty, duty_figures, duty_rows, untreatable
from quota_opt.rules.listing import ListingParameters, ListingRule
from quota_opt.scenario import RuleParameters, refused
from quota_opt.scenario.strict import ActionKind


class ClearanceParameters(RuleParameters):
    """The line (`measure`, `op`, `value`), the deadline `by`, which `kinds` count, for whom (`scope`, `places`)."""

    measure: str = Field(description="figure of a firm, e.g. tax_per_mu")
    op: Operator = Field(default="<=", description="how the figure is held against the line: <=, <, >=, > or ==")
    value: float = Field(allow_inf_nan=False, description="the line, in the unit of the figure")
    by: int | None = Field(default=None, description="year by which all are treated; blank: the last")
    kinds: tuple[ActionKind, ...] | None = Field(
        default=None, description='actions that count, e.g. ["close", "upgrade"]; blank: any'
    )
    scope: Scope = Field(default=Scope(), description="firms looked at, as in listing; blank: all")
    places: tuple[str, ...] | None = Field(default=None, description="places, with all below them; blank: everywhere")
    allow_untreatable: bool = Field(
        default=False, description="whether firms that no action can treat are let off, with a note"
    )

    @model_validator(mode="after")
    def _some_kind(self) -> ClearanceParameters:
        if self.kinds is not None and not self.kinds:
            raise refused(
                Text("kinds 是空的", "kinds is empty"),
                Text("写上至少一种措施，或不写 kinds。", "Name a kind of action, or leave kinds out."),
            )
        return self


class Clearance(Rule[ClearanceParameters]):
    """All firms beyond a line are treated by a date."""

    name: ClassVar[str] = "clearance"
    title: ClassVar[Text] = Text("限期清零", "clearance by a date")
    Parameters: ClassVar[type[RuleParameters]] = ClearanceParameters

    def check(self, case: Case) -> list[Finding]:
        """Unknown figures and places, a deadline outside the horizon, firms that nothing can treat."""
        what = Text("企业指标", "figure of a firm")
        found = check_choices(self, [self.parameters.measure], measures_known(case), "measure", what)
        found += check_places(self, self.parameters.places or (), case.places, "places")
        by = self._by(case)
        if by < case.years[0] or by > case.years[-1]:
            early = by < case.years[0]
            found.append(
                note(
                    self,
                    "deadline-outside-horizon",
                    Text(
                        f"清零期限 {by} 年{'早于规划期，无法完成' if early else '晚于规划期，期内尚无要求'}。",
                        f"The deadline of {by} lies {'before the horizon: it cannot be met' if early else 'after'}"
                        f"{'' if early else ' the horizon: nothing is demanded yet'}.",
                    ),
                    Text(
                        f"by 应在 {case.years[0]}–{case.years[-1]} 年之间。",
                        f"Let by be a year from {case.years[0]} to {case.years[-1]}.",
                    ),
                    level=Level.ERROR if early else Level.WARNING,
                    seen=str(by),
                )
            )
        if found:
            return found
        listing = self._meeting(case)
        return untreatable(self, case, self._duty(case, listing), listing.texts, self.parameters.allow_untreatable)

    def rows(self, build: Build) -> None:
        """One row per firm beyond the line that can be treated."""
        duty_rows(self, build, self._duty(build.case, self._meeting(build.case)))

    def overrides(self, outcome: Outcome) -> tuple[str, ...]:
        """Firms with the duty that no action can treat, let off."""
        case = outcome.case
        duty = self._duty(case, self._meeting(case))
        let_off = duty.firms & ~duty.bound(case, self.parameters.allow_untreatable)
        return tuple(map(str, case.firms["firm"].to_numpy()[let_off]))

    def audit(self, outcome: Outcome) -> RuleAudit:
        """Firms beyond the line that have no action in time."""
        case, listing = outcome.case, self._meeting(outcome.case)
        duty = self._duty(case, listing)
        figures = duty_figures(outcome, duty, listing.texts, self.parameters.allow_untreatable)

        def sentence(row: Any) -> Text:
            firm, year = row.firm, row.year
            return Text(
                f"{firm}（{row.reason}）到 {year} 年底未整治。",
                f"{firm} ({row.reason_en}) is not treated by {year}.",
            )

        made = audited(self, "firms", figures, sentence)
        if not made.ok:
            return made
        count, line = len(figures), f"{self.parameters.op} {self.parameters.value:g}"
        name = self.parameters.measure
        title = FIGURES[name][2] if name in FIGURES else Text(name, name)
        done = Text(
            f"{title.zh} {line} 的企业 {count} 家，到 {self._by(case)} 年底全部整治。",
            f"{count} firm{'' if count == 1 else 's'} with {title.en} {line}, all treated by {self._by(case)}.",
        )
        texts = (done,) if count else ()
        return RuleAudit(self.name, True, 0.0, "firms", self.clause, count > 0, made.figures, texts)

    def _by(self, case: Case) -> int:
        return int(case.years[-1]) if self.parameters.by is None else self.parameters.by

    @cached_property
    def _line(self) -> ListingRule:
        """The line as a condition of `listing`, so that both read figures alike."""
        condition = Condition(measure=self.parameters.measure, op=self.parameters.op, value=self.parameters.value)
        return ListingRule(ListingParameters(any_of=(condition,), scope=self.parameters.scope))

    def _meeting(self, case: Case) -> Listing:
        """Firms beyond the line, each with its figure in words."""
        return self._line.listing(case)

    def _duty(self, case: Case, listing: Listing) -> Duty:
        due = self._by(case) <= case.years[-1]
        here = inside(case, self.parameters.places)[case.firms["place_code"].to_numpy()]
        last = int(np.searchsorted(case.years, self._by(case), side="right")) - 1
        return Duty(listing.listed & here & due, self.parameters.kinds, last)
