"""Many small choices tied by few rows: prices first, a plan by rounding against them, blocks proven by branching.

    1. prices     the linear relaxation of the whole; its prices for the rows between blocks take these apart
    2. round      the whole, the largest groups first (`rounding.Rounder`)
    3. prove      each block (a town) by itself at these prices: branch and bound, a proof for each (`search.Search`);
                  together they bound the whole more tightly than the relaxation does, as blocks are whole (`proof`)
    4. improve    rounded again without the choices that cost most, and as the blocks would have it; neighbourhoods are
                  opened again, a block and some more groups at a time, until the gap is closed
    5. go on      with HiGHS and its cuts from the plan found, where time is left (of one county)

A group is a firm's actions or a project's starts. Nothing here knows firms or projects: groups are rows `Σ x_j <= 1`
over 0/1 columns, and blocks are handed in as numbers per column. Where there are many counties, each is at work in its
process: the relaxation is coordinated by prices (`by_place_prices`), proofs and plans are made county by county.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from quota_opt.model.linear import Arrays, FloatArray, IntArray
from quota_opt.solving.attempt import Answer, given_options, solve_checked
from quota_opt.solving.by_place import Nested, Parts, split
from quota_opt.solving.by_place_plans import plan as plan_of
from quota_opt.solving.by_place_plans import proof_by_parts, prove, rounded, whole_proof
from quota_opt.solving.by_place_prices import coordinate
from quota_opt.solving.by_place_workers import PLACE_OF_WORK, BlockWorkers, Workers
from quota_opt.solving.checking import check_values, snapped
from quota_opt.solving.highs import HighsEngine, Relaxed, ask_highs, relaxed
from quota_opt.solving.packing import PriceBound, all_choices, groups_of, sided
from quota_opt.solving.pipes import WorkerError
from quota_opt.solving.profile import Profile
from quota_opt.solving.proof import Proof, proof_of_prices
from quota_opt.solving.rounding import Rounder
from quota_opt.solving.search import Found, Search
from quota_opt.solving.status import EngineInfo, OnProgress, Solution, Status, relative_gap
from quota_opt.solving.watch import Watch

log = logging.getLogger(__name__)

LARGE = 5_000
"""0/1 columns from which on the method pays; below, a general solver's cuts do as well."""
BLOCK = 4_000
"""Columns of a block, at most, where places let themselves be told apart."""
COUNTY = 60_000
"""Columns of what is solved as a whole; larger models are coordinated county by county."""
SEARCH_SHARE = 0.5
"""Of the time there is, the most that the method takes before HiGHS goes on from its plan."""
PLACES_SHARE = 0.9
"""The same where counties are at work apart."""
TOO_LARGE = 100_000
"""Columns from which on HiGHS does not go on from a plan: it gets nowhere, minutes past its limit."""
PATIENCE = 2_000
"""Linear programs in vain after which the search of a whole model ends."""
BLOCK_SLACK = 0.02
"""The share of the gap that one block may leave open."""
GUIDED = (5e-2, 2e-2)
"""The whole is rounded again with groups that move this fraction of the objective as their blocks would have them."""
OTHERWISE = 6
"""So many times the whole is rounded without a choice that cost much."""
COORDINATED = 0.05
"""The share of the gap that coordinating counties may leave open."""
WAVE = 8
"""Counties that make their plans at once; what they leave is shared by the next."""
ROOM = 1e-9
"""What rounding may take of a row between counties, as a share of what a county takes."""
OPENED, OWN_SHARE, IN_VAIN = 150, 0.6, 12
"""Groups in a neighbourhood, the share of them that is of one block, and how many in vain end the improvement."""
NEAR = 3e-4
"""Options whose regret is more than this fraction of the objective stay out of neighbourhoods."""


def applies(arrays: Arrays, profile: Profile) -> bool:
    """Whether a model is worth the method: many groups, a gap that leaves room, HiGHS with no options of its own."""
    if profile.engine != "highs" or profile.relative_gap <= 0.0 or profile.options:
        return False
    return int(arrays.integer.sum()) >= LARGE and all_choices(arrays)


