"""The report on a sweep: at which values of a parameter the plan changes, what each step costs, who goes and comes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from quota_opt.errors import Language, Text
from quota_opt.plan.headlines import objective_unit
from quota_opt.report import words
from quota_opt.report.document import Document, Section, about
from quota_opt.report.drafting import BLUE, GREY, INK, axis_name, axis_unit, base_option, scaled
from quota_opt.report.numbers import clean, counted, gap, running
from quota_opt.report.values import Cell, Column, Figure, Table, table_of
from quota_opt.report.words import WORDS
from quota_opt.scenario.paths import split_path
from quota_opt.scenario.scenario import effective_document
from quota_opt.scenario.settings_words import setting_words
from quota_opt.scenario.standing import clause_words, standings

if TYPE_CHECKING:
    from quota_opt.analysis.near.sweep import Piece, Sweep

_MOST_NAMES = 6
_MOST_PIECES = 8
_DIGITS = 6
_APART = 0.06
"""Break points nearer to each other than this share of the axis have one label."""


def sweep_document(made: Sweep) -> Document:
    """The document of `Sweep.document`."""
    what = _parameter(made)
    title = Text(
        f"{what.zh}从 {_value(made.start)} 到 {_value(made.stop)}",
        f"{what.en} from {_value(made.start)} to {_value(made.stop)}",
    )
    sections = (
        Section(
            Text("在哪里变、变多少", "Where the plan changes, and by how much"),
            tuple(_answer(made)),
            (_pieces_table(made),),
            (lambda language: _steps(made, language),) if _known(made) else (),
        ),
        Section(Text("各段的成效指标", "Measures by piece"), (_measures_sentence(made),), tuple(_measures_table(made))),
        Section(Text("怎样求得、证明到哪里", "How it was found, and what is proven"), tuple(_how(made))),
    )
    return about("sweep", title, made.scenario, sections)


def _known(made: Sweep) -> list[Piece]:
    """The pieces with a plan."""
    return [piece for piece in made.pieces if piece.plan is not None]


def _parameter(made: Sweep) -> Text:
    """What people call the parameter; its path where nobody has named it."""
    named = words.parameter_name(made.parameter)
    if named is not None:
        return named
    said = setting_words(made.parameter)
    return Text(said.zh or made.parameter, f"{said.en} ({made.parameter})" if said.en else made.parameter)


def _clause(made: Sweep) -> Text | None:
    """The clause the parameter stands under, the nearest on the way to it."""
    spot: Any = effective_document(made.scenario)
    found: Any = None
    for key in split_path(made.parameter):
        if isinstance(spot, dict):
            found = spot.get("clause") or found
            spot = spot.get(key)
        elif isinstance(spot, list) and key.isdecimal() and int(key) < len(spot):
            spot = spot[int(key)]
    if isinstance(spot, dict):
        found = spot.get("clause") or found
    return None if not found else clause_words(str(found), standings(made.scenario))


def _value(value: float) -> str:
    return f"{value:.{_DIGITS}g}"


def _unit(made: Sweep) -> str:
    plan = _known(made)[0].plan
    assert plan is not None
    return objective_unit(made.scenario.settings, plan.measure_units, plan.certificate["stages"][-1]["name"])


def _objective(piece: Piece) -> float:
    return math.nan if piece.plan is None else piece.plan.objective


def _answer(made: Sweep) -> list[Text]:
    if not _known(made):
        return [Text("范围内任何取值都没有可行的安排。", "No value in the range has a plan that satisfies the rules.")]
    unit, sentences = _unit(made), []
    if len(made.pieces) == 1:
        zh = "范围内同一套安排始终最优" if made.exact else "所试的各个取值求得同一套安排"
        en = "One plan is the best throughout" if made.exact else "All values tried give the same plan"
        worth = running(_objective(made.pieces[0]), unit)
        sentences.append(Text(f"{zh}，目标值 {worth.zh}。", f"{en}, worth {worth.en}."))
    else:
        values = [_value(value) for value in made.breaks[:_MOST_NAMES]]
        more = len(made.breaks) - len(values)
        sentences.append(
            Text(
                f"安排在 {len(made.breaks)} 处改变：{'、'.join(values)}{' 等' if more else ''}。",
                f"The plan changes at {counted(len(made.breaks), 'value')}: {', '.join(values)}{' …' if more else ''}.",
            )
        )
        sentences += _dearest(made, unit)
    none = [piece for piece in made.pieces if piece.plan is None]
    for piece in none:
        span = f"{_value(piece.start)}–{_value(piece.stop)}"
        sentences.append(Text(f"{span} 之间没有可行的安排。", f"From {span} no plan satisfies the rules."))
    return sentences


def _dearest(made: Sweep, unit: str) -> list[Text]:
    """The step that changes the objective most, and who goes and comes with it."""
    steps = [
        (number, later.plan.objective - before.plan.objective)
        for number, (before, later) in enumerate(zip(made.pieces, made.pieces[1:], strict=False), 1)
        if before.plan is not None and later.plan is not None
    ]
    if not steps:
        return []
    number, change = max(steps, key=lambda step: abs(step[1]))
    row = made.table.iloc[number]
    size = running(abs(change), unit)
    entered, left = _listed(str(row["entered"])), _listed(str(row["left"]))
    zh = [f"新入选 {entered.zh}" if entered.zh else "", f"落选 {left.zh}" if left.zh else ""]
    en = [f"in: {entered.en}" if entered.en else "", f"out: {left.en}" if left.en else ""]
    told_zh, told_en = "，".join(part for part in zh if part), "; ".join(part for part in en if part)
    at = _value(made.pieces[number].start)
    return [
        Text(
            f"最大的一步在 {at}：由低到高越过它，目标值{'增加' if change > 0 else '减少'} {size.zh}"
            f"{'；' + told_zh if told_zh else ''}。",
            f"The largest step is at {at}: going up across it, the objective {'gains' if change > 0 else 'loses'} "
            f"{size.en}{'; ' + told_en if told_en else ''}.",
        )
    ]


def _listed(ids: str) -> Text:
    """A few of the identifiers of a cell, and how many more there are."""
    names = [name for name in ids.split(";") if name]
    shown, more = names[:_MOST_NAMES], len(names) - _MOST_NAMES
    return Text(
        "、".join(shown) + (f" 等 {len(names)} 个" if more > 0 else ""),
        ", ".join(shown) + (f" and {more} more" if more > 0 else ""),
    )


def _range(piece: Piece) -> str:
    """The piece as an interval, with the ends that belong to it in square brackets."""
    if piece.start == piece.stop:
        return _value(piece.start)
    left, right = "[" if piece.with_start else "(", "]" if piece.with_stop else ")"
    return f"{left}{_value(piece.start)}, {_value(piece.stop)}{right}"


def _pieces_table(made: Sweep) -> Table:
    unit = _unit(made) if _known(made) else None
    columns = (
        Column("range", Text("取值范围", "values"), "id"),
        Column("objective", WORDS["objective"], "number", unit, 1),
        Column("change", Text("比上一段", "against the piece before"), "number", unit, 1),
        Column("awards", Text("安排项目", "awards"), "number"),
        Column("entered", Text("比上一段新入选", "in, against the piece before")),
        Column("left", Text("落选", "out")),
        Column("firms", Text("整治企业增减", "firms treated, more and less"), "id"),
        Column("made_by", Text("收紧时为什么变", "why it ends as it tightens"), "long"),
        Column("proven", Text("证明", "proof")),
    )
    rows: list[list[Cell]] = []
    for number, piece in enumerate(made.pieces):
        row = made.table.iloc[number]
        before = made.pieces[number - 1] if number else None
        change = math.nan if before is None else _objective(piece) - _objective(before)
        more, less = (
            len([name for name in str(row[key]).split(";") if name]) for key in ("firms_entered", "firms_left")
        )
        rows.append(
            [
                _range(piece),
                _objective(piece),
                change,
                float(row["awards"]),
                _listed(str(row["entered"])),
                _listed(str(row["left"])),
                f"+{more} −{less}" if number else "",
                piece.made_by,
                _ground(piece),
            ]
        )
    note = Text("方括号一端含端点，圆括号一端不含。", "An end in a square bracket belongs to the piece.")
    table = table_of("pieces", Text("各段", "The pieces"), columns, rows)
    return Table(table.key, table.title, table.columns, table.rows, note=note)


def _ground(piece: Piece) -> Text:
    if piece.plan is None:
        return Text("无可行安排", "no plan")
    if piece.start == piece.stop:
        return Text("只求了这一点", "this value alone")
    return (
        Text("整段已证明", "proven throughout")
        if piece.exact
        else Text("两端求得，中间未证", "asked at the ends alone")
    )


def _steps(made: Sweep, language: Language) -> Figure:
    """The objective over the parameter, a step at each break point."""
    known, unit = _known(made), _unit(made)
    values = [_objective(piece) for piece in known]
    divisor, shown = axis_unit(unit, max(abs(value) for value in values))
    data: list[list[float | None]] = []
    rows: list[list[Cell]] = []
    for number, piece in enumerate(made.pieces):
        if piece.plan is None:
            data.append([clean(piece.start, 10), None])
            continue
        value = scaled(piece.plan.objective, divisor)
        if number and made.pieces[number - 1].plan is not None:
            data.append([clean(piece.start, 10), None])
        data += [[clean(piece.start, 10), value], [clean(piece.stop, 10), value]]
        rows += [[piece.start, piece.plan.objective], [piece.stop, piece.plan.objective]]
    marks: list[dict[str, Any]] = []
    named = -math.inf
    for value in made.breaks[: 2 * _MOST_PIECES]:
        shows = value - named > _APART * (made.stop - made.start)
        named = value if shows else named
        text = {"show": shows, "formatter": f"{value:.4g}", "fontSize": 11, "color": INK}
        marks.append({"xAxis": clean(value, 10), "label": text})
    series = {
        "type": "line", "data": data, "symbol": "circle", "symbolSize": 5, "connectNulls": False,
        "lineStyle": {"color": BLUE, "width": 3}, "itemStyle": {"color": BLUE},
        "markLine": {"silent": True, "symbol": "none", "precision": 10, "data": marks,
                     "lineStyle": {"color": GREY, "type": "dashed", "width": 1}},
    }  # fmt: skip
    low, high = min(values), max(values)
    what = _parameter(made)
    ends = running(abs(values[-1] - values[0]), unit)
    title = Text(
        f"{_value(made.start)} 与 {_value(made.stop)} 之间相差 {ends.zh}" if low < high else "目标值不随它改变",
        f"{ends.en} between {_value(made.start)} and {_value(made.stop)}" if low < high else "It changes nothing",
    ).of(language)
    option = base_option(
        grid={"left": 12, "right": 48, "top": 44, "bottom": 34, "containLabel": True},
        xAxis=axis_name(
            what.of(language), type="value", nameLocation="middle", nameGap=28,
            min=clean(made.start, 10), max=clean(made.stop, 10),
        ),
        yAxis=axis_name(
            Text(f"目标值（{shown.zh}）", f"objective ({shown.en})").of(language), type="value", scale=True,
            nameTextStyle={"align": "left", "fontSize": 12},
        ),
        series=[series],
    )  # fmt: skip
    alternative = Text(
        f"阶梯图：{what.zh}由低到高，目标值在 {len(made.breaks)} 处跳变。",
        f"A step chart: as {what.en} rises, the objective jumps at {counted(len(made.breaks), 'value')}.",
    ).of(language)
    columns = (
        Column("value", Text("取值", "value"), "number", digits=6),
        Column("objective", WORDS["objective"], "number", unit, 1),
    )
    table = table_of("steps", Text("目标值随取值的变化", "The objective over the parameter"), columns, rows)
    return Figure("steps", title, option, alternative, table, (720, 360), "scatter")


def _measures_sentence(made: Sweep) -> Text:
    known = _known(made)
    if not known:
        return Text("没有可行的安排，没有成效指标。", "There is no plan, and no measure.")
    first, last = known[0].plan, known[-1].plan
    assert first is not None
    assert last is not None
    low, high = _range(known[0]), _range(known[-1])
    return Text(
        f"{low} 一段安排 {len(first.awards)} 个项目、整治 {len(first.actions)} 家企业，"
        f"{high} 一段为 {len(last.awards)} 个、{len(last.actions)} 家。",
        f"In {low}: {counted(len(first.awards), 'award')}, {counted(len(first.actions), 'firm')} treated; in {high}: "
        f"{len(last.awards)} and {len(last.actions)}.",
    )


def _measures_table(made: Sweep) -> list[Table]:
    known = _known(made)
    if not known:
        return []
    shown = known if len(known) <= _MOST_PIECES else [*known[: _MOST_PIECES // 2], *known[-_MOST_PIECES // 2 :]]
    plans = [piece.plan for piece in shown if piece.plan is not None]
    columns = (
        Column("measure", Text("成效指标", "measure")),
        Column("unit", Text("单位", "unit")),
        *(Column(f"piece_{k}", Text(_range(p), _range(p)), "number", digits=1) for k, p in enumerate(shown, 1)),
    )
    rows: list[list[Cell]] = []
    for name, unit in plans[0].measure_units.items():
        values: list[Cell] = [plan.measures.get(name, math.nan) for plan in plans]
        if len({round(float(value), 6) for value in values if isinstance(value, float)}) > 1:
            rows.append([words.measure_name(name), words.unit_name(unit), *values])
    cut = len(known) if len(known) > len(shown) else 0
    note = Text("只列随取值改变的指标。", "Only measures that change are listed.")
    table = table_of("measures", Text("随取值改变的成效指标", "Measures that change"), columns, rows)
    if cut:
        note = Text(f"{note.zh}共 {cut} 段，列出两端各几段。", f"{note.en} The first and last of {cut} pieces.")
    return [Table(table.key, table.title, table.columns, table.rows, note=note)]


def _how(made: Sweep) -> list[Text]:
    sentences = []
    clause = _clause(made)
    if clause is not None:
        sentences.append(Text(f"参数出处：{clause.zh}。", f"The clause of the parameter: {clause.en}."))
    if made.looser:
        way = Text("越高" if made.looser == "up" else "越低", "higher" if made.looser == "up" else "lower")
        sentences.append(
            Text(
                f"比对了范围内各处的模型：取值{way.zh}越宽松，较严取值下的每一套安排在较宽取值下都仍然允许，"
                "所以目标值只升不降，可以逐段证明。",
                f"Models along the range were compared: {way.en} values are looser, and every plan of a stricter value "
                "stays allowed. So the objective is monotone, and pieces can be proven.",
            )
        )
    else:
        sentences.append(
            Text(
                "没有逐段证明：或是要求按步试算，或是看不出取值越高（低）就越宽松。各取值分别求解，取值之间未作判断。",
                "Nothing is proven between the values: even steps were asked for, or no direction was seen to be "
                "looser. Each value was solved by itself.",
            )
        )
    if made.exact and len(made.pieces) > 1:
        sentences.append(
            Text(
                "每一段：同一套安排在整段内都可行，而最宽的一端也证明不了更好的值（在求解差距以内）。",
                "Each piece: one plan holds throughout, and even at its loosest end nothing better is possible, within "
                "the gap.",
            )
        )
    elif made.looser and not made.exact:
        sentences.append(
            Text(
                "标“中间未证”的一段，安排随取值连续变化，只在两端求解。",
                "Where the plan follows the parameter from value to value, it was asked at the ends of even steps "
                "alone.",
            )
        )
    worst = max((float(value) for value in made.table["gap"] if math.isfinite(value)), default=0.0)
    sentences.append(
        Text(
            f"共求解 {made.solves} 次、建模 {made.builds} 次；各段差距不超过 {gap(worst)}。",
            f"{counted(made.solves, 'solve')}, {counted(made.builds, 'model')} built; gaps up to {gap(worst)}.",
        )
    )
    return sentences
