"""From a case to the sparse model: columns of decisions, the rows that are always there, the rules' rows.

Pool balance, for each place n, resource r, year s (written so that the right-hand side is the quota held):

    Σ_{start at n, t ≤ s} kappa·need·ramp[s−t]·share + outflow − Σ_{act at n, t+lag ≤ s} free·act − inflow  ≤  initial

(of energy, need and free are the parts that count in year s, see the rule `accounting`).

Columns are `act[action, year]`, `start[project, year]`, `share[project, year]` (divisible projects only) and
`move[place, resource, year]`: the net transfer to the parent, negative where the parent gives. Where a rule opens a
market, `− bought + sold` joins the left-hand side, from `buy[place, resource, year]`, `sell[place, resource, year]` and
`buy_for[project, year]`: what a project must buy for itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quota_opt.model.case import Case, FloatArray, IntArray, coded
from quota_opt.model.entries import AnyInt, Entries
from quota_opt.model.linear import Arrays, LinearModel
from quota_opt.model.market import Sides, blank, open_columns, standing
from quota_opt.model.measures import Coefficients
from quota_opt.model.objective import Stage, stages
from quota_opt.model.standing import Candidates, Flat, RowsOfPlaces, standing_terms
from quota_opt.model.terms import Terms, joined
from quota_opt.scenario.schema import ACTION_KINDS

_ROOM = 4  # times the entries of actions in the pools: about what all rules together take


@dataclass(frozen=True)
class RowInfo:
    """What a block of rows is: the rule (or `pool`, `choice`) it belongs to, the clause, and the unit of a row.

    `item` is the line of the rule's list (or of targets.csv) the rows come from, where each line is a clause by itself.
    """

    rule: str
    clause: str | None
    unit: str
    elastic: bool = True  # may be relaxed when looking for what makes a case infeasible
    item: int | None = None


@dataclass
class Build:
    """The model while rules write into it, with the positions of every decision's column (-1 where there is none)."""

    case: Case
    model: LinearModel
    act: IntArray  # (A, T)
    start: IntArray  # (P, T)
    share: IntArray  # (P, T): the start column itself for indivisible projects
    move: IntArray  # (R, N, T): net to the parent
    trade: Sides
    info: list[RowInfo] = field(default_factory=list)
    penalties: list[tuple[int, float]] = field(default_factory=list)  # soft columns: (position, cost per unit)
    own: dict[str, IntArray] = field(default_factory=dict)  # columns of rules that measures count, by name

    def add_rows(
        self,
        info: RowInfo,
        labels: dict[str, ArrayLike],
        names: dict[str, NDArray[np.object_]] | None = None,
        **rows: Any,
    ) -> IntArray:
        """Add rows of one rule; see `LinearModel.add_rows`. The block bears the rule's name.

        Labels `place` and `resource` are decoded by the case, others by `names`.
        """
        self.info.append(info)
        return self.model.add_rows(info.rule, labels, categories={**self.categories(), **(names or {})}, **rows)

    def categories(self) -> dict[str, NDArray[np.object_]]:
        """What the codes in row labels stand for."""
        return {"place": self.case.places.names, "resource": np.array(self.case.resources, dtype=object)}

    @cached_property
    def acts(self) -> Flat:
        """The columns of actions, one after the other."""
        return Flat.of(self.act)

    @cached_property
    def shares(self) -> Flat:
        """The columns of shares (starts, where a project is indivisible), one after the other."""
        return Flat.of(self.share)

    @cached_property
    def actions(self) -> Candidates:
        """The candidates of actions, from the year each is effective."""
        case = self.case
        lag = case.actions["lag"].to_numpy(dtype=np.int64)
        return Candidates.of(self.acts, case.actions["place_code"].to_numpy(dtype=np.int64), case, lag)

    @cached_property
    def awards(self) -> Candidates:
        """The candidates of awards (their shares), from the year of the start."""
        return Candidates.of(self.shares, self.case.projects["place_code"].to_numpy(dtype=np.int64), self.case)

    def freed(self, r: int, factor: float = 1.0) -> Terms:
        """What actions make available of resource `r` at each place in each year, times a factor."""
        case = self.case
        if r != case.energy or not case.counted_free.total.strides[0]:
            return self.actions.constant(case.free[r] * factor)
        return self.actions.by_year(np.stack([case.standing_free(r, s) * factor for s in range(case.horizon)], axis=1))

    def used(self, r: int) -> Terms:
        """What awards take of resource `r` from each place's pool in each year (with the substitution ratio)."""
        return self.awards.by_start([self.case.standing_need(r, s) for s in range(self.case.horizon)])

    def bought(self, r: int) -> Terms:
        """What purchases add to each place's pool of resource `r` in each year they stand."""
        case = self.case
        lasts = 1 if case.market is None else case.market.lasts
        places, projects = np.arange(case.places.size), case.projects["place_code"].to_numpy()
        parts = [standing_terms(case, self.trade.buy[r], places, lasts)]
        if r == case.energy:
            parts.append(standing_terms(case, self.trade.project, projects, lasts))
        return joined(*parts)

    def sold(self, r: int) -> Terms:
        """What sales take from each place's pool of resource `r` in their year."""
        return standing_terms(self.case, self.trade.sell[r], np.arange(self.case.places.size), 1)

    def net_up(self, r: int) -> Terms:
        """Net flow of resource `r` from each place to its parent in each year."""
        place, year = np.nonzero(self.move[r] >= 0)
        return Terms.of(self.case, self.move[r][place, year], place, year, np.ones(len(place)))

    def net_down(self, r: int) -> Terms:
        """The same flows at the parent, which they come in at."""
        place, year = np.nonzero(self.move[r] >= 0)
        return Terms.of(self.case, self.move[r][place, year], self.case.places.parent[place], year, np.ones(len(place)))

    def over_subtree(self, terms: Terms, wanted: NDArray[np.bool_]) -> Terms:
        """The terms counted at every ancestor (the place itself among them) that is `wanted`."""
        return terms.over_subtree(self.case.places, wanted)

    def expression(self, measure: Coefficients, inside: NDArray[np.bool_] | None = None) -> tuple[AnyInt, FloatArray]:
        """Columns and coefficients of a measure (its constant apart), of the places `inside` alone where given."""
        actions, projects = self._rows_of_places
        parts: list[tuple[AnyInt, FloatArray]] = [(np.zeros(0, dtype=np.int64), np.zeros(0))]
        for grid, amounts, place in (
            (self.act, measure.actions, actions),
            (self.share, measure.shares, projects),
            (self.start, measure.starts, projects),
        ):
            rows = slice(None) if inside is None else place.inside(inside)
            columns, values = grid[rows], amounts[rows]
            parts.append(_live(columns, values))
        if measure.trades is not None:
            here = np.ones(self.case.places.size, dtype=bool) if inside is None else inside
            wheres = (here[:, None], here[:, None], here[self.case.projects["place_code"].to_numpy()][:, None])
            for columns, weights, where in zip(self.trade, measure.trades, wheres, strict=True):
                parts.append(_live(columns, np.where(where, weights, 0.0)))
        for name, weight in measure.own.items():
            parts.append((self.own[name], np.full(len(self.own[name]), weight)))
        column, value = (np.concatenate([part[i] for part in parts]) for i in range(2))
        falls = np.flatnonzero(column[1:] < column[:-1])
        if len(falls):  # actions come first and in order; only what follows is sorted
            after = int(np.searchsorted(column[: falls[0] + 1], column[falls[0] + 1 :].min()))
            order = after + np.argsort(column[after:], kind="stable")
            column[after:], value[after:] = column[order], value[order]
        return column, value

    @cached_property
    def _rows_of_places(self) -> tuple[RowsOfPlaces, RowsOfPlaces]:
        tables = (self.case.actions, self.case.projects)
        actions, projects = (RowsOfPlaces.of(table["place_code"].to_numpy(), self.case.places.size) for table in tables)
        return actions, projects

    def place_year_rows(
        self,
        info: RowInfo,
        terms: Terms,
        rows: NDArray[np.bool_],
        *,
        lower: FloatArray | float = -np.inf,
        upper: FloatArray | float = np.inf,
        labels: dict[str, ArrayLike] | None = None,
    ) -> IntArray:
        """One row per (place, year) that is True in `rows` (N, T); bounds are scalars or (N, T) arrays."""
        place, year = np.nonzero(rows)

        def picked(bound: FloatArray | float) -> FloatArray:
            return np.broadcast_to(np.asarray(bound, dtype=float), rows.shape)[place, year]

        extra = {key: np.broadcast_to(np.asarray(value), len(place)) for key, value in (labels or {}).items()}
        return self.add_rows(
            info,
            {"place": place, **extra, "year": self.case.years[year]},
            entries=terms.rows_of(place * rows.shape[1] + year),
            lower=picked(lower),
            upper=picked(upper),
        )


