"""So many non-dominated points of a model of any size, spread evenly over the front.

Goals are turned so that less is better. The first is minimised, the others have limits (the ε-constraint method):

    least z_0 + ρ·(z_1 + …)    z_j <= limit of j

A small ρ > 0 makes every optimum non-dominated; what a solve proves of the sum it proves of z_0, less ρ times the
limits. After the best of each goal, the zone with the longest side (of `front_zones`) has its limit at half that side;
what is proven empty shortens the side. A solve starts from a plan found before, or from what that left as proof.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from quota_opt.analysis.front import Box, Found, step_of
from quota_opt.analysis.front_zones import Zones
from quota_opt.analysis.opened import Opened, with_rows
from quota_opt.model.linear import Arrays, FloatArray
from quota_opt.solving.memory import Memory
from quota_opt.solving.profile import Profile
from quota_opt.solving.resolve import again, better_bound
from quota_opt.solving.status import OnProgress, Progress, Solution, Status
from quota_opt.solving.structure import applies

FINEST = 1e-3
"""Points nearer than this share of a goal's range count as one, where its own steps are not larger."""
SHARE = 1e-3
"""What all other goals over their whole range may weigh beside the range of the first."""


def spread_front(
    opened: Opened,
    arrays: Arrays,
    goals: FloatArray,
    count: int,
    *,
    until: float = math.inf,
    on_progress: OnProgress | None = None,
) -> Found:
    """At most `count` points of `goals` (goals, columns) over the plans of `arrays`, each within the profile's gap.

    `until` is a time of `time.monotonic`; what was found by then is returned. `complete` where no zone is left.
    """
    began = time.monotonic()
    spread = _Spread(opened, arrays, goals, until, on_progress)
    status = spread.run(count)
    points = spread.points()
    order = np.lexsort(points.T[::-1]) if len(points) else np.zeros(0, dtype=np.int64)
    return Found(
        points[order],
        tuple(spread.values[at] for at in order),
        np.array([spread.bounds[at] for at in order]),
        tuple(spread.statuses[at] for at in order),
        spread.margin,
        spread.whole,
        tuple(spread.boxes),
        complete=status is Status.OPTIMAL and spread.zones is not None and not len(spread.zones.open),
        status=status,
        programs=spread.programs,
        seconds=time.monotonic() - began,
    )


