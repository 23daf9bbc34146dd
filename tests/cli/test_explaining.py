"""`quota-opt explain`: one question at a time, of a folder or a case; for people, as JSON, as a file."""

import json

import pytest

import quota_opt as qo
from quota_opt.cli import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(qo.solve("worked-example").write(tmp_path_factory.mktemp("results") / "out"))


def test_a_project_of_a_folder_is_explained_in_words(folder, capsys):
    assert main(["explain", folder, "--project", "P3", "--lang", "zh"]) == 0
    said = capsys.readouterr().out
    assert "不予准入" in said
    assert "0.5455" in said


def test_one_json_document_says_the_same(folder, capsys):
    assert main(["explain", folder, "--project", "P3", "--json", "--confirm"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"] == "barred"
    assert found["forced"]["loss"] == pytest.approx(250)
    assert {change["kind"] for change in found["changes"]} >= {"energy", "parameter"}


def test_a_case_is_solved_first_and_a_report_written(tmp_path, capsys):
    target = tmp_path / "why.html"
    assert main(["explain", "worked-example", "--firm", "F3", "--out", str(target), "--lang", "en"]) == 0
    assert "is kept" in capsys.readouterr().out
    assert "is kept" in target.read_text(encoding="utf-8")
    assert main(["explain", "worked-example", "--firm", "F3", "--out", str(target)]) == 2  # nothing is overwritten


@pytest.mark.parametrize(("option", "word"), [("--all", "P3"), ("--prices", "20,000 yuan/tce")])
def test_all_projects_and_all_prices(folder, option, word, capsys):
    assert main(["explain", folder, option, "--lang", "en"]) == 0
    assert word in capsys.readouterr().out


def test_a_rule_is_explained(folder, capsys):
    assert main(["explain", folder, "--rule", "admission", "--lang", "en"]) == 0
    assert "P3" in capsys.readouterr().out


@pytest.mark.parametrize("options", [[], ["--project", "P1", "--firm", "F1"], ["--all", "--prices"]])
def test_exactly_one_question_is_asked(folder, options, capsys):
    assert main(["explain", folder, *options, "--lang", "en"]) == 2
    assert "Name one" in capsys.readouterr().err


def test_an_unknown_project_is_refused_with_the_nearest(folder, capsys):
    assert main(["explain", folder, "--project", "P33", "--lang", "en"]) == 2
    assert "P3" in capsys.readouterr().err
