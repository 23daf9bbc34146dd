"""Writes a case folder: a working copy a planner changes."""

from __future__ import annotations

from pathlib import Path

import tomli_w

from quota_opt.errors import OutputExists, Text
from quota_opt.scenario.from_tables import csv_of
from quota_opt.scenario.scenario import Scenario, effective_document
from quota_opt.scenario.settings_reading import SETTINGS_FILE


def write_case(folder: str | Path, scenario: Scenario) -> Path:
    """Write the scenario as a case folder that reads as the same scenario; returns the folder.

    Files of a case folder are copied as they are, comments and all; only where a variant or overrides are applied is
    `scenario.toml` written anew. The tables of a workbook become CSV files. Raises OutputExists if anything is there.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputExists(
            Text(
                f"“{folder}”已存在且不为空；请换一个位置。", f"{folder} exists and is not empty; choose another place."
            )
        )
    if SETTINGS_FILE in scenario.files:
        files = dict(scenario.files)
    else:
        files = {f"{name}.csv": csv_of(table) for name, table in scenario.raw.tables.items()}
    if SETTINGS_FILE not in files or scenario.variant is not None or scenario.overrides:
        files[SETTINGS_FILE] = tomli_w.dumps(effective_document(scenario)).encode("utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder
