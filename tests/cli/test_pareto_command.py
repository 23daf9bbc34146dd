"""`quota-opt pareto` the whole way on the worked example, whose front is known by hand."""

import csv

import pytest

TRADED = ("--measure", "value_added_final", "--measure", "energy_used:min")


def test_the_front_is_written_with_a_verified_plan_per_point(cli, tmp_path):
    call = cli("pareto", "worked-example", *TRADED, "--exact", "--out", tmp_path / "front", "--lang", "zh")
    assert call.code == 0, call.err
    assert "安排使用每少 1 吨标准煤/年" in call.out
    with (tmp_path / "front" / "front.csv").open(encoding="utf-8-sig") as file:
        rows = [(float(row["value_added_final"]), float(row["energy_used"])) for row in csv.DictReader(file)]
    assert rows == [(2000, 1200), (1750, 1100), (1200, 600), (950, 500), (0, 0)]
    for at in range(1, 6):
        assert cli("verify", tmp_path / "front" / f"point-{at:03d}", "--quiet").code == 0
    assert cli("pareto", "worked-example", *TRADED, "--exact", "--out", tmp_path / "front").code == 2


def test_points_are_the_default_and_json_is_one_document(cli):
    call = cli("pareto", "worked-example", *TRADED, "--json")
    assert call.code == 0
    assert call.document["method"] == "points"
    assert call.document["complete"]
    assert call.document["folder"] == "results/worked-example-front"
    assert [row["value_added_final"] for row in call.document["table"]] == [2000, 1750, 1200, 950, 0]
    assert call.document["table"][-1]["slope"] is None


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--measure", "value_added"), 2),
        (("--measure", "value_added", "--measure", "energy_used"), 2),
        ((*TRADED, "--exact", "--points", "5"), 2),
        ((*TRADED, "--points", "1"), 2),
        ((*TRADED, "--gap", "2"), 2),
        ((*TRADED, "--exact", "--time-limit", "0.000001"), 4),
    ],
)
def test_what_cannot_be_done_ends_with_its_number(cli, tmp_path, arguments, code):
    call = cli("pareto", "worked-example", *arguments, "--out", tmp_path / "front")
    assert call.code == code, call.err
    assert not (tmp_path / "front").exists()
