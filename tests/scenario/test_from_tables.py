from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from quota_opt.errors import InputError, OutputExists
from quota_opt.scenario import Scenario, read, write_case

SETTINGS: dict[str, Any] = {"scenario": {"name": "t", "first_year": 2024, "last_year": 2025, "resources": ["energy"]}}
PLACES = [{"place": "C", "level": "county"}, {"place": "N", "level": "town", "parent": "C"}]


def small(**changes: Any) -> Scenario:
    tables: dict[str, Any] = {
        "places": PLACES,
        "firms": pd.DataFrame({"firm": ["F1", "F2"], "place": ["N", "N"], "energy_tce": [0.1 + 0.2, np.nan]}),
        "projects": [
            {"project": "P1", "place": "N", "energy_tce": 5, "ramp": (0.5, 1.0), "divisible": True},
            {"project": "P2", "place": "N", "requires": ["P1"], "earliest": 2025},
        ],
        "quotas": [{"place": "C", "resource": "energy", "year": "*", "amount": 3}],
        **changes,
    }
    return Scenario.from_tables(SETTINGS, **tables)


def test_frames_and_records_make_the_same_case_as_files_would(tmp_path: Path) -> None:
    scenario = small()
    assert scenario.firms["energy_tce"].tolist()[0] == 0.1 + 0.2
    assert scenario.projects["ramp"].tolist() == [(0.5, 1.0), ()]
    assert scenario.projects["requires"].tolist() == [(), ("P1",)]
    assert scenario.projects["divisible"].tolist() == [True, False]
    assert np.isnan(scenario.quotas["year"]).all()
    assert read(write_case(tmp_path / "copy", scenario)).equals(scenario)


def test_settings_may_be_the_text_of_a_scenario_toml() -> None:
    text = '[scenario]\nname = "t"\nfirst_year = 2024\nlast_year = 2025\nresources = ["energy"]\n'
    assert Scenario.from_tables(text, places=PLACES).settings == small().settings


def test_whole_numbers_are_identifiers_without_a_decimal_point() -> None:
    firms = pd.DataFrame({"firm": [1001.0, 1002.0], "place": ["N", "N"]})
    actions = pd.DataFrame({"firm": [1001], "action": ["close"]})
    scenario = small(firms=firms, actions=actions)
    assert scenario.firms["firm"].tolist() == ["1001", "1002"]
    assert scenario.actions["firm"].tolist() == ["1001"]


def test_faults_point_at_the_line_the_file_would_have() -> None:
    with pytest.raises(InputError) as caught:
        small(firms=[{"firm": "F1", "place": "N", "energy_tce": -1}], frims=[])
    assert {(f.code, f.where.file, f.where.row) for f in caught.value.findings} == {
        ("out-of-range", "firms.csv", 2),
        ("unknown-table", "frims", None),
    }


def test_a_record_with_nothing_in_it_is_a_blank_line() -> None:
    with pytest.raises(InputError) as caught:
        small(firms=[{}, {"firm": "F1", "place": "N"}, {"firm": "", "place": None}, {"firm": "F2", "place": "X"}])
    assert [(f.code, f.where.row) for f in caught.value.findings] == [("unknown-place", 5)]
    assert len(small(quotas=[{}]).quotas) == 0


def test_tables_given_empty_are_given() -> None:
    scenario = small(actions=[], firms=pd.DataFrame(columns=["firm", "place"]))
    assert scenario.has_table("actions")
    assert scenario.has_table("firms")
    assert len(scenario.firms) == 0


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "mine.txt").write_text("mine")
    with pytest.raises(OutputExists):
        write_case(tmp_path / "x", small())


def test_a_working_copy_keeps_comments_and_applies_variant_and_overrides(tmp_path: Path) -> None:
    zhuji = read("zhuji")
    assert (write_case(tmp_path / "a", zhuji) / "scenario.toml").read_bytes() == zhuji.files["scenario.toml"]
    changed = read("zhuji/strict-access").with_(**{"scenario.discount_rate": 0.01})
    again = read(write_case(tmp_path / "b", changed))
    assert again.variant is None
    assert again.equals(changed)
