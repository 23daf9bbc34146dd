"""report.docx as a file: names as typed, every award and refusal, the same bytes, the office's own words."""

import base64
import io
import re
import zipfile
from datetime import date

import openpyxl
import pytest
from docx import Document as Word
from docx.oxml.ns import qn
from docx.shared import Pt

import quota_opt as qo
from quota_opt.errors import Text
from quota_opt.report import docx, docx_parts
from quota_opt.report.content import gather
from quota_opt.report.document import Document, Section, write_docx
from quota_opt.report.docx_parts import Manuscript, chinese, widths_of
from quota_opt.report.docx_template import MARK, write_template
from quota_opt.report.docx_title import break_title
from quota_opt.report.paper import Paper, as_issued, without_firms
from quota_opt.report.reporters import write_report
from quota_opt.report.sheets import breadth
from quota_opt.report.values import Column, Figure, table_of

DOT = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg==")


def words_of(path):
    """Every paragraph and cell of a paper, in order."""
    document = Word(str(path))
    boxes = document.element.body.iter(qn("w:tc"))
    cells = ["\n".join(paragraph.text for paragraph in box.iter(qn("w:p"))) for box in boxes]
    return [paragraph.text for paragraph in document.paragraphs], cells


@pytest.fixture
def unpictured(monkeypatch):
    """Pictures of one dot, for tests that look at words."""
    monkeypatch.setattr(docx_parts, "draw_png", lambda svg, zoom: DOT)


@pytest.fixture(scope="module")
def path(content, tmp_path_factory):
    paper = Paper(heading="市人民政府", unit="发展和改革局", issued=date(2026, 7, 4))
    return docx.write(content, tmp_path_factory.mktemp("docx") / "report.docx", "zh", paper)


@pytest.fixture(scope="module")
def said(path):
    return words_of(path)


def test_names_stand_as_they_were_typed(said, hostile):
    assert set(hostile) <= set(said[1])


def test_what_xml_cannot_carry_is_left_out_and_the_rest_stays(tmp_path):
    script = Manuscript("zh")
    script.text("店\x00口\ud800镇\n第二行\t末\uffff")
    made = tmp_path / "a.docx"
    made.write_bytes(script.finished("t"))
    assert words_of(made)[0] == ["店口镇\n第二行\t末"]


def test_every_award_and_every_refusal_is_in_the_appendices(content, said):
    document_cells = said[1]
    assert set(content.awards["project"]) <= set(document_cells)
    refused = content.projects[content.projects["verdict"].isin(["not_awarded", "rejected"])]
    assert set(refused["project"]) <= set(document_cells)
    assert len(refused) and set(refused["text"]) <= set(document_cells)


def test_the_paper_says_first_that_it_is_synthetic_then_the_answer(said):
    paragraphs = said[0]
    box = next(k for k, text in enumerate(paragraphs) if text.startswith("合成数据"))
    assert paragraphs.index("市人民政府：") > box
    heading = paragraphs.index("一、结论")
    assert paragraphs[heading + 1].startswith("关停") and "腾出用能" in paragraphs[heading + 1]
    assert "亿元" in paragraphs[heading + 1]
    heads = [text for text in paragraphs if re.match(r"[一二三四五六七八九十]+、", text)]
    assert heads == [
        "一、结论", "二、方案取舍", "三、安排表", "四、整治表", "五、未安排及理由", "六、镇街情况", "七、台账摘要",
        "八、数据问题", "九、条款落实情况",
    ]  # fmt: skip


def test_the_office_signs_below_the_list_of_appendices(said):
    paragraphs = said[0]
    unit = next(k for k, text in enumerate(paragraphs) if text.startswith("发展和改革局"))
    assert paragraphs[unit + 1].startswith("2026年7月4日")
    assert any(text.startswith("附件：1. 安排表") for text in paragraphs[:unit])
    assert paragraphs.index("附件 1") > unit
    assert paragraphs[-1] == "" or "附件 4" in paragraphs


def test_heads_repeat_rows_are_unbroken_and_columns_have_widths(path):
    body = zipfile.ZipFile(path).read("word/document.xml").decode()
    tables = re.findall(r"<w:tbl>.*?</w:tbl>", body, re.S)
    assert len(tables) > 10
    for table in tables:
        rows = re.findall(r"<w:tr>.*?</w:tr>", table, re.S)
        assert "<w:tblHeader/>" in rows[0] and all("<w:cantSplit/>" in row for row in rows)
        cells = rows[0].count("<w:tc>")
        widths = re.findall(r'<w:gridCol w:w="(\d+)"/>', table)
        assert len(widths) == cells and min(map(int, widths)) > 200


