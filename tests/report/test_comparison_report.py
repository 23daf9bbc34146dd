"""The reports of a comparison and of a difference: both languages, names as typed, charts that Excel draws itself."""

import openpyxl
import pytest
from small import FINAL, case

import quota_opt as qo
from quota_opt.report.document import write_html, write_xlsx

NAMES = ["<img src=x onerror=window.pwned=1>", "=1+1", "铜加工<强链>&补链"]


def of(amount):
    projects = [
        {"project": f"P{k}", "name": NAMES[k], "place": f"N{1 + k % 2}", "energy_tce": 10.0, "value_added": 9.0 - k}
        for k in range(3)
    ]
    quotas = [{"place": "county", "resource": "energy", "year": "*", "amount": amount}]
    return case(objective=FINAL, projects=projects, quotas=quotas)


@pytest.fixture(scope="module")
def documents():
    plans = {name: qo.solve(of(amount)) for name, amount in (("three", 30.0), ("two", 20.0), ("one", 10.0))}
    compared = qo.compare(plans)
    return {"compare": compared.document(), "diff": qo.diff(plans["three"], plans["one"]).document()}


@pytest.mark.parametrize("kind", ["compare", "diff"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_html_escapes_names_and_shows_its_figures(documents, kind, language, tmp_path):
    page = write_html(documents[kind], tmp_path / "a.html", language).read_text(encoding="utf-8")
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=window.pwned=1&gt;" in page or kind == "diff"
    assert page.count("<figure id=") == (2 if kind == "compare" else 1)
    assert "@@" not in page.replace("@@iterator", "")


@pytest.mark.parametrize("kind", ["compare", "diff"])
def test_the_workbook_has_native_charts_and_no_formula_from_a_name(documents, kind, tmp_path):
    book = openpyxl.load_workbook(write_xlsx(documents[kind], tmp_path / "a.xlsx"))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert all(cell.value.startswith("=SUBTOTAL(") for cell in cells if cell.data_type == "f")
    assert "=1+1" in {cell.value for cell in cells if cell.data_type == "s"}
    assert len(book.worksheets[0]._charts) == (2 if kind == "compare" else 1)


def test_page_one_answers_for_each_scenario_and_says_what_all_share(documents):
    said = [text.zh for text in documents["compare"].sections[0].sentences]
    assert said[0].startswith("“two”——") and said[1].startswith("“one”——")
    assert "少 7 万元" in said[0]  # P2, worth 7, drops out; then P1, worth 8
    assert "少 15 万元" in said[1]
    assert "3 个方案都入选的项目有 1 个" in said[2]
    assert "“one”的安排在 3/3 个方案下都可行，最多后悔 15 万元" in said[3]


def test_no_sentence_is_left_in_one_language(documents):
    for document in documents.values():
        for section in document.sections:
            for text in (section.title, *section.sentences, *(table.title for table in section.tables)):
                assert text.zh and text.en
