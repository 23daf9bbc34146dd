"""Whether a front is complete, checked from points and boxes alone: no solver, no model.

Every goal is turned so that less is better. A plan better than every point known in no way can only lie in a zone that
the points leave open; the front is complete if each of these zones lies in a box that was proven empty.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quota_opt.errors import Text
from quota_opt.model.linear import FloatArray


def front_problems(points: FloatArray, boxes: FloatArray, margin: FloatArray) -> tuple[Text, ...]:
    """What stands against a front: points (points, goals), boxes (boxes, goals); empty where it is proven complete.

    `margin` (goals): plans nearer than this in a goal count as equal there. A box says that no plan is as small as
    its corner less the margin in all goals; inf where it has no limit.
    """
    points, boxes = np.asarray(points, dtype=float), np.asarray(boxes, dtype=float)
    problems = [*_dominated(points, margin), *_inside(points, boxes, margin)]
    for corner in _corners(points):
        if not any(np.all(corner <= box + 1e-3 * margin) for box in boxes):
            where = ", ".join("∞" if np.isinf(value) else f"{value:.10g}" for value in corner)
            problems.append(
                Text(
                    f"没有证明 ({where}) 以内再无方案：前沿可能不全。",
                    f"It is not proven that no plan lies below ({where}): the front may lack points.",
                )
            )
    return tuple(problems)


def _dominated(points: FloatArray, margin: FloatArray) -> Sequence[Text]:
    """Points that another is as good as in every goal."""
    found = []
    for at, point in enumerate(points):
        others = np.delete(points, at, axis=0)
        if len(others) and bool((others <= point + 1e-3 * margin).all(axis=1).any()):
            found.append(
                Text(f"第 {at + 1} 点不优于另一点。", f"Point {at + 1} is dominated by another, or stands twice.")
            )
    return found


def _inside(points: FloatArray, boxes: FloatArray, margin: FloatArray) -> Sequence[Text]:
    """Points inside boxes that are said to be empty."""
    return [
        Text(f"第 {at + 1} 点在写作“没有方案”的范围内。", f"Point {at + 1} lies where no plan is said to be.")
        for at, point in enumerate(points)
        if any(np.all(point <= box - 0.9995 * margin) for box in boxes)
    ]


def _corners(points: FloatArray) -> list[FloatArray]:
    """Upper corners of all that no point dominates: one point after the other cuts every corner above it.

    Written for being right at a glance, not for speed; corners inside others are left out at each step.
    """
    corners = [np.full(points.shape[1], np.inf)]
    for point in points:
        kept = [corner for corner in corners if not np.all(point < corner)]
        cut = {}
        for corner in corners:
            if np.all(point < corner):
                for goal in range(len(point)):
                    made = corner.copy()
                    made[goal] = point[goal]
                    cut[tuple(made)] = made
        fresh = list(cut.values())
        whole = np.array([*kept, *fresh])
        for made in fresh:
            above = (whole >= made).all(axis=1)
            if int(above.sum()) == 1:  # itself alone
                kept.append(made)
        corners = kept
    return corners
