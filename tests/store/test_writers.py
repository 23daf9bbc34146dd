"""Several processes write to one store at once: nothing is lost, nothing is there twice, nothing shared goes away."""

import json
import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import pytest
import writers

import quota_opt as qo

WRITERS, SHARED, OWN = 4, 4, 5


@pytest.mark.slow
def test_four_processes_write_at_once_and_nothing_is_lost_or_there_twice(place, done):
    kinds = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in kinds else "spawn")
    if "forkserver" in kinds:
        context.set_forkserver_preload(["writers"])
    ready = context.Barrier(WRITERS)  # all open the store, which is not there yet, at the same moment
    processes = [
        context.Process(target=writers.write, args=(place, dict(done.files), number, SHARED, OWN, ready))
        for number in range(WRITERS)
    ]
    for process in processes:
        process.start()
    try:
        for process in processes:
            process.join(timeout=240)
            assert process.exitcode == 0
    finally:
        for process in processes:
            process.kill()
            process.join()
    shared = {writers.address(None, number) for number in range(SHARED)}
    own = {writers.address(writer, number): writer for writer in range(WRITERS) for number in range(OWN)}
    names = shared | set(own)
    with qo.Store.open(place) as store:
        runs = store.runs().set_index("address")
        assert set(runs.index) == names | {writers.failed(name) for name in names}
        assert runs.index.is_unique
        assert runs["baseline"].sum() == 1
        for name in names:
            expected = {f"w{number}" for number in range(WRITERS)} if name in shared else {f"w{own[name]}"}
            assert set(runs.loc[name, "tags"]) == expected
            files = store.files(name)
            assert files.pop("own.txt") == name.encode()
            assert json.loads(files["run.json"])["address"] == name
            assert {**files, "run.json": b""} == {**done.files, "run.json": b""}
        counted = store.measures(sorted(names)).groupby("run").size()
        assert set(counted) == {done.files["measures.csv"].count(b"\n") - 1}
        pins = store.run(min(shared))["pins"]
        assert len(pins) == WRITERS * OWN
        assert sum(pin["unpinned"] is None for pin in pins) == 1


def test_threads_share_one_store(store, like):
    runs = [like(address=f"{i:024d}") for i in range(12)]
    with ThreadPoolExecutor(4) as threads:
        added = list(threads.map(lambda files: store.add(files, tags=["t"]), runs))
    assert sorted(store.runs(tag="t")["address"]) == sorted(added) == [f"{i:024d}" for i in range(12)]
    assert json.loads(store.files(added[3])["run.json"])["address"] == added[3]
