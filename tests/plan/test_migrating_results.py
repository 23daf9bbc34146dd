"""Result folders of earlier versions, as these wrote them, brought to the present contract.

`first-version` is of the first version of all, `with-receipt` of the first that had receipts (reports left out).
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from forging import record, set_cell

import quota_opt as qo

OLD = Path(__file__).parents[1] / "old_results"
NAMES = sorted(path.name for path in OLD.iterdir())


@pytest.fixture(params=NAMES)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return Path(shutil.copytree(OLD / request.param, tmp_path / "old"))


def first_version(tmp_path: Path) -> Path:
    return Path(shutil.copytree(OLD / "first-version", tmp_path / "old"))


def test_there_are_results_to_try() -> None:
    assert NAMES == ["first-version", "with-receipt"]
    assert not [path for path in OLD.rglob("*") if path.name in ("seal.json", "measures.csv")]


def test_an_old_result_verifies_and_replays_once_it_is_migrated(old: Path) -> None:
    before = {path.name: path.read_bytes() for path in old.iterdir() if path.is_file()}
    made = qo.migrate(old)
    assert made.target == old.with_name("old-migrated")
    found = qo.verify(made.target)
    assert (found.ok, found.notes) == (True, ())
    assert {"measures.csv", "seal.json"} <= {change.file for change in made.changes}
    again = qo.replay(made.target)
    assert (again.verdict, again.profile_from) == ("identical", "named")
    assert {path.name: path.read_bytes() for path in old.iterdir() if path.is_file()} == before


def test_decisions_stay_and_what_was_missing_is_computed_from_them(tmp_path: Path) -> None:
    old = first_version(tmp_path)
    target = qo.migrate(old).target
    assert target is not None
    was, now = (pd.read_csv(folder / "awards.csv", encoding="utf-8-sig") for folder in (old, target))
    assert "energy_counted_tce" not in was
    pd.testing.assert_frame_equal(now[was.columns], was)
    assert now["energy_counted_tce"].tolist() == now["energy_tce"].tolist()
    assert list(now.columns) == list(qo.read_result(target).awards.columns)
    reasons = pd.read_csv(target / "reasons.csv", encoding="utf-8-sig")
    assert list(reasons.columns).index("document_status") == list(reasons.columns).index("clause") + 1
    assert record(target)["objective"] == record(old)["objective"]


def test_a_migrated_record_is_one_of_today(old: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    target = qo.migrate(old).target
    assert target is not None
    check = jsonschema.Draft202012Validator(qo.schema("result"))
    assert [error.message for error in check.iter_errors(record(target))] == []
    assert [error.message for error in check.iter_errors(record(old))] != []


def test_a_profile_is_not_guessed_where_a_limit_may_have_mattered(tmp_path: Path) -> None:
    old = first_version(tmp_path)
    record(old, status="FEASIBLE")
    target = qo.migrate(old).target
    assert target is not None
    assert not {"profile", "address"} & set(record(target))


def test_run_json_says_what_was_done(tmp_path: Path) -> None:
    target = qo.migrate(first_version(tmp_path)).target
    assert target is not None
    told = record(target)["migrated"]
    assert told["contract"] == 1
    assert "awards.csv" in {change["file"] for change in told["changes"]}


def test_a_bound_whose_prices_were_not_kept_is_taken_back_and_the_engines_stays(tmp_path: Path) -> None:
    old = first_version(tmp_path)
    target = qo.migrate(old).target
    assert target is not None
    assert record(old)["certificate"]["price_bound"] == 2000.0
    assert record(target)["certificate"]["price_bound"] is None
    assert record(target)["bound"] == record(old)["bound"] == 2000.0


def test_a_result_of_today_is_left_alone(tmp_path: Path) -> None:
    folder = replace(qo.solve("worked-example"), reporters=()).write(tmp_path / "out")
    assert qo.migrate(folder).target is None
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_migrated_result_is_of_today(old: Path) -> None:
    target = qo.migrate(old).target
    assert target is not None
    assert qo.migrate(target).changes == ()


def test_in_place_what_changed_is_kept(tmp_path: Path) -> None:
    old = first_version(tmp_path)
    before = {path.name: path.read_bytes() for path in old.iterdir() if path.is_file()}
    made = qo.migrate(old, in_place=True)
    assert (made.target, made.kept) == (old, old / "before-migration")
    kept = {path.name: path.read_bytes() for path in (old / "before-migration").iterdir()}
    assert kept == {name: before[name] for name in ("awards.csv", "reasons.csv", "run.json")}
    assert qo.verify(old).ok
    assert qo.verify(old).notes == ()


FORGERIES = {
    "a share": set_cell("awards.csv", 0, "share", 0.5),
    "a figure": set_cell("awards.csv", 0, "value_added", 9999),
    "an input": lambda folder: (folder / "inputs" / "firms.csv").write_text("firm,place\nF1,N1\n", encoding="utf-8"),
}


@pytest.mark.parametrize("name", FORGERIES)
@pytest.mark.parametrize("in_place", [False, True])
def test_a_result_that_does_not_hold_is_not_migrated(name: str, in_place: bool, tmp_path: Path) -> None:
    old = first_version(tmp_path)
    FORGERIES[name](old)
    before = {path.name: path.read_bytes() for path in old.iterdir() if path.is_file()}
    with pytest.raises(qo.QuotaOptError):
        qo.migrate(old, in_place=in_place)
    assert {path.name: path.read_bytes() for path in old.iterdir() if path.is_file()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_the_inputs_of_a_result_are_brought_up_with_it(tmp_path: Path) -> None:
    """A case with carbon in plain tonnes, solved by the version that read it so."""
    old = first_version(tmp_path)
    firms = old / "inputs" / "firms.csv"
    table = pd.read_csv(firms, encoding="utf-8-sig")
    table.assign(**{"carbon_t(t)": 5.0}).to_csv(firms, index=False)
    content = record(old)
    record(old, inputs={**content["inputs"], "firms.csv": hashlib.sha256(firms.read_bytes()).hexdigest()})
    with pytest.raises(qo.InputError):
        qo.read(old / "inputs")
    target = qo.migrate(old).target
    assert target is not None
    assert qo.verify(target).ok
    assert "carbon_t(tCO2)" in (target / "inputs" / "firms.csv").read_text(encoding="utf-8")
    told = {change["file"] for change in record(target)["migrated"]["changes"]}
    assert told >= {"inputs/firms.csv", "inputs/scenario.toml"}
