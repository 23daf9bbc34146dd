"""The policy rules of a case as switches and parameters: each with its unit, range, default, clause and change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Annotated, Any, Literal, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from quota_opt.errors import Text
from quota_opt.report.parameters import parts_of
from quota_opt.resources import builtin
from quota_opt.rules._screening import FIGURES
from quota_opt.scenario.paths import join_path, split_path
from quota_opt.scenario.settings import ClauseEntry, Document, Settings, rule_parameters, rule_title
from quota_opt.scenario.settings_meanings import OF_FIGURE, OF_RESOURCE
from quota_opt.scenario.settings_reading import plain_document
from quota_opt.scenario.settings_words import parameter_unit
from quota_opt.scenario.standing import cited, standing
from quota_opt.scenario.units import unit_words
from quota_opt.web.desk.case_files import Files, document_of
from quota_opt.web.desk.labels import explanation, known_values, setting_label, value_words
from quota_opt.web.desk.tables import tables

Kind = Literal["number", "integer", "switch", "choice", "text", "list", "other"]
MISSING: Any = object()
"""In place of a value that is not written."""


@dataclass(frozen=True)
class Choice:
    """One value to choose, in words."""

    value: str
    words: Text


@dataclass(frozen=True)
class Knob:
    """One value of a rule. `value` is None where it is not written: then `default` holds (None: nothing does)."""

    path: str
    label: Text
    help: Text
    kind: Kind
    value: Any
    default: Any = None
    unit: Text = field(default=Text("", ""))
    low: float | None = None
    high: float | None = None
    choices: tuple[Choice, ...] = ()
    required: bool = False
    before: Any = None
    changed: bool = False
    """Whether the value differs from `before`, that of the built-in case (its default where that says nothing)."""

    @property
    def written(self) -> bool:
        """Whether the case says it."""
        return self.value is not None


@dataclass(frozen=True)
class Group:
    """Values that stand together: the parts of a table, the items of a list, the entries of a table by key."""

    path: str
    label: Text
    help: Text
    kind: Literal["table", "list", "keys"]
    parts: tuple[Knob | Group, ...]
    written: bool
    new: Any = None
    """What a new item, or entry, starts with."""
    keys: tuple[Choice, ...] = ()
    """Keys that a new entry may have."""
    open_keys: bool = True
    """Whether others will do as well."""
    changed: bool = False
    required: bool = False


@dataclass(frozen=True)
class Clause:
    """A clause behind a rule: where it stands, what it says, and how its document stands."""

    clause: str
    text: Text
    document: Text
    standing: Text
    in_force: bool


@dataclass(frozen=True)
class RuleCard:
    """One rule of a case: whether it is on, what it is about, its parameters and clauses."""

    name: str
    title: Text
    about: Text
    on: bool
    written: bool
    changed: bool
    clause: str
    clauses: tuple[Clause, ...]
    parts: tuple[Knob | Group, ...]
    before_on: bool | None = None

    @property
    def path(self) -> str:
        """Where its table stands."""
        return f"rules.{self.name}"

    def knobs(self) -> Iterator[Knob]:
        """All its values, groups opened."""
        yield from _opened(self.parts)


def _opened(parts: Sequence[Knob | Group]) -> Iterator[Knob]:
    for part in parts:
        if isinstance(part, Knob):
            yield part
        else:
            yield from _opened(part.parts)


def rule_cards(files: Files, base: Files | None = None) -> tuple[RuleCard, ...]:
    """Every rule there is, as this case has it; `base` is the case it is compared with, see `origin_of`."""
    document, _ = document_of(files)
    before = document_of(base)[0] if base is not None else None
    documents = _documents(document)
    made = []
    for name, model in rule_parameters().items():
        raw = _table(document.get("rules")).get(name)
        old = MISSING if before is None else _table(before.get("rules")).get(name, MISSING)
        card = _card(name, model, raw, old, document, documents)
        # Rows of targets hold without a word in the settings.
        implied = name == "targets" and raw is None and bool(tables(files)["targets"].rows)
        made.append(replace(card, on=True, changed=False) if implied else card)
    return tuple(made)


SECTIONS = ("scenario", "objective", "actions", "measures", "factors", "uncertainty", "documents")
"""Settings beside the rules that have a place of their own on the page."""


def setting_sections(files: Files, base: Files | None = None) -> tuple[Group, ...]:
    """The settings beside rules, variants and clauses, section by section; `base` as for the rules."""
    document, _ = document_of(files)
    before = document_of(base)[0] if base is not None else None
    found = []
    for name in SECTIONS:
        info = Settings.model_fields[name]
        old = MISSING if before is None else before.get(name)
        part = _part(info.annotation, name, name, document.get(name), old, limits=[])
        if isinstance(part, Group):
            found.append(part)
    return tuple(found)


def origin_of(files: Files) -> str | None:
    """The built-in case of the same name, which a case that was copied from it is compared with."""
    name = _table(document_of(files)[0].get("scenario")).get("name")
    return name if isinstance(name, str) and name in builtin("scenarios") else None


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _is_on(raw: Any) -> bool:
    return isinstance(raw, Mapping) and raw.get("enabled", True) is not False


def _card(
    name: str,
    model: type[BaseModel],
    raw: Any,
    old: Any,
    document: Mapping[str, Any],
    documents: Mapping[str, tuple[Text, Text, bool]],
) -> RuleCard:
    values = _table(raw)
    compared = None if old is MISSING else _table(old)
    parts = tuple(_fields(model, name, f"rules.{name}", values, compared, skip=("clause", "enabled")))
    clause = values.get("clause")
    clause = clause if isinstance(clause, str) else ""
    before_on = None if old is MISSING else _is_on(old)
    on = _is_on(raw)
    changed = before_on is not None and (on != before_on or (on and dict(values) != dict(_table(old))))
    return RuleCard(
        name,
        rule_title(name),
        _about(name),
        on,
        isinstance(raw, Mapping),
        changed,
        clause,
        tuple(_clauses(name, clause, document, documents)),
        parts,
        before_on,
    )


@lru_cache(maxsize=64)
def _about(name: str) -> Text:
    from quota_opt.report.library import short_description

    return Text(short_description(name, "zh"), short_description(name, "en"))


# Parameters


def _fields(
    model: type[BaseModel],
    key: str,
    path: str,
    values: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    skip: tuple[str, ...] = (),
) -> Iterator[Knob | Group]:
    for attribute, info in model.model_fields.items():
        name = info.alias or attribute
        if name in skip:
            continue
        unit = _figure_unit(key, values) if name == "value" else None
        value = values.get(name)
        old = MISSING if before is None else before.get(name)
        default = None if info.is_required() else _plain(info.get_default(call_default_factory=True))
        part = _part(
            info.annotation, f"{key}.{name}", join_path((*split_path(path), name)), value, old,
            default=default, required=info.is_required(), limits=list(info.metadata), above=model,
        )  # fmt: skip
        yield replace(part, unit=unit) if unit is not None and isinstance(part, Knob) else part


def _figure_unit(key: str, values: Mapping[str, Any]) -> Text | None:
    """The unit of a limit or a line: that of the figure it is about; None where it is about none that is known."""
    if key not in ("admission.limits", "listing.any_of", "clearance"):
        return None
    figure = values.get("criterion", "energy_intensity") if key == "admission.limits" else values.get("measure")
    if not isinstance(figure, str) or figure not in FIGURES:
        return Text("", "")
    words = FIGURES[figure][2]
    zh, en = re.search("（(.+)）", words.zh), re.search(r"\((.+)\)", words.en)
    return Text(zh[1] if zh else "", en[1] if en else "")


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return plain_document(value.model_dump(by_alias=True, exclude_none=True))
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    return value


def _part(
    annotation: Any, key: str, path: str, value: Any, before: Any, *, default: Any = None, required: bool = False,
    limits: list[Any], above: type[BaseModel] | None = None,
) -> Knob | Group:  # fmt: skip
    label = setting_label(key) or Text(key.rpartition(".")[2], key.rpartition(".")[2])
    help_ = explanation(key)
    changed = before is not MISSING and value != before and not (value is None and before == default)
    limits = [*limits, *(m for s in parts_of(annotation) for m in _metadata(s))]
    shapes = [part for s in parts_of(annotation) for part in parts_of(s)]
    models = [s for s in shapes if isinstance(s, type) and issubclass(s, BaseModel)]
    lists = [s for s in shapes if get_origin(s) in (tuple, list)]
    tables = [s for s in shapes if get_origin(s) is dict]
    if Text in shapes and (value is None or isinstance(value, Mapping)):
        return _both_languages(key, path, _table(value), before, label=label, changed=changed)
    items = [m for s in lists for m in parts_of(get_args(s)[0]) if isinstance(m, type) and issubclass(m, BaseModel)]
    if models and above is not models[0] and (value is None or isinstance(value, Mapping)):
        inside = _table(value)
        old = before if before is MISSING else _table(before)
        parts = tuple(_fields(models[0], key, path, inside, None if old is MISSING else old))
        return Group(path, label, help_, "table", parts, value is not None, {}, changed=changed, required=required)
    if items and items[0] is not above and (value is None or _all_tables(value)):
        return _listed(items[0], key, path, value, before, label=label, changed=changed, required=required)
    if tables and isinstance(value, Mapping):
        return _by_key(tables[0], key, path, value, before, label=label, changed=changed, required=required)
    if tables and len(shapes) == 1:
        return _by_key(tables[0], key, path, {}, before, label=label, changed=changed, required=required)
    return _knob(
        [s for s in shapes if s not in tables] or shapes, key, path, value, before,
        default=default, required=required, limits=limits, changed=changed,
    )  # fmt: skip


def _both_languages(key: str, path: str, value: Mapping[str, Any], before: Any, *, label: Text, changed: bool) -> Group:
    old = {} if before is MISSING else _table(before)
    names = {"zh": Text("中文", "Chinese"), "en": Text("英文", "English")}
    parts = tuple(
        Knob(f"{path}.{name}", words, explanation(key), "text", value.get(name), before=old.get(name))
        for name, words in names.items()
    )
    return Group(path, label, explanation(key), "table", parts, bool(value), {}, changed=changed)


def _all_tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, Mapping) for v in value)


def _listed(
    model: type[BaseModel], key: str, path: str, value: Any, before: Any, *, label: Text, changed: bool, required: bool
) -> Group:
    parts = []
    old = before if isinstance(before, list) else []
    for i, item in enumerate(value or []):
        compared = None if before is MISSING else _table(old[i]) if i < len(old) else {}
        inside = tuple(_fields(model, key, f"{path}.{i}", item, compared))
        name = Text(f"第 {i + 1} 项", f"no. {i + 1}")
        parts.append(Group(f"{path}.{i}", name, label, "table", inside, written=True))
    return Group(
        path, label, explanation(key), "list", tuple(parts), value is not None, {}, changed=changed, required=required
    )


def _by_key(
    annotation: Any, key: str, path: str, value: Mapping[str, Any], before: Any, *, label: Text, changed: bool,
    required: bool,
) -> Group:  # fmt: skip
    inner = get_args(annotation)[1]
    name = key.rpartition(".")[2]
    parts = []
    for entry, below in value.items():
        old: Any = MISSING if before is MISSING else _table(before).get(str(entry))
        spot = join_path((*split_path(path), str(entry)))
        part = _part(inner, key, spot, below, old, limits=_metadata(inner))
        words = value_words(name, str(entry), explanation(key))
        parts.append(_renamed(part, words))
    nested = any(isinstance(s, type) and issubclass(s, BaseModel) for s in parts_of(inner))
    new = {} if nested else next((p.value for p in reversed(parts) if isinstance(p, Knob)), 0)
    known = known_values(key)
    keys = tuple(Choice(c.value, Text(c.zh, c.value.replace("_", " "))) for c in known if c.value not in value)
    return Group(
        path, label, explanation(key), "keys", tuple(parts), bool(value), new, keys, not known, changed, required
    )


def _renamed(part: Knob | Group, label: Text) -> Knob | Group:
    return replace(part, label=label)


def _metadata(annotation: Any) -> list[Any]:
    if get_origin(annotation) is not Annotated:
        return []
    _, *metadata = get_args(annotation)
    return [m for entry in metadata for m in (entry.metadata if isinstance(entry, FieldInfo) else [entry])]


def _knob(
    shapes: Sequence[Any], key: str, path: str, value: Any, before: Any, *, default: Any, required: bool,
    limits: list[Any], changed: bool,
) -> Knob:  # fmt: skip
    name = key.rpartition(".")[2]
    said = explanation(key)
    kind: Kind = "other"
    choices: tuple[Choice, ...] = ()
    literals = [v for s in shapes if get_origin(s) is Literal for v in get_args(s)]
    lists = [s for s in shapes if get_origin(s) in (tuple, list)]
    simple = {s for s in shapes if isinstance(s, type)}
    if literals and all(isinstance(v, str) for v in literals) and not simple & {int, float}:
        kind = "choice"
        choices = tuple(Choice(v, value_words(name, v, said)) for v in literals)
    elif literals and all(isinstance(v, int) for v in literals):
        kind = "integer"
        limits = [Ge(min(literals)), Le(max(literals))]
    elif literals:
        kind = "other"
    elif lists and (value is None or (isinstance(value, list) and all(isinstance(v, str) for v in value))):
        kind = "list"
        inner = [v for s in lists for p in parts_of(get_args(s)[0]) if get_origin(p) is Literal for v in get_args(p)]
        known = inner or [c.value for c in known_values(key)]
        choices = tuple(Choice(str(v), value_words(name, str(v), said)) for v in known)
    elif bool in simple:
        kind = "switch"
    elif simple & {str, Text} and (value is None or isinstance(value, str)) and not simple & {int, float}:
        kind = "text"
        choices = tuple(Choice(c.value, Text(c.zh, c.value.replace("_", " "))) for c in known_values(key))
    elif simple & {int, float}:
        kind = "number" if float in simple else "integer"
    if value is not None and not _fits(kind, value):
        kind, choices = "other", ()
    low, high = _range(limits)
    unit = parameter_unit(key) or _own_unit(key)
    unit = Text("", "") if unit in (OF_FIGURE, OF_RESOURCE) else unit
    old = None if before is MISSING else before
    return Knob(
        path, setting_label(key) or Text(name, name), said, kind, value, default, unit, low, high, choices,
        required, old, changed,
    )  # fmt: skip


def _fits(kind: Kind, value: Any) -> bool:
    if kind == "switch":
        return isinstance(value, bool)
    if kind in ("number", "integer"):
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind in ("choice", "text"):
        return isinstance(value, str)
    return isinstance(value, list) if kind == "list" else True


def _own_unit(key: str) -> Text:
    rule, *rest = key.split(".")
    model = rule_parameters().get(rule)
    info = model.model_fields.get(rest[0]) if model is not None and len(rest) == 1 else None
    extra = info.json_schema_extra if info is not None else None
    unit = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
    return unit_words(unit)


def _range(metadata: Sequence[Any]) -> tuple[float | None, float | None]:
    low: float | None = None
    high: float | None = None
    for m in metadata:
        for name in ("ge", "gt"):
            low = getattr(m, name, None) if getattr(m, name, None) is not None else low
        for name in ("le", "lt"):
            high = getattr(m, name, None) if getattr(m, name, None) is not None else high
    return low, high


# Clauses


def _documents(document: Mapping[str, Any]) -> dict[str, tuple[Text, Text, bool]]:
    """Title, standing and whether it is in force, by code; entries that cannot be read are left out."""
    head = _table(document.get("scenario"))
    first, last = head.get("first_year"), head.get("last_year")
    years = (first, last) if isinstance(first, int) and isinstance(last, int) else (1900, 1900)
    found = {}
    for entry in _valid(document.get("documents"), Document):
        stand = standing(entry, *years)
        found[entry.id] = (Text(entry.title, entry.title), stand.words, stand.in_force)
    return found


def _valid(raw: Any, model: type[Any]) -> Iterator[Any]:
    reader = TypeAdapter(model)
    for entry in raw if isinstance(raw, list) else ():
        try:
            yield reader.validate_python(entry)
        except ValidationError:
            continue  # Findings say what is wrong with it.


def _clauses(
    rule: str, clause: str, document: Mapping[str, Any], documents: Mapping[str, tuple[Text, Text, bool]]
) -> Iterator[Clause]:
    told = []
    for entry in _valid(document.get("clauses"), ClauseEntry):
        if rule in entry.rules:
            told.append(entry.clause)
            yield _clause(entry.clause, entry.text, documents)
    last = ""
    for part in (p.strip() for p in clause.replace("；", ";").split(";")):
        names = cited(part, documents)
        last = names[0] if names else last
        whole = part if names or not last else f"{last} {part}"  # ZJ 三(一)1；三(二)1 names the document once.
        if part and whole not in told:
            yield _clause(whole, Text("", ""), documents)


def _clause(clause: str, text: Text, documents: Mapping[str, tuple[Text, Text, bool]]) -> Clause:
    names = cited(clause, documents)
    title, words, in_force = documents[names[0]] if names else (Text("", ""), Text("", ""), True)
    return Clause(clause, text, title, words, in_force)
