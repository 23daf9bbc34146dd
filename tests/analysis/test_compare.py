"""Scenarios side by side, on the worked example that can be solved by hand, and regret on random cases.

Worked example: at 0.52 the plan is {F1, F2; P1, P2, P4}, worth 2,000; at 0.49 P2 may not start and {F1; P1, P4} is
left, worth 1,200; with 70 % kept in towns P2 does not get its quota and the plan is the same {F1; P1, P4}.
"""

import json
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import assume, given
from small import FINAL, case
from strategies import Drawn, drawn, examples

import quota_opt as qo
from quota_opt.analysis.compare.compare import regret_table
from quota_opt.analysis.compare.regret import worth_of
from quota_opt.plan.folder import read_table
from quota_opt.solving.profile import read_profile

SCENARIOS = ["worked-example", "worked-example/strict-access", "worked-example/keep-70"]


@pytest.fixture(scope="module")
def found():
    return qo.compare(SCENARIOS)


def cell(table, **labels):
    for key, value in labels.items():
        table = table[table[key] == value]
    assert len(table) == 1, labels
    return table.iloc[0]


def test_scenarios_are_called_by_their_variant_and_the_first_is_the_baseline(found):
    assert [entry.name for entry in found.entries] == ["base", "strict-access", "keep-70"]
    assert found.baseline.name == "base"
    assert found.exit_code == 0


def test_each_stricter_clause_costs_800(found):
    objective = cell(found.differences, measure="objective")
    assert (objective["strict-access"], objective["keep-70"]) == pytest.approx((-800.0, -800.0))
    assert objective["best"] == "base"
    assert cell(found.measures, measure="value_added_final")["base"] == pytest.approx(2000.0)


def test_the_best_of_a_measure_is_marked_on_the_side_the_objective_or_custom_says(found):
    cost = cell(found.differences, measure="public_cost")  # F1 alone costs 50, F1 and F2 cost 80
    assert (cost["better"], cost["best"]) == ("min", "strict-access;keep-70")
    assert cell(found.differences, measure="energy_freed")["best"] == ""  # neither more nor less is better in itself
    assert cell(found.differences, measure="jobs_net")["best"] == ""  # all agree


def test_what_all_some_or_no_plans_share_is_set_algebra(found):
    group = {line.id: line.group for line in found.decisions.itertuples()}
    assert {project: group[project] for project in ("P1", "P2", "P3", "P4")} == {
        "P1": "all", "P2": "few", "P3": "none", "P4": "all",
    }  # fmt: skip
    assert (group["F1"], group["F2"], group["F3"]) == ("all", "few", "none")
    assert cell(found.decisions, id="P1")["same"]


def test_projects_are_grouped_all_most_few_none_by_how_many_plans_hold_them():
    """Quota of 10 to 40 lets in one to four projects of 10, the most valuable first."""
    projects = [
        {
            "project": f"P{k}",
            "place": "N1",
            "energy_tce": 10.0,
            "value_added": 50.0 - k,
            "earliest": 2024,
            "latest": 2024,
        }
        for k in range(5)
    ]

    def holding(amount):
        quotas = [{"place": "N1", "resource": "energy", "year": "*", "amount": amount}]
        return case(objective=FINAL, projects=projects, quotas=quotas)

    made = qo.compare({str(amount): holding(amount) for amount in (10.0, 20.0, 30.0, 40.0)})
    groups = dict(zip(made.decisions["id"], made.decisions["group"], strict=True))
    assert groups == {"P0": "all", "P1": "most", "P2": "few", "P3": "few", "P4": "none"}


def test_regret_is_zero_at_home_and_what_the_clause_costs_elsewhere(found):
    for name in ("base", "strict-access", "keep-70"):
        assert cell(found.regret, plan=name, scenario=name)["regret"] == 0.0
    assert cell(found.regret, plan="strict-access", scenario="base")["regret"] == pytest.approx(800.0)
    assert cell(found.regret, plan="strict-access", scenario="keep-70")["regret"] == pytest.approx(0.0)


def test_a_plan_that_does_not_stand_names_the_rule_and_the_amount(found):
    strict = cell(found.regret, plan="base", scenario="strict-access")
    assert not strict["feasible"] and strict["rule"] == "admission"
    assert strict["amount"] == pytest.approx(12.0)  # P2 uses 600, at 0.49 its 1,200 of value added would allow 588
    kept = cell(found.regret, plan="base", scenario="keep-70")
    assert not kept["feasible"] and kept["rule"] == "retention"
    assert kept["amount"] == pytest.approx(150.0)  # 600 leave N1, of 1,500 only 450 may


