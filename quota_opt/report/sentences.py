"""The sentences of page one: who it is about, the answer in one paragraph, what binds, and three 若……则……."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from quota_opt.errors import Text
from quota_opt.messages import message
from quota_opt.plan.headlines import ALWAYS
from quota_opt.report import words
from quota_opt.report.content import Content, RuleLine
from quota_opt.report.numbers import gap, running, short, worth
from quota_opt.report.values import records
from quota_opt.solving.status import relative_gap

BOXED = ("directives",)
"""What every report shows in a box of its own."""
COUNTS = ("accounting",)
"""Rules that say what counts and bound nothing."""
# The two intensity limits that county and provincial documents argue about, tce per 10k yuan of value added.
DEBATED_LIMITS = (0.49, 0.52)


@dataclass(frozen=True)
class Badge:
    """One of the three badges: what it claims, whether it holds, a detail, and where its proof stands."""

    text: Text
    ok: bool
    detail: Text
    anchor: str


@dataclass(frozen=True)
class Binding:
    """A clause that binds: rule, clause with its document's standing, the finding in words, what one more is worth."""

    title: Text
    clause: Text
    text: Text
    price: Text


@dataclass(frozen=True)
class RuleHeadline:
    """One rule on the terminal: its state for programs and people, and the headline."""

    state: str
    words: Text
    title: Text
    text: Text


def identity(content: Content) -> Text:
    """County, scenario and whether settings were changed beside it, years, run number."""
    variant = content.variant_title or (Text(content.variant, content.variant) if content.variant else None)
    basis = words.WORDS["equivalent" if content.basis == "equivalent" else "equal_value"]
    first, last = content.first_year, content.last_year
    span = Text(f"{first} 年", f"{first}") if first == last else Text(f"{first}—{last} 年", f"{first}–{last}")
    zh = [variant.zh if variant else "基准方案", span.zh, f"能耗按{basis.zh}"]
    en = [variant.en if variant else "base case", span.en, f"energy at {basis.en}"]
    if content.price_year:
        zh.append(f"{content.price_year} 年不变价")
        en.append(f"prices of {content.price_year}")
    if content.overrides:
        count = len(content.overrides)
        zh.insert(1, f"改动 {count} 处设置")
        en.insert(1, f"{count} setting{'' if count == 1 else 's'} changed")
    zh.append(f"运行编号 {content.run}")
    en.append(f"run {content.run}")
    return Text(" · ".join(zh), " · ".join(en))


def badges(content: Content) -> tuple[Badge, Badge, Badge]:
    """已证明最优 / 规则复核 / 台账相符, each with the place of its proof."""
    status = words.listed(words.STATUSES, content.status)
    share = gap(content.gap)
    held = sum(line.ok for line in content.rules)
    count = len(content.rules)
    difference = content.ledger_difference
    balanced = difference <= 1e-6 * max(1.0, float(content.ledger["amount"].max()) if len(content.ledger) else 1.0)
    return (
        Badge(status, content.proven, Text(f"差距 {share}", f"gap {share}"), "proof"),
        Badge(
            Text("规则复核", "rules re-checked"), content.all_rules_hold,
            Text(f"{held}/{count} 通过", f"{held}/{count} hold"), "rules",
        ),
        Badge(
            Text("台账相符", "ledger balanced") if balanced else Text("台账不符", "ledger off"), balanced,
            Text(f"{len(content.ledger):,} 笔", f"{len(content.ledger):,} entries"), "ledger",
        ),
    )  # fmt: skip


def _count(value: float) -> str:
    return f"{round(value):,}"


def _some(value: float, one: str, many: str) -> str:
    """1 project is …, 3 projects are …."""
    return f"{_count(value)} {one if round(value) == 1 else many}"


