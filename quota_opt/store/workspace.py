"""The workspace: each planner's own cases in all their versions, saved variants, runs, and what screens keep.

Everything is by user: what is another's is not there. Every change of a case is written in the audit log with it.
"""

from __future__ import annotations

import functools
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, cast, delete, func, or_, select
from sqlalchemy import Text as TextType
from sqlalchemy.orm import Session

from quota_opt.errors import Text
from quota_opt.facade import check, read
from quota_opt.resources import builtin
from quota_opt.store import sweeping
from quota_opt.store.blobs import digest_of, insert_missing, missing, packed, unpacked
from quota_opt.store.case_files import Judged, judge, judged_of
from quota_opt.store.incoming import plain
from quota_opt.store.jobs import SOLVE, Job
from quota_opt.store.schema import Blob
from quota_opt.store.workspace_tables import AuditRow, Kept, OwnCase, OwnFile, OwnRun, OwnVariant, OwnVersion
from quota_opt.store.workspace_values import (
    AuditEntry,
    BuiltIn,
    CaseEntry,
    CaseVersion,
    Changed,
    NoSuchCase,
    PageRun,
    SavedVariant,
    WorkspaceFull,
)

if TYPE_CHECKING:
    from quota_opt.store.store import Store

MOST_CASES = 100
"""Own cases of one user."""
MOST_MB = 1024
"""Of the files of one user's cases, all versions together, each file counted once."""
KEPT_VERSIONS = 200
"""Versions of a case; beyond that the oldest go."""
LONGEST_TITLE = 100
LARGEST_STATE = 1_000_000
"""Characters of what a screen may keep under one name."""
_MEBIBYTE = 2**20


