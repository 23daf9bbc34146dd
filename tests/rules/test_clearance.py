"""Clearance: tax per mu is 4 for F1, 8 for F2, 12 for F3; F4 has no land. Treating loses 10 and frees nothing needed.

Each may be closed (losing 10) or upgraded (losing 4); the best plan without the rule treats no one.
"""

from __future__ import annotations

from typing import Any

import pytest
from against_brute import case_of
from by_tool import audit_of, best, codes, findings, no_plan

FIRMS = """
    firm place tax land_mu above_scale protected_as
    F1   N     40  10      yes         grain
    F2   M     16  2       no          -
    F3   M     120 10      yes         -
    F4   N     10  0       yes         -"""
ACTIONS = """
    firm action  frees_energy_tce value_added_lost earliest latest
    F1   close   100              10               -        -
    F1   upgrade 50               4                -        -
    F2   close   100              10               -        -
    F3   close   100              10               -        -
    F3   upgrade 50               4                -        -"""


def case_clearing(rule: dict[str, Any] | None, *, actions: str = ACTIONS, **more: Any) -> Any:
    line = {"measure": "tax_per_mu", "op": "<=", "value": 8.0, "clause": "OH 3.1.2"}
    settings = {"rules": {**({"clearance": {**line, **rule}} if rule is not None else {}), **more.pop("rules", {})}}
    return case_of(
        "C county -\nN town C\nM town C", years=(2022, 2023), firms=FIRMS, actions=actions, **settings, **more
    )


def test_without_the_rule_nobody_is_treated() -> None:
    assert best(case_clearing(None)) == (set(), set(), 0.0)


def test_every_firm_on_the_line_is_treated_by_the_last_year() -> None:
    # The cheapest way and as late as may be: F1 upgraded, F2 closed, in 2023.
    assert best(case_clearing({})) == ({"F1:upgrade:2023", "F2:close:2023"}, set(), -14.0)


def test_the_operator_is_exact() -> None:
    assert best(case_clearing({"op": "<"})) == ({"F1:upgrade:2023"}, set(), -4.0)
    assert best(case_clearing({"op": ">", "value": 8.0})) == ({"F3:upgrade:2023"}, set(), -4.0)
    # A firm without land has no tax per mu and meets neither side of any line.
    assert best(case_clearing({"op": ">=", "value": 0.0}))[0] == {"F1:upgrade:2023", "F2:close:2023", "F3:upgrade:2023"}


def test_the_deadline_counts() -> None:
    # Treated in 2022, each loses its value added twice.
    assert best(case_clearing({"by": 2022})) == ({"F1:upgrade:2022", "F2:close:2022"}, set(), -28.0)


def test_only_the_kinds_named_count() -> None:
    assert best(case_clearing({"kinds": ["close"]})) == ({"F1:close:2023", "F2:close:2023"}, set(), -20.0)


def test_any_kind_of_treatment_counts_unless_kinds_are_named() -> None:
    # F1 may be closed (10), rebuilt (3), relocated (2) or merged (1); F2 lies beyond the line too and is closed.
    ways = """
        firm action   value_added_lost
        F1   close    10
        F1   rebuild  3
        F1   relocate 2
        F1   merge    1
        F2   close    10"""
    for kinds, done, lost in (
        (None, "F1:merge:2023", 11.0),
        (["close", "rebuild", "relocate"], "F1:relocate:2023", 12.0),
        (["close", "rebuild"], "F1:rebuild:2023", 13.0),
    ):
        rule = {"kinds": kinds} if kinds else {}
        assert best(case_clearing(rule, actions=ways)) == ({done, "F2:close:2023"}, set(), -lost)


def test_scope_and_places_narrow_whom_it_is_about() -> None:
    assert best(case_clearing({"scope": {"above_scale": True, "or_land_mu": 3.0}}))[0] == {"F1:upgrade:2023"}
    assert best(case_clearing({"scope": {"above_scale": True, "or_land_mu": 2.0}}))[2] == -14.0
    assert best(case_clearing({"places": ["M"]}))[0] == {"F2:close:2023"}
    assert best(case_clearing({"places": ["C"]}))[2] == -14.0


def test_any_numeric_figure_of_a_firm_may_be_the_line() -> None:
    assert best(case_clearing({"measure": "land_mu", "op": "<", "value": 5.0, "places": ["M"]}))[0] == {"F2:close:2023"}


