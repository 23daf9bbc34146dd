"""Directives: what is laid down holds, what is barred needs `bend`, and what cannot be is said before solving.

The case is the worked example: at 0.52 the best plan closes F1 and F2 and awards P1, P2 and P4, 2,000; P3 is at 0.545.
"""

from __future__ import annotations

from typing import Any

import pytest
from against_brute import table

import quota_opt as qo
from quota_opt.errors import InfeasibleScenario, Level


def directed(**directives: Any) -> qo.Scenario:
    return qo.read("worked-example").with_(**{"rules.directives": directives})


def decided(case: qo.Scenario) -> tuple[set[str], set[str], float]:
    plan = qo.solve(case, profile="exact")
    assert qo.verify(plan).ok
    return set(plan.actions["firm"]), set(plan.awards["project"]), plan.objective


def codes(case: qo.Scenario) -> list[str]:
    return [finding.code for finding in qo.check(case) if finding.level is not Level.INFO]


def test_a_barred_project_that_is_bent_in_takes_the_place_of_another() -> None:
    # P3 needs 300 in N2, where only what leaves N1 arrives. F1 alone: 300 of 400, P1 and P4: 2,050 - 300 = 1,750.
    # With P2 as well 900 must come to N2; F1, F2 and F3 give 600 + 200: too little. Without P1 and P4 no more leaves.
    case = directed(projects=[{"project": "P3", "award": True, "bend": True}])
    assert decided(case) == ({"F1"}, {"P1", "P3", "P4"}, 1750.0)
