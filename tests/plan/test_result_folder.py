from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from forging import reseal
from small import FINAL, case

import quota_opt as qo
from quota_opt.plan.columns import records_of


@pytest.fixture(scope="module")
def plan() -> qo.Plan:
    return qo.solve("worked-example/keep-70")


@pytest.fixture(scope="module")
def folder(plan: qo.Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plan.write(tmp_path_factory.mktemp("results") / "keep-70")


FILES = ("run.json", "actions.csv", "awards.csv", "transfers.csv", "ledger.csv", "prices.csv", "reasons.csv",
         "report.html", "report.xlsx", "report.docx", "inputs/scenario.toml")  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_the_folder_holds_every_file_of_the_contract(folder: Path, name: str) -> None:
    assert (folder / name).stat().st_size > 0


def test_tables_open_in_excel_and_keep_every_digit(folder: Path, plan: qo.Plan) -> None:
    raw = (folder / "awards.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(folder / "awards.csv", encoding="utf-8-sig")
    assert table["energy_tce"].tolist() == plan.awards["energy_tce"].tolist()


def test_run_json_says_what_was_solved_and_how(folder: Path) -> None:
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert record["status"] == "OPTIMAL"
    assert record["variant"] == "keep-70"
    assert record["objective"] == 1200.0
    assert record["measures"]["value_added_final"] == {"value": 1200.0, "unit": "10k yuan/yr"}
    assert set(record["seconds"]) == {"read", "build", "solve", "verify"}
    assert set(record["audit"]) == {"choice", "pool", "retention", "admission"}
    assert all(entry["ok"] for entry in record["audit"].values())
    assert len(record["inputs"]["scenario.toml"]) == 64
    assert record["engine"]["profile"] == "auto"


def test_the_written_folder_verifies(folder: Path) -> None:
    verification = qo.verify(folder)
    assert verification.ok
    assert {entry.rule for entry in verification.audit} == {"choice", "pool", "retention", "admission"}


def test_nothing_is_overwritten(folder: Path, plan: qo.Plan) -> None:
    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(qo.OutputExists):
        plan.write(folder)
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_failing_report_leaves_no_half_written_folder(plan: qo.Plan, tmp_path: Path) -> None:
    from dataclasses import replace

    def broken(plan: qo.Plan, path: Path, language: str) -> None:
        (path / "report.html").write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        replace(plan, reporters=(broken,)).write(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_result_is_refused_with_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(qo.InputError) as caught:
        qo.verify(tmp_path)
    assert {finding.code for finding in caught.value.findings} == {"no-result"}


def test_overrides_are_in_the_folder_and_verify_uses_them(tmp_path: Path) -> None:
    scenario = qo.read("worked-example").with_(**{"rules.admission.limits.0.value": 0.49})
    folder = qo.solve(scenario).write(tmp_path / "out")
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert record["overrides"] == {"rules.admission.limits.0.value": 0.49}
    assert qo.verify(folder).ok
    record["overrides"] = {"rules.admission.limits.0.value": 0.3}
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    assert not qo.verify(reseal(folder)).ok


def test_identifiers_that_look_like_numbers_stay_text(tmp_path: Path) -> None:
    scenario = case(
        objective=FINAL,
        firms=[{"firm": "001", "place": "N1", "energy_tce": 10, "value_added": 1}],
        actions=[{"firm": "001", "action": "close"}],
        projects=[{"project": "007", "place": "N1", "energy_tce": 10, "value_added": 5}],
    )
    folder = qo.solve(scenario).write(tmp_path / "out")
    assert qo.verify(folder).ok
    assert "007" in (folder / "awards.csv").read_text(encoding="utf-8-sig")


def test_the_same_input_gives_the_same_tables(plan: qo.Plan, folder: Path, tmp_path: Path) -> None:
    again = qo.solve("worked-example/keep-70").write(tmp_path / "again")
    for name in ("actions", "awards", "transfers", "ledger", "prices", "reasons"):
        assert (again / f"{name}.csv").read_bytes() == (folder / f"{name}.csv").read_bytes()


@pytest.mark.parametrize(
    ("table", "old", "new"),
    [("awards.csv", ",share,", ",part,"), ("awards.csv", "2024", "soon"), ("ledger.csv", "pool_path", "path")],
)
def test_a_table_that_cannot_be_read_fails_the_check(
    plan: qo.Plan, tmp_path: Path, table: str, old: str, new: str
) -> None:
    folder = plan.write(tmp_path / "out")
    text = (folder / table).read_text(encoding="utf-8-sig")
    assert old in text
    (folder / table).write_text(text.replace(old, new), encoding="utf-8-sig")
    verification = qo.verify(reseal(folder))
    assert not verification.ok
    assert verification.problems


def test_the_address_of_a_question_is_that_of_its_result(tmp_path):
    case = qo.read("worked-example/keep-70", overrides={"scenario.discount_rate": 0.01})
    asked = qo.address(case, gap=0.001)
    record = json.loads((qo.solve(case, gap=0.001).write(tmp_path / "out") / "run.json").read_text(encoding="utf-8"))
    assert record["address"] == asked
    assert qo.address(case) != asked
    assert qo.address("worked-example") == qo.address(qo.read("worked-example"))


def test_tables_become_records_with_nulls_for_what_json_has_not():
    plan = qo.solve("worked-example")
    prices = records_of("prices", plan.prices)
    assert prices[0]["holds_to"] is None and plan.prices["holds_to"][0] == float("inf")
    assert isinstance(prices[0]["year"], int)
    assert records_of("measures", plan.measures_table)[0]["place"] is None
    other = pd.DataFrame({"word": ["a", ""], "figure": [1.5, float("nan")]})
    assert records_of("another", other) == [{"word": "a", "figure": 1.5}, {"word": None, "figure": None}]
