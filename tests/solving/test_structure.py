"""Large models are solved by their structure; made to happen on small ones here, it changes no answer."""

from __future__ import annotations

import pytest

import quota_opt as qo
from quota_opt.solving import structure


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure, "LARGE", 1)


@pytest.mark.parametrize(("address", "objective"), [("worked-example", 2000.0), ("worked-example/keep-70", 1200.0)])
def test_a_small_case_keeps_its_optimum(address: str, objective: float) -> None:
    plan = qo.solve(address)
    assert plan.status == "OPTIMAL"
    assert plan.objective == pytest.approx(objective)
    assert qo.verify(plan).ok


@pytest.mark.parametrize("county", ["yueqing", "ouhai"])
def test_a_county_is_as_good_within_the_gap(county: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = qo.solve(county, time_limit=60)
    monkeypatch.setattr(structure, "LARGE", 10**9)
    whole = qo.solve(county, time_limit=60)
    assert first.status == whole.status == "OPTIMAL"
    assert first.objective <= whole.bound * (1 + 1e-6)
    assert whole.objective <= first.bound * (1 + 1e-6)
    assert qo.verify(first).ok


def test_an_infeasible_case_is_still_infeasible() -> None:
    with pytest.raises(qo.InfeasibleScenario):
        qo.solve(qo.read("zhuji").with_(**{"rules.budget.by_year": {"2021": 0, "2022": 0, "2023": 0}}))


def test_a_caller_who_stops_gets_a_plan_or_a_clear_word() -> None:
    try:
        plan = qo.solve("ouhai", on_progress=lambda progress: progress.seconds < 1.0)
    except qo.NoPlanFound:
        return
    assert plan.status in ("FEASIBLE", "OPTIMAL")
    assert qo.verify(plan).ok
