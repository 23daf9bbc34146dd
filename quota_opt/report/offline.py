"""One html file that opens offline: what every report shares, from its security policy to the cells of its tables.

Drawn without JavaScript and in print, live where scripts run. A report fills a template of `templates/`; scripts and
the font come last, so that the font holds just the characters used.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quota_opt.errors import Language, Text
from quota_opt.report.draw import FAMILY, draw_svg, drawing_note, script, with_font
from quota_opt.report.font import subset_woff2, unknown_characters
from quota_opt.report.values import Figure, Table
from quota_opt.report.words import WORDS, word

if TYPE_CHECKING:
    from jinja2 import Template

MOST_ROWS = 500
LACKING = "@@LACKING@@"
"""Where a report says which characters the embedded font lacks."""
_TEMPLATES = Path(__file__).parent / "templates"
_FONT_SLOT = "@@FONT@@"
_SCRIPT_SLOT = "@@SCRIPT@@"


def render_page(
    template: str,
    figures: Mapping[str, Figure],
    parts: Mapping[str, Any],
    language: Language,
    pictures: Mapping[str, str | None] | None = None,
) -> str:
    """The whole page of a template: `parts` beside what every page has; the same parts give the same bytes.

    `pictures` are the figures' SVGs where they are drawn already.
    """
    if pictures is None:
        pictures = dict(zip(figures, draw_svg(list(figures.values())), strict=True))
    boot = (_TEMPLATES / "boot.js").read_text(encoding="utf-8")
    note = drawing_note()
    page = _template(template).render(
        **parts,
        language=language,
        w={key: text.of(language) for key, text in WORDS.items()},
        figures={key: _figure_parts(drawn, pictures[key], language) for key, drawn in figures.items()},
        drawing_note="" if note is None else note.of(language),
        policy=_policy(script(), boot),
        style=safe((_TEMPLATES / "report.css").read_text(encoding="utf-8")),
        script=_SCRIPT_SLOT,
        boot=safe(boot),
    )
    lacking = unknown_characters(page)
    page = page.replace(LACKING, _lacking_note(lacking, language))
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
def _template(name: str) -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(str(_TEMPLATES))
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.get_template(name)


def safe(text: str) -> Any:
    """Text of ours that goes into the page as it is."""
    from markupsafe import Markup

    return Markup(text)


def _json(option: dict[str, Any]) -> Any:
    """An option inside a script element: nothing in it can end the element."""
    text = json.dumps(with_font(option), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return safe(text)


def _lacking_note(lacking: str, language: Language) -> str:
    if not lacking:
        return Text("所有文字都在内置字体中。", "Every character is in the embedded font.").of(language)
    from markupsafe import escape

    shown = escape(" ".join(lacking[:40]))
    return Text(
        f"内置字体没有的字，由系统字体显示：{shown}",
        f"Characters the embedded font lacks, shown by the system's: {shown}",
    ).of(language)


def _figure_parts(drawn: Figure, svg: str | None, language: Language) -> dict[str, Any]:
    return {
        "title": drawn.title,
        "alternative": drawn.alternative,
        "svg": safe(svg) if svg else "",
        "height": drawn.size[1],
        "table": table_parts(drawn.table, language) if drawn.table is not None else {"rows": ()},
        "json": _json(drawn.option),
    }


_MARKS = {"id": "i", "text": "t", "long": "k", "number": "n", "share": "n", "year": "y"}


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


def table_parts(table: Table, language: Language, by: str | None = None) -> dict[str, Any]:
    """A table as the templates want it: headings, text cells, a foot of totals, a note where it was cut.

    Of a long table the rows largest in the column `by` are shown, the first ones without it.
    """
    totals = table.totals()
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
    marks = [_mark(shown, k, language) for k in range(len(table.columns))]
    return {
        "heads": [
            {"text": column.title.of(language), "unit": column.unit_words(language), "n": column.numeric}
            for column in table.columns
        ],
        "rows": [
            [column.cell(value, language) for column, value in zip(table.columns, row, strict=True)]
            for row in shown.rows
        ],
        "strong": shown.strong,
        "marks": marks,
        "foot": foot,
        "note": note,
    }
