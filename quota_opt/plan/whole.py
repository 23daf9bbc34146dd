"""Whole numbers for people: what each award is given, each action frees and each transfer moves, in whole units.

Every amount of a resource (the quota an award takes in a year, what an action frees in a year, a transfer, a purchase,
a sale) becomes one of the two whole numbers next to it; quota held at the start is rounded down. Which of the two is
chosen so that

1. every pool balance, and every row of a rule that counts amounts of the resource, holds in whole numbers;
2. idle quota of each pool, and what is used and freed in each place and in all below it, stay within 1 of the exact
   totals, as far as that goes beside 1;
3. the sum of deviations is the smallest (the largest remainders are rounded up), ties by identifier.

An amount that is the same in several years is rounded alike in all of them. This is controlled rounding over the tree
of places, solved as a small integer program in which the exact plan is the relaxed point. Decisions stay as they are:
rules that speak of decisions, money, jobs or value added are not touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from quota_opt.errors import Text
from quota_opt.model.build import Problem, build
from quota_opt.model.case import Case, FloatArray, IntArray
from quota_opt.model.linear import Arrays
from quota_opt.model.outcome import Outcome
from quota_opt.plan.whole_amounts import COLUMNS, DUST, KINDS, Amounts, amounts_of, is_whole, lines_of, places_of
from quota_opt.plan.whole_check import pools_of, whole_outcome
from quota_opt.solving.engine import engine_named
from quota_opt.solving.profile import auxiliary_profile

_STANDING = ("award", "freed")  # amounts of their own in each year they stand
_COUNTS = ("pool", "retention", "caps", "fairness", "trading", "targets", "directives", "slow_approval")
"""Rules whose rows are sums of amounts of a resource."""
TIME_LIMIT = 30.0
_OFF_TOTAL = 10.0  # what a total off by 1 costs against a deviation of 1 of a single amount
_OFF_ROW = 1e4


@dataclass(frozen=True)
class Whole:
    """A plan in whole numbers: `table` with columns `COLUMNS`, one row per amount and year.

    `deviation` is the largest difference of a single amount (below 1); `totals` that of idle quota and of what places
    use and free; `failing` names rows that no choice of whole numbers can keep, in words; empty as a rule.
    """

    table: pd.DataFrame
    deviation: float
    totals: float
    failing: tuple[Text, ...] = ()

    @property
    def is_rounded(self) -> bool:
        """Whether anything had to be rounded."""
        return self.deviation > DUST

    def latest(self, kind: str, resource: str = "energy") -> dict[str, int]:
        """The whole amount of each award or action in the last year, by identifier."""
        lines = self.table[(self.table["kind"] == kind) & (self.table["resource"] == resource)]
        lines = lines.sort_values("year", kind="stable")
        return {str(name): int(whole) for name, whole in zip(lines["id"], lines["whole"], strict=True)}

    def record(self) -> dict[str, Any]:
        """What run.json says of it; the numbers themselves are in rounded.csv."""
        words = method(self)
        return {
            "resources": sorted(set(self.table["resource"])),
            "deviation": self.deviation,
            "totals": self.totals,
            "failing": [text._asdict() for text in self.failing],
            "method": words._asdict(),
        }


def whole_numbers(outcome: Outcome, resources: Sequence[str] = ("energy",), seconds: float = TIME_LIMIT) -> Whole:
    """Round a plan's amounts of some resources to whole units; a resource the case does not have is left out."""
    parts, worst, totals = [], 0.0, 0.0
    failing: list[Text] = []
    held: Problem | None = None
    for name in resources:
        if name not in outcome.case.resources:
            continue
        r = outcome.case.resources.index(name)
        amounts = amounts_of(outcome, r)
        nearest = np.round(amounts.exact)
        if np.abs(nearest - amounts.exact).max(initial=0.0) <= DUST and is_whole(outcome.case.initial[r]):
            whole = nearest
        else:
            held = _held_whole(outcome.case) if held is None else held
            whole, broken = _rounded(outcome, held, r, amounts, seconds)
            failing += broken
        table = lines_of(outcome, r, amounts, whole)
        sums = _totals(outcome, r, amounts)
        pools = pools_of(outcome, whole_outcome(outcome, table), r)
        parts += [table, pools]
        worst = max(worst, float(np.abs(whole - amounts.exact).max(initial=0.0)))
        off = [np.abs(sums.matrix @ (whole - amounts.exact)), (pools["whole"] - pools["exact"]).abs().to_numpy()]
        totals = max(totals, float(np.concatenate(off).max(initial=0.0)))
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    return Whole(table, worst, totals, tuple(failing))


