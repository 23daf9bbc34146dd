"""Conversion and emission factors: read from `factors.toml`, overridden by a case's `[factors]`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

Grade = Literal["V", "V2", "D", "M", "case"]


@dataclass(frozen=True)
class Factor:
    """One factor: a number, or one per year of data, with its unit, source and grade (`case`: set by the planner)."""

    name: str
    values: Mapping[int | None, float]
    unit: str
    source: str
    year: int | None
    grade: Grade

    def of(self, year: int) -> tuple[float, int | None]:
        """The value for `year` and the year of its data: that year, else the latest before, else the first."""
        if None in self.values:
            return self.values[None], self.year
        years = sorted(y for y in self.values if y is not None)
        chosen = max((y for y in years if y <= year), default=years[0])
        return self.values[chosen], chosen


@cache
def built_in_factors() -> Mapping[str, Factor]:
    """The factors of the data file, by name."""
    document = tomllib.loads((Path(__file__).parent / "factors.toml").read_text("utf-8"))
    factors: dict[str, Factor] = {}
    for name, entry in document.items():
        values: dict[int | None, float] = {int(y): v for y, v in entry.get("by_year", {}).items()}
        if "value" in entry:
            values[None] = entry["value"]
        factors[name] = Factor(name, values, entry["unit"], entry["source"], entry["year"], entry["grade"])
    return factors


FACTOR_NAMES: tuple[str, ...] = tuple(built_in_factors())


def factors_with(overrides: Mapping[str, float | Mapping[str, float]]) -> Mapping[str, Factor]:
    """The built-in factors with a case's own values over them; years a case does not name keep the built-in value."""
    result = dict(built_in_factors())
    for name, value in overrides.items():
        old = result[name]
        if isinstance(value, Mapping):
            years: dict[int | None, float] = {y: v for y, v in old.values.items() if y is not None}
            years.update({int(y): v for y, v in value.items()})
            result[name] = Factor(name, years, old.unit, "[factors]", None, "case")
        else:
            result[name] = Factor(name, {None: value}, old.unit, "[factors]", None, "case")
    return result
