"""Carbon-only, energy-only and joint control: every rule works on the resources there are, or says what it lacks.

A and B use 300 and 400 tce and 900 and 600 t; 500 tce and 1,000 t are held. F frees 200 tce and 500 t for 50.
"""

from __future__ import annotations

from typing import Any

import pytest
from small import FINAL, case

import quota_opt as qo
from quota_opt.errors import InputError
from quota_opt.rules import RULES

PROJECTS = [
    {"project": "A", "place": "N1", "category": "strategic", "sector": "C26", "energy_tce": 300, "carbon_t": 900}
    | {"value_added": 1000, "tags": "two_high"},
    {"project": "B", "place": "N1", "category": "chain", "sector": "C38", "energy_tce": 400, "carbon_t": 600}
    | {"value_added": 900, "tags": None},
]
FIRMS = [{"firm": "F", "place": "N1", "energy_tce": 200, "carbon_t": 500, "value_added": 50, "grade": "D", "jobs": 5}]
HELD = {"energy": 500.0, "carbon": 1000.0}
ALL = [("energy",), ("carbon",), ("energy", "carbon"), ("carbon", "energy")]


def controlling(resources: tuple[str, ...], rules: dict[str, Any] | None = None, **more: Any) -> qo.Scenario:
    quotas = [{"place": "N1", "resource": r, "year": "*", "amount": HELD[r]} for r in resources]
    return case(
        resources=resources,
        objective=FINAL,
        projects=PROJECTS,
        firms=FIRMS,
        actions=[{"firm": "F", "action": "close"}],
        quotas=quotas,
        rules=rules,
        **more,
    )


def taken(resources: tuple[str, ...], rules: dict[str, Any] | None = None, **more: Any) -> str:
    plan = qo.solve(controlling(resources, rules, **more), profile="exact")
    assert qo.verify(plan).ok
    return "".join([*sorted(plan.awards["project"]), *sorted(plan.actions["firm"])])


def test_each_resource_alone_binds_by_itself_and_both_together() -> None:
    # Energy: A + B need 700 of 500, or of 700 with F closed. Carbon: 1,500 of 1,000, or of 1,500 with F closed.
    assert taken(("energy",)) == "ABF"
    assert taken(("carbon",)) == "ABF"
    assert taken(("energy", "carbon")) == "ABF"
    # Kept open, energy leaves room for one: A.
    protect = {"protection": {"protected_as": ["grain"], "forbids": ["close"]}}
    assert taken(("energy",), {"listing": {"any_of": [{"grade": "A"}]}, **protect}) == "A"


def test_only_the_declared_resource_holds_back() -> None:
    # At most 950 t: A or B. At most 650 tce: A or B. A is worth more.
    assert taken(("carbon",), {"caps": {"caps": [{"resource": "carbon", "amount": 950.0}]}}) == "A"
    assert taken(("energy",), {"caps": {"caps": [{"resource": "energy", "amount": 650.0}]}}) == "A"
    tight = {"caps": {"caps": [{"resource": "energy", "amount": 350.0}, {"resource": "carbon", "amount": 800.0}]}}
    assert taken(("energy", "carbon"), tight) == ""  # A is over the carbon, B over the energy


def test_admission_by_carbon_intensity_works_without_energy() -> None:
    # A: 0.9 t per 10k yuan; B: 0.667.
    limit = {"value": 0.7, "criterion": "carbon_intensity"}
    assert taken(("carbon",), {"admission": {"limits": [limit]}}) == "B"


def test_admission_by_energy_intensity_reads_the_table_where_energy_is_not_controlled() -> None:
    # A: 0.3 tce per 10k yuan; B: 0.444.
    assert taken(("carbon",), {"admission": {"limits": [{"value": 0.4}]}}) == "A"


def test_priority_and_slow_approval_and_two_high_read_the_table_where_energy_is_not_controlled() -> None:
    # At least two thirds of the energy awarded to chain: B alone.
    assert taken(("carbon",), {"priority": {"form": "shares", "min_shares": {"chain": 0.6}}}) == "B"
    assert taken(("carbon",), {"priority": {"form": "order", "order": ["chain"]}}) == "ABF"
    assert taken(("carbon",), {"slow_approval": {"sectors": ["C26"], "max_per_year": 100.0}}) == "B"
    assert taken(("carbon",), {"two_high": {"reject_above": 250.0}}) == "B"


