"""One parameter from end to end: break points by hand, and against every plan there is at values in between."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import small
from hypothesis import given
from hypothesis import strategies as st
from nearby_cases import Tiny, tinies
from strategies import examples

import quota_opt as qo
from quota_opt.analysis.near.sweep import Piece

LIMIT = "rules.admission.limits.0.value"


def at(made: qo.Sweep, value: float) -> Piece:
    """The piece that holds a value."""
    (piece,) = [
        piece
        for piece in made.pieces
        if piece.start < value < piece.stop
        or (value == piece.start and piece.with_start)
        or (value == piece.stop and piece.with_stop)
    ]
    return piece


def worth(piece: Piece) -> float | None:
    return None if piece.plan is None else piece.plan.objective


def test_between_049_and_052_the_plan_changes_at_half_exactly() -> None:
    """P2 has an intensity of 600 / 1,200: it is let in at 0.50 and not below; 1,200 without it, 2,000 with it."""
    made = qo.sweep("worked-example", LIMIT, 0.49, 0.52)
    assert made.exact
    assert made.looser == "up"
    assert made.breaks == (0.5,)
    below, above = made.pieces
    assert (below.start, below.stop, below.with_start, below.with_stop) == (0.49, 0.5, True, False)
    assert (above.start, above.stop, above.with_start, above.with_stop) == (0.5, 0.52, True, True)
    assert [worth(piece) for piece in made.pieces] == pytest.approx([1200.0, 2000.0])
    assert made.table["entered"].tolist() == ["", "P2"]
    assert made.table["firms_entered"].tolist() == ["", "F2"]
    assert "P2" in above.made_by.en
    assert made.solves == 2


def test_towns_may_keep_sixty_per_cent_and_not_more_before_the_plan_changes() -> None:
    """F1 and F2 free 1,500, P2 needs 600 of it elsewhere: 900 may stay, 60 %. Beyond it, F1 with P1 and P4: 1,200."""
    made = qo.sweep("worked-example", "rules.retention.keep", 0.0, 1.0)
    assert made.exact
    assert made.looser == "down"
    assert made.breaks == (0.6,)
    assert [piece.with_stop for piece in made.pieces] == [True, True]
    assert not made.pieces[1].with_start
    assert [worth(piece) for piece in made.pieces] == pytest.approx([2000.0, 1200.0])


def test_a_line_that_must_be_fallen_short_of_belongs_to_the_tighter_side() -> None:
    """A firm of just 5 a mu is listed where the line is above 5, not at 5; then closing it lets the project in."""
    firms = [{"firm": "F", "place": "N1", "energy_tce": 10.0, "tax": 50.0, "land_mu": 10.0, "value_added": 1.0}]
    projects = [{"project": "P", "place": "N1", "category": "other", "energy_tce": 10.0, "value_added": 5.0}]
    listing = {"any_of": [{"measure": "tax_per_mu", "op": "<", "value": 4.0}]}
    case = small.case(
        objective=small.FINAL, rules={"listing": listing}, settings={"actions": {"close": {}}}, firms=firms,
        projects=projects,
    )  # fmt: skip
    made = qo.sweep(case, "rules.listing.any_of.0.value", 4.0, 6.0)
    assert made.exact
    assert made.breaks == (5.0,)
    assert made.pieces[0].with_stop
    assert not made.pieces[1].with_start
    assert [worth(piece) for piece in made.pieces] == pytest.approx([0.0, 4.0])


def test_an_intensity_that_no_short_number_is_stands_as_it_is() -> None:
    """A project of 100 for 300 is let in at a third."""
    case = Tiny(((0, 100, 1, 10),), ((0, 100, 300), (0, 100, 400))).scenario()
    made = qo.sweep(case, LIMIT, 0.26, 0.4)
    assert made.breaks == ()
    made = qo.sweep(Tiny(((0, 100, 1, 10),), ((0, 100, 300),)).scenario(), LIMIT, 0.26, 0.4)
    assert made.breaks == (100 / 300,)
    assert [worth(piece) for piece in made.pieces] == pytest.approx([0.0, 299.0])


def test_values_without_a_plan_are_a_piece_of_their_own() -> None:
    """Closing F0 costs 80 and is what frees the 100 demanded: with a fund below 80 there is no plan."""
    targets = [{"measure": "energy_freed", "sense": ">=", "value": 100.0, "kind": "hard"}]
    case = Tiny(((0, 100, 5, 80),), ((0, 100, 50),)).scenario(targets=targets)
    made = qo.sweep(case, "rules.budget.by_year.2024", 50.0, 120.0)
    assert [worth(piece) for piece in made.pieces] == [None, pytest.approx(45.0)]
    assert made.breaks == (80.0,)
    assert made.pieces[1].with_start
    assert made.exact
    assert made.table["status"].tolist() == ["INFEASIBLE", "OPTIMAL"]


def test_no_value_may_have_a_plan_at_all() -> None:
    targets = [{"measure": "energy_freed", "sense": ">=", "value": 1000.0, "kind": "hard"}]
    case = Tiny(((0, 100, 5, 80),), ((0, 100, 50),)).scenario(targets=targets)
    made = qo.sweep(case, "rules.budget.by_year.2024", 50.0, 120.0)
    assert [worth(piece) for piece in made.pieces] == [None]
    assert made.document().sections[0].sentences


def test_a_parameter_that_is_in_the_objective_is_asked_at_even_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each rate weighs the years anew, so that no value is looser than another: nothing is shown between the steps."""
    monkeypatch.setattr("quota_opt.analysis.near.sweep.STEPS", 4)
    case = qo.read("worked-example", overrides={"objective.maximise": {"value_added": 1.0}})
    made = qo.sweep(case, "scenario.discount_rate", 0.0, 0.1)
    assert made.looser == ""
    assert not made.exact
    assert made.solves == 5


