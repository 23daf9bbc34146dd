"""The chart of gaps over time."""

from quota_opt.cli.bench_chart import FIRST, FLOOR, gap_chart
from quota_opt.cli.bench_solvers import Point, Race

WORDS = ("gaps", ("seconds", "gap"), "solid and dashed")


def test_each_solver_has_its_own_gap_and_its_plan_beside_our_bound():
    """Ours proves 1/99 after 1 s and 0 after 2 s. Theirs proves 30/90 and has a plan 10/90 from our 100."""
    ours = Race(
        "s", 0, "auto", "OPTIMAL", 2.0, bound=100.0, points=(Point(0.01, 99.0, 100.0), Point(2.0, 100.0, 100.0))
    )
    theirs = Race("s", 0, "scip", "FEASIBLE", 4.0, bound=120.0, points=(Point(3.0, 90.0, 120.0),))
    figure = gap_chart([ours, theirs], *WORDS)
    lines = [(line["name"], line["lineStyle"]["type"], line["data"]) for line in figure.option["series"]]
    assert lines == [
        ("auto", "solid", [[FIRST, 1 / 99], [2.0, FLOOR], [4.0, FLOOR]]),
        ("scip", "solid", [[3.0, 30 / 90], [4.0, 30 / 90]]),
        ("scip", "dashed", [[3.0, 10 / 90], [4.0, 10 / 90]]),
    ]


def test_there_is_no_chart_where_nobody_found_a_plan():
    nothing = Race("s", 0, "auto", "NO_SOLUTION_FOUND", 2.0, bound=100.0, points=(Point(1.0, None, 100.0),))
    relaxed = Race("s", 0, "highs-lp", "OPTIMAL", 2.0, bound=101.0)
    assert gap_chart([nothing, relaxed], *WORDS) is None
