"""What one analysis does in its process: `python -m quota_opt.web.analyses FOLDER`.

The folder holds `question.json`, a result folder per plan, or `case.zip`. On the way `progress.json` says how far it
is, a file `stop` asks it to end with what it has; `answer.json` is the document and the plain values, or the error. It
ends at once when its input closes: its parent is gone.
"""

from __future__ import annotations

import json
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from quota_opt.analysis.addresses import read_result
from quota_opt.batch.memory import Tree
from quota_opt.errors import QuotaOptError, Text
from quota_opt.facade import Scenario
from quota_opt.plan.folder import finite
from quota_opt.report.document import Document
from quota_opt.report.document_json import document_json
from quota_opt.solving.status import Progress
from quota_opt.store.jobs import ALTERNATIVES, COMPARE, DIFF, EVALUATE, EXPLAIN, FRONT, INFEASIBLE, OVERRIDE, SWEEP

if TYPE_CHECKING:
    from quota_opt.analysis.explain.types import Change, Explanation, OnChange
    from quota_opt.analysis.front.pareto import Front
    from quota_opt.plan.plan import Plan

TOLD_S = 0.4
"""Least time between two reports."""


class Made(Protocol):
    """What an analysis makes: a report for people."""

    def document(self) -> Document:
        """The report."""


@dataclass
class Asked:
    """One question: the folder with its plans or its case, and what is asked."""

    folder: Path
    kind: str
    plans: list[str]
    variant: str | None
    overrides: dict[str, Any]
    options: dict[str, Any]
    stopped: bool = False
    _told: float = field(default=-math.inf, repr=False)

    @cached_property
    def plan(self) -> Plan:
        """The first plan."""
        return read_result(self.folder / self.plans[0])

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario it is about: the first plan's, or the case that was sent along."""
        if self.plans:
            return self.plan.scenario
        from quota_opt.web.uploads import case_of_zip

        base = case_of_zip((self.folder / "case.zip").read_bytes())
        chosen = base.with_variant(self.variant) if self.variant else base
        return chosen.with_(**self.overrides) if self.overrides else chosen

    def watch(self, progress: Progress) -> bool:
        """Say how far it is; whether to go on."""
        now = time.monotonic()
        if now - self._told >= TOLD_S:
            self._told = now
            self.tell(vars(progress))
        return self.going

    def tell(self, progress: Mapping[str, Any]) -> None:
        """Say how far it is."""
        _write(self.folder / "progress.json", finite(progress))

    def count(self, progress: Progress) -> bool:
        """Of a front only how many points there are, not how far each is; whether to go on."""
        return self.watch(progress) if progress.stage == "points" else self.going

    @property
    def going(self) -> bool:
        """Whether nobody has asked for the end."""
        self.stopped = self.stopped or (self.folder / "stop").exists()
        return not self.stopped


def main(folder: Path) -> None:
    """Answer the question in `folder`."""
    question = json.loads((folder / "question.json").read_text(encoding="utf-8"))
    asked = Asked(folder, **question)
    try:
        made, values = ANALYSES[asked.kind](asked)
        answer = {**finite(_plain(values)), "document": document_json(made.document()), "partial": asked.stopped}
    except QuotaOptError as error:
        answer = {"error": _failure(error)}
    _write(folder / "answer.json", answer)


def _plain(value: Any) -> Any:
    """The value with texts as mappings of languages."""
    if isinstance(value, Text):
        return value._asdict()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _failure(error: QuotaOptError) -> dict[str, Any]:
    from quota_opt.batch.task import error_text

    kinds = {2: "input", 3: "infeasible", 4: "no-plan-found", 5: "verification-failed"}
    message = error_text(error)._asdict()
    return {"kind": kinds.get(error.exit_code, "error"), "message": message, "exit_code": error.exit_code}


def explained(
    plan: Plan, kind: str, name: str, *, confirm: bool, on_change: OnChange | None = None
) -> tuple[Explanation, dict[str, Any]]:
    """An explanation and its plain values, with the settings each confirmed change consists of."""
    from quota_opt.analysis.explain.explain import explain

    project, firm, rule = (name if kind == each else None for each in ("project", "firm", "rule"))
    made = explain(plan, project=project, firm=firm, rule=rule, confirm=confirm, on_change=on_change)
    values = {**made.as_dict(), "changes": [change_values(plan, change) for change in made.changes]}
    return made, finite(_plain(values))


def change_values(plan: Plan, change: Change) -> dict[str, Any]:
    """A change as plain values."""
    told = {name: value for name, value in vars(change).items() if name != "scenario"}
    return {**finite(_plain(told)), "set": settings_of(plan, change)}


def _explain(asked: Asked) -> tuple[Made, dict[str, Any]]:
    began, found = time.monotonic(), list[dict[str, Any]]()

    def on_change(change: Change) -> None:
        found.append(change_values(asked.plan, change))
        asked.tell({"stage": "explain", "seconds": time.monotonic() - began, "changes": found})

    options = asked.options
    return explained(asked.plan, options["item"], options["id"], confirm=bool(options["confirm"]), on_change=on_change)


