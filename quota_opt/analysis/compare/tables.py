"""The tables of a comparison: measures, what is best, decisions by how many plans share them, places, categories."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from quota_opt.analysis.compare.decisions import comparable, main_resource, outcome_of, place_figures, place_name
from quota_opt.model.objective import weights
from quota_opt.plan.headlines import objective_unit
from quota_opt.plan.plan import Plan
from quota_opt.plan.tables import used_column

OBJECTIVE = "objective"
GROUPS = ("all", "most", "few", "none")
"""Of the plans: all share a decision, more than half, at least one, none."""
_MORE_IS_BETTER = (
    "value_added", "value_added_final", "tax", "tax_final", "investment", "jobs_created", "jobs_net",
    "chains_completed", "smallest_town_ratio", "priority_points", "value_added_gained_final",
)  # fmt: skip
_LESS_IS_BETTER = ("public_cost", "jobs_lost", "carbon_net", "value_added_lost_final", "trading_cost")


def objective_units(plan: Plan) -> str:
    """The unit of a plan's objective."""
    stages = plan.certificate.get("stages") or [{}]
    return objective_unit(plan.scenario.settings, plan.measure_units, stages[-1].get("name"))


def measure_table(plans: Mapping[str, Plan]) -> pd.DataFrame:
    """measure, unit, and a column per scenario; the objective first."""
    units: dict[str, str] = {}
    for plan in plans.values():
        units = {**plan.measure_units, **units}
    names = [name for name in units if any(name in plan.measures for plan in plans.values())]
    first = next(iter(plans.values()))
    table = pd.DataFrame({"measure": [OBJECTIVE, *names], "unit": [objective_units(first), *(units[n] for n in names)]})
    for name, plan in plans.items():
        table[name] = [plan.objective, *(plan.measures.get(measure, math.nan) for measure in names)]
    return table


def better(plans: Mapping[str, Plan], measure: str) -> str:
    """Whether more of a measure is better (max), less (min), or neither ("").

    The baseline's objective says so where it names the measure; else what is good in any plan. Objective values are set
    against each other only where all plans have the same objective.
    """
    first = next(iter(plans.values()))
    objective = first.scenario.settings.objective
    if measure == OBJECTIVE:
        if not all(comparable(first.scenario, plan.scenario) for plan in plans.values()):
            return ""
        return "min" if objective.form == "lexicographic" and objective.order[-1].sense == "min" else "max"
    sense = {item.measure: item.sense for item in objective.order}.get(measure)
    if sense is not None:
        return sense
    weight = weights(outcome_of(first).case).get(measure, 0.0)
    if weight:
        return "max" if weight > 0 else "min"
    return "max" if measure in _MORE_IS_BETTER else "min" if measure in _LESS_IS_BETTER else ""


def difference_table(plans: Mapping[str, Plan], measures: pd.DataFrame) -> pd.DataFrame:
    """measure, unit, better, best (names of the best, "" where all agree), and the difference of each other plan."""
    baseline, *others = plans
    table = measures[["measure", "unit"]].copy()
    table["better"] = [better(plans, measure) for measure in measures["measure"]]
    best = []
    for sense, values in zip(table["better"], measures[list(plans)].to_numpy(dtype=float), strict=True):
        known = values[~pd.isna(values)]
        slack = 1e-6 * max(1.0, *(abs(value) for value in known)) if len(known) else 0.0
        if not sense or not len(known) or known.max() - known.min() <= slack:
            best.append("")
            continue
        top = known.max() if sense == "max" else known.min()
        best.append(";".join(name for name, value in zip(plans, values, strict=True) if abs(value - top) <= slack))
    table["best"] = best
    for name in others:
        table[name] = measures[name] - measures[baseline]
        if not comparable(plans[baseline].scenario, plans[name].scenario):
            table.loc[table["measure"] == OBJECTIVE, name] = math.nan
    return table


def decision_table(plans: Mapping[str, Plan]) -> pd.DataFrame:
    """Every project, and every firm that some plan could treat, with what each plan decides and how many share it."""
    rows: dict[tuple[str, str], tuple[str, str, str]] = {}
    for plan in plans.values():
        case = outcome_of(plan).case
        for key, table, last in (("project", case.projects, "category"), ("firm", _treatable(plan), "sector")):
            for owner, name, place, kind in zip(
                *(table[column].tolist() for column in (key, "name", "place", last)), strict=True
            ):
                rows.setdefault((key, owner), (name or owner, place_name(plan, place), kind))
    decided = {name: _decided(plan) for name, plan in plans.items()}
    lines = []
    for (kind, owner), words in rows.items():
        said = [decided[name].get((kind, owner), "") for name in plans]
        taken = [text for text in said if text]
        lines.append((kind, owner, *words, *said, len(taken), _group(len(taken), len(plans)), len(set(taken)) <= 1))
    table = pd.DataFrame(lines, columns=["kind", "id", "name", "place", "category", *plans, "count", "group", "same"])
    order = {group: k for k, group in enumerate(GROUPS)}
    ranked = table.assign(k=table["kind"].map({"project": 0, "firm": 1}), g=table["group"].map(order))
    columns = list(table.columns)
    return ranked.sort_values(["k", "g", "count", "id"], ascending=[True, True, False, True])[columns].reset_index(
        drop=True
    )


def _treatable(plan: Plan) -> pd.DataFrame:
    case = outcome_of(plan).case
    return case.firms.iloc[sorted(set(case.actions["firm_code"].tolist()))]


def _decided(plan: Plan) -> dict[tuple[str, str], str]:
    """What a plan decides: the year of an award (with its share where it is a part), action and year of a firm."""
    made = {
        ("project", project): f"{year}" if share > 1 - 1e-9 else f"{year} ×{share:.3g}"
        for project, year, share in zip(*(plan.awards[c].tolist() for c in ("project", "year", "share")), strict=True)
    }
    for firm, action, year in zip(*(plan.actions[c].tolist() for c in ("firm", "action", "year")), strict=True):
        made["firm", firm] = f"{action} {year}"
    return made


def _group(count: int, plans: int) -> str:
    return "all" if count == plans else "most" if count > plans / 2 else "few" if count else "none"


def place_table(plans: Mapping[str, Plan]) -> pd.DataFrame:
    """Every plan by place: scenario, place, name, and the figures of `place_figures`."""
    parts = []
    for name, plan in plans.items():
        figures = place_figures(plan)
        figures.insert(0, "name", [place_name(plan, place) for place in figures.index])
        figures.index.name = "place"
        parts.append(figures.reset_index().assign(scenario=name))
    table = pd.concat(parts, ignore_index=True)
    return table[["scenario", *(column for column in table.columns if column != "scenario")]]


def category_table(plans: Mapping[str, Plan]) -> pd.DataFrame:
    """Every plan by category of project: scenario, category, projects, used (of the main resource), value added, …"""
    parts = []
    for name, plan in plans.items():
        used = used_column(main_resource(plan.scenario))
        grouped = plan.awards.groupby("category")
        frame = pd.DataFrame(
            {
                "projects": grouped["project"].count().astype(float),
                "used": grouped[used].sum(),
                "value_added": grouped["value_added"].sum(),
                "jobs": grouped["jobs"].sum(),
                "investment": grouped["investment"].sum(),
            }
        )
        parts.append(frame.reset_index().assign(scenario=name))
    table = pd.concat(parts, ignore_index=True)
    return table[["scenario", *(column for column in table.columns if column != "scenario")]]
