"""The measures of a plan by place and year: what batches and the run store keep of a result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from quota_opt.errors import Finding, Text
from quota_opt.model.case import FloatArray
from quota_opt.model.measures import coefficients, known_measures, measure_unit, nonlinear, timeless
from quota_opt.model.outcome import Outcome
from quota_opt.plan.verify import problem

MEASURES = "measures.csv"
COLUMNS = ("place", "year", "measure", "unit", "value")
TOLERANCE = 1e-6
"""How far a stated value may be off, as a share of it."""


def measures_table(outcome: Outcome, measures: Mapping[str, float] | None = None) -> pd.DataFrame:
    """Measures in long form: place, year, measure, unit, value.

    The first rows, with blank place and year, are the whole plan (`measures`, made where not given). The others are
    each measure up to that year for the place and all below it; values of zero are left out there, and measures that
    are not sums over places.
    """
    case = outcome.case
    whole = outcome.measures() if measures is None else measures
    units = {name: measure_unit(case, name) for name in known_measures(case)}
    columns: dict[str, list[FloatArray | NDArray[Any]]] = {name: [] for name in COLUMNS}

    def add(name: str, place: NDArray[Any], year: NDArray[Any], value: FloatArray) -> None:
        named = (np.full(len(value), text, dtype=object) for text in (name, units[name]))
        for column, part in zip(COLUMNS, (place, year, *named, value), strict=True):
            columns[column].append(part)

    blank = np.array([""], dtype=object)
    for name, value in whole.items():
        add(name, blank, blank, np.array([value], dtype=float))
    years = case.years.astype(str).astype(object)
    for name in (name for name in known_measures(case) if name not in nonlinear(case)):
        values = case.places.subtree_sum(_by_place(outcome, name))
        n, t = np.nonzero(values)
        add(name, case.places.names[n], years[t], values[n, t])
    return pd.DataFrame({column: np.concatenate(parts) for column, parts in columns.items()})


def _by_place(outcome: Outcome, name: str) -> FloatArray:
    """(N, T): a measure up to each year, of what is decided at each place itself."""
    case = outcome.case
    resource, _, what = name.rpartition("_")
    if what == "idle" and resource in case.resources:
        idle: FloatArray = outcome.idle[case.resources.index(resource)]
        return idle
    total = np.zeros((case.places.size, case.horizon))
    acted = case.actions["place_code"].to_numpy()[outcome.action_row]
    started = case.projects["place_code"].to_numpy()[outcome.award_row]
    owner = case.projects["place_code"].to_numpy()
    always = coefficients(case, name) if timeless(case, name) else None
    for t, year in enumerate(case.years.tolist()):
        made = always or coefficients(case, name, year=year)
        # Of what happens later than `year` nothing counts yet.
        doing, starting = outcome.action_year <= t, outcome.award_year <= t
        np.add.at(total[:, t], acted, made.actions[outcome.action_row, outcome.action_year] * doing)
        share, start = (part[outcome.award_row, outcome.award_year] for part in (made.shares, made.starts))
        np.add.at(total[:, t], started, (share * outcome.award_share + start) * starting)
        if made.trades is not None and outcome.trades is not None:
            until = np.arange(case.horizon) <= t
            for weight, traded in zip(made.trades[:2], outcome.trades[:2], strict=True):
                total[:, t] += (weight * traded * until).sum(axis=(0, 2))
            np.add.at(total[:, t], owner, (made.trades[2] * outcome.trades[2] * until).sum(axis=1))
    return total


def measures_problems(outcome: Outcome, stated: pd.DataFrame) -> list[Finding]:
    """Where `measures.csv` states other figures than the plan's own."""
    what = None
    missing = [column for column in COLUMNS if column not in stated]
    if missing:
        what = Text(f"{MEASURES} 缺少“{missing[0]}”列。", f"{MEASURES} lacks the column {missing[0]}.")
        return [problem("tables", what, MEASURES)]
    keys = ["place", "year", "measure"]
    true = _keyed(measures_table(outcome), keys)
    said = _keyed(stated, keys).rename(columns={"value": "stated"})
    if not said.index.is_unique:
        twice = _line(said.index[said.index.duplicated()][0])
        what = Text(f"{MEASURES} 有重复的行：{twice}。", f"{MEASURES} states {twice} twice.")
        return [problem("tables", what, MEASURES)]
    both = true.join(said, how="outer")
    value = both["value"].fillna(0.0).to_numpy(dtype=float)
    told = pd.to_numeric(both["stated"], errors="coerce").to_numpy(dtype=float, copy=True)
    told[~both.index.isin(said.index)] = 0.0
    scale = np.maximum(np.abs(value), 1.0)
    wrong = ~(np.abs(value - told) <= TOLERANCE * scale)
    if not wrong.any():
        return []
    at = int(np.argmax(wrong))
    line = _line(both.index[at])
    return [
        problem(
            "measures",
            Text(
                f"{MEASURES} 所写 {line} 为 {told[at]:,.6g}，按方案应为 {value[at]:,.6g}。",
                f"{MEASURES} states {line} as {told[at]:,.6g}; by the plan it is {value[at]:,.6g}.",
            ),
            MEASURES,
        )
    ]


def _keyed(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    plain = table[[*keys, "value"]].copy()
    for key in keys:
        plain[key] = plain[key].fillna("").astype(str)
    return plain.set_index(keys)


def _line(key: Any) -> str:
    return " ".join(str(part) for part in key if str(part))
