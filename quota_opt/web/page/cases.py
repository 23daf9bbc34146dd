"""The screen of cases."""

from __future__ import annotations

from quota_opt.errors import Text
from quota_opt.facade import scenarios
from quota_opt.web.page import kit
from quota_opt.web.page.view import View


def show(view: View) -> None:
    """The built-in cases."""
    kit.page_title(view.say(Text("案例", "Cases")))
    with kit.part("div", "qo-grid"):
        for info in scenarios():
            with kit.card(view.say(info.title)):
                kit.note(f"{info.first_year}—{info.last_year}")
