"""Races of fronts: ours is counted as the true one, the other only where it is installed."""

from importlib.util import find_spec

from quota_opt.cli import bench_front
from quota_opt.scenario.generate import generate_case


def test_every_instance_has_both_ways(monkeypatch):
    monkeypatch.setattr(bench_front, "INSTANCES", ((6, 2, 10),))
    ours, other = bench_front.raced(0)
    assert (ours.way, ours.missed, ours.ratio) == ("quota_opt", 0, 1.0)
    assert ours.points >= 1
    assert other.way == bench_front.OTHER
    assert (other.seconds is None) == (find_spec(bench_front.OTHER) is None)


def test_a_front_of_a_case_is_counted_in_single_solves(tmp_path, monkeypatch):
    monkeypatch.setattr(bench_front, "SPREAD", 3)
    case = generate_case(tmp_path / "case", firms=20, projects=6, towns=2, years=2)
    one, front = bench_front.spread("small", str(case))
    assert (one.way, front.way) == ("solve", "front")
    assert 1 <= front.points <= 3
    assert front.ratio > 0
