"""Targets: bounds on measures, by year and place, as the county's document sets them.

    m(year, place)                                >= / <= / ==  value     cumulative, the usual form
    m(year, place) − m(year − 1, place)           >= / <= / ==  value     annual: what the year alone adds
    … + shortfall  >=  value,   penalty · shortfall off the objective     soft (likewise <=, ==)

==============  ==================================================================  ============
symbol          meaning                                                             source
==============  ==================================================================  ============
m               a measure of contract §1, or several of one unit joined with +      targets.csv
value, year,    the bound, by when and where; blank year: the last, or each year    targets.csv
place           of an annual target; blank place: the whole case
span            cumulative (default) or annual                                      targets.csv
==============  ==================================================================  ============

Every line of targets.csv has its own clause. `firms_closed+firms_upgraded` counts both kinds of treatment (a firm has
one action, so none counts twice). What cannot be told by decisions alone (idle quota of one place) is refused. A target
whose value is left blank and `ordered` says yes ("as ordered by the level above") is a warning, and bounds nothing
until the planner supplies the number; any other blank value is an error of the input.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from quota_opt.errors import Finding, Level, Text
from quota_opt.model.build import Build, RowInfo
from quota_opt.model.case import Case, records
from quota_opt.model.entries import Entries
from quota_opt.model.measures import Coefficients, coefficients, known_measures, measure_unit, measure_words
from quota_opt.model.objective import check_measure
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Rule, RuleAudit
from quota_opt.rules._shared import amount, audited, tolerance
from quota_opt.scenario import RuleParameters


class TargetsParameters(RuleParameters):
    """The rule has no numbers of its own: they are in targets.csv."""


class Targets(Rule[TargetsParameters]):
    """What the county has promised to reach."""

    name: ClassVar[str] = "targets"
    title: ClassVar[Text] = Text("目标", "targets")
    Parameters: ClassVar[type[RuleParameters]] = TargetsParameters

    def check(self, case: Case) -> list[Finding]:
        """Unknown measures, sums of unlike ones, soft targets without a penalty, targets that have no form."""
        found = []
        for i, target in enumerate(records(case.scenario.targets)):
            where = case.scenario.where("targets", i, "measure")
            terms = _terms(case, target.measure)
            wrong = [finding for term in terms if (finding := check_measure(case, term, where)) is not None]
            if wrong:
                found += wrong
                continue
            units = list(dict.fromkeys(measure_unit(case, term) for term in terms))
            if len(units) > 1:
                found.append(
                    Finding(
                        Level.ERROR,
                        "units-do-not-add",
                        Text(
                            f"“{target.measure}”把不同单位（{'、'.join(units)}）相加。",
                            f"{target.measure} adds different units ({', '.join(units)}).",
                        ),
                        where,
                        Text("只把同一单位的指标相加。", "Join measures of one unit only."),
                        target.measure,
                    )
                )
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
            if any(term.endswith("_idle") for term in terms) and target.place:
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
        """One row per target (and year, where annual), with shortfall columns for soft ones."""
        case = build.case
        targets = case.scenario.targets
        if not len(targets):
            return
        measures = np.array(sorted(set(targets["measure"])), dtype=object)
        known: dict[tuple[str, int, str], Coefficients] = {}  # many places share one measure and year
        for i, target in enumerate(records(targets)):
            for year in _years(case, target) if _known(target) else ():
                key = (target.measure, year, target.span)
                if key not in known:
                    known[key] = _coefficients(case, target, year)
                made = known[key]
                columns, values = build.expression(made, _inside(case, target))
                least, most = (bound - made.constant for bound in _bounds(target))
                if target.kind == "soft":
                    which: dict[str, ArrayLike] = {"target": [i + 1], **({"year": [year]} if _annual(target) else {})}
                    for sign, bound in ((1.0, least), (-1.0, most)):
                        if np.isfinite(bound):
                            reach = abs(bound) + float(np.abs(values).sum())
                            extra = build.model.add_columns("shortfall", which, upper=reach)
                            build.penalties.append((int(extra[0]), float(target.penalty)))
                            columns, values = np.concatenate([columns, extra]), np.append(values, sign)
                labels: dict[str, ArrayLike] = {
                    "measure": [int(np.searchsorted(measures, target.measure))],
                    "year": [year],
                    **({"place": [case.places.code[target.place]]} if target.place else {}),
                    **({"annual": [1]} if _annual(target) else {}),
                }
                build.add_rows(
                    RowInfo(self.name, target.clause or self.clause, _unit(case, target), item=i),
                    labels,
                    {"measure": measures},
                    entries=Entries.stacked([(columns, values)]),
                    lower=least,
                    upper=most,
                )

    def overrides(self, outcome: Outcome) -> tuple[str, ...]:
        """Soft targets the plan misses at their penalty."""
        missed = []
        for target in records(outcome.case.scenario.targets):
            least, most = _bounds(target)
            for year in _years(outcome.case, target) if target.kind == "soft" and _known(target) else ():
                figure = _reached(outcome, target, year)
                if max(least - figure, figure - most) > tolerance(target.value):
                    missed.append(str(target.measure))
        return tuple(missed)

    def audit(self, outcome: Outcome) -> RuleAudit:
        """Each target against the plan; a soft one that is missed is a shortfall, not a breach."""
        case = outcome.case
        rows = []
        for target in records(case.scenario.targets):
            least, most = _bounds(target)
            hard = target.kind != "soft"
            for year in _years(case, target) if _known(target) else ():
                figure = _reached(outcome, target, year)
                rows.append(
                    {
                        "measure": target.measure,
                        "place": target.place,
                        "year": year,
                        "span": target.span,
                        "sense": target.sense,
                        "target": target.value,
                        "unit": _unit(case, target),
                        "kind": target.kind,
                        "penalty": target.penalty,
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
            alone = Text("当年新增", " (that year alone)") if row.span == ANNUAL else Text("", "")
            name = measure_words(case, row.measure)
            return Text(
                f"{int(row.year)} 年{name.zh}{alone.zh} {amount(row.figure)}，"
                f"目标 {row.sense} {amount(row.target)}{clause}。",
                f"{name.en}{alone.en} in {int(row.year)} is {amount(row.figure)}, "
                f"target {row.sense} {amount(row.target)}{of}.",
            )

        return audited(self, "-", figures, sentence)


ANNUAL = "annual"


def _known(target: Any) -> bool:
    """Whether the target has its number, or waits for the level above to order it."""
    return not pd.isna(target.value)


def _annual(target: Any) -> bool:
    return bool(target.span == ANNUAL)


def _terms(case: Case, measure: str) -> list[str]:
    """The measures a cell names: one, or several joined with +."""
    return [measure] if measure in known_measures(case) else [term.strip() for term in measure.split("+")]


def _unit(case: Case, target: Any) -> str:
    return measure_unit(case, _terms(case, target.measure)[0])


def _years(case: Case, target: Any) -> list[int]:
    """The year of a target: the last where none is given, each year of an annual one."""
    if not pd.isna(target.year):
        return [int(target.year)]
    return [int(year) for year in case.years] if _annual(target) else [int(case.years[-1])]


def _inside(case: Case, target: Any) -> NDArray[np.bool_] | None:
    return case.places.within([target.place]) if target.place else None


def _bounds(target: Any) -> tuple[float, float]:
    least = float(target.value) if target.sense in (">=", "==") else -np.inf
    return least, float(target.value) if target.sense in ("<=", "==") else np.inf


def _coefficients(case: Case, target: Any, year: int) -> Coefficients:
    """The sum of the measures named, up to the year; less what stood the year before where the target is annual."""
    first, *others = [coefficients(case, term, year=year) for term in _terms(case, target.measure)]
    made = first
    for other in others:
        made = made + other
    if _annual(target) and year > case.years[0]:
        for term in _terms(case, target.measure):
            made = made + coefficients(case, term, year=year - 1) * -1.0
    return made


def _reached(outcome: Outcome, target: Any, year: int) -> float:
    case, inside = outcome.case, _inside(outcome.case, target)
    terms = _terms(case, target.measure)
    reached = sum(outcome.measure(term, year=year, inside=inside) for term in terms)
    if _annual(target) and year > case.years[0]:
        reached -= sum(outcome.measure(term, year=year - 1, inside=inside) for term in terms)
    return reached