def test_a_parameter_without_effect_leaves_one_piece() -> None:
    made = qo.sweep("worked-example", LIMIT, 0.505, 0.51)
    assert len(made.pieces) == 1
    assert made.exact
    assert made.solves == 1


def test_steps_that_are_asked_for_are_taken() -> None:
    made = qo.sweep("worked-example", LIMIT, 0.48, 0.52, steps=4)
    assert made.solves == 5
    assert [(piece.start, piece.stop) for piece in made.pieces] == [
        pytest.approx((0.48, 0.49)),
        pytest.approx((0.5, 0.52)),
    ]
    assert not made.exact


def test_a_parameter_of_whole_numbers_is_asked_at_each_of_them() -> None:
    """Closures that free a year later, of two: in the last year alone, worth as much; two years later nothing."""
    firms = [{"firm": "F", "place": "N1", "energy_tce": 10.0}]
    actions = [{"firm": "F", "action": "close", "frees_energy_tce": 10.0, "value_added_lost": 1.0}]
    projects = [{"project": "P", "place": "N1", "category": "other", "energy_tce": 10.0, "value_added": 5.0}]
    close = {"actions": {"close": {"lag": 0}}}
    case = small.case(objective=small.FINAL, settings=close, firms=firms, actions=actions, projects=projects)
    made = qo.sweep(case, "actions.close.lag", 0, 2)
    assert made.solves == 3
    assert [worth(at(made, value)) for value in (0.0, 1.0, 2.0)] == pytest.approx([4.0, 4.0, 0.0])


