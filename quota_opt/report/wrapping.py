"""Lines of Chinese and Latin text for a terminal: broken between Chinese characters, never inside a word."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text as RichText

_NEVER_FIRST = "，。；：、？！）〕】》”’%"
_NEVER_LAST = "（〔【《“‘"
_WIDE = r"\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef“”‘’…—"
_PIECE = re.compile(rf"\s+|[{_WIDE}]|[^\s{_WIDE}]+")


class Paragraph:
    """A styled text wrapped to the width of the terminal; lines after the first start with `indent` spaces."""

    def __init__(self, text: RichText | str, indent: int = 0) -> None:
        self.text = RichText(text) if isinstance(text, str) else text
        self.indent = indent

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines."""
        for line in self.text.split("\n", allow_blank=True):
            start = 0
            for k, end in enumerate(_breaks(line.plain, options.max_width, self.indent)):
                part = line[start:end]
                part.rstrip()
                yield RichText(" " * self.indent).append_text(part) if k else part
                start = end
                while start < len(line.plain) and line.plain[start] == " ":
                    start += 1


def _units(text: str) -> Iterator[str]:
    """Pieces that stay on one line: words with the closing mark behind them, single characters otherwise."""
    held = ""
    for piece in _PIECE.findall(text):
        if held and (piece[0] in _NEVER_FIRST or held[-1] in _NEVER_LAST):
            held += piece
        else:
            if held:
                yield held
            held = piece
    if held:
        yield held


def _breaks(text: str, width: int, indent: int) -> Iterator[int]:
    """Positions where each line of `text` ends."""
    used, position = 0, 0
    for whole in _units(text):
        unit, size = whole, cell_len(whole)
        if used and used + size > width and not unit.isspace():
            yield position
            used = indent
        while used + size > width and cell_len(unit) > width - indent:
            fits = max(1, width - used)
            head = unit[:fits]
            while cell_len(head) > fits and len(head) > 1:
                head = head[:-1]
            position += len(head)
            yield position
            unit = unit[len(head) :]
            size, used = cell_len(unit), indent
        used += size
        position += len(unit)
    yield position
