"""The proof of a search: its tree of splits, and prices that prove a bound at every leaf.

    bound = offset + Σ_i μ_i · b_i + Σ_blocks max over the block's leaves of the leaf's bound at  c − Aᵀ(μ + λ_leaf)

`μ` prices the rows between blocks (none where the model is one block), `λ_leaf` those within one, under the column
bounds of the leaf (`packing.PriceBound` has the formula and its rounding). Whoever made the proof, `proven` trusts
nothing of it: each split must leave no choice out, each leaf is added up again, and what is left is never below the
true optimum.

A split is about one group, of which at most one column is taken. Each of its parts takes one column of the group, or
closes some of them. Nothing is left out if what all closing parts close is taken in another, and there is a closing
part for the plans that take none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import reduce

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from quota_opt.errors import QuotaOptError, Text
from quota_opt.model.linear import Arrays, FloatArray, IntArray
from quota_opt.solving.packing import ROUNDING, PriceBound, groups_of, sided

NOTHING: IntArray = np.zeros(0, dtype=np.int64)
"""No column, or no row."""
ROOT = -1
"""The parent of a node without one."""


class ProofError(QuotaOptError):
    """A proof that proves nothing: which node, and why."""


class Kind(StrEnum):
    """What the prices of a node say."""

    BOUND = "bound"
    INFEASIBLE = "infeasible"  # they are a ray: nothing fits the column bounds here


@dataclass(frozen=True, eq=False)
class Prices:
    """Prices of some rows, those of all others being 0."""

    rows: IntArray = field(default_factory=lambda: NOTHING)
    values: FloatArray = field(default_factory=lambda: np.zeros(0))

    @staticmethod
    def of(dense: FloatArray) -> Prices:
        """The prices that are not 0."""
        rows = np.flatnonzero(dense)
        return Prices(rows, dense[rows])

    def dense(self, rows: int) -> FloatArray:
        """One price per row."""
        made = np.zeros(rows)
        made[self.rows] = self.values
        return made


@dataclass(frozen=True, eq=False)
class Node:
    """A part of a block's tree: 0/1 columns set to 0 (`closed`) and to 1 (`forced`) from here on, and its prices.

    A bound holds for all parts below; a node without prices (None) has that of its parent.
    """

    number: int
    parent: int = ROOT
    block: int = 0
    closed: IntArray = field(default_factory=lambda: NOTHING)
    forced: IntArray = field(default_factory=lambda: NOTHING)
    prices: Prices | None = None
    kind: Kind = Kind.BOUND


@dataclass(frozen=True, eq=False)
class Proof:
    """Trees, one per block, and the bound they are said to prove.

    `block` gives each column its block; None: there is one, and no row is between blocks.
    """

    nodes: tuple[Node, ...]
    bound: float
    linking: Prices = field(default_factory=Prices)
    block: IntArray | None = None

    @property
    def leaves(self) -> int:
        """Number of nodes that are not split."""
        return len({node.number for node in self.nodes} - {node.parent for node in self.nodes})

    def in_units(self, rows: IntArray, factors: FloatArray, objective: float) -> Proof:
        """The proof for the model this one's rows were taken from.

        Row `i` here is row `rows[i]` there, multiplied by `factors[i]`; the objective here is `objective` times that
        there.
        """

        def priced(prices: Prices) -> Prices:
            return Prices(rows[prices.rows], prices.values * factors[prices.rows] / objective)

        nodes = (node if node.prices is None else replace(node, prices=priced(node.prices)) for node in self.nodes)
        return replace(self, nodes=tuple(nodes), linking=priced(self.linking), bound=self.bound / objective)


class Tree:
    """Takes down a search as it goes; `proof` is what it amounts to.

    Columns and rows are positions of the model the proof will be for. `tying` marks the rows whose prices count; those
    of a group's own row prove nothing that the group does not (`packing.Groups`).
    """

    def __init__(self, tying: NDArray[np.bool_] | None = None) -> None:
        self._tying = tying
        self._nodes: dict[int, Node] = {}
        self._bounds: dict[int, float] = {}

    def root(self, block: int = 0) -> int:
        """A new tree; returns the number of its root."""
        return self._added(Node(len(self._nodes), block=block))

    def split(self, number: int, parts: Sequence[tuple[Sequence[int] | IntArray, int | None]]) -> list[int]:
        """Split a node into parts (columns closed, column forced or None); returns their numbers."""
        made = []
        for closed, forced in parts:
            columns = np.asarray(closed, dtype=np.int64)
            taken = NOTHING if forced is None else np.array([forced], dtype=np.int64)
            made.append(self._added(Node(len(self._nodes), number, self._nodes[number].block, columns, taken)))
        return made

    def price(self, number: int, prices: FloatArray, bound: float) -> float:
        """Prices (one per row) that prove a bound at a node, before it is split; returns the best bound known there.

        Prices that prove no more than the parent's, or than earlier ones of the node, are not kept.
        """
        above = min(self._bounds[number], self._bounds.get(self._nodes[number].parent, math.inf))
        self._bounds[number] = min(bound, above)
        if bound < above:
            self._keep(number, prices, Kind.BOUND)
        return self._bounds[number]

    def empty(self, number: int, ray: FloatArray) -> None:
        """The ray (one entry per row) that shows that nothing is feasible at a node."""
        self._bounds[number] = -math.inf
        self._keep(number, ray, Kind.INFEASIBLE)

    def _keep(self, number: int, prices: FloatArray, kind: Kind) -> None:
        counted = prices if self._tying is None else np.where(self._tying, prices, 0.0)
        self._nodes[number] = replace(self._nodes[number], prices=Prices.of(counted), kind=kind)

    def proof(self, bound: float, linking: Prices | None = None, block: IntArray | None = None) -> Proof:
        """The tree as it stands, whatever was not split being a leaf; prices that no leaf needs are left out."""
        needed = set()
        parents = {node.parent for node in self._nodes.values()}
        for node in self._nodes.values():
            at: Node | None = node if node.number not in parents else None
            while at is not None and at.prices is None:
                at = self._nodes.get(at.parent)
            if at is not None:
                needed.add(at.number)
        kept = tuple(node if node.number in needed else replace(node, prices=None) for node in self._nodes.values())
        return Proof(kept, bound, linking or Prices(), block)

    def _added(self, node: Node) -> int:
        self._bounds[node.number] = self._bounds.get(node.parent, math.inf)
        self._nodes[node.number] = node
        return node.number


def proof_of_prices(arrays: Arrays, prices: FloatArray) -> Proof:
    """The proof without a split: one node, and prices for it."""
    groups = groups_of(arrays)
    bound = PriceBound(arrays, groups).value(prices, arrays.lower, arrays.upper)
    return Proof((Node(0, prices=Prices.of(np.where(groups.tying, prices, 0.0))),), bound)


def joined(parts: Sequence[tuple[Proof, IntArray, IntArray]], columns: int, linking: Prices, bound: float) -> Proof:
    """The proofs of blocks as one of the whole model, which has so many columns; rows between blocks have `linking`.

    Each comes with where its columns and its rows stand in the whole. A block's own model has the rows within it only,
    and the whole's objective less what its columns take of the rows between, at their prices.
    """
    nodes: list[Node] = []
    block = np.full(columns, -1, dtype=np.int64)
    for number, (part, its_columns, its_rows) in enumerate(parts):
        block[its_columns] = number
        numbers = {ROOT: ROOT, **{node.number: len(nodes) + k for k, node in enumerate(part.nodes)}}
        nodes += [
            Node(
                numbers[node.number],
                numbers[node.parent],
                number,
                its_columns[node.closed],
                its_columns[node.forced],
                None if node.prices is None else Prices(its_rows[node.prices.rows], node.prices.values),
                node.kind,
            )
            for node in part.nodes
        ]
    return Proof(tuple(nodes), bound, linking, block)


def proven(arrays: Arrays, proof: Proof) -> float:
    """The bound on the objective that the proof proves; inf where it proves none, -inf that nothing is feasible.

    Raises ProofError where it leaves a choice out, or does not fit the model.
    """
    trees = _trees(proof.nodes)
    if proof.block is None:
        if set(trees) != {0} or len(proof.linking.rows):
            raise _error(None, Text("模型没有分块，证明却分了块", "it speaks of blocks the model does not have"))
        return _Block(arrays).proven(trees[0])
    known = set(np.unique(proof.block).tolist())
    if proof.block.shape != (arrays.columns,) or known != set(trees) or min(known, default=0) < 0:
        raise _error(None, Text("分块与模型的列不符", "its blocks are not those of the model's columns"))
    of_row = blocks_of_rows(arrays, proof.block)
    _check_range(None, proof.linking.rows, arrays.rows)
    if (of_row[proof.linking.rows] >= 0).any():
        raise _error(None, Text("块内的行被当作块间的行", "it prices a row within a block as one between"))
    linking, side = sided(proof.linking.dense(arrays.rows), arrays.row_lower, arrays.row_upper)
    between = linking * side
    terms = [arrays.offset, ROUNDING * float(np.abs(between).sum()), *between[between != 0.0].tolist()]
    for number, nodes in trees.items():
        terms.append(_Block(arrays, np.flatnonzero(proof.block == number), of_row == number, linking).proven(nodes))
    if -math.inf in terms:
        return -math.inf
    return math.nextafter(math.fsum(terms), math.inf) if np.isfinite(terms).all() else math.inf


class _Block:
    """One block of a model: its columns, the rows within it, the prices of those it shares; what trees prove of it."""

    def __init__(
        self,
        arrays: Arrays,
        columns: IntArray | None = None,
        within: NDArray[np.bool_] | None = None,
        linking: FloatArray | None = None,
    ) -> None:
        self._columns = np.arange(arrays.columns) if columns is None else columns
        self._rows = np.arange(arrays.rows)
        self._linking, elsewhere = np.zeros(arrays.rows), None
        if columns is not None and within is not None and linking is not None:
            matrix = sp.csr_array(sp.csc_array(arrays.matrix)[:, columns])
            self._rows = np.flatnonzero(np.diff(matrix.indptr))
            elsewhere = ~within[self._rows]
            self._linking = linking[self._rows]
            arrays = replace(
                arrays,
                objective=arrays.objective[columns],
                offset=0.0,
                lower=arrays.lower[columns],
                upper=arrays.upper[columns],
                integer=arrays.integer[columns],
                matrix=sp.csr_array(matrix[self._rows, :]),
                # What is left of a row between blocks says nothing by itself: no group may come of it.
                row_lower=np.where(elsewhere, -np.inf, arrays.row_lower[self._rows]),
                row_upper=np.where(elsewhere, np.inf, arrays.row_upper[self._rows]),
                column_blocks=(),
                row_blocks=(),
            )
        self._within = np.ones(arrays.rows, dtype=bool) if elsewhere is None else ~elsewhere
        self._arrays, self._groups = arrays, groups_of(arrays)
        self._bound = PriceBound(arrays, self._groups, elsewhere)

    def proven(self, nodes: Mapping[int, Node]) -> float:
        """The largest bound of the leaves of one tree; its nodes come parents first."""
        parts: dict[int, list[Node]] = {}
        for node in nodes.values():
            if node.parent != ROOT:
                parts.setdefault(node.parent, []).append(node)
            elif len(node.closed) or len(node.forced):
                raise _error(node, Text("根节点不得限定任何列", "a root may not restrict any column"))
        for number, children in parts.items():
            self._check_split(nodes[number], children)
        bounds: dict[int, float] = {}
        for number, node in nodes.items():
            above = bounds.get(node.parent, math.inf)
            bounds[number] = above if node.prices is None else min(above, self._here(node, nodes))
        return max(bound for number, bound in bounds.items() if number not in parts)

    def _check_split(self, node: Node, parts: Sequence[Node]) -> None:
        """Whether the parts hold every choice of one group between them."""
        named = self._positions(node, np.concatenate([c for part in parts for c in (part.closed, part.forced)]))
        of = np.unique(self._groups.of[named])
        if len(of) > 1 or (of < 0).any():
            raise _error(node, Text("分支不在同一组 0/1 列上", "its parts differ in more than one group"))
        taken = [int(part.forced[0]) for part in parts if len(part.forced)]
        if any(len(part.forced) > 1 or (len(part.forced) and len(part.closed)) for part in parts):
            raise _error(node, Text("一个分支限定得过多", "a part does more than take one column"))
        closing = [part.closed for part in parts if not len(part.forced)]
        if not closing:
            raise _error(node, Text("没有分支允许一列都不取", "no part is left for plans that take none of the group"))
        missed = np.setdiff1d(reduce(np.intersect1d, closing), taken)
        if len(missed):
            words = Text(f"没有分支允许取第 {missed[0]} 列", f"no part is left for plans that take column {missed[0]}")
            raise _error(node, words)

    def _here(self, node: Node, nodes: Mapping[int, Node]) -> float:
        """The bound that the node's own prices prove."""
        assert node.prices is not None
        lower, upper = self._arrays.lower.copy(), self._arrays.upper.copy()
        at: Node | None = node
        while at is not None:
            upper[self._positions(at, at.closed)] = 0.0
            lower[self._positions(at, at.forced)] = 1.0
            at = nodes.get(at.parent)
        prices = np.zeros(len(self._rows))
        rows = _found(self._rows, node.prices.rows)
        if (rows < 0).any() or not self._within[rows].all():
            raise _error(node, Text("价格所属的行不在本块内", "it prices a row that is not within its block"))
        prices[rows] = node.prices.values
        if node.kind is Kind.BOUND:
            return self._bound.value(prices + self._linking, lower, upper)
        if not self._bound.excludes(prices, lower, upper):
            raise _error(node, Text("射线没有证明此处无解", "its ray does not show that nothing is feasible there"))
        return -math.inf

    def _positions(self, node: Node, columns: IntArray) -> IntArray:
        """Positions within the block."""
        found = _found(self._columns, columns)
        if (found < 0).any():
            raise _error(node, Text("限定的列不在本块内", "it restricts a column that is not of its block"))
        return found


