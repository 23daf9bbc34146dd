"""Why projects are in or out: on cases worked out by hand, and every figure against brute force on random ones."""

import math

import numpy as np
import pytest
from brute import Search
from brute_case import BruteCase
from hypothesis import assume, given
from small import FINAL, case
from strategies import drawn, examples

import quota_opt as qo
from quota_opt.analysis.explain.changes import forcing, quota_to_enter, with_quota
from quota_opt.analysis.explain.pricing import Pricing

YEAR = {"first": 2024, "last": 2024}


def pool(amount, place="county"):
    return [{"place": place, "resource": "energy", "year": "*", "amount": amount}]


def project(name, energy, value, **more):
    return {"project": name, "place": "county", "energy_tce": energy, "value_added": value, **more}


def change(explained, kind):
    found = [one for one in explained.changes if one.kind == kind]
    assert len(found) == 1, [one.text.en for one in explained.changes]
    return found[0]


@pytest.fixture(scope="module")
def two_for_one():
    """100 tce. A needs 60 for 300 (5 each), B 50 for 200 (4 each): A is in, 40 tce are left, B needs 10 more."""
    scenario = case(**YEAR, objective=FINAL, projects=[project("A", 60, 300), project("B", 50, 200)], quotas=pool(100))
    return qo.solve(scenario, profile="exact")


@pytest.fixture(scope="module")
def confirmed(two_for_one):
    return qo.explain(two_for_one, project="B", confirm=True)


def test_who_does_not_fit_whole_needs_just_what_is_missing(confirmed):
    """By prices B breaks even at 4; with 10 more it fits beside A, with 9 it does not."""
    found = confirmed
    assert found.verdict == "leftover"
    assert found.forced.loss == pytest.approx(100)  # B in place of A
    assert found.forced.leavers == ("A",)
    quota = change(found, "quota")
    assert (quota.state, quota.amount, quota.below) == ("enough", 10, 9)
    assert quota.leavers == ()
    assert quota.gain == pytest.approx(200)
    # Beside A there are 40 tce: 40 / 200 = 0.2 of intensity, now 0.25.
    energy = change(found, "energy")
    assert (energy.state, energy.amount, energy.below) == ("enough", pytest.approx(0.05), pytest.approx(0.049))
    # Or it must beat A: 301, or 300 where the tie falls its way.
    value = change(found, "value")
    assert value.state == "enough"
    assert value.amount in (100, 101)
    assert value.leavers == ("A",)


def test_each_confirmed_change_holds_when_solved_again(two_for_one, confirmed):
    """The case of the change awards B; a step less does not."""
    assert {one.kind for one in confirmed.changes} == {"quota", "energy", "value"}
    for one in confirmed.changes:
        assert "B" in set(qo.solve(one.scenario, profile="exact").awards["project"])
    less = with_quota(two_for_one.scenario, "county", "energy", 9)
    assert "B" not in set(qo.solve(less, profile="exact").awards["project"])


def test_prices_alone_give_bounds_that_the_truth_keeps(two_for_one):
    """The relaxation has 0.8 of B: price 4, bound 460. B forced in: 460 at most, so no loss is certain, and says so."""
    found = qo.explain(two_for_one, project="B")
    assert found.forced is None
    assert change(found, "quota").state == "open"
    table = qo.explanations(two_for_one).table
    assert table["project"].tolist() == ["B"]
    assert table["loss_at_least"].iloc[0] == 0


def test_who_is_out_priced_is_told_by_how_much_and_who_has_the_quota():
    """100 tce: C takes 40 at 6 each, divisible A (70 at 5 each) the other 60: the price is 5. D would bring 100 for 50
    tce worth 250. With 10 more A is full; with 40 more D and 50 of A (350) are as good as all of A."""
    divisible = project("A", 70, 350, divisible=True, min_share=0.0)
    projects = [divisible, project("C", 40, 240), project("D", 50, 100)]
    plan = qo.solve(case(**YEAR, objective=FINAL, projects=projects, quotas=pool(100)), profile="exact")
    found = qo.explain(plan, project="D")
    assert found.verdict == "out_priced"
    assert found.tables["takers"]["project"].tolist() == ["A", "C"]  # A has least to spare
    line = qo.explanations(plan).table.iloc[0]
    assert (line["charge"], line["margin"]) == pytest.approx((250, -150))
    assert line["loss_at_least"] == pytest.approx(150)
    assert line["more_needed"] == pytest.approx(30)
    sure = qo.explain(plan, project="D", confirm=True)
    assert sure.forced.loss == pytest.approx(150)
    quota = change(sure, "quota")
    assert (quota.amount, quota.below) in ((40, 39), (41, 40))


