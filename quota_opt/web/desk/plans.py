"""Plans as screens show them: how far a job is, and what its result says, read from the store and kept a while."""

from __future__ import annotations

import hashlib
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from quota_opt.analysis.addresses import read_result
from quota_opt.batch.task import unpack
from quota_opt.errors import InputError, Language, Text, VerificationFailed
from quota_opt.facade import Scenario, verify
from quota_opt.plan.plan import Plan
from quota_opt.plan.verify import Verification
from quota_opt.report.content import Content, gather
from quota_opt.report.figures import makers
from quota_opt.report.figures_course import Moment
from quota_opt.report.narrowing import Part, narrowed
from quota_opt.report.values import Figure
from quota_opt.report.words import STAGES
from quota_opt.store.case_files import case_of_files
from quota_opt.store.jobs import CANCELLED, DONE, ENDED, FAILED, QUEUED, RUNNING, SOLVE, Job, WrongState, now
from quota_opt.web.limits import MEBIBYTE
from quota_opt.web.service import Service

PLANS = 8
"""Plans kept read, at most."""
PLANS_MB = 64
"""Of the result folders of the plans kept; what is made of one takes several times as much."""
PARTS = 6
"""Parts of a plan kept narrowed."""
COURSES = 64
"""Jobs whose course is kept."""
MOMENTS = 600
"""Of one course; of a longer one every other moment goes."""

_STATES: Mapping[str, Text] = {
    QUEUED: Text("排队", "queued"),
    RUNNING: Text("运行", "running"),
    DONE: Text("完成", "done"),
    FAILED: Text("失败", "failed"),
    CANCELLED: Text("已取消", "cancelled"),
}


@dataclass(frozen=True)
class JobState:
    """A job as it stands now. `ahead` are the solves that wait before it; `course` is what was seen of it so far.

    `kind` tells why there is no plan, or none that is proven: infeasible, limit, timeout, out-of-memory, cancelled,
    lost, input … `planned` says that there is a plan.
    """

    id: str
    kind_of_work: str
    state: str
    case: str
    variant: str | None
    overrides: Mapping[str, Any]
    address: str | None
    ahead: int
    stage: str | None
    best: float | None
    bound: float | None
    gap: float | None
    seconds: float
    cancelling: bool
    planned: bool
    kind: str | None
    message: Text | None
    findings: Sequence[Mapping[str, Any]]
    course: tuple[Moment, ...]

    @property
    def ended(self) -> bool:
        """Whether nothing more will change."""
        return self.state in ENDED

    @property
    def words(self) -> Text:
        """排队 / 运行 / 完成 / 失败 / 已取消."""
        return _STATES[self.state]

    @property
    def stage_words(self) -> Text:
        """What is being done, as far as it is known."""
        if self.stage is None:
            return Text("准备", "preparing")
        return STAGES.get(self.stage, STAGES["solve"])


@dataclass
class ReadPlan:
    """A plan read from the store, with what the reports say of it; figures are made when they are asked for."""

    plan: Plan
    content: Content
    size: int
    _parts: OrderedDict[Part, Content] = field(default_factory=OrderedDict)
    _figures: OrderedDict[tuple[str, Part, Language], Figure | None] = field(default_factory=OrderedDict)

    @property
    def scenario(self) -> Scenario:
        """The case as it was solved."""
        return self.plan.scenario

    def part(self, part: Part) -> Content:
        """What the reports say of a part of the plan."""
        if part.whole:
            return self.content
        made = self._parts.get(part)
        if made is None:
            made = self._parts[part] = narrowed(self.content, self.scenario, part)
            _shorten(self._parts, PARTS)
        return made

    def ledger(self, part: Part, *, resource: str = "", end: str = "", search: str = "") -> Content:
        """A part of the plan with the entries of its ledger that are of `resource`, have `end` (firm, project, idle …)
        on either side, and name `search` in a firm or project."""
        content = self.part(part)
        ledger = content.ledger
        if resource:
            ledger = ledger[ledger["resource"] == resource]
        if end:
            ledger = ledger[(ledger["from_kind"] == end) | (ledger["to_kind"] == end)]
        word = search.strip().casefold()
        if word:
            reasons = self.content.reasons
            found = {
                name
                for name, title in zip(reasons["id"], reasons["title"], strict=True)
                if word in name.casefold() or word in title.casefold()
            }
            ledger = ledger[ledger["from"].isin(found) | ledger["to"].isin(found)]
        return replace(content, ledger=ledger)

    def figure(self, key: str, language: Language, part: Part | None = None) -> Figure | None:
        """One figure of the reports, of the whole plan or a part of it; None where there is nothing to draw."""
        asked = (key, part or Part(), language)
        if asked not in self._figures:
            self._figures[asked] = makers()[key](self.part(asked[1]), language)
            _shorten(self._figures, PARTS * len(makers()))
        return self._figures[asked]


