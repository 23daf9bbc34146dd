"""One thing of a case changed; and how searches find the size of a change that is just enough."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

import quota_opt as qo
from quota_opt.analysis.explain.changes import smallest_step, with_energy, with_project, with_quota, with_tables

CASES = ["worked-example", "zhuji", "wenzhou", "published"]


@pytest.mark.parametrize("name", CASES)
def test_a_case_made_of_its_own_tables_is_the_same_case(name):
    scenario = qo.read(name)
    again = with_tables(scenario)
    assert scenario.equals(again)
    assert scenario.rules == again.rules


def test_quota_is_added_to_what_is_held_in_a_year_or_in_all():
    scenario = with_quota(qo.read("worked-example"), "N2", "energy", 7.5)
    again = with_quota(scenario, "N1", "energy", 2, year=2024)
    table = again.quotas
    assert table["place"].tolist() == ["N2", "N1"]
    assert table["year"].isna().tolist() == [True, False]
    assert table["amount"].tolist() == [7.5, 2.0]


def test_a_project_uses_less_energy_on_both_bases_and_of_every_fuel():
    scenario = qo.read("zhuji")
    name = scenario.projects["project"].iloc[0]
    before, after = (one.projects.iloc[0] for one in (scenario, with_energy(scenario, name, 0.5)))
    for column in ("energy_tce", "energy_equivalent_tce", "electricity_mwh", "natural_gas_m3"):
        assert after[column] == pytest.approx(0.5 * before[column])
    for column in ("value_added", "carbon_t", "land_mu"):
        assert after[column] == before[column]


def test_a_cell_of_one_project_is_changed_and_no_other():
    scenario = qo.read("worked-example")
    changed = with_project(scenario, "P2", value_added=1.0).projects.set_index("project")["value_added"]
    expected = scenario.projects.set_index("project")["value_added"]
    assert changed["P2"] == 1.0
    assert changed.drop("P2").equals(expected.drop("P2"))


@examples(100)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(-5, 70), st.integers(1, 20))
def test_a_monotone_search_finds_the_smallest_number_and_the_one_below(most, threshold, guess, stride):
    found = smallest_step(lambda steps: steps >= threshold, guess, most, stride=stride)
    if threshold > most:
        assert found.least is None
        assert found.below == most
    else:
        assert found.least == threshold
        assert found.below == (threshold - 1 if threshold > 1 else None)
        assert found.monotone


@examples(100)
@given(st.sets(st.integers(1, 30)), st.integers(1, 30))
def test_a_search_that_is_not_monotone_still_ends_at_an_edge(enough, guess):
    """What it finds is enough, one less is not, and where a larger number it tried is not it says so."""
    found = smallest_step(lambda steps: steps in enough, guess, 30)
    if found.least is None:
        assert 30 not in enough
        return
    assert found.least in enough
    assert found.below is None or found.below not in enough
    assert found.monotone == all(ok for steps, ok in found.tried.items() if steps > found.least)
