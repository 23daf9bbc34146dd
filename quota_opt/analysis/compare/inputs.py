"""What differs between the inputs of two scenarios, and a scenario with some of the differences taken over.

Settings are compared by dotted path with variant and overrides applied, tables row by row as they were understood:
another order of rows, another spelling or another unit of a heading is no difference.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from quota_opt.errors import Text
from quota_opt.report.words import ACTIONS as ACTION_WORDS
from quota_opt.scenario import Scenario, rule_title
from quota_opt.scenario.paths import join_path
from quota_opt.scenario.scenario import effective_document
from quota_opt.scenario.schema import TABLES, table_named
from quota_opt.scenario.settings_words import parameter_words, setting_words
from quota_opt.scenario.spec import ColumnSpec
from quota_opt.scenario.tables import tables_of
from quota_opt.scenario.toml_values import written

_FALLBACK_KEYS = {"quotas": ("place", "resource", "year"), "targets": ("measure", "place", "year", "sense")}
_WORDS_ONLY = ("documents", "clauses", "readings", "variants")
"""Sections that say where clauses come from, and change no plan."""
_MOST_SHOWN = 40
_LIMIT = Text("准入强度上限", "intensity limit")
_SUBJECTS = {
    "objective": Text("优化目标", "objective"),
    "scenario.energy_basis": Text("能耗口径", "energy basis"),
    "scenario.discount_rate": Text("贴现率", "discount rate"),
    "scenario.resources": Text("要安排的资源", "resources"),
}


@dataclass(frozen=True)
class SettingChange:
    """One dotted path that differs. A value is None where it is not written; `clause` is that of the setting's rule.

    `matters` is False for words (titles, clauses, documents) that cannot change a plan. `switched` is True or False
    where a rule is switched on or off by it, None for any other change.
    """

    path: str
    keys: tuple[str | int, ...]
    before: Any
    after: Any
    clause: str
    matters: bool
    switched: bool | None = None

    @property
    def rule(self) -> str:
        """The rule it belongs to, "" where it belongs to none."""
        return str(self.keys[1]) if len(self.keys) > 1 and self.keys[0] == "rules" else ""

    @property
    def subject(self) -> Text:
        """What the setting is, in words."""
        if self.rule == "admission" and self.keys[2:3] == ("limits",) and self.keys[-1] == "value":
            return _LIMIT
        if self.path in _SUBJECTS:
            return _SUBJECTS[self.path]
        if self.rule and len(self.keys) == 2:
            title = rule_title(self.rule)
            return Text(f"规则“{title.zh}”", f"the rule {title.en}")
        names = [str(key) for key in self.keys if not isinstance(key, int)]
        if self.rule:
            title, said = rule_title(self.rule), parameter_words(".".join(names[1:]))
            inside = setting_words(self.path).en.partition(": ")[2]
            zh, en = _first_words(said.zh) or self.path, _first_words(said.en or inside) or self.path
            return Text(f"规则“{title.zh}”的“{zh}”", f"“{en}” of the rule {title.en}")
        said = parameter_words(f"actions.{names[-1]}") if names[0] == "actions" else setting_words(self.path)
        zh, en = _first_words(said.zh), _first_words(said.en)
        known = ACTION_WORDS.get(names[1]) if names[0] == "actions" and len(names) > 1 else None
        if known is not None and zh:
            return Text(f"“{known.zh}”的{zh}", f"{en or names[-1]} of “{known.en}”")
        return Text(f"{zh}（{self.path}）" if zh else self.path, self.path)

    @property
    def words(self) -> Text:
        """The change in words: 准入强度上限由 0.52 改为 0.49（ZJ 四(四)）."""
        clause_zh, clause_en = (f"（{self.clause}）", f" ({self.clause})") if self.clause else ("", "")
        if self.switched is not None:
            title = rule_title(self.rule)
            verb = Text("启用", "on") if self.switched else Text("停用", "off")
            return Text(
                f"{verb.zh}规则“{title.zh}”{clause_zh}", f"the rule {title.en} is switched {verb.en}{clause_en}"
            )
        name = self.subject
        if max(len(shown(self.before)), len(shown(self.after))) > _MOST_SHOWN:
            return Text(f"{name.zh}有改动{clause_zh}", f"{name.en} is another{clause_en}")
        if self.before is None:
            return Text(
                f"{name.zh}设为 {shown(self.after)}{clause_zh}", f"{name.en} is set to {shown(self.after)}{clause_en}"
            )
        if self.after is None:
            return Text(
                f"{name.zh}不再写明（原为 {shown(self.before)}）{clause_zh}",
                f"{name.en} is no longer set (was {shown(self.before)}){clause_en}",
            )
        verb = Text("改为", "becomes")
        if name is _LIMIT and isinstance(self.after, int | float) and isinstance(self.before, int | float):
            tighter = self.after < self.before
            verb = Text("收紧到", "tightens to") if tighter else Text("放宽到", "eases to")
        return Text(
            f"{name.zh}由 {shown(self.before)} {verb.zh} {shown(self.after)}{clause_zh}",
            f"{name.en} {verb.en} {shown(self.after)} from {shown(self.before)}{clause_en}",
        )


@dataclass(frozen=True)
class RowChange:
    """One row of a table that differs: `kind` is added, removed or changed, `cells` (column, before, after)."""

    table: str
    key: tuple[str, ...]
    kind: str
    cells: tuple[tuple[str, str, str], ...]

    @property
    def words(self) -> Text:
        """The row in words: 项目 P3：energy_tce 300 → 250."""
        sheet, name = table_named(self.table).sheet, " ".join(part for part in self.key if part)
        if self.kind == "changed":
            listed = "，".join(f"{column} {before or '–'} → {after or '–'}" for column, before, after in self.cells[:3])
            more = "…" if len(self.cells) > 3 else ""
            return Text(f"{sheet} {name}：{listed}{more}", f"{self.table} {name}: {listed.replace('，', ', ')}{more}")
        verb = Text("新增", "added") if self.kind == "added" else Text("去掉", "removed")
        return Text(f"{sheet}{verb.zh} {name}", f"{self.table}: {name} {verb.en}")


def _first_words(text: str) -> str:
    """The words before any remark or example."""
    for mark in ("，如 ", ", e.g. ", "；", "（", " (", "：", "，", ","):
        text = text.split(mark, maxsplit=1)[0]
    return text


def shown(value: Any) -> str:
    """A setting's value, short enough for a sentence."""
    text = "–" if value is None else value if isinstance(value, str) else written(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def setting_changes(a: Scenario, b: Scenario) -> tuple[SettingChange, ...]:
    """Every setting that differs, in the order of `a`'s settings.

    What has no meaning apart is one change: lists of another length, a section whose `form` differs.
    """
    before, after = effective_document(a), effective_document(b)
    found: list[SettingChange] = []

    def visit(old: Any, new: Any, keys: tuple[str | int, ...]) -> None:
        if len(keys) == 1:  # a section that one of the two does not have
            blank: dict[str, Any] = {}
            old, new = (blank if old is None else old), (blank if new is None else new)
        if isinstance(old, Mapping) and isinstance(new, Mapping) and old.get("form") == new.get("form"):
            for key in dict.fromkeys([*old, *new]):
                visit(old.get(key), new.get(key), (*keys, key))
        elif _tables(old) and _tables(new) and len(old) == len(new):
            for index, (left, right) in enumerate(zip(old, new, strict=True)):
                visit(left, right, (*keys, index))
        elif old != new:
            clause = _clause(after, keys) or _clause(before, keys)
            switched = _switched(a, b, keys)
            found.append(SettingChange(join_path(keys), keys, old, new, clause, _matters(keys), switched))

    visit(before, after, ())
    return tuple(change for change in found if change.keys[0] != "variants")


def _switched(a: Scenario, b: Scenario, keys: tuple[str | int, ...]) -> bool | None:
    """Whether a path is the one that switches a rule on (True) or off (False)."""
    if keys[0] != "rules" or len(keys) not in (2, 3) or (len(keys) == 3 and keys[2] != "enabled"):
        return None
    on = str(keys[1]) in b.rules
    return on if on != (str(keys[1]) in a.rules) else None


def _tables(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, Mapping) for item in value)


