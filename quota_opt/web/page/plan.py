"""The screen of a plan: how far its solve is, what came of it, or why there is none."""

from __future__ import annotations

import asyncio

from nicegui import ui

from quota_opt.errors import Text
from quota_opt.web.desk.plans import JobState
from quota_opt.web.page import kit
from quota_opt.web.page.acting import is_there
from quota_opt.web.page.plan_job import show_failed, show_running
from quota_opt.web.page.plan_result import show_result
from quota_opt.web.page.threads import in_thread
from quota_opt.web.page.view import View

PROMPT_S = 2.0
"""A plan that takes longer to read comes after the page."""


async def show(view: View, job: str) -> None:
    """The job of that id, whatever state it is in."""
    state = await in_thread(view.desk.plans.state, view.user, job)
    case, _ = await in_thread(view.desk.standing, view.user, None, job)
    if not state.ended:
        show_running(view, state)
    elif state.planned:
        await _planned(view, state, case)
    else:
        show_failed(view, state, case)


async def _planned(view: View, state: JobState, case: str | None) -> None:
    reading = asyncio.ensure_future(in_thread(view.desk.plans.read, view.user, state.id))
    await asyncio.wait({reading}, timeout=PROMPT_S)
    frame = kit.part("div")
    if not reading.done():
        with frame:
            kit.answer(view.say(Text("正在读取方案并复核……", "Reading the plan and checking it …")))
        await ui.context.client.connected()
    read = await reading
    if is_there(frame):
        frame.clear()
        with frame:
            show_result(view, state, read, case)
