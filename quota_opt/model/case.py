"""A scenario made ready for arithmetic: numeric tables in a fixed order, candidates, amounts freed and needed.

Both the model and the audits start here. Rows of firms, projects and actions are sorted by identifier, so that the
order of lines in a workbook cannot change a plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from quota_opt.errors import Finding
from quota_opt.model.chains import Chains
from quota_opt.model.market import Market
from quota_opt.model.places import PlaceTree
from quota_opt.model.rule import Bar, Bend, Listing, Rule
from quota_opt.scenario import Scenario
from quota_opt.scenario.accounting import accounted

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

AMOUNT_COLUMNS = {"energy": "energy", "carbon": "carbon_t", "land": "land_mu"}
RESOURCE_UNITS = {"energy": "tce", "carbon": "tCO2", "land": "mu"}


@dataclass(frozen=True)
class Counted:
    """Share of each row's energy that counts in each calendar year: in the total, and in intensity (rows, T)."""

    total: FloatArray
    intensity: FloatArray

    @classmethod
    def whole(cls, rows: int, years: int) -> Counted:
        """All energy counts."""
        every = np.broadcast_to(np.ones(()), (rows, years))
        return cls(every, every)

    def of(self, rows: IntArray) -> Counted:
        """The shares of some rows, in that order."""
        if not self.total.strides[0]:  # one value for all rows: no copy for each
            return Counted.whole(len(rows), self.total.shape[1])
        return Counted(self.total[rows], self.intensity[rows])


