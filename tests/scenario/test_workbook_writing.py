from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from quota_opt import resources
from quota_opt.errors import InputError
from quota_opt.scenario import TABLES, Scenario, read, write_workbook

SETTINGS: dict[str, Any] = {"scenario": {"name": "t", "first_year": 2024, "last_year": 2025, "resources": ["energy"]}}


@pytest.mark.parametrize("name", resources.builtin("scenarios"))
def test_every_built_in_case_comes_back_from_its_workbook(name: str, tmp_path: Path) -> None:
    scenario = read(name)
    again = read(write_workbook(tmp_path / f"{name}.xlsx", scenario))
    assert again.equals(scenario)
    assert again.findings == scenario.findings
    assert set(again.rules) == set(scenario.rules)


def test_a_variant_with_overrides_is_written_as_it_is_meant(tmp_path: Path) -> None:
    scenario = read("zhuji/strict-access").with_(**{"scenario.discount_rate": 0.03})
    again = read(write_workbook(tmp_path / "x.xlsx", scenario))
    assert again.equals(scenario)
    assert again.rules["admission"].limits[0].value == 0.49  # type: ignore[attr-defined]


def test_every_kind_of_cell_and_setting_comes_back_exactly(tmp_path: Path) -> None:
    settings = {
        "scenario": {
            **SETTINGS["scenario"],
            "name": "true",
            "title": {"zh": "=1+1", "en": "2024"},
            "resources": ["energy", "coal"],
        },
        "documents": [{"id": "1.5", "title": "[草案]", "url": "https://example.org/a?b=c"}],
        "measures": {"二": {"projects": "profit", "unit": "10k yuan"}},
        "rules": {"budget": {"by_year": {"2024": 1e-7, "2025": 0.1 + 0.2}}},
        "variants": {"甲 乙": {"set": {"rules.budget.by_year.2024": 3}}},
    }
    scenario = Scenario.from_tables(
        settings,
        places=[{"place": "C", "level": "county", "name": "+86"}, {"place": "007", "level": "zone", "parent": "C"}],
        firms=[
            {"firm": "1E5", "place": "007", "energy_tce": 0.1 + 0.2, "tags": ("a", "b"), "coal": 1 / 3,
             "name": "铜加工<强链>&补链", "above_scale": True, "grade": "未评", "protected_until": 2030},
            {"firm": "2024-01-01", "place": "C", "energy_tce": 1e-9, "name": "https://example.org", "jobs": 3},
        ],
        projects=[{"project": "P", "place": "C", "category": "chain", "ramp": (1 / 3, 1.0), "profit": -2.5,
                   "value_added": -1.0, "excludes": ["Q"]},
                  {"project": "Q", "place": "C", "divisible": True, "min_share": 0.25, "variant_of": "组"}],
        actions=[{"firm": "1E5", "action": "rebuild", "frees_coal": -0.5, "option": "甲"}],
        quotas=[{"place": "C", "resource": "energy", "year": "*", "amount": 5},
                {"place": "C", "resource": "coal", "year": 2024, "amount": 5}],
        targets=[{"measure": "tax", "sense": "==", "value": -1, "kind": "soft", "penalty": 2, "clause": "ZJ 二"}],
        chains=[{"chain": "链", "stage": "上"}, {"chain": "链", "stage": "下", "needs": "上", "weight": 0.5}],
    )  # fmt: skip
    again = read(write_workbook(tmp_path / "x.xlsx", scenario))
    assert again.settings == scenario.settings
    for name, frame in scenario.tables.items():
        for column in frame.columns:
            assert again.tables[name][column].equals(frame[column]), (name, column)


def test_the_blank_workbook_asks_for_what_is_missing_with_cells(tmp_path: Path, findings_of: Any) -> None:
    found = findings_of(write_workbook(tmp_path / "blank.xlsx"))
    assert [(f.code, f.where.sheet) for f in found] == [("missing-setting", "设置")] * 3 + [("missing-table", "区域")]
    assert all(f.where.cell for f in found[:3])


def test_a_blank_workbook_filled_in_by_hand_reads(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_workbook(tmp_path / "blank.xlsx"))
    values = {"scenario.name": "my-county", "scenario.first_year": 2024, "scenario.last_year": 2025}
    for row in book["设置"].iter_rows(min_row=2):
        if row[0].value in values:
            row[1].value = values[row[0].value]
    book["区域"].append(["C", "县"])
    book["企业"].append(["F1", "C"])
    book.save(tmp_path / "mine.xlsx")
    scenario = read(tmp_path / "mine.xlsx")
    assert scenario.firms["firm"].tolist() == ["F1"]
    assert scenario.resources == ("energy", "carbon", "land")
    assert not scenario.has_table("actions")


