"""One setting from end to end on the screen: the steps, and who comes in and goes out at each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from quota_opt.errors import Text
from quota_opt.web.desk.asking import Answer
from quota_opt.web.page import figures, kit
from quota_opt.web.page.rows import rows
from quota_opt.web.page.view import View
from quota_opt.web.page.why import open_why


async def draw_steps(view: View, job: str, answer: Answer) -> None:
    """The answer, the step curve, the names that change at each step, the pieces as a table."""
    first = answer.document.sections[0]
    for place, sentence in enumerate(first.sentences):
        if place == 0:
            kit.answer(view.say(sentence))
        else:
            kit.words(view.say(sentence), "", "p")
    with kit.part("div", "qo-side"):
        with kit.part("div"):
            for make in first.figures[:1]:
                figures.figure(view, make(view.language))
        with kit.part("div"):
            kit.heading(view.say(Text("每个跳变点谁进谁出", "Who changes at each step")), 3)
            with kit.part("ul", "qo-list"):
                for piece in answer.values["pieces"][1:]:
                    _step(view, job, piece)
    with kit.part("details", "qo-details"):
        kit.words(view.say(Text("各段明细", "The pieces")), "", "summary")
        for section in answer.document.sections:
            kit.heading(view.say(section.title), 3)
            for table in section.tables:
                rows(view, table)


def _step(view: View, job: str, piece: Mapping[str, Any]) -> None:
    coming, going = (_names(piece[key]) for key in ("entered", "left"))
    with kit.part("li"):
        kit.words(view.say(Text(f"放宽到 {piece['from']:.4g}", f"at {piece['from']:.4g}")), "qo-related-name")
        for words, names in ((Text("入选", "in"), coming), (Text("落选", "out"), going)):
            if names:
                kit.words(view.say(words))
                with kit.part("span", "qo-chips"):
                    for name in names:
                        kit.button(name, on_click=partial(open_why, view, job, ("project", name)), classes="qo-chip")
        if not coming and not going:
            kit.words(
                view.say(Text("项目不变，只改年份、份额或措施", "the same projects; years, shares or firms change"))
            )


def _names(listed: object) -> list[str]:
    return [name for name in str(listed or "").split(";") if name]
