"""One thing of a case changed, the rest as it is: quota of a pool, figures of a project, its years, a setting.

A changed case is a case like any other: it is read, checked and solved like one. A search then tells how large a change
must be: `smallest_step` asks re-solves, and `quota_to_enter` a few models that answer for all smaller amounts at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from quota_opt.analysis.explain.pricing import Pricing
from quota_opt.analysis.opened import Opened, with_rows
from quota_opt.model.linear import Arrays, FloatArray, IntArray
from quota_opt.plan.plan import Plan
from quota_opt.plan.prices import pool_rows
from quota_opt.plan.tables import outcome_of_values
from quota_opt.scenario import Scenario
from quota_opt.scenario.scenario import effective_document
from quota_opt.solving.highs import relaxed
from quota_opt.solving.stages import optimise, stage_arrays
from quota_opt.solving.status import Solution, Status

FUELS = (
    "electricity_mwh", "natural_gas_m3", "raw_coal_t", "coke_t", "diesel_t", "fuel_oil_t", "lpg_t", "heat_gj",
    "green_electricity_mwh", "feedstock_tce",
)  # fmt: skip
ENERGY = ("energy_tce", "energy_equivalent_tce", *FUELS)
"""Columns that shrink together where a project is to use less energy; its carbon follows where it is not stated."""
EVERY_YEAR = "*"
SMALL_MODEL = 300
"""Up to so many columns a re-solve costs no more than a guess, and the least quota is found exactly."""
HALF = 0.5
STRIDES = 32
"""A search by re-solves begins with this part of what the relaxation says."""


def with_tables(scenario: Scenario, **tables: pd.DataFrame) -> Scenario:
    """The same case with some of its tables replaced; raises InputError where they do not hold together."""
    given = {name: scenario.tables[name] for name in scenario.tables if scenario.has_table(name)} | tables
    return Scenario.from_tables(effective_document(scenario), **{name: _plain(table) for name, table in given.items()})


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """A table as it may be written: lists joined by semicolons, blank columns left out."""
    made = pd.DataFrame(index=table.index)
    for name in table.columns:
        column = table[name]
        if column.dtype == object:
            column = column.map(lambda cell: ";".join(map(str, cell)) if isinstance(cell, tuple) else cell)
            if not column.astype(bool).any():
                continue
        elif column.dtype.kind == "f" and column.isna().all():
            continue
        made[name] = column
    if {"resource", "amount", "year"} <= set(table.columns):
        made["year"] = [EVERY_YEAR if pd.isna(year) else int(year) for year in table["year"]]
    return made


def with_quota(scenario: Scenario, place: str, resource: str, amount: float, year: int | None = None) -> Scenario:
    """The case with so much more quota held at one place, in one year or (None) every year."""
    row = {"place": place, "resource": resource, "year": np.nan if year is None else float(year), "amount": amount}
    return with_tables(scenario, quotas=pd.concat([scenario.quotas, pd.DataFrame([row])], ignore_index=True))


def with_project(scenario: Scenario, project: str, **cells: Any) -> Scenario:
    """The case with cells of one project changed."""
    table = scenario.projects.copy()
    row = table.index[table["project"] == project]
    for name, value in cells.items():
        table.loc[row, name] = value
    return with_tables(scenario, projects=table)


def with_energy(scenario: Scenario, project: str, factor: float) -> Scenario:
    """The case in which one project uses `factor` times its energy, on both bases, and the fuels with it."""
    table = scenario.projects
    own = table[table["project"] == project].iloc[0]
    cells = {name: own[name] * factor for name in ENERGY if name in table and not pd.isna(own[name])}
    return with_project(scenario, project, **cells)


@dataclass(frozen=True)
class Answer:
    """What a re-solve came to: the projects awarded and the objective; None and NaN where there is no plan."""

    awards: frozenset[str] | None
    objective: float

    def has(self, project: str) -> bool:
        """Whether a project is awarded."""
        return self.awards is not None and project in self.awards

    def against(self, before: Plan, own: str = "") -> tuple[float, tuple[str, ...], tuple[str, ...]]:
        """What the objective gains on a plan before; which projects leave and which join, `own` apart."""
        if self.awards is None:
            return math.nan, (), ()
        old = set(map(str, before.awards["project"]))
        gain = self.objective - before.objective
        return gain, tuple(sorted(old - self.awards - {own})), tuple(sorted(self.awards - old - {own}))


def solved(pricing: Pricing, scenario: Scenario) -> Answer:
    """Solve a changed case with the profile of the plan, as `quota_opt.solve` would."""
    problem = Opened.of(scenario, pricing.opened.profile).problem
    found = optimise(problem, pricing.opened.profile)
    if found.values is None:
        return Answer(None, math.nan)
    outcome = outcome_of_values(problem, found.values)
    names = problem.case.projects["project"].to_numpy(dtype=object)[outcome.award_row]
    return Answer(frozenset(map(str, names)), found.objective)


def in_relaxation(pricing: Pricing, scenario: Scenario, project: str) -> bool:
    """Whether the linear relaxation of a changed case has at least half of a project: a guess that costs little."""
    problem = Opened.of(scenario, pricing.opened.profile).problem
    row = int(np.flatnonzero(problem.case.projects["project"].to_numpy() == project)[0])
    columns = problem.start[row][problem.start[row] >= 0]
    if not len(columns):
        return False
    stages = pricing.plan.certificate["stages"]
    root = relaxed(stage_arrays(problem, len(stages) - 1, [stage["objective"] for stage in stages]))
    return root is not None and float(root.values[columns].sum()) >= HALF


def entering(
    pricing: Pricing, project: str, change: Callable[[int], Scenario], guess: int, most: int
) -> tuple[Step, Answer | None]:
    """How many steps of a change let a project in, by re-solves, and what then comes.

    The relaxation says where to begin, or `guess` in small models; the middle where it never has the project.
    """
    answers: dict[int, Answer] = {}

    def awards(steps: int) -> bool:
        answers[steps] = solved(pricing, change(steps))
        return answers[steps].has(project)

    begin, part = guess, STRIDES
    if pricing.arrays.columns > SMALL_MODEL:
        rough = smallest_step(lambda steps: in_relaxation(pricing, change(steps), project), guess, most, beyond=False)
        begin, part = (most // 2, 4) if rough.least is None else (rough.least, STRIDES)
    found = smallest_step(awards, begin, most, stride=max(1, begin // part))
    return found, None if found.least is None else answers[found.least]


@dataclass(frozen=True)
class Step:
    """The outcome of a search over whole numbers of steps.

    `least` steps are enough (None: no number up to the largest tried is), `below` are not (None: nothing less was left
    to try). `monotone` is False where a larger number tried was not enough again. `tried` maps each to whether it was.
    """

    least: int | None
    below: int | None
    monotone: bool
    tried: Mapping[int, bool]


def smallest_step(
    enough: Callable[[int], bool], guess: int, most: int, least: int = 1, stride: int = 1, beyond: bool = True
) -> Step:
    """The smallest number of steps, from `least` to `most`, that is enough, as far as `enough` grows with it.

    Where the most is not enough nothing is. From the guess it doubles its `stride` up or down and halves it again.
    Where being enough is not monotone, what is found is a number that is enough beside one less that is not; twice
    and four times as much are tried as well, unless it shall not look `beyond`.
    """
    tried: dict[int, bool] = {}

    def ask(steps: int) -> bool:
        if steps not in tried:
            tried[steps] = enough(steps)
        return tried[steps]

    if not ask(most):
        return Step(None, most, True, tried)
    low = high = min(max(guess, least), most)
    down = up = stride
    while low >= least and ask(low):
        high, low, down = low, max(low - down, least - 1), 2 * down
    while not ask(high):
        low, high, up = high, min(high + up, most), 2 * up
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if ask(middle) else (middle, high)
    for steps in (2 * high, 4 * high) if beyond else ():
        if steps <= most:
            ask(steps)
    monotone = all(ok for steps, ok in tried.items() if steps > high)
    return Step(high, low if low >= least else None, monotone, tried)


@dataclass(frozen=True)
class Forced:
    """The best plan with something forced: what it loses, who leaves and joins, and which years it took.

    `loss` is the value of the plan less that of the best plan found so; no plan loses less than `loss_at_least`, beside
    the bound of the plan. NaN and inf where nothing is possible.
    """

    possible: bool
    loss: float
    loss_at_least: float
    leavers: tuple[str, ...] = ()
    joiners: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    treated: tuple[str, ...] = ()
    year: int | None = None
    solution: Solution | None = None


def forcing(
    pricing: Pricing,
    *,
    project: int | None = None,
    firm: int | None = None,
    do: bool = True,
    partner: int | None = None,
) -> Forced:
    """Solve the model with a project started (or a firm treated), or not: `do`; with a `partner` project as well.

    A rule's bar on the project, and its window, are out of the way where they leave it no year.
    """
    arrays = asked_arrays(pricing, [p for p in (project, partner) if p is not None])
    rows = [(columns_of(pricing, p), 1.0) for p in (project, partner) if p is not None] if do else []
    if not do and project is not None:
        rows = [(columns_of(pricing, project), 0.0)]
    if firm is not None:
        act = pricing.wide.act[pricing.case.actions["firm_code"].to_numpy() == firm]
        rows = [(act[act >= 0], 1.0 if do else 0.0)]
    for columns, at in rows:
        arrays = with_rows(arrays, _row(columns, arrays.columns), at, at)
    found = pricing.opened.ask(arrays)
    if found.values is None:
        return Forced(False, math.inf if found.status is Status.INFEASIBLE else math.nan, 0.0)
    return _forced(pricing, found, project)


def columns_of(pricing: Pricing, project: int) -> IntArray:
    """The starts of a project that count: those the case allows, else those of its window, else all."""
    case, start = pricing.case, pricing.wide.start[project]
    for years in (case.start_allowed[project], case.start_window[project]):
        if years.any():
            return np.asarray(start[years])
    return np.asarray(start)


def asked_arrays(pricing: Pricing, projects: Sequence[int]) -> Arrays:
    """The wide model with nothing open beyond the case's own, but for the given projects."""
    wide, own = pricing.wide, pricing.problem
    upper = pricing.wide_arrays.upper.copy()
    for grid, known in ((wide.start, own.start), (wide.share, own.share)):
        upper[grid[known < 0]] = 0.0
        for p in projects:
            opened = np.isin(wide.start[p], columns_of(pricing, p))
            upper[grid[p][opened]] = pricing.wide_arrays.upper[grid[p][opened]]
    return replace(pricing.wide_arrays, upper=upper)


