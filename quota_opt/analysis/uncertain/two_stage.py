"""Two stages: what to close and award now, knowing that quota is passed along anew when it is seen what comes out.

found = two_stage("zhuji", samples=50, weight=0.5)
found.compared      # this plan beside the plan of the mean world and the plain one, in these worlds and in fresh ones
found.plan          # a plan like any other: it holds on the case as stated

Decided now: actions, awards, all rules of the case, and its pools as stated. Decided in each world: transfers,
and how much is lacking, which costs what `[uncertainty.recourse]` says. The plan maximises the expected value less the
expected cost less `weight` times the mean cost of the worst worlds, over a sample of the worlds (`recourse_model`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quota_opt.analysis.opened import Opened
from quota_opt.analysis.uncertain.draws import Worlds, draw
from quota_opt.analysis.uncertain.evaluate import uncertainty_of, write_record
from quota_opt.analysis.uncertain.measures import in_worlds, objective_weights
from quota_opt.analysis.uncertain.pools import lacking
from quota_opt.analysis.uncertain.two_stage_model import Futures, Risk, expected_objective, two_stage_arrays
from quota_opt.errors import (
    Finding,
    InfeasibleScenario,
    InputError,
    Language,
    Level,
    NoPlanFound,
    Text,
    Where,
)
from quota_opt.model.case import Case, FloatArray
from quota_opt.model.outcome import Outcome
from quota_opt.plan.folder import finite, write_table
from quota_opt.plan.plan import Plan
from quota_opt.plan.tables import outcome_of_values
from quota_opt.rules._objective import objective_of
from quota_opt.scenario import Scenario, Uncertainty
from quota_opt.scenario.uncertainty import Recourse
from quota_opt.solving.profile import Profile
from quota_opt.solving.stages import LEAST_SHARE
from quota_opt.solving.status import OnProgress, Solution, Status

if TYPE_CHECKING:
    from quota_opt.report.document import Document

SAMPLES, FRESH = 50, 1000
"""Worlds a plan is made for, and fresh ones it is tried in."""
PLANS = {
    "two_stage": Text("两阶段方案", "two-stage plan"),
    "mean_value": Text("均值方案", "plan of the mean world"),
    "plain": Text("原方案", "plain plan"),
}


@dataclass(frozen=True, eq=False)
class TwoStage:
    """A plan of two stages. `compared` has one row per plan (two_stage, mean_value, plain) and set of worlds (in, out):

    plan, worlds, count, value (what is maximised), expected (of the case's objective), cost (expected), tail (mean cost
    of the worst 1 - alpha), served (probability that nothing is lacking), objective (as stated)

    `value`, `bound` and `gap` are what the solver proved; `vss` is how much the plan is better than that of the mean
    world in the worlds it was made for, `vss_fresh` in fresh ones. `plain` is the plan of the case as stated.
    """

    scenario: Scenario
    uncertainty: Uncertainty
    samples: int
    drawn: int
    seed: int
    fresh: int
    fresh_seed: int
    alpha: float
    weight: float
    status: Status
    value: float
    bound: float
    gap: float
    vss: float
    vss_fresh: float
    compared: pd.DataFrame
    plan: Plan = field(repr=False)
    plain: Plan = field(repr=False)

    def record(self) -> dict[str, Any]:
        """stochastic.json: what was drawn and weighed, what was proven, and the plans beside each other."""
        kept = ("samples", "drawn", "seed", "fresh", "fresh_seed", "alpha", "weight", "value", "bound", "gap", "vss")
        made: dict[str, Any] = finite(
            {
                **{name: getattr(self, name) for name in (*kept, "vss_fresh")},
                "status": str(self.status),
                "uncertainty": self.uncertainty.model_dump(mode="json", exclude_unset=True),
                "compared": self.compared.to_dict("records"),
            }
        )
        return made

    def document(self) -> Document:
        """The report of the two stages."""
        from quota_opt.report.uncertainty import two_stage_document

        return two_stage_document(self)

    def write(self, folder: str | Path, language: Language = "zh") -> Path:
        """Write the plan's result folder, with stochastic.json, stochastic.csv and stochastic.html, .xlsx in it."""

        def reporter(_plan: Plan, work: Path, said: Language) -> None:
            from quota_opt.report.document import write_reports

            write_record(self.record(), work / "stochastic.json")
            write_table(self.compared, work / "stochastic.csv")
            write_reports(self.document(), work, said, "stochastic")

        return replace(self.plan, reporters=(*self.plan.reporters, reporter)).write(folder, language)


