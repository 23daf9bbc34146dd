"""A model of many places in parts: counties that meet only in upper pools, totals and money.

A block is a subtree of the place tree; a row whose columns are all of one block is that block's own, every other row
links blocks. `split` slices the matrix once; nothing is made dense.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from quota_opt.model.build import Problem
from quota_opt.model.linear import Arrays, IntArray
from quota_opt.model.places import PlaceTree

MOST = 60_000
"""Columns of a block, at most, where the tree lets itself be cut there."""
NONE = -1
"""The block of columns that are the master's own."""
_FAR = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Part:
    """One block: positions of its columns and own rows, the model of these, its columns in the linking rows."""

    columns: IntArray
    rows: IntArray
    arrays: Arrays
    linking: sp.csr_array


@dataclass(frozen=True)
class Nested:
    """Blocks at two levels, a number per column: `fine` ones (towns) and `coarse` ones (counties) around them.

    Columns of no place are one block more; what a county has beside its towns is a fine block, too.
    """

    fine: IntArray
    coarse: IntArray


@dataclass(frozen=True)
class Parts:
    """A model in blocks: the parts, positions of the linking rows, positions of the columns in no block."""

    arrays: Arrays
    parts: tuple[Part, ...]
    linking: IntArray
    columns: IntArray


def blocks_of(problem: Problem, most: int = MOST) -> IntArray:
    """The block of each column, -1 for the master's own.

    Blocks are the largest subtrees of the place tree with at most `most` columns. A column without a place goes where
    the rows are that it is in, if that is one block.
    """
    case = problem.case
    place = np.full(problem.arrays.columns, -1, dtype=np.int64)

    def put(grid: NDArray[np.integer], places: IntArray) -> None:
        there = grid >= 0
        place[grid[there]] = np.broadcast_to(places, grid.shape)[there]

    projects = case.projects["place_code"].to_numpy(dtype=np.int64)[:, None]
    everywhere = np.arange(case.places.size)[None, :, None]
    put(problem.act, case.actions["place_code"].to_numpy(dtype=np.int64)[:, None])
    put(problem.start, projects)
    put(problem.share, projects)
    put(problem.move, everywhere)
    put(problem.trade.buy, everywhere)
    put(problem.trade.sell, everywhere)
    put(problem.trade.project, projects)
    counts = np.bincount(place[place >= 0], minlength=case.places.size)
    subtree = _subtrees(case.places, counts, most)
    return with_company(problem.arrays, np.where(place >= 0, subtree[np.maximum(place, 0)], NONE))


def nested_blocks(problem: Problem, fine: int, coarse: int) -> Nested:
    """Blocks of at most so many columns, where places let themselves be told apart."""
    levels = (blocks_of(problem, most) for most in (fine, coarse))
    return Nested(*(np.where(level < 0, level.max(initial=NONE) + 1, level) for level in levels))


def _subtrees(places: PlaceTree, counts: IntArray, most: int) -> IntArray:
    """The block of each place: its highest ancestor whose subtree has at most `most` columns; -1 above these."""
    fits = places.subtree_sum(counts.astype(np.float64)) <= most
    place, up = places.ancestors
    place, up = place[fits[up]], up[fits[up]]
    highest = np.full(places.size, _FAR)
    np.minimum.at(highest, place, places.depth[up])
    mine = places.depth[up] == highest[place]
    root = np.full(places.size, NONE, dtype=np.int64)
    root[place[mine]] = up[mine]
    return _numbered(root)


def _numbered(of: IntArray) -> IntArray:
    """The same blocks numbered from 0 without gaps; -1 stays."""
    present, number = np.unique(of[of >= 0], return_inverse=True)
    made = np.full(len(of), NONE, dtype=np.int64)
    made[of >= 0] = number if len(present) else 0
    return made


def _range_of_rows(arrays: Arrays, of: IntArray, *, placed: bool) -> tuple[IntArray, IntArray]:
    """Smallest and largest block among each row's columns (of those in a block alone, if `placed`)."""
    matrix = arrays.matrix
    rows, blocks = np.repeat(np.arange(arrays.rows), np.diff(matrix.indptr)), of[matrix.indices]
    if placed:
        rows, blocks = rows[blocks >= 0], blocks[blocks >= 0]
    first, last = np.full(arrays.rows, _FAR), np.full(arrays.rows, NONE - 1)
    np.minimum.at(first, rows, blocks)
    np.maximum.at(last, rows, blocks)
    return first, last


def with_company(arrays: Arrays, of: IntArray) -> IntArray:
    """Columns without a block join the one block that all the rows they are in belong to, if there is just one."""
    alone = np.flatnonzero(of < 0)
    if not len(alone):
        return of
    first, last = _range_of_rows(arrays, of, placed=True)
    by_column = sp.csc_array(arrays.matrix)[:, alone]
    rows, column = by_column.indices, np.repeat(np.arange(len(alone)), np.diff(by_column.indptr))
    known = last[rows] >= 0
    rows, column = rows[known], column[known]
    low, high = np.full(len(alone), _FAR), np.full(len(alone), NONE)
    np.minimum.at(low, column, first[rows])
    np.maximum.at(high, column, last[rows])
    joined = of.copy()
    joined[alone[low == high]] = low[low == high]
    return joined


def split(arrays: Arrays, of: IntArray) -> Parts:
    """The model in the blocks `of` gives; blocks without a column do not count."""
    of = _numbered(of)
    count = int(of.max(initial=NONE)) + 1
    first, last = _range_of_rows(arrays, of, placed=False)
    own = np.where((first == last) & (first >= 0), first, NONE)
    linking = np.flatnonzero(own < 0)
    by_column = sp.csc_array(arrays.matrix)
    order, row_order = np.argsort(of, kind="stable"), np.argsort(own, kind="stable")
    columns_from = np.searchsorted(of[order], np.arange(count + 1))
    rows_from = np.searchsorted(own[row_order], np.arange(count + 1))
    parts = []
    for b in range(count):
        columns = order[columns_from[b] : columns_from[b + 1]]
        rows = row_order[rows_from[b] : rows_from[b + 1]]
        here = sp.csr_array(by_column[:, columns])
        parts.append(Part(columns, rows, part_of(arrays, columns, rows, here), sp.csr_array(here[linking])))
    return Parts(arrays, tuple(parts), linking, order[: columns_from[0]])


def part_of(arrays: Arrays, columns: IntArray, rows: IntArray, here: sp.csr_array) -> Arrays:
    """The model of these columns and rows; `here` holds all rows of the columns."""
    return Arrays(
        objective=arrays.objective[columns],
        offset=0.0,
        lower=arrays.lower[columns],
        upper=arrays.upper[columns],
        integer=arrays.integer[columns],
        matrix=sp.csr_array(here[rows]),
        row_lower=arrays.row_lower[rows],
        row_upper=arrays.row_upper[rows],
    )
