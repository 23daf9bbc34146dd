"""The generator: the same bytes for the same seed, any size, magnitudes of a county, always feasible."""

import filecmp
import time

import numpy as np
import pytest

from quota_opt.errors import InputError, OutputExists
from quota_opt.resources import data_root
from quota_opt.scenario.generate import HEAVY, TIGHT, csv_bytes, generate, generate_case, generate_county
from quota_opt.scenario.generate_draws import Draws
from quota_opt.scenario.generate_profile import profiles, sectors

SMALL = {"firms": 80, "projects": 24, "towns": 4, "years": 3}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    first = generate_case(tmp_path / "a", **SMALL, seed=7)
    again = generate_case(tmp_path / "b", **SMALL, seed=7)
    other = generate_case(tmp_path / "c", **SMALL, seed=8)
    names = sorted(path.name for path in first.iterdir())
    assert filecmp.cmpfiles(first, again, names, shallow=False)[0] == names
    assert (first / "firms.csv").read_bytes() != (other / "firms.csv").read_bytes()


def test_the_stream_of_draws_never_changes():
    """Pinned: a change here changes every synthetic case."""
    draws = Draws(2021)
    assert list(draws.uniform(2)) == pytest.approx([0.756947828, 0.941381866], abs=1e-9)
    assert list(draws.normal(2)) == pytest.approx([0.233885423, -0.470940219], abs=1e-9)
    assert list(draws.log_normal(2, 100.0, 1.0)) == pytest.approx([137.915712335, 16.442510703], abs=1e-9)
    assert list(draws.choose(6, [1, 2, 3])) == [1, 1, 1, 2, 2, 2]


def test_normal_draws_are_normal():
    draws = Draws(0).normal(200_000, limit=6.0)
    assert abs(draws.mean()) < 0.01
    assert abs(draws.std() - 1.0) < 0.01
    assert np.percentile(draws, [2.5, 97.5]) == pytest.approx([-1.96, 1.96], abs=0.02)


def test_each_row_is_drawn_with_its_own_weights():
    rows = np.repeat([0, 1], 20_000)
    chosen = Draws(3).choose_rows(rows, np.array([[1.0, 0.0, 3.0], [0.0, 1.0, 0.0]]))
    assert set(chosen[rows == 1]) == {1}
    assert (chosen[rows == 0] == 2).mean() == pytest.approx(0.75, abs=0.02)
    assert not (chosen[rows == 0] == 1).any()


def test_sizes_are_those_asked_for():
    made = generate(firms=300, projects=40, towns=5, counties=3, years=4, first_year=2024)
    assert len(made.tables["firms"]) == 300
    assert len(made.tables["projects"]) == 40
    levels = made.tables["places"]["level"].value_counts()
    assert (levels["city"], levels["county"], levels["town"] + levels["zone"]) == (1, 3, 15)
    assert (made.settings["scenario"]["first_year"], made.settings["scenario"]["last_year"]) == (2024, 2027)


@pytest.mark.parametrize("name", ["firms", "projects", "towns", "counties", "years"])
def test_sizes_below_one_are_refused(tmp_path, name):
    sizes = {**SMALL, "counties": 1, name: 0}
    with pytest.raises(InputError) as raised:
        generate_case(tmp_path / "case", **sizes)
    assert len(raised.value.findings) == 1
    assert not (tmp_path / "case").exists()


def test_the_smallest_case_there_is_can_be_made(tmp_path):
    folder = generate_case(tmp_path / "case", firms=1, projects=1, towns=1, counties=1, years=1)
    assert len((folder / "firms.csv").read_text(encoding="utf-8").splitlines()) == 2
    assert len((folder / "projects.csv").read_text(encoding="utf-8").splitlines()) == 2


def test_nothing_is_overwritten(tmp_path):
    folder = generate_case(tmp_path / "case", **SMALL)
    before = (folder / "firms.csv").read_bytes()
    with pytest.raises(OutputExists):
        generate_case(folder, **SMALL, seed=1)
    assert (folder / "firms.csv").read_bytes() == before


