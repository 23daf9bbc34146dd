"""The model of two stages: decisions now, and in each world transfers and what is lacking.

    maximise  E[value]  −  Σ_k weight[k] · cost[k]  −  λ · ( eta + Σ_k weight[k] · w[k] / (1 − alpha) )

    cost[k] = Σ_{r, n, t} price[r, t] · short[k, r, n, t]         w[k] >= cost[k] − eta,   w >= 0

    used[k] + out[k] − freed[k] − in[k] − short[k]  <=  initial       every world, pool, year
    retention in every world, of what is freed there

beside all columns and rows of the case itself, whose pools balance as stated. The value is the case's own objective,
each decision counted as it turns out. eta and w make the last term the mean of the worst 1 − alpha of the cost
(Rockafellar and Uryasev). Places that retention does not bind share one pool with the place above: quota moves freely.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from quota_opt.analysis.uncertain.draws import Worlds
from quota_opt.analysis.uncertain.measures import amounts, award_amounts, objective_weights
from quota_opt.model.build import Problem
from quota_opt.model.case import Case, FloatArray, IntArray
from quota_opt.model.entries import AnyInt
from quota_opt.model.linear import Arrays
from quota_opt.model.measures import Coefficients, coefficients
from quota_opt.model.standing import Flat
from quota_opt.rules.retention import Held, Retention


class Risk(NamedTuple):
    """What a unit short costs, (R, T), where the tail begins, and what its mean weighs."""

    price: FloatArray
    alpha: float
    weight: float


@dataclass(frozen=True, eq=False)
class Futures:
    """What each decision frees and uses in each world: of each resource and year, (acts, worlds), (awards, worlds).

    Rows are the columns of the model, in their order; `weight` (worlds,) sums to 1.
    """

    weight: FloatArray
    freed: dict[tuple[int, int], FloatArray]
    used: dict[tuple[int, int], FloatArray]

    @classmethod
    def of(cls, problem: Problem, worlds: Worlds, weight: FloatArray) -> Futures:
        """Of all candidates of a model; the worlds are of all actions and projects of its case."""
        case = problem.case
        acts, awards = Flat.of(problem.act), Flat.of(problem.share)
        lag = case.actions["lag"].to_numpy(dtype=np.int64)[acts.row]
        effective = (acts.year + lag)[:, None] + worlds.slip[acts.row]
        start = awards.year[:, None] + worlds.delay[awards.row]
        freed, used = {}, {}
        for r in range(len(case.resources)):
            for t in range(case.horizon):
                free = case.standing_free(r, t)[acts.row][:, None]
                freed[r, t] = np.where(free > 0.0, free * worlds.delivers[acts.row], free) * (effective <= t)
                need = case.standing_need(r, t)[awards.row]
                taken = np.take_along_axis(need, np.minimum(start, case.horizon - 1), axis=1) * (start <= t)
                used[r, t] = taken * worlds.needs[awards.row] * worlds.there[awards.row]
        return cls(weight, freed, used)

    def mean(self) -> Futures:
        """The one world in which everything comes out as it does on average."""
        freed, used = (
            {key: (part @ self.weight)[:, None] for key, part in parts.items()} for parts in (self.freed, self.used)
        )
        return Futures(np.ones(1), freed, used)


def expected_objective(problem: Problem, worlds: Worlds, weight: FloatArray) -> tuple[FloatArray, float]:
    """The objective of the model (and its constant) with each decision counted as it turns out on average."""
    case = problem.case
    dense, constant = problem.objectives[0]
    dense = dense.copy()
    every = np.arange(len(case.actions)), np.arange(len(case.projects))
    for name, per_unit in (objective_weights(case) or {}).items():
        made = coefficients(case, name)
        moved = [np.zeros_like(part) for part in (made.actions, made.shares, made.starts)]
        for t in range(case.horizon):
            at = np.full(len(every[0]), t), np.full(len(every[1]), t)
            moved[0][:, t] = amounts(case, made, name, worlds, every[0], at[0]) @ weight
            shares, starts = award_amounts(case, made, name, worlds, every[1], at[1])
            moved[1][:, t], moved[2][:, t] = shares @ weight, starts @ weight
        change = Coefficients(moved[0] - made.actions, moved[1] - made.shares, moved[2] - made.starts)
        dense += per_unit * problem.weights_of(change)
    return dense, constant


def two_stage_arrays(problem: Problem, objective: tuple[FloatArray, float], futures: Futures, risk: Risk) -> Arrays:
    """The model with its second stage after its own columns and rows; see the head of this file."""
    made = _SecondStage(problem, futures, risk)
    base = problem.arrays
    added = made.columns - base.columns
    wide = sp.csr_array((base.matrix.data, base.matrix.indices, base.matrix.indptr), shape=(base.rows, made.columns))
    below, upper = made.rows()
    return Arrays(
        objective=np.concatenate([objective[0], made.objective()]),
        offset=objective[1],
        lower=np.concatenate([base.lower, made.lower()]),
        upper=np.concatenate([base.upper, np.full(added, np.inf)]),
        integer=np.concatenate([base.integer, np.zeros(added, dtype=bool)]),
        matrix=sp.csr_array(sp.vstack([wide, below])),
        row_lower=np.concatenate([base.row_lower, np.full(len(upper), -np.inf)]),
        row_upper=np.concatenate([base.row_upper, upper]),
        column_blocks=base.column_blocks,
        row_blocks=base.row_blocks,
    )


class _Pools(NamedTuple):
    """The pools of one resource: the place that stands for each place's, the places that have one, its own first."""

    of: IntArray  # (N,): number of the pool a place belongs to
    places: IntArray  # (pools,)
    above: IntArray  # (pools,): number of the pool it sends to, -1 at the top
    held: Held | None


