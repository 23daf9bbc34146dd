"""alternatives, sweep and replan from the command line: what they write, say and end with."""

import csv
import json
from pathlib import Path

import pytest

LIMIT = ("--parameter", "rules.admission.limits.0.value")


def rows(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """A result folder of the worked example."""
    import quota_opt as qo

    return qo.solve("worked-example").write(tmp_path_factory.mktemp("old") / "plan", "en")


def test_alternatives_writes_its_folder_and_says_what_all_plans_share(cli):
    call = cli("alternatives", "worked-example", "--within", "20%", "--count", "3")
    assert call.code == 0, call.err
    assert "Awarded in all of them: 2 projects" in call.out
    folder = Path("results/alternatives-worked-example")
    assert [row["objective"] for row in rows(folder / "alternatives.csv")] == ["2000.0", "1750.0"]
    assert cli("verify", folder / "plan-2").code == 0


def test_sweep_as_one_document(cli):
    call = cli("sweep", "worked-example", *LIMIT, "--from", "0.49", "--to", "0.52", "--out", "out", "--json")
    assert call.code == 0, call.err
    assert call.document["breaks"] == [0.5]
    assert call.document["exact"] is True
    assert [piece["objective"] for piece in call.document["pieces"]] == [1200.0, 2000.0]
    assert [row["plan"] for row in rows(Path("out/sweep.csv"))] == ["plan-1", "plan-2"]


def test_sweep_in_chinese_names_the_parameter(cli):
    call = cli("sweep", "worked-example", *LIMIT, "--from", "0.51", "--to", "0.52", "--lang", "zh")
    assert call.code == 0, call.err
    assert "准入强度上限从 0.51 到 0.52" in call.out
    assert "同一套安排始终最优" in call.out


def test_replan_keeps_what_is_promised_and_tells_what_changes(cli, old):
    Path("promised.csv").write_text("kind,id\nproject,P2\n", encoding="utf-8")
    call = cli("replan", old, "worked-example/keep-70", "--promised", "promised.csv", "--out", "out", "--quiet")
    assert call.code == 0, call.err
    assert call.out.strip() == "out"
    assert {row["id"]: row["change"] for row in rows(Path("out/churn.csv"))} == {
        "F1": "kept", "F2": "kept", "F3": "added", "P1": "kept", "P2": "promised", "P4": "kept",
    }  # fmt: skip
    settings = json.loads(Path("out/plan-1/run.json").read_text(encoding="utf-8"))["overrides"]
    assert settings["rules.directives"]["projects"][0]["project"] == "P2"


def test_a_promise_that_is_barred_ends_with_2_and_may_be_bent_for(cli, old):
    Path("promised.csv").write_text("kind,id\nproject,P2\n", encoding="utf-8")
    command = ("replan", old, "worked-example/strict-access", "--promised", "promised.csv")
    call = cli(*command)
    assert call.code == 2
    assert "--bend" in call.err
    assert "0.49" in call.err
    assert not Path("results").exists()
    assert cli(*command, "--bend", "P2").code == 0


def test_too_few_changes_end_with_3(cli, old):
    call = cli("replan", old, "worked-example/keep-70", "--most-changes", "0")
    assert call.code == 3
    assert not Path("results").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("alternatives", "worked-example", "--within", "much"),
        ("alternatives", "worked-example", "--within", "150%"),
        ("alternatives", "worked-example", "--count", "0"),
        ("alternatives", "worked-example", "--gap", "2"),
        ("sweep", "worked-example", *LIMIT, "--from", "0.5", "--to", "0.5"),
        ("sweep", "worked-example", *LIMIT, "--from", "0.5", "--to", "0.6", "--steps", "0"),
        ("sweep", "worked-example", "--parameter", "rules.nothing.here", "--from", "0", "--to", "1"),
        ("replan", "worked-example", "worked-example", "--most-changes", "1", "--within", "1%"),
        ("replan", "worked-example", "worked-example", "--promised", "nowhere.csv"),
        ("replan", "nowhere", "worked-example"),
    ],
)
def test_what_makes_no_sense_ends_with_2_and_writes_nothing(cli, arguments):
    call = cli(*arguments)
    assert call.code == 2, call.out + call.err
    assert "Traceback" not in call.err
    assert not Path("results").exists()


@pytest.mark.parametrize(
    "arguments",
    [("alternatives", "worked-example"), ("sweep", "worked-example", *LIMIT, "--from", "0.4", "--to", "0.5"),
     ("replan", "worked-example", "worked-example")],
)  # fmt: skip
def test_nothing_is_overwritten(cli, arguments):
    Path("out").mkdir()
    Path("out/mine.txt").write_text("mine", encoding="utf-8")
    assert cli(*arguments, "--out", "out").code == 2
    assert [path.name for path in Path("out").iterdir()] == ["mine.txt"]
