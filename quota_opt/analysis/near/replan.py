"""A plan made before, and a new case: what is promised stays, and as little else changes as is asked.

    maximise   objective(x)          over the plans x of the new case that keep what is promised
    with       changes(x) ≤ N        for one N, or for each N that is worth anything
    and        minimise changes(x)   with objective(x) ≥ floor

A change is a project or a firm that is decided otherwise than before: dropped, added, moved to another year, given
another action or another share; each counts once. Promises and the plan to stay near are settings of the rule
`directives` in every plan that comes out, so that its folder tells and proves them by itself.
"""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from quota_opt.analysis.addresses import plan_at
from quota_opt.analysis.near.nearness import ROUND_DOWN, floor_of, with_floor
from quota_opt.analysis.opened import Opened
from quota_opt.errors import Finding, InputError, Language, Level, Text, Where
from quota_opt.model.case import records
from quota_opt.model.linear import FloatArray
from quota_opt.plan.folder import whole_folder, write_table
from quota_opt.plan.plan import Plan
from quota_opt.plan.solve import plan_of
from quota_opt.report.document import Document, write_reports
from quota_opt.report.replan import replan_document
from quota_opt.report.reporters import REPORTERS
from quota_opt.rules.directives import SAME_SHARE
from quota_opt.rules.directives import changes as changes_of
from quota_opt.scenario import Scenario, read
from quota_opt.solving.memory import Recall
from quota_opt.solving.profile import Profile
from quota_opt.solving.stages import Solved, optimise
from quota_opt.solving.status import OnProgress, relative_gap

RULE = "rules.directives"
WITHIN = 0.01
"""Of the best, where neither a number of changes nor a share is asked for."""
MOST_POINTS = 8
"""Numbers of changes looked at between the fewest there can be and those of the best plan."""
PROMISED = "已承诺或已实施"
"""The reason that directives of a re-plan give, as a clause is cited."""
Keep = Literal["promised", "awards"]


@dataclass(frozen=True, eq=False)
class Replan:
    """New plans near an old one, from the fewest changes to the best value.

    table    one row per plan: plan, role (fewest, within, asked, step, best), most_changes (allowed), changes, least
             (proven: no plan worth so much has fewer; empty where not asked), objective, bound, gap, status, gained and
             per_change (objective against the plan before, in all and per further change), promised, kept, moved,
             resized, replaced, added, dropped, gone
    churn    one row per plan and project or firm that was decided before or is now: plan, kind, id, name, place,
             change, was, now (year; action and year), share_was, share_now, reason, reason_en

    `gone` in a change: the new case no longer has it, or its year lies before or after the new case's.
    """

    old: Plan
    scenario: Scenario
    plans: tuple[Plan, ...]
    within: float
    table: pd.DataFrame
    churn: pd.DataFrame
    seconds: float

    @property
    def best(self) -> Plan:
        """The plan of the best value, with as few changes as that takes."""
        return self.plans[-1]

    def plan(self, role: str) -> Plan:
        """The plan of a role (fewest, within, asked, best). Raises KeyError where there is none."""
        for plan, own in zip(self.plans, self.table["role"], strict=True):
            if role in own.split(";"):
                return plan
        raise KeyError(role)

    def document(self) -> Document:
        """The report for people."""
        return replan_document(self)

    def write(self, folder: str | Path, language: Language = "zh") -> Path:
        """Write replan.csv, churn.csv, the reports and a result folder per plan."""
        target = Path(folder)
        with whole_folder(target) as work:
            write_table(self.table, work / "replan.csv")
            write_table(self.churn, work / "churn.csv")
            write_reports(self.document(), work, language)
            for number, plan in enumerate(self.plans, 1):
                plan.write(work / f"plan-{number}", language)
        return target


