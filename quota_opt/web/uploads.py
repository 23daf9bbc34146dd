"""What callers send as a case: a built-in name, a JSON document, a zip of tables or a workbook; never a path."""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from quota_opt.errors import Finding, InputError, Level, Text, Where
from quota_opt.resources import builtin
from quota_opt.scenario import Scenario, read
from quota_opt.scenario.folder import TABLE_FILES
from quota_opt.scenario.nearest import mend_name
from quota_opt.scenario.settings_reading import SETTINGS_FILE, read_toml
from quota_opt.store.case_files import KNOWN_FILES, WORKBOOK_NAMES, case_of_files, unknown_file
from quota_opt.web.limits import ServerLimits
from quota_opt.web.packages import DAMAGE, damaged, open_package, refuse_huge_workbook, too_large, too_many_cells

LARGEST_SETTINGS = 512 * 1024
"""Bytes of scenario.toml; reading it takes longer than in proportion."""
_LITTER = ("__macosx/", ".ds_store", "thumbs.db", "desktop.ini")


def builtin_case(address: str) -> Scenario:
    """A built-in case by its name or NAME/VARIANT; nothing else is looked for.

    Raises InputError where there is none.
    """
    name, _, variant = address.partition("/")
    known = builtin("scenarios")
    if name not in known:
        what = Text(f"没有名为“{name}”的内置案例", f"no built-in case is called {name!r}")
        raise InputError([Finding(Level.ERROR, "unknown-case", what, Where(path="case"), mend_name(name, known), name)])
    scenario = read(name)
    return scenario.with_variant(variant) if variant else scenario


def document_case(document: Mapping[str, Any], limits: ServerLimits) -> Scenario:
    """The case of a JSON document (`settings`, `tables`). Raises InputError where it needs correcting."""
    tables = document.get("tables")
    cells = 0
    for records in tables.values() if isinstance(tables, Mapping) else ():
        if isinstance(records, list):
            keys = {key for record in records if isinstance(record, Mapping) for key in record}
            cells += len(keys) * len(records)
    if cells > limits.cells:
        raise too_many_cells(cells, limits)
    return Scenario.from_document(document)


def file_case(content: bytes, limits: ServerLimits) -> Scenario:
    """The case of an uploaded file, told by its content: a zip of a case folder's files, or a workbook.

    Raises TooLarge beyond the limits, InputError where it needs correcting.
    """
    with open_package(content, limits) as package:
        names = [member.filename for member in package.infolist()]
        macros = any(name.casefold() == "xl/vbaproject.bin" for name in names)
        if any(name == "[Content_Types].xml" for name in names):
            refuse_huge_workbook(content, limits)
            return case_of_files({WORKBOOK_NAMES[".xlsm" if macros else ".xlsx"]: content})
        try:
            files = _case_files(package, [name for name in names if not _litter(name)])
        except DAMAGE as problem:
            if isinstance(problem, InputError):
                raise
            raise damaged() from problem
    _refuse_huge_tables(files, limits)
    _refuse_settings(files)
    return case_of_files(files)


def zip_of(scenario: Scenario) -> bytes:
    """The files of a case as one zip, for `case_of_zip`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        for name, content in scenario.files.items():
            package.writestr(name, content)
    return buffer.getvalue()


def case_of_zip(content: bytes) -> Scenario:
    """The case `zip_of` made it from."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return case_of_files({name: package.read(name) for name in package.namelist()})


def _litter(name: str) -> bool:
    plain = name.casefold()
    return name.endswith("/") or plain.startswith(_LITTER[0]) or posixpath.basename(plain) in _LITTER


def _case_files(package: zipfile.ZipFile, names: Sequence[str]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for name in names:
        file = _file_name(name)
        if file in files:
            what = Text(f"压缩包中有两个 {file}", f"the zip holds two files called {file}")
            fix = Text("请只压缩一个案例文件夹。", "Zip one folder, that of the case.")
            raise InputError([Finding(Level.ERROR, "repeated-file", what, Where(file=file), fix)])
        if file == SETTINGS_FILE and package.getinfo(name).file_size > LARGEST_SETTINGS:
            what = Text(f"{SETTINGS_FILE} 有 {package.getinfo(name).file_size:,} 字节", f"{SETTINGS_FILE} is very long")
            raise too_large(what, f"{LARGEST_SETTINGS:,}")
        files[file] = package.read(name)
    return files


def _file_name(name: str) -> str:
    """Which file of a case a part of a zip is: itself, or what stands in the one folder that was zipped."""
    parts = name.replace("\\", "/").split("/")
    outside = name.startswith(("/", "\\")) or ":" in parts[0] or ".." in parts or "\x00" in name
    if outside or len(parts) > 2:
        what = Text("压缩包中有路径越出案例文件夹", "a part of the zip does not stand in the case's folder")
        fix = Text("请直接压缩案例文件夹本身。", "Zip the folder of the case itself.")
        raise InputError([Finding(Level.ERROR, "path-in-zip", what, Where(file=name[:200]), fix, name[:200])])
    if parts[-1] not in KNOWN_FILES:
        raise unknown_file(parts[-1])
    return parts[-1]


def _refuse_huge_tables(files: Mapping[str, bytes], limits: ServerLimits) -> None:
    """A table has as many cells as its headings times its lines, whatever stands in them."""
    cells = 0
    for name, content in files.items():
        if name in TABLE_FILES:
            head = content.lstrip().split(b"\n", 1)[0]
            lines = max(content.count(b"\n"), content.count(b"\r")) + 1
            separators = max(head.count(mark) for mark in (b",", b";", b"\t"))
            cells += max(lines * (separators + 1), *(content.count(mark) for mark in (b",", b";", b"\t")))
    if cells > limits.cells:
        raise too_many_cells(cells, limits)


def _refuse_settings(files: Mapping[str, bytes]) -> None:
    """A zip must bring its settings, and may build on built-in cases only: `extends` is a path otherwise."""
    if SETTINGS_FILE not in files:
        what = Text(f"压缩包中没有 {SETTINGS_FILE}", f"the zip holds no {SETTINGS_FILE}")
        fix = Text("请压缩整个案例文件夹。", "Zip the whole folder of the case.")
        raise InputError([Finding(Level.ERROR, "no-settings", what, Where(file=SETTINGS_FILE), fix)])
    document, _ = read_toml(files[SETTINGS_FILE], SETTINGS_FILE)
    base = document.get("extends")
    known = builtin("scenarios")
    if base is not None and base not in known:
        what = Text("extends 只能指向内置案例", "extends can name a built-in case only")
        where = Where(file=SETTINGS_FILE, path="extends")
        raise InputError([Finding(Level.ERROR, "unknown-case", what, where, mend_name(str(base), known), str(base))])
