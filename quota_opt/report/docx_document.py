"""A small report, such as a comparison or an explanation, as a Word paper in official form."""

from __future__ import annotations

from pathlib import Path

from quota_opt.errors import Language
from quota_opt.report.document import Document, Section
from quota_opt.report.docx_parts import Manuscript
from quota_opt.report.docx_title import break_title
from quota_opt.report.draw import draw_svg


def write(document: Document, path: Path, language: Language, template: Path | None = None) -> Path:
    """Write a document as a Word paper; the same document gives the same bytes."""
    script = Manuscript(language, own=template)
    title = document.title.of(language)
    script.text("\n".join(break_title(title, language)), "PaperTitle")
    script.text(" · ".join(part.of(language) for part in document.identity), "PaperIdentity")
    note = "" if document.data_note is None else document.data_note.of(language)
    if note:
        script.text(note, "PaperBox")
    for section in document.sections:
        script.heading(section.title.of(language))
        _section(script, section)
    path.write_bytes(script.finished(title, note))
    return path


def add_sections(script: Manuscript, document: Document) -> None:
    """The sections of a document as a part of a larger paper."""
    for section in document.sections:
        _section(script, section)


def _section(script: Manuscript, section: Section) -> None:
    for sentence in section.sentences:
        script.say(sentence)
    figures = [maker(script.language) for maker in section.figures]
    for figure, svg in zip(figures, draw_svg(figures), strict=True):
        script.figure(figure, svg)
    for table in section.tables:
        script.table(table, style="PaperSmall" if len(table.columns) > 4 else "PaperTable")
