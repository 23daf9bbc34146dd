"""Troubleshooting: what it quotes is what the program says."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `([^`]+)` \|", flags=re.M)


def spoken(node):
    """A string as it is said, with `…` where something is put in; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
    return None


@cache
def everything_said():
    """The lines of all strings of the program and of its catalogues of messages."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "quota_opt").rglob("*.py")]
    strings = [text for tree in trees for node in ast.walk(tree) if (text := spoken(node))]
    catalogues = [path.read_text(encoding="utf-8") for path in (ROOT / "quota_opt" / "messages").glob("*.po")]
    return "\n".join([*strings, *catalogues]).splitlines()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_message_quoted_is_one_of_the_program(language):
    quoted = ROW.findall((ROOT / "docs" / language / "troubleshooting.md").read_text(encoding="utf-8"))
    assert len(quoted) > 25
    assert [message for message in quoted if not is_said(message)] == []


def is_said(message):
    pieces = [piece.strip(" '") for piece in message.split("…")]
    whole, longest = re.compile(".*".join(map(re.escape, pieces))), max(pieces, key=len)
    return any(longest in line and whole.search(line) for line in everything_said())
