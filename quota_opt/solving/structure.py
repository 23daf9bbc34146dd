"""Many small choices tied by few rows: prices first, blocks by branching, the rest rounded against the prices.

    1. prices     the linear relaxation of the whole; its prices for the rows between blocks take these apart
    2. prove      each block (a town) by itself at these prices: branch and bound, a proof for each (`search.Search`);
                  together they bound the whole more tightly than the relaxation does, as blocks are whole (`proof`)
    3. round      the whole, the largest groups first (`rounding.Rounder`)
    4. improve    neighbourhoods are opened again, a block and some more groups at a time, until the gap is closed
    5. go on      with HiGHS and its cuts from the plan found, where time is left

A group is a firm's actions or a project's starts. Nothing here knows firms or projects: groups are rows `Σ x_j <= 1`
over 0/1 columns, and blocks are handed in as a number per column.
"""

from __future__ import annotations

import logging
import math
from dataclasses import replace
from functools import partial

import numpy as np

from quota_opt.model.linear import Arrays, FloatArray, IntArray
from quota_opt.solving.attempt import Answer, given_options, solve_checked
from quota_opt.solving.by_place import Part, Parts, split
from quota_opt.solving.checking import check_values, snapped
from quota_opt.solving.highs import HighsEngine, Relaxed, ask_highs, relaxed
from quota_opt.solving.packing import groups_of
from quota_opt.solving.profile import Profile
from quota_opt.solving.proof import Prices, Proof, joined, proof_of_prices
from quota_opt.solving.rounding import Rounder
from quota_opt.solving.search import Found, Search
from quota_opt.solving.status import EngineInfo, OnProgress, Solution, Status, relative_gap
from quota_opt.solving.watch import Watch

log = logging.getLogger(__name__)

LARGE = 5_000
"""0/1 columns from which on the method pays; below, a general solver's cuts do as well."""
BLOCK = 4_000
"""Columns of a block, at most, where places let themselves be told apart."""
SEARCH_SHARE = 0.5
"""Of the time there is, the most that the method takes before HiGHS goes on from its plan."""
PATIENCE, BLOCK_PATIENCE = 2_000, 400
"""Linear programs in vain after which the search of a whole model, or of one block, ends."""
BLOCK_SLACK = 0.02
"""The share of the gap that one block may leave open."""
CORE_REGRET = 3e-5
"""Regrets (fractions of the objective) up to which options are open in rounding the whole."""
OPENED, OWN_SHARE, IN_VAIN = 150, 0.6, 12
"""Groups in a neighbourhood, the share of them that is of one block, and how many in vain end the improvement."""
NEAR = 3e-4
"""Options whose regret is more than this fraction of the objective stay out of neighbourhoods."""


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
    blocks: IntArray | None = None,
) -> Solution:
    """Solve one model by its structure; HiGHS as a whole where the search has nothing to say.

    `blocks` gives each column its block (-1: none), see `by_place.blocks_of`; without it the model is one.
    """
    version = HighsEngine().availability("HIGHS").version
    info = EngineInfo("highs", "HIGHS", version, {**given_options(profile), "method": "structure"})
    return solve_checked(
        partial(_ask, blocks), info, arrays, profile, on_progress=on_progress, start=start, stage=stage
    )