@dataclass(frozen=True)
class Problem:
    """A built model: the arrays (objective of the first stage), the stages, and where each decision's column is."""

    case: Case
    arrays: Arrays
    stages: tuple[Stage, ...]
    objectives: tuple[tuple[FloatArray, float], ...]  # per stage: dense objective and constant
    act: IntArray
    start: IntArray
    share: IntArray
    move: IntArray
    trade: Sides
    info: tuple[RowInfo, ...]
    own: dict[str, IntArray] = field(default_factory=dict)  # columns of rules that measures count, by name

    def weights_of(self, measure: Coefficients) -> FloatArray:
        """A measure over the columns of the model (its constant apart)."""
        case, model = self.case, LinearModel()
        made = Build(case, model, self.act, self.start, self.share, self.move, self.trade, own=self.own)
        dense = np.zeros(self.arrays.columns)
        np.add.at(dense, *made.expression(measure))
        return dense


def build(case: Case) -> Problem:
    """Build the model of a case: decisions, pool balances, choices, then the rows of each rule."""
    made = decisions(case)
    made.model.expect(_ROOM * len(case.resources) * made.actions.size)
    _pools(made)
    _choices(made)
    for rule in case.rules:
        rule.rows(made)
    ordered = stages(case)
    model = made.model
    objectives = []
    for stage in ordered:
        dense = np.zeros(model.column_count)
        columns, values = made.expression(stage.coefficients)
        np.add.at(dense, columns, values)  # a column may come more than once
        if stage.soft:
            for column, cost in made.penalties:
                dense[column] -= cost
        objectives.append((dense, stage.coefficients.constant))
    first, constant = objectives[0]
    model.offset = constant
    model.add_objective(np.arange(model.column_count), first)
    return Problem(
        case=case,
        arrays=model.arrays(),
        stages=tuple(ordered),
        objectives=tuple(objectives),
        act=made.act,
        start=made.start,
        share=made.share,
        move=made.move,
        trade=made.trade,
        info=tuple(made.info),
        own=made.own,
    )


