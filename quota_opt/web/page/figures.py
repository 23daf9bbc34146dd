"""A figure of the reports on the screen, and the documents of analyses: the same values papers are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui
from nicegui.element import Element

from quota_opt.errors import Text
from quota_opt.report.document import Document
from quota_opt.report.draw import with_font
from quota_opt.report.values import Figure
from quota_opt.web.page import kit
from quota_opt.web.page.rows import rows
from quota_opt.web.page.view import View


def figure(
    view: View, shown: Figure, *, height: int | None = None, on_click: Callable[[Any], Any] | None = None
) -> Element:
    """A chart under its finding, with a sentence for those who cannot see it and its numbers as a table.

    `on_click` is called with the point that was clicked (NiceGUI's event: `name`, `series_name`, `data_index` …).
    """
    with kit.part("figure", "qo-figure") as frame:
        kit.words(shown.title, "qo-figure-title", "figcaption")
        with kit.part("div", "qo-chart").props('role="img"') as box:
            box._props["aria-label"] = shown.alternative or shown.title
            chart = ui.echart(live_option(shown.option), on_point_click=on_click).classes("qo-live")
            chart.style(f"height: {height or shown.size[1]}px")
        if shown.table is not None:
            with kit.part("details", "qo-details"):
                kit.words(view.say(Text("看数据", "Show the data")), "", "summary")
                rows(view, shown.table)
    return frame


def live_option(option: dict[str, Any]) -> dict[str, Any]:
    """An option as the browser is given it: our font, no motion, and no key that NiceGUI would run as a script."""
    safe = _without_scripts(with_font(option))
    assert isinstance(safe, dict)
    return {**safe, "animation": False}


def _without_scripts(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key).lstrip(":"): _without_scripts(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_scripts(each) for each in value]
    return value


def document(view: View, shown: Document, *, title: bool = True) -> None:
    """A report of an analysis: sections of sentences, figures and tables."""
    if title:
        kit.page_title(view.say(shown.title), " · ".join(view.say(each) for each in shown.identity))
    if shown.data_note is not None:
        kit.words(view.say(shown.data_note), "qo-box", "p")
    for number, section in enumerate(shown.sections):
        with kit.card(view.say(section.title)):
            for place, sentence in enumerate(section.sentences):
                if number == 0 and place == 0:
                    kit.answer(view.say(sentence), live=False)
                else:
                    kit.words(view.say(sentence), "", "p")
            for draw in section.figures:
                figure(view, draw(view.language))
            for table in section.tables:
                kit.heading(view.say(table.title), 3)
                rows(view, table)
