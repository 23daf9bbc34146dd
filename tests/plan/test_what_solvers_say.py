"""What a solver decides and says of it is checked before there is a plan: its rows, its objective, its bound."""

from dataclasses import replace

import numpy as np
import pytest

import quota_opt as qo
from quota_opt.plan import solve as solving


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda problem, solved: {"objective": solved.objective * 1.01, "bound": solved.bound * 1.02}, "objective"),
        (lambda problem, solved: {"bound": solved.bound * 0.5}, "bound"),
        (lambda problem, solved: {"values": np.where(_actions(problem), 0.0, solved.values)}, "pool"),
    ],
)
def test_a_solver_that_is_wrong_has_no_plan(monkeypatch, wrong, said):
    optimise = solving.optimise

    def lying(problem, *given):
        solved = optimise(problem, *given)
        return replace(solved, **wrong(problem, solved))

    monkeypatch.setattr(solving, "optimise", lying)
    with pytest.raises(qo.VerificationFailed, match=said):
        qo.solve("worked-example")


def _actions(problem):
    """The columns of actions: without them nothing is freed."""
    chosen = np.zeros(problem.arrays.columns, dtype=bool)
    chosen[problem.act[problem.act >= 0]] = True
    return chosen
