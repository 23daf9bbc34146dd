"""One CSV table: its encoding, its records, and the line each of them stands on."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from quota_opt.errors import Finding, Level, Text, Where
from quota_opt.scenario.raw import RawTable

Cells = Sequence[str] | npt.NDArray[np.object_]


def decode(content: bytes) -> str | None:
    """The text of a CSV file: UTF-8 with or without BOM, UTF-16 with BOM (Excel's Unicode text), or GB18030."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def read_csv(content: bytes, table: str, file: str) -> RawTable:
    """One CSV table. Its first line that is not blank holds the headings; line numbers count quoted line breaks."""
    text = decode(content)
    if text is None:
        return _unread(
            table,
            file,
            "not-text",
            None,
            what=Text("文件既不是 UTF-8 也不是 GB18030 文本", "the file is neither UTF-8 nor GB18030 text"),
            fix=Text("请另存为“CSV UTF-8”。", "Save it as CSV UTF-8."),
        )
    delimiter = _delimiter(text)
    plain = _read_plain(text, delimiter)
    if plain is not None:
        return _table_of(table, file, plain[0], plain[1], rows=np.arange(2, len(plain[1][0]) + 2, dtype=np.int64))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records: list[list[str]] = []
    lines: list[int] = []
    start = 1
    try:
        for record in reader:
            if any(cell and not cell.isspace() for cell in record):
                records.append(record)
                lines.append(start)
            start = reader.line_num + 1
    except csv.Error as problem:
        return _unread(
            table,
            file,
            "csv-syntax",
            start,
            what=Text(f"引号或分隔有误（{problem}）", f"the quotes or commas are wrong ({problem})"),
            fix=Text("请检查从这一行起的引号是否成对。", "Check that the quotes from this line on come in pairs."),
        )
    if not records:
        return _unread(
            table,
            file,
            "empty-file",
            1,
            what=Text("文件是空的，没有表头", "the file is empty, without headings"),
            fix=Text(
                "请写上表头；不需要该表就删除文件。",
                "Write the headings, or delete the file if the table is not needed.",
            ),
        )
    headers, body, rows = [h.strip() for h in records[0]], records[1:], np.array(lines[1:], dtype=np.int64)
    while headers and not headers[-1] and not any(r[len(headers) - 1].strip() for r in body if len(r) >= len(headers)):
        headers.pop()
    body, findings, broken = _squared(body, rows, headers, file)
    columns = [list(column) for column in zip(*body, strict=True)] if body else [[] for _ in headers]
    return _table_of(
        table, file, headers, columns, rows=rows, header_row=lines[0], findings=tuple(findings), broken=broken
    )


def _table_of(
    table: str, file: str, headers: Sequence[str], columns: Sequence[Cells], *, rows: npt.NDArray[np.int64],
    header_row: int = 1, findings: tuple[Finding, ...] = (), broken: frozenset[tuple[int, int]] = frozenset(),
) -> RawTable:  # fmt: skip
    """The raw table, without columns that have neither a heading nor data."""
    kept = [i for i, h in enumerate(headers) if h or any(c.strip() for c in columns[i])]
    return RawTable(
        table,
        tuple(headers[i] for i in kept),
        tuple(columns[i] for i in kept),
        tuple(kept),
        rows,
        file=file,
        header_row=header_row,
        findings=findings,
        broken=broken,
    )


def _read_plain(text: str, delimiter: str) -> tuple[list[str], list[Cells]] | None:
    """Headings and columns of a table without quotes, blank lines or ragged rows; None where it has any of these.

    Three times as fast as record by record, and large tables come from programs, which write them this way.
    """
    if '"' in text or "\0" in text:
        return None
    try:
        frame = pd.read_csv(
            io.StringIO(text), sep=delimiter, header=None, dtype=object, na_filter=False, keep_default_na=False,
            quoting=csv.QUOTE_NONE, skip_blank_lines=False, engine="c",
        )  # fmt: skip
    except (pd.errors.ParserError, pd.errors.EmptyDataError):
        return None
    # A short row is filled up without a word; the number of commas tells.
    if text.count(delimiter) != len(frame) * (frame.shape[1] - 1) or frame.shape[1] < 2:
        return None
    columns: list[Cells] = [frame[j].to_numpy(dtype=object)[1:] for j in frame.columns]
    headers = [str(h).strip() for h in frame.iloc[0]]
    suspects = [i for i, c in enumerate(columns[0]) if not c or c.isspace()]
    blank = any(all(not column[i] or column[i].isspace() for column in columns) for i in suspects)
    return None if blank or not all(headers) else (headers, columns)


def _delimiter(text: str) -> str:
    line = text.lstrip("\r\n").partition("\n")[0]
    if "," in line:
        return ","
    return "\t" if "\t" in line else ";" if ";" in line else ","


def _unread(table: str, file: str, code: str, row: int | None, *, what: Text, fix: Text) -> RawTable:
    finding = Finding(Level.ERROR, code, what, Where(file=file, row=row), fix)
    return RawTable(table, (), (), (), np.array([], dtype=np.int64), file=file, findings=(finding,))


def _squared(
    body: list[list[str]], rows: npt.NDArray[np.int64], headers: list[str], file: str
) -> tuple[list[list[str]], list[Finding], frozenset[tuple[int, int]]]:
    """Records cut or filled to the width of the headings; a ragged one is reported once, not cell by cell."""
    width = len(headers)
    if all(n == width for n in set(map(len, body))):
        return body, [], frozenset()
    findings: list[Finding] = []
    broken: set[tuple[int, int]] = set()
    squared: list[list[str]] = []
    for record, row in zip(body, rows, strict=True):
        extra = any(c.strip() for c in record[width:])
        if extra or len(record) < width:
            findings.append(
                Finding(
                    Level.ERROR,
                    "ragged-row",
                    Text(
                        f"这一行有 {len(record)} 格，表头有 {width} 列",
                        f"this line has {len(record)} cells, the headings are {width}",
                    ),
                    Where(file=file, row=int(row)),
                    Text(
                        "含逗号的内容请加引号；缺的格补上逗号。",
                        "Put quotes around cells with commas; add commas for missing cells.",
                    ),
                    ",".join(record)[:80],
                )
            )
            broken.update((int(row), position) for position in range(width))
        squared.append([*record[:width], *[""] * (width - len(record))])
    return squared, findings, frozenset(broken)
