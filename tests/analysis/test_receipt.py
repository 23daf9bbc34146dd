"""Overrides with a receipt: the cost is the difference of two proven plans, the losers that of two sets of decisions.

The worked example: without orders F1 and F2 close for P1, P2 and P4, 2,000; P3 is at 0.545 against 0.52.
"""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from against_brute import case_of, solved, table
from forging import reseal
from hypothesis import assume, given
from hypothesis import strategies as st
from rich.console import Console
from strategies import Drawn, drawn, examples

import quota_opt as qo
from quota_opt.errors import InfeasibleScenario, InputError, Language
from quota_opt.plan.directed import Bent, Directed
from quota_opt.report.content import gather
from quota_opt.report.directing import directives_box
from quota_opt.report.html import render, render_html
from quota_opt.report.text import summary_view

LANGUAGES: list[Language] = ["zh", "en"]


def changed(receipt: qo.Receipt) -> dict[str, str]:
    return dict(zip(receipt.decisions["id"], receipt.decisions["change"], strict=True))


@pytest.fixture(scope="module")
def forced() -> qo.Receipt:
    return qo.override("worked-example", award=["P3"], bend=True, by="mayor", reason="signed", profile="exact")


def test_what_is_forced_in_shows_its_cost_the_loser_and_the_clause(forced: qo.Receipt) -> None:
    # With P3 in N2 there is no room for P2: F1 alone, P1, P3 and P4, 2,050 - 300 = 1,750.
    assert forced.cost == pytest.approx(250.0)
    assert (forced.at_least, forced.at_most) == (pytest.approx(250.0), pytest.approx(250.0))
    assert changed(forced) == {"P2": "lost", "P3": "gained", "F2": "spared"}
    assert forced.decisions.set_index("id")["asked"].to_dict() == {"P2": False, "P3": True, "F2": False}
    (bent,) = forced.bent.to_dict("records")
    assert (bent["id"], bent["rule"], bent["figure"], bent["by"]) == (
        "P3",
        "admission",
        "0.5455 / 0.52",
        "mayor · signed",
    )
    measures = forced.measures.set_index("measure")
    assert measures.loc["value_added_final", ["without", "with", "change"]].tolist() == [2000.0, 1750.0, -250.0]
    assert measures.at["energy_used", "change"] == pytest.approx(-300.0)


def test_what_is_forced_out_shows_its_cost() -> None:
    # Without P1: P2 and P4 with F1 and F2, 1,450 - 700 = 750.
    receipt = qo.override("worked-example", refuse=["P1"], profile="exact")
    assert receipt.cost == pytest.approx(1250.0)
    assert changed(receipt) == {"P1": "lost"}
    assert receipt.bent.empty


def test_a_firm_that_is_kept_costs_what_takes_its_place() -> None:
    # F3 gives what F2 gave: 1,500.
    receipt = qo.override("worked-example", keep=["F2"], profile="exact")
    assert receipt.cost == pytest.approx(500.0)
    assert changed(receipt) == {"F2": "spared", "F3": "treated"}


def test_an_order_that_the_best_plan_follows_anyway_costs_nothing() -> None:
    receipt = qo.override("worked-example", award=["P1"], close=["F1"], profile="exact")
    assert receipt.cost == pytest.approx(0.0) and receipt.decisions.empty
    assert "代价：无" in receipt.document().sections[0].sentences[0].zh


def test_a_bar_that_is_bent_may_gain_and_that_is_said() -> None:
    settings, tables = case_of(
        projects="project place energy_tce value_added\nA C 100 100",
        quotas="place resource year amount\nC energy * 100",
        rules={"admission": {"limits": [{"value": 0.5}]}},
    )
    receipt = qo.override(qo.Scenario.from_tables(settings, **tables), award=["A"], bend=True, profile="exact")
    assert receipt.cost == pytest.approx(-100.0)
    assert "目标值多 100 万元" in receipt.document().sections[0].sentences[0].zh


SIZES = """
    project place energy_tce value_added divisible min_share
    A       C     400        400         yes       0.25
    B       C     300        900         yes       0.25"""


