"""The ledger asked both ways: where a firm's quota went, where a project's came from, what passed through a place.

The lines are those of the plan's ledger. Their sums equal what the plan says of the firm (freed), the project (given)
or the place (its balance); `Trace.difference` is the largest difference, and 0 but for rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from quota_opt.analysis.trace_document import trace_document
from quota_opt.errors import Finding, InputError, Language, Level, Text, Where
from quota_opt.plan.folder import whole_folder, write_table
from quota_opt.plan.ledger import ARROW
from quota_opt.plan.plan import Plan
from quota_opt.report.document import Document, write_reports
from quota_opt.scenario.nearest import mend_name

Subject = Literal["firm", "project", "place"]
DUST = 1e-9


@dataclass(frozen=True)
class Trace:
    """The lines of the ledger that concern one firm, project or place.

    `lines` has the ledger's columns and three more: `role` (freed, taken or given; of a place: freed, held, bought,
    came in, used, taken, sold, idle, went out), `from_place` and `to_place`. A place's line has a role for each part
    it plays there. `sums` adds up the lines by year, resource and role: columns year, resource, role, amount, stated
    (what the plan says), difference.
    """

    plan: Plan
    subject: Subject
    name: str
    lines: pd.DataFrame
    sums: pd.DataFrame

    @property
    def difference(self) -> float:
        """The largest difference between the ledger's sums and the plan's."""
        return float(self.sums["difference"].abs().max()) if len(self.sums) else 0.0

    def document(self) -> Document:
        """The trace as a report, with a picture of the flow."""
        return trace_document(self)

    def write(self, folder: str | Path, language: Language = "zh") -> Path:
        """Write trace.csv, sums.csv, report.html and report.xlsx into a new folder. Returns its path."""
        target = Path(folder)
        with whole_folder(target) as work:
            write_table(self.lines, work / "trace.csv")
            write_table(self.sums, work / "sums.csv")
            write_reports(self.document(), work, language)
        return target


def trace(
    plan: Plan,
    *,
    firm: str | None = None,
    project: str | None = None,
    place: str | None = None,
    year: int | None = None,
) -> Trace:
    """Where the quota of a firm went, where that of a project came from, or what passed through a place.

    Name one of `firm`, `project` and `place`; `year` leaves the others out.

    Raises InputError where the case has no such firm, project or place, or not exactly one is named.
    """
    asked: dict[Subject, str | None] = {"firm": firm, "project": project, "place": place}
    named = [(kind, name) for kind, name in asked.items() if name is not None]
    if len(named) != 1:
        what = Text("请写明企业、项目、区域中的一个。", "Name one of a firm, a project and a place.")
        raise InputError([Finding(Level.ERROR, "no-subject", what, Where(), what)])
    subject, name = named[0]
    assert plan.outcome is not None
    case = plan.outcome.case
    tables = {"firm": case.firms["firm"], "project": case.projects["project"], "place": pd.Series(case.places.names)}
    known = [str(value) for value in tables[subject]]
    years = [int(value) for value in case.years]
    if name not in known or (year is not None and year not in years):
        words = {"firm": Text("企业", "firm"), "project": Text("项目", "project"), "place": Text("区域", "place")}[
            subject
        ]
        what = Text(f"案例中没有{words.zh}“{name}”。", f"The case has no {words.en} {name!r}.")
        fix = mend_name(name, known)
        if name in known:
            what = Text(f"{year} 年不在规划期内。", f"The year {year} lies outside the horizon.")
            fix = Text(f"写 {years[0]}–{years[-1]} 年。", f"Name a year from {years[0]} to {years[-1]}.")
        raise InputError([Finding(Level.ERROR, f"unknown-{subject}", what, Where(), fix, name)])
    ledger = plan.ledger if year is None else plan.ledger[plan.ledger["year"] == year]
    ends = [str(path).split(ARROW) for path in ledger["pool_path"]]
    table = ledger.assign(from_place=[path[0] for path in ends], to_place=[path[-1] for path in ends])
    if subject == "place":
        lines, stated = _through(table, name), _of_place(plan, name)
    else:
        out = (table["from_kind"] == subject) & (table["from"] == name)
        back = (table["to_kind"] == subject) & (table["to"] == name)
        role = np.where(out, "freed", "taken" if subject == "firm" else "given")
        lines = table.assign(role=role)[out | back]
        stated = _of_firm(plan, name) if subject == "firm" else _of_project(plan, name)
    if year is not None:
        stated = {key: amount for key, amount in stated.items() if key[0] == year}
    return Trace(plan, subject, name, lines.reset_index(drop=True), _sums(lines, stated))


def _through(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The lines whose path touches a place, once for each part they play there."""
    entering = {"firm": "freed", "initial": "held", "bought": "bought"}
    leaving = {"project": "used", "firm": "taken", "idle": "idle", "sold": "sold"}
    found = []
    for position, (path, came, went) in enumerate(
        zip(table["pool_path"], table["from_kind"], table["to_kind"], strict=True)
    ):
        places = str(path).split(ARROW)
        if name in places:
            found.append((position, entering[came] if places[0] == name else "came in"))
            found.append((position, leaving[went] if places[-1] == name else "went out"))
    rows = table.iloc[[position for position, _ in found]]
    return rows.assign(role=[role for _, role in found])


