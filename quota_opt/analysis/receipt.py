"""Overrides with a receipt: projects forced in or out, firms closed or kept, and what that costs whom.

The case is solved as it is and with the directives; the receipt is the difference of two verified plans. Decisions that
differ for no gain are put back as they were, so that nobody is named as a loser without need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from quota_opt.analysis.addresses import is_result, read_result
from quota_opt.analysis.opened import Opened, fixed, with_rows
from quota_opt.analysis.receipt_document import receipt_document
from quota_opt.errors import Finding, InputError, Language, Level, Text, Where
from quota_opt.model.build import Problem
from quota_opt.model.case import prepare, records
from quota_opt.plan.directed import RULE, Directed, bent_clauses, directed
from quota_opt.plan.folder import finite, write_table
from quota_opt.plan.plan import Plan
from quota_opt.report.document import Document, write_reports
from quota_opt.rules import rules_of
from quota_opt.scenario import Scenario, read
from quota_opt.solving.profile import Profile, read_profile
from quota_opt.solving.stages import StageResult
from quota_opt.solving.status import OnProgress, Status, relative_gap

ROUNDING = 1e-9
"""Share of its value by which a plan nearer to the one before may be off."""
DECISIONS = ["kind", "id", "name", "place", "change", "asked", "without", "with"]
MEASURES = ["measure", "unit", "without", "with", "change"]


@dataclass(frozen=True, eq=False)
class Receipt:
    """What directives cost: the plan without them, and the `plan` with them.

    cost        objective lost, in its unit; None where the objective is lexicographic
    at_least    what the two plans' proofs leave of it: the cost is between `at_least` and `at_most`
    measures    measure, unit, without, with, change: every measure of the case
    decisions   kind (project, firm), id, name, place, change (projects: lost, shrunk, moved, grown, gained; firms:
                treated, spared, otherwise), asked (whether a directive names it), without, with (in words)
    bent        id, rule, clause, text, text_en, figure, by: each bar that was lifted
    prices      place, resource, year, without, with, change: pool prices that differ
    """

    without: Plan
    plan: Plan

    @property
    def cost(self) -> float | None:
        """What the directives take off the objective."""
        return None if self._staged else self._sign * (self.without.objective - self.plan.objective)

    @property
    def at_least(self) -> float | None:
        """What they take off at least, by the bound of the plan with them."""
        return None if self._staged else self._sign * (self.without.objective - self.plan.bound)

    @property
    def at_most(self) -> float | None:
        """What they take off at most, by the bound of the plan without them."""
        return None if self._staged else self._sign * (self.without.bound - self.plan.objective)

    @property
    def _staged(self) -> bool:
        return len(self.plan.certificate["stages"]) > 1 or len(self.without.certificate["stages"]) > 1

    @property
    def _sign(self) -> float:
        return 1.0 if self.plan.certificate["stages"][-1]["sense"] == "max" else -1.0

    @cached_property
    def measures(self) -> pd.DataFrame:
        """Every measure of both plans, and the change."""
        before, after, units = self.without.measures, self.plan.measures, self.plan.measure_units
        rows = [
            (name, units[name], before[name], after[name], after[name] - before[name])
            for name in after
            if name in before
        ]
        return pd.DataFrame(rows, columns=MEASURES)

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """Projects and firms that the two plans decide otherwise."""
        asked = {(line.kind, line.id) for line in self.added}
        found = [*_projects(self.without, self.plan), *_firms(self.without, self.plan)]
        rows = [(kind, name, *rest[:3], (kind, name) in asked, *rest[3:]) for kind, name, *rest in found]
        return pd.DataFrame(rows, columns=DECISIONS).astype({"asked": bool})

    @cached_property
    def bent(self) -> pd.DataFrame:
        """The clauses that were bent, with text and figure."""
        found = bent_clauses(self.plan.outcome) if self.plan.outcome is not None else ()
        rows = [(b.id, b.rule, b.clause.zh, b.text.zh, b.text.en, b.figure, b.by) for b in found]
        return pd.DataFrame(rows, columns=["id", "rule", "clause", "text", "text_en", "figure", "by"])

    @cached_property
    def prices(self) -> pd.DataFrame:
        """Pool prices with the directives and without, where they differ."""
        key = ["place", "resource", "year"]
        both = [plan.prices[[*key, "price"]].set_index(key)["price"] for plan in (self.without, self.plan)]
        table = pd.concat(both, axis=1, keys=["without", "with"]).astype(float).fillna(0.0)
        table["change"] = table["with"] - table["without"]
        moved = table["change"].abs() > 1e-6 * np.maximum(1.0, table[["without", "with"]].abs().max(axis=1))
        return table[moved].reset_index()

    def record(self) -> dict[str, Any]:
        """The receipt as `receipt.json` states it."""
        from quota_opt.report.content import gather

        given = {"without": self.without.objective, "with": self.plan.objective, "cost": self.cost}
        proven = {"at_least": self.at_least, "at_most": self.at_most, "unit": gather(self.without).objective_unit}
        made: dict[str, Any] = finite(
            {
                "directives": [line.words._asdict() | {"by": line.by} for line in self.added],
                "others": len(self._lines) - len(self.added),
                "objective": {**given, **proven},
                **{
                    name: getattr(self, name).to_dict("records") for name in ("measures", "decisions", "bent", "prices")
                },
            }
        )
        return made

    @property
    def _lines(self) -> tuple[Directed, ...]:
        return directed(self.plan.outcome, self.plan.audit)

    @cached_property
    def added(self) -> tuple[Directed, ...]:
        """The directives that the plan without them does not have already: those the receipt is about."""
        before = {(line.words, line.by) for line in directed(self.without.outcome, self.without.audit)}
        return tuple(line for line in self._lines if (line.words, line.by) not in before)

    def table(self) -> pd.DataFrame:
        """The receipt as one table, as `receipt.csv` has it: section, id, name, place, change, without, with, unit."""
        decisions = self.decisions.assign(section=self.decisions["kind"], unit="")
        measures = self.measures.rename(columns={"measure": "id"}).assign(section="measure", name="", place="")
        bent = pd.DataFrame(
            {"section": "bent", "id": self.bent["id"], "name": self.bent["rule"], "place": "",
             "change": self.bent["text"], "without": self.bent["clause"], "with": self.bent["by"], "unit": ""}
        )  # fmt: skip
        columns = ["section", "id", "name", "place", "change", "without", "with", "unit"]
        return pd.concat([part[columns].astype(object) for part in (decisions, measures, bent)], ignore_index=True)

    def document(self) -> Document:
        """The receipt for people."""
        return receipt_document(self)

    def write(self, folder: str | Path, language: Language = "zh") -> Path:
        """The result folder of the plan, with `receipt.json`, `receipt.csv`, `receipt.html` and `receipt.xlsx`."""

        def receipt(_plan: Plan, work: Path, language: Language) -> None:
            write_table(self.table(), work / "receipt.csv")
            write_reports(self.document(), work, language, "receipt")

        sealed = replace(self.plan, receipt=self.record(), reporters=(*self.plan.reporters, receipt))
        return sealed.write(folder, language)


def override(
    case: Scenario | str | Path,
    *,
    award: Sequence[str] = (),
    refuse: Sequence[str] = (),
    share: Mapping[str, float] | None = None,
    amount: Mapping[str, float] | None = None,
    close: Sequence[str] = (),
    keep: Sequence[str] = (),
    bend: bool = False,
    by: str = "",
    reason: str = "",
    profile: str | Path | Profile = "auto",
    gap: float | None = None,
    time_limit: float | None = None,
    on_progress: OnProgress | None = None,
) -> Receipt:
    """Solve a case with projects and firms decided by order, and without; the receipt says what the orders cost.

    Parameters
    ----------
    case
        A scenario, an address, or a result folder (whose plan is then the one without the orders). Without orders the
        receipt is about the directives that the case has already.
    award, refuse
        Projects that must, or must not, be awarded.
    share, amount
        Divisible projects awarded at a share (0 to 1), or at so many tce a year.
    close, keep
        Firms that must be closed, or left as they are.
    bend
        Whether bars of other rules do not keep out what is ordered; the receipt names each that is bent.
    by, reason
        Who orders it, and why: part of every later report.

    Raises
    ------
    InputError
        Unknown or contradictory orders, or what a rule bars without `bend`.
    InfeasibleScenario
        No plan carries the orders out within the rules.
    """
    chosen = (profile if isinstance(profile, Profile) else read_profile(profile)).with_limits(
        gap=gap, time_limit=time_limit
    )
    before = read_result(case) if not isinstance(case, Scenario) and is_result(case) else None
    scenario = before.scenario if before is not None else case if isinstance(case, Scenario) else read(case)
    sizes = {**(share or {}), **_shares(scenario, amount or {})}
    order = {"by": by, "reason": reason}
    pass_bars = {"bend": True} if bend else {}
    projects = [{"project": name, **order, **pass_bars} for name in award if name not in sizes]
    projects += [{"project": name, "share": size, **order, **pass_bars} for name, size in sizes.items()]
    projects += [{"project": name, "award": False, **order} for name in refuse]
    firms: list[dict[str, Any]] = [{"firm": name, "action": "close", **order, **pass_bars} for name in close]
    firms += [{"firm": name, "action": "keep", **order} for name in keep]
    if not projects and not firms:
        return _of_its_own(scenario, before, chosen, on_progress)
    opened = Opened.of(_with(scenario, projects, firms), chosen)
    without = before or Opened.of(scenario, chosen).solve(on_progress=on_progress)
    plan = opened.solve(on_progress=on_progress)
    return Receipt(without, _nearer(opened, plan, without, on_progress))


def _of_its_own(scenario: Scenario, before: Plan | None, profile: Profile, on_progress: OnProgress | None) -> Receipt:
    """What the directives cost that the case has itself; a result folder's plan stays as it is."""
    if RULE not in scenario.rules:
        raise _refused(
            Text("没有写任何指定事项，案例里也没有。", "No order is given, and the case has no directives."),
            Text("至少写一项，如 --award P3。", "Give at least one, as --award P3."),
        )
    without = Opened.of(scenario.with_(**{f"rules.{RULE}.enabled": False}), profile).solve(on_progress=on_progress)
    if before is not None:
        return Receipt(without, before)
    opened = Opened.of(scenario, profile)
    return Receipt(without, _nearer(opened, opened.solve(on_progress=on_progress), without, on_progress))