def sized() -> qo.Scenario:
    """400 tce: the best is all of B and a quarter of A, 900 + 100."""
    settings, tables = case_of(projects=SIZES, quotas="place resource year amount\nC energy * 400")
    return qo.Scenario.from_tables(settings, **tables)


def test_an_amount_is_a_share_of_the_full_size_and_who_shrinks_is_named() -> None:
    # 200 tce are half of A; two thirds of B are left: 200 + 600.
    by_amount = qo.override(sized(), amount={"A": 200.0}, profile="exact")
    by_share = qo.override(sized(), share={"A": 0.5}, profile="exact")
    for receipt in (by_amount, by_share):
        assert receipt.cost == pytest.approx(200.0)
        assert changed(receipt) == {"A": "grown", "B": "shrunk"}
        assert receipt.plan.awards.set_index("project")["share"].to_dict() == {
            "A": pytest.approx(0.5),
            "B": pytest.approx(2 / 3),
        }


@pytest.mark.parametrize(
    ("orders", "code"),
    [
        ({}, "bad-order"),
        ({"amount": {"P1": 100.0}}, "bad-order"),  # indivisible
        ({"amount": {"P9": 100.0}}, "unknown-project"),
        ({"award": ["P3"]}, "directive-barred"),
        ({"award": ["P1"], "refuse": ["P1"]}, "contradictory-directives"),
    ],
)
def test_orders_that_cannot_be_are_refused(orders: dict[str, Any], code: str) -> None:
    with pytest.raises(InputError) as caught:
        qo.override("worked-example", **orders)
    assert code in {finding.code for finding in caught.value.findings}


def test_more_than_a_project_takes_cannot_be_ordered() -> None:
    with pytest.raises(InputError) as caught:
        qo.override(sized(), amount={"A": 500.0})
    assert caught.value.findings[0].code == "bad-order"


def test_orders_that_leave_no_plan_end_with_the_clash() -> None:
    with pytest.raises(InfeasibleScenario) as caught:
        qo.override("worked-example", award=["P1", "P2", "P3"], bend=True)
    assert caught.value.conflicts


# The folder


def test_the_folder_verifies_holds_the_receipt_and_every_report_of_it_shows_the_box(
    forced: qo.Receipt, tmp_path: Path
) -> None:
    folder = forced.write(tmp_path / "out")
    assert {"receipt.json", "receipt.csv", "receipt.html", "receipt.xlsx"} <= {path.name for path in folder.iterdir()}
    assert qo.verify(folder).ok
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert [(line["id"], line["bent"][0]["rule"]) for line in record["directives"]] == [("P3", "admission")]
    again = qo.read_result(folder)
    assert again.receipt is not None and again.receipt["objective"]["cost"] == pytest.approx(250.0)
    reason = again.reasons.set_index("id").loc["P3"]
    assert reason["rule"] == "directives" and "mayor · signed" in reason["text"]
    for words in ("250 万元", "落选 P2", "破例：P3", "mayor · signed"):
        assert words in render_html(again)
        assert words in terminal(again)
    first = openpyxl.load_workbook(folder / "report.xlsx").worksheets[0]
    cells = [str(cell.value) for row in first.iter_rows() for cell in row if cell.value is not None]
    assert any("250 万元" in cell and "指定事项 1 项" in cell for cell in cells)


def terminal(plan: qo.Plan) -> str:
    console = Console(width=400, file=io.StringIO())
    with console.capture() as said:
        console.print(summary_view(plan, "zh"))
    return said.get()


def test_a_plan_with_directives_and_no_receipt_says_that_the_cost_is_not_known(tmp_path: Path) -> None:
    order = {"projects": [{"project": "P1", "award": False}]}
    plan = qo.solve(qo.read("worked-example").with_(**{"rules.directives": order}))
    assert "代价未计算" in render_html(plan) and "不安排 P1" in render_html(plan)
    assert "Cost not computed" in render_html(plan, "en")


def test_a_plan_without_directives_shows_no_box() -> None:
    plan = qo.solve("worked-example")
    assert "指定事项" not in render_html(plan)