@dataclass(frozen=True)
class Case:
    """The numeric case.

    Shapes: A actions, P projects, F firms, N places, R resources, T years. `free` is (R, A): available per year once
    effective, in units of the resource; `need` is (R, P): use at full size, without ramp and substitution; `ramp` is
    (P, T): share of full need in the k-th year; `initial` is (R, N, T). `act_allowed` (A, T) and `start_allowed` (P, T)
    are the candidates left after windows and rules; `act_window` and `start_window` are the windows alone. `kappa`
    (P, T) is the substitution ratio by the year of the start. `counted`, `counted_firms` and `counted_free` are the
    shares of energy that count in each calendar year of projects, firms and actions; `standing_need` and
    `standing_free` put them on. `bars` are what rules take out, `bent` what of it the case lets pass all the same.
    """

    scenario: Scenario
    rules: tuple[Rule[Any], ...]
    years: IntArray
    resources: tuple[str, ...]
    places: PlaceTree
    firms: pd.DataFrame
    actions: pd.DataFrame
    projects: pd.DataFrame
    free: FloatArray
    need: FloatArray
    ramp: FloatArray
    initial: FloatArray
    act_window: NDArray[np.bool_]
    start_window: NDArray[np.bool_]
    act_allowed: NDArray[np.bool_]
    start_allowed: NDArray[np.bool_]
    kappa: FloatArray
    counted: Counted
    counted_firms: Counted
    counted_free: Counted
    listing: Listing | None = None
    bars: tuple[tuple[Rule[Any], Bar], ...] = ()
    bent: tuple[tuple[Rule[Any], Bar], ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def horizon(self) -> int:
        """Number of years."""
        return len(self.years)

    @property
    def energy(self) -> int:
        """Position of energy among the resources, -1 where the case has none."""
        return self.resources.index("energy") if "energy" in self.resources else -1

    @cached_property
    def discount(self) -> FloatArray:
        """Worth in the first year of one unit of money in each year."""
        worth: FloatArray = (1.0 + self.scenario.discount_rate) ** -(self.years - self.years[0]).astype(float)
        return worth

    @cached_property
    def market(self) -> Market | None:
        """What may be bought and sold; None where no rule opens a market."""
        return next((made for rule in self.rules if (made := rule.market(self)) is not None), None)

    @cached_property
    def must_buy(self) -> FloatArray:
        """(P, T): share of its energy that a project started in each year must buy."""
        share = np.zeros((len(self.projects), self.horizon))
        for rule in self.rules:
            demanded = rule.must_buy(self)
            if demanded is not None:
                share = np.maximum(share, demanded)
        return share

    @cached_property
    def bends(self) -> tuple[Bend, ...]:
        """The candidates that no bar keeps out, as the case says by name."""
        return tuple(bend for rule in self.rules for bend in rule.bends(self))

    @cached_property
    def bent_acts(self) -> NDArray[np.bool_]:
        """(A, T): actions that no bar keeps out."""
        bent = np.zeros((len(self.actions), self.horizon), dtype=bool)
        for bend in self.bends:
            if bend.action is not None:
                rows = (self.actions["firm"] == bend.id) & (self.actions["action"] == bend.action)
                bent |= rows.to_numpy(dtype=bool)[:, None] & self._in(bend.year)
        return bent

    @cached_property
    def bent_starts(self) -> NDArray[np.bool_]:
        """(P, T): starts that no bar keeps out."""
        bent = np.zeros((len(self.projects), self.horizon), dtype=bool)
        for bend in self.bends:
            if bend.action is None:
                bent |= (self.projects["project"] == bend.id).to_numpy(dtype=bool)[:, None] & self._in(bend.year)
        return bent

    def _in(self, year: int | None) -> NDArray[np.bool_]:
        """(T,): that year, or all."""
        return np.ones(self.horizon, dtype=bool) if year is None else self.years == year

    @cached_property
    def base_energy(self) -> FloatArray:
        """Energy of each project at full size on the declared basis, tce/yr."""
        return self.projects["energy"].to_numpy(dtype=float)

    def standing_need(self, r: int, year: int) -> FloatArray:
        """(P, T): what pools give in year position `year` to a project started in each year, per unit of share."""
        need = np.zeros((len(self.projects), self.horizon))
        started = np.arange(year + 1)
        need[:, started] = self.need[r][:, None] * self.ramp[:, year - started]
        if r == self.energy:
            need[:, started] *= self.kappa[:, started] * self.counted.total[:, year, None]
        return need

    def standing_free(self, r: int, year: int) -> FloatArray:
        """(A,): what each action, once effective, makes available in year position `year`."""
        free: FloatArray = self.free[r] * (self.counted_free.total[:, year] if r == self.energy else 1.0)
        return free

    def intensity_energy(self, year: int) -> FloatArray:
        """(P,): energy of each project at full size that counts in intensity in year position `year`."""
        counts: FloatArray = self.base_energy * self.counted.intensity[:, year]
        return counts

    @cached_property
    def as_intensity(self) -> Case:
        """The same case with energy counted everywhere as intensity counts it."""
        return replace(
            self,
            counted=Counted(self.counted.intensity, self.counted.intensity),
            counted_free=Counted(self.counted_free.intensity, self.counted_free.intensity),
        )

    @cached_property
    def chains(self) -> Chains:
        """The chains of the case, their stages and who may supply each."""
        return Chains.of(self.scenario.chains, self.firms["stages"], self.projects["stages"])

    def unit(self, resource: str) -> str:
        """The unit of a resource's amounts."""
        return RESOURCE_UNITS.get(resource, resource)

    def place_title(self, place: str) -> str:
        """The name people know a place by; its identifier where it has none."""
        return str(self.places.titles[self.places.code[place]]) if place in self.places.code else place

    def rule(self, name: str) -> Rule[Any] | None:
        """The rule of that name, if it is on."""
        return next((rule for rule in self.rules if rule.name == name), None)

    @cached_property
    def groups(self) -> tuple[IntArray, list[str]]:
        """(group number per project, name per group): projects of which at most one starts.

        `variant_of` names the group; a project whose identifier another names there belongs to it too.
        """
        project = self.projects["project"].to_numpy(dtype=object)
        named = self.projects["variant_of"].to_numpy(dtype=object)
        key = np.array([v or p for p, v in zip(project, named, strict=True)], dtype=object)
        numbers, names = pd.factorize(pd.Series(key, dtype=object), sort=False)
        return numbers.astype(np.int64), list(names)

    def members(self, name: str) -> IntArray:
        """Projects a `requires` or `excludes` cell means: the project of that identifier, or the group's members."""
        members: IntArray = self._members.get(name, np.zeros(0, dtype=np.int64))
        return members

    @cached_property
    def _members(self) -> dict[str, IntArray]:
        project = self.projects["project"].to_numpy(dtype=object)
        made = {name: np.array([row]) for row, name in enumerate(project)}
        numbers, names = self.groups
        order = np.argsort(numbers, kind="stable")
        starts = np.searchsorted(numbers[order], np.arange(len(names) + 1))
        named = {name for name in self.projects["variant_of"] if name}
        rows = (order[starts[i] : starts[i + 1]] for i in range(len(names)))
        return made | {name: own for name, own in zip(names, rows, strict=True) if name in named}


def records(table: pd.DataFrame) -> Iterator[Any]:
    """The rows of a table as named tuples."""
    yield from table.itertuples(index=False)


def prepare(scenario: Scenario, rules: Sequence[Rule[Any]]) -> Case:
    """Make a scenario ready: accounting, list of firms, actions, candidates left by the rules (in their order)."""
    settled = accounted(scenario)
    tree = PlaceTree.of(scenario.places)
    years = np.array(scenario.years, dtype=np.int64)
    firms = _sorted(settled.firms, "firm", tree)
    for column in ("value_added", "tax", "jobs"):
        firms[column] = firms[column].fillna(0.0)
    projects = _projects(settled.projects, tree)
    resources = tuple(scenario.resources)
    need = np.array([_amounts(projects, r, "uses_") for r in resources]).reshape(len(resources), len(projects))
    start_window = _window(projects, years)
    blank = Case(
        scenario=scenario,
        rules=tuple(sorted(rules, key=lambda rule: (rule.order, rule.name))),
        years=years,
        resources=resources,
        places=tree,
        firms=firms,
        actions=pd.DataFrame(),
        projects=projects,
        free=np.zeros((len(resources), 0)),
        need=need,
        ramp=_ramps(projects, len(years)),
        initial=_initial(scenario, tree, years, resources),
        act_window=np.zeros((0, len(years)), dtype=bool),
        start_window=start_window,
        act_allowed=np.zeros((0, len(years)), dtype=bool),
        start_allowed=start_window.copy(),
        kappa=np.ones((len(projects), len(years))),
        counted=Counted.whole(len(projects), len(years)),
        counted_firms=Counted.whole(len(firms), len(years)),
        counted_free=Counted.whole(0, len(years)),
        findings=tuple(settled.findings),
    )
    for rule in blank.rules:
        counts = rule.counts(blank)
        if counts is not None:
            blank = replace(blank, counted=counts[0], counted_firms=counts[1])
    listing = next((made for rule in blank.rules if (made := rule.listing(blank)) is not None), None)
    with_list = replace(blank, listing=listing)
    actions, free = _actions(with_list)
    act_window = _window(actions, years)
    case = replace(
        with_list,
        actions=actions,
        free=free,
        counted_free=with_list.counted_firms.of(actions["firm_code"].to_numpy(dtype=np.int64)),
        act_window=act_window,
        act_allowed=act_window.copy(),
    )
    bars, bent = _bent(case, [(rule, bar) for rule in case.rules for bar in rule.bars(case)])
    act_allowed, start_allowed = case.act_allowed.copy(), case.start_allowed.copy()
    for _, bar in bars:
        allowed = act_allowed if bar.kind == "action" else start_allowed
        allowed[bar.rows] &= ~bar.forbidden
    kappa = case.kappa.copy()
    for rule in case.rules:
        ratios = rule.ratios(case)
        if ratios is not None:
            kappa = np.maximum(kappa, ratios)
    done = replace(case, bars=bars, bent=bent, act_allowed=act_allowed, start_allowed=start_allowed, kappa=kappa)
    notes = tuple(note for rule in done.rules for note in (*rule.check(done), *rule.notes(done)))
    return replace(done, findings=done.findings + notes)


Barred = tuple[tuple[Rule[Any], Bar], ...]


def _bent(case: Case, bars: list[tuple[Rule[Any], Bar]]) -> tuple[Barred, Barred]:
    """The bars that hold, and what of them the case lets pass."""
    if not case.bends:
        return tuple(bars), ()
    hold, bent = [], []
    for rule, bar in bars:
        passing = bar.forbidden & (case.bent_acts if bar.kind == "action" else case.bent_starts)[bar.rows]
        hold.append((rule, replace(bar, forbidden=bar.forbidden & ~passing)))
        at = np.flatnonzero(passing.any(axis=1))
        if len(at):
            texts, figures = [bar.texts[i] for i in at.tolist()], [bar.figures[i] for i in at.tolist()]
            bent.append((rule, replace(bar, rows=bar.rows[at], forbidden=passing[at], texts=texts, figures=figures)))
    return tuple(hold), tuple(bent)


def _sorted(table: pd.DataFrame, key: str, tree: PlaceTree) -> pd.DataFrame:
    ordered = table if table[key].is_monotonic_increasing else table.sort_values(key, kind="stable")
    ordered = ordered.reset_index(names="source_row")
    ordered["place_code"] = tree.codes(ordered["place"]) if len(ordered) else np.zeros(0, dtype=np.int64)
    return ordered


def _projects(table: pd.DataFrame, tree: PlaceTree) -> pd.DataFrame:
    projects = _sorted(table, "project", tree)
    for column in ("value_added", "tax", "jobs", "investment"):
        projects[column] = projects[column].fillna(0.0)
    projects["energy"] = projects["energy"].fillna(0.0)
    projects["min_share"] = np.where(projects["divisible"], projects["min_share"].fillna(0.0), 1.0)
    return projects


def _amounts(table: pd.DataFrame, resource: str, prefix: str) -> FloatArray:
    """What rows of firms or projects hold or need of a resource; blank counts as 0 (and is a finding at the door)."""
    column = AMOUNT_COLUMNS.get(resource, f"{prefix}{resource}")
    if column not in table.columns:
        return np.zeros(len(table))
    return table[column].fillna(0.0).to_numpy(dtype=float)


def _window(table: pd.DataFrame, years: IntArray) -> NDArray[np.bool_]:
    """(rows, years): the years from `earliest` to `latest`, blank meaning any."""
    earliest = table["earliest"].fillna(-np.inf).to_numpy(dtype=float)
    latest = table["latest"].fillna(np.inf).to_numpy(dtype=float)
    return (years[None, :] >= earliest[:, None]) & (years[None, :] <= latest[:, None])


def _ramps(projects: pd.DataFrame, horizon: int) -> FloatArray:
    """(projects, k): share of full need in the k-th year; the last share given holds on."""
    ramps = np.ones((len(projects), horizon))
    for row, shares in enumerate(projects["ramp"]):
        if len(shares):
            known = np.asarray(shares, dtype=float)[:horizon]
            ramps[row, : len(known)] = known
            ramps[row, len(known) :] = float(shares[-1])
    return ramps


def _initial(scenario: Scenario, tree: PlaceTree, years: IntArray, resources: tuple[str, ...]) -> FloatArray:
    """(resource, place, year): quota held without any action; rows add up, a blank year means every year."""
    initial = np.zeros((len(resources), tree.size, len(years)))
    quotas = scenario.quotas
    if not len(quotas):
        return initial
    resource = pd.Index(list(resources)).get_indexer(pd.Index(quotas["resource"]))
    place = tree.codes(quotas["place"])
    stated = quotas["year"].to_numpy(dtype=float)
    for t, year in enumerate(years):
        hit = np.isnan(stated) | (stated == year)
        np.add.at(initial, (resource[hit], place[hit], t), quotas["amount"].to_numpy(dtype=float)[hit])
    return initial


class Kinds(NamedTuple):
    """The kind of each action, as a code, and the kinds' names."""

    code: IntArray
    names: tuple[str, ...]


def coded(values: NDArray[np.object_]) -> tuple[IntArray, NDArray[np.object_]]:
    """Codes of words in alphabetical order, and the words."""
    code, names = pd.factorize(values, sort=False)
    order = np.argsort(names.astype(object), kind="stable")
    rank = np.empty(len(names), dtype=np.int64)
    rank[order] = np.arange(len(names))
    return rank[code], names[order]


def _actions(case: Case) -> tuple[pd.DataFrame, FloatArray]:
    """The actions table with every blank filled from its defaults, and (resource, action) amounts made available."""
    table = _stated_actions(case) if case.scenario.has_table("actions") else _derived_actions(case)
    firm = pd.Index(case.firms["firm"]).get_indexer(pd.Index(table["firm"])).astype(np.int64)
    kind, names = coded(table["action"].to_numpy(dtype=object))
    option, _ = coded(table["option"].to_numpy(dtype=object))
    sizes = int(kind.max(initial=0)) + 1, int(option.max(initial=0)) + 1
    key = (firm * sizes[0] + kind) * sizes[1] + option  # firms are sorted by name, so are codes of words
    if (np.diff(key) < 0).any():
        order = np.argsort(key, kind="stable")
        table, firm, kind = table.iloc[order].reset_index(drop=True), firm[order], kind[order]
    table["firm_code"] = firm
    wanted = {"place_code", "value_added", "tax", "jobs", "land_mu"}
    wanted |= {AMOUNT_COLUMNS.get(resource, resource) for resource in case.resources} & set(case.firms)
    owner = case.firms[sorted(wanted)].iloc[firm].reset_index(drop=True)
    table["place_code"] = owner["place_code"].to_numpy() if len(table) else np.zeros(0, dtype=np.int64)
    kinds = Kinds(kind, tuple(names))
    gross = np.zeros((len(case.resources), len(table)))
    free = gross.copy()
    for r, resource in enumerate(case.resources):
        column = {"energy": "frees_energy_tce", "carbon": "frees_carbon_t", "land": "frees_land_mu"}.get(
            resource, f"frees_{resource}"
        )
        stated = table[column].to_numpy(dtype=float) if column in table else np.full(len(table), np.nan)
        holds = _amounts(owner, resource, "")
        share = _default(case, kinds, "frees_share", resource, {"close": 1.0})
        gross[r] = np.where(np.isnan(stated), share * holds, stated)
        free[r] = gross[r] * _default(case, kinds, "delivery", resource, {}, otherwise=1.0)
    lost_share = _default(case, kinds, "value_added_lost_share", None, {"close": 1.0})
    jobs_share = _default(case, kinds, "jobs_lost_share", None, {"close": 1.0})
    table["value_added_lost"] = _filled(table, "value_added_lost", lost_share * owner["value_added"])
    table["tax_lost"] = _filled(table, "tax_lost", lost_share * owner["tax"])
    table["jobs_lost"] = _filled(table, "jobs_lost", jobs_share * owner["jobs"])
    derived_cost = (
        _default(case, kinds, "cost", None, {})
        + _default(case, kinds, "cost_per_mu", None, {}) * owner["land_mu"].fillna(0.0).to_numpy(dtype=float)
        + _default(case, kinds, "cost_per_job", None, {}) * table["jobs_lost"].to_numpy(dtype=float)
        + _default(case, kinds, "cost_per_tce", None, {}) * (gross[case.energy] if case.energy >= 0 else 0.0)
    )
    table["cost"] = _filled(table, "cost", derived_cost)
    table["lag"] = _filled(table, "lag", _default(case, kinds, "lag", None, {})).astype(np.int64)
    return table, free


def _stated_actions(case: Case) -> pd.DataFrame:
    return case.scenario.actions.reset_index(names="source_row")


def _derived_actions(case: Case) -> pd.DataFrame:
    """One action per listed firm and per kind that has defaults; every firm counts as listed without a list.

    A firm off the list has the actions that no bar keeps out.
    """
    listed = case.firms if case.listing is None else case.firms[case.listing.listed]
    kinds = sorted(case.scenario.settings.actions)
    firm = np.repeat(listed["firm"].to_numpy(dtype=object), len(kinds))
    action = np.tile(np.array(kinds, dtype=object), len(listed))
    off = set(case.firms["firm"]) - set(listed["firm"]) if case.bends else set()
    extra = sorted({(bend.id, bend.action) for bend in case.bends if bend.id in off and bend.action in kinds})
    table = pd.DataFrame(
        {
            "firm": np.append(firm, np.array([name for name, _ in extra], dtype=object)),
            "action": np.append(action, np.array([kind for _, kind in extra], dtype=object)),
        },
        dtype=object,
    )
    table["option"] = ""
    for column in ("earliest", "latest", "lag", "cost", "value_added_lost", "tax_lost", "jobs_lost"):
        table[column] = np.nan
    table["source_row"] = -1
    return table


def _default(
    case: Case,
    kinds: Kinds,
    name: str,
    resource: str | None,
    by_kind: dict[str, float],
    otherwise: float = 0.0,
) -> FloatArray:
    """The default `name` of `[actions.<kind>]` for each row's kind; `by_kind`, else `otherwise`, where none is set."""
    by_code = np.full(max(len(kinds.names), 1), otherwise)
    defaults: Mapping[Any, Any] = case.scenario.settings.actions
    for code, kind in enumerate(kinds.names):
        settings = defaults.get(kind)
        value = getattr(settings, name) if settings is not None else None
        if isinstance(value, dict):
            value = value.get(resource)
        by_code[code] = by_kind.get(kind, otherwise) if value is None else float(value)
    filled: FloatArray = by_code[kinds.code]
    return filled


def _filled(table: pd.DataFrame, column: str, fallback: Any) -> FloatArray:
    stated = table[column].to_numpy(dtype=float) if column in table else np.full(len(table), np.nan)
    return np.where(np.isnan(stated), np.asarray(fallback, dtype=float), stated)
