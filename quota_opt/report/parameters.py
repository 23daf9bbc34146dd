"""Settings models as lists of parameters: where each stands, its type, unit, default and meaning in both languages."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from quota_opt.errors import Text
from quota_opt.scenario.settings import RuleParameters
from quota_opt.scenario.settings_words import parameter_unit, parameter_words
from quota_opt.scenario.toml_values import written

_SIMPLE: Mapping[Any, Text] = {
    float: Text("数字", "number"),
    int: Text("整数", "whole number"),
    bool: Text("true 或 false", "true or false"),
    str: Text("文字", "text"),
    date: Text("日期", "date"),
    Any: Text("任意值", "any value"),
    Text: Text("文字，或 { zh, en }", "text, or { zh, en }"),
}
_KEYS = {
    "actions": "kind",
    "frees_less": "kind",
    "late": "kind",
    "projects": "category",
    "needs_more": "category",
    "shortfall_cost": "resource",
    "factors": "name",
    "measures": "name",
    "variants": "name",
    "rules": "rule",
    "set": "path",
    "maximise": "measure",
    "minimise": "measure",
    "by_place": "place",
    "min_shares": "category",
    "weights": "category",
    "by_year": "year",
    "published": "sector",
    "value": "sector",
}
_SIGNS = (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<"))


@dataclass(frozen=True)
class Parameter:
    """One setting. `path` is how it is written (`limits[].value`), `key` the same without brackets, for its words."""

    path: str
    key: str
    kind: Text
    unit: Text
    default: str
    required: bool
    words: Text
    has_both: bool
    inside: str = ""
    numeric: bool = False


def parameters_of(model: type[BaseModel], key: str = "") -> list[Parameter]:
    """Every parameter of a settings model, those of the models inside it after the one that holds them."""
    return list(_walk(model, key, "", ()))


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The settings models an annotation speaks of, in order."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return list(dict.fromkeys(m for part in get_args(annotation) if not isinstance(part, str) for m in models_in(part)))


def _walk(model: type[BaseModel], key: str, path: str, above: tuple[type, ...]) -> Iterator[Parameter]:
    for attribute, field in model.model_fields.items():
        name = field.alias or attribute
        own = f"{key}.{name}" if key else name
        shown = f"{path}.{name}" if path else name
        said, given = parameter_words(own), field.description
        words = Text(said.zh or _extra(field, "zh"), given or said.en)
        inner = models_in(field.annotation)
        yield Parameter(
            shown,
            own,
            _kind(field.annotation, field),
            parameter_unit(own) or Text(_extra(field, "unit"), _extra(field, "unit")),
            "" if field.is_required() else _default(field.get_default(call_default_factory=True)),
            field.is_required(),
            Text(words.zh or words.en, words.en or words.zh),
            bool(words.zh and words.en),
            inside=path,
            numeric=_numeric(field.annotation),
        )
        for nested in inner:
            if nested not in above and nested is not model:
                yield from _walk(nested, own, shown + _brackets(field.annotation, name), (*above, model))


def _extra(field: FieldInfo, name: str) -> str:
    extra = field.json_schema_extra
    return str(extra.get(name, "")) if isinstance(extra, dict) else ""


def _default(value: Any) -> str:
    if value is None:
        return ""
    return written(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return {k: _plain(v) for k, v in value if v is not None and k in value.model_fields_set}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def parts_of(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, without None and without the wrapping of Annotated."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(part for part in get_args(annotation) if part is not type(None))
    return (annotation,)


def _brackets(annotation: Any, name: str) -> str:
    origins = {get_origin(part) for part in parts_of(annotation)}
    if origins & {tuple, list}:
        return "[]"
    return f".<{_KEYS.get(name, 'key')}>" if dict in origins else ""


def _numeric(annotation: Any) -> bool:
    """Whether it is, or holds by key, a figure that may have a unit."""
    for part in parts_of(annotation):
        inner = get_args(part)[1] if get_origin(part) is dict else part
        if any(piece is float for piece in parts_of(inner)):
            return True
    return False


def _kind(annotation: Any, field: FieldInfo | None = None) -> Text:
    """The type in words, with the limits it states."""
    limits = _limits(field.metadata) if field is not None else ""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        more = [m for entry in metadata for m in (entry.metadata if isinstance(entry, FieldInfo) else [entry])]
        limits = limits or _limits(more)
        annotation = inner
    parts = parts_of(annotation)
    if len(parts) > 1:
        kinds = list(dict.fromkeys(_kind(part) for part in parts))
        words = Text("或".join(k.zh for k in kinds), " or ".join(k.en for k in kinds))
    else:
        words = _one(parts[0])
    return Text(f"{words.zh}，{limits}", f"{words.en}, {limits}") if limits else words


def _one(part: Any) -> Text:
    origin, inside = get_origin(part), get_args(part)
    if part in _SIMPLE:
        return _SIMPLE[part]
    if origin is Annotated:
        return _kind(part)
    if origin is Literal:
        listed = [f"`{value}`" for value in inside]
        return Text("、".join(listed), ", ".join(listed))
    if origin in (tuple, list):
        of = _kind(inside[0])
        return Text(f"列表（{of.zh}）", f"list of: {of.en}")
    if origin is dict:
        of = _kind(inside[1])
        return Text(f"表 {{ … = {of.zh} }}", f"table {{ … = {of.en} }}")
    if isinstance(part, type) and issubclass(part, RuleParameters):
        return Text("规则的参数", "parameters of the rule")
    return Text("表", "table")


def _limits(metadata: list[Any]) -> str:
    said = {name: getattr(m, name) for m in metadata for name, _ in _SIGNS if getattr(m, name, None) is not None}
    return ", ".join(f"{sign} {said[name]:g}" for name, sign in _SIGNS if name in said)
