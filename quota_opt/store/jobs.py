"""Jobs of the page and the HTTP API: what was asked, how far it is, how it ended. They outlive the server they run on.

A server claims a queued job, says now and then that it still lives, and writes how the job ended. What a dead server
held is queued again. Every change raises `version`, so that a watcher misses no state.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import CursorResult, ForeignKey, LargeBinary, String, UniqueConstraint, delete, func, select
from sqlalchemy import update as changed
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from quota_opt.errors import QuotaOptError, Text
from quota_opt.store.schema import Base, Number, Run

if TYPE_CHECKING:
    from quota_opt.store.store import Store

QUEUED, RUNNING, DONE, FAILED, CANCELLED = STATES = ("queued", "running", "done", "failed", "cancelled")
ENDED = (DONE, FAILED, CANCELLED)
SOLVE, COMPARE = "solve", "compare"
EXPLAIN, OVERRIDE, DIFF, INFEASIBLE, EVALUATE = "explain", "override", "diff", "infeasible", "evaluate"
FRONT, SWEEP, ALTERNATIVES = "front", "sweep", "alternatives"
PROMPT = (COMPARE, EXPLAIN, OVERRIDE, DIFF, INFEASIBLE, EVALUATE)
"""Analyses somebody waits for: they go before solves, and have a worker of their own."""
ANALYSES = (*PROMPT, FRONT, SWEEP, ALTERNATIVES)
"""All kinds that are no solve: questions about runs, or about a case."""
MOST_ATTEMPTS = 3
"""How often a job is begun before it counts as one that ends its server or its process."""


class JobCase(Base):
    """The files of a case while a job that needs them is waiting or running."""

    __tablename__ = "job_cases"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    """A zip of its files."""


class Job(Base):
    """One job: a solve, or an analysis of the solves named in `parts` (without parts: of the case)."""

    __tablename__ = "jobs"
    __table_args__ = (UniqueConstraint("owner", "key"),)

    number: Mapped[int] = mapped_column(Number, primary_key=True)
    """The order of submission."""
    id: Mapped[str] = mapped_column(String(32), unique=True)
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    owner: Mapped[str]
    """Name of the token it was submitted with."""
    key: Mapped[str | None]
    """The caller's Idempotency-Key."""
    asked: Mapped[str] = mapped_column(default="")
    """Digest of what was asked, to tell a repeated request from another one with the same key; of an analysis that the
    page asks for the question itself, as JSON."""
    version: Mapped[int] = mapped_column(default=1)
    case_name: Mapped[str] = mapped_column(default="")
    case: Mapped[str | None] = mapped_column(ForeignKey("job_cases.digest", ondelete="SET NULL"), index=True)
    address: Mapped[str | None] = mapped_column(String(64))
    """Content address of the run that was asked for."""
    variant: Mapped[str | None]
    overrides: Mapped[dict[str, Any]] = mapped_column(default=dict)
    profile: Mapped[dict[str, Any] | None]
    language: Mapped[str] = mapped_column(default="zh")
    fresh: Mapped[bool] = mapped_column(default=False)
    """Solve even where the store has this run."""
    limits: Mapped[dict[str, Any]] = mapped_column(default=dict)
    parts: Mapped[list[Any]] = mapped_column(default=list)
    submitted: Mapped[datetime]
    started: Mapped[datetime | None]
    finished: Mapped[datetime | None]
    progress: Mapped[dict[str, Any] | None]
    result: Mapped[str | None] = mapped_column(String(64))
    """Address of the run in the store, once it is there and has a plan."""
    reused: Mapped[bool] = mapped_column(default=False)
    ending: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    found: Mapped[dict[str, Any] | None] = mapped_column("comparison", deferred=True)
    """What an analysis found."""
    attempts: Mapped[int] = mapped_column(default=0)
    server: Mapped[str | None]
    heartbeat: Mapped[datetime | None]
    cancelling: Mapped[bool] = mapped_column(default=False)

    @property
    def question(self) -> dict[str, Any]:
        """What an analysis was asked beside its plans; empty where there is nothing more."""
        asked: dict[str, Any] = json.loads(self.asked) if self.asked.startswith("{") else {}
        return asked


class QueueFull(QuotaOptError):
    """As many jobs wait as the server keeps; try again later."""


class NoSuchJob(QuotaOptError):
    """There is no such job, or it is another caller's."""

    exit_code = 2


