"""Many places by prices: the relaxation agrees with HiGHS' own, its bound holds, and processes change no bit."""

from __future__ import annotations

import math
import os
import time
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from quota_opt.model.linear import Arrays
from quota_opt.solving.by_place import split
from quota_opt.solving.by_place_block import Block
from quota_opt.solving.by_place_prices import coordinate
from quota_opt.solving.by_place_workers import WorkerError, Workers
from quota_opt.solving.checking import check_values
from quota_opt.solving.highs import relaxed

EXAMPLES = 200 * int(os.environ.get("QUOTA_OPT_EXAMPLES", "1"))


def counties(seed, blocks=3, groups=4, options=3, local=2, links=3, transfers=True, demand=0.3, narrow=True, common=0):
    """Blocks of groups of options under budgets of their own; (the model, the block of each column).

    Links: pools that every block gives to or takes from, what is demanded of all together, one option that needs an
    option of the next block, and `common` columns that are in no block.
    """
    random = np.random.default_rng(seed)
    whole = groups * options
    moves = links if transfers else 0
    width = whole + moves
    columns = blocks * width + common
    of = np.append(np.repeat(np.arange(blocks), width), np.full(common, -1))
    integer = np.append(np.tile(np.arange(width) < whole, blocks), np.zeros(common, dtype=bool))
    objective = np.where(integer, random.integers(1, 60, columns), 0.0).astype(float)
    objective[of < 0] = -random.integers(0, 5, common)
    rows, lower, upper = [], [], []

    def row(entries, low, high):
        dense = np.zeros(columns)
        for at, value in entries:
            dense[at] += value
        rows.append(dense)
        lower.append(low)
        upper.append(high)

    give = random.integers(0, 10, columns)
    for b in range(blocks):
        first = b * width
        for g in range(groups):
            row([(first + g * options + o, 1.0) for o in range(options)], -math.inf, 1.0)
        for _ in range(local):
            use = random.integers(0, 20, whole)
            entries = [(first + j, float(use[j])) for j in range(whole)]
            row(entries, -math.inf, float(use.sum()) * random.uniform(0.1, 0.5))
        for r in range(moves):
            use = random.integers(-5, 20, whole)
            held = float(random.integers(0, 20))
            row([(first + j, float(use[j])) for j in range(whole)] + [(first + whole + r, 1.0)], -math.inf, held)
    for r in range(links):
        if transfers:
            entries = [(b * width + whole + r, -1.0) for b in range(blocks)]
            row(entries + [(columns - 1 - c, -1.0) for c in range(common)], -math.inf, float(random.integers(0, 10)))
        else:
            entries = [(b * width + j, float(random.integers(0, 9))) for b in range(blocks) for j in range(whole)]
            row(entries, -math.inf, 0.3 * sum(value for _, value in entries))
    asked = [(b * width + j, float(give[b * width + j])) for b in range(blocks) for j in range(whole)]
    row(asked, demand * sum(v for _, v in asked) / options, math.inf)
    if narrow:
        for b in range(blocks - 1):
            row([(b * width, 1.0), ((b + 1) * width, -1.0)], -math.inf, 0.0)
    lower_bound = np.where(integer | (of < 0), 0.0, -1e4)
    upper_bound = np.where(integer, 1.0, np.where(of < 0, math.inf, 1e4))
    matrix = sp.csr_array(np.vstack(rows))
    arrays = Arrays(
        objective, 7.0, lower_bound, upper_bound, integer, matrix, np.array(lower, float), np.array(upper, float)
    )
    return arrays, of


