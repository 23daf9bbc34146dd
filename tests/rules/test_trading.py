"""Trading, by hand: A needs 300 tce in M and adds 900 a year; F in N frees 500 when it closes and loses 10 a year.

The words beside each case work out the answer; amounts are tce a year, money 10k yuan.
"""

from __future__ import annotations

from typing import Any

import pytest
from against_brute import case_of
from small import case

import quota_opt as qo
from quota_opt.errors import InputError, Level

PLACES = "C county -\nN town C\nM town C"
A = "project place energy_tce value_added\nA M 300 900"
F = {"firms": "firm place\nF N", "actions": "firm action frees_energy_tce value_added_lost\nF close 500 10"}


def scenario(rule: dict[str, Any] | None = None, /, projects: str = A, **parts: Any) -> qo.Scenario:
    rules = {**({"trading": rule} if rule is not None else {}), **parts.pop("rules", {})}
    settings, tables = case_of(PLACES, projects=projects, rules=rules, **parts)
    return qo.Scenario.from_tables(settings, **tables)


def solved(rule: dict[str, Any] | None = None, /, profile: str = "exact", **parts: Any) -> qo.Plan:
    plan = qo.solve(scenario(rule, **parts), profile=profile)
    assert plan.status == "OPTIMAL"
    assert plan.objective <= plan.certificate["price_bound"] + 1e-6
    verification = qo.verify(plan)
    assert verification.ok, verification.problems
    return plan


def started(plan: qo.Plan) -> dict[str, int]:
    return {row.project: int(row.year) for row in plan.awards.itertuples()}


def done(plan: qo.Plan) -> dict[str, int]:
    return {row.firm: int(row.year) for row in plan.actions.itertuples()}


def traded(plan: qo.Plan) -> list[tuple[str, int, str, float, float, str]]:
    """(place, year, side, amount, money, for) of each trade."""
    table = plan.trades.to_dict("records")
    return [
        (row["place"], row["year"], row["side"], round(row["amount"], 6), round(row["money"], 6), row["for"])
        for row in table
    ]


def codes(plan_of: qo.Scenario, level: Level = Level.ERROR) -> set[str]:
    return {finding.code for finding in qo.check(plan_of) if finding.level is level}


# Buying


def test_without_the_rule_nothing_is_bought() -> None:
    plan = solved()
    assert started(plan) == {} and len(plan.trades) == 0
    assert "trading_cost" not in plan.measures and "energy_bought" not in plan.measures


def test_quota_is_bought_where_a_project_is_worth_more_than_it_costs() -> None:
    # 300 tce at 2 cost 600 and let A add 900: 300 are left.
    plan = solved({"buy_price": 2.0})
    assert started(plan) == {"A": 2024}
    assert traded(plan) == [("M", 2024, "buy", 300.0, 600.0, "")]
    assert plan.objective == pytest.approx(300.0)
    assert plan.measures["value_added"] == pytest.approx(900.0)
    assert plan.measures["purchase_cost"] == plan.measures["trading_cost"] == pytest.approx(600.0)
    assert plan.measures["energy_bought"] == pytest.approx(300.0)
    assert plan.measures["energy_net"] == pytest.approx(300.0)
    assert plan.measures["energy_idle"] == pytest.approx(0.0)


def test_nothing_is_bought_at_a_price_above_what_it_brings() -> None:
    # 300 tce at 3.1 would cost 930 for 900.
    assert started(solved({"buy_price": 3.1})) == {}


def test_it_is_bought_where_it_is_used_not_above_and_sent_down() -> None:
    plan = solved({"buy_price": 2.0})
    assert len(plan.transfers) == 0


def test_quota_is_bought_at_the_places_named_and_moves_from_there() -> None:
    plan = solved({"buy_price": 2.0, "places": ["N"]})
    assert traded(plan) == [("N", 2024, "buy", 300.0, 600.0, "")]
    moved = {(row.from_place, row.to_place): row.amount for row in plan.transfers.itertuples()}
    assert moved == {("N", "C"): pytest.approx(300.0), ("C", "M"): pytest.approx(300.0)}


