"""Retention in breadth: another share for one place, and who may use the part that stays.

F frees 1,000 tce in T1. A (strategic, 300) needs 600 there, E (other, 700) 500 there; B (chain, 2,000) 500 in T2.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from against_brute import case_of, words

import quota_opt as qo
from quota_opt.errors import InputError

PROJECTS = """
    project place category  energy_tce value_added
    A       T1    strategic 600        300
    E       T1    other     500        700
    B       T2    chain     500        2000"""


def keeping(*, quotas: str = "", projects: str = PROJECTS, **rule: Any) -> qo.Scenario:
    settings, tables = case_of(
        "C county -\nT1 town C\nT2 town C",
        quotas=f"place resource year amount\n{quotas}" if quotas else "",
        firms="firm place\nF T1",
        actions="firm action frees_energy_tce\nF close 1000",
        projects=projects,
        rules={"retention": {"clause": "FH 4", **rule}} if rule else {},
    )
    return qo.Scenario.from_tables(settings, **tables)


def started(**case: Any) -> str:
    plan = qo.solve(keeping(**case), profile="exact")
    assert qo.verify(plan).ok, qo.verify(plan).problems
    return " ".join(sorted(name.split(":")[0] for name in words(plan)[1]))


def test_one_place_may_keep_more_or_less_than_the_others() -> None:
    # All may go: B in T2 and E in T1. At 0.6 only 400 may leave: E alone (700), A (600) beside it does not fit.
    assert started() == "B E"
    assert started(keep=0.6) == "E"
    assert started(keep=0.0, by_place={"T1": 0.6}) == "E"
    assert started(keep=0.6, by_place={"T1": 0.5}) == "B E"
    assert started(keep=0.6, by_place={"T2": 0.0}) == "E"


def test_a_place_with_a_share_of_its_own_is_bound_whatever_its_level() -> None:
    assert started(keep=0.0, levels=["zone"], by_place={"T1": 0.6}) == "E"


def test_what_stays_is_for_the_categories_named() -> None:
    # 600 stay for strategic projects: A. The other 400 are too little for E (500) and for B (500).
    assert started(keep=0.6, categories=["strategic"]) == "A"
    # 500 stay, too little for A (600) beside B; the other 500 are for one of E and B: B.
    assert started(keep=0.5, categories=["strategic"]) == "B"
    # Where other projects may use it as well, E takes the 500 that stay.
    assert started(keep=0.5, categories=["strategic", "other"]) == "B E"


def test_what_is_held_from_the_start_is_for_anyone() -> None:
    # 400 free and 100 held are enough for E or B: B; A takes the 600 that stay.
    assert started(quotas="T1 energy * 100", keep=0.6, categories=["strategic"]) == "A B"


def test_what_comes_in_is_for_anyone() -> None:
    # A takes the 600 that stay. The 400 that may leave and the county's 500 serve one of E and B (900 of 1,000): B,
    # or E where B is worth 100.
    assert started(quotas="C energy * 500", keep=0.6, categories=["strategic"]) == "A B"
    one = PROJECTS.replace("2000", "100")
    assert started(quotas="C energy * 500", keep=0.6, categories=["strategic"], projects=one) == "A E"


def test_the_pool_gets_its_share_beside() -> None:
    # 40 % must go up; 600 stay for A. Without a category E takes 500 of them instead (700).
    assert started(keep=0.6, pool=0.4, categories=["strategic"]) == "A"
    assert started(keep=0.6, pool=0.4) == "E"


@pytest.mark.parametrize(
    "rule", [{"keep": 0.5, "pool": 0.3, "by_place": {"T1": 0.8}}, {"by_place": {"T1": 1.2}}, {"by_place": {"T1": -0.1}}]
)
def test_shares_that_do_not_fit_are_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        keeping(**rule)


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"by_place": {"T9": 0.5}}, "unknown-place"),
        ({"by_place": {"C": 0.5}}, "place-without-parent"),
        ({"keep": 0.5, "categories": ["strategy"]}, "unknown-choice"),
    ],
)
def test_names_that_are_not_there_are_errors(rule: dict[str, Any], code: str) -> None:
    assert [f.code for f in qo.check(keeping(**rule)) if f.level == "error"] == [code]


def audit_under(plan: Any, **rule: Any) -> Any:
    """The plan re-examined by a rule it was not made under."""
    rules = qo.build(keeping(**rule)).case.rules
    outcome = replace(plan.outcome, case=replace(plan.outcome.case, rules=rules))
    return rules[0].audit(outcome)


def test_the_audit_catches_what_leaves_too_much_or_goes_to_others() -> None:
    plan = qo.solve(keeping(), profile="exact")  # B and E: 500 leave T1, 500 are used there
    assert not audit_under(plan, keep=0.0, by_place={"T1": 0.6}).ok
    assert audit_under(plan, keep=0.5).ok
    broken = audit_under(plan, keep=0.5, categories=["strategic"])
    assert not broken.ok
    assert np.isclose(broken.worst_excess, 500.0)  # 500 + 500 of 500
    assert broken.texts[0].en == (
        "T1 frees 1,000 tce in 2024, sends out 500, gives 500 to projects of other categories, may do 500 of both."
    )
    assert broken.texts[0].zh.endswith("其他类别项目使用 500，两项合计上限 500。")
