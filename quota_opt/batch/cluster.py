"""A Dask cluster: worker processes started here for the time of it, or a scheduler with workers on any machines.

`connected` is the way to either; `DaskPool` runs tasks there. Workers may die, leave or join meanwhile.
"""

from __future__ import annotations

import hashlib
import logging
import pickle
import re
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from quota_opt.batch.memory import Tree
from quota_opt.batch.pool import Limits
from quota_opt.batch.task import Done, Task, without_plan
from quota_opt.errors import EngineFailed, EngineUnavailable, Text
from quota_opt.facade import Scenario
from quota_opt.solving.pipes import environment, own_group
from quota_opt.solving.structure import processors

if TYPE_CHECKING:
    from distributed import Client, Future

log = logging.getLogger(__name__)

LOCAL = "local"
"""Address of workers started here; "local:N" of N of them."""
CONNECT_S = 10.0
"""How long a scheduler may take to answer."""
WORKERS_S = 300.0
"""How long a cluster may be without a worker."""
IN_FLIGHT = 2
"""Runs handed out for each thread of the cluster: one at work, one to go on with."""
_SETTINGS = {
    "distributed.admin.large-graph-warning-threshold": "100 GB",  # a case is part of the graph, however large it is
    "distributed.scheduler.allowed-failures": 1,  # of a scheduler started here: suspects are tried again anyway
}
LOOK_S = 1.0
"""How often it is looked for workers that have joined or left."""


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """A client of the cluster at `address`: a scheduler's, or "local", "local:N" for processes that end afterwards.

    Raises EngineUnavailable where the extra is missing, nobody answers, or versions there are not those here.
    """
    try:
        import dask
        from distributed.utils import silence_logging_cmgr
    except ImportError as error:
        raise EngineUnavailable(
            Text(
                '未安装 Dask，不能使用集群；请运行 pip install "quota-opt[dask]"。',
                'Dask is not installed, so there is no cluster; run pip install "quota-opt[dask]".',
            )
        ) from error
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(_SETTINGS))
        stack.enter_context(silence_logging_cmgr(logging.CRITICAL))
        name, _, count = address.partition(":")
        if name == LOCAL:
            client = stack.enter_context(_local(_workers(address, count)))
        else:
            client = stack.enter_context(_client(address))
        _refuse_others(client)
        yield client


def _workers(address: str, count: str) -> int:
    if address == LOCAL:
        return processors()
    if not count.isdigit() or int(count) < 1:
        raise _no_address(address)
    return int(count)


def _no_address(address: str) -> EngineUnavailable:
    return EngineUnavailable(
        Text(
            f"集群地址“{address}”不对；请写调度器的地址，例如 tcp://10.0.0.5:8786，"
            "或者用本机进程：local 或 local:进程数，例如 local:2。",
            f"{address!r} is no cluster. Give the address of a scheduler, e.g. tcp://10.0.0.5:8786, or local or "
            "local:NUMBER for processes here, e.g. local:2.",
        )
    )


@contextmanager
def _local(count: int) -> Iterator[Client]:
    """A client of a scheduler in this process, with `count` workers in processes of their own.

    They are programs, not forks or spawns of this one: a script needs no `__main__` guard, and Ctrl-C does not reach
    them. They end with this process, also when it is killed.
    """
    from distributed import LocalCluster

    quiet = {"dashboard_address": "127.0.0.1:0", "scheduler_kwargs": {"dashboard": False}}
    alone = LocalCluster(n_workers=0, processes=True, host="127.0.0.1", silence_logs=logging.CRITICAL, **quiet)
    with alone as cluster:
        nannies = subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "distributed.cli.dask_worker", cluster.scheduler_address),
                *("--nworkers", str(count), "--nthreads", "1", "--host", "127.0.0.1", "--memory-limit", "0"),
                *("--no-dashboard", "--dashboard-address", "127.0.0.1:0", "--death-timeout", "60"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(),
            **own_group(),
        )
        try:
            with _client(cluster.scheduler_address) as client:
                client.wait_for_workers(count, timeout=WORKERS_S)
                yield client
        finally:
            Tree(nannies.pid).kill()
            nannies.wait()


