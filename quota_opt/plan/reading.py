"""A result folder as a plan again: read, verified, and its tables made anew from the decisions they state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from quota_opt.errors import Text, VerificationFailed
from quota_opt.model.objective import check_objective
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Rule, RuleAudit
from quota_opt.plan.directed import read_receipt
from quota_opt.plan.folder import Result, read_table, result_of
from quota_opt.plan.ledger import ledger_table
from quota_opt.plan.plan import Plan, Reporter
from quota_opt.plan.proofs import read_proofs
from quota_opt.plan.tables import actions_table, awards_table, balances_table, transfers_table
from quota_opt.plan.trades import trades_table
from quota_opt.scenario import Scenario
from quota_opt.solving.status import EngineInfo, Status


def read_result(
    folder: Path, rules: Callable[[Scenario], Sequence[Rule[Any]]], reporters: tuple[Reporter, ...] = ()
) -> Plan:
    """The plan of a result folder, as `run` wrote it.

    Raises InputError where it is no result folder, VerificationFailed where it does not hold any more.
    """
    result = result_of(folder, rules)
    if not result.verification.ok or result.outcome is None:
        listed = result.verification.problems[:10]
        zh, en = ("\n  ".join(finding.what.of(language) for finding in listed) for language in ("zh", "en"))
        if any(note.code == "unsealed" for note in result.verification.notes):
            zh += "\n  它由较早版本的程序写成，可先运行 quota-opt migrate。"
            en += "\n  An earlier version wrote it; quota-opt migrate may bring it up to date."
        raise VerificationFailed(
            Text(f"{folder} 未通过复核，不能据此分析：\n  {zh}", f"{folder} does not pass its check:\n  {en}")
        )
    return stated_plan(folder, result, result.outcome, reporters)


def stated_plan(folder: Path, result: Result, outcome: Outcome, reporters: tuple[Reporter, ...] = ()) -> Plan:
    """The plan that a result folder states, whether or not it holds; `outcome` is what its decisions give."""
    record, case = result.record, outcome.case
    engine: Mapping[str, Any] = record.get("engine") or {}
    name, solver, release = (str(engine.get(key) or "") for key in ("name", "solver", "version"))
    stated: Mapping[str, Any] = record.get("audit") or {}
    reasons = _table(folder / "reasons.csv")
    return Plan(
        scenario=case.scenario,
        status=Status(record["status"]),
        objective=_number(record.get("objective")),
        bound=_number(record.get("bound")),
        gap=_number(record.get("gap")),
        actions=actions_table(outcome),
        awards=awards_table(outcome),
        transfers=transfers_table(outcome),
        ledger=ledger_table(outcome),
        prices=_table(folder / "prices.csv"),
        reasons=reasons.assign(text_en=reasons["text"]) if "text" in reasons else reasons,
        balances=balances_table(outcome),
        measures=outcome.measures(),
        measure_units=outcome.measure_units(),
        audit=tuple(_priced(entry, stated.get(entry.rule) or {}) for entry in result.verification.audit),
        certificate=record.get("certificate") or {},
        engine=EngineInfo(name, solver, release, dict(engine.get("options") or {})),
        profile=record.get("profile") or {"name": engine.get("profile"), "random_seed": engine.get("seed")},
        seconds=dict(record.get("seconds") or {}),
        findings=(*case.scenario.findings, *case.findings, *check_objective(case)),
        trades=trades_table(outcome),
        row_prices=_table(folder / "certificate.csv", ("row", "price")),
        proofs=read_proofs(folder, record),
        outcome=outcome,
        receipt=read_receipt(folder),
        reporters=reporters,
    )


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _table(path: Path, columns: Sequence[str] = ()) -> pd.DataFrame:
    return read_table(path) if path.is_file() else pd.DataFrame(columns=list(columns))


def _priced(entry: RuleAudit, stated: Mapping[str, Any]) -> RuleAudit:
    """The audit with the price the run knew, and the headline that tells it."""
    note, headline = stated.get("price_note"), stated.get("headline")
    return replace(
        entry,
        price=stated.get("price"),
        price_unit=stated.get("price_unit"),
        price_note=None if note is None else Text(**note),
        headline=entry.headline if headline is None else Text(**headline),
    )
