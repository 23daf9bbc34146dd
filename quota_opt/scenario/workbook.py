"""Reading a workbook."""

from __future__ import annotations

from pathlib import Path

from quota_opt.scenario.raw import RawCase


def read_workbook(path: Path, source: str) -> RawCase:
    """What a workbook holds."""
    raise NotImplementedError
