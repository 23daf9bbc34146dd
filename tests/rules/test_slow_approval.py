"""Slow approval: P and Q are steel (100 and 60 tce, worth 90 and 50 a year), R is glass (80, 70); quota for all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from against_brute import case_of
from by_tool import audit_of, best, codes, findings, shares

import quota_opt as qo
from quota_opt.scenario import write_workbook

PROJECTS = """
    project place sector energy_tce value_added {more}
    P       N     steel  100        90          {p}
    Q       M     steel  60         50          {q}
    R       M     glass  80         70          {q}"""


def case_slowed(rule: dict[str, Any] | None, more: str = "", p: str = "", q: str = "", **rules: Any) -> Any:
    slow = {"slow_approval": {"sectors": ["steel"], "clause": "YQ 1.5", **rule}} if rule is not None else {}
    return case_of(
        "C county -\nN town C\nM town C",
        years=(2024, 2026),
        projects=PROJECTS.format(more=more, p=p, q=q),
        quotas="place resource year amount\nC energy * 1000",
        rules={**slow, **rules},
    )


ALL = {"P:2024", "Q:2024", "R:2024"}


def test_without_the_rule_everything_starts_at_once() -> None:
    assert best(case_slowed(None)) == (set(), ALL, 630.0)


def test_by_default_the_sectors_get_nothing_new() -> None:
    assert best(case_slowed({})) == (set(), {"R:2024"}, 210.0)


def test_a_bound_a_year_spreads_the_starts() -> None:
    assert best(case_slowed({"max_per_year": 160.0}))[1] == ALL
    # Not both in one year: P first, 270 + 100; Q first would be 150 + 180.
    assert best(case_slowed({"max_per_year": 159.0})) == (set(), {"P:2024", "Q:2025", "R:2024"}, 580.0)
    # P is too large for any year.
    assert best(case_slowed({"max_per_year": 99.0})) == (set(), {"Q:2024", "R:2024"}, 360.0)


def test_it_holds_from_one_year_to_another() -> None:
    assert best(case_slowed({"to": 2024}))[1] == {"P:2025", "Q:2025", "R:2024"}
    assert best(case_slowed({"from": 2024, "to": 2025}))[1] == {"P:2026", "Q:2026", "R:2024"}
    assert best(case_slowed({"from": 2025}))[1] == ALL


def test_it_holds_at_its_places() -> None:
    assert best(case_slowed({"places": ["N"]}))[1] == {"Q:2024", "R:2024"}
    assert best(case_slowed({"places": ["C"]}))[1] == {"R:2024"}


def test_the_sectors_share_the_bound() -> None:
    # 180 hold P and R in 2024, Q follows in 2025: 3 x 160 + 2 x 50.
    rule = {"sectors": ["steel", "glass"], "max_per_year": 180.0}
    assert best(case_slowed(rule)) == (set(), {"P:2024", "R:2024", "Q:2025"}, 580.0)


def test_what_counts_is_base_energy_at_full_load_without_substitution() -> None:
    assert best(case_slowed({"max_per_year": 160.0}, more="ramp", p="0.5;1", q="-"))[1] == ALL
    assert best(case_slowed({"max_per_year": 159.0}, more="ramp", p="0.5;1", q="-"))[1] != ALL
    limit = {"value": 0.9, "action": "substitute", "ratio": 2.0}
    assert best(case_slowed({"max_per_year": 160.0}, admission={"limits": [limit]}))[1] == ALL


def test_a_divisible_project_is_approved_in_part() -> None:
    given = case_slowed({"max_per_year": 110.0, "from": 2024}, more="divisible", p="yes", q="no")
    # All of P in 2024 and Q in 2025 (370) beat Q and half of P at once (150 + 135).
    assert shares(given) == {"P": 1.0, "Q": 1.0, "R": 1.0}
    # 75 a year hold three quarters of P, once, and Q in another year.
    assert shares(case_slowed({"max_per_year": 75.0}, more="divisible", p="yes", q="no"))["P"] == 0.75


def test_the_audit_catches_a_plan_that_approves_too_much() -> None:
    strict = case_slowed({"max_per_year": 100.0})
    audit = audit_of(case_slowed(None), strict, "slow_approval")
    assert not audit.ok and audit.worst_excess == pytest.approx(60.0)
    assert audit.unit == "tce" and audit.clause == "YQ 1.5"
    assert "160 tce" in audit.texts[0].en and "160 吨标准煤" in audit.texts[0].zh
    kept = audit_of(strict, strict, "slow_approval")
    assert kept.ok and kept.binding


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"sectors": ["stele"]}, ("warning", "unknown-choice")),
        ({"places": ["X"]}, ("error", "unknown-place")),
        ({"from": 2030}, ("warning", "years-outside-horizon")),
        ({"from": 2025, "to": 2024}, ("error", "bad-setting")),
        ({"max_per_year": -1.0}, ("error", "out-of-range")),
        ({"sectors": []}, ("error", "bad-setting")),
        ({"from_": 2024}, ("error", "unknown-key")),
    ],
)
def test_what_does_not_fit_the_case_is_a_finding(rule: dict[str, Any], code: tuple[str, str]) -> None:
    assert codes(case_slowed(rule), "slow_approval") == {code}


def test_the_years_are_written_as_from_and_to() -> None:
    (finding,) = findings(case_slowed({"from": "soon"}), "slow_approval")
    assert finding.where.path == "rules.slow_approval.from"


def test_switched_off_or_after_the_horizon_it_bounds_nothing() -> None:
    assert best(case_slowed({"enabled": False}))[1] == ALL
    assert best(case_slowed({"from": 2030}))[1] == ALL


def test_a_workbook_holds_the_years_under_the_same_names(tmp_path: Path) -> None:
    settings, tables = case_slowed({"to": 2024})
    settings["rules"]["slow_approval"]["from"] = 2024
    scenario = qo.Scenario.from_tables(settings, **tables)
    write_workbook(tmp_path / "case.xlsx", scenario)
    again = qo.read(tmp_path / "case.xlsx")
    assert again.rules["slow_approval"] == scenario.rules["slow_approval"]
