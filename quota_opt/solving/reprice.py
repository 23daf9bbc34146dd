"""An old proof at new prices: the same trees, every leaf priced again, each from the basis of the leaf before.

The trees say which choices were worth splitting; that changes little with the numbers. What comes out is a proof like
any other: whoever takes it adds it up again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from quota_opt.model.linear import Arrays, FloatArray, IntArray
from quota_opt.solving.by_place import Part, split
from quota_opt.solving.highs import HotProgram
from quota_opt.solving.packing import groups_of
from quota_opt.solving.proof import ROOT, Kind, Node, Prices, Proof
from quota_opt.solving.watch import Watch

LEAVES = 2_000
"""Trees with more leaves than this are not priced again."""


def repriced(arrays: Arrays, proof: Proof, prices: FloatArray, watch: Watch, until: float) -> Proof | None:
    """The proof with `prices` between blocks, and new ones at its leaves; None where that would take too long."""
    if proof.leaves > LEAVES:
        return None
    block = np.zeros(arrays.columns, dtype=np.int64) if proof.block is None else proof.block
    if len(block) != arrays.columns or not arrays.columns:
        return None
    numbers = np.unique(block)  # `split` numbers blocks in this order
    parts = split(arrays, block)
    tying = groups_of(arrays).tying
    linking = np.zeros(arrays.rows)
    if proof.block is not None:
        linking[parts.linking] = np.where(tying, prices, 0.0)[parts.linking]
    below: dict[int, list[Node]] = {}
    for node in proof.nodes:
        below.setdefault(node.parent, []).append(node)
    roots = {root.block: root for root in below.get(ROOT, [])}
    nodes: list[Node] = []
    for number, part in zip(numbers.tolist(), parts.parts, strict=True):
        if number not in roots or watch.cancelled.is_set() or watch.seconds >= until:
            return None
        own = np.where(tying, prices, 0.0)[part.rows]
        nodes += _tree(part, linking[parts.linking], own, tying[part.rows], roots[number], below, arrays.columns)
    return Proof(tuple(nodes), proof.bound, Prices.of(linking), proof.block)


def _tree(
    part: Part,
    linking: FloatArray,
    own: FloatArray,
    tying: np.ndarray[tuple[int], np.dtype[np.bool_]],
    root: Node,
    below: Mapping[int, Sequence[Node]],
    columns: int,
) -> list[Node]:
    """The nodes of one block, the root with the prices of the relaxation, leaves with their own."""
    model = replace(part.arrays, objective=part.arrays.objective - part.linking.T @ linking)
    made = [replace(root, prices=_placed(own, part.rows), kind=Kind.BOUND)]
    if root.number not in below:
        return made
    program = HotProgram(model)
    at = np.full(columns, -1, dtype=np.int64)
    at[part.columns] = np.arange(len(part.columns))
    waiting = [(node, model.lower, model.upper) for node in reversed(below[root.number])]
    while waiting:
        node, lower, upper = waiting.pop()
        lower, upper = _within(node, at, lower, upper)
        parts = below.get(node.number)
        if parts:
            made.append(replace(node, prices=None, kind=Kind.BOUND))
            waiting += [(child, lower, upper) for child in reversed(parts)]
            continue
        found = program.prices(lower, upper)
        if found is not None:
            made.append(replace(node, prices=_placed(np.where(tying, found, 0.0), part.rows), kind=Kind.BOUND))
        else:  # nothing fits, and the old prices say so or not: whoever adds up will see
            made.append(node)
    return made


def _within(node: Node, at: IntArray, lower: FloatArray, upper: FloatArray) -> tuple[FloatArray, FloatArray]:
    lower, upper = lower.copy(), upper.copy()
    upper[at[node.closed]] = 0.0
    lower[at[node.forced]] = 1.0
    return lower, upper


def _placed(prices: FloatArray, rows: IntArray) -> Prices:
    there = np.flatnonzero(prices)
    return Prices(rows[there], prices[there])
