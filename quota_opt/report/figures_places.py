"""Figures about towns: quota freed and used by pool, used ÷ freed, and where and when one more tonne is dearest."""

from __future__ import annotations

import pandas as pd

from quota_opt.errors import Language, Text
from quota_opt.report.content import Content
from quota_opt.report.drafting import (
    BLUE,
    GREEN,
    INK,
    MOST_PLACES,
    ORANGE,
    PALE,
    SKY,
    TOP_PLACES,
    VERMILLION,
    axis_name,
    axis_unit,
    base_option,
    distinct,
    label,
    scaled,
)
from quota_opt.report.numbers import clean, percent, running, worth
from quota_opt.report.values import Column, Figure, records, table_of
from quota_opt.report.words import WORDS


def _standing(content: Content) -> pd.DataFrame:
    """The last year's pools of the main resource, those that hold, free or use anything."""
    table = content.balances
    table = table[(table["resource"] == content.main_resource) & (table["year"] == content.last_year)]
    return table[table[["initial", "freed", "used", "idle"]].abs().sum(axis=1) > 1e-6]


def _few(count: int) -> int:
    return count if count <= MOST_PLACES else TOP_PLACES


def _vertical(names: list[str]) -> dict[str, object]:
    return {
        "type": "category", "data": distinct(names), "inverse": True,
        "axisLabel": {"fontSize": 12, "color": INK, "interval": 0}, "axisTick": {"show": False},
    }  # fmt: skip


def pools(content: Content, language: Language) -> Figure | None:
    """Quota held and freed beside used and idle, by pool, in the last year."""
    table = _standing(content)
    if table.empty:
        return None
    table = table.assign(supply=table["initial"] + table["freed"])
    shown = table.sort_values(["supply", "used", "place"], ascending=[False, False, True], kind="stable")
    shown = shown.head(_few(len(shown)))
    unit_key = content.resource_unit(content.main_resource)
    divisor, unit = axis_unit(unit_key, float(shown[["supply", "used"]].max().max()))
    parts = (
        ("initial", WORDS["held_quota"], PALE, "supply"),
        ("freed", WORDS["energy_freed"] if content.main_resource == "energy" else WORDS["freed"], ORANGE, "supply"),
        ("used", WORDS["energy_used"] if content.main_resource == "energy" else WORDS["used"], BLUE, "use"),
        ("idle", WORDS["idle"], SKY, "use"),
    )
    series = [
        {"type": "bar", "name": name.of(language), "stack": stack, "barWidth": 9, "itemStyle": {"color": colour},
         "data": [scaled(float(x), divisor) for x in shown[key]]}
        for key, name, colour, stack in parts
        if float(shown[key].abs().sum()) > 1e-6
    ]  # fmt: skip
    freed, used = float(table["freed"].sum()), float(table["used"].sum())
    idle = float(table["idle"].sum())
    freed_words, used_words, idle_words = (running(x, unit_key) for x in (freed, used, idle))
    title = Text(
        f"{content.last_year} 年腾出 {freed_words.zh}，安排 {used_words.zh}，结余 {idle_words.zh}",
        f"In {content.last_year} {freed_words.en} freed, {used_words.en} used, {idle_words.en} idle",
    )
    option = base_option(
        grid={"left": 12, "right": 24, "top": 40, "bottom": 30, "containLabel": True},
        legend={"top": 0, "right": 0, "textStyle": {"fontSize": 12}},
        xAxis=axis_name(unit.of(language), type="value", nameLocation="middle", nameGap=24),
        yAxis=_vertical([label(name) for name in shown["place_name"]]),
        series=series,
    )
    columns = (
        Column("place", WORDS["place"]),
        Column("initial", WORDS["held_quota"], "number", unit_key, 0, total=True),
        Column("freed", WORDS["freed"], "number", unit_key, 0, total=True),
        Column("used", WORDS["used"], "number", unit_key, 0, total=True),
        Column("idle", WORDS["idle"], "number", unit_key, 0, total=True),
    )
    rows = list(table[["place_name", "initial", "freed", "used", "idle"]].itertuples(index=False, name=None))
    return Figure(
        "pools", title.of(language), option, title.of(language),
        table_of("pools", Text("各池腾出、安排与结余", "Quota by pool"), columns, rows), (720, 90 + 30 * len(shown)),
    )  # fmt: skip