def _clause(document: Mapping[str, Any], keys: tuple[str | int, ...]) -> str:
    """The clause written nearest to a path: of the list item, else of the rule."""
    spot: Any = document
    clause = ""
    for key in keys:
        if isinstance(spot, Mapping):
            spot = spot.get(key)
        elif isinstance(spot, list) and isinstance(key, int) and key < len(spot):
            spot = spot[key]
        else:
            break
        if isinstance(spot, Mapping) and isinstance(spot.get("clause"), str):
            clause = spot["clause"]
    return clause


def _matters(keys: tuple[str | int, ...]) -> bool:
    words = keys[0] in _WORDS_ONLY or keys[:2] in (("scenario", "name"), ("scenario", "title"), ("scenario", "data"))
    return not words and keys[-1] not in ("clause", "title")


def table_changes(a: Scenario, b: Scenario) -> tuple[RowChange, ...]:
    """Every row that differs, table by table; rows are known by their key."""
    found: list[RowChange] = []
    for spec in TABLES:
        before, after = _rows(a, spec.name), _rows(b, spec.name)
        for key in dict.fromkeys([*before, *after]):
            old, new = before.get(key), after.get(key)
            if old is None or new is None:
                kind = "added" if old is None else "removed"
                found.append(RowChange(spec.name, key, kind, ()))
                continue
            cells = tuple(
                (column, shown_cell(old.get(column)), shown_cell(new.get(column)))
                for column in dict.fromkeys([*old, *new])
                if shown_cell(old.get(column)) != shown_cell(new.get(column))
            )
            if cells:
                found.append(RowChange(spec.name, key, "changed", cells))
    return tuple(found)


