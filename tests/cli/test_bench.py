"""The bench command; its limits are checked by `make bench` only."""

import csv
from pathlib import Path

import pytest

from quota_opt.cli.bench import Size, measure


def test_bench_times_each_step_and_writes_a_table(cli):
    call = cli("bench", "--size", "town", "--json")
    assert call.code == 0, call.err
    rows = call.document["rows"]
    assert [row["step"] for row in rows if row["size"] == "town"] == ["load", "read", "build", "hand over"]
    assert all(row["seconds"] > 0 for row in rows)
    with Path(call.document["file"]).open(encoding="utf-8-sig", newline="") as file:
        assert [row["step"] for row in csv.DictReader(file)] == [row["step"] for row in rows]


@pytest.mark.bench
def test_a_county_is_read_built_and_handed_over_within_3_seconds():
    assert sum(row.seconds for row in measure(Size.COUNTY)) < 3


@pytest.mark.bench
def test_a_million_columns_are_built_within_5_seconds_and_2_gb():
    [build] = [row for row in measure(Size.MILLION) if row.step == "build"]
    assert build.columns >= 1_000_000
    assert build.seconds < 5
    assert build.peak_mb is None or build.peak_mb < 2000
