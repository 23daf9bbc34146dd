from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import quota_opt.scenario as scenario_package
from quota_opt.errors import Level
from quota_opt.scenario import Accounted, Scenario, accounted
from quota_opt.scenario.accounting import Eras, excluded_energy
from quota_opt.scenario.factors import built_in_factors, factors_with


def account(firms: list[dict[str, Any]], *, basis: str = "equal_value", year: int = 2022, **settings: Any) -> Accounted:
    document = {
        "scenario": {
            "name": "a", "first_year": year, "last_year": year + 1, "energy_basis": basis,
            "resources": ["energy", "carbon"],
        },
        **settings,
    }  # fmt: skip
    records = [{"firm": f"F{i}", "place": "N", **f} for i, f in enumerate(firms, 1)]
    return accounted(Scenario.from_tables(document, places=[{"place": "N", "level": "county"}], firms=records))


def codes(result: Accounted) -> list[str]:
    return [f.code for f in result.findings]


def test_electricity_counts_on_both_bases_and_carbon_by_the_grid_of_the_year() -> None:
    result = account([{"electricity_mwh": 10_000}])
    firm = result.firms.iloc[0]
    assert firm["energy_tce"] == pytest.approx(2850.0)
    assert firm["energy_equivalent_tce"] == pytest.approx(1229.0)
    assert firm["carbon_t"] == pytest.approx(5153.0)
    assert firm["energy"] == firm["energy_tce"]
    assert (firm["energy_source"], firm["carbon_source"]) == ("fuels", "fuels")


@pytest.mark.parametrize(
    ("year", "factor"), [(2021, 0.5422), (2022, 0.5153), (2023, 0.4974), (2030, 0.4974), (2019, 0.5422)]
)
def test_the_grid_factor_is_that_of_the_year_or_the_latest_before(year: int, factor: float) -> None:
    result = account([{"electricity_mwh": 1000, "energy_tce": 285}], year=year)
    assert result.firms["carbon_t"].tolist() == pytest.approx([1000 * factor])
    assert ("grid-factor-year" in codes(result)) == (year not in (2021, 2022, 2023))


def test_each_fuel_has_the_energy_and_carbon_of_the_reference_values() -> None:
    expected = {
        "natural_gas_m3": (10_000, 13.3, 21.62),
        "raw_coal_t": (1, 0.7143, 1.9003),
        "coke_t": (1, 0.9714, 2.8518),
        "diesel_t": (1, 1.4571, 3.0959),
        "fuel_oil_t": (1, 1.4286, 3.1705),
        "lpg_t": (1, 1.7143, 3.1013),
        "heat_gj": (1, 0.03412, 0.11),
    }
    result = account([{fuel: amount} for fuel, (amount, _, _) in expected.items()])
    for (_, row), (_, energy, carbon) in zip(result.firms.iterrows(), expected.values(), strict=True):
        assert row["energy_tce"] == pytest.approx(energy)
        assert row["energy_equivalent_tce"] == pytest.approx(energy)
        assert row["carbon_t"] == pytest.approx(carbon)


def test_stated_figures_win_over_fuels() -> None:
    result = account([{"energy_tce": 290, "carbon_t": 500, "electricity_mwh": 1000}])
    firm = result.firms.iloc[0]
    assert (firm["energy_tce"], firm["carbon_t"]) == (290, 500)
    assert firm["energy_equivalent_tce"] == pytest.approx(122.9)
    assert (firm["energy_source"], firm["carbon_source"]) == ("stated", "stated")


def test_a_total_two_percent_off_its_fuels_is_a_finding_with_both_numbers() -> None:
    assert "total-disagrees" not in codes(account([{"energy_tce": 290, "electricity_mwh": 1000}]))
    result = account([{"energy_tce": 300, "electricity_mwh": 1000}])
    (found,) = [f for f in result.findings if f.code == "total-disagrees"]
    assert found.level is Level.WARNING
    assert (found.where.file, found.where.row, found.where.column) == ("firms.csv", 2, "energy_tce")
    assert "300.0" in found.what.en
    assert "285.0" in found.what.zh


def test_a_total_on_the_other_basis_is_recognised() -> None:
    (found,) = [
        f for f in account([{"energy_tce": 123, "electricity_mwh": 1000}]).findings if f.code == "total-disagrees"
    ]
    assert "equivalent value" in found.what.en
    assert "当量值" in found.what.zh


def test_the_unverified_electricity_factor_is_marked_until_the_planner_sets_it() -> None:
    (found,) = [f for f in account([{"electricity_mwh": 1, "carbon_t": 1}]).findings if f.code == "unverified-factor"]
    assert found.level is Level.WARNING
    assert "0.285" in found.what.zh
    assert found.where.path == "factors.electricity_equal_value"
    result = account([{"electricity_mwh": 1000}], factors={"electricity_equal_value": 0.3})
    assert "unverified-factor" not in codes(result)
    assert result.firms["energy_tce"].tolist() == pytest.approx([300.0])


