"""report.xlsx: native charts, figures as figures, live ledger sums, and no formula from anything a user typed."""

import re
import zipfile

import openpyxl
import pytest

from quota_opt.report.xlsx import write_xlsx

SHEETS = [
    "摘要",
    "安排表",
    "整治表",
    "未安排及理由",
    "保留企业及理由",
    "镇街情况",
    "台账",
    "价格",
    "规则复核",
    "条款",
    "数据问题",
    "运行信息",
]


@pytest.fixture(scope="module")
def path(plan, tmp_path_factory):
    return write_xlsx(plan, tmp_path_factory.mktemp("xlsx") / "report.xlsx", "zh")


@pytest.fixture(scope="module")
def book(path):
    return openpyxl.load_workbook(path)


@pytest.fixture(scope="module")
def values(path):
    return openpyxl.load_workbook(path, data_only=True)


def test_sheets_stand_in_the_order_of_the_papers(book):
    assert book.sheetnames == SHEETS


def test_no_formula_comes_from_user_text(book, hostile):
    seen = set()
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    assert re.fullmatch(r"=(SUBTOTAL|SUMIFS|SUM|ROUND)\(.*\)", cell.value), (
                        sheet.title,
                        cell.coordinate,
                    )
                elif isinstance(cell.value, str):
                    seen.add(cell.value)
    assert {"=1+1", "=cmd|' /C calc'!A0", "+1", "@SUM(A1)", "http://example.invalid/x"} <= seen
    assert set(hostile) <= seen


def test_no_text_became_a_link(path):
    with zipfile.ZipFile(path) as archive:
        assert not any("hyperlink" in archive.read(name).decode() for name in archive.namelist() if "sheet" in name
                       and name.endswith(".xml"))  # fmt: skip


def test_identifiers_are_text_and_figures_are_numbers(book):
    sheet = book["安排表"]
    heads = [cell.value for cell in sheet[1]]
    first = dict(zip(heads, sheet[2], strict=True))
    assert first["项目"].data_type == "s" and first["项目"].number_format == "@"
    assert first["达产用能（吨标准煤）"].data_type == "n" and first["年份"].data_type == "n"


def test_ledger_sums_are_live_and_carry_the_values_they_compute(book, values, content):
    live, stored = book["台账"], values["台账"]
    assert live["C4"].value.startswith("=SUMIFS(") and live["G4"].value.startswith("=SUMIFS(")
    assert live["F4"].value == "=SUM(C4:E4)" and live["L4"].value == "=ROUND(F4-K4,6)"
    amounts = content.ledger[content.ledger["year"] == 2021]["amount"].sum()
    assert stored["F4"].value == pytest.approx(amounts) and stored["K4"].value == pytest.approx(amounts)
    assert [stored[f"L{row}"].value for row in (4, 5, 6)] == [0, 0, 0]


def test_the_ledger_sums_point_at_the_entries(book, content):
    sheet = book["台账"]
    first, last = map(int, re.search(r"\$L\$(\d+):\$L\$(\d+)", sheet["C4"].value).groups())
    assert last - first + 1 == len(content.ledger)
    assert sheet.cell(first, 1).value == 1 and sheet.cell(last, 1).value == len(content.ledger)
    assert sheet.cell(first - 1, 12).value == "数量"


def test_an_auditor_filters_the_ledger_by_place_and_sees_the_sum_of_what_is_left(book, values, content):
    sheet, stored = book["台账"], values["台账"]
    first, last = map(int, re.search(r"\$L\$(\d+):\$L\$(\d+)", sheet["C4"].value).groups())
    heads = [cell.value for cell in sheet[first - 1]]
    assert sheet.auto_filter.ref == f"A{first - 1}:L{last}"
    assert heads[6:9] == ["来源区域", "经过的池", "去向区域"]
    path = sheet.cell(first, 8).value.split(" → ")
    assert [sheet.cell(first, 7).value, sheet.cell(first, 9).value] == [path[0], path[-1]]
    assert sheet.cell(first - 2, 12).value == f"=SUBTOTAL(109,L{first}:L{last})"
    assert stored.cell(first - 2, 12).value == pytest.approx(content.ledger["amount"].sum())


