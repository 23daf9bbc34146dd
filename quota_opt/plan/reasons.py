"""Why each project is in or out and each listed firm treated or not: the clause that bars it, or the price it meets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from quota_opt.errors import Text
from quota_opt.model.build import Problem
from quota_opt.model.case import IntArray
from quota_opt.model.outcome import Outcome
from quota_opt.plan.certificate import margins
from quota_opt.scenario import unit_words
from quota_opt.scenario.standing import clause_code, standings
from quota_opt.solving.stages import Solved

COLUMNS = ["kind", "id", "verdict", "rule", "clause", "document_status", "figure", "text", "text_en"]

ALWAYS = {
    "requires": Text("前置项目", "requires"),
    "excludes": Text("互斥项目", "excludes"),
    "choice": Text("只能取一", "choice"),
}
"""What people call the rows that are there without a rule."""


@dataclass(frozen=True)
class _Reason:
    verdict: str
    rule: str
    clause: str
    figure: str
    text: Text


def reasons_table(problem: Problem, solved: Solved, outcome: Outcome) -> pd.DataFrame:
    """Every project, and every firm that is listed or has an action; columns `COLUMNS`."""
    priced = _Priced(problem, solved, outcome)
    rows = [
        ("project", str(name), reason)
        for name, reason in zip(problem.case.projects["project"], _projects(problem, outcome, priced), strict=True)
    ]
    rows += [("firm", name, reason) for name, reason in _firms(problem, outcome, priced)]
    of = standings(problem.case.scenario)
    codes = {clause: clause_code(clause, of) for clause in {r.clause for _, _, r in rows}}
    return pd.DataFrame(
        [(k, i, r.verdict, r.rule, r.clause, codes[r.clause], r.figure, r.text.zh, r.text.en) for k, i, r in rows],
        columns=COLUMNS,
    )


class _Priced:
    """Margins of columns at the prices of the relaxation, and the row that weighs most on a column."""

    def __init__(self, problem: Problem, solved: Solved, outcome: Outcome) -> None:
        self.problem = problem
        self.outcome = outcome
        self.known = solved.row_duals is not None
        self.objective = solved.arrays.objective
        self.margin = margins(solved.arrays, solved.row_duals) if solved.row_duals is not None else self.objective
        self.prices = solved.row_duals if solved.row_duals is not None else np.zeros(solved.arrays.rows)
        self.by_column = solved.arrays.matrix.tocsc()
        self.blocks = solved.arrays.row_blocks
        self.first = np.array([block.first for block in self.blocks], dtype=np.int64)

    def best(self, columns: IntArray) -> int:
        """The column of the largest margin, the earliest on a tie."""
        return int(columns[int(np.argmax(self.margin[columns]))])

    def heaviest(self, column: int) -> tuple[str, str, Text, float]:
        """Rule, clause, words and charge of the tying row that takes most off a column's value."""
        part = slice(self.by_column.indptr[column], self.by_column.indptr[column + 1])
        rows, values = self.by_column.indices[part], self.by_column.data[part]
        charge = self.prices[rows] * values
        for i, row in enumerate(rows):
            block = self._block(int(row))
            if block is None or not self.problem.info[block].elastic:
                charge[i] = 0.0
        if not len(charge) or charge.max() <= 0:
            return "", "", Text("", ""), 0.0
        row = int(rows[int(charge.argmax())])
        block = self._block(row)
        assert block is not None
        info = self.problem.info[block]
        return info.rule, info.clause or "", self._words(block, row), float(charge.max())

    def _block(self, row: int) -> int | None:
        """The block of a row; None for the rows that keep earlier objectives, which come after all blocks."""
        i = int(np.searchsorted(self.first, row, side="right")) - 1
        block = self.blocks[i]
        return i if block.first <= row < block.first + block.size else None

    def _words(self, block: int, row: int) -> Text:
        labels = self.blocks[block].label_of(row)
        info = self.problem.info[block]
        place, year = self.problem.case.place_title(str(labels.get("place", ""))), labels.get("year", "")
        price = f"{abs(self.prices[row]):,.4g}"
        resource = str(labels.get("resource", ""))
        zh = {"energy": "用能指标", "carbon": "碳排放空间", "land": "用地"}.get(resource, resource)
        if info.rule == "pool":
            unit = unit_words(self.problem.case.unit(resource))
            return Text(
                f"{place} {year} 年{zh}，再多 1 {unit.zh}值 {price}",
                f"{resource} at {place} in {year}, worth {price} per {unit.en}",
            )
        rule = self.problem.case.rule(info.rule)
        title = rule.title if rule is not None else ALWAYS.get(info.rule, Text(info.rule, info.rule))
        where = " ".join(str(part) for part in (place, year) if part != "")
        return Text(f"{title.zh} {where}", f"{title.en} {where}")


