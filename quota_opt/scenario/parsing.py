"""Raw tables to the tables of a Scenario: every column of the schema there, typed, in input order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from quota_opt.errors import Finding, Text, Where
from quota_opt.scenario.cells import ColumnReader
from quota_opt.scenario.collector import Collector
from quota_opt.scenario.headers import match_headings
from quota_opt.scenario.nearest import mend_name
from quota_opt.scenario.raw import RawTable
from quota_opt.scenario.references import check_references
from quota_opt.scenario.spec import ColumnSpec, TableSpec
from quota_opt.scenario.tables import TableContext, tables_of


@dataclass(frozen=True)
class ParsedTables:
    """The seven tables, where their columns stand in the raw ones, and what was found."""

    tables: Mapping[str, pd.DataFrame]
    columns: Mapping[str, Mapping[str, int]]
    """Table → column → index of its heading in the raw table."""
    findings: tuple[Finding, ...]


def parse_tables(raw: Mapping[str, RawTable], context: TableContext, workbook: str | None = None) -> ParsedTables:
    """All seven tables; those not given are empty, and looked for in `workbook` or as files of a folder."""
    report = Collector()
    frames: dict[str, pd.DataFrame] = {}
    columns: dict[str, dict[str, int]] = {}
    specs = tables_of(context)
    for spec in specs:
        given = raw.get(spec.name)
        if given is None:
            frames[spec.name] = _frame(spec, {}, 0)
            columns[spec.name] = {}
            if spec.required:
                report.error(
                    "missing-table",
                    Text(f"缺少“{spec.sheet}”表", f"the table {spec.name} is missing"),
                    Where(file=workbook, sheet=spec.sheet) if workbook else Where(file=f"{spec.name}.csv"),
                    Text(
                        f"请加上 {spec.name}.csv（或工作表“{spec.sheet}”）。",
                        f"Add {spec.name}.csv (or the sheet {spec.sheet}).",
                    ),
                )
            continue
        report.extend(given.findings)
        frames[spec.name], columns[spec.name] = _parse_table(given, spec, report)
    _check_measure_columns(raw, columns, context, specs, report)
    check_references(raw, frames, columns, context, report)
    return ParsedTables(frames, columns, report.all())


def _parse_table(raw: RawTable, spec: TableSpec, report: Collector) -> tuple[pd.DataFrame, dict[str, int]]:
    # A table without records may come without headings too (an empty list given from Python).
    matched = match_headings(raw, spec, report) if raw.headers else {}
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for column in spec.columns:
        if column.name in matched:
            index, factor = matched[column.name]
            arrays[column.name] = ColumnReader(raw, index, column, factor, report).read()
    return _frame(spec, arrays, len(raw.rows)), {name: index for name, (index, _) in matched.items()}


def _frame(spec: TableSpec, arrays: Mapping[str, npt.NDArray[np.generic]], rows: int) -> pd.DataFrame:
    data = {c.name: _series(arrays[c.name] if c.name in arrays else _blank(c, rows)) for c in spec.columns}
    return pd.DataFrame(data, index=pd.RangeIndex(rows))


def _series(values: npt.NDArray[np.generic]) -> pd.Series:
    # The dtype is stated so that text stays `object` in every pandas; 3 would make it its own string type.
    return pd.Series(values, dtype=values.dtype, copy=False)


def _blank(column: ColumnSpec, rows: int) -> npt.NDArray[np.generic]:
    if column.numeric:
        filler = float(column.default) if isinstance(column.default, int | float) else np.nan
        return np.full(rows, filler, dtype=np.float64)
    if column.kind == "yes/no":
        return np.full(rows, bool(column.default), dtype=bool)
    cells = np.empty(rows, dtype=object)
    for_lists = column.kind in ("list", "numbers")
    if for_lists:
        cells[:] = [()] * rows
    else:
        cells[:] = column.default if isinstance(column.default, str) else ""
    return cells


def _check_measure_columns(
    raw: Mapping[str, RawTable],
    columns: Mapping[str, Mapping[str, int]],
    context: TableContext,
    specs: tuple[TableSpec, ...],
    report: Collector,
) -> None:
    """A measure of the case's own that sums a column nobody wrote would always be nothing."""
    for table, measures in (("projects", context.project_measures), ("actions", context.action_measures)):
        spec = next(s for s in specs if s.name == table)
        for column, _, path in measures:
            usable = column in columns[table] and spec.column(column).numeric
            if usable or table not in raw or not raw[table].headers:
                continue
            where = Where(file=raw[table].file, sheet=raw[table].sheet, path=path)
            if spec.column(column).dynamic:
                report.error(
                    "unknown-column",
                    Text(
                        f"指标 {path} 要用的列“{column}”不在“{spec.sheet}”表中",
                        f"{path} sums the column {column!r}, which {table} does not have",
                    ),
                    where,
                    mend_name(column, [c for c in columns[table] if spec.column(c).numeric]),
                    column,
                )
            elif not spec.column(column).numeric:
                report.error(
                    "not-a-number",
                    Text(
                        f"指标 {path} 要用的列“{column}”不是数字列",
                        f"{path} sums the column {column!r}, which does not hold numbers",
                    ),
                    where,
                    Text("请换成数字列。", "Name a column of numbers."),
                    column,
                )
