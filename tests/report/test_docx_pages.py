"""Word papers as printed pages: LibreOffice makes a PDF of them, and what stands on its pages is measured."""

import re
import zipfile

import office
import openpyxl
import pypdf
import pytest

from quota_opt.errors import Text
from quota_opt.report import docx, docx_note, xlsx
from quota_opt.report.document import Document, Section, write_docx
from quota_opt.report.paper import Paper

LACKING = office.lacking()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(LACKING), reason=LACKING)]
MM = 72 / 25.4
LEFT, RIGHT, TOP, BOTTOM = 28 * MM, (210 - 26) * MM, (297 - 37) * MM, 35 * MM


@pytest.fixture(scope="module")
def printed(content, tmp_path_factory):
    """The papers of the hostile plan in both languages, the note, and a page of running text, as PDF."""
    folder = tmp_path_factory.mktemp("pages")
    said = Text("腾笼换鸟凤凰涅槃攻坚行动方案" * 120, "x")
    running = Document("d", Text("题", "t"), (), (Section(Text("文", "t"), (said,)),))
    files = [write_docx(running, folder / "running.docx")]
    for language in ("zh", "en"):
        files.append(docx.write(content, folder / f"report-{language}.docx", language, Paper(unit="局")))
        files.append(docx_note.write_note(content, folder / f"note-{language}.docx", language, Paper()))
    return office.converted(files, folder)


def lines_of(page):
    return [line.strip() for line in page.splitlines() if line.strip()]


def test_a_page_of_running_text_has_22_lines_of_28_characters(printed):
    pages = office.text_of(printed["running"], "-layout")
    *lines, number = lines_of(pages[1])
    assert number.replace(" ", "") == "—2—"
    assert len(lines) == 22
    assert {len(line) for line in lines} == {28}


def test_page_numbers_stand_right_on_odd_pages_and_left_on_even_ones(printed):
    middle = (LEFT + RIGHT) / 2
    for number, page in enumerate(pypdf.PdfReader(printed["running"]).pages[:2], start=1):
        found = []
        page.extract_text(visitor_text=lambda text, cm, tm, *_, found=found: found.append((text, tm[4], tm[5])))
        dashes = [x for text, x, y in found if "—" in text and y < BOTTOM]
        assert dashes and (min(dashes) > middle) == (number % 2 == 1)


def test_the_title_stands_in_the_middle(printed):
    title = [line for line in office.lines_of(printed["report-zh"], 1) if line[2] == "腾退指标安排结果"]
    assert len(title) == 1
    assert (title[0][0] + title[0][1]) / 2 == pytest.approx((LEFT + RIGHT) / 2, abs=4)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_figures_stand_inside_the_type_area(printed, language):
    drawn = []

    def see(operator, operands, cm, tm):
        if operator == b"Do":
            drawn.append(cm)

    for page in pypdf.PdfReader(printed[f"report-{language}"]).pages:
        if float(page.mediabox.width) < float(page.mediabox.height):
            page.extract_text(visitor_operand_before=see)
    sized = [(cm[4], cm[5], cm[4] + cm[0], cm[5] + cm[3]) for cm in drawn if abs(cm[0]) > 100]
    assert len(sized) >= 5
    for left, bottom, right, top in sized:
        assert left >= LEFT - 2 and right <= RIGHT + 2
        assert min(bottom, top) >= BOTTOM - 2 and max(bottom, top) <= TOP + 2


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_project_is_on_the_pages_and_rare_characters_too(printed, content, language):
    text = re.sub(r"\s", "", "".join(office.text_of(printed[f"report-{language}"])))
    assert all(project in text for project in content.projects["project"])
    assert all(character in text for character in "喆堃昇镕𠮷")
    assert "铜加工<强链>&补链" in text.replace("&amp;", "&") and "{{7*7}}" in text
    fonts = "".join(sorted({str(font) for font in _fonts(printed[f"report-{language}"])}))
    assert "UMing" in fonts and "DejaVu" not in fonts


def _fonts(path):
    for page in pypdf.PdfReader(path).pages[:3]:
        for font in (page["/Resources"].get("/Font") or {}).values():
            yield font.get_object()["/BaseFont"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_note_is_one_page(printed, language):
    assert len(pypdf.PdfReader(printed[f"note-{language}"]).pages) == 1


def test_formulas_of_the_workbook_compute_in_libreoffice_what_they_carry(content, tmp_path):
    path = xlsx.write(content, tmp_path / "report.xlsx", "zh")
    emptied = tmp_path / "emptied" / "report.xlsx"
    emptied.parent.mkdir()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(emptied, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            written = source.read(name).decode("utf-8") if name.startswith("xl/worksheets/") else source.read(name)
            if isinstance(written, str):
                written = re.sub(r"(</f><v>)[^<]*(</v>)", r"\g<1>-1\2", written)
            target.writestr(name, written)
    opened = office.converted([emptied], tmp_path, "xlsx")["report"]
    formulas = openpyxl.load_workbook(path)
    carried, computed = (openpyxl.load_workbook(book, data_only=True) for book in (path, opened))
    assert computed.sheetnames == formulas.sheetnames
    count = 0
    for sheet in formulas:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    count += 1
                    seen = computed[sheet.title][cell.coordinate].value
                    assert seen == pytest.approx(carried[sheet.title][cell.coordinate].value), (sheet.title, cell)
    assert count > 30
