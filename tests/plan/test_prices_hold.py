"""The prices of a plan say over which change of the quantity they hold."""

import math

import pandas as pd
import pytest
from small import FINAL, case

import quota_opt as qo
from quota_opt.plan import prices as prices_module


def price_of(plan, place, year, resource="energy"):
    table = plan.prices
    hit = (table["place"] == place) & (table["year"] == year) & (table["resource"] == resource)
    return table[hit].iloc[0]


def test_the_worked_example_needs_another_200_at_n2():
    """In the relaxation half of F2 is closed for the last of P2: 2 for each tce at N2. With 200 more there F2 is not
    needed at all; with 600 less P2 is out."""
    plan = qo.solve("worked-example", profile="exact")
    row = price_of(plan, "N2", 2025)
    assert row["price"] == pytest.approx(2.0)
    assert (row["holds_from"], row["holds_to"]) == pytest.approx((-600.0, 200.0))
    assert row["method"] == "dual of the linear relaxation"


def test_a_pool_that_is_not_used_up_is_worth_nothing_from_its_room_on():
    """100 tce held, 60 used: the price of 0 holds from 40 tce less on."""
    scenario = case(
        first=2024,
        last=2024,
        objective=FINAL,
        projects=[{"project": "P", "place": "county", "energy_tce": 60, "value_added": 100}],
        quotas=[{"place": "county", "resource": "energy", "year": "*", "amount": 100}],
    )
    plan = qo.solve(scenario)
    row = price_of(plan, "county", 2024)
    assert row["price"] == 0
    assert (row["holds_from"], row["holds_to"]) == (-40.0, math.inf)


def test_the_ranges_are_in_the_result_folder(tmp_path):
    plan = qo.solve("worked-example")
    plan.write(tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / "prices.csv", encoding="utf-8-sig")
    assert table["holds_to"].notna().all()
    again = qo.read_result(tmp_path / "out")
    assert price_of(again, "N2", 2025)["holds_to"] == pytest.approx(200.0)


def test_a_model_too_large_has_no_ranges_and_says_so(monkeypatch):
    monkeypatch.setattr(prices_module, "RANGED_COLUMNS", 3)
    plan = qo.solve("worked-example")
    assert plan.prices["holds_to"].isna().all()
    assert set(plan.prices["method"]) == {"dual of the linear relaxation, without range"}


def test_a_session_solves_again_with_ranges():
    """The second solve starts from the basis of the first; every price has its range."""
    session = qo.Session("worked-example")
    session.solve()
    changed = session.solve({"rules.retention.keep": 0.5})
    assert (changed.prices["holds_from"] <= 0).all()
    assert (changed.prices["holds_to"] >= 0).all()
