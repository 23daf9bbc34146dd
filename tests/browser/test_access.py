"""Every screen for everyone: no serious fault by axe-core, nothing scrolled sideways, the keyboard gets everywhere."""

import pytest
from browsing import IN_BROWSER, visit

pytestmark = IN_BROWSER
SCREENS = (
    "/", "/data/worked-example", "/what-if/worked-example", "/plan/{job}", "/compare?jobs={job}", "/papers/{job}",
    "/front/{job}", "/audit",
)  # fmt: skip


@pytest.fixture(scope="module")
def job(server):
    return server.ended(server.submit(case="worked-example")["id"])["id"]


@pytest.fixture(scope="module")
def one_window(chromium, site):
    made = visit(chromium, site)
    yield made
    made.close()


@pytest.mark.parametrize("path", [*(f"/en{path}" for path in SCREENS), "/data/worked-example"])
def test_no_screen_has_a_serious_fault(one_window, job, path):
    """In English, and the screen of data in Chinese; the tests of the other screens look at theirs."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = one_window.go(path.format(job=job))
    page.wait_for_selector("#main h1")
    page.wait_for_load_state("networkidle")
    found = axe.Axe().run(page).response["violations"]
    said = [(each["impact"], each["id"], [node["html"][:200] for node in each["nodes"][:3]]) for each in found]
    assert [each for each in said if each[0] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 1366
    assert one_window.notes == []
    assert one_window.left == []


def test_the_first_key_leads_past_the_bar(window):
    page = window.go("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent.trim()") == "跳到正文"
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'main' || location.hash === '#main'")
