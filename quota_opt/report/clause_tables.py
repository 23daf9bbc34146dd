"""Tables of the clauses a case lists and of the readings it takes, as the papers show them."""

from __future__ import annotations

from quota_opt.errors import Text
from quota_opt.plan.clauses import ClauseLine
from quota_opt.report import words
from quota_opt.report.content import Content
from quota_opt.report.values import Cell, Column, Table, table_of
from quota_opt.report.words import WORDS


def clauses(content: Content) -> Table:
    """条款: each clause, the rules that carry it with their state in this plan, or why it is only reported."""
    columns = (
        Column("id", Text("编号", "id")),
        Column("clause", WORDS["clause"]),
        Column("kind", WORDS["clause_kind"]),
        Column("text", WORDS["clause_text"], "long"),
        Column("carried_by", WORDS["carried_by"], "long"),
        Column("reported", WORDS["not_modelled"], "long"),
    )
    rows: list[list[Cell]] = [
        [
            line.id,
            line.words,
            words.listed(words.CLAUSE_KINDS, line.kind),
            line.text,
            _carriers(line),
            line.reported or "",
        ]
        for line in content.clauses
    ]
    return table_of("clauses_table", WORDS["clauses_table"], columns, rows)


def _carriers(line: ClauseLine) -> Text:
    """The rules by title with their state: 镇街留用〔顶格〕、目标〔有余量〕."""
    if not line.carriers:
        return Text("只报告，不建模", "reported, not modelled")
    zh = "、".join(f"{c.title.zh}〔{c.state_words.zh}〕" for c in line.carriers)
    en = ", ".join(f"{c.title.en} [{c.state_words.en}]" for c in line.carriers)
    return Text(zh, en)


def readings(content: Content) -> Table:
    """读法: each doubtful clause, the reading taken, the setting it stands in and the variants that read otherwise."""
    columns = (
        Column("id", Text("编号", "id")),
        Column("clause", WORDS["clause"]),
        Column("question", WORDS["question"], "long"),
        Column("taken", WORDS["reading_taken"], "long"),
        Column("setting", WORDS["setting"], "long"),
        Column("variants", WORDS["other_readings"], "long"),
    )
    rows: list[list[Cell]] = [
        [line.id, line.words, line.question, line.taken, line.setting, _variants(line.variants)]
        for line in content.readings
    ]
    return table_of("readings_table", WORDS["readings_table"], columns, rows)


def _variants(variants: tuple[tuple[str, Text], ...]) -> Text:
    zh = "；".join(f"{title.zh}（{name}）" if title.zh != name else name for name, title in variants)
    en = "; ".join(f"{title.en} ({name})" if title.en != name else name for name, title in variants)
    return Text(zh, en)
