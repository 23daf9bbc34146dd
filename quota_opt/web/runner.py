"""The workers of a server: each takes one job after another from the store and solves it in a process of its own.

A job is written as ended only while it is still this server's; what a server leaves behind, whatever became of it, is
queued again by the next one, or by another that shares the store.
"""

from __future__ import annotations

import logging
import platform
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psutil

from quota_opt.batch.child import Child
from quota_opt.batch.pool import Limits
from quota_opt.batch.task import Done, Task
from quota_opt.errors import InputError, Language, StoreUnavailable, Text
from quota_opt.facade import Scenario
from quota_opt.plan.folder import finite
from quota_opt.solving.profile import Profile
from quota_opt.solving.status import Progress, Status
from quota_opt.solving.structure import processors
from quota_opt.store.jobs import CANCELLED, DONE, FAILED, SOLVE, Job, Jobs, NoSuchJob, WrongState, failure_of, now
from quota_opt.store.store import Store
from quota_opt.store.workspace import Workspace
from quota_opt.web.analysing import AnalysisStopped, Analyst
from quota_opt.web.limits import ServerLimits
from quota_opt.web.uploads import case_of_zip

log = logging.getLogger(__name__)

IDLE_S = 1.0
"""How long a worker sleeps where nothing waits; a job submitted here wakes it at once."""
BEAT_S = 2.0
PROGRESS_S = 1.0
"""How often the progress of a job is written, at most."""
SILENT_S = 60.0
"""A server on another machine that has not been heard of for so long is taken for dead."""
RECOVER_S = 5.0
"""How often it is looked for jobs of dead servers."""
CASES = 4
"""Cases a worker keeps read."""

KINDS = {
    "INVALID": "input",
    "INFEASIBLE": "infeasible",
    "UNBOUNDED": "unbounded",
    "NO_SOLUTION_FOUND": "no-plan-found",
    "FEASIBLE": "limit",
    "TIMEOUT": "timeout",
    "OUT_OF_MEMORY": "out-of-memory",
    "CANCELLED": "cancelled",
    "FAILED_VERIFICATION": "verification-failed",
    "LOST": "lost",
}
"""How a run ended, in the words of an error's `kind`; what is not here is `internal`."""
STOPPED = ("timeout", "out-of-memory")
"""Kinds of an error whose job was stopped for what it took."""
LASTING = ("OPTIMAL", "INFEASIBLE", "UNBOUNDED")
"""Endings that the same run has every time, so that it need not be solved again."""


def server_name() -> str:
    """Which machine, process and start this server is: from it others can tell whether it still runs."""
    process = psutil.Process()
    return f"{platform.node()}|{process.pid}|{process.create_time():.2f}|{uuid.uuid4().hex[:8]}"


def is_dead(server: str, heard: datetime) -> bool:
    """Whether the server of that name runs no more; one on another machine by its silence."""
    node, pid, created, _ = [*server.rsplit("|", 3), "", "", ""][:4]
    if node != platform.node() or not pid.isdecimal():
        return now() - heard > timedelta(seconds=SILENT_S)
    try:
        began = float(psutil.Process(int(pid)).create_time())
    except psutil.NoSuchProcess:
        return True
    except (psutil.AccessDenied, ValueError):
        return False
    return abs(began - float(created)) > 1


@dataclass
class _Work:
    """What a worker has in hand."""

    job: Job
    stop: Callable[[], None]
    drop: Callable[[], None]
    """Ends it at once, whatever it has."""
    asked: bool = False


@dataclass
class _Worker:
    """One thread, its process, and the cases it keeps; one for `prompt` analyses takes nothing else."""

    child: Child
    prompt: bool = False
    cases: dict[str, Scenario] = field(default_factory=dict)
    job: Job | None = None
    work: _Work | None = None
    thread: threading.Thread | None = None


