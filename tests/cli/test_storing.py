"""The run store at the command line: in, found, marked, out again."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from databases import place_of

import quota_opt as qo
from quota_opt.batch.task import Ending, execute, task_of, unpack


@pytest.fixture(scope="module")
def done():
    return execute(task_of(qo.read("worked-example"), qo.read_profile("auto")), qo.read("worked-example"))


@pytest.fixture(scope="module")
def strict():
    case, changes = qo.read("worked-example"), {"rules.admission.limits.0.value": 0.49}
    return execute(task_of(case, qo.read_profile("auto"), overrides=changes), case)


@pytest.fixture
def solved(done):
    """A result folder of the worked example, as `run` writes it but for the reports."""
    return unpack(done.files, Path("plan"))


@pytest.fixture
def kept(cli, solved, strict, monkeypatch):
    """A store with two runs of one case, the first its baseline; returns their addresses."""
    monkeypatch.setenv("QUOTA_OPT_STORE", "runs.db")
    unpack(strict.files, Path("strict"))
    assert cli("store", "import", solved, "strict", "--tag", "草案").code == 0
    baseline, other = (json.loads((Path(name) / "run.json").read_text())["address"] for name in ("plan", "strict"))
    assert cli("store", "pin", baseline[:8]).code == 0
    return baseline, other


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_run_goes_in_and_comes_out_and_verifies(cli, solved, tmp_path, kind):
    with place_of(kind, tmp_path) as place:
        added = cli("store", "import", solved, "--store", place, "--json")
        assert added.code == 0
        [address] = added.document["runs"]
        assert cli("store", "list", "--store", place, "--quiet").out.split() == [address]
        assert cli("store", "export", address[:6], "--out", "again", "--store", place).code == 0
    assert contents("again") == contents(solved)
    assert cli("verify", "again").code == 0


def test_runs_are_listed_beside_their_baseline(cli, kept, monkeypatch):
    baseline, other = kept
    listed = cli("store", "list", "--json").document
    assert listed["more"] is False
    by_address = {run["address"]: run for run in listed["runs"]}
    assert by_address[baseline]["baseline"] and not by_address[other]["baseline"]
    assert by_address[other]["change"] == pytest.approx(-800.0)
    assert by_address[other]["tags"] == ["草案"]
    shown = cli("store", "list", "--lang", "zh").out
    assert baseline[:8] in shown and "★ 基准方案" in shown and "−800" in shown and "已证明最优" in shown
    monkeypatch.setenv("COLUMNS", "80")
    narrow = cli("store", "list", "--lang", "zh").out
    assert baseline[:8] in narrow and "−800" in narrow and "草案" in narrow
    by_measure = cli("store", "list", "--measure", "value_added_lost_final", "--json").document["runs"]
    assert {run["address"]: run["value"] for run in by_measure} == {baseline: 700.0, other: 300.0}
    assert by_measure[0]["unit"] == "10k yuan/yr"


def test_a_list_is_narrowed(cli, kept):
    baseline, other = kept

    def found(*asked):
        return set(cli("store", "list", "--quiet", *asked).out.split())

    assert found("--search", "0.49") == {other}
    assert found("--case", "worked-example", "--status", "optimal", "--tag", "草案") == {baseline, other}
    assert found("--since", "1d") == {baseline, other}
    assert found("--since", "2999-01-01") == set()
    assert cli("store", "list", "--limit", "1", "--json").document["more"] is True
    assert "--limit" in cli("store", "list", "--limit", "1").out
    assert "No run answers" in cli("store", "list", "--tag", "none").out


def test_all_about_one_run_is_shown_beside_the_baseline(cli, kept):
    baseline, other = kept
    told = cli("store", "show", other[:7], "--json").document
    assert (told["address"], told["baseline"], told["case"]) == (other, baseline, "worked-example")
    [figure] = [row for row in told["measures"] if row["measure"] == "value_added_final"]
    assert (figure["value"], figure["baseline"], figure["change"]) == (1200.0, 2000.0, -800.0)
    assert {file["name"] for file in told["files"]} >= {"run.json", "awards.csv"}
    shown = cli("store", "show", other, "--lang", "zh").out
    for word in (other, baseline[:8], "0.49", "−800", "草案", "已证明最优"):
        assert word in shown
    assert "★" in cli("store", "show", baseline).out


def test_tags_notes_and_baselines_change(cli, kept):
    baseline, other = kept
    assert cli("store", "tag", other, "final", "会上", "--note", "给张局看过").code == 0
    assert cli("store", "tag", other, "草案", "--remove", "--json").document["tags"] == ["final", "会上"]
    assert "给张局看过" in cli("store", "show", other).out
    assert cli("store", "pin", other, "--json").document == {
        "run": other, "case": "worked-example", "baseline": other,
    }  # fmt: skip
    assert cli("store", "show", baseline, "--json").document["baseline"] == other
    assert cli("store", "pin", other, "--remove").code == 0
    assert cli("store", "show", baseline, "--json").document["baseline"] is None


def test_what_is_not_marked_is_cleared_away(cli, kept):
    baseline, other = kept
    cli("store", "tag", other, "草案", "--remove")
    told = cli("store", "gc", "--older-than", "0d", "--dry-run", "--json").document
    assert (told["runs"], told["dry_run"]) == (1, True)
    assert len(cli("store", "list", "--quiet").out.split()) == 2
    assert "Removed 1 run" in cli("store", "gc", "--older-than", "0d").out
    assert cli("store", "list", "--quiet").out.split() == [baseline]


def test_the_state_of_a_store_is_told(cli, kept):
    told = cli("store", "info", "--json").document
    assert (told["runs"], told["cases"], told["by_status"], told["baselines"]) == (2, 1, {"OPTIMAL": 2}, 1)
    shown = cli("store", "info", "--lang", "zh").out
    assert "runs.db" in shown and "已证明最优 2" in shown


def test_a_batch_goes_in_with_its_failures(cli, done, strict, monkeypatch):
    monkeypatch.setenv("QUOTA_OPT_STORE", "runs.db")
    case, night = qo.read("worked-example"), Path("night")
    for run in (done, strict):
        unpack(run.files, night / "runs" / run.ending.address)
    (night / "runs" / ".half-written").mkdir()
    failed = Ending("f" * 24, "TIMEOUT", 4, qo.Text("超过 5 秒", "longer than 5 s"), seconds=5.0)
    lines = [f"{run.address},./my-county" for run in (done.ending, strict.ending, failed)]
    (night / "runs.csv").write_text("run,case\n" + "\n".join(lines), encoding="utf-8-sig")
    (night / "failures").mkdir()
    record = {**vars(failed), "reason": failed.reason._asdict(), "case": "./my-county", "variant": "base"}
    record |= {"parameters": {"rules.retention.keep": 0.9}, "profile": "auto", "seed": 0}
    (night / "failures" / f"{failed.address}.json").write_text(json.dumps(record), encoding="utf-8")
    added = cli("store", "import", night, "--json").document
    assert set(added["runs"]) == {done.ending.address, strict.ending.address}
    assert added["without_plan"] == [failed.address]
    told = cli("store", "show", "ffff", "--json").document
    assert (told["status"], told["exit_code"], told["case"], told["batch"]) == ("TIMEOUT", 4, case.name, "night")
    assert told["overrides"] == {"rules.retention.keep": 0.9} and told["variant"] is None
    assert "longer than 5 s" in cli("store", "show", "ffff").out
    assert len(cli("store", "list", "--batch", "night", "--quiet").out.split()) == 3
    # What came in the folder is refused for itself and stops no other.
    table = night / "runs" / strict.ending.address / "awards.csv"
    table.write_bytes(table.read_bytes() + b"\n")
    (night / "failures" / "broken.json").write_text("{")
    again = cli("store", "import", night, "--store", "other.db")
    assert again.code == 2
    assert "awards.csv" in again.err and "broken.json" in again.err
    assert "Added 2 runs (1 without a plan)" in again.out


def test_run_adds_to_a_store_where_asked(cli):
    solved = cli("run", "worked-example", "--out", "plan", "--store", "runs.db", "--json")
    assert solved.code == 0
    [run] = cli("store", "list", "--store", "runs.db", "--json").document["runs"]
    assert (run["address"], run["source"]) == (solved.document["address"], "run")
    assert cli("run", "worked-example", "--out", "other", "--store", "plan").code == 2
    assert not Path("other").exists()


def test_the_way_from_a_batch_to_the_store(cli):
    Path("grid.toml").write_text(
        '[grid]\ncases = ["worked-example"]\n[grid.parameters]\n"rules.retention.keep" = [0.5, 2.0]\n', encoding="utf-8"
    )
    assert cli("batch", "grid.toml", "--jobs", "1", "--out", "night", "--quiet").code in (0, 2)
    added = cli("store", "import", "night", "--store", "runs.db", "--json")
    assert added.code == 0
    assert (len(added.document["runs"]), len(added.document["without_plan"])) == (1, 1)
    runs = cli("store", "list", "--store", "runs.db", "--batch", "night", "--json").document["runs"]
    assert {run["status"] for run in runs} == {"OPTIMAL", "INVALID"}
    assert {run["case"] for run in runs} == {"worked-example"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["store", "list", "--since", "yesterday"],
        ["store", "list", "--since", "7 moons"],
        ["store", "list", "--status", "GOOD"],
        ["store", "gc", "--older-than", "1y"],
        ["store", "tag", "abc"],
        ["store", "export", "abc"],
        ["store", "show"],
        ["store", "nothing"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_answered_with_a_hint(cli, arguments):
    call = cli(*arguments)
    assert call.code == 2
    assert "--help" in call.err and "Traceback" not in call.err


def test_a_store_that_is_not_there_is_not_made_by_looking(cli):
    for arguments in (["list"], ["show", "ab"], ["gc"], ["info"], ["pin", "ab"], ["tag", "ab", "x"]):
        call = cli("store", *arguments, "--store", "typo.db", "--json")
        assert (call.code, call.document["error"]["kind"]) == (2, "store-unavailable")
    assert not Path("typo.db").exists()


def test_a_run_that_is_not_there_is_told(cli, kept):
    call = cli("store", "show", "zz", "--json")
    assert (call.code, call.document["findings"][0]["code"]) == (2, "unknown-run")
    assert "store list" in cli("store", "export", "zz", "--out", "x").err


def test_global_options_are_taken_before_and_after(cli, kept):
    assert cli("--json", "store", "info").document == cli("store", "--json", "info").document
    assert cli("store", "info", "--json").document["runs"] == 2
    assert "运行" in cli("store", "--lang", "zh", "info").out
    assert cli("store").code == 0 and "import" in cli("store").out


def test_help_of_the_store_loads_nothing_heavy():
    script = (
        "import sys; from quota_opt.cli import main; main(['store', 'list', '--help']); "
        "heavy = {'sqlalchemy', 'alembic', 'pandas'} & set(sys.modules); sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
