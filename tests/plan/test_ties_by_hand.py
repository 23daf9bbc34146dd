from __future__ import annotations

from small import FINAL, case

import quota_opt as qo


def test_what_could_fall_in_any_year_falls_in_the_earliest_that_goes() -> None:
    # Only the last year counts, so every year is worth the same; Q's quota is there from 2025 on.
    plan = qo.solve(
        case(
            last=2026,
            objective=FINAL,
            firms=[{"firm": f, "place": "N1", "energy_tce": 100, "value_added": 1} for f in ("F", "G")],
            actions=[{"firm": "F", "action": "close"}, {"firm": "G", "action": "close", "lag": 1}],
            projects=[{"project": p, "place": "N1", "energy_tce": 100, "value_added": 10} for p in ("P", "Q")],
        )
    )
    assert sorted(plan.awards["year"]) == [2024, 2025]
    assert plan.actions["year"].tolist() == [2024, 2024]


def test_the_order_of_lines_in_the_tables_does_not_change_the_plan() -> None:
    firms = [{"firm": f"F{i}", "place": "N1", "energy_tce": 100, "value_added": 1} for i in range(4)]
    actions = [{"firm": f["firm"], "action": "close"} for f in firms]
    projects = [{"project": f"P{i}", "place": "N2", "energy_tce": 100, "value_added": 10} for i in range(2)]
    one = qo.solve(case(objective=FINAL, firms=firms, actions=actions, projects=projects))
    other = qo.solve(case(objective=FINAL, firms=firms[::-1], actions=actions[::-1], projects=projects[::-1]))
    assert one.actions.equals(other.actions)
    assert one.awards.equals(other.awards)
    assert one.ledger.equals(other.ledger)


def test_no_transfer_goes_further_than_it_must() -> None:
    plan = qo.solve(
        case(
            objective=FINAL,
            firms=[{"firm": "F", "place": "N1", "energy_tce": 100, "value_added": 1}],
            actions=[{"firm": "F", "action": "close"}],
            projects=[{"project": "P", "place": "N1", "energy_tce": 100, "value_added": 10}],
        )
    )
    assert plan.transfers.empty