def test_a_firm_that_nothing_can_treat_is_an_error() -> None:
    # F2 has no other action than closing; F4 has no figure and is not concerned.
    (finding,) = findings(case_clearing({"kinds": ["upgrade"]}), "clearance")
    assert (finding.level.value, finding.code) == ("error", "untreatable-firms")
    assert "F2" in finding.what.zh and "8" in finding.what.zh and "F1" not in finding.what.en
    assert finding.where.clause == "OH 3.1.2"


def test_it_may_be_let_off_with_a_note() -> None:
    given = case_clearing({"kinds": ["upgrade"], "allow_untreatable": True})
    assert codes(given, "clearance") == {("info", "untreatable-firms")}
    assert best(given) == ({"F1:upgrade:2023"}, set(), -4.0)


@pytest.mark.parametrize(
    "untreatable",
    [
        {"rules": {"protection": {"protected_as": ["grain"], "forbids": ["close", "upgrade"]}}},
        {"rules": {"protection": {"protected_as": ["grain"]}}, "actions": ACTIONS.replace("F1   upgrade", "F3 merge")},
        {"actions": ACTIONS.replace("50               4                -        -", "50 4 2024 -", 1), "close": True},
    ],
)
def test_protection_and_windows_make_a_firm_untreatable(untreatable: dict[str, Any]) -> None:
    given = dict(untreatable)
    rule = {"kinds": ["upgrade"], "places": ["N"]} if given.pop("close", False) else {"places": ["N"]}
    (finding,) = findings(case_clearing(rule, **given), "clearance")
    assert finding.level.value == "error" and "F1" in finding.what.en


def test_a_deadline_that_comes_too_early_for_the_only_action_is_an_error() -> None:
    late = ACTIONS.replace("10               -        -", "10 2023 -")
    assert codes(case_clearing({"by": 2022}, actions=late), "clearance") == {("error", "untreatable-firms")}
    assert codes(case_clearing({"by": 2023}, actions=late), "clearance") == set()


def test_without_a_table_of_actions_the_listed_firms_have_those_of_the_settings() -> None:
    # Only F1 (4 <= 5) is listed, so F2 has no action at all.
    rules = {"listing": {"any_of": [{"measure": "tax_per_mu", "op": "<=", "value": 5.0}]}}
    settings = {"actions": {"close": {"cost": 3.0}}}
    given = case_clearing({}, actions="", rules=rules)
    given[0].update(settings)
    assert codes(given, "clearance") == {("error", "untreatable-firms")}
    narrower = case_clearing({"value": 5.0}, actions="", rules=rules)
    narrower[0].update(settings)
    assert {done.rpartition(":")[0] for done in best(narrower)[0]} == {"F1:close"}


def test_it_may_clash_with_another_rule() -> None:
    settings, tables = case_clearing({})
    tables["targets"] = [{"measure": "firms_treated", "sense": "<=", "value": 1.0}]
    assert no_plan((settings, tables))


def test_the_audit_catches_a_firm_left_as_it_is_or_treated_late() -> None:
    audit = audit_of(case_clearing({"op": "<"}), case_clearing({}), "clearance")
    assert not audit.ok and audit.worst_excess == 1.0 and audit.unit == "firms" and audit.clause == "OH 3.1.2"
    assert "F2" in audit.texts[0].en and "亩均税收" in audit.texts[0].zh and "8" in audit.texts[0].zh
    late = audit_of(case_clearing({}), case_clearing({"by": 2022}), "clearance")
    assert not late.ok and set(late.figures["firm"]) == {"F1", "F2"}
    other = audit_of(case_clearing({}), case_clearing({"kinds": ["close"]}), "clearance")
    assert not other.ok and "F1" in other.texts[0].zh
    kept = audit_of(case_clearing({}), case_clearing({}), "clearance")
    assert kept.ok and kept.binding and "2" in kept.texts[0].zh


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"measure": "tax_per_acre"}, ("error", "unknown-choice")),
        ({"places": ["X"]}, ("error", "unknown-place")),
        ({"by": 2020}, ("error", "deadline-outside-horizon")),
        ({"by": 2025}, ("warning", "deadline-outside-horizon")),
        ({"kinds": ["shut"]}, ("error", "unknown-choice")),
        ({"kinds": []}, ("error", "bad-setting")),
        ({"op": "=<"}, ("error", "unknown-choice")),
        ({"value": "low"}, ("error", "wrong-kind")),
    ],
)
def test_what_does_not_fit_the_case_is_a_finding(rule: dict[str, Any], code: tuple[str, str]) -> None:
    assert codes(case_clearing(rule), "clearance") == {code}


def test_before_its_deadline_or_switched_off_it_demands_nothing() -> None:
    assert best(case_clearing({"by": 2025}))[0] == set()
    assert best(case_clearing({"enabled": False}))[0] == set()