class Workspace:
    """The workspace in a run store; one per server, safe from several threads and processes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def builtins(self) -> list[CaseEntry]:
        """The built-in cases by name."""
        return [builtin_entry(name) for name in builtin("scenarios")]

    def cases(self, user: str) -> list[CaseEntry]:
        """The user's own cases, those changed last first."""
        return self._listed(user, OwnCase.removed.is_(None))

    def removed(self, user: str) -> list[CaseEntry]:
        """The user's removed cases that can be brought back."""
        return self._listed(user, OwnCase.removed.is_not(None))

    def _listed(self, user: str, chosen: ColumnElement[bool]) -> list[CaseEntry]:
        with self._store.session() as session:
            asked = select(OwnCase, OwnVersion).join(
                OwnVersion, (OwnVersion.case == OwnCase.key) & (OwnVersion.number == OwnCase.version)
            )
            rows = session.execute(asked.where(OwnCase.owner == user, chosen).order_by(OwnVersion.saved.desc()))
            return [_entry(case, version) for case, version in rows]

    def case(self, user: str, key: str) -> CaseEntry:
        """The case of that key, built-in or own. Raises NoSuchCase."""
        if key in builtin("scenarios"):
            return builtin_entry(key)
        with self._store.session() as session:
            case = _owned(session, user, key)
            return _entry(case, session.get_one(OwnVersion, (key, case.version)))

    def files(self, user: str, key: str, version: int | None = None) -> dict[str, bytes]:
        """The files of a case by name, of its newest version where none is given. Raises NoSuchCase."""
        if key in builtin("scenarios"):
            return dict(_read_builtin(key))
        with self._store.session() as session:
            case = _owned(session, user, key)
            number = case.version if version is None else version
            asked = select(OwnFile.name, Blob).join(Blob, Blob.digest == OwnFile.blob)
            rows = session.execute(asked.where(OwnFile.case == key, OwnFile.version == number).order_by(OwnFile.name))
            files = {name: unpacked(blob, self._store.place) for name, blob in rows}
        if not files:
            raise NoSuchCase
        return files

    def add_case(
        self,
        user: str,
        files: Mapping[str, bytes],
        *,
        title: str,
        source: str,
        judged: Judged | None = None,
        action: str = "upload",
    ) -> CaseEntry:
        """A new case of the user's own; one with faults is kept too: it is there to be mended.

        `judged` is what was seen of it, where it was read already; `action` is what the audit log calls this. Raises
        WorkspaceFull.
        """
        found = judge(files) if judged is None else judged
        key = secrets.token_hex(6)
        with self._store.session(writing=True) as session:
            count = session.scalar(
                select(func.count()).select_from(OwnCase).where(OwnCase.owner == user, OwnCase.removed.is_(None))
            )
            if (count or 0) >= MOST_CASES:
                raise WorkspaceFull(_too_many(MOST_CASES))
            moment = datetime.now(UTC)
            case = OwnCase(key=key, owner=user, title=_title(title), version=1, created=moment, removed=None)
            session.add(case)
            session.flush()
            version = self._put(session, case, files, found, source, "")
            _log(session, user, action, case.title, {"case": key, "version": 1, "source": version.source})
            return _entry(case, version)

    def save(
        self,
        user: str,
        key: str,
        files: Mapping[str, bytes],
        *,
        based_on: int,
        note: str = "",
        source: str | None = None,
        judged: Judged | None = None,
        action: str = "save",
    ) -> CaseEntry:
        """A new version of an own case, made from version `based_on`; the same files again are none.

        Raises Changed where a newer version is there, BuiltIn, NoSuchCase, WorkspaceFull.
        """
        if key in builtin("scenarios"):
            raise BuiltIn
        found = judge(files) if judged is None else judged
        with self._store.session(writing=True) as session:
            case = _owned(session, user, key, change=True)
            newest = session.get_one(OwnVersion, (key, case.version))
            if case.version != based_on:
                raise Changed(_version(newest))
            digests = {name: digest_of(content) for name, content in files.items()}
            rows = session.execute(
                select(OwnFile.name, OwnFile.blob).where(OwnFile.case == key, OwnFile.version == case.version)
            )
            if digests == {row.name: row.blob for row in rows}:
                return _entry(case, newest)
            case.version += 1
            version = self._put(session, case, files, found, newest.source if source is None else source, note)
            details = {"case": key, "version": case.version, **({"note": version.note} if version.note else {})}
            _log(session, user, action, case.title, details)
            return _entry(case, version)

    def _put(
        self, session: Session, case: OwnCase, files: Mapping[str, bytes], judged: Judged, source: str, note: str
    ) -> OwnVersion:
        """Write the files of the version `case.version`, and forget the oldest beyond `KEPT_VERSIONS`."""
        sweeping.hold_off(session)
        contents = {digest_of(content): content for content in files.values()}
        rows = packed(contents, missing(session, contents))
        insert_missing(session, Blob, [rows[digest] for digest in sorted(rows)])
        version = OwnVersion(
            case=case.key,
            number=case.version,
            source=plain(source)[:LONGEST_TITLE],
            note=plain(note),
            saved=datetime.now(UTC),
            **vars(judged),
        )
        session.add(version)
        session.flush()
        session.add_all(
            OwnFile(case=case.key, version=case.version, name=name, blob=digest_of(content))
            for name, content in files.items()
        )
        session.execute(
            delete(OwnVersion).where(OwnVersion.case == case.key, OwnVersion.number <= case.version - KEPT_VERSIONS)
        )
        session.flush()
        _refuse_too_much(session, case.owner)
        return version

    def versions(self, user: str, key: str) -> list[CaseVersion]:
        """The versions of an own case, newest first; of a built-in one there are none. Raises NoSuchCase."""
        if key in builtin("scenarios"):
            return []
        with self._store.session() as session:
            _owned(session, user, key)
            asked = select(OwnVersion).where(OwnVersion.case == key).order_by(OwnVersion.number.desc())
            return [_version(row) for row in session.scalars(asked)]

    def restore(self, user: str, key: str, number: int, note: str = "") -> CaseEntry:
        """Make a new version with the content of an older one: nothing is lost by undoing. Raises NoSuchCase."""
        files = self.files(user, key, number)
        current = self.case(user, key)
        return self.save(user, key, files, based_on=current.version, note=note, action="restore")

    def copy(self, user: str, key: str, title: str) -> CaseEntry:
        """An own case with the files of another as they are now. Raises NoSuchCase, WorkspaceFull."""
        entry, files = self.case(user, key), self.files(user, key)
        figures = {name: getattr(entry, name) for name in Judged.__dataclass_fields__}
        return self.add_case(user, files, title=title, source=entry.title, judged=Judged(**figures), action="copy")

    def rename(self, user: str, key: str, title: str) -> CaseEntry:
        """Call an own case something else. Raises NoSuchCase, BuiltIn."""
        with self._changing(user, key) as (session, case):
            before, case.title = case.title, _title(title)
            _log(session, user, "rename", case.title, {"case": key, "before": before})
        return self.case(user, key)

    def remove(self, user: str, key: str) -> CaseEntry:
        """Remove an own case; within `sweeping.KEPT` it can be brought back. Raises NoSuchCase, BuiltIn."""
        with self._changing(user, key) as (session, case):
            entry = _entry(case, session.get_one(OwnVersion, (key, case.version)))
            case.removed = datetime.now(UTC)
            _log(session, user, "remove", case.title, {"case": key})
            sweeping.clear_removed(session)
        return entry

    def bring_back(self, user: str, key: str) -> CaseEntry:
        """Undo the removal of a case. Raises NoSuchCase."""
        with self._store.session(writing=True) as session:
            case = _owned(session, user, key, removed=True, change=True)
            case.removed = None
            _log(session, user, "bring-back", case.title, {"case": key})
        return self.case(user, key)

    @contextmanager
    def _changing(self, user: str, key: str) -> Iterator[tuple[Session, OwnCase]]:
        if key in builtin("scenarios"):
            raise BuiltIn
        with self._store.session(writing=True) as session:
            yield session, _owned(session, user, key, change=True)

    def keep(self, user: str, name: str, value: Mapping[str, Any]) -> None:
        """Keep the state of a screen under a name, in place of what was kept before. Raises WorkspaceFull."""
        if len(json.dumps(value, ensure_ascii=False)) > LARGEST_STATE:
            raise WorkspaceFull(_STATE)
        with self._store.session(writing=True) as session:
            kept = session.get(Kept, (user, name)) or Kept(owner=user, name=name)
            kept.value, kept.changed = dict(value), datetime.now(UTC)
            session.add(kept)

    def kept(self, user: str, name: str) -> dict[str, Any] | None:
        """What is kept under a name; None where nothing is."""
        with self._store.session() as session:
            found = session.get(Kept, (user, name))
            return None if found is None else dict(found.value)

    def add_variant(
        self,
        user: str,
        key: str,
        name: str,
        overrides: Mapping[str, Any],
        *,
        variant: str | None = None,
        measures: Mapping[str, Any] | None = None,
        note: str = "",
    ) -> SavedVariant:
        """Save a variant of a case, in place of one of the same name. Raises NoSuchCase."""
        entry = self.case(user, key)
        with self._store.session(writing=True) as session:
            title = _title(name)
            row = session.get(OwnVariant, (user, key, title)) or OwnVariant(owner=user, case=key, name=title)
            row.variant, row.overrides, row.measures = variant, dict(overrides), dict(measures or {})
            row.note, row.created = plain(note), datetime.now(UTC)
            session.add(row)
            _log(session, user, "variant", f"{entry.title} · {title}", {"case": key, "overrides": row.overrides})
            return _variant(row)

    def variants(self, user: str, key: str) -> list[SavedVariant]:
        """The variants the user saved of a case, newest first."""
        with self._store.session() as session:
            asked = select(OwnVariant).where(OwnVariant.owner == user, OwnVariant.case == key)
            return [_variant(row) for row in session.scalars(asked.order_by(OwnVariant.created.desc()))]

    def remove_variant(self, user: str, key: str, name: str) -> None:
        """Forget a saved variant; one that is not there makes no difference."""
        with self._store.session(writing=True) as session:
            session.execute(
                delete(OwnVariant).where(OwnVariant.owner == user, OwnVariant.case == key, OwnVariant.name == name)
            )

    def note_run(self, user: str, key: str, version: int, job_id: str, label: str = "") -> None:
        """Write down which version of which case a job was begun from. Raises NoSuchCase."""
        entry = self.case(user, key)
        with self._store.session(writing=True) as session:
            session.merge(
                OwnRun(job=job_id, owner=user, case=key, version=version, title=entry.title, label=plain(label))
            )

    def runs(self, user: str, key: str | None = None, *, limit: int = 200) -> list[PageRun]:
        """The user's runs, newest first: of one case, or of all, those asked for through the API too."""
        asked = select(Job, OwnRun).outerjoin(OwnRun, OwnRun.job == Job.id).where(Job.owner == user)
        if key is None:
            asked = asked.where(or_(Job.kind == SOLVE, OwnRun.job.is_not(None)))
        else:
            asked = asked.where(OwnRun.case == key)
        with self._store.session() as session:
            return [_run(job, run) for job, run in session.execute(asked.order_by(Job.number.desc()).limit(limit))]

    def run(self, user: str, job_id: str) -> PageRun | None:
        """The user's run of that job; None where there is none."""
        asked = select(Job, OwnRun).outerjoin(OwnRun, OwnRun.job == Job.id)
        with self._store.session() as session:
            row = session.execute(asked.where(Job.owner == user, Job.id == job_id)).first()
            return None if row is None else _run(row[0], row[1])

    def log(self, user: str, action: str, subject: str, details: Mapping[str, Any] | None = None) -> None:
        """Write down what a user did, or was refused; see `workspace_values.ACTIONS`."""
        with self._store.session(writing=True) as session:
            _log(session, user, action, subject, details or {})

    def audit(
        self,
        user: str | Sequence[str] | None = None,
        *,
        action: str | None = None,
        search: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = 500,
    ) -> list[AuditEntry]:
        """The audit log, newest first: of one user or some, one action, objects or details with words, or a time."""
        asked = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
        if user is not None:
            asked = asked.where(AuditRow.user.in_([user] if isinstance(user, str) else list(user)))
        if action is not None:
            asked = asked.where(AuditRow.action == action)
        if since is not None:
            asked = asked.where(AuditRow.moment >= since)
        if until is not None:
            asked = asked.where(AuditRow.moment < until)
        for word in search.split():
            text = cast(AuditRow.details, TextType)
            asked = asked.where(
                or_(*(column.icontains(word, autoescape=True) for column in (AuditRow.user, AuditRow.object, text)))
            )
        with self._store.session() as session:
            return [
                AuditEntry(row.id, row.moment, row.user, row.action, row.object, row.details)
                for row in session.scalars(asked)
            ]