def test_a_province_has_unique_names_and_two_actions_a_firm():
    made = generate(firms=30_000, projects=3_000, towns=20, counties=30)
    assert made.tables["firms"]["firm"].is_unique
    assert made.tables["places"]["place"].is_unique
    assert len(made.tables["actions"]) == 60_000


@pytest.mark.bench
def test_two_hundred_thousand_firms_are_drawn_in_seconds():
    started = time.perf_counter()
    generate(firms=200_000, projects=20_000, towns=20, counties=90)
    assert time.perf_counter() - started < 15.0


def test_magnitudes_are_those_of_a_county():
    made = generate(firms=4_000, projects=300, towns=15, seed=11)
    firms, projects = made.tables["firms"], made.tables["projects"]
    above = firms[firms["above_scale"] == "yes"]
    assert 100 <= above["energy_tce"].median() <= 400
    assert 0.3 <= firms["energy_tce"].sum() / firms["value_added"].sum() <= 0.7
    good = firms[firms["grade"].isin(["A", "B"])]
    assert 120 <= good["value_added"].sum() / good["land_mu"].sum() <= 300
    assert 0.15 <= good["tax"].sum() / good["value_added"].sum() <= 0.25
    intensity = projects["energy_tce"] / projects["value_added"]
    assert 0.03 <= (intensity > 0.52).mean() <= 0.3
    assert ((intensity > 0.49) & (intensity <= 0.52)).any()
    assert {"yes", "no"} == set(projects["divisible"])
    assert (projects["variant_of"] != "").sum() >= 2
    assert (projects["requires"] != "").any() and (projects["excludes"] != "").any() and (projects["ramp"] != "").any()
    assert (projects["tags"] == "chain-key").any()


@pytest.mark.parametrize(("shape", "scarce"), [(TIGHT, ("energy_tce", "carbon_t")), (HEAVY, ("energy_tce", "land_mu"))])
def test_projects_ask_for_more_of_what_is_scarce_than_can_be_freed(shape, scarce):
    made = generate(firms=1_000, projects=100, towns=8, seed=2, shape=shape)
    target = made.tables["targets"].set_index("measure")["value"]
    for column in scarce:
        wanted = made.tables["projects"][column].sum()
        assert wanted > 1.2 * target[f"{column.split('_')[0]}_freed"], column


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_treated_firm_frees_what_counties_report_and_heavy_cases_more(seed):
    """30 to 290 tce per treated firm, from the six published cases."""

    def freed(shape):
        made = generate(firms=2_000, projects=200, towns=15, seed=seed, shape=shape)
        target = made.tables["targets"].groupby("measure")["value"].first()
        return target["energy_freed"] / (target["firms_closed"] + target["firms_upgraded"])

    assert 30.0 <= freed(TIGHT) <= 290.0
    assert freed(HEAVY) > 290.0


def test_projects_of_scaled_carbon_state_no_fuels_that_would_contradict_it():
    made = generate(firms=200, projects=30, towns=3)
    assert "electricity_mwh" not in made.tables["projects"]
    assert "electricity_mwh" in generate(firms=200, projects=30, towns=3, shape=HEAVY).tables["projects"]


def test_every_sector_a_profile_names_is_known():
    for name, profile in profiles().items():
        named = {*profile.sectors, *profile.strategic, *profile.chain}
        named |= {sector for site in profile.places for sector in site.sectors}
        assert named <= set(sectors()), name


@pytest.mark.parametrize("county", ["cixi", "zhuji", "fenghua", "ouhai", "yueqing", "wenzhou"])
def test_the_committed_tables_of_a_county_are_what_the_generator_makes(county):
    made = generate_county(county)
    folder = data_root("scenarios") / county
    for table, rows in made.items():
        assert csv_bytes(rows) == (folder / f"{table}.csv").read_bytes(), table


def test_columns_without_an_entry_are_not_written():
    made = generate_county("yueqing")
    header = csv_bytes(made["firms"]).decode().splitlines()[0].split(",")
    assert "protected_as" not in header
    assert "firm" in header
