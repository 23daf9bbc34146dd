"""The tables of the reports, one maker each, used alike by html and workbook."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from quota_opt.errors import Finding, Language, Text
from quota_opt.report import words
from quota_opt.report.content import Content
from quota_opt.report.flows import steps
from quota_opt.report.numbers import short
from quota_opt.report.values import AUTO, Cell, Column, Table, records, table_of
from quota_opt.report.words import WORDS

_PLACE = Column("place", WORDS["town"])
_CATEGORY = Column("category", Text("类别", "category"))
_YEAR = Column("year", WORDS["year"], "year")
_CLAUSE = Column("clause", WORDS["clause"])
_REASON = Column("reason", WORDS["reason"], "long")


def reason_text(row: object, language: Language, prefix: str = "reason_") -> str:
    """The reason of a row in the language asked for, in the other where only that is there."""
    zh, en = str(getattr(row, f"{prefix}text", "")), str(getattr(row, f"{prefix}text_en", ""))
    return (zh or en) if language == "zh" else (en or zh)


def _number(row: object, key: str) -> float | None:
    value = getattr(row, key, None)
    return None if value is None or pd.isna(value) else float(value)


def _resources(content: Content, prefix: str) -> list[tuple[str, Column]]:
    """(column of the frame, column of the table) for each resource that awards use or actions free."""
    named = {"energy": "energy_tce", "carbon": "carbon_t", "land": "land_mu"}
    made = []
    for resource in content.resources:
        column = named.get(resource, resource)
        key = f"frees_{column}" if prefix == "frees_" else column if resource in named else f"uses_{resource}"
        title = WORDS["full_energy"] if resource == "energy" and prefix != "frees_" else words.resource_name(resource)
        if prefix == "frees_":
            title = Text(f"腾出{title.zh}", f"{title.en} freed")
        unit = content.resource_unit(resource) if resource in named else None
        made.append((key, Column(key, title, "number", unit, 0, total=True)))
    return made


def headlines(content: Content) -> Table:
    """The four numbers of page one with their targets."""
    columns = (
        Column("name", WORDS["measure"]),
        Column("value", WORDS["value"], "number", digits=AUTO),
        Column("unit", Text("单位", "unit")),
        Column("target", WORDS["target"]),
        Column("ok", Text("完成", "met")),
    )
    rows: list[list[Cell]] = []
    for headline in content.headlines:
        sign = words.SENSES.get(str(headline.sense), "")
        wanted = "" if headline.target is None else f"{sign} {short(headline.target)}"
        met = "" if headline.ok is None else "✓" if headline.ok else "✗"
        name, unit = content.measure_name(headline.name), words.unit_name(headline.unit)
        rows.append([name, headline.value, unit, wanted, met])
    return table_of("numbers", Text("主要结果", "Main results"), columns, rows)


def awards(content: Content, language: Language) -> Table:
    """安排表: project, town, category, year, use and gain, reason."""
    resources = _resources(content, "")
    frame = (
        content.awards.sort_values(["year", "place", "project"], kind="stable")
        if len(content.awards)
        else content.awards
    )
    partial = bool(len(frame)) and bool((frame["share"] < 1 - 1e-9).any())
    substituted = (
        bool(len(frame)) and "substitution_ratio" in frame and bool((frame["substitution_ratio"] > 1 + 1e-9).any())
    )
    columns = [Column("project", WORDS["project"], "id"), Column("name", WORDS["name"]), _PLACE, _CATEGORY, _YEAR]
    columns += [column for _, column in resources]
    whole = "whole_tce" in frame
    columns += [Column("whole", Text("取整指标", "quota, whole"), "number", "tce", 0, total=True)] if whole else []
    columns += [Column("share", Text("份额", "share"), "share", digits=0)] if partial else []
    columns += [Column("ratio", WORDS["substitution"], "number", digits=2)] if substituted else []
    columns += [
        Column("value_added", Text("年增加值", "value added a year"), "number", "10k yuan", 0, total=True),
        Column("intensity", WORDS["intensity"], "number", "tce/10k yuan", 3),
        _REASON,
    ]
    rows: list[list[Cell]] = []
    for row in records(frame):
        cells: list[Cell] = [
            row.project,
            row.title,
            row.place_name,
            words.listed(words.CATEGORIES, row.category),
            int(row.year),
        ]
        cells += [_number(row, key) for key, _ in resources]
        cells += [_number(row, "whole_tce")] if whole else []
        cells += [_number(row, "share")] if partial else []
        cells += [_number(row, "substitution_ratio")] if substituted else []
        cells += [_number(row, "value_added"), _number(row, "intensity"), reason_text(row, language)]
        rows.append(cells)
    return table_of("awards_table", WORDS["awards_table"], columns, rows)


def actions(content: Content, language: Language, *, clauses: bool = False) -> Table:
    """整治表: firm, action, year, what it frees and costs, reason; with the clause behind it where it is wanted."""
    resources = _resources(content, "frees_")
    frame = (
        content.actions.sort_values(["year", "place", "firm"], kind="stable")
        if len(content.actions)
        else content.actions
    )
    whole = [Column("whole", Text("取整腾出", "freed, whole"), "number", "tce", 0, total=True)]
    whole = whole if "whole_tce" in frame else []
    columns = [
        Column("firm", WORDS["firm"], "id"),
        Column("name", WORDS["name"]),
        _PLACE,
        Column("sector", Text("行业", "sector")),
        Column("action", WORDS["action"]),
        _YEAR,
        *(column for _, column in resources),
        *whole,
        Column("cost", WORDS["public_cost"], "number", "10k yuan", 1, total=True),
        Column("value_added_lost", Text("减少增加值", "value added lost"), "number", "10k yuan", 0, total=True),
        Column("jobs_lost", Text("减少岗位", "jobs lost"), "number", None, 0, total=True),
        *((_CLAUSE,) if clauses else ()),
        _REASON,
    ]
    rows: list[list[Cell]] = [
        [
            row.firm,
            row.title,
            row.place_name,
            row.sector if isinstance(row.sector, str) else "",
            words.listed(words.ACTIONS, row.action),
            int(row.year),
            *(_number(row, key) for key, _ in resources),
            *(_number(row, "whole_tce") for _ in whole),
            _number(row, "cost"),
            _number(row, "value_added_lost"),
            _number(row, "jobs_lost"),
            *((content.clause_words(row.reason_clause),) if clauses else ()),
            reason_text(row, language),
        ]
        for row in records(frame)
    ]
    return table_of("actions_table", WORDS["actions_table"], columns, rows)


def left_out(content: Content, language: Language) -> Table:
    """未安排及理由: every project not awarded, with the clause or price that decided."""
    frame = content.projects[content.projects["verdict"].isin(["not_awarded", "rejected"])]
    frame = frame.sort_values(["value_added", "project"], ascending=[False, True], kind="stable")
    columns = (
        Column("project", WORDS["project"], "id"),
        Column("name", WORDS["name"]),
        _PLACE,
        _CATEGORY,
        Column("energy", Text("用能", "energy"), "number", "tce", 0, total=True),
        Column("value_added", Text("年增加值", "value added a year"), "number", "10k yuan", 0, total=True),
        Column("intensity", WORDS["intensity"], "number", "tce/10k yuan", 3),
        Column("verdict", WORDS["status"]),
        Column("rule", WORDS["rule"]),
        _CLAUSE,
        _REASON,
    )
    rows: list[list[Cell]] = [
        [
            row.project,
            row.title,
            row.place_name,
            words.listed(words.CATEGORIES, row.category),
            row.energy,
            row.value_added,
            _number(row, "intensity"),
            words.listed(words.VERDICTS, row.verdict),
            words.listed(words.RULES, row.rule) if row.rule else "",
            row.clause,
            reason_text(row, language, ""),
        ]
        for row in records(frame)
    ]
    return table_of("left_out_table", WORDS["left_out_table"], columns, rows)


def kept(content: Content, language: Language) -> Table:
    """Listed firms that stay, with why."""
    frame = content.reasons[(content.reasons["kind"] == "firm") & (content.reasons["verdict"] != "treated")]
    columns = (
        Column("firm", WORDS["firm"], "id"),
        Column("name", WORDS["name"]),
        _PLACE,
        Column("verdict", WORDS["status"]),
        Column("rule", WORDS["rule"]),
        _CLAUSE,
        _REASON,
    )
    rows = [
        [
            row.id,
            row.title,
            row.place_name,
            words.listed(words.VERDICTS, row.verdict),
            words.listed(words.RULES, row.rule) if row.rule else "",
            row.clause,
            reason_text(row, language, ""),
        ]
        for row in records(frame)
    ]
    return table_of("kept_table", WORDS["kept_table"], columns, rows)


def places(content: Content) -> Table:
    """镇街情况: awards, actions and quota of the last year by place, with the price of one more unit."""
    resource, unit = content.main_resource, content.resource_unit(content.main_resource)
    pools = content.balances[
        (content.balances["resource"] == resource) & (content.balances["year"] == content.last_year)
    ]
    pools = pools.set_index("place")
    price = content.prices[(content.prices["resource"] == resource) & (content.prices["year"] == content.last_year)]
    worth = dict(zip(price["place"], price["price"], strict=True))
    price_unit = str(price["unit"].iloc[0]) if len(price) else f"10k yuan/{unit}"
    started = content.awards.groupby("place")["project"].count() if len(content.awards) else pd.Series(dtype=float)
    treated = content.actions.groupby("place")["firm"].count() if len(content.actions) else pd.Series(dtype=float)
    gained = content.awards.groupby("place")["value_added"].sum() if len(content.awards) else pd.Series(dtype=float)
    columns = (
        Column("place", WORDS["place"]),
        Column("level", Text("层级", "level")),
        Column("firms", Text("整治企业", "firms treated"), "number", None, 0, total=True),
        Column("projects", Text("安排项目", "projects"), "number", None, 0, total=True),
        Column("initial", WORDS["held_quota"], "number", unit, 0, total=True),
        Column(
            "freed", WORDS["energy_freed"] if resource == "energy" else WORDS["freed"], "number", unit, 0, total=True
        ),
        Column("inflow", Text("调入", "in"), "number", unit, 0),
        Column("outflow", Text("调出", "out"), "number", unit, 0),
        Column("used", WORDS["energy_used"] if resource == "energy" else WORDS["used"], "number", unit, 0, total=True),
        Column("idle", WORDS["idle"], "number", unit, 0, total=True),
        Column("ratio", Text("使用率", "used ÷ freed"), "share", digits=0),
        Column("value_added", Text("项目年增加值", "value added a year"), "number", "10k yuan", 0, total=True),
        Column("price", WORDS["one_more"], "number", price_unit, 3),
    )
    rows: list[list[Cell]] = []
    for row in records(content.places):
        pool = pools.loc[row.place] if row.place in pools.index else None
        amounts = [
            float(pool[key]) if pool is not None else 0.0
            for key in ("initial", "freed", "inflow", "outflow", "used", "idle")
        ]
        counts = [float(treated.get(row.place, 0)), float(started.get(row.place, 0))]
        if not any(abs(x) > 1e-9 for x in (*amounts, *counts)):
            continue
        ratio = amounts[4] / amounts[1] if amounts[1] > 1e-9 else None
        rows.append(
            [row.title, words.listed(words.LEVELS, row.level), *counts, *amounts, ratio,
             float(gained.get(row.place, 0.0)), worth.get(row.place)]
        )  # fmt: skip
    return table_of("places_table", WORDS["places_table"], columns, rows)


def ledger_summary(content: Content) -> Table:
    """台账摘要: what comes in and what goes out, per resource and year; both sides agree."""
    ledger = content.ledger
    columns = (
        Column("resource", Text("资源", "resource")),
        _YEAR,
        Column("initial", WORDS["initial"], "number", digits=0),
        Column("freed", WORDS["freed"], "number", digits=0),
        Column("bought", WORDS["bought"], "number", digits=0),
        Column("debit", WORDS["debit"], "number", digits=0),
        Column("used", WORDS["used"], "number", digits=0),
        Column("drawn", WORDS["drawn"], "number", digits=0),
        Column("idle", WORDS["idle"], "number", digits=0),
        Column("sold", WORDS["sold"], "number", digits=0),
        Column("credit", WORDS["credit"], "number", digits=0),
        Column("difference", WORDS["difference"], "number", digits=6),
    )
    if ledger.empty:
        return table_of("ledger_summary", WORDS["ledger_summary"], columns, [])
    ins = ledger.pivot_table(
        index=["resource", "year"], columns="from_kind", values="amount", aggfunc="sum", fill_value=0.0
    )
    outs = ledger.pivot_table(
        index=["resource", "year"], columns="to_kind", values="amount", aggfunc="sum", fill_value=0.0
    )
    order = {resource: k for k, resource in enumerate(content.resources)}
    rows: list[list[Cell]] = []
    for key in sorted(ins.index, key=lambda k: (order.get(k[0], 99), k[1])):
        resource, year = key
        came = [float(ins.loc[key].get(kind, 0.0)) for kind in ("initial", "firm", "bought")]
        went = [float(outs.loc[key].get(kind, 0.0)) for kind in ("project", "firm", "idle", "sold")]
        name, unit = words.resource_name(resource), words.unit_name(content.resource_unit(resource))
        titled = Text(f"{name.zh}（{unit.zh}）", f"{name.en} ({unit.en})")
        difference = round(sum(came) - sum(went), 9) + 0.0
        rows.append([titled, int(year), *came, sum(came), *went, sum(went), difference])
    return table_of("ledger_summary", WORDS["ledger_summary"], columns, rows)


def ledger(content: Content, most: int | None = None, *, named: bool = False) -> Table:
    """台账: every entry, or the first `most`; `named` shows firms and projects with their names beside the identifier.

    Ends without a name of their own (idle, sold, held) are said in words.
    """
    frame = content.ledger.iloc[:most]
    columns = (
        Column("entry", Text("序号", "entry"), "year"),
        _YEAR,
        Column("resource", Text("资源", "resource")),
        Column("from_kind", Text("来源类别", "from what")),
        Column("from", Text("来源", "from"), "text" if named else "id"),
        Column("action", WORDS["action"]),
        Column("from_place", Text("来源区域", "from place")),
        Column("pool_path", Text("经过的池", "pools")),
        Column("to_place", Text("去向区域", "to place")),
        Column("to_kind", Text("去向类别", "to what")),
        Column("to", Text("去向", "to"), "text" if named else "id"),
        Column("amount", Text("数量", "amount"), "number", digits=3),
    )
    known = {resource: words.resource_name(resource) for resource in content.resources}
    ends, acts = words.LEDGER_ENDS, words.ACTIONS
    titles = _ledger_titles(content) if named else {}
    rows: list[tuple[Cell, ...]] = [
        (entry, year, known.get(resource, resource), ends.get(fk, fk),
         titles.get((fk, origin), origin) if fk == "firm" else ends.get(origin, origin),
         acts.get(action, action) if isinstance(action, str) else "", *_path_ends(path, content), ends.get(tk, tk),
         ends.get(target, target) if tk in ("idle", "sold") else titles.get((tk, target), target), amount)
        for entry, year, resource, fk, origin, action, path, tk, target, amount in zip(
            *(frame[key].tolist() for key in ("entry", "year", "resource", "from_kind", "from", "action", "pool_path",
                                              "to_kind", "to", "amount")), strict=True)
    ]  # fmt: skip
    return table_of("ledger", WORDS["ledger"], columns, rows)


def _ledger_titles(content: Content) -> dict[tuple[str, str], str]:
    """Identifier and name of firms and projects in one text, where the name says more."""
    reasons = content.reasons
    return {
        (kind, name): f"{name} {title}"
        for kind, name, title in zip(reasons["kind"], reasons["id"], reasons["title"], strict=True)
        if title != name
    }


def _path_ends(path: object, content: Content) -> tuple[str, str, str]:
    """The first pool of a path, the whole path, and its last pool."""
    names = [content.place_name(step) for step in steps(path)] or [""]
    return names[0], " → ".join(names), names[-1]


def _target_kind(kind: str, span: str) -> Cell:
    """Hard or soft, and whether it is about what the year alone adds."""
    said = words.listed(words.TARGET_KINDS, kind)
    return Text(f"{said.zh}，当年", f"{said.en}, of the year") if span == "annual" else said


def targets(content: Content) -> Table:
    """目标完成情况."""
    columns = (
        Column("measure", WORDS["measure"]),
        Column("place", WORDS["place"]),
        _YEAR,
        Column("target", WORDS["target"]),
        Column("reached", Text("达到", "reached"), "number", digits=1),
        Column("unit", Text("单位", "unit")),
        Column("ok", Text("完成", "met")),
        Column("kind", Text("性质", "kind")),
        _CLAUSE,
    )
    rows: list[list[Cell]] = []
    for row in records(content.targets):
        met: Cell = "" if row.ok is None or pd.isna(row.ok) else "✓" if row.ok else "✗"
        reached = None if math.isnan(row.reached) else row.reached
        wanted = f"{words.SENSES.get(row.sense, row.sense)} {row.target:,.6g}".replace("e+0", "e")
        if abs(row.target) < 1e9:
            wanted = f"{words.SENSES.get(row.sense, row.sense)} {row.target:,.4f}".rstrip("0").rstrip(".")
        rows.append(
            [
                content.measure_name(row.measure),
                row.place_name or WORDS["whole_area"],
                int(row.year),
                wanted,
                reached,
                words.unit_name(content.units.get(row.measure, "")),
                met,
                _target_kind(row.kind, row.span),
                content.clause_words(row.clause),
            ]
        )
    return table_of("targets_table", WORDS["targets_table"], columns, rows)


def rules(content: Content) -> Table:
    """规则复核: every rule, whether it holds, whether it binds, and its words."""
    columns = (
        Column("rule", WORDS["rule"]),
        _CLAUSE,
        Column("state", WORDS["rule_state"]),
        Column("headline", WORDS["headline"], "long"),
        Column("ok", WORDS["check"]),
        Column("excess", Text("最大超出", "worst excess"), "number", digits=6),
        Column("unit", Text("单位", "unit")),
        Column("price", WORDS["one_more"], "number", digits=4),
        Column("text", Text("说明", "in words"), "long"),
    )
    rows: list[list[Cell]] = [
        [
            line.title,
            content.clause_words(line.clause),
            line.state_words,
            line.headline,
            Text("✓ 通过", "✓ holds") if line.ok else Text("✗ 未通过", "✗ broken"),
            line.worst_excess,
            words.unit_name(line.unit),
            line.price,
            Text("；".join(t.zh for t in line.texts), "; ".join(t.en for t in line.texts)),
        ]
        for line in content.rules
    ]
    return table_of("rules_table", WORDS["rules_table"], columns, rows)


def prices(content: Content) -> Table:
    """价格: worth of one more unit by place, resource and year; those that do not bind are left out."""
    columns = (
        Column("resource", Text("资源", "resource")),
        Column("place", WORDS["place"]),
        _YEAR,
        Column("price", WORDS["one_more"], "number", digits=4),
        Column("unit", Text("单位", "unit")),
        Column("from", Text("有效范围自", "holds from"), "number", digits=1),
        Column("to", Text("有效范围至", "holds to"), "number", digits=1),
        Column("method", Text("取得办法", "method")),
    )
    frame = content.prices[content.prices["price"].abs() > 1e-9]
    rows: list[list[Cell]] = [
        [
            words.resource_name(row.resource),
            row.place_name,
            int(row.year),
            float(row.price),
            words.unit_name(str(row.unit)),
            _number(row, "holds_from"),
            _number(row, "holds_to"),
            words.listed(words.PRICE_METHODS, str(row.method)),
        ]
        for row in records(frame)
    ]
    return table_of("prices_table", WORDS["prices_table"], columns, rows)


def measures(content: Content) -> Table:
    """Every measure of the plan with its unit."""
    columns = (Column("measure", WORDS["measure"]), Column("value", WORDS["value"], "number", digits=2),
               Column("unit", Text("单位", "unit")))  # fmt: skip
    rows: list[list[Cell]] = [
        [content.measure_name(name), value, words.unit_name(content.units.get(name, ""))]
        for name, value in content.measures.items()
    ]
    return table_of("measures_table", WORDS["measures_table"], columns, rows)


def findings(content: Content, language: Language) -> Table:
    """数据问题: what, where, how to mend."""
    return findings_of(content.findings, language)


def findings_of(listed: Sequence[Finding], language: Language) -> Table:
    """Findings as rows: level, what, where, how to mend."""
    columns = (
        Column("level", WORDS["level"]),
        Column("what", WORDS["problem"], "long"),
        Column("where", WORDS["where"], "long"),
        Column("fix", WORDS["fix"], "long"),
    )
    rows: list[list[Cell]] = [[finding.level.words, *finding.lines(language)] for finding in listed]
    return table_of("data_issues", WORDS["data_issues"], columns, rows)


def documents(content: Content) -> Table:
    """The policy documents that clauses point to, with their standing."""
    columns = (
        Column("id", Text("代号", "id"), "id"),
        Column("title", WORDS["title"], "long"),
        Column("status", WORDS["status"]),
        Column("valid_to", Text("有效期至", "valid to")),
    )
    rows: list[list[Cell]] = [[d.id, d.title, d.standing.words, d.valid_to] for d in content.documents]
    return table_of("documents_table", WORDS["documents_table"], columns, rows)


def grouped(content: Content, by: str) -> Table:
    """Awards summed by category, town (`place`) or year."""
    heading = {"category": _CATEGORY, "place": _PLACE, "year": _YEAR}[by]
    title = {"category": WORDS["by_category"], "place": WORDS["by_place"], "year": WORDS["by_year"]}[by]
    columns = (
        heading,
        Column("count", Text("项目数", "projects"), "number", None, 0, total=True),
        Column("energy", WORDS["full_energy"], "number", "tce", 0, total=True),
        Column("value_added", Text("年增加值", "value added a year"), "number", "10k yuan", 0, total=True),
        Column("investment", WORDS["investment"], "number", "10k yuan", 0, total=True),
    )
    if content.awards.empty:
        return table_of(f"by_{by}", title, columns, [])
    frame = content.awards.assign(count=1.0)
    summed = frame.groupby(by, sort=True)[["count", "energy_tce", "value_added", "investment"]].sum()
    rows: list[list[Cell]] = []
    for key, row in summed.iterrows():
        name: Cell = int(str(key)) if by == "year" else (
            words.listed(words.CATEGORIES, str(key)) if by == "category" else content.place_name(str(key))
        )  # fmt: skip
        rows.append([name, *(float(x) for x in row)])
    return table_of(f"by_{by}", title, columns, rows)
