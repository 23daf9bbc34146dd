"""What the prices of a plan say of every project and firm at once: one pass over the columns, nothing solved again.

With prices λ of the rows, the best value of any plan is at most

    bound  =  offset + λ·b + Σ_groups max(0, best margin) + …,      margin_j = c_j − Σ_i λ_i a_ij

(`solving/packing.py`). Let one project p start in year t and its group gives margin[p, t] in place of its best: no
plan with p in it is worth more than `bound − best + margin[p, t]`. What the plan at hand is worth, less that, is the
least that forcing p in costs; the price of a unit of change (of quota, of the project's energy) turns it into the least
change that could let p in.

Projects that a rule bars, and years outside a project's window, have no columns in the model of the case. They are
priced in a wider model, in which every project may start in every year.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from quota_opt.analysis.opened import Opened
from quota_opt.errors import Text
from quota_opt.model.build import Problem, build
from quota_opt.model.case import Case, FloatArray, IntArray
from quota_opt.model.linear import Arrays
from quota_opt.model.outcome import Outcome
from quota_opt.plan.certificate import margins, price_bound
from quota_opt.plan.headlines import objective_unit
from quota_opt.plan.plan import Plan
from quota_opt.plan.prices import pool_rows
from quota_opt.solving.highs import relaxed
from quota_opt.solving.memory import GONE, places
from quota_opt.solving.packing import groups_of
from quota_opt.solving.profile import Profile, read_profile
from quota_opt.solving.stages import stage_arrays

EARLIER = "earlier"
"""What keeps the objectives before the last; its rows are in no block."""
SMALL = 1e-9


@dataclass(frozen=True, eq=False)
class Pricing:
    """A plan with its model and the prices of the rows, and what they say of each candidate.

    Shapes: P projects, A actions, T years, K kinds of charge. `duals` are those of the rows of `arrays`, the model of
    the last objective; `value` is what the plan is worth there, `bound` what no plan exceeds. `wide` is the model in
    which every project may start in every year, `wide_duals` are the same prices over its rows.
    """

    plan: Plan
    opened: Opened
    outcome: Outcome
    arrays: Arrays
    duals: FloatArray
    value: float
    bound: float
    wide: Problem
    wide_arrays: Arrays
    wide_duals: FloatArray
    unit: str

    @classmethod
    def of(cls, plan: Plan, profile: Profile | None = None) -> Pricing:
        """Price a plan by its own certificate, or by the relaxation where it has none of the last objective."""
        assert plan.outcome is not None
        opened = Opened.of(plan.scenario, profile or profile_of(plan))
        stages = plan.certificate["stages"]
        arrays = _last(opened.problem, stages)
        duals = _duals(plan, arrays)
        wide = build(replace(opened.problem.case, start_allowed=np.ones_like(opened.problem.case.start_allowed)))
        wide_arrays = _last(wide, stages)
        wide_duals = np.zeros(wide_arrays.rows)
        moved = places(arrays.row_blocks, arrays.rows, wide_arrays.row_blocks, wide_arrays.rows)
        wide_duals[moved[moved != GONE]] = duals[moved != GONE]
        sign = opened.problem.stages[len(stages) - 1].sign
        settings, last = plan.scenario.settings, stages[-1]["name"]
        return cls(
            plan,
            opened,
            plan.outcome,
            arrays,
            duals,
            sign * plan.objective,
            min(price_bound(arrays, duals), sign * plan.bound if math.isfinite(plan.bound) else math.inf),
            wide,
            wide_arrays,
            wide_duals,
            objective_unit(settings, plan.measure_units, last),
        )

    @property
    def case(self) -> Case:
        """The case of the plan."""
        return self.opened.problem.case

    @property
    def problem(self) -> Problem:
        """The model of the case."""
        return self.opened.problem

    @cached_property
    def slack(self) -> float:
        """What the bound leaves open: by so much a plan may be better than the one at hand, for all that is known."""
        return max(self.bound - self.value, 0.0)

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """What a candidate may be charged for: each resource, then each rule with a price, then earlier objectives."""
        rules = [info.rule for info in self.wide.info if info.rule not in ("pool", "choice")]
        return (*self.case.resources, *dict.fromkeys(rules), EARLIER)

    @cached_property
    def _row_kind(self) -> IntArray:
        """(rows of the wide model,): position in `kinds`, -1 for choices."""
        kind = np.full(self.wide_arrays.rows, len(self.kinds) - 1, dtype=np.int64)
        for block, info in zip(self.wide_arrays.row_blocks, self.wide.info, strict=True):
            if info.rule == "choice":
                kind[block.positions] = -1
            elif info.rule == "pool":
                kind[block.positions] = np.asarray(block.labels["resource"], dtype=np.int64)
            else:
                kind[block.positions] = self.kinds.index(info.rule)
        return kind

    @cached_property
    def _charges(self) -> FloatArray:
        """(K, columns of the wide model): what each kind of row takes off a column's value."""
        transposed = self.wide_arrays.matrix.T
        made = [transposed @ np.where(self._row_kind == k, self.wide_duals, 0.0) for k in range(len(self.kinds))]
        return np.array(made).reshape(len(self.kinds), self.wide_arrays.columns)

    @cached_property
    def _margins(self) -> FloatArray:
        return margins(self.wide_arrays, self.wide_duals)

    def of_projects(self, by_column: FloatArray) -> FloatArray:
        """(…, P, T): sums over the columns of each project at full size, from an array whose last axis is columns."""
        start, share = self.wide.start, self.wide.share
        return np.asarray(by_column[..., start] + np.where(share != start, by_column[..., share], 0.0))

    @cached_property
    def project_values(self) -> FloatArray:
        """(P, T): what each project started each year adds to the objective by itself."""
        return self.of_projects(self.wide_arrays.objective)

    @cached_property
    def project_charges(self) -> FloatArray:
        """(K, P, T): what that takes at the prices, by kind; below 0 where it helps a rule."""
        return self.of_projects(self._charges)

    @cached_property
    def project_margins(self) -> FloatArray:
        """(P, T): the value less all charges."""
        return self.of_projects(self._margins)

    @cached_property
    def action_values(self) -> FloatArray:
        """(A, T): what each action taken each year adds to the objective by itself; NaN where it may not be taken."""
        return self._of_actions(self.wide_arrays.objective)

    @cached_property
    def action_charges(self) -> FloatArray:
        """(K, A, T): what that takes at the prices (below 0: what it frees is worth)."""
        return self._of_actions(self._charges)

    @cached_property
    def action_margins(self) -> FloatArray:
        """(A, T): the value less all charges."""
        return self._of_actions(self._margins)

    def _of_actions(self, by_column: FloatArray) -> FloatArray:
        act = self.wide.act
        return np.asarray(np.where(act >= 0, by_column[..., act], np.nan))

    @cached_property
    def allowed(self) -> NDArray[np.bool_]:
        """(P, T): where the case lets each project start."""
        return self.case.start_allowed

    @cached_property
    def best_of_group(self) -> FloatArray:
        """(P,): what the group of each project (its variants, or itself) gives to the bound: its best margin, or 0."""
        groups = groups_of(self.arrays)
        margin = margins(self.arrays, self.duals)
        best = np.zeros(groups.count)
        grouped = groups.of >= 0
        np.maximum.at(best, groups.of[grouped], margin[grouped])
        column = self.problem.start
        own = np.where(column >= 0, groups.of[column], -1)
        return np.asarray(np.where(own >= 0, best[own], 0.0).max(axis=1, initial=0.0))

    @cached_property
    def least_losses(self) -> FloatArray:
        """(P, T): the least it costs to have each project start in each year, by the bound; 0 where that is open.

        Where a rule bars the start, with that bar alone out of the way.
        """
        start, share = self.wide.start, self.wide.share
        least = self.case.projects["min_share"].to_numpy(dtype=float)[:, None]
        rest = self._margins[share]
        # The bound counts a share column that is there already at its best; a start forces it to the smallest share.
        sized = np.where(rest > 0, np.where(self.problem.share >= 0, 0.0, rest), least * rest)
        gives = self._margins[start] + np.where(share != start, sized, 0.0)
        most = price_bound(self.arrays, self.duals) - self.best_of_group[:, None] + gives
        return np.asarray(np.maximum(self.value - most - self._rounding, 0.0))

    @property
    def _rounding(self) -> float:
        return SMALL * max(1.0, abs(self.value))

    @cached_property
    def pool_prices(self) -> FloatArray:
        """(R, N, T): the price of each pool."""
        made = np.zeros_like(self.case.initial)
        prices = np.maximum(self.duals[pool_rows(self.problem)], 0.0)
        return np.asarray(prices.reshape(made.shape))

    def needs(self, p: int, t: int) -> FloatArray:
        """(R, T): what a project at full size takes from its pool in each year if it starts in year position `t`."""
        case = self.case
        needs = [[case.standing_need(r, s)[p, t] for s in range(case.horizon)] for r in range(len(case.resources))]
        return np.asarray(needs, dtype=float).reshape(len(case.resources), case.horizon)


