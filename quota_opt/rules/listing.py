"""Listing: which firms are on the list of inefficient firms; only listed firms may be closed.

A firm is listed if it is in scope and any condition holds:

    scope      above scale (if asked), or land >= or_land_mu
    condition  a figure against a line with the exact operator, a grade, or a violation; with `years = 2` the
               previous year must meet it too

==================  ===================================================  ============  ==========
figure              meaning                                              unit          source
==================  ===================================================  ============  ==========
tax_per_mu          tax / land; undefined (not met) without land         10k yuan/mu   firms.csv
value_added_per_mu  value added / land                                   10k yuan/mu   firms.csv
energy_intensity    energy on the declared basis / value added           tce/10k yuan  firms.csv
any numeric column  as stated                                            its own       firms.csv
==================  ===================================================  ============  ==========
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, model_validator

from quota_opt.errors import Finding, Text
from quota_opt.model.case import Case, FloatArray, IntArray
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Bar, Listing, Rule, RuleAudit
from quota_opt.rules._shared import amount, audited, check_choices
from quota_opt.scenario import RuleParameters, refused

Operator = Literal["<=", "<", ">=", ">", "=="]
FIGURES = ("tax_per_mu", "value_added_per_mu", "energy_intensity")
PREVIOUS = {"tax_per_mu": "tax_per_mu_previous"}


class Condition(BaseModel):
    """One way onto the list: a figure against a line, a grade, or a violation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    measure: str | None = None
    op: Operator = "<="
    value: float | None = None
    grade: str | None = None
    violation: bool | None = None
    years: Literal[1, 2] = 1

    @model_validator(mode="after")
    def _one_form(self) -> Condition:
        forms = [self.measure is not None, self.grade is not None, self.violation is not None]
        if sum(forms) != 1:
            raise refused(
                Text("measure、grade、violation 须且只能写一个", "give exactly one of measure, grade, violation")
            )
        if (self.measure is not None) != (self.value is not None):
            raise refused(Text("measure 与 value 须同时写", "a measure needs a value, and a value a measure"))
        if self.years == 2 and self.measure is not None and self.measure not in PREVIOUS:
            known = ", ".join(PREVIOUS)
            raise refused(
                Text(f"连续两年只适用于 {known} 和 grade", f"two years are known for {known} and grades only")
            )
        return self