@contextmanager
def _client(scheduler: str) -> Iterator[Client]:
    from distributed import Client, Security

    if not re.fullmatch(r"(\w+://)?[^\s/]+:\d+", scheduler):
        raise _no_address(scheduler)
    security = Security()
    if scheduler.startswith("tls://") and security.get_connection_args("client").get("ssl_context") is None:
        raise EngineUnavailable(
            Text(
                f"连接 {scheduler} 需要证书；请在 Dask 的设置中写明 distributed.comm.tls 的 ca-file、"
                "client.cert 和 client.key。",
                f"{scheduler} asks for certificates; set ca-file, client.cert and client.key of distributed.comm.tls "
                "in Dask's configuration.",
            )
        )
    try:
        client = Client(scheduler, security=security, timeout=CONNECT_S, set_as_default=False)
    except OSError as error:
        raise EngineUnavailable(
            Text(
                f"{CONNECT_S:g} 秒内连不上 Dask 集群 {scheduler}。"
                f"请核对地址、调度器是否已启动、防火墙是否放行（{error}）。",
                f"The Dask cluster {scheduler} does not answer within {CONNECT_S:g} s. "
                f"Check the address, that the scheduler runs, and the firewall ({error}).",
            )
        ) from error
    try:
        yield client
    finally:
        client.close(timeout=CONNECT_S)


def _refuse_others(client: Client) -> None:
    """Raise where the scheduler or a worker is not of the same versions as this process, or lacks this package."""
    from quota_opt.batch.cluster_work import versions

    here = versions()
    try:
        found = {"scheduler": client.run_on_scheduler(versions), **client.run(versions, on_error="return")}
    except ImportError as error:
        raise _other_version("scheduler", here, error) from error
    for address, there in found.items():
        if there != here:
            raise _other_version(address, here, there)


def _other_version(address: str, here: Mapping[str, str], there: Any) -> EngineUnavailable:
    if isinstance(there, dict):
        differing = [f"{name} {there.get(name)} ≠ {here[name]}" for name in here if there.get(name) != here[name]]
        said = ", ".join(differing)
    else:
        said = str(there)
    return EngineUnavailable(
        Text(
            f"集群中 {address} 的程序与本机不同：{said}。请在各处安装相同版本的 Python 和 quota-opt。",
            f"{address} of the cluster differs from here: {said}. Install the same Python and quota-opt everywhere.",
        )
    )


class Workforce:
    """The workers a cluster has, looked for now and then: they come and go."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._threads: dict[str, int] = {}
        self._looked = self._seen = time.monotonic()

    def threads(self) -> Mapping[str, int]:
        """Threads of each worker by its address; none yet, perhaps.

        Raises EngineFailed where there has been no worker for long, or there is no scheduler any more.
        """
        now = time.monotonic()
        if self._threads and now - self._looked < LOOK_S:
            return self._threads
        try:
            self._threads = dict(self._client.nthreads())
        except (OSError, RuntimeError) as error:
            raise lost(str(error)) from error
        self._looked = now
        if self._threads:
            self._seen = now
        elif now - self._seen > WORKERS_S:
            raise lost(f"no worker for {WORKERS_S:g} s")
        return self._threads


class DaskPool:
    """Runs on a Dask cluster; a `Pool`. The results are those of `LocalPool`, file by file."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._stack = ExitStack()
        self._client: Client | None = None

    def __enter__(self) -> Self:
        """Connect. Raises EngineUnavailable as `connected` does."""
        self._client = self._stack.enter_context(connected(self._address))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client = None
        self._stack.close()

    def run(self, cases: Mapping[str, Scenario], tasks: Sequence[Task], limits: Limits) -> Iterator[Done]:
        """Each task's Done as it comes, one for each address. Raises EngineFailed where the cluster itself is lost."""
        assert self._client is not None
        from quota_opt.batch.cluster_work import Solving

        self._client.register_plugin(Solving())
        runs = _Runs(self._client, cases, limits)
        try:
            yield from runs.done({task.address: task for task in tasks})
        finally:
            runs.stop()


