"""`report.xlsx`: the papers' tables as a workbook, with native charts and a ledger whose sums are live formulas."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quota_opt.errors import Language, Text
from quota_opt.report import charts, clause_tables, sentences, tables, trading, words
from quota_opt.report.content import Content, gather
from quota_opt.report.directing import directives_box
from quota_opt.report.drawn import drawn
from quota_opt.report.html import ledger_line, proof_lines, sources_line
from quota_opt.report.numbers import short
from quota_opt.report.sheets import Book, Place, column_letters
from quota_opt.report.values import Cell, Column, Figure, table_of
from quota_opt.report.words import WORDS, word

if TYPE_CHECKING:
    from quota_opt.plan.plan import Plan

_MOST_LEDGER = 1_000_000
_PLAIN_ID = re.compile(r"[\w.\-]+")
_LAST = 7  # the summary is eight columns wide


def write_xlsx(plan: Plan, path: str | Path, language: Language = "zh") -> Path:
    """Write the report of a plan as a workbook. Returns its path."""
    return write(gather(plan), Path(path), language)


def write(content: Content, path: Path, language: Language) -> Path:
    """Write what `gather` collected; the same plan gives the same bytes."""
    book = Book.at(
        path,
        language,
        title=f"{content.title.of(language)} · {word('report_title', language)}",
        note="" if content.data == "real" else words.listed(words.DATA, content.data).of(language),
        foot=f"{word('run_number', language)} {content.run}",
    )
    made = drawn(content, language)
    figures = dict(made.figures)
    summary = book.sheet(WORDS["summary"], landscape=False)
    awards_sheet = book.sheet(WORDS["awards_table"])
    actions_sheet = book.sheet(WORDS["actions_table"])
    left_sheet = book.sheet(WORDS["left_out_table"])
    kept = tables.kept(content, language)
    kept_sheet = book.sheet(WORDS["kept_table"]) if kept.rows else None
    places_sheet = book.sheet(WORDS["places_table"])
    ledger_sheet = book.sheet(WORDS["ledger"])
    _summary(book, summary, content, figures, made.svgs.get("flow"))
    ledger = _ledger(book, ledger_sheet, content)
    _awards(book, awards_sheet, content, ledger)
    _plain(book, actions_sheet, tables.actions(content, language, clauses=True))
    _left_out(book, left_sheet, content, figures)
    if kept.rows:
        _plain(book, kept_sheet, kept)
    _places(book, places_sheet, content, figures)
    if len(content.trades):
        _plain(book, book.sheet(WORDS["trades_table"]), trading.trades(content))
    _prices(book, book.sheet(WORDS["prices_table"]), content)
    _plain(book, book.sheet(WORDS["rules_table"]), tables.rules(content))
    if content.clauses or content.readings or content.documents:
        _clauses(book, book.sheet(WORDS["clauses_sheet"]), content)
    _plain(book, book.sheet(WORDS["data_issues"]), tables.findings(content, language))
    _run(book, book.sheet(WORDS["run_sheet"], landscape=False), content)
    summary.activate()
    book.workbook.close()
    return path


def _plain(book: Book, sheet: Any, table: Any) -> Place:
    """One table filling a sheet: frozen and repeated head, filter, print area."""
    place = book.table(sheet, table, 0, widths=True)
    last_column = len(table.columns) - 1
    sheet.freeze_panes(1, 2 if last_column > 3 else 0)
    sheet.repeat_rows(0)
    if table.rows:
        sheet.autofilter(0, 0, place.last, last_column)
    sheet.print_area(0, 0, place.last + 1, last_column)
    return place


def _summary(book: Book, sheet: Any, content: Content, figures: dict[str, Figure], flow: str | None) -> None:
    language = book.language
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, _LAST, 13)
    book.wide(
        sheet, 0, _LAST, f"{content.title.of(language)} · {word('report_title', language)}", bold=True, font_size=16
    )
    sheet.set_row(0, 26)
    book.wide(sheet, 1, _LAST, sentences.identity(content).of(language), per_line=110, font_color="#4A4A4A")
    row = 2
    note = sentences.data_note(content)
    if note is not None:
        book.wide(
            sheet, row, _LAST, note.of(language), bold=True, font_color="#A33A00", border=2, border_color="#A33A00"
        )
        row += 1
    marks = [
        f"{'✓' if b.ok else '✗'} {b.text.of(language)}（{b.detail.of(language)}）" for b in sentences.badges(content)
    ]
    book.wide(sheet, row, _LAST, "    ".join(marks), bold=True)
    book.wide(sheet, row + 1, _LAST, sentences.answer(content).of(language), per_line=100, bg_color="#F4F5F7")
    for words_ in directives_box(content.directives, content.receipt):
        book.wide(sheet, row + 2, _LAST, words_.of(language), per_line=100, border=1, border_color="#A33A00")
        row += 1
    row = book.table(sheet, tables.headlines(content), row + 3).last + 1
    row = _bindings(book, sheet, content, row + 1)
    for sentence in sentences.what_ifs(content):
        book.wide(sheet, row, _LAST, f"· {sentence.of(language)}", per_line=100)
        row += 1
    for line in (sources_line(content, language), *(t.of(language) for t in sentences.factor_notes(content)[:3])):
        if line:
            book.wide(sheet, row, _LAST, line, per_line=108, font_color="#4A4A4A", font_size=10)
            row += 1
    row = _flow(book, sheet, figures.get("flow"), flow, row + 1)
    row = _waterfall(book, sheet, figures.get("waterfall"), row)
    row = _targets(book, sheet, content, figures.get("targets"), row)
    row = _budget(book, sheet, figures.get("budget"), row)
    for by in ("category", "year", "place"):
        table = tables.grouped(content, by)
        if table.rows:
            book.text(sheet, row, 0, table.title.of(language), bold=True, font_size=12)
            place = book.table(sheet, table, row + 1)
            row = place.last + 4
    sheet.print_area(0, 0, row, _LAST)


def _bindings(book: Book, sheet: Any, content: Content, row: int) -> int:
    lines = sentences.bindings(content)
    if not lines:
        return row
    language = book.language
    book.text(sheet, row, 0, word("binding_table", language), bold=True, font_size=12)
    for k, line in enumerate(lines, start=row + 1):
        parts = [line.title.of(language), line.clause.of(language), line.text.of(language)]
        price = line.price.of(language)
        parts += [f"{word('one_more', language)} {price}"] if price != "–" else []
        book.wide(sheet, k, _LAST, " · ".join(part for part in parts if part), per_line=100)
    return row + len(lines) + 2


def _flow(book: Book, sheet: Any, figure: Figure | None, svg: str | None, row: int) -> int:
    """The flow figure as a picture, or the table behind it and a note where it cannot be drawn."""
    if figure is None:
        return row
    return book.picture(sheet, row, _LAST, figure, svg)


def _waterfall(book: Book, sheet: Any, figure: Figure | None, row: int) -> int:
    if figure is None or figure.table is None:
        return row
    sheet.set_h_pagebreaks([row])
    book.wide(sheet, row, _LAST, figure.title, bold=True, font_size=12)
    place = book.table(sheet, charts.waterfall_table(figure.table), row + 1, total=False)
    chart = charts.waterfall(book, place, figure.table.title.of(book.language))
    return book.chart(sheet, chart, place.last + 2)


def _targets(book: Book, sheet: Any, content: Content, figure: Figure | None, row: int) -> int:
    if figure is None or figure.table is None:
        return row
    language = book.language
    book.wide(sheet, row, _LAST, figure.title, bold=True, font_size=12)
    columns = (*figure.table.columns, Column("full", WORDS["target"], "share"))
    rows = [(*cells, 1.0) for cells in figure.table.rows]
    place = book.table(sheet, table_of("targets_parts", WORDS["targets_table"], columns, rows), row + 1, total=False)
    chart = charts.targets(book, place, WORDS["targets_table"].of(language))
    return book.chart(sheet, chart, place.last + 2)


def _budget(book: Book, sheet: Any, figure: Figure | None, row: int) -> int:
    if figure is None or figure.table is None:
        return row
    book.wide(sheet, row, _LAST, figure.title, bold=True, font_size=12)
    place = book.table(sheet, figure.table, row + 1)
    return book.chart(sheet, charts.budget(book, place, figure.table.title.of(book.language)), place.last + 3)


def _awards(book: Book, sheet: Any, content: Content, ledger: Place | None) -> None:
    """The awards, and beside each the sum the ledger gives it in the last year, as a live formula."""
    table = tables.awards(content, book.language)
    place = _plain(book, sheet, table)
    if ledger is None or not table.rows:
        return
    column = len(table.columns)
    head = book.format(
        bold=True, bg_color="#EEF1F5", border=1, border_color="#B0B0B0", text_wrap=True, valign="vcenter"
    )
    resource = words.resource_name(content.main_resource).of(book.language)
    title = Text(f"台账{content.last_year}年{resource}", f"Ledger {content.last_year}, {resource}")
    sheet.write_string(0, column, title.of(book.language), head)
    sheet.set_column(column, column, 13)
    rows = content.ledger[
        (content.ledger["resource"] == content.main_resource) & (content.ledger["year"] == content.last_year)
    ]
    given = rows.groupby("to")["amount"].sum()
    form = book.format(num_format="#,##0", bottom=1, bottom_color="#D9D9D9", valign="top")
    for k, cells in enumerate(table.rows, start=place.first):
        value = float(given.get(cells[0], 0.0))
        if not _PLAIN_ID.fullmatch(str(cells[0])):
            sheet.write_number(k, column, value, form)
            continue
        formula = _sumifs(ledger, {"to": f"$A{k + 1}", "year": str(content.last_year), "resource": _quoted(resource)})
        sheet.write_formula(k, column, formula, form, value)
    sheet.print_area(0, 0, place.last + 1, column)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _sumifs(ledger: Place, criteria: dict[str, str]) -> str:
    """=SUMIFS over the ledger's amounts; criteria name a column of the ledger and a cell or constant."""
    name = f"'{ledger.sheet}'!"

    def span(key: str) -> str:
        letters = column_letters(ledger.columns[key])
        return f"{name}${letters}${ledger.first + 1}:${letters}${ledger.last + 1}"

    tests = ",".join(f"{span(key)},{test}" for key, test in criteria.items())
    return f"=SUMIFS({span('amount')},{tests})"


