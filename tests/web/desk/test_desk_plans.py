"""Plans as screens show them: read once, narrowed, looked up in the ledger, and how far a job is."""

from dataclasses import replace

import pytest
from small import FINAL, case

import quota_opt as qo
from quota_opt.batch.task import files_of, task_of, without_plan
from quota_opt.errors import Text
from quota_opt.report import tables
from quota_opt.report.narrowing import Part
from quota_opt.solving.profile import read_profile
from quota_opt.store.jobs import CANCELLED, DONE, FAILED, QUEUED, SOLVE, Job, NoSuchJob, WrongState, failure_of
from quota_opt.web.desk import plans as desk_plans
from quota_opt.web.desk.plans import Plans

PROFILE = read_profile("auto")


@pytest.fixture(scope="module")
def solved():
    """The worked example solved, and the files of its result."""
    plan = qo.solve("worked-example")
    return plan, files_of(replace(plan, reporters=()), "zh")


@pytest.fixture
def plans(service):
    return Plans(service)


def job_of(service, **values):
    """A job of the user `anna`, as it stands in the store."""
    made = Job(kind=SOLVE, owner="anna", case_name="worked-example", **{"state": DONE, **values})
    return service.jobs.submit(made, most=100)[0].id


@pytest.fixture
def done(service, solved):
    return job_of(service, result=service.store.add(solved[1]))


def test_a_plan_is_read_once_and_only_by_its_owner(plans, done, solved):
    first = plans.read("anna", done)
    assert first.content.measures == pytest.approx(dict(solved[0].measures))
    assert plans.read("anna", done) is first
    with pytest.raises(NoSuchJob):
        plans.read("boris", done)
    with pytest.raises(NoSuchJob):
        plans.state("boris", done)


def test_only_the_plans_seen_last_are_kept(service, plans, done, solved, monkeypatch):
    monkeypatch.setattr(desk_plans, "PLANS", 1)
    strict = qo.solve(solved[0].scenario.with_(**{"rules.admission.limits.0.value": 0.49}))
    other = job_of(service, result=service.store.add(files_of(replace(strict, reporters=()), "zh")))
    first, second = plans.read("anna", done), plans.read("anna", other)
    assert second.content.measures["value_added_final"] == pytest.approx(1200)
    assert plans.read("anna", other) is second
    assert plans.read("anna", done) is not first


def test_without_a_plan_there_is_nothing_to_read(service, plans):
    waiting = job_of(service, state=QUEUED)
    with pytest.raises(WrongState):
        plans.read("anna", waiting)


@pytest.mark.parametrize(
    ("part", "projects", "firms"),
    [
        (Part(), {"P1", "P2", "P4"}, {"F1", "F2"}),
        (Part(place="N1"), {"P1", "P4"}, {"F1", "F2"}),
        (Part(place="N2"), {"P2"}, set()),
        (Part(place="county"), {"P1", "P2", "P4"}, {"F1", "F2"}),
        (Part(category="chain"), {"P2"}, {"F1", "F2"}),
        (Part(year=2025), set(), set()),
        (Part(place="N1", year=2024, category="upgrade"), {"P4"}, {"F1", "F2"}),
    ],
)
def test_a_part_holds_what_belongs_to_it_and_its_ledger_balances(plans, done, part, projects, firms):
    read = plans.read("anna", done)
    content = read.part(part)
    assert set(content.awards["project"]) == projects
    assert set(content.actions["firm"]) == firms
    ledger = read.ledger(part)
    for row in tables.ledger_summary(ledger).rows:
        assert row[-1] == 0
    for language in ("zh", "en"):
        for key in ("flow", "waterfall", "place_tree", "prices", "merit", "intensity", "town_flow"):
            read.figure(key, language, part)


def test_a_part_knows_the_names_of_places_outside_it(plans, done):
    read = plans.read("anna", done)
    moved = read.figure("town_flow", "zh", Part(place="N2"))
    assert "甲镇" in moved.title and "N1" not in moved.title


def test_what_a_year_shows_is_that_year(plans, done):
    read = plans.read("anna", done)
    content = read.part(Part(year=2024))
    assert content.last_year == 2024
    assert set(content.balances["year"]) == {2024}
    assert "2024" in read.figure("place_tree", "zh", Part(year=2024)).title


