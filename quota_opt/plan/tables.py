"""The tables of a plan: from the model's values to actions, awards, transfers and balances, and back from tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from quota_opt.errors import Text
from quota_opt.model.build import Problem
from quota_opt.model.case import Case, FloatArray, records
from quota_opt.model.outcome import Outcome, transfers_table


def outcome_of_values(problem: Problem, values: FloatArray) -> Outcome:
    """The decisions in a model's values."""
    case = problem.case
    padded = np.append(values, 0.0)  # what there is no column for (-1) is 0
    action, action_year = np.nonzero(padded[problem.act] > 0.5)
    award, award_year = np.nonzero(padded[problem.start] > 0.5)
    share = values[problem.share[award, award_year]]
    move = padded[problem.move]
    return Outcome(
        case,
        action,
        action_year,
        award,
        award_year,
        np.where(case.projects["divisible"].to_numpy(dtype=bool)[award], share, 1.0),
        np.maximum(move, 0.0),
        np.maximum(-move, 0.0),
    )


def freed_column(resource: str) -> str:
    """The column of the actions table that says what is made available of a resource."""
    return {"energy": "frees_energy_tce", "carbon": "frees_carbon_t", "land": "frees_land_mu"}.get(
        resource, f"frees_{resource}"
    )


def used_column(resource: str) -> str:
    """The column of the awards table that says what a project uses of a resource at its share, without ratio."""
    return {"energy": "energy_tce", "carbon": "carbon_t", "land": "land_mu"}.get(resource, f"uses_{resource}")


def actions_table(outcome: Outcome) -> pd.DataFrame:
    """One row per action done; see `Plan`."""
    case = outcome.case
    chosen = case.actions.iloc[outcome.action_row].reset_index(drop=True)
    owner = case.firms.iloc[chosen["firm_code"].to_numpy(dtype=np.int64)].reset_index(drop=True)
    year = case.years[outcome.action_year]
    table = pd.DataFrame(
        {
            "firm": chosen["firm"],
            "name": owner["name"],
            "place": owner["place"],
            "sector": owner["sector"],
            "action": chosen["action"],
            "option": chosen["option"],
            "year": year,
            "effective": year + chosen["lag"].to_numpy(dtype=np.int64),
        }
    )
    for resource in dict.fromkeys(("energy", "carbon", "land", *case.resources)):
        row = case.resources.index(resource) if resource in case.resources else -1
        amounts = case.free[row, outcome.action_row] if row >= 0 else np.zeros(len(table))
        table[freed_column(resource)] = amounts
    for column in ("cost", "value_added_lost", "tax_lost", "jobs_lost"):
        table[column] = chosen[column].to_numpy(dtype=float)
    return table


