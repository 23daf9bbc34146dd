"""The rule library: every rule has a page in both languages and an example that does what it says."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest

import quota_opt as qo
from quota_opt.errors import InputError, Language
from quota_opt.report import library
from quota_opt.report.library import all_uses, rule_page, rules_page
from quota_opt.report.markdown import blocks_of, table
from quota_opt.report.parameters import parameters_of
from quota_opt.resources import builtin
from quota_opt.rules import RULES
from quota_opt.rules._examples import Shown, example_of, small_case

LANGUAGES: list[Language] = ["zh", "en"]
CHINESE = re.compile("[\u4e00-\u9fff]")


def outcome(case: qo.Scenario) -> tuple[Any, tuple[str, ...], tuple[str, ...]]:
    plan = qo.solve(case)
    assert plan.status == "OPTIMAL" and qo.verify(plan).ok
    return pytest.approx(plan.objective), tuple(sorted(plan.actions["firm"])), tuple(sorted(plan.awards["project"]))


def told(shown: Shown) -> tuple[float, tuple[str, ...], tuple[str, ...]]:
    return shown.objective, shown.actions, shown.awards


def test_the_small_case_comes_out_as_it_says_without_any_rule() -> None:
    # All four projects need 1,500 tce. F1 and F2 free them for 700 of value added: 3,250 - 700 = 2,550.
    # F1 alone holds P1, P3 and P4 (900 tce): 2,050 - 300 = 1,750. F1 and F3: 2,700 - 1,200 = 1,500.
    case, shown = small_case()
    assert told(shown) == (2550.0, ("F1", "F2"), ("P1", "P2", "P3", "P4"))
    assert outcome(case) == told(shown)


@pytest.mark.parametrize("name", RULES)
def test_the_example_of_a_rule_changes_the_plan_as_it_says(name: str) -> None:
    example = example_of(name)
    assert example is not None, f"quota_opt/rules/examples/{name}.toml is missing"
    case = example.scenario()
    assert name in case.rules
    assert outcome(case) == told(example.shown)
    assert told(example.shown) != told(small_case()[1]), "the example shows nothing: the plan is that without the rule"
    assert f"{example.shown.objective:,.0f}" in example.shown.text.zh
    assert f"{example.shown.objective:,.0f}" in example.shown.text.en


@pytest.mark.parametrize("name", RULES)
def test_the_example_is_in_the_page_as_it_is_written(name: str) -> None:
    example = example_of(name)
    assert example is not None
    assert f"```toml\n{example.toml}\n```" in rule_page(name, "en")


@pytest.mark.parametrize("name", RULES)
def test_every_parameter_has_words_in_both_languages_and_every_figure_a_unit(name: str) -> None:
    for parameter in parameters_of(RULES[name].Parameters, name):
        assert parameter.has_both, f"{parameter.key}: a description (English) and Chinese words are needed"
        assert CHINESE.search(parameter.words.zh), parameter.key
        assert parameter.words.en.isascii() or not CHINESE.match(parameter.words.en), parameter.key
        if parameter.numeric:
            assert parameter.unit.zh and parameter.unit.en, f"{parameter.key}: no unit"


@pytest.mark.parametrize("name", RULES)
def test_every_symbol_of_a_rule_is_told_in_chinese(name: str) -> None:
    example = example_of(name)
    assert example is not None and CHINESE.search(example.about)
    _, blocks = blocks_of(sys.modules[RULES[name].__module__].__doc__ or "")
    tables = [block.rows for block in blocks if block.kind == "table"]
    symbols = [row[0] for rows in tables for row in rows[1:] if row[0]]
    assert [symbol for symbol in symbols if symbol not in example.symbols] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", RULES)
def test_a_page_has_formula_every_parameter_example_clauses_and_tests(name: str, language: Language) -> None:
    page = rule_page(name, language)
    _, blocks = blocks_of(sys.modules[RULES[name].__module__].__doc__ or "")
    assert any(block.kind == "formula" for block in blocks)
    for block in blocks:
        if block.kind == "formula":
            assert block.text in page
    for parameter in parameters_of(RULES[name].Parameters, name):
        assert f"| `{parameter.path}` | {parameter.words.of(language)}".replace("|", "|") in page.replace("\\|", "|")
    headings = re.findall("^## (.+)$", page, flags=re.M)
    wanted = {"zh": ["参数", "示例", "内置案例中的条款", "守护它的测试"],
              "en": ["Parameters", "Example", "Clauses in the built-in cases", "Tests that guard it"]}  # fmt: skip
    assert [heading for heading in headings if heading in wanted[language]] == wanted[language]


@pytest.mark.parametrize("name", RULES)
def test_every_rule_is_guarded_by_a_test_file_of_its_name(name: str) -> None:
    assert library.tests_of(name)


def test_a_test_file_belongs_to_one_rule() -> None:
    listed = [path for name in RULES for path in library.tests_of(name)]
    assert len(listed) == len(set(listed))


def test_the_table_has_every_rule_and_every_built_in_case() -> None:
    page = rules_page("zh")
    for name in RULES:
        assert f"]({name}.md)" in page
    for case in builtin("scenarios"):
        assert case in page


def test_a_clause_of_a_county_stands_with_its_document_and_its_standing() -> None:
    # Zhuji's plan is a draft for comment that ran to the end of 2023; its listing rule cites 三(一)1 of it.
    use = next(u for u in all_uses() if (u.case, u.rule) == ("zhuji", "listing"))
    assert use.on and use.clauses[0].startswith("ZJ 三(一)1")
    row = next(line for line in rule_page("listing", "zh").splitlines() if line.startswith("| `zhuji` | ZJ 三(一)1"))
    assert "诸暨市新一轮制造业" in row and "征求意见稿，有效期至 2023-12-31" in row
    row = next(line for line in rule_page("listing", "en").splitlines() if line.startswith("| `zhuji` | ZJ 三(一)1"))
    assert "draft for comment, valid to 2023-12-31" in row


def test_a_rule_that_only_variants_turn_on_is_told_with_them() -> None:
    use = next(u for u in all_uses() if (u.case, u.rule) == ("zhuji", "jobs"))
    assert not use.on and "jobs-protected" in use.variants


def test_the_worked_example_turns_on_retention_and_admission_and_no_other_rule() -> None:
    assert {use.rule for use in all_uses() if use.case == "worked-example" and use.on} == {"retention", "admission"}


def test_a_docstring_becomes_text_formula_and_table() -> None:
    first, blocks = blocks_of(
        """Caps: a total.

        Text over
        two lines.

            a <= b
            c <= d

        ======  =========  ====
        symbol  meaning    unit
        ======  =========  ====
        a       what is    tce
                used
        b       the total  tce
        ======  =========  ====
        """
    )
    assert first == "Caps: a total."
    assert [block.kind for block in blocks] == ["text", "formula", "table"]
    assert blocks[0].text == "Text over two lines."
    assert blocks[1].text == "a <= b\nc <= d"
    assert blocks[2].rows == (("symbol", "meaning", "unit"), ("a", "what is used", "tce"), ("b", "the total", "tce"))


def test_a_table_of_something_else_than_meanings_keeps_its_rows() -> None:
    _, blocks = blocks_of(
        """Eras: what counts.

        =====  =====
        part   year
        =====  =====
        green  2022
               2024
        =====  =====
        """
    )
    assert blocks[0].rows == (("part", "year"), ("green", "2022"), ("", "2024"))


def test_a_bar_inside_a_cell_does_not_end_it() -> None:
    assert table(["x"], [["a|b"]]) == "| x |\n| --- |\n| a\\|b |"


def test_a_name_that_no_rule_has_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        qo.rule_page("cpas")
    (finding,) = caught.value.findings
    assert finding.code == "unknown-name" and "caps" in finding.fix.en and "caps" in finding.fix.zh
    with pytest.raises(InputError):
        qo.rule_example("cpas")


def test_the_public_names_give_pages_titles_and_examples() -> None:
    assert list(qo.rule_titles()) == list(RULES)
    assert qo.rule_page("caps", "en") == rule_page("caps", "en")
    assert qo.rule_example("caps").rules["caps"].caps[0].amount == 1000.0  # type: ignore[attr-defined]
