"""Tiny random cases of one year and two towns, and every plan of them, counted out by hand in a few lines.

Closing a firm frees energy in its town; a project takes energy in its town. What a town lacks comes from the other, as
far as retention lets it out.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import Any

import small
from hypothesis import strategies as st

import quota_opt as qo

TOWNS = ("N1", "N2")
NEVER = 9.0


@dataclass(frozen=True)
class Tiny:
    """Firms (town, freed, lost, cost) and projects (town, energy, value), with what the rules say."""

    firms: tuple[tuple[int, int, int, int], ...]
    projects: tuple[tuple[int, int, int], ...]
    limit: float = NEVER
    keep: float = 0.0
    fund: float = 1000.0

    def scenario(self, **more: Any) -> qo.Scenario:
        """The case; further tables and settings as `small.case` takes them."""
        firms = [{"firm": f"F{k}", "place": TOWNS[f[0]], "energy_tce": float(f[1])} for k, f in enumerate(self.firms)]
        actions = [
            {
                "firm": f"F{k}",
                "action": "close",
                "frees_energy_tce": float(freed),
                "value_added_lost": float(lost),
                "cost": float(cost),
            }
            for k, (_, freed, lost, cost) in enumerate(self.firms)
        ]
        projects = [
            {
                "project": f"P{k}",
                "place": TOWNS[town],
                "category": "other",
                "energy_tce": float(energy),
                "value_added": float(value),
            }
            for k, (town, energy, value) in enumerate(self.projects)
        ]
        rules = {
            "admission": {"limits": [{"value": self.limit, "applies_to": "new_projects", "action": "reject"}]},
            "retention": {"keep": self.keep, "levels": ["town"]},
            "budget": {"by_year": {"2024": self.fund}},
        }
        tables = {"firms": firms, "actions": actions, "projects": projects, **more}
        return small.case(first=2024, last=2024, objective=small.FINAL, rules=rules, **tables)

    def plans(self) -> dict[tuple[frozenset[str], frozenset[str]], float]:
        """Every plan, as (projects awarded, firms closed), and what it is worth."""
        made = {}
        for closed in subsets(len(self.firms)):
            if sum(self.firms[k][3] for k in closed) > self.fund + 1e-9:
                continue
            for started in subsets(len(self.projects)):
                if self._fits(closed, started):
                    worth = sum(self.projects[k][2] for k in started) - sum(self.firms[k][2] for k in closed)
                    key = frozenset(f"P{k}" for k in started), frozenset(f"F{k}" for k in closed)
                    made[key] = float(worth)
        return made

    def _fits(self, closed: tuple[int, ...], started: tuple[int, ...]) -> bool:
        if any(self.projects[k][1] > self.limit * self.projects[k][2] * (1 + 1e-9) for k in started):
            return False
        lacking, spare = 0.0, 0.0
        for town in range(2):
            freed = sum(self.firms[k][1] for k in closed if self.firms[k][0] == town)
            used = sum(self.projects[k][1] for k in started if self.projects[k][0] == town)
            lacking += max(0.0, used - freed)
            spare += max(0.0, min((1.0 - self.keep) * freed, freed - used))
        return lacking <= spare + 1e-6

    def best(self) -> float:
        """What the best plan is worth."""
        return max(self.plans().values())

    def with_(self, **changes: Any) -> Tiny:
        """The same with another limit, share kept or fund."""
        return replace(self, **changes)


def subsets(count: int) -> list[tuple[int, ...]]:
    """All choices among so many things."""
    return [chosen for size in range(count + 1) for chosen in itertools.combinations(range(count), size)]


@st.composite
def tinies(draw: st.DrawFn, *, firms: int = 4, projects: int = 5) -> Tiny:
    """A tiny case, its numbers on a grid of ten, its values odd enough that ties are rare."""
    town = st.integers(0, 1)
    tens = st.integers(1, 12).map(lambda n: 10 * n)
    made = Tiny(
        tuple(draw(st.lists(st.tuples(town, tens, st.integers(1, 40), tens), min_size=1, max_size=firms))),
        tuple(draw(st.lists(st.tuples(town, tens, st.integers(20, 200)), min_size=2, max_size=projects))),
    )
    return made.with_(
        keep=draw(st.sampled_from([0.0, 0.25, 0.5])), fund=draw(st.sampled_from([60.0, 120.0, 1000.0])),
        limit=draw(st.sampled_from([0.8, 1.5, NEVER])),
    )  # fmt: skip


def sets_within(tiny: Tiny, floor: float) -> set[frozenset[str]]:
    """The sets of awards of the plans worth at least `floor`."""
    return {awards for (awards, _), worth in tiny.plans().items() if worth >= floor - 1e-6}


def awarded(plan: qo.Plan) -> frozenset[str]:
    """The projects a plan awards."""
    return frozenset(plan.awards["project"])


def treated(plan: qo.Plan) -> frozenset[str]:
    """The firms a plan treats."""
    return frozenset(plan.actions["firm"])


def nan_as_none(value: float) -> float | None:
    """None in place of a missing figure."""
    return None if math.isnan(value) else value
