"""The audit is not blind: a result folder broken on purpose is refused by `quota-opt verify`, which names what broke.

Rules are broken the hard way: the folder holds a plan that is consistent in every table, figure and hash, but was
solved without the one rule that its inputs now state. Nothing but that rule can catch it.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from against_brute import case_of
from forging import (
    Forgery,
    add_row,
    copy_to_break,
    drop_row,
    record,
    rules_named,
    say,
    say_measure,
    set_cell,
    state_other_inputs,
    table,
    verified,
)

import quota_opt as qo

PLACES = "C county -\nN town C\nM town C"
FIRMS = """
    firm place grade protected_as jobs energy_tce
    F1   N     D     -            30   500
    F2   M     A     grain        20   300"""
ACTIONS = """
    firm action frees_energy_tce value_added_lost cost jobs_lost earliest
    F1   close  500              10               60   30        -
    F2   close  300              10               50   20        -"""
PROJECTS = """
    project place category  energy_tce value_added divisible min_share earliest requires excludes variant_of sector
    A       N     strategic 300        900         no        -         -        -        -        -          steel
    B       M     chain     400        700         no        -         -        -        -        -          steel
    D       M     other     200        400         yes       -         -        -        -        -          steel
    E       M     other     900        100         no        -         -        -        -        -          steel"""
QUOTAS = "place resource year amount\nN energy * 80"


def mutable_case(**changes: Any) -> Any:
    """F1 and F2 close in 2024 and free 800 beside 80 held; A and B start, D gets nine tenths: 300 + 400 + 180."""
    tables = {"firms": FIRMS, "actions": ACTIONS, "projects": PROJECTS, "quotas": QUOTAS}
    return case_of(PLACES, years=(2024, 2025), **{**tables, **changes})


def scenario(**changes: Any) -> Any:
    settings, tables = mutable_case(**changes)
    return qo.Scenario.from_tables(settings, **tables)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = qo.solve(scenario(), profile="exact")
    return Path(plan.write(tmp_path_factory.mktemp("sound") / "plan"))


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    return copy_to_break(sound, tmp_path / "plan")


def test_a_sound_folder_passes_also_as_users_run_it(sound: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verified(sound, capsys) == (0, [])
    command = [sys.executable, "-m", "quota_opt", "verify", str(sound)]
    assert subprocess.run(command, capture_output=True, check=False, timeout=120).returncode == 0


def test_the_plan_that_is_broken_is_the_one_described(sound: Path) -> None:
    assert set(table(sound, "actions.csv")["firm"]) == {"F1", "F2"}
    awards = table(sound, "awards.csv").set_index("project")["share"].astype(float)
    assert awards.to_dict() == {"A": 1.0, "B": 1.0, "D": pytest.approx(0.9)}


def test_the_command_line_ends_with_five_and_names_the_rule(folder: Path) -> None:
    state_other_inputs(folder, scenario(rules={"budget": {"by_year": {"2024": 100.0}, "clause": "ZJ 5"}}))
    command = [sys.executable, "-m", "quota_opt", "--lang", "en", "verify", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=120)
    assert done.returncode == 5
    assert "budget" in done.stdout + done.stderr


LIMIT = {"value": 0.5, "applies_to": "new_projects", "action": "reject"}
TARGET = "measure sense value year place\n"
# One more firm than the plan knows, with an action that it does not take.
UNTREATED = {
    "firms": FIRMS + "\n    F3   N     D     -            9    5",
    "actions": ACTIONS + "\n    F3   close  5                10               1    1         -",
}
RULES: dict[str, tuple[str, dict[str, Any]]] = {
    "listing: F2 is not on the list": ("listing", {"rules": {"listing": {"any_of": [{"grade": "D"}]}}}),
    "protection: F2 is protected": ("protection", {"rules": {"protection": {"protected_as": ["grain"]}}}),
    "retention: 280 leave N of 80 and 500 freed": ("retention", {"rules": {"retention": {"keep": 0.7}}}),
    "retention: N owes the upper pool 300": ("retention", {"rules": {"retention": {"keep": 0.0, "pool": 0.6}}}),
    "admission: B is at 0.571": ("admission", {"rules": {"admission": {"limits": [LIMIT]}}}),
    "admission: together at 0.449": (
        "admission",
        {"rules": {"admission": {"limits": [{**LIMIT, "value": 0.44, "scope": "portfolio"}]}}},
    ),
    "priority: chain gets 0.455": (
        "priority",
        {"rules": {"priority": {"form": "shares", "min_shares": {"chain": 0.5}}}},
    ),
    "targets: two firms closed": ("targets", {"targets": TARGET + "firms_closed <= 1 - -"}),
    "targets: 300 freed in M": ("targets", {"targets": TARGET + "energy_freed >= 301 - M"}),
    "targets: 800 freed by 2024": ("targets", {"targets": TARGET + "energy_freed == 700 2024 -"}),
    "budget: 110 spent in 2024": ("budget", {"rules": {"budget": {"by_year": {"2024": 100.0, "2025": 100.0}}}}),
    "chain: A and B both start": (
        "chain",
        {"rules": {"chain": {"k_of_n": [{"projects": ["A", "B"], "at_most": 1}]}}},
    ),
    "fairness: N uses 300 of 500 freed": ("fairness", {"rules": {"fairness": {"min_ratio": 0.7}}}),
    "jobs: 50 lost in 2024": ("jobs", {"rules": {"jobs": {"max_lost": 49.0}}}),
    "caps: 880 used in 2024": ("caps", {"rules": {"caps": {"caps": [{"amount": 879.0}]}}}),
    "intensity_decline: 8,080 on 11,940, a decline of 0.15": (
        "intensity_decline",
        {"rules": {"intensity_decline": {"decline": 0.2, "base_energy": 8000.0, "base_value_added": 10000.0}}},
    ),
    "slow_approval: 880 approved in 2024": (
        "slow_approval",
        {"rules": {"slow_approval": {"sectors": ["steel"], "max_per_year": 879.0}}},
    ),
    "clearance: F3 is left as it is": (
        "clearance",
        {**UNTREATED, "rules": {"clearance": {"measure": "jobs", "op": "<", "value": 10.0}}},
    ),
    "one_treatment: F3 is left as it is": ("one_treatment", {**UNTREATED, "rules": {"one_treatment": {}}}),
    "two_high: B is of 400 tce": ("two_high", {"rules": {"two_high": {"sectors": ["steel"], "reject_above": 350.0}}}),
    "directives: B is refused": (
        "directives",
        {"rules": {"directives": {"projects": [{"project": "B", "award": False, "by": "county", "reason": "x"}]}}},
    ),
    "directives: half of D": (
        "directives",
        {"rules": {"directives": {"projects": [{"project": "D", "share": 0.5}]}}},
    ),
    "directives: F2 is kept": ("directives", {"rules": {"directives": {"firms": [{"firm": "F2", "action": "keep"}]}}}),
    "directives: 110 spent": (
        "directives",
        {"rules": {"directives": {"measures": [{"measure": "public_cost", "sense": "<=", "value": 100.0}]}}},
    ),
    "directives: objective above 2,000": (
        "directives",
        {"rules": {"directives": {"measures": [{"measure": "objective", "sense": "<=", "value": 2000.0}]}}},
    ),
    "directives: five decisions where two are allowed": (
        "directives",
        {"rules": {"directives": {"reference": {"most_changes": 2}}}},
    ),
    "robustness: nothing is kept back": (
        "robustness",
        {"rules": {"robustness": {"gamma": 1, "frees_less": {"close": 0.1}}}},
    ),
    "jobs: all of N's lost": ("jobs", {"rules": {"jobs": {"max_lost_share": 0.9, "per": "town"}}}),
}


@pytest.mark.parametrize("name", RULES)
def test_a_plan_that_breaks_one_rule_only_is_caught_by_that_rule(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rule, changes = RULES[name]
    state_other_inputs(folder, scenario(**changes))
    code, findings = verified(folder, capsys)
    assert code == 5
    assert rules_named(findings) == {rule}
    assert "verify-rule" in {finding["code"] for finding in findings}


def test_every_rule_of_the_library_is_broken_once() -> None:
    from quota_opt.rules import RULES as LIBRARY

    # Accounting forbids nothing: it says how much counts, and pools and tables show where a plan counts otherwise.
    # Trading has a table of its own: test_trading_mutations.py.
    assert set(LIBRARY) - {"accounting", "trading"} == {rule for rule, _ in RULES.values()}


def column(row: str, value: str, name: str, of: str = PROJECTS) -> str:
    """A table as text with one cell changed: in the row of `row`, under the header `name`."""
    header, *rows = [line.split() for line in of.strip().splitlines()]
    at = header.index(name)
    cells = [[value if k == at and line[0] == row else cell for k, cell in enumerate(line)] for line in rows]
    return "\n".join(" ".join(line) for line in [header, *cells])


CHOICES: dict[str, dict[str, Any]] = {
    "a project starts before its window": {"projects": column("A", "2025", "earliest")},
    "an action comes before its window": {"actions": column("F2", "2025", "earliest", ACTIONS)},
    "two variants of one project": {
        "projects": column("A", "G", "variant_of", column("B", "G", "variant_of")),
    },
    "a project without what it requires": {"projects": column("A", "E", "requires")},
    "two projects that exclude each other": {"projects": column("A", "B", "excludes")},
    "a share below the least": {"projects": column("D", "0.95", "min_share")},
    "a part of an indivisible project": {"projects": column("D", "no", "divisible")},
}


@pytest.mark.parametrize("name", CHOICES)
def test_a_plan_of_choices_that_are_none_is_caught(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state_other_inputs(folder, scenario(**CHOICES[name]))
    code, findings = verified(folder, capsys)
    assert code == 5
    assert "choice" in {finding["at"].get("rule") for finding in findings}


def forget_audit(rule: str) -> Forgery:
    return lambda folder: record(folder, audit={k: v for k, v in record(folder)["audit"].items() if k != rule}) and None


def touch_input(name: str, content: bytes | None) -> Forgery:
    def change(folder: Path) -> None:
        path = folder / "inputs" / name
        if content is None:
            path.unlink()
        else:
            path.write_bytes((path.read_bytes() if path.exists() else b"") + content)

    return change


def cheat_on_value(folder: Path) -> None:
    """Inputs in which B is worth 100 more, with their true hashes: the stated figures are none of these inputs."""
    state_other_inputs(folder, scenario(projects=column("B", "800", "value_added")))


EDITS: dict[str, tuple[Forgery, str]] = {
    # what is done, and the word that the answer must hold: a rule, a file, or the kind of problem
    "a firm treated twice": (add_row("actions.csv", 0, year=2025, effective=2025), "choice"),
    "an action of a firm nobody knows": (set_cell("actions.csv", 0, "firm", "F9"), "F9"),
    "an action of another kind": (set_cell("actions.csv", 0, "action", "upgrade"), "actions.csv"),
    "an action after the last year": (set_cell("actions.csv", 0, "year", 2030), "horizon"),
    "an action in no year": (set_cell("actions.csv", 0, "year", ""), "actions.csv"),
    "an action left out": (drop_row("actions.csv", 1), "pool"),
    "an action that frees more than it does": (set_cell("actions.csv", 0, "frees_energy_tce", 700), "frees_energy_tce"),
    "an action that frees nobody knows what": (set_cell("actions.csv", 0, "frees_energy_tce", ""), "frees_energy_tce"),
    "an action that costs less than it does": (set_cell("actions.csv", 0, "cost", 1), "cost"),
    "an action at another place": (set_cell("actions.csv", 0, "place", "M"), "place"),
    "a project awarded twice": (add_row("awards.csv", 0, year=2025), "choice"),
    "an award nobody asked for": (set_cell("awards.csv", 0, "project", "Z"), "Z"),
    "an award before the first year": (set_cell("awards.csv", 0, "year", 2020), "horizon"),
    "an award in the middle of a year": (set_cell("awards.csv", 0, "year", 2024.5), "awards.csv"),
    "more than all of a project": (set_cell("awards.csv", 2, "share", 1.2), "choice"),
    "less than nothing of a project": (set_cell("awards.csv", 2, "share", -0.2), "choice"),
    "half of an indivisible project": (set_cell("awards.csv", 0, "share", 0.5), "choice"),
    "an award of no share": (set_cell("awards.csv", 2, "share", ""), "awards.csv"),
    "an award that uses less than it does": (set_cell("awards.csv", 0, "energy_tce", 100), "energy_tce"),
    "an award that gives up less than it uses": (
        set_cell("awards.csv", 0, "quota_energy_tce", 100),
        "quota_energy_tce",
    ),
    "an award worth more than it is": (set_cell("awards.csv", 0, "value_added", 9000), "value_added"),
    "an award left out": (drop_row("awards.csv", 0), "ledger"),
    "a transfer left out": (drop_row("transfers.csv", 0), "pool"),
    "a transfer twice as large": (set_cell("transfers.csv", 0, "amount", 5000), "pool"),
    "a negative transfer": (set_cell("transfers.csv", 0, "amount", -280), "transfer"),
    "a transfer of nobody knows how much": (set_cell("transfers.csv", 0, "amount", ""), "transfers.csv"),
    "a transfer without end": (set_cell("transfers.csv", 0, "amount", "inf"), "pool"),
    "a transfer off the tree": (add_row("transfers.csv", 0, from_place="N", to_place="M", amount=10), "M"),
    "a transfer to a place nobody knows": (set_cell("transfers.csv", 0, "to_place", "Q"), "Q"),
    "a transfer of a resource nobody knows": (set_cell("transfers.csv", 0, "resource", "coal"), "coal"),
    "a transfer in a year nobody plans": (set_cell("transfers.csv", 0, "year", 2031), "2031"),
    "a ledger line with another amount": (set_cell("ledger.csv", 0, "amount", 81), "ledger"),
    "a ledger line with no amount": (set_cell("ledger.csv", 0, "amount", ""), "ledger"),
    "a ledger line with a negative amount": (set_cell("ledger.csv", 0, "amount", -80), "ledger"),
    "a ledger line left out": (drop_row("ledger.csv", 0), "ledger"),
    "a ledger line twice": (add_row("ledger.csv", 0, entry=99), "ledger"),
    "a ledger line from another firm": (set_cell("ledger.csv", 1, "from", "F2"), "ledger"),
    "a ledger line to another project": (set_cell("ledger.csv", 1, "to", "B"), "ledger"),
    "a measure that is better than it is": (say_measure("value_added", 9999.0), "value_added"),
    "a measure left out": (say_measure("energy_freed", None), "energy_freed"),
    "an objective that is better than it is": (say(objective=9999.0, bound=9999.0), "objective"),
    "a bound below the objective": (say(bound=1.0), "bound"),
    "an optimum without a bound": (say(bound=None), "bound"),
    "an optimum with a gap": (say(bound=9999.0, gap=1.5), "gap"),
    "a gap that is none of objective and bound": (say(bound=9999.0), "gap"),
    "an audit that leaves the pools out": (forget_audit("pool"), "pool"),
    "an input changed after solving": (touch_input("projects.csv", b"\n"), "projects.csv"),
    "a setting changed after solving": (touch_input("scenario.toml", b"\n# later\n"), "scenario.toml"),
    "an input taken away": (touch_input("quotas.csv", None), "quotas.csv"),
    "an input added": (touch_input("targets.csv", b"measure,sense,value\nfirms_closed,<=,9\n"), "targets.csv"),
    "figures of other inputs": (cheat_on_value, "value_added"),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_folder_edited_by_hand_is_caught(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change, word = EDITS[name]
    change(folder)
    code, findings = verified(folder, capsys)
    assert code == 5
    assert word in json.dumps(findings, ensure_ascii=False)


def test_less_quota_than_the_plan_uses_is_caught_by_the_pools(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state_other_inputs(folder, scenario(quotas=QUOTAS.replace("80", "70")))
    code, findings = verified(folder, capsys)
    assert code == 5
    assert "pool" in {finding["at"].get("rule") for finding in findings}


def test_a_substitution_that_was_forgotten_is_caught(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    substitute = {**LIMIT, "action": "substitute", "ratio": 1.5}
    state_other_inputs(folder, scenario(rules={"admission": {"limits": [substitute]}}))
    code, findings = verified(folder, capsys)
    assert code == 5
    assert "pool" in {finding["at"].get("rule") for finding in findings}
    assert math.isclose(float(table(folder, "awards.csv")["substitution_ratio"].astype(float).max()), 1.0)


def test_energy_that_comes_later_than_it_is_used_is_caught(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lagging = ACTIONS.replace("earliest", "lag").replace("20        -", "20        1")
    state_other_inputs(folder, scenario(actions=lagging))
    code, findings = verified(folder, capsys)
    assert code == 5
    assert "pool" in {finding["at"].get("rule") for finding in findings}
