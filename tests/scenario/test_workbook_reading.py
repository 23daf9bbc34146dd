from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from quota_opt.scenario import read

Build = Callable[[Any, dict[str, Any]], None]
SETTINGS = [
    ("scenario.name", "demo"),
    ("scenario.first_year", 2024),
    ("scenario.last_year", 2026),
    ("scenario.resources", '["energy"]'),
]
SHEETS: dict[str, list[list[Any]]] = {
    "设置": [["路径", "值"], *map(list, SETTINGS)],
    "区域": [["区域", "层级", "上级区域"], ["C", "县"], ["N1", "镇街", "C"], ["N2", "镇街", "C"]],
    "企业": [["企业", "区域", "综合能耗（吨标准煤）", "名称"], ["F1", "N1", 1000, "一"], ["F2", "N2", 500, "二"]],
    "项目": [["项目", "区域", "类别", "综合能耗(tce)"], ["P1", "N1", "战略新兴", 500]],
}


@pytest.fixture
def workbook(tmp_path: Path) -> Callable[..., Path]:
    """Writes a workbook; `sheets` replace rows, `change` edits it through XlsxWriter before it is saved."""

    def write(change: Build | None = None, **sheets: list[list[Any]] | None) -> Path:
        path = tmp_path / "案例.xlsx"
        with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as book:
            made = {}
            for name, rows in {**SHEETS, **sheets}.items():
                if rows is None:
                    continue
                made[name] = book.add_worksheet(name)
                for i, row in enumerate(rows):
                    made[name].write_row(i, 0, row)
            if change is not None:
                change(book, made)
        return path

    return write


def rewrite(path: Path, member: str, change: Callable[[str], str]) -> None:
    """Zip surgery: change the text of one member."""
    with zipfile.ZipFile(path) as package:
        contents = {name: package.read(name) for name in package.namelist()}
    contents[member] = change(contents[member].decode("utf-8")).encode("utf-8")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in contents.items():
            package.writestr(name, content)


def test_a_workbook_reads_like_a_folder(workbook: Any) -> None:
    scenario = read(workbook())
    assert (scenario.name, scenario.years, scenario.resources) == ("demo", (2024, 2025, 2026), ("energy",))
    assert scenario.firms["energy_tce"].tolist() == [1000.0, 500.0]
    assert scenario.places["level"].tolist() == ["county", "town", "town"]
    where = scenario.where("firms", 1, "energy_tce")
    assert (where.file, where.sheet, where.cell) == ("案例.xlsx", "企业", "C3")
    assert where.column == "综合能耗（吨标准煤）"
    assert not scenario.has_table("actions")


def test_english_sheet_names_and_headings_do_as_well(workbook: Any) -> None:
    path = workbook(企业=None, firms=[["firm", "place", "energy_tce"], ["F1", "N1", 3]])
    assert read(path).firms["energy_tce"].tolist() == [3.0]


def test_a_folder_with_one_workbook_is_that_workbook(workbook: Any) -> None:
    path = workbook()
    (path.parent / "~$案例.xlsx").write_bytes(b"lock")
    scenario = read(path.parent)
    assert scenario.equals(read(path))
    assert list(scenario.files) == ["案例.xlsx"]
    assert read(f"{path}/base").equals(scenario)


def test_leading_empty_rows_and_columns_do_not_shift_addresses(workbook: Any, findings_of: Any) -> None:
    rows: list[list[Any]] = [[], [], [None, None, "企业", "区域", "税收（万元）"], [None, None, "F1", "N1", "很多"]]
    (found,) = findings_of(workbook(企业=rows))
    assert (found.code, found.where.cell, found.where.row) == ("not-a-number", "E4", 4)


def test_whole_numbers_are_identifiers_and_numbers_may_be_text(workbook: Any) -> None:
    rows = [["企业", "区域", "综合能耗", "税收"], [1001, "N1", "１２３．５", "1,234"], ["1002", "N1", " 7 ", ""]]
    actions = [["企业", "措施"], ["1001", "关停"], [1002, "关停"]]
    scenario = read(workbook(企业=rows, 措施=actions))
    assert scenario.firms["firm"].tolist() == ["1001", "1002"]
    assert scenario.firms["energy_tce"].tolist() == [123.5, 7.0]
    assert scenario.firms["tax"].tolist()[0] == 1234.0
    assert scenario.actions["firm"].tolist() == ["1001", "1002"]