class _Runs:
    """Runs handed to a cluster, a few for each of its threads at a time.

    A worker that dies takes those it holds with it; they go to others, as the scheduler allows a few times. After that
    they are suspects, and are tried again one by one when all others are done: whoever loses its workers then is lost.
    """

    def __init__(self, client: Client, cases: Mapping[str, Scenario], limits: Limits) -> None:
        from quota_opt.batch.cluster_work import versions

        self._client = client
        self._scenarios = cases
        self._limits = limits
        self._versions = versions()
        self._waiting: deque[Task] = deque()
        self._out: dict[str, tuple[Task, Future]] = {}
        self._cases: dict[str, Future] = {}
        self._finished: SimpleQueue[str] = SimpleQueue()
        self._workforce = Workforce(client)
        self._attempt = 0

    def done(self, tasks: Mapping[str, Task]) -> Iterator[Done]:
        """The Done of each task, suspects last."""
        left = Counter(task.case for task in tasks.values())
        suspects = []
        for task, done in self._through(list(tasks.values())):
            left[task.case] -= 1
            if not left[task.case]:
                self._cases.pop(task.case, None)  # no run needs it any more
            if done is None:
                suspects.append(task)
            else:
                yield done
        for suspect in suspects:
            self._attempt += 1
            for task, done in self._through([suspect]):
                yield done or without_plan(task, "LOST", _KILLED)

    def stop(self) -> None:
        """Take back what is out; the workers end it."""
        futures = [future for _, future in self._out.values()]
        self._out.clear()
        self._cases.clear()
        if futures and self._client.status == "running":
            self._client.cancel(futures)

    def _through(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Done | None]]:
        """Each task with its Done, None where too many workers died with it."""
        self._waiting.extend(tasks)
        while self._waiting or self._out:
            room = IN_FLIGHT * sum(self._workforce.threads().values())
            while self._waiting and len(self._out) < room:
                self._hand_out(self._waiting.popleft())
            key = self._next()
            if key is not None:
                task, future = self._out.pop(key)
                yield task, self._result(task, future)

    def _hand_out(self, task: Task) -> None:
        from quota_opt.batch.cluster_work import solved

        # The same run of two batches is one on the cluster, unless they want different things of it.
        wanted = f"{self._limits} {task.language} {task.reports} {self._attempt}"
        key = f"run-{task.address}-{hashlib.sha256(wanted.encode()).hexdigest()[:8]}"
        given = (self._case(task.case), task, self._limits, self._versions)
        # No worker is asked for: a task whose worker has died would wait for ever where it was the only one.
        future = self._client.submit(solved, *given, key=key, fifo_timeout=0)  # begun in this order
        self._out[key] = (task, future)
        future.add_done_callback(lambda _: self._finished.put(key))

    def _case(self, digest: str) -> Future:
        """The case there: a task of the graph, made again from what the scheduler keeps where its worker dies."""
        from quota_opt.batch.cluster_work import opened

        future = self._cases.get(digest)
        if future is None or future.status in ("error", "cancelled", "lost"):
            payload = pickle.dumps(self._scenarios[digest], protocol=pickle.HIGHEST_PROTOCOL)
            key = f"case-{digest}-{self._attempt}"
            future = self._cases[digest] = self._client.submit(opened, payload, key=key)
        return future

    def _next(self) -> str | None:
        try:
            return self._finished.get(timeout=LOOK_S)
        except Empty:
            return None

    def _result(self, task: Task, future: Future) -> Done | None:
        """What a run ended with; None where too many workers died with it."""
        from distributed import KilledWorker
        from distributed.client import CancelledError

        from quota_opt.batch.cluster_work import OtherVersion

        try:
            return future.result()  # type: ignore[no-any-return]
        except KilledWorker:
            log.warning("too many workers died while %s was with them", task.address)
            return None
        except OtherVersion as error:
            address, there = error.args
            raise _other_version(address, self._versions, there) from error
        except ImportError as error:  # of a worker that joined without this package
            raise _other_version("worker", self._versions, error) from error
        except (CancelledError, OSError, RuntimeError) as error:
            raise lost(str(error)) from error


def lost(why: str) -> EngineFailed:
    """The error of a cluster that is gone."""
    return EngineFailed(
        Text(
            f"与 Dask 集群的联系中断：{why}。已完成的结果都已保留，集群恢复后可以接着算。",
            f"The Dask cluster is lost: {why}. What is done is kept; go on when the cluster is back.",
        )
    )


_KILLED = Text(
    "每次运行都使所在的集群工作进程意外终止（可能是内存不足），已放弃。",
    "Every worker of the cluster that took this run was killed (perhaps it needs too much memory); it was given up.",
)