def _row(columns: IntArray, size: int) -> sp.csr_array:
    return sp.csr_array((np.ones(len(columns)), (np.zeros(len(columns), dtype=np.int64), columns)), shape=(1, size))


def _forced(pricing: Pricing, found: Solution, project: int | None) -> Forced:
    assert found.values is not None
    chosen = found.values > 0.5
    starts, acts = pricing.wide.start, pricing.wide.act
    names = pricing.case.projects["project"].to_numpy(dtype=object)
    now = {str(names[p]) for p in np.flatnonzero(chosen[starts].any(axis=1))}
    before = set(map(str, pricing.plan.awards["project"]))
    done = np.where(acts >= 0, chosen[acts], False).any(axis=1)
    firms = set(map(str, pricing.case.actions["firm"].to_numpy()[done]))
    treated = set(map(str, pricing.plan.actions["firm"]))
    own = str(names[project]) if project is not None else ""
    year = None
    if project is not None and chosen[starts[project]].any():
        year = int(pricing.case.years[int(np.flatnonzero(chosen[starts[project]])[0])])
    value = pricing.wide_arrays.value(found.values)
    return Forced(
        True,
        pricing.value - value,
        max(pricing.value - found.bound, 0.0),
        tuple(sorted(before - now - {own})),
        tuple(sorted(now - before - {own})),
        tuple(sorted(treated - firms)),
        tuple(sorted(firms - treated)),
        year,
        found,
    )


