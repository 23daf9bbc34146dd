"""The tables of a batch: `runs.csv` has a line for each run, `summary.csv` and `summary.parquet` its measures in long
form. The same runs give the same summary byte for byte, in whatever order and how often they were begun."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from quota_opt.batch.shelf import Entry, Shelf, whole_file
from quota_opt.errors import Language, Text
from quota_opt.plan.folder import write_table
from quota_opt.plan.places import COLUMNS as MEASURE_COLUMNS
from quota_opt.plan.places import MEASURES

if TYPE_CHECKING:
    import pyarrow as pa

RUN_COLUMNS = (
    "run", "status", "gap", "seconds", "exit_code", "reason", "case", "variant", "parameters", "seed", "profile",
    "objective", "bound", "peak_mb", "folder",
)  # fmt: skip
SUMMARY_COLUMNS = ("run", "case", "variant", "parameters", *MEASURE_COLUMNS)
RUNS_FILE, SUMMARY_FILE, SUMMARY_PARQUET = "runs.csv", "summary.csv", "summary.parquet"
_GROUP = 200_000
"""Lines of the summary that are held in memory at once."""

Line = tuple[str, ...]


def runs_table(entries: Iterable[Entry], shelf: Shelf, language: Language) -> pd.DataFrame:
    """One line for each run that ended, in the order of the grid; `folder` is where it stands below the batch's."""
    lines = []
    for entry in entries:
        run, ending = entry.run, entry.ending
        place = shelf.result(run) if ending.planned else shelf.failure(run)
        line = {
            "run": run.address,
            "reason": "" if ending.reason is None else one_line(ending.reason).of(language),
            "seconds": round(ending.seconds, 3),
            "parameters": run.written_parameters,
            "folder": place.relative_to(shelf.folder).as_posix(),
        }
        of_run = {name: getattr(run, name) for name in ("case", "variant", "seed", "profile")}
        of_ending = {
            name: getattr(ending, name) for name in ("status", "gap", "exit_code", "objective", "bound", "peak_mb")
        }
        lines.append({**line, **of_run, **of_ending})
    return pd.DataFrame(lines, columns=list(RUN_COLUMNS))


def one_line(reason: Text) -> Text:
    """A reason on one line."""
    zh, en = ([" ".join(line.split()) for line in text.splitlines() if line.strip()] for text in reason)
    return Text("；".join(zh), "; ".join(en))


def write_tables(entries: Sequence[Entry], shelf: Shelf, language: Language) -> pd.DataFrame:
    """Write all three tables, each whole or not at all; returns the table of runs."""
    runs = runs_table(entries, shelf, language)
    with whole_file(shelf.folder / RUNS_FILE) as path:
        write_table(runs, path)
    with (
        whole_file(shelf.folder / SUMMARY_FILE) as text,
        whole_file(shelf.folder / SUMMARY_PARQUET) as columns,
        text.open("w", encoding="utf-8-sig", newline="") as file,
    ):
        out = csv.writer(file, lineterminator="\n")
        out.writerow(SUMMARY_COLUMNS)
        _write_both(entries, shelf, out, columns)
    return runs


def _write_both(entries: Iterable[Entry], shelf: Shelf, out: Any, columns: Path) -> None:
    import pyarrow.parquet as pq

    held: list[Line] = []
    with pq.ParquetWriter(columns, _schema(), compression="zstd") as parquet:
        for lines in _lines(entries, shelf):
            out.writerows(lines)
            held += lines
            if len(held) >= _GROUP:
                parquet.write_table(_columns(held))
                held = []
        parquet.write_table(_columns(held))


def _lines(entries: Iterable[Entry], shelf: Shelf) -> Iterator[list[Line]]:
    """The lines of the summary, run by run, figures as the result folder writes them."""
    for entry in entries:
        if entry.ending.planned:
            run = entry.run
            head = (run.address, run.case, run.variant, run.written_parameters)
            yield [(*head, *line) for line in _measures(shelf.result(run) / MEASURES)]


def _measures(path: Path) -> list[list[str]]:
    """The lines of a measures.csv as written."""
    rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
    header = next(rows)
    order = [header.index(name) for name in MEASURE_COLUMNS]
    return [[row[k] for k in order] for row in rows]


def _schema() -> pa.Schema:
    import pyarrow as pa

    word = pa.dictionary(pa.int32(), pa.string())
    kinds = {"year": pa.int32(), "value": pa.float64()}
    return pa.schema([(name, kinds.get(name, word)) for name in SUMMARY_COLUMNS])


def _columns(lines: Sequence[Line]) -> pa.Table:
    import pyarrow as pa

    parts = dict(zip(SUMMARY_COLUMNS, zip(*lines, strict=True) if lines else [()] * len(SUMMARY_COLUMNS), strict=True))
    arrays = []
    for name, kind in zip(SUMMARY_COLUMNS, _schema().types, strict=True):
        if name == "year":
            arrays.append(pa.array([int(year) if year else None for year in parts[name]], kind))
        elif name == "value":
            arrays.append(pa.array([float(value) for value in parts[name]], kind))
        else:
            arrays.append(pa.array(parts[name], pa.string()).dictionary_encode())
    return pa.Table.from_arrays(arrays, schema=_schema())