def test_the_worked_example_bars_p3_and_says_what_lets_it_pass():
    """0.5455 is above 0.52: P3 must use 286 tce, not 300, or the limit be 0.546. Whether it is then in is for the
    re-solve: P2 takes all 600 tce that reach N2 and is worth more."""
    plan = qo.solve("worked-example", profile="exact")
    found = qo.explain(plan, project="P3", confirm=True)
    assert found.verdict == "barred"
    assert found.tables["bars"]["rule"].tolist() == ["admission"]
    assert found.tables["bars"]["figure"].tolist() == ["0.5455 / 0.52"]
    lower, limit = change(found, "energy"), change(found, "parameter")
    assert lower.reach == pytest.approx(0.52)
    assert limit.reach == pytest.approx(0.546)
    for one in (lower, limit):
        awarded = set(qo.solve(one.scenario, profile="exact").awards["project"])
        assert one.state == "not_enough"
        assert "P3" not in awarded


def test_the_forced_cost_of_p3_is_what_the_case_loses_without_its_bar():
    """P1, P3, P4 with F1 closed: 1250 + 550 + 250 - 300 = 1750, and N2 gets its 300 of the 400 that may leave N1. With
    P2 as well 900 would be needed at N2. So 2000 - 1750 = 250."""
    plan = qo.solve("worked-example", profile="exact")
    found = qo.explain(plan, project="P3", confirm=True)
    assert found.forced.loss == pytest.approx(250)
    assert found.forced.leavers == ("P2",)
    assert found.forced.kept == ("F2",)


def test_p2_is_in_again_when_towns_keep_60_in_place_of_70_per_cent():
    """At 0.61 585 of the 1,500 that F1 and F2 free may leave N1, and P2 needs 600: by hand it is in at 0.60 only."""
    plan = qo.solve("worked-example/keep-70", profile="exact")
    found = qo.explain(plan, project="P2", confirm=True)
    keep = change(found, "parameter")
    assert (keep.state, keep.amount, keep.below) == ("enough", pytest.approx(0.1), pytest.approx(0.09))
    assert keep.gain == pytest.approx(800)


def test_a_category_needs_the_weight_that_makes_up_what_it_lacks():
    """50 tce for A (300) or C (200 and a point per tce, each counting 1): at a weight of 2.0 C has 300, a tie; at
    2.1 it is in."""
    projects = [project("A", 50, 300, category="other"), project("C", 50, 200, category="chain")]
    objective = {"maximise": {"value_added_final": 1.0, "priority_points": 1.0}}
    rules = {"priority": {"form": "weights", "weights": {"chain": 1.0, "other": 0.0}}}
    plan = qo.solve(case(**YEAR, objective=objective, rules=rules, projects=projects, quotas=pool(50)), profile="exact")
    weight = change(qo.explain(plan, project="C", confirm=True), "weight")
    assert weight.state == "enough"
    assert weight.amount in (pytest.approx(1.0), pytest.approx(1.1))
    assert weight.leavers == ("A",)


def test_waiting_for_a_required_project():
    """B needs A first; together they bring 30 + 100 less what C would have brought."""
    projects = [project("A", 60, 30), project("B", 40, 100, requires="A"), project("C", 100, 150)]
    plan = qo.solve(case(**YEAR, objective=FINAL, projects=projects, quotas=pool(100)), profile="exact")
    assert plan.awards["project"].tolist() == ["C"]
    found = qo.explain(plan, project="B", confirm=True)
    assert found.verdict == "waiting"
    partner = change(found, "partner")
    assert partner.state == "not_enough"
    assert partner.gain == pytest.approx(-20)  # 130 in place of 150
    assert partner.leavers == ("C",)


