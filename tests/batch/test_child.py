"""A process that solves: what it hands back, its limits, and what becomes of it and its parent when one dies."""

import os
import pickle
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from types import SimpleNamespace

import psutil
import pytest
from odd_runs import AUTO, KILL_ME, ODD, ended, same_content, solvers, task_that

import quota_opt as qo
from quota_opt.batch import child as child_module
from quota_opt.batch.child import Child
from quota_opt.batch.pool import Limits
from quota_opt.batch.task import execute, task_of, unpack
from quota_opt.scenario.generate import generate_case

posix = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")


@pytest.fixture(scope="module")
def case():
    return qo.read("worked-example")


@pytest.fixture(scope="module")
def hard(tmp_path_factory):
    """A case that is not solved to gap 0 within minutes; a plan of it is found in a second."""
    folder = tmp_path_factory.mktemp("hard") / "case"
    return qo.read(generate_case(folder, firms=300, projects=60, towns=3, years=3))


@pytest.fixture
def child():
    with Child() as made:
        yield made


@pytest.fixture(scope="module")
def kept():
    """A child whose process no test ends."""
    with Child() as made:
        yield made


def task_with(case, rate, **more):
    return task_of(case, AUTO, overrides={"scenario.discount_rate": rate}, **more)


def test_a_run_in_the_process_is_the_run_here(kept, case):
    task = task_with(case, 0.04)
    here, there = execute(task, case), kept.solve(task, case)
    assert there.ending.status == "OPTIMAL"
    assert same_content(there.files) == same_content(here.files)
    assert there.ending.objective == here.ending.objective
    assert there.ending.peak_mb > 20


def test_the_log_of_a_run_says_what_was_asked_and_how_it_ended(kept, case):
    done = kept.solve(task_with(case, 0.04), case)
    lines = done.log.splitlines()
    assert done.ending.address in lines[0] and "profile auto" in lines[0]
    assert any("solve after" in line for line in lines)
    assert "OPTIMAL" in lines[-1]


def test_one_process_solves_all_runs_and_is_sent_a_case_once(child, case, monkeypatch):
    sent = []
    packed = child_module.packed
    monkeypatch.setattr(child_module, "packed", lambda message: (sent.append(message[3]), packed(message))[1])
    before = set(solvers())
    done = [child.solve(task_with(case, rate), case) for rate in (0.03, 0.05)]
    assert [each.ending.status for each in done] == ["OPTIMAL", "OPTIMAL"]
    assert [given is case for given in sent] == [True, False] and sent[1] is None
    assert len(set(solvers()) - before) == 1


def test_a_case_that_was_forgotten_is_sent_again(child, case, monkeypatch):
    monkeypatch.setattr(child_module, "CASES", 1)
    here, there = task_with(case, 0.03), replace(task_with(case, 0.03), case="a copy")
    assert [child.solve(task, case).ending.status for task in (here, there, here)] == ["OPTIMAL"] * 3


def test_a_run_without_a_plan_says_why(kept, case):
    done = kept.solve(task_of(case, AUTO, overrides={"rules.no_such_rule": {}}), case)
    assert (done.ending.status, done.ending.exit_code, done.files) == ("INVALID", 2, {})
    assert "no_such_rule" in done.ending.reason.zh


def test_a_run_beyond_its_seconds_is_ended_and_the_next_one_solved(child, case):
    done = child.solve(task_that("while True: pass"), ODD, Limits(seconds=0.5))
    assert (done.ending.status, done.ending.exit_code) == ("TIMEOUT", 4)
    assert "0.5 秒" in done.ending.reason.zh and "0.5 s" in done.ending.reason.en
    assert done.ending.seconds >= 0.5
    assert "TIMEOUT" in done.log and "run odd" in done.log
    assert child.solve(task_with(case, 0.04), case).ending.status == "OPTIMAL"


def test_a_run_beyond_its_memory_is_ended_with_all_that_it_started(child, tmp_path):
    """The memory is held by a program that the run starts: it counts, and it ends."""
    note = tmp_path / "pid"
    hungry = "held = b'x' * 400_000_000; import time; time.sleep(100)"
    program = (
        "import subprocess, sys, time, pathlib; "
        f"started = subprocess.Popen([sys.executable, '-c', {hungry!r}]); "
        f"pathlib.Path({str(note)!r}).write_text(str(started.pid)); time.sleep(100)"
    )
    done = child.solve(task_that(program), ODD, Limits(seconds=60, memory_mb=450))
    assert (done.ending.status, done.ending.exit_code) == ("OUT_OF_MEMORY", 4)
    assert done.ending.peak_mb > 450
    assert "450 MB" in done.ending.reason.zh and "450 MB" in done.ending.reason.en
    assert ended([int(note.read_text())])


def test_a_process_that_holds_on_to_memory_is_replaced(child, monkeypatch):
    monkeypatch.setattr(child_module, "KEPT_MB", 100)
    others = set(solvers())
    assert child.solve(task_that("import sys; sys.held = b'x' * 200_000_000"), ODD).ending.status == "OPTIMAL"
    [before] = set(solvers()) - others
    assert child.solve(task_that(""), ODD).ending.status == "OPTIMAL"
    [after] = set(solvers()) - others
    assert before != after