def broken(folder: Path, name: str, old: str, new: str) -> Path:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return folder


def test_a_receipt_that_was_made_cheaper_is_noticed(forced: qo.Receipt, tmp_path: Path) -> None:
    folder = broken(forced.write(tmp_path / "out"), "receipt.json", '"cost": 250.0', '"cost": 5.0')
    assert [finding.code for finding in qo.verify(reseal(folder)).problems] == ["verify-receipt"]
    (folder / "receipt.json").unlink()
    assert [finding.code for finding in qo.verify(reseal(folder)).problems] == ["verify-receipt"]


def test_a_receipt_of_another_plan_is_noticed(forced: qo.Receipt, tmp_path: Path) -> None:
    other = forced.record()
    other["measures"] = [{**row, "with": row["with"] + 1.0} for row in other["measures"]]
    folder = replace(forced.plan, receipt=other).write(tmp_path / "out")
    assert [finding.code for finding in qo.verify(reseal(folder)).problems] == ["verify-receipt"]


@pytest.mark.parametrize("orders", [{"award": ["P3"], "bend": True}, {"refuse": ["P1"]}, {"keep": ["F2"]}])
def test_a_directive_taken_out_of_the_inputs_is_noticed(orders: dict[str, Any], tmp_path: Path) -> None:
    plan = qo.override("worked-example", **orders).plan
    folder = plan.write(tmp_path / "out")
    assert qo.verify(folder).ok
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert set(record["overrides"]) == {"rules.directives"}
    (folder / "run.json").write_text(json.dumps({**record, "overrides": {}}), encoding="utf-8")
    assert "verify-directives" in {finding.code for finding in qo.verify(reseal(folder)).problems}


def test_a_directive_edited_in_the_case_is_noticed(tmp_path: Path) -> None:
    settings, tables = case_of(
        projects=SIZES,
        quotas="place resource year amount\nC energy * 400",
        rules={"directives": {"projects": [{"project": "A", "award": False, "by": "mayor"}]}},
    )
    folder = qo.solve(qo.Scenario.from_tables(settings, **tables)).write(tmp_path / "out")
    assert qo.verify(folder).ok
    broken(folder, "inputs/scenario.toml", '"mayor"', '"nobody"')
    assert {"verify-inputs", "verify-directives"} <= {finding.code for finding in qo.verify(reseal(folder)).problems}


def test_orders_on_a_result_add_to_those_it_has_and_the_receipt_is_about_the_new_ones(
    forced: qo.Receipt, tmp_path: Path
) -> None:
    folder = forced.write(tmp_path / "out")
    again = qo.override(folder, refuse=["P4"], profile="exact")
    # P1 and P3 with F1: 1,250 + 550 - 300.
    assert again.without.objective == pytest.approx(1750.0) and again.cost == pytest.approx(250.0)
    assert [line.id for line in again.added] == ["P4"]
    box = directives_box(gather(replace(again.plan, receipt=again.record())).directives, again.record())
    assert box[0].zh.startswith("指定事项 2 项") and "其中“不安排 P4" in box[0].zh


