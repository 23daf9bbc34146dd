from __future__ import annotations

import pytest
from small import FINAL, case

import quota_opt as qo


def test_rules_that_clash_are_named_with_the_amounts_they_are_short() -> None:
    # Closing F frees 100, the target asks for 130: 30 tce short whatever is done.
    scenario = case(
        objective=FINAL,
        rules={"targets": {"clause": "X 一"}},
        firms=[{"firm": "F", "place": "N1", "energy_tce": 100}],
        actions=[{"firm": "F", "action": "close"}],
        targets=[{"measure": "energy_freed", "sense": ">=", "value": 130}],
    )
    with pytest.raises(qo.InfeasibleScenario) as caught:
        qo.solve(scenario)
    (conflict,) = caught.value.conflicts
    assert (conflict.rule, conflict.clause) == ("targets", "X 一")
    assert conflict.amount == pytest.approx(30.0)
    assert (conflict.unit, conflict.labels) == ("tce/yr", {"measure": "energy_freed", "year": 2025})
    assert "energy_freed 2025 30 tce/yr" in str(caught.value)


def test_two_rules_at_odds_give_at_least_one_of_them() -> None:
    # Both firms must be closed (target), the money is for one.
    scenario = case(
        objective=FINAL,
        rules={"budget": {"by_year": {"2024": 50.0, "2025": 0.0}}},
        firms=[{"firm": f, "place": "N1", "energy_tce": 100} for f in ("F", "G")],
        actions=[{"firm": f, "action": "close", "cost": 50} for f in ("F", "G")],
        targets=[{"measure": "firms_closed", "sense": ">=", "value": 2}],
    )
    with pytest.raises(qo.InfeasibleScenario) as caught:
        qo.solve(scenario)
    assert {conflict.rule for conflict in caught.value.conflicts} <= {"budget", "targets"}
    assert caught.value.conflicts


def test_an_objective_without_bound_cannot_be_written_with_built_in_measures() -> None:
    # Every decision is bounded, so even a foolish objective has an optimum.
    plan = qo.solve(
        case(
            objective={"maximise": {"public_cost": 1.0}},
            firms=[{"firm": "F", "place": "N1", "energy_tce": 100}],
            actions=[{"firm": "F", "action": "close", "cost": 5}],
        )
    )
    assert plan.objective == pytest.approx(5.0)


def test_a_case_with_nothing_in_it_is_an_optimal_plan_of_nothing() -> None:
    plan = qo.solve(case())
    assert (plan.status, plan.objective) == ("OPTIMAL", 0.0)
    assert plan.awards.empty
    assert plan.actions.empty


def test_a_single_place_without_firms_or_projects_is_a_plan_too() -> None:
    plan = qo.solve(case(places=[{"place": "C", "level": "county"}]))
    assert (plan.status, plan.objective) == ("OPTIMAL", 0.0)
    assert qo.verify(plan).ok


def test_the_chinese_message_names_measures_and_years_in_chinese() -> None:
    short = case(
        firms=[{"firm": "F1", "place": "N1", "energy_tce": 100.0}],
        targets=[{"measure": "energy_freed", "sense": ">=", "value": 500.0, "year": 2025}],
    )
    with pytest.raises(qo.InfeasibleScenario) as caught:
        qo.solve(short)
    assert "腾出用能 2025 年 差" in caught.value.text.zh
    assert "energy_freed" not in caught.value.text.zh
    assert "energy_freed 2025" in caught.value.text.en
