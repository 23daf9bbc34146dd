"""Finds the data that ships with the package: solver profiles and built-in cases, installed or in a checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

DataKind = Literal["solvers", "scenarios"]

_PACKAGE = Path(__file__).resolve().parent


def data_root(kind: DataKind) -> Path:
    """The folder of solver profiles or of built-in cases.

    A wheel carries it inside the package (`_data/`); a checkout has it beside the package.
    """
    inside = _PACKAGE / "_data" / kind
    return inside if inside.is_dir() else _PACKAGE.parent / kind


def builtin(kind: DataKind) -> list[str]:
    """Names of the profiles (`solvers/NAME.toml`) or cases (`scenarios/NAME/scenario.toml`) that ship, sorted."""
    root = data_root(kind)
    if kind == "solvers":
        return sorted(path.stem for path in root.glob("*.toml"))
    return sorted(path.parent.name for path in root.glob("*/scenario.toml"))