def _backed(content: Content) -> Text:
    """Whether the gap is one that anybody can work out again from the result folder, where a proof came with it."""
    proof = content.certificate.get("proof")
    if proof is None:
        return Text("", "")
    if proof["verified"]:
        return Text("差距附有证明，可由结果文件夹重新验算。", " The gap comes with a proof anybody can add up again.")
    if proof["bound"] is None:
        return Text("差距由求解器给出，未能重新验算。", " The gap is the solver's word, and is not worked out again.")
    known = gap(relative_gap(content.objective, float(proof["bound"])))
    return Text(
        f"其中的界由求解器给出；可以重新验算的差距为 {known}。",
        f" Its bound is the solver's word; the gap that can be worked out again is {known}.",
    )


def answer(content: Content) -> Text:
    """The answer in one paragraph: what is done and brought, how sure, what is tightest, and the limit's question."""
    m = content.measures
    closed, upgraded = m.get("firms_closed", 0.0), m.get("firms_upgraded", 0.0)
    others = m.get("firms_treated", 0.0) - closed - upgraded
    treated_zh = [f"关停 {_count(closed)} 家"] if closed else []
    treated_en = [_some(closed, "firm closes", "firms close")] if closed else []
    if upgraded:
        treated_zh.append(f"提升 {_count(upgraded)} 家")
        treated_en.append(_some(upgraded, "is upgraded", "are upgraded"))
    if others > 0.5:
        treated_zh.append(f"其他整治 {_count(others)} 家")
        treated_en.append(_some(others, "is treated otherwise", "are treated otherwise"))
    resource = content.main_resource
    unit = content.resource_unit(resource)
    name = words.resource_name(resource)
    freed, used = running(m.get(f"{resource}_freed", 0.0), unit), running(m.get(f"{resource}_used", 0.0), unit)
    net, cost = running(m.get(content.main_measure, 0.0), "10k yuan"), running(m.get("public_cost", 0.0), "10k yuan")
    started = _count(m.get("projects_started", 0.0))
    when = Text("末年", " in the last year") if content.main_measure == "value_added_final" else Text("", "")
    kind = Text("", "") if when.zh else Text("（现值）", " (present value)")
    done_zh = "、".join(treated_zh) if treated_zh else "不整治企业"
    done_en = ", ".join(treated_en) if treated_en else "no firm is treated"
    using = _some(m.get("projects_started", 0.0), "project uses", "projects use")
    out = content.projects["verdict"].isin(["not_awarded", "rejected"]).sum()
    bent = any(line.bent for line in content.directives)
    but = Text("除破例事项外", " but those bent by directive") if bent else Text("", "")
    sure = (
        Text(f"这是{but.zh}满足全部规则的最优安排，已证明（差距 {gap(content.gap)}）。",
             f"This is the best plan that satisfies every rule{but.en}, proven (gap {gap(content.gap)}).")
        if content.proven
        else Text(f"求解到限停止，方案可行，离最优至多差 {gap(content.gap)}。",
                  f"A limit came first: the plan is feasible and at most {gap(content.gap)} from the best.")
    )  # fmt: skip
    backed = _backed(content)
    sure = Text(f"{sure.zh}{backed.zh}", f"{sure.en}{backed.en}")
    first = Text(
        f"{done_zh}，腾出{name.zh} {freed.zh}；安排 {started} 个项目使用 {used.zh}，"
        f"{when.zh}净增加值 {net.zh}{kind.zh}，财政支出 {cost.zh}；{out} 个项目未安排。{sure.zh}",
        f"{_upper(done_en)}, freeing {freed.en} of {name.en}; {using} {used.en}. "
        f"Net value added{when.en} is {net.en}{kind.en}, public cost {cost.en}; "
        f"{_some(out, 'project is', 'projects are')} left out. {sure.en}",
    )
    parts = [first, _tightest(content), _limit_question(content)]
    found = [part for part in parts if part is not None]
    return Text("".join(part.zh for part in found), " ".join(part.en for part in found))


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _clauses(content: Content) -> list[RuleLine]:
    """Rules of the case that bind, dearest first; the balance of pools and one choice each are no clauses."""
    return sorted((x for x in content.rules if x.binding and x.name not in (*ALWAYS, *COUNTS, *BOXED)), key=_tightness)


