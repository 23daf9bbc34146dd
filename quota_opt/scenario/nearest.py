"""The known name a misspelt one was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from quota_opt.errors import Text


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name closest to `name`, or None when nothing is near."""
    spelt = {k.casefold(): k for k in known}
    plain = name.strip().casefold()
    begun = [k for k in spelt if plain and k.startswith(plain)]
    found = begun if len(begun) == 1 else get_close_matches(plain, list(spelt), n=1, cutoff=0.5)
    return spelt[found[0]] if found else None


def mend_name(name: str, known: Iterable[str], *, else_zh: str = "", else_en: str = "") -> Text:
    """How to mend an unknown name: the nearest known one, else all of them (when few), else the given words."""
    names = list(dict.fromkeys(known))
    near = nearest(name, names)
    if near is not None:
        return Text(f"是否应为“{near}”？请改正名称。{else_zh}", f"Did you mean {near!r}? Correct the name.{else_en}")
    if 0 < len(names) <= 40:
        listed = ", ".join(names)
        return Text(f"可用的名称：{listed}。{else_zh}", f"Known names: {listed}.{else_en}")
    return Text(f"请改正名称。{else_zh}", f"Correct the name.{else_en}")