def solve_structured(
    arrays: Arrays,
    profile: Profile,
    *,
    on_progress: OnProgress | None = None,
    start: FloatArray | None = None,
    stage: str = "solve",
    blocks: Nested | None = None,
) -> Solution:
    """Solve one model by its structure; HiGHS as a whole where the search has nothing to say.

    `blocks` gives each column its blocks; without them the model is one.
    """
    version = HighsEngine().availability("HIGHS").version
    info = EngineInfo("highs", "HIGHS", version, {**given_options(profile), "method": "structure"})
    return solve_checked(
        partial(_ask, blocks), info, arrays, profile, on_progress=on_progress, start=start, stage=stage
    )


def _ask(blocks: Nested | None, arrays: Arrays, profile: Profile, watch: Watch, start: FloatArray | None) -> Answer:
    found = None
    if all_choices(arrays):
        until = math.inf if profile.time_limit_s is None else SEARCH_SHARE * profile.time_limit_s
        if blocks is not None and arrays.columns > COUNTY and blocks.coarse.max(initial=0) > 0:
            found = _by_places(arrays, blocks, profile, watch, start, PLACES_SHARE / SEARCH_SHARE * until)
        elif blocks is not None and blocks.fine.max(initial=0) > 0:
            found = _by_blocks(arrays, blocks.fine, profile, watch, start, until)
        else:
            found = _as_one(arrays, profile, watch, start, until)
    limit = profile.time_limit_s
    left = profile if limit is None else profile.with_limits(time_limit=max(limit - watch.seconds, 0.01))
    if found is None and watch.cancelled.is_set():
        return Answer(Status.NO_SOLUTION_FOUND)
    if found is None:
        return ask_highs(arrays, left, watch, start)
    answer = _answer(found, profile)
    if (
        answer.status is Status.OPTIMAL
        or watch.cancelled.is_set()
        or (found.values is not None and arrays.columns > TOO_LARGE)
    ):
        return answer
    whole = ask_highs(arrays, left, watch, start if found.values is None else found.values)
    if whole.status not in (Status.OPTIMAL, Status.FEASIBLE, Status.NO_SOLUTION_FOUND):
        # A plan that was checked, under a bound that was proven, stands against all but that there can be none.
        return whole if found.values is None or whole.status is Status.INFEASIBLE else answer
    values = [v for v in (whole.values, found.values) if v is not None]
    if not values:
        return replace(whole, bound=min(whole.bound, found.bound), proof=found.proof)
    best = max(values, key=arrays.value)
    bound = max(min(whole.bound, found.bound), arrays.value(best))
    closed = relative_gap(arrays.value(best), bound) <= profile.relative_gap
    status = Status.OPTIMAL if closed else Status.FEASIBLE
    return replace(whole, status=status, values=best, bound=bound, proof=found.proof)


def _answer(found: Found, profile: Profile) -> Answer:
    if found.values is None:
        return Answer(Status.NO_SOLUTION_FOUND, bound=found.bound, proof=found.proof)
    # To the letter: what is next to nothing here may not be in the units of the model.
    closed = found.bound - found.value <= profile.relative_gap * abs(found.value)
    status = Status.OPTIMAL if closed else Status.FEASIBLE
    return Answer(status, found.values, found.bound, proof=found.proof)


def _as_one(arrays: Arrays, profile: Profile, watch: Watch, start: FloatArray | None, until: float) -> Found | None:
    """The search of a model without blocks."""
    search = Search(
        arrays,
        groups_of(arrays),
        watch,
        gap=profile.relative_gap,
        patience=PATIENCE,
        until=until,
        start=start,
        tell=watch.update,
    )
    return search.run()


