"""Opening a run store: where it is, the connection, and bringing its tables up to date."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, exc, inspect, make_url
from sqlalchemy.engine import URL

from quota_opt.errors import StoreUnavailable, Text
from quota_opt.store.schema import VERSION_TABLE, Base

if TYPE_CHECKING:
    from alembic.config import Config

PLACE = "QUOTA_OPT_STORE"
"""The variable of the environment that says where the store is: a file, or a URL."""
WAIT_SECONDS = 60
"""How long a writer of an SQLite store waits for another one."""
_LOCK = 7_160_542_238
"""Number of the lock that writers of a PostgreSQL store take while they make its tables."""
_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
_SETTLED = "A store is a file for SQLite, or postgresql://user@host/database."


def data_folder() -> Path:
    """The user's own data folder of this program."""
    base = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_DATA_HOME")
    home = Path.home() / ("AppData/Local" if os.name == "nt" else ".local/share")
    return (Path(base) if base else home) / "quota-opt"


def url_of(place: str | Path | None) -> URL:
    """The URL of a store: a file, a URL, or for None what QUOTA_OPT_STORE says, else a file in the user's data folder.

    Raises StoreUnavailable for a database of another kind.
    """
    said = str(place) if place is not None else os.environ.get(PLACE, "")
    if "://" not in said:
        path = Path(said).expanduser() if said else data_folder() / "store.db"
        return URL.create("sqlite", database=str(path.absolute()))
    try:
        url = make_url(said)
    except (exc.ArgumentError, ValueError):
        raise _refused("网址写法不对", "this is no URL") from None
    if url.drivername in _SCHEMES:
        waiting = {"connect_timeout": "10"} if "connect_timeout" not in url.query else {}
        return url.set(drivername="postgresql+psycopg").update_query_dict(waiting)
    if url.drivername == "sqlite" and url.database not in (None, "", ":memory:"):
        return url
    raise _refused(f"不支持 {url.drivername}", f"{url.drivername} is not supported here")


def _refused(zh: str, en: str) -> StoreUnavailable:
    return StoreUnavailable(
        Text(
            f"运行库的位置无效：{zh}。\n  怎么改：写 SQLite 文件的路径，或 postgresql://用户@主机/数据库。",
            f"The place of the run store is not right: {en}.\n  Fix: {_SETTLED}",
        )
    )


def shown(url: URL) -> str:
    """A URL for people: the path of a file, and never a password."""
    return str(url.database) if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)


