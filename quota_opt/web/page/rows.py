"""Long tables as one element of the page: quick to send and to draw, every cell escaped, rows that open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from nicegui import ui

from quota_opt.errors import Text
from quota_opt.report.values import Cell, Column, Table
from quota_opt.report.words import WORDS
from quota_opt.web.page import kit
from quota_opt.web.page.view import View

if TYPE_CHECKING:
    from nicegui.events import GenericEventArguments

MOST_ROWS = 5_000
"""Of a long table on the screen; the workbook has them all."""
_NAMES = ("name", "from", "to", "pool_path")
"""Columns of names, which need more room than a word."""
_OPENED = "(event) => { const row = event.target.closest('[data-row]'); if (row) emit(Number(row.dataset.row)); }"


def rows(
    view: View,
    shown: Table,
    *,
    most: int = kit.ROWS_SHOWN,
    by: str | None = None,
    on_open: Callable[[Sequence[Cell]], Any] | None = None,
) -> None:
    """A table; of one longer than `most` the largest rows by the column `by`, or the first.

    With `on_open` the first cell of each row is a button, and `on_open` is called with the cells of the row.
    """
    if not shown.rows:
        kit.note(view.say(Text("没有。", "None.")))
        return
    short = shown.shortened(most, by)
    table = ui.html(_html(view, short, opens=on_open is not None), sanitize=False).classes("qo-scroll")
    table.props("tabindex=0 role=region")
    table._props["aria-label"] = view.say(shown.title)
    if on_open is not None:

        def opened(event: GenericEventArguments) -> Any:
            number = event.args
            if isinstance(number, int) and 0 <= number < len(short.rows):
                return on_open(short.rows[number])
            return None

        table.on("click", opened, js_handler=_OPENED)
    if short.note is not None:
        kit.note(view.say(short.note))
    if short.cut:
        kit.note(view.say(_cut(short.cut, most, by is not None)))


def _cut(count: int, most: int, largest: bool) -> Text:
    which = Text("最大的", "largest") if largest else Text("前", "first")
    return Text(
        f"共 {count:,} 行，此处为{which.zh} {most:,} 行；其余见 Excel 附表，也可用上面的筛选缩小范围。",
        f"{count:,} rows; the {which.en} {most:,} are shown. The workbook has them all, and the filter above narrows "
        "them.",
    )


def _html(view: View, shown: Table, *, opens: bool) -> str:
    heads = "".join(
        f'<th scope="col"{_align(column)}>{escape(column.title.of(view.language))}'
        f'<span class="qo-u">{escape(column.unit_words(view.language))}</span></th>'
        for column in shown.columns
    )
    body = []
    for number, row in enumerate(shown.rows):
        cells = []
        for place, (column, cell) in enumerate(zip(shown.columns, row, strict=True)):
            text = escape(column.cell(cell, view.language))
            if place == 0 and opens:
                text = f'<button type="button" class="qo-open" data-row="{number}">{text}</button>'
            elif (number, place) in shown.strong:
                text = f"<b>{text}</b>"
            cells.append(f"<td{_align(column)}>{text}</td>")
        body.append(f"<tr>{''.join(cells)}</tr>")
    inner = f"<thead><tr>{heads}</tr></thead><tbody>{''.join(body)}</tbody>{_foot(view, shown)}"
    return f'<table class="qo-table">{inner}</table>'


def _foot(view: View, shown: Table) -> str:
    totals = None if shown.cut else shown.totals()
    if totals is None:
        return ""
    cells = []
    for place, (column, total) in enumerate(zip(shown.columns, totals, strict=True)):
        first = view.say(WORDS["total"]) if place == 0 else ""
        text = first if total is None else column.cell(total, view.language)
        cells.append(f"<td{_align(column)}>{escape(text)}</td>")
    return f"<tfoot><tr>{''.join(cells)}</tr></tfoot>"


def _align(column: Column) -> str:
    kind = "n" if column.numeric or column.kind == "year" else column.kind
    return f' class="qo-{kind}{" qo-named" if column.key in _NAMES else ""}"'
