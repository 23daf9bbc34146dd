"""A case built once and asked for other objectives; its answers are plans like any other."""

from dataclasses import replace

import numpy as np
import pytest

import quota_opt as qo
from quota_opt.analysis.opened import Opened, fixed, with_rows
from quota_opt.plan.tables import outcome_of_values
from quota_opt.solving.stages import StageResult


@pytest.fixture(scope="module")
def opened():
    return Opened.of("worked-example")


def column(opened, block, **labels):
    """The position of one column by its labels."""
    for known in opened.arrays.column_blocks:
        if known.name == block:
            frame = known.frame()
            for key, value in labels.items():
                frame = frame[frame[key] == value]
            return int(frame.index[0])
    raise AssertionError(block)


def test_a_line_is_the_measure_of_the_plan(opened):
    """What a line says of the columns' values is what the plan of these values states, for every linear measure."""
    values = opened.ask(opened.arrays).values
    measures = outcome_of_values(opened.problem, values).measures()
    assert {"value_added_final", "energy_used", "energy_idle", "jobs_net"} <= set(measures)
    for name, value in measures.items():
        if name not in ("smallest_town_ratio", "chains_completed"):
            assert opened.line(name).value(values) == pytest.approx(value, abs=1e-9), name
    assert opened.line("objective").value(values) == pytest.approx(2000.0)


def test_a_measure_that_is_none_is_refused_with_the_nearest(opened):
    with pytest.raises(qo.InputError) as error:
        opened.line("value_aded")
    assert "value_added" in error.value.findings[0].fix.en


def test_another_objective_over_the_same_rows_is_solved_to_a_verified_plan(opened, tmp_path):
    """The most energy used: F1, F2, F3 closed free 1,700; P1 (500), P2 (600), P4 (100) take 1,200 of it."""
    used = opened.line("energy_used")
    found = opened.ask(replace(opened.arrays, objective=used.weights, offset=used.constant))
    assert found.objective == pytest.approx(1200.0)
    plan = opened.plan(found.values, found)
    assert plan.status == "FEASIBLE"
    assert plan.bound >= 2000.0 >= plan.objective
    plan.write(tmp_path / "out")
    assert qo.verify(tmp_path / "out").ok


def test_a_row_more_holds(opened):
    """With at most 600 tce used only P1 and P4 go, and 1,200 is the best."""
    used = opened.line("energy_used")
    arrays = with_rows(opened.arrays, used.weights, -np.inf, 600.0 - used.constant)
    assert opened.ask(arrays).objective == pytest.approx(1200.0)


def test_a_column_held_is_held(opened):
    """With P2 in, N2 needs 200 more than 400 from F1 alone: F2 closes too, as in the optimum; without P2, 1,200."""
    starts = [column(opened, "start", project="P2", year=year) for year in (2024, 2025)]
    assert opened.ask(fixed(opened.arrays, np.array(starts), 0.0)).objective == pytest.approx(1200.0)
    assert opened.ask(fixed(opened.arrays, np.array(starts[:1]), 1.0)).objective == pytest.approx(2000.0)


def test_what_was_proven_is_what_the_plan_states(opened, tmp_path):
    found = opened.ask(opened.arrays)
    stage = StageResult("objective", "max", found.status, found.objective, found.bound, found.gap, found.seconds)
    plan = opened.plan(found.values, found, [stage])
    assert (plan.status, plan.objective) == ("OPTIMAL", pytest.approx(2000.0))
    plan.write(tmp_path / "out")
    assert qo.verify(tmp_path / "out").ok


def test_values_that_break_a_rule_are_no_plan(opened):
    """Every start at once, and no action to free anything for it."""
    values = np.zeros(opened.arrays.columns)
    values[[column(opened, "start", project=name, year=2024) for name in ("P1", "P2")]] = 1.0
    with pytest.raises(qo.VerificationFailed):
        opened.plan(values)


def test_a_changed_case_is_built_anew(opened):
    strict = opened.changed(**{"rules.retention.keep": 0.7})
    assert strict.solve().objective == pytest.approx(1200.0)
    assert opened.solve().objective == pytest.approx(2000.0)


def test_a_plan_of_ordered_objectives_counts_as_it_stands(tmp_path):
    """Two stages, decisions known before: the folder verifies, and nothing is claimed to be optimal."""
    order = [{"measure": "energy_used", "sense": "max"}, {"measure": "value_added_final", "sense": "max"}]
    opened = Opened.of("worked-example").changed(**{"objective": {"form": "lexicographic", "order": order}})
    best = opened.solve()
    again = opened.plan(opened.ask(opened.arrays).values)
    assert again.status == "FEASIBLE"
    assert again.measures["energy_used"] == pytest.approx(best.measures["energy_used"])
    again.write(tmp_path / "out")
    assert qo.verify(tmp_path / "out").ok
