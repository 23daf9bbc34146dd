"""Why a project is in or out: the clause that bars it, its value against the price of the quota, and who has that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from quota_opt.analysis.explain.chains import chain_sentences
from quota_opt.analysis.explain.changes import Forced, forcing
from quota_opt.analysis.explain.pricing import Pricing, cell, charge_words
from quota_opt.analysis.explain.types import VERDICTS, Explanation, OnChange, told
from quota_opt.analysis.explain.ways import Ways
from quota_opt.errors import Text
from quota_opt.messages import table
from quota_opt.model.case import FloatArray, IntArray, records
from quota_opt.report.numbers import running, short, worth
from quota_opt.report.words import resource_name, unit_name
from quota_opt.scenario.standing import clause_words, standings

NOTHING = 1e-9
EVEN = 1e-6
"""A margin this small beside the value is none: the project just pays its price."""
SHOWN = 4
NONE = Text("", "")
DIGITS = 6


@dataclass(frozen=True)
class Found:
    """What is known of one project without solving anything: verdict, the year it speaks of, value, charges, margin."""

    verdict: str
    years: IntArray
    year: int
    value: float
    charges: FloatArray
    margin: float
    loss_at_least: float


def found_of(pricing: Pricing, p: int) -> Found:
    """The verdict on a project and its figures in the year that suits it best (the year of its award)."""
    case, awards = pricing.case, pricing.outcome
    years = np.flatnonzero(case.start_allowed[p])
    barred = not len(years)
    if barred:
        years = np.flatnonzero(case.start_window[p])
    losses = pricing.least_losses[p]
    own = np.flatnonzero(awards.award_row == p)
    if len(own):
        t, verdict = int(awards.award_year[own[0]]), "awarded"
    else:
        t = int(years[np.argmax(pricing.project_margins[p, years])]) if len(years) else 0
        verdict = "outside" if not len(years) else "barred" if barred else _why_out(pricing, p, t)
    loss = float(losses[years].min()) if len(years) else 0.0
    return Found(
        verdict,
        years,
        t,
        float(pricing.project_values[p, t]),
        pricing.project_charges[:, p, t],
        float(pricing.project_margins[p, t]),
        0.0 if verdict == "awarded" else loss,
    )


def _why_out(pricing: Pricing, p: int, t: int) -> str:
    case = pricing.case
    awarded = set(pricing.outcome.award_row.tolist())
    groups, _ = case.groups
    row = case.projects.iloc[p]
    if any(groups[q] == groups[p] for q in awarded):
        return "variant"
    if awarded & _enemies(pricing, p):
        return "excluded"
    if any(not awarded & set(case.members(str(name)).tolist()) for name in row["requires"]):
        return "waiting"
    value, margin = float(pricing.project_values[p, t]), float(pricing.project_margins[p, t])
    if value <= NOTHING * max(1.0, abs(pricing.value)) and margin <= NOTHING * max(1.0, abs(pricing.value)):
        return "worthless"
    return "out_priced" if margin < -EVEN * max(1.0, abs(value)) else "leftover"


def _enemies(pricing: Pricing, p: int) -> set[int]:
    """The projects that exclude this one, or that it excludes."""
    case = pricing.case
    mine = {int(q) for name in cell(case.projects, "excludes", p) for q in case.members(str(name))}
    theirs = {
        q
        for q, names in enumerate(case.projects["excludes"])
        if names and any(p in case.members(str(name)) for name in names)
    }
    return (mine | theirs) - {p}


def explain_project(pricing: Pricing, project: str, *, confirm: bool, on_change: OnChange | None = None) -> Explanation:
    """The explanation of one project of the case."""
    case = pricing.case
    p = int(np.flatnonzero(case.projects["project"].to_numpy() == project)[0])
    found = found_of(pricing, p)
    if found.verdict == "awarded":
        return _awarded(pricing, p, found, confirm=confirm)
    forced: Forced | None = None
    if confirm and len(found.years):
        forced = forcing(pricing, project=p)
    bars = bars_of(pricing, "project", np.array([p]))
    takers = takers_of(pricing, p, found)
    sentences = [*_out(pricing, p, found, bars), *chain_sentences(pricing, p)]
    sentences += [*_who(pricing, takers), *_costs(pricing, found, forced)]
    ways = Ways(pricing, p, found.years, barred=found.verdict == "barred", confirm=confirm)
    sentences += unsure(pricing) if confirm else []
    return Explanation(
        "project",
        project,
        title_of(pricing, p),
        found.verdict,
        tuple(sentences),
        pricing.plan.scenario,
        pricing.unit,
        {"bars": bars, "worth": worth_table(pricing, found), "takers": takers},
        tuple(told(ways.all(), on_change)) if found.verdict != "outside" else (),
        forced,
        confirm,
    )


def title_of(pricing: Pricing, p: int) -> Text:
    """The project by identifier, name, place and category."""
    row = pricing.case.projects.iloc[p]
    category = table("category").get(str(row["category"]), Text(str(row["category"]), str(row["category"])))
    place, name = pricing.case.place_title(str(row["place"])), str(row["name"] or "")
    return Text(
        " ".join(part for part in (str(row["project"]), name) if part) + f"（{place}，{category.zh}）",
        " ".join(part for part in (str(row["project"]), name) if part) + f" ({place}, {category.en})",
    )


def _out(pricing: Pricing, p: int, found: Found, bars: pd.DataFrame) -> list[Text]:
    """The first sentences: what keeps the project out."""
    case, verdict = pricing.case, found.verdict
    name, year = str(cell(case.projects, "project", p)), int(case.years[found.year])
    if verdict == "outside":
        return [
            Text(f"{name} 未安排：可开工年份不在规划期内。", f"{name} is out: it may start in no year of the plan.")
        ]
    if verdict == "barred":
        listed = [Text(row.text, row.text_en) for row in records(bars)]
        said = Text("；".join(text.zh for text in listed), "; ".join(text.en for text in listed))
        return [Text(f"{name} 不予准入：{said.zh}。", f"{name} is barred: {said.en}."), _priced(pricing, p, found)]
    if verdict == "variant":
        groups, _ = case.groups
        other = next(q for q in pricing.outcome.award_row.tolist() if groups[q] == groups[p])
        taken = str(cell(case.projects, "project", other))
        first = Text(
            f"{name} 未安排：同组方案中选择了 {taken}。", f"{name} is out: {taken} of its variants was chosen."
        )
        return [first, _priced(pricing, p, found)]
    if verdict == "excluded":
        others = sorted(_enemies(pricing, p) & set(pricing.outcome.award_row.tolist()))
        named = "、".join(str(cell(case.projects, "project", q)) for q in others)
        first = Text(f"{name} 未安排：与已安排的 {named} 互斥。", f"{name} is out: it excludes {named}, which is in.")
        return [first, _priced(pricing, p, found)]
    if verdict == "waiting":
        awarded = set(pricing.outcome.award_row.tolist())
        wanted = [
            str(n) for n in cell(case.projects, "requires", p) if not awarded & set(case.members(str(n)).tolist())
        ]
        first = Text(
            f"{name} 未安排：它以 {'、'.join(wanted)} 为前置，而后者未安排。",
            f"{name} is out: it requires {', '.join(wanted)}, which is not awarded.",
        )
        return [first, _priced(pricing, p, found)]
    if verdict == "worthless":
        value = running(found.value, pricing.unit)
        return [Text(f"{name} 未安排：它不增加目标值（{value.zh}）。", f"{name} is out: it adds nothing ({value.en}).")]
    if verdict == "leftover":
        net = running(found.margin, pricing.unit)
        if found.margin <= EVEN * max(1.0, abs(found.value)):
            return [
                Text(
                    f"{name} 未安排：按价格它在 {year} 年恰好持平，但它须整体安排，余下的指标装不下它。",
                    f"{name} is out: by prices it just pays its way in {year}, but it comes whole or not at all, and "
                    "what is left does not hold it.",
                ),
                _priced(pricing, p, found),
                *_charged(pricing, p, found),
            ]
        return [
            Text(
                f"{name} 未安排：按价格它在 {year} 年尚有净得 {net.zh}，但它须整体安排，装进来要换下更好的组合。",
                f"{name} is out: by prices it would still bring {net.en} net in {year}, but it comes whole or not at "
                "all, and a better combination would have to make room.",
            ),
            _priced(pricing, p, found),
        ]
    value, charge = running(found.value, pricing.unit), running(found.value - found.margin, pricing.unit)
    short_by = running(-found.margin, pricing.unit)
    return [
        Text(
            f"{name} 未安排：{year} 年开工可为目标贡献 {value.zh}，而它要占用的指标值 {charge.zh}，差 {short_by.zh}。",
            f"{name} is out-priced: started in {year} it would bring {value.en}, but what it takes is worth "
            f"{charge.en}, {short_by.en} more.",
        ),
        *_charged(pricing, p, found),
    ]


def _priced(pricing: Pricing, p: int, found: Found) -> Text:
    """Value against charge, said beside another verdict."""
    year = int(pricing.case.years[found.year])
    value, charge = running(found.value, pricing.unit), running(found.value - found.margin, pricing.unit)
    net = running(abs(found.margin), pricing.unit)
    if abs(found.margin) <= EVEN * max(1.0, abs(found.value)):
        return Text(
            f"按价格看：{year} 年开工贡献 {value.zh}，占用折价相同，恰好持平。",
            f"By prices: started in {year} it brings {value.en} and takes what is worth as much.",
        )
    more = found.margin > 0
    return Text(
        f"按价格看：{year} 年开工贡献 {value.zh}，占用折价 {charge.zh}，净{'得' if more else '亏'} {net.zh}。",
        f"By prices: started in {year} it brings {value.en} and takes what is worth {charge.en}, "
        f"a net {'gain' if more else 'loss'} of {net.en}.",
    )


def _charged(pricing: Pricing, p: int, found: Found) -> list[Text]:
    """What it would pay for: the resource that weighs most, in units and price."""
    r = main_resource(pricing, found)
    case = pricing.case
    if r is None:
        return []
    resource = case.resources[r]
    need = float(pricing.needs(p, found.year)[r].max(initial=0.0))
    unit = case.unit(resource)
    charge = float(found.charges[r])
    each = worth(charge / need, f"{pricing.unit}/{unit}") if need > 0 else Text("", "")
    place = case.place_title(str(cell(case.projects, "place", p)))
    words, amount = resource_name(resource), f"{short(need)} {unit_name(unit).zh}"
    cost = running(charge, pricing.unit)
    return [
        Text(
            f"其中{words.zh}：每年 {amount}，{place}从开工到期末的价格合计 {each.zh}，折 {cost.zh}。",
            f"Of that {words.en}: {short(need)} {unit_name(unit).en} a year at {place}, whose prices from the start to "
            f"the last year come to {each.en}: {cost.en}.",
        )
    ]


def main_resource(pricing: Pricing, found: Found) -> int | None:
    """The resource that costs the project most, None where none does."""
    charges = found.charges[: len(pricing.case.resources)]
    return int(charges.argmax()) if len(charges) and charges.max() > 0 else None


def takers_of(pricing: Pricing, p: int, found: Found) -> pd.DataFrame:
    """Who has the quota: awards from pools of the same price in the dearest year, the least worthy of it first.

    Columns: project, name, place, year, amount (of `resource`), value, margin, each (margin per unit of resource).
    """
    columns = ["project", "name", "place", "year", "amount", "resource", "value", "margin", "each"]
    r, case = main_resource(pricing, found), pricing.case
    if r is None:
        return pd.DataFrame(columns=columns)
    prices = pricing.pool_prices[r]
    own = int(cell(case.projects, "place_code", p))
    s = int(np.argmax(prices[own] * (pricing.needs(p, found.year)[r] > 0)))
    same = np.abs(prices[:, s] - prices[own, s]) <= 1e-9 * max(1.0, abs(prices[own, s]))
    outcome = pricing.outcome
    use = outcome.award_use(r, s)
    rows = []
    for i in np.flatnonzero((use > 1e-9) & same[case.projects["place_code"].to_numpy()[outcome.award_row]]).tolist():
        q, t, share = int(outcome.award_row[i]), int(outcome.award_year[i]), float(outcome.award_share[i])
        value, margin = pricing.project_values[q, t] * share, pricing.project_margins[q, t] * share
        record = case.projects.iloc[q]
        rows.append(
            (
                str(record["project"]), str(record["name"] or ""), str(record["place"]), int(case.years[t]),
                float(use[i]), case.resources[r], float(value), float(margin), float(margin / use[i]),
            )
        )  # fmt: skip
    made = pd.DataFrame(rows, columns=columns)
    made[["value", "margin", "each"]] = made[["value", "margin", "each"]].round(DIGITS) + 0.0
    return made.sort_values(["each", "project"], kind="stable").reset_index(drop=True)


def unsure(pricing: Pricing) -> list[Text]:
    """How far re-solves can be told apart: they end at the gap of the plan."""
    if pricing.slack <= 1e-6 * max(1.0, abs(pricing.value)):
        return []
    gap = running(pricing.slack, pricing.unit)
    return [
        Text(
            f"重新求解与原方案一样到求解差距为止：目标值相差不到 {gap.zh}的，不能断定优劣。",
            f"Re-solves end at the gap of the plan: what differs by less than {gap.en} cannot be told apart.",
        )
    ]


def _who(pricing: Pricing, takers: pd.DataFrame) -> list[Text]:
    if not len(takers):
        return []
    first = takers.head(SHOWN)
    unit = unit_name(pricing.case.unit(str(cell(takers, "resource", 0))))
    listed = [f"{row.project}（{short(row.amount)} {unit.zh}）" for row in records(first)]
    listed_en = [f"{row.project} ({short(row.amount)} {unit.en})" for row in records(first)]
    more = Text(f" 等 {len(takers)} 个", f" and {len(takers) - SHOWN} more") if len(takers) > SHOWN else Text("", "")
    order = (
        Text("；排在前面的净得最少，最先让位", "; the first bring least and leave first") if len(takers) > 1 else NONE
    )
    return [
        Text(
            f"同价的指标给了 {'、'.join(listed)}{more.zh}{order.zh}。",
            f"Quota of that price went to {', '.join(listed_en)}{more.en}{order.en}.",
        )
    ]


def _costs(pricing: Pricing, found: Found, forced: Forced | None) -> list[Text]:
    """What forcing it in costs."""
    if found.verdict == "outside":
        return []
    if forced is None:
        if found.loss_at_least <= 0:
            return []
        loss = running(found.loss_at_least, pricing.unit)
        return [
            Text(
                f"若强行安排，目标值至少减少 {loss.zh}（由价格证明）。",
                f"To force it in costs at least {loss.en} (proven by prices).",
            )
        ]
    if not forced.possible:
        return [Text("若强行安排，没有方案能满足其余规则。", "Forced in, no plan keeps the other rules.")]
    leave, join = "、".join(forced.leavers), "、".join(forced.joiners)
    who = Text(
        (f"；换下 {leave}" if leave else "；没有项目落选") + (f"，带进 {join}" if join else ""),
        (f"; {', '.join(forced.leavers)} would leave" if leave else "; nobody leaves")
        + (f", {', '.join(forced.joiners)} would join" if join else ""),
    )
    if forced.loss <= pricing.slack:
        least = running(pricing.slack, pricing.unit)
        return [
            Text(
                f"若强行安排（已重新求解），目标值几乎不变（在求解差距 {least.zh} 之内）{who.zh}。",
                f"Forced in (re-solved), the objective hardly changes (within the gap of {least.en}){who.en}.",
            )
        ]
    loss = running(forced.loss, pricing.unit)
    return [
        Text(
            f"若强行安排（已重新求解），目标值减少 {loss.zh}{who.zh}。",
            f"Forced in (re-solved), the objective loses {loss.en}{who.en}.",
        )
    ]


def worth_table(pricing: Pricing, found: Found) -> pd.DataFrame:
    """Value, charges by kind and margin; columns item, item_en, amount."""
    rows: list[tuple[str, str, float]] = [("对目标的贡献", "value to the objective", found.value)]
    for kind, charge in zip(pricing.kinds, found.charges, strict=True):
        if abs(charge) > NOTHING * max(1.0, abs(pricing.value)):
            words = charge_words(pricing, kind)
            rows.append((f"占用：{words.zh}", f"taken: {words.en}", -float(charge)))
    rows.append(("净得", "net", found.margin))
    return pd.DataFrame(rows, columns=["item", "item_en", "amount"])


def bars_of(pricing: Pricing, kind: str, rows: IntArray) -> pd.DataFrame:
    """Every bar on these candidates; columns rule, clause, figure, years, text, text_en."""
    case, of = pricing.case, standings(pricing.plan.scenario)
    lines = []
    for rule, bar in case.bars:
        if bar.kind != kind:
            continue
        for i in np.flatnonzero(np.isin(bar.rows, rows) & bar.forbidden.any(axis=1)).tolist():
            years = case.years[bar.forbidden[i]]
            clause = clause_words(rule.clause, of) if rule.clause else Text("", "")
            text = bar.texts[i]
            cited = Text(f"（{clause.zh}）" if clause.zh else "", f" ({clause.en})" if clause.en else "")
            lines.append(
                (
                    rule.name, rule.clause or "", bar.figures[i], ";".join(map(str, years)),
                    f"{text.zh.rstrip('。')}{cited.zh}", f"{text.en.rstrip('.')}{cited.en}",
                )
            )  # fmt: skip
    made = pd.DataFrame(lines, columns=["rule", "clause", "figure", "years", "text", "text_en"])
    return made.drop_duplicates(["rule", "text"]).reset_index(drop=True)


def _awarded(pricing: Pricing, p: int, found: Found, *, confirm: bool) -> Explanation:
    """Why a project is in, and how much worse it may become."""
    case, name = pricing.case, str(cell(pricing.case.projects, "project", p))
    year = int(case.years[found.year])
    value, charge = running(found.value, pricing.unit), running(found.value - found.margin, pricing.unit)
    net = running(abs(found.margin), pricing.unit)
    margins = [
        float(pricing.project_margins[q, t])
        for q, t in zip(pricing.outcome.award_row, pricing.outcome.award_year, strict=True)
    ]
    rank = 1 + sum(margin > found.margin + NOTHING for margin in margins)
    more = found.margin >= 0
    sentences = [
        Text(
            f"{name} 自 {year} 年起安排：贡献 {value.zh}，所占指标值 {charge.zh}，净{'得' if more else '亏'} {net.zh}，"
            f"在 {len(margins)} 个获安排项目中排第 {rank}。",
            f"{name} is awarded from {year}: it brings {value.en}, takes quota worth {charge.en}, a net "
            f"{'gain' if more else 'loss'} of {net.en}, number {rank} of {len(margins)} awards.",
        )
    ]
    sources = sources_of(pricing, name)
    sentences += _sources(pricing, sources)
    forced = forcing(pricing, project=p, do=False) if confirm else None
    changes = _until(pricing, p, found, forced)
    sentences += changes
    passed = passed_of(pricing, p)
    if len(passed):
        listed = "；".join(passed["text"]), "; ".join(passed["text_en"])
        sentences.append(Text(f"通过的条款：{listed[0]}。", f"Clauses it passes: {listed[1]}."))
    return Explanation(
        "project", name, title_of(pricing, p), "awarded", tuple(sentences), pricing.plan.scenario, pricing.unit,
        {"worth": worth_table(pricing, found), "sources": sources, "passed": passed}, (), forced, confirm,
    )  # fmt: skip


def _until(pricing: Pricing, p: int, found: Found, forced: Forced | None) -> list[Text]:
    """How much less it may be worth, or how much more energy it may take, until it is out."""
    spare, sure = found.margin, False
    if forced is not None and not forced.possible:
        return [
            Text(
                "它必须安排：没有它，没有方案能满足全部规则。", "It must be in: without it no plan keeps all the rules."
            )
        ]
    if forced is not None and forced.possible:
        spare, sure = forced.loss, True
    if spare <= 0:
        known = Text("" if sure else "按价格看，", "" if sure else "by prices, ")
        return [
            Text(
                f"{known.zh}它恰在边上：稍差一点就可能落选。",
                f"It is at the edge: {known.en}a little worse and it may be out.",
            )
        ]
    amount = running(spare, pricing.unit)
    made = [
        Text(
            f"没有它，目标值减少 {amount.zh}（{'已重新求解' if sure else '按价格推算'}）：它的贡献最多可减少这么多。",
            f"Without it the objective loses {amount.en} ({'re-solved' if sure else 'by prices'}): so much less it may "
            "bring until it is out.",
        )
    ]
    r, row = pricing.case.energy, pricing.case.projects.iloc[p]
    charge = float(found.charges[r]) if r >= 0 else 0.0
    energy, added = float(pricing.case.base_energy[p]), float(row["value_added"])
    if charge > 0 and energy > 0 and added > 0:
        now, reach = energy / added, energy / added * (1.0 + spare / charge)
        limit = _tightest(pricing, p, now)
        unit = unit_name("tce/10k yuan")
        end = Text("", "")
        if limit is not None and limit < reach:
            reach, end = limit, Text("（再高即不予准入）", " (above that it is barred)")
        made.append(
            Text(
                f"能耗强度最多可由 {short(now)} 升到约 {short(reach)} {unit.zh}{end.zh}。",
                f"Its energy intensity may rise from {short(now)} to about {short(reach)} {unit.en}{end.en}.",
            )
        )
    return made


def _limits(pricing: Pricing) -> list[float]:
    rule = pricing.case.rule("admission")
    limits = getattr(rule.parameters, "limits", ()) if rule is not None else ()
    return [
        float(limit.value)
        for limit in limits
        if limit.action == "reject" and limit.scope == "project" and limit.criterion == "energy_intensity"
    ]


def _tightest(pricing: Pricing, p: int, now: float) -> float | None:
    """The lowest rejecting limit at or above the intensity of a project that passes them all."""
    above = [value for value in _limits(pricing) if value >= now * (1 - 1e-9)]
    return min(above) if above else None


def passed_of(pricing: Pricing, p: int) -> pd.DataFrame:
    """Access limits on energy intensity that an awarded project keeps; columns rule, figure, limit, text, text_en."""
    row = pricing.case.projects.iloc[p]
    added, energy = float(row["value_added"]), float(pricing.case.base_energy[p])
    lines = []
    if added > 0:
        now, unit = energy / added, unit_name("tce/10k yuan")
        for value in sorted({v for v in _limits(pricing) if v > 0}):
            if now <= value * (1 + 1e-9):
                lines.append(
                    (
                        "admission", now, value,
                        f"能耗强度 {short(now)} 不高于 {short(value)} {unit.zh}",
                        f"energy intensity {short(now)} is within {short(value)} {unit.en}",
                    )
                )  # fmt: skip
    return pd.DataFrame(lines, columns=["rule", "figure", "limit", "text", "text_en"])


def sources_of(pricing: Pricing, project: str) -> pd.DataFrame:
    """The lines of the ledger that end at a project."""
    ledger = pricing.plan.ledger
    mine = ledger[(ledger["to_kind"] == "project") & (ledger["to"] == project)]
    return mine[["year", "resource", "from_kind", "from", "action", "pool_path", "amount"]].reset_index(drop=True)


def _sources(pricing: Pricing, sources: pd.DataFrame) -> list[Text]:
    if not len(sources):
        return []
    year = int(sources["year"].max())
    made = []
    for resource in pricing.case.resources:
        last = sources[(sources["year"] == year) & (sources["resource"] == resource)]
        if not len(last):
            continue
        by = last.groupby(["from_kind", "from"], sort=False)["amount"].sum().sort_values(ascending=False, kind="stable")
        unit, what = unit_name(pricing.case.unit(resource)), resource_name(resource)
        kinds, firms = (by.index.get_level_values(level) for level in (0, 1))
        names = [
            (_source(str(kind), str(firm)), float(amount))
            for kind, firm, amount in zip(kinds[:SHOWN], firms[:SHOWN], by[:SHOWN], strict=True)
        ]
        zh = "、".join(f"{name.zh}（{short(amount)} {unit.zh}）" for name, amount in names)
        en = ", ".join(f"{name.en} ({short(amount)} {unit.en})" for name, amount in names)
        rest = len(by) - SHOWN
        made.append(
            Text(
                f"{what.zh}的来源（{year} 年）：{zh}{f' 等 {len(by)} 处' if rest > 0 else ''}。",
                f"Its {what.en} in {year} comes from {en}{f' and {rest} more' if rest > 0 else ''}.",
            )
        )
    return made


def _source(kind: str, name: str) -> Text:
    named = {"initial": Text("存量", "quota held"), "bought": Text("购入", "purchase")}
    return named.get(kind, Text(name, name))


def verdict_words(verdict: str) -> Text:
    """A verdict as people read it."""
    return VERDICTS.get(verdict, Text(verdict, verdict))
