"""The tables of a case as rows of cells as typed, with the addresses a spreadsheet shows; edits make new files.

A case is its files (`scenario.toml` and CSV tables, see `case_files.editable`); nothing here keeps state. Rows count
from 0 below the headings, columns from 0; the address of a cell is that of the file opened as a sheet.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from quota_opt.errors import Finding, InputError, Language, Level, Text, Where
from quota_opt.scenario.cells import ColumnReader
from quota_opt.scenario.collector import Collector
from quota_opt.scenario.csv_table import _delimiter, decode
from quota_opt.scenario.headers import match_headings, read_heading
from quota_opt.scenario.raw import RawTable, cell_name, column_letters
from quota_opt.scenario.schema import RESOURCE_WORDS, table_named
from quota_opt.scenario.spec import ColumnSpec, TableSpec
from quota_opt.scenario.tables import context_of, tables_of
from quota_opt.scenario.units import SHARE, unit_words
from quota_opt.web.desk.case_files import Files, document_of, plain_cell
from quota_opt.web.desk.edits import (
    AddColumn,
    AddRows,
    Edit,
    RemoveColumn,
    RemoveRows,
    RenameColumn,
    SetCell,
    SettingsEdit,
    TableEdit,
)
from quota_opt.web.desk.toml_edit import edited_settings


@dataclass(frozen=True)
class Column:
    """One column of a table: the heading as written, and what it is understood as (None: not understood)."""

    header: str
    index: int
    spec: ColumnSpec | None
    unit: str = ""
    """The unit the heading states, as written there."""

    @property
    def letter(self) -> str:
        """The column as a spreadsheet names it."""
        return column_letters(self.index)

    def title(self, language: Language) -> str:
        """What people call the column, with the unit its figures are in."""
        if self.spec is None:
            return self.header
        name = self.spec.zh if language == "zh" else self.spec.name
        kept = unit_words(self.spec.unit).of(language) if self.spec.unit != SHARE else ""
        unit = self.unit or kept
        if not unit:
            return name
        return f"{name}（{unit}）" if language == "zh" else f"{name} ({unit})"

    @property
    def help(self) -> Text:
        """What belongs into the cells."""
        if self.spec is None:
            return Text(
                "没有认出这一列：请改表头，或删除该列。", "This column is not known: correct its heading or remove it."
            )
        return self.spec.description

    def words(self) -> dict[str, str]:
        """Values of the cells that have a Chinese word, as written in files of English."""
        if self.spec is None:
            return {}
        if self.spec.kind == "yes/no":
            return {"true": "是", "false": "否", "TRUE": "是", "FALSE": "否", "yes": "是", "no": "否"}
        if self.spec.refers == "resources":
            return {name: words.zh for name, words in RESOURCE_WORDS.items()}
        if self.spec.kind == "choice":
            return {c.value: c.zh for c in self.spec.choices if c.value != c.zh}
        return {}


@dataclass(frozen=True)
class Table:
    """One table of a case. `rows[r][c]` is the cell as typed, `lines[r]` the row of the sheet it stands on.

    `broken` says why the file cannot be taken apart; such a table has no rows here and cannot be edited.
    """

    spec: TableSpec
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    header_line: int = 1
    given: bool = True
    broken: Text | None = None

    @property
    def name(self) -> str:
        """The name of the table (`firms`)."""
        return self.spec.name

    @property
    def title(self) -> Text:
        """What people call it (企业)."""
        return Text(self.spec.sheet, self.spec.name)

    @property
    def shown(self) -> tuple[Column, ...]:
        """The columns with a heading or anything in them; blank ones only keep the others in their place."""
        used = {c for row in self.rows for c, cell in enumerate(row) if cell.strip()}
        return tuple(column for column in self.columns if column.header.strip() or column.index in used)

    @property
    def absent(self) -> tuple[ColumnSpec, ...]:
        """Columns of the schema that the table does not have."""
        there = {column.spec.name for column in self.columns if column.spec is not None}
        return tuple(spec for spec in self.spec.columns if spec.name not in there)

    def address(self, row: int | None, column: int | None, language: Language = "zh") -> str:
        """Where a cell stands, as a spreadsheet says it: `企业!E18`; the heading where `row` is None."""
        line = self.header_line if row is None else self.lines[row]
        spot = f"{line}" if column is None else cell_name(line, column)
        return f"{self.title.of(language)}!{spot}"

    def row_at(self, line: int) -> int | None:
        """The row on a line of the sheet."""
        return self._row_of.get(line)

    def column_headed(self, header: str) -> int | None:
        """The first column with this heading."""
        return next((c.index for c in self.columns if c.header.strip() == header), None)

    def column_called(self, name: str) -> int | None:
        """The column of this name of the schema."""
        return next((c.index for c in self.columns if c.spec is not None and c.spec.name == name), None)

    @cached_property
    def _row_of(self) -> Mapping[int, int]:
        return {line: row for row, line in enumerate(self.lines)}

    def choices(self, column: Column) -> tuple[str, ...]:
        """What may be chosen for a cell, written as the column writes it already; empty where anything may stand."""
        spec = column.spec
        if spec is None:
            return ()
        in_chinese = not column.header.isascii()
        if spec.kind == "yes/no":
            return ("是", "否") if in_chinese else ("true", "false")
        if spec.kind == "choice" or spec.choices:
            if spec.kind == "text":
                return tuple(c.value for c in spec.choices)
            there = {row[column.index] for row in self.rows}
            chinese = in_chinese if not there - {""} else any(c.zh in there for c in spec.choices)
            return tuple(c.zh if chinese else c.value for c in spec.choices)
        return ()


def tables(files: Files, before: tuple[Files, Mapping[str, Table]] | None = None) -> dict[str, Table]:
    """The seven tables of a case, in their order; those not given are there without rows.

    `before` are other files of the same case and their tables: what is the same in both is not read again.
    """
    document, _ = document_of(files)
    found = {}
    for spec in tables_of(context_of(document)):
        name = f"{spec.name}.csv"
        old = before[1][spec.name] if before is not None and files.get(name) is before[0].get(name) else None
        found[spec.name] = old if old is not None and old.spec == spec else _table(spec, files)
    return found


def _table(spec: TableSpec, files: Files) -> Table:
    content = files.get(f"{spec.name}.csv")
    return _absent(spec) if content is None else _read(spec, content)


def _absent(spec: TableSpec) -> Table:
    columns = tuple(Column(c.name, i, c) for i, c in enumerate(c for c in spec.columns if c.required))
    return Table(spec, columns, (), (), given=False)


_UNREADABLE = Text(
    "这张表的文件读不了（见问题清单）。请在 Excel 中改正后重新上传。",
    "The file of this table cannot be read (see the findings). Correct it in Excel and upload it again.",
)


def _read(spec: TableSpec, content: bytes) -> Table:
    text = decode(content)
    if text is None:
        return replace(_absent(spec), given=True, broken=_UNREADABLE)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    records: list[list[str]] = []
    lines: list[int] = []
    header: list[str] | None = None
    header_line, start = 1, 1
    try:
        for record in reader:
            if header is None:
                if any(cell and not cell.isspace() for cell in record):
                    header, header_line = record, start
            else:
                records.append(record)
                lines.append(start)
            start = reader.line_num + 1
    except csv.Error:
        return replace(_absent(spec), given=True, broken=_UNREADABLE)
    if header is None:
        return replace(_absent(spec), given=True)
    while records and not records[-1]:
        records.pop()
        lines.pop()
    width = max([len(header), *map(len, records)])
    padded = [*header, *[""] * (width - len(header))]
    rows = tuple((*record, *[""] * (width - len(record))) for record in records)
    return Table(spec, _columns(spec, padded), rows, tuple(lines), header_line)


def _columns(spec: TableSpec, headers: Sequence[str]) -> tuple[Column, ...]:
    columns = []
    for index, header in enumerate(headers):
        heading = read_heading(header.strip(), spec) if header.strip() else None
        found = heading.column if heading is not None else None
        columns.append(Column(header.strip(), index, found, (heading.unit or "") if heading is not None else ""))
    return tuple(columns)


def cell_fault(table: Table, column: int, value: str) -> tuple[Text, Text] | None:
    """What is wrong with one cell taken by itself (type, unit, choices), and how to mend it; None where nothing is."""
    import numpy as np

    header = table.columns[column].header
    raw = RawTable(table.name, (header,), ([value],), (column,), np.array([2], dtype=np.int64))
    silent = Collector()
    matched = match_headings(raw, table.spec, silent)
    if not matched:
        return None
    ((name, (_, factor)),) = matched.items()
    report = Collector()
    spec = table.spec.column(name)
    if spec.required and spec.unless is None and not value.strip() and not any(table.rows):
        return None
    ColumnReader(raw, 0, spec, factor, report).read()
    found = report.all()
    return (found[0].what, found[0].fix) if found else None


def edit(files: Files, edits: Iterable[Edit]) -> dict[str, bytes]:
    """The files after `edits`, one after the other; files that are not touched stay as they are, byte for byte.

    Raises InputError where a table cannot be edited or a setting not be set.
    """
    made = dict(files)
    open_tables: dict[str, _Sheet] = {}
    for step in edits:
        if isinstance(step, SettingsEdit):
            made = edited_settings(made, step)
            continue
        if step.table not in open_tables:
            spec = table_named(step.table, tables_of(context_of(document_of(made)[0])))
            open_tables[step.table] = _Sheet(_table(spec, made), made.get(f"{step.table}.csv", b""))
        open_tables[step.table].apply(step)
    for name, sheet in open_tables.items():
        made[f"{name}.csv"] = sheet.content()
    return made


class _Sheet:
    """A table being edited."""

    def __init__(self, table: Table, content: bytes) -> None:
        if table.broken is not None:
            fix = Text("请在 Excel 中改正后重新上传。", "Correct it in Excel and upload it again.")
            where = Where(file=f"{table.name}.csv")
            raise InputError([Finding(Level.ERROR, "unreadable-file", table.broken, where, fix)])
        self.headers = [c.header for c in table.columns]
        self.rows = [list(row) for row in table.rows]
        self.blank_above = table.header_line - 1
        self.mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""

    def apply(self, step: TableEdit) -> None:
        width = len(self.headers)
        if isinstance(step, SetCell):
            self.rows[step.row][step.column] = plain_cell(step.value)
        elif isinstance(step, AddRows):
            new = [[plain_cell(cell) for cell in row][:width] for row in step.rows]
            at = len(self.rows) if step.at is None else step.at
            self.rows[at:at] = [[*row, *[""] * (width - len(row))] for row in new]
        elif isinstance(step, RemoveRows):
            gone = set(step.rows)
            self.rows = [row for i, row in enumerate(self.rows) if i not in gone]
        elif isinstance(step, AddColumn):
            self.headers.append(plain_cell(step.header))
            self.rows = [[*row, ""] for row in self.rows]
        elif isinstance(step, RenameColumn):
            self.headers[step.column] = plain_cell(step.header)
        elif isinstance(step, RemoveColumn):
            del self.headers[step.column]
            for row in self.rows:
                del row[step.column]

    def content(self) -> bytes:
        out = io.StringIO(newline="")
        out.write("\n" * self.blank_above)
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.headers)
        writer.writerows(self.rows)
        return self.mark + out.getvalue().encode("utf-8")


__all__ = ["Column", "Table", "cell_fault", "edit", "tables"]
