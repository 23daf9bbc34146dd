"""The whole job without a terminal: a faulty workbook mended, solved, slid to 0.49, compared, explained, exported.

All of it is there after the server was killed.
"""

import io
import re

import openpyxl
import pytest
from browsing import IN_BROWSER, visit
from serving import serving

import quota_opt as qo

pytestmark = IN_BROWSER
PROVEN = ".qo-badge:has-text('已证明最优')"


@pytest.fixture
def faulty(tmp_path):
    path = tmp_path / "第12周.xlsx"
    qo.new(path, "worked-example", xlsx=True)
    book = openpyxl.load_workbook(path)
    sheet = book["企业"]
    column = next(cell.column for cell in sheet[1] if str(cell.value).startswith("综合能耗（"))
    sheet.cell(3, column).value = "五百"
    book.save(path)
    return path


def test_from_a_faulty_workbook_to_a_word_report_that_outlives_a_killed_server(chromium, faulty, tmp_path):
    with serving(tmp_path, "--jobs", "1", QUOTA_OPT_TOKEN="") as server:
        window = visit(chromium, server.told["address"])
        case = uploaded_and_mended(window, faulty)
        first = solved(window)
        second = slid_to_the_stricter_limit(window, case)
        compared(window, first, second)
        explained(window, second)
        exported(window, second)
        server.process.kill()
        server.process.wait()
        assert [note for note in window.notes if "WebSocket" not in note and "ERR_" not in note] == []
        assert window.left == []
        window.close()
    with serving(tmp_path, "--jobs", "1", QUOTA_OPT_TOKEN="") as server:
        window = visit(chromium, server.told["address"])
        page = window.go("/")
        page.get_by_text("第12周").first.wait_for()
        page = window.go(f"/plan/{second}")
        page.wait_for_selector(PROVEN)
        page.get_by_text("1,200").first.wait_for()
        exported(window, second)
        assert window.notes == []
        window.close()


def uploaded_and_mended(window, faulty):
    page = window.go("/")
    page.locator("input[type=file]").first.set_input_files(str(faulty))
    page.wait_for_url("**/data/*")
    page.get_by_text("企业!E3").first.click()
    page.wait_for_selector(".ag-cell-focus:has-text('五百')")
    page.locator(".ag-cell:has-text('五百')").dblclick()
    page.keyboard.press("Control+A")
    page.keyboard.type("500")
    page.keyboard.press("Enter")
    page.get_by_text("没有错误，可以求解。").wait_for()
    page.get_by_role("button", name="保存").click()
    return re.search(r"/data/(\w+)", page.url)[1]


def solved(window):
    page = window.page
    page.get_by_role("button", name="求解").click()
    page.wait_for_url("**/plan/*")
    page.wait_for_selector(PROVEN)
    page.get_by_text("2,000").first.wait_for()
    return page.url.rpartition("/")[2]


def slid_to_the_stricter_limit(window, case):
    page = window.go(f"/what-if/{case}")
    page.wait_for_selector(PROVEN)
    box = page.get_by_role("spinbutton", name="准入强度上限")
    box.fill("0.49")
    box.press("Enter")
    page.get_by_text("落选 1 个（P2）").wait_for()
    page.wait_for_selector(PROVEN)
    page.reload()
    page.get_by_text("落选 1 个（P2）").wait_for()
    page.get_by_role("button", name="求解并存档").click()
    page.wait_for_url("**/plan/*")
    page.wait_for_selector(PROVEN)
    page.get_by_text("1,200").first.wait_for()
    return page.url.rpartition("/")[2]


def compared(window, first, second):
    page = window.go(f"/compare?jobs={first},{second}")
    page.get_by_text("看方案而定").first.wait_for()
    page.get_by_text("P2").first.wait_for()


def explained(window, job):
    page = window.go(f"/plan/{job}")
    page.get_by_role("link", name="未安排").or_(page.get_by_role("tab", name="未安排")).or_(
        page.get_by_role("button", name="未安排")
    ).first.click()
    page.get_by_role("button", name="P2").or_(page.get_by_role("link", name="P2")).first.click()
    page.get_by_text("能耗强度 0.5 高于准入线 0.49").last.wait_for()
    page.get_by_text("入选办法").first.wait_for()
    page.keyboard.press("Escape")


def exported(window, job):
    import docx

    page = window.go(f"/papers/{job}")
    with page.expect_download() as got:
        page.get_by_role("button", name="Word 方案").click()
    paper = docx.Document(io.BytesIO(got.value.path().read_bytes()))
    said = "".join(paragraph.text for paragraph in paper.paragraphs)
    said += "".join(cell.text for table in paper.tables for row in table.rows for cell in row.cells)
    assert "示例项目二" in said
    assert "0.49" in said