def test_a_yearly_limit_holds_over_all_places_together() -> None:
    # 300 for A, 200 for B: both together need 500 of 400, and A brings more.
    two = A + "\nB N 200 500"
    plan = solved({"buy_price": 1.0, "max_buy": 400.0}, projects=two)
    assert started(plan) == {"A": 2024}
    assert started(solved({"buy_price": 1.0, "max_buy": 500.0}, projects=two)) == {"A": 2024, "B": 2024}
    audit = next(
        entry for entry in solved({"buy_price": 1.0, "max_buy": 300.0}, projects=two).audit if entry.rule == "trading"
    )
    assert audit.binding
    assert "上限 300" in audit.texts[0].zh


def test_a_limit_by_year_leaves_nothing_in_a_year_it_does_not_name() -> None:
    # A needs quota in both years it runs; started in 2025 it needs it in 2025 only.
    plan = solved({"buy_price": 1.0, "max_buy": {"2025": 300.0}}, years=(2024, 2025))
    assert started(plan) == {"A": 2025}


def test_prices_by_year_move_the_start() -> None:
    # In 2024 the quota costs 1,200 and brings 900; in 2025 it costs 300.
    plan = solved({"buy_price": {"2024": 4.0, "2025": 1.0}}, years=(2024, 2025))
    assert started(plan) == {"A": 2025}
    assert traded(plan) == [("M", 2025, "buy", 300.0, 300.0, "")]
    cheap = solved({"buy_price": {"2024": 2.0, "2025": 1.0}}, years=(2024, 2025))
    assert started(cheap) == {"A": 2024}
    assert cheap.objective == pytest.approx(2 * 900.0 - 600.0 - 300.0)


def test_a_year_without_a_price_has_no_trade_and_it_is_said() -> None:
    given = {"buy_price": {"2025": 1.0}}
    plan = solved(given, years=(2024, 2025))
    assert started(plan) == {"A": 2025}
    said = [finding for finding in plan.findings if finding.code == "years-without-trade"]
    assert [(finding.level, finding.seen) for finding in said] == [(Level.INFO, "2024")]


def test_later_money_is_worth_less() -> None:
    # 300 tce in 2025 at 1 cost 300, worth 300 / 1.25 = 240 in 2024; 900 a year are worth 720.
    given = {"buy_price": {"2025": 1.0}}
    settings, tables = case_of(PLACES, projects=A, years=(2024, 2025), rules={"trading": given})
    settings["scenario"]["discount_rate"] = 0.25
    plan = qo.solve(qo.Scenario.from_tables(settings, **tables), profile="exact")
    assert plan.measures["purchase_cost"] == pytest.approx(240.0)
    assert plan.objective == pytest.approx(720.0 - 240.0)
    assert plan.trades["money"].tolist() == [pytest.approx(300.0)]


def test_a_purchase_that_lasts_is_paid_once() -> None:
    # 300 tce bought in 2024 stand in 2025 too: 2 · 900 − 600, against 2 · 900 − 1,200 when bought each year.
    plan = solved({"buy_price": 2.0, "lasts": 2}, years=(2024, 2025))
    assert traded(plan) == [("M", 2024, "buy", 300.0, 600.0, "")]
    assert plan.trades["until"].tolist() == [2025]
    assert plan.objective == pytest.approx(1200.0)
    assert plan.measures["energy_bought"] == pytest.approx(300.0)
    assert solved({"buy_price": 2.0}, years=(2024, 2025)).objective == pytest.approx(600.0)


def test_a_purchase_that_lasts_ends() -> None:
    # Three years, standing two: bought in 2024 and in 2026 (or 2025), twice 600 in all.
    plan = solved({"buy_price": 2.0, "lasts": 2}, years=(2024, 2026))
    assert plan.measures["purchase_cost"] == pytest.approx(1200.0)
    assert started(plan) == {"A": 2024}


