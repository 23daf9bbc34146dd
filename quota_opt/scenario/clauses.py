"""What `[[clauses]]` and `[[readings]]` point at must be there: rules, settings, variants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from quota_opt.errors import Finding, Level, Text, Where
from quota_opt.scenario.nearest import mend_name
from quota_opt.scenario.paths import BadPathError, flattened, split_path
from quota_opt.scenario.settings import Settings, rule_parameters

TABLE_WORDS: Mapping[str, Text] = {
    "targets": Text("目标表", "table of targets"),
    "objective": Text("目标函数", "objective"),
    "measures": Text("成效指标", "measures"),
    "actions": Text("整治措施", "actions"),
    "quotas": Text("指标表", "table of quotas"),
    "chains": Text("产业链表", "table of chains"),
    "factors": Text("折算系数", "conversion factors"),
    "scenario": Text("案例设置", "settings of the case"),
}
"""Tables of a case that may carry a clause as rules do."""


def check_clauses(settings: Settings, document: Mapping[str, Any], locate: Callable[[str], Where]) -> list[Finding]:
    """A finding for each rule, setting or variant that a clause or reading names and the case does not have."""
    found: list[Finding] = []
    known = [*rule_parameters(), *TABLE_WORDS]
    for i, clause in enumerate(settings.clauses):
        for name in clause.rules:
            if name not in known:
                what = Text(
                    f"条款 {clause.id} 所写的“{name}”既不是规则，也不是可承载条款的表",
                    f"clause {clause.id} names {name!r}, which is neither a rule nor a table that may carry a clause",
                )
                fix = mend_name(name, known)
                found.append(Finding(Level.ERROR, "unknown-rule", what, locate(f"clauses.{i}.rules"), fix, name))
    for i, reading in enumerate(settings.readings):
        if not _there(settings, document, reading.setting):
            what = Text(
                f"读法 {reading.id} 所指的参数“{reading.setting}”不在本案例中",
                f"reading {reading.id} points at the setting {reading.setting!r}, which the case does not have",
            )
            fix = mend_name(reading.setting, list(flattened(document)))
            found.append(
                Finding(Level.ERROR, "unknown-path", what, locate(f"readings.{i}.setting"), fix, reading.setting)
            )
        for name in reading.variants:
            if name not in settings.variants:
                what = Text(
                    f"读法 {reading.id} 所写的方案“{name}”不存在",
                    f"reading {reading.id} names the variant {name!r}, which is not there",
                )
                fix = mend_name(name, list(settings.variants))
                found.append(Finding(Level.ERROR, "unknown-variant", what, locate(f"readings.{i}.variants"), fix, name))
    return found


def _there(settings: Settings, document: Mapping[str, Any], path: str) -> bool:
    """Whether a dotted path leads to something: written in the document, or a default of a table that is on."""
    try:
        keys = split_path(path)
    except BadPathError:
        return False
    return _leads(document, keys) or _leads(settings, keys)


def _leads(spot: Any, keys: tuple[str, ...]) -> bool:
    for key in keys:
        if isinstance(spot, BaseModel):
            fields = type(spot).model_fields
            name = next((n for n, field in fields.items() if key in (n, field.alias)), None)
            if name is None:
                return False
            spot = getattr(spot, name)
        elif isinstance(spot, Mapping):
            if key not in spot:
                return False
            spot = spot[key]
        elif isinstance(spot, list | tuple) and key.isdecimal() and int(key) < len(spot):
            spot = spot[int(key)]
        else:
            return False
    return True
