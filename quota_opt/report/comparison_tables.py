"""Tables of a comparison for people: measures with differences, who drops out, what all plans share, regret."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from quota_opt.analysis.compare.compare import Comparison
from quota_opt.analysis.compare.decisions import REST, Pair, main_resource, place_name
from quota_opt.analysis.compare.tables import GROUPS, OBJECTIVE, objective_units
from quota_opt.errors import Text
from quota_opt.report import words
from quota_opt.report.comparison_words import measure_name
from quota_opt.report.content import RESOURCE_UNITS
from quota_opt.report.numbers import gap
from quota_opt.report.values import AUTO, Cell, Column, Table, records, table_of
from quota_opt.report.words import WORDS

MAIN = (
    OBJECTIVE, "value_added", "value_added_final", "tax", "projects_started", "firms_treated", "energy_freed",
    "energy_used", "carbon_net", "jobs_net", "public_cost", "smallest_town_ratio",
)  # fmt: skip
"""What page one shows of the measures, as far as it differs."""
_GROUP_WORDS = {
    "all": WORDS["in_all"], "most": Text("多数入选", "in most"), "few": Text("少数入选", "in few"),
    "none": Text("都落选", "in none"),
}  # fmt: skip
_FIRM_GROUPS = {
    "all": Text("都整治", "treated in all"), "most": Text("多数整治", "treated in most"),
    "few": Text("少数整治", "treated in few"), "none": Text("都不整治", "treated in none"),
}  # fmt: skip
CHANGES = {
    "out": Text("退出", "drops out"), "in": Text("换上", "comes in"), "moved": Text("改期或份额", "moves"),
    "treated": Text("改为整治", "treated now"), "left": Text("不再整治", "left alone now"),
    "other": Text("改措施或年份", "treated otherwise"),
}  # fmt: skip


def measures(comparison: Comparison, *, main: bool) -> Table:
    """Every measure by scenario, differences from the baseline beside; `main` keeps the few that page one shows."""
    frame, marks = comparison.measures, comparison.differences.set_index("measure")
    shown = [entry.name for entry in comparison.standing]
    pair = next(iter(comparison.pairs.values()), None)
    lines = [line for _, line in frame.iterrows() if _kept(line, shown, main)]
    if main:
        lines.sort(key=lambda line: MAIN.index(line["measure"]))
    baseline, *others = shown
    columns = [Column("measure", WORDS["measure"]), Column("unit", Text("单位", "unit"))]
    columns += [Column("c0", comparison.title(baseline), "number", digits=AUTO)]
    for k, name in enumerate(others, start=1):
        title = comparison.title(name)
        columns.append(Column(f"c{k}", title, "number", digits=AUTO))
        columns.append(Column(f"d{k}", Text("与基准之差", "difference"), "number", digits=AUTO))
    rows, strong = [], set()
    for r, line in enumerate(lines):
        name = line["measure"]
        title = WORDS["objective"] if name == OBJECTIVE else _title(pair, name)
        cells: list[Cell] = [title, words.unit_name(line["unit"].removesuffix(" eq")), _number(line[baseline])]
        best = str(marks.loc[name, "best"]).split(";")
        strong |= {(r, 2)} if baseline in best else set()
        for other in others:
            cells += [_number(line[other]), _number(marks.loc[name, other])]
            strong |= {(r, len(cells) - 2)} if other in best else set()
        rows.append(tuple(cells))
    key, heading = (
        ("main_measures", Text("主要指标", "Main measures")) if main else ("measures", WORDS["measures_table"])
    )
    note = Text("每行最好的值为粗体。", "The best of each row is bold.")
    return Table(key, heading, tuple(columns), tuple(rows), note=note, strong=frozenset(strong))


def _kept(line: pd.Series, shown: Sequence[str], main: bool) -> bool:
    values = [float(line[name]) for name in shown]
    known = [value for value in values if not math.isnan(value)]
    if not main:
        return any(abs(value) > 1e-9 for value in known)
    differs = len(known) > 1 and max(known) - min(known) > 1e-6 * max(1.0, *(abs(value) for value in known))
    return line["measure"] in MAIN and (differs or line["measure"] == OBJECTIVE)


def _title(pair: Pair | None, name: str) -> Text:
    return words.measure_name(name) if pair is None else measure_name(pair, name)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def terms(comparison: Comparison, name: str) -> Table:
    """The difference of the objective as a sum over its terms."""
    pair = comparison.pairs[name]
    unit = objective_units(pair.before).removesuffix(" eq")
    columns = (
        Column("term", WORDS["measure"]),
        Column("unit", Text("单位", "unit")),
        Column("weight", Text("权重", "weight"), "number", digits=3),
        Column("before", comparison.baseline.title, "number", digits=AUTO),
        Column("after", comparison.title(name), "number", digits=AUTO),
        Column("worth", Text("计入目标值之差", "adds to the difference"), "number", unit, 1, total=True),
    )
    rows = [
        (measure_name(pair, line.measure), words.unit_name(line.unit), None if line.measure == REST else line.weight,
         line.before, line.after, line.worth)
        for line in records(pair.terms)
    ]  # fmt: skip
    return table_of(f"terms_{name}", Text("目标值之差的构成", "What the difference is made of"), columns, rows)


def projects(comparison: Comparison, name: str) -> Table:
    """Projects that drop out, come in or move."""
    pair = comparison.pairs[name]
    columns = (
        Column("change", Text("变化", "change")),
        Column("project", WORDS["project"], "id"),
        Column("name", WORDS["name"]),
        Column("place", WORDS["place"]),
        Column("category", Text("类别", "category")),
        Column("before", comparison.baseline.title),
        Column("after", comparison.title(name)),
        Column("value_added", Text("年增加值之差", "value added a year"), "number", "10k yuan", 0, total=True),
        Column("energy", Text("用能之差", "energy"), "number", "tce", 0, total=True),
    )
    rows = [
        (CHANGES[line.change], line.project, line.name, place_name(pair.before, line.place),
         words.listed(words.CATEGORIES, line.category), _when(line.year_before, line.share_before),
         _when(line.year_after, line.share_after), line.value_added, line.energy)
        for line in records(pair.projects)
    ]  # fmt: skip
    return table_of(f"projects_{name}", Text("项目的变化", "Projects that change"), columns, rows)


def _when(year: int, share: float) -> str:
    if not year:
        return "–"
    return f"{year}" if share > 1 - 1e-9 else f"{year} · {share:.0%}"


def firms(comparison: Comparison, name: str) -> Table:
    """Firms treated otherwise."""
    pair = comparison.pairs[name]
    resource = main_resource(pair.before.scenario)
    columns = (
        Column("change", Text("变化", "change")),
        Column("firm", WORDS["firm"], "id"),
        Column("name", WORDS["name"]),
        Column("place", WORDS["place"]),
        Column("before", comparison.baseline.title),
        Column("after", comparison.title(name)),
        Column("lost", Text("减少增加值之差", "value added lost"), "number", "10k yuan", 0, total=True),
        Column("frees", Text("腾出之差", "freed"), "number", RESOURCE_UNITS.get(resource), 0, total=True),
        Column("cost", Text("财政支出之差", "public cost"), "number", "10k yuan", 1, total=True),
    )
    rows = [
        (CHANGES[line.change], line.firm, line.name, place_name(pair.before, line.place), action_words(line.before),
         action_words(line.after), line.value_added_lost, line.frees, line.cost)
        for line in records(pair.firms)
    ]  # fmt: skip
    return table_of(f"firms_{name}", Text("企业的变化", "Firms that change"), columns, rows)


def action_words(said: str) -> Text:
    """关停 2024 for `close 2024`."""
    if not said:
        return Text("–", "–")
    action, _, year = said.partition(" ")
    title = words.listed(words.ACTIONS, action)
    return Text(f"{title.zh} {year}", f"{title.en} {year}")


def places(comparison: Comparison, name: str) -> Table:
    """Places that gain or lose: quota used, freed, value added a year, money."""
    pair = comparison.pairs[name]
    unit = RESOURCE_UNITS.get(main_resource(pair.before.scenario))
    columns = (
        Column("place", WORDS["place"]),
        Column("projects", Text("项目数", "projects"), "number", total=True),
        Column("firms", Text("整治企业数", "firms treated"), "number", total=True),
        Column("used", Text("安排使用", "used"), "number", unit, 0, total=True),
        Column("freed", WORDS["freed"], "number", unit, 0, total=True),
        Column("value_added", Text("年净增加值", "net value added a year"), "number", "10k yuan", 0, total=True),
        Column("cost", WORDS["public_cost"], "number", "10k yuan", 1, total=True),
    )
    rows = [
        (line.name, line.projects, line.firms, line.used, line.freed, line.value_added, line.cost)
        for line in records(pair.places)
    ]
    title = Text("各区域与基准之差，受损最多的在前", "Places against the baseline, who loses most first")
    return table_of(f"places_{name}", title, columns, rows)


def decisions(comparison: Comparison, kind: str) -> Table:
    """Who is in which plan, grouped by how many plans share it; decisions no plan takes are left to the workbook."""
    frame = comparison.decisions[comparison.decisions["kind"] == kind]
    if kind == "firm":
        frame = frame[frame["group"] != "none"]
    groups = _GROUP_WORDS if kind == "project" else _FIRM_GROUPS
    shown = [entry.name for entry in comparison.standing]
    columns = [
        Column("group", Text("共识", "shared")),
        Column("id", WORDS[kind], "id"),
        Column("name", WORDS["name"]),
        Column("place", WORDS["place"]),
        *(Column(f"c{k}", comparison.title(name)) for k, name in enumerate(shown)),
    ]
    rows = []
    for _, line in frame.iterrows():
        said = [action_words(line[name]) if kind == "firm" else (line[name] or "–") for name in shown]
        rows.append((groups[line["group"]], line["id"], line["name"], line["place"], *said))
    title = Text("项目：哪些怎么都入选", "Projects: which are in whatever holds")
    if kind == "firm":
        title = Text("企业：哪些怎么都整治", "Firms: which are treated whatever holds")
    return table_of(f"decisions_{kind}", title, columns, rows)


def groups(comparison: Comparison) -> Table:
    """How many projects and firms all, most, few or none of the plans share."""
    counts = comparison.decisions.groupby(["group", "kind"])["id"].count()
    columns = (
        Column("group", Text("共识", "shared")),
        Column("projects", WORDS["project"], "number"),
        Column("firms", WORDS["firm"], "number"),
    )
    said = {
        "all": Text("全部方案", "all plans"), "most": Text("多数方案", "most plans"),
        "few": Text("少数方案", "few plans"), "none": Text("没有方案", "no plan"),
    }  # fmt: skip
    rows = [(said[g], int(counts.get((g, "project"), 0)), int(counts.get((g, "firm"), 0))) for g in GROUPS]
    title = Text("安排（整治）它的方案有多少", "How many plans award or treat it")
    return table_of("groups", title, columns, rows)


def regret(comparison: Comparison) -> Table:
    """The regret of each plan (row) where each scenario holds (column)."""
    found = {(line.plan, line.scenario): line for line in records(comparison.regret)}
    shown = [entry.name for entry in comparison.standing]
    columns = [Column("plan", Text("若按此安排", "the plan of"))]
    columns += [Column(f"c{k}", comparison.title(name), "number", digits=0) for k, name in enumerate(shown)]
    columns += [Column("worst", Text("最多", "at worst"), "number", digits=0), Column("note", Text("说明", "note"))]
    rows = []
    for plan in shown:
        lines = [found[plan, scenario] for scenario in shown]
        cells = [float(line.regret) if line.feasible else None for line in lines]
        known = [value for value in cells if value is not None]
        failing, moved = sum(value is None for value in cells), sum(bool(line.rerouted) for line in lines)
        notes_zh = [f"{failing} 个方案下不可行"] if failing else []
        notes_en = [f"does not stand in {failing}"] if failing else []
        if moved:
            notes_zh.append(f"{moved} 个方案下须重排调剂")
            notes_en.append(f"transfers arranged anew in {moved}")
        note = Text("；".join(notes_zh), "; ".join(notes_en))
        rows.append((comparison.title(plan), *cells, max(known, default=None), note))
    title = Text(
        "后悔值：行是所定的安排，列是事后成真的方案", "Regret: the plan taken (row) when a scenario holds (column)"
    )
    note = Text(
        "后悔值 = 该方案下已知最好的目标值 − 按这份安排得到的目标值；“–”为不可行。",
        "Regret: the best value known in the scenario minus what this plan is worth there; – where it does not stand.",
    )
    return Table("regret", title, tuple(columns), tuple(rows), note=note)


def obstacles(comparison: Comparison) -> Table:
    """Why a plan does not stand in a scenario: rule, clause, amount."""
    frame = comparison.regret[~comparison.regret["feasible"].astype(bool)]
    columns = (
        Column("plan", Text("安排", "the plan of")),
        Column("scenario", Text("在此方案下", "where this holds")),
        Column("text", WORDS["reason"], "long"),
    )
    rows = [
        (comparison.title(line.plan), comparison.title(line.scenario), Text(line.text, line.text_en))
        for line in records(frame)
    ]
    return table_of("obstacles", Text("为什么不可行", "Why it does not stand"), columns, rows)


def by_group(comparison: Comparison, key: str) -> Table:
    """Places or categories by scenario: projects, quota used and value added a year."""
    frame = comparison.places if key == "place" else comparison.categories
    shown = [entry.name for entry in comparison.standing]
    plan = comparison.baseline.plan
    assert plan is not None
    unit = RESOURCE_UNITS.get(main_resource(plan.scenario))
    columns = [Column(key, WORDS["place"] if key == "place" else Text("类别", "category"))]
    for k, name in enumerate(shown):
        title = comparison.title(name)
        columns += [
            Column(f"p{k}", Text(f"{title.zh}：项目", f"{title.en}: projects"), "number", total=True),
            Column(f"u{k}", Text(f"{title.zh}：用能", f"{title.en}: used"), "number", unit, total=True),
            Column(
                f"v{k}", Text(f"{title.zh}：年增加值", f"{title.en}: value added"), "number", "10k yuan", total=True
            ),
        ]
    value = "value_added"
    wide = frame.pivot_table(index=key, columns="scenario", values=["projects", "used", value], aggfunc="sum").fillna(
        0.0
    )
    titles = dict(zip(frame["place"], frame["name"], strict=True)) if key == "place" else {}
    rows: list[tuple[Cell, ...]] = []
    for owner, line in wide.iterrows():
        cells = [float(line.get((figure, name), 0.0)) for name in shown for figure in ("projects", "used", value)]
        called: Cell = titles.get(owner, str(owner)) if key == "place" else words.listed(words.CATEGORIES, str(owner))
        rows.append((called, *cells))
    title = Text("按区域", "By place") if key == "place" else WORDS["by_category"]
    return table_of(f"by_{key}", title, columns, rows)


def scenarios(comparison: Comparison) -> Table:
    """The scenarios compared: what differs from the baseline, how the solve ended."""
    columns = (
        Column("scenario", WORDS["variant"]),
        Column("status", WORDS["status"]),
        Column("objective", WORDS["objective"], "number", digits=1),
        Column("gap", WORDS["gap"]),
        Column("changes", Text("与基准的差异", "what differs from the baseline"), "long"),
    )
    rows: list[tuple[Cell, ...]] = []
    for entry in comparison.entries:
        pair = comparison.pairs.get(entry.name)
        changes = [] if pair is None else [change.words for change in pair.settings if change.matters]
        rows_changed = 0 if pair is None else len(pair.rows)
        said = Text("；".join(change.zh for change in changes), "; ".join(change.en for change in changes))
        if rows_changed:
            said = Text(f"{said.zh}；数据 {rows_changed} 行不同", f"{said.en}; {rows_changed} rows of data differ")
        plan = entry.plan
        rows.append(
            (entry.title, words.listed(words.STATUSES, str(entry.status)), None if plan is None else plan.objective,
             "" if plan is None else gap(plan.gap), said)
        )  # fmt: skip
    return table_of("scenarios", Text("参加对比的方案", "Scenarios compared"), columns, rows)
