"""Jobs: closing F1 loses 30 jobs, F2 20, both in town N; P and Q (100 tce each) are worth 90 and 80 a year."""

from __future__ import annotations

from typing import Any

from against_brute import both, case_of


def case_employing(rule: dict[str, Any] | None, second: str = "N", created: int = 0) -> Any:
    return case_of(
        "C county -\nN town C\nM town C",
        years=(2024, 2025),
        firms=f"firm place jobs\nF1 N 60\nF2 {second} 40",
        actions="firm action frees_energy_tce value_added_lost jobs_lost\nF1 close 100 1 30\nF2 close 100 2 20",
        projects=f"project place energy_tce value_added jobs\nP N 100 90 {created}\nQ N 100 80 0",
        rules={"jobs": rule} if rule else {},
    )


EARLY = {"F1:close:2024", "F2:close:2024"}
SPREAD = {"F1:close:2024", "F2:close:2025"}


def test_without_the_rule_jobs_do_not_bind() -> None:
    assert both(case_employing(None))[0] == EARLY


def test_the_jobs_lost_in_one_year_are_bounded_so_closures_spread_over_years() -> None:
    assert both(case_employing({"max_lost": 50.0}))[0] == EARLY
    # F1 first: 2 x 89 + 78 = 256; F2 first: 2 x 88 + 79 = 255.
    assert both(case_employing({"max_lost": 49.0})) == (SPREAD, {"P:2024", "Q:2025"}, 256.0)
    assert both(case_employing({"max_lost": 20.0})) == ({"F2:close:2024"}, {"P:2024"}, 176.0)


def test_the_bound_may_be_a_share_of_the_jobs_there() -> None:
    # Of 100 jobs: 50 % is 50, 40 % is 40.
    assert both(case_employing({"max_lost_share": 0.5}))[0] == EARLY
    assert both(case_employing({"max_lost_share": 0.4}))[0] == SPREAD


def test_each_place_of_the_level_has_its_own_bound() -> None:
    # In two towns 30 and 20 are both within 30; in one county 50 are not.
    assert both(case_employing({"max_lost": 30.0, "per": "town"}, second="M"))[0] == EARLY
    assert both(case_employing({"max_lost": 30.0, "per": "town"}))[0] == SPREAD
    assert both(case_employing({"max_lost": 30.0, "per": "county"}, second="M"))[0] == SPREAD


def test_new_jobs_of_the_same_year_count_against_it_only_where_it_is_net() -> None:
    # P brings 20: 50 - 20 = 30 lost net in 2024.
    assert both(case_employing({"max_lost": 30.0, "net": True}, created=20))[0] == EARLY
    assert both(case_employing({"max_lost": 30.0}, created=20))[0] == SPREAD
