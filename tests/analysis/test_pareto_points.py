"""Spread points are points of the true front within the gap, no two alike, and all of it where it is small."""

import numpy as np
import pytest
from fronts import knapsack, plans_of, unbettered

import quota_opt as qo
from quota_opt.analysis.front.proof import front_problems
from quota_opt.analysis.front.spread import spread_front
from quota_opt.analysis.opened import Opened

OPENED = Opened.of("worked-example", "exact")


@pytest.mark.parametrize("goals", [2, 3])
@pytest.mark.parametrize("seed", range(8))
def test_spread_points_are_points_of_the_true_front(seed, goals):
    arrays, weights = knapsack(np.random.default_rng(seed), 9, goals, 60)
    true = unbettered(plans_of(arrays) @ weights.T)
    found = spread_front(OPENED, arrays, weights, 6)
    assert len(np.unique(found.points, axis=0)) == len(found.points) == min(6, max(len(found.points), 1))
    for point in found.points:
        assert (np.abs(true - point) <= 1e-6).all(axis=1).any()
    if goals == 2:
        assert len(found.points) == min(6, len(true))


@pytest.mark.parametrize("seed", range(6))
def test_a_small_front_of_two_is_found_whole_and_proven_so(seed):
    arrays, weights = knapsack(np.random.default_rng(50 + seed), 8, 2, 12)
    true = unbettered(plans_of(arrays) @ weights.T)
    found = spread_front(OPENED, arrays, weights, 100)
    assert found.points == pytest.approx(true, abs=1e-6)
    assert found.complete
    assert front_problems(found.points, found.corners, found.margin) == ()


def test_points_are_spread_evenly():
    # Sixteen equal projects: value 1 for 1 of energy each, so the front is the line of 17 points from 0 to 16.
    arrays, _ = knapsack(np.random.default_rng(0), 16, 2, 2)
    arrays.row_upper[:] = np.inf
    found = spread_front(OPENED, arrays, np.array([-np.ones(16), np.ones(16)]), 5)
    assert found.points[:, 1].tolist() == [16, 12, 8, 4, 0]


def test_a_front_of_a_county_holds_the_best_plan_and_each_point_is_proven():
    front = qo.pareto("cixi", ["value_added", "carbon_net"], points=4, gap=1e-2)
    best = qo.solve("cixi", gap=1e-3)
    assert len(front.points) == 4
    assert front.points["value_added"].iloc[0] >= 0.98 * best.measures["value_added"]
    assert front.table["value_added"].is_monotonic_decreasing
    assert front.table["carbon_net"].is_monotonic_decreasing
    assert (front.table["bound"] >= front.table["value_added"] - 1e-6).all()
    plan = front.plan(2)
    assert plan.measures["carbon_net"] == pytest.approx(front.points["carbon_net"].iloc[1])
    assert qo.verify(plan).ok
