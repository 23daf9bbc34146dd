"""Blocks at work in one process or several, with the same answers: each block stays with its worker.

A worker is this file run as a program; its blocks are sent once. It ends with its parent: when its input closes, at
the latest after what it is solving. A task is a function of this package that takes a block first: a method of Block,
which may change it, or another, which does not.
"""

from __future__ import annotations

import atexit
import subprocess
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np

from quota_opt.solving.by_place import Parts
from quota_opt.solving.by_place_block import Block
from quota_opt.solving.pipes import WorkerError, close, own_ends, received, send, started


class BlockWorkers(Protocol):
    """The blocks of one model at work, wherever that is: what `Workers` does. A context; leaving it is `close`."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    def each(self, task: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """`task(block, *arguments[b])` for every block b that has any; the answers in the order of the blocks."""
        ...

    def close(self) -> None:
        """End the work at once, from any thread."""
        ...


PLACE_OF_WORK: ContextVar[Callable[[Parts], BlockWorkers] | None] = ContextVar("place_of_work", default=None)
"""Who puts the blocks of large models to work; None: one process for each processor of this machine."""


class Workers:
    """The blocks of a model, spread over `processes` (1: in this process). Use as a context, or call `close`."""

    def __init__(self, parts: Parts, processes: int = 1) -> None:
        self._count = len(parts.parts)
        self._blocks: list[Block] = []
        self._children: list[subprocess.Popen[bytes]] = []
        self._mine: list[list[int]] = []
        if processes <= 1 or self._count < 2:
            self._blocks = [Block.of(part) for part in parts.parts]
            return
        self._mine = _shared_out([len(part.columns) for part in parts.parts], min(processes, self._count))
        atexit.register(self.close)
        try:
            for numbers in self._mine:
                child = started(__name__)
                self._children.append(child)
                send(child.stdin, len(numbers))
                for b in numbers:  # one by one: never a second copy of all
                    send(child.stdin, (b, parts.parts[b].arrays, parts.parts[b].linking))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def each(self, task: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """`task(block, *arguments[b])` for every block b that has any; the answers in the order of the blocks.

        Raises WorkerError where a worker fails; in-process, the error itself.
        """
        if not self._children:
            pairs = zip(self._blocks, arguments, strict=True)
            return [task(block, *given) if given else None for block, given in pairs]
        for child, numbers in zip(self._children, self._mine, strict=True):
            send(child.stdin, (task, [(b, arguments[b]) for b in numbers if arguments[b]]))
        answers: list[Any] = [None] * self._count
        for child, numbers in zip(self._children, self._mine, strict=True):
            good, found = received(child.stdout)
            if not good:
                raise WorkerError(found)
            for b, answer in zip([b for b in numbers if arguments[b]], found, strict=True):
                answers[b] = answer
        return answers

    def close(self) -> None:
        """End the workers at once; what they were doing is lost."""
        children, self._children = self._children, []
        for child in children:
            child.kill()
        for child in children:
            for pipe in (child.stdin, child.stdout):
                close(pipe)
            child.wait()
        if children:
            atexit.unregister(self.close)


def _shared_out(sizes: Sequence[int], workers: int) -> list[list[int]]:
    """Which blocks each worker has: the largest first, each to the worker with least so far."""
    load = [0] * workers
    mine: list[list[int]] = [[] for _ in range(workers)]
    for b in np.argsort(-np.asarray(sizes), kind="stable").tolist():
        least = load.index(min(load))
        load[least] += sizes[b]
        mine[least].append(b)
    return [sorted(numbers) for numbers in mine]


def main() -> None:
    """Serve the parent: blocks first, then tasks until its end of the pipe closes."""
    source, out = own_ends()
    try:
        blocks = {}
        for _ in range(received(source)):
            b, arrays, linking = received(source)
            blocks[b] = Block(arrays, linking)
        while True:
            task, calls = received(source)
            answer: tuple[bool, Any]
            try:
                answer = (True, [task(blocks[b], *given) for b, given in calls])
            except (ArithmeticError, LookupError, MemoryError, RuntimeError, TypeError, ValueError) as error:
                answer = (False, f"{type(error).__name__}: {error}")
            send(out, answer)
    except WorkerError:
        return


if __name__ == "__main__":
    main()
