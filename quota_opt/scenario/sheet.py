"""One sheet to a raw table: where its headings are, what its merged cells mean, which cells hold no datum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from quota_opt.errors import Finding, Level, Text, Where
from quota_opt.scenario.headers import read_heading
from quota_opt.scenario.raw import RawTable, cell_name
from quota_opt.scenario.spec import TableSpec
from quota_opt.scenario.units import normal, read_unit
from quota_opt.scenario.workbook_scan import OddCell, SheetScan

HEADINGS_WITHIN = 10
"""Rows from the top among which the headings are looked for: titles and notes may stand above them."""

Merged = tuple[int, int, int, int]
"""First row (1-based), first column (0-based), last row, last column."""


def odd_code(kind: str) -> str:
    """The code of a finding about such a cell."""
    return "error-cell" if kind == "error" else "formula-not-computed"


def odd_words(kind: str, seen: str) -> tuple[Text, Text]:
    """What to say about a cell that holds an error or a formula without its result."""
    if kind == "error":
        return (
            Text(f"单元格是错误值 {seen}", f"the cell holds the error {seen}"),
            Text("请改正公式或填写数值。", "Correct the formula, or enter the value."),
        )
    return (
        Text(f"公式 {seen} 没有计算结果", f"the formula {seen} has never been computed"),
        Text(
            "请在 Excel 或 WPS 中打开、重算并保存，或粘贴为数值。",
            "Open, compute and save it in Excel or WPS, or paste the values.",
        ),
    )


def raw_table_of(
    spec: TableSpec, rows: list[list[Any]], scan: SheetScan, *, merged: Sequence[Merged], file: str, sheet: str
) -> RawTable | None:
    """The table on a sheet; None where it has no records: a sheet left blank is not a table given."""
    head = _heading_row(spec, rows, merged)
    if head is None:
        return None
    headings = _headings(spec, rows, head, merged)
    keep = [i for i in range(head + 1, len(rows)) if not all(map(_is_blank, rows[i]))]
    width = len(headings)
    odd = [o for o in scan.odd if o.row > head + 1 and o.column < width]
    if not keep and not odd:
        return None
    columns: list[Sequence[Any]] = list(zip(*(rows[i] for i in keep), strict=True)) if keep else [()] * width
    used = [j for j in range(width) if headings[j] or not all(map(_is_blank, columns[j]))]
    among_data = [m for m in merged if m[0] > head + 1 and m[1] < width]

    def where(row: int, column: int) -> Where:
        return Where(file=file, sheet=sheet, row=row, column=headings[column] or None, cell=cell_name(row, column))

    findings = [_odd_finding(cell, where(cell.row, cell.column)) for cell in odd]
    findings += [_merged_finding(area, rows, where(area[0], area[1])) for area in among_data]
    broken = {(cell.row, cell.column) for cell in odd}
    for first_row, first, last_row, last in among_data:
        below, right = min(last_row, len(rows)), min(last, width - 1)
        broken.update((r, c) for r in range(first_row, below + 1) for c in range(first, right + 1))
    # A cell reported already is emptied: a placeholder's zero must not be checked, or counted, as a datum.
    record_of = {i + 1: k for k, i in enumerate(keep)}
    for cell in odd:
        if cell.row in record_of:
            emptied = list(columns[cell.column])
            emptied[record_of[cell.row]] = ""
            columns[cell.column] = emptied
    return RawTable(
        spec.name,
        tuple(headings[j] for j in used),
        tuple(columns[j] for j in used),
        tuple(used),
        np.array([i + 1 for i in keep], dtype=np.int64),
        file=file,
        sheet=sheet,
        header_row=head + 1,
        findings=tuple(findings),
        broken=frozenset(broken),
    )


def _is_blank(cell: object) -> bool:
    return isinstance(cell, str) and (not cell or cell.isspace())


def _odd_finding(cell: OddCell, where: Where) -> Finding:
    what, fix = odd_words(cell.kind, cell.seen)
    return Finding(Level.ERROR, odd_code(cell.kind), what, where, fix, cell.seen)


def _merged_finding(area: Merged, rows: list[list[Any]], where: Where) -> Finding:
    first_row, first, last_row, last = area
    value = rows[first_row - 1][first] if first_row <= len(rows) else ""
    cells = f"{cell_name(first_row, first)}:{cell_name(last_row, last)}"
    return Finding(
        Level.ERROR,
        "merged-cells",
        Text(f"数据区有合并单元格 {cells}", f"the cells {cells} are merged among the data"),
        where,
        Text("请取消合并，并在每一格填写。", "Unmerge them and fill in every cell."),
        str(value),
    )


def _heading_row(spec: TableSpec, rows: list[list[Any]], merged: Sequence[Merged]) -> int | None:
    """The 0-based row with the most headings that are understood; the lowest of equals, as titles stand above."""
    best, most = None, 0
    for i in range(min(HEADINGS_WITHIN, len(rows))):
        count = sum(read_heading(h, spec) is not None for h in _headings(spec, rows, i, merged) if h)
        if count >= most and count > 0:
            best, most = i, count
    if best is not None:
        return best
    return next((i for i, row in enumerate(rows) if any(c != "" for c in row)), None)


def _headings(spec: TableSpec, rows: list[list[Any]], head: int, merged: Sequence[Merged]) -> list[str]:
    """The headings of the columns, with those of cells merged downwards, and units that stand under their name."""
    row = rows[head]
    written = [c for c in row if not _is_blank(c)]
    only_units = head > 0 and bool(written) and all(map(_is_bare_unit, written))
    headings: list[str] = []
    for j, cell in enumerate(row):
        text = str(cell).strip()
        above = (str(rows[head - 1][j]).strip() or _merged_value(rows, merged, head - 1, j)) if head > 0 else ""
        if text and above and _is_bare_unit(cell):
            joined = f"{above}{text}" if text.startswith(("(", "（")) else f"{above}({text})"
            text = joined if read_heading(joined, spec) is not None else text
        elif not text and only_units:
            text = above
        elif not text:
            first = _merged_down(merged, head, j)
            text = str(rows[first][j]).strip() if first is not None else ""
        headings.append(text)
    return headings


def _is_bare_unit(cell: object) -> bool:
    """Whether a cell holds a unit and nothing else, with or without parentheses."""
    return isinstance(cell, str) and read_unit(normal(cell).strip("()")) is not None


def _merged_value(rows: list[list[Any]], merged: Sequence[Merged], row: int, column: int) -> str:
    for first_row, first, last_row, last in merged:
        if first_row - 1 <= row <= last_row - 1 and first <= column <= last:
            return str(rows[first_row - 1][first]).strip()
    return ""


def _merged_down(merged: Sequence[Merged], row: int, column: int) -> int | None:
    """The 0-based first row of the cells merged downwards over this one."""
    for first_row, first, last_row, _ in merged:
        if first == column and first_row - 1 < row <= last_row - 1:
            return first_row - 1
    return None
