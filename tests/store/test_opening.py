"""Where a store is, and what is said where it cannot be used."""

import os
import sqlite3
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

import quota_opt as qo
from quota_opt.store import opening
from quota_opt.store.opening import data_folder, shown, url_of


def refused(place, words, **how):
    with pytest.raises(qo.StoreUnavailable, match=words) as raised:
        qo.Store.open(place, **how)
    zh, en = raised.value.text
    assert "怎么改" in zh or "pip install" in zh
    assert "Fix:" in en or "pip install" in en
    return en


def test_without_a_place_the_environment_says_it_and_else_it_is_the_users_own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "data"))
    monkeypatch.delenv("QUOTA_OPT_STORE", raising=False)
    with qo.Store.open() as store:
        assert store.place == str(tmp_path / "data" / "quota-opt" / "store.db")
        assert Path(store.place).is_file()
    monkeypatch.setenv("QUOTA_OPT_STORE", str(tmp_path / "runs.db"))
    with qo.Store.open() as store:
        assert store.place == str(tmp_path / "runs.db")
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.delenv("LOCALAPPDATA")
    assert data_folder().is_relative_to(Path.home())


@pytest.mark.parametrize("name", ["运行 库#1?%20.db", "a;b&c=d.db", "x'y\"z.db"])
def test_a_file_may_have_any_name(tmp_path, name):
    with qo.Store.open(tmp_path / "新 文件夹" / name):
        assert (tmp_path / "新 文件夹" / name).is_file()


def test_postgresql_urls_mean_one_driver_and_never_show_the_password():
    for url in ("postgresql://u:secret@h/d", "postgres://u:secret@h/d", "postgresql+psycopg://u:secret@h/d"):
        assert url_of(url).drivername == "postgresql+psycopg"
        assert "secret" not in shown(url_of(url)) and "h/d" in shown(url_of(url))


@pytest.mark.parametrize(
    "place", ["mysql://h/d", "sqlite://", "sqlite:///:memory:", "postgresql+asyncpg://h/d", "://x"]
)
def test_other_places_are_refused(place):
    refused(place, "place of the run store is not right")


def test_a_database_that_does_not_answer_is_told_without_its_password(tmp_path):
    assert "secret" not in refused(f"postgresql://u:secret@/d?host={tmp_path}", "Cannot reach")


def test_a_missing_driver_names_the_extra_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    refused("postgresql://h/d", r'pip install "quota-opt\[postgres\]"')


def test_a_store_that_is_not_there_is_not_made_where_that_is_not_wanted(place, tmp_path):
    refused(place, "There is no run store", create=False)
    if "://" not in place:
        assert not Path(place).exists()
    qo.Store.open(place).close()
    qo.Store.open(place, create=False).close()


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_store_is_left_as_it_is(tmp_path, content):
    path = tmp_path / "plan.xlsx"
    path.write_bytes(content)
    refused(path, "is no run store, or is damaged|Cannot")
    assert path.read_bytes() == content


def test_a_damaged_store_is_told(tmp_path, done):
    path = tmp_path / "store.db"
    with qo.Store.open(path) as store:
        address = store.add(done.files)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(bytes(content))
    with pytest.raises(qo.StoreUnavailable, match="damaged"), qo.Store.open(path) as store:
        store.files(address)


def test_a_folder_or_a_place_below_a_file_is_no_place(tmp_path):
    refused(tmp_path, "Cannot")
    (tmp_path / "file").write_text("x")
    refused(tmp_path / "file" / "store.db", "Cannot write")


@contextmanager
def nobody():
    """As a user who may write nowhere but where all may; root may write everywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions of Windows are others")
def test_a_place_that_may_not_be_written_is_told():
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        path = folder / "store.db"
        qo.Store.open(path).close()
        path.chmod(0o444)
        folder.chmod(0o555)
        with nobody():
            refused(folder / "other.db", "Cannot write")
            refused(folder / "below" / "other.db", "Cannot write")
            with pytest.raises(qo.StoreUnavailable, match="Cannot write"), qo.Store.open(path) as store:
                store.note("x", "y")
        folder.chmod(0o755)


def test_a_store_another_program_holds_is_waited_for_and_then_told(tmp_path, monkeypatch, done):
    path = tmp_path / "store.db"
    qo.Store.open(path).close()
    monkeypatch.setattr(opening, "WAIT_SECONDS", 0.05)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with qo.Store.open(path) as store:
        with pytest.raises(qo.StoreUnavailable, match="held by another program"):
            store.add(done.files)
        assert store.runs().empty  # readers do not wait
        holder.execute("ROLLBACK")
        store.add(done.files)
    holder.close()
