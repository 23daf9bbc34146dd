"""Random rules for random cases: the forms of every rule that the oracle knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from draws import CATEGORIES, SECTORS, World, grid, maybe, present
from hypothesis import strategies as st


@st.composite
def conditions(draw: st.DrawFn, world: World, deep: bool = True) -> dict[str, Any]:
    """One way onto the list. Shares of a mean are odd numbers, so that no figure lies on a line by rounding alone."""
    form = draw(st.sampled_from(["line", "line", "line", "mean", "grade", "other", "all_of" if deep else "line"]))
    twice = draw(st.sampled_from([{}, {}, {"years": 2}]))
    if form == "all_of":
        both = [draw(conditions(world, deep=False)), draw(conditions(world, deep=False))]
        return {"all_of": both}
    if form == "grade":
        grade = draw(st.sampled_from(["C", "D", ["C", "D"]]))
        return {"grade": grade, **twice}
    if form == "other":
        other = [{"violation": True}, {"violation": False}, {"flag": "above_scale"}, {"tag": "energy-limit"}]
        return dict(draw(st.sampled_from([*other, {"places": [draw(world.place)]}])))
    if draw(st.booleans()):
        condition: dict[str, Any] = {"measure": "tax_per_mu", **twice}
        if twice and draw(st.booleans()):
            condition["over"] = "mean"
    else:
        measures = ["value_added_per_mu", "energy_intensity", "energy_per_mu", "tax_per_value_added", "jobs"]
        condition = {"measure": draw(st.sampled_from(measures))}
    if form == "mean":
        less = {"points": 3.7} if condition["measure"] == "tax_per_value_added" else {"less": 0.37}
        mean = dict(draw(st.sampled_from([{"below": 0.83}, {"below": 0.13}, {"above": 1.37}, less])))
        if draw(st.integers(0, 3)) == 0:
            mean["weighted"] = False
        if draw(st.integers(0, 3)) == 0:
            mean["published"] = {draw(st.sampled_from(SECTORS)): 2.3}
        condition["sector_mean"] = mean
    else:
        condition["op"] = draw(st.sampled_from(["<=", "<", ">=", ">"]))
        lines = st.sampled_from([3.0, 5.0, 20.0])
        condition["value"] = draw(st.one_of(lines, lines, st.fixed_dictionaries({SECTORS[0]: lines})))
    if draw(st.integers(0, 3)) == 0:
        about: list[dict[str, Any]] = [{"above_scale": False}, {"least_land_mu": 10.0}, {"sectors": [SECTORS[1]]}]
        about += [{"tags": ["outdated"]}, {"places": [draw(world.place)]}]
        condition["scope"] = draw(st.sampled_from(about))
    return condition


@st.composite
def listings(draw: st.DrawFn, world: World) -> dict[str, Any]:
    rule: dict[str, Any] = {"any_of": draw(st.lists(conditions(world), min_size=1, max_size=2))}
    if draw(st.booleans()):
        rule["scope"] = {"above_scale": True, "or_land_mu": draw(st.sampled_from([2.0, 3.0]))}
    if draw(st.integers(0, 3)) == 0:
        rule["restricts"] = draw(st.sampled_from([["close", "upgrade"], ["upgrade"]]))
    return rule


@st.composite
def protections(draw: st.DrawFn, _world: World) -> dict[str, Any]:
    tags = st.sampled_from(["chain-key", "high-tech", "grain"])
    return {
        "protected_as": draw(st.lists(tags, min_size=1, max_size=3, unique=True)),
        "forbids": draw(st.sampled_from([["close"], ["close", "relocate"], ["upgrade"]])),
    }


@st.composite
def retentions(draw: st.DrawFn, world: World) -> dict[str, Any]:
    rule: dict[str, Any] = {"keep": draw(st.sampled_from([0.0, 0.2, 0.5, 0.6, 1.0]))}
    if rule["keep"] <= 0.6 and draw(st.integers(0, 2)) == 0:
        rule["pool"] = draw(st.sampled_from([0.2, 0.4]))
    if draw(st.booleans()):
        rule["levels"] = draw(st.sampled_from([["town"], ["zone"], ["town", "zone"]]))
    if draw(st.booleans()):
        rule["resources"] = [draw(st.sampled_from(world.resources))]
    if draw(st.integers(0, 3)) == 0:
        most = 1.0 - rule.get("pool", 0.0)
        rule["by_place"] = {draw(st.sampled_from(world.places[1:])): min(most, draw(st.sampled_from([0.0, 0.3, 0.9])))}
    if draw(st.integers(0, 3)) == 0:
        rule["categories"] = draw(st.lists(st.sampled_from(CATEGORIES), min_size=1, max_size=2, unique=True))
    return rule


@st.composite
def limits(draw: st.DrawFn, world: World) -> dict[str, Any]:
    """One limit: of each project, of what is awarded on the whole, or of a set paired with closures."""
    form = draw(st.sampled_from(["project", "project", "project", "portfolio", "set"]))
    limit: dict[str, Any] = {"value": draw(st.sampled_from([0.3, 0.49, 0.52, 1.0]))}
    names = [project["project"] for project in world.projects]
    if form == "set":
        limit |= {"scope": "set", "projects": draw(st.lists(st.sampled_from(names), min_size=1, unique=True))}
        if world.firms and draw(st.booleans()):
            firms = [firm["firm"] for firm in world.firms]
            limit["firms"] = draw(st.lists(st.sampled_from(firms), min_size=1, unique=True))
        return limit
    whom = ["new_projects", "new_projects", "strategic", "upgrade", "two_high", "star"]
    limit["applies_to"] = draw(st.sampled_from(whom))
    if draw(st.booleans()):
        limit["places"] = [draw(world.place)]
    if draw(st.integers(0, 3)) == 0:
        limit["sectors"] = [draw(st.sampled_from([project["sector"] for project in world.projects]))]
    if draw(st.integers(0, 2)) == 0:
        others = [(1.7, {"amount": "investment", "per": "tax", "at_least": True})]
        others += [(3.7, {"amount": "jobs", "per": "tax"}), (33.3, {"amount": "investment", "per": "jobs"})]
        if "land" in world.resources:
            others += [(3.3, "tax_per_mu"), (4.7, "value_added_per_mu"), (7.9, "investment_per_mu")]
        if "carbon" in world.resources:
            others.append((0.37, "carbon_intensity"))
        limit["value"], limit["criterion"] = draw(st.sampled_from(others))
        limit["action"] = draw(st.sampled_from(["reject", "reject", "report"]))
    else:
        limit["action"] = draw(st.sampled_from(["reject", "substitute", "report"]))
    if form == "portfolio":
        limit |= {"scope": "portfolio", "action": "reject"}
    if limit["action"] == "substitute":
        limit["ratio"] = draw(st.sampled_from([1.2, 1.5, 2.0]))
    return limit


@st.composite
def admissions(draw: st.DrawFn, world: World) -> dict[str, Any]:
    rule: dict[str, Any] = {"limits": draw(st.lists(limits(world), min_size=1, max_size=2))}
    alone = all(limit.get("scope", "project") == "project" for limit in rule["limits"])
    if alone and draw(st.integers(0, 2)) == 0:
        rule["favour"] = draw(
            st.sampled_from(
                [{"tags": ["star"], "action": "report"}, {"tags": ["star"], "action": "substitute", "ratio": 1.5}]
            )
        )
    return rule


@st.composite
def priorities(draw: st.DrawFn, _world: World) -> dict[str, Any]:
    form = draw(st.sampled_from(["weights", "order", "shares"]))
    if form == "order":
        return {"form": form, "order": draw(st.lists(st.sampled_from(CATEGORIES), min_size=1, max_size=2, unique=True))}
    if form == "shares":
        return {"form": form, "min_shares": {draw(st.sampled_from(CATEGORIES)): draw(st.sampled_from([0.2, 0.5]))}}
    weights = st.dictionaries(st.sampled_from(CATEGORIES), st.sampled_from([0.5, 1.3, 2.0]), min_size=1, max_size=3)
    return {"form": form, "weights": draw(weights)}


@st.composite
def budgets(draw: st.DrawFn, world: World) -> dict[str, Any]:
    money = draw(st.dictionaries(world.year, grid(0, 200, 20), min_size=1))
    rule: dict[str, Any] = {"by_year": {str(year): amount for year, amount in sorted(money.items())}}
    if draw(st.booleans()):
        rule["carry_over"] = draw(st.booleans())
    if draw(st.integers(0, 2)) == 0:
        rule["places"] = [draw(world.place)]
    return rule


@st.composite
def jobs_rules(draw: st.DrawFn, _world: World) -> dict[str, Any]:
    rule: dict[str, Any] = {"per": draw(st.sampled_from(["county", "town"]))}
    if draw(st.booleans()):
        rule["max_lost"] = draw(grid(0, 150, 25))
    else:
        rule["max_lost_share"] = draw(st.sampled_from([0.0, 0.5, 0.8]))
    if draw(st.booleans()):
        rule["net"] = draw(st.booleans())
    return rule


@st.composite
def target_tables(draw: st.DrawFn, world: World) -> list[dict[str, Any]]:
    amounts = [f"{r}_{quantity}" for r in world.resources for quantity in ("freed",) * world.plain or ("freed", "used")]
    amounts += ["value_added", "value_added_final", "investment"] + (["profit"] if world.user else [])
    counts = ["firms_closed", "firms_upgraded", "firms_closed+firms_upgraded", "firms_treated", "projects_started"]
    rows = []
    for _ in range(draw(st.integers(1, 2))):
        measure = draw(st.sampled_from([*amounts, *counts, "jobs_lost", "public_cost"]))
        soft = draw(st.booleans())
        sense = draw(st.sampled_from([">=", ">=", "<=", "=="] if soft or measure in counts else [">=", ">=", "<="]))
        least = measure in counts or measure in ("jobs_lost", "public_cost")
        value = draw(st.integers(0, 2).map(float) if measure in counts else grid(0, 60 if least else 1000, 20))
        row = {"measure": measure, "sense": sense, "value": value}
        row["year"] = draw(maybe(world.year))
        row["place"] = draw(maybe(world.place))
        row["span"] = draw(st.sampled_from([None, None, "cumulative", "annual"]))
        if soft:
            row |= {"kind": "soft", "penalty": draw(st.sampled_from([0.5, 2.0, 100.0]))}
        elif draw(st.booleans()):
            row["kind"] = "hard"
        rows.append(present(row))
    return rows


@st.composite
def caps(draw: st.DrawFn, world: World) -> dict[str, Any]:
    found = []
    for _ in range(draw(st.integers(1, 2))):
        cap = {"resource": draw(st.sampled_from(world.resources)), "amount": draw(grid(0, 1200, 100))}
        cap["place"] = draw(maybe(world.place))
        cap["sector"] = draw(maybe(st.sampled_from([project["sector"] for project in world.projects])))
        cap["year"] = draw(maybe(world.year))
        found.append(present(cap))
    return {"caps": found}


KINDS = st.one_of(st.none(), st.sampled_from([["close"], ["close", "upgrade"], ["upgrade", "rebuild", "relocate"]]))


@st.composite
def clearances(draw: st.DrawFn, world: World) -> dict[str, Any]:
    measures = ["tax_per_mu", "value_added_per_mu", "energy_intensity", "jobs", "tax"]
    rule: dict[str, Any] = {
        "measure": draw(st.sampled_from(measures)),
        "value": draw(st.sampled_from([1.0, 5.0, 20.0])),
    }
    rule["op"] = draw(st.sampled_from([None, "<", ">=", ">"]))
    rule["by"] = draw(maybe(st.sampled_from([*world.years, world.years[-1] + 1])))
    rule["kinds"] = draw(KINDS)
    rule["scope"] = draw(maybe(st.just({"above_scale": True, "or_land_mu": 10.0})))
    rule["places"] = draw(maybe(st.lists(world.place, min_size=1, max_size=1)))
    return {**present(rule), "allow_untreatable": True}


@st.composite
def one_treatments(draw: st.DrawFn, world: World) -> dict[str, Any]:
    rule = {"kinds": draw(KINDS), "places": draw(maybe(st.lists(world.place, min_size=1, max_size=1)))}
    return {**present(rule), "allow_untreatable": True}


@st.composite
def two_highs(draw: st.DrawFn, world: World) -> dict[str, Any]:
    rule: dict[str, Any] = {"basis": draw(st.sampled_from([None, "equivalent", "equal_value"]))}
    rule["sectors"] = draw(maybe(st.just([draw(st.sampled_from(SECTORS))])))
    rule["tags"] = draw(maybe(st.sampled_from([["two_high"], ["star"], ["two_high", "star"]])))
    rule["places"] = draw(maybe(st.lists(world.place, min_size=1, max_size=1)))
    rule["reject_above"] = draw(maybe(st.sampled_from([200.0, 300.0, 500.0])))
    rule["control"] = draw(maybe(st.sampled_from([0.3, 0.52])))
    if rule["control"] is not None:
        rule["reject"] = draw(st.booleans())
    rule["except_tags"] = draw(maybe(st.just(["star"])))
    return present(rule)


@st.composite
def slow_approvals(draw: st.DrawFn, world: World) -> dict[str, Any]:
    rule: dict[str, Any] = {"sectors": draw(st.sampled_from([[SECTORS[0]], [SECTORS[1]], list(SECTORS)]))}
    rule["max_per_year"] = draw(maybe(grid(0, 600, 100)))
    first, last = sorted((draw(world.year), draw(world.year)))
    rule |= draw(st.sampled_from([{}, {"from": first}, {"to": last}, {"from": first, "to": last}]))
    rule["places"] = draw(maybe(st.lists(world.place, min_size=1, max_size=1)))
    return present(rule)


@st.composite
def declines(draw: st.DrawFn, world: World) -> dict[str, Any]:
    # Odd shares, so that no plan lies on the line by rounding alone.
    rule: dict[str, Any] = {"decline": draw(st.sampled_from([0.0, 0.037, 0.153, 0.317]))}
    rule["by"] = draw(maybe(world.year))
    sums = [sum(firm[column] for firm in world.firms) for column in ("energy_tce", "value_added")]
    sums.append(sum(firm.get("energy_equivalent_tce", firm["energy_tce"]) for firm in world.firms))
    if min(sums) <= 0 or draw(st.booleans()):
        rule |= {"base_energy": draw(grid(1000, 3000, 500)), "base_value_added": draw(grid(1000, 5000, 1000))}
        rule["place"] = draw(maybe(world.place))
    return present(rule)


@st.composite
def chain_rules(draw: st.DrawFn, world: World) -> dict[str, Any]:
    rule: dict[str, Any] = {"protect_last_supplier": draw(st.booleans())}
    if not rule["protect_last_supplier"] and draw(st.booleans()):
        rule["last_supplier_cost"] = draw(st.sampled_from([50.0, 400.0]))
    if draw(st.booleans()):
        rule["complete_points"] = draw(st.sampled_from([100.0, 700.0]))
    if draw(st.integers(0, 3)) == 0:
        rule["require"] = [draw(st.sampled_from(["valves", "pumps"]))]
    names = [project["project"] for project in world.projects]
    if draw(st.integers(0, 2)) == 0:
        of = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
        least = draw(st.integers(0, 1))
        most = draw(maybe(st.integers(least, 2)))
        rule["k_of_n"] = [present({"projects": of, "at_least": least, "at_most": most})]
    return rule


@st.composite
def fairnesses(draw: st.DrawFn, world: World) -> dict[str, Any]:
    rule: dict[str, Any] = {"min_ratio": draw(maybe(st.sampled_from([0.3, 0.6, 1.0, 1.3])))}
    if not world.plain and draw(st.booleans()):
        rule["maximise_smallest"] = True
    if draw(st.integers(0, 2)) == 0:
        rule["bonus"] = {"share": draw(st.sampled_from([0.1, 0.5]))}
    if rule["min_ratio"] is None and "maximise_smallest" not in rule and "bonus" not in rule:
        rule["min_ratio"] = 0.5
    rule["level"] = draw(st.sampled_from([None, None, "county"]))
    rule["each_year"] = draw(maybe(st.booleans()))
    return present(rule)


@st.composite
def accountings(draw: st.DrawFn, world: World) -> dict[str, Any]:
    years = [world.years[0], *world.years[1:], world.years[-1] + 1]
    rule: dict[str, Any] = {"feedstock": draw(maybe(st.booleans())), "renewables": draw(maybe(st.booleans()))}
    rule["feedstock_from"] = draw(maybe(st.sampled_from(years)))
    rule["certificates_count"] = draw(maybe(st.booleans()))
    early, late = sorted((draw(st.sampled_from(years)), draw(st.sampled_from(years))))
    return {**present(rule), "green_increment_from": early, "green_all_from": late}


@st.composite
def directives(draw: st.DrawFn, world: World) -> dict[str, Any]:
    """One project, one firm and one measure at most, so that no two contradict each other; or a plan to stay near."""
    if draw(st.integers(0, 3)) == 0:
        listed = draw(st.lists(st.sampled_from(world.projects), max_size=2, unique_by=lambda row: row["project"]))
        treated = draw(st.lists(st.sampled_from(world.firms), max_size=1)) if world.firms else []
        before = {
            "projects": [{"project": row["project"], "year": draw(world.year)} for row in listed],
            "firms": [{"firm": row["firm"], "action": "close", "year": draw(world.year)} for row in treated],
        }
        return {"reference": {**before, "most_changes": draw(st.integers(0, 3))}}
    rule: dict[str, Any] = {}
    project = draw(st.sampled_from(world.projects))
    window = [y for y in world.years if project.get("earliest", y) <= y <= project.get("latest", y)]
    one: dict[str, Any] = {"project": project["project"], "award": bool(window) and draw(st.booleans())}
    if one["award"]:
        one |= {"bend": True, "year": draw(maybe(st.sampled_from(window)))}
        if project.get("divisible"):
            one["share"] = draw(maybe(st.sampled_from([0.5, 0.75, 1.0])))
    rule["projects"] = [present(one)]
    if world.firms and draw(st.booleans()):
        rule["firms"] = [{"firm": draw(st.sampled_from(world.firms))["firm"], "action": "keep"}]
    if draw(st.integers(0, 2)) == 0:
        bound = draw(st.sampled_from([("energy_used", "<=", 800.0), ("jobs_lost", "<=", 60.0), ("tax", ">=", -50.0)]))
        rule["measures"] = [dict(zip(("measure", "sense", "value"), bound, strict=True))]
    return rule


@st.composite
def tradings(draw: st.DrawFn) -> dict[str, Any]:
    # Nothing is bought to be sold on: that is an error.
    rule: dict[str, Any] = {"buy_price": draw(st.sampled_from([None, 2.0, 4.0]))}
    rule["sell_price"] = draw(maybe(st.sampled_from([0.5, 1.0])))
    if rule["buy_price"] is None:
        rule["sell_price"] = 1.0
    else:
        rule["max_buy"] = draw(maybe(grid(0, 500, 100)))
    rule["max_sell_share"] = draw(maybe(st.sampled_from([0.2, 0.5])))
    rule["levy"] = draw(maybe(st.sampled_from([0.1, 0.3])))
    return present(rule)


@st.composite
def robustnesses(draw: st.DrawFn, world: World) -> dict[str, Any]:
    rule: dict[str, Any] = {"gamma": draw(st.sampled_from([0, 1, 1, 2, 0.5, 1.5, "all"]))}
    rule["frees_less"] = {kind: draw(st.sampled_from([0.0, 0.3, 1.0])) for kind in ("close", "upgrade")}
    rule["needs_more"] = draw(maybe(st.fixed_dictionaries({c: st.sampled_from([0.0, 0.3]) for c in CATEGORIES})))
    rule["late"] = draw(maybe(st.just({"close": 1})))
    rule["level"] = draw(maybe(st.sampled_from(["county", "town"])))
    rule["resources"] = draw(maybe(st.just([world.resources[0]])))
    return present(rule)


SIMPLE_RULES: dict[str, Callable[[World], st.SearchStrategy[dict[str, Any]]]] = {
    "listing": listings,
    "protection": protections,
    "retention": retentions,
    "admission": admissions,
    "priority": priorities,
    "budget": budgets,
    "jobs": jobs_rules,
    "caps": caps,
    "clearance": clearances,
    "one_treatment": one_treatments,
    "two_high": two_highs,
    "slow_approval": slow_approvals,
    "intensity_decline": declines,
    "chain": chain_rules,
    "fairness": fairnesses,
    "accounting": accountings,
    "directives": directives,
    "robustness": robustnesses,
}
