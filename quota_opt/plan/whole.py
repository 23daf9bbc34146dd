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

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from quota_opt.errors import Text
from quota_opt.model.build import Problem, build
from quota_opt.model.case import Case, FloatArray, IntArray
from quota_opt.model.linear import Arrays
from quota_opt.model.market import Sides
from quota_opt.model.outcome import Outcome
from quota_opt.plan.verify import audits
from quota_opt.solving.engine import engine_named
from quota_opt.solving.profile import auxiliary_profile

COLUMNS = ["kind", "id", "place", "year", "resource", "exact", "whole"]
KINDS = ("award", "freed", "transfer", "bought", "bought_for", "sold", "initial", "idle")
_DUST = 1e-6
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


@dataclass(frozen=True)
class _Amounts:
    """Exact amounts of one resource as flat arrays, an entry per amount and year.

    `kind` is a position in `KINDS`; `owner` the row of the action or award, or the place; `year` a position.
    """

    kind: IntArray
    owner: IntArray
    year: IntArray
    exact: FloatArray

    def at(self, kind: str) -> dict[tuple[int, int], int]:
        """Position by owner and year."""
        here = np.flatnonzero(self.kind == KINDS.index(kind))
        return {(int(self.owner[i]), int(self.year[i])): int(i) for i in here}


def whole_numbers(outcome: Outcome, resources: Sequence[str] = ("energy",), seconds: float = TIME_LIMIT) -> Whole:
    """Round a plan's amounts of some resources to whole units; a resource the case does not have is left out."""
    parts, worst, totals = [], 0.0, 0.0
    failing: list[Text] = []
    held: Problem | None = None
    for name in resources:
        if name not in outcome.case.resources:
            continue
        r = outcome.case.resources.index(name)
        amounts = _amounts(outcome, r)
        nearest = np.round(amounts.exact)
        if np.abs(nearest - amounts.exact).max(initial=0.0) <= _DUST and _is_whole(outcome.case.initial[r]):
            whole = nearest
        else:
            held = _held_whole(outcome.case) if held is None else held
            whole, broken = _rounded(outcome, held, r, amounts, seconds)
            failing += broken
        table = _table(outcome, r, amounts, whole)
        sums = _totals(outcome, r, amounts)
        pools = _pools(outcome, whole_outcome(outcome, table), r)
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


def _is_whole(values: FloatArray) -> bool:
    return bool((np.abs(values - np.round(values)) <= _DUST).all())


def _held_whole(case: Case) -> Problem:
    """The model of the case with the quota held at the start rounded down."""
    return build(replace(case, initial=np.floor(case.initial + _DUST)))


def _amounts(outcome: Outcome, r: int) -> _Amounts:
    """What awards take, actions free, and pools move, buy and sell of a resource, where it is not nothing."""
    case = outcome.case
    parts: list[tuple[int, IntArray, IntArray, FloatArray]] = []

    def add(kind: str, owner: IntArray, year: IntArray, exact: FloatArray) -> None:
        live = np.abs(exact) > _DUST
        parts.append((KINDS.index(kind), owner[live], year[live], exact[live]))

    since = outcome.action_year + case.actions["lag"].to_numpy(dtype=np.int64)[outcome.action_row]
    for t in range(case.horizon):
        add("award", outcome.award_row, np.full(len(outcome.award_row), t), outcome.award_use(r, t))
        on = outcome.action_row[since <= t]
        add("freed", on, np.full(len(on), t), case.standing_free(r, t)[on])
    place, year = (grid.ravel() for grid in np.indices(case.initial.shape[1:]))
    add("transfer", place, year, outcome.net_up[r].ravel())
    if outcome.trades is not None:
        add("bought", place, year, outcome.trades.buy[r].ravel())
        add("sold", place, year, outcome.trades.sell[r].ravel())
        if r == case.energy:
            own, when = (grid.ravel() for grid in np.indices(outcome.trades.project.shape))
            add("bought_for", own, when, outcome.trades.project.ravel())
    kind = np.concatenate([np.full(len(owner), code) for code, owner, _, _ in parts])
    owner, year, exact = (np.concatenate([part[i] for part in parts]) for i in (1, 2, 3))
    return _Amounts(kind.astype(np.int64), owner.astype(np.int64), year.astype(np.int64), exact.astype(np.float64))


def _rounded(
    outcome: Outcome, problem: Problem, r: int, amounts: _Amounts, seconds: float
) -> tuple[FloatArray, list[Text]]:
    """The whole number of each amount, and the rows that no choice can keep."""
    nearest = np.round(amounts.exact)
    base = np.where(np.abs(amounts.exact - nearest) <= _DUST, nearest, np.floor(amounts.exact))
    part = amounts.exact - base
    part[np.abs(part) <= _DUST] = 0.0
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


