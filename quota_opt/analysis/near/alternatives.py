"""Plans nearly as good as the best one that differ from it, and from one another, as much as they can.

    maximise  d   over the plans x of the case
    with      objective(x) ≥ floor
              Σ over awards that differ between x and plan k of (1 + weight · its quota ÷ all quota) ≥ d   for each k
              awards that differ between x and plan k ≥ 1                                                  for each k

for the plans k known so far; then the best plan with the set of awards so found. An award differs where a project is in
one plan and not in the other, whatever the year; with a weight below 1 the number of awards comes first, their quota
second. Where no further set of awards exists, that is proven, and all of them have been named.

floor = bound − within · |bound|, of the best plan's proven bound: no plan is further than that from the best there is.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from quota_opt.analysis.near.nearness import ROUND_DOWN, floor_of, with_floor
from quota_opt.analysis.opened import Opened, with_rows
from quota_opt.errors import Language
from quota_opt.model.build import Problem
from quota_opt.model.linear import Arrays, FloatArray
from quota_opt.plan.folder import whole_folder, write_table
from quota_opt.plan.plan import Plan
from quota_opt.report.alternatives import alternatives_document
from quota_opt.report.document import Document, write_reports
from quota_opt.scenario import Scenario
from quota_opt.solving.engine import engine_of
from quota_opt.solving.profile import Profile, auxiliary_profile
from quota_opt.solving.stages import StageResult, optimise
from quota_opt.solving.status import OnProgress, Solution, Status, relative_gap

QUOTA_WEIGHT = 0.9
"""Awards that the quota of all projects is worth; below 1 the number of awards that differ comes first."""
DISTANCE_GAP = 0.1
"""A distance is looked for until it is known to this share; what is proven of it is said."""
POLISH = 0.1
"""The best plan with a set of awards is looked for until it is known to this part of the share it may lose."""
MOST_PROOFS = 4_000_000
"""Relaxations solved to prove what no plan can do without: at most so many columns of them in all."""

PROOF_TIME = 60.0
"""Longest time for one such relaxation."""


@dataclass(frozen=True, eq=False)
class Alternatives:
    """Plans within a share of the best, best first, and what they agree on.

    table      one row per plan: plan, objective, bound, gap, loss (share of the best plan's bound), awards, firms
               (treated), differs (awards, from the nearest plan named before), most (proven: no plan within the share
               differs in more), moved (quota at other places, in units of the resource), proven, status
    decisions  one row per project and per firm ever chosen: kind, id, name, place, category, plan_1 … plan_N (year, or
               action and year; empty where it is not chosen), plans (how many have it), verdict (all, some, never),
               proven (the verdict holds for every plan within the share, not these alone)

    `floor` is what each stage of the objective keeps, in the sense people read; `floor_from` tells what from: "bound",
    or "best" where the bound is too far away. `complete`: every set of awards within the share is among the plans.
    """

    plans: tuple[Plan, ...]
    within: float
    asked: int
    floor: tuple[float, ...]
    floor_from: str
    complete: bool
    table: pd.DataFrame
    decisions: pd.DataFrame
    seconds: float

    @property
    def best(self) -> Plan:
        """The best plan, the first of all."""
        return self.plans[0]

    def document(self) -> Document:
        """The report for people."""
        return alternatives_document(self)

    def write(self, folder: str | Path, language: Language = "zh") -> Path:
        """Write alternatives.csv, decisions.csv, the reports, and a result folder per plan (plan-1 is the best)."""
        target = Path(folder)
        with whole_folder(target) as work:
            write_table(self.table, work / "alternatives.csv")
            write_table(self.decisions, work / "decisions.csv")
            write_reports(self.document(), work, language)
            for number, plan in enumerate(self.plans, 1):
                plan.write(work / f"plan-{number}", language)
        return target


def alternatives(
    case: Scenario | str | Path | Opened,
    within: float = 0.01,
    count: int = 5,
    profile: str | Path | Profile = "auto",
    *,
    gap: float | None = None,
    time_limit: float | None = None,
    quota_weight: float = QUOTA_WEIGHT,
    on_progress: OnProgress | None = None,
) -> Alternatives:
    """Up to `count` plans, the best among them, that lose at most the share `within` and differ as much as they can.

    `gap` and `time_limit` are those of each single question. `quota_weight` is how many awards the
    quota of all projects is worth in a distance; 0 counts awards alone, below 1 their number comes first.

    Raises what `quota_opt.solve` raises; ValueError for a negative `within`, a `quota_weight` that is not in [0, 1),
    or a `count` below 1.
    """
    if not within >= 0.0 or not 0.0 <= quota_weight < 1.0 or count < 1:
        raise ValueError("within is 0 or more, quota_weight in [0, 1), count 1 or more")
    began = time.monotonic()
    opened = case if isinstance(case, Opened) else Opened.of(case, profile, gap=gap, time_limit=time_limit)
    best = opened.solve(on_progress=on_progress)
    search = _Search(opened, best, within, quota_weight)
    plans, rows, complete = [best], [_row(search, best, math.nan, math.nan, math.nan, proven=True)], False
    while len(plans) < count:
        found = search.farthest(on_progress)
        if found.status is Status.INFEASIBLE:
            complete = True
            break
        if found.values is None:
            break
        plan = search.best_with(found.values, on_progress)
        differs, moved = search.distance(plan)
        most = max(float(np.floor(found.bound + ROUND_DOWN)), differs)
        rows.append(_row(search, plan, differs, most, moved, proven=most == differs))
        search.take(plan)
        plans.append(plan)
    decisions = _decisions(search, plans)
    table = pd.DataFrame([{"plan": number, **row} for number, row in enumerate(rows, 1)])
    seconds = time.monotonic() - began
    return Alternatives(
        tuple(plans), within, count, search.floor, search.floor_from, complete, table, decisions, seconds
    )


def _row(search: _Search, plan: Plan, differs: float, most: float, moved: float, proven: bool) -> dict[str, object]:
    bound = search.bounds[0]
    return {
        "objective": plan.objective,
        "bound": plan.bound,
        "gap": plan.gap,
        "loss": (search.signs[0] * (bound - search.stage_values(plan)[0])) / max(abs(bound), 1e-9),
        "awards": len(plan.awards),
        "firms": len(plan.actions),
        "differs": differs,
        "most": most,
        "moved": moved,
        "proven": proven,
        "status": str(plan.status),
    }


class _Search:
    """The model with a floor under its objective, and the plans known so far as points to keep away from."""

    def __init__(self, opened: Opened, best: Plan, within: float, quota_weight: float) -> None:
        self.opened, self.best = opened, best
        self.problem = opened.problem
        self.finely = opened.profile.with_limits(gap=max(opened.profile.relative_gap, POLISH * min(within, 0.5)))
        self.signs = [stage.sign for stage in self.problem.stages]
        stated = best.certificate["stages"]
        self.bounds = [float(stage["bound"]) for stage in stated]
        self.floor, self.floor_from = floor_of(stated, self.signs, within)
        self.floored = with_floor(opened.arrays, self.problem, self.floor)
        self.membership = _membership(self.problem)
        self.need = _need_by_place(self.problem)
        sizes = np.asarray(abs(self.need).sum(axis=0)).ravel()
        self.worth = 1.0 + quota_weight * sizes / max(float(sizes.sum()), 1e-9)
        self.known: list[NDArray[np.bool_]] = []
        self.known_quota: list[FloatArray] = []
        self.take(best)

    def chosen(self, plan: Plan) -> NDArray[np.bool_]:
        """(P,): which projects a plan awards."""
        assert plan.outcome is not None
        made = np.zeros(len(self.problem.case.projects), dtype=bool)
        made[plan.outcome.award_row] = True
        return made

    def quota_of(self, plan: Plan) -> FloatArray:
        """(N,): quota awarded at each place, at full size."""
        assert plan.outcome is not None
        shares = np.zeros(len(self.problem.case.projects))
        shares[plan.outcome.award_row] = plan.outcome.award_share
        made: FloatArray = self.need @ shares
        return made

    def take(self, plan: Plan) -> None:
        """Keep away from this plan too."""
        self.known.append(self.chosen(plan))
        self.known_quota.append(self.quota_of(plan))

    def distance(self, plan: Plan) -> tuple[float, float]:
        """From the nearest known plan: awards that differ, and quota that stands at other places."""
        mine, quota = self.chosen(plan), self.quota_of(plan)
        pairs = [
            (float((mine != other).sum()), float(np.abs(quota - theirs).sum()))
            for other, theirs in zip(self.known, self.known_quota, strict=True)
        ]
        return min(pairs)

    def stage_values(self, plan: Plan) -> list[float]:
        """What each stage of the objective comes to, in the sense people read."""
        return [float(stage["objective"]) for stage in plan.certificate["stages"]]

    def farthest(self, on_progress: OnProgress | None) -> Solution:
        """The plan whose distance to the nearest known plan is largest; INFEASIBLE where no set of awards is left."""
        rough = self.opened.profile.with_limits(gap=max(DISTANCE_GAP, self.opened.profile.relative_gap))
        return self.opened.ask(self._apart(), profile=rough, on_progress=on_progress)

    def best_with(self, values: FloatArray, on_progress: OnProgress | None) -> Plan:
        """The best plan with the same set of awards as `values`."""
        arrays, start = self.floored, self.problem.start
        whole = values[: self.problem.arrays.columns]
        inside = self.membership @ np.round(whole) > 0.5
        upper = arrays.upper.copy()
        out = start[~inside]
        upper[out[out >= 0]] = 0.0
        needed = sp.csr_array(self.membership[np.flatnonzero(inside)])
        held = (
            with_rows(replace(arrays, upper=upper), needed, 1.0, 1.0) if inside.any() else replace(arrays, upper=upper)
        )
        solved = optimise(replace(self.problem, arrays=held), self.finely, on_progress)
        settled = solved.values if solved.values is not None else whole
        return self.opened.plan(settled, stages=self._proven(settled))

    def _proven(self, values: FloatArray) -> list[StageResult]:
        """What the best plan's proof says of these values: its bound holds for every plan of the first stage."""
        stage, (objective, constant) = self.problem.stages[0], self.problem.objectives[0]
        value, bound = float(objective @ values + constant), self.signs[0] * self.bounds[0]
        bound = max(bound, value)
        apart = relative_gap(value, bound)
        status = Status.OPTIMAL if apart <= self.opened.profile.relative_gap else Status.FEASIBLE
        proof = self.best.proofs[0] if self.best.proofs else None
        sense = "max" if stage.sign > 0 else "min"
        made = StageResult(stage.name, sense, status, stage.sign * value, stage.sign * bound, apart, 0.0, proof)
        return [made]

    def _apart(self) -> Arrays:
        """The model with a column d: at most the distance to each known plan, of which one award at least differs."""
        base = _with_column(self.floored, float(self.worth.sum()))
        for mine in self.known:
            for worth, column, least in ((self.worth, 1.0, 0.0), (np.ones(len(mine)), 0.0, 1.0)):
                weights = np.append(np.where(mine, -worth, worth) @ self.membership, -column)
                base = with_rows(base, weights, least - float(worth[mine].sum()), np.inf)
        return base

    def never_or_always(self, inside: NDArray[np.bool_], ever: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(P,): whether what the plans agree on is so in every plan above the floor, shown by the relaxation alone."""
        proven = ~np.asarray(abs(self.membership).sum(axis=1) > 0).ravel()  # no column: barred in every plan
        asked = np.flatnonzero((inside | ~ever) & ~proven)
        if len(asked) * self.problem.arrays.columns > MOST_PROOFS:
            return proven
        profile = auxiliary_profile(PROOF_TIME)
        engine = engine_of(profile)
        relaxed = replace(self.floored, integer=np.zeros(self.floored.columns, dtype=bool))
        for project in asked.tolist():
            columns = self.problem.start[project][self.problem.start[project] >= 0]
            if inside[project]:
                upper = relaxed.upper.copy()
                upper[columns] = 0.0
                against = replace(relaxed, upper=upper)
            else:
                against = with_rows(relaxed, sp.csr_array(self.membership[[project]]), 1.0, np.inf)
            proven[project] = engine.solve(against, profile, stage="solve").status is Status.INFEASIBLE
        return proven


def _with_column(arrays: Arrays, most: float) -> Arrays:
    """The model with one column more, in no row yet, from 0 to `most`; it is what is maximised."""
    return replace(
        arrays,
        objective=np.append(np.zeros(arrays.columns), 1.0),
        offset=0.0,
        lower=np.append(arrays.lower, 0.0),
        upper=np.append(arrays.upper, most),
        integer=np.append(arrays.integer, False),
        matrix=sp.csr_array(sp.hstack([arrays.matrix, sp.csr_array((arrays.rows, 1))])),
    )


def _membership(problem: Problem) -> sp.csr_array:
    """(P, columns): 1 where a column starts the project."""
    row, year = np.nonzero(problem.start >= 0)
    column = problem.start[row, year]
    return sp.csr_array((np.ones(len(row)), (row, column)), shape=(len(problem.start), problem.arrays.columns))


def _need_by_place(problem: Problem) -> sp.csr_array:
    """(N, P): what each project takes of the main resource (energy, where there is any) at its place."""
    case = problem.case
    main = max(case.energy, 0)
    need = case.need[main] if len(case.resources) else np.zeros(len(case.projects))
    projects = np.arange(len(case.projects))
    return sp.csr_array(
        (need, (case.projects["place_code"].to_numpy(), projects)), shape=(case.places.size, len(projects))
    )


def _decisions(search: _Search, plans: Sequence[Plan]) -> pd.DataFrame:
    """One row per project and per firm ever treated, with what each plan decides; see `Alternatives`."""
    case = search.problem.case
    names = [f"plan_{number}" for number in range(1, len(plans) + 1)]
    projects = case.projects[["project", "name", "place", "category"]].rename(columns={"project": "id"})
    projects.insert(0, "kind", "project")
    firms = case.firms[["firm", "name", "place"]].rename(columns={"firm": "id"}).assign(category="")
    firms.insert(0, "kind", "firm")
    for name, plan in zip(names, plans, strict=True):
        started = dict(zip(plan.awards["project"], plan.awards["year"].astype(str), strict=True))
        years = plan.actions["action"] + " " + plan.actions["year"].astype(str)
        done = dict(zip(plan.actions["firm"], years, strict=True))
        projects[name] = [started.get(project, "") for project in projects["id"]]
        firms[name] = [done.get(firm, "") for firm in firms["id"]]
    firms = firms[(firms[names] != "").any(axis=1)]
    made = pd.concat([projects, firms], ignore_index=True)
    made["plans"] = (made[names] != "").sum(axis=1)
    made["verdict"] = np.select([made["plans"] == len(plans), made["plans"] == 0], ["all", "never"], "some")
    inside = np.logical_and.reduce(search.known)
    ever = np.logical_or.reduce(search.known)
    proven = search.never_or_always(inside, ever) | (ever & ~inside)
    made["proven"] = np.r_[proven, made["verdict"][len(projects) :] == "some"]
    return made
