"""One treatment: F1 may be closed (10 lost) or upgraded (4), F2 closed (10), F3 moved (2); nothing freed is needed."""

from __future__ import annotations

from typing import Any

import pytest
from against_brute import case_of
from by_tool import audit_of, best, codes, findings, no_plan

FIRMS = """
    firm place grade protected_as
    F1   N     D     -
    F2   M     D     grain
    F3   M     B     -
    F4   M     A     -"""
ACTIONS = """
    firm action   frees_energy_tce value_added_lost
    F1   close    100              10
    F1   upgrade  50               4
    F2   close    100              10
    F3   relocate 20               2"""
LISTED = {"listing": {"any_of": [{"grade": "D"}]}}


def case_treating(rule: dict[str, Any] | None, **rules: Any) -> Any:
    own = {"one_treatment": {"clause": "ZJ 3.1.2", **rule}} if rule is not None else {}
    return case_of(
        "C county -\nN town C\nM town C",
        years=(2022, 2023),
        firms=FIRMS,
        actions=ACTIONS,
        rules={**own, **rules},
    )


def test_without_the_rule_nobody_is_treated() -> None:
    assert best(case_treating(None, **LISTED)) == (set(), set(), 0.0)


def test_each_listed_firm_gets_one_treatment_the_cheapest_and_latest() -> None:
    assert best(case_treating({}, **LISTED)) == ({"F1:upgrade:2023", "F2:close:2023"}, set(), -14.0)


def test_without_a_list_it_is_about_all_firms_with_an_action() -> None:
    # F4 has none and is left alone.
    done = {"F1:upgrade:2023", "F2:close:2023", "F3:relocate:2023"}
    assert best(case_treating({})) == (done, set(), -16.0)


def test_only_the_kinds_and_places_named_count() -> None:
    assert best(case_treating({"kinds": ["close"]}, **LISTED)) == ({"F1:close:2023", "F2:close:2023"}, set(), -20.0)
    assert best(case_treating({"places": ["N"]}, **LISTED)) == ({"F1:upgrade:2023"}, set(), -4.0)
    assert best(case_treating({"places": ["C"]}, **LISTED))[2] == -14.0


def test_rebuilding_and_merging_are_treatments_as_closing_is() -> None:
    # F1 rebuilt loses 3, merged 1; F2 can only be closed, for 10.
    settings, tables = case_treating({}, **LISTED)
    tables["actions"] += [
        {"firm": "F1", "action": "rebuild", "frees_energy_tce": 30.0, "value_added_lost": 3.0},
        {"firm": "F1", "action": "merge", "frees_energy_tce": 10.0, "value_added_lost": 1.0},
    ]
    assert best((settings, tables)) == ({"F1:merge:2023", "F2:close:2023"}, set(), -11.0)
    settings["rules"]["one_treatment"]["kinds"] = ["close", "rebuild"]
    assert best((settings, tables)) == ({"F1:rebuild:2023", "F2:close:2023"}, set(), -13.0)


def test_no_firm_is_treated_twice_even_where_both_would_pay() -> None:
    settings, tables = case_treating({}, **LISTED)
    tables["projects"] = [{"project": "P", "place": "N", "energy_tce": 250.0, "value_added": 999.0}]
    # Closing and upgrading F1 with F2 closed would free 250; once each they free 200.
    assert best((settings, tables))[1] == set()


def test_a_listed_firm_that_nothing_can_treat_is_an_error_or_a_note() -> None:
    protected = {**LISTED, "protection": {"protected_as": ["grain"]}}
    (finding,) = findings(case_treating({}, **protected), "one_treatment")
    assert (finding.level.value, finding.code) == ("error", "untreatable-firms")
    assert "F2" in finding.what.zh and "D" in finding.what.zh
    let_off = case_treating({"allow_untreatable": True}, **protected)
    assert codes(let_off, "one_treatment") == {("info", "untreatable-firms")}
    assert best(let_off) == ({"F1:upgrade:2023"}, set(), -4.0)


def test_a_listed_firm_without_any_action_is_an_error_too() -> None:
    listed = {"listing": {"any_of": [{"grade": "A"}]}}
    assert codes(case_treating({}, **listed), "one_treatment") == {("error", "untreatable-firms")}


def test_it_may_clash_with_another_rule() -> None:
    settings, tables = case_treating({}, **LISTED)
    tables["targets"] = [{"measure": "firms_treated", "sense": "<=", "value": 1.0}]
    assert no_plan((settings, tables))


def test_the_audit_catches_a_listed_firm_left_as_it_is() -> None:
    audit = audit_of(case_treating({"places": ["N"]}, **LISTED), case_treating({}, **LISTED), "one_treatment")
    assert not audit.ok and audit.worst_excess == 1.0 and audit.unit == "firms" and audit.clause == "ZJ 3.1.2"
    assert "F2" in audit.texts[0].zh and "0" in audit.texts[0].en
    kept = audit_of(case_treating({}, **LISTED), case_treating({}, **LISTED), "one_treatment")
    assert kept.ok and kept.binding and "2" in kept.texts[0].zh


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"places": ["X"]}, ("error", "unknown-place")),
        ({"kinds": ["shut"]}, ("error", "unknown-choice")),
        ({"kind": ["close"]}, ("error", "unknown-key")),
    ],
)
def test_what_does_not_fit_the_case_is_a_finding(rule: dict[str, Any], code: tuple[str, str]) -> None:
    assert codes(case_treating(rule), "one_treatment") == {code}


def test_a_case_without_firms_demands_nothing_and_so_does_the_rule_switched_off() -> None:
    bare = case_of(projects="project place energy_tce value_added\nP C 0 5", rules={"one_treatment": {}})
    assert best(bare) == (set(), {"P:2024"}, 5.0)
    assert best(case_treating({"enabled": False}))[0] == set()
