"""The plans of a zone that are listed are all of its plans."""

import numpy as np
import pytest
from fronts import assignment, knapsack, plans_of, problem

from quota_opt.analysis.front.listing import Listing


def inside(plans, goals, limits):
    """The plans that keep the limits of the goals."""
    return {tuple(plan) for plan in plans if (goals @ plan <= limits + 1e-9).all()}


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("kind", ["knapsack", "assignment"])
def test_every_plan_of_a_zone_is_listed(kind, seed):
    random = np.random.default_rng(seed)
    arrays, goals = (
        knapsack(random, 9, 2 + seed % 3, 20) if kind == "knapsack" else assignment(random.integers(1, 9, (2, 3, 3)))
    )
    listing, plans = Listing(arrays, goals), plans_of(arrays)
    for share in (0.02, 0.1, 0.3):
        limits = np.quantile(plans @ goals.T, share, axis=0)
        listed = listing.plans(limits)
        assert listed is not None
        assert inside(listed, goals, limits) == inside(plans, goals, limits)


def test_a_zone_of_too_many_plans_is_left_to_a_solver():
    # Any of 2 to the power of 30: with no limit in the way every one of them would have to be looked at.
    arrays = problem(np.ones(30), [-np.inf], [np.inf])
    assert Listing(arrays, -np.eye(2, 30)).plans(np.zeros(2)) is None


def test_models_with_parts_of_decisions_are_not_listed():
    arrays = problem(np.ones(3), [-np.inf], [2.0])
    assert Listing.applies(arrays)
    arrays.integer[1] = False
    assert not Listing.applies(arrays)
