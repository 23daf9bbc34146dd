"""Which values parameters take together: every combination, one by one, or a Latin hypercube."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from quota_opt.scenario.strict import Strict

Sampling = Literal["cartesian", "zip", "latin-hypercube"]
Number = Annotated[int, Field(strict=True)] | Annotated[float, Field(strict=True, allow_inf_nan=False)]
_DIGITS = 12
"""Significant digits of even steps: 0.3, not 0.30000000000000004."""


class Range(Strict):
    """`{ from = 0.0, to = 1.0, steps = 5 }`: even steps, both ends among them; without steps, all between the ends."""

    start: Number = Field(alias="from")
    stop: Number = Field(alias="to")
    steps: int | None = Field(default=None, ge=1)

    def listed(self) -> tuple[int | float, ...]:
        """The values of the steps; whole numbers stay whole where every step is one."""
        assert self.steps is not None
        parts = self.steps - 1
        if parts == 0:
            return (self.start,)
        span = self.stop - self.start
        if isinstance(span, int) and span % parts == 0:
            return tuple(self.start + span // parts * k for k in range(self.steps))
        inner = (float(f"{self.start + span * k / parts:.{_DIGITS}g}") for k in range(1, parts))
        return (float(self.start), *inner, float(self.stop))


Values = tuple[Any, ...] | Range


def listed(values: Values) -> tuple[Any, ...]:
    """The values a parameter takes, where they can be listed."""
    return values.listed() if isinstance(values, Range) else values


def size_of(parameters: Mapping[str, Values], sampling: Sampling, samples: int | None) -> int:
    """How many combinations `combinations` gives."""
    if sampling == "latin-hypercube":
        return samples or 0
    lengths = [len(listed(values)) for values in parameters.values()]
    return min(lengths, default=1) if sampling == "zip" else math.prod(lengths)


def combinations(
    parameters: Mapping[str, Values], sampling: Sampling, samples: int | None = None, seed: int = 0
) -> list[dict[str, Any]]:
    """Values by dotted path, one mapping for each combination; one empty mapping where there are no parameters.

    `cartesian`: all, the last parameter changing fastest. `zip`: the first values together, then the second ones.
    `latin-hypercube`: `samples` points; each range is cut into as many equal slices, and each slice is hit once;
    values that are listed are picked as evenly as that allows. The same seed gives the same points.
    """
    names = list(parameters)
    if sampling == "latin-hypercube":
        return _hypercube(parameters, samples or 0, seed)
    columns = [listed(values) for values in parameters.values()]
    if not columns:
        return [{}]
    rows = zip(*columns, strict=True) if sampling == "zip" else itertools.product(*columns)
    return [dict(zip(names, row, strict=True)) for row in rows]


def _hypercube(parameters: Mapping[str, Values], samples: int, seed: int) -> list[dict[str, Any]]:
    from scipy.stats import qmc

    points = qmc.LatinHypercube(max(len(parameters), 1), seed=seed).random(samples)
    return [
        {name: _at(values, float(at), samples) for (name, values), at in zip(parameters.items(), point, strict=False)}
        for point in points
    ]


def _at(values: Values, share: float, samples: int) -> Any:
    """The value at a share (0 to below 1) of the way through; each of `samples` equal slices is asked once."""
    if isinstance(values, Range) and values.steps is None:
        return values.start + (values.stop - values.start) * share
    chosen = listed(values)
    if len(chosen) <= samples:
        # By the middle of the slice: no value is taken more than once oftener than another.
        share = (int(share * samples) + 0.5) / samples
    return chosen[min(int(share * len(chosen)), len(chosen) - 1)]
