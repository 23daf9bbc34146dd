"""Questions of the what-if screen: who asks, what is worked out, and by which process.

Questions that are the same are worked out once, whoever asks; what was answered is kept. Quick answers have processes
of their own, one for each processor; what takes longer (proofs, repairs, break points) goes on beside them in others
that step back. A case is opened by a second process only while the first is busy. Users take turns.
"""

from __future__ import annotations

import functools
import itertools
import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from quota_opt.batch.child import WORN, Child, Kind
from quota_opt.batch.pool import Limits
from quota_opt.batch.task import Done, Task
from quota_opt.errors import Text
from quota_opt.facade import Scenario
from quota_opt.plan.address import run_address
from quota_opt.plan.folder import hashes
from quota_opt.scenario.paths import flattened
from quota_opt.scenario.scenario import effective_document
from quota_opt.solving.profile import Profile, read_profile
from quota_opt.solving.status import Progress
from quota_opt.solving.structure import processors
from quota_opt.web.desk.answers import BREAKS, PROVEN, QUICK, REPAIRS, Answer, Breaks, Repairs, Stage
from quota_opt.web.desk.what_if_process import ANSWER

log = logging.getLogger(__name__)

SECONDS: dict[Stage, float] = {QUICK: 10.0, PROVEN: 120.0, REPAIRS: 120.0, BREAKS: 60.0}
"""How long each kind of question may be solved for."""
GAPS: dict[Stage, float | None] = {QUICK: None, PROVEN: None, REPAIRS: None, BREAKS: 1e-3}
HARD_S = 30.0
"""After so much more, a process is ended."""
KEPT = 400
"""Answers kept; each is some tens of kilobytes."""
MEMORY_MB = 2048
_MODULE = "quota_opt.web.desk.what_if_process"
_STAYS = tuple(each for each in WORN if each != "CANCELLED")
_QUICK = Kind(_MODULE, _STAYS, kept_mb=1200.0)
_STEADY = Kind(_MODULE, _STAYS, kept_mb=1200.0, nice=5)


