"""The oracle's pools: what each holds by itself, what retention lets out of it, and whether quota can get around."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable

from brute_case import Award, BruteCase, Choice
from brute_margin import margin

Done = tuple[Choice, ...]
Started = dict[Award, float]


def own_balance(case: BruteCase, place: str, resource: str, year: int, done: Done, started: Started) -> float:
    freed = sum(c.freed(resource, year) for c in done if c.place == place)
    used = sum(award.use(resource, year) * share for award, share in started.items() if award.place == place)
    return case.initial(place, resource, year) + freed - used


def outflow_bounds(case: BruteCase, place: str, resource: str, year: int, done: Done) -> tuple[float, float]:
    """What retention lets out of a place to its parent, net, use by others left aside: (at least, at most)."""
    limits = case.outflow_limits(place)
    if limits is None or resource not in case.rules["retention"].get("resources", case.resources):
        return -math.inf, math.inf
    keep, pool = limits
    here = case.below(place)
    freed = sum(c.freed(resource, year) for c in done if c.place in here)
    initial = sum(case.initial(each, resource, year) for each in here)
    return pool * freed if pool > 0 else -math.inf, (1 - keep) * freed + initial


def used_by_others(
    case: BruteCase, place: str, resource: str, year: int, started: Iterable[Award]
) -> dict[Award, float]:
    """What projects outside retention's categories use in a place, at full size."""
    categories = case.rules.get("retention", {}).get("categories")
    if categories is None or case.outflow_limits(place) is None:
        return {}
    here = case.below(place)
    others = [award for award in started if award.place in here and award.category not in categories]
    return {award: award.use(resource, year) for award in others}


def flows_exist(case: BruteCase, done: Done, started: Started) -> bool:
    """Whether quota can be passed along the tree so that no pool is overdrawn: send up all that may go, from below."""
    for resource, year in itertools.product(case.resources, case.years):

        def at_most(place: str, resource: str = resource, year: int = year) -> float:
            own = own_balance(case, place, resource, year, done, started)
            has = own + sum(at_most(child) for child, parent in case.parent.items() if parent == place)
            has -= margin(case, place, resource, year, done, started)
            if case.parent[place] is None:
                return has
            low, high = outflow_bounds(case, place, resource, year, done)
            high -= sum(use * started[a] for a, use in used_by_others(case, place, resource, year, started).items())
            return min(has, high) if min(has, high) >= low - 1e-6 else -math.inf

        if any(at_most(place) < -1e-6 for place, parent in case.parent.items() if parent is None):
            return False
    return True
