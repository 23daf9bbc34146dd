"""One small case whose answer is worked out by hand: tool and oracle must both find it; findings and audits beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from against_brute import agree, neither, solved, words

import quota_opt as qo
from quota_opt.errors import Finding, InputError
from quota_opt.model.case import prepare
from quota_opt.model.rule import RuleAudit
from quota_opt.rules import rules_of

Given = tuple[Mapping[str, Any], Mapping[str, list[dict[str, Any]]]]


def best(given: Given) -> tuple[set[str], set[str], Any]:
    """(what is done, what starts, objective) of the tool's plan, which verifies and is as good as the oracle's."""
    _, plan = agree(*given)
    assert plan is not None, "no plan keeps the rules"
    assert qo.verify(plan).ok, qo.verify(plan).problems
    return (*words(plan), pytest.approx(float(plan.objective)))


def shares(given: Given) -> dict[str, Any]:
    """How much of each project is awarded, over all years."""
    plan = solved(*given)
    assert plan is not None and qo.verify(plan).ok
    return {str(name): pytest.approx(float(s)) for name, s in plan.awards.groupby("project")["share"].sum().items()}


def no_plan(given: Given) -> bool:
    """Whether tool and oracle say that no plan keeps the rules."""
    return neither(given)


def findings(given: Given, rule: str) -> list[Finding]:
    """What the tool has to say about the rule's settings, both languages being there."""
    settings, tables = given
    try:
        found = qo.check(qo.Scenario.from_tables(settings, **tables))
    except InputError as error:
        found = error.findings
    assert all(text.zh and text.en for finding in found for text in (finding.what, finding.fix))
    return [f for f in found if f.where.rule == rule or (f.where.path or "").startswith(f"rules.{rule}")]


def codes(given: Given, rule: str) -> set[tuple[str, str]]:
    """The same as (level, code)."""
    return {(finding.level.value, finding.code) for finding in findings(given, rule)}


def audit_of(loose: Given, strict: Given, rule: str) -> RuleAudit:
    """The best plan of one case, audited by a rule of the other; both have the same tables."""
    plan = solved(*loose)
    assert plan is not None and plan.outcome is not None
    settings, tables = strict
    scenario = qo.Scenario.from_tables(settings, **tables)
    case = prepare(scenario, rules_of(scenario.rules))
    judge = case.rule(rule)
    assert judge is not None
    audit = judge.audit(replace(plan.outcome, case=case))
    assert all(text.zh and text.en for text in audit.texts)
    return audit