def agrees(arrays, of, processes=1):
    """Whether there was an optimum; if so, both ways give the same value, and the bound is never below it."""
    truth = relaxed(arrays)
    found = coordinate(split(arrays, of), processes=processes, tolerance=1e-7)
    if truth is None:
        assert found is None
        return False
    assert found is not None
    value = arrays.value(truth.values)
    room = 1e-6 * max(1.0, abs(value))
    assert abs(found.value - value) <= room
    assert value - 1e-9 * max(1.0, abs(value)) <= found.bound <= value + room
    assert check_values(replace(arrays, integer=np.zeros(arrays.columns, dtype=bool)), found.values).excess <= 1e-7
    return True


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    seed=st.integers(0, 10**9),
    blocks=st.integers(2, 6),
    groups=st.integers(1, 8),
    options=st.integers(1, 4),
    local=st.integers(0, 2),
    links=st.integers(0, 3),
    transfers=st.booleans(),
    demand=st.sampled_from([0.0, 0.3, 0.8]),
    narrow=st.booleans(),
    common=st.integers(0, 2),
)
def test_prices_and_the_whole_program_agree(
    seed, blocks, groups, options, local, links, transfers, demand, narrow, common
):
    agrees(*counties(seed, blocks, groups, options, local, links, transfers, demand, narrow, common))


def test_most_random_models_have_an_optimum_that_is_compared():
    assert sum(agrees(*counties(seed, blocks=4)) for seed in range(30)) >= 20


def test_a_model_of_many_blocks_is_sampled_on_the_way():
    # Twenty blocks: the sample of two is coordinated itself.
    for seed in range(5):
        assert agrees(*counties(seed, blocks=20, groups=12))


def test_two_processes_give_the_same_bits_as_one():
    arrays, of = counties(11, blocks=5, groups=20)
    parts = split(arrays, of)
    one, two = coordinate(parts), coordinate(parts, processes=2)
    assert one is not None and two is not None
    assert one.values.tobytes() == two.values.tobytes()
    assert one.prices.tobytes() == two.prices.tobytes()
    assert (one.value, one.bound, one.rounds) == (two.value, two.bound, two.rounds)


def test_the_same_model_gives_the_same_bits_again():
    arrays, of = counties(12, blocks=4, groups=20)
    first, second = coordinate(split(arrays, of)), coordinate(split(arrays, of))
    assert first.values.tobytes() == second.values.tobytes()


@pytest.mark.parametrize("processes", [1, 2])
def test_workers_that_are_kept_answer_again(processes):
    arrays, of = counties(14, blocks=4, groups=15)
    parts = split(arrays, of)
    with Workers(parts, processes) as workers:
        first, second = coordinate(parts, workers=workers), coordinate(parts, workers=workers)
    assert first.value == pytest.approx(second.value, rel=1e-6)
    assert second.bound == pytest.approx(first.bound, rel=2e-5)


def test_the_prices_prove_the_bound_that_is_told():
    # Lagrange by hand: each group's best margin, what the bounds of transfers allow, and the priced sides.
    arrays, of = counties(13, blocks=4, groups=10)
    found = coordinate(split(arrays, of))
    prices = found.prices
    assert (prices[np.isinf(arrays.row_upper)] <= 1e-9).all()
    assert (prices[np.isinf(arrays.row_lower)] >= -1e-9).all()
    reduced = arrays.objective - arrays.matrix.T @ prices
    sides = np.where(prices > 0, arrays.row_upper, np.where(prices < 0, arrays.row_lower, 0.0))
    by_column = np.where(reduced > 0, reduced * arrays.upper, reduced * arrays.lower)
    assert arrays.offset + prices @ sides + by_column.sum() == pytest.approx(found.bound, rel=1e-9)


def test_prices_of_what_links_the_counties_are_what_one_more_unit_is_worth():
    # Two counties with one project each that needs 10 of the city's pool of 10; worth 50 and 30. Of one unit more, the
    # second would take a tenth: 3. So the first is granted whole, at a price of 3, and the value is 50.
    matrix = sp.csr_array(np.array([[10.0, 10.0], [1.0, 0.0], [0.0, 1.0]]))
    arrays = Arrays(
        np.array([50.0, 30.0]), 0.0, np.zeros(2), np.ones(2), np.ones(2, dtype=bool), matrix,
        np.full(3, -math.inf), np.array([10.0, 1.0, 1.0]),
    )  # fmt: skip
    parts = split(arrays, np.array([0, 1]))
    assert parts.linking.tolist() == [0]
    found = coordinate(parts)
    assert found.values.tolist() == [1.0, 0.0]
    assert found.value == pytest.approx(50.0)
    assert found.bound == pytest.approx(50.0)
    assert 3.0 - 1e-9 <= found.prices[0] <= 5.0 + 1e-9


