"""The linear relaxation of a model of many places, coordinated by prices, with the bound that these prove.

    1. sample    a few blocks with their share of what links all give first prices of the linking rows
    2. blocks    each block is solved at these prices, on its own; what all of them use too much or too little of, the
                 sample is told in its share, and gives better prices
    3. core      the blocks together, with the columns alone that were used or nearly were, from the blocks' bases
    4. widen     columns that the core's prices find better than what it has come in; the core is solved on from where
                 it stood, its prices in a box that moves along, until nothing is broken and the bound meets the value

The bound is `packing.PriceBound` over all columns. Every sum is taken in the order of the blocks: the answer does not
depend on the number of processes.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from quota_opt.model.linear import FloatArray, IntArray
from quota_opt.solving.by_place import Parts
from quota_opt.solving.by_place_block import BASIC, FREE, LOWER, UPPER, Block, BlockAnswer, Until
from quota_opt.solving.by_place_core import MergedCore, Start, without_ties
from quota_opt.solving.by_place_sample import Sample
from quota_opt.solving.by_place_workers import BlockWorkers, Workers
from quota_opt.solving.packing import ROUNDING, Groups, PriceBound, groups_of
from quota_opt.solving.pipes import WorkerError

log = logging.getLogger(__name__)

BOX = 0.02
"""How far a linking row's price may move in one step, as a fraction of it."""
SMALLEST_PRICE = 0.02
"""A price is taken to be this share, at least, of the objective over what the row moves."""
NEAR = 1e-3
"""Columns that miss their group's best by this fraction of what they move are in the core from the start."""
BEST_OF = 0.3
"""Of the columns that beat what a group has, those come in that miss its best by this share of the gain, at most."""
FAR = 10.0
"""A linking row may be broken by so many times what it moves and what its sides are, at most."""
REPAIRS = 5
"""Times that prices are put right for columns without an end."""
ROUNDS = 80
"""Steps of the core after which the model is left to others."""
SWEEPS = 4
"""Times that all blocks are solved at prices of the sample, at most."""
WORTH_A_SWEEP = 1e-4
"""A sweep that lowers the bound by less than this fraction is the last."""
BROKEN = 1e-9
"""A linking row is whole if it is broken by less than this fraction of what it moves."""

Stopped = Callable[[], bool]


@dataclass(frozen=True)
class Coordinated:
    """The relaxation's values, their value, prices of all rows, the bound these prove, and the steps it took."""

    values: FloatArray
    value: float
    prices: FloatArray
    bound: float
    rounds: int

    @property
    def gap(self) -> float:
        """(bound − value) as a fraction of the value."""
        return (self.bound - self.value) / max(abs(self.value), 1e-9)


def coordinate(
    parts: Parts,
    *,
    processes: int = 1,
    limit: float = math.inf,
    tolerance: float = 1e-5,
    stopped: Stopped = lambda: False,
    workers: BlockWorkers | None = None,
) -> Coordinated | None:
    """Solve the linear relaxation to a relative gap of `tolerance`.

    None where an exact engine must decide: fewer than two blocks, no optimum, `limit` seconds gone, or `stopped`.
    `workers` of the same parts are used if given, and left open; otherwise there are `processes` for the time of this.
    """
    import highspy

    if len(parts.parts) < 2:
        return None
    until = time.time() + limit
    try:
        if workers is not None:
            return _coordinated(parts, workers, until, tolerance, stopped)
        with Workers(parts, processes) as own:
            return _coordinated(parts, own, until, tolerance, stopped)
    except WorkerError as error:
        log.debug("the blocks' workers failed: %s", error)
        return None
    finally:
        highspy.Highs.resetGlobalScheduler(False)  # the scheduler belongs to this thread


