"""A case as one JSON document, both ways: settings and tables as values, for programs that pass cases on.

    {"settings": {"scenario": {…}, "rules": {…}}, "tables": {"places": [{"place": "N1", …}], …},
     "variant": "strict-access", "overrides": {"rules.retention.keep": 0.7}}

`settings` is what scenario.toml says, dates as text. A record names the columns of the schema, in the units they are
kept in; blank cells are left out. Headings of the workbook, with their units, are understood as well. `variant` and
`overrides` may be missing. The JSON schema is `quota-opt schema case`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

from quota_opt.errors import InputError
from quota_opt.scenario.cells import _text_of
from quota_opt.scenario.from_tables import raw_from_tables
from quota_opt.scenario.json_shape import shape_findings
from quota_opt.scenario.raw import RawCase
from quota_opt.scenario.settings_reading import plain_document
from quota_opt.scenario.spec import ColumnSpec
from quota_opt.scenario.tables import tables_of

if TYPE_CHECKING:
    from quota_opt.scenario.scenario import Scenario

_LARGEST = 2**63
"""Whole numbers beyond it are kept as text: no column holds them."""


def case_document(scenario: Scenario) -> dict[str, Any]:
    """The case as JSON types alone; `Scenario.from_document` gives an equal scenario, the same variant of it."""
    document: dict[str, Any] = {
        "settings": _json_of(scenario.raw.document),
        "tables": {
            spec.name: _records(
                scenario.tables[spec.name], [c for c in spec.columns if scenario.has_column(spec.name, c.name)]
            )
            for spec in tables_of(scenario.context)
            if scenario.has_table(spec.name)
        },
    }
    if scenario.variant is not None:
        document["variant"] = scenario.variant
    if scenario.overrides:
        document["overrides"] = _json_of(plain_document(scenario.overrides))
    return document


def _json_of(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _json_of(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_of(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _records(table: pd.DataFrame, columns: list[ColumnSpec]) -> list[dict[str, Any]]:
    cells = {column.name: _cells(table[column.name], column) for column in columns}
    rows = [
        {name: value for name, value in zip(cells, row, strict=True) if value is not None}
        for row in zip(*cells.values(), strict=True)
    ]
    if rows:
        # A column that is there and blank throughout says something else than one that is not there.
        rows[0] |= {name: None for name, values in cells.items() if all(value is None for value in values)}
    return rows


def _cells(values: pd.Series[Any], column: ColumnSpec) -> list[Any]:
    if column.numeric:
        whole = column.kind != "number"
        blank = column.wildcard
        return [blank if math.isnan(v) else int(v) if whole else v for v in values.tolist()]
    if column.kind == "yes/no":
        return [bool(v) for v in values]
    return [(list(v) if isinstance(v, tuple) else v) or None for v in values]


def raw_of_document(document: Mapping[str, Any]) -> tuple[RawCase, str | None, Mapping[str, Any]]:
    """What a folder with the settings and tables of `document` would hold, the variant and the overrides asked for.

    Raises InputError where it has not the shape of a case; what it says is looked at by whoever makes the scenario.
    """
    findings = shape_findings(document)
    if findings:
        raise InputError(findings)
    tables = {
        name: [{key: _cell(value) for key, value in record.items()} for record in records]
        for name, records in document.get("tables", {}).items()
    }
    return (
        raw_from_tables(document["settings"], tables),
        document.get("variant"),
        plain_document(document.get("overrides") or {}),
    )


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return ";".join(_text_of(item) for item in value)
    return str(value) if isinstance(value, int) and abs(value) >= _LARGEST else value
