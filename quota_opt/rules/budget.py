"""Budget: the public cost of actions stays within the fund, year by year.

    Σ_{actions in year t at places} cost  <=  fund[t]                      without carry-over
    Σ_{actions up to year t at places} cost  <=  Σ_{u ≤ t} fund[u]         with carry-over of what was not spent

Cost is that of actions.csv (or the action defaults), 10k yuan, undiscounted, in the year of the action. A year that
`by_year` does not name gets no new money.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import Field

from quota_opt.errors import Finding, Level, Text
from quota_opt.model.build import Build, RowInfo
from quota_opt.model.case import Case, FloatArray
from quota_opt.model.entries import Entries
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Rule, RuleAudit
from quota_opt.rules._shared import amount, audited, check_places, inside, note
from quota_opt.scenario import RuleParameters


class BudgetParameters(RuleParameters):
    """`by_year`: new money of each year, 10k yuan; `carry_over` of what is not spent; `places` that share the fund."""

    by_year: dict[int, float] = Field(description="new money of each year, e.g. { 2024 = 5000.0 }; a year left out: 0")
    carry_over: bool = Field(default=True, description="whether money not spent stays for later years")
    places: tuple[str, ...] | None = Field(default=None, description="places, with all below them; blank: everywhere")


class Budget(Rule[BudgetParameters]):
    """The special fund for closing and upgrading firms."""

    name: ClassVar[str] = "budget"
    title: ClassVar[Text] = Text("专项资金", "special fund")
    Parameters: ClassVar[type[RuleParameters]] = BudgetParameters

    def check(self, case: Case) -> list[Finding]:
        """Unknown places; years of the horizon without money, years with money outside the horizon."""
        found = check_places(self, self.parameters.places or (), case.places, "places")
        horizon = {int(year) for year in case.years}
        missing = sorted(horizon - set(self.parameters.by_year))
        outside = sorted(set(self.parameters.by_year) - horizon)
        for years, zh, en in (
            (missing, "没有写资金，按 0 计", "has no money written down and counts as 0"),
            (outside, "不在规划期内，不计入", "lies outside the horizon and does not count"),
        ):
            if years:
                listed = ", ".join(map(str, years))
                found.append(
                    note(
                        self,
                        "budget-years",
                        Text(f"专项资金：{listed} 年{zh}。", f"Special fund: {listed} {en}."),
                        Text("在 rules.budget.by_year 中写明各年资金。", "Write each year in rules.budget.by_year."),
                        level=Level.WARNING,
                        seen=listed,
                    )
                )
        return found

    def rows(self, build: Build) -> None:
        """One row per year."""
        case = build.case
        here = inside(case, self.parameters.places)[case.actions["place_code"].to_numpy()]
        cost = case.actions["cost"].to_numpy(dtype=float)
        acts, rows = build.acts, []
        spending = (here & (cost != 0.0))[acts.row]
        for s in range(case.horizon):
            spent = np.flatnonzero(spending & (acts.year <= s if self.parameters.carry_over else acts.year == s))
            rows.append((acts.column[spent], cost[acts.row[spent]]))
        build.add_rows(
            RowInfo(self.name, self.clause, "10k yuan"),
            {"year": case.years},
            entries=Entries.stacked(rows),
            upper=self._fund(case),
        )

    def audit(self, outcome: Outcome) -> RuleAudit:
        """Money spent against money there, year by year."""
        case = outcome.case
        spent = outcome.action_cost[inside(case, self.parameters.places)].sum(axis=0)
        figure = spent.cumsum() if self.parameters.carry_over else spent
        figures = pd.DataFrame({"year": case.years, "spent": spent, "figure": figure, "upper": self._fund(case)})

        def sentence(row: Any) -> Text:
            upto = Text("累计", "by then ") if self.parameters.carry_over else Text("", "")
            return Text(
                f"{int(row.year)} 年{upto.zh}支出 {amount(row.figure)} 万元，资金 {amount(row.upper)} 万元。",
                f"{int(row.year)}: {upto.en}spent {amount(row.figure)}, fund {amount(row.upper)} (10k yuan).",
            )

        return audited(self, "10k yuan", figures, sentence)

    def _fund(self, case: Case) -> FloatArray:
        fund = np.array([self.parameters.by_year.get(int(year), 0.0) for year in case.years], dtype=float)
        return fund.cumsum() if self.parameters.carry_over else fund
