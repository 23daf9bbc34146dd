"""The oracle's margins: every set of at most so many firms and projects at their worst, one by one."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from brute_case import Award, BruteCase, Choice


def at_worst(
    case: BruteCase, place: str, resource: str, year: int, done: Iterable[Choice], awards: Iterable[Award]
) -> Iterator[tuple[float, dict[Award, float]]]:
    """For each set that may deviate together: what is lacking whatever the shares, and per share of awards."""
    rule = case.rules.get("robustness")
    top = case.parent[place] is None
    if rule is None or not (top if rule.get("level") is None else case.level[place] == rule["level"]):
        return
    if resource not in rule.get("resources", case.resources):
        return
    here = case.below(place)
    members: list[tuple[float, dict[Award, float]]] = []
    for choice in done:
        if choice.place in here:
            freed = max(choice.freed(resource, year), 0.0)
            whole = year - choice.effective < rule.get("late", {}).get(choice.kind, 0)
            members.append((freed if whole else freed * rule.get("frees_less", {}).get(choice.kind, 0.0), {}))
    for award in awards:
        if award.place in here:
            share = rule.get("needs_more", {}).get(award.category, 0.0)
            members.append((0.0, {award: share * award.use(resource, year)}))
    gamma = len(members) if rule["gamma"] == "all" else min(float(rule["gamma"]), float(len(members)))
    count, part = int(gamma), gamma - int(gamma)
    for chosen in itertools.combinations(range(len(members)), count):
        others = [i for i in range(len(members)) if i not in chosen] if part else [-1]
        for other in others:
            weighted = [(1.0, members[i]) for i in chosen] + ([(part, members[other])] if part else [])
            lacking = sum(weight * fixed for weight, (fixed, _) in weighted)
            yield lacking, {award: w * more for w, (_, per) in weighted for award, more in per.items()}


def margin(
    case: BruteCase, place: str, resource: str, year: int, done: Iterable[Choice], started: dict[Award, float]
) -> float:
    """What a pool must have left for the worst of these sets; 0 where it need not keep any."""
    sets = at_worst(case, place, resource, year, done, started)
    return max((fixed + sum(more * started[a] for a, more in per.items()) for fixed, per in sets), default=0.0)
