"""The oracle's reading of single cells: numbers, texts, lists, yes and no, with what a blank stands for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

Record = Mapping[str, Any]


def given(row: Record, column: str) -> bool:
    value = row.get(column)
    return not (value is None or value == "" or (isinstance(value, float) and math.isnan(value)))


def number(row: Record, column: str, default: float = 0.0) -> float:
    return float(row[column]) if given(row, column) else float(default)


def text(row: Record, column: str) -> str:
    return str(row[column]) if given(row, column) else ""


def listed(row: Record, column: str) -> list[str]:
    return [part.strip() for part in text(row, column).split(";") if part.strip()]


def is_yes(row: Record, column: str) -> bool:
    return given(row, column) and row[column] in (True, "yes", "true", 1)


def by_resource(value: Any, resource: str, default: float) -> float:
    return float(value.get(resource, default)) if isinstance(value, Mapping) else float(value)
