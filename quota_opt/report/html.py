"""`report.html`: one file that opens offline, drawn without JavaScript and in print, live where scripts run."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quota_opt.errors import Language, Text
from quota_opt.report import clause_tables, sentences, tables, words
from quota_opt.report.content import Content, gather
from quota_opt.report.draw import FAMILY, draw_svg, drawing_note, script, with_font
from quota_opt.report.figures import all_figures
from quota_opt.report.font import subset_woff2, unknown_characters
from quota_opt.report.numbers import figure, gap, short
from quota_opt.report.values import Figure, Table
from quota_opt.report.words import WORDS, word

if TYPE_CHECKING:
    from jinja2 import Template

    from quota_opt.plan.plan import Plan

MOST_ROWS = 500
_MOST_BINDING_WORDS = 48
_TEMPLATES = Path(__file__).parent / "templates"
_FONT_SLOT = "@@FONT@@"
_SCRIPT_SLOT = "@@SCRIPT@@"


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
    drawn = all_figures(content, language)
    pictures = dict(zip(drawn, draw_svg(list(drawn.values())), strict=True))
    boot = (_TEMPLATES / "boot.js").read_text(encoding="utf-8")
    parts = _parts(content, language, drawn, pictures)
    page = _template().render(
        **parts,
        policy=_policy(script(), boot),
        style=_safe((_TEMPLATES / "report.css").read_text(encoding="utf-8")),
        script=_SCRIPT_SLOT,
        boot=_safe(boot),
    )
    lacking = unknown_characters(page)
    page = page.replace("@@LACKING@@", _lacking_note(lacking, language))
    font = base64.b64encode(subset_woff2(page)).decode("ascii")
    face = f'@font-face {{ font-family: "{FAMILY}"; src: url("data:font/woff2;base64,{font}") format("woff2"); }}'
    return page.replace(_FONT_SLOT, face, 1).replace(_SCRIPT_SLOT, script(), 1)


def _policy(*scripts: str) -> str:
    allowed = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; font-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(str(_TEMPLATES))
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.get_template("report.html.j2")


def _safe(text: str) -> Any:
    """Text of ours that goes into the page as it is."""
    from markupsafe import Markup

    return Markup(text)


def _json(option: dict[str, Any]) -> Any:
    """An option inside a script element: nothing in it can end the element."""
    text = json.dumps(with_font(option), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return _safe(text)


def _parts(
    content: Content, language: Language, drawn: dict[str, Figure], pictures: dict[str, str | None]
) -> dict[str, Any]:
    note = drawing_note()
    data_note = sentences.data_note(content)
    return {
        "language": language,
        "w": {key: text.of(language) for key, text in WORDS.items()},
        "title": content.title.of(language),
        "identity": sentences.identity(content).of(language),
        "data_note": "" if data_note is None else data_note.of(language),
        "foot": f"quota-opt · {word('run_number', language)} {content.run}",
        "badges": [_badge(badge, language) for badge in sentences.badges(content)],
        "answer": sentences.answer(content).of(language),
        "numbers": [_number(headline, content, language) for headline in content.headlines],
        "bindings": [_binding(line, language) for line in sentences.bindings(content)],
        "what_ifs": [text.of(language) for text in sentences.what_ifs(content)],
        "sources": sources_line(content, language),
        "factor_notes": [
            _cut(text.of(language), 60 if language == "zh" else 120) for text in sentences.factor_notes(content)[:2]
        ],
        "figures": {key: _figure(drawn[key], pictures[key], language) for key in drawn},
        "drawing_note": "" if note is None else note.of(language),
        "tables": _tables(content, language),
        "contents": _contents(language),
        "kept_line": kept_line(content, language),
        "ledger_line": ledger_line(content, language),
        "proof": proof_lines(content, language),
        "hashes": list(content.hashes.items()),
        "last_notes": [line for line in (_basis_line(content, language), "@@LACKING@@") if line],
    }


def _contents(language: Language) -> list[tuple[str, str]]:
    anchors = {
        "page-one": "answer", "awards": "awards_table", "actions": "actions_table", "left-out": "left_out_table",
        "places": "places_table", "ledger": "ledger_summary", "findings": "data_issues", "run": "run_information",
    }  # fmt: skip
    return [(anchor, word(key, language)) for anchor, key in anchors.items()]


def _badge(badge: sentences.Badge, language: Language) -> dict[str, Any]:
    return {
        "text": badge.text.of(language),
        "detail": badge.detail.of(language),
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


def sources_line(content: Content, language: Language) -> str:
    """The documents behind the clauses, with their standing."""
    named = list(content.documents[:4])
    if not named:
        return ""
    zh = "；".join(
        f"{d.id}《{_cut(d.title, 42)}》（{d.standing.words.zh}{f'，有效期至 {d.valid_to}' if d.valid_to else ''}）"
        for d in named
    )
    en = "; ".join(
        f"{d.id} “{_cut(d.title, 42)}” ({d.standing.words.en}{f', valid to {d.valid_to}' if d.valid_to else ''})"
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
        f"未整治的企业：{zh}；名单和理由见 Excel 附表“未安排及理由”。",
        f"Firms not treated: {en}; names and reasons are in the workbook, sheet “Left out and why”.",
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
        (word("profile", language), " · ".join(f"{k} {v}" for k, v in content.profile.items() if _plain(v))),
        (word("seconds", language), " · ".join(f"{k} {v:.2f}" for k, v in content.seconds.items())),
        (word("run_number", language), content.run),
    ]
    lines += [
        (f"{word('certificate', language)} · {k}", _value(v)) for k, v in content.certificate.items() if _plain(v)
    ]
    lines += [(f"--set {path}", _value(value)) for path, value in content.overrides.items()]
    return lines


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


def _lacking_note(lacking: str, language: Language) -> str:
    if not lacking:
        return Text("所有文字都在内置字体中。", "Every character is in the embedded font.").of(language)
    from markupsafe import escape

    shown = escape(" ".join(lacking[:40]))
    return Text(
        f"内置字体没有的字，由系统字体显示：{shown}",
        f"Characters the embedded font lacks, shown by the system's: {shown}",
    ).of(language)


def _figure(drawn: Figure, svg: str | None, language: Language) -> dict[str, Any]:
    return {
        "title": drawn.title,
        "alternative": drawn.alternative,
        "svg": _safe(svg) if svg else "",
        "height": drawn.size[1],
        "table": _table(drawn.table, language) if drawn.table is not None else {"rows": ()},
        "json": _json(drawn.option),
    }


def _tables(content: Content, language: Language) -> dict[str, dict[str, Any]]:
    made = {
        "targets": tables.targets(content),
        "by_category": tables.grouped(content, "category"),
        "by_year": tables.grouped(content, "year"),
        "awards": tables.awards(content, language),
        "actions": tables.actions(content, language),
        "left_out": tables.left_out(content, language),
        "places": tables.places(content),
        "ledger": tables.ledger_summary(content),
        "findings": tables.findings(content, language),
        "rules": tables.rules(content),
        "measures": tables.measures(content),
        "documents": tables.documents(content),
        "clauses": clause_tables.clauses(content),
        "readings": clause_tables.readings(content),
    }
    return {key: _table(table, language) for key, table in made.items()}


_MARKS = {"id": "i", "text": "t", "long": "k", "number": "n", "share": "n", "year": "y"}
_LARGEST_BY = {"awards_table": "value_added", "actions_table": "frees_energy_tce", "left_out_table": "value_added"}


def _mark(table: Table, k: int, language: Language) -> str:
    """The class of a column's cells; a column of our own short words stays on one line."""
    column = table.columns[k]
    if column.key == "name":
        return "m"
    words_only = all(isinstance(row[k], Text) for row in table.rows)
    if column.kind == "text" and words_only:
        longest = max((len(row[k].of(language)) for row in table.rows), default=0)  # type: ignore[union-attr]
        if longest <= (6 if language == "zh" else 12):
            return "y"
    return _MARKS[column.kind]