class WrongState(QuotaOptError):
    """The job is not in a state in which this can be done."""

    exit_code = 2


class KeyReused(QuotaOptError):
    """The Idempotency-Key came before with another request."""

    exit_code = 2


def now() -> datetime:
    """This moment, UTC."""
    return datetime.now(UTC)


class Jobs:
    """The jobs in a run store; safe from several threads and processes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @contextmanager
    def _session(self, *, writing: bool) -> Iterator[Session]:
        with self._store.session(writing=writing) as session:
            session.expire_on_commit = False  # jobs are handed out, to be read when the transaction is over
            yield session

    def _read(self) -> AbstractContextManager[Session]:
        return self._session(writing=False)

    def _write(self) -> AbstractContextManager[Session]:
        return self._session(writing=True)

    def submit(self, job: Job, content: bytes | None = None, *, most: int) -> tuple[Job, bool]:
        """Put a job into the queue, with the files of its case; a job already ended is only recorded.

        Returns the job, and whether it is new: the same Idempotency-Key and request give the job there is.

        Raises QueueFull where `most` jobs wait already, KeyReused where the key came with another request.
        """
        try:
            return self._submit(job, content, most)
        except IntegrityError:  # another process was first with the same key, or the same case
            return self._submit(_copy(job), content, most)

    def _submit(self, job: Job, content: bytes | None, most: int) -> tuple[Job, bool]:
        with self._write() as session:
            if job.key is not None:
                there = session.scalar(select(Job).where(Job.owner == job.owner, Job.key == job.key))
                if there is not None:
                    if there.asked != job.asked:
                        raise KeyReused(_KEY_REUSED)
                    return there, False
            if job.state == QUEUED:
                waiting = session.scalar(select(func.count()).select_from(Job).where(Job.state == QUEUED)) or 0
                if waiting >= most:
                    raise queue_full(waiting)
                if job.case is not None and session.get(JobCase, job.case) is None:
                    session.add(JobCase(digest=job.case, content=content or b""))
                    session.flush()
            else:
                job.case = None
            job.id = uuid.uuid4().hex
            job.submitted = now()
            job.version = 1
            if job.state in ENDED:
                job.finished = job.submitted
            session.add(job)
        return job, True

    def get(self, job: str, owner: str | None = None) -> Job:
        """The job of that id. Raises NoSuchJob where it is not there, or not the owner's."""
        with self._read() as session:
            return _found(session, job, owner)

    def version(self, job: str) -> tuple[int, str] | None:
        """Version and state of a job; None where it is gone."""
        with self._read() as session:
            row = session.execute(select(Job.version, Job.state).where(Job.id == job)).first()
            return None if row is None else (row[0], row[1])

    def found(self, job: str, owner: str | None = None) -> dict[str, Any] | None:
        """What an analysis found; None before."""
        with self._read() as session:
            found: dict[str, Any] | None = _found(session, job, owner).found
            return found

    def same(self, kind: str, asked: str, owner: str) -> Job | None:
        """The newest job of that owner that asks the same and has not failed."""
        wanted = select(Job).where(Job.kind == kind, Job.asked == asked, Job.owner == owner)
        with self._read() as session:
            return session.scalar(
                wanted.where(Job.state.in_((QUEUED, RUNNING, DONE))).order_by(Job.number.desc()).limit(1)
            )

    def answered(self, kind: str, asked: str) -> dict[str, Any] | None:
        """What anybody's job found that asked the same; None where there is none that is done."""
        wanted = select(Job).where(Job.kind == kind, Job.asked == asked, Job.state == DONE)
        with self._read() as session:
            job = session.scalar(wanted.order_by(Job.number.desc()).limit(1))
            found: dict[str, Any] | None = None if job is None else job.found
            return found

    def listing(self, owner: str, *, state: str | None = None, limit: int = 50, before: str | None = None) -> list[Job]:
        """The owner's jobs, newest first; `before` is the id of the last one seen."""
        asked = select(Job).where(Job.owner == owner).order_by(Job.number.desc()).limit(limit)
        if state is not None:
            asked = asked.where(Job.state == state)
        with self._read() as session:
            if before is not None:
                asked = asked.where(Job.number < _found(session, before, owner).number)
            return list(session.scalars(asked))

    def of_kind(self, owner: str, kind: str, *, limit: int = 50) -> list[Job]:
        """The owner's jobs of one kind, newest first."""
        wanted = select(Job).where(Job.owner == owner, Job.kind == kind)
        with self._read() as session:
            return list(session.scalars(wanted.order_by(Job.number.desc()).limit(limit)))

    def counts(self) -> dict[str, int]:
        """How many jobs there are by state."""
        with self._read() as session:
            found = session.execute(select(Job.state, func.count()).group_by(Job.state)).all()
        return dict.fromkeys(STATES, 0) | {state: int(count) for state, count in found}

    def ahead(self, job: Job) -> int:
        """How many jobs wait before one that waits; prompt analyses aside, which have a worker of their own."""
        with self._read() as session:
            waiting = select(func.count()).select_from(Job).where(Job.state == QUEUED, Job.kind.not_in(PROMPT))
            return session.scalar(waiting.where(Job.number < job.number)) or 0

    def claim(self, server: str, *, prompt: bool = False) -> Job | None:
        """The next job for this server, marked as running there; None where none can be begun.

        Prompt analyses whose parts have ended come first, and are all there is where only `prompt` ones are wanted;
        the others in the order they were submitted.
        """
        with self._write() as session:
            waiting = select(Job).where(Job.state == QUEUED).order_by(Job.number).with_for_update(skip_locked=True)
            first = session.scalars(waiting.where(Job.kind.in_(PROMPT)).limit(50)).all()
            job = next((each for each in first if _ready(session, each)), None)
            if job is None and not prompt:
                rest = session.scalars(waiting.where(Job.kind.not_in(PROMPT)).limit(50)).all()
                job = next((each for each in rest if _ready(session, each)), None)
            if job is None:
                return None
            moment = now()
            job.state, job.server, job.heartbeat = RUNNING, server, moment
            job.started = moment
            job.attempts += 1
            job.progress = None
            job.version += 1
        return job

    def content(self, job: Job) -> bytes:
        """The zip of the files of a job's case. Raises WrongState where it is gone."""
        with self._read() as session:
            kept = session.get(JobCase, job.case) if job.case is not None else None
        if kept is None:
            raise WrongState(Text("该任务的案例文件已不在。", "The files of this job's case are gone."))
        return kept.content

    def known_run(self, address: str) -> dict[str, Any] | None:
        """How the run of that address in the store ended; None where it is not there."""
        with self._read() as session:
            run = session.get(Run, address)
            return None if run is None else {name: getattr(run, name) for name in _OF_RUN}

    def progress(self, job: Job, progress: Mapping[str, Any]) -> None:
        """How far a running job is."""
        with self._write() as session:
            session.execute(_held(job).values(progress=dict(progress), version=Job.version + 1))

    def finish(self, job: Job, state: str, **values: Any) -> bool:
        """Write how a job ended; False where it is not this server's any more, and nothing is written."""
        with self._write() as session:
            ended = {"state": state, "finished": now(), "version": Job.version + 1, "case": None, **values}
            written = _rows(session, _held(job).values(**ended)) == 1
            if written:
                _forget_cases(session)
        return written

    def release(self, job: Job, *, counted: bool, failure: Mapping[str, Any] | None = None) -> None:
        """Give a running job back to the queue, the attempt `counted` or not; one begun too often fails so."""
        with self._write() as session:
            held = session.scalar(select(Job).where(Job.id == job.id, Job.state == RUNNING, Job.server == job.server))
            if held is not None:
                _give_back(held, counted=counted, failure=failure)
                session.flush()
                _forget_cases(session)

    def cancel(self, job: str, owner: str | None = None) -> Job:
        """Cancel a job: at once where it waits; where it runs its server is told. Raises NoSuchJob."""
        with self._write() as session:
            found = _found(session, job, owner)
            if found.state == QUEUED:
                found.state, found.finished = CANCELLED, now()
                found.case = None
                found.error = failure_of("cancelled", _CANCELLED, 4)
                found.version += 1
                session.flush()
                _forget_cases(session)
            elif found.state == RUNNING and not found.cancelling:
                found.cancelling = True
                found.version += 1
        return found

    def delete(self, job: str, owner: str | None = None) -> None:
        """Forget a job that has ended; its run stays in the store. Raises NoSuchJob, WrongState."""
        with self._write() as session:
            found = _found(session, job, owner)
            if found.state not in ENDED:
                raise WrongState(Text("任务还没有结束，请先取消。", "The job has not ended; cancel it first."))
            session.delete(found)

    def beat(self, server: str) -> dict[str, bool]:
        """Say that `server` lives; returns the jobs running there by what is written, and which are to be cancelled."""
        with self._write() as session:
            session.execute(changed(Job).where(Job.state == RUNNING, Job.server == server).values(heartbeat=now()))
            found = select(Job.id, Job.cancelling).where(Job.state == RUNNING, Job.server == server)
            return {job: bool(cancelling) for job, cancelling in session.execute(found)}

    def recover(self, dead: Callable[[str, datetime], bool]) -> int:
        """Queue again what servers held that are `dead`, told by name and last heartbeat; returns how many."""
        with self._write() as session:
            held = session.scalars(select(Job).where(Job.state == RUNNING).with_for_update(skip_locked=True)).all()
            lost = [job for job in held if job.server is None or dead(job.server, job.heartbeat or job.submitted)]
            for job in lost:
                _give_back(job, counted=True)
            session.flush()
            _forget_cases(session)
        return len(lost)


