"""Entries of rows, kept row by row: what the matrix is made of, block by block.

A block's entries are sorted by row and then by column, each cell once and none of them zero, so that the blocks, one
below the other, are the matrix. Where the parts of a block come in that order they are copied, never sorted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
AnyInt = NDArray[np.int64] | NDArray[np.int32] | NDArray[np.int16] | NDArray[np.int8]
_ANY_COLUMN = np.iinfo(np.int32).max  # columns are still being added when rows are
_WRITTEN_TOGETHER = 1 << 20


@dataclass(frozen=True)
class Entries:
    """Row i has `column[first[i]:first[i + 1]]` with `coefficient[first[i]:first[i + 1]]`."""

    first: AnyInt
    column: NDArray[np.int32]
    coefficient: FloatArray

    @classmethod
    def of(cls, row: ArrayLike, column: ArrayLike, coefficient: ArrayLike, rows: int) -> Entries:
        """Entries in any order, sorted by row; within a row they keep the order they come in."""
        number = np.asarray(row)
        columns = np.asarray(column).astype(np.int32, copy=False)
        values = np.asarray(coefficient).astype(np.float64, copy=False)
        count = np.bincount(number, minlength=rows) if number.size else np.zeros(rows, dtype=np.int64)
        if number.size and bool((number[1:] < number[:-1]).any()):
            small = rows <= np.iinfo(np.uint16).max  # then sorting is counting
            order = np.argsort(number.astype(np.uint16) if small else number, kind="stable")
            columns, values = columns[order], values[order]
        return cls(_starts(count), columns, values)

    @classmethod
    def stacked(cls, rows: Sequence[tuple[AnyInt, FloatArray]]) -> Entries:
        """One row per pair of columns and coefficients."""
        if not rows:
            return cls(np.zeros(1, dtype=np.int32), np.zeros(0, dtype=np.int32), np.zeros(0))
        column = np.concatenate([own for own, _ in rows]).astype(np.int32, copy=False)
        count = np.array([len(own) for own, _ in rows], dtype=np.int64)
        return cls(_starts(count), column, np.concatenate([values for _, values in rows]))

    def __neg__(self) -> Entries:
        return Entries(self.first, self.column, -self.coefficient)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.first) - 1

    @property
    def count(self) -> AnyInt:
        """Entries of each row."""
        return np.diff(self.first)

    @property
    def row(self) -> NDArray[np.int32]:
        """The row of each entry."""
        return np.repeat(np.arange(self.rows, dtype=np.int32), self.count)

    def scaled(self, factor: FloatArray) -> Entries:
        """Each row times its factor."""
        filled = factor[self.count > 0]
        if filled.size and bool((filled == filled[0]).all()):
            return Entries(self.first, self.column, self.coefficient * filled[0])
        return Entries(self.first, self.column, self.coefficient * np.repeat(factor, self.count))

    def where(self, keep: NDArray[np.bool_]) -> Entries:
        """Only the entries that are True in `keep`."""
        kept = np.flatnonzero(keep)
        return Entries(np.searchsorted(kept, self.first), self.column[kept], self.coefficient[kept])

    def gathered(self, chosen: AnyInt, ends: AnyInt | None = None) -> Entries:
        """The `chosen` rows, in that order; with `ends`, new row k is made of those from ends[k] to ends[k + 1]."""
        stored = sp.csr_array((self.coefficient, self.column, self.first), shape=(self.rows, _ANY_COLUMN))
        picked = stored[chosen]
        first = picked.indptr if ends is None else picked.indptr[ends]
        return Entries(first, picked.indices, picked.data)

    def canonical(self) -> Entries:
        """Sorted by column within each row, entries that meet in one cell added up, zeros left out."""
        if len(self.column) > 1:
            falls = self.column[1:] <= self.column[:-1]
            borders = self.first[1:-1].astype(np.int64)
            falls[borders[(borders > 0) & (borders < len(self.column))] - 1] = False
            if bool(falls.any()):
                matrix = sp.csr_array((self.coefficient, self.column, self.first), shape=(self.rows, _ANY_COLUMN))
                matrix = matrix.copy()
                matrix.sum_duplicates()
                made = Entries(matrix.indptr, matrix.indices, matrix.data)
                return made if bool(made.coefficient.all()) else made.where(made.coefficient != 0.0)
        return self if bool(self.coefficient.all()) else self.where(self.coefficient != 0.0)


def beside(parts: Iterable[Entries]) -> Entries:
    """Row by row the entries of the first part, then those of all others by column.

    In order where the first part's columns come before the others', as they do where it is the part of the actions.
    """
    leading, *others = parts
    others = [part for part in others if len(part.column)]
    if not others:
        return leading
    rows = leading.rows
    row = np.concatenate([part.row for part in others])
    column = np.concatenate([part.column for part in others])
    order = np.argsort(column, kind="stable")
    values = np.concatenate([part.coefficient for part in others])
    rest = Entries.of(row[order], column[order], values[order], rows)
    if not len(leading.column):
        return rest
    # Where the entries of the others come to stand; the leading ones take the places between.
    at = np.arange(len(rest.column)) + np.repeat(leading.first[1:], rest.count)
    free = np.ones(len(leading.column) + len(rest.column), dtype=bool)
    free[at] = False
    made = Entries(leading.first + rest.first, np.empty(len(free), dtype=np.int32), np.empty(len(free)))
    made.column[at], made.column[free] = rest.column, leading.column
    made.coefficient[at], made.coefficient[free] = rest.coefficient, leading.coefficient
    return made


class Stack:
    """Entries one below the other, in arrays that grow in place: each entry is written once."""

    def __init__(self) -> None:
        # Large from the start: such memory comes in large pages, and stays so as it grows.
        self._index = np.empty(_WRITTEN_TOGETHER, dtype=np.int32)
        self._value = np.empty(_WRITTEN_TOGETHER)
        self._written = 0
        self._firsts: list[AnyInt] = []
        self._waiting: list[Entries] = []
        self._size = 0
        self._rows = 0

    def reserve(self, entries: int) -> None:
        """Make room before anything is there. What is not needed is never touched, and given back at the end."""
        if not self._size and entries > len(self._index):
            self._index, self._value = np.empty(entries, dtype=np.int32), np.empty(entries)

    def append(self, part: Entries) -> None:
        """Put entries below those that are there."""
        self._waiting.append(part)
        self._firsts.append(part.first[1:] + np.int64(self._size))
        self._size += len(part.column)
        self._rows += part.rows
        if self._size - self._written >= _WRITTEN_TOGETHER:
            self._write()

    def matrix(self, columns: int) -> sp.csr_array:
        """All entries as a matrix."""
        self._write()
        self._resize(self._size)
        first = np.concatenate([np.zeros(1, dtype=np.int64), *self._firsts])
        if self._size <= _ANY_COLUMN:
            first = first.astype(np.int32)
        matrix = sp.csr_array((self._value, self._index, first), shape=(self._rows, columns))
        matrix.has_canonical_format = True
        return matrix

    def _resize(self, size: int) -> None:
        # No view of these arrays is given away before the matrix is whole.
        self._index.resize(size, refcheck=False)
        self._value.resize(size, refcheck=False)

    def _write(self) -> None:
        at = self._written
        if self._size > len(self._index):
            self._resize(self._size)
        for part in self._waiting:
            upto = at + len(part.column)
            self._index[at:upto], self._value[at:upto] = part.column, part.coefficient
            at = upto
        self._waiting.clear()
        self._written = at


def _starts(count: AnyInt) -> AnyInt:
    first = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(count, dtype=np.int64)])
    return first.astype(np.int32) if first[-1] <= _ANY_COLUMN else first
