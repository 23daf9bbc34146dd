"""The headline of each rule: its state, clause, figures and unit, and what one more unit is worth."""

import json
from dataclasses import replace

import pytest

import quota_opt as qo
from quota_opt.model.case import prepare
from quota_opt.plan.headlines import ALWAYS
from quota_opt.plan.verify import audits
from quota_opt.rules import rules_of
from tests.small import FINAL, case

FIRMS = [
    {"firm": "A", "place": "N1", "energy_tce": 1000, "value_added": 100, "tax": 1, "jobs": 10, "land_mu": 10},
    {"firm": "B", "place": "N1", "energy_tce": 500, "value_added": 60, "tax": 1, "jobs": 10, "land_mu": 10},
]
PROJECTS = [
    {"project": "P", "place": "N1", "category": "strategic", "energy_tce": 800, "value_added": 2000, "tax": 1,
     "jobs": 1, "divisible": True},
]  # fmt: skip
CLOSE = {"actions": {"close": {}}}


def solved(rules, projects=PROJECTS, settings=None, **tables):
    return qo.solve(
        case(
            objective=FINAL,
            rules=rules,
            settings={**CLOSE, **(settings or {})},
            firms=FIRMS,
            projects=projects,
            **tables,
        )
    )


def audit_of(plan, rule):
    return next(entry for entry in plan.audit if entry.rule == rule)


def test_a_cap_that_binds_says_so_with_clause_figures_unit_and_price():
    # P brings 2,000 over 800 tce: 2.5 a tce. Closing A frees 1,000 tce, so that the cap of 400 decides: half of P.
    # The relaxation closes no more of A than it needs, at 100 per 1,000 tce: one more tce is worth 2.5 - 0.1.
    plan = solved({"caps": {"clause": "X 1", "caps": [{"resource": "energy", "amount": 400, "year": 2025}]}})
    entry = audit_of(plan, "caps")
    assert (entry.state, entry.clause, entry.price) == ("binding", "X 1", pytest.approx(2.4))
    assert entry.headline.zh.startswith("【X 1】已到总量上限")
    assert "400/400 吨标准煤" in entry.headline.zh and "2.40 万元" in entry.headline.zh
    assert (
        "[X 1]" in entry.headline.en and "400 of 400 tce" in entry.headline.en and "2.40 10k yuan" in entry.headline.en
    )


def test_a_cap_with_room_says_how_much_is_left():
    # P needs 800 tce; a cap of 900 leaves 100.
    entry = audit_of(solved({"caps": {"clause": "X 1", "caps": [{"resource": "energy", "amount": 900}]}}), "caps")
    assert entry.state == "slack" and "800/900 吨标准煤，余 100" in entry.headline.zh


def test_a_favour_that_lets_a_project_through_is_said_to_override():
    # 800 tce over 2,000 is 0.4, above the limit of 0.3; the favoured tag lets it in all the same.
    limit = {"value": 0.3, "places": ["county"]}
    favoured = [{**PROJECTS[0], "tags": ["star"]}]
    rules = {"admission": {"clause": "X 2", "limits": [limit], "favour": {"tags": ["star"], "action": "report"}}}
    entry = audit_of(solved(rules, favoured), "admission")
    assert (entry.state, entry.overrides, entry.binding) == ("overriding", ("P",), False)
    assert "P 等共 1 个项目" in entry.headline.zh and "X 2" in entry.headline.zh


def test_a_rule_may_bind_and_override_and_then_says_both():
    # Q, not favoured, at 0.4 is kept out by the same limit that lets P through.
    limit = {"value": 0.3, "places": ["county"]}
    two = [{**PROJECTS[0], "tags": ["star"]}, {**PROJECTS[0], "project": "Q"}]
    rules = {"admission": {"clause": "X 2", "limits": [limit], "favour": {"tags": ["star"], "action": "report"}}}
    entry = audit_of(solved(rules, two), "admission")
    assert entry.state == "overriding" and entry.binding
    assert "1 个项目未过准入线" in entry.headline.zh and "让行" in entry.headline.zh


def test_a_favour_that_nothing_uses_overrides_nothing():
    # 800 tce over 4,000 is 0.2: below the limit, with no need of a favour.
    limit = {"value": 0.3, "places": ["county"]}
    good = [{**PROJECTS[0], "value_added": 4000, "tags": ["star"]}]
    rules = {"admission": {"limits": [limit], "favour": {"tags": ["star"], "action": "report"}}}
    entry = audit_of(solved(rules, good), "admission")
    assert (entry.state, entry.overrides) == ("slack", ())


def test_a_soft_target_that_is_missed_is_overridden_not_met():
    targets = [{"measure": "firms_closed", "sense": ">=", "value": 2, "kind": "soft", "penalty": 0.1, "clause": "X 3"}]
    entry = audit_of(solved({}, targets=targets), "targets")
    # Closing B costs 60 and brings nothing: the penalty of 0.1 is paid.
    assert (entry.state, len(entry.overrides)) == ("overriding", 1)
    assert "关停企业" in entry.headline.zh and "firms closed" in entry.headline.en


