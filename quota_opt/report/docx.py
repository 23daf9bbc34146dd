"""`report.docx`: the plan as a paper in official form, with tables, figures, clauses and appendices.

The answer stands first, then what it costs to choose otherwise, then who gets what and why; the appendices hold every
award and every refusal. It is a draft: no red head, no seal.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from quota_opt.errors import Language, Text
from quota_opt.report import choices, clause_tables, sentences, tables, trading, words
from quota_opt.report.content import Content, gather
from quota_opt.report.directing import directives_box
from quota_opt.report.docx_document import add_sections
from quota_opt.report.docx_note import write_note
from quota_opt.report.docx_parts import Manuscript
from quota_opt.report.docx_template import LANDSCAPE, OFFICIAL
from quota_opt.report.docx_title import break_title
from quota_opt.report.draw import can_draw_png
from quota_opt.report.drawn import Drawn, drawn
from quota_opt.report.html import kept_line, ledger_line, proof_lines, sources_line
from quota_opt.report.numbers import running
from quota_opt.report.paper import Paper, as_issued, day
from quota_opt.report.values import Cell, Column, Table, table_of
from quota_opt.report.words import WORDS, word

if TYPE_CHECKING:
    from quota_opt.plan.plan import Plan

_MOST_MAIN = 20
"""Rows of the large tables in the text; the appendices have them all."""
_MOST_REFUSED = 12
_MOST_PRICES = 10


def write_docx(plan: Plan, path: str | Path, language: Language = "zh", paper: Paper | None = None) -> Path:
    """Write the report of a plan as a Word paper. Returns its path."""
    chosen = paper or Paper()
    return write(as_issued(gather(plan), chosen, language), Path(path), language, chosen)


def write_one_page(plan: Plan, path: str | Path, language: Language = "zh", paper: Paper | None = None) -> Path:
    """Write the answer of a plan as a Word note of one page. Returns its path."""
    chosen = paper or Paper()
    return write_note(as_issued(gather(plan), chosen, language), Path(path), language, chosen)


def write(content: Content, path: Path, language: Language, paper: Paper) -> Path:
    """Write what `gather` collected and `as_issued` let through; the same content and paper give the same bytes."""
    script = Manuscript(language, own=paper.template)
    pictures = drawn(content, language)
    _head(script, content, paper)
    _answer(script, content, pictures)
    _choices(script, content, paper)
    _awards(script, content, pictures)
    _actions(script, content, pictures)
    _left_out(script, content, paper, pictures)
    _places(script, content, pictures)
    _ledger(script, content)
    _findings(script, content)
    _clauses(script, content)
    appendices = _appendices(content, paper, language)
    _signature(script, paper, [table.title for table in appendices])
    for number, table in enumerate(appendices, start=1):
        _appendix(script, number, len(appendices) + 1, table.title)
        script.table(table, style="PaperFine", by=_LARGEST_BY.get(table.key, ""))
    script.turn(OFFICIAL)
    _proof(script, content, len(appendices) + 1)
    note = sentences.data_note(content)
    title = f"{content.title.of(language)} · {word('report_title', language)}"
    path.write_bytes(script.finished(title, "" if note is None else note.of(language)))
    return path


_LARGEST_BY = {"awards_table": "value_added", "actions_table": "frees_energy_tce", "left_out_table": "value_added"}
_PROOF = WORDS["run_information"]


def _head(script: Manuscript, content: Content, paper: Paper) -> None:
    language = script.language
    lines = [*break_title(content.title.of(language), language), word("report_title", language)]
    script.text("\n".join(lines), "PaperTitle")
    script.text(sentences.identity(content).of(language), "PaperIdentity")
    note = sentences.data_note(content)
    if note is not None:
        box = Text(f"{note.zh}：只供试算和演示，不作为安排依据", f"{note.en}: for trials only, no basis for awards")
        script.text(box.of(language), "PaperBox")
    if paper.heading:
        script.text(paper.heading.rstrip("：:") + ("：" if language == "zh" else ":"), "PaperAddressee")


def _answer(script: Manuscript, content: Content, pictures: Drawn) -> None:
    language = script.language
    script.heading(word("answer", language))
    for line in directives_box(content.directives, content.receipt):
        script.say(line)
    script.say(sentences.answer(content))
    script.say(_checked(content))
    script.table(tables.headlines(content))
    for key in ("flow", "waterfall"):
        script.figure(*pictures.of(key))
    if not can_draw_png():
        script.say(
            Text(
                "本机缺少绘图组件，本文的图以数据表代替。", "Figures cannot be drawn here; their tables stand instead."
            )
        )
    bindings = sentences.bindings(content)
    if bindings:
        script.part(word("binding_table", language))
        columns = (
            Column("rule", WORDS["rule"]),
            Column("clause", WORDS["clause"]),
            Column("text", Text("情况", "finding"), "long"),
            Column("price", WORDS["one_more"]),
        )
        rows = [(line.title, line.clause, line.text, line.price) for line in bindings]
        script.table(table_of("binding", WORDS["binding_table"], columns, rows))
    what_ifs = sentences.what_ifs(content)
    if what_ifs:
        script.part(word("what_ifs", language))
        for number, sentence in enumerate(what_ifs, start=1):
            script.say(Text(f"{number}. {sentence.zh}", f"{number}. {sentence.en}"))
    sources = sources_line(content, language, 200)
    if sources:
        script.text(sources)
    for note in sentences.factor_notes(content):
        script.say(note)


def _checked(content: Content) -> Text:
    """The three badges as a sentence."""
    zh = "、".join(f"{'√' if b.ok else '×'} {b.text.zh}（{b.detail.zh}）" for b in sentences.badges(content))
    en = ", ".join(f"{'√' if b.ok else '×'} {b.text.en} ({b.detail.en})" for b in sentences.badges(content))
    return Text(f"核验：{zh}。", f"Checks: {en}.")


def _choices(script: Manuscript, content: Content, paper: Paper) -> None:
    """What it costs to choose otherwise: further what-ifs, prices, readings taken, and other analyses."""
    language = script.language
    more, prices = choices.further(content), choices.prices(content)
    readings = clause_tables.readings(content)
    if not (more or prices.rows or readings.rows or paper.more):
        return
    script.heading(choices.TITLE.of(language))
    script.say(choices.NOTE)
    for sentence in more:
        script.say(sentence)
    sheet = word("prices_table", language)
    rest = Text(f"Excel 附表“{sheet}”", f"the workbook, sheet “{sheet}”").of(language)
    script.table(prices, style="PaperSmall", most=_MOST_PRICES, more=rest)
    script.table(readings.only("clause", "question", "taken", "variants"), style="PaperSmall")
    for document in paper.more:
        script.part(document.title.of(language))
        add_sections(script, document)


def _awards(script: Manuscript, content: Content, pictures: Drawn) -> None:
    language = script.language
    script.heading(word("awards_table", language))
    m = content.measures
    jobs, invested = m.get("jobs_created"), m.get("investment")
    parts_zh = [f"共安排 {len(content.awards)} 个项目"]
    parts_en = [f"{len(content.awards)} projects are awarded"]
    if invested:
        amount = running(invested, "10k yuan")
        parts_zh.append(f"总投资 {amount.zh}")
        parts_en.append(f"investing {amount.en}")
    if jobs:
        parts_zh.append(f"新增岗位 {round(jobs):,} 个")
        parts_en.append(f"creating {round(jobs):,} jobs")
    met = sentences.target_words(content)
    if len(content.targets):
        parts_zh.append(met.zh)
        parts_en.append(met.en)
    script.say(Text(f"{'，'.join(parts_zh)}。", f"{', '.join(parts_en)}."))
    script.table(
        tables.targets(content).only("measure", "place", "year", "target", "reached", "unit", "ok", "clause"),
        style="PaperSmall",
    )
    script.figure(*pictures.of("targets"))
    script.table(tables.grouped(content, "category"))
    script.table(tables.grouped(content, "year"))
    whole = tables.awards(content, language)
    shown = whole.only("name", "place", "category", "year", "energy_tce", "value_added", "intensity")
    script.table(shown, style="PaperSmall", most=_MOST_MAIN, by="value_added", more=_in_appendix(script, 1))


def _in_appendix(script: Manuscript, number: int) -> str:
    return Text(f"附件 {number}", f"appendix {number}").of(script.language)


def _actions(script: Manuscript, content: Content, pictures: Drawn) -> None:
    language = script.language
    script.heading(word("actions_table", language))
    if content.actions.empty:
        script.say(Text("不整治企业。", "No firm is treated."))
        return
    made = content.actions.groupby("action", sort=True).agg(
        firms=("firm", "count"), freed=("frees_energy_tce", "sum"), cost=("cost", "sum"), jobs=("jobs_lost", "sum")
    )
    columns = (
        Column("action", WORDS["action"]),
        Column("firms", Text("企业数", "firms"), "number", total=True),
        Column("freed", WORDS["energy_freed"], "number", "tce", total=True),
        Column("cost", WORDS["public_cost"], "number", "10k yuan", 1, total=True),
        Column("jobs", Text("减少岗位", "jobs lost"), "number", total=True),
    )
    rows: list[tuple[Cell, ...]] = [
        (words.listed(words.ACTIONS, str(action)), *map(float, row)) for action, *row in made.itertuples()
    ]
    script.table(table_of("by_action", Text("整治措施", "Actions"), columns, rows))
    script.figure(*pictures.of("budget"))
    whole = tables.actions(content, language)
    shown = whole.only("name", "place", "action", "year", "frees_energy_tce", "cost")
    script.table(shown, style="PaperSmall", most=_MOST_MAIN, by="frees_energy_tce", more=_in_appendix(script, 3))


def _left_out(script: Manuscript, content: Content, paper: Paper, pictures: Drawn) -> None:
    language = script.language
    script.heading(word("left_out_table", language))
    verdicts = content.projects["verdict"]
    rejected, out = int((verdicts == "rejected").sum()), int((verdicts == "not_awarded").sum())
    if not rejected + out:
        script.say(Text("所有项目都已安排。", "Every project is awarded."))
        return
    script.say(
        Text(
            f"未安排项目 {rejected + out} 个，其中不予准入 {rejected} 个、符合准入但未能安排 {out} 个。"
            "每个项目的主要原因见下表，全部名单见附件 2。",
            f"{rejected + out} projects are left out: {rejected} rejected by rule, {out} admissible yet not awarded. "
            "The main reason of each is below; appendix 2 lists them all.",
        )
    )
    script.figure(*pictures.of("intensity"))
    whole = _refused(content, paper, language)
    shown = whole.only("name", "energy", "value_added", "reason", "way_in")
    script.table(shown, style="PaperSmall", most=_MOST_REFUSED, by="value_added", more=_in_appendix(script, 2))
    kept = kept_line(content, language)
    if kept:
        script.text(kept)


def _refused(content: Content, paper: Paper, language: Language) -> Table:
    """Every project left out, with the cheapest way in where one is known."""
    table = tables.left_out(content, language)
    if not paper.ways_in:
        return table
    cells = [paper.ways_in.get(str(row[0]), Text("未计算", "not computed")) for row in table.rows]
    return table.with_column(Column("way_in", WORDS["way_in"], "long"), cells)


def _places(script: Manuscript, content: Content, pictures: Drawn) -> None:
    script.heading(word("places_table", script.language))
    for key in ("pools", "prices"):
        script.figure(*pictures.of(key))
    script.table(
        tables.places(content).only(
            "place", "firms", "projects", "freed", "inflow", "outflow", "used", "idle", "ratio"
        ),
        style="PaperSmall",
    )


def _ledger(script: Manuscript, content: Content) -> None:
    language = script.language
    script.heading(word("ledger_summary", language))
    script.text(ledger_line(content, language))
    table = tables.ledger_summary(content)
    empty = {
        column.key
        for k, column in enumerate(table.columns)
        if column.key in ("initial", "bought", "drawn", "sold") and not any(row[k] for row in table.rows)
    }
    script.table(table.only(*(column.key for column in table.columns if column.key not in empty)))
    script.table(trading.trades(content))


def _findings(script: Manuscript, content: Content) -> None:
    language = script.language
    script.heading(word("data_issues", language))
    if not content.findings:
        script.say(Text("输入数据没有发现问题。", "No problem was found in the input."))
    script.table(tables.findings(content, language), style="PaperSmall")


def _clauses(script: Manuscript, content: Content) -> None:
    language = script.language
    script.heading(Text("条款落实情况", "Clauses").of(language))
    held = sum(line.ok for line in content.rules)
    script.say(
        Text(
            f"{len(content.rules)} 项规则逐项独立复核，{held} 项通过。",
            f"{len(content.rules)} rules were re-checked one by one; {held} hold.",
        )
    )
    script.table(tables.rules(content).only("rule", "clause", "state", "headline", "ok"), style="PaperSmall")
    script.table(clause_tables.clauses(content).only("clause", "text", "carried_by", "reported"), style="PaperSmall")
    script.table(tables.documents(content), style="PaperSmall")


def _signature(script: Manuscript, paper: Paper, appendices: list[Text]) -> None:
    """The list of appendices, then who issues it and when: the unit above the middle of the day."""
    language = script.language
    script.blank("PaperEnclosure")
    for number, title in enumerate([*appendices, _PROOF], start=1):
        first = Text("附件：", "Appendices: ").of(language) if number == 1 else "　　　" if language == "zh" else ""
        script.text(f"{first}{number}. {title.of(language)}", "PaperEnclosure")
    issued = day(paper.issued, language) if paper.issued is not None else ""
    if not (paper.unit or issued):
        return
    script.blank("PaperEnclosure")
    behind = "　　　　" if language == "zh" else ""
    # The shorter of the two is moved in by half of what it is shorter.
    spare = (len(issued) - len(paper.unit)) / 2 if language == "zh" and issued and paper.unit else 0.0
    if paper.unit:
        script.text(paper.unit + behind + "　" * round(max(0.0, spare)), "PaperSignature")
    if issued:
        script.text(issued + behind + "　" * round(max(0.0, -spare)), "PaperSignature")


def _appendices(content: Content, paper: Paper, language: Language) -> list[Table]:
    """Every award, every refusal, and the firms treated."""
    refused = _refused(content, paper, language)
    return [
        tables.awards(content, language).only(
            "project", "name", "place", "category", "year", "energy_tce", "whole", "ratio", "value_added", "intensity",
            "reason",
        ),
        refused.only("project", "name", "place", "category", "energy", "value_added", "intensity", "verdict", "clause",
                     "reason", "way_in"),
        tables.actions(content, language).only("firm", "name", "place", "sector", "action", "year", "frees_energy_tce",
                                               "cost", "jobs_lost", "reason"),
    ]  # fmt: skip


def _appendix(script: Manuscript, number: int, of: int, title: Text) -> None:
    if number == 1 or script.page is not LANDSCAPE:
        script.turn(LANDSCAPE)
    _appendix_head(script, number, title)


def _appendix_head(script: Manuscript, number: int, title: Text) -> None:
    language = script.language
    script.text(Text(f"附件 {number}", f"Appendix {number}").of(language), "PaperAppendix")
    script.text(title.of(language), "PaperAppendixTitle")


def _proof(script: Manuscript, content: Content, number: int) -> None:
    """What anybody needs to check the plan: certificate, identity of the run, measures, inputs."""
    language = script.language
    _appendix_head(script, number, _PROOF)
    columns = (Column("item", Text("事项", "item")), Column("value", Text("内容", "content"), "long"))
    rows = proof_lines(content, language)
    script.table(table_of("proof", WORDS["certificate"], columns, rows), style="PaperSmall")
    script.table(tables.measures(content), style="PaperSmall")
    hashes = list(content.hashes.items())
    columns = (Column("file", Text("文件", "file")), Column("hash", Text("散列", "hash"), "long"))
    script.table(table_of("inputs", WORDS["inputs_table"], columns, hashes), style="PaperSmall")