@dataclass(frozen=True)
class Entry:
    """How much a project needs: with `enough` (whole steps of quota, None: no amount) it is worth its place, and with
    less than `at_least` no plan with it is as good as the best without."""

    enough: float | None
    at_least: float


def quota_to_enter(pricing: Pricing, project: int, place: int, resource: int, step: float, rounds: int = 8) -> Entry:
    """The least quota more at one pool, every year, with which the best plan has the project.

    Let V(x) be the best value without the project when there is x more. The least x at which a plan with it is worth
    V(0) is one solve; so is V there; with that as the new mark, and so on. No amount on the way can be enough, since
    V grows with x: where the two meet is the least of all, whatever happens in between or beyond.
    """
    mark, least = pricing.value, 0.0
    allowance = pricing.opened.profile.relative_gap * max(1.0, abs(pricing.value))
    inside = with_rows(
        asked_arrays(pricing, [project]), _row(columns_of(pricing, project), pricing.wide_arrays.columns), 1.0, 1.0
    )
    outside = pricing.arrays
    for _ in range(rounds):
        found = pricing.opened.ask(_least_amount(pricing, inside, place, resource, step, mark))
        if found.values is None:
            return Entry(None, math.inf if found.status is Status.INFEASIBLE else least)
        least = max(least, step * math.ceil(-found.bound / step - 1e-6))
        amount = step * round(-found.objective / step)
        grown = pricing.opened.ask(_with_amount(pricing, outside, project, place, resource, amount))
        if grown.values is None or grown.objective <= mark + allowance:
            return Entry(amount, least)
        mark = grown.objective
    return Entry(None, least)


