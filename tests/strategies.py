"""Random small cases: trees, resources, firms, projects, quotas, targets, objectives and rules, for hypothesis.

Numbers lie on coarse grids, so that plans are either clearly better or exactly as good, and no pool is short by a
rounding error. `drawn` is a case as plain settings and tables, exactly what `Scenario.from_tables` takes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from draws import CATEGORIES, SECTORS, World, grid, listed, maybe, present
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from strategies_rules import SIMPLE_RULES, target_tables, tradings

from quota_opt.rules import RULES as LIBRARY

RULES = tuple(name for name in (*SIMPLE_RULES, "targets") if name in LIBRARY)
# Rules that are drawn where they are asked for; the oracle does not know them.
BY_TOOL_ALONE = ("trading",)
# Rules whose absence can cost something where these others are on:
# a firm that may be treated must be (clearance, one_treatment: who cannot be is let off), and who is on no list may be;
# quota given up twice over counts twice as used where it was freed (fairness).
AT_ODDS = {
    "listing": ("clearance", "one_treatment"),
    "protection": ("clearance", "one_treatment"),
    "admission": ("fairness",),
    # what is bent is let pass with the directives alone
    "directives": ("listing", "protection", "admission", "two_high"),
}

COLUMN = {"energy": "energy_tce", "carbon": "carbon_t", "land": "land_mu"}


def examples(usual: int) -> settings:
    """`usual` random cases, always the same; QUOTA_OPT_EXAMPLES=20 tries twenty times as many, new ones each time."""
    times = float(os.environ.get("QUOTA_OPT_EXAMPLES", "1"))
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    return settings(
        max_examples=max(1, round(usual * times)),
        deadline=None,
        suppress_health_check=slow,
        derandomize="QUOTA_OPT_EXAMPLES" not in os.environ,
        database=None,
    )


@dataclass
class Drawn:
    """One case; `repr` is what hypothesis prints when it fails, so it can be pasted into a test."""

    settings: dict[str, Any]
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def without_rule(self, name: str) -> Drawn:
        rules = dict(self.settings.get("rules", {}))
        rules[name] = {**rules.get(name, {}), "enabled": False}
        return Drawn({**self.settings, "rules": rules}, self.tables)

    @property
    def rules_on(self) -> list[str]:
        found = [name for name, rule in self.settings.get("rules", {}).items() if rule.get("enabled", True)]
        return found + (["targets"] if self.tables.get("targets") and "targets" not in found else [])


@st.composite
def drawn(draw: st.DrawFn, *, must: tuple[str, ...] = (), without: tuple[str, ...] = (), plain: bool = False) -> Drawn:
    """A random case, with rules that `must` be on and rules it is `without`.

    `plain`: one weighted money objective, for comparing optima.
    """
    first = 2024
    n_years = draw(st.sampled_from([1, 2, 2, 3]))
    years = list(range(first, first + n_years))
    resources = draw(
        st.sampled_from([["energy"], ["energy"], ["energy", "carbon"], ["energy", "land"], ["energy", "coal"]])
    )
    basis = draw(st.sampled_from(["equal_value", "equal_value", "equivalent"]))
    places = draw(trees())
    names = [row["place"] for row in places]
    firms = draw(firm_tables(names, resources, basis, years, most=2 if n_years == 3 else 3))
    projects = draw(project_tables(names, resources, basis, years, most=3 if n_years == 3 else 4))
    tables: dict[str, list[dict[str, Any]]] = {"places": places, "projects": projects}
    chosen: dict[str, Any] = {
        "scenario": {
            "name": "random",
            "title": {"zh": "随机", "en": "random"},
            "first_year": years[0],
            "last_year": years[-1],
            "price_year": 2023,
            "energy_basis": basis,
            "data": "synthetic",
            "resources": resources,
            "discount_rate": draw(st.sampled_from([0.0, 0.0, 0.05, 0.25])),
        }
    }
    if firms:
        tables["firms"] = firms
        chosen["actions"] = draw(action_defaults(resources, n_years))
        if draw(st.booleans()):
            tables["actions"] = draw(action_tables(firms, resources, years))
    quotas = draw(quota_tables(names, resources, years))
    if quotas:
        tables["quotas"] = quotas
    user = draw(st.booleans())
    if user:
        chosen["measures"] = {"profit": {"unit": "10k yuan", "projects": "profit"}}
        for project in projects:
            project["profit"] = draw(grid(-100, 500, 50))
        if "actions" in tables and draw(st.booleans()):
            chosen["measures"]["profit"]["actions"] = "profit"
            for action in tables["actions"]:
                action["profit"] = draw(grid(-100, 100, 50))
    world = World(names, resources, years, firms, projects, user, plain)
    rules: dict[str, Any] = {}
    for name in RULES:
        if name in without or not (name in must or draw(st.integers(0, 5)) == 0):
            continue
        if name == "targets":
            tables["targets"] = draw(target_tables(world))
        else:
            rules[name] = draw(SIMPLE_RULES[name](world))
    if "trading" in must:
        rules["trading"] = draw(tradings())
    if rules.get("priority", {}).get("form") == "order" and rules.get("fairness", {}).get("maximise_smallest"):
        # Which of the two comes first is not written anywhere; the oracle has no opinion.
        del rules["fairness" if "priority" in must else "priority"]
    if "accounting" in rules:
        chosen["factors"] = {"electricity_equal_value": 0.3}
        for row in firms + projects:
            # A MWh is 0.1229 tce or 0.3: parts that are never more than the whole.
            least = min(row["energy_tce"], row.get("energy_equivalent_tce", row["energy_tce"]))
            row |= {"feedstock_tce": 0.25 * draw(st.sampled_from([0.0, least])), "green_electricity_mwh": least}
    if "chain" in rules:
        tables["chains"] = CHAINS
    chosen["rules"] = rules
    objective = draw(plain_objectives(user) if plain else objectives(resources, user))
    if objective is not None:
        chosen["objective"] = objective
    if "chain" in rules and not plain:
        count_chains(draw(st.integers(0, 3)), chosen, tables)
    return Drawn(chosen, tables)


CHAINS = [
    {"chain": "valves", "stage": "casting", "weight": 1.0},
    {"chain": "valves", "stage": "seals", "needs": "casting", "weight": 2.0},
    {"chain": "pumps", "stage": "casting", "weight": 0.5},
]


def count_chains(how: int, chosen: dict[str, Any], tables: dict[str, list[dict[str, Any]]]) -> None:
    """Let complete chains stand in the objective (1) or a target (2); an order has no points to add to."""
    objective = chosen.get("objective", {})
    if objective.get("form") == "lexicographic":
        chosen["rules"]["chain"] |= {"complete_points": 0.0, "last_supplier_cost": 0.0}
        if how == 1:
            objective["order"].insert(0, {"measure": "chains_completed", "sense": "max", "tolerance": 0.0})
    elif how == 1 and objective:
        objective["maximise"]["chains_completed"] = 300.0
    if how == 2:
        row = {"measure": "chains_completed", "sense": "<=", "value": 1.0, "year": chosen["scenario"]["first_year"]}
        tables.setdefault("targets", []).append(row)


@st.composite
def trees(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A county with one or two towns and perhaps a zone, or a city of two counties with a town in one or both."""
    if draw(st.sampled_from([True, True, False])):
        rows = [("C", "county", ""), ("T1", "town", "C"), ("T2", "town", "C"), ("Z", "zone", "C")]
        rows = draw(st.sampled_from([rows[:2], rows[:3], [*rows[:2], rows[3]], rows]))
    else:
        rows = [("S", "city", ""), ("C", "county", "S"), ("D", "county", "S"), ("T1", "town", "C"), ("T2", "zone", "D")]
        rows = draw(st.sampled_from([rows[:4], rows]))
    ratings = [draw(st.sampled_from(["", "优秀", "良好"])) for _ in rows]
    made = [
        {"place": place, "level": level, "parent": parent, "rating": rating}
        for (place, level, parent), rating in zip(rows, ratings, strict=True)
    ]
    return [{key: value for key, value in row.items() if key != "rating" or any(ratings)} for row in made]


