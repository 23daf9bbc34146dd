"""A search that is stopped half-way, wherever that is, leaves a valid plan, bound and proof."""

from __future__ import annotations

import math

import choice_models as choices
import pytest
from choice_models import Shape

from quota_opt.solving import structure
from quota_opt.solving.checking import check_values
from quota_opt.solving.core import Core
from quota_opt.solving.packing import groups_of
from quota_opt.solving.profile import read_profile
from quota_opt.solving.search import Search
from quota_opt.solving.status import Status
from quota_opt.solving.structure import solve_structured
from quota_opt.solving.watch import Watch

AUTO = read_profile("auto").with_limits(time_limit=60)
SHAPES = [
    Shape(17, blocks=4, groups=4, options=3, links=3),
    Shape(5, blocks=3, groups=6, options=2, links=2, twists=("implied",)),
    Shape(8, blocks=2, groups=5, options=3, demand=0.6, twists=("tied", "wild")),
]
MOMENTS = [0, 1, 2, 5, 11, 23, 60]


class Ticking(Watch):
    """A clock that goes on by one second whenever it is looked at."""

    looked = 0

    @property
    def seconds(self) -> float:
        self.looked += 1
        return float(self.looked)


def stop_after(programs, monkeypatch):
    """Every watch is cancelled after so many linear programs of a core; returns how many there were in the end."""
    solved, watches, solve, begin = [], [], Core.solve, Watch.__init__

    def counted(core):
        solved.append(core)
        if len(solved) > programs:
            for watch in watches:
                watch.cancel()
        return solve(core)

    def begun(watch, *given):
        begin(watch, *given)
        watches.append(watch)

    monkeypatch.setattr(Core, "solve", counted)
    monkeypatch.setattr(Watch, "__init__", begun)
    return solved


def holds(arrays, found, truth):
    """The plan, if there is one, is a plan; bound and proof are not below the optimum, and say the same."""
    choices.check_proof(arrays, found.proof, truth)
    assert found.bound >= truth.objective - choices.room(truth)
    assert found.proof.bound <= found.bound + 1e-9 * abs(found.bound)
    if found.values is not None:
        assert check_values(arrays, found.values).ok
        assert found.value == arrays.value(found.values) <= truth.objective + choices.room(truth)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_search_that_is_cancelled_has_a_valid_bound_and_proof(moment, shape, monkeypatch):
    arrays, of = choices.model(shape)
    truth = choices.exact(arrays)
    solved = stop_after(moment, monkeypatch)
    found = Search(arrays, groups_of(arrays), Watch(), gap=0.0, patience=2000).run()
    holds(arrays, found, truth)
    assert found.stopped is (len(solved) > moment)
    solved.clear()
    found = structure._by_blocks(arrays, of, AUTO, Watch(), None, math.inf)
    holds(arrays, found, truth)
    assert found.stopped is (len(solved) > moment)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("moment", [2, 3, 5, 11, 23, 60, 200])
def test_a_search_whose_time_is_over_has_a_valid_bound_and_proof(moment, shape):
    arrays, of = choices.model(shape)
    truth = choices.exact(arrays)
    for found in (
        Search(arrays, groups_of(arrays), Ticking(), gap=0.0, patience=2000, until=moment).run(),
        structure._by_blocks(arrays, of, AUTO, Ticking(), None, moment),
    ):
        holds(arrays, found, truth)


@pytest.mark.parametrize("patience", MOMENTS)
def test_a_search_that_loses_patience_has_a_valid_bound_and_proof(patience):
    arrays, _ = choices.model(SHAPES[0])
    found = Search(arrays, groups_of(arrays), Watch(), gap=0.0, patience=patience).run()
    holds(arrays, found, choices.exact(arrays))


def test_the_longer_a_search_may_go_on_the_tighter_is_its_proof():
    arrays, _ = choices.model(SHAPES[0])
    truth = choices.exact(arrays)
    bounds = [
        Search(arrays, groups_of(arrays), Watch(), gap=0.0, patience=patience).run().proof.bound
        for patience in (0, 500, 5000)
    ]
    assert bounds[0] > bounds[1] > bounds[2]
    assert bounds[2] == pytest.approx(truth.objective, rel=1e-6)


@pytest.mark.parametrize("blocks", [False, True])
@pytest.mark.parametrize("moment", [0, 1, 5, 11, 23])
def test_a_caller_who_stops_gets_what_was_proven_till_then_and_no_other_solver(moment, blocks, monkeypatch):
    arrays, of = choices.model(SHAPES[0])
    truth = choices.exact(arrays)
    solved = stop_after(moment, monkeypatch)
    asked = []
    monkeypatch.setattr(structure, "ask_highs", lambda *given: asked.append(given))
    profile = AUTO.with_limits(gap=1e-9)
    found = solve_structured(arrays, profile, blocks=choices.nested(of) if blocks else None)
    assert len(solved) > moment
    assert not asked
    assert found.status in (Status.FEASIBLE, Status.NO_SOLUTION_FOUND)
    assert found.message == "cancelled"
    assert truth.objective - choices.room(truth) <= found.bound < math.inf
    choices.check_proof(arrays, found.proof, truth)
    assert (found.values is None) is (found.status is Status.NO_SOLUTION_FOUND)


def test_a_start_survives_a_caller_who_stops_at_once(monkeypatch):
    arrays, of = choices.model(SHAPES[0])
    truth = choices.exact(arrays)
    stop_after(0, monkeypatch)
    for blocks in (None, choices.nested(of)):
        found = solve_structured(arrays, AUTO, blocks=blocks, start=truth.values)
        assert found.objective >= truth.objective - choices.room(truth)
