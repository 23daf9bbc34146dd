"""Intensity decline: F1 (1,000 tce, 500) and F2 (500 tce, 500) stand at 1.5 together.

Closing F1 frees 1,000 and loses 500; P needs 400 and brings 400 (intensity 1), Q 900 and 450 (intensity 2).
"""

from __future__ import annotations

from typing import Any

import pytest
from against_brute import case_of
from by_tool import audit_of, best, codes, findings, no_plan


def case_declining(rule: dict[str, Any] | None, **more: Any) -> Any:
    tables: dict[str, Any] = {
        "firms": "firm place energy_tce value_added\nF1 N 1000 500\nF2 M 500 500",
        "actions": "firm action earliest\nF1 close -",
        "projects": "project place energy_tce value_added\nP N 400 400\nQ M 900 450",
        "quotas": "place resource year amount\nC energy * 900",
    }
    return case_of(
        "C county -\nN town C\nM town C",
        **{"years": (2024, 2024), **tables, **more},
        rules={"intensity_decline": {"clause": "CX 2", **rule}} if rule is not None else {},
    )


def test_without_the_rule_intensity_does_not_bind() -> None:
    # Q alone fits into 900: 450. With F1 closed both fit, 850 - 500 = 350.
    assert best(case_declining(None)) == (set(), {"Q:2024"}, 450.0)


def test_a_decline_of_nothing_keeps_the_intensity_where_it_was() -> None:
    # With Q: 2,400 on 1,450 is 1.655, above 1.5. With P: 1,900 on 1,400 is 1.357.
    assert best(case_declining({"decline": 0.0})) == (set(), {"P:2024"}, 400.0)


def test_the_decline_binds_at_its_exact_value() -> None:
    # 1,900 / 1,400 is a decline of 1 - 1.357142.../1.5 = 2/21 = 0.0952...
    assert best(case_declining({"decline": 0.0952}))[1] == {"P:2024"}
    # At 10 % the limit is 1.35: F1 closed, P and Q are 1,800 on 1,350, 1.333 (a decline of 1/9), worth 850 - 500.
    assert best(case_declining({"decline": 0.1})) == ({"F1:close:2024"}, {"P:2024", "Q:2024"}, 350.0)
    # At 12 % it is 1.32: F1 closed and P are 900 on 900, a loss of 100; with Q alone it would be 1,400 on 950.
    assert best(case_declining({"decline": 0.12})) == ({"F1:close:2024"}, {"P:2024"}, -100.0)
    # F1 closed alone is 500 on 500, 1.0; P keeps it at 1.0, which is a third below 1.5.
    assert best(case_declining({"decline": 0.333}))[2] == -100.0
    assert no_plan(case_declining({"decline": 0.34}))


def test_the_base_may_be_given() -> None:
    # From 2,000 tce on 1,000: 2.0, and the plan is measured on top of that base. With Q 2,900 on 1,450: 2.0.
    base = {"base_energy": 2000.0, "base_value_added": 1000.0}
    assert best(case_declining({"decline": 0.0, **base}))[1] == {"Q:2024"}
    # With P 2,400 on 1,400: 1.714, a decline of a seventh.
    assert best(case_declining({"decline": 0.01, **base}))[1] == {"P:2024"}
    assert best(case_declining({"decline": 0.142, **base}))[1] == {"P:2024"}


def test_it_is_measured_at_its_place() -> None:
    # In N: 1,000 on 500 is 2.0, P brings 1,400 on 900. In M: 500 on 500 is 1.0, Q brings 1,400 on 950: 1.47.
    assert best(case_declining({"decline": 0.0, "place": "M"}))[1] == {"P:2024"}
    assert best(case_declining({"decline": 0.0, "place": "N"}))[1] == {"Q:2024"}
    assert best(case_declining({"decline": 0.2, "place": "N"}))[1] == {"P:2024"}
    assert best(case_declining({"decline": 0.0, "place": "C"}))[1] == {"P:2024"}


