"""Plans of two stages against every plan there is, in three worlds."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import FINAL, case
from strategies import examples
from uncertain import HALF_TO_ALL, two_towns

import quota_opt as qo
from quota_opt.analysis.uncertain.draws import draw
from quota_opt.analysis.uncertain.evaluate import tail_mean
from quota_opt.analysis.uncertain.two_stage import representative, two_stage, weighted_tail_mean
from quota_opt.errors import InputError
from quota_opt.model.case import prepare
from quota_opt.scenario import Uncertainty

UNCERTAIN: dict[str, Any] = {
    "actions": {"close": {"slip": {"probability": 0.3}, "delivery": HALF_TO_ALL}},
    "projects": {
        "chain": {"need": {"distribution": "uniform", "low": 0.8, "high": 1.3}},
        "strategic": {"drop_out": 0.3},
        "upgrade": {"delay": {"probability": 0.5}},
    },
    "recourse": {"shortfall_cost": 0.8, "alpha": 0.5, "weight": 0.4},
}
GAINS = {"A": 900.0, "B": 1000.0, "D": 400.0}
NEEDS = {"A": 500.0, "B": 600.0, "D": 300.0}
FREES = {"F1": 600.0, "F2": 400.0, "F3": 500.0}
VALUE = {"maximise": {"value_added": 1.0}}


def best_by_trying(seed: int, worlds: int, alpha: float, weight: float, cost: float, last: int = 2025) -> float:
    """The best value over every way to close and start in 2024 or 2025, or not at all; quota moves freely."""
    case = prepare(two_towns(UNCERTAIN, last=last, objective=VALUE), ())
    given_ = Uncertainty.model_validate(UNCERTAIN)
    drawn = draw(case, given_, np.arange(3), np.arange(3), worlds=worlds, seed=seed)
    firms, projects = case.actions["firm"].tolist(), case.projects["project"].tolist()
    years, found = range(last - 2024 + 1), -np.inf
    options = [None, *years]
    for closed in itertools.product(options, repeat=3):
        for started in itertools.product(options, repeat=3):
            stated = [
                sum(FREES[f] for f, t in zip(firms, closed, strict=True) if t is not None and t <= s)
                - sum(NEEDS[p] for p, t in zip(projects, started, strict=True) if t is not None and t <= s)
                for s in years
            ]
            if min(stated) < 0:
                continue
            value, costs = np.zeros(worlds), np.zeros(worlds)
            for k in range(worlds):
                act = [None if t is None else t + drawn.slip[i, k] for i, t in enumerate(closed)]
                start = [
                    None if t is None or not drawn.there[i, k] else t + drawn.delay[i, k] for i, t in enumerate(started)
                ]
                for s in years:
                    value[k] -= sum(60.0 for t in act if t is not None and t <= s)
                    has = sum(
                        FREES[f] * drawn.delivers[i, k]
                        for i, (f, t) in enumerate(zip(firms, act, strict=True))
                        if t is not None and t <= s
                    )
                    for i, (p, t) in enumerate(zip(projects, start, strict=True)):
                        if t is not None and t <= s:
                            value[k] += GAINS[p]
                            has -= NEEDS[p] * drawn.needs[i, k]
                    costs[k] += cost * max(-has, 0.0)
            found = max(found, value.mean() - costs.mean() - weight * tail_mean(costs, alpha))
    return float(found)


@pytest.mark.parametrize(("seed", "weight", "cost"), [(0, 0.4, 0.8), (1, 0.0, 2.0), (2, 2.0, 0.5), (3, 1.0, 3.0)])
def test_the_plan_is_the_best_there_is_in_three_worlds(seed: int, weight: float, cost: float) -> None:
    made = two_stage(
        two_towns(UNCERTAIN, objective=VALUE),
        3,
        seed=seed,
        weight=weight,
        shortfall_cost=cost,
        fresh=20,
        profile="exact",
    )
    tried = best_by_trying(seed, 3, alpha=0.5, weight=weight, cost=cost)
    assert made.status == "OPTIMAL"
    assert made.value == pytest.approx(tried, abs=1e-6)
    table = made.compared.set_index(["worlds", "plan"])
    # What the solver says of the plan is what passing quota along world by world says.
    assert table.loc[("in", "two_stage"), "value"] == pytest.approx(made.value, abs=1e-5)
    assert made.vss >= -1e-6
    assert table.loc[("in", "plain"), "value"] <= made.value + 1e-6


@pytest.mark.parametrize(
    "rules",
    [
        {"retention": {"keep": 0.5}},
        {"retention": {"keep": 0.4, "pool": 0.3}},
        {"retention": {"keep": 0.6, "categories": ["chain"]}},
        {"caps": {"caps": [{"amount": 1200.0}]}},
    ],
)
def test_what_the_model_and_the_worlds_say_agrees_under_other_rules_too(rules: dict[str, Any]) -> None:
    made = two_stage(two_towns(UNCERTAIN, rules=rules), 8, weight=0.7, fresh=50, profile="exact")
    table = made.compared.set_index(["worlds", "plan"])
    assert table.loc[("in", "two_stage"), "value"] == pytest.approx(made.value, rel=1e-7)
    assert made.vss >= -1e-6
    assert qo.verify(made.plan).ok


def test_a_divisible_award_keeps_the_share_it_was_given_for_the_worlds() -> None:
    # 1,000 held; P may be of any size, is worth 1 a tce and needs once or twice what is stated, equally likely. A tce
    # short costs 3: beyond half its size each tce brings 1 and costs 3 every second time, so that P gets 500.
    need = {"distribution": "discrete", "values": [1.0, 2.0], "probabilities": [0.5, 0.5]}
    uncertain = {"projects": {"chain": {"need": need}}, "recourse": {"shortfall_cost": 3.0}}
    rows = [
        {"project": "P", "place": "N1", "category": "chain", "energy_tce": 1000.0, "value_added": 1000.0}
        | {"divisible": True, "min_share": 0.1}
    ]
    held = [{"place": "N1", "resource": "energy", "year": "*", "amount": 1000.0}]
    scenario = case(last=2024, objective=FINAL, settings={"uncertainty": uncertain}, projects=rows, quotas=held)
    made = two_stage(scenario, 2, drawn=40, fresh=10, profile="exact")
    assert made.plain.awards["share"].tolist() == pytest.approx([1.0])
    assert made.plan.awards["share"].tolist() == pytest.approx([0.5])
    assert qo.verify(made.plan).ok


def test_where_nothing_lacks_it_is_the_plan_of_the_case_itself() -> None:
    sure = {"projects": {"strategic": {"drop_out": 1e-9}}, "recourse": {"shortfall_cost": 1.0}}
    made = two_stage(two_towns(sure), 5, fresh=5, profile="exact")
    assert made.value == qo.solve(two_towns(sure), profile="exact").objective
    assert made.vss == 0.0
    assert made.compared["served"].eq(1.0).all()


def test_the_plan_is_a_folder_that_verifies_and_says_what_it_was_made_for(tmp_path: Path) -> None:
    made = two_stage(two_towns(UNCERTAIN), 4, seed=5, fresh=30, profile="exact")
    folder = made.write(tmp_path / "out", "zh")
    assert {"stochastic.json", "stochastic.csv", "stochastic.html", "stochastic.xlsx"} <= {
        p.name for p in folder.iterdir()
    }
    assert qo.verify(folder).ok
    again = qo.solve(qo.read_result(folder).scenario, profile="exact")
    assert again.awards["project"].tolist() == made.plan.awards["project"].tolist()
    assert again.actions["firm"].tolist() == made.plan.actions["firm"].tolist()
    record = made.record()
    assert (record["samples"], record["seed"], record["fresh_seed"]) == (4, 5, 6)
    assert record["uncertainty"]["recourse"]["shortfall_cost"] == 0.8
    same = two_stage(two_towns(UNCERTAIN), 4, seed=5, fresh=30, profile="exact")
    assert same.compared.equals(made.compared)


def test_what_it_lacks_is_said() -> None:
    silent = {key: value for key, value in UNCERTAIN.items() if key != "recourse"}
    for scenario, code in (
        (two_towns(silent), "no-shortfall-cost"),
        (two_towns(), "nothing-uncertain"),
        (two_towns({**UNCERTAIN, "recourse": {"shortfall_cost": {"carbn": 1.0}}}), "unknown-name"),
        (
            two_towns(UNCERTAIN, objective={"form": "lexicographic", "order": [{"measure": "value_added"}]}),
            "objective-not-weighted",
        ),
        (two_towns(UNCERTAIN, rules={"trading": {"buy_price": 0.5}}), "trading-not-staged"),
    ):
        with pytest.raises(InputError) as caught:
            two_stage(scenario, 3)
        assert caught.value.findings[0].code == code


VALUES = st.lists(st.tuples(st.integers(-20, 20), st.integers(1, 5)), min_size=1, max_size=8)


@given(VALUES, st.sampled_from([0.25, 0.5, 0.9]))
@examples(60)
def test_a_weighted_tail_is_that_of_each_value_as_often_as_it_weighs(
    values: list[tuple[int, int]], alpha: float
) -> None:
    x, times = (np.array([float(pair[i]) for pair in values]) for i in range(2))
    repeated = np.repeat(x, times.astype(int))
    assert weighted_tail_mean(x, times / times.sum(), alpha) == pytest.approx(tail_mean(repeated, alpha), abs=1e-9)


def test_worlds_are_reduced_to_those_that_stand_for_the_others() -> None:
    # Three heaps of 1, 3 and 6 worlds.
    heaps = np.array([[0.0], *[[10.0]] * 3, *[[50.0]] * 6])
    chosen, share = representative(heaps, 3)
    assert chosen.tolist() == [0, 1, 4]
    assert share.tolist() == [0.1, 0.3, 0.6]
    every, equal = representative(heaps, 20)
    assert every.tolist() == list(range(10))
    assert equal.tolist() == [0.1] * 10
    made = two_stage(two_towns(UNCERTAIN), 5, drawn=40, fresh=10, profile="exact")
    assert (made.samples, made.drawn) == (5, 40)
    value = made.compared.set_index(["worlds", "plan"]).loc[("in", "two_stage"), "value"]
    assert value == pytest.approx(made.value, rel=1e-7)
