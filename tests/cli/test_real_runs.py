"""Every command on a real case, the whole way, on the worked example that can be solved by hand."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from forging import reseal

from quota_opt.resources import builtin, data_root


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """A result folder of the worked example; copy before breaking it."""
    folder = tmp_path_factory.mktemp("solved") / "plan"
    run = subprocess.run(
        [sys.executable, "-m", "quota_opt", "run", "worked-example", "--out", str(folder), "--quiet"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return folder


def test_run_writes_every_file_of_the_contract(solved):
    expected = {"run.json", "actions.csv", "awards.csv", "transfers.csv", "ledger.csv", "prices.csv", "reasons.csv",
                "inputs", "report.html", "report.xlsx", "report.docx"}  # fmt: skip
    assert expected <= {path.name for path in solved.iterdir()}


@pytest.mark.parametrize(
    ("address", "changes", "objective", "projects"),
    [("worked-example", [], 2000, {"P1", "P2", "P4"}), ("worked-example/strict-access", [], 1200, {"P1", "P4"}),
     ("worked-example", ["--set", "rules.retention.keep=0.7"], 1200, {"P1", "P4"})],
)  # fmt: skip
def test_the_worked_example_has_the_answers_worked_out_by_hand(cli, address, changes, objective, projects):
    call = cli("run", address, *changes, "--json")
    assert call.code == 0
    assert call.document["objective"] == pytest.approx(objective)
    with (Path(call.document["folder"]) / "awards.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {row["project"] for row in csv.DictReader(file)} == projects


def test_the_summary_is_shown_in_the_language_asked_for(cli):
    chinese, english = cli("run", "worked-example", "--lang", "zh"), cli("run", "worked-example", "--lang", "en")
    assert chinese.code == english.code == 0
    assert "最优" in chinese.out
    assert "optimal" in english.out.lower()
    assert "results" in english.out


def test_a_sound_folder_verifies(cli, solved):
    call = cli("verify", solved)
    assert call.code == 0, call.err
    assert cli("verify", solved, "--json").document["ok"] is True


def test_a_folder_with_a_changed_number_fails_with_5(cli, solved, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(solved, broken)
    path = broken / "awards.csv"
    text = path.read_text(encoding="utf-8-sig")
    assert "600" in text
    path.write_text(text.replace("600", "660"), encoding="utf-8-sig")
    assert cli("verify", reseal(broken)).code == 5


@pytest.mark.parametrize("verb", ["verify", "check", "run"])
def test_a_folder_that_is_not_there_is_exit_code_2(cli, verb):
    call = cli(verb, "nowhere/at-all")
    assert call.code == 2
    assert "nowhere" in call.err + call.out
    assert "Traceback" not in call.err


def test_a_misspelt_case_is_answered_with_the_nearest_name(cli):
    call = cli("run", "worked-exmaple")
    assert call.code == 2
    assert "worked-example" in call.err


def test_a_misspelt_profile_is_exit_code_2_and_writes_nothing(cli, tmp_path):
    call = cli("run", "worked-example", "--profile", "quik")
    assert call.code == 2
    assert "quick" in call.err
    assert not (tmp_path / "work" / "results").exists()


def test_a_wrong_path_in_set_is_exit_code_2_and_names_the_path(cli):
    call = cli("run", "worked-example", "--set", "rules.retention.kep=0.7")
    assert call.code == 2
    assert "rules.retention.kep" in call.err
    assert "keep" in call.err


def test_an_impossible_case_is_exit_code_3_names_the_rules_and_writes_nothing(cli, tmp_path):
    case = tmp_path / "impossible"
    assert cli("new", case, "--from", "worked-example").code == 0
    (case / "targets.csv").write_text("measure,sense,value\nenergy_freed,>=,1000000\n", encoding="utf-8")
    call = cli("run", case, "--json")
    assert call.code == 3
    assert any(conflict["rule"] == "targets" for conflict in call.document["conflicts"])
    assert "targets" in cli("run", case).err
    assert not (tmp_path / "work" / "results").exists()


def test_check_of_a_faulty_copy_lists_the_faults_and_ends_in_2(cli, tmp_path):
    case = tmp_path / "faulty"
    assert cli("new", case, "--from", "worked-example").code == 0
    firms = case / "firms.csv"
    firms.write_text(firms.read_text(encoding="utf-8").replace("N1", "N9"), encoding="utf-8")
    call = cli("check", case)
    assert call.code == 2
    assert "N9" in call.out
    assert "firms.csv" in call.out
    assert cli("run", case).code == 2


@pytest.mark.parametrize("case", builtin("scenarios"))
def test_every_built_in_case_passes_its_check(cli, case):
    call = cli("check", case, "--json")
    assert call.code == 0, call.out


def test_new_writes_a_folder_and_workbooks_that_can_be_read_again(cli):
    assert cli("new", "copy", "--from", "worked-example/strict-access").code == 0
    assert cli("new", "filled.xlsx", "--from", "worked-example", "--xlsx").code == 0
    assert cli("new", "blank.xlsx", "--xlsx").code == 0
    assert cli("run", "filled.xlsx", "--json").document["objective"] == pytest.approx(2000)
    assert cli("check", "copy").code == 0


def test_scenarios_and_engines_list_everything_that_ships(cli):
    listed = cli("scenarios", "--json").document["scenarios"]
    assert [info["name"] for info in listed] == builtin("scenarios")
    states = cli("engines", "--json").document["engines"]
    assert {state["profile"] for state in states} >= set(builtin("solvers"))
    for name in builtin("scenarios"):
        assert name in cli("scenarios").out
    assert "auto" in cli("engines").out


@pytest.mark.parametrize("ending", ["mps", "lp"])
def test_export_writes_a_model_and_overwrites_none(cli, ending):
    assert cli("export", "worked-example", "--out", f"m.{ending}").code == 0
    assert "retention" in Path(f"m.{ending}").read_text(encoding="utf-8")
    assert cli("export", "worked-example", "--format", ending, "--out", f"m.{ending}").code == 2


def test_generate_is_the_same_for_the_same_seed(cli):
    sizes = ["--firms", "40", "--projects", "8", "--towns", "3", "--years", "3", "--seed", "7"]
    for out in ("a", "b"):
        assert cli("generate", *sizes, "--out", out).code == 0
    names = sorted(path.name for path in Path("a").iterdir())
    assert names
    for name in names:
        assert Path("a", name).read_bytes() == Path("b", name).read_bytes()
    assert cli("check", "a").code == 0


def test_a_time_limit_that_bites_keeps_the_plan_with_exit_code_4_or_none(cli):
    assert cli("generate", "--firms", "300", "--projects", "40", "--towns", "5", "--out", "big").code == 0
    call = cli("run", "big", "--profile", "exact", "--time-limit", "0.5", "--json")
    if call.code == 4 and "status" in call.document:
        assert call.document["status"] == "FEASIBLE"
        assert call.document["gap"] > 0
    assert call.code in (0, 4)


@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
def test_ctrl_c_stops_the_real_solver_and_keeps_its_plan(cli, tmp_path):
    assert cli("generate", "--firms", "1000", "--projects", "120", "--towns", "9", "--out", "big").code == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "quota_opt", "run", "big", "--profile", "exact", "--out", "out", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    time.sleep(5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert b"Traceback" not in err
    document = json.loads(out)
    assert process.returncode == 4
    if "error" in document:
        assert document["error"]["kind"] == "no-plan-found"
        assert not Path("out").exists()
    else:
        assert document["status"] == "FEASIBLE"
        assert cli("verify", "out").code == 0


def test_a_case_of_ones_own_is_completed_and_read_by_a_path_with_chinese_letters(cli, tmp_path):
    folder = tmp_path / "县里 的案例"
    shutil.copytree(data_root("scenarios") / "worked-example", folder)
    assert cli("run", folder, "--json").document["objective"] == pytest.approx(2000)
