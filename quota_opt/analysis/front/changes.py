"""Who is in and who is out from one point of a front to its neighbour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quota_opt.model.build import Problem
from quota_opt.model.linear import FloatArray

if TYPE_CHECKING:
    from quota_opt.analysis.front.pareto import Front

LEAST = 1e-6
"""A share below this is none."""


@dataclass(frozen=True)
class Step:
    """From one point to another (both from 1): projects that come in or go out, firms newly treated or left alone."""

    start: int
    end: int
    projects_in: tuple[str, ...]
    projects_out: tuple[str, ...]
    firms_in: tuple[str, ...]
    firms_out: tuple[str, ...]


def projects_of(problem: Problem, values: FloatArray) -> frozenset[str]:
    """The projects awarded in a model's values."""
    chosen = (np.append(values, 0.0)[problem.share] > LEAST).any(axis=1)
    return frozenset(problem.case.projects["project"].to_numpy(dtype=object)[chosen].tolist())


def firms_of(problem: Problem, values: FloatArray) -> frozenset[str]:
    """The firms treated in a model's values."""
    chosen = (np.append(values, 0.0)[problem.act] > 0.5).any(axis=1)
    return frozenset(problem.case.actions["firm"].to_numpy(dtype=object)[chosen].tolist())


def steps_of(front: Front) -> tuple[Step, ...]:
    """Every point's step to its neighbour, each pair once."""
    problem = front.opened.problem
    projects = [projects_of(problem, values) for values in front.found.values]
    firms = [firms_of(problem, values) for values in front.found.values]
    made: dict[tuple[int, int], Step] = {}
    for at, other in enumerate(front.neighbours):
        if other is None:
            continue
        start, end = sorted((at, other - 1))
        made[start, end] = Step(
            start + 1,
            end + 1,
            tuple(sorted(projects[end] - projects[start])),
            tuple(sorted(projects[start] - projects[end])),
            tuple(sorted(firms[end] - firms[start])),
            tuple(sorted(firms[start] - firms[end])),
        )
    return tuple(made[pair] for pair in sorted(made))


def in_all(front: Front) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Projects awarded at every point, and firms treated at every point."""
    problem = front.opened.problem
    projects = frozenset.intersection(*(projects_of(problem, values) for values in front.found.values))
    firms = frozenset.intersection(*(firms_of(problem, values) for values in front.found.values))
    return tuple(sorted(projects)), tuple(sorted(firms))
