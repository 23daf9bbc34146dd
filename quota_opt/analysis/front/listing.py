"""All plans of a small zone at once: where the relaxation leaves little room, they can be listed.

The relaxation asks how deep a zone is: the least t with z_j <= limit_j + t for all goals j. Its prices give every
decision a regret, what t rises by at least where it is decided otherwise, and every plan of the zone has t <= 0:

    sum of the regrets of what is decided otherwise  <=  − least t

The decisions are taken up one by one, largest regret first, and only sums within this are kept, as long as rows and
limits can still be met. Too many, and there is no list: a solver has to look into the zone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from quota_opt.model.linear import Arrays, FloatArray
from quota_opt.solving.highs import load

MOST = 4_000
"""Partial plans at a time; beyond, a solver is as fast."""
UNDECIDED = 40
"""Decisions of small regret beyond which a list is not tried."""
SLACK = 1e-6


class Listing:
    """Lists the plans of zones of one model whose decisions are all yes or no."""

    def __init__(self, arrays: Arrays, goals: FloatArray) -> None:
        whole, rows = arrays.columns, arrays.rows
        self.goals, self.rows = goals, rows
        self.matrix = np.vstack([arrays.matrix.toarray(), goals])
        self.lower = np.append(arrays.row_lower, np.full(len(goals), -np.inf))
        self.upper = np.append(arrays.row_upper, np.full(len(goals), np.inf))
        depth = np.append(np.zeros(rows), -np.ones(len(goals)))[:, None]
        reach = float(np.abs(goals).sum()) + 1.0
        program = replace(
            arrays,
            objective=np.append(np.zeros(whole), -1.0),
            offset=0.0,
            lower=np.append(arrays.lower, -reach),
            upper=np.append(arrays.upper, reach),
            integer=np.zeros(whole + 1, dtype=bool),
            matrix=sp.csr_array(sp.hstack([sp.csr_array(self.matrix), sp.csr_array(depth)])),
            row_lower=self.lower,
            row_upper=self.upper,
            column_blocks=(),
            row_blocks=(),
        )
        self._highs = load(program)
        for name, value in (("presolve", "off"), ("threads", 1), ("parallel", "off")):
            self._highs.setOptionValue(name, value)
        self.low, self.high = arrays.lower, arrays.upper

    @staticmethod
    def applies(arrays: Arrays) -> bool:
        """Whether all decisions are yes or no, and the rows few enough to be written out."""
        binary = bool(arrays.integer.all() and (arrays.lower >= 0.0).all() and (arrays.upper <= 1.0).all())
        return binary and arrays.columns * arrays.rows <= 1_000_000

    def plans(self, limits: FloatArray) -> FloatArray | None:
        """Every plan with all goals <= `limits` (plans, columns), perhaps with others; None where they are too many."""
        import highspy

        for at, limit in enumerate(limits):
            self._highs.changeRowBounds(self.rows + at, -np.inf, float(limit))
        self._highs.run()
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        # Prices of a minimisation of t: >= 0 on a row that must be at least its lower side.
        prices = -np.asarray(self._highs.getSolution().row_dual)
        upper = np.append(self.upper[: self.rows], limits)
        room = self._room(prices, upper)
        if room is None:
            return None
        if room < 0.0:
            return np.zeros((0, len(self.low)))
        regret = -(prices @ self.matrix)
        preferred = np.where(regret < 0.0, self.high, self.low)
        size = np.abs(regret) * (self.high - self.low)
        order = np.argsort(-size, kind="stable")
        open_to = order[(size[order] <= room) & (self.high > self.low)[order]]
        if len(open_to) > UNDECIDED:
            return None
        return self._listed(open_to, size, preferred, room, upper)

    def _room(self, prices: FloatArray, upper: FloatArray) -> float | None:
        """What the regrets of a plan of the zone may add up to; None where the prices prove nothing."""
        weights = -prices[self.rows :]
        if (weights < -SLACK).any() or weights.sum() <= SLACK:
            return None
        prices[self.rows :] = np.minimum(prices[self.rows :], 0.0)
        with np.errstate(invalid="ignore"):
            sides = np.where(prices > 0.0, prices * self.lower, np.where(prices < 0.0, prices * upper, 0.0))
        if not np.isfinite(sides).all():
            return None
        reduced = -(prices @ self.matrix)
        # Of a plan with rows and limits met: 0 >= sides + least of the reduced costs + regrets.
        least = float(sides.sum() + np.minimum(reduced * self.low, reduced * self.high).sum())
        return -least + SLACK * max(1.0, abs(least))

    def _listed(
        self, order: FloatArray, size: FloatArray, preferred: FloatArray, room: float, upper: FloatArray
    ) -> FloatArray | None:
        """All ways to decide `order` otherwise within `room`, as whole plans."""
        flip = self.low + self.high - 2.0 * preferred
        change = self.matrix * flip
        used = (self.matrix @ preferred)[None, :]
        most_down = np.minimum(change[:, order], 0.0)[:, ::-1].cumsum(axis=1)[:, ::-1]
        most_up = np.maximum(change[:, order], 0.0)[:, ::-1].cumsum(axis=1)[:, ::-1]
        regrets = np.zeros(1)
        flipped = np.zeros((1, len(order)), dtype=bool)
        slack = SLACK * np.maximum(1.0, np.abs(self.matrix).sum(axis=1))
        for at, column in enumerate(order):
            able = regrets + size[column] <= room
            more = flipped[able]
            more[:, at] = True
            regrets = np.append(regrets, regrets[able] + size[column])
            used = np.vstack([used, used[able] + change[:, column]])
            flipped = np.vstack([flipped, more])
            down = most_down[:, at + 1] if at + 1 < len(order) else 0.0
            up = most_up[:, at + 1] if at + 1 < len(order) else 0.0
            meets = ((used + down <= upper + slack) & (used + up >= self.lower - slack)).all(axis=1)
            regrets, used, flipped = regrets[meets], used[meets], flipped[meets]
            if len(regrets) > MOST:
                return None
        if not len(order):
            meets = ((used <= upper + slack) & (used >= self.lower - slack)).all(axis=1)
            flipped = flipped[meets]
        plans = np.repeat(preferred[None, :], len(flipped), axis=0)
        plans[:, order] += flipped * flip[order]
        return plans
