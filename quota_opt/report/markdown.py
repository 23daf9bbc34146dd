"""Markdown, and the docstrings of rules turned into it: paragraphs, formulas, tables of symbols."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Block:
    """A piece of a docstring: `text`, `formula` (indented), or `table` with its rows, the heading first."""

    kind: str
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(cell(text) for text in line)} |" for line in lines)


def cell(text: str) -> str:
    """A text that may stand in a cell."""
    return text.replace("|", "\\|").replace("\n", "<br>")


def code(text: str, language: str = "") -> str:
    """A fenced block."""
    return f"```{language}\n{text}\n```"


def ticked(text: str) -> str:
    """A word as code; nothing for nothing."""
    return f"`{text}`" if text else ""


def joined(parts: Iterable[str]) -> str:
    """The parts of a page, a blank line between them."""
    return "\n\n".join(part for part in parts if part) + "\n"


def blocks_of(docstring: str) -> tuple[str, list[Block]]:
    """The first line of a docstring, and the pieces that follow it."""
    first, _, rest = inspect.cleandoc(docstring).partition("\n")
    found: list[Block] = []
    for piece in _pieces(rest):
        lines = piece.split("\n")
        if lines[0].startswith("=="):
            found.append(Block("table", rows=_rows(lines)))
        elif all(line.startswith("    ") or not line for line in lines):
            text = inspect.cleandoc("\n" + piece)
            if found and found[-1].kind == "formula":
                found[-1] = Block("formula", f"{found[-1].text}\n\n{text}")
            else:
                found.append(Block("formula", text))
        else:
            found.append(Block("text", " ".join(line.strip() for line in lines)))
    return first, found


def _pieces(text: str) -> list[str]:
    return [piece.strip("\n") for piece in text.split("\n\n") if piece.strip()]


def _rows(lines: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """A table between lines of `=`, cut where the columns begin.

    Where the second column is the meaning of the first, a row without a first cell goes on with the row above, as does
    one after a first cell that ends with a comma.
    """
    rule = lines[0]
    starts = [i for i, sign in enumerate(rule) if sign == "=" and (i == 0 or rule[i - 1] == " ")]
    ends = [*starts[1:], None]
    rows: list[list[str]] = []
    for line in lines:
        if line.startswith("=="):
            continue
        cells = [line[start:end].strip() for start, end in zip(starts, ends, strict=True)]
        goes_on = bool(rows) and rows[0][1] == "meaning" and (not cells[0] or rows[-1][0].endswith(","))
        if not goes_on:
            rows.append(cells)
        else:
            rows[-1] = [f"{above} {below}".strip() for above, below in zip(rows[-1], cells, strict=True)]
    return tuple(tuple(row) for row in rows)
