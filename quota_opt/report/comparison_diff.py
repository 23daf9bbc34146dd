"""The report of a difference: what differs in inputs, rules and decisions, and what each change made of the outcome."""

from __future__ import annotations

from functools import partial

from quota_opt.analysis.compare.decisions import place_name
from quota_opt.analysis.compare.diff import Difference
from quota_opt.analysis.compare.shares import Shares
from quota_opt.analysis.compare.tables import OBJECTIVE, objective_units
from quota_opt.errors import Language, Text
from quota_opt.report import words
from quota_opt.report.comparison_figures import bars
from quota_opt.report.comparison_tables import CHANGES, action_words
from quota_opt.report.comparison_words import answer, joined, measure_name
from quota_opt.report.document import Document, Section, data_note_of, identity_of, scenario_title
from quota_opt.report.numbers import clean, percent, running
from quota_opt.report.values import AUTO, Cell, Column, Figure, Table, records, table_of
from quota_opt.report.words import WORDS
from quota_opt.scenario.schema import table_named

MOST_NAMED = 3
_SEEN = 1e-6
_BEFORE, _AFTER = Text("原来", "before"), Text("现在", "after")
_ROWS = {"added": Text("新增", "added"), "removed": Text("去掉", "removed"), "changed": Text("改动", "changed")}
_RULES = {"on": Text("启用", "on"), "off": Text("停用", "off"), "changed": Text("改动", "changed")}


def document_of(difference: Difference) -> Document:
    """The difference as a report: answer and shares, then inputs, rules, decisions, measures."""
    first = difference.before.scenario
    old, new = (scenario_title(plan.scenario) for plan in (difference.before, difference.after))
    heading = Text(f"{first.title.zh} · 差异：{old.zh} → {new.zh}", f"{first.title.en}: {old.en} → {new.en}")
    decided = (decisions(difference, "project"), decisions(difference, "firm"))
    sentences = (answer(difference.pair), *share_words(difference))
    made = difference.shares
    figures = () if made is None else (partial(share_figure, difference),)
    sections = [
        Section(WORDS["answer"], sentences, () if made is None else (shares(difference, main=True),), figures),
        Section(Text("输入的差异", "Inputs"), tables=(settings(difference), rows(difference))),
        Section(Text("规则的差异", "Rules"), tables=(rules(difference),)),
        Section(Text("决策的差异", "Decisions"), tables=decided),
        Section(WORDS["measures_table"], tables=(measures(difference),)),
    ]
    if made is not None:
        more = [shares(difference, main=False)]
        if made.failed:
            more.append(failures(made))
        sections.append(Section(Text("各项差异占多少", "What each change is worth"), tables=tuple(more)))
    kept = tuple(section for section in sections if section.sentences or any(t.rows for t in section.tables))
    return Document("difference", heading, identity_of(first), kept, data_note_of(first))