class Plans:
    """The plans of one server; safe from several threads. What takes long is for a thread, never for the event loop."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._kept: OrderedDict[str, ReadPlan] = OrderedDict()
        self._courses: OrderedDict[str, list[Moment]] = OrderedDict()
        self._lock = threading.Lock()
        self._reading = threading.Lock()  # one at a time: reading is work for a processor

    def state(self, user: str, job: str) -> JobState:
        """How far a job is. Raises NoSuchJob."""
        found = self._service.jobs.get(job, user)
        ahead = self._service.jobs.ahead(found) if found.state == QUEUED else 0
        return _state(found, ahead, self._course(found))

    def cancel(self, user: str, job: str) -> JobState:
        """Cancel a job; the best plan it has so far is kept. Raises NoSuchJob."""
        self._service.cancel(job, user)
        return self.state(user, job)

    def read(self, user: str, job: str) -> ReadPlan:
        """The plan of a job that has one. Raises NoSuchJob, WrongState, VerificationFailed."""
        found, files = self._service.result(job, user)
        key = hashlib.sha256(files["run.json"]).hexdigest()
        made = self._known(key)
        if made is not None:
            return made
        with self._reading:
            made = self._known(key)  # another may have read it meanwhile
            if made is None:
                made = _read(files, found)
                with self._lock:
                    self._kept[key] = made
                    _shorten(self._kept, PLANS)
                    while len(self._kept) > 1 and sum(each.size for each in self._kept.values()) > PLANS_MB * MEBIBYTE:
                        self._kept.popitem(last=False)
        return made

    def case(self, user: str, job: str) -> Scenario:
        """The case a job was asked of, without its variant and changed settings; also of one without a plan.

        Raises NoSuchJob; WrongState where nothing of the run was kept.
        """
        found = self._service.jobs.get(job, user)
        try:
            files = self._service.store.case_files(str(found.address))
        except InputError:
            raise WrongState(Text("这次运行没有留下案例。", "Nothing of this run's case was kept.")) from None
        return case_of_files(files)

    def verify(self, user: str, job: str) -> Verification:
        """The result folder of a job checked anew, with neither model nor solver. Raises NoSuchJob, WrongState."""
        _, files = self._service.result(job, user)
        with self._reading, tempfile.TemporaryDirectory(prefix="quota-opt-") as scratch:
            return verify(unpack(files, Path(scratch) / "run"))

    def _known(self, key: str) -> ReadPlan | None:
        with self._lock:
            made = self._kept.get(key)
            if made is not None:
                self._kept.move_to_end(key)
            return made

    def _course(self, job: Job) -> tuple[Moment, ...]:
        """What was seen of a job, with how it stands now; kept for all who look, and for those who come back."""
        with self._lock:
            if job.state == QUEUED:
                self._courses.pop(job.id, None)
                return ()
            seen = self._courses.setdefault(job.id, [])
            _shorten(self._courses, COURSES)
            progress = job.progress or {}
            moment = Moment(
                float(progress.get("seconds") or 0.0),
                progress.get("incumbent"),
                progress.get("bound"),
                progress.get("gap"),
            )
            if progress and (not seen or moment.seconds > seen[-1].seconds):
                seen.append(moment)
            if len(seen) > MOMENTS:
                del seen[1:-1:2]
            return tuple(seen)


def _shorten(kept: OrderedDict[Any, Any], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)


def _read(files: Mapping[str, bytes], job: Job) -> ReadPlan:
    with tempfile.TemporaryDirectory(prefix="quota-opt-") as scratch:
        folder = unpack(files, Path(scratch) / "run")
        try:
            plan = read_result(folder)
        except VerificationFailed as error:
            name = f"{job.case_name} {job.id[:8]}"
            zh, en = (text.replace(str(folder), name) for text in error.text)
            raise VerificationFailed(Text(zh, en)) from None
    return ReadPlan(plan, gather(plan), sum(map(len, files.values())))


def _state(job: Job, ahead: int, course: tuple[Moment, ...]) -> JobState:
    ending, progress, error = job.ending or {}, job.progress or {}, job.error or {}
    known = ending if job.state in ENDED else progress
    message = error.get("message")
    seconds = ending.get("seconds")
    if seconds is None and job.started is not None:
        seconds = ((job.finished or now()) - job.started).total_seconds()
    return JobState(
        id=job.id,
        kind_of_work=job.kind,
        state=job.state,
        case=job.case_name,
        variant=job.variant,
        overrides=dict(job.overrides or {}),
        address=job.address,
        ahead=ahead,
        stage=progress.get("stage"),
        best=known.get("objective", known.get("incumbent")),
        bound=known.get("bound"),
        gap=known.get("gap"),
        seconds=float(seconds or 0.0),
        cancelling=bool(job.cancelling) and job.state == RUNNING,
        planned=job.kind == SOLVE and job.result is not None,
        kind=error.get("kind"),
        message=None if message is None else Text(str(message.get("zh", "")), str(message.get("en", ""))),
        findings=error.get("findings") or (),
        course=course,
    )
