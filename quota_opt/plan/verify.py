"""Is the plan true? Every rule re-checked from the tables, without the matrix and without a solver.

`audits` takes a stated outcome and answers rule by rule; `verify_folder` reads a result folder back, recomputes what
its tables state from its inputs, and compares. What does not hold is a problem, never a warning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from quota_opt.errors import Finding, Level, Text, Where
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import RuleAudit
from quota_opt.plan.headlines import with_headline
from quota_opt.plan.ledger import ledger_problems
from quota_opt.plan.tables import actions_table, awards_table
from quota_opt.plan.trades import KEY, trades_table
from quota_opt.rules._objective import objective_of
from quota_opt.rules._shared import tolerance


@dataclass(frozen=True)
class Verification:
    """The answer of `verify`: `ok`, one audit per rule, and what is wrong in three lines each.

    `notes` fail nothing: a report that was changed, a folder that was never sealed.
    """

    ok: bool
    audit: tuple[RuleAudit, ...]
    problems: tuple[Finding, ...]
    notes: tuple[Finding, ...] = ()


def audits(outcome: Outcome) -> tuple[RuleAudit, ...]:
    """Choices, pools, then every rule of the case."""
    found = (audit_choices(outcome), audit_pools(outcome), *(rule.audit(outcome) for rule in outcome.case.rules))
    return tuple(with_headline(outcome, entry) for entry in found)


def audit_choices(outcome: Outcome) -> RuleAudit:
    """Windows, one action per firm, one start per project or group, shares, requires and excludes."""
    case = outcome.case
    broken: list[Text] = []
    firms = case.actions["firm"].to_numpy(dtype=object)
    projects = case.projects["project"].to_numpy(dtype=object)
    for name in _repeated(firms[outcome.action_row]):
        broken.append(Text(f"{name} 有不止一项措施。", f"{name} has more than one action."))
    groups, names = case.groups
    for group in _repeated(groups[outcome.award_row]):
        broken.append(Text(f"{names[group]} 被安排不止一次。", f"{names[group]} is awarded more than once."))
    for rows, years, window, who in (
        (outcome.action_row, outcome.action_year, case.act_window, firms),
        (outcome.award_row, outcome.award_year, case.start_window, projects),
    ):
        for i in np.flatnonzero(~window[rows, years]):
            year = case.years[years[i]]
            broken.append(Text(f"{who[rows[i]]} 不能在 {year} 年进行。", f"{who[rows[i]]} may not happen in {year}."))
    divisible = case.projects["divisible"].to_numpy(dtype=bool)[outcome.award_row]
    least = np.where(divisible, case.projects["min_share"].to_numpy(dtype=float)[outcome.award_row], 1.0)
    share = outcome.award_share
    off = ~((share >= least - 1e-9) & (share <= 1.0 + 1e-9))
    for i in np.flatnonzero(off):
        name = projects[outcome.award_row[i]]
        broken.append(Text(f"{name} 的份额 {share[i]:g} 不可行。", f"{name} cannot have a share of {share[i]:g}."))
    broken += _linked(outcome)
    negative = float(max(-outcome.up.min(initial=0.0), -outcome.down.min(initial=0.0)))
    if outcome.trades is not None:
        negative = max(negative, *(-float(side.min(initial=0.0)) for side in outcome.trades))
    if negative > 1e-9:
        broken.append(Text("有负的调剂量或交易量。", "A transfer or trade is negative."))
    return RuleAudit("choice", not broken, float(len(broken)), "-", texts=tuple(broken[:10]))


def _repeated(values: NDArray[Any]) -> list[Any]:
    seen, count = np.unique(values.astype(str) if values.dtype == object else values, return_counts=True)
    return [value.item() if hasattr(value, "item") else value for value in seen[count > 1]]


def _linked(outcome: Outcome) -> list[Text]:
    """`requires` (by year) and `excludes` between awards."""
    case = outcome.case
    started = dict(zip(outcome.award_row.tolist(), outcome.award_year.tolist(), strict=True))
    projects = case.projects["project"].tolist()
    requires, excludes = case.projects["requires"].tolist(), case.projects["excludes"].tolist()
    broken = []
    for row, year in started.items():
        for name in requires[row]:
            if not any(started.get(int(q), 10**6) <= year for q in case.members(name)):
                broken.append(
                    Text(f"{projects[row]} 需要 {name} 先行。", f"{projects[row]} needs {name} to have started.")
                )
        for name in excludes[row]:
            if any(int(q) in started and int(q) != row for q in case.members(name)):
                broken.append(
                    Text(f"{projects[row]} 与 {name} 互斥。", f"{projects[row]} and {name} exclude each other.")
                )
    return broken


def audit_pools(outcome: Outcome) -> RuleAudit:
    """No pool gives more than it has."""
    case = outcome.case
    idle = outcome.idle
    moved = case.initial + np.abs(outcome.freed) + outcome.used + np.abs(outcome.net_up)
    moved = moved + outcome.bought + outcome.sold
    short = np.maximum(-idle, 0.0)
    short[short <= tolerance(moved)] = 0.0
    r, n, t = np.unravel_index(int(short.argmax()), short.shape) if short.size else (0, 0, 0)
    worst = float(short.max(initial=0.0))
    texts: tuple[Text, ...] = ()
    if worst > 0:
        place, resource, year = case.places.names[n], case.resources[r], case.years[t]
        texts = (
            Text(
                f"{place} {year} 年 {resource} 超用 {worst:,.6g} {case.unit(resource)}。",
                f"{place} gives {worst:,.6g} {case.unit(resource)} of {resource} more than it has in {year}.",
            ),
        )
    used = outcome.used > 0
    binding = bool(((idle <= tolerance(moved)) & used).any())
    at = np.nonzero(used | (short > 0))
    figures = pd.DataFrame(
        {
            "resource": np.array(case.resources, dtype=object)[at[0]],
            "place": case.places.names[at[1]],
            "year": case.years[at[2]],
            "figure": idle[at],
            "lower": 0.0,
            "excess": short[at],
            "slack": np.maximum(idle[at], 0.0),
        }
    )
    return RuleAudit("pool", worst == 0.0, worst, "tce", binding=binding, figures=figures, texts=texts)


@dataclass(frozen=True)
class Stated:
    """What a result states besides its decisions."""

    actions: pd.DataFrame
    awards: pd.DataFrame
    ledger: pd.DataFrame
    measures: Mapping[str, float]
    objective: float | None
    bound: float | None
    sense: str = "max"
    trades: pd.DataFrame | None = None


def compare_stated(outcome: Outcome, stated: Stated) -> list[Finding]:
    """Where stated amounts, ledger, measures or objective differ from what the decisions give."""
    problems: list[Finding] = []
    for name, table, again, key in (
        ("actions.csv", stated.actions, actions_table(outcome), ["firm", "action", "option", "year"]),
        ("awards.csv", stated.awards, awards_table(outcome), ["project", "year"]),
    ):
        problems += _compare_tables(name, table, again, key)
    if stated.trades is not None and len(stated.trades):
        problems += _compare_tables("trades.csv", stated.trades, trades_table(outcome), KEY)
    for words in ledger_problems(outcome, stated.ledger)[:10]:
        problems.append(
            problem("ledger", Text(f"台账与方案不符：{words}", f"The ledger does not match: {words}"), "ledger.csv")
        )
    values = outcome.measures()
    for name in sorted(set(values) | set(stated.measures)):
        if name not in values or name not in stated.measures:
            what = Text(f"成效指标 {name} 缺失或多余。", f"The measure {name} is missing or is none of the case's.")
            problems.append(problem("measures", what, "run.json"))
        elif not _close(values[name], stated.measures[name]):
            what = Text(
                f"成效指标 {name} 写作 {stated.measures[name]:,.6g}，应为 {values[name]:,.6g}。",
                f"The measure {name} is stated as {stated.measures[name]:,.6g}; the tables give {values[name]:,.6g}.",
            )
            problems.append(problem("measures", what, "run.json"))
    return problems + _objective(outcome, stated.objective, stated.bound, stated.sense)


def _objective(outcome: Outcome, objective: float | None, bound: float | None, sense: str) -> list[Finding]:
    found = []
    value = objective_of(outcome)
    if value is not None and objective is not None and not _close(value, objective):
        what = Text(
            f"目标值写作 {objective:,.6g}，应为 {value:,.6g}。",
            f"The objective is stated as {objective:,.6g}; the tables give {value:,.6g}.",
        )
        found.append(problem("objective", what, "run.json"))
    if objective is not None and bound is not None and np.isfinite(bound):
        beyond = (objective - bound) * (1.0 if sense == "max" else -1.0)
        if beyond > 1e-6 * max(1.0, abs(bound)):
            what = Text(
                "目标值优于所证的界，不可能。", "The objective is better than its proven bound, which cannot be."
            )
            found.append(problem("certificate", what, "run.json"))
    return found


def _compare_tables(name: str, table: pd.DataFrame, again: pd.DataFrame, key: list[str]) -> list[Finding]:
    """Stated figures of each line against the recomputed ones; unknown lines are told elsewhere."""
    problems = []
    missing = [column for column in again.columns if column not in table.columns]
    if missing:
        listed = ", ".join(missing)
        return [problem("tables", Text(f"{name} 缺少列：{listed}。", f"{name} lacks the columns {listed}."), name)]
    left = again.assign(**{k: again[k].astype(str) for k in key}).set_index(key)
    right = table.assign(**{k: table[k].fillna("").astype(str) for k in key}).set_index(key)
    if not left.index.is_unique or not right.index.is_unique:
        return []
    both = left.index.intersection(right.index)
    for column in again.columns.difference(key):
        mine, theirs = left.loc[both, column], right.loc[both, column]
        if pd.api.types.is_numeric_dtype(mine):
            a = mine.to_numpy(dtype=float)
            b = pd.to_numeric(theirs, errors="coerce").to_numpy(dtype=float)
            off = ~((np.abs(a - b) <= tolerance(a)) | (np.isnan(a) & np.isnan(b)))
        else:
            off = mine.fillna("").astype(str).to_numpy() != theirs.fillna("").astype(str).to_numpy()
        for index in both[off][:3]:
            label = " ".join(map(str, index if isinstance(index, tuple) else (index,)))
            what = Text(
                f"{name}：{label} 的 {column} 写作 {theirs[index]}，应为 {mine[index]}。",
                f"{name}: {column} of {label} is stated as {theirs[index]}; the inputs give {mine[index]}.",
            )
            problems.append(problem("tables", what, name))
    return problems


def _close(a: float, b: float) -> bool:
    return abs(a - b) <= 1e-6 * max(1.0, abs(a), abs(b))


def problem(
    code: str, what: Text, file: str | None = None, rule: str | None = None, clause: str | None = None
) -> Finding:
    """One thing wrong with a result."""
    return Finding(
        Level.ERROR,
        f"verify-{code}",
        what,
        Where(file=file, rule=rule, clause=clause),
        Text("不要使用这份结果；请由输入重新求解。", "Do not use this result; solve again from the inputs."),
    )


def broken_rules(audit: tuple[RuleAudit, ...]) -> list[Finding]:
    """One finding per rule that does not hold."""
    found = []
    for entry in audit:
        if not entry.ok:
            detail = entry.texts[0] if entry.texts else Text("", "")
            what = Text(
                f"规则 {entry.rule} 不成立，超出 {entry.worst_excess:,.6g} {entry.unit}。{detail.zh}",
                f"The rule {entry.rule} does not hold, by {entry.worst_excess:,.6g} {entry.unit}. {detail.en}".rstrip(),
            )
            found.append(problem("rule", what, rule=entry.rule, clause=entry.clause))
    return found


def verify_outcome(outcome: Outcome, stated: Stated | None = None, extra: tuple[Text, ...] = ()) -> Verification:
    """Audit an outcome, and compare what is stated about it."""
    audit = audits(outcome)
    problems = [problem("tables", text) for text in extra] + broken_rules(audit)
    if stated is not None:
        problems += compare_stated(outcome, stated)
    return Verification(not problems, audit, tuple(problems))


def verify_solved(outcome: Outcome, objective: float, bound: float, sense: str) -> Verification:
    """Audit what a solver decided, its objective and its bound; tables, which are made of that, need no comparison."""
    audit = audits(outcome)
    problems = [*broken_rules(audit), *_objective(outcome, objective, bound, sense)]
    return Verification(not problems, audit, tuple(problems))
