"""A model in whole steps for CP-SAT: what the rounded model allows, the model allows."""

import itertools

import numpy as np
import pytest
import scipy.sparse as sp

from quota_opt.cli.bench_whole import in_whole_columns
from quota_opt.model.linear import Arrays


def arrays(matrix, row_lower, row_upper, *, lower, upper, integer, objective=None):
    dense = np.array(matrix, dtype=float)
    columns = dense.shape[1]
    return Arrays(
        objective=np.ones(columns) if objective is None else np.array(objective, dtype=float),
        offset=0.0,
        lower=np.array(lower, dtype=float),
        upper=np.array(upper, dtype=float),
        integer=np.array(integer, dtype=bool),
        matrix=sp.csr_array(dense),
        row_lower=np.array(row_lower, dtype=float),
        row_upper=np.array(row_upper, dtype=float),
    )


def test_shares_are_counted_in_thousandths_and_transfers_in_tenths():
    """start (0/1), share (0 to 1), move (-25.04 to 12.5): 1000 steps, and -250 to 125 of them."""
    model = arrays(
        [[0, 200.0, -1.0], [1.0, -1.0, 0]], [-np.inf, -np.inf], [30.0, 0.0],
        lower=[0, 0, -25.04], upper=[1, 1, 12.5], integer=[1, 0, 0], objective=[1.0, 5.0, 2.0],
    )  # fmt: skip
    whole = in_whole_columns(model)
    assert whole.step.tolist() == [1.0, 1e-3, 0.1]
    assert whole.arrays.integer.all()
    assert (whole.arrays.lower.tolist(), whole.arrays.upper.tolist()) == ([0, 0, -250], [1, 1000, 125])
    assert whole.arrays.objective.tolist() == pytest.approx([1.0, 5e-3, 0.2])
    # 200 tce of a whole share are 0.2 tce a step, 1 tce of transfer is 0.1 a step.
    assert whole.arrays.matrix.toarray().tolist() == [[0, 0.2, -0.1], [1.0, -1e-3, 0]]
    assert whole.values_out(np.array([1.0, 400.0, -7.0])).tolist() == pytest.approx([1.0, 0.4, -0.7])


def test_odd_digits_are_rounded_to_the_inside_on_either_side():
    """0.123456 weighs 0.1235 under an upper side and 0.1234 under a lower one; 1/3 as a side is 0.3333 and 0.3334."""
    model = arrays(
        [[0.123456], [0.123456]], [-np.inf, 1 / 3], [1 / 3, np.inf], lower=[0], upper=[9], integer=[1]
    )  # fmt: skip
    whole = in_whole_columns(model).arrays
    assert whole.matrix.toarray().ravel().tolist() == [0.1235, 0.1234]
    assert (whole.row_upper[0], whole.row_lower[1]) == (0.3333, 0.3334)


@pytest.mark.parametrize("seed", range(30))
def test_every_plan_of_the_rounded_model_is_one_of_the_model(seed):
    rng = np.random.default_rng(seed)
    lower = np.array([0.0, 0.0, -0.4, 0.0])
    model = arrays(
        np.where([False, False, True, False], 1.0, np.round(rng.normal(size=(3, 4)) * [3, 2, 1, 1], 7)),
        [-np.inf, -np.inf, -0.5], [rng.uniform(0, 2), rng.uniform(0, 2), np.inf],
        lower=lower, upper=[1, 1, 0.4, 2], integer=[1, 1, 0, 1],
    )  # fmt: skip
    whole = in_whole_columns(model)
    assert whole is not None
    inside = 0
    ranges = [
        range(int(low), int(high) + 1, 100 if high > 10 else 1)
        for low, high in zip(whole.arrays.lower, whole.arrays.upper, strict=True)
    ]
    for point in itertools.product(*ranges):
        values = np.array(point, dtype=float)
        if whole.arrays.worst_violation(values) <= 0:
            inside += 1
            assert model.worst_violation(whole.values_out(values)) <= 1e-9
    assert inside > 0


@pytest.mark.parametrize("kind", ["no bound", "both sides", "both signs"])
def test_what_cannot_be_rounded_to_the_inside_is_refused(kind):
    upper = [np.inf] if kind == "no bound" else [9.0]
    lower = [-9.0] if kind == "both signs" else [0.0]
    sides = [0.25] if kind == "both sides" else [-np.inf]
    model = arrays([[1.0 if kind == "no bound" else 0.123456]], sides, [1.0], lower=lower, upper=upper, integer=[1])
    assert in_whole_columns(model) is None