@st.composite
def firm_tables(
    draw: st.DrawFn, places: list[str], resources: list[str], basis: str, years: list[int], most: int
) -> list[dict[str, Any]]:
    firms = []
    for at in range(draw(st.sampled_from([0, most, *range(1, most + 1)]))):
        land = draw(st.sampled_from([0.0, 2.0, 10.0, 40.0]))
        firm = {
            "firm": f"F{at + 1}",
            "place": draw(st.sampled_from(places)),
            "energy_tce": draw(grid(0, 1000, 100)),
            "value_added": draw(grid(0, 1000, 100)),
            "tax": draw(grid(0, 200, 10)),
            "jobs": draw(grid(0, 100, 10)),
            "land_mu": land,
            "above_scale": draw(st.booleans()),
            "violations": draw(st.sampled_from([0, 0, 2])),
            "sector": draw(st.sampled_from(SECTORS)),
            "tags": draw(listed(("energy-limit", "outdated"), 1)),
            "stages": draw(listed(("casting", "seals", "pumps:casting"), 2)),
            "grade": draw(st.sampled_from(["A", "C", "D"])),
            "grade_previous": draw(st.sampled_from(["A", "C", "D"])),
            "tax_per_mu_previous": draw(st.sampled_from([None, 3.0, 5.0, 20.0])),
            "protected_as": draw(listed(("chain-key", "high-tech", "grain"), 1)),
            "protected_until": draw(maybe(st.sampled_from(years))),
        }
        if basis == "equivalent":
            firm["energy_equivalent_tce"] = draw(grid(0, 1000, 100))
        if "carbon" in resources:
            firm["carbon_t"] = draw(grid(0, 1000, 100))
        if "coal" in resources:
            firm["coal"] = draw(grid(0, 1000, 100))
        firms.append(present(firm))
    return firms


