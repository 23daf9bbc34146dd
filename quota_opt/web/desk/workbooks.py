"""A case as the page shows it, as a workbook; also while there is something wrong with it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from quota_opt.errors import InputError
from quota_opt.scenario.scenario import Scenario
from quota_opt.scenario.settings_reading import SETTINGS_FILE
from quota_opt.scenario.workbook_writer import TypedSheet, write_typed_workbook, write_workbook
from quota_opt.web.desk.case_files import Files, document_of
from quota_opt.web.desk.tables import tables


def workbook_of(files: Files, scenario: Scenario | None = None) -> bytes:
    """The workbook of a case's files. Where they cannot be read as a case (`scenario` None), each cell as it was typed
    and where the findings say it is.

    Raises InputError where the settings cannot be read at all, or a text is too long for a cell.
    """
    with tempfile.TemporaryDirectory(prefix="quota-opt-") as folder:
        path = Path(folder) / "case.xlsx"
        if scenario is not None:
            return write_workbook(path, scenario).read_bytes()
        document, found = document_of(files)
        if found or SETTINGS_FILE not in files:
            raise InputError(found)
        sheets = {
            name: TypedSheet([c.header for c in table.columns], table.rows, table.header_line)
            for name, table in tables(files).items()
            if table.given and table.broken is None
        }
        return write_typed_workbook(path, document, sheets).read_bytes()
