"""The tables of a result folder, column by column: kinds, units and meanings in both languages.

What a result says of a firm or a project as the case does has the column of the case; the rest is here. Columns of the
case's own resources (`frees_<resource>`, `uses_<resource>`) stand after those of energy, carbon and land.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from quota_opt.errors import Text
from quota_opt.scenario.schema import table_named
from quota_opt.scenario.spec import ColumnSpec, Kind, TableSpec
from quota_opt.scenario.units import MONEY, SHARE, TCE


def _column(
    name: str, zh: str, kind: Kind, zh_meaning: str, meaning: str, unit: str | None = None, *, blank: bool = False
) -> ColumnSpec:
    return ColumnSpec(name, zh, kind, Text(zh_meaning, meaning), unit, required=not blank)


def _of_case(table: str, names: Iterable[str]) -> tuple[ColumnSpec, ...]:
    """Columns as the case has them."""
    return tuple(table_named(table).column(name) for name in names)


_YEAR = _column("year", "年份", "year", "年份", "Year")
_RESOURCE = _column("resource", "资源", "identifier", "资源名称", "The resource")
_PLACE = _column("place", "区域", "identifier", "区域", "The place")
_AMOUNT = _column("amount", "数量", "number", "数量，按资源的单位", "Amount, in the unit of the resource")

RESULT_TABLES: tuple[TableSpec, ...] = (
    TableSpec(
        "actions",
        "整治表",
        description=Text("采取的措施，每项一行", "What is done to firms, one row each"),
        key=("firm", "action", "option"),
        columns=(
            *_of_case("firms", ("firm", "name", "place", "sector")),
            *_of_case("actions", ("action", "option")),
            _column("year", "实施年份", "year", "实施的年份", "Year it is done in"),
            _column("effective", "见效年份", "year", "腾出的指标从哪年起可用", "Year from which it frees quota"),
            *_of_case(
                "actions",
                (
                    "frees_energy_tce",
                    "frees_carbon_t",
                    "frees_land_mu",
                    "cost",
                    "value_added_lost",
                    "tax_lost",
                    "jobs_lost",
                ),
            ),
        ),
    ),
    TableSpec(
        "awards",
        "安排表",
        description=Text("安排的项目，每个一行", "Projects that start, one row each"),
        key=("project",),
        columns=(
            *_of_case("projects", ("project", "name", "place", "category", "sector")),
            _column("year", "起始年份", "year", "从哪年起安排", "Year from which it is awarded"),
            _column(
                "share", "比例", "number", "安排的比例；不可分割的为 1", "Share awarded; 1 where not divisible", SHARE
            ),
            *_of_case("projects", ("energy_tce", "carbon_t", "land_mu")),
            _column("energy_counted_tce", "计入能耗", "number", "按能耗核算口径计入的用能", "Energy that counts", TCE),
            _column(
                "substitution_ratio", "替代比例", "number", "每用 1 吨须替代的吨数", "Quota taken per unit used", ""
            ),
            _column("quota_energy_tce", "占用指标", "number", "从指标池取用的用能", "Energy taken from the pool", TCE),
            *_of_case("projects", ("value_added", "tax", "jobs", "investment")),
            _column(
                "intensity",
                "能耗强度",
                "number",
                "单位增加值能耗，按声明的口径；没有增加值的为空",
                "Energy per value added on the declared basis; blank without value added",
                "tce/10k yuan",
                blank=True,
            ),
        ),
    ),
    TableSpec(
        "transfers",
        "调剂",
        description=Text("上下级之间的调剂，逐年各自成立", "Moves along the tree, each year's own"),
        columns=(
            _RESOURCE,
            _YEAR,
            _column("from_place", "调出区域", "identifier", "调出的区域", "The place it leaves"),
            _column("to_place", "调入区域", "identifier", "调入的区域", "The place it enters"),
            _AMOUNT,
        ),
    ),
    TableSpec(
        "trades",
        "用能权交易",
        description=Text(
            "购入和卖出，每笔一行；开了交易规则才有", "Purchases and sales, one row each; where trading is on"
        ),
        columns=(
            _PLACE,
            _RESOURCE,
            _YEAR,
            _column("until", "截至年份", "year", "可用的最后一年", "Last year it stands"),
            _column("side", "买卖", "text", "buy 购入，sell 卖出", "buy or sell"),
            _AMOUNT,
            _column("price", "价格", "number", "单价（万元/单位）", "Price in 10k yuan per unit"),
            _column("levy", "上缴", "number", "卖出收入中上缴的部分", "What goes to the level above", MONEY),
            _column(
                "money", "金额", "number", "购入支付的，或卖出上缴后所得的", "Paid, or received after the levy", MONEY
            ),
            _column(
                "for",
                "购入项目",
                "identifier",
                "须自行购入的项目；为空则由区域购入",
                "The project that must buy; blank where the place does",
                blank=True,
            ),
        ),
    ),
    TableSpec(
        "ledger",
        "台账",
        key=("entry",),
        description=Text("每年每份指标从来源到去向，每条一行", "Each year's quota from source to use, one row each"),
        columns=(
            _column("entry", "序号", "integer", "条目序号，从 1 起", "Number of the entry, from 1"),
            _YEAR,
            _RESOURCE,
            _column(
                "from_kind",
                "来源类别",
                "text",
                "firm 企业、initial 存量、bought 购入",
                "firm, initial (held) or bought",
            ),
            _column(
                "from",
                "来源",
                "identifier",
                "来源企业；存量、购入则写其类别",
                "The firm it comes from, else its kind again",
            ),
            _column("action", "措施", "text", "腾出它的措施", "The action that freed it", blank=True),
            _column(
                "pool_path", "经过的池", "text", "依次经过的区域，以“ > ”相连", "The places passed, joined by ' > '"
            ),
            _column(
                "to_kind",
                "去向类别",
                "text",
                "project 项目、firm 企业、idle 结余、sold 卖出",
                "project, firm, idle or sold",
            ),
            _column(
                "to",
                "去向",
                "identifier",
                "去向项目或企业；结余、卖出则写其类别",
                "The project or firm it goes to, else its kind again",
            ),
            _AMOUNT,
        ),
    ),
    TableSpec(
        "rounded",
        "取整",
        description=Text("能耗各数取整后仍守所有平衡和规则", "Whole tce that every balance holds for"),
        columns=(
            _column(
                "kind",
                "类别",
                "text",
                "award 安排、freed 腾出、transfer 调剂、bought 购入、bought_for 项目购入、sold 卖出、initial 存量等",
                "award, freed, transfer, bought, bought_for, sold, initial or idle",
            ),
            _column("id", "对象", "identifier", "项目、企业或区域", "The project, firm or place"),
            _PLACE,
            _YEAR,
            _RESOURCE,
            _column("exact", "原数", "number", "取整前的数", "The amount before rounding"),
            _column("whole", "整数", "integer", "取整后的数；调剂小于 0 为下调", "The whole amount; below 0 goes down"),
        ),
    ),
    TableSpec(
        "prices",
        "价格",
        description=Text("多 1 单位指标值多少", "What one more unit of quota is worth"),
        key=("place", "resource", "year"),
        columns=(
            _PLACE,
            _RESOURCE,
            _YEAR,
            _column("price", "价格", "number", "每单位资源增加的目标值", "Objective gained per unit of the resource"),
            _column("unit", "单位", "text", "价格的单位", "Unit of the price"),
            _column("method", "方法", "text", "价格怎样求得", "How it was found"),
            _column(
                "holds_from",
                "有效起",
                "number",
                "数量减少到此为止价格不变；无界为空",
                "Change of the quantity down to which it holds; blank without bound",
                blank=True,
            ),
            _column(
                "holds_to",
                "有效止",
                "number",
                "数量增加到此为止价格不变；无界为空",
                "Change of the quantity up to which it holds; blank without bound",
                blank=True,
            ),
        ),
    ),
    TableSpec(
        "certificate",
        "凭据",
        key=("row",),
        description=Text("证明界的各行价格", "Prices of the model's rows that prove the bound"),
        columns=(
            _column("row", "行", "text", "模型中一行的名称", "Name of a row of the model"),
            _column("price", "价格", "number", "该行的价格", "Price of the row"),
        ),
    ),
    TableSpec(
        "reasons",
        "理由",
        key=("kind", "id"),
        description=Text("每个项目和每家在列企业的去留理由", "Why each project and each listed firm is in or out"),
        columns=(
            _column("kind", "类别", "text", "project 项目或 firm 企业", "project or firm"),
            _column("id", "对象", "identifier", "项目或企业", "The project or firm"),
            _column(
                "verdict",
                "结果",
                "text",
                "awarded、not_awarded、rejected、treated、kept、protected、not_listed 等",
                "awarded, not_awarded, rejected, treated, kept, protected, not_listed …",
            ),
            _column("rule", "规则", "text", "起决定作用的规则", "The rule that decides", blank=True),
            _column("clause", "条款", "text", "出处条款", "Clause it comes from", blank=True),
            _column(
                "document_status", "文件状态", "text", "该条款所在文件的状态", "Standing of its document", blank=True
            ),
            _column("figure", "数值", "text", "起决定作用的数", "The figure that decides", blank=True),
            _column("text", "说明", "text", "一句话的理由", "The reason in one sentence"),
        ),
    ),
    TableSpec(
        "receipt",
        "指定事项的代价",
        description=Text(
            "有指定与没有指定的差别；由 override 写出", "With the orders and without; written by override"
        ),
        columns=(
            _column(
                "section",
                "部分",
                "text",
                "project 项目、firm 企业、measure 成效指标、bent 让步的规则",
                "project, firm, measure or bent",
            ),
            _column("id", "对象", "identifier", "项目、企业、成效指标或指定", "The project, firm, measure or order"),
            _column("name", "名称", "text", "名称；让步的写规则", "Its name; the rule where one is bent", blank=True),
            _column("place", "区域", "identifier", "区域", "The place", blank=True),
            _column("change", "变化", "text", "怎样变化；数或文字", "How it changes, a figure or words", blank=True),
            _column(
                "without",
                "没有指定时",
                "text",
                "没有指定时；让步的写条款",
                "Without; the clause where one is bent",
                blank=True,
            ),
            _column(
                "with",
                "有指定时",
                "text",
                "有指定时；让步的写决定者",
                "With; who decided where a rule is bent",
                blank=True,
            ),
            _column("unit", "单位", "text", "单位", "Its unit", blank=True),
        ),
    ),
    TableSpec(
        "measures",
        "成效指标",
        key=("place", "year", "measure"),
        description=Text(
            "成效指标：全案，以及各区域截至各年", "Measures of the whole plan, and by place up to each year"
        ),
        columns=(
            _column(
                "place",
                "区域",
                "identifier",
                "区域及其下级；为空是全案",
                "The place and below; blank is the whole plan",
                blank=True,
            ),
            _column(
                "year", "年份", "year", "截至该年；为空是全案", "Up to this year; blank is the whole plan", blank=True
            ),
            _column("measure", "成效指标", "identifier", "成效指标的英文名", "Name of the measure"),
            _column("unit", "单位", "text", "单位", "Its unit", blank=True),
            _column("value", "数值", "number", "数值", "Its value"),
        ),
    ),
)


def records_of(name: str, table: pd.DataFrame) -> list[dict[str, Any]]:
    """A table of a result (of a plan, or read from its folder) as JSON records; blanks and infinities are null."""
    known = {column.name: column for spec in RESULT_TABLES if spec.name == name for column in spec.columns}

    def cells(column: str) -> list[Any]:
        spec = known.get(column)
        if not (spec.numeric if spec is not None else pd.api.types.is_numeric_dtype(table[column])):
            return [None if value == "" or pd.isna(value) else str(value) for value in table[column]]
        numbers = pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=float)
        whole = spec is not None and spec.kind != "number"
        return [None if not np.isfinite(v) else int(v) if whole else v for v in numbers.tolist()]

    columns = {str(column): cells(column) for column in table.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
