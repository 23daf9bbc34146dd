"""GRID.toml: what it stands for, in which order, and what it is refused for."""

import re
from pathlib import Path

import pytest

from quota_opt.batch.grid import read_grid
from quota_opt.batch.grid_runs import runs_of
from quota_opt.batch.summary import RUN_COLUMNS, SUMMARY_COLUMNS
from quota_opt.errors import InputError


def read(tmp_path, text):
    path = tmp_path / "grid.toml"
    path.write_text(text, encoding="utf-8")
    return read_grid(path)


def findings(tmp_path, text):
    with pytest.raises(InputError) as refused:
        read(tmp_path, text)
    return refused.value.findings


def test_runs_stand_in_the_order_of_the_grid(tmp_path):
    grid = read(
        tmp_path,
        """
        [grid]
        cases = ["worked-example", "zhuji"]
        variants = ["base", "strict-access"]
        seeds = [3, 4]
        gap = 0.01
        [grid.parameters]
        "rules.retention.keep" = [0.5, 0.6]
        [[runs]]
        case = "zhuji"
        set = { "scenario.discount_rate" = 0.03 }
        seed = 9
        time_limit = 60
        """,
    )
    said = [
        (run.case, run.variant, run.parameters.get("rules.retention.keep"), run.profile.random_seed)
        for run in grid.wanted
    ]
    expected = [
        (case, variant, keep, seed)
        for case in ("worked-example", "zhuji")
        for variant in ("base", "strict-access")
        for keep in (0.5, 0.6)
        for seed in (3, 4)
    ]
    assert said == [*expected, ("zhuji", None, None, 9)]
    assert {run.profile.relative_gap for run in grid.wanted} == {0.01}
    assert grid.wanted[-1].profile.time_limit_s == 60


def test_what_the_command_line_says_replaces_what_the_grid_says_and_nothing_else(tmp_path):
    text = '[grid]\ncases = ["zhuji"]\ngap = 0.01\nseeds = [5]\n[[runs]]\ncase = "zhuji"\ngap = 0.02'
    changed = read(tmp_path, text).with_profile("exact", time_limit=7)
    said = [(run.profile.name, run.profile.relative_gap, run.profile.time_limit_s) for run in changed.wanted]
    assert said == [("exact", 0.01, 7), ("exact", 0.02, 7)]
    assert changed.wanted[0].profile.random_seed == 5
    with pytest.raises(InputError):
        changed.with_profile("exactly")


def test_each_case_is_read_once_and_each_address_is_one_run(tmp_path):
    grid = read(
        tmp_path,
        """
        grid = { cases = ["worked-example", "worked-example"], variants = ["*", "base"] }
        runs = [{ case = "worked-example/keep-70" }, { case = "worked-example", variant = "keep-70" }]
        """,
    )
    runs = runs_of(grid)
    assert [run.variant for run in runs.runs] == ["base", "strict-access", "keep-70"]
    assert runs.repeated == 7
    assert len(runs.cases) == 1
    assert all(run.task is not None and run.task.case in runs.cases for run in runs.runs)


def test_cases_stand_beside_the_grid_before_they_are_built_in(tmp_path):
    import quota_opt as qo

    qo.new(tmp_path / "zhuji", "worked-example")
    qo.new(tmp_path / "own" / "case", "worked-example")
    grid = read(tmp_path, '[grid]\ncases = ["zhuji", "./own/case", "zhuji/keep-70", "fenghua"]')
    runs = runs_of(grid)
    assert [(run.case, run.variant) for run in runs.runs] == [
        ("zhuji", "base"), ("zhuji/keep-70", "keep-70"), ("fenghua", "base"),
    ]  # fmt: skip
    assert runs.repeated == 1, "the copy beside it is the same case"


def test_a_case_that_cannot_be_read_fails_alone(tmp_path):
    grid = read(tmp_path, '[grid]\ncases = ["worked-example", "worked-exmaple"]\nvariants = ["*"]')
    runs = runs_of(grid)
    assert [run.task is None for run in runs.runs] == [False, False, False, True]
    assert "worked-exmaple" in runs.runs[-1].refused.en
    with pytest.raises(InputError) as refused:
        runs_of(read(tmp_path, '[grid]\ncases = ["a", "b"]'))
    assert len(refused.value.findings) == 2


def test_a_variant_cannot_be_asked_for_twice_in_different_ways(tmp_path):
    [run] = runs_of(read(tmp_path, '[[runs]]\ncase = "zhuji/strict-access"\nvariant = "base"')).runs
    assert run.task is None
    assert "strict-access" in run.refused.zh


