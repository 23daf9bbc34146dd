"""The screen of a plan in a browser: its numbers are the plan's, one filter over all of it, rows and keys lead on."""

import re

import pytest
from browsing import IN_BROWSER
from serving import ENDED, client
from small import TREE

import quota_opt as qo

pytestmark = IN_BROWSER

SHORT = {
    "settings": {
        "scenario": {"name": "short", "first_year": 2024, "last_year": 2024, "resources": ["energy"]},
        "rules": {"caps": {"caps": [{"resource": "energy", "amount": 60.0}]}},
    },
    "tables": {
        "places": TREE,
        "projects": [{"project": "P", "place": "N1", "energy_tce": 90, "value_added": 10, "category": "chain"}],
        "quotas": [{"place": "county", "resource": "energy", "year": "*", "amount": 100}],
        "targets": [{"measure": "energy_used", "sense": ">=", "value": 80, "kind": "hard"}],
    },
}
"""A case whose cap and whose target exclude each other."""


@pytest.fixture(scope="module")
def api(server):
    with client(server.told["api"], server.told["token"]) as made:
        yield made


def solved(api, **asked):
    """The id of a solve, once it has ended."""
    job = api.post("/jobs", json=asked).json()
    while job["state"] not in ENDED:
        with api.stream("GET", f"/jobs/{job['id']}/events") as stream:
            for _ in stream.iter_lines():
                pass
        job = api.get(f"/jobs/{job['id']}").json()
    return job["id"]


@pytest.fixture(scope="module")
def job(api):
    return solved(api, case="worked-example")


@pytest.fixture(scope="module")
def plan():
    return qo.solve("worked-example")


def test_page_one_says_what_the_plan_says(window, job, plan):
    page = window.go(f"/plan/{job}")
    shown = [tile.inner_text() for tile in page.locator(".qo-tile").all()]
    for name, text in zip(("energy_freed", "energy_used", "value_added_final", "public_cost"), shown, strict=True):
        assert float(re.search(r"[\d,.]+\d", text)[0].replace(",", "")) == plan.measures[name], name
    answer = page.locator(".qo-answer").first.inner_text()
    assert "安排 3 个项目" in answer and "1 个项目未安排" in answer
    assert page.locator(".qo-badge.qo-good").count() == 3
    assert page.locator(".qo-box").inner_text() == "合成数据"
    page.wait_for_selector(".qo-live canvas")
    assert window.notes == [] and window.left == []


def test_one_filter_holds_on_every_part_and_stands_in_the_address(window, job):
    page = window.go(f"/plan/{job}")
    page.get_by_role("link", name="区域", exact=True).click()
    page.get_by_role("button", name="乙镇", exact=True).click()
    page.wait_for_url("**/plan/*?part=places&place=N2")
    page.get_by_role("link", name="安排表", exact=True).click()
    page.wait_for_selector("#part h2:has-text('安排表')")
    assert page.locator("#part [data-row]").all_inner_texts() == ["P2"]
    page.get_by_role("link", name="台账", exact=True).click()
    page.wait_for_selector("#part h3:has-text('逐笔')")
    assert set(page.locator("#part table").last.locator("td:nth-child(11)").all_inner_texts()) == {"P2 示例项目二"}
    page.reload()
    assert page.get_by_label("区域").evaluate("field => field.selectedOptions[0].text.trim()") == "乙镇"
    page.get_by_role("button", name="看全部").click()
    page.wait_for_url(re.compile(r"part=ledger$"))
    page.go_back()
    page.wait_for_url("**place=N2*")
    page.wait_for_selector("#part :text('只含：乙镇')")
    assert window.notes == []


def test_the_parts_and_rows_are_reached_by_the_keyboard(window, job):
    page = window.go(f"/plan/{job}?part=left-out")
    page.get_by_role("link", name="强度与准入").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#part h2:has-text('强度与准入')")
    page.get_by_role("link", name="未安排", exact=True).focus()
    page.keyboard.press("Enter")
    row = page.get_by_role("button", name="P3", exact=True)
    row.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".qo-drawer:has-text('P3')")
    page.keyboard.press("Escape")
    page.wait_for_selector(".qo-drawer", state="hidden")
    assert window.notes == []


def test_the_check_is_done_again_on_demand(window, job):
    page = window.go(f"/plan/{job}?part=proof")
    page.get_by_role("button", name="重新核验").click()
    page.wait_for_selector("#part .qo-good:has-text('核验通过：4 项规则都符合')")


def test_a_case_without_a_plan_is_an_answer_with_what_would_mend_it(window, api):
    job = solved(api, case=SHORT)
    page = window.go(f"/plan/{job}")
    assert page.locator(".qo-badge").inner_text() == "✗ 没有可行方案"
    page.wait_for_selector("h2:has-text('改法')")
    assert page.locator("h2:has-text('为什么没有可行方案')").count() == 1


def test_what_a_user_typed_is_shown_as_typed_and_runs_nothing(window, api):
    names = ("<img src=x onerror=window.pwned=1>", "</script><script>window.pwned=1</script>")
    places = [{**TREE[0], "name": ":key"}, {**TREE[1], "name": names[1]}, TREE[2]]
    projects = [{**SHORT["tables"]["projects"][0], "energy_tce": 50, "name": names[0]}]
    tables = {"quotas": SHORT["tables"]["quotas"], "places": places, "projects": projects}
    job = solved(api, case={**SHORT, "tables": tables})
    for part, shown in (("awards", names[0]), ("ledger", names[0]), ("places", names[1]), ("flow", "")):
        page = window.go(f"/plan/{job}?part={part}")
        page.wait_for_selector("#part h2")
        assert shown in page.locator("#part").inner_text()
    page.get_by_role("button", name="看镇街之间的流向").click()
    page.wait_for_selector("#part figure:nth-of-type(1)")
    assert page.evaluate("window.pwned") is None
    assert window.notes == []


def test_no_part_is_hard_to_use_without_seeing_or_a_mouse(window, job):
    checker = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for part in ("answer", "awards", "ledger"):
        page = window.go(f"/plan/{job}?part={part}")
        page.wait_for_selector(".q-page, #part")
        found = checker.run(page).response["violations"]
        serious = [
            (each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")
        ]
        assert serious == [], part
