"""Replacement first: a project starts only once the firms it waits for have been treated (`after` of rule `chain`).

Σ_{t ≤ s} start[p, t]  <=  Σ_{actions of the kinds on f, t+lag ≤ s} act[f, t]        every firm f, every year s
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from quota_opt.errors import Finding, Level, Text
from quota_opt.model.build import Build, RowInfo
from quota_opt.model.case import Case, IntArray
from quota_opt.model.outcome import Outcome
from quota_opt.rules._shared import check_choices, note
from quota_opt.scenario.schema import ACTION_KINDS

if TYPE_CHECKING:
    from quota_opt.model.rule import Rule


class After(BaseModel):
    """A project (or group of variants) that starts only once firms have been treated: replacement first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    project: str = Field(description="project, or group of variants, that waits")
    firms: tuple[str, ...] = Field(min_length=1, description="firms that must all be treated by then")
    actions: tuple[str, ...] = Field(default=("close",), min_length=1, description="kinds of action that count")
    lag: bool = Field(default=True, description="true: once it is effective; false: from the year it is taken")
    clause: str | None = Field(default=None, description="clause, where it is another than the rule's")


def check_waiting(rule: Rule[Any], case: Case, waiting: Sequence[After]) -> list[Finding]:
    """Names that are not there, and firms that can never be treated so that the project can never start."""
    found: list[Finding] = []
    projects = [*case.projects["project"], *(group for group in case.projects["variant_of"].unique() if group)]
    firms = case.firms["firm"].tolist()
    for i, after in enumerate(waiting):
        path = f"after.{i}"
        found += check_choices(
            rule, [after.project], projects, f"{path}.project", Text("项目或方案组", "project or group")
        )
        found += check_choices(rule, after.firms, firms, f"{path}.firms", Text("企业", "firm"))
        found += check_choices(rule, after.actions, ACTION_KINDS, f"{path}.actions", Text("措施", "kind of action"))
        for firm in after.firms:
            if firm in firms and not case.act_allowed[_rows(case, firm, after)].any():
                found.append(
                    note(
                        rule,
                        "waits-for-ever",
                        Text(
                            f"企业 {firm} 没有可采取的相应措施，{after.project} 因此不能开工。",
                            f"There is no such action to take on {firm}, so {after.project} can never start.",
                        ),
                        Text("给该企业加上措施，或改正 after。", "Give the firm an action, or correct after."),
                        level=Level.WARNING,
                        seen=firm,
                    )
                )
    return found


def add_waiting(build: Build, rule: Rule[Any], waiting: Sequence[After]) -> None:
    """One row per firm waited for and year in which the project (or one of its group) may have started."""
    case = build.case
    for after in waiting:
        members = case.members(after.project)
        for firm in after.firms:
            rows = _rows(case, firm, after)
            lag = _lag(case, rows, after)
            parts: list[tuple[IntArray, IntArray, NDArray[np.float64]]] = []
            years: list[int] = []
            for s in range(case.horizon):
                starts = build.start[members, : s + 1].ravel()
                starts = starts[starts >= 0]
                if not len(starts):
                    continue
                by_then = np.arange(case.horizon)[None, :] + lag[:, None] <= s
                acts = build.act[rows][by_then]
                acts = acts[acts >= 0]
                columns = np.concatenate([starts, acts])
                values = np.concatenate([np.ones(len(starts)), -np.ones(len(acts))])
                parts.append((np.full(len(columns), len(years)), columns, values))
                years.append(s)
            if not years:
                continue
            build.add_rows(
                RowInfo(rule.name, after.clause or rule.clause, "projects"),
                {
                    "project": np.full(len(years), int(members[0])),
                    "firm": np.full(len(years), int(np.flatnonzero(case.firms["firm"] == firm)[0])),
                    "year": case.years[years],
                },
                {
                    "project": case.projects["project"].to_numpy(dtype=object),
                    "firm": case.firms["firm"].to_numpy(dtype=object),
                },
                entries=tuple(np.concatenate([part[i] for part in parts]) for i in range(3)),
                upper=0.0,
            )


def waiting_figures(outcome: Outcome, waiting: Sequence[After]) -> pd.DataFrame:
    """By how many years each firm waited for is treated before the start; the horizon and more short if never."""
    case = outcome.case
    firm_of, lag = case.actions["firm"].to_numpy(dtype=object), case.actions["lag"].to_numpy(dtype=np.int64)
    lines = []
    for after in waiting:
        members = set(case.members(after.project).tolist())
        kinds = case.actions["action"].isin(list(after.actions)).to_numpy(dtype=bool)
        for row, start in zip(outcome.award_row.tolist(), outcome.award_year.tolist(), strict=True):
            if row not in members:
                continue
            for firm in after.firms:
                done = [
                    t + (int(lag[a]) if after.lag else 0)
                    for a, t in zip(outcome.action_row.tolist(), outcome.action_year.tolist(), strict=True)
                    if firm_of[a] == firm and kinds[a]
                ]
                lead = float(start - min(done)) if done else -float(case.horizon)
                name = str(case.projects["project"].iat[row])
                lines.append(("after", f"{name} / {firm}", int(case.years[start]), lead, 0.0, np.inf))
    return pd.DataFrame(lines, columns=["aspect", "what", "year", "figure", "lower", "upper"])


def waiting_sentence(row: Any) -> Text:
    """A project that starts in the very year its firm's treatment takes effect, or before it."""
    project, firm = str(row.what).split(" / ")
    if row.figure < 0:
        return Text(
            f"{project} 于 {int(row.year)} 年开工，而 {firm} 的整治尚未生效。",
            f"{project} starts in {int(row.year)}, before the treatment of {firm} is effective.",
        )
    return Text(
        f"{project} 于 {int(row.year)} 年开工，正是 {firm} 的整治生效之年，不能再早。",
        f"{project} starts in {int(row.year)}, the year the treatment of {firm} takes effect: no earlier.",
    )


def _rows(case: Case, firm: str, after: After) -> IntArray:
    """Rows of the actions on a firm that count."""
    counts = (case.actions["firm"] == firm) & case.actions["action"].isin(list(after.actions))
    return np.flatnonzero(counts.to_numpy(dtype=bool))


def _lag(case: Case, rows: IntArray, after: After) -> IntArray:
    lag: IntArray = case.actions["lag"].to_numpy(dtype=np.int64)[rows]
    return lag if after.lag else np.zeros_like(lag)
