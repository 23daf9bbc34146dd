"""What every screen is given: who looks, in which language, and what can be done."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from quota_opt.errors import Language, QuotaOptError, Text
from quota_opt.web.desk.desk import Desk

ENGLISH = "/en"
"""Where the English pages stand; the Chinese ones stand at the root."""
MEETING = "meeting"


@dataclass(frozen=True)
class View:
    """One page before one person. With `meeting` type is large and nothing can be edited."""

    desk: Desk
    user: str
    language: Language = "zh"
    meeting: bool = False
    path: str = "/"
    """Of the screen shown, without the language and with its parameters filled in."""

    def say(self, text: Text | str) -> str:
        """A text in the language of the page; what a user typed as it is."""
        return text.of(self.language) if isinstance(text, Text) else text

    def link(self, path: str, **query: str | int | None) -> str:
        """The address of another screen in the same language and mode; `path` begins with `/`."""
        asked = {name: value for name, value in query.items() if value is not None}
        if self.meeting and MEETING not in asked:
            asked[MEETING] = 1
        prefix = ENGLISH if self.language == "en" else ""
        place = f"{prefix}{path}" if path != "/" or not prefix else f"{prefix}/"
        return f"{place}?{urlencode(asked)}" if asked else place

    def trouble(self, error: QuotaOptError) -> None:
        """Show what is wrong, where, and how to mend it; a passing note that stays until it is closed."""
        from quota_opt.web.page.kit import trouble

        trouble(self, error)