def test_where_only_transfers_stand_in_the_way_they_are_arranged_anew():
    """P1 in N2 needs 600. The quota stands in N1 in one case, in N2 in the other: the award holds, the way does not."""

    def held(place):
        quotas = [{"place": place, "resource": "energy", "year": "*", "amount": 600.0}]
        projects = [{"project": "P1", "place": "N2", "energy_tce": 600.0, "value_added": 1000.0}]
        return case(objective=FINAL, projects=projects, quotas=quotas)

    made = qo.compare({"there": held("N1"), "here": held("N2")})
    moved = cell(made.regret, plan="there", scenario="here")
    assert moved["feasible"] and moved["rerouted"] and moved["regret"] == 0.0
    assert cell(made.regret, plan="here", scenario="there")["rerouted"]
    assert not cell(made.regret, plan="here", scenario="here")["rerouted"]


def test_a_decision_the_other_case_does_not_know_is_an_obstacle():
    projects = [{"project": name, "place": "N1", "energy_tce": 1.0, "value_added": 5.0} for name in ("P1", "P2")]
    quotas = [{"place": "N1", "resource": "energy", "year": "*", "amount": 9.0}]
    both = case(objective=FINAL, projects=projects, quotas=quotas)
    one = case(objective=FINAL, projects=projects[:1], quotas=quotas)
    made = qo.compare({"both": both, "one": one})
    assert not cell(made.regret, plan="both", scenario="one")["feasible"]
    assert "P2" in cell(made.regret, plan="both", scenario="one")["text"]
    assert cell(made.regret, plan="one", scenario="both")["regret"] == pytest.approx(5.0)


def test_who_drops_out_and_who_pays(found):
    pair = found.pairs["strict-access"]
    assert [(line.project, line.change, line.value_added) for line in pair.projects.itertuples()] == [
        ("P2", "out", -1200.0)
    ]
    assert [(line.firm, line.change, line.cost) for line in pair.firms.itertuples()] == [("F2", "left", -30.0)]
    places = pair.places.set_index("place")
    assert places.loc["N2", "value_added"] == -1200.0 and places.loc["N2", "used"] == -600.0
    assert places.loc["N1", "value_added"] == 400.0  # F2 goes on
    assert pair.terms["worth"].sum() == pytest.approx(-800.0) and pair.range == pytest.approx((-800.0, -800.0))


def test_the_paragraph_says_what_changes_what_it_costs_and_who_pays(found):
    said = found.answers()["strict-access"]
    for part in ("由 0.52 收紧到 0.49", "少 800 万元", "P2", "承担的主要是乙镇", "少整治 1 家企业", "已证明最优"):
        assert part in said.zh
    for part in ("tightens to 0.49 from 0.52", "8 million yuan less", "P2", "who pay: 乙镇", "proven optimal"):
        assert part in said.en


def test_a_scenario_without_a_plan_is_said_and_the_others_compare():
    base = qo.read("worked-example")
    wanted = [{"measure": "projects_started", "sense": ">=", "value": 9.0}]
    tables = {name: base.tables[name] for name in ("places", "firms", "actions", "projects")}
    tables = {name: table.loc[:, [base.has_column(name, c) for c in table]] for name, table in tables.items()}
    none = qo.Scenario.from_tables(
        {"scenario": {"name": "worked-example", "first_year": 2024, "last_year": 2025}}, targets=wanted, **tables
    )
    made = qo.compare({"now": base, "nine": none, "strict": "worked-example/strict-access"})
    assert made.exit_code == 3
    assert [entry.status for entry in made.entries] == [qo.Status.OPTIMAL, qo.Status.INFEASIBLE, qo.Status.OPTIMAL]
    assert list(made.measures.columns) == ["measure", "unit", "now", "strict"]
    with pytest.raises(qo.InfeasibleScenario):
        qo.compare({"nine": none})


def test_plans_folders_scenarios_and_addresses_can_be_mixed(found, tmp_path):
    plan = found.baseline.plan
    replace(plan, reporters=()).write(tmp_path / "base")
    made = qo.compare({"plan": plan, "folder": tmp_path / "base", "case": "worked-example/strict-access"})
    assert cell(made.differences, measure="objective")[["folder", "case"]].tolist() == pytest.approx([0.0, -800.0])
    assert made.entries[1].folder == tmp_path / "base"


