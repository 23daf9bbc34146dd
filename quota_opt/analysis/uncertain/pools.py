"""What pools lack in each world, after quota has been passed along the tree in the best way there is.

Decisions and trades stay as planned; transfers are chosen anew. On a tree that is no linear program: from the places
below up, each sends its parent all that it has left and retention lets go, or asks for what it lacks. Sending less
helps nobody, and quota may come down again, so that what is lacking in the end is the least there can be. It is laid on
places from above: what a pool cannot give is shared by those who ask of it, in proportion to what they ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from quota_opt.analysis.uncertain.draws import Worlds
from quota_opt.model.case import Case, FloatArray
from quota_opt.model.outcome import Outcome
from quota_opt.rules._shared import tolerance
from quota_opt.rules.retention import Retention


class Limits(NamedTuple):
    """Bounds on what each place sends its parent, (N, worlds): at most and at least."""

    most: FloatArray
    least: FloatArray


@dataclass(frozen=True, eq=False)
class Lacking:
    """(N, worlds) for one resource in one year: what awards use at each place, and how much of it is not there."""

    used: FloatArray
    short: FloatArray

    @property
    def total(self) -> FloatArray:
        """(worlds,): what is lacking over all places."""
        total: FloatArray = self.short.sum(axis=0)
        return total


def lacking(outcome: Outcome, worlds: Worlds, r: int, t: int) -> Lacking:
    """What a plan lacks of resource `r` in year position `t` in each world; its rows are those of the outcome."""
    case = outcome.case
    freed = freed_at(outcome, worlds, r, t)
    taken = award_use(outcome, worlds, r, t)
    place = case.projects["place_code"].to_numpy(dtype=np.int64)[outcome.award_row]
    used = by_place(case, place) @ taken
    market = outcome.bought[r, :, t] - outcome.sold[r, :, t]
    own = (case.initial[r, :, t] + market)[:, None] + freed - used
    return Lacking(used, shortfall(case, own, used, limits(outcome, freed, taken, r, t)))


def freed_at(outcome: Outcome, worlds: Worlds, r: int, t: int) -> FloatArray:
    """(N, worlds): what the plan's actions make available at each place; what takes quota takes it as stated."""
    case, row = outcome.case, outcome.action_row
    lag = case.actions["lag"].to_numpy(dtype=np.int64)[row]
    free = case.standing_free(r, t)[row][:, None]
    on = (outcome.action_year + lag)[:, None] + worlds.slip <= t
    amount = np.where(free > 0.0, free * worlds.delivers, free) * on
    place = case.actions["place_code"].to_numpy(dtype=np.int64)[row]
    freed: FloatArray = by_place(case, place) @ amount
    return freed


def award_use(outcome: Outcome, worlds: Worlds, r: int, t: int) -> FloatArray:
    """(awards, worlds): what each award takes; nothing before it starts, or where it has dropped out."""
    case, row = outcome.case, outcome.award_row
    start = outcome.award_year[:, None] + worlds.delay
    need = case.standing_need(r, t)[row]
    use = np.take_along_axis(need, np.minimum(start, case.horizon - 1), axis=1) * (start <= t)
    taken: FloatArray = use * outcome.award_share[:, None] * worlds.needs * worlds.there
    return taken


def by_place(case: Case, place: NDArray[np.int64]) -> sp.csr_array:
    """(N, rows): sums rows by their place."""
    rows = len(place)
    return sp.csr_array((np.ones(rows), (place, np.arange(rows))), shape=(case.places.size, rows))


def limits(outcome: Outcome, freed: FloatArray, taken: FloatArray, r: int, t: int) -> Limits:
    """What retention lets each place send up, and what it must, in each world."""
    case = outcome.case
    most, least = np.full_like(freed, np.inf), np.full_like(freed, -np.inf)
    rule = case.rule("retention")
    held = rule.held(case) if isinstance(rule, Retention) else None
    if held is None or r not in held.resources:
        return Limits(most, least)
    bound = held.places
    below = case.places.subtree_sum(freed)[bound]
    kept = case.initial[r, :, t] - outcome.sold[r, :, t]
    other = held.others[outcome.award_row]
    place = case.projects["place_code"].to_numpy(dtype=np.int64)[outcome.award_row]
    if held.shared:
        kept = kept + outcome.bought[r, :, t]
    by_others = case.places.subtree_sum(by_place(case, place[other]) @ taken[other])[bound]
    most[bound] = (1.0 - held.keep[bound, None]) * below + case.places.subtree_sum(kept)[bound, None] - by_others
    if held.pool > 0:
        least[bound] = held.pool * below
    return Limits(most, least)


def shortfall(case: Case, own: FloatArray, used: FloatArray, bounds: Limits) -> FloatArray:
    """(N, worlds): the least that is lacking, laid on places; `own` is what each has before anything is sent."""
    parent = case.places.parent
    order = np.argsort(-case.places.depth, kind="stable").tolist()
    has, sent, short = own.copy(), np.zeros_like(own), np.zeros_like(own)
    through = np.abs(own) + used
    for n in order:
        allowed = tolerance(through[n])
        if parent[n] < 0:
            short[n] = np.where(has[n] < -allowed, -has[n], 0.0)
            continue
        most = np.minimum(has[n], bounds.most[n])
        missing = bounds.least[n] - most
        short[n] = np.where(missing > allowed, missing, 0.0)
        sent[n] = np.maximum(most, bounds.least[n])
        has[parent[n]] += sent[n]
        through[parent[n]] += through[n]
    for n in reversed(order):  # what a place lacks, it shares with those below that ask
        children = np.flatnonzero(parent == n)
        asked = np.maximum(-sent[children], 0.0)
        total = used[n] + asked.sum(axis=0)
        share = np.divide(short[n], total, out=np.zeros_like(total), where=total > 0.0)
        short[children] += asked * share
        short[n] = np.where(total > 0.0, used[n] * share, short[n])
    return short
