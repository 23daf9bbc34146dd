"""The course of a solve while it runs: best plan and bound over the seconds, the gap closing between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from quota_opt.errors import Language, Text
from quota_opt.report.drafting import BLUE, VERMILLION, axis_name, base_option
from quota_opt.report.numbers import clean, gap
from quota_opt.report.values import Column, Figure, table_of
from quota_opt.report.words import WORDS

_BEST = Text("目前最好", "best so far")


@dataclass(frozen=True)
class Moment:
    """What was known after some seconds; None is not known yet."""

    seconds: float
    best: float | None
    bound: float | None
    gap: float | None


def course(moments: Sequence[Moment], language: Language) -> Figure | None:
    """Best value and bound over time; None before there is anything to draw."""
    known = [moment for moment in moments if moment.best is not None or moment.bound is not None]
    if not known:
        return None
    last = known[-1]
    title = (
        Text("还没有找到方案", "No plan is found yet")
        if last.best is None
        else Text("已有方案，还没有界", "There is a plan, no bound yet")
        if last.gap is None
        else Text(f"离最优至多还差 {gap(last.gap)}", f"At most {gap(last.gap)} from the best")
    )
    lines = ((_BEST, BLUE, "solid", [m.best for m in known]), (WORDS["bound"], VERMILLION, "dashed",
             [m.bound for m in known]))  # fmt: skip
    option = base_option(
        grid={"left": 12, "right": 24, "top": 36, "bottom": 30, "containLabel": True},
        legend={"top": 0, "right": 0, "textStyle": {"fontSize": 12}},
        xAxis=axis_name(Text("秒", "seconds").of(language), type="value", nameLocation="middle", nameGap=24, min=0),
        yAxis=axis_name(WORDS["objective"].of(language), type="value", scale=True),
        series=[
            {"type": "line", "name": text.of(language), "symbol": "circle", "symbolSize": 5, "step": "end",
             "lineStyle": {"color": colour, "type": style, "width": 2}, "itemStyle": {"color": colour},
             "data": [[clean(m.seconds, 1), clean(value, 2)] for m, value in zip(known, values, strict=True)
                      if value is not None]}
            for text, colour, style, values in lines
        ],
    )  # fmt: skip
    columns = (
        Column("seconds", Text("秒", "seconds"), "number", digits=1),
        Column("best", _BEST, "number", digits=1),
        Column("bound", WORDS["bound"], "number", digits=1),
        Column("gap", WORDS["gap"], "share", digits=3),
    )
    rows = [(m.seconds, m.best, m.bound, m.gap) for m in known]
    table = table_of("course", Text("求解过程", "Course of the solve"), columns, rows)
    alternative = Text(f"{title.zh}；两条线合拢即为最优。", f"{title.en}; where the lines meet the plan is optimal.")
    return Figure("course", title.of(language), option, alternative.of(language), table, (720, 260))
