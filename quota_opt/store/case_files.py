"""The files of a case, in memory: read as the case they are, and judged by what is wrong with them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from quota_opt.errors import Finding, InputError, Level, Text, Where
from quota_opt.facade import Scenario, check, read
from quota_opt.scenario.folder import TABLE_FILES
from quota_opt.scenario.nearest import mend_name
from quota_opt.scenario.settings_reading import SETTINGS_FILE

WORKBOOK_NAMES = {".xlsx": "case.xlsx", ".xlsm": "case.xlsm"}
"""Under which name a workbook is kept, by its ending."""
KNOWN_FILES = (SETTINGS_FILE, *TABLE_FILES)


@dataclass(frozen=True)
class Judged:
    """What is seen of a case at a glance; figures are None where it cannot be read."""

    errors: int
    warnings: int
    data: str | None = None
    """`real`, `synthetic` or `mixed`."""
    first_year: int | None = None
    last_year: int | None = None
    firms: int | None = None
    projects: int | None = None


def case_of_files(files: Mapping[str, bytes]) -> Scenario:
    """The case of files by name. Raises InputError with all findings where it needs correcting, or a name is none of
    a case's."""
    with tempfile.TemporaryDirectory(prefix="quota-opt-") as folder:
        for name, content in files.items():
            if name not in (*KNOWN_FILES, *WORKBOOK_NAMES.values()):
                raise unknown_file(name)
            (Path(folder) / name).write_bytes(content)
        workbook = next((name for name in files if name in WORKBOOK_NAMES.values()), None)
        return read(Path(folder) / workbook if workbook else Path(folder))


def unknown_file(name: str) -> InputError:
    """What is said of a file that is none of a case's."""
    shown = name[:200]
    what = Text(f"案例中没有名为“{shown}”的文件", f"no file of a case is called {shown!r}")
    return InputError(
        [Finding(Level.ERROR, "unknown-file", what, Where(file=shown), mend_name(shown, KNOWN_FILES), shown)]
    )


def judge(files: Mapping[str, bytes]) -> Judged:
    """A case as its files stand, whatever is wrong with them."""
    try:
        scenario = case_of_files(files)
    except InputError as error:
        return judged_of(None, error.findings)
    return judged_of(scenario, check(scenario))


def judged_of(scenario: Scenario | None, findings: Sequence[Finding]) -> Judged:
    """A case that was read (None: that cannot be) and checked already."""
    errors, warnings = (sum(finding.level is level for finding in findings) for level in (Level.ERROR, Level.WARNING))
    if scenario is None:
        return Judged(errors, warnings)
    return Judged(
        errors,
        warnings,
        scenario.data,
        scenario.first_year,
        scenario.last_year,
        len(scenario.firms),
        len(scenario.projects),
    )
