"""One run as data: its address, its ending, its files."""

import pickle
from pathlib import Path

import pytest

import quota_opt as qo
from quota_opt.batch.task import execute, task_of, unpack

AUTO = qo.read_profile("auto")


@pytest.fixture(scope="module")
def case():
    return qo.read("worked-example")


def test_the_address_is_that_of_what_is_asked(case):
    same = task_of(qo.read("worked-example"), AUTO, variant="base", overrides={})
    assert task_of(case, AUTO).address == same.address
    others = [
        task_of(case, qo.read_profile("quick")),
        task_of(case, AUTO, overrides={"scenario.discount_rate": 0.04}),
        task_of(case, AUTO.model_copy(update={"random_seed": 1})),
        task_of(qo.read("zhuji"), AUTO),
    ]
    assert len({same.address, *(task.address for task in others)}) == 5


def test_the_folder_bears_the_address_of_its_task(case, tmp_path):
    done = execute(task_of(case, AUTO, overrides={"scenario.discount_rate": 0.04}), case)
    folder = unpack(pickle.loads(pickle.dumps(done)).files, tmp_path / "run")
    assert qo.verify(folder).ok
    plan = qo.read_result(folder)
    assert plan.objective == done.ending.objective
    assert f'"address": "{done.ending.address}"' in (folder / "run.json").read_text(encoding="utf-8")
    assert not list(Path(folder).glob("report.*"))


def test_the_order_of_overrides_and_the_place_of_the_files_do_not_count(case, tmp_path):
    folder = qo.new(tmp_path / "copy", "worked-example")
    changes = {"scenario.discount_rate": 0.04, "scenario.price_year": 2020}
    there = task_of(qo.read(folder), AUTO, overrides=dict(reversed(changes.items())))
    assert there.address == task_of(case, AUTO, overrides=changes).address


@pytest.mark.parametrize(
    ("overrides", "status", "code"),
    [
        ({"rules.admision.limits": []}, "INVALID", 2),
        ({"rules.jobs": {"max_lost": -1.0}}, "INVALID", 2),
        ({"rules.directives.measures": [{"measure": "energy_used", "sense": ">=", "value": 1e9}]}, "INFEASIBLE", 3),
    ],
)
def test_a_run_without_a_plan_has_a_reason_and_an_exit_code(case, overrides, status, code):
    done = execute(task_of(case, AUTO, overrides=overrides), case)
    assert (done.ending.status, done.ending.exit_code, done.files) == (status, code, {})
    assert done.ending.reason is not None and done.ending.reason.zh and done.ending.reason.en


def test_a_variant_that_is_not_there_is_the_end_of_its_run_alone(case):
    done = execute(task_of(case, AUTO, variant="no-such"), case)
    assert done.ending.status == "INVALID" and "no-such" in done.ending.reason.en
