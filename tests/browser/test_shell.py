"""What surrounds the screens: languages, the way between them, and nothing asked of other machines."""

from browsing import IN_BROWSER

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