def ratios(content: Content, language: Language) -> Figure | None:
    """Which town is left behind: used ÷ freed, lowest first, over the places that free any."""
    table = _standing(content)
    table = table[table["freed"] > 1e-6]
    if len(table) < 2:
        return None
    table = table.assign(ratio=table["used"] / table["freed"]).sort_values(["ratio", "place"], kind="stable")
    shown = table if len(table) <= MOST_PLACES else pd.concat([table.head(TOP_PLACES - 5), table.tail(5)])
    bars = [
        {"value": clean(min(row.ratio, 3.0) * 100, 1), "label": {"formatter": percent(row.ratio, 0)},
         "itemStyle": {"color": VERMILLION if row.ratio < 0.5 else GREEN}}
        for row in records(shown)
    ]  # fmt: skip
    low, high = table.iloc[0], table.iloc[-1]
    title = Text(
        f"使用率最低的是{label(low['place_name'])}（{percent(low['ratio'], 0)}），"
        f"最高的是{label(high['place_name'])}（{percent(high['ratio'], 0)}）",
        f"Lowest used ÷ freed: {label(low['place_name'])} ({percent(low['ratio'], 0)}); "
        f"highest: {label(high['place_name'])} ({percent(high['ratio'], 0)})",
    )
    option = base_option(
        grid={"left": 12, "right": 56, "top": 10, "bottom": 30, "containLabel": True},
        xAxis=axis_name("", type="value", min=0, axisLabel={"formatter": "{value}%"}),
        yAxis=_vertical([label(name) for name in shown["place_name"]]),
        series=[
            {"type": "bar", "data": bars, "barWidth": 13,
             "label": {"show": True, "position": "right", "fontSize": 12, "color": INK},
             "markLine": {"symbol": "none", "silent": True, "label": {"show": False},
                          "lineStyle": {"color": INK, "type": "dashed"}, "data": [{"xAxis": 100}]}}
        ],
    )  # fmt: skip
    unit = content.resource_unit(content.main_resource)
    columns = (
        Column("place", WORDS["place"]),
        Column("freed", WORDS["freed"], "number", unit, 0),
        Column("used", WORDS["used"], "number", unit, 0),
        Column("ratio", Text("使用率", "used ÷ freed"), "share", digits=1),
    )
    rows = list(table[["place_name", "freed", "used", "ratio"]].itertuples(index=False, name=None))
    return Figure(
        "ratios", title.of(language), option, title.of(language),
        table_of("ratios", Text("各镇街使用率", "Used ÷ freed by town"), columns, rows), (720, 50 + 27 * len(shown)),
    )  # fmt: skip


def prices(content: Content, language: Language) -> Figure | None:
    """Where and when quota is scarcest: price by place and year; an empty cell does not bind."""
    table = content.prices
    table = table[(table["resource"] == content.main_resource) & (table["price"] > 1e-9)]
    if table.empty:
        return None
    order = table.groupby("place")["price"].max().sort_values(ascending=False, kind="stable")
    shown = list(order.index[: _few(len(order))])
    years = list(content.years)
    cells = [
        [years.index(int(row.year)), shown.index(row.place), clean(row.price, 3)]
        for row in records(table)
        if row.place in shown and int(row.year) in years
    ]
    top = table.sort_values(["price", "year", "place"], ascending=[False, True, True], kind="stable").iloc[0]
    dear = worth(float(top["price"]), str(top["unit"]))
    name = content.place_name(str(top["place"]))
    spread = float(table["price"].max() - table["price"].min())
    title = (
        Text(
            f"最紧的是{label(name)} {int(top['year'])} 年：再多 1 单位值 {dear.zh}",
            f"Scarcest: {label(name)} in {int(top['year'])}, one more unit is worth {dear.en}",
        )
        if spread > 1e-6
        else Text(
            f"各处一样紧：再多 1 单位值 {dear.zh}", f"Equally scarce everywhere: one more unit is worth {dear.en}"
        )
    )
    option = base_option(
        grid={"left": 12, "right": 90, "top": 10, "bottom": 8, "containLabel": True},
        xAxis={"type": "category", "data": [str(year) for year in years], "splitArea": {"show": True},
               "axisLabel": {"fontSize": 12, "color": INK}},
        yAxis=_vertical([label(content.place_name(place)) for place in shown]),
        visualMap={"min": 0, "max": clean(float(table["price"].max()), 3) or 1, "calculable": False,
                   "orient": "vertical", "right": 0, "top": "middle", "itemWidth": 12,
                   "inRange": {"color": ["#FFF7E0", ORANGE, VERMILLION]},
                   "precision": 2, "textStyle": {"fontSize": 12}},
        series=[{"type": "heatmap", "data": cells, "label": {"show": True, "fontSize": 12, "color": "#000000"},
                 "itemStyle": {"borderColor": "#FFFFFF", "borderWidth": 1}}],
    )  # fmt: skip
    columns = (
        Column("place", WORDS["place"]),
        Column("year", WORDS["year"], "year"),
        Column("price", WORDS["one_more"], "number", str(top["unit"]), 3),
    )
    rows = [(row.place_name, int(row.year), float(row.price)) for row in records(table)]
    alternative = Text(f"{title.zh}。空格表示不紧张。", f"{title.en}. An empty cell does not bind.")
    return Figure(
        "prices", title.of(language), option, alternative.of(language),
        table_of("prices_figure", WORDS["prices_table"], columns, rows), (720, 60 + 28 * len(shown)),
    )  # fmt: skip
