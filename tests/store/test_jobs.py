"""Jobs in the store: queued, claimed once, given back by the dead, ended once, and their case forgotten."""

import itertools
import threading

import pytest
from sqlalchemy import func, select

from quota_opt.store.jobs import (
    MOST_ATTEMPTS,
    Job,
    JobCase,
    Jobs,
    KeyReused,
    NoSuchJob,
    QueueFull,
    WrongState,
    failure_of,
)

CASE = "c" * 64


@pytest.fixture
def jobs(store):
    return Jobs(store)


def queued(jobs, number=0, most=100, **more):
    asked = {"kind": "solve", "state": "queued", "owner": "me", "case": CASE, "address": f"{number:024d}", **more}
    return jobs.submit(Job(**asked), b"files", most=most)[0]


def kept_cases(store):
    with store.session() as session:
        return session.scalar(select(func.count()).select_from(JobCase))


def test_a_job_is_kept_as_it_was_asked_and_its_case_once(jobs, store):
    first = queued(jobs, variant="甲", overrides={"rules.retention.keep": [0.5, "半"]}, limits={"seconds": 5.0})
    queued(jobs, 1)
    found = jobs.get(first.id, "me")
    assert (found.variant, found.overrides, found.limits) == ("甲", first.overrides, {"seconds": 5.0})
    assert (found.state, found.attempts, found.submitted) == ("queued", 0, first.submitted)
    assert jobs.content(found) == b"files"
    assert kept_cases(store) == 1


def test_jobs_are_claimed_in_the_order_they_came(jobs):
    submitted = [queued(jobs, number).id for number in range(4)]
    assert [jobs.claim("s").id for _ in submitted] == submitted
    assert jobs.claim("s") is None


def test_each_job_is_claimed_by_one_server_whose_jobs_are_in_the_order_they_came(jobs):
    submitted = [queued(jobs, number).id for number in range(12)]
    claimed = {f"s{number}": [] for number in range(4)}

    def work(server):
        while (job := jobs.claim(server)) is not None:
            claimed[server].append(submitted.index(job.id))

    threads = [threading.Thread(target=work, args=(server,)) for server in claimed]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(itertools.chain.from_iterable(claimed.values())) == list(range(12))
    assert all(mine == sorted(mine) for mine in claimed.values())
    assert jobs.counts()["running"] == 12


def test_the_queue_is_bounded_and_says_so(jobs):
    queued(jobs, 0, most=2)
    queued(jobs, 1, most=2)
    with pytest.raises(QueueFull, match="2 jobs are waiting"):
        queued(jobs, 2, most=2)
    jobs.claim("s")
    queued(jobs, 2, most=2)
    assert jobs.counts() == {"queued": 2, "running": 1, "done": 0, "failed": 0, "cancelled": 0}


def test_a_key_makes_a_repeated_request_the_same_job_for_its_owner_only(jobs):
    first = queued(jobs, key="k", asked="a")
    assert queued(jobs, key="k", asked="a", most=0).id == first.id
    assert queued(jobs, key="k", asked="a", owner="you").id != first.id
    with pytest.raises(KeyReused):
        queued(jobs, key="k", asked="b")