def test_the_folder_holds_the_tables_of_the_contract_and_plans_that_verify(tmp_path):
    found = qo.compare(SCENARIOS[:2])
    out = found.write(tmp_path / "out")
    table = read_table(out / "comparison.csv")
    assert list(table.columns) == ["measure", "unit", "base", "strict-access"]
    assert {path.name for path in out.iterdir()} == {
        "comparison.csv", "regret.csv", "decisions.csv", "places.csv", "categories.csv", "report.html", "report.xlsx",
        "plans",
    }  # fmt: skip
    for name in ("base", "strict-access"):
        assert qo.verify(out / "plans" / name).ok
    page = (out / "report.html").read_text(encoding="utf-8")
    first = page[page.index('id="page-one"') : page.index('id="section-1"')]
    assert "准入强度上限由 0.52 收紧到 0.49" in first and "承担的主要是乙镇" in first
    with pytest.raises(qo.OutputExists):
        found.write(out)


def test_objectives_that_differ_are_not_set_against_each_other():
    base = qo.read("worked-example")
    other = base.with_(objective={"maximise": {"energy_freed": 1.0}})
    made = qo.compare({"value": base, "energy": other})
    assert cell(made.differences, measure="objective")["best"] == ""
    assert made.pairs["energy"].terms.empty
    assert "不能相比" in made.answers()["energy"].zh


def test_the_first_measure_of_a_lexicographic_objective_is_what_regret_is_about():
    order = [{"measure": "public_cost", "sense": "min"}, {"measure": "value_added_final", "sense": "max"}]
    cheap = qo.read("worked-example").with_(objective={"form": "lexicographic", "order": order})
    made = qo.compare({"cheap": cheap, "value": "worked-example"})  # nothing done costs nothing; the best plan costs 80
    assert cell(made.regret, plan="value", scenario="cheap")["regret"] == pytest.approx(80.0)
    assert cell(made.regret, plan="cheap", scenario="value")["regret"] == pytest.approx(2000.0)


def scenario_of(drawn_case: Drawn):
    return qo.Scenario.from_tables(drawn_case.settings, **drawn_case.tables)


@given(drawn(must=("caps",), without=("trading",), plain=True))
@examples(7)
def test_a_plan_stands_where_a_rule_is_lifted_and_regrets_what_the_rule_costs(whole):
    try:
        plans = {"with": qo.solve(scenario_of(whole)), "without": qo.solve(scenario_of(whole.without_rule("caps")))}
    except (qo.InputError, qo.InfeasibleScenario, qo.UnboundedScenario):
        assume(False)
    made = regret_table(plans, read_profile("auto"))
    for line in made.itertuples():
        assert not line.feasible or line.regret >= 0.0
    slack = 1e-3 * max(1.0, *(abs(plan.objective) for plan in plans.values()))
    for name, plan in plans.items():
        assert worth_of(plan.outcome) == pytest.approx(plan.objective, abs=1e-6 * max(1.0, abs(plan.objective)))
        assert cell(made, plan=name, scenario=name)["regret"] <= slack
    lifted = cell(made, plan="with", scenario="without")
    assert lifted["feasible"] and not lifted["rerouted"]
    assert lifted["regret"] == pytest.approx(max(0.0, plans["without"].objective - plans["with"].objective), abs=slack)


def test_the_tables_are_plain_values_that_json_takes(found):
    for frame in (found.measures, found.differences, found.regret, found.places, found.categories):
        assert isinstance(frame, pd.DataFrame)
        json.dumps(frame.to_dict("records"), default=float)


# Rules that give room, or say what counts, rather than bound: lifting them may make a plan fail on something else.
GIVES_ROOM = ("accounting", "trading", "priority")


@pytest.mark.parametrize("rule", [name for name in qo.rule_titles() if name not in GIVES_ROOM])
def test_the_rule_that_is_switched_on_is_the_one_that_stops_the_plan_made_without_it(rule):
    """Each rule's own small case, where having the rule costs something."""
    try:
        on = qo.rule_example(rule)
    except qo.InputError:
        pytest.skip("the rule has no example")
    made = qo.compare({"off": on.with_(**{f"rules.{rule}.enabled": False}), "on": on})
    stopped = cell(made.regret, plan="off", scenario="on")
    assert not stopped["feasible"] and stopped["rule"] == rule and stopped["text"] and stopped["text_en"]
    free = cell(made.regret, plan="on", scenario="off")
    assert free["feasible"] and free["regret"] == pytest.approx(-made.pairs["on"].difference) and free["regret"] > 0
    assert f"启用规则“{qo.rule_titles()[rule].zh}”" in made.answers()["on"].zh


def test_one_scenario_alone_is_said_to_have_nothing_to_compare_with():
    made = qo.compare(["worked-example"])
    assert made.exit_code == 0 and not made.pairs
    assert "没有可比的" in made.document().sections[0].sentences[0].zh
