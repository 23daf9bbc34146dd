"""Random small cases: trees, resources, firms, projects, quotas, targets, objectives and rules, for hypothesis.

Numbers lie on coarse grids, so that plans are either clearly better or exactly as good, and no pool is short by a
rounding error. `drawn` is a case as plain settings and tables, exactly what `Scenario.from_tables` takes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

RULES = ("listing", "protection", "retention", "admission", "priority", "targets", "budget", "jobs")
CATEGORIES = ("strategic", "chain", "upgrade", "other")
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


def grid(low: int, high: int, step: int) -> st.SearchStrategy[float]:
    return st.integers(low // step, high // step).map(lambda n: float(n * step))


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), strategy)


def listed(values: tuple[str, ...] | list[str], most: int = 2) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(values), max_size=most, unique=True).map(";".join)


def present(row: dict[str, Any]) -> dict[str, Any]:
    """The row without its blank cells (a blank column is a column that is not there)."""
    return {key: value for key, value in row.items() if value is not None and value != ""}


@st.composite
def drawn(draw: st.DrawFn, *, must: tuple[str, ...] = (), plain: bool = False) -> Drawn:
    """A random case. `must`: rules that are on; `plain`: one weighted money objective (for comparing optima)."""
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
    rules: dict[str, Any] = {}
    for name in RULES:
        if name in must or draw(st.integers(0, 3)) == 0:
            if name == "targets":
                tables["targets"] = draw(target_tables(names, resources, years, user, plain=plain))
            elif name == "admission":
                rules[name] = draw(admissions(names, [project["sector"] for project in projects]))
            elif name == "budget":
                rules[name] = draw(budgets(names, years))
            else:
                rules[name] = draw(SIMPLE_RULES[name](resources))
    chosen["rules"] = rules
    objective = draw(plain_objectives(user) if plain else objectives(resources, user))
    if objective is not None:
        chosen["objective"] = objective
    return Drawn(chosen, tables)


@st.composite
def trees(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A county with one or two towns and perhaps a zone, or a city of two counties with a town in one or both."""
    if draw(st.sampled_from([True, True, False])):
        rows = [("C", "county", ""), ("T1", "town", "C"), ("T2", "town", "C"), ("Z", "zone", "C")]
        rows = draw(st.sampled_from([rows[:2], rows[:3], [*rows[:2], rows[3]], rows]))
    else:
        rows = [("S", "city", ""), ("C", "county", "S"), ("D", "county", "S"), ("T1", "town", "C"), ("T2", "zone", "D")]
        rows = draw(st.sampled_from([rows[:4], rows]))
    return [{"place": place, "level": level, "parent": parent} for place, level, parent in rows]


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
            "sector": draw(st.sampled_from(["C17", "C39"])),
            "energy_tce": draw(st.sampled_from([0.0, 100.0, 200.0, 300.0, 400.0, 500.0, 700.0, 900.0])),
            "value_added": draw(st.sampled_from([1200.0, 300.0, 500.0, 700.0, 900.0, 1600.0, 2000.0, 0.0, -200.0])),
            "tax": draw(grid(0, 200, 10)),
            "jobs": draw(grid(0, 60, 10)),
            "investment": draw(grid(0, 3000, 500)),
            "variant_of": draw(st.sampled_from(["", "", "G"])),
            "tags": draw(listed(("two_high", "star"), 2)),
            "ramp": draw(st.sampled_from(["", "", "0.5;1", "0.5;0.8;1", "1;0.5"])),
        }
        row["earliest"], row["latest"] = draw(windows(years))
        if basis == "equivalent":
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


# Rules


@st.composite
def listings(draw: st.DrawFn, _resources: list[str]) -> dict[str, Any]:
    conditions = st.one_of(
        st.fixed_dictionaries(
            {
                "measure": st.just("tax_per_mu"),
                "op": st.sampled_from(["<=", "<"]),
                "value": st.sampled_from([3.0, 5.0]),
                "years": st.sampled_from([1, 2]),
            }
        ),
        st.fixed_dictionaries({"grade": st.sampled_from(["C", "D"])}),
        st.fixed_dictionaries({"grade": st.sampled_from(["C", "D"]), "years": st.just(2)}),
        st.just({"violation": True}),
    )
    rule: dict[str, Any] = {"any_of": draw(st.lists(conditions, min_size=1, max_size=2))}
    if draw(st.booleans()):
        rule["scope"] = {"above_scale": True, "or_land_mu": draw(st.sampled_from([2.0, 3.0]))}
    return rule


@st.composite
def protections(draw: st.DrawFn, _resources: list[str]) -> dict[str, Any]:
    tags = st.sampled_from(["chain-key", "high-tech", "grain"])
    return {
        "protected_as": draw(st.lists(tags, min_size=1, max_size=3, unique=True)),
        "forbids": draw(st.sampled_from([["close"], ["close", "relocate"], ["upgrade"]])),
    }