def _by_blocks(
    arrays: Arrays, blocks: IntArray, profile: Profile, watch: Watch, start: FloatArray | None, until: float
) -> Found | None:
    """Prices of the whole, a plan of the whole, a bound block by block, and neighbourhoods of the plan."""
    root = relaxed(arrays, max(until - watch.seconds, 0.01))
    if root is None:
        return None
    groups = groups_of(arrays)
    top = PriceBound(arrays, groups).value(root.prices, arrays.lower, arrays.upper)
    if not math.isfinite(top):
        return None
    scale = max(abs(top), 1e-9)
    watch.update(None, top)
    rounder = rounded(arrays, root, scale, watch, until)
    if start is not None and check_values(arrays, snapped(arrays, start)).ok:
        rounder.keep(snapped(arrays, start))
    _tell(rounder, watch, top)
    if _closed(rounder, top, profile):
        plain = proof_of_prices(arrays, root.prices)
        return Found(rounder.best, rounder.best_value, max(plain.bound, rounder.best_value), plain, rounder.over())
    proof, plans = proof_by_parts(split(arrays, blocks), root.prices, _slack(profile, scale), watch, until)
    plans = np.where(np.isnan(plans), root.values, plans)
    if proof.bound > top:
        proof = proof_of_prices(arrays, root.prices)
    bound = min(top, proof.bound)
    _tell(rounder, watch, bound)
    if not _closed(rounder, bound, profile):
        rounder.otherwise(OTHERWISE)
        _tell(rounder, watch, bound)
    for least in GUIDED:
        if rounder.best is None or not _closed(rounder, bound, profile):
            rounder.guided(plans, least)
            _tell(rounder, watch, bound)
    _improved(rounder, root, blocks, profile, watch, bound)
    return Found(rounder.best, rounder.best_value, max(bound, rounder.best_value), proof, rounder.over())


def _by_places(
    arrays: Arrays, blocks: Nested, profile: Profile, watch: Watch, start: FloatArray | None, until: float
) -> Found | None:
    """Many counties: each in its worker, at prices that coordinate them; their plans one wave after another."""
    parts = split(arrays, blocks.coarse)
    began = watch.seconds
    with _at_work(parts) as workers:
        watch.when_cancelled(workers.close)
        found = coordinate(
            parts,
            limit=max(until - began, 0.01),
            tolerance=COORDINATED * profile.relative_gap,
            stopped=watch.cancelled.is_set,
            workers=workers,
        )
        if found is None:
            return None
        log.debug("relaxation of %d blocks after %.2f s: %.9g", len(parts.parts), watch.seconds, found.bound)
        watch.update(None, found.bound)
        scale = max(abs(found.bound), 1e-9)
        values = None
        if start is not None and check_values(arrays, snapped(arrays, start)).ok:
            values = snapped(arrays, start)
        try:
            made = _plans(parts, workers, found.values, scale, watch, until)
            if made is not None and (values is None or arrays.value(made) > arrays.value(values)):
                values = made
            if values is not None:
                watch.update(arrays.value(values), None)
            log.debug("plans after %.2f s: %s", watch.seconds, values is not None and arrays.value(values))
            proof = _proof_of_places(parts, workers, blocks.fine, found.prices, _slack(profile, scale), watch, until)
        except WorkerError as error:
            log.debug("the blocks' workers failed: %s", error)
            proof = proof_of_prices(arrays, found.prices)
    if proof.bound > found.bound:
        proof = proof_of_prices(arrays, found.prices)
    bound = min(found.bound, proof.bound)
    value = -math.inf if values is None else arrays.value(values)
    watch.update(value if values is not None else None, bound)
    log.debug("bound after %.2f s: %.9g", watch.seconds, bound)
    return Found(values, value, max(bound, value), proof, watch.seconds >= until)


def _at_work(parts: Parts) -> BlockWorkers:
    elsewhere = PLACE_OF_WORK.get()
    return Workers(parts, processors()) if elsewhere is None else elsewhere(parts)