def test_a_listed_firm_that_is_protected_overrides_the_list():
    firms = [{**FIRMS[0]}, {**FIRMS[1], "protected_as": ["star"]}]
    listing = {"any_of": [{"measure": "tax_per_mu", "op": "<=", "value": 5}]}
    rules = {"listing": listing, "protection": {"clause": "X 4", "protected_as": ["star"]}}
    plan = qo.solve(case(objective=FINAL, rules=rules, settings=CLOSE, firms=firms, projects=PROJECTS))
    entry = audit_of(plan, "protection")
    assert (entry.state, entry.overrides) == ("overriding", ("B",))
    assert "B 等共 1 家" in entry.headline.zh


def test_a_broken_rule_says_by_how_much():
    # The budget pays 5 a year; a plan edited to close a firm of cost 9 in 2024 is 4 too dear.
    actions = [{"firm": "A", "action": "close", "cost": 9}]
    plan = qo.solve(
        case(
            objective=FINAL,
            rules={"budget": {"clause": "X 5", "by_year": {"2024": 9, "2025": 0}}},
            firms=FIRMS,
            projects=PROJECTS,
            actions=actions,
        )
    )
    tight = plan.scenario.with_(**{"rules.budget.by_year": {"2024": 5, "2025": 0}})
    outcome = replace(plan.outcome, case=prepare(tight, rules_of(tight.rules)))
    entry = next(entry for entry in audits(outcome) if entry.rule == "budget")
    assert entry.state == "broken"
    assert "支出 9 万元，只有 5，超支 4" in entry.headline.zh and "[X 5]" in entry.headline.en


def test_the_headline_speaks_of_the_row_its_price_belongs_to():
    caps = [
        {"resource": "energy", "amount": 300, "year": 2025, "clause": "X 6"},
        {"resource": "energy", "amount": 300, "year": 2024, "clause": "X 7"},
    ]
    entry = audit_of(solved({"caps": {"caps": caps}}), "caps")
    # Only what runs in 2025 counts for the objective of the last year: 2024's cap is worth nothing.
    assert entry.price == pytest.approx(2.4)
    assert "X 6" in entry.headline.zh and "2025 年" in entry.headline.zh
    assert "X 6" in entry.clauses


@pytest.mark.parametrize("name", ["zhuji", "fenghua"])
def test_run_json_names_clause_and_price_of_every_binding_rule(name, tmp_path):
    plan = qo.solve(name, gap=1e-3)
    record = json.loads((plan.write(tmp_path / "out") / "run.json").read_text(encoding="utf-8"))
    binding = {rule: entry for rule, entry in record["audit"].items() if entry["binding"]}
    assert len(set(binding) - set(ALWAYS)) >= 2
    for rule, entry in binding.items():
        assert entry["state"] in ("binding", "overriding")
        assert entry["headline"]["zh"].startswith("【") and entry["headline"]["en"].startswith("[")
        if rule not in ALWAYS:
            assert entry["clause"] and entry["clauses"] and entry["document_status"]
            assert entry["clauses"][0].split("；")[0] in entry["headline"]["zh"] or len(entry["clauses"]) > 1
        if entry["price"] is None:
            assert entry["price_note"]["zh"] and entry["price_note"]["en"]
        else:
            # A row may be met to the last unit and yet cost nothing.
            assert entry["price"] >= 0 and entry["price_unit"] and entry["price_note"] is None
    assert any(entry["price"] for entry in binding.values())


def test_a_rule_that_only_bars_candidates_says_why_it_has_no_price():
    limit = {"value": 0.3, "places": ["county"]}
    entry = audit_of(solved({"admission": {"limits": [limit]}}), "admission")
    assert entry.binding and entry.price is None and "没有可放宽 1 单位的限值" in entry.price_note.zh


def test_what_bites_is_a_row_without_room_to_spare_and_no_cell_is_empty():
    # A closes and frees 1,000 in each year; 500 of them may be sold. P takes all 1,000 and 150 bought in the last year
    # alone, of 200 that could be: what bites is the sale of the first year, not the purchase the relaxation prices.
    plan = solved(
        {"trading": {"buy_price": 0.5, "sell_price": 0.1, "max_sell_share": 0.5, "max_buy": 200.0}},
        [{"project": "P", "place": "N1", "category": "strategic", "energy_tce": 1150, "value_added": 2000, "tax": 1}],
    )
    entry = audit_of(plan, "trading")
    assert entry.state == "binding"
    assert "nan" not in entry.headline.en
    assert "nan" not in entry.headline.zh
    assert "150 tce traded, limit 200" not in entry.headline.en