def settings_of(plan: Plan, change: Change) -> dict[str, Any] | None:
    """The settings a confirmed change consists of; None where it changes cells of tables, or nothing was changed."""
    if change.scenario is None:
        return None
    before = plan.scenario.overrides
    return {path: value for path, value in change.scenario.overrides.items() if before.get(path) != value} or None


def _override(asked: Asked) -> tuple[Made, dict[str, Any]]:
    from quota_opt.analysis.receipt import override

    made = override(asked.folder / asked.plans[0], on_progress=asked.watch, **asked.options)
    return made, {**made.record(), "set": dict(made.plan.scenario.overrides)}


def _compare(asked: Asked) -> tuple[Made, dict[str, Any]]:
    from quota_opt.analysis.compare.compare import compare

    folders = [asked.folder / name for name in asked.plans]
    labels = asked.options.get("labels")
    made = compare(folders if labels is None else dict(zip(labels, folders, strict=True)), on_progress=asked.watch)
    return made, {
        "scenarios": [
            {"name": entry.name, "title": entry.title, "status": str(entry.status), "reason": None}
            for entry in made.entries
        ],
        "answers": made.answers(),
        "measures": made.measures.to_dict("records"),
        "differences": made.differences.to_dict("records"),
        "regret": made.regret.to_dict("records"),
        "decisions": made.decisions.to_dict("records"),
    }


def _diff(asked: Asked) -> tuple[Made, dict[str, Any]]:
    from quota_opt.analysis.compare.diff import diff, records_of

    before, after = (asked.folder / name for name in asked.plans)
    made = diff(before, after, on_progress=asked.watch, **asked.options)
    return made, dict(records_of(made))


def _front(asked: Asked) -> tuple[Made, dict[str, Any]]:
    from quota_opt.analysis.front.pareto import pareto

    made = pareto(asked.scenario, on_progress=asked.count, **asked.options)
    return made, _front_values(made)


def _front_values(made: Front) -> dict[str, Any]:
    """The points with who is in at each, and the settings that lead there."""
    from quota_opt.analysis.front.changes import firms_of, projects_of

    points = made.table.to_dict("records")
    for at, (point, values) in enumerate(zip(points, made.found.values, strict=True)):
        point["projects"] = sorted(projects_of(made.opened.problem, values))
        point["firms"] = sorted(firms_of(made.opened.problem, values))
        point["set"] = dict(made.scenario_at(at + 1).overrides)
    goals = [
        {"name": goal.name, "title": goal.line.title, "unit": goal.line.unit, "sense": goal.sense}
        for goal in made.goals
    ]
    return {"goals": goals, "points": points, "complete": made.complete, "exact": made.exact, "knee": made.knee}


def _sweep(asked: Asked) -> tuple[Made, dict[str, Any]]:
    from quota_opt.analysis.near.sweep import sweep

    made = sweep(asked.scenario, on_progress=asked.watch, **asked.options)
    names = {"parameter": made.parameter, "looser": made.looser, "exact": made.exact, "breaks": list(made.breaks)}
    return made, {**names, "pieces": made.table.to_dict("records")}


def _alternatives(asked: Asked) -> tuple[Made, dict[str, Any]]:
    from quota_opt.analysis.near.alternatives import alternatives

    made = alternatives(asked.scenario, on_progress=asked.watch, **asked.options)
    tables = {"plans": made.table.to_dict("records"), "decisions": made.decisions.to_dict("records")}
    return made, {"complete": made.complete, "floor": made.floor, **tables}


def _infeasible(asked: Asked) -> tuple[Made, dict[str, Any]]:
    from quota_opt.analysis.infeasible.infeasible import explain_infeasible

    made = explain_infeasible(asked.scenario, **asked.options)
    clashes = [[{"title": clause.title, "clause": clause.clause} for clause in c.clauses] for c in made.clashes]
    repairs = [
        {
            "words": [change.words for change in repair.changes],
            "confirmed": repair.confirmed,
            "set": None
            if not repair.changes or any(change.path is None for change in repair.changes)
            else {str(change.path): change.after for change in repair.changes},
        }
        for repair in made.repairs
    ]
    return made, {"feasible": made.feasible, "whole": made.whole, "clashes": clashes, "repairs": repairs}


def _evaluate(asked: Asked) -> tuple[Made, dict[str, Any]]:
    from quota_opt.analysis.uncertain.evaluate import evaluate

    made = evaluate(asked.plan, **asked.options)
    return made, {"served": made.served, "years": made.years.to_dict("records")}


ANALYSES: Mapping[str, Callable[[Asked], tuple[Made, dict[str, Any]]]] = {
    EXPLAIN: _explain,
    OVERRIDE: _override,
    COMPARE: _compare,
    DIFF: _diff,
    FRONT: _front,
    SWEEP: _sweep,
    ALTERNATIVES: _alternatives,
    INFEASIBLE: _infeasible,
    EVALUATE: _evaluate,
}


def _write(path: Path, value: Any) -> None:
    """The file appears whole or not at all."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value, ensure_ascii=False, allow_nan=False), encoding="utf-8")
    part.replace(path)


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    Tree(os.getpid()).kill_below()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    main(Path(sys.argv[1]))
