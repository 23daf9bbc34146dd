"""From the text of `scenario.toml` to `Settings`, with every problem as a finding that points at its line."""

from __future__ import annotations

import re
import tomllib
import types
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from quota_opt.errors import Finding, Level, Text, Where
from quota_opt.scenario.factors import FACTOR_NAMES
from quota_opt.scenario.nearest import mend_name
from quota_opt.scenario.paths import join_path
from quota_opt.scenario.settings import RuleParameters, Settings, rule_parameters

SETTINGS_FILE = "scenario.toml"
Locate = Callable[[str], Where]
"""Where a dotted settings path stands: a line of a file, a cell of the sheet, or just the path."""


def read_toml(content: bytes, file: str) -> tuple[dict[str, Any], list[Finding]]:
    """The document of a TOML file; a syntax error is a finding with its line."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError:
            return {}, [
                Finding(
                    Level.ERROR,
                    "not-text",
                    Text(f"{file} 不是 UTF-8 文本", f"{file} is not UTF-8 text"),
                    Where(file=file),
                    Text("请另存为 UTF-8。", "Save it as UTF-8."),
                )
            ]
    try:
        return tomllib.loads(text), []
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        line = re.search(r"line (\d+)", str(problem))
        number = int(line[1]) if line else text.count("\n") + 1
        lines = text.splitlines()
        seen = lines[number - 1].strip() if 0 < number <= len(lines) else None
        said = str(problem).split(" (at ")[0]
        return {}, [
            Finding(
                Level.ERROR,
                "toml-syntax",
                Text(
                    f"TOML 写法有误（{said}）" + (f"：{seen}" if seen else ""),
                    f"not valid TOML ({said})" + (f": {seen}" if seen else ""),
                ),
                Where(file=file, row=number),
                Text("请检查该行的引号、括号和等号。", "Check the quotes, brackets and equal signs of that line."),
                seen,
            )
        ]


_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?")
_KEY = re.compile(r'^\s*((?:"[^"]*"|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|[\w-]+))*)\s*=')


def toml_lines(text: str) -> dict[str, int]:
    """Line of each key that stands on a line of its own, by dotted path; good enough to point at, never to parse."""
    found: dict[str, int] = {}
    prefix = ""
    counts: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.match(line)
        if header:
            prefix = re.sub(r"\s*\.\s*", ".", header[2])
            if header[1] == "[[":
                counts[prefix] = counts.get(prefix, -1) + 1
                prefix = f"{prefix}.{counts[prefix]}"
            found.setdefault(prefix, number)
            continue
        key = _KEY.match(line)
        if key:
            path = re.sub(r"\s*\.\s*", ".", key[1])
            found.setdefault(f"{prefix}.{path}" if prefix else path, number)
    return found


def read_settings(document: Mapping[str, Any], locate: Locate) -> tuple[Settings | None, list[Finding]]:
    """The validated settings, or None with the findings that say why not."""
    remaining: dict[str, Any] = _plain(document)
    findings: list[Finding] = []
    registry = rule_parameters()
    rules: dict[str, RuleParameters] = {}
    raw_rules = remaining.pop("rules", {})
    if not isinstance(raw_rules, dict):
        findings.append(_expected_table("rules", raw_rules, locate))
        raw_rules = {}
    for name, raw in raw_rules.items():
        model = registry.get(name)
        path = join_path(("rules", name))
        if model is None:
            findings.append(
                Finding(
                    Level.ERROR,
                    "unknown-rule",
                    Text(f"没有名为“{name}”的规则", f"no rule is called {name!r}"),
                    locate(path),
                    mend_name(name, registry),
                    name,
                )
            )
        elif not isinstance(raw, dict):
            findings.append(_expected_table(path, raw, locate))
        elif raw == {"enabled": False}:
            continue  # Switching off a rule that is not on is no mistake, and needs none of its parameters.
        else:
            try:
                rules[name] = model.model_validate(raw)
            except ValidationError as problem:
                findings.extend(findings_of(problem, model, ("rules", name), raw, locate))
    settings: Settings | None = None
    try:
        settings = Settings.model_validate({**remaining, "rules": {n: rules[n] for n in registry if n in rules}})
    except ValidationError as problem:
        findings.extend(findings_of(problem, Settings, (), remaining, locate))
    return (None if findings else settings), findings


def _plain(value: Any) -> Any:
    """Tables with text keys, lists and scalars only: what TOML can hold, from whatever Python mapping was given."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value


