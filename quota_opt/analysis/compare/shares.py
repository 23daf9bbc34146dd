"""Each change's share of a difference: alone, last of all, and its fair share over every order of the changes.

The fair (Shapley) share of a change is what it adds when it is made, averaged over all orders of the changes. Every
set of changes is a case of its own and is solved once. Sets without a plan are left out: the average is then over the
orders that only pass through sets with one. Either way the shares add up to the whole difference.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from quota_opt.analysis.compare.inputs import RowChange, SettingChange
from quota_opt.errors import Text
from quota_opt.scenario import Scenario, rule_title
from quota_opt.scenario.schema import table_named

MOST_CHANGES = 8
"""Changes whose every set is solved, 256 at most."""


@dataclass(frozen=True)
class Change:
    """Differences taken over together: settings, and rows of tables."""

    key: str
    title: Text
    settings: tuple[SettingChange, ...] = ()
    rows: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Solved:
    """A set of changes as solved: its measures (with "objective"), and how far the objective may be from the best."""

    values: Mapping[str, float]
    slack: float


@dataclass(frozen=True)
class Shares:
    """The shares, and what they rest on.

    `table`     change, measure, unit, alone, last, share; NaN where the sets it takes have no plan
    `solves`    sets solved; `failed` those without a plan, with the reason
    `slack`     how far any share of the objective may be off, since each solve stops at its gap
    `orders`    share of all orders that pass only through sets with a plan; 1 where all do
    """

    table: pd.DataFrame
    solves: int
    failed: tuple[tuple[Text, Text], ...]
    slack: float
    orders: float


def changes_of(
    a: Scenario, b: Scenario, settings: Sequence[SettingChange], rows: Sequence[RowChange], most: int
) -> tuple[Change, ...]:
    """The differences as at most `most` changes, as fine as that allows.

    Each setting and each row by itself; else rows by table; else settings by rule or section; else all settings as one.
    """
    matter = [change for change in settings if change.matters]
    whole = {table for table in {row.table for row in rows} if a.has_table(table) != b.has_table(table)}
    finest = [*_settings_each(matter), *_rows_each(rows, whole)]
    by_table = _rows_by_table(rows)
    levels = (
        finest,
        [*_settings_each(matter), *by_table],
        [*_settings_by_section(matter), *by_table],
        [*_settings_whole(matter), *by_table],
    )
    return tuple(next((level for level in levels if len(level) <= most), levels[-1]))


def _settings_each(settings: Sequence[SettingChange]) -> list[Change]:
    """Each setting by itself, but a rule that is switched on or off with all its settings."""
    switched = {change.rule for change in settings if change.switched is not None}
    made = [Change(change.path, change.words, (change,)) for change in settings if change.rule not in switched]
    for rule in sorted(switched):
        members = sorted((change for change in settings if change.rule == rule), key=lambda c: c.switched is None)
        made.append(Change(f"rules.{rule}", members[0].words, tuple(members)))
    return made


def _settings_by_section(settings: Sequence[SettingChange]) -> list[Change]:
    groups: dict[str, list[SettingChange]] = {}
    for change in settings:
        groups.setdefault(f"rules.{change.rule}" if change.rule else str(change.keys[0]), []).append(change)
    made = []
    for key, members in groups.items():
        title = next((change.words for change in members if change.switched is not None), members[0].words)
        if len(members) > 1 and all(change.switched is None for change in members):
            rule = members[0].rule
            name = rule_title(rule) if rule else Text(key, key)
            title = Text(f"“{name.zh}”的 {len(members)} 处设置", f"{len(members)} settings of {name.en}")
        made.append(Change(key, title, tuple(members)))
    return made


def _settings_whole(settings: Sequence[SettingChange]) -> list[Change]:
    title = Text(f"全部 {len(settings)} 处设置", f"all {len(settings)} settings")
    return [Change("settings", title, tuple(settings))] if settings else []


def _rows_each(rows: Sequence[RowChange], whole: set[str]) -> list[Change]:
    single = [
        Change(f"{row.table}:{' '.join(row.key)}", row.words, (), ((row.table, row.key),))
        for row in rows
        if row.table not in whole
    ]
    return [*single, *_rows_by_table([row for row in rows if row.table in whole])]


def _rows_by_table(rows: Sequence[RowChange]) -> list[Change]:
    groups: dict[str, list[RowChange]] = {}
    for row in rows:
        groups.setdefault(row.table, []).append(row)
    made = []
    for table, members in groups.items():
        title = Text(f"“{table_named(table).sheet}”表的 {len(members)} 行", f"{len(members)} rows of {table}")
        words = members[0].words if len(members) == 1 else title
        made.append(Change(table, words, (), tuple((row.table, row.key) for row in members)))
    return made


def shares_of(
    changes: Sequence[Change],
    ends: tuple[Solved, Solved],
    solve: Callable[[Sequence[Change]], Solved | Text],
    units: Mapping[str, str],
    *,
    fair: bool = True,
) -> Shares:
    """The share of each change in the difference of every measure.

    `ends` are the values without any change and with all; `solve` gives those of a set of changes, or why it has no
    plan. Without `fair` each change is made alone and undone alone, and no set between is solved.
    """
    count, full = len(changes), (1 << len(changes)) - 1
    single = {*(1 << i for i in range(count)), *(full ^ (1 << i) for i in range(count))}
    sets = range(1, full) if fair else sorted(single - {0, full})
    found: dict[int, Solved] = {0: ends[0], full: ends[1]}
    failed: list[tuple[Text, Text]] = []
    solves = 0
    for mask in sets:
        members = [change for i, change in enumerate(changes) if mask >> i & 1]
        answer = solve(members)
        solves += 1
        if isinstance(answer, Solved):
            found[mask] = answer
        else:
            titles = [change.title for change in members]
            whole = Text(" + ".join(t.zh for t in titles), " + ".join(t.en for t in titles))
            failed.append((whole, answer))
    weights, orders = _weights(count, set(found)) if fair else ({}, math.nan)
    measures = [name for name in ends[0].values if name in ends[1].values]
    rows = []
    for i, change in enumerate(changes):
        for name in measures:
            alone = _step(found, 0, i, name)
            last = _step(found, full ^ (1 << i), i, name)
            share = math.nan
            if weights:
                parts = [weight * _step(found, mask, i, name) for (mask, j), weight in weights.items() if j == i]
                share = sum(parts)
            rows.append((change.key, name, units.get(name, ""), alone, last, share))
    table = pd.DataFrame(rows, columns=["change", "measure", "unit", "alone", "last", "share"])
    slack = max(solved.slack for solved in found.values())
    return Shares(table, solves, tuple(failed), slack, orders)


def _step(found: Mapping[int, Solved], mask: int, i: int, name: str) -> float:
    """What change `i` adds to the set `mask`; NaN where either has no plan."""
    before, after = found.get(mask), found.get(mask | 1 << i)
    if before is None or after is None:
        return math.nan
    return after.values.get(name, math.nan) - before.values.get(name, math.nan)


def _weights(count: int, known: set[int]) -> tuple[dict[tuple[int, int], float], float]:
    """How often each step (set, change) is taken over the orders that stay among the known sets.

    Returns the weights (none where no order does) and the share of all orders that do.
    """
    full = (1 << count) - 1
    ways_to: dict[int, int] = {0: 1}
    for mask in range(1, full + 1):
        below = sum(ways_to[mask ^ 1 << i] for i in range(count) if mask >> i & 1)
        ways_to[mask] = below if mask in known else 0
    ways_from: dict[int, int] = {full: 1}
    for mask in range(full - 1, -1, -1):
        above = sum(ways_from[mask | 1 << i] for i in range(count) if not mask >> i & 1)
        ways_from[mask] = above if mask in known else 0
    total = ways_to[full]
    if not total:
        return {}, 0.0
    weights = {
        (mask, i): ways_to[mask] * ways_from[mask | 1 << i] / total
        for mask in range(full + 1)
        for i in range(count)
        if not mask >> i & 1 and ways_to[mask] * ways_from[mask | 1 << i]
    }
    return weights, total / math.factorial(count)