def _choices(amounts: _Amounts, part: FloatArray) -> tuple[IntArray, int]:
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
    for i in np.flatnonzero(excess > _DUST).tolist():
        by = f"{excess[i]:.3g}"
        found.append(
            Text(f"取整后不成立：{rows.names[i]}，差 {by}", f"does not hold in whole numbers: {rows.names[i]}, by {by}")
        )
    return found


def _rows(outcome: Outcome, problem: Problem, r: int, amounts: _Amounts) -> _Sums:
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
                room = _DUST * max(1.0, abs(fixed))
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


def _places(case: Case, amounts: _Amounts) -> IntArray:
    """The place of each amount."""
    place = amounts.owner.copy()
    projects, firms = (table["place_code"].to_numpy(dtype=np.int64) for table in (case.projects, case.actions))
    for kind, table in (("award", projects), ("bought_for", projects), ("freed", firms)):
        here = amounts.kind == KINDS.index(kind)
        place[here] = table[amounts.owner[here]]
    return place


def _totals(outcome: Outcome, r: int, amounts: _Amounts) -> _Sums:
    """Sums kept within 1: used and freed of each place and of all in it, idle quota of each pool, by year."""
    case = outcome.case
    place, held = _places(case, amounts), np.floor(case.initial[r] + _DUST)
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
    return _Sums(matrix, np.floor(sums + _DUST) - own, np.ceil(sums - _DUST) - own)


@dataclass(frozen=True)
class WholeOutcome(Outcome):
    """A plan whose amounts of some resources are whole numbers, to be audited like any other.

    `freed_by`, `used_by`: (resource, row of action or award, year) amounts in place of the exact ones.
    """

    freed_by: Mapping[tuple[int, int, int], float] = field(default_factory=dict)
    used_by: Mapping[tuple[int, int, int], float] = field(default_factory=dict)
    resources: tuple[int, ...] = ()

    @cached_property
    def freed(self) -> FloatArray:
        """(R, N, T): what actions make available, whole where it has been rounded."""
        total = Outcome(self.case, *self._decided, self.up, self.down, self.trades).freed.copy()
        place = self.case.actions["place_code"].to_numpy(dtype=np.int64)
        for r in self.resources:
            total[r] = 0.0
        for (r, row, t), amount in self.freed_by.items():
            total[r, place[row], t] += amount
        return total

    def award_use(self, r: int, t: int) -> FloatArray:
        """What each award takes, whole where it has been rounded."""
        if r not in self.resources:
            return super().award_use(r, t)
        return np.array([self.used_by.get((r, int(row), t), 0.0) for row in self.award_row], dtype=np.float64)

    @property
    def _decided(self) -> tuple[IntArray, IntArray, IntArray, IntArray, FloatArray]:
        return self.action_row, self.action_year, self.award_row, self.award_year, self.award_share


def whole_outcome(outcome: Outcome, table: pd.DataFrame) -> WholeOutcome:
    """The plan with the whole numbers of a table (columns `COLUMNS`) in place of its exact amounts."""
    case = outcome.case
    resources = tuple(sorted({case.resources.index(name) for name in table["resource"]}))
    initial, net = case.initial.copy(), outcome.net_up.copy()
    trades = None if outcome.trades is None else Sides(*(side.copy() for side in outcome.trades))
    for r in resources:
        initial[r], net[r] = np.floor(initial[r] + _DUST), 0.0
        if trades is not None:
            trades.buy[r], trades.sell[r] = 0.0, 0.0
            if r == case.energy:
                trades.project[:] = 0.0
    freed: dict[tuple[int, int, int], float] = {}
    used: dict[tuple[int, int, int], float] = {}
    projects = {str(name): row for row, name in enumerate(case.projects["project"])}
    firms = case.actions["firm"].to_numpy(dtype=object)
    acted = {str(firms[row]): int(row) for row in outcome.action_row}
    for line in table.itertuples(index=False):
        r, t = case.resources.index(str(line.resource)), int(np.searchsorted(case.years, int(str(line.year))))
        n, amount, name = case.places.code.get(str(line.place), -1), float(str(line.whole)), str(line.id)
        if line.kind == "award":
            used[r, projects[name], t] = amount
        elif line.kind == "freed":
            freed[r, acted[name], t] = amount
        elif line.kind == "transfer":
            net[r, n, t] = amount
        elif trades is not None and line.kind in ("bought", "sold", "bought_for"):
            side = {"bought": trades.buy, "sold": trades.sell}.get(str(line.kind))
            if side is None:
                trades.project[projects[name], t] = amount
            else:
                side[r, n, t] = amount
    return WholeOutcome(
        replace(case, initial=initial),
        outcome.action_row,
        outcome.action_year,
        outcome.award_row,
        outcome.award_year,
        outcome.award_share,
        np.maximum(net, 0.0),
        np.maximum(-net, 0.0),
        trades,
        freed,
        used,
        resources,
    )