def plain_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """`document` in TOML's own types; keys without a value (None) are left out, as TOML has no null."""

    def without_none(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: without_none(v) for k, v in value.items() if v is not None}
        if isinstance(value, list):
            return [without_none(v) for v in value]
        if hasattr(value, "item") and not isinstance(value, str | date | datetime):
            return value.item()
        return value

    result: dict[str, Any] = without_none(_plain(document))
    return result


def _expected_table(path: str, seen: object, locate: Locate) -> Finding:
    return Finding(
        Level.ERROR,
        "not-a-table",
        Text(f"“{path}”应为一个表", f"{path!r} should be a table"),
        locate(path),
        Text(f"请写成 [{path}] 下的各项。", f"Write its entries under [{path}]."),
        _shown(seen),
    )


_KINDS: dict[str, Text] = {
    "float": Text("数字", "a number"),
    "int": Text("整数", "a whole number"),
    "bool": Text("true 或 false", "true or false"),
    "string": Text("文字（加引号）", "text in quotes"),
    "list": Text("列表 [ … ]", "a list [ … ]"),
    "tuple": Text("列表 [ … ]", "a list [ … ]"),
    "dict": Text("一个表", "a table"),
    "model": Text("一个表", "a table"),
    "date": Text("日期，如 2023-12-31", "a date such as 2023-12-31"),
}


def findings_of(
    problem: ValidationError, model: type[BaseModel], prefix: tuple[str, ...], raw: object, locate: Locate
) -> list[Finding]:
    """What a strict model refused, a finding for each place; `prefix` is where `raw` stands in the document."""
    # A union reports every branch it tried; the planner needs one finding for the one place that is wrong.
    best: dict[str, Finding] = {}
    for error in problem.errors(include_url=False):
        keys = _keys_in(raw, error["loc"], missing=error["type"] == "missing")
        path = join_path((*prefix, *keys))
        finding = _finding_of(error, model, keys, path, locate)
        if path not in best or (best[path].code == "wrong-kind" and finding.code != "wrong-kind"):
            best[path] = finding
    return [
        f
        for path, f in best.items()
        if not (f.code == "wrong-kind" and any(other.startswith(f"{path}.") for other in best))
    ]


def _keys_in(raw: object, loc: tuple[int | str, ...], *, missing: bool) -> tuple[str | int, ...]:
    """The part of pydantic's location that is in the input: names of union branches are not."""
    keys: list[str | int] = []
    spot = raw
    for index, part in enumerate(loc):
        if isinstance(spot, Mapping):
            inside = part in spot or (missing and index == len(loc) - 1)
            if part == "[key]" or not inside:
                continue
            keys.append(part)
            spot = spot.get(part)
        elif isinstance(spot, list | tuple) and isinstance(part, int):
            keys.append(part)
            spot = spot[part] if part < len(spot) else None
    return tuple(keys)


