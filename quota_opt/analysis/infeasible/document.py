"""The report on a case without a plan: which clauses exclude each other, and what may be changed, in what order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from quota_opt.errors import Conflict, Language, Text
from quota_opt.report.document import Document, Section, about
from quota_opt.report.numbers import short
from quota_opt.report.values import Cell, Column, Table, table_of
from quota_opt.report.words import RULES, listed, unit_name

if TYPE_CHECKING:
    from quota_opt.analysis.infeasible.infeasible import Clash
    from quota_opt.analysis.infeasible.repair import Change, Repair

_NUMBER = Column("number", Text("序号", "no."), "number")


def clash_document(clash: Clash) -> Document:
    """The report; its first sentence says what clashes and what the first way out is."""
    title = Text("为什么没有可行方案", "Why there is no plan")
    sections = [Section(title, _answer(clash))]
    if clash.clashes:
        sections[0] = Section(title, _answer(clash), (_clash_table(clash),))
    if clash.repairs:
        sections.append(Section(Text("改法", "Ways out"), _about_repairs(clash), (_repair_table(clash.repairs),)))
    return about("clash", title, clash.scenario, tuple(sections))


def _answer(clash: Clash) -> tuple[Text, ...]:
    if clash.feasible:
        return (Text("本案例有可行方案，没有条款相互矛盾。", "This case has a plan: no clauses exclude each other."),)
    if clash.feasible is None:
        return (
            Text(
                "到时限时还不能断定是否有可行方案，请放宽时限。",
                "A limit came before it was known whether there is a plan; allow more time.",
            ),
        )
    said = []
    if not clash.clauses:
        said.append(
            Text(
                "撤掉全部条款仍没有可行方案：存量指标等数据本身不成立。",
                "Without any clause there is still no plan: the data, such as quotas held, exclude one by themselves.",
            )
        )
    else:
        names = [clause.title for clause in clash.clauses]
        zh, en = "、".join(f"“{name.zh}”" for name in names), ", ".join(f"“{name.en}”" for name in names)
        one = len(names) == 1
        said.append(
            Text(
                f"{zh}{'单独就做不到' if one else '不能同时满足'}。",
                f"{en} {'cannot be met by itself' if one else 'cannot all be met'}.",
            )
        )
    if clash.repairs:
        first = repair_words(clash.repairs[0])
        said.append(Text(f"最先考虑的改法：{first.zh}。", f"The first way out: {first.en}."))
    if len(clash.clashes) > 1:
        count = len(clash.clashes)
        said.append(
            Text(f"共有 {count} 组矛盾，每组都须解开。", f"There are {count} clashes, and each must be undone.")
        )
    if not clash.whole:
        said.append(
            Text(
                "时限已到：未列出的改法可能存在，标明“未证”的组可能还能缩小。",
                "A limit came: there may be more ways out, and sets marked as not proven may be smaller.",
            )
        )
    return tuple(said)


def repair_words(repair: Repair) -> Text:
    """A repair in one line: each number with what it is and what it becomes."""
    if repair.rows:
        parts = [_row_words(row) for row in repair.rows]
        named = repair.changes[0].words
        return Text(
            f"放宽“{named.zh}”：{'；'.join(part.zh for part in parts)}",
            f"relax {named.en}: {'; '.join(part.en for part in parts)}",
        )
    parts = [_change_words(change) for change in repair.changes]
    return Text("；".join(part.zh for part in parts), "; ".join(part.en for part in parts))


def _change_words(change: Change) -> Text:
    by = Text(f"（{change.difference.zh}）", f" ({change.difference.en})") if change.difference.zh else Text("", "")
    return Text(
        f"{change.words.zh}：{change.stated.zh} → {change.changed.zh}{by.zh}",
        f"{change.words.en}: {change.stated.en} → {change.changed.en}{by.en}",
    )


def _row_words(row: Conflict) -> Text:
    at = " ".join(str(value) for value in row.labels.values())
    unit, size = unit_name(row.unit), short(row.amount)
    return Text(f"{at} 差 {size} {unit.zh}".strip(), f"{at} by {size} {unit.en}".strip())


def _clash_table(clash: Clash) -> Table:
    columns = (
        _NUMBER,
        Column("rule", Text("规则", "rule")),
        Column("clause", Text("条款", "clause"), "long"),
        Column("source", Text("出处", "source"), "long"),
        Column("where", Text("位置", "where"), "long"),
        Column("minimal", Text("缺一即可行", "any one dropped leaves a plan"), "long"),
    )
    rows: list[Sequence[Cell]] = []
    for number, found in enumerate(clash.clashes, 1):
        proven = Text("已证", "proven") if found.minimal else Text("未证", "not proven")
        for clause in found.clauses:
            where = Text(clause.where.of("zh"), clause.where.of("en"))
            rule = _rule(clause.rule)
            rows.append((number, rule, clause.title, clause.clause or "", where, proven))
    note = Text(
        "同一序号的条款合在一起没有可行方案；去掉其中任何一条（组外条款不计）就有。",
        "Clauses of one number leave no plan together; any one of them dropped does (those outside the set aside).",
    )
    return Table(
        "clashes",
        Text("相互矛盾的条款", "Clauses that exclude each other"),
        columns,
        tuple(map(tuple, rows)),
        note=note,
    )


def _about_repairs(clash: Clash) -> tuple[Text, ...]:
    names = [_rule(name) for name in clash.order]
    least = all(repair.minimal for repair in clash.repairs)
    zh = "任一数字少改一步，就没有可行方案" if least else "时限内未能证明每个数字都不能再少改"
    en = (
        "with any of its numbers changed by a step less there is no plan"
        if least
        else "it was not shown in the time that none of the numbers could change by less"
    )
    return (
        Text(
            f"每个改法都按改后的案例重新求解并复核过；{zh}。",
            f"Each way out has been confirmed by solving the changed case and auditing the plan; {en}.",
        ),
        Text(
            f"排列次序：先改软的，后改硬的（{'、'.join(name.zh for name in names)}）；同级的先改幅度小的。",
            f"Ranked softest first ({', '.join(name.en for name in names)}); of equal rank, the smaller change first.",
        ),
    )


def _repair_table(repairs: Sequence[Repair]) -> Table:
    columns = (
        _NUMBER,
        Column("what", Text("改什么", "what to change"), "long"),
        Column("stated", Text("现在", "now")),
        Column("changed", Text("改为", "then")),
        Column("difference", Text("变化", "change")),
        Column("where", Text("怎么改", "how"), "long"),
    )
    rows: list[Sequence[Cell]] = []
    for number, repair in enumerate(repairs, 1):
        if repair.rows:
            for row in repair.rows:
                words = _row_words(row)
                title = _rule(row.rule)
                none = Text("没有单一参数可改，按行放宽", "no single parameter; the row itself gives")
                rows.append((number, title, "", "", words, none))
            continue
        for change in repair.changes:
            rows.append((number, change.words, change.stated, change.changed, change.difference, _how(change)))
    return table_of("repairs", Text("改法菜单", "Menu of repairs"), columns, rows)


def _rule(name: str) -> Text:
    links = {"requires": Text("前置项目", "required projects"), "excludes": Text("互斥项目", "excluded projects")}
    return links.get(name) or listed(RULES, name)


def _how(change: Change) -> Text:
    """What the planner types, or the cell to edit."""
    if change.setting is not None:
        return Text(f"--set {change.setting}", f"--set {change.setting}")
    return Text(change.where.of("zh"), change.where.of("en"))


def clash_tables(clash: Clash, language: Language) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The clauses of each clash, and the changes of each repair, one row each."""
    clauses = [
        {
            "clash": number,
            "rule": clause.rule,
            "clause": clause.title.of(language),
            "source": clause.clause or "",
            "where": clause.where.of(language),
            "minimal": found.minimal,
        }
        for number, found in enumerate(clash.clashes, 1)
        for clause in found.clauses
    ]
    changes = []
    for number, repair in enumerate(clash.repairs, 1):
        common = {"repair": number, "confirmed": repair.confirmed, "minimal": repair.minimal}
        for row in repair.rows:
            at = " ".join(f"{key}={value}" for key, value in row.labels.items())
            line = {"rule": row.rule, "what": at, "change": f"{row.amount:.10g}", "unit": row.unit}
            changes.append({**common, **line})
        for change in repair.changes if not repair.rows else ():
            line = {
                "rule": change.clause.rule,
                "what": change.words.of(language),
                "now": _plain(change.before),
                "then": _plain(change.after),
                "change": change.difference.of(language),
                "set": change.setting or "",
                "where": change.where.of(language),
            }
            changes.append({**common, **line})
    kept = ["repair", "rule", "what", "now", "then", "change", "unit", "set", "where", "confirmed", "minimal"]
    first = ["clash", "rule", "clause", "source", "where", "minimal"]
    return pd.DataFrame(clauses, columns=first), pd.DataFrame(changes, columns=kept, dtype=object).fillna("")


def _plain(value: object) -> str:
    if isinstance(value, tuple | list):
        return ";".join(map(str, value))
    return (
        str(value).lower() if isinstance(value, bool) else f"{value:.10g}" if isinstance(value, float) else str(value)
    )