def method(whole: Whole) -> Text:
    """One sentence on how the numbers were rounded and how far they are off."""
    held = Text("各项平衡和规则逐行成立", "every balance and every row of the rules holds")
    if whole.failing:
        held = Text(f"有 {len(whole.failing)} 行做不到", f"{len(whole.failing)} rows cannot hold")
    elif not whole.deviation:
        return Text("各项本来就是整数。", "All amounts are whole numbers as they are.")
    return Text(
        f"按最大余数法沿区域树控制取整：单项最多差 {whole.deviation:.2f}，各地合计最多差 {whole.totals:.2f}，"
        f"{held.zh}。",
        f"Controlled rounding over the tree of places, largest remainders up: single amounts are off by at most "
        f"{whole.deviation:.2f}, totals of places by at most {whole.totals:.2f}; {held.en}.",
    )


def whole_of(plan: Any) -> Whole | None:
    """The whole numbers of a plan, where any of its amounts is not whole as it is."""
    made: Whole | None = getattr(plan, "whole", None)
    return made if made is not None and made.is_rounded else None


def _held_whole(case: Case) -> Problem:
    """The model of the case with the quota held at the start rounded down."""
    return build(replace(case, initial=np.floor(case.initial + DUST)))


def _rounded(
    outcome: Outcome, problem: Problem, r: int, amounts: Amounts, seconds: float
) -> tuple[FloatArray, list[Text]]:
    """The whole number of each amount, and the rows that no choice can keep."""
    nearest = np.round(amounts.exact)
    base = np.where(np.abs(amounts.exact - nearest) <= DUST, nearest, np.floor(amounts.exact))
    part = amounts.exact - base
    part[np.abs(part) <= DUST] = 0.0
    choice, count = _choices(amounts, part)
    free = choice >= 0
    up = sp.csr_array((np.ones(int(free.sum())), (np.flatnonzero(free), choice[free])), shape=(len(choice), count))
    cost = 1e-7 * np.arange(count) / max(count, 1)
    np.add.at(cost, choice[free], 1.0 - 2.0 * part[free])
    rows, totals = _rows(outcome, problem, r, amounts), _totals(outcome, r, amounts)
    for hard in (True, False):
        # Totals may be off, at a price; rows only where they cannot all be kept.
        arrays = _program(
            cost, [_over(rows, base, up, None if hard else _OFF_ROW), _over(totals, base, up, _OFF_TOTAL)]
        )
        profile = auxiliary_profile(seconds).with_limits(gap=1e-4)
        solution = engine_named("highs").solve(arrays, profile, stage="whole")
        if solution.values is not None:
            chosen = np.append(np.round(solution.values[:count]), 0.0)
            whole = base + chosen[choice]
            return whole, [] if hard else _broken(rows, whole)
    return nearest, _broken(rows, nearest)


@dataclass(frozen=True)
class _Sums:
    """Sums over amounts (rows, amounts) and the sides they keep to."""

    matrix: sp.csr_array
    lower: FloatArray
    upper: FloatArray
    names: Sequence[str] = ()


def _choices(amounts: Amounts, part: FloatArray) -> tuple[IntArray, int]:
    """The choice of each amount (-1: it is whole already); the same amount of the same owner is chosen once."""
    # A transfer is what each year makes of it; amounts of firms, projects and trades stand for years.
    each = np.where(amounts.kind == KINDS.index("transfer"), amounts.year, -1)
    key = pd.DataFrame({"kind": amounts.kind, "owner": amounts.owner, "exact": amounts.exact.round(9), "year": each})
    choice = np.full(len(part), -1, dtype=np.int64)
    free = part != 0.0
    choice[free] = key[free].groupby(list(key.columns), sort=False).ngroup().to_numpy()
    return choice, int(choice.max(initial=-1)) + 1


