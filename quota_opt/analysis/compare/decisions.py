"""What differs between two plans: projects in, out or moved, firms treated otherwise, places, measures, money."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from quota_opt.analysis.compare.inputs import RowChange, SettingChange, setting_changes, table_changes
from quota_opt.model.objective import weights
from quota_opt.model.outcome import Outcome
from quota_opt.plan.plan import Plan
from quota_opt.plan.tables import freed_column, used_column
from quota_opt.scenario import Scenario

SAME = 1e-9
REST = "rest"
"""The term of an objective that is no measure: points of rules and penalties of soft targets."""


@dataclass(frozen=True)
class Pair:
    """Two plans set against each other; every difference is `after` minus `before`.

    `projects`  project, name, place, category, change (in, out, moved), year_before, year_after, share_before,
                share_after, value_added and energy (a year, difference): one row per award that differs
    `firms`     firm, name, place, change (treated, left, other), before, after (action and year), value_added_lost,
                frees, cost (differences)
    `places`    place, name, used, freed, value_added (a year, net of what firms lose), cost, projects, firms:
                differences, places where anything differs
    `measures`  measure, unit, before, after, difference
    `terms`     the objective taken apart: measure (or "rest"), weight, before, after, worth (what the term adds to the
                difference); empty where the two objectives are not the same
    """

    before: Plan
    after: Plan
    settings: tuple[SettingChange, ...]
    rows: tuple[RowChange, ...]
    projects: pd.DataFrame
    firms: pd.DataFrame
    places: pd.DataFrame
    measures: pd.DataFrame
    terms: pd.DataFrame

    @property
    def difference(self) -> float:
        """How much more the objective is after; NaN where the two objectives are not the same."""
        return float(self.terms["worth"].sum()) if len(self.terms) else float("nan")

    @property
    def range(self) -> tuple[float, float]:
        """Between what the difference of the true optima lies, by the bounds proven for both plans."""
        if not len(self.terms):
            return float("nan"), float("nan")
        return self.after.objective - self.before.bound, self.after.bound - self.before.objective


def pair_of(before: Plan, after: Plan) -> Pair:
    """Set one plan against another; both must carry their outcome."""
    first, second = outcome_of(before), outcome_of(after)
    resource = main_resource(before.scenario)
    projects = _projects(before, after)
    firms = _firms(before, after, resource)
    return Pair(
        before,
        after,
        setting_changes(before.scenario, after.scenario),
        table_changes(before.scenario, after.scenario),
        projects,
        firms,
        _places(before, after),
        measures_of(before, after),
        _terms(before, after, first, second),
    )


def outcome_of(plan: Plan) -> Outcome:
    """The outcome of a plan; every plan solved or read has one."""
    assert plan.outcome is not None
    return plan.outcome


def main_resource(scenario: Scenario) -> str:
    """The resource that tables show: energy, or the first there is."""
    return "energy" if "energy" in scenario.resources else scenario.resources[0]


def comparable(a: Scenario, b: Scenario) -> bool:
    """Whether objective values of the two can be set against each other: the same good, counted the same way."""
    left, right = a.settings, b.settings
    return (
        left.objective == right.objective
        and left.measures == right.measures
        and a.discount_rate == b.discount_rate
        and a.years == b.years
        and left.rules.get("priority") == right.rules.get("priority")
    )


def measures_of(before: Plan, after: Plan) -> pd.DataFrame:
    """Every measure of either plan: measure, unit, before, after, difference (NaN where one has none)."""
    names = list(dict.fromkeys([*before.measures, *after.measures]))
    values = [(before.measures.get(name, np.nan), after.measures.get(name, np.nan)) for name in names]
    units = {**after.measure_units, **before.measure_units}
    frame = pd.DataFrame(values, columns=["before", "after"], dtype=float)
    frame.insert(0, "measure", names)
    frame.insert(1, "unit", [units.get(name, "") for name in names])
    frame["difference"] = frame["after"] - frame["before"]
    return frame


def _terms(before: Plan, after: Plan, first: Outcome, second: Outcome) -> pd.DataFrame:
    """The objective as a sum of weighted measures and the rest; a lexicographic one has no such sum."""
    columns = ["measure", "unit", "weight", "before", "after", "worth"]
    same = comparable(before.scenario, after.scenario)
    if not same or before.scenario.settings.objective.form != "weighted":
        return pd.DataFrame(columns=columns)
    rows = []
    signed = {**weights(second.case), **weights(first.case)}
    units = {**after.measure_units, **before.measure_units}
    for name, weight in signed.items():
        old, new = before.measures.get(name, 0.0), after.measures.get(name, 0.0)
        rows.append((name, units.get(name, ""), weight, old, new, weight * (new - old)))
    rest = [plan.objective - sum(w * plan.measures.get(n, 0.0) for n, w in signed.items()) for plan in (before, after)]
    if max(abs(part) for part in rest) > 1e-6 * max(1.0, abs(before.objective)):
        rows.append((REST, "", 1.0, rest[0], rest[1], rest[1] - rest[0]))
    else:
        rows[0] = (*rows[0][:5], rows[0][5] + rest[1] - rest[0])  # rounding alone: terms add up to the difference
    return pd.DataFrame(rows, columns=columns)


def _projects(before: Plan, after: Plan) -> pd.DataFrame:
    old, new = (plan.awards.set_index("project") for plan in (before, after))
    rows = []
    for project in sorted({*old.index, *new.index}):
        a, b = (table.loc[project] if project in table.index else None for table in (old, new))
        years = [0 if line is None else int(line["year"]) for line in (a, b)]
        shares = [0.0 if line is None else float(line["share"]) for line in (a, b)]
        if a is not None and b is not None and years[0] == years[1] and abs(shares[0] - shares[1]) <= SAME:
            continue
        known = b if a is None else a
        assert known is not None
        change = "in" if a is None else "out" if b is None else "moved"
        value, energy = (
            (0.0 if b is None else float(b[key])) - (0.0 if a is None else float(a[key]))
            for key in ("value_added", "energy_tce")
        )
        rows.append(
            (
                project,
                known["name"] or project,
                known["place"],
                known["category"],
                change,
                *years,
                *shares,
                value,
                energy,
            )
        )
    columns = ["project", "name", "place", "category", "change", "year_before", "year_after", "share_before",
               "share_after", "value_added", "energy"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    order = {"out": 0, "in": 1, "moved": 2}
    ranked = frame.assign(rank=frame["change"].map(order), size=-frame["value_added"].abs())
    return ranked.sort_values(["rank", "size", "project"], kind="stable")[columns].reset_index(drop=True)


def _firms(before: Plan, after: Plan, resource: str) -> pd.DataFrame:
    old, new = (plan.actions.set_index("firm") for plan in (before, after))
    freed = freed_column(resource)
    rows = []
    for firm in sorted({*old.index, *new.index}):
        a, b = (table.loc[firm] if firm in table.index else None for table in (old, new))
        said = ["" if line is None else f"{line['action']} {int(line['year'])}" for line in (a, b)]
        if said[0] == said[1] and a is not None and b is not None and a["option"] == b["option"]:
            continue
        known = b if a is None else a
        assert known is not None
        change = "treated" if a is None else "left" if b is None else "other"
        figures = [
            (0.0 if b is None else float(b[key])) - (0.0 if a is None else float(a[key]))
            for key in ("value_added_lost", freed, "cost")
        ]
        rows.append((firm, known["name"] or firm, known["place"], change, *said, *figures))
    columns = ["firm", "name", "place", "change", "before", "after", "value_added_lost", "frees", "cost"]
    return pd.DataFrame(rows, columns=columns)


def place_figures(plan: Plan) -> pd.DataFrame:
    """What a plan gives each place, indexed by place: used and freed of the main resource, value added a year, …"""
    resource = main_resource(plan.scenario)
    awards = plan.awards.groupby("place")
    actions = plan.actions.groupby("place")
    frame = pd.DataFrame(
        {
            "projects": awards["project"].count().astype(float),
            "firms": actions["firm"].count().astype(float),
            "used": awards[used_column(resource)].sum(),
            "freed": actions[freed_column(resource)].sum(),
            "gained": awards["value_added"].sum(),
            "lost": actions["value_added_lost"].sum(),
            "cost": actions["cost"].sum(),
            "jobs": awards["jobs"].sum(),
            "jobs_lost": actions["jobs_lost"].sum(),
        }
    ).fillna(0.0)
    frame["value_added"] = frame["gained"] - frame["lost"]
    return frame


def place_name(plan: Plan, place: str) -> str:
    """The name people know a place by."""
    return outcome_of(plan).case.place_title(place)


def _places(before: Plan, after: Plan) -> pd.DataFrame:
    columns = ["used", "freed", "value_added", "cost", "projects", "firms"]
    old, new = place_figures(before)[columns], place_figures(after)[columns]
    every = old.index.union(new.index)
    frame = new.reindex(every, fill_value=0.0) - old.reindex(every, fill_value=0.0)
    frame = frame[(frame.abs() > SAME).any(axis=1)]
    known = {**dict.fromkeys(new.index, after), **dict.fromkeys(old.index, before)}
    frame.insert(0, "name", [place_name(known[place], place) for place in frame.index])
    frame.index.name = "place"
    return frame.reset_index().sort_values(["value_added", "place"], kind="stable").reset_index(drop=True)
