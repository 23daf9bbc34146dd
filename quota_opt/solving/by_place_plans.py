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
from quota_opt.solving.packing import all_choices, groups_of, sided
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


def proofs_of_parts(
    parts: Parts, prices: FloatArray, slack: float, watch: Watch, until: float, plans: FloatArray | None = None
) -> tuple[list[PartProof], float]:
    """What each part proves at these prices of all rows, and the bound these add up to (with the rows between).

    The best plan of each part at these prices, by itself, is put into `plans` (one value per column) where given.
    """
    arrays = parts.arrays
    between = np.zeros(arrays.rows)
    between[parts.linking] = prices[parts.linking]
    between, side = sided(between, arrays.row_lower, arrays.row_upper)
    bound = arrays.offset + float(between @ side)
    proofs = []
    for part in parts.parts:
        proof, values = block_proof(part, between[parts.linking], prices[part.rows], slack, watch, until)
        if plans is not None and values is not None:
            plans[part.columns] = values
        proofs.append((proof, part.columns, part.rows))
        bound += proof.bound
    return proofs, bound + _room(arrays, between, abs(bound) + float(np.abs(between * side).sum()))


def proof_by_parts(
    parts: Parts, prices: FloatArray, slack: float, watch: Watch, until: float
) -> tuple[Proof, FloatArray]:
    """What all parts prove of the whole at these prices of its rows, and their best plans by themselves.

    A column of a part without a plan is not a number.
    """
    arrays = parts.arrays
    plans = np.full(arrays.columns, np.nan)
    proofs, bound = proofs_of_parts(parts, prices, slack, watch, until, plans)
    between = np.zeros(arrays.rows)
    between[parts.linking] = prices[parts.linking]
    linking, _ = sided(between, arrays.row_lower, arrays.row_upper)
    return joined(proofs, arrays.columns, Prices.of(linking), bound), plans


def _room(arrays: Arrays, prices: FloatArray, size: float) -> float:
    """Room for the order in which a bound of this size was added up at prices of the rows between blocks.

    Whoever checks its proof adds up again, from the whole's objective, of which little may be left at the prices.
    """
    ends = np.maximum(np.abs(arrays.lower), np.abs(arrays.upper))
    reach = np.maximum(np.where(np.isfinite(ends), ends, 1.0), 1.0)
    terms = np.abs(arrays.objective) + abs(arrays.matrix).T @ np.abs(prices)
    return 1e-12 * size + 1e-13 * float(terms @ reach)


def block_proof(
    part: Part, linking: FloatArray, own: FloatArray, slack: float, watch: Watch, until: float
) -> tuple[Proof, FloatArray | None]:
    """The proof of one block at prices of the rows between blocks, and its best plan at these, if one is found.

    `own` are prices of its own rows to fall back on.
    """
    model = replace(part.arrays, objective=part.arrays.objective - part.linking.T @ linking, offset=0.0)
    plain = proof_of_prices(model, own)
    if not all_choices(model) or watch.seconds >= until or watch.cancelled.is_set():
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
    if not arrays.integer.any():
        return root.values
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
    linking, side = sided(np.where(between, prices, 0.0), arrays.row_lower, arrays.row_upper)
    bound = arrays.offset + float(linking @ side)
    size = float(np.abs(linking * side).sum())
    for part, (towns, rows, value) in zip(parts.parts, found, strict=True):
        between[part.rows[rows]] = True
        proofs += [(proof, part.columns[columns], part.rows[own]) for proof, columns, own in towns]
        bound += value
        size += abs(value)
    linking, _ = sided(np.where(between, prices, 0.0), arrays.row_lower, arrays.row_upper)
    return joined(proofs, arrays.columns, Prices.of(linking), bound + _room(arrays, linking, abs(bound) + size))
