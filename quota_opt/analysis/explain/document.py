"""An explanation as a report for people: the answer, the ways to turn it, the figures."""

from __future__ import annotations

from typing import Any

import pandas as pd

from quota_opt.analysis.explain.project import verdict_words
from quota_opt.analysis.explain.types import STATES, Change, Explanation
from quota_opt.errors import Text
from quota_opt.model.places import PlaceTree
from quota_opt.plan.ledger import ARROW
from quota_opt.report.document import Document, Section, about
from quota_opt.report.values import Cell, Column, Table, records, table_of
from quota_opt.report.words import ACTIONS, LEDGER_ENDS, listed, resource_name, unit_name
from quota_opt.scenario import Scenario, rule_title

MOST_ROWS = 12
"""Rows of a table of figures that are shown; all of them are in the explanation itself (`--json`)."""
_TITLES = {
    "worth": Text("贡献与占用", "What it brings and takes"),
    "bars": Text("限制条款", "Clauses that bar it"),
    "takers": Text("指标给了谁（净得少的在前）", "Who has the quota (least net first)"),
    "sources": Text("指标从哪里来", "Where its quota comes from"),
    "passed": Text("通过的条款", "Clauses it passes"),
    "uses": Text("腾出的指标去了哪里", "Where what it freed went"),
    "prices": Text("价格", "Prices"),
    "hits": Text("受影响的项目和企业", "Whom it hits"),
    "towns": Text("涉及的镇街", "Towns it bears on"),
    "rows": Text("各行余量", "Its rows and their room"),
}
_COLUMNS = {
    "project": Text("项目", "project"),
    "firm": Text("企业", "firm"),
    "id": Text("编号", "id"),
    "kind": Text("种类", "kind"),
    "name": Text("名称", "name"),
    "place": Text("区域", "place"),
    "year": Text("年份", "year"),
    "years": Text("年份", "years"),
    "amount": Text("数量", "amount"),
    "resource": Text("资源", "resource"),
    "value": Text("贡献", "value"),
    "charge": Text("折价", "charge"),
    "margin": Text("净得", "net"),
    "each": Text("每单位净得", "net per unit"),
    "rule": Text("规则", "rule"),
    "clause": Text("出处", "source"),
    "figure": Text("数值", "figure"),
    "limit": Text("上限", "limit"),
    "slack": Text("余量", "room"),
    "text": Text("说明", "text"),
    "item": Text("项", "item"),
    "action": Text("措施", "action"),
    "from": Text("来源", "from"),
    "to": Text("去向", "to"),
    "pool_path": Text("路径", "path"),
    "price": Text("价格", "price"),
    "unit": Text("单位", "unit"),
    "holds_from": Text("有效自", "holds from"),
    "holds_to": Text("有效至", "holds to"),
    "count": Text("个数", "count"),
    "where": Text("位置", "where"),
    "method": Text("取得办法", "method"),
}
_DIGITS = {"amount": 1, "each": 2, "price": 4, "figure": 3, "limit": 3, "slack": 2, "holds_from": 1, "holds_to": 1}
_HEADS = {
    "project": Text("为什么：项目 ", "Why: project "),
    "firm": Text("为什么：企业 ", "Why: firm "),
    "rule": Text("这条规则的作用：", "What this rule does: "),
}


def document_of(made: Explanation) -> Document:
    """The report of an explanation."""
    head = _HEADS[made.kind]
    verdict = verdict_words(made.verdict)
    title = Text(f"{head.zh}{made.title.zh}——{verdict.zh}", f"{head.en}{made.title.en} — {verdict.en}")
    sections = [Section(Text("结论", "Answer"), made.sentences)]
    if made.changes:
        words = Text("怎样才能入选（每次只改一项）", "What would let it in (one change at a time)")
        if made.kind == "firm":
            words = Text("怎样会改变结论（每次只改一项）", "What would turn it (one change at a time)")
        if made.kind == "rule":
            words = Text("没有这条规则会怎样", "Without this rule")
        sections.append(Section(words, (), (changes_table(made.changes),)))
    shown = [
        _table(name, _shown(made.scenario, frame)).shortened(MOST_ROWS)
        for name, frame in made.tables.items()
        if len(frame)
    ]
    if shown:
        sections.append(Section(Text("依据", "Figures"), (_unit(made.unit),) if made.unit else (), tuple(shown)))
    return about(f"explain-{made.kind}", title, made.scenario, tuple(sections))


def changes_table(changes: tuple[Change, ...]) -> Table:
    """The changes, each with how it is known."""
    columns = [Column("change", Text("改法", "change"), "long"), Column("proof", Text("把握", "how it is known"))]
    rows: list[list[Cell]] = [[change.text, STATES[change.state]] for change in changes]
    if any(change.gain is not None for change in changes):
        columns.append(Column("gain", Text("目标值变化", "change of the objective"), "number", digits=0))
        rows = [[*row, change.gain] for row, change in zip(rows, changes, strict=True)]
    return table_of("changes", Text("改法与把握", "Changes, and how sure they are"), columns, rows)


