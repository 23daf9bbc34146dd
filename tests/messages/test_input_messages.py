"""Whole messages about wrong input, as a planner reads them: what, where, how to mend."""

import shutil

import pytest

import quota_opt as qo
from quota_opt.resources import data_root


@pytest.fixture
def findings(tmp_path):
    """Findings about the worked example with one piece of one file replaced."""

    def call(file, old, new):
        folder = tmp_path / "case"
        shutil.copytree(data_root("scenarios") / "worked-example", folder)
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return qo.check(folder)

    return call


MESSAGES = {
    ("firms.csv", "N1", "N9"): (
        "没有名为“N9”的区域\n"
        "firms.csv，第 2 行，“place”列\n"
        "是否应为“N2”？请改正名称。或在 places.csv 中补上。",
        "no place is called 'N9'\n"
        "firms.csv, line 2, column place\n"
        "Did you mean 'N2'? Correct the name. Or add it to places.csv.",
    ),
    ("scenario.toml", "keep =", "kep ="): (
        "没有名为“kep”的设置\n"
        "scenario.toml，第 18 行，rules.retention.kep\n"
        "是否应为“keep”？请改正名称。",
        "no setting is called 'kep'\n"
        "scenario.toml, line 18, rules.retention.kep\n"
        "Did you mean 'keep'? Correct the name.",
    ),
    ("scenario.toml", "first_year = 2024", "first_year = = 2024"): (
        "TOML 写法有误（Invalid value）：first_year = = 2024\n"
        "scenario.toml，第 4 行\n"
        "请检查该行的引号、括号和等号。",
        "not valid TOML (Invalid value): first_year = = 2024\n"
        "scenario.toml, line 4\n"
        "Check the quotes, brackets and equal signs of that line.",
    ),
    ("projects.csv", "energy_tce", "energy_tce(亩)"): (
        "“综合能耗”应以“吨标准煤”计，表头写的是“亩”\n"
        "projects.csv，第 1 行，“energy_tce(亩)”列\n"
        "请填以“吨标准煤”计的数，并改正表头。",
        "energy_tce is counted in tce, and the heading says '亩'\n"
        "projects.csv, line 1, column energy_tce(亩)\n"
        "Give figures in tce and correct the heading.",
    ),
    ("projects.csv", "500", "five hundred"): (
        "“综合能耗”为“five hundred”，不是数字\n"
        "projects.csv，第 2 行，“energy_tce”列\n"
        "请只填数字，单位写在表头；没有数据就留空。",
        "energy_tce is 'five hundred', not a number\n"
        "projects.csv, line 2, column energy_tce\n"
        "Give the number alone, with the unit in the heading; leave it blank if there is none.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", MESSAGES, ids=lambda fault: f"{fault[0]}: {fault[2]}")
def test_the_message_about_a_fault_reads_like_this(findings, fault):
    [finding] = findings(*fault)
    assert ("\n".join(finding.lines("zh")), "\n".join(finding.lines("en"))) == MESSAGES[fault]