def test_the_ledger_is_searched_by_identifier_and_by_name(plans, done):
    read = plans.read("anna", done)
    everything = read.ledger(Part()).ledger
    by_name, by_key = (read.ledger(Part(), search=word).ledger for word in ("示例项目二", "p2"))
    assert set(by_key["to"]) == {"P2"}
    assert list(by_name["entry"]) == list(by_key["entry"])
    assert set(read.ledger(Part(), end="idle").ledger["to"]) == {"idle"}
    assert len(read.ledger(Part(), resource="energy").ledger) == len(everything)
    assert len(read.ledger(Part(), search="nobody").ledger) == 0


def test_a_changed_result_does_not_pass_the_check_again(plans, service, solved, done, monkeypatch):
    assert plans.verify("anna", done).ok
    files = dict(solved[1])
    files["awards.csv"] = files["awards.csv"].replace(b"P1", b"P3")
    monkeypatch.setattr(service, "result", lambda job, user: (None, files))
    assert not plans.verify("anna", done).ok


def test_a_job_in_the_queue_says_how_many_are_before_it(service, plans):
    jobs = [job_of(service, state=QUEUED) for _ in range(3)]
    assert [plans.state("anna", job).ahead for job in jobs] == [0, 1, 2]
    assert plans.state("anna", jobs[0]).words == Text("排队", "queued")
    assert not plans.state("anna", jobs[0]).ended


def test_the_course_of_a_running_job_is_kept_for_whoever_comes_back(service, plans):
    waiting = job_of(service, state=QUEUED)
    running = service.jobs.claim("server")
    for seconds, best, bound in ((1.0, None, 900.0), (2.0, 500.0, 800.0), (3.0, 700.0, 750.0)):
        gap = None if best is None else (bound - best) / best
        service.jobs.progress(
            running, {"stage": "solve", "seconds": seconds, "incumbent": best, "bound": bound, "gap": gap}
        )
        state = plans.state("anna", waiting)
        plans.state("anna", waiting)  # looked at twice: no moment twice
    assert [(moment.seconds, moment.best) for moment in state.course] == [(1.0, None), (2.0, 500.0), (3.0, 700.0)]
    assert (state.best, state.bound, state.stage_words) == (700.0, 750.0, Text("求解", "solving"))
    assert plans.cancel("anna", waiting).cancelling


def test_a_long_course_keeps_its_beginning_and_its_end(service, plans):
    waiting = job_of(service, state=QUEUED)
    running = service.jobs.claim("server")
    count = desk_plans.MOMENTS + 5
    for second in range(1, count + 1):
        running.progress = {"stage": "solve", "seconds": float(second), "incumbent": 1.0, "bound": 2.0, "gap": 1.0}
        seen = plans._course(running)
    assert len(seen) <= desk_plans.MOMENTS
    assert (seen[0].seconds, seen[-1].seconds) == (1.0, float(count))
    assert plans.state("anna", waiting).state == "running"


def test_a_job_without_a_plan_says_why(service, plans):
    error = failure_of("infeasible", Text("没有方案", "no plan"), 3)
    failed = plans.state("anna", job_of(service, state=FAILED, error=error, ending={"seconds": 2.5}))
    assert (failed.planned, failed.kind, failed.message, failed.seconds) == (
        False,
        "infeasible",
        Text("没有方案", "no plan"),
        2.5,
    )
    cancelled = plans.state(
        "anna", job_of(service, state=CANCELLED, error=failure_of("cancelled", Text("已取消", "x"), 4))
    )
    assert (cancelled.ended, cancelled.kind) == (True, "cancelled")


def test_the_case_of_a_run_without_a_plan_is_still_there(service, plans):
    town = case(objective=FINAL, rules={"caps": {"caps": [{"resource": "energy", "amount": 1.0}]}},
                projects=[{"project": "P", "place": "N1", "energy_tce": 5, "value_added": 1}])  # fmt: skip
    task = task_of(town, PROFILE)
    ending = without_plan(task, "INFEASIBLE", Text("没有方案", "no plan")).ending
    service.store.add({}, ending=ending, task=task, case=town, source="api")
    failed = job_of(service, state=FAILED, address=task.address)
    assert plans.case("anna", failed).files == town.files
    with pytest.raises(WrongState):
        plans.case("anna", job_of(service, state=FAILED, address="0" * 24))
