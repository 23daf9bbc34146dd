"""The fast ways of reading a column say the same as the careful ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_opt.scenario.cells import ColumnReader
from quota_opt.scenario.collector import Collector
from quota_opt.scenario.raw import RawTable
from quota_opt.scenario.schema import table_named

ENERGY = table_named("firms").column("energy_tce")
FIRM = table_named("firms").column("firm")


def read(cells: list[object], spec=ENERGY) -> tuple[np.ndarray, list[str]]:
    report = Collector()
    rows = np.arange(2, len(cells) + 2)
    values = np.empty(len(cells), dtype=object)
    values[:] = cells
    raw = RawTable("firms", (spec.name,), (values,), (0,), rows, file="firms.csv")
    return ColumnReader(raw, 0, spec, 1.0, report).read(), [finding.code for finding in report.all()]


@given(st.lists(st.one_of(st.text("0123456789.", max_size=17), st.floats(0, 1e9).map(repr)), max_size=6))
def test_digits_and_points_are_the_numbers_pandas_makes_of_them(cells: list[str]) -> None:
    wanted = pd.to_numeric(pd.Series(cells, dtype=object), errors="coerce").to_numpy(dtype=float)
    assert read(list(cells))[0].tobytes() == wanted.tobytes()


@pytest.mark.parametrize(
    ("cells", "numbers", "codes"),
    [
        (["12", "", "0.5"], [12.0, np.nan, 0.5], []),
        (["12", "1.2.3"], [12.0, np.nan], ["not-a-number"]),
        (["1\n2", "3"], [np.nan, 3.0], ["not-a-number"]),
        ([".", "7"], [np.nan, 7.0], ["not-a-number"]),
        (["1,200", "１２"], [1200.0, 12.0], []),
        (["-3", "4"], [np.nan, 4.0], ["out-of-range"]),
        ([3, "4", None], [3.0, 4.0, np.nan], []),
    ],
)
def test_numbers_as_people_write_them(cells: list[object], numbers: list[float], codes: list[str]) -> None:
    found, said = read(cells)
    np.testing.assert_array_equal(found, numbers)
    assert said == codes


@pytest.mark.parametrize(
    ("cells", "codes"),
    [
        (["F1", "F2"], []),
        (["F1", "=F2"], ["unsafe-identifier"]),
        (["-F1", "F2"], ["unsafe-identifier"]),
        (["F1\n=x", "F2"], []),  # a line break within a cell starts no cell
        (["F1", "Total"], ["summary-row"]),
        (["F1", "合 计"], ["summary-row"]),
        (["checksum", "F2"], []),  # holds the word, and is none
        (["F1", 2.0**60], ["identifier-not-text"]),
        (["F1", ""], ["missing-value"]),
    ],
)
def test_odd_identifiers_are_found_in_a_column_of_plain_ones(cells: list[object], codes: list[str]) -> None:
    assert read(cells, FIRM)[1] == codes
