"""Random small models of choices in blocks, and what must be true of an answer to one; for tests of the structure."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from quota_opt.model.linear import Arrays
from quota_opt.solving.by_place import Nested
from quota_opt.solving.engine import engine_of
from quota_opt.solving.profile import read_profile
from quota_opt.solving.proof import proven
from quota_opt.solving.status import Solution

EXACT = read_profile("exact")


@dataclass(frozen=True)
class Shape:
    """What a random model is like; `twists` are drawn from TWISTS."""

    seed: int
    blocks: int = 3
    groups: int = 3
    options: int = 3
    local: int = 1
    links: int = 2
    moves: int = 1
    common: int = 1
    demand: float = 0.3
    twists: tuple[str, ...] = ()


TWISTS = (
    "tied",  # every option is worth the same and uses the same
    "wild",  # rows from 1e-4 to 1e6 in size
    "dear",  # worth a million times as much
    "loss",  # most options bring a loss
    "forced",  # an option must be taken, another may not
    "implied",  # an option needs one of the next group: rows of two columns
    "equal",  # the second link must be met exactly, helped by continuous columns
    "chosen",  # one group must have a choice
    "nothing",  # a row that restricts nothing, and one without columns
    "endless",  # continuous columns have no end
)


def model(shape: Shape) -> tuple[Arrays, Any]:
    """(arrays, the block of each column): groups of options and `moves` per block, `common` columns in one more."""
    random, twists = np.random.default_rng(shape.seed), set(shape.twists)
    whole, width = shape.groups * shape.options, shape.groups * shape.options + shape.moves
    columns = shape.blocks * width + shape.common
    of = np.append(np.repeat(np.arange(shape.blocks), width), np.full(shape.common, shape.blocks))
    integer = np.append(np.tile(np.arange(width) < whole, shape.blocks), np.zeros(shape.common, dtype=bool))
    worth = np.full(columns, 7.0) if "tied" in twists else random.integers(1, 60, columns).astype(float)
    if "loss" in twists:
        worth -= 50.0
    worth = np.where(integer, worth, -random.integers(1, 5, columns))
    upper = np.where(integer, 1.0, math.inf if "endless" in twists else 4.0)
    lower = np.where(integer | ("endless" in twists), 0.0, -1.0)
    rows: list[Any] = []
    sides: list[tuple[float, float]] = []

    def row(values: Any, low: float, high: float) -> None:
        rows.append(values)
        sides.append((low, high))

    def uses(where: Any) -> Any:
        use = np.full(columns, 5.0) if "tied" in twists else random.integers(0, 20, columns).astype(float)
        return np.where(where & integer, use, np.where(where, -random.integers(0, 5, columns), 0.0))

    for b in range(shape.blocks):
        for g in range(shape.groups):
            mine = np.zeros(columns)
            mine[b * width + g * shape.options :][: shape.options] = 1.0
            row(mine, 1.0 if "chosen" in twists and b == g == 0 else -math.inf, 1.0)
        for _ in range(shape.local):
            use = uses(of == b)
            row(use, -math.inf, float(np.maximum(use, 0.0).sum()) * random.uniform(0.1, 0.5))
    for k in range(shape.links):
        use = uses(np.ones(columns, dtype=bool))
        held = float(np.maximum(use, 0.0).sum()) * random.uniform(0.1, 0.4)
        row(use, held if k == 1 and "equal" in twists else -math.inf, held)
    give = np.where(integer, random.integers(0, 10, columns), 0).astype(float)
    row(give, shape.demand * float(give.sum()) / max(1, shape.options), math.inf)
    if "implied" in twists:
        firsts = np.flatnonzero(integer)[:: shape.options]
        for one, other in itertools.pairwise(firsts):
            pair = np.zeros(columns)
            pair[one], pair[other] = 1.0, -1.0
            row(pair, -math.inf, 0.0)
    if "forced" in twists:
        lower[0], upper[np.flatnonzero(integer)[-1]] = 1.0, 1.0 if whole * shape.blocks == 1 else 0.0
    if "nothing" in twists:
        row(np.ones(columns), -math.inf, math.inf)
        row(np.zeros(columns), -1.0, 1.0)
    factors = 10.0 ** random.uniform(-4, 6, len(rows)) if "wild" in twists else np.ones(len(rows))
    if "wild" in twists:
        factors[[np.array_equal(r[r != 0], np.ones((r != 0).sum())) for r in rows]] = 1.0
    arrays = Arrays(
        objective=worth * (1e6 if "dear" in twists else 1.0),
        offset=float(random.integers(-5, 5)),
        lower=lower,
        upper=upper,
        integer=integer,
        matrix=sp.csr_array(np.vstack(rows) * factors[:, None]),
        row_lower=np.array([low for low, _ in sides]) * factors,
        row_upper=np.array([high for _, high in sides]) * factors,
    )
    return arrays, of


def nested(of: Any) -> Nested:
    """Blocks as towns, two of which make a county."""
    return Nested(of, of // 2)


def exact(arrays: Arrays) -> Solution:
    """What the exact profile says."""
    return engine_of(EXACT).solve(arrays, EXACT)


def room(truth: Solution) -> float:
    """What tolerances of rows may be worth, as the truth itself is known to them only."""
    return 1e-6 * max(1.0, abs(truth.objective))


def check(arrays: Arrays, found: Solution, truth: Solution, gap: float) -> None:
    """Same status, a plan within the gap, a bound and a proof that are never below the optimum."""
    assert found.status is truth.status, (found.status, truth.status, found.message)
    if truth.values is None:
        return
    assert found.values is not None
    assert found.objective <= truth.objective + room(truth)
    assert truth.objective - found.objective <= gap * abs(found.objective) + room(truth)
    assert found.bound >= truth.objective - room(truth)
    if found.proof is not None:
        check_proof(arrays, found.proof, truth)


def check_proof(arrays: Arrays, proof: Any, truth: Solution) -> None:
    """What is said to be proven is proven, and is not below the optimum."""
    again = proven(arrays, proof)
    # The last digits of what was added up: rows that restrict nothing are left out by whoever searches.
    noise = 1e-12 * (abs(proof.bound) + float(np.abs(arrays.objective).sum()))
    assert again <= proof.bound + noise, (again, proof.bound)
    if truth.values is not None:
        assert again >= truth.objective - room(truth)