def test_a_second_order_about_a_project_replaces_the_first() -> None:
    scenario = qo.read("worked-example").with_(
        **{"rules.directives": {"projects": [{"project": "P1", "award": False}]}}
    )
    receipt = qo.override(scenario, award=["P1"], profile="exact")
    assert receipt.plan.objective == pytest.approx(2000.0) and receipt.cost == pytest.approx(-1250.0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_names_and_reasons_are_text(language: Language) -> None:
    hostile = "<script>window.pwned=1</script>"
    from quota_opt.errors import Text

    words = Text(hostile, hostile)
    line = Directed("project", "P", words, hostile, (Bent("P", "admission", words, words, words, hostile, hostile),))
    content = replace(gather(qo.solve("worked-example")), directives=(line,))
    assert "<script>window.pwned" not in render(content, language)


# In random cases


@given(drawn(must=("admission",), without=("directives", "fairness", "priority"), plain=True), st.data())
@examples(5)
def test_in_random_cases_cost_and_losers_are_those_of_two_exact_solves(drawn_case: Drawn, data: st.DataObject) -> None:
    settings, tables = drawn_case.settings, drawn_case.tables
    before = solved(settings, tables)
    assume(before is not None and len(before.awards))
    assert before is not None
    names = [project["project"] for project in tables["projects"]]
    order = {data.draw(st.sampled_from(["award", "refuse"])): [data.draw(st.sampled_from(names))]}
    scenario = qo.Scenario.from_tables(settings, **tables)
    try:
        receipt = qo.override(scenario, **order, bend="award" in order, profile="exact")
    except (InfeasibleScenario, InputError):
        return
    directives = receipt.plan.scenario.rules["directives"].model_dump(exclude_unset=True)
    settings["rules"]["directives"] = {"projects": [dict(one) for one in directives["projects"]]}
    after = solved(settings, tables)
    assert after is not None
    assert receipt.cost == pytest.approx(before.objective - after.objective, abs=1e-4, rel=1e-6)
    assert qo.verify(receipt.plan).ok
    was, now = set(receipt.without.awards["project"]), set(receipt.plan.awards["project"])
    told = receipt.decisions[receipt.decisions["kind"] == "project"].set_index("id")["change"]
    assert set(told[told == "lost"].index) == was - now
    assert set(told[told == "gained"].index) == now - was


def test_what_differs_for_no_gain_is_put_back() -> None:
    # A and B are alike and one of them fits; D needs nothing. To refuse D changes nothing about A and B.
    rows = """
        project place energy_tce value_added
        A       C     100        50
        B       C     100        50
        D       C     0          10"""
    settings, tables = case_of(projects=rows, quotas="place resource year amount\nC energy * 100")
    tables["projects"] = table(rows)
    receipt = qo.override(qo.Scenario.from_tables(settings, **tables), refuse=["D"], profile="exact")
    assert changed(receipt) == {"D": "lost"}


def test_a_comparison_with_such_a_plan_shows_the_box(forced: qo.Receipt, tmp_path: Path) -> None:
    folder = forced.write(tmp_path / "out")
    said = [sentence.zh for sentence in qo.compare(["worked-example", folder]).document().sections[0].sentences]
    assert any("指定事项 1 项" in text and "少 250 万元" in text for text in said)
    assert any("破例：P3" in text for text in said)


def test_where_objectives_are_in_order_the_measures_say_what_is_lost(tmp_path: Path) -> None:
    order = [{"measure": "value_added_final", "sense": "max"}, {"measure": "public_cost", "sense": "min"}]
    scenario = qo.read("worked-example").with_(objective={"form": "lexicographic", "order": order})
    receipt = qo.override(scenario, award=["P3"], bend=True, profile="exact")
    assert receipt.cost is None
    assert receipt.measures.set_index("measure").at["value_added_final", "change"] == pytest.approx(-250.0)
    assert "代价清单" in receipt.document().sections[0].sentences[0].zh
    assert qo.verify(receipt.write(tmp_path / "out")).ok


def test_directives_that_a_case_has_already_are_priced_without_any_order(tmp_path: Path) -> None:
    order = {"projects": [{"project": "P1", "award": False}]}
    scenario = qo.read("worked-example").with_(**{"rules.directives": order})
    assert qo.override(scenario, profile="exact").cost == pytest.approx(1250.0)
    folder = qo.solve(scenario, profile="exact").write(tmp_path / "out")
    receipt = qo.override(folder, profile="exact")
    assert receipt.cost == pytest.approx(1250.0) and [line.id for line in receipt.added] == ["P1"]
    assert qo.verify(receipt.write(tmp_path / "priced")).ok


def test_directives_that_are_switched_off_stay_off() -> None:
    order = {"projects": [{"project": "P1", "award": False}], "enabled": False}
    scenario = qo.read("worked-example").with_(**{"rules.directives": order})
    receipt = qo.override(scenario, refuse=["P4"], profile="exact")
    assert set(receipt.plan.awards["project"]) == {"P1", "P2"}
