"""The table of trades: from amounts to lines with prices and money, and back from lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from quota_opt.errors import Text
from quota_opt.model.case import Case
from quota_opt.model.market import Sides, blank
from quota_opt.model.outcome import Outcome

KEY = ["place", "resource", "year", "side", "for"]
COLUMNS = ["place", "resource", "year", "until", "side", "amount", "price", "levy", "money", "for"]
LEAST = 1e-9


def trades_table(outcome: Outcome) -> pd.DataFrame:
    """One line per purchase and sale; columns `COLUMNS`.

    `until` is the last year it stands in; `price` is 10k yuan per unit; `levy` goes to the level above; `money` is what
    is paid for a purchase, and what a sale brings after the levy, in its year; `for` is the project that must buy.
    """
    case, market = outcome.case, outcome.case.market
    if market is None or outcome.trades is None:
        return _typed(pd.DataFrame({name: [] for name in COLUMNS}))
    parts = []
    resources = np.array(case.resources, dtype=object)
    for side, amounts, prices in (
        ("buy", outcome.trades.buy, market.buy_price),
        ("sell", outcome.trades.sell, market.sell_price),
    ):
        r, n, t = np.nonzero(amounts > LEAST)
        found = {
            "place": case.places.names[n],
            "resource": resources[r],
            "year": case.years[t],
            "side": side,
            "for": "",
        }
        parts.append(pd.DataFrame({**found, "amount": amounts[r, n, t], "price": prices[r, t]}))
    p, t = np.nonzero(outcome.trades.project > LEAST)
    chosen = case.projects.iloc[p]
    found = {
        "place": chosen["place"].to_numpy(dtype=object),
        "resource": "energy",
        "year": case.years[t],
        "side": "buy",
    }
    names = chosen["project"].to_numpy(dtype=object)
    amounts, prices = outcome.trades.project[p, t], market.project_price[p, t]
    parts.append(pd.DataFrame({**found, "for": names, "amount": amounts, "price": prices}))
    table = pd.concat(parts, ignore_index=True)
    sold = (table["side"] == "sell").to_numpy(dtype=bool)
    stands = np.where(sold, 1, market.lasts)
    value = table["amount"].to_numpy(dtype=float) * table["price"].to_numpy(dtype=float)
    table["until"] = np.minimum(table["year"].to_numpy(dtype=np.int64) + stands - 1, case.years[-1])
    table["levy"] = np.where(sold, market.levy * value, 0.0)
    table["money"] = value - table["levy"]
    ordered = table.sort_values(["year", "resource", "place", "side", "for"], kind="stable")
    return _typed(ordered[COLUMNS].reset_index(drop=True))


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    texts, years = dict.fromkeys(("place", "resource", "side", "for"), object), dict.fromkeys(("year", "until"), int)
    return table.astype({**texts, **years, **dict.fromkeys(("amount", "price", "levy", "money"), float)})


def trades_of_table(case: Case, table: pd.DataFrame, problems: list[Text]) -> Sides:
    """The amounts a table states; lines that name nothing, or no open market, are problems and left out."""
    stated = blank(case)
    market = case.market
    project_of = {name: row for row, name in enumerate(case.projects["project"])}
    at = case.projects["place_code"].to_numpy()
    seen: set[tuple[Any, ...]] = set()
    for line in table.to_dict("records"):
        place, resource, side, owner = (str(line[name]) for name in ("place", "resource", "side", "for"))
        words = f"trades.csv: {place}, {resource} {int(line['year'])} {side}"
        where = np.flatnonzero(case.years == int(line["year"]))
        n, row, amount = case.places.code.get(place), project_of.get(owner), float(line["amount"])
        known = resource in case.resources and len(where) > 0 and side in ("buy", "sell")
        if owner:
            mine = row is not None and bool(at[row] == n)
            known = known and mine and side == "buy" and resource == "energy"
        if not known or market is None or n is None:
            problems.append(
                Text(
                    f"{words}：区域、资源、年份、方向或项目不存在。",
                    f"{words}: no such place, resource, year, side or project.",
                )
            )
            continue
        r, t = case.resources.index(resource), int(where[0])
        price = market.buy_price[r, t] if side == "buy" else market.sell_price[r, t]
        if owner and row is not None:
            price = market.project_price[row, t]
        if np.isnan(price) or not market.places[n]:
            problems.append(
                Text(f"{words}：此处当年没有交易。", f"{words}: there is no market for it there that year.")
            )
        if not 0 <= amount < np.inf:
            problems.append(Text(f"{words}：数量 {amount:g} 不可能。", f"{words}: an amount of {amount:g} cannot be."))
            continue
        key = (place, resource, t, side, owner)
        if key in seen:
            problems.append(Text(f"{words}：同一笔交易写了两行。", f"{words}: the trade is stated twice."))
        seen.add(key)
        if owner and row is not None:
            stated.project[row, t] += amount
        else:
            (stated.buy if side == "buy" else stated.sell)[r, n, t] += amount
    return stated
