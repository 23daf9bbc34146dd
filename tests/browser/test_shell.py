"""What surrounds the screens: languages, the way between them, and nothing asked of other machines."""

from browsing import IN_BROWSER, visit
from serving import TOKEN, serving

pytestmark = IN_BROWSER


def test_the_page_opens_in_chinese_and_changes_to_english_and_back(window):
    page = window.go("/")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.get_by_role("link", name="English").click()
    page.wait_for_url("**/en/")
    assert page.locator("html").get_attribute("lang") == "en-US"
    assert page.get_by_role("heading", level=1).inner_text() == "Cases"
    page.get_by_role("link", name="中文").click()
    page.wait_for_selector("text=会上演示")
    assert window.notes == []
    assert window.left == []


def test_a_token_opens_the_page_in_a_real_browser_and_a_wrong_one_does_not(chromium, tmp_path):
    with serving(tmp_path, "--jobs", "1") as server:
        window = visit(chromium, server.told["address"])
        window.page.goto(f"{window.address}/what-if/worked-example")
        window.page.locator("#token").fill("a-guess-that-is-long")
        window.page.locator("button[type=submit]").click()
        window.page.get_by_text("令牌不对").wait_for()
        window.page.locator("#token").fill(TOKEN)
        window.page.locator("button[type=submit]").click()
        window.page.wait_for_url("**/what-if/worked-example")
        assert "试算" in window.page.locator("#main h1").inner_text()
        window.close()
