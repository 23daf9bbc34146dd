"""Small reports: page one answers first; html is offline, the workbook has native charts, nothing typed is run."""

import re
import zipfile

import openpyxl
import pytest
from rich.console import Console

import quota_opt as qo
from quota_opt.errors import Text
from quota_opt.report.document import Document, Section, about, terminal_view, write_html, write_xlsx
from quota_opt.report.document_xlsx import sheet_names
from quota_opt.report.drafting import base_option
from quota_opt.report.values import AUTO, Column, Figure, table_of

HOSTILE = ["<img src=x onerror=window.pwned=1>", "=1+1", "=cmd|' /C calc'!A0", "铜加工<强链>&补链"]


def bars(key, native):
    """A figure of two bars, and the table behind it."""

    def draw(language):
        columns = [
            Column("place", Text("区域", "place")),
            Column("used", Text("安排", "used"), "number", "tce"),
            Column("freed", Text("腾出", "freed"), "number", "tce"),
        ]
        table = table_of(f"{key}_table", Text("用能", "Energy"), columns, [("甲", 3.0, 4.0), ("乙", 5.0, 1.0)])
        option = base_option(
            xAxis={"type": "category", "data": ["甲", "乙"]},
            yAxis={"type": "value"},
            series=[{"type": "bar", "data": [3.0, 5.0]}],
        )
        return Figure(key, Text("乙用得最多", "Yi uses most").of(language), option, "乙 5", table, native=native)

    return draw


def document(rows=3):
    columns = [
        Column("project", Text("项目", "project"), "id"),
        Column("name", Text("名称", "name")),
        Column("value", Text("值", "value"), "number", "10k yuan", 1, total=True),
    ]
    body = [(HOSTILE[k % 4], HOSTILE[k % 4], float(k)) for k in range(rows)]
    table = table_of("projects", Text("项目表", "Projects"), columns, body)
    best = type(table)(table.key, table.title, table.columns, table.rows, strong=frozenset({(1, 2)}))
    return Document(
        "small",
        Text("收紧的代价", "What it costs"),
        (Text("某县", "a county"), Text("2024 年", "2024")),
        (
            Section(Text("结论", "Answer"), (Text("收紧要少 800 万元。", "It costs 800."),), (best,)),
            Section(Text("区域", "Places"), figures=(bars("native", "bar"), bars("drawn", None))),
        ),
        Text("合成数据", "synthetic data"),
    )


@pytest.mark.parametrize(
    ("language", "answer", "box"), [("zh", "收紧要少 800 万元。", "合成数据"), ("en", "It costs 800.", "synthetic")]
)
def test_page_one_says_the_answer_before_any_table(tmp_path, language, answer, box):
    page = write_html(document(), tmp_path / "a.html", language).read_text(encoding="utf-8")
    first = page[page.index('id="page-one"') : page.index('id="section-1"')]
    assert first.index(box) < first.index(f'<p class="answer">{answer}</p>') < first.index("<table>")


def test_html_asks_for_nothing_and_runs_nothing_typed(tmp_path):
    page = write_html(document(), tmp_path / "a.html").read_text(encoding="utf-8")
    assert "default-src &#39;none&#39;" in page
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    assert "<img src=x" not in page and "&lt;img src=x onerror=window.pwned=1&gt;" in page
    assert page.count('<figure id="fig-') == 2 and page.count("<svg") == 2
    assert 'class="n best">1.0<' in page


def test_the_same_document_gives_the_same_bytes(tmp_path):
    for write, name in ((write_html, "html"), (write_xlsx, "xlsx")):
        first, second = (write(document(), tmp_path / f"{k}.{name}").read_bytes() for k in (1, 2))
        assert first == second


def test_the_workbook_has_a_sheet_a_section_native_charts_and_no_formula_but_its_sums(tmp_path):
    path = write_xlsx(document(), tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["结论", "区域"]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert [cell.value for cell in cells if cell.data_type == "f"] == ["=SUBTOTAL(109,C9:C11)"]
    assert {"=1+1", "=cmd|' /C calc'!A0"} <= {cell.value for cell in cells if cell.data_type == "s"}
    assert [cell.coordinate for cell in cells if cell.value == 1.0 and cell.font.b] == ["C10"]
    parts = zipfile.ZipFile(path).namelist()
    assert len(book["区域"]._charts) == 1 and [name for name in parts if "media" in name] == ["xl/media/image1.png"]
    assert book["区域"]._charts[0].ser[1].val.numRef.f.endswith("$C$3:$C$4")


def test_names_of_sheets_are_ones_excel_takes_and_each_stands_once():
    assert sheet_names(["甲/乙", "甲:乙", "长" * 40, "长" * 40, ""]) == [
        "甲 乙",
        "甲 乙 2",
        "长" * 31,
        f"{'长' * 29} 2",
        "-",
    ]


def test_the_terminal_shows_the_first_rows_and_says_how_many_more():
    console = Console(width=100, record=True, file=None, force_terminal=False)
    with console.capture() as capture:
        console.print(terminal_view(document(rows=25), "zh", "results/x"))
    text = capture.get()
    assert "收紧要少 800 万元。" in text and "另 5 行见报告。" in text and "results/x" in text


def test_a_document_about_a_case_carries_its_years_and_the_standing_of_its_drafts():
    made = about("x", Text("题", "T"), qo.read("zhuji"), ())
    said = " · ".join(part.zh for part in made.identity)
    assert "2021—2023 年" in said and "征求意见稿" in said
    assert made.data_note is not None and made.data_note.zh == "合成数据"


def test_a_column_in_several_units_gives_each_figure_the_decimals_it_deserves(tmp_path):
    columns = [Column("name", Text("名称", "name")), Column("value", Text("值", "value"), "number", digits=AUTO)]
    values = [-32565.4, 767.0, -5.0, 0.25, 123.46, None]
    table = table_of("t", Text("表", "table"), columns, [(str(k), value) for k, value in enumerate(values)])
    assert [table.columns[1].cell(row[1], "zh") for row in table.rows] == ["−32,565", "767", "−5", "0.25", "123.5", "–"]
    made = Document("d", Text("题", "T"), (), (Section(Text("节", "s"), (), (table,)),))
    sheet = openpyxl.load_workbook(write_xlsx(made, tmp_path / "a.xlsx")).worksheets[0]
    formats = {cell.value: cell.number_format for row in sheet.iter_rows() for cell in row if cell.data_type == "n"}
    assert {value: formats[value] for value in values[:5]} == {
        -32565.4: "#,##0", 767: "#,##0", -5: "#,##0", 0.25: "#,##0.000", 123.46: "#,##0.0",
    }  # fmt: skip
