"""Replacement first: a project waits for the closure (or another treatment) of firms. Years 2024 to 2026.

1,000 tce are held, so energy decides nothing. P is worth 100 a year; closing F1 loses 30 a year, F2 10.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from small import case

import quota_opt as qo
from quota_opt.plan.verify import audits

FIRMS = [{"firm": "F1", "place": "N1", "energy_tce": 10}, {"firm": "F2", "place": "N2", "energy_tce": 10}]
CLOSE = [
    {"firm": "F1", "action": "close", "value_added_lost": 30, "lag": 0},
    {"firm": "F1", "action": "upgrade", "value_added_lost": 1, "lag": 0},
    {"firm": "F2", "action": "close", "value_added_lost": 10, "lag": 1},
]
P = {"project": "P", "place": "N1", "energy_tce": 100, "value_added": 100}


def waiting(*after: dict[str, Any], actions: Any = CLOSE, projects: Any = (P,), **rules: Any) -> qo.Scenario:
    return case(
        last=2026,
        objective={"maximise": {"value_added": 1.0}},
        firms=FIRMS,
        actions=actions,
        projects=list(projects),
        quotas=[{"place": "N1", "resource": "energy", "year": "*", "amount": 1000.0}],
        rules={"chain": {"after": list(after), "clause": "YQ 一.5", **rules}},
    )


def solved(*after: dict[str, Any], **more: Any) -> tuple[dict[str, int], set[str], float]:
    plan = qo.solve(waiting(*after, **more), profile="exact")
    assert qo.verify(plan).ok
    done = {f"{row.firm}:{row.action}:{row.year}" for row in plan.actions.itertuples()}
    return dict(zip(plan.awards["project"], plan.awards["year"].tolist(), strict=True)), done, plan.objective


def test_the_project_waits_until_the_closure_is_effective() -> None:
    # F1 at once: 3 x 70. F2 closes at once too, but counts a year later: 2 x 100 - 3 x 10.
    assert solved({"project": "P", "firms": ["F1"]}) == ({"P": 2024}, {"F1:close:2024"}, 210.0)
    assert solved({"project": "P", "firms": ["F2"]}) == ({"P": 2025}, {"F2:close:2024"}, 170.0)


def test_without_the_lag_the_year_the_closure_is_taken_is_enough() -> None:
    assert solved({"project": "P", "firms": ["F2"], "lag": False}) == ({"P": 2024}, {"F2:close:2024"}, 270.0)


def test_all_the_firms_are_waited_for() -> None:
    # F2 in 2024, effective in 2025; F1 need not close before: 2 x 100 - 3 x 10 - 2 x 30.
    both = solved({"project": "P", "firms": ["F1", "F2"]})
    assert both == ({"P": 2025}, {"F1:close:2025", "F2:close:2024"}, 110.0)


def test_other_kinds_of_treatment_may_count() -> None:
    kinds = {"project": "P", "firms": ["F1"], "actions": ["close", "upgrade"]}
    assert solved(kinds) == ({"P": 2024}, {"F1:upgrade:2024"}, 297.0)


def test_a_group_of_variants_waits_as_one() -> None:
    variants = [{**P, "variant_of": "G"}, {**P, "project": "Q", "value_added": 99, "variant_of": "G"}]
    assert solved({"project": "G", "firms": ["F2"]}, projects=variants)[0] == {"P": 2025}


def test_a_project_not_worth_its_closures_does_not_start() -> None:
    cheap = {**P, "value_added": 29}
    assert solved({"project": "P", "firms": ["F1"]}, projects=[cheap]) == ({}, set(), 0.0)


def test_a_firm_without_such_an_action_is_a_warning_and_the_project_stays_out() -> None:
    after = {"project": "P", "firms": ["F2"], "actions": ["upgrade"]}
    (finding,) = [f for f in qo.check(waiting(after)) if f.code == "waits-for-ever"]
    assert (finding.level, finding.where.clause) == ("warning", "YQ 一.5")
    assert solved(after) == ({}, set(), 0.0)


@pytest.mark.parametrize(
    "after",
    [
        {"project": "nobody", "firms": ["F1"]},
        {"project": "P", "firms": ["nobody"]},
        {"project": "P", "firms": ["F1"], "actions": ["nothing"]},
    ],
)
def test_names_that_are_not_there_are_errors(after: dict[str, Any]) -> None:
    assert [f.code for f in qo.check(waiting(after)) if f.level == "error"] == ["unknown-choice"]


def test_the_audit_catches_a_start_before_the_closure() -> None:
    plan = qo.solve(waiting(enabled=False), profile="exact")  # P in 2024, nobody closes
    assert plan.outcome is not None
    rules = qo.build(waiting({"project": "P", "firms": ["F1"]})).case.rules
    (audit,) = [
        one for one in audits(replace(plan.outcome, case=replace(plan.outcome.case, rules=rules))) if not one.ok
    ]
    assert audit.rule == "chain"
    assert audit.texts[0].en == "P starts in 2024, before the treatment of F1 is effective."


def test_the_audit_says_where_the_closure_decides_the_year() -> None:
    plan = qo.solve(waiting({"project": "P", "firms": ["F2"]}), profile="exact")
    (audit,) = [one for one in plan.audit if one.rule == "chain"]
    assert audit.binding
    assert audit.texts[0].zh == "P 于 2025 年开工，正是 F2 的整治生效之年，不能再早。"