def _trees(nodes: Sequence[Node]) -> dict[int, dict[int, Node]]:
    """The nodes of each block by number, parents first."""
    by_number = {node.number: node for node in nodes}
    if len(by_number) < len(nodes) or ROOT in by_number:
        raise _error(None, Text("节点编号重复或无效", "a node's number is there twice, or is none"))
    below: dict[int, list[Node]] = {}
    for node in nodes:
        below.setdefault(node.parent, []).append(node)
        if node.parent != ROOT and node.parent not in by_number:
            raise _error(node, Text("父节点缺失", "its parent is missing"))
        if node.parent != ROOT and by_number[node.parent].block != node.block:
            raise _error(node, Text("与父节点不在同一块", "it is not of its parent's block"))
    trees: dict[int, dict[int, Node]] = {}
    for root in below.get(ROOT, []):
        if root.block in trees:
            raise _error(root, Text("同一块有两个根节点", "its block has another root"))
        tree = trees[root.block] = {root.number: root}
        waiting = [root.number]
        while waiting:
            for node in below.get(waiting.pop(), []):
                tree[node.number] = node
                waiting.append(node.number)
    if sum(map(len, trees.values())) < len(nodes):
        raise _error(None, Text("有节点不在任何根之下", "some nodes hang under no root"))
    return trees


