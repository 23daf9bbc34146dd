"""How far prices hold: on programs solved by hand, and against the program solved again at every end."""

import math

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog
from strategies import examples

from quota_opt.model.linear import Arrays
from quota_opt.solving.highs import relaxed
from quota_opt.solving.ranging import basis_ranges, price_pieces


def program(objective, matrix, upper, most=math.inf, lower=None):
    """max c·x with rows <= `upper` (or >= `lower`) and 0 <= x <= `most`."""
    count, rows = len(objective), len(upper)
    return Arrays(
        objective=np.array(objective, dtype=float),
        offset=0.0,
        lower=np.zeros(count),
        upper=np.broadcast_to(np.array(most, dtype=float), count).copy(),
        integer=np.zeros(count, dtype=bool),
        matrix=sp.csr_array(np.array(matrix, dtype=float)),
        row_lower=np.full(rows, -math.inf) if lower is None else np.array(lower, dtype=float),
        row_upper=np.array(upper, dtype=float),
    )


def best(arrays, row, change):
    """The best value with one upper side moved; None where nothing is possible."""
    upper = arrays.row_upper.copy()
    upper[row] += change
    bounds = list(zip(arrays.lower, np.where(np.isinf(arrays.upper), None, arrays.upper), strict=True))
    found = linprog(-arrays.objective, A_ub=arrays.matrix.toarray(), b_ub=upper, bounds=bounds, method="highs")
    return None if found.status == 2 else -found.fun


def test_a_price_holds_until_the_next_project_is_full():
    """Two divisible uses of one pool of 100: 60 tce at 3 each, then 80 at 2. The next tce is worth 2, from 40 tce less
    (only the first is served) to 40 more (both are full)."""
    arrays = program([3, 2], [[1, 1]], [100], most=[60, 80])
    less, more = price_pieces(arrays, np.array([0]))
    assert (more.prices[0], more.holds_from[0], more.holds_to[0]) == pytest.approx((2, -40, 40), abs=1e-6)
    assert less.prices[0] == more.prices[0]
    basis = basis_ranges(arrays, relaxed(arrays), np.array([0]))
    assert (basis.prices[0], basis.holds_from[0], basis.holds_to[0]) == pytest.approx((2, -40, 40), abs=1e-9)


def test_right_where_the_slope_changes_there_are_two_prices():
    """A pool of just 60: one tce less costs 3 (for 60 tce), one more brings 2 (for 80 tce)."""
    less, more = price_pieces(program([3, 2], [[1, 1]], [60], most=[60, 80]), np.array([0]))
    assert (less.prices[0], less.holds_from[0], less.holds_to[0]) == pytest.approx((3, -60, 0), abs=1e-6)
    assert (more.prices[0], more.holds_from[0], more.holds_to[0]) == pytest.approx((2, 0, 80), abs=1e-6)


def test_a_pool_with_room_is_worth_nothing_until_the_room_is_gone():
    """All is served with 140 of 150: price 0, from 10 less on up without end."""
    arrays = program([3, 2], [[1, 1]], [150], most=[60, 80])
    for found in (price_pieces(arrays, np.array([0]))[1], basis_ranges(arrays, relaxed(arrays), np.array([0]))):
        assert found.prices[0] == 0
        assert found.holds_from[0] == pytest.approx(-10, abs=1e-6)
        assert found.holds_to[0] == math.inf


def test_one_less_costs_everything_where_nothing_is_possible_then():
    """A demand of 50 that must be met out of just 50: with one less there is no plan."""
    arrays = program([1], [[1], [-1]], [50, -50])
    less, more = price_pieces(arrays, np.array([0]))
    assert less.prices[0] == math.inf
    assert less.holds_from[0] == 0
    assert more.prices[0] == pytest.approx(1)
    assert more.holds_to[0] == math.inf


def test_a_row_that_is_a_minimum_has_its_range_too():
    """At least 10 of a use that costs 1 each, while a pool of 30 bounds it: the price is -1 from 10 less to 20 more."""
    arrays = program([-1], [[1], [1]], [math.inf, 30], lower=[10, -math.inf])
    found = basis_ranges(arrays, relaxed(arrays), np.array([0]))
    assert (found.prices[0], found.holds_from[0], found.holds_to[0]) == pytest.approx((-1, -10, 20), abs=1e-9)


@examples(60)
@given(st.data())
def test_pieces_are_those_of_the_program_solved_again(data):
    """Along a piece the best value grows by the price; beyond its end by less (or, going down, falls by more)."""
    columns, rows = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
    whole = st.integers(0, 4)
    objective = [data.draw(st.integers(1, 6)) for _ in range(columns)]
    matrix = [[data.draw(whole) for _ in range(columns)] for _ in range(rows)]
    upper = [data.draw(st.integers(0, 12)) for _ in range(rows)]
    arrays = program(objective, matrix, upper, most=[data.draw(st.integers(1, 5)) for _ in range(columns)])
    less, more = price_pieces(arrays, np.arange(rows))
    basis = basis_ranges(arrays, relaxed(arrays), np.arange(rows))
    for row in range(rows):
        start = best(arrays, row, 0.0)
        for found, sign, reach in ((less, -1.0, -less.holds_from[row]), (more, 1.0, more.holds_to[row])):
            price = found.prices[row]
            if math.isinf(price):
                assert best(arrays, row, sign) is None
                continue
            inside = min(reach, 50.0)
            assert best(arrays, row, sign * inside) == pytest.approx(start + sign * price * inside, abs=1e-5)
            if reach < 50.0:
                beyond = best(arrays, row, sign * (reach + 0.5))
                assert beyond is None or beyond < start + sign * price * (reach + 0.5) - 1e-6
        # What the basis says lies inside what is true.
        assert more.prices[row] - 1e-6 <= basis.prices[row] <= less.prices[row] + 1e-6
        if basis.holds_to[row] > 0:
            assert basis.prices[row] == pytest.approx(more.prices[row], abs=1e-6)
            assert basis.holds_to[row] <= more.holds_to[row] + 1e-5
        if basis.holds_from[row] < 0:
            assert basis.prices[row] == pytest.approx(less.prices[row], abs=1e-6)
            assert basis.holds_from[row] >= less.holds_from[row] - 1e-5
