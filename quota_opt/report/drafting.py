"""What all figures share: colours, units fit for an axis, short labels, and an option without anything but JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from quota_opt.errors import Language, Text
from quota_opt.report.numbers import clean
from quota_opt.report.words import unit_name

# Okabe and Ito's colours, told apart by readers with any colour vision.
BLUE, SKY, GREEN = "#0072B2", "#56B4E9", "#009E73"
ORANGE, VERMILLION, PURPLE = "#E69F00", "#D55E00", "#CC79A7"
YELLOW, GREY, INK, PALE = "#F0E442", "#8A8A8A", "#222222", "#D9D9D9"
SERIES = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILLION, YELLOW)
CATEGORY_COLOURS = {"strategic": BLUE, "chain": GREEN, "upgrade": ORANGE, "other": PURPLE}
ACTION_COLOURS = {"close": VERMILLION, "upgrade": SKY, "relocate": YELLOW, "merge": PURPLE, "rebuild": ORANGE}
MOST_PLACES = 24
TOP_PLACES = 15

_LARGE: dict[str, tuple[float, Text]] = {
    "tce": (1e4, Text("万吨标准煤", "10,000 tce")),
    "tCO2": (1e4, Text("万吨二氧化碳", "10,000 tCO2")),
    "mu": (1e4, Text("万亩", "10,000 mu")),
    "10k yuan": (1e4, Text("亿元", "100 million yuan")),
}


def axis_unit(unit: str, largest: float) -> tuple[float, Text]:
    """(divisor, words): the larger unit where figures would otherwise run to six digits."""
    base = unit.removesuffix("/yr")
    if base in _LARGE and abs(largest) >= 2e4:
        divisor, words = _LARGE[base]
        return divisor, words
    return 1.0, unit_name(base)


def scaled(value: float, divisor: float) -> float:
    """A value in the axis unit, rounded for reading: at least three significant digits, never 2.4000000000000004."""
    reduced = value / divisor
    size = abs(reduced)
    digits = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 0.1 or size == 0 else 4
    return clean(reduced, digits)


def label(text: str, most: int = 12) -> str:
    """User text short enough for an axis, on one line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"


def distinct(texts: Iterable[str]) -> list[str]:
    """Labels made different from each other by trailing spaces, which nobody sees."""
    seen: set[str] = set()
    made = []
    for text in texts:
        name = text or " "
        while name in seen:
            name += " "
        seen.add(name)
        made.append(name)
    return made


def base_option(**parts: Any) -> dict[str, Any]:
    """An option with our colours and type size; animation off, so that page and picture agree."""
    return {
        "animation": False,
        "color": list(SERIES),
        "textStyle": {"fontSize": 13, "color": INK},
        "tooltip": {"trigger": "item", "confine": True},
        **parts,
    }


def axis_name(text: str, **more: Any) -> dict[str, Any]:
    """The name of a value axis, at its end, and the look all axes share.

    A name at the end begins at the axis: in the middle of it a long one would be cut off by the edge of the figure.
    """
    aligned = {} if "nameLocation" in more else {"align": "left"}
    return {
        "name": text,
        "nameTextStyle": {"fontSize": 12, "color": INK, **aligned},
        "axisLabel": {"fontSize": 12, "color": INK, **more.pop("axisLabel", {})},
        "splitLine": {"lineStyle": {"color": "#E6E6E6"}},
        **more,
    }


def finite(value: object) -> bool:
    """Whether a value is a number that can be drawn."""
    return isinstance(value, int | float) and math.isfinite(float(value))


def words_joined(parts: Iterable[str], language: Language) -> str:
    """甲、乙、丙 / A, B, C."""
    return ("、" if language == "zh" else ", ").join(parts)