def _projects(problem: Problem, outcome: Outcome, priced: _Priced) -> list[_Reason]:
    case = problem.case
    barred = _barred(problem, "project", len(case.projects))
    chosen = dict(zip(outcome.award_row.tolist(), range(len(outcome.award_row)), strict=True))
    groups, _ = case.groups
    group_taken = {int(groups[row]): int(row) for row in outcome.award_row}
    reasons = []
    for p in range(len(case.projects)):
        columns = problem.start[p][problem.start[p] >= 0]
        if p in chosen:
            reasons.append(_awarded(problem, outcome, priced, chosen[p]))
        elif not len(columns):
            reasons.append(barred.get(p) or _outside())
        elif int(groups[p]) in group_taken:
            other = str(case.projects["project"].iat[group_taken[int(groups[p])]])
            words = Text(f"同组方案中选择了 {other}。", f"{other} of the same group of variants was chosen.")
            reasons.append(_Reason("not_awarded", "choice", "", other, words))
        else:
            reasons.append(_left_out(problem, priced, p, columns))
    return reasons


def _outside() -> _Reason:
    return _Reason(
        "not_awarded",
        "window",
        "",
        "",
        Text("可开工年份不在规划期内。", "Its start window has no year of the horizon."),
    )


def _awarded(problem: Problem, outcome: Outcome, priced: _Priced, i: int) -> _Reason:
    row, t, share = int(outcome.award_row[i]), int(outcome.award_year[i]), float(outcome.award_share[i])
    year = int(problem.case.years[t])
    of = "" if share >= 1 - 1e-9 else f"（份额 {share:.1%}）"
    of_en = "" if share >= 1 - 1e-9 else f" at a share of {share:.1%}"
    if not priced.known:
        return _Reason("awarded", "", "", "", Text(f"{year} 年起安排{of}。", f"Awarded from {year}{of_en}."))
    value, net = _value(problem, priced, row, t)
    charge = value - net
    zh = f"{year} 年起安排{of}：贡献 {_short(value)}，所占指标折价 {_short(charge)}，净得 {_short(net)}。"
    en = f"Awarded from {year}{of_en}: brings {_short(value)}, uses the worth of {_short(charge)}, net {_short(net)}."
    return _Reason("awarded", "", "", _short(net), Text(zh, en))


def _value(problem: Problem, priced: _Priced, row: int, t: int) -> tuple[float, float]:
    """Objective value and price-adjusted margin of a project at full size in one year."""
    columns = {int(problem.start[row, t]), int(problem.share[row, t])}
    return sum(float(priced.objective[c]) for c in columns), sum(float(priced.margin[c]) for c in columns)


def _left_out(problem: Problem, priced: _Priced, p: int, columns: IntArray) -> _Reason:
    if not priced.known:
        return _Reason("not_awarded", "", "", "", Text("未入选目前最好的方案。", "Not in the best plan found."))
    years = np.flatnonzero(problem.start[p] >= 0)
    value, net, t = max(((*_value(problem, priced, p, int(t)), -int(t)) for t in years), key=lambda item: item[1:])
    column = int(problem.share[p, -t])
    rule, clause, words, _ = priced.heaviest(column)
    year = int(problem.case.years[-t])
    if net <= 1e-9 * max(1.0, abs(value)):
        if not rule:
            text = Text(
                f"贡献 {_short(value)}，不增加目标值。", f"It brings {_short(value)}: nothing to the objective."
            )
            return _Reason("not_awarded", "objective", "", _short(value), text)
        text = Text(
            f"{year} 年贡献 {_short(value)}，低于所占指标的价值 {_short(value - net)}（主要是{words.zh}）。",
            f"In {year} it would bring {_short(value)}, less than the {_short(value - net)} that what it uses is worth "
            f"(mostly {words.en}).",
        )
        return _Reason("not_awarded", rule, clause, _short(net), text)
    text = Text(
        f"按价格计尚有净得 {_short(net)}，但整体安排时余量装不下" + (f"（主要是{words.zh}）。" if rule else "。"),
        f"By prices it would still bring {_short(net)} net, but whole it does not fit beside the better combination"
        + (f" (mostly {words.en})." if rule else "."),
    )
    return _Reason("not_awarded", rule or "pool", clause, _short(net), text)