_SIDES = (
    ("initial", "from_kind", "initial"), ("freed", "from_kind", "firm"), ("bought", "from_kind", "bought"),
    ("debit", "", ""),
    ("used", "to_kind", "project"), ("drawn", "to_kind", "firm"), ("idle", "to_kind", "idle"),
    ("sold", "to_kind", "sold"),
    ("credit", "", ""), ("difference", "", ""),
)  # fmt: skip


def _ledger(book: Book, sheet: Any, content: Content) -> Place | None:
    """Every entry, below live sums of both sides by resource and year; debit minus credit must show 0."""
    language = book.language
    summary = tables.ledger_summary(content)
    frame = content.ledger.iloc[:_MOST_LEDGER]
    start = len(summary.rows) + 5
    table = tables.ledger(content, _MOST_LEDGER)
    book.text(sheet, 0, 0, ledger_line(content, language), font_color="#4A4A4A")
    if not table.rows:
        return None
    place = book.table(sheet, table, start, total=False)
    # What the filter leaves, added up; the sums above are of all entries.
    letters = column_letters(place.columns["amount"])
    shown = f"=SUBTOTAL(109,{letters}{place.first + 1}:{letters}{place.last + 1})"
    book.text(sheet, start - 1, place.columns["to"], Text("筛选合计", "filtered").of(language), bold=True)
    total = book.format(num_format="#,##0.000", bold=True)
    sheet.write_formula(start - 1, place.columns["amount"], shown, total, float(frame["amount"].sum()))
    for k, width in enumerate((8, 10, 12, 12, 14, 12, 14, 30, 14, 12, 14, 14)):
        sheet.set_column(k, k, width)
    head = book.format(bold=True, bg_color="#EEF1F5", border=1, border_color="#B0B0B0", text_wrap=True)
    number = book.format(num_format="#,##0.000")
    plain = book.format()
    for k, column in enumerate(summary.columns):
        sheet.write_string(2, k, column.title.of(language), head)
    for r, cells in enumerate(summary.rows, start=3):
        resource = _resource_of(content, cells[0])
        sheet.write_string(r, 0, words.resource_name(resource).of(language), plain)
        sheet.write_number(r, 1, float(cells[1]), plain)  # type: ignore[arg-type]
        for k, (key, kind, value) in enumerate(_SIDES, start=2):
            number_at = float(cells[k])  # type: ignore[arg-type]
            sheet.write_formula(r, k, _side_formula(place, key, kind, value, r + 1, language), number, number_at)
    sheet.freeze_panes(start + 1, 0)
    sheet.autofilter(start, 0, place.last, len(table.columns) - 1)
    sheet.print_area(0, 0, place.last, 11)
    return place


