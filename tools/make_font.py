"""Make `quota_opt/report/assets/QuotaOptSans-Regular.otf`, the font of drawn figures and of the html report.

A static Regular subset of Noto Sans CJK SC (OFL 1.1): the 8,105 characters of 通用规范汉字表 (Unihan's kTGH), GB 2312,
Latin-1 and the symbols below. Needs Debian's `fonts-noto-cjk` and `unicode-data`; run once, the result is committed:

    python tools/make_font.py
"""

from __future__ import annotations

import argparse
import bz2
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

ASSETS = Path(__file__).resolve().parent.parent / "quota_opt" / "report" / "assets"
FAMILY = "Quota Opt Sans"
TARGET = "QuotaOptSans-Regular.otf"
# Noto Sans CJK has no ✗: the cross is drawn with the glyph of the multiplication sign.
ALIASES = {0x2717: 0x00D7, 0x2011: 0x2010}
SYMBOLS = (
    "°±²³·×÷–—‘’“”…‰′″※€№℃℉Ⅰ←↑→↓⇒∑−√∞≈≠≤≥①②③④⑤⑥⑦⑧⑨⑩"
    "■□▲△▶▼▽◆◇○◎●★☆✓✗　、。〈〉《》「」『』【】〔〕㎡㎥！％（）＋，－．／：；＜＝＞？～￥"
)


def standard_characters(unihan: Path) -> set[int]:
    """The code points with a kTGH entry: 通用规范汉字表 of 2013."""
    with bz2.open(unihan, "rt", encoding="utf-8") as lines:
        return {int(line.split("\t", 1)[0][2:], 16) for line in lines if "\tkTGH\t" in line}


def gb2312() -> set[int]:
    """Every code point of GB 2312."""
    points: set[int] = set()
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                points.add(ord(bytes((high, low)).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return points


def regular_sc(collection: Path) -> TTFont:
    """The simplified-Chinese face of the collection."""
    for font in TTCollection(str(collection), lazy=True).fonts:
        if font["name"].getDebugName(1) == "Noto Sans CJK SC":
            return font
    raise SystemExit(f"{collection} has no face called Noto Sans CJK SC")


def write_licence(copyright_file: Path, target: Path, notice: str) -> None:
    """Write the OFL as Debian's copyright file quotes it, below the notice the font itself carries."""
    text = copyright_file.read_text(encoding="utf-8").split("License: SIL-1.1\n", 2)[2].split("\nLicense: ", 1)[0]
    body = "\n".join("" if line.strip() == "." else line.removeprefix(" ") for line in text.rstrip().splitlines())
    head = f"{TARGET} is a subset of Noto Sans CJK SC, made by tools/make_font.py.\n\n{notice}"
    target.write_text(f"{head}\nNoto is a trademark of Google Inc.\n\n{body}\n", encoding="utf-8")


def rename(font: TTFont) -> None:
    """Give the subset its own family name and keep the copyright and licence entries."""
    names = font["name"]
    names.names = [record for record in names.names if record.nameID in (0, 7, 8, 9, 11, 12, 13, 14)]
    compact = FAMILY.replace(" ", "")
    for number, value in (
        (1, FAMILY),
        (2, "Regular"),
        (3, f"{compact}-Regular"),
        (4, FAMILY),
        (6, f"{compact}-Regular"),
    ):
        names.setName(value, number, 3, 1, 0x409)
    names.setName("Version 1.0; subset of Noto Sans CJK SC", 5, 3, 1, 0x409)
    if "CFF " in font:
        table = font["CFF "].cff
        table.fontNames = [f"{compact}-Regular"]


def main() -> None:
    """Write the font and its licence."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--font", type=Path, default=Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"))
    parser.add_argument("--unihan", type=Path, default=Path("/usr/share/unicode/Unihan_OtherMappings.txt.bz2"))
    parser.add_argument("--licence", type=Path, default=Path("/usr/share/doc/fonts-noto-cjk/copyright"))
    arguments = parser.parse_args()

    points = standard_characters(arguments.unihan) | gb2312() | set(map(ord, SYMBOLS))
    points |= set(range(0x20, 0x7F)) | set(range(0xA0, 0x100)) | set(ALIASES)
    options = subset.Options()
    options.notdef_outline = True
    options.hinting = False
    options.desubroutinize = False
    options.layout_features = ["kern"]
    options.name_IDs = ["*"]
    options.name_languages = ["*"]
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE", "DSIG", "GSUB", "GPOS", "GDEF"]
    options.recalc_timestamp = False
    font = regular_sc(arguments.font)
    for table in font["cmap"].tables:
        if table.isUnicode() and table.format != 14:
            table.cmap.update({alias: table.cmap[point] for alias, point in ALIASES.items() if alias not in table.cmap})
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=points)
    cutter.subset(font)
    rename(font)
    font["head"].created = font["head"].modified = 3_786_912_000
    font.recalcTimestamp = False
    target = ASSETS / TARGET
    font.save(target, reorderTables=True)
    write_licence(arguments.licence, ASSETS / "LICENSE-font.txt", font["name"].getDebugName(0))
    print(  # noqa: T201
        f"{target.name}: {len(font.getBestCmap()):,} code points, {target.stat().st_size:,} bytes"
    )


if __name__ == "__main__":
    main()
