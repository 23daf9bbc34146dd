"""Which block a column is in: subtrees of the place tree, as large as allowed, whatever the rules add."""

from __future__ import annotations

import numpy as np
import pytest
import small

import quota_opt as qo
from quota_opt.facade import rules_of
from quota_opt.model.build import build
from quota_opt.plan.solve import prepared
from quota_opt.solving.by_place import blocks_of, split
from quota_opt.solving.by_place_prices import coordinate
from quota_opt.solving.highs import relaxed

TREE = [
    {"place": "city", "level": "city"},
    {"place": "A", "level": "county", "parent": "city"},
    {"place": "A1", "level": "town", "parent": "A"},
    {"place": "A2", "level": "town", "parent": "A"},
    {"place": "B", "level": "county", "parent": "city"},
    {"place": "B1", "level": "town", "parent": "B"},
]


def two_counties():
    """A firm and a project in each of A1 and B1, one project at the city itself; energy alone, one year."""
    firms = [{"firm": f"F{p}", "place": p, "energy_tce": 100, "value_added": 5} for p in ("A1", "B1")]
    projects = [
        {"project": f"P{p}", "place": p, "energy_tce": 60, "value_added": value}
        for p, value in (("A1", 90), ("B1", 80), ("city", 10))
    ]
    scenario = small.case(first=2024, last=2024, objective=small.FINAL, places=TREE, firms=firms, projects=projects)
    case, _ = prepared(scenario, rules_of(scenario.rules))
    return build(case)


def where(problem, of):
    """The blocks of each place's columns."""
    names = problem.case.places.names
    found = {name: set() for name in names}
    for p, place in enumerate(problem.case.projects["place_code"]):
        found[names[place]].update(of[problem.start[p][problem.start[p] >= 0]].tolist())
    for a, place in enumerate(problem.case.actions["place_code"]):
        found[names[place]].update(of[problem.act[a][problem.act[a] >= 0]].tolist())
    for n, name in enumerate(names):
        columns = problem.move[:, n]
        found[name].update(of[columns[columns >= 0]].tolist())
    return found


def test_a_county_with_its_towns_is_a_block_and_what_is_the_citys_own_is_in_none():
    problem = two_counties()
    # Each county has at most 5 columns: its own move, those of its towns, the actions and the project of one town.
    most = max(3 + (problem.act >= 0).sum() // 2 + 1, 5)
    found = where(problem, blocks_of(problem, int(most)))
    assert found["A"] == found["A1"] == found["A2"]
    assert found["B"] == found["B1"]
    assert len(found["A"]) == len(found["B"]) == 1
    assert found["A"] != found["B"]
    assert found["city"] == {-1}


def test_a_model_that_fits_is_one_block_and_not_worth_the_method():
    problem = two_counties()
    of = blocks_of(problem)
    assert set(of.tolist()) == {0}
    assert coordinate(split(problem.arrays, of)) is None


def test_where_not_even_a_town_fits_everything_is_the_masters():
    problem = two_counties()
    assert set(blocks_of(problem, 0).tolist()) == {-1}


@pytest.mark.parametrize("most", [2, 5, 8, 100])
def test_counties_by_prices_have_the_relaxation_of_the_whole(most):
    problem = two_counties()
    parts = split(problem.arrays, blocks_of(problem, most))
    truth = relaxed(problem.arrays)
    found = coordinate(parts, tolerance=1e-7)
    if len(parts.parts) < 2:
        assert found is None
        return
    value = problem.arrays.value(truth.values)
    assert found.value == pytest.approx(value, rel=1e-6)
    assert value - 1e-6 <= found.bound <= value * (1 + 1e-6) + 1e-6


@pytest.mark.parametrize("county", ["zhuji", "ouhai", "yueqing", "cixi"])
def test_the_towns_of_a_built_in_county_under_all_its_rules_agree_with_the_whole(county):
    scenario = qo.read(county)
    case, _ = prepared(scenario, rules_of(scenario.rules))
    problem = build(case)
    for most in (problem.arrays.columns // 3, problem.arrays.columns // 12):
        parts = split(problem.arrays, blocks_of(problem, most))
        assert len(parts.parts) > 1
        truth = problem.arrays.value(relaxed(problem.arrays).values)
        found = coordinate(parts, tolerance=1e-6)
        assert found is not None
        assert found.value == pytest.approx(truth, rel=2e-6)
        assert truth - 1e-7 * abs(truth) <= found.bound <= truth + 2e-6 * abs(truth)
        assert np.isfinite(found.prices).all()
