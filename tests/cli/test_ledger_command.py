"""`ledger`: one firm, project or place, for people, for programs and as a folder; nothing else is accepted."""

from pathlib import Path

import pytest

import quota_opt as qo
from quota_opt.cli.explain_infeasible import explain_infeasible
from quota_opt.cli.session import Session


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return qo.solve("worked-example").write(tmp_path_factory.mktemp("ledger") / "out")


def test_the_ledger_of_a_project_on_the_terminal_and_as_json(cli, result):
    said = cli("ledger", result, "--project", "P2", "--lang", "zh")
    assert said.code == 0
    assert "P2" in said.out
    assert "的指标从哪里来" in said.out
    found = cli("ledger", result, "--project", "P2", "--json").document
    assert found["project"] == "P2"
    assert sum(line["amount"] for line in found["lines"] if line["year"] == 2025) == pytest.approx(600.0)
    assert found["difference"] == 0.0


def test_the_ledger_of_a_place_as_a_folder(cli, result):
    assert cli("ledger", result, "--place", "N1", "--year", "2025", "--out", "flows").code == 0
    assert {path.name for path in Path("flows").iterdir()} == {"trace.csv", "sums.csv", "report.html", "report.xlsx"}
    assert "sankey" in Path("flows/report.html").read_text(encoding="utf-8") or "<svg" in Path(
        "flows/report.html"
    ).read_text(encoding="utf-8")
    assert cli("ledger", result, "--place", "N1", "--out", "flows").code == 2


@pytest.mark.parametrize("asked", [[], ["--firm", "F1", "--project", "P2"], ["--firm", "nobody"]])
def test_one_thing_that_exists_must_be_named(cli, result, asked):
    assert cli("ledger", result, *asked).code == 2


def test_why_there_is_no_plan_for_people_and_for_programs(capfd):
    # Closing all three firms of the worked example frees 1,700; 1,800 are asked for.
    case = qo.read("worked-example").with_(
        **{"rules.directives": {"measures": [{"measure": "energy_freed", "sense": ">=", "value": 1800.0}]}}
    )
    assert explain_infeasible(Session("zh"), case, out=Path("why")) == 0
    said = capfd.readouterr().out
    assert "单独就做不到" in said
    assert "1,800" in said and "1,700" in said
    names = {path.name for path in Path("why").iterdir()}
    assert names == {"clashes.csv", "repairs.csv", "report.html", "report.xlsx"}
    assert explain_infeasible(Session("en", json=True), case) == 0
    assert '"set": "rules.directives.measures.0.value=1700.0"' in capfd.readouterr().out
    assert explain_infeasible(Session("en"), qo.read("worked-example")) == 0
    assert "nothing to explain" in capfd.readouterr().out


def test_the_settings_that_left_no_plan_are_explained_as_they_were_given(cli):
    # With 1,800 tce of the 1,700 there are the run ends with 3; explain takes the same --set.
    asked = ["--set", 'rules.directives.measures=[{ measure = "energy_freed", sense = ">=", value = 1800.0 }]']
    assert cli("run", "worked-example", *asked).code == 3
    found = cli("explain", "worked-example", "--infeasible", "--order", "directives", *asked, "--json")
    assert found.code == 0
    assert found.document["repairs"][0]["changes"][0]["set"] == "rules.directives.measures.0.value=1700.0"
    assert found.document["order"][0] == "directives"
    assert cli("explain", "worked-example", "--infeasible", "--order", "nothing").code == 2
    assert cli("explain", "worked-example", "--infeasible", *asked, "--out", "why.html").code == 0
    assert "1,700" in Path("why.html").read_text(encoding="utf-8")