def test_an_error_nobody_foresaw_is_an_ending_and_its_message_stays_out_of_the_log(child):
    done = child.solve(task_that("{}[6 * 'cell' + str(6 * 7)]"), ODD)
    assert (done.ending.status, done.ending.exit_code, done.files) == ("ERROR", 1, {})
    assert "KeyError" in done.ending.reason.zh and "KeyError" in done.ending.reason.en
    assert "task.py, line" in done.log and "KeyError" in done.log
    assert "cellcell" not in done.log


@posix
@pytest.mark.parametrize(
    ("program", "named", "logged"),
    [
        (KILL_ME, "SIGKILL", "run odd"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV", "Segmentation fault"),
        ("import os; os._exit(7)", "7", "run odd"),
    ],
)
def test_a_process_that_dies_is_lost_and_how_it_died_is_told(child, program, named, logged):
    done = child.solve(task_that(program), ODD)
    assert (done.ending.status, done.ending.exit_code, done.files) == ("LOST", 1, {})
    assert named in done.ending.reason.zh and named in done.ending.reason.en
    assert logged in done.log


def test_a_case_that_cannot_be_sent_is_an_error_of_the_caller_and_not_a_wait(child, case):
    with pytest.raises((pickle.PicklingError, AttributeError, TypeError)):
        child.solve(task_that(""), SimpleNamespace(with_variant=lambda name: None))
    assert child.solve(task_with(case, 0.04), case).ending.status == "OPTIMAL"


def test_what_a_run_prints_is_not_in_the_way(kept):
    done = kept.solve(task_that("import sys; print('noise' * 50_000); print('a word', file=sys.stderr)"), ODD)
    assert done.ending.status == "OPTIMAL"
    assert "a word" in done.log and "noise" not in done.log.replace(done.log.splitlines()[0], "")


def test_progress_comes_through_and_a_cancelled_run_keeps_its_plan(kept, hard, tmp_path):
    seen = []

    def on_progress(progress):
        seen.append(progress)
        return progress.incumbent is None

    done = kept.solve(task_of(hard, qo.read_profile("exact")), hard, on_progress=on_progress)
    assert [seen[0].stage, seen[-1].stage] == ["build", "solve"]
    assert (done.ending.status, done.ending.exit_code) == ("FEASIBLE", 4)
    assert "取消" in done.ending.reason.zh and "Cancelled" in done.ending.reason.en
    folder = unpack(done.files, tmp_path / "kept")
    assert qo.verify(folder).ok


def test_a_run_that_does_not_listen_is_ended_when_it_is_cancelled(child, monkeypatch):
    others = set(solvers())
    monkeypatch.setattr(child_module, "GRACE_S", 0.5)
    began = threading.Event()
    monkeypatch.setattr(child_module._Process, "began", lambda self, resident_mb: began.set())
    canceller = threading.Thread(target=lambda: (began.wait(60), child.cancel()))
    canceller.start()
    done = child.solve(task_that("import time; time.sleep(100)"), ODD)
    canceller.join()
    assert (done.ending.status, done.ending.exit_code) == ("CANCELLED", 4)
    assert set(solvers()) <= others


def test_closing_ends_the_run_and_nothing_is_solved_afterwards(case, monkeypatch):
    child, others = Child(), set(solvers())
    began = threading.Event()
    monkeypatch.setattr(child_module._Process, "began", lambda self, resident_mb: began.set())
    closer = threading.Thread(target=lambda: (began.wait(60), child.close()))
    closer.start()
    assert child.solve(task_that("import time; time.sleep(100)"), ODD).ending.status == "CANCELLED"
    closer.join()
    assert child.solve(task_with(case, 0.04), case).ending.status == "CANCELLED"
    assert set(solvers()) <= others


PARENT = """
import sys
import quota_opt as qo
from quota_opt.batch.child import Child
from quota_opt.batch.task import task_of

case = qo.read(sys.argv[1])
Child().solve(task_of(case, qo.read_profile(sys.argv[2]).with_limits(gap=0.0, time_limit=600)), case,
              on_progress=lambda progress: print(progress.stage, progress.incumbent, flush=True))
"""


@posix
@pytest.mark.slow
@pytest.mark.parametrize("profile", ["auto", "cbc"])
def test_a_killed_parent_takes_its_processes_along_in_the_middle_of_a_solve(hard, tmp_path, profile):
    folder = tmp_path / "case"
    folder.mkdir()
    for name, content in hard.files.items():
        (folder / name).write_bytes(content)
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(folder), profile], stdout=subprocess.PIPE, text=True)
    try:
        for line in parent.stdout:
            if line.startswith("solve") and (profile == "cbc" or "None" not in line):
                break
        below = _grown(parent.pid, 3 if profile == "cbc" else 1)
    finally:
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
        parent.stdout.close()
    assert below
    assert ended(below)


def _grown(pid, count):
    """The processes below `pid`, as soon as there are so many."""
    process = psutil.Process(pid)
    for _ in range(600):
        below = [one.pid for one in process.children(recursive=True)]
        if len(below) >= count:
            return below
        threading.Event().wait(0.05)
    return []
