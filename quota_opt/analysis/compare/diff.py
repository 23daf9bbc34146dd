"""What differs between two cases or results, and which difference made how much of the outcome.

qo.diff("results/week-11", "results/week-12").shares.table
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from quota_opt.analysis.addresses import plan_at
from quota_opt.analysis.compare.decisions import Pair, comparable, pair_of
from quota_opt.analysis.compare.inputs import shown, with_changes
from quota_opt.analysis.compare.shares import MOST_CHANGES, Change, Shares, Solved, changes_of, shares_of
from quota_opt.analysis.compare.tables import OBJECTIVE, objective_units
from quota_opt.errors import InfeasibleScenario, InputError, Language, NoPlanFound, Text, UnboundedScenario
from quota_opt.plan.folder import whole_folder, write_table
from quota_opt.plan.plan import Plan
from quota_opt.plan.solve import solve_scenario
from quota_opt.report.document import Document, write_reports
from quota_opt.rules import rules_of
from quota_opt.scenario import Scenario
from quota_opt.solving.memory import Recall
from quota_opt.solving.profile import Profile, read_profile
from quota_opt.solving.status import OnProgress, Status

Source = Plan | Scenario | str | Path


@dataclass(frozen=True, eq=False)
class Difference:
    """Two plans and everything that differs; `after` minus `before` throughout.

    `settings`   path, rule, clause, before, after, matters, text, text_en
    `tables`     table, key, change (added, removed, changed), column, before, after
    `rules`      rule, change (on, off, changed), clause, settings (paths)
    `decisions`  kind (project, firm), id, name, place, change, before, after, value_added, energy, cost
    `measures`   measure, unit, before, after, difference; the objective first
    `changes`    the differences as they were made one by one; `shares` what each is worth, None where not asked for
    """

    before: Plan
    after: Plan
    pair: Pair
    changes: tuple[Change, ...]
    shares: Shares | None = field(repr=False)

    @cached_property
    def settings(self) -> pd.DataFrame:
        """The settings that differ, by dotted path."""
        rows = [
            (c.path, c.rule, c.clause, shown(c.before), shown(c.after), c.matters, *c.words) for c in self.pair.settings
        ]
        columns = ["path", "rule", "clause", "before", "after", "matters", "text", "text_en"]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def tables(self) -> pd.DataFrame:
        """The rows and cells that differ."""
        rows = [
            (row.table, " ".join(row.key), row.kind, *cell)
            for row in self.pair.rows
            for cell in (row.cells or (("", "", ""),))
        ]
        return pd.DataFrame(rows, columns=["table", "key", "change", "column", "before", "after"])

    @cached_property
    def rules(self) -> pd.DataFrame:
        """The rules that are switched on or off, or have another parameter."""
        old, new = self.before.scenario.rules, self.after.scenario.rules
        rows = []
        for name in dict.fromkeys([*old, *new]):
            own = [change for change in self.pair.settings if change.rule == name]
            change = "off" if name not in new else "on" if name not in old else "changed"
            if change == "changed" and not any(item.matters for item in own):
                continue
            clause = next((item.clause for item in own if item.clause), "")
            rows.append((name, change, clause, ";".join(item.path for item in own)))
        return pd.DataFrame(rows, columns=["rule", "change", "clause", "settings"])

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """Projects and firms decided otherwise."""
        projects, firms = self.pair.projects, self.pair.firms
        parts = [
            pd.DataFrame(
                {
                    "kind": "project", "id": projects["project"], "name": projects["name"], "place": projects["place"],
                    "change": projects["change"], "before": _when(projects, "before"),
                    "after": _when(projects, "after"),
                    "value_added": projects["value_added"], "energy": projects["energy"], "cost": 0.0,
                }
            ),
            pd.DataFrame(
                {
                    "kind": "firm", "id": firms["firm"], "name": firms["name"], "place": firms["place"],
                    "change": firms["change"], "before": firms["before"], "after": firms["after"],
                    "value_added": -firms["value_added_lost"], "energy": firms["frees"], "cost": firms["cost"],
                }
            ),
        ]  # fmt: skip
        found = [part for part in parts if len(part)]
        return pd.concat(found, ignore_index=True) if found else parts[0]

    @cached_property
    def measures(self) -> pd.DataFrame:
        """Every measure of both, the objective first."""
        old, new = self.before.objective, self.after.objective
        first = pd.DataFrame(
            {
                "measure": [OBJECTIVE], "unit": [objective_units(self.before)], "before": [old], "after": [new],
                "difference": [new - old],
            }
        )  # fmt: skip
        return pd.concat([first, self.pair.measures], ignore_index=True)

    @property
    def exit_code(self) -> int:
        """0 where both plans stand within their gap, 4 where a limit came first."""
        return 0 if {self.before.status, self.after.status} == {Status.OPTIMAL} else 4

    def document(self) -> Document:
        """The difference as a report for people."""
        from quota_opt.report.comparison_diff import document_of

        return document_of(self)

    def write(self, folder: str | Path, language: Language = "zh") -> Path:
        """Write tables and reports; the folder appears whole or not at all, and must not exist. Returns its path."""
        target = Path(folder)
        with whole_folder(target) as work:
            for name in ("settings", "tables", "rules", "decisions", "measures"):
                write_table(getattr(self, name), work / f"{name}.csv")
            if self.shares is not None:
                write_table(self.shares.table, work / "shares.csv")
            write_reports(self.document(), work, language)
        return target


def _when(projects: pd.DataFrame, side: str) -> list[str]:
    years, shares = projects[f"year_{side}"].tolist(), projects[f"share_{side}"].tolist()
    return [
        "" if not year else f"{year}" if share > 1 - 1e-9 else f"{year} ×{share:.3g}"
        for year, share in zip(years, shares, strict=True)
    ]


def diff(
    before: Source,
    after: Source,
    profile: str | Path | Profile = "auto",
    *,
    shares: bool = True,
    most_changes: int = MOST_CHANGES,
    gap: float | None = None,
    time_limit: float | None = None,
    on_progress: OnProgress | None = None,
) -> Difference:
    """What differs between two cases or results, and each change's share of the outcome.

    Parameters
    ----------
    before, after
        Plans, cases or addresses (`CASE/VARIANT`, a result folder). Cases are solved, folders read and verified.
    shares
        Whether to solve the sets of changes between the two: each change alone, last, and its fair share over all
        orders. `most_changes` (8) bounds their number: 2 ** changes cases are solved at most; finer differences are
        grouped by table and by rule.

    Raises
    ------
    InputError, InfeasibleScenario, NoPlanFound
        Either cannot be read, or has no plan. A set of changes between the two without a plan is no error: it is said.
    """
    chosen = (profile if isinstance(profile, Profile) else read_profile(profile)).with_limits(
        gap=gap, time_limit=time_limit
    )
    first = plan_at(before, chosen, on_progress=on_progress)
    second = plan_at(after, chosen, on_progress=on_progress)
    pair = pair_of(first, second)
    changes = changes_of(first.scenario, second.scenario, pair.settings, pair.rows, most_changes)
    made = None
    if shares and changes:
        solve = _Sets(first, second, chosen, on_progress)
        units = {**second.measure_units, **first.measure_units, OBJECTIVE: objective_units(first)}
        ends = (solve.known(first), solve.known(second))
        made = shares_of(changes, ends, solve, units, fair=len(changes) <= most_changes)
    return Difference(first, second, pair, changes, made)


class _Sets:
    """Solves the scenario `before` with a set of changes from `after`; the first solve helps all later ones."""

    def __init__(self, before: Plan, after: Plan, profile: Profile, on_progress: OnProgress | None) -> None:
        self.before, self.after = before.scenario, after.scenario
        self.profile, self.on_progress = profile, on_progress
        self.same_objective = comparable(self.before, self.after)
        self.recall = Recall()

    def __call__(self, changes: Sequence[Change]) -> Solved | Text:
        try:
            settings = [item for change in changes for item in change.settings]
            rows = [item for change in changes for item in change.rows]
            scenario = with_changes(self.before, self.after, settings, rows)
            plan = solve_scenario(
                scenario, rules_of(scenario.rules), self.profile, on_progress=self.on_progress, recall=self.recall
            )
        except InputError as error:
            said = error.findings[0].what if error.findings else Text("", "")
            return Text(f"单独不成为案例：{said.zh}", f"not a case by itself: {said.en}")
        except (InfeasibleScenario, NoPlanFound, UnboundedScenario) as error:
            return Text(*(error.of(language).split("\n")[0] for language in ("zh", "en")))
        return self.known(plan)

    def known(self, plan: Plan) -> Solved:
        """The measures of a plan, and its objective where all sets share one."""
        values: dict[str, float] = dict(plan.measures)
        if self.same_objective:
            values = {OBJECTIVE: plan.objective, **values}
        return Solved(values, abs(plan.bound - plan.objective))


def records_of(difference: Difference) -> Mapping[str, Any]:
    """The difference as one JSON document."""
    made = difference.shares
    return {
        "settings": difference.settings.to_dict("records"),
        "tables": difference.tables.to_dict("records"),
        "rules": difference.rules.to_dict("records"),
        "decisions": difference.decisions.to_dict("records"),
        "measures": difference.measures.to_dict("records"),
        "shares": None if made is None else made.table.to_dict("records"),
        "solves": 0 if made is None else made.solves,
    }
