"""`batch`: what a person reads, what a program reads, and how it ends."""

import json

import pytest
from inline_pool import installed

from quota_opt.batch.live import BatchProgress
from quota_opt.cli.batch_watch import clock, progress_line

GRID = """
[grid]
cases = ["worked-example"]
variants = ["base", "keep-70"]
[grid.parameters]
"rules.admission.limits.0.value" = [0.45, 0.52]
"""
FAILING = """
[[runs]]
case = "worked-example"
[[runs]]
case = "worked-exmaple"
[[runs]]
case = "worked-example"
set = { "rules.directives.measures" = [{ measure = "energy_used", sense = ">=", value = 1e9 }] }
"""


@pytest.fixture
def pool(monkeypatch):
    return installed(monkeypatch)


@pytest.fixture
def grid(tmp_path):
    def write(text):
        path = tmp_path / "grid.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_the_best_and_the_worst_of_each_case_and_where_the_tables_are(cli, pool, grid, tmp_path):
    call = cli("batch", grid(GRID), "--out", tmp_path / "out")
    assert call.code == 0
    assert "4 runs with a plan." in call.out
    assert "synthetic data" in call.out
    lines = call.out.splitlines()
    best, worst = (next(line for line in lines if f"  {word} " in line) for word in ("best", "worst"))
    assert "2,000" in best and "intensity limit 0.52" in best
    assert "0.45" in worst
    assert "summary.csv" in call.out and "runs.csv" in call.out
    assert (tmp_path / "out" / "grid.toml").read_text(encoding="utf-8") == GRID
    again = cli("batch", grid(GRID), "--out", tmp_path / "out", "--resume", "--lang", "zh")
    assert again.code == 0
    assert "4 次有方案；其中 4 次沿用已有结果。" in again.out
    assert "准入强度上限 0.52" in again.out


def test_failures_are_grouped_by_reason_and_are_no_failure_of_the_batch(cli, pool, grid, tmp_path):
    call = cli("batch", grid(FAILING), "--out", tmp_path / "out")
    assert call.code == 0
    assert "1 run with a plan, 2 without." in call.out
    assert "1 run, input needs correcting: there is no case 'worked-exmaple'" in call.out
    assert "1 run, no plan satisfies the rules" in call.out
    chinese = cli("batch", grid(FAILING), "--out", tmp_path / "out", "--resume", "--lang", "zh")
    assert "1 次没有可行方案" in chinese.out
    assert "例如 worked-example" in chinese.out


def test_one_document_for_programs(cli, pool, grid, tmp_path):
    call = cli("batch", grid(FAILING), "--out", tmp_path / "out", "--json")
    assert call.code == 0
    assert call.err == ""
    document = call.document
    assert document["counts"] == {"total": 3, "planned": 1, "failed": 2, "reused": 0, "left": 0, "repeated": 0}
    assert [run["status"] for run in document["runs"]] == ["OPTIMAL", "INVALID", "INFEASIBLE"]
    assert document["runs"][0]["parameters"] == {}
    assert {group["exit_code"] for group in document["failures"]} == {2, 3}
    assert document["best"]["worked-example"]["objective"] == 2000.0


def test_quiet_says_where_the_folder_is_and_results_have_a_place_of_their_own(cli, pool, grid):
    for expected, *more in (["results/grid"], ["results/grid-2"], ["results/grid", "--resume"]):
        call = cli("batch", grid(GRID), "--quiet", *more)
        assert (call.code, call.out.strip(), call.err) == (0, expected, "")


def test_what_would_be_solved_is_listed_and_nothing_is_solved(cli, pool, grid, tmp_path):
    call = cli("batch", grid(GRID), "--list", "--lang", "zh")
    assert call.code == 0
    assert "共 4 次求解" in call.out
    assert "keep-70" in call.out
    document = cli("batch", grid(FAILING), "--list", "--json").document
    assert document["counts"] == {"total": 3, "repeated": 0, "refused": 1}
    assert [run["case"] for run in document["runs"]] == ["worked-example", "worked-exmaple", "worked-example"]
    assert pool.solved == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grid.toml", "work"]


def test_a_grid_that_needs_correcting_is_answered_with_its_lines(cli, pool, grid, tmp_path):
    call = cli("batch", grid('[grid]\ncase = ["zhuji"]\n'), "--out", tmp_path / "out")
    assert call.code == 2
    assert "grid.toml, line 2" in call.err
    assert "cases" in call.err
    assert not (tmp_path / "out").exists()
    assert cli("batch", tmp_path / "none.toml").code == 2
    for wrong in (
        ["--gap", "2"],
        ["--run-limit", "0"],
        ["--memory-limit", "0"],
        ["--jobs", "0"],
        ["--profile", "autp"],
    ):
        assert cli("batch", grid(GRID), *wrong, "--out", tmp_path / "out").code == 2, wrong
    assert not (tmp_path / "out").exists()


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(cli, pool, grid, tmp_path):
    def interrupt(task):
        if len(pool.solved) == 2:
            raise KeyboardInterrupt

    pool.hook = interrupt
    call = cli("batch", grid(GRID), "--out", tmp_path / "out")
    assert call.code == 4
    assert "2 runs with a plan, 2 not solved yet." in call.out
    assert "--resume" in call.err
    document = cli("batch", grid(GRID), "--out", tmp_path / "out2", "--json").document
    assert (document["error"]["kind"], document["exit_code"]) == ("interrupted", 4)
    pool.hook = lambda task: None
    assert cli("batch", grid(GRID), "--out", tmp_path / "out", "--resume").code == 0


def test_limits_profile_and_reports_are_as_the_command_line_says(cli, pool, grid, tmp_path):
    out = tmp_path / "out"
    one = grid('[[runs]]\ncase = "worked-example"\nprofile = "quick"\n')
    assert cli("batch", one, "--out", out, "--profile", "exact", "--gap", "0.25", "--reports").code == 0
    [folder] = (out / "runs").iterdir()
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert (record["profile"]["name"], record["profile"]["relative_gap"]) == ("exact", 0.25)
    assert (folder / "report.html").is_file()


def test_a_line_of_progress_names_what_failed_and_how_long_it_will_take():
    progress = BatchProgress(1200, 300, 20, {"INFEASIBLE": 3, "TIMEOUT": 1}, 2, 190.0, 570.0, {})
    assert progress_line(progress, "en") == (
        "300/1,200  planned 296  reused 20  no plan satisfies the rules 3  run limit exceeded 1  at work 2  "
        "time 3:10  about left 9:30"
    )
    assert "没有可行方案 3" in progress_line(progress, "zh")
    begun = BatchProgress(5, 0, 0, {}, 2, 1.0, None, {})
    assert "left" not in progress_line(begun, "en")
    assert [clock(seconds) for seconds in (0, 59.6, 3600, 11_220)] == ["0:00", "1:00", "1:00:00", "3:07:00"]


def test_where_nobody_watches_a_line_comes_now_and_then(cli, pool, grid, tmp_path, monkeypatch):
    monkeypatch.setattr("quota_opt.cli.batch_watch.EVERY", 0.0)
    call = cli("batch", grid(GRID), "--out", tmp_path / "loud")
    assert [line.split()[0] for line in call.err.splitlines()] == ["0/4", "1/4", "2/4", "3/4", "4/4"]
    assert cli("batch", grid(GRID), "--out", tmp_path / "quiet", "--quiet").err == ""
    assert cli("batch", grid(GRID), "--out", tmp_path / "json", "--json").err == ""
