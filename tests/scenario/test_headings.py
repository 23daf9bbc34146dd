from __future__ import annotations

from typing import Any

import pytest

from quota_opt.scenario import TABLES, read
from quota_opt.scenario.headers import read_heading
from quota_opt.scenario.schema import table_named


@pytest.mark.parametrize(
    ("heading", "column", "unit"),
    [
        ("energy_tce", "energy_tce", None),
        ("Energy_TCE", "energy_tce", None),
        ("综合能耗", "energy_tce", None),
        ("综合能耗(万吨标准煤)", "energy_tce", "万吨标准煤"),
        ("综合能耗（万吨标准煤）", "energy_tce", "万吨标准煤"),
        (" 综合能耗 \n（ 吨标准煤 ） ", "energy_tce", "吨标准煤"),
        ("综合能耗（当量值）", "energy_equivalent_tce", None),
        ("综合能耗（当量值）（tce）", "energy_equivalent_tce", "tce"),
        ("企业名称", "name", None),
        ("所在镇街", "place", None),
        ("用地面积，公顷", "land_mu", "公顷"),
        ("carbon_t (10k t)", "carbon_t", "10kt"),
    ],
)
def test_a_heading_is_understood_with_or_without_its_unit(heading: str, column: str, unit: str | None) -> None:
    found = read_heading(heading, table_named("firms"))
    assert found is not None
    assert (found.column.name, found.unit) == (column, unit)


@pytest.mark.parametrize("heading", ["备注", "综合", "能耗强度(tce/万元)", ""])
def test_a_heading_that_names_no_column_is_not_guessed(heading: str) -> None:
    assert read_heading(heading, table_named("firms")) is None


def test_no_heading_means_two_columns_of_a_table() -> None:
    for table in TABLES:
        spellings = [w for c in table.columns for w in {c.name, c.zh, *c.aliases}]
        assert len(spellings) == len(set(spellings)), table.name


def test_units_in_headings_are_converted_at_the_door(case: Any) -> None:
    firms = (
        "企业,区域,综合能耗（万吨标准煤）,用地（平方公里）,工业增加值(亿元),用电量(万千瓦时),上年亩均税收(元/亩),就业人数(万人)\n"
        "F1,N1,0.849,0.02,1.5,123.4,50000,0.12\n"
    )
    firm = read(case(firms=firms)).firms.iloc[0]
    assert firm["energy_tce"] == 8490.0
    assert firm["land_mu"] == 30.0
    assert firm["value_added"] == 15000.0
    assert firm["electricity_mwh"] == 1234.0
    assert firm["tax_per_mu_previous"] == 5.0
    assert firm["jobs"] == 1200.0


@pytest.mark.parametrize(
    ("heading", "code"),
    [
        ("energy_tce(万元)", "wrong-unit"),
        ("energy_tce(吨)", "wrong-unit"),
        ("energy_tce(千瓦时)", "wrong-unit"),
        ("energy_tce(箱)", "unknown-unit"),
        ("综合能耗（万吨标准煤；当量值）", "unknown-unit"),
        ("carbon_t(吨)", "wrong-unit"),
        ("name(吨)", "wrong-unit"),
        ("grade(分)", "wrong-unit"),
        ("violations(次)", "unknown-unit"),
    ],
)
def test_a_unit_of_another_kind_is_an_error_at_the_heading(
    case: Any, findings_of: Any, heading: str, code: str
) -> None:
    found = findings_of(case(firms=f"firm,place,{heading}\nF1,N1,1\n"))
    assert [f.code for f in found] == [code]
    assert (found[0].where.row, found[0].where.column) == (1, heading)


def test_an_unknown_column_names_the_nearest_known_one(case: Any, findings_of: Any) -> None:
    (found,) = findings_of(case(firms="firm,place,energi_tce\nF1,N1,1\n"))
    assert found.code == "unknown-column"
    assert "energy_tce" in found.fix.en
    assert "energy_tce" in found.fix.zh


def test_a_misspelt_required_column_is_one_finding_not_two(case: Any, findings_of: Any) -> None:
    found = findings_of(case(firms="firm,plase,energy_tce\nF1,N1,1\n"))
    assert [f.code for f in found] == ["unknown-column"]


def test_the_same_column_twice_is_an_error(case: Any, findings_of: Any) -> None:
    (found,) = findings_of(case(firms="firm,place,energy_tce,综合能耗(万吨标准煤)\nF1,N1,1,1\n"))
    assert (found.code, found.where.column) == ("repeated-column", "综合能耗(万吨标准煤)")


def test_resources_and_measures_of_the_case_bring_their_own_columns(case: Any) -> None:
    settings = (
        '[scenario]\nname = "d"\nfirst_year = 2024\nlast_year = 2025\nresources = ["energy", "coal"]\n'
        '[measures.profit2]\nunit = "10k yuan"\nprojects = "profit2"\n'
    )
    scenario = read(
        case(
            settings=settings,
            firms="firm,place,coal(万吨)\nF1,N1,1.5\n",
            projects="project,place,uses_coal,profit2(亿元)\nP1,N1,3,0.5\n",
        )
    )
    assert scenario.firms["coal"].tolist() == [15000.0]
    assert scenario.projects["uses_coal"].tolist() == [3.0]
    assert scenario.projects["profit2"].tolist() == [5000.0]
    assert scenario.actions["frees_coal"].tolist() == []


def test_a_measure_of_a_column_that_is_not_there_is_an_error(case: Any, findings_of: Any) -> None:
    from_settings = '[scenario]\nname = "d"\nfirst_year = 2024\nlast_year = 2025\n[measures.x]\nprojects = "{}"\n'
    (found,) = findings_of(case(settings=from_settings.format("profitt")))
    assert (found.code, found.where.path) == ("unknown-column", "measures.x.projects")
    (found,) = findings_of(case(settings=from_settings.format("category")))
    assert found.code == "not-a-number"