def test_what_cannot_be_is_left_to_an_exact_engine():
    arrays, of = counties(1, demand=5.0)
    assert coordinate(split(arrays, of)) is None


def test_a_block_that_cannot_be_is_left_to_an_exact_engine():
    arrays, of = counties(2, demand=0.0)
    upper = arrays.row_upper.copy()
    upper[0] = -1.0
    assert coordinate(split(replace(arrays, row_upper=upper), of)) is None


def test_a_model_without_a_bound_is_left_to_an_exact_engine():
    arrays, of = counties(3, links=0, transfers=False, common=1)
    objective, upper = arrays.objective.copy(), arrays.upper.copy()
    objective[-1], upper[-1] = 1.0, math.inf
    assert coordinate(split(replace(arrays, objective=objective, upper=upper), of)) is None


def test_a_single_block_is_left_to_an_exact_engine():
    arrays, of = counties(4)
    assert coordinate(split(arrays, np.zeros_like(of))) is None
    assert coordinate(split(arrays, np.full_like(of, -1))) is None


def test_no_time_and_a_caller_who_stops_end_without_an_answer():
    arrays, of = counties(5, blocks=4, groups=30)
    assert coordinate(split(arrays, of), limit=0.0) is None
    assert coordinate(split(arrays, of), stopped=lambda: True) is None


def test_rows_and_columns_of_the_parts_are_those_of_the_whole():
    arrays, of = counties(6, blocks=4, common=2)
    parts = split(arrays, of)
    columns = np.concatenate([*(p.columns for p in parts.parts), parts.columns])
    rows = np.concatenate([*(p.rows for p in parts.parts), parts.linking])
    assert sorted(columns.tolist()) == list(range(arrays.columns))
    assert sorted(rows.tolist()) == list(range(arrays.rows))
    dense = arrays.matrix.toarray()
    for b, part in enumerate(parts.parts):
        assert (of[part.columns] == b).all()
        assert (part.arrays.matrix.toarray() == dense[np.ix_(part.rows, part.columns)]).all()
        assert (part.linking.toarray() == dense[np.ix_(parts.linking, part.columns)]).all()
        others = np.setdiff1d(np.arange(arrays.columns), part.columns)
        assert not dense[np.ix_(part.rows, others)].any()
    for link in parts.linking:
        assert len(set(of[dense[link] != 0].tolist())) != 1 or -1 in of[dense[link] != 0]


def test_workers_end_with_their_context_and_tell_of_errors():
    arrays, of = counties(7)
    parts = split(arrays, of)
    with Workers(parts, 2) as workers:
        children = list(workers._children)
        assert len(children) == 2
        assert workers.each(_columns, [(0,)] * 3) == [len(p.columns) for p in parts.parts]
        with pytest.raises(WorkerError, match="ZeroDivisionError"):
            workers.each(_fails, [(0,)] * 3)
    assert all(child.poll() is not None for child in children)


def test_a_worker_that_dies_is_told_and_leaves_the_model_to_an_exact_engine():
    arrays, of = counties(8)
    parts = split(arrays, of)
    with Workers(parts, 2) as workers:
        workers._children[0].kill()
        workers._children[0].wait(10)
        began = time.monotonic()
        assert coordinate(parts, workers=workers) is None
        assert time.monotonic() - began < 30


def _columns(block: Block, more: int) -> int:
    return block.arrays.columns + more


def _fails(block: Block, more: int) -> float:
    return more / 0
