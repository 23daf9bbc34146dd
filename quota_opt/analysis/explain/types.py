"""What an explanation is: a verdict in sentences, the figures behind it, and the single changes that would turn it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from quota_opt.analysis.explain.changes import Forced
from quota_opt.errors import Language, Text
from quota_opt.scenario import Scenario

if TYPE_CHECKING:
    from quota_opt.report.document import Document

State = Literal["enough", "not_enough", "at_least", "about", "open"]

STATES: Mapping[str, Text] = {
    "enough": Text("已重新求解验证", "confirmed by re-solving"),
    "not_enough": Text("已重新求解：仍不行", "re-solved: still not enough"),
    "at_least": Text("由价格证明的下限", "a bound proven by prices"),
    "about": Text("按价格推算", "by prices"),
    "open": Text("价格不能断定", "prices cannot tell"),
}
"""How much a change is worth believing."""

VERDICTS: Mapping[str, Text] = {
    "awarded": Text("已安排", "awarded"),
    "barred": Text("不予准入", "barred"),
    "outside": Text("开工年份不在规划期内", "no start year in the horizon"),
    "variant": Text("同组另一方案入选", "another variant was chosen"),
    "waiting": Text("等待前置项目", "waiting for a required project"),
    "excluded": Text("与已安排的项目互斥", "excluded by an awarded project"),
    "out_priced": Text("低于指标价格", "out-priced"),
    "leftover": Text("整体装不下", "does not fit whole"),
    "worthless": Text("不增加目标值", "adds nothing to the objective"),
    "treated": Text("整治", "treated"),
    "kept": Text("保留", "kept"),
    "protected": Text("受保护", "protected"),
    "not_listed": Text("不在清单内", "not listed"),
    "binding": Text("顶格", "binding"),
    "slack": Text("有余量", "has room"),
    "overriding": Text("让行", "let something pass"),
    "broken": Text("突破", "broken"),
}


@dataclass(frozen=True)
class Change:
    """One change of one thing and whether it is enough.

    `amount` (in `unit`) is its size, `reach` the figure it comes to, `below` the next smaller size, not enough.
    `gain` is what the objective then gains on the plan; `leavers` and `joiners` are projects. `monotone` is False where
    a larger change that was tried is not enough again.
    """

    kind: str
    text: Text
    state: State
    amount: float | None = None
    unit: str = ""
    reach: float | None = None
    below: float | None = None
    gain: float | None = None
    leavers: tuple[str, ...] = ()
    joiners: tuple[str, ...] = ()
    monotone: bool = True
    scenario: Scenario | None = field(default=None, repr=False, compare=False)


OnChange = Callable[[Change], None]
"""Called with each change as soon as it is known."""


def told(changes: Iterable[Change], on_change: OnChange | None) -> Iterator[Change]:
    """The changes, each told as it comes."""
    for change in changes:
        if on_change is not None:
            on_change(change)
        yield change


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a project, firm or rule of a plan is as it is.

    `sentences` answer in order of weight; `tables` are the figures behind them by name; `changes` the single changes
    that would turn the verdict; `forced` what it costs to turn it by force (only where re-solves were asked for).
    """

    kind: Literal["project", "firm", "rule"]
    id: str
    title: Text
    verdict: str
    sentences: tuple[Text, ...]
    scenario: Scenario = field(repr=False)
    unit: str = ""
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    forced: Forced | None = None
    confirmed: bool = False

    def document(self) -> Document:
        """The explanation as a report for people."""
        from quota_opt.analysis.explain.document import document_of

        return document_of(self)

    def write(self, path: str | Path, language: Language = "zh") -> Path:
        """Write it as html, or as a workbook or Word paper where the name ends in .xlsx or .docx. Returns the path."""
        return write_either(self.document(), None, Path(path), language)

    def as_dict(self) -> dict[str, Any]:
        """The explanation as plain values; sentences stay in both languages."""
        changes = [
            {
                **{name: value for name, value in vars(change).items() if name != "scenario"},
                "proof": STATES[change.state],
            }
            for change in self.changes
        ]
        forced = None
        if self.forced is not None:
            forced = {name: value for name, value in vars(self.forced).items() if name != "solution"}
        return {
            "kind": self.kind,
            "id": self.id,
            "title": self.title,
            "verdict": self.verdict,
            "sentences": self.sentences,
            "unit": self.unit,
            "tables": {name: table.to_dict("records") for name, table in self.tables.items()},
            "changes": changes,
            "forced": forced,
            "confirmed": self.confirmed,
        }


def write_either(document: Document, table: pd.DataFrame | None, path: Path, language: Language) -> Path:
    """Write a document as the ending of `path` says: workbook, Word paper, the `table` alone (.csv), html otherwise."""
    from quota_opt.plan.folder import write_table
    from quota_opt.report.document import write_docx, write_html, write_xlsx

    ending = path.suffix.lower()
    if ending == ".csv" and table is not None:
        write_table(table, path)
        return path
    if ending == ".docx":
        return write_docx(document, path, language)
    return (write_xlsx if ending == ".xlsx" else write_html)(document, path, language)