def two_stage(
    case: Scenario | str | Path,
    samples: int = SAMPLES,
    *,
    alpha: float | None = None,
    weight: float | None = None,
    shortfall_cost: float | Mapping[str, float] | None = None,
    seed: int | None = None,
    drawn: int | None = None,
    fresh: int = FRESH,
    profile: str | Path | Profile = "auto",
    gap: float | None = None,
    time_limit: float | None = None,
    on_progress: OnProgress | None = None,
) -> TwoStage:
    """The plan that is best over `samples` worlds, counting what it costs to be short in each.

    `alpha`, `weight` and `shortfall_cost` stand in place of `[uncertainty.recourse]`, `seed` in place of the section's.
    With `drawn` above `samples`, so many worlds are drawn and reduced to those that stand for the others best. `fresh`
    further worlds, of the next seed, tell what the plan is worth where it was not made for.

    Raises InputError where the case does not say what is uncertain or what being short costs, its objective is not one
    weighted sum, or quota is traded; and what `quota_opt.solve` raises.
    """
    opened = Opened.of(case, profile, gap=gap, time_limit=time_limit)
    scenario = opened.scenario
    given = uncertainty_of(scenario)
    recourse = _recourse(scenario, given, shortfall_cost, alpha, weight)
    given = given.model_copy(update={"recourse": recourse})
    if len(opened.problem.stages) > 1 or objective_weights(opened.problem.case) is None:
        raise InputError([_not_one_sum()])
    if opened.problem.case.market is not None:
        raise InputError([_trades()])
    start = given.seed if seed is None else seed
    count = samples if drawn is None else max(drawn, samples)
    worlds = _all(opened, given, count, start)
    chosen, share = representative(_features(opened, worlds), samples)
    worlds = _picked(worlds, chosen)
    risk = _risk(opened.problem.case, recourse)
    futures = Futures.of(opened.problem, worlds, share)
    objective = expected_objective(opened.problem, worlds, share)
    plain = opened.solve(on_progress=on_progress)
    found = _solve(opened, two_stage_arrays(opened.problem, objective, futures, risk), on_progress, "two-stage")
    mean = _solve(
        opened,
        two_stage_arrays(opened.problem, objective, futures.mean(), risk._replace(weight=0.0)),
        on_progress,
        "mean",
    )
    plan = _as_plan(opened, found)
    assert plan.outcome is not None and plain.outcome is not None and mean.values is not None
    outcomes = {
        "two_stage": plan.outcome,
        "mean_value": outcome_of_values(opened.problem, mean.values),
        "plain": plain.outcome,
    }
    again = _all(opened, given, fresh, start + 1)
    lines = []
    for kind, tried, part in (("in", worlds, share), ("out", again, np.full(fresh, 1.0 / fresh))):
        for name, outcome in outcomes.items():
            lines.append({"plan": name, "worlds": kind, "count": tried.count, **_worth(outcome, tried, part, risk)})
    compared = pd.DataFrame(lines)
    value = compared.set_index(["worlds", "plan"])["value"]
    return TwoStage(
        scenario=plan.scenario,
        uncertainty=given,
        samples=samples,
        drawn=count,
        seed=start,
        fresh=fresh,
        fresh_seed=start + 1,
        alpha=recourse.alpha,
        weight=recourse.weight,
        status=found.status,
        value=found.objective,
        bound=found.bound,
        gap=found.gap,
        vss=float(value["in", "two_stage"] - value["in", "mean_value"]),
        vss_fresh=float(value["out", "two_stage"] - value["out", "mean_value"]),
        compared=compared,
        plan=plan,
        plain=plain,
    )


def weighted_tail_mean(values: FloatArray, weight: FloatArray, alpha: float) -> float:
    """Mean of the worst (largest) 1 - alpha of values with weights that sum to 1."""
    order = np.argsort(-values, kind="stable")
    before = np.cumsum(weight[order]) - weight[order]
    part = np.clip((1.0 - alpha) - before, 0.0, weight[order])
    return float((part * values[order]).sum() / (1.0 - alpha))


