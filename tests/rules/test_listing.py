"""Listing: which firms may be closed. F1, F2, F3 pay 4, 5, 6 of tax per mu; each holds 100 tce and loses 10 closing.

P, worth 900, needs all three; Q, worth 500, two of them; R, worth 90, one.
"""

from __future__ import annotations

from typing import Any

import pytest
from against_brute import both, case_of

FIRMS = """
    firm place energy_tce value_added tax land_mu above_scale grade grade_previous tax_per_mu_previous violations
    F1   C     100        10          40  10      no          C     D              5                   0
    F2   C     100        10          50  10      yes         C     C              6                   1
    F3   C     100        10          12  2       no          D     C              6                   0"""
PROJECTS = "project place energy_tce value_added\nP C 300 900\nQ C 200 500\nR C 100 90"


def closing(*firms: str) -> set[str]:
    return {f"{firm}:close:2024" for firm in firms}


def case_listing(*any_of: dict[str, Any], **more: Any) -> Any:
    settings, tables = case_of(firms=FIRMS, projects=PROJECTS)
    settings["actions"] = {"close": {}}
    settings["rules"] = {"listing": {"any_of": list(any_of), **more}} if any_of else {}
    return settings, tables


TAX = {"measure": "tax_per_mu", "op": "<=", "value": 5.0}


def test_without_the_rule_every_firm_may_be_closed() -> None:
    assert both(case_listing()) == (closing("F1", "F2", "F3"), {"P:2024"}, 870.0)


@pytest.mark.parametrize(
    ("condition", "firms", "project", "value"),
    [
        (TAX, ("F1", "F2"), "Q", 480.0),  # 4 and 5 are at most 5
        ({**TAX, "op": "<"}, ("F1",), "R", 80.0),  # 5 is not below 5
        ({**TAX, "years": 2}, ("F1",), "R", 80.0),  # F2 paid 6 the year before
        ({"grade": "C"}, ("F1", "F2"), "Q", 480.0),
        ({"grade": "C", "years": 2}, ("F2",), "R", 80.0),  # F1 was a D the year before
        ({"violation": True}, ("F2",), "R", 80.0),
    ],
)
def test_a_condition_lists_the_firms_that_meet_it(
    condition: dict[str, Any], firms: tuple[str, ...], project: str, value: float
) -> None:
    assert both(case_listing(condition)) == (closing(*firms), {f"{project}:2024"}, value)


def test_one_condition_of_several_is_enough() -> None:
    assert both(case_listing({"grade": "D"}, {**TAX, "op": "<"})) == (closing("F1", "F3"), {"Q:2024"}, 480.0)


def test_firms_outside_the_scope_are_not_listed() -> None:
    # F3, below scale on 2 mu, is out at 3 mu or more; at 2 mu it is in again.
    conditions = ({"grade": "C"}, {"grade": "D"})
    scope = {"above_scale": True, "or_land_mu": 3.0}
    assert both(case_listing(*conditions, scope=scope)) == (closing("F1", "F2"), {"Q:2024"}, 480.0)
    scope = {"above_scale": True, "or_land_mu": 2.0}
    assert both(case_listing(*conditions, scope=scope))[0] == closing("F1", "F2", "F3")


def test_a_firm_without_land_has_no_tax_per_mu_and_is_not_listed_by_it() -> None:
    settings, tables = case_listing(TAX)
    tables["firms"][0]["land_mu"] = 0.0
    assert both((settings, tables)) == (closing("F2"), {"R:2024"}, 80.0)


def test_an_unlisted_firm_may_still_be_upgraded() -> None:
    settings, tables = case_listing({"grade": "D"})
    tables["actions"] = [
        {"firm": "F1", "action": "close", "frees_energy_tce": 300.0},
        {"firm": "F1", "action": "upgrade", "frees_energy_tce": 200.0},
    ]
    assert both((settings, tables)) == ({"F1:upgrade:2024"}, {"Q:2024"}, 500.0)


def test_the_kinds_it_restricts_are_those_an_unlisted_firm_may_not_have() -> None:
    # F1 is not listed (a C); closing it frees 300 for P, upgrading 200 for Q.
    for restricts, done, project, value in (
        (["close"], {"F1:upgrade:2024"}, "Q", 500.0),
        (["upgrade"], closing("F1"), "P", 890.0),
        (["close", "upgrade"], set(), "", 0.0),
        ([], closing("F1"), "P", 890.0),
    ):
        settings, tables = case_listing({"grade": "D"}, restricts=restricts)
        tables["actions"] = [
            {"firm": "F1", "action": "close", "frees_energy_tce": 300.0},
            {"firm": "F1", "action": "upgrade", "frees_energy_tce": 200.0},
        ]
        assert both((settings, tables)) == (done, {f"{project}:2024"} if project else set(), value)
