"""Figures about places: the tree of who has what, quota by pool, used ÷ freed, and where and when quota is dearest."""

from __future__ import annotations

from typing import Any

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
    same_year = table["price"][table["year"] == top["year"]]
    alike = len(same_year) > 1 and float(same_year.max() - same_year.min()) <= 1e-6
    year = int(top["year"])
    title = (
        Text(
            f"{year} 年最紧，各处一样：再多 1 单位值 {dear.zh}",
            f"Scarcest in {year}, everywhere alike: one more unit is worth {dear.en}",
        )
        if alike
        else Text(
            f"最紧的是{label(name)} {year} 年：再多 1 单位值 {dear.zh}",
            f"Scarcest: {label(name)} in {year}, one more unit is worth {dear.en}",
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


MOST_LEAVES = 60
TOP_LEAVES = 40
_PARTS = (
    ("own", Text("本地使用", "used at home"), BLUE, "#FFFFFF"),
    ("taken", Text("调入使用", "used, moved in"), GREEN, "#000000"),
    ("given", Text("调出", "moved out"), ORANGE, "#000000"),
    ("idle", Text("结余", "idle"), PALE, "#000000"),
)
"""What becomes of a place's quota: key, words, colour, ink on it."""


def place_tree(content: Content, language: Language) -> Figure | None:
    """The tree of places as nested areas: what each uses of its own, takes in, gives away and leaves idle.

    The area of a place is what it frees and holds, or what it uses and leaves idle where that is more.
    """
    table = _shares(content)
    if table.empty:
        return None
    unit_key = content.resource_unit(content.main_resource)
    divisor, unit = axis_unit(unit_key, float(table["area"].max()))
    giver, taker = (table.sort_values([key, "place"], ascending=[False, True], kind="stable").iloc[0]
                    for key in ("supply", "used"))  # fmt: skip
    freed, used = (running(float(row[key]), unit_key) for row, key in ((giver, "supply"), (taker, "used")))
    year, first, second = content.last_year, label(giver["place_name"]), label(taker["place_name"])
    title = (
        Text(
            f"{year} 年腾出最多的是{first}（{freed.zh}），使用最多的是{second}（{used.zh}）",
            f"In {year} {first} frees most ({freed.en}), {second} uses most ({used.en})",
        )
        if len(table) > 1
        else Text(
            f"{first} {year} 年腾出 {freed.zh}，使用 {used.zh}", f"In {year} {first} frees {freed.en}, uses {used.en}"
        )
    )
    nodes = _nested(content, table, divisor, language)
    frame = {"left": 0, "right": 0, "top": 26, "bottom": 0}
    option = base_option(
        legend={"top": 0, "left": 0, "selectedMode": False, "textStyle": {"fontSize": 12},
                "data": [text.of(language) for key, text, _, _ in _PARTS if table[key].sum() > 1e-6]},
        title={"text": Text(f"单位：{unit.zh}", f"in {unit.en}").of(language), "top": 2, "right": 0,
               "textStyle": {"fontSize": 12, "fontWeight": "normal", "color": INK}},
        xAxis={"show": False, "type": "value"}, yAxis={"show": False, "type": "value"},
        series=[
            {"type": "treemap", "data": nodes, **frame, "roam": False, "nodeClick": False, "squareRatio": 0.9,
             "breadcrumb": {"show": False}, "sort": "desc",
             "label": {"show": True, "fontSize": 12, "overflow": "truncate", "formatter": "{b}\n{c}"},
             "upperLabel": {"show": True, "height": 20, "fontSize": 12, "color": INK, "backgroundColor": "#F4F5F7"},
             "itemStyle": {"borderColor": "#FFFFFF", "borderWidth": 1, "gapWidth": 1},
             "levels": [{"itemStyle": {"borderWidth": 0, "gapWidth": 4}, "upperLabel": {"show": False}}]},
            # A treemap has no legend of its own: empty series carry the words.
            *({"type": "scatter", "name": text.of(language), "data": [], "itemStyle": {"color": colour},
               "symbol": "rect"} for _, text, colour, _ in _PARTS),
        ],
    )  # fmt: skip
    columns = (
        Column("place", WORDS["place"]),
        Column("supply", Text("腾出和存量", "freed and held"), "number", unit_key, 0, total=True),
        *(Column(key, text, "number", unit_key, 0, total=True) for key, text, _, _ in _PARTS),
    )
    keys = ["place_name", "supply", *(key for key, *_ in _PARTS)]
    rows = list(table[keys].itertuples(index=False, name=None))
    alternative = Text(
        f"{title.zh}。矩形为区域，面积为其指标规模（{unit.zh}），内分本地使用、调入使用、调出、结余。",
        f"{title.en}. Each rectangle is a place, its area the quota it has or uses ({unit.en}), divided into used at "
        "home, used of what moved in, moved out, idle.",
    )
    return Figure(
        "place_tree", title.of(language), option, alternative.of(language),
        table_of("place_tree", Text("各区域指标去处", "What becomes of each place's quota"), columns, rows), (720, 440),
    )  # fmt: skip


def _shares(content: Content) -> pd.DataFrame:
    """What each place frees and holds, and what becomes of it; places without quota are left out."""
    table = content.balances
    table = table[(table["resource"] == content.main_resource) & (table["year"] == content.last_year)]
    net = table["inflow"] - table["outflow"]
    for column, sign in (("bought", 1.0), ("sold", -1.0)):
        net = net + sign * table.get(column, 0.0)
    taken = net.clip(lower=0.0).clip(upper=table["used"])
    table = table.assign(
        supply=table["initial"] + table["freed"],
        own=table["used"] - taken, taken=taken, given=(-net).clip(lower=0.0), idle=table["idle"].clip(lower=0.0),
    )  # fmt: skip
    table = table.assign(area=table[["own", "taken", "given", "idle"]].sum(axis=1))
    return table[table["area"] > 1e-6].sort_values(["area", "place"], ascending=[False, True], kind="stable")


def _nested(content: Content, table: pd.DataFrame, divisor: float, language: Language) -> list[dict[str, Any]]:
    """The places of the table below those they belong to; of very many the smallest stand together."""
    top = table if len(table) <= MOST_LEAVES else table.head(TOP_LEAVES)
    parents = dict(zip(content.places["place"], content.places["parent"].fillna(""), strict=True))
    made: dict[str, dict[str, Any]] = {}
    roots: list[dict[str, Any]] = []

    def node(place: str) -> dict[str, Any]:
        if place not in made:
            made[place] = {"name": label(content.place_name(place), 16), "place": place, "children": []}
            parent = str(parents.get(place) or "")
            (node(parent)["children"] if parent in parents else roots).append(made[place])
        return made[place]

    for row in records(top):
        node(str(row.place))["children"] += [_part(row, part, divisor, language) for part in _PARTS if
                                             getattr(row, part[0]) > 1e-6]  # fmt: skip
    rest = table.iloc[len(top) :]
    if len(rest):
        words = Text(f"其他 {len(rest)} 处", f"{len(rest)} others")
        area = scaled(float(rest["area"].sum()), divisor)
        roots.append({"name": words.of(language), "value": area, "itemStyle": {"color": PALE}})
    while len(roots) == 1 and roots[0].get("children") and all("children" in child for child in roots[0]["children"]):
        roots = roots[0]["children"]  # a place that has nothing of its own, and everything below it
    return roots


def _part(row: Any, part: tuple[str, Text, str, str], divisor: float, language: Language) -> dict[str, Any]:
    key, text, colour, ink = part
    return {
        "name": text.of(language), "value": scaled(float(getattr(row, key)), divisor), "place": str(row.place),
        "itemStyle": {"color": colour}, "label": {"color": ink},
    }  # fmt: skip
