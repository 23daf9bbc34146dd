"""Pages of the handbook at the terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import groupby

from rich.console import Group, RenderableType
from rich.markdown import Markdown
from rich.table import Table as RichTable
from rich.text import Text as RichText

from quota_opt.errors import Language, Text
from quota_opt.report.words import word


def page_view(page: str) -> RenderableType:
    """A page as the terminal shows it; links lead nowhere there, so that only their words are left."""
    plain = re.sub(r"\[([^\]]+)\]\([^)\s]+\.md\)", r"\1", page)
    parts: list[RenderableType] = []
    for is_table, group in groupby(plain.split("\n"), key=lambda line: line.startswith("| ")):
        lines = list(group)
        parts.append(_table(lines) if is_table else Markdown("\n".join(lines)))
    return Group(*parts)


def _table(lines: list[str]) -> RenderableType:
    """A Markdown table; cells are folded, since Chinese has no blanks to break a line at."""
    heading, _, *rows = [[_plain(text) for text in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    grid = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in heading:
        grid.add_column(RichText(title), overflow="fold")
    for row in rows:
        grid.add_row(*(RichText(text) for text in row))
    return grid


def _plain(text: str) -> str:
    return re.sub(r"`|\*\*", "", text.strip()).replace("\\|", "|").replace("<br>", "\n")


def rules_view(titles: Mapping[str, Text], language: Language = "zh") -> RenderableType:
    """The rules by name and title."""
    grid = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column(word("rule", language), no_wrap=True)
    grid.add_column(word("title", language))
    for name, title in titles.items():
        grid.add_row(RichText(name, style="bold"), title.of(language))
    return grid
