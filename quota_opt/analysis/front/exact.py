"""Every non-dominated point of a model in whole numbers, with what proves that there are no others.

Goals are turned so that less is better. As in Tamby and Vanderpooten (2021), from the zones of `front_zones`:

    1. take the zone and the goal i with the most room in the others:   least z_i,  z_j < u_j for all j but i
    2. its bound proves a box empty: zones inside it are closed, this one with them if the least is not below u_i
    3. else, at that z_i, the least sum of all goals is a point that nothing dominates; it splits the zones

Each program starts from the best point known that meets its limits, so that what is left for it is the proof. Where
decisions are all yes or no, zones small enough have their plans listed instead (`front_listing`): the best of these are
points, and what they leave of the zone is empty. Larger ones are then split in the middle, by the least weighted sum.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from quota_opt.analysis.front.listing import Listing
from quota_opt.analysis.front.zones import Zones, split
from quota_opt.model.linear import Arrays, FloatArray
from quota_opt.solving.hot import HotGoals, Least
from quota_opt.solving.profile import Profile
from quota_opt.solving.status import OnProgress, Progress, Status

DECIMALS = 6
"""Coefficients with no more decimals than this are multiples of a common step."""
RESOLUTION = 1e-6
"""Where there is no step: this share of a goal's range tells two points apart."""
NEARLY = 1e-3
"""How far, in margins, an optimum may be left open: the solver's tolerance, too little to hide a point."""


LISTED = "LISTED"
"""The proof of a box whose plans were all looked at."""


class Scalariser(Protocol):
    """Minimises weighted goals under limits of them; see `HotGoals.least`."""

    def least(
        self,
        weights: FloatArray,
        limits: FloatArray,
        *,
        enough: float,
        start: FloatArray | None = None,
        seconds: float = math.inf,
        on_progress: OnProgress | None = None,
    ) -> Least:
        """Minimise `weights` · z under z <= `limits`, to an absolute gap of `enough`, in at most `seconds`."""
        ...


@dataclass(frozen=True)
class Box:
    """One proof: no plan is as small as `corner` less the margin in all goals (inf: no limit).

    `goal` was minimised; `status` and `bound` are the solver's, or LISTED where all plans were looked at.
    """

    corner: tuple[float, ...]
    goal: int
    status: str
    bound: float
    seconds: float


@dataclass(frozen=True, eq=False)
class Found:
    """A front in the units of its goals, less being better.

    `points` (points, goals) in order of the first goal; `values` the columns of each; `bounds` how small the first goal
    is proven to be able to get where the others are as good as there, and the `statuses` that makes; `margin` (goals)
    what tells two points apart, `steps` whether it is a step all values are multiples of; `complete` whether the boxes
    prove that no point is lacking; `status` why it ended: OPTIMAL, INFEASIBLE, or a limit.
    """

    points: FloatArray
    values: tuple[FloatArray, ...]
    bounds: FloatArray
    statuses: tuple[Status, ...]
    margin: FloatArray
    steps: tuple[bool, ...]
    boxes: tuple[Box, ...]
    complete: bool
    status: Status
    programs: int
    seconds: float

    @property
    def corners(self) -> FloatArray:
        """The corners of the boxes, (boxes, goals)."""
        return np.array([box.corner for box in self.boxes]).reshape(-1, self.points.shape[1])


def step_of(weights: FloatArray) -> float | None:
    """The largest number all of `weights` are whole multiples of; None where they have more than six decimals."""
    used = weights[weights != 0.0]
    if not len(used):
        return 1.0
    for power in range(DECIMALS + 1):
        scaled = used * 10.0**power
        whole = np.round(scaled)
        if (np.abs(scaled - whole) <= 1e-9 * np.maximum(1.0, np.abs(scaled))).all() and np.abs(whole).max() < 2.0**50:
            return float(np.gcd.reduce(whole.astype(np.int64))) / 10.0**power
    return None


