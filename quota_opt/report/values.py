"""The two values every report is made of: a table with titled columns, and a figure drawn from one option."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from quota_opt.errors import Language, Text
from quota_opt.report import numbers
from quota_opt.report.words import unit_name

Kind = Literal["id", "text", "long", "number", "share", "year"]
AUTO = -1
Native = Literal["column", "stacked column", "bar", "stacked bar", "line", "scatter"]
Cell = str | Text | float | int | None


@dataclass(frozen=True)
class Column:
    """One column: key, heading, kind of cells, unit (shown in the heading), decimals, whether a total makes sense.

    With `digits` AUTO each figure has as many as its size deserves: for columns of figures in several units.
    """

    key: str
    title: Text
    kind: Kind = "text"
    unit: str | None = None
    digits: int = 0
    total: bool = False

    @property
    def numeric(self) -> bool:
        """Whether cells are right-aligned figures."""
        return self.kind in ("number", "share")

    def unit_words(self, language: Language) -> str:
        """The unit in brackets, or nothing."""
        unit = unit_name(self.unit).of(language) if self.unit else ""
        if not unit:
            return ""
        return f"（{unit}）" if language == "zh" else f" ({unit})"

    def heading(self, language: Language) -> str:
        """The heading with its unit in brackets."""
        return f"{self.title.of(language)}{self.unit_words(language)}"

    def cell(self, value: Cell, language: Language) -> str:
        """A cell as people read it."""
        if value is None:
            return "–" if self.numeric else ""
        if isinstance(value, Text):
            return value.of(language)
        if isinstance(value, str):
            return value
        if self.kind == "year":
            return "" if math.isnan(value) else str(int(value))
        if self.kind == "share":
            return numbers.percent(value, self.digits)
        if self.kind == "number":
            return numbers.short(value) if self.digits == AUTO else numbers.figure(value, self.digits)
        return str(value)


@dataclass(frozen=True)
class Table:
    """Rows under titled columns. `key` names it, `cut` is how many rows there were before it was shortened.

    `strong` are the cells (row, column) set in bold, such as the best of a row.
    """

    key: str
    title: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    cut: int = 0
    note: Text | None = None
    strong: frozenset[tuple[int, int]] = frozenset()

    def shortened(self, most: int, by: str | None = None) -> Table:
        """The first `most` rows by the column `by` (largest; the order given without it), in the table's order."""
        if len(self.rows) <= most:
            return self
        keep = range(most)
        if by is not None:
            place = [column.key for column in self.columns].index(by)
            size = [abs(float(row[place])) if isinstance(row[place], int | float) else 0.0 for row in self.rows]  # type: ignore[arg-type]
            keep = sorted(sorted(range(len(self.rows)), key=lambda k: (-size[k], k))[:most])  # type: ignore[assignment]
        rows = tuple(self.rows[k] for k in keep)
        strong = frozenset(
            (r, c) for r, k in enumerate(keep) for c in range(len(self.columns)) if (k, c) in self.strong
        )
        return Table(self.key, self.title, self.columns, rows, len(self.rows), self.note, strong)

    def only(self, *keys: str) -> Table:
        """The table with these of its columns, in this order; those it has not are left out."""
        place = {column.key: k for k, column in enumerate(self.columns)}
        chosen = [place[key] for key in keys if key in place]
        strong = frozenset((r, chosen.index(k)) for r, k in self.strong if k in chosen)
        columns = tuple(self.columns[k] for k in chosen)
        rows = tuple(tuple(row[k] for k in chosen) for row in self.rows)
        return Table(self.key, self.title, columns, rows, self.cut, self.note, strong)

    def with_column(self, column: Column, cells: Sequence[Cell]) -> Table:
        """The table with one more column at its end."""
        rows = tuple((*row, cell) for row, cell in zip(self.rows, cells, strict=True))
        return Table(self.key, self.title, (*self.columns, column), rows, self.cut, self.note, self.strong)

    def totals(self) -> tuple[float | None, ...] | None:
        """Sums of the columns that have a total; None where there is none."""
        if not any(column.total for column in self.columns) or len(self.rows) < 2:
            return None
        sums: list[float | None] = []
        for k, column in enumerate(self.columns):
            values = [row[k] for row in self.rows]
            sums.append(
                sum(float(v) for v in values if isinstance(v, int | float) and not math.isnan(v))
                if column.total
                else None
            )
        return tuple(sums)


@dataclass(frozen=True)
class Figure:
    """A figure as a value, drawn alike by page, paper and workbook.

    `option` is an ECharts option of plain JSON (no functions, no NaN); `title` states the finding; `alternative` is one
    sentence for those who cannot see it; `table` the numbers behind it; `size` width and height in CSS pixels.
    `native` is the Excel chart that shows `table` as well: its first column names the categories (the first figures are
    the x values of a scatter), each further column of figures is a series. Without it the workbook gets a picture.
    """

    key: str
    title: str
    option: dict[str, Any] = field(repr=False)
    alternative: str = ""
    table: Table | None = None
    size: tuple[int, int] = (720, 360)
    native: Native | None = None


def records(table: pd.DataFrame) -> Iterator[Any]:
    """The rows of a frame as objects with its columns as attributes."""
    return iter(table.itertuples(index=False))


def table_of(key: str, title: Text, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> Table:
    """A table from any sequences."""
    return Table(key, title, tuple(columns), tuple(tuple(row) for row in rows))
