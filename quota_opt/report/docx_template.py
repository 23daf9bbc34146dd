"""The template of the Word papers: page and styles after GB/T 9704-2012, which a planner may change in Word.

Fonts are named and not embedded: 仿宋_GB2312, 楷体_GB2312, 黑体, 方正小标宋简体, 宋体. The styles have Chinese names in
Word; the writer knows them by their ids, so that they may be renamed. What a template says before and after the mark
`【正文】` stays where it is; one without the mark, such as an earlier paper, lends its styles alone.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from quota_opt.errors import Language

MARK = "【正文】"
SLOT = "paper"
"""The comment that stands where the paper goes while its file is put together."""
NAMESPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_LATIN = "Times New Roman"
FANGSONG, KAITI, HEITI, TITLE_FONT, SONGTI = "仿宋_GB2312", "楷体_GB2312", "黑体", "方正小标宋简体", "宋体"
_WARNING = "A33A00"
_MAIN = "word/document.xml"
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Page:
    """A page: its edges in millimetres, where the page number stands above the lower edge, and whether it is ruled."""

    top: float
    bottom: float
    left: float
    right: float
    foot: float
    landscape: bool = False
    lines: bool = True

    @property
    def width(self) -> float:
        """Width of the type area in millimetres."""
        return (297 if self.landscape else 210) - self.left - self.right

    def xml(self, footers: str) -> str:
        """The page as the properties of a section."""
        wide, high = (16838, 11906) if self.landscape else (11906, 16838)
        turned = ' w:orient="landscape"' if self.landscape else ""
        grid = '<w:docGrid w:type="lines" w:linePitch="579"/>' if self.lines else ""
        edges = " ".join(f'w:{side}="{twips(getattr(self, side))}"' for side in ("top", "bottom", "left", "right"))
        return (
            f'<w:sectPr {NAMESPACE} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">{footers}'
            f'<w:pgSz w:w="{wide}" w:h="{high}"{turned}/>'
            f'<w:pgMar {edges} w:header="851" w:footer="{twips(self.foot)}" w:gutter="0"/>'
            f"{grid}</w:sectPr>"
        )


OFFICIAL = Page(37, 35, 28, 26, 22)
"""The page of GB/T 9704: a type area of 156 × 225 mm."""
LANDSCAPE = Page(28, 26, 37, 35, 13, landscape=True)
"""The same turned, for the wide tables of appendices."""
NOTE = Page(15, 13, 20, 20, 6, lines=False)
"""The page of a note of one page."""


@dataclass(frozen=True)
class _Style:
    """A style of paragraphs; sizes in points, lines exact in points (0: as high as the text needs)."""

    id: str
    name: str
    size: float
    font: str = FANGSONG
    line: float = 0
    align: str = "both"
    indent: int = 0
    bold: bool = False
    keep: bool = False
    level: int = 0
    before: float = 0
    after: float = 0
    colour: str = ""
    box: bool = False
    spaced: float = 0.0


def twips(millimetres: float) -> int:
    """Twentieths of a point."""
    return round(millimetres / 25.4 * 1440)


def _styles(language: Language) -> tuple[_Style, ...]:
    zh = language == "zh"
    body, line, spaced = (16.0, 28.95, -0.25) if zh else (14.0, 23.0, 0.0)
    indent = 200 if zh else 0
    after = 0 if zh else 6
    return (
        _Style("Normal", "Normal", body, line=line, spaced=spaced),
        _Style("PaperBody", "公文正文", body, line=line, indent=indent, after=after, spaced=spaced),
        _Style("PaperTitle", "公文标题", 22, TITLE_FONT, 32, "center", keep=True),
        _Style("PaperIdentity", "公文标识", 12, KAITI, 18, "center", before=6, after=4),
        _Style("PaperBox", "公文提示框", 14, HEITI, 22, "center", colour=_WARNING, box=True, before=4, after=8),
        _Style("PaperAddressee", "公文抬头", body, line=line, align="left", spaced=spaced),
        _Style(
            "Heading1", "heading 1", body, HEITI, line, "left", indent, keep=True, level=1, after=after, bold=not zh
        ),
        _Style(
            "Heading2", "heading 2", body, KAITI, line, "left", indent, keep=True, level=2, after=after, bold=not zh
        ),
        _Style("Heading3", "heading 3", body, FANGSONG, line, "left", indent, bold=True, keep=True, level=3),
        _Style("PaperTableTitle", "公文表题", 12, HEITI, 20, "center", keep=True, before=8, after=2),
        _Style("PaperTableHead", "公文表头", 12, HEITI, align="center", keep=True),
        _Style("PaperTableText", "公文表文", 12, align="left"),
        _Style("PaperTableNumber", "公文表数", 12, align="right"),
        _Style("PaperSmallHead", "公文小表头", 10.5, HEITI, align="center", keep=True),
        _Style("PaperSmallText", "公文小表文", 10.5, align="left"),
        _Style("PaperSmallNumber", "公文小表数", 10.5, align="right"),
        _Style("PaperFineHead", "公文附表头", 9, HEITI, align="center", keep=True),
        _Style("PaperFineText", "公文附表文", 9, align="left"),
        _Style("PaperFineNumber", "公文附表数", 9, align="right"),
        _Style("PaperNote", "公文表注", 10.5, line=16, align="left", before=2, after=6),
        _Style("PaperFigure", "公文图", 12, align="center", keep=True, before=6),
        _Style("PaperFigureTitle", "公文图题", 12, HEITI, 18, "center", after=8),
        _Style("PaperEnclosure", "公文附件说明", body, line=line, indent=indent, keep=True, spaced=spaced),
        _Style("PaperSignature", "公文落款", body, line=line, align="right", spaced=spaced),
        _Style("PaperAppendix", "公文附件", body, HEITI, line, "left", keep=True),
        _Style("PaperAppendixTitle", "公文附件标题", 18, TITLE_FONT, 28, "center", keep=True, level=1, after=6),
        _Style("PaperPageOdd", "公文页码单", 14, SONGTI, align="right"),
        _Style("PaperPageEven", "公文页码双", 14, SONGTI, align="left"),
        _Style("NoteTitle", "一页纸标题", 17, TITLE_FONT, 22, "center", keep=True),
        _Style("NoteBox", "一页纸提示框", 11, HEITI, 15, "center", colour=_WARNING, box=True, before=3, after=5),
        _Style("NoteHead", "一页纸小标题", 11, HEITI, 15, "left", keep=True, before=5, after=2),
        _Style("NoteBody", "一页纸正文", 11.5 if zh else 10.5, line=17.5 if zh else 14, before=3, after=4),
        _Style("NoteSmall", "一页纸小字", 9.5, line=12.5, align="left"),
        _Style("NoteNumber", "一页纸数字", 14, HEITI, 18, "center"),
        _Style("NoteCell", "一页纸格", 9.5, line=13, align="center"),
    )


def _style_xml(style: _Style) -> str:
    base = style.id == "Normal"
    exact = (
        f' w:line="{round(style.line * 20)}" w:lineRule="exact"' if style.line else ' w:line="240" w:lineRule="auto"'
    )
    indent = f'<w:ind w:firstLineChars="{style.indent}" w:firstLine="{round(style.size * 2 * 20)}"/>'
    indent = indent if style.indent else '<w:ind w:firstLineChars="0" w:firstLine="0"/>'
    if style.id in ("PaperPageOdd", "PaperPageEven"):
        side = "right" if style.id == "PaperPageOdd" else "left"
        indent = f'<w:ind w:{side}Chars="100" w:{side}="280" w:firstLineChars="0" w:firstLine="0"/>'
    sides = "".join(
        f'<w:{side} w:val="single" w:sz="12" w:space="3" w:color="{_WARNING}"/>'
        for side in ("top", "left", "bottom", "right")
    )
    paragraph = [
        "<w:keepNext/>" if style.keep else "",
        "<w:pageBreakBefore/>" if style.id == "PaperAppendix" else "",
        '<w:widowControl w:val="0"/>',
        f"<w:pBdr>{sides}</w:pBdr>" if style.box else "",
        "" if style.line == 28.95 else '<w:snapToGrid w:val="0"/>',
        f'<w:spacing w:before="{round(style.before * 20)}" w:after="{round(style.after * 20)}"{exact}/>',
        indent,
        f'<w:jc w:val="{style.align}"/>',
        f'<w:outlineLvl w:val="{style.level - 1}"/>' if style.level else "",
    ]
    size = round(style.size * 2)
    text = [
        f'<w:rFonts w:ascii="{_LATIN}" w:hAnsi="{_LATIN}" w:cs="{_LATIN}" w:eastAsia="{style.font}"/>',
        "<w:b/>" if style.bold else "",
        f'<w:color w:val="{style.colour}"/>' if style.colour else "",
        f'<w:spacing w:val="{round(style.spaced * 20)}"/>' if style.spaced else '<w:spacing w:val="0"/>',
        f'<w:sz w:val="{size}"/><w:szCs w:val="{size}"/>',
    ]
    kind = 'w:type="paragraph" w:default="1"' if base else 'w:type="paragraph"'
    based = "" if base else '<w:basedOn w:val="Normal"/>'
    return (
        f'<w:style {kind} w:styleId="{style.id}"><w:name w:val="{style.name}"/>{based}<w:qFormat/>'
        f"<w:pPr>{''.join(paragraph)}</w:pPr><w:rPr>{''.join(text)}</w:rPr></w:style>"
    )


def _table_style() -> str:
    lines = "".join(
        f'<w:{side} w:val="single" w:sz="{4 if "inside" in side else 8}" w:space="0" w:color="000000"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    return (
        '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/><w:tblPr>'
        '<w:tblCellMar><w:left w:w="60" w:type="dxa"/><w:right w:w="60" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        "</w:style>"
        '<w:style w:type="table" w:styleId="PaperTable"><w:name w:val="公文表格"/><w:basedOn w:val="TableNormal"/>'
        f'<w:tblPr><w:jc w:val="center"/><w:tblBorders>{lines}</w:tblBorders><w:tblCellMar>'
        '<w:top w:w="20" w:type="dxa"/><w:left w:w="60" w:type="dxa"/><w:bottom w:w="20" w:type="dxa"/>'
        '<w:right w:w="60" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>'
    )


def styles_xml(language: Language) -> str:
    """The whole part of styles."""
    latin = f'w:ascii="{_LATIN}" w:hAnsi="{_LATIN}" w:cs="{_LATIN}" w:eastAsia="{FANGSONG}"'
    defaults = (
        f'<w:docDefaults><w:rPrDefault><w:rPr><w:rFonts {latin}/><w:sz w:val="32"/><w:szCs w:val="32"/>'
        '<w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr></w:rPrDefault><w:pPrDefault/>'
        "</w:docDefaults>"
    )
    made = "".join(_style_xml(style) for style in _styles(language))
    return f"<w:styles {NAMESPACE}>{defaults}{made}{_table_style()}</w:styles>"


def page_number(style: str) -> str:
    """The paragraph of a page number: — 1 —."""
    field = "".join(
        f"<w:r>{part}</w:r>"
        for part in (
            '<w:t xml:space="preserve">— </w:t>',
            '<w:fldChar w:fldCharType="begin"/>',
            '<w:instrText xml:space="preserve"> PAGE </w:instrText>',
            '<w:fldChar w:fldCharType="separate"/>',
            "<w:t>1</w:t>",
            '<w:fldChar w:fldCharType="end"/>',
            '<w:t xml:space="preserve"> —</w:t>',
        )
    )
    return f'<w:p {NAMESPACE}><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{field}</w:p>'


@cache
def template(language: Language) -> bytes:
    """The template as a file: page, styles, page numbers, and the mark where the paper goes."""
    from docx import Document
    from docx.oxml import parse_xml

    document = Document()
    _only_what_is_used(document)
    _replace(document.styles.element, parse_xml(styles_xml(language)))
    settings = document.settings.element
    _replace(settings, parse_xml(_settings()))
    section = document.sections[0]
    for footer, style in ((section.footer, "PaperPageOdd"), (section.even_page_footer, "PaperPageEven")):
        footer.is_linked_to_previous = False
        _replace(footer._element, parse_xml(f"<w:ftr {NAMESPACE}>{page_number(style)}</w:ftr>"))
    body = document.element.body
    mark = f'<w:p {NAMESPACE}><w:pPr><w:pStyle w:val="PaperBody"/></w:pPr><w:r><w:t>{MARK}</w:t></w:r></w:p>'
    kept = footer_references(document)
    _replace(body, parse_xml(f"<w:body {NAMESPACE}>{mark}{OFFICIAL.xml(kept)}</w:body>"))
    document.core_properties.author = "quota-opt"
    document.core_properties.title = "公文模板" if language == "zh" else "Paper template"
    return packed(document)


def write_template(path: str | Path, language: Language = "zh") -> Path:
    """Write the template of the Word papers, to be changed in Word and given back as `Paper.template`."""
    target = Path(path)
    target.write_bytes(template(language))
    return target


def footer_references(document: Any) -> str:
    """What sections say to have the page numbers of the document's last section."""
    from docx.oxml.ns import qn

    section = document.element.body.sectPr
    found = () if section is None else section.findall(qn("w:footerReference"))
    return "".join(f'<w:footerReference w:type="{f.get(qn("w:type"))}" r:id="{f.get(qn("r:id"))}"/>' for f in found)


