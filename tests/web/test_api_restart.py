"""A server that is killed in the middle of fifty jobs: none is lost, none is solved twice, none ends without a word."""

import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psutil
import pytest
from databases import postgres_place
from serving import ENDED, client, serving
from small import TREE

import quota_opt as qo
from quota_opt.store.jobs import now
from quota_opt.store.store import Store
from quota_opt.web.runner import is_dead, server_name

TINY = {
    "settings": {
        "scenario": {"name": "tiny", "first_year": 2024, "last_year": 2024, "resources": ["energy"]},
        "objective": {"maximise": {"value_added_final": 1.0}},
    },
    "tables": {
        "places": TREE,
        "projects": [
            {"project": "A", "place": "N1", "energy_tce": 60, "value_added": 5},
            {"project": "B", "place": "N2", "energy_tce": 50, "value_added": 4},
        ],
        "quotas": [{"place": "county", "resource": "energy", "year": "*", "amount": 100}],
    },
}


def asked(number):
    return {"case": TINY, "set": {"scenario.discount_rate": round(0.001 * number, 4)}}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
def test_fifty_jobs_over_a_killed_server_all_end_and_none_twice(tmp_path):
    with serving(tmp_path, "--jobs", "2", "--queue", "40") as server:

        def submit(number):
            with client(server.told["api"]) as caller:
                answer = caller.post("/jobs", json=asked(number))
                return answer.status_code, answer.json()

        with ThreadPoolExecutor(10) as callers:
            answers = list(callers.map(submit, range(50)))
        assert {status for status, _ in answers} <= {202, 429}
        taken = {document["id"]: document["address"] for status, document in answers if status == 202}
        refused = [document for status, document in answers if status == 429]
        assert len(taken) >= 40 and len(taken) + len(refused) == 50
        assert all(document["kind"] == "queue-full" for document in refused)
        server.until(next(iter(taken)), lambda found: server.api.get("/limits").json()["jobs"]["done"] >= 5)
        below = psutil.Process(server.process.pid).children(recursive=True)
        before = server.api.get("/limits").json()["jobs"]
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        assert not psutil.wait_procs(below, timeout=60)[1]
    assert before["queued"] + before["running"] > 5
    with serving(tmp_path, "--jobs", "2") as server:
        found = {job: server.ended(job) for job in taken}
        assert {document["state"] for document in found.values()} == {"done"}
        assert sum(document["attempts"] for document in found.values()) <= len(taken) + 2
        assert {job: document["address"] for job, document in found.items()} == taken
        assert {document["ending"]["objective"] for document in found.values()} == {5.0}
        assert qo.verify(server.folder(next(reversed(found)), tmp_path / "folder")).ok
        listed = server.api.get("/jobs", params={"limit": 500}).json()["jobs"]
        assert sorted(job["id"] for job in listed) == sorted(taken)
        assert all(job["state"] in ENDED for job in listed)
        assert server.end() == 0
    with Store.open(tmp_path / "store.db") as store:
        runs = store.runs()
        assert sorted(runs["address"]) == sorted(set(taken.values()))
        assert set(runs["source"]) == {"api"}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
def test_servers_that_share_a_store_take_over_from_one_that_dies(tmp_path):
    with (
        postgres_place() as place,
        serving(tmp_path, "--jobs", "1", store=place) as first,
        serving(tmp_path, "--jobs", "1", store=place) as second,
    ):
        jobs = [first.submit(**asked(number))["id"] for number in range(12)]
        first.until(jobs[0], lambda found: first.api.get("/limits").json()["jobs"]["done"] >= 2)
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
        found = [second.ended(job) for job in jobs]
        assert {job["state"] for job in found} == {"done"}
        assert sum(job["attempts"] for job in found) <= len(jobs) + 1


@pytest.mark.slow
def test_a_server_that_is_stopped_gives_its_jobs_back_and_the_next_one_solves_them(tmp_path):
    from quota_opt.scenario.generate import generate_case

    case = qo.read(generate_case(tmp_path / "case", firms=300, projects=60, towns=3, years=3)).as_document()
    with serving(tmp_path, "--jobs", "1") as server:
        first = server.submit(case=case, gap=0, time_limit=60)["id"]
        second = server.submit(case=TINY)["id"]
        server.until(first, lambda found: found["state"] == "running")
        assert server.end() == 0
        assert not server.errors.read_text()
    with serving(tmp_path, "--jobs", "1") as server:
        again = server.until(first, lambda found: found["state"] == "running")
        assert again["attempts"] == 1
        server.until(first, lambda found: (found["progress"] or {}).get("incumbent") is not None)
        server.api.post(f"/jobs/{first}/cancel")
        assert server.ended(first)["has_result"]
        assert server.ended(second)["state"] == "done"


def test_a_server_is_known_to_be_dead_by_its_process_or_its_silence():
    mine = server_name()
    node, pid, _, _ = mine.rsplit("|", 3)
    assert not is_dead(mine, now() - timedelta(days=1))
    assert is_dead(f"{node}|{pid}|1.00|x", now())
    assert is_dead(f"{node}|999999999|1.00|x", now())
    assert not is_dead("elsewhere|1|1.00|x", now())
    assert is_dead("elsewhere|1|1.00|x", now() - timedelta(hours=1))
