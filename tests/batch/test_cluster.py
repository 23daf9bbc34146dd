"""Runs on a Dask cluster: the same folders as in processes here, nothing lost and nothing twice, whoever dies."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing, contextmanager

import pytest
from odd_runs import AUTO, ODD, ended, same_content, solvers, task_that

import quota_opt as qo
from quota_opt.batch import cluster
from quota_opt.batch.cluster import DaskPool, connected
from quota_opt.batch.local import LocalPool
from quota_opt.batch.pool import Limits
from quota_opt.batch.task import task_of
from quota_opt.solving.pipes import environment

pytest.importorskip("distributed")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")

KILL_WORKER = "import os, signal; os.kill(os.getppid(), signal.SIGKILL)"
"""Ends the worker of the cluster beside which the run is solved."""


@pytest.fixture(scope="module")
def pool():
    """A cluster of two workers here, for all tests that leave it as good as they found it."""
    with DaskPool("local:2") as shared:
        yield shared
    assert not solvers()


@pytest.fixture(scope="module")
def case():
    return qo.read("worked-example")


@pytest.fixture(scope="module")
def tasks(case):
    return [task_of(case, AUTO, overrides={"scenario.discount_rate": rate / 100}) for rate in range(5)]


def workers(pool):
    """Process numbers of the workers there are now."""
    return list(pool._client.run(os.getpid).values())


def noting(path, address, then=""):
    """A run that notes in a file that it was begun."""
    return task_that(f"open({str(path)!r}, 'a').write({address + chr(10)!r})\n{then}", address)


def begun(path):
    return Counter(path.read_text(encoding="utf-8").split()) if path.exists() else Counter()


def awaited(condition, seconds=60.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "in vain"
        time.sleep(0.05)


@pytest.mark.slow
def test_the_folders_are_those_of_processes_here(pool, case, tasks):
    def folders(at):
        return {done.ending.address: same_content(done.files) for done in at.run(cases, tasks, Limits())}

    cases = {tasks[0].case: case}
    with LocalPool(1) as here:
        assert folders(pool) == folders(here)


def test_a_run_beyond_its_seconds_does_not_stop_the_others(pool, case, tasks):
    runs = [task_that("while True: pass", "hangs"), *tasks[:2]]
    cases = {tasks[0].case: case, "odd": ODD}
    done = {each.ending.address: each.ending for each in pool.run(cases, runs, Limits(seconds=2.0))}
    assert [done[task.address].status for task in runs] == ["TIMEOUT", "OPTIMAL", "OPTIMAL"]


def test_the_same_run_asked_for_twice_is_solved_once(pool, tmp_path):
    task = noting(tmp_path / "begun", "twice")
    done = list(pool.run({"odd": ODD}, [task, task], Limits()))
    assert [each.ending.status for each in done] == ["OPTIMAL"]
    assert begun(tmp_path / "begun") == {"twice": 1}


@pytest.mark.slow
def test_killed_workers_lose_nothing_and_nothing_comes_twice(pool, tmp_path):
    tasks = [noting(tmp_path / "begun", f"run-{number}", "import time; time.sleep(0.2)") for number in range(9)]
    killed = 0
    endings = []
    for done in pool.run({"odd": ODD}, tasks, Limits()):
        endings.append(done.ending)
        if len(endings) in (2, 5):
            os.kill(workers(pool)[0], signal.SIGKILL)
            killed += 1
    assert killed == 2
    assert {ending.status for ending in endings} == {"OPTIMAL"}
    assert Counter(ending.address for ending in endings) == {task.address: 1 for task in tasks}
    # What a killed worker had begun, or had finished and not handed over yet, is begun again; nothing else is.
    again = sum(begun(tmp_path / "begun").values()) - len(tasks)
    assert set(begun(tmp_path / "begun")) == {task.address for task in tasks}
    assert again <= killed * (cluster.IN_FLIGHT + 1)


@pytest.mark.slow
def test_a_run_that_kills_every_worker_is_lost_and_the_others_are_done(pool):
    tasks = [task_that(KILL_WORKER, "killer"), *(task_that("pass", f"good-{number}") for number in range(3))]
    done = {each.ending.address: each.ending for each in pool.run({"odd": ODD}, tasks, Limits())}
    assert done["killer"].status == "LOST"
    assert done["killer"].exit_code == 1
    assert "killed" in done["killer"].reason.en
    assert all(done[f"good-{number}"].status == "OPTIMAL" for number in range(3))
    assert len(done) == 4


def test_runs_that_are_not_wanted_any_more_are_ended_on_the_workers(pool, tmp_path):
    pid = tmp_path / "pid"
    hangs = task_that(f"open({str(pid)!r}, 'w').write(str(__import__('os').getpid()))\nwhile True: pass", "hangs")
    with closing(pool.run({"odd": ODD}, [task_that("pass", "good"), hangs], Limits())) as runs:
        assert next(runs).ending.address == "good"
        awaited(lambda: pid.exists() and pid.read_text())
    assert ended([int(pid.read_text())])
    assert [each.ending.status for each in pool.run({"odd": ODD}, [task_that("pass", "next")], Limits())] == ["OPTIMAL"]


@contextmanager
def program(name, *arguments):
    """A scheduler or worker of Dask as a program of its own."""
    command = [sys.executable, "-m", f"distributed.cli.dask_{name}", *arguments]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def worker_at(address):
    options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--memory-limit", "0", "--host", "127.0.0.1")
    with program("worker", address, *options) as process:
        yield process


@pytest.fixture(scope="module")
def far(tmp_path_factory):
    """The address of a scheduler that is a program of its own, the program, and that of its one worker."""
    known = tmp_path_factory.mktemp("far") / "scheduler.json"
    options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(known))
    with program("scheduler", *options) as scheduler:
        awaited(lambda: known.exists() and known.read_text().endswith("}"))
        address = json.loads(known.read_text())["address"]
        with worker_at(address) as worker:
            yield address, scheduler, worker


@pytest.mark.slow
def test_a_worker_that_joins_takes_part_and_one_that_leaves_is_not_missed(far, tmp_path):
    seen = tmp_path / "workers"
    both = f"""
