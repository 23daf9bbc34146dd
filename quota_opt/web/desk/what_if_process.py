"""What answers the questions of the what-if screen, as a program: it holds opened cases and solves them again.

A quick answer comes from a session, whose case was solved once and which starts from what that left; a proven one is
what `quota_opt.solve` says, so that a plan that is saved afterwards is the same.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from quota_opt.batch.child_process import serve
from quota_opt.batch.task import Done, Ending, Task, error_text, status_of, without_plan
from quota_opt.errors import Conflict, InfeasibleScenario, NoPlanFound, QuotaOptError, Text
from quota_opt.facade import Scenario, Session, solve
from quota_opt.solving.profile import Profile
from quota_opt.solving.status import OnProgress, Progress
from quota_opt.web.desk.answers import BREAKS, PROVEN, QUICK, REPAIRS, Answer, Breaks, Repair, Repairs, Stage, answer_of

OPENING_GAP = 1e-2
"""How exactly a case is solved when it is opened, and every quick answer after that."""
OPENING_S = 3.0
"""How long an opening may take once it has a plan."""
ENOUGH_S = 0.7
"""After so long a quick answer is the best plan there is; without any it goes on."""
PATIENCE = 3.0
ANSWER = "answer.json"


@dataclass
class Desk:
    """The sessions of this process, by the digest of their case."""

    sessions: dict[str, Session] = field(default_factory=dict)

    def answered(self, task: Task, case: Scenario, on_progress: OnProgress) -> Done:
        """The answer to one question, as the file `ANSWER` of its Done; see `WhatIf.ask` for what a task holds."""
        stage, changes = asked(task)
        began = time.perf_counter()
        try:
            if stage == REPAIRS:
                found: Answer | Repairs | Breaks = _repairs(case, changes, task.profile)
            elif stage == BREAKS:
                found = _breaks(case, changes, task.profile, on_progress)
            else:
                found = self._solved(task, case, stage, changes, on_progress)
        except QuotaOptError as error:
            return _failed(task, stage, changes, error, time.perf_counter() - began)
        status = found.status if isinstance(found, Answer) else "OPTIMAL"
        return Done(Ending(task.address, status, 0, seconds=time.perf_counter() - began), {ANSWER: found.packed()})

    def forget(self, digest: str) -> None:
        """Let go of a case."""
        self.sessions.pop(digest, None)

    def _solved(
        self, task: Task, case: Scenario, stage: Stage, changes: Mapping[str, Any], on_progress: OnProgress
    ) -> Answer:
        began = time.perf_counter()
        if stage == PROVEN:
            plan = solve(case.with_(**changes) if changes else case, task.profile, on_progress=on_progress)
            return answer_of(plan, stage, changes, time.perf_counter() - began)
        session = self._opened(task, case)
        plan = session.solve(changes or None, on_progress=Enough(ENOUGH_S, on_progress))
        return answer_of(plan, stage, changes, time.perf_counter() - began)

    def _opened(self, task: Task, case: Scenario) -> Session:
        """The case's session. Opening is not cancelled by a newer question, which would have to begin it again."""
        session = self.sessions.get(task.case)
        if session is None:
            session = Session(case, task.profile.with_limits(gap=OPENING_GAP))
            with suppress(InfeasibleScenario, NoPlanFound):  # a changed case may have a plan all the same
                session.solve(on_progress=Enough(OPENING_S))
            self.sessions[task.case] = session
        return session


class Enough:
    """Ends a solve that has a plan after some seconds of work; until there is one it goes on.

    On a busy machine it waits for its share of the processor, but not beyond `PATIENCE` times as long.
    """

    def __init__(self, seconds: float, on_progress: OnProgress | None = None) -> None:
        self._seconds = seconds
        self._began, self._worked = time.perf_counter(), time.process_time()
        self._on_progress = on_progress

    def __call__(self, progress: Progress) -> bool:
        """Whether to go on."""
        wanted = self._on_progress is None or self._on_progress(progress) is not False
        worked, waited = time.process_time() - self._worked, time.perf_counter() - self._began
        return wanted and (progress.incumbent is None or (worked < self._seconds and waited < PATIENCE * self._seconds))


def asked(task: Task) -> tuple[Stage, Mapping[str, Any]]:
    """The stage and the changes that a task asks for."""
    stage, _, _ = task.address.partition(" ")
    return stage, task.overrides  # type: ignore[return-value]


def _failed(task: Task, stage: Stage, changes: Mapping[str, Any], error: QuotaOptError, seconds: float) -> Done:
    done = without_plan(task, status_of(error), error_text(error), seconds)
    if stage not in (QUICK, PROVEN):
        return done
    conflicts: tuple[Text, ...] = ()
    if isinstance(error, InfeasibleScenario):
        conflicts = _lines(error.conflicts, error.text)
    answer = Answer(stage, changes, done.ending.status, error_text(error), seconds=seconds, conflicts=conflicts)
    return Done(done.ending, {ANSWER: answer.packed()})


def _lines(conflicts: tuple[Conflict, ...], text: Text) -> tuple[Text, ...]:
    """A line for each rule that must give, as the error lists them."""
    zh, en = (part.split("\n  ")[1:] for part in text)
    return tuple(Text(*both) for both in zip(zh, en, strict=False))[: len(conflicts)]


def _repairs(case: Scenario, changes: Mapping[str, Any], profile: Profile) -> Repairs:
    from quota_opt.analysis.infeasible.document import repair_words
    from quota_opt.analysis.infeasible.infeasible import explain_infeasible

    clash = explain_infeasible(
        case.with_(**changes) if changes else case, profile, time_limit=profile.time_limit_s or 60.0
    )
    repairs = []
    for repair in clash.repairs:
        settings = {change.path: change.after for change in repair.changes if change.path is not None}
        whole = len(settings) == len(repair.changes)  # else a cell of a table has to be mended too
        repairs.append(Repair(repair_words(repair), settings if whole else {}, repair.confirmed))
    return Repairs(tuple(clause.title for clause in clash.clauses), tuple(repairs))


def _breaks(case: Scenario, asked_for: Mapping[str, Any], profile: Profile, on_progress: OnProgress) -> Breaks:
    from quota_opt.analysis.near.sweep import sweep

    ((path, (low, high)),) = asked_for.items()

    def told(progress: Progress) -> bool:
        if on_progress(progress) is False:  # one solve cut short would be taken for an answer
            raise NoPlanFound(Text("已取消。", "Cancelled."))
        return True

    found = sweep(case, path, low, high, profile, on_progress=told)
    return Breaks(found.breaks if found.exact else (), found.exact)


def main() -> None:
    """Answer until the parent closes the pipe."""
    desk = Desk()
    serve(desk.answered, desk.forget)


if __name__ == "__main__":
    main()
