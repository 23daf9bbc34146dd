"""Small reports for people: a title, whose case it is, and sections of sentences, figures and tables.

The first section is page one: its first sentence answers the question. A document is a value; html, workbook and
terminal show the same one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from quota_opt.errors import Language, Text
from quota_opt.report import words
from quota_opt.report.values import Figure, Table
from quota_opt.scenario.standing import documents_record

if TYPE_CHECKING:
    from rich.console import RenderableType

    from quota_opt.scenario import Scenario


@dataclass(frozen=True)
class Section:
    """A heading, sentences that say the finding, then figures (drawn for one language each) and tables."""

    title: Text
    sentences: tuple[Text, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Callable[[Language], Figure], ...] = ()


@dataclass(frozen=True)
class Document:
    """A report for people.

    `key` names it among reports, `identity` is the line above the title: case, years, standing of the documents.
    `data_note` is the box that says what is synthetic, None for real data. Tables and figures of one document have
    different keys.
    """

    key: str
    title: Text
    identity: tuple[Text, ...]
    sections: tuple[Section, ...]
    data_note: Text | None = None


def about(key: str, title: Text, scenario: Scenario, sections: tuple[Section, ...]) -> Document:
    """A document about one case: identity and the note on synthetic data are the scenario's."""
    return Document(key, title, identity_of(scenario), sections, data_note_of(scenario))


def identity_of(scenario: Scenario, *, variant: bool = True) -> tuple[Text, ...]:
    """Case, variant, years, basis, price year, and which documents are not simply in force."""
    first, last = scenario.first_year, scenario.last_year
    basis = words.WORDS["equivalent" if scenario.energy_basis == "equivalent" else "equal_value"]
    parts = [scenario.title]
    if variant and scenario.variant is not None:
        parts.append(scenario_title(scenario))
    if first == last:
        parts.append(Text(f"{first} 年", f"{first}"))
    else:
        parts.append(Text(f"{first}—{last} 年", f"{first}–{last}"))
    parts.append(Text(f"能耗按{basis.zh}", f"energy at {basis.en}"))
    prices = scenario.settings.scenario.price_year
    if prices:
        parts.append(Text(f"{prices} 年不变价", f"prices of {prices}"))
    for document in documents_record(scenario):
        if document["standing"] != "issued":
            said = document["standing_text"]
            parts.append(Text(f"依据 {document['id']}（{said['zh']}）", f"source {document['id']} ({said['en']})"))
    if "directives" in scenario.rules:
        parts.append(Text("含指定事项", "with directives"))
    return tuple(parts)


def scenario_title(scenario: Scenario) -> Text:
    """What people call a variant of a case: its title, its name where it has none, 基准方案 for the case itself."""
    if scenario.variant is None:
        return words.WORDS["baseline"]
    chosen = scenario.settings.variants[scenario.variant]
    return chosen.title or Text(scenario.variant, scenario.variant)


def brief(document: Document) -> Document:
    """Page one alone, for the terminal."""
    return replace(document, sections=document.sections[:1])


def data_note_of(scenario: Scenario) -> Text | None:
    """The box that says what is synthetic; None for real data."""
    return None if scenario.data == "real" else words.listed(words.DATA, scenario.data)


def write_html(document: Document, path: str | Path, language: Language = "zh") -> Path:
    """Write a document as one html file that opens offline. Returns its path."""
    from quota_opt.report.document_html import render

    target = Path(path)
    target.write_text(render(document, language), encoding="utf-8", newline="\n")
    return target


def write_xlsx(document: Document, path: str | Path, language: Language = "zh") -> Path:
    """Write a document as a workbook, a sheet for each section, with native charts. Returns its path."""
    from quota_opt.report.document_xlsx import write

    return write(document, Path(path), language)


def write_docx(document: Document, path: str | Path, language: Language = "zh", template: Path | None = None) -> Path:
    """Write a document as a Word paper in official form, on a template of one's own if given. Returns its path."""
    from quota_opt.report.docx_document import write

    return write(document, Path(path), language, template)


def write_reports(document: Document, folder: Path, language: Language = "zh", name: str = "report") -> None:
    """Write a document into a folder as html and as workbook, both called `name`."""
    write_html(document, folder / f"{name}.html", language)
    write_xlsx(document, folder / f"{name}.xlsx", language)


def terminal_view(document: Document, language: Language = "zh", folder: str | Path | None = None) -> RenderableType:
    """A document on the terminal: sentences and the first rows of each table; `folder` is where the whole stands."""
    from quota_opt.report.document_text import view

    return view(document, language, folder)
