"""The Why drawer: why a project is out or in, a firm treated or kept, what a rule or a price does; and locks.

await open_why(view, job, "project:P012")
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from nicegui import ui

from quota_opt.errors import QuotaOptError, Text
from quota_opt.report.document import Section
from quota_opt.report.values import Cell
from quota_opt.store.jobs import Job
from quota_opt.store.workspace_values import PageRun
from quota_opt.web.desk.why import KINDS, Item, Way, Why
from quota_opt.web.page import kit
from quota_opt.web.page.acting import is_there
from quota_opt.web.page.following import Following
from quota_opt.web.page.locks import lock_form
from quota_opt.web.page.rows import rows
from quota_opt.web.page.saving import try_link
from quota_opt.web.page.threads import in_thread
from quota_opt.web.page.view import View

AT_ONCE_S = 0.7
"""How long an item is looked at before its changes are re-solved."""
MOST_ROWS = 12
LEDGER_ROWS = 30


async def open_why(view: View, job: str, item: Item | str | tuple[str, str] | None = None) -> None:
    """Open the drawer on an item of the plan of a job; without one it asks what is meant."""
    with ui.context.client.content:
        drawer = _Drawer(view, job)
    drawer.dialog.open()
    if item is not None:
        await drawer.show(Item.of(item))


class _Drawer:
    """One drawer: the item it shows, those it came from, and what is being re-solved."""

    def __init__(self, view: View, job: str) -> None:
        self.view, self.job = view, job
        self.trail: list[Item] = []
        self.following: Following | None = None
        self.run: PageRun | None = None
        """What the plan was solved from."""
        self.dialog, body = kit.drawer(view, view.say(Text("为什么", "Why")))
        self.dialog.on("hide", self._closed)
        with body:
            self._search()
            self.frame = kit.part("div", "qo-why")

    def say(self, text: Text | str) -> str:
        """In the language of the page."""
        return self.view.say(text)

    def _search(self) -> None:
        with kit.part("div", "qo-why-search"):
            asked = ui.input(
                label=self.say(Text("问项目、企业或规则", "Ask about a project, firm or rule")),
                placeholder=self.say(Text("为什么没有 P012？", "Why not P012?")),
            ).props("dense outlined clearable")
            asked.on("keydown.enter", lambda: self._ask(str(asked.value or "")))
            kit.button(self.say(Text("问", "Ask")), on_click=lambda: self._ask(str(asked.value or "")))
        self.found = kit.part("div", "qo-chips")

    async def _ask(self, asked: str) -> None:
        try:
            found = await in_thread(self.view.desk.asking.find, self.view.user, self.job, asked)
        except QuotaOptError as error:
            self.view.trouble(error)
            return
        if not is_there(self.found):
            return
        self.found.clear()
        if len(found) == 1 or (found and found[0][0].id.casefold() in asked.casefold()):
            await self.show(found[0][0])
            return
        with self.found:
            if not found:
                kit.note(
                    self.say(
                        Text("没有找到，请写编号或名称的一部分。", "Nothing found; write part of an id or a name.")
                    )
                )
            for item, title in found:
                self._chip(item, title)

    async def show(self, item: Item, *, back: bool = False) -> None:
        """Show an item; `back` is on the way back to one shown before."""
        await self._leave()
        if not back and (not self.trail or self.trail[-1] != item):
            self.trail.append(item)
        try:
            why = await in_thread(self.view.desk.asking.why, self.view.user, self.job, item)
            self.run = await in_thread(self.view.desk.workspace.run, self.view.user, self.job)
        except QuotaOptError as error:
            if is_there(self.frame):
                self.frame.clear()
                with self.frame:
                    self._back()
                    kit.trouble_box(self.view, error)
            return
        if is_there(self.frame) and self.trail[-1] == item:
            self.frame.clear()
            with self.frame:
                await self._draw(why)

    async def _draw(self, why: Why) -> None:
        view, item = self.view, why.item
        self._back()
        kit.heading(f"{self.say(KINDS[item.kind])} {self.say(why.title)}", 3)
        with kit.part("div", "qo-row"):
            kit.badge(self.say(why.verdict), "good" if why.awarded else "warn" if item.kind != "rule" else "plain")
        self.answer = kit.part("div")
        with self.answer:
            self._sentences(why)
        self.ways = kit.part("div", "qo-ways")
        self.quick, self.so_far = why, 0
        with self.ways:
            self._ways(why, why.ways)
        if item.kind != "price" and not why.confirmed:
            self.checking = kit.part("div")
            ui.timer(AT_ONCE_S, partial(self._confirm, item), once=True)
        self._related(why)
        if item.kind in ("project", "firm") and not view.meeting:
            lock_form(view, self.job, why)
        await self._grounds(why)

    def _back(self) -> None:
        if len(self.trail) > 1:

            async def back() -> None:
                self.trail.pop()
                await self.show(self.trail[-1], back=True)

            kit.button(f"← {self.trail[-2].id}", on_click=back, classes="qo-small").props(
                f'aria-label="{self.say(Text("返回", "Back"))}"'
            )

    def _sentences(self, why: Why) -> None:
        for place, sentence in enumerate(why.sentences):
            if place == 0:
                kit.answer(self.say(sentence))
            else:
                kit.words(self.say(sentence), "", "p")

    def _ways(self, why: Why, ways: Sequence[Way]) -> None:
        if not ways:
            return
        words = {
            "project": Text("入选办法（每次只改一项）", "Ways in (one change at a time)"),
            "firm": Text("怎样会改变结论", "What would turn it"),
            "rule": Text("没有这条规则会怎样", "Without this rule"),
        }
        kit.heading(self.say(words.get(why.item.kind, words["project"])), 3)
        with kit.part("ul", "qo-list"):
            for way in sorted(ways, key=lambda each: not each.enough):
                with kit.part("li"):
                    kit.words(self.say(way.text))
                    kit.words(
                        f"{'✓ ' if way.enough else ''}{self.say(way.proof)}",
                        "qo-proof" + (" qo-good" if way.enough else ""),
                    )
                    self._try(way)

    def _try(self, way: Way) -> None:
        if way.settings and self.run is not None and self.run.case is not None:
            link = try_link(self.view, self.run.case, {**self.run.overrides, **way.settings}, self.run.variant)
            kit.anchor(self.say(Text("试", "Try")), link, "qo-link-button qo-small")

    async def _confirm(self, item: Item) -> None:
        """Have the changes re-solved; the answer takes the place of the bounds when it is there."""
        if not is_there(self.checking) or self.trail[-1] != item or not self.dialog.value:
            return
        try:
            job = await in_thread(self.view.desk.asking.confirm, self.view.user, self.job, item)
        except QuotaOptError as error:
            if is_there(self.checking):
                with self.checking:
                    kit.trouble_box(self.view, error)
            return
        if not is_there(self.checking):
            return
        what = Text("逐条重新求解验证", "Re-solving each change")
        self.following = Following(self.view, self.checking, job, self._confirmed, what=what, moved=self._moved)
        await self.following.begin()

    def _moved(self, job: Job) -> None:
        """Some ways are re-solved: they take the place of what prices say of the same kind of change."""
        known = self.view.desk.asking.confirmed_so_far(job)
        if len(known) == self.so_far or not is_there(self.ways):
            return
        self.so_far = len(known)
        kinds = {way.kind for way in known}
        self.ways.clear()
        with self.ways:
            self._ways(self.quick, [*known, *(way for way in self.quick.ways if way.kind not in kinds)])

    async def _confirmed(self, job: Job) -> None:
        why = await in_thread(self.view.desk.asking.confirmed, self.view.user, job.id)
        if not is_there(self.ways) or self.trail[-1] != why.item:
            return
        self.answer.clear()
        with self.answer:
            self._sentences(why)
        self.ways.clear()
        with self.ways:
            self._ways(why, why.ways)
        with self.checking:
            kit.note(self.say(Text("✓ 以上每条都已重新求解验证。", "✓ Each of these was re-solved.")))
        self.related.clear()
        with self.related:
            self._related_in(why)

    def _related(self, why: Why) -> None:
        self.related = kit.part("div")
        with self.related:
            self._related_in(why)

    def _related_in(self, why: Why) -> None:
        for words, items in why.related:
            with kit.part("div", "qo-related"):
                kit.words(self.say(words), "qo-related-name")
                with kit.part("span", "qo-chips"):
                    for item, title in items:
                        self._chip(item, title)

    def _chip(self, item: Item, title: Text) -> None:
        kit.button(self.say(title), on_click=partial(self.show, item), classes="qo-chip")

    async def _grounds(self, why: Why) -> None:
        """Tables behind the answer, and the entries in the ledger."""
        later: tuple[Section, ...] = tuple(section for section in why.document.sections[1:] if section.tables)
        with kit.part("details", "qo-details"):
            kit.words(self.say(Text("依据的数字", "The figures behind it")), "", "summary")
            for section in later:
                for table in section.tables:
                    if table.key != "changes":
                        kit.heading(self.say(table.title), 3)
                        rows(self.view, table, most=MOST_ROWS)
        if why.item.kind in ("project", "firm"):
            frame = kit.part("details", "qo-details")
            with frame:
                kit.words(self.say(Text("台账", "Ledger")), "", "summary")
                await self._ledger(why.item)

    async def _ledger(self, item: Item) -> None:
        from dataclasses import replace

        from quota_opt.report import tables

        frame = kit.part("div")
        read = await in_thread(self.view.desk.plans.read, self.view.user, self.job)
        content = read.content
        mine = content.ledger[(content.ledger["from"] == item.id) | (content.ledger["to"] == item.id)]
        if is_there(frame):
            with frame:
                rows(self.view, tables.ledger(replace(content, ledger=mine)), most=LEDGER_ROWS)

    async def _leave(self) -> None:
        following, self.following = self.following, None
        if following is not None:
            await following.leave()

    async def _closed(self) -> None:
        await self._leave()
        self.dialog.delete()


def opener(view: View, job: str, kind: str) -> Callable[[Sequence[Cell]], object]:
    """For a table whose first column are identifiers of one kind: opens the drawer on the row."""
    return lambda cells: open_why(view, job, (kind, str(cells[0])))
