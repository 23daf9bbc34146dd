"""A workbook with twenty planted faults yields exactly twenty findings, each with its cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from quota_opt.errors import InputError, Level
from quota_opt.scenario import read, write_workbook

# sheet, cell of the fault, code
PLANTED = [
    ("设置", "B6", "out-of-range"),
    ("设置", "B7", "unknown-key"),
    ("区域", "B3", "unknown-choice"),
    ("区域", "C4", "unknown-place"),
    ("企业", "D1", "unknown-column"),
    ("企业", "E1", "wrong-unit"),
    ("企业", "A3", "repeated-identifier"),
    ("企业", "B4", "unknown-place"),
    ("企业", "C5", "not-a-number"),
    ("企业", "C6", "out-of-range"),
    ("企业", "C7", "error-cell"),
    ("企业", "C8", "formula-not-computed"),
    ("企业", "A9", "unsafe-identifier"),
    ("企业", "B10", "merged-cells"),
    ("企业", "A13", "summary-row"),
    ("项目", "B2", "missing-value"),
    ("项目", "D3", "years-crossed"),
    ("项目", "E4", "unknown-project"),
    ("目标", "B2", "unknown-choice"),
    ("目标", "D3", "outside-horizon"),
]


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    path = tmp_path / "二十处错误.xlsx"
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as book:
        sheets: dict[str, list[list[Any]]] = {
            "设置": [
                ["路径", "值", "说明"],
                ["scenario.name", "faults"],
                ["scenario.first_year", 2024],
                ["scenario.last_year", 2026],
                ["scenario.resources", '["energy"]'],
                ["rules.retention.keep", 1.7],
                ["rules.retention.poool", 0.1],
            ],
            "区域": [["区域", "层级", "上级区域"], ["C", "县"], ["N1", "乡村", "C"], ["N2", "镇街", "D"]],
            "企业": [
                ["企业", "区域", "综合能耗（吨标准煤）", "工业增家值", "税收（亩）"],
                ["F1", "N1", 100],
                ["F1", "N1", 100],
                ["F3", "N3", 100],
                ["F4", "N1", "约一百"],
                ["F5", "N1", -100],
                ["F6", "N1"],
                ["F7", "N1"],
                ["=F8", "N1", 100],
                ["F9", None, 100],
                ["F10", None, 100],
                ["F11", "N1", "１００"],
                ["合计", "N1", 700],
                [],
                ["   "],
            ],
            "项目": [
                ["项目", "区域", "综合能耗", "最晚年份", "前提项目", "最早年份"],
                ["P1", None, 10],
                ["P2", "N1", 10, 2024, None, 2025],
                ["P3", "N1", 10, 2026, "P9", 2024],
            ],
            "目标": [
                ["成效指标", "方向", "目标值", "年份"],
                ["energy_freed", "大约", 5],
                ["energy_freed", "不低于", 5, 2030],
            ],
        }
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                sheet.write_row(i, 0, row)
            if name == "企业":
                sheet.write_formula("C7", "=C2/0", None, "#DIV/0!")
                sheet.write_formula("C8", "=C2*2")
                sheet.merge_range("B10:B11", "N1")
    return path


def test_each_planted_fault_is_found_at_its_cell_and_nothing_else_is(faulty: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(faulty)
    findings = caught.value.findings
    assert {(f.where.sheet, f.where.cell, f.code) for f in findings} == set(PLANTED)
    assert len(findings) == len(PLANTED) == 20
    assert all(f.level is Level.ERROR for f in findings)
    assert all(f.where.file == "二十处错误.xlsx" for f in findings)


def test_each_finding_says_what_where_and_how_in_both_languages(faulty: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(faulty)
    for finding in caught.value.findings:
        for language in ("zh", "en"):
            what, where, fix = finding.lines(language)  # type: ignore[arg-type]
            assert what
            assert fix
            assert f"!{finding.where.cell}" in where
    for zh in (f.what.zh for f in caught.value.findings):
        assert any("\u4e00" <= c <= "\u9fff" for c in zh)


def test_a_sound_workbook_of_the_same_kind_has_none(tmp_path: Path) -> None:
    assert read(write_workbook(tmp_path / "sound.xlsx", read("worked-example"))).findings == ()
