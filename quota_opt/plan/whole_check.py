"""A plan in whole numbers checked like any plan: a plan whose amounts are the whole ones, audited from the tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from quota_opt.errors import Text
from quota_opt.model.case import FloatArray, IntArray
from quota_opt.model.market import Sides
from quota_opt.model.outcome import Outcome
from quota_opt.plan.verify import audits
from quota_opt.plan.whole_amounts import COLUMNS, DUST, amounts_of, is_whole, lines_of


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
        initial[r], net[r] = np.floor(initial[r] + DUST), 0.0
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


def pools_of(outcome: Outcome, made: WholeOutcome, r: int) -> pd.DataFrame:
    """Quota held and left in each pool, exact and whole, where there is any."""
    case = outcome.case
    parts = []
    for kind, exact, whole in (
        ("initial", case.initial[r], made.case.initial[r]),
        ("idle", outcome.idle[r], made.idle[r]),
    ):
        n, t = np.nonzero((np.abs(exact) > DUST) | (np.abs(whole) > DUST))
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
        lines_of(outcome, r, a, np.zeros(len(a.exact))) for r in _of(outcome, stated) for a in [amounts_of(outcome, r)]
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
    if not is_whole(whole) or (off >= 1.0 + DUST).any():
        problems.append(
            Text("rounded.csv 有不是相邻整数的数。", "A number in rounded.csv is not a whole one next to it.")
        )
    made = whole_outcome(outcome, lines.reset_index())
    again = [pools_of(outcome, made, r) for r in made.resources]
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
