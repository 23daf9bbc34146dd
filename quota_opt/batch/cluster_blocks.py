"""The blocks of one large model at work on a Dask cluster, with the answers they give in one process.

A call goes where its block is, and its linear program is kept hot there. Where that worker dies, or has so much to do
that another takes the call, the block is made again from what the scheduler keeps, and every call that changed it is
made again, in order: so it answers as if nothing had happened, bit for bit.
"""

from __future__ import annotations

import math
import pickle
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import scipy.sparse as sp

from quota_opt.batch.cluster import Workforce, connected, lost
from quota_opt.errors import EngineFailed, Text
from quota_opt.model.linear import Arrays
from quota_opt.solving.by_place import Parts
from quota_opt.solving.by_place_block import Block, Until
from quota_opt.solving.by_place_workers import PLACE_OF_WORK
from quota_opt.solving.pipes import WorkerError

if TYPE_CHECKING:
    from distributed import Client, Future

WAIT_S = 1.0
"""How often it is looked whether time is over while blocks are at work."""

Call = tuple[Callable[..., Any], tuple[Any, ...]]
"""A task and its arguments after the block."""


@contextmanager
def cluster(address: str) -> Iterator[None]:
    """Solve large cases of many places on a Dask cluster: everything that is solved within this context.

        with qo.cluster("tcp://10.0.0.5:8786"):
            plan = qo.solve("province/")

    `address` is a scheduler's, or "local", "local:N" for N processes here. Plans are the same as without; cases that
    are not large enough to be taken apart by place are solved in this process.

    Raises EngineUnavailable where distributed is not installed, nobody answers, or versions there are not those here;
    solving raises EngineFailed where the cluster is lost.
    """
    with connected(address) as client:
        token = PLACE_OF_WORK.set(partial(ClusterWorkers, client))
        try:
            yield
        finally:
            PLACE_OF_WORK.reset(token)


class Held:
    """A block as a worker holds it: its data, and its hot program with the number of calls that have changed it."""

    def __init__(self, arrays: Arrays, linking: sp.csr_array) -> None:
        self._arrays, self._linking = arrays, linking
        self._hot: tuple[Block, int] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Held, (self._arrays, self._linking)  # a hot program stays where it is

    def answer(self, history: Sequence[Call], task: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """What the task answers after the calls of `history`; those that were not made here are made before."""
        if not changes(task):
            return task(Block(self._arrays, self._linking), *arguments)
        hot, self._hot = self._hot, None  # a call that fails in the middle leaves nothing behind
        block, made = hot if hot is not None else (Block(self._arrays, self._linking), 0)
        for earlier, given in history[made:]:
            earlier(block, *given)
        found = task(block, *arguments)
        self._hot = block, len(history) + 1
        return found


def changes(task: Callable[..., Any]) -> bool:
    """Whether a task may change its block: the methods of Block."""
    return getattr(Block, task.__name__, None) is task


def held(payload: bytes) -> Held:
    """A block from what was sent."""
    return Held(*pickle.loads(payload))


def called(block: Held, payload: bytes) -> tuple[bool, Any]:
    """Whether a call went well, and its answer or what went wrong."""
    history, task, arguments = pickle.loads(payload)
    try:
        return True, block.answer(history, task, arguments)
    except (ArithmeticError, LookupError, MemoryError, RuntimeError, TypeError, ValueError) as error:
        return False, f"{type(error).__name__}: {error}"


class ClusterWorkers:
    """The blocks of a model, spread over the workers of a cluster; does what `by_place_workers.Workers` does."""

    def __init__(self, client: Client, parts: Parts) -> None:
        self._client = client
        self._histories: list[tuple[Call, ...]] = [()] * len(parts.parts)
        self._name = uuid.uuid4().hex[:12]
        self._calls = 0
        self._workforce = Workforce(client)
        self._out: list[Future] = []
        self._closed = False
        self._blocks: list[Future] = []
        for b, part in enumerate(parts.parts):
            payload = pickle.dumps((part.arrays, part.linking), protocol=pickle.HIGHEST_PROTOCOL)
            self._blocks.append(client.submit(held, payload, key=f"block-{self._name}-{b}"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def each(self, task: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """`task(block, *arguments[b])` for every block b that has any; the answers in the order of the blocks.

        Raises WorkerError where a task fails, time is over, or `close` was called; EngineFailed where the cluster is
        lost, or a block loses every worker it meets.
        """
        blocks = list(self._blocks)
        if self._closed:
            raise WorkerError(_ENDED)
        self._workforce.threads()
        wanted = [b for b, given in enumerate(arguments) if given]
        self._calls += 1
        for b in wanted:
            payload = pickle.dumps((self._histories[b], task, arguments[b]), protocol=pickle.HIGHEST_PROTOCOL)
            key = f"call-{self._name}-{self._calls}-{b}"
            self._out.append(self._client.submit(called, blocks[b], payload, key=key))
        ends = [one.at for given in arguments for one in given if isinstance(one, Until)]
        answers: list[Any] = [None] * len(arguments)
        for b, (good, found) in zip(wanted, self._gathered(max(ends, default=math.inf)), strict=True):
            if not good:
                raise WorkerError(found)
            answers[b] = found
            if changes(task):  # made again without a limit: it came to its end
                again = tuple(Until(math.inf) if isinstance(one, Until) else one for one in arguments[b])
                self._histories[b] += ((task, again),)
        return answers

    def close(self) -> None:
        """Take back what is at work, from any thread, and forget the blocks."""
        self._closed = True
        futures = [*self._out, *self._blocks]
        self._blocks.clear()
        if self._client.status == "running":
            self._client.cancel(futures)

    def _gathered(self, until: float) -> list[Any]:
        """The answers to the calls that are out."""
        from distributed import KilledWorker
        from distributed.client import CancelledError

        finished: SimpleQueue[Future] = SimpleQueue()
        for future in self._out:
            future.add_done_callback(finished.put)
        left = len(self._out)
        try:
            while left:
                try:
                    finished.get(timeout=WAIT_S)
                    left -= 1
                except Empty:
                    self._workforce.threads()
                    if time.time() > until:
                        raise WorkerError("time is over") from None
            return [future.result() for future in self._out]
        except KilledWorker as error:
            raise EngineFailed(_KILLED) from error
        except (CancelledError, OSError, RuntimeError) as error:
            if self._closed:
                raise WorkerError(_ENDED) from error
            raise lost(str(error)) from error
        finally:
            self._out.clear()


_ENDED = "the work was ended"
_KILLED = Text(
    "模型的一个分块使所在的集群工作进程一再意外终止（可能是内存不足），已放弃。",
    "A block of the model lost every worker of the cluster that took it (perhaps it needs too much memory).",
)
