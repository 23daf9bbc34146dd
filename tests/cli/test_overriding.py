"""`quota-opt override`: orders in, receipt out; the worked example."""

import json
from pathlib import Path

import pytest


def test_an_override_writes_a_folder_that_verifies_and_says_what_it_costs(cli):
    call = cli("override", "worked-example", "--award", "P3", "--bend", "--by", "mayor", "--reason", "signed", "--json")
    assert call.code == 0, call.err
    assert call.document["objective"]["cost"] == pytest.approx(250.0)
    assert call.document["folder"] == "results/worked-example-override"
    verified = cli("verify", call.document["folder"])
    assert verified.code == 0
    assert "Bent by directive: P3" in verified.out
    assert cli("verify", call.document["folder"], "--json").document["audit"]["admission"]["overrides"] == ["P3"]


def test_people_are_shown_cost_losers_and_clauses(cli):
    call = cli("override", "worked-example", "--award", "P3", "--bend", "--lang", "zh", "--out", "plan")
    assert call.code == 0, call.err
    text = call.out.replace("\n", "")
    assert "目标值少 250 万元" in text and "落选 P2" in text and "0.5455 / 0.52" in text
    record = json.loads(Path("plan/receipt.json").read_text(encoding="utf-8"))
    assert {row["id"]: row["change"] for row in record["decisions"]} == {"P2": "lost", "P3": "gained", "F2": "spared"}


def test_shares_and_amounts_are_written_as_project_equals_number(cli):
    call = cli("override", "worked-example", "--share", "P1:0.5")
    assert call.code == 2 and "P2=0.5" in call.err
    call = cli("override", "worked-example", "--amount", "P1=100")
    assert call.code == 2 and "indivisible" in call.err


def test_without_orders_and_without_directives_there_is_nothing_to_say(cli):
    call = cli("override", "worked-example")
    assert call.code == 2 and "--award" in call.err
    assert not Path("results").exists()


def test_a_result_whose_directives_nobody_has_priced_gets_its_receipt(cli):
    order = "rules.directives={ projects = [{ project = 'P1', award = false }] }"
    assert cli("run", "worked-example", "--set", order, "--out", "plan").code == 0
    assert "Cost not computed" in Path("plan/report.html").read_text(encoding="utf-8")
    call = cli("override", "plan", "--out", "priced", "--json")
    assert call.code == 0, call.err
    assert call.document["objective"]["cost"] == pytest.approx(1250.0)
    assert cli("verify", "priced").code == 0


def test_what_a_clause_bars_is_refused_with_clause_figure_and_the_way_to_bend(cli):
    call = cli("override", "worked-example", "--award", "P3")
    assert call.code == 2
    assert "0.5455 / 0.52" in call.err and "bend = true" in call.err
    assert not Path("results").exists()


def test_orders_that_leave_no_plan_end_with_three_and_name_what_clashes(cli):
    call = cli("override", "worked-example", "--award", "P1", *(a for f in ("F1", "F2", "F3") for a in ("--keep", f)))
    assert call.code == 3
    assert "pool" in call.err or "directives" in call.err


def test_nothing_is_overwritten(cli):
    Path("plan").mkdir()
    Path("plan/mine.txt").write_text("mine", encoding="utf-8")
    call = cli("override", "worked-example", "--refuse", "P1", "--out", "plan")
    assert call.code != 0
    assert [path.name for path in Path("plan").iterdir()] == ["mine.txt"]
