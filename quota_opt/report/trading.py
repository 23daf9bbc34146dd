"""What was bought and sold, for the papers: one table by resource, year and place, and one line for the terminal."""

from __future__ import annotations

import pandas as pd

from quota_opt.errors import Text
from quota_opt.report import words
from quota_opt.report.content import Content
from quota_opt.report.numbers import short
from quota_opt.report.values import Cell, Column, Table, table_of
from quota_opt.report.words import WORDS


def trades(content: Content) -> Table:
    """用能权交易: what each place buys and sells in a year, and what it pays and receives in that year's money."""
    several = content.trades["resource"].nunique() > 1 if len(content.trades) else False
    unit = (
        None if several or not len(content.trades) else content.resource_unit(str(content.trades["resource"].iloc[0]))
    )
    columns = (
        Column("resource", Text("资源", "resource")),
        Column("year", WORDS["year"], "year"),
        Column("place", WORDS["place"]),
        Column("bought", WORDS["bought"], "number", unit, 1, total=not several),
        Column("paid", Text("支出", "paid"), "number", "10k yuan", 1, total=True),
        Column("projects", Text("须购买的项目", "projects that must buy")),
        Column("sold", WORDS["sold"], "number", unit, 1, total=not several),
        Column("received", Text("收入（上缴后）", "received after levy"), "number", "10k yuan", 1, total=True),
    )
    rows: list[list[Cell]] = []
    if len(content.trades):
        for (resource, year, place), part in content.trades.groupby(["resource", "year", "place"], sort=True):
            buys, sells = part[part["side"] == "buy"], part[part["side"] == "sell"]
            owing = sorted({str(name) for name in buys["for"] if name})
            rows.append(
                [
                    words.resource_name(str(resource)),
                    int(str(year)),
                    content.place_name(str(place)),
                    *_sums(buys),
                    Text("、".join(owing), ", ".join(owing)),
                    *_sums(sells),
                ]
            )
    return table_of("trades_table", WORDS["trades_table"], columns, rows)


def _sums(part: pd.DataFrame) -> tuple[float | None, float | None]:
    return (float(part["amount"].sum()), float(part["money"].sum())) if len(part) else (None, None)


def trades_line(content: Content) -> Text:
    """All trades in one sentence, or nothing where there are none."""
    if not len(content.trades):
        return Text("", "")
    zh, en = [], []
    for side, verb, money in (("buy", Text("购入", "Bought"), Text("支出", "paid")),
                              ("sell", Text("卖出", "sold"), Text("收入", "received"))):  # fmt: skip
        for resource, part in content.trades[content.trades["side"] == side].groupby("resource", sort=True):
            name, unit = words.resource_name(str(resource)), words.unit_name(content.resource_unit(str(resource)))
            amount, value = short(float(part["amount"].sum())), float(part["money"].sum())
            years = sorted({int(year) for year in part["year"]})
            span = f"{years[0]}" if len(years) == 1 else f"{years[0]}–{years[-1]}"
            zh.append(f"{span} 年{verb.zh}{name.zh} {amount} {unit.zh}，{money.zh} {short(value)} 万元")
            en.append(f"{verb.en} {amount} {unit.en} of {name.en} in {span}, {money.en} {short(value * 10_000)} yuan")
    joined = "; ".join(en)
    return Text(f"{'；'.join(zh)}。", f"{joined[0].upper()}{joined[1:]}.")