def _tightest(content: Content) -> Text | None:
    lines = bindings(content)
    price = content.main_price
    if price is None and not lines:
        return None
    pieces_zh, pieces_en = [], []
    if lines:
        clause = lines[0].clause
        zh, en = (f"（{clause.zh}）", f" ({clause.en})") if clause.zh else ("", "")
        pieces_zh.append(f"最紧的条款是“{lines[0].title.zh}”{zh}")
        pieces_en.append(f"The tightest clause is {lines[0].title.en}{en}")
    if price is not None:
        dear = worth(float(price["price"]), str(price["unit"]))
        name, year = _price_place(content, price), int(price["year"])
        what = words.resource_name(content.main_resource)
        pieces_zh.append(f"{name.zh} {year} 年{what.zh}指标再多 1 单位值 {dear.zh}")
        pieces_en.append(f"one more unit of {what.en} quota {name.en} in {year} is worth {dear.en}")
    return Text("；".join(pieces_zh) + "。", _upper("; ".join(pieces_en)) + ".")


def _price_place(content: Content, price: pd.Series) -> Text:
    """Where the dearest price holds: one place, or everywhere it is the same that year."""
    year = content.prices[
        (content.prices["resource"] == content.main_resource) & (content.prices["year"] == price["year"])
    ]
    known = year["price"][year["price"] > 1e-9]
    if len(known) > 1 and float(known.max() - known.min()) <= 1e-6 * max(1.0, float(known.max())):
        return Text("全域", "anywhere")
    name = content.place_name(str(price["place"]))
    return Text(name, f"at {name}")


def _tightness(line: RuleLine) -> tuple[float, str]:
    return (-(line.price or 0.0), line.name)


def _limit_question(content: Content) -> Text | None:
    """How the limit of the case and the other debated one would fall on the projects as they stand."""
    if not content.limits:
        return None
    now = content.limits[0]
    rejected = int((content.projects["verdict"] == "rejected").sum())
    zh, en = (
        f"按 {short(now)} 准入，{rejected} 个项目不予准入",
        f"At a limit of {short(now)}, {_some(rejected, 'project is', 'projects are')} rejected",
    )
    other = next((limit for limit in DEBATED_LIMITS if abs(limit - now) > 1e-9), None)
    if other is not None:
        count, value = beyond(content, other)
        if other < now:
            lost = running(value, "10k yuan")
            zh += (
                f"；若收紧到 {short(other)}，已安排的 {count} 个项目（{_when(content)}增加值 {lost.zh}）将不合格"
                if count
                else f"；若收紧到 {short(other)}，已安排的项目都仍合格"
            )
            en += (
                f"; at {short(other)}, {_some(count, 'awarded project', 'awarded projects')} "
                f"(value added {lost.en}) would fail"
                if count
                else f"; at {short(other)} all awarded projects would still pass"
            )
        else:
            saved = between(content, now, other)
            if saved:
                zh += f"；若放宽到 {short(other)}，其中 {saved} 个不再超限"
                en += f"; at {short(other)}, {saved} of them would no longer exceed it"
    return Text(f"{zh}。", f"{en}.")


def _when(content: Content) -> str:
    return "末年" if content.main_measure == "value_added_final" else "现值"


def beyond(content: Content, limit: float) -> tuple[int, float]:
    """(number, worth) of awarded projects above an intensity limit."""
    awards = content.awards
    if awards.empty:
        return 0, 0.0
    over = awards["intensity"].astype(float) > limit * (1 + 1e-9)
    return int(over.sum()), float(awards.loc[over, "worth"].sum())


def between(content: Content, low: float, high: float) -> int:
    """Projects not awarded whose intensity lies above `low` and not above `high`."""
    out = content.projects[content.projects["verdict"] == "rejected"]
    return int(((out["intensity"] > low * (1 + 1e-9)) & (out["intensity"] <= high * (1 + 1e-9))).sum())


