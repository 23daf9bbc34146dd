"""What the workers of a Dask cluster do with runs: each is solved in a process of its own beside the worker.

Workers are told by the scheduler when a run is no longer wanted (its client is gone, or has stopped): its process ends.
"""

from __future__ import annotations

import pickle
import sys
import threading
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from typing import Any

from distributed import WorkerPlugin, get_worker

from quota_opt.batch.child import Child
from quota_opt.batch.local import tried
from quota_opt.batch.pool import Limits
from quota_opt.batch.task import Done, Task
from quota_opt.facade import Scenario
from quota_opt.plan.folder import version

ALIKE = ("distributed", "highspy", "numpy", "scipy", "pandas")
"""Packages whose versions are the same all over a cluster, so that answers are the same bit for bit."""


class OtherVersion(Exception):
    """A worker whose versions are not those of the client: its address, and its versions."""


class Solving(WorkerPlugin):  # type: ignore[misc]
    """The processes beside one worker: one for each run at work there, kept for the next."""

    name = "quota-opt"
    idempotent = True

    def setup(self, worker: Any) -> None:
        """Begin without any; `worker` does not matter."""
        self._lock = threading.Lock()
        self._idle: list[Child] = []
        self._busy: dict[str, Child] = {}

    def solve(self, key: str, task: Task, case: Scenario, limits: Limits) -> Done:
        """Solve a task under its key."""
        with self._lock:
            child = self._idle.pop() if self._idle else Child()
            self._busy[key] = child
        try:
            return tried(child, task, case, limits)
        finally:
            with self._lock:
                if self._busy.pop(key, None) is not None:
                    self._idle.append(child)

    def transition(self, key: Any, start: str, finish: str, **kwargs: Any) -> None:
        """End the process of a run that is no longer wanted."""
        if start == "executing" and finish == "released":
            with self._lock:
                child = self._busy.pop(key, None)
            if child is not None:
                threading.Thread(target=child.close, daemon=True).start()  # the worker has other things to do

    def teardown(self, worker: Any) -> None:
        """End all processes; `worker` leaves."""
        with self._lock:
            children = [*self._idle, *self._busy.values()]
            self._idle.clear()
            self._busy.clear()
        for child in children:
            child.close()


def versions() -> dict[str, str]:
    """Versions that matter, here."""
    found = {"python": f"{sys.version_info.major}.{sys.version_info.minor}", "quota-opt": version()}
    for name in ALIKE:
        try:
            found[name] = installed(name)
        except PackageNotFoundError:
            found[name] = "-"
    return found


def opened(payload: bytes) -> Scenario:
    """A case as it was read, from what was sent."""
    return pickle.loads(payload)  # type: ignore[no-any-return]


def solved(case: Scenario, task: Task, limits: Limits, expected: Mapping[str, str]) -> Done:
    """Solve a task beside this worker. Raises OtherVersion where its versions are not those expected."""
    worker, here = get_worker(), versions()
    if here != expected:
        raise OtherVersion(worker.address, here)
    return worker.plugins[Solving.name].solve(worker.get_current_task(), task, case, limits)  # type: ignore[no-any-return]