def engine_of(url: URL, *, create: bool) -> Engine:
    """The engine of a store, its tables up to date.

    Raises StoreUnavailable where it cannot be reached, is not a store, was made by a newer version, is not there and
    not to be created, or where the driver of PostgreSQL is not installed.
    """
    sqlite = url.get_backend_name() == "sqlite"
    if sqlite:
        _ensure_file(Path(str(url.database)), url, create=create)
    try:
        engine = create_engine(
            url,
            json_serializer=lambda value: json.dumps(value, ensure_ascii=False, sort_keys=True),
            connect_args={"timeout": WAIT_SECONDS} if sqlite else {},
            pool_pre_ping=not sqlite,
        )
    except ModuleNotFoundError:
        raise StoreUnavailable(
            Text(
                '使用 PostgreSQL 运行库要先安装驱动：pip install "quota-opt[postgres]"',
                'A run store in PostgreSQL needs its driver: pip install "quota-opt[postgres]"',
            )
        ) from None
    if sqlite:
        event.listen(engine, "connect", _settle_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    try:
        with telling(url):
            upgrade(engine, create=create)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _ensure_file(path: Path, url: URL, *, create: bool) -> None:
    if not create and not path.exists():
        raise _absent(url)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(url, error.strerror or str(error)) from error


def _settle_sqlite(connection: sqlite3.Connection, record: Any) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself: see `_begin_sqlite`
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once: two that read first and write later would refuse one another.
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration for the revisions of this package, to be run on `connection`."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def revision_of(connection: Connection) -> str | None:
    """The revision a store is at; None where it has no tables of ours."""
    from alembic.migration import MigrationContext

    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()


def upgrade(engine: Engine, *, create: bool = True) -> None:
    """Bring the tables of a store up to date, all in one transaction.

    Raises StoreUnavailable where a newer version made it, or its tables are another program's.
    """
    from alembic import command
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(alembic_config())
    head, known = script.get_current_head(), {item.revision for item in script.walk_revisions()}
    with engine.connect() as connection:
        if revision_of(connection) == head:
            return
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        current = revision_of(connection)
        if current is not None and current not in known:
            raise _newer(engine.url, current, str(head))
        if current is None:
            if not create:
                raise _absent(engine.url)
            taken = sorted(set(Base.metadata.tables) & set(inspect(connection).get_table_names()))
            if taken:
                raise _foreign(engine.url, taken[0])
        command.upgrade(alembic_config(connection), "head")


def _absent(url: URL) -> StoreUnavailable:
    place = shown(url)
    return StoreUnavailable(
        Text(
            f"{place} 还没有运行库。\n  怎么改：检查 --store 和环境变量 {PLACE}；"
            "第一次用 quota-opt store import 结果文件夹 存入时会自动建立。",
            f"There is no run store at {place} yet.\n  Fix: check --store and the variable {PLACE}; "
            "the first `quota-opt store import DIR` makes one.",
        )
    )


def _newer(url: URL, current: str, head: str) -> StoreUnavailable:
    place = shown(url)
    return StoreUnavailable(
        Text(
            f"运行库 {place} 由更新的 quota-opt 建立（结构 {current}，本程序只认识到 {head}）。\n"
            "  怎么改：升级 quota-opt，或换一个运行库。",
            f"The run store {place} was made by a newer quota-opt (revision {current}; this one knows up to {head}).\n"
            "  Fix: upgrade quota-opt, or use another store.",
        )
    )


def _foreign(url: URL, table: str) -> StoreUnavailable:
    place = shown(url)
    return StoreUnavailable(
        Text(
            f"{place} 里已有别的程序的表 {table}，不会改动。\n"
            "  怎么改：换一个文件；PostgreSQL 请另用一个数据库或模式（schema）。",
            f"{place} holds another program's table {table}, which is left alone.\n"
            "  Fix: use another file; in PostgreSQL another database or schema.",
        )
    )


def _unwritable(url: URL, reason: str) -> StoreUnavailable:
    place = shown(url)
    return StoreUnavailable(
        Text(
            f"无法写入运行库 {place}：{reason}\n  怎么改：检查路径和权限，或用 --store 换一个位置。",
            f"Cannot write to the run store {place}: {reason}\n"
            "  Fix: check the path and the permissions, or name another place with --store.",
        )
    )


# How SQLite, which has no codes for them in every version of the driver, says what is wrong.
_BROKEN = ("file is not a database", "malformed", "file is encrypted")
_BARRED = ("readonly", "unable to open", "disk i/o", "permission denied", "database or disk is full")


@contextmanager
def telling(url: URL) -> Iterator[None]:
    """Turn what the database refuses into StoreUnavailable; faults of this program stay as they are."""
    try:
        yield
    except exc.DBAPIError as error:
        said = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
        lower, place = said.lower(), shown(url)
        code = str(getattr(error.orig, "sqlstate", None) or "")
        if any(word in lower for word in _BROKEN):
            raise StoreUnavailable(
                Text(
                    f"{place} 不是运行库，或文件已损坏：{said}\n  怎么改：用备份恢复，或换一个文件。",
                    f"{place} is no run store, or is damaged: {said}\n  Fix: restore a backup, or use another file.",
                )
            ) from error
        if "locked" in lower:
            raise StoreUnavailable(
                Text(
                    f"运行库 {place} 一直被别的程序占用。\n  怎么改：等它写完再试。",
                    f"The run store {place} is held by another program.\n  Fix: try again when that is done.",
                )
            ) from error
        if code in ("42501", "25006") or any(word in lower for word in _BARRED):
            raise _unwritable(url, said) from error
        if isinstance(error, exc.OperationalError):
            raise StoreUnavailable(
                Text(
                    f"连不上运行库 {place}：{said}\n  怎么改：检查网址、用户和密码，以及数据库是否已启动。",
                    f"Cannot reach the run store {place}: {said}\n"
                    "  Fix: check the URL, the user and the password, and that the database runs.",
                )
            ) from error
        raise