def shown_cell(value: Any) -> str:
    """A cell as a person reads it; blank where there is nothing."""
    if value is None or (isinstance(value, float) and pd.isna(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ";".join(shown_cell(item) for item in value)
    if isinstance(value, float):
        return f"{value:.12g}"
    return str(value)


def _rows(scenario: Scenario, table: str) -> dict[tuple[str, ...], dict[str, Any]]:
    """The rows of a table by key, each with every column as it was understood."""
    frame = scenario.tables[table]
    key = table_named(table).key or _FALLBACK_KEYS[table]
    made: dict[tuple[str, ...], dict[str, Any]] = {}
    seen: Counter[tuple[str, ...]] = Counter()
    names = list(frame.columns)
    for cells in zip(*(frame[name].tolist() for name in names), strict=True):
        row = dict(zip(names, cells, strict=True))
        own = tuple(shown_cell(row[column]) for column in key)
        seen[own] += 1
        made[own if seen[own] == 1 else (*own, f"#{seen[own]}")] = row
    return made


def with_changes(
    a: Scenario, b: Scenario, settings: Collection[SettingChange], rows: Collection[tuple[str, tuple[str, ...]]]
) -> Scenario:
    """The scenario `a` with some differences from `b` taken over: settings, and rows as (table, key).

    Raises InputError where they make no valid case by themselves.
    """
    document = effective_document(a)
    for section in ("variants", "readings", "clauses"):
        document.pop(section, None)
    for change in settings:
        _set(document, change.keys, copy.deepcopy(change.after))
    taken = set(rows)
    specs = {spec.name: spec for spec in tables_of(b.context)} | {spec.name: spec for spec in tables_of(a.context)}
    tables = {}
    for spec in TABLES:
        mine = {key for table, key in taken if table == spec.name}
        if not (a.has_table(spec.name) or mine):
            continue
        wanted = [
            column
            for column in specs[spec.name].columns
            if a.has_column(spec.name, column.name) or (mine and b.has_column(spec.name, column.name))
        ]
        tables[spec.name] = _records(_rows(a, spec.name), _rows(b, spec.name), mine, wanted)
    return Scenario.from_tables(document, **tables)


def _set(document: dict[str, Any], keys: tuple[str | int, ...], value: Any) -> None:
    spot: Any = document
    for key in keys[:-1]:
        spot = spot[key] if isinstance(key, int) else spot.setdefault(key, {})
    if value is None:
        spot.pop(keys[-1], None)
    else:
        spot[keys[-1]] = value


def _records(
    old: Mapping[tuple[str, ...], Mapping[str, Any]],
    new: Mapping[tuple[str, ...], Mapping[str, Any]],
    taken: set[tuple[str, ...]],
    columns: list[ColumnSpec],
) -> list[dict[str, Any]]:
    rows = []
    for key in dict.fromkeys([*old, *(k for k in new if k in taken)]):
        source = new.get(key) if key in taken else old[key]
        if source is not None:  # a removed row is gone where the change is taken over
            rows.append({column.name: _written(source.get(column.name), column) for column in columns})
    return rows


def _written(value: Any, column: ColumnSpec) -> Any:
    """A cell as a table would hold it: lists joined, blanks blank, the wildcard of a year written out."""
    if isinstance(value, tuple):
        return shown_cell(value)
    if value is None or (isinstance(value, float) and pd.isna(value)):
        return column.wildcard or None
    return value
