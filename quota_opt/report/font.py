"""The font inside the html report: a woff2 of just the characters used, so that Chinese shows on any machine."""

from __future__ import annotations

import io
from functools import cache

from quota_opt.report.draw import font_file


@cache
def known_points() -> frozenset[int]:
    """Code points our font can draw."""
    from fontTools.ttLib import TTFont

    with TTFont(font_file(), lazy=True) as font:
        return frozenset(font.getBestCmap())


def unknown_characters(text: str) -> str:
    """The visible characters of `text` that our font lacks, each once, in order of their code points."""
    lacking = {ord(character) for character in set(text)} - known_points()
    return "".join(chr(point) for point in sorted(lacking) if chr(point).isprintable() and not chr(point).isspace())


def subset_woff2(text: str) -> bytes:
    """Our font cut down to the characters of `text`; the same text gives the same bytes."""
    from fontTools import subset

    options = subset.Options()
    options.flavor = "woff2"
    options.notdef_outline = True
    options.layout_features = []
    options.name_IDs = [0, 1, 2, 3, 4, 6, 13, 14]
    options.recalc_timestamp = False
    options.desubroutinize = False
    options.drop_tables += ["GSUB", "GPOS", "GDEF"]
    font = subset.load_font(str(font_file()), options, lazy=True)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=({ord(character) for character in set(text)} | set(range(0x20, 0x7F))) & known_points())
    cutter.subset(font)
    target = io.BytesIO()
    subset.save_font(font, target, options)
    return target.getvalue()
