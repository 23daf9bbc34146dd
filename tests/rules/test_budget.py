"""Budget: closing F1 costs 60, F2 50; each frees 100. P and Q (100 tce each) are worth 90 and 80 a year."""

from __future__ import annotations

from typing import Any

from against_brute import both, case_of


def case_paying(rule: dict[str, Any] | None) -> Any:
    return case_of(
        "C county -\nN town C\nM town C",
        years=(2024, 2025),
        firms="firm place\nF1 N\nF2 M",
        actions="firm action frees_energy_tce value_added_lost cost\nF1 close 100 1 60\nF2 close 100 2 50",
        projects="project place energy_tce value_added\nP N 100 90\nQ M 100 80",
        rules={"budget": rule} if rule else {},
    )


def test_without_the_rule_money_does_not_bind() -> None:
    assert both(case_paying(None))[0] == {"F1:close:2024", "F2:close:2024"}


def test_each_year_spends_its_own_and_what_was_left_over() -> None:
    # 100 in 2024 pay for one; with the 40 or 50 left and 20 more, the other follows in 2025: 60 + 50 <= 120.
    # F1, the cheaper loss, first: 2 x 89 + (80 - 2) = 256; F2 first: 2 x 88 + (80 - 1) = 255.
    case = case_paying({"by_year": {"2024": 100.0, "2025": 20.0}})
    assert both(case) == ({"F1:close:2024", "F2:close:2025"}, {"P:2024", "Q:2025"}, 256.0)


def test_unspent_money_lapses_where_it_is_not_carried_over() -> None:
    case = case_paying({"by_year": {"2024": 100.0, "2025": 20.0}, "carry_over": False})
    assert both(case) == ({"F1:close:2024"}, {"P:2024"}, 178.0)


def test_a_year_without_an_entry_has_no_new_money() -> None:
    # Nothing in 2024; 55 in 2025 pay for F2.
    assert both(case_paying({"by_year": {"2025": 55.0}})) == ({"F2:close:2025"}, {"P:2025"}, 88.0)
    # 55 of 2024 pay for F2, nothing follows.
    assert both(case_paying({"by_year": {"2024": 55.0}})) == ({"F2:close:2024"}, {"P:2024"}, 176.0)


def test_exactly_enough_is_enough() -> None:
    assert both(case_paying({"by_year": {"2024": 110.0}}))[0] == {"F1:close:2024", "F2:close:2024"}
    assert both(case_paying({"by_year": {"2024": 109.0}}))[0] == {"F1:close:2024"}


def test_it_pays_for_the_places_it_names() -> None:
    # Only actions in N are paid from it: none affordable there, F2 in M is free of it.
    assert both(case_paying({"by_year": {"2024": 0.0}, "places": ["N"]}))[0] == {"F2:close:2024"}
    assert both(case_paying({"by_year": {"2024": 109.0}, "places": ["C"]}))[0] == {"F1:close:2024"}
