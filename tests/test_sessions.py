"""A session: one case opened, and changed numbers answered from what the first solve left."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

import quota_opt as qo

CHANGES = [{"rules.retention.keep": 0.7}, {"rules.retention.keep": 0.0}, {}]


def test_the_worked_example_with_a_slider_moved_and_moved_back() -> None:
    """At 60 % kept the plan is worth 2,000; at 70 % 1,200 (the case's own variant); back again, 2,000."""
    session = qo.Session("worked-example")
    assert session.plan is None
    assert session.solve().objective == pytest.approx(2000.0)
    strict = session.solve({"rules.retention.keep": 0.7})
    assert strict.objective == pytest.approx(1200.0)
    assert session.plan is strict
    assert session.scenario.settings.rules["retention"].keep == 0.7  # type: ignore[attr-defined]
    assert session.solve().objective == pytest.approx(2000.0)


def test_changes_count_from_the_case_as_opened() -> None:
    """A change of the discount rate after one of retention leaves retention as the case has it."""
    session = qo.Session("worked-example")
    session.solve({"rules.retention.keep": 0.7})
    session.solve({"scenario.discount_rate": 0.02})
    assert session.scenario.overrides == {"scenario.discount_rate": 0.02}


def test_the_same_change_gives_the_same_plan_whatever_was_asked_before() -> None:
    def plans(order: list[dict[str, float]]) -> dict[str, pd.DataFrame]:
        session = qo.Session("zhuji", gap=1e-3)
        return {str(change): session.solve(change).awards for change in order}

    forwards, backwards = plans(CHANGES), plans(CHANGES[::-1])
    for change in map(str, CHANGES):
        pd.testing.assert_frame_equal(forwards[change], backwards[change])


def test_a_plan_of_a_session_is_verified_and_written_like_any(tmp_path) -> None:  # type: ignore[no-untyped-def]
    session = qo.Session("zhuji", gap=1e-3)
    plan = session.solve({"rules.retention.keep": 0.5})
    assert qo.verify(plan).ok
    assert qo.verify(plan.write(tmp_path / "out")).ok


def test_a_change_that_cannot_be_met_leaves_the_session_as_it_was() -> None:
    session = qo.Session("zhuji", gap=1e-3)
    first = session.solve()
    with pytest.raises(qo.InfeasibleScenario):
        session.solve({"rules.budget.by_year": {"2021": 0, "2022": 0, "2023": 0}})
    with pytest.raises(qo.InputError):
        session.solve({"rules.retention.kept": 0.5})
    assert session.plan is first


def test_a_case_without_a_plan_can_be_mended_in_its_session() -> None:
    nothing = {"rules.budget.by_year": {"2021": 0, "2022": 0, "2023": 0}}
    session = qo.Session(qo.read("zhuji", overrides=nothing), gap=1e-3)
    budget = qo.read("zhuji").settings.rules["budget"].by_year  # type: ignore[attr-defined]
    mended = session.solve({"rules.budget.by_year": {str(year): value for year, value in budget.items()}})
    assert mended.objective == pytest.approx(qo.solve("zhuji", gap=1e-3).objective, rel=1e-3)
    with pytest.raises(qo.InfeasibleScenario):
        session.solve()


def test_two_sessions_at_once_answer_as_one_after_the_other() -> None:
    def answer(keep: float) -> float:
        return qo.Session("worked-example").solve({"rules.retention.keep": keep}).objective

    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(answer, [0.7, 0.0]))
    assert together == [answer(0.7), answer(0.0)]