def _firms(problem: Problem, outcome: Outcome, priced: _Priced) -> list[tuple[str, _Reason]]:
    case = problem.case
    owner = case.actions["firm_code"].to_numpy(dtype=np.int64)
    shown = np.zeros(len(case.firms), dtype=bool)
    shown[owner] = True
    if case.listing is not None:
        shown |= case.listing.listed
    barred = _barred(problem, "action", len(case.actions))
    done = {int(owner[row]): i for i, row in enumerate(outcome.action_row)}
    rows_of: dict[int, list[int]] = {}
    for row, code in enumerate(owner):
        rows_of.setdefault(int(code), []).append(row)
    names, kinds = case.firms["firm"].tolist(), case.actions["action"].tolist()
    return [
        (str(names[firm]), _firm(problem, outcome, priced, firm, done, rows_of, barred, kinds))
        for firm in np.flatnonzero(shown).tolist()
    ]


def _firm(
    problem: Problem,
    outcome: Outcome,
    priced: _Priced,
    firm: int,
    done: dict[int, int],
    rows_of: dict[int, list[int]],
    barred: dict[int, _Reason],
    kinds: list[str],
) -> _Reason:
    case = problem.case
    listed = case.listing.texts[firm] if case.listing is not None else None
    listing = case.rule("listing")
    clause = (listing.clause or "") if listing is not None else ""
    because = Text(f"（{listed.zh}）", f" ({listed.en})") if listed is not None else Text("", "")
    if firm in done:
        i = done[firm]
        row, t = int(outcome.action_row[i]), int(outcome.action_year[i])
        kind = str(kinds[row])
        zh = {"close": "关停", "upgrade": "提升改造", "relocate": "搬迁", "merge": "整合", "rebuild": "重建"}[kind]
        worth = _short(float(priced.margin[problem.act[row, t]])) if priced.known else ""
        text = Text(f"{case.years[t]} 年{zh}{because.zh}", f"{kind} in {case.years[t]}{because.en}")
        if worth:
            text = Text(f"{text.zh}：按价格计净得 {worth}。", f"{text.en}: net {worth} at the going prices.")
        return _Reason(
            "treated", "listing" if listed is not None else "", clause if listed is not None else "", worth, text
        )
    rows = rows_of.get(firm, [])
    columns = problem.act[rows].ravel() if rows else np.zeros(0, dtype=np.int64)
    columns = columns[columns >= 0]
    if not len(columns):
        reason = next((barred[row] for row in rows if row in barred), None)
        if reason is not None:
            return reason
        return _Reason("kept", "", "", "", Text("没有可采取的措施。", "There is no action to take."))
    partly = next((barred[row] for row in rows if row in barred and barred[row].verdict == "protected"), None)
    if partly is not None:
        return partly
    if not priced.known:
        return _Reason("kept", "", "", "", Text("目前最好的方案保留该企业。", "Kept in the best plan found."))
    column = priced.best(columns)
    net = float(priced.margin[column])
    rule, cited, words, _ = priced.heaviest(column)
    if net <= 1e-9 * max(1.0, abs(float(priced.objective[column]))):
        cost = -float(priced.objective[column])
        text = Text(
            f"保留{because.zh}：整治的代价 {_short(cost)}，高于腾出指标的价值 {_short(cost + net)}。",
            f"Kept{because.en}: treating it costs {_short(cost)}, more than what it frees ({_short(cost + net)}).",
        )
        return _Reason("kept", "pool", "", _short(net), text)
    text = Text(
        f"保留{because.zh}：按价格计整治净得 {_short(net)}，但腾出的指标在整体方案中用不上"
        + (f"（{words.zh}）。" if rule else "。"),
        f"Kept{because.en}: by prices treating it would bring {_short(net)}, but the plan has no use for what it frees"
        + (f" ({words.en})." if rule else "."),
    )
    return _Reason("kept", rule or "pool", cited, _short(net), text)


def _barred(problem: Problem, kind: str, size: int) -> dict[int, _Reason]:
    """The bar of each candidate row that has one: the first that takes a year of its window, else the first."""
    found: dict[int, _Reason] = {}
    window = problem.case.act_window if kind == "action" else problem.case.start_window
    for taking in (True, False):
        for rule, bar in problem.case.bars:
            if bar.kind != kind:
                continue
            bites = (bar.forbidden & window[bar.rows]).any(axis=1)
            for i in np.flatnonzero(bites == taking).tolist():
                row, text = int(bar.rows[i]), bar.texts[i]
                assert row < size
                clause = _clause_of(rule)
                zh = f"{text.zh.rstrip('。')}（{clause}）。" if clause else f"{text.zh.rstrip('。')}。"
                en = f"{text.en.rstrip('.')} ({clause})." if clause else f"{text.en.rstrip('.')}."
                found.setdefault(row, _Reason(bar.verdict, rule.name, clause, bar.figures[i], Text(zh, en)))
    return found


def _clause_of(rule: Any) -> str:
    return rule.clause or ""


def _short(value: float) -> str:
    """A figure in a sentence: no more digits than anyone reads."""
    value = float(value) + 0.0
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:,.4g}"
