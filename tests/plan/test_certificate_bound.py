from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quota_opt as qo
from quota_opt.plan.certificate import price_bound


@pytest.fixture(scope="module")
def problem() -> qo.Problem:
    return qo.build("worked-example")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=40, max_size=40))
def test_any_prices_prove_a_bound_that_is_never_below_the_optimum(problem: qo.Problem, prices: list[float]) -> None:
    duals = np.resize(np.array(prices), problem.arrays.rows)
    assert price_bound(problem.arrays, duals) >= 2000.0 - 1e-6


def test_the_prices_of_the_relaxation_prove_its_value() -> None:
    plan = qo.solve("worked-example")
    assert plan.certificate["price_bound"] == pytest.approx(plan.certificate["relaxation"], rel=1e-9)
    assert plan.objective <= plan.bound + 1e-9 <= plan.certificate["price_bound"] + 1e-6


def test_an_objective_made_smaller_has_its_bound_below() -> None:
    plan = qo.solve("worked-example", profile="exact")
    ordered = qo.read("worked-example").with_(
        **{
            "objective": {
                "form": "lexicographic",
                "order": [{"measure": "value_added_final", "sense": "max"}, {"measure": "public_cost", "sense": "min"}],
            }
        }
    )
    second = qo.solve(ordered, profile="exact")
    assert second.measures["value_added_final"] == pytest.approx(plan.measures["value_added_final"])
    assert second.objective == pytest.approx(second.measures["public_cost"])
    assert second.bound <= second.objective + 1e-9
    assert [stage["name"] for stage in second.certificate["stages"]] == ["value_added_final", "public_cost"]
