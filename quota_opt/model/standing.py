"""Decisions that stand from their year on: which of them count at which place in which year, worked out once.

The pattern is the same for every resource and rule; only the amounts differ. It is kept by place and year, columns in
order, so that rows are made by looking amounts up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from quota_opt.model.case import Case, FloatArray, IntArray
from quota_opt.model.entries import AnyInt, Entries
from quota_opt.model.terms import Terms

Index = NDArray[np.int32]


class Flat(NamedTuple):
    """The candidates of a grid of column positions (rows, T), in the order of their columns: row, year, column."""

    row: Index
    year: NDArray[np.int8]
    column: Index

    @classmethod
    def of(cls, grid: IntArray) -> Flat:
        """Those of a grid that has -1 where there is none."""
        flat = np.flatnonzero(grid >= 0)
        column = grid.ravel()[flat].astype(np.int32)
        if bool((column[1:] < column[:-1]).any()):
            order = np.argsort(column, kind="stable")
            flat, column = flat[order], column[order]
        row, year = np.divmod(flat.astype(np.int32), np.int32(grid.shape[1]))
        return cls(row, year.astype(np.int8), column)


@dataclass(frozen=True)
class Candidates:
    """Columns of a decision by place, and by column within a place: row of its table, year taken, year effective."""

    flat: Flat
    effective: NDArray[np.int16]
    bounds: IntArray  # (N + 1,): where each place's candidates begin and end
    years: int

    @classmethod
    def of(cls, flat: Flat, place: IntArray, case: Case, lag: IntArray | None = None) -> Candidates:
        """Candidates at the places of their rows, effective `lag` years after they are taken."""
        where = place.astype(np.int32)[flat.row]
        if bool((where[1:] < where[:-1]).any()):
            order = np.argsort(where, kind="stable")
            flat, where = Flat(flat.row[order], flat.year[order], flat.column[order]), where[order]
        effective = flat.year.astype(np.int16)
        if lag is not None and lag.any():
            effective += np.minimum(lag, case.horizon).astype(np.int16)[flat.row]
        bounds = np.searchsorted(where, np.arange(case.places.size + 1, dtype=np.int32))
        return cls(flat, effective, bounds, case.horizon)

    @cached_property
    def _pattern(self) -> tuple[AnyInt, Index, Index]:
        """First entry of each (place, year), and the column and the candidate of each entry."""
        standing = [np.flatnonzero(self.effective <= s).astype(np.int32) for s in range(self.years)]
        places = len(self.bounds) - 1
        ends = np.concatenate(
            [np.zeros(1, dtype=np.int64), *(np.searchsorted(own, self.bounds[1:]) for own in standing)]
        )
        for s in range(self.years):
            ends[1 + s * places : 1 + (s + 1) * places] += sum(len(before) for before in standing[:s])
        index = np.concatenate(standing)
        by_year = sp.csr_array(
            (index, self.flat.column[index], ends), shape=(places * self.years, np.iinfo(np.int32).max)
        )
        turns = np.arange(places * self.years).reshape(self.years, places).T.ravel()
        by_place = by_year[turns]
        return by_place.indptr, by_place.indices, by_place.data

    @property
    def size(self) -> int:
        """How many (candidate, year) pairs count."""
        return len(self._pattern[1])

    @cached_property
    def _rows(self) -> Index:
        return self.flat.row[self._pattern[2]]

    def constant(self, amount: FloatArray) -> Terms:
        """An amount per row of the table, the same in every year it counts in."""
        return self._terms(amount[self._rows])

    def by_year(self, amount: FloatArray) -> Terms:
        """An amount per row of the table and year it counts in: (rows, T)."""
        return self._terms(amount[self._rows, self._year_of()])

    def by_start(self, amounts: Sequence[FloatArray]) -> Terms:
        """For each year it counts in, an amount per row of the table and year taken: T arrays (rows, T)."""
        table = np.concatenate([amount[self.flat.row, self.flat.year] for amount in amounts])
        return self._terms(table[self._year_of() * np.int64(len(self.flat.row)) + self._pattern[2]])

    def _year_of(self) -> AnyInt:
        first = self._pattern[0]
        return np.repeat(np.tile(np.arange(self.years), len(self.bounds) - 1), np.diff(first))

    def _terms(self, values: FloatArray) -> Terms:
        first, column, _ = self._pattern
        made = Entries(first, column, values)
        return Terms(made if bool(values.all()) else made.where(values != 0.0), self.years)


@dataclass(frozen=True)
class RowsOfPlaces:
    """The rows of a table by place, so that a place's rows are found without asking every row."""

    order: IntArray
    bounds: IntArray  # (N + 1,): where the rows of each place begin and end in `order`

    @classmethod
    def of(cls, place: IntArray, places: int) -> RowsOfPlaces:
        """Of a table whose rows are at these places."""
        order = np.argsort(place, kind="stable")
        return cls(order, np.searchsorted(place[order], np.arange(places + 1)))

    def inside(self, wanted: NDArray[np.bool_]) -> IntArray:
        """The rows at the wanted places, in their order."""
        parts = [self.order[self.bounds[n] : self.bounds[n + 1]] for n in np.flatnonzero(wanted).tolist()]
        return np.sort(np.concatenate(parts)) if parts else np.zeros(0, dtype=np.int64)


def standing_terms(case: Case, columns: IntArray, place: IntArray, lasts: int) -> Terms:
    """Ones for decisions of a grid (rows, T) that stand for `lasts` years, their own the first."""
    row, taken = np.nonzero(columns >= 0)
    year = taken[:, None] + np.arange(min(lasts, case.horizon))
    entry, k = np.nonzero(year < case.horizon)
    return Terms.of(case, columns[row, taken][entry], place[row[entry]], year[entry, k], np.ones(len(entry)))
