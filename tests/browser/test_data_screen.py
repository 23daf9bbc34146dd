"""A case mended in the page: the cell that is wrong, what is said of it, and names that would be scripts."""

import re

from browsing import IN_BROWSER, visit

import quota_opt as qo
from quota_opt.web.desk.tables import tables

pytestmark = IN_BROWSER
FIRMS = tables(dict(qo.read("worked-example").files))["firms"]
HOSTILE = (
    "<img src=x onerror=window.pwned=1>",
    "</script><script>window.pwned=1</script>",
    ":key",
    "=cmd|'/c calc'!A1",
)


def cell(page, row, column):
    """A cell of the firms, by row and by what its column is called in the schema."""
    return page.locator(f'.ag-row[row-id="{row}"] [col-id="c{FIRMS.column_called(column)}"]')


def write(page, row, column, text):
    """Type into a cell as a person does."""
    cell(page, row, column).dblclick()
    field = page.locator(".ag-cell-edit-wrapper input")
    field.fill(text)
    field.press("Enter")


def own(window, row, column, text):
    """A copy of the worked example of one's own, begun by typing into a cell of the built-in case."""
    page = window.go("/data/worked-example")
    cell(page, 0, "name").wait_for()
    write(page, row, column, text)
    page.get_by_role("button", name="复制并继续").click()
    page.wait_for_url(re.compile(r"/data/[0-9a-f]{12}$"))
    cell(page, 0, "name").wait_for()
    return page


def test_a_faulty_cell_is_mended_in_the_page_and_survives_a_reload(window):
    page = own(window, 1, "energy_tce", "很多")
    page.get_by_text("有 1 处错误").wait_for()
    assert page.get_by_role("button", name="求解").is_disabled()
    finding = page.locator("button.qo-finding")
    assert "不是数字" in finding.inner_text()
    address = FIRMS.address(1, FIRMS.column_called("energy_tce"))
    assert address in finding.inner_text()
    finding.click()
    page.wait_for_selector(f'.ag-row[row-id="1"] [col-id="c{FIRMS.column_called("energy_tce")}"].ag-cell-focus')
    page.reload()
    page.get_by_text("有 1 处错误").wait_for()
    write(page, 1, "energy_tce", "1,250")
    page.get_by_text("没有错误，可以求解").wait_for()
    page.get_by_role("button", name=re.compile("^保存")).click()
    page.get_by_text("第 2 版").first.wait_for()
    page.get_by_role("tab", name="规则").click()
    limit = page.get_by_label("上限 *").first
    limit.fill("0.49")
    limit.press("Enter")
    page.get_by_text("已改，原为 0.52").wait_for()
    page.get_by_role("button", name="撤销").click()
    page.get_by_text("已改，原为 0.52").wait_for(state="detached")
    assert window.notes == []
    assert window.left == []


def test_names_that_would_be_scripts_are_shown_as_they_were_typed(chromium, site):
    window = visit(chromium, site)
    page = own(window, 0, "name", HOSTILE[0])
    for number, name in enumerate(HOSTILE):
        row = number % len(FIRMS.rows)
        write(page, row, "name", name)
        page.wait_for_function(
            "([row, column, text]) => document.querySelector("
            "`.ag-row[row-id='${row}'] [col-id='${column}']`)?.textContent === text",
            arg=[str(row), f"c{FIRMS.column_called('name')}", name],
        )
    cell(page, 0, "name").hover()
    page.get_by_role("button", name="粘贴自 Excel").click()
    page.locator(".q-dialog textarea").fill("企业\t名称\nF1\t<b onmouseover=window.pwned=1>x</b>\n")
    page.get_by_text("将改 1 格").wait_for()
    page.keyboard.press("Escape")
    page.reload()
    cell(page, 0, "name").wait_for()
    assert cell(page, 1, "name").text_content() == HOSTILE[1]
    assert page.evaluate("window.pwned") is None
    assert window.notes == []
    window.close()