def _side_formula(place: Place, key: str, kind: str, value: str, row: int, language: Language) -> str:
    if key == "debit":
        return f"=SUM(C{row}:E{row})"
    if key == "credit":
        return f"=SUM(G{row}:J{row})"
    if key == "difference":
        return f"=ROUND(F{row}-K{row},6)"
    test = _quoted(words.LEDGER_ENDS[value].of(language))
    return _sumifs(place, {"resource": f"$A{row}", "year": f"$B{row}", kind: test})


def _resource_of(content: Content, titled: Cell) -> str:
    """The resource a row of the ledger summary is about."""
    for resource in content.resources:
        name, unit = words.resource_name(resource), words.unit_name(content.resource_unit(resource))
        if isinstance(titled, Text) and titled.zh == f"{name.zh}（{unit.zh}）":
            return resource
    return content.main_resource


def _left_out(book: Book, sheet: Any, content: Content, figures: dict[str, Figure]) -> None:
    """Projects left out, each with the reason; the intensity chart stands on the right."""
    table = tables.left_out(content, book.language)
    _plain(book, sheet, table)
    figure = figures.get("intensity")
    if figure is None or figure.table is None:
        return
    first = len(table.columns) + 1
    ranked = [
        (k, cells[2], cells[3] == words.VERDICTS["awarded"]) for k, cells in enumerate(figure.table.rows, start=1)
    ]
    place = _block(
        book, sheet, first, ("rank", "awarded", "out"),
        [(k, value if won else None, None if won else value) for k, value, won in ranked],
    )  # fmt: skip
    limits = {}
    for k, limit in enumerate(content.limits[:3]):
        name = f"{word('limit', book.language)} {short(limit)}"
        limits[name] = _block(book, sheet, first + 4 + 3 * k, ("x", "y"), [(0, limit), (len(ranked) + 1, limit)])
    chart = charts.intensity(book, place, limits, figure.title)
    chart.set_size({"width": 720, "height": 380})
    sheet.insert_chart(3, first + 4, chart)