def test_prices_may_differ_by_resource() -> None:
    projects = "project place energy_tce carbon_t value_added\nA M 300 100 900"
    prices = {"energy": 1.0, "carbon": {"2024": 2.0}}
    given = {"buy_price": prices, "resources": ["energy", "carbon"]}
    plan = solved(given, projects=projects, resources=("energy", "carbon"))
    assert plan.objective == pytest.approx(900.0 - 300.0 - 200.0)
    assert plan.measures["carbon_bought"] == pytest.approx(100.0)
    assert started(solved({"buy_price": 1.0}, projects=projects, resources=("energy", "carbon"))) == {}


# Selling


def test_idle_quota_is_sold() -> None:
    # Closing F frees 500; A uses 300 of it, the other 200 are sold at 0.5: 900 − 10 + 100.
    plan = solved({"sell_price": 0.5}, **F)
    assert done(plan) == {"F": 2024} and started(plan) == {"A": 2024}
    assert traded(plan) == [("N", 2024, "sell", 200.0, 100.0, "")]
    assert plan.objective == pytest.approx(990.0)
    assert plan.measures["energy_idle"] == pytest.approx(0.0)
    assert plan.measures["sale_income"] == pytest.approx(100.0)
    assert plan.measures["trading_cost"] == pytest.approx(-100.0)
    assert plan.measures["energy_sold"] == pytest.approx(200.0)


def test_a_sale_may_be_worth_more_than_a_project() -> None:
    # At 4 the 300 tce that A would use bring 1,200.
    plan = solved({"sell_price": 4.0}, **F)
    assert started(plan) == {}
    assert plan.objective == pytest.approx(500 * 4.0 - 10.0)


def test_no_more_than_a_share_of_what_is_new_is_sold() -> None:
    # Half of 500 is 250. At 20 a tce, 250 bring 5,000 and leave too little for A; 200 beside A bring 4,000 and 900.
    plan = solved({"sell_price": 20.0, "max_sell_share": 0.5}, **F)
    assert traded(plan) == [("N", 2024, "sell", 250.0, 5000.0, "")]
    assert started(plan) == {}
    assert plan.measures["energy_idle"] == pytest.approx(250.0)
    # At a fifth, 100 go and A starts: 900 + 400 − 10.
    some = solved({"sell_price": 4.0, "max_sell_share": 0.2}, **F)
    assert some.objective == pytest.approx(1290.0)


def test_the_county_sells_what_its_towns_have_freed() -> None:
    plan = solved({"sell_price": 0.5, "max_sell_share": 0.2, "places": ["C"]}, **F)
    assert sum(plan.trades["amount"]) == pytest.approx(100.0)


def test_quota_held_from_the_start_counts_as_new_and_what_came_in_does_not() -> None:
    # M holds 40 and may sell it; N holds 60 beside; M cannot sell N's.
    quotas = "place resource year amount\nM energy * 40\nN energy * 60"
    plan = solved(
        {"sell_price": 1.0, "places": ["M"]}, projects="project place energy_tce value_added\nA M 999 1", quotas=quotas
    )
    assert traded(plan) == [("M", 2024, "sell", 40.0, 40.0, "")]


def test_a_levy_reduces_the_income() -> None:
    plan = solved({"sell_price": 0.5, "levy": 0.3}, **F)
    assert traded(plan) == [("N", 2024, "sell", 200.0, 70.0, "")]
    assert plan.trades["levy"].tolist() == [pytest.approx(30.0)]
    assert plan.objective == pytest.approx(900.0 - 10.0 + 70.0)


def test_a_sale_counts_as_leaving_a_town() -> None:
    # Of 500 freed in N, 300 must stay at keep = 0.6: M gets 200, not A's 300, or 200 are sold; not both.
    plan = solved({"sell_price": 1.0}, rules={"retention": {"keep": 0.6}}, **F)
    assert started(plan) == {}
    assert traded(plan) == [("N", 2024, "sell", 200.0, 200.0, "")]
    assert plan.objective == pytest.approx(200.0 - 10.0)
    audit = next(entry for entry in plan.audit if entry.rule == "retention")
    assert "卖出 200" in audit.texts[0].zh


# The money of early exit


