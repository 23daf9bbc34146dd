"""Admission in breadth: criteria of the case's own, product norms, and limits on a set of projects and closures.

A and B are admitted on an own criterion; in the sets, closing F1 frees 300 tce and loses 500 of value added a year.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from against_brute import case_of, words

import quota_opt as qo
from quota_opt.errors import InfeasibleScenario, InputError

# Revenue per mu: 30, 50; energy per product: 2, 1; investment per mu: 60, 50.
PROJECTS = """
    project place sector energy_tce value_added revenue land_mu output investment
    A       N     C17    100        200         300     10      50     600
    B       M     C30    100        200         1000    20      100    1000"""


def admitting(*limits: dict[str, Any], **settings: Any) -> qo.Scenario:
    made, tables = case_of(
        "C county -\nN town C\nM town C",
        resources=("energy", "land"),
        quotas="place resource year amount\nC energy * 1000\nC land * 100",
        projects=PROJECTS,
        rules={"admission": {"limits": list(limits), "clause": "X 1"}},
        measures={
            "revenue": {"unit": "10k yuan", "projects": "revenue"},
            "output": {"unit": "t", "projects": "output"},
        },
        **settings,
    )
    return qo.Scenario.from_tables(made, **tables)


def started(case: qo.Scenario) -> str:
    plan = qo.solve(case, profile="exact")
    assert qo.verify(plan).ok, qo.verify(plan).problems
    return " ".join(sorted(name.split(":")[0] for name in words(plan)[1]))


REVENUE = {"amount": "revenue", "per": "land_mu", "at_least": True}
NORM = {"amount": "energy", "per": "output", "title": {"zh": "产品单耗", "en": "energy per product"}, "unit": "tce/t"}


@pytest.mark.parametrize(
    ("criterion", "value", "admitted"),
    [
        (REVENUE, 30.0, "A B"),  # exactly 30 passes
        (REVENUE, 31.0, "B"),
        (REVENUE, 51.0, ""),
        ({"amount": "investment", "per": "land_mu", "at_least": True}, 51.0, "A"),
        ("investment_per_mu", 51.0, "A"),
        (NORM, 2.0, "A B"),
        (NORM, 1.5, "B"),
        (NORM, 0.9, ""),
    ],
)
def test_any_two_numeric_columns_make_a_criterion(criterion: Any, value: float, admitted: str) -> None:
    assert started(admitting({"value": value, "criterion": criterion})) == admitted


def test_a_product_norm_is_by_sector_and_beside_the_intensity() -> None:
    # Both pass 0.5 tce per 10k yuan; the norm of C17 is 1.5, that of C30 0.9.
    both = {"value": 0.5}
    assert started(admitting(both, {"value": 1.5, "criterion": NORM, "sectors": ["C17"]})) == "B"
    assert started(admitting(both, {"value": 0.9, "criterion": NORM, "sectors": ["C30"]})) == "A"
    # A project above its norm may have to give up more than it uses: 100 x 9.5 beside 100 is over 1,000.
    dear = {"value": 1.5, "criterion": NORM, "action": "substitute", "ratio": 9.5}
    assert len(started(admitting(both, dear)).split()) == 1


def test_the_reason_names_the_criterion_in_both_languages() -> None:
    plan = qo.solve(admitting({"value": 1.5, "criterion": NORM}), profile="exact")
    text = plan.reasons.set_index("id").loc["A"]
    assert "energy per product 2 is above the line of 1.5 tce/t" in text["text_en"]
    assert "产品单耗 2 高于准入线 1.5（tce/t）" in text["text"]


def test_an_unknown_column_is_an_error_and_admits_for_the_time_being() -> None:
    found = qo.check(admitting({"value": 1.0, "criterion": {"amount": "profit", "per": "land_mu"}}))
    assert [f.code for f in found if f.level == "error"] == ["unknown-choice"]


# Sets. P uses 400 for 500 a year (0.8), Q 100 for 400; F1 frees 300 losing 500, F2 frees 200 losing 50.


def paired(*limits: dict[str, Any], years: tuple[int, int] = (2024, 2025), lag: str = "0", held: int = 1000) -> Any:
    made, tables = case_of(
        "C county -",
        years=years,
        quotas=f"place resource year amount\nC energy * {held}",
        firms="firm place\nF1 C\nF2 C",
        actions=f"firm action frees_energy_tce value_added_lost lag\nF1 close 300 500 0\nF2 close 200 50 {lag}",
        projects="project place energy_tce value_added\nP C 400 500\nQ C 100 400",
        rules={"admission": {"limits": list(limits), "clause": "X 1"}} if limits else {},
    )
    return qo.Scenario.from_tables(made, **tables)


def plan_of(case: qo.Scenario) -> tuple[str, float]:
    plan = qo.solve(case, profile="exact")
    assert qo.verify(plan).ok, qo.verify(plan).problems
    done, begun = words(plan)
    return " ".join(sorted(done | begun)), plan.objective


def of_set(value: float, projects: list[str], firms: list[str] | None = None, **more: Any) -> dict[str, Any]:
    return {"value": value, "scope": "set", "projects": projects, **({"firms": firms} if firms else {}), **more}


def test_without_a_limit_nothing_needs_to_close() -> None:
    assert plan_of(paired()) == ("P:2024 Q:2024", 1800.0)


def test_a_project_above_the_limit_may_start_with_the_closure_it_is_paired_with() -> None:
    # P alone is at 0.8. With F2: (400 - 200) / (500 - 50) = 0.444.
    assert plan_of(paired(of_set(0.5, ["P"], ["F2"]))) == ("F2:close:2024 P:2024 Q:2024", 1700.0)
    # 0.44 is too strict: P stays out and nothing closes.
    assert plan_of(paired(of_set(0.44, ["P"], ["F2"]))) == ("Q:2024", 800.0)
    # With F1 there is nothing left of the value added: 100 over 0.
    assert plan_of(paired(of_set(0.5, ["P"], ["F1"]))) == ("Q:2024", 800.0)
    assert plan_of(paired(of_set(0.5, ["P"]))) == ("Q:2024", 800.0)


def test_projects_may_be_paired_with_each_other() -> None:
    # 500 / 900 = 0.556 together.
    assert plan_of(paired(of_set(0.56, ["P", "Q"]))) == ("P:2024 Q:2024", 1800.0)
    assert plan_of(paired(of_set(0.55, ["P", "Q"]))) == ("Q:2024", 800.0)
    # With F2 too: 300 / 850 = 0.353.
    assert plan_of(paired(of_set(0.36, ["P", "Q"], ["F2"]))) == ("F2:close:2024 P:2024 Q:2024", 1700.0)


def test_the_project_waits_until_its_closure_is_usable() -> None:
    # F2's quota is there a year after its closure: P starts in 2025. 800 + 500 - 2 x 50.
    assert plan_of(paired(of_set(0.5, ["P"], ["F2"]), lag="1")) == ("F2:close:2024 P:2025 Q:2024", 1200.0)


@pytest.mark.parametrize("divisible", ["no", "yes"])
def test_a_set_in_which_nothing_starts_is_under_no_limit(divisible: str) -> None:
    # F frees 100 losing 500 for R, which is worth 600. In P's set it would be at -100 of 2 x -500, 900 over: were P to
    # start, the set would break its limit. P does not, so F may close.
    made, tables = case_of(
        "C county -",
        firms="firm place\nF C",
        actions="firm action frees_energy_tce value_added_lost\nF close 100 500",
        projects=f"""
            project place energy_tce value_added divisible
            P       C     10         300         {divisible}
            R       C     100        600         no""",
        quotas="place resource year amount\nC energy * 10",
        rules={"admission": {"limits": [of_set(2.0, ["P"], ["F"])]}},
    )
    case = qo.Scenario.from_tables(made, **tables)
    # P alone is within its limit (10 of 600) and worth 300, more than R less F (100); both together are 310 of -400.
    assert plan_of(case) == ("P:2024", 300.0)
    tables["projects"][0]["value_added"] = 50
    assert plan_of(qo.Scenario.from_tables(made, **tables)) == ("F:close:2024 R:2024", 100.0)


def test_a_set_that_is_only_reported_changes_nothing() -> None:
    assert plan_of(paired(of_set(0.1, ["P"], action="report"))) == ("P:2024 Q:2024", 1800.0)


def test_carbon_sets_count_carbon() -> None:
    made, tables = case_of(
        "C county -",
        resources=("energy", "carbon"),
        quotas="place resource year amount\nC energy * 1000\nC carbon * 1000",
        firms="firm place\nF C",
        actions="firm action frees_energy_tce frees_carbon_t value_added_lost\nF close 0 300 10",
        projects="project place energy_tce carbon_t value_added\nP C 10 400 100",
        rules={"admission": {"limits": [of_set(2.0, ["P"], ["F"], criterion="carbon_intensity")]}},
    )
    # (400 - 300) / (100 - 10) = 1.11
    assert plan_of(qo.Scenario.from_tables(made, **tables)) == ("F:close:2024 P:2024", 90.0)
    made["rules"]["admission"]["limits"][0]["value"] = 1.1
    assert plan_of(qo.Scenario.from_tables(made, **tables)) == ("", 0.0)


def test_a_target_may_force_a_set_out_of_reach() -> None:
    made, tables = case_of(
        "C county -",
        quotas="place resource year amount\nC energy * 1000",
        projects="project place energy_tce value_added\nP C 400 500",
        targets="measure sense value\nprojects_started >= 1",
        rules={"admission": {"limits": [of_set(0.5, ["P"])]}},
    )
    with pytest.raises(InfeasibleScenario):
        qo.solve(qo.Scenario.from_tables(made, **tables), profile="exact")


@pytest.mark.parametrize(
    "limit",
    [
        {"value": 0.5, "scope": "set"},
        {"value": 0.5, "scope": "set", "firms": ["F1"]},
        {"value": 0.5, "projects": ["P"]},
        of_set(0.5, ["P"], criterion="tax_per_mu"),
        of_set(0.5, ["P"], action="substitute", ratio=2.0),
        {"value": 0.5, "criterion": {"amount": "tax", "per": "land_mu"}, "action": "substitute"},
        {"value": 0.5, "criterion": {"amount": "tax"}},
    ],
)
def test_limits_without_sense_are_refused(limit: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        paired(limit)


@pytest.mark.parametrize(
    "limit",
    [
        of_set(0.5, ["X"]),
        of_set(0.5, ["P"], ["F9"]),
        of_set(0.5, ["P"], criterion="carbon_intensity"),  # the case has no carbon
    ],
)
def test_names_that_are_not_there_are_errors(limit: dict[str, Any]) -> None:
    assert [f.code for f in qo.check(paired(limit)) if f.level == "error"] == ["unknown-choice"]


def test_the_audit_catches_a_set_without_its_closure_and_names_a_set_at_its_limit() -> None:
    plan: Any = qo.solve(paired(), profile="exact")
    rules = qo.build(paired(of_set(0.5, ["P"], ["F2"]))).case.rules
    audit = rules[0].audit(replace(plan.outcome, case=replace(plan.outcome.case, rules=rules)))
    assert not audit.ok
    assert audit.worst_excess == pytest.approx(150.0)  # 400 of 250, in each year
    tight: Any = qo.solve(paired(of_set(200 / 450, ["P"], ["F2"])), profile="exact")
    (found,) = [audit for audit in tight.audit if audit.rule == "admission"]
    assert found.ok
    assert found.binding
    assert found.texts[0].en == "P + F2 together are at the limit in 2024."
    assert found.texts[0].zh == "P + F2 合计在 2024 年已到准入上限。"
