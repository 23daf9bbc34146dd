"""`rules` and `dictionary`: lists, pages, the example case, the whole handbook."""

from quota_opt.cli import complete
from quota_opt.report.dictionary import page_names
from quota_opt.report.library import rule_page
from quota_opt.rules import RULES


def test_the_rules_are_listed_with_their_titles(cli):
    call = cli("rules", "--lang", "zh")
    assert call.code == 0
    for name, rule in RULES.items():
        assert any(line.split() == [name, *rule.title.zh.split()] for line in call.out.splitlines()), name


def test_a_rule_is_told_of_with_every_parameter_in_full(cli):
    out = cli("rules", "caps", "--lang", "zh").out.replace("\n", "").replace(" ", "")
    assert "总量上限" in out
    assert "caps[].amount所安排项目每年最多用多少" in out


def test_no_cell_of_a_page_is_cut_short(cli):
    # Its page has no dots of its own, so that any would stand for words left out.
    assert "…" not in rule_page("jobs", "zh")
    assert "…" not in cli("rules", "jobs", "--lang", "zh").out


def test_a_rule_as_a_document(cli):
    document = cli("rules", "caps", "--json", "--lang", "en").document
    assert document["rule"] == "caps"
    assert document["page"].startswith("# Caps")
    assert [entry["name"] for entry in cli("rules", "--json").document["rules"]] == list(RULES)


def test_the_example_of_a_rule_is_a_case_that_runs(cli, tmp_path):
    folder = tmp_path / "caps"
    assert cli("rules", "caps", "--example", folder).code == 0
    assert cli("run", folder, "--out", tmp_path / "out", "--quiet").code == 0
    assert cli("rules", "caps", "--example", folder).code == 2


def test_a_page_of_the_dictionary_is_shown(cli):
    assert "energy_tce" in cli("dictionary", "projects").out
    assert "scenario.toml" in cli("dictionary").out
    assert cli("dictionary", "units", "--json").document["page"].startswith("# Units")


def test_the_whole_handbook_is_written(cli, tmp_path):
    call = cli("dictionary", "--out", tmp_path / "docs", "--json")
    assert call.code == 0
    assert len(call.document["files"]) == 2 * (len(RULES) + 2 + len(page_names()) + 1) + 1
    assert (tmp_path / "docs" / "zh" / "rules" / "caps.md").is_file()


def test_names_that_do_not_exist_and_options_that_do_not_fit_are_refused(cli, tmp_path):
    assert cli("rules", "cpas").code == 2
    assert cli("dictionary", "frims").code == 2
    assert cli("rules", "--example", tmp_path / "x").code == 2
    assert cli("dictionary", "firms", "--out", tmp_path / "x").code == 2


def test_rules_and_pages_complete():
    assert complete.rules("") == sorted(RULES)
    assert complete.dictionary("") == list(page_names())
