"""Rounding of random plans with fractions everywhere: pools, transfers and rules hold, and nothing is off by 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from small import FINAL, case
from strategies import examples

import quota_opt as qo
from quota_opt.plan.whole import whole_numbers
from quota_opt.plan.whole_check import whole_outcome, whole_problems

TREE = [
    {"place": "city", "level": "city"},
    {"place": "C", "level": "county", "parent": "city"},
    {"place": "D", "level": "county", "parent": "city"},
    {"place": "C1", "level": "town", "parent": "C"},
    {"place": "C2", "level": "town", "parent": "C"},
    {"place": "D1", "level": "town", "parent": "D"},
]
PLACES = st.sampled_from(["C", "C1", "C2", "D1"])
FRACTIONS = st.integers(1, 400).map(lambda n: n / 8.0)


@st.composite
def fractional(draw: st.DrawFn) -> qo.Scenario:
    firms, actions, projects = [], [], []
    for i in range(draw(st.integers(1, 5))):
        firms.append({"firm": f"F{i}", "place": draw(PLACES), "energy_tce": draw(FRACTIONS), "value_added": 0.5})
        actions.append({"firm": f"F{i}", "action": "close", "lag": draw(st.integers(0, 1))})
    for i in range(draw(st.integers(1, 5))):
        row: dict[str, Any] = {"project": f"P{i}", "place": draw(PLACES), "energy_tce": draw(FRACTIONS)}
        row |= {
            "value_added": draw(st.integers(50, 90)),
            "divisible": draw(st.booleans()),
            "ramp": draw(st.sampled_from(["", "0.3;1"])),
        }
        projects.append(row)
    rules: dict[str, Any] = {}
    if draw(st.booleans()):
        rules["retention"] = {"keep": draw(st.sampled_from([0.25, 0.6])), "pool": draw(st.sampled_from([0.0, 0.1]))}
    if draw(st.booleans()):
        caps = [{"resource": "energy", "amount": draw(FRACTIONS), "place": draw(PLACES)}]
        rules["caps"] = {"caps": caps}
    quotas = [{"place": draw(PLACES), "resource": "energy", "year": "*", "amount": draw(FRACTIONS)}]
    tables = {"firms": firms, "actions": actions, "projects": projects, "quotas": quotas}
    return case(objective=FINAL, rules=rules, places=TREE, **tables)


@given(fractional())
@examples(15)
def test_whole_numbers_keep_every_balance_and_rule_and_are_next_to_the_exact_ones(scenario: qo.Scenario) -> None:
    plan = qo.solve(scenario)
    assert plan.outcome is not None
    made = whole_numbers(plan.outcome)
    assert made.deviation < 1.0
    assert whole_problems(plan.outcome, made.table, may_fail=bool(made.failing)) == []
    assert not made.failing, [text.en for text in made.failing]
    whole = whole_outcome(plan.outcome, made.table)
    assert whole.idle.min() >= 0.0
    assert np.array_equal(whole.idle, np.round(whole.idle))
    lines = made.table[made.table["kind"].isin(["award", "freed"])]
    sums = lines.groupby(["kind", "place", "year"])[["exact", "whole"]].sum()
    assert ((sums["exact"] - sums["whole"]).abs() <= max(made.totals, made.deviation) + 1e-6).all()


@given(fractional())
@examples(5)
def test_a_plan_that_is_whole_already_stays_as_it_is(scenario: qo.Scenario) -> None:
    # The whole numbers of a plan, put back into the case, are the whole numbers of that plan.
    plan = qo.solve(scenario)
    assert plan.outcome is not None
    first = whole_numbers(plan.outcome)
    again = whole_numbers(plan.outcome)
    assert first.table.equals(again.table)
    exact = first.table["exact"]
    settled = first.table[(exact - exact.round()).abs() < 1e-6]
    kept = settled[~settled["kind"].isin(["idle", "transfer"])]
    assert (kept["exact"].round() == kept["whole"]).all()
