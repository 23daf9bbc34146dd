"""The oracle: every way of deciding a small case is tried, and the best one that keeps all the rules is returned.

Whole decisions are enumerated; what is continuous (shares of divisible projects, transfers, soft shortfalls) is left
to `scipy.optimize.linprog`, and only where a divisible project takes part. Nothing of quota_opt is used.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from brute_case import Award, BruteCase, Choice, Linear, Row, weighted
from brute_flows import Done, Started, flows_exist, outflow_bounds, own_balance, used_by_others
from brute_margin import at_worst, margin
from brute_rules import bonuses, chain_points, ratios, rule_rows
from numpy.typing import NDArray
from scipy.optimize import linprog

EPS = 1e-7


@dataclass
class Stage:
    """Something to maximise: a linear function, less the penalties of the soft rows it answers for."""

    name: str
    value: Linear
    soft: tuple[Row, ...] = ()

    def at(self, done: Done, started: Started) -> float:
        return self.value.at(done, started) - sum(
            float(row.penalty or 0.0) * row.shortfall(row.value.at(done, started)) for row in self.soft
        )


@dataclass
class Smallest(Stage):
    """The smallest ratio of used to freed, at most 1; a place that frees nothing has none."""

    ratios: tuple[tuple[Linear, Linear], ...] = ()

    def at(self, done: Done, started: Started) -> float:
        pairs = [(used.at(done, started), freed.at(done, started)) for used, freed in self.ratios]
        return min([1.0, *(used / freed for used, freed in pairs if freed > EPS)])


@dataclass
class Answer:
    """The best there is: the value of each stage, and a way (all ways, where asked for) to get it."""

    stages: tuple[float, ...]
    names: tuple[str, ...]
    decisions: list[tuple[Done, Started]]

    @property
    def objective(self) -> float:
        return self.stages[-1]

    def words(self) -> list[tuple[set[str], set[str]]]:
        """The decisions as (firm:kind:year …, project:year …), for tests to read."""
        return [
            (
                {f"{choice.firm}:{choice.kind}:{choice.year}" for choice in done},
                {f"{award.project}:{award.year}" for award in started},
            )
            for done, started in self.decisions
        ]


# What is maximised


def stages(case: BruteCase, rows: Sequence[Row]) -> list[Stage]:
    """What is maximised, in order: the priority order first, then the case's own objective."""
    found = []
    priority = case.rules.get("priority", {})
    for category in priority.get("order", []) if priority.get("form") == "order" else []:
        value = Linear()
        for awards in case.awards.values():
            for award in awards:
                if award.category == category:
                    value.awards[award] = 0.0, award.energy
        found.append(Stage(f"energy to {category}", value))
    fairness = case.rules.get("fairness", {})
    if fairness.get("maximise_smallest"):
        if found or fairness.get("tolerance", 0.0):
            raise NotImplementedError("the oracle knows neither tolerances nor which of two rules comes first")
        found.append(Smallest("fairness", Linear(), ratios=tuple(ratios(case))))
    soft = tuple(row for row in rows if row.penalty is not None)
    objective = case.settings.get("objective", {"form": "weighted", "maximise": {"value_added": 1.0}})
    if objective.get("form", "weighted") == "weighted":
        parts = [(case.measure(name), weight) for name, weight in objective.get("maximise", {}).items()]
        parts += [(case.measure(name), -weight) for name, weight in objective.get("minimise", {}).items()]
        parts += chain_points(case)
        return [*found, Stage("weighted", weighted(parts), soft)]
    for step in objective["order"]:
        if step.get("tolerance", 0.0):
            raise NotImplementedError("the oracle knows no tolerances")
        sign = 1.0 if step["sense"] == "max" else -1.0
        found.append(Stage(step["measure"], weighted([(case.measure(step["measure"]), sign)])))
    return [*found, Stage("shortfall", Linear(), soft)] if soft else found


