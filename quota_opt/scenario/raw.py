"""Tables as read, before any meaning: headings, cells, and where each row and column stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from quota_opt.errors import Finding, Where


def column_letters(index: int) -> str:
    """Excel's name of the 0-based column `index`: A … Z, AA …"""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cell_name(row: int, column: int) -> str:
    """Excel's address of the 1-based `row` and 0-based `column`."""
    return f"{column_letters(column)}{row}"


@dataclass(frozen=True)
class RawTable:
    """One table as it stands in a file, a sheet, or a data frame.

    `columns[i]` are the cells under `headers[i]`, at `positions[i]` (0-based) of the sheet; `rows[k]` is the 1-based
    line of the k-th record. Blank records are gone. `broken` are cells (row, position) already reported, about which
    nothing more is said.
    """

    table: str
    headers: tuple[str, ...]
    columns: tuple[Sequence[Any] | npt.NDArray[Any], ...]
    positions: tuple[int, ...]
    rows: npt.NDArray[np.int64]
    file: str | None = None
    sheet: str | None = None
    header_row: int = 1
    findings: tuple[Finding, ...] = ()
    broken: frozenset[tuple[int, int]] = field(default=frozenset())

    def where(self, record: int | None, column: int | None) -> Where:
        """The spot of a record (None: the header) under the `column`-th heading (None: the whole row)."""
        row = self.header_row if record is None else int(self.rows[record])
        heading = self.headers[column] if column is not None else None
        cell = cell_name(row, self.positions[column]) if self.sheet is not None and column is not None else None
        return Where(file=self.file, sheet=self.sheet, row=row, column=heading or None, cell=cell)


@dataclass(frozen=True)
class RawCase:
    """Everything a source holds: the settings document, the tables, the files as they are, and what was wrong."""

    document: Mapping[str, Any]
    tables: Mapping[str, RawTable]
    files: Mapping[str, bytes]
    source: str
    settings_file: str
    settings_sheet: str | None = None
    settings_rows: Mapping[str, int] = field(default_factory=dict)
    """Line (of the file, or of the sheet of settings) of each dotted path."""
    settings_broken: frozenset[str] = frozenset()
    """Paths whose value has been reported already; that they are missing is not said again."""
    findings: tuple[Finding, ...] = ()

    def locate(self, path: str) -> Where:
        """Where a dotted settings path stands: its own line, or that of the nearest table that holds it."""
        spot = path
        while spot and spot not in self.settings_rows:
            spot = spot.rpartition(".")[0]
        row = self.settings_rows.get(spot)
        sheet = self.settings_sheet
        return Where(
            file=self.settings_file, sheet=sheet, row=row, cell=f"B{row}" if sheet and row else None, path=path or None
        )
