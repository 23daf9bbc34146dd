"""Listing in breadth: sector means in each reading, two years, scopes of one condition, tags, places, combinations.

Each of F1 … F5 holds 100 tce and loses 10 closing; projects of 100 tce, worth 100, 99, 98 …, take all that is freed, so
the firms closed are the firms listed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from against_brute import case_of

import quota_opt as qo
from quota_opt.errors import InputError

# Sector C: tax 40 + 30 + 6 + 44 on 10 mu each, 120 on 40 mu: 3 a mu. Two years ago F1 … F4 paid 2, 3, 2, 5: also 3.
FIRMS = """
    firm place sector energy_tce value_added tax land_mu above_scale grade grade_previous tax_per_mu_previous tags
    F1   N     C      100        10          40  10      no          C     D              2                   -
    F2   N     C      100        10          30  10      yes         D     C              3                   limit
    F3   M     C      100        10          6   10      no          D     B              2                   two_high
    F4   M     C      100        10          44  10      yes         A     A              5                   -
    F5   M     E      100        10          7   1       no          B     B              7                   -"""
PROJECTS = "project place energy_tce value_added\n" + "\n".join(f"P{k} C 100 {100 - k}" for k in range(5))


def listing_case(*any_of: dict[str, Any], **more: Any) -> qo.Scenario:
    settings, tables = case_of("C county -\nN town C\nM town C", firms=FIRMS, projects=PROJECTS)
    settings["actions"] = {"close": {}}
    settings["rules"] = {"listing": {"any_of": list(any_of), "clause": "YQ 1", **more}}
    return qo.Scenario.from_tables(settings, **tables)


def why(i: int, condition: dict[str, Any]) -> Any:
    """What put the firm in that row on the list."""
    case: Any = qo.build(listing_case(condition)).case
    return case.listing.texts[i]


def closed(*any_of: dict[str, Any], **more: Any) -> str:
    plan = qo.solve(listing_case(*any_of, **more), profile="exact")
    assert qo.verify(plan).ok
    return " ".join(sorted(plan.actions["firm"]))


def mean(**reading: Any) -> dict[str, Any]:
    return {"measure": "tax_per_mu", "sector_mean": reading}


@pytest.mark.parametrize(
    ("reading", "firms"),
    [
        # The mean of C is 3.0: F1 4, F2 3, F3 0.6, F4 4.4. E is F5 alone, which is its own mean.
        ({"below": 0.9}, "F3"),  # under 2.7
        ({"below": 1.0}, "F3"),  # F2, on the line, is not below it
        ({"below": 1.0, "inclusive": True}, "F2 F3 F5"),
        ({"below": 0.1}, ""),  # under 0.3
        ({"below": 0.21}, "F3"),  # under 0.63
        ({"less": 2.0}, "F3"),  # under 1.0
        ({"less": 2.5}, ""),  # under 0.5
        ({"above": 1.1}, "F1 F4"),  # over 3.3
        ({"below": 0.5, "published": {"E": 20.0}}, "F3 F5"),  # the published mean of E is 20: under 10
        ({"below": 0.9, "published": {"C": 4.0}}, "F2 F3"),  # under 3.6
    ],
)
def test_each_reading_of_the_sector_mean(reading: dict[str, Any], firms: str) -> None:
    assert closed(mean(**reading)) == firms


def test_the_mean_is_total_over_total_unless_the_plain_mean_is_asked_for() -> None:
    # With F4 on 1 mu instead of 10 (44 a mu): 120 on 31 mu are 3.87, the plain mean of 4, 3, 0.6 and 44 is 12.9.
    settings, tables = case_of("C county -\nN town C\nM town C", firms=FIRMS, projects=PROJECTS)
    tables["firms"][3]["land_mu"] = 1.0
    settings["actions"] = {"close": {}}

    def shut(reading: dict[str, Any]) -> set[str]:
        settings["rules"] = {"listing": {"any_of": [mean(**reading)]}}
        return set(qo.solve(qo.Scenario.from_tables(settings, **tables), profile="exact").actions["firm"])

    assert shut({"below": 1.0}) == {"F2", "F3"}
    assert shut({"below": 1.0, "weighted": False}) == {"F1", "F2", "F3"}


def test_percentage_points_are_for_shares() -> None:
    # Tax per value added: 4, 3, 0.6, 4.4 in C (mean 3, 300 %): under 2.5 (50 points) is F3 alone; under 0.5 none.
    share = {"measure": "tax_per_value_added", "sector_mean": {"points": 50}}
    assert closed(share) == "F3"
    assert closed({"measure": "tax_per_value_added", "sector_mean": {"points": 250}}) == ""
    with pytest.raises(InputError):
        listing_case(mean(points=10))


def test_two_years_against_the_mean_in_each_or_by_the_mean_of_both() -> None:
    # This year C is 3.0, the year before (2 + 3 + 2 + 5) / 4 = 3.0. In each year under 3.0: F3 (0.6; 2). Last year
    # alone F1 too (2), but this year it is at 4. By the mean of both, F1 is at 3.0, F2 3.0, F3 1.3, F4 4.7.
    each = {**mean(below=1.0), "years": 2}
    assert closed(each) == "F3"
    assert closed({**each, "over": "mean"}) == "F3"
    # Inclusive, F2 (3 and 3) is in both years on the line, F1 only by the mean of 4 and 2; F5 is its own mean.
    inclusive = {**mean(below=1.0, inclusive=True), "years": 2}
    assert closed(inclusive) == "F2 F3 F5"
    assert closed({**inclusive, "over": "mean"}) == "F1 F2 F3 F5"


def test_two_years_against_a_line_in_each_or_by_the_mean_of_both() -> None:
    line = {"measure": "tax_per_mu", "op": "<=", "value": 3.0, "years": 2}
    assert closed(line) == "F2 F3"
    assert closed({**line, "over": "mean"}) == "F1 F2 F3"


def test_a_line_may_differ_by_sector_and_sectors_without_one_are_not_listed() -> None:
    line = {"measure": "energy_intensity", "op": ">=", "value": {"C": 10.0}}
    assert closed(line) == "F1 F2 F3 F4"
    assert closed({**line, "value": {"E": 10.0, "C": 10.1}}) == "F5"


def test_grades_may_be_several_and_each_year_may_have_another() -> None:
    assert closed({"grade": ["C", "D"]}) == "F1 F2 F3"
    assert closed({"grade": ["C", "D"], "years": 2}) == "F1 F2"
    assert closed({"grade": "D", "years": 2}) == ""


def test_a_condition_may_be_about_some_firms_only() -> None:
    grades = {"grade": ["C", "D"]}
    assert closed({**grades, "scope": {"above_scale": False}}) == "F1 F3"
    assert closed({**grades, "scope": {"above_scale": True}}) == "F2"
    assert closed({**grades, "scope": {"places": ["M"]}}) == "F3"
    assert closed({"grade": "B", "scope": {"sectors": ["E"], "least_land_mu": 1.0}}) == "F5"
    assert closed({"grade": "B", "scope": {"sectors": ["E"], "least_land_mu": 3.0}}) == ""
    assert closed({**grades, "scope": {"tags": ["two_high"]}}) == "F3"
    # Below scale: C or D two years running; above scale: under the sector mean.
    below = {**grades, "years": 2, "scope": {"above_scale": False}}
    above = {**mean(below=1.0, inclusive=True), "scope": {"above_scale": True}}
    assert closed(below, above) == "F1 F2"


def test_tags_flags_and_places_list_firms() -> None:
    assert closed({"tag": "limit"}) == "F2"
    assert closed({"flag": "above_scale"}) == "F2 F4"
    assert closed({"places": ["M"]}) == "F3 F4 F5"
    assert closed({"places": ["C"]}) == "F1 F2 F3 F4 F5"


def test_combined_conditions_must_all_be_met() -> None:
    low = {"measure": "tax_per_mu", "op": "<=", "value": 4.0}
    intense = {"measure": "energy_per_mu", "op": ">=", "value": 10.0}
    assert closed({"all_of": [low, intense, {"places": ["N"]}]}) == "F1 F2"
    assert closed({"all_of": [low, {"places": ["N"]}], "scope": {"above_scale": True}}) == "F2"
    assert closed({"all_of": [low, {"grade": "B"}]}, {"grade": "A"}) == "F4"


def test_reasons_give_the_figure_the_line_and_the_reading() -> None:
    text = why(2, mean(below=0.9))
    assert text.en == "tax per mu (10k yuan) 0.6 (< 2.70, under 90 % of the sector mean)"
    assert text.zh == "亩均税收（万元/亩） 0.6（< 2.70，低于行业平均的 90%）"
    assert why(2, {"all_of": [{"grade": "D"}, {"places": ["M"]}]}).en == "graded D and located in M"


def test_the_reading_taken_is_said_in_a_note_with_its_clause() -> None:
    notes = [f for f in qo.check(listing_case({**mean(below=0.9), "years": 2})) if f.code == "sector-mean-reading"]
    assert [(f.level, f.where.clause) for f in notes] == [("info", "YQ 1")]
    assert "under 90 % of the sector mean, in each of two years; firms that meet it: 1." in notes[0].what.en
    assert "低于行业平均的 90%，两年均须满足；1 家" in notes[0].what.zh


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"grade": "D", "tag": "x"},
        {"measure": "tax_per_mu"},
        {"value": 5.0},
        {"measure": "tax_per_mu", "value": 5.0, "sector_mean": {"below": 0.9}},
        mean(),
        mean(below=0.9, less=1.0),
        {**mean(below=0.9), "op": "<"},
        {"tag": "x", "years": 2},
        {"measure": "tax_per_mu", "value": 5.0, "over": "mean"},
        {"all_of": []},
    ],
)
def test_a_condition_that_says_nothing_or_too_much_is_refused(condition: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        listing_case(condition)


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ({"measure": "nonsense", "value": 1.0}, "unknown-choice"),
        ({"all_of": [{"measure": "nonsense", "value": 1.0}, {"grade": "D"}]}, "unknown-choice"),
        ({"flag": "nonsense"}, "unknown-choice"),
        ({"places": ["nowhere"]}, "unknown-place"),
        ({"grade": "D", "scope": {"places": ["nowhere"]}}, "unknown-place"),
    ],
)
def test_names_that_are_not_there_are_errors(condition: dict[str, Any], code: str) -> None:
    assert [f.code for f in qo.check(listing_case(condition)) if f.level == "error"] == [code]


def test_a_sector_that_is_not_there_is_a_warning() -> None:
    found = qo.check(listing_case({"grade": "D", "scope": {"sectors": ["Z"]}}))
    assert [f.code for f in found if f.level == "warning" and "Z" in str(f.seen)] == ["unknown-choice"]


def test_the_audit_catches_a_closure_that_the_conditions_do_not_allow() -> None:
    plan: Any = qo.solve(listing_case({"grade": ["C", "D"]}), profile="exact")
    strict = qo.build(listing_case({"grade": "D"})).case
    broken = replace(plan.outcome, case=replace(plan.outcome.case, rules=strict.rules))
    audit = strict.rules[0].audit(broken)
    assert not audit.ok
    assert audit.texts[0].en == "F1 is closed without being listed."
    assert audit.clause == "YQ 1"
