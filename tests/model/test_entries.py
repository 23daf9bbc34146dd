"""Entries by row against the same sums made by scipy, and the few by hand that show the order."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from quota_opt.model.entries import Entries, Stack, beside

ROWS, COLUMNS = 5, 7
# Halves add up exactly, so that cells that cancel are zero in any order.
cells = st.lists(
    st.tuples(st.integers(0, ROWS - 1), st.integers(0, COLUMNS - 1), st.integers(-4, 4).map(lambda n: n / 2)),
    max_size=30,
)


def entries(triples: list[tuple[int, int, float]], rows: int = ROWS) -> Entries:
    row, column, value = (np.array([t[i] for t in triples]) for i in range(3))
    return Entries.of(row.astype(int), column.astype(int), value.astype(float), rows)


def dense(made: Entries) -> np.ndarray:
    table = np.zeros((made.rows, COLUMNS))
    np.add.at(table, (made.row, made.column), made.coefficient)
    return table


def expected(triples: list[tuple[int, int, float]]) -> np.ndarray:
    table = np.zeros((ROWS, COLUMNS))
    for row, column, value in triples:
        table[row, column] += value
    return table


@given(cells)
def test_the_matrix_is_the_one_scipy_makes_of_the_same_cells(triples: list[tuple[int, int, float]]) -> None:
    stack = Stack()
    stack.append(entries(triples).canonical())
    made = stack.matrix(COLUMNS)
    wanted = sp.csr_array(expected(triples))
    assert made.indptr.tolist() == wanted.indptr.tolist()
    assert made.indices.tolist() == wanted.indices.tolist()
    assert made.data.tolist() == wanted.data.tolist()


@given(cells, cells, cells)
def test_entries_beside_each_other_are_the_sum_of_all(
    a: list[tuple[int, int, float]], b: list[tuple[int, int, float]], c: list[tuple[int, int, float]]
) -> None:
    assert dense(beside([entries(a), entries(b), entries(c)])).tolist() == expected(a + b + c).tolist()


@given(cells, st.lists(st.integers(0, ROWS - 1), max_size=8))
def test_gathered_rows_come_in_the_order_asked_for(triples: list[tuple[int, int, float]], chosen: list[int]) -> None:
    made = entries(triples).gathered(np.array(chosen, dtype=int))
    assert dense(made).tolist() == expected(triples)[chosen].tolist()


@given(cells)
def test_weights_and_filters_work_row_by_row(triples: list[tuple[int, int, float]]) -> None:
    made, factor = entries(triples), np.arange(ROWS) * 2.0
    assert dense(made.scaled(factor)).tolist() == (expected(triples) * factor[:, None]).tolist()
    assert dense(-made).tolist() == (-expected(triples)).tolist()
    kept = made.where(made.column > 2)
    assert dense(kept)[:, :3].tolist() == np.zeros((ROWS, 3)).tolist()
    assert dense(kept)[:, 3:].tolist() == expected(triples)[:, 3:].tolist()


def test_a_row_keeps_the_order_its_entries_come_in_until_it_is_made_canonical() -> None:
    made = entries([(1, 4, 1.0), (0, 6, 2.0), (1, 2, 3.0), (1, 4, -1.0)], rows=2)
    assert (made.first.tolist(), made.column.tolist()) == ([0, 1, 4], [6, 4, 2, 4])
    sorted_ = made.canonical()  # 1 − 1 in column 4 of row 1 is nothing
    assert (sorted_.first.tolist(), sorted_.column.tolist()) == ([0, 1, 2], [6, 2])
    assert sorted_.coefficient.tolist() == [2.0, 3.0]


@pytest.mark.parametrize("room", [0, 1, 10_000_000])
def test_room_that_was_too_small_or_too_large_changes_nothing(room: int) -> None:
    stack = Stack()
    stack.reserve(room)
    part = Entries.stacked([(np.arange(600_000), np.ones(600_000)), (np.array([3]), np.array([5.0]))])
    for _ in range(3):  # 1.8 million entries: written in two goes
        stack.append(part)
    matrix = stack.matrix(600_000)
    assert matrix.shape == (6, 600_000)
    assert np.diff(matrix.indptr).tolist() == [600_000, 1] * 3
    assert matrix.sum() == 3 * 600_005
    assert len(matrix.data) == len(matrix.indices) == 3 * 600_001
