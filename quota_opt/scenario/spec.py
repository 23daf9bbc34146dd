"""What a table and a column of a case are, before any particular one is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from quota_opt.errors import Text
from quota_opt.scenario.units import normal

Kind = Literal["identifier", "text", "number", "integer", "year", "yes/no", "list", "numbers", "choice"]

KIND_WORDS: Mapping[Kind, Text] = {
    "identifier": Text("编号", "identifier"),
    "text": Text("文字", "text"),
    "number": Text("数字", "number"),
    "integer": Text("整数", "whole number"),
    "year": Text("年份", "year"),
    "yes/no": Text("是/否", "yes or no"),
    "list": Text("用“;”分隔的多项", "items separated by ;"),
    "numbers": Text("用“;”分隔的数字", "numbers separated by ;"),
    "choice": Text("选项", "one of a list"),
}


class Choice(NamedTuple):
    """One allowed value: the name in files and code, the Chinese word, and other spellings that mean it."""

    value: str
    zh: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class ColumnSpec:
    """One column: its English name, Chinese heading, kind, kept unit, and what may stand in its cells.

    `refers` names what the cells point at: a table (`places`, `firms`, `projects`), `resources`, or a list of
    projects and variant groups (`projects|groups`). `default` fills blank cells; None leaves them blank (NaN or "").
    `wildcard` is a text allowed beside numbers; it is kept as NaN. `missing` says, in place of the usual words, what is
    wrong and how to mend it where a required cell is blank. `unless` names the yes/no column that lets it be blank.
    """

    name: str
    zh: str
    kind: Kind
    description: Text
    unit: str | None = None
    required: bool = False
    default: float | str | bool | None = None
    choices: tuple[Choice, ...] = ()
    aliases: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    refers: str | None = None
    wildcard: str | None = None
    missing: tuple[Text, Text] | None = None
    unless: str | None = None
    dynamic: bool = False

    @property
    def numeric(self) -> bool:
        """Whether the cells are kept as float64."""
        return self.kind in ("number", "integer", "year")

    @cached_property
    def spellings(self) -> Mapping[str, str]:
        """Every accepted spelling of every choice, in comparable form, with the value it means."""
        return {normal(word): c.value for c in self.choices for word in (c.value, c.zh, *c.others)}

    def header(self, unit_zh: str) -> str:
        """The Chinese heading with its unit, as the blank workbook shows it."""
        return f"{self.zh}（{unit_zh}）" if unit_zh else self.zh


@dataclass(frozen=True)
class TableSpec:
    """One table of a case: file `<name>.csv`, or the sheet called `sheet` (Chinese) or `name`."""

    name: str
    sheet: str
    columns: tuple[ColumnSpec, ...]
    description: Text
    required: bool = False
    key: tuple[str, ...] = ()
    aliases: tuple[str, ...] = field(default=())

    def column(self, name: str) -> ColumnSpec:
        """The column called `name`; KeyError if there is none."""
        return self._by_name[name]

    def with_columns(self, more: tuple[ColumnSpec, ...]) -> TableSpec:
        """The same table with the case's own columns added."""
        extra = tuple(c for c in more if c.name not in self._by_name)
        if not extra:
            return self
        return TableSpec(
            self.name, self.sheet, (*self.columns, *extra), self.description, self.required, self.key, self.aliases
        )

    @cached_property
    def _by_name(self) -> dict[str, ColumnSpec]:
        return {c.name: c for c in self.columns}

    @cached_property
    def headings(self) -> Mapping[str, ColumnSpec]:
        """Every accepted heading without its unit, in comparable form."""
        return {normal(word): c for c in self.columns for word in (c.name, c.zh, *c.aliases)}
