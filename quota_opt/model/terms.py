"""Terms: entries by place and year that wait to become rows, so that rules can sum, weigh and spread them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quota_opt.model.case import Case, IntArray
from quota_opt.model.entries import AnyInt, Entries, FloatArray, beside
from quota_opt.model.places import PlaceTree


@dataclass(frozen=True)
class Terms:
    """Entries with one row for each place and year: row = place · years + year position."""

    entries: Entries
    years: int

    @classmethod
    def of(cls, case: Case, column: AnyInt, place: AnyInt, year: AnyInt, coefficient: FloatArray) -> Terms:
        """Terms from arrays of equal length, in any order."""
        row = place.astype(np.int64) * case.horizon + year
        if column.size and bool((column[1:] < column[:-1]).any()):
            order = np.argsort(column, kind="stable")
            row, column, coefficient = row[order], column[order], coefficient[order]
        return cls(Entries.of(row, column, coefficient, case.places.size * case.horizon), case.horizon)

    def __neg__(self) -> Terms:
        return Terms(-self.entries, self.years)

    @property
    def column(self) -> NDArray[np.int32]:
        """The column of each term."""
        return self.entries.column

    @property
    def coefficient(self) -> FloatArray:
        """The coefficient of each term."""
        return self.entries.coefficient

    def times(self, factor: FloatArray | float) -> Terms:
        """Each term times a factor, or times that of its place."""
        each = np.broadcast_to(np.asarray(factor, dtype=float), self.entries.rows // self.years)
        return Terms(self.entries.scaled(np.repeat(each, self.years)), self.years)

    def where(self, keep: NDArray[np.bool_]) -> Terms:
        """Only the terms that are True in `keep`."""
        return Terms(self.entries.where(keep), self.years)

    def at(self, wanted: NDArray[np.bool_]) -> Terms:
        """Only the terms at the `wanted` places."""
        return self.where(np.repeat(np.repeat(wanted, self.years), self.entries.count))

    def over_subtree(self, places: PlaceTree, wanted: NDArray[np.bool_]) -> Terms:
        """The terms counted at every ancestor of their place (the place itself among them) that is `wanted`."""
        below, up = places.ancestors
        held: NDArray[np.bool_] = np.asarray(self.entries.count.reshape(-1, self.years).any(axis=1))
        pairs = wanted[up] & held[below]
        below, up = below[pairs], up[pairs]
        if len(below) == int(held.sum()) and bool((below == up).all()):
            return self
        order = np.lexsort((below, up))
        below, up = below[order], up[order]
        # For each ancestor and year, in that order, the rows of the places below it.
        members = np.bincount(up, minlength=places.size)
        ends = np.concatenate([np.zeros(1, dtype=np.int64), np.repeat(members, self.years).cumsum()])
        which = np.arange(ends[-1]) - np.repeat(ends[:-1], np.diff(ends))
        first = np.repeat(np.cumsum(members) - members, self.years)
        place = below[np.repeat(first, np.diff(ends)) + which]
        year = np.repeat(np.tile(np.arange(self.years), places.size), np.diff(ends))
        return Terms(self.entries.gathered(place * self.years + year, ends), self.years)

    def rows_of(self, numbers: IntArray) -> Entries:
        """The entries of some places and years."""
        first = self.entries.first
        count = first[numbers + 1] - first[numbers]
        if int(count.sum()) == len(self.entries.column) and bool((np.diff(numbers) > 0).all()):
            return Entries(np.append(first[numbers], first[-1]), self.column, self.coefficient)  # no others have any
        return self.entries.gathered(numbers)


def joined(*parts: Terms) -> Terms:
    """Several sets of terms as one."""
    return Terms(beside(part.entries for part in parts), parts[0].years)