def replan(
    plan: Plan | str | Path,
    case: Scenario | str | Path,
    keep: Keep = "promised",
    *,
    done_until: int | None = None,
    promised: Iterable[tuple[str, str]] | str | Path = (),
    bend: Collection[str] = (),
    most_changes: int | None = None,
    within: float | None = None,
    profile: str | Path | Profile = "auto",
    gap: float | None = None,
    time_limit: float | None = None,
    on_progress: OnProgress | None = None,
) -> Replan:
    """A new plan for `case` that stays near `plan` (a plan, a result folder, or a case to be solved).

    Parameters
    ----------
    keep
        "promised": what lies in years up to `done_until`, and what `promised` lists; "awards": all awards besides.
    promised
        (kind, id) of projects and firms, or a CSV with these columns.
    bend
        Promised projects and firms that the bars of the new case's rules do not keep out; reports name the clause.
    most_changes, within
        At most so many changes, or the fewest changes that lose at most this share of the best; without either, both
        ends (the share is 1 %) and what each change between them is worth.

    Raises
    ------
    InputError
        A promise cannot be kept in the new case: the finding names the clause that bars it, and asks for `bend`.
    InfeasibleScenario
        No plan keeps what is promised, or none with so few changes.
    """
    began = time.monotonic()
    old = plan_at(plan, profile, gap=gap, time_limit=time_limit, on_progress=on_progress)
    scenario = case if isinstance(case, Scenario) else read(case)
    near = _Near(old, scenario, keep, done_until, _promises(promised), bend)
    search = _Search(near, profile, gap, time_limit, on_progress)
    points = search.points(most_changes, within)
    table, churn = _tables(near, points, search.least)
    plans = tuple(point.plan for point in points)
    seconds = time.monotonic() - began
    return Replan(old, scenario, plans, WITHIN if within is None else within, table, churn, seconds)


def _promises(given: Iterable[tuple[str, str]] | str | Path) -> list[tuple[str, str]]:
    """(kind, id) as listed, or as a CSV lists them. Raises InputError where it is no such table."""
    if not isinstance(given, str | Path):
        return [(str(kind), str(name)) for kind, name in given]
    path = Path(given)
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except OSError as error:
        raise InputError([_finding("no-promises", _unreadable(path, str(error.strerror)), path.name)]) from error
    except UnicodeDecodeError as error:
        raise InputError([_finding("no-promises", _unreadable(path, "UTF-8"), path.name)]) from error
    if not rows or not {"kind", "id"} <= set(rows[0]):
        what = Text(f"{path.name} 要有 kind、id 两列。", f"{path.name} needs the columns kind and id.")
        raise InputError([_finding("no-promises", what, path.name)])
    return [(str(row["kind"]).strip(), str(row["id"]).strip()) for row in rows]


def _unreadable(path: Path, why: str) -> Text:
    return Text(f"{path.name} 读不出来：{why}", f"{path.name} cannot be read: {why}")


def _finding(code: str, what: Text, file: str | None = None, seen: str | None = None) -> Finding:
    fix = Text(
        "逐行写 project 或 firm，以及原安排结果中已有的编号。",
        "Write project or firm, and an identifier that the plan made before decides.",
    )
    return Finding(Level.ERROR, code, what, Where(file=file), fix, seen)


@contextmanager
def _promises_told() -> Iterator[None]:
    """Findings about directives that are promises say what to do about a promise."""
    try:
        yield
    except InputError as error:
        fix = Text(
            "撤回这项承诺；确要兑现而破例的，写明 --bend 和编号，报告会写明突破了哪一条。",
            "Withdraw the promise; or bend for it, with --bend and its identifier: reports name the clause.",
        )
        told = [replace(f, fix=fix) if f.code == "directive-barred" else f for f in error.findings]
        raise InputError(told) from error