def _pool_rows_of(pricing: Pricing, place: int, resource: int) -> IntArray:
    shape = pricing.case.initial.shape
    return np.asarray(pool_rows(pricing.problem).reshape(shape)[resource, place])


def _least_amount(pricing: Pricing, arrays: Arrays, place: int, resource: int, step: float, mark: float) -> Arrays:
    """The model that asks for the least whole steps of quota, every year, with which its objective comes to `mark`."""
    used = float(np.abs(pricing.case.need[resource]).sum() * pricing.case.kappa.max(initial=1.0))
    return least_amount(arrays, _pool_rows_of(pricing, place, resource), step, mark, math.ceil(used / step) + 1)


def least_amount(arrays: Arrays, rows: IntArray, step: float, mark: float, most: int) -> Arrays:
    """The model that asks for the fewest steps by which the upper sides of `rows` must move for a value of `mark`.

    Its last column counts them, up to `most`; a negative `step` takes away, and as many as can be are asked for.
    """
    entries = np.full(len(rows), -step), (rows, np.zeros(len(rows), dtype=np.int64))
    column = sp.csr_array(entries, shape=(arrays.rows, 1))
    objective = np.zeros(arrays.columns + 1)
    objective[-1] = -step
    slack = 1e-9 * max(1.0, abs(mark))
    kept = with_rows(arrays, arrays.objective, mark - arrays.offset - slack, math.inf)
    return replace(
        kept,
        objective=objective,
        offset=0.0,
        lower=np.append(arrays.lower, 0.0),
        upper=np.append(arrays.upper, float(most)),
        integer=np.append(arrays.integer, True),
        matrix=sp.csr_array(sp.hstack([kept.matrix, sp.vstack([column, sp.csr_array((1, 1))])])),
    )


def _with_amount(pricing: Pricing, arrays: Arrays, project: int, place: int, resource: int, amount: float) -> Arrays:
    """The case's own model with so much more quota at a pool every year, without the project."""
    upper, row_upper = arrays.upper.copy(), arrays.row_upper.copy()
    columns = pricing.problem.start[project]
    upper[columns[columns >= 0]] = 0.0
    row_upper[_pool_rows_of(pricing, place, resource)] += amount
    return replace(arrays, upper=upper, row_upper=row_upper)


def needed(amount: float, each: FloatArray | float) -> float:
    """How many units at `each` make up an amount; inf where a unit gives nothing."""
    worth = float(np.sum(each))
    return 0.0 if amount <= 0.0 else amount / worth if worth > 0.0 else math.inf
