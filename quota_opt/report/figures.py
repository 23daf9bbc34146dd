"""The figures of the reports as values; each title says what is to be seen. Flow and gains here, the rest beside it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from quota_opt.errors import Language, Text
from quota_opt.report import words
from quota_opt.report.content import Content
from quota_opt.report.drafting import (
    ACTION_COLOURS,
    BLUE,
    CATEGORY_COLOURS,
    GREEN,
    GREY,
    PALE,
    SKY,
    TOP_PLACES,
    VERMILLION,
    axis_name,
    axis_unit,
    base_option,
    label,
    scaled,
)
from quota_opt.report.numbers import percent, running
from quota_opt.report.values import Column, Figure, records, table_of
from quota_opt.report.words import WORDS

__all__ = ["Figure", "Nodes", "all_figures", "flow", "sankey", "town_flow", "waterfall"]

_SECTORS_SHOWN = 7


def flow(content: Content, language: Language) -> Figure | None:
    """Where the quota comes from and where it goes: sector, action, pool, category."""
    flows = content.flows
    if flows.empty:
        return None
    by_sector = flows[~flows["sector"].isin(["initial", "bought"])].groupby("sector")["amount"].sum()
    shown = list(by_sector.sort_values(ascending=False, kind="stable").index[:_SECTORS_SHOWN])
    divisor, unit = axis_unit(content.resource_unit(content.main_resource), float(flows["amount"].sum()))
    nodes = Nodes(divisor)
    rows: list[tuple[Text | str, Text | str, float]] = []
    steps = ["sector", "action", "route", "end"]
    for sector, action, route, end, amount in _sums(flows, steps):
        chain: list[tuple[int, str, str | Text, str]] = []
        if action not in ("initial", "bought"):
            name = str(sector) if sector in shown else ""
            chain.append((0, f"s{name}", name or WORDS["other"], GREY))
        chain.append((1, f"a{action}", _action_words(str(action)), ACTION_COLOURS.get(str(action), PALE)))
        chain.append((2, f"r{route}", WORDS["stayed" if route == "stay" else "pool"], SKY if route == "stay" else BLUE))
        chain.append((3, f"e{end}", _end_words(str(end)), CATEGORY_COLOURS.get(str(end), PALE)))
        nodes.walk(chain, float(amount))
        rows.append((chain[0][2], chain[-1][2], float(amount)))
    option = sankey(nodes, language)
    total = float(flows["amount"].sum())
    pooled = float(flows.loc[flows["route"] == "pool", "amount"].sum())
    largest = (
        flows[~flows["end"].isin(["idle", "sold"])]
        .groupby("end")["amount"]
        .sum()
        .sort_values(ascending=False, kind="stable")
    )
    top = _end_words(str(largest.index[0])) if len(largest) else WORDS["idle"]
    top_share = float(largest.iloc[0]) / total if len(largest) and total else 0.0
    amount_words = running(total, content.resource_unit(content.main_resource))
    title = Text(
        f"{amount_words.zh}指标：{percent(pooled / total, 0)}经上级统筹，{percent(top_share, 0)}给了{top.zh}",
        f"{amount_words.en} of quota: {percent(pooled / total, 0)} pooled above, {percent(top_share, 0)} to {top.en}",
    )
    columns = (
        Column("from", Text("来源", "from")),
        Column("to", Text("去向", "to")),
        Column("amount", Text("数量", "amount"), "number", content.resource_unit(content.main_resource), 0),
    )
    summed = (
        pd.DataFrame([(_of(a, language), _of(b, language), x) for a, b, x in rows], columns=["from", "to", "amount"])
        .groupby(["from", "to"], as_index=False, sort=True)["amount"]
        .sum()
    )
    alternative = Text(
        f"{content.last_year} 年{amount_words.zh}指标的流向图：左起为行业、措施、统筹方式、项目类别，单位{unit.zh}。",
        f"Flow of {amount_words.en} of quota in {content.last_year}: sector, action, pool, category; in {unit.en}.",
    )
    table = table_of("flow", Text("指标流向", "Flow of quota"), columns, summed.itertuples(index=False, name=None))
    return Figure("flow", title.of(language), option, alternative.of(language), table, (470, 350))


def town_flow(content: Content, language: Language) -> Figure | None:
    """Between which towns quota moves; a town is one node as giver and another as receiver."""
    moved = content.flows[(content.flows["route"] == "pool") & (content.flows["end"] != "idle")]
    if moved.empty:
        return None
    size = (
        pd.concat([moved.groupby("from_place")["amount"].sum(), moved.groupby("to_place")["amount"].sum()])
        .groupby(level=0)
        .sum()
        .sort_values(ascending=False, kind="stable")
    )
    shown = set(size.index[: TOP_PLACES if len(size) > 24 else 24])
    total = float(moved["amount"].sum())
    divisor, unit = axis_unit(content.resource_unit(content.main_resource), total)
    nodes = Nodes(divisor)
    out, into = WORDS["out_of"], WORDS["into"]

    def town(place: str, ending: Text) -> str | Text:
        if place not in shown:
            return Text(WORDS["other"].zh + ending.zh, WORDS["other"].en + ending.en)
        return content.place_name(place) + ending.of(language)

    rows = []
    for origin, target, amount in _sums(moved, ["from_place", "to_place"]):
        giver = f"o{origin}" if origin in shown else "o"
        taker = f"i{target}" if target in shown else "i"
        nodes.walk(
            [(0, giver, town(str(origin), out), VERMILLION), (1, taker, town(str(target), into), GREEN)], float(amount)
        )
        rows.append((content.place_name(str(origin)), content.place_name(str(target)), float(amount)))
    givers = moved.groupby("from_place")["amount"].sum().sort_values(ascending=False, kind="stable")
    takers = moved.groupby("to_place")["amount"].sum().sort_values(ascending=False, kind="stable")
    giver_name, taker_name = content.place_name(str(givers.index[0])), content.place_name(str(takers.index[0]))
    amount_words = running(total, content.resource_unit(content.main_resource))
    title = Text(
        f"跨镇调剂 {amount_words.zh}：{label(giver_name)}调出最多，{label(taker_name)}调入最多",
        f"{amount_words.en} move between towns: most from {label(giver_name)}, most to {label(taker_name)}",
    )
    alternative = Text(
        f"镇街之间用能指标调剂的流向图，共{amount_words.zh}，单位{unit.zh}。",
        f"Flow of quota between towns, {amount_words.en} in all, in {unit.en}.",
    )
    columns = (
        Column("from", Text("调出", "from")),
        Column("to", Text("调入", "to")),
        Column("amount", Text("数量", "amount"), "number", content.resource_unit(content.main_resource), 0),
    )
    table = table_of("town_flow", Text("镇街之间的调剂", "Transfers between towns"), columns, rows)
    height = max(260, 30 * min(len(shown), TOP_PLACES + 1))
    return Figure(
        "town_flow", title.of(language), sankey(nodes, language), alternative.of(language), table, (720, height)
    )


def waterfall(content: Content, language: Language) -> Figure | None:
    """How net value added comes about: gains by category, then losses by action, then what remains."""
    gains = content.awards.groupby("category")["worth"].sum() if len(content.awards) else pd.Series(dtype=float)
    losses = content.actions.groupby("action")["worth"].sum() if len(content.actions) else pd.Series(dtype=float)
    steps: list[tuple[Text, float, str]] = []
    for category in sorted(gains.index, key=_rank(words.CATEGORIES)):
        colour = CATEGORY_COLOURS.get(str(category), BLUE)
        steps.append((words.listed(words.CATEGORIES, str(category)), float(gains[category]), colour))
    for action in sorted(losses.index, key=_rank(words.ACTIONS)):
        steps.append((words.listed(words.ACTIONS, str(action)), float(losses[action]), VERMILLION))
    steps = [step for step in steps if abs(step[1]) > 1e-9]
    if not steps:
        return None
    net = sum(value for _, value, _ in steps)
    divisor, unit = axis_unit("10k yuan", max(abs(net), *(abs(value) for _, value, _ in steps)))
    names, bars, tops, level = [], [], [], 0.0
    for name, value, colour in [*steps, (WORDS["net_value_added"], net, GREY)]:
        start = 0.0 if name is WORDS["net_value_added"] else level
        end = start + value
        low, high = min(start, end), max(start, end)
        names.append(label(name.of(language), 8 if language == "zh" else 16))
        style = {"color": colour, "color0": colour, "borderColor": colour, "borderColor0": colour}
        values = [scaled(x, divisor) for x in (start, end, low, high)]
        bars.append({"value": values, "itemStyle": style})
        sign = "" if name is WORDS["net_value_added"] else "+" if value > 0 else ""
        text = f"{sign}{scaled(value, divisor):,}".replace("-", "−")
        tops.append({"value": scaled(high, divisor), "label": {"formatter": text}})
        level = end
    option = base_option(
        grid={"left": 12, "right": 16, "top": 40, "bottom": 8, "containLabel": True},
        xAxis={"type": "category", "data": names, "axisLabel": {"fontSize": 12, "interval": 0, "color": "#222222",
               "rotate": 0 if len(names) < 7 and language == "zh" else 28}},
        yAxis=axis_name(unit.of(language), type="value", nameTextStyle={"align": "left", "fontSize": 12}),
        series=[
            {"type": "candlestick", "data": bars, "barWidth": "58%", "tooltip": {"show": False}},
            {"type": "scatter", "data": tops, "symbolSize": 0.1, "silent": True, "tooltip": {"show": False},
             "label": {"show": True, "position": "top", "fontSize": 12, "color": "#222222"}},
        ],
    )  # fmt: skip
    gained, lost = sum(v for _, v, _ in steps if v > 0), -sum(v for _, v, _ in steps if v < 0)
    words_net, words_gain, words_loss = (running(x, "10k yuan") for x in (net, gained, lost))
    title = Text(
        f"净增加值 {words_net.zh} = 新增 {words_gain.zh} − 减少 {words_loss.zh}",
        f"Net value added {words_net.en} = gained {words_gain.en} − lost {words_loss.en}",
    )
    columns = (
        Column("item", WORDS["source"]),
        Column("value", content.measure_name(content.main_measure), "number", "10k yuan", 0),
    )
    rows = [(name, value) for name, value, _ in steps] + [(WORDS["net_value_added"], net)]
    table = table_of("waterfall", Text("净增加值的构成", "How net value added comes about"), columns, rows)
    return Figure("waterfall", title.of(language), option, title.of(language), table, (470, 350))


Maker = Callable[[Content, Language], Figure | None]


def makers() -> dict[str, Maker]:
    """What makes each figure of a plan, by key, in the order of the report."""
    from quota_opt.report import figures_places as places
    from quota_opt.report import figures_projects as projects

    return {
        "flow": flow,
        "waterfall": waterfall,
        "targets": projects.targets,
        "merit": projects.merit,
        "intensity": projects.intensity,
        "even": projects.even,
        "budget": projects.budget,
        "place_tree": places.place_tree,
        "pools": places.pools,
        "ratios": places.ratios,
        "prices": places.prices,
        "town_flow": town_flow,
    }


def all_figures(content: Content, language: Language) -> dict[str, Figure]:
    """Every figure this plan has data for, by key, in the order of the report."""
    drawn = {key: maker(content, language) for key, maker in makers().items()}
    return {key: figure for key, figure in drawn.items() if figure is not None}


def _sums(table: pd.DataFrame, by: list[str]) -> Iterator[Any]:
    """Rows of (keys …, amount), amounts summed, in the order of the keys."""
    return records(table.groupby(by, sort=True)["amount"].sum().reset_index())


class Nodes:
    """Nodes of a flow by layer, and the sums along each link; names are made unique when the option is written."""

    def __init__(self, divisor: float) -> None:
        self.divisor = divisor
        self.nodes: dict[str, tuple[int, str | Text, str]] = {}
        self.links: dict[tuple[str, str], float] = {}

    def walk(self, chain: list[tuple[int, str, str | Text, str]], amount: float) -> None:
        """Add an amount along a chain of (layer, key, name, colour)."""
        for layer, key, name, colour in chain:
            self.nodes.setdefault(key, (layer, name, colour))
        for (_, a, _, _), (_, b, _, _) in itertools.pairwise(chain):
            self.links[a, b] = self.links.get((a, b), 0.0) + amount


def sankey(nodes: Nodes, language: Language) -> dict[str, object]:
    """The drawing of a flow, layer by layer."""
    from quota_opt.report.drafting import distinct

    keys = list(nodes.nodes)
    names = distinct(label(_of(nodes.nodes[key][1], language), 10 if language == "zh" else 18) for key in keys)
    name = dict(zip(keys, names, strict=True))
    last = max(layer for layer, _, _ in nodes.nodes.values())
    data = [
        {
            "name": name[key],
            "depth": layer,
            "itemStyle": {"color": colour},
            "label": {"position": "left" if layer == last else "right"},
        }
        for key, (layer, _, colour) in nodes.nodes.items()
    ]
    links = [
        {"source": name[a], "target": name[b], "value": scaled(amount, nodes.divisor)}
        for (a, b), amount in nodes.links.items()
        if scaled(amount, nodes.divisor) > 0
    ]
    series = {
        "type": "sankey", "data": data, "links": links, "nodeGap": 9, "nodeWidth": 12, "draggable": False,
        "left": 4, "right": 4, "top": 8, "bottom": 14, "layoutIterations": 48, "emphasis": {"disabled": True},
        "label": {"fontSize": 12, "color": "#222222"},
        "lineStyle": {"color": "source", "opacity": 0.32, "curveness": 0.5},
    }  # fmt: skip
    return base_option(series=[series])


def _of(name: str | Text, language: Language) -> str:
    return name.of(language) if isinstance(name, Text) else name


def _action_words(action: str) -> Text:
    return (
        words.listed(words.LEDGER_ENDS, action) if action in words.LEDGER_ENDS else words.listed(words.ACTIONS, action)
    )


def _end_words(end: str) -> Text:
    return words.listed(words.LEDGER_ENDS, end) if end in words.LEDGER_ENDS else words.listed(words.CATEGORIES, end)


def _rank(order: object) -> Callable[[object], tuple[int, str]]:
    known = list(order)  # type: ignore[call-overload]
    return lambda key: (known.index(key) if key in known else len(known), str(key))
