"""Figures about targets, projects and money: bullet bars, merit curve, intensity and its limits, fund by year."""

from __future__ import annotations

import math

import pandas as pd

from quota_opt.errors import Language, Text
from quota_opt.report import words
from quota_opt.report.content import Content
from quota_opt.report.drafting import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    SKY,
    VERMILLION,
    axis_name,
    axis_unit,
    base_option,
    distinct,
    label,
    scaled,
)
from quota_opt.report.numbers import clean, counted, running, short
from quota_opt.report.values import Column, Figure, records, table_of
from quota_opt.report.words import WORDS

# Verdicts of projects in drawing order, each with colour and symbol, so that colour is never alone.
_MARKS = {
    "awarded": (BLUE, "circle"),
    "not_awarded": (ORANGE, "triangle"),
    "rejected": (VERMILLION, "diamond"),
}
_MOST_TARGETS = 14


def targets(content: Content, language: Language) -> Figure | None:
    """Which targets are met: reached as a share of the target, with the line at 100%."""
    table = content.targets[(content.targets["target"] > 0) & content.targets["reached"].notna()]
    if table.empty:
        return None
    table = table.assign(share=table["reached"] / table["target"])
    shown = table.sort_values("share", kind="stable").head(_MOST_TARGETS).iloc[::-1]
    names, bars = [], []
    for row in records(shown):
        where = "" if not row.place else f"{label(row.place_name, 8)} "
        name = words.measure_name(row.measure, content.measure_titles).of(language)
        names.append(label(f"{where}{name} {row.year}", 20 if language == "zh" else 34))
        share = clean(min(max(row.share, 0.0), 2.0) * 100, 1)
        sense = words.SENSES.get(row.sense, row.sense)
        text = f"{'✓' if row.ok else '✗'} {short(row.reached)} {sense} {short(row.target)}"
        colour = BLUE if row.ok else VERMILLION
        bars.append({"value": share, "itemStyle": {"color": colour}, "label": {"formatter": text}})
    option = base_option(
        grid={"left": 12, "right": 150, "top": 12, "bottom": 30, "containLabel": True},
        xAxis=axis_name("", type="value", max=200, axisLabel={"formatter": "{value}%"}),
        yAxis={"type": "category", "data": distinct(names), "axisLabel": {"fontSize": 12, "color": INK}},
        series=[
            {
                "type": "bar",
                "data": bars,
                "barWidth": 14,
                "label": {"show": True, "position": "right", "fontSize": 12, "color": INK},
                "markLine": {
                    "symbol": "none",
                    "silent": True,
                    "lineStyle": {"color": INK, "width": 2, "type": "solid"},
                    "label": {"show": False},
                    "data": [{"xAxis": 100}],
                },
            }
        ],
    )
    met, count = content.targets_met, len(content.targets)
    title = (
        Text(f"{count} 项目标全部完成", f"All {count} targets are met")
        if met == count
        else Text(f"{count} 项目标完成 {met} 项", f"{met} of {count} targets are met")
    )
    alternative = Text(
        f"{title.zh}；条形为达到目标的百分比，竖线为目标。",
        f"{title.en}; bars are shares of the target, the line is the target.",
    )
    columns = (
        Column("measure", WORDS["measure"]),
        Column("place", WORDS["place"]),
        Column("year", WORDS["year"], "year"),
        Column("reached", Text("达到", "reached"), "number", digits=1),
        Column("target", WORDS["target"], "number", digits=1),
        Column("share", Text("完成率", "share"), "share", digits=1),
    )
    rows = [
        (content.measure_name(r.measure), r.place_name or WORDS["whole_area"], r.year, r.reached, r.target, r.share)
        for r in records(table)
    ]
    height = 60 + 30 * len(shown)
    return Figure(
        "targets", title.of(language), option, alternative.of(language),
        table_of("targets_figure", WORDS["targets_table"], columns, rows), (720, max(150, height)),
    )  # fmt: skip


