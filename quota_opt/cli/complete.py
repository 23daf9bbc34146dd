"""Names the shell completes: cases, their variants, profiles. Reads little, so that a key press stays quick."""

from __future__ import annotations

import contextlib
import tomllib
from pathlib import Path

from quota_opt.resources import builtin, data_root


def cases(incomplete: str) -> list[str]:
    """Built-in cases and, after a slash, their variants; then folders and workbooks here."""
    name, slash, _ = incomplete.partition("/")
    if slash and name in builtin("scenarios"):
        return [f"{name}/{variant}" for variant in _variants(data_root("scenarios") / name) if variant]
    return [*builtin("scenarios"), *_paths(incomplete)]


def profiles(incomplete: str) -> list[str]:
    """Built-in solver profiles; then profile files here."""
    here = [name for name in _paths(incomplete, suffix=".toml") if name.endswith(".toml")] if incomplete else []
    return [*builtin("solvers"), *here]


def rules(incomplete: str) -> list[str]:
    """Names of the policy rules, from their files: importing them would take too long."""
    folder = Path(__file__).parents[1] / "rules"
    return sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))


def dictionary(incomplete: str) -> list[str]:
    """Pages of the data dictionary."""
    from quota_opt.scenario.schema import TABLES

    return [*(table.name for table in TABLES), "settings", "units", "factors", "measures"]


def schemas(incomplete: str) -> list[str]:
    """Names of the JSON schemas."""
    return ["case", "settings", "tables", "findings", "result", "result-tables", "grid"]


def _variants(folder: Path) -> list[str]:
    with contextlib.suppress(OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        settings = tomllib.loads((folder / "scenario.toml").read_text(encoding="utf-8"))
        return sorted(settings.get("variants", {}))
    return []


def _paths(incomplete: str, suffix: str = ".xlsx") -> list[str]:
    cut = max(incomplete.rfind("/"), incomplete.rfind("\\")) + 1
    stem = incomplete[:cut]
    with contextlib.suppress(OSError):
        return sorted(
            f"{stem}{path.name}{'/' if path.is_dir() else ''}"
            for path in Path(stem or ".").iterdir()
            if not path.name.startswith(".") and (path.is_dir() or path.suffix == suffix)
        )
    return []
