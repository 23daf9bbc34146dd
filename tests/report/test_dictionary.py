"""The data dictionary says of every table, column and setting what reading them does; `docs/` is what it says now."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import quota_opt as qo
from quota_opt.errors import InputError, Language
from quota_opt.report.dictionary import dictionary_page, index_page, page_names
from quota_opt.report.handbook import handbook_pages, write_handbook
from quota_opt.report.parameters import parameters_of
from quota_opt.report.words import MEASURES
from quota_opt.scenario import TABLES
from quota_opt.scenario.factors import FACTOR_NAMES
from quota_opt.scenario.settings import Settings
from quota_opt.scenario.settings_words import setting_words
from quota_opt.scenario.units import read_unit, written_units

DOCS = Path(__file__).parents[2] / "docs"
LANGUAGES: list[Language] = ["zh", "en"]
CHINESE = re.compile("[\u4e00-\u9fff]")


def test_the_handbook_in_docs_is_what_the_rules_and_the_schema_say_now() -> None:
    pages = handbook_pages(DOCS)
    found = {p.relative_to(DOCS).as_posix() for part in ("rules", "dictionary") for p in DOCS.glob(f"*/{part}/*.md")}
    assert found == set(pages) - {"README.md"}, "run `make docs`"
    stale = [name for name, text in pages.items() if (DOCS / name).read_text(encoding="utf-8") != text]
    assert stale == [], "run `make docs`"


def test_writing_the_handbook_removes_the_pages_of_what_is_gone_and_leaves_other_files(tmp_path: Path) -> None:
    for name in ("zh/rules/gone.md", "zh/notes.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("old", encoding="utf-8")
    written = write_handbook(tmp_path)
    assert not (tmp_path / "zh/rules/gone.md").exists()
    assert (tmp_path / "zh/notes.md").exists()
    assert {path.relative_to(tmp_path).as_posix() for path in written} == set(handbook_pages())


def test_every_link_of_the_handbook_leads_to_a_page() -> None:
    pages = handbook_pages(DOCS)
    for name, text in pages.items():
        for target in re.findall(r"\]\(([^)]+\.md)\)", text):
            path = (DOCS / name).parent / target
            inside = path.resolve().relative_to(DOCS.resolve()).as_posix()
            by_hand = name == "README.md" and path.parent.name in LANGUAGES and path.is_file()
            assert inside in pages or by_hand, f"{name}: {target}"


def test_the_front_page_names_the_pages_written_by_hand_that_stand_beside_it(tmp_path: Path) -> None:
    assert "手写" not in handbook_pages()["README.md"]
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "own.md").write_text("# Our own page\n\nText.\n", encoding="utf-8")
    assert "- [Our own page](en/own.md)" in handbook_pages(tmp_path)["README.md"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_stands_with_heading_aliases_unit_and_whether_it_is_required(
    table: object, language: Language
) -> None:
    spec = next(t for t in TABLES if t is table)
    lines = dictionary_page(spec.name, language).splitlines()
    for column in spec.columns:
        (line,) = [line for line in lines if line.startswith(f"| `{column.name}` |")]
        for word in (column.zh, *column.aliases, column.description.of(language)):
            assert word in line
        assert ("**必填**" in line or "**required**" in line) == column.required
        for choice in column.choices:
            assert f"`{choice.value}`" in line


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_setting_has_words_in_both_languages(language: Language) -> None:
    page = dictionary_page("settings", language)
    for parameter in parameters_of(Settings):
        assert parameter.has_both, parameter.key
        assert CHINESE.search(parameter.words.zh), parameter.key
        assert f"| `{parameter.path}` | {parameter.words.of(language)}" in page
        if parameter.numeric:
            assert parameter.unit.zh, f"{parameter.key}: no unit"


def test_every_factor_and_every_measure_is_listed() -> None:
    assert all(f"| `{name}` |" in dictionary_page("factors", "zh") for name in FACTOR_NAMES)
    assert all(f"| `{name}` |" in dictionary_page("measures", "en") for name in MEASURES)


def test_every_unit_listed_is_understood_in_a_heading() -> None:
    kept, multipliers = written_units()
    page = dictionary_page("units", "zh")
    for dimension, spellings in kept.items():
        for spelt in spellings:
            assert f"`{spelt}`" in page
            unit = read_unit(spelt)
            assert unit is not None and unit.dimension == dimension
    for word, factor in multipliers.items():
        unit = read_unit(f"{word}吨标准煤")
        assert unit is not None and unit.factor == factor


def test_the_smallest_scenario_shown_can_be_read_and_solved() -> None:
    text = re.search("```toml\n(.+?)```", index_page("zh"), flags=re.S)
    assert text is not None
    # One firm frees 100 tce for a project that needs 60 and brings 200 (0.3 tce per 10k yuan, below 0.5):
    # two years of 200 less two of 50.
    plan = qo.solve(
        qo.Scenario.from_tables(
            text.group(1),
            places=[{"place": "C", "level": "county"}],
            firms=[{"firm": "F", "place": "C", "energy_tce": 100.0, "value_added": 50.0}],
            projects=[{"project": "P", "place": "C", "energy_tce": 60.0, "value_added": 200.0}],
        )
    )
    assert plan.objective == pytest.approx(300.0)


def test_the_sheet_of_settings_says_what_stands_inside_a_parameter() -> None:
    assert "上限" in setting_words("rules.admission.limits.0.value").zh
    assert "行业平均" in setting_words("rules.listing.any_of.2.sector_mean.below").zh
    assert "留用比例" in setting_words("rules.retention.by_place.N1").zh
    # A condition inside a condition has the words of the conditions it stands among.
    assert "条件" in setting_words("rules.listing.any_of.0.all_of.1.measure").zh


def test_a_page_that_is_not_there_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        qo.dictionary_page("project")
    assert "projects" in caught.value.findings[0].fix.en
    assert qo.dictionary_page(language="en") == index_page("en")
    assert [qo.dictionary_page(name, "en") for name in page_names()] == [
        dictionary_page(name, "en") for name in page_names()
    ]