def share_words(difference: Difference) -> tuple[Text, ...]:
    """What the largest changes are worth, how many solves say so, and how sure that is."""
    made = difference.shares
    if made is None:
        return ()
    name = OBJECTIVE if OBJECTIVE in set(made.table["measure"]) else str(made.table["measure"].iloc[0])
    table = made.table[made.table["measure"] == name].dropna(subset=["share"])
    unit = objective_units(difference.before) if name == OBJECTIVE else str(made.table["unit"].iloc[0])
    titles = {change.key: change.title for change in difference.changes}
    found: list[Text] = []
    if len(table):
        ordered = table.reindex(table["share"].abs().sort_values(ascending=False, kind="stable").index)
        named = []
        for line in records(ordered.head(MOST_NAMED)):
            by, title = running(line.share, unit if unit != "objective" else ""), titles[line.change]
            named.append(Text(f"{title.zh}，占 {by.zh}", f"{title.en}: {by.en}"))
        listed = joined(named, "；", "; ")
        called = _name(difference, name)
        found.append(
            Text(
                f"{called.zh}之差按各项差异分摊：{listed.zh}；各份额之和正是全部差额。",
                f"The difference of {called.en} by change: {listed.en}; the shares add up to the whole.",
            )
        )
    slack = running(made.slack, unit if unit != "objective" else "")
    sure_zh = f"，受求解差距所限，目标值的每个份额至多差 {slack.zh}" if made.slack > 1e-6 else ""
    sure_en = f"; as each solve stops at its gap, a share of the objective is off by {slack.en} at most" * bool(sure_zh)
    found.append(Text(f"共另求解 {made.solves} 次{sure_zh}。", f"{made.solves} more cases were solved{sure_en}."))
    if made.failed:
        orders = percent(made.orders, 0)
        averaged = Text(f"份额取其余次序（占 {orders}）的平均", f"shares average the other orders ({orders})")
        if not len(table):
            averaged = Text("因此没有公平份额", "so there are no fair shares")
        found.append(
            Text(
                f"有 {len(made.failed)} 种组合没有可行方案，{averaged.zh}。",
                f"{len(made.failed)} sets of changes have no plan; {averaged.en}.",
            )
        )
    return tuple(found)


def _name(difference: Difference, measure: str) -> Text:
    return WORDS["objective"] if measure == OBJECTIVE else measure_name(difference.pair, measure)


def share_figure(difference: Difference, language: Language) -> Figure:
    """Each change's fair share of the objective (alone, where there is no fair share)."""
    made = difference.shares
    assert made is not None
    table = shares(difference, main=True)
    k = next(i for i, column in enumerate(table.columns) if column.key == "share")
    if all(row[k] is None for row in table.rows):
        k = next(i for i, column in enumerate(table.columns) if column.key == "alone")
    column = table.columns[k]
    lines = [(row[0], clean(float(row[k]))) for row in table.rows if isinstance(row[k], int | float)]  # type: ignore[arg-type]
    lines.sort(key=lambda line: line[1])
    title = Text("各项差异造成的变化", "What each change makes of the outcome")
    body = table_of("share_figure", title, (table.columns[0], column), lines)
    return bars("shares", title.of(language), body, (column.unit or "").removesuffix(" eq"), language, wide=True)


def shares(difference: Difference, *, main: bool) -> Table:
    """Each change made alone, made last, and its fair share: of the objective (`main`), or of every measure."""
    made = difference.shares
    assert made is not None
    titles = {change.key: change.title for change in difference.changes}
    names = list(dict.fromkeys(made.table["measure"]))
    if main:
        names = names[:1]
    table = made.table[made.table["measure"].isin(names)]
    moving = set(table.loc[(table[["alone", "last", "share"]].abs() > _SEEN).any(axis=1), "measure"])
    unit = str(table["unit"].iloc[0]) if main and len(table) else None
    columns = [Column("change", Text("差异", "change"), "long")]
    columns += [] if main else [Column("measure", WORDS["measure"]), Column("unit", Text("单位", "unit"))]
    columns += [
        Column("alone", Text("只改这一项", "made alone"), "number", unit, AUTO),
        Column("last", Text("最后改这一项", "made last"), "number", unit, AUTO),
        Column("share", Text("公平份额", "fair share"), "number", unit, AUTO, total=main),
    ]
    lines: list[tuple[Cell, ...]] = []
    for line in records(table):
        if line.measure not in moving and not main:
            continue
        about = () if main else (_name(difference, line.measure), words.unit_name(line.unit))
        lines.append((titles[line.change], *about, *(_known(v) for v in (line.alone, line.last, line.share))))
    title = Text("各项差异占多少", "What each change is worth")
    note = Text(
        "公平份额：各项差异按一切先后次序逐一改动时，这一项所带来变化的平均（夏普利值）。",
        "Fair share: what a change brings when made, averaged over all orders of the changes (Shapley value).",
    )
    return Table(f"shares_{'main' if main else 'all'}", title, tuple(columns), tuple(lines), note=note)


