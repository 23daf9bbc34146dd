"""Priority: which category of projects the freed quota goes to first.

    weights   priority_points = Σ weight[category] · energy · share        (a measure; the objective decides its worth)
    order     energy awarded to the first category is made as large as can be, then to the second …, then the objective
    shares    Σ_{category} energy · share  >=  min_share · Σ_all energy · share       of what is awarded by the end

Energy is that of projects.csv at full size on the declared basis, tce/yr, without substitution ratio.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, model_validator

from quota_opt.errors import Finding, Level, Text
from quota_opt.model.build import Build, RowInfo
from quota_opt.model.case import Case
from quota_opt.model.measures import coefficients
from quota_opt.model.objective import Stage, weights
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Rule, RuleAudit
from quota_opt.rules._shared import amount, audited, check_choices, note
from quota_opt.scenario import RuleParameters, refused

CATEGORIES = ("strategic", "chain", "upgrade", "other")


class PriorityParameters(RuleParameters):
    """`form`, and the `weights`, `order` or `min_shares` of that form, by category."""

    form: Literal["weights", "order", "shares"] = Field(
        default="weights", description="weights in a measure, strict order, or least shares"
    )
    weights: dict[str, float] = Field(
        default_factory=dict, description="weight of each category in priority_points, e.g. { strategic = 1.3 }; else 1"
    )
    order: tuple[str, ...] = Field(default=(), description='categories, first to last, e.g. ["strategic", "chain"]')
    min_shares: dict[str, float] = Field(
        default_factory=dict, description="least share of the energy awarded by category, e.g. { chain = 0.2 }"
    )

    @model_validator(mode="after")
    def _complete(self) -> PriorityParameters:
        needed = {"weights": self.weights, "order": self.order, "shares": self.min_shares}[self.form]
        if not needed:
            field = {"weights": "weights", "order": "order", "shares": "min_shares"}[self.form]
            raise refused(Text(f"form = '{self.form}' 须写 {field}", f"form = '{self.form}' needs {field}"))
        if (
            any(share < 0 or share > 1 for share in self.min_shares.values())
            or sum(self.min_shares.values()) > 1 + 1e-12
        ):
            raise refused(
                Text(
                    "min_shares 各在 0 与 1 间，合计至多 1",
                    "min_shares lie between 0 and 1 and add up to 1 at most",
                )
            )
        return self


class Priority(Rule[PriorityParameters]):
    """Who comes first."""

    name: ClassVar[str] = "priority"
    title: ClassVar[Text] = Text("优先次序", "priority")
    Parameters: ClassVar[type[RuleParameters]] = PriorityParameters

    def check(self, case: Case) -> list[Finding]:
        """Unknown categories; weights that no objective uses."""
        named = [*self.parameters.weights, *self.parameters.order, *self.parameters.min_shares]
        found = check_choices(self, named, CATEGORIES, self.parameters.form, Text("项目类别", "category"))
        objective = case.scenario.settings.objective
        ordered = {item.measure for item in objective.order}
        used = ordered if objective.form == "lexicographic" else set(weights(case))
        if self.parameters.form == "weights" and "priority_points" not in used:
            found.append(
                note(
                    self,
                    "weights-without-effect",
                    Text(
                        "优先权重没有进入目标函数，不起作用。",
                        "The priority weights have no effect: the objective does not use priority_points.",
                    ),
                    Text(
                        "在 [objective] 中写 maximise = { priority_points = … }，或改用 order / shares。",
                        "Write maximise = { priority_points = … } in [objective], or use order or shares.",
                    ),
                    level=Level.WARNING,
                )
            )
        return found

    def rows(self, build: Build) -> None:
        """One row per category with a minimum share."""
        if self.parameters.form != "shares":
            return
        case = build.case
        for category, least in self.parameters.min_shares.items():
            value = case.base_energy * (self._of(case, category) - least)
            row, year = np.nonzero((build.share >= 0) & (value[:, None] != 0.0))
            build.add_rows(
                RowInfo(self.name, self.clause, "tce"),
                {"category": [CATEGORIES.index(category)]},
                entries=(np.zeros(len(row), dtype=int), build.share[row, year], value[row]),
                lower=0.0,
            )

    def stages(self, case: Case) -> list[Stage]:
        """In order form: energy awarded to each category in turn."""
        if self.parameters.form != "order":
            return []
        nothing = coefficients(case, "projects_started") * 0.0
        made = []
        for category in self.parameters.order:
            energy = (case.base_energy * self._of(case, category))[:, None]
            shares = np.broadcast_to(energy, nothing.shares.shape)
            made.append(Stage(f"priority:{category}", type(nothing)(nothing.actions, shares, nothing.starts)))
        return made

    def overrides(self, outcome: Outcome) -> tuple[str, ...]:
        """The categories that come before the case's own objective."""
        return self.parameters.order if self.parameters.form == "order" else ()

    def audit(self, outcome: Outcome) -> RuleAudit:
        """Energy awarded by category; in shares form against the shares."""
        case = outcome.case
        energy = outcome.awarded(case.base_energy)
        total = float(energy.sum())
        mine = {c: float(energy[self._of(case, c)[outcome.award_row] > 0].sum()) for c in CATEGORIES}
        shares = self.parameters.min_shares if self.parameters.form == "shares" else {}
        figures = pd.DataFrame(
            {
                "category": list(CATEGORIES),
                "figure": [mine[c] for c in CATEGORIES],
                "lower": [shares[c] * total if c in shares else -np.inf for c in CATEGORIES],
            }
        )

        def sentence(row: Any) -> Text:
            return Text(
                f"{row.category} 类项目安排用能 {amount(row.figure)} 吨标准煤，至少 {amount(row.lower)}。",
                f"{row.category} projects are awarded {amount(row.figure)} tce; at least {amount(row.lower)}.",
            )

        return audited(self, "tce", figures, sentence)

    def _of(self, case: Case, category: str) -> NDArray[np.float64]:
        return np.asarray(case.projects["category"] == category, dtype=np.float64)