def test_it_is_measured_in_its_year() -> None:
    # Nothing above 1.5 in 2024, when P runs; Q comes in 2025 in its place or not at all: 450 against 2 x 400.
    two = {"years": (2024, 2025)}
    assert best(case_declining({"decline": 0.0}, **two)) == (set(), {"P:2024"}, 800.0)
    assert best(case_declining({"decline": 0.0, "by": 2025}, **two))[1] == {"P:2024"}
    # By 2024 alone: Q in 2025 is free of it. 900 hold either P from 2024 (800) or Q from 2025 (450).
    later = {**two, "quotas": "place resource year amount\nC energy 2024 900\nC energy 2025 1300"}
    assert best(case_declining({"decline": 0.0, "by": 2024}, **later)) == (set(), {"P:2024", "Q:2025"}, 1250.0)
    assert best(case_declining({"decline": 0.0, "by": 2025}, **later))[1] == {"P:2024"}


def test_energy_counts_when_it_is_there_not_when_it_is_promised() -> None:
    # Closing takes a year to deliver: in 2024 its value added is gone and its energy is not yet free.
    slow = {"actions": "firm action lag\nF1 close 1"}
    assert no_plan(case_declining({"decline": 0.1}, **slow))
    assert best(case_declining({"decline": 0.1}, **slow, years=(2024, 2025)))[0] == {"F1:close:2024"}


def test_the_audit_catches_a_plan_that_is_too_intense() -> None:
    strict = case_declining({"decline": 0.0})
    audit = audit_of(case_declining(None), strict, "intensity_decline")
    # 2,400 tce against 1.5 x 1,450 = 2,175.
    assert not audit.ok and audit.worst_excess == pytest.approx(225.0)
    assert audit.clause == "CX 2" and audit.unit == "tce"
    assert "1.655" in audit.texts[0].zh and "1.5" in audit.texts[0].en
    kept = audit_of(strict, strict, "intensity_decline")
    assert kept.ok and not kept.binding
    assert kept.figures["intensity"].iloc[0] == pytest.approx(1900 / 1400)


def test_base_figures_from_the_firms_are_told() -> None:
    found = findings(case_declining({"decline": 0.1}), "intensity_decline")
    assert {f.code for f in found} == {"base-from-firms"} and len(found) == 2
    assert any("1,500 tce" in f.what.en for f in found)
    base = {"base_energy": 2000.0, "base_value_added": 1000.0}
    assert findings(case_declining({"decline": 0.1, **base}), "intensity_decline") == []


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"decline": 0.1, "place": "X"}, "unknown-place"),
        ({"decline": 0.1, "by": 2030}, "year-outside-horizon"),
        ({"decline": 1.5}, "out-of-range"),
        ({}, "missing-setting"),
        ({"decline": 0.1, "base_energy": 0.0}, "out-of-range"),
    ],
)
def test_what_does_not_fit_the_case_is_an_error(rule: dict[str, Any], code: str) -> None:
    assert {c for level, c in codes(case_declining(rule), "intensity_decline") if level == "error"} == {code}


def test_without_firms_the_base_must_be_given() -> None:
    bare = {"firms": "", "actions": ""}
    assert ("error", "no-base") in codes(case_declining({"decline": 0.1}, **bare), "intensity_decline")
    base = {"base_energy": 1500.0, "base_value_added": 1000.0}
    assert best(case_declining({"decline": 0.0, **base}, **bare))[1] == {"P:2024"}


def test_a_case_without_energy_cannot_have_it() -> None:
    bare = case_declining({"decline": 0.1}, resources=("carbon",), quotas="place resource year amount\nC carbon * 1")
    assert ("error", "no-energy") in codes(bare, "intensity_decline")


def test_switched_off_it_bounds_nothing() -> None:
    assert best(case_declining({"decline": 0.34, "enabled": False}))[1] == {"Q:2024"}
