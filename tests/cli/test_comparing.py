"""compare and diff from the command line: folders, endings, JSON."""

import csv

import pytest

import quota_opt as qo

NINE = """
[scenario]
name = "nine"
first_year = 2024
last_year = 2024
data = "synthetic"
"""


@pytest.fixture
def impossible(tmp_path):
    """A case with a target nothing can reach."""
    folder = tmp_path / "nine"
    folder.mkdir()
    (folder / "scenario.toml").write_text(NINE, encoding="utf-8")
    (folder / "places.csv").write_text("place,level\nC,county\n", encoding="utf-8")
    (folder / "projects.csv").write_text("project,place,energy_tce,value_added\nP1,C,1,1\n", encoding="utf-8")
    (folder / "targets.csv").write_text("measure,sense,value\nprojects_started,>=,9\n", encoding="utf-8")
    return folder


def test_compare_writes_the_folder_and_says_what_the_clause_costs(cli, tmp_path):
    call = cli("compare", "worked-example", "worked-example/strict-access", "--out", tmp_path / "out", "--lang", "zh")
    assert call.code == 0, call.err
    assert "少 800 万元" in call.out.replace("\n", "") and str(tmp_path / "out") in call.out.replace("\n", "")
    with (tmp_path / "out" / "comparison.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["measure"]: row for row in csv.DictReader(file)}
    assert float(rows["value_added_final"]["strict-access"]) == pytest.approx(1200.0)
    assert cli("verify", tmp_path / "out" / "plans" / "base").code == 0


def test_compare_saves_by_default_and_never_overwrites(cli, tmp_path):
    call = cli("compare", "worked-example", "worked-example/keep-70", "--json")
    assert call.code == 0
    assert call.document["folder"].replace("\\", "/") == "results/compare-worked-example"
    assert {line["name"]: line["status"] for line in call.document["scenarios"]} == {
        "base": "OPTIMAL", "keep-70": "OPTIMAL",
    }  # fmt: skip
    assert [line["regret"] for line in call.document["regret"] if line["plan"] == line["scenario"]] == [0.0, 0.0]
    assert cli("compare", "worked-example", "--out", call.document["folder"]).code == 2


def test_compare_ends_with_3_where_a_scenario_has_no_plan_and_still_writes(cli, impossible, tmp_path):
    call = cli("compare", "worked-example", impossible, "--out", tmp_path / "out", "--json")
    assert call.code == call.document["exit_code"] == 3
    assert [line["status"] for line in call.document["scenarios"]] == ["OPTIMAL", "INFEASIBLE"]
    assert "targets" in call.document["scenarios"][1]["reason"]
    assert (tmp_path / "out" / "report.html").is_file()
    assert cli("compare", impossible, "--out", tmp_path / "none").code == 3
    assert not (tmp_path / "none").exists()


def test_compare_ends_with_4_where_a_limit_came_first(cli, tmp_path, monkeypatch):
    from dataclasses import replace

    plan = qo.solve("worked-example")
    limited = replace(plan, status=qo.Status.FEASIBLE)
    monkeypatch.setattr("quota_opt.analysis.compare.compare.plan_at", lambda *_, **__: limited)
    call = cli("compare", "worked-example", "worked-example/keep-70", "--out", tmp_path / "out", "--quiet")
    assert call.code == 4 and call.out.strip() == str(tmp_path / "out")


def test_compare_refuses_what_it_cannot_read_before_it_solves(cli):
    assert cli("compare", "worked-example", "no-such-case").code == 2
    assert cli("compare").code == 2
    assert cli("compare", "worked-example", "--gap", "2").code == 2


def test_diff_names_each_changes_share(cli, tmp_path):
    call = cli("diff", "worked-example", "worked-example/keep-70", "--out", tmp_path / "out", "--json")
    assert call.code == 0, call.err
    (share,) = [line for line in call.document["shares"] if line["measure"] == "objective"]
    assert share["change"] == "rules.retention.keep" and share["share"] == pytest.approx(-800.0)
    assert (tmp_path / "out" / "shares.csv").is_file() and (tmp_path / "out" / "report.xlsx").is_file()


def test_diff_of_result_folders_in_words(cli, tmp_path):
    for name in ("worked-example", "worked-example/strict-access"):
        assert cli("run", name, "--out", tmp_path / name.rpartition("/")[2], "--quiet").code == 0
    call = cli("diff", tmp_path / "worked-example", tmp_path / "strict-access", "--no-shares", "--lang", "en")
    assert call.code == 0, call.err
    assert "tightens to 0.49 from 0.52" in call.out.replace("\n", " ")