def representative(features: FloatArray, count: int) -> tuple[np.ndarray[Any, Any], FloatArray]:
    """The `count` worlds (rows of features) that stand for all best, and the share of worlds each stands for.

    Chosen one after the other, each time the one that brings the others nearest (fast forward selection).
    """
    size = len(features)
    if count >= size:
        return np.arange(size), np.full(size, 1.0 / size)
    squares = (features**2).sum(axis=1)
    apart = np.sqrt(np.maximum(squares[:, None] + squares[None, :] - 2.0 * features @ features.T, 0.0))
    near = np.full(size, np.inf)
    chosen: list[int] = []
    for _ in range(count):
        total = np.minimum(apart, near[:, None]).sum(axis=0)
        total[chosen] = np.inf
        best = int(np.argmin(total))
        chosen.append(best)
        near = np.minimum(near, apart[:, best])
    kept = np.array(sorted(chosen))
    nearest = np.argmin(apart[:, kept], axis=1)
    return kept, np.bincount(nearest, minlength=count) / size


def _recourse(
    scenario: Scenario,
    given: Uncertainty,
    cost: float | Mapping[str, float] | None,
    alpha: float | None,
    weight: float | None,
) -> Recourse:
    """What the case says of being short, with what is given in its place."""
    stated = {} if given.recourse is None else given.recourse.model_dump(exclude_unset=True)
    named = {"shortfall_cost": cost, "alpha": alpha, "weight": weight}
    stated |= {name: value for name, value in named.items() if value is not None}
    if "shortfall_cost" not in stated:
        what = Text("没有写明指标不足的代价。", "It is not said what being short of quota costs.")
        fix = Text(
            "在 [uncertainty.recourse] 中写 shortfall_cost（万元/单位），或用 --shortfall-cost。",
            "Write shortfall_cost (10k yuan per unit) in [uncertainty.recourse], or use --shortfall-cost.",
        )
        raise InputError([_error("no-shortfall-cost", what, fix, "uncertainty.recourse.shortfall_cost")])
    made = Recourse.model_validate(stated)
    costs = made.shortfall_cost if isinstance(made.shortfall_cost, dict) else {}
    for name in costs:
        if name not in scenario.resources:
            what = Text(f"没有名为“{name}”的资源。", f"no resource is called {name!r}.")
            listed = ", ".join(scenario.resources)
            fix = Text(f"本案例的资源：{listed}。", f"The case has {listed}.")
            raise InputError([_error("unknown-name", what, fix, f"uncertainty.recourse.shortfall_cost.{name}")])
    return made


def _not_one_sum() -> Finding:
    what = Text(
        "目标不是一个加权和，不能与短缺的代价相加。",
        "The objective is no single weighted sum to set a cost off against.",
    )
    fix = Text(
        '用 form = "weighted"，并停用会先行优化的规则。',
        'Use form = "weighted", without rules that are optimised first.',
    )
    return _error("objective-not-weighted", what, fix, "objective.form")


def _trades() -> Finding:
    what = Text(
        "启用了用能权交易，两阶段方案不决定买卖。", "Quota trading is on; a plan of two stages does not decide trades."
    )
    fix = Text(
        "停用规则 trading；临时购买的价格可写作 shortfall_cost。",
        "Switch the rule trading off; what buying in need costs can be the shortfall_cost.",
    )
    return _error("trading-not-staged", what, fix, "rules.trading")


def _error(code: str, what: Text, fix: Text, path: str) -> Finding:
    return Finding(Level.ERROR, code, what, Where(path=path), fix)


def _risk(case: Case, recourse: Recourse) -> Risk:
    cost = np.array([recourse.cost_of(name) for name in case.resources])
    return Risk(cost[:, None] * case.discount[None, :], recourse.alpha, recourse.weight)


def _all(opened: Opened, given: Uncertainty, count: int, seed: int) -> Worlds:
    """Worlds of every action and project of the case."""
    case = opened.problem.case
    rows = np.arange(len(case.actions)), np.arange(len(case.projects))
    return draw(case, given, *rows, worlds=count, seed=seed)


