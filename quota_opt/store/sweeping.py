"""Keeping the run store small: removing what nothing refers to, and telling what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, delete, func, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from quota_opt.store.jobs import Job
from quota_opt.store.opening import revision_of
from quota_opt.store.schema import Base, Blob, Case, Pin, Run, Tag
from quota_opt.store.workspace_tables import Kept, OwnCase, OwnRun, OwnVariant

KEPT = timedelta(days=30)
"""How long a removed case of a planner's can be brought back."""


@dataclass(frozen=True)
class Freed:
    """What a clearing removed: runs, cases, files, their bytes as kept; the size on disk before and after."""

    runs: int
    cases: int
    files: int
    bytes: int
    before: int
    after: int


def hold_off(session: Session) -> None:
    """Let no clearing take a file away that this transaction is about to refer to; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE blobs IN ROW EXCLUSIVE MODE"))


def sweep(session: Session, older_than: timedelta | None) -> dict[str, int]:
    """Remove old runs where asked, then cases without a run and files nothing refers to; returns how many of each."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE blobs IN SHARE ROW EXCLUSIVE MODE"))
    clear_removed(session)
    runs = 0
    if older_than is not None:
        before = datetime.now(UTC) - older_than
        # A planner's history leads to its runs; a caller of the API may fetch a result as long as its job is young.
        shown = select(Job.result).join(OwnRun, OwnRun.job == Job.id).where(Job.result.is_not(None))
        fetched = select(Job.result).where(Job.result.is_not(None), Job.finished >= before)
        pinned = select(Pin.run).where(Pin.unpinned.is_(None))
        kept = select(Tag.run).union(pinned, shown, fetched, _referring(Run.address))
        old = delete(Run).where(Run.created < before, Run.note == "")
        runs = _count(session, old.where(Run.address.not_in(kept)))
    cases = _count(session, delete(Case).where(Case.digest.not_in(_referring(Case.digest))))
    unused = Blob.digest.not_in(_referring(Blob.digest))
    size = session.scalar(select(func.coalesce(func.sum(func.length(Blob.content)), 0)).where(unused))
    return {"runs": runs, "cases": cases, "files": _count(session, delete(Blob).where(unused)), "bytes": int(size or 0)}


def clear_removed(session: Session) -> None:
    """Forget cases of planners that were removed longer ago than `KEPT`, with all that is known of them."""
    gone = select(OwnCase.key).where(OwnCase.removed < datetime.now(UTC) - KEPT)
    session.execute(delete(OwnRun).where(OwnRun.case.in_(gone)))
    session.execute(delete(OwnVariant).where(OwnVariant.case.in_(gone)))
    for key in session.scalars(gone).all():
        session.execute(delete(Kept).where(Kept.name.endswith(f"/{key}", autoescape=True)))
        session.execute(delete(OwnCase).where(OwnCase.key == key))


def _count(session: Session, statement: Any) -> int:
    return int(session.connection().execute(statement).rowcount)


def _referring(key: InstrumentedAttribute[str]) -> Any:
    """Every value of `key` that another table refers to; rows that go with theirs (CASCADE) keep only files."""
    target = key.property.columns[0]
    columns = [
        reference.parent
        for table in Base.metadata.tables.values()
        for reference in table.foreign_keys
        if reference.column is target and reference.ondelete != "CASCADE"
    ]
    chosen = [select(column).where(column.is_not(None)) for column in columns]
    return chosen[0].union(*chosen[1:]) if chosen else select(target).where(text("1 = 0"))


def vacuum(engine: Engine) -> None:
    """Give the space of removed rows back."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            names = ", ".join(Base.metadata.tables)
            connection.exec_driver_sql(f"VACUUM {names}")
        return
    raw = engine.raw_connection()  # VACUUM cannot run in a transaction
    try:
        for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            raw.cursor().execute(statement).close()
    finally:
        raw.close()


def size(session: Session) -> int:
    """Bytes the store takes on disk."""
    if session.get_bind().dialect.name == "postgresql":
        sizes = [func.pg_total_relation_size(name) for name in Base.metadata.tables]
        return int(sum(session.execute(select(*sizes)).one()))
    pages, each = (session.scalar(text(f"PRAGMA {name}")) or 0 for name in ("page_count", "page_size"))
    return int(pages * each)


def census(session: Session) -> dict[str, Any]:
    """Revision, cases, runs, runs by status, tags, baselines, files, their bytes as they are and as kept."""
    by_status = session.execute(
        select(Run.status, func.count().label("runs")).group_by(Run.status).order_by(Run.status)
    )

    def count(table: Any) -> int:
        return int(session.scalar(select(func.count()).select_from(table)) or 0)

    sums = select(func.coalesce(func.sum(Blob.size), 0), func.coalesce(func.sum(func.length(Blob.content)), 0))
    whole, packed = session.execute(sums).one()
    oldest, newest = session.execute(select(func.min(Run.created), func.max(Run.created))).one()
    return {
        "revision": revision_of(session.connection()),
        "cases": count(Case),
        "runs": count(Run),
        "by_status": {row.status: row.runs for row in by_status},
        "tags": int(session.scalar(select(func.count(Tag.tag.distinct()))) or 0),
        "baselines": int(session.scalar(select(func.count()).where(Pin.unpinned.is_(None))) or 0),
        "files": count(Blob),
        "bytes": int(whole),
        "bytes_kept": int(packed),
        "oldest": oldest,
        "newest": newest,
    }
