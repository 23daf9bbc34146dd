"""What a solve can end in, in words of our own, and what it hands back."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from quota_opt.solving.proof import Proof


class Status(StrEnum):
    """How a solve ended. There is no default: an engine code nobody knows is ERROR."""

    OPTIMAL = "OPTIMAL"  # proven within the profile's gap
    FEASIBLE = "FEASIBLE"  # a limit or a cancellation came first; an incumbent is there
    INFEASIBLE = "INFEASIBLE"
    UNBOUNDED = "UNBOUNDED"
    NO_SOLUTION_FOUND = "NO_SOLUTION_FOUND"  # a limit or a cancellation came before any incumbent
    ERROR = "ERROR"


@dataclass(frozen=True)
class Progress:
    """One report on the way: stage (`read`, `build`, `solve`, `polish` …), seconds since the solve began,
    best value and bound so far in the sense of the objective (None while unknown), and their relative gap. In the stage
    `points` of a front the best value is how many points there are."""

    stage: str
    seconds: float
    incumbent: float | None = None
    bound: float | None = None
    gap: float | None = None


OnProgress = Callable[[Progress], bool | None]
"""Called on the way; returning False cancels, and the incumbent is kept."""


@dataclass(frozen=True)
class EngineInfo:
    """Which program solved: adapter name (`highs`), solver inside it (`HIGHS`), version, options given to it."""

    name: str
    solver: str
    version: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Solution:
    """What an engine found for one model (always a maximisation).

    `values` has one entry per column, None without an incumbent. `bound` is a proven upper bound on the objective
    (inf when none); `proof` is what proves it, or a weaker one, without the engine. `row_duals` (LPs only) are
    d objective / d right-hand side, so >= 0 on a binding `<=` row; `reduced_costs` are objective minus the priced
    matrix column. All in the units of the model.
    """

    status: Status
    values: NDArray[np.float64] | None
    objective: float
    bound: float
    engine: EngineInfo
    seconds: float
    row_duals: NDArray[np.float64] | None = None
    reduced_costs: NDArray[np.float64] | None = None
    message: str = ""
    proof: Proof | None = None

    @property
    def gap(self) -> float:
        """Relative gap, `relative_gap(objective, bound)`; inf without an incumbent or bound."""
        return relative_gap(self.objective, self.bound)


def relative_gap(objective: float, bound: float) -> float:
    """|bound - objective| / max(|objective|, 1e-9), 0 where they agree, inf where either is missing."""
    if math.isnan(objective) or math.isnan(bound) or math.isinf(bound):
        return math.inf
    difference = abs(bound - objective)
    if difference <= 1e-9 * max(1.0, abs(objective)):
        return 0.0
    return difference / max(abs(objective), 1e-9)