def test_an_exit_payment_that_falls_delays_or_hastens_a_closure() -> None:
    # A is worth nothing here: F closes for the target only, whenever it costs least.
    target = "measure sense value\nfirms_closed >= 1"
    parts = {
        **F,
        "projects": "project place energy_tce value_added\nA M 999 1",
        "targets": target,
        "years": (2024, 2025),
    }
    dear_first = solved({"exit_payment": {"2024": 0.1, "2025": 0.04}}, **parts)
    assert done(dear_first) == {"F": 2025}
    # 500 · 0.04 = 20 in 2025, and 10 lost in that year alone.
    assert dear_first.objective == pytest.approx(-30.0)
    assert dear_first.measures["exit_payments"] == dear_first.measures["trading_cost"] == pytest.approx(20.0)


def test_paid_as_income_of_the_firms_the_payment_moves_the_closure_earlier() -> None:
    # To the firms it is income: 500 · 0.1 = 50 in 2024 less 20 lost over two years; 20 in 2025 less 10.
    objective = {"maximise": {"value_added": 1.0, "exit_payments": 1.0}}
    given = {"exit_payment": {"2024": 0.1, "2025": 0.04}}
    plan = solved(
        given, objective=objective, years=(2024, 2025), **F, projects="project place energy_tce value_added\nA M 999 1"
    )
    assert done(plan) == {"F": 2024}
    assert plan.objective == pytest.approx(30.0)


# Projects that must buy


def limit(**more: Any) -> dict[str, Any]:
    return {"admission": {"limits": [{"value": 0.3, "action": "buy", **more}]}}


def test_a_project_above_the_line_buys_what_it_uses_though_quota_is_idle() -> None:
    # A's intensity is 300 / 900 = 0.333. F would free 500 for 10, but A must buy its 300 at 1.
    plan = solved({"buy_price": 1.0}, rules=limit(), **F)
    assert started(plan) == {"A": 2024} and done(plan) == {}
    assert traded(plan) == [("M", 2024, "buy", 300.0, 300.0, "A")]
    assert plan.objective == pytest.approx(600.0)
    line = plan.ledger.iloc[0]
    assert (line["from_kind"], line["to"], line["amount"]) == ("bought", "A", 300.0)


def test_a_project_below_the_line_need_not_buy() -> None:
    plan = solved({"buy_price": 1.0}, rules=limit(value=0.34), **F)
    assert traded(plan) == [] and done(plan) == {"F": 2024}


def test_a_project_buys_a_part_and_the_pools_give_the_rest() -> None:
    # 40 % of 300 is 120 at 1; the other 180 come from F, which costs 10.
    plan = solved({"buy_price": 1.0}, rules=limit(buy_share=0.4), **F)
    assert traded(plan) == [("M", 2024, "buy", 120.0, 120.0, "A")]
    assert done(plan) == {"F": 2024}
    assert plan.objective == pytest.approx(900.0 - 120.0 - 10.0)


def test_the_obligation_follows_ramp_and_share() -> None:
    # Half in the first year, all in the second: 150 and 300; only half of A fits what may be bought in 2025.
    projects = "project place energy_tce value_added divisible ramp\nA M 300 900 yes 0.5;1"
    plan = solved(
        {"buy_price": 1.0, "max_buy": 150.0},
        projects=projects,
        rules=limit(),
        years=(2024, 2025),
        objective={"maximise": {"value_added_final": 1.0}},
    )
    # 2025 counts 900 a share and costs 300 a share in 2025; starting that year needs 150 a share, all of A.
    assert started(plan) == {"A": 2025}
    assert traded(plan) == [("M", 2025, "buy", 150.0, 150.0, "A")]
    first = solved(
        {"buy_price": 1.0, "max_buy": 150.0},
        projects=projects.replace("ramp\n", "ramp latest\n") + " 2024",
        rules=limit(),
        years=(2024, 2025),
    )
    assert first.awards["share"].tolist() == [pytest.approx(0.5)]
    assert traded(first) == [("M", 2024, "buy", 75.0, 75.0, "A"), ("M", 2025, "buy", 150.0, 150.0, "A")]


