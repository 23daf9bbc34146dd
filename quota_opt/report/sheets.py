"""Writing tables into a workbook: formats, widths, print set-up, and user text that can never become a formula."""

from __future__ import annotations

import datetime
import io
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from quota_opt.errors import Language, Text
from quota_opt.report.draw import draw_png, draw_svg, drawing_note
from quota_opt.report.numbers import fitting_digits
from quota_opt.report.values import AUTO, Cell, Column, Figure, Table
from quota_opt.report.words import word

LONGEST = 32_000  # Excel refuses cells of more than 32,767 characters
_PICTURE_SCALE = 0.72
WIDTHS = {"id": 14.0, "text": 15.0, "long": 56.0, "number": 13.0, "share": 9.0, "year": 7.0}


@dataclass(frozen=True)
class Place:
    """Where a table stands on a sheet: first and last row of its body, and the column of each key."""

    sheet: str
    first: int
    last: int
    columns: dict[str, int]

    def span(self, key: str) -> list[Any]:
        """The body cells of a column, as XlsxWriter's charts want them."""
        column = self.columns[key]
        return [self.sheet, self.first, column, self.last, column]


class Book:
    """A workbook being written, with the formats every sheet shares."""

    def __init__(self, workbook: Any, language: Language, foot: str) -> None:
        self.workbook = workbook
        self.language = language
        self.foot = foot
        self._formats: dict[tuple[Any, ...], Any] = {}

    @classmethod
    def at(cls, path: Path, language: Language, *, title: str, note: str, foot: str) -> Book:
        """A new workbook, to be closed by who asked for it; the same content gives the same bytes."""
        import xlsxwriter

        options = {
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "nan_inf_to_errors": False,
        }
        workbook = xlsxwriter.Workbook(str(path), options)
        workbook.set_properties({"title": title[:255], "comments": note, "created": datetime.datetime(2020, 1, 1)})
        workbook.set_calc_mode("auto")
        return cls(workbook, language, foot)

    def format(self, **properties: Any) -> Any:
        """A format by its properties, made once."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.workbook.add_format({"font_name": "等线", "font_size": 11, **properties})
        return self._formats[key]

    def sheet(self, name: Text, *, landscape: bool = True) -> Any:
        """A new sheet printed one page wide on A4."""
        sheet = self.workbook.add_worksheet(name.of(self.language)[:31])
        sheet.set_paper(9)
        if landscape:
            sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.6, right=0.6, top=0.7, bottom=0.7)
        sheet.set_footer(f"&L{self.foot.replace('&', '&&')}&R&P / &N")
        sheet.hide_gridlines(2)
        return sheet

    def text(self, sheet: Any, row: int, column: int, value: str, **properties: Any) -> None:
        """Text as typed: a string cell whatever it begins with."""
        shown = value if len(value) <= LONGEST else f"{value[: LONGEST - 1]}…"
        sheet.write_string(row, column, shown, self.format(**properties))

    def wide(self, sheet: Any, row: int, last_column: int, value: str, *, per_line: int = 0, **properties: Any) -> None:
        """Text over merged columns A to `last_column`, the row as high as its lines need."""
        form = self.format(text_wrap=True, valign="top", **properties)
        sheet.merge_range(row, 0, row, last_column, "", form)
        sheet.write_string(row, 0, value[:LONGEST], form)
        if per_line:
            lines = sum(1 + int(breadth(part) / per_line) for part in value.split("\n"))
            sheet.set_row(row, 17.0 * max(1, lines))

    def picture(self, sheet: Any, row: int, last_column: int, figure: Figure, svg: str | None = None) -> int:
        """A figure below its title, or its table and a note where it cannot be drawn; returns the next free row.

        `svg` is the figure where it is drawn already.
        """
        self.wide(sheet, row, last_column, figure.title, bold=True, font_size=12)
        svg = draw_svg([figure])[0] if svg is None else svg
        picture = draw_png(svg, 2.0) if svg is not None else None
        if picture is None:
            note = drawing_note()
            if note is not None:
                self.wide(sheet, row + 1, last_column, note.of(self.language), per_line=100)
            return row + 3 if figure.table is None else self.table(sheet, figure.table, row + 2).last + 3
        options = {
            "image_data": io.BytesIO(picture),
            "x_scale": _PICTURE_SCALE,
            "y_scale": _PICTURE_SCALE,
            "description": figure.alternative[:250],
        }
        sheet.insert_image(row + 1, 0, f"{figure.key}.png", options)
        return row + 3 + math.ceil(figure.size[1] * 2 * _PICTURE_SCALE / 20)

    def chart(self, sheet: Any, chart: Any, row: int, *, lines: int = 16) -> int:
        """Put a native chart at `row`, `lines` rows high; returns the next free row."""
        chart.set_size({"width": 800, "height": 20 * lines - 10})
        sheet.insert_chart(row, 0, chart)
        return row + lines + 1

    def table(
        self, sheet: Any, table: Table, row: int, *, total: bool = True, widths: bool = False, lines: bool = False
    ) -> Place:
        """Write a table with its heading at `row`; a total row of live formulas follows where columns have one.

        `widths` sets the columns' widths, and rows as high as their lines need; `lines` the rows' height alone.
        """
        language = self.language
        head = self.format(
            bold=True, bg_color="#EEF1F5", border=1, border_color="#B0B0B0", text_wrap=True, valign="vcenter"
        )
        for k, column in enumerate(table.columns):
            sheet.write_string(row, k, column.heading(language), head)
            if widths:
                sheet.set_column(k, k, WIDTHS[column.kind])
        sheet.set_row(row, 33 if any(breadth(c.heading(language)) > 13 for c in table.columns) else 18)
        columns = list(enumerate(table.columns))
        forms = [self._cell_format(column) for column in table.columns]
        bold = [self._cell_format(column, bold=True) for column in table.columns] if table.strong else forms
        for r, cells in enumerate(table.rows, start=row + 1):
            for k, column in columns:
                strong = (r - row - 1, k) in table.strong
                form = bold[k] if strong else forms[k]
                if column.digits == AUTO:
                    form = self._cell_format(replace(column, digits=_digits(cells[k])), bold=strong)
                _write_cell(sheet, r, k, column, cells[k], form, language)
            tall = _lines(table.columns, cells, language) if widths or lines else 1
            if tall > 1:
                sheet.set_row(r, 15.5 * min(tall, 20))
        first, last = row + 1, row + len(table.rows)
        totals = table.totals() if total else None
        if totals is not None:
            foot = {"bold": True, "top": 1}
            sheet.write_string(last + 1, 0, word("total", language), self.format(**foot))
            for k, value in enumerate(totals):
                if value is None:
                    continue
                letters = column_letters(k)
                formula = f"=SUBTOTAL(109,{letters}{first + 1}:{letters}{last + 1})"
                sheet.write_formula(
                    last + 1, k, formula, self.format(**foot, num_format=number_format(table.columns[k])), value
                )
        return Place(
            sheet.get_name(), first, max(first, last), {column.key: k for k, column in enumerate(table.columns)}
        )

    def _cell_format(self, column: Column, **more: Any) -> Any:
        border = {"bottom": 1, "bottom_color": "#D9D9D9", "valign": "top", **more}
        if column.kind == "id":
            return self.format(num_format="@", **border)
        if column.numeric or column.kind == "year":
            return self.format(num_format=number_format(column), **border)
        return self.format(text_wrap=True, **border)


def _digits(value: Cell) -> int:
    """The decimals of one figure of a column of figures in several units."""
    known = isinstance(value, int | float) and math.isfinite(value) and round(value, 6) != round(value)
    return fitting_digits(value) if known else 0  # type: ignore[arg-type]


def number_format(column: Column) -> str:
    """Excel's format code for a column's figures."""
    decimals = f".{'0' * column.digits}" if column.digits > 0 else ""
    if column.kind == "share":
        return f"0{decimals}%"
    return "0" if column.kind == "year" else f"#,##0{decimals}"


def column_letters(number: int) -> str:
    """A, B … Z, AA … of a column's position."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def breadth(text: str) -> int:
    """Width in half-width characters."""
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)


def _lines(columns: tuple[Column, ...], cells: tuple[Cell, ...], language: Language) -> int:
    """Lines the tallest text of a row takes; programs that open a workbook do not all work it out themselves."""
    most = 1
    for column, cell in zip(columns, cells, strict=True):
        if column.kind in ("text", "long") and isinstance(cell, str | Text):
            text = cell.of(language) if isinstance(cell, Text) else cell
            most = max(most, sum(1 + int((breadth(part) - 1) / (WIDTHS[column.kind] - 1)) for part in text.split("\n")))
    return most


def _write_cell(
    sheet: Any, row: int, position: int, column: Column, value: Cell, form: Any, language: Language
) -> None:
    if isinstance(value, Text):
        sheet.write_string(row, position, value.of(language)[:LONGEST], form)
    elif isinstance(value, str):
        sheet.write_string(row, position, value[:LONGEST], form)
    elif value is None or not math.isfinite(value):
        sheet.write_blank(row, position, None, form)
    elif column.kind in ("number", "share", "year"):
        sheet.write_number(row, position, round(float(value), 9), form)
    else:
        sheet.write_string(row, position, str(value), form)
