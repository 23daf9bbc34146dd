"""Admission: energy per value added against a limit. One pool of 1,000 tce; what is not admitted starts nowhere."""

from __future__ import annotations

from typing import Any

import pytest
from against_brute import both, case_of

import quota_opt as qo
from quota_opt.errors import InputError

PROJECTS = """
    project place category  sector energy_tce value_added tags
    A       N     strategic C39    520        1000        -
    B       N     chain     C17    265        500         -
    D       M     upgrade   C17    100        250         star"""


def case_admitting(*limits: dict[str, Any], held: int = 1000, projects: str = PROJECTS, **rule: Any) -> Any:
    return case_of(
        "C county -\nN town C\nM town C",
        quotas=f"place resource year amount\nC energy * {held}",
        projects=projects,
        rules={"admission": {"limits": list(limits), **rule}},
    )


def limit(value: float, action: str = "reject", **more: Any) -> dict[str, Any]:
    return {"value": value, "applies_to": "new_projects", "action": action, **more}


@pytest.mark.parametrize(
    ("limits", "admitted"),
    [
        ((), "ABD"),  # 0.52, 0.53 and 0.40
        ((limit(0.52),), "AD"),  # exactly 0.52 passes
        ((limit(0.519),), "D"),
        ((limit(0.52, places=["M"]),), "ABD"),
        ((limit(0.39, places=["M"]),), "AB"),
        ((limit(0.39, places=["C"]),), ""),
        ((limit(0.49, applies_to="strategic"),), "BD"),
        ((limit(0.49, sectors=["C17"]),), "AD"),
        ((limit(0.52), limit(0.39, places=["M"])), "A"),  # limits stack
        ((limit(0.3, action="report"),), "ABD"),
    ],
)
def test_projects_above_a_limit_that_concerns_them_do_not_start(
    limits: tuple[dict[str, Any], ...], admitted: str
) -> None:
    assert both(case_admitting(*limits))[1] == {f"{project}:2024" for project in admitted}


def test_a_two_high_limit_concerns_the_projects_so_tagged() -> None:
    case = case_admitting(limit(0.1, applies_to="two_high"), projects=PROJECTS.replace("star", "two_high"))
    assert both(case)[1] == {"A:2024", "B:2024"}


def test_substitution_makes_a_project_give_up_more_than_it_uses() -> None:
    # B is above 0.52: at 1.4 it takes 371 beside A's 520 and D's 100, 991 of 1,000; at 1.5, 397.5, D stays out
    # (A and B are worth 1,500, A and D 1,250).
    assert both(case_admitting(limit(0.52, "substitute", ratio=1.4)))[1] == {"A:2024", "B:2024", "D:2024"}
    assert both(case_admitting(limit(0.52, "substitute", ratio=1.5)))[1] == {"A:2024", "B:2024"}


def test_of_several_ratios_the_largest_counts() -> None:
    # 265 x 2 = 530 beside A's 520 is too much: A and D.
    limits = limit(0.52, "substitute", ratio=1.5), limit(0.525, "substitute", ratio=2.0)
    assert both(case_admitting(*limits))[1] == {"A:2024", "D:2024"}


def test_a_portfolio_limit_is_about_the_mean_of_what_is_awarded() -> None:
    # A, B, D use 885 for 1,750: 0.506. At 0.51 all pass together; at 0.50 A and D (620 / 1,250 = 0.496) do, B and D
    # (365 / 750 = 0.487) are worth less; at 0.49 A and D do not, B and D do.
    portfolio = {"scope": "portfolio"}
    assert both(case_admitting(limit(0.51, **portfolio)))[1] == {"A:2024", "B:2024", "D:2024"}
    assert both(case_admitting(limit(0.50, **portfolio)))[1] == {"A:2024", "D:2024"}
    assert both(case_admitting(limit(0.49, **portfolio)))[1] == {"B:2024", "D:2024"}


