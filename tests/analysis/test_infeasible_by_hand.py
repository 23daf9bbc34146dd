from __future__ import annotations

import pytest
from small import FINAL, case

import quota_opt as qo
from quota_opt.analysis.infeasible.infeasible import Clash, explain_infeasible


def names(found: Clash) -> list[set[tuple[str, int | None]]]:
    return [{clause.key for clause in clash.clauses} for clash in found.clashes]


def menu(found: Clash) -> list[dict[str, object]]:
    """Each repair as what is set to what: a settings path, or the clause of a cell."""
    return [{change.path or change.clause.rule: change.after for change in repair.changes} for repair in found.repairs]


def two_firms(**rules: object) -> qo.Scenario:
    """Both firms shall be closed for 50 each; the money is for one of them."""
    return case(
        objective=FINAL,
        rules={"budget": {"clause": "X 三", "by_year": {"2024": 50.0, "2025": 0.0}}, **rules},
        firms=[{"firm": f, "place": "N1", "energy_tce": 100} for f in ("F", "G")],
        actions=[{"firm": f, "action": "close", "cost": 50} for f in ("F", "G")],
        targets=[{"measure": "firms_closed", "sense": ">=", "value": 2}],
    )


def test_a_target_beyond_all_that_can_be_freed_is_a_clash_by_itself() -> None:
    # Closing F frees 100, the target asks for 130: nothing but the target can give, and by 30.
    found = explain_infeasible(
        case(
            objective=FINAL,
            rules={"targets": {"clause": "X 一"}, "budget": {"by_year": {"2024": 9.0, "2025": 0.0}}},
            firms=[{"firm": "F", "place": "N1", "energy_tce": 100}],
            actions=[{"firm": "F", "action": "close"}],
            targets=[{"measure": "energy_freed", "sense": ">=", "value": 130}],
        )
    )
    assert names(found) == [{("targets", 0)}]
    assert found.clauses[0].clause == "X 一"
    assert menu(found) == [{"targets": 100.0}]
    assert found.repairs[0].changes[0].difference.zh == "−30 吨标准煤/年"
    assert found.repairs[0].changes[0].where.row == 2


def test_money_and_target_clash_and_either_may_give_the_softer_first() -> None:
    # 50 more in 2024, or (nothing being left over from 2024) 50 in 2025; or one firm less.
    found = explain_infeasible(two_firms())
    assert names(found) == [{("budget", None), ("targets", 0)}]
    assert menu(found) == [
        {"rules.budget.by_year.2024": 100.0},
        {"rules.budget.by_year.2025": 50.0},
        {"rules.budget.enabled": False},
        {"targets": 1.0},
    ]
    assert found.repairs[0].changes[0].setting == "rules.budget.by_year.2024=100.0"
    assert found.repairs[0].changes[0].words.zh == "专项资金 2024 年"
    assert found.repairs[0].changes[0].difference.zh == "+50 万元"


def test_what_gives_first_is_the_planners_choice() -> None:
    found = explain_infeasible(two_firms(), order=("targets",))
    assert menu(found)[0] == {"targets": 1.0}
    with pytest.raises(qo.InputError):
        explain_infeasible(two_firms(), order=("target",))


def test_a_rule_that_bars_candidates_takes_part_in_a_clash() -> None:
    # G is protected and cannot be closed at all, and there is money for both: protection against the target.
    scenario = case(
        objective=FINAL,
        rules={"protection": {"protected_as": ["grain"]}, "budget": {"by_year": {"2024": 500.0, "2025": 0.0}}},
        firms=[
            {"firm": "F", "place": "N1", "energy_tce": 100},
            {"firm": "G", "place": "N1", "energy_tce": 100, "protected_as": "grain"},
        ],
        actions=[{"firm": f, "action": "close", "cost": 50} for f in ("F", "G")],
        targets=[{"measure": "firms_closed", "sense": ">=", "value": 2}],
    )
    found = explain_infeasible(scenario)
    assert names(found) == [{("protection", None), ("targets", 0)}]
    assert menu(found) == [{"targets": 1.0}, {"rules.protection.enabled": False}]