def decisions(case: Case) -> Build:
    """The columns of every decision, and no rows yet."""
    model = LinearModel()
    years = case.years
    act = np.full(case.act_allowed.shape, -1, dtype=np.int64)
    start = np.full(case.start_allowed.shape, -1, dtype=np.int64)
    row, t = np.nonzero(case.act_allowed)
    names = {
        "firm": case.firms["firm"].to_numpy(dtype=object),
        "project": case.projects["project"].to_numpy(dtype=object),
        "action": np.array(sorted(ACTION_KINDS), dtype=object),
    }
    kinds, found = coded(case.actions["action"].to_numpy(dtype=object))
    kinds = np.searchsorted(names["action"], found)[kinds]
    options, option_names = coded(case.actions["option"].to_numpy(dtype=object))
    act[row, t] = model.add_columns(
        "act",
        {
            "firm": case.actions["firm_code"].to_numpy()[row],
            "action": kinds[row],
            "option": options[row],
            "year": years[t],
        },
        upper=1.0,
        integer=True,
        categories={**names, "option": option_names},
    )
    row, t = np.nonzero(case.start_allowed)
    start[row, t] = model.add_columns(
        "start", {"project": row, "year": years[t]}, upper=1.0, integer=True, categories=names
    )
    share = start.copy()
    divisible = case.projects["divisible"].to_numpy(dtype=bool)
    row, t = np.nonzero(case.start_allowed & divisible[:, None])
    share[row, t] = model.add_columns("share", {"project": row, "year": years[t]}, upper=1.0, categories=names)
    shape = (len(case.resources), case.places.size, case.horizon)
    move = np.full(shape, -1, dtype=np.int64)
    limits = open_columns(case)
    most = _most(case, limits)
    r, n, t = np.nonzero(np.broadcast_to((case.places.parent >= 0)[None, :, None], shape))
    labels = {"place": n, "resource": r, "year": years[t]}
    sorts = {"place": case.places.names, "resource": np.array(case.resources, dtype=object)}
    move[r, n, t] = model.add_columns("move", labels, lower=-most[r, t], upper=most[r, t], categories=sorts)
    return Build(case, model, act, start, share, move, _trade_columns(model, case, limits, sorts, names))


