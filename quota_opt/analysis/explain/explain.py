"""Why a plan is as it is: of one project, firm or rule, and of all projects at once.

qo.explain(plan, project="P12")                 # by the plan's own prices, nothing is solved again
qo.explain(plan, project="P12", confirm=True)   # each figure by re-solving
qo.explanations(plan)                           # every project that is out, one row each
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quota_opt.analysis.explain.changes import needed
from quota_opt.analysis.explain.pricing import Pricing, cell
from quota_opt.analysis.explain.project import bars_of, explain_project, found_of, main_resource, verdict_words
from quota_opt.analysis.explain.types import Explanation, OnChange, write_either
from quota_opt.analysis.explain.ways import Ways
from quota_opt.errors import Finding, InputError, Language, Level, Text, Where
from quota_opt.plan.plan import Plan
from quota_opt.report.numbers import running
from quota_opt.scenario import Scenario
from quota_opt.scenario.nearest import mend_name

if TYPE_CHECKING:
    from quota_opt.report.document import Document

COLUMNS = [
    "project", "place", "verdict", "rule", "clause", "year", "value", "charge", "margin", "loss_at_least", "resource",
    "more_needed", "unit", "value_added_needed", "text", "text_en",
]  # fmt: skip


def explain(
    plan: Plan,
    *,
    project: str | None = None,
    firm: str | None = None,
    rule: str | None = None,
    confirm: bool = False,
    on_change: OnChange | None = None,
) -> Explanation:
    """Why a project is in or out, a firm treated or kept, or what a rule does to the plan.

    Parameters
    ----------
    plan
        A plan of `solve` or `read_result`.
    project, firm, rule
        What to explain: exactly one identifier, as the case writes it.
    confirm
        Re-solve: the exact cost of the opposite, and how large each change must be. Takes a few dozen solves of the
        case at most. Without it every figure comes from the plan's prices, as a proven bound where it says so.
    on_change
        Called with each change that would let a project in as soon as it is known, which takes a while by re-solving.

    Raises
    ------
    InputError
        Not exactly one of the three is named, or the case has none of that name.
    """
    asked = [(kind, name) for kind, name in (("project", project), ("firm", firm), ("rule", rule)) if name is not None]
    if len(asked) != 1:
        what = Text("请写明一个要解释的项目、企业或规则。", "Name one project, firm or rule to explain.")
        raise InputError([Finding(Level.ERROR, "explain-one", what, Where(), what)])
    [(kind, name)] = asked
    pricing = Pricing.of(plan)
    _known(pricing, kind, name)
    if kind == "project":
        return explain_project(pricing, name, confirm=confirm, on_change=on_change)
    if kind == "firm":
        from quota_opt.analysis.explain.firm import explain_firm

        return explain_firm(pricing, name, confirm=confirm)
    from quota_opt.analysis.explain.rule import explain_rule

    return explain_rule(pricing, name, confirm=confirm)


@dataclass(frozen=True, eq=False)
class Explanations:
    """Every project of a plan that is out, one row each.

    Columns of `table`: project, place, verdict, rule, clause (of the first bar), year (that suits it best), value (what
    it brings to the objective, in `unit`), charge (what it takes is worth), margin, loss_at_least (proven: forcing it
    in costs no less), resource (that it pays most for), more_needed (of it at its place, every year, in units of the
    column `unit`: proven, no less lets it in; inf: no amount does; NaN: barred), value_added_needed (10k yuan/yr more,
    likewise; NaN for lexicographic objectives), text, text_en.
    """

    scenario: Scenario = field(repr=False)
    table: pd.DataFrame
    unit: str

    def document(self) -> Document:
        """The table as a report for people."""
        from quota_opt.analysis.explain.document import document_of_all

        return document_of_all(self.scenario, self.table, self.unit)

    def write(self, path: str | Path, language: Language = "zh") -> Path:
        """Write the report as html, as a workbook (.xlsx), or the table alone (.csv). Returns the path."""
        return write_either(self.document(), self.table, Path(path), language)

    def as_dict(self) -> dict[str, Any]:
        """The rows as plain values."""
        return {"unit": self.unit, "projects": self.table.to_dict("records")}


def explanations(plan: Plan) -> Explanations:
    """Every project that is out and why, from one pass over the columns of the model; nothing is solved again."""
    pricing = Pricing.of(plan)
    awarded = set(pricing.outcome.award_row.tolist())
    rows = [_line(pricing, p) for p in range(len(pricing.case.projects)) if p not in awarded]
    return Explanations(plan.scenario, pd.DataFrame(rows, columns=COLUMNS), pricing.unit)


def _line(pricing: Pricing, p: int) -> tuple[object, ...]:
    case, found = pricing.case, found_of(pricing, p)
    record = case.projects.iloc[p]
    barred = found.verdict == "barred"
    bars = bars_of(pricing, "project", np.array([p])) if barred else pd.DataFrame()
    rule, clause = (str(cell(bars, "rule", 0)), str(cell(bars, "clause", 0))) if len(bars) else ("", "")
    r = main_resource(pricing, found)
    resource = case.resources[r] if r is not None else ""
    place = int(record["place_code"])
    more = needed(found.loss_at_least, pricing.pool_prices[r, place]) if r is not None and not barred else np.nan
    slope = Ways(pricing, p, found.years, barred=barred, confirm=False).slope()
    value = found.loss_at_least / slope if slope > 0 and not barred else np.nan
    words = verdict_words(found.verdict)
    if len(bars):
        text = Text("；".join(bars["text"]), "; ".join(bars["text_en"]))
    else:
        brings, takes = running(found.value, pricing.unit), running(found.value - found.margin, pricing.unit)
        text = Text(
            f"{words.zh}：贡献 {brings.zh}，占用折价 {takes.zh}", f"{words.en}: brings {brings.en}, takes {takes.en}"
        )
    year = int(case.years[found.year]) if len(found.years) else None
    return (
        str(record["project"]), str(record["place"]), found.verdict, rule, clause, year, found.value,
        found.value - found.margin, found.margin, found.loss_at_least, resource, more,
        case.unit(resource) if resource else "", value, text.zh, text.en,
    )  # fmt: skip


def _known(pricing: Pricing, kind: str, name: str) -> None:
    case = pricing.case
    names = {
        "project": case.projects["project"].tolist(),
        "firm": case.firms["firm"].tolist(),
        "rule": [rule.name for rule in case.rules],
    }[kind]
    if name in names:
        return
    words = {"project": Text("项目", "project"), "firm": Text("企业", "firm"), "rule": Text("启用的规则", "rule")}[kind]
    what = Text(f"案例中没有名为“{name}”的{words.zh}", f"the case has no {words.en} called {name!r}")
    raise InputError([Finding(Level.ERROR, f"unknown-{kind}", what, Where(), mend_name(name, names), name)])
