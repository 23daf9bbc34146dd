"""JSON schemas (2020-12) of cases and results, made from the settings models, the tables and the rule library.

`description` is in English; `x-zh` holds the Chinese heading, meaning and unit, `x-unit` the unit figures are kept in,
`x-refers` the table that identifiers come from. Each schema stands by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from quota_opt.errors import Text
from quota_opt.plan.columns import RESULT_TABLES
from quota_opt.plan.folder import version
from quota_opt.plan.record_schema import finding_schema, record_schema, said
from quota_opt.report.parameters import Parameter, parameters_of
from quota_opt.scenario import TABLES, ColumnSpec, TableSpec, rule_parameters, rule_title, unit_words
from quota_opt.scenario.cells import YEARS
from quota_opt.scenario.grid_file import GridFile
from quota_opt.scenario.settings import Settings

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]

_OWN = ("firms", "actions", "projects")
"""Tables that have columns of the case's own resources and measures."""
_OWN_RESULTS = {"actions": "^frees_", "awards": "^uses_"}
_PLAIN_RESOURCES = ["energy", "carbon", "land"]
_KINDS: Mapping[str, str] = {
    "identifier": "string",
    "text": "string",
    "choice": "string",
    "number": "number",
    "integer": "integer",
    "year": "integer",
    "yes/no": "boolean",
    "list": "array",
    "numbers": "array",
}


def column_schema(column: ColumnSpec) -> Schema:
    """One cell of a table."""
    made: Schema = {"type": _KINDS[column.kind]}
    if column.kind == "choice":
        made["enum"] = [choice.value for choice in column.choices]
    elif column.kind == "list":
        made["items"] = {"type": "string", "minLength": 1}
    elif column.kind == "numbers":
        made["items"] = {"type": "number", **_bounds(column)}
    elif column.kind == "identifier" and column.required:
        made["minLength"] = 1
    elif column.kind == "year":
        made |= {"minimum": YEARS[0], "maximum": YEARS[1]}
    else:
        made |= _bounds(column)
    if column.wildcard is not None:
        made = {"anyOf": [made, {"const": column.wildcard}]}
    elif not column.required or column.unless:
        made["type"] = [made["type"], "null"]
        if "enum" in made:
            made["enum"] = [*made["enum"], None]
    if column.default is not None:
        made["default"] = column.default
    made["description"] = column.description.en
    chinese = {"title": column.zh, "description": column.description.zh}
    if column.unit:
        made["x-unit"] = column.unit
        chinese["unit"] = unit_words(column.unit).zh
    if column.refers:
        made["x-refers"] = column.refers
    return {**made, "x-zh": chinese}


def _bounds(column: ColumnSpec) -> Schema:
    bounds = {"minimum": column.minimum, "maximum": column.maximum}
    return {name: bound for name, bound in bounds.items() if bound is not None}


def records_schema(table: TableSpec) -> Schema:
    """A table as a list of records."""
    record: Schema = {
        "type": "object",
        "properties": {column.name: column_schema(column) for column in table.columns},
        "required": [column.name for column in table.columns if column.required and not column.unless],
        "additionalProperties": False,
    }
    waived = [(column.name, column.unless) for column in table.columns if column.unless]
    if waived:
        record["allOf"] = [
            {"if": {"not": {"properties": {flag: {"const": True}}, "required": [flag]}},
             "then": {"properties": {name: {"not": {"type": "null"}}}, "required": [name]}}
            for name, flag in waived
        ]  # fmt: skip
    made: Schema = {"type": "array", "items": record, "description": table.description.en}
    return {**made, "x-zh": {"title": table.sheet, "description": table.description.zh}}


def _with_own(table: TableSpec, records: Schema) -> Schema:
    """The table with columns of the case's own resources and measures let in: numbers under any name."""
    if table.name in _OWN:
        records["items"]["additionalProperties"] = {
            "type": ["number", "null"],
            "description": "A resource or a measure of the case's own",
            "x-zh": {"description": "案例自有资源或指标的列"},
        }
    return records


def tables_schema() -> Schema:
    """The tables of a case: an entry per table, each a list of records."""
    return said(
        {
            "type": "object",
            "properties": {table.name: _with_own(table, records_schema(table)) for table in TABLES},
            "required": [table.name for table in TABLES if table.required],
            "additionalProperties": False,
        },
        "案例的各表，数值用各列的单位，空格不写", "The tables of a case, in the kept units; blank cells are left out",
    )  # fmt: skip


def settings_schema() -> Schema:
    """What scenario.toml may say, with the models it is made of under `$defs`."""
    rules = rule_parameters()
    refs, whole = models_json_schema([(Settings, "validation"), *((model, "validation") for model in rules.values())])
    models: dict[str, Schema] = whole["$defs"]
    words = {parameter.key: parameter for parameter in parameters_of(Settings)}
    for name, model in rules.items():
        words |= {parameter.key: parameter for parameter in parameters_of(model, name)}
    told = {"Settings"}
    _tell(models["Settings"], "", models, words, told)
    entries = {}
    for name, model in rules.items():
        ref = refs[(model, "validation")]
        defined = models[ref["$ref"].rpartition("/")[2]]
        _tell(defined, name, models, words, told)
        entries[name] = said(_or_off(ref) if defined.get("required") else ref, rule_title(name).zh, f"Rule {name}")
    settings = models.pop("Settings")
    settings["properties"]["rules"] = said(
        {"type": "object", "properties": entries, "additionalProperties": False},
        "政策规则，写上即启用", "Policy rules; one that is written is on",
    )  # fmt: skip
    used = _used(settings, models)
    defined = {name: model for name, model in models.items() if name in used}
    return {**said(settings, "scenario.toml 的内容", "What scenario.toml says"), "$defs": defined}


