"""A case without a plan: which clauses clash, and the cheapest repairs, each to be tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from quota_opt.errors import Text
from quota_opt.store.jobs import DONE, ENDED, Job
from quota_opt.web.desk.plans import JobState
from quota_opt.web.page import figures, kit
from quota_opt.web.page.acting import asked, is_there
from quota_opt.web.page.saving import try_link
from quota_opt.web.page.view import View

POLL_S = 0.7


def show_clash(view: View, state: JobState, case: str | None) -> None:
    """Ask for the explanation, which is kept: a reload finds it; show it when it is there."""
    desk, user = view.desk, view.user
    frame = kit.part("div")
    with frame:
        line = kit.answer(
            view.say(
                Text(
                    "正在找相互矛盾的条款和最省的改法，每个改法都重新求解验证……",
                    "Looking for the clauses that clash and the cheapest repairs; each is confirmed by solving …",
                )
            )
        )
    question: list[Job] = []

    def ask() -> Job:
        return desk.asking.infeasible(
            user, desk.plans.case(user, state.id), variant=state.variant, overrides=state.overrides
        )

    async def poll() -> None:
        made = await (asked(view, desk.asking.state, user, question[0].id) if question else asked(view, ask))
        if made is None:
            timer.deactivate()
            return
        question[:] = [made]
        if made.state not in ENDED or not is_there(frame):
            return
        timer.deactivate()
        if made.state != DONE:
            message = (made.error or {}).get("message") or {}
            line.set_text(str(message.get(view.language) or view.say(_NOTHING)))
            return
        answer = await asked(view, desk.asking.answer, user, made.id)
        if answer is None or not is_there(frame):
            return
        frame.clear()
        with frame:
            figures.document(view, answer.document, title=False)
            _repairs(view, case, answer.values.get("repairs") or [], state.overrides, state.variant)

    timer = ui.timer(POLL_S, poll)


_NOTHING = Text("没有查出原因。", "The reason was not found.")


def _repairs(
    view: View,
    case: str | None,
    repairs: list[Mapping[str, Any]],
    overrides: Mapping[str, Any],
    variant: str | None,
) -> None:
    """The repairs that are settings, each with a way to try it."""
    there = [repair for repair in repairs if repair.get("set")]
    if case is None or not there:
        return
    with kit.card(view.say(Text("试一试", "Try one"))):
        for number, repair in enumerate(there, 1):
            words = view.say(Text("；", "; ")).join(str(each[view.language]) for each in repair["words"])
            changes = {**overrides, **repair["set"]}
            values = "，".join(f"{value}" for value in repair["set"].values())
            with kit.part("div", "qo-row"):
                kit.words(f"{number}. {words} → {values}")
                kit.anchor(view.say(Text("试", "Try")), try_link(view, case, changes, variant), "qo-link-button")
