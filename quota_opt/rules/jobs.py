"""Jobs: the jobs lost by the actions of one year in one place stay within a bound.

    Σ_{actions in year t at n and below} jobs_lost  [ − Σ_{awards started in t there} jobs · share ]  <=  bound[n]

`bound` is `max_lost` persons, or `max_lost_share` of the jobs of the firms there (the smaller where both are given);
`net = true` takes off the jobs the year's awards create. Places are those of level `per`.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, model_validator

from quota_opt.errors import Finding, Text
from quota_opt.model.build import Build, RowInfo
from quota_opt.model.case import Case, FloatArray
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Rule, RuleAudit
from quota_opt.model.terms import Terms, joined
from quota_opt.rules._shared import amount, audited, check_choices
from quota_opt.scenario import RuleParameters, refused


class JobsParameters(RuleParameters):
    """`max_lost` persons a year and place, `max_lost_share` of the firms' jobs there, `per` level, `net` or gross."""

    max_lost: float | None = Field(default=None, ge=0.0, description="most jobs lost in a year and place")
    max_lost_share: float | None = Field(
        default=None, ge=0.0, le=1.0, description="the same as a share of the jobs of the firms there"
    )
    per: str = Field(default="county", description="level of the places it is counted at")
    net: bool = Field(default=False, description="whether jobs of the year's awards are set off")

    @model_validator(mode="after")
    def _some_bound(self) -> JobsParameters:
        if self.max_lost is None and self.max_lost_share is None:
            raise refused(Text("须写 max_lost 或 max_lost_share", "needs max_lost or max_lost_share"))
        return self


class Jobs(Rule[JobsParameters]):
    """How many jobs may go in a year."""

    name: ClassVar[str] = "jobs"
    title: ClassVar[Text] = Text("岗位保护", "protection of jobs")
    Parameters: ClassVar[type[RuleParameters]] = JobsParameters

    def check(self, case: Case) -> list[Finding]:
        """A level no place has (the default, county, then means the whole case)."""
        levels = sorted(set(case.places.levels))
        if "per" not in self.parameters.model_fields_set:
            return []
        return check_choices(self, [self.parameters.per], levels, "per", Text("区域级别", "level of places"))

    def rows(self, build: Build) -> None:
        """One row per place of the level and year."""
        case = build.case
        bound = self._bound(case)
        acts, shares = build.acts, build.shares
        place, lost_jobs = (case.actions[name].to_numpy() for name in ("place_code", "jobs_lost"))
        lost = Terms.of(case, acts.column, place[acts.row], acts.year, lost_jobs[acts.row])
        terms = lost
        if self.parameters.net:
            place, jobs = (case.projects[name].to_numpy()[shares.row] for name in ("place_code", "jobs"))
            terms = joined(lost, Terms.of(case, shares.column, place, shares.year, -jobs))
        rows = np.broadcast_to(bound[:, None], (case.places.size, case.horizon))
        most = np.broadcast_to(self._most(case)[:, None], rows.shape)
        build.place_year_rows(
            RowInfo(self.name, self.clause, "jobs"), build.over_subtree(terms, bound), rows, upper=most
        )

    def audit(self, outcome: Outcome) -> RuleAudit:
        """Jobs lost against the bound, place by place and year by year."""
        case = outcome.case
        lost = np.zeros((case.places.size, case.horizon))
        action = case.actions.iloc[outcome.action_row]
        np.add.at(
            lost, (action["place_code"].to_numpy(), outcome.action_year), action["jobs_lost"].to_numpy(dtype=float)
        )
        if self.parameters.net:
            award = case.projects.iloc[outcome.award_row]
            created = award["jobs"].to_numpy(dtype=float) * outcome.award_share
            np.add.at(lost, (award["place_code"].to_numpy(), outcome.award_year), -created)
        bound = np.flatnonzero(self._bound(case))
        figures = pd.DataFrame(
            {
                "place": np.repeat(case.places.names[bound], case.horizon),
                "year": np.tile(case.years, len(bound)),
                "figure": case.places.subtree_sum(lost)[bound].ravel(),
                "upper": np.repeat(self._most(case)[bound], case.horizon),
            }
        )

        def sentence(row: Any) -> Text:
            place = case.place_title(row.place)
            return Text(
                f"{place} {row.year} 年减少岗位 {amount(row.figure)} 个，上限 {amount(row.upper)} 个。",
                f"{place} loses {amount(row.figure)} jobs in {row.year}; at most {amount(row.upper)}.",
            )

        return audited(self, "jobs", figures, sentence)

    def _bound(self, case: Case) -> NDArray[np.bool_]:
        level: NDArray[np.bool_] = case.places.levels.astype(str) == self.parameters.per
        return level if level.any() else case.places.parent < 0

    def _most(self, case: Case) -> FloatArray:
        """(N,): the bound of each place."""
        most = np.full(case.places.size, np.inf)
        if self.parameters.max_lost is not None:
            most = np.minimum(most, self.parameters.max_lost)
        if self.parameters.max_lost_share is not None:
            jobs = np.zeros(case.places.size)
            np.add.at(jobs, case.firms["place_code"].to_numpy(), case.firms["jobs"].to_numpy(dtype=float))
            most = np.minimum(most, self.parameters.max_lost_share * case.places.subtree_sum(jobs))
        return most