def merit(content: Content, language: Language) -> Figure | None:
    """Why projects stand where they do: value added per unit of energy, dearest first, over cumulated energy."""
    table = content.projects[(content.projects["energy"] > 0) & (content.projects["value_added"] > 0)]
    if len(table) < 2:
        return None
    table = table.assign(worth=table["value_added"] / table["energy"])
    table = table.sort_values(["worth", "project"], ascending=[False, True], kind="stable")
    total = float(table["energy"].sum())
    divisor, unit = axis_unit("tce", total)
    step: list[list[float]] = []
    marks: dict[str, list[dict[str, object]]] = {verdict: [] for verdict in _MARKS}
    rows, start = [], 0.0
    for row in records(table):
        end = start + row.energy
        worth = clean(row.worth, 3)
        step += [[scaled(start, divisor), worth], [scaled(end, divisor), worth]]
        verdict = row.verdict if row.verdict in marks else "not_awarded"
        middle = [scaled((start + end) / 2, divisor), worth]
        marks[verdict].append({"name": label(row.title, 16), "project": row.project, "value": middle})
        rows.append((row.project, row.title, words.listed(words.VERDICTS, verdict), row.energy, end, row.worth))
        start = end
    pools = content.balances[
        (content.balances["resource"] == "energy") & (content.balances["year"] == content.last_year)
    ]
    available = float(pools[["initial", "freed"]].sum().sum()) if len(pools) else 0.0
    series: list[dict[str, object]] = [
        {"type": "line", "data": step, "symbol": "none", "lineStyle": {"color": GREY, "width": 1.5}, "silent": True,
         "areaStyle": {"color": "#EEEEEE"}}
    ]  # fmt: skip
    for verdict, points in marks.items():
        if points:
            colour, symbol = _MARKS[verdict]
            series.append(_points(words.VERDICTS[verdict].of(language), points, colour, symbol))
    if 0 < available <= total * 1.2:
        text = Text(f"可用 {short(scaled(available, divisor))}", f"available {short(scaled(available, divisor))}")
        series[0]["markLine"] = _line(
            [{"xAxis": scaled(available, divisor), "label": {"formatter": text.of(language)}}]
        )
    skipped = _skipped(table)
    title = (
        Text(
            "按每吨用能增加值由高到低排，入选项目都排在前面", "By value added per tce, all awarded projects come first"
        )
        if skipped == 0
        else Text(
            f"按每吨用能增加值排，有 {skipped} 个未入选项目排在入选项目之前（准入、留用或整项所限）",
            f"By value added per tce, {skipped} left-out projects rank above an awarded one (limits, lumps)",
        )
    )
    option = base_option(
        grid={"left": 12, "right": 40, "top": 44, "bottom": 30, "containLabel": True},
        legend={"top": 0, "right": 0, "textStyle": {"fontSize": 12}},
        xAxis=axis_name(
            Text(f"累计用能（{unit.zh}）", f"energy so far ({unit.en})").of(language),
            type="value", nameLocation="middle", nameGap=26, max=scaled(max(total, available), divisor),
            axisLabel={"showMaxLabel": False},
        ),
        yAxis=axis_name(Text("每吨标准煤增加值（万元）", "value added per tce (10k yuan)").of(language), type="value",
                        nameTextStyle={"align": "left", "fontSize": 12}),
        series=series,
    )  # fmt: skip
    columns = (
        Column("project", WORDS["project"], "id"),
        Column("name", WORDS["name"]),
        Column("verdict", WORDS["status"]),
        Column("energy", Text("用能", "energy"), "number", "tce", 0),
        Column("sum", Text("累计", "sum so far"), "number", "tce", 0),
        Column("worth", Text("每吨增加值", "value added per tce"), "number", "10k yuan", 2),
    )
    table_value = table_of("merit", Text("项目排序", "Order of projects"), columns, rows)
    return Figure("merit", title.of(language), option, title.of(language), table_value, (720, 360))