def test_an_access_limit_and_the_share_that_stays_both_have_to_move() -> None:
    # 500 tce must be used in N2 by P (600 at 0.5), Q (303 at 0.505) or both, out of 1,000 freed in N1, of which 400 may
    # leave. The limit of 0.49 bars both, and 400 is not 500: either the target gives, or limit and share do. P alone
    # is enough: the limit at 0.5, and 600 of 1,000 leave, so that 0.4 stays.
    scenario = case(
        objective=FINAL,
        rules={"admission": {"limits": [{"value": 0.49}]}, "retention": {"keep": 0.6}},
        firms=[{"firm": "F", "place": "N1", "energy_tce": 1000}],
        actions=[{"firm": "F", "action": "close", "cost": 50}],
        projects=[
            {"project": "P", "place": "N2", "energy_tce": 600, "value_added": 1200},
            {"project": "Q", "place": "N2", "energy_tce": 303, "value_added": 600},
        ],
        targets=[{"measure": "energy_used", "sense": ">=", "value": 500}],
    )
    found = explain_infeasible(scenario)
    assert sorted(map(sorted, names(found))) == [
        [("admission", 0), ("targets", 0)],
        [("retention", None), ("targets", 0)],
    ]
    assert menu(found) == [
        {"targets": 0.0},
        {"rules.admission.limits.0.value": 0.5, "rules.retention.keep": 0.4},
    ]
    limit = next(change for change in found.repairs[1].changes if change.path == "rules.admission.limits.0.value")
    assert (limit.stated.zh, limit.stated.en) == ("0.49 吨标准煤/万元", "0.49 tce/10k yuan")
    assert all(repair.confirmed and repair.minimal for repair in found.repairs)


def test_a_case_with_a_plan_has_nothing_to_explain() -> None:
    found = explain_infeasible("worked-example")
    assert (found.feasible, found.clashes, found.repairs, found.whole) == (True, (), (), True)


def test_a_project_that_requires_what_cannot_be_is_mended_in_its_cell() -> None:
    # P must start (target), but needs R first, which the limit bars.
    scenario = case(
        objective=FINAL,
        rules={"admission": {"limits": [{"value": 0.5, "action": "reject"}]}},
        projects=[
            {"project": "P", "place": "N1", "energy_tce": 10, "value_added": 100, "requires": "R"},
            {"project": "R", "place": "N1", "energy_tce": 100, "value_added": 10},
        ],
        quotas=[{"place": "N1", "resource": "energy", "year": "*", "amount": 500}],
        targets=[{"measure": "projects_started", "sense": ">=", "value": 1}],
    )
    found = explain_infeasible(scenario)
    assert names(found) == [{("targets", 0), ("requires", 0), ("admission", 0)}]
    assert {"requires": ()} in menu(found)
    assert all(qo.verify(qo.solve(repair.apply(scenario))).ok for repair in found.repairs)
    assert {"rules.admission.limits.0.value": 10.0} in menu(found)


def test_with_no_time_at_all_nothing_is_claimed() -> None:
    found = explain_infeasible(two_firms(), time_limit=1e-6)
    assert (found.feasible, found.whole, found.repairs) == (None, False, ())


def test_directives_that_cannot_be_met_are_taken_off_one_by_one() -> None:
    # N1 holds 500; P (400) and Q (300) are both laid down: one of them must go.
    scenario = case(
        objective=FINAL,
        rules={
            "directives": {
                "projects": [{"project": "P", "award": True}, {"project": "Q", "award": True}],
                "measures": [{"measure": "value_added_final", "sense": ">=", "value": 90.0}],
            }
        },
        projects=[
            {"project": "P", "place": "N1", "energy_tce": 400, "value_added": 100},
            {"project": "Q", "place": "N1", "energy_tce": 300, "value_added": 50},
        ],
        quotas=[{"place": "N1", "resource": "energy", "year": "*", "amount": 500}],
    )
    found = explain_infeasible(scenario)
    # With Q alone value added is 50, so the bound clashes with Q by itself.
    assert sorted(map(sorted, names(found))) == [
        [("directives", 0), ("directives", 1)],
        [("directives", 1), ("directives", 2)],
    ]
    assert [change.clause.title.zh for change in found.repairs[0].changes] == ["指定：安排 Q"]
    assert [change.clause.title.en for change in found.repairs[1].changes] == [
        "directive: award P",
        "directive: net value added (last year) ≥ 90",
    ]
    assert [value for _, value in found.repairs[1].values] == [False, 50.0]
    assert all(qo.verify(qo.solve(repair.apply(scenario))).ok for repair in found.repairs)
