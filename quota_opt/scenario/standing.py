"""How a policy document stands over the years of a plan: a draft, issued, expiring within them, or expired.

Nothing here asks what day it is today: the same case says the same on every day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from quota_opt.errors import Text
from quota_opt.messages import message


@dataclass(frozen=True)
class Standing:
    """`code` for programs (`draft`, `issued`, `expires`, `expired`) and the words for people."""

    code: str
    words: Text

    @property
    def in_force(self) -> bool:
        """Issued, and valid to the end of the plan."""
        return self.code == "issued"


def standing(document: Any, first_year: int, last_year: int) -> Standing:
    """How `document` stands in a plan from `first_year` to `last_year`.

    `expired` where its status says so or its validity ended before the first year; else `draft` for a draft; else
    `expires` where its validity ends before the last year does; else `issued`.
    """
    until: date | None = document.valid_to
    if document.status == "expired" or (until is not None and until < date(first_year, 1, 1)):
        ended = until is not None and until < date(last_year, 12, 31)
        words = message("standing.expired_on", until=until) if ended else message("standing.expired")
        return Standing("expired", words)
    if document.status == "draft":
        return Standing("draft", message("standing.draft"))
    if until is not None and until < date(last_year, 12, 31):
        return Standing("expires", message("standing.expires", until=until))
    return Standing("issued", message("standing.issued"))


def standings(scenario: Any) -> dict[str, Standing]:
    """The standing of each document of a case, by the document's id."""
    head = scenario.settings.scenario
    return {d.id: standing(d, head.first_year, head.last_year) for d in scenario.settings.documents}


def cited(clause: str, known: Iterable[str]) -> list[str]:
    """The ids of the documents a clause names: `ZJ 三(二)2；PROV22` names ZJ and PROV22."""
    heads = [part.strip().split(" ", 1)[0] for part in clause.replace("；", ";").split(";")]
    ids = set(known)
    return list(dict.fromkeys(head for head in heads if head in ids))


def clause_code(clause: str, of: dict[str, Standing]) -> str:
    """The standing of what a clause cites, for a column of a table: `draft`, or `issued;draft` where it cites two."""
    return ";".join(of[name].code for name in cited(clause, of))


def clause_words(clause: str, of: dict[str, Standing]) -> Text:
    """A clause with the standing of each document that is not simply in force: ZJ 四(四)〔征求意见稿〕."""
    names = cited(clause, of)
    doubtful = {name: of[name].words for name in names if not of[name].in_force}
    if not doubtful:
        return Text(clause, clause)
    # Where a clause cites several documents, which of them is meant must be said.
    head = {name: f"{name} " if len(names) > 1 else "" for name in doubtful}
    zh = "；".join(f"{head[name]}{words.zh}" for name, words in doubtful.items())
    en = "; ".join(f"{head[name]}{words.en}" for name, words in doubtful.items())
    return Text(f"{clause}〔{zh}〕", f"{clause} [{en}]")


def documents_record(scenario: Any) -> list[dict[str, Any]]:
    """The documents of a case as run.json and the listings state them; `standing` is over the years of the case."""
    of = standings(scenario)
    return [
        {
            "id": d.id,
            "title": d.title,
            "status": d.status,
            "valid_to": d.valid_to.isoformat() if d.valid_to else None,
            "standing": of[d.id].code,
            "standing_text": of[d.id].words._asdict(),
        }
        for d in scenario.settings.documents
    ]
