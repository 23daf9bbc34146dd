"""The clauses a case lists and the readings it takes of doubtful ones, with what a plan makes of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from quota_opt.errors import Text
from quota_opt.messages import message
from quota_opt.model.rule import RuleAudit
from quota_opt.plan.headlines import off_headline
from quota_opt.scenario import Scenario, rule_parameters, rule_title
from quota_opt.scenario.clauses import TABLE_WORDS
from quota_opt.scenario.standing import clause_code, clause_words, standings


@dataclass(frozen=True)
class Carrier:
    """One rule (or table of the case) that carries a clause, with its `state` in the plan: one of a rule, off, set."""

    name: str
    title: Text
    state: str
    headline: Text

    @property
    def state_words(self) -> Text:
        """顶格 / 有余量 / 突破 / 让行 / 停用 / 已设定."""
        return message(f"state.{self.state}")


@dataclass(frozen=True)
class ClauseLine:
    """One clause: carried by rules, or reported and not modelled for a reason; or both, where rules carry a part."""

    id: str
    clause: str
    words: Text
    standing: str
    kind: str
    text: Text
    carriers: tuple[Carrier, ...]
    reported: Text | None

    @property
    def only_reported(self) -> bool:
        """Whether nothing in the model carries it."""
        return not self.carriers


@dataclass(frozen=True)
class ReadingLine:
    """One doubtful clause: the question, the reading taken, the setting that takes it, the variants that differ."""

    id: str
    clause: str
    words: Text
    question: Text
    taken: Text
    setting: str
    variants: tuple[tuple[str, Text], ...]


def clause_lines(scenario: Scenario, audit: Sequence[RuleAudit]) -> tuple[ClauseLine, ...]:
    """The clauses of the case, each with the state of the rules that carry it."""
    of = standings(scenario)
    found = {entry.rule: entry for entry in audit}
    return tuple(
        ClauseLine(
            entry.id,
            entry.clause,
            clause_words(entry.clause, of),
            clause_code(entry.clause, of),
            entry.kind,
            entry.text,
            tuple(_carrier(scenario, found, name) for name in entry.rules),
            entry.reported,
        )
        for entry in scenario.settings.clauses
    )


def _carrier(scenario: Scenario, found: dict[str, RuleAudit], name: str) -> Carrier:
    if name in found:
        return Carrier(name, rule_title(name), found[name].state, found[name].headline)
    if name in rule_parameters():
        return Carrier(name, rule_title(name), "off", off_headline(scenario, name))
    return Carrier(name, TABLE_WORDS.get(name, Text(name, name)), "set", Text("", ""))


def reading_lines(scenario: Scenario) -> tuple[ReadingLine, ...]:
    """The readings the case takes, with the titles of the variants that take another."""
    of, variants = standings(scenario), scenario.settings.variants

    def titled(name: str) -> Text:
        chosen = variants.get(name)
        return chosen.title if chosen is not None and chosen.title is not None else Text(name, name)

    return tuple(
        ReadingLine(
            r.id,
            r.clause,
            clause_words(r.clause, of),
            r.question,
            r.taken,
            r.setting,
            tuple((name, titled(name)) for name in r.variants),
        )
        for r in scenario.settings.readings
    )


def clauses_record(lines: Sequence[ClauseLine]) -> list[dict[str, Any]]:
    """The clauses as run.json states them."""
    return [
        {
            "id": line.id,
            "clause": line.clause,
            "document_status": line.standing,
            "kind": line.kind,
            "text": line.text._asdict(),
            "rules": [{"rule": c.name, "state": c.state, "headline": c.headline._asdict()} for c in line.carriers],
            "modelled": not line.only_reported,
            "reported": line.reported._asdict() if line.reported is not None else None,
        }
        for line in lines
    ]


def readings_record(lines: Sequence[ReadingLine]) -> list[dict[str, Any]]:
    """The readings as run.json states them."""
    return [
        {
            "id": line.id,
            "clause": line.clause,
            "question": line.question._asdict(),
            "taken": line.taken._asdict(),
            "setting": line.setting,
            "variants": [{"name": name, "title": title._asdict()} for name, title in line.variants],
        }
        for line in lines
    ]
