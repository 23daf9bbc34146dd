"""The receipt of an override for people: the cost in a sentence, who loses and gains, every measure, what was bent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from quota_opt.errors import Text
from quota_opt.model.case import records
from quota_opt.plan.directed import directed
from quota_opt.report.directing import cost_words
from quota_opt.report.document import Document, Section, about
from quota_opt.report.numbers import running
from quota_opt.report.values import Cell, Column, Table, table_of
from quota_opt.report.words import ACTIONS, measure_name, resource_name, unit_name

if TYPE_CHECKING:
    import pandas as pd

    from quota_opt.analysis.receipt import Receipt

CHANGES = {
    "lost": Text("落选", "out"),
    "shrunk": Text("缩减", "smaller"),
    "moved": Text("改期", "another year"),
    "grown": Text("扩大", "larger"),
    "gained": Text("入选", "in"),
    "treated": Text("新增整治", "now treated"),
    "spared": Text("不再整治", "now spared"),
    "otherwise": Text("整治方式或年份改变", "treated otherwise"),
}
KINDS = {"project": Text("项目", "project"), "firm": Text("企业", "firm")}
SHOWN, PRICES_SHOWN = 6, 15
YES = Text("是", "yes")


def receipt_document(receipt: Receipt) -> Document:
    """The receipt as a small report."""
    tables = (_decisions(receipt), _bent(receipt))
    first = Section(
        Text("代价", "What it costs"),
        (*_cost(receipt), *_who(receipt)),
        tuple(t for t in tables if t.rows),
    )
    measures = Section(Text("各项指标", "Measures"), (), (_measures(receipt),))
    sections: tuple[Section, ...] = (first, measures)
    prices = _prices(receipt)
    if prices.rows:
        sections = (*sections, Section(Text("指标价格", "Prices of quota"), (), (prices,)))
    title = Text(f"{receipt.plan.scenario.title.zh} · 指定事项的代价", f"{receipt.plan.scenario.title.en} · receipt")
    return about("receipt", title, receipt.plan.scenario, sections)


def _asked(receipt: Receipt) -> Text:
    lines = receipt.added
    if not lines:
        return Text("这些指定原方案里已有。", "The plan without them has these orders already.")
    by = [f"（{line.by}）" if line.by else "" for line in lines]
    of = [f" ({line.by})" if line.by else "" for line in lines]
    return Text(
        f"本次指定 {len(lines)} 项：" + "；".join(a.words.zh + b for a, b in zip(lines, by, strict=True)) + "。",
        f"Orders ({len(lines)}): " + "; ".join(a.words.en + b for a, b in zip(lines, of, strict=True)) + ".",
    )


def _cost(receipt: Receipt) -> list[Text]:
    """The cost in a sentence, and how sure it is."""
    record = receipt.record()
    asked, cost = _asked(receipt), cost_words(record)
    said = [Text(asked.zh + cost.zh, f"{asked.en} {cost.en}")]
    least, most, unit = receipt.at_least, receipt.at_most, str(record["objective"]["unit"])
    if receipt.cost is None or least is None or most is None:
        return said
    if most - least > 1e-6 * max(1.0, abs(receipt.without.objective)):
        low, high = running(max(least, 0.0), unit), running(most, unit)
        said.append(
            Text(
                f"两个方案都只证明到各自的差距，真实代价在 {low.zh} 到 {high.zh} 之间。",
                f"By the proofs of both plans the true cost is between {low.en} and {high.en}.",
            )
        )
    else:
        said.append(Text("两个方案都已证明最优。", "Both plans are proven to be the best."))
    return said


def _who(receipt: Receipt) -> list[Text]:
    """Losers and gainers by name; what a directive names itself is not told again."""
    table = receipt.decisions[~receipt.decisions["asked"]]
    said = []
    for changes, zh, en in (
        (("lost", "shrunk", "moved", "treated"), "受影响的", "Who loses"),
        (("gained", "grown", "spared"), "得益的", "Who gains"),
    ):
        parts = [(CHANGES[change], _names(table[table["change"] == change])) for change in changes]
        parts = [(word, names) for word, names in parts if names.zh]
        if parts:
            said.append(
                Text(
                    f"{zh}：" + "；".join(f"{word.zh} {names.zh}" for word, names in parts) + "。",
                    f"{en}: " + "; ".join(f"{word.en} {names.en}" for word, names in parts) + ".",
                )
            )
    if not len(table):
        said.append(Text("没有其他项目和企业受影响。", "No other project or firm is decided otherwise."))
    other = int((table["change"] == "otherwise").sum())
    if other:
        said.append(
            Text(f"另有 {other} 家企业改变整治方式或年份。", f"{other} firms are treated otherwise or in another year.")
        )
    return said


def _names(table: pd.DataFrame) -> Text:
    names = [_name(row) for row in records(table)]
    more = len(names) > SHOWN
    return Text(
        "、".join(names[:SHOWN]) + (f" 等 {len(names)} 个" if more else ""),
        ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if more else ""),
    )


def _name(row: Any) -> str:
    return f"{row.id} {row.name}" if row.name and row.name != row.id else str(row.id)


def _decisions(receipt: Receipt) -> Table:
    columns = (
        Column("kind", Text("对象", "kind")),
        Column("id", Text("编号", "id"), "id"),
        Column("name", Text("名称", "name"), "long"),
        Column("change", Text("变化", "change")),
        Column("asked", Text("本次指定", "ordered")),
        Column("without", Text("原方案", "without")),
        Column("with", Text("指定后", "with")),
    )
    rows = [
        (KINDS[row["kind"]], row["id"], row["name"], CHANGES[row["change"]], YES if row["asked"] else "",
         _words(row["kind"], row["without"]), _words(row["kind"], row["with"]))
        for row in receipt.decisions.to_dict("records")
    ]  # fmt: skip
    return table_of("decisions", Text("得失", "Who loses and who gains"), columns, rows)


def _words(kind: str, decision: str) -> Text:
    """A decision in words: 关停 2024 年; 2024 年 100%."""
    if not decision:
        return Text("–", "–")
    if kind == "firm":
        action, _, year = decision.partition(" ")
        return Text(f"{year} 年{ACTIONS[action].zh}", f"{ACTIONS[action].en} in {year}")
    year, _, share = decision.partition(" · ")
    size = f"{float(share):.4g}"
    whole = float(share) >= 1.0
    return Text(f"{year} 年{'' if whole else f'，份额 {size}'}", f"{year}{'' if whole else f', share {size}'}")


def _bent(receipt: Receipt) -> Table:
    columns = (
        Column("id", Text("对象", "what"), "id"),
        Column("rule", Text("规则", "rule")),
        Column("clause", Text("条款", "clause")),
        Column("text", Text("内容", "what it says"), "long"),
        Column("figure", Text("数值", "figure")),
        Column("by", Text("谁指定", "by whom")),
    )
    lines = directed(receipt.plan.outcome, receipt.plan.audit)
    rows: list[tuple[Cell, ...]] = [
        (bent.id, bent.title, bent.clause, bent.text, bent.figure, bent.by) for line in lines for bent in line.bent
    ]
    return table_of("bent", Text("突破的条款", "Clauses that are bent"), columns, rows)


def _measures(receipt: Receipt) -> Table:
    moved = receipt.measures["change"].abs() > 1e-6
    changed = receipt.measures[moved]
    columns = (
        Column("measure", Text("指标", "measure")),
        Column("unit", Text("单位", "unit")),
        Column("without", Text("原方案", "without"), "number", digits=1),
        Column("with", Text("指定后", "with"), "number", digits=1),
        Column("change", Text("变化", "change"), "number", digits=1),
    )
    rows = [
        (
            measure_name(row["measure"]),
            unit_name(row["unit"]),
            float(row["without"]),
            float(row["with"]),
            float(row["change"]),
        )
        for row in changed.to_dict("records")
    ]
    same = len(receipt.measures) - len(changed)
    table = table_of("measures", Text("有变化的指标", "Measures that change"), columns, rows)
    return replace(table, note=Text(f"另有 {same} 项指标不变。", f"{same} more stay as they are."))


def _prices(receipt: Receipt) -> Table:
    columns = (
        Column("place", Text("区域", "place")),
        Column("resource", Text("资源", "resource")),
        Column("year", Text("年份", "year"), "year"),
        Column("without", Text("原方案", "without"), "number", digits=4),
        Column("with", Text("指定后", "with"), "number", digits=4),
        Column("change", Text("变化", "change"), "number", digits=4),
    )
    names = dict(zip(receipt.plan.scenario.places["place"], receipt.plan.scenario.places["name"], strict=True))
    ordered = receipt.prices.sort_values("change", key=lambda change: -change.abs(), kind="stable").head(PRICES_SHOWN)
    rows = [
        (str(names.get(row["place"]) or row["place"]), resource_name(row["resource"]), int(row["year"]),
         float(row["without"]), float(row["with"]), float(row["change"]))
        for row in ordered.to_dict("records")
    ]  # fmt: skip
    note = Text(
        "多 1 单位指标使目标值增加多少（线性松弛的对偶价格）。",
        "What one more unit of quota adds to the objective (duals of the linear relaxation).",
    )
    table = table_of("prices", Text("变化最大的价格", "Prices that change most"), columns, rows)
    return replace(table, note=note)
