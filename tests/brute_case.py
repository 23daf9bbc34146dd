"""The oracle's own reading of a case: what may be done, and what each thing done amounts to.

Written from the contract alone. It imports nothing of quota_opt, and takes plain settings and plain tables
(`dict` and `list[dict]`), so that a mistake in the tool cannot hide in its checker.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from brute_accounting import shares_counted
from brute_cells import Record, by_resource, given, is_yes, listed, number, text
from brute_screening import chains, fails, in_force, kept_out, listed_firm, supplies
from numpy.typing import NDArray

# Share of energy that counts, by year: in the total (False) and in intensity (True).
Counted = Mapping[bool, Mapping[int, float]]
OWN_COLUMNS = {"energy": "energy_tce", "carbon": "carbon_t", "land": "land_mu"}


@dataclass(eq=False)
class Choice:
    """One thing that may be done to one firm: an action, in one of its options, in one year."""

    firm: str
    place: str
    kind: str
    option: str
    year: int
    effective: int
    frees: dict[str, float]
    cost: float
    value_added_lost: float
    tax_lost: float
    jobs_lost: float
    record: Record
    counted: Counted

    def freed(self, resource: str, year: int, *, dense: bool = False) -> float:
        """What it makes available in a year; `dense`: of energy as intensity counts it."""
        if self.effective > year:
            return 0.0
        return self.frees[resource] * (self.counted[dense][year] if resource == "energy" else 1.0)


@dataclass(eq=False)
class Award:
    """One project starting in one year, at any share from `low` to `high`; quantities are at full size."""

    project: str
    place: str
    category: str
    year: int
    low: float
    high: float
    need: dict[str, float]
    kappa: float
    ramp: tuple[float, ...]
    value_added: float
    tax: float
    jobs: float
    investment: float
    record: Record
    counted: Counted

    @property
    def energy(self) -> float:
        return self.need.get("energy", 0.0)

    def use(self, resource: str, year: int, *, dense: bool = False) -> float:
        """What a full-size project takes from its pool in `year`; `dense`: of energy as intensity counts it."""
        if year < self.year:
            return 0.0
        share_of_need = self.ramp[min(year - self.year, len(self.ramp) - 1)] if self.ramp else 1.0
        kappa = self.kappa * self.counted[dense][year] if resource == "energy" else 1.0
        return kappa * self.need.get(resource, 0.0) * share_of_need


class Whole(Protocol):
    """Something that depends on the whole decisions in any way at all, but not on shares."""

    def at(self, done: Iterable[Choice], awards: Iterable[Award]) -> float:
        """Its value for one whole decision."""
        ...

    def grid(self, done: Sequence[tuple[Choice, ...]], awards: Sequence[tuple[Award, ...]]) -> NDArray[np.float64]:
        """Its value for every pair of what is done and what starts."""
        ...


@dataclass
class Linear:
    """constant + sum over what is done + sum over what starts of (fixed + per_share * share) + weighted wholes."""

    constant: float = 0.0
    choices: dict[Choice, float] = field(default_factory=dict)
    awards: dict[Award, tuple[float, float]] = field(default_factory=dict)
    wholes: list[tuple[Whole, float]] = field(default_factory=list)

    def at(self, done: Iterable[Choice], started: Mapping[Award, float]) -> float:
        done = tuple(done)
        value = self.constant + sum(self.choices.get(choice, 0.0) for choice in done)
        for award, share in started.items():
            fixed, per_share = self.awards.get(award, (0.0, 0.0))
            value += fixed + per_share * share
        return value + sum(weight * whole.at(done, started) for whole, weight in self.wholes)

    def fixed(self, done: tuple[Choice, ...], awards: Sequence[Award]) -> float:
        """What it is worth with all shares at nothing."""
        return self.at(done, dict.fromkeys(awards, 0.0))


@dataclass(eq=False)
class Supply:
    """How many suppliers the stages have left by a year; a chain is complete when each of its stages has one."""

    case: BruteCase
    stages: tuple[str, ...]
    year: int

    def counted(self, stage: str) -> Linear:
        """Firms that are not closed, and projects that have started."""
        case = self.case
        return Linear(
            float(sum(supplies(firm, stage) for firm in case.rows("firms"))),
            {
                choice: -1.0
                for firm in case.rows("firms")
                if supplies(firm, stage)
                for choice in case.choices[firm["firm"]]
                if choice.kind == "close" and choice.year <= self.year
            },
            {
                award: (1.0, 0.0)
                for project in case.rows("projects")
                if supplies(project, stage)
                for award in case.awards[project["project"]]
                if award.year <= self.year
            },
        )

    def at(self, done: Iterable[Choice], awards: Iterable[Award]) -> float:
        done, started = tuple(done), dict.fromkeys(awards, 0.0)
        return float(all(self.counted(stage).at(done, started) >= 0.5 for stage in self.stages))

    def grid(self, done: Sequence[tuple[Choice, ...]], awards: Sequence[tuple[Award, ...]]) -> NDArray[np.float64]:
        complete = np.ones((len(done), len(awards)), dtype=bool)
        for stage in self.stages:
            value = self.counted(stage)
            by_done = np.array([value.at(each, {}) for each in done])
            by_start = np.array([sum(value.awards.get(award, (0.0, 0.0))[0] for award in each) for each in awards])
            complete &= by_done[:, None] + by_start[None, :] >= 0.5
        return complete.astype(float)


@dataclass
class Row:
    """A linear condition of one rule; soft where it has a penalty."""

    rule: str
    value: Linear
    sense: str
    bound: float
    penalty: float | None = None
    only_with: frozenset[Award] | None = None  # it holds where one of these has started

    def holds_for(self, awards: Iterable[Award]) -> bool:
        return self.only_with is None or any(award in self.only_with for award in awards)

    def shortfall(self, value: float) -> float:
        below, above = max(0.0, self.bound - value), max(0.0, value - self.bound)
        return {">=": below, "<=": above, "==": below + above}[self.sense]

    @property
    def tolerance(self) -> float:
        return 1e-6 * max(1.0, abs(self.bound))


def weighted(parts: Iterable[tuple[Linear, float]]) -> Linear:
    """The sum of linear functions, each times its weight."""
    total = Linear()
    for part, weight in parts:
        total.constant += weight * part.constant
        for choice, value in part.choices.items():
            total.choices[choice] = total.choices.get(choice, 0.0) + weight * value
        for award, (fixed, per_share) in part.awards.items():
            before = total.awards.get(award, (0.0, 0.0))
            total.awards[award] = before[0] + weight * fixed, before[1] + weight * per_share
        total.wholes += [(whole, weight * value) for whole, value in part.wholes]
    return total


class BruteCase:
    """A case as the oracle understands it."""

    def __init__(self, settings: Mapping[str, Any], tables: Mapping[str, list[dict[str, Any]]]) -> None:
        scenario = settings["scenario"]
        self.first: int = scenario["first_year"]
        self.last: int = scenario["last_year"]
        self.years = range(self.first, self.last + 1)
        self.rate: float = scenario.get("discount_rate", 0.0)
        self.resources: list[str] = list(scenario.get("resources", ["energy"]))
        self.basis: str = scenario.get("energy_basis", "equal_value")
        self.settings = settings
        self.user_measures: Mapping[str, Any] = settings.get("measures", {})
        self.rules = {name: rule for name, rule in settings.get("rules", {}).items() if rule.get("enabled", True)}
        self.targets_enforced = settings.get("rules", {}).get("targets", {}).get("enabled", True)
        self.tables = {name: list(rows) for name, rows in tables.items()}
        self.parent = {row["place"]: text(row, "parent") or None for row in self.rows("places")}
        self._below: dict[str, set[str]] = {}
        self.level = {row["place"]: row["level"] for row in self.rows("places")}
        self.weights: Mapping[str, float] = self.rules.get("priority", {}).get("weights", {})
        self.choices = self._choices()
        self.awards = self._awards()
        self.requires = {p["project"]: listed(p, "requires") for p in self.rows("projects")}
        self.excludes = {p["project"]: listed(p, "excludes") for p in self.rows("projects")}
        self.group = {p["project"]: text(p, "variant_of") for p in self.rows("projects")}

    def rows(self, table: str) -> list[dict[str, Any]]:
        return self.tables.get(table, [])

    def below(self, place: str) -> set[str]:
        """The place and all places under it."""
        if place not in self._below:
            found = {place}
            while more := {child for child, parent in self.parent.items() if parent in found} - found:
                found |= more
            self._below[place] = found
        return self._below[place]

    def below_any(self, places: Iterable[str] | None) -> set[str]:
        """The named places and all below them; every place where none is named."""
        if places is None:
            return set(self.parent)
        return {below for place in places for below in self.below(place)}

    def members(self, name: str) -> list[str]:
        """The projects a name in `requires` or `excludes` stands for: a project, or the members of a group."""
        return [name] if name in self.group else [project for project, group in self.group.items() if group == name]

    def initial(self, place: str, resource: str, year: int) -> float:
        return sum(
            number(row, "amount")
            for row in self.rows("quotas")
            if row["place"] == place and row["resource"] == resource and str(row["year"]) in ("*", str(year))
        )

    def amount(self, row: Record, resource: str, prefix: str = "") -> float:
        """What a firm holds or a project needs of a resource, energy on the declared basis."""
        if resource == "energy" and self.basis == "equivalent" and given(row, "energy_equivalent_tce"):
            return number(row, "energy_equivalent_tce")
        return number(row, OWN_COLUMNS.get(resource, prefix + resource))

    def counted(self, record: Record, *, new: bool) -> Counted:
        """Share of the energy of a firm or a (new) project that counts in each year."""
        return shares_counted(self, record, new=new)

    def outflow_limits(self, place: str) -> tuple[float, float] | None:
        """What retention says of a place: (share that stays, share for the pool above), None where it says nothing."""
        rule = self.rules.get("retention")
        if rule is None:
            return None
        own = rule.get("by_place", {})
        if place not in own and self.level[place] not in rule.get("levels", ["town", "zone"]):
            return None
        return own.get(place, rule.get("keep", 0.0)), rule.get("pool", 0.0)

    def bent(self, table: str, name: str, year: int, action: str | None = None) -> bool:
        """Whether a directive lets a project (or the action of a firm) pass, whatever bars it."""
        return any(
            one[table.removesuffix("s")] == name and one.get("action") == action and one.get("year", year) == year
            for one in self.rules.get("directives", {}).get(table, [])
            if one.get("bend", False)
        )

    # What may be done to firms

    def _choices(self) -> dict[str, list[Choice]]:
        defaults: Mapping[str, Any] = self.settings.get("actions", {})
        found: dict[str, list[Choice]] = {firm["firm"]: [] for firm in self.rows("firms")}
        for firm in self.rows("firms"):
            if "actions" in self.tables:
                rows = [row for row in self.rows("actions") if row["firm"] == firm["firm"]]
                off = [] if self.listed(firm) else self._restricted()
            else:
                rows = [{"firm": firm["firm"], "action": kind} for kind in defaults]
                off = [] if self.listed(firm) else list(defaults)
            for row in rows:
                for year in self.years:
                    if not number(row, "earliest", self.first) <= year <= number(row, "latest", self.last):
                        continue
                    forbidden = [*off, *self._forbidden(firm, year)]
                    if row["action"] in forbidden and not self.bent("firms", firm["firm"], year, row["action"]):
                        continue
                    found[firm["firm"]].append(self._choice(firm, row, defaults.get(row["action"], {}), year))
        return found

    def _choice(self, firm: Record, row: Record, default: Mapping[str, Any], year: int) -> Choice:
        closing = 1.0 if row["action"] == "close" else 0.0
        gross = {}
        for resource in self.resources:
            column = "frees_" + OWN_COLUMNS.get(resource, resource)
            share = by_resource(default.get("frees_share", closing), resource, closing)
            gross[resource] = number(row, column, share * self.amount(firm, resource))
        lost_share = default.get("value_added_lost_share", closing)
        jobs_lost = number(row, "jobs_lost", default.get("jobs_lost_share", closing) * number(firm, "jobs"))
        usual_cost = (
            default.get("cost", 0.0)
            + default.get("cost_per_mu", 0.0) * number(firm, "land_mu")
            + default.get("cost_per_job", 0.0) * jobs_lost
            + default.get("cost_per_tce", 0.0) * gross.get("energy", 0.0)
        )
        return Choice(
            firm=firm["firm"],
            place=firm["place"],
            kind=row["action"],
            option=text(row, "option"),
            year=year,
            effective=year + int(number(row, "lag", default.get("lag", 0))),
            frees={r: gross[r] * by_resource(default.get("delivery", 1.0), r, 1.0) for r in self.resources},
            cost=number(row, "cost", usual_cost),
            value_added_lost=number(row, "value_added_lost", lost_share * number(firm, "value_added")),
            tax_lost=number(row, "tax_lost", lost_share * number(firm, "tax")),
            jobs_lost=jobs_lost,
            record=row,
            counted=self.counted(firm, new=False),
        )

    def _restricted(self) -> list[str]:
        return list(self.rules.get("listing", {}).get("restricts", ["close"]))

    def listed(self, firm: Record) -> bool:
        """Whether the firm is on the inefficient list; every firm is where the rule is off."""
        return listed_firm(self, firm)

    def on_the_list(self, firm: Record) -> bool:
        """The firms of the list; where none is made, those that have an action at all."""
        if "listing" in self.rules or "actions" not in self.tables:
            return self.listed(firm)
        return any(row["firm"] == firm["firm"] for row in self.rows("actions"))

    def _forbidden(self, firm: Record, year: int) -> list[str]:
        rule = self.rules.get("protection")
        if rule is None or not set(listed(firm, "protected_as")) & set(rule["protected_as"]):
            return []
        return list(rule.get("forbids", ["close"])) if year <= number(firm, "protected_until", math.inf) else []

    # Which projects may start

    def _awards(self) -> dict[str, list[Award]]:
        found: dict[str, list[Award]] = {}
        for project in self.rows("projects"):
            found[project["project"]] = []
            counted = self.counted(project, new=True)
            divisible = is_yes(project, "divisible")
            for year in self.years:
                kappa = self.admitted(project, year)
                if kappa is None:
                    continue
                if number(project, "earliest", self.first) <= year <= number(project, "latest", self.last):
                    award = Award(
                        project=project["project"],
                        place=project["place"],
                        category=text(project, "category") or "other",
                        year=year,
                        low=number(project, "min_share") if divisible else 1.0,
                        high=1.0,
                        need={r: self.amount(project, r, "uses_") for r in self.resources},
                        kappa=kappa,
                        ramp=tuple(float(part) for part in listed(project, "ramp")),
                        value_added=number(project, "value_added"),
                        tax=number(project, "tax"),
                        jobs=number(project, "jobs"),
                        investment=number(project, "investment"),
                        record=project,
                        counted=counted,
                    )
                    found[project["project"]].append(award)
        return found

    def every_choice(self) -> Iterable[Choice]:
        return (choice for choices in self.choices.values() for choice in choices)

    def every_award(self) -> Iterable[Award]:
        return (award for awards in self.awards.values() for award in awards)

    def concerns(self, limit: Mapping[str, Any], project: Record) -> bool:
        """Whether an admission limit is about this project."""
        whom = limit.get("applies_to", "new_projects")
        return (
            project["place"] in self.below_any(limit.get("places"))
            and ("sectors" not in limit or text(project, "sector") in limit["sectors"])
            and (
                whom == "new_projects"
                or whom == (text(project, "category") or "other")
                or whom in listed(project, "tags")
            )
        )

    def admitted(self, project: Record, year: int) -> float | None:
        """The substitution ratio at which the project may start in a year, None if it may not."""
        bent = self.bent("projects", project["project"], year)
        if not bent and kept_out(self, project, year):
            return None
        rule = self.rules.get("admission", {})
        favour = rule.get("favour")
        favoured = favour is not None and bool(set(listed(project, "tags")) & set(favour["tags"]))
        kappa = 1.0
        for limit in rule.get("limits", []):
            if limit.get("scope", "project") != "project" or not self.concerns(limit, project):
                continue
            if not in_force(limit, year) or not fails(self, project, limit, year):
                continue
            # What is only reported asks for nothing that a favour could spare.
            decided_by = favour if favour and favoured and limit["action"] != "report" else limit
            if decided_by["action"] == "reject" and not bent:
                return None
            if decided_by["action"] == "substitute":
                kappa = max(kappa, decided_by["ratio"])
        return kappa

    # Measures

    def discount(self, year: int) -> float:
        return float((1 + self.rate) ** -(year - self.first))

    def annuity(self, start: int, end: int) -> float:
        return sum(self.discount(year) for year in range(start, end + 1))

    def measure(self, name: str, year: int | None = None, places: set[str] | None = None) -> Linear:
        """A measure as a linear function of what is done, up to `year` and within `places`."""
        until = self.last if year is None else year
        if name == "chains_completed":
            return Linear(wholes=[(Supply(self, tuple(stages), until), 1.0) for stages in chains(self).values()])
        if "+" in name:
            return weighted([(self.measure(part.strip(), year, places), 1.0) for part in name.split("+")])
        here = set(self.parent) if places is None else places
        resource, _, quantity = name.rpartition("_")
        constant = 0.0
        if quantity == "idle" and resource in self.resources:
            constant = sum(self.initial(place, resource, until) for place in here)
        return Linear(
            constant,
            {
                choice: self.choice_amount(name, choice, until)
                for choices in self.choices.values()
                for choice in choices
                if choice.place in here and choice.year <= until
            },
            {
                award: self.award_amount(name, award, until)
                for awards in self.awards.values()
                for award in awards
                if award.place in here and award.year <= until
            },
        )

    def choice_amount(self, name: str, choice: Choice, until: int) -> float:
        """What an action adds to a measure that counts up to a year."""
        if name in self.user_measures:
            column = self.user_measures[name].get("actions")
            return number(choice.record, column) if column else 0.0
        resource, _, quantity = name.rpartition("_")
        if resource in self.resources and quantity in ("freed", "used", "idle", "net"):
            freed = choice.freed(resource, until)
            return {"freed": freed, "used": 0.0, "idle": freed, "net": -freed}[quantity]
        return {
            "value_added": -choice.value_added_lost * self.annuity(choice.year, until),
            "value_added_final": -choice.value_added_lost,
            "value_added_lost_final": choice.value_added_lost,
            "tax": -choice.tax_lost * self.annuity(choice.year, until),
            "tax_final": -choice.tax_lost,
            "firms_treated": 1.0,
            "firms_closed": float(choice.kind == "close"),
            "firms_upgraded": float(choice.kind == "upgrade"),
            "public_cost": choice.cost * self.discount(choice.year),
            "jobs_lost": choice.jobs_lost,
            "jobs_net": -choice.jobs_lost,
        }.get(name, 0.0)

    def award_amount(self, name: str, award: Award, until: int) -> tuple[float, float]:
        """What a start adds to a measure that counts up to a year: fixed, and per unit of share."""
        if name in self.user_measures:
            column = self.user_measures[name].get("projects")
            return 0.0, number(award.record, column) if column else 0.0
        resource, _, quantity = name.rpartition("_")
        if resource in self.resources and quantity in ("freed", "used", "idle", "net"):
            used = award.use(resource, until)
            return 0.0, {"freed": 0.0, "used": used, "idle": -used, "net": used}[quantity]
        if name == "projects_started":
            return 1.0, 0.0
        per_share = {
            "value_added": award.value_added * self.annuity(award.year, until),
            "value_added_final": award.value_added,
            "value_added_gained_final": award.value_added,
            "tax": award.tax * self.annuity(award.year, until),
            "tax_final": award.tax,
            "investment": award.investment,
            "jobs_created": award.jobs,
            "jobs_net": award.jobs,
            "priority_points": self.weights.get(award.category, 1.0) * award.energy,
        }.get(name, 0.0)
        return 0.0, per_share

    def measure_names(self) -> list[str]:
        """Every measure the oracle can compute."""
        yearly = [f"{resource}_{quantity}" for resource in self.resources for quantity in ("freed", "used", "idle")]
        carbon = ["carbon_net"] if "carbon" in self.resources else []
        fixed = [
            "value_added",
            "value_added_final",
            "value_added_gained_final",
            "value_added_lost_final",
            "tax",
            "tax_final",
            "firms_closed",
            "firms_upgraded",
            "firms_treated",
            "projects_started",
            "investment",
            "jobs_created",
            "jobs_lost",
            "jobs_net",
            "public_cost",
            "priority_points",
        ]
        chained = ["chains_completed"] if "chain" in self.rules else []
        return yearly + carbon + fixed + chained + list(self.user_measures)
