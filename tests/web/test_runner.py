"""The workers of a server when things go wrong beneath them: processes lost, a store away, a worker that falls."""

import threading
import time
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from small import TREE

from quota_opt.batch.task import Done, execute, without_plan
from quota_opt.errors import StoreUnavailable, Text
from quota_opt.solving.status import Progress
from quota_opt.store.jobs import Jobs, WrongState
from quota_opt.store.store import Store
from quota_opt.store.workspace import Workspace
from quota_opt.web import runner as runner_module
from quota_opt.web.limits import ServerLimits
from quota_opt.web.models import SolveRequest
from quota_opt.web.service import Service

TINY = {
    "settings": {"scenario": {"name": "tiny", "first_year": 2024, "last_year": 2024, "resources": ["energy"]}},
    "tables": {"places": TREE, "projects": [{"project": "A", "place": "N1", "energy_tce": 6, "value_added": 5}],
               "quotas": [{"place": "county", "resource": "energy", "year": "*", "amount": 10}]},
}  # fmt: skip


@pytest.fixture
def solving(monkeypatch):
    """What stands in for the process: `solving.calls` says how each solve goes, the last one for all that follow."""
    found = SimpleNamespace(calls=[solved], limits=[])

    class Child:
        def __init__(self):
            self.stopped = threading.Event()

        def solve(self, task, case, limits, on_progress):
            found.limits.append(limits)
            call = found.calls.pop(0) if len(found.calls) > 1 else found.calls[0]
            return call(self, task, case, on_progress)

        def cancel(self):
            self.stopped.set()

        close = cancel

    monkeypatch.setattr(runner_module, "Child", Child)
    monkeypatch.setattr(runner_module, "BEAT_S", 0.05)
    monkeypatch.setattr(runner_module, "IDLE_S", 0.05)
    return found


@pytest.fixture
def service(tmp_path, solving):
    made = Service(Store.open(tmp_path / "store.db"), ServerLimits(time_s=7, memory_mb=300))
    made.start()
    yield made
    made.stop(0)


def submit(service, **more):
    return service.submit("me", SolveRequest(case=TINY, **more), None, None)[0].id


def until(service, job, *states):
    deadline = time.monotonic() + 120
    while (found := service.jobs.get(job)).state not in (states or ("done", "failed", "cancelled")):
        assert time.monotonic() < deadline, found.state
        time.sleep(0.02)
    return found


def solved(child, task, case, on_progress):
    return execute(task, case)


def lost(child, task, case, on_progress):
    return without_plan(task, "LOST", Text("崩溃", "crashed"))


def waiting(child, task, case, on_progress):
    assert child.stopped.wait(60)
    return without_plan(task, "CANCELLED", Text("取消", "cancelled"))


def test_a_process_that_is_lost_is_tried_again(service, solving):
    solving.calls = [lost, solved]
    found = until(service, submit(service))
    assert (found.state, found.attempts) == ("done", 2)


def test_a_job_that_loses_its_process_every_time_fails_with_what_was_seen(service, solving):
    solving.calls = [lost]
    found = until(service, submit(service))
    assert (found.state, found.attempts, found.error["kind"]) == ("failed", 3, "lost")
    assert found.error["message"]["en"] == "crashed"
    solving.calls = [solved]
    assert until(service, submit(service)).state == "done"


def test_every_solve_has_the_limits_of_the_server(service, solving):
    until(service, submit(service))
    [limits] = solving.limits
    assert (limits.seconds, limits.memory_mb) == (2 * 7 + 60, 300)


@pytest.mark.parametrize("status", ["TIMEOUT", "OUT_OF_MEMORY", "ERROR", "NO_SOLUTION_FOUND"])
def test_an_ending_that_may_be_another_next_time_is_not_reused(service, solving, status):
    solving.calls = [lambda child, task, case, on_progress: without_plan(task, status, Text("到限", "limit")), solved]
    first = until(service, submit(service))
    assert (first.state, first.error["message"]["zh"]) == ("failed", "到限")
    second = until(service, submit(service))
    assert (second.state, second.reused) == ("done", False)