@dataclass(eq=False)
class _Search:
    """The state of one search, goals in margins: a step, or the resolution, is 1."""

    program: Scalariser
    goals: FloatArray  # (goals, columns), in margins
    whole: tuple[bool, ...]  # whether the goal takes whole numbers only
    tell: Callable[[int, int], bool]
    until: float
    longest: float
    on_progress: OnProgress | None
    listing: Listing | None
    zones: Zones = field(init=False)
    tried: set[tuple[float, ...]] = field(default_factory=set)
    values: list[FloatArray] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    programs: int = 0
    status: Status = Status.OPTIMAL

    def __post_init__(self) -> None:
        self.zones = Zones(len(self.goals), np.ones(len(self.goals)))

    def run(self) -> None:
        """Search until no zone is open or a limit comes."""
        corner = np.full(len(self.goals), np.inf)
        for goal in range(len(self.goals)):
            if not self.ask(corner, goal):
                return
        while len(self.zones.open):
            if self.list_one():
                if not self.proceed():
                    return
            elif len(self.zones.open):
                zone, goal = self.widest()
                if not (self.ask(zone, goal) if self.listing is None else self.ask_middle(zone)):
                    return

    def list_one(self) -> bool:
        """Close an open zone whose plans can be listed; False where there is none."""
        if self.listing is None:
            return False
        for corner in self.zones.open:
            if tuple(corner) in self.tried:
                continue
            self.tried.add(tuple(corner))
            plans = self.listing.plans(corner - 1.0 + np.where(self.whole, 1e-4, 0.0))
            if plans is not None:
                self.take_listed(corner, plans)
                return True
        return False

    def take_listed(self, corner: FloatArray, plans: FloatArray) -> None:
        """Take in the best of all plans of a zone; what they leave of it is empty."""
        points = np.array([self.at(plan) for plan in plans]).reshape(-1, len(self.goals))
        inside = (points <= corner - 1.0 + NEARLY).all(axis=1)
        left = corner[None, :]
        order = np.flatnonzero(inside)[np.argsort(points[inside].sum(axis=1), kind="stable")]
        for at in order:
            if (points[at] < left - 1.0 + 2 * NEARLY).all(axis=1).any():
                left = split(left, points[at], 0)[0]
                self.values.append(plans[at])
                self.zones.add_point(points[at])
        for rest in left:
            self.add_box(rest, 0, Least(Status.OPTIMAL, None, math.inf), LISTED)

    def widest(self) -> tuple[FloatArray, int]:
        """The zone and the goal whose others have the most room."""
        corners, points = self.zones.open, self.zones.points
        floor, ceiling = points.min(axis=0), points.max(axis=0) + 1.0
        room = np.maximum(np.minimum(corners, ceiling) - floor, 1e-9)
        others = room.prod(axis=1, keepdims=True) / room
        zone, goal = np.unravel_index(int(others.argmax()), others.shape)
        return corners[zone], int(goal)

    def ask(self, corner: FloatArray, goal: int) -> bool:
        """Minimise one goal in a zone; False where the search must end."""
        others = np.arange(len(self.goals)) != goal
        limits = np.where(others, corner - 1.0, np.inf)
        weights = np.where(others, 0.0, 1.0)
        found = self.least(weights, limits, self.open_gap((goal,)), self.start(limits, goal))
        if found is None:
            return False
        if found.status is Status.INFEASIBLE:
            if np.isinf(limits).all():
                self.status = Status.INFEASIBLE
                return False
            self.add_box(np.where(others, corner, np.inf), goal, found)
            return True
        best = self.rounded(found.bound, goal)
        self.add_box(np.where(others, corner, best + (1.0 if not self.whole[goal] else 0.0)), goal, found)
        assert found.values is not None
        value = float(self.goals[goal] @ found.values)
        if self.known(corner, goal, value):
            return self.proceed()
        limits[goal] = value + (0.0 if self.whole[goal] else NEARLY)
        point = self.least(np.ones(len(self.goals)), limits, self.open_gap(range(len(self.goals))), found.values)
        if point is None or point.values is None:
            self.status = Status.ERROR if point is not None else self.status
            return False
        self.values.append(point.values)
        self.zones.add_point(self.at(point.values))
        return self.proceed()

    def ask_middle(self, corner: FloatArray) -> bool:
        """Minimise a sum of all goals in a zone, each by the room it has there; False where the search must end.

        What is least under limits of all goals is a point that nothing dominates; if there is none, the zone is empty.
        """
        points = self.zones.points
        room = np.minimum(corner, points.max(axis=0) + 1.0) - points.min(axis=0)
        weights = room.max() / np.maximum(room, 1.0)
        found = self.least(weights, corner - 1.0, 0.99 * min(self.open_gap(range(len(weights))), 1.0), None)
        if found is None:
            return False
        if found.status is Status.INFEASIBLE:
            self.add_box(corner, 0, found)
        elif found.values is not None:
            self.values.append(found.values)
            self.zones.add_point(self.at(found.values))
        return self.proceed()

    def known(self, corner: FloatArray, goal: int, value: float) -> bool:
        """Whether a least value is no new point: not below its zone, or (of a whole front) that of a known one."""
        if np.isfinite(corner).any():
            return bool(value > corner[goal] - 1.0 + 2 * NEARLY)
        points = self.zones.points
        return len(points) > 0 and bool((points[:, goal] <= value + 2 * NEARLY).any())

    def proceed(self) -> bool:
        """Tell how far the search is; whether it goes on."""
        if self.tell(len(self.values), len(self.zones.open)):
            return True
        self.status = Status.FEASIBLE
        return False

    def least(self, weights: FloatArray, limits: FloatArray, enough: float, start: FloatArray | None) -> Least | None:
        """Ask the program; None where a limit came, or it failed."""
        left = min(self.until - time.monotonic(), self.longest)
        if left <= 0:
            self.status = Status.FEASIBLE
            return None
        eased = limits + np.where(self.whole, 1e-4, 0.0)
        found = self.program.least(
            weights, eased, enough=enough, start=start, seconds=left, on_progress=self.on_progress
        )
        self.programs += 1
        if found.status in (Status.OPTIMAL, Status.INFEASIBLE):
            return found
        self.status = Status.FEASIBLE if found.status is Status.NO_SOLUTION_FOUND else found.status
        return None

    def start(self, limits: FloatArray, goal: int) -> FloatArray | None:
        """The best point known that meets the limits."""
        points = self.zones.points
        meets = np.flatnonzero((points <= limits + NEARLY).all(axis=1))
        return self.values[meets[points[meets, goal].argmin()]] if len(meets) else None

    def open_gap(self, goals: tuple[int, ...] | range) -> float:
        """The absolute gap that decides a sum of these goals: below 1 where all of them are whole."""
        return 0.99 if all(self.whole[goal] for goal in goals) else NEARLY

    def rounded(self, bound: float, goal: int) -> float:
        """The least value a goal can take, given a bound."""
        return float(math.ceil(bound - 1e-4)) if self.whole[goal] else bound - NEARLY

    def at(self, values: FloatArray) -> FloatArray:
        """The goals at a plan."""
        point = self.goals @ values
        return np.where(self.whole, np.round(point), point)

    def add_box(self, corner: FloatArray, goal: int, found: Least, status: str = "") -> None:
        """Keep a proof."""
        said = status or str(found.status)
        self.boxes.append(Box(tuple(map(float, corner)), goal, said, float(found.bound), found.seconds))
        self.zones.add_box(corner)


