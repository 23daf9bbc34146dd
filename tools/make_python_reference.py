"""Write the reference of the Python façade into the documentation, from the docstrings of every public name.

python tools/make_python_reference.py
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any

import quota_opt as qo

ROOT = Path(__file__).resolve().parents[1]
READMES = {"zh": "README.zh-CN.md", "en": "README.md"}
FRONT = {
    "zh": "# Python\n\n`import quota_opt as qo` 之后，全部公开的名称都在这里。名称在第一次用到时才载入，导入很快；"
    "不打印，不联网。用法见[嵌入](embedding.md)和[教程](tutorials/README.md)。\n\n"
    "本页由各名称的说明生成（`make docs`），说明为英文原文；先看这张中文概览。",
    "en": "# Python\n\nAfter `import quota_opt as qo`, every public name is here. Names are loaded when first used, so "
    "importing costs little; nothing is printed and no network used. How to use them: [embedding](embedding.md) and "
    "the [tutorials](tutorials/README.md).\n\nMade from the docstrings (`make docs`). The names in groups:",
}
HEADINGS = {
    "zh": {"functions": "函数", "values": "类型", "errors": "错误"},
    "en": {"functions": "Functions", "values": "Types", "errors": "Errors"},
}
WIDTH = 100


def reference_page(language: str) -> str:
    """The whole page."""
    parts = [FRONT[language], _overview(language)]
    for kind, names in _kinds().items():
        parts.append(f"## {HEADINGS[language][kind]}")
        for name in names:
            parts += [f"### `{name}` {{#{name}}}", *_about(name, getattr(qo, name))]
    return "\n\n".join(parts) + "\n"


def _overview(language: str) -> str:
    """The table of names of the README, with links that lead on from here and names that lead down this page."""
    text = (ROOT / READMES[language]).read_text("utf-8")
    table = re.search(r"^\| (?:names|名称) \| \|\n(?:\|.*\n)+", text, flags=re.M)
    assert table is not None
    here = table[0].rstrip().replace(f"](docs/{language}/", "](").replace("](docs/README.md)", "](rules/README.md)")
    return re.sub(
        r"`(\w+)`", lambda found: f"[`{found[1]}`](#{found[1]})" if found[1] in qo.__all__ else found[0], here
    )


def _kinds() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"functions": [], "values": [], "errors": []}
    for name in sorted(qo.__all__, key=str.lower):
        value = getattr(qo, name)
        if not inspect.isclass(value):
            found["functions"].append(name)
        else:
            found["errors" if issubclass(value, BaseException) else "values"].append(name)
    return found


def _about(name: str, value: Any) -> Iterator[str]:
    if not inspect.isclass(value):
        yield _fence(_signature(name, value))
    yield from _docstring(value)
    if inspect.isclass(value):
        members = list(_members(value))
        if members:
            yield "\n".join(members)


def _signature(name: str, value: Any) -> str:
    """A call as it is written, over several lines where it is long."""
    signature = inspect.signature(value)
    shown, keyword = [], False
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not keyword:
            shown.append("*")
            keyword = True
        default = "" if parameter.default is parameter.empty else f" = {_short(repr(parameter.default))}"
        stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        keyword = keyword or stars == "*"
        shown.append(f"{stars}{parameter.name}: {parameter.annotation}{default}")
    returns = f" -> {signature.return_annotation}"
    whole = f"qo.{name}({', '.join(shown)}){returns}"
    if len(whole) <= WIDTH:
        return whole
    return "\n".join([f"qo.{name}(", *(f"    {line}," for line in shown), f"){returns}"])


def _short(default: str) -> str:
    return default if len(default) < 40 else "…"


def _docstring(value: Any) -> Iterator[str]:
    """A docstring as Markdown: its sections in bold, what is indented or a table as it stands."""
    for piece in re.split(r"\n\s*\n", inspect.getdoc(value) or ""):
        lines = piece.splitlines()
        if len(lines) > 1 and re.fullmatch(r"-{3,}", lines[1]):
            yield f"**{lines[0]}**"
            lines = lines[2:]
            if lines:
                yield _fence("\n".join(lines)) if any(line.startswith(" ") for line in lines) else "\n".join(lines)
        elif any(line.startswith((" ", "==")) for line in lines):
            yield _fence(inspect.cleandoc(f"\n{piece}"))
        else:
            yield piece


def _members(value: type[Any]) -> Iterator[str]:
    """Fields, values, properties and methods, each on a line."""
    if issubclass(value, Enum):
        yield "- " + ", ".join(f"`{member.name}`" for member in value)
        return
    if dataclasses.is_dataclass(value):
        fields = [field for field in dataclasses.fields(value) if not field.name.startswith("_")]
        yield "- " + ", ".join(f"`{field.name}`" for field in fields)
    for name, member in vars(value).items():
        if name.startswith("_") or not (inspect.isfunction(_plain(member)) or isinstance(member, property)):
            continue
        said = (inspect.getdoc(member) or inspect.getdoc(_plain(member)) or "").partition("\n\n")[0].replace("\n", " ")
        call = "" if isinstance(member, property | cached_property) else "()"
        yield f"- `{name}{call}`" + (f": {said}" if said else "")


def _plain(member: Any) -> Any:
    """The function behind a method of whatever kind."""
    return getattr(member, "__func__", getattr(member, "func", member))


def _fence(text: str) -> str:
    return f"```text\n{text}\n```" if not text.startswith("qo.") else f"```python\n{text}\n```"


def main() -> None:
    """Write the page in both languages."""
    for language in READMES:
        (ROOT / "docs" / language / "python.md").write_text(reference_page(language), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