def _pools(case: Case, r: int) -> _Pools:
    """Places that retention leaves free belong to the pool of the place above."""
    rule = case.rule("retention")
    held = rule.held(case) if isinstance(rule, Retention) else None
    held = held if held is not None and r in held.resources else None
    parent = case.places.parent
    own = parent < 0 if held is None else (parent < 0) | held.places
    top = np.arange(case.places.size)
    for n in np.argsort(case.places.depth, kind="stable").tolist():
        top[n] = n if own[n] else top[parent[n]]
    places = np.flatnonzero(own)
    number = np.full(case.places.size, -1)
    number[places] = np.arange(len(places))
    above = np.where(parent[places] >= 0, number[top[parent[places]]], -1)
    return _Pools(number[top], places, above, held)


class _SecondStage:
    """Columns and rows of the second stage, written world by world."""

    def __init__(self, problem: Problem, futures: Futures, risk: Risk) -> None:
        self.problem, self.case, self.futures, self.risk = problem, problem.case, futures, risk
        self.worlds = len(futures.weight)
        self.acts, self.awards = Flat.of(problem.act), Flat.of(problem.share)
        self.columns = problem.arrays.columns
        self._parts: list[tuple[NDArray[np.int64], NDArray[np.int64], FloatArray]] = []
        self._upper: list[FloatArray] = []
        self._height = 0
        self._free_columns: list[IntArray] = []
        self._short: list[tuple[IntArray, int, int]] = []  # (columns (worlds, pools), resource, year)
        for r in range(len(self.case.resources)):
            for t in range(self.case.horizon):
                self._year(r, t)
        self._tail()

    def objective(self) -> FloatArray:
        """What the new columns cost."""
        dense = np.zeros(self.columns)
        for columns, r, t in self._short:
            dense[columns] = -self.risk.price[r, t] * self.futures.weight[:, None]
        if self.risk.weight:
            dense[self._eta] = -self.risk.weight
            dense[self._beyond] = -self.risk.weight * self.futures.weight / (1.0 - self.risk.alpha)
        return dense[self.problem.arrays.columns :]

    def lower(self) -> FloatArray:
        """0 for all but transfers, which go either way."""
        bounds = np.zeros(self.columns)
        for columns in self._free_columns:
            bounds[columns] = -np.inf
        return bounds[self.problem.arrays.columns :]

    def rows(self) -> tuple[sp.csr_array, FloatArray]:
        """The new rows over all columns, and their upper bounds."""
        row, column, value = (np.concatenate([part[i] for part in self._parts]) for i in range(3))
        matrix = sp.csr_array((value, (row, column)), shape=(self._height, self.columns))
        return matrix, np.concatenate(self._upper)

    def _new(self, *shape: int) -> IntArray:
        """New columns, as an array of their positions."""
        count = int(np.prod(shape))
        made = np.arange(self.columns, self.columns + count).reshape(shape)
        self.columns += count
        return made

    def _block(self, upper: FloatArray) -> int:
        """New rows with these upper bounds; the first of them."""
        first = self._height
        self._upper.append(upper.ravel())
        self._height += upper.size
        return first

    def _put(self, row: AnyInt, column: AnyInt, value: FloatArray | float) -> None:
        rows, columns, values = np.broadcast_arrays(row, column, np.asarray(value, dtype=float))
        live = values.ravel() != 0.0
        self._parts.append((rows.ravel()[live], columns.ravel()[live], values.ravel()[live]))

    def _year(self, r: int, t: int) -> None:
        """The pools of one resource in one year, in every world."""
        case, pools = self.case, _pools(self.case, r)
        count = len(pools.places)
        world = np.arange(self.worlds)[:, None]
        held = np.zeros(count)
        np.add.at(held, pools.of, case.initial[r, :, t])
        first = self._block(np.broadcast_to(held, (self.worlds, count)))
        line = first + world * count + np.arange(count)
        sends = np.flatnonzero(pools.above >= 0)
        out = self._new(self.worlds, len(sends))
        self._free_columns.append(out.ravel())
        self._put(line[:, sends], out, 1.0)
        self._put(line[:, pools.above[sends]], out, -1.0)
        must = pools.held is not None and pools.held.pool > 0
        lacks = np.arange(count) if must else np.flatnonzero(pools.above < 0)
        short = self._new(self.worlds, len(lacks))
        self._short.append((short, r, t))
        self._put(line[:, lacks], short, -1.0)
        act_place, award_place = self._places()
        freed, used = self.futures.freed[r, t], self.futures.used[r, t]
        self._put(first + world.T * count + pools.of[act_place][:, None], self.acts.column[:, None], -freed)
        self._put(first + world.T * count + pools.of[award_place][:, None], self.awards.column[:, None], used)
        if pools.held is not None and len(sends):
            self._retained(r, t, pools, sends, out, short if must else None)

    def _places(self) -> tuple[IntArray, IntArray]:
        acts = self.case.actions["place_code"].to_numpy(dtype=np.int64)[self.acts.row]
        return acts, self.case.projects["place_code"].to_numpy(dtype=np.int64)[self.awards.row]

    def _retained(self, r: int, t: int, pools: _Pools, sends: IntArray, out: IntArray, short: IntArray | None) -> None:
        """What each place bound may send up in each world, and what it must."""
        case, held = self.case, pools.held
        assert held is not None
        bound = np.zeros(case.places.size, dtype=bool)
        bound[pools.places[sends]] = True
        number = np.full(case.places.size, -1)
        number[pools.places[sends]] = np.arange(len(sends))
        keep = held.keep[pools.places[sends]]
        initial = case.places.subtree_sum(case.initial[r, :, t])[pools.places[sends]]
        count, world = len(sends), np.arange(self.worlds)[None, :]
        act_place, award_place = self._places()
        acts, above = case.places.spread(act_place, bound)
        freed, at = self.futures.freed[r, t][acts], number[above][:, None]
        first = self._block(np.broadcast_to(initial, (self.worlds, count)))
        self._put(first + world * count + at, self.acts.column[acts][:, None], -(1.0 - keep[at]) * freed)
        others = np.flatnonzero(held.others[self.awards.row])
        which, over = case.places.spread(award_place[others], bound)
        taken = self.futures.used[r, t][others][which]
        columns = self.awards.column[others][which]
        self._put(first + world * count + number[over][:, None], columns[:, None], taken)
        line = first + np.arange(self.worlds)[:, None] * count + np.arange(count)
        self._put(line, out, 1.0)
        if short is not None:
            self._put(line, short[:, sends], -1.0)
        if held.pool > 0:
            first = self._block(np.zeros((self.worlds, count)))
            self._put(first + world * count + at, self.acts.column[acts][:, None], held.pool * freed)
            self._put(first + np.arange(self.worlds)[:, None] * count + np.arange(count), out, -1.0)

    def _tail(self) -> None:
        """w >= cost − eta in every world."""
        if not self.risk.weight:
            return
        self._eta, self._beyond = self._new(1), self._new(self.worlds)
        first = self._block(np.zeros(self.worlds))
        line = first + np.arange(self.worlds)
        for columns, r, t in self._short:
            self._put(line[:, None], columns, self.risk.price[r, t])
        self._put(line, self._eta, -1.0)
        self._put(line, self._beyond, -1.0)
