"""Retention: closing F frees 1,000 tce in T1. A, worth 300, needs 600 there; B (2,000) 500 and D (800) 400 in T2."""

from __future__ import annotations

from typing import Any

from against_brute import both, case_of, table


def case_retaining(*, quotas: str = "", level: str = "town", kinds: tuple[str, ...] = ("energy",), **rule: Any) -> Any:
    return case_of(
        f"C county -\nT1 {level} C\nT2 town C",
        resources=kinds,
        quotas=f"place resource year amount\n{quotas}" if quotas else "",
        firms="firm place\nF T1",
        actions="firm action frees_energy_tce frees_carbon_t\nF close 1000 1000",
        projects="""
            project place energy_tce carbon_t value_added
            A       T1    600        0        300
            B       T2    500        500      2000
            D       T2    400        400      800""",
        rules={"retention": rule} if rule else {},
    )


def test_without_the_rule_all_may_move_to_where_it_is_worth_most() -> None:
    assert both(case_retaining()) == ({"F:close:2024"}, {"B:2024", "D:2024"}, 2800.0)


def test_what_must_stay_cannot_be_used_elsewhere() -> None:
    # At 0.6, 400 may leave: D fits, B does not; A takes the 600 that stay.
    assert both(case_retaining(keep=0.6)) == ({"F:close:2024"}, {"A:2024", "D:2024"}, 1100.0)


def test_the_last_tonne_that_may_leave_decides() -> None:
    # At 0.5 exactly 500 may leave, so B fits; A would need 600.
    assert both(case_retaining(keep=0.5)) == ({"F:close:2024"}, {"B:2024"}, 2000.0)


def test_quota_held_from_the_start_is_not_retained() -> None:
    # 400 of what is freed and the 100 held: 500 may leave. B goes, A takes the 600 that stay.
    case = case_retaining(quotas="T1 energy * 100", keep=0.6)
    assert both(case) == ({"F:close:2024"}, {"A:2024", "B:2024"}, 2300.0)


def test_a_share_for_the_upper_pool_leaves_and_does_not_come_back() -> None:
    # A needs 600 of the 1,000 where they are freed, E 500: when half must go up only E fits, at 40 % A does.
    settings, tables = case_retaining(pool=0.5)
    tables["projects"] = table("project place energy_tce value_added\nA T1 600 300\nE T1 500 100")
    assert both((settings, tables))[1] == {"E:2024"}
    settings["rules"]["retention"]["pool"] = 0.4
    assert both((settings, tables))[1] == {"A:2024"}


def test_it_holds_for_the_resources_it_names() -> None:
    # B and D need 900 t of carbon too. Kept carbon (400 may leave) bars B; A, which needs none, would take energy.
    two = ("energy", "carbon")
    assert both(case_retaining(kinds=two, keep=0.6, resources=["carbon"]))[1] == {"A:2024", "D:2024"}
    assert both(case_retaining(kinds=two, keep=0.6, resources=["energy"]))[1] == {"A:2024", "D:2024"}
    assert both(case_retaining(kinds=two, keep=0.6, resources=[]))[1] == {"B:2024", "D:2024"}


def test_it_holds_at_the_levels_it_names() -> None:
    assert both(case_retaining(level="zone", keep=0.6, levels=["town"]))[2] == 2800.0
    assert both(case_retaining(level="zone", keep=0.6, levels=["zone"]))[2] == 1100.0