@st.composite
def action_defaults(draw: st.DrawFn, resources: list[str], n_years: int) -> dict[str, Any]:
    part = st.sampled_from([0.0, 0.5, 1.0])
    found = {}
    for kind in draw(st.sampled_from([["close"], ["close", "upgrade"]])):
        defaults = {
            "frees_share": draw(maybe(st.one_of(part, st.fixed_dictionaries({resources[0]: part})))),
            "delivery": draw(maybe(st.one_of(st.sampled_from([0.5, 1.0]), st.fixed_dictionaries({"energy": part})))),
            "lag": draw(maybe(st.integers(0, n_years - 1))),
            "cost": draw(maybe(grid(0, 100, 10))),
            "cost_per_mu": draw(maybe(st.sampled_from([1.0, 5.0]))),
            "cost_per_job": draw(maybe(st.sampled_from([0.5, 2.0]))),
            "cost_per_tce": draw(maybe(st.sampled_from([0.1, 0.5]))),
            "value_added_lost_share": draw(maybe(part)),
            "jobs_lost_share": draw(maybe(part)),
        }
        found[kind] = present(defaults)
    return found


@st.composite
def action_tables(
    draw: st.DrawFn, firms: list[dict[str, Any]], resources: list[str], years: list[int]
) -> list[dict[str, Any]]:
    rows = []
    sorts = [("close", ""), ("upgrade", ""), ("upgrade", "deep"), ("relocate", ""), ("rebuild", "")]
    for firm in firms:
        for kind, option in draw(st.lists(st.sampled_from(sorts), min_size=0, max_size=2, unique=True)):
            row = {"firm": firm["firm"], "action": kind, "option": option}
            row["earliest"], row["latest"] = draw(windows(years))
            for resource in resources:
                row[f"frees_{COLUMN.get(resource, resource)}"] = draw(maybe(grid(-200, 1000, 100)))
            row["cost"] = draw(maybe(grid(0, 100, 10)))
            for column in ("value_added_lost", "tax_lost", "jobs_lost"):
                row[column] = draw(maybe(grid(0, 500 if column == "value_added_lost" else 50, 10)))
            row["lag"] = draw(maybe(st.integers(0, len(years) - 1)))
            rows.append(present(row))
    if not rows:
        rows.append({"firm": firms[0]["firm"], "action": "close"})
    return rows


@st.composite
def windows(draw: st.DrawFn, years: list[int]) -> tuple[int | None, int | None]:
    early, late = sorted((draw(st.sampled_from(years)), draw(st.sampled_from(years))))
    return draw(st.sampled_from([(None, None), (early, None), (None, late), (early, late)]))


