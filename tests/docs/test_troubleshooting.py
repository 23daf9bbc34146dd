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
    """Every string of the program and its catalogues of messages, one after the other."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "quota_opt").rglob("*.py")]
    strings = [text for tree in trees for node in ast.walk(tree) if (text := spoken(node))]
    catalogues = [path.read_text(encoding="utf-8") for path in (ROOT / "quota_opt" / "messages").glob("*.po")]
    return "\n".join([*strings, *catalogues])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_message_quoted_is_one_of_the_program(language):
    quoted = ROW.findall((ROOT / "docs" / language / "troubleshooting.md").read_text(encoding="utf-8"))
    assert len(quoted) > 25
    unknown = []
    for message in quoted:
        words = [re.escape(piece.strip(" '")) for piece in message.split("…")]
        if not re.search(r"[^\n]{0,80}?".join(words), everything_said()):
            unknown.append(message)
    assert not unknown