def test_what_must_be_bought_may_last() -> None:
    plan = solved({"buy_price": 1.0, "lasts": 2}, rules=limit(), years=(2024, 2025))
    assert traded(plan) == [("M", 2024, "buy", 300.0, 300.0, "A")]
    assert plan.objective == pytest.approx(2 * 900.0 - 300.0)


def test_a_project_cannot_start_when_there_is_no_market_in_a_year_it_runs() -> None:
    held = "place resource year amount\nM energy * 300"
    plan = solved({"buy_price": {"2025": 1.0}}, rules=limit(), quotas=held, years=(2024, 2025))
    assert started(plan) == {"A": 2025}


def test_the_price_follows_the_band_of_the_projects_intensity() -> None:
    # A at 0.333 pays 2 a tce, B at 0.4 pays 2.2; D at 0.25 is below the line, and its own purchase costs 1.
    projects = A + "\nB M 200 500\nD M 100 400"
    bands = [{"above": 0.35, "price": 2.2}, {"above": 0.3, "price": {"2024": 2.0}}]
    plan = solved({"buy_price": 1.0, "bands": bands}, projects=projects, rules=limit())
    assert traded(plan) == [
        ("M", 2024, "buy", 100.0, 100.0, ""),
        ("M", 2024, "buy", 300.0, 600.0, "A"),
        ("M", 2024, "buy", 200.0, 440.0, "B"),
    ]


def test_a_favoured_project_need_not_buy() -> None:
    projects = "project place energy_tce value_added tags\nA M 300 900 key"
    rules = {"admission": {**limit()["admission"], "favour": {"tags": ["key"]}}}
    plan = solved({"buy_price": 1.0}, projects=projects, rules=rules, **F)
    assert traded(plan) == []
    assert "admission-override" in {finding.code for finding in plan.findings}


def test_what_must_be_bought_is_what_counts_in_each_year() -> None:
    # 200 of the 1,000 tce are feedstock, 300 green: 1,000 count in 2021, and from 2022 on 500, as both leave the total.
    project = {"project": "A", "place": "N1", "energy_tce": 1000, "value_added": 1000, "feedstock_tce": 200}
    plan = qo.solve(
        case(
            first=2021,
            last=2023,
            projects=[{**project, "green_electricity_mwh": 1000}],
            settings={"factors": {"electricity_equal_value": 0.3}},
            rules={"accounting": {}, "trading": {"buy_price": 0.1}, **limit()},
        ),
        profile="exact",
    )
    assert qo.verify(plan).ok
    assert traded(plan) == [
        ("N1", 2021, "buy", 1000.0, 100.0, "A"),
        ("N1", 2022, "buy", 500.0, 50.0, "A"),
        ("N1", 2023, "buy", 500.0, 50.0, "A"),
    ]


def test_who_is_above_the_line_in_the_year_of_the_start_buys() -> None:
    # At 0.6, A fails in 2023 (800 of 1,000 count in intensity) and not in 2024 (500): then the pool's 500 do.
    project = {"project": "A", "place": "N1", "energy_tce": 1000, "value_added": 1000, "feedstock_tce": 200}
    plan = qo.solve(
        case(
            first=2023,
            last=2024,
            projects=[{**project, "green_electricity_mwh": 1000}],
            quotas=[{"place": "N1", "resource": "energy", "year": "*", "amount": 500}],
            settings={"factors": {"electricity_equal_value": 0.3}},
            rules={"accounting": {}, "trading": {"buy_price": 3.0}, **limit(value=0.6)},
        ),
        profile="exact",
    )
    # Two years would add 2,000 and cost 2 · 500 · 3; one year adds 1,000 and costs nothing.
    assert started(plan) == {"A": 2024} and traded(plan) == []


# How the money counts


def test_a_named_measure_counts_as_named_and_not_twice() -> None:
    objective = {"maximise": {"value_added": 1.0}, "minimise": {"purchase_cost": 0.5}}
    plan = solved({"buy_price": 2.0}, objective=objective)
    assert plan.objective == pytest.approx(900.0 - 300.0)
    assert "trading-cost-counted" not in {finding.code for finding in plan.findings}


