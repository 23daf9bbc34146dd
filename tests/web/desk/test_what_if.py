"""Questions of the what-if screen: answers are those of `solve`, the newest counts, nobody is in another's way."""

from __future__ import annotations

import os
import signal
import time

import pytest

import quota_opt as qo
from quota_opt.web.desk.answers import BREAKS, PROVEN, QUICK, REPAIRS, Answer
from quota_opt.web.desk.what_if import Subject, WhatIf

LIMIT = "rules.admission.limits.0.value"
PATIENCE = 240


@pytest.fixture(scope="module")
def what_if():
    made = WhatIf(quick=1, steady=1)
    yield made
    made.close()


@pytest.fixture(scope="module")
def case():
    return qo.read("worked-example")


def found(question):
    return question.future.result(timeout=PATIENCE)


def process_of(what_if, *, steady=False):
    """The process that answers now, or the last that did."""
    child = next(each.child for each in what_if._workers if each.steady == steady)
    return child._process._popen


@pytest.mark.parametrize("changes", [{}, {LIMIT: 0.49}, {LIMIT: 0.49, "rules.retention.keep": 1.0}])
@pytest.mark.parametrize("stage", [QUICK, PROVEN])
def test_the_answer_is_what_solve_says_of_the_same_settings(what_if, case, stage, changes):
    answer, plan = found(what_if.ask(case, changes, stage=stage)), qo.solve(case.with_(**changes))
    assert answer.status == "OPTIMAL"
    assert answer.objective == pytest.approx(plan.objective)
    assert answer.changes == Subject.of(case).canonical(changes)
    assert {key: each.share for key, each in answer.awards.items()} == pytest.approx(
        dict(zip(plan.awards["project"], plan.awards["share"], strict=True))
    )
    assert answer.measure("value_added") == pytest.approx(plan.measures["value_added"])


def test_at_049_the_worked_example_is_worth_1200_instead_of_2000(what_if, case):
    assert found(what_if.ask(case)).objective == pytest.approx(2000)
    assert found(what_if.ask(case, {LIMIT: 0.49})).objective == pytest.approx(1200)


def test_who_drops_out_has_the_reason_with_the_figure_that_bars_it(what_if, case):
    before, after = found(what_if.ask(case)), found(what_if.ask(case, {LIMIT: 0.49}))
    (left,) = before.awards.keys() - after.awards.keys()
    assert after.reasons[left].verdict == "rejected"
    assert "0.49" in after.reasons[left].text.zh
    assert "0.49" in after.reasons[left].text.en


def test_an_answer_survives_being_written_as_json(what_if, case):
    answer = found(what_if.ask(case, {LIMIT: 0.49}))
    assert Answer.unpacked(answer.packed()) == answer


def test_what_the_case_says_already_is_no_change(what_if, case):
    assert Subject.of(case).canonical({LIMIT: 0.52, "rules.retention.keep": 0.7}) == {"rules.retention.keep": 0.7}
    assert found(what_if.ask(case, {LIMIT: 0.52})) is found(what_if.ask(case))


def test_of_ten_quick_moves_the_last_one_is_answered_and_those_overtaken_say_so(what_if, case):
    moved = [what_if.ask(case, {LIMIT: 0.40 + 0.007 * step}, user="a", tab="t") for step in range(10)]
    last = found(moved[-1])
    assert last.objective == pytest.approx(qo.solve(case.with_(**{LIMIT: 0.463})).objective)
    assert last.changes == {LIMIT: pytest.approx(0.463)}
    assert all(found(each) is None or found(each).changes == each.changes for each in moved[:-1])
    assert [each.number for each in moved] == sorted(each.number for each in moved)


def test_the_newest_of_one_tab_does_not_stop_the_questions_of_others(what_if, case):
    mine = what_if.ask(case, {LIMIT: 0.45}, user="a", tab="t")
    theirs = what_if.ask(case, {LIMIT: 0.46}, user="b", tab="t")
    other_tab = what_if.ask(case, {LIMIT: 0.47}, user="a", tab="u")
    assert [found(each).changes[LIMIT] for each in (mine, theirs, other_tab)] == [0.45, 0.46, 0.47]


def test_the_same_question_of_two_users_is_worked_out_once(what_if, case):
    changes = {"rules.retention.keep": 0.123}
    questions = [what_if.ask(case, changes, user=user) for user in ("a", "b")]
    assert found(questions[0]) is found(questions[1])
    assert found(what_if.ask(case, changes, user="c")) is found(questions[0])


def test_a_cancelled_question_ends_without_an_answer_and_the_next_is_answered(what_if, case):
    county = qo.read("zhuji")
    proof = what_if.ask(county, {"rules.retention.enabled": True}, stage=PROVEN)
    deadline = time.monotonic() + PATIENCE
    while proof.progress is None and time.monotonic() < deadline:
        time.sleep(0.01)
    what_if.cancel(proof)
    assert found(proof) is None
    assert found(what_if.ask(case, stage=PROVEN)).objective == pytest.approx(2000)


def test_a_process_that_dies_is_replaced_and_that_is_said(what_if, case):
    county = qo.read("zhuji")
    proof = what_if.ask(county, {"rules.retention.enabled": True}, stage=PROVEN)
    deadline = time.monotonic() + PATIENCE
    while proof.progress is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process_of(what_if, steady=True).pid, signal.SIGKILL)
    lost = found(proof)
    assert lost.status == "LOST"
    assert "SIGKILL" in lost.reason.zh
    assert found(what_if.ask(case, {LIMIT: 0.51}, stage=PROVEN)).proven


def test_settings_that_cannot_be_are_answered_with_what_is_wrong(what_if, case):
    answer = found(what_if.ask(case, {LIMIT: -1.0}))
    assert answer.status == "INVALID"
    assert LIMIT in answer.reason.zh
    assert not answer.planned


def test_without_a_plan_the_answer_says_what_clashes_and_each_repair_gives_one(what_if, case):
    wanted = [{"measure": "value_added_final", "sense": ">=", "value": 1500.0}]
    strict = {LIMIT: 0.49, "rules.directives.measures": wanted}
    answer = found(what_if.ask(case, strict))
    assert answer.status == "INFEASIBLE"
    assert answer.conflicts
    repairs = found(what_if.ask(case, strict, stage=REPAIRS))
    settable = [each for each in repairs.repairs if each.changes]
    assert any(LIMIT in each.changes for each in settable)
    for repair in settable:
        assert found(what_if.ask(case, {**strict, **repair.changes})).planned, repair.words.en


def test_the_dots_of_the_access_limit_are_the_values_at_which_the_plan_changes(what_if, case):
    breaks = found(what_if.ask(case, {LIMIT: [0.3, 0.7]}, stage=BREAKS))
    assert breaks.exact
    assert breaks.values == pytest.approx(qo.sweep(case, LIMIT, 0.3, 0.7).breaks)