def test_trailing_blank_rows_and_far_formatted_cells_are_nothing(workbook: Any) -> None:
    def change(book: Any, sheets: dict[str, Any]) -> None:
        percent = book.add_format({"num_format": "0%"})
        for row in range(3, 400):
            sheets["企业"].write_blank(row, 2, None, percent)
        sheets["企业"].write_string(10, 0, "   ")
        sheets["企业"].write_blank(5, 16383, None, percent)
        sheets["企业"].write_blank(1048575, 0, None, percent)

    assert len(read(workbook(change)).firms) == 2


def test_titles_and_merged_headings_above_the_table_are_understood(workbook: Any, findings_of: Any) -> None:
    def change(book: Any, sheets: dict[str, Any]) -> None:
        sheet = sheets["企业"]
        sheet.merge_range("A1:E1", "诸暨市企业清单")
        sheet.merge_range("A2:A3", "企业代码")
        sheet.merge_range("B2:B3", "所在镇街")
        sheet.merge_range("C2:D2", "能耗与排放")
        sheet.write_row("C3", ["综合能耗（万吨标准煤）", "碳排放（吨CO2）"])
        sheet.write("E2", "用地")
        sheet.write("E3", "（公顷）")
        sheet.write_row("A4", ["F1", "N1", 0.1, 7, 2])

    scenario = read(workbook(change, 企业=[]))
    firm = scenario.firms.iloc[0]
    assert (firm["firm"], firm["place"]) == ("F1", "N1")
    assert (firm["energy_tce"], firm["carbon_t"], firm["land_mu"]) == (1000.0, 7.0, 30.0)
    assert scenario.where("firms", 0, "carbon_t").cell == "D4"


def test_a_row_of_units_under_the_headings_belongs_to_them(workbook: Any) -> None:
    rows = [["企业", "区域", "综合能耗", "用地"], [None, None, "万吨标准煤", "（公顷）"], ["F1", "N1", 0.1, 2]]
    firms = read(workbook(企业=rows)).firms
    assert firms[["energy_tce", "land_mu"]].to_numpy().tolist() == [[1000.0, 30.0]]


def test_merged_cells_among_data_are_one_finding(workbook: Any, findings_of: Any) -> None:
    def change(book: Any, sheets: dict[str, Any]) -> None:
        sheets["企业"].merge_range("B2:B3", "N1")

    (found,) = findings_of(workbook(change))
    assert (found.code, found.where.cell) == ("merged-cells", "B2")
    assert "B2:B3" in found.what.zh


def test_error_cells_are_findings_and_never_blank_or_zero(workbook: Any, findings_of: Any) -> None:
    def change(book: Any, sheets: dict[str, Any]) -> None:
        sheets["企业"].write_formula("C2", "=1/0", None, "#DIV/0!")
        sheets["企业"].write_formula("B3", "=NA()", None, "#N/A")

    found = findings_of(workbook(change))
    assert [(f.code, f.where.cell, f.seen) for f in found] == [
        ("error-cell", "C2", "#DIV/0!"),
        ("error-cell", "B3", "#N/A"),
    ]


def test_formulas_nobody_computed_are_findings(workbook: Any, findings_of: Any, tmp_path: Path) -> None:
    def change(book: Any, sheets: dict[str, Any]) -> None:
        sheets["企业"].write_formula("C2", "=500*2")

    (found,) = findings_of(workbook(change))
    assert (found.code, found.where.cell, found.seen) == ("formula-not-computed", "C2", "=500*2")
    book = openpyxl.load_workbook(workbook())
    book["企业"]["C3"] = "=1+1"
    book.save(tmp_path / "two.xlsx")
    (found,) = findings_of(tmp_path / "two.xlsx")
    assert (found.code, found.where.cell) == ("formula-not-computed", "C3")


