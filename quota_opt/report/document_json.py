"""A document as plain JSON and back, so that a report made once can be kept, and shown again everywhere alike.

Figures are drawn in both languages when the document is written down; what is read back hands these out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quota_opt.errors import Language, Text
from quota_opt.report.document import Document, Section
from quota_opt.report.values import Cell, Column, Figure, Table

_ODD = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


@dataclass(frozen=True)
class Drawn:
    """A figure that was drawn before, in both languages."""

    zh: Figure
    en: Figure

    def __call__(self, language: Language) -> Figure:
        """The figure in one language."""
        return self.zh if language == "zh" else self.en


def document_json(document: Document) -> dict[str, Any]:
    """A document as JSON values: mappings, lists, texts, finite numbers."""
    return {
        "key": document.key,
        "title": _text(document.title),
        "identity": [_text(part) for part in document.identity],
        "data_note": None if document.data_note is None else _text(document.data_note),
        "sections": [_section(section) for section in document.sections],
    }


def document_of_json(kept: Mapping[str, Any]) -> Document:
    """The document that was written down."""
    return Document(
        kept["key"],
        Text(**kept["title"]),
        tuple(Text(**part) for part in kept["identity"]),
        tuple(_section_of(section) for section in kept["sections"]),
        None if kept["data_note"] is None else Text(**kept["data_note"]),
    )


def table_json(table: Table) -> dict[str, Any]:
    """A table as JSON values."""
    return {
        "key": table.key,
        "title": _text(table.title),
        "columns": [
            {
                "key": column.key,
                "title": _text(column.title),
                "kind": column.kind,
                "unit": column.unit,
                "digits": column.digits,
                "total": column.total,
            }
            for column in table.columns
        ],
        "rows": [[_cell(cell) for cell in row] for row in table.rows],
        "cut": table.cut,
        "note": None if table.note is None else _text(table.note),
        "strong": sorted([r, c] for r, c in table.strong),
    }


def table_of_json(kept: Mapping[str, Any]) -> Table:
    """The table that was written down."""
    return Table(
        kept["key"],
        Text(**kept["title"]),
        tuple(Column(**{**column, "title": Text(**column["title"])}) for column in kept["columns"]),
        tuple(tuple(_cell_of(cell) for cell in row) for row in kept["rows"]),
        kept["cut"],
        None if kept["note"] is None else Text(**kept["note"]),
        frozenset((r, c) for r, c in kept["strong"]),
    )


def _section(section: Section) -> dict[str, Any]:
    return {
        "title": _text(section.title),
        "sentences": [_text(sentence) for sentence in section.sentences],
        "tables": [table_json(table) for table in section.tables],
        "figures": [{"zh": _figure(maker("zh")), "en": _figure(maker("en"))} for maker in section.figures],
    }


def _section_of(kept: Mapping[str, Any]) -> Section:
    return Section(
        Text(**kept["title"]),
        tuple(Text(**sentence) for sentence in kept["sentences"]),
        tuple(table_of_json(table) for table in kept["tables"]),
        tuple(Drawn(_figure_of(figure["zh"]), _figure_of(figure["en"])) for figure in kept["figures"]),
    )


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "key": figure.key,
        "title": figure.title,
        "option": figure.option,
        "alternative": figure.alternative,
        "table": None if figure.table is None else table_json(figure.table),
        "size": list(figure.size),
        "native": figure.native,
    }


def _figure_of(kept: Mapping[str, Any]) -> Figure:
    width, height = kept["size"]
    return Figure(
        kept["key"],
        kept["title"],
        kept["option"],
        kept["alternative"],
        None if kept["table"] is None else table_of_json(kept["table"]),
        (width, height),
        kept["native"],
    )


def _text(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _cell(cell: Cell) -> Any:
    if isinstance(cell, Text):
        return _text(cell)
    if isinstance(cell, float) and not math.isfinite(cell):
        return {"odd": "nan" if math.isnan(cell) else "inf" if cell > 0 else "-inf"}
    return getattr(cell, "item", lambda: cell)()  # numbers of numpy as numbers of Python


def _cell_of(kept: Any) -> Cell:
    if isinstance(kept, dict):
        return _ODD[kept["odd"]] if "odd" in kept else Text(**kept)
    cell: Cell = kept
    return cell
