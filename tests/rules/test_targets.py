"""Targets: F1 frees 100 for 10 of value added, F2 100 for 30; P (100 tce) is worth 50 a year, from 2024 or 2025."""

from __future__ import annotations

from typing import Any

import pytest
from against_brute import both, case_of, neither

import quota_opt as qo


def case_aiming(*rows: str, **settings: Any) -> Any:
    header = "measure sense value year place kind penalty"
    return case_of(
        "C county -\nN town C\nM town C",
        years=(2024, 2025),
        firms="firm place jobs\nF1 N 10\nF2 M 10",
        actions="firm action frees_energy_tce value_added_lost\nF1 close 100 10\nF2 close 100 30",
        projects="project place energy_tce value_added\nP N 100 50",
        targets="\n".join([header, *rows]) if rows else "",
        **settings,
    )


def test_an_absent_target_stays_absent() -> None:
    assert both(case_aiming()) == ({"F1:close:2024"}, {"P:2024"}, 80.0)


def test_a_hard_target_is_met_at_a_loss_and_as_late_as_allowed() -> None:
    # 200 by the end: F2 too, in 2025, losing 30 once.
    assert both(case_aiming("energy_freed >= 200 - - - -")) == ({"F1:close:2024", "F2:close:2025"}, {"P:2024"}, 50.0)
    # 200 by 2024: in 2024, losing 30 twice.
    assert both(case_aiming("energy_freed >= 200 2024 - - -"))[0] == {"F1:close:2024", "F2:close:2024"}


def test_a_target_of_a_place_counts_what_happens_there_and_below() -> None:
    # 100 freed in M: F2 must close in the last year, F1 still serves P from the first.
    assert both(case_aiming("energy_freed >= 100 - M - -")) == ({"F1:close:2024", "F2:close:2025"}, {"P:2024"}, 50.0)
    assert both(case_aiming("energy_freed >= 200 - C - -"))[2] == 50.0
    assert both(case_aiming("energy_freed >= 100 - N - -"))[2] == 80.0


def test_an_upper_target_and_an_exact_count_bind_too() -> None:
    # No more than 20 of value added lost by the end of 2025 in any year: F1 may close, and P starts.
    assert both(case_aiming("value_added_lost_final <= 9 - - - -")) == (set(), set(), 0.0)
    # Both firms exactly: F2 in the last year.
    assert both(case_aiming("firms_closed == 2 - - - -"))[0] == {"F1:close:2024", "F2:close:2025"}
    # Exactly one project by 2024 and none lost: impossible without quota.
    assert neither(case_aiming("projects_started == 1 2024 - - -", "firms_closed == 0 - - - -"))


@pytest.mark.parametrize(
    ("penalty", "done", "value"),
    [
        (0.2, {"F1:close:2024"}, 60.0),  # falling 100 short costs 20; closing F2 in 2025 would cost 30
        (0.4, {"F1:close:2024", "F2:close:2025"}, 50.0),
    ],
)
def test_a_soft_target_is_missed_where_meeting_it_costs_more_than_its_penalty(
    penalty: float, done: set[str], value: float
) -> None:
    case = case_aiming(f"energy_freed >= 200 - - soft {penalty}")
    assert both(case) == (done, {"P:2024"}, pytest.approx(value))


def test_a_soft_target_out_of_reach_costs_what_is_missing() -> None:
    # 300 cannot be freed: 100 short at best, at 1 each, for 50 earned with both closed.
    assert both(case_aiming("energy_freed >= 300 - - soft 1.0")) == (
        {"F1:close:2024", "F2:close:2025"},
        {"P:2024"},
        pytest.approx(-50.0),
    )


def test_in_a_lexicographic_objective_shortfalls_come_last() -> None:
    order = [{"measure": "value_added", "sense": "max"}]
    case = case_aiming("energy_freed >= 200 - - soft 100.0", objective={"form": "lexicographic", "order": order})
    assert both(case)[0] == {"F1:close:2024"}


def test_rows_are_enforced_without_a_table_of_settings_unless_switched_off() -> None:
    assert both(case_aiming("energy_freed >= 200 - - - -", rules={"targets": {}}))[2] == 50.0
    assert both(case_aiming("energy_freed >= 200 - - - -", rules={"targets": {"enabled": False}}))[2] == 80.0


def test_a_target_that_cannot_be_met_leaves_no_plan() -> None:
    assert neither(case_aiming("energy_freed >= 300 - - - -"))


def test_a_target_that_binds_is_told_in_the_words_of_the_measure() -> None:
    settings, tables = case_aiming("energy_freed >= 200 2024 - - -")
    plan = qo.solve(qo.Scenario.from_tables(settings, **tables))
    [said] = next(entry for entry in plan.audit if entry.rule == "targets").texts
    assert said == ("2024 年腾出用能 200，目标 >= 200。", "energy freed in 2024 is 200, target >= 200.")
