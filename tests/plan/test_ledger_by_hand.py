from __future__ import annotations

import pytest
from small import FINAL, case

import quota_opt as qo


def lines(plan: qo.Plan) -> set[tuple[str, str, str, float]]:
    table = plan.ledger[plan.ledger["year"] == 2025]
    return set(zip(table["from"], table["pool_path"], table["to"], table["amount"], strict=True))


def moving() -> qo.Plan:
    """F1 in N1 frees 100; the county holds 30; P in N2 needs 120, which both must serve."""
    return qo.solve(
        case(
            objective=FINAL,
            firms=[{"firm": "F1", "place": "N1", "energy_tce": 100, "value_added": 1}],
            actions=[{"firm": "F1", "action": "close"}],
            projects=[{"project": "P", "place": "N2", "energy_tce": 120, "value_added": 50}],
            quotas=[{"place": "county", "resource": "energy", "year": "*", "amount": 30}],
        )
    )


def test_each_unit_goes_from_its_source_through_the_pools_to_its_project() -> None:
    # The county pool serves what it held first, then what came from N1.
    assert lines(moving()) == {
        ("initial", "county > N2", "P", 30.0),
        ("F1", "N1 > county > N2", "P", 90.0),
        ("F1", "N1", "idle", 10.0),
    }


def test_a_firm_that_takes_quota_by_its_action_is_served_before_projects() -> None:
    plan = qo.solve(
        case(
            objective={"maximise": {"value_added_final": 1.0, "firms_treated": 1.0}},
            firms=[{"firm": f, "place": "N1", "energy_tce": 100} for f in ("A", "B")],
            actions=[
                {"firm": "A", "action": "relocate", "frees_energy_tce": -40, "value_added_lost": 0},
                {"firm": "B", "action": "close", "frees_energy_tce": 100},
            ],
            projects=[{"project": "P", "place": "N1", "energy_tce": 60, "value_added": 9}],
        )
    )
    assert lines(plan) == {("B", "N1", "A", 40.0), ("B", "N1", "P", 60.0)}


@pytest.mark.parametrize("name", ["worked-example", "yueqing"])
def test_debits_equal_credits_for_every_resource_and_year(name: str) -> None:
    plan = qo.solve(name, time_limit=20)
    balances = plan.balances.groupby(["resource", "year"])[["initial", "freed", "used", "idle"]].sum()
    ledger = plan.ledger.pivot_table(
        index=["resource", "year"], columns="to_kind", values="amount", aggfunc="sum", fill_value=0.0
    )
    for column in ("project", "idle", "firm"):
        if column not in ledger:
            ledger[column] = 0.0
    both = balances.drop(columns="idle").join(ledger).fillna(0.0)
    assert ((both["project"] - both["used"]).abs() <= 1e-6).all()
    assert ((both["idle"] - balances["idle"]).abs() <= 1e-6).all()
    debit = plan.ledger.groupby(["resource", "year"])["amount"].sum()
    credit = balances["initial"] + balances["freed"] + both["firm"]
    assert ((debit - credit.loc[debit.index]).abs() <= 1e-6).all()
