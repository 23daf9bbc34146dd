"""The blocks together, with the columns alone that prices leave open: one linear program that grows and stays hot.

Rows are the tying rows its columns are in, and those groups' rows that hold two columns or more: a choice of one
column needs none. A linking row may be broken at a price, which holds its own price within a box:

    Σ a_ij x_j − over_i + under_i  in  [b, b'],     − (m_i + r_i) · over_i + (m_i − r_i) · under_i   in the objective

so the program starts from the blocks' own bases, moves as far as the box lets it, and is possible all the time. Both
have a bound far away, so that what a wrong price makes endless ends there.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from quota_opt.model.linear import Arrays, FloatArray, IntArray
from quota_opt.solving.by_place_block import BASIC, LOWER, UPPER
from quota_opt.solving.packing import Groups

AT_REST = 1e-9
"""A value below this is nought."""


@dataclass
class Start:
    """Where the core begins: values, prices of rows, and how columns and rows stand in the blocks' bases."""

    values: FloatArray
    prices: FloatArray
    columns: NDArray[np.int8]
    rows: NDArray[np.int8]


def own_rows(groups: Groups) -> IntArray:
    """The row of each group, -1 for a group of one column that has none."""
    rows = np.flatnonzero(~groups.tying)
    return np.concatenate([rows, np.full(groups.count - len(rows), -1, dtype=rows.dtype)])


def without_ties(start: Start, groups: Groups) -> None:
    """Where a group's one column stands at its bound of one and another is in the basis at nought, they change places.

    The basis is as good and the group has but one column in use.
    """
    of = np.maximum(groups.of, 0)
    grouped = groups.of >= 0
    basic = grouped & (start.columns == BASIC)
    row = own_rows(groups)
    held = (row >= 0) & (start.rows[row] != BASIC) & (np.bincount(groups.of[basic], minlength=groups.count) == 1)
    full = grouped & (start.columns == UPPER) & (start.values >= 1.0 - AT_REST)
    held &= np.bincount(groups.of[full], minlength=groups.count) == 1
    idle = basic & (start.values <= AT_REST) & held[of]
    tied = np.zeros(groups.count, dtype=bool)
    tied[groups.of[idle]] = True
    start.columns[idle] = LOWER
    start.columns[full & tied[of]] = BASIC


