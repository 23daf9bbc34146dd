"""Protection: F frees 300 tce closed, 100 upgraded. P is worth 900 a year and needs 300, R 90 and 100."""

from __future__ import annotations

from typing import Any

import pytest
from against_brute import both, case_of


def case_protecting(protected_as: str = "chain-key", until: int | None = None, **rule: Any) -> Any:
    return case_of(
        years=(2024, 2025),
        firms=f"firm place protected_as protected_until\nF C {protected_as} {until or '-'}",
        actions="firm action frees_energy_tce value_added_lost\nF close 300 1\nF upgrade 100 1",
        projects="project place energy_tce value_added\nP C 300 900\nR C 100 90",
        rules={"protection": {"protected_as": ["chain-key", "grain"], **rule}},
    )


def test_a_protected_firm_is_not_closed_but_may_be_upgraded() -> None:
    # R in both years: 2 x (90 - 1).
    assert both(case_protecting()) == ({"F:upgrade:2024"}, {"R:2024"}, 178.0)


def test_without_the_rule_the_same_firm_is_closed() -> None:
    settings, tables = case_protecting()
    settings["rules"] = {}
    assert both((settings, tables)) == ({"F:close:2024"}, {"P:2024"}, 1798.0)


def test_a_firm_protected_for_another_reason_is_closed() -> None:
    assert both(case_protecting("high-tech"))[0] == {"F:close:2024"}


def test_one_reason_of_several_protects() -> None:
    assert both(case_protecting("high-tech;grain"))[0] == {"F:upgrade:2024"}


def test_protection_ends_after_its_last_year() -> None:
    # Closing in 2025 gives one year of P, 899, which beats two years of R.
    assert both(case_protecting(until=2024)) == ({"F:close:2025"}, {"P:2025"}, 899.0)
    assert both(case_protecting(until=2025))[0] == {"F:upgrade:2024"}
    assert both(case_protecting(until=2023))[0] == {"F:close:2024"}


@pytest.mark.parametrize(
    ("forbids", "done"),
    [(["upgrade"], {"F:close:2024"}), (["close", "upgrade"], set()), (["close"], {"F:upgrade:2024"})],
)
def test_the_kinds_it_forbids_are_forbidden_and_no_others(forbids: list[str], done: set[str]) -> None:
    assert both(case_protecting(forbids=forbids))[0] == done