def awards_table(outcome: Outcome) -> pd.DataFrame:
    """One row per award; see `Plan`."""
    case = outcome.case
    chosen = case.projects.iloc[outcome.award_row].reset_index(drop=True)
    share = outcome.award_share
    table = pd.DataFrame(
        {
            "project": chosen["project"],
            "name": chosen["name"],
            "place": chosen["place"],
            "category": chosen["category"],
            "sector": chosen["sector"],
            "year": case.years[outcome.award_year],
            "share": share,
        }
    )
    for resource in dict.fromkeys(("energy", "carbon", "land", *case.resources)):
        if resource == "energy":
            amounts = case.base_energy[outcome.award_row]
        elif resource in case.resources:
            amounts = case.need[case.resources.index(resource), outcome.award_row]
        else:
            amounts = chosen[used_column(resource)].fillna(0.0).to_numpy(dtype=float)
        table[used_column(resource)] = amounts * share
    ratio = case.kappa[outcome.award_row, outcome.award_year]
    counted = table["energy_tce"] * case.counted.total[outcome.award_row, -1]
    table["energy_counted_tce"] = counted
    table["substitution_ratio"] = ratio
    table["quota_energy_tce"] = counted * ratio
    for column in ("value_added", "tax", "jobs", "investment"):
        table[column] = chosen[column].to_numpy(dtype=float) * share
    base = chosen["value_added"].to_numpy(dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        counts = case.counted.intensity[outcome.award_row, outcome.award_year]
        table["intensity"] = np.where(base > 0, case.base_energy[outcome.award_row] * counts / base, np.nan)
    return table


def balances_table(outcome: Outcome) -> pd.DataFrame:
    """Each pool in each year: initial, freed, inflow, outflow, used, idle."""
    case = outcome.case
    net = outcome.net_up
    shape = case.initial.shape
    inflow, outflow = np.maximum(-net, 0.0), np.maximum(net, 0.0)
    for child in np.flatnonzero(case.places.parent >= 0).tolist():
        parent = int(case.places.parent[child])
        inflow[:, parent] += np.maximum(net[:, child], 0.0)
        outflow[:, parent] += np.maximum(-net[:, child], 0.0)
    r, n, t = (grid.ravel() for grid in np.indices(shape))
    return pd.DataFrame(
        {
            "place": case.places.names[n],
            "resource": np.array(case.resources, dtype=object)[r],
            "year": case.years[t],
            "initial": case.initial.ravel(),
            "freed": outcome.freed.ravel(),
            "inflow": inflow.ravel(),
            "outflow": outflow.ravel(),
            "used": outcome.used.ravel(),
            "idle": outcome.idle.ravel(),
        }
    )


@dataclass(frozen=True)
class Reread:
    """An outcome read back from tables, and what in the tables names nothing or lies outside the case."""

    outcome: Outcome
    problems: tuple[Text, ...]


def outcome_of_tables(case: Case, actions: pd.DataFrame, awards: pd.DataFrame, transfers: pd.DataFrame) -> Reread:
    """The decisions stated by a plan's tables; lines that name nothing in the case are problems and left out."""
    problems: list[Text] = []
    known_actions = pd.MultiIndex.from_frame(case.actions[["firm", "action", "option"]])
    stated = pd.MultiIndex.from_arrays(
        [actions["firm"].astype(str), actions["action"].astype(str), actions["option"].fillna("").astype(str)]
    )
    action = known_actions.get_indexer(stated)
    _name_unknown(problems, "actions.csv", actions["firm"], action < 0)
    award = pd.Index(case.projects["project"]).get_indexer(pd.Index(awards["project"].astype(str)))
    _name_unknown(problems, "awards.csv", awards["project"], award < 0)
    action_year, award_year = _years(case, actions), _years(case, awards)
    _name_unknown(problems, "actions.csv", actions["firm"], action_year < 0, what="year")
    _name_unknown(problems, "awards.csv", awards["project"], award_year < 0, what="year")
    good_action, good_award = (action >= 0) & (action_year >= 0), (award >= 0) & (award_year >= 0)
    up, down = _moves(case, transfers, problems)
    outcome = Outcome(
        case,
        action[good_action].astype(np.int64),
        action_year[good_action],
        award[good_award].astype(np.int64),
        award_year[good_award],
        awards["share"].to_numpy(dtype=float)[good_award],
        up,
        down,
    )
    return Reread(outcome, tuple(problems))


def _years(case: Case, table: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return pd.Index(case.years).get_indexer(pd.Index(table["year"].to_numpy(dtype=np.int64))).astype(np.int64)


def _name_unknown(
    problems: list[Text],
    file: str,
    identifiers: pd.Series[Any],
    unknown: np.ndarray[tuple[int], np.dtype[np.bool_]],
    what: str = "identifier",
) -> None:
    for name in identifiers[unknown]:
        if what == "year":
            problems.append(
                Text(f"{file}：{name} 的年份不在规划期内。", f"{file}: the year of {name} is outside the horizon.")
            )
        else:
            problems.append(Text(f"{file}：案例中没有 {name}。", f"{file}: the case has no {name} that this could be."))


def _moves(case: Case, transfers: pd.DataFrame, problems: list[Text]) -> tuple[FloatArray, FloatArray]:
    up, down = np.zeros_like(case.initial), np.zeros_like(case.initial)
    for line in records(transfers):
        origin, target = case.places.code.get(str(line.from_place)), case.places.code.get(str(line.to_place))
        year = np.flatnonzero(case.years == int(line.year))
        words = f"transfers.csv: {line.from_place} → {line.to_place}, {line.resource} {line.year}"
        if origin is None or target is None or line.resource not in case.resources or not len(year):
            problems.append(Text(f"{words}：区域、资源或年份不存在。", f"{words}: no such place, resource or year."))
            continue
        if not line.amount >= 0:
            problems.append(
                Text(f"{words}：数量 {line.amount} 为负。", f"{words}: the amount {line.amount} is negative.")
            )
        r, t = case.resources.index(line.resource), int(year[0])
        if case.places.parent[origin] == target:
            up[r, origin, t] += float(line.amount)
        elif case.places.parent[target] == origin:
            down[r, target, t] += float(line.amount)
        else:
            problems.append(
                Text(
                    f"{words}：两地不是上下级，不能调剂。",
                    f"{words}: neither is the other's parent; quota moves along the tree only.",
                )
            )
    return up, down


__all__ = [
    "Reread",
    "actions_table",
    "awards_table",
    "balances_table",
    "freed_column",
    "outcome_of_tables",
    "outcome_of_values",
    "transfers_table",
    "used_column",
]
