"""Questions about plans: answered at once where they can be, kept as jobs where not, as the façade answers them."""

import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
from small import TREE

import quota_opt as qo
from quota_opt.batch.task import unpack
from quota_opt.errors import InputError
from quota_opt.store.jobs import Job, WrongState
from quota_opt.store.store import Store
from quota_opt.web.analyses import main
from quota_opt.web.analysing import AnalysisStopped, Analyst
from quota_opt.web.desk.asking import Asking, Order
from quota_opt.web.desk.why import Item, find_item
from quota_opt.web.limits import ServerLimits
from quota_opt.web.models import SolveRequest
from quota_opt.web.service import Service

STRICT = {"rules.admission.limits.0.value": 0.49}
TOO_MUCH = {
    "settings": {"scenario": {"name": "tiny", "first_year": 2024, "last_year": 2024, "resources": ["energy"]},
                 "rules": {"targets": {}}},
    "tables": {"places": TREE, "projects": [{"project": "A", "place": "N1", "energy_tce": 6, "value_added": 5}],
               "quotas": [{"place": "county", "resource": "energy", "year": "*", "amount": 10}],
               "targets": [{"measure": "energy_used", "sense": ">=", "value": 8}]},
}  # fmt: skip


def read_plan(service):
    """The plan of a job, read from the store once."""
    kept = {}

    def plan(user, job):
        if job not in kept:
            _, files = service.result(job, user)
            with tempfile.TemporaryDirectory() as scratch:
                kept[job] = qo.read_result(unpack(files, Path(scratch) / "run"))
        return kept[job]

    return plan


@pytest.fixture
def in_processes():
    """For tests about the processes themselves."""


@pytest.fixture(autouse=True)
def in_this_process(request, monkeypatch):
    """Analyses are done here, which spares a process each, but for the tests that are about processes."""

    def work(self, scratch, tell):
        main(scratch)

    if "in_processes" not in request.fixturenames:
        monkeypatch.setattr(Analyst, "_work", work)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("asking") / "store.db"


@pytest.fixture(scope="module")
def service(place):
    made = Service(Store.open(place), ServerLimits())
    made.start()
    yield made
    made.stop(0)


@pytest.fixture(scope="module")
def asking(service):
    return Asking(service, read_plan(service))


@pytest.fixture(scope="module")
def job(service):
    return solved(service)


@pytest.fixture(scope="module")
def plan(asking, job):
    return asking._plan_of("me", job)


def solved(service, user="me", case="worked-example", **more):
    made = service.submit(user, SolveRequest(case=case, **more), None, None)[0].id
    until(service, made)
    return made


def until(service, job, *states):
    deadline = time.monotonic() + 200
    while (found := service.jobs.get(job)).state not in (states or ("done", "failed", "cancelled")):
        assert time.monotonic() < deadline, found.state
        time.sleep(0.05)
    return found


def out_of(plan):
    """A project that a plan leaves out."""
    return sorted(set(plan.scenario.projects["project"]) - set(plan.awards["project"]))[0]


@pytest.fixture(scope="module")
def strict(service):
    return solved(service, set=STRICT)


@pytest.fixture(scope="module")
def refused(asking, strict):
    return Item("project", out_of(asking._plan_of("me", strict)))


def test_the_drawer_says_what_the_explanation_says(asking, strict, refused):
    plan = asking._plan_of("me", strict)
    firm, rule = Item("firm", str(plan.scenario.firms["firm"].iloc[0])), Item("rule", "admission")
    for item in (refused, firm, rule):
        said, meant = asking.why("me", strict, item), qo.explain(plan, **{item.kind: item.id})
        assert said.sentences == meant.sentences
        assert said.title == meant.title
        assert [way.text for way in said.ways] == [change.text for change in meant.changes]
        assert said.document.sections[0].sentences == meant.sentences
    related = {item for _, items in asking.why("me", strict, refused).related for item, _ in items}
    assert Item("rule", "admission") in related


def test_a_price_says_what_one_more_unit_is_worth_and_who_uses_it(asking, job, plan):
    row = plan.prices[plan.prices["price"] > 0].iloc[0]
    why = asking.why("me", job, Item("price", f"{row.place}|{row.resource}|{row.year}"))
    assert str(row.year) in why.title.zh
    assert "再多 1" in why.sentences[0].zh
    with pytest.raises(InputError):
        asking.why("me", job, Item("price", "nowhere|energy|2025"))


@pytest.mark.parametrize("asked", ["为什么没有 {}？", "{}", "{} 为何落选", "why not {}?"])
def test_a_question_finds_the_project_it_names(plan, asked):
    name = out_of(plan) if set(plan.scenario.projects["project"]) - set(plan.awards["project"]) else "P1"
    assert find_item(plan, asked.format(name)) == Item("project", name)


