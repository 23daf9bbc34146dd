"""A front as files: front.csv, front.json with what proves it, the reports, and a result folder for each point.

The folders of points hold inputs, tables and record, which `verify` takes, and no reports of their own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from quota_opt.analysis.front.proof import front_problems
from quota_opt.errors import Language, Text
from quota_opt.model.linear import FloatArray
from quota_opt.plan.folder import finite, identity_record, whole_folder, write_table
from quota_opt.scenario.standing import documents_record

if TYPE_CHECKING:
    from quota_opt.analysis.front.pareto import Front


def proof_of(front: Front) -> dict[str, Any]:
    """Points and boxes in the units of the measures, as front.json has them.

    A box says: no plan is at least as good as `better_than` in all measures, by `margin` better in each (null: the
    measure has no say). It came from optimising `goal` to `bound`, which ended with `status`.
    """
    goals, found = front.goals, front.found
    return {
        "measures": [
            {
                "name": goal.name,
                "sense": goal.sense,
                "unit": goal.line.unit,
                "margin": float(margin),
                "whole": whole,
            }
            for goal, margin, whole in zip(goals, found.margin, found.steps, strict=True)
        ],
        "points": [[goal.value(loss) for goal, loss in zip(goals, point, strict=True)] for point in found.points],
        "boxes": [
            {
                "better_than": [
                    goal.value(corner) if np.isfinite(corner) else None
                    for goal, corner in zip(goals, box.corner, strict=True)
                ],
                "goal": goals[box.goal].name,
                "status": box.status,
                "bound": goals[box.goal].value(box.bound) if np.isfinite(box.bound) else None,
                "seconds": box.seconds,
            }
            for box in found.boxes
        ],
    }


def record_problems(record: Mapping[str, Any]) -> tuple[Text, ...]:
    """What stands against the front of a front.json: dominated points, boxes that hold points, what is not covered.

    Needs neither model nor solver; an empty answer means that the front is complete and that no point is dominated.
    """
    measures = record["measures"]
    sign = np.array([-1.0 if measure["sense"] == "max" else 1.0 for measure in measures])
    margin = np.array([measure["margin"] for measure in measures])

    def losses(values: list[float | None]) -> FloatArray:
        return np.array([np.inf if v is None else s * v for v, s in zip(values, sign, strict=True)])

    points = np.array([losses(point) for point in record["points"]]).reshape(-1, len(measures))
    boxes = np.array([losses(box["better_than"]) for box in record["boxes"]]).reshape(-1, len(measures))
    return front_problems(points, boxes, margin)


def front_record(front: Front) -> dict[str, Any]:
    """The content of front.json."""
    scenario, engine = front.scenario, front.opened.profile
    record = {
        "method": "exact" if front.exact else "points",
        "status": str(front.status),
        "complete": front.complete,
        "programs": front.found.programs,
        "seconds": front.found.seconds,
        "profile": {"name": engine.name, "engine": engine.engine, "gap": engine.relative_gap},
        **front.proof,
        "documents": documents_record(scenario),
        **identity_record(scenario),
    }
    made: dict[str, Any] = finite(record)
    return made


def write_front(front: Front, folder: Path, language: Language) -> Path:
    """Write the folder of a front, whole or not at all; see the head of this file. Returns its path."""
    from quota_opt.report.document import write_reports

    with whole_folder(folder) as work:
        write_table(front.table, work / "front.csv")
        text = json.dumps(front_record(front), ensure_ascii=False, indent=1, allow_nan=False)
        (work / "front.json").write_text(text + "\n", encoding="utf-8")
        for number, plan in enumerate(front.plans, 1):
            replace(plan, reporters=()).write(work / f"point-{number:03d}", language)
        write_reports(front.document(), work, language)
    return folder
