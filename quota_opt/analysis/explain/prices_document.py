"""The prices of a plan as a report for people: the dearest pools first, then the table along the tree."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from quota_opt.analysis.explain.prices import Prices
from quota_opt.errors import Text
from quota_opt.model.places import PlaceTree
from quota_opt.report import words
from quota_opt.report.document import Document, Section, about
from quota_opt.report.numbers import running, short, worth
from quota_opt.report.values import Cell, Column, Table, records, table_of
from quota_opt.report.words import resource_name, unit_name

SHOWN = 3


def document_of(made: Prices) -> Document:
    """The report: what is dearest, what re-solves say, and every price above 0."""
    tree = PlaceTree.of(made.scenario.places)
    sections = [Section(Text("结论", "Answer"), tuple(_sentences(made, tree)))]
    if made.confirmed:
        sections.append(Section(Text("逐项重新求解", "Re-solved"), tuple(_confirmed(made)), (_steps(made, tree),)))
    tables = tuple(_table(made, str(stage), tree) for stage in made.units)
    sections.append(Section(Text("各处价格", "Prices"), (_note(),), tables))
    return about(
        "prices",
        Text("指标价格：再多一个单位值多少", "Prices: what one more unit is worth"),
        made.scenario,
        tuple(sections),
    )


def _title(tree: PlaceTree, place: str) -> str:
    return str(tree.titles[tree.code[place]])


def _sentences(made: Prices, tree: PlaceTree) -> list[Text]:
    """The dearest pool of each resource and year, places of one price together."""
    found = []
    for _, part in made.table.groupby(["stage", "resource", "year"], sort=False):
        stage, resource, year = part["stage"].iat[0], part["resource"].iat[0], part["year"].tolist()[0]
        top = float(part["price"].max())
        if top > 1e-9:
            same = part[np.isclose(part["price"], top, rtol=1e-9)]
            found.append((str(stage), str(resource), int(year), top, same))
    if not found:
        return [Text("没有一处指标有价格：再多也不增加目标值。", "No pool has a price: more would bring nothing.")]
    last = list(made.units)[-1]
    shown = sorted((item for item in found if item[0] == last), key=lambda item: -item[3]) or found
    lines = []
    for _, resource, year, top, same in shown[:SHOWN]:
        price = worth(top, str(same["unit"].iloc[0]))
        where = _where(same, tree)
        row = same.iloc[0]
        lines.append(
            Text(
                f"{year} 年{resource_name(resource).zh}：{where.zh}再多 1 个单位值 {price.zh}{_range(row).zh}。",
                f"{words.resource_name(resource).en} in {year}: one unit more at {where.en} is worth {price.en}"
                f"{_range(row).en}.",
            )
        )
    return lines


def _where(part: pd.DataFrame, tree: PlaceTree) -> Text:
    names = [_title(tree, str(place)) for place in part["place"]]
    if len(names) == 1:
        return Text(names[0], names[0])
    return Text(f"{names[0]} 等 {len(names)} 处（同价）", f"{names[0]} and {len(names) - 1} more of the same price")


def _range(row: pd.Series) -> Text:
    low, high = float(row["holds_from"]), float(row["holds_to"])
    if math.isnan(low) or math.isnan(high):
        return Text("", "")
    unit = unit_name(str(row["unit"]).rpartition("/")[2])
    less, more = ("∞" if math.isinf(value) else short(abs(value)) for value in (low, high))
    return Text(f"（少 {less} 到多 {more} {unit.zh}之内有效）", f" (holds from {less} less to {more} {unit.en} more)")


def _confirmed(made: Prices) -> list[Text]:
    unit = list(made.units.values())[-1]
    lines = []
    for row in records(made.steps.head(SHOWN)):
        of = unit_name(str(made.table.loc[made.table["resource"] == row.resource, "unit"].iloc[0]).rpartition("/")[2])
        if math.isnan(row.moves_at):
            continue
        gain = running(row.moves_by, unit)
        lines.append(
            Text(
                f"{row.year} 年{resource_name(row.resource).zh}：整体方案要多 {short(row.moves_at)} {of.zh}才真正变好，"
                f"那时目标值增加 {gain.zh}；可以少 {short(row.spare)} {of.zh}而不受损失。",
                f"{resource_name(row.resource).en} in {row.year}: a plan in whole decisions gets better from "
                f"{short(row.moves_at)} {of.en} more on, by {gain.en} then; {short(row.spare)} {of.en} may go without "
                "loss.",
            )
        )
    return lines


def _note() -> Text:
    return Text(
        "价格为 0 的不列。有效范围是该处当年数量的变化；在分界点上，少一个单位的代价与多一个单位的收益不同。",
        "Prices of 0 are left out. Ranges are changes of the quantity at that place in that year; right where the "
        "slope changes, what one less costs is not what one more brings.",
    )


def _order(tree: PlaceTree) -> dict[str, tuple[str, ...]]:
    """The way from the root to each place: sorted by it, places stand along the tree."""
    made: dict[str, tuple[str, ...]] = {}
    for n in np.argsort(tree.depth, kind="stable").tolist():
        up = int(tree.parent[n])
        made[str(tree.names[n])] = (*(made[str(tree.names[up])] if up >= 0 else ()), str(tree.names[n]))
    return made


def _table(made: Prices, stage: str, tree: PlaceTree) -> Table:
    """The prices of one objective above 0, along the tree."""
    columns = (
        Column("place", words.WORDS["place"]),
        Column("resource", Text("资源", "resource")),
        Column("year", words.WORDS["year"], "year"),
        Column("price", Text("价格", "price"), "number", digits=4),
        Column("less", Text("少 1 个单位", "one less"), "number", digits=4),
        Column("more", Text("多 1 个单位", "one more"), "number", digits=4),
        Column("unit", Text("单位", "unit")),
        Column("from", Text("有效自", "holds from"), "number", digits=1),
        Column("to", Text("有效至", "holds to"), "number", digits=1),
        Column("method", Text("取得办法", "method")),
    )
    part = made.table[(made.table["stage"] == stage) & (made.table[["price", "one_less"]].max(axis=1) > 1e-9)]
    order = _order(tree)
    rows: list[list[Cell]] = []
    for row in sorted(records(part), key=lambda row: (row.resource, order[str(row.place)], row.year)):
        depth = len(order[str(row.place)]) - 1
        rows.append(
            [
                "　" * depth + _title(tree, str(row.place)), resource_name(str(row.resource)), int(row.year),
                float(row.price), float(row.one_less), float(row.one_more), unit_name(str(row.unit)),
                float(row.holds_from), float(row.holds_to), words.listed(words.PRICE_METHODS, str(row.method)),
            ]
        )  # fmt: skip
    name = words.measure_name(stage) if len(made.units) > 1 else Text("价格", "Prices")
    return table_of(f"prices-{stage}", name, columns, rows)


def _steps(made: Prices, tree: PlaceTree) -> Table:
    columns = (
        Column("place", words.WORDS["place"]),
        Column("resource", Text("资源", "resource")),
        Column("year", words.WORDS["year"], "year"),
        Column("price", Text("价格", "price"), "number", digits=4),
        Column("step", Text("步长", "step"), "number", digits=1),
        Column("more", Text("多一步增加", "one step more brings"), "number", digits=2),
        Column("less", Text("少一步减少", "one step less costs"), "number", digits=2),
        Column("unsure", Text("求解差距", "gap of the plan"), "number", digits=2),
        Column("at", Text("多到此才变好", "better from"), "number", digits=1),
        Column("by", Text("那时增加", "by then"), "number", digits=2),
        Column("spare", Text("可无损减少", "may go without loss"), "number", digits=1),
    )
    rows: list[list[Cell]] = [
        [
            _title(tree, str(row.place)), resource_name(str(row.resource)), int(row.year), float(row.price),
            float(row.step), float(row.more_brings), float(row.less_costs), float(row.unsure), float(row.moves_at),
            float(row.moves_by), float(row.spare),
        ]
        for row in records(made.steps)
    ]  # fmt: skip
    return table_of("steps", Text("同价的各处只算一处", "Pools of one price are one"), columns, rows)
