"""The oracle's own reading of a case: what may be done, and what each thing done amounts to.

Written from the contract alone. It imports nothing of quota_opt, and takes plain settings and plain tables
(`dict` and `list[dict]`), so that a mistake in the tool cannot hide in its checker.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Record = Mapping[str, Any]
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

    @property
    def energy(self) -> float:
        return self.need.get("energy", 0.0)

    def use(self, resource: str, year: int) -> float:
        """What a full-size project takes from its pool in `year`."""
        if year < self.year:
            return 0.0
        share_of_need = self.ramp[min(year - self.year, len(self.ramp) - 1)] if self.ramp else 1.0
        kappa = self.kappa if resource == "energy" else 1.0
        return kappa * self.need.get(resource, 0.0) * share_of_need


@dataclass
class Linear:
    """constant + sum over what is done + sum over what starts of (fixed + per_share * share)."""

    constant: float = 0.0
    choices: dict[Choice, float] = field(default_factory=dict)
    awards: dict[Award, tuple[float, float]] = field(default_factory=dict)

    def at(self, done: Iterable[Choice], started: Mapping[Award, float]) -> float:
        value = self.constant + sum(self.choices.get(choice, 0.0) for choice in done)
        for award, share in started.items():
            fixed, per_share = self.awards.get(award, (0.0, 0.0))
            value += fixed + per_share * share
        return value


@dataclass
class Row:
    """A linear condition of one rule; soft where it has a penalty."""

    rule: str
    value: Linear
    sense: str
    bound: float
    penalty: float | None = None

    def shortfall(self, value: float) -> float:
        below, above = max(0.0, self.bound - value), max(0.0, value - self.bound)
        return {">=": below, "<=": above, "==": below + above}[self.sense]

    @property
    def tolerance(self) -> float:
        return 1e-6 * max(1.0, abs(self.bound))


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

    # What may be done to firms

    def _choices(self) -> dict[str, list[Choice]]:
        defaults: Mapping[str, Any] = self.settings.get("actions", {})
        found: dict[str, list[Choice]] = {firm["firm"]: [] for firm in self.rows("firms")}
        for firm in self.rows("firms"):
            if "actions" in self.tables:
                rows = [row for row in self.rows("actions") if row["firm"] == firm["firm"]]
                rows = [row for row in rows if self.listed(firm) or row["action"] not in self._restricted()]
            else:
                rows = [{"firm": firm["firm"], "action": kind} for kind in defaults] if self.listed(firm) else []
            for row in rows:
                for year in self.years:
                    if not number(row, "earliest", self.first) <= year <= number(row, "latest", self.last):
                        continue
                    if row["action"] in self._forbidden(firm, year):
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
        )

    def _restricted(self) -> list[str]:
        return list(self.rules.get("listing", {}).get("restricts", ["close"]))

    def listed(self, firm: Record) -> bool:
        """Whether the firm is on the inefficient list; every firm is where the rule is off."""
        rule = self.rules.get("listing")
        if rule is None:
            return True
        scope = rule.get("scope")
        if scope:
            large = bool(scope.get("above_scale")) and is_yes(firm, "above_scale")
            wide = "or_land_mu" in scope and number(firm, "land_mu") >= scope["or_land_mu"]
            if not (large or wide):
                return False
        return any(self._meets(firm, condition) for condition in rule["any_of"])

    @staticmethod
    def _meets(firm: Record, condition: Mapping[str, Any]) -> bool:
        twice = condition.get("years", 1) == 2
        if "grade" in condition:
            grades = [text(firm, "grade"), text(firm, "grade_previous")]
            return all(grade == condition["grade"] for grade in (grades if twice else grades[:1]))
        if "violation" in condition:
            return number(firm, "violations") > 0
        land = number(firm, "land_mu")
        now = number(firm, "tax") / land if land > 0 and given(firm, "tax") else math.nan
        values = [now, number(firm, "tax_per_mu_previous", math.nan)]
        tests: dict[str, Callable[[float, float], bool]] = {
            "<=": lambda a, b: a <= b,
            "<": lambda a, b: a < b,
            ">=": lambda a, b: a >= b,
            ">": lambda a, b: a > b,
        }
        test = tests[condition["op"]]
        return all(test(value, condition["value"]) for value in (values if twice else values[:1]))

    def _forbidden(self, firm: Record, year: int) -> list[str]:
        rule = self.rules.get("protection")
        if rule is None or not set(listed(firm, "protected_as")) & set(rule["protected_as"]):
            return []
        return list(rule.get("forbids", ["close"])) if year <= number(firm, "protected_until", math.inf) else []

    # Which projects may start

    def _awards(self) -> dict[str, list[Award]]:
        found: dict[str, list[Award]] = {}
        for project in self.rows("projects"):
            kappa = self.admitted(project)
            found[project["project"]] = []
            if kappa is None:
                continue
            divisible = is_yes(project, "divisible")
            for year in self.years:
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
                    )
                    found[project["project"]].append(award)
        return found

    def concerns(self, limit: Mapping[str, Any], project: Record) -> bool:
        """Whether an admission limit is about this project."""
        whom = limit.get("applies_to", "new_projects")
        return (
            project["place"] in self.below_any(limit.get("places"))
            and ("sectors" not in limit or text(project, "sector") in limit["sectors"])
            and (
                whom == "new_projects"
                or whom == (text(project, "category") or "other")
                or (whom == "two_high" and whom in listed(project, "tags"))
            )
        )

    def admitted(self, project: Record) -> float | None:
        """The substitution ratio the project comes in at, None if it may not start."""
        rule = self.rules.get("admission", {})
        favour = rule.get("favour")
        favoured = favour is not None and bool(set(listed(project, "tags")) & set(favour["tags"]))
        energy, value_added = self.amount(project, "energy", "uses_"), number(project, "value_added")
        kappa = 1.0
        for limit in rule.get("limits", []):
            fails = energy > 0 and energy > limit["value"] * value_added * (1 + 1e-9)
            if not fails or limit.get("scope", "project") != "project" or not self.concerns(limit, project):
                continue
            # What is only reported asks for nothing that a favour could spare.
            decided_by = favour if favour and favoured and limit["action"] != "report" else limit
            if decided_by["action"] == "reject":
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
            freed = choice.frees[resource] if choice.effective <= until else 0.0
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
        return yearly + carbon + fixed + list(self.user_measures)


# Cells


def given(row: Record, column: str) -> bool:
    value = row.get(column)
    return not (value is None or value == "" or (isinstance(value, float) and math.isnan(value)))


def number(row: Record, column: str, default: float = 0.0) -> float:
    return float(row[column]) if given(row, column) else float(default)


def text(row: Record, column: str) -> str:
    return str(row[column]) if given(row, column) else ""


def listed(row: Record, column: str) -> list[str]:
    return [part.strip() for part in text(row, column).split(";") if part.strip()]


def is_yes(row: Record, column: str) -> bool:
    return given(row, column) and row[column] in (True, "yes", "true", 1)


def by_resource(value: Any, resource: str, default: float) -> float:
    return float(value.get(resource, default)) if isinstance(value, Mapping) else float(value)
