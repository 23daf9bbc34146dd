"""Figures of a front: the curve with what each segment costs, every two measures against each other, all at once."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from quota_opt.errors import Language, Text
from quota_opt.report.drafting import BLUE, INK, VERMILLION, axis_name, axis_unit, base_option, scaled
from quota_opt.report.numbers import short
from quota_opt.report.values import Column, Figure, Table, table_of

if TYPE_CHECKING:
    from quota_opt.analysis.front.pareto import Front, Goal

Maker = Callable[[Language], Figure]
"""Draws a figure in one language."""
MOST_RATES = 12
"""With more segments than this, rates are in the table only."""
_PANEL = 300


def curve(front: Front, language: Language, title: Text) -> Figure:
    """The first measure over the second, the rate on each segment, the knee marked."""
    second, first = front.goals[1], front.goals[0]
    divisors = [_axis(front, goal) for goal in (second, first)]
    at = _scaled(front, (second, first))
    knee = _knee(front)
    rates = front.rates
    middles = []
    for k, (a, b) in enumerate(itertools.pairwise(at)):
        if len(at) <= MOST_RATES + 1 and not math.isnan(rates[k]):
            middle = [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0]
            middles.append({"value": middle, "label": {"formatter": short(abs(rates[k]))}})
    label = {"show": True, "position": "right", "offset": [2, 10], "fontSize": 12, "color": INK}
    knee_label = {"show": True, "position": "left", "formatter": Text("拐点", "knee").of(language), "color": VERMILLION}
    option = base_option(
        grid={"left": 14, "right": 46, "top": 30, "bottom": 34, "containLabel": True},
        xAxis=_named(second, divisors[0][1], language, nameLocation="middle", nameGap=26),
        yAxis=_named(first, divisors[1][1], language),
        series=[
            {"type": "line", "data": at, "symbol": "circle", "symbolSize": 7, "itemStyle": {"color": BLUE},
             "lineStyle": {"color": BLUE, "width": 1.5}},
            {"type": "scatter", "data": middles, "symbolSize": 0.1, "silent": True, "label": label},
            {"type": "scatter", "data": [] if knee is None else [at[knee]], "symbol": "diamond", "symbolSize": 15,
             "itemStyle": {"color": VERMILLION}, "label": {**knee_label, "fontSize": 12}},
        ],
    )  # fmt: skip
    said = Text(
        f"取舍曲线，共 {len(at)} 点：横轴{second.line.title.zh}，纵轴{first.line.title.zh}；线段旁为换一个单位的代价。",
        f"Front of {len(at)} points: {second.line.title.en} across, {first.line.title.en} up; beside each segment "
        f"what one unit costs.",
    )
    return Figure(
        "front",
        title.of(language),
        option,
        said.of(language),
        points_table(front, (1, 0)),
        (720, 400),
        native="scatter",
    )


def panels(front: Front, language: Language) -> Figure:
    """Every two measures against each other, a panel for each pair; the knee is a diamond."""
    pairs = list(itertools.combinations(front.goals, 2))
    wide = min(3, len(pairs))
    deep = math.ceil(len(pairs) / wide)
    grids: list[dict[str, Any]] = []
    across: list[dict[str, Any]] = []
    upward: list[dict[str, Any]] = []
    series: list[dict[str, Any]] = []
    knee = _knee(front)
    for k, sides in enumerate(pairs):
        column, row = k % wide, k // wide
        grids.append(
            {"left": f"{column * 100 / wide + 3:.1f}%", "width": f"{100 / wide - 6:.1f}%", "top": 34 + row * _PANEL,
             "height": _PANEL - 84, "containLabel": True}
        )  # fmt: skip
        second, first = sides
        middle = {"nameLocation": "middle", "nameGap": 24, "splitNumber": 3}
        across.append(_named(second, _axis(front, second)[1], language, gridIndex=k, **middle))
        upward.append({**_named(first, _axis(front, first)[1], language), "gridIndex": k})
        at = _scaled(front, sides)
        for points, symbol, large, colour in (
            (at, "circle", 7, BLUE),
            ([] if knee is None else [at[knee]], "diamond", 14, VERMILLION),
        ):
            series.append(
                {"type": "scatter", "data": points, "xAxisIndex": k, "yAxisIndex": k, "symbol": symbol,
                 "symbolSize": large, "itemStyle": {"color": colour}}
            )  # fmt: skip
    option = base_option(grid=grids, xAxis=across, yAxis=upward, series=series)
    title = Text("两两取舍：每格一对成效指标", "Two measures at a time, a panel for each pair")
    size = (720 if wide < 3 else 960, 40 + deep * _PANEL)
    return Figure("front_pairs", title.of(language), option, title.of(language), points_table(front), size)


def lines(front: Front, language: Language) -> Figure:
    """Each point as a line across all measures, the better end of each axis on top; the knee is thick."""
    axes, knee = [], _knee(front)
    for k, goal in enumerate(front.goals):
        unit = _axis(front, goal)[1].of(language)
        name = f"{goal.line.title.of(language)}\n({unit})" if unit else goal.line.title.of(language)
        less = goal.sense == "min"
        axes.append(
            {"dim": k, "name": name, "inverse": less, "nameLocation": "start" if less else "end", "scale": True}
        )
    at = _scaled(front, front.goals)
    data = [
        {"value": point, "lineStyle": {"color": VERMILLION if k == knee else BLUE, "width": 3 if k == knee else 1,
                                       "opacity": 1.0 if k == knee else 0.55}}
        for k, point in enumerate(at)
    ]  # fmt: skip
    option = base_option(
        parallelAxis=axes,
        parallel={"left": 96, "right": 96, "top": 60, "bottom": 24,
                  "parallelAxisDefault": {"nameTextStyle": {"fontSize": 12, "color": INK},
                                          "axisLabel": {"fontSize": 11, "color": INK}}},
        series=[{"type": "parallel", "data": data}],
    )  # fmt: skip
    title = Text("每条线是一个方案，各轴上端为好", "Each line is a plan; the better end of every axis is on top")
    return Figure("front_lines", title.of(language), option, title.of(language), points_table(front), (720, 360))


def points_table(front: Front, order: tuple[int, ...] = ()) -> Table:
    """The points as numbers, the measures in the order given."""
    goals = [front.goals[at] for at in order] or list(front.goals)
    columns = [
        Column(goal.name, goal.line.title, "number", goal.line.unit, digits=_digits(front, goal)) for goal in goals
    ]
    rows = front.points[[goal.name for goal in goals]].itertuples(index=False, name=None)
    return table_of("front_points", Text("曲线上的点", "Points of the front"), columns, list(rows))


def _digits(front: Front, goal: Goal) -> int:
    largest = float(front.points[goal.name].abs().max())
    return 0 if largest >= 1000 else 1 if largest >= 100 else 2


def _axis(front: Front, goal: Goal) -> tuple[float, Text]:
    return axis_unit(goal.line.unit, float(front.points[goal.name].abs().max()))


def _scaled(front: Front, goals: tuple[Goal, ...]) -> list[list[float]]:
    divisors = [_axis(front, goal)[0] for goal in goals]
    table = front.points[[goal.name for goal in goals]].itertuples(index=False, name=None)
    return [[scaled(value, divisor) for value, divisor in zip(row, divisors, strict=True)] for row in table]


def _named(goal: Goal, unit: Text, language: Language, **more: Any) -> dict[str, Any]:
    said = unit.of(language)
    title = goal.line.title.of(language)
    name = title if not said else f"{title}（{said}）" if language == "zh" else f"{title} ({said})"
    style = {"fontSize": 12, "color": INK, **({} if more else {"align": "left", "padding": [0, 0, 0, -36]})}
    line = {"onZero": False}  # at the edge also where values are below 0
    return axis_name(name, type="value", scale=True, nameTextStyle=style, axisLine=line, **more)


def _knee(front: Front) -> int | None:
    return None if front.knee is None else front.knee - 1
