"""Whether a document has the shape of a case: settings, tables of records, and nothing JSON does not have.

What settings and cells say is for those who read them; this keeps from them what is neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quota_opt.errors import Finding, Text, Where
from quota_opt.scenario.collector import Collector
from quota_opt.scenario.nearest import mend_name
from quota_opt.scenario.paths import join_path

PARTS = ("settings", "tables", "variant", "overrides")
MOST_DEEP = 32
MOST_COLUMNS = 1000
_KINDS: dict[type, Text] = {
    type(None): Text("空值", "null"),
    bool: Text("是否", "true or false"),
    str: Text("文字", "a text"),
    int: Text("数", "a number"),
    float: Text("数", "a number"),
    list: Text("列表", "a list"),
    dict: Text("对象", "an object"),
}
_OBJECT = Text("一个对象", "an object")
_CELL = Text("数、文字、是否，或文字或数的列表", "a number, a text, true or false, or a list of texts or numbers")

Keys = tuple[str | int, ...]


def shape_findings(document: Any) -> tuple[Finding, ...]:
    """Whatever keeps `document` from being settings and tables, by its dotted path."""
    report = Collector()
    _document(document, report)
    return report.all()


def _document(document: Any, report: Collector) -> None:
    if not isinstance(document, Mapping):
        _expected(report, (), _OBJECT, document)
        return
    for name in document:
        if name not in PARTS:
            shown = ascii(name)[1:-1]
            what = Text(f"案例文档没有“{shown}”一项", f"a case document has no part {shown!r}")
            report.error("unknown-key", what, Where(path=shown), mend_name(shown, PARTS), shown)
    if "settings" not in document:
        what = Text("案例文档缺少 settings", "the case document has no settings")
        fix = Text("请写上 settings，内容同 scenario.toml。", "Add settings: what scenario.toml would say.")
        report.error("missing-setting", what, Where(path="settings"), fix)
    for name in ("settings", "overrides"):
        part = document.get(name)
        if isinstance(part, Mapping):
            _settings(part, (name,), report)
        elif part is not None or (name == "settings" and name in document):
            _expected(report, (name,), _OBJECT, part)
    variant = document.get("variant")
    if not isinstance(variant, str | None):
        _expected(report, ("variant",), Text("方案名", "the name of a variant"), variant)
    elif variant is not None and not _encodable(variant):
        _not_text(report, ("variant",))
    tables = document.get("tables", {})
    if not isinstance(tables, Mapping):
        _expected(report, ("tables",), Text("一个对象，每张表一项", "an object with an entry per table"), tables)
        return
    for name, records in tables.items():
        if _encodable(str(name)):
            _table(str(name), records, report)
        else:
            _not_text(report, ("tables",))


def _settings(value: Any, keys: Keys, report: Collector) -> None:
    if len(keys) > MOST_DEEP:
        what = Text(f"设置套了 {MOST_DEEP} 层以上", f"the settings are nested more than {MOST_DEEP} deep")
        path = join_path(keys[:4])
        report.error("bad-setting", what, Where(path=path), Text("请检查括号。", "Check the brackets."))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if _encodable(str(key)):
                _settings(item, (*keys, str(key)), report)
            else:
                _not_text(report, keys)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if item is None:
                _expected(report, (*keys, index), Text("一个值", "a value"), item)
            else:
                _settings(item, (*keys, index), report)
    elif isinstance(value, str):
        if not _encodable(value):
            _not_text(report, keys)
    elif value is not None and type(value) not in _KINDS:
        _expected(report, keys, Text("JSON 的一种值", "a value that JSON has"), value)


def _table(name: str, records: Any, report: Collector) -> None:
    keys: Keys = ("tables", name)
    if not isinstance(records, list):
        _expected(report, keys, Text("记录的列表", "a list of records"), records)
        return
    columns: set[str] = set()
    for index, record in enumerate(records):
        if not isinstance(record, Mapping):
            _expected(report, (*keys, index), Text("一条记录（对象）", "a record (an object)"), record)
            continue
        columns.update(map(str, record))
        for column, value in record.items():
            if not _is_cell(value):
                _expected(report, (*keys, index, ascii(column)[1:-1]), _CELL, value)
    if len(columns) > MOST_COLUMNS:
        what = Text(f"表 {name} 有 {len(columns)} 列", f"the table {name} has {len(columns)} columns")
        fix = Text("请只保留需要的列。", "Keep the columns that are needed.")
        report.error("unknown-column", what, Where(path=join_path(keys)), fix)
    elif not all(map(_encodable, columns)):
        _not_text(report, keys)


def _is_cell(value: Any) -> bool:
    if isinstance(value, list):
        return all(_encodable(item) if isinstance(item, str) else type(item) in (int, float) for item in value)
    return value is None or (_encodable(value) if isinstance(value, str) else type(value) in (bool, int, float))


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _expected(report: Collector, keys: Keys, wanted: Text, seen: Any) -> None:
    kind = _KINDS.get(type(seen), Text(type(seen).__name__, type(seen).__name__))
    if isinstance(seen, str) and not _encodable(seen):
        _not_text(report, keys)
        return
    path = join_path(keys)
    what = Text(
        f"“{path or '案例文档'}”是{kind.zh}，应为{wanted.zh}",
        f"{path or 'the case document'} is {kind.en}; it should be {wanted.en}",
    )
    fix = Text(f"请写{wanted.zh}。", f"Give {wanted.en}.")
    report.error("wrong-kind", what, Where(path=path or None), fix, kind.en)


def _not_text(report: Collector, keys: Keys) -> None:
    path = join_path(keys)
    what = Text(f"“{path}”里有不成字的编码", f"{path} holds half of a character pair, which is no text")
    report.error("not-text", what, Where(path=path), Text("请删去该字符。", "Remove that character."))
