"""Branch and bound over the choices of one model, proven by prices at every node.

Best bound first, with plunges; on large groups that are torn: its options before or after a year, one option or not,
whichever of a few groups lowers the bound most. Every node's bound is recomputed from its prices over all columns
(`packing.PriceBound`), and the tree is taken down as a proof that needs no trust (`proof.Tree`).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from quota_opt.model.linear import Arrays, FloatArray, IntArray
from quota_opt.solving.checking import check_values, snapped
from quota_opt.solving.highs import Relaxed, relaxed
from quota_opt.solving.packing import Groups
from quota_opt.solving.proof import Proof, Tree
from quota_opt.solving.rounding import DEARER, LUMPY, WHOLE, Bounds, Rounder
from quota_opt.solving.watch import Watch

CORE_REGRETS = (3e-5, 1e-3, math.inf)
"""Regrets (fractions of the objective) up to which options are in the core; the next where one was not enough."""
TRIED, TRIED_TO = 4, 10
"""Groups tried at a node before one is branched on; depth from which on the largest is taken untried."""


@dataclass(order=True)
class Part:
    """A part of the tree: what holds in it, as the columns closed and the ones forced."""

    key: float
    number: int
    closed: tuple[IntArray, ...] = ()
    forced: tuple[int, ...] = ()
    depth: int = 0

    @property
    def bound(self) -> float:
        """No plan of this part is better."""
        return -self.key


@dataclass(frozen=True)
class Found:
    """What a search ends with: the best plan (None without one), its value, the bound proven and the proof of it."""

    values: FloatArray | None
    value: float
    bound: float
    proof: Proof
    stopped: bool  # a limit came first


class Search(Rounder):
    """One model's search; it ends within `slack` of the best plan, or after `patience` linear programs in vain.

    `tell` is called with the best value (None: none) and the bound now and then.
    """

    def __init__(
        self,
        arrays: Arrays,
        groups: Groups,
        watch: Watch,
        *,
        gap: float,
        slack: float = 0.0,
        patience: int,
        until: float = math.inf,
        start: FloatArray | None = None,
        tell: Callable[[float | None, float], None] | None = None,
    ) -> None:
        super().__init__(arrays, groups, watch, until)
        self._gap, self._slack, self._patience, self._tell_to = gap, slack, patience, tell
        self.floor = -math.inf  # bound of parts that were given up unproven
        self.heap: list[Part] = []
        self.last_gain = 0
        self.top = math.inf
        if start is not None and check_values(arrays, snapped(arrays, start)).ok:
            self.keep(snapped(arrays, start))

    def run(self, root: Relaxed | None = None) -> Found | None:
        """The answer, or None where the relaxation has no optimum and an engine must say what that means."""
        root = root or relaxed(self.arrays, max(self.until - self.watch.seconds, 0.01))
        if root is None:
            return None
        self.top = proven = self.bound_of.value(root.prices, self.arrays.lower, self.arrays.upper)
        if not math.isfinite(self.top):
            return None
        proof: Proof | None = None
        for regret in CORE_REGRETS:
            self.open_core(root, max(abs(self.top), 1e-9), regret)
            self.tree = Tree(self.groups.tying)
            whole = Part(-self.top, self.tree.root())
            self.tree.price(whole.number, root.prices, self.top)
            self.floor, self.heap, self.last_gain = -math.inf, [whole], self.count()
            if self.solve_under(self._bounds(whole)):
                self.round(self._bounds(whole))
            while self.heap and not self.over():
                self._plunge(heapq.heappop(self.heap))
            if proof is None or self._upper() < proven:
                proven = min(proven, self._upper())
                proof = self.tree.proof(proven)
            # A wider core helps only where this one was searched to its end and left-out columns keep a gap open.
            if self.over() or proven <= self._cutoff() or len(self.core.columns) == self.arrays.columns:
                break
        assert proof is not None
        return Found(self.best, self.best_value, max(proven, self.best_value), proof, self.over())

    def over(self) -> bool:
        """Whether to stop: asked to, out of time, or long without gain."""
        return super().over() or self.count() - self.last_gain > self._patience

    def kept(self) -> None:
        """A better plan: the search may go on."""
        self.last_gain = self.count() if self._core is not None else 0
        self._tell()

    def _bounds(self, part: Part) -> Bounds:
        """Bounds of all columns in a part."""
        lower, upper = self.arrays.lower.copy(), self.arrays.upper.copy()
        for columns in part.closed:
            upper[columns] = 0.0
        for column in part.forced:
            lower[column] = 1.0
        return lower, upper

    def _plunge(self, part: Part) -> None:
        """Follow one part down, the better half first, until it is proven, rounded or worse than the best plan."""
        while part.bound > self._cutoff():
            if self.over():
                heapq.heappush(self.heap, part)
                return
            bounds = self._bounds(part)
            if not self._solve_node(part, bounds):
                if not self._excluded(part.number, bounds):
                    self.floor = max(self.floor, part.bound)
                return
            part = replace(part, key=-self._priced(part.number, bounds, self.core.prices))
            if part.bound <= self._cutoff():
                return
            torn = self.torn()
            if not len(torn):
                self._keep_core()
                # What is still open here is due to columns left out, or to rows that are short.
                self.floor = max(self.floor, part.bound if part.bound > self._cutoff() else -math.inf)
                return
            halves = self._split(part, torn)
            for other in halves[1:]:
                heapq.heappush(self.heap, other)
            if not halves:
                return
            part = halves[0]
            self._tell()
            if self.size[torn[0]] < LUMPY * self.scale:
                heapq.heappush(self.heap, part)
                self.core.dear(1.0)
                if self.solve_under(self._bounds(part)):
                    self.round(self._bounds(part))
                return

    def _priced(self, number: int, bounds: Bounds, prices: FloatArray) -> float:
        """The best bound known of a node, these prices among what proves it."""
        return self.tree.price(number, prices, self.bound_of.value(prices, *bounds))

    def _solve_node(self, part: Part, bounds: Bounds) -> bool:
        """Solve a node's core; where rows are short, with these dearer, so that they are kept if they can be."""
        self.core.dear(1.0)
        if not self.solve_under(bounds):
            return False
        if self.core.short and self._priced(part.number, bounds, self.core.prices) > self._cutoff():
            self.core.dear(DEARER)
            return self.solve_under(bounds)
        return True

    def _excluded(self, number: int, bounds: Bounds) -> bool:
        """Whether the core's ray shows that no plan is in a node at all, the columns left out included."""
        ray = self.core.ray()
        for signed in () if ray is None else (ray, -ray):
            if self.bound_of.excludes(signed, *bounds):
                self.tree.empty(number, signed)
                return True
        return False

    def _split(self, part: Part, torn: IntArray) -> list[Part]:
        """The halves of a part that may hold better plans, the likelier first, on the group that lowers bounds most."""
        x, value = self.core.x.copy(), self.core.value
        least = 1e-9 * self.scale
        score = -math.inf
        best: list[tuple[float, Part, FloatArray]] = []
        for group in torn[: TRIED if part.depth < TRIED_TO else 1].tolist():
            tried = []
            for closed, forced in self._ways(group, x):
                half = Part(part.key, 0, (*part.closed, *closed), (*part.forced, *forced), part.depth + 1)
                self.core.reset(*self.in_core(self._bounds(half)))
                solved = self.core.solve()
                fall = max(value - self.core.value, 0.0) if solved else 0.0
                tried.append((fall, half, self.core.prices if solved else np.zeros(self.arrays.rows)))
            worth = max(min(t[0] for t in tried), least) * max(*(t[0] for t in tried), least)
            if worth > score:
                score, best = worth, tried
        already = len(part.closed), len(part.forced)
        numbers = self.tree.split(
            part.number,
            [
                (
                    np.concatenate(half.closed[already[0] :]) if len(half.closed) > already[0] else (),
                    half.forced[already[1]] if len(half.forced) > already[1] else None,
                )
                for _, half, _ in best
            ],
        )
        made = []
        for number, (fall, half, prices) in zip(numbers, best, strict=True):
            bound = self._priced(number, self._bounds(half), prices)
            if bound > self._cutoff():
                made.append((fall, replace(half, number=number, key=-bound)))
        return [half for _, half in sorted(made, key=lambda pair: pair[0])]

    def _ways(self, group: int, x: FloatArray) -> list[tuple[tuple[IntArray, ...], tuple[int, ...]]]:
        """Two parts (columns closed, columns forced) that hold every whole choice of the group between them."""
        inside = self.members(group)
        inside = inside[np.argsort(self.core.columns[inside], kind="stable")]
        inside = inside[x[inside] > WHOLE]
        live, shares = self.core.columns[inside], x[inside]
        if len(live) == 1:
            return [((), (int(live[0]),)), ((live,), ())]
        half = int(np.clip(np.searchsorted(np.cumsum(shares), shares.sum() / 2.0) + 1, 1, len(live) - 1))
        members = self.columns_of[self.column_of[group] : self.column_of[group + 1]]
        edge = live[half - 1]
        return [((members[members > edge],), ()), ((members[members <= edge],), ())]

    def _cutoff(self) -> float:
        """Parts with a bound up to here hold nothing that matters."""
        if self.best is None:
            return -math.inf
        return self.best_value + max(self._slack, 0.999 * self._gap * abs(self.best_value))

    def _upper(self) -> float:
        rest = max((part.bound for part in self.heap), default=-math.inf)
        proven = max(rest, self.floor, self.best_value)
        # Parts below the cutoff were let go with bounds up to it.
        return min(max(proven, self._cutoff()), self.top)

    def _tell(self) -> None:
        if self._tell_to is not None:
            top = self.heap[0].bound if self.heap else self.top
            self._tell_to(self.best_value if self.best is not None else None, max(top, self.floor))
