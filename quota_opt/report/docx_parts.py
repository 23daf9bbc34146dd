"""Paragraphs, tables and pictures of a Word paper: text as typed, rows unbroken, heads repeated on each page."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from quota_opt.errors import Language, Text
from quota_opt.report.docx_template import (
    MARK,
    NAMESPACE,
    OFFICIAL,
    SLOT,
    Page,
    footer_references,
    packed,
    template,
    twips,
)
from quota_opt.report.draw import draw_png
from quota_opt.report.sheets import breadth
from quota_opt.report.values import Cell, Column, Figure, Table
from quota_opt.report.words import word

MOST_ROWS = 500
DOTS_PER_INCH = 200
_MILLIMETRES = 0.212
"""What a pixel of a figure takes on paper: type of 12 pixels is about 7 points."""
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
_PICTURE = f"{_DRAWING}/picture"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
# What XML cannot carry at all; a name with one of these keeps the rest of it.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Marks that the fonts of official papers have, for those they lack.
_MARKS = str.maketrans({"✓": "√", "✗": "×"})
_TOGETHER = 8
"""Rows of a table that is not torn between two pages."""
_SHORT = 8
"""Texts of so many half-width characters stay on one line."""
_DIGITS = "零一二三四五六七八九"


_SIZES = {"PaperTable": 12.0, "PaperSmall": 10.5, "PaperFine": 9.0, "Note": 9.5}


class Manuscript:
    """A Word paper being written, part after part, into the place of the template's mark."""

    def __init__(self, language: Language, page: Page = OFFICIAL, own: str | Path | None = None) -> None:
        from docx import Document

        self.language = language
        self.page = page
        source = io.BytesIO(template(language)) if own is None else str(own)
        self._document = Document(source)
        self._footers = footer_references(self._document)
        self._body: list[str] = []
        self._counts = {"heading": 0, "part": 0, "table": 0, "figure": 0, "picture": 0}

    def text(self, value: str, style: str = "PaperBody") -> None:
        """A paragraph of one style."""
        self._body.append(f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{self._run(value)}</w:p>')

    def say(self, value: Text | None, style: str = "PaperBody") -> None:
        """A paragraph of ours in the language of the paper; nothing for None."""
        if value is not None and value.of(self.language):
            text = ours(value.of(self.language))
            self.text(_closed(text) if self.language == "zh" else text, style)

    def heading(self, title: str) -> None:
        """A heading of the first level: 一、… or 1. …"""
        self._counts["heading"] += 1
        self._counts["part"] = 0
        number = self._counts["heading"]
        self.text(f"{chinese(number)}、{title}" if self.language == "zh" else f"{number}. {_upper(title)}", "Heading1")

    def part(self, title: str) -> None:
        """A heading of the second level: （一）… or 1.1 …"""
        self._counts["part"] += 1
        number = self._counts["part"]
        zh = f"（{chinese(number)}）{title}"
        self.text(zh if self.language == "zh" else f"{self._counts['heading']}.{number} {_upper(title)}", "Heading2")

    def blank(self, style: str = "PaperBody") -> None:
        """An empty line."""
        self._body.append(f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr></w:p>')

    def turn(self, page: Page) -> None:
        """What follows begins a new page of another form; it is the form of all that follows."""
        thin = '<w:pStyle w:val="PaperNote"/><w:spacing w:before="0" w:after="0" w:line="20" w:lineRule="exact"/>'
        self._body.append(f"<w:p><w:pPr>{thin}{self.page.xml(self._footers)}</w:pPr></w:p>")
        self.page = page

    def table(
        self, table: Table, *, style: str = "PaperTable", most: int = MOST_ROWS, by: str = "", more: str = ""
    ) -> None:
        """A table with its number and title above, and where the rest is below, if it was cut to `most` rows.

        The rows kept are those largest in the column `by`; `more` says where all are, by default the workbook. `style`
        is PaperTable, or the smaller PaperSmall and PaperFine.
        """
        if not table.rows:
            return
        self._counts["table"] += 1
        language, number = self.language, self._counts["table"]
        title = table.title.of(language)
        self.text(
            f"表 {number}　{title}" if language == "zh" else f"Table {number}. {_upper(title)}", "PaperTableTitle"
        )
        keys = [column.key for column in table.columns]
        shown = table.shortened(most, by if by in keys else None)
        self.grid(shown, style, totals=None if shown.cut else table.totals())
        note = shown.note.of(language) if shown.note else ""
        if shown.cut:
            rest = more or Text(f"Excel 附表“{table.title.zh}”", f"the workbook, sheet “{table.title.en}”").of(language)
            largest = Text("数额最大的", "the largest") if by in keys else Text("前", "the first")
            note = Text(
                f"共 {shown.cut:,} 行，此处列出{largest.zh} {most} 行；全部见{rest}。{note}",
                f"{shown.cut:,} rows, {largest.en} {most} shown; all are in {rest}. {note}",
            ).of(language)
        if note:
            self.text(ours(note.strip()), "PaperNote")
        else:
            self._body.append(
                '<w:p><w:pPr><w:pStyle w:val="PaperNote"/><w:spacing w:line="160" w:lineRule="exact"/></w:pPr></w:p>'
            )

    def grid(
        self, table: Table, style: str, totals: tuple[float | None, ...] | None = None, *, even: bool = False
    ) -> None:
        """The cells of a table alone; `style` begins the names of the styles of its head, texts and figures.

        A short table is kept on one page.
        """
        language = self.language
        texts = [[shown_cell(c, v, language) for c, v in zip(table.columns, row, strict=True)] for row in table.rows]
        foot: list[str] = []
        if totals is not None:
            foot = [
                "" if value is None else column.cell(value, language)
                for column, value in zip(table.columns, totals, strict=True)
            ]
            foot[0] = word("total", language)
        heads = [_heading(column, language) for column in table.columns]
        size = _SIZES.get(style, 12.0)
        body = [*texts, *([foot] if foot else [])]
        widths = widths_of(table.columns, heads, body, twips(self.page.width), size)
        widths = [sum(widths) // len(widths)] * len(widths) if even else widths
        head_style, text_style, number_style = _cell_styles(style)
        rows = [self._row(heads, widths, [head_style] * len(heads), head=True)]
        styles = [number_style if column.numeric else text_style for column in table.columns]
        for r, cells in enumerate(body):
            total = bool(foot) and r == len(texts)
            bold = {k for k in range(len(cells)) if total or (r, k) in table.strong}
            rows.append(self._row(cells, widths, styles, bold, keep=len(body) <= _TOGETHER and r < len(body) - 1))
        columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
        self._body.append(
            '<w:tbl><w:tblPr><w:tblStyle w:val="PaperTable"/>'
            f'<w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/><w:tblLayout w:type="fixed"/></w:tblPr>'
            f"<w:tblGrid>{columns}</w:tblGrid>{''.join(rows)}</w:tbl>"
        )

    def figure(self, figure: Figure | None, svg: str | None, width: float = 0.0) -> None:
        """A figure with its number and finding below; its table where it cannot be drawn here.

        `width` in millimetres; 0 takes what its size asks for.
        """
        if figure is None:
            return
        picture = (
            None
            if svg is None
            else self.picture(figure, svg, width or min(self.page.width, figure.size[0] * _MILLIMETRES))
        )
        if picture is None:
            if figure.table is not None:
                self.table(replace(figure.table, title=Text(figure.title, figure.title)))
            return
        self._counts["figure"] += 1
        number = self._counts["figure"]
        self._body.append(f'<w:p><w:pPr><w:pStyle w:val="PaperFigure"/></w:pPr>{picture}</w:p>')
        zh = self.language == "zh"
        self.text(f"图 {number}　{figure.title}" if zh else f"Figure {number}. {figure.title}", "PaperFigureTitle")

    def pair(self, figures: list[tuple[Figure, str]], style: str) -> None:
        """Figures side by side, each below its title."""
        width = (self.page.width - 4) / len(figures)
        column = twips(self.page.width / len(figures))
        cells = []
        for figure, svg in figures:
            picture = self.picture(figure, svg, width) or ""
            named = self._run(figure.title, bold=True)
            title = f'<w:p><w:pPr><w:pStyle w:val="{style}"/><w:jc w:val="left"/></w:pPr>{named}</w:p>'
            drawn = f'<w:p><w:pPr><w:pStyle w:val="PaperFigure"/><w:spacing w:before="0"/></w:pPr>{picture}</w:p>'
            cells.append(f'<w:tc><w:tcPr><w:tcW w:w="{column}" w:type="dxa"/></w:tcPr>{title}{drawn}</w:tc>')
        whole = f'<w:tblW w:w="{column * len(figures)}" w:type="dxa"/><w:tblLayout w:type="fixed"/>'
        grid = f'<w:gridCol w:w="{column}"/>' * len(figures)
        row = f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{''.join(cells)}</w:tr>"
        self._body.append(f"<w:tbl><w:tblPr>{whole}</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{row}</w:tbl>")

    def picture(self, figure: Figure, svg: str, width: float) -> str | None:
        """The run that shows a picture `width` millimetres wide, with its sentence for those who cannot see it."""
        wide, high = figure.size
        drawn = draw_png(svg, round(width / 25.4 * DOTS_PER_INCH / wide, 2))
        if drawn is None:
            return None
        relation, _ = self._document.part.get_or_add_image(io.BytesIO(drawn))
        self._counts["picture"] += 1
        number = self._counts["picture"]
        size = f'cx="{round(width * 36_000)}" cy="{round(width * 36_000 * high / wide)}"'
        words = quoteattr(_NOT_XML.sub("", figure.alternative or figure.title))
        name = f'id="{number}" name="{escape(figure.key)}" descr={words}'
        return (
            f'<w:r><w:drawing><wp:inline xmlns:wp="{_DRAWING}/wordprocessingDrawing" distT="0" distB="0" distL="0" '
            f'distR="0"><wp:extent {size}/><wp:docPr {name}/><a:graphic xmlns:a="{_DRAWING}/main">'
            f'<a:graphicData uri="{_PICTURE}"><pic:pic xmlns:pic="{_PICTURE}"><pic:nvPicPr><pic:cNvPr {name}/>'
            f'<pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip xmlns:r="{_RELATIONS}" r:embed="{relation}"/>'
            '<a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/>'
            f'<a:ext {size}/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic>'
            "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
        )

    def finished(self, title: str, note: str = "") -> bytes:
        """The paper as a file; the same parts give the same bytes."""
        from docx.oxml import parse_xml
        from docx.oxml.ns import qn

        body = self._document.element.body
        section = parse_xml(self.page.xml(self._footers))
        if body.sectPr is not None:
            body.remove(body.sectPr)
        marks = [child for child in body if "".join(text.text or "" for text in child.iter(qn("w:t"))).strip() == MARK]
        (slot,) = parse_xml(f"<w:body {NAMESPACE}><!--{SLOT}--></w:body>")
        if marks:
            body.replace(marks[0], slot)
        else:  # a template without the mark, such as an earlier paper, lends its styles alone
            for child in list(body):
                body.remove(child)
            body.append(slot)
        body.append(section)
        core = self._document.core_properties
        core.title, core.comments, core.author, core.language = title[:255], note[:255], "quota-opt", self.language
        return packed(self._document, "".join(self._body))

    def _run(self, value: str, *, bold: bool = False) -> str:
        """Text as typed, with its line breaks and tabs."""
        heavy = "<w:b/>" if bold else ""
        hint = '<w:rFonts w:hint="eastAsia"/>' if self.language == "zh" else ""
        properties = f"<w:rPr>{hint}{heavy}</w:rPr>" if hint or heavy else ""
        clean = escape(_NOT_XML.sub("", value.replace("\r\n", "\n").replace("\r", "\n")))
        parts = re.split("([\n\t])", clean)
        shown = "".join(
            "<w:br/>" if part == "\n" else "<w:tab/>" if part == "\t" else f'<w:t xml:space="preserve">{part}</w:t>'
            for part in parts
            if part
        )
        return f"<w:r>{properties}{shown}</w:r>" if shown else ""

    def _row(
        self,
        cells: list[str],
        widths: list[int],
        styles: list[str],
        bold: set[int] = frozenset(),  # type: ignore[assignment]
        *,
        head: bool = False,
        keep: bool = False,
    ) -> str:
        stay = "<w:keepNext/>" if keep else ""
        shade = '<w:shd w:val="clear" w:color="auto" w:fill="F2F2F2"/>' if head else ""
        made = "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}<w:vAlign w:val="center"/></w:tcPr>'
            f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{stay}</w:pPr>{self._run(cell, bold=k in bold)}</w:p></w:tc>'
            for k, (cell, width, style) in enumerate(zip(cells, widths, styles, strict=True))
        )
        again = "<w:tblHeader/>" if head else ""
        return f"<w:tr><w:trPr><w:cantSplit/>{again}</w:trPr>{made}</w:tr>"


def _closed(text: str) -> str:
    """Chinese running text without the blanks around figures, as official papers write it: 安排45个项目."""
    wide = "\u3001-\u9fff\uff00-\uffef“”"
    return re.sub(rf"(?<=[{wide}]) (?=[\d−≥≤√×])|(?<=[\d%√×]) (?=[{wide}])", "", text)


def ours(text: str) -> str:
    """Words of ours in the marks that the fonts of official papers have."""
    return text.translate(_MARKS)


def shown_cell(column: Column, value: Cell, language: Language) -> str:
    """A cell as people read it; marks of ours are those of official papers, what a user typed stays as typed."""
    text = column.cell(value, language)
    return ours(text) if isinstance(value, Text) or value in ("✓", "✗") else text


def chinese(number: int) -> str:
    """一, 二 … 十, 十一 … 九十九."""
    tens, ones = divmod(number, 10)
    return f"{'' if tens < 2 else _DIGITS[tens]}{'十' if tens else ''}{_DIGITS[ones] if ones or not tens else ''}"


def widths_of(
    columns: tuple[Column, ...], heads: list[str], rows: list[list[str]], whole: int, size: float
) -> list[int]:
    """Widths of columns in twips that fill `whole`: figures on one line, the rest to what each text wants.

    `size` is that of the type, in points; a half-width character takes half of it.
    """
    half, edge = size * 10, 130 + size * 4
    least, wanted = [], []
    for k, column in enumerate(columns):
        longest = max((breadth(line) for row in rows for line in row[k].split("\n")), default=1)
        head = max(breadth(line) for line in heads[k].split("\n"))
        unbroken = max((len(found) for row in rows[:200] for found in re.findall(r"[!-~]+", row[k])), default=1)
        if column.numeric or column.kind in ("year", "id"):
            whole_word = min(longest, 14) + (column.kind == "id")  # capitals are wider than figures
            smallest, largest = max(whole_word, min(head, 6)), max(whole_word, min(head, 12))
        elif longest <= _SHORT:
            # Its heading may take two or three lines, yet no word of it is torn.
            torn = max((len(found) for found in re.findall(r"[!-~]+", heads[k])), default=0)
            smallest = largest = max(longest, min(head, 4), -(-head // 3), torn)
        else:
            smallest = max(min(unbroken, 12), 16 if column.kind == "long" else _SHORT)
            largest = min(max(longest, smallest), 120 if column.kind == "long" else 44)
        least.append(smallest * half + edge)
        wanted.append(max(largest, smallest) * half + edge)
    spare = whole - sum(least)
    more = [w - s for w, s in zip(wanted, least, strict=True)]
    if spare <= 0 or not sum(more):
        share = whole / sum(least)
        found = [round(value * share) for value in least]
    elif sum(more) <= spare:
        found = [round(w * whole / sum(wanted)) for w in wanted]
    else:
        weight = [value**0.9 for value in more]
        found = _shared(least, more, weight, spare)
    found[-1] += whole - sum(found)
    return found


def _shared(least: list[float], more: list[float], weight: list[float], spare: float) -> list[int]:
    """`spare` shared by weight, no column getting more than it wants."""
    given = [0.0] * len(more)
    for _ in range(len(more)):
        left = [k for k in range(len(more)) if more[k] - given[k] > 1]
        rest = spare - sum(given)
        if not left or rest <= 1:
            break
        total = sum(weight[k] for k in left)
        for k in left:
            given[k] = min(more[k], given[k] + rest * weight[k] / total)
    return [round(smallest + extra) for smallest, extra in zip(least, given, strict=True)]


def _heading(column: Column, language: Language) -> str:
    unit = column.unit_words(language).strip()
    return f"{column.title.of(language)}\n{unit}" if unit else column.title.of(language)


def _cell_styles(style: str) -> tuple[str, str, str]:
    if style == "Note":
        return "NoteCell", "NoteSmall", "NoteCell"
    if style == "NoteNumber":
        return "NoteCell", "NoteNumber", "NoteNumber"
    return f"{style}Head", f"{style}Text", f"{style}Number"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