def document_of_all(scenario: Scenario, table: pd.DataFrame, unit: str) -> Document:
    """The report on every project that is out."""
    count = table["verdict"].value_counts()
    parts = [(verdict_words(str(verdict)), int(number)) for verdict, number in count.items()]
    words = Text(
        "，".join(f"{name.zh} {number} 个" for name, number in parts),
        ", ".join(f"{number} {name.en}" for name, number in parts),
    )
    answer = Text(
        f"{len(table)} 个项目未安排：{words.zh}。" if len(table) else "所有项目都已安排。",
        f"{len(table)} {'project is' if len(table) == 1 else 'projects are'} out: {words.en}."
        if len(table)
        else "Every project is awarded.",
    )
    columns = (
        Column("project", _COLUMNS["project"]),
        Column("place", _COLUMNS["place"]),
        Column("verdict", Text("结论", "verdict")),
        Column("year", Text("最适年份", "best year"), "year"),
        Column("value", _COLUMNS["value"], "number"),
        Column("charge", _COLUMNS["charge"], "number"),
        Column("loss", Text("强行安排至少损失", "forced in: costs at least"), "number"),
        Column("more", Text("每年至少再多", "at least so much more a year"), "number", digits=1),
        Column("unit", _COLUMNS["unit"]),
        Column("text", _COLUMNS["text"], "long"),
    )
    tree = PlaceTree.of(scenario.places)
    rows: list[list[Cell]] = [
        [
            row.project, str(tree.titles[tree.code[row.place]]), verdict_words(row.verdict), row.year, row.value,
            row.charge, row.loss_at_least, row.more_needed, unit_name(row.unit) if row.unit else "",
            Text(row.text, row.text_en) if row.verdict == "barred" else "",
        ]
        for row in records(table.sort_values(["loss_at_least", "project"], kind="stable"))
    ]  # fmt: skip
    made = table_of(
        "explanations", Text("未安排的项目（最接近入选的在前）", "Projects that are out, nearest first"), columns, rows
    )
    notes = (
        _unit(unit),
        Text("“至少”由价格证明，没有重新求解。", "“At least” is proven by prices; nothing was re-solved."),
    )
    title = Text("未安排的项目为什么落选", "Why projects are out")
    return about("explanations", title, scenario, (Section(Text("结论", "Answer"), (answer, *notes), (made,)),))


def _unit(unit: str) -> Text:
    if unit == "objective":
        return Text("贡献、折价和净得都以目标值的单位计。", "Value, charge and net are in units of the objective.")
    plain = unit.removesuffix(" eq")
    name = unit_name(plain)
    also = Text("（其他目标按权重折算）", ", other aims converted by their weights") if plain != unit else Text("", "")
    return Text(f"贡献、折价和净得都以{name.zh}计{also.zh}。", f"Value, charge and net are in {name.en}{also.en}.")


def _table(name: str, frame: pd.DataFrame) -> Table:
    """A frame with the headings people read; a column `x_en` is the other language of `x`."""
    keys = [key for key in frame.columns if not key.endswith("_en") and key != "from_kind" and key in _COLUMNS]
    columns = []
    for key in keys:
        number = frame[key].dtype.kind in "fi" and key != "year"
        kind = "number" if number else "year" if key == "year" else "long" if key == "text" else "text"
        columns.append(Column(key, _COLUMNS[key], kind, digits=_DIGITS.get(key, 0)))  # type: ignore[arg-type]
    rows: list[list[Cell]] = [[_cell(dict(record), key) for key in keys] for record in frame.to_dict("records")]
    return table_of(name, _TITLES.get(name, Text(name, name)), columns, rows)


def _shown(scenario: Scenario, frame: pd.DataFrame) -> pd.DataFrame:
    """Places and rules by the names people know."""
    made, tree = frame.copy(), PlaceTree.of(scenario.places)
    if "pool_path" in made:
        made["pool_path"] = [
            ARROW.join(str(tree.titles[tree.code[part]]) for part in str(path).split(ARROW) if part in tree.code)
            for path in made["pool_path"]
        ]
    if "action" in made:
        kinds = [listed(ACTIONS, str(kind)) if kind else Text("", "") for kind in made["action"]]
        made["action"], made["action_en"] = [kind.zh for kind in kinds], [kind.en for kind in kinds]
    if "to" in made:
        ends = [LEDGER_ENDS.get(str(to), Text(str(to), str(to))) for to in made["to"]]
        made["to"], made["to_en"] = [end.zh for end in ends], [end.en for end in ends]
    if "place" in made:
        made["place"] = [str(tree.titles[tree.code[p]]) if p in tree.code else p for p in made["place"]]
    if "rule" in made:
        titles = [rule_title(str(rule)) for rule in made["rule"]]
        made["rule"], made["rule_en"] = [title.zh for title in titles], [title.en for title in titles]
    return made


def _cell(record: dict[Any, Any], key: str) -> Cell:
    value = record[key]
    if f"{key}_en" in record:
        return Text(str(value), str(record[f"{key}_en"]))
    if key == "kind":
        return _COLUMNS.get(str(value), Text(str(value), str(value)))
    if key == "resource":
        return resource_name(str(value))
    if isinstance(value, float | int):
        return float(value)
    return str(value)
