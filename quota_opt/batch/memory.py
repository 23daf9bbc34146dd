"""What a process and all that it started hold in memory, and how all of them are ended."""

from __future__ import annotations

import time
from contextlib import suppress

import psutil

MB = 1024 * 1024
SEEN_S = 1.0
"""How often a process is asked what it has started, which takes a look at all processes there are."""


class Tree:
    """A process and everything below it. What is below is remembered, so that it ends even when it is left alone."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._below: set[psutil.Process] = set()
        self._asked = 0.0

    def resident_mb(self) -> float:
        """Megabytes of memory in use now, all processes together; 0 where all have ended."""
        total = 0
        if time.monotonic() - self._asked >= SEEN_S:
            self._ask()
        for process in (self._root, *self._below):
            with suppress(psutil.Error):  # it has ended
                total += process.memory_info().rss
        return total / MB

    def kill(self) -> None:
        """End all of them at once."""
        self._ask()
        with suppress(psutil.Error):
            self._root.kill()
        _kill(self._below)

    def kill_below(self) -> None:
        """End what the process started, at once."""
        self._ask()
        _kill(self._below)

    def _ask(self) -> None:
        self._asked = time.monotonic()
        with suppress(psutil.Error):  # the process has ended; what it started may go on
            self._below |= set(self._root.children(recursive=True))
        self._below = {process for process in self._below if process.is_running()}


def step_back(pid: int, nice: int) -> None:
    """Let other processes go before this one where there are too few processors; `nice` is from 1 to 19."""
    with suppress(psutil.Error):  # it has ended
        process = psutil.Process(pid)
        process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if psutil.WINDOWS else nice)


def _kill(processes: set[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.Error):
            process.kill()  # which makes sure that no other process has taken the number
