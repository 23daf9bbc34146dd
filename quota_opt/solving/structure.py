"""Many small choices tied by few rows: prices first, the few lumpy choices by branching, the small ones rounded.

    1. prices     the linear relaxation, and from its prices what each option of a group costs against the best
    2. core       options within a small regret of their group's best; the rest is left out, and priced at each node
    3. branch     best bound first with plunges, on the largest group that is torn: its options before or after a year,
                  one option or not; the core is hot-started by bound changes
    4. round      where all large groups are whole: the largest groups are fixed step by step, so that ever smaller ones
                  take up what rounding leaves
    5. prove      every node's bound is recomputed from its prices over all columns (`packing.PriceBound`)

A group is a firm's actions or a project's starts; its size is what its dearest option moves at the prices of the
relaxation. Nothing here knows firms or projects: groups are rows `Σ x_j <= 1` over 0/1 columns.
"""

from __future__ import annotations

import heapq
import logging
import math
from dataclasses import dataclass, replace

import numpy as np

from quota_opt.model.linear import Arrays, FloatArray, IntArray
from quota_opt.solving.attempt import Answer, given_options, solve_checked
from quota_opt.solving.checking import check_values, snapped
from quota_opt.solving.core import Core
from quota_opt.solving.highs import HighsEngine, Relaxed, ask_highs, relaxed
from quota_opt.solving.packing import Groups, PriceBound, groups_of
from quota_opt.solving.profile import Profile
from quota_opt.solving.status import EngineInfo, OnProgress, Solution, Status, relative_gap
from quota_opt.solving.watch import Watch

log = logging.getLogger(__name__)

LARGE = 5_000
"""0/1 columns from which on the method pays; below, a general solver's cuts do as well."""
WHOLE = 1e-7
"""A value this near a whole number is whole."""
CORE_REGRETS = (3e-5, 1e-3, math.inf)
"""Regrets (fractions of the objective) up to which options are in the core; the next where one was not enough."""
LUMPY = 2e-3
"""Groups that move this fraction of the objective are branched on before anything is rounded."""
FIXED_A_STEP = 0.25
"""Of the groups still open, the share that one step of rounding fixes, largest first."""
PATIENCE = 400
"""Linear programs without a better plan after which the search leaves the rest to HiGHS and its cuts."""
SEARCH_SHARE = 0.5
"""Of the time there is, the most that the search takes before HiGHS goes on from its plan."""
ROUNDINGS_APART = 0.3
"""A node is rounded where its bound is this share of the gap above the best plan, at least."""


@dataclass(order=True)
class _Node:
    """A part of the tree: bounds that hold in it, as the core columns closed and the ones forced."""

    key: float
    number: int
    closed: tuple[IntArray, ...]
    forced: tuple[int, ...]

    @property
    def bound(self) -> float:
        return -self.key


