"""So many non-dominated points of a model of any size, spread evenly over the front.

Goals are turned so that less is better. After the best of each goal, the zone (`front_zones`) with the longest side
gets limits at half that side, z_j <= limit of j. The relaxation under these limits says what each goal is worth
there in units of the first, w_j; then

    least z_0 + w_1·z_1 + …     without the limits: a point near them, as quick as the plan of the case alone

Every w_j > 0, so what is least is a point that nothing dominates; what a solve proves of the sum it proves of z_0 where
the others are as good as there. A point that is not well inside the zone is looked for with the limits as rows. Each
solve starts from a plan found before, or from all that the one with the likest objective left.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from quota_opt.analysis.front.exact import NEARLY, RESOLUTION, Box, Found, reach_of, step_of
from quota_opt.analysis.front.zones import Zones
from quota_opt.analysis.opened import Opened, with_rows
from quota_opt.model.linear import Arrays, FloatArray
from quota_opt.solving.highs import relaxed
from quota_opt.solving.memory import Memory
from quota_opt.solving.profile import Profile
from quota_opt.solving.resolve import again, better_bound
from quota_opt.solving.status import OnProgress, Progress, Solution, Status
from quota_opt.solving.structure import applies

FINEST = 1e-3
"""Points nearer than this share of a goal's range count as one, where its own steps are not larger."""
WELL = 0.1
"""A weighted point nearer to an end of its side than this share of it is not well between."""
DENSE = 1_000
"""With so many whole decisions, weighted points lie close together all along a front."""
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
        complete=status is Status.OPTIMAL and not spread.within_gap and not len(spread.zones.open),
        status=status,
        programs=spread.programs,
        seconds=time.monotonic() - began,
    )


