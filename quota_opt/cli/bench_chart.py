"""The chart of a race: how far each solver's plan is from the best bound, second by second, on logarithmic axes."""

from __future__ import annotations

from typing import Any

from quota_opt.cli.bench_solvers import GAPS, Race, Solver
from quota_opt.report.drafting import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, VERMILLION
from quota_opt.report.values import Figure
from quota_opt.solving.status import relative_gap

COLOURS = {
    Solver.AUTO: BLUE,
    Solver.HIGHS: VERMILLION,
    Solver.SCIP: GREEN,
    Solver.CBC: ORANGE,
    Solver.CP_SAT: PURPLE,
}
FLOOR = 1e-5
"""Smaller gaps are drawn at the foot of the chart: a logarithmic axis has no zero."""
FIRST = 0.05
"""The axis of time begins here; what was known before is drawn here."""


def gap_chart(raced: list[Race], title: str, axes: tuple[str, str], proven: str) -> Figure | None:
    """Solid lines: the gap a solver proves itself. Dashed: its plan beside our bound. None where no plan was found.

    `axes` are the names of the axes of time and gap, `proven` the sentence below the title that tells the lines apart.
    """
    series: list[dict[str, Any]] = []
    bound = _our_bound(raced)
    longest = max((race.seconds or 0.0 for race in raced), default=0.0)
    for race in raced:
        if race.solver not in COLOURS:
            continue
        look = {"color": COLOURS[Solver(race.solver)], "width": 3 if race.solver == Solver.AUTO else 2}
        own = _steps([(point.seconds, point.objective, point.bound) for point in race.points], longest)
        beside = _steps([(point.seconds, point.objective, bound) for point in race.points], longest)
        for data, kind in ((own, "solid"), (beside, "dashed")):
            if data and (kind == "solid" or race.solver != Solver.AUTO):
                width = look["width"] if kind == "solid" else 1.5
                series.append(
                    {
                        "type": "line",
                        "step": "end",
                        "name": race.solver,
                        "data": data,
                        "showSymbol": False,
                        "lineStyle": {**look, "width": width, "type": kind},
                        "itemStyle": {"color": look["color"]},
                    }
                )
    if not series:
        return None
    marks = {
        "silent": True,
        "precision": 9,
        "symbol": "none",
        "lineStyle": {"color": GREY, "type": "dotted"},
        "label": {"show": False},
        "data": [{"yAxis": gap} for gap in GAPS],
    }
    series[0]["markLine"] = marks
    axis = {"type": "log", "nameTextStyle": {"color": INK}, "splitLine": {"lineStyle": {"color": "#eeeeee"}}}
    names = list(dict.fromkeys(line["name"] for line in series))
    option = {
        "title": {"text": title, "subtext": proven, "left": 0, "textStyle": {"fontSize": 15}},
        "legend": {"top": 54, "left": 0, "icon": "roundRect", "itemHeight": 4, "data": names},
        "grid": {"left": 64, "right": 24, "top": 112, "bottom": 52},
        "xAxis": {**axis, "name": axes[0], "nameLocation": "middle", "nameGap": 28, "min": FIRST,
                  "max": float(f"{max(longest, 1.0):.2g}")},
        "yAxis": {**axis, "name": axes[1], "min": FLOOR, "max": 1.0},
        "series": series,
    }  # fmt: skip
    return Figure("gap_over_time", title, option, proven, size=(760, 460))


def _our_bound(raced: list[Race]) -> float | None:
    """The bound that `gap_to_ours` was measured against."""
    for race in raced:
        if race.solver == Solver.AUTO and race.bound is not None:
            return race.bound
    return min((race.bound for race in raced if race.bound is not None and not race.rounded), default=None)


def _steps(points: list[tuple[float, float | None, float | None]], last: float) -> list[list[float]]:
    """(seconds, gap) where the gap changes, and at the end of the race."""
    steps: list[list[float]] = []
    for seconds, objective, bound in points:
        if objective is None or bound is None:
            continue
        gap = min(max(relative_gap(objective, max(bound, objective)), FLOOR), 1.0)
        if not steps or gap != steps[-1][1]:
            steps.append([max(seconds, FIRST), gap])
    if steps and steps[-1][0] < last:
        steps.append([last, steps[-1][1]])
    return steps
