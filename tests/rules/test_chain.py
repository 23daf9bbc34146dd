"""Chains: F1 and F2 cast, F3 makes seals; each frees 100 by closing, at a loss of 5, 6 and 7 a year.

P, Q and R take 100 each and are worth 50, 40 and 30; R would do the final assembly, which nobody does today.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from against_brute import case_of, solved, table, words

import quota_opt as qo
from quota_opt.errors import InputError
from quota_opt.plan.solve import prepared
from quota_opt.rules import rules_of

FIRMS = "firm place stages\nF1 C casting\nF2 C casting\nF3 C valves:seals"
ACTIONS = """
    firm action frees_energy_tce value_added_lost
    F1   close  100              5
    F2   close  100              6
    F3   close  100              7"""
PROJECTS = """
    project place energy_tce value_added stages earliest
    P       C     100        50          -      -
    Q       C     100        40          -      -
    R       C     100        30          final  -"""
CHAINS = """
    chain  stage   needs   weight
    valves casting -       1
    valves seals   casting 2
    valves final   seals   3"""


def case_with(rule: dict[str, Any] | None, *, chains: str = CHAINS, **tables: Any) -> Any:
    rules = {"chain": rule} if rule is not None else {}
    given = {"firms": FIRMS, "actions": ACTIONS, "projects": PROJECTS, **tables}
    settings, rows = case_of(rules=rules, **given)
    return settings, {**rows, **({"chains": table(chains)} if chains else {})}


def best(case: Any) -> tuple[set[str], set[str], Any]:
    """(what is done, what starts, objective) of a plan that passes its check."""
    plan = solved(*case)
    assert plan is not None
    assert qo.verify(plan).ok, qo.verify(plan).problems
    return *words(plan), plan.objective


def years_out(done: set[str]) -> set[str]:
    return {name.removesuffix(":2024").removesuffix(":close") for name in done}


def chosen(case: Any) -> tuple[str, str, Any]:
    done, started, objective = best(case)
    return " ".join(sorted(years_out(done))), " ".join(sorted(years_out(started))), pytest.approx(objective)


FREE = {"protect_last_supplier": False}
EVERYTHING = ("F1 F2 F3", "P Q R", 102.0)  # 120 gained, 18 lost


def test_without_the_rule_and_with_nothing_asked_every_firm_may_close() -> None:
    assert chosen(case_with(None)) == EVERYTHING
    assert chosen(case_with(FREE)) == EVERYTHING
    assert chosen(case_with({"enabled": False})) == EVERYTHING


def test_the_last_supplier_of_a_stage_stays() -> None:
    # One of F1 and F2 goes on casting, F3 makes seals: F1 closes, the cheaper, for P.
    assert chosen(case_with({})) == ("F1", "P", 45.0)


def test_a_project_of_the_stage_lets_the_last_firm_go() -> None:
    # R casts: F1 and F2 may go for P and R: 80 - 11.
    assert chosen(case_with({}, projects=PROJECTS.replace("final", "casting"))) == ("F1 F2", "P R", 69.0)


def test_the_last_firm_waits_until_the_project_has_started() -> None:
    # R casts from 2025 on: F1 in 2024 for P (2 x 45), then F2 for R (24).
    projects = PROJECTS.replace("final  -", "casting 2025")
    case = case_with({}, projects=projects, years=(2024, 2025))
    assert best(case) == ({"F1:close:2024", "F2:close:2025"}, {"P:2024", "R:2025"}, pytest.approx(114.0))


def test_an_upgraded_firm_goes_on_supplying() -> None:
    # F3 upgrades instead of closing: it frees 100 as well, and seals are still made.
    actions = ACTIONS.replace("F3   close ", "F3   upgrade")
    assert chosen(case_with({}, actions=actions)) == ("F1 F3:upgrade", "P Q", 78.0)


def test_a_stage_named_for_one_chain_is_not_that_of_another() -> None:
    # Seals of pumps are nobody's today: valves:seals does not count there, and F3 may not go for valves.
    chains = "chain stage\nvalves seals\npumps seals"
    assert chosen(case_with({}, chains=chains)) == ("F1 F2", "P Q", 79.0)
    assert chosen(case_with({}, chains="chain stage\npumps seals")) == EVERYTHING


@pytest.mark.parametrize(
    ("cost", "answer"),
    [
        (10.0, ("F1 F2 F3", "P Q R", 82.0)),  # F2 for Q: 34 - 10; F3 for R: 23 - 10
        (25.0, ("F1 F2", "P Q", 54.0)),  # F2 for Q: 34 - 25; F3 for R: 23 - 25 < 0
        (40.0, ("F1", "P", 45.0)),
    ],
)
def test_or_the_last_supplier_has_a_cost(cost: float, answer: tuple[str, str, float]) -> None:
    assert chosen(case_with({**FREE, "last_supplier_cost": cost})) == answer


@pytest.mark.parametrize(
    ("points", "answer"),
    [
        (38.0, EVERYTHING),  # complete: F1 closes, R starts: 25 + 2 x 38 = 101, the mean weight being 2
        (39.0, ("F1", "R", 103.0)),
    ],
)
def test_a_complete_chain_earns_its_points(points: float, answer: tuple[str, str, float]) -> None:
    assert chosen(case_with({**FREE, "complete_points": points})) == answer


def test_complete_chains_stand_in_a_weighted_objective() -> None:
    for weight, answer in ((76.0, EVERYTHING), (78.0, ("F1", "R", 103.0))):
        case = case_with(FREE, objective={"maximise": {"value_added": 1.0, "chains_completed": weight}})
        assert chosen(case) == answer


def test_complete_chains_are_counted_truly_where_fewer_are_better() -> None:
    # Nothing is worth starting, so the chain of casting and seals stays whole, unless that costs more than F3's 7.
    chains, projects = "chain stage\nvalves casting\nvalves seals", "project place energy_tce value_added\nP C 900 1"
    for weight, answer in ((6.0, ("", "", -6.0)), (8.0, ("F3", "", -7.0))):
        objective = {"maximise": {"value_added": 1.0}, "minimise": {"chains_completed": weight}}
        assert chosen(case_with(FREE, chains=chains, projects=projects, objective=objective)) == answer
    target = "measure sense value\nchains_completed <= 0"
    assert chosen(case_with(FREE, chains=chains, projects=projects, targets=target)) == ("F3", "", -7.0)


def test_complete_chains_come_first_in_an_order() -> None:
    order = [{"measure": "chains_completed", "sense": "max"}, {"measure": "value_added", "sense": "max"}]
    plan = solved(*case_with(FREE, objective={"form": "lexicographic", "order": order}))
    assert plan is not None
    assert words(plan) == ({"F1:close:2024"}, {"R:2024"})
    assert plan.measures["chains_completed"] == 1


def test_a_target_counts_complete_chains_of_its_year() -> None:
    # Complete by 2025 only: F1 for R (25) from 2024 on. Had it been P first, R would lack energy later.
    target = "measure sense value year\nchains_completed >= 1 2025"
    case = case_with(FREE, targets=target, years=(2024, 2025))
    assert best(case) == ({"F1:close:2024"}, {"R:2024"}, pytest.approx(50.0))
    # R from 2025 on: none can be complete in 2024.
    late = PROJECTS.replace("final  -", "final 2025")
    assert best(case_with(FREE, targets=target, projects=late, years=(2024, 2025)))[1] == {"R:2025"}
    assert solved(*case_with(FREE, targets=target.replace("2025", "2024"), projects=late, years=(2024, 2025))) is None


def test_a_required_chain_is_complete_in_the_end_or_there_is_no_plan() -> None:
    assert chosen(case_with({**FREE, "require": ["valves"]})) == ("F1", "R", 25.0)
    assert solved(*case_with({"require": ["valves"]}, projects=PROJECTS.replace("final", "other"))) is None


@pytest.mark.parametrize(
    ("some", "answer"),
    [
        ({"projects": ["P", "Q", "R"], "at_most": 1}, ("F1", "P", 45.0)),
        ({"projects": ["Q", "R"], "at_most": 1}, ("F1 F2", "P Q", 79.0)),
        ({"projects": ["P", "Q", "R"], "at_least": 3}, EVERYTHING),
    ],
)
def test_so_many_of_a_set_start(some: dict[str, Any], answer: tuple[str, str, float]) -> None:
    assert chosen(case_with({**FREE, "k_of_n": [some]})) == answer
    assert chosen(case_with({**FREE, "k_of_n": [some]}, chains="")) == answer


def test_at_least_so_many_start_though_others_are_worth_more() -> None:
    # F3 stays: 200 are freed, for Q and R instead of P and Q.
    actions = "\n".join(ACTIONS.strip().splitlines()[:-1])
    some = {"projects": ["Q", "R"], "at_least": 2}
    assert chosen(case_with({**FREE, "k_of_n": [some]}, actions=actions)) == ("F1 F2", "Q R", 59.0)


def codes(case: Any) -> set[str]:
    """Codes of what `check` finds, or of what reading refuses."""
    settings, tables = case
    try:
        return {finding.code for finding in qo.check(qo.Scenario.from_tables(settings, **tables))}
    except InputError as error:
        return {finding.code for finding in error.findings}


LEXICOGRAPHIC = {"form": "lexicographic", "order": [{"measure": "value_added", "sense": "max"}]}


@pytest.mark.parametrize(
    ("code", "rule", "changes"),
    [
        ("no-chains", {}, {"chains": ""}),
        ("chain-cycle", {}, {"chains": CHAINS.replace("casting -  ", "casting final")}),
        ("unknown-choice", {"require": ["pumps"]}, {}),
        ("unknown-choice", {"k_of_n": [{"projects": ["Z"], "at_least": 1}]}, {}),
        ("unknown-stage", {}, {"firms": FIRMS.replace("casting", "cating")}),
        ("chain-gap", {}, {}),
        ("points-without-form", {"complete_points": 1.0}, {"objective": LEXICOGRAPHIC}),
        ("target-without-form", {}, {"targets": "measure sense value place\nchains_completed >= 1 C"}),
        (
            "supplier-without-size",
            {},
            {"projects": "project place energy_tce value_added stages divisible\nR C 100 30 final yes"},
        ),
    ],
)
def test_what_cannot_be_is_found(code: str, rule: dict[str, Any], changes: dict[str, Any]) -> None:
    assert code in codes(case_with(rule, **changes))
    assert code not in codes(case_with({})) - {"chain-gap"}


@pytest.mark.parametrize(
    "rule",
    [
        {"k_of_n": [{"projects": ["P", "Q"], "at_least": 3}]},
        {"k_of_n": [{"projects": ["P", "Q"], "at_least": 2, "at_most": 1}]},
        {"k_of_n": [{"projects": []}]},
        {"last_supplier_cost": 5.0},
        {"complete_points": -1.0},
        {"require_": ["valves"]},
    ],
)
def test_parameters_that_cannot_be_are_refused(rule: dict[str, Any]) -> None:
    found = [f for f in codes(case_with(rule)) if f != "chain-gap"]
    assert found
    settings, tables = case_with(rule)
    with pytest.raises(InputError):
        qo.solve(qo.Scenario.from_tables(settings, **tables))


def test_the_measure_is_refused_where_the_rule_is_off() -> None:
    assert "measure-not-linear" in codes(case_with(None, objective={"maximise": {"chains_completed": 1.0}}))


def test_the_gap_of_a_chain_names_the_project_that_closes_it() -> None:
    settings, tables = case_with({})
    (gap,) = [f for f in qo.check(qo.Scenario.from_tables(settings, **tables)) if f.code == "chain-gap"]
    assert "final (R could)" in gap.what.en
    assert "可由 R 补上" in gap.what.zh


def audit_under(rule: dict[str, Any]) -> Any:
    """The audit by the rule of the plan that was made without it: all firms closed, P, Q and R started."""
    plan = solved(*case_with(None))
    assert plan is not None
    settings, tables = case_with(rule)
    scenario = qo.Scenario.from_tables(settings, **tables)
    case, _ = prepared(scenario, rules_of(scenario.rules))
    (audit,) = [case.rule("chain").audit(replace(plan.outcome, case=case))]  # type: ignore[union-attr]
    return audit


@pytest.mark.parametrize(
    ("rule", "excess", "word"),
    [
        ({}, 1.0, "no supplier"),
        ({**FREE, "require": ["valves"]}, 1.0, "valves:casting"),
        ({**FREE, "k_of_n": [{"projects": ["P", "Q", "R"], "at_most": 1}]}, 2.0, "3 start, at most 1"),
        (FREE, 0.0, ""),
    ],
)
def test_a_plan_made_without_the_rule_is_caught(rule: dict[str, Any], excess: float, word: str) -> None:
    audit = audit_under(rule)
    assert (audit.ok, audit.worst_excess) == (excess == 0, excess)
    assert word in " ".join(text.en for text in audit.texts)
    assert all(text.zh for text in audit.texts)


def test_points_claimed_for_a_broken_chain_are_caught() -> None:
    case = case_with({**FREE, "complete_points": 39.0})
    plan = solved(*case)
    assert plan is not None and qo.verify(plan).ok
    cheat = replace(plan, objective=plan.objective + 1.0, bound=plan.objective + 1.0)
    assert "verify-objective" in {problem.code for problem in qo.verify(cheat).problems}


def test_a_written_plan_with_points_passes_its_check(tmp_path: Path) -> None:
    plan = solved(*case_with({**FREE, "complete_points": 39.0, "last_supplier_cost": 1.0}))
    assert plan is not None
    assert plan.objective == pytest.approx(103.0)
    assert qo.verify(plan.write(tmp_path / "plan")).ok


def random_chains(seed: int, weight: float) -> tuple[Any, list[tuple[bool, float]]]:
    """A year of three stages: the case, and (last suppliers kept, worth with chains) of every choice that has quota."""
    draw = np.random.default_rng(seed)
    stages = ["a", "b", "v:c"]
    firms = [(stages[draw.integers(3)], int(draw.integers(1, 20))) for _ in range(5)]
    projects = [(stages[draw.integers(3)], int(draw.integers(1, 4)) * 50, int(draw.integers(1, 40))) for _ in range(4)]
    objective = {"maximise": {"value_added": 1.0, "chains_completed": weight}}
    case = case_with(
        {"protect_last_supplier": seed % 2 == 0},
        chains="chain stage needs\nu a -\nu b a\nv c -\nv b c",
        firms="\n".join(["firm place stages", *(f"F{i} C {stage}" for i, (stage, _) in enumerate(firms))]),
        actions="\n".join(
            ["firm action frees_energy_tce value_added_lost"]
            + [f"F{i} close 100 {lost}" for i, (_, lost) in enumerate(firms)]
        ),
        projects="\n".join(
            ["project place energy_tce value_added stages"]
            + [f"P{i} C {uses} {worth} {stage}" for i, (stage, uses, worth) in enumerate(projects)]
        ),
        objective=objective,
    )
    found = []
    for closed in itertools.product((False, True), repeat=len(firms)):
        for started in itertools.product((False, True), repeat=len(projects)):
            if sum(p[1] for p, on in zip(projects, started, strict=True) if on) > 100 * sum(closed):
                continue
            supplied = {f[0] for f, gone in zip(firms, closed, strict=True) if not gone}
            supplied |= {p[0] for p, on in zip(projects, started, strict=True) if on}
            whole = ({"a", "b"} <= supplied) + ({"b", "v:c"} <= supplied)
            worth = sum(p[2] for p, on in zip(projects, started, strict=True) if on) + weight * whole
            worth -= sum(f[1] for f, gone in zip(firms, closed, strict=True) if gone)
            found.append(({f[0] for f in firms} <= supplied, worth))
    return case, found


@pytest.mark.parametrize("weight", [15.0, -15.0])
@pytest.mark.parametrize("seed", range(8))
def test_random_chains_agree_with_every_choice_tried(seed: int, weight: float) -> None:
    case, choices = random_chains(seed, weight)
    best_worth = max(worth for kept, worth in choices if kept or seed % 2)
    assert best(case)[2] == pytest.approx(best_worth)