def processors() -> int:
    """Processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        return os.cpu_count() or 1


def _plans(
    parts: Parts, workers: BlockWorkers, values: FloatArray, scale: float, watch: Watch, until: float
) -> FloatArray | None:
    """Plans of all blocks, each within what the relaxation gives it of the rows between them, and what others left."""
    arrays = parts.arrays
    used = [part.linking @ values[part.columns] for part in parts.parts]
    total = np.sum(used, axis=0) + (arrays.matrix[parts.linking][:, parts.columns] @ values[parts.columns])
    most, least = arrays.row_upper[parts.linking], arrays.row_lower[parts.linking]
    spare = np.where(np.isfinite(most), np.maximum(most - total, 0.0), 0.0)
    over = np.where(np.isfinite(least), np.maximum(total - least, 0.0), 0.0)
    plan = values.copy()
    count = len(parts.parts)
    waves = math.ceil(count / WAVE)
    pending: list[Sequence[int]] = [range(first, count, waves) for first in range(waves)]
    again: list[int] = []
    while pending and not watch.cancelled.is_set():
        now = pending.pop(0)
        share = 1.0 / len(now)
        seconds = max(until - watch.seconds, 0.01)
        given: list[tuple[object, ...]] = [()] * count
        for b in now:
            room = ROOM * np.maximum(1.0, np.abs(used[b]))
            upper = np.where(np.isfinite(most), used[b] + share * spare + room, np.inf)
            lower = np.where(np.isfinite(least), used[b] - share * over - room, -np.inf)
            given[b] = (lower, upper, scale, seconds)
        answers = workers.each(plan_of, given)
        for b in now:
            made, part = answers[b], parts.parts[b]
            if made is None and b in again:
                log.debug("block %d finds no plan within its share", b)
                return None
            if made is None:
                # What the others leave is all its own, when they are done.
                again.append(b)
                pending.append((b,))
                continue
            plan[part.columns] = made
            taken = part.linking @ made - used[b]
            spare = np.where(np.isfinite(most), np.maximum(spare - taken, 0.0), 0.0)
            over = np.where(np.isfinite(least), np.maximum(over + taken, 0.0), 0.0)
    return plan if check_values(arrays, plan).ok else None


def _proof_of_places(
    parts: Parts, workers: BlockWorkers, towns: IntArray, prices: FloatArray, slack: float, watch: Watch, until: float
) -> Proof:
    """What all blocks prove, town by town, at the prices that coordinate them."""
    linking, _ = sided(prices, parts.arrays.row_lower, parts.arrays.row_upper)
    seconds = max(until - watch.seconds, 0.01)
    given = [(towns[part.columns], linking[parts.linking], prices[part.rows], slack, seconds) for part in parts.parts]
    return whole_proof(parts, workers.each(prove, given), prices)


def _slack(profile: Profile, scale: float) -> float:
    """What one block may leave open."""
    return BLOCK_SLACK * profile.relative_gap * scale


def _closed(rounder: Rounder, bound: float, profile: Profile) -> bool:
    return relative_gap(rounder.best_value, max(bound, rounder.best_value)) <= profile.relative_gap


def _tell(rounder: Rounder, watch: Watch, bound: float) -> None:
    watch.update(rounder.best_value if rounder.best is not None else None, bound)


def _improved(rounder: Rounder, root: Relaxed, of: IntArray, profile: Profile, watch: Watch, bound: float) -> None:
    """Open neighbourhoods of the best plan again until the gap is closed or nothing is found any more."""
    arrays, groups = rounder.arrays, rounder.groups
    draw = np.random.default_rng(profile.random_seed)
    grouped = np.flatnonzero(groups.of >= 0)
    block = np.full(groups.count, -1, dtype=np.int64)
    block[groups.of[grouped]] = of[grouped]
    margin = rounder.bound_of.margins(root.prices)
    best = np.zeros(groups.count)
    np.maximum.at(best, groups.of[grouped], margin[grouped])
    near = np.zeros(arrays.columns, dtype=bool)
    near[grouped] = best[groups.of[grouped]] - margin[grouped] <= NEAR * rounder.scale
    free = ~arrays.integer
    candidates = np.unique(groups.of[grouped[near[grouped]]])
    numbers = np.unique(block[candidates])
    in_vain, turn = 0, 0
    order = draw.permutation(numbers)
    while rounder.best is not None and len(order) and in_vain < IN_VAIN and not rounder.over():
        if _closed(rounder, bound, profile):
            return
        mine = candidates[block[candidates] == order[turn % len(order)]]
        others = candidates[block[candidates] != order[turn % len(order)]]
        turn += 1
        own = draw.permutation(mine)[: int(OPENED * OWN_SHARE)]
        opened = np.zeros(groups.count, dtype=bool)
        opened[own] = opened[draw.permutation(others)[: OPENED - len(own)]] = True
        plan = rounder.best
        chosen = free | (opened[np.maximum(groups.of, 0)] & (groups.of >= 0) & (near | (plan > 0.5)))
        columns = np.flatnonzero(chosen & (arrays.upper > arrays.lower))
        before = rounder.best_value
        rounder.improve(plan, columns, arrays.lower[columns], arrays.upper[columns])
        gained = rounder.best_value > before + 0.02 * profile.relative_gap * rounder.scale
        in_vain = 0 if gained else in_vain + 1
        _tell(rounder, watch, bound)
