"""`one-page.docx`: the answer of a plan on one sheet of paper, for who has one minute."""

from __future__ import annotations

from pathlib import Path

from quota_opt.errors import Language, Text
from quota_opt.report import sentences, words
from quota_opt.report.content import Content, Headline
from quota_opt.report.directing import directives_box
from quota_opt.report.docx_parts import Manuscript
from quota_opt.report.docx_template import NOTE
from quota_opt.report.docx_title import break_title
from quota_opt.report.drawn import drawn
from quota_opt.report.numbers import figure, short
from quota_opt.report.paper import Paper, day
from quota_opt.report.values import Column, table_of
from quota_opt.report.words import WORDS, word

_LONGEST = {"zh": 52, "en": 110}
"""Characters of a clause's finding that fit its cell."""


def write_note(content: Content, path: Path, language: Language, paper: Paper) -> Path:
    """Write page one alone, on one sheet of A4."""
    script = Manuscript(language, NOTE, paper.template)
    title = f"{content.title.of(language)} · {word('report_title', language)}"
    script.text("\n".join(break_title(title, language, 58 if language == "zh" else 80)), "NoteTitle")
    note = sentences.data_note(content)
    script.text(sentences.identity(content).of(language), "NoteCell")
    script.say(note, "NoteBox")
    marks = [
        Text(
            f"{'√' if b.ok else '×'} {b.text.zh}（{b.detail.zh}）",
            f"{'√' if b.ok else '×'} {b.text.en} ({b.detail.en})",
        )
        for b in sentences.badges(content)
    ]
    script.text("　".join(mark.of(language) for mark in marks), "NoteCell")
    script.say(sentences.answer(content), "NoteBody")
    for line in directives_box(content.directives, content.receipt)[:2]:
        script.say(line, "NoteSmall")
    _numbers(script, content)
    pictures = drawn(content, language)
    shown = [(made, svg) for key in ("flow", "waterfall") for made, svg in [pictures.of(key)] if made and svg]
    if shown:
        script.pair(shown, "NoteSmall")
    _bindings(script, content)
    what_ifs = sentences.what_ifs(content)
    if what_ifs:
        script.text(word("what_ifs", language), "NoteHead")
        for number, sentence in enumerate(what_ifs, start=1):
            script.say(Text(f"{number}. {sentence.zh}", f"{number}. {sentence.en}"), "NoteSmall")
    signed = "　".join(part for part in (paper.unit, day(paper.issued, language) if paper.issued else "") if part)
    if signed:
        script.text(signed, "NoteCell")
    path.write_bytes(script.finished(title, "" if note is None else note.of(language)))
    return path


def _numbers(script: Manuscript, content: Content) -> None:
    """The four numbers beside each other, each with its target."""
    language = script.language
    columns = tuple(Column(h.name, content.measure_name(h.name)) for h in content.headlines)
    cells = [_number(headline, language) for headline in content.headlines]
    script.grid(table_of("numbers", WORDS["summary"], columns, [cells]), "NoteNumber", even=True)


def _number(headline: Headline, language: Language) -> str:
    value = figure(headline.value, 0 if abs(headline.value) >= 100 else 2)
    unit = words.unit_name(headline.unit).of(language)
    if headline.target is None:
        return f"{value}\n{unit}"
    sign = words.SENSES.get(str(headline.sense), "")
    mark = "√" if headline.ok else "×"
    return f"{value}\n{unit}\n{mark} {word('target', language)} {sign} {short(headline.target)}"


def _bindings(script: Manuscript, content: Content) -> None:
    lines = sentences.bindings(content)
    if not lines:
        return
    language = script.language
    script.text(word("binding_table", language), "NoteHead")
    columns = (
        Column("rule", WORDS["rule"]),
        Column("clause", WORDS["clause"]),
        Column("text", Text("情况", "finding"), "long"),
        Column("price", WORDS["one_more"]),
    )
    rows = [
        (line.title, _cut(line.clause.of(language), 24), _cut(line.text.of(language), _LONGEST[language]), line.price)
        for line in lines
    ]
    script.grid(table_of("binding", WORDS["binding_table"], columns, rows), "Note")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