class Runner:
    """`limits.workers` threads that run the jobs of `store`, and one for analyses somebody waits for, so that they do
    not stand behind a long solve; between `start` and `stop`."""

    def __init__(self, store: Store, jobs: Jobs, limits: ServerLimits) -> None:
        self.name = server_name()
        self._store, self._jobs, self._limits = store, jobs, limits
        self._workspace = Workspace(store)
        self._workers = [*(_Worker(Child()) for _ in range(limits.workers)), _Worker(Child(), prompt=True)]
        self._wake = threading.Condition()
        self._stopping = False
        self._minder = threading.Thread(target=self._mind, name="minder", daemon=True)

    def start(self) -> None:
        """Take over what a dead server left, and begin."""
        self._jobs.recover(is_dead)
        for worker in self._workers:
            self._begin(worker)
        self._minder.start()

    def drain(self) -> None:
        """Begin no more jobs. May be called in a signal handler: it takes no lock."""
        self._stopping = True

    def stop(self, grace: float) -> None:
        """Begin no more jobs; what runs has `grace` seconds to end, and goes back to the queue otherwise."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        deadline = time.monotonic() + grace
        for worker in self._workers:
            if worker.thread is not None:
                worker.thread.join(max(0.0, deadline - time.monotonic()))
        for worker in self._workers:
            work = worker.work
            worker.child.close()
            if work is not None:
                work.drop()
        for worker in self._workers:
            if worker.thread is not None:
                worker.thread.join(10)
        self._minder.join(10)

    def wake(self) -> None:
        """Say that there is a new job."""
        with self._wake:
            self._wake.notify_all()

    def cancel(self, job: str) -> None:
        """End a job that runs here; the plan it has so far is kept."""
        for worker in self._workers:
            work = worker.work
            if work is not None and work.job.id == job and not work.asked:
                work.asked = True
                work.stop()

    def _begin(self, worker: _Worker) -> None:
        worker.thread = threading.Thread(target=self._serve, args=(worker,), name="worker", daemon=True)
        worker.thread.start()

    def _mind(self) -> None:
        """Say that this server lives, pass cancellations on, take over from the dead, replace a worker that fell."""
        recovered = time.monotonic()
        left: set[str] = set()
        while not self._stopping:
            try:
                running = self._jobs.beat(self.name)
                for job, cancelling in running.items():
                    if cancelling:
                        self.cancel(job)
                # What no worker has in hand, now and before: its end could not be written.
                held = {worker.job.id for worker in self._workers if worker.job is not None}
                for job in left & (running.keys() - held):
                    self._jobs.release(self._jobs.get(job), counted=True)
                left = set(running) - held
                if time.monotonic() - recovered > RECOVER_S:
                    recovered = time.monotonic()
                    if self._jobs.recover(is_dead):
                        self.wake()
            except (StoreUnavailable, NoSuchJob) as error:
                log.warning("the store cannot be used: %s", error)
            for worker in self._workers:
                if worker.thread is not None and not worker.thread.is_alive() and not self._stopping:
                    log.error("a worker ended and is replaced")
                    worker.child.close()
                    worker.child, worker.work, worker.job = Child(), None, None
                    self._begin(worker)
            with self._wake:
                if not self._stopping:
                    self._wake.wait(BEAT_S)

    def _serve(self, worker: _Worker) -> None:
        while not self._stopping:
            try:
                job = self._jobs.claim(self.name, prompt=worker.prompt)
            except StoreUnavailable as error:
                log.warning("the store cannot be used: %s", error)
                job = None
            if job is None:
                with self._wake:
                    if not self._stopping:
                        self._wake.wait(IDLE_S)
                continue
            worker.job = job
            self._run(worker, job)
            worker.job = None

    def _run(self, worker: _Worker, job: Job) -> None:
        try:
            written = False
            try:
                written = self._solve(worker, job) if job.kind == SOLVE else self._analyse(worker, job)
            except (InputError, WrongState) as error:
                findings = [finding.as_dict("zh") for finding in getattr(error, "findings", ())]
                self._jobs.finish(job, FAILED, error=failure_of("input", error.text, error.exit_code, findings))
                written = True
            finally:
                worker.work = None
                if not written:
                    self._jobs.release(job, counted=not self._stopping)
        except StoreUnavailable as error:  # the minder gives the job back when the store is there again
            log.warning("job %s: the store cannot be used: %s", job.id, error)

    def _solve(self, worker: _Worker, job: Job) -> bool:
        """Whether the end of the job is written, or not this server's to write; else it goes back to the queue."""
        if not job.fresh and (known := self.known(job.address)) is not None:
            self._jobs.finish(job, **known)
            return True
        case = self._case(worker, job)
        task = _task(job)
        work = worker.work = _Work(job, worker.child.cancel, worker.child.cancel)
        told = time.monotonic()

        def watch(progress: Progress) -> bool:
            nonlocal told
            if time.monotonic() - told >= PROGRESS_S:
                told = time.monotonic()
                self._jobs.progress(job, finite(vars(progress)))
            return not work.asked

        limits = Limits(job.limits.get("seconds"), job.limits.get("memory_mb"))
        done = worker.child.solve(task, case, limits, watch)
        if self._stopping and done.ending.status in ("CANCELLED", "LOST"):
            return False
        if done.ending.status == "LOST":
            reason = done.ending.reason or _UNKNOWN
            self._jobs.release(job, counted=True, failure=failure_of("lost", reason, 1))
            return True
        self._keep(done, task, case)
        self._end(job, **_ended(done, cancelled=work.asked))
        return True

    def _end(self, job: Job, state: str, **values: Any) -> None:
        """Write how a job ended; one that was stopped for what it took is written in the audit log too."""
        kind = (values.get("error") or {}).get("kind")
        if self._jobs.finish(job, state, **values) and kind in STOPPED:
            reason = values["error"]["message"]["zh"].splitlines()[0]
            self._workspace.log(job.owner, "stopped", job.case_name, {"job": job.id, "reason": reason})

    def _keep(self, done: Done, task: Task, case: Scenario) -> None:
        """Into the store with it; of a run without a plan, only what says something of the case."""
        if done.files or done.ending.status in LASTING:
            self._store.add(done.files, ending=done.ending, task=task, case=case, source="api")

    def known(self, address: str | None) -> dict[str, Any] | None:
        """How the run of that address ended before, as values of its job; None where it has to be solved."""
        run = self._jobs.known_run(address) if address is not None else None
        if run is None or run["status"] not in LASTING:
            return None
        ending = {name: run[name] for name in _ENDING}
        if run["status"] == Status.OPTIMAL:
            return {"state": DONE, "reused": True, "result": address, "ending": finite(ending)}
        reason = Text(run["reason_zh"] or _UNKNOWN.zh, run["reason_en"] or _UNKNOWN.en)
        error = failure_of(KINDS[run["status"]], reason, run["exit_code"])
        return {"state": FAILED, "reused": True, "ending": finite(ending), "error": error}

    def _case(self, worker: _Worker, job: Job) -> Scenario:
        key = str(job.case)
        if key not in worker.cases:
            while len(worker.cases) >= CASES:
                worker.cases.pop(next(iter(worker.cases)))
            worker.cases[key] = case_of_zip(self._jobs.content(job))
        return worker.cases[key]

    def _analyse(self, worker: _Worker, job: Job) -> bool:
        """As `_solve`; one that was cancelled keeps what it found by then."""
        analyst = Analyst(self._store, self._jobs, self._limits)
        worker.work = _Work(job, analyst.stop, analyst.drop)
        told = -PROGRESS_S

        def tell(progress: Mapping[str, Any]) -> None:
            nonlocal told
            if time.monotonic() - told >= PROGRESS_S:
                told = time.monotonic()
                self._jobs.progress(job, progress)

        try:
            found = analyst.answer(job, tell)
        except AnalysisStopped as stopped:
            if self._stopping:
                return False
            state = CANCELLED if analyst.stopped else FAILED
            self._end(job, state, error=failure_of(stopped.kind, stopped.text, stopped.exit_code))
            return True
        kept = found["partial"] and analyst.stopped
        error = failure_of("cancelled", _PARTIAL, 4) if kept else None
        self._jobs.finish(job, CANCELLED if kept else DONE, found=found, error=error)
        return True


