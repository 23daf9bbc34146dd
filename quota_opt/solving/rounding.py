"""From a relaxation to a plan: the largest torn groups one by one, ever smaller ones in steps, the last all at once.

A group is a firm's actions or a project's starts; its size is what its dearest option moves at the prices of the
relaxation. Nothing here knows firms or projects: groups are rows `Σ x_j <= 1` over 0/1 columns. The linear program that
is solved again after every choice is a core (`core.Core`): options within a small regret of their group's best.
"""

from __future__ import annotations

import logging
import math
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from quota_opt.model.linear import Arrays, FloatArray, IntArray
from quota_opt.solving.checking import check_values
from quota_opt.solving.core import Core
from quota_opt.solving.highs import Relaxed, small_program
from quota_opt.solving.packing import Groups, PriceBound
from quota_opt.solving.watch import Watch

log = logging.getLogger(__name__)

Bounds = tuple[FloatArray, FloatArray]
WHOLE, EXACT = 1e-7, 1e-12
"""A value this near a whole number is whole; what lies further off than the second is made whole before it is kept."""
SETTLED = 30.0
"""Groups with nothing else in sight within this many times the core's regret are settled."""
TAKEN_IN, TAKEN_IN_ROUNDS = 1e-8, 4
"""Columns left out are taken in where they are better by this fraction of the objective; so many times in a row."""
LUMPY, ONE_BY_ONE = 2e-4, 80
"""Groups that move this fraction of the objective are rounded one by one, at most so many of them."""
DEAR = 1e-5
"""Choices that cost a rounding this fraction of the objective are worth another without them."""
HARMLESS = 1e-6
"""A choice that costs no more than this fraction of the objective is taken without trying the others."""
FIXED_A_STEP = 0.06
"""Of the groups still open, the share that one later step fixes, largest first."""
LAST, LAST_NODES, ENOUGH = 40, 20, 1e-5
"""So many groups are rounded together at the end, in so many nodes at most, to this fraction of the objective."""
DEARER = 1e4
"""How much dearer rows that are short become where a rounding ended with some."""
REOPENED = (0.1, 0.3, 0.6)
"""The shares of the groups, smallest first, that are then rounded again."""


class Costly(NamedTuple):
    """A choice that a rounding had to pay for: its group, the column taken (-1: none), the one it had most of."""

    cost: float
    group: int
    column: int
    most: int