def packed(document: Any, body: str = "") -> bytes:
    """The document as a file whose bytes depend on nothing but what it says; `body` is what stands at its slot.

    The body joins as text: to read a hundred pages into a tree only to write them again takes longer than all the rest.
    """
    import datetime

    fixed = datetime.datetime(2020, 1, 1)
    core = document.core_properties
    core.created = core.modified = fixed
    core.last_modified_by = core.author
    core.revision = 1
    written = io.BytesIO()
    document.save(written)
    again = io.BytesIO()
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == _MAIN:
                content = content.replace(f"<!--{SLOT}-->".encode(), body.encode("utf-8"), 1)
            target.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return again.getvalue()


def _settings() -> str:
    word = 'w:uri="http://schemas.microsoft.com/office/word"'
    return (
        f'<w:settings {NAMESPACE}><w:zoom w:percent="100"/><w:evenAndOddHeaders/><w:defaultTabStop w:val="420"/>'
        '<w:characterSpacingControl w:val="compressPunctuation"/>'
        f'<w:compat><w:compatSetting w:name="compatibilityMode" {word} w:val="15"/></w:compat>'
        '<w:themeFontLang w:val="en-US" w:eastAsia="zh-CN"/></w:settings>'
    )


def _replace(element: Any, by: Any) -> None:
    """Put the children of `by` in the place of those of `element`."""
    for child in list(element):
        element.remove(child)
    for child in list(by):
        element.append(child)


def _only_what_is_used(document: Any) -> None:
    """Leave out the preview picture, the spare styles and other parts of the library's own template."""
    wanted = ("styles", "settings", "fontTable", "theme", "footer", "core-properties", "officeDocument", "extended")
    for part in (document.part, document.part.package):
        for key, relation in list(part.rels.items()):
            if not any(relation.reltype.endswith(name) for name in wanted) and "extended" not in relation.reltype:
                del part.rels[key]
