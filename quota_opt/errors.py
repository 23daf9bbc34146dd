"""Every error a user can meet: what is wrong, where, and how to mend it; in Chinese and English."""

from __future__ import annotations

import copyreg
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, NamedTuple

Language = Literal["zh", "en"]


class Text(NamedTuple):
    """One sentence in both languages; a missing translation is a type error, not a surprise on screen."""

    zh: str
    en: str

    def of(self, language: Language) -> str:
        """The sentence in `language`."""
        return self.zh if language == "zh" else self.en


class Level(StrEnum):
    """How much a finding matters: an error blocks solving, a warning does not, an info is folded away."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def words(self) -> Text:
        """错误 / 警告 / 提示."""
        return {
            Level.ERROR: Text("错误", "error"),
            Level.WARNING: Text("警告", "warning"),
            Level.INFO: Text("提示", "info"),
        }[self]


@dataclass(frozen=True)
class Where:
    """The spot a finding points at; every part may be missing.

    `row` is the 1-based line of the file or sheet as Excel shows it (the header is line 1 in a plain table);
    `column` the header as written; `cell` the address in a workbook (`E18`); `path` a dotted settings path.
    """

    file: str | None = None
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    cell: str | None = None
    path: str | None = None
    rule: str | None = None
    clause: str | None = None

    def of(self, language: Language) -> str:
        """The spot in words, e.g. `企业.xlsx 企业!E18` or `firms.csv, line 3, column energy_tce`."""
        zh = language == "zh"
        parts: list[str] = []
        if self.sheet and self.cell:
            parts.append(f"{self.file} {self.sheet}!{self.cell}" if self.file else f"{self.sheet}!{self.cell}")
        else:
            if self.file:
                parts.append(f"{self.file} {self.sheet}" if self.sheet else self.file)
            elif self.sheet:
                parts.append(self.sheet)
            if self.row is not None:
                parts.append(f"第 {self.row} 行" if zh else f"line {self.row}")
        if self.column:
            parts.append(f"“{self.column}”列" if zh else f"column {self.column}")
        if self.path:
            parts.append(self.path)
        if self.rule:
            parts.append(f"规则 {self.rule}" if zh else f"rule {self.rule}")
        if self.clause:
            parts.append(self.clause)
        return ("，" if zh else ", ").join(parts)


@dataclass(frozen=True)
class Finding:
    """One problem of the input: what (with the value seen), where, how to mend it.

    `code` is stable and kebab-case (`unknown-column`), for programs and tests.
    """

    level: Level
    code: str
    what: Text
    where: Where
    fix: Text
    seen: str | None = None

    def lines(self, language: Language) -> tuple[str, str, str]:
        """The three lines shown on page, terminal and paper: 问题 / 位置 / 怎么改."""
        return self.what.of(language), self.where.of(language), self.fix.of(language)

    def as_dict(self, language: Language) -> dict[str, Any]:
        """The finding as a JSON object; texts in `language`."""
        what, where, fix = self.lines(language)
        spot = {key: value for key, value in vars(self.where).items() if value is not None}
        return {
            "level": str(self.level),
            "code": self.code,
            "what": what,
            "where": where,
            "fix": fix,
            "seen": self.seen,
            "at": spot,
        }


class QuotaOptError(Exception):
    """Base of every error raised on purpose. `text` says what, where and how to mend, in both languages."""

    exit_code = 1

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text

    def __reduce__(self) -> tuple[Any, ...]:
        # The default makes the error anew from its message alone; text, findings and conflicts must come along.
        return copyreg.__newobj__, (type(self), *self.args), vars(self)  # type: ignore[attr-defined]

    def of(self, language: Language) -> str:
        """The message in `language`."""
        return self.text.of(language)


class InputError(QuotaOptError):
    """The input needs correcting; `.findings` lists every problem found, errors and warnings alike."""

    exit_code = 2

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings: tuple[Finding, ...] = tuple(findings)
        errors = [f for f in self.findings if f.level is Level.ERROR]

        def listing(language: Language) -> str:
            return "\n".join("\n  ".join(f.lines(language)) for f in errors)

        super().__init__(
            Text(
                f"输入有 {len(errors)} 处错误：\n{listing('zh')}",
                f"The input has {len(errors)} error{'' if len(errors) == 1 else 's'}:\n{listing('en')}",
            )
        )


@dataclass(frozen=True)
class Conflict:
    """One rule that takes part in an infeasibility, and by how much it would have to give.

    `amount` is in `unit`, the smallest total relaxation found by the elastic model.
    """

    rule: str
    clause: str | None
    amount: float
    unit: str
    labels: Mapping[str, Any] = field(default_factory=dict)


class InfeasibleScenario(QuotaOptError):
    """No allocation satisfies all the rules; `.conflicts` names the rules that clash and the amounts they are short."""

    exit_code = 3

    def __init__(self, text: Text, conflicts: Sequence[Conflict] = ()) -> None:
        super().__init__(text)
        self.conflicts: tuple[Conflict, ...] = tuple(conflicts)


class UnboundedScenario(QuotaOptError):
    """The objective can grow without limit: a measure is rewarded that nothing restrains."""

    exit_code = 2


class NoPlanFound(QuotaOptError):
    """A limit (time, or a cancellation) came before any plan was found."""

    exit_code = 4


class EngineUnavailable(QuotaOptError):
    """The profile asks for a solver that is not installed here; the message says how to get it."""

    exit_code = 2


class EngineFailed(QuotaOptError):
    """The solver itself failed or returned something that is not a plan."""

    exit_code = 1


class VerificationFailed(QuotaOptError):
    """A plan does not hold when re-checked from the tables; it is an error, never a result."""

    exit_code = 5


class OutputExists(QuotaOptError):
    """The result folder is there already; nothing is overwritten."""

    exit_code = 2


class StoreUnavailable(QuotaOptError):
    """The run store cannot be used: not there, not reachable, not writable, damaged, or made by a newer version."""

    exit_code = 2
