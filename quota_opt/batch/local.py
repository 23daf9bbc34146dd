"""Runs in processes on this machine, so many at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from quota_opt.batch.child import Child
from quota_opt.batch.pool import Limits
from quota_opt.batch.task import Done, Task
from quota_opt.facade import Scenario


class LocalPool:
    """`jobs` processes, each solving one task at a time; a `Pool`."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all processes at once; what they were doing is lost."""
        children, self._children = self._children, []
        for child in children:
            child.close()

    def run(self, cases: Mapping[str, Scenario], tasks: Sequence[Task], limits: Limits) -> Iterator[Done]:
        """Each task's Done as it comes, begun in the order of `tasks`. What is lost is tried once more."""
        self._children = self._children or [Child() for _ in range(self._jobs)]
        idle: SimpleQueue[Child] = SimpleQueue()
        for child in self._children:
            idle.put(child)

        def solved(task: Task) -> Done:
            child = idle.get()
            try:
                return tried(child, task, cases[task.case], limits)
            finally:
                idle.put(child)

        executor = ThreadPoolExecutor(self._jobs, thread_name_prefix="quota-opt-run")
        whole = False
        try:
            # No list of the futures: each is let go, with the files it holds, when it has been handed on.
            for future in as_completed([executor.submit(solved, task) for task in tasks]):
                yield future.result()
            whole = True
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
            if not whole:
                self.close()


def tried(child: Child, task: Task, case: Scenario, limits: Limits) -> Done:
    """Solve a task in a process; once more where that is lost."""
    first = child.solve(task, case, limits)
    if first.ending.status != "LOST":
        return first
    second = child.solve(task, case, limits)
    return replace(second, log=f"{first.log}tried again:\n{second.log}")
