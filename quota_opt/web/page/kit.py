"""The small pieces all screens are made of; one look, words first, no colour without a word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from nicegui import ui
from nicegui.element import Element

from quota_opt.errors import Finding, InputError, Level, QuotaOptError, Text
from quota_opt.web.page.view import View

ROWS_SHOWN = 500
"""Of a table on a screen; the workbook has them all."""
Tone = Literal["good", "bad", "warn", "plain"]
_SIGN: dict[Tone, str] = {"good": "✓ ", "bad": "✗ ", "warn": "⚠ ", "plain": ""}
_LEVELS: dict[Level, tuple[Tone, Text]] = {
    Level.ERROR: ("bad", Text("错误", "Error")),
    Level.WARNING: ("warn", Text("警告", "Warning")),
}


def part(tag: str, classes: str = "") -> Element:
    """An html element as a container; what is made inside `with` stands in it."""
    return Element(tag).classes(classes)


def words(text: str, classes: str = "", tag: str = "span") -> ui.label:
    """Plain text in an element of its own; never read as html."""
    shown = ui.label(text).classes(classes)
    shown.tag = tag
    return shown


def anchor(text: str, target: str, classes: str = "", *, new_tab: bool = False) -> ui.link:
    """A link to an address of this server."""
    return ui.link(text, target, new_tab=new_tab).classes(classes)


def page_title(text: str, under: str = "") -> None:
    """The heading of a screen, and the line under it."""
    words(text, "qo-h1", "h1")
    if under:
        words(under, "qo-identity", "p")


def heading(text: str, level: int = 2) -> ui.label:
    """A heading below the page's."""
    return words(text, f"qo-h{level}", f"h{level}")


def answer(text: str, *, live: bool = True) -> ui.label:
    """The sentence that answers the question; said aloud again when it changes."""
    shown = words(text, "qo-answer", "p")
    if live:
        shown.props("role=status aria-live=polite")
    return shown


def note(text: str) -> ui.label:
    """A remark in small type."""
    return words(text, "qo-note", "p")


def badge(text: str, tone: Tone = "plain") -> ui.label:
    """A state in a word; colour and a sign go with it."""
    return words(f"{_SIGN[tone]}{text}", f"qo-badge qo-{tone}")


def card(title: str = "", classes: str = "") -> Element:
    """A framed part of a screen with a heading of its own; used with `with`."""
    made = part("section", f"qo-card {classes}")
    if title:
        with made:
            heading(title)
    return made


def tiles() -> Element:
    """A row of number tiles."""
    return part("ul", "qo-tiles")


def number_tile(title: str, value: str, unit: str = "", goal: str = "", ok: bool | None = None) -> Element:
    """A figure with its name and unit, and what was wanted of it (✓ / ✗)."""
    with part("li", "qo-tile") as tile:
        words(title, "qo-tile-name")
        with part("span", "qo-tile-line"):
            words(value, "qo-tile-value")
            words(unit, "qo-tile-unit")
        if goal:
            tone = "" if ok is None else ("qo-good" if ok else "qo-bad")
            mark = "" if ok is None else ("✓ " if ok else "✗ ")
            words(f"{mark}{goal}", f"qo-tile-goal {tone}")
    return tile


def _quoted(text: str) -> str:
    """A text as the value of a property in double quotes."""
    return text.replace("\\", "\\\\").replace('"', "'").replace("\n", " ")


def finding_box(view: View, finding: Finding) -> Element:
    """One finding: what is wrong with the value seen, where, and how to mend it."""
    tone, level = _LEVELS.get(finding.level, ("plain", Text("提示", "note")))
    what, where, fix = finding.lines(view.language)
    with part("div", f"qo-finding qo-edge-{tone}") as box:
        words(f"{_SIGN[tone]}{view.say(level)}{view.say(Text('：', ': '))}{what}", "qo-finding-what", "p")
        if where:
            words(f"{view.say(Text('位置：', 'Where: '))}{where}", "", "p")
        if fix:
            words(f"{view.say(Text('怎么改：', 'How to mend: '))}{fix}", "", "p")
    return box


def findings(view: View, listed: Sequence[Finding]) -> None:
    """Findings one under another, errors first."""
    order = {Level.ERROR: 0, Level.WARNING: 1}
    for finding in sorted(listed, key=lambda each: order.get(each.level, 2)):
        finding_box(view, finding)


def trouble_box(view: View, error: QuotaOptError) -> Element:
    """What went wrong, in the place of what was asked for."""
    with part("div", "qo-trouble").props("role=alert") as box:
        if isinstance(error, InputError) and error.findings:
            findings(view, error.findings)
        else:
            for line in error.text.of(view.language).splitlines():
                words(line.strip(), "", "p")
    return box


def trouble(view: View, error: QuotaOptError) -> None:
    """What went wrong, in a box over the page that stays until it is closed."""
    with ui.dialog() as dialog, ui.card().classes("qo-dialog"):
        trouble_box(view, error)
        button(view.say(Text("知道了", "Close")), on_click=dialog.close)
    dialog.open()


def button(text: str, *, on_click: object = None, main: bool = False, classes: str = "") -> ui.button:
    """A button; `main` is the one thing most people come to the screen for."""
    kind = "qo-button qo-main-button" if main else "qo-button"
    made = ui.button(text, on_click=on_click, color=None)  # type: ignore[arg-type]
    return made.props("no-caps flat unelevated").classes(f"{kind} {classes}")


def drawer(view: View, title: str) -> tuple[ui.dialog, Element]:
    """A drawer at the right, 420 px wide, closed by Esc: its dialog, and the container for what it shows."""
    with (
        ui.dialog().props(f'position="right" full-height no-shake aria-label="{_quoted(title)}"') as dialog,
        part("div", "qo-drawer"),
    ):
        with part("div", "qo-drawer-head"):
            heading(title)
            button(view.say(Text("关闭", "Close")), on_click=dialog.close)
        body = part("div", "qo-drawer-body")
    return dialog, body