def _table(outcome: Outcome, r: int, amounts: _Amounts, whole: FloatArray) -> pd.DataFrame:
    """The amounts as lines; a transfer's place is the lower one, its amount what goes up (less than 0: down)."""
    case = outcome.case
    place = case.places.names[_places(case, amounts)]
    names = place.copy()
    projects, firms = (case.projects["project"].to_numpy(object), case.actions["firm"].to_numpy(object))
    for kind, owners in (("award", projects), ("bought_for", projects), ("freed", firms)):
        here = amounts.kind == KINDS.index(kind)
        names[here] = owners[amounts.owner[here]]
    table = pd.DataFrame(
        {
            "kind": np.array(KINDS, dtype=object)[amounts.kind],
            "id": names,
            "place": place,
            "year": case.years[amounts.year],
            "resource": case.resources[r],
            "exact": amounts.exact,
            "whole": whole.astype(np.int64),
        }
    )
    order = np.lexsort((names.astype(str), amounts.kind, amounts.year))
    return table.iloc[order].reset_index(drop=True)


def _pools(outcome: Outcome, made: WholeOutcome, r: int) -> pd.DataFrame:
    """Quota held and left in each pool, exact and whole, where there is any."""
    case = outcome.case
    parts = []
    for kind, exact, whole in (
        ("initial", case.initial[r], made.case.initial[r]),
        ("idle", outcome.idle[r], made.idle[r]),
    ):
        n, t = np.nonzero((np.abs(exact) > _DUST) | (np.abs(whole) > _DUST))
        names = case.places.names[n]
        line = {"kind": kind, "id": names, "place": names, "year": case.years[t], "resource": case.resources[r]}
        parts.append(pd.DataFrame({**line, "exact": exact[n, t], "whole": np.round(whole[n, t]).astype(np.int64)}))
    return pd.concat(parts, ignore_index=True).sort_values(["year", "kind", "id"], kind="stable")


def whole_problems(
    outcome: Outcome, table: pd.DataFrame, *, may_fail: bool = False, broken: Collection[str] = ()
) -> list[Text]:
    """What is wrong with stated whole numbers: lines that differ from the plan, do not add up, or break a rule.

    `may_fail`: the result says itself that some row cannot hold in whole numbers. `broken` are rules that the exact
    plan does not keep either, of which nothing more is said.
    """
    missing = [column for column in COLUMNS if column not in table]
    if missing:
        return [Text(f"rounded.csv 缺少“{missing[0]}”列。", f"rounded.csv lacks the column {missing[0]}.")]
    stated = table.assign(id=table["id"].astype(str), place=table["place"].astype(str))
    if not set(stated["resource"]) <= set(outcome.case.resources) or stated[["exact", "whole"]].isna().any().any():
        return [Text("rounded.csv 有不存在的资源或空值。", "rounded.csv names no such resource, or lacks a number.")]
    problems = []
    key = ["kind", "id", "place", "year", "resource"]
    exact = [
        _table(outcome, r, a, np.zeros(len(a.exact))) for r in _of(outcome, stated) for a in [_amounts(outcome, r)]
    ]
    expected = pd.concat(exact).set_index(key)["exact"] if exact else pd.Series(dtype=float)
    lines = stated[~stated["kind"].isin(["initial", "idle"])].set_index(key)
    if not lines.index.is_unique or set(lines.index) != set(expected.index):
        return [Text("rounded.csv 的行与方案不符。", "The lines of rounded.csv are not those of the plan.")]
    if len(lines) and float((lines["exact"] - expected.loc[lines.index]).abs().max()) > 1e-4:
        problems.append(
            Text("rounded.csv 的精确数与方案不符。", "Exact amounts in rounded.csv are not those of the plan.")
        )
    whole, off = stated["whole"].to_numpy(dtype=float), (lines["whole"] - lines["exact"]).abs()
    if not _is_whole(whole) or (off >= 1.0 + _DUST).any():
        problems.append(
            Text("rounded.csv 有不是相邻整数的数。", "A number in rounded.csv is not a whole one next to it.")
        )
    made = whole_outcome(outcome, lines.reset_index())
    again = [_pools(outcome, made, r) for r in made.resources]
    if again:
        pools = stated[stated["kind"].isin(["initial", "idle"])].set_index(key)["whole"]
        given = pd.concat(again).set_index(key)["whole"]
        if not pools.sort_index().astype(float).equals(given.sort_index().astype(float)):
            problems.append(Text("rounded.csv 的结余对不上账。", "Idle quota in rounded.csv does not add up."))
    if not may_fail:
        for entry in audits(made):
            if not entry.ok and entry.rule not in broken:
                said = entry.texts[0] if entry.texts else Text("", "")
                problems.append(
                    Text(
                        f"取整后规则 {entry.rule} 不成立。{said.zh}",
                        f"In whole numbers the rule {entry.rule} does not hold. {said.en}".rstrip(),
                    )
                )
    return problems


def _of(outcome: Outcome, table: pd.DataFrame) -> list[int]:
    return [r for r, name in enumerate(outcome.case.resources) if name in set(table["resource"])]
