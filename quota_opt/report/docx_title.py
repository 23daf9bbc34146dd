"""Titles broken by sense: no line too long, no break inside quotation marks or brackets where another is there."""

from __future__ import annotations

from functools import cache

from quota_opt.errors import Language
from quota_opt.report.sheets import breadth

_MOST = {"zh": 38, "en": 56}
"""Half-width characters a line of the title holds."""
_OPENING, _CLOSING = "“‘（〔《【([", "”’）〕》】)]"
_SIGNS = "，、：；。·！？,:;"
_WORST = 1e9


def break_title(title: str, language: Language, most: int = 0) -> list[str]:
    """The lines of a title: as few and as even as sense allows."""
    whole = " ".join(title.split())
    longest = most or _MOST[language]
    if breadth(whole) <= longest:
        return [whole]
    pains = [_pain(whole, k) for k in range(len(whole) + 1)]
    even = breadth(whole) / -(-breadth(whole) // longest)

    @cache
    def best(start: int) -> tuple[float, tuple[int, ...]]:
        if start == len(whole):
            return 0.0, ()
        found: tuple[float, tuple[int, ...]] = (_WORST, (len(whole),))
        for end in range(start + 1, len(whole) + 1):
            size = breadth(whole[start:end].strip())
            if size > longest and end > start + 1:
                break
            rest, ends = best(end)
            cost = rest + (size - even) ** 2 / 8 + (pains[end] if end < len(whole) else 0.0) + 6.0
            if cost < found[0]:
                found = (cost, (end, *ends))
        return found

    lines, start = [], 0
    for end in best(0)[1]:
        lines.append(whole[start:end].strip())
        start = end
    return lines


def _pain(text: str, at: int) -> float:
    """How much a break before the character `at` hurts."""
    if at in (0, len(text)):
        return 0.0
    before, after = text[at - 1], text[at]
    if before in _OPENING or after in _CLOSING or after in _SIGNS:
        return 10_000.0
    inside = sum(text[:at].count(sign) for sign in _OPENING) > sum(text[:at].count(sign) for sign in _CLOSING)
    if before.isascii() and after.isascii() and not before.isspace() and not after.isspace():
        return 5_000.0
    boundary = before.isspace() or after.isspace() or before in _CLOSING or before in _SIGNS or after in _OPENING
    return (0.0 if boundary else 60.0) + (120.0 if inside else 0.0)
