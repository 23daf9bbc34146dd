"""A case made in Python: settings and tables as values, kept as the files they would be."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import tomli_w

from quota_opt.errors import Finding, InputError, Level, Text, Where
from quota_opt.scenario.cells import _text_of
from quota_opt.scenario.nearest import mend_name
from quota_opt.scenario.raw import RawCase, RawTable
from quota_opt.scenario.schema import TABLES
from quota_opt.scenario.settings_reading import SETTINGS_FILE, plain_document, read_toml, toml_lines


class LazyFiles(Mapping[str, bytes]):
    """The files the tables would be; made when somebody wants to keep them, not before."""

    def __init__(self, settings: bytes, tables: Mapping[str, RawTable]) -> None:
        self._settings = settings
        self._tables = {f"{name}.csv": table for name, table in tables.items()}
        self._made: dict[str, bytes] = {}

    def __getitem__(self, name: str) -> bytes:
        if name == SETTINGS_FILE:
            return self._settings
        if name not in self._made:
            self._made[name] = csv_of(self._tables[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter([SETTINGS_FILE, *self._tables])

    def __len__(self) -> int:
        return 1 + len(self._tables)


def csv_of(table: RawTable) -> bytes:
    """The table as UTF-8 CSV; numbers keep every digit."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.headers)
    columns = [[v if isinstance(v, str) else _text_of(v) for v in column] for column in table.columns]
    writer.writerows(zip(*columns, strict=True))
    return out.getvalue().encode("utf-8")


def raw_from_tables(
    settings: Mapping[str, Any] | str, tables: Mapping[str, pd.DataFrame | Sequence[Mapping[str, Any]]]
) -> RawCase:
    """What a folder with these settings and tables would hold."""
    findings: list[Finding] = []
    if isinstance(settings, str):
        content = settings.encode("utf-8")
        document, findings = read_toml(content, SETTINGS_FILE)
    else:
        document = plain_document(settings)
        content = tomli_w.dumps(document).encode("utf-8")
    names = [t.name for t in TABLES]
    raw: dict[str, RawTable] = {}
    for name, table in tables.items():
        if name in names:
            raw[name] = _raw_table(name, table)
        else:
            findings.append(
                Finding(
                    Level.ERROR,
                    "unknown-table",
                    Text(f"没有名为“{name}”的表", f"no table is called {name!r}"),
                    Where(file=name),
                    mend_name(name, names),
                    name,
                )
            )
    if not document and not findings:
        raise InputError([_no_settings()])
    return RawCase(
        document, raw, LazyFiles(content, raw), "tables", SETTINGS_FILE,
        settings_rows=toml_lines(content.decode("utf-8")), findings=tuple(findings),
    )  # fmt: skip


def _no_settings() -> Finding:
    return Finding(
        Level.ERROR,
        "no-settings",
        Text("没有设置", "there are no settings"),
        Where(file=SETTINGS_FILE),
        Text(
            "请至少给出 [scenario] 的 name、first_year、last_year。",
            "Give at least name, first_year and last_year of [scenario].",
        ),
    )


def _raw_table(name: str, table: pd.DataFrame | Sequence[Mapping[str, Any]]) -> RawTable:
    if isinstance(table, pd.DataFrame):
        headers = tuple(str(c) for c in table.columns)
        columns = tuple(_cells(table.iloc[:, i]) for i in range(len(headers)))
        count = len(table)
    else:
        # A record without anything in it is a blank line, which files may have as well.
        kept = [i for i, record in enumerate(table) if any(v is not None and v != "" for v in record.values())]
        headers = tuple(dict.fromkeys(str(k) for record in table for k in record))
        columns = tuple([table[i].get(h) for i in kept] for h in headers)
        return RawTable(name, headers, columns, tuple(range(len(headers))), np.array(kept, np.int64) + 2, f"{name}.csv")
    rows = np.arange(2, count + 2, dtype=np.int64)
    return RawTable(name, headers, columns, tuple(range(len(headers))), rows, file=f"{name}.csv")


def _cells(column: pd.Series) -> Any:
    if column.dtype.kind in "iuf":
        return column.to_numpy()
    return column.astype(object).tolist()