def _with(scenario: Scenario, projects: list[dict[str, Any]], firms: list[dict[str, Any]]) -> Scenario:
    """The case with these directives, in place of those it has about the same projects and firms."""
    given = scenario.rules.get(RULE)
    table: dict[str, Any] = given.model_dump(exclude_unset=True, by_alias=True) if given is not None else {}
    for key, name, new in (("projects", "project", projects), ("firms", "firm", firms)):
        named = {one[name] for one in new}
        table[key] = [*(dict(one) for one in table.get(key, ()) if one[name] not in named), *new]
    return scenario.with_(**{f"rules.{RULE}": {**table, "enabled": True}})


def _shares(scenario: Scenario, amounts: Mapping[str, float]) -> dict[str, float]:
    """Amounts of energy, tce a year, as shares of the projects' full size."""
    projects = prepare(scenario, rules_of(scenario.rules)).projects if amounts else scenario.projects
    row_of = {str(name): row for row, name in enumerate(projects["project"])}
    shares = {}
    for name, wanted in amounts.items():
        if name not in row_of:
            shares[name] = 1.0  # the rule names it, and the nearest there is
            continue
        full = float(projects["energy"].to_numpy(dtype=float)[row_of[name]])
        if not bool(projects["divisible"].iat[row_of[name]]):
            raise _refused(
                Text(f"{name} 不可分割，不能按数量安排。", f"{name} is indivisible; it cannot be given an amount."),
                Text("用 --award 整体安排。", "Award it whole."),
                name,
            )
        if not 0 < wanted <= full:
            raise _refused(
                Text(
                    f"{name} 全规模用能 {full:,.6g} 吨标准煤，不能安排 {wanted:,.6g} 吨。",
                    f"{name} takes {full:,.6g} tce at full size; it cannot have {wanted:,.6g}.",
                ),
                Text("写大于 0、不超过全规模的数。", "Give more than 0 and no more than the full size."),
                f"{wanted:g}",
            )
        shares[name] = wanted / full
    return shares


