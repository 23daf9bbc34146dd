"""The report on a re-plan: how little must change, what each further change buys, and what became of every decision."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from quota_opt.errors import Language, Text
from quota_opt.plan.headlines import objective_unit
from quota_opt.report import words
from quota_opt.report.document import Document, Section, about
from quota_opt.report.drafting import BLUE, axis_name, axis_unit, base_option, scaled
from quota_opt.report.numbers import counted, gap, running
from quota_opt.report.values import Cell, Column, Figure, Table, table_of
from quota_opt.report.words import WORDS

if TYPE_CHECKING:
    from quota_opt.analysis.near.replan import Replan

CHANGES = {
    "promised": Text("按承诺不变", "promised, kept"),
    "kept": Text("未变", "kept"),
    "moved": Text("改年份", "moved in year"),
    "resized": Text("改份额", "resized"),
    "replaced": Text("改措施", "another action"),
    "added": Text("新增", "added"),
    "dropped": Text("取消", "dropped"),
    "gone": Text("新案例中已没有", "not in the new case"),
}
"""What became of a decision, in words."""
ROLES = {
    "fewest": Text("改动最少", "fewest changes"),
    "within": Text("差距以内改动最少", "fewest within the share"),
    "asked": Text("按限定的改动数", "as many changes as allowed"),
    "step": Text("居中", "between"),
    "best": Text("目标值最好", "best value"),
}
"""What a plan is for, in words."""


def replan_document(made: Replan) -> Document:
    """The document of `Replan.document`."""
    number = _shown(made)
    churn = made.churn[made.churn["plan"] == number]
    sections = (
        Section(
            Text("改多少、值多少", "How much changes, and what it is worth"),
            tuple(_answer(made)),
            (_plans_table(made),),
            (lambda language: _front(made, language),) if len(made.plans) > 1 else (),
        ),
        Section(
            Text(f"第 {number} 套改了什么", f"What plan {number} changes"),
            (_churn_sentence(churn),),
            tuple(_churn_tables(made, churn)),
        ),
        *(
            Section(
                Text(f"第 {other} 套改了什么", f"What plan {other} changes"),
                (_churn_sentence(rows),),
                tuple(_churn_tables(made, rows, other)),
            )
            for other, rows in made.churn.groupby("plan", sort=True)
            if other != number
        ),
        Section(
            Text("已承诺的", "What is promised"), (_promised_sentence(churn),), tuple(_promised_table(made, churn))
        ),
        Section(Text("怎样求得、证明到哪里", "How it was found, and what is proven"), tuple(_how(made))),
    )
    title = Text("在原安排基础上少改动地重排", "A new plan near the old one")
    return about("replan", title, made.scenario, sections)


def _shown(made: Replan) -> int:
    """The number of the plan told first: as asked, else the fewest changes within the share, else the first."""
    for role in ("asked", "within"):
        for number, roles in enumerate(made.table["role"], 1):
            if role in roles.split(";"):
                return number
    return 1


def _unit(made: Replan) -> str:
    plan = made.best
    return objective_unit(plan.scenario.settings, plan.measure_units, plan.certificate["stages"][-1]["name"])


def _answer(made: Replan) -> list[Text]:
    unit, table = _unit(made), made.table
    first, last = table.iloc[_shown(made) - 1], table.iloc[-1]
    changes, most = int(first["changes"]), int(last["changes"])
    worth, top = running(float(first["objective"]), unit), running(float(last["objective"]), unit)
    short = abs(float(last["objective"]) - float(first["objective"])) / max(abs(float(last["objective"])), 1e-9)
    sentences = []
    if changes == 0:
        sentences.append(
            Text(
                f"原安排不用改：在新条件下仍然可行，目标值 {worth.zh}。",
                f"Nothing need change: the old plan still holds, worth {worth.en}.",
            )
        )
    else:
        sentences.append(
            Text(
                f"改 {changes} 处，目标值 {worth.zh}。",
                f"{counted(changes, 'change')}: the objective is {worth.en}.",
            )
        )
    if len(table) > 1 and most > changes:
        away = gap(short)
        sentences.append(
            Text(
                f"放开改动，最好能到 {top.zh}，要改 {most} 处；只改 {changes} 处比它少 {away}。",
                f"With as many changes as it takes, {most}, the best is {top.en}: {away} more than with {changes}.",
            )
        )
    step = _dearest(made)
    if step is not None:
        sentences.append(step)
    lost = int(first["gone"])
    if lost:
        sentences.append(
            Text(
                f"另有 {lost} 项原决定在新案例中已没有，不计入改动数。",
                f"{counted(lost, 'decision')} of the old plan are no longer in the new case, and not counted.",
            )
        )
    return sentences


def _dearest(made: Replan) -> Text | None:
    """The step of the front where a further change buys most."""
    worth = made.table["per_change"]
    if not worth.notna().any():
        return None
    at = int(worth.abs().fillna(-1.0).to_numpy().argmax())
    before, row = made.table.iloc[at - 1], made.table.iloc[at]
    each = running(abs(float(row["per_change"])), _unit(made))
    return Text(
        f"最值的一步：由 {int(before['changes'])} 处改到 {int(row['changes'])} 处，每多改一处值 {each.zh}。",
        f"The step that buys most: from {int(before['changes'])} to {int(row['changes'])}, each further change is "
        f"worth {each.en}.",
    )


def _role(roles: str) -> Text:
    known = [ROLES[role] for role in roles.split(";")]
    return Text("、".join(text.zh for text in known), ", ".join(text.en for text in known))


def _plans_table(made: Replan) -> Table:
    unit = _unit(made)
    columns = (
        Column("plan", Text("安排", "plan"), "id"),
        Column("role", Text("用途", "purpose")),
        Column("changes", Text("改动", "changes"), "number"),
        Column("objective", WORDS["objective"], "number", unit, 1),
        Column("gained", Text("比上一套", "against the plan before"), "number", unit, 1),
        Column("per_change", Text("每多改一处值", "per further change"), "number", unit, 1),
        *(Column(kind, CHANGES[kind], "number") for kind in CHANGES if made.table[kind].any()),
    )
    rows: list[list[Cell]] = []
    for _, row in made.table.iterrows():
        cells: list[Cell] = [str(row["plan"]), _role(str(row["role"]))]
        rows.append([*cells, *(float(row[column.key]) for column in columns[2:])])
    return table_of("plans", Text("各套安排", "The plans"), columns, rows)


def _front(made: Replan, language: Language) -> Figure:
    """The objective over the number of changes."""
    unit, table = _unit(made), made.table
    divisor, shown = axis_unit(unit, float(table["objective"].abs().max()))
    points = [[int(row["changes"]), scaled(float(row["objective"]), divisor)] for _, row in table.iterrows()]
    first, last = table.iloc[0], table.iloc[-1]
    gained = running(abs(float(last["objective"]) - float(first["objective"])), unit)
    title = Text(
        f"由改 {int(first['changes'])} 处到改 {int(last['changes'])} 处，目标值相差 {gained.zh}",
        f"From {int(first['changes'])} to {int(last['changes'])} changes: {gained.en}",
    ).of(language)
    option = base_option(
        grid={"left": 12, "right": 40, "top": 44, "bottom": 34, "containLabel": True},
        xAxis=axis_name(
            Text("改动数", "changes").of(language), type="value", nameLocation="middle", nameGap=26, minInterval=1
        ),
        yAxis=axis_name(
            Text(f"目标值（{shown.zh}）", f"objective ({shown.en})").of(language), type="value", scale=True
        ),
        series=[{"type": "line", "data": points, "step": "end", "symbol": "circle", "symbolSize": 8,
                 "lineStyle": {"color": BLUE, "width": 2}, "itemStyle": {"color": BLUE}}],
    )  # fmt: skip
    columns = (
        Column("changes", Text("改动", "changes"), "number"),
        Column("objective", WORDS["objective"], "number", unit, 1),
    )
    rows = [[float(row["changes"]), float(row["objective"])] for _, row in table.iterrows()]
    values = table_of("front", Text("改动数与目标值", "Changes and objective"), columns, rows)
    return Figure("front", title, option, title, values, (720, 340), "scatter")


def _churn_sentence(churn: pd.DataFrame) -> Text:
    count = churn["change"].value_counts()
    told = [(kind, int(count[kind])) for kind in CHANGES if kind in count]
    return Text(
        "、".join(f"{CHANGES[kind].zh} {number}" for kind, number in told) + "。",
        ", ".join(f"{CHANGES[kind].en}: {number}" for kind, number in told) + ".",
    )


def _churn_tables(made: Replan, churn: pd.DataFrame, number: object = "") -> list[Table]:
    rows = churn[~churn["change"].isin(["promised", "kept"])]
    if not len(rows):
        return []
    order = {kind: at for at, kind in enumerate(CHANGES)}
    rows = rows.sort_values(["kind", "change", "id"], key=lambda c: c.map(order) if c.name == "change" else c)
    columns = (
        Column("kind", Text("类型", "kind")),
        Column("id", Text("编号", "id"), "id"),
        Column("name", WORDS["name"]),
        Column("place", WORDS["place"]),
        Column("change", Text("变化", "change")),
        Column("was", Text("原来", "was")),
        Column("now", Text("现在", "now")),
        Column("reason", WORDS["reason"], "long"),
    )
    cells: list[list[Cell]] = [
        [
            WORDS[str(row["kind"])],
            str(row["id"]),
            str(row["name"]),
            _place(made, row["place"]),
            CHANGES[str(row["change"])],
            _when(str(row["was"]), row["share_was"]),
            _when(str(row["now"]), row["share_now"]),
            Text(str(row["reason"]), str(row["reason_en"])),
        ]
        for _, row in rows.iterrows()
    ]
    return [table_of(f"churn{number}", Text("改动", "Changes"), columns, cells)]


def _place(made: Replan, place: object) -> str:
    """The name people know a place by."""
    assert made.best.outcome is not None
    return made.best.outcome.case.place_title(str(place))


def _when(value: str, share: object) -> Cell:
    """A year, or action and year; the share where it is only a part."""
    part = f" ({share:.0%})" if isinstance(share, float) and not math.isnan(share) and share < 1.0 else ""
    action, _, year = value.rpartition(" ")
    if not action:
        return f"{value}{part}"
    known = words.listed(words.ACTIONS, action)
    return Text(f"{known.zh} {year}", f"{known.en} {year}")


def _promised_sentence(churn: pd.DataFrame) -> Text:
    held = churn[churn["change"] == "promised"]
    projects, firms = (int((held["kind"] == kind).sum()) for kind in ("project", "firm"))
    if not len(held):
        return Text("没有写明已承诺或已实施的事项。", "Nothing was said to be promised or done.")
    return Text(
        f"{projects} 个项目、{firms} 家企业的事项已承诺或已实施，每一套都照原样保留。",
        f"{counted(projects, 'award')} and {counted(firms, 'action')} are promised or done; every plan keeps them as "
        "they were.",
    )


def _promised_table(made: Replan, churn: pd.DataFrame) -> list[Table]:
    held = churn[churn["change"] == "promised"].sort_values(["kind", "id"], kind="stable")
    if not len(held):
        return []
    columns = (
        Column("kind", Text("类型", "kind")),
        Column("id", Text("编号", "id"), "id"),
        Column("name", WORDS["name"]),
        Column("place", WORDS["place"]),
        Column("now", Text("内容", "what")),
    )
    cells: list[list[Cell]] = [
        [
            WORDS[str(row["kind"])],
            str(row["id"]),
            str(row["name"]),
            _place(made, row["place"]),
            _when(str(row["now"]), row["share_now"]),
        ]
        for _, row in held.iterrows()
    ]
    return [table_of("promised", Text("已承诺或已实施", "Promised or done"), columns, cells)]


def _how(made: Replan) -> list[Text]:
    worst = max(float(value) for value in made.table["gap"])
    return [
        Text(
            "一处改动是一个项目或一家企业的决定与原安排不同：取消、新增、改年份、改措施、改份额，各计一处。",
            "A change is a project or firm decided otherwise: dropped, added, moved, given another action or share; "
            "each counts once.",
        ),
        Text(
            "每一套都是在限定改动数下目标值最好的安排，已独立复核；承诺和限定写在该套结果的“指定事项”中，可据以重算。",
            "Each plan is the best with so many changes, and verified; promises and the limit are directives in its "
            "own folder, from which it can be solved again.",
        ),
        Text(
            f"“差距以内”指与最好值相差不超过 {gap(made.within)}；各套求解差距不超过 {gap(worst)}，"
            "改动更多而不更好的不列。",
            f"“Within the share” is within {gap(made.within)} of the best; gaps are up to {gap(worst)}. Plans with "
            "more changes that are not better are left out.",
        ),
    ]
