"""From a scenario to a verified plan: prepare, build, solve, read the values, audit, explain."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from quota_opt.errors import (
    Conflict,
    EngineFailed,
    Finding,
    InfeasibleScenario,
    InputError,
    Level,
    NoPlanFound,
    Text,
    UnboundedScenario,
    VerificationFailed,
)
from quota_opt.messages import message, table
from quota_opt.model.build import Problem, build
from quota_opt.model.case import Case, prepare
from quota_opt.model.measures import measure_title
from quota_opt.model.objective import check_objective
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Rule, RuleAudit
from quota_opt.plan.certificate import price_bound, row_prices, rule_prices
from quota_opt.plan.directed import directed, with_directives
from quota_opt.plan.headlines import objective_unit, with_headline
from quota_opt.plan.ledger import ledger_table
from quota_opt.plan.plan import Plan, Reporter
from quota_opt.plan.prices import prices_table
from quota_opt.plan.proofs import Backing, backing_of
from quota_opt.plan.reasons import reasons_table
from quota_opt.plan.tables import (
    actions_table,
    awards_table,
    balances_table,
    outcome_of_values,
    transfers_table,
)
from quota_opt.plan.trades import trades_table
from quota_opt.plan.verify import verify_solved
from quota_opt.scenario import Scenario, resource_words, unit_words
from quota_opt.solving.elastic import conflicts
from quota_opt.solving.memory import Recall
from quota_opt.solving.profile import Profile
from quota_opt.solving.stages import Solved, optimise
from quota_opt.solving.status import OnProgress, Progress, Status

NO_SECONDS = {"read": 0.0, "build": 0.0, "solve": 0.0}
"""Of a plan whose decisions were known before."""


def check_case(scenario: Scenario, rules: Sequence[Rule[Any]]) -> tuple[Case | None, tuple[Finding, ...]]:
    """Every finding about a scenario, from reading to rules; the prepared case too."""
    case = prepare(scenario, rules)
    return case, (*scenario.findings, *case.findings, *check_objective(case))


def prepared(scenario: Scenario, rules: Sequence[Rule[Any]]) -> tuple[Case, tuple[Finding, ...]]:
    """The case ready to build. Raises InputError where any finding is an error."""
    case, findings = check_case(scenario, rules)
    if case is None or any(finding.level is Level.ERROR for finding in findings):
        raise InputError(findings)
    return case, findings


def solve_scenario(
    scenario: Scenario,
    rules: Sequence[Rule[Any]],
    profile: Profile,
    *,
    on_progress: OnProgress | None = None,
    reporters: tuple[Reporter, ...] = (),
    recall: Recall | None = None,
) -> Plan:
    """Solve one scenario; see `quota_opt.solve` for what it promises and raises.

    `recall` is filled by the first solve it is given to, and used by all further ones.
    """
    began = time.perf_counter()
    _tell(on_progress, "build", 0.0)
    case, findings = prepared(scenario, rules)
    problem = build(case)
    built = time.perf_counter()
    solved = optimise(problem, profile, on_progress, recall)
    solved_at = time.perf_counter()
    if solved.values is None:
        _raise(problem, profile, solved)
    seconds = {"read": scenario.read_seconds, "build": built - began, "solve": solved_at - built}
    return plan_of(problem, solved, profile, findings=findings, seconds=seconds, reporters=reporters)


def plan_of(
    problem: Problem,
    solved: Solved,
    profile: Profile,
    *,
    findings: tuple[Finding, ...] = (),
    seconds: Mapping[str, float] | None = None,
    reporters: tuple[Reporter, ...] = (),
) -> Plan:
    """The verified plan of solved decisions: tables, ledger, measures, audit, prices, reasons, certificate.

    Raises VerificationFailed where the decisions break a rule.
    """
    began = time.perf_counter()
    assert solved.values is not None
    outcome = outcome_of_values(problem, solved.values)
    plan_tables = {
        "actions": actions_table(outcome),
        "awards": awards_table(outcome),
        "transfers": transfers_table(outcome),
        "ledger": ledger_table(outcome),
        "trades": trades_table(outcome),
    }
    measures = outcome.measures()
    verification = verify_solved(outcome, solved.objective, solved.bound, solved.stages[-1].sense)
    if not verification.ok:
        listed = "\n".join(finding.what.en for finding in verification.problems)
        listed_zh = "\n".join(finding.what.zh for finding in verification.problems)
        raise VerificationFailed(
            Text(f"求得的方案未通过复核，不予输出：\n{listed_zh}", f"The plan found does not pass its check:\n{listed}")
        )
    audit = _priced(problem, solved, outcome, verification.audit)
    backing = backing_of(problem, solved)
    return Plan(
        scenario=problem.case.scenario,
        status=solved.status,
        objective=solved.objective,
        bound=solved.bound,
        gap=solved.gap,
        actions=plan_tables["actions"],
        awards=plan_tables["awards"],
        transfers=plan_tables["transfers"],
        ledger=plan_tables["ledger"],
        prices=prices_table(problem, solved),
        reasons=with_directives(reasons_table(problem, solved, outcome), directed(outcome, audit)),
        balances=balances_table(outcome),
        measures=measures,
        measure_units=outcome.measure_units(),
        audit=audit,
        certificate=certificate_of(problem, solved, profile, backing),
        engine=solved.engine,
        profile=profile.model_dump(),
        seconds={**(seconds or NO_SECONDS), "verify": time.perf_counter() - began},
        findings=findings,
        trades=plan_tables["trades"],
        outcome=outcome,
        row_prices=row_prices(solved.arrays, solved.row_duals if len(problem.stages) == 1 else None),
        proofs=backing.proofs,
        reporters=reporters,
    )


def _tell(on_progress: OnProgress | None, stage: str, seconds: float) -> None:
    if on_progress is not None:
        on_progress(Progress(stage, seconds))


def _raise(problem: Problem, profile: Profile, solved: Solved) -> None:
    """The ending of a solve without a plan, as the error it is."""
    if solved.status is Status.INFEASIBLE:
        found = conflicts(problem, profile)
        rules = list(dict.fromkeys(c.rule for c in found))
        named = "、".join(_rule_title(problem.case, rule).zh for rule in rules)
        lines = [_conflict_line(problem.case, conflict) for conflict in found[:10]]
        listing_zh, listing = ("\n  ".join(line.of(language) for line in lines) for language in ("zh", "en"))
        raise InfeasibleScenario(
            Text(
                f"没有方案能同时满足全部规则。最省的放宽涉及：{named or '（未能确定）'}\n  {listing_zh}",
                f"No plan satisfies all the rules. The smallest way out relaxes: "
                f"{', '.join(rules) or '(not found)'}\n  {listing}",
            ),
            found,
        )
    if solved.status is Status.UNBOUNDED:
        raise UnboundedScenario(
            Text("目标可以无限增大，请检查目标函数。", "The objective can grow without limit; check the objective.")
        )
    if solved.status is Status.NO_SOLUTION_FOUND:
        raise NoPlanFound(
            Text(
                "到时限时还没有找到任何方案。",
                "A limit came before any plan was found; allow more time or a larger gap.",
            )
        )
    raise EngineFailed(Text(f"求解器出错：{solved.message}", f"The solver failed: {solved.message}"))


def _rule_title(case: Case, name: str) -> Text:
    """What people call a rule, or one of the rows that are always there."""
    always = {
        "pool": Text("指标平衡", "pool"),
        "requires": Text("前置项目", "requires"),
        "excludes": Text("互斥", "excludes"),
    }
    rule = case.rule(name)
    return always.get(name, Text(name, name)) if rule is None else Text(rule.title.zh, name)


def _conflict_line(case: Case, conflict: Conflict) -> Text:
    """One row that must give: rule, place, year, by how much; and its clause."""
    plain = conflict.unit.removesuffix("/yr")
    unit = table("unit").get(plain) or unit_words(plain)
    yearly = "/年" if conflict.unit.endswith("/yr") else ""
    zh, en = [], []
    for key, value in conflict.labels.items():
        words = resource_words(str(value)) if key == "resource" else Text(str(value), str(value))
        if key == "measure":
            words = measure_title(case, str(value)) or table("measure").get(str(value), words)
        elif key == "year":
            words = Text(f"{value} 年", str(value))
        zh.append(case.place_title(str(value)) if key == "place" else words.zh)
        en.append(str(value))
    clause = f"（{conflict.clause}）" if conflict.clause else ""
    of = f" ({conflict.clause})" if conflict.clause else ""
    amount = f"{conflict.amount:,.6g}"
    return Text(
        " ".join([_rule_title(case, conflict.rule).zh, *zh, f"差 {amount} {unit.zh}{yearly}{clause}"]),
        " ".join([conflict.rule, *en, f"{amount} {conflict.unit}{of}"]),
    )


def _priced(problem: Problem, solved: Solved, outcome: Outcome, audit: tuple[RuleAudit, ...]) -> tuple[RuleAudit, ...]:
    """The audits with what one more unit of each rule is worth, or why that is not known."""
    known = solved.row_duals is not None
    prices = rule_prices(solved.arrays, problem.info, solved.row_duals) if solved.row_duals is not None else {}
    last = solved.stages[-1].name
    unit = objective_unit(problem.case.scenario.settings, outcome.measure_units(), last)
    none = message("price.no_rows" if known else "price.unsolved")
    priced = []
    for entry in audit:
        row = prices.get(entry.rule)
        if row is None:
            priced.append(with_headline(outcome, replace(entry, price_note=none)))
        else:
            worth = replace(entry, price=row.price, price_unit=row.unit)
            priced.append(with_headline(outcome, worth, row.labels, unit))
    return tuple(priced)


def certificate_of(problem: Problem, solved: Solved, profile: Profile, backing: Backing) -> dict[str, Any]:
    """What proves the plan: objective, bound and gap by stage, and the bounds that prices and proofs prove."""
    bound = math.inf if solved.row_duals is None else price_bound(solved.arrays, solved.row_duals)
    sign = problem.stages[len(solved.stages) - 1].sign
    return {
        "status": str(solved.status),
        "objective": solved.objective,
        "bound": solved.bound,
        "gap": solved.gap,
        "gap_asked": profile.relative_gap,
        "price_bound": sign * bound,
        "relaxation": sign * solved.relaxation,
        "stages": [
            {
                "name": stage.name,
                "sense": stage.sense,
                "status": str(stage.status),
                "objective": stage.objective,
                "bound": stage.bound,
                "gap": stage.gap,
                "seconds": stage.seconds,
                **({} if line is None else {"proof": line}),
            }
            for stage, line in zip(solved.stages, backing.lines, strict=True)
        ],
        "columns": solved.arrays.columns,
        "rows": solved.arrays.rows,
        "nonzeros": int(solved.arrays.matrix.nnz),
        "engine": f"{solved.engine.name} {solved.engine.solver} {solved.engine.version}",
        **({} if backing.whole is None else {"proof": backing.whole}),
    }