class Search:
    """One model's search; `run` gives the answer in the units of the arrays handed in."""

    def __init__(
        self, arrays: Arrays, groups: Groups, profile: Profile, watch: Watch, start: FloatArray | None
    ) -> None:
        self.arrays, self.groups, self.profile, self.watch = arrays, groups, profile, watch
        self.best: FloatArray | None = None
        self.best_value = -math.inf
        self.floor = -math.inf  # bound of parts that were given up unproven
        self.heap: list[_Node] = []
        self.numbers = 0
        self.solved = 0  # linear programs of earlier cores
        self.last_gain = 0
        self.top = math.inf
        self._core: Core | None = None
        if start is not None and check_values(arrays, snapped(arrays, start)).ok:
            self._offer(snapped(arrays, start))

    def run(self) -> Answer | None:
        """The answer, or None where the relaxation has no optimum and an engine must say what that means."""
        root = relaxed(self.arrays, self._left())
        if root is None:
            return None
        self.proof = PriceBound(self.arrays, self.groups)
        top = self.proof.value(root.prices, self.arrays.lower, self.arrays.upper)
        self.scale = max(abs(top), 1e-9)
        self.margin = self.proof.margins(root.prices)
        self.top = proven = top
        for regret in CORE_REGRETS:
            self.solved = self._count()
            self._core = self._chosen_core(root, regret)
            log.debug("relaxation %.9g, core %d of %d columns", top, len(self.core.columns), self.arrays.columns)
            self.floor = -math.inf
            self.heap = [_Node(-top, 0, (), ())]
            while self.heap and not self._over():
                self._plunge(heapq.heappop(self.heap))
            proven = min(proven, self._upper())
            # A wider core helps only where this one was searched to its end and left-out columns keep a gap open.
            if self._over() or proven <= self._cutoff() or len(self.core.columns) == self.arrays.columns:
                break
        return self._answer(proven)

    def _chosen_core(self, root: Relaxed, most: float) -> Core:
        values, prices, basis = root.values, root.prices, root.basis
        of, arrays = self.groups.of, self.arrays
        grouped = of >= 0
        best = np.zeros(self.groups.count)
        np.maximum.at(best, of[grouped], self.margin[grouped])
        regret = np.where(grouped, best[np.maximum(of, 0)] - self.margin, 0.0)
        keep = (regret <= most * self.scale) | (values > 1e-9) | ~grouped
        columns = np.flatnonzero(keep)
        self.of = of[columns]
        self.whole_columns = np.flatnonzero(self.of >= 0)
        tied = np.where(self.groups.tying, np.abs(prices), 0.0)
        moved = abs(arrays.matrix).T @ tied + np.abs(arrays.objective)
        self.size = np.zeros(self.groups.count)
        np.maximum.at(self.size, of[grouped], moved[grouped])
        order = np.argsort(self.of, kind="stable")
        self._order = order[np.searchsorted(self.of[order], 0) :]
        self._first = np.searchsorted(self.of[self._order], np.arange(self.groups.count + 1))
        self.by_size = np.argsort(-self.size, kind="stable")
        return Core(arrays, columns, basis)

    @property
    def core(self) -> Core:
        """The linear program over the columns left open."""
        assert self._core is not None
        return self._core

    def _members(self, group: int) -> IntArray:
        """Core columns of a group."""
        return self._order[self._first[group] : self._first[group + 1]]

    def _torn(self) -> IntArray:
        """Groups with a column that is not whole, the largest first."""
        x = self.core.x[self.whole_columns]
        torn = np.unique(self.of[self.whole_columns[np.abs(x - np.round(x)) > WHOLE]])
        return torn[np.argsort(-self.size[torn], kind="stable")]

    def _bounds(self, node: _Node) -> tuple[FloatArray, FloatArray]:
        lower, upper = self.core.base
        for columns in node.closed:
            upper[columns] = 0.0
        for column in node.forced:
            lower[column] = 1.0
        return lower, upper

    def _plunge(self, node: _Node) -> None:
        """Follow one node down, the better child first, until it is proven, rounded or worse than the best plan."""
        while not self._over():
            if node.bound <= self._cutoff():
                return
            self.core.reset(*self._bounds(node))
            if not self.core.solve():
                self._give_up(node)
                return
            bound = min(node.bound, self._bound_here(node))
            if bound <= self._cutoff():
                return
            torn = self._torn()
            if not len(torn):
                self._offer_core()
                if self.core.value < bound - 1e-9 * self.scale:
                    # Left-out columns keep a gap open here: nothing more to branch on in the core.
                    self.floor = max(self.floor, bound)
                return
            node = replace(node, key=-bound)
            first, second = self._children(node, int(torn[0]))
            small = self.size[torn[0]] < LUMPY * self.scale
            if small:
                if self._worth_rounding(bound):
                    self._round(node)
                heapq.heappush(self.heap, first)
                heapq.heappush(self.heap, second)
                return
            heapq.heappush(self.heap, second)
            node = first
            self._tell()

    def _bound_here(self, node: _Node) -> float:
        """The bound the core's prices prove over all columns, left-out ones included."""
        lower, upper = self._whole_bounds(node)
        return self.proof.value(self.core.prices, lower, upper)

    def _whole_bounds(self, node: _Node) -> tuple[FloatArray, FloatArray]:
        """Bounds of all columns in a node: a group with a forced column takes no other."""
        lower, upper = self.arrays.lower.copy(), self.arrays.upper.copy()
        for columns in node.closed:
            upper[self.core.columns[columns]] = 0.0
        for column in node.forced:
            lower[self.core.columns[column]] = 1.0
        return lower, upper

    def _give_up(self, node: _Node) -> None:
        """A node whose core has no optimum: gone if a ray proves it over all columns, else its bound stays."""
        if self.core.infeasible and self.core.ray is not None:
            lower, upper = self._whole_bounds(node)
            for sign in (1.0, -1.0):
                proven = self.proof.value(sign * self.core.ray, lower, upper, objective=False)
                if proven < -1e-6 * float(np.abs(self.core.ray).max(initial=1.0)):
                    return
        self.floor = max(self.floor, node.bound)

    def _children(self, node: _Node, group: int) -> tuple[_Node, _Node]:
        """Two parts that hold every whole choice of the group between them; the likelier first."""
        members = self._members(group)
        weights = self.core.x[members]
        live = members[weights > WHOLE]
        if len(live) == 1:
            only = int(live[0])
            taken = self._child(node, (), only)
            not_taken = self._child(node, (np.array([only]),), None)
            return (taken, not_taken) if self.core.x[only] >= 0.5 else (not_taken, taken)
        shares = self.core.x[live]
        half = np.searchsorted(np.cumsum(shares), shares.sum() / 2.0) + 1
        half = int(np.clip(half, 1, len(live) - 1))
        edge = live[half - 1]
        early, late = members[members <= edge], members[members > edge]
        # What is left out of the core belongs to both parts: it is priced in each.
        before, after = self._child(node, (late,), None), self._child(node, (early,), None)
        return (before, after) if shares[:half].sum() >= shares[half:].sum() else (after, before)

    def _child(self, node: _Node, closed: tuple[IntArray, ...], forced: int | None) -> _Node:
        self.numbers += 1
        more = () if forced is None else (forced,)
        return _Node(node.key, self.numbers, node.closed + closed, node.forced + more)

    def _worth_rounding(self, bound: float) -> bool:
        if self.best is None:
            return True
        return bound - self.best_value >= ROUNDINGS_APART * self.profile.relative_gap * self.scale

    def _round(self, node: _Node) -> None:
        """From a node whose large groups are whole: fix groups largest first until all are, and offer the plan."""
        core = self.core
        settled = np.zeros(self.groups.count, dtype=bool)
        while not self._over():
            torn = self._torn()
            if not len(torn):
                self._offer_core()
                return
            if core.value <= self.best_value:
                return
            open_ = self.by_size[~settled[self.by_size]]
            largest = open_[: max(1, int(len(open_) * FIXED_A_STEP))]
            chosen = np.setdiff1d(largest, torn)
            pressed = torn[np.isin(torn, largest)]
            pressed = pressed[: max(1, len(pressed) // 2)] if len(pressed) else torn[:1]
            settled[chosen] = settled[pressed] = True
            before = self._fix(np.concatenate([chosen, pressed]))
            if core.solve():
                continue
            # Too much at once: the torn ones one by one, each taking nothing where it must.
            core.reset(*before)
            if not core.solve() or not self._fix_singly(pressed):
                return
        return

    def _fix(self, groups: IntArray) -> tuple[FloatArray, FloatArray]:
        """Fix groups at their largest choice; returns the bounds as they were."""
        before = self.core.lower.copy(), self.core.upper.copy()
        x = self.core.x
        chosen = np.zeros(self.groups.count, dtype=bool)
        chosen[groups] = True
        columns = self.whole_columns[chosen[self.of[self.whole_columns]]]
        if not len(columns):
            return before
        of = self.of[columns]
        total = np.bincount(of, weights=x[columns], minlength=self.groups.count)
        # The largest value of each group, the first of equals.
        order = np.lexsort((columns, -x[columns], of))
        leader = np.ones(len(order), dtype=bool)
        leader[1:] = of[order][1:] != of[order][:-1]
        top = columns[order[leader]]
        wins = x[top] >= 1.0 - total[self.of[top]]
        value = np.zeros(len(self.core.columns))
        value[top[wins]] = 1.0
        self.core.set(columns, value[columns], value[columns])
        return before

    def _fix_singly(self, groups: IntArray) -> bool:
        """Fix groups one at a time, trying every choice by its value; False where none of one group's is possible."""
        core = self.core
        for group in groups.tolist():
            members = self._members(group)
            order = [int(m) for m in members[np.argsort(-core.x[members], kind="stable")]]
            choices: list[int | None] = [*order[:3], None]
            if 1.0 - core.x[members].sum() > core.x[order[0]]:
                choices = [None, *order[:3]]
            lower, upper = core.lower[members].copy(), core.upper[members].copy()
            for choice in choices:
                if choice is not None and upper[members == choice][0] < 0.5:
                    continue
                value = (members == choice).astype(float) if choice is not None else np.zeros(len(members))
                core.set(members, value, value)
                if core.solve():
                    break
                core.set(members, lower, upper)
            else:
                return False
        return True

    def _offer_core(self) -> None:
        values = np.zeros(self.arrays.columns)
        values[self.core.columns] = self.core.x
        self._offer(values)

    def _offer(self, values: FloatArray) -> None:
        whole = np.where(self.arrays.integer, np.round(values), values)
        value = self.arrays.value(whole)
        if value > self.best_value:
            if value > self.best_value + 0.1 * self.profile.relative_gap * abs(value):
                self.last_gain = self._count()
            self.best, self.best_value = whole, value
            self._tell()

    def _count(self) -> int:
        """Linear programs solved so far."""
        return self.solved + (self._core.count if self._core is not None else 0)

    def _cutoff(self) -> float:
        """Parts with a bound up to here hold nothing that matters."""
        if self.best is None:
            return -math.inf
        return self.best_value + 0.999 * self.profile.relative_gap * abs(self.best_value)

    def _upper(self) -> float:
        rest = max((node.bound for node in self.heap), default=-math.inf)
        return max(rest, self.floor, self.best_value)

    def _tell(self) -> None:
        top = self.heap[0].bound if self.heap else math.inf
        self.watch.update(self.best_value if self.best is not None else None, max(top, self.floor))

    def _left(self) -> float:
        limit = self.profile.time_limit_s
        return math.inf if limit is None else max(limit - self.watch.seconds, 0.01)

    def _over(self) -> bool:
        """Whether to stop: asked to, out of time, or long without a better plan."""
        limit = self.profile.time_limit_s
        late = limit is not None and self.watch.seconds >= SEARCH_SHARE * limit
        return late or self.watch.cancelled.is_set() or self._count() - self.last_gain > PATIENCE

    def _answer(self, proven: float) -> Answer | None:
        if self.best is None:
            return Answer(Status.NO_SOLUTION_FOUND, bound=proven) if self._over() else None
        proven = max(proven, min(self._cutoff(), self.top))
        closed = relative_gap(self.best_value, proven) <= self.profile.relative_gap
        return Answer(Status.OPTIMAL if closed else Status.FEASIBLE, self.best, proven)


def applies(arrays: Arrays, profile: Profile) -> bool:
    """Whether a model is worth the method: many groups, a gap that leaves room, HiGHS with no options of its own."""
    if profile.engine != "highs" or profile.relative_gap <= 0.0 or profile.options:
        return False
    return int(arrays.integer.sum()) >= LARGE and _all_choices(arrays)


def _all_choices(arrays: Arrays) -> bool:
    """Whether there are whole numbers, and 0 or 1 all of them."""
    whole = arrays.integer
    return bool(whole.any() and (arrays.lower[whole] >= 0.0).all() and (arrays.upper[whole] <= 1.0).all())


def solve_structured(
    arrays: Arrays,
    profile: Profile,
    *,
    on_progress: OnProgress | None = None,
    start: FloatArray | None = None,
    stage: str = "solve",
) -> Solution:
    """Solve one model by its structure; HiGHS as a whole where the search has nothing to say."""
    version = HighsEngine().availability("HIGHS").version
    info = EngineInfo("highs", "HIGHS", version, {**given_options(profile), "method": "structure"})
    return solve_checked(_ask, info, arrays, profile, on_progress=on_progress, start=start, stage=stage)


def _ask(arrays: Arrays, profile: Profile, watch: Watch, start: FloatArray | None) -> Answer:
    found = None
    if _all_choices(arrays):
        found = Search(arrays, groups_of(arrays), profile, watch, start).run()
    if found is not None and (found.status is Status.OPTIMAL or watch.cancelled.is_set()):
        return found
    limit = profile.time_limit_s
    left = profile if limit is None else profile.with_limits(time_limit=max(limit - watch.seconds, 0.01))
    whole = ask_highs(arrays, left, watch, start if found is None or found.values is None else found.values)
    if found is None or whole.status not in (Status.OPTIMAL, Status.FEASIBLE, Status.NO_SOLUTION_FOUND):
        return whole
    values = [v for v in (whole.values, found.values) if v is not None]
    if not values:
        return whole
    best = max(values, key=arrays.value)
    bound = max(min(whole.bound, found.bound), arrays.value(best))
    closed = relative_gap(arrays.value(best), bound) <= profile.relative_gap
    status = Status.OPTIMAL if closed else Status.FEASIBLE
    return replace(whole, status=status, values=best, bound=bound, proof=found.proof)