def _used(schema: Schema, models: Mapping[str, Schema]) -> set[str]:
    """The models a schema speaks of, those inside them too."""
    used: set[str] = set()
    todo = [*_models_in(schema)]
    while todo:
        name = todo.pop()
        if name not in used:
            used.add(name)
            todo += _models_in(models[name])
    return used


def _or_off(ref: Schema) -> Schema:
    """A rule that is only switched off needs none of its parameters."""
    off = {"type": "object", "properties": {"enabled": {"const": False}}, "required": ["enabled"]}
    return {"if": {**off, "maxProperties": 1}, "else": ref}


def _tell(model: Schema, key: str, models: dict[str, Schema], words: Mapping[str, Parameter], told: set[str]) -> None:
    """Put meanings and units to the properties of a model, and to those of the models inside it."""
    model.pop("title", None)
    for name, schema in model.get("properties", {}).items():
        own = f"{key}.{name}" if key else name
        schema.pop("title", None)
        parameter = words.get(own)
        if parameter is not None:
            chinese = {"description": parameter.words.zh}
            schema["description"] = parameter.words.en
            if parameter.unit.en:
                schema["x-unit"] = parameter.unit.en
                chinese["unit"] = parameter.unit.zh
            schema["x-zh"] = chinese
        for below in _models_in(schema):
            if below not in told:
                told.add(below)
                _tell(models[below], own, models, words, told)


def _models_in(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].rpartition("/")[2]
        for value in schema.values():
            yield from _models_in(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _models_in(value)


def case_schema() -> Schema:
    """A case as one document: settings and tables, and perhaps a variant and overrides."""
    settings = settings_schema()
    models = settings.pop("$defs")
    del settings["properties"]["extends"]  # a document is whole
    plain = {
        "scenario": {"properties": {"resources": {"items": {"enum": _PLAIN_RESOURCES}}}},
        "measures": {"maxProperties": 0},
    }
    known = {table.name: [column.name for column in table.columns] for table in TABLES if table.name in _OWN}
    strict = {name: {"items": {"propertyNames": {"enum": columns}}} for name, columns in known.items()}
    return {
        **said({"type": "object"}, "一个案例：设置与各表", "A case: settings and tables"),
        "properties": {
            "settings": {"$ref": "#/$defs/Settings"},
            "tables": {"$ref": "#/$defs/Tables"},
            "variant": said({"type": ["string", "null"]}, "采用的方案，空为案例本身",
                            "The variant; null is the case itself"),
            "overrides": said({"type": ["object", "null"]}, "改动的设置，按点号路径",
                              "Settings changed, by dotted path"),
        },
        "required": ["settings", "tables"],
        "additionalProperties": False,
        # Without resources and measures of its own a case has the columns of the schema and no others.
        "if": {"properties": {"settings": {"properties": plain}}},
        "then": {"properties": {"tables": {"properties": strict}}},
        "$defs": {"Settings": settings, "Tables": tables_schema(), **models},
    }  # fmt: skip


def result_tables_schema() -> Schema:
    """The tables of a result folder: an entry per table, each a list of records."""
    tables = {table.name: records_schema(table) for table in RESULT_TABLES}
    for name, pattern in _OWN_RESULTS.items():
        tables[name]["items"]["patternProperties"] = {pattern: {"type": "number"}}
    return said(
        {"type": "object", "properties": tables, "additionalProperties": False},
        "结果文件夹的各表", "The tables of a result folder",
    )  # fmt: skip


def findings_schema() -> Schema:
    """What `check` finds about a case, as a list."""
    return said({"type": "array", "items": finding_schema()}, "输入的问题", "Findings about an input")


def grid_schema() -> Schema:
    """What a GRID.toml may say."""
    return said(_plain(GridFile.model_json_schema()), "批量试算的 GRID.toml", "What a GRID.toml of `batch` says")


def _plain(schema: Any) -> Any:
    """The schema without the titles that pydantic makes of names."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _plain(value) for key, value in schema.items() if key != "title" or isinstance(value, dict)}


_MADE: Mapping[str, tuple[Text, Callable[[], Schema]]] = {
    "case": (Text("案例", "Case"), case_schema),
    "settings": (Text("设置", "Settings"), settings_schema),
    "tables": (Text("案例的表", "Tables of a case"), tables_schema),
    "findings": (Text("问题清单", "Findings"), findings_schema),
    "result": (Text("结果", "Result"), record_schema),
    "result-tables": (Text("结果的表", "Tables of a result"), result_tables_schema),
    "grid": (Text("批量试算", "Grid of a batch"), grid_schema),
}
SCHEMAS: tuple[str, ...] = tuple(_MADE)
"""The names of the schemas."""


def schema_of(name: str) -> Schema:
    """The schema called `name`, a document of its own; KeyError where there is none."""
    title, made = _MADE[name]
    body = made()
    head = {"$schema": DIALECT, "$id": f"urn:quota-opt:schema:{name}", "title": title.en, "x-version": version()}
    return {**head, **body, "x-zh": {"title": title.zh, **body.get("x-zh", {})}}


def all_schemas() -> Schema:
    """Every schema, under `$defs` of one document."""
    head = {"$schema": DIALECT, "$id": "urn:quota-opt:schema", "title": "quota-opt", "x-version": version()}
    return {**head, "$defs": {name: schema_of(name) for name in SCHEMAS}}


def write_schemas(folder: Path) -> list[Path]:
    """Write every schema as `<name>.schema.json` into `folder`; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name in SCHEMAS:
        files.append(folder / f"{name}.schema.json")
        text = json.dumps(schema_of(name), ensure_ascii=False, indent=2)
        files[-1].write_text(text + "\n", encoding="utf-8", newline="\n")
    return files
