"""Reports of what may happen: a plan in many worlds, the price of robustness, plans of two stages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from quota_opt.errors import Text
from quota_opt.plan.headlines import objective_unit
from quota_opt.report import uncertainty_figures as figures
from quota_opt.report.document import Document, Section, about
from quota_opt.report.numbers import percent, running, short
from quota_opt.report.values import Cell, Column, Table, records, table_of
from quota_opt.report.words import ACTIONS, CATEGORIES, STATUSES, WORDS, listed, measure_name, resource_name, unit_name
from quota_opt.scenario import Scenario, Uncertainty

if TYPE_CHECKING:
    from quota_opt.analysis.uncertain.evaluate import Evaluation
    from quota_opt.analysis.uncertain.robust import RobustPlans
    from quota_opt.analysis.uncertain.two_stage import TwoStage

_YEAR = Column("year", WORDS["year"], "year")
_SERVED = Column("served", Text("全部保障的概率", "all served"), "share", digits=1)
_MET = Column("met", Text("平均保障比例", "met on average"), "share", digits=1)
_QUANTILES = {
    "p05": Text("5%", "5 %"),
    "p25": Text("25%", "25 %"),
    "p50": Text("中位", "median"),
    "p75": Text("75%", "75 %"),
    "p95": Text("95%", "95 %"),
}
_MOST_ROWS = 500


def evaluation_document(made: Evaluation) -> Document:
    """Page one: how often all is served, where it lacks first; then measures, places, awards, and what was drawn."""
    years, spread = _years_table(made), _measures_table(made)
    varying = made.measures[_varies(made.measures)]
    drawn = [partial(figures.served, years, made.years)]
    if len(varying):
        drawn.append(partial(figures.spread, spread, varying))
    sections = [
        Section(WORDS["answer"], tuple(_answer(made)), (years,), tuple(drawn)),
        Section(Text("成效指标的可能范围", "How far measures may spread"), (_measures_words(),), (spread,)),
    ]
    if len(made.places):
        places = made.places.assign(title=_titles(made.plan, made.places["place"]))
        table = _places_table(made, places)
        sections.append(
            Section(
                Text("哪里、哪年会缺", "Where and when it may lack"),
                (_routing_words(),),
                (table,),
                (partial(figures.risk, table, places),),
            )
        )
    awards = made.awards.assign(title=_titles(made.plan, made.awards["place"]))
    sections.append(
        Section(
            Text("哪些项目风险大", "Which awards are at risk"),
            (_share_words(),) if len(made.places) else (),
            (_awards_table(awards),),
        )
    )
    sections.append(drawn_section(made.scenario, made.uncertainty, made.samples, made.seed))
    return about(
        "evaluation", _title(made.scenario, Text("风险评估", "Risk of the plan")), made.scenario, tuple(sections)
    )


def robust_document(made: RobustPlans) -> Document:
    """Page one: what it costs to stand more deviations, and how much more often the plan holds."""
    unit = _unit(next(iter(made.plans.values()))) if made.plans else "objective"
    table = _prices_table(made, unit)
    solved = made.prices[made.prices["status"].isin(["OPTIMAL", "FEASIBLE"])]
    sentences = _price_words(solved, unit)
    drawn = []
    if len(solved):
        rows = tuple(row for row in table.rows if row[2] is not None)
        shown = Table(table.key, table.title, table.columns, rows)
        objective = next(column for column in table.columns if column.key == "objective")
        values = solved["objective"].astype(float).tolist()
        ends = running(values[0], unit), running(values[-1], unit)
        costs = Text(
            f"防得越多，目标值由 {ends[0].zh} 到 {ends[1].zh}",
            f"The more it stands, the less it brings: {ends[0].en} to {ends[1].en}",
        )
        drawn.append(lambda said: figures.by_gamma("price", costs.of(said), shown, objective, values, said))
        if "served" in solved:
            kept = solved["served"].astype(float).tolist()
            least, most = percent(kept[0], 1), percent(kept[-1], 1)
            holds = Text(
                f"全部保障的把握由 {least} 到 {most}", f"All awards are served in {least} to {most} of the worlds"
            )
            drawn.append(lambda said: figures.by_gamma("holds", holds.of(said), shown, _SERVED, kept, said))
    deviations = _deviations_table(made.deviations)
    sections = [
        Section(WORDS["answer"], tuple(sentences), (table,), tuple(drawn)),
        Section(Text("防什么", "Against what"), (_guarantee_words(),), (deviations,)),
    ]
    given = made.scenario.settings.uncertainty
    if made.samples and given is not None:
        sections.append(drawn_section(made.scenario, given, made.samples, made.seed))
    return about(
        "robust", _title(made.scenario, Text("稳健的代价", "The price of robustness")), made.scenario, tuple(sections)
    )


def two_stage_document(made: TwoStage) -> Document:
    """Page one: what the two-stage plan is worth beside the others, in its own worlds and in fresh ones."""
    from quota_opt.analysis.uncertain.two_stage import PLANS

    unit = _unit(made.plan)
    columns = (
        Column("plan", Text("方案", "plan")),
        Column("worlds", Text("情形", "worlds")),
        Column("value", Text("综合值", "what is maximised"), "number", unit, 1),
        Column("expected", Text("期望目标值", "expected objective"), "number", unit, 1),
        Column("cost", Text("期望短缺代价", "expected cost of being short"), "number", unit, 1),
        Column("tail", Text("最差情形的短缺代价", "cost in the worst worlds"), "number", unit, 1),
        _SERVED,
        Column("objective", Text("按案例所写的目标值", "objective as stated"), "number", unit, 1),
    )
    seen = {"in": Text("求解所用", "used to plan"), "out": Text("新抽", "fresh")}
    rows: list[list[Cell]] = [
        [PLANS[row.plan], Text(f"{seen[row.worlds].zh} {row.count} 个", f"{row.count} {seen[row.worlds].en}"),
         row.value, row.expected, row.cost, row.tail, row.served, row.objective]
        for row in records(made.compared)
    ]  # fmt: skip
    table = table_of("two_stage", Text("几种方案相比", "The plans beside each other"), columns, rows)
    fresh = {row.plan: row for row in records(made.compared[made.compared["worlds"] == "out"])}
    own, plain = fresh["two_stage"], fresh["plain"]
    gained, fewer = running(made.vss_fresh, unit), running(own.value - plain.value, unit)
    sentences = (
        Text(
            f"在 {made.fresh:,} 个新抽的情形中，两阶段方案有 {percent(own.served, 0)} 的情形全部保障"
            f"（原方案 {percent(plain.served, 0)}），综合值比原方案多 {fewer.zh}。",
            f"In {made.fresh:,} fresh worlds the two-stage plan serves all in {percent(own.served, 0)} "
            f"(the plain plan in {percent(plain.served, 0)}) and is worth {fewer.en} more than the plain plan.",
        ),
        Text(
            f"随机解价值：比按平均情形做的方案多 {running(made.vss, unit).zh}（新抽情形中 {gained.zh}）。",
            f"Value of the stochastic solution: {running(made.vss, unit).en} more than the plan of the mean world "
            f"({gained.en} in fresh worlds).",
        ),
        Text(
            f"综合值为期望目标值，减期望短缺代价，再减 {short(made.weight)} 倍最差 {percent(1 - made.alpha, 0)} 情形的"
            "平均代价。方案在案例所写的情况下满足全部规则；各情形中指标可在规则允许内重新调剂，仍不足的部分计代价。",
            "What is maximised: the expected objective, less the expected cost of being short, less "
            f"{short(made.weight)} times its mean in the worst {percent(1 - made.alpha, 0)} of the worlds. The plan "
            "keeps every rule on the case as stated; in each world quota is passed along anew as far as the rules let "
            "it, and what still lacks costs.",
        ),
        Text(
            f"求解：{STATUSES[str(made.status)].zh}，值 {short(made.value)}，界 {short(made.bound)}。",
            f"Solved: {STATUSES[str(made.status)].en}, value {short(made.value)}, bound {short(made.bound)}.",
        ),
    )
    more = f"由 {made.drawn:,} 个情形归并为 {made.samples:,} 个。" if made.drawn > made.samples else ""
    fewer_en = f" {made.drawn:,} worlds were reduced to {made.samples:,}." if made.drawn > made.samples else ""
    drawn = drawn_section(made.scenario, made.uncertainty, made.samples, made.seed, Text(more, fewer_en))
    title = _title(made.scenario, Text("两阶段方案", "Plan of two stages"))
    sections = (Section(WORDS["answer"], sentences, (table,)), _decided_otherwise(made), drawn)
    return about("two-stage", title, made.scenario, sections)


def _decided_otherwise(made: TwoStage) -> Section:
    """Projects and firms that the two-stage plan decides otherwise than the plain one."""
    columns = (
        Column("kind", Text("类型", "kind")),
        Column("id", Text("编号", "identifier"), "id"),
        Column("name", WORDS["name"]),
        Column("place", WORDS["place"]),
        Column("now", Text("两阶段方案", "two-stage plan")),
        Column("before", Text("原方案", "plain plan")),
    )
    rows: list[list[Cell]] = []
    for kind, table, key in (("project", "awards", "project"), ("firm", "actions", "firm")):
        both = [getattr(plan, table).set_index(key) for plan in (made.plan, made.plain)]
        for name in sorted({*both[0].index, *both[1].index}):
            own = [_decision(frame.loc[name], kind) if name in frame.index else Text("–", "–") for frame in both]
            if own[0] != own[1]:
                line = next(frame.loc[name] for frame in both if name in frame.index)
                rows.append([WORDS[kind], name, line["name"], _titles(made.plan, [line["place"]])[0], *own])
    said = Text(
        f"与原方案相比，{len(rows)} 个项目和企业的决定不同。",
        f"{len(rows)} projects and firms are decided otherwise than in the plain plan.",
    )
    made_table = table_of("otherwise", Text("决定不同的项目和企业", "Decided otherwise"), columns, rows)
    return Section(Text("与原方案的不同", "What is decided otherwise"), (said,), (made_table.shortened(_MOST_ROWS),))


def _decision(line: Any, kind: str) -> Text:
    year = int(line["year"])
    if kind == "firm":
        what = listed(ACTIONS, str(line["action"]))
        return Text(f"{year} 年{what.zh}", f"{what.en} in {year}")
    part = "" if line["share"] >= 1 - 1e-6 else f" {percent(float(line['share']), 0)}"
    return Text(f"{year} 年起{part}", f"from {year}{part}")


def drawn_section(scenario: Scenario, given: Uncertainty, samples: int, seed: int, more: Text | None = None) -> Section:
    """What was drawn, how often, with which seed, and from which distributions."""
    extra = more or Text("", "")
    common = given.correlation
    related = Text(
        f"同一区域各户的相关程度为 {percent(common, 0)}。" if common else "各户相互独立。",
        f" Rows of a place share {percent(common, 0)} of what moves them." if common else " Rows are independent.",
    )
    sentence = Text(
        f"抽取 {samples:,} 个情形，种子 {seed}；同一种子下各方案遇到同样的情形。{related.zh}{extra.zh}",
        f"{samples:,} worlds, seed {seed}; with the same seed every plan meets the same worlds.{related.en}{extra.en}",
    )
    columns = (
        Column("whose", Text("对象", "of")),
        Column("what", Text("什么", "what")),
        Column("how", Text("分布", "distribution")),
        Column("source", Text("出处", "source")),
    )
    return Section(
        Text("抽的是什么", "What was drawn"),
        (sentence,),
        (table_of("distributions", Text("不确定性", "Uncertainty"), columns, _distributions(given)),),
    )


def _distributions(given: Uncertainty) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for kind, action in given.actions.items():
        source = action.clause or action.source or given.clause or given.source or ""
        whose = listed(ACTIONS, kind)
        if action.slip is not None:
            rows.append([whose, Text("推迟", "years late"), _late(action.slip), source])
        if action.delivery is not None:
            rows.append([whose, Text("腾出量的倍数", "times what is freed"), _shape(action.delivery), source])
    for category, project in given.projects.items():
        source = project.clause or project.source or given.clause or given.source or ""
        whose = listed(CATEGORIES, category)
        if project.need is not None:
            rows.append([whose, Text("用量的倍数", "times what is needed"), _shape(project.need), source])
        if project.delay is not None:
            rows.append([whose, Text("推迟开工", "years late"), _late(project.delay), source])
        if project.drop_out:
            said = Text(f"概率 {percent(project.drop_out, 0)}", f"probability {percent(project.drop_out, 0)}")
            rows.append([whose, Text("退出", "drops out"), said, source])
    return rows


def _late(of: Any) -> Text:
    return Text(
        f"{percent(of.probability, 0)}的可能推迟 {of.years} 年",
        f"late by {of.years}, probability {percent(of.probability, 0)}",
    )


def _shape(of: Any) -> Text:
    low, high = (short(end) for end in of.ends)
    if of.distribution == "uniform":
        return Text(f"均匀，{low} 到 {high}", f"uniform, {low} to {high}")
    if of.distribution == "triangular":
        return Text(f"三角，{low}、{short(of.mode)}、{high}", f"triangular, {low}, {short(of.mode)}, {high}")
    if of.distribution == "normal":
        return Text(
            f"正态，均值 {short(of.mean)}，标准差 {short(of.sd)}，截于 {low} 和 {high}",
            f"normal, mean {short(of.mean)}, deviation {short(of.sd)}, cut off at {low} and {high}",
        )
    pairs = [f"{short(v)}（{percent(p, 0)}）" for v, p in zip(of.values, of.probabilities, strict=True)]
    english = [f"{short(v)} ({percent(p, 0)})" for v, p in zip(of.values, of.probabilities, strict=True)]
    return Text("、".join(pairs), ", ".join(english))


def _answer(made: Evaluation) -> list[Text]:
    low = made.years.sort_values(["served", "year"], kind="stable").iloc[0]
    year, whole, part = int(low["year"]), percent(made.served, 0), percent(low["served"], 0)
    met = percent(low["met"], 0)
    said = [
        Text(
            f"{made.samples:,} 个情形中，{whole} 的情形各年都能保障全部已安排项目；"
            f"把握最小的是 {year} 年（{part}，平均保障用量的 {met}）。",
            f"In {whole} of {made.samples:,} worlds every award is served in every year; the least certain year is "
            f"{year} ({part}; {met} of what is used is met on average).",
        )
    ]
    if len(made.places):
        worst = made.places.iloc[0]
        unit = _resource_unit(made, str(worst["resource"]))
        mean, tail = running(worst["expected"], unit), running(worst["tail"], unit)
        place, what = _titles(made.plan, [worst["place"]])[0], resource_name(str(worst["resource"]))
        said.append(
            Text(
                f"最容易缺的是{place} {int(worst['year'])} 年的{what.zh}：平均缺 {mean.zh}，"
                f"最差 {percent(1 - made.alpha, 0)} 的情形平均缺 {tail.zh}。",
                f"Most lacks at {place} in {int(worst['year'])}, of {what.en}: {mean.en} on average, {tail.en} in the "
                f"worst {percent(1 - made.alpha, 0)} of the worlds.",
            )
        )
    if len(made.awards) and float(made.awards["short"].max()) > 0.0:
        first = made.awards.iloc[0]
        name = str(first["name"] or first["project"])
        said.append(
            Text(
                f"风险最大的项目是{name}：{percent(first['short'], 0)} 的情形中某年指标不足，"
                f"平均有 {percent(first['unserved'], 0)} 的用量落空。",
                f"Most at risk is {name}: short in some year in {percent(first['short'], 0)} of the worlds, with "
                f"{percent(first['unserved'], 0)} of its need lacking on average.",
            )
        )
    if "shortfall_cost" in set(made.measures["measure"]):
        cost = running(made.measure("shortfall_cost")["mean"], "10k yuan")
        said.append(Text(f"短缺的代价平均 {cost.zh}。", f"Being short costs {cost.en} on average."))
    return said


def _years_table(made: Evaluation) -> Table:
    columns, names = [_YEAR, _SERVED, _MET], ["year", "served", "met"]
    for name in made.scenario.resources:
        what, unit = resource_name(name), _resource_unit(made, name)
        for key, words in (
            ("short", Text(f"平均缺{what.zh}", f"{what.en} short, mean")),
            ("tail", Text(f"最差情形缺{what.zh}", f"{what.en} short in the worst")),
        ):
            columns.append(Column(f"{key}_{name}", words, "number", unit, 1))
            names.append(f"{key}_{name}")
    rows = [[getattr(row, name) for name in names] for row in records(made.years)]
    return table_of("years", Text("各年保障程度", "What is served, by year"), columns, rows)


def _varies(measures: pd.DataFrame) -> pd.Series[bool]:
    varies: pd.Series[bool] = (measures["sd"] > 1e-9) & (measures["planned"] > 1e-9)
    return varies


def _measures_table(made: Evaluation) -> Table:
    columns = (
        Column("measure", WORDS["measure"]),
        Column("unit", Text("单位", "unit")),
        Column("planned", Text("计划", "planned"), "number", digits=1),
        Column("mean", Text("平均", "mean"), "number", digits=1),
        *(Column(key, words, "number", digits=1) for key, words in _QUANTILES.items()),
    )
    own = {
        "objective": Text("目标值", "objective"),
        "objective_net": Text("目标值减短缺代价", "objective less cost of being short"),
        "shortfall_cost": Text("短缺代价", "cost of being short"),
    }
    rows: list[list[Cell]] = []
    for row in records(made.measures):
        if row.sd <= 1e-9 and row.measure not in own:
            continue
        name = own.get(row.measure, measure_name(row.measure))
        rows.append([name, unit_name(row.unit), row.planned, row.mean, *(getattr(row, key) for key in _QUANTILES)])
    return table_of("measures", Text("会变动的成效指标", "Measures that vary"), columns, rows)


def _places_table(made: Evaluation, places: pd.DataFrame) -> Table:
    columns = (
        Column("place", WORDS["place"]),
        Column("resource", Text("资源", "resource")),
        Column("unit", Text("单位", "unit")),
        _YEAR,
        Column("probability", Text("短缺的概率", "probability"), "share", digits=1),
        Column("expected", Text("平均短缺", "mean shortfall"), "number", digits=1),
        Column("tail", Text("最差情形平均", "mean of the worst"), "number", digits=1),
        Column("used", Text("平均使用", "mean use"), "number", digits=1),
    )
    rows: list[list[Cell]] = [
        [row.title, resource_name(row.resource), unit_name(_resource_unit(made, row.resource)), int(row.year),
         row.probability, row.expected, row.tail, row.used]
        for row in records(places)
    ]  # fmt: skip
    table = table_of("places", Text("各地各年短缺", "Shortfall by place and year"), columns, rows)
    return table.shortened(_MOST_ROWS)


def _awards_table(awards: pd.DataFrame) -> Table:
    columns = (
        Column("project", WORDS["project"], "id"),
        Column("name", WORDS["name"]),
        Column("place", WORDS["place"]),
        Column("category", Text("类别", "category")),
        _YEAR,
        Column("short", Text("某年不足的概率", "short in some year"), "share", digits=1),
        Column("unserved", Text("平均落空的用量", "need lacking, mean"), "share", digits=1),
        Column("drops_out", Text("退出的概率", "drops out"), "share", digits=1),
        Column("late", Text("推迟的概率", "late"), "share", digits=1),
    )
    rows: list[list[Cell]] = [
        [row.project, row.name, row.title, listed(CATEGORIES, row.category), int(row.year), row.short, row.unserved,
         row.drops_out, row.late]
        for row in records(awards)
    ]  # fmt: skip
    return table_of("awards", Text("已安排项目", "Awards"), columns, rows).shortened(_MOST_ROWS)


def _prices_table(made: RobustPlans, unit: str) -> Table:
    columns = [
        Column("gamma", Text("同时偏差的个数 Γ", "deviations stood, Γ")),
        Column("status", WORDS["status"]),
        Column("objective", Text("目标值", "objective"), "number", unit, 1),
        Column("gap", Text("差距", "gap"), "share", digits=2),
        Column("price", Text("代价", "price"), "number", unit, 1),
        Column("price_share", Text("代价占比", "price, share"), "share", digits=1),
        Column("awards", Text("安排项目", "awards"), "number"),
        Column("actions", Text("整治企业", "firms treated"), "number"),
    ]
    keys = ["objective", "gap", "price", "price_share", "awards", "actions"]
    if "served" in made.prices:
        columns += [_SERVED, _MET]
        keys += ["served", "met"]
    for name in made.scenario.resources:
        if f"short_{name}" in made.prices:
            words = Text(f"平均缺{resource_name(name).zh}", f"{resource_name(name).en} short, mean")
            columns.append(Column(f"short_{name}", words, "number", None, 1))
            keys.append(f"short_{name}")
    rows: list[list[Cell]] = []
    for row in records(made.prices):
        gamma = Text("全部", "all") if row.gamma == "all" else f"{float(row.gamma):g}"
        cells: list[Cell] = [None if pd.isna(getattr(row, key, None)) else float(getattr(row, key)) for key in keys]
        rows.append([gamma, listed(STATUSES, row.status), *cells])
    return table_of("prices", Text("稳健的代价", "The price of robustness"), columns, rows)


def _price_words(solved: pd.DataFrame, unit: str) -> list[Text]:
    """What the first protection costs and brings, and the last."""
    stood = [row for row in records(solved) if row.gamma != 0]
    if not stood:
        return [Text("要防任何偏差都没有可行方案。", "No plan stands any of these deviations.")]
    said = []
    before = next(iter(records(solved)))
    for row in dict.fromkeys((stood[0], stood[-1])):
        whole = row.gamma == "all"
        who = Text("全部", "every one") if whole else Text(f"任意 {row.gamma:g} 个", f"any {row.gamma:g}")
        price, share = running(float(row.price), unit), percent(row.price_share, 1)
        holds = Text("", "")
        if hasattr(row, "served"):
            first, now = percent(before.served, 1), percent(row.served, 1)
            holds = Text(
                f"；全部保障的把握由 {first} 变为 {now}",
                f"; all awards are then served in {now} of the worlds, not {first}",
            )
        said.append(
            Text(
                f"要防{who.zh}企业或项目同时出现最差偏差，目标值少 {price.zh}（{share}）{holds.zh}。",
                f"Standing the worst of {who.en} of the firms and projects costs {price.en} ({share}) of the "
                f"objective{holds.en}.",
            )
        )
    return said


def _deviations_table(deviations: Any) -> Table:
    said = {
        "frees_less": Text("少腾出", "frees less by"),
        "late": Text("推迟（年）", "late by (years)"),
        "needs_more": Text("多用", "needs more by"),
    }
    columns = (
        Column("whose", Text("对象", "of")),
        Column("what", Text("最差偏差", "at the worst")),
        Column("size", Text("多少", "how much")),
    )
    rows: list[list[Cell]] = []
    for name, values in deviations.items():
        for key, value in values.items():
            whose = listed(CATEGORIES if name == "needs_more" else ACTIONS, key)
            rows.append([whose, said[name], f"{value:g}" if name == "late" else percent(value, 1)])
    return table_of("deviations", Text("最差偏差", "The worst deviations"), columns, rows)


def _guarantee_words() -> Text:
    return Text(
        "每个方案都按规则“稳健余量”求解：指标池留足余量，任意 Γ 个企业或项目同时出现最差偏差时，已安排的仍能保障。"
        "旁边的把握按不确定性抽样，与偏差个数无关。",
        "Each plan is solved under the rule robustness: its pools keep back enough for any Γ firms or projects at "
        "their worst at once. How often it holds is sampled from the distributions, whatever the number of deviations.",
    )


def _measures_words() -> Text:
    return Text(
        "按实际实施的年份和数量计算；指标不足时项目的成效不扣减，另列短缺和代价。",
        "Counted in the years and amounts they come to. Where quota lacks nothing is taken off a project's worth; what "
        "lacks, and what that costs, stands beside it.",
    )


def _routing_words() -> Text:
    return Text(
        "每个情形都按留用等规则重新调剂，使短缺最少；上级池给不足的，由所属各处按所求多少分摊。",
        "In each world quota is passed along anew, as retention lets it, so that least lacks; what a pool cannot give "
        "is shared by those who ask, in proportion.",
    )


def _share_words() -> Text:
    return Text("同一地点的项目按用量分摊短缺。", "Awards at one place share what lacks in proportion to their use.")


def _titles(plan: Any, places: Sequence[Any] | pd.Series[Any]) -> list[str]:
    case = plan.outcome.case
    return [case.place_title(str(place)) for place in places]


def _resource_unit(made: Evaluation, resource: str) -> str:
    assert made.plan.outcome is not None
    return made.plan.outcome.case.unit(resource)


def _unit(plan: Any) -> str:
    return objective_unit(plan.scenario.settings, plan.measure_units, "objective")


def _title(scenario: Scenario, what: Text) -> Text:
    return Text(f"{scenario.title.zh} · {what.zh}", f"{scenario.title.en} · {what.en}")
