"""`--set path=value`: values are TOML (`0.49`, `true`, `["a", "b"]`), bare words are text."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence

from quota_opt.errors import Finding, InputError, Level, Text, Where


def read_overrides(assignments: Sequence[str]) -> dict[str, object]:
    """All assignments by dotted path; every one that cannot be read is reported at once."""
    values: dict[str, object] = {}
    findings: list[Finding] = []
    for assignment in assignments:
        path, equals, written = (part.strip() for part in assignment.partition("="))
        if not equals or not path:
            findings.append(_finding("set-syntax", path or None, assignment, _no_equals(assignment), _FORM))
        elif path in values:
            what = Text(f"--set 给 {path} 赋了两次值。", f"--set gives {path} two values.")
            findings.append(_finding("set-twice", path, assignment, what, _ONCE))
        else:
            try:
                values[path] = toml_value(written)
            except ValueError as error:
                what = Text(
                    f"--set {path} 的值 {written!r} 不是有效的 TOML 值（{error}）。",
                    f"--set {path}: the value {written!r} is not valid TOML ({error}).",
                )
                findings.append(_finding("set-value", path, written, what, _VALUE))
    if findings:
        raise InputError(findings)
    return values


def toml_value(written: str) -> object:
    """`written` as a TOML value; text that only a string could be is taken as a string. ValueError for broken TOML."""
    try:
        parsed = tomllib.loads(f"value = {written}")
    except tomllib.TOMLDecodeError:
        if written.startswith(("[", "{", '"', "'")):
            raise
        return written
    # A line break in the value could smuggle in a second key.
    return parsed["value"] if set(parsed) == {"value"} else written


def _no_equals(assignment: str) -> Text:
    return Text(f"--set {assignment!r} 缺少等号或路径。", f"--set {assignment!r} lacks a path or an equals sign.")


_FORM = Text("写成 路径=值，例如 rules.retention.keep=0.7。", "Write path=value, for example rules.retention.keep=0.7.")
_ONCE = Text("每个路径只写一次。", "Give each path once.")
_VALUE = Text(
    '文字可直接写；列表写成 ["a", "b"]，并给整个参数加引号。',
    'Plain words need no quotes; write lists as ["a", "b"] and quote the whole argument.',
)


def _finding(code: str, path: str | None, seen: str, what: Text, fix: Text) -> Finding:
    return Finding(Level.ERROR, code, what, Where(path=path), fix, seen)
