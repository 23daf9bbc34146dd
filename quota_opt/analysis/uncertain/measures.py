"""Measures of a plan in each world: years moved by what comes late, amounts times what they turn out to be."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quota_opt.analysis.uncertain.draws import Worlds
from quota_opt.model.case import Case, FloatArray, IntArray
from quota_opt.model.measures import NONLINEAR, Coefficients, coefficients, known_measures
from quota_opt.model.objective import weights
from quota_opt.model.outcome import Outcome


def linear_measures(case: Case) -> list[str]:
    """The measures that are sums over decisions, so that they have a value in each world."""
    return [name for name in known_measures(case) if name not in NONLINEAR]


def in_worlds(outcome: Outcome, worlds: Worlds, name: str) -> FloatArray:
    """(worlds,): a measure of what is done and awarded; the rows of the worlds are those of the outcome.

    What slips beyond the last year does not happen, nor does what drops out; quota missing changes nothing here.
    """
    case = outcome.case
    made = coefficients(case, name)
    acts = amounts(case, made, name, worlds, outcome.action_row, outcome.action_year)
    shares, starts = award_amounts(case, made, name, worlds, outcome.award_row, outcome.award_year)
    traded = 0.0
    if made.trades is not None and outcome.trades is not None:
        traded = sum(float((w * x).sum()) for w, x in zip(made.trades, outcome.trades, strict=True))
    total: FloatArray = (
        made.constant + traded + acts.sum(axis=0) + (shares * outcome.award_share[:, None] + starts).sum(axis=0)
    )
    return total


def amounts(case: Case, made: Coefficients, name: str, worlds: Worlds, row: IntArray, year: IntArray) -> FloatArray:
    """(rows, worlds): what each action, taken in `year`, adds to a measure in each world."""
    value = _later(made.actions[row], year[:, None] + worlds.slip)
    r = _resource(case, name)
    return value if r is None else np.where(case.free[r, row][:, None] > 0.0, value * worlds.delivers, value)


def award_amounts(
    case: Case, made: Coefficients, name: str, worlds: Worlds, row: IntArray, year: IntArray
) -> tuple[FloatArray, FloatArray]:
    """(rows, worlds) twice: what a whole award adds by its share, and what it adds by its start."""
    start = year[:, None] + worlds.delay
    shares = _later(made.shares[row], start) * worlds.there
    if _resource(case, name) is not None:
        shares = shares * worlds.needs
    return shares, _later(made.starts[row], start) * worlds.there


def objective_weights(case: Case) -> dict[str, float] | None:
    """Weights of the measures of a weighted objective; None where it is not one sum."""
    objective = case.scenario.settings.objective
    return weights(case) if objective.form == "weighted" else None


def _later(values: FloatArray, when: NDArray[np.int64]) -> FloatArray:
    """The value of each row in the year it comes to; nothing beyond the last."""
    last = values.shape[1] - 1
    moved: FloatArray = np.take_along_axis(values, np.minimum(when, last), axis=1) * (when <= last)
    return moved


def _resource(case: Case, name: str) -> int | None:
    """The resource whose amounts a measure adds up, if it is one of those."""
    resource, _, what = name.rpartition("_")
    if resource in case.resources and what in ("freed", "used", "idle", "net"):
        return case.resources.index(resource)
    return None