def _trade_columns(
    model: LinearModel,
    case: Case,
    limits: Sides,
    sorts: dict[str, NDArray[np.object_]],
    names: dict[str, NDArray[np.object_]],
) -> Sides:
    """Columns of trade where there can be any, in blocks `buy`, `sell` and `buy_for`."""
    columns = blank(case, -1, np.int64)
    for name, grid, limit in zip(("buy", "sell", "buy_for"), columns, limits, strict=True):
        where = np.nonzero(np.isfinite(limit))
        if len(where[0]):
            labels = {"project": where[0]} if grid.ndim == 2 else {"place": where[1], "resource": where[0]}
            labels["year"] = case.years[where[-1]]
            grid[where] = model.add_columns(name, labels, upper=limit[where], categories={**names, **sorts})
    return columns


def _most(case: Case, limits: Sides) -> FloatArray:
    """(R, T): more than all quota there can be of a resource in a year, so that transfers have a bound."""
    best = np.zeros((len(case.resources), len(case.firms)))
    firm = case.actions["firm_code"].to_numpy()
    for r in range(len(case.resources)):
        np.maximum.at(best[r], firm, case.free[r])
    most: FloatArray = best.sum(axis=1)[:, None] + np.abs(case.initial).sum(axis=1)
    if case.market is not None:
        bought = np.nansum(limits.buy, axis=1)
        if case.energy >= 0:
            bought[case.energy] += np.nansum(limits.project, axis=0)
        most += standing(bought, case.market.lasts)
    return most


def _pools(made: Build) -> None:
    case = made.case
    for r, resource in enumerate(case.resources):
        terms = joined(made.freed(r, -1.0), made.used(r), made.net_up(r), -made.net_down(r))
        if case.market is not None:
            terms = joined(terms, -made.bought(r), made.sold(r))
        everywhere = np.ones((case.places.size, case.horizon), dtype=bool)
        made.place_year_rows(
            RowInfo("pool", None, case.unit(resource)), terms, everywhere, upper=case.initial[r], labels={"resource": r}
        )


def _choices(made: Build) -> None:
    """At most one action per firm and one start per project or variant group; shares; requires and excludes."""
    case = made.case
    once = RowInfo("choice", None, "-", elastic=False)
    acts, starts = made.acts, Flat.of(made.start)
    firm = case.actions["firm_code"].to_numpy()[acts.row]
    _at_most_one(made, once, firm, acts.column, label="firm", names=case.firms["firm"])
    groups, names = case.groups
    _at_most_one(made, once, groups[starts.row], starts.column, label="group", names=np.array(names, dtype=object))
    _share_links(made, once)
    _requires(made)
    _excludes(made)