class MergedCore:
    """The growing program; positions handed in and out are those of the whole model."""

    def __init__(
        self,
        arrays: Arrays,
        groups: Groups,
        linking: IntArray,
        live: NDArray[np.bool_],
        start: Start,
        box: tuple[FloatArray, FloatArray],
        reach: FloatArray,
        interrupted: Callable[[], bool],
    ) -> None:
        self._arrays, self._groups = arrays, groups
        self._by_column = sp.csc_array(arrays.matrix)
        self._live = np.zeros(arrays.columns, dtype=bool)
        self._row_at = np.full(arrays.rows, -1, dtype=np.int64)
        self._column_at = np.full(arrays.columns, -1, dtype=np.int64)
        self._links = len(linking)
        self._linking = linking
        columns = np.flatnonzero(live)
        self._live[columns] = True
        rows = self._wanted_rows()
        self._row_at[rows] = np.arange(len(rows))
        self._rows = rows
        self._column_at[columns] = np.arange(len(columns))
        self._size = len(columns) + 2 * self._links
        self._over = np.arange(len(columns), self._size)
        self._highs = self._loaded(columns, rows, box, reach)
        self._warm(columns, rows, start)
        self._listen(interrupted)
        self.values: FloatArray = np.zeros(arrays.columns)
        self.prices: FloatArray = np.zeros(arrays.rows)
        self.value = math.nan
        self.pivots = 0
        self.broken: FloatArray = np.zeros(self._links)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows so far."""
        return self._size, len(self._rows)

    def _wanted_rows(self) -> IntArray:
        """Rows not in the program that its columns call for."""
        columns = np.flatnonzero(self._live)
        entries = np.bincount(self._by_column[:, columns].indices, minlength=self._arrays.rows)
        wanted = (self._row_at < 0) & np.where(self._groups.tying, entries > 0, entries > 1)
        wanted[self._linking] |= self._row_at[self._linking] < 0
        return np.flatnonzero(wanted)

    def _loaded(self, columns: IntArray, rows: IntArray, box: tuple[FloatArray, FloatArray], reach: FloatArray) -> Any:
        from quota_opt.solving.highs import load

        arrays, count = self._arrays, self._links
        here = sp.csr_array(self._by_column[:, columns])[rows]
        ones = (np.ones(count), (self._row_at[self._linking], np.arange(count)))
        give = sp.csr_array(ones, shape=(len(rows), count))
        middle, radius = box
        highs = load(
            Arrays(
                objective=np.concatenate([arrays.objective[columns], -(middle + radius), middle - radius]),
                offset=arrays.offset,
                lower=np.concatenate([arrays.lower[columns], np.zeros(2 * count)]),
                upper=np.concatenate([arrays.upper[columns], reach, reach]),
                integer=np.zeros(len(columns) + 2 * count, dtype=bool),
                matrix=sp.csr_array(sp.hstack([here, -give, give])),
                row_lower=arrays.row_lower[rows],
                row_upper=arrays.row_upper[rows],
            )
        )
        for name, value in (("threads", 1), ("parallel", "off"), ("random_seed", 0), ("presolve", "off")):
            highs.setOptionValue(name, value)
        highs.setOptionValue("simplex_strategy", 1)
        return highs

    def _warm(self, columns: IntArray, rows: IntArray, start: Start) -> None:
        """Begin from the blocks' bases; in it is the over or under of each linking row that does not come out even."""
        import highspy

        arrays, groups, linking = self._arrays, self._groups, self._linking
        standing = start.columns[columns].astype(np.int64)
        group = groups.of[columns]
        row = np.where(group >= 0, own_rows(groups)[np.maximum(group, 0)], -1)
        # A group's row that is left out was tight: the column that filled it stands at its bound of one.
        filled = (row >= 0) & (standing == BASIC)
        filled[filled] = (self._row_at[row[filled]] < 0) & (start.rows[row[filled]] != BASIC)
        standing[filled] = UPPER
        row_standing = start.rows[rows].astype(np.int64)
        used = arrays.matrix[linking] @ start.values
        over, under = used > arrays.row_upper[linking], used < arrays.row_lower[linking]
        even, price = ~(over | under), start.prices[linking]
        spare, short = even & (price > 0), even & (price < 0)
        row_standing[self._row_at[linking]] = np.where(over | spare, UPPER, np.where(under | short, LOWER, BASIC))
        whole = np.concatenate([standing, np.where(over | short, BASIC, LOWER), np.where(under | spare, BASIC, LOWER)])
        if int((whole == BASIC).sum() + (row_standing == BASIC).sum()) != len(rows):
            return  # the blocks' bases do not fit together; the program starts from none
        kinds = [highspy.HighsBasisStatus(k) for k in range(5)]
        basis = highspy.HighsBasis()
        basis.col_status = [kinds[k] for k in whole.tolist()]
        basis.row_status = [kinds[k] for k in row_standing.tolist()]
        basis.valid = True
        self._highs.setBasis(basis)

    def _listen(self, interrupted: Callable[[], bool]) -> None:
        import highspy

        def ask(event: Any) -> None:
            if interrupted():
                event.interrupt()

        self._highs.callbacks[int(highspy.cb.HighsCallbackType.kCallbackSimplexInterrupt)].subscribe(ask)

    def confine(self, middle: FloatArray, radius: FloatArray) -> None:
        """Move the box of the linking rows' prices."""
        costs = np.concatenate([-(middle + radius), middle - radius])
        self._highs.changeColsCost(len(costs), self._over.astype(np.int32), costs)

    def widen(self, columns: IntArray) -> None:
        """Take in more columns, and the rows these call for."""
        if not len(columns):
            return
        arrays = self._arrays
        here = self._by_column[:, columns]
        here = _picked(here, self._row_at, len(self._rows))
        index = here.indptr.astype(np.int32), here.indices.astype(np.int32)
        bounds = arrays.lower[columns], arrays.upper[columns]
        self._highs.addCols(len(columns), arrays.objective[columns], *bounds, here.nnz, *index, here.data)
        self._column_at[columns] = self._size + np.arange(len(columns))
        self._size += len(columns)
        self._live[columns] = True
        rows = self._wanted_rows()
        if not len(rows):
            return
        across = sp.csc_array(arrays.matrix[rows].T)  # columns of it are the new rows
        across = _picked(across, self._column_at, self._size)
        index = across.indptr.astype(np.int32), across.indices.astype(np.int32)
        sides = arrays.row_lower[rows], arrays.row_upper[rows]
        self._highs.addRows(len(rows), *sides, across.nnz, *index, across.data)
        self._row_at[rows] = len(self._rows) + np.arange(len(rows))
        self._rows = np.concatenate([self._rows, rows])

    def solve(self, until: float) -> bool:
        """Solve from where it stood; with an optimum (True) `values`, `prices`, `value` and `broken` are its own."""
        import highspy

        if math.isfinite(until):
            self._highs.setOptionValue("time_limit", self._highs.getRunTime() + max(until - time.time(), 0.01))
        self._highs.run()
        if self._highs.getModelStatus() in (highspy.HighsModelStatus.kUnknown, highspy.HighsModelStatus.kSolveError):
            self._highs.clearSolver()  # its basis led it astray
            self._highs.run()
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return False
        solution = self._highs.getSolution()
        found = np.asarray(solution.col_value)
        self.values = np.zeros(self._arrays.columns)
        here = np.flatnonzero(self._column_at >= 0)
        self.values[here] = np.clip(found[self._column_at[here]], self._arrays.lower[here], self._arrays.upper[here])
        self.prices = np.zeros(self._arrays.rows)
        self.prices[self._rows] = np.asarray(solution.row_dual)
        self.value = self._arrays.value(self.values)
        self.pivots = int(self._highs.getInfo().simplex_iteration_count)
        self.broken = found[self._over[: self._links]] + found[self._over[self._links :]]
        return True


def _picked(matrix: sp.csc_array, at: IntArray, size: int) -> sp.csc_array:
    """The entries of `matrix` whose row has a place in `at`, there."""
    place = at[matrix.indices]
    kept = place >= 0
    column = np.repeat(np.arange(matrix.shape[1]), np.diff(matrix.indptr))
    entries = (matrix.data[kept], (place[kept], column[kept]))
    return sp.csc_array(sp.coo_array(entries, shape=(size, matrix.shape[1])))
