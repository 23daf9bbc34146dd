"""One treatment: each firm on the list gets exactly one of upgrade, rebuild, relocate, merge or close by the end.

    Σ_{actions a of the kinds, t} act[f, a, t]  =  1      for every listed firm f

Listed are the firms of the rule `listing`; where it is off, all firms that have an action. That no firm gets more than
one action holds anyway; this rule adds that none is left as it is. A listed firm that nothing can treat (no action
given, protected, no year possible) is an error of the case, or a note with `allow_untreatable = true`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from pydantic import Field, model_validator

from quota_opt.errors import Finding, Text
from quota_opt.model.build import Build
from quota_opt.model.case import Case
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Rule, RuleAudit
from quota_opt.rules._shared import audited, check_places, inside
from quota_opt.rules._treatment import Duty, duty_figures, duty_rows, untreatable
from quota_opt.scenario import RuleParameters, refused
from quota_opt.scenario.strict import ActionKind


class OneTreatmentParameters(RuleParameters):
    """Which `kinds` of action count, at which `places`, and whether firms that nothing can treat are let off."""

    kinds: tuple[ActionKind, ...] | None = Field(
        default=None, description='actions that count, e.g. ["close", "upgrade"]; blank: any'
    )
    places: tuple[str, ...] | None = Field(default=None, description="places, with all below them; blank: everywhere")
    allow_untreatable: bool = Field(
        default=False, description="whether firms that no action can treat are let off, with a note"
    )

    @model_validator(mode="after")
    def _some_kind(self) -> OneTreatmentParameters:
        if self.kinds is not None and not self.kinds:
            raise refused(
                Text("kinds 是空的", "kinds is empty"),
                Text("写上至少一种措施，或不写 kinds。", "Name a kind of action, or leave kinds out."),
            )
        return self


class OneTreatment(Rule[OneTreatmentParameters]):
    """No listed firm is left as it is."""

    name: ClassVar[str] = "one_treatment"
    title: ClassVar[Text] = Text("一企一策", "one treatment each")
    Parameters: ClassVar[type[RuleParameters]] = OneTreatmentParameters

    def check(self, case: Case) -> list[Finding]:
        """Unknown places; listed firms that nothing can treat."""
        found = check_places(self, self.parameters.places or (), case.places, "places")
        return found or untreatable(
            self, case, self._duty(case), self._because(case), self.parameters.allow_untreatable
        )

    def rows(self, build: Build) -> None:
        """One row per listed firm that can be treated."""
        duty_rows(self, build, self._duty(build.case), upper=1.0)

    def overrides(self, outcome: Outcome) -> tuple[str, ...]:
        """Firms with the duty that no action can treat, let off."""
        case = outcome.case
        duty = self._duty(case)
        let_off = duty.firms & ~duty.bound(case, self.parameters.allow_untreatable)
        return tuple(map(str, case.firms["firm"].to_numpy()[let_off]))

    def audit(self, outcome: Outcome) -> RuleAudit:
        """Listed firms with no treatment, or more than one."""
        case = outcome.case
        figures = duty_figures(outcome, self._duty(case), self._because(case), self.parameters.allow_untreatable)
        figures = figures.assign(upper=1.0)

        def sentence(row: Any) -> Text:
            firm, times = row.firm, int(row.figure)
            zh, en = row.reason, row.reason_en
            return Text(
                f"{firm}{f'（{zh}）' if zh else ''}整治 {times} 次，应恰好一次。",
                f"{firm}{f' ({en})' if en else ''} is treated {times} times; it should be once.",
            )

        made = audited(self, "firms", figures, sentence)
        if not made.ok:
            return made
        count = len(figures)
        done = Text(
            f"名单内 {count} 家企业各有一项整治措施。",
            f"{count} firm{'' if count == 1 else 's'} on the list, one treatment each.",
        )
        return RuleAudit(self.name, True, 0.0, "firms", self.clause, count > 0, made.figures, (done,) if count else ())

    def _duty(self, case: Case) -> Duty:
        if case.listing is not None:
            listed = case.listing.listed
        else:
            listed = np.zeros(len(case.firms), dtype=bool)
            listed[case.actions["firm_code"].to_numpy()] = True
        here = inside(case, self.parameters.places)[case.firms["place_code"].to_numpy()]
        return Duty(listed & here, self.parameters.kinds, case.horizon - 1)

    def _because(self, case: Case) -> Sequence[Text | None]:
        return case.listing.texts if case.listing is not None else (None,) * len(case.firms)
