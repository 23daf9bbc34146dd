"""Why a firm is treated or kept: the test that lists it, what treating it costs and what its quota is worth."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from quota_opt.analysis.explain.changes import Forced, forcing, needed
from quota_opt.analysis.explain.pricing import Pricing, cell, charge_words
from quota_opt.analysis.explain.project import NOTHING, SHOWN, bars_of
from quota_opt.analysis.explain.types import Change, Explanation
from quota_opt.errors import Text
from quota_opt.model.case import IntArray
from quota_opt.plan.certificate import price_bound
from quota_opt.report.numbers import running, short
from quota_opt.report.words import ACTIONS, listed, resource_name, unit_name
from quota_opt.scenario.standing import clause_words, standings


def explain_firm(pricing: Pricing, firm: str, *, confirm: bool) -> Explanation:
    """The explanation of one firm of the case."""
    case, outcome = pricing.case, pricing.outcome
    f = int(np.flatnonzero(case.firms["firm"].to_numpy() == firm)[0])
    rows = np.flatnonzero(case.actions["firm_code"].to_numpy() == f)
    done = [i for i in range(len(outcome.action_row)) if outcome.action_row[i] in set(rows.tolist())]
    bars = bars_of(pricing, "action", rows)
    sentences = _listed(pricing, f)
    forced: Forced | None = None
    tables: dict[str, pd.DataFrame] = {"bars": bars}
    changes: tuple[Change, ...] = ()
    if done:
        row, t = int(outcome.action_row[done[0]]), int(outcome.action_year[done[0]])
        verdict = "treated"
        forced = forcing(pricing, firm=f, do=False) if confirm else None
        uses = uses_of(pricing, firm)
        sentences = [*_treated(pricing, f, row, t), *sentences, *_uses(pricing, uses)]
        changes = tuple(_to_keep(pricing, row, t, forced))
        tables |= {"worth": _worth(pricing, row, t), "uses": uses}
    elif not (case.act_allowed[rows].any() if len(rows) else False):
        verdict = _barred_verdict(pricing, f, bars)
        sentences = [*_barred(pricing, f, verdict, bars), *sentences]
    else:
        row, t = _best(pricing, rows)
        verdict = "kept"
        forced = forcing(pricing, firm=f) if confirm else None
        sentences = [*_kept(pricing, f, row, t), *sentences]
        if len(bars):
            sentences.append(_also(bars))
        changes = tuple(_to_treat(pricing, row, t, forced))
        tables |= {"worth": _worth(pricing, row, t)}
    return Explanation(
        "firm", firm, _title(pricing, f), verdict, tuple(sentences), pricing.plan.scenario, pricing.unit, tables,
        changes, forced, confirm,
    )  # fmt: skip


def _title(pricing: Pricing, f: int) -> Text:
    row = pricing.case.firms.iloc[f]
    named = " ".join(part for part in (str(row["firm"]), str(row["name"] or "")) if part)
    place = pricing.case.place_title(str(row["place"]))
    return Text(f"{named}（{place}）", f"{named} ({place})")


def _listed(pricing: Pricing, f: int) -> list[Text]:
    """Which test puts it on the list of inefficient firms."""
    case, of = pricing.case, standings(pricing.plan.scenario)
    if case.listing is None:
        return []
    why = case.listing.texts[f]
    rule = case.rule("listing")
    clause = clause_words(rule.clause, of) if rule is not None and rule.clause else Text("", "")
    cited = Text(f"（{clause.zh}）" if clause.zh else "", f" ({clause.en})" if clause.en else "")
    if why is None:
        return [Text(f"不在低效企业清单内{cited.zh}。", f"It is not on the list of inefficient firms{cited.en}.")]
    return [Text(f"列入低效企业清单：{why.zh}{cited.zh}。", f"On the list of inefficient firms: {why.en}{cited.en}.")]


def _best(pricing: Pricing, rows: IntArray) -> tuple[int, int]:
    """The action and year with the best margin."""
    margins = pricing.action_margins[rows]
    k, t = np.unravel_index(int(np.nanargmax(margins)), margins.shape)
    return int(rows[k]), int(t)


def _freed(pricing: Pricing, row: int, t: int) -> float:
    """What an action frees is worth at the prices, all resources together."""
    charges = pricing.action_charges[: len(pricing.case.resources), row, t]
    return -float(charges.sum())


def _kind(pricing: Pricing, row: int) -> Text:
    return listed(ACTIONS, str(cell(pricing.case.actions, "action", row)))


def _treated(pricing: Pricing, f: int, row: int, t: int) -> list[Text]:
    case, firm = pricing.case, str(cell(pricing.case.firms, "firm", f))
    cost, freed = -float(pricing.action_values[row, t]), _freed(pricing, row, t)
    net = float(pricing.action_margins[row, t])
    kind, year = _kind(pricing, row), int(case.years[t])
    spent, brought, left = (running(abs(value), pricing.unit) for value in (cost, freed, net))
    rules = -pricing.action_charges[len(case.resources) :, row, t]
    others = float(rules.sum())
    duty = Text("", "")
    if others > NOTHING * max(1.0, abs(pricing.value)):
        also = running(others, pricing.unit)
        most = charge_words(pricing, pricing.kinds[len(case.resources) + int(rules.argmax())])
        duty = Text(
            f"，在规则上（主要是{most.zh}）值 {also.zh}", f", what it does for rules (mostly {most.en}) {also.en}"
        )
    return [
        Text(
            f"{firm} 于 {year} 年{kind.zh}：{'代价' if cost >= 0 else '收益'} {spent.zh}，"
            f"腾出的指标值 {brought.zh}{duty.zh}，净{'得' if net >= 0 else '亏'} {left.zh}。",
            f"{firm}: {kind.en} in {year}. It {'costs' if cost >= 0 else 'brings'} {spent.en}, what it frees is worth "
            f"{brought.en}{duty.en}, a net {'gain' if net >= 0 else 'loss'} of {left.en}.",
        )
    ]


def _kept(pricing: Pricing, f: int, row: int, t: int) -> list[Text]:
    case, firm = pricing.case, str(cell(pricing.case.firms, "firm", f))
    cost, net = -float(pricing.action_values[row, t]), float(pricing.action_margins[row, t])
    gain = net + cost
    kind, year = _kind(pricing, row), int(case.years[t])
    spent, brought = running(cost, pricing.unit), running(gain, pricing.unit)
    if net <= NOTHING * max(1.0, abs(cost)):
        return [
            Text(
                f"{firm} 保留：最合算的是 {year} 年{kind.zh}，代价 {spent.zh}，而腾出的指标等只值 {brought.zh}。",
                f"{firm} is kept: the best for it is {kind.en} in {year}, which costs {spent.en}, more than what it "
                f"frees ({brought.en}).",
            )
        ]
    left = running(net, pricing.unit)
    return [
        Text(
            f"{firm} 保留：按价格 {year} 年{kind.zh}可净得 {left.zh}，但整体方案用不上它腾出的指标。",
            f"{firm} is kept: by prices {kind.en} in {year} would bring {left.en}, but the plan has no use for what it "
            "frees.",
        )
    ]


def _barred_verdict(pricing: Pricing, f: int, bars: pd.DataFrame) -> str:
    if "protection" in set(bars["rule"]):
        return "protected"
    listing = pricing.case.listing
    return "not_listed" if listing is not None and not listing.listed[f] else "kept"


def _barred(pricing: Pricing, f: int, verdict: str, bars: pd.DataFrame) -> list[Text]:
    firm = str(cell(pricing.case.firms, "firm", f))
    if not len(bars):
        return [Text(f"{firm} 保留：没有可采取的措施。", f"{firm} is kept: there is no action to take.")]
    why = bars if verdict != "protected" else bars[bars["rule"] == "protection"]
    return [Text(f"{firm} 保留：{'；'.join(why['text'])}。", f"{firm} is kept: {'; '.join(why['text_en'])}.")]


def _also(bars: pd.DataFrame) -> Text:
    return Text(f"另有限制：{'；'.join(bars['text'])}。", f"Also: {'; '.join(bars['text_en'])}.")


def _to_treat(pricing: Pricing, row: int, t: int, forced: Forced | None) -> list[Change]:
    """How much less it must cost, or more it must free, to be treated."""
    case = pricing.case
    loss = least_loss(pricing, row, t)
    made = []
    if forced is not None:
        made.append(_forced_change(pricing, forced, treat=True))
    else:
        amount = running(loss, pricing.unit)
        text = Text(f"整治的代价至少低 {amount.zh}。", f"It must cost at least {amount.en} less.")
        if loss <= 0:
            text = Text(
                "整治的代价再低一些（按价格看不出要多少）。", "It must cost a little less (prices cannot tell)."
            )
        made.append(Change("cost", text, "at_least" if loss > 0 else "open", loss, pricing.unit))
    place, since = int(cell(case.actions, "place_code", row)), t + int(cell(case.actions, "lag", row))
    for r, resource in enumerate(case.resources):
        more = needed(loss, pricing.pool_prices[r, place, since:])
        if loss > 0 and math.isfinite(more):
            unit, what = unit_name(case.unit(resource)), resource_name(resource)
            text = Text(
                f"或每年至少多腾出 {short(more)} {unit.zh}{what.zh}。",
                f"Or it must free at least {short(more)} {unit.en} more {what.en} a year.",
            )
            made.append(Change("freed", text, "at_least", more, case.unit(resource)))
    return made


def _to_keep(pricing: Pricing, row: int, t: int, forced: Forced | None) -> list[Change]:
    """How much more it may cost until it is kept."""
    if forced is not None:
        return [_forced_change(pricing, forced, treat=False)]
    net = max(float(pricing.action_margins[row, t]), 0.0)
    amount = running(net, pricing.unit)
    text = Text(f"代价再高约 {amount.zh}，就会保留。", f"If it cost about {amount.en} more it would be kept.")
    return [Change("cost", text, "about", net, pricing.unit)]


def _forced_change(pricing: Pricing, forced: Forced, *, treat: bool) -> Change:
    """What the opposite costs, re-solved: by just so much the firm's own cost would have to differ."""
    verb = Text("整治", "treated") if treat else Text("保留", "kept")
    if not forced.possible:
        text = Text(
            f"若强行{verb.zh}，没有方案能满足其余规则。", f"If it must be {verb.en}, no plan keeps the other rules."
        )
        return Change("cost", text, "not_enough")
    loss = max(forced.loss, 0.0)
    amount = running(loss, pricing.unit)
    turn = (
        Text(f"代价低 {amount.zh}以上", f"costing {amount.en} less")
        if treat
        else Text(f"代价高 {amount.zh}以上", f"costing {amount.en} more")
    )
    text = Text(
        f"若强行{verb.zh}，目标值减少 {amount.zh}；{turn.zh}，结论就会改变。",
        f"If it must be {verb.en} the objective loses {amount.en}; {turn.en} would turn the verdict.",
    )
    return Change("cost", text, "enough", loss, pricing.unit, None, None, -forced.loss, forced.leavers, forced.joiners)