@functools.lru_cache(maxsize=64)
def builtin_entry(name: str) -> CaseEntry:
    """A built-in case as the library shows it."""
    scenario = read(name)
    judged = judged_of(scenario, check(scenario))
    title = scenario.title
    return CaseEntry(name, title.zh, "", True, 1, "", None, title_en=title.en, **vars(judged))


@functools.lru_cache(maxsize=8)
def _read_builtin(name: str) -> Mapping[str, bytes]:
    return read(name).files


def _owned(session: Session, user: str, key: str, *, removed: bool = False, change: bool = False) -> OwnCase:
    """The user's own case; raises NoSuchCase where it is another's, or removed (with `removed`: not removed)."""
    asked = select(OwnCase).where(OwnCase.key == key, OwnCase.owner == user)
    asked = asked.where(OwnCase.removed.is_not(None) if removed else OwnCase.removed.is_(None))
    found = session.scalar(asked.with_for_update() if change else asked)
    if found is None:
        raise NoSuchCase
    return found


def _entry(case: OwnCase, version: OwnVersion) -> CaseEntry:
    return CaseEntry(
        case.key,
        case.title,
        case.owner,
        False,
        version.number,
        version.source,
        version.saved,
        removed=case.removed,
        **{name: getattr(version, name) for name in Judged.__dataclass_fields__},
    )