def bindings(content: Content, most: int = 5) -> tuple[Binding, ...]:
    """Clauses that bind, dearest first, with source and price."""
    made: list[Binding] = []
    for line in _clauses(content):
        if line.name == "targets":
            made += _target_bindings(content, line)
            continue
        text = line.texts[0] if line.texts else Text("已到上限，没有余量。", "No slack is left.")
        made.append(Binding(line.title, content.clause_words(line.clause), text, _worth(content, line)))
    return tuple(made[:most])


def rule_headlines(content: Content) -> tuple[RuleHeadline, ...]:
    """Every rule of the case that is broken, gives way or binds, dearest first, then those with room."""
    order = {"broken": 0, "overriding": 2, "binding": 1, "slack": 3}
    lines = [line for line in content.rules if line.name not in ALWAYS or line.state == "broken"]
    lines.sort(key=lambda line: (order[line.state], *_tightness(line)))
    return tuple(RuleHeadline(line.state, line.state_words, line.title, line.headline) for line in lines)


def clauses_note(content: Content) -> Text | None:
    """How many clauses are reported and not modelled, and where they stand; None where there is none."""
    count = sum(line.only_reported for line in content.clauses)
    return message("clauses.more", count=count, table=words.WORDS["clauses_table"]) if count else None


def _worth(content: Content, line: RuleLine) -> Text:
    if line.price is None or line.price <= 1e-9:
        return Text("–", "–")
    unit = "" if line.unit in ("", "-", "mixed") else line.unit
    return worth(line.price, f"{content.objective_unit}/{unit}" if unit else content.objective_unit)


def _target_bindings(content: Content, line: RuleLine) -> list[Binding]:
    """The targets that hold with nothing to spare or are missed; the price of the dearest stands on the first."""
    made = []
    for row in records(content.targets):
        if math.isnan(row.reached) or (row.ok and abs(row.reached - row.target) > 1e-6 * max(1.0, abs(row.target))):
            continue
        name, unit = content.measure_name(row.measure), words.unit_name(content.units.get(row.measure, ""))
        sense = words.SENSES.get(row.sense, row.sense)
        at = Text(f"{row.place_name} " if row.place else "", f" at {row.place_name}" if row.place else "")
        text = Text(
            f"{at.zh}{row.year} 年{name.zh} {short(row.reached)} {unit.zh}，目标 {sense} {short(row.target)}"
            f"{'，没有余量' if row.ok else '，未完成'}。",
            f"{_upper(name.en)}{at.en} in {row.year}: {short(row.reached)} {unit.en}, "
            f"target {sense} {short(row.target)}{', nothing to spare' if row.ok else ', missed'}.",
        )
        made.append(Binding(line.title, content.clause_words(row.clause or line.clause), text, Text("–", "–")))
    if len(made) == 1:
        made[0] = Binding(made[0].title, made[0].clause, made[0].text, _worth(content, line))
    return made


def what_ifs(content: Content, most: int = 3) -> tuple[Text, ...]:
    """Up to three 若……则……, each from a price or from the plan itself and saying which; none is a new solve."""
    made = [
        found
        for maker in (_more_quota, _stricter, _more_money, _rule_price, _dearest_out)
        if (found := maker(content)) is not None
    ]
    return tuple(made[:most])


def _more_quota(content: Content) -> Text | None:
    price = content.main_price
    if price is None:
        return None
    unit = content.resource_unit(content.main_resource)
    step = 100.0
    until = price.get("holds_to")
    if until is not None and pd.notna(until) and math.isfinite(float(until)) and 0 < float(until) < step:
        step = float(until)
    gain = running(float(price["price"]) * step, content.objective_unit)
    name, year, of = _price_place(content, price), int(price["year"]), words.unit_name(unit)
    return Text(
        f"若{name.zh} {year} 年再多 {short(step)} {of.zh}指标，则目标值约增 {gain.zh}（按价格推算）。",
        f"If there were {short(step)} {of.en} more {name.en} in {year}, the objective would rise by about {gain.en} "
        "(by its price).",
    )


