"""What a rule does to a plan: where it binds, what one more unit of it is worth, whom it hits, what having it costs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from quota_opt.analysis.explain.changes import solved
from quota_opt.analysis.explain.pricing import Pricing, cell
from quota_opt.analysis.explain.project import NOTHING, SHOWN, verdict_words
from quota_opt.analysis.explain.types import Change, Explanation
from quota_opt.errors import Text
from quota_opt.model.build import RowInfo
from quota_opt.model.linear import Block
from quota_opt.report.numbers import running, worth
from quota_opt.report.words import resource_name, unit_name
from quota_opt.scenario.standing import clause_words, standings
from quota_opt.solving.highs import relaxed
from quota_opt.solving.ranging import basis_ranges


def explain_rule(pricing: Pricing, name: str, *, confirm: bool) -> Explanation:
    """The explanation of one rule that is on."""
    rule = pricing.case.rule(name)
    assert rule is not None
    entry = next(audit for audit in pricing.plan.audit if audit.rule == name)
    hits, prices = hits_of(pricing, name), rule_rows(pricing, name)
    of = standings(pricing.plan.scenario)
    sentences = [entry.headline] if entry.headline.zh else [verdict_words(entry.state)]
    if rule.clause:
        clause = clause_words(rule.clause, of)
        sentences.append(Text(f"出处：{clause.zh}。", f"Source: {clause.en}."))
    for line in pricing.plan.scenario.settings.clauses:
        if name in line.rules:
            sentences.append(Text(f"条文：{line.text.zh}", f"Clause: {line.text.en}"))
    sentences += _hit(pricing, hits)
    if len(prices):
        dearest = prices.iloc[0]
        each = worth(float(dearest["price"]), f"{pricing.unit}/{dearest['unit']}")
        sentences.append(
            Text(
                f"最贵的一行是{dearest['where']}：放宽 1 个单位值 {each.zh}{_range(dearest).zh}。",
                f"Its dearest row is {dearest['where_en']}: one unit more is worth {each.en}{_range(dearest).en}.",
            )
        )
    changes: tuple[Change, ...] = ()
    if confirm:
        change = _without(pricing, name)
        changes, sentences = (change,), [sentences[0], change.text, *sentences[1:]]
    return Explanation(
        "rule",
        name,
        rule.title,
        entry.state,
        tuple(sentences),
        pricing.plan.scenario,
        pricing.unit,
        {"prices": prices, "rows": _room(pricing, entry.figures), "hits": hits, "towns": towns_of(pricing, hits)},
        changes,
        None,
        confirm,
    )


def _range(row: pd.Series) -> Text:
    low, high = float(row["holds_from"]), float(row["holds_to"])
    if math.isnan(low) or math.isnan(high):
        return Text("", "")
    unit = unit_name(str(row["unit"]))

    def end(value: float) -> str:
        return "∞" if math.isinf(value) else f"{abs(value):,.6g}"

    return Text(
        f"（在收紧 {end(low)}、放宽 {end(high)} {unit.zh}以内有效）",
        f" (as long as it is no more than {end(low)} tighter or {end(high)} looser, {unit.en})",
    )


def rule_rows(pricing: Pricing, name: str) -> pd.DataFrame:
    """The rows of a rule that have a price, the dearest first, each with the range over which the price holds.

    Columns: where, where_en, price (objective units per unit of the row), unit, holds_from, holds_to (change of the
    side that binds, counted so that loosening is above 0; NaN where unknown).
    """
    rows, lines = [], []
    for block, info in zip(pricing.arrays.row_blocks, pricing.problem.info, strict=True):
        if info.rule != name:
            continue
        for row in block.positions[np.abs(pricing.duals[block.positions]) > NOTHING].tolist():
            rows.append(row)
            where = _where(pricing, block, info, row)
            lines.append((where.zh, where.en, abs(float(pricing.duals[row])), info.unit))
    made = pd.DataFrame(lines, columns=["where", "where_en", "price", "unit"])
    made["holds_from"], made["holds_to"] = np.nan, np.nan
    root = relaxed(pricing.arrays) if rows else None
    if root is not None:
        found = basis_ranges(pricing.arrays, root, np.array(rows, dtype=np.int64))
        if found is not None:
            same = np.isclose(found.prices, pricing.duals[rows], rtol=1e-6, atol=1e-9)
            upper = pricing.duals[rows] > 0
            low = np.where(upper, found.holds_from, -found.holds_to)
            high = np.where(upper, found.holds_to, -found.holds_from)
            made["holds_from"], made["holds_to"] = np.where(same, low, np.nan), np.where(same, high, np.nan)
    return made.sort_values("price", ascending=False, kind="stable").reset_index(drop=True)


def _where(pricing: Pricing, block: Block, info: RowInfo, row: int) -> Text:
    """A row of a rule by its labels: place, year and what else it is about."""
    zh, en = [], []
    for key, value in block.label_of(row).items():
        if key == "place":
            title = pricing.case.place_title(str(value))
            zh.append(title)
            en.append(title)
        elif str(value) not in ("", "-1"):
            words = resource_name(str(value)) if key == "resource" else Text(str(value), str(value))
            zh.append(f"{value} 年" if key == "year" else words.zh)
            en.append(words.en)
    clause = f"（{info.clause}）" if info.clause and not zh else ""
    return Text(" ".join(zh) + clause or "全域", " ".join(en) + clause or "the whole area")


def hits_of(pricing: Pricing, name: str) -> pd.DataFrame:
    """Whom a rule hits: what it bars, and projects that are out and would pay for it.

    Columns: kind (project or firm), id, place, charge (objective units; NaN where barred), text, text_en.
    """
    case = pricing.case
    lines: list[tuple[object, ...]] = []
    seen: set[tuple[str, str]] = set()
    for rule, bar in case.bars:
        if rule.name != name:
            continue
        window = case.act_window if bar.kind == "action" else case.start_window
        for i in np.flatnonzero((bar.forbidden & window[bar.rows]).any(axis=1)).tolist():
            row, text = int(bar.rows[i]), bar.texts[i]
            table, kind = (case.actions, "firm") if bar.kind == "action" else (case.projects, "project")
            who = str(table[kind].iat[row])
            if (kind, who) not in seen:
                seen.add((kind, who))
                place = case.places.names[int(cell(table, "place_code", row))]
                lines.append((kind, who, str(place), math.nan, text.zh, text.en))
    if name in pricing.kinds:
        charges = pricing.project_charges[pricing.kinds.index(name)]
        awarded = set(pricing.outcome.award_row.tolist())
        for p in range(len(case.projects)):
            years = np.flatnonzero(case.start_allowed[p])
            if p in awarded or not len(years):
                continue
            t = int(years[np.argmax(pricing.project_margins[p, years])])
            if charges[p, t] > NOTHING * max(1.0, abs(pricing.value)):
                cost = running(float(charges[p, t]), pricing.unit)
                who, place = str(cell(case.projects, "project", p)), str(cell(case.projects, "place", p))
                lines.append(
                    ("project", who, place, float(charges[p, t]), f"为此要付 {cost.zh}", f"would pay {cost.en} for it")
                )
    return pd.DataFrame(lines, columns=["kind", "id", "place", "charge", "text", "text_en"])


def towns_of(pricing: Pricing, hits: pd.DataFrame) -> pd.DataFrame:
    """How many of those a rule hits are at each place; columns place, count."""
    if not len(hits):
        return pd.DataFrame({"place": [], "count": []})
    count = hits.groupby("place").size().sort_values(ascending=False, kind="stable")
    places = [pricing.case.place_title(str(place)) for place in count.index]
    return pd.DataFrame({"place": places, "count": count.to_numpy()})


def _hit(pricing: Pricing, hits: pd.DataFrame) -> list[Text]:
    made = []
    for kind, words in (("project", Text("个项目", "projects")), ("firm", Text("家企业", "firms"))):
        barred = hits[(hits["kind"] == kind) & hits["charge"].isna()]
        if len(barred):
            names = list(barred["id"].head(SHOWN))
            more = len(barred) > SHOWN
            made.append(
                Text(
                    f"挡住 {len(barred)} {words.zh}：{'、'.join(names)}{' 等' if more else ''}。",
                    f"It bars {len(barred)} {words.en}: {', '.join(names)}{' …' if more else ''}.",
                )
            )
    priced = hits[hits["charge"].notna()]
    if len(priced):
        names = list(priced.sort_values("charge", ascending=False, kind="stable")["id"].head(SHOWN))
        made.append(
            Text(
                f"落选项目中有 {len(priced)} 个要为它付价：{'、'.join(names)}{' 等' if len(priced) > SHOWN else ''}。",
                f"{len(priced)} projects that are out would pay for it: {', '.join(names)}"
                f"{' …' if len(priced) > SHOWN else ''}.",
            )
        )
    return made


def _room(pricing: Pricing, figures: pd.DataFrame) -> pd.DataFrame:
    """The rows of the audit with least room, places by name."""
    if "slack" not in figures or not len(figures):
        return pd.DataFrame()
    tight = figures.sort_values("slack", kind="stable").head(20).reset_index(drop=True)
    keep = [key for key in ("project", "firm", "place", "resource", "year", "figure", "slack") if key in tight]
    made = tight[keep].copy()
    if "place" in made:
        made["place"] = [pricing.case.place_title(str(place)) for place in made["place"]]
    return made


def _without(pricing: Pricing, name: str) -> Change:
    """The case solved without the rule: what having it costs this plan, who is out and in for it."""
    changed = pricing.plan.scenario.with_(**{f"rules.{name}.enabled": False})
    answer = solved(pricing, changed)
    if answer.awards is None:
        text = Text("停用这条规则后没有求得方案。", "Without this rule no plan was found.")
        return Change("without", text, "not_enough", scenario=changed)
    gain, leavers, joiners = answer.against(pricing.plan)
    sign = pricing.problem.stages[-1].sign
    amount = running(abs(gain), pricing.unit)
    if abs(gain) <= NOTHING * max(1.0, abs(pricing.value)):
        cost = Text("不改变目标值", "does not change the objective")
    elif sign * gain <= pricing.slack:
        cost = Text("几乎不影响目标值（在求解差距之内）", "hardly changes the objective (within the gap)")
    else:
        cost = Text(f"使目标值减少 {amount.zh}", f"costs {amount.en} of the objective")
    who = Text(
        (f"；停用则 {'、'.join(joiners[:SHOWN])}{' 等' if len(joiners) > SHOWN else ''}入选" if joiners else "")
        + (f"，{'、'.join(leavers[:SHOWN])}{' 等' if len(leavers) > SHOWN else ''}落选" if leavers else ""),
        (
            f"; without it {', '.join(joiners[:SHOWN])}{' …' if len(joiners) > SHOWN else ''} would be in"
            if joiners
            else ""
        )
        + (f", {', '.join(leavers[:SHOWN])}{' …' if len(leavers) > SHOWN else ''} out" if leavers else ""),
    )
    text = Text(f"有这条规则{cost.zh}{who.zh}（已重新求解）。", f"Having this rule {cost.en}{who.en} (re-solved).")
    made = Change("without", text, "enough", gain=gain, leavers=leavers, joiners=joiners, scenario=changed)
    return replace(made, amount=sign * gain, unit=pricing.unit)
