"""Prices for every objective in turn, on both sides, and what plans in whole decisions make of one unit more."""

import math

import pytest
from small import case

import quota_opt as qo

YEAR = {"first": 2024, "last": 2024}


def project(name, energy, value, **more):
    return {"project": name, "place": "county", "energy_tce": energy, "value_added": value, **more}


def pool(amount):
    return [{"place": "county", "resource": "energy", "year": "*", "amount": amount}]


def test_a_whole_plan_gets_better_only_200_tce_from_now():
    """One more at N2 brings nothing and one less costs P2 and all (2,000 to 1,200): the price of 2 is the relaxation's.
    With 200 more F2 need not close: 2,400."""
    plan = qo.solve("worked-example", profile="exact")
    found = qo.prices(plan, confirm=True)
    [step] = found.steps.to_dict("records")
    assert (step["more_brings"], step["less_costs"]) == pytest.approx((0, 800))
    assert (step["moves_at"], step["moves_by"]) == pytest.approx((200, 400))
    assert step["spare"] == pytest.approx(0)
    assert step["places"] == "N2;county"


def test_quota_that_nobody_has_use_for_may_go():
    """Whole A (60) out of 70: ten may go without loss, and 20 more let B (30) in as well."""
    projects = [project("A", 60, 300), project("B", 30, 120)]
    plan = qo.solve(case(**YEAR, projects=projects, quotas=pool(70)), profile="exact")
    [step] = qo.prices(plan, confirm=True).steps.to_dict("records")
    assert step["spare"] == pytest.approx(10)
    assert step["moves_at"] == pytest.approx(20)
    assert step["moves_by"] == pytest.approx(120)


def test_every_objective_of_an_order_has_its_own_prices():
    """First the most energy used: of 75 tce each is worth one, from none to the 100 that divisible A and B take. Then
    value added, of what keeps that."""
    projects = [
        project("A", 50, 300, divisible=True, min_share=0.0),
        project("B", 50, 100, divisible=True, min_share=0.0),
    ]
    order = {
        "form": "lexicographic",
        "order": [
            {"measure": "energy_used", "sense": "max", "tolerance": 0.0},
            {"measure": "value_added_final", "sense": "max", "tolerance": 0.0},
        ],
    }
    plan = qo.solve(case(**YEAR, objective=order, projects=projects, quotas=pool(75)), profile="exact")
    table = qo.prices(plan).table
    of = table[table["place"] == "county"].set_index("stage")
    assert of.loc["energy_used", "price"] == pytest.approx(1)
    assert of.loc["energy_used", "unit"] == "tce/tce"
    assert (of.loc["energy_used", "holds_from"], of.loc["energy_used", "holds_to"]) == pytest.approx((-75, 25))
    assert of.loc["value_added_final", "unit"] == "10k yuan/tce"


def test_one_less_and_one_more_differ_where_the_next_use_is_another():
    """A pool of just the 60 tce of divisible A (5 each); B would take more at 2."""
    projects = [
        project("A", 60, 300, divisible=True, min_share=0.0),
        project("B", 50, 100, divisible=True, min_share=0.0),
    ]
    plan = qo.solve(case(**YEAR, projects=projects, quotas=pool(60)), profile="exact")
    table = qo.prices(plan).table
    row = table[table["place"] == "county"].iloc[0]
    assert (row["one_less"], row["one_more"]) == pytest.approx((5, 2))


def test_a_pool_that_must_be_full_costs_everything():
    """A target of 60 tce used out of 60: with one less there is no plan."""
    scenario = case(
        **YEAR,
        projects=[project("A", 60, 300, divisible=True, min_share=0.0)],
        quotas=pool(60),
        targets=[{"measure": "energy_used", "sense": ">=", "value": 60}],
    )
    plan = qo.solve(scenario, profile="exact")
    table = qo.prices(plan).table
    assert table[table["place"] == "county"].iloc[0]["one_less"] == math.inf


def test_prices_are_written_for_people_and_as_a_table(tmp_path):
    found = qo.prices(qo.solve("worked-example"), confirm=True)
    for language, word in (("zh", "再多"), ("en", "one unit more")):
        assert word in found.write(tmp_path / f"{language}.html", language).read_text(encoding="utf-8")
    assert found.write(tmp_path / "p.xlsx").stat().st_size > 0
    assert "N2" in found.write(tmp_path / "p.csv").read_text(encoding="utf-8-sig")
