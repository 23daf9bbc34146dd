"""A bound from prices alone, and what the prices say of columns and rules.

Any prices of the tying rows prove a bound, whoever found them (`solving/packing.py` has the formula). A result folder
holds them in `certificate.csv`, row by row, so that `verify` adds the bound up again without a solver.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from quota_opt.errors import Finding, Text
from quota_opt.model.build import Problem, RowInfo
from quota_opt.model.linear import Arrays, FloatArray
from quota_opt.plan.verify import problem
from quota_opt.solving.packing import PriceBound, groups_of

GROUP_BLOCKS = ("one_firm", "one_group")
COLUMNS = ("row", "price")
CLOSE = 1e-9
"""How far, relatively, a bound added up again may be off: another order of the same sums."""
BETTER = 1e-6
"""How far a plan may lie beyond its bound: the tolerance of rows, not of the proof."""


def price_bound(arrays: Arrays, row_duals: FloatArray) -> float:
    """The bound on the objective that the prices prove; inf where a column without an upper bound keeps a gain."""
    return PriceBound(arrays, groups_of(arrays)).value(row_duals, arrays.lower, arrays.upper)


def row_prices(arrays: Arrays, row_duals: FloatArray | None) -> pd.DataFrame:
    """The prices that prove the bound: one line per tying row whose price is not 0, by the name of the row."""
    if row_duals is None:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    priced = np.flatnonzero((row_duals != 0.0) & groups_of(arrays).tying)
    names = np.array(arrays.row_names(), dtype=object)
    return pd.DataFrame({"row": names[priced], "price": row_duals[priced]})


def certificate_problems(record: Mapping[str, Any], prices: pd.DataFrame, built: Problem) -> list[Finding]:
    """Where the bound that the prices prove is not the stated one, or the plan or its bound lies beyond it."""
    certificate = record.get("certificate") or {}
    stated, file = certificate.get("price_bound"), "certificate.csv"
    position = {name: i for i, name in enumerate(built.arrays.row_names())}
    strangers = [str(name) for name in prices["row"] if name not in position]
    values = pd.to_numeric(prices["price"], errors="coerce").to_numpy(dtype=float)
    if strangers or prices["row"].duplicated().any() or not np.isfinite(values).all():
        what = Text(
            f"certificate.csv 的行与模型不符：{'、'.join(strangers[:3]) or '重复或不是数'}。",
            f"certificate.csv does not fit the model: {', '.join(strangers[:3]) or 'a row twice, or no number'}.",
        )
        return [problem("certificate", what, file)]
    duals = np.zeros(built.arrays.rows)
    duals[[position[name] for name in prices["row"]]] = values
    bound, objective = price_bound(built.arrays, duals), record.get("objective")
    if stated is None or not math.isfinite(bound):
        return []
    found = []
    if abs(bound - stated) > CLOSE * max(1.0, abs(stated)):
        what = Text(
            f"价格证明的界写作 {stated:,.9g}，由 certificate.csv 重算为 {bound:,.9g}。",
            f"The bound from prices is stated as {stated:,.9g}; certificate.csv gives {bound:,.9g}.",
        )
        found.append(problem("certificate", what, "run.json"))
    if objective is not None and objective > bound + BETTER * max(1.0, abs(bound)):
        what = Text("目标值超过价格证明的界，不可能。", "The objective is above the bound from prices: impossible.")
        found.append(problem("certificate", what, "run.json"))
    return found


def margins(arrays: Arrays, row_duals: FloatArray) -> FloatArray:
    """Each column's price-adjusted margin: its objective less what the tying rows it uses are worth."""
    prices = row_duals.copy()
    for block in arrays.row_blocks:
        if block.name in GROUP_BLOCKS:
            prices[block.first : block.first + block.size] = 0.0
    adjusted: FloatArray = arrays.objective - arrays.matrix.T @ prices
    return adjusted


@dataclass(frozen=True)
class RowPrice:
    """The dearest row of a rule: its price in objective units per `unit`, what labels it, the clause it comes from."""

    price: float
    unit: str
    labels: Mapping[str, object]
    clause: str | None


def rule_prices(arrays: Arrays, info: Sequence[RowInfo], row_duals: FloatArray) -> dict[str, RowPrice]:
    """For each rule with rows that can be relaxed, the one with the largest price; the first of equals."""
    dearest: dict[str, RowPrice] = {}
    for block, about in zip(arrays.row_blocks, info, strict=True):
        part = np.abs(row_duals[block.first : block.first + block.size])
        if not part.size or not about.elastic:
            continue
        most = int(part.argmax())
        known = dearest.get(about.rule)
        if known is None or float(part[most]) > known.price:
            labels = block.label_of(block.first + most)
            dearest[about.rule] = RowPrice(float(part[most]), about.unit, labels, about.clause)
    return dearest
