"""The ledger where quota is bought and sold, with every line worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from against_brute import case_of

import quota_opt as qo

PLACES = "C county -\nN town C\nM town C"
FIRM = {"firms": "firm place\nF N", "actions": "firm action frees_energy_tce\nF close 500"}


def ledger(**parts: Any) -> list[tuple[int, str, str, str, str, float]]:
    """(year, from, pools, kind of end, to, amount) of each line of the optimal plan."""
    settings, tables = case_of(PLACES, **parts)
    plan = qo.solve(qo.Scenario.from_tables(settings, **tables), profile="exact")
    assert qo.verify(plan).ok
    lines = plan.ledger.to_dict("records")
    return [
        (line["year"], line["from"], line["pool_path"], line["to_kind"], line["to"], pytest.approx(line["amount"]))
        for line in lines
    ]


def test_a_project_uses_what_it_had_to_buy_and_the_pool_gives_the_rest() -> None:
    # A needs 300 and must buy 120. F frees 500: 180 go to A, of the 320 left half of what is new, 250, is sold.
    assert ledger(
        **FIRM,
        projects="project place energy_tce value_added\nA N 300 900",
        rules={
            "trading": {"buy_price": 1.0, "sell_price": 0.1, "max_sell_share": 0.5},
            "admission": {"limits": [{"value": 0.3, "action": "buy", "buy_share": 0.4}]},
        },
    ) == [
        (2024, "bought", "N", "project", "A", 120.0),
        (2024, "F", "N", "project", "A", 180.0),
        (2024, "F", "N", "sold", "sold", 250.0),
        (2024, "F", "N", "idle", "idle", 70.0),
    ]


def test_what_a_place_buys_comes_after_what_it_has_and_moves_like_other_quota() -> None:
    # B needs 700 in M; N holds 100, F frees 500 there, and N alone may buy: 100.
    assert ledger(
        **FIRM,
        quotas="place resource year amount\nN energy * 100",
        projects="project place energy_tce value_added\nB M 700 900",
        rules={"trading": {"buy_price": 1.0, "places": ["N"]}},
    ) == [
        (2024, "initial", "N > C > M", "project", "B", 100.0),
        (2024, "F", "N > C > M", "project", "B", 500.0),
        (2024, "bought", "N > C > M", "project", "B", 100.0),
    ]


def test_what_stands_longer_than_it_is_used_is_idle() -> None:
    # Of the 300 tce A must hold in 2024 only 150 are used in 2025, when the purchase still stands.
    assert ledger(
        years=(2024, 2025),
        projects="project place energy_tce value_added ramp latest\nA N 300 900 1;0.5 2024",
        rules={
            "trading": {"buy_price": 1.0, "lasts": 2},
            "admission": {"limits": [{"value": 0.3, "action": "buy"}]},
        },
    ) == [
        (2024, "bought", "N", "project", "A", 300.0),
        (2025, "bought", "N", "project", "A", 150.0),
        (2025, "bought", "N", "idle", "idle", 150.0),
    ]
