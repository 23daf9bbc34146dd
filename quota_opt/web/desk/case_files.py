"""The files of a case in memory: read raw, and brought into the one form that is edited, a folder of tables.

A workbook becomes `scenario.toml` and one CSV a table. Every cell keeps the row and the column it has in its sheet, so
that an address (企业!E18) means the same before and after, and in the workbook that is downloaded again.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from quota_opt.errors import Finding, InputError, Level, Text, Where
from quota_opt.resources import builtin
from quota_opt.scenario.cells import _text_of
from quota_opt.scenario.headers import read_heading
from quota_opt.scenario.nearest import mend_name
from quota_opt.scenario.paths import with_values
from quota_opt.scenario.raw import RawCase, RawTable
from quota_opt.scenario.reading import WORKBOOKS, find_case
from quota_opt.scenario.scenario import make_scenario
from quota_opt.scenario.schema import TABLES, table_named
from quota_opt.scenario.settings_reading import SETTINGS_FILE, plain_document, read_toml
from quota_opt.scenario.spec import TableSpec
from quota_opt.scenario.tables import context_of, tables_of

Files = Mapping[str, bytes]
MERGED = "（合并单元格）"
"""What stands in a cell that a merged one covered and whose own figure nobody wrote."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


def plain_cell(text: str) -> str:
    """A cell on one line: line breaks, tabs and other control characters become a blank."""
    return _CONTROL.sub(" ", text)


def document_of(files: Files) -> tuple[dict[str, Any], list[Finding]]:
    """The settings document of a folder's files; empty, with findings, where it cannot be read."""
    if SETTINGS_FILE not in files:
        return {}, []
    return read_toml(files[SETTINGS_FILE], SETTINGS_FILE)


def raw_case(files: Files) -> RawCase:
    """What the files of a case hold, faults included. Only built-in cases may be built on."""
    document, _ = document_of(files)
    base = document.get("extends")
    if base is not None and base not in builtin("scenarios"):
        what = Text("extends 只能指向内置案例", "extends can name a built-in case only")
        fix = mend_name(str(base), builtin("scenarios"))
        found = Finding(Level.ERROR, "unknown-case", what, Where(file=SETTINGS_FILE, path="extends"), fix, str(base))
        return RawCase(document, {}, dict(files), "", SETTINGS_FILE, findings=(found,))
    with tempfile.TemporaryDirectory(prefix="quota-opt-") as folder:
        for name, content in files.items():
            (Path(folder) / Path(name).name).write_bytes(content)
        workbook = workbook_in(files)
        raw, _ = find_case(Path(folder) / workbook if workbook else Path(folder))
    return raw


def workbook_in(files: Files) -> str | None:
    """The workbook a case is, None where it is a folder of tables."""
    return next((name for name in files if Path(name).suffix.casefold() in WORKBOOKS), None)


@dataclass(frozen=True)
class Editable:
    """A case in the form that is edited. `lost` are faults of the workbook that this form cannot show any more."""

    files: Files
    lost: tuple[Finding, ...] = ()


def editable(files: Files) -> Editable:
    """The case as `scenario.toml` and CSV tables: itself where it is so already."""
    if workbook_in(files) is None:
        document, _ = document_of(files)
        if "extends" not in document:
            return Editable(dict(files))
        return Editable(dict(raw_case(files).files))
    raw = raw_case(files)
    made = {SETTINGS_FILE: tomli_w.dumps(plain_document(_document(raw))).encode("utf-8")}
    specs = tables_of(context_of(raw.document))
    made |= {f"{n}.csv": _csv_of(table, table_named(n, specs)) for n, table in raw.tables.items() if table.headers}
    seen = {_place(f) for f in _findings(raw_case(made))}
    lost = [f for f in _findings(raw) if f.level is not Level.INFO and _place(f) not in seen]
    return Editable(made, tuple(lost))


def _findings(raw: RawCase) -> tuple[Finding, ...]:
    try:
        return make_scenario(raw, None, {}).findings
    except InputError as error:
        return error.findings


def _place(finding: Finding) -> tuple[object, ...]:
    """What makes a finding about a workbook and one about its tables the same: the cell, else the kind and path."""
    where = finding.where
    table = _table_at(where)
    if table is not None and where.row is not None and where.column is not None:
        return table, where.row, plain_cell(where.column)
    if table is not None and where.row is not None:
        return table, where.row, finding.code
    return table, where.path, finding.code


def _table_at(where: Where) -> str | None:
    if where.sheet is not None:
        return next((t.name for t in TABLES if where.sheet in (t.sheet, t.name, *t.aliases)), where.sheet)
    name = (where.file or "").removesuffix(".csv")
    return name if any(t.name == name for t in TABLES) else None


def _document(raw: RawCase) -> dict[str, Any]:
    """The settings of a workbook; a cell without a value (an error, a formula) keeps what is seen in it."""
    seen = {f.where.path: f.seen for f in raw.findings if f.where.path in raw.settings_broken and f.seen}
    document, _ = with_values(raw.document, {path: text for path, text in seen.items() if path})
    return document


def _csv_of(raw: RawTable, spec: TableSpec) -> bytes:
    """A sheet as CSV, every cell on the line and in the column where the sheet has it."""
    width = max(raw.positions) + 1
    understood = {p: read_heading(h, spec) for p, h in zip(raw.positions, raw.headers, strict=True)}
    numeric = {p for p, heading in understood.items() if heading is not None and heading.column.numeric}
    cells: dict[int, list[str]] = {int(row): [""] * width for row in raw.rows}
    for position, column in zip(raw.positions, raw.columns, strict=True):
        for row, value in zip(raw.rows, column, strict=True):
            cells[int(row)][position] = plain_cell(value if isinstance(value, str) else _text_of(value))
    _put_back(raw, cells, numeric)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    out.write("\n" * (raw.header_row - 1))
    headings = [""] * width
    for position, heading in zip(raw.positions, raw.headers, strict=True):
        headings[position] = plain_cell(heading)
    writer.writerow(headings)
    for row in range(raw.header_row + 1, max(cells, default=raw.header_row) + 1):
        writer.writerow(cells.get(row, [""] * width))
    return out.getvalue().encode("utf-8")


def _put_back(raw: RawTable, cells: dict[int, list[str]], numeric: set[int]) -> None:
    """Errors and formulas as they are seen, and what merged cells covered: words are repeated, figures are not."""
    for finding in raw.findings:
        row, spot = finding.where.row, finding.where.cell
        if finding.code == "merged-cells" or row is None or spot is None:
            continue
        position = _position(spot)
        if position <= max(raw.positions):
            cells.setdefault(row, [""] * (max(raw.positions) + 1))[position] = plain_cell(finding.seen or "")
    for row, position in sorted(raw.broken):
        if position > max(raw.positions):
            continue
        line = cells.setdefault(row, [""] * (max(raw.positions) + 1))
        if not line[position]:
            above = cells.get(row - 1, [])
            repeated = above[position] if above and (row - 1, position) in raw.broken else ""
            line[position] = MERGED if position in numeric else repeated or MERGED


def _position(cell: str) -> int:
    column = 0
    for letter in re.match(r"[A-Z]+", cell)[0]:  # type: ignore[index]  # a cell's address begins with its column
        column = column * 26 + ord(letter) - 64
    return column - 1
