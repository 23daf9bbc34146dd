"""Cells copied in Excel, put into a table: what would change is said before anything does."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from quota_opt.errors import Text
from quota_opt.scenario.headers import read_heading
from quota_opt.web.desk.case_files import plain_cell
from quota_opt.web.desk.edits import AddColumn, AddRows, Edit, SetCell
from quota_opt.web.desk.tables import Table

MOST_CELLS = 200_000


@dataclass(frozen=True)
class Pasted:
    """What pasting would do. `changed` are cells (row, column, old, new); `refused` says why nothing can be done."""

    edits: tuple[Edit, ...] = ()
    changed: tuple[tuple[int, int, str, str], ...] = ()
    added: int = 0
    by_headings: bool = False
    by_key: bool = False
    left_out: tuple[str, ...] = ()
    """Headings that are none of the table's."""
    refused: Text | None = None


def cells_of(text: str) -> list[list[str]]:
    """Tab-separated text as Excel copies it, quoted cells included; blank lines at the end are left out."""
    plain = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    try:
        rows = list(csv.reader(io.StringIO(plain, newline=""), delimiter="\t", strict=True))
    except csv.Error:
        rows = [line.split("\t") for line in plain.split("\n")]
    while rows and not any(cell.strip() for cell in rows[-1]):
        rows.pop()
    return [[plain_cell(cell) for cell in row] for row in rows]


def plan_paste(table: Table, text: str, *, row: int | None = None, column: int = 0) -> Pasted:
    """What pasting `text` would do to a table.

    Where its first line holds headings of the table, columns go by them, and rows by the table's key: known ones are
    changed, others added. Else the cells go from `row` (None: below the last) and `column` on, as they stand.
    """
    cells = cells_of(text)
    if table.broken is not None:
        return Pasted(refused=table.broken)
    if not cells:
        return Pasted(refused=Text("还没有粘贴内容。", "Nothing has been pasted yet."))
    if sum(map(len, cells)) > MOST_CELLS:
        return Pasted(refused=Text(f"最多粘贴 {MOST_CELLS:,} 格。", f"{MOST_CELLS:,} cells can be pasted at most."))
    headings = [read_heading(cell, table.spec) if cell.strip() else None for cell in cells[0]]
    known = [h for h in headings if h is not None]
    if len(known) >= 2 and 2 * len(known) >= sum(bool(c.strip()) for c in cells[0]):
        return _by_headings(table, cells)
    width = max(map(len, cells))
    if column + width > len(table.columns):
        room = len(table.columns) - column
        return Pasted(
            refused=Text(
                f"粘贴的内容有 {width} 列，从所选列起只剩 {room} 列；请换一列起，或连表头一起复制。",
                f"{width} columns were copied, {room} are left from there; choose another, or copy the headings.",
            )
        )
    return _in_place(table, cells, len(table.rows) if row is None else row, column)


def _in_place(table: Table, cells: Sequence[Sequence[str]], row: int, column: int) -> Pasted:
    there = cells[: max(0, len(table.rows) - row)]
    changed = _changes(table, ((row + i, column, line) for i, line in enumerate(there)))
    blank = [""] * column
    new = tuple((*blank, *line) for line in cells[len(there) :])
    edits: list[Edit] = [SetCell(table.name, r, c, now) for r, c, _, now in changed]
    if new:
        edits.append(AddRows(table.name, new))
    return Pasted(tuple(edits), changed, len(new))


def _changes(table: Table, lines: object) -> tuple[tuple[int, int, str, str], ...]:
    found = []
    for row, column, line in lines:  # type: ignore[attr-defined]  # (row, column, cells) one after the other
        for c, cell in enumerate(line, column):
            if table.rows[row][c] != cell:
                found.append((row, c, table.rows[row][c], cell))
    return tuple(found)


def _by_headings(table: Table, cells: Sequence[Sequence[str]]) -> Pasted:
    targets: list[int | None] = []
    edits: list[Edit] = []
    left_out = []
    width = len(table.columns)
    for cell in cells[0]:
        heading = read_heading(cell, table.spec) if cell.strip() else None
        if heading is None:
            targets.append(None)
            if cell.strip():
                left_out.append(cell)
            continue
        place = table.column_called(heading.column.name)
        if place is None:
            place = width
            width += 1
            edits.append(AddColumn(table.name, cell.strip()))
        elif (heading.unit or "") != table.columns[place].unit and heading.column.numeric:
            shown = table.columns[place].title("zh")
            return Pasted(
                refused=Text(
                    f"“{cell}”与表中的“{shown}”单位写法不同；请先改成一致。",
                    f"{cell!r} and {table.columns[place].title('en')!r} differ in their unit; make them agree first.",
                )
            )
        targets.append(place)
    keys = [table.column_called(name) for name in table.spec.key]
    by_key = bool(keys) and all(key in targets for key in keys if key is not None) and keys[0] is not None
    rows = {}
    if by_key:
        rows = {tuple(row[k].strip() for k in keys if k is not None): i for i, row in enumerate(table.rows)}
    changed: list[tuple[int, int, str, str]] = []
    new: list[tuple[str, ...]] = []
    for line in cells[1:]:
        values = {place: cell for place, cell in zip(targets, line, strict=False) if place is not None}
        if not any(cell.strip() for cell in values.values()):
            continue
        at = rows.get(tuple(values.get(k, "").strip() for k in keys if k is not None)) if by_key else None
        if at is None:
            new.append(tuple(values.get(c, "") for c in range(width)))
            continue
        old = table.rows[at]
        for place, cell in values.items():
            was = old[place] if place < len(old) else ""
            if was != cell:
                changed.append((at, place, was, cell))
    edits += [SetCell(table.name, r, c, now) for r, c, _, now in changed]
    if new:
        edits.append(AddRows(table.name, tuple(new)))
    return Pasted(tuple(edits), tuple(changed), len(new), by_headings=True, by_key=by_key, left_out=tuple(left_out))
