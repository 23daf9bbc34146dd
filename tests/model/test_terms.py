"""Terms by place and year, against what a planner would write on paper, one decision at a time."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from small import case
from strategies import Drawn, drawn, examples

import quota_opt as qo
from quota_opt.model.build import Build, decisions
from quota_opt.model.case import prepare
from quota_opt.model.terms import Terms, joined
from quota_opt.rules import rules_of

TREE = [
    {"place": "C", "level": "city"},
    {"place": "N1", "level": "county", "parent": "C"},
    {"place": "N2", "level": "county", "parent": "C"},
    {"place": "Z", "level": "town", "parent": "N2"},
]
Written = dict[tuple[str, int], dict[int, float]]


def built(scenario: qo.Scenario) -> Build:
    return decisions(prepare(scenario, rules_of(scenario.rules)))


def written(build: Build, terms: Terms) -> Written:
    """The terms as (place, year) → column → coefficient, cells of nought left out."""
    found: Written = defaultdict(dict)
    place, year = np.divmod(terms.entries.row, terms.years)
    for n, t, column, value in zip(place, year, terms.column, terms.coefficient, strict=True):
        cell = found[str(build.case.places.names[n]), int(build.case.years[t])]
        cell[int(column)] = cell.get(int(column), 0.0) + float(value)
    return {key: kept for key, row in found.items() if (kept := {c: v for c, v in row.items() if v})}


@pytest.fixture
def four_firms() -> Build:
    """F1 at N2 frees 10, F2 at N1 frees 20 a year later, F3 in the town Z of N2 frees 30, F4 at N1 frees 40.

    Columns by firm and year: F1 0 and 1, F2 2 and 3, F3 4 and 5, F4 6 and 7: those of a place do not follow each other.
    """
    firms = (("F1", "N2", 10.0, 0), ("F2", "N1", 20.0, 1), ("F3", "Z", 30.0, 0), ("F4", "N1", 40.0, 0))
    return built(
        case(
            places=TREE,
            firms=[{"firm": f, "place": n, "energy_tce": 100.0} for f, n, _, _ in firms],
            actions=[{"firm": f, "action": "close", "frees_energy_tce": free, "lag": lag} for f, _, free, lag in firms],
        )
    )


def test_what_firms_free_stands_at_their_place_from_the_year_it_is_effective(four_firms: Build) -> None:
    assert written(four_firms, four_firms.freed(0)) == {
        ("N2", 2024): {0: 10.0},
        ("N2", 2025): {0: 10.0, 1: 10.0},
        ("N1", 2024): {6: 40.0},
        ("N1", 2025): {2: 20.0, 6: 40.0, 7: 40.0},  # F2 of 2025 comes after the horizon
        ("Z", 2024): {4: 30.0},
        ("Z", 2025): {4: 30.0, 5: 30.0},
    }


def test_a_county_counts_what_its_town_frees_and_the_city_counts_all(four_firms: Build) -> None:
    names = four_firms.case.places.names
    freed = four_firms.freed(0)
    counties = written(four_firms, four_firms.over_subtree(freed, np.isin(names.astype(str), ["N1", "N2"])))
    assert counties[("N2", 2025)] == {0: 10.0, 1: 10.0, 4: 30.0, 5: 30.0}
    assert counties[("N1", 2025)] == {2: 20.0, 6: 40.0, 7: 40.0}
    assert not any(place in ("Z", "C") for place, _ in counties)
    city = written(four_firms, four_firms.over_subtree(freed, names == "C"))
    assert city == {
        ("C", 2024): {0: 10.0, 4: 30.0, 6: 40.0},
        ("C", 2025): {0: 10.0, 1: 10.0, 2: 20.0, 4: 30.0, 5: 30.0, 6: 40.0, 7: 40.0},
    }


def test_terms_are_weighed_by_place_filtered_and_joined(four_firms: Build) -> None:
    names, freed = four_firms.case.places.names, four_firms.freed(0)
    weight = np.where(names == "N1", -0.5, 0.0)
    assert written(four_firms, freed.times(weight)) == {
        ("N1", 2024): {6: -20.0},
        ("N1", 2025): {2: -10.0, 6: -20.0, 7: -20.0},
    }
    assert written(four_firms, freed.at(names == "Z")) == {
        ("Z", 2024): {4: 30.0},
        ("Z", 2025): {4: 30.0, 5: 30.0},
    }
    assert written(four_firms, joined(freed, -freed.where(freed.column != 6))) == {
        ("N1", 2024): {6: 40.0},
        ("N1", 2025): {6: 40.0},
    }


@examples(60)
@given(drawn())
def test_freed_and_used_are_the_sums_over_single_decisions(drawn_case: Drawn) -> None:
    try:
        scenario = qo.Scenario.from_tables(drawn_case.settings, **drawn_case.tables)
    except qo.InputError:
        return
    build = built(scenario)
    case_, years = build.case, build.case.years.tolist()
    for r in range(len(case_.resources)):
        freed: Written = defaultdict(dict)
        used: Written = defaultdict(dict)
        for s, year in enumerate(years):
            gives, needs = case_.standing_free(r, s), case_.standing_need(r, s)
            for t in range(s + 1):
                for a, action in case_.actions.iterrows():
                    if build.act[a, t] >= 0 and t + action["lag"] <= s and gives[a]:
                        freed[case_.places.names[action["place_code"]], year][int(build.act[a, t])] = gives[a]
                for p, project in case_.projects.iterrows():
                    if build.share[p, t] >= 0 and needs[p, t]:
                        used[case_.places.names[project["place_code"]], year][int(build.share[p, t])] = needs[p, t]
        assert written(build, build.freed(r)) == freed
        assert written(build, build.used(r)) == used
