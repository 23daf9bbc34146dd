"""审计日志: who did what, when, with filters, and as a table to keep."""

from __future__ import annotations

from datetime import datetime, timedelta

from nicegui import ui

from quota_opt.errors import Text
from quota_opt.store.workspace_values import ACTIONS, AuditEntry
from quota_opt.web.desk.audit import HEADINGS, audit_csv, clock_words, details_words, entries_for, sees_all
from quota_opt.web.guard import LOCAL_USER
from quota_opt.web.page import kit
from quota_opt.web.page.acting import asked, is_there
from quota_opt.web.page.view import View

SHOWN = 200
"""Entries on the screen; the table to keep has them all."""
_SPANS: dict[str, tuple[Text, timedelta | None]] = {
    "day": (Text("一天内", "the last day"), timedelta(days=1)),
    "week": (Text("一周内", "the last week"), timedelta(days=7)),
    "month": (Text("一月内", "the last month"), timedelta(days=31)),
    "all": (Text("全部", "any time"), None),
}
_BAD = ("upload-refused", "login-refused", "request-refused", "stopped")


async def show(view: View) -> None:
    """Draw the screen."""
    await AuditScreen(view).draw()


class AuditScreen:
    """The log as chosen, and what chooses."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._action: str | None = None
        self._search = ""
        self._span = "month"

    async def draw(self) -> None:
        """All of it."""
        view = self._view
        ui.add_head_html('<link rel="stylesheet" href="/static/cases.css">')
        whose = (
            Text("所有人的操作记录", "what everybody did")
            if sees_all(view.user)
            else Text("您的操作记录", "what you did")
        )
        kit.page_title(view.say(Text("审计日志", "Audit log")), view.say(whose))
        self._answer = kit.answer("")
        with kit.card():
            with kit.part("div", "qo-row qo-filters"):
                search = ui.input(view.say(Text("查找", "Find"))).props("dense outlined clearable debounce=300")
                search.on_value_change(lambda event: self._choose(search=str(event.value or "")))
                actions = {"": view.say(Text("全部", "everything"))}
                actions |= {name: view.say(text) for name, text in ACTIONS.items()}
                only = ui.select(actions, value="", label=view.say(Text("做了什么", "What"))).props(
                    "dense outlined options-dense"
                )
                only.on_value_change(lambda event: self._choose(action=str(event.value)))
                spans = {name: view.say(text) for name, (text, _) in _SPANS.items()}
                span = ui.select(spans, value=self._span, label=view.say(Text("时间", "When"))).props(
                    "dense outlined options-dense"
                )
                span.on_value_change(lambda event: self._choose(span=str(event.value)))
                kit.button(view.say(Text("导出表格（CSV）", "Export as CSV")), on_click=self._export)
            self._body = kit.part("div")
        await self._fill()

    async def _choose(self, search: str | None = None, action: str | None = None, span: str | None = None) -> None:
        self._search = self._search if search is None else search
        self._action = self._action if action is None else (action or None)
        self._span = self._span if span is None else span
        await self._fill()

    def _entries(self, limit: int | None) -> list[AuditEntry]:
        length = _SPANS[self._span][1]
        return entries_for(
            self._view.desk.workspace,
            self._view.user,
            action=self._action,
            search=self._search,
            since=None if length is None else datetime.now().astimezone() - length,
            limit=limit,
        )

    async def _fill(self) -> None:
        view = self._view
        entries = await asked(view, self._entries, SHOWN + 1)
        if entries is None or not is_there(self._body):
            return
        self._answer.set_text(view.say(_sentence(entries[:SHOWN], more=len(entries) > SHOWN)))
        self._body.clear()
        with self._body, kit.part("div", "qo-scroll"), kit.part("table", "qo-table qo-audit"):
            with kit.part("thead"), kit.part("tr"):
                for heading in HEADINGS:
                    kit.words(view.say(heading), "", "th").props("scope=col")
            with kit.part("tbody"):
                for entry in entries[:SHOWN]:
                    with kit.part("tr"):
                        self._row(entry)

    def _row(self, entry: AuditEntry) -> None:
        view = self._view
        kit.words(clock_words(entry.moment), "qo-code", "td")
        kit.words(view.say(Text("本机", "this computer")) if entry.user == LOCAL_USER else entry.user, "", "td")
        what = ACTIONS.get(entry.action, Text(entry.action, entry.action))
        kit.words(view.say(what), "qo-bad" if entry.action in _BAD else "", "td")
        kit.words(entry.object, "", "td")
        kit.words(details_words(entry, view.language), "qo-soft", "td")

    async def _export(self) -> None:
        view = self._view
        entries = await asked(view, self._entries, None)
        if entries is not None:
            ui.download.content(audit_csv(entries, view.language), view.say(Text("审计日志.csv", "audit-log.csv")))


def _sentence(entries: list[AuditEntry], *, more: bool) -> Text:
    if not entries:
        return Text("没有符合的记录。", "Nothing fits.")
    refused = sum(entry.action in _BAD for entry in entries)
    zh = f"{'最近' if more else '共'} {len(entries)} 条记录" + (
        f"，其中 {refused} 条被拒绝或中止" if refused else "，没有被拒绝的操作"
    )
    en = f"{'The latest' if more else 'In all'} {len(entries)} entries" + (
        f", {refused} of them refused or stopped" if refused else ", nothing refused"
    )
    if more:
        return Text(f"{zh}；更早的见导出的表格。", f"{en}; earlier ones are in the exported table.")
    return Text(f"{zh}。", f"{en}.")
