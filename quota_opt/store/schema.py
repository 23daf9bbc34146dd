"""Tables of the run store: cases, runs, their measures, files, tags and baselines; files are shared blobs.

A revision in `migrations/versions` goes with every change here; a test compares what both make.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

VERSION_TABLE = "quota_opt_version"
"""Where the revision of a store stands; a name of our own, as a database may hold other programs' tables too."""

Number = BigInteger().with_variant(Integer, "sqlite")
"""Of rows without a name; SQLite counts up in an INTEGER only."""


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC, which SQLite would forget the zone of."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """In UTC, whatever its zone was."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """With its zone, UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """What all tables of the store share: names of constraints, and the types of columns."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        float: Double(),
        datetime: UtcTime(),
        dict[str, Any]: JSON(none_as_null=True),
        list[Any]: JSON(none_as_null=True),
    }


class Blob(Base):
    """The content of a file, once, however many runs and cases hold it."""

    __tablename__ = "blobs"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the content, in hex."""
    size: Mapped[int] = mapped_column(BigInteger)
    """Bytes of the content."""
    content: Mapped[bytes] = mapped_column(LargeBinary)
    """The content, compressed with zlib."""


class Case(Base):
    """A case as it was read: the same files are the same case."""

    __tablename__ = "cases"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str]
    title_zh: Mapped[str]
    title_en: Mapped[str]
    data: Mapped[str | None]
    """`real`, `synthetic` or `mixed`."""
    first_year: Mapped[int | None]
    last_year: Mapped[int | None]
    documents: Mapped[list[Any]]
    """Policy documents, as in run.json."""
    created: Mapped[datetime]


class CaseFile(Base):
    """An input file of a case."""

    __tablename__ = "case_files"

    case: Mapped[str] = mapped_column(ForeignKey("cases.digest", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    blob: Mapped[str] = mapped_column(ForeignKey("blobs.digest"), index=True)


class Run(Base):
    """One run: what was asked, how it ended, and where it came from. A run that failed is one too."""

    __tablename__ = "runs"

    address: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Content address: the same inputs, asked the same way, are the same run."""
    case: Mapped[str | None] = mapped_column(ForeignKey("cases.digest"), index=True)
    """Digest of the case; None where a run failed before its case could be read."""
    case_name: Mapped[str | None]
    variant: Mapped[str | None]
    overrides: Mapped[dict[str, Any]]
    profile: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(index=True)
    exit_code: Mapped[int]
    objective: Mapped[float | None]
    bound: Mapped[float | None]
    gap: Mapped[float | None]
    seconds: Mapped[float | None]
    peak_mb: Mapped[float | None]
    reason_zh: Mapped[str | None]
    reason_en: Mapped[str | None]
    engine: Mapped[str | None]
    engine_version: Mapped[str | None]
    program_version: Mapped[str | None]
    created: Mapped[datetime] = mapped_column(index=True)
    source: Mapped[str]
    """How it came here: `run`, `batch`, `api` or `import`."""
    batch: Mapped[str | None] = mapped_column(index=True)
    parent: Mapped[str | None]
    """Address of the run it was made from, where there is one."""
    note: Mapped[str] = mapped_column(default="")


class RunFile(Base):
    """A file of a run's result folder."""

    __tablename__ = "run_files"

    run: Mapped[str] = mapped_column(ForeignKey("runs.address", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    """Path in the folder, with `/`."""
    blob: Mapped[str] = mapped_column(ForeignKey("blobs.digest"), index=True)


class Measure(Base):
    """A measure of a run: of the whole plan (no place, no year), or up to a year for a place and all below it."""

    __tablename__ = "measures"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    run: Mapped[str] = mapped_column(ForeignKey("runs.address", ondelete="CASCADE"), index=True)
    place: Mapped[str | None]
    year: Mapped[int | None]
    measure: Mapped[str]
    unit: Mapped[str]
    value: Mapped[float | None]


class Tag(Base):
    """A word somebody put on a run."""

    __tablename__ = "tags"

    run: Mapped[str] = mapped_column(ForeignKey("runs.address", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True, index=True)


class Pin(Base):
    """A run that is, or was, the baseline of its case; the one that is has no `unpinned`."""

    __tablename__ = "pins"
    __table_args__ = (
        Index(
            "uq_pins_case",
            "case",
            unique=True,
            sqlite_where=text("unpinned IS NULL"),
            postgresql_where=text("unpinned IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    case: Mapped[str] = mapped_column(ForeignKey("cases.digest", ondelete="CASCADE"))
    run: Mapped[str] = mapped_column(ForeignKey("runs.address", ondelete="CASCADE"), index=True)
    pinned: Mapped[datetime]
    unpinned: Mapped[datetime | None]
