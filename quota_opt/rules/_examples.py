"""Each rule's example: one small case, solved by hand, and what the rule changes in it.

`examples/_case.toml` is the case; `examples/<rule>.toml` the rule's settings (or table rows), what then comes out, and
the rule in Chinese. A rule without such a file has no example and is told of in English alone.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quota_opt.errors import Text
from quota_opt.scenario import TABLES, Scenario

_FOLDER = Path(__file__).parent / "examples"
_TABLES = tuple(table.name for table in TABLES)


@dataclass(frozen=True)
class Shown:
    """What comes out: a sentence, the objective, the firms treated and the projects awarded."""

    text: Text
    objective: float
    actions: tuple[str, ...]
    awards: tuple[str, ...]


@dataclass(frozen=True)
class Example:
    """The example of one rule: `toml` is what is added to the small case; `about` and `symbols` are Chinese."""

    rule: str
    toml: str
    added: Mapping[str, Any]
    shown: Shown
    about: str
    symbols: Mapping[str, str]

    def scenario(self) -> Scenario:
        """The small case with the rule on."""
        return _scenario(self.added, self.rule)


def example_of(rule: str) -> Example | None:
    """The example of a rule, if it has one."""
    path = _FOLDER / f"{rule}.toml"
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8")
    document = tomllib.loads(text)
    parts = re.findall(r"^\[.*?(?=^\[|\Z)", text, flags=re.M | re.S)
    shown = _shown(document.pop("shows"))
    about, symbols = document.pop("about", {}), document.pop("symbols", {})
    own = [part for part in parts if not re.match(r"\[(about|symbols|shows)\]", part)]
    return Example(rule, "".join(own).strip(), document, shown, about.get("zh", "").strip(), symbols)


def small_case() -> tuple[Scenario, Shown]:
    """The small case with no rule on, and what comes out of it."""
    return _scenario({}, None), _shown(_document()["shows"])


def _document() -> dict[str, Any]:
    return tomllib.loads((_FOLDER / "_case.toml").read_text(encoding="utf-8"))


def _shown(said: Mapping[str, Any]) -> Shown:
    return Shown(Text(said["zh"], said["en"]), said["objective"], tuple(said["actions"]), tuple(said["awards"]))


def _scenario(added: Mapping[str, Any], rule: str | None) -> Scenario:
    document = _document()
    del document["shows"]
    if rule is not None:
        document["scenario"]["name"] += f"-{rule.replace('_', '-')}"
    tables = {name: document.pop(name, []) for name in _TABLES}
    for name in _TABLES:
        tables[name] = [*tables[name], *added.get(name, [])]
    settings = {**document, **{key: value for key, value in added.items() if key not in _TABLES}}
    return Scenario.from_tables(settings, **{name: rows for name, rows in tables.items() if rows})
