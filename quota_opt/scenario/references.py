"""What must hold between rows and tables: identifiers unique, references found, the tree a tree, years in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from quota_opt.errors import Level, Text
from quota_opt.scenario.collector import Collector
from quota_opt.scenario.nearest import mend_name
from quota_opt.scenario.raw import RawTable
from quota_opt.scenario.schema import RESOURCE_SPELLINGS, TABLES, table_named
from quota_opt.scenario.tables import TableContext
from quota_opt.scenario.units import normal

_RANK = {"province": 0, "city": 1, "county": 2, "town": 3, "zone": 3}
Frames = dict[str, pd.DataFrame]
Words = Callable[[int], tuple[Text, Text, object]]


class _Checker:
    """The tables under check and how to point into them."""

    def __init__(
        self,
        raw: Mapping[str, RawTable],
        frames: Frames,
        columns: Mapping[str, Mapping[str, int]],
        context: TableContext,
        report: Collector,
    ) -> None:
        self.raw, self.frames, self.columns, self.context, self.report = raw, frames, columns, context, report

    def has(self, table: str, column: str) -> bool:
        return table in self.raw and column in self.columns[table]

    def say(
        self,
        table: str,
        column: str | None,
        wrong: npt.NDArray[np.bool_],
        *,
        code: str,
        words: Words,
        level: Level = Level.ERROR,
    ) -> None:
        if not wrong.any():
            return
        raw = self.raw[table]
        index = self.columns[table].get(column) if column is not None else None
        records = np.flatnonzero(wrong)
        for k, record in enumerate(records):
            if index is not None and (int(raw.rows[record]), raw.positions[index]) in raw.broken:
                continue
            where = raw.where(int(record), index)
            if not self.report.room(code, where):
                self.report.count(code, where, len(records) - k)
                return
            what, fix, seen = words(int(record))
            self.report.add(level, code, what, where, fix, seen)


def check_references(
    raw: Mapping[str, RawTable],
    frames: Frames,
    columns: Mapping[str, Mapping[str, int]],
    context: TableContext,
    report: Collector,
) -> None:
    """Report every broken link; resource names given in Chinese are put into the case's own words on the way."""
    checker = _Checker(raw, frames, columns, context, report)
    _name_resources(checker)
    for spec in TABLES:
        if spec.name in raw:
            _check_unique(checker, spec.name, spec.key)
    _check_links(checker)
    _check_tree(checker)
    _check_years(checker)
    _check_soft_targets(checker)
    _check_ordered_targets(checker)


def _name_resources(c: _Checker) -> None:
    if not c.has("quotas", "resource"):
        return
    resources = c.context.resources
    names = {normal(r): r for r in resources}
    names |= {word: r for word, r in RESOURCE_SPELLINGS.items() if r in resources and word not in names}
    column = c.frames["quotas"]["resource"]
    named = column.map(lambda text: names.get(normal(text), text)).astype(object)
    texts: list[str] = named.tolist()
    c.frames["quotas"]["resource"] = named
    c.say(
        "quotas",
        "resource",
        np.asarray(~named.isin(resources) & (named != ""), dtype=bool),
        code="unknown-resource",
        words=lambda i: (
            Text(f"案例没有声明资源“{texts[i]}”", f"the case declares no resource called {texts[i]!r}"),
            mend_name(texts[i], resources),
            texts[i],
        ),
    )


def _check_unique(c: _Checker, table: str, key: tuple[str, ...]) -> None:
    if not key or not all(k in c.columns[table] or k == "option" for k in key):
        return
    frame = c.frames[table]
    filled = np.asarray((frame[list(key[:1])] != "").all(axis=1), dtype=bool)
    repeated = np.asarray(frame.duplicated(list(key), keep="first"), dtype=bool) & filled
    if not repeated.any():
        return
    first = frame.reset_index().groupby(list(key), sort=False)["index"].transform("first").to_numpy()
    rows = c.raw[table].rows

    def words(i: int) -> tuple[Text, Text, object]:
        value = " · ".join(str(frame[k].iat[i]) for k in key if frame[k].iat[i] != "")
        line = int(rows[first[i]])
        return (
            Text(f"“{value}”重复，第 {line} 行已有", f"{value!r} is there twice; line {line} has it already"),
            Text("请改正编号，或删除重复的行。", "Correct the identifier, or delete the repeated row."),
            value,
        )

    c.say(table, key[-1] if len(key) == 1 else key[0], repeated, code="repeated-identifier", words=words)


def _check_links(c: _Checker) -> None:
    for spec in TABLES:
        for column in spec.columns:
            if column.refers is None or column.refers == "resources" or not c.has(spec.name, column.name):
                continue
            if column.refers in ("places", "firms"):
                _check_names(c, spec.name, column.name, column.refers)
            elif column.refers == "projects|groups":
                projects = c.frames["projects"]
                known = [*projects["project"], *(g for g in projects["variant_of"].unique() if g)]
                _check_lists(c, column.name, [known] * len(projects))
                _check_not_itself(c, column.name)
            elif column.refers == "stages":
                chains = c.frames["chains"]
                stages = {str(k): list(v) for k, v in chains.groupby("chain")["stage"]}
                _check_stages(c, column.name, [stages.get(str(k), []) for k in chains["chain"]])


