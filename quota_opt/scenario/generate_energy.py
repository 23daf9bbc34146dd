"""Carriers of synthetic firms and projects: quantities first, totals rebuilt from them, so that the two agree."""

from __future__ import annotations

import numpy as np
import pandas as pd

from quota_opt.scenario.factors import built_in_factors
from quota_opt.scenario.generate_draws import Draws, FloatArray, IntArray
from quota_opt.scenario.generate_profile import Sector

COLUMNS = {"natural_gas": "natural_gas_m3", "raw_coal": "raw_coal_t", "diesel": "diesel_t", "heat": "heat_gj"}
DIGITS = {"natural_gas_m3": -2, "raw_coal_t": 0, "diesel_t": 1, "heat_gj": 0}
# Names of the factors per carrier, and what turns them into tce and tCO2 per unit of the column.
TCE_FACTORS = {
    "natural_gas_m3": ("natural_gas_kgce_per_m3", 1e-3),
    "raw_coal_t": ("raw_coal_kgce_per_kg", 1.0),
    "diesel_t": ("diesel_kgce_per_kg", 1.0),
    "heat_gj": ("heat_kgce_per_gj", 1e-3),
}
CO2_FACTORS = {
    "natural_gas_m3": ("natural_gas_tco2_per_10k_m3", 1e-4),
    "raw_coal_t": ("raw_coal_tco2_per_t", 1.0),
    "diesel_t": ("diesel_tco2_per_t", 1.0),
    "heat_gj": ("heat_tco2_per_gj", 1.0),
}


def carriers(
    draws: Draws, energy: FloatArray, sector: IntArray, names: list[Sector], year: int, *, fuel_share: float = 1.0
) -> pd.DataFrame:
    """Quantities that make up `energy` (tce, equal value), and the totals they give on both bases and in CO2."""
    factors = built_in_factors()

    def factor(name: str) -> float:
        return factors[name].of(year)[0]

    equal_value, equivalent = factor("electricity_equal_value"), factor("electricity_equivalent")
    low = np.array([s.electricity[0] for s in names])[sector]
    high = np.array([s.electricity[1] for s in names])[sector]
    electric = 1.0 - (1.0 - low - (high - low) * draws.uniform(len(energy))) * fuel_share
    table = pd.DataFrame({"electricity_mwh": np.round(energy * electric / equal_value, 1)})
    burnt, emitted = np.zeros(len(energy)), np.zeros(len(energy))
    for carrier, column in COLUMNS.items():
        share = np.array([s.carriers.get(carrier, 0.0) for s in names])[sector]
        tce, co2 = (factor(name) * scale for name, scale in (TCE_FACTORS[column], CO2_FACTORS[column]))
        table[column] = np.round(energy * (1.0 - electric) * share / tce, DIGITS[column])
        burnt += table[column].to_numpy() * tce
        emitted += table[column].to_numpy() * co2
    electricity = table["electricity_mwh"].to_numpy()
    table["energy_tce"] = np.round(electricity * equal_value + burnt, 2)
    table["energy_equivalent_tce"] = np.round(electricity * equivalent + burnt, 2)
    table["carbon_t"] = np.round(electricity * factor("grid_kgco2_per_kwh") + emitted, 2)
    return table