class _Spread:
    """The points and boxes so far; the model keeps one row per goal after its own."""

    def __init__(
        self, opened: Opened, arrays: Arrays, goals: FloatArray, until: float, on_progress: OnProgress | None
    ) -> None:
        self.opened, self.goals, self.until, self.on_progress = opened, goals, until, on_progress
        self.first_row = arrays.rows
        self.arrays = with_rows(arrays, sp.csr_array(goals), -np.inf, np.inf)
        self.began = time.monotonic()
        self.values: list[FloatArray] = []
        self.bounds: list[float] = []
        self.statuses: list[Status] = []
        self.boxes: list[Box] = []
        self.memory: Memory | None = None
        self.programs = 0
        self.zones: Zones | None = None
        steps = [step_of(row) if not row[~arrays.integer].any() else None for row in goals]
        self.whole = tuple(step is not None for step in steps)
        self.margin = np.array([0.0 if step is None else step for step in steps])

    def points(self) -> FloatArray:
        """The goals at the plans found."""
        return np.array([self.goals @ values for values in self.values]).reshape(-1, len(self.goals))

    def run(self, count: int) -> Status:
        """Find the best of each goal, then halve the longest sides; how it ended."""
        status = self._ends()
        if status is not Status.OPTIMAL:
            return status
        self.zones = self._zoned()
        while len(self.values) < count and len(self.zones.open):
            zone, side, goal = self._widest()
            if not goal:
                break
            limits = zone - self.margin
            limits[0] = np.inf
            limits[goal] = min(limits[goal], zone[goal] - side / 2.0)
            status = self._halved(self.zones, limits, zone)
            if status is not Status.OPTIMAL:
                return status
        return Status.OPTIMAL

    def _ends(self) -> Status:
        """The best of each goal, the others as good as they can be beside it; ranges and weights from these."""
        number = len(self.goals)
        self.weights = np.ones(number)
        self.ends: list[tuple[FloatArray, float]] = []
        for goal in [0, *range(1, number)]:
            size = np.abs(self.goals).sum(axis=1)
            weights = SHARE * size[goal] / np.maximum(size, 1e-9) / number
            weights[goal] = 1.0
            found = self._asked(weights, np.full(number, np.inf))
            if found is None or found.values is None:
                return Status.NO_SOLUTION_FOUND if found is None else found.status
            point = self.goals @ found.values
            others = np.arange(number) != goal
            least = -found.bound - float(weights[others] @ point[others])
            self.ends.append((found.values, least))
            if found.status is not Status.OPTIMAL:
                return found.status
        return Status.OPTIMAL

    def _zoned(self) -> Zones:
        """Zones from the ends: points, margins, weights, and the boxes below the best of each goal."""
        ends = np.array([self.goals @ values for values, _ in self.ends])
        self.span = np.maximum(ends.max(axis=0) - ends.min(axis=0), 1e-9)
        self.margin = np.maximum(self.margin, FINEST * self.span)
        self.weights = SHARE * self.span[0] / self.span / len(self.goals)
        self.weights[0] = 1.0
        zones = self.zones = Zones(len(self.goals), self.margin)
        for goal, (values, least) in enumerate(self.ends):
            corner = np.full(len(self.goals), np.inf)
            corner[goal] = least + self.margin[goal]
            self._box(zones, corner, goal, least)
            bound = self.ends[0][1] if goal == 0 else -math.inf
            self._take(zones, values, bound, Status.OPTIMAL if goal == 0 else Status.FEASIBLE)
        return zones

    def _take(self, zones: Zones, values: FloatArray, bound: float, status: Status) -> bool:
        """Keep a plan that no plan found so far is as good as (by the margin); drop those it betters."""
        point = self.goals @ values
        old = self.points()
        if len(old) and bool((old <= point + 1e-9 * np.maximum(1.0, np.abs(point))).all(axis=1).any()):
            return False
        zones.add_point(point)
        kept = [at for at in range(len(old)) if not (point <= old[at]).all()]
        for listed in (self.values, self.bounds, self.statuses):
            listed[:] = [listed[at] for at in kept]  # type: ignore[index]
        self.values.append(values)
        self.bounds.append(min(bound, float(point[0])))
        self.statuses.append(status)
        return True

    def _box(self, zones: Zones, corner: FloatArray, goal: int, bound: float, status: str = "OPTIMAL") -> None:
        self.boxes.append(Box(tuple(map(float, corner)), goal, status, bound, 0.0))
        zones.add_box(corner)

    def _widest(self) -> tuple[FloatArray, float, int]:
        """The zone whose longest side is longest, in shares of the ranges; the side to halve (0: none is left)."""
        assert self.zones is not None
        corners, boxes = self.zones.open, self.zones.boxes
        least = np.full(corners.shape, -np.inf)
        for box in boxes:
            above = corners <= box + 1e-9 * self.span
            for goal in range(len(self.span)):
                others = np.delete(above, goal, axis=1).all(axis=1)
                least[others, goal] = np.maximum(least[others, goal], box[goal] - self.margin[goal])
        most = np.minimum(corners, np.array([self.goals @ v for v, _ in self.ends]).max(axis=0) + self.margin)
        sides = np.maximum(most - least, 0.0)
        halved = np.where(sides[:, 1:] > 2.0 * self.margin[1:], sides[:, 1:] / self.span[1:], 0.0)
        longest = np.where(halved.max(axis=1) > 0.0, np.maximum(halved.max(axis=1), sides[:, 0] / self.span[0]), 0.0)
        at = int(longest.argmax())
        if longest[at] <= 0.0:
            return corners[0], 0.0, 0
        goal = int(halved[at].argmax()) + 1
        self._most = most[at]
        zone = np.minimum(corners[at], most[at] + self.margin)
        return zone, float(sides[at, goal]), goal

    def _halved(self, zones: Zones, limits: FloatArray, zone: FloatArray) -> Status:
        """One solve under limits: a point, or a larger empty box."""
        found = self._asked(self.weights, limits)
        if found is None:
            return Status.FEASIBLE
        corner = limits + self.margin
        if found.status is Status.INFEASIBLE:
            corner[0] = np.inf
            self._box(zones, corner, 0, math.inf, str(found.status))
            return Status.OPTIMAL
        if found.values is None:
            return Status.FEASIBLE if found.status is Status.NO_SOLUTION_FOUND else found.status
        point = self.goals @ found.values
        least = -found.bound - float(self.weights[1:] @ limits[1:])
        corner[0] = least + self.margin[0]
        self._box(zones, corner, 0, least, str(found.status))
        bound = -found.bound - float(self.weights[1:] @ point[1:])
        self._take(zones, found.values, bound, found.status)
        return Status.OPTIMAL if self._told() else Status.FEASIBLE

    def _told(self) -> bool:
        if self.on_progress is None:
            return True
        progress = Progress("front", time.monotonic() - self.began, float(len(self.values)))
        return self.on_progress(progress) is not False

    def _asked(self, weights: FloatArray, limits: FloatArray) -> Solution | None:
        """The most of −weights · z under the limits of the goals; None where time is up."""
        left = self.until - time.monotonic()
        if left <= 0:
            return None
        profile = self.opened.profile
        if profile.time_limit_s is None or left < profile.time_limit_s:
            profile = profile if math.isinf(left) else profile.with_limits(time_limit=left)
        upper = self.arrays.row_upper.copy()
        upper[self.first_row :] = limits
        asked = replace(self.arrays, objective=-(weights @ self.goals), offset=0.0, row_upper=upper)
        self.programs += 1
        start = self._start(weights, limits)
        return self._solved(asked, profile, start)

    def _start(self, weights: FloatArray, limits: FloatArray) -> FloatArray | None:
        """The best plan found that meets the limits."""
        points = self.points()
        meets = np.flatnonzero((points <= limits).all(axis=1)) if len(points) else []
        return self.values[min(meets, key=lambda at: float(weights @ points[at]))] if len(meets) else None

    def _solved(self, asked: Arrays, profile: Profile, start: FloatArray | None) -> Solution:
        """From what the last solve left where the model is a large one, else with the plan to start from."""
        if not applies(asked, profile):
            return self.opened.ask(asked, start=start, profile=profile, on_progress=self.on_progress, stage="front")
        known = None
        if self.memory is not None:
            found = again(asked, profile, self.memory, on_progress=self.on_progress, stage="front")
            known = found.solution
            if found.root is not None:
                self.memory = replace(self.memory, root=found.root)
            if known.status is Status.OPTIMAL:
                self.memory = Memory(asked, known.values, known.proof, found.root)
                return known
            if known.values is not None:
                start = known.values
        solution = self.opened.ask(asked, start=start, profile=profile, on_progress=self.on_progress, stage="front")
        if known is not None:
            solution = better_bound(solution, known, profile.relative_gap)
        if solution.values is not None:
            root = None if self.memory is None else self.memory.root
            self.memory = Memory(asked, solution.values, solution.proof, root)
        return solution
