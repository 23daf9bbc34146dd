"""Every rule has a spec beside it, and every parameter of every rule is spoken of there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

from quota_opt.rules import RULES
from quota_opt.scenario import RuleParameters

HERE = Path(__file__).parent
COMMON = set(RuleParameters.model_fields)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The tables a parameter is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def words_in(annotation: Any) -> Iterator[str]:
    """The words a parameter may be set to, where it allows only some; operators and numbers are none."""
    if get_origin(annotation) is Literal:
        yield from (word for word in get_args(annotation) if isinstance(word, str) and word[0].isalpha())
    else:
        for part in get_args(annotation):
            yield from words_in(part)


def names_of(model: type[BaseModel], seen: frozenset[type[BaseModel]] = frozenset()) -> set[str]:
    """Names of a table's parameters as a planner writes them, words they may be set to, and those of tables within."""
    names: set[str] = set()
    for name, described in model.model_fields.items():
        names |= {described.alias or name, *words_in(described.annotation)}
        for inner in models_in(described.annotation):
            if inner not in seen | {model}:
                names |= names_of(inner, seen | {model})
    return names


def specs_of(rule: str) -> list[Path]:
    """The rule's own spec files."""
    return sorted(HERE.glob(f"test_{rule}*.py"))


def spoken_of(rule: str) -> str:
    """What its own spec files say, and those of other rules that set this one beside theirs."""
    others = [path for path in HERE.glob("test_*.py") if f'"{rule}"' in path.read_text(encoding="utf-8")]
    return "\n".join(path.read_text(encoding="utf-8") for path in {*specs_of(rule), *others} - {Path(__file__)})


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_spec_of_its_own(rule: str) -> None:
    assert specs_of(rule)


@pytest.mark.parametrize("rule", RULES)
def test_every_option_of_a_rule_is_spoken_of_in_its_spec(rule: str) -> None:
    text = spoken_of(rule)
    wanted = names_of(RULES[rule].Parameters) - COMMON
    assert {name for name in wanted if not re.search(rf"\b{name}\b", text)} == set()


def test_what_all_rules_have_in_common_is_a_clause_and_a_switch() -> None:
    assert {"clause", "enabled"} == COMMON