class _Near:
    """What was decided before, what of it is promised, and both as directives of the new case."""

    def __init__(
        self,
        old: Plan,
        scenario: Scenario,
        keep: Keep,
        done_until: int | None,
        promised: list[tuple[str, str]],
        bend: Collection[str],
    ) -> None:
        self.old, self.scenario = old, scenario
        self.awards: dict[str, Any] = {str(row.project): row for row in records(old.awards)}
        self.actions: dict[str, Any] = {str(row.firm): row for row in records(old.actions)}
        self._check(promised, bend)
        self.promised = set(promised)
        for kind, decided in (("project", self.awards), ("firm", self.actions)):
            early = {name for name, row in decided.items() if done_until is not None and int(row.year) <= done_until}
            self.promised |= {(kind, name) for name in early}
        if keep == "awards":
            self.promised |= {("project", name) for name in self.awards}
        self.bend = frozenset(bend)
        self.divisible = frozenset(scenario.projects["project"][scenario.projects["divisible"]])
        known = {"project": set(scenario.projects["project"]), "firm": set(scenario.firms["firm"])}
        self.gone = {
            (kind, name)
            for kind, decided in (("project", self.awards), ("firm", self.actions))
            for name, row in decided.items()
            if name not in known[kind] or int(row.year) not in scenario.years
        }

    def _check(self, promised: list[tuple[str, str]], bend: Collection[str]) -> None:
        """Promises of what was never decided are findings."""
        decided = {"project": self.awards, "firm": self.actions}
        found = []
        for kind, name in promised:
            if name not in decided.get(kind, {}):
                what = Text(
                    f"承诺的 {kind} {name} 不在原安排结果中。",
                    f"The promised {kind} {name!r} is not decided in the plan made before.",
                )
                found.append(_finding("promise-not-in-plan", what, seen=name))
        for name in bend:
            if name not in self.awards and name not in self.actions:
                what = Text(f"要破例的 {name} 不在原安排结果中。", f"{name!r} is to be bent for, but was not decided.")
                found.append(_finding("bend-not-in-plan", what, seen=name))
        if found:
            raise InputError(found)

    def directed(self, most_changes: int | None) -> Scenario:
        """The new case with the promises, and at most so many changes (None: with any number)."""
        known = self.scenario.rules.get("directives")
        own: dict[str, Any] = known.model_dump(exclude_unset=True) if known is not None else {}
        own.pop("reference", None)
        taken = {("project", one["project"]) for one in own.get("projects", ())}
        taken |= {("firm", one["firm"]) for one in own.get("firms", ())}
        held = sorted(self.promised - self.gone - taken)
        projects = [self._promised_project(name) for kind, name in held if kind == "project"]
        firms = [self._promised_firm(name) for kind, name in held if kind == "firm"]
        made = {
            **own,
            "projects": [*own.get("projects", ()), *projects],
            "firms": [*own.get("firms", ()), *firms],
        }
        if most_changes is not None:
            made["reference"] = {**self._reference(), "most_changes": most_changes}
        return self.scenario.with_(**{RULE: made})

    def _promised_project(self, name: str) -> dict[str, Any]:
        return {**self._award(name), **self._why(name)}

    def _promised_firm(self, name: str) -> dict[str, Any]:
        return {**self._action(name), **self._why(name)}

    def _award(self, name: str) -> dict[str, Any]:
        row = self.awards[name]
        share = {"share": float(row.share)} if name in self.divisible else {}
        return {"project": name, "year": int(row.year), **share}

    def _action(self, name: str) -> dict[str, Any]:
        row = self.actions[name]
        return {"firm": name, "action": str(row.action), "year": int(row.year)}

    def _why(self, name: str) -> dict[str, Any]:
        return {"reason": PROMISED, **({"bend": True} if name in self.bend else {})}

    def _reference(self) -> dict[str, Any]:
        projects = [self._award(name) for name in sorted(self.awards) if ("project", name) not in self.gone]
        firms = [self._action(name) for name in sorted(self.actions) if ("firm", name) not in self.gone]
        return {"projects": projects, "firms": firms}

    @property
    def all_changes(self) -> int:
        """More changes than there can be."""
        return len(self.scenario.projects) + len(self.scenario.firms)


@dataclass(frozen=True)
class _Point:
    """A plan, the changes allowed to it, and what it is for."""

    most: int
    roles: tuple[str, ...]
    plan: Plan


