"""Three engines, one answer: every built-in case to the same objective, within the gaps they prove."""

from __future__ import annotations

import pytest

import quota_opt as qo

COUNTIES = ("cixi", "zhuji", "fenghua", "ouhai", "yueqing")
ENGINES = {"highs": "auto", "mathopt": "ortools-highs", "pulp": "cbc"}
LONGEST = {"fenghua": 120.0}
"""Seconds for each of the other engines; 40 where nothing is said."""
OURS = 120.0
"""Seconds for the default profile; a few on an idle machine."""
GAPS = {"pulp": 2e-3}
"""What CBC proves of every county in that time; the others prove their profile's."""


@pytest.mark.parametrize("profile", ["exact", "scip", "ortools-highs", "cbc"])
@pytest.mark.parametrize(("name", "objective"), [("worked-example", 2000.0), ("published", 520_000.0)])
def test_a_small_case_has_one_optimum_whoever_solves_it(name: str, objective: float, profile: str) -> None:
    plan = qo.solve(name, profile=profile, gap=0.0)
    assert plan.status == "OPTIMAL"
    assert plan.objective == pytest.approx(objective, rel=1e-6)
    assert qo.verify(plan).ok


@pytest.mark.slow
@pytest.mark.parametrize("name", COUNTIES)
def test_a_county_has_one_optimum_within_the_gaps_proven(name: str) -> None:
    limit = LONGEST.get(name, 40.0)
    plans = {
        engine: qo.solve(name, profile=profile, gap=GAPS.get(engine), time_limit=OURS if engine == "highs" else limit)
        for engine, profile in ENGINES.items()
    }
    for one in plans.values():
        assert qo.verify(one).ok
        for other in plans.values():
            # No plan is better than any bound, so all are the same within what each proves.
            assert one.objective <= other.bound * (1 + 1e-6)
    ours = plans["highs"]
    assert ours.status == "OPTIMAL"
    assert ours.gap <= 1e-4 + 1e-12
    assert len(ours.awards) and len(ours.actions)
    assert plans["mathopt"].status == "OPTIMAL"
    assert plans["pulp"].gap <= GAPS["pulp"]