def test_each_award_shows_what_the_ledger_gives_it(book, values, content):
    live, stored = book["安排表"], values["安排表"]
    column = live.max_column
    total = 0.0
    for row in range(2, 2 + len(content.awards)):
        assert str(live.cell(row, column).value).startswith("=SUMIFS('台账'!")
        total += stored.cell(row, column).value
    assert total == pytest.approx(content.measures["energy_used"])


def test_charts_are_native_and_the_flow_is_a_picture(path):
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        charts = [archive.read(name).decode() for name in names if re.match(r"xl/charts/chart\d+\.xml", name)]
    assert len(charts) == 6
    kinds = [kind for kind in ("barChart", "lineChart", "scatterChart") if any(f"<c:{kind}>" in c for c in charts)]
    assert kinds == ["barChart", "lineChart", "scatterChart"]
    assert any('<c:grouping val="stacked"/>' in chart for chart in charts)
    assert not any("pieChart" in chart or "3D" in chart for chart in charts)
    assert any(name.startswith("xl/media/") and name.endswith(".png") for name in names)


def test_every_table_is_filtered_in_its_place_and_its_head_stays(book):
    for sheet in book.worksheets[1:-1]:
        assert sheet.auto_filter.ref and sheet.freeze_panes, sheet.title
        last = int(re.search(r"\d+$", sheet.auto_filter.ref).group())
        below = {cell.value for row in sheet.iter_rows(min_row=last + 1, max_col=1) for cell in row} - {None, "合计"}
        assert not below or sheet.title == "条款", sheet.title


def test_a_treated_firm_shows_the_clause_behind_it(book):
    heads = [cell.value for cell in book["整治表"][1]]
    assert book["整治表"].cell(2, heads.index("条款") + 1).value.startswith("ZJ 三(一)")


def test_every_sheet_prints_one_page_wide(book):
    for sheet in book:
        assert sheet.page_setup.paperSize == "9" or sheet.page_setup.paperSize == 9
        assert sheet.page_setup.fitToWidth in (None, 1) and sheet.page_setup.fitToHeight == 0
        assert sheet.print_area


def test_the_same_plan_gives_the_same_bytes(plan, path, tmp_path):
    assert write_xlsx(plan, tmp_path / "again.xlsx", "zh").read_bytes() == path.read_bytes()


def test_the_english_workbook_is_english(plan, tmp_path):
    book = openpyxl.load_workbook(write_xlsx(plan, tmp_path / "en.xlsx", "en"))
    assert book.sheetnames[:3] == ["Summary", "Awards", "Treated firms"]
    assert book["Awards"]["A1"].value == "project"


def test_synthetic_data_say_so_on_the_first_sheet(book):
    assert "合成数据" in [cell.value for cell in book["摘要"]["A"]]


def test_an_empty_plan_writes_a_workbook(make, tmp_path):
    plan = make(hostile=False)
    for name in ("actions", "awards", "ledger", "transfers", "prices", "reasons"):
        setattr(plan, name, getattr(plan, name).iloc[:0])
    book = openpyxl.load_workbook(write_xlsx(plan, tmp_path / "empty.xlsx", "zh"))
    assert book.sheetnames == [name for name in SHEETS if name != "保留企业及理由"]


def test_columns_that_cross_zero_stack_right():
    from quota_opt.report.charts import waterfall_table
    from quota_opt.report.values import Column, table_of
    from quota_opt.report.words import WORDS

    steps = table_of("w", WORDS["total"], (Column("item", WORDS["item"]), Column("value", WORDS["value"], "number")),
                     [("a", 30.0), ("b", -50.0), ("net", -20.0)])  # fmt: skip
    rows = {row[0]: row[2:] for row in waterfall_table(steps).rows}
    assert rows["a"] == (0.0, 30.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    assert rows["b"] == (0.0, 0.0, 30.0, 0.0, 0.0, -20.0, 0.0)
    assert rows["net"] == (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -20.0)
