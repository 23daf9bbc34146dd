"""A case solved again with another number comes to what an ordinary solve comes to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import quota_opt as qo
from quota_opt.solving import structure
from quota_opt.solving.memory import Memory, Recall, carried
from quota_opt.solving.profile import read_profile
from quota_opt.solving.proof import proven
from quota_opt.solving.resolve import again
from quota_opt.solving.stages import Solved, optimise

CHANGES: dict[str, list[Mapping[str, Any]]] = {
    "worked-example": [
        {},
        {"rules.retention.keep": 0.7},
        {"rules.retention.keep": 0.0},
        {"scenario.discount_rate": 0.1},
    ],
    "zhuji": [
        {"rules.retention.keep": 0.7},
        {"rules.retention.keep": 0.5},
        {"scenario.discount_rate": 0.02},
        {"scenario.discount_rate": 0.08},
    ],
    "generated": [
        {"rules.retention.keep": 0.55},
        {"rules.retention.keep": 0.0},
        {"objective.minimise.public_cost": 0.5},
        {"rules.admission.limits.0.value": 0.45},
        {"rules.admission.limits.0.value": 0.6},
    ],
}
PAIRS = [(name, change) for name, changes in CHANGES.items() for change in changes]
GAP = 1e-3


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, qo.Scenario]:
    folder = tmp_path_factory.mktemp("cases") / "generated"
    qo.generate_case(folder, firms=40, projects=10, towns=3, seed=5)
    return {"generated": qo.read(folder), **{name: qo.read(name) for name in CHANGES if name != "generated"}}


@pytest.fixture(scope="module")
def openings() -> dict[tuple[str, int], Recall]:
    """What solves of the cases as opened left: filled as they are asked for."""
    return {}


def remembered(openings: dict[tuple[str, int], Recall], name: str, scenario: qo.Scenario) -> Recall:
    key = name, structure.LARGE
    if key not in openings:
        openings[key] = Recall()
        solved(scenario, openings[key])
    return openings[key]


def solved(scenario: qo.Scenario, recall: Recall | None = None) -> Solved:
    profile = read_profile("auto").with_limits(gap=GAP, time_limit=60.0)
    return optimise(qo.build(scenario), profile, recall=recall)


@pytest.mark.parametrize(
    ("name", "change", "large"), [(*pair, 1) for pair in PAIRS] + [(*pair, 10**9) for pair in PAIRS[::5]]
)
def test_the_answer_is_that_of_an_ordinary_solve_within_the_gap(
    name: str,
    change: Mapping[str, Any],
    large: int,
    opened: dict[str, qo.Scenario],
    openings: dict[tuple[str, int], Recall],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(structure, "LARGE", large)
    recall = remembered(openings, name, opened[name])
    changed = opened[name].with_(**change)
    second, plain = solved(changed, recall), solved(changed)
    assert second.status == plain.status == "OPTIMAL"
    sign = 1.0 if second.stages[-1].sense == "max" else -1.0
    room = 1e-6 * abs(plain.objective)
    # Neither plan is better than what the other proves to be possible.
    assert sign * (plain.objective - second.bound) <= room
    assert sign * (second.objective - plain.bound) <= room
    assert second.gap <= GAP + 1e-6
    again_proven = second.stages[-1].proof
    if again_proven is not None:
        assert sign * (plain.objective - sign * proven(second.arrays, again_proven)) <= room


def test_the_case_unchanged_is_answered_from_memory(
    opened: dict[str, qo.Scenario], openings: dict[tuple[str, int], Recall], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(structure, "LARGE", 1)
    memory = remembered(openings, "worked-example", opened["worked-example"]).stages[0]
    assert memory.values is not None and memory.proof is not None
    second = solved(opened["worked-example"], Recall({0: memory}))
    assert second.engine.options["method"] == "again"
    assert second.objective == pytest.approx(memory.arrays.value(memory.values))


def test_memory_that_is_nonsense_changes_no_answer(opened: dict[str, qo.Scenario]) -> None:
    scenario = opened["generated"]
    problem = qo.build(scenario)
    plain = solved(scenario)
    wrong = Memory(problem.arrays, np.ones(problem.arrays.columns), None, None)
    second = solved(scenario, Recall({0: wrong}))
    assert second.status == "OPTIMAL"
    assert second.bound >= plain.objective * (1 - 1e-9)
    assert second.objective <= plain.bound * (1 + 1e-9)


def test_a_change_without_a_plan_is_called_infeasible(
    opened: dict[str, qo.Scenario], openings: dict[tuple[str, int], Recall]
) -> None:
    recall = remembered(openings, "zhuji", opened["zhuji"])
    nothing = {"rules.budget.by_year": {"2021": 0, "2022": 0, "2023": 0}}
    assert solved(opened["zhuji"].with_(**nothing), recall).status == "INFEASIBLE"


def test_a_plan_goes_to_the_columns_with_the_same_labels(opened: dict[str, qo.Scenario]) -> None:
    """A stricter limit takes projects out: what is left of the plan stands at the same firm, project and year."""
    old = qo.build(opened["generated"]).arrays
    new = qo.build(opened["generated"].with_(**{"rules.admission.limits.0.value": 0.3})).arrays
    assert new.columns < old.columns
    numbered = np.arange(1.0, old.columns + 1)
    moved = carried(Memory(old, numbered), new).values
    assert moved is not None
    names = old.column_names()
    expected = {name: float(k + 1) for k, name in enumerate(names)}
    assert moved.tolist() == [expected[name] for name in new.column_names()]


def test_old_prices_at_a_smaller_budget_prove_a_bound_that_is_no_lie(
    opened: dict[str, qo.Scenario], openings: dict[tuple[str, int], Recall], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old proof on new numbers, taken alone: never below what a plan of the changed case reaches."""
    monkeypatch.setattr(structure, "LARGE", 1)
    recall = remembered(openings, "generated", opened["generated"])
    proof = recall.stages[0].proof
    assert proof is not None
    by_year = opened["generated"].settings.rules["budget"].by_year  # type: ignore[attr-defined]
    for factor in (0.9, 1.1):
        change = {f"rules.budget.by_year.{year}": factor * value for year, value in by_year.items()}
        changed = opened["generated"].with_(**change)
        best = solved(changed)
        arrays = qo.build(changed).arrays
        assert proven(arrays, proof) >= best.objective * (1 - 1e-9)
        stepped = again(arrays, read_profile("auto").with_limits(gap=1e-9), recall.stages[0]).solution
        assert stepped.bound >= best.objective * (1 - 1e-9)
