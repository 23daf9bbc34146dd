"""Files in the store: the content of each once, compressed, whoever refers to it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from quota_opt.errors import StoreUnavailable, Text
from quota_opt.store.schema import Base, Blob


def digest_of(content: bytes) -> str:
    """The name of a content: its SHA-256 in hex."""
    return sha256(content).hexdigest()


def missing(session: Session, digests: Iterable[str]) -> set[str]:
    """Which files the store does not hold yet."""
    asked = set(digests)
    return asked - set(session.scalars(select(Blob.digest).where(Blob.digest.in_(asked))))


def packed(contents: Mapping[str, bytes], chosen: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Rows of blobs for the `chosen` of contents by digest."""
    return {
        digest: {"digest": digest, "size": len(contents[digest]), "content": zlib.compress(contents[digest])}
        for digest in chosen
    }


def unpacked(blob: Blob, place: str) -> bytes:
    """The content of a blob. Raises StoreUnavailable where it is not what was put in; `place` is the store's."""
    try:
        content = zlib.decompress(blob.content)
    except zlib.error:
        content = b""
    if digest_of(content) != blob.digest:
        raise StoreUnavailable(
            Text(
                f"运行库 {place} 已损坏：文件 {blob.digest[:12]} 的内容不符。\n  怎么改：用备份恢复。",
                f"The run store {place} is damaged: a file is not what it was ({blob.digest[:12]}).\n"
                "  Fix: restore a backup.",
            )
        )
    return content


def inserting(session: Session, table: type[Base]) -> Any:
    """An insert that leaves rows that are there as they are."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    return dialect.insert(table.__table__).on_conflict_do_nothing()


def insert_missing(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that are not there yet."""
    if rows:
        session.connection().execute(inserting(session, table), list(rows))
