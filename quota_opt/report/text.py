"""The terminal: a summary worth reading, findings in three lines, and the lists of engines and cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text as RichText

from quota_opt.errors import Finding, Language, Level, Text
from quota_opt.report import sentences, tables, words
from quota_opt.report.content import Content, gather, plain_text
from quota_opt.report.directing import directives_box
from quota_opt.report.numbers import figure, short
from quota_opt.report.trading import trades_line
from quota_opt.report.values import records
from quota_opt.report.words import word
from quota_opt.report.wrapping import Paragraph

if TYPE_CHECKING:
    from quota_opt.plan.plan import Plan

_LEFT_OUT_SHOWN = 5
_PLACES_SHOWN = 6
_FINDINGS_SHOWN = 200
_STATE_STYLES = {"broken": "bold red", "overriding": "magenta", "binding": "cyan", "slack": "dim"}
_STYLES = {Level.ERROR: "bold red", Level.WARNING: "yellow", Level.INFO: "dim"}


def summary_view(plan: Plan, language: Language = "zh", folder: str | Path | None = None) -> RenderableType:
    """The answer on one screen: status, paragraph, four numbers, awards, what binds, who is left out, where it went."""
    return summary_of(gather(plan), language, folder)


def summary_of(content: Content, language: Language, folder: str | Path | None = None) -> RenderableType:
    """The same for what `gather` collected."""
    parts: list[RenderableType] = [
        Paragraph(_head(content, language)),
        Paragraph(_status(content, language)),
        RichText(""),
    ]
    parts += [Paragraph(sentences.answer(content).of(language))]
    parts += [
        Paragraph(RichText(line.of(language), style="magenta"))
        for line in directives_box(content.directives, content.receipt)
    ]
    parts += [RichText(""), _numbers(content, language)]
    if len(content.awards):
        parts += [_heading("awards_table", language), _awards(content, language)]
    if len(content.trades):
        parts += [_heading("trades_table", language), Paragraph(RichText(trades_line(content).of(language)), 2)]
    lines = sentences.rule_headlines(content)
    if lines:
        parts += [_heading("rule_states", language), _rules(lines, language)]
    out = _left_out(content, language)
    if out is not None:
        parts += [_heading("left_out_table", language), out]
    note = sentences.clauses_note(content)
    if note is not None:
        parts += [RichText(""), Paragraph(RichText(note.of(language), style="yellow"))]
    issues = _issues(content, language)
    if issues is not None:
        parts += [RichText(""), issues]
    if folder is not None:
        parts += [RichText(""), Paragraph(_folder(Path(folder), language))]
    return Group(*parts)


def _head(content: Content, language: Language) -> RichText:
    line = RichText(content.title.of(language), style="bold")
    note = sentences.data_note(content)
    if note is not None:
        line.append(f"  [{note.of(language)}]", style="bold red")
    line.append(f"\n{sentences.identity(content).of(language)}", style="dim")
    return line


def _status(content: Content, language: Language) -> RichText:
    line = RichText()
    for badge in sentences.badges(content):
        mark, style = ("✓", "green") if badge.ok else ("✗", "bold red")
        line.append(f"{mark} {badge.text.of(language)}", style=style)
        line.append(f" ({badge.detail.of(language)})   ")
    return line


def _heading(key: str, language: Language) -> RichText:
    return RichText(f"\n{word(key, language)}", style="bold")


def _grid(*columns: dict[str, Any]) -> RichTable:
    table = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=any("header" in c for c in columns))
    for column in columns:
        table.add_column(**{"header": "", "overflow": "fold", **column})
    return table


def _numbers(content: Content, language: Language) -> RenderableType:
    grid = _grid({}, {"justify": "right"}, {}, {})
    for headline in content.headlines:
        goal = RichText("")
        if headline.target is not None:
            mark, style = ("✓", "green") if headline.ok else ("✗", "bold red")
            sense = words.SENSES.get(str(headline.sense), str(headline.sense))
            goal = RichText(f"{mark} {word('target', language)} {sense} {short(headline.target)}", style=style)
        grid.add_row(
            RichText(content.measure_name(headline.name).of(language)),
            RichText(figure(headline.value, 0 if abs(headline.value) >= 100 else 2), style="bold"),
            RichText(words.unit_name(headline.unit).of(language)),
            goal,
        )
    if len(content.targets):
        grid.add_row(RichText(sentences.target_words(content).of(language), style="dim"), "", "", "")
    return grid


def _awards(content: Content, language: Language) -> RenderableType:
    def block(by: str, most: int) -> RichTable:
        table = tables.grouped(content, by)
        grid = _grid(
            {"header": table.columns[0].title.of(language), "max_width": 18},
            {"header": word("project", language), "justify": "right"},
            {"header": Text("达产用能(吨)", "tce (full)").of(language), "justify": "right"},
        )
        rows = sorted(table.rows, key=lambda row: -float(row[2])) if by == "place" else list(table.rows)  # type: ignore[arg-type]
        for row in rows[:most]:
            grid.add_row(
                *(
                    RichText(column.cell(value, language))
                    for column, value in zip(table.columns[:3], row[:3], strict=True)
                )
            )
        if len(rows) > most:
            grid.add_row(
                RichText(Text(f"另 {len(rows) - most} 处", f"{len(rows) - most} more").of(language), style="dim"),
                "",
                "",
            )
        return grid

    sides = RichTable.grid(padding=(0, 4, 0, 0))
    sides.add_row(block("category", 6), block("place", _PLACES_SHOWN))
    return sides


def _rules(lines: Sequence[sentences.RuleHeadline], language: Language) -> RenderableType:
    """One headline per rule with its state; those with room to spare come last."""
    shown = RichText()
    for k, line in enumerate(lines):
        slack = line.state == "slack"
        shown.append("\n" if k else "")
        shown.append(f"· {line.title.of(language)}", style="" if slack else "bold")
        shown.append(f" {line.words.of(language)}  ", style=_STATE_STYLES[line.state])
        shown.append(line.text.of(language), style="dim" if slack else "")
    return Paragraph(shown, 2)


def _left_out(content: Content, language: Language) -> RenderableType | None:
    table = content.projects[content.projects["verdict"].isin(["not_awarded", "rejected"])]
    if table.empty:
        return None
    table = table.sort_values(["value_added", "project"], ascending=[False, True], kind="stable")
    lines = RichText()
    counts = table["verdict"].value_counts()
    said = [f"{words.VERDICTS[v].of(language)} {counts[v]}" for v in ("rejected", "not_awarded") if v in counts]
    lines.append("，".join(said) if language == "zh" else ", ".join(said))
    for row in records(table.head(_LEFT_OUT_SHOWN)):
        reason = tables.reason_text(row, language, "")
        lines.append(f"\n· {row.project} {_cut(row.title, 20)}", style="bold")
        lines.append(f"  {_cut(reason, 50 if language == 'zh' else 90)}")
        lines.append(f"  {row.clause}" if row.clause and row.clause not in reason else "", style="dim")
    if len(table) > _LEFT_OUT_SHOWN:
        more = len(table) - _LEFT_OUT_SHOWN
        lines.append(Text(f"\n另 {more} 个见报告。", f"\n{more} more in the report.").of(language), style="dim")
    return Paragraph(lines, 2)


def _issues(content: Content, language: Language) -> RenderableType | None:
    if not content.findings:
        return None
    counts = {level: sum(f.level is level for f in content.findings) for level in Level}
    said = [f"{level.words.of(language)} {count}" for level, count in counts.items() if count]
    line = RichText(f"{word('data_issues', language)}: {' · '.join(said)}", style="yellow")
    for note in (*sentences.awaited_targets(content), *sentences.factor_notes(content)[:2]):
        line.append(f"\n{note.of(language)}", style="yellow")
    return Paragraph(line)


def _folder(folder: Path, language: Language) -> RichText:
    line = RichText(f"{word('written_to', language)} ", style="bold")
    line.append(str(folder), style="bold cyan")
    line.append(f"\n{word('to_open', language)} report.html · report.xlsx · report.docx")
    return line


def _cut(text: str, most: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"


def findings_view(findings: Iterable[Finding], language: Language = "zh") -> RenderableType:
    """Findings grouped by file or sheet, three lines each: what, where, how to mend."""
    found = list(findings)
    if not found:
        return RichText(Text("没有发现问题。", "Nothing to mend.").of(language), style="green")
    parts: list[RenderableType] = []
    groups: dict[str, list[Finding]] = {}
    for finding in found:
        groups.setdefault(_group(finding, language), []).append(finding)
    shown = 0
    for name, members in groups.items():
        counts = " · ".join(
            f"{level.words.of(language)} {count}"
            for level in Level
            if (count := sum(f.level is level for f in members))
        )
        parts.append(RichText.assemble((name, "bold"), f"  {counts}"))
        for finding in members[: max(0, _FINDINGS_SHOWN - shown)]:
            parts.append(_finding(finding, language))
        shown += len(members)
    if shown > _FINDINGS_SHOWN:
        rest = shown - _FINDINGS_SHOWN
        parts.append(
            RichText(Text(f"另有 {rest} 条未列出。", f"{rest} more are not listed.").of(language), style="dim")
        )
    total = " · ".join(
        f"{level.words.of(language)} {count}" for level in Level if (count := sum(f.level is level for f in found))
    )
    parts.append(
        RichText(Text(f"共 {len(found)} 条：{total}", f"{len(found)} in all: {total}").of(language), style="bold")
    )
    return Group(*parts)


def _group(finding: Finding, language: Language) -> str:
    where = finding.where
    place = " ".join(part for part in (where.file, where.sheet) if part)
    return place or Text("设置与规则", "settings and rules").of(language)


def _finding(finding: Finding, language: Language) -> RenderableType:
    what, where, fix = finding.lines(language)
    line = RichText()
    line.append(f"{finding.level.words.of(language)} ", style=_STYLES[finding.level])
    line.append(what)
    if where:
        line.append(f"\n{word('where', language)} {where}", style="dim")
    line.append(f"\n{word('fix', language)} {fix}")
    return Padding(Paragraph(line, 2), (0, 0, 1, 2))


def engines_view(states: Iterable[Any], language: Language = "zh") -> RenderableType:
    """Solver profiles, each with whether it runs here, or why not."""
    grid = _grid(
        {"header": word("profile", language), "no_wrap": True},
        {"header": word("engine", language)},
        {"header": word("status", language)},
        {"header": word("description", language), "ratio": 1},
    )
    for state in states:
        here = RichText(f"✓ {word('runs_here', language)}", style="green")
        if not state.ok:
            reason = plain_text(state.reason).of(language) if state.reason is not None else word("not_here", language)
            here = RichText(f"✗ {reason}", style="yellow")
        engine = f"{state.engine} · {state.solver}" + (f" {state.version}" if state.version else "")
        grid.add_row(
            RichText(str(state.profile), style="bold"),
            RichText(engine),
            here,
            RichText(plain_text(state.description).of(language)),
        )
    return grid


def scenarios_view(infos: Iterable[Any], language: Language = "zh") -> RenderableType:
    """Built-in cases, a few lines each: name, title, years, kind of data; documents with their standing; variants."""
    lines: list[RenderableType] = []
    for info in infos:
        years = str(info.first_year) if info.first_year == info.last_year else f"{info.first_year}–{info.last_year}"
        head = RichText(str(info.name), style="bold")
        head.append(f"  {plain_text(info.title).of(language)}  {years}  ", style="not bold")
        data = words.listed(words.DATA, str(info.data)).of(language)
        head.append(data, style="not bold" if info.data == "real" else "not bold red")
        lines.append(Paragraph(head, 2))
        for name, said in (
            ("documents", [document_words(d, language) for d in info.documents]),
            ("variants", [str(variant) for variant in info.variants]),
        ):
            if said:
                lines.append(Paragraph(RichText(f"  {word(name, language)}  {' · '.join(said)}"), 4))
        lines.append("")
    return Group(*lines)


def document_words(document: Mapping[str, Any], language: Language) -> str:
    """A document with its standing: ZJ（征求意见稿） / ZJ (draft)."""
    said = document["standing_text"][language]
    return f"{document['id']}（{said}）" if language == "zh" else f"{document['id']} ({said})"


def documents_view(documents: Sequence[Mapping[str, Any]], language: Language = "zh") -> RenderableType:
    """The documents a case rests on, each with its standing over the years of the case."""
    lines = RichText(f"{word('documents_table', language)}", style="bold")
    for document in documents:
        doubtful = document["standing"] != "issued"
        lines.append(f"\n· {document_words(document, language)}", style="yellow" if doubtful else "not bold")
        lines.append(f"  {document['title']}", style="not bold dim")
    return Paragraph(lines, 2)
