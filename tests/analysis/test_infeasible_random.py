"""Minimal clashes and repairs of random cases that ask for too much, held against the oracle."""

from __future__ import annotations

import os
from typing import Any

import pytest
from brute import brute_force
from infeasible_cases import Tables, clauses_of, demanding, without

import quota_opt as qo
from quota_opt.analysis.infeasible.infeasible import explain_infeasible

TIMES = float(os.environ.get("QUOTA_OPT_EXAMPLES", "1"))
CLASHES, REPAIRS = range(round(200 * TIMES)), range(1000, 1000 + round(20 * TIMES))


def possible(settings: dict[str, Any], tables: Tables, kept: set[tuple[str, int | None]]) -> bool:
    """Whether the oracle finds a plan when of all clauses these alone hold."""
    return brute_force(*without(settings, tables, clauses_of(settings, tables) - kept)) is not None


@pytest.mark.parametrize("seed", CLASHES)
def test_a_clash_is_infeasible_and_any_clause_of_it_dropped_leaves_a_plan(seed: int) -> None:
    settings, tables = demanding(seed)
    found = explain_infeasible(qo.Scenario.from_tables(settings, **tables), most_repairs=0)
    assert found.feasible is (brute_force(settings, tables) is not None)
    assert found.whole
    assert bool(found.clashes) is not found.feasible
    for clash in found.clashes:
        kept = {clause.key for clause in clash.clauses}
        assert not possible(settings, tables, kept)
        for key in kept:
            assert possible(settings, tables, kept - {key}), f"{key} is of no matter in {kept}"


@pytest.mark.parametrize("seed", REPAIRS)
def test_each_repair_gives_a_plan_and_a_step_less_of_any_number_gives_none(seed: int) -> None:
    settings, tables = demanding(seed)
    scenario = qo.Scenario.from_tables(settings, **tables)
    found = explain_infeasible(scenario)
    assert found.whole
    assert bool(found.repairs) is not found.feasible
    for repair in found.repairs:
        assert repair.confirmed and repair.minimal
        if repair.rows:
            continue
        assert qo.verify(qo.solve(repair.apply(scenario))).ok
        for knob, value in repair.values:
            less = dict(repair.values)
            less[knob] = value - knob.direction * knob.step if knob.direction else knob.before
            beyond = knob.direction and (less[knob] - knob.before) * knob.direction < 0
            less[knob] = knob.before if beyond else less[knob]
            with pytest.raises(qo.InfeasibleScenario):
                qo.solve(type(repair)(repair.changes, (), 0.0, True, True, values=tuple(less.items())).apply(scenario))
