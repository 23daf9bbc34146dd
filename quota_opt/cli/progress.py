"""The line that moves while the solver works, and what Ctrl-C does meanwhile."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Self

from quota_opt.cli.session import Session, console
from quota_opt.errors import Text

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text as Words

    from quota_opt.solving.status import Progress

_STAGES = {
    "read": Text("读取", "reading"),
    "build": Text("建模", "building"),
    "solve": Text("求解", "solving"),
    "front": Text("取舍曲线", "front"),
    "polish": Text("细化", "polishing"),
    "prices": Text("定价", "pricing"),
    "verify": Text("复核", "verifying"),
    "write": Text("写出", "writing"),
}


class Watch:
    """Shows progress on stderr where a person watches, and turns the first Ctrl-C into "stop, keep the best plan".

    Use as a context manager around the solve; the instance is the `on_progress` callback. After it, `stopped` tells
    that Ctrl-C was pressed once, `aborted` that it was pressed twice and nothing is to be written.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.stopped = False
        self.aborted = False
        self.shown = sys.stderr.isatty() and not (session.json or session.quiet)
        self._live: Live | None = None
        self._latest: Progress | None = None
        self._began = time.monotonic()
        self._handler: Any = None

    def __call__(self, progress: Progress) -> bool:
        """Take one report; False tells the engine to stop."""
        self._latest = progress
        return not self.stopped

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._handler = signal.signal(signal.SIGINT, self._interrupt)
        if self.shown:
            from rich.live import Live

            self._live = Live(
                console=console(sys.stderr), get_renderable=self._line, refresh_per_second=8, transient=True
            )
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
        if self._handler is not None:
            signal.signal(signal.SIGINT, self._handler)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.aborted:
            os._exit(4)  # the third time: whatever is stuck, leave
        if self.stopped:
            self.aborted = self.session.given_up = True
            raise KeyboardInterrupt
        self.stopped = True
        # A handler may interrupt a write to the same stream, so it goes round Python's buffers.
        if not self.session.json:
            words = Text("\n正在停止，保留目前最好的方案；再按一次 Ctrl-C 放弃。\n", _STOPPING)
            os.write(2, self.session.text(words).encode())

    def _line(self) -> Words:
        from rich.text import Text as Words

        return Words(progress_line(self._latest, time.monotonic() - self._began, self.session))


_STOPPING = "\nStopping; the best plan so far is kept. Press Ctrl-C again to give up.\n"


def progress_line(progress: Progress | None, seconds: float, session: Session) -> str:
    """One line: stage, seconds, best value, bound, gap; what is not known yet is left out."""
    if progress is None:
        return f"… {seconds:.1f} s"
    parts = [session.text(_STAGES[progress.stage]) if progress.stage in _STAGES else progress.stage, f"{seconds:.1f} s"]
    if progress.incumbent is not None:
        parts.append(f"{session.text(Text('当前最好', 'best'))} {progress.incumbent:,.1f}")
    if progress.bound is not None and abs(progress.bound) < 1e20:
        parts.append(f"{session.text(Text('界', 'bound'))} {progress.bound:,.1f}")
    if progress.gap is not None and progress.gap < 10:
        parts.append(f"{session.text(Text('差距', 'gap'))} {progress.gap:.3%}")
    return "   ".join(parts)