def _coordinated(
    parts: Parts, workers: BlockWorkers, until: float, tolerance: float, stopped: Stopped
) -> Coordinated | None:
    arrays = parts.arrays
    began = time.process_time()
    groups = groups_of(arrays)
    proof = PriceBound(arrays, groups)
    sample = Sample(parts)
    best: Start | None = None
    least = math.inf
    prices = sample.prices(until)
    log.debug("sample: %.2f s", time.process_time() - began)
    if prices is None:  # its share of what is asked is too much for it; all together may still do
        prices = np.zeros(len(parts.linking))
    for number in range(SWEEPS):
        if prices is None or stopped():
            break
        began = time.process_time()
        start = _blocks_at(parts, workers, prices, until)
        if start is None:
            break
        bound = proof.value(start.prices, arrays.lower, arrays.upper)
        log.debug("sweep %d: bound %.9g, %.2f s", number, bound, time.process_time() - began)
        enough = bound > least * (1.0 - math.copysign(WORTH_A_SWEEP, least)) if math.isfinite(least) else False
        if best is None or bound < least:
            best, least = start, bound
        if enough:
            break
        began = time.process_time()
        prices = sample.corrected(start.values, until)
        log.debug("sample again: %.2f s", time.process_time() - began)
    if best is None or stopped():
        return None
    return _Coordination(parts, groups, proof, best, until, stopped).run(tolerance)


def _blocks_at(parts: Parts, workers: BlockWorkers, prices: FloatArray, until: float) -> Start | None:
    """All blocks at these prices; None where one has no optimum."""
    arrays = parts.arrays
    below, above = np.isfinite(arrays.lower), np.isfinite(arrays.upper)
    standing = np.where(below, LOWER, np.where(above, UPPER, FREE)).astype(np.int8)
    values = np.where(below, arrays.lower, np.where(above, arrays.upper, 0.0))
    start = Start(values, np.zeros(arrays.rows), standing, np.full(arrays.rows, BASIC, dtype=np.int8))
    start.prices[parts.linking] = prices
    answers: list[BlockAnswer | None] = workers.each(Block.solve, [(prices, Until(until))] * len(parts.parts))
    for part, answer in zip(parts.parts, answers, strict=True):
        if answer is None:
            return None
        start.values[part.columns], start.columns[part.columns] = answer.values, answer.columns
        start.prices[part.rows], start.rows[part.rows] = answer.prices, answer.rows
    return start


