"""Dotted paths into settings (`rules.admission.limits.0.value`), as overrides and the sheet 设置 write them."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any

from quota_opt.errors import Finding, Level, Text, Where
from quota_opt.scenario.nearest import mend_name

_PART = re.compile(r'"((?:[^"\\]|\\.)*)"|([^."]+)')
_BARE = re.compile(r"[A-Za-z0-9_-]+")


class BadPathError(ValueError):
    """A path that is not dotted keys."""


def split_path(path: str) -> tuple[str, ...]:
    """The keys of a dotted path; a key with dots in it stands in double quotes."""
    keys: list[str] = []
    position = 0
    while position < len(path):
        match = _PART.match(path, position)
        if match is None:
            raise BadPathError(path)
        keys.append(match[1].replace('\\"', '"').replace("\\\\", "\\") if match[1] is not None else match[2].strip())
        position = match.end()
        if position < len(path):
            if path[position] != "." or position + 1 == len(path):
                raise BadPathError(path)
            position += 1
    if not keys or not all(keys):
        raise BadPathError(path)
    return tuple(keys)


def join_path(keys: Sequence[str | int]) -> str:
    """The dotted path of `keys`, quoting those that need it."""

    def written(key: str | int) -> str:
        text = str(key)
        # TOML's bare keys and anything without dots, quotes or blanks (Chinese names) read better unquoted.
        if _BARE.fullmatch(text) or not re.search(r'[."\s]', text):
            return text
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'

    return ".".join(written(k) for k in keys)


def _finding(code: str, path: str, what: Text, fix: Text, value: object) -> Finding:
    return Finding(Level.ERROR, code, what, Where(path=path), fix, repr(value))


def with_values(document: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
    """A copy of `document` with each dotted path set; tables on the way are made, list places must exist.

    Whether the resulting keys are known is the settings models' business, not ours.
    """
    result: dict[str, Any] = copy.deepcopy(dict(document))
    findings: list[Finding] = []
    for path, value in values.items():
        try:
            keys = split_path(path)
        except BadPathError:
            findings.append(
                _finding(
                    "bad-path",
                    path,
                    Text(f"“{path}”不是点号分隔的路径", f"{path!r} is not a dotted path"),
                    Text(
                        "请写成 rules.admission.limits.0.value 的形式。",
                        "Write it like rules.admission.limits.0.value.",
                    ),
                    value,
                )
            )
            continue
        problem = _set(result, keys, copy.deepcopy(value))
        if problem is not None:
            what, fix = problem
            findings.append(_finding("unknown-path", path, what, fix, value))
    return result, findings


def _set(document: dict[str, Any], keys: tuple[str, ...], value: Any) -> tuple[Text, Text] | None:
    spot: Any = document
    for depth, key in enumerate(keys):
        last = depth == len(keys) - 1
        if isinstance(spot, list):
            if not key.isdecimal() or int(key) >= len(spot):
                here = join_path(keys[:depth])
                return (
                    Text(
                        f"“{here}”有 {len(spot)} 项，没有第 {key} 项", f"{here!r} has {len(spot)} items, no item {key}"
                    ),
                    mend_name(
                        key, [str(i) for i in range(len(spot))], else_zh="序号从 0 起。", else_en=" They count from 0."
                    ),
                )
            if last:
                spot[int(key)] = value
            else:
                spot = spot[int(key)]
        elif isinstance(spot, dict):
            # TOML keys are text; a year given as a number in Python settings is the same key.
            if key not in spot and key.isdecimal() and int(key) in spot:
                spot[key] = spot.pop(int(key))
            if last:
                spot[key] = value
            else:
                spot = spot.setdefault(key, {})
        else:
            here = join_path(keys[:depth])
            return (
                Text(
                    f"“{here}”是一个值，没有下级“{key}”",
                    f"{here!r} is a single value, with nothing called {key!r} in it",
                ),
                Text(f"请直接设置“{here}”。", f"Set {here!r} itself."),
            )
    return None


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `changes` over it: tables merge key by key, everything else is replaced."""
    result = dict(base)
    for key, value in changes.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


def flattened(document: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted path → value for every leaf; lists of plain values and empty tables are leaves."""
    rows: dict[str, Any] = {}

    def visit(value: Any, keys: tuple[str | int, ...]) -> None:
        if isinstance(value, Mapping) and value:
            for key, below in value.items():
                visit(below, (*keys, key))
        elif isinstance(value, list) and any(isinstance(v, Mapping) for v in value):
            for index, below in enumerate(value):
                visit(below, (*keys, index))
        else:
            rows[join_path(keys)] = value

    for key, value in document.items():
        visit(value, (key,))
    return rows


def unflattened(rows: Mapping[tuple[str, ...], Any]) -> dict[str, Any]:
    """The document of flat rows; a table whose keys are 0, 1, 2 … is a list."""
    document: dict[str, Any] = {}
    for keys, value in rows.items():
        spot = document
        for key in keys[:-1]:
            below = spot.setdefault(key, {})
            if not isinstance(below, dict):
                raise BadPathError(join_path(keys))
            spot = below
        if keys[-1] in spot:
            raise BadPathError(join_path(keys))
        spot[keys[-1]] = value

    def listed(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if value and set(value) == {str(i) for i in range(len(value))}:
            return [listed(value[str(i)]) for i in range(len(value))]
        return {k: listed(v) for k, v in value.items()}

    return {k: listed(v) for k, v in document.items()}
