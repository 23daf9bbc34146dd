"""Tables of the workspace: planners' own cases in all their versions, what their screens keep, and the audit log.

A revision in `migrations/versions` goes with every change here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from quota_opt.store.schema import Base, Number

KEY = String(12)


class OwnCase(Base):
    """A case of a planner's own."""

    __tablename__ = "own_cases"

    key: Mapped[str] = mapped_column(KEY, primary_key=True)
    owner: Mapped[str] = mapped_column(index=True)
    title: Mapped[str]
    version: Mapped[int]
    """The newest version."""
    created: Mapped[datetime]
    removed: Mapped[datetime | None]
    """When it was removed; until it is cleared away it can be brought back."""


class OwnVersion(Base):
    """A version of a case, as it was saved; none is ever changed."""

    __tablename__ = "own_versions"

    case: Mapped[str] = mapped_column(ForeignKey("own_cases.key", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    source: Mapped[str]
    """Where the files came from: the name of an upload, or the case it is a copy of."""
    note: Mapped[str]
    saved: Mapped[datetime]
    errors: Mapped[int]
    warnings: Mapped[int]
    data: Mapped[str | None]
    first_year: Mapped[int | None]
    last_year: Mapped[int | None]
    firms: Mapped[int | None]
    projects: Mapped[int | None]


class OwnFile(Base):
    """A file of a version."""

    __tablename__ = "own_files"
    __table_args__ = (
        ForeignKeyConstraint(["case", "version"], ["own_versions.case", "own_versions.number"], ondelete="CASCADE"),
    )

    case: Mapped[str] = mapped_column(KEY, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    blob: Mapped[str] = mapped_column(ForeignKey("blobs.digest"), index=True)


class Kept(Base):
    """The state of a screen that outlives it."""

    __tablename__ = "kept"

    owner: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]]
    changed: Mapped[datetime]


class OwnVariant(Base):
    """A variant a planner saved of a case, built-in or own."""

    __tablename__ = "own_variants"

    owner: Mapped[str] = mapped_column(primary_key=True)
    case: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    variant: Mapped[str | None]
    """The variant of the case it starts from."""
    overrides: Mapped[dict[str, Any]]
    measures: Mapped[dict[str, Any]]
    note: Mapped[str]
    created: Mapped[datetime]


class OwnRun(Base):
    """Which version of which case a job was begun from."""

    __tablename__ = "own_runs"
    __table_args__ = (Index("ix_own_runs_owner_case", "owner", "case"),)

    job: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    owner: Mapped[str]
    case: Mapped[str]
    version: Mapped[int]
    title: Mapped[str]
    """What the case was called then."""
    label: Mapped[str]


class AuditRow(Base):
    """Something somebody did, or was refused."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    moment: Mapped[datetime] = mapped_column(index=True)
    user: Mapped[str]
    action: Mapped[str]
    object: Mapped[str]
    details: Mapped[dict[str, Any]]
