"""What can be moved of a case, and what is moved as settings; and how the difference is said."""

from __future__ import annotations

import pytest

import quota_opt as qo
from quota_opt.errors import Text
from quota_opt.web.desk.answers import Answer, Decision, Measured, answer_of
from quota_opt.web.desk.changed import answer_words, changed, difference_words, measures_table, position_words
from quota_opt.web.desk.sliders import Position, changes_of, record_of, sliders_of

LIMIT = "rules.admission.limits.0.value"
NOBODY: frozenset[str] = frozenset()


@pytest.fixture(scope="module")
def zhuji():
    return qo.read("zhuji")


@pytest.fixture(scope="module")
def example():
    return qo.read("worked-example")


def by_key(case):
    return {slider.key: slider for slider in sliders_of(case)}


def test_a_case_has_a_slider_for_each_rule_it_has_and_none_for_others(zhuji, example):
    assert list(by_key(zhuji)) == [
        LIMIT,
        "rules.retention.keep",
        "rules.budget.by_year",
        "rules.jobs.max_lost_share",
        "objective.maximise.priority_points",
        "objective.minimise.public_cost",
    ]
    assert list(by_key(example)) == [LIMIT, "rules.retention.keep"]


def test_the_access_limit_has_ticks_at_the_values_of_the_documents(zhuji):
    slider = by_key(zhuji)[LIMIT]
    assert [tick.value for tick in slider.ticks] == [0.49, 0.52]
    assert (slider.base, slider.clause, slider.unit.zh) == (0.52, "PROV22", "吨标准煤/万元")


def test_where_nothing_is_moved_no_setting_is_changed(zhuji):
    sliders = sliders_of(zhuji)
    assert changes_of(zhuji, sliders, Position()) == {}
    assert changes_of(zhuji, sliders, Position({slider.key: slider.base for slider in sliders})) == {}


def test_a_rule_that_is_off_is_shown_as_off_and_switched_on_with_its_number(zhuji):
    slider = by_key(zhuji)["rules.retention.keep"]
    assert not slider.on
    moved = Position({slider.key: 60.0}, {slider.key: True})
    assert changes_of(zhuji, sliders_of(zhuji), moved) == {
        "rules.retention.enabled": True,
        "rules.retention.keep": 0.6,
    }
    assert changes_of(zhuji, sliders_of(zhuji), Position({slider.key: 60.0})) == {}


def test_the_fund_moves_every_year_in_proportion(zhuji):
    moved = changes_of(zhuji, sliders_of(zhuji), Position({"rules.budget.by_year": 14000.0}))
    assert moved == {
        "rules.budget.by_year.2021": 8000.0,
        "rules.budget.by_year.2022": 3000.0,
        "rules.budget.by_year.2023": 3000.0,
    }


@pytest.mark.parametrize("name", ["zhuji", "worked-example", "ouhai", "cixi"])
def test_every_slider_at_both_ends_is_a_case_that_reads(name):
    case = qo.read(name)
    for slider in sliders_of(case):
        for value in (slider.low, slider.high):
            changes = slider.changes(value, True)
            assert case.with_(**changes).overrides == changes


def test_a_lock_is_a_directive_beside_those_the_case_has(example):
    case = example.with_(**{"rules.directives.projects": [{"project": "P1"}, {"project": "P2", "award": False}]})
    locked = changes_of(case, sliders_of(case), Position(locks={"P2": "in", "P3": "out"}))
    lines = {line["project"]: line["award"] for line in locked["rules.directives.projects"][1:]}
    assert locked["rules.directives.projects"][0] == {"project": "P1"}
    assert lines == {"P2": True, "P3": False}
    plan = qo.solve(example.with_(**changes_of(example, sliders_of(example), Position(locks={"P1": "out"}))))
    assert "P1" not in set(plan.awards["project"])


def test_a_project_that_a_clause_bars_is_forced_in_by_bending_it(example):
    position = Position({LIMIT: 0.49}, locks={"P2": "bend"})
    plan = qo.solve(example.with_(**changes_of(example, sliders_of(example), position)))
    assert "P2" in set(plan.awards["project"])


