"""When all plans of one model are plans of another, and when that must not be said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nearby_cases import Tiny, tinies
from strategies import examples

import quota_opt as qo
from quota_opt.analysis.near.sweep_order import included

CASE = Tiny(((0, 100, 20, 10), (1, 50, 5, 20)), ((1, 60, 200), (0, 60, 90)), keep=0.5, fund=60.0, limit=1.0)


@pytest.mark.parametrize("changes", [{"limit": 2.0}, {"keep": 0.25}, {"fund": 70.0}, {}])
def test_a_looser_value_takes_in_every_plan(changes: dict[str, float]) -> None:
    tight, loose = qo.build(CASE.scenario()), qo.build(CASE.with_(**changes).scenario())
    assert included(tight, loose)


@pytest.mark.parametrize("changes", [{"limit": 0.5}, {"keep": 0.75}, {"fund": 50.0}, {"fund": 70.0, "keep": 0.75}])
def test_a_value_that_is_tighter_in_anything_does_not(changes: dict[str, float]) -> None:
    tight, loose = qo.build(CASE.scenario()), qo.build(CASE.with_(**changes).scenario())
    assert not included(tight, loose)


def test_models_of_other_objectives_are_not_compared() -> None:
    case = qo.read("worked-example")
    assert not included(qo.build(case), qo.build(case.with_(**{"objective.maximise": {"value_added_final": 2.0}})))


def test_a_demand_more_is_tighter() -> None:
    targets = [{"measure": "energy_freed", "sense": ">=", "value": 10.0, "kind": "hard"}]
    plain, more = qo.build(CASE.scenario()), qo.build(CASE.scenario(targets=targets))
    assert included(more, plain)
    assert not included(plain, more)


@examples(15)
@given(tinies(), tinies(), st.booleans())
def test_what_is_said_to_be_included_is(one: Tiny, other: Tiny, far: bool) -> None:
    """Of two cases of the same firms and projects under different rules, every plan counted out is a plan of both."""
    like = one.with_(limit=other.limit, keep=other.keep, fund=other.fund if far else one.fund)
    if included(qo.build(one.scenario()), qo.build(like.scenario())):
        assert set(one.plans()) <= set(like.plans())
    looser = like.limit >= one.limit and like.keep <= one.keep and like.fund >= one.fund
    if looser:
        assert included(qo.build(one.scenario()), qo.build(like.scenario()))
