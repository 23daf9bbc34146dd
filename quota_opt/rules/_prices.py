"""Figures that may be one number, one by year, or either of these by resource: prices and amounts of the market."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from pydantic import AfterValidator, Field

from quota_opt.errors import Text
from quota_opt.model.case import Case, FloatArray
from quota_opt.scenario import refused

Figure = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


def _years_only(figures: float | dict[str, float]) -> float | dict[str, float]:
    if isinstance(figures, Mapping) and not all(_is_year(key) for key in figures):
        raise refused(
            Text("键应为四位年份", "the keys should be years of four digits"),
            Text("例如 { 2024 = 0.05, 2025 = 0.06 }。", "For example { 2024 = 0.05, 2025 = 0.06 }."),
        )
    return figures


def _one_kind_of_key(
    figures: float | dict[str, float | dict[str, float]],
) -> float | dict[str, float | dict[str, float]]:
    if isinstance(figures, Mapping):
        years = [_is_year(key) for key in figures]
        if any(years) and (not all(years) or any(isinstance(value, Mapping) for value in figures.values())):
            raise refused(
                Text("键应全是年份，或全是资源", "the keys should be all years or all resources"),
                Text(
                    "例如 { 2024 = 0.05 }，或 { energy = { 2024 = 0.05 }, carbon = 0.01 }。",
                    "For example { 2024 = 0.05 }, or { energy = { 2024 = 0.05 }, carbon = 0.01 }.",
                ),
            )
    return figures


ByYear = Annotated[Figure | dict[str, Figure], AfterValidator(_years_only)]
"""A number for every year, or a table by year."""
ByResource = Annotated[Figure | dict[str, ByYear], AfterValidator(_one_kind_of_key)]
"""The same, or one of them for each resource."""


def _is_year(key: str) -> bool:
    return key.isdecimal() and len(key) == 4


def by_year(figures: float | Mapping[str, float] | None, case: Case, otherwise: float) -> FloatArray:
    """(T,): the figure of each year; `otherwise` where there is none."""
    if figures is None or isinstance(figures, float | int):
        return np.full(case.horizon, otherwise if figures is None else float(figures))
    return np.array([float(figures.get(str(year), otherwise)) for year in case.years])


def named_resources(figures: float | Mapping[str, float | Mapping[str, float]] | None) -> list[str]:
    """The resources a table of figures names."""
    return [key for key in figures if not _is_year(key)] if isinstance(figures, Mapping) else []


def by_resource(
    figures: float | Mapping[str, float | Mapping[str, float]] | None,
    case: Case,
    resources: tuple[str, ...],
    missing: float,
) -> FloatArray:
    """(R, T): the figure of each of `resources` in each year; `missing` where none is written down, NaN for others."""
    made = np.full((len(case.resources), case.horizon), np.nan)
    named = set(named_resources(figures))
    for r, resource in enumerate(case.resources):
        if resource not in resources:
            continue
        own = figures
        if named and isinstance(figures, Mapping):
            own = figures.get(resource)
        made[r] = by_year(own, case, missing)  # type: ignore[arg-type]  # by year once the resource is picked
    return made


def years_named(figures: float | Mapping[str, float | Mapping[str, float]] | None) -> set[str]:
    """The years a table of figures names, of any resource."""
    if not isinstance(figures, Mapping):
        return set()
    inner = [value for value in figures.values() if isinstance(value, Mapping)]
    return {key for table in (figures, *inner) for key in table if _is_year(key)}
