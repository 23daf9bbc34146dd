"""Every rule's audit by itself: the plan of a result folder is exchanged for the best one that breaks just this rule.

The folder keeps its inputs, so the rule is stated there; the decisions, and every table that follows from them, are
those of a plan solved without it. Pools, ledger, measures and objective all agree: the rule alone can object.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from forging import record, rules_named, verified
from rule_cases import RULE_CASES, small_case

import quota_opt as qo
from quota_opt.rules import RULES

COUNTS = ("verify-ledger", "verify-measures", "verify-rounded")
"""Findings on tables that state how much counts."""


def written(rule: str, folder: Path, *, on: bool) -> Path:
    """The result folder of the best plan of the rule's case."""
    settings, tables = small_case(rule, on=on)
    return Path(qo.solve(qo.Scenario.from_tables(settings, **tables), profile="exact").write(folder))


def exchange_plan(folder: Path, other: Path) -> None:
    """Take every table and figure of another result into a folder that keeps its inputs and says it was audited."""
    mine, theirs = record(folder), record(other)
    for path in other.glob("*.csv"):
        shutil.copy(path, folder / path.name)
    audit = {**{name: dict(theirs["audit"]["pool"]) for name in mine["audit"]}, **theirs["audit"]}
    record(folder, **{**theirs, "inputs": mine["inputs"], "audit": audit})


@pytest.mark.parametrize("rule", RULES)
def test_a_plan_that_breaks_just_this_rule_is_refused_in_its_name(
    rule: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rule in RULE_CASES, f"give {rule} a case in tests/rule_cases.py"
    folder = written(rule, tmp_path / "strict", on=True)
    assert verified(folder, capsys) == (0, [])
    exchange_plan(folder, written(rule, tmp_path / "loose", on=False))
    code, findings = verified(folder, capsys)
    assert code == 5
    expected = RULE_CASES[rule].named
    # A rule that only says how much counts is not named itself: what is counted differs, which is of no rule.
    named = rules_named(findings, also=() if expected is None else COUNTS)
    assert named == {rule} if expected is None else expected in named, json.dumps(findings, ensure_ascii=False)