def test_a_project_whose_chain_lacks_another_stage_is_told_who_could_fill_it():
    """A chain of casting and seals is worth 200 when whole. K casts and S seals, 50 tce and 60 each: together 320, less
    than the 350 of X, which takes all 100 tce."""
    projects = [
        project("K", 50, 60, stages="casting"),
        project("S", 50, 60, stages="seals"),
        project("X", 100, 350),
    ]
    chains = [{"chain": "valves", "stage": "casting"}, {"chain": "valves", "stage": "seals", "needs": "casting"}]
    rules = {"chain": {"complete_points": 200.0}}
    scenario = case(**YEAR, objective=FINAL, rules=rules, projects=projects, chains=chains, quotas=pool(100))
    plan = qo.solve(scenario, profile="exact")
    assert plan.awards["project"].tolist() == ["X"]
    found = qo.explain(plan, project="K", confirm=True)
    assert any("still lacks seals; S could supply it" in text.en for text in found.sentences)
    partner = change(found, "partner")
    assert partner.state == "not_enough"
    assert partner.gain == pytest.approx(-30)  # 60 + 60 + 200 in place of 350
    assert partner.leavers == ("X",)


def test_variants_exclusions_windows_and_worthless_projects_are_told_apart():
    projects = [
        project("A", 10, 100),
        project("A2", 10, 90, variant_of="A"),
        project("X", 10, 80, excludes="A"),
        project("W", 10, 80, earliest=2030),
        project("N", 10, -5),
    ]
    plan = qo.solve(case(**YEAR, objective=FINAL, projects=projects, quotas=pool(100)), profile="exact")
    verdicts = dict(qo.explanations(plan).table[["project", "verdict"]].to_numpy().tolist())
    assert verdicts == {"A2": "variant", "X": "excluded", "W": "outside", "N": "worthless"}
    for name, verdict in verdicts.items():
        assert qo.explain(plan, project=name).verdict == verdict


def test_an_earlier_start_lets_in_who_may_only_start_too_late():
    """Two years; the pool has 10 tce in the second year only: B may start in the first alone and is out."""
    quotas = [{"place": "county", "resource": "energy", "year": 2025, "amount": 10}]
    plan = qo.solve(case(objective=FINAL, projects=[project("B", 10, 50, latest=2024)], quotas=quotas), profile="exact")
    assert not len(plan.awards)
    year = change(qo.explain(plan, project="B", confirm=True), "year")
    assert (year.state, year.reach) == ("enough", 2025)
    assert year.gain == pytest.approx(50)


def test_more_is_not_always_enough_and_it_is_said():
    """A pool of 10: A takes it (30). With 2 more B fits in its place (12 tce, 40). From 4 more on C (14 tce, 90) has it
    all; with 16 more all but B's place is taken by A and C, with 26 all fit."""
    projects = [project("A", 10, 30), project("B", 12, 40), project("C", 14, 90)]
    plan = qo.solve(case(**YEAR, objective=FINAL, projects=projects, quotas=pool(10)), profile="exact")
    quota = change(qo.explain(plan, project="B", confirm=True), "quota")
    assert (quota.amount, quota.below) == (2, 1)
    assert not quota.monotone


def test_an_awarded_project_is_told_its_rank_its_sources_and_how_much_worse_it_may_get(two_for_one):
    found = qo.explain(two_for_one, project="A", confirm=True)
    assert found.verdict == "awarded"
    assert found.forced.loss == pytest.approx(100)  # without A, B is in: 200
    assert found.tables["sources"]["amount"].sum() == pytest.approx(60)
    # The bound of the price stands beside: margin 300 - 60 * 4.
    worth = found.tables["worth"].set_index("item_en")["amount"]
    assert worth["value to the objective"] == pytest.approx(300)
    assert worth["net"] == pytest.approx(300 - 60 * 4)


def test_a_project_that_was_directed_is_told_that_it_must_be_in():
    order = {"project": "P3", "award": True, "bend": True, "by": "a", "reason": "b"}
    directed = {"rules.directives": {"projects": [order]}}
    plan = qo.solve(qo.read("worked-example").with_(**directed), profile="exact")
    found = qo.explain(plan, project="P3", confirm=True)
    assert found.verdict == "awarded"
    assert not found.forced.possible
    assert any("must be in" in text.en for text in found.sentences)


def test_every_project_that_is_out_is_explained_in_less_time_than_the_solve_took():
    """The figures stand in the table; here only that nothing is left out, and that no row breaks its own arithmetic."""
    plan = qo.solve("yueqing")
    table = qo.explanations(plan).table
    assert set(table["project"]) == set(plan.scenario.projects["project"]) - set(plan.awards["project"])
    assert (table["value"] - table["charge"]).tolist() == pytest.approx(table["margin"].tolist())
    assert (table["loss_at_least"] >= 0).all()


