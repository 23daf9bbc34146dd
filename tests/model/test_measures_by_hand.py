"""Closing F frees 100 from 2025 on (lag 1) and costs 10 in 2024; P (80 tce, ramp 50 %, 100 %) starts in 2025."""

from __future__ import annotations

import pytest
from small import case

import quota_opt as qo


def plan() -> qo.Plan:
    scenario = case(
        first=2024,
        last=2026,
        settings={
            "discount_rate": 0.1,
            "measures": {"patents": {"unit": "patents", "projects": "patents"}},
        },
        rules={"targets": {}, "priority": {"form": "weights", "weights": {"chain": 2.0}}},
        firms=[{"firm": "F", "place": "N1", "value_added": 20, "tax": 4, "jobs": 30, "energy_tce": 100}],
        actions=[{"firm": "F", "action": "close", "latest": 2024, "lag": 1, "cost": 10}],
        projects=[
            {"project": "P", "place": "N1", "category": "chain", "energy_tce": 80, "value_added": 100, "tax": 15,
             "jobs": 12, "investment": 500, "ramp": "0.5;1", "patents": 3},
        ],
        targets=[{"measure": "firms_closed", "sense": ">=", "value": 1}],
    )  # fmt: skip
    return qo.solve(scenario)


EXPECTED = {
    # P gains 100 in 2025 and 2026, F loses 20 from 2024 on: 100/1.1 + 100/1.21 - 20 (1 + 1/1.1 + 1/1.21)
    "value_added": 100 / 1.1 + 100 / 1.21 - 20 * (1 + 1 / 1.1 + 1 / 1.21),
    "value_added_final": 80.0,
    "value_added_gained_final": 100.0,
    "value_added_lost_final": 20.0,
    "tax": 15 / 1.1 + 15 / 1.21 - 4 * (1 + 1 / 1.1 + 1 / 1.21),
    "tax_final": 11.0,
    "energy_freed": 100.0,
    "energy_used": 80.0,
    "energy_idle": 20.0,
    "firms_closed": 1.0,
    "firms_upgraded": 0.0,
    "firms_treated": 1.0,
    "projects_started": 1.0,
    "investment": 500.0,
    "jobs_created": 12.0,
    "jobs_lost": 30.0,
    "jobs_net": -18.0,
    "public_cost": 10.0,
    "priority_points": 160.0,
    "patents": 3.0,
}


@pytest.fixture(scope="module")
def solved() -> qo.Plan:
    return plan()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_measure_is_what_the_hand_says(solved: qo.Plan, name: str) -> None:
    assert solved.measures[name] == pytest.approx(EXPECTED[name], abs=1e-9)


def test_the_project_waits_for_the_quota_and_ramps_up(solved: qo.Plan) -> None:
    assert solved.awards["year"].tolist() == [2025]
    used = solved.balances.set_index(["place", "year"])["used"]
    assert used["N1"].to_dict() == {2024: 0.0, 2025: 40.0, 2026: 80.0}


def test_every_measure_has_a_unit(solved: qo.Plan) -> None:
    assert set(solved.measures) <= set(solved.measure_units)
    assert all(solved.measure_units[name] for name in solved.measures)


def test_a_soft_target_costs_its_penalty_and_is_no_breach() -> None:
    scenario = case(
        objective={"maximise": {"value_added_final": 1.0}},
        firms=[{"firm": "F", "place": "N1", "value_added": 20, "energy_tce": 100}],
        actions=[{"firm": "F", "action": "close"}],
        targets=[{"measure": "firms_closed", "sense": ">=", "value": 1, "kind": "soft", "penalty": 7}],
    )
    solved = qo.solve(scenario)
    # Closing F would lose 20 to save 7.
    assert solved.objective == pytest.approx(-7.0)
    assert solved.actions.empty
    assert qo.verify(solved).ok
