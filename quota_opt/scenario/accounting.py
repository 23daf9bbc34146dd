"""Energy and carbon of firms and projects, on both bases, from what is stated and from fuels.

    energy  = sum of fuel quantity * kgce per unit / 1000    electricity by the factor of the basis
    carbon  = sum of fuel quantity * tCO2 per unit           electricity at the grid's average of the year

A stated total wins over the fuels; where they differ by more than 2 % a finding shows both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from quota_opt.errors import Finding, Level, Text, Where
from quota_opt.scenario.collector import Collector
from quota_opt.scenario.factors import Factor, factors_with
from quota_opt.scenario.scenario import Scenario
from quota_opt.scenario.schema import resource_column, resource_words, table_named

DISAGREEMENT = 0.02
"""Share by which a stated total may differ from what its fuels give."""

Floats = npt.NDArray[np.float64]

# Factor that turns the kept unit of each fuel column into kgce, tCO2, and what one kept unit is in the factor's unit.
_ENERGY_FACTORS: dict[str, tuple[str, float]] = {
    "natural_gas_m3": ("natural_gas_kgce_per_m3", 1.0),
    "raw_coal_t": ("raw_coal_kgce_per_kg", 1000.0),
    "coke_t": ("coke_kgce_per_kg", 1000.0),
    "diesel_t": ("diesel_kgce_per_kg", 1000.0),
    "fuel_oil_t": ("fuel_oil_kgce_per_kg", 1000.0),
    "lpg_t": ("lpg_kgce_per_kg", 1000.0),
    "heat_gj": ("heat_kgce_per_gj", 1.0),
}
_CARBON_FACTORS: dict[str, tuple[str, float]] = {
    "natural_gas_m3": ("natural_gas_tco2_per_10k_m3", 1e-4),
    "raw_coal_t": ("raw_coal_tco2_per_t", 1.0),
    "coke_t": ("coke_tco2_per_t", 1.0),
    "diesel_t": ("diesel_tco2_per_t", 1.0),
    "fuel_oil_t": ("fuel_oil_tco2_per_t", 1.0),
    "lpg_t": ("lpg_tco2_per_t", 1.0),
    "heat_gj": ("heat_tco2_per_gj", 1.0),
}
ELECTRICITY = "electricity_mwh"
CARRIERS: tuple[str, ...] = (ELECTRICITY, *_ENERGY_FACTORS)


@dataclass(frozen=True)
class Accounted:
    """Firms and projects with energy and carbon settled.

    Both tables keep their rows and columns; energy_tce, energy_equivalent_tce and carbon_t are filled from fuels where
    blank (NaN where neither is known). Added: `energy` (declared basis, never NaN), `energy_source` and `carbon_source`
    ("stated", "fuels", "none"). Columns of the other declared resources have 0 for blank, as carbon_t has where carbon
    is declared.
    """

    firms: pd.DataFrame
    projects: pd.DataFrame
    findings: tuple[Finding, ...]


def accounted(scenario: Scenario) -> Accounted:
    """Settle energy and carbon of every firm and project of the scenario."""
    factors = factors_with(scenario.settings.factors)
    report = Collector()
    used: dict[str, None] = {}
    tables = {}
    for table in ("firms", "projects"):
        tables[table] = _settle(scenario, table, factors, report, used)
    _say_which_factors(scenario, factors, list(used), report)
    return Accounted(tables["firms"], tables["projects"], report.all())


@dataclass(frozen=True)
class Eras:
    """The first years of each treatment; None where it never comes."""

    feedstock_from: int | None = None
    green_increment_from: int | None = None
    green_all_from: int | None = None


@dataclass(frozen=True)
class Excluded:
    """Energy that leaves the count, tce per row (first axis) and year (second): of the total, and of intensity."""

    total: Floats
    intensity: Floats


def excluded_energy(
    table: pd.DataFrame, years: tuple[int, ...], electricity: float, eras: Eras, *, new: bool
) -> Excluded:
    """Feedstock and green electricity that do not count in each year.

    Feedstock leaves both counts. Green electricity leaves the total where it is an increment (rows that are `new`),
    later everyone's leaves both. `electricity` is tce per MWh on the declared basis. No more than the row's energy
    leaves.
    """
    feedstock = table["feedstock_tce"].fillna(0.0).to_numpy(dtype=float)[:, None]
    green = electricity * table["green_electricity_mwh"].fillna(0.0).to_numpy(dtype=float)[:, None]
    energy = table["energy"].fillna(0.0).to_numpy(dtype=float)[:, None]
    of = np.array(years, dtype=float)[None, :]
    by_feedstock = feedstock * _since(of, eras.feedstock_from)
    by_increment = green * _since(of, eras.green_increment_from) if new else 0.0 * green
    by_all = green * _since(of, eras.green_all_from)
    return Excluded(
        np.minimum(by_feedstock + np.maximum(by_increment, by_all), energy),
        np.minimum(by_feedstock + by_all, energy),
    )


def _since(years: Floats, first: int | None) -> Floats:
    return np.zeros_like(years) if first is None else (years >= first).astype(np.float64)


def electricity_factor(scenario: Scenario) -> float:
    """tce per MWh on the declared basis of the case."""
    name = "electricity_equal_value" if scenario.energy_basis == "equal_value" else "electricity_equivalent"
    return factors_with(scenario.settings.factors)[name].of(scenario.first_year)[0]


def fuel_energy(table: pd.DataFrame, factors: Mapping[str, Factor], basis: str, year: int) -> Floats:
    """Energy of the fuels of each row in tce; NaN where no fuel is stated."""
    electricity = factors["electricity_equal_value" if basis == "equal_value" else "electricity_equivalent"]
    # One MWh is 1000 kWh and one tce 1000 kgce, so the factor per kWh is the factor per MWh in tce.
    total = table[ELECTRICITY].fillna(0.0).to_numpy() * electricity.of(year)[0]
    for column, (name, units) in _ENERGY_FACTORS.items():
        total = total + table[column].fillna(0.0).to_numpy() * (units * factors[name].of(year)[0] / 1000.0)
    return np.where(_fuels_stated(table), total, np.nan)


def fuel_carbon(table: pd.DataFrame, factors: Mapping[str, Factor], year: int) -> Floats:
    """CO2 of the fuels of each row in t; NaN where no fuel is stated."""
    total = table[ELECTRICITY].fillna(0.0).to_numpy() * factors["grid_kgco2_per_kwh"].of(year)[0]
    for column, (name, units) in _CARBON_FACTORS.items():
        total = total + table[column].fillna(0.0).to_numpy() * (units * factors[name].of(year)[0])
    return np.where(_fuels_stated(table), total, np.nan)


def _fuels_stated(table: pd.DataFrame) -> npt.NDArray[np.bool_]:
    return np.asarray(table[list(CARRIERS)].notna().to_numpy().any(axis=1))


def _settle(
    scenario: Scenario, table: str, factors: Mapping[str, Factor], report: Collector, used: dict[str, None]
) -> pd.DataFrame:
    frame = scenario.tables[table].copy()
    year = scenario.first_year
    by_fuels = {
        "energy_tce": fuel_energy(frame, factors, "equal_value", year),
        "energy_equivalent_tce": fuel_energy(frame, factors, "equivalent", year),
        "carbon_t": fuel_carbon(frame, factors, year),
    }
    stated = {column: frame[column].to_numpy(dtype=np.float64, copy=True) for column in by_fuels}
    for column, computed in by_fuels.items():
        _compare(scenario, table, column, stated[column], by_fuels=by_fuels, report=report)
        frame[column] = np.where(np.isnan(stated[column]), computed, stated[column])
        filled = np.isnan(stated[column]) & ~np.isnan(computed)
        wanted = (column == "carbon_t" and "carbon" in scenario.resources) or column == _energy_column(scenario)
        if wanted and filled.any():
            used.update(dict.fromkeys(_factors_behind(frame[filled], column)))
    energy, source = _on_declared_basis(scenario, table, frame, stated, report)
    frame["energy"] = energy
    frame["energy_source"] = source
    frame["carbon_source"] = _source(stated["carbon_t"], by_fuels["carbon_t"])
    for resource in scenario.resources:
        column = resource_column(resource, table)
        amounts = energy if resource == "energy" else frame[column].to_numpy(dtype=np.float64)
        _count_blanks(scenario, table, resource, np.isnan(amounts), report)
        if resource != "energy":
            frame[column] = np.nan_to_num(amounts, nan=0.0)
    frame["energy"] = np.nan_to_num(energy, nan=0.0)
    return frame


def _energy_column(scenario: Scenario) -> str:
    return "energy_equivalent_tce" if scenario.energy_basis == "equivalent" else "energy_tce"


def _source(stated: Floats, computed: Floats) -> npt.NDArray[np.object_]:
    source = np.full(len(stated), "none", dtype=object)
    source[~np.isnan(computed)] = "fuels"
    source[~np.isnan(stated)] = "stated"
    return source


def _on_declared_basis(
    scenario: Scenario, table: str, frame: pd.DataFrame, stated: Mapping[str, Floats], report: Collector
) -> tuple[Floats, npt.NDArray[np.object_]]:
    """Energy on the declared basis and where it is from; rows that only have the other basis are named."""
    column = _energy_column(scenario)
    energy = frame[column].to_numpy(dtype=np.float64, copy=True)
    source = _source(stated[column], energy)
    if column == "energy_tce" or "energy" not in scenario.resources:
        return energy, source
    other = frame["energy_tce"].to_numpy(dtype=np.float64)
    lacking = np.isnan(energy) & ~np.isnan(other)
    if lacking.any():
        spec = table_named(table)
        everywhere = bool(np.isnan(energy).all())
        names = _some(frame[spec.key[0]], lacking)
        report.warning(
            "basis-assumed",
            Text(
                f"“{spec.sheet}”表没有当量值能耗，按“综合能耗”已是当量值处理",
                f"{table} gives no energy at equivalent value; energy_tce is taken to be on that basis already",
            )
            if everywhere
            else Text(
                f"“{spec.sheet}”表有 {int(lacking.sum())} 行没有当量值能耗（{names.zh}），按“综合能耗”的数计",
                f"{int(lacking.sum())} rows of {table} give no energy at equivalent value ({names.en}); "
                "energy_tce is used",
            ),
            scenario.where(table, None, "energy_equivalent_tce" if not everywhere else None),
            Text(
                "请填写“综合能耗(当量值)”，或填写用电量等分品种能源。",
                "Fill in energy_equivalent_tce, or electricity and fuels.",
            ),
        )
    source[lacking] = "stated"
    return np.where(np.isnan(energy), other, energy), source


def _compare(
    scenario: Scenario,
    table: str,
    column: str,
    stated: Floats,
    *,
    by_fuels: Mapping[str, Floats],
    report: Collector,
) -> None:
    computed = by_fuels[column]
    larger = np.fmax(np.abs(stated), np.abs(computed))
    with np.errstate(invalid="ignore"):
        apart = np.abs(stated - computed) > DISAGREEMENT * larger
    spec = table_named(table)
    words = spec.column(column)
    names = scenario.tables[table][spec.key[0]].to_numpy()
    for i in np.flatnonzero(apart):
        where = scenario.where(table, int(i), column)
        if not report.room("total-disagrees", where):
            report.count("total-disagrees", where, 1)
            continue
        hint = _other_basis(column, float(stated[i]), by_fuels, int(i))
        share = abs(stated[i] - computed[i]) / larger[i]
        report.warning(
            "total-disagrees",
            Text(
                f"“{names[i]}”填报的{words.zh}为 {stated[i]:,.1f}，按分品种能源折算为 {computed[i]:,.1f}，"
                f"相差 {share:.1%}{hint.zh}",
                f"{words.name} of {names[i]!r} is stated as {stated[i]:,.1f}, and its fuels give "
                f"{computed[i]:,.1f}: {share:.1%} apart{hint.en}",
            ),
            where,
            Text("求解用填报的数；请核对两者。", "The stated figure is used; check both."),
            f"{stated[i]:g}",
        )


def _other_basis(column: str, stated: float, by_fuels: Mapping[str, Floats], row: int) -> Text:
    """A hint where the stated energy is right on the other basis: the commonest mistake."""
    other = {"energy_tce": "energy_equivalent_tce", "energy_equivalent_tce": "energy_tce"}.get(column)
    if other is None or abs(stated - by_fuels[other][row]) > DISAGREEMENT * stated:
        return Text("", "")
    return (
        Text("（像是当量值）", " (it looks like the equivalent value)")
        if column == "energy_tce"
        else Text("（像是等价值）", " (it looks like the equal value)")
    )


def _some(names: pd.Series, rows: npt.NDArray[np.bool_], most: int = 3) -> Text:
    chosen = [str(n) for n in names[rows].head(most)]
    more = int(rows.sum()) > most
    return Text("、".join(chosen) + (" 等" if more else ""), ", ".join(chosen) + (" …" if more else ""))


def _count_blanks(
    scenario: Scenario, table: str, resource: str, blank: npt.NDArray[np.bool_], report: Collector
) -> None:
    """One warning per table and column for rows without an amount: they count as 0."""
    if not blank.any():
        return
    spec = table_named(table)
    names = _some(scenario.tables[table][spec.key[0]], blank)
    column = _energy_column(scenario) if resource == "energy" else resource_column(resource, table)
    words = resource_words(resource)
    first = int(np.flatnonzero(blank)[0])
    given = scenario.has_column(table, column)
    where = scenario.where(table, first if given else None, column if given else None)
    many, all_rows = int(blank.sum()), len(blank)
    by_fuels = resource in ("energy", "carbon")
    report.warning(
        "no-amount",
        Text(
            f"“{spec.sheet}”表 {all_rows} 行中有 {many} 行没有{words.zh}数据（{names.zh}），按 0 计",
            f"{many} of {all_rows} rows of {table} have no amount of {words.en} ({names.en}); they count as 0",
        ),
        where if given else Where(file=where.file, sheet=where.sheet, column=column),
        Text(
            f"请填写 {column}" + ("，或填写分品种能源。" if by_fuels else "。"),
            f"Fill in {column}" + (", or electricity and fuels." if by_fuels else "."),
        ),
    )


def _factors_behind(rows: pd.DataFrame, column: str) -> list[str]:
    """Names of the factors that filled `column` of these rows."""
    names: list[str] = []
    if (rows[ELECTRICITY].fillna(0.0) != 0.0).any():
        names.append(
            {"energy_tce": "electricity_equal_value", "energy_equivalent_tce": "electricity_equivalent"}.get(
                column, "grid_kgco2_per_kwh"
            )
        )
    table = _CARBON_FACTORS if column == "carbon_t" else _ENERGY_FACTORS
    names += [factor for fuel, (factor, _) in table.items() if (rows[fuel].fillna(0.0) != 0.0).any()]
    return names


def _say_which_factors(scenario: Scenario, factors: Mapping[str, Factor], used: list[str], report: Collector) -> None:
    def where(name: str) -> Where:
        return Where(file=scenario.raw.settings_file, sheet=scenario.raw.settings_sheet, path=f"factors.{name}")

    name = "electricity_equal_value"
    if name in used and factors[name].grade == "M":
        value = factors[name].of(scenario.first_year)[0]
        report.warning(
            "unverified-factor",
            Text(
                f"电力等价值折标系数取 {value} kgce/kWh，是未经核实的占位数",
                f"electricity is converted at equal value with {value} kgce/kWh, a placeholder nobody has verified",
            ),
            where(name),
            Text(
                f"请在设置中写入本地采用的系数：[factors] {name} = …",
                f"Set the factor used locally: [factors] {name} = …",
            ),
            str(value),
        )
    others = [n for n in used if n != name and factors[n].grade == "M"]
    if others:
        listed = ", ".join(f"{n} = {factors[n].of(scenario.first_year)[0]:g}" for n in others)
        report.add(
            Level.INFO,
            "unverified-factor",
            Text(f"这些折算系数未经核实：{listed}", f"these factors are not verified: {listed}"),
            where(others[0]),
            Text("可在设置 [factors] 中改写。", "They can be set in [factors]."),
            listed,
        )
    grid = "grid_kgco2_per_kwh"
    if grid in used:
        value, year = factors[grid].of(scenario.first_year)
        if factors[grid].grade != "case" and year != scenario.first_year:
            report.add(
                Level.INFO,
                "grid-factor-year",
                Text(
                    f"{scenario.first_year} 年没有电网排放因子，用 {year} 年的 {value} kgCO2/kWh",
                    f"no grid factor for {scenario.first_year}; that of {year}, {value} kgCO2/kWh, is used",
                ),
                where(grid),
                Text(f"可在设置中写入：[factors] {grid} = …", f"It can be set: [factors] {grid} = …"),
                str(value),
            )
