"""A plan in many worlds: what can be worked out by hand, and re-routing against a linear program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog
from small import case
from strategies import examples
from uncertain import HALF_TO_ALL, one_closure, two_towns

import quota_opt as qo
from quota_opt.analysis.uncertain.evaluate import evaluate, tail_mean
from quota_opt.analysis.uncertain.pools import Limits, shortfall
from quota_opt.errors import InputError
from quota_opt.model.case import prepare

DELIVERY: dict[str, Any] = {"actions": {"close": {"delivery": HALF_TO_ALL}}}


def test_a_closure_that_delivers_half_to_all_serves_its_project_as_often_as_it_should() -> None:
    # 800 of 1,000 u with u uniform on 0.5 … 1: served where u >= 0.8, which is 0.4. Short by 800 - 1,000 u below it,
    # on average 2 (0.3 * 800 - 1,000 (0.64 - 0.25) / 2) = 90; the worst 5 % have u below 0.525, short by 287.5.
    made = evaluate(qo.solve(one_closure(DELIVERY)), samples=6000, seed=3)
    (year,) = made.years.to_dict("records")
    assert year["served"] == made.served == pytest.approx(0.4, abs=0.02)
    assert year["short_energy"] == pytest.approx(90.0, abs=4.0)
    assert year["tail_energy"] == pytest.approx(287.5, abs=2.0)
    (place,) = made.places.to_dict("records")
    assert (place["place"], place["resource"], place["year"]) == ("N1", "energy", 2024)
    assert place["probability"] == pytest.approx(0.6, abs=0.02)
    assert place["used"] == pytest.approx(800.0)
    (award,) = made.awards.to_dict("records")
    assert award["short"] == pytest.approx(0.6, abs=0.02)
    assert award["unserved"] == pytest.approx(90.0 / 800.0, abs=0.006)
    freed = made.measure("energy_freed")
    assert freed["planned"] == 1000.0
    assert [freed[q] for q in ("p05", "p50", "p95")] == pytest.approx([525.0, 750.0, 975.0], abs=12.0)
    # What is not served is not taken back: value added is the plan's in every world.
    assert made.measure("value_added_final")["p05"] == made.measure("value_added_final")["p95"] == 800.0


def test_a_closure_that_slips_leaves_its_first_year_short_and_keeps_the_firm_a_year_longer() -> None:
    slips = {"actions": {"close": {"slip": {"probability": 0.3}}}}
    made = evaluate(qo.solve(one_closure(slips, last=2025)), samples=3000, seed=0)
    years = made.years.set_index("year")
    assert years.loc[2024, "served"] == pytest.approx(0.7, abs=0.03)
    assert years.loc[2025, "served"] == 1.0
    assert years.loc[2024, "short_energy"] == pytest.approx(0.3 * 800.0, abs=25.0)
    # Present value 2 * 900 - 2 * 100; where it slips the firm's 100 of 2024 stay.
    value = made.measure("value_added")
    assert value["planned"] == 1600.0
    assert value["mean"] == pytest.approx(1600.0 + 0.3 * 100.0, abs=4.0)
    assert made.served == years.loc[2024, "served"]


def test_a_project_that_drops_out_or_comes_late_takes_its_value_with_it_and_lacks_nothing() -> None:
    uncertain = {"projects": {"chain": {"drop_out": 0.25, "delay": {"probability": 0.4}}}}
    made = evaluate(qo.solve(one_closure(uncertain, last=2025)), samples=4000, seed=0)
    # Two years of 900 with probability 0.75 * 0.6, one with 0.75 * 0.4; less 2 * 100.
    expected = 900.0 * (2 * 0.75 * 0.6 + 0.75 * 0.4) - 200.0
    assert made.measure("value_added")["mean"] == pytest.approx(expected, abs=25.0)
    assert made.served == 1.0
    (award,) = made.awards.to_dict("records")
    assert (award["drops_out"], award["late"]) == (pytest.approx(0.25, abs=0.02), pytest.approx(0.4, abs=0.03))


def test_a_project_that_needs_more_than_is_there_is_short() -> None:
    # Listed: 1.5 times 800 is 200 more than the 1,000 there are.
    need = {"distribution": "discrete", "values": [1.0, 1.5], "probabilities": [0.8, 0.2]}
    made = evaluate(qo.solve(one_closure({"projects": {"chain": {"need": need}}})), samples=3000, seed=0)
    assert made.served == pytest.approx(0.8, abs=0.03)
    assert made.years["short_energy"].iloc[0] == pytest.approx(0.2 * 200.0, abs=6.0)
    assert made.measure("energy_used")["mean"] == pytest.approx(800.0 * 1.1, abs=12.0)


def test_quota_is_passed_along_again_as_far_as_retention_lets_it() -> None:
    # N1 holds 1,000 and N2 nothing but what comes from N1: 500 of F's 1,000 are retained there.
    sent = {"projects": [{"project": "P", "place": "N2", "category": "chain", "energy_tce": 400.0, "value_added": 9.0}]}
    base = dict(
        last=2024,
        settings={"uncertainty": DELIVERY},
        firms=[{"firm": "F", "place": "N1", "energy_tce": 1000.0}],
        actions=[{"firm": "F", "action": "close"}],
        **sent,
    )
    free = evaluate(qo.solve(case(**base)), samples=2000, seed=0)
    kept = evaluate(qo.solve(case(**base, rules={"retention": {"keep": 0.5}})), samples=2000, seed=0)
    # 1,000 u are at least 500: enough. Of them half may leave: 500 u >= 400 where u >= 0.8.
    assert free.served == 1.0
    assert kept.served == pytest.approx(0.4, abs=0.03)
    assert kept.places["place"].tolist() == ["N2"]


def test_what_a_pool_cannot_give_is_shared_by_those_who_ask_in_proportion() -> None:
    # 900 asked of 600: A (300) and the town's B (600) lack a third each.
    made = case(
        last=2024,
        quotas=[{"place": "county", "resource": "energy", "year": "*", "amount": 900.0}],
        settings={
            "uncertainty": {
                "projects": {
                    c: {"need": {"distribution": "discrete", "values": [1.5], "probabilities": [1.0]}}
                    for c in ("chain", "upgrade")
                }
            }
        },
        projects=[
            {"project": "A", "place": "county", "category": "chain", "energy_tce": 300.0, "value_added": 9.0},
            {"project": "B", "place": "N1", "category": "upgrade", "energy_tce": 600.0, "value_added": 9.0},
        ],
    )
    found = evaluate(qo.solve(made), samples=2, seed=0)
    assert found.places.set_index("place")["expected"].to_dict() == pytest.approx({"county": 150.0, "N1": 300.0})
    assert found.awards["unserved"].tolist() == pytest.approx([1 / 3, 1 / 3])


def test_plans_of_one_case_meet_the_same_worlds_so_that_their_difference_is_known_better() -> None:
    uncertain = {"actions": {"close": {"slip": {"probability": 0.3}, "delivery": HALF_TO_ALL}}}
    scenario = two_towns(uncertain)
    both, one = qo.solve(scenario), qo.solve(scenario.with_(**{"rules.caps.caps": [{"amount": 1100.0}]}))
    assert set(one.actions["firm"]) < set(both.actions["firm"])
    first = evaluate(both, samples=800, seed=5).worlds["energy_freed"]
    same = evaluate(one, samples=800, seed=5).worlds["energy_freed"]
    other = evaluate(one, samples=800, seed=6).worlds["energy_freed"]
    assert float(np.var(first - same)) < 0.6 * float(np.var(first - other))


def test_the_same_seed_gives_the_same_answer_and_the_settings_say_how_often_and_which() -> None:
    plan = qo.solve(two_towns({**DELIVERY, "samples": 30, "seed": 9}))
    one, two = evaluate(plan), evaluate(plan, samples=30, seed=9)
    assert (one.samples, one.seed) == (30, 9)
    assert one.worlds.equals(two.worlds)
    assert not one.worlds.equals(evaluate(plan, seed=8).worlds)
    assert one.record() == two.record()


def test_being_short_costs_what_the_case_says_and_comes_off_the_objective() -> None:
    priced = {**DELIVERY, "recourse": {"shortfall_cost": 0.5, "alpha": 0.9}}
    made = evaluate(qo.solve(one_closure(priced)), samples=4000, seed=3)
    assert made.measure("shortfall_cost")["mean"] == pytest.approx(0.5 * 90.0, abs=2.5)
    assert made.measure("objective_net")["mean"] == pytest.approx(800.0 - 45.0, abs=2.5)
    # The worst tenth: u below 0.55, 800 - 525 = 275.
    assert made.years["tail_energy"].iloc[0] == pytest.approx(275.0, abs=3.0)
    assert made.alpha == 0.9


def test_where_nothing_says_what_is_uncertain_nothing_is_made_up() -> None:
    plan = qo.solve(one_closure())
    with pytest.raises(InputError) as caught:
        evaluate(plan)
    (found,) = caught.value.findings
    assert (found.code, found.where.path) == ("nothing-uncertain", "uncertainty")
    assert evaluate(plan, samples=10, uncertainty=DELIVERY).samples == 10
    with pytest.raises(InputError):
        evaluate(plan, uncertainty={"action": {}})


def test_plans_of_every_kind_can_be_evaluated_and_written(tmp_path: Path) -> None:
    order = {"form": "lexicographic", "order": [{"measure": "value_added"}, {"measure": "energy_idle", "sense": "min"}]}
    market = {"trading": {"buy_price": 0.2, "max_buy": 300.0}}
    kinds = {
        "nothing done": one_closure(
            DELIVERY, objective={"minimise": {"public_cost": 1.0}}, rules={"caps": {"caps": [{"amount": 0.0}]}}
        ),
        "in order": two_towns(DELIVERY, objective=order),
        "with purchases": two_towns(DELIVERY, rules=market),
    }
    for name, scenario in kinds.items():
        made = evaluate(qo.solve(scenario), samples=20)
        folder = made.write(tmp_path / name.replace(" ", "-"), "en")
        assert (folder / "report.xlsx").is_file()
        assert len(made.worlds) == 20
        if name == "in order":
            assert "objective" not in set(made.measures["measure"])
        if name == "nothing done":
            assert made.served == 1.0
            assert made.awards.empty


def test_divisible_awards_use_and_lack_by_their_share() -> None:
    # Half of P fits the 400 held: 400 of its 800. At half as much again it lacks 200.
    need = {"distribution": "discrete", "values": [1.5], "probabilities": [1.0]}
    made = case(
        last=2024,
        settings={"uncertainty": {"projects": {"chain": {"need": need}}}},
        quotas=[{"place": "N1", "resource": "energy", "year": "*", "amount": 400.0}],
        projects=[
            {"project": "P", "place": "N1", "category": "chain", "energy_tce": 800.0, "value_added": 90.0}
            | {"divisible": True, "min_share": 0.1}
        ],
    )
    found = evaluate(qo.solve(made), samples=2)
    assert found.awards["share"].tolist() == pytest.approx([0.5])
    assert found.years["short_energy"].tolist() == pytest.approx([200.0])
    assert found.years["met"].tolist() == pytest.approx([2 / 3])


VALUES = st.lists(st.integers(-50, 50).map(float), min_size=1, max_size=25)


@given(VALUES, st.sampled_from([0.5, 0.8, 0.9, 0.95]))
@examples(60)
def test_the_tail_mean_is_that_of_rockafellar_and_uryasev(values: list[float], alpha: float) -> None:
    x = np.array(values)
    least = min(eta + np.maximum(x - eta, 0.0).mean() / (1.0 - alpha) for eta in x)
    assert tail_mean(x, alpha) == pytest.approx(least, abs=1e-9)


@given(st.data())
@examples(60)
def test_what_is_lacking_is_the_least_that_a_linear_program_finds(data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from([[-1, 0, 0], [-1, 0, 0, 1, 1], [-1, 0, 1, 2], [-1, -1, 0, 1]]))
    levels = ["province", "city", "county", "town"]
    depth = [0 if p < 0 else 1 + (0 if shape[p] < 0 else 1 + (shape[shape[p]] >= 0)) for p in shape]
    rows = [
        {"place": f"n{i}", "level": levels[depth[i]]} | ({"parent": f"n{parent}"} if parent >= 0 else {})
        for i, parent in enumerate(shape)
    ]
    places = prepare(case(places=rows, projects=[]), ())
    size = len(shape)
    numbers = st.integers(-20, 20).map(lambda k: 10.0 * k)
    own = np.array([[data.draw(numbers)] for _ in range(size)])
    used = np.maximum(-own, 0.0) + 10.0
    most = np.array([[data.draw(st.sampled_from([np.inf, 0.0, 50.0, 100.0, -30.0]))] for _ in range(size)])
    least = np.array([[data.draw(st.sampled_from([-np.inf, -np.inf, 0.0, 40.0]))] for _ in range(size)])
    most = np.maximum(most, least)  # retention never asks for more than it lets go
    short = shortfall(places, own, used, Limits(most, least))
    # Columns: what each place sends up, then what it lacks.
    balance = np.zeros((size, 2 * size))
    for n, parent in enumerate(shape):
        balance[n, n], balance[n, size + n] = (1.0 if parent >= 0 else 0.0), -1.0
        if parent >= 0:
            balance[parent, n] -= 1.0
    ends = zip(least[:, 0].tolist(), most[:, 0].tolist(), shape, strict=True)
    bounds = [(low, high) if parent >= 0 else (0.0, 0.0) for low, high, parent in ends]
    cost = [0.0] * size + [1.0] * size
    found = linprog(cost, A_ub=balance, b_ub=own[:, 0], bounds=[*bounds, *[(0.0, None)] * size])
    assert found.status == 0
    assert short.sum() == pytest.approx(found.fun, abs=1e-5)
    assert (short >= 0.0).all()