class _Search:
    """The new case asked for its best plans with so many changes, and for the fewest changes of good plans."""

    def __init__(
        self,
        near: _Near,
        profile: str | Path | Profile,
        gap: float | None,
        time_limit: float | None,
        on_progress: OnProgress | None,
    ) -> None:
        self.near, self.on_progress = near, on_progress
        with _promises_told():
            self.opened = Opened.of(near.directed(near.all_changes), profile, gap=gap, time_limit=time_limit)
        self.weights, self.constant = self._counted()
        self.least: dict[int, int] = {}  # by number of changes: what is proven the fewest
        self._recall = Recall()

    def points(self, most_changes: int | None, within: float | None) -> list[_Point]:
        """The plans worth naming, from the fewest changes to the best value.

        What has more changes without being worth more is left out, its roles go to the plan before.
        """
        roles: dict[int, list[str]] = {}
        solved = self._solved(self.opened)
        best = self._fewest(solved, 0.0)
        if most_changes is not None:
            roles.setdefault(min(most_changes, best), []).append("asked")
        elif within is not None:
            roles.setdefault(self._fewest(solved, within), []).append("within")
        else:
            fewest, near = self._fewest(solved, None), self._fewest(solved, WITHIN)
            roles.setdefault(fewest, []).append("fewest")
            roles.setdefault(near, []).append("within")
            for most in _between(fewest, best):
                roles.setdefault(most, [])
        roles.setdefault(best, []).append("best")
        sign = self.opened.problem.stages[-1].sign
        made: list[_Point] = []
        for most in sorted(roles):
            last = made[-1] if made else None
            if last is not None and not roles[most] and self._is_best(last.plan, solved):
                continue
            plan = self._plan(most)
            if last is not None and sign * plan.objective <= sign * last.plan.objective:
                made[-1] = replace(last, roles=(*last.roles, *roles[most]))
            else:
                made.append(_Point(most, tuple(roles[most]), plan))
        return made

    def _is_best(self, plan: Plan, best: Solved) -> bool:
        """Whether no plan that keeps the promises is worth more, within the gap."""
        return relative_gap(plan.objective, best.bound) <= self.opened.profile.relative_gap

    def _plan(self, most: int) -> Plan:
        """The best plan with at most so many changes."""
        opened = Opened.of(self.near.directed(most), self.opened.profile)
        solved = self._solved(opened)
        return plan_of(opened.problem, solved, opened.profile, findings=opened.findings, reporters=REPORTERS)

    def _solved(self, opened: Opened) -> Solved:
        found = optimise(opened.problem, opened.profile, self.on_progress, self._recall)
        if found.values is None:
            opened.solve(on_progress=self.on_progress)  # says what stands against it
        assert found.values is not None
        return found

    def _counted(self) -> tuple[FloatArray, float]:
        """The number of changes over the columns of the model: weights and a constant."""
        arrays = self.opened.arrays
        for block in arrays.row_blocks:
            if block.name == "directives" and "what" in block.labels:
                for row in block.positions.tolist():
                    if block.label_of(row).get("what") == "reference":
                        weights = arrays.matrix[[row]].toarray().ravel()
                        return weights, float(self.near.all_changes - arrays.row_upper[row])
        raise AssertionError("the model counts no changes")

    def _fewest(self, solved: Solved, within: float | None) -> int:
        """The fewest changes of a plan that loses at most the share `within` of the best; None: of any plan."""
        arrays = self.opened.arrays
        if within is not None:
            stated = [{"bound": stage.bound, "objective": stage.objective} for stage in solved.stages]
            signs = [stage.sign for stage in self.opened.problem.stages]
            floor, _ = floor_of(stated, signs, within)
            arrays = with_floor(arrays, self.opened.problem, floor)
        asked = replace(arrays, objective=-self.weights, offset=-self.constant)
        found = self.opened.ask(asked, start=solved.values, on_progress=self.on_progress)
        values = solved.values if found.values is None else found.values
        assert values is not None
        count = round(float(self.weights @ values + self.constant))
        proven = math.ceil(-found.bound - ROUND_DOWN) if math.isfinite(found.bound) else 0
        self.least[count] = min(max(proven, 0), count)
        return count


