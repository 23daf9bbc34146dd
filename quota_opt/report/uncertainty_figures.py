"""Figures of what may happen: how often all is served, how measures spread, where it lacks, what protection costs."""

from __future__ import annotations

import pandas as pd

from quota_opt.errors import Language, Text
from quota_opt.report.drafting import (
    BLUE,
    GREEN,
    INK,
    MOST_PLACES,
    ORANGE,
    TOP_PLACES,
    VERMILLION,
    axis_name,
    axis_unit,
    base_option,
    distinct,
    label,
    scaled,
)
from quota_opt.report.numbers import clean, percent
from quota_opt.report.values import Column, Figure, Table, records
from quota_opt.report.words import measure_name, resource_name

_GRID = {"left": 12, "right": 24, "top": 16, "bottom": 30, "containLabel": True}
_FIVE = ("p05", "p25", "p50", "p75", "p95")
_MOST_BOXES = 10


def served(table: Table, years: pd.DataFrame, language: Language) -> Figure:
    """How often no award lacks anything, by year."""
    low = years.sort_values(["served", "year"], kind="stable").iloc[0]
    title = Text(
        f"最没有把握的是 {int(low['year'])} 年：{percent(low['served'], 0)}的情形能全部保障",
        f"Least certain is {int(low['year'])}: all is served in {percent(low['served'], 0)} of the worlds",
    ).of(language)
    option = base_option(
        grid=_GRID,
        xAxis={"type": "category", "data": [str(int(y)) for y in years["year"]], "axisLabel": {"fontSize": 12}},
        yAxis=axis_name("", type="value", min=0, max=100, axisLabel={"formatter": "{value}%"}),
        series=[
            {
                "type": "bar",
                "barWidth": 28,
                "data": [
                    {
                        "value": clean(v * 100, 1),
                        "itemStyle": {"color": VERMILLION if v < 0.8 else GREEN},
                        "label": {"formatter": percent(v, 0)},
                    }
                    for v in years["served"]
                ],
                "label": {"show": True, "position": "top", "fontSize": 12, "color": INK},
            }
        ],
    )
    return Figure("served", title, option, title, table, (720, 300), "column")


def spread(table: Table, measures: pd.DataFrame, language: Language) -> Figure:
    """Quantiles of the measures that vary, as shares of what is planned."""
    shown = measures.head(_MOST_BOXES)
    names = [label(measure_name(name).of(language), 16) for name in shown["measure"]]
    parts = [[clean(100.0 * getattr(row, q) / row.planned, 1) for q in _FIVE] for row in records(shown)]
    wide = max(range(len(parts)), key=lambda k: parts[k][4] - parts[k][0])
    low, high = (f"{parts[wide][k]:g}%" for k in (0, 4))
    name = measure_name(str(shown["measure"].iloc[wide]))
    title = Text(
        f"{name.zh}最不确定：九成情形在计划的 {low} 到 {high} 之间",
        f"{name.en} varies most: {low} to {high} of what is planned in nine worlds of ten",
    ).of(language)
    option = base_option(
        grid=_GRID,
        xAxis=axis_name("", type="value", scale=True, axisLabel={"formatter": "{value}%"}),
        yAxis={
            "type": "category",
            "data": distinct(names),
            "inverse": True,
            "axisLabel": {"fontSize": 12, "color": INK, "interval": 0},
            "axisTick": {"show": False},
        },
        series=[
            {
                "type": "boxplot",
                "data": parts,
                "itemStyle": {"color": "#DCEBF5", "borderColor": BLUE, "borderWidth": 1.5},
                "boxWidth": [8, 16],
                "markLine": {
                    "symbol": "none",
                    "silent": True,
                    "label": {"show": False},
                    "lineStyle": {"color": INK, "type": "dashed"},
                    "data": [{"xAxis": 100}],
                },
            }
        ],
    )
    said = Text(f"{title}。盒为中间一半，两端为 5% 和 95%，虚线为计划。",
                f"{title}. Box: the middle half; ends: 5 % and 95 %; dashed: as planned.").of(language)  # fmt: skip
    return Figure("spread", title, option, said, table, (720, 90 + 34 * len(parts)))


