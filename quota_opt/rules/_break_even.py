"""The electricity factor at which a project is just even with a limit on energy intensity.

Only where electricity is converted at equal value does the factor decide; at equivalent value it is fixed by physics.
"""

from __future__ import annotations

import numpy as np

from quota_opt.errors import Text
from quota_opt.model.case import Case, FloatArray, IntArray
from quota_opt.rules._limits import CRITERIA, Limit
from quota_opt.scenario.accounting import electricity_factor, fuel_energy
from quota_opt.scenario.factors import factors_with

LEAST_FACTOR, MOST_FACTOR = 0.2, 0.4
"""kgce/kWh: factors in public use lie between; a break-even outside says nothing about the choice of factor."""


def even_factors(case: Case, rows: IntArray, limit: Limit) -> FloatArray:
    """kgce/kWh at which each of the projects `rows` is just even with the limit; nan where no factor decides."""
    none = np.full(len(rows), np.nan)
    if (
        limit.criteria is not CRITERIA["energy_intensity"]
        or case.scenario.energy_basis != "equal_value"
        or not len(rows)
        or (case.counted.intensity[rows] != 1.0).any()
    ):
        return none
    factors, year = factors_with(case.scenario.settings.factors), case.scenario.first_year
    projects = case.projects.iloc[rows]
    electricity = projects["electricity_mwh"].to_numpy(dtype=float)
    others = fuel_energy(projects, factors, "equal_value", year) - electricity * electricity_factor(case.scenario)
    with np.errstate(divide="ignore", invalid="ignore"):
        even: FloatArray = (limit.value * projects["value_added"].to_numpy(dtype=float) - others) / electricity
        return np.where((even >= LEAST_FACTOR) & (even <= MOST_FACTOR), even, none)


def break_even_words(case: Case, rows: IntArray, limit: Limit) -> list[Text]:
    """Where electricity at equal value decides: the factor used, and the one at which the project is just even."""
    used = electricity_factor(case.scenario)
    return [
        Text("", "")
        if np.isnan(factor)
        else Text(
            f"；等价值电力折算系数为 {factor:.4f} 千克标准煤/千瓦时时恰好持平，本案例用 {used:g}",
            f"; even at an equal-value electricity factor of {factor:.4f} kgce/kWh, the case uses {used:g}",
        )
        for factor in even_factors(case, rows, limit).tolist()
    ]