def test_where_shares_follow_the_parameter_nothing_is_claimed_between_the_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A divisible project in N2 gets what N1 lets out, 100 (1 − keep) of 100: worth 2 a unit, less the 20 lost."""
    monkeypatch.setattr("quota_opt.analysis.near.sweep.STEPS", 5)
    projects = [
        {
            "project": "P0",
            "place": "N2",
            "category": "other",
            "energy_tce": 100.0,
            "value_added": 200.0,
            "divisible": True,
        }
    ]
    case = Tiny(((0, 100, 20, 10),), ()).scenario(projects=projects)
    made = qo.sweep(case, "rules.retention.keep", 0.0, 0.5)
    assert made.looser == "down"
    assert not made.exact
    assert len(made.pieces) == 6  # the last is the end itself
    for piece in made.pieces:
        assert worth(piece) == pytest.approx(200.0 * (1.0 - piece.at) - 20.0, rel=1e-4)
    assert all(len(text.zh) for section in made.document().sections for text in section.sentences)


def test_a_plan_that_holds_at_the_very_end_alone_is_a_piece_of_one_value() -> None:
    """P1 in N2 takes all that N1 frees, 80: only where nothing must stay in N1. Otherwise nothing is worth closing."""
    made = qo.sweep(Tiny(((0, 80, 31, 30),), ((1, 80, 157),)).scenario(), "rules.retention.keep", 0.0, 1.0)
    assert made.exact
    assert [(piece.start, piece.stop) for piece in made.pieces] == [(0.0, 0.0), (0.0, 1.0)]
    assert [worth(piece) for piece in made.pieces] == pytest.approx([126.0, 0.0])
    assert made.pieces[0].with_stop
    assert not made.pieces[1].with_start


def test_with_an_ordered_objective_each_piece_is_the_plan_at_its_values() -> None:
    order = [{"measure": "projects_started", "sense": "max"}, {"measure": "value_added_final", "sense": "max"}]
    case = qo.read("worked-example", overrides={"objective": {"form": "lexicographic", "order": order}})
    made = qo.sweep(case, LIMIT, 0.39, 0.52)
    assert made.breaks == (0.4, 0.5)
    for piece in made.pieces:
        alone = qo.solve(case.with_(**{LIMIT: (piece.start + piece.stop) / 2}))
        assert worth(piece) == pytest.approx(alone.objective)


SWEPT = {
    "limit": (LIMIT, 0.1, 2.0),
    "keep": ("rules.retention.keep", 0.0, 1.0),
    "fund": ("rules.budget.by_year.2024", 0.0, 300.0),
}


@examples(5)
@given(tinies(), st.sampled_from(sorted(SWEPT)), st.integers(1, 98))
def test_every_value_in_between_has_the_best_plan_there_is(tiny: Tiny, name: str, seed: int) -> None:
    path, low, high = SWEPT[name]
    made = qo.sweep(tiny.scenario(), path, low, high, gap=0.0)
    assert made.exact
    inside = np.random.default_rng(seed).uniform(low, high, 6)
    ends = [(piece.start + piece.stop) / 2 for piece in made.pieces if piece.stop > piece.start]
    for value in [*inside.tolist(), *ends]:
        if all(abs(value - one) > 1e-5 * high for one in made.breaks):
            assert worth(at(made, value)) == pytest.approx(tiny.with_(**{name: value}).best(), abs=1e-5)
    for value in [low, high, *made.breaks]:  # on the point itself, the side it belongs to
        assert worth(at(made, value)) == pytest.approx(tiny.with_(**{name: value}).best(), abs=1e-5)
    for one, other in itertools.pairwise(made.pieces):
        assert one.stop == other.start
        assert one.with_stop != other.with_start
        assert worth(one) != pytest.approx(worth(other), abs=1e-7)


def test_what_is_written_is_verified_and_tells_the_same(tmp_path) -> None:  # type: ignore[no-untyped-def]
    made = qo.sweep("worked-example", LIMIT, 0.49, 0.52)
    folder = made.write(tmp_path / "out", "zh")
    assert {path.name for path in folder.iterdir()} == {"sweep.csv", "report.html", "report.xlsx", "plan-1", "plan-2"}
    assert all(qo.verify(folder / f"plan-{number}").ok for number in (1, 2))
    written = pd.read_csv(folder / "sweep.csv", encoding="utf-8-sig")
    assert written["from"].tolist() == [0.49, 0.5]
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "800 万元" in page
    assert "准入强度上限" in page


@pytest.mark.parametrize(("start", "stop", "steps"), [(0.5, 0.5, None), (0.4, float("nan"), None), (0.4, 0.5, 0)])
def test_a_range_that_is_none_is_a_finding(start: float, stop: float, steps: int | None) -> None:
    with pytest.raises(qo.InputError):
        qo.sweep("worked-example", LIMIT, start, stop, steps=steps)


def test_an_unknown_parameter_and_a_value_out_of_range_are_findings() -> None:
    with pytest.raises(qo.InputError):
        qo.sweep("worked-example", "rules.retention.kept", 0.0, 1.0)
    with pytest.raises(qo.InputError):
        qo.sweep("worked-example", "rules.retention.keep", 0.0, 2.0)


def test_ends_may_come_in_either_order() -> None:
    assert qo.sweep("worked-example", LIMIT, 0.52, 0.49).breaks == (0.5,)


def test_the_name_of_a_case_is_that_of_the_tiny_one() -> None:
    """The oracle of these tests agrees with the solver itself."""
    tiny = Tiny(((0, 100, 20, 10), (1, 50, 5, 20)), ((1, 120, 200), (0, 60, 90)), keep=0.25)
    assert qo.solve(tiny.scenario()).objective == pytest.approx(tiny.best())
    assert small.FINAL
