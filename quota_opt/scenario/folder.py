"""Reading a case folder: `scenario.toml` and CSV tables, UTF-8 or GB18030, with the line each record stands on."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tomli_w

from quota_opt.errors import Finding, Level, Text, Where
from quota_opt.scenario.nearest import mend_name
from quota_opt.scenario.paths import merged
from quota_opt.scenario.raw import RawCase, RawTable
from quota_opt.scenario.schema import TABLES
from quota_opt.scenario.settings_reading import SETTINGS_FILE, read_toml, toml_lines

TABLE_FILES: Mapping[str, str] = {f"{t.name}.csv": t.name for t in TABLES}
LARGEST_FILE = 512 * 1024 * 1024
LARGEST_SETTINGS = 4 * 1024 * 1024
MOST_COLUMNS = 1000
# A quoted cell longer than this is a quote that was never closed.
LONGEST_CELL = 100_000


def read_folder(folder: Path, source: str, read_base: Callable[[str, Path], RawCase]) -> RawCase:
    """What a case folder holds. `read_base` reads the case an `extends` names, seen from this folder."""
    settings = folder / SETTINGS_FILE
    findings: list[Finding] = []
    files: dict[str, bytes] = {}
    tables: dict[str, RawTable] = {}
    document: dict[str, object] = {}
    if settings.is_file():
        content, problems = _content(settings, LARGEST_SETTINGS)
        files[SETTINGS_FILE] = content
        findings += problems
        document, problems = read_toml(content, SETTINGS_FILE)
        findings += problems
    else:
        findings.append(_no_settings(folder, source))
    for path in sorted(folder.glob("*")):
        if path.suffix.casefold() != ".csv" or not path.is_file():
            continue
        table = TABLE_FILES.get(path.name)
        if table is None:
            findings.append(
                Finding(
                    Level.ERROR,
                    "unknown-file",
                    Text(f"没有名为“{path.name}”的表", f"no table is called {path.name!r}"),
                    Where(file=path.name),
                    mend_name(
                        path.name,
                        TABLE_FILES,
                        else_zh="不属于案例的文件请移走。",
                        else_en=" Move files that are not part of the case.",
                    ),
                    path.name,
                )
            )
            continue
        content, problems = _content(path, LARGEST_FILE)
        findings += problems
        files[path.name] = content
        if not problems:
            tables[table] = read_csv(content, table, path.name)
    rows = toml_lines(files.get(SETTINGS_FILE, b"").decode("utf-8", errors="replace"))
    base = document.pop("extends", None)
    if isinstance(base, str):
        below = read_base(base, folder)
        document = merged(below.document, document)
        tables = {**below.tables, **tables}
        files = {**below.files, **files, SETTINGS_FILE: tomli_w.dumps(document).encode("utf-8")}
        findings = [*below.findings, *findings]
    elif base is not None:
        document["extends"] = base  # The settings model says what is wrong with it.
    return RawCase(document, tables, files, source, SETTINGS_FILE, settings_rows=rows, findings=tuple(findings))


def _no_settings(folder: Path, source: str) -> Finding:
    tomls = [p.name for p in folder.glob("*.toml")]
    return Finding(
        Level.ERROR,
        "no-settings",
        Text(f"文件夹 {source} 中没有 {SETTINGS_FILE}", f"the folder {source} has no {SETTINGS_FILE}"),
        Where(file=SETTINGS_FILE),
        Text(f"是否应将 {tomls[0]} 改名为 {SETTINGS_FILE}？", f"Should {tomls[0]} be called {SETTINGS_FILE}?")
        if tomls
        else Text(
            f"请加上 {SETTINGS_FILE}，可从内置案例复制。", f"Add {SETTINGS_FILE}, for example from a built-in case."
        ),
    )


def _content(path: Path, most: int) -> tuple[bytes, list[Finding]]:
    try:
        size = path.stat().st_size
        if size <= most:
            return path.read_bytes(), []
        what = Text(
            f"文件有 {size // 2**20} MB，最多读 {most // 2**20} MB",
            f"the file has {size // 2**20} MB; {most // 2**20} MB is the most read",
        )
        fix = Text("请删去无关内容，或拆分案例。", "Remove what is not needed, or split the case.")
        code = "file-too-large"
    except OSError as problem:
        what = Text(f"文件读不了（{problem.strerror}）", f"the file cannot be read ({problem.strerror})")
        fix = Text("请检查权限，或关闭占用它的程序。", "Check its permissions, or close the program that holds it.")
        code = "unreadable-file"
    return b"", [Finding(Level.ERROR, code, what, Where(file=path.name), fix)]


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
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    records: list[list[str]] = []
    lines: list[int] = []
    start = 1
    try:
        for record in reader:
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
    keep = [i for i, r in enumerate(records) if any(r) and not all(c.isspace() or not c for c in r)]
    if not keep:
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
    header_line = lines[keep[0]]
    headers = [h.strip() for h in records[keep[0]]]
    while (
        headers
        and not headers[-1]
        and all(len(records[i]) < len(headers) or not records[i][len(headers) - 1].strip() for i in keep[1:])
    ):
        headers.pop()
    body = [records[i] for i in keep[1:]]
    rows = np.array([lines[i] for i in keep[1:]], dtype=np.int64)
    body, findings, broken = _squared(body, rows, headers, file)
    columns = tuple(list(column) for column in zip(*body, strict=True)) if body else tuple([] for _ in headers)
    kept = [i for i, h in enumerate(headers) if h or any(c.strip() for c in columns[i])]
    return RawTable(
        table,
        tuple(headers[i] for i in kept),
        tuple(columns[i] for i in kept),
        tuple(kept),
        rows,
        file=file,
        header_row=header_line,
        findings=tuple(findings),
        broken=broken,
    )


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
