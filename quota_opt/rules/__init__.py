"""The policy rules: one file each, found by being here. A new rule is a new file and nothing else.

A rule file holds one subclass of `Rule` with its parameters (and clause), what it takes out or the rows it adds, its
audit on a finished plan from the tables alone, and its words in Chinese and English.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from quota_opt.model.rule import Rule
from quota_opt.scenario import RuleParameters, register_rule_parameters


def _found() -> dict[str, type[Rule[Any]]]:
    found: dict[str, type[Rule[Any]]] = {}
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{__name__}.{info.name}")
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == module.__name__:
                found[value.name] = value
    return found


RULES: Mapping[str, type[Rule[Any]]] = MappingProxyType(_found())
"""Every rule by name."""

for _name, _rule in RULES.items():
    register_rule_parameters(_name, _rule.Parameters, _rule.title)


def rules_of(parameters: Mapping[str, RuleParameters]) -> tuple[Rule[Any], ...]:
    """The rules that are on, each with its parameters."""
    return tuple(RULES[name](given) for name, given in parameters.items())
