"""The same model with other numbers: what the last solve left is tried before anything is searched again.

    1. proof      the old prices prove a bound of the new arrays too, whatever they were found for
    2. plan       the old plan, where it still keeps every row
    3. relaxation solved on from the old basis: new prices, another bound
    4. blocks     every leaf of the old trees is priced again, each from the basis of the one before (`reprice`)
    5. round      groups where the relaxation and the old plan differ, all others as they are

After each step the answer is there if the gap is closed. Where it is not in the end, the ordinary solve goes on from
the best plan, and the better of two bounds counts.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quota_opt.model.linear import Arrays, FloatArray
from quota_opt.solving.attempt import Answer, given_options, solve_checked
from quota_opt.solving.checking import check_values, snapped
from quota_opt.solving.core import Core
from quota_opt.solving.highs import HighsEngine, Relaxed, ask_highs, relaxed
from quota_opt.solving.memory import Memory, carried
from quota_opt.solving.packing import all_choices, groups_of
from quota_opt.solving.profile import Profile
from quota_opt.solving.proof import Proof, ProofError, proof_of_prices, proven
from quota_opt.solving.reprice import repriced
from quota_opt.solving.rounding import Bounds, Rounder
from quota_opt.solving.status import EngineInfo, OnProgress, Solution, Status, relative_gap
from quota_opt.solving.watch import Watch

log = logging.getLogger(__name__)

NEAR = 1e-5
"""Options whose regret is more than this fraction of the objective stay out of the rounding."""
GUIDED, ONE_BY_ONE = 0.02, 20
"""Groups that move this fraction of the objective are first left as in the old plan; so many are rounded singly."""
SHARE = 0.4
"""Of the time there is, the most that is spent here before the ordinary solve begins."""
ALIKE = 1e-7
"""A value of the relaxation this near the old plan's is the same choice."""


@dataclass(frozen=True, eq=False)
class Again:
    """How far the memory led: OPTIMAL within the gap, or the best plan and bound; the relaxation, or a basis for it."""

    solution: Solution
    root: Relaxed | None
    basis: Any


def again(
    arrays: Arrays, profile: Profile, memory: Memory, *, on_progress: OnProgress | None = None, stage: str = "solve"
) -> Again:
    """Solve `arrays` from what is remembered of a like model; see the head of this file."""
    left = profile
    if profile.time_limit_s is not None:
        left = profile.with_limits(time_limit=max(SHARE * profile.time_limit_s, 0.01))
    version = HighsEngine().availability("HIGHS").version
    info = EngineInfo("highs", "HIGHS", version, {**given_options(profile), "method": "again"})
    attempt = _Attempt(arrays, memory, left)
    solution = solve_checked(attempt.ask, info, arrays, left, on_progress=on_progress, stage=stage, scaled=False)
    root = attempt.root or attempt.memory.root
    return Again(replace(solution, proof=attempt.proof), attempt.root, None if root is None else root.basis)


def better_bound(solution: Solution, known: Solution, gap: float) -> Solution:
    """`solution` with the bound of `known`, where that is tighter, and the time both took."""
    solution = replace(solution, seconds=solution.seconds + known.seconds)
    useful = known.status in (Status.FEASIBLE, Status.NO_SOLUTION_FOUND) and known.bound < solution.bound
    if solution.values is None or not useful:
        return solution
    bound = max(known.bound, solution.objective)
    closed = solution.status is Status.FEASIBLE and relative_gap(solution.objective, bound) <= gap
    status = Status.OPTIMAL if closed else solution.status
    return replace(solution, status=status, bound=bound, proof=known.proof or solution.proof)