@dataclass(frozen=True, eq=False)
class Subject:
    """A case that is asked about: its digest, and what it says by dotted path; made once for many questions."""

    case: Scenario
    digest: str
    stated: Mapping[str, Any]

    @staticmethod
    def of(case: Scenario) -> Subject:
        """The subject of a case."""
        digest = run_address(hashes(case.files), case.variant, case.overrides, {}, {})
        return Subject(case, digest, flattened(effective_document(case)))

    def canonical(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """The changes in the order of their paths, without those that say what the case says already."""
        stated = self.stated
        return {path: changes[path] for path in sorted(changes) if path not in stated or stated[path] != changes[path]}


@dataclass(eq=False)
class Question:
    """One question of one user. `future` holds what is found, None where it was overtaken by a newer one or cancelled.

    `progress` is the last that was heard of the solve.
    """

    number: int
    user: str
    stage: Stage
    changes: Mapping[str, Any]
    future: Future[Any] = field(default_factory=Future)
    progress: Progress | None = None


@dataclass(eq=False)
class _Work:
    """What is worked out for all who ask the same; nobody: it is not wanted any more."""

    key: str
    task: Task
    case: Scenario
    stage: Stage
    wanted: list[Question] = field(default_factory=list)
    worker: _Worker | None = None
    later: bool = False
    """Whether it stops for something more urgent, to be begun again afterwards."""


@dataclass(eq=False)
class _Worker:
    """A process with the thread that hands it work, and the cases it has open."""

    steady: bool
    child: Child
    opened: OrderedDict[str, None] = field(default_factory=OrderedDict)
    work: _Work | None = None
    thread: threading.Thread | None = None


class WhatIf:
    """Answers questions about cases with changed settings; one for a server, safe from several threads.

    `quick` (default: one for each processor) and `steady` are how many processes answer quickly and at length; they
    start with `begin`, or with the first question.
    """

    def __init__(self, quick: int | None = None, steady: int = 1, memory_mb: int = MEMORY_MB) -> None:
        self._workers = [_Worker(False, Child(_QUICK)) for _ in range(quick or processors())]
        self._workers += [_Worker(True, Child(_STEADY)) for _ in range(steady)]
        self._memory_mb = memory_mb
        self._news = threading.Condition()
        self._numbers = itertools.count(1)
        self._queue: list[_Work] = []
        self._works: dict[str, _Work] = {}
        self._answers: OrderedDict[str, Any] = OrderedDict()
        self._last: dict[tuple[str, str], Question] = {}
        self._turns: OrderedDict[str, None] = OrderedDict()
        self._closed = False

    def begin(self) -> None:
        """Start the processes that answer quickly, so that the first question does not wait for them."""
        for worker in self._workers:
            if not worker.steady:
                worker.child.begin()

    def ask(
        self,
        case: Scenario | Subject,
        changes: Mapping[str, Any] | None = None,
        *,
        stage: Stage = QUICK,
        user: str = "",
        tab: str = "",
    ) -> Question:
        """Ask for the answer to `changes` (dotted settings paths) of a case; for "breaks" one path and its two ends.

        A newer question of the same user and `tab` takes the place of the one before; without a tab it stands alone.
        Nothing is raised: what went wrong is an Answer too.
        """
        subject = case if isinstance(case, Subject) else Subject.of(case)
        wanted = dict(changes or {}) if stage == BREAKS else subject.canonical(changes or {})
        key = f"{stage} {subject.digest} {json.dumps(wanted, sort_keys=True, ensure_ascii=False)}"
        question = Question(next(self._numbers), user, stage, wanted)
        stopped: Child | None = None
        with self._news:
            before = self._last.get((user, tab)) if tab else None
            if tab:
                self._last[user, tab] = question
            known = self._answers.get(key)
            if known is not None:
                self._answers.move_to_end(key)
            elif self._closed:
                pass
            elif key in self._works:
                self._works[key].wanted.append(question)
            else:
                task = Task(key, subject.digest, None, wanted, _profile(stage))
                work = _Work(key, task, subject.case, stage, [question])
                self._works[key] = work
                self._queue.append(work)
                self._begin()
                stopped = self._made_room(work)
                self._news.notify_all()
        if stopped is not None:
            stopped.cancel()
        if before is not None:
            self.cancel(before)
        if known is not None or self._closed:
            _tell(question, known)
        return question

    def cancel(self, question: Question) -> None:
        """Drop a question; what nobody wants any more is not worked out further."""
        stopped: Child | None = None
        with self._news:
            for work in list(self._works.values()):
                if question not in work.wanted:
                    continue
                work.wanted.remove(question)
                if not work.wanted:
                    del self._works[work.key]
                    if work.worker is None:
                        self._queue.remove(work)
                    else:
                        stopped = work.worker.child
        if stopped is not None:
            stopped.cancel()
        _tell(question, None)

    def close(self) -> None:
        """End all processes; what is being worked out is lost, and its questions end without an answer."""
        with self._news:
            self._closed = True
            left = [question for work in self._works.values() for question in work.wanted]
            self._works.clear()
            self._queue.clear()
            self._news.notify_all()
        for worker in self._workers:
            worker.child.close()
        for question in left:
            _tell(question, None)
        for worker in self._workers:
            if worker.thread is not None:
                worker.thread.join(10)

    def _made_room(self, work: _Work) -> Child | None:
        """The process whose search for break points gives way to a proof or to repairs, where none is idle."""
        steady = [each for each in self._workers if each.steady]
        if work.stage not in (PROVEN, REPAIRS) or any(each.work is None for each in steady):
            return None
        chosen = next((each for each in steady if each.work is not None and each.work.stage == BREAKS), None)
        if chosen is None or chosen.work is None:
            return None
        chosen.work.later = True
        return chosen.child

    def _begin(self) -> None:
        """See that each worker has a thread that lives."""
        for worker in self._workers:
            if worker.thread is None or not worker.thread.is_alive():
                worker.work = None
                worker.thread = threading.Thread(target=self._serve, args=(worker,), name="what-if", daemon=True)
                worker.thread.start()

    def _serve(self, worker: _Worker) -> None:
        while True:
            with self._news:
                while (work := self._next(worker)) is None:
                    if self._closed:
                        return
                    self._news.wait()
                work.worker, worker.work = worker, work
                worker.opened[work.task.case] = None
                worker.opened.move_to_end(work.task.case)
            done: Done | None = None
            try:
                done = self._worked_out(worker, work)
            finally:
                self._finish(worker, work, done)

    def _worked_out(self, worker: _Worker, work: _Work) -> Done:
        def told(progress: Progress) -> bool:
            for question in tuple(work.wanted):
                question.progress = progress
            return bool(work.wanted) and not work.later

        limits = Limits(2 * SECONDS[work.stage] + HARD_S, self._memory_mb)
        return worker.child.solve(work.task, work.case, limits, told)

    def _finish(self, worker: _Worker, work: _Work, done: Done | None) -> None:
        found = _found(work, done)
        with self._news:
            worker.work = None
            if done is None or done.ending.status in _STAYS:
                worker.opened.clear()  # the process was replaced
            while len(worker.opened) > _CASES:
                worker.opened.popitem(last=False)
            again = work.later and not isinstance(found, Breaks) and not self._closed
            work.later = False
            wanted = [] if again else list(work.wanted)
            if again and work.wanted:
                work.worker = None
                self._queue.append(work)
            elif wanted and self._works.get(work.key) is work:
                del self._works[work.key]
                if _lasting(found):
                    self._answers[work.key] = found
                    while len(self._answers) > KEPT:
                        self._answers.popitem(last=False)
            self._news.notify_all()
        for question in wanted:
            _tell(question, found)

    def _next(self, worker: _Worker) -> _Work | None:
        """What this worker does next: of the users that wait, the one whose turn was longest ago.

        Break points come last. What another idle worker has open is left to that one.
        """
        mine = [work for work in self._queue if (work.stage != QUICK) == worker.steady]
        idle = [each for each in self._workers if each.work is None and each.steady == worker.steady]
        fit = [
            work
            for work in mine
            if work.task.case in worker.opened or not any(work.task.case in each.opened for each in idle)
        ]
        if not fit:
            return None
        turns = list(self._turns)

        def turn(work: _Work) -> tuple[bool, int]:
            return work.stage == BREAKS, min((turns.index(q.user) if q.user in turns else -1) for q in work.wanted)

        chosen = min(fit, key=turn)
        self._queue.remove(chosen)
        for question in chosen.wanted:
            self._turns[question.user] = None
            self._turns.move_to_end(question.user)
        while len(self._turns) > KEPT:
            self._turns.popitem(last=False)
        return chosen


_CASES = 4
"""Cases a process keeps open, as `Child` has it."""


@functools.cache
def _profile(stage: Stage) -> Profile:
    return read_profile("auto").with_limits(gap=GAPS[stage], time_limit=SECONDS[stage])


def _tell(question: Question, found: Any) -> None:
    """Answer a question, unless it has been."""
    with suppress(InvalidStateError):
        question.future.set_result(found)


def _found(work: _Work, done: Done | None) -> Answer | Repairs | Breaks:
    """What a process handed over, or how it ended without."""
    if done is not None and ANSWER in done.files:
        kinds = {REPAIRS: Repairs, BREAKS: Breaks}
        return kinds.get(work.stage, Answer).unpacked(done.files[ANSWER])  # type: ignore[attr-defined,no-any-return]
    status = "ERROR" if done is None else done.ending.status
    reason = None if done is None else done.ending.reason
    if status != "CANCELLED":
        log.warning("a question was not answered: %s", status if reason is None else reason.en)
    return Answer(work.stage, work.task.overrides, status, reason or _NO_REASON)


_NO_REASON = Text(
    "求解进程中断，已重新启动，请再试一次。", "The process ended and was started again; please ask again."
)


def _lasting(found: Answer | Repairs | Breaks) -> bool:
    """Whether the same question would be answered the same again; a limit may be met or not."""
    if isinstance(found, Repairs):
        return bool(found.repairs)
    if isinstance(found, Breaks):
        return True
    return found.status in ("OPTIMAL", "INFEASIBLE", "INVALID", "UNBOUNDED") or (
        found.stage == QUICK and found.status == "FEASIBLE"
    )