def _over(sums: _Sums, base: FloatArray, up: sp.csr_array, price: float | None) -> tuple[_Sums, float | None]:
    """Sums over the choices instead of the amounts, and what a unit off costs (None: it must hold)."""
    held = sums.matrix @ base
    return _Sums(sp.csr_array(sums.matrix @ up), sums.lower - held, sums.upper - held), price


def _program(cost: FloatArray, groups: Sequence[tuple[_Sums, float | None]]) -> Arrays:
    """The integer program: choices of 0 or 1, sums within their sides or off at a price, the cheapest of all."""
    count = len(cost)
    slacks = sum(2 * len(sums.lower) for sums, price in groups if price is not None)
    blocks, prices, at = [], np.zeros(slacks), 0
    for sums, price in groups:
        size = len(sums.lower)
        give = sp.lil_array((size, slacks))
        if price is not None:
            own = np.arange(size)
            give[own, at + own], give[own, at + size + own] = 1.0, -1.0
            prices[at : at + 2 * size] = price
            at += 2 * size
        blocks.append(sp.hstack([sums.matrix, give.tocsr()]))
    return Arrays(
        objective=-np.concatenate([cost, prices]),
        offset=0.0,
        lower=np.zeros(count + slacks),
        upper=np.concatenate([np.ones(count), np.full(slacks, np.inf)]),
        integer=np.arange(count + slacks) < count,
        matrix=sp.csr_array(sp.vstack(blocks)),
        row_lower=np.concatenate([sums.lower for sums, _ in groups]),
        row_upper=np.concatenate([sums.upper for sums, _ in groups]),
    )


def _broken(rows: _Sums, whole: FloatArray) -> list[Text]:
    """The rows that these whole numbers do not keep."""
    reached = rows.matrix @ whole
    excess = np.maximum(reached - rows.upper, rows.lower - reached)
    found = []
    for i in np.flatnonzero(excess > DUST).tolist():
        by = f"{excess[i]:.3g}"
        found.append(
            Text(f"取整后不成立：{rows.names[i]}，差 {by}", f"does not hold in whole numbers: {rows.names[i]}, by {by}")
        )
    return found


def _rows(outcome: Outcome, problem: Problem, r: int, amounts: Amounts) -> _Sums:
    """The rows of the model that count amounts of the resource, over the amounts.

    An entry of the model is what a decision adds to the row in exact numbers; it is scaled by whole / exact.
    """
    case, arrays = problem.case, problem.arrays
    scaled = sp.csr_array(arrays.matrix @ sp.diags_array(_values(outcome, problem)))
    scaled.eliminate_zeros()
    unit = case.unit(case.resources[r])
    found = {kind: amounts.at(kind) for kind in KINDS}
    owners = _owners(problem, r)
    entries: list[tuple[int, int, float]] = []
    lower: list[float] = []
    upper: list[float] = []
    names: list[str] = []
    for block, info in zip(arrays.row_blocks, problem.info, strict=True):
        if info.rule not in _COUNTS or info.unit.removesuffix("/yr") != unit:
            continue
        for row in range(block.first, block.first + block.size):
            label = block.label_of(row)
            if label.get("resource", case.resources[r]) != case.resources[r]:
                continue
            t = int(np.searchsorted(case.years, int(str(label.get("year", case.years[-1])))))
            fixed, mine = 0.0, []
            for k in range(scaled.indptr[row], scaled.indptr[row + 1]):
                kind, owner, year = owners.get(int(scaled.indices[k]), ("", 0, 0))
                at = found[kind].get((owner, t if kind in _STANDING else year)) if kind else None
                if at is None:
                    fixed += float(scaled.data[k])
                else:
                    mine.append((len(lower), at, float(scaled.data[k]) / float(amounts.exact[at])))
            if mine:
                entries += mine
                room = DUST * max(1.0, abs(fixed))
                lower.append(float(arrays.row_lower[row]) - fixed - room)
                upper.append(float(arrays.row_upper[row]) - fixed + room)
                names.append(" ".join([info.rule, *map(str, label.values())]))
    matrix = _matrix(entries, len(lower), len(amounts.exact))
    return _Sums(matrix, np.array(lower), np.array(upper), names)


