"""The report on one firm's, project's or place's part in the ledger: sums by year, the flow as a picture, the lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd

from quota_opt.errors import Language, Text
from quota_opt.report.document import Document, Section, about
from quota_opt.report.drafting import BLUE, CATEGORY_COLOURS, GREEN, GREY, PALE, SKY, axis_unit
from quota_opt.report.figures import Nodes, sankey
from quota_opt.report.flows import steps
from quota_opt.report.numbers import running
from quota_opt.report.values import Cell, Column, Figure, Table, table_of
from quota_opt.report.words import LEDGER_ENDS, WORDS, listed, resource_name, unit_name

if TYPE_CHECKING:
    from quota_opt.analysis.trace import Trace

ROLES = {
    "freed": Text("腾出", "freed"),
    "taken": Text("占用", "taken"),
    "given": Text("安排", "given"),
    "held": Text("存量", "held"),
    "bought": Text("购入", "bought"),
    "came in": Text("调入", "came in"),
    "used": Text("使用", "used"),
    "sold": Text("卖出", "sold"),
    "idle": Text("结余", "idle"),
    "went out": Text("调出", "went out"),
}
_MOST_ENDS = 12
_MAIN = ("freed", "given", "came in", "used")


def trace_document(trace: Trace) -> Document:
    """The report; its first sentence says how much in all, and who the largest other end is."""
    title = _title(trace)
    sections = [Section(title, _sentences(trace), (_sums_table(trace),), _figures(trace))]
    if len(trace.lines):
        sections.append(Section(Text("逐笔台账", "Entries"), (), (_lines_table(trace),)))
    return about("trace", title, trace.plan.scenario, tuple(sections))


def _title(trace: Trace) -> Text:
    name = _name(trace)
    return {
        "firm": Text(f"{name} 的指标去了哪里", f"Where the quota of {name} went"),
        "project": Text(f"{name} 的指标从哪里来", f"Where the quota of {name} came from"),
        "place": Text(f"{name} 的指标来去", f"What came to {name} and what left"),
    }[trace.subject]


def _name(trace: Trace) -> str:
    """The identifier, with the name people know it by."""
    outcome = trace.plan.outcome
    assert outcome is not None
    case = outcome.case
    if trace.subject == "place":
        return case.place_title(trace.name)
    table = case.firms if trace.subject == "firm" else case.projects
    known = str(table.loc[table[trace.subject] == trace.name, "name"].iloc[0])
    return f"{trace.name} {known}".strip()


def _main(trace: Trace) -> pd.DataFrame:
    """The lines of the main resource in the last year there is one."""
    lines = trace.lines
    if not len(lines):
        return lines
    resources = list(trace.plan.scenario.resources)
    first = next(name for name in ("energy", *resources) if name in set(lines["resource"]))
    main: pd.DataFrame = lines[lines["resource"] == first]
    last: pd.DataFrame = main[main["year"] == main["year"].max()]
    return last


def _sentences(trace: Trace) -> tuple[Text, ...]:
    lines = _main(trace)
    if not len(lines):
        none = {
            "firm": Text("它没有腾出或占用指标。", "It frees and takes no quota."),
            "project": Text("它没有得到指标。", "It is given no quota."),
            "place": Text("这里没有指标来去。", "No quota comes or leaves here."),
        }[trace.subject]
        return (none,)
    outcome = trace.plan.outcome
    assert outcome is not None
    year, resource = int(lines["year"].iloc[0]), str(lines["resource"].iloc[0])
    unit = outcome.case.unit(resource)
    said = []
    for role, words in ROLES.items():
        part = lines[lines["role"] == role]
        if not len(part):
            continue
        amount = running(float(part["amount"].sum()), unit)
        other = "to" if role in ("freed", "held", "bought", "went out") else "from"
        top = part.groupby(other)["amount"].sum().sort_values(ascending=False, kind="stable")
        kind = str(part.loc[part[other] == top.index[0], f"{other}_kind"].iloc[0])
        end = _end(trace, str(top.index[0]), kind)
        share = float(top.iloc[0]) / float(part["amount"].sum())
        if trace.subject == "place" and role not in _MAIN:
            said.append(Text(f"{words.zh} {amount.zh}", f"{words.en} {amount.en}"))
        else:
            to = Text("给 ", "to ") if other == "to" else Text("来自 ", "from ")
            if kind not in ("firm", "project"):
                to = Text("", "")
            most = Text(f"其中 {share:.0%} {to.zh}{end.zh}", f"{share:.0%} of it {to.en}{end.en}")
            said.append(Text(f"{words.zh} {amount.zh}（{most.zh}）", f"{words.en} {amount.en} ({most.en})"))
    name = resource_name(resource)
    off = trace.difference
    agree = (
        Text("与方案相符", "as the plan says") if off <= 1e-6 else Text(f"与方案最多差 {off:.3g}", f"off by {off:.3g}")
    )
    return (
        Text(
            f"{year} 年{name.zh}：{'，'.join(text.zh for text in said)}。",
            f"{name.en} in {year}: {', '.join(text.en for text in said)}.",
        ),
        Text(f"各年合计{agree.zh}。", f"The sums of all years are {agree.en}."),
    )


def _end(trace: Trace, name: str, kind: str) -> Text:
    """The other end of a line: a firm or project by name, or idle, sold, held, bought."""
    if kind in ("firm", "project"):
        outcome = trace.plan.outcome
        assert outcome is not None
        table = outcome.case.firms if kind == "firm" else outcome.case.projects
        known = table.loc[table[kind] == name, "name"]
        words = f"{name} {known.iloc[0]}".strip() if len(known) else name
        return Text(words, words)
    return listed(LEDGER_ENDS, kind)


def _sums_table(trace: Trace) -> Table:
    columns = (
        Column("year", WORDS["year"], "year"),
        Column("resource", Text("资源", "resource")),
        Column("role", Text("项目", "item")),
        Column("amount", Text("台账合计", "sum of the ledger"), "number", digits=1),
        Column("stated", Text("方案数", "the plan"), "number", digits=1),
        Column("difference", WORDS["difference"], "number", digits=6),
    )
    rows: list[tuple[Cell, ...]] = [
        (int(str(x.year)), _resource(trace, str(x.resource)), ROLES[str(x.role)], *(float(str(v)) for v in x[4:]))
        for x in trace.sums.itertuples()
    ]
    return table_of("sums", Text("各年合计", "Sums by year"), columns, rows)


def _resource(trace: Trace, resource: str) -> Text:
    outcome = trace.plan.outcome
    assert outcome is not None
    name, unit = resource_name(resource), unit_name(outcome.case.unit(resource))
    return Text(f"{name.zh}（{unit.zh}）", f"{name.en} ({unit.en})")


def _lines_table(trace: Trace) -> Table:
    outcome = trace.plan.outcome
    assert outcome is not None
    columns = (
        Column("entry", Text("序号", "entry"), "year"),
        Column("year", WORDS["year"], "year"),
        Column("resource", Text("资源", "resource")),
        Column("role", Text("项目", "item")),
        Column("from", Text("来源", "from"), "long"),
        Column("path", Text("经过的池", "pools"), "long"),
        Column("to", Text("去向", "to"), "long"),
        Column("amount", Text("数量", "amount"), "number", digits=3),
    )
    rows: list[tuple[Cell, ...]] = []
    for line in trace.lines.to_dict("records"):
        path = " → ".join(outcome.case.place_title(place) for place in steps(line["pool_path"]))
        origin = _end(trace, str(line["from"]), str(line["from_kind"]))
        target = _end(trace, str(line["to"]), str(line["to_kind"]))
        resource = _resource(trace, str(line["resource"]))
        rows.append((line["entry"], line["year"], resource, ROLES[line["role"]], origin, path, target, line["amount"]))
    return table_of("entries", Text("逐笔台账", "Entries"), columns, rows)


def _figures(trace: Trace) -> tuple[Callable[[Language], Figure], ...]:
    lines = _main(trace)
    if not len(lines):
        return ()
    return (lambda language: _flow(trace, lines.drop_duplicates("entry"), language),)


def _flow(trace: Trace, lines: pd.DataFrame, language: Language) -> Figure:
    """From sources through the pools to who has it; beyond the largest ends the others are one."""
    outcome = trace.plan.outcome
    assert outcome is not None
    case, unit = outcome.case, outcome.case.unit(str(lines["resource"].iloc[0]))
    total = float(lines["amount"].sum())
    divisor, words = axis_unit(unit, total)
    nodes = Nodes(divisor)
    top = {
        side: set(lines.groupby(side)["amount"].sum().sort_values(ascending=False, kind="stable").index[:_MOST_ENDS])
        for side in ("from", "to")
    }
    categories = dict(zip(case.projects["project"], case.projects["category"], strict=True))
    most = max(len(steps(path)) for path in lines["pool_path"])
    for line in lines.to_dict("records"):
        chain: list[tuple[int, str, str | Text, str]] = []
        name, kind = str(line["from"]), str(line["from_kind"])
        shown = name in top["from"]
        words_from = (name if kind == "firm" else _end(trace, name, kind)) if shown else WORDS["other"]
        chain.append((0, f"f{name if shown else ''}", words_from, GREY if kind == "firm" else PALE))
        path = steps(line["pool_path"])
        for k, place in enumerate(path):
            depth = 1 + k if k < len(path) - 1 else most
            chain.append((depth, f"p{depth}{place}", case.place_title(place), SKY if k == 0 else BLUE))
        name, kind = str(line["to"]), str(line["to_kind"])
        shown = name in top["to"]
        colour = CATEGORY_COLOURS.get(str(categories.get(name, "")), GREEN) if kind == "project" else PALE
        chain.append(
            (most + 1, f"t{name if shown else ''}", _end(trace, name, kind) if shown else WORDS["other"], colour)
        )
        nodes.walk(chain, float(line["amount"]))
    year = int(lines["year"].iloc[0])
    amount = running(total, unit)
    title = _title(trace)
    said = Text(f"{title.zh}（{year} 年，{amount.zh}）", f"{title.en} ({year}, {amount.en})")
    alternative = Text(
        f"流向图：左起为来源、经过的池、去向，单位{words.zh}。",
        f"Flow: sources, pools and destinations from left to right, in {words.en}.",
    )
    return Figure("trace", said.of(language), sankey(nodes, language), alternative.of(language), None, (640, 380))
