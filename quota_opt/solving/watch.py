"""Watching a solver at work: it runs in a thread of its own; the caller's thread reports and listens for Ctrl-C."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import TypeVar

from quota_opt.solving.status import OnProgress, Progress, relative_gap

T = TypeVar("T")

INTERVAL_S = 0.1
"""Least time between two reports."""


class Watch:
    """What solver and caller share: the best value and bound so far, and the wish to stop.

    The solver's side calls `update` and looks at `cancelled` (or registers a `when_cancelled` hook); `run` is the
    caller's side.
    """

    def __init__(self, stage: str = "solve", on_progress: OnProgress | None = None) -> None:
        self.stage = stage
        self.cancelled = threading.Event()
        self.objective_scale = 1.0  # the solver's objective divided by the model's
        self._on_progress = on_progress
        self._began = time.monotonic()
        self._incumbent: float | None = None
        self._bound: float | None = None
        self._hooks: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float:
        """Seconds since the solve began."""
        return time.monotonic() - self._began

    def update(self, incumbent: float | None = None, bound: float | None = None) -> None:
        """Tell a value reached and a bound proven, in the solver's units; the best of each are kept.

        What is not finite is not told.
        """
        if incumbent is not None and math.isfinite(incumbent) and abs(incumbent) < 1e100:
            value = incumbent / self.objective_scale
            self._incumbent = value if self._incumbent is None else max(self._incumbent, value)
        if bound is not None and math.isfinite(bound) and abs(bound) < 1e100:
            limit = bound / self.objective_scale
            self._bound = limit if self._bound is None else min(self._bound, limit)

    def when_cancelled(self, hook: Callable[[], None]) -> None:
        """Call `hook` (from the caller's thread) on cancellation; at once if that has come already."""
        with self._lock:
            self._hooks.append(hook)
            late = self.cancelled.is_set()
        if late:
            hook()

    def cancel(self) -> None:
        """Ask the solver to stop and keep what it has."""
        with self._lock:
            first = not self.cancelled.is_set()
            self.cancelled.set()
            hooks = list(self._hooks)
        if first:
            for hook in hooks:
                hook()

    def run(self, work: Callable[[], T]) -> T:
        """Do `work` in a thread of its own and the caller's context, reporting on the way; its result, or its error.

        The first Ctrl-C cancels; a second one is raised to the caller at once.
        """
        executor = ThreadPoolExecutor(1, thread_name_prefix="quota-opt-solver")
        try:
            future = executor.submit(copy_context().run, work)
            finished = False
            while not finished:
                try:
                    self._report()
                    finished = bool(wait([future], timeout=INTERVAL_S).done)
                except KeyboardInterrupt:
                    if self.cancelled.is_set():
                        raise
                    self.cancel()
            return future.result()
        except BaseException:
            self.cancel()
            raise
        finally:
            executor.shutdown(wait=False)

    def _report(self) -> None:
        if self._on_progress is None or self.cancelled.is_set():
            return
        incumbent, bound = self._incumbent, self._bound
        gap = relative_gap(incumbent, bound) if incumbent is not None and bound is not None else None
        if self._on_progress(Progress(self.stage, self.seconds, incumbent, bound, gap)) is False:
            self.cancel()
