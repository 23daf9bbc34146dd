"""Results as callers fetch them: tables as JSON, the folder as a zip, reports made where the run has none."""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from quota_opt.batch.task import unpack
from quota_opt.errors import Language, Text
from quota_opt.plan.columns import records_of
from quota_opt.plan.folder import read_table
from quota_opt.report.reporters import write_report
from quota_opt.web.problems import Refused

_NAME = re.compile(r"^[a-z_]+$")
_EPOCH = (1980, 1, 1, 0, 0, 0)


def table_names(files: Mapping[str, bytes]) -> list[str]:
    """The tables of a result folder."""
    return sorted(name.removesuffix(".csv") for name in files if "/" not in name and name.endswith(".csv"))


def table_csv(files: Mapping[str, bytes], name: str) -> bytes:
    """A table as its file. Raises Refused where the result has no such table."""
    known = table_names(files)
    if not _NAME.match(name) or name not in known:
        listed = ", ".join(known)
        raise Refused(
            404,
            "no-such-table",
            Text(
                f"结果中没有表 {name[:100]}；有：{listed}", f"The result has no table {name[:100]!r}; it has: {listed}"
            ),
        )
    return files[f"{name}.csv"]


def table_record(content: bytes, name: str, offset: int, limit: int | None) -> dict[str, Any]:
    """Rows of a table as JSON, see `models.Table`."""
    with tempfile.TemporaryDirectory(prefix="quota-opt-") as scratch:
        path = Path(scratch) / "table.csv"
        path.write_bytes(content)
        try:
            table = read_table(path)
        except pd.errors.EmptyDataError:
            table = pd.DataFrame()
    part = table.iloc[offset : None if limit is None else offset + limit]
    return {
        "table": name,
        "columns": list(table.columns),
        "rows": len(table),
        "records": records_of(name, part),
    }


def zip_folder(files: Mapping[str, bytes]) -> bytes:
    """A result folder as a zip, the same bytes for the same folder."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in sorted(files.items()):
            package.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def report(files: Mapping[str, bytes], name: str, language: Language) -> bytes:
    """`report.html`, `report.xlsx` or `report.docx` of a run, made from its folder where it was written without.

    Raises VerificationFailed where the folder does not hold.
    """
    if name in files:
        return files[name]
    from quota_opt.analysis.addresses import read_result
    from quota_opt.report.content import gather

    with tempfile.TemporaryDirectory(prefix="quota-opt-") as scratch:
        folder = unpack(files, Path(scratch) / "run")
        return write_report(gather(read_result(folder)), Path(scratch) / name, language).read_bytes()
