"""Prices of a plan: by place, resource and year, for every objective in turn, and how far each holds.

The price of a pool is the slope of the best value of the linear relaxation in the pool's quantity that year. Where the
pool stands right where the slope changes there are two: what one less costs and what one more brings. A plan in whole
decisions moves in steps: on request the pools that matter are re-solved with a little more and a little less, and asked
from which amount on there is anything to gain, or to lose.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quota_opt.analysis.explain.changes import SMALL_MODEL, least_amount
from quota_opt.analysis.explain.pricing import Pricing
from quota_opt.analysis.explain.types import write_either
from quota_opt.errors import Language
from quota_opt.model.case import FloatArray, IntArray
from quota_opt.model.linear import Arrays
from quota_opt.plan.headlines import objective_unit
from quota_opt.plan.plan import Plan
from quota_opt.plan.prices import DUAL, RELAXED, pool_rows, pools_frame
from quota_opt.scenario import Scenario
from quota_opt.solving.highs import relaxed
from quota_opt.solving.ranging import price_ranges
from quota_opt.solving.stages import stage_arrays

if TYPE_CHECKING:
    from quota_opt.report.document import Document

COLUMNS = [
    "stage", "place", "parent", "resource", "year", "price", "one_less", "one_more", "unit", "method", "holds_from",
    "holds_to",
]  # fmt: skip
STEPS = [
    "place", "resource", "year", "price", "step", "more_brings", "less_costs", "unsure", "moves_at", "moves_by",
    "spare", "places",
]  # fmt: skip
TWO_SIDED = 200
"""Most rows whose two slopes are worked out one by one."""
WORTH = 1e-9


@dataclass(frozen=True, eq=False)
class Prices:
    """The prices of a plan.

    `table` has one row for each stage and pool: stage (name of the objective), place, parent, resource, year, price
    (in `unit` per unit of resource), one_less and one_more (what one less costs and one more brings in the relaxation;
    the same but where the slope changes), method, holds_from and holds_to (change of the quantity).

    `steps` has, where re-solves were asked for, one row for each group of pools of one price: what `step` more brings
    and less costs the whole plan (each within `unsure`), from how much more (`moves_at`) it is surely better, by
    `moves_by`, and how much can go without loss (`spare`). NaN where nothing was found.
    """

    scenario: Scenario = field(repr=False)
    table: pd.DataFrame
    steps: pd.DataFrame
    units: Mapping[str, str]
    confirmed: bool = False

    def document(self) -> Document:
        """The prices as a report for people."""
        from quota_opt.analysis.explain.prices_document import document_of

        return document_of(self)

    def write(self, path: str | Path, language: Language = "zh") -> Path:
        """Write the report as html, as a workbook (.xlsx), or the table alone (.csv). Returns the path."""
        return write_either(self.document(), self.table, Path(path), language)

    def as_dict(self) -> dict[str, Any]:
        """The tables as plain values."""
        return {
            "prices": self.table.to_dict("records"),
            "steps": self.steps.to_dict("records"),
            "confirmed": self.confirmed,
        }


def prices(plan: Plan, *, confirm: bool = False, step: float = 1.0) -> Prices:
    """What one more unit in each pool is worth, for each objective of the plan, and how far that holds.

    With `confirm`, the pools with a price are re-solved with `step` units (of the resource) more and less, those of one
    price as one; see `Prices.steps`. Takes four solves for each group at most.
    """
    pricing = Pricing.of(plan)
    problem, stages = pricing.problem, plan.certificate["stages"]
    objectives = [stage["objective"] for stage in stages]
    units, parts = {}, []
    for number, stage in enumerate(stages):
        arrays = stage_arrays(problem, number, objectives)
        name = str(stage["name"])
        units[name] = (
            objective_unit(plan.scenario.settings, plan.measure_units, name)
            if len(problem.stages) == 1
            else plan.measure_units.get(name, "objective").removesuffix("/yr")
        )
        parts.append(_stage_table(pricing, arrays, name, units[name]))
    table = pd.concat(parts, ignore_index=True)
    steps = pd.DataFrame(_steps(pricing, step), columns=STEPS) if confirm else pd.DataFrame(columns=STEPS)
    return Prices(plan.scenario, table, steps, units, confirm)


def _stage_table(pricing: Pricing, arrays: Arrays, name: str, unit: str) -> pd.DataFrame:
    problem, rows = pricing.problem, pool_rows(pricing.problem)
    made = pools_frame(problem)
    made["stage"] = name
    made["unit"] = [f"{unit}/{pricing.case.unit(str(resource))}" for resource in made["resource"]]
    made["parent"] = _parents(pricing, made["place"])
    root = relaxed(arrays)
    if root is None:
        return made.assign(price=math.nan, one_less=math.nan, one_more=math.nan, method="", holds_from=math.nan,
                           holds_to=math.nan)[COLUMNS]  # fmt: skip
    found = price_ranges(arrays, root, rows, TWO_SIDED, priced=arrays.columns <= SMALL_MODEL)
    slopes, unknown = np.maximum(root.prices[rows], 0.0), np.full(len(rows), math.nan)
    low, high, less, more = (
        (unknown, unknown, slopes, slopes)
        if found is None
        else (found.holds_from, found.holds_to, np.maximum(found.less, 0.0), np.maximum(found.more, 0.0))
    )
    made["price"], made["one_less"], made["one_more"] = slopes, less, more
    made["method"] = RELAXED if arrays.integer.any() else DUAL
    made["holds_from"], made["holds_to"] = np.round(low, 6) + 0.0, np.round(high, 6) + 0.0
    return made[COLUMNS]


def _parents(pricing: Pricing, names: pd.Series) -> list[str]:
    tree = pricing.case.places
    above = {
        str(name): str(tree.names[up]) if up >= 0 else "" for name, up in zip(tree.names, tree.parent, strict=True)
    }
    return [above[str(name)] for name in names]


def groups_of_price(pricing: Pricing) -> Iterator[tuple[int, int, IntArray]]:
    """(resource, year position, places) of the pools that share one price above 0; the dearest first."""
    price = pricing.pool_prices
    found: list[tuple[float, int, int, IntArray]] = []
    for r, t in np.ndindex(price.shape[0], price.shape[2]):
        left = price[r, :, t] > WORTH * max(1.0, abs(pricing.value))
        while left.any():
            top = float(price[r, left, t].max())
            same = left & (np.abs(price[r, :, t] - top) <= 1e-9 * max(1.0, top))
            found.append((top, r, t, np.flatnonzero(same)))
            left &= ~same
    for _, r, t, places in sorted(found, key=lambda item: (-item[0], item[1], item[2])):
        yield r, t, places


def _steps(pricing: Pricing, step: float) -> list[tuple[Any, ...]]:
    """Each group of pools of one price, re-solved at the place that is highest in the tree."""
    case, rows = pricing.case, pool_rows(pricing.problem).reshape(pricing.case.initial.shape)
    made = []
    for r, t, places in groups_of_price(pricing):
        place = int(places[np.argmin(case.places.depth[places])])
        row = np.array([rows[r, place, t]])
        more, less = (_moved(pricing, row, sign * step) - pricing.value for sign in (1.0, -1.0))
        at, by = _first_move(pricing, row, step, r)
        made.append(
            (
                str(case.places.names[place]), case.resources[r], int(case.years[t]),
                float(pricing.pool_prices[r, place, t]), step, more, -less, pricing.slack, at, by,
                _spare(pricing, row, step, r), ";".join(str(case.places.names[n]) for n in places),
            )
        )  # fmt: skip
    return made


def _moved(pricing: Pricing, row: IntArray, change: float) -> float:
    """The best value with a pool that much larger; -inf where nothing is possible."""
    upper = pricing.arrays.row_upper.copy()
    upper[row] += change
    found = pricing.opened.ask(replace(pricing.arrays, row_upper=upper))
    return -math.inf if found.values is None else found.objective


def _most(pricing: Pricing, r: int, step: float) -> int:
    used: FloatArray = np.abs(pricing.case.need[r])
    return math.ceil(float(used.sum() * pricing.case.kappa.max(initial=1.0)) / step) + 1


def _first_move(pricing: Pricing, row: IntArray, step: float, r: int) -> tuple[float, float]:
    """The least whole steps more with which a plan is better than any without them, and by how much it then is."""
    gain = max(pricing.slack, 0.0) + 1e-6 * max(1.0, abs(pricing.value))
    asked = least_amount(pricing.arrays, row, step, pricing.value + gain, _most(pricing, r, step))
    found = pricing.opened.ask(asked)
    if found.values is None:
        return math.nan, math.nan
    at = step * round(-found.objective / step)
    return at, _moved(pricing, row, at) - pricing.value


def _spare(pricing: Pricing, row: IntArray, step: float, r: int) -> float:
    """The most whole steps less with which a plan is as good as the one at hand."""
    allowance = 1e-9 * max(1.0, abs(pricing.value))
    asked = least_amount(pricing.arrays, row, -step, pricing.value - allowance, _most(pricing, r, step))
    found = pricing.opened.ask(asked)
    return math.nan if found.values is None else step * round(found.objective / step)