Stated = dict[tuple[int, str, str], float]


def _of_firm(plan: Plan, name: str) -> Stated:
    """What the firm's action makes available, or takes, by year and resource."""
    outcome = plan.outcome
    assert outcome is not None
    case, stated = outcome.case, {}
    since = outcome.action_year + case.actions["lag"].to_numpy(dtype=np.int64)[outcome.action_row]
    for row, start in zip(outcome.action_row.tolist(), since.tolist(), strict=True):
        if case.actions["firm"].iloc[row] != name:
            continue
        for r, resource in enumerate(case.resources):
            for t in range(start, case.horizon):
                amount = float(case.standing_free(r, t)[row])
                stated[int(case.years[t]), resource, "freed" if amount > 0 else "taken"] = abs(amount)
    return {key: amount for key, amount in stated.items() if amount > DUST}


def _of_project(plan: Plan, name: str) -> Stated:
    """What the project is given, by year and resource."""
    outcome = plan.outcome
    assert outcome is not None
    case, stated = outcome.case, {}
    projects = case.projects["project"].to_numpy(dtype=object)[outcome.award_row]
    mine = np.flatnonzero(projects == name)
    for r, resource in enumerate(case.resources):
        for t, year in enumerate(case.years.tolist()):
            amount = float(outcome.award_use(r, t)[mine].sum())
            if amount > DUST:
                stated[year, resource, "given"] = amount
    return stated


def _of_place(plan: Plan, name: str) -> Stated:
    """The place's balance by year and resource; what firms take stands beside what they free."""
    columns = {"initial": "held", "bought": "bought", "inflow": "came in", "outflow": "went out", "used": "used"}
    columns |= {"sold": "sold", "idle": "idle"}
    stated: Stated = {}
    balances = plan.balances[plan.balances["place"] == name]
    for line in balances.to_dict("records"):
        for column, role in columns.items():
            stated[int(line["year"]), str(line["resource"]), role] = float(line[column])
    outcome = plan.outcome
    assert outcome is not None
    firms = outcome.case.firms
    here = set(firms.loc[firms["place"] == name, "firm"].astype(str))
    acted = outcome.case.actions["firm"].to_numpy(dtype=object)[outcome.action_row]
    for firm in sorted(here & {str(value) for value in acted}):
        for key, amount in _of_firm(plan, firm).items():
            stated[key] = stated.get(key, 0.0) + amount
    return {key: amount for key, amount in stated.items() if amount > DUST}


def _sums(lines: pd.DataFrame, stated: Stated) -> pd.DataFrame:
    """By year, resource and role: the ledger's sum, what the plan says, and the difference."""
    key = ["year", "resource", "role"]
    summed = lines.groupby(key)["amount"].sum()
    said = pd.Series(stated, dtype=float)
    said.index = pd.MultiIndex.from_tuples(list(stated), names=key) if stated else summed.index[:0]
    both = pd.concat([summed.rename("amount"), said.rename("stated")], axis=1).fillna(0.0)
    both["difference"] = both["amount"] - both["stated"]
    return both.reset_index().sort_values(key, kind="stable").reset_index(drop=True)