def test_a_name_that_is_none_is_refused_with_the_nearest(two_for_one):
    with pytest.raises(qo.InputError) as error:
        qo.explain(two_for_one, project="BB")
    assert "B" in error.value.findings[0].fix.en
    with pytest.raises(qo.InputError):
        qo.explain(two_for_one, project="B", rule="listing")


def test_an_explanation_is_written_for_people(two_for_one, tmp_path):
    found = qo.explain(two_for_one, project="B")
    for language, word in (("zh", "未安排"), ("en", "pays its way")):
        page = found.write(tmp_path / f"{language}.html", language).read_text(encoding="utf-8")
        assert word in page
    assert found.write(tmp_path / "b.xlsx").stat().st_size > 0
    table = qo.explanations(two_for_one)
    assert table.write(tmp_path / "all.csv").read_text(encoding="utf-8-sig").splitlines()[1].startswith("B,county")


# Against brute force


def best_of(case_drawn, quotas=(), *, must=None, without=None):
    """The best value by brute force with more quota, and with a project in or out; None where there is no plan."""
    tables = {**case_drawn.tables}
    if quotas:
        tables["quotas"] = [*tables.get("quotas", []), *quotas]
    search = Search(BruteCase(case_drawn.settings, tables))
    search.started = [
        combo
        for combo in search.started
        if (must is None or any(a.project == must for a in combo))
        and (without is None or all(a.project != without for a in combo))
    ]
    answer = search.best() if search.started else None
    return None if answer is None else answer.objective


def left_out(plan, pricing):
    """Projects that are out and may start."""
    awarded = set(plan.awards["project"])
    names = pricing.case.projects["project"].tolist()
    return [(p, n) for p, n in enumerate(names) if n not in awarded and pricing.case.start_allowed[p].any()]


@examples(12)
@given(drawn(plain=True, without=("fairness",)))
def test_what_forcing_a_project_in_costs_is_what_brute_force_says(one):
    try:
        plan = qo.solve(qo.Scenario.from_tables(one.settings, **one.tables), profile="exact")
    except (qo.InfeasibleScenario, qo.UnboundedScenario):
        assume(False)
        raise
    pricing = Pricing.of(plan)
    for p, name in left_out(plan, pricing)[:2]:
        inside = best_of(one, must=name)
        found = forcing(pricing, project=p)
        assert found.possible == (inside is not None)
        years = pricing.case.start_allowed[p]
        bound = float(pricing.least_losses[p][years].min())
        if inside is not None:
            loss = plan.objective - inside
            assert found.loss == pytest.approx(loss, abs=1e-4 * max(1.0, abs(plan.objective)))
            assert bound <= loss + 1e-5 * max(1.0, abs(plan.objective))


@examples(8)
@given(drawn(plain=True, without=("fairness", "retention", "trading", "targets")))
def test_the_least_quota_that_lets_a_project_in_is_that_of_brute_force(one):
    """With it a plan with the project is as good as any without; with less none is, nor with any smaller amount."""
    assume("energy" in one.settings["scenario"]["resources"])
    try:
        plan = qo.solve(qo.Scenario.from_tables(one.settings, **one.tables), profile="exact")
    except (qo.InfeasibleScenario, qo.UnboundedScenario):
        assume(False)
        raise
    pricing = Pricing.of(plan)
    step, near = 50.0, 1e-4 * max(1.0, abs(plan.objective))
    for p, name in left_out(plan, pricing)[:1]:
        place = str(pricing.case.projects["place"].iloc[p])
        found = quota_to_enter(pricing, p, int(pricing.case.projects["place_code"].iloc[p]), 0, step)

        def lets_in(amount, name=name, place=place):
            more = [{"place": place, "resource": "energy", "year": "*", "amount": amount}] if amount else []
            inside, outside = best_of(one, more, must=name), best_of(one, more, without=name)
            return -math.inf if inside is None else inside - (-math.inf if outside is None else outside)

        bound = pricing.least_losses[p][pricing.case.start_allowed[p]].min()
        price = pricing.pool_prices[0, pricing.case.projects["place_code"].iloc[p]].sum()
        if found.enough is None:
            continue
        assert lets_in(found.enough) >= -near
        for less in np.arange(0.0, found.at_least, step)[-3:]:
            assert lets_in(less) <= near
        if price > 0:
            assert bound / price <= found.enough + step