def _finding_of(error: Any, model: type[BaseModel], keys: tuple[str | int, ...], path: str, locate: Locate) -> Finding:
    kind: str = error["type"]
    context: dict[str, Any] = error.get("ctx", {})
    seen = _shown(error.get("input"))

    def made(code: str, what: Text, fix: Text, value: str | None = seen) -> Finding:
        return Finding(Level.ERROR, code, what, locate(path), fix, value)

    name = str(keys[-1]) if keys else path
    if kind == "extra_forbidden":
        known = [k for k in _known_keys(model, keys[:-1]) if k != name]
        return made(
            "unknown-key",
            Text(f"没有名为“{name}”的设置", f"no setting is called {name!r}"),
            mend_name(name, known),
            name,
        )
    if kind == "missing":
        return made(
            "missing-setting",
            Text(f"缺少设置“{path}”", f"the setting {path!r} is missing"),
            Text(f"请补上“{name}”。", f"Add {name!r}."),
            None,
        )
    if kind == "refused":
        return made(
            "bad-setting",
            Text(f"“{path}”：{context['zh']}", f"{path}: {context['en']}"),
            Text(context["fix_zh"], context["fix_en"]),
        )
    if kind in ("literal_error", "enum"):
        if path.startswith("actions.") and kind == "literal_error" and len(keys) == 2:
            known = _known_keys(model, keys[:-1])
            return made(
                "unknown-key",
                Text(f"没有名为“{name}”的措施", f"no action is called {name!r}"),
                mend_name(name, known),
                name,
            )
        choices = re.findall(r"'([^']*)'", context.get("expected", ""))
        value = str(error.get("input"))
        return made(
            "unknown-choice",
            Text(f"“{path}”不能是“{value}”", f"{path!r} cannot be {value!r}"),
            mend_name(value, choices),
        )
    if kind == "value_error":
        said = str(context.get("error", error["msg"]))
        return made(
            "bad-setting", Text(f"“{path}”：{said}", f"{path}: {said}"), Text("请改正该值。", "Correct the value.")
        )
    bounds = {
        "greater_than": ("大于", "greater than", "gt"),
        "greater_than_equal": ("不小于", "at least", "ge"),
        "less_than": ("小于", "less than", "lt"),
        "less_than_equal": ("不大于", "at most", "le"),
    }
    if kind in bounds:
        zh, en, key = bounds[kind]
        limit = context[key]
        return made(
            "out-of-range",
            Text(f"“{path}”为 {seen}，应{zh} {limit}", f"{path!r} is {seen}; it should be {en} {limit}"),
            Text(f"请改为{zh} {limit} 的数。", f"Give a number {en} {limit}."),
        )
    stem = kind.removesuffix("_type").removesuffix("_parsing").removesuffix("_from_float").split("_")[0]
    expected = _KINDS.get(stem)
    if expected is not None:
        return made(
            "wrong-kind",
            Text(f"“{path}”为 {seen}，应为{expected.zh}", f"{path!r} is {seen}; it should be {expected.en}"),
            Text(f"请写{expected.zh}。", f"Write {expected.en}."),
        )
    return made(
        "bad-setting",
        Text(f"“{path}”的值 {seen} 不合要求（{error['msg']}）", f"{path!r} cannot be {seen} ({error['msg']})"),
        Text("请改正该值。", "Correct the value."),
    )


def _shown(value: object) -> str:
    if isinstance(value, str):
        return f"“{value}”" if len(value) <= 80 else f"“{value[:77]}…”"
    text = str(value) if isinstance(value, bool | int | float | date) else repr(value)
    text = {"True": "true", "False": "false"}.get(text, text)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _known_keys(model: type[BaseModel], keys: tuple[str | int, ...]) -> list[str]:
    """The keys allowed at a place, walking the models' own annotations."""
    kinds: list[Any] = [model]
    for key in keys:
        if kinds == [Settings] and key == "rules":
            return list(rule_parameters())
        kinds = [below for kind in kinds for below in _below(kind, key)]
    names: list[str] = []
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names += [field.alias or name for name, field in kind.model_fields.items()]
        elif get_origin(kind) is dict and get_origin(get_args(kind)[0]) is Literal:
            names += get_args(get_args(kind)[0])
    if tuple(keys) == ("factors",):
        names += FACTOR_NAMES
    return list(dict.fromkeys(names))


def _below(kind: Any, key: str | int) -> list[Any]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = kind.model_fields.get(str(key))
        return _alternatives(field.annotation) if field is not None else []
    arguments = get_args(kind)
    if get_origin(kind) is dict:
        return _alternatives(arguments[1])
    if get_origin(kind) in (list, tuple):
        return _alternatives(arguments[0])
    return []


def _alternatives(annotation: Any) -> list[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _alternatives(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [a for argument in get_args(annotation) for a in _alternatives(argument)]
    return [annotation]