def _version(row: OwnVersion) -> CaseVersion:
    return CaseVersion(row.number, row.source, row.note, row.saved, row.errors, row.warnings)


def _variant(row: OwnVariant) -> SavedVariant:
    return SavedVariant(row.case, row.name, row.variant, row.overrides, row.measures, row.note, row.created)


def _run(job: Job, run: OwnRun | None) -> PageRun:
    return PageRun(
        number=job.number,
        job=job.id,
        kind=job.kind,
        user=job.owner,
        case=None if run is None else run.case,
        version=None if run is None else run.version,
        title=job.case_name if run is None else run.title,
        label="" if run is None else run.label,
        variant=job.variant,
        overrides=job.overrides or {},
        state=job.state,
        cancelling=bool(job.cancelling),
        submitted=job.submitted,
        started=job.started,
        finished=job.finished,
        progress=job.progress,
        ending=job.ending,
        error=job.error,
        has_plan=job.result is not None,
        reused=bool(job.reused),
    )


def _log(session: Session, user: str, action: str, subject: str, details: Mapping[str, Any]) -> None:
    session.add(
        AuditRow(
            moment=datetime.now(UTC),
            user=plain(user)[:LONGEST_TITLE],
            action=action,
            object=plain(subject)[: 2 * LONGEST_TITLE],
            details=dict(details),
        )
    )


def _title(text: str) -> str:
    """A title as it is kept: one line, not too long, never blank."""
    return " ".join(plain(text).split())[:LONGEST_TITLE] or "未命名"


def _refuse_too_much(session: Session, user: str) -> None:
    mine = select(OwnFile.blob).join(OwnCase, OwnCase.key == OwnFile.case)
    mine = mine.where(OwnCase.owner == user, OwnCase.removed.is_(None))
    size = session.scalar(select(func.coalesce(func.sum(Blob.size), 0)).where(Blob.digest.in_(mine))) or 0
    if size > MOST_MB * _MEBIBYTE:
        raise WorkspaceFull(_too_large(int(size) // _MEBIBYTE, MOST_MB))


def _too_many(most: int) -> Text:
    return Text(
        f"“我的案例”已有 {most} 个，不能再加。\n  怎么改：删除不用的案例；30 天内可以撤销删除。",
        f"You have {most} cases already, the most that are kept.\n"
        "  Fix: remove some you do not need; a removal can be undone for 30 days.",
    )


def _too_large(size: int, most: int) -> Text:
    return Text(
        f"“我的案例”的文件共 {size} MB，最多 {most} MB。\n  怎么改：下载后删除不用的案例。",
        f"The files of your cases come to {size} MB; {most} MB are kept at most.\n"
        "  Fix: download and remove cases you do not need.",
    )


_STATE = Text(
    "页面状态太大，没有保存。\n  怎么改：减少同时打开的内容。",
    "The state of the page is too large and was not kept.\n  Fix: keep less open.",
)
