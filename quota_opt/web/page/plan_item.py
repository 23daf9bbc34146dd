"""One project or firm of a plan in the drawer: in or out, why, by which clause, with its entries in the ledger."""

from __future__ import annotations

from quota_opt.errors import Text
from quota_opt.report import tables, words
from quota_opt.report.values import records
from quota_opt.report.words import WORDS
from quota_opt.web.page import kit
from quota_opt.web.page.plan_result import Shown
from quota_opt.web.page.rows import rows


def show_item(shown: Shown, kind: str, item: str) -> None:
    """Open the drawer on a project or firm."""
    content, view = shown.read.content, shown.view
    found = content.reasons[(content.reasons["kind"] == kind) & (content.reasons["id"] == item)]
    if found.empty:
        return
    row = next(records(found))
    title = item if row.title == item else f"{item} {row.title}"
    dialog, body = kit.drawer(view, title)
    with body:
        kit.badge(
            shown.say(words.listed(words.VERDICTS, row.verdict)),
            "good" if row.verdict in ("awarded", "treated") else "warn",
        )
        kit.answer(tables.reason_text(row, view.language, ""), live=False)
        if row.rule:
            rule = shown.say(words.listed(words.RULES, row.rule))
            kit.words(f"{shown.say(WORDS['rule'])}：{rule}" if view.language == "zh" else f"Rule: {rule}", "", "p")
        if row.clause:
            clause = shown.say(content.clause_words(row.clause))
            kit.words(
                f"{shown.say(WORDS['clause'])}：{clause}" if view.language == "zh" else f"Clause: {clause}", "", "p"
            )
        ledger = shown.read.ledger(shown.part, search="")
        mine = content.ledger[(content.ledger["from"] == item) | (content.ledger["to"] == item)]
        if len(mine):
            from dataclasses import replace

            kit.heading(shown.say(Text("台账", "Ledger")), 3)
            rows(view, tables.ledger(replace(ledger, ledger=mine)), most=50)
    dialog.open()