def test_what_was_kept_comes_back_and_what_the_case_has_not_is_left_out(zhuji):
    sliders = sliders_of(zhuji)
    position = Position({LIMIT: 0.49}, {"rules.retention.keep": True}, {"P001": "out"}, {"rules.jobs.net": True})
    assert Position.of(position.record(), sliders, frozenset({"P001"})) == position
    odd = {"values": {LIMIT: 99.0, "no.such": 1.0}, "on": {LIMIT: 1}, "locks": {"P9": "in", "P001": "?"}, "more": 3}
    assert Position.of(odd, sliders, frozenset({"P001"})) == Position({LIMIT: sliders[0].high}, {LIMIT: True})
    assert Position.of({"values": {LIMIT: float("nan")}}, sliders, NOBODY) == Position()


def test_the_sentence_says_what_was_moved_what_it_costs_and_who_drops_out(example):
    base = answer_of(qo.solve(example), "proven", {}, 0.1)
    after = answer_of(qo.solve(example.with_(**{LIMIT: 0.49})), "proven", {LIMIT: 0.49}, 0.1)
    words = position_words(sliders_of(example), Position({LIMIT: 0.49}))
    said = answer_words(after, base, words)
    assert said.zh.startswith("准入强度上限 0.52 → 0.49：净增加值")
    assert "比基准方案少" in said.zh
    assert "落选 1 个（P2）" in said.zh
    assert "less than the baseline" in said.en
    assert [each.id for each in changed(base, after).left] == ["P2"]
    assert answer_words(base, base, None).zh.startswith("基准方案：")


def test_the_difference_stands_beside_the_value_with_its_sign(example):
    base = answer_of(qo.solve(example), "proven", {}, 0.1)
    after = answer_of(qo.solve(example.with_(**{LIMIT: 0.49})), "proven", {LIMIT: 0.49}, 0.1)
    rows = {row[0].en: row[2:] for row in measures_table(after, base).rows}
    assert rows["net value added (last year)"] == (1200.0, "−800")
    assert {row[3] for row in measures_table(base, base).rows} == {"0"}
    assert difference_words(5.0, None) == ""


def test_an_answer_without_a_plan_counts_the_rules_that_clash():
    answer = Answer("quick", {}, "INFEASIBLE", Text("", ""), conflicts=(Text("甲", "a"), Text("乙", "b")))
    assert answer_words(answer, None, None) == Text(
        "没有可行方案，这 2 条不能同时满足。", "no plan; these 2 cannot all be met."
    )


def test_a_project_at_another_year_or_share_has_moved_and_not_dropped_out():
    def answer(year, share):
        decision = Decision("P1", "甲", "镇", Text("其他", "other"), year, share, {"value_added": 1.0})
        return Answer("quick", {}, "OPTIMAL", measures=(Measured("value_added", Text("", ""), "", 1.0),),
                      awards={"P1": decision})  # fmt: skip

    found = changed(answer(2021, 1.0), answer(2022, 1.0))
    assert (found.entered, found.left, len(found.moved)) == ((), (), 1)
    assert len(changed(answer(2021, 1.0), answer(2021, 0.5)).moved) == 1
    assert changed(answer(2021, 1.0), answer(2021, 1.0)).nothing


def test_settings_of_a_plan_or_a_repair_put_the_sliders_where_they_are(example):
    sliders = sliders_of(example)
    settings = {"rules.admission.limits.0.value": 0.49, "rules.retention.keep": 0.7, "scenario.discount_rate": 0.1}
    record = record_of(settings, sliders)
    assert record["more"] == {"scenario.discount_rate": 0.1}
    position = Position.of(record, sliders, frozenset())
    assert changes_of(example, sliders, position) == settings
    off = record_of({"rules.retention.enabled": False}, sliders)
    assert changes_of(example, sliders, Position.of(off, sliders, frozenset())) == {"rules.retention.enabled": False}


def test_the_settings_of_a_plan_put_everything_where_it_stood(zhuji):
    sliders = sliders_of(zhuji)
    position = Position({LIMIT: 0.49}, {"rules.retention.keep": True}, {"P001": "out", "P002": "bend"})
    settings = changes_of(zhuji, sliders, position) | {"rules.directives.measures": [{"measure": "jobs_net"}]}
    found = Position.of(record_of(settings, sliders), sliders, frozenset({"P001", "P002"}))
    assert found.locks == position.locks
    assert found.more == {"rules.directives.measures": [{"measure": "jobs_net"}]}
    assert changes_of(zhuji, sliders, found) == settings