def test_it_is_not_marked_where_it_was_not_used() -> None:
    assert codes(account([{"energy_tce": 5, "carbon_t": 1}])) == []
    assert "unverified-factor" not in codes(account([{"electricity_mwh": 1, "carbon_t": 1}], basis="equivalent"))


def test_factors_of_the_case_replace_the_built_in_ones() -> None:
    factors = {"grid_kgco2_per_kwh": {"2022": 0.6}, "natural_gas_kgce_per_m3": 1.2143, "electricity_equal_value": 0.3}
    result = account([{"electricity_mwh": 1000}, {"natural_gas_m3": 10_000}], factors=factors)
    assert result.firms["carbon_t"].tolist() == pytest.approx([600.0, 21.62])
    assert result.firms["energy_tce"].tolist() == pytest.approx([300.0, 12.143])


def test_the_declared_basis_decides_what_energy_is() -> None:
    firms = [{"energy_tce": 300, "energy_equivalent_tce": 130, "carbon_t": 1}]
    assert account(firms).firms["energy"].tolist() == [300.0]
    assert account(firms, basis="equivalent").firms["energy"].tolist() == [130.0]


def test_energy_on_one_basis_alone_is_taken_as_declared_and_said_so() -> None:
    result = account([{"energy_tce": 300, "carbon_t": 1}], basis="equivalent")
    assert result.firms["energy"].tolist() == [300.0]
    assert codes(result) == ["basis-assumed"]


def test_nothing_stated_is_zero_with_one_warning_per_table_and_resource() -> None:
    result = account([{}, {}, {"energy_tce": 5}, {}, {}])
    assert result.firms["energy"].tolist() == [0, 0, 5, 0, 0]
    assert result.firms["carbon_t"].tolist() == [0] * 5
    assert result.firms["energy_source"].tolist() == ["none", "none", "stated", "none", "none"]
    energy, carbon = result.findings
    assert {f.code for f in result.findings} == {"no-amount"}
    assert "4 of 5" in energy.what.en
    assert "F1, F2, F4 …" in energy.what.en
    assert "5 of 5" in carbon.what.en


def test_feedstock_leaves_from_its_year_and_green_electricity_in_three_eras() -> None:
    # 100 tce, 20 of it feedstock; 100 MWh of green electricity at 0.3 tce/MWh are 30 tce.
    result = account([{"energy_tce": 100, "feedstock_tce": 20, "green_electricity_mwh": 100, "carbon_t": 1}])
    years, eras = (2021, 2022, 2023, 2024), Eras(2022, 2022, 2024)
    new = excluded_energy(result.firms, years, 0.3, eras, new=True)
    assert new.total.tolist() == [[0, 50, 50, 50]]
    assert new.intensity.tolist() == [[0, 20, 20, 50]]
    standing = excluded_energy(result.firms, years, 0.3, eras, new=False)
    assert standing.total.tolist() == [[0, 20, 20, 50]]  # what firms use is no increment
    assert standing.intensity.tolist() == [[0, 20, 20, 50]]


def test_no_more_than_all_of_the_energy_leaves_and_nothing_where_no_era_begins() -> None:
    result = account([{"energy_tce": 100, "feedstock_tce": 90, "green_electricity_mwh": 100, "carbon_t": 1}])
    assert excluded_energy(result.firms, (2024,), 0.3, Eras(2022, 2022, 2024), new=True).total.tolist() == [[100]]
    assert not excluded_energy(result.firms, (2024,), 0.3, Eras(), new=True).total.any()


def test_every_factor_has_a_value_a_unit_a_source_a_year_and_a_grade() -> None:
    document = tomllib.loads((Path(scenario_package.__file__).parent / "factors.toml").read_text("utf-8"))
    for name, entry in document.items():
        assert ("value" in entry) != ("by_year" in entry), name
        assert entry["unit"]
        assert entry["source"]
        assert 2000 < entry["year"] < 2100
        assert entry["grade"] in ("V", "V2", "D", "M")
    assert built_in_factors()["electricity_equal_value"].grade == "M"
    assert factors_with({"electricity_equal_value": 0.3})["electricity_equal_value"].grade == "case"


def test_tables_keep_rows_order_and_columns() -> None:
    result = account([{"energy_tce": 1, "carbon_t": 1}, {"energy_tce": 2, "carbon_t": 1}])
    assert result.firms["firm"].tolist() == ["F1", "F2"]
    assert {"energy", "energy_source", "carbon_source"} <= set(result.projects.columns)
    assert not np.isnan(result.firms["energy"]).any()
