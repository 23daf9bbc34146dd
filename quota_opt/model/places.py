"""The jurisdiction tree: province, cities, counties, towns and zones, as arrays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

IntArray = NDArray[np.int64] | NDArray[np.int32] | NDArray[np.int16]


@dataclass(frozen=True)
class PlaceTree:
    """Places in alphabetical order of their identifiers; `parent` is a position in the same arrays, -1 for a root."""

    names: NDArray[np.object_]
    titles: NDArray[np.object_]
    levels: NDArray[np.object_]
    parent: NDArray[np.int64]

    @classmethod
    def of(cls, places: pd.DataFrame) -> PlaceTree:
        """The tree of a checked `places` table (columns place, level, parent, name)."""
        ordered = places.sort_values("place", kind="stable")
        names = ordered["place"].to_numpy(dtype=object)
        code = {name: i for i, name in enumerate(names)}
        parent = np.array([code.get(p, -1) if p else -1 for p in ordered["parent"]], dtype=np.int64)
        titles = np.array([t or n for t, n in zip(ordered["name"], names, strict=True)], dtype=object)
        return cls(names, titles, ordered["level"].to_numpy(dtype=object), parent)

    @property
    def size(self) -> int:
        """Number of places."""
        return len(self.names)

    @cached_property
    def code(self) -> dict[str, int]:
        """Position of each place by its identifier."""
        return {name: i for i, name in enumerate(self.names)}

    def codes(self, names: pd.Series) -> NDArray[np.int64]:
        """Positions of a column of identifiers (checked before; an unknown one is an error of the program)."""
        found = pd.Index(self.names).get_indexer(pd.Index(names))
        if (found < 0).any():
            raise KeyError(f"unknown place {names.iloc[int(np.argmin(found))]!r}")
        return found.astype(np.int64)

    @cached_property
    def ancestors(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pairs (place, ancestor), every place being its own first ancestor."""
        place = np.arange(self.size)
        up = place.copy()
        places, ups = [], []
        while place.size:
            places.append(place)
            ups.append(up)
            up = self.parent[up]
            place, up = place[up >= 0], up[up >= 0]
        return np.concatenate(places), np.concatenate(ups)

    def spread(self, place: IntArray, wanted: NDArray[np.bool_]) -> tuple[IntArray | slice, IntArray]:
        """For entries at `place`: (number of the entry, ancestor), one pair per `wanted` ancestor of each entry.

        A place is its own first ancestor. Numbers are a slice where every entry has just one.
        """
        below, up = self.ancestors
        below, up = below[wanted[up]], up[wanted[up]]
        count = np.bincount(below, minlength=self.size)
        if count.max(initial=0) <= 1:
            only = np.full(self.size, -1, dtype=np.int32)
            only[below] = up
            ancestor = only[place]
            if (ancestor >= 0).all():
                return slice(None), ancestor
            keep = np.flatnonzero(ancestor >= 0)
            return keep, ancestor[keep]
        order = np.argsort(below, kind="stable")
        first = np.cumsum(count) - count
        length = count[place]
        entry = np.repeat(np.arange(len(place)), length)
        within = np.arange(len(entry)) - np.repeat(np.cumsum(length) - length, length)
        return entry, up[order][first[place][entry] + within]

    def within(self, names: Iterable[str]) -> NDArray[np.bool_]:
        """True for the named places and all below them."""
        wanted = np.zeros(self.size, dtype=bool)
        wanted[[self.code[name] for name in names]] = True
        place, up = self.ancestors
        inside = np.zeros(self.size, dtype=bool)
        inside[place[wanted[up]]] = True
        return inside

    def subtree_sum(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum over each place's subtree of an array whose first axis is the place."""
        place, up = self.ancestors
        total = np.zeros_like(values)
        np.add.at(total, up, values[place])
        return total

    @cached_property
    def depth(self) -> NDArray[np.int64]:
        """0 for a root."""
        place, _ = self.ancestors
        return np.bincount(place, minlength=self.size) - 1
