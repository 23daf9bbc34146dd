"""One run after another in a process of its own, with hard limits: whatever happens there is a Done here.

The process (`child_process.py`) starts with the first task and is kept for the next, with the cases it was sent. It is
replaced when it is killed, crashes, or holds on to memory. It ends with its parent, even one that is killed.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import subprocess
import tempfile
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from quota_opt.batch.memory import Tree, step_back
from quota_opt.batch.pool import Limits
from quota_opt.batch.task import Done, Task, without_plan
from quota_opt.errors import Text
from quota_opt.facade import Scenario
from quota_opt.solving.pipes import WorkerError, close, packed, received, started, write
from quota_opt.solving.status import OnProgress

log = logging.getLogger(__name__)

POLL_S = 0.2
"""How often limits are looked at."""
START_S = 120.0
"""How long a process may take to start and to take a case in."""
GRACE_S = 15.0
"""How long a cancelled run may take to hand over the plan it has."""
CASES = 4
"""Cases a process keeps; beyond these it forgets the one that was used longest ago."""
KEPT_MB = 300
"""A process that still holds so much more than when it began is replaced before the next run."""
TAIL = 8_000
"""Bytes of standard error, at most, that go into the log."""
WORN = ("ERROR", "LOST", "TIMEOUT", "OUT_OF_MEMORY", "CANCELLED")
"""Endings after which a process is replaced."""
UNLIMITED = Limits()


@dataclass(frozen=True)
class Kind:
    """What a process is for: the module it runs, after which endings and above what memory (more than when it
    began; None: `KEPT_MB`) it is replaced, and how far it steps back for others (`nice`, 0 to 19; 0: not at all)."""

    module: str = "quota_opt.batch.child_process"
    worn: tuple[str, ...] = WORN
    kept_mb: float | None = None
    nice: int = 0


SOLVER = Kind()
CANCELLED = Text("已取消，没有方案。", "Cancelled; there is no plan.")


class Child:
    """A process that solves. Use as a context, or call `close`; one `solve` at a time.

    `kind` says which program it runs, and what of it is kept.
    """

    def __init__(self, kind: Kind = SOLVER) -> None:
        self._kind = kind
        self._process: _Process | None = None
        self._lock = threading.Lock()
        self._cancelled = threading.Event()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def begin(self) -> None:
        """Start the process ahead of its first task; where it cannot be started, `solve` says so."""
        with contextlib.suppress(OSError):
            self._ready()

    def solve(
        self, task: Task, case: Scenario, limits: Limits = UNLIMITED, on_progress: OnProgress | None = None
    ) -> Done:
        """Solve `task` of `case`, which is as it was read. A run that fails, is stopped or is lost is a Done, too.

        `on_progress` is called in this thread, at most five times a second; returning False cancels, as `cancel` does.
        """
        self._cancelled.clear()
        try:
            process = self._ready()
        except OSError as error:
            reason = Text(f"求解进程无法启动：{error.strerror}", f"The process cannot be started: {error.strerror}")
            return without_plan(task, "LOST", reason)
        if process is None:
            return without_plan(task, "CANCELLED", CANCELLED)
        try:
            done = _Run(process, task, limits, on_progress, self._cancelled).done(case)
        except BaseException:
            self._drop()
            raise
        if done.ending.status in self._kind.worn:
            self._drop()
        return done

    def cancel(self) -> None:
        """End the run that is being solved, from another thread. The plan found so far is kept if it comes in time."""
        self._cancelled.set()
        process = self._process
        if process is not None:
            process.inbox.put(("", None))  # who waits for what it says looks up at once

    def close(self) -> None:
        """End the process at once, and with it the run that is being solved; nothing can be solved afterwards."""
        self._closed = True
        self._drop()

    def _ready(self) -> _Process | None:
        """The process, started or replaced where need be; None where this is closed."""
        process = self._process
        if process is not None and process.worn():
            log.debug("a process that has ended, or holds too much memory, is replaced")
            self._drop()
        with self._lock:
            if self._closed:
                return None
            if self._process is None:
                self._process = _Process(self._kind)
            return self._process

    def _drop(self) -> None:
        with self._lock:
            process, self._process = self._process, None
            if process is not None:
                process.end()


class _Process:
    """One started process: what it says comes out of `inbox`, ("gone", None) last."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._errors = tempfile.TemporaryFile("a+b")  # noqa: SIM115 - it lives as long as the process
        self._popen = started(kind.module, self._errors)
        if kind.nice:
            step_back(self._popen.pid, kind.nice)
        self._ending = threading.Lock()
        self._said = ""
        self._fresh_mb: float | None = None
        self._cases: OrderedDict[str, None] = OrderedDict()
        self._number = -1
        self.tree = Tree(self._popen.pid)
        self.inbox: SimpleQueue[tuple[str, Any]] = SimpleQueue()
        self.ended = False
        """Whether it was ended from here."""
        threading.Thread(target=self._listen, daemon=True).start()

    def hand(self, task: Task, case: Scenario) -> None:
        """Hand the task over, with its case unless that is known there, without waiting until it is taken."""
        self._errors.truncate(0)
        self._number += 1
        known = task.case in self._cases
        self._cases[task.case] = None
        self._cases.move_to_end(task.case)
        forget = tuple(self._cases.popitem(last=False)[0] for _ in range(len(self._cases) - CASES))
        data = packed(("task", self._number, task, None if known else case, forget))
        threading.Thread(target=self._say, args=(data,), daemon=True).start()

    def cancel(self) -> None:
        """Ask for the plan found so far."""
        self._say(packed(("cancel", self._number)))

    def began(self, resident_mb: float) -> None:
        """Remember what the process holds before its first run."""
        if self._fresh_mb is None:
            self._fresh_mb = resident_mb

    def worn(self) -> bool:
        """Whether it holds on to memory, or has ended meanwhile."""
        held = self.tree.resident_mb()
        return self._popen.poll() is not None or held > (self._fresh_mb or held) + (self._kind.kept_mb or KEPT_MB)

    def code(self) -> int:
        """How it ended by itself: its exit code, or the negative number of a signal."""
        try:
            return self._popen.wait(timeout=GRACE_S)
        except subprocess.TimeoutExpired:  # it has closed its pipe, and goes on
            return 0

    def said(self) -> str:
        """The end of what it has written to standard error since it was handed its task."""
        with self._ending:
            if not self._errors.closed:
                size = self._errors.seek(0, 2)
                self._errors.seek(max(0, size - TAIL))
                self._said = self._errors.read().decode("utf-8", "replace").strip()
            return self._said

    def end(self) -> None:
        """End it and what it has started, at once; what it has said stays known."""
        with self._ending:
            self.ended = True
            self.tree.kill()
            self._popen.wait()
            close(self._popen.stdin)
        self.said()
        self._errors.close()

    def _say(self, data: bytes) -> None:
        try:
            write(self._popen.stdin, data)
        except WorkerError as error:  # it has ended, which the listener tells
            log.debug("%s", error)

    def _listen(self) -> None:
        try:
            while True:
                self.inbox.put(received(self._popen.stdout))
        except WorkerError as error:
            log.debug("%s", error)
        finally:
            close(self._popen.stdout)
            self.inbox.put(("gone", None))


