"""Runs in several processes here: all come back, whatever becomes of the processes, and nothing is left over."""

import signal
import subprocess
import sys

import pytest
from odd_runs import AUTO, KILL_ME, ODD, ended, same_content, solvers, task_that

import quota_opt as qo
from quota_opt.batch.local import LocalPool
from quota_opt.batch.pool import Limits
from quota_opt.batch.task import task_of

posix = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")


@pytest.fixture(scope="module")
def case():
    return qo.read("worked-example")


@pytest.fixture(scope="module")
def tasks(case):
    return [task_of(case, AUTO, overrides={"scenario.discount_rate": rate / 100}) for rate in range(6)]


def test_one_process_and_two_give_the_same_folders(case, tasks):
    found = []
    for jobs in (1, 2):
        with LocalPool(jobs) as pool:
            done = {each.ending.address: each for each in pool.run({tasks[0].case: case}, tasks, Limits())}
            assert len(solvers()) == jobs
        found.append({address: same_content(each.files) for address, each in done.items()})
        assert list(found[-1]) == [task.address for task in tasks] or jobs == 2
    assert found[0] == found[1]
    assert set(found[0]) == {task.address for task in tasks}
    assert not solvers()


@posix
def test_a_lost_run_is_tried_once_more(case, tmp_path):
    seen = f"import pathlib; seen = pathlib.Path({str(tmp_path / 'seen')!r})"
    once = f"{seen}\nif not seen.exists(): seen.touch(); {KILL_ME}"
    lost, found = task_that(KILL_ME, "always"), task_that(once, "once")
    with LocalPool(1) as pool:
        done = {each.ending.address: each for each in pool.run({"odd": ODD}, [lost, found], Limits())}
    assert done["always"].ending.status == "LOST"
    assert done["always"].log.count("LOST: ") == 2
    assert done["once"].ending.status == "OPTIMAL"
    assert "LOST: " in done["once"].log and "tried again" in done["once"].log


@pytest.mark.slow
def test_one_bad_run_does_not_stop_the_others(case, tasks):
    bad = [task_that("{}['x']", "error"), task_that("while True: pass", "hangs")]
    with LocalPool(2) as pool:
        cases = {tasks[0].case: case, "odd": ODD}
        done = {each.ending.address: each.ending for each in pool.run(cases, [*bad, *tasks[:2]], Limits(seconds=5.0))}
    statuses = [done[task.address].status for task in [*bad, *tasks[:2]]]
    assert statuses == ["ERROR", "TIMEOUT", "OPTIMAL", "OPTIMAL"]


def test_an_iterator_that_is_closed_early_ends_what_runs(case, tasks):
    hanging = [task_that("import time; time.sleep(600)", str(number)) for number in range(3)]
    with LocalPool(2) as pool:
        run = pool.run({tasks[0].case: case, "odd": ODD}, [tasks[0], *hanging], Limits())
        assert next(run).ending.address == tasks[0].address
        run.close()
        assert not solvers()
        [again] = pool.run({tasks[0].case: case}, tasks[:1], Limits())
        assert again.ending.status == "OPTIMAL"
    assert not solvers()


SCRIPT = """
import sys
import quota_opt as qo
from quota_opt.batch.local import LocalPool
from quota_opt.batch.pool import Limits
from quota_opt.batch.task import task_of

case = qo.read("worked-example")
profile = qo.read_profile("auto")
tasks = [task_of(case, profile, overrides={"scenario.discount_rate": rate / 100}) for rate in range(int(sys.argv[1]))]
with LocalPool(2) as pool:
    for done in pool.run({tasks[0].case: case}, tasks, Limits()):
        processes = [child._process for child in pool._children if child._process]
        print(done.ending.status, *[process._popen.pid for process in processes], flush=True)
"""


def test_a_script_without_a_guard_of_its_main_part_works(tmp_path):
    script = tmp_path / "own_script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run([sys.executable, script, "3"], capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["OPTIMAL"] * 3
    assert done.stderr == ""


@pytest.mark.slow
@posix
def test_ctrl_c_ends_the_processes(tmp_path):
    script = tmp_path / "own_script.py"
    script.write_text(
        f"import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n{SCRIPT}", encoding="utf-8"
    )
    parent = subprocess.Popen(
        [sys.executable, script, "400"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        for line in parent.stdout:
            pids = [int(word) for word in line.split()[1:]]
            if len(pids) == 2:
                break
        parent.send_signal(signal.SIGINT)
        _, errors = parent.communicate(timeout=60)
    finally:
        parent.kill()
        parent.wait()
    assert "KeyboardInterrupt" in errors
    assert ended(pids)
