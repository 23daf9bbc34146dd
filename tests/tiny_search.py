"""A search small enough to trust: best plan from HiGHS, a tree split on whatever is torn, proven leaf by leaf."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from quota_opt.model.linear import Arrays, FloatArray
from quota_opt.solving.attempt import Answer
from quota_opt.solving.highs import ask_highs, relaxed
from quota_opt.solving.packing import PriceBound, groups_of
from quota_opt.solving.profile import Profile, read_profile
from quota_opt.solving.proof import Proof, Tree, proven
from quota_opt.solving.status import Status
from quota_opt.solving.watch import Watch

ENOUGH = 1e-7
"""A part is done where its bound is this near the best plan, relatively."""


def ask(arrays: Arrays, profile: Profile, watch: Watch, start: FloatArray | None) -> Answer:
    """An `attempt.Ask` whose bound is proven by a tree of its own, up to a thousand nodes."""
    whole = ask_highs(arrays, read_profile("exact"), watch, start)
    if whole.status is not Status.OPTIMAL or whole.values is None or not arrays.integer.any():
        return whole
    proof = searched(arrays, arrays.value(whole.values))
    return replace(whole, bound=proof.bound, proof=proof)


def searched(arrays: Arrays, best: float, most: int = 1000) -> Proof:
    """The proof that nothing is better than `best`, as far as `most` nodes go."""
    groups = groups_of(arrays)
    of, tree, bound = groups.of, Tree(groups.tying), PriceBound(arrays, groups)
    waiting = [(tree.root(), arrays)]
    count = 1
    while waiting:
        number, part = waiting.pop()
        found = relaxed(part)
        if found is None:
            tree.empty(number, ray_of(part))
            continue
        tree.price(number, found.prices, bound.value(found.prices, part.lower, part.upper))
        value = part.value(found.values)
        torn = np.flatnonzero((of >= 0) & (np.abs(found.values - np.round(found.values)) > 1e-6))
        if value <= best + ENOUGH * max(1.0, abs(best)) or not len(torn) or count >= most:
            continue
        j = int(torn[np.argmin(np.abs(found.values[torn] - 0.5))])
        others = [int(k) for k in np.flatnonzero((of == of[j]) & (part.upper > 0.5))]
        # By turns: one column or not, and the options of its group in two halves.
        halved = len(others) > 1 and count % 4 == 1
        parts = [(others[::2], None), (others[1::2], None)] if halved else [((), j), ((j,), None)]
        for child, (closed, forced) in zip(tree.split(number, parts), parts, strict=True):
            lower, upper = part.lower.copy(), part.upper.copy()
            upper[list(closed)] = 0.0
            if forced is not None:
                lower[forced] = 1.0
            waiting.append((child, replace(part, lower=lower, upper=upper)))
            count += 1
    proof = tree.proof(math.inf)
    return replace(proof, bound=proven(arrays, proof))


def ray_of(arrays: Arrays) -> FloatArray:
    """Prices that show a model to be infeasible: those of the least amount by which its rows must give."""
    rows = arrays.rows
    give = sp.eye_array(rows)
    eased = replace(
        arrays,
        objective=np.concatenate([np.zeros(arrays.columns), np.full(2 * rows, -1.0)]),
        lower=np.concatenate([arrays.lower, np.zeros(2 * rows)]),
        upper=np.concatenate([arrays.upper, np.full(2 * rows, np.inf)]),
        integer=np.zeros(arrays.columns + 2 * rows, dtype=bool),
        matrix=sp.csr_array(sp.hstack([arrays.matrix, give, -give])),
        column_blocks=(),
        row_blocks=(),
    )
    found = relaxed(eased)
    assert found is not None
    return found.prices
