"""A replay for people: the verdict in a sentence, what stands behind it, and every decision that differs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from quota_opt.errors import Text
from quota_opt.report.document import Document, Section, about
from quota_opt.report.values import AUTO, Cell, Column, Table, table_of
from quota_opt.report.words import STATUSES, measure_name
from quota_opt.solving.status import Status

if TYPE_CHECKING:
    from quota_opt.analysis.replay import Replay

VERDICTS = {
    "identical": Text(
        "重算得到同一方案：措施、项目安排、调剂和目标值都与原结果相同。",
        "The same plan again: actions, awards, transfers and objective are those of the result.",
    ),
    "ties": Text(
        "重算的目标值与原结果相同，安排有所不同：这几套方案同样好。",
        "The same value by other decisions: these plans are equally good.",
    ),
    "differs": Text(
        "重算得到另一目标值，相差在双方已证明的差距之内，两份结果都站得住。",
        "Another value, within what both runs have proven: both results stand.",
    ),
    "contradicts": Text(
        "重算与原结果相互矛盾，其中必有一方有误，查明之前不要使用这份结果。",
        "The result and its replay contradict each other; do not use it before it is known which is wrong.",
    ),
}
CHECKS = {
    "status": Text("状态", "status"),
    "objective": Text("目标值", "objective"),
    "bound": Text("所证的界", "proven bound"),
    "price_bound": Text("价格证明的界", "bound from prices"),
    "proof_bound": Text("搜索证明的界", "bound of the search"),
}
KINDS = {
    "firm": Text("企业", "firm"),
    "project": Text("项目", "project"),
    "transfer": Text("调剂", "transfer"),
    "trade": Text("交易", "trade"),
}
MOST = 200


def replay_document(made: Replay) -> Document:
    """The replay as a small report."""
    first = Section(Text("重算结论", "Verdict"), (*_answer(made), *_how(made)), (_checks(made),) if made.again else ())
    sections: tuple[Section, ...] = (first,)
    if len(made.differences):
        sections = (*sections, Section(Text("不同的安排", "Decisions that differ"), (), (_differences(made),)))
    title = Text(f"{made.then.scenario.title.zh} · 重算", f"{made.then.scenario.title.en} · replay")
    return about("replay", title, made.then.scenario, sections)


def _answer(made: Replay) -> list[Text]:
    said = [VERDICTS[made.verdict]]
    if made.again is None and made.verdict == "differs":
        said = [Text("到时限时重算还没有找到方案，无从比较。", "The replay found no plan within its limit.")]
    elif made.again is None and made.ending is not None:
        found = made.ending.text
        said += [
            Text("原方案经复核成立，重算却称没有方案：", "The recorded plan holds, and yet the replay finds none:"),
            found,
        ]
    said += made.beyond
    if made.verdict == "identical" and not made.certificate_agrees:
        said.append(
            Text("证明的途径不同，两个证明都成立。", "It is proven in another way; both proofs hold."),
        )
    if len(made.differences):
        count = len(made.differences)
        said.append(Text(f"有 {count} 处安排不同。", f"{count} decisions differ."))
    return said


def _how(made: Replay) -> list[Text]:
    """Seal, versions, profile and limits: why the two may differ."""
    said = [
        Text("封存清单完好，输入和各表都未改动。", "The seal is whole: neither inputs nor tables were changed.")
        if made.sealed
        else Text("这份结果没有封存，只核对了输入和各表一致。", "The result was never sealed; inputs and tables agree.")
    ]
    then, now = made.program
    engine_then, engine_now = made.engine
    if then == now and engine_now in (None, engine_then):
        zh = f"程序（{now}）和求解器（{engine_then}）版本都相同。"
        said.append(Text(zh, f"Same program ({now}) and engine ({engine_then})."))
    else:
        said.append(
            Text(
                f"原程序 {then or '（未记）'}，求解器 {engine_then}；现程序 {now}，求解器 {engine_now or '–'}。",
                f"Then program {then or '(not recorded)'}, engine {engine_then}; "
                f"now {now}, engine {engine_now or '–'}.",
            )
        )
    name = made.profile.name
    said.append(
        {
            "recorded": Text(f"按原结果所记的求解方案 {name} 求解。", f"Solved with the recorded profile {name}."),
            "named": Text(
                f"原结果只记了求解方案的名称，按现在的 {name} 和原差距求解，时限可能不同。",
                f"The result names its profile only: solved with {name} as it is now, to the recorded gap.",
            ),
            "given": Text(f"按另指定的求解方案 {name} 求解。", f"Solved with the given profile {name}."),
        }[made.profile_from]
    )
    for plan, who in ((made.then, Text("原运行", "The recorded run")), (made.again, Text("本次重算", "This run"))):
        if plan is not None and plan.status is not Status.OPTIMAL:
            said.append(
                Text(f"{who.zh}没有证明到所要求的差距。", f"{who.en} did not prove its plan within the gap asked for.")
            )
    return said


def _checks(made: Replay) -> Table:
    staged = len(made.then.certificate["stages"]) > 1
    columns = (
        Column("check", Text("核对", "check")),
        *((Column("stage", Text("目标", "stage")),) if staged else ()),
        Column("then", Text("原结果", "then"), "number", digits=AUTO),
        Column("now", Text("重算", "now"), "number", digits=AUTO),
        Column("agrees", Text("相同", "same")),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            CHECKS[check],
            *((measure_name(stage) if stage else "",) if staged else ()),
            *((STATUSES[then], STATUSES[now]) if check == "status" else (then, now)),
            "–" if agrees is None else "✓" if agrees else "✗",
        )
        for check, stage, then, now, agrees in made.checks.itertuples(index=False)
    ]
    return table_of("checks", Text("逐项核对", "What was compared"), columns, rows)


def _differences(made: Replay) -> Table:
    columns = (
        Column("kind", Text("对象", "kind")),
        Column("id", Text("编号", "id"), "id"),
        Column("what", Text("内容", "what")),
        Column("then", Text("原结果", "then"), "number", digits=AUTO),
        Column("now", Text("重算", "now"), "number", digits=AUTO),
    )
    rows: list[tuple[Cell, ...]] = [
        (KINDS[row["kind"]], row["id"], row["what"], float(row["then"]), float(row["now"]))
        for row in made.differences.to_dict("records")
    ]
    note = Text(
        "企业：1 为采取该措施；项目：份额；调剂和交易：数量。",
        "Firms: 1 where the action is taken; projects: share; transfers and trades: amount.",
    )
    table = table_of("differences", Text("不同的安排", "Decisions that differ"), columns, rows)
    return replace(table.shortened(MOST), note=note)
