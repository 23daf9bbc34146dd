"""The price of robustness: none at 0, never less for more, and each plan a result folder that verifies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from uncertain import HALF_TO_ALL, one_closure, two_towns

import quota_opt as qo
from quota_opt.analysis.uncertain.robust import deviations_of, folder_of, robust
from quota_opt.errors import InfeasibleScenario, InputError

UNCERTAIN: dict[str, Any] = {
    "actions": {"close": {"delivery": {"distribution": "triangular", "low": 0.7, "mode": 0.9, "high": 1.0}}},
    "projects": {"upgrade": {"need": {"distribution": "uniform", "low": 0.9, "high": 1.2}}},
}


def test_the_ends_of_the_distributions_are_the_deviations_unless_the_rule_says_others() -> None:
    slips = {**UNCERTAIN, "actions": {"close": {"slip": {"probability": 0.1, "years": 2}, "delivery": HALF_TO_ALL}}}
    assert deviations_of(two_towns(UNCERTAIN)) == {"frees_less": {"close": 0.3}, "needs_more": {"upgrade": 0.2}}
    assert deviations_of(two_towns(slips))["late"] == {"close": 2}
    said = two_towns(UNCERTAIN, rules={"robustness": {"gamma": 3, "frees_less": {"close": 0.05}}})
    assert deviations_of(said) == {"frees_less": {"close": 0.05}}


def test_nothing_is_protected_against_at_0_and_everything_at_once_at_all() -> None:
    # 1,500 are freed, at a loss of 180. All three projects need 1,400: 2,300 - 180. The worst one lacks 180, the worst
    # two 330: A and B (1,100) stand both. All lack 450 of 1,500: of 1,050, B and D take 900 and D's 60 more.
    made = robust(two_towns(UNCERTAIN, last=2024), gammas=(2, "all", 1), samples=400, profile="exact")
    table = made.prices.set_index("gamma")
    assert table.index.tolist() == [0, 1, 2, "all"]
    assert table["objective"].tolist() == [2120.0, 1720.0, 1720.0, 1220.0]
    assert table["price"].tolist() == [0.0, 400.0, 400.0, 900.0]
    assert table.loc[0, "objective"] == qo.solve(two_towns(UNCERTAIN, last=2024), profile="exact").objective
    assert table["served"].is_monotonic_increasing
    assert table.loc["all", "served"] == 1.0
    assert table.loc[0, "served"] < 0.2


def test_a_number_that_no_plan_stands_is_said_and_the_others_stand() -> None:
    must = {"targets": [{"measure": "projects_started", "sense": ">=", "value": 3.0}]}
    made = robust(two_towns(UNCERTAIN, last=2024, **must), gammas=(1,), samples=10, profile="exact")
    assert made.prices["status"].tolist() == ["OPTIMAL", "INFEASIBLE"]
    assert list(made.plans) == [0]
    impossible = {"targets": [{"measure": "projects_started", "sense": ">=", "value": 4.0}]}
    with pytest.raises(InfeasibleScenario):
        robust(two_towns(UNCERTAIN, last=2024, **impossible), gammas=(1,))


def test_without_distributions_the_rule_alone_is_enough_and_without_either_it_is_an_error() -> None:
    made = robust(one_closure(rules={"robustness": {"gamma": 1, "frees_less": {"close": 0.3}}}), gammas=(1,))
    # 700 of 1,000 are sure: P's 800 are not served.
    assert made.prices["objective"].tolist() == [800.0, 0.0]
    assert "served" not in made.prices
    with pytest.raises(InputError) as caught:
        robust(one_closure())
    assert caught.value.findings[0].code == "nothing-deviates"


def test_each_plan_is_a_folder_that_verifies_and_can_be_solved_again(tmp_path: Path) -> None:
    made = robust(two_towns(UNCERTAIN, last=2024), gammas=(1.5,), samples=20, profile="exact")
    folder = made.write(tmp_path / "out", "en")
    names = {path.name for path in folder.iterdir()}
    assert names == {"robust.csv", "robust.json", "report.html", "report.xlsx", "gamma-0", "gamma-1.5"}
    assert qo.verify(folder / folder_of(1.5)).ok
    again = qo.read_result(folder / folder_of(1.5))
    assert qo.solve(again.scenario, profile="exact").objective == made.plans[1.5].objective
    assert "stand" in (folder / "report.html").read_text(encoding="utf-8").lower()
