"""The ledger on the screen: filters, the sums of both sides, and every entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nicegui import ui

from quota_opt.errors import Text
from quota_opt.report import tables, words
from quota_opt.report.numbers import figure, short
from quota_opt.web.page import kit
from quota_opt.web.page.plan_filter import choice
from quota_opt.web.page.rows import MOST_ROWS, rows

if TYPE_CHECKING:
    from quota_opt.web.page.plan_result import Shown

SEARCH_S = 0.4
"""How long typing must rest before entries are looked for."""


def show_ledger(shown: Shown, search: str = "") -> None:
    """What comes in and goes out, then entry by entry; both sides agree for whatever is chosen."""
    view, content = shown.view, shown.read.content
    asked = {"resource": "", "end": "", "search": search}
    with kit.part("div", "qo-row qo-filter-row"):
        frame_of_choices = kit.part("div", "qo-row")
        box = ui.input(view.say(Text("企业或项目（编号、名称）", "firm or project (identifier, name)")), value=search)
        box.props(f"dense outlined clearable debounce={round(SEARCH_S * 1000)}").classes("qo-search")
    body = kit.part("div")

    def draw(**changed: Any) -> None:
        asked.update(changed)
        body.clear()
        with body:
            _entries(shown, asked)

    with frame_of_choices:
        if len(content.resources) > 1:
            named = {name: view.say(words.resource_name(name)) for name in content.resources}
            choice(view, Text("资源", "resource"), named, "", lambda key: draw(resource=key))
        kinds = {*content.ledger["from_kind"], *content.ledger["to_kind"]}
        ends = {name: view.say(text) for name, text in words.LEDGER_ENDS.items() if name in kinds}
        choice(view, Text("来源或去向", "from or to"), ends, "", lambda key: draw(end=key))
    box.on_value_change(lambda event: draw(search=event.value or ""))
    draw()


def _entries(shown: Shown, asked: dict[str, str]) -> None:
    view = shown.view
    content = shown.read.ledger(shown.part, **asked)
    summary = tables.ledger_summary(content)
    entries = len(content.ledger)
    if len(content.ledger["resource"].unique()) == 1:
        total = figure(float(content.ledger[content.ledger["year"] == content.last_year]["amount"].sum()), 1)
        unit = words.unit_name(content.resource_unit(str(content.ledger["resource"].iloc[0])))
        sums = Text(
            f"，{content.last_year} 年合计 {total} {unit.zh}", f", {content.last_year} adds up to {total} {unit.en}"
        )
    else:
        sums = Text("", "")
    if not entries:
        kit.answer(view.say(Text("没有符合的记录。", "No entry is like that.")))
        return
    off = shown.read.content.ledger_difference
    agrees = Text(
        f"全部台账与各池存量、腾出的最大差额 {short(off) if off > 1e-9 else '0'}",
        f"the whole ledger differs from what the pools hold and free by {short(off) if off > 1e-9 else '0'} at most",
    )
    kit.answer(
        view.say(
            Text(
                f"{entries:,} 笔{sums.zh}，来源合计与去向合计相等；{agrees.zh}。",
                f"{entries:,} entries{sums.en}; what comes in equals what goes out; {agrees.en}.",
            )
        )
    )
    rows(view, summary)
    kit.heading(view.say(Text("逐笔", "Entry by entry")), 3)
    rows(view, tables.ledger(content, named=True), most=MOST_ROWS, by="amount")
    kit.note(
        view.say(
            Text(
                "一笔即一借一贷：左边是谁腾出的，右边是谁用的。",
                "One line is a debit and a credit: who freed it, who has it.",
            )
        )
    )
