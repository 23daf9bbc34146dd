"""Small cases the reading tests start from: a county with two towns, two firms, two projects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import quota_opt.rules  # noqa: F401  (fills the registry of rules)
from quota_opt.errors import Finding, InputError
from quota_opt.scenario import read

SETTINGS = """\
[scenario]
name = "demo"
first_year = 2024
last_year = 2026
resources = ["energy"]
"""
PLACES = "place,level,parent\nC,county,\nN1,town,C\nN2,town,C\n"
FIRMS = "firm,place,energy_tce,value_added\nF1,N1,1000,300\nF2,N2,500,400\n"
PROJECTS = "project,place,category,energy_tce,value_added\nP1,N1,strategic,500,1250\nP2,N2,chain,600,1200\n"

Case = Callable[..., Path]


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """Writes a case folder; keyword arguments replace (or add) files, None leaves a file out."""

    def write(**files: str | bytes | None) -> Path:
        folder = tmp_path / "demo"
        folder.mkdir(exist_ok=True)
        contents: dict[str, Any] = {
            "settings": SETTINGS,
            "places": PLACES,
            "firms": FIRMS,
            "projects": PROJECTS,
            **files,
        }
        for name, content in contents.items():
            target = folder / ("scenario.toml" if name == "settings" else name if "." in name else f"{name}.csv")
            if content is not None:
                target.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return folder

    return write


@pytest.fixture
def findings_of() -> Callable[[Any], list[Finding]]:
    """Reads a case and returns what was found, whether it could be read or not."""

    def found(source: Any) -> list[Finding]:
        try:
            return list(read(source).findings)
        except InputError as error:
            return list(error.findings)

    return found
