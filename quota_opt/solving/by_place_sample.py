"""A few blocks that stand for all: prices of the linking rows, corrected by what all blocks use at them.

    sides' = used by the sample + share · (sides − used by all)

At the sample's first optimum its sides are its share of the whole's. Where the blocks at its prices use u of a row
instead of b, the sample is solved again as if it had to make up its share of b − u: if it answers to prices as all
blocks do, the next prices fit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from quota_opt.model.linear import Arrays, FloatArray, IntArray
from quota_opt.solving.by_place import Part, Parts
from quota_opt.solving.by_place_block import Block, Until

FEWEST, MOST = 2, 2
"""Blocks in a sample."""
ONE_IN = 20
"""Blocks that one of the sample stands for, while it is not larger than `MOST`."""
STEPS = (1.0, 0.5, 0.2)
"""Shares of the correction that are tried until the sample has an optimum."""


class Sample:
    """The sample of a model in blocks."""

    def __init__(self, parts: Parts) -> None:
        count = len(parts.parts)
        size = min(count, max(FEWEST, min(MOST, count // ONE_IN)))
        chosen = np.unique(((np.arange(size) + 0.5) * count / size).astype(np.int64)).tolist()
        self._whole = parts
        self._parts = [parts.parts[b] for b in chosen]
        self._columns = np.concatenate([p.columns for p in self._parts])
        self._share = len(self._columns) / sum(len(p.columns) for p in parts.parts)
        arrays, self._links, common = _sample(parts, self._parts, self._share)
        self._first_link = arrays.rows - len(self._links)
        self._common = np.flatnonzero(common)
        self._block = Block(arrays, sp.csr_array((0, arrays.columns)))
        self._matrix = sp.csr_array(arrays.matrix[self._first_link + self._common])

    def prices(self, until: float) -> FloatArray | None:
        """Prices of the whole's linking rows as the sample has them, nought where it has none; None without any."""
        answer = self._block.solve(np.zeros(0), Until(until))
        if answer is None:
            return None
        prices = np.zeros(len(self._whole.linking))
        prices[self._links] = answer.prices[self._first_link :]
        return prices

    def corrected(self, values: FloatArray, until: float) -> FloatArray | None:
        """Prices after the blocks' answer to the last ones; None where the sample has no optimum then."""
        arrays = self._whole.arrays
        rows = self._whole.linking[self._links[self._common]]
        used, mine = arrays.matrix[rows] @ values, self._matrix @ values[self._columns]
        for step in STEPS:
            share = self._share * step
            low, high = mine + share * (arrays.row_lower[rows] - used), mine + share * (arrays.row_upper[rows] - used)
            self._block.change_sides(self._first_link + self._common, low, high)
            prices = self.prices(until)
            if prices is not None:
                return prices
        return None


def _sample(parts: Parts, chosen: Sequence[Part], share: float) -> tuple[Arrays, IntArray, NDArray[np.bool_]]:
    """The chosen blocks as one model, its own rows first; which linking rows follow, and which of them others share.

    Rows that at least half of all blocks meet in are scaled to `share`; rows that only chosen blocks are in stay as
    they are; the others are left out, and so are the columns of no block.
    """
    arrays = parts.arrays
    meeting = np.sum([np.diff(p.linking.indptr) > 0 for p in parts.parts], axis=0)
    entries = sp.csr_array(sp.hstack([p.linking for p in chosen]))
    inside, whole = np.diff(entries.indptr), np.diff(arrays.matrix.indptr)[parts.linking]
    kept = np.flatnonzero((inside > 0) & ((2 * meeting >= len(parts.parts)) | (inside == whole)))
    common = inside[kept] < whole[kept]
    factor = np.where(common, share, 1.0)
    links = parts.linking[kept]
    own = sp.block_diag([p.arrays.matrix for p in chosen], format="csr")

    def joined(name: str) -> FloatArray:
        made: FloatArray = np.concatenate([getattr(p.arrays, name) for p in chosen])
        return made

    sample = Arrays(
        objective=joined("objective"),
        offset=0.0,
        lower=joined("lower"),
        upper=joined("upper"),
        integer=np.zeros(sum(len(p.columns) for p in chosen), dtype=bool),
        matrix=sp.csr_array(sp.vstack([own, entries[kept]])),
        row_lower=np.concatenate([joined("row_lower"), arrays.row_lower[links] * factor]),
        row_upper=np.concatenate([joined("row_upper"), arrays.row_upper[links] * factor]),
    )
    return sample, kept.astype(np.int64), common