def test_pictures_say_what_they_show(path, content):
    body = zipfile.ZipFile(path).read("word/document.xml").decode()
    told = re.findall(r'<wp:docPr id="(\d+)" name="(\w+)" descr=("[^"]+"|\'[^\']+\')', body)
    assert [name for _, name, _ in told][:2] == ["flow", "waterfall"]
    assert len({number for number, *_ in told}) == len(told) >= 5
    assert any("流向图" in words for *_, words in told)


def test_the_same_plan_gives_the_same_bytes(content, path, tmp_path):
    paper = Paper(heading="市人民政府", unit="发展和改革局", issued=date(2026, 7, 4))
    assert docx.write(content, tmp_path / "again.docx", "zh", paper).read_bytes() == path.read_bytes()


def test_the_english_paper_is_english(unpictured, content, tmp_path):
    paragraphs, cells = words_of(docx.write(content, tmp_path / "en.docx", "en", Paper()))
    assert "1. Answer" in paragraphs and "Appendix 1" in paragraphs
    assert {"reason", "value added a year\n(10k yuan)"} <= set(cells)
    assert not any("未安排" in text for text in paragraphs)


def test_firms_are_left_out_of_all_papers_where_the_office_asks_for_it(unpictured, make, tmp_path):
    paper = Paper(hide_firms=True)
    told = gather(make(firms=30, projects=12, hostile=False))
    written = [
        write_report(told, tmp_path / name, "zh", paper) for name in ("report.docx", "report.html", "report.xlsx")
    ]
    paragraphs, cells = words_of(written[0])
    book = openpyxl.load_workbook(written[2])
    shown = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    for text in (" ".join(paragraphs + cells), written[1].read_text(encoding="utf-8"), " ".join(shown)):
        assert "合成企业" not in text and not re.search(r"\bF0\d\d\d\b", text)
        assert "企业001" in text
    assert book["台账"].max_row > 20
    assert "项目07" in cells


def test_a_firm_has_one_number_wherever_it_is_spoken_of(make):
    told = gather(make(firms=30, projects=12, hostile=False))
    mask = without_firms(told, "zh")
    number = dict(zip(told.actions["firm"], mask.actions["firm"], strict=True))
    firms = told.ledger["from_kind"] == "firm"
    assert list(mask.ledger["from"][firms]) == [number[firm] for firm in told.ledger["from"][firms]]
    assert list(mask.ledger["to"]) == list(told.ledger["to"])
    assert mask.ledger_difference == pytest.approx(told.ledger_difference)
    assert list(mask.projects["title"]) == list(told.projects["title"])
    assert as_issued(told, Paper(), "zh") is told


def test_ways_in_that_are_known_stand_beside_the_reason(unpictured, content, tmp_path):
    out = content.projects[content.projects["verdict"] == "rejected"]["project"].iloc[0]
    paper = Paper(ways_in={out: Text("强度降到 0.52", "an intensity of 0.52")})
    _, cells = words_of(docx.write(content, tmp_path / "ways.docx", "zh", paper))
    assert cells.count("强度降到 0.52") >= 1 and "入选办法" in cells


def test_where_nothing_can_be_drawn_tables_stand_instead_and_it_is_said(content, tmp_path, monkeypatch):
    monkeypatch.setattr(docx_parts, "draw_png", lambda svg, zoom: None)
    monkeypatch.setattr(docx, "can_draw_png", lambda: False)
    made = docx.write(content, tmp_path / "bare.docx", "zh", Paper())
    paragraphs, _ = words_of(made)
    assert not any(name.startswith("word/media") for name in zipfile.ZipFile(made).namelist())
    assert any("缺少绘图组件" in text for text in paragraphs)
    assert any(text.startswith("表 ") and "净增加值" in text for text in paragraphs)


def test_a_template_changed_in_word_gives_the_paper_its_look_and_its_head(unpictured, content, tmp_path):
    template = write_template(tmp_path / "own.docx")
    own = Word(str(template))
    own.styles["公文正文"].font.size = Pt(15)
    own.paragraphs[0].insert_paragraph_before("某某市发展和改革局文件")
    own.add_paragraph("（此件不公开）")
    own.save(str(template))
    made = docx.write(content, tmp_path / "own-paper.docx", "zh", Paper(template=template))
    paragraphs, _ = words_of(made)
    assert paragraphs[0] == "某某市发展和改革局文件" and paragraphs[-1] == "（此件不公开）"
    assert MARK not in paragraphs and "一、结论" in paragraphs
    assert Word(str(made)).styles["公文正文"].font.size == Pt(15)


