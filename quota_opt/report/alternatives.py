"""The report on plans nearly as good as the best: how far they differ, and what all of them agree on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from quota_opt.errors import Language, Text
from quota_opt.plan.headlines import objective_unit
from quota_opt.report import words
from quota_opt.report.document import Document, Section, about
from quota_opt.report.drafting import BLUE, INK, PALE, base_option, label
from quota_opt.report.numbers import counted, gap, running
from quota_opt.report.values import Cell, Column, Figure, Table, records, table_of
from quota_opt.report.words import WORDS

if TYPE_CHECKING:
    from quota_opt.analysis.near.alternatives import Alternatives
    from quota_opt.plan.plan import Plan

_DRAWN = 40
_PROVEN = Text("已证明", "proven")
_FOUND = Text("在已求得的各套中", "in the plans found")


def alternatives_document(made: Alternatives) -> Document:
    """The document of `Alternatives.document`."""
    best = made.best
    title = Text(
        f"差距 {gap(made.within)}以内的 {len(made.plans)} 套安排",
        f"{len(made.plans)} plans within {gap(made.within)} of the best",
    )
    projects = made.decisions[made.decisions["kind"] == "project"]
    firms = made.decisions[made.decisions["kind"] == "firm"]
    some = projects[projects["verdict"] == "some"]
    sections = [
        Section(
            Text("各套安排有多不同", "How far the plans differ"),
            tuple(_answer(made, projects)),
            (_plans_table(made),),
            (lambda language: _matrix(made, some, language),) if len(some) else (),
        ),
        Section(
            Text("看方案而定的项目", "Projects that some plans award"),
            (_some_sentence(some),),
            (_decisions_table(made, some, "some", WORDS["in_some"]),) if len(some) else (),
        ),
        Section(
            Text("都入选与都落选的项目", "Projects that all or no plans award"),
            (_agreed_sentence(projects),),
            tuple(
                _agreed_table(made, projects[projects["verdict"] == verdict], verdict, heading)
                for verdict, heading in (("all", WORDS["in_all"]), ("never", Text("都落选", "in no plan")))
                if (projects["verdict"] == verdict).any()
            ),
        ),
        Section(
            Text("企业整治的不同", "Where the treatment of firms differs"),
            (_firms_sentence(firms),),
            (_decisions_table(made, firms[firms["verdict"] == "some"], "firms", WORDS["firm"]),)
            if (firms["verdict"] == "some").any()
            else (),
        ),
        Section(Text("怎样求得、证明到哪里", "How they were found, and what is proven"), tuple(_how(made))),
    ]
    return about("alternatives", title, best.scenario, tuple(sections))


def _unit(plan: Plan) -> str:
    last = plan.certificate["stages"][-1]["name"]
    return objective_unit(plan.scenario.settings, plan.measure_units, last)


def _answer(made: Alternatives, projects: pd.DataFrame) -> list[Text]:
    count = len(made.plans)
    core, some, never = (int((projects["verdict"] == verdict).sum()) for verdict in ("all", "some", "never"))
    if count == 1:
        what = (
            Text(
                f"差距 {gap(made.within)}以内没有第二种项目组合，已证明。",
                f"Proven: no other set of awards lies within {gap(made.within)} of the best.",
            )
            if made.complete
            else Text("没有求得别的安排。", "No other plan was found.")
        )
        return [what]
    nearest = int(made.table["differs"].min())
    loss = float(made.table["loss"].max())
    sentences = [
        Text(
            f"{count} 套安排与最好值相差都不超过 {gap(loss)}，项目组合两两至少差 {nearest} 个项目。",
            f"{count} plans lose {gap(loss)} of the best value at most, and any two of them differ in at least "
            f"{counted(nearest, 'award')}.",
        ),
        Text(
            f"{core} 个项目每套都安排，{some} 个看方案而定，{never} 个每套都不安排。",
            f"Awarded in all of them: {counted(core, 'project')}; in some: {some}; in none: {never}.",
        ),
    ]
    if made.complete:
        sentences.append(
            Text(
                f"已证明：差距 {gap(made.within)}以内再没有别的项目组合。",
                f"Proven: there is no further set of awards within {gap(made.within)}.",
            )
        )
    return sentences


def _some_sentence(some: pd.DataFrame) -> Text:
    if not len(some):
        return Text("各套安排的项目相同。", "All plans award the same projects.")
    by_place = some["place"].value_counts()
    return Text(
        f"{len(some)} 个项目有的安排、有的不安排，分布在 {len(by_place)} 个区域；选哪一套，主要就是在它们之间选。",
        f"{counted(len(some), 'project')} in {counted(len(by_place), 'place')} are in some plans only: to choose a "
        "plan is to choose among them.",
    )


def _agreed_sentence(projects: pd.DataFrame) -> Text:
    core = projects[projects["verdict"] == "all"]
    never = projects[projects["verdict"] == "never"]
    return Text(
        f"都入选的 {len(core)} 个中，{int(core['proven'].sum())} 个已证明：差距以内的任何安排都少不了它；"
        f"都落选的 {len(never)} 个中，{int(never['proven'].sum())} 个已证明：差距以内的任何安排都容不下它。",
        f"Of the {len(core)} in all plans, {int(core['proven'].sum())} are proven to be in every plan within the "
        f"share; of the {len(never)} in none, {int(never['proven'].sum())} are proven to be in no such plan.",
    )


def _firms_sentence(firms: pd.DataFrame) -> Text:
    def of(verdict: str) -> int:
        return int((firms["verdict"] == verdict).sum())

    return Text(
        f"{of('all')} 家企业每套都整治，{of('some')} 家看方案而定。",
        f"Treated in all plans: {counted(of('all'), 'firm')}; in some: {of('some')}.",
    )


def _how(made: Alternatives) -> list[Text]:
    unit = _unit(made.best)
    floors = Text(
        "、".join(running(value, unit).zh for value in made.floor),
        ", ".join(running(value, unit).en for value in made.floor),
    )
    source = (
        Text("已证明的界", "the proven bound")
        if made.floor_from == "bound"
        else Text("求得的最好值", "the best value found")
    )
    return [
        Text(
            f"目标值的底线是 {floors.zh}，由{source.zh}减去 {gap(made.within)}得到；每套都通过了独立复核。",
            f"The floor under the objective is {floors.en}: {source.en} less {gap(made.within)}. Each plan has "
            "been verified.",
        ),
        Text(
            "逐套求：每一套都尽量与已有各套的项目不同，个数相同时差别项目的用能越大越好；"
            "“至多”一列是已证明的：底线以上没有哪套能与已有各套差得更多。再在该项目组合下求目标值最高的安排。",
            "One after the other: each plan differs from all before in as many awards as it can, and among those in "
            "as much quota; “at most” is proven: no plan above the floor differs in more. Then the best plan with that "
            "set.",
        ),
        Text(
            "只看项目是否安排，年份不同不算不同。",
            "A project counts as different where it is in or out, not by its year.",
        ),
    ]


def _plans_table(made: Alternatives) -> Table:
    unit = _unit(made.best)
    columns = (
        Column("plan", Text("安排", "plan"), "id"),
        Column("objective", WORDS["objective"], "number", unit, 1),
        Column("loss", Text("比最好的界少", "below the best bound"), "share", digits=2),
        Column("awards", Text("安排项目", "awards"), "number"),
        Column("firms", Text("整治企业", "firms treated"), "number"),
        Column("differs", Text("与前面各套至少差", "differs from those before"), "number", "projects"),
        Column("most", Text("至多（已证明）", "at most (proven)"), "number", "projects"),
        Column("moved", Text("各区域用能相差合计", "quota that differs by place"), "number"),
    )
    rows: list[list[Cell]] = []
    for row in records(made.table):
        rows.append(
            [
                str(row.plan),
                row.objective,
                row.loss,
                float(row.awards),
                float(row.firms),
                row.differs,
                row.most,
                row.moved,
            ]
        )
    return table_of("plans", Text("各套安排", "The plans"), columns, rows)


def _names(made: Alternatives) -> list[str]:
    return [f"plan_{number}" for number in range(1, len(made.plans) + 1)]


def _decisions_table(made: Alternatives, rows: pd.DataFrame, key: str, title: Text) -> Table:
    columns = [
        Column("id", Text("编号", "id"), "id"),
        Column("name", WORDS["name"]),
        Column("place", WORDS["place"]),
        *(Column(name, Text(f"第 {k} 套", f"plan {k}")) for k, name in enumerate(_names(made), 1)),
        Column("plans", Text("几套安排", "plans"), "number"),
    ]
    made_rows: list[list[Cell]] = [
        [
            str(row["id"]),
            str(row["name"]),
            _place(made, row["place"]),
            *(_done(row[name]) for name in _names(made)),
            float(row["plans"]),
        ]
        for _, row in rows.sort_values(["plans", "id"], ascending=[False, True], kind="stable").iterrows()
    ]
    return table_of(f"decisions_{key}", title, columns, made_rows)


def _place(made: Alternatives, place: object) -> str:
    """The name people know a place by."""
    assert made.best.outcome is not None
    return made.best.outcome.case.place_title(str(place))


def _done(value: str) -> Cell:
    action, _, year = value.rpartition(" ")
    if not action:
        return value
    known = words.listed(words.ACTIONS, action)
    return Text(f"{known.zh} {year}", f"{known.en} {year}")


def _agreed_table(made: Alternatives, rows: pd.DataFrame, key: str, title: Text) -> Table:
    columns = (
        Column("id", Text("编号", "id"), "id"),
        Column("name", WORDS["name"]),
        Column("place", WORDS["place"]),
        Column("category", Text("类别", "category")),
        Column("proven", Text("依据", "ground")),
    )
    made_rows: list[list[Cell]] = [
        [
            str(row.id),
            str(row.name),
            _place(made, row.place),
            words.listed(words.CATEGORIES, str(row.category)),
            _PROVEN if row.proven else _FOUND,
        ]
        for row in rows[["id", "name", "place", "category", "proven"]].itertuples(index=False)
    ]
    return table_of(f"agreed_{key}", title, columns, made_rows)


def _matrix(made: Alternatives, some: pd.DataFrame, language: Language) -> Figure:
    """Which plan awards which of the projects that are in some plans only."""
    names = _names(made)
    shown = some.sort_values(["plans", "id"], ascending=[False, True], kind="stable").head(_DRAWN)
    cells = [
        [column, row, 1 if shown[name].iloc[row] else 0]
        for row in range(len(shown))
        for column, name in enumerate(names)
    ]
    titles = [label(f"{row.id} {row.name}", 16) for row in shown[["id", "name"]].itertuples(index=False)]
    heads = [Text(f"第 {k} 套", f"plan {k}").of(language) for k in range(1, len(names) + 1)]
    title = Text(
        f"{len(some)} 个项目看方案而定" + (f"，图中为前 {_DRAWN} 个" if len(some) > _DRAWN else ""),
        f"{len(some)} projects are in some plans only" + (f"; the first {_DRAWN}" if len(some) > _DRAWN else ""),
    ).of(language)
    option = base_option(
        grid={"left": 12, "right": 24, "top": 30, "bottom": 8, "containLabel": True},
        xAxis={"type": "category", "data": heads, "position": "top", "axisLabel": {"fontSize": 12, "color": INK}},
        yAxis={"type": "category", "data": titles, "inverse": True, "axisLabel": {"fontSize": 12, "color": INK},
               "axisTick": {"show": False}},
        visualMap={"show": False, "min": 0, "max": 1, "inRange": {"color": [PALE, BLUE]}},
        series=[{"type": "heatmap", "data": cells, "itemStyle": {"borderColor": "#FFFFFF", "borderWidth": 2}}],
    )  # fmt: skip
    alternative = Text(f"{title}；深色格表示该套安排此项目。", f"{title}; a dark cell is an award in that plan.").of(
        language
    )
    table = _decisions_table(made, shown, "some", WORDS["in_some"])
    return Figure("matrix", title, option, alternative, table, (720, 60 + 24 * len(shown)))
