"""Targets in breadth: sums of counts, what a year alone adds, numbers still to be ordered by the level above.

F1, F2, F3 free 100 each by closing, at a loss of 10, 20, 30 a year; F3 may be upgraded instead, for 5, which frees 20.
P (100 tce) is worth 50 a year. Years 2024 to 2026, no discounting.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from against_brute import case_of, words

import quota_opt as qo
from quota_opt.errors import InfeasibleScenario, InputError


def aiming(*rows: str, **settings: Any) -> qo.Scenario:
    header = "measure sense value year place kind penalty span"
    made, tables = case_of(
        "C county -\nN town C\nM town C",
        years=(2024, 2026),
        firms="firm place\nF1 N\nF2 M\nF3 M",
        actions="""
            firm action  frees_energy_tce value_added_lost
            F1   close   100              10
            F2   close   100              20
            F3   close   100              30
            F3   upgrade 20               5""",
        projects="project place energy_tce value_added\nP N 100 50",
        targets="\n".join([header, *rows]) if rows else "",
        **settings,
    )
    return qo.Scenario.from_tables(made, **tables)


def decided(*rows: str, **settings: Any) -> tuple[set[str], float]:
    plan = qo.solve(aiming(*rows, **settings), profile="exact")
    assert qo.verify(plan).ok, qo.verify(plan).problems
    return words(plan)[0], plan.objective


def test_counts_joined_with_plus_add_up() -> None:
    # F1 closes for P at once: 3 x 40. A second treatment in the last year is cheapest as F3's upgrade (5); a third is
    # F2's closure (20).
    assert decided() == ({"F1:close:2024"}, 120.0)
    assert decided("firms_closed+firms_upgraded >= 2 - - - - -") == ({"F1:close:2024", "F3:upgrade:2026"}, 115.0)
    three = {"F1:close:2024", "F3:upgrade:2026", "F2:close:2026"}
    assert decided("firms_closed+firms_upgraded >= 3 - - - - -") == (three, 95.0)


def test_one_of_the_two_counts_alone_costs_more_than_their_sum() -> None:
    # Two closures: F2 in the last year at 20.
    assert decided("firms_closed >= 2 - - - - -") == ({"F1:close:2024", "F2:close:2026"}, 100.0)


def test_a_joined_count_of_a_place_counts_what_is_there() -> None:
    assert decided("firms_closed+firms_upgraded >= 1 - M - - -")[0] == {"F1:close:2024", "F3:upgrade:2026"}


def test_an_annual_target_without_a_year_is_one_for_each_year() -> None:
    # 20 freed anew each year: F1 in 2024 for P; of F2's closure (20 a year) and F3's upgrade (5 a year) the cheap one
    # in 2025 (twice 5) and the dear one in 2026 (once 20).
    done = {"F1:close:2024", "F3:upgrade:2025", "F2:close:2026"}
    assert decided("energy_freed >= 20 - - - - annual") == (done, 90.0)


def test_an_annual_target_of_one_year_asks_nothing_of_the_others() -> None:
    # 101 anew in 2026: F2 and F3's upgrade in that year (25), beside F1 in 2024 for P.
    late = {"F1:close:2024", "F2:close:2026", "F3:upgrade:2026"}
    assert decided("energy_freed >= 101 2026 - - - annual") == (late, 95.0)
    # What stands by 2026 in all is another matter: 101 are F1 in 2024 and the upgrade.
    assert decided("energy_freed >= 101 2026 - - - -") == ({"F1:close:2024", "F3:upgrade:2026"}, 115.0)


def test_an_annual_ceiling_spreads_closures_over_the_years() -> None:
    # Three treatments in all but one a year: F1 first, then the upgrade (5 twice), then F2 (20 once).
    rows = ("firms_treated >= 3 - - - - -", "firms_closed+firms_upgraded <= 1 - - - - annual")
    assert decided(*rows) == ({"F1:close:2024", "F3:upgrade:2025", "F2:close:2026"}, 90.0)


def test_an_annual_target_that_cannot_be_met_each_year_leaves_no_plan() -> None:
    # 101 anew takes two firms a year; there are three firms for three years.
    with pytest.raises(InfeasibleScenario):
        qo.solve(aiming("energy_freed >= 101 - - - - annual"), profile="exact")


def test_a_soft_annual_target_is_charged_for_each_year_missed() -> None:
    # 20 anew each year at 0.1 a tonne: a year missed costs 2, less than any treatment. Two years are missed.
    assert decided("energy_freed >= 20 - - soft 0.1 annual") == ({"F1:close:2024"}, pytest.approx(116.0))
    # At 0.3 it costs 6: the upgrade in 2026 costs 5, another 20. One year is missed.
    assert decided("energy_freed >= 20 - - soft 0.3 annual") == (
        {"F1:close:2024", "F3:upgrade:2026"},
        pytest.approx(109.0),
    )


def test_an_annual_target_may_stand_beside_a_cumulative_one_of_the_same_measure(tmp_path: Path) -> None:
    rows = ("energy_freed >= 120 - - - - -", "energy_freed >= 20 2026 - - - annual")
    plan: Any = qo.solve(aiming(*rows), profile="exact")
    assert words(plan)[0] == {"F1:close:2024", "F3:upgrade:2026"}
    figures = plan.outcome.case.rule("targets").audit(plan.outcome).figures
    assert figures[["span", "year", "figure"]].to_numpy().tolist() == [
        ["cumulative", 2026, 120.0],
        ["annual", 2026, 20.0],
    ]
    folder = plan.write(tmp_path / "out")
    assert qo.verify(folder).ok
    assert "，当年" in (folder / "report.html").read_text(encoding="utf-8")


def test_a_model_with_joined_measures_can_be_exported(tmp_path: Path) -> None:
    path = qo.export(aiming("firms_closed+firms_upgraded >= 2 - - - - annual"), tmp_path / "model.lp")
    assert path.read_text(encoding="utf-8").count("targets") == 3


@pytest.mark.parametrize(
    ("measure", "code"),
    [
        ("firms_closed+nonsense", "unknown-measure"),
        ("firms_closed+energy_freed", "units-do-not-add"),
        ("firms_closed+smallest_town_ratio", "measure-not-linear"),
    ],
)
def test_sums_that_mean_nothing_are_errors(measure: str, code: str) -> None:
    assert [f.code for f in qo.check(aiming(f"{measure} >= 2 - - - - -")) if f.level == "error"] == [code]


def test_a_span_that_is_none_is_an_error() -> None:
    with pytest.raises(InputError):
        aiming("firms_closed >= 2 - - - - monthly")


def test_a_target_as_ordered_by_the_level_above_is_an_error_until_the_number_is_supplied() -> None:
    with pytest.raises(InputError) as caught:
        aiming("energy_freed >= - - - - - -", "firms_closed >= 1 - - - - -")
    (finding,) = caught.value.findings
    assert (finding.code, finding.where.column) == ("missing-value", "value")
    assert finding.what.en == "the target has no number; its clause leaves it to the level above"
    assert "按上级下达" in finding.what.zh


def test_the_audit_catches_a_year_that_adds_too_little() -> None:
    plan: Any = qo.solve(aiming(), profile="exact")  # F1 alone, in 2024
    case = qo.build(aiming("firms_closed+firms_upgraded >= 1 - - - - annual")).case
    audit = next(rule for rule in case.rules if rule.name == "targets").audit(replace(plan.outcome, case=case))
    assert not audit.ok
    assert audit.worst_excess == 1.0
    assert audit.figures["figure"].tolist() == [1.0, 0.0, 0.0]
    assert audit.texts[0].en == "firms closed + firms upgraded (that year alone) in 2025 is 0, target >= 1."
    assert audit.texts[0].zh == "2025 年关停企业 + 提升企业当年新增 0，目标 >= 1。"
