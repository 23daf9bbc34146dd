"""The report of a front: what a step costs, the picture, who is in and out, and how complete it is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from quota_opt.errors import Language, Text
from quota_opt.report import front_figures as figures
from quota_opt.report.document import Document, Section, about
from quota_opt.report.numbers import gap, running, short
from quota_opt.report.values import Cell, Column, Figure, Table, table_of
from quota_opt.report.words import unit_name

if TYPE_CHECKING:
    from quota_opt.analysis.front.changes import Step
    from quota_opt.analysis.front.pareto import Front, Goal

MOST_NAMES = 12
"""So many names in a cell; the rest are counted."""


def front_document(front: Front) -> Document:
    """The front of one case for people."""
    named = [goal.line.title for goal in front.goals]
    title = Text(
        f"{'、'.join(name.zh for name in named)}的取舍",
        f"Trade-off between {', '.join(name.en for name in named)}",
    )
    sections = (
        Section(Text("结论", "Answer"), _answer(front), (_points(front),), _figures(front)),
        Section(Text("相邻两点之间谁进谁出", "Who comes in and goes out"), (_kept(front),), (_steps(front),)),
        Section(Text("是否齐全", "Is it complete"), _completeness(front), (_boxes(front),)),
    )
    return about("front", title, front.scenario, sections)


def _figures(front: Front) -> tuple[figures.Maker, ...]:
    if len(front.goals) == 2:
        return (partial(_curve, front),)
    return (partial(figures.panels, front), partial(figures.lines, front))


def _curve(front: Front, language: Language) -> Figure:
    said = rate_range(front)
    return figures.curve(front, language, said if said is not None else Text("取舍曲线", "The front"))


def rate_range(front: Front) -> Text | None:
    """What one unit of the second measure costs of the first, cheapest to dearest; None without two points."""
    rates = [abs(rate) for rate in front.rates if not np.isnan(rate)]
    if len(front.goals) != 2 or not rates:
        return None
    first, second = front.goals
    return Text(
        f"{_step(second).zh}，{first.line.title.zh}{'少' if first.sense == 'max' else '多'} "
        f"{_span(min(rates), max(rates))} {unit_name(first.line.unit).zh}",
        f"{_step(second).en} costs {_span(min(rates), max(rates))} {unit_name(first.line.unit).en} of "
        f"{first.line.title.en}",
    )


def _step(goal: Goal) -> Text:
    unit = unit_name(goal.line.unit)
    return Text(
        f"{goal.line.title.zh}每{'多' if goal.sense == 'max' else '少'} 1 {unit.zh}",
        f"One {unit.en} {'more' if goal.sense == 'max' else 'less'} of {goal.line.title.en}",
    )


def _span(low: float, high: float) -> str:
    return short(low) if short(low) == short(high) else f"{short(low)}–{short(high)}"


def _answer(front: Front) -> tuple[Text, ...]:
    said = [line for line in (rate_range(front), _ends(front), _knee(front), _standing(front)) if line is not None]
    return tuple(Text(f"{line.zh}。", f"{line.en}.") for line in said)


def _ends(front: Front) -> Text:
    """The best of each measure, and what the others are there."""
    zh, en = [], []
    for at, goal in enumerate(front.goals):
        best = int(front.found.points[:, at].argmin())
        values = [running(float(front.points[other.name].iloc[best]), _unit(other)) for other in front.goals]
        zh.append(
            f"{goal.line.title.zh}最好时（第 {best + 1} 点）"
            + "、".join(f"{other.line.title.zh} {value.zh}" for other, value in zip(front.goals, values, strict=True))
        )
        en.append(
            f"At the best {goal.line.title.en} (point {best + 1}): "
            + ", ".join(f"{other.line.title.en} {value.en}" for other, value in zip(front.goals, values, strict=True))
        )
    return Text("；".join(zh), ". ".join(en))


def _unit(goal: Goal) -> str:
    return goal.line.unit.removesuffix("/yr")


def _knee(front: Front) -> Text | None:
    point = front.knee
    if point is None:
        return Text("没有明显的拐点", "There is no knee")
    return Text(
        f"拐点是第 {point} 点：离各指标最好点的连线最远，再往两头走都不划算",
        f"The knee is point {point}: farthest from the line between the ends; going on either way costs more",
    )


def _standing(front: Front) -> Text:
    """How many points, and whether there are more."""
    count = len(front.points)
    if front.complete:
        return Text(
            f"共 {count} 点，已证明没有别的不被超越的方案",
            f"{count} points; it is proven that nothing else is unbettered",
        )
    if front.exact:
        return Text(
            f"到时限时找到 {count} 点，前沿不全", f"{count} points were found before a limit came; there may be more"
        )
    return Text(
        f"沿曲线均匀取 {count} 点，每点证明到差距 {gap(front.opened.profile.relative_gap)} 以内；两点之间还有别的方案",
        f"{count} points spread along the front, each proven within {gap(front.opened.profile.relative_gap)}; "
        f"there are others between",
    )


def _points(front: Front) -> Table:
    """The points with rate to the neighbour and the knee."""
    numbers = figures.points_table(front)
    columns = [
        Column("point", Text("点", "point"), "id"),
        *numbers.columns,
        Column("neighbour", Text("邻点", "neighbour"), "id"),
        Column("slope", _rate_title(front), "number", None, 3),
        Column("knee", Text("拐点", "knee")),
    ]
    rows: list[list[Cell]] = []
    for at, values in enumerate(numbers.rows):
        neighbour, rate = front.neighbours[at], front.rates[at]
        rows.append(
            [
                str(at + 1), *values, "" if neighbour is None else str(neighbour),
                None if np.isnan(rate) else abs(rate), "◆" if at + 1 == front.knee else "",
            ]
        )  # fmt: skip
    strong = frozenset() if front.knee is None else frozenset({(front.knee - 1, 0)})
    table = table_of("points", Text("曲线上的方案", "Plans on the front"), columns, rows)
    return Table(table.key, table.title, table.columns, table.rows, strong=strong)


def _rate_title(front: Front) -> Text:
    first, second = front.goals[0], front.goals[1]
    one, other = unit_name(first.line.unit), unit_name(second.line.unit)
    return Text(
        f"到邻点每 1 {other.zh}换{first.line.title.zh}（{one.zh}）",
        f"{first.line.title.en} ({one.en}) for 1 {other.en} on the way to the neighbour",
    )


def _kept(front: Front) -> Text:
    from quota_opt.analysis.front.changes import in_all

    projects, firms = in_all(front)
    return Text(
        f"{len(projects)} 个项目在每一点都安排，{len(firms)} 家企业在每一点都整治。",
        f"{len(projects)} projects are awarded and {len(firms)} firms are treated at every point.",
    )


def _steps(front: Front) -> Table:
    from quota_opt.analysis.front.changes import steps_of

    columns = [
        Column("from", Text("从第…点", "from point"), "id"),
        Column("to", Text("到第…点", "to point"), "id"),
        Column("projects_in", Text("新安排", "projects in"), "long"),
        Column("projects_out", Text("不再安排", "projects out"), "long"),
        Column("firms_in", Text("新整治", "firms treated"), "long"),
        Column("firms_out", Text("不再整治", "firms left alone"), "long"),
    ]
    rows = [_step_row(step) for step in steps_of(front)]
    return table_of("steps", Text("谁进谁出", "In and out"), columns, rows)


def _step_row(step: Step) -> list[Cell]:
    sides = (step.projects_in, step.projects_out, step.firms_in, step.firms_out)
    return [str(step.start), str(step.end), *(_names(names) for names in sides)]


def _names(names: tuple[str, ...]) -> Text:
    shown, more = names[:MOST_NAMES], len(names) - MOST_NAMES
    zh, en = "、".join(shown), ", ".join(shown)
    if more <= 0:
        return Text(zh, en)
    return Text(f"{zh} 等 {len(names)} 个", f"{en} and {more} more")


def _completeness(front: Front) -> tuple[Text, ...]:
    """What was proven, and how near points may lie."""
    made = []
    for goal, margin, whole in zip(front.goals, front.found.margin, front.found.steps, strict=True):
        unit = unit_name(goal.line.unit)
        if whole and front.exact:
            made.append(
                Text(
                    f"{goal.line.title.zh}只取 {short(margin)} {unit.zh}的整倍数。",
                    f"{goal.line.title.en} comes in whole steps of {short(margin)} {unit.en}.",
                )
            )
        else:
            made.append(
                Text(
                    f"{goal.line.title.zh}相差不到 {short(margin)} {unit.zh}的两点算一点。",
                    f"Points nearer than {short(margin)} {unit.en} in {goal.line.title.en} count as one.",
                )
            )
    made.append(
        Text(
            f"共求解 {front.found.programs} 次；下列各范围证明没有方案：没有一个方案在所列指标上都比它好。",
            f"{front.found.programs} programs were solved; each line is a range proven empty: no plan betters it in "
            f"all the measures named.",
        )
    )
    return tuple(made)


def _boxes(front: Front) -> Table:
    columns = [
        *(
            Column(goal.name, goal.line.title, "number", goal.line.unit, digits=column.digits)
            for goal, column in zip(front.goals, figures.points_table(front).columns, strict=True)
        ),
        Column("status", Text("证明", "proof")),
    ]
    rows: list[list[Cell]] = [
        [
            *(goal.value(x) if np.isfinite(x) else None for goal, x in zip(front.goals, box.corner, strict=True)),
            box.status,
        ]
        for box in front.found.boxes
    ]
    note = Text("“–”表示不限。", "A dash means no limit.")
    table = table_of("boxes", Text("证明没有方案的范围", "Ranges proven empty"), columns, rows)
    return Table(table.key, table.title, table.columns, table.rows, note=note).shortened(200)
