"""Two-high: P and Q are tagged (at equivalent value 1,200 and 5,000 tce), R is not; quota for all three.

At equal value P is 2,400 tce on 3,000 of value added (0.8), Q 6,000 on 15,000 (0.4), R 9,000 on 9,000 (1.0).
"""

from __future__ import annotations

from typing import Any

import pytest
from against_brute import case_of
from by_tool import audit_of, best, codes, findings, no_plan

FIRMS = """
    firm place sector energy_tce energy_equivalent_tce built_year tags
    F1   N     steel  3000       1000                  2018       two_high
    F2   N     steel  9000       4999                  2017       two_high
    F3   M     steel  9000       5000                  2017       two_high
    F4   M     glass  9000       8000                  2010       -
    F5   M     steel  2000       1500                  -          two_high
    F6   M     steel  1500       999                   2020       two_high"""
PROJECTS = """
    project place sector energy_tce energy_equivalent_tce value_added electricity_mwh tags
    P       N     steel  2400       1200                  3000        4000            two_high
    Q       M     steel  6000       5000                  15000       -               two_high;key
    R       M     glass  9000       8000                  9000        -               -"""


def case_reviewing(rule: dict[str, Any] | None, *, firms: str = FIRMS, projects: str = PROJECTS) -> Any:
    return case_of(
        "C county -\nN town C\nM town C",
        firms=firms,
        projects=projects,
        quotas="place resource year amount\nC energy * 100000",
        rules={"two_high": {"clause": "YQ 1.5", **rule}} if rule is not None else {},
    )


ALL = {"P:2024", "Q:2024", "R:2024"}


def noted(given: Any, code: str) -> list[str]:
    """The English words of the notes of one code."""
    return [finding.what.en for finding in findings(given, "two_high") if finding.code == code]


def test_without_the_rule_and_by_default_everything_starts() -> None:
    assert best(case_reviewing(None)) == (set(), ALL, 27000.0)
    assert best(case_reviewing({})) == (set(), ALL, 27000.0)


def test_firms_and_projects_over_the_thresholds_are_reported_by_build_year() -> None:
    since, before = noted(case_reviewing({}), "two-high-threshold")
    # From 1,000 since 2018: F1 at just 1,000, not F6 at 999; F5 of unknown year to be safe; both projects are new.
    assert since.startswith("4 two-high firms and projects, built since 2018, of 1,000 tce (equivalent value) or more")
    assert since.endswith("(1 of them of unknown year, counted to be safe): "
                          "F1 1,000 tce, F5 1,500 tce, P 1,200 tce, Q 5,000 tce.")  # fmt: skip
    # From 5,000 before 2018: F3 at just 5,000, not F2 at 4,999; F4 is not two-high.
    assert before.startswith("1 two-high") and before.endswith("F3 5,000 tce.")


def test_a_threshold_may_be_about_every_user_of_energy() -> None:
    thresholds = [{"tce": 5000.0, "built_before": 2018, "applies_to": "all"}]
    (said,) = noted(case_reviewing({"thresholds": thresholds}), "two-high-threshold")
    assert "F3 5,000 tce, F4 8,000 tce." in said


def test_sizes_may_be_held_at_equal_value() -> None:
    since, before = noted(case_reviewing({"basis": "equal_value"}), "two-high-threshold")
    assert "F6 1,500 tce" in since and "equal value" in since
    assert "F2 9,000 tce, F3 9,000 tce." in before


def test_sectors_and_places_say_whom_it_is_about() -> None:
    (since, before) = noted(case_reviewing({"sectors": ["glass"], "places": ["M"]}), "two-high-threshold")
    assert "R 8,000 tce" in since and "P " not in since
    assert "F3 5,000 tce, F4 8,000 tce." in before


def test_who_reviews_follows_from_the_size() -> None:
    levels = [{"level": "province", "tce": 5000.0}, {"level": "county", "tce": 1000.0}, {"level": "none", "tce": 0.0}]
    given = case_reviewing({"levels": levels})
    assert noted(given, "two-high-review") == [
        "Energy review by the county: P 1,200 tce.",
        "Energy review by the province: Q 5,000 tce.",
    ]
    # Electricity alone may make a level: 4,000 MWh of P are enough for the city's.
    levels = [{"level": "county", "tce": 1000.0}, {"level": "city", "tce": 2000.0, "mwh": 4000.0}]
    assert "Energy review by the city: P 1,200 tce, Q 5,000 tce." in noted(
        case_reviewing({"levels": levels}), "two-high-review"
    )
    assert best(given)[1] == ALL


