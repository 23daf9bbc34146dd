"""What callers send as a case: a built-in name, a JSON document, a zip of tables or a workbook; never a path."""

from __future__ import annotations

import io
import posixpath
import re
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
from quota_opt.web.limits import MEBIBYTE, ServerLimits
from quota_opt.web.packages import DAMAGE, damaged, open_package, refuse_huge_workbook, too_large, too_many_cells

LARGEST_SETTINGS = 512 * 1024
"""Bytes of scenario.toml; reading it takes longer than in proportion."""
MACROS = "VBA"
"""What is said to be left out of a workbook with programs in it."""
_PROGRAM = re.compile(
    r"(^|/)(vba(project|data|projectsignature\w*)\.(bin|xml)(\.rels)?$|activex/|ctrlprops/|macrosheets/)"
)
_PROGRAM_TYPE = re.compile(rb'<Override [^<>]*PartName="/xl/(?:vba|activeX|ctrlProps|macrosheets)[^<>]*/>')
_PROGRAM_LINK = re.compile(rb"<Relationship [^<>]*(?:vbaProject|vbaData|/activeX|/ctrlProp|xlMacrosheet)[^<>]*/>")
_WITH_MACROS, _WITHOUT = (
    b"ms-excel.sheet.macroEnabled.main+xml",
    b"openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
)
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
    return case_of_files(file_files(content, limits))


def file_files(content: bytes, limits: ServerLimits, aside: list[str] | None = None) -> dict[str, bytes]:
    """The files of the case in an uploaded file, not yet read, see `file_case`.

    With `aside` macros are taken out, and so are files of a zip that are no tables; what was left out is added to it.
    """
    with open_package(content, limits) as package:
        names = [member.filename for member in package.infolist()]
        macros = any(name.casefold() == "xl/vbaproject.bin" for name in names)
        if any(name == "[Content_Types].xml" for name in names):
            refuse_huge_workbook(content, limits)
            if macros and aside is not None:
                aside.append(MACROS)
                return {WORKBOOK_NAMES[".xlsx"]: without_macros(content)}
            return {WORKBOOK_NAMES[".xlsm" if macros else ".xlsx"]: content}
        names = [name for name in names if not _litter(name)]
        if aside is not None:
            aside += [name for name in names if not _tabular(name)]
            names = [name for name in names if _tabular(name)]
        try:
            files = _case_files(package, names)
        except DAMAGE as problem:
            if isinstance(problem, InputError):
                raise
            raise damaged() from problem
    _refuse_huge_tables(files, limits)
    _refuse_settings(files)
    return files


def folder_files(
    given: Sequence[tuple[str, bytes]], limits: ServerLimits, aside: list[str], *, whole: bool = True
) -> dict[str, bytes]:
    """The files of the case in files that were chosen together: one workbook, one zip, or what stands in a case folder.

    What is left out is added to `aside`; a part of a case will do where it need not be the `whole` of one. Raises
    TooLarge beyond the limits, InputError where they are none of these.
    """
    packages = [content for _, content in given if not _plain_file(content)]
    if packages and len(given) == 1:
        return file_files(packages[0], limits, aside)
    if packages:
        what = Text(
            "同时选了多个文件，其中有工作簿或压缩包", "several files were chosen, a workbook or a zip among them"
        )
        fix = Text(
            "请一次只选一个工作簿或压缩包，或选一个案例文件夹里的全部表。",
            "Choose one workbook, one zip, or all the tables of one case folder.",
        )
        raise InputError([Finding(Level.ERROR, "mixed-upload", what, Where(file=given[0][0][:200]), fix)])
    files: dict[str, bytes] = {}
    for name, content in given:
        if not _tabular(name):
            aside.append(name)
            continue
        files[_file_name(posixpath.basename(name.replace("\\", "/")))] = content
    unpacked = sum(len(content) for content in files.values())
    if unpacked > limits.unpacked_bytes:
        size = f"{unpacked // MEBIBYTE} MB"
        raise too_large(Text(f"所选文件共有 {size}", f"the files come to {size}"), f"{limits.unpacked_mb} MB")
    if len(files.get(SETTINGS_FILE, b"")) > LARGEST_SETTINGS:
        raise _long_settings(len(files[SETTINGS_FILE]))
    _refuse_huge_tables(files, limits)
    if whole or SETTINGS_FILE in files or not files:
        _refuse_settings(files)
    return files


def without_macros(content: bytes) -> bytes:
    """A workbook without the programs in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            if _PROGRAM.search(member.filename.casefold()):
                continue
            part = old.read(member)
            if member.filename == "[Content_Types].xml":
                part = _PROGRAM_TYPE.sub(b"", part).replace(_WITH_MACROS, _WITHOUT)
            elif member.filename.casefold().endswith(".rels"):
                part = _PROGRAM_LINK.sub(b"", part)
            new.writestr(member.filename, part)
    return buffer.getvalue()


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
            raise _long_settings(package.getinfo(name).file_size)
        files[file] = package.read(name)
    return files


def _long_settings(size: int) -> InputError:
    return too_large(
        Text(f"{SETTINGS_FILE} 有 {size:,} 字节", f"{SETTINGS_FILE} is very long"), f"{LARGEST_SETTINGS:,}"
    )


def _plain_file(content: bytes) -> bool:
    """Whether a file is a table or settings, not a package or an old workbook."""
    return not content.startswith((b"PK\x03\x04", b"PK\x05\x06", bytes.fromhex("d0cf11e0")))


def _tabular(name: str) -> bool:
    """Whether a file may be meant as a table or the settings of a case, misspelt or not."""
    return name.casefold().endswith((".csv", ".toml"))


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
