"""Numbers for people: full figures in tables (80,000 吨标准煤), rounded ones in running text (8 万吨标准煤)."""

from __future__ import annotations

import math

from quota_opt.errors import Language, Text
from quota_opt.report.words import unit_name

_MINUS = "−"
# Larger units of Chinese running text, as county documents write them, from 10,000 on.
_LARGER = {"tce": "万吨标准煤", "tCO2": "万吨二氧化碳", "mu": "万亩", "10k yuan": "亿元"}


def missing(value: object) -> bool:
    """Whether there is no number to show."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def clean(value: float, digits: int = 6) -> float:
    """Rounded for charts and sheets, without the sign of minus zero."""
    rounded = round(float(value), digits)
    return 0.0 if rounded == 0 else rounded


def figure(value: float | None, digits: int = 0) -> str:
    """A number with thousands separators and a true minus; an en dash where it is missing, ∞ where it has no end."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else f"{_MINUS}∞"
    text = f"{clean(value, digits):,.{digits}f}"
    return text.replace("-", _MINUS)


def short(value: float | None) -> str:
    """A number in as many digits as its size deserves: 12,345 · 123.4 · 1.23 · 0.0123."""
    if value is None or math.isnan(value) or math.isinf(value) or value == 0:
        return figure(value)
    text = figure(value, fitting_digits(value))
    return text.rstrip("0").rstrip(".") if "." in text else text


def fitting_digits(value: float) -> int:
    """How many decimals the size of a number deserves; `value` is finite and not 0."""
    size = abs(value)
    return 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 1 else min(6, 2 - math.floor(math.log10(size)))


def percent(value: float | None, digits: int = 1) -> str:
    """A share as a percentage."""
    if value is None or math.isnan(value):
        return "–"
    return f"{figure(value * 100, digits)}%" if not math.isinf(value) else figure(value)


def counted(number: int, noun: str) -> str:
    """A number of things in English: 1 project, 2 projects."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def gap(value: float) -> str:
    """A relative gap with enough digits to tell it from zero: 0%, 0.01%, 0.0004%."""
    if value == 0 or math.isnan(value) or math.isinf(value):
        return "0%" if value == 0 else figure(value)
    share = value * 100
    digits = 1 if share >= 1 else 2 if share >= 0.01 else 4
    text = f"{share:.{digits}f}".rstrip("0").rstrip(".")
    return f"{text}%" if text != "0" else "<0.0001%"


def amount(value: float | None, unit: str, language: Language) -> str:
    """An amount with its unit, as a table shows it: 80,000 吨标准煤."""
    name = unit_name(unit).of(language)
    return f"{short(value)} {name}".rstrip()


def running(value: float, unit: str) -> Text:
    """An amount as running text writes it: 8 万吨标准煤, 19.6 亿元; 80,000 tce, 1,960 million yuan."""
    unit = unit.removesuffix(" eq")
    if unit == "10k yuan":
        return Text(_chinese(value, unit), _yuan(value))
    return Text(_chinese(value, unit), f"{short(value)} {unit_name(unit).en}".rstrip())


def worth(price: float, unit: str) -> Text:
    """A price in running text: 3.9 万元/吨标准煤; 39,000 yuan/tce."""
    if unit.startswith("10k yuan eq"):
        plain = worth(price, unit.replace("10k yuan eq", "10k yuan", 1))
        return Text(f"{plain.zh}（按目标权重折算）", f"{plain.en} (by the objective's weights)")
    if unit == "10k yuan/10k yuan":
        return Text(f"{short(price)} 元/元", f"{short(price)} yuan per yuan")
    name = unit_name(unit)
    if unit.startswith("10k yuan/"):
        return Text(f"{short(price)} {name.zh}", f"{short(price * 10_000)} {name.en.removeprefix('10k ')}")
    return Text(f"{short(price)} {name.zh}".rstrip(), f"{short(price)} {name.en}".rstrip())


def _chinese(value: float, unit: str) -> str:
    if unit in _LARGER and abs(value) >= 10_000:
        return f"{short(value / 10_000)} {_LARGER[unit]}"
    return f"{short(value)} {unit_name(unit).zh}".rstrip()


def _yuan(value: float) -> str:
    millions = value / 100.0
    if abs(millions) >= 1:
        return f"{short(millions)} million yuan"
    return f"{short(value * 10_000)} yuan"
