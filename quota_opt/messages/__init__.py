"""Sentences of the program in Chinese and English, from the catalogues `zh.po` and `en.po` beside this file.

A catalogue has one entry per key: `msgid` is the key, `msgstr` the sentence with named places (`{figure}`) that are the
same in both languages. They are read with Babel at first use; nothing has to be compiled.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from quota_opt.errors import Language, Text

LANGUAGES: tuple[Language, ...] = ("zh", "en")
FOLDER = Path(__file__).parent


class MessageError(LookupError):
    """A key no catalogue has, or a place in a sentence that nothing fills: a slip of the program, not of its user."""


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """Every sentence of one language by key."""
    from babel.messages.pofile import read_po

    with (FOLDER / f"{language}.po").open("rb") as file:
        entries = read_po(file, locale=language, abort_invalid=True)
    return MappingProxyType({str(entry.id): str(entry.string) for entry in entries if entry.id})


@cache
def places(key: str, language: Language) -> frozenset[str]:
    """The names in braces of one sentence."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(_sentence(key, language)) if name)


def message(key: str, /, **figures: object) -> Text:
    """The sentence of `key` in both languages with its places filled; a Text among them gives each language its own.

    Raises MessageError where the key, or what a place wants, is missing.
    """
    zh, en = (_filled(key, language, figures) for language in LANGUAGES)
    return Text(zh, en)


@cache
def table(prefix: str) -> Mapping[str, Text]:
    """All entries below a prefix: `table("unit")["tce"]` is the sentence of `unit.tce`."""
    start = f"{prefix}."
    return MappingProxyType(
        {
            key.removeprefix(start): Text(_sentence(key, "zh"), _sentence(key, "en"))
            for key in catalogue("zh")
            if key.startswith(start)
        }
    )


def _sentence(key: str, language: Language) -> str:
    try:
        return catalogue(language)[key]
    except KeyError:
        raise MessageError(f"no message {key!r} in {language}.po") from None


def _filled(key: str, language: Language, figures: Mapping[str, object]) -> str:
    given = {name: value.of(language) if isinstance(value, Text) else value for name, value in figures.items()}
    lacking = sorted(places(key, language) - set(given))
    if lacking:
        raise MessageError(f"message {key!r} lacks {', '.join(lacking)}")
    return _sentence(key, language).format(**given)