_ENDING = ("status", "exit_code", "objective", "bound", "gap", "seconds", "peak_mb")
_UNKNOWN = Text("原因不明。", "The reason is not known.")
_PARTIAL = Text("已取消，保留到那时的结果。", "Cancelled; what was found by then is kept.")


def _task(job: Job) -> Task:
    profile = Profile.model_validate(job.profile)
    language: Language = "zh" if job.language == "zh" else "en"
    return Task(str(job.address), str(job.case), job.variant, dict(job.overrides), profile, language)


def _ended(done: Done, *, cancelled: bool) -> dict[str, Any]:
    """The values of a job whose run ended so; one that was cancelled is so, with the plan it had."""
    ending = done.ending
    state = DONE if done.files else FAILED
    if ending.status == "CANCELLED" or (cancelled and ending.status != "OPTIMAL"):
        state = CANCELLED
    error = None
    if ending.reason is not None:
        kind = "cancelled" if state == CANCELLED else KINDS.get(ending.status, "internal")
        error = failure_of(kind, ending.reason, ending.exit_code)
    return {
        "state": state,
        "result": ending.address if done.files else None,
        "ending": finite({name: getattr(ending, name) for name in _ENDING}),
        "error": error,
    }


def default_workers() -> int:
    """How many jobs run at once where nothing is said: one processor is left for answering."""
    return max(1, processors() - 1)
