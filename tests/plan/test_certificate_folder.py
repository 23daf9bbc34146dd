"""The bound from prices, added up again from a result folder, by nobody but the arithmetic."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from forging import reseal

import quota_opt as qo


@pytest.fixture
def folder(tmp_path):
    return qo.solve("worked-example", profile="exact").write(tmp_path / "out")


def problems(folder):
    return [finding.code for finding in qo.verify(reseal(folder)).problems]


def test_the_prices_stand_in_the_folder_and_prove_what_is_stated(folder):
    # The relaxation of the worked example is worth more than its best plan, 2,000: the prices prove no less.
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    prices = pd.read_csv(folder / "certificate.csv", encoding="utf-8-sig")
    assert len(prices) and {"row", "price"} <= set(prices)
    assert record["certificate"]["price_bound"] >= 2000.0
    assert problems(folder) == []


@pytest.mark.parametrize("factor", [0.5, 1.5])
def test_a_price_that_was_changed_proves_another_bound(folder, factor):
    path = folder / "certificate.csv"
    prices = pd.read_csv(path, encoding="utf-8-sig")
    largest = prices["price"].abs().idxmax()
    prices.loc[largest, "price"] *= factor
    prices.to_csv(path, index=False, encoding="utf-8-sig")
    assert problems(folder) == ["verify-certificate"]


def test_a_stated_bound_that_the_prices_do_not_prove_is_found(folder):
    path = folder / "run.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["certificate"]["price_bound"] -= 1.0
    path.write_text(json.dumps(record), encoding="utf-8")
    assert problems(folder) == ["verify-certificate"]


def test_a_row_the_model_does_not_have_is_found(folder):
    path = folder / "certificate.csv"
    prices = pd.read_csv(path, encoding="utf-8-sig")
    prices.loc[0, "row"] = "pool[nowhere]"
    prices.to_csv(path, index=False, encoding="utf-8-sig")
    assert problems(folder) == ["verify-certificate"]


def test_prices_that_were_taken_away_are_missed(folder):
    (folder / "certificate.csv").unlink()
    assert problems(folder) == ["verify-certificate"]


def test_an_objective_in_stages_has_no_prices_of_its_own(tmp_path):
    ordered = qo.read("worked-example").with_(
        objective={
            "form": "lexicographic",
            "order": [{"measure": "value_added_final"}, {"measure": "public_cost", "sense": "min"}],
        }
    )
    written = qo.solve(ordered, profile="exact").write(tmp_path / "out")
    assert not (written / "certificate.csv").exists()
    assert problems(written) == []
