"""Plans nearly as good as the best: as different as they can be, by hand and against every plan there is."""

from __future__ import annotations

import math

import pandas as pd
import pytest
import small
from hypothesis import given
from nearby_cases import Tiny, awarded, sets_within, tinies
from strategies import examples

import quota_opt as qo


def test_the_worked_example_has_two_sets_of_awards_within_a_fifth_of_the_best() -> None:
    """Best 2,000 with P1, P2, P4; without P4 1,750; every other set is below 1,600: P1 and P4 alone give 1,200."""
    made = qo.alternatives("worked-example", 0.2, 5)
    assert [sorted(awarded(plan)) for plan in made.plans] == [["P1", "P2", "P4"], ["P1", "P2"]]
    assert [plan.objective for plan in made.plans] == pytest.approx([2000.0, 1750.0])
    assert made.complete
    assert made.floor == pytest.approx((1600.0,))
    assert made.table["differs"].tolist()[1:] == made.table["most"].tolist()[1:] == [1.0]
    verdicts = made.decisions.set_index("id")[["verdict", "proven"]]
    assert verdicts.loc[["P1", "P2", "P3", "P4"], "verdict"].tolist() == ["all", "all", "never", "some"]
    assert verdicts.loc[["P1", "P2", "P3", "P4"], "proven"].all()


def test_a_plan_that_loses_too_much_is_none_of_them() -> None:
    """Within 10 % of 2,000 only the best set is left, and that is proven."""
    made = qo.alternatives("worked-example", 0.1, 5)
    assert len(made.plans) == 1
    assert made.complete


def test_no_more_plans_are_made_than_asked_for() -> None:
    made = qo.alternatives("worked-example", 0.5, 2)
    assert len(made.plans) == 2
    assert not made.complete


@pytest.mark.parametrize("larger", ["B", "C"])
def test_of_sets_that_differ_in_as_many_awards_the_one_with_more_quota_comes_first(larger: str) -> None:
    """Only one of A, B, C can start: A is best, B and C both differ from it in two awards; one takes 30 more quota."""
    projects = [
        {
            "project": name,
            "place": "N1",
            "category": "other",
            "energy_tce": 40.0 if name == larger else 10.0,
            "value_added": value,
            "variant_of": "one",
        }
        for name, value in (("A", 101.0), ("B", 100.0), ("C", 100.0))
    ]
    quotas = [{"place": "N1", "resource": "energy", "year": "*", "amount": 50.0}]
    case = small.case(first=2024, last=2024, objective=small.FINAL, projects=projects, quotas=quotas)
    made = qo.alternatives(case, 0.02, 4)
    assert [awarded(plan) for plan in made.plans[:2]] == [{"A"}, {larger}]
    assert made.table["moved"].tolist()[1:] == pytest.approx([30.0, 0.0])
    assert made.complete


def test_what_the_plans_agree_on_is_not_proven_where_a_plan_that_was_not_named_does_without() -> None:
    """Within half of 2,000 there are three sets; of the two named both hold P4, the third, P1 with P2, does not."""
    made = qo.alternatives("worked-example", 0.5, 2)
    assert [sorted(awarded(plan)) for plan in made.plans] == [["P1", "P2", "P4"], ["P1", "P4"]]
    rows = made.decisions.set_index("id")
    assert rows.loc[["P1", "P4"], "verdict"].tolist() == ["all", "all"]
    assert rows.loc[["P1", "P4"], "proven"].tolist() == [True, False]


def test_each_stage_of_an_ordered_objective_keeps_its_share() -> None:
    """First 3 projects, then 2,000; less 40 %: at least 2 projects (1.8) and 1,200. P1 with P4 is worth just that."""
    order = [{"measure": "projects_started", "sense": "max"}, {"measure": "value_added_final", "sense": "max"}]
    case = qo.read("worked-example", overrides={"objective": {"form": "lexicographic", "order": order}})
    made = qo.alternatives(case, 0.4, 4)
    assert made.floor == pytest.approx((1.8, 1200.0))
    for plan in made.plans:
        assert plan.measures["projects_started"] >= 1.8
        assert plan.measures["value_added_final"] >= 1200.0 - 1e-6
    assert {awarded(plan) for plan in made.plans} == {
        frozenset({"P1", "P2", "P4"}),
        frozenset({"P1", "P2"}),
        frozenset({"P1", "P4"}),
    }
    assert made.complete


@examples(12)
@given(tinies())
def test_plans_differ_as_much_as_any_could_and_what_all_agree_on_is_so(tiny: Tiny) -> None:
    made = qo.alternatives(tiny.scenario(), 0.3, 4, gap=0.0)
    best = tiny.best()
    floor = best - 0.3 * abs(best)
    there = sets_within(tiny, floor)
    known = [awarded(made.plans[0])]
    assert made.best.objective == pytest.approx(best)
    for plan, row in zip(made.plans[1:], made.table.iloc[1:].itertuples(), strict=True):
        assert awarded(plan) in there - set(known)
        truth = max(min(len(one ^ other) for other in known) for one in there)
        assert row.differs == min(len(awarded(plan) ^ other) for other in known)
        assert row.differs <= truth <= row.most
        assert not row.proven or row.differs == truth
        of_set = max(worth for (awards, _), worth in tiny.plans().items() if awards == awarded(plan))
        assert of_set - 0.03 * abs(best) - 1e-6 <= plan.objective <= of_set + 1e-6
        known.append(awarded(plan))
    projects = made.decisions[made.decisions["kind"] == "project"]
    for row in projects[projects["proven"]].itertuples():
        inside = [row.id in one for one in there]
        assert {"all": all(inside), "never": not any(inside), "some": any(inside) and not all(inside)}[row.verdict]
    assert made.complete == (len(made.plans) < 4)
    if made.complete:
        assert set(known) == there


def test_what_is_written_is_verified_and_tells_the_same(tmp_path) -> None:  # type: ignore[no-untyped-def]
    made = qo.alternatives("worked-example", 0.2, 5)
    folder = made.write(tmp_path / "out", "en")
    names = {path.name for path in folder.iterdir()}
    assert names == {"alternatives.csv", "decisions.csv", "report.html", "report.xlsx", "plan-1", "plan-2"}
    for number, objective in ((1, 2000.0), (2, 1750.0)):
        assert qo.verify(folder / f"plan-{number}").ok
        assert qo.read_result(folder / f"plan-{number}").objective == pytest.approx(objective)
    written = pd.read_csv(folder / "alternatives.csv", encoding="utf-8-sig")
    assert written["objective"].tolist() == pytest.approx([2000.0, 1750.0])
    assert math.isnan(written["differs"][0])
    assert "12.5%" in (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("wrong", [{"within": -0.1}, {"count": 0}, {"quota_weight": 1.0}])
def test_shares_and_counts_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="within"):
        qo.alternatives("worked-example", **wrong)  # type: ignore[arg-type]
