"""A bound from prices alone: any prices of the tying rows prove one, whoever found them.

    bound = constant + Σ_i λ_i · b_i + Σ_groups max(0, best price-adjusted option) + Σ_j max(d_j · l_j, d_j · u_j)

`λ` prices the tying rows only (b_i is the side its sign points to); a group is one firm's actions or the starts of one
project or variant group, of which at most one is chosen; `j` runs over all other columns. d = c − Aᵀλ.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from quota_opt.model.build import RowInfo
from quota_opt.model.linear import Arrays, FloatArray

GROUP_BLOCKS = ("one_firm", "one_group")


def price_bound(arrays: Arrays, row_duals: FloatArray) -> float:
    """The bound on the objective that the prices prove; inf where a column without an upper bound keeps a gain."""
    group_of = np.full(arrays.columns, -1, dtype=np.int64)
    prices = row_duals.copy()
    for block in arrays.row_blocks:
        if block.name in GROUP_BLOCKS:
            rows = slice(block.first, block.first + block.size)
            prices[rows] = 0.0
            part = arrays.matrix[block.first : block.first + block.size]
            group_of[part.indices] = np.repeat(np.arange(block.size), np.diff(part.indptr)) + block.first
    # A price on a side that is not there proves nothing.
    prices = np.where((prices > 0) & np.isinf(arrays.row_upper), 0.0, prices)
    prices = np.where((prices < 0) & np.isinf(arrays.row_lower), 0.0, prices)
    side = np.where(prices > 0, arrays.row_upper, np.where(prices < 0, arrays.row_lower, 0.0))
    adjusted = arrays.objective - arrays.matrix.T @ prices
    grouped = group_of >= 0
    best = np.zeros(arrays.rows)
    np.maximum.at(best, group_of[grouped], adjusted[grouped])
    alone = adjusted[~grouped]
    with np.errstate(invalid="ignore"):
        reach = np.where(
            alone > 0, alone * arrays.upper[~grouped], np.where(alone < 0, alone * arrays.lower[~grouped], 0.0)
        )
    total = math.fsum([arrays.offset, *(prices * side), *best, *reach])
    return float(total)


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