def intensity(content: Content, language: Language) -> Figure | None:
    """Each project's energy intensity against the limits, lowest first."""
    table = content.projects[(content.projects["energy"] > 0) & content.projects["intensity"].notna()]
    if table.empty:
        return None
    table = table.sort_values(["intensity", "project"], kind="stable").reset_index(drop=True)
    marks: dict[str, list[dict[str, object]]] = {verdict: [] for verdict in _MARKS}
    ceiling = _ceiling(table["intensity"], content.limits)
    for rank, row in enumerate(records(table), start=1):
        verdict = row.verdict if row.verdict in marks else "not_awarded"
        value = clean(min(row.intensity, ceiling), 3)
        marks[verdict].append({"name": label(row.title, 16), "project": row.project, "value": [rank, value]})
    series = [
        _points(words.VERDICTS[verdict].of(language), points, *_MARKS[verdict])
        for verdict, points in marks.items()
        if points
    ]
    lines = [{"yAxis": limit, "label": {"formatter": short(limit)}} for limit in content.limits]
    if lines:
        series[0]["markLine"] = _line(lines)
    above = {limit: int((table["intensity"] > limit * (1 + 1e-9)).sum()) for limit in content.limits}
    counts = "、".join(f"高于 {short(limit)} 的 {count} 个" for limit, count in above.items())
    counts_en = ", ".join(f"{count} above {short(limit)}" for limit, count in above.items())
    title = (
        Text(f"{len(table)} 个项目中，{counts}", f"Of {len(table)} projects {counts_en}")
        if above
        else Text(f"{len(table)} 个项目的能耗强度", f"Energy intensity of {len(table)} projects")
    )
    unit = Text("吨标准煤/万元增加值", "tce per 10k yuan of value added")
    option = base_option(
        grid={"left": 12, "right": 52, "top": 44, "bottom": 30, "containLabel": True},
        legend={"top": 0, "right": 0, "textStyle": {"fontSize": 12}},
        xAxis=axis_name(Text("按强度由低到高的项目", "projects, lowest intensity first").of(language), type="value",
                        nameLocation="middle", nameGap=26, min=0, max=len(table) + 1, minInterval=1),
        yAxis=axis_name(unit.of(language), type="value", min=0, max=ceiling,
                        nameTextStyle={"align": "left", "fontSize": 12}),
        series=series,
    )  # fmt: skip
    columns = (
        Column("project", WORDS["project"], "id"),
        Column("name", WORDS["name"]),
        Column("intensity", WORDS["intensity"], "number", "tce/10k yuan", 3),
        Column("verdict", WORDS["status"]),
    )
    rows = [(r.project, r.title, r.intensity, words.listed(words.VERDICTS, r.verdict)) for r in records(table)]
    alternative = Text(f"{title.zh}；横线为准入强度上限。", f"{title.en}; lines are the limits.")
    return Figure(
        "intensity", title.of(language), option, alternative.of(language),
        table_of("intensity", Text("项目能耗强度", "Energy intensity of projects"), columns, rows), (720, 340),
    )  # fmt: skip


def even(content: Content, language: Language) -> Figure | None:
    """Projects whose admission hangs on the electricity factor: that at which each is just even with the limit."""
    table = content.projects[content.projects["even_factor"].notna()]
    if table.empty or not content.limits:
        return None
    table = table.sort_values(["even_factor", "project"], kind="stable").reset_index(drop=True)
    used, limit = content.electricity_factor, content.limits[0]
    marks: dict[str, list[dict[str, object]]] = {verdict: [] for verdict in _MARKS}
    for rank, row in enumerate(records(table), start=1):
        verdict = row.verdict if row.verdict in marks else "not_awarded"
        marks[verdict].append(
            {"name": label(row.title, 16), "project": row.project, "value": [rank, clean(row.even_factor, 4)]}
        )
    series = [_points(words.VERDICTS[verdict].of(language), points, *_MARKS[verdict])
              for verdict, points in marks.items() if points]  # fmt: skip
    mine = Text(f"本案例 {used:g}", f"this case {used:g}")
    series[0]["markLine"] = _line([{"yAxis": clean(used, 4), "label": {"formatter": mine.of(language)}}])
    below = int((table["even_factor"] < used).sum())
    title = Text(
        f"{len(table)} 个项目是否合格取决于电力折算系数：按 {used:g}，{below} 个超过 {short(limit)}，"
        f"{len(table) - below} 个合格",
        f"Whether {counted(len(table), 'project')} pass hangs on the electricity factor: at {used:g} {below} exceed "
        f"{short(limit)}, {len(table) - below} pass",
    )
    unit = Text("千克标准煤/千瓦时", "kgce/kWh")
    low, high = float(min(table["even_factor"].min(), used)), float(max(table["even_factor"].max(), used))
    option = base_option(
        grid={"left": 12, "right": 96, "top": 44, "bottom": 30, "containLabel": True},
        legend={"top": 0, "right": 0, "textStyle": {"fontSize": 12}},
        xAxis=axis_name(Text("按持平系数由低到高的项目", "projects, lowest break-even factor first").of(language),
                        type="value", nameLocation="middle", nameGap=26, min=0, max=len(table) + 1, minInterval=1),
        yAxis=axis_name(Text(f"持平系数（{unit.zh}）", f"break-even factor ({unit.en})").of(language), type="value",
                        min=clean(low - 0.01, 2), max=clean(high + 0.01, 2),
                        nameTextStyle={"align": "left", "fontSize": 12}),
        series=series,
    )  # fmt: skip
    columns = (
        Column("project", WORDS["project"], "id"),
        Column("name", WORDS["name"]),
        Column("intensity", WORDS["intensity"], "number", "tce/10k yuan", 3),
        Column("factor", Text(f"持平系数（{unit.zh}）", f"break-even factor ({unit.en})"), "number", digits=4),
        Column("verdict", WORDS["status"]),
    )
    rows = [(r.project, r.title, r.intensity, r.even_factor, words.listed(words.VERDICTS, r.verdict))
            for r in records(table)]  # fmt: skip
    return Figure(
        "even", title.of(language), option, title.of(language),
        table_of("even", Text("电力折算系数的盈亏平衡点", "Break-even electricity factors"), columns, rows), (720, 320),
    )  # fmt: skip


