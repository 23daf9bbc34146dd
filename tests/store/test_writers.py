"""Several processes write to one store at once: nothing is lost, nothing is there twice, nothing shared goes away."""

import json
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

import quota_opt as qo

WRITERS, SHARED, OWN = 4, 4, 5

WRITER = """
import json, pickle, sys
from datetime import timedelta
import quota_opt as qo
from quota_opt.batch.task import Ending

place, path, number, shared, own = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
files = pickle.load(open(path, "rb"))
print("ready", flush=True)
sys.stdin.readline()
with qo.Store.open(place) as store:
    for i in range(max(shared, own)):
        names = [f"5a{i:02d}"] * (i < shared) + [f"0{number}{i:02d}"] * (i < own)
        for name in names:
            record = {**json.loads(files["run.json"]), "address": name * 6}
            content = {**files, "run.json": json.dumps(record).encode(), "own.txt": f"{name}".encode()}
            store.add(content, tags=[f"w{number}"], source="batch")
            store.add({}, Ending(name * 5, "LOST", 1, qo.Text("没了", "lost")))
        if number == 0:
            store.gc(older_than=timedelta(days=1))
        store.pin(f"0{number}{i:02d}" * 6)
"""


@pytest.mark.slow
def test_four_processes_write_at_once_and_nothing_is_lost_or_there_twice(place, done, tmp_path):
    path = tmp_path / "files.pickle"
    path.write_bytes(pickle.dumps(dict(done.files)))
    numbers = [str(number) for number in (SHARED, OWN)]
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, place, str(path), str(number), *numbers],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number in range(WRITERS)
    ]  # fmt: skip
    try:
        for writer in writers:
            assert writer.stdout.readline() == "ready\n", writer.stderr.read()
        for writer in writers:  # all open the store, which is not there yet, at the same moment
            writer.stdin.write("go\n")
            writer.stdin.flush()
        for writer in writers:
            _, said = writer.communicate(timeout=240)
            assert writer.returncode == 0, said
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
    names = {f"5a{i:02d}" for i in range(SHARED)} | {f"0{w}{i:02d}" for w in range(WRITERS) for i in range(OWN)}
    with qo.Store.open(place) as store:
        runs = store.runs().set_index("address")
        assert set(runs.index) == {name * 6 for name in names} | {name * 5 for name in names}
        assert runs.index.is_unique
        assert runs["baseline"].sum() == 1
        for name in names:
            writers_of = {f"w{w}" for w in range(WRITERS)} if name.startswith("5a") else {f"w{int(name[1])}"}
            assert set(runs.loc[name * 6, "tags"]) == writers_of
            files = store.files(name * 6)
            assert files["own.txt"] == name.encode()
            assert {file: files[file] for file in done.files if file != "run.json"} == {
                file: content for file, content in done.files.items() if file != "run.json"
            }
        counted = store.measures([name * 6 for name in names]).groupby("run").size()
        assert set(counted) == {done.files["measures.csv"].count(b"\n") - 1}
        pins = store.run("5a00" * 6)["pins"]
        assert len(pins) == WRITERS * OWN
        assert sum(pin["unpinned"] is None for pin in pins) == 1


def test_threads_share_one_store(store, like):
    runs = [like(address=f"{i:024d}") for i in range(12)]
    with ThreadPoolExecutor(4) as threads:
        added = list(threads.map(lambda files: store.add(files, tags=["t"]), runs))
    assert sorted(store.runs(tag="t")["address"]) == sorted(added) == [f"{i:024d}" for i in range(12)]
    assert json.loads(store.files(added[3])["run.json"])["address"] == added[3]
