"""The bench command: what it says is right and complete. Its limits are checked by `make bench` only."""

import csv
import importlib.util
import sys
from pathlib import Path

import pytest

from quota_opt.cli import bench_solvers
from quota_opt.cli.bench import CASES, Size, measure
from quota_opt.cli.bench_solvers import WAYS, Point, Race, Solver, compared, races
from quota_opt.scenario.generate import SHAPES, generate_case

GAPS = ("0.01", "0.001", "0.0001")


def lines(path):
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_bench_times_each_step_and_writes_a_table(cli):
    call = cli("bench", "--size", "town", "--relaxation", "--json")
    assert call.code == 0, call.err
    rows = call.document["rows"]
    steps = [row["step"] for row in rows if row["size"] == "town"]
    assert steps == ["load", "read", "build", "hand over", "LP relaxation"]
    assert all(row["seconds"] > 0 for row in rows)
    assert [row["step"] for row in lines(call.document["file"])] == [row["step"] for row in rows]


@pytest.mark.parametrize("size", list(Size))
def test_every_size_names_a_shape_and_15_towns_a_county_or_one(size):
    case = CASES[size]
    assert case["shape"] in SHAPES
    assert case["towns"] == (1 if size is Size.TOWN else 15)


def test_a_race_writes_its_table_its_points_and_a_chart_for_each_seed(cli):
    seeds = ["--seed", "0", "--seed", "1"]
    solvers = ["--solvers", "auto", "--solvers", "cbc", "--relaxation"]
    call = cli("bench", "--size", "town", "--against", "1", *seeds, *solvers, "--out", "made/b.csv", "--json")
    assert call.code == 0, call.err
    assert [Path(file).as_posix() for file in call.document["files"]] == [
        "made/b.csv", "made/b-points.csv", "made/b-town-0.svg", "made/b-town-1.svg",
    ]  # fmt: skip
    rows = lines("made/b.csv")
    assert [(row["seed"], row["solver"]) for row in rows] == [
        (seed, solver) for seed in "01" for solver in ("auto", "cbc", "highs-lp")
    ]
    for name in ("within", "near", "ratios", "near_ratios"):
        assert {f"{name}_{gap}" for gap in GAPS} <= set(rows[0])
    for row in rows:
        assert float(row["peak_mb"]) > 10
        assert int(row["columns"]) > 500
    for seed in "01":
        own, other, relaxed = (row for row in rows if row["seed"] == seed)
        assert float(own["objective"]) <= float(own["bound"]) * (1 + 1e-9)
        for row in (own, other):
            # No plan is better than what another solver proves to be out of reach, nor than the relaxation.
            if row["objective"]:
                assert float(row["objective"]) <= float(own["bound"]) * (1 + 1e-9)
                assert float(row["objective"]) <= float(relaxed["bound"]) * (1 + 1e-9)
    points = lines("made/b-points.csv")
    assert {(point["seed"], point["solver"]) for point in points} >= {("0", "auto"), ("1", "auto")}
    assert Path("made/b-town-0.svg").read_text(encoding="utf-8").startswith("<svg")


def test_all_five_find_the_same_plan_of_a_small_case(tmp_path):
    """CP-SAT in whole steps too: what the rounding costs is far below the gap."""
    generate_case(tmp_path / "case", firms=20, projects=4, towns=1, years=2)
    found = races("tiny", 3, str(tmp_path / "case"), 20.0)
    assert [race.solver for race in found] == list(Solver)
    best = max(race.objective for race in found)
    for race in found:
        assert (race.size, race.seed, race.status) == ("tiny", 3, "OPTIMAL"), race
        assert race.objective == pytest.approx(best, rel=3e-4), race.solver
        assert race.within[-1] is not None and race.within == tuple(sorted(race.within)), race.solver
        assert race.rounded == (race.solver == "cp-sat")
        if not race.rounded:
            assert race.bound >= best * (1 - 1e-9), race.solver
        assert [point.seconds for point in race.points] == sorted(point.seconds for point in race.points)