def test_the_sheets_are_laid_out_for_planners(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "blank.xlsx")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["说明", "设置", *(t.sheet for t in TABLES), "清单"]
    assert book["清单"].sheet_state == "hidden"
    for table in TABLES:
        sheet = book[table.sheet]
        assert not sheet.protection.sheet
        assert sheet.freeze_panes == "B2"
        for j, column in enumerate(table.columns, 1):
            head = sheet.cell(1, j)
            assert head.value.startswith(column.zh)
            assert (head.fill.fgColor.rgb == "FFFFF4D6") == column.required, column.name
            if column.kind == "identifier":
                assert sheet.column_dimensions[head.column_letter].number_format == "@", column.name
    headings = [c.value for c in book["企业"][1]]
    assert "综合能耗（吨标准煤）" in headings
    assert "用地（亩）" in headings
    assert "工业增加值（万元）" in headings
    explained = {(row[0].value, row[2].value) for row in book["说明"].iter_rows() if row[2].value}
    assert {(t.sheet, c.name) for t in TABLES for c in t.columns} <= explained


def test_drop_downs_come_from_named_ranges_and_numbers_are_checked_in_chinese(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "x.xlsx", read("zhuji"))
    book = openpyxl.load_workbook(path)
    names = set(book.defined_names)
    for table in TABLES:
        checks = {
            str(v.sqref).split(":")[0].rstrip("0123456789"): v
            for v in book[table.sheet].data_validations.dataValidation
        }
        for j, column in enumerate(table.columns, 1):
            letter = openpyxl.utils.get_column_letter(j)
            if column.choices or column.kind == "yes/no":
                assert checks[letter].type == "list"
                assert checks[letter].formula1 in names
            elif column.numeric and column.wildcard is None:
                assert checks[letter].type in ("decimal", "whole")
                assert re.search("[\u4e00-\u9fff]", checks[letter].error)


def test_text_is_never_a_formula_or_a_link(tmp_path: Path) -> None:
    scenario = Scenario.from_tables(
        SETTINGS,
        places=[{"place": "C", "level": "county", "name": "=1+1"}],
        firms=[{"firm": "F", "place": "C", "name": "=cmd|' /C calc'!A0", "sector": "http://example.org"}],
    )
    path = write_workbook(tmp_path / "x.xlsx", scenario)
    with zipfile.ZipFile(path) as package:
        sheets = b"".join(package.read(n) for n in package.namelist() if n.startswith("xl/worksheets/sheet"))
    assert b"<f>" not in sheets
    assert b"<hyperlink" not in sheets


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    scenario = read("worked-example")
    first = write_workbook(tmp_path / "a.xlsx", scenario).read_bytes()
    assert write_workbook(tmp_path / "b.xlsx", scenario).read_bytes() == first


def test_a_text_too_long_for_a_cell_is_refused_rather_than_lost(tmp_path: Path) -> None:
    scenario = Scenario.from_tables(SETTINGS, places=[{"place": "C", "level": "county", "name": "长" * 40_000}])
    with pytest.raises(InputError) as caught:
        write_workbook(tmp_path / "x.xlsx", scenario)
    assert caught.value.findings[0].where.row == 2
    assert not (tmp_path / "x.xlsx").exists()


def test_synthetic_data_says_so_on_the_first_sheet(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_workbook(tmp_path / "x.xlsx", read("zhuji")))
    assert any("合成数据" in str(c.value) for row in book["说明"].iter_rows(max_row=8) for c in row)


def test_every_rule_parameter_and_setting_of_the_blank_workbook_is_explained_in_chinese(tmp_path: Path) -> None:
    rows = list(openpyxl.load_workbook(write_workbook(tmp_path / "blank.xlsx"))["设置"].iter_rows(min_row=2))
    paths = {row[0].value for row in rows}
    assert {"rules.retention.keep", "rules.admission.limits", "scenario.first_year"} <= paths
    for row in rows:
        assert re.search("[\u4e00-\u9fff]{2}", str(row[2].value)), row[0].value
