"""What one solve leaves for the next of the same case with other numbers, and how it is carried to a like model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from quota_opt.model.linear import Arrays, Block, FloatArray, IntArray
from quota_opt.solving.by_place import with_company
from quota_opt.solving.highs import Relaxed
from quota_opt.solving.proof import Node, Prices, Proof

GONE = -1
"""Where a column or row stands that the new model does not have."""


@dataclass(frozen=True, eq=False)
class Memory:
    """One stage as it was solved: its model, plan, proof, and the relaxation with its basis."""

    arrays: Arrays
    values: FloatArray | None
    proof: Proof | None = None
    root: Relaxed | None = None


@dataclass(eq=False)
class Recall:
    """The memories of one case, by the number of the stage; empty until a solve has filled it, then only read."""

    stages: dict[int, Memory] = field(default_factory=dict)


def carried(memory: Memory, arrays: Arrays) -> Memory:
    """The memory in the columns and rows of `arrays`: each goes to the one with the same labels, what is new is 0."""
    columns = places(memory.arrays.column_blocks, memory.arrays.columns, arrays.column_blocks, arrays.columns)
    rows = places(memory.arrays.row_blocks, memory.arrays.rows, arrays.row_blocks, arrays.rows)
    same = len(columns) == arrays.columns and np.array_equal(columns, np.arange(arrays.columns))
    if same and len(rows) == arrays.rows and np.array_equal(rows, np.arange(arrays.rows)):
        return replace(memory, arrays=arrays)
    proof = None if memory.proof is None else _carried_proof(memory.proof, arrays, columns, rows)
    values = None if memory.values is None else _moved(memory.values, columns, arrays.columns)
    root = None if memory.root is None else _carried_root(memory.root, arrays, columns, rows)
    return Memory(arrays, values, proof, root)


def places(old: Iterable[Block], old_size: int, new: Iterable[Block], new_size: int) -> IntArray:
    """Where each old position stands in the new model, by block and labels; GONE where it does not.

    What is in no block comes last and goes by its order.
    """
    made = np.full(old_size, GONE, dtype=np.int64)
    known: dict[str, list[Block]] = {}
    ends = [0, 0]
    for block in new:
        known.setdefault(block.name, []).append(block)
        ends[1] = max(ends[1], block.first + block.size)
    for block in old:
        ends[0] = max(ends[0], block.first + block.size)
        if not known.get(block.name):
            continue
        other = known[block.name].pop(0)
        at = _same_labels(block, other)
        made[block.positions] = np.where(at >= 0, at + other.first, GONE)
    tail = min(old_size - ends[0], new_size - ends[1])
    made[ends[0] : ends[0] + tail] = ends[1] + np.arange(tail)
    return made


def _same_labels(old: Block, new: Block) -> IntArray:
    """Where each line of one block stands in another; -1 where it does not, or the labels do not tell lines apart."""
    nowhere = np.full(old.size, -1, dtype=np.int64)
    if set(old.labels) != set(new.labels) or not old.labels:
        return nowhere
    first, second = old.frame(), new.frame()[list(old.labels)]
    if old.size == new.size and bool((first.to_numpy(dtype=object) == second.to_numpy(dtype=object)).all()):
        return np.arange(old.size)
    index = pd.MultiIndex.from_frame(second)
    if not index.is_unique:
        return nowhere
    return np.asarray(index.get_indexer(pd.MultiIndex.from_frame(first)), dtype=np.int64)


def _moved(values: FloatArray, to: IntArray, size: int) -> FloatArray:
    made = np.zeros(size)
    made[to[to >= 0]] = values[to >= 0]
    return made


def _carried_root(root: Relaxed, arrays: Arrays, columns: IntArray, rows: IntArray) -> Relaxed:
    """The relaxation's values, prices and basis; what is new stands at its lower bound, its rows are slack."""
    import highspy

    status = highspy.HighsBasisStatus
    basis = highspy.HighsBasis()
    basis.col_status = _listed(root.basis.col_status, columns, [status.kLower] * arrays.columns)
    basis.row_status = _listed(root.basis.row_status, rows, [status.kBasic] * arrays.rows)
    basis.valid = True
    values, prices = _moved(root.values, columns, arrays.columns), _moved(root.prices, rows, arrays.rows)
    return Relaxed(values, prices, basis)


def _listed(old: Any, to: IntArray, made: list[Any]) -> list[Any]:
    for status, place in zip(old, to.tolist(), strict=True):
        if place >= 0:
            made[place] = status
    return made


def _carried_proof(proof: Proof, arrays: Arrays, columns: IntArray, rows: IntArray) -> Proof:
    """The trees in the new columns and rows; parts that took a column which is gone are left out."""

    def still(positions: IntArray, to: IntArray) -> IntArray:
        moved = to[positions]
        return moved[moved >= 0]

    def priced(prices: Prices) -> Prices:
        to = rows[prices.rows]
        return Prices(to[to >= 0], prices.values[to >= 0])

    block = None
    if proof.block is not None:
        block = np.full(arrays.columns, -1, dtype=np.int64)
        block[columns[columns >= 0]] = proof.block[columns >= 0]
        block = np.maximum(with_company(arrays, block), 0)
    nodes: list[Node] = []
    out: set[int] = set()
    for node in proof.nodes:  # parents come first
        if node.parent in out or (len(node.forced) and not len(still(node.forced, columns))):
            out.add(node.number)
            continue
        prices = None if node.prices is None else priced(node.prices)
        closed, forced = still(node.closed, columns), still(node.forced, columns)
        nodes.append(replace(node, closed=closed, forced=forced, prices=prices))
    return Proof(tuple(nodes), proof.bound, priced(proof.linking), block)
