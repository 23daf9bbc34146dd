"""Worlds: what may happen to each action and project, drawn from the case's distributions.

A draw belongs to a firm or project by its identifier, whatever the plan does with it, when, or which row it stands in:
two plans of a case meet the same worlds (common random numbers), and the first hundred of a thousand worlds are those
of a hundred. The counters of Philox make each identifier a stream of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from quota_opt.model.case import Case, FloatArray, IntArray
from quota_opt.scenario import Uncertainty
from quota_opt.scenario.uncertainty import Distribution, Lateness

LEAST = 2.0**-54
"""A uniform draw is never 0, so that every distribution has a value for it."""


@dataclass(frozen=True, eq=False)
class Worlds:
    """What happens in each world to some actions (A) and projects (P) of a case; all arrays are (A or P, worlds).

    `slip` and `delay` are years late; `delivers` and `needs` are times what the case states; `there`: not dropped out.
    """

    slip: IntArray
    delivers: FloatArray
    delay: IntArray
    needs: FloatArray
    there: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """How many worlds there are."""
        return int(self.slip.shape[1])

    def some(self, part: slice) -> Worlds:
        """Only some of the worlds."""
        return Worlds(
            self.slip[:, part], self.delivers[:, part], self.delay[:, part], self.needs[:, part], self.there[:, part]
        )


def draw(
    case: Case, uncertainty: Uncertainty, actions: IntArray, projects: IntArray, *, worlds: int, seed: int
) -> Worlds:
    """What happens to the rows `actions` of the actions and `projects` of the projects of a case in each world."""
    source = _Source(seed, worlds, uncertainty.correlation)
    tables = case.actions.iloc[actions], case.projects.iloc[projects]
    slip, delay = (np.zeros((len(table), worlds), dtype=np.int64) for table in tables)
    delivers, needs = (np.ones((len(table), worlds)) for table in tables)
    there = np.ones((len(projects), worlds), dtype=bool)
    places = [case.places.names[table["place_code"].to_numpy(dtype=np.int64)].tolist() for table in tables]
    kinds, firms = tables[0]["action"].tolist(), tables[0]["firm"].tolist()
    for i, (kind, firm, place) in enumerate(zip(kinds, firms, places[0], strict=True)):
        of_action = uncertainty.actions.get(kind)
        if of_action is not None and of_action.slip is not None:
            slip[i] = _late(of_action.slip, source.uniform("slip", firm, place))
        if of_action is not None and of_action.delivery is not None:
            delivers[i] = quantile(of_action.delivery, source.uniform("delivery", firm, place))
    categories, names = tables[1]["category"].tolist(), tables[1]["project"].tolist()
    for i, (category, name, place) in enumerate(zip(categories, names, places[1], strict=True)):
        of_project = uncertainty.projects.get(category)
        if of_project is None:
            continue
        if of_project.delay is not None:
            delay[i] = _late(of_project.delay, source.uniform("delay", name, place))
        if of_project.need is not None:
            needs[i] = quantile(of_project.need, source.uniform("need", name, place))
        if of_project.drop_out:
            there[i] = source.uniform("drop_out", name, place) >= of_project.drop_out
    return Worlds(slip, delivers, delay, needs, there)


def quantile(of: Distribution, u: FloatArray) -> FloatArray:
    """The values below which a distribution has the shares `u` of its probability."""
    if of.distribution == "discrete":
        order = np.argsort(of.values, kind="stable")
        reached = np.cumsum(np.asarray(of.probabilities)[order])
        found: FloatArray = np.asarray(of.values, dtype=float)[order][
            np.minimum(np.searchsorted(reached, u, side="right"), len(order) - 1)
        ]
        return found
    low, high = of.ends
    if of.distribution == "uniform":
        return low + (high - low) * u
    if of.distribution == "triangular":
        mode = float(of.mode or 0.0)
        below = u * (high - low) < mode - low
        rising = low + np.sqrt(u * (high - low) * (mode - low))
        falling = high - np.sqrt((1.0 - u) * (high - low) * (high - mode))
        return np.where(below, rising, falling)
    mean, sd = float(of.mean or 0.0), float(of.sd or 1.0)
    first, last = (float(ndtr((end - mean) / sd)) for end in (low, high))
    within: FloatArray = np.clip(mean + sd * ndtri(first + (last - first) * u), low, high)
    return within


def _late(of: Lateness, u: FloatArray) -> IntArray:
    return np.where(u < of.probability, of.years, 0)


class _Source:
    """Uniform draws by what is drawn and for whom; a share of each is common to the place."""

    def __init__(self, seed: int, worlds: int, common: float) -> None:
        self._seed, self._worlds, self._common = seed, worlds, common
        self._of_place: Callable[[str, str], FloatArray] = lru_cache(maxsize=None)(self._stream_of_place)

    def uniform(self, what: str, name: str, place: str) -> FloatArray:
        """(worlds,): one draw of `what` for the firm or project `name`."""
        own = self._stream(what, name)
        if not self._common:
            return own
        both = np.sqrt(self._common) * self._of_place(what, place) + np.sqrt(1.0 - self._common) * ndtri(own)
        joint: FloatArray = np.clip(ndtr(both), LEAST, 1.0 - LEAST)
        return joint

    def _stream_of_place(self, what: str, place: str) -> FloatArray:
        normal: FloatArray = ndtri(self._stream(f"{what} of place", place))
        return normal

    def _stream(self, what: str, name: str) -> FloatArray:
        digest = blake2b("\x1f".join((str(self._seed), what, name)).encode(), digest_size=16).digest()
        generator = np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))
        return np.maximum(generator.random(self._worlds), LEAST)