def least_loss(pricing: Pricing, row: int, t: int) -> float:
    """The least that taking this action then costs, by the bound of the prices."""
    firm = pricing.case.actions["firm_code"].to_numpy()
    own = pricing.action_margins[firm == firm[row]]
    best = max(float(np.nanmax(own)), 0.0)
    most = price_bound(pricing.arrays, pricing.duals) - best + float(pricing.action_margins[row, t])
    return max(pricing.value - most - NOTHING * max(1.0, abs(pricing.value)), 0.0)


def _worth(pricing: Pricing, row: int, t: int) -> pd.DataFrame:
    """What an action costs, frees and does for rules; columns item, item_en, amount."""
    rows = [("对目标的直接影响（损失与支出）", "what it loses and costs", float(pricing.action_values[row, t]))]
    for kind, charge in zip(pricing.kinds, pricing.action_charges[:, row, t], strict=True):
        if abs(charge) > NOTHING * max(1.0, abs(pricing.value)):
            words = charge_words(pricing, kind)
            freed = kind in pricing.case.resources
            rows.append(
                (
                    f"{'腾出' if freed else '规则'}：{words.zh}",
                    f"{'freed' if freed else 'rule'}: {words.en}",
                    -float(charge),
                )
            )
    rows.append(("净得", "net", float(pricing.action_margins[row, t])))
    return pd.DataFrame(rows, columns=["item", "item_en", "amount"])


