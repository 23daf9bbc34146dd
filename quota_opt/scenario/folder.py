"""Reading a case folder: `scenario.toml`, its CSV tables, and the case it extends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import tomli_w

from quota_opt.errors import Finding, Level, Text, Where
from quota_opt.scenario.csv_table import read_csv
from quota_opt.scenario.nearest import mend_name
from quota_opt.scenario.paths import merged
from quota_opt.scenario.raw import RawCase, RawTable
from quota_opt.scenario.schema import TABLES
from quota_opt.scenario.settings_reading import SETTINGS_FILE, read_toml, toml_lines

TABLE_FILES: Mapping[str, str] = {f"{t.name}.csv": t.name for t in TABLES}
LARGEST_FILE = 512 * 1024 * 1024
LARGEST_SETTINGS = 4 * 1024 * 1024


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
