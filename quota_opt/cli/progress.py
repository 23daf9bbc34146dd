"""The line that moves while the solver works, and what Ctrl-C does meanwhile."""

from __future__ import annotations

import os
import time
from types import FrameType
from typing import TYPE_CHECKING

from quota_opt.cli.session import Session
from quota_opt.cli.watching import Watching
from quota_opt.errors import Text

if TYPE_CHECKING:
    from rich.text import Text as Words

    from quota_opt.solving.status import Progress

_STAGES = {
    "read": Text("读取", "reading"),
    "build": Text("建模", "building"),
    "solve": Text("求解", "solving"),
    "front": Text("取舍曲线", "front"),
    "points": Text("取舍曲线", "front"),
    "polish": Text("细化", "polishing"),
    "prices": Text("定价", "pricing"),
    "verify": Text("复核", "verifying"),
    "write": Text("写出", "writing"),
}


class Watch(Watching):
    """Shows progress on stderr where a person watches, and turns the first Ctrl-C into "stop, keep the best plan".

    Use as a context manager around the solve; the instance is the `on_progress` callback. After it, `stopped` tells
    that Ctrl-C was pressed once, `aborted` that it was pressed twice and nothing is to be written.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.stopped = False
        self.aborted = False
        self._latest: Progress | None = None
        self._began = time.monotonic()

    def __call__(self, progress: Progress) -> bool:
        """Take one report; False tells the engine to stop."""
        self._latest = progress
        return not self.stopped

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.aborted:
            os._exit(4)  # the third time: whatever is stuck, leave
        if self.stopped:
            self.aborted = self.session.given_up = True
            raise KeyboardInterrupt
        self.stopped = True
        self._say_at_once(_STOPPING)

    def _view(self) -> Words:
        from rich.text import Text as Words

        return Words(progress_line(self._latest, time.monotonic() - self._began, self.session))


_STOPPING = Text(
    "\n正在停止，保留目前最好的方案；再按一次 Ctrl-C 放弃。\n",
    "\nStopping; the best plan so far is kept. Press Ctrl-C again to give up.\n",
)


def progress_line(progress: Progress | None, seconds: float, session: Session) -> str:
    """One line: stage, seconds, best value, bound, gap; what is not known yet is left out."""
    if progress is None:
        return f"… {seconds:.1f} s"
    parts = [session.text(_STAGES[progress.stage]) if progress.stage in _STAGES else progress.stage, f"{seconds:.1f} s"]
    if progress.stage == "points" and progress.incumbent is not None:
        parts.append(session.text(Text(f"已有 {progress.incumbent:.0f} 点", f"{progress.incumbent:.0f} points so far")))
    elif progress.incumbent is not None:
        parts.append(f"{session.text(Text('当前最好', 'best'))} {progress.incumbent:,.1f}")
    if progress.bound is not None and abs(progress.bound) < 1e20:
        parts.append(f"{session.text(Text('界', 'bound'))} {progress.bound:,.1f}")
    if progress.gap is not None and progress.gap < 10:
        parts.append(f"{session.text(Text('差距', 'gap'))} {progress.gap:.3%}")
    return "   ".join(parts)