def test_a_favoured_project_is_spared_the_limits_action() -> None:
    strict = limit(0.39, places=["M"])
    assert both(case_admitting(strict))[1] == {"A:2024", "B:2024"}
    favour = {"tags": ["star"], "action": "report"}
    assert both(case_admitting(strict, favour=favour))[1] == {"A:2024", "B:2024", "D:2024"}
    # With a ratio of 2.2 it takes 220: 520 + 265 + 220 is over 1,000.
    favour = {"tags": ["star"], "action": "substitute", "ratio": 2.2}
    assert both(case_admitting(strict, favour=favour))[1] == {"A:2024", "B:2024"}


def test_the_intensity_is_measured_on_the_declared_basis() -> None:
    # 600 on the equal-value basis, 400 equivalent, for 1,000: 0.60 or 0.40.
    projects = "project place energy_tce energy_equivalent_tce value_added\nA N 600 400 1000\nB N 100 100 300"
    settings, tables = case_admitting(limit(0.5), projects=projects)
    assert both((settings, tables))[1] == {"B:2024"}
    settings["scenario"]["energy_basis"] = "equivalent"
    assert both((settings, tables))[1] == {"A:2024", "B:2024"}


def test_a_project_that_adds_no_value_fails_if_it_uses_energy_and_passes_if_not() -> None:
    projects = """
        project place energy_tce value_added requires
        idle    N     0          -10         -
        works   N     10         0           -
        P       N     50         100         idle
        Q       N     40         100         works"""
    assert both(case_admitting(limit(0.9), projects=projects))[1] == {"idle:2024", "P:2024"}


@pytest.mark.parametrize(
    ("criterion", "value", "admitted"),
    [
        # Per mu, A adds 50 and pays 4 of tax, B 100 and 10; A emits 0.3 t per 10k yuan, B 0.4; A uses 0.52 tce, B 0.53.
        ("value_added_per_mu", 50.0, "AB"),
        ("value_added_per_mu", 51.0, "B"),
        ("tax_per_mu", 4.0, "AB"),
        ("tax_per_mu", 5.0, "B"),
        ("investment_per_mu", 100.0, "AB"),
        ("investment_per_mu", 101.0, "A"),
        ("carbon_intensity", 0.4, "AB"),
        ("carbon_intensity", 0.35, "A"),
        ("energy_intensity", 0.53, "AB"),
        ("energy_intensity", 0.52, "A"),
    ],
)
def test_each_criterion_has_its_own_figure_and_side(criterion: str, value: float, admitted: str) -> None:
    case = case_of(
        resources=("energy", "carbon", "land"),
        quotas="place resource year amount\nC energy * 1000\nC carbon * 1000\nC land * 100",
        projects="""
            project place energy_tce value_added tax land_mu carbon_t investment
            A       C     520        1000        80  20      300      9000
            B       C     265        500         50  5       200      500""",
        rules={"admission": {"limits": [limit(value, criterion=criterion)]}},
    )
    assert both(case)[1] == {f"{project}:2024" for project in admitted}


def test_a_limit_above_which_quota_is_bought_needs_a_market() -> None:
    settings, tables = case_admitting(limit(0.52, action="buy"))
    with pytest.raises(InputError):
        qo.solve(qo.Scenario.from_tables(settings, **tables))


def test_a_mean_is_kept_in_every_year_not_in_the_end_alone() -> None:
    # A is at 0.6 and may start at once; B, at 0.2, from 2025 on. Together they are at 0.4, A alone never passes 0.5.
    case = case_of(
        years=(2024, 2025),
        quotas="place resource year amount\nC energy * 1000",
        projects="""
            project place energy_tce value_added earliest
            A       C     300        500         -
            B       C     100        500         2025""",
        rules={"admission": {"limits": [limit(0.5, scope="portfolio")]}},
    )
    # From 2024 A would add 1,000; it waits for B: 500 + 500.
    assert both(case) == (set(), {"A:2025", "B:2025"}, 1000.0)
