"""Targets: bounds on measures, by year and place, as the county's document sets them.

    measure(year, place)  >= / <= / ==  value                                        hard
    measure(year, place) + shortfall  >=  value,   penalty · shortfall off the objective   soft (likewise <=, ==)

Every line of targets.csv is one row, with its own clause. `year` blank means the last year, `place` blank the whole
case. Measures are those of contract §1; what cannot be told by decisions alone (idle quota of one place) is refused.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from quota_opt.errors import Finding, Level, Text
from quota_opt.model.build import Build, RowInfo
from quota_opt.model.case import Case, records
from quota_opt.model.measures import Coefficients, coefficients, measure_unit
from quota_opt.model.objective import check_measure
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Rule, RuleAudit
from quota_opt.rules._shared import amount, audited
from quota_opt.scenario import RuleParameters


class TargetsParameters(RuleParameters):
    """The rule has no numbers of its own: they are in targets.csv."""


class Targets(Rule[TargetsParameters]):
    """What the county has promised to reach."""

    name: ClassVar[str] = "targets"
    title: ClassVar[Text] = Text("目标", "targets")
    Parameters: ClassVar[type[RuleParameters]] = TargetsParameters

    def check(self, case: Case) -> list[Finding]:
        """Unknown measures, soft targets without a penalty, targets that have no form."""
        found = []
        for i, target in enumerate(records(case.scenario.targets)):
            where = case.scenario.where("targets", i, "measure")
            finding = check_measure(case, target.measure, where)
            if finding is not None:
                found.append(finding)
                continue
            if target.kind == "soft" and not target.penalty > 0:
                found.append(
                    Finding(
                        Level.ERROR,
                        "soft-without-penalty",
                        Text("软目标没有写罚值。", "A soft target needs a penalty per unit missed."),
                        case.scenario.where("targets", i, "penalty"),
                        Text("写上大于 0 的罚值，或改为硬目标。", "Write a penalty above 0, or make the target hard."),
                        str(target.penalty),
                    )
                )
            if target.measure.endswith("_idle") and target.place:
                found.append(
                    Finding(
                        Level.ERROR,
                        "target-without-form",
                        Text(
                            "单个区域的结余取决于调剂，不能作目标。",
                            "Idle quota of one place depends on transfers; it cannot be a target.",
                        ),
                        where,
                        Text("去掉区域，或改用腾出、使用类指标。", "Leave the place out, or use freed or used."),
                        target.measure,
                    )
                )
        return found

    def rows(self, build: Build) -> None:
        """One row per target, with shortfall columns for soft ones."""
        case = build.case
        targets = case.scenario.targets
        if not len(targets):
            return
        measures = np.array(sorted(set(targets["measure"])), dtype=object)
        known: dict[tuple[str, int], Coefficients] = {}  # many places share one measure and year
        for i, target in enumerate(records(targets)):
            key = (target.measure, self._year(case, target))
            if key not in known:
                known[key] = coefficients(case, key[0], year=key[1])
            made = known[key]
            columns, values = build.expression(made, self._inside(case, target))
            least = target.value - made.constant if target.sense in (">=", "==") else -np.inf
            most = target.value - made.constant if target.sense in ("<=", "==") else np.inf
            if target.kind == "soft":
                for sign, bound in ((1.0, least), (-1.0, most)):
                    if np.isfinite(bound):
                        reach = abs(bound) + float(np.abs(values).sum())
                        extra = build.model.add_columns("shortfall", {"target": [i + 1]}, upper=reach)
                        build.penalties.append((int(extra[0]), float(target.penalty)))
                        columns, values = np.append(columns, extra), np.append(values, sign)
            labels: dict[str, ArrayLike] = {
                "measure": [int(np.searchsorted(measures, target.measure))],
                "year": [key[1]],
                **({"place": [case.places.code[target.place]]} if target.place else {}),
            }
            build.add_rows(
                RowInfo(self.name, target.clause or self.clause, measure_unit(case, target.measure)),
                labels,
                {"measure": measures},
                entries=(np.zeros(len(columns), dtype=int), columns, values),
                lower=least,
                upper=most,
            )

    def audit(self, outcome: Outcome) -> RuleAudit:
        """Each target against the plan; a soft one that is missed is a shortfall, not a breach."""
        case = outcome.case
        rows = []
        for target in records(case.scenario.targets):
            year, inside = self._year(case, target), self._inside(case, target)
            figure = outcome.measure(target.measure, year=year, inside=inside)
            least = target.value if target.sense in (">=", "==") else -np.inf
            most = target.value if target.sense in ("<=", "==") else np.inf
            hard = target.kind != "soft"
            rows.append(
                {
                    "measure": target.measure,
                    "place": target.place,
                    "year": year,
                    "sense": target.sense,
                    "target": target.value,
                    "unit": measure_unit(case, target.measure),
                    "kind": target.kind,
                    "clause": target.clause,
                    "figure": figure,
                    "shortfall": max(least - figure, figure - most, 0.0),
                    "lower": least if hard else -np.inf,
                    "upper": most if hard else np.inf,
                }
            )
        figures = pd.DataFrame(rows) if rows else pd.DataFrame({"figure": [], "upper": []})

        def sentence(row: Any) -> Text:
            clause = f"（{row.clause}）" if row.clause else ""
            of = f" ({row.clause})" if row.clause else ""
            return Text(
                f"{int(row.year)} 年 {row.measure} 为 {amount(row.figure)}，"
                f"目标 {row.sense} {amount(row.target)}{clause}。",
                f"{row.measure} in {int(row.year)} is {amount(row.figure)}, "
                f"target {row.sense} {amount(row.target)}{of}.",
            )

        return audited(self, "-", figures, sentence)

    def _year(self, case: Case, target: Any) -> int:
        return int(case.years[-1]) if pd.isna(target.year) else int(target.year)

    def _inside(self, case: Case, target: Any) -> NDArray[np.bool_] | None:
        return case.places.within([target.place]) if target.place else None
