"""A small report on the terminal: sentences, and the first rows of each table."""

from __future__ import annotations

from pathlib import Path

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text as RichText

from quota_opt.errors import Language, Text
from quota_opt.report.document import Document
from quota_opt.report.values import Table
from quota_opt.report.words import word
from quota_opt.report.wrapping import Paragraph

_MOST_ROWS = 20


def view(document: Document, language: Language, folder: str | Path | None = None) -> RenderableType:
    """The document on the terminal; figures are in the report."""
    head = RichText(document.title.of(language), style="bold")
    if document.data_note is not None:
        head.append(f"  [{document.data_note.of(language)}]", style="bold red")
    head.append(f"\n{' · '.join(part.of(language) for part in document.identity)}", style="dim")
    parts: list[RenderableType] = [Paragraph(head)]
    for number, section in enumerate(document.sections):
        parts.append(RichText(f"\n{section.title.of(language)}" if number else "", style="bold"))
        parts += [Paragraph(text.of(language)) for text in section.sentences]
        parts += [_table(table, language) for table in section.tables if table.rows]
    if folder is not None:
        line = RichText(f"\n{word('written_to', language)} ", style="bold")
        line.append(str(folder), style="bold cyan")
        line.append(f"\n{word('to_open', language)} report.html · report.xlsx", style="not bold")
        parts.append(Paragraph(line))
    return Group(*parts)


def _table(table: Table, language: Language) -> RenderableType:
    grid = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), title_justify="left")
    for column in table.columns:
        grid.add_column(
            RichText(column.heading(language)), justify="right" if column.numeric else "left", overflow="fold"
        )
    for r, row in enumerate(table.rows[:_MOST_ROWS]):
        grid.add_row(
            *(
                RichText(column.cell(cell, language), style="bold" if (r, k) in table.strong else "")
                for k, (column, cell) in enumerate(zip(table.columns, row, strict=True))
            )
        )
    notes: list[RenderableType] = [RichText(table.title.of(language), style="dim"), grid]
    more = len(table.rows) - _MOST_ROWS
    if more > 0:
        notes.append(
            RichText(Text(f"另 {more} 行见报告。", f"{more} more rows in the report.").of(language), style="dim")
        )
    if table.note is not None:
        notes.append(Paragraph(RichText(table.note.of(language), style="dim")))
    return Padding(Group(*notes), (1, 0, 0, 0))
