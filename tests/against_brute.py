"""One small case solved twice, by the oracle and by the tool, and everything compared that both can say."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest
from brute import Answer, Judgement, brute_force, judge

import quota_opt as qo
from quota_opt.errors import InfeasibleScenario

Tables = Mapping[str, list[dict[str, Any]]]
CLOSE = 1e-6


def solved(settings: Mapping[str, Any], tables: Tables) -> Any | None:
    """The tool's plan, None where it says that no plan keeps the rules."""
    case = qo.Scenario.from_tables(settings, **tables)
    try:
        return qo.solve(case, profile="exact")
    except InfeasibleScenario:
        return None


def judged(settings: Mapping[str, Any], tables: Tables, plan: Any) -> Judgement:
    """The plan's own tables, re-examined by the oracle."""
    actions = [(r.firm, r.action, text(r.option), int(r.year)) for r in plan.actions.itertuples()]
    awards = [(r.project, int(r.year), float(r.share)) for r in plan.awards.itertuples()]
    moves = [(r.resource, int(r.year), r.from_place, r.to_place, float(r.amount)) for r in plan.transfers.itertuples()]
    return judge(settings, tables, actions=actions, awards=awards, transfers=moves)


def agree(settings: Mapping[str, Any], tables: Tables) -> tuple[Answer | None, Any | None]:
    """Solve twice and compare: feasibility, every stage's value, every measure, the rules, the ledger, the audit."""
    answer, plan = brute_force(settings, tables), solved(settings, tables)
    if answer is None or plan is None:
        assert answer is None, f"the tool finds no plan; the oracle has {answer and answer.words()[0]}"
        assert plan is None, f"no plan keeps the rules; the tool says {words(plan)}"
        return None, None
    assert plan.status == "OPTIMAL"
    verdict = judged(settings, tables, plan)
    assert verdict.broken == [], f"the tool's plan breaks rules: {words(plan)}"
    best = dict(zip(answer.names, answer.stages, strict=True))
    assert dict(zip(answer.names, verdict.stages, strict=True)) == pytest.approx(best, rel=CLOSE, abs=CLOSE), (
        f"oracle {answer.words()[0]}, tool {words(plan)}"
    )
    if "order" not in settings.get("objective", {}):
        assert plan.objective == pytest.approx(answer.objective, rel=CLOSE, abs=CLOSE)
    said = {name: plan.measures[name] for name in verdict.measures}
    assert said == pytest.approx(verdict.measures, rel=CLOSE, abs=1e-4)
    assert all(audit.ok for audit in plan.audit)
    ledger_balances(plan)
    return answer, plan


def ledger_balances(plan: Any) -> None:
    """Each year, what the ledger says reaches a project is what the pools give up for it, and nothing is made up."""
    ledger = plan.ledger
    for resource in plan.scenario.resources:
        last = ledger[(ledger["resource"] == resource) & (ledger["year"] == plan.scenario.last_year)]
        for kind, measure in (("project", "used"), ("idle", "idle")):
            reached = last.loc[last["to_kind"] == kind, "amount"].sum()
            assert reached == pytest.approx(plan.measures[f"{resource}_{measure}"], abs=1e-4, rel=CLOSE)
        freed = last.loc[last["from_kind"] == "firm", "amount"].sum()
        taken = last.loc[last["to_kind"] == "firm", "amount"].sum()
        assert freed - taken == pytest.approx(plan.measures[f"{resource}_freed"], abs=1e-4, rel=CLOSE)
    assert (ledger["amount"] >= -1e-9).all()


def words(plan: Any) -> tuple[set[str], set[str]]:
    """What the plan decides, as the oracle's answers say it."""
    return (
        {f"{r.firm}:{r.action}:{int(r.year)}" for r in plan.actions.itertuples()},
        {f"{r.project}:{int(r.year)}" for r in plan.awards.itertuples()},
    )


def text(value: object) -> str:
    return "" if value is None or pd.isna(value) else str(value)  # type: ignore[call-overload]


# Hand-made cases


def case_of(
    places: str = "C county -",
    *,
    firms: str = "",
    actions: str = "",
    projects: str = "",
    quotas: str = "",
    targets: str = "",
    years: tuple[int, int] = (2024, 2024),
    resources: tuple[str, ...] = ("energy",),
    **settings: Any,
) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """Settings and tables from text: the first line of each table names the columns, `-` is a blank cell."""
    tables = {"places": table("place level parent\n" + places)}
    for name, lines in {
        "firms": firms,
        "actions": actions,
        "projects": projects,
        "quotas": quotas,
        "targets": targets,
    }.items():
        if lines:
            tables[name] = table(lines)
    head = {"name": "hand", "first_year": years[0], "last_year": years[1], "resources": list(resources)}
    return {"scenario": {**head, "data": "synthetic", "price_year": 2023}, **settings}, tables


def table(lines: str) -> list[dict[str, Any]]:
    header, *rows = [line.split() for line in lines.strip().splitlines()]
    return [{name: cell_of(cell) for name, cell in zip(header, row, strict=True) if cell != "-"} for row in rows]


def cell_of(cell: str) -> Any:
    if cell in ("yes", "no"):
        return cell == "yes"
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(cell)
    return cell


def both(case: tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]) -> tuple[set[str], set[str], float]:
    """(what is done, what starts, objective), on which the oracle and the tool agree; the optimum must be unique."""
    settings, tables = case
    answer = brute_force(settings, tables, all_ways=True)
    _, plan = agree(settings, tables)
    assert answer is not None and plan is not None, "no plan keeps the rules"
    assert len(answer.decisions) == 1, f"more than one best plan: {answer.words()}"
    assert words(plan) == answer.words()[0]
    assert qo.verify(plan).ok, qo.verify(plan).problems
    done, started = words(plan)
    return done, started, float(answer.objective)


def neither(case: tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]) -> bool:
    """Whether oracle and tool agree that no plan keeps the rules."""
    return agree(*case) == (None, None)
