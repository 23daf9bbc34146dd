"""What it means for a plan to be nearly as good as the best: a floor under every stage of the objective."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from quota_opt.analysis.opened import with_rows
from quota_opt.model.build import Problem
from quota_opt.model.linear import Arrays

ROUND_DOWN = 1e-6
"""A bound this near a whole number of decisions is that number."""
ROUNDING = 1e-9
"""What a floor gives way for the rounding of its own figures, relative."""


def floor_of(
    stated: Sequence[Mapping[str, Any]], signs: Sequence[float], within: float
) -> tuple[tuple[float, ...], str]:
    """What every stage keeps (as people read it), from the bounds; from the values where the best plan itself falls
    short of that."""
    for source in ("bound", "objective"):
        figures = [sign * float(stage[source]) for stage, sign in zip(stated, signs, strict=False)]
        floors = [figure - within * abs(figure) for figure in figures]
        kept = [sign * float(stage["objective"]) for stage, sign in zip(stated, signs, strict=False)]
        if all(value >= floor - ROUNDING * max(1.0, abs(floor)) for value, floor in zip(kept, floors, strict=True)):
            break
    made = tuple(sign * floor for sign, floor in zip(signs, floors, strict=False))
    return made, "bound" if source == "bound" else "best"


def with_floor(arrays: Arrays, problem: Problem, floor: Sequence[float]) -> Arrays:
    """The model with a row per stage: its objective stays at or above the floor."""
    for (objective, constant), stage, least in zip(problem.objectives, problem.stages, floor, strict=False):
        wanted = stage.sign * least
        slack = ROUNDING * max(1.0, abs(wanted), float(np.abs(objective).max(initial=0.0)))
        arrays = with_rows(arrays, objective, wanted - constant - slack, np.inf)
    return arrays
