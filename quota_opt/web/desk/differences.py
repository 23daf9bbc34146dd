"""What is different between two states of a case, in sentences: rows come and gone, cells and settings changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from quota_opt.errors import Text
from quota_opt.scenario.paths import flattened
from quota_opt.scenario.toml_values import written
from quota_opt.web.desk.case_files import Files, document_of
from quota_opt.web.desk.edits import Edit, SetCell, SetSetting, TableEdit
from quota_opt.web.desk.labels import path_words
from quota_opt.web.desk.tables import Table, tables

MOST_CELLS = 8
"""Changed cells of one table named one by one."""
LONGEST = 40


def differences(before: Files, after: Files) -> list[Text]:
    """What `after` has otherwise than `before`, table by table, then the settings."""
    old, new = tables(before), tables(after)
    found: list[Text] = []
    for name, table in new.items():
        if before.get(f"{name}.csv") != after.get(f"{name}.csv"):
            found += _of_table(old[name], table)
    found += _of_settings(document_of(before)[0], document_of(after)[0])
    return found


def apart(base: Files, theirs: Files, mine: Sequence[Edit]) -> bool:
    """Whether my steps, made on `base`, can be done on `theirs` as well: no cell and no setting is changed by both."""
    changed = {name for name in {*base, *theirs} if base.get(name) != theirs.get(name)}
    old, new = tables(base), tables(theirs, (base, tables(base)))
    paths = [path for path, _, _ in setting_changes(document_of(base)[0], document_of(theirs)[0])]
    for step in mine:
        if isinstance(step, SetSetting):
            if any(f"{path}.".startswith(f"{step.path}.") or f"{step.path}.".startswith(f"{path}.") for path in paths):
                return False
        elif not isinstance(step, TableEdit):
            if "scenario.toml" in changed:
                return False
        elif f"{step.table}.csv" in changed:
            before, after = old[step.table], new[step.table]
            moved = before.columns != after.columns or len(before.rows) != len(after.rows)
            if moved or not isinstance(step, SetCell) or step.row >= len(before.rows):
                return False
            if before.rows[step.row][step.column] != after.rows[step.row][step.column]:
                return False
    return True


def setting_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Dotted path, old value and new value of each setting that differs; None where it is not written."""
    old, new = flattened(before), flattened(after)
    for path in [*old, *(p for p in new if p not in old)]:
        if old.get(path) != new.get(path):
            yield path, old.get(path), new.get(path)


def _of_settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Text]:
    return [change_words(path, old, new) for path, old, new in setting_changes(before, after)]


def change_words(path: str, old: Any, new: Any) -> Text:
    """A changed setting in words: 规则“项目准入” … 上限：0.52 → 0.49."""
    words = path_words(path)
    was, now = _value(old), _value(new)
    return Text(f"{words.zh}：{was.zh} → {now.zh}", f"{words.en}: {was.en} → {now.en}")


def _value(value: Any) -> Text:
    if value is None:
        return Text("（未写）", "(not written)")
    if isinstance(value, bool):
        return Text("是", "yes") if value else Text("否", "no")
    return Text(_short(value), _short(value))


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else written(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _of_table(old: Table, new: Table) -> list[Text]:
    zh, en = new.title
    before, after = _by_key(old), _by_key(new)
    added = [key for key in after if key not in before]
    gone = [key for key in before if key not in after]
    found = []
    if added:
        names = _named(added)
        found.append(Text(f"{zh}：新增 {len(added)} 行（{names}）", f"{en}: {len(added)} rows added ({names})"))
    if gone:
        names = _named(gone)
        found.append(Text(f"{zh}：删除 {len(gone)} 行（{names}）", f"{en}: {len(gone)} rows removed ({names})"))
    cells = [
        (key, header, before[key].get(header, ""), value)
        for key, row in after.items()
        if key in before
        for header, value in row.items()
        if value != before[key].get(header, "")
    ]
    for key, header, was, now in cells[:MOST_CELLS]:
        found.append(Text(*[f"{t} {_key(key)} “{header}”：{_cell(was)} → {_cell(now)}" for t in (zh, en)]))
    if len(cells) > MOST_CELLS:
        more = len(cells) - MOST_CELLS
        found.append(Text(f"{zh}：另有 {more} 格改动", f"{en}: {more} more cells changed"))
    headers = {c.header for c in old.columns}, {c.header for c in new.columns}
    for header in sorted(headers[1] - headers[0]):
        found.append(Text(f"{zh}：新增列“{header}”", f"{en}: column {header!r} added"))
    for header in sorted(headers[0] - headers[1]):
        found.append(Text(f"{zh}：删除列“{header}”", f"{en}: column {header!r} removed"))
    return found


def _by_key(table: Table) -> dict[tuple[str, ...], dict[str, str]]:
    """Rows by what identifies them; a row that is not alone in that, or blank, by its number as well."""
    places = [table.column_called(name) for name in table.spec.key]
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for number, row in enumerate(table.rows):
        if not any(cell.strip() for cell in row):
            continue
        key = tuple(row[place].strip() for place in places if place is not None)
        if not any(key) or key in found:
            key = (*key, f"#{number + 1}")
        found[key] = {c.header: row[c.index] for c in table.columns if c.header}
    return found


def _key(key: tuple[str, ...]) -> str:
    return " ".join(part for part in key if part)


def _named(keys: list[tuple[str, ...]]) -> str:
    shown = "、".join(_cell(_key(key)) for key in keys[:3])
    return f"{shown} …" if len(keys) > 3 else shown


def _cell(text: str) -> str:
    if not text.strip():
        return "—"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
