"""What `child.Child` runs as a program: it is handed one task after another and solves them, one processor each.

    in    ("task", number, task, case or None where it is known, digests of cases to forget), ("cancel", number)
    out   ("began", None), ("log", line), ("progress", Progress), ("done", Done)

It ends at once when its input closes, with whatever it has started: its parent is gone.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import threading
import time
import traceback
from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType
from typing import IO, Any, Self

import pandas as pd

from quota_opt.batch.memory import Tree
from quota_opt.batch.task import Done, Task, execute, without_plan
from quota_opt.errors import Text
from quota_opt.facade import Scenario
from quota_opt.solving.by_place_workers import PLACE_OF_WORK, Workers
from quota_opt.solving.pipes import WorkerError, own_ends, received, send
from quota_opt.solving.status import OnProgress, Progress

log = logging.getLogger("quota_opt.batch.run")

INTERVAL_S = 0.2
"""Least time between two reports of one stage."""
LOGGED_S = 10.0
"""Least time between two lines of the log about one stage."""


Work = Callable[[Task, Scenario, OnProgress], Done]
"""What is done for one task: `execute`, or something like it."""


class Parent:
    """The other end: what it asks for, and the wish to stop."""

    def __init__(self, source: IO[bytes], out: IO[bytes]) -> None:
        self.tasks: SimpleQueue[tuple[int, Task, Scenario | None, tuple[str, ...]]] = SimpleQueue()
        self.cancelled = -1
        """Number of the last task that is no longer wanted."""
        self._out = out
        self._writing = threading.Lock()
        threading.Thread(target=self._listen, args=(source,), daemon=True).start()

    def tell(self, kind: str, value: Any = None) -> None:
        """Say one thing; nobody hears it where the parent is gone."""
        with self._writing:
            try:
                send(self._out, (kind, value))
            except WorkerError:
                _end()

    def _listen(self, source: IO[bytes]) -> None:
        while True:
            try:
                kind, *rest = received(source)
            except WorkerError:
                _end()
            if kind == "cancel":
                self.cancelled = rest[0]
            else:
                self.tasks.put(tuple(rest))


def _end() -> None:
    Tree(os.getpid()).kill_below()
    os._exit(0)


class Reports:
    """What a solve tells on the way, passed on now and then, and to the log more seldom."""

    def __init__(self, parent: Parent, number: int) -> None:
        self._parent = parent
        self._number = number
        self._stage = ""
        self._began = time.monotonic()
        self._told = self._logged = 0.0

    def __call__(self, progress: Progress) -> bool:
        """Whether to go on."""
        now = time.monotonic()
        new = progress.stage != self._stage
        if new or now - self._logged >= LOGGED_S:
            found = "" if progress.incumbent is None else f", best {progress.incumbent:.9g}"
            left = "" if progress.gap is None else f", gap {progress.gap:.3g}"
            log.info("%s after %.1f s%s%s", progress.stage, now - self._began, found, left)
            self._logged = now
        if new or now - self._told >= INTERVAL_S:
            self._parent.tell("progress", progress)
            self._stage, self._told = progress.stage, now
        return self._parent.cancelled != self._number


class Caught:
    """A context whose error, whatever it is, is kept in `error` instead of raised."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.error = error
        return True


class ToParent(logging.Handler):
    """Sends each line of the log to the parent, so that it is there when this process is not."""

    def __init__(self, parent: Parent) -> None:
        super().__init__(logging.INFO)
        self._parent = parent
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """One record, one line."""
        self._parent.tell("log", " ".join(self.format(record).splitlines()))


def solved(task: Task, case: Scenario, reports: Reports, work: Work = execute) -> Done:
    """The task's Done, whatever happens in this process; an error nobody foresaw is in the log by type and frames.

    Its message is not: the message of a library may quote cells of the planner's tables.
    """
    limit = "" if task.profile.time_limit_s is None else f", at most {task.profile.time_limit_s:g} s"
    log.info(
        "run %s: variant %s, settings changed: %d, profile %s to gap %g%s",
        task.address,
        task.variant or "base",
        len(task.overrides),
        task.profile.name,
        task.profile.relative_gap,
        limit,
    )
    began = time.perf_counter()
    with Caught() as caught:
        done = work(task, case, reports)
    seconds = time.perf_counter() - began
    if caught.error is None:
        ending = done.ending
        found = "" if ending.objective is None else f", objective {ending.objective:.9g}, gap {ending.gap or 0.0:.3g}"
        log.info("%s after %.1f s%s", ending.status, seconds, found)
        return done
    name = type(caught.error).__name__
    frames = traceback.extract_tb(caught.error.__traceback__)
    for frame in frames:
        log.error("%s, line %s, in %s", frame.filename, frame.lineno, frame.name)
    log.error("%s after %.1f s", name, seconds)
    if isinstance(caught.error, MemoryError):
        return without_plan(task, "OUT_OF_MEMORY", Text("内存不足。", "There is not enough memory."), seconds)
    text = Text(f"程序内部错误（{name}），详见日志。", f"Internal error ({name}); its log says where.")
    return without_plan(task, "ERROR", text, seconds)


def serve(work: Work = execute, forget: Callable[[str], None] | None = None) -> None:
    """Serve the parent until it closes the pipe; `forget` is told the digest of a case that will not be asked again."""
    parent = Parent(*own_ends())
    faulthandler.enable()
    PLACE_OF_WORK.set(Workers)  # which is this process alone
    pd.set_option("mode.string_storage", "python")  # tables are small here, and their cells taken one by one
    logger = logging.getLogger("quota_opt")
    logger.addHandler(ToParent(parent))
    logger.setLevel(logging.INFO)
    cases: dict[str, Scenario] = {}
    while True:
        number, task, case, forgotten = parent.tasks.get()
        for digest in forgotten:
            del cases[digest]
            if forget is not None:
                forget(digest)
        if case is not None:
            cases[task.case] = case
        parent.tell("began")
        parent.tell("done", solved(task, cases[task.case], Reports(parent, number), work))


if __name__ == "__main__":
    serve()
