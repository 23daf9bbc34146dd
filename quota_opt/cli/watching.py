"""What moves on stderr while a person waits, and who is asked when Ctrl-C is pressed."""

from __future__ import annotations

import os
import signal
import sys
import threading
from abc import ABC, abstractmethod
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Self

from quota_opt.cli.session import Session, console
from quota_opt.errors import Text

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live


class Watching(ABC):
    """A context around long work: while `shown`, `_view` is drawn again and again; `_interrupt` handles Ctrl-C."""

    per_second = 8.0
    """How often the view is drawn."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.shown = sys.stderr.isatty() and session.speaking
        self._live: Live | None = None
        self._handler: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._handler = signal.signal(signal.SIGINT, self._interrupt)
        if self.shown:
            from rich.live import Live

            often = self.per_second
            self._live = Live(
                console=console(sys.stderr), get_renderable=self._view, refresh_per_second=often, transient=True
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

    @abstractmethod
    def _view(self) -> RenderableType: ...

    @abstractmethod
    def _interrupt(self, number: int, frame: FrameType | None) -> None: ...

    def _say_at_once(self, words: Text) -> None:
        """Tell from within a signal handler, which may interrupt a write to the same stream: round Python's buffers."""
        if not self.session.json:
            os.write(2, self.session.text(words).encode())
