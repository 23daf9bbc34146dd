"""Priority: 600 tce for S, strategic (needs 600, worth 500), H, chain (300, 400), O, other (300, 450), U, upgrade."""

from __future__ import annotations

from typing import Any

import pytest
from against_brute import agree, both, case_of


def case_prioritising(rule: dict[str, Any] | None = None, **settings: Any) -> Any:
    return case_of(
        quotas="place resource year amount\nC energy * 600",
        projects="""
            project place category  energy_tce value_added
            S       C     strategic 600        500
            H       C     chain     300        400
            O       C     other     300        450
            U       C     upgrade   300        100""",
        rules={"priority": rule} if rule else {},
        **settings,
    )


def test_without_the_rule_value_alone_decides() -> None:
    assert both(case_prioritising()) == (set(), {"H:2024", "O:2024"}, 850.0)


@pytest.mark.parametrize(
    ("order", "started"),
    [
        (["strategic"], {"S:2024"}),
        (["chain", "strategic"], {"H:2024", "O:2024"}),  # after H nothing strategic fits; value added decides
        (["upgrade", "chain"], {"U:2024", "H:2024"}),
    ],
)
def test_an_order_gives_energy_to_one_category_after_the_other(order: list[str], started: set[str]) -> None:
    assert both(case_prioritising({"form": "order", "order": order}))[1] == started


def test_a_category_gets_at_least_its_share_of_the_energy_awarded() -> None:
    # Half to upgrades: U with O (550) before U with H (500), U alone (100).
    rule = {"form": "shares", "min_shares": {"upgrade": 0.5}}
    assert both(case_prioritising(rule)) == (set(), {"U:2024", "O:2024"}, 550.0)
    # More than half: only U alone.
    rule = {"form": "shares", "min_shares": {"upgrade": 0.51}}
    assert both(case_prioritising(rule)) == (set(), {"U:2024"}, 100.0)


def test_weights_count_in_the_priority_points_and_are_one_where_absent() -> None:
    points = {"form": "weighted", "maximise": {"priority_points": 1.0}}
    # S: 600 x 1.5 = 900. H and O: 300 x 1.8 + 300 = 840.
    rule = {"form": "weights", "weights": {"strategic": 1.5, "chain": 1.8}}
    assert both(case_prioritising(rule, objective=points)) == (set(), {"S:2024"}, pytest.approx(900.0))
    # H at 2.5: 750 + 300.  O, H and U tie at 300 each beside it without value added, so that decides the rest.
    rule = {"form": "weights", "weights": {"strategic": 1.5, "chain": 2.5}}
    both_goods = {"form": "weighted", "maximise": {"priority_points": 1.0, "value_added": 0.1}}
    assert both(case_prioritising(rule, objective=both_goods))[1] == {"H:2024", "O:2024"}


def test_weights_alone_change_nothing_that_is_not_asked_for() -> None:
    _, plan = agree(*case_prioritising({"form": "weights", "weights": {"strategic": 9.0}}))
    assert plan is not None
    assert plan.objective == pytest.approx(850.0)