def _live(columns: IntArray, weights: FloatArray) -> tuple[AnyInt, FloatArray]:
    """Columns that are there and weigh something."""
    live = np.flatnonzero((columns >= 0) & (weights != 0.0))
    return columns.ravel()[live], weights.ravel()[live]


def _at_most_one(made: Build, info: RowInfo, group: IntArray, column: AnyInt, *, label: str, names: object) -> None:
    present = np.flatnonzero(np.bincount(group)) if len(group) else group
    number = np.full(int(present[-1]) + 1 if len(present) else 0, -1, dtype=np.int32)
    number[present] = np.arange(len(present))
    made.info.append(info)
    made.model.add_rows(
        f"one_{label}",
        {label: present},
        entries=(number[group], column, np.ones(len(column))),
        upper=1.0,
        categories={label: np.asarray(names, dtype=object)},
    )


def _share_links(made: Build, info: RowInfo) -> None:
    case = made.case
    row, t = np.nonzero((made.share != made.start) & (made.start >= 0))
    if not len(row):
        return
    share, start = made.share[row, t], made.start[row, t]
    number = np.arange(len(row))
    least = case.projects["min_share"].to_numpy(dtype=float)[row]
    ones = np.ones(len(row))
    names = {"project": case.projects["project"].to_numpy(dtype=object)}
    for name, sign, factor in (("share_most", 1.0, ones), ("share_least", -1.0, least)):
        made.info.append(info)
        made.model.add_rows(
            name,
            {"project": row, "year": case.years[t]},
            entries=(
                np.concatenate([number, number]),
                np.concatenate([share, start]),
                np.concatenate([sign * ones, -sign * factor]),
            ),
            upper=0.0,
            categories=names,
        )


def _requires(made: Build) -> None:
    """By each year, a project has started only if what it requires has started."""
    case = made.case
    lines, label = [], []
    for p, wanted in enumerate(case.projects["requires"]):
        for name in wanted:
            members = case.members(name)
            for t in range(case.horizon):
                mine, theirs = made.start[p, : t + 1], made.start[members, : t + 1].ravel()
                mine, theirs = mine[mine >= 0], theirs[theirs >= 0]
                if len(mine):
                    signs = np.concatenate([np.ones(len(mine)), -np.ones(len(theirs))])
                    lines.append((np.concatenate([mine, theirs]), signs))
                    label.append((p, case.years[t]))
    if lines:
        of, year = np.array(label).T
        _add_links(made, "requires", {"project": of, "year": year}, lines, upper=0.0)


def _excludes(made: Build) -> None:
    """Of two projects that exclude each other at most one starts."""
    case = made.case
    lines, label = [], []
    seen: set[tuple[int, int]] = set()
    for p, unwanted in enumerate(case.projects["excludes"]):
        for name in unwanted:
            for q in case.members(name):
                pair = (min(p, int(q)), max(p, int(q)))
                if pair[0] == pair[1] or pair in seen:
                    continue
                seen.add(pair)
                columns = made.start[list(pair)].ravel()
                columns = columns[columns >= 0]
                lines.append((columns, np.ones(len(columns))))
                label.append(p)
    if lines:
        _add_links(made, "excludes", {"project": np.array(label)}, lines, upper=1.0)


def _add_links(
    made: Build, name: str, labels: dict[str, ArrayLike], lines: list[tuple[IntArray, FloatArray]], upper: float
) -> None:
    made.info.append(RowInfo(name, None, "projects"))
    names = {"project": made.case.projects["project"].to_numpy(dtype=object)}
    made.model.add_rows(name, labels, entries=Entries.stacked(lines), upper=upper, categories=names)
