"""What changed in a case since it was last looked at, in one sentence: 新增 2 个项目，3 处能耗有改."""

from __future__ import annotations

from collections import Counter

from quota_opt.analysis.compare.inputs import setting_changes, table_changes
from quota_opt.errors import Text
from quota_opt.scenario import Scenario
from quota_opt.scenario.schema import table_named

_ROWS = {
    "places": Text("个区域", "place"),
    "firms": Text("家企业", "firm"),
    "actions": Text("项措施", "action"),
    "projects": Text("个项目", "project"),
    "quotas": Text("条存量指标", "quota"),
    "targets": Text("条目标", "target"),
    "chains": Text("个产业链环节", "chain stage"),
}
_MOST_COLUMNS = 4
"""Of a table whose changed cells are told column by column."""


def changes_in_short(before: Scenario, after: Scenario) -> Text:
    """How the tables and settings of two versions of a case differ; a sentence's middle, without a full stop."""
    zh: list[str] = []
    en: list[str] = []
    rows = table_changes(before, after)
    for kind, zh_verb, en_verb in (("added", "新增", "added"), ("removed", "去掉", "removed")):
        for table, count in Counter(row.table for row in rows if row.kind == kind).items():
            noun = _ROWS[table]
            zh.append(f"{zh_verb} {count} {noun.zh}")
            en.append(f"{count} {noun.en}{'s' if count > 1 else ''} {en_verb}")
    cells = Counter((row.table, column) for row in rows if row.kind == "changed" for column, _, _ in row.cells)
    for table in dict.fromkeys(table for table, _ in cells):
        columns = [(column, count) for (its, column), count in cells.items() if its == table]
        sheet = table_named(table).sheet
        for column, count in columns[:_MOST_COLUMNS]:
            zh.append(f"{sheet}的{_heading(table, column)}有 {count} 处改动")
            en.append(f"{count} change{'s' if count > 1 else ''} of {column} in {table}")
        rest = sum(count for _, count in columns[_MOST_COLUMNS:])
        if rest:
            zh.append(f"{sheet}另有 {rest} 处改动")
            en.append(f"{rest} more in {table}")
    settings = setting_changes(before, after)
    if len(settings) == 1:
        words = settings[0].words
        zh.append(words.zh)
        en.append(words.en)
    elif settings:
        zh.append(f"规则和参数有 {len(settings)} 处改动")
        en.append(f"{len(settings)} settings changed")
    if not zh:
        return Text("数据没有变化", "nothing changed")
    return Text("，".join(zh), ", ".join(en))


def _heading(table: str, column: str) -> str:
    """The Chinese heading of a column; its name where it is the case's own."""
    return next((spec.zh for spec in table_named(table).columns if spec.name == column), column)