def _picked(worlds: Worlds, chosen: Any) -> Worlds:
    return Worlds(
        worlds.slip[:, chosen],
        worlds.delivers[:, chosen],
        worlds.delay[:, chosen],
        worlds.needs[:, chosen],
        worlds.there[:, chosen],
    )


def _features(opened: Opened, worlds: Worlds) -> FloatArray:
    """(worlds, features): what all actions at each place deliver, on time or late, and all projects there need."""
    case = opened.problem.case
    scale = max(len(case.years) - 1, 1)
    parts = [
        (case.actions, case.free, worlds.delivers - worlds.slip / scale),
        (case.projects, case.need, worlds.needs * worlds.there - worlds.delay / scale),
    ]
    made = [np.zeros((worlds.count, 0))]
    for table, amount, drawn in parts:
        place = table["place_code"].to_numpy(dtype=np.int64)
        for each in amount:
            total = np.zeros((case.places.size, worlds.count))
            np.add.at(total, place, each[:, None] * drawn)
            made.append(total.T)
    return np.concatenate(made, axis=1)


def _solve(opened: Opened, arrays: Any, on_progress: OnProgress | None, stage: str) -> Solution:
    """The best values of a model with a second stage. Raises NoPlanFound, InfeasibleScenario where there are none."""
    found = opened.ask(arrays, on_progress=on_progress, stage=stage)
    if found.values is not None:
        return found
    if found.status is Status.INFEASIBLE:
        raise InfeasibleScenario(Text("没有方案能同时满足全部规则。", "No plan satisfies all the rules."), ())
    raise NoPlanFound(
        Text("到时限时还没有找到任何方案。", "A limit came before any plan was found; allow more time or a larger gap.")
    )


def _as_plan(opened: Opened, found: Solution) -> Plan:
    """The decisions as a plan of the case that can be solved again from itself: they are laid down as directives."""
    assert found.values is not None
    outcome = outcome_of_values(opened.problem, found.values)
    case = outcome.case
    whole = case.projects["divisible"].to_numpy(dtype=bool)
    projects = [
        {"project": str(case.projects["project"].iat[row]), "year": int(case.years[t])}
        | ({"share": round(float(share), 9)} if whole[row] else {})
        for row, t, share in zip(outcome.award_row, outcome.award_year, outcome.award_share, strict=True)
        if share > LEAST_SHARE
    ]
    firms = [
        {
            "firm": str(case.actions["firm"].iat[row]),
            "action": str(case.actions["action"].iat[row]),
            "year": int(case.years[t]),
        }
        for row, t in zip(outcome.action_row, outcome.action_year, strict=True)
    ]
    reference = {
        "projects": projects,
        "firms": firms,
        "most_changes": 0,
        "by": "两阶段优化 two-stage",
        "reason": "见 stochastic.json",
    }
    return opened.changed(**{"rules.directives.reference": reference}).solve()


def _worth(outcome: Outcome, worlds: Worlds, share: FloatArray, risk: Risk) -> dict[str, float]:
    """What a plan is worth in some worlds; the worlds are of all actions and projects."""
    case = outcome.case
    own = Worlds(
        worlds.slip[outcome.action_row],
        worlds.delivers[outcome.action_row],
        worlds.delay[outcome.award_row],
        worlds.needs[outcome.award_row],
        worlds.there[outcome.award_row],
    )
    stated = outcome.measures()
    as_stated = objective_of(outcome)
    assert as_stated is not None
    value = np.full(worlds.count, as_stated)
    for name, weight in (objective_weights(case) or {}).items():
        value += weight * (in_worlds(outcome, own, name) - stated[name])
    cost, served = np.zeros(worlds.count), np.ones(worlds.count, dtype=bool)
    for r in range(len(case.resources)):
        for t in range(case.horizon):
            short = lacking(outcome, own, r, t).total
            cost += risk.price[r, t] * short
            served &= short <= 0.0
    tail = weighted_tail_mean(cost, share, risk.alpha)
    expected, mean = float(value @ share), float(cost @ share)
    return {
        "value": expected - mean - risk.weight * tail,
        "expected": expected,
        "cost": mean,
        "tail": tail,
        "served": float(served @ share),
        "objective": as_stated,
    }