def _check_names(c: _Checker, table: str, column: str, target: str) -> None:
    values = c.frames[table][column]
    key = table_named(target).key[0]
    if not c.has(target, key):
        # Every link would be broken; that the table (or its column) is missing is said once already.
        if target not in c.raw and target != "places":
            c.say(
                table,
                column,
                np.arange(len(values)) == 0,
                code="unknown-firm",
                words=lambda i: (
                    Text("没有“企业”表，措施无从对应", "there is no table of firms for these actions"),
                    Text("请加上 firms.csv（或工作表“企业”）。", "Add firms.csv (or the sheet 企业)."),
                    values.iat[i],
                ),
            )
        return
    known = c.frames[target][key]
    wrong = np.asarray(~values.isin(known) & (values != ""), dtype=bool)
    kind = {"places": Text("区域", "place"), "firms": Text("企业", "firm")}[target]
    file = c.raw[target].sheet or c.raw[target].file

    def words(i: int) -> tuple[Text, Text, object]:
        name = str(values.iat[i])
        return (
            Text(f"没有名为“{name}”的{kind.zh}", f"no {kind.en} is called {name!r}"),
            mend_name(name, known, else_zh=f"或在 {file} 中补上。", else_en=f" Or add it to {file}."),
            name,
        )

    c.say(table, column, wrong, code=f"unknown-{kind.en}", words=words)


def _check_lists(c: _Checker, column: str, known: Sequence[Sequence[str]]) -> None:
    _check_items(c, "projects", column, known, Text("项目或方案组", "project or group"))


def _check_stages(c: _Checker, column: str, known: Sequence[Sequence[str]]) -> None:
    _check_items(c, "chains", column, known, Text("环节", "stage"))


def _check_items(c: _Checker, table: str, column: str, known: Sequence[Sequence[str]], kind: Text) -> None:
    """Every item of the lists in `column` must be among the names known for its row."""
    lists: list[tuple[str, ...]] = c.frames[table][column].tolist()
    members = {key: frozenset(names) for key, names in {id(names): names for names in known}.items()}
    lost = {
        i: next(item for item in items if item not in members[id(known[i])])
        for i, items in enumerate(lists)
        if items and not members[id(known[i])].issuperset(items)
    }
    wrong = np.zeros(len(lists), dtype=bool)
    wrong[list(lost)] = True
    c.say(
        table,
        column,
        wrong,
        code="unknown-project" if table == "projects" else "unknown-stage",
        words=lambda i: (
            Text(f"没有名为“{lost[i]}”的{kind.zh}", f"no {kind.en} is called {lost[i]!r}"),
            mend_name(lost[i], known[i]),
            ";".join(lists[i]),
        ),
    )


def _check_not_itself(c: _Checker, column: str) -> None:
    frame = c.frames["projects"]
    own: list[str] = frame["project"].tolist()
    wrong = np.array([bool(v) and o in v for v, o in zip(frame[column], own, strict=True)], dtype=bool)
    c.say(
        "projects",
        column,
        wrong,
        code="refers-to-itself",
        words=lambda i: (
            Text(f"“{own[i]}”引用了自己", f"{own[i]!r} refers to itself"),
            Text("请删去自己。", "Remove it from the list."),
            own[i],
        ),
    )


def _check_tree(c: _Checker) -> None:
    if not c.has("places", "place") or not c.has("places", "parent"):
        return
    frame = c.frames["places"]
    place, parent, level = ([str(v) for v in frame[k]] for k in ("place", "parent", "level"))
    above = {p: q for p, q in zip(place, parent, strict=True) if q}
    levels = dict(zip(place, level, strict=True))
    circles = [_circle(p, above) for p in place]
    seen: set[str] = set()
    first = np.zeros(len(place), dtype=bool)
    for i, circle in enumerate(circles):
        # One finding per circle, at its first place.
        first[i] = bool(circle) and not seen & set(circle)
        seen.update(circle)
    c.say(
        "places",
        "parent",
        first,
        code="circular-places",
        words=lambda i: (
            Text(f"上级关系成环：{' → '.join(circles[i])}", f"the parents go in a circle: {' → '.join(circles[i])}"),
            Text("请改正上级区域，最高一级留空。", "Correct the parents; the topmost place has none."),
            parent[i],
        ),
    )
    rank = np.array([_RANK.get(x, -1) for x in level], dtype=int)
    rank_above = np.array([_RANK.get(levels.get(q, ""), -1) for q in parent], dtype=int)
    in_circle = np.array([bool(circle) for circle in circles], dtype=bool)
    c.say(
        "places",
        "parent",
        (rank >= 0) & (rank_above >= 0) & (rank_above >= rank) & ~in_circle,
        code="level-order",
        words=lambda i: (
            Text(
                f"“{place[i]}”（{level[i]}）的上级“{parent[i]}”（{levels[parent[i]]}）级别不比它高",
                f"{place[i]!r} ({level[i]}) has the parent {parent[i]!r} ({levels[parent[i]]}), which is not above it",
            ),
            Text(
                "请按 省 → 市 → 县 → 镇街/开发区 的次序改正。",
                "Keep the order province, city, county, then town or zone.",
            ),
            parent[i],
        ),
    )