def together(case: BruteCase, awards: Iterable[Award]) -> list[tuple[str, str]]:
    """What is wrong with these projects starting in these years: variants, requires, excludes."""
    start = {award.project: award.year for award in awards}
    wrong = []
    groups = [case.group[project] for project in start if case.group[project]]
    wrong += [("variants", group) for group in set(groups) if groups.count(group) > 1]
    for project, year in start.items():
        for needed in case.requires[project]:
            if not any(start.get(member, math.inf) <= year for member in case.members(needed)):
                wrong.append(("requires", project))
        for barred in case.excludes[project]:
            if any(member in start for member in case.members(barred) if member != project):
                wrong.append(("excludes", project))
    return wrong


# Search


class Search:
    """All whole decisions of a case, with bounds on each row and stage, vectorised; then one by one, best first."""

    def __init__(self, case: BruteCase) -> None:
        self.case = case
        self.rows = rule_rows(case)
        self.hard = [row for row in self.rows if row.penalty is None]
        self.stages = stages(case, self.rows)
        firm_options = [[None, *choices] for choices in case.choices.values()]
        project_options = [[None, *awards] for awards in case.awards.values()]
        self.done: list[Done] = [tuple(c for c in combo if c) for combo in itertools.product(*firm_options)]
        combos = (tuple(a for a in combo if a) for combo in itertools.product(*project_options))
        self.started = [combo for combo in combos if not together(case, combo)]

    @property
    def size(self) -> int:
        return len(self.done) * len(self.started)

    def span(self, value: Linear) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Least and most a linear function can be, for each (what is done, what is started)."""
        by_done = np.array([sum(value.choices.get(c, 0.0) for c in done) for done in self.done])
        ends = np.zeros((2, len(self.started)))
        for at, started in enumerate(self.started):
            for award in started:
                fixed, per_share = value.awards.get(award, (0.0, 0.0))
                parts = sorted((per_share * award.low, per_share * award.high))
                ends[:, at] += fixed + parts[0], fixed + parts[1]
        base = value.constant + by_done[:, None]
        for whole, weight in value.wholes:
            base = base + weight * whole.grid(self.done, self.started)
        return base + ends[0][None, :], base + ends[1][None, :]

    def above(self, stage: Stage) -> NDArray[np.float64]:
        """The most a stage can be for each decision, soft rows left aside."""
        if not isinstance(stage, Smallest):
            return self.span(stage.value)[1]
        least = np.ones((len(self.done), len(self.started)))
        for used, freed in stage.ratios:
            most, frees = self.span(used)[1], self.span(freed)[1]
            least = np.where(frees > EPS, np.minimum(least, most / np.where(frees > EPS, frees, 1.0)), least)
        return least

    def best(self, *, all_ways: bool = False) -> Answer | None:
        possible = np.ones((len(self.done), len(self.started)), dtype=bool)
        for row in self.hard:
            least, most = self.span(row.value)
            out = np.array([not row.holds_for(awards) for awards in self.started])[None, :]
            if row.sense in (">=", "=="):
                possible &= (most >= row.bound - row.tolerance) | out
            if row.sense in ("<=", "=="):
                possible &= (least <= row.bound + row.tolerance) | out
        bounds = []
        for stage in self.stages:
            bound = self.above(stage)
            for row in stage.soft:
                least, most = self.span(row.value)
                missed = np.maximum(0.0, row.bound - most) * (row.sense != "<=")
                missed += np.maximum(0.0, least - row.bound) * (row.sense != ">=")
                bound = bound - float(row.penalty or 0.0) * missed
            bounds.append(bound)
        spots = np.argwhere(possible)
        above = np.stack([bound[possible] for bound in bounds], axis=1)
        order = np.lexsort(np.round(-above, 6).T[::-1])
        answer: Answer | None = None
        for at in order:
            if answer is not None:
                better = compare(above[at], answer.stages)
                if better < 0 or (better == 0 and not all_ways):
                    break
            done, awards = self.done[spots[at][0]], self.started[spots[at][1]]
            settled = self.settle(done, awards)
            if settled is None:
                continue
            values, started = settled
            better = 1 if answer is None else compare(values, answer.stages)
            if answer is None or better > 0:
                answer = Answer(values, tuple(stage.name for stage in self.stages), [(done, started)])
            elif better == 0:
                answer.decisions.append((done, started))
        return answer

    def settle(self, done: Done, awards: Sequence[Award]) -> tuple[tuple[float, ...], Started] | None:
        """The best shares for one whole decision, None if it breaks a rule whatever the shares."""
        if all(award.low == award.high for award in awards) and not bonuses(self.case):
            started = {award: award.high for award in awards}
            if any(breach(row, done, started) > row.tolerance for row in self.hard):
                return None
            if not flows_exist(self.case, done, started):
                return None
            return tuple(stage.at(done, started) for stage in self.stages), started
        return ShareProgram(self, done, awards).solve()


def breach(row: Row, done: Done, started: Started) -> float:
    """How far a row is broken; nothing where it does not hold."""
    return row.shortfall(row.value.at(done, started)) if row.holds_for(started) else 0.0


class ShareProgram:
    """The linear program that is left when all whole decisions are made: shares, net outflows, shortfalls."""

    def __init__(self, search: Search, done: Done, awards: Sequence[Award]) -> None:
        self.search, self.done, self.awards = search, done, list(awards)
        case = search.case
        retained = case.rules["retention"].get("resources", case.resources) if "retention" in case.rules else []
        self.bonuses = bonuses(case)
        if self.bonuses and "energy" not in retained:
            retained = [*retained, "energy"]
        if "robustness" in case.rules:
            retained = case.resources
        self.limits: list[tuple[float, float]] = [(award.low, award.high) for award in self.awards]
        self.matrix: list[dict[int, float]] = []
        self.right: list[float] = []
        for row in search.hard:
            if row.holds_for(self.awards):
                self._bounded(row, None)
        self.missed: dict[int, int] = {}
        for row in search.rows:
            if row.penalty is not None:
                self.limits.append((0.0, math.inf))
                self.missed[id(row)] = len(self.limits) - 1
                self._bounded(row, len(self.limits) - 1)
        for resource, year in itertools.product(retained, case.years):
            self._tree(resource, year)
        self.smallest = {stage.name: self._smallest(stage) for stage in search.stages if isinstance(stage, Smallest)}

    def _bounded(self, row: Row, slack: int | None) -> None:
        constant = row.value.fixed(self.done, self.awards)
        terms = {at: row.value.awards.get(a, (0.0, 0.0))[1] for at, a in enumerate(self.awards)}
        extra = {} if slack is None else {slack: -1.0}
        if row.sense in ("<=", "=="):
            self.at_most({**terms, **extra}, row.bound - constant)
        if row.sense in (">=", "=="):
            self.at_most({**{at: -value for at, value in terms.items()}, **extra}, constant - row.bound)

    def at_most(self, terms: dict[int, float], bound: float) -> None:
        self.matrix.append(terms)
        self.right.append(bound)

    def _tree(self, resource: str, year: int) -> None:
        case, edge = self.search.case, {}
        for place, parent in case.parent.items():
            if parent is not None:
                edge[place] = len(self.limits)
                low, high = outflow_bounds(case, place, resource, year, self.done)
                others = used_by_others(case, place, resource, year, self.awards)
                self.limits.append((low, math.inf if others else high))
                if others:
                    use = {self.awards.index(award): amount for award, amount in others.items()}
                    self.at_most({**use, edge[place]: 1.0}, high)
        for weights in self.bonuses if resource == "energy" else []:
            self.at_most({edge[place]: weight for place, weight in weights.items()}, 0.0)
        for place in case.parent:
            terms = {at: a.use(resource, year) for at, a in enumerate(self.awards) if a.place == place}
            if place in edge:
                terms[edge[place]] = 1.0
            for child, parent in case.parent.items():
                if parent == place:
                    terms[edge[child]] = -1.0
            has = own_balance(case, place, resource, year, self.done, {})
            self.at_most(terms, has)
            for lacking, more in at_worst(case, place, resource, year, self.done, self.awards):
                extra = {at: more[award] for at, award in enumerate(self.awards) if award in more}
                both = {key: terms.get(key, 0.0) + extra.get(key, 0.0) for key in {**terms, **extra}}
                self.at_most(both, has - lacking)

    def _smallest(self, stage: Smallest) -> int:
        """The column of the smallest ratio z: used >= z * freed, freed being decided."""
        self.limits.append((0.0, 1.0))
        column = len(self.limits) - 1
        for used, freed in stage.ratios:
            frees = freed.at(self.done, {})
            if frees > EPS:
                use = {at: -used.awards.get(award, (0.0, 0.0))[1] for at, award in enumerate(self.awards)}
                self.at_most({**use, column: frees}, used.fixed(self.done, self.awards))
        return column

    def solve(self) -> tuple[tuple[float, ...], Started] | None:
        if any(low > high + 1e-6 for low, high in self.limits):
            return None
        self.limits = [(low, max(low, high)) for low, high in self.limits]
        found: list[float] = []
        shares: Started = {}
        for stage in self.search.stages:
            awards = [stage.value.awards.get(award, (0.0, 0.0)) for award in self.awards]
            cost = np.zeros(len(self.limits))
            cost[: len(awards)] = [-per_share for _, per_share in awards]
            if stage.name in self.smallest:
                cost[self.smallest[stage.name]] = -1.0
            for row in stage.soft:
                cost[self.missed[id(row)]] = float(row.penalty or 0.0)
            matrix = np.zeros((len(self.matrix), len(self.limits)))
            for at, terms in enumerate(self.matrix):
                matrix[at, list(terms)] = list(terms.values())
            result = linprog(cost, A_ub=matrix, b_ub=self.right, bounds=self.limits, method="highs")
            if result.status == 2:
                return None
            if result.status != 0 or result.x is None or result.fun is None:
                raise RuntimeError(result.message)
            least = float(result.fun)
            found.append(stage.value.fixed(self.done, self.awards) - least)
            shares = {award: float(result.x[at]) for at, award in enumerate(self.awards)}
            if stage is not self.search.stages[-1]:
                slack = 1e-8 * max(1.0, abs(least))
                self.at_most({at: float(value) for at, value in enumerate(cost) if value}, least + slack)
        return tuple(found), shares


def compare(left: Sequence[float], right: Sequence[float]) -> int:
    """1, 0 or -1 as the values of `left`, stage by stage, are better than, as good as or worse than `right`."""
    for one, other in zip(left, right, strict=True):
        if abs(one - other) > EPS * max(1.0, abs(one), abs(other)):
            return 1 if one > other else -1
    return 0


def brute_force(
    settings: Mapping[str, Any], tables: Mapping[str, list[dict[str, Any]]], *, all_ways: bool = False
) -> Answer | None:
    """The best plan of a small case, or None if no plan keeps the rules."""
    return Search(BruteCase(settings, tables)).best(all_ways=all_ways)


# Judging a plan somebody else made


@dataclass
class Judgement:
    """A plan re-examined: every rule it breaks, the value of each stage, and every measure."""

    broken: list[tuple[str, str]]
    stages: tuple[float, ...]
    measures: dict[str, float]


def judge(
    settings: Mapping[str, Any],
    tables: Mapping[str, list[dict[str, Any]]],
    *,
    actions: Iterable[tuple[str, str, str, int]],
    awards: Iterable[tuple[str, int, float]],
    transfers: Iterable[tuple[str, int, str, str, float]],
    tolerance: float = 1e-5,
) -> Judgement:
    """Re-examine a plan: (firm, kind, option, year), (project, year, share), (resource, year, from, to, amount)."""
    case = BruteCase(settings, tables)
    rows = rule_rows(case)
    broken: list[tuple[str, str]] = []
    done: list[Choice] = []
    for firm, kind, option, year in actions:
        same = [c for c in case.choices.get(firm, []) if (c.kind, c.option, c.year) == (kind, option, year)]
        if any(choice.firm == firm for choice in done):
            broken.append(("one action per firm", firm))
        if not same:
            broken.append(("no such action", f"{firm} {kind} {option} {year}"))
        done += same[:1]
    started: Started = {}
    for project, year, share in awards:
        possible = [award for award in case.awards.get(project, []) if award.year == year]
        if any(award.project == project for award in started):
            broken.append(("one start per project", project))
        if not possible:
            broken.append(("no such start", f"{project} {year}"))
        for award in possible[:1]:
            started[award] = share
            if not award.low - tolerance <= share <= award.high + tolerance:
                broken.append(("share", f"{project} {share}"))
    broken += together(case, started)
    for row in rows:
        missed = breach(row, tuple(done), started)
        if row.penalty is None and missed > tolerance * max(1.0, abs(row.bound)):
            broken.append((row.rule, f"short by {missed}"))
    broken += _overdrawn(case, tuple(done), started, list(transfers), tolerance)
    measures = {name: case.measure(name).at(done, started) for name in case.measure_names()}
    return Judgement(broken, tuple(stage.at(tuple(done), started) for stage in stages(case, rows)), measures)


def _overdrawn(
    case: BruteCase,
    done: Done,
    started: Started,
    transfers: list[tuple[str, int, str, str, float]],
    tolerance: float,
) -> list[tuple[str, str]]:
    """Pools overdrawn, transfers off the tree, and outflows that retention does not allow."""
    broken = []
    for resource, year, source, target, amount in transfers:
        if case.parent.get(source) != target and case.parent.get(target) != source:
            broken.append(("off the tree", f"{source} {target}"))
        if amount < 0 or year not in case.years or resource not in case.resources:
            broken.append(("transfer", f"{resource} {year} {amount}"))
    for resource, year, place in itertools.product(case.resources, case.years, case.parent):
        moves = [(s, t, amount) for r, y, s, t, amount in transfers if (r, y) == (resource, year)]
        out = sum(amount for source, _, amount in moves if source == place)
        into = sum(amount for _, target, amount in moves if target == place)
        balance = own_balance(case, place, resource, year, done, started) + into - out
        scale = max(1.0, out, into)
        if balance < -tolerance * scale:
            broken.append(("pool", f"{place} {resource} {year} {balance}"))
        kept = margin(case, place, resource, year, done, started)
        if balance < kept - tolerance * max(scale, kept):
            broken.append(("robustness", f"{place} {resource} {year}: {balance} of {kept}"))
        parent = case.parent[place]
        if parent is not None:
            net = sum(a for s, t, a in moves if (s, t) == (place, parent))
            net -= sum(a for s, t, a in moves if (s, t) == (parent, place))
            low, high = outflow_bounds(case, place, resource, year, done)
            high -= sum(use * started[a] for a, use in used_by_others(case, place, resource, year, started).items())
            if not low - tolerance * scale <= net <= high + tolerance * scale:
                broken.append(("retention", f"{place} {resource} {year}: {low} <= {net} <= {high}"))
    for year, weights in itertools.product(case.years, bonuses(case)):
        moves = [(s, t, amount) for r, y, s, t, amount in transfers if (r, y) == ("energy", year)]
        due = sum(weights.get(s, 0.0) * amount for s, t, amount in moves if case.parent[s] == t)
        due -= sum(weights.get(t, 0.0) * amount for s, t, amount in moves if case.parent[t] == s)
        if due > tolerance * max([1.0, *(amount for _, _, amount in moves)]):
            broken.append(("fairness", f"the bonus of {year} lacks {due}"))
    return broken