def test_the_weight_may_be_another_or_none() -> None:
    assert solved({"buy_price": 2.0, "weight": 0.5}).objective == pytest.approx(600.0)
    free = solved({"buy_price": 9.0, "weight": 0.0})
    assert free.objective == pytest.approx(900.0)
    # Nothing is bought beyond the need even where it costs the objective nothing.
    assert free.measures["energy_bought"] == pytest.approx(300.0)
    assert "trading-cost-not-counted" in {finding.code for finding in free.findings}


def test_that_the_money_is_counted_is_said() -> None:
    assert "trading-cost-counted" in codes(scenario({"buy_price": 2.0}), Level.INFO)


def test_a_lexicographic_objective_counts_money_only_where_it_is_named() -> None:
    order = [{"measure": "value_added", "sense": "max"}]
    bought = solved({"buy_price": 9.0}, objective={"form": "lexicographic", "order": order})
    assert started(bought) == {"A": 2024}
    assert bought.measures["trading_cost"] == pytest.approx(2700.0)
    # F frees the same for 10 of value added: a tolerance of 10 in 900 lets the second stage close it.
    order = [{"measure": "value_added", "tolerance": 0.02}, {"measure": "trading_cost", "sense": "min"}]
    saved = solved({"buy_price": 9.0}, objective={"form": "lexicographic", "order": order}, **F)
    assert done(saved) == {"F": 2024} and traded(saved) == []


@pytest.mark.parametrize(
    ("target", "bought"),
    [
        ("trading_cost <= 500 - -", 0.0),
        ("trading_cost <= 600 - -", 300.0),
        ("energy_bought >= 300 2024 M", 300.0),
        ("energy_bought <= 299 2024 M", 0.0),
    ],
)
def test_targets_may_speak_of_trade(target: str, bought: float) -> None:
    plan = solved({"buy_price": 2.0, "places": ["M"]}, targets=f"measure sense value year place\n{target}")
    assert plan.measures["energy_bought"] == pytest.approx(bought)


def test_a_target_of_one_place_and_year_sees_the_trades_there_and_then() -> None:
    # 300 in each year at 2: 600 by 2024, 1,200 by 2025; in N nothing.
    plan = solved({"buy_price": 2.0}, years=(2024, 2025))
    outcome = plan.outcome
    assert outcome is not None
    inside = outcome.case.places.within(["N"])
    assert outcome.measure("purchase_cost", year=2024) == pytest.approx(600.0)
    assert outcome.measure("purchase_cost") == pytest.approx(1200.0)
    assert outcome.measure("purchase_cost", inside=inside) == 0.0
    target = "measure sense value year place\npurchase_cost <= 700 2024 M"
    assert started(solved({"buy_price": 2.0}, years=(2024, 2025), targets=target)) == {"A": 2024}


def test_the_unit_of_money_is_ten_thousand_yuan() -> None:
    units = solved({"buy_price": 2.0}).measure_units
    assert {units[name] for name in ("purchase_cost", "sale_income", "exit_payments", "trading_cost")} == {"10k yuan"}
    assert units["energy_bought"] == "tce/yr"


# What is refused


def test_there_is_no_default_price() -> None:
    with pytest.raises(InputError) as caught:
        scenario({})
    assert "buy_price" in str(caught.value)