class Rounder:
    """Plans of one model; `best` is the best so far (None: none yet), `best_value` its objective."""

    def __init__(self, arrays: Arrays, groups: Groups, watch: Watch, until: float = math.inf) -> None:
        self.arrays, self.groups, self.watch, self.until = arrays, groups, watch, until
        self.bound_of = PriceBound(arrays, groups)
        self.columns_of, self.column_of = groups.members()
        self.best: FloatArray | None = None
        self.best_value = -math.inf
        self.costly: list[Costly] = []
        self.count_before = 0  # linear programs of earlier cores
        self._core: Core | None = None

    @property
    def core(self) -> Core:
        """The linear program over the columns left open."""
        assert self._core is not None
        return self._core

    def count(self) -> int:
        """Linear programs solved so far."""
        return self.count_before + (self._core.count if self._core is not None else 0)

    def over(self) -> bool:
        """Whether to stop: asked to, or out of time."""
        return self.watch.cancelled.is_set() or self.watch.seconds >= self.until

    def open_core(self, root: Relaxed, scale: float, regret: float) -> None:
        """A core of the options within `regret` (a fraction of `scale`) of their group's best at these prices."""
        self.count_before = self.count()
        of, arrays = self.groups.of, self.arrays
        self.scale, grouped = scale, of >= 0
        margin = self.bound_of.margins(root.prices)
        best = np.zeros(self.groups.count)
        np.maximum.at(best, of[grouped], margin[grouped])
        lost = np.where(grouped, best[np.maximum(of, 0)] - margin, 0.0)
        keep = (lost <= regret * scale) | ((root.values > 1e-9) & grouped) | ~grouped
        # A group whose one option in sight is taken, and far better than none, is settled.
        near = grouped & (lost <= SETTLED * regret * scale)
        alone = (np.bincount(of[near], minlength=self.groups.count) == 1) & (best > SETTLED * regret * scale)
        settled = near & alone[np.maximum(of, 0)] & (root.values > 1.0 - 1e-9) & (arrays.upper > 0.5)
        self.settled = np.zeros(self.groups.count, dtype=bool)
        self.settled[of[settled]] = True
        columns = np.flatnonzero(keep & ~(grouped & self.settled[np.maximum(of, 0)]))
        rows = np.flatnonzero(self.groups.tying | ~self.settled[np.maximum(self.groups.of_rows(arrays), 0)])
        tied = np.where(self.groups.tying, np.abs(root.prices), 0.0)
        moved = abs(arrays.matrix).T @ tied + np.abs(arrays.objective)
        self.size = np.zeros(self.groups.count)
        np.maximum.at(self.size, of[grouped], moved[grouped])
        np.maximum.at(self.size, *self._through_shares(moved))
        by_size = np.argsort(-self.size, kind="stable")
        self.by_size = by_size[np.isin(by_size, of[columns])]
        eased = self.groups.tying & (np.diff(arrays.matrix.indptr) > 2)
        rest = np.where(settled, 1.0, 0.0)
        self._core = Core(arrays, columns, rows, rest, eased, root.prices, scale, root.basis)
        self.position = np.full(arrays.columns, -1)
        self._register()
        log.debug("core of %d out of %d columns", len(columns), arrays.columns)

    def _through_shares(self, moved: FloatArray) -> tuple[IntArray, FloatArray]:
        """Groups and what they move through a column that one of their options opens: a row with just these two."""
        matrix, of = self.arrays.matrix, self.groups.of
        first = matrix.indptr[:-1][np.diff(matrix.indptr) == 2]
        one, two = matrix.indices[first], matrix.indices[first + 1]
        option, opened = np.concatenate([one, two]), np.concatenate([two, one])
        both = (of[option] >= 0) & (of[opened] < 0)
        return of[option[both]], moved[opened[both]]

    def _register(self) -> None:
        """Take down where the core's columns are and of which group each is."""
        self.position[self.core.columns] = np.arange(len(self.core.columns))
        self.of = self.groups.of[self.core.columns]
        self.whole_columns = np.flatnonzero(self.of >= 0)
        order = np.argsort(self.of, kind="stable")
        self._order = order[np.searchsorted(self.of[order], 0) :]
        self._first = np.searchsorted(self.of[self._order], np.arange(self.groups.count + 1))

    def guided(self, values: FloatArray, least: float) -> None:
        """Round with the groups that move this fraction of the objective, or more, chosen as in `values`."""
        of = self.groups.of
        chosen = (values > 0.5) & (of >= 0)
        more = np.flatnonzero(chosen & (self.position < 0) & ~self.settled[np.maximum(of, 0)])
        if len(more):
            self.core.take_in(more)
            self._register()
        large = np.flatnonzero((of >= 0) & (self.size[np.maximum(of, 0)] >= least * self.scale))
        lower, upper = self.arrays.lower.copy(), self.arrays.upper.copy()
        lower[large] = upper[large] = np.where(chosen[large], 1.0, 0.0)
        if self.solve_under((lower, upper)):
            self.round((lower, upper))

    def otherwise(self, tries: int) -> None:
        """Round again, each time without one of the choices that cost most, and go on from what is better."""
        tried: set[tuple[int, int]] = set()
        lower, upper = self.arrays.lower.copy(), self.arrays.upper.copy()
        dear = sorted(self.costly, reverse=True)
        while tries > 0 and not self.over():
            choice = next((c for c in dear if (c.group, c.column) not in tried), None)
            if choice is None or choice.cost <= DEAR * self.scale:
                return
            tries -= 1
            tried.add((choice.group, choice.column))
            side, at = (upper, choice.column) if choice.column >= 0 else (lower, choice.most)
            kept, side[at] = side[at], 0.0 if choice.column >= 0 else 1.0
            before, self.costly = self.best_value, []
            if self.solve_under((lower, upper)) and self.core.value > before:
                self.round((lower, upper))
            if self.best_value > before:
                dear = sorted(self.costly, reverse=True)
            else:
                side[at] = kept

    def in_core(self, bounds: Bounds) -> Bounds:
        """Bounds of the model's columns as those of the core's."""
        lower, upper = bounds
        return lower[self.core.columns].copy(), upper[self.core.columns].copy()

    def solve_under(self, bounds: Bounds) -> bool:
        """Solve the core under these bounds of the model, taking in what its prices make better than what is there."""
        of, upper = self.groups.of, bounds[1]
        for _ in range(TAKEN_IN_ROUNDS):
            self.core.reset(*self.in_core(bounds))
            if not self.core.solve():
                return False
            margin = self.bound_of.margins(self.core.prices)
            own = self.core.columns[self.whole_columns]
            best = np.zeros(self.groups.count)
            np.maximum.at(best, of[own], np.where(upper[own] > 0.5, margin[own], 0.0))
            better = (of >= 0) & (self.position < 0) & (upper > 0.5) & ~self.settled[np.maximum(of, 0)]
            better &= margin > best[np.maximum(of, 0)] + TAKEN_IN * self.scale
            more = np.flatnonzero(better)
            if not len(more):
                return True
            self.core.take_in(more)
            self._register()
        self.core.reset(*self.in_core(bounds))
        return self.core.solve()

    def members(self, group: int) -> IntArray:
        """Core columns of a group."""
        return self._order[self._first[group] : self._first[group + 1]]

    def torn(self) -> IntArray:
        """Groups with a column that is not whole, the largest first."""
        x = self.core.x[self.whole_columns]
        torn = np.unique(self.of[self.whole_columns[np.abs(x - np.round(x)) > WHOLE]])
        return torn[np.argsort(-self.size[torn], kind="stable")]

    def round(self, bounds: Bounds) -> None:
        """From the point at hand, round all groups and keep the plan; where rows are short, try again at the end."""
        self._round_open(self.by_size, ONE_BY_ONE)
        if not self._short():
            return
        self.core.dear(DEARER)
        lower, upper = self.in_core(bounds)
        for share in REOPENED:
            smallest = self.by_size[int(len(self.by_size) * (1.0 - share)) :]
            again = np.zeros(self.groups.count, dtype=bool)
            again[smallest] = True
            columns = self.whole_columns[again[self.of[self.whole_columns]]]
            self.core.set(columns, lower[columns], upper[columns])
            if not self.core.solve() or self._short():
                continue
            self._round_open(smallest, len(smallest))
            if not self._short() or self.over():
                break
        self.core.dear(1.0)

    def _short(self) -> bool:
        """Whether a row is short at the point at hand."""
        return self.core.short

    def _round_open(self, groups: IntArray, singly: int) -> None:
        """Round groups (the largest first): torn large ones one by one, so many at most, then all in steps."""
        core, open_ = self.core, groups
        while not self.over():
            torn = self.torn()
            if not len(torn):
                self._keep_core()
                return
            if core.value <= self.best_value:
                return
            if len(open_) <= LAST and not core.short:
                self._round_last(np.union1d(open_, torn))
                return
            if self.size[torn[0]] >= LUMPY * self.scale and singly > 0:
                singly -= 1
                open_ = open_[open_ != torn[0]]
                self._take_best(int(torn[0]))
                continue
            largest = open_[: max(1, int(len(open_) * FIXED_A_STEP))]
            pressed = torn[np.isin(torn, largest)]
            pressed = pressed[: max(1, len(pressed) // 2)] if len(pressed) else torn[:1]
            chosen = np.setdiff1d(largest, torn)
            open_ = open_[~np.isin(open_, chosen) & ~np.isin(open_, pressed)]
            was_short, before = core.short, self._fix(np.concatenate([chosen, pressed]))
            if core.solve() and (was_short or not core.short):
                continue
            # Too much at once: the torn ones one by one, each by what it costs.
            core.reset(*before)
            if not core.solve():
                return
            self._fix(chosen)
            for group in pressed.tolist():
                self._take_best(group)

    def _fix(self, groups: IntArray) -> Bounds:
        """Fix groups at their largest choice; returns the core's bounds as they were."""
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
        leaders = order[leader]
        taken = x[columns[leaders]] >= 1.0 - total[of[leaders]]
        value = np.zeros(len(columns))
        value[leaders[taken]] = 1.0
        self.core.set(columns, value, value)
        return before

    def _take_best(self, group: int) -> None:
        """Fix one group at the choice that costs least of the few that have most of it, none among them."""
        core = self.core
        members = self.members(group)
        x, before = core.x[members], core.value
        lower, upper = core.lower[members].copy(), core.upper[members].copy()
        choices = [(float(x[k]), int(k)) for k in np.argsort(-x, kind="stable")[:3] if upper[k] > 0.5]
        if not (lower > 0.5).any():
            choices.append((1.0 - float(x.sum()), -1))
        best: tuple[float, FloatArray] | None = None
        for _, k in sorted(choices, key=lambda choice: -choice[0]):
            value = np.zeros(len(members))
            if k >= 0:
                value[k] = 1.0
            core.set(members, value, value)
            if core.solve() and (best is None or core.value > best[0]):
                best = core.value, value
                if core.value >= before - HARMLESS * self.scale:
                    return
        if best is None:
            core.set(members, lower, upper)
        else:
            core.set(members, best[1], best[1])
            taken = np.flatnonzero(best[1] > 0.5)
            column = int(core.columns[members[taken[0]]]) if len(taken) else -1
            self.costly.append(Costly(before - best[0], group, column, int(core.columns[members[int(x.argmax())]])))
        core.solve()

    def _round_last(self, groups: IntArray) -> None:
        """The last groups all at once, everything else as it is."""
        open_ = np.zeros(self.groups.count, dtype=bool)
        open_[groups] = True
        core = self.core
        free = ((self.of < 0) | open_[np.maximum(self.of, 0)]) & (core.upper > core.lower)
        self.improve(core.whole(), core.columns[free], core.lower[free], core.upper[free])

    def improve(self, plan: FloatArray, columns: IntArray, lower: FloatArray, upper: FloatArray) -> None:
        """Keep what a small mixed-integer program over `columns`, all others as in `plan`, finds better."""
        arrays = self.arrays
        rest = np.where(arrays.integer, np.round(plan), plan)
        begun = rest[columns]
        rest[columns] = 0.0
        used = arrays.matrix @ rest
        matrix = sp.csr_array(arrays.matrix[:, columns])
        rows = np.flatnonzero(np.diff(matrix.indptr))
        part = Arrays(
            objective=arrays.objective[columns],
            offset=arrays.offset + float(arrays.objective @ rest),
            lower=lower,
            upper=upper,
            integer=arrays.integer[columns],
            matrix=sp.csr_array(matrix[rows]),
            row_lower=(arrays.row_lower - used)[rows],
            row_upper=(arrays.row_upper - used)[rows],
        )
        found = small_program(part, begun, ENOUGH * self.scale, LAST_NODES, self.until - self.watch.seconds)
        if found is not None:
            rest[columns] = found
            self.keep(rest)

    def _keep_core(self) -> None:
        """Keep the plan at hand, its whole numbers made whole and the rest solved beside them."""
        core = self.core
        if core.short:
            return
        columns, x = self.whole_columns, core.x[self.whole_columns]
        if np.abs(x - np.round(x)).max(initial=0.0) <= EXACT:
            self.keep(core.whole())
            return
        before = core.lower.copy(), core.upper.copy()
        core.set(columns, np.round(x), np.round(x))
        good = core.solve() and not core.short
        values = core.whole()
        core.reset(*before)
        core.short = not good
        if good:
            self.keep(values)

    def keep(self, values: FloatArray) -> None:
        """Keep a plan that is better than the best so far, if it is one."""
        whole = np.where(self.arrays.integer, np.round(values), values)
        value = self.arrays.value(whole)
        if value > self.best_value and check_values(self.arrays, whole).ok:
            self.best, self.best_value = whole, value
            self.kept()

    def kept(self) -> None:
        """Called when there is a better plan."""