class _Attempt:
    """One model, asked step by step until the gap is closed."""

    def __init__(self, arrays: Arrays, memory: Memory, profile: Profile) -> None:
        self.arrays, self.profile = arrays, profile
        self.memory = carried(memory, arrays)
        self.root: Relaxed | None = None
        self.values: FloatArray | None = None
        self.bound = math.inf
        self.proof: Proof | None = None

    def ask(self, asked: Arrays, profile: Profile, watch: Watch, start: FloatArray | None) -> Answer:
        """See `attempt.Ask`; `asked` differs from the model in rows that say nothing."""
        if not asked.integer.any():
            return ask_highs(asked, profile, watch, start)
        self.watch = watch
        self.until = math.inf if profile.time_limit_s is None else profile.time_limit_s
        for step in (self._old, self._relaxed, self._blocks, self._rounded):
            step()
            if self._closed():
                return Answer(Status.OPTIMAL, self.values, self.bound)
            if watch.cancelled.is_set() or watch.seconds >= self.until:
                break
        status = Status.NO_SOLUTION_FOUND if self.values is None else Status.FEASIBLE
        return Answer(status, self.values, self.bound)

    def _closed(self) -> bool:
        value = math.nan if self.values is None else self.arrays.value(self.values)
        self.watch.update(None if self.values is None else value, self.bound)
        return relative_gap(value, max(self.bound, value)) <= self.profile.relative_gap

    def _take(self, values: FloatArray | None) -> None:
        if values is None or not check_values(self.arrays, snapped(self.arrays, values)).ok:
            return
        whole = snapped(self.arrays, values)
        if self.values is None or self.arrays.value(whole) > self.arrays.value(self.values):
            self.values = whole

    def _prove(self, proof: Proof | None) -> None:
        """Take a proof for what it proves here, if it is better than what there is."""
        if proof is None:
            return
        try:
            bound = proven(self.arrays, proof)
        except ProofError as error:
            log.debug("the old proof does not fit: %s", error)
            return
        if math.isfinite(bound) and bound < self.bound:
            self.bound, self.proof = bound, replace(proof, bound=bound)

    def _old(self) -> None:
        self._take(self.memory.values)
        self._prove(self.memory.proof)

    def _relaxed(self) -> None:
        left = self.until - self.watch.seconds
        self.root = relaxed(self.arrays, left, None if self.memory.root is None else self.memory.root.basis)
        if self.root is None:
            return
        proof = proof_of_prices(self.arrays, self.root.prices)
        if math.isfinite(proof.bound) and proof.bound < self.bound:
            self.bound, self.proof = proof.bound, proof
        self._take(self.root.values)

    def _blocks(self) -> None:
        if self.root is not None and self.memory.proof is not None:
            self._prove(repriced(self.arrays, self.memory.proof, self.root.prices, self.watch, self.until))

    def _rounded(self) -> None:
        if self.root is None or self.memory.values is None or not all_choices(self.arrays):
            return
        rounder = _Near(self.arrays, groups_of(self.arrays), self.watch, self.until)
        rounder.enough = (1.0 - 0.5 * self.profile.relative_gap) * self.bound
        rounder.from_plan(self.root, self.memory.values, max(abs(self.bound), 1e-9))
        self._take(rounder.best)


class _Near(Rounder):
    """Rounds groups where the relaxation and a plan differ; all others stay as in the plan."""

    enough = math.inf

    def from_plan(self, root: Relaxed, plan: FloatArray, scale: float) -> None:
        """Round from the relaxation, first with the largest choices of the plan; `best` has what comes of it."""
        self.open_near(root, plan, scale)
        if not len(self.by_size):
            return
        self.guided(plan, GUIDED)
        bounds = self.arrays.lower, self.arrays.upper
        if not self.over() and self.solve_under(bounds):
            self.round(bounds)

    def round(self, bounds: Bounds) -> None:
        """From the point at hand, round all groups once and keep the plan, if it is one."""
        self._round_open(self.by_size, ONE_BY_ONE)

    def open_near(self, root: Relaxed, plan: FloatArray, scale: float) -> None:
        """A core of the good options of the groups where `root` and `plan` differ."""
        arrays, groups = self.arrays, self.groups
        of, grouped, count = groups.of, groups.of >= 0, groups.count
        self.scale = scale
        margin = self.bound_of.margins(root.prices)
        best = np.zeros(count)
        np.maximum.at(best, of[grouped], margin[grouped])
        opened = np.zeros(count, dtype=bool)
        opened[of[grouped & (np.abs(root.values - plan) > ALIKE)]] = True
        inside = grouped & opened[np.maximum(of, 0)]
        good = (best[np.maximum(of, 0)] - margin <= NEAR * scale) | (root.values > ALIKE) | (plan > 0.5)
        columns = np.flatnonzero(~grouped | (inside & good))
        rows = np.flatnonzero(groups.tying | opened[np.maximum(groups.of_rows(arrays), 0)])
        rest = np.where(grouped & ~inside, np.round(plan), 0.0)
        tied = np.where(groups.tying, np.abs(root.prices), 0.0)
        moved = abs(arrays.matrix).T @ tied + np.abs(arrays.objective)
        self.settled = ~opened
        self.size = np.zeros(count)
        np.maximum.at(self.size, of[grouped], moved[grouped])
        np.maximum.at(self.size, *self._through_shares(moved))
        by_size = np.argsort(-self.size, kind="stable")
        self.by_size = by_size[opened[by_size]]
        eased = groups.tying & (np.diff(arrays.matrix.indptr) > 2)
        self._core = Core(arrays, columns, rows, rest, eased, root.prices, scale, root.basis)
        self.position = np.full(arrays.columns, -1)
        self._register()

    def over(self) -> bool:
        """Whether to stop: also where the plan is good enough."""
        return super().over() or self.best_value >= self.enough