class _Run:
    """One task in a process: its log, what it takes, and when it has to be stopped."""

    def __init__(
        self,
        process: _Process,
        task: Task,
        limits: Limits,
        on_progress: OnProgress | None,
        cancelled: threading.Event,
    ) -> None:
        self._process = process
        self._task = task
        self._limits = limits
        self._on_progress = on_progress
        self._cancelled = cancelled
        self._handed = time.monotonic()
        self._began: float | None = None
        self._asked: float | None = None
        self._looked = 0.0
        self._now_mb = self._peak_mb = 0.0
        self._lines: list[str] = []

    def done(self, case: Scenario) -> Done:
        """Hand the task over and wait for its end, whichever that is."""
        self._process.hand(self._task, case)
        while True:
            try:
                kind, value = self._process.inbox.get(timeout=POLL_S)
            except Empty:
                kind, value = "", None
            self._look(at_once=kind in ("began", "done"))
            if kind == "done":
                return self._told(value)
            if kind == "gone":
                return self._without_plan(*self._gone())
            if kind == "began":
                self._began = time.monotonic()
                self._process.began(self._now_mb)
            elif kind == "log":
                self._lines.append(value)
            elif kind == "progress" and self._on_progress is not None and self._on_progress(value) is False:
                self._cancelled.set()
            why = self._over()
            if why is not None:
                self._end()
                return self._without_plan(*why)

    @property
    def _seconds(self) -> float:
        return 0.0 if self._began is None else time.monotonic() - self._began

    def _look(self, *, at_once: bool) -> None:
        now = time.monotonic()
        if at_once or now - self._looked >= POLL_S:
            self._now_mb, self._looked = self._process.tree.resident_mb(), now
            self._peak_mb = max(self._peak_mb, self._now_mb)

    def _over(self) -> tuple[str, Text] | None:
        """Why the process has to be ended now, if it has."""
        seconds, megabytes = self._limits.seconds, self._limits.memory_mb
        if megabytes is not None and self._now_mb > megabytes:
            return "OUT_OF_MEMORY", Text(
                f"内存超过上限 {megabytes:,} MB（已用 {self._now_mb:,.0f} MB），已终止。",
                f"More memory than the limit of {megabytes:,} MB ({self._now_mb:,.0f} MB in use); the run was ended.",
            )
        if seconds is not None and self._seconds > seconds:
            return "TIMEOUT", Text(
                f"用时超过上限 {seconds:g} 秒（已 {self._seconds:.1f} 秒），已终止。",
                f"Longer than the limit of {seconds:g} s ({self._seconds:.1f} s so far); the run was ended.",
            )
        if self._cancelled.is_set():
            if self._began is None or (self._asked is not None and time.monotonic() - self._asked > GRACE_S):
                return "CANCELLED", CANCELLED
            if self._asked is None:
                self._process.cancel()
                self._asked = time.monotonic()
        if self._began is None and time.monotonic() - self._handed > START_S:
            return "LOST", Text(
                f"求解进程 {START_S:g} 秒内没有启动。", f"The process did not start within {START_S:g} s."
            )
        return None

    def _told(self, done: Done) -> Done:
        """What the process handed over, with its log and its memory."""
        ending = replace(done.ending, peak_mb=round(self._peak_mb, 1))
        if self._cancelled.is_set() and ending.status == "NO_SOLUTION_FOUND":
            ending = replace(ending, status="CANCELLED", reason=CANCELLED)
        elif self._cancelled.is_set() and ending.status == "FEASIBLE":
            gap = "∞" if ending.gap is None else f"{ending.gap:.2%}"
            kept = Text(
                f"已取消，保留当时最好的方案，差距 {gap}。",
                f"Cancelled; the best plan so far is kept, to a gap of {gap}.",
            )
            ending = replace(ending, reason=kept)
        return replace(done, ending=ending, log=self._log())

    def _gone(self) -> tuple[str, Text]:
        """How a process ended by itself, or that it was ended because nobody wants it any more."""
        if self._process.ended:
            return "CANCELLED", CANCELLED
        code = self._process.code()
        self._process.end()
        if code >= 0:
            return "LOST", Text(f"求解进程意外退出（代码 {code}）。", f"The process ended by itself (code {code}).")
        name = signal.Signals(-code).name
        if name == "SIGKILL":
            return "LOST", Text(
                "求解进程被系统强行终止（SIGKILL），可能是内存不足。",
                "The process was killed from outside (SIGKILL); perhaps the system ran out of memory.",
            )
        return "LOST", Text(f"求解进程崩溃（{name}），详见日志。", f"The process crashed ({name}); see its log.")

    def _end(self) -> None:
        """End the process, and hear what it has said before."""
        self._process.end()
        while (heard := self._process.inbox.get())[0] != "gone":
            if heard[0] == "log":
                self._lines.append(heard[1])

    def _without_plan(self, status: str, reason: Text) -> Done:
        self._lines.append(f"{status}: {reason.en}")
        done = without_plan(self._task, status, reason, self._seconds, self._log())
        return replace(done, ending=replace(done.ending, peak_mb=round(self._peak_mb, 1)))

    def _log(self) -> str:
        said = self._process.said()
        lines = [*self._lines, *(["standard error:", said] if said else [])]
        return "".join(f"{line}\n" for line in lines)
