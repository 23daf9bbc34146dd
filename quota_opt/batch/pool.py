"""What runs tasks: processes here, or a cluster. All give the same results; only the order they come in differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from quota_opt.batch.task import Done, Task
from quota_opt.facade import Scenario


@dataclass(frozen=True)
class Limits:
    """Hard limits of one run: wall seconds and megabytes of memory. Beyond them its process is ended."""

    seconds: float | None = None
    memory_mb: int | None = None


class Pool(Protocol):
    """Processes that solve; a context, which ends all of them when left."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def run(self, cases: Mapping[str, Scenario], tasks: Sequence[Task], limits: Limits) -> Iterator[Done]:
        """Each task's Done as it comes; `cases` by digest, as they were read, sent to a process once.

        A task that fails, or whose process dies, is a Done like any other. Closing the iterator ends what is running.
        """
        ...
