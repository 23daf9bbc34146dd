"""The report in a real browser: one page in print, nothing asked of the network, nobody's script run."""

import pytest
from browsing import IN_BROWSER

from quota_opt.report.html import render

pytestmark = IN_BROWSER


@pytest.fixture(scope="module")
def browser(chromium):
    return chromium


@pytest.fixture(scope="module")
def files(pages, tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    made = {}
    for language, page in pages.items():
        made[language] = folder / f"{language}.html"
        made[language].write_text(page, encoding="utf-8")
    return made


def opened(browser, file, *, javascript=True):
    context = browser.new_context(java_script_enabled=javascript, viewport={"width": 1366, "height": 768})
    page = context.new_page()
    page.notes, page.asked = [], []
    page.on("console", lambda message: page.notes.append(message.text))
    page.on("pageerror", lambda problem: page.notes.append(str(problem)))
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(file.as_uri())
    page.wait_for_load_state("networkidle")
    return page


def pages_of(page, tmp_path):
    pypdf = pytest.importorskip("pypdf")
    page.pdf(path=str(tmp_path / "report.pdf"), prefer_css_page_size=True, print_background=True)
    return [sheet.extract_text() for sheet in pypdf.PdfReader(tmp_path / "report.pdf").pages]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("javascript", [True, False])
def test_page_one_is_one_page_and_holds_its_parts(browser, files, tmp_path, language, javascript):
    texts = pages_of(opened(browser, files[language], javascript=javascript), tmp_path)
    parts = (
        ["关停", "起约束作用的条款", "若……则……", "依据"]
        if language == "zh"
        else ["firms close", "Clauses that bind", "Sources"]
    )
    for part in parts:
        assert part in texts[0].replace("\n", ""), part
    following = "方案取舍" if language == "zh" else "Trade-offs"
    assert following in texts[1][:60]
    assert following not in texts[0].splitlines()


def test_the_fullest_page_one_still_fits(browser, make, tmp_path):
    from quota_opt.report.content import gather

    plan = make(language_titles=("某某市" + "新一轮制造业腾笼换鸟凤凰涅槃攻坚行动" * 3, "Long title " * 12))
    for audit in plan.audit:
        audit.binding, audit.price, audit.clause = True, 2.5, "ZJ 四(五)；YQ 一.5；某个很长的条款名称，需要折行"
        audit.texts = (type(audit.texts[0])("很长的说明" * 40, "A long sentence. " * 30),) if audit.texts else ()
    plan.scenario.settings.documents = plan.scenario.settings.documents * 3
    file = tmp_path / "full.html"
    for language in ("zh", "en"):
        file.write_text(render(gather(plan), language), encoding="utf-8")
        texts = pages_of(opened(browser, file), tmp_path)
        following = "方案取舍" if language == "zh" else "Trade-offs"
        assert following in texts[1][:60] and following not in texts[0].splitlines()


def test_live_charts_replace_the_static_ones_and_nothing_else_is_asked(browser, files):
    page = opened(browser, files["zh"])
    assert page.asked[0] == files["zh"].as_uri()
    assert [url for url in page.asked[1:] if not url.startswith("data:")] == []
    assert page.notes == []
    assert page.locator(".live svg").count() == 11
    assert page.locator(".static:visible").count() == 0
    assert page.evaluate("window.pwned") is None


def test_without_javascript_the_static_figures_show(browser, files):
    page = opened(browser, files["zh"], javascript=False)
    assert page.locator(".static:visible svg").count() == 11
    assert page.locator(".live:visible").count() == 0


def test_the_page_needs_no_sideways_scroll(browser, files):
    page = opened(browser, files["zh"])
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.set_viewport_size({"width": 683, "height": 384})
    page.wait_for_timeout(600)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_embedded_font_is_used(browser, files):
    page = opened(browser, files["zh"])
    assert page.evaluate("[...document.fonts].map(face => face.status)") == ["loaded"]


def test_hovering_a_hostile_name_runs_nothing(browser, files):
    page = opened(browser, files["zh"])
    page.locator("#live-intensity").scroll_into_view_if_needed()
    box = page.locator("#live-intensity").bounding_box()
    for step in range(12):
        page.mouse.move(box["x"] + box["width"] * (step + 1) / 13, box["y"] + box["height"] * (0.9 - step * 0.05))
    assert page.evaluate("window.pwned") is None and page.notes == []