def test_formulas_with_their_results_are_data(workbook: Any) -> None:
    def change(book: Any, sheets: dict[str, Any]) -> None:
        sheets["企业"].write_formula("C2", "=500*2", None, 1000)
        sheets["企业"].write_formula("D2", '="甲"', None, "甲")

    firms = read(workbook(change)).firms
    assert firms["energy_tce"].tolist() == [1000.0, 500.0]
    assert firms["name"].tolist() == ["甲", "二"]


def test_a_result_of_zero_from_a_program_that_computes_is_data(workbook: Any) -> None:
    def change(book: Any, sheets: dict[str, Any]) -> None:
        sheets["企业"].write_formula("C2", "=1-1", None, 0)

    path = workbook(change)
    rewrite(path, "xl/workbook.xml", lambda xml: xml.replace(' fullCalcOnLoad="1"', ""))
    assert read(path).firms["energy_tce"].tolist() == [0.0, 500.0]


def test_prefixed_xml_is_scanned_as_well(workbook: Any, findings_of: Any) -> None:
    def change(book: Any, sheets: dict[str, Any]) -> None:
        sheets["企业"].write_formula("C2", "=1/0", None, "#DIV/0!")

    path = workbook(change)

    def prefixed(xml: str) -> str:
        head, _, body = xml.partition("<worksheet")
        body = ("<worksheet" + body).replace("</", "\0").replace("<", "<x:").replace("\0", "</x:")
        return head + body.replace('xmlns="', 'xmlns:x="', 1)

    rewrite(path, "xl/worksheets/sheet3.xml", prefixed)
    assert ("error-cell", "C2") in [(f.code, f.where.cell) for f in findings_of(path)]


def test_dates_and_long_numbers_are_no_identifiers(workbook: Any, findings_of: Any) -> None:
    def change(book: Any, sheets: dict[str, Any]) -> None:
        sheets["企业"].write_datetime("A2", date(2024, 3, 1), book.add_format({"num_format": "yyyy-mm-dd"}))
        sheets["企业"].write_number("A3", 913306811463000000)

    found = findings_of(workbook(change))
    assert [(f.code, f.where.cell) for f in found] == [("identifier-not-text", "A2"), ("identifier-not-text", "A3")]


@pytest.mark.parametrize("text", ["=1+1", "+F1", "-F1", "@F1", "\tF1"])
def test_identifiers_that_would_run_as_formulas_are_refused(workbook: Any, findings_of: Any, text: str) -> None:
    def change(book: Any, sheets: dict[str, Any]) -> None:
        sheets["企业"].write_string("A2", text)

    (found,) = findings_of(workbook(change))
    assert (found.code, found.where.cell) == ("unsafe-identifier", "A2")


def test_true_false_and_dates_are_no_numbers(workbook: Any, findings_of: Any) -> None:
    def change(book: Any, sheets: dict[str, Any]) -> None:
        sheets["企业"].write_boolean("C2", True)
        sheets["企业"].write_datetime("C3", date(2024, 3, 1), book.add_format({"num_format": "yyyy-mm-dd"}))

    found = findings_of(workbook(change))
    assert [(f.code, f.where.cell) for f in found] == [("not-a-number", "C2"), ("not-a-number", "C3")]


def test_a_column_of_data_without_a_heading_is_a_finding(workbook: Any, findings_of: Any) -> None:
    (found,) = findings_of(workbook(企业=[["企业", "区域"], ["F1", "N1", "?"]]))
    assert (found.code, found.where.cell) == ("no-heading", "C1")


def test_unknown_and_repeated_sheets_are_findings_and_blank_or_notes_sheets_are_not(
    workbook: Any, findings_of: Any
) -> None:
    found = findings_of(workbook(企业表单=[["x"]], firms=[["firm", "place"], ["F1", "N1"]], Sheet1=[], 备注=[["随便"]]))
    assert [(f.code, f.where.sheet) for f in found] == [("unknown-sheet", "企业表单"), ("repeated-sheet", "firms")]
    assert "企业" in found[0].fix.zh


