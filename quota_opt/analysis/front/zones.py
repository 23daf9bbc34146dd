"""Where a front may still have points: the search zones left by the points known, and the boxes proven empty.

All goals are turned so that less is better. A zone is everything below a corner u, {z : z < u}. The corners are the
local upper bounds of the points known (Klamroth, Lacour and Vanderpooten 2015): no zone lies in another, and together
they hold all that no known point dominates. A box is everything below a corner b too; no plan lies in it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quota_opt.model.linear import FloatArray


class Zones:
    """Corners of the zones still to be searched, in units in which `margin` tells two points apart.

    Shapes: `open` and `boxes` (…, goals), `points` (points, goals).
    """

    def __init__(self, goals: int, margin: FloatArray) -> None:
        self.margin = margin
        self.open: FloatArray = np.full((1, goals), np.inf)
        self.points: FloatArray = np.zeros((0, goals))
        self.boxes: FloatArray = np.zeros((0, goals))
        self._done: FloatArray = np.zeros((0, goals))

    def add_point(self, point: FloatArray) -> None:
        """Take in a point that no known one dominates; the zones it lies in are split."""
        self.points = np.vstack([self.points, point])
        count = len(self._done)
        everywhere, closed = split(np.vstack([self._done, self.open]), point, count)
        self._done = everywhere[closed]
        self.open = everywhere[~closed]
        self._close(self.boxes)

    def add_box(self, corner: FloatArray) -> None:
        """No plan lies below `corner` (by the margin or more): zones inside it are closed."""
        self.boxes = np.vstack([self.boxes, corner])
        self._close(corner[None, :])

    def give_up(self, at: int) -> None:
        """Close an open zone that nothing was proven of."""
        self._done = np.vstack([self._done, self.open[at]])
        self.open = np.delete(self.open, at, axis=0)

    def _close(self, boxes: FloatArray) -> None:
        if not len(boxes) or not len(self.open):
            return
        inside = covered(self.open, boxes, self.margin)
        self._done = np.vstack([self._done, self.open[inside]])
        self.open = self.open[~inside]


def split(corners: FloatArray, point: FloatArray, closed: int) -> tuple[FloatArray, NDArray[np.bool_]]:
    """The corners of the zones once `point` is known too, and which of them are closed; the first `closed` were.

    Each zone that holds the point gives one zone per goal; those inside another one are left out.
    """
    was_closed = np.arange(len(corners)) < closed
    holds = (point < corners).all(axis=1)
    kept, kept_closed = corners[~holds], was_closed[~holds]
    parts, flags = [], []
    for goal, value in enumerate(point):
        made = corners[holds].copy()
        made[:, goal] = value
        parts.append(made)
        flags.append(was_closed[holds])
    made, made_closed = np.vstack(parts), np.concatenate(flags)
    made, index = np.unique(made, axis=0, return_index=True)
    made_closed = made_closed[index]
    whole = np.vstack([kept, made])
    largest = np.ones(len(made), dtype=bool)
    for at, corner in enumerate(made):
        above = (whole >= corner).all(axis=1)
        above[len(kept) + at] = False
        largest[at] = not above.any()
    return np.vstack([kept, made[largest]]), np.concatenate([kept_closed, made_closed[largest]])


def covered(corners: FloatArray, boxes: FloatArray, margin: FloatArray) -> NDArray[np.bool_]:
    """Which zones lie in one of the boxes, a thousandth of the margin apart counting as equal.

    A zone lies in a union of boxes only if it lies in one of them, as all reach down without end.
    """
    inside = np.zeros(len(corners), dtype=bool)
    for box in boxes:
        inside |= (corners <= box + 1e-3 * margin).all(axis=1)
    return inside