def test_a_number_without_its_zeros_finds_the_project_and_nothing_finds_nothing():
    plan = replace_projects(["P011", "P012", "P112"])
    assert find_item(plan, "为什么没有 P12？") == Item("project", "P012")
    assert find_item(plan, "准入") == Item("rule", "admission")
    with pytest.raises(InputError):
        find_item(plan, "没有的东西")


def replace_projects(names):
    """A plan whose case has projects of these names, and one rule."""
    scenario = qo.Scenario.from_tables(
        {"scenario": {"name": "s", "first_year": 2024, "last_year": 2024, "resources": ["energy"]},
         "rules": {"admission": {"limits": [{"value": 0.5, "applies_to": "new_projects", "action": "reject"}]}}},
        places=TREE,
        projects=[{"project": name, "place": "N1", "energy_tce": 1, "value_added": 5} for name in names],
    )  # fmt: skip
    return replace(qo.solve("worked-example"), scenario=scenario)


def test_the_certified_answer_is_kept_and_asked_for_once(in_processes, service, asking, strict, refused):
    first = asking.confirm("me", strict, refused)
    assert asking.confirm("me", strict, refused).id == first.id
    assert until(service, first.id).state == "done"
    why = asking.confirmed("me", first.id)
    meant = qo.explain(asking._plan_of("me", strict), project=refused.id, confirm=True)
    assert (why.confirmed, why.sentences) == (True, meant.sentences)
    loosened = [way.settings for way in why.ways if way.settings]
    assert loosened and all(set(settings) == set(STRICT) for settings in loosened)
    again = asking.confirm("me", strict, refused)
    assert (again.id, again.state) == (first.id, "done")


def test_anothers_same_question_is_answered_from_the_store_and_their_job_is_not_to_be_seen(
    service, asking, strict, refused
):
    until(service, asking.confirm("me", strict, refused).id)
    theirs = solved(service, "you", set=STRICT)
    made = asking.confirm("you", theirs, refused)
    assert (made.state, made.reused, made.parts) == ("done", True, [theirs])
    mine = asking.confirm("me", strict, refused)
    assert asking.confirmed("you", made.id).sentences == asking.confirmed("me", mine.id).sentences
    with pytest.raises(qo.QuotaOptError):
        asking.answer("me", made.id)
    with pytest.raises(qo.QuotaOptError):
        asking.why("me", theirs, refused)


def test_a_comparison_waits_for_its_plans_and_names_the_one_without(service, asking, job):
    late = service.submit("me", SolveRequest(case="worked-example", set={"scenario.discount_rate": 0.04}), None, None)
    none = service.submit("me", SolveRequest(case=TOO_MUCH), None, None)
    asked = asking.compare("me", [job, late[0].id, none[0].id], ["现在", "收紧", "收紧"])
    with pytest.raises(WrongState):
        asking.answer("me", asked.id)
    assert until(service, asked.id).state == "done"
    answer = asking.answer("me", asked.id)
    assert [entry["name"] for entry in answer.values["scenarios"]] == ["现在", "收紧"]
    assert [entry["job"] for entry in answer.values["without_plan"]] == [none[0].id]
    assert answer.document.sections[0].sentences
    assert {row["group"] for row in answer.values["decisions"]} <= {"all", "most", "few", "none"}


def test_an_order_has_a_receipt_and_the_settings_that_carry_it_out(service, asking, job, plan):
    name = str(plan.awards["project"].iloc[0])
    asked = asking.override("me", job, Order(refuse=(name,), by="办公会", reason="已撤回"))
    assert until(service, asked.id).state == "done"
    answer = asking.answer("me", asked.id)
    meant = qo.override(plan.scenario, refuse=[name], by="办公会", reason="已撤回")
    assert answer.values["objective"]["cost"] == pytest.approx(meant.cost)
    carried = solved(service, set=answer.values["set"])
    assert name not in set(asking._plan_of("me", carried).awards["project"])


def test_a_front_leads_to_a_plan_at_each_of_its_points(service, asking, job, plan):
    asked = asking.front("me", job, ["value_added:max", "public_cost:min"], points=3)
    assert until(service, asked.id).state == "done"
    answer = asking.answer("me", asked.id)
    meant = qo.pareto(plan.scenario, ["value_added:max", "public_cost:min"], points=3)
    points = answer.values["points"]
    assert [point["value_added"] for point in points] == pytest.approx(list(meant.points["value_added"]))
    assert [goal["name"] for goal in answer.values["goals"]] == ["value_added", "public_cost"]
    there = qo.solve(plan.scenario.with_(**points[-1]["set"]))
    assert set(there.awards["project"]) == set(points[-1]["projects"])
    assert [each.id for each in asking.asked("me", job, "front")] == [asked.id]