@dataclass(frozen=True, eq=False)
class _Side:
    """The zone to look into next, limits in it, and the goal that is halved (0: none).

    `at` is its position among the open ones, `corner` where it ends, `least` what the goal can come to in it.
    """

    at: int
    corner: FloatArray
    limits: FloatArray
    goal: int
    least: float


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
        self.memories: list[Memory] = []
        self.programs = 0
        self.within_gap = False  # whether a zone was left to the gap
        self.zones = Zones(len(goals), np.zeros(len(goals)))
        self.large = int(arrays.integer.sum()) >= DENSE
        self.starts: list[FloatArray] = []
        self.scale = 0.0
        self.basis: Any = None
        steps = [step_of(row) if not row[~arrays.integer].any() else None for row in goals]
        self.whole = tuple(step is not None for step in steps)
        self.margin = np.array([0.0 if step is None else step for step in steps])
        self.margin_of = np.where(self.margin > 0.0, self.margin, 1.0)

    def points(self) -> FloatArray:
        """The goals at the plans found."""
        return np.array([self.goals @ values for values in self.values]).reshape(-1, len(self.goals))

    def run(self, count: int) -> Status:
        """Find the best of each goal, then halve the longest sides; how it ended."""
        for step in (self._payoffs, self._ends):
            status = step()
            if status is not Status.OPTIMAL:
                return status
        asked: set[tuple[float, ...]] = set()
        while len(self.values) < count:
            zone = self._widest()
            if zone is None:
                break
            if tuple(zone.limits) in asked:
                self.zones.give_up(zone.at)
                self.within_gap = True
                continue
            asked.add(tuple(zone.limits))
            status = self._point(zone)
            if status is not Status.OPTIMAL:
                return status
        return Status.OPTIMAL

    def _payoffs(self) -> Status:
        """The least of each goal by itself: ranges, weights, and the boxes below."""
        number = len(self.goals)
        plans, least = [], np.zeros(number)
        for goal in range(number):
            found = self._asked(np.eye(number)[goal], np.full(number, np.inf), None)
            if found is None or found.values is None:
                return Status.NO_SOLUTION_FOUND if found is None else found.status
            plans.append(found.values)
            least[goal] = -found.bound
        payoffs = np.array([self.goals @ values for values in plans])
        self.best, self.most = payoffs.min(axis=0), payoffs.max(axis=0)
        reach = RESOLUTION * np.array([reach_of(self.arrays, row) for row in self.goals])
        self.span = np.maximum(self.most - self.best, np.maximum(self.margin, reach))
        self.margin = np.maximum(self.margin, FINEST * self.span)
        self.most = self.most + self.margin
        self.scale = max(abs(self.best[0]), self.span[0])
        self.room = (1.0 - NEARLY) * self.margin
        self.weights = SHARE * self.span[0] / self.span / number
        self.weights[0] = 1.0
        self.zones = Zones(number, self.margin)
        self.starts = plans
        for goal in range(number):
            self._box(np.where(np.arange(number) == goal, least + self.room, np.inf), goal, float(least[goal]))
        return Status.OPTIMAL

    def _ends(self) -> Status:
        """The points at the best of each goal."""
        for goal in range(len(self.goals)):
            corner = self.most + self.margin
            if goal:
                corner[goal] = self.best[goal] + self.margin[goal]
            status = self._point(_Side(0, corner, corner - self.margin, 0, 0.0))
            if status is not Status.OPTIMAL:
                return status
        return Status.OPTIMAL

    def _take(self, values: FloatArray, bound: float, status: Status) -> None:
        """Keep a plan unless one found is as good; drop those it is as good as."""
        point = self.goals @ values
        old = self.points()
        if len(old) and bool((old <= point + 1e-3 * self.margin).all(axis=1).any()):
            return
        self.zones.add_point(np.where(self.whole, np.round(point / self.margin_of) * self.margin_of, point))
        kept = [at for at, other in enumerate(old) if (point > other + 1e-3 * self.margin).any()]
        self.values = [*(self.values[at] for at in kept), values]
        self.bounds = [*(self.bounds[at] for at in kept), min(bound, float(point[0]))]
        self.statuses = [*(self.statuses[at] for at in kept), status]

    def _box(self, corner: FloatArray, goal: int, bound: float, status: str = "OPTIMAL", seconds: float = 0.0) -> None:
        self.boxes.append(Box(tuple(map(float, corner)), goal, status, bound, seconds))
        self.zones.add_box(corner)

    def _widest(self) -> _Side | None:
        """Limits at half the longest side, in shares of the ranges, of any zone; None where all are narrow."""
        corners = np.minimum(self.zones.open, self.most + self.margin)
        least = np.broadcast_to(self.best - self.margin, corners.shape).copy()
        for box in self.zones.boxes:
            above = corners <= box + 1e-3 * self.margin
            for goal in range(len(self.span)):
                others = np.delete(above, goal, axis=1).all(axis=1)
                least[others, goal] = np.maximum(least[others, goal], box[goal] - self.margin[goal])
        sides = corners - least
        sides[(sides < (1.0 - 1e-6) * self.margin).any(axis=1)] = 0.0
        longest = (sides / self.span).max(axis=1, initial=0.0)
        if not longest.any():
            return None
        at = int(longest.argmax())
        goal = int((sides[at, 1:] / self.span[1:]).argmax()) + 1
        limits = corners[at] - self.margin
        limits[goal] = min(limits[goal], corners[at, goal] - sides[at, goal] / 2.0)
        limits[0] = self.most[0]
        return _Side(at, corners[at], limits, goal, float(least[at, goal]))

    def _point(self, side: _Side) -> Status:
        """A point of a zone, or a larger empty box.

        First with the weights that limits at the middle of the side have in the relaxation; where these lead to a
        point outside of the zone or next to its end, with the limits themselves. Large models go without these: with
        so many small choices weights lead about anywhere, and limits across all places take many times as long.
        """
        endless = np.full(len(self.goals), np.inf)
        limits = np.append(np.inf, side.limits[1:])
        weights = self._weights(limits)
        if weights is not None:
            found = self._asked(weights, endless, self._start(weights, endless))
            if found is None:
                return Status.FEASIBLE
            if found.values is not None and found.status in (Status.OPTIMAL, Status.FEASIBLE):
                point = self.goals @ found.values
                self._bounded(weights, point, found)
                if self.large or self._well_inside(side, point):
                    return self._keep(weights, found)
        weights = self.weights
        found = self._asked(weights, limits, self._start(weights, limits))
        if found is None:
            return Status.FEASIBLE
        if found.status is Status.INFEASIBLE:
            self._box(np.append(np.inf, limits[1:] + self.margin[1:]), 0, math.inf, str(found.status), found.seconds)
            return self._next()
        if found.values is None:
            return Status.FEASIBLE if found.status is Status.NO_SOLUTION_FOUND else found.status
        self._bounded(weights, limits, found)
        return self._keep(weights, found)

    def _well_inside(self, side: _Side, point: FloatArray) -> bool:
        """Whether a point lies in a zone, and not next to the ends of the side that is halved."""
        if (point > side.corner - NEARLY * self.margin).any():
            return False
        goal, length = side.goal, side.corner[side.goal] - side.least
        if not goal or length <= 4.0 * self.margin[goal]:
            return True
        aside = WELL * length
        return bool(side.least + aside <= point[goal] <= side.corner[goal] - aside)

    def _weights(self, limits: FloatArray) -> FloatArray | None:
        """What one unit of each goal is worth in the relaxation under limits, in units of the first; None without."""
        root = relaxed(self._model(self.weights, limits), self._left(), self.basis)
        if root is None:
            return None
        self.basis = root.basis
        prices = np.append(1.0, root.prices[self.first_row + 1 :])
        weights: FloatArray = np.maximum(self.weights, np.abs(prices))
        return weights

    def _bounded(self, weights: FloatArray, limits: FloatArray, found: Solution) -> None:
        """The box that a solve proves empty: how small the first goal can be where the others meet `limits`."""
        least = -found.bound - float(weights[1:] @ limits[1:])
        corner = limits + self.margin
        corner[0] = least + self.room[0]
        self._box(corner, 0, least, str(found.status), found.seconds)

    def _keep(self, weights: FloatArray, found: Solution) -> Status:
        assert found.values is not None
        bound = -found.bound - float(weights[1:] @ (self.goals @ found.values)[1:])
        self._take(found.values, bound, found.status)
        return self._next()

    def _next(self) -> Status:
        return Status.OPTIMAL if self._told() else Status.FEASIBLE

    def _told(self) -> bool:
        if self.on_progress is None:
            return True
        progress = Progress("points", time.monotonic() - self.began, float(len(self.values)))
        return self.on_progress(progress) is not False

    def _left(self) -> float:
        """Seconds left for the next program."""
        limit = self.opened.profile.time_limit_s
        return max(min(self.until - time.monotonic(), math.inf if limit is None else limit), 0.0)

    def _model(self, weights: FloatArray, limits: FloatArray) -> Arrays:
        """The model that has the most of −weights · z under limits of the goals."""
        upper = self.arrays.row_upper.copy()
        upper[self.first_row :] = limits
        return replace(self.arrays, objective=-(weights @ self.goals), row_upper=upper)

    def _asked(self, weights: FloatArray, limits: FloatArray, start: FloatArray | None) -> Solution | None:
        """The most of −weights · z under limits; None where time is up."""
        left = self._left()
        if left <= 0:
            return None
        profile = self.opened.profile
        if math.isfinite(left):
            profile = profile.with_limits(time_limit=left)
        model = self._model(weights, limits)
        self.programs += 1
        if self.scale and start is not None:
            # The gap counts from the best of the first goal, wherever on the front the point is, or from the range of
            # the goal that weighs most there.
            size = max(self.scale, float((weights * self.span)[1:].max()))
            model = replace(model, offset=size - model.value(start))
        found = self._solved(model, profile, start)
        return replace(found, objective=found.objective - model.offset, bound=found.bound - model.offset)

    def _start(self, weights: FloatArray, limits: FloatArray) -> FloatArray | None:
        """The best plan found that meets the limits."""
        known = [(self.goals @ values, values) for values in [*self.values, *self.starts]]
        meets = [(float(weights @ point), values) for point, values in known if (point <= limits).all()]
        return min(meets, key=lambda pair: pair[0])[1] if meets else None

    def _solved(self, asked: Arrays, profile: Profile, start: FloatArray | None) -> Solution:
        """From what the solve with the likest objective left where the model is a large one, else from a plan."""
        tell = self.on_progress
        if not applies(asked, profile):
            return self.opened.ask(asked, start=start, profile=profile, on_progress=tell, stage="front")
        known, root = None, None
        if self.memories:
            likest = max(self.memories, key=lambda memory: _alike(memory.arrays.objective, asked.objective))
            found = again(asked, profile, likest, on_progress=tell, stage="front")
            known, root = found.solution, found.root
        if known is None or known.status is not Status.OPTIMAL:
            start = start if known is None or known.values is None else known.values
            solution = self.opened.ask(asked, start=start, profile=profile, on_progress=tell, stage="front")
            known = solution if known is None else better_bound(solution, known, profile.relative_gap)
        if known.values is not None:
            self.memories.append(Memory(asked, known.values, known.proof, root))
        return known


def _alike(one: FloatArray, other: FloatArray) -> float:
    """How near two objectives are, whatever they are multiplied by: 1 where they are the same."""
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / size if size else 0.0