def _circle(place: str, above: Mapping[str, str]) -> list[str]:
    """The circle of parents `place` is in, back to itself; empty where there is none."""
    path = [place]
    while len(path) <= len(above) + 1:
        following = above.get(path[-1])
        if following is None:
            return []
        path.append(following)
        if following == place:
            return path
    return []


def _check_years(c: _Checker) -> None:
    for table in ("actions", "projects"):
        if table in c.raw:
            _check_windows(c, table)
    for table, level in (("quotas", Level.WARNING), ("targets", Level.ERROR)):
        if table in c.raw:
            years = c.frames[table]["year"].to_numpy()
            outside = (years < c.context.first_year) | (years > c.context.last_year)
            _outside_horizon(c, table, "year", outside, level)


def _check_windows(c: _Checker, table: str) -> None:
    frame = c.frames[table]
    earliest, latest = frame["earliest"].to_numpy(), frame["latest"].to_numpy()
    crossed = earliest > latest
    c.say(
        table,
        "latest",
        crossed,
        code="years-crossed",
        words=lambda i: (
            Text(
                f"最早 {earliest[i]:g} 年晚于最晚 {latest[i]:g} 年",
                f"earliest {earliest[i]:g} is after latest {latest[i]:g}",
            ),
            Text("请改正两个年份。", "Correct the two years."),
            f"{earliest[i]:g} > {latest[i]:g}",
        ),
    )
    _outside_horizon(c, table, "earliest", (earliest > c.context.last_year) & ~crossed, Level.WARNING)
    _outside_horizon(c, table, "latest", (latest < c.context.first_year) & ~crossed, Level.WARNING)


def _outside_horizon(c: _Checker, table: str, column: str, wrong: npt.NDArray[np.bool_], level: Level) -> None:
    years = c.frames[table][column].to_numpy()
    horizon = f"{c.context.first_year}–{c.context.last_year}"
    c.say(
        table,
        column,
        wrong,
        code="outside-horizon",
        words=lambda i: (
            Text(
                f"{years[i]:g} 年不在 {horizon} 年内，该行不起作用",
                f"the year {years[i]:g} is outside {horizon}, so the row can have no effect",
            ),
            Text("请改正年份，或调整 first_year、last_year。", "Correct the year, or the horizon of the case."),
            f"{years[i]:g}",
        ),
        level=level,
    )


def _check_soft_targets(c: _Checker) -> None:
    if "targets" not in c.raw or c.has("targets", "penalty"):
        return
    c.say(
        "targets",
        "kind",
        np.asarray(c.frames["targets"]["kind"] == "soft", dtype=bool),
        code="penalty-assumed",
        words=lambda _: (
            Text("软约束没有罚分，按每单位 1 计", "a soft target without a penalty; 1 per unit short is taken"),
            Text("请加上“罚分”一列。", "Add the column penalty."),
            "soft",
        ),
        level=Level.WARNING,
    )


def _check_ordered_targets(c: _Checker) -> None:
    """Targets without a number: an error, or a warning where the level above has yet to order it."""
    if "targets" not in c.raw or not c.has("targets", "value"):
        return
    targets = c.frames["targets"]
    blank = np.asarray(targets["value"].isna(), dtype=bool)
    waiting = blank & targets["ordered"].to_numpy(dtype=bool)
    spec = table_named("targets").column("value")
    assert spec.missing is not None
    what, fix = spec.missing
    c.say("targets", "value", blank & ~waiting, code="missing-value", words=lambda _: (what, fix, ""))

    def awaited(i: int) -> tuple[Text, Text, object]:
        measure, clause = str(targets["measure"].iat[i]), str(targets["clause"].iat[i])
        zh, en = (f"（{clause}）", f" ({clause})") if clause else ("", "")
        return (
            Text(
                f"目标 {measure}{zh}按上级下达，尚无数值，暂不计算",
                f"the target for {measure}{en} is as ordered by the level above; the number is missing, "
                "so it is not enforced",
            ),
            Text("收到上级下达的数值后，请填入“目标值”。", "Enter the value once the level above has ordered it."),
            "",
        )

    c.say("targets", "value", waiting, code="ordered-number-missing", words=awaited, level=Level.WARNING)
