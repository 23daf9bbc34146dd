"""An analysis on its way: how far it is, a button that stops it, and what it came to once it is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui
from nicegui.element import Element

from quota_opt.errors import QuotaOptError, Text
from quota_opt.store.jobs import DONE, ENDED, QUEUED, Job, now
from quota_opt.web.desk.states import seconds_words
from quota_opt.web.page import kit
from quota_opt.web.page.acting import is_there
from quota_opt.web.page.threads import in_thread
from quota_opt.web.page.view import View

POLL_S = 0.6


class Following:
    """A job of the desk's `asking`, shown in `frame` until it ends; then `done` draws what it came to there.

    `what` is what is being done, as in 正在重新求解验证; `moved` is told the job as it goes on. A job that has ended
    already is drawn at once.
    """

    def __init__(
        self,
        view: View,
        frame: Element,
        job: Job,
        done: Callable[[Job], Awaitable[None] | None],
        *,
        what: Text,
        moved: Callable[[Job], None] | None = None,
    ) -> None:
        self.view, self.frame, self.job, self.done, self.what, self.moved = view, frame, job, done, what, moved
        self._timer: ui.timer | None = None

    async def begin(self) -> None:
        """Show it, and go on until it has ended."""
        if self.job.state in ENDED:
            await self._ended()
            return
        self.frame.clear()
        with self.frame, kit.part("div", "qo-following"):
            self._line = kit.words("", "qo-following-line", "p").props("role=status aria-live=polite")
            ui.linear_progress(show_value=False).props("indeterminate aria-hidden=true").classes("qo-progress")
            kit.button(self.view.say(Text("停止", "Stop")), on_click=self.stop)
        assert self.frame.parent_slot is not None
        with self.frame.parent_slot:  # beside the frame: what clears the frame would end the work of a timer in it
            self._timer = ui.timer(POLL_S, self._poll)
        self._say()

    async def stop(self) -> None:
        """Stop it; what it has by then is kept where it says something by itself."""
        try:
            self.job = await in_thread(self.view.desk.asking.cancel, self.view.user, self.job.id)
        except QuotaOptError as error:
            self.view.trouble(error)
        if self._timer is not None and self.job.state not in ENDED:
            self._line.set_text(self.view.say(Text("正在停止……", "Stopping …")))

    async def leave(self) -> None:
        """Nobody waits for it any more."""
        if self._timer is not None:
            self._timer.deactivate()
        if self.job.state not in ENDED:
            try:
                await in_thread(self.view.desk.asking.cancel, self.view.user, self.job.id)
            except QuotaOptError:
                return

    async def _poll(self) -> None:
        try:
            self.job = await in_thread(self.view.desk.asking.state, self.view.user, self.job.id)
        except QuotaOptError as error:
            self._quiet()
            if is_there(self.frame):
                self.frame.clear()
                with self.frame:
                    kit.trouble_box(self.view, error)
            return
        if not is_there(self.frame):
            self._quiet()
            return
        if self.job.state in ENDED:
            self._quiet()
            await self._ended()
        elif not self.job.cancelling:
            self._say()
            if self.moved is not None:
                self.moved(self.job)

    def _quiet(self) -> None:
        if self._timer is not None:
            self._timer.deactivate()

    async def _ended(self) -> None:
        self.frame.clear()
        with self.frame:
            if self.job.state == DONE:
                await _awaited(self.done(self.job))
                return
            said = (self.job.error or {}).get("message")
            kit.answer(self.view.say(Text(**said) if said else _LOST))
            if await in_thread(_has_answer, self.view, self.job.id):
                await _awaited(self.done(self.job))

    def _say(self) -> None:
        job, progress = self.job, self.job.progress or {}
        if job.state == QUEUED:
            self._line.set_text(self.view.say(Text(f"排队等候：{self.what.zh}……", f"Waiting: {self.what.en} …")))
            return
        seconds = seconds_words((now() - job.started).total_seconds()) if job.started else Text("", "")
        points = progress.get("incumbent") if progress.get("stage") == "points" else None
        more = Text(f"，已有 {points:.0f} 点", f", {points:.0f} points so far") if points else Text("", "")
        self._line.set_text(
            self.view.say(
                Text(f"正在{self.what.zh}……（{seconds.zh}{more.zh}）", f"{self.what.en} … ({seconds.en}{more.en})")
            )
        )


async def _awaited(made: Awaitable[Any] | None) -> None:
    if made is not None:
        await made


def _has_answer(view: View, job: str) -> bool:
    try:
        view.desk.asking.answer(view.user, job)
    except QuotaOptError:
        return False
    return True


_LOST = Text("没有完成，请再试一次。", "It did not finish; please try again.")
