"""Every target with what the plan reaches, as the reports show it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd


def target_lines(scenario: Any, plan: Any, measures: Mapping[str, float], names: Mapping[str, str]) -> pd.DataFrame:
    """Every target with what the plan reaches: from the audit where it says so, else from the measures."""
    table = scenario.targets
    table = table[table["value"].notna()]  # one that waits for its number is among the findings
    last = int(scenario.years[-1])
    audit = next((found.figures for found in plan.audit if found.rule == "targets"), pd.DataFrame())
    rows = []
    lines = [(line, str(line.get("span", "cumulative"))) for line in map(table.iloc.__getitem__, range(len(table)))]
    for row, span, year in [(line, of, y) for line, of in lines for y in _years(line, of, scenario.years)]:
        place = str(row["place"] or "")
        reached = _audited(audit, row, year, place)
        if reached is None and not place and year == last and span != "annual":
            reached = measures.get(str(row["measure"]))
        wanted = float(row["value"])
        rows.append(
            {
                "measure": str(row["measure"]),
                "place": place,
                "place_name": names.get(place, place),
                "year": year,
                "sense": str(row["sense"]),
                "target": wanted,
                "reached": math.nan if reached is None else float(reached),
                "ok": None if reached is None else _holds(float(reached), str(row["sense"]), wanted),
                "kind": str(row["kind"] or "hard"),
                "clause": str(row["clause"] or ""),
                "span": span,
            }
        )
    columns = ["measure", "place", "place_name", "year", "sense", "target", "reached", "ok", "kind", "clause", "span"]
    return pd.DataFrame(rows, columns=columns)


def _years(row: pd.Series, span: str, years: Sequence[int]) -> list[int]:
    if pd.isna(row["year"]):
        return [int(year) for year in (years if span == "annual" else years[-1:])]
    return [int(row["year"])]


def _audited(figures: pd.DataFrame, row: pd.Series, year: int, place: str) -> float | None:
    if figures.empty or not {"measure", "figure"} <= set(figures.columns):
        return None
    hit = figures["measure"].astype(str) == str(row["measure"])
    if "year" in figures:
        hit &= figures["year"].astype(float) == float(year)
    if "place" in figures:
        hit &= figures["place"].fillna("").astype(str) == place
    if "span" in figures and "span" in row:
        hit &= figures["span"] == row["span"]
    found = figures.loc[hit, "figure"]
    return float(found.iloc[0]) if len(found) else None


def _holds(value: float, sense: str, wanted: float) -> bool:
    slack = 1e-6 * max(1.0, abs(wanted))
    if sense == ">=":
        return value >= wanted - slack
    if sense == "<=":
        return value <= wanted + slack
    return abs(value - wanted) <= slack
