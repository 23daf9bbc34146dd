"""A plan carried into another scenario: does it stand there, what is it worth, and if not, which rule is in the way.

Actions, awards and shares are kept as decided. Where they stand but transfers (or trades) as decided do not, these are
arranged anew by a small programme over the other scenario's model: quota may flow another way, decisions stay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from quota_opt.analysis.compare.decisions import outcome_of
from quota_opt.analysis.opened import Opened, fixed
from quota_opt.errors import Text
from quota_opt.model.build import Problem
from quota_opt.model.linear import FloatArray, IntArray
from quota_opt.model.outcome import Outcome
from quota_opt.plan.plan import Plan
from quota_opt.plan.tables import outcome_of_tables, outcome_of_values
from quota_opt.plan.verify import verify_outcome
from quota_opt.report.words import RULES, listed
from quota_opt.rules._objective import objective_of
from quota_opt.scenario import unit_words
from quota_opt.solving.elastic import conflicts

MOST_REASONS = 3


@dataclass(frozen=True)
class Obstacle:
    """What stands against a plan in a scenario: the rule with its title, its clause, and by how much it is missed."""

    rule: str
    title: Text
    clause: str
    amount: float
    unit: str
    text: Text


@dataclass(frozen=True)
class Carried:
    """A plan in a scenario: `value` in that scenario's objective, None where it does not stand there.

    `rerouted` tells that transfers and trades had to be arranged anew. `obstacles` are the rules in the way.
    """

    value: float | None
    rerouted: bool = False
    obstacles: tuple[Obstacle, ...] = ()

    @property
    def feasible(self) -> bool:
        """Whether the plan stands there."""
        return self.value is not None


def worth_of(outcome: Outcome) -> float:
    """What an outcome is worth in its scenario: the objective, or the first measure of a lexicographic one."""
    value = objective_of(outcome)
    if value is not None:
        return value
    return outcome.measure(outcome.case.scenario.settings.objective.order[0].measure)


def is_minimised(outcome: Outcome) -> bool:
    """Whether less of `worth_of` is better."""
    objective = outcome.case.scenario.settings.objective
    return objective.form == "lexicographic" and objective.order[0].sense == "min"


def carry(plan: Plan, into: Plan, opened: Callable[[], Opened]) -> Carried:
    """Put the decisions of `plan` into the scenario of `into`; `opened` builds that scenario's model when asked."""
    if plan is into:
        return Carried(worth_of(outcome_of(plan)))
    case = outcome_of(into).case
    trades = plan.trades if case.market is not None else None
    reread = outcome_of_tables(case, plan.actions, plan.awards, plan.transfers, trades)
    unknown = [text for text in reread.problems if not text.en.startswith(("transfers.csv", "trades.csv"))]
    if unknown:
        return Carried(None, obstacles=_unknown(unknown))
    as_decided = verify_outcome(reread.outcome)
    if as_decided.ok and not reread.problems:
        return Carried(worth_of(reread.outcome))
    model = opened()
    columns, values = _decisions(model.problem, reread.outcome)
    if columns is not None:
        arrays = fixed(model.arrays, columns, values)
        found = model.ask(arrays, stage="carry")
        if found.values is not None:
            outcome = outcome_of_values(model.problem, found.values)
            if verify_outcome(outcome).ok:
                return Carried(worth_of(outcome), rerouted=True)
        found_short = conflicts(replace(model.problem, arrays=arrays), model.profile)
        lacking = [conflict for conflict in found_short if conflict.rule != "pool"]
        if lacking:
            return Carried(None, obstacles=tuple(
                Obstacle(c.rule, listed(RULES, c.rule), c.clause or "", c.amount, c.unit, Text("", ""))
                for c in sorted(lacking, key=lambda c: c.rule)[:MOST_REASONS]
            ))  # fmt: skip
    return Carried(None, obstacles=_broken(reread.outcome))


def _unknown(texts: list[Text]) -> tuple[Obstacle, ...]:
    """Decisions that the other scenario does not know: a firm that is not listed there, a year outside it."""
    title = Text("不可选的措施或项目", "no such choice there")
    return tuple(Obstacle("choice", title, "", float(len(texts)), "-", text) for text in texts[:MOST_REASONS])


def _broken(outcome: Outcome) -> tuple[Obstacle, ...]:
    """The rules that the decisions break as they are; what other rules bar comes before pools that fall short."""
    broken = [entry for entry in verify_outcome(outcome).audit if not entry.ok]
    barring = [entry for entry in broken if entry.rule != "pool"] or broken
    return tuple(
        Obstacle(
            entry.rule,
            listed(RULES, entry.rule),
            entry.clause or "",
            entry.worst_excess,
            entry.unit,
            entry.texts[0] if entry.texts else Text("", ""),
        )
        for entry in barring[:MOST_REASONS]
    )


def _decisions(problem: Problem, outcome: Outcome) -> tuple[IntArray | None, FloatArray]:
    """The columns of acts, starts and shares with the values the outcome gives them.

    None where a decision has no column, because a rule bars it.
    """
    act, start, share = (np.zeros(grid.shape) for grid in (problem.act, problem.start, problem.share))
    act[outcome.action_row, outcome.action_year] = 1.0
    start[outcome.award_row, outcome.award_year] = 1.0
    share[outcome.award_row, outcome.award_year] = outcome.award_share
    columns, values = [], []
    for grid, wanted in ((problem.act, act), (problem.start, start), (problem.share, share)):
        if bool((wanted[grid < 0] > 0).any()):
            return None, np.zeros(0)
        own = grid >= 0
        columns.append(grid[own])
        values.append(wanted[own])
    return np.concatenate(columns), np.concatenate(values)


def obstacle_words(obstacle: Obstacle) -> Text:
    """One obstacle in words: 项目准入（PROV22）差 0.03 吨标准煤/万元：……"""
    unit = unit_words(obstacle.unit.removesuffix("/yr"))
    clause = f"（{obstacle.clause}）" if obstacle.clause else ""
    of = f" ({obstacle.clause})" if obstacle.clause else ""
    counted = obstacle.unit not in ("-", "mixed", "")
    short_zh = f"差 {obstacle.amount:,.4g} {unit.zh}" if counted else "不成立"
    short_en = f"short by {obstacle.amount:,.4g} {unit.en}" if counted else "does not hold"
    said = obstacle.text
    return Text(
        f"{obstacle.title.zh}{clause}{short_zh}{f'：{said.zh}' if said.zh else ''}",
        f"{obstacle.title.en}{of} {short_en}{f': {said.en}' if said.en else ''}",
    )