def uses_of(pricing: Pricing, firm: str) -> pd.DataFrame:
    """The lines of the ledger that begin at a firm."""
    ledger = pricing.plan.ledger
    mine = ledger[(ledger["from_kind"] == "firm") & (ledger["from"] == firm)]
    return mine[["year", "resource", "action", "pool_path", "to_kind", "to", "amount"]].reset_index(drop=True)


def _uses(pricing: Pricing, uses: pd.DataFrame) -> list[Text]:
    made = []
    for resource in pricing.case.resources:
        mine = uses[(uses["resource"] == resource) & (uses["year"] == uses["year"].max())] if len(uses) else uses
        if not len(mine):
            continue
        by = mine.groupby("to", sort=False)["amount"].sum().sort_values(ascending=False, kind="stable")
        unit, what = unit_name(pricing.case.unit(resource)), resource_name(resource)
        names = {"idle": Text("结余", "idle"), "sold": Text("卖出", "sold")}
        shown = [(names.get(str(to), Text(str(to), str(to))), float(amount)) for to, amount in by.head(SHOWN).items()]
        zh = "、".join(f"{name.zh}（{short(amount)} {unit.zh}）" for name, amount in shown)
        en = ", ".join(f"{name.en} ({short(amount)} {unit.en})" for name, amount in shown)
        year = int(mine["year"].max())
        more = len(by) > SHOWN
        made.append(
            Text(
                f"腾出的{what.zh}（{year} 年 {short(float(by.sum()))} {unit.zh}）去了 {zh}{' 等' if more else ''}。",
                f"The {what.en} it frees ({short(float(by.sum()))} {unit.en} in {year}) went to "
                f"{en}{' …' if more else ''}.",
            )
        )
    return made
