"""Listing by one figure against another of the same firm: energy per product over the limit of the norm.

Each of F1 … F4 holds 100 tce and loses 10 closing; four projects of 100 tce take all that is freed, so the firms closed
are the firms listed.
"""

from __future__ import annotations

from typing import Any

import pytest
from against_brute import case_of

import quota_opt as qo
from quota_opt.errors import InputError

FIRMS = """
    firm place energy_tce value_added energy_per_product energy_limit
    F1   N     100        10          120                100
    F2   N     100        10          100                100
    F3   N     100        10          90                 -
    F4   N     100        10          80                 70"""
PROJECTS = "project place energy_tce value_added\n" + "\n".join(f"P{k} N 100 {100 - k}" for k in range(4))
BREACH = {"measure": "energy_per_product", "op": ">", "column": "energy_limit"}


def listing_case(*any_of: dict[str, Any]) -> qo.Scenario:
    settings, tables = case_of("C county -\nN town C", firms=FIRMS, projects=PROJECTS)
    settings["actions"] = {"close": {}}
    settings["rules"] = {"listing": {"any_of": list(any_of)}}
    return qo.Scenario.from_tables(settings, **tables)


@pytest.mark.parametrize(
    ("condition", "listed"),
    [
        (BREACH, "F1 F4"),  # F2 is exactly at its limit; F3 has none
        ({**BREACH, "op": ">="}, "F1 F2 F4"),
        ({"all_of": [BREACH, {"measure": "energy_per_product", "op": ">", "value": 100.0}]}, "F1"),
    ],
)
def test_a_firm_over_its_own_limit_is_listed(condition: dict[str, Any], listed: str) -> None:
    plan = qo.solve(listing_case(condition), profile="exact")
    assert " ".join(sorted(plan.actions["firm"])) == listed
    assert qo.verify(plan).ok


def test_the_reason_names_both_figures() -> None:
    case: Any = qo.build(listing_case(BREACH)).case
    assert case.listing.texts[0].en == "energy_per_product 120 (> 100, energy_limit)"
    assert case.listing.texts[0].zh == "单位产品能耗 120（> 100，单位产品能耗限额）"


def test_a_column_that_is_not_there_is_an_error() -> None:
    found = qo.check(listing_case({**BREACH, "column": "nonsense"}))
    assert [f.code for f in found if f.level == "error"] == ["unknown-choice"]


@pytest.mark.parametrize(
    "condition",
    [
        {**BREACH, "value": 1.0},
        {"column": "energy_limit"},
        {"grade": "D", "column": "energy_limit"},
        {"measure": "tax_per_mu", "column": "energy_limit", "years": 2},
    ],
)
def test_a_column_goes_with_a_measure_and_nothing_else(condition: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        listing_case(condition)
