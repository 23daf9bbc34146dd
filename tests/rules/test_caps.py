"""Caps: N and M hold quota enough. P (100 tce, 50 t, worth 90) and Q (60, 90, worth 50) in N, R (80, 10, 70) in M."""

from __future__ import annotations

from typing import Any

import pytest
from against_brute import case_of
from by_tool import audit_of, best, codes, findings, no_plan, shares

PROJECTS = """
    project place sector energy_tce carbon_t value_added {more}
    P       N     steel  100        50       90          {p}
    Q       N     steel  60         90       50          {q}
    R       M     glass  80         10       70          {r}"""


def case_capped(*caps: dict[str, Any], more: str = "", p: str = "", q: str = "", r: str = "", **rules: Any) -> Any:
    return case_of(
        "C county -\nN town C\nM town C",
        years=(2024, 2025),
        resources=("energy", "carbon"),
        projects=PROJECTS.format(more=more, p=p, q=q, r=r),
        quotas="place resource year amount\nC energy * 1000\nC carbon * 1000",
        rules={"caps": {"caps": list(caps), "clause": "ZJ 9"}, **rules} if caps else rules,
    )


ALL = {"P:2024", "Q:2024", "R:2024"}


def test_without_a_cap_everything_starts() -> None:
    assert best(case_capped()) == (set(), ALL, 420.0)


def test_a_cap_bounds_what_awards_use_in_every_year() -> None:
    assert best(case_capped({"amount": 240.0}))[1] == ALL  # 100 + 60 + 80 are just 240
    # 180 hold P and R (160 a year); P and Q are worth 140, R and Q 120.
    assert best(case_capped({"amount": 239.0})) == (set(), {"P:2024", "R:2024"}, 320.0)
    assert best(case_capped({"amount": 0.0})) == (set(), set(), 0.0)


def test_a_cap_is_about_its_resource() -> None:
    # Carbon: P and R emit 60, all three 150.
    assert best(case_capped({"resource": "carbon", "amount": 149.0}))[1] == {"P:2024", "R:2024"}
    assert best(case_capped({"resource": "carbon", "amount": 150.0}))[1] == ALL


def test_a_cap_is_about_its_place_and_all_below() -> None:
    assert best(case_capped({"amount": 100.0, "place": "N"}))[1] == {"P:2024", "R:2024"}
    assert best(case_capped({"amount": 79.0, "place": "M"}))[1] == {"P:2024", "Q:2024"}
    assert best(case_capped({"amount": 180.0, "place": "C"}))[1] == {"P:2024", "R:2024"}


def test_a_cap_is_about_its_sector() -> None:
    assert best(case_capped({"amount": 100.0, "sector": "steel"}))[1] == {"P:2024", "R:2024"}
    assert best(case_capped({"amount": 10.0, "sector": "glass"}))[1] == {"P:2024", "Q:2024"}


def test_a_cap_of_one_year_leaves_the_others_free() -> None:
    # 2024 has room for P and R; Q follows in 2025: 2 x 160 + 50.
    caps = {"amount": 180.0, "year": 2024}
    assert best(case_capped(caps)) == (set(), {"P:2024", "R:2024", "Q:2025"}, 370.0)


def test_several_caps_stack() -> None:
    # Steel has room for P or Q, and 170 in all for P and Q (160) or R and Q (140), not for P and R (180).
    caps = ({"amount": 100.0, "sector": "steel"}, {"amount": 170.0})
    assert best(case_capped(*caps)) == (set(), {"Q:2024", "R:2024"}, 240.0)


def test_use_is_counted_as_the_pools_count_it() -> None:
    # A ramp of a half: P uses 50 in its first year, 100 in the second; together 190 and 240.
    ramped = {"more": "ramp", "p": "0.5;1", "q": "-", "r": "-"}
    assert best(case_capped({"amount": 190.0, "year": 2024}, **ramped))[1] == ALL
    assert best(case_capped({"amount": 189.0, "year": 2024}, **ramped))[1] != ALL
    # Twice the quota for what is above 0.95: P (1.11), Q (1.2), R (1.14) all give up double, 480.
    limit = {"value": 0.95, "action": "substitute", "ratio": 2.0}
    double = {"admission": {"limits": [limit]}}
    assert best(case_capped({"amount": 480.0}, **double))[1] == ALL
    assert best(case_capped({"amount": 479.0}, **double))[1] == {"P:2024", "R:2024"}


def test_a_divisible_project_gets_what_is_left_below_the_cap() -> None:
    given = case_capped({"amount": 210.0}, more="divisible", p="no", q="yes", r="no")
    assert shares(given) == {"P": 1.0, "R": 1.0, "Q": 0.5}  # 180 and half of 60


def test_a_cap_may_leave_no_plan() -> None:
    settings, tables = case_capped({"amount": 239.0})
    tables["targets"] = [{"measure": "projects_started", "sense": ">=", "value": 3.0}]
    assert no_plan((settings, tables))


def test_the_audit_catches_a_plan_above_the_cap_and_says_by_how_much() -> None:
    strict = case_capped({"amount": 200.0, "place": "C", "clause": "ZJ 8"})
    audit = audit_of(case_capped(), strict, "caps")
    assert not audit.ok and audit.worst_excess == pytest.approx(40.0) and audit.unit == "tce"
    assert "240 tce" in audit.texts[0].en and "200" in audit.texts[0].en and "ZJ 8" in audit.texts[0].zh
    kept = audit_of(strict, strict, "caps")
    assert kept.ok and not kept.binding and kept.clause == "ZJ 9"
    assert audit_of(case_capped({"amount": 240.0}), case_capped({"amount": 240.0}), "caps").binding


def test_mixed_resources_have_no_unit_in_common() -> None:
    both_caps = case_capped({"amount": 500.0}, {"resource": "carbon", "amount": 500.0})
    assert audit_of(both_caps, both_caps, "caps").unit == "-"


@pytest.mark.parametrize(
    ("cap", "code"),
    [
        ({"amount": 1.0, "place": "X"}, ("error", "unknown-place")),
        ({"amount": 1.0, "resource": "coal"}, ("error", "unknown-choice")),
        ({"amount": 1.0, "sector": "stele"}, ("warning", "unknown-choice")),
        ({"amount": 1.0, "year": 2030}, ("warning", "cap-outside-horizon")),
        ({"amount": -1.0}, ("error", "out-of-range")),
        ({}, ("error", "missing-setting")),
        ({"amount": 1.0, "plcae": "N"}, ("error", "unknown-key")),
    ],
)
def test_what_does_not_fit_the_case_is_a_finding(cap: dict[str, Any], code: tuple[str, str]) -> None:
    assert codes(case_capped(cap), "caps") == {code}


def test_a_finding_points_at_the_cap() -> None:
    (finding,) = findings(case_capped({"amount": 1.0}, {"amount": 1.0, "place": "X"}), "caps")
    assert finding.where.path == "rules.caps.caps.1.place"


def test_switched_off_it_bounds_nothing() -> None:
    settings, tables = case_capped({"amount": 0.0})
    settings["rules"]["caps"]["enabled"] = False
    assert best((settings, tables))[1] == ALL