def test_a_sweep_says_where_the_plan_changes(service, asking, job, plan):
    asked = asking.sweep("me", job, "rules.admission.limits.0.value", 0.48, 0.52)
    assert until(service, asked.id).state == "done"
    meant = qo.sweep(plan.scenario, "rules.admission.limits.0.value", 0.48, 0.52)
    assert asking.answer("me", asked.id).values["breaks"] == pytest.approx(list(meant.breaks))


def test_data_that_are_not_exact_are_tried_in_a_thousand_worlds(service, asking, job, plan):
    asked = asking.evaluate("me", job, less_freed=0.2, more_needed=0.05)
    assert until(service, asked.id).state == "done"
    delivery = {"delivery": {"distribution": "uniform", "low": 0.8, "high": 1.0}}
    need = {"need": {"distribution": "uniform", "low": 0.95, "high": 1.05}}
    kinds, categories = ("close", "upgrade", "relocate", "merge", "rebuild"), ("strategic", "chain", "upgrade", "other")
    meant = qo.evaluate(
        plan, uncertainty={"actions": dict.fromkeys(kinds, delivery), "projects": dict.fromkeys(categories, need)}
    )
    assert asking.answer("me", asked.id).values["served"] == meant.served
    unknown = asking.evaluate("me", job, less_freed=0.0, more_needed=0.0)
    assert until(service, unknown.id).error["kind"] == "input"


def test_repairs_of_a_case_without_a_plan_give_it_one(service, asking):
    base = qo.Scenario.from_tables(TOO_MUCH["settings"], **TOO_MUCH["tables"])
    asked = asking.infeasible("me", base)
    assert until(service, asked.id).state == "done"
    values = asking.answer("me", asked.id).values
    assert values["feasible"] is False
    assert values["clashes"][0][0]["title"]["zh"]
    settings = [repair["set"] for repair in values["repairs"] if repair["set"]]
    for changes in settings:
        assert qo.solve(base.with_(**changes)).status == "OPTIMAL"
    assert asking.infeasible("me", base).id == asked.id


def test_what_waits_when_a_server_ends_is_answered_by_the_next(tmp_path):
    first = Service(Store.open(tmp_path / "s.db"), ServerLimits(), running=False)
    solve = first.submit("me", SolveRequest(case="worked-example"), None, None)[0].id
    asked = Asking(first, read_plan(first)).diff("me", solve, solve, shares=False)
    first.stop(0)
    second = Service(Store.open(tmp_path / "s.db"), ServerLimits())
    second.start()
    try:
        assert until(second, asked.id).state == "done"
        assert Asking(second, read_plan(second)).answer("me", asked.id).document.sections
    finally:
        second.stop(0)


def explained_by(limits, place, job, item, *, stop=False):
    """How the process of an explanation by re-solving ends under these limits."""
    service = Service(Store.open(place), limits, running=False)
    options = {"item": "project", "id": item.id, "confirm": True}
    asked = Job(kind="explain", owner="me", parts=[job], overrides={}, asked=json.dumps({"options": options}))
    analyst = Analyst(service.store, service.jobs, service.limits)
    if stop:
        analyst.drop()
    try:
        with pytest.raises(AnalysisStopped) as stopped:
            analyst.answer(asked, lambda progress: None)
    finally:
        service.stop(0)
    return stopped.value


def test_an_analysis_that_eats_memory_or_time_is_stopped_and_says_so(in_processes, place, strict, refused, monkeypatch):
    ended = explained_by(ServerLimits(memory_mb=1), place, strict, refused)
    assert (ended.kind, ended.exit_code) == ("out-of-memory", 4)
    assert ended.text.zh == "已停止：分析的内存超过 1 MB。"
    monkeypatch.setattr(ServerLimits, "hard_time_s", 0.3)
    assert explained_by(ServerLimits(), place, strict, refused).kind == "timeout"
    assert explained_by(ServerLimits(), place, strict, refused, stop=True).kind == "cancelled"


def test_a_front_that_is_cancelled_keeps_the_points_it_has(in_processes, tmp_path):
    service = Service(Store.open(tmp_path / "s.db"), ServerLimits())
    service.start()
    try:
        asking = Asking(service, read_plan(service))
        job = solved(
            service,
            case=qo.read(
                qo.generate_case(tmp_path / "county", firms=12, projects=14, towns=2, years=2, seed=3)
            ).as_document(),
        )
        asked = asking.front("me", job, ["value_added:max", "carbon_net:min"], points=400)
        until(service, asked.id, "running")
        deadline = time.monotonic() + 120
        while not (service.jobs.get(asked.id).progress or {}).get("incumbent"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        asking.cancel("me", asked.id)
        assert until(service, asked.id).state == "cancelled"
        answer = asking.answer("me", asked.id)
        assert answer.partial
        assert 1 <= len(answer.values["points"]) < 400
        assert asking.front("me", job, ["value_added:max", "carbon_net:min"], points=400).id != asked.id
    finally:
        service.stop(0)
