"""A small report as a workbook: a sheet for each section, its sentences, tables and native charts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from quota_opt.errors import Language, Text
from quota_opt.report import charts
from quota_opt.report.document import Document, Section
from quota_opt.report.sheets import WIDTHS, Book, Place, breadth
from quota_opt.report.values import Figure

_LEAST_COLUMNS = 8
_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")
_LONGEST_NAME = 31


def write(document: Document, path: Path, language: Language) -> Path:
    """Write a document as a workbook; the same document gives the same bytes."""
    title = document.title.of(language)
    note = "" if document.data_note is None else document.data_note.of(language)
    book = Book.at(path, language, title=title, note=note, foot=title)
    names = sheet_names([section.title.of(language) for section in document.sections])
    for number, (section, name) in enumerate(zip(document.sections, names, strict=True)):
        sheet = book.sheet(Text(name, name))
        last = max([_LEAST_COLUMNS, *(len(table.columns) for table in section.tables)]) - 1
        per_line = _widths(sheet, section, last)
        row = _head(book, sheet, document, last, per_line) if number == 0 else 0
        row = _section(book, sheet, section, row, last, per_line)
        sheet.print_area(0, 0, row, last)
    book.workbook.close()
    return path


def sheet_names(titles: list[str]) -> list[str]:
    """Names a workbook takes: without the characters it refuses, not too long, each once."""
    made: list[str] = []
    for title in titles:
        stem = _FORBIDDEN.sub(" ", title).strip()[:_LONGEST_NAME] or "-"
        name, number = stem, 1
        while name.casefold() in [other.casefold() for other in made]:
            number += 1
            ending = f" {number}"
            name = f"{stem[: _LONGEST_NAME - len(ending)]}{ending}"
        made.append(name)
    return made


def _widths(sheet: Any, section: Section, last: int) -> int:
    """Columns wide enough for each table of the sheet; returns how many half-width characters a line holds."""
    whole = 0.0
    for k in range(last + 1):
        kinds = [table.columns[k].kind for table in section.tables if k < len(table.columns)]
        width = max([WIDTHS[kind] for kind in kinds], default=13.0)
        sheet.set_column(k, k, width)
        whole += width
    return int(whole * 0.95)


def _head(book: Book, sheet: Any, document: Document, last: int, per_line: int) -> int:
    language = book.language
    title = document.title.of(language)
    book.wide(sheet, 0, last, title, bold=True, font_size=16)
    sheet.set_row(0, 26 * (1 + int(breadth(title) * 1.5 / per_line)))
    identity = " · ".join(part.of(language) for part in document.identity)
    book.wide(sheet, 1, last, identity, per_line=per_line, font_color="#4A4A4A")
    if document.data_note is None:
        return 3
    note = document.data_note.of(language)
    book.wide(sheet, 2, last, note, bold=True, font_color="#A33A00", border=2, border_color="#A33A00")
    return 4


def _section(book: Book, sheet: Any, section: Section, row: int, last: int, per_line: int) -> int:
    language = book.language
    for sentence in section.sentences:
        book.wide(sheet, row, last, sentence.of(language), per_line=per_line, bg_color="#F4F5F7")
        row += 1
    row += 1 if section.sentences else 0
    places: dict[str, Place] = {}
    alone = len(section.tables) == 1 and not section.figures
    for table in section.tables:
        book.text(sheet, row, 0, table.title.of(language), bold=True, font_size=12)
        places[table.key] = place = book.table(sheet, table, row + 1, lines=True)
        if alone and table.rows:
            sheet.autofilter(row + 1, 0, place.last, len(table.columns) - 1)
            sheet.freeze_panes(row + 2, 0)
            sheet.repeat_rows(row + 1)
        row = place.last + (3 if table.totals() is not None else 2)
        if table.note is not None:
            book.wide(sheet, row - 1, last, table.note.of(language), per_line=per_line, font_color="#4A4A4A")
            row += 1
    for maker in section.figures:
        row = _figure(book, sheet, maker(language), places, row, last)
    return row


def _figure(book: Book, sheet: Any, figure: Figure, places: dict[str, Place], row: int, last: int) -> int:
    """A native chart over the figure's table (written here where the section does not hold it), or a picture."""
    if figure.native is None or figure.table is None or not figure.table.rows:
        return book.picture(sheet, row, last, figure) + 1
    place = places.get(figure.table.key)
    if place is None:
        book.wide(sheet, row, last, figure.title, bold=True, font_size=12)
        place = book.table(sheet, figure.table, row + 1, total=False)
        row = place.last + 2
    lines = max(10, 2 * len(figure.table.rows) + 5) if "bar" in figure.native else 16
    return book.chart(sheet, charts.native(book, place, figure), row, lines=min(lines, 40)) + 1