import os, pathlib, time
with open({str(seen)!r}, "a") as file:
    file.write(f"{{os.getppid()}} ")
while len(set(pathlib.Path({str(seen)!r}).read_text().split())) < 2:  # until the second worker has come
    time.sleep(0.05)
"""
    tasks = [task_that(both, f"run-{number}") for number in range(5)]
    endings = []

    def collect():
        endings.extend(done.ending for done in pool.run({"odd": ODD}, tasks, Limits()))

    address, _, _ = far
    with DaskPool(address) as pool:
        awaited(lambda: len(pool._client.nthreads()) == 1)
        first = set(pool._client.nthreads())
        collecting = threading.Thread(target=collect)
        collecting.start()
        awaited(seen.exists)
        with worker_at(address):
            awaited(lambda: len(set(seen.read_text().split())) == 2)
            pool._client.retire_workers(list(set(pool._client.nthreads()) - first))
            collecting.join()
    assert {ending.status for ending in endings} == {"OPTIMAL"}
    assert Counter(ending.address for ending in endings) == {task.address: 1 for task in tasks}


@pytest.mark.slow
def test_a_scheduler_that_dies_ends_the_runs_with_an_error_and_the_worker_too(far, tmp_path):
    address, scheduler, worker = far
    begun_here = tmp_path / "begun"

    def kill_later():
        awaited(begun_here.exists)
        scheduler.kill()

    killing = threading.Thread(target=kill_later)
    with DaskPool(address) as pool:
        killing.start()
        with pytest.raises(qo.EngineFailed, match="cluster is lost"):
            list(pool.run({"odd": ODD}, [noting(begun_here, "long", "import time; time.sleep(600)")], Limits()))
    killing.join()
    awaited(lambda: worker.poll() is not None)


def test_a_cluster_without_workers_is_given_up_after_a_while(monkeypatch):
    monkeypatch.setattr(cluster, "WORKERS_S", 0.5)
    from distributed import LocalCluster

    with (
        LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address=None) as empty,
        DaskPool(empty.scheduler_address) as pool,
        pytest.raises(qo.EngineFailed, match="no worker"),
    ):
        list(pool.run({"odd": ODD}, [task_that("pass")], Limits()))


def test_nobody_at_the_address_is_told_with_what_to_check(monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_S", 1.0)
    with socket.socket() as taken:  # bound and not listening: nobody else answers there
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(qo.EngineUnavailable, match="firewall") as caught, connected(address):
            pass
    assert address in caught.value.text.zh


@pytest.mark.parametrize("address", ["local:none", "local:0", "somewhere", "tcp://somewhere"])
def test_an_address_that_cannot_be_one_is_refused_with_examples(address):
    with pytest.raises(qo.EngineUnavailable, match="local:NUMBER"), connected(address):
        pass


def test_a_secure_address_without_certificates_says_where_these_are_named():
    with pytest.raises(qo.EngineUnavailable, match="ca-file"), connected("tls://127.0.0.1:8786"):
        pass


def test_workers_of_another_version_are_refused_by_name(pool, monkeypatch):
    from quota_opt.batch import cluster_work

    address = pool._client.scheduler.address
    monkeypatch.setattr(cluster_work, "version", lambda: "0.0.1")
    with pytest.raises(qo.EngineUnavailable, match=r"quota-opt .* ≠ 0\.0\.1") as caught, connected(address):
        pass
    assert any(worker in caught.value.text.en for worker in pool._client.nthreads())


def test_a_worker_of_another_version_that_joins_later_ends_the_runs(pool, monkeypatch):
    from quota_opt.batch import cluster_work

    monkeypatch.setattr(cluster_work, "version", lambda: "0.0.1")
    with pytest.raises(qo.EngineUnavailable, match="same Python and quota-opt"):
        list(pool.run({"odd": ODD}, [task_that("pass", "newer")], Limits()))


def test_without_the_extra_the_error_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "dask", None)
    with pytest.raises(qo.EngineUnavailable, match=r'pip install "quota-opt\[dask\]"'), connected("local:1"):
        pass


@pytest.mark.slow
def test_a_cluster_here_ends_with_the_process_that_started_it_also_when_that_is_killed(tmp_path):
    noted = tmp_path / "pids"
    script = f"""
import os, time
from quota_opt.batch.cluster import connected
with connected("local:1") as client:
    pids = list(client.run(os.getpid).values())
    open({str(noted)!r} + "-", "w").write(" ".join(map(str, pids)))
    os.rename({str(noted)!r} + "-", {str(noted)!r})
    time.sleep(600)
"""
    parent = subprocess.Popen([sys.executable, "-c", script], env=environment())
    try:
        awaited(noted.exists)
        pids = [int(pid) for pid in noted.read_text().split()]
        assert len(pids) == 1
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert ended(pids)
