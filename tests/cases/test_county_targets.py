"""The targets of the built-in counties are the numbers the counties' documents print, and nothing else."""

import csv
import tomllib

import pytest

from quota_opt.resources import data_root

# (measure, year) -> value, written here from the documents by hand.
EXPECTED = {
    "cixi": {
        ("land_freed", 2025): 10_000,
        ("firms_closed", 2025): 300,
        ("firms_upgraded", 2025): 1_000,
    },
    "zhuji": {
        ("energy_freed", 2023): 80_000,
        ("carbon_freed", 2023): 160_000,
        ("land_freed", 2023): 10_000,
        ("firms_closed", 2023): 100,
        ("firms_upgraded", 2023): 180,
    },
    "fenghua": {
        ("energy_freed", 2023): 50_000,
        ("energy_freed", 2025): 75_000,
        ("land_freed", 2023): 1_500,
        ("land_freed", 2025): 3_000,
        ("firms_closed", 2023): 100,
        ("firms_closed", 2025): 200,
        ("firms_upgraded", 2023): 300,
        ("firms_upgraded", 2025): 600,
    },
    "ouhai": {
        ("energy_freed", 2021): 8_490,
        ("energy_freed", 2023): 21_000,
        ("carbon_freed", 2021): 14_700,
        ("carbon_freed", 2023): 36_000,
        ("land_freed", 2021): 200,
        ("land_freed", 2023): 600,
        ("firms_closed", 2021): 50,
        ("firms_closed", 2023): 100,
        ("firms_upgraded", 2021): 100,
        ("firms_upgraded", 2023): 300,
    },
    "yueqing": {
        ("energy_freed", 2022): 5_000,
        ("carbon_freed", 2022): 5_000,
        ("land_freed", 2022): 300,
        ("firms_upgraded", 2022): 150,
    },
}
DOCUMENT = {"cixi": "CX", "zhuji": "ZJ", "fenghua": "FH", "ouhai": "OH", "yueqing": "YQ"}
HORIZON = {
    "cixi": (2022, 2025),
    "zhuji": (2021, 2023),
    "fenghua": (2021, 2025),
    "ouhai": (2021, 2023),
    "yueqing": (2022, 2022),
}
STATUS = {"cixi": "issued", "zhuji": "draft", "fenghua": "issued", "ouhai": "issued", "yueqing": "issued"}


def targets_of(county):
    with (data_root("scenarios") / county / "targets.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def settings_of(county):
    return tomllib.loads((data_root("scenarios") / county / "scenario.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("county", EXPECTED)
def test_targets_are_the_numbers_of_the_document_and_no_others(county):
    rows = targets_of(county)
    found = {(row["measure"], int(row["year"])): float(row["value"]) for row in rows}
    assert found == EXPECTED[county]
    assert len(rows) == len(found)
    assert {row["sense"] for row in rows} == {">="}


@pytest.mark.parametrize("county", EXPECTED)
def test_every_target_names_a_clause_of_the_countys_own_document(county):
    for row in targets_of(county):
        assert row["clause"].startswith(f"{DOCUMENT[county]} "), row


def test_what_a_document_does_not_number_is_no_target():
    measures = {county: {row["measure"] for row in targets_of(county)} for county in EXPECTED}
    assert not {"energy_freed", "carbon_freed"} & measures["cixi"]
    assert "carbon_freed" not in measures["fenghua"]
    assert "firms_closed" not in measures["yueqing"]


@pytest.mark.parametrize("county", EXPECTED)
def test_years_and_status_of_the_document(county):
    settings = settings_of(county)
    assert (settings["scenario"]["first_year"], settings["scenario"]["last_year"]) == HORIZON[county]
    own = next(document for document in settings["documents"] if document["id"] == DOCUMENT[county])
    assert own["status"] == STATUS[county]


def test_documents_that_state_an_end_carry_it():
    ends = {
        county: next(d for d in settings_of(county)["documents"] if d["id"] == DOCUMENT[county]).get("valid_to")
        for county in EXPECTED
    }
    assert str(ends.pop("zhuji")) == "2023-12-31"
    assert str(ends.pop("fenghua")) == "2025-12-31"
    assert set(ends.values()) == {None}


@pytest.mark.parametrize("county", EXPECTED)
def test_every_clause_of_a_rule_names_a_document_of_the_case(county):
    settings = settings_of(county)
    known = {document["id"] for document in settings["documents"]}
    for name, rule in settings["rules"].items():
        if rule.get("enabled", True):
            for part in rule["clause"].split("；"):
                first = part.split()[0]
                assert first in known or "(" in first, (name, part)