def test_the_same_key_at_the_same_moment_is_one_job(jobs):
    made = []
    threads = [threading.Thread(target=lambda: made.append(queued(jobs, key="k", asked="a").id)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6 and len(set(made)) == 1
    assert jobs.counts()["queued"] == 1


def test_a_job_ends_once_and_only_where_it_runs(jobs, store):
    queued(jobs)
    job = jobs.claim("first")
    jobs.progress(job, {"stage": "solve", "gap": 0.5})
    assert jobs.get(job.id).progress == {"stage": "solve", "gap": 0.5}
    assert jobs.recover(lambda server, heard: server == "first") == 1
    again = jobs.claim("second")
    assert (again.id, again.attempts, again.progress) == (job.id, 2, None)
    assert not jobs.finish(job, "done", result="late")
    assert jobs.finish(again, "done", result="r", ending={"status": "OPTIMAL"})
    assert not jobs.finish(again, "failed")
    found = jobs.get(job.id)
    assert (found.state, found.result, found.ending) == ("done", "r", {"status": "OPTIMAL"})
    assert found.finished >= found.started >= found.submitted
    assert kept_cases(store) == 0


def test_every_change_raises_the_version(jobs):
    seen = [queued(jobs).version]
    job = jobs.claim("s")
    seen.append(jobs.version(job.id)[0])
    jobs.progress(job, {})
    seen.append(jobs.version(job.id)[0])
    jobs.release(job, counted=False)
    seen.append(jobs.version(job.id)[0])
    jobs.cancel(job.id)
    seen.append(jobs.version(job.id)[0])
    assert seen == sorted(set(seen))
    assert jobs.version(job.id)[1] == "cancelled"
    assert jobs.version("nothing") is None


def test_a_job_begun_too_often_fails_with_the_reason(jobs, store):
    queued(jobs)
    for _ in range(MOST_ATTEMPTS):
        assert jobs.claim("s") is not None
        jobs.recover(lambda server, heard: True)
    assert jobs.claim("s") is None
    [job] = jobs.listing("me")
    assert (job.state, job.error["kind"], job.error["exit_code"]) == ("failed", "lost", 1)
    assert str(MOST_ATTEMPTS) in job.error["message"]["zh"]
    assert kept_cases(store) == 0


def test_an_attempt_that_was_given_back_on_purpose_does_not_count(jobs):
    queued(jobs)
    for _ in range(2 * MOST_ATTEMPTS):
        jobs.release(jobs.claim("s"), counted=False)
    assert jobs.claim("s").attempts == 1


def test_the_last_loss_says_what_was_seen(jobs):
    from quota_opt.errors import Text

    queued(jobs)
    for _ in range(MOST_ATTEMPTS):
        jobs.release(jobs.claim("s"), counted=True, failure=failure_of("lost", Text("崩溃", "crashed"), 1))
    assert jobs.listing("me")[0].error["message"] == {"zh": "崩溃", "en": "crashed"}


def test_a_running_job_is_cancelled_by_its_server_and_also_when_that_dies(jobs):
    first, second = queued(jobs), queued(jobs, 1)
    jobs.claim("s"), jobs.claim("s")
    assert jobs.cancel(first.id, "me").cancelling
    assert jobs.beat("s") == {first.id: True, second.id: False}
    assert jobs.beat("other") == {}
    jobs.recover(lambda server, heard: True)
    assert (jobs.get(first.id).state, jobs.get(second.id).state) == ("cancelled", "queued")


def test_a_comparison_waits_for_its_parts(jobs):
    parts = [queued(jobs, number).id for number in range(2)]
    compare = jobs.submit(Job(kind="compare", state="queued", owner="me", parts=parts), most=9)[0]
    first, second = jobs.claim("s"), jobs.claim("s")
    assert [first.id, second.id] == parts
    assert jobs.claim("s") is None
    jobs.finish(first, "done")
    assert jobs.claim("s") is None
    jobs.finish(second, "failed")
    assert jobs.claim("s").id == compare.id


def test_a_comparison_keeps_what_it_found(jobs):
    jobs.submit(Job(kind="compare", state="queued", owner="me", parts=[]), most=9)
    job = jobs.claim("s")
    assert jobs.found(job.id) is None
    jobs.finish(job, "done", found={"measures": [{"甲": 1.5}]})
    assert jobs.found(job.id, "me") == {"measures": [{"甲": 1.5}]}


def test_only_the_owner_finds_a_job_and_only_an_ended_one_is_forgotten(jobs):
    job = queued(jobs)
    for ask in (jobs.get, jobs.cancel, jobs.delete, jobs.found):
        with pytest.raises(NoSuchJob):
            ask(job.id, "you")
    with pytest.raises(WrongState):
        jobs.delete(job.id, "me")
    jobs.cancel(job.id, "me")
    jobs.delete(job.id, "me")
    with pytest.raises(NoSuchJob):
        jobs.get(job.id, "me")


def test_jobs_are_listed_newest_first_page_by_page(jobs):
    made = [queued(jobs, number).id for number in range(5)]
    queued(jobs, 9, owner="you")
    first = jobs.listing("me", limit=3)
    rest = jobs.listing("me", limit=3, before=first[-1].id)
    assert [job.id for job in [*first, *rest]] == made[::-1]
    jobs.cancel(made[2])
    assert [job.id for job in jobs.listing("me", state="cancelled")] == [made[2]]
