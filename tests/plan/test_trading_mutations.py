"""Trades in a result folder: written, read back, and refused with exit code 5 once anyone has changed them.

A (300 tce, above the line) must buy its own; B takes 200 of the 500 that F frees; half of what is new may be sold.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from against_brute import case_of
from forging import (
    Forgery,
    add_row,
    copy_to_break,
    drop_row,
    record,
    rules_named,
    say,
    say_measure,
    set_cell,
    state_other_inputs,
    table,
    verified,
)

import quota_opt as qo

RULE = {"buy_price": 1.0, "sell_price": 0.5, "max_sell_share": 0.5, "max_buy": 300.0, "levy": 0.2}
LIMIT = {"value": 0.3, "action": "buy"}


def scenario(limit: dict[str, Any] | None = None, others: dict[str, Any] | None = None, **changes: Any) -> qo.Scenario:
    settings, tables = case_of(
        "C county -\nN town C\nM town C",
        years=(2024, 2025),
        firms="firm place\nF N",
        actions="firm action frees_energy_tce value_added_lost\nF close 500 10",
        projects="project place energy_tce value_added\nA M 300 900\nB N 200 900",
        rules={"trading": {**RULE, **changes}, "admission": {"limits": [{**LIMIT, **(limit or {})}]}, **(others or {})},
    )
    return qo.Scenario.from_tables(settings, **tables)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = qo.solve(scenario(), profile="exact")
    return Path(plan.write(tmp_path_factory.mktemp("traded") / "plan"))


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    return copy_to_break(sound, tmp_path / "plan")


def test_the_folder_states_each_trade_and_passes(sound: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Each year: A buys 300 at 1; 250 of the 300 that B leaves of F's 500 are sold at 0.5, less a fifth.
    trades = table(sound, "trades.csv")
    assert list(trades) == ["place", "resource", "year", "until", "side", "amount", "price", "levy", "money", "for"]
    lines = trades[["place", "year", "side", "amount", "price", "levy", "money", "for"]].to_numpy().tolist()
    assert lines == [
        ["M", "2024", "buy", "300.0", "1.0", "0.0", "300.0", "A"],
        ["N", "2024", "sell", "250.0", "0.5", "25.0", "100.0", ""],
        ["M", "2025", "buy", "300.0", "1.0", "0.0", "300.0", "A"],
        ["N", "2025", "sell", "250.0", "0.5", "25.0", "100.0", ""],
    ]
    assert verified(sound, capsys) == (0, [])


def test_a_folder_without_the_rule_has_no_trades(tmp_path: Path) -> None:
    settings, tables = case_of(projects="project place energy_tce value_added\nA C 300 900")
    folder = qo.solve(qo.Scenario.from_tables(settings, **tables), profile="exact").write(tmp_path / "plan")
    assert not (Path(folder) / "trades.csv").exists()


def test_a_folder_with_the_rule_has_the_table_though_nothing_is_traded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dear = qo.solve(scenario(buy_price=99.0, sell_price=0.0), profile="exact")
    folder = Path(dear.write(tmp_path / "plan"))
    assert len(table(folder, "trades.csv")) == 0
    assert verified(folder, capsys) == (0, [])


RULES: dict[str, dict[str, Any]] = {
    "300 are bought a year": {"max_buy": 299.0},
    "half of what is new is sold": {"max_sell_share": 0.4},
    "A buys more than it must": {"limit": {"buy_share": 0.9}},
}


@pytest.mark.parametrize("name", RULES)
def test_a_plan_that_breaks_what_the_rule_says_is_caught_by_it(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state_other_inputs(folder, scenario(**RULES[name]))
    code, findings = verified(folder, capsys)
    assert code == 5
    assert rules_named(findings) == {"trading"}


def test_sales_that_a_town_had_to_keep_are_caught_by_retention(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # B uses 200 in N and 250 are sold: at keep = 0.6 only 200 may leave.
    state_other_inputs(folder, scenario(others={"retention": {"keep": 0.6}}))
    code, findings = verified(folder, capsys)
    assert code == 5
    assert {finding["at"].get("rule") for finding in findings} == {"retention"}


def remove(name: str) -> Forgery:
    return lambda folder: (folder / name).unlink()


EDITS: dict[str, tuple[Forgery, str]] = {
    "a purchase left out": (drop_row("trades.csv", 0), "trading"),
    "a sale left out": (drop_row("trades.csv", 1), "ledger"),
    "less bought than must be": (set_cell("trades.csv", 0, "amount", 200), "trading"),
    "more bought than must be": (set_cell("trades.csv", 0, "amount", 301), "trading"),
    "more sold than is new": (set_cell("trades.csv", 1, "amount", 260), "trading"),
    "less sold than was": (set_cell("trades.csv", 1, "amount", 240), "ledger"),
    "a negative sale": (set_cell("trades.csv", 1, "amount", -250), "trades.csv"),
    "a sale without an end": (set_cell("trades.csv", 1, "amount", "inf"), "trades.csv"),
    "a sale of nobody knows how much": (set_cell("trades.csv", 1, "amount", ""), "trades.csv"),
    "a purchase in no year": (set_cell("trades.csv", 0, "year", ""), "trades.csv"),
    "a purchase at a lower price": (set_cell("trades.csv", 0, "price", 0.9), "price"),
    "a sale that brings more": (set_cell("trades.csv", 1, "money", 125), "money"),
    "a sale without the levy": (set_cell("trades.csv", 1, "levy", 0), "levy"),
    "a purchase that stands longer": (set_cell("trades.csv", 0, "until", 2025), "until"),
    "a purchase for nobody": (set_cell("trades.csv", 0, "for", ""), "trading"),
    "a purchase for another project": (set_cell("trades.csv", 0, "for", "B"), "trades.csv"),
    "a purchase for a project nobody knows": (set_cell("trades.csv", 0, "for", "Z"), "trades.csv"),
    "a sale as a purchase": (set_cell("trades.csv", 1, "side", "buy"), "ledger"),
    "a trade of another kind": (set_cell("trades.csv", 1, "side", "rent"), "trades.csv"),
    "a sale at another place": (set_cell("trades.csv", 1, "place", "M"), "trading"),
    "a sale at a place nobody knows": (set_cell("trades.csv", 1, "place", "Q"), "trades.csv"),
    "a sale of a resource nobody trades": (set_cell("trades.csv", 1, "resource", "coal"), "trades.csv"),
    "a sale in a year nobody plans": (set_cell("trades.csv", 1, "year", 2031), "trades.csv"),
    "a sale in another year": (set_cell("trades.csv", 1, "year", 2025), "trades.csv"),
    "a trade stated twice": (add_row("trades.csv", 0), "twice"),
    "a trade nobody made": (add_row("trades.csv", 1, place="C", amount=5), "trading"),
    "no table of trades": (remove("trades.csv"), "trades.csv"),
    "a ledger line that is not bought": (set_cell("ledger.csv", 0, "from_kind", "initial"), "ledger"),
    "a cost that is lower than it is": (say_measure("purchase_cost", 1.0), "purchase_cost"),
    "an income that is higher than it is": (say_measure("sale_income", 999.0), "sale_income"),
    "a measure of trade left out": (say_measure("energy_sold", None), "energy_sold"),
    "an objective without the money": (say(objective=3580.0, bound=3580.0), "objective"),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_folder_edited_by_hand_is_caught(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change, word = EDITS[name]
    change(folder)
    code, findings = verified(folder, capsys)
    assert code == 5
    assert word in json.dumps(findings, ensure_ascii=False)


def test_prices_of_other_inputs_are_caught(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state_other_inputs(folder, scenario(buy_price=0.9))
    code, findings = verified(folder, capsys)
    assert code == 5
    assert "price" in json.dumps(findings, ensure_ascii=False)


def test_trades_of_a_case_without_the_rule_are_caught(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings, tables = case_of(projects="project place energy_tce value_added\nA C 300 900")
    state_other_inputs(folder, qo.Scenario.from_tables(settings, **tables))
    code, findings = verified(folder, capsys)
    assert code == 5
    assert "trades.csv" in json.dumps(findings, ensure_ascii=False)
    assert "trading" in record(folder)["audit"]
