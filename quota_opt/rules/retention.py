"""Retention: part of what a town frees stays there, part goes to the pool above.

    out[n, r, s]  <=  (1 − keep) · freed[n, r, s] + initial[n, r, s]
    out[n, r, s]  >=  pool · freed[n, r, s]                              for every place n at `levels`, year s

============  ==============================================================  ====  ============
symbol        meaning                                                         unit  source
============  ==============================================================  ====  ============
out           net flow of the place to its parent                             r     decision
freed         what actions in the place (and below) make available that year  r     decision
initial       quota the place (and below) holds without any action            r     quotas.csv
keep, pool    shares                                                          -     parameters
============  ==============================================================  ====  ============

With `pool` above 0 a place that frees nothing may receive nothing net: its outflow may not fall below 0.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, model_validator

from quota_opt.errors import Finding, Text
from quota_opt.model.build import Build, RowInfo, Terms, joined
from quota_opt.model.case import Case
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Rule, RuleAudit
from quota_opt.rules._shared import amount, audited, check_choices
from quota_opt.scenario import RuleParameters, refused, unit_words


class RetentionParameters(RuleParameters):
    """`keep` and `pool`: shares of what a place frees; `levels` of the places bound; `resources` (default all)."""

    keep: float = Field(default=0.0, ge=0.0, le=1.0)
    pool: float = Field(default=0.0, ge=0.0, le=1.0)
    levels: tuple[str, ...] = ("town", "zone")
    resources: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _shares_fit(self) -> RetentionParameters:
        if self.keep + self.pool > 1.0 + 1e-12:
            raise refused(Text("keep 与 pool 之和不得超过 1", "keep + pool may not exceed 1"))
        return self


class Retention(Rule[RetentionParameters]):
    """What towns keep of what they free."""

    name: ClassVar[str] = "retention"
    title: ClassVar[Text] = Text("镇街留用", "retention in towns")
    Parameters: ClassVar[type[RuleParameters]] = RetentionParameters

    def check(self, case: Case) -> list[Finding]:
        """Unknown resources."""
        named = self.parameters.resources or ()
        return check_choices(self, named, case.resources, "resources", Text("资源", "resource"))

    def rows(self, build: Build) -> None:
        """Both shares, for each resource, place and year."""
        case = build.case
        bound = self._bound(case)
        keep, pool = self.parameters.keep, self.parameters.pool
        for r in self._resources(case):
            rows = np.broadcast_to(bound[:, None], (case.places.size, case.horizon))
            freed = build.over_subtree(build.freed(r), bound)
            out = build.net_up(r)
            info = RowInfo(self.name, self.clause, case.unit(case.resources[r]))
            most = joined(out, Terms(freed.column, freed.place, freed.year, -(1.0 - keep) * freed.coefficient))
            held = case.places.subtree_sum(case.initial[r])
            build.place_year_rows(info, most, rows, upper=held, labels={"resource": r})
            if pool > 0:
                least = joined(out, Terms(freed.column, freed.place, freed.year, -pool * freed.coefficient))
                build.place_year_rows(info, least, rows, lower=0.0, labels={"resource": r})

    def audit(self, outcome: Outcome) -> RuleAudit:
        """Net outflow against the shares of what was freed."""
        case = outcome.case
        bound = np.flatnonzero(self._bound(case))
        parts = []
        for r in self._resources(case):
            freed = case.places.subtree_sum(outcome.freed[r])[bound]
            held = case.places.subtree_sum(case.initial[r])[bound]
            parts.append(
                pd.DataFrame(
                    {
                        "resource": case.resources[r],
                        "place": np.repeat(case.places.names[bound], case.horizon),
                        "year": np.tile(case.years, len(bound)),
                        "freed": freed.ravel(),
                        "figure": outcome.net_up[r, bound].ravel(),
                        "upper": ((1.0 - self.parameters.keep) * freed + held).ravel(),
                        "lower": (self.parameters.pool * freed).ravel() if self.parameters.pool > 0 else -np.inf,
                    }
                )
            )
        figures = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"figure": [], "upper": []})
        figures = figures[(figures.get("freed", 0.0) != 0.0) | (figures["figure"] != 0.0)]

        def sentence(row: Any) -> Text:
            unit, place = unit_words(case.unit(row.resource)), case.place_title(row.place)
            return Text(
                f"{place} {row.year} 年腾出 {amount(row.freed)} {unit.zh}，"
                f"外调 {amount(row.figure)}，上限 {amount(row.upper)}。",
                f"{place} frees {amount(row.freed)} {unit.en} in {row.year}, sends out {amount(row.figure)}, "
                f"may send {amount(row.upper)}.",
            )

        return audited(self, "tce", figures, sentence)

    def _bound(self, case: Case) -> NDArray[np.bool_]:
        level = np.isin(case.places.levels.astype(str), list(self.parameters.levels))
        bound: NDArray[np.bool_] = level & (case.places.parent >= 0)
        return bound

    def _resources(self, case: Case) -> list[int]:
        wanted = self.parameters.resources
        return [r for r, name in enumerate(case.resources) if wanted is None or name in wanted]