class Scope(BaseModel):
    """Which firms are screened at all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    above_scale: bool = False
    or_land_mu: float | None = None


class ListingParameters(RuleParameters):
    """`any_of` conditions, `scope`, and the kinds of action that only listed firms may undergo."""

    any_of: tuple[Condition, ...]
    scope: Scope = Scope()
    restricts: tuple[str, ...] = ("close",)


class ListingRule(Rule[ListingParameters]):
    """The list of inefficient firms."""

    name: ClassVar[str] = "listing"
    title: ClassVar[Text] = Text("低效企业清单", "list of inefficient firms")
    order: ClassVar[int] = 10
    Parameters: ClassVar[type[RuleParameters]] = ListingParameters

    def check(self, case: Case) -> list[Finding]:
        """Unknown figures."""
        numeric = [c for c in case.firms.columns if pd.api.types.is_float_dtype(case.firms[c])]
        named = [c.measure for c in self.parameters.any_of if c.measure is not None]
        return check_choices(self, named, [*FIGURES, *numeric], "any_of", Text("企业指标", "figure of a firm"))

    def listing(self, case: Case) -> Listing:
        """Listed or not, and the first condition met, firm by firm."""
        firms = case.firms
        listed = np.zeros(len(firms), dtype=bool)
        texts: list[Text | None] = [None] * len(firms)
        scope = _in_scope(firms, self.parameters.scope)
        for condition in self.parameters.any_of:
            met = _met(firms, condition) & scope
            fresh = np.flatnonzero(met & ~listed)
            for i, text in zip(fresh.tolist(), _words(firms, fresh, condition), strict=True):
                texts[i] = text
            listed |= met
        return Listing(listed, tuple(texts))

    def bars(self, case: Case) -> list[Bar]:
        """Firms that are not listed get none of the restricted actions."""
        listed = _listed(case)
        kinds = case.actions["action"].isin(list(self.parameters.restricts)).to_numpy()
        rows = np.flatnonzero(kinds & ~listed[case.actions["firm_code"].to_numpy()])
        text = Text("不在低效企业清单内，不得关停。", "Not on the list of inefficient firms; it may not be closed.")
        years = np.ones((len(rows), case.horizon), dtype=bool)
        return [Bar("action", rows, years, "not_listed", [text] * len(rows), [""] * len(rows))]

    def audit(self, outcome: Outcome) -> RuleAudit:
        """Restricted actions on firms that the conditions do not list."""
        case = outcome.case
        again = self.listing(case).listed
        action = case.actions.iloc[outcome.action_row]
        restricted = action["action"].isin(list(self.parameters.restricts)).to_numpy()
        outside = restricted & ~again[action["firm_code"].to_numpy()]
        figures = pd.DataFrame({"firm": action["firm"].to_numpy(), "figure": outside.astype(float), "upper": 0.0})
        figures = figures[restricted]

        def sentence(row: Any) -> Text:
            return Text(f"{row.firm} 不在清单内却被关停。", f"{row.firm} is closed without being listed.")

        made = audited(self, "firms", figures, sentence)
        return made if not made.ok else RuleAudit(self.name, True, 0.0, "firms", self.clause, figures=made.figures)


def _listed(case: Case) -> NDArray[np.bool_]:
    return case.listing.listed if case.listing is not None else np.ones(len(case.firms), dtype=bool)


def _in_scope(firms: pd.DataFrame, scope: Scope) -> NDArray[np.bool_]:
    if not scope.above_scale and scope.or_land_mu is None:
        return np.ones(len(firms), dtype=bool)
    inside = np.zeros(len(firms), dtype=bool)
    if scope.above_scale:
        inside |= firms["above_scale"].to_numpy(dtype=bool)
    if scope.or_land_mu is not None:
        inside |= firms["land_mu"].fillna(0.0).to_numpy(dtype=float) >= scope.or_land_mu
    return inside


def _figure(firms: pd.DataFrame, measure: str) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        if measure in ("tax_per_mu", "value_added_per_mu"):
            land = firms["land_mu"].to_numpy(dtype=float)
            top = firms["tax" if measure == "tax_per_mu" else "value_added"].to_numpy(dtype=float)
            return np.where(land > 0, top / land, np.nan)
        if measure == "energy_intensity":
            value_added = firms["value_added"].to_numpy(dtype=float)
            return np.where(value_added > 0, firms["energy"].to_numpy(dtype=float) / value_added, np.nan)
    if measure not in firms:
        return np.full(len(firms), np.nan)
    return firms[measure].to_numpy(dtype=float)


def _compared(figure: FloatArray, op: Operator, value: float) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        compare = {"<=": np.less_equal, "<": np.less, ">=": np.greater_equal, ">": np.greater, "==": np.equal}
        met: NDArray[np.bool_] = compare[op](figure, value)
    return met & ~np.isnan(figure)


def _met(firms: pd.DataFrame, condition: Condition) -> NDArray[np.bool_]:
    if condition.grade is not None:
        met = (firms["grade"] == condition.grade).to_numpy(dtype=bool)
        if condition.years == 2:
            met = met & (firms["grade_previous"] == condition.grade).to_numpy(dtype=bool)
        return met
    if condition.violation is not None:
        agrees: NDArray[np.bool_] = _violates(firms["violations"]) == condition.violation
        return agrees
    assert condition.measure is not None and condition.value is not None
    met = _compared(_figure(firms, condition.measure), condition.op, condition.value)
    if condition.years == 2:
        previous = firms[PREVIOUS[condition.measure]].to_numpy(dtype=float)
        met = met & _compared(previous, condition.op, condition.value)
    return met


def _violates(column: pd.Series[Any]) -> NDArray[np.bool_]:
    """A count above zero, or any entry in a list or text."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return column.fillna(0).to_numpy(dtype=float) > 0
    return column.map(lambda entry: len(entry) > 0 and entry not in ("0", "无", "否")).to_numpy(dtype=bool)


def _words(firms: pd.DataFrame, rows: IntArray, condition: Condition) -> list[Text]:
    """What puts each of the firms `rows` on the list."""
    if condition.grade is not None:
        years = "连续两年" if condition.years == 2 else ""
        twice = " two years running" if condition.years == 2 else ""
        return [Text(f"亩均评价{years}为 {condition.grade} 类", f"graded {condition.grade}{twice}")] * len(rows)
    if condition.violation is not None:
        return [Text("有违法违规记录", "a violation on record")] * len(rows)
    assert condition.measure is not None and condition.value is not None
    figures = _figure(firms, condition.measure)[rows].tolist()
    titles = {
        "tax_per_mu": Text("亩均税收（万元/亩）", "tax per mu (10k yuan)"),
        "value_added_per_mu": Text("亩均增加值（万元/亩）", "value added per mu (10k yuan)"),
        "energy_intensity": Text("能耗强度（吨标准煤/万元）", "energy intensity (tce/10k yuan)"),
    }
    title = titles.get(condition.measure, Text(condition.measure, condition.measure))
    line = f"{condition.op} {condition.value:g}"
    shown = [amount(figure) for figure in figures]
    return [Text(f"{title.zh} {figure}（{line}）", f"{title.en} {figure} ({line})") for figure in shown]
