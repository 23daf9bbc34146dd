"""Every built-in case reads without errors, is data only, and says what in it is synthetic or assumed."""

import csv

import pytest

from quota_opt.errors import Level
from quota_opt.resources import builtin, data_root

qo = pytest.importorskip("quota_opt")

COUNTIES = ("cixi", "zhuji", "fenghua", "ouhai", "yueqing")
CITIES = ("wenzhou", "wenzhou-decomposed")
CASES = (*COUNTIES, *CITIES, "worked-example", "published")


def rows_of(case, table):
    with (data_root("scenarios") / case / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def text_of(case, name):
    return (data_root("scenarios") / case / name).read_text(encoding="utf-8")


def test_the_cases_are_all_there():
    assert set(CASES) <= set(builtin("scenarios"))


@pytest.mark.parametrize("case", CASES)
def test_a_case_and_its_variants_read_and_check_without_errors(case):
    scenario = qo.read(case)
    for version in (scenario, *(scenario.with_variant(name) for name in scenario.settings.variants)):
        errors = [finding for finding in qo.check(version) if finding.level is Level.ERROR]
        assert not errors


def test_scenarios_holds_no_python():
    assert not list(data_root("scenarios").rglob("*.py"))


@pytest.mark.parametrize("case", CASES)
def test_a_case_has_a_title_in_both_languages_and_a_readme(case):
    title = qo.read(case).settings.scenario.title
    assert title.zh and title.en and title.zh != title.en
    assert text_of(case, "README.md").startswith(f"# {case}")


@pytest.mark.parametrize("county", COUNTIES)
def test_counties_are_marked_synthetic_in_settings_names_and_readme(county):
    assert qo.read(county).settings.scenario.data == "synthetic"
    assert (
        "合成数据"
        in text_of(county, "scenario.toml").splitlines()[0] + text_of(county, "scenario.toml").splitlines()[1]
    )
    assert "synthetic (合成数据)" in text_of(county, "README.md").replace("\n", " ")
    for table in ("firms", "projects"):
        assert all("合成-" in row["name"] for row in rows_of(county, table))


def test_published_is_marked_real_and_gives_a_source_for_every_row():
    assert qo.read("published").settings.scenario.data == "real"
    readme = text_of("published", "README.md")
    for table, key in (("firms", "firm"), ("projects", "project")):
        for row in rows_of("published", table):
            assert "来源" in row["name"]
            assert f"| {row[key]} | " in readme


@pytest.mark.parametrize("county", COUNTIES)
def test_figures_no_document_gives_are_called_assumptions(county):
    """Money, shares and weights are nowhere in the documents: the lines before them say 假定."""
    lines = text_of(county, "scenario.toml").splitlines()
    for start in ("discount_rate", "[objective]", "[actions.close]", "by_year", "weights", "max_lost_share"):
        at = next(i for i, line in enumerate(lines) if line.startswith(start))
        block = "\n".join(lines[max(at - 6, 0) : at + 1])
        assert "假定" in block, start


@pytest.mark.parametrize("county", COUNTIES)
def test_the_unnumbered_shares_are_called_assumptions_where_they_are_set(county):
    settings = qo.read(county).settings
    retention = settings.rules["retention"]
    if 0 < retention.keep < 1:
        lines = text_of(county, "scenario.toml").splitlines()
        at = lines.index("[rules.retention]")
        assert "假定" in "\n".join(lines[at - 3 : at])


@pytest.mark.parametrize("county", COUNTIES)
def test_some_strategic_projects_fail_the_limits(county):
    strategic = [row for row in rows_of(county, "projects") if row["category"] == "strategic"]
    intensity = [float(row["energy_tce"]) / float(row["value_added"]) for row in strategic]
    assert sum(value > 0.52 for value in intensity) >= 2
    assert sum(0.49 < value <= 0.52 for value in intensity) >= 1


@pytest.mark.parametrize("county", COUNTIES)
def test_every_county_has_the_variants_planners_compare(county):
    wanted = {"strict-access", "full-retention", "jobs-protected", "carbon-first", "net-delivery", "priority-order"}
    variants = set(qo.read(county).settings.variants)
    assert wanted <= variants
    # A year's delay has no meaning in a case of one year.
    assert ("closures-slip-a-year" in variants) == (county != "yueqing")


@pytest.mark.parametrize("county", COUNTIES)
def test_fuels_and_totals_of_a_county_agree(county):
    codes = {finding.code for finding in qo.check(county)}
    assert not {code for code in codes if "disagree" in code or "fuel" in code}, codes


def test_the_city_is_marked_synthetic():
    for name in CITIES:
        assert qo.read(name).settings.scenario.data == "synthetic"
        assert "synthetic (合成数据)" in text_of(name, "README.md").replace("\n", " ")


@pytest.mark.parametrize("case", COUNTIES)
def test_a_readme_names_every_clause_reading_and_variant(case):
    readme, settings = text_of(case, "README.md"), qo.read(case).settings
    for entry in (*settings.clauses, *settings.readings):
        assert f"| {entry.id} (" in readme, entry.id
    for name in settings.variants:
        assert f"| `{name}` |" in readme, name