def _matrix(entries: Sequence[tuple[int, int, float]], rows: int, columns: int) -> sp.csr_array:
    at = np.array([entry[:2] for entry in entries], dtype=np.int64).reshape(-1, 2)
    values = np.array([entry[2] for entry in entries], dtype=np.float64)
    return sp.csr_array((values, (at[:, 0], at[:, 1])), shape=(rows, columns))


def _values(outcome: Outcome, problem: Problem) -> FloatArray:
    """The plan as values of the model's columns that amounts depend on."""
    values = np.zeros(problem.arrays.columns + 1)  # the last one stands for columns that are not there (-1)
    values[problem.act[outcome.action_row, outcome.action_year]] = 1.0
    values[problem.start[outcome.award_row, outcome.award_year]] = 1.0
    values[problem.share[outcome.award_row, outcome.award_year]] = outcome.award_share
    values[problem.move] = outcome.net_up
    if outcome.trades is not None:
        for columns, traded in zip(problem.trade, outcome.trades, strict=True):
            values[columns] = traded
    return values[:-1]


def _owners(problem: Problem, r: int) -> dict[int, tuple[str, int, int]]:
    """The amount that a column is: kind, owner, year."""
    grids = {"freed": problem.act, "award": problem.share, "transfer": problem.move[r]}
    grids |= {"bought": problem.trade.buy[r], "sold": problem.trade.sell[r], "bought_for": problem.trade.project}
    if r != problem.case.energy:
        del grids["bought_for"]
    found = {}
    for kind, grid in grids.items():
        for owner, t in np.argwhere(grid >= 0).tolist():
            found[int(grid[owner, t])] = (kind, owner, t)
    return found


def _totals(outcome: Outcome, r: int, amounts: Amounts) -> _Sums:
    """Sums kept within 1: used and freed of each place and of all in it, idle quota of each pool, by year."""
    case = outcome.case
    place, held = places_of(case, amounts), np.floor(case.initial[r] + DUST)
    entries: list[tuple[int, int, float]] = []
    exact: list[float] = []
    less: list[float] = []

    def add(line: dict[int, float], initial: tuple[float, float] = (0.0, 0.0)) -> None:
        if len(line) > 1:
            entries.extend((len(exact), i, sign) for i, sign in line.items())
            exact.append(initial[0] + sum(sign * float(amounts.exact[i]) for i, sign in line.items()))
            less.append(initial[1])

    pools: dict[tuple[int, int], dict[int, float]] = {}
    groups: dict[tuple[int, int, int, bool], dict[int, float]] = {}
    lasts = 1 if case.market is None else case.market.lasts
    for i, (code, owner, t, n) in enumerate(
        zip(amounts.kind.tolist(), amounts.owner.tolist(), amounts.year.tolist(), place.tolist(), strict=True)
    ):
        kind = KINDS[code]
        for year in range(t, min(t + lasts, case.horizon)) if kind in ("bought", "bought_for") else (t,):
            pools.setdefault((n, year), {})[i] = -1.0 if kind in ("award", "transfer", "sold") else 1.0
        if kind == "transfer":
            pools.setdefault((int(case.places.parent[owner]), t), {})[i] = 1.0
        elif kind in ("award", "freed"):
            groups.setdefault((code, n, t, False), {})[i] = 1.0
            above = n
            while above >= 0:
                groups.setdefault((code, above, t, True), {})[i] = 1.0
                above = int(case.places.parent[above])
    for (n, t), line in pools.items():
        add(line, (float(case.initial[r, n, t]), float(held[n, t])))
    for line in groups.values():
        add(line)
    sums, own = np.array(exact), np.array(less)
    matrix = _matrix(entries, len(exact), len(amounts.exact))
    return _Sums(matrix, np.floor(sums + DUST) - own, np.ceil(sums - DUST) - own)
