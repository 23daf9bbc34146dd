"""The structure method against HiGHS to a gap of nought, on random small models and on awkward ones."""

from __future__ import annotations

import math
import os

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from quota_opt.model.linear import Arrays
from quota_opt.solving.engine import engine_of
from quota_opt.solving.packing import PriceBound, groups_of
from quota_opt.solving.profile import read_profile
from quota_opt.solving.proof import proven
from quota_opt.solving.search import Search
from quota_opt.solving.status import Status
from quota_opt.solving.structure import PATIENCE, solve_structured
from quota_opt.solving.watch import Watch

EXAMPLES = 60 * int(os.environ.get("QUOTA_OPT_EXAMPLES", "1"))


def model(seed, groups=5, options=3, rows=3, continuous=2, scale=1.0, tied=False, demand=0.0):
    """Groups of options tied by budgets, a covering row (`demand` of what all options give) and continuous columns."""
    random = np.random.default_rng(seed)
    whole = groups * options
    columns = whole + continuous
    worth = np.concatenate([np.ones(whole) if tied else random.integers(1, 60, whole), -random.random(continuous)])
    use = random.integers(0, 30, (rows, whole)).astype(float)
    use *= 10.0 ** random.uniform(-scale, scale, (rows, 1)) if scale > 1.0 else 1.0
    relief = -np.abs(random.integers(0, 5, (rows, continuous))).astype(float)
    give = random.integers(0, 10, whole).astype(float)
    blocks = [
        np.hstack([np.kron(np.eye(groups), np.ones(options)), np.zeros((groups, continuous))]),
        np.hstack([use, relief]),
        np.hstack([give, np.zeros(continuous)])[None, :],
    ]
    upper = [np.ones(groups), use.sum(axis=1) * random.uniform(0.1, 0.5, rows), [math.inf]]
    least = demand * give.reshape(groups, options).max(axis=1).sum() if groups and options else 0.0
    lower = [np.full(groups + rows, -math.inf), [least]]
    return Arrays(
        objective=worth.astype(float),
        offset=float(random.integers(-5, 5)),
        lower=np.zeros(columns),
        upper=np.concatenate([np.ones(whole), np.full(continuous, 3.0)]),
        integer=np.arange(columns) < whole,
        matrix=sp.csr_array(np.vstack(blocks)),
        row_lower=np.concatenate(lower),
        row_upper=np.concatenate(upper),
    )


def exact(arrays):
    profile = read_profile("exact")
    return engine_of(profile).solve(arrays, profile)


def agrees(arrays, gap=1e-4):
    profile = read_profile("auto").with_limits(gap=gap, time_limit=30)
    truth, found = exact(arrays), solve_structured(arrays, profile)
    assert found.status is truth.status
    if truth.values is None:
        return
    room = 1e-6 * max(1.0, abs(truth.objective))
    assert found.bound >= truth.objective - room
    assert truth.objective - found.objective <= gap * abs(found.objective) + room


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    seed=st.integers(0, 10**9),
    groups=st.integers(1, 7),
    options=st.integers(1, 4),
    rows=st.integers(0, 4),
    continuous=st.integers(0, 3),
    scale=st.sampled_from([1.0, 3.0]),
    tied=st.booleans(),
    demand=st.sampled_from([0.0, 0.3, 0.8]),
)
def test_structure_and_the_exact_engine_agree(seed, groups, options, rows, continuous, scale, tied, demand):
    agrees(model(seed, groups, options, rows, continuous, scale, tied, demand))


@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=st.integers(0, 10**9), prices=st.lists(st.floats(-5, 5), min_size=9, max_size=9))
def test_any_prices_prove_a_bound_that_no_plan_beats(seed, prices):
    arrays = model(seed)
    groups = groups_of(arrays)
    bound = PriceBound(arrays, groups).value(np.array(prices), arrays.lower, arrays.upper)
    assert bound >= exact(arrays).objective - 1e-7


def test_the_search_alone_proves_what_it_finds_without_a_general_solver():
    # The cores widen until nothing is left out, so that small models are searched to their end.
    for seed in range(20):
        arrays = model(seed, groups=6, rows=2)
        found = Search(arrays, groups_of(arrays), Watch(), gap=1e-4, patience=PATIENCE).run()
        truth = exact(arrays)
        assert found is not None
        assert not found.stopped
        assert found.bound - found.value <= 1e-4 * abs(found.value)
        assert found.bound >= truth.objective - 1e-6
        assert truth.objective - arrays.value(found.values) <= 1e-4 * abs(truth.objective) + 1e-6
        assert truth.objective - 1e-6 <= proven(arrays, found.proof) <= found.proof.bound * (1 + 1e-12)
        assert found.proof.bound <= found.bound


@pytest.mark.parametrize(
    "arrays",
    [
        pytest.param(model(1, groups=1, options=1), id="a single firm with one action"),
        pytest.param(model(2, continuous=0), id="nothing continuous"),
        pytest.param(model(3, rows=0, continuous=0), id="no tying rows"),
        pytest.param(model(4, groups=6, tied=True), id="all options worth the same"),
        pytest.param(model(5, groups=8, options=4, rows=5, scale=5.0), id="rows of very different sizes"),
        pytest.param(model(6, demand=2.0), id="infeasible: more is demanded than all options give"),
    ],
)
def test_awkward_models_end_as_they_should(arrays):
    agrees(arrays)


def test_a_model_without_a_bound_is_unbounded():
    arrays = model(7)
    free = Arrays(
        objective=np.append(arrays.objective, 1.0),
        offset=0.0,
        lower=np.append(arrays.lower, 0.0),
        upper=np.append(arrays.upper, math.inf),
        integer=np.append(arrays.integer, False),
        matrix=sp.csr_array(sp.hstack([arrays.matrix, sp.csr_array((arrays.rows, 1))])),
        row_lower=arrays.row_lower,
        row_upper=arrays.row_upper,
    )
    assert solve_structured(free, read_profile("auto")).status is Status.UNBOUNDED


def test_groups_share_no_column_and_every_choice_is_in_one():
    arrays = model(8)
    # A second row over the first group's first column and the second's: it ties, it does not group.
    extra = np.zeros(arrays.columns)
    extra[[0, 3]] = 1.0
    both = Arrays(
        objective=arrays.objective,
        offset=0.0,
        lower=arrays.lower,
        upper=arrays.upper,
        integer=arrays.integer,
        matrix=sp.csr_array(sp.vstack([arrays.matrix, sp.csr_array(extra[None, :])])),
        row_lower=np.append(arrays.row_lower, -math.inf),
        row_upper=np.append(arrays.row_upper, 1.0),
    )
    groups = groups_of(both)
    assert groups.of[:15].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]
    assert groups.of[15:].tolist() == [-1, -1]
    assert groups.tying[-1]
    assert not groups.tying[:5].any()


def test_a_start_is_never_made_worse():
    arrays = model(9)
    best = exact(arrays)
    found = solve_structured(arrays, read_profile("auto"), start=best.values)
    assert found.objective >= best.objective - 1e-9


def test_the_same_model_gives_the_same_plan_again():
    arrays = model(10, groups=12, rows=4)
    first, second = (solve_structured(arrays, read_profile("auto")) for _ in range(2))
    assert np.array_equal(first.values, second.values)
    assert (first.objective, first.bound) == (second.objective, second.bound)
