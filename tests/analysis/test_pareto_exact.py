"""Exact fronts equal those of trying every plan; the proof is checked apart, and refuses what is not proven."""

import time

import numpy as np
import pytest
from fronts import assignment, assignments_of, knapsack, plans_of, problem, unbettered

from quota_opt.analysis.front.exact import exact_front, step_of
from quota_opt.analysis.front.proof import front_problems
from quota_opt.solving.profile import read_profile
from quota_opt.solving.status import Status

EXACT = read_profile("exact")


def found(arrays, goals):
    """The front, complete and proven so."""
    front = exact_front(arrays, goals, EXACT)
    assert front.complete
    assert front_problems(front.points, front.corners, front.margin) == ()
    for point, values in zip(front.points, front.values, strict=True):
        assert goals @ values == pytest.approx(point, abs=1e-6)
        assert arrays.worst_violation(values) <= 1e-6
    return front


@pytest.mark.parametrize("goals", [2, 3, 4])
@pytest.mark.parametrize("real", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_fronts_of_knapsacks_are_those_of_trying_every_plan(seed, goals, real):
    random = np.random.default_rng(100 * goals + seed)
    arrays, weights = knapsack(
        random, int(random.integers(2, 9 if goals < 4 else 7)), goals, int(random.choice([3, 10, 60])), real=real
    )
    true = unbettered(plans_of(arrays) @ weights.T)
    assert found(arrays, weights).points == pytest.approx(true, abs=1e-6)


@pytest.mark.parametrize("goals", [2, 3, 4])
@pytest.mark.parametrize("seed", range(5))
def test_fronts_of_assignments_are_those_of_trying_every_plan(seed, goals):
    random = np.random.default_rng(1000 * goals + seed)
    size = int(random.integers(2, 5))
    arrays, weights = assignment(random.integers(1, int(random.choice([4, 20])), (goals, size, size)))
    true = unbettered(assignments_of(size) @ weights.T)
    assert found(arrays, weights).points == pytest.approx(true, abs=1e-6)


# Instances of the library of Kirlik and Sayin (2014), "A new algorithm for generating all nondominated solutions of
# multiobjective discrete optimization problems", with the fronts published for them.
PROFITS = [
    [566, 611, 506, 180, 817, 184, 585, 423, 26, 317],
    [62, 84, 977, 979, 874, 54, 269, 93, 881, 563],
    [664, 982, 962, 140, 224, 215, 12, 869, 332, 537],
    [557, 898, 148, 63, 78, 964, 246, 662, 386, 272],
]
FOURTH = [979, 448, 355, 955, 426, 229, 9, 695, 322, 889]
COSTS = [
    [[6, 1, 20, 2, 3], [2, 6, 9, 10, 18], [1, 6, 20, 5, 9], [6, 8, 6, 9, 6], [7, 10, 10, 6, 2]],
    [[17, 20, 8, 8, 20], [10, 13, 1, 10, 15], [4, 11, 1, 13, 1], [19, 13, 7, 18, 17], [15, 3, 5, 1, 11]],
    [[10, 7, 1, 19, 12], [2, 15, 12, 10, 3], [11, 20, 16, 12, 9], [10, 15, 20, 11, 7], [1, 9, 20, 7, 6]],
]


def test_the_published_front_of_three_profits_is_found():
    arrays = problem(PROFITS[3], [-np.inf], [2137])
    assert (-found(arrays, -np.array(PROFITS[:3], dtype=float)).points).tolist() == [
        [3394, 3817, 3408], [3042, 4627, 3189], [2997, 3539, 3509], [2854, 4636, 3076], [2854, 3570, 3714],
        [2706, 3857, 3304], [2518, 3866, 3191],
    ]  # fmt: skip


def test_the_published_front_of_four_profits_is_found():
    arrays = problem(FOURTH, [-np.inf], [2653])
    assert (-found(arrays, -np.array(PROFITS, dtype=float)).points).tolist() == [
        [3269, 2320, 3059, 2891], [3152, 3232, 3596, 3382], [2883, 3237, 2535, 2397], [2862, 3648, 3049, 2028],
        [2725, 4064, 2652, 1819], [2435, 3618, 2282, 2094], [2298, 4034, 1885, 1885], [2146, 1944, 2947, 3428],
        [2092, 3244, 2643, 2705], [1904, 3253, 2530, 2469],
    ]  # fmt: skip


def test_the_published_front_of_an_assignment_at_three_costs_is_found():
    assert found(*assignment(COSTS)).points.tolist() == [
        [16, 61, 47], [17, 43, 71], [18, 47, 67], [20, 52, 54], [22, 37, 63], [22, 54, 47], [23, 43, 44], [24, 39, 45],
        [28, 33, 58], [28, 66, 39], [29, 29, 59], [34, 60, 42], [35, 38, 56], [35, 49, 39], [37, 55, 36], [38, 33, 53],
        [39, 43, 41], [40, 47, 37], [43, 51, 31], [45, 33, 34], [50, 40, 32],
    ]  # fmt: skip


FREE = problem(np.zeros(3), [-np.inf], [np.inf])


def test_goals_that_agree_have_one_point():
    # Both goals are best with all three taken: -6 and -9.
    assert found(FREE, np.array([[-1.0, -2, -3], [-4, -4, -1]])).points.tolist() == [[-6, -9]]


def test_a_goal_named_twice_changes_nothing():
    goals = np.array([[-5.0, -4, -3], [2, 3, 1], [-5, -4, -3]])
    # All, 1 and 2, 1 and 3, 1, 3, nothing; 2 and 3 (-7, 4) lose to 1 and 3 (-8, 3), and 2 (-4, 3) to it as well.
    assert found(FREE, goals).points[:, :2].tolist() == [[-12, 6], [-9, 5], [-8, 3], [-5, 2], [-3, 1], [0, 0]]


def test_opposite_goals_make_every_value_a_point():
    # 1, 2 and 3 add up to every whole number from 0 to 6, and each is as good as the next.
    goals = np.array([[1.0, 2, 3], [-1, -2, -3]])
    assert found(FREE, goals).points.tolist() == [[k, -k] for k in range(7)]


def test_points_between_the_corners_of_the_hull_are_found():
    # Profits (6, 0), (0, 6) and (2, 2) of which one may be taken: the last lies inside the line between the others.
    arrays = problem(np.ones(3), [-np.inf], [1.0])
    goals = -np.array([[6.0, 0, 2], [0, 6, 2]])
    assert found(arrays, goals).points.tolist() == [[-6, 0], [-2, -2], [0, -6]]


def test_what_cannot_be_met_has_no_front():
    front = exact_front(problem(np.ones(3), [4.0], [np.inf]), np.eye(3), EXACT)
    assert front.status is Status.INFEASIBLE
    assert not len(front.points)


def test_a_limit_leaves_what_was_found_and_claims_nothing():
    arrays, goals = knapsack(np.random.default_rng(3), 10, 2, 60)
    whole = len(unbettered(plans_of(arrays) @ goals.T))
    told = []
    front = exact_front(arrays, goals, EXACT, on_progress=lambda progress: told.append(progress) or len(told) < 4)
    assert not front.complete
    assert front.status is Status.FEASIBLE
    assert len(front.points) < whole
    assert front_problems(front.points, front.corners, front.margin)
    at_once = exact_front(arrays, goals, EXACT, until=time.monotonic() - 1.0)
    assert not at_once.complete
    assert not len(at_once.points)


def test_parts_of_decisions_are_refused():
    arrays, goals = knapsack(np.random.default_rng(0), 4, 2, 9)
    arrays.integer[0] = False
    with pytest.raises(ValueError, match="whole"):
        exact_front(arrays, goals, EXACT)


def test_the_step_of_a_goal_is_what_all_its_weights_are_multiples_of():
    assert step_of(np.array([0.0, 0.75, -1.25])) == 0.25
    assert step_of(np.array([300.0, 700.0])) == 100.0
    assert step_of(np.zeros(2)) == 1.0
    assert step_of(np.array([100.0, 100.0 / 1.05])) is None


SQUARE = np.array([[0.0, 3.0], [1.0, 1.0], [3.0, 0.0]])
BOXES = np.array([[0.0, np.inf], [np.inf, 0.0], [1.0, 3.0], [3.0, 1.0]])
ONE = np.ones(2)


def test_the_checker_takes_a_front_that_is_proven():
    assert front_problems(SQUARE, BOXES, ONE) == ()


@pytest.mark.parametrize("gone", range(3))
def test_the_checker_misses_a_point_that_was_taken_out(gone):
    assert front_problems(np.delete(SQUARE, gone, axis=0), BOXES, ONE)


@pytest.mark.parametrize("gone", range(4))
def test_the_checker_misses_a_box_that_was_taken_out(gone):
    assert front_problems(SQUARE, np.delete(BOXES, gone, axis=0), ONE)


@pytest.mark.parametrize("added", [[1.0, 2.0], [1.0, 1.0], [4.0, 4.0]])
def test_the_checker_refuses_a_point_that_another_dominates(added):
    assert front_problems(np.vstack([SQUARE, added]), BOXES, ONE)


def test_the_checker_refuses_a_box_that_holds_a_point():
    assert front_problems(SQUARE, np.vstack([BOXES, [2.0, 2.0]]), ONE)