@st.composite
def retentions(draw: st.DrawFn, resources: list[str]) -> dict[str, Any]:
    rule: dict[str, Any] = {"keep": draw(st.sampled_from([0.0, 0.2, 0.5, 0.6, 1.0]))}
    if rule["keep"] <= 0.6 and draw(st.integers(0, 2)) == 0:
        rule["pool"] = draw(st.sampled_from([0.2, 0.4]))
    if draw(st.booleans()):
        rule["levels"] = draw(st.sampled_from([["town"], ["zone"], ["town", "zone"]]))
    if draw(st.booleans()):
        rule["resources"] = [draw(st.sampled_from(resources))]
    return rule


@st.composite
def admissions(draw: st.DrawFn, places: list[str], sectors: list[str]) -> dict[str, Any]:
    limits = []
    portfolio = False
    for _ in range(draw(st.integers(1, 2))):
        limit: dict[str, Any] = {
            "value": draw(st.sampled_from([0.3, 0.49, 0.52, 1.0])),
            "applies_to": draw(st.sampled_from(["new_projects", "new_projects", "strategic", "upgrade", "two_high"])),
            "action": draw(st.sampled_from(["reject", "substitute", "report"])),
        }
        if draw(st.booleans()):
            limit["places"] = [draw(st.sampled_from(places))]
        if draw(st.integers(0, 3)) == 0:
            limit["sectors"] = [draw(st.sampled_from(sectors))]
        if limit["action"] == "substitute":
            limit["ratio"] = draw(st.sampled_from([1.2, 1.5, 2.0]))
        if limit["action"] == "reject" and draw(st.integers(0, 2)) == 0:
            limit["scope"] = "portfolio"
            portfolio = True
        limits.append(limit)
    rule: dict[str, Any] = {"limits": limits}
    if not portfolio and draw(st.integers(0, 2)) == 0:
        rule["favour"] = draw(
            st.sampled_from(
                [{"tags": ["star"], "action": "report"}, {"tags": ["star"], "action": "substitute", "ratio": 1.5}]
            )
        )
    return rule


@st.composite
def priorities(draw: st.DrawFn, _resources: list[str]) -> dict[str, Any]:
    form = draw(st.sampled_from(["weights", "order", "shares"]))
    if form == "order":
        return {"form": form, "order": draw(st.lists(st.sampled_from(CATEGORIES), min_size=1, max_size=2, unique=True))}
    if form == "shares":
        return {"form": form, "min_shares": {draw(st.sampled_from(CATEGORIES)): draw(st.sampled_from([0.2, 0.5]))}}
    weights = st.dictionaries(st.sampled_from(CATEGORIES), st.sampled_from([0.5, 1.3, 2.0]), min_size=1, max_size=3)
    return {"form": form, "weights": draw(weights)}


@st.composite
def budgets(draw: st.DrawFn, places: list[str], years: list[int]) -> dict[str, Any]:
    money = draw(st.dictionaries(st.sampled_from(years), grid(0, 200, 20), min_size=1))
    rule: dict[str, Any] = {"by_year": {str(year): amount for year, amount in sorted(money.items())}}
    if draw(st.booleans()):
        rule["carry_over"] = draw(st.booleans())
    if draw(st.integers(0, 2)) == 0:
        rule["places"] = [draw(st.sampled_from(places))]
    return rule


@st.composite
def jobs_rules(draw: st.DrawFn, _resources: list[str]) -> dict[str, Any]:
    rule: dict[str, Any] = {"per": draw(st.sampled_from(["county", "town"]))}
    if draw(st.booleans()):
        rule["max_lost"] = draw(grid(0, 150, 25))
    else:
        rule["max_lost_share"] = draw(st.sampled_from([0.0, 0.5, 0.8]))
    if draw(st.booleans()):
        rule["net"] = draw(st.booleans())
    return rule


@st.composite
def target_tables(
    draw: st.DrawFn, places: list[str], resources: list[str], years: list[int], user: bool, *, plain: bool
) -> list[dict[str, Any]]:
    amounts = [f"{r}_{quantity}" for r in resources for quantity in (("freed",) if plain else ("freed", "used"))]
    amounts += ["value_added", "value_added_final", "investment"] + (["profit"] if user else [])
    counts = ["firms_closed", "firms_upgraded", "firms_treated", "projects_started"]
    rows = []
    for _ in range(draw(st.integers(1, 2))):
        measure = draw(st.sampled_from([*amounts, *counts, "jobs_lost", "public_cost"]))
        soft = draw(st.booleans())
        sense = draw(st.sampled_from([">=", ">=", "<=", "=="] if soft or measure in counts else [">=", ">=", "<="]))
        least = measure in counts or measure in ("jobs_lost", "public_cost")
        value = draw(st.integers(0, 2).map(float) if measure in counts else grid(0, 60 if least else 1000, 20))
        row = {"measure": measure, "sense": sense, "value": value}
        row["year"] = draw(maybe(st.sampled_from(years)))
        row["place"] = draw(maybe(st.sampled_from(places)))
        if soft:
            row |= {"kind": "soft", "penalty": draw(st.sampled_from([0.5, 2.0, 100.0]))}
        elif draw(st.booleans()):
            row["kind"] = "hard"
        rows.append(present(row))
    return rows


SIMPLE_RULES = {
    "listing": listings,
    "protection": protections,
    "retention": retentions,
    "priority": priorities,
    "jobs": jobs_rules,
}
