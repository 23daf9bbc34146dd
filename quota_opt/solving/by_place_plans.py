"""Tasks of one block, a county, at work with the others: what it proves at given prices, and its plan within its share.

Both are run by `by_place_workers.Workers` in whichever process holds the block; answers depend on what is handed in
alone. Seconds are counted from the task's start.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from quota_opt.model.linear import Arrays, FloatArray, IntArray
from quota_opt.solving.by_place import Part, Parts, split
from quota_opt.solving.by_place_block import Block
from quota_opt.solving.highs import Relaxed, relaxed
from quota_opt.solving.packing import groups_of
from quota_opt.solving.proof import Prices, Proof, joined, proof_of_prices
from quota_opt.solving.rounding import Rounder
from quota_opt.solving.search import Search
from quota_opt.solving.watch import Watch

PATIENCE = 400
"""Linear programs in vain after which the search of one block ends."""
REGRET = 3e-5
"""Regrets (fractions of the objective) up to which options are open in rounding."""

PartProof = tuple[Proof, IntArray, IntArray]
"""A proof, and where its columns and rows stand."""


def usable(arrays: Arrays, prices: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Prices of rows that have a side to count against (others 0), and that side."""
    prices = np.where((prices > 0) & np.isinf(arrays.row_upper), 0.0, prices)
    prices = np.where((prices < 0) & np.isinf(arrays.row_lower), 0.0, prices)
    return prices, np.where(prices > 0, arrays.row_upper, np.where(prices < 0, arrays.row_lower, 0.0))


def proofs_of_parts(
    parts: Parts, prices: FloatArray, slack: float, watch: Watch, until: float, plans: FloatArray | None = None
) -> tuple[list[PartProof], float]:
    """What each part proves at these prices of all rows, and the bound these add up to (with the rows between).

    The best plan of each part at these prices, by itself, is put into `plans` (one value per column) where given.
    """
    arrays = parts.arrays
    between = np.zeros(arrays.rows)
    between[parts.linking] = prices[parts.linking]
    between, side = usable(arrays, between)
    bound = arrays.offset + float(between @ side)
    proofs = []
    for part in parts.parts:
        proof, values = block_proof(part, between[parts.linking], prices[part.rows], slack, watch, until)
        if plans is not None and values is not None:
            plans[part.columns] = values
        proofs.append((proof, part.columns, part.rows))
        bound += proof.bound
    # Room for the order in which this was added up; the proof is added up again by whoever checks it.
    return proofs, bound + 1e-12 * (abs(bound) + float(np.abs(between * side).sum()))


def block_proof(
    part: Part, linking: FloatArray, own: FloatArray, slack: float, watch: Watch, until: float
) -> tuple[Proof, FloatArray | None]:
    """The proof of one block at prices of the rows between blocks, and its best plan at these, if one is found.

    `own` are prices of its own rows to fall back on.
    """
    model = replace(part.arrays, objective=part.arrays.objective - part.linking.T @ linking, offset=0.0)
    plain = proof_of_prices(model, own)
    whole = model.integer
    choices = bool(whole.any() and (model.lower[whole] >= 0.0).all() and (model.upper[whole] <= 1.0).all())
    if not choices or watch.seconds >= until or watch.cancelled.is_set():
        return plain, None
    search = Search(model, groups_of(model), watch, gap=0.0, slack=slack, patience=PATIENCE, until=until)
    found = search.run()
    if found is None:
        return plain, None
    return found.proof if found.proof.bound < plain.bound else plain, found.values


def prove(
    block: Block, towns: IntArray, linking: FloatArray, own: FloatArray, slack: float, seconds: float
) -> tuple[list[PartProof], IntArray, float]:
    """Proofs of the block's towns (a number per column) at prices of the rows between blocks and of its own rows.

    Returns them in the block's columns and rows, its rows between towns, and the bound they add up to.
    """
    arrays = replace(
        block.arrays, integer=block.integer, objective=block.arrays.objective - block.linking.T @ linking, offset=0.0
    )
    parts = split(arrays, towns)
    proofs, bound = proofs_of_parts(parts, own, slack, Watch("block", None), seconds)
    return proofs, parts.linking, bound


def plan(block: Block, lower: FloatArray, upper: FloatArray, scale: float, seconds: float) -> FloatArray | None:
    """A plan of the block that takes between `lower` and `upper` of the rows between blocks; None where none is found.

    `scale` is the objective that small is small beside.
    """
    touched = np.flatnonzero(np.diff(block.linking.indptr))
    arrays = replace(
        block.arrays,
        integer=block.integer,
        matrix=sp.csr_array(sp.vstack([block.arrays.matrix, block.linking[touched]], format="csr")),
        row_lower=np.concatenate([block.arrays.row_lower, lower[touched]]),
        row_upper=np.concatenate([block.arrays.row_upper, upper[touched]]),
    )
    watch = Watch("block", None)
    root = relaxed(arrays, seconds)
    if root is None:
        return None
    return rounded(arrays, root, scale, watch, seconds).best


def rounded(arrays: Arrays, root: Relaxed, scale: float, watch: Watch, until: float = math.inf) -> Rounder:
    """The rounder of a model after it has rounded the relaxation."""
    rounder = Rounder(arrays, groups_of(arrays), watch, until)
    rounder.open_core(root, scale, REGRET)
    bounds = arrays.lower, arrays.upper
    if rounder.solve_under(bounds):
        rounder.round(bounds)
    return rounder


def whole_proof(parts: Parts, found: list[tuple[list[PartProof], IntArray, float]], prices: FloatArray) -> Proof:
    """The proofs of all blocks' towns as one of the whole model, at `prices` of its rows."""
    arrays = parts.arrays
    between = np.zeros(arrays.rows, dtype=bool)
    between[parts.linking] = True
    proofs: list[PartProof] = []
    linking, side = usable(arrays, np.where(between, prices, 0.0))
    bound = arrays.offset + float(linking @ side)
    size = float(np.abs(linking * side).sum())
    for part, (towns, rows, value) in zip(parts.parts, found, strict=True):
        between[part.rows[rows]] = True
        proofs += [(proof, part.columns[columns], part.rows[own]) for proof, columns, own in towns]
        bound += value
        size += abs(value)
    linking, _ = usable(arrays, np.where(between, prices, 0.0))
    return joined(proofs, arrays.columns, Prices.of(linking), bound + 1e-12 * (abs(bound) + size))