def _stricter(content: Content) -> Text | None:
    if not content.limits:
        return None
    now = content.limits[0]
    tighter = next((limit for limit in DEBATED_LIMITS if limit < now - 1e-9), None)
    if tighter is None:
        looser = next((limit for limit in DEBATED_LIMITS if limit > now + 1e-9), None)
        saved = between(content, now, looser) if looser is not None else 0
        if looser is None or not saved:
            return None
        return Text(
            f"若准入上限放宽到 {short(looser)}，则 {saved} 个现不予准入的项目可参加安排（按现有强度）。",
            f"If the limit were {short(looser)}, {_some(saved, 'project', 'projects')} now rejected "
            "could compete (by their intensity).",
        )
    count, value = beyond(content, tighter)
    if not count:
        return Text(
            f"若准入上限收紧到 {short(tighter)}，则现安排不变：已安排项目的强度都不高于它。",
            f"If the limit were {short(tighter)}, this plan would stand: no awarded project is above it.",
        )
    lost = running(value, "10k yuan")
    return Text(
        f"若准入上限收紧到 {short(tighter)}，则 {count} 个已安排项目退出，增加值减少 {lost.zh}；"
        "其指标另行安排可补回一部分。",
        f"If the limit were {short(tighter)}, {_some(count, 'awarded project', 'awarded projects')} would leave, "
        f"and {lost.en} of value added; "
        "awarding their quota anew wins part of it back.",
    )


def _more_money(content: Content) -> Text | None:
    line = next((found for found in content.rules if found.name == "budget"), None)
    if line is None or line.price is None or line.price <= 1e-9:
        return None
    gain = running(line.price * 100.0, content.objective_unit)
    return Text(
        f"若专项资金再多 100 万元，则目标值约增 {gain.zh}（按价格推算）。",
        f"If the fund had 1 million yuan more, the objective would rise by about {gain.en} (by its price).",
    )


def _rule_price(content: Content) -> Text | None:
    lines = [
        x for x in _clauses(content) if x.name not in ("budget", "admission", "targets") and (x.price or 0.0) > 1e-9
    ]
    if not lines:
        return None
    line = lines[0]
    unit = words.unit_name(line.unit if line.unit not in ("-", "mixed") else "")
    gain = running(line.price or 0.0, content.objective_unit)
    return Text(
        f"若“{line.title.zh}”放宽 1 {unit.zh or '单位'}，则目标值约增 {gain.zh}（按价格推算）。",
        f"If {line.title.en} gave way by 1 {unit.en or 'unit'}, the objective would rise by about {gain.en} "
        "(by its price).",
    )


def _dearest_out(content: Content) -> Text | None:
    out = content.projects[content.projects["verdict"] == "not_awarded"]
    out = out.sort_values(["value_added", "project"], ascending=[False, True], kind="stable")
    if out.empty:
        return None
    row = out.iloc[0]
    gain = running(float(row["value_added"]), "10k yuan")
    need = running(float(row["energy"]), "tce")
    name = str(row["title"]) if len(str(row["title"])) <= 24 else f"{str(row['title'])[:23]}…"
    return Text(
        f"若要安排未入选中最大的“{name}”（年增加值 {gain.zh}），则须另有 {need.zh}指标或换下其他项目。",
        f"If the largest project left out, “{name}” (value added {gain.en} a year), were to come in, it would need "
        f"{need.en} or another project's place.",
    )


def target_words(content: Content) -> Text:
    """How many targets are met, in one phrase."""
    count = len(content.targets)
    met = content.targets_met
    return Text(f"目标 {met}/{count} 完成", f"{met}/{count} targets met")


def data_note(content: Content) -> Text | None:
    """The box that says what is synthetic; None for real data."""
    return None if content.data == "real" else words.listed(words.DATA, content.data)


def awaited_targets(content: Content) -> tuple[Text, ...]:
    """Targets that are not enforced because the level above has yet to order their number."""
    return tuple(f.what for f in content.findings if f.code == "ordered-number-missing")


def factor_notes(content: Content) -> tuple[Text, ...]:
    """Findings about conversion factors nobody has verified, shown wherever energy is."""
    return tuple(f.what for f in content.findings if "factor" in f.code or "unverified" in f.code)