def _refused(what: Text, fix: Text, seen: str | None = None) -> InputError:
    return InputError([Finding(Level.ERROR, "bad-order", what, Where(rule=RULE), fix, seen)])


def _nearer(opened: Opened, plan: Plan, without: Plan, on_progress: OnProgress | None) -> Plan:
    """A plan as good as `plan` that differs less from the one without the orders: what the two agree on stays, and of
    the rest as much as can be is as it was.

    Where the case has several objectives, or a limit comes first, it is `plan` itself.
    """
    problem = opened.problem
    if len(problem.stages) > 1 or plan.status is not Status.OPTIMAL:
        return plan
    before, after = _decided(problem, without), _decided(problem, plan)
    weights = np.where(before, -1.0, 1.0) * problem.arrays.integer
    agreed = np.flatnonzero((before == after) & problem.arrays.integer)
    objective, constant = problem.objectives[0]
    least = plan.objective - ROUNDING * max(1.0, abs(plan.objective)) - constant
    arrays = with_rows(replace(problem.arrays, objective=-weights, offset=0.0), objective, least, np.inf)
    found = opened.ask(fixed(arrays, agreed, after[agreed]), on_progress=on_progress, stage="changes")
    if found.values is None:
        return plan
    reached = float(objective @ found.values[: problem.arrays.columns]) + constant
    first = plan.certificate["stages"][0]
    bound = max(plan.bound, reached)
    proven = StageResult(
        first["name"], first["sense"], plan.status, reached, bound, relative_gap(reached, bound), first["seconds"]
    )
    return opened.plan(found.values, found, [proven])