def _table(table: Table, language: Language) -> dict[str, Any]:
    """A table as the template wants it: headings, text cells, a foot of totals, a note where it was cut."""
    totals = table.totals()
    by = _LARGEST_BY.get(table.key)
    keys = [column.key for column in table.columns]
    shown = table.shortened(MOST_ROWS, by if by in keys else None)
    foot: list[str] = []
    if totals is not None:
        foot = [
            column.cell(value, language) if value is not None else ""
            for column, value in zip(table.columns, totals, strict=True)
        ]
        foot[0] = word("total", language)
    note = shown.note.of(language) if shown.note else ""
    if shown.cut:
        note = Text(
            f"共 {shown.cut:,} 行，此处列出数额最大的 {MOST_ROWS} 行；全部见 Excel 附表“{table.title.zh}”。",
            f"{shown.cut:,} rows, the largest {MOST_ROWS} shown; all are in the workbook, sheet “{table.title.en}”.",
        ).of(language)
    marks = [_safe(f' class="{_mark(shown, k, language)}"') for k in range(len(table.columns))]
    return {
        "heads": [
            {"text": column.title.of(language), "unit": column.unit_words(language), "n": column.numeric}
            for column in table.columns
        ],
        "rows": [
            [column.cell(value, language) for column, value in zip(table.columns, row, strict=True)]
            for row in shown.rows
        ],
        "marks": marks,
        "foot": foot,
        "note": note,
    }
