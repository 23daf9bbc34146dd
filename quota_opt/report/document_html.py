"""A small report as one html file: page one with the answer, then a heading for each further section."""

from __future__ import annotations

from typing import Any

from quota_opt.errors import Language
from quota_opt.report.document import Document, Section
from quota_opt.report.offline import LACKING, render_page, table_parts
from quota_opt.report.values import Figure

HALF = 720
"""The widest figure (CSS pixels) that goes beside another on page one."""


def render(document: Document, language: Language) -> str:
    """The document as html text; the same document gives the same bytes."""
    drawn: dict[str, Figure] = {}
    sections = [_section(section, number, drawn, language) for number, section in enumerate(document.sections)]
    title = document.title.of(language)
    parts = {
        "head_title": title,
        "title": title,
        "identity": " · ".join(part.of(language) for part in document.identity),
        "data_note": "" if document.data_note is None else document.data_note.of(language),
        "foot": "quota-opt",
        "contents": [(f"section-{k}" if k else "page-one", part["title"]) for k, part in enumerate(sections)],
        "sections": sections,
        "last_note": LACKING,
    }
    return render_page("document.html.j2", drawn, parts, language)


def _section(section: Section, number: int, drawn: dict[str, Figure], language: Language) -> dict[str, Any]:
    """A section for the template; its figures join `drawn`."""
    figures = {figure.key: figure for figure in (maker(language) for maker in section.figures)}
    drawn.update(figures)
    several = len(section.tables) > 1 or number == 0
    return {
        "title": section.title.of(language),
        "sentences": [text.of(language) for text in section.sentences],
        "figures": list(figures),
        "small": all(figure.size[0] <= HALF for figure in figures.values()),
        "tables": [{"title": table.title.of(language), **table_parts(table, language)} for table in section.tables],
        "several": several,
    }
