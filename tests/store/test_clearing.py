"""Clearing away: what somebody marked stays, what nothing refers to goes, and what it would free is told before."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

import quota_opt as qo
from quota_opt.store.schema import Run
from quota_opt.store.store import Store

NOW = timedelta(0)


@pytest.fixture
def marked(store, like):
    """Runs that are tagged, noted, pinned, pinned once, and not marked at all."""
    names = ("tagged", "noted", "pinned", "before", "bare", "other")
    addresses = {name: f"{i}" * 24 for i, name in enumerate(names)}
    for i, (name, address) in enumerate(addresses.items()):
        # Bytes that cannot be packed smaller, so that what is freed shows on the disk.
        store.add({**like(address=address), "own.bin": os.urandom(200_000), "name.txt": f"{i}".encode()})
        assert store.find(address[:1]) == address, name
    store.tag(addresses["tagged"], "keep")
    store.note(addresses["noted"], "看过")
    store.pin(addresses["before"])
    store.pin(addresses["pinned"])
    return addresses


def test_old_runs_go_but_for_those_somebody_marked(store, marked):
    files = store.info()["files"]
    freed = store.gc(older_than=NOW)
    assert freed.runs == 3
    assert set(store.runs()["address"]) == {marked[name] for name in ("tagged", "noted", "pinned")}
    assert freed.files == 9 and freed.bytes > 3 * 200_000
    assert store.info()["files"] == files - 9
    for name in ("tagged", "noted", "pinned"):
        assert len(store.files(marked[name])["own.bin"]) == 200_000


def test_the_space_is_given_back(store, marked):
    freed = store.gc(older_than=NOW)
    assert freed.before == freed.after or freed.after < freed.before
    if "://" not in store.place:
        assert freed.after < freed.before - 3 * 200_000
        assert Path(store.place).stat().st_size == freed.after


def test_a_dry_run_tells_the_same_and_removes_nothing(store, marked):
    before = store.info()
    told = asdict(store.gc(older_than=NOW, dry_run=True))
    assert store.info() == before
    done = asdict(store.gc(older_than=NOW))
    assert {name: told[name] for name in ("runs", "cases", "files", "bytes")} == {
        name: done[name] for name in ("runs", "cases", "files", "bytes")
    }


def test_young_runs_stay_and_without_an_age_no_run_goes(store, marked):
    assert store.gc(older_than=timedelta(days=1)).runs == 0
    assert store.gc().runs == 0
    assert len(store.runs()) == len(marked)


def test_a_case_without_a_run_goes_with_its_files(store, done):
    store.add(done.files)
    freed = store.gc(older_than=NOW)
    assert (freed.runs, freed.cases, freed.files) == (1, 1, len(set(done.files.values())))
    info = store.info()
    assert (info["runs"], info["cases"], info["files"], info["bytes"]) == (0, 0, 0, 0)
    address = store.add(done.files)
    assert store.files(address) == dict(done.files)


def test_what_a_plan_left_behind_when_it_was_replaced_goes(store, like):
    address = store.add({**like(status="FEASIBLE", address="a" * 24), "old.txt": b"only in the first"})
    store.add(like(status="OPTIMAL", address="a" * 24))
    assert store.gc().files == 2  # old.txt, and the first run.json
    assert qo.Status(store.run(address)["status"]) is qo.Status.OPTIMAL
    assert "old.txt" not in store.files(address)


def test_a_clearing_waits_for_a_run_that_is_being_added(store, done, monkeypatch):
    address = store.add(done.files)
    with store.session(writing=True) as session:  # leaves the files behind with nothing that refers to them
        session.execute(delete(Run).where(Run.address == address))
    entered, go = threading.Event(), threading.Event()
    put = Store._put

    def slowly(self, session, coming):
        entered.set()
        assert go.wait(120)
        put(self, session, coming)

    monkeypatch.setattr(Store, "_put", slowly)
    with ThreadPoolExecutor(2) as threads:
        adding = threads.submit(store.add, done.files)
        assert entered.wait(120)
        clearing = threads.submit(store.gc)
        with pytest.raises(TimeoutError):
            clearing.result(timeout=0.5)
        go.set()
        assert adding.result(120) == address
        assert clearing.result(120).files == 0
    assert store.files(address) == dict(done.files)