@pytest.mark.parametrize(
    "rule",
    [
        {"buy_price": {"2024": 1.0, "energy": 2.0}},
        {"buy_price": {"energy": {"soon": 1.0}}},
        {"buy_price": -1.0},
        {"sell_price": 1.0, "max_buy": 5.0},
        {"sell_price": 1.0, "bands": [{"above": 0.5, "price": 1.0}]},
        {"sell_price": 1.0, "max_sell_share": 1.5},
        {"buy_price": 1.0, "lasts": 0},
    ],
)
def test_parameters_that_cannot_be_are_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        scenario(rule)


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"buy_price": 1.0, "sell_price": 1.1}, "money-for-nothing"),
        ({"buy_price": {"2024": 1.0}, "sell_price": {"2024": 2.0}, "max_buy": 10.0}, "money-for-nothing"),
        ({"buy_price": 1.0, "resources": ["coal"]}, "unknown-choice"),
        ({"buy_price": {"carbon": 1.0}}, "unknown-choice"),
        ({"buy_price": 1.0, "places": ["Q"]}, "unknown-place"),
    ],
)
def test_what_makes_no_sense_is_an_error(rule: dict[str, Any], code: str) -> None:
    assert code in codes(scenario(rule))


def test_selling_for_more_is_no_error_in_another_year_or_after_the_levy() -> None:
    years = {"buy_price": {"2024": 1.0}, "sell_price": {"2025": 2.0}}
    assert codes(scenario(years, years=(2024, 2025))) == set()
    assert codes(scenario({"buy_price": 1.0, "sell_price": 1.25, "levy": 0.2})) == set()


def test_selling_what_lasts_again_each_year_is_money_for_nothing() -> None:
    rule = {"buy_price": 1.0, "sell_price": 0.6, "lasts": 2}
    assert codes(scenario(rule, years=(2024, 2025))) == {"money-for-nothing"}
    assert codes(scenario(rule)) == set()


def test_land_is_not_traded() -> None:
    rule = {"buy_price": 1.0, "resources": ["land"]}
    assert "land-is-not-traded" in codes(scenario(rule, resources=("energy", "land")))


def test_a_limit_that_asks_for_purchase_needs_the_rule() -> None:
    assert "no-market" in codes(scenario(rules=limit()))
    assert "no-market" in codes(scenario({"sell_price": 1.0}, rules=limit()))
    assert "no-market" not in codes(scenario({"buy_price": 1.0}, rules=limit()))


def test_money_measures_without_the_rule_say_what_is_missing() -> None:
    found = qo.check(scenario(objective={"maximise": {"value_added": 1.0}, "minimise": {"trading_cost": 1.0}}))
    said = [finding for finding in found if finding.code == "unknown-measure"]
    assert "trading" in said[0].what.zh


def test_prices_of_no_year_planned_are_told() -> None:
    assert "price-outside-horizon" in codes(scenario({"buy_price": {"2024": 1.0, "2030": 1.0}}), Level.WARNING)


# Solvers and conflicts


@pytest.mark.parametrize("profile", ["exact", "scip", "ortools-highs", "cbc"])
def test_every_engine_finds_the_same_trades(profile: str) -> None:
    # F frees 500: A takes 300, B (which must buy) takes none of it, 200 are sold.
    projects = A + "\nB M 400 700"
    rules = {"admission": {"limits": [{"value": 0.5, "action": "buy"}]}}
    plan = solved({"buy_price": 1.0, "sell_price": 0.5}, profile=profile, projects=projects, rules=rules, **F)
    assert traded(plan) == [("M", 2024, "buy", 400.0, 400.0, "B"), ("N", 2024, "sell", 200.0, 100.0, "")]
    assert plan.objective == pytest.approx(900.0 + 700.0 - 10.0 - 400.0 + 100.0)


def test_an_infeasible_case_names_the_limit_on_purchases() -> None:
    target = "measure sense value\nprojects_started >= 1"
    with pytest.raises(qo.InfeasibleScenario) as caught:
        qo.solve(scenario({"buy_price": 1.0, "max_buy": 100.0}, targets=target), profile="exact")
    assert {conflict.rule for conflict in caught.value.conflicts} & {"trading", "pool", "targets"}


def test_the_model_as_a_file_names_trades(tmp_path: Any) -> None:
    both = scenario({"buy_price": 1.0, "sell_price": 0.5}, rules=limit())
    text = qo.export(both, tmp_path / "model.lp").read_text(encoding="utf-8")
    for name in ("buy[M,energy,2024]", "sell[M,energy,2024]", "buy_for[A,2024]"):
        assert name.replace("[", "(").replace("]", ")") in text or name in text
