"""What an office adds to a paper before it leaves: whom it is to, who issues it and when, whether firms are named."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from quota_opt.errors import Language, Text, Where
from quota_opt.report.content import Content
from quota_opt.report.document import Document

_LEAST_SPOKEN = 3
"""Shorter names are not looked for inside sentences, where they would be figures and letters."""
_SPOKEN = ("title", "text", "text_en", "reason_text", "reason_text_en")
"""Columns of words for people, which may speak of firms."""


@dataclass(frozen=True)
class Paper:
    """What an office adds to a paper.

    `heading` is whom it is addressed to (抬头), `unit` who issues it, `issued` the day; `hide_firms` leaves out the
    names and identifiers of firms (是否隐去企业名称) in Word, html and workbook alike. `ways_in` holds, for projects
    that were left out, the cheapest way in where somebody has asked for it; `more` are other analyses, such as a
    comparison or a front, shown under 方案取舍; `template` is a Word template of one's own, see
    `docx_template.write_template`.
    """

    heading: str = ""
    unit: str = ""
    issued: date | None = None
    hide_firms: bool = False
    ways_in: Mapping[str, Text] = field(default_factory=dict)
    more: tuple[Document, ...] = ()
    template: Path | None = None


def as_issued(content: Content, paper: Paper, language: Language) -> Content:
    """What the papers say: the content itself, or without the names of firms."""
    return without_firms(content, language) if paper.hide_firms else content


def day(issued: date, language: Language) -> str:
    """A day as papers are dated: 2026年7月4日; 4 July 2026."""
    if language == "zh":
        return f"{issued.year}年{issued.month}月{issued.day}日"
    return f"{issued.day} {issued:%B} {issued.year}"


def without_firms(content: Content, language: Language) -> Content:
    """The content with firms numbered instead of named: 企业001 …, the same number wherever a firm is spoken of."""
    ids, names = _numbered(content, Text("企业", "firm ").of(language))
    if not ids:
        return content
    spoken = {name: number for name, number in {**ids, **names}.items() if len(name) >= _LEAST_SPOKEN}
    words = [rf"(?<!\w){re.escape(name)}(?!\w)" if name.isascii() else re.escape(name) for name in spoken]
    pattern = re.compile("|".join(sorted(words, key=len, reverse=True))) if words else None

    def masked(text: str) -> str:
        return text if pattern is None else pattern.sub(lambda found: spoken[found.group(0)], text)

    def frame(table: pd.DataFrame, key: str, firms: pd.Series | bool) -> pd.DataFrame:
        made = table.assign(**{name: table[name].map(masked) for name in _SPOKEN if name in table})
        own = pd.Series(True, index=table.index) & firms
        made[key] = table[key].where(~own, table[key].astype(str).map(lambda one: ids.get(one, one)))
        if "title" in table:
            made["title"] = table["title"].where(~own, made[key])
        return made

    ledger = frame(content.ledger, "from", content.ledger["from_kind"] == "firm")
    return dataclasses.replace(
        content,
        actions=frame(content.actions, "firm", True),
        awards=frame(content.awards, "project", False),
        projects=frame(content.projects, "project", False),
        reasons=frame(content.reasons, "id", content.reasons["kind"] == "firm"),
        ledger=frame(ledger, "to", content.ledger["to_kind"] == "firm"),
        **{
            name: _masked(getattr(content, name), masked)
            for name in ("rules", "clauses", "directives", "receipt", "findings")
        },
    )


def _numbered(content: Content, word: str) -> tuple[dict[str, str], dict[str, str]]:
    """The number of each firm, by its identifier and by its name."""
    firms = content.reasons[content.reasons["kind"] == "firm"]
    titles = dict(zip(firms["id"].astype(str), firms["title"].astype(str), strict=True))
    titles |= dict(zip(content.actions["firm"].astype(str), content.actions["title"].astype(str), strict=True))
    width = max(3, len(str(len(titles))))
    ids = {key: f"{word}{number:0{width}}" for number, key in enumerate(sorted(titles), start=1)}
    return ids, {titles[key]: number for key, number in ids.items()}


def _masked(value: Any, masked: Callable[[str], str]) -> Any:
    """A value with every sentence in it masked."""
    if type(value) is str:  # words that are values of an enumeration stay
        return masked(value)
    if isinstance(value, Text):
        return Text(masked(value.zh), masked(value.en))
    if isinstance(value, Mapping):
        return {key: _masked(one, masked) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_masked(one, masked) for one in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type | Where):
        parts = [part.name for part in dataclasses.fields(value) if part.init]
        return dataclasses.replace(value, **{name: _masked(getattr(value, name), masked) for name in parts})
    return value