def test_projects_of_a_size_that_is_not_accepted_cannot_start() -> None:
    assert best(case_reviewing({"reject_above": 5001.0}))[1] == ALL
    assert best(case_reviewing({"reject_above": 5000.0})) == (set(), {"P:2024", "R:2024"}, 12000.0)
    assert best(case_reviewing({"reject_above": 1200.0}))[1] == {"R:2024"}
    # At equal value P is 2,400.
    assert best(case_reviewing({"reject_above": 2400.0, "basis": "equal_value"}))[1] == {"R:2024"}


def test_projects_above_the_control_cannot_start_where_it_rejects() -> None:
    assert best(case_reviewing({"control": 0.8, "reject": True}))[1] == ALL
    assert best(case_reviewing({"control": 0.79, "reject": True})) == (set(), {"Q:2024", "R:2024"}, 24000.0)
    assert best(case_reviewing({"control": 0.39, "reject": True}))[1] == {"R:2024"}


def test_a_control_that_does_not_reject_is_only_reported() -> None:
    given = case_reviewing({"control": 0.79})
    assert best(given)[1] == ALL
    (said,) = noted(given, "two-high-report")
    assert said.startswith("P: two-high, energy intensity 0.8 is above the control of 0.79")


def test_a_tag_lets_a_project_through_and_the_override_is_reported() -> None:
    given = case_reviewing({"reject_above": 1200.0, "except_tags": ["key"]})
    assert best(given)[1] == {"Q:2024", "R:2024"}
    (said,) = noted(given, "two-high-override")
    assert said.startswith("Q:") and "let through" in said


def test_the_reason_of_a_project_kept_out_names_rule_clause_and_figure() -> None:
    import quota_opt as qo

    settings, tables = case_reviewing({"reject_above": 5000.0})
    reasons = qo.solve(qo.Scenario.from_tables(settings, **tables), profile="exact").reasons
    row = reasons[reasons["id"] == "Q"].iloc[0]
    assert (row["verdict"], row["rule"], row["clause"]) == ("rejected", "two_high", "YQ 1.5")
    assert "5,000 / 5,000" in row["figure"] and "5,000" in row["text"]


def test_the_audit_catches_an_award_to_a_project_that_is_kept_out() -> None:
    large = audit_of(case_reviewing(None), case_reviewing({"reject_above": 5000.0}), "two_high")
    assert not large.ok and large.worst_excess == 1.0 and large.clause == "YQ 1.5"
    assert "Q" in large.texts[0].zh and "5,000 tce" in large.texts[0].en
    intense = audit_of(case_reviewing(None), case_reviewing({"control": 0.79, "reject": True}), "two_high")
    assert not intense.ok and list(intense.figures["project"]) == ["P"] and "0.8" in intense.texts[0].en
    strict = case_reviewing({"reject_above": 5000.0})
    kept = audit_of(strict, strict, "two_high")
    assert kept.ok and kept.binding and "1" in kept.texts[0].zh
    idle = audit_of(case_reviewing({}), case_reviewing({}), "two_high")
    assert idle.ok and not idle.binding and idle.texts == ()


def test_it_may_leave_no_plan() -> None:
    settings, tables = case_reviewing({"reject_above": 1000.0})
    tables["targets"] = [{"measure": "projects_started", "sense": ">=", "value": 2.0}]
    assert no_plan((settings, tables))


def test_energy_on_the_other_basis_is_taken_where_there_is_no_better_and_told() -> None:
    projects = "project place energy_tce value_added tags\nP N 2400 3000 two_high"
    given = case_reviewing({"reject_above": 2400.0}, projects=projects, firms="")
    assert ("warning", "two-high-basis") in codes(given, "two_high")
    assert best(given)[1] == set()


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"places": ["X"]}, ("error", "unknown-place")),
        ({"sectors": ["stele"]}, ("warning", "unknown-choice")),
        ({"tags": ["huge"]}, ("warning", "nothing-two-high")),
        ({"reject": True}, ("error", "bad-setting")),
        ({"thresholds": [{"tce": 1.0, "built_from": 2018, "built_before": 2018}]}, ("error", "bad-setting")),
        ({"levels": [{"level": "town", "tce": 1.0}, {"level": "county", "tce": 1.0}]}, ("error", "bad-setting")),
        ({"levels": [{"level": "village", "tce": 1.0}]}, ("error", "unknown-choice")),
        ({"basis": "net"}, ("error", "unknown-choice")),
    ],
)
def test_what_does_not_fit_the_case_is_a_finding(rule: dict[str, Any], code: tuple[str, str]) -> None:
    assert code in codes(case_reviewing(rule), "two_high")


def test_switched_off_or_without_projects_it_keeps_nothing_out() -> None:
    assert best(case_reviewing({"reject_above": 1.0, "enabled": False}))[1] == ALL
    assert best(case_reviewing({"reject_above": 1.0}, firms="", projects="")) == (set(), set(), 0.0)