def exact_front(
    arrays: Arrays,
    goals: FloatArray,
    profile: Profile,
    *,
    until: float = math.inf,
    on_progress: OnProgress | None = None,
    program: Callable[[Arrays, FloatArray, Profile], Scalariser] = HotGoals,
) -> Found:
    """Every non-dominated point of `goals` @ x over the plans of `arrays`, each once; less is better in every goal.

    `goals` (goals, columns) weigh whole-number columns only (ValueError otherwise). `until` is a time of
    `time.monotonic`; what was found by then is returned, not `complete`.
    """
    if goals[:, ~arrays.integer].any():
        raise ValueError("a goal weighs columns that are not whole numbers")
    began = time.monotonic()
    steps = [step_of(row) for row in goals]
    resolved = [RESOLUTION * reach_of(arrays, row) for row in goals]
    margin = np.array([fine if step is None else step for step, fine in zip(steps, resolved, strict=True)])
    whole = tuple(step is not None for step in steps)
    scaled = goals / margin[:, None]
    scaled = np.where(np.array(whole)[:, None], np.round(scaled), scaled)

    def tell(points: int, zones: int) -> bool:
        if on_progress is None:
            return True
        return on_progress(Progress("points", time.monotonic() - began, float(points))) is not False

    longest = math.inf if profile.time_limit_s is None else profile.time_limit_s
    listing = Listing(arrays, scaled) if Listing.applies(arrays) else None
    search = _Search(program(arrays, scaled, profile), scaled, whole, tell, until, longest, on_progress, listing)
    search.run()
    order = np.lexsort(search.zones.points.T[::-1]) if len(search.values) else np.zeros(0, dtype=np.int64)
    return Found(
        search.zones.points[order] * margin,
        tuple(search.values[at] for at in order),
        search.zones.points[order, 0] * margin[0],
        (Status.OPTIMAL,) * len(order),
        margin,
        whole,
        tuple(
            replace(box, corner=tuple(map(float, box.corner * margin)), bound=box.bound * float(margin[box.goal]))
            for box in search.boxes
        ),
        complete=search.status is Status.OPTIMAL and not len(search.zones.open),
        status=search.status,
        programs=search.programs,
        seconds=time.monotonic() - began,
    )


def reach_of(arrays: Arrays, goal: FloatArray) -> float:
    """How far apart the values of a goal may be, from the bounds of the columns."""
    with np.errstate(invalid="ignore"):
        reach = np.where(goal != 0.0, np.abs(goal) * (arrays.upper - arrays.lower), 0.0)
    total = float(reach.sum())
    return total if math.isfinite(total) and total > 0 else 1.0
