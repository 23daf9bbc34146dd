"""Locks: a project or firm decided by order, what that costs and whom, and how the order is kept or carried out."""

from __future__ import annotations

from dataclasses import replace

from nicegui import ui
from nicegui.element import Element

from quota_opt.errors import QuotaOptError, Text
from quota_opt.store.jobs import Job
from quota_opt.web.desk.asking import Order
from quota_opt.web.desk.why import Why
from quota_opt.web.page import kit
from quota_opt.web.page.acting import asked, is_there
from quota_opt.web.page.following import Following
from quota_opt.web.page.rows import rows
from quota_opt.web.page.saving import saving_row
from quota_opt.web.page.threads import in_thread
from quota_opt.web.page.view import View


def lock_form(view: View, job: str, why: Why) -> None:
    """What can be ordered of an item that is not so, with who orders it and why; and the receipt of the order."""
    order, words = _order(why)
    with kit.part("details", "qo-details qo-lock"):
        kit.words(view.say(Text(f"锁定：{words.zh}", f"Lock: {words.en}")), "", "summary")
        kit.note(
            view.say(
                Text(
                    "先算这样定的代价：目标值少多少、换下谁、突破哪一条。写进每一份成果。",
                    "First what the order costs: how much, who leaves, which clause is bent. Every paper says it.",
                )
            )
        )
        by = ui.input(label=view.say(Text("谁定的", "By whom"))).props("dense outlined maxlength=60")
        reason = ui.input(label=view.say(Text("理由", "Reason"))).props("dense outlined maxlength=200")
        bend = None
        if why.barred:
            bend = ui.checkbox(view.say(Text("允许破例（突破挡住它的条款）", "Bend the clause that bars it")))

        async def cost() -> None:
            made = replace(
                order, by=str(by.value or ""), reason=str(reason.value or ""), bend=bool(bend and bend.value)
            )
            try:
                asked_of = await in_thread(view.desk.asking.override, view.user, job, made)
                await in_thread(view.desk.workspace.log, view.user, "lock", why.item.id, {"job": job, **made.options()})
            except QuotaOptError as error:
                view.trouble(error)
                return
            if is_there(frame):
                what = Text("计算指定的代价", "Working out what the order costs")
                done = _Receipt(view, frame, job, why)
                await Following(view, frame, asked_of, done.draw, what=what).begin()

        kit.button(view.say(Text(f"{words.zh}：算出代价", f"{words.en}: what does it cost?")), on_click=cost)
        frame = kit.part("div")


def _order(why: Why) -> tuple[Order, Text]:
    one = (why.item.id,)
    if why.item.kind == "project":
        if why.awarded:
            return Order(refuse=one), Text("不安排", "force out")
        return Order(award=one), Text("必须安排", "force in")
    if why.awarded:
        return Order(keep=one), Text("保留不动", "keep as it is")
    return Order(close=one), Text("必须关停", "must close")


class _Receipt:
    """The receipt of an order, and what can be done with it."""

    def __init__(self, view: View, frame: Element, job: str, why: Why) -> None:
        self.view, self.frame, self.job, self.why = view, frame, job, why

    async def draw(self, made: Job) -> None:
        """Sentences, who is touched, and the buttons."""
        answer = await asked(self.view, self.view.desk.asking.answer, self.view.user, made.id)
        if answer is None or not is_there(self.frame):
            return
        first = answer.document.sections[0]
        with self.frame:
            for place, sentence in enumerate(first.sentences):
                if place == 0:
                    kit.answer(self.view.say(sentence))
                else:
                    kit.words(self.view.say(sentence), "", "p")
            with kit.part("details", "qo-details"):
                kit.words(self.view.say(Text("收据明细", "The whole receipt")), "", "summary")
                for section in answer.document.sections:
                    for table in section.tables:
                        kit.heading(self.view.say(table.title), 3)
                        rows(self.view, table, most=30)
            name = Text(f"锁定 {self.why.item.id}", f"{self.why.item.id} locked")
            saving_row(self.view, self.job, answer.values["set"], self.view.say(name))