def risk(table: Table, places: pd.DataFrame, language: Language) -> Figure:
    """What is lacking on average, by place and year, of the resource that is most often short."""
    resource = str(places.groupby("resource")["probability"].max().sort_values(kind="stable").index[-1])
    own = places[places["resource"] == resource]
    order = own.groupby("title")["expected"].max().sort_values(ascending=False, kind="stable").index
    shown = list(order[: len(order) if len(order) <= MOST_PLACES else TOP_PLACES])
    years = sorted({int(y) for y in own["year"]})
    own = own[own["title"].isin(shown)]
    cells = [[years.index(int(row.year)), shown.index(row.title), clean(row.expected, 1)] for row in records(own)]
    worst = own.sort_values(["expected", "title", "year"], ascending=[False, True, True], kind="stable").iloc[0]
    what, place, year = resource_name(resource), label(str(worst["title"])), int(worst["year"])
    title = Text(
        f"{what.zh}最可能短缺的是{place} {year} 年（概率 {percent(worst['probability'], 0)}）",
        f"{what.en} is most likely to be short at {place} in {year} ({percent(worst['probability'], 0)})",
    ).of(language)
    option = base_option(
        grid={"left": 12, "right": 90, "top": 10, "bottom": 8, "containLabel": True},
        xAxis={"type": "category", "data": [str(year) for year in years], "splitArea": {"show": True}},
        yAxis={
            "type": "category",
            "data": distinct(label(name) for name in shown),
            "inverse": True,
            "axisLabel": {"fontSize": 12, "color": INK, "interval": 0},
        },
        visualMap={
            "min": 0,
            "max": clean(float(own["expected"].max()), 1) or 1,
            "calculable": False,
            "orient": "vertical",
            "right": 0,
            "top": "middle",
            "itemWidth": 12,
            "inRange": {"color": ["#FFF7E0", ORANGE, VERMILLION]},
            "textStyle": {"fontSize": 12},
        },
        series=[
            {
                "type": "heatmap",
                "data": cells,
                "label": {"show": True, "fontSize": 12, "color": "#000000"},
                "itemStyle": {"borderColor": "#FFFFFF", "borderWidth": 1},
            }
        ],
    )
    said = Text(f"{title}。格内为平均短缺量，空格不缺。", f"{title}. Cells: mean shortfall; empty: none.").of(language)
    return Figure("risk", title, option, said, table, (720, 70 + 28 * len(shown)))


def by_gamma(key: str, title: str, table: Table, column: Column, values: list[float], language: Language) -> Figure:
    """One figure by the number of deviations the plan stands: the objective, or how often all is served."""
    share = column.kind == "share"
    divisor, unit = (0.01, Text("%", "%")) if share else axis_unit(column.unit or "", max(map(abs, values)))
    names = [str(row[0].of(language) if isinstance(row[0], Text) else row[0]) for row in table.rows]
    heights = [clean(v / divisor, 1) if share else scaled(v, divisor) for v in values]
    option = base_option(
        grid={**_GRID, "top": 36},
        xAxis={
            "type": "category",
            "data": distinct(names),
            "name": "Γ",
            "nameLocation": "end",
            "axisLabel": {"fontSize": 12, "color": INK},
        },
        yAxis=axis_name(unit.of(language), type="value", min=0) if min(values) >= 0 else axis_name(
            unit.of(language), type="value"
        ),
        series=[
            {
                "type": "bar",
                "barWidth": 28,
                "data": heights,
                "itemStyle": {"color": GREEN if share else BLUE},
                "label": {"show": True, "position": "top", "fontSize": 12, "color": INK},
            }
        ],
    )  # fmt: skip
    return Figure(key, title, option, title, table, (720, 300), "column")
