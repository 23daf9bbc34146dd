"""The model as text: a change of any coefficient, bound or name shows here, and is meant or a bug.

To write the files anew after a change that is meant: QUOTA_OPT_GOLDEN=write pytest tests/model/test_golden_models.py
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from against_brute import solved, words
from rule_cases import FREE, RULE_CASES, small_case
from small import case

import quota_opt as qo
from quota_opt.rules import RULES

GOLDEN = Path(__file__).parent.parent / "golden"


def every_part() -> qo.Scenario:
    """A small case in which every kind of column and row occurs."""
    return case(
        resources=("energy", "land"),
        objective={"maximise": {"value_added": 1.0, "priority_points": 0.1}, "minimise": {"public_cost": 1.0}},
        settings={"discount_rate": 0.05},
        rules={
            "listing": {"any_of": [{"grade": "D"}]},
            "protection": {"protected_as": ["grain"]},
            "retention": {"keep": 0.6, "pool": 0.1},
            "admission": {
                "limits": [
                    {"value": 0.52},
                    {"value": 0.4, "action": "substitute", "ratio": 1.5},
                    {"value": 0.5, "scope": "portfolio"},
                ]
            },
            "priority": {"form": "shares", "min_shares": {"chain": 0.2}},
            "budget": {"by_year": {"2024": 60, "2025": 40}},
            "jobs": {"max_lost": 50, "per": "town", "net": True},
        },
        firms=[
            {"firm": "F1", "place": "N1", "grade": "D", "energy_tce": 1000, "land_mu": 10, "value_added": 300,
             "jobs": 40},
            {"firm": "F2", "place": "N2", "grade": "D", "energy_tce": 500, "land_mu": 5, "value_added": 90, "jobs": 20,
             "protected_as": "grain", "protected_until": 2024},
            {"firm": "F3", "place": "N2", "grade": "B", "energy_tce": 200, "land_mu": 2, "value_added": 200, "jobs": 9},
        ],
        actions=[
            {"firm": "F1", "action": "close", "cost": 50},
            {"firm": "F1", "action": "upgrade", "frees_energy_tce": 200, "lag": 1, "cost": 20},
            {"firm": "F2", "action": "close", "cost": 30},
            {"firm": "F3", "action": "close", "cost": 10},
        ],
        projects=[
            {"project": "P1", "place": "N1", "category": "strategic", "energy_tce": 500, "land_mu": 3,
             "value_added": 1250, "jobs": 10, "ramp": "0.5;1"},
            {"project": "P2", "place": "N2", "category": "chain", "energy_tce": 600, "value_added": 1200,
             "requires": "P1"},
            {"project": "P2b", "place": "N2", "category": "chain", "energy_tce": 400, "value_added": 800,
             "variant_of": "P2"},
            {"project": "P3", "place": "N2", "category": "upgrade", "energy_tce": 300, "value_added": 550},
            {"project": "P4", "place": "N1", "category": "upgrade", "energy_tce": 100, "value_added": 250,
             "divisible": "yes", "min_share": 0.3, "excludes": "P3", "earliest": 2025},
        ],
        quotas=[{"place": "county", "resource": "land", "year": "*", "amount": 7}],
        targets=[
            {"measure": "firms_closed", "sense": ">=", "value": 1, "year": 2025},
            {"measure": "energy_freed", "sense": ">=", "value": 2000, "kind": "soft", "penalty": 0.5, "place": "N1"},
        ],
    )  # fmt: skip


CASES = {"worked-example": lambda: qo.read("worked-example"), "every-part": every_part}


@pytest.mark.parametrize("name", CASES)
def test_the_model_is_the_one_on_record(name: str, tmp_path: Path) -> None:
    on_record(CASES[name](), name, tmp_path)


def on_record(scenario: qo.Scenario, name: str, folder: Path) -> str:
    """The model as text, which is that of the golden file."""
    written = qo.export(scenario, folder / f"{name}.lp").read_text(encoding="utf-8")
    golden = GOLDEN / f"{name}.lp"
    if os.environ.get("QUOTA_OPT_GOLDEN") == "write":
        golden.write_text(written, encoding="utf-8")
    assert golden.exists(), f"no golden file of {name}: write it, and read what was written"
    assert written == golden.read_text(encoding="utf-8")
    return written


# Rules that take candidates out have no rows: what is gone tells the two models apart.
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_small_model_on_record_that_differs_from_the_one_without_it(rule: str, tmp_path: Path) -> None:
    assert rule in RULE_CASES, f"give {rule} a case in tests/rule_cases.py"
    settings, tables = small_case(rule)
    written = on_record(qo.Scenario.from_tables(settings, **tables), f"rule-{rule}", tmp_path)
    settings, tables = small_case(rule, on=False)
    loose = qo.export(qo.Scenario.from_tables(settings, **tables), tmp_path / "loose.lp").read_text(encoding="utf-8")
    assert written != loose


def test_no_golden_file_is_left_of_a_rule_that_is_gone() -> None:
    kept = {path.stem for path in GOLDEN.glob("*.lp")}
    assert kept == {*CASES, *(f"rule-{rule}" for rule in RULES)}


@pytest.mark.parametrize("rule", RULES)
def test_each_rules_small_case_is_the_one_described(rule: str) -> None:
    strict, loose = solved(*small_case(rule)), solved(*small_case(rule, on=False))
    assert strict is not None and loose is not None
    if RULE_CASES[rule].loose is None:
        assert words(loose) == FREE
        assert loose.objective == pytest.approx(1580.0)
    assert strict.objective < loose.objective - 1.0


def test_the_case_with_every_part_solves_alike_with_three_engines() -> None:
    objectives = {
        profile: qo.solve(every_part(), profile=profile, gap=0.0).objective for profile in ("exact", "scip", "cbc")
    }
    assert max(objectives.values()) - min(objectives.values()) <= 1e-6 * abs(objectives["exact"])


def test_all_three_resources_and_rules_of_the_case_verify() -> None:
    plan = qo.solve(every_part())
    assert qo.verify(plan).ok
    assert {entry.rule for entry in plan.audit} == {
        "choice", "pool", "listing", "protection", "retention", "admission", "priority", "budget", "jobs", "targets",
    }  # fmt: skip