def _block(book: Book, sheet: Any, column: int, keys: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Place:
    """Figures for a chart, in small grey type beside a table and outside the print area."""
    heads = {
        "rank": "#",
        "awarded": word("award", book.language),
        "out": word("not_awarded", book.language),
        "x": "x",
        "y": "y",
    }
    grey = book.format(font_color="#8A8A8A", font_size=9)
    for k, key in enumerate(keys):
        sheet.write_string(0, column + k, heads[key], grey)
        for r, cells in enumerate(rows, start=1):
            if cells[k] is not None:
                sheet.write_number(r, column + k, float(cells[k]), grey)
    return Place(sheet.get_name(), 1, len(rows), {key: column + k for k, key in enumerate(keys)})


def _places(book: Book, sheet: Any, content: Content, figures: dict[str, Figure]) -> None:
    table = tables.places(content)
    place = _plain(book, sheet, table)
    if not table.rows:
        return
    price = place.columns["price"]
    sheet.conditional_format(place.first, price, place.last, price, _scale())
    row = place.last + 3
    height = max(14, len(table.rows) + 6)
    if "pools" in figures:
        row = book.chart(sheet, charts.pools(book, place, figures["pools"].title), row, lines=height)
    if "ratios" in figures:
        row = book.chart(sheet, charts.ratios(book, place, figures["ratios"].title), row, lines=height)
    sheet.print_area(0, 0, row, len(table.columns) - 1)


def _prices(book: Book, sheet: Any, content: Content) -> None:
    table = tables.prices(content)
    place = _plain(book, sheet, table)
    if table.rows:
        price = place.columns["price"]
        sheet.conditional_format(place.first, price, place.last, price, _scale())


def _scale() -> dict[str, Any]:
    return {"type": "2_color_scale", "min_color": "#FFF7E0", "max_color": "#E69F00"}


def _clauses(book: Book, sheet: Any, content: Content) -> None:
    """Clauses with the rules that carry them, readings taken, documents with their standing, one below the other."""
    row, last_column = 0, 0
    made = (clause_tables.clauses(content), clause_tables.readings(content), tables.documents(content))
    for k, table in enumerate(table for table in made if table.rows):
        book.text(sheet, row, 0, table.title.of(book.language), bold=True, font_size=12)
        place = book.table(sheet, table, row + 1, widths=k == 0)
        if k == 0:  # a sheet has one filter
            sheet.autofilter(row + 1, 0, place.last, len(table.columns) - 1)
            sheet.freeze_panes(row + 2, 0)
        row = place.last + 3
        last_column = max(last_column, len(table.columns) - 1)
    sheet.print_area(0, 0, row, last_column)


def _run(book: Book, sheet: Any, content: Content) -> None:
    language = book.language
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 3, 36)
    row = 0
    for name, value in proof_lines(content, language):
        book.text(sheet, row, 0, name, valign="top")
        book.text(sheet, row, 1, value, text_wrap=True)
        row += 1
    row = book.table(sheet, tables.measures(content), row + 1).last + 2
    book.text(sheet, row, 0, word("inputs_table", language), bold=True, font_size=12)
    for name, digest in content.hashes.items():
        row += 1
        book.text(sheet, row, 0, name)
        book.text(sheet, row, 1, digest, num_format="@")
    sheet.print_area(0, 0, row, 3)
