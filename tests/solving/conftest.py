"""Small models by hand, and one that no solver finishes in a second."""

from collections.abc import Sequence

import numpy as np
import pytest
import scipy.sparse as sp

from quota_opt.model.linear import Arrays

INF = float("inf")


def small_model(
    objective: Sequence[float],
    rows: Sequence[tuple[float, Sequence[float], float]] = (),
    *,
    lower: Sequence[float] | float = 0.0,
    upper: Sequence[float] | float = INF,
    integer: Sequence[bool] | bool = False,
    offset: float = 0.0,
) -> Arrays:
    """maximise objective @ x + offset; each row is (lower side, coefficients, upper side)."""
    n = len(objective)
    return Arrays(
        objective=np.array(objective, dtype=float),
        offset=offset,
        lower=np.broadcast_to(np.asarray(lower, dtype=float), n).copy(),
        upper=np.broadcast_to(np.asarray(upper, dtype=float), n).copy(),
        integer=np.broadcast_to(np.asarray(integer, dtype=bool), n).copy(),
        matrix=sp.csr_array(np.array([row[1] for row in rows], dtype=float).reshape(len(rows), n)),
        row_lower=np.array([row[0] for row in rows], dtype=float),
        row_upper=np.array([row[2] for row in rows], dtype=float),
    )


@pytest.fixture
def make():
    """The builder of small models."""
    return small_model


@pytest.fixture
def hard() -> Arrays:
    """150 projects under 30 shared limits: a plan is found at once, its proof takes far longer than the tests."""
    rng = np.random.default_rng(5)
    needs = rng.integers(1, 1000, (30, 150)).astype(float)
    worth = needs.sum(axis=0) // 30 + rng.integers(0, 50, 150)
    return small_model(worth, [(-INF, row, row.sum() // 2) for row in needs], upper=1.0, integer=True)


@pytest.fixture
def elusive() -> Arrays:
    """Six equations over fifty yes-no decisions (a market split): no solver finds a solution within seconds."""
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 100, (6, 50)).astype(float)
    return small_model(np.ones(50), [(row.sum() // 2, row, row.sum() // 2) for row in rows], upper=1.0, integer=True)