def _ask(blocks: IntArray | None, arrays: Arrays, profile: Profile, watch: Watch, start: FloatArray | None) -> Answer:
    found = None
    if _all_choices(arrays):
        until = math.inf if profile.time_limit_s is None else SEARCH_SHARE * profile.time_limit_s
        if blocks is not None and blocks.max(initial=0) > 0:
            found = _by_blocks(arrays, blocks, profile, watch, start, until)
        else:
            found = _as_one(arrays, profile, watch, start, until)
    limit = profile.time_limit_s
    left = profile if limit is None else profile.with_limits(time_limit=max(limit - watch.seconds, 0.01))
    if found is None:
        return ask_highs(arrays, left, watch, start)
    answer = _answer(found, profile)
    if answer.status is Status.OPTIMAL or watch.cancelled.is_set():
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
    """Prices of the whole, then a bound block by block, and a plan of the whole."""
    root = relaxed(arrays, max(until - watch.seconds, 0.01))
    if root is None:
        return None
    # Columns of no block are one more.
    of = np.where(blocks < 0, blocks.max() + 1, blocks)
    parts = split(arrays, of)
    rounder = Rounder(arrays, groups_of(arrays), watch, until)
    top = rounder.bound_of.value(root.prices, arrays.lower, arrays.upper)
    if not math.isfinite(top):
        return None
    scale = max(abs(top), 1e-9)
    watch.update(None, top)
    if start is not None and check_values(arrays, snapped(arrays, start)).ok:
        rounder.keep(snapped(arrays, start))
    rounder.open_core(root, scale, CORE_REGRET)
    bounds = arrays.lower, arrays.upper
    if rounder.solve_under(bounds):
        rounder.round(bounds)
    _tell(rounder, watch, top)
    proof = _proof_of_blocks(parts, root, profile, watch, until)
    if proof.bound > top:
        proof = proof_of_prices(arrays, root.prices)
    bound = min(top, proof.bound)
    _tell(rounder, watch, bound)
    _improved(rounder, root, of, profile, watch, bound)
    return Found(rounder.best, rounder.best_value, max(bound, rounder.best_value), proof, rounder.over())


def _tell(rounder: Rounder, watch: Watch, bound: float) -> None:
    watch.update(rounder.best_value if rounder.best is not None else None, bound)


def _proof_of_blocks(parts: Parts, root: Relaxed, profile: Profile, watch: Watch, until: float) -> Proof:
    """What the blocks prove of the whole at the prices of the rows between them."""
    arrays = parts.arrays
    prices = np.zeros(arrays.rows)
    prices[parts.linking] = root.prices[parts.linking]
    prices = np.where((prices > 0) & np.isinf(arrays.row_upper), 0.0, prices)
    prices = np.where((prices < 0) & np.isinf(arrays.row_lower), 0.0, prices)
    side = np.where(prices > 0, arrays.row_upper, np.where(prices < 0, arrays.row_lower, 0.0))
    slack = BLOCK_SLACK * profile.relative_gap * max(abs(arrays.value(root.values)), 1e-9)
    bound = arrays.offset + float(prices @ side)
    proofs = []
    for part in parts.parts:
        proof = block_proof(part, prices[parts.linking], root.prices[part.rows], slack, watch, until)
        proofs.append((proof, part.columns, part.rows))
        bound += proof.bound
    # Room for the order in which this was added up; whoever checks the proof does so from the whole's objective.
    ends = np.maximum(np.abs(arrays.lower), np.abs(arrays.upper))
    terms = np.abs(arrays.objective) + abs(arrays.matrix).T @ np.abs(prices)
    size = float(terms @ np.maximum(np.where(np.isfinite(ends), ends, 1.0), 1.0))
    bound += 1e-12 * (abs(bound) + float(np.abs(prices * side).sum())) + 1e-13 * size
    return joined(proofs, arrays.columns, Prices.of(prices), bound)


def block_proof(part: Part, linking: FloatArray, own: FloatArray, slack: float, watch: Watch, until: float) -> Proof:
    """The proof of one block at prices of the rows between blocks; `own` are prices of its own rows to fall back on."""
    model = replace(part.arrays, objective=part.arrays.objective - part.linking.T @ linking, offset=0.0)
    plain = proof_of_prices(model, own)
    if not _all_choices(model) or watch.seconds >= until or watch.cancelled.is_set():
        return plain
    search = Search(model, groups_of(model), watch, gap=0.0, slack=slack, patience=BLOCK_PATIENCE, until=until)
    found = search.run()
    return plain if found is None or found.proof.bound >= plain.bound else found.proof


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
        if relative_gap(rounder.best_value, max(bound, rounder.best_value)) <= profile.relative_gap:
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
