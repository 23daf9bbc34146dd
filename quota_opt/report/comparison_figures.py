"""Figures of a comparison: which places pay, and what the difference of the objective is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from quota_opt.analysis.compare.compare import Comparison
from quota_opt.analysis.compare.decisions import Pair
from quota_opt.analysis.compare.tables import objective_units
from quota_opt.errors import Language, Text
from quota_opt.report.comparison_words import measure_name
from quota_opt.report.drafting import GREEN, INK, SERIES, VERMILLION, axis_name, axis_unit, base_option, label, scaled
from quota_opt.report.numbers import clean, figure, short
from quota_opt.report.values import Column, Figure, Table, records, table_of
from quota_opt.report.words import WORDS, unit_name

MOST_PLACES = 12
MOST_SERIES = 2
_SEEN = 1e-6
_WIDTH = 540  # two stand side by side


def bars(
    key: str, title: str, table: Table, unit: str, language: Language, *, most: int | None = None, wide: bool = False
) -> Figure:
    """Horizontal bars, one series for each column of figures; a single series is green above and red below zero.

    `wide` leaves room for names as long as a sentence.
    """
    rows = list(table.rows)[:most]
    series = [column for column in table.columns[1:] if column.numeric]
    amounts = [[float(value) for value in row[1:] if isinstance(value, int | float)] for row in rows]
    largest = max((abs(amount) for line in amounts for amount in line), default=0.0)
    divisor, said = axis_unit(unit, largest)
    longest = (14 if language == "zh" else 24) * (2 if wide else 1)
    names = [label(str(table.columns[0].cell(row[0], language)), longest) for row in rows]
    drawn = []
    for k, column in enumerate(series):
        data = [_bar(line[k], divisor, len(series) == 1) for line in amounts]
        drawn.append(
            {"type": "bar", "name": column.title.of(language), "data": data,
             **({"barWidth": 13} if len(series) == 1 else {}),
             "itemStyle": {"color": SERIES[k % len(SERIES)]},
             "label": {"show": len(series) == 1, "position": "right", "fontSize": 12, "color": INK}}
        )  # fmt: skip
    option = base_option(
        grid={"left": 12, "right": 70, "top": 34 if len(series) > 1 else 10, "bottom": 34, "containLabel": True},
        xAxis=axis_name(said.of(language), type="value", splitNumber=4, nameLocation="middle", nameGap=24),
        yAxis={"type": "category", "data": names, "inverse": True, "axisTick": {"show": False},
               "axisLabel": {"fontSize": 12, "color": INK}},
        series=drawn,
        **({"legend": {"top": 0, "textStyle": {"fontSize": 12}}} if len(series) > 1 else {}),
    )  # fmt: skip
    height = 80 + (27 if len(series) == 1 else 14 * len(series) + 10) * len(rows)
    return Figure(key, title, option, title, table, (_WIDTH * 3 // 2 if wide else _WIDTH, height), native="bar")


def _bar(value: float, divisor: float, coloured: bool) -> Any:
    amount = scaled(value, divisor)
    if not coloured:
        return amount
    return {
        "value": amount,
        "label": {"formatter": ("+" if amount > 0 else "") + short(amount), "position": "right"},
        "itemStyle": {"color": GREEN if amount >= 0 else VERMILLION},
    }


def places_figure(comparison: Comparison, language: Language) -> Figure:
    """Which places pay: net value added a year against the baseline; of many scenarios the place that loses most."""
    if len(comparison.pairs) > MOST_SERIES:
        return _losers(comparison, language)
    table = places_differences(comparison)
    title = Text("没有区域的年净增加值减少", "No place loses net value added")
    if table.rows:
        name, *values = table.rows[0]
        lost = min(float(value) for value in values if isinstance(value, int | float))
        if lost < -_SEEN:
            by = figure(-lost)
            title = Text(f"受损最多的是{name}：年净增加值少 {by} 万元", f"{name} loses most: {by} ×10k yuan a year")
    return bars("who_pays", title.of(language), table, "10k yuan", language, most=MOST_PLACES)


def _losers(comparison: Comparison, language: Language) -> Figure:
    """For each scenario the place that loses most."""
    rows = []
    for name, pair in comparison.pairs.items():
        lose = pair.places[pair.places["value_added"] < -_SEEN]
        if len(lose):
            worst, title = lose.iloc[0], comparison.title(name)
            said = Text(f"{worst['name']}（{title.zh}）", f"{worst['name']} ({title.en})")
            rows.append((said, clean(float(worst["value_added"]))))
    rows.sort(key=lambda row: row[1])
    lost = Text("年净增加值之差", "net value added a year")
    columns = (Column("place", WORDS["place"]), Column("lost", lost, "number", "10k yuan"))
    table = table_of("who_pays", Text("各方案受损最多的区域", "Who loses most, by scenario"), columns, rows)
    return bars("who_pays", table.title.of(language), table, "10k yuan", language, most=MOST_PLACES)


def places_differences(comparison: Comparison) -> Table:
    """Net value added a year by place, each scenario minus the baseline; who loses most comes first."""
    pairs = comparison.pairs
    found: dict[str, tuple[str, dict[str, float]]] = {}
    for name, pair in pairs.items():
        for line in records(pair.places):
            found.setdefault(line.place, (line.name, {}))[1][name] = float(line.value_added)
    lines = [(title, [values.get(name, 0.0) for name in pairs]) for title, values in found.values()]
    lines = [line for line in lines if any(abs(value) > _SEEN for value in line[1])]
    lines.sort(key=lambda line: (min(line[1]), line[0]))
    columns = [Column("place", WORDS["place"])]
    columns += [Column(f"c{k}", comparison.title(name), "number", "10k yuan") for k, name in enumerate(pairs)]
    title = Text("各区域年净增加值（与基准之差）", "Net value added a year by place")
    return table_of("who_pays", title, columns, [(name, *values) for name, values in lines])


def cost_figure(comparison: Comparison, pair: Pair, name: str, language: Language) -> Figure:
    """What the difference of the objective is made of, term by term."""
    unit = objective_units(pair.before)
    rows = [(measure_name(pair, line.measure), clean(line.worth)) for line in records(pair.terms)]
    rows = [row for row in rows if abs(row[1]) > _SEEN] or rows[:1]
    if len(rows) > 1:
        rows.append((WORDS["total"], clean(pair.difference)))
    columns = (Column("term", WORDS["measure"]), Column("worth", WORDS["difference"], "number", unit))
    table = table_of("cost", Text("目标值之差的构成", "What the difference is made of"), columns, rows)
    by = f"{short(pair.difference)} {unit_name(unit.removesuffix(' eq')).of(language)}"
    title = Text(
        f"“{comparison.title(name).zh}”比“{comparison.baseline.title.zh}”：{by}",
        f"{comparison.title(name).en} against {comparison.baseline.title.en}: {by}",
    )
    return bars("cost", title.of(language), table, unit.removesuffix(" eq"), language)


def objective_figure(comparison: Comparison, names: Sequence[str], language: Language) -> Figure:
    """The objective of each scenario minus that of the baseline."""
    unit = objective_units(comparison.pairs[names[0]].before)
    rows = [(comparison.title(name), clean(comparison.pairs[name].difference)) for name in names]
    columns = (Column("scenario", WORDS["variant"]), Column("worth", WORDS["difference"], "number", unit))
    table = table_of("cost", Text("目标值与基准之差", "Objective against the baseline"), columns, rows)
    worst = min(rows, key=lambda row: row[1])
    title = Text(
        f"代价最大的是“{worst[0].zh}”：{short(worst[1])} {unit_name(unit.removesuffix(' eq')).zh}",
        f"{worst[0].en} costs most: {short(worst[1])} {unit_name(unit.removesuffix(' eq')).en}",
    )
    return bars("cost", title.of(language), table, unit.removesuffix(" eq"), language)
