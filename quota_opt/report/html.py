"""`report.html`: one file that opens offline, drawn without JavaScript and in print, live where scripts run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quota_opt.errors import Language, Text
from quota_opt.report import choices, clause_tables, sentences, tables, trading, words
from quota_opt.report.content import Content, gather
from quota_opt.report.directing import directives_box
from quota_opt.report.drawn import drawn
from quota_opt.report.numbers import figure, gap, short
from quota_opt.report.offline import LACKING, render_page, table_parts
from quota_opt.report.words import WORDS, word

if TYPE_CHECKING:
    from quota_opt.plan.plan import Plan

_MOST_BINDING_WORDS = 48
_LARGEST_BY = {"awards_table": "value_added", "actions_table": "frees_energy_tce", "left_out_table": "value_added"}


def write_html(plan: Plan, path: str | Path, language: Language = "zh") -> Path:
    """Write the report of a plan as one html file. Returns its path."""
    target = Path(path)
    target.write_text(render_html(plan, language), encoding="utf-8", newline="\n")
    return target


def render_html(plan: Plan, language: Language = "zh") -> str:
    """The report of a plan as html text; the same plan gives the same bytes."""
    return render(gather(plan), language)


def render(content: Content, language: Language) -> str:
    """The report of what `gather` collected."""
    made = drawn(content, language)
    return render_page("report.html.j2", made.figures, _parts(content, language), language, made.svgs)


def _parts(content: Content, language: Language) -> dict[str, Any]:
    data_note = sentences.data_note(content)
    return {
        "head_title": f"{content.title.of(language)} · {word('report_title', language)}",
        "title": content.title.of(language),
        "identity": sentences.identity(content).of(language),
        "data_note": "" if data_note is None else data_note.of(language),
        "foot": f"quota-opt · {word('run_number', language)} {content.run}",
        "badges": [_badge(badge, language) for badge in sentences.badges(content)],
        "directives": [text.of(language) for text in directives_box(content.directives, content.receipt)],
        "answer": sentences.answer(content).of(language),
        "numbers": [_number(headline, content, language) for headline in content.headlines],
        "bindings": [_binding(line, language) for line in sentences.bindings(content)],
        "what_ifs": [text.of(language) for text in sentences.what_ifs(content)],
        "sources": sources_line(content, language),
        "factor_notes": [
            _cut(text.of(language), 60 if language == "zh" else 120) for text in sentences.factor_notes(content)[:2]
        ],
        "choices_title": choices.TITLE.of(language),
        "choices_note": choices.NOTE.of(language),
        "further": [text.of(language) for text in choices.further(content)],
        "tables": _tables(content, language),
        "contents": _contents(language),
        "kept_line": kept_line(content, language),
        "ledger_line": ledger_line(content, language),
        "proof": proof_lines(content, language),
        "hashes": list(content.hashes.items()),
        "last_notes": [line for line in (_basis_line(content, language), LACKING) if line],
    }


def _contents(language: Language) -> list[tuple[str, str]]:
    anchors = {
        "page-one": WORDS["answer"], "choices": choices.TITLE, "awards": WORDS["awards_table"],
        "actions": WORDS["actions_table"], "left-out": WORDS["left_out_table"], "places": WORDS["places_table"],
        "ledger": WORDS["ledger_summary"], "findings": WORDS["data_issues"], "run": WORDS["run_information"],
    }  # fmt: skip
    return [(anchor, text.of(language)) for anchor, text in anchors.items()]


def _badge(badge: sentences.Badge, language: Language) -> dict[str, Any]:
    return {
        "text": badge.text.of(language),
        "detail": Text(f"（{badge.detail.zh}）", f" ({badge.detail.en})").of(language),
        "ok": badge.ok,
        "anchor": badge.anchor,
    }


def _number(headline: Any, content: Content, language: Language) -> dict[str, str]:
    goal, tone = "", ""
    if headline.target is not None:
        sign = words.SENSES.get(headline.sense, headline.sense)
        mark = "✓" if headline.ok else "✗"
        goal = f"{mark} {word('target', language)} {sign} {short(headline.target)}"
        tone = "good" if headline.ok else "bad"
    return {
        "name": content.measure_name(headline.name).of(language),
        "value": figure(headline.value, 0 if abs(headline.value) >= 100 else 2),
        "unit": words.unit_name(headline.unit).of(language),
        "goal": goal,
        "tone": tone,
    }


def _binding(line: sentences.Binding, language: Language) -> dict[str, str]:
    most = _MOST_BINDING_WORDS if language == "zh" else _MOST_BINDING_WORDS * 2
    return {
        "title": line.title.of(language),
        "clause": _cut(line.clause.of(language), 26),
        "text": _cut(line.text.of(language), most),
        "price": line.price.of(language),
    }


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def sources_line(content: Content, language: Language, most: int = 42) -> str:
    """The documents behind the clauses, with their standing; titles longer than `most` are cut."""
    named = list(content.documents[:4])
    if not named:
        return ""
    zh = "；".join(
        f"{d.id}《{_cut(d.title, most)}》（{d.standing.words.zh}{f'，有效期至 {d.valid_to}' if d.valid_to else ''}）"
        for d in named
    )
    en = "; ".join(
        f"{d.id} “{_cut(d.title, most)}” ({d.standing.words.en}{f', valid to {d.valid_to}' if d.valid_to else ''})"
        for d in named
    )
    return Text(f"依据：{zh}。", f"Sources: {en}.").of(language)


def kept_line(content: Content, language: Language) -> str:
    """How many listed firms stay, by verdict; the workbook has them all."""
    firms = content.reasons[(content.reasons["kind"] == "firm") & (content.reasons["verdict"] != "treated")]
    if firms.empty:
        return ""
    counts = firms["verdict"].value_counts().sort_index()
    zh = "、".join(f"{words.listed(words.VERDICTS, str(v)).zh} {n:,} 家" for v, n in counts.items())
    en = ", ".join(f"{words.listed(words.VERDICTS, str(v)).en} {n:,}" for v, n in counts.items())
    return Text(
        f"未整治的企业：{zh}；名单和理由见 Excel 附表“保留企业及理由”。",
        f"Firms not treated: {en}; names and reasons are in the workbook, sheet “Firms kept and why”.",
    ).of(language)


def ledger_line(content: Content, language: Language) -> str:
    """How far debits and credits agree, and where the entries are."""
    worst = content.ledger_difference
    off = short(worst) if worst > 1e-9 else "0"
    return Text(
        f"共 {len(content.ledger):,} 笔；与各池存量、腾出的最大差额 {off}。逐笔台账见 Excel 附表“台账”。",
        f"{len(content.ledger):,} entries; largest difference from what the pools hold and free {off}. "
        f"Every entry is in the workbook, sheet “Ledger”.",
    ).of(language)


_SAID = ("status", "objective", "bound", "gap", "engine")
"""Of a certificate, what other lines say already."""


def proof_lines(content: Content, language: Language) -> list[tuple[str, str]]:
    """Certificate and identity of the run, name by name."""
    lines = [
        (word("status", language), words.listed(words.STATUSES, content.status).of(language)),
        (word("objective", language), figure(content.objective, 4)),
        (word("bound", language), figure(content.bound, 4)),
        (word("gap", language), gap(content.gap)),
        (
            word("engine", language),
            f"{content.engine['name']} · {content.engine['solver']} {content.engine['version']}",
        ),
        (word("profile", language), _pairs(content.profile, words.PROFILE, language)),
        (
            word("seconds", language),
            " · ".join(f"{words.listed(words.STAGES, k).of(language)} {v:.2f}" for k, v in content.seconds.items()),
        ),
        (word("run_number", language), content.run),
    ]
    lines += [
        (f"{word('certificate', language)} · {words.listed(words.CERTIFICATE, k).of(language)}", _value(v))
        for k, v in content.certificate.items()
        if _plain(v) and k not in _SAID
    ]
    if content.rounding is not None:
        lines.append((Text("取整", "whole numbers").of(language), content.rounding.of(language)))
    lines += [(f"--set {path}", _value(value)) for path, value in content.overrides.items()]
    return lines


def _pairs(values: Mapping[str, Any], names: Mapping[str, Text], language: Language) -> str:
    """Names and values of settings on one line."""
    return " · ".join(f"{words.listed(names, k).of(language)} {v}" for k, v in values.items() if _plain(v))


def _plain(value: object) -> bool:
    return isinstance(value, str | int | float | bool) and value != ""


def _value(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return figure(float(value), 6).rstrip("0").rstrip(".") if abs(value) >= 1e-4 or value == 0 else f"{value:.3g}"


def _basis_line(content: Content, language: Language) -> str:
    if content.basis == "equivalent":
        return Text("能耗按当量值。", "Energy is at equivalent value.").of(language)
    return Text("能耗按等价值。", "Energy is at equal value.").of(language)


def _tables(content: Content, language: Language) -> dict[str, dict[str, Any]]:
    made = {
        "choices": choices.prices(content),
        "targets": tables.targets(content),
        "by_category": tables.grouped(content, "category"),
        "by_year": tables.grouped(content, "year"),
        "awards": tables.awards(content, language),
        "actions": tables.actions(content, language),
        "left_out": tables.left_out(content, language),
        "places": tables.places(content),
        "ledger": tables.ledger_summary(content),
        "trades": trading.trades(content),
        "findings": tables.findings(content, language),
        "rules": tables.rules(content),
        "measures": tables.measures(content),
        "documents": tables.documents(content),
        "clauses": clause_tables.clauses(content),
        "readings": clause_tables.readings(content),
    }
    return {key: table_parts(table, language, _LARGEST_BY.get(table.key)) for key, table in made.items()}