def blocks_of_rows(arrays: Arrays, block: IntArray) -> IntArray:
    """The block that all columns of a row are in; -1 for a row between blocks, or without columns."""
    of_entry = block[arrays.matrix.indices]
    rows = np.repeat(np.arange(arrays.rows), np.diff(arrays.matrix.indptr))
    least, most = np.full(arrays.rows, np.iinfo(np.int64).max), np.full(arrays.rows, -1, dtype=np.int64)
    np.minimum.at(least, rows, of_entry)
    np.maximum.at(most, rows, of_entry)
    return np.where(least == most, most, -1)


def _found(known: IntArray, wanted: IntArray) -> IntArray:
    """Where each wanted position stands among the known (ascending); -1 where it does not."""
    if not len(known) or not len(wanted):
        return np.full(len(wanted), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[at] == wanted, at, -1)


def _check_range(node: Node | None, positions: IntArray, size: int) -> None:
    if len(positions) and (positions.min() < 0 or positions.max() >= size):
        raise _error(node, Text("价格所属的行不在模型中", "it prices a row that the model does not have"))


def _error(node: Node | None, why: Text) -> ProofError:
    if node is None:
        return ProofError(Text(f"证明不成立：{why.zh}。", f"The proof does not hold: {why.en}."))
    return ProofError(
        Text(f"证明不成立：节点 {node.number}，{why.zh}。", f"The proof does not hold at node {node.number}: {why.en}.")
    )
