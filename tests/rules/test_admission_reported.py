"""Portfolio and set limits that are only reported: nothing is held, and the finished plan says how it stands.

P uses 400 for 500 (0.8), Q 100 for 400 (0.25): together 500 for 900, 0.556. F frees 200, losing 50.
"""

from __future__ import annotations

from typing import Any

import pytest
from small import FINAL, case

import quota_opt as qo

PROJECTS = [
    {"project": "P", "place": "N1", "energy_tce": 400, "value_added": 500, "tax": 50, "land_mu": 10},
    {"project": "Q", "place": "N1", "energy_tce": 100, "value_added": 400, "tax": 50, "land_mu": 40},
]


def audit_of(*limits: dict[str, Any]) -> Any:
    scenario = case(
        objective=FINAL,
        projects=PROJECTS,
        firms=[{"firm": "F", "place": "N1", "energy_tce": 200, "value_added": 50}],
        actions=[{"firm": "F", "action": "close"}],
        quotas=[{"place": "N1", "resource": "energy", "year": "*", "amount": 1000.0}],
        rules={"admission": {"limits": [{"action": "report", **limit} for limit in limits]}},
    )
    plan = qo.solve(scenario, profile="exact")
    assert qo.verify(plan).ok
    assert set(plan.awards["project"]) == {"P", "Q"}  # nothing is kept out
    (audit,) = [one for one in plan.audit if one.rule == "admission"]
    assert audit.ok
    assert not audit.binding
    return audit


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        # 500 - 0.5 x 900 = 50; 0.6 x 900 - 500 = 40; P alone 400 - 0.5 x 500 = 150; tax 100 on 50 mu, 3 x 50 - 100.
        (
            {"value": 0.5, "scope": "portfolio"},
            "2025: energy intensity of all projects together is above the limit of 0.5 by 50 tce (reported only).",
        ),
        (
            {"value": 0.6, "scope": "portfolio"},
            "2025: energy intensity of all projects together keeps the limit of 0.6 with 40 tce to spare "
            "(reported only).",
        ),
        (
            {"value": 0.5, "scope": "set", "projects": ["P"], "firms": ["F"]},
            "2025: energy intensity of P + F together is above the limit of 0.5 by 150 tce (reported only).",
        ),
        (
            {"value": 3.0, "scope": "portfolio", "criterion": "tax_per_mu"},
            "2025: tax per mu of all projects together is below the minimum of 3 by 50 10k yuan (reported only).",
        ),
    ],
)
def test_a_reported_limit_is_a_sentence_about_the_finished_plan(limit: dict[str, Any], sentence: str) -> None:
    audit = audit_of(limit)
    assert [text.en for text in audit.texts] == [sentence]
    assert "（仅提示）" in audit.texts[0].zh


def test_each_reported_limit_has_its_own_sentence() -> None:
    texts = audit_of({"value": 0.5, "scope": "portfolio"}, {"value": 0.6, "scope": "portfolio"}).texts
    assert len(texts) == 2
