"""What is drawn: the distributions that were written, for each identifier its own, whatever stands beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from uncertain import HALF_TO_ALL, two_towns

from quota_opt.analysis.uncertain.draws import Worlds, draw, quantile
from quota_opt.model.case import prepare
from quota_opt.scenario import Uncertainty
from quota_opt.scenario.uncertainty import Distribution

UNCERTAIN: dict[str, Any] = {
    "actions": {"close": {"slip": {"probability": 0.3, "years": 2}, "delivery": HALF_TO_ALL}},
    "projects": {
        "chain": {"need": {"distribution": "normal", "mean": 1.0, "sd": 0.1}, "delay": {"probability": 0.5}},
        "strategic": {"drop_out": 0.25},
    },
}


def drawn(uncertainty: dict[str, Any] = UNCERTAIN, worlds: int = 2000, seed: int = 1, **more: Any) -> dict[str, Worlds]:
    """The worlds of each firm and project by its identifier."""
    case = prepare(two_towns(uncertainty, **more), ())
    actions, projects = np.arange(len(case.actions)), np.arange(len(case.projects))
    given = Uncertainty.model_validate(uncertainty)
    whole = draw(case, given, actions, projects, worlds=worlds, seed=seed)
    nothing = np.zeros((0, worlds))
    found = {}
    for i, name in enumerate(case.actions["firm"]):
        found[name] = Worlds(
            whole.slip[i : i + 1], whole.delivers[i : i + 1], nothing.astype(int), nothing, nothing.astype(bool)
        )
    for i, name in enumerate(case.projects["project"]):
        part = slice(i, i + 1)
        found[name] = Worlds(nothing.astype(int), nothing, whole.delay[part], whole.needs[part], whole.there[part])
    return found


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ({"distribution": "uniform", "low": 0.5, "high": 0.9}, stats.uniform(0.5, 0.4)),
        ({"distribution": "triangular", "low": 0.4, "mode": 0.8, "high": 1.0}, stats.triang(2 / 3, 0.4, 0.6)),
        ({"distribution": "triangular", "low": 0.4, "mode": 1.0, "high": 1.0}, stats.triang(1.0, 0.4, 0.6)),
        (
            {"distribution": "normal", "mean": 1.0, "sd": 0.2, "low": 0.9, "high": 1.5},
            stats.truncnorm(-0.5, 2.5, 1.0, 0.2),
        ),
        ({"distribution": "normal", "mean": 1.0, "sd": 0.2}, stats.truncnorm(-3.0, 3.0, 1.0, 0.2)),
    ],
)
def test_quantiles_are_those_of_the_distribution_that_is_written(written: dict[str, Any], known: Any) -> None:
    u = np.linspace(0.001, 0.999, 97)
    assert quantile(Distribution.model_validate(written), u) == pytest.approx(known.ppf(u), abs=1e-9)


def test_listed_values_come_with_their_probabilities_in_whatever_order_they_are_written() -> None:
    made = Distribution.model_validate({"distribution": "discrete", "values": [1.0, 0.2], "probabilities": [0.7, 0.3]})
    assert quantile(made, np.array([0.0, 0.29, 0.31, 0.99])).tolist() == [0.2, 0.2, 1.0, 1.0]


def test_lateness_and_dropping_out_are_as_likely_as_written() -> None:
    worlds = drawn()
    assert set(np.unique(worlds["F1"].slip)) == {0, 2}
    assert (worlds["F1"].slip > 0).mean() == pytest.approx(0.3, abs=0.03)
    assert (worlds["A"].delay == 1).mean() == pytest.approx(0.5, abs=0.03)
    assert worlds["B"].there.mean() == pytest.approx(0.75, abs=0.03)
    assert worlds["A"].there.all()
    assert (worlds["D"].needs == 1.0).all()


def test_the_same_seed_draws_the_same_and_more_worlds_begin_with_the_fewer() -> None:
    few, again, many, other = drawn(worlds=50), drawn(worlds=50), drawn(worlds=200), drawn(worlds=50, seed=2)
    assert (few["F2"].delivers == again["F2"].delivers).all()
    assert (few["F2"].delivers == many["F2"].delivers[:, :50]).all()
    assert (few["F2"].delivers != other["F2"].delivers).any()


def test_a_row_keeps_its_draws_whatever_stands_beside_it_and_in_whatever_order() -> None:
    before = drawn()
    rows = [
        {"firm": f, "place": n, "energy_tce": 100.0, "value_added": 1.0}
        for f, n in (("Z", "N2"), ("F3", "N2"), ("AA", "N1"), ("F1", "N1"))
    ]
    case = two_towns(UNCERTAIN)
    changed = type(case).from_tables(
        {
            "scenario": {"name": "x", "first_year": 2024, "last_year": 2030},
            "actions": {"close": {}},
            "uncertainty": UNCERTAIN,
        },
        places=case.places,
        firms=rows,
    )
    made = prepare(changed, ())
    after = draw(
        made, Uncertainty.model_validate(UNCERTAIN), np.arange(4), np.zeros(0, dtype=np.int64), worlds=2000, seed=1
    )
    at = made.actions["firm"].tolist().index("F3")
    assert (after.delivers[at] == before["F3"].delivers[0]).all()
    assert (after.slip[at] == before["F3"].slip[0]).all()


def test_what_is_common_to_a_place_moves_its_rows_together_and_leaves_each_its_distribution() -> None:
    worlds = drawn({**UNCERTAIN, "correlation": 0.6}, worlds=4000)
    one, two, far = (worlds[name].delivers[0] for name in ("F1", "F2", "F3"))
    assert stats.pearsonr(stats.norm.ppf(2 * one - 1), stats.norm.ppf(2 * two - 1))[0] == pytest.approx(0.6, abs=0.04)
    assert abs(stats.spearmanr(one, far)[0]) < 0.05
    assert np.quantile(one, [0.1, 0.5, 0.9]) == pytest.approx([0.55, 0.75, 0.95], abs=0.015)
    together = drawn({**UNCERTAIN, "correlation": 1.0})
    assert together["F1"].delivers == pytest.approx(together["F2"].delivers)
