"""Places for run stores in tests: a file, and a schema of its own in the PostgreSQL of `tools/with_postgres`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine

POSTGRES = "QUOTA_OPT_TEST_POSTGRES"


@contextmanager
def postgres_place() -> Iterator[str]:
    """The URL of an empty schema, dropped at the end; skips the test where there is no PostgreSQL."""
    url = os.environ.get(POSTGRES)
    if not url:
        pytest.skip(f"{POSTGRES} is not set: run the tests with tools/with_postgres")
    schema = f"t{uuid4().hex}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    yield f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{schema}"
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
    engine.dispose()


@contextmanager
def place_of(kind: str, folder: os.PathLike[str]) -> Iterator[str]:
    """A place for a store of that kind: `sqlite`, a file in `folder`, or `postgres`."""
    if kind == "sqlite":
        yield str(Path(folder) / "store.db")
    else:
        with postgres_place() as url:
            yield url