def budget(content: Content, language: Language) -> Figure | None:
    """Whether the money is enough year by year: columns spent, line available by then."""
    table = content.budget
    if table.empty:
        return None
    known = table["available"].notna()
    largest = float(table[["spent", "available"]].max().max())
    divisor, unit = axis_unit("10k yuan", largest)
    years = [str(year) for year in table["year"]]
    series: list[dict[str, object]] = [
        {"type": "bar", "name": Text("支出", "spent").of(language), "barWidth": "40%", "itemStyle": {"color": SKY},
         "data": [scaled(x, divisor) for x in table["spent"]],
         "label": {"show": True, "position": "top", "fontSize": 12, "color": INK}}
    ]  # fmt: skip
    if known.any():
        series.append(
            {"type": "line", "name": WORDS["available"].of(language), "symbol": "diamond", "symbolSize": 9,
             "lineStyle": {"color": INK, "type": "dashed"}, "itemStyle": {"color": INK},
             "data": [scaled(x, divisor) if math.isfinite(x) else "-" for x in table["available"]]}
        )  # fmt: skip
    tight = table[known & (table["spent"] >= table["available"] * 0.999 - 1e-6)]
    spent = running(float(table["spent"].sum()), "10k yuan")
    when = "、".join(str(year) for year in tight["year"])
    title = (
        Text(f"财政支出共 {spent.zh}，{when} 年资金用尽", f"{spent.en} are spent; the money runs out in {when}")
        if len(tight)
        else Text(f"财政支出共 {spent.zh}，资金够用", f"{spent.en} are spent; the money is enough")
        if known.any()
        else Text(f"财政支出共 {spent.zh}", f"{spent.en} are spent")
    )
    option = base_option(
        grid={"left": 12, "right": 16, "top": 44, "bottom": 8, "containLabel": True},
        legend={"top": 0, "right": 0, "textStyle": {"fontSize": 12}},
        xAxis={"type": "category", "data": years, "axisLabel": {"fontSize": 12, "color": INK}},
        yAxis=axis_name(unit.of(language), type="value"),
        series=series,
    )
    columns = (
        Column("year", WORDS["year"], "year"),
        Column("spent", Text("支出", "spent"), "number", "10k yuan", 1, total=True),
        Column("available", Text("当年可用", "available that year"), "number", "10k yuan", 1),
    )
    rows = [(int(r.year), float(r.spent), None if math.isnan(r.available) else r.available) for r in records(table)]
    return Figure(
        "budget", title.of(language), option, title.of(language),
        table_of("budget", Text("分年财政支出", "Public cost by year"), columns, rows), (720, 280),
    )  # fmt: skip


def _points(name: str, points: list[dict[str, object]], colour: str, symbol: str) -> dict[str, object]:
    return {
        "type": "scatter", "name": name, "data": points, "symbol": symbol, "symbolSize": 9,
        "itemStyle": {"color": colour, "opacity": 0.85},
    }  # fmt: skip


def _line(data: list[dict[str, object]]) -> dict[str, object]:
    return {
        "symbol": "none", "silent": True, "lineStyle": {"color": INK, "type": "dashed", "width": 1.5},
        "label": {"show": True, "position": "end", "fontSize": 12, "color": INK}, "data": data,
    }  # fmt: skip


def _skipped(table: pd.DataFrame) -> int:
    """Left-out projects that rank above the last awarded one."""
    awarded = (table["verdict"] == "awarded").to_numpy()
    if not awarded.any():
        return 0
    last = int(awarded.nonzero()[0].max())
    return int((~awarded[:last]).sum())


def _ceiling(values: pd.Series, limits: tuple[float, ...]) -> float:
    """Top of the axis: most projects and every limit in sight; a few far above are drawn at the edge."""
    usual = float(values.quantile(0.95)) * 1.15
    return clean(max(usual, *(limit * 1.3 for limit in limits), 1e-3) if limits else max(usual, 1e-3), 2) or 0.01
