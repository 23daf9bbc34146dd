"""The what-if screen in a browser: a slider moved by box and by keys ends at what `solve` says, and that is kept."""

from __future__ import annotations

import contextlib
import re

import pytest
from browsing import IN_BROWSER

import quota_opt as qo
from quota_opt.web.desk.answers import answer_of
from quota_opt.web.desk.changed import answer_words, position_words
from quota_opt.web.desk.sliders import Position, sliders_of

pytestmark = IN_BROWSER
LIMIT = "rules.admission.limits.0.value"
PROVEN = "已证明最优"


@pytest.fixture(scope="module")
def expected():
    """The sentence at an access limit, as it follows from two plans of `solve`."""
    case = qo.read("worked-example")
    base = answer_of(qo.solve(case), "proven", {}, 0.0)

    def at(value):
        plan = qo.solve(case.with_(**{LIMIT: value}))
        answer = answer_of(plan, "proven", {LIMIT: value}, 0.0)
        return answer_words(answer, base, position_words(sliders_of(case), Position({LIMIT: value}))).zh

    return at


def proven_sentence(page, part):
    """The sentence once it speaks of `part` and is proven."""
    page.locator(".qo-answer", has_text=part).wait_for()
    page.locator(".qo-what-if-state .qo-badge", has_text=PROVEN).wait_for()
    return page.locator(".qo-answer").inner_text()


def opened(page, button):
    """The drawer that a button opens; a click that an answer just then drew away is made again."""
    from playwright.sync_api import TimeoutError as NotYet

    drawer = page.locator(".qo-drawer")
    for _ in range(20):
        button.click()
        with contextlib.suppress(NotYet):
            drawer.wait_for(timeout=6000)
            return drawer
    raise AssertionError("the drawer does not open")


def test_a_limit_typed_and_moved_by_keys_ends_at_what_solve_says_and_survives_a_reload(window, expected):
    page = window.go("/what-if/worked-example")
    box = page.get_by_role("spinbutton", name=re.compile("准入强度上限"))
    page.locator(".qo-answer", has_text="基准方案").wait_for()
    box.fill("0.49")
    assert proven_sentence(page, "0.49") == expected(0.49)
    row = page.locator(".qo-what-if-answer table tr", has_text="净增加值（末年）").first
    assert row.locator("td").all_inner_texts()[2:] == ["1,200", "−800"]
    drawer = opened(page, page.get_by_role("button", name=re.compile("^P2")))
    assert "0.49" in drawer.inner_text()
    drawer.get_by_role("button", name="关闭").click()

    page.reload()
    assert proven_sentence(page, "0.49") == expected(0.49)

    track = page.locator(".qo-slider .q-slider__track-container").first
    track.focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    assert proven_sentence(page, "0.55") == expected(0.55)
    assert box.input_value() == "0.55"
    page.get_by_role("button", name="全部还原").click()
    page.locator(".qo-answer", has_text="基准方案：").wait_for()
    assert window.notes == []
    assert window.left == []