def _known(value: float) -> float | None:
    return None if value != value else float(value)  # noqa: PLR0124


def failures(made: Shares) -> Table:
    """Sets of changes without a plan."""
    columns = (Column("set", Text("组合", "set of changes"), "long"), Column("why", WORDS["reason"], "long"))
    return table_of("failures", Text("没有可行方案的组合", "Sets without a plan"), columns, made.failed)


def settings(difference: Difference) -> Table:
    """Settings that differ."""
    columns = (
        Column("path", WORDS["setting"], "id"), Column("clause", WORDS["clause"]), Column("before", _BEFORE),
        Column("after", _AFTER), Column("text", Text("说明", "in words"), "long"),
    )  # fmt: skip
    lines = [(c.path, c.clause, c.before, c.after, Text(c.text, c.text_en)) for c in records(difference.settings)]
    return table_of("settings", Text("参数", "Settings"), columns, lines)


def rows(difference: Difference) -> Table:
    """Rows and cells of the tables that differ."""
    columns = (
        Column("table", Text("表", "table")), Column("key", Text("行", "row"), "id"),
        Column("change", Text("变化", "change")), Column("column", Text("列", "column")),
        Column("before", _BEFORE), Column("after", _AFTER),
    )  # fmt: skip
    lines = [
        (Text(table_named(c.table).sheet, c.table), c.key, _ROWS[c.change], c.column, c.before, c.after)
        for c in records(difference.tables)
    ]
    return table_of("rows", Text("数据", "Data"), columns, lines)


def rules(difference: Difference) -> Table:
    """Rules switched on or off, or with another parameter."""
    columns = (
        Column("rule", WORDS["rule"]), Column("change", Text("变化", "change")), Column("clause", WORDS["clause"]),
        Column("settings", WORDS["setting"], "long"),
    )  # fmt: skip
    lines = [
        (words.listed(words.RULES, c.rule), _RULES[c.change], c.clause, c.settings.replace(";", "; "))
        for c in records(difference.rules)
    ]
    return table_of("rules_changed", WORDS["rule"], columns, lines)


def decisions(difference: Difference, kind: str) -> Table:
    """Projects or firms decided otherwise."""
    frame = difference.decisions
    frame = frame[frame["kind"] == kind]
    last = Column("energy", Text("用能之差", "energy"), "number", "tce", 0, total=True)
    if kind == "firm":
        last = Column("energy", Text("腾出之差", "freed"), "number", "tce", 0, total=True)
    columns = (
        Column("change", Text("变化", "change")), Column("id", WORDS[kind], "id"), Column("name", WORDS["name"]),
        Column("place", WORDS["place"]), Column("before", _BEFORE), Column("after", _AFTER),
        Column("value_added", Text("年增加值之差", "value added a year"), "number", "10k yuan", 0, total=True), last,
    )  # fmt: skip
    lines = [
        (CHANGES[c.change], c.id, c.name, place_name(difference.before, c.place),
         action_words(c.before) if kind == "firm" else c.before or "–",
         action_words(c.after) if kind == "firm" else c.after or "–", c.value_added, c.energy)
        for c in records(frame)
    ]  # fmt: skip
    return table_of(f"decisions_{kind}", WORDS[kind], columns, lines)


def measures(difference: Difference) -> Table:
    """Every measure before and after."""
    columns = (
        Column("measure", WORDS["measure"]), Column("unit", Text("单位", "unit")),
        Column("before", _BEFORE, "number", digits=AUTO), Column("after", _AFTER, "number", digits=AUTO),
        Column("difference", WORDS["difference"], "number", digits=AUTO),
    )  # fmt: skip
    lines = [
        (_name(difference, c.measure), words.unit_name(c.unit.removesuffix(" eq")), _known(c.before), _known(c.after),
         _known(c.difference))
        for c in records(difference.measures)
    ]  # fmt: skip
    return table_of("measures", WORDS["measures_table"], columns, lines)