def _decided(problem: Problem, plan: Plan) -> NDArray[np.float64]:
    """(columns,): 1 for each action and start that the plan decides, 0 for all else; what is barred has no column."""
    case = problem.case
    decided = np.zeros(problem.arrays.columns)
    years = {int(year): t for t, year in enumerate(case.years)}
    start = {str(name): row for row, name in enumerate(case.projects["project"])}
    act = {(str(r.firm), str(r.action), _option(r)): row for row, r in enumerate(records(case.actions))}
    columns = [problem.start[start[str(r.project)], years[int(r.year)]] for r in records(plan.awards)]
    for r in records(plan.actions):
        row = act.get((str(r.firm), str(r.action), _option(r)))
        columns += [] if row is None else [problem.act[row, years[int(r.year)]]]
    decided[[column for column in columns if column >= 0]] = 1.0
    return decided


def _option(action: Any) -> str:
    return "" if pd.isna(action.option) else str(action.option)


def _projects(before: Plan, after: Plan) -> list[tuple[str, ...]]:
    """Awards lost, moved, shrunk, grown and gained: kind, id, name, place, change, without, with."""
    was, now = ({str(r.project): r for r in records(plan.awards)} for plan in (before, after))
    found = []
    for name in sorted(was.keys() | now.keys()):
        old, new = was.get(name), now.get(name)
        one: Any = new if old is None else old
        change = "gained" if old is None else "lost" if new is None else ""
        if old is not None and new is not None:
            size = float(new.share) - float(old.share)
            change = "moved" if new.year != old.year else "shrunk" if size < 0 else "grown"
            if new.year == old.year and abs(size) <= 1e-6:
                continue
        words = ["" if award is None else f"{int(award.year)} · {float(award.share):.4g}" for award in (old, new)]
        found.append(("project", name, str(one.name), str(one.place), change, *words))
    return found


def _firms(before: Plan, after: Plan) -> list[tuple[str, ...]]:
    """Firms treated only now, spared now, or treated otherwise."""
    was, now = ({str(r.firm): r for r in records(plan.actions)} for plan in (before, after))
    found = []
    for name in sorted(was.keys() | now.keys()):
        old, new = was.get(name), now.get(name)
        one: Any = new if old is None else old
        words = ["" if act is None else f"{act.action} {int(act.year)}" for act in (old, new)]
        if words[0] == words[1]:
            continue
        change = "treated" if old is None else "spared" if new is None else "otherwise"
        found.append(("firm", name, str(one.name), str(one.place), change, *words))
    return found