class _Coordination:
    """The steps of the core of one model."""

    def __init__(
        self, parts: Parts, groups: Groups, proof: PriceBound, start: Start, until: float, stopped: Stopped
    ) -> None:
        self.arrays, self.groups, self.proof, self.linking = parts.arrays, groups, proof, parts.linking
        self.until, self.stopped = until, stopped
        self.grouped = groups.of >= 0
        self.of = np.maximum(groups.of, 0)
        self.bound, self.best_prices = math.inf, start.prices
        without_ties(start, groups)
        self._prove(start.prices)
        margins = self.proof.margins(start.prices)
        regret = self._best(margins, self.grouped)[self.of] - margins
        moved = abs(self.arrays.matrix).T @ np.where(groups.tying, np.abs(start.prices), 0.0)
        self.live = ~self.grouped | (start.values > 0.0) | (self.arrays.lower > 0.0) | (start.columns == BASIC)
        self.live |= self.grouped & (regret <= NEAR * (moved + np.abs(self.arrays.objective)))
        links = abs(self.arrays.matrix[self.linking])
        self.moves = links @ np.abs(start.values)
        dearest = float(np.abs(self.arrays.objective).max(initial=0.0))
        worth = abs(self.bound) if math.isfinite(self.bound) else dearest
        least = np.where(self.moves > 0.0, SMALLEST_PRICE * worth / np.maximum(self.moves, 1e-9), dearest)
        self.usual = np.maximum(least, 1e-9)
        self.middle = start.prices[self.linking]
        self.radius = BOX * np.maximum(np.abs(self.middle), self.usual)
        box = self.middle, self.radius
        sides = np.stack([self.arrays.row_lower[self.linking], self.arrays.row_upper[self.linking]])
        reach = FAR * (1.0 + self.moves + np.where(np.isfinite(sides), np.abs(sides), 0.0).max(axis=0))
        began = time.process_time()
        self.core = MergedCore(self.arrays, groups, self.linking, self.live, start, box, reach, stopped)
        log.debug("core loaded: %.2f s", time.process_time() - began)

    def run(self, tolerance: float) -> Coordinated | None:
        """Solve and widen until the bound meets the value."""
        core = self.core
        for number in range(ROUNDS):
            began = time.process_time()
            if self.stopped() or time.time() >= self.until or not core.solve(self.until):
                return None
            took = time.process_time() - began
            margins = self._prove(core.prices)
            scale = max(abs(core.value), 1e-9)
            whole = bool((core.broken <= BROKEN * np.maximum(1.0, self.moves)).all())
            new = self._better(margins, 0.1 * tolerance * scale / max(1, self.groups.count))
            log.debug(
                "step %d: %d columns, %d rows, %d pivots, %.2f s; value %.9g, bound %.9g, %d broken, %d columns more",
                number, *core.size, core.pivots, took, core.value, self.bound, int((core.broken > 0).sum()), len(new),
            )  # fmt: skip
            if whole and (self.bound - core.value <= tolerance * scale or not len(new)):
                return self._answer(number + 1)
            self.live[new] = True
            price = core.prices[self.linking]
            # A price at the edge of its box is still on its way.
            held = core.broken > BROKEN * np.maximum(1.0, self.moves)
            growth = np.where(held & (number >= 2), 2.0, 1.0)
            usual = BOX * np.maximum(self.usual, np.abs(price))
            self.radius = np.where(held, growth * np.maximum(self.radius, usual), np.maximum(self.radius, usual))
            self.middle = price
            core.confine(self.middle, self.radius)
            core.widen(new)
        return None

    def _prove(self, prices: FloatArray) -> FloatArray:
        """Take in what these prices prove; the columns' margins at them."""
        bound = self.proof.value(prices, self.arrays.lower, self.arrays.upper)
        if math.isinf(bound):
            prices = self._for_endless(prices)
            bound = self.proof.value(prices, self.arrays.lower, self.arrays.upper)
        if bound < self.bound:
            self.bound, self.best_prices = bound, prices
        return self.proof.margins(prices)

    def _for_endless(self, prices: FloatArray) -> FloatArray:
        """Prices a rounding away at which no column without an end is worth anything; they prove a finite bound."""
        arrays, made = self.arrays, prices.copy()
        columns = np.flatnonzero(~self.grouped & (np.isinf(arrays.upper) | np.isinf(arrays.lower)))
        here = sp.csc_array(arrays.matrix)[:, columns]
        entries = np.diff(here.indptr) + 4.0
        for _ in range(REPAIRS):
            margins = self.proof.margins(made)[columns]
            size = abs(here).T @ np.abs(made) + np.abs(arrays.objective[columns])
            error = 4.0 * ROUNDING * entries * size  # twice what the proof allows for, and as much again to aim at
            up = np.isinf(arrays.upper[columns]) & (margins > -0.5 * error)
            down = np.isinf(arrays.lower[columns]) & (margins < 0.5 * error)
            if not (up | down).any():
                break
            aim = np.where(up, -error, error)
            for j in np.flatnonzero(up | down).tolist():
                part = slice(here.indptr[j], here.indptr[j + 1])
                rows, values = here.indices[part], here.data[part]
                priced = np.abs(values) * (made[rows] != 0.0) * self.groups.tying[rows]
                if priced.any():
                    most = int(np.argmax(priced))
                    made[rows[most]] += (margins[j] - aim[j]) / values[most]
        return made

    def _best(self, margins: FloatArray, among: NDArray[np.bool_]) -> FloatArray:
        """Each group's best margin among some columns, nought at least."""
        best = np.zeros(self.groups.count)
        np.maximum.at(best, self.groups.of[among], margins[among])
        return best

    def _better(self, margins: FloatArray, least: float) -> IntArray:
        """Columns that beat what their group has in the core by more than `least`, and nearly its best of all."""
        has = self._best(margins, self.live & self.grouped)
        best = self._best(margins, self.grouped)
        enough = np.maximum(best - BEST_OF * (best - has), has + least)
        return np.flatnonzero(self.grouped & ~self.live & (margins > enough[self.of]))

    def _answer(self, rounds: int) -> Coordinated | None:
        if not math.isfinite(self.bound):
            return None
        prices = self.best_prices.copy()
        best = self._best(self.proof.margins(prices), self.grouped)
        rows = np.flatnonzero(~self.groups.tying)
        prices[rows] = best[: len(rows)] / self.arrays.row_upper[rows]  # a x + a y <= a is a choice, too
        return Coordinated(self.core.values, self.core.value, prices, self.bound, rounds)
