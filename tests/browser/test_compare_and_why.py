"""Two plans side by side in the browser, and why a project is out: by which clause, what lets it in, who leaves."""

import pytest
from browsing import IN_BROWSER

import quota_opt as qo

pytestmark = IN_BROWSER
STRICT = {"rules.admission.limits.0.value": 0.49, "rules.admission.clause": "YQ 一.5"}


@pytest.fixture(scope="module")
def jobs(server):
    """Plans of the worked example as it is, and with the access limit at 0.49."""
    made = [server.submit(case="worked-example"), server.submit(case="worked-example", set=STRICT)]
    return [server.ended(job["id"])["id"] for job in made]


@pytest.fixture(scope="module")
def strict():
    return qo.solve(qo.read("worked-example", overrides=STRICT))


def faults(page):
    """Serious faults that axe-core finds."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(page).response["violations"]
    return [
        (each["id"], [(node["html"][:100], node["failureSummary"][:300]) for node in each["nodes"][:3]])
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


def test_two_runs_are_compared_and_a_refused_project_says_its_clause(window, jobs, strict):
    page = window.go(f"/compare?jobs={jobs[0]}")
    page.locator(f"[data-job='{jobs[1]}'] .q-checkbox").click()
    page.get_by_text("已选 2 个方案").wait_for()
    page.get_by_role("button", name="对比").click()
    page.get_by_role("heading", name="成效指标：值与差").wait_for()
    assert page.get_by_role("heading", name="看方案而定 1", exact=True).is_visible()
    assert faults(page) == []

    page.get_by_role("button", name="P2").click()
    drawer = page.locator(".qo-drawer")
    drawer.get_by_text("✓ 以上每条都已重新求解验证。").wait_for()
    meant = qo.explain(strict, project="P2", confirm=True)
    said = drawer.inner_text()
    for sentence in meant.sentences:
        assert sentence.zh in said
    for change in meant.changes:
        assert change.text.zh in said
    assert "YQ 一.5" in said
    assert faults(page) == []

    drawer.get_by_label("问项目、企业或规则").fill("为什么没有 P3？")
    page.keyboard.press("Enter")
    drawer.get_by_role("heading", name="项目 P3").wait_for()
    page.keyboard.press("Escape")
    drawer.wait_for(state="detached")
    assert window.notes == []
    assert window.left == []


def test_the_cursor_of_a_front_shows_each_point_and_a_reload_finds_the_front(window, jobs):
    page = window.go(f"/front/{jobs[0]}")
    page.get_by_role("button", name="画取舍曲线").click()
    page.locator(".qo-point").wait_for()
    meant = qo.pareto("worked-example", ["value_added:max", "public_cost:min"], points=9)
    box = page.get_by_label("曲线上的第几点").last
    for point in (1, len(meant.points)):
        box.fill(str(point))
        page.get_by_role("heading", name=f"第 {point} 点").wait_for()
        assert f"{meant.points['value_added'][point]:,.0f}".replace("-", "−") in page.locator(".qo-point").inner_text()
    page.reload()
    page.locator(".qo-point").wait_for()
    assert faults(page) == []
    assert window.notes == []