@st.composite
def project_tables(
    draw: st.DrawFn, places: list[str], resources: list[str], basis: str, years: list[int], most: int
) -> list[dict[str, Any]]:
    names = [f"P{at + 1}" for at in range(draw(st.sampled_from([1, 2, most, most, most])))]
    rows: list[dict[str, Any]] = []
    for name in names:
        row: dict[str, Any] = {
            "project": name,
            "place": draw(st.sampled_from(places)),
            "category": draw(st.sampled_from(CATEGORIES)),
            "sector": draw(st.sampled_from(SECTORS)),
            "energy_tce": draw(st.sampled_from([0.0, 100.0, 200.0, 300.0, 400.0, 500.0, 700.0, 900.0])),
            "value_added": draw(st.sampled_from([1200.0, 300.0, 500.0, 700.0, 900.0, 1600.0, 2000.0, 0.0, -200.0])),
            "tax": draw(grid(0, 200, 10)),
            "jobs": draw(grid(0, 60, 10)),
            "investment": draw(grid(0, 3000, 500)),
            "variant_of": draw(st.sampled_from(["", "", "G"])),
            "tags": draw(listed(("two_high", "star"), 2)),
            "stages": draw(listed(("casting", "seals", "pumps:casting"), 1)),
            "ramp": draw(st.sampled_from(["", "", "0.5;1", "0.5;0.8;1", "1;0.5"])),
        }
        row["earliest"], row["latest"] = draw(windows(years))
        if basis == "equivalent" or draw(st.integers(0, 3)) == 0:
            row["energy_equivalent_tce"] = draw(grid(0, 600, 100))
        for resource in resources[1:]:
            row[COLUMN.get(resource, f"uses_{resource}")] = draw(grid(0, 500, 100))
        if draw(st.integers(0, 3)) == 0:
            row["divisible"] = True
            row["min_share"] = draw(st.sampled_from([None, 0.0, 0.25, 0.5]))
        rows.append(row)
    groups = {row["variant_of"] for row in rows} - {""}
    for row in rows:
        others = [name for name in names if name != row["project"]] + [g for g in groups if g != row["variant_of"]]
        if others and draw(st.integers(0, 4)) == 0:
            row["requires"] = draw(listed(others, 1))
        others = [name for name in others if name not in row.get("requires", "")]
        if others and draw(st.integers(0, 4)) == 0:
            row["excludes"] = draw(listed(others, 1))
    return [present(row) for row in rows]


@st.composite
def quota_tables(draw: st.DrawFn, places: list[str], resources: list[str], years: list[int]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for _ in range(draw(st.sampled_from([0, 2, 3, 3, 4, 5]))):
        year = draw(st.sampled_from(["*", *map(str, years)]))
        place, resource = draw(st.sampled_from(places)), draw(st.sampled_from(resources))
        if not any((row["place"], row["resource"], row["year"]) == (place, resource, year) for row in rows):
            rows.append({"place": place, "resource": resource, "year": year, "amount": draw(grid(100, 1500, 100))})
    return rows


# Objectives


def objectives(resources: list[str], user: bool) -> st.SearchStrategy[dict[str, Any] | None]:
    return st.one_of(st.none(), weighted_objectives(resources, user), ordered_objectives(resources, user))


MAXIMISED = ("value_added", "value_added_final", "tax", "tax_final", "jobs_net", "priority_points", "projects_started")
MINIMISED = ("public_cost", "jobs_lost", "firms_treated", "firms_closed", "value_added_lost_final")


@st.composite
def weighted_objectives(draw: st.DrawFn, resources: list[str], user: bool) -> dict[str, Any]:
    more = [f"{r}_{quantity}" for r in resources for quantity in ("used", "freed")]
    gains = [*MAXIMISED, *more, "investment", "jobs_created"] + (["profit"] if user else [])
    losses = [*MINIMISED, *[f"{r}_idle" for r in resources]] + (["carbon_net"] if "carbon" in resources else [])
    weight = st.sampled_from([0.5, 1.0, 2.0])
    return {
        "form": "weighted",
        "maximise": draw(st.dictionaries(st.sampled_from(gains), weight, min_size=1, max_size=3)),
        "minimise": draw(st.dictionaries(st.sampled_from(losses), weight, max_size=2)),
    }


@st.composite
def ordered_objectives(draw: st.DrawFn, resources: list[str], user: bool) -> dict[str, Any]:
    gains = [*MAXIMISED, *[f"{r}_used" for r in resources]] + (["profit"] if user else [])
    senses = {**dict.fromkeys(gains, "max"), **dict.fromkeys(MINIMISED, "min")}
    start = draw(st.sampled_from(gains))
    later = st.lists(st.sampled_from([name for name in sorted(senses) if name != start]), min_size=1, max_size=2)
    order = [start, *draw(later.map(lambda names: list(dict.fromkeys(names))))]
    return {
        "form": "lexicographic",
        "order": [{"measure": name, "sense": senses[name], "tolerance": 0.0} for name in order],
    }


@st.composite
def plain_objectives(draw: st.DrawFn, user: bool) -> dict[str, Any]:
    gains = ["value_added", "value_added_final", "tax", "investment"] + (["profit"] if user else [])
    return {"form": "weighted", "maximise": {draw(st.sampled_from(gains)): 1.0}, "minimise": {"public_cost": 0.5}}
