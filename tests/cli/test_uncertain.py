"""`evaluate`, `robust` and `two-stage`: what they write, and how they end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from uncertain import HALF_TO_ALL, two_towns

import quota_opt as qo
from quota_opt.plan.folder import read_table
from quota_opt.scenario import write_case

UNCERTAIN: dict[str, Any] = {
    "actions": {"close": {"delivery": HALF_TO_ALL}},
    "recourse": {"shortfall_cost": 2.0, "weight": 0.5},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A case with something uncertain in it."""
    return write_case(tmp_path / "case", two_towns(UNCERTAIN, last=2024))


@pytest.fixture
def silent(tmp_path: Path) -> Path:
    """The same case with nothing uncertain."""
    return write_case(tmp_path / "silent", two_towns(last=2024))


def test_a_result_folder_is_evaluated_and_the_same_seed_says_the_same(cli: Any, folder: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan"
    assert cli("run", folder, "--out", plan, "--quiet").code == 0
    call = cli("evaluate", plan, "--samples", "50", "--seed", "7", "--out", tmp_path / "one", "--json")
    assert call.code == 0
    assert (call.document["samples"], call.document["seed"]) == (50, 7)
    again = cli("evaluate", plan, "--samples", "50", "--seed", "7", "--out", tmp_path / "two", "--lang", "zh")
    assert again.code == 0
    assert "50 个情形" in again.out
    assert (tmp_path / "one/worlds.csv").read_bytes() == (tmp_path / "two/worlds.csv").read_bytes()
    names = {path.name for path in (tmp_path / "one").iterdir()}
    tables = {f"{name}.csv" for name in ("measures", "years", "places", "awards", "worlds")}
    assert names == {*tables, "evaluation.json", "report.html", "report.xlsx"}
    served = float(read_table(tmp_path / "one/years.csv")["served"].iloc[0])
    assert served == call.document["served"]


def test_what_is_uncertain_may_be_said_on_the_line_and_nothing_else(cli: Any, silent: Path, tmp_path: Path) -> None:
    call = cli("evaluate", silent, "--out", tmp_path / "a")
    assert call.code == 2
    assert "does not say what is uncertain" in call.err
    assert not (tmp_path / "a").exists()
    slip = "uncertainty.actions.close.slip.probability=1.0"
    call = cli("evaluate", silent, "--set", slip, "--samples", "5", "--out", tmp_path / "a", "--json")
    assert call.code == 0
    assert call.document["served"] == 0.0
    call = cli("evaluate", silent, "--set", "rules.retention.keep=0.5", "--out", tmp_path / "b")
    assert call.code == 2
    assert "run --set" in call.err
    assert cli("evaluate", silent, "--set", slip, "--out", tmp_path / "a").code == 2  # is there already


def test_plans_that_stand_deviations_are_written_beside_each_other(cli: Any, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "robust"
    call = cli("robust", folder, "--gamma", "1,all", "--samples", "30", "--gap", "0", "--out", out)
    assert call.code == 0
    assert "Standing the worst of any 1" in call.out
    assert cli("verify", out / "gamma-all", "--quiet").code == 0
    assert read_table(out / "robust.csv")["gamma"].tolist() == ["0", "1", "all"]
    for wrong in ("-1", "x", "1,,2", "inf"):
        assert cli("robust", folder, "--gamma", wrong).code == 2


def test_a_plan_of_two_stages_is_a_result_folder_with_more_in_it(cli: Any, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "two"
    call = cli("two-stage", folder, "--samples", "6", "--fresh", "40", "--gap", "0", "--out", out, "--json")
    assert call.code == 0
    assert call.document["status"] == "OPTIMAL"
    assert call.document["vss"] >= -1e-6
    assert cli("verify", out, "--quiet").code == 0
    assert (out / "stochastic.html").is_file()
    for wrong in (("--alpha", "1"), ("--weight", "-1"), ("--shortfall-cost", "-2"), ("--gap", "2")):
        assert cli("two-stage", folder, *wrong).code == 2


def test_without_a_price_of_being_short_it_is_asked_for(cli: Any, silent: Path, tmp_path: Path) -> None:
    said = {"actions": {"close": {"slip": {"probability": 0.5}}}}
    folder = write_case(tmp_path / "priceless", two_towns(said))
    call = cli("two-stage", folder, "--lang", "en")
    assert call.code == 2
    assert "--shortfall-cost" in call.err
    out = tmp_path / "priced"
    assert cli("two-stage", folder, "--shortfall-cost", "1", "--samples", "3", "--fresh", "5", "--out", out).code == 0
    assert cli("robust", silent).code == 2


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_report_says_the_finding_first_in_both_languages(language: Any, tmp_path: Path) -> None:
    made = qo.evaluate(qo.solve(two_towns({**UNCERTAIN, "correlation": 0.3})), samples=40, seed=1)
    assert made.document().sections[0].sentences[0].of(language)
    text = (made.write(tmp_path / "e", language) / "report.html").read_text(encoding="utf-8")
    assert ("个情形中" if language == "zh" else "worlds") in text
    keys = [table.key for section in made.document().sections for table in section.tables]
    assert len(keys) == len(set(keys))