@pytest.mark.parametrize(
    ("text", "code", "path", "row", "hint"),
    [
        ('[gird]\ncases = ["zhuji"]', "unknown-key", "gird", 1, "'grid'"),
        ('[grid]\ncase = ["zhuji"]', "unknown-key", "grid.case", 2, "'cases'"),
        ('[grid]\ncases = ["a"]\nsampling = "cartesan"', "unknown-choice", "grid.sampling", 3, "'cartesian'"),
        ('[grid]\ncases = "a"', "wrong-kind", "grid.cases", 2, "a list"),
        ('[grid]\ncases = ["a"]\nseeds = [-1]', "out-of-range", "grid.seeds.0", 3, "at least 0"),
        ('[grid]\ncases = ["a"]\ngap = 1.0', "out-of-range", "grid.gap", 3, "less than 1"),
        ('[grid]\ncases = ["a"]\nsamples = 5', "bad-setting", "grid", 1, "latin-hypercube"),
        ('[grid]\ncases = ["a"]\n[grid.parameters]\nx = []', "bad-setting", "grid", 1, "one value"),
        ('[grid]\ncases = ["a"]\n[grid.parameters]\nx = { from = 0, to = 1 }', "bad-setting", "grid", 1, "steps"),
        ('[grid]\ncases = ["a"]\n[grid.parameters]\n"x..y" = [1]', "bad-setting", "grid.parameters", 3, "rules."),
        (
            '[grid]\ncases = ["a"]\nsampling = "zip"\n[grid.parameters]\nx = [1]\ny = [1, 2]',
            "bad-setting", "grid", 1, "equally long",
        ),
        ('[[runs]]\ncase = "a"\nsett = { x = 1 }', "unknown-key", "runs.0.sett", 3, "'set'"),
        ('[[runs]]\nvariant = "a"', "missing-setting", "runs.0.case", 1, "case"),
        ("[limits]\nseconds = 5", "bad-setting", None, None, "cases"),
        ('[grid]\ncases = ["a"]\n[limits]\nmemory = 5', "unknown-key", "limits.memory", 4, "memory_mb"),
        ('[grid]\ncases = ["a"]\nprofile = "auot"', "unknown-profile", "grid.profile", 3, "auto"),
        ('[[runs]]\ncase = "a"\nprofile = "x.toml"', "profile-unreadable", "runs.0.profile", 3, "profile"),
        ('[grid]\ncases = ["a"', "toml-syntax", None, 2, "brackets"),
        (
            '[grid]\ncases = ["a"]\n[grid.parameters]\nx = { from = 0, to = 1, steps = 10000 }\n'
            "y = { from = 0, to = 1, steps = 10000 }",
            "bad-setting", None, None, "fewer",
        ),
    ],
)  # fmt: skip
def test_a_fault_of_the_grid_is_named_with_its_line_and_how_to_mend_it(tmp_path, text, code, path, row, hint):
    [finding] = findings(tmp_path, text)
    assert (finding.code, finding.where.path, finding.where.row) == (code, path, row)
    assert hint in finding.fix.en
    assert any("\u4e00" <= letter <= "\u9fff" for letter in finding.what.zh + finding.fix.zh)


def test_all_faults_are_told_at_once(tmp_path):
    found = findings(tmp_path, '[grid]\ncases = 5\ngap = -1\n[[runs]]\ncas = "x"\n[limit]\nseconds = 1')
    assert {finding.where.path for finding in found} == {
        "grid.cases", "grid.gap", "runs.0.cas", "runs.0.case", "limit",
    }  # fmt: skip


def test_a_mapping_is_read_like_a_file():
    grid = read_grid({"grid": {"cases": ["zhuji"], "parameters": {"rules.retention.keep": [0.5, 0.6]}}})
    assert [run.parameters for run in grid.wanted] == [{"rules.retention.keep": 0.5}, {"rules.retention.keep": 0.6}]
    assert b"retention" in grid.content


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_grid_shown_in_the_handbook_can_be_read_and_its_columns_are_those_written(tmp_path, language):
    page = (Path(__file__).parents[2] / "docs" / language / "batch.md").read_text(encoding="utf-8")
    [text] = re.findall(r"```toml\n(.*?)```", page, flags=re.S)
    runs = runs_of(read(tmp_path, text))
    assert [run for run in runs.runs if run.task is None] == []
    assert runs.runs[-1].parameters == {"scenario.discount_rate": 0.0}
    for columns in (RUN_COLUMNS, SUMMARY_COLUMNS):
        assert (", " if language == "en" else "、").join(columns) in page
