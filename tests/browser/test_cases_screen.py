"""The screen of cases, driven as a planner does: upload, name, remove, undo; runs move by themselves."""

import re

import pytest
from browsing import IN_BROWSER
from serving import client

import quota_opt as qo

pytestmark = IN_BROWSER
HOSTILE = "<img src=x onerror=window.pwned=1>:𠮷=1+1"


@pytest.fixture(scope="module")
def workbook(tmp_path_factory):
    return qo.new(tmp_path_factory.mktemp("books") / "第12周.xlsx", "worked-example")


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """A folder of tables with a project in a town that is not there."""
    folder = tmp_path_factory.mktemp("tables") / "有错"
    folder.mkdir()
    for name, content in qo.read("worked-example").files.items():
        (folder / name).write_bytes(content.replace(b",N1,", b",N9,", 1) if name == "projects.csv" else content)
    return sorted(folder.iterdir())


def upload(page, *files):
    page.locator("input[type=file]").first.set_input_files([str(path) for path in files])


def serious(page):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")]


def test_a_workbook_becomes_a_case_that_is_named_removed_and_brought_back(window, workbook):
    page = window.go("/")
    upload(page, workbook)
    page.wait_for_selector("text=已保存为“第12周”：3 家企业，4 个项目，没有错误。")
    row = page.locator("tr", has=page.get_by_role("link", name="第12周", exact=True))
    assert "可求解" in row.inner_text() and "合成数据" in row.inner_text()
    page.wait_for_function("!document.querySelector('.q-loading-bar[role=progressbar]')")
    assert serious(page) == []

    row.get_by_role("button", name="更多操作：第12周").click()
    page.get_by_text("改名…").click()
    page.get_by_label("名称").fill(HOSTILE)
    page.get_by_role("button", name="保存").click()
    page.get_by_role("link", name=HOSTILE, exact=True).wait_for()

    page.get_by_role("button", name=f"更多操作：{HOSTILE}").click()
    page.get_by_text("删除", exact=True).click()
    page.wait_for_selector("text=30 天内可恢复。")
    page.get_by_role("link", name=HOSTILE, exact=True).wait_for(state="detached")
    page.get_by_role("button", name="撤销").click()
    page.get_by_role("link", name=HOSTILE, exact=True).wait_for()
    assert page.evaluate("window.pwned") is None

    page = window.go("/audit")
    page.get_by_role("cell", name="撤销删除").first.wait_for()
    assert serious(page) == []
    with page.expect_download() as kept:
        page.get_by_role("button", name="导出表格（CSV）").click()
    table = kept.value.path().read_text(encoding="utf-8-sig")
    assert f"删除案例,{HOSTILE}" in table and not re.search(r"(^|,)[=+@-]", table, re.MULTILINE)
    assert window.notes == [] and window.left == []


def test_tables_with_a_fault_are_kept_and_lead_to_their_findings(window, tables):
    page = window.go("/en/")
    upload(page, *tables)
    page.wait_for_url("**/en/data/*")
    page.get_by_text("no place is called 'N9'").first.wait_for()
    page = window.go("/")
    row = page.locator("tr", has_text="有 1 处错误").first
    row.get_by_role("button", name="去改错：").wait_for()
    with page.expect_download() as blank:
        page.get_by_role("button", name="空白工作簿").click()
    assert blank.value.suggested_filename == "空白工作簿.xlsx"


def test_a_run_stands_in_the_history_and_its_end_is_seen_without_a_reload(window, server):
    page = window.go("/")
    with client(server.told["api"], server.told["token"]) as api:
        job = api.post("/jobs", json={"case": "worked-example/keep-70", "fresh": True}).json()["id"]
        page.reload()
        row = page.locator("tr", has_text=job[:8])
        row.get_by_text("已证明最优").wait_for()
        assert "镇街留用比例提高到 70%" in row.inner_text()
        assert api.get(f"/jobs/{job}").json()["state"] == "done"
    page.get_by_label("查找案例或方案").fill("没有这样的案例")
    page.wait_for_selector("text=没有符合的运行。")
