"""The batches of `bench`: the same variants with one process and with two, and what of the time went into solving."""

import csv
from pathlib import Path


def test_both_batches_solve_all_variants_and_say_what_the_time_went_into(cli):
    call = cli(
        "bench", "--batch", "--runs", "3", "--firms", "20", "--projects", "4", "--out", "b.csv", "--json",
    )  # fmt: skip
    assert call.code == 0, call.err
    rows = call.document["rows"]
    assert [(row["jobs"], row["runs"], row["planned"]) for row in rows] == [(1, 3, 3), (2, 3, 3)]
    for row in rows:
        assert 0 < row["solver"] < row["solve"] < row["run"] < 1
        assert 0 < row["solver_seconds"] < row["jobs"] * row["seconds"]
        assert row["peak_mb"] > 20
    assert rows[0]["faster"] == 1
    with Path("b.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [line["jobs"] for line in csv.DictReader(file)] == ["1", "2"]