def queue_full(waiting: int) -> QueueFull:
    """What is said where `waiting` jobs are as many as are kept."""
    return QueueFull(
        Text(
            f"已有 {waiting} 个任务在等待，暂不接收。\n  怎么改：稍后再提交。",
            f"{waiting} jobs are waiting; no more are taken now.\n  Fix: submit again later.",
        )
    )


def failure_of(kind: str, message: Text, exit_code: int, findings: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Why a job has no plan, as it is stored and shown."""
    return {"kind": kind, "message": message._asdict(), "exit_code": exit_code, "findings": list(findings)}


def _give_back(job: Job, *, counted: bool, failure: Mapping[str, Any] | None = None) -> None:
    if not counted:
        job.attempts -= 1
    job.server = job.heartbeat = job.started = job.progress = None
    job.version += 1
    if job.cancelling:
        job.state, job.finished, job.case = CANCELLED, now(), None
        job.error = failure_of("cancelled", _CANCELLED, 4)
    elif job.attempts >= MOST_ATTEMPTS:
        job.state, job.finished, job.case = FAILED, now(), None
        job.error = dict(failure) if failure is not None else failure_of("lost", _lost(job.attempts), 1)
    else:
        job.state = QUEUED


def _found(session: Session, job: str, owner: str | None) -> Job:
    found = session.scalar(select(Job).where(Job.id == job))
    if found is None or (owner is not None and found.owner != owner):
        raise NoSuchJob(Text("没有这个任务。", "There is no such job."))
    return found


def _ready(session: Session, job: Job) -> bool:
    """Whether no part of an analysis is still waiting or running."""
    if not job.parts:
        return True
    asked = select(func.count()).select_from(Job).where(Job.id.in_(job.parts), Job.state.in_((QUEUED, RUNNING)))
    return session.scalar(asked) == 0


def _held(job: Job) -> Any:
    """The row of a job as long as it is this server's, and this attempt."""
    return changed(Job).where(
        Job.id == job.id, Job.state == RUNNING, Job.server == job.server, Job.attempts == job.attempts
    )


def _rows(session: Session, statement: Any) -> int:
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return int(result.rowcount)


def _forget_cases(session: Session) -> None:
    """Case files no job needs any more."""
    needed = select(Job.case).where(Job.case.is_not(None))
    session.execute(delete(JobCase).where(JobCase.digest.not_in(needed)))


def _copy(job: Job) -> Job:
    names = [column.key for column in Job.__mapper__.column_attrs if column.key not in ("number", "found")]
    return Job(**{name: getattr(job, name) for name in names})


_OF_RUN = (
    "status", "exit_code", "objective", "bound", "gap", "seconds", "peak_mb", "reason_zh", "reason_en",
)  # fmt: skip
_CANCELLED = Text("已取消，没有方案。", "Cancelled; there is no plan.")
_KEY_REUSED = Text(
    "同一个 Idempotency-Key 已用于另一个请求。\n  怎么改：换一个新的值。",
    "This Idempotency-Key came with another request before.\n  Fix: use a new one.",
)


def _lost(attempts: int) -> Text:
    return Text(
        f"已尝试 {attempts} 次，每次都在求解中途中断（服务停止或进程被结束）。",
        f"Begun {attempts} times, and each time its server or process ended before it did.",
    )