def cell(table: pd.DataFrame, column: str, row: int) -> Any:
    """One cell of a table of the case, by the position of its row."""
    return table[column].iat[row]


def profile_of(plan: Plan) -> Profile:
    """The solver profile of a plan with the gap it asked for; that of a plan read from a folder is known by name."""
    stated = dict(plan.profile)
    if "engine" in stated:
        return Profile.model_validate(stated)
    gap = plan.certificate.get("gap_asked")
    return read_profile(str(stated.get("name") or "auto")).with_limits(gap=None if gap is None else float(gap))


def _last(problem: Problem, stages: Any) -> Arrays:
    return stage_arrays(problem, len(stages) - 1, [stage["objective"] for stage in stages])


def _duals(plan: Plan, arrays: Arrays) -> FloatArray:
    """The prices of the certificate, row by row; of a plan without, those of the relaxation of its last objective."""
    made = np.zeros(arrays.rows)
    if len(plan.row_prices):
        position = {name: i for i, name in enumerate(arrays.row_names())}
        rows = [position[name] for name in plan.row_prices["row"]]
        made[rows] = plan.row_prices["price"].to_numpy(dtype=float)
        return made
    root = relaxed(arrays)
    return made if root is None else root.prices


def charge_words(pricing: Pricing, kind: str) -> Text:
    """What people call a kind of charge."""
    from quota_opt.report.words import resource_name

    if kind in pricing.case.resources:
        return resource_name(kind)
    if kind == EARLIER:
        return Text("前序目标", "objectives that come first")
    named: Mapping[str, Text] = {
        "requires": Text("前置项目", "required projects"),
        "excludes": Text("互斥项目", "excluded projects"),
    }
    rule = pricing.case.rule(kind)
    return rule.title if rule is not None else named.get(kind, Text(kind, kind))