def test_seconds_are_counted_to_the_own_gap_and_to_ours_and_set_against_ours():
    """Our bound is 100. Theirs: a plan of 99.5 is within 1e-2 of it after 4 s, though they prove that gap after 8 s."""
    ours = Race(
        "s", 0, "auto", "OPTIMAL", 2.0, objective=99.99, bound=100.0, within=(1.0, 2.0, None),
        points=(Point(1.0, 99.2, 100.0), Point(2.0, 99.99, 100.0)),
    )  # fmt: skip
    theirs = Race(
        "s", 0, "scip", "FEASIBLE", 10.0, objective=99.5, bound=100.3, within=(8.0, None, None),
        points=(Point(3.0, 90.0, 120.0), Point(4.0, 99.5, 120.0), Point(8.0, 99.5, 100.3)),
    )  # fmt: skip
    first, second = compared([ours, theirs], 10.0)
    assert first.near == (1.0, 2.0, None)
    assert first.ratios == (None, None, None)
    assert second.gap_to_ours == pytest.approx(0.5 / 99.5)
    assert second.near == (4.0, None, None)
    # 1 s beside 8 s; 2 s beside the 10 s they had; and what we did not reach is beside nothing.
    assert second.ratios == (0.125, 0.2, None)
    assert second.near_ratios == (0.25, 0.2, None)


def test_without_ours_the_least_bound_of_the_model_itself_is_the_measure():
    """A bound of the rounded model (95 here) may lie below plans of the model: it is no measure."""
    one = Race("s", 0, "scip", "FEASIBLE", 5.0, objective=96.0, bound=100.0)
    other = Race("s", 0, "cp-sat", "FEASIBLE", 5.0, objective=94.0, bound=95.0, rounded=True)
    first, second = compared([one, other], 5.0)
    assert first.gap_to_ours == pytest.approx(4 / 96)
    assert second.gap_to_ours == pytest.approx(6 / 94)
    assert second.ratios == (None, None, None)


def test_a_process_that_does_not_stop_is_ended_and_what_it_told_counts(monkeypatch):
    program = (
        'import sys, time; print(\'{"seconds": 0.5, "objective": 3.0, "bound": 4.0}\', flush=True); time.sleep(60)'
    )
    monkeypatch.setattr(bench_solvers, "_PROGRAM", (sys.executable, "-c", program))
    monkeypatch.setattr(bench_solvers, "GRACE_S", 1.0)
    raced = bench_solvers._raced("s", 0, "scip", "nowhere", 0.5)
    assert (raced.status, raced.objective, raced.bound) == ("ended late", 3.0, 4.0)


def test_a_process_that_fails_says_why(monkeypatch):
    monkeypatch.setattr(bench_solvers, "_PROGRAM", (sys.executable, "-c", "raise MemoryError('too large')"))
    raced = bench_solvers._raced("s", 0, "cbc", "nowhere", 5.0)
    assert raced.status == "MemoryError: too large"
    assert raced.objective is None


def test_building_is_set_beside_linopy_and_pulp_and_a_missing_one_is_named(cli, monkeypatch):
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "linopy" else there(name))
    call = cli("bench", "--size", "town", "--modelling", "--out", "m.csv")
    assert call.code == 0, call.err
    assert "linopy is not installed here" in call.out
    rows = lines("m.csv")
    assert [row["step"] for row in rows] == list(WAYS)
    for row in rows:
        if row["step"].startswith("linopy"):
            assert row["seconds"] == ""
        else:
            assert int(row["columns_per_second"]) > 0
            assert [row[name] for name in ("columns", "rows", "entries")] == [
                rows[0][name] for name in ("columns", "rows", "entries")
            ]


@pytest.mark.bench
@pytest.mark.parametrize("size", [Size.COUNTY, Size.COUNTY_HEAVY])
def test_a_county_is_read_built_and_handed_over_within_3_seconds(size):
    assert sum(row.seconds for row in measure(size)) < 3


@pytest.mark.bench
def test_a_million_columns_are_built_within_5_seconds_and_2_gb():
    [build] = [row for row in measure(Size.MILLION) if row.step == "build"]
    assert build.columns >= 1_000_000
    assert build.seconds < 5
    assert build.peak_mb is None or build.peak_mb < 2000