@pytest.mark.parametrize(("status", "written"), [("TIMEOUT", 1), ("OUT_OF_MEMORY", 1), ("NO_SOLUTION_FOUND", 0)])
def test_a_solve_that_was_stopped_for_what_it_took_stands_in_the_audit_log(service, solving, status, written):
    solving.calls = [lambda child, task, case, on_progress: without_plan(task, status, Text("到限", "limit"))]
    ended = until(service, submit(service))
    deadline = time.monotonic() + 60
    while (
        len(entries := Workspace(service.store).audit(ended.owner, action="stopped")) < written
        and time.monotonic() < deadline
    ):
        time.sleep(0.05)
    assert [(entry.object, entry.details["reason"]) for entry in entries] == ([("tiny", "到限")] * written)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_worker_that_falls_is_replaced_and_its_job_given_back(service, solving):
    def falls(child, task, case, on_progress):
        raise RuntimeError("nobody foresaw this")

    solving.calls = [falls, solved]
    found = until(service, submit(service))
    assert (found.state, found.attempts) == ("done", 2)


def test_an_ending_that_could_not_be_written_is_not_the_end_of_the_job(service, solving, monkeypatch):
    finish, release = service.jobs.finish, service.jobs.release
    away = [StoreUnavailable(Text("暂不可用", "away")) for _ in range(2)]

    def unless_away(call):
        def made(*arguments, **more):
            if away:
                raise away.pop()
            return call(*arguments, **more)

        return made

    monkeypatch.setattr(service.jobs, "finish", unless_away(finish))
    monkeypatch.setattr(service.jobs, "release", unless_away(release))
    found = until(service, submit(service))
    assert (found.state, found.attempts, found.reused) == ("done", 2, True)


def test_a_cancellation_written_by_another_server_comes_through(service, solving):
    solving.calls = [waiting]
    job = submit(service)
    until(service, job, "running")
    service.jobs.cancel(job)
    found = until(service, job)
    assert (found.state, found.error["kind"], found.result) == ("cancelled", "cancelled", None)


def test_what_runs_when_a_server_stops_is_queued_and_does_not_count(tmp_path, service, solving):
    solving.calls = [waiting]
    job = submit(service)
    until(service, job, "running")
    service.stop(0)
    with Store.open(tmp_path / "store.db") as store:
        found = Jobs(store).get(job)
    assert (found.state, found.attempts) == ("queued", 0)


def test_progress_is_written_now_and_then(service, solving, monkeypatch):
    monkeypatch.setattr(runner_module, "PROGRESS_S", 0.0)

    def telling(child, task, case, on_progress):
        assert on_progress(Progress("solve", 1.5, 3.0, float("inf"), None)) is not False
        return waiting(child, task, case, on_progress)

    solving.calls = [telling]
    job = submit(service)
    until(service, job, "running")
    deadline = time.monotonic() + 60
    while service.jobs.get(job).progress is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    told = service.jobs.get(job).progress
    assert told == {"stage": "solve", "seconds": 1.5, "incumbent": 3.0, "bound": None, "gap": None}
    service.cancel(job, "me")
    until(service, job)


def test_a_run_that_was_cleared_away_is_said_to_be_gone(service):
    job = until(service, submit(service)).id
    assert service.result(job, "me")[1]
    service.store.gc(older_than=timedelta(0))
    with pytest.raises(WrongState, match="no longer in the store"):
        service.result(job, "me")


def test_a_result_may_be_a_plan_that_is_not_proven(service, solving):
    def stopped(child, task, case, on_progress):
        done = execute(task, case)
        ending = replace(done.ending, status="FEASIBLE", exit_code=4, gap=0.1, reason=Text("到限时止", "stopped"))
        return Done(ending, done.files)

    solving.calls = [stopped]
    found = until(service, submit(service))
    assert (found.state, found.error["kind"], found.error["exit_code"]) == ("done", "limit", 4)
    assert service.result(found.id, "me")[1]
