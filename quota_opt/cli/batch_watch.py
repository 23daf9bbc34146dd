"""The lines that move while a batch runs, and what Ctrl-C does meanwhile."""

from __future__ import annotations

import os
import time
from types import FrameType
from typing import TYPE_CHECKING

from quota_opt.cli.session import Session
from quota_opt.cli.watching import Watching
from quota_opt.errors import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from quota_opt.batch.live import BatchProgress

EVERY = 10.0
"""Seconds between two lines where no person watches."""
_MOST_CASES = 6


class BatchWatch(Watching):
    """Shows how a batch goes on stderr: moving lines where a person watches, a line now and then elsewhere.

    Use as a context manager around the batch; the instance is its `on_event`. The first Ctrl-C raises
    KeyboardInterrupt, upon which the batch keeps what is done and writes its tables; the second leaves at once.
    """

    per_second = 4.0

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._stopped = False
        self._told = time.monotonic()
        self._latest: BatchProgress | None = None
        self._came = time.monotonic()

    def __call__(self, progress: BatchProgress) -> None:
        """Take one report."""
        self._latest, self._came = progress, time.monotonic()
        if not self.shown and not self.session.quiet and self._came - self._told >= EVERY:
            self._told = self._came
            self.session.complain(Text(progress_line(progress, "zh"), progress_line(progress, "en")))

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._stopped:
            os._exit(4)
        self._stopped = True
        self._say_at_once(_STOPPING)
        raise KeyboardInterrupt

    def _view(self) -> RenderableType:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text as Words

        if self._latest is None:
            return Words("…")
        progress, language = self._latest, self.session.language
        since = time.monotonic() - self._came
        bar = Table.grid(padding=(0, 1))
        bar.add_row(
            ProgressBar(progress.total, progress.done, width=40), Words(f"{progress.done:,}/{progress.total:,}")
        )
        lines: list[RenderableType] = [bar, Words(progress_line(progress, language, since, counted=False))]
        from quota_opt.batch.told import parameters_words, variant_words

        for case, entry in list(progress.best.items())[:_MOST_CASES]:
            told = Words(f"{self.session.text(Text('最好', 'best'))} {case}  ", style="dim")
            told.append(f"{entry.ending.objective:,.1f}", style="bold")
            said = (variant_words(entry.run.variant).of(language), parameters_words(entry.run).of(language))
            told.append("  " + "  ".join(filter(None, said)))
            told.no_wrap, told.overflow = True, "ellipsis"
            lines.append(told)
        more = len(progress.best) - _MOST_CASES
        if more > 0:
            lines.append(Words(self.session.text(Text(f"另 {more} 个案例", f"{more} more cases")), style="dim"))
        return Group(*lines)


_STOPPING = Text(
    "\n正在停止，已算完的都保留；再按一次 Ctrl-C 立即离开。\n",
    "\nStopping; what is done is kept. Press Ctrl-C again to leave at once.\n",
)


def progress_line(progress: BatchProgress, language: str, since: float = 0.0, *, counted: bool = True) -> str:
    """One line: done, failed by reason, at work, time so far and left; `since` seconds have passed since it was so."""
    from quota_opt.report.words import STATUSES

    zh = language == "zh"
    parts = [f"{progress.done:,}/{progress.total:,}"] if counted else []
    failed = sum(progress.failed.values())
    parts.append(f"{'有方案' if zh else 'planned'} {progress.done - failed:,}")
    if progress.reused:
        parts.append(f"{'沿用' if zh else 'reused'} {progress.reused:,}")
    for status, count in progress.failed.items():
        parts.append(f"{STATUSES[status].zh if zh else STATUSES[status].en} {count:,}")
    if progress.running:
        parts.append(f"{'在算' if zh else 'at work'} {progress.running:,}")
    parts.append(f"{'用时' if zh else 'time'} {clock(progress.seconds + since)}")
    if progress.remaining is not None and progress.done < progress.total:
        parts.append(f"{'约剩' if zh else 'about left'} {clock(max(progress.remaining - since, 0.0))}")
    return "  ".join(parts)


def clock(seconds: float) -> str:
    """A span of time as people read it: 0:42, 12:05, 3:07:00."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
