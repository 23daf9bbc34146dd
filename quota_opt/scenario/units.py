"""Units as planners write them in headings, and what they are worth in the unit the column keeps.

`万吨标准煤`, `tce`, `km²`, `亿元`, `万千瓦时`, `万元/亩` … are a multiplier, a root and perhaps a divisor.
Anything else is not understood, and is refused: a unit is never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from quota_opt.errors import Text

TCE, TCO2, MU, MONEY, MWH, M3, TONNE, GJ, PERSONS, SHARE = (
    "tce",
    "tCO2",
    "mu",
    "10k yuan",
    "MWh",
    "m3",
    "t",
    "GJ",
    "persons",
    "share",
)
MONEY_PER_MU = "10k yuan/mu"

WORDS: dict[str, Text] = {
    TCE: Text("吨标准煤", "tce"),
    TCO2: Text("吨二氧化碳", "tCO2"),
    MU: Text("亩", "mu"),
    MONEY: Text("万元", "10k yuan"),
    MWH: Text("兆瓦时", "MWh"),
    M3: Text("立方米", "m3"),
    TONNE: Text("吨", "t"),
    GJ: Text("吉焦", "GJ"),
    PERSONS: Text("人", "persons"),
    SHARE: Text("比例", "share"),
    MONEY_PER_MU: Text("万元/亩", "10k yuan/mu"),
}
"""How a kept unit is written for people."""


class Unit(NamedTuple):
    """What a written unit measures and how many kept units one of it is."""

    dimension: str
    factor: float


_M2_PER_MU = 2000 / 3
_ROOTS: dict[str, Unit] = {
    **dict.fromkeys(("tce", "吨标准煤", "吨标煤", "吨煤当量"), Unit(TCE, 1.0)),
    **dict.fromkeys(("kgce", "千克标准煤", "千克标煤", "公斤标准煤", "公斤标煤"), Unit(TCE, 1e-3)),
    **dict.fromkeys(("gce", "克标准煤"), Unit(TCE, 1e-6)),
    "ktce": Unit(TCE, 1e3),
    **dict.fromkeys(("tco2", "tco2e", "吨co2", "吨co2e", "吨二氧化碳", "吨二氧化碳当量", "吨碳排放"), Unit(TCO2, 1.0)),
    **dict.fromkeys(("kgco2", "千克co2", "千克二氧化碳", "公斤二氧化碳"), Unit(TCO2, 1e-3)),
    "ktco2": Unit(TCO2, 1e3),
    **dict.fromkeys(("mu", "亩"), Unit(MU, 1.0)),
    **dict.fromkeys(("m2", "平方米", "平米", "sqm"), Unit(MU, 1 / _M2_PER_MU)),
    **dict.fromkeys(("ha", "公顷", "hectare", "hectares"), Unit(MU, 15.0)),
    **dict.fromkeys(("km2", "平方公里", "平方千米", "sqkm"), Unit(MU, 1500.0)),
    **dict.fromkeys(("yuan", "元", "cny", "rmb", "人民币元"), Unit(MONEY, 1e-4)),
    **dict.fromkeys(("mwh", "兆瓦时"), Unit(MWH, 1.0)),
    **dict.fromkeys(("kwh", "千瓦时", "度", "千瓦小时"), Unit(MWH, 1e-3)),
    **dict.fromkeys(("gwh", "吉瓦时"), Unit(MWH, 1e3)),
    **dict.fromkeys(("m3", "立方米", "立方", "nm3", "标准立方米", "标立方米", "标方"), Unit(M3, 1.0)),
    **dict.fromkeys(("t", "吨", "tonne", "tonnes"), Unit(TONNE, 1.0)),
    **dict.fromkeys(("kg", "千克", "公斤"), Unit(TONNE, 1e-3)),
    "kt": Unit(TONNE, 1e3),
    **dict.fromkeys(("gj", "吉焦"), Unit(GJ, 1.0)),
    **dict.fromkeys(("mj", "兆焦"), Unit(GJ, 1e-3)),
    **dict.fromkeys(("kj", "千焦"), Unit(GJ, 1e-6)),
    **dict.fromkeys(("tj", "太焦"), Unit(GJ, 1e3)),
    **dict.fromkeys(("person", "persons", "people", "jobs", "人", "名"), Unit(PERSONS, 1.0)),
    **dict.fromkeys(("share", "比例", "小数"), Unit(SHARE, 1.0)),
    **dict.fromkeys(("%", "百分比", "百分数"), Unit(SHARE, 0.01)),
    "‰": Unit(SHARE, 0.001),
}
_MULTIPLIERS: dict[str, float] = {
    "": 1.0,
    "十": 10.0,
    "百": 1e2,
    "千": 1e3,
    "thousand": 1e3,
    "1000": 1e3,
    "万": 1e4,
    "萬": 1e4,
    "10k": 1e4,
    "10000": 1e4,
    "十万": 1e5,
    "百万": 1e6,
    "million": 1e6,
    "千万": 1e7,
    "亿": 1e8,
    "100million": 1e8,
    "billion": 1e9,
    "十亿": 1e9,
    "百亿": 1e10,
    "万亿": 1e12,
}
_BY_LENGTH = sorted(_ROOTS, key=len, reverse=True)
_PER_YEAR = re.compile(r"(/年|/a|/yr|/year|每年|peryear)$")


def normal(text: str) -> str:
    """`text` with full-width forms narrowed, without blanks, in lower case: the form spellings are compared in."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()


def _simple(text: str) -> Unit | None:
    for root in _BY_LENGTH:
        if text.endswith(root):
            multiplier = _MULTIPLIERS.get(text[: -len(root)].replace(",", ""))
            if multiplier is not None:
                unit = _ROOTS[root]
                return Unit(unit.dimension, unit.factor * multiplier)
    return None


@lru_cache(maxsize=4096)
def read_unit(text: str) -> Unit | None:
    """The unit written as `text`, or None where it is not one we know.

    Yearly quantities may say so (`tce/年`); quotients (`万元/亩`) get the dimension of both parts.
    """
    plain = _PER_YEAR.sub("", normal(text))
    unit = _simple(plain)
    if unit is not None:
        return unit
    above, slash, below = plain.partition("/")
    if not slash:
        return None
    numerator, denominator = _simple(above), _simple(below)
    if numerator is None or denominator is None:
        return None
    return Unit(f"{numerator.dimension}/{denominator.dimension}", numerator.factor / denominator.factor)


def unit_words(unit: str | None) -> Text:
    """The kept unit for people; a unit of the case's own is shown as it is."""
    if not unit:
        return Text("", "")
    return WORDS.get(unit, Text(unit, unit))


def written_units() -> tuple[dict[str, list[str]], dict[str, float]]:
    """Every unit that may be written, by the kept unit it is converted to, and every multiplier."""
    by_kept: dict[str, list[str]] = {}
    for spelt, unit in _ROOTS.items():
        by_kept.setdefault(unit.dimension, []).append(spelt)
    return by_kept, {word: factor for word, factor in _MULTIPLIERS.items() if word}
