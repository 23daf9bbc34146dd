"""Slow approval: for a time, high-energy sectors get only so much new energy a year.

    Σ_{awards of the sectors started in year t} base energy · share  <=  max_per_year     every year from `from` to `to`

============  ===================================================================  ======  ============
symbol        meaning                                                              unit    source
============  ===================================================================  ======  ============
base energy   on the declared basis, at full size, without ramp and substitution   tce/yr  projects.csv
sectors       the sectors whose approvals are slowed                               -       parameters
max_per_year  new energy approved a year, all these sectors together; 0: none      tce/yr  parameters
============  ===================================================================  ======  ============

The year of approval is the year of the start. A project that needs no energy is not slowed. `from` and `to` blank:
from the first year, to the last. Each year stands on its own: what is not approved does not carry over.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, model_validator

from quota_opt.errors import Finding, Level, Text
from quota_opt.model.build import Build, RowInfo
from quota_opt.model.case import Case, IntArray
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Rule, RuleAudit
from quota_opt.rules._shared import amount, audited, check_choices, check_places, inside, note
from quota_opt.scenario import RuleParameters, refused


class SlowApprovalParameters(RuleParameters):
    """`sectors` that are slowed `from` one year `to` another, with `max_per_year` tce of new energy, at `places`."""

    sectors: tuple[str, ...] = Field(description="sectors whose approvals are slowed")
    from_: int | None = Field(default=None, alias="from", description="first year; blank: from the start")
    to: int | None = Field(default=None, description="last year; blank: to the end")
    max_per_year: float = Field(
        default=0.0, ge=0.0, allow_inf_nan=False, description="new energy started a year, tce; 0: none"
    )
    places: tuple[str, ...] | None = Field(default=None, description="places, with all below them; blank: everywhere")

    @model_validator(mode="after")
    def _possible(self) -> SlowApprovalParameters:
        if not self.sectors:
            raise refused(
                Text("sectors 是空的", "sectors is empty"),
                Text("写上缓批的行业，或关闭本规则。", "Name the sectors that are slowed, or switch the rule off."),
            )
        if self.from_ is not None and self.to is not None and self.to < self.from_:
            raise refused(
                Text(f"to（{self.to}）早于 from（{self.from_}）", f"to ({self.to}) is before from ({self.from_})"),
                Text("请让 to 不早于 from。", "Let to be the year of from, or later."),
            )
        return self


class SlowApproval(Rule[SlowApprovalParameters]):
    """Approvals of high-energy sectors slowed or limited."""

    name: ClassVar[str] = "slow_approval"
    title: ClassVar[Text] = Text("缓批限批", "slow approval")
    Parameters: ClassVar[type[RuleParameters]] = SlowApprovalParameters

    def check(self, case: Case) -> list[Finding]:
        """Unknown places, sectors without projects, years outside the horizon."""
        found = check_places(self, self.parameters.places or (), case.places, "places")
        sectors = sorted(set(case.projects["sector"]) | set(case.firms["sector"]))
        # One policy may serve many counties, and not every county has every sector it names.
        what = Text("行业", "sector")
        found += check_choices(self, self.parameters.sectors, sectors, "sectors", what, Level.WARNING)
        if not len(self._years(case)):
            first, last = self.parameters.from_, self.parameters.to
            found.append(
                note(
                    self,
                    "years-outside-horizon",
                    Text(
                        "缓批限批的年份都不在规划期内，不起作用。",
                        "None of the years of slow approval lies in the horizon; it bounds nothing.",
                    ),
                    Text(
                        f"from、to 应与 {case.years[0]}–{case.years[-1]} 年重叠。",
                        f"Let from and to meet the years {case.years[0]} to {case.years[-1]}.",
                    ),
                    level=Level.WARNING,
                    seen=f"{first or ''}–{last or ''}",
                )
            )
        return found

    def rows(self, build: Build) -> None:
        """One row per slowed year."""
        case, years = build.case, self._years(build.case)
        if not len(years):
            return
        concerned = self._concerned(case) & (case.base_energy != 0.0)
        row, k = np.nonzero((build.share[:, years] >= 0) & concerned[:, None])
        build.add_rows(
            RowInfo(self.name, self.clause, "tce"),
            {"year": case.years[years]},
            entries=(k, build.share[row, years[k]], case.base_energy[row]),
            upper=self.parameters.max_per_year,
        )

    def audit(self, outcome: Outcome) -> RuleAudit:
        """Energy of the sectors' awards started in each slowed year, against the bound."""
        case, years = outcome.case, self._years(outcome.case)
        energy = outcome.awarded(case.base_energy * self._concerned(case))
        started = np.bincount(outcome.award_year, weights=energy, minlength=case.horizon)
        figures = pd.DataFrame(
            {"year": case.years[years], "figure": started[years], "upper": self.parameters.max_per_year}
        )
        sectors = self.parameters.sectors

        def sentence(row: Any) -> Text:
            return Text(
                f"{int(row.year)} 年批准{'、'.join(sectors)}项目用能 {amount(row.figure)} 吨标准煤，"
                f"上限 {amount(row.upper)} 吨标准煤。",
                f"{int(row.year)}: {amount(row.figure)} tce approved in {', '.join(sectors)}; "
                f"at most {amount(row.upper)} tce.",
            )

        return audited(self, "tce", figures, sentence)

    def _years(self, case: Case) -> IntArray:
        """Positions of the slowed years."""
        first = -np.inf if self.parameters.from_ is None else self.parameters.from_
        last = np.inf if self.parameters.to is None else self.parameters.to
        return np.flatnonzero((case.years >= first) & (case.years <= last))

    def _concerned(self, case: Case) -> NDArray[np.bool_]:
        """(P,): projects of the sectors, at the places."""
        here: NDArray[np.bool_] = inside(case, self.parameters.places)[case.projects["place_code"].to_numpy()]
        return here & case.projects["sector"].isin(list(self.parameters.sectors)).to_numpy()