def test_retention_holds_each_declared_resource() -> None:
    away = [{**PROJECTS[1], "place": "N2", "carbon_t": 300, "energy_tce": 100}]
    for resource in ("carbon", "energy"):
        scenario = case(
            resources=(resource,),
            objective=FINAL,
            projects=away,
            firms=FIRMS,
            actions=[{"firm": "F", "action": "close"}],
            rules={"retention": {"keep": 0.4}},
        )
        # 60 % of 500 t is 300; 60 % of 200 tce is 120: B fits, beside a closure that costs 50.
        assert set(qo.solve(scenario, profile="exact").awards["project"]) == {"B"}
        stricter = scenario.with_(**{"rules.retention.keep": 0.51})
        assert set(qo.solve(stricter, profile="exact").awards["project"]) == set()


LACKING = {
    "fairness": {"min_ratio": 0.5},
    "intensity_decline": {"decline": 0.1},
}


@pytest.mark.parametrize("name", LACKING)
def test_a_rule_that_is_about_energy_says_so_where_there_is_none(name: str) -> None:
    found = qo.check(controlling(("carbon",), {name: LACKING[name]}))
    assert [(f.code, f.where.rule) for f in found if f.level == "error"] == [("no-energy", name)]
    with pytest.raises(InputError):
        qo.solve(controlling(("carbon",), {name: LACKING[name]}))


def test_a_resource_that_is_not_declared_is_no_resource_of_caps_sets_or_targets() -> None:
    cap = {"caps": {"caps": [{"resource": "energy", "amount": 1.0}]}}
    pair = {"admission": {"limits": [{"value": 0.5, "scope": "set", "projects": ["A"]}]}}
    for rules in (cap, pair):
        codes = [f.code for f in qo.check(controlling(("carbon",), rules)) if f.level == "error"]
        assert codes == ["unknown-choice"]
    targets = [{"measure": "energy_freed", "sense": ">=", "value": 1}]
    found = qo.check(controlling(("carbon",), targets=targets))
    assert [f.code for f in found if f.level == "error"] == ["unknown-measure"]


PARAMETERS: dict[str, dict[str, Any]] = {
    "accounting": {},
    "admission": {"limits": [{"value": 0.4, "action": "substitute", "ratio": 1.1}]},
    "budget": {"by_year": {"2024": 100.0}},
    "caps": {"caps": []},
    "chain": {"after": [{"project": "A", "firms": ["F"]}]},
    "clearance": {"measure": "jobs", "op": "<", "value": 10.0},
    "directives": {"projects": [{"project": "B", "award": True}]},
    "fairness": {"maximise_smallest": True},
    "intensity_decline": {"decline": 0.0},
    "jobs": {"max_lost": 50.0},
    "listing": {"any_of": [{"grade": "D"}]},
    "one_treatment": {},
    "priority": {"form": "order", "order": ["chain"]},
    "protection": {"protected_as": ["grain"]},
    "retention": {"keep": 0.2},
    "robustness": {"gamma": 1, "frees_less": {"close": 0.1}},
    "slow_approval": {"sectors": ["C26"], "max_per_year": 1000.0},
    "targets": {},
    "trading": {"buy_price": 1.0},
    "two_high": {"control": 1.0},
}


@pytest.mark.parametrize("resources", ALL, ids="+".join)
@pytest.mark.parametrize("name", sorted(RULES))
def test_every_rule_solves_or_says_what_it_lacks_on_every_resource(name: str, resources: tuple[str, ...]) -> None:
    parameters = dict(PARAMETERS[name])
    if name == "trading" and "energy" not in resources:
        # Energy is what is traded where nothing else is said: the finding names what there is.
        unsaid = [f for f in qo.check(controlling(resources, {name: parameters})) if f.level == "error"]
        assert [(f.code, "carbon" in f.fix.en) for f in unsaid] == [("unknown-choice", True)]
        parameters["resources"] = ["carbon"]
    scenario = controlling(resources, {name: parameters})
    lacking = [f for f in qo.check(scenario) if f.level == "error"]
    if name in LACKING and "energy" not in resources:
        assert [f.code for f in lacking] == ["no-energy"]
        return
    assert lacking == []
    assert qo.verify(qo.solve(scenario, profile="exact")).ok