def test_an_earlier_paper_lends_its_styles_alone(unpictured, content, path, tmp_path):
    made = docx.write(content, tmp_path / "again.docx", "zh", Paper(template=path))
    paragraphs, _ = words_of(made)
    assert paragraphs.count("一、结论") == 1 and "市人民政府：" not in paragraphs


def test_a_document_of_another_analysis_becomes_a_paper_too(tmp_path):
    table = table_of(
        "t", Text("表", "Table"), (Column("name", Text("名称", "name")),), [("铜加工<强链>&补链",), ("=1+1",)]
    )
    option = {"xAxis": {"type": "category", "data": ["a"]}, "yAxis": {"type": "value"},
              "series": [{"type": "bar", "data": [1]}]}  # fmt: skip
    section = Section(
        Text("差在哪", "Where they differ"), (Text("甲比乙多 8 万吨。", "A has more."),), (table,),
        (lambda language: Figure("f", "甲多", option, "一根柱子", table),),
    )  # fmt: skip
    made = Document(
        "compare", Text("方案对比", "Comparison"), (Text("诸暨", "Zhuji"),), (section,), Text("合成数据", "x")
    )
    paragraphs, cells = words_of(write_docx(made, tmp_path / "a.docx"))
    assert paragraphs[:5] == ["方案对比", "诸暨", "合成数据", "一、差在哪", "甲比乙多8万吨。"]
    assert {"铜加工<强链>&补链", "=1+1"} <= set(cells)


def test_an_explanation_is_written_as_a_word_paper_where_the_name_asks_for_it(tmp_path):
    explained = qo.explain(qo.solve("worked-example"), project="P3", confirm=False)
    paragraphs, _ = words_of(explained.write(tmp_path / "why.docx"))
    assert any("P3" in text or "示例项目三" in text for text in paragraphs)


def test_an_empty_plan_becomes_a_paper(unpictured, make, tmp_path):
    plan = make(firms=30, projects=12, hostile=False)
    for name in ("actions", "awards", "ledger", "transfers", "prices", "reasons"):
        setattr(plan, name, getattr(plan, name).iloc[:0])
    paragraphs, _ = words_of(docx.write(gather(plan), tmp_path / "empty.docx", "zh", Paper()))
    assert "不整治企业。" in paragraphs


def test_titles_break_by_sense():
    assert break_title("诸暨市新一轮制造业“腾笼换鸟、凤凰涅槃”攻坚行动（2021—2023）", "zh") == [
        "诸暨市新一轮制造业“腾笼换鸟、凤凰涅槃”", "攻坚行动（2021—2023）",
    ]  # fmt: skip
    assert break_title("奉化区", "zh") == ["奉化区"]
    for title in ("长" * 300, "a" * 300, "甲（" * 40, "x " * 200):
        lines = break_title(title, "zh")
        assert "".join(lines).replace(" ", "") == title.replace(" ", "")
        assert all(breadth(line) <= 38 for line in lines)


def test_headings_are_numbered_in_chinese():
    numbers = [chinese(n) for n in (1, 2, 9, 10, 11, 19, 20, 21, 30, 99)]
    assert numbers == ["一", "二", "九", "十", "十一", "十九", "二十", "二十一", "三十", "九十九"]


def test_columns_fill_the_width_and_figures_stay_on_one_line():
    columns = (Column("name", Text("名称", "name")), Column("amount", Text("数量", "amount"), "number"),
               Column("reason", Text("理由", "reason"), "long"))  # fmt: skip
    rows = [["长" * 300, "1,234,567.8", "理由" * 200]] * 3
    widths = widths_of(columns, ["名称", "数量", "理由"], rows, 8845, 12)
    assert sum(widths) == 8845
    assert widths[1] >= breadth("1,234,567.8") * 120
    assert widths[2] > widths[0] > 0


def test_html_and_word_say_the_same_answer(pages, said):
    answer = next(text for text in said[0] if text.startswith("关停"))
    shown = re.search(r'<p class="answer">(.*?)</p>', pages["zh"]).group(1)
    assert answer.replace(" ", "") == shown.replace(" ", "")


def test_a_paper_is_read_by_word_whatever_the_language_of_its_names(path):
    assert Word(io.BytesIO(path.read_bytes())).core_properties.author == "quota-opt"
