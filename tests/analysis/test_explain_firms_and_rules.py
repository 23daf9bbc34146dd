"""Why firms are treated or kept, and what a rule does: worked out by hand."""

import pytest
from small import FINAL, case

import quota_opt as qo

YEAR = {"first": 2024, "last": 2024}


def firm(name, energy, value, **more):
    return {"firm": name, "place": "county", "energy_tce": energy, "value_added": value, **more}


def project(name, energy, value, **more):
    return {"project": name, "place": "county", "energy_tce": energy, "value_added": value, **more}


@pytest.fixture(scope="module")
def worked():
    return qo.solve("worked-example", profile="exact")


def test_a_firm_that_is_closed_is_told_what_it_freed_and_what_keeping_it_would_cost(worked):
    """Without F2 the best is F1 and F3 with all three projects: 1,500 in place of 2,000. F2 may lose 500 more."""
    found = qo.explain(worked, firm="F2", confirm=True)
    assert found.verdict == "treated"
    assert found.forced.loss == pytest.approx(500)
    assert found.changes[0].amount == pytest.approx(500)
    # F1 frees 1,000 and F2 500; who has which is the ledger's order, but all of it is there.
    assert found.tables["uses"]["amount"].sum() == pytest.approx(500 * 2)
    assert found.forced.treated == ("F3",)
    assert found.forced.leavers == ()


def test_a_firm_that_is_kept_is_told_by_how_much_it_costs_too_much(worked):
    """F3 frees 200 at N2, where a tce is worth 2, and loses 900: by prices 500 too much. In truth too: with F1 in place
    of F1 and F2 the three projects come to 1,500."""
    found = qo.explain(worked, firm="F3", confirm=True)
    assert found.verdict == "kept"
    assert found.forced.loss == pytest.approx(500)
    quick = qo.explain(worked, firm="F3")
    cost = next(one for one in quick.changes if one.kind == "cost")
    assert (cost.state, cost.amount) == ("at_least", pytest.approx(500))
    # 900 - 2 x 200 = 500 is 250 tce at 2 each.
    freed = next(one for one in quick.changes if one.kind == "freed")
    assert freed.amount == pytest.approx(250)


def test_protected_firms_and_firms_on_no_list_are_told_apart():
    firms = [
        firm("P", 100, 10, protected_as="high-tech", protected_until=2030, grade="D"),
        firm("A", 100, 10, grade="A"),
        firm("D", 100, 10, grade="D"),
    ]
    rules = {"listing": {"any_of": [{"grade": "D"}]}, "protection": {"protected_as": ["high-tech"]}}
    actions = [{"firm": name, "action": "close"} for name in "PAD"]
    scenario = case(
        **YEAR, objective=FINAL, rules=rules, firms=firms, actions=actions, projects=[project("X", 90, 100)]
    )
    plan = qo.solve(scenario, profile="exact")
    found = {name: qo.explain(plan, firm=name) for name in "PAD"}
    assert {name: one.verdict for name, one in found.items()} == {
        "P": "protected",
        "A": "not_listed",
        "D": "treated",
    }
    assert "2030" in found["P"].sentences[0].en


def test_what_having_a_rule_costs_is_what_the_plan_gains_without_it(worked):
    """The three projects need 1,200 and F1 frees 1,000, so F2 closes with or without retention: it costs nothing."""
    found = qo.explain(worked, rule="retention", confirm=True)
    [without] = found.changes
    assert without.gain == pytest.approx(0)
    assert "does not change" in without.text.en


def test_the_access_limit_is_told_whom_it_bars(worked):
    found = qo.explain(worked, rule="admission", confirm=True)
    hits = found.tables["hits"]
    assert hits["id"].tolist() == ["P3"]
    assert found.tables["towns"]["count"].sum() == 1
    [without] = found.changes
    alone = qo.solve(worked.scenario.with_(**{"rules.admission.enabled": False}), profile="exact")
    assert without.gain == pytest.approx(alone.objective - worked.objective)
    assert set(without.joiners) == set(alone.awards["project"]) - set(worked.awards["project"])


def test_the_price_of_a_cap_and_the_range_it_holds_over():
    """150 tce held, a cap of 100: divisible A (60 at 5) is full, B (80 at 2) has 40: one tce more of the cap brings 2,
    from 40 tighter to 40 looser; then B is full."""
    scenario = case(
        **YEAR,
        objective=FINAL,
        rules={"caps": {"caps": [{"resource": "energy", "amount": 100.0}]}},
        projects=[
            project("A", 60, 300, divisible=True, min_share=0.0),
            project("B", 80, 160, divisible=True, min_share=0.0),
        ],
        quotas=[{"place": "county", "resource": "energy", "year": "*", "amount": 150}],
    )
    plan = qo.solve(scenario, profile="exact")
    found = qo.explain(plan, rule="caps", confirm=True)
    [row] = found.tables["prices"].to_dict("records")
    assert row["price"] == pytest.approx(2)
    assert (row["holds_from"], row["holds_to"]) == pytest.approx((-40, 40))
    assert found.changes[0].gain == pytest.approx(80)  # B whole


def test_a_county_is_explained_in_both_languages(tmp_path):
    """Firms and rules of a county each have an answer in words; none is empty or speaks of missing figures."""
    plan = qo.solve("yueqing")
    for rule in [entry.rule for entry in plan.audit if plan.scenario.rules.get(entry.rule) is not None]:
        found = qo.explain(plan, rule=rule)
        for language in ("zh", "en"):
            words = " ".join(text.of(language) for text in found.sentences)
            assert words
            assert "nan" not in words.lower().replace("finan", "")
    for name in [*plan.actions["firm"].head(2), *plan.scenario.firms["firm"].head(2)]:
        found = qo.explain(plan, firm=name)
        assert all(text.zh and text.en for text in found.sentences)