def test_something_far_outside_is_a_finding_and_no_memory(workbook: Any, findings_of: Any) -> None:
    def change(book: Any, sheets: dict[str, Any]) -> None:
        sheets["企业"].write_string("XFD9", "x")

    found = findings_of(workbook(change))
    assert (found[0].code, found[0].where.cell) == ("sheet-too-large", "XFD9")

    def deep(book: Any, sheets: dict[str, Any]) -> None:
        sheets["企业"].write_string("B1048576", "x")

    assert findings_of(workbook(deep))[0].code == "sheet-too-large"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"\xd0\xcf\x11\xe0" + b"\0" * 600, b"firm,place\n"])
def test_a_file_that_is_no_workbook_is_one_finding(tmp_path: Path, findings_of: Any, content: bytes) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    assert "unreadable-workbook" in [f.code for f in findings_of(path)]


def test_a_workbook_that_lost_a_sheet_is_a_finding(workbook: Any, findings_of: Any) -> None:
    path = workbook()
    with zipfile.ZipFile(path) as package:
        contents = {n: package.read(n) for n in package.namelist() if n != "xl/worksheets/sheet3.xml"}
    with zipfile.ZipFile(path, "w") as package:
        for name, content in contents.items():
            package.writestr(name, content)
    assert "unreadable-workbook" in [f.code for f in findings_of(path)]


def test_entities_are_refused(workbook: Any, findings_of: Any) -> None:
    path = workbook()
    rewrite(path, "xl/workbook.xml", lambda xml: xml.replace("<workbook", '<!DOCTYPE x [<!ENTITY a "b">]><workbook', 1))
    assert "unreadable-workbook" in [f.code for f in findings_of(path)]


def test_settings_are_read_by_kind(workbook: Any) -> None:
    def change(book: Any, sheets: dict[str, Any]) -> None:
        sheet = sheets["设置"]
        rows = [
            ("scenario.title.zh", "标题"),
            ("rules.admission.limits.0.value", "０．５２"),
            ("rules.admission.limits.0.places", '["N1"]'),
            ("rules.budget.by_year.2024", 5000),
            ("rules.budget.carry_over", False),
            ("documents.0.id", "ZJ"),
            ("documents.0.title", "文件"),
            ('variants.v.set."rules.admission.limits.0.value"', 0.49),
        ]
        for i, row in enumerate(rows, 5):
            sheet.write_row(i, 0, row)
        sheet.write_string(20, 0, "documents.0.valid_to")
        sheet.write_datetime(20, 1, date(2023, 12, 31), book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write_string(21, 0, "rules.retention.keep")

    scenario = read(workbook(change))
    rules: dict[str, Any] = scenario.rules
    assert rules["admission"].limits[0].value == 0.52
    assert rules["admission"].limits[0].places == ("N1",)
    assert rules["budget"].by_year == {2024: 5000.0}
    assert rules["budget"].carry_over is False
    assert scenario.settings.documents[0].valid_to == date(2023, 12, 31)
    assert "retention" not in rules
    assert scenario.with_variant("v").rules["admission"].limits[0].value == 0.49  # type: ignore[attr-defined]
    assert scenario.where_setting("rules.budget.by_year").cell is None
    assert scenario.where_setting("rules.budget.by_year.2024").cell == "B9"


def test_faults_of_the_settings_sheet_have_cells(workbook: Any, findings_of: Any) -> None:
    rows = [
        ["路径", "值"], ["scenario.name", "d"], ["scenario.first_year", 2024], ["scenario.last_year", 2026],
        ["scenario.resource", '["energy"]'], ["scenario.data", "[unclosed"], ["", 5], ["scenario..x", 1],
        ["scenario.name", "e"],
    ]  # fmt: skip
    found = findings_of(workbook(设置=rows))
    assert sorted((f.code, f.where.cell) for f in found) == [
        ("bad-path", "B8"), ("no-path", "A7"), ("repeated-setting", "B9"), ("toml-syntax", "B6"), ("unknown-key", "B5"),
    ]  # fmt: skip


def test_a_workbook_without_settings_says_so(workbook: Any, findings_of: Any) -> None:
    assert [f.code for f in findings_of(workbook(设置=None))] == ["no-settings"]
