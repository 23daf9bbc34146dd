"""Sentences of a comparison: what a stricter clause costs, which projects drop out, which towns and firms pay."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import pandas as pd

from quota_opt.analysis.compare.compare import Comparison, Entry
from quota_opt.analysis.compare.decisions import REST, Pair, main_resource
from quota_opt.analysis.compare.tables import objective_units
from quota_opt.errors import Text
from quota_opt.report import words
from quota_opt.report.content import RESOURCE_UNITS
from quota_opt.report.numbers import percent, running, short
from quota_opt.report.values import records

MOST_NAMED = 3
_MAIN = ("value_added", "value_added_final", "tax", "jobs_net", "energy_used", "carbon_net", "public_cost")
_LONGEST_NAME = 10


def joined(parts: Iterable[Text], zh: str = "、", en: str = ", ") -> Text:
    """Parts set one after the other."""
    found = [part for part in parts if part.zh]
    return Text(zh.join(part.zh for part in found), en.join(part.en for part in found))


def more_or_less(value: float, unit: str) -> Text:
    """多 800 万元 / 少 800 万元; 800 more / less."""
    amount = running(abs(value), unit.removesuffix("/yr"))
    if value >= 0:
        return Text(f"多 {amount.zh}", f"{amount.en} more")
    return Text(f"少 {amount.zh}", f"{amount.en} less")


def measure_name(pair: Pair, name: str) -> Text:
    """What people call a measure, or a term of the objective that is none."""
    if name == REST:
        return Text("规则加分与软目标扣分", "points and penalties of rules")
    titles = {key: own.title for key, own in pair.before.scenario.settings.measures.items() if own.title is not None}
    return words.measure_name(name, titles)


def objective_name(pair: Pair) -> Text:
    """The objective by name: the measure where it is one alone, else 目标值."""
    if len(pair.terms) == 1 and pair.terms["weight"].iloc[0] == 1.0:
        return measure_name(pair, str(pair.terms["measure"].iloc[0]))
    return words.WORDS["objective"]


def what_changes(pair: Pair, most: int = MOST_NAMED) -> Text:
    """The settings that differ, by clause; how many rows of data differ."""
    changes = [change for change in pair.settings if change.matters]
    said = joined([change.words for change in changes[:most]], "，", ", ")
    if len(changes) > most:
        said = Text(
            f"{said.zh}等 {len(changes)} 处设置不同", f"{said.en} and {len(changes) - most} more settings differ"
        )
    if pair.rows:
        rows = Text(f"数据有 {len(pair.rows)} 行不同", f"{len(pair.rows)} rows of data differ")
        said = joined([said, rows], "，", ", ")
    return said if said.zh else Text("两个方案的设置和数据相同", "settings and data are the same")


def answer(pair: Pair) -> Text:
    """One paragraph: what changes, what it costs, what drops out, who pays."""
    changed = what_changes(pair)
    parts = [_cost(pair), projects_words(pair), _payers(pair), _firms(pair), _sure(pair)]
    zh = "".join(part.zh for part in parts if part.zh)
    en = " ".join(part.en for part in parts if part.en)
    return Text(f"{changed.zh}：{zh}", f"{_upper(changed.en)}: {en}")


def short_answer(pair: Pair) -> Text:
    """One sentence: what changes, what it costs, how many projects go and come, who pays most."""
    changed, parts = what_changes(pair, 1), [_price(pair)]
    for change, zh, en in (("out", "退出", "out"), ("in", "换上", "in")):
        count = int((pair.projects["change"] == change).sum())
        if count:
            parts.append(Text(f"{zh} {count} 个项目", f"{count} project{'s' if count > 1 else ''} {en}"))
    lose = pair.places[pair.places["value_added"] < -1e-6]
    if len(lose):
        worst = lose.iloc[0]
        by = running(abs(float(worst["value_added"])), "10k yuan")
        parts.append(
            Text(
                f"承担最多的是{worst['name']}（年净增加值少 {by.zh}）",
                f"{worst['name']} pays most ({by.en} less of net value added a year)",
            )
        )
    said = joined(parts, "，", ", ")
    return Text(f"{changed.zh}：{said.zh}。", f"{_upper(changed.en)}: {said.en}.")


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _cost(pair: Pair) -> Text:
    """How the objective changes and what of its terms; or the main measures, where the objectives differ."""
    if not len(pair.terms):
        shown = [line for line in records(pair.measures) if line.measure in _MAIN and abs(line.difference) > 1e-6]
        listed = joined([_change(pair, line.measure, line.difference, line.unit) for line in shown])
        zh = f"两个方案的优化目标不同，目标值不能相比；{listed.zh or '主要指标相同'}。"
        return Text(
            zh, f"their objectives differ and are not set against each other; {listed.en or 'nothing differs'}."
        )
    if free_of_charge(pair):
        why = _already(pair)
        zh = f"不花代价，目标值不变{f'：{why.zh}' if why.zh else ''}。"
        return Text(zh, f"it costs nothing, the objective stays{f': {why.en}' if why.en else ''}.")
    rest = [line for line in records(pair.terms) if abs(line.worth) > 1e-6 * abs(pair.difference)]
    rest.sort(key=lambda line: -abs(line.worth))
    inside = [_change(pair, line.measure, line.after - line.before, line.unit) for line in rest[: MOST_NAMED + 1]]
    listed = joined(inside) if len(pair.terms) > 1 else Text("", "")
    zh = f"，其中{listed.zh}" if listed.zh else ""
    en = f": {listed.en}" if listed.en else ""
    price = _price(pair)
    return Text(f"{price.zh}{zh}。", f"{price.en}{en}.")


def free_of_charge(pair: Pair) -> bool:
    """Whether both plans are worth the same."""
    return abs(pair.difference) <= 1e-6 * max(1.0, abs(pair.before.objective))


def _price(pair: Pair) -> Text:
    """The difference of the objective, absolute and relative: 目标值少 8,891 万元（−1.9%）."""
    if not len(pair.terms):
        return Text("优化目标不同，目标值不能相比", "the objectives differ and are not set against each other")
    if free_of_charge(pair):
        return Text("目标值不变", "the objective stays")
    difference, base = pair.difference, pair.before.objective
    name, unit = objective_name(pair), objective_units(pair.before)
    by = more_or_less(difference, unit if unit != "objective" else "")
    share = f"{'+' if difference > 0 else ''}{percent(difference / abs(base))}" if base else ""
    share_zh, share_en = (f"（{share}）", f" ({share})") if share else ("", "")
    return Text(f"{name.zh}{by.zh}{share_zh}", f"{name.en} is {by.en}{share_en}")


def _already(pair: Pair) -> Text:
    """The limit that holds already where another is tightened to no effect: a county under 0.52 and 0.49 at once."""
    rule = pair.before.scenario.rules.get("admission")
    for change in pair.settings:
        if change.rule != "admission" or change.keys[-1] != "value" or not isinstance(change.after, int | float):
            continue
        for number, limit in enumerate(getattr(rule, "limits", ())):
            same = limit.criterion == "energy_intensity" and limit.action == "reject" and limit.scope == "project"
            if same and number != change.keys[-2] and limit.value <= change.after:
                clause = limit.clause or getattr(rule, "clause", None)
                zh, en = (f"（{clause}）", f" ({clause})") if clause else ("", "")
                return Text(
                    f"另一条 {short(limit.value)} 的准入上限{zh}本来就在执行",
                    f"another limit of {short(limit.value)}{en} holds already",
                )
    return Text("", "")


def _change(pair: Pair, name: str, difference: float, unit: str) -> Text:
    title, by = measure_name(pair, name), more_or_less(difference, unit)
    return Text(f"{title.zh}{by.zh}", f"{title.en} {by.en}")


def projects_words(pair: Pair) -> Text:
    """Projects that drop out, come in, or move."""
    parts = []
    table = pair.projects
    for change, zh, en in (("out", "退出", "drop out"), ("in", "换上", "come in")):
        rows = table[table["change"] == change]
        if len(rows):
            named = joined([_project(line) for line in records(rows.head(MOST_NAMED))])
            more = Text(" 等", " and others") if len(rows) > MOST_NAMED else Text("", "")
            whole = running(abs(float(rows["value_added"].sum())), "10k yuan")
            total = Text("", "")
            if len(rows) > 1:
                total = Text(f"，年增加值合计 {whole.zh}", f", {whole.en} of value added a year in all")
            count = f"{len(rows)} project{'s' if len(rows) > 1 else ''}"
            parts.append(
                Text(
                    f"{zh} {len(rows)} 个项目（{named.zh}{more.zh}{total.zh}）",
                    f"{count} {en if len(rows) > 1 else en.replace('drop', 'drops').replace('come', 'comes')} "
                    f"({named.en}{more.en}{total.en})",
                )
            )
    moved = int((table["change"] == "moved").sum())
    if moved:
        parts.append(Text(f"{moved} 个项目改年份或份额", f"{moved} change{'s' if moved == 1 else ''} year or share"))
    if not parts:
        return Text("安排的项目没有变化。", "The same projects are awarded.")
    said = joined(parts, "，", "; ")
    return Text(f"{said.zh}。", f"{_upper(said.en)}.")


def _project(line: object) -> Text:
    value = running(abs(float(line.value_added)), "10k yuan")  # type: ignore[attr-defined]
    name = _cut(str(line.name))  # type: ignore[attr-defined]
    identifier = str(line.project)  # type: ignore[attr-defined]
    called = identifier if name == identifier else f"{identifier} {name}"
    return Text(f"{called} {value.zh}", f"{called} {value.en}")


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _payers(pair: Pair) -> Text:
    """The places that lose most, and those that gain."""
    table = pair.places
    if table.empty:
        return Text("", "")
    unit = RESOURCE_UNITS.get(main_resource(pair.before.scenario), "")
    lose = table[table["value_added"] < -1e-6]
    gain = table[table["value_added"] > 1e-6].sort_values(["value_added", "place"], ascending=[False, True])
    parts = []
    if len(lose):
        named = joined([_place(line, unit) for line in records(lose.head(MOST_NAMED))])
        more_zh = f"等 {len(lose)} 个区域" if len(lose) > MOST_NAMED else ""
        more_en = f" and {len(lose) - MOST_NAMED} more" if len(lose) > MOST_NAMED else ""
        parts.append(Text(f"承担的主要是{named.zh}{more_zh}", f"those who pay: {named.en}{more_en}"))
    if len(gain):
        named = joined([_place(line, unit) for line in records(gain.head(2))])
        parts.append(Text(f"得益的是{named.zh}", f"those who gain: {named.en}"))
    if not parts:
        return Text("", "")
    said = joined(parts, "；", "; ")
    return Text(f"{said.zh}。", f"{_upper(said.en)}.")


def _place(line: object, unit: str) -> Text:
    value, used = float(line.value_added), float(line.used)  # type: ignore[attr-defined]
    by = more_or_less(value, "10k yuan")
    quota = more_or_less(used, unit)
    name = str(line.name)  # type: ignore[attr-defined]
    zh = f"{name}（年净增加值{by.zh}{f'，用能指标{quota.zh}' if abs(used) > 1e-6 else ''}）"
    en = f"{name} ({by.en} of net value added a year{f', {quota.en} used' if abs(used) > 1e-6 else ''})"
    return Text(zh, en)


def _firms(pair: Pair) -> Text:
    """Firms treated in one plan alone, and the public money that goes with them."""
    table = pair.firms
    parts = []
    for change, zh, en in (("treated", "多整治", "more treated"), ("left", "少整治", "fewer treated")):
        rows = table[table["change"] == change]
        if len(rows):
            listed = "、".join(_cut(str(name)) for name in rows["name"].head(2))
            more = " 等" if len(rows) > 2 else ""
            firms = "firm" if len(rows) == 1 else "firms"
            parts.append(
                Text(
                    f"{zh} {len(rows)} 家企业（{listed}{more}）",
                    f"{len(rows)} {firms} {en} ({listed.replace('、', ', ')}{', …' if more else ''})",
                )
            )
    other = int((table["change"] == "other").sum())
    if other:
        parts.append(Text(f"{other} 家改措施或年份", f"{other} treated otherwise or in another year"))
    cost = float(table["cost"].sum()) if len(table) else 0.0
    if abs(cost) > 1e-6:
        by = more_or_less(cost, "10k yuan")
        parts.append(Text(f"整治支出{by.zh}", f"{by.en} spent on firms"))
    if not parts:
        return Text("整治的企业没有变化。", "The same firms are treated.")
    said = joined(parts, "，", "; ")
    return Text(f"{said.zh}。", f"{_upper(said.en)}.")


def _sure(pair: Pair) -> Text:
    """How far the difference is known, by the bounds proven for both plans."""
    low, high = pair.range
    if not math.isfinite(low) or not math.isfinite(high) or not len(pair.terms):
        return Text("", "")
    unit = objective_units(pair.before)
    if high - low <= 1e-6 * max(1.0, abs(pair.before.objective)):
        return Text("两个方案都已证明最优。", "Both plans are proven optimal.")
    ends = [running(abs(value), unit) for value in (low, high)]
    signs = ["少" if value < 0 else "多" for value in (low, high)]
    said = ["less" if value < 0 else "more" for value in (low, high)]
    if unit == "objective":
        ends = [Text(short(abs(value)), short(abs(value))) for value in (low, high)]
    return Text(
        f"按两个方案已证明的界，最优值之差在{signs[0]} {ends[0].zh}与{signs[1]} {ends[1].zh}之间。",
        f"By the bounds proven for both, the true difference lies between {ends[0].en} {said[0]} and {ends[1].en} "
        f"{said[1]}.",
    )


def failed(entry: Entry) -> Text:
    """A scenario without a plan, with the reason its solve gave."""
    assert entry.failure is not None
    zh, en = (entry.failure.of(language) for language in ("zh", "en"))
    return Text(f"方案“{entry.title.zh}”没有安排结果：{zh}", f"{entry.title.en} has no plan: {en}")


def limited(entry: Entry) -> Text:
    """A scenario whose solve was stopped by a limit."""
    assert entry.plan is not None
    gap = percent(entry.plan.gap, 2)
    return Text(
        f"方案“{entry.title.zh}”到时限停止，离最优至多差 {gap}，差额只作参考。",
        f"{entry.title.en} was stopped by a limit, at most {gap} from its best; take its differences as rough.",
    )


def shared(comparison: Comparison) -> Text:
    """How many decisions all plans share, and how many depend on the scenario."""
    table = comparison.decisions
    counts = table.groupby(["kind", "group"])["id"].count()
    plans = len(comparison.standing)

    def of(kind: str, *groups: str) -> int:
        return int(sum(counts.get((kind, group), 0) for group in groups))

    some = of("project", "most", "few")
    steady = table[(table["kind"] == "project") & (table["group"] == "all")]
    same = int(steady["same"].sum())
    return Text(
        f"{plans} 个方案都入选的项目有 {of('project', 'all')} 个（其中 {same} 个年份和份额也相同），"
        f"看方案而定的 {some} 个，都落选的 {of('project', 'none')} 个；"
        f"都整治的企业 {of('firm', 'all')} 家，看方案而定的 {of('firm', 'most', 'few')} 家。",
        f"{of('project', 'all')} projects are in all {plans} plans ({same} of them with the same year and share), "
        f"{some} depend on the scenario, {of('project', 'none')} are in none; "
        f"{of('firm', 'all')} firms are treated in all, {of('firm', 'most', 'few')} in some.",
    )


def regret_words(comparison: Comparison) -> Text:
    """The plan that stands in most scenarios and loses least at worst."""
    table = comparison.regret
    grouped = table.groupby("plan", sort=False)
    summary = pd.DataFrame({"stands": grouped["feasible"].sum(), "worst": grouped["regret"].max()})
    ordered = summary.sort_values(["stands", "worst"], ascending=[False, True], kind="stable")
    name, line = str(ordered.index[0]), ordered.iloc[0]
    units = {objective_units(entry.plan) for entry in comparison.standing if entry.plan is not None}
    worst = running(float(line["worst"]), units.pop() if len(units) == 1 else "")
    title, count = comparison.title(name), len(comparison.standing)
    stands = int(line["stands"])
    everywhere = stands == count
    if everywhere and float(line["worst"]) <= 1e-6:
        return Text(
            f"若不知道最后按哪个方案执行：“{title.zh}”的安排在全部 {count} 个方案下都可行，也都不后悔。",
            f"Not knowing which scenario will hold: the plan of {title.en} stands in all {count} without regret.",
        )
    return Text(
        f"若不知道最后按哪个方案执行：“{title.zh}”的安排在 {stands}/{count} 个方案下都可行，最多后悔 {worst.zh}"
        f"{'，最稳妥' if everywhere else '；没有一份安排在所有方案下都可行' if stands < count else ''}。",
        f"Not knowing which scenario will hold: the plan of {title.en} stands in {stands} of {count} scenarios and "
        f"regrets {worst.en} at most{'' if everywhere else '; no plan stands in all'}.",
    )


def names(entries: Sequence[Entry]) -> Text:
    """The scenarios by title."""
    return joined([entry.title for entry in entries], " / ", " / ")
