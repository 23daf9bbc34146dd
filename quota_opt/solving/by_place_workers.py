"""Blocks at work in one process or several, with the same answers: each block stays with its worker.

A worker is this file run as a program; its blocks are sent once. It ends with its parent: when its input closes, at
the latest after what it is solving. A task is a function of this package that takes a block first: a method of Block,
which may change it, or another, which does not.
"""

from __future__ import annotations

import atexit
import os
import pickle
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self

import numpy as np

from quota_opt.solving.by_place import Parts
from quota_opt.solving.by_place_block import Block

_LENGTH = struct.Struct(">Q")
_PACKAGE = Path(__file__).resolve().parents[2]


class WorkerError(Exception):
    """A worker ended before its answer came, or answered with an error."""


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
                child = _started()
                self._children.append(child)
                _send(child.stdin, len(numbers))
                for b in numbers:  # one by one: never a second copy of all
                    _send(child.stdin, (b, parts.parts[b].arrays, parts.parts[b].linking))
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
            _send(child.stdin, (task, [(b, arguments[b]) for b in numbers if arguments[b]]))
        answers: list[Any] = [None] * self._count
        for child, numbers in zip(self._children, self._mine, strict=True):
            good, found = _received(child.stdout)
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
                _close(pipe)
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


def _started() -> subprocess.Popen[bytes]:
    options: dict[str, Any] = {"process_group": 0}  # Ctrl-C in the terminal is for the parent alone
    if sys.platform == "win32":
        options = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    path = os.pathsep.join([str(_PACKAGE), *([os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else [])])
    return subprocess.Popen(
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
        **options,
    )


def _send(pipe: IO[bytes] | None, message: Any) -> None:
    data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    try:
        assert pipe is not None
        pipe.write(_LENGTH.pack(len(data)))
        pipe.write(data)
        pipe.flush()
    except (OSError, ValueError) as error:
        raise WorkerError(f"a worker ended early: {error}") from error


def _received(pipe: IO[bytes] | None) -> Any:
    assert pipe is not None
    try:
        head = pipe.read(_LENGTH.size)
        size = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else -1
        data = pipe.read(size) if size >= 0 else b""
    except (OSError, ValueError) as error:
        raise WorkerError(f"a worker's answer could not be read: {error}") from error
    if size < 0 or len(data) < size:
        raise WorkerError("a worker ended without an answer")
    return pickle.loads(data)


def _close(pipe: IO[bytes] | None) -> None:
    try:
        if pipe is not None:
            pipe.close()
    except OSError:
        return


def main() -> None:
    """Serve the parent: blocks first, then tasks until its end of the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a solver prints must not mix with the answers
    source = sys.stdin.buffer
    try:
        blocks = {}
        for _ in range(_received(source)):
            b, arrays, linking = _received(source)
            blocks[b] = Block(arrays, linking)
        while True:
            task, calls = _received(source)
            answer: tuple[bool, Any]
            try:
                answer = (True, [task(blocks[b], *given) for b, given in calls])
            except (ArithmeticError, LookupError, MemoryError, RuntimeError, TypeError, ValueError) as error:
                answer = (False, f"{type(error).__name__}: {error}")
            _send(out, answer)
    except WorkerError:
        return


if __name__ == "__main__":
    main()