def _between(fewest: int, best: int) -> list[int]:
    """Numbers of changes between two ends: all of them where they are few, else further and further apart."""
    if best - fewest <= MOST_POINTS:
        return list(range(fewest, best))
    spread = np.geomspace(1.0, best - fewest, MOST_POINTS)
    return sorted({fewest + round(float(step)) for step in spread} - {best})


def _tables(near: _Near, points: list[_Point], least: Mapping[int, int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`table` and `churn` of a Replan."""
    rows: list[dict[str, Any]] = []
    parts: list[pd.DataFrame] = []
    for number, point in enumerate(points, 1):
        plan = point.plan
        churn = _churn(near, plan)
        churn.insert(0, "plan", number)
        parts.append(churn)
        assert plan.outcome is not None
        reference = plan.scenario.rules["directives"].reference  # type: ignore[attr-defined]
        changes = len(changes_of(plan.outcome, reference))
        counted = churn["change"].value_counts()
        before = rows[-1] if rows else None
        gained = math.nan if before is None else plan.objective - float(before["objective"])
        further = 0 if before is None else changes - int(before["changes"])
        rows.append(
            {
                "plan": number,
                "role": ";".join(point.roles) or "step",
                "most_changes": point.most,
                "changes": changes,
                "least": min(least.get(point.most, math.nan), changes),
                "objective": plan.objective,
                "bound": plan.bound,
                "gap": plan.gap,
                "status": str(plan.status),
                "gained": gained,
                "per_change": gained / further if further > 0 else math.nan,
                **{kind: int(counted.get(kind, 0)) for kind in KINDS},
            }
        )
    return pd.DataFrame(rows), pd.concat(parts, ignore_index=True)


KINDS = ("promised", "kept", "moved", "resized", "replaced", "added", "dropped", "gone")
"""What may become of a project or firm."""


def _churn(near: _Near, plan: Plan) -> pd.DataFrame:
    """What became of each project and firm decided before, and what is new; see `Replan`."""
    awards = {str(row.project): row for row in records(plan.awards)}
    actions = {str(row.firm): row for row in records(plan.actions)}
    rows = []
    said = {(str(row.kind), str(row.id)): row for row in records(plan.reasons)}
    for kind, before, after in (("project", near.awards, awards), ("firm", near.actions, actions)):
        for name in sorted({*before, *after}):
            was, now = before.get(name), after.get(name)
            known: Any = now if now is not None else was
            why = said.get((kind, name))
            rows.append(
                {
                    "kind": kind,
                    "id": name,
                    "name": known.name,
                    "place": known.place,
                    "change": _change(near, kind, name, was, now),
                    "was": _when(kind, was),
                    "now": _when(kind, now),
                    "share_was": math.nan if was is None or kind == "firm" else float(was.share),
                    "share_now": math.nan if now is None or kind == "firm" else float(now.share),
                    "reason": "" if why is None else str(why.text),
                    "reason_en": "" if why is None else str(why.text_en),
                }
            )
    columns = ["kind", "id", "name", "place", "change", "was", "now", "share_was", "share_now", "reason", "reason_en"]
    return pd.DataFrame(rows, columns=columns)


def _change(near: _Near, kind: str, name: str, was: Any, now: Any) -> str:
    if (kind, name) in near.gone:
        return "gone" if now is None else "moved"
    if was is None:
        return "added"
    if now is None:
        return "dropped"
    if kind == "firm" and str(was.action) != str(now.action):
        return "replaced"
    if int(was.year) != int(now.year):
        return "moved"
    if kind == "project" and name in near.divisible and abs(float(was.share) - float(now.share)) > SAME_SHARE:
        return "resized"
    return "promised" if (kind, name) in near.promised else "kept"


def _when(kind: str, row: Any) -> str:
    if row is None:
        return ""
    return str(int(row.year)) if kind == "project" else f"{row.action} {int(row.year)}"
