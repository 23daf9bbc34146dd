"""The tables of one case: the seven of the contract plus the columns its own resources and measures bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quota_opt.errors import Text
from quota_opt.scenario.cells import YEARS
from quota_opt.scenario.schema import TABLES, resource_column, resource_words
from quota_opt.scenario.spec import ColumnSpec, TableSpec


@dataclass(frozen=True)
class TableContext:
    """What the reading of tables depends on in the settings: equal contexts read the same tables."""

    resources: tuple[str, ...]
    project_measures: tuple[tuple[str, str, str], ...]
    """(column, unit, settings path) of each user measure over projects."""
    action_measures: tuple[tuple[str, str, str], ...]
    first_year: int
    last_year: int


def _resource(table: str, resource: str) -> ColumnSpec:
    words = resource_words(resource)
    verb = {"firms": Text("用量", "used"), "projects": Text("需用", "needed"), "actions": Text("腾出", "freed")}[table]
    name = resource_column(resource, table)
    # A firm's column bears the bare name of the resource, so does its Chinese heading: both are what planners write.
    zh = resource if table == "firms" else f"{verb.zh}{resource}"
    return ColumnSpec(
        name,
        zh,
        "number",
        Text(f"{verb.zh}{words.zh}", f"{words.en} {verb.en}"),
        "",
        minimum=None if table == "actions" else 0.0,
        dynamic=True,
    )


def _measure(column: str, unit: str, path: str) -> ColumnSpec:
    description = Text(f"用户指标 {path} 的取值", f"Figures of the measure {path}")
    return ColumnSpec(column, column, "number", description, unit, dynamic=True)


def tables_of(context: TableContext) -> tuple[TableSpec, ...]:
    """The seven tables, in contract order, with the case's own columns added."""

    def own(table: str) -> tuple[ColumnSpec, ...]:
        columns: Sequence[ColumnSpec] = ()
        if table in ("firms", "projects", "actions"):
            known = {c.name for t in TABLES if t.name == table for c in t.columns}
            columns = [_resource(table, r) for r in context.resources if resource_column(r, table) not in known]
        measures = {"projects": context.project_measures, "actions": context.action_measures}.get(table, ())
        return (*columns, *(_measure(*m) for m in measures))

    return tuple(t.with_columns(own(t.name)) for t in TABLES)


def context_of(document: Mapping[str, Any]) -> TableContext:
    """The context as far as settings that may be wrong can be read; without years everything is inside the horizon."""
    section = document.get("scenario")
    section = section if isinstance(section, Mapping) else {}
    resources = section.get("resources")
    names = tuple(r for r in resources if isinstance(r, str) and r) if isinstance(resources, list) else ("energy",)
    measures = document.get("measures")
    definitions = measures.items() if isinstance(measures, Mapping) else ()

    def columns(table: str) -> tuple[tuple[str, str, str], ...]:
        return tuple(
            (m[table], "", f"measures.{n}.{table}")
            for n, m in definitions
            if isinstance(m, Mapping) and isinstance(m.get(table), str)
        )

    first, last = section.get("first_year"), section.get("last_year")
    if not (isinstance(first, int) and isinstance(last, int) and first <= last):
        first, last = YEARS
    return TableContext(names, columns("projects"), columns("actions"), first, last)
