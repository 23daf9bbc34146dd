"""Zips and workbooks from strangers: measured before anything is unpacked or parsed."""

from __future__ import annotations

import io
import itertools
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator

from quota_opt.errors import Finding, InputError, Level, Text, Where
from quota_opt.web.limits import MEBIBYTE, ServerLimits

SMALL = 8 * MEBIBYTE
"""Below this a part may be packed as tightly as it likes: an empty form packs a thousandfold."""
CHUNK = 4 * MEBIBYTE
LONGEST = 16 * MEBIBYTE
"""Of what stands between two tags; a cell has 32,767 characters at most."""
DAMAGE = (zipfile.BadZipFile, zlib.error, LookupError, RuntimeError, EOFError, NotImplementedError, ValueError, OSError)
"""What a damaged, encrypted or forged package raises when it is opened or read."""

_OLD = bytes.fromhex("d0cf11e0a1b11ae1")
"""How workbooks of before 2007 begin, and those with a password."""
_PREFIX = re.compile(rb"<(\w+:)?worksheet[\s>]")
_CELL = re.compile(rb"<(?:\w+:)?c[\s>/]")
_ADDRESS = re.compile(rb'<(?:\w+:)?(?:c|row)\s[^<>]*?\br="([A-Z]{0,3})([0-9]{1,7})"')
_UNCLOSED = re.compile(rb"<[^<>]*<")
_BARE = 100
"""Formulas, at most, in cells that do not say where they are."""
_TEXT = re.compile(rb"<(?:\w+:)?si[\s>]")
_SHARED = re.compile(rb'<(?:\w+:)?c\s[^<>]*?\bt="s"[^<>]*>\s*<(?:\w+:)?v[^<>]*>\s*([0-9]{1,9})\s*<')


class TooLarge(InputError):
    """An upload beyond what this server reads; answered with 413."""


def open_package(content: bytes, limits: ServerLimits) -> zipfile.ZipFile:
    """The package, its parts counted and their sizes added up.

    Raises TooLarge beyond the limits, InputError where it is damaged, encrypted, or has parts that no case has.
    """
    if content.startswith(_OLD):
        raise _refused(
            "old-workbook",
            Text("工作簿是旧版 .xls 格式，或设有打开密码", "the workbook is an old .xls, or has a password"),
            Text("请在 Excel 或 WPS 中去掉密码，另存为 .xlsx。", "Remove the password and save it as .xlsx."),
        )
    try:
        package = zipfile.ZipFile(io.BytesIO(content))
        members = package.infolist()
    except DAMAGE as problem:
        raise damaged() from problem
    if len(members) > limits.members:
        raise too_large(
            Text(f"压缩包有 {len(members)} 个文件", f"the package has {len(members)} parts"), f"{limits.members}"
        )
    unpacked = sum(member.file_size for member in members)
    if unpacked > limits.unpacked_bytes:
        raise too_large(
            Text(f"压缩包解开后有 {unpacked // MEBIBYTE} MB", f"the package unpacks to {unpacked // MEBIBYTE} MB"),
            f"{limits.unpacked_mb} MB",
        )
    for member in members:
        if member.file_size > SMALL and member.file_size > limits.ratio * max(1, member.compress_size):
            ratio = member.file_size // max(1, member.compress_size)
            raise too_large(
                Text(f"压缩包中有文件压缩了 {ratio} 倍", f"a part of the package unpacks {ratio} times its size"),
                f"{limits.ratio}",
            )
        if member.flag_bits & 0x1:
            raise _refused(
                "encrypted",
                Text("压缩包有密码", "the package has a password"),
                Text("请去掉密码后再上传。", "Remove the password."),
            )
        if stat.S_ISLNK(member.external_attr >> 16):
            raise _refused(
                "link-in-zip",
                Text("压缩包中有链接", "the package holds a link"),
                Text("请换成文件本身。", "Put the file itself in its place."),
            )
    return package


def damaged() -> InputError:
    """What is said of a package that cannot be read."""
    return _refused(
        "unreadable-package",
        Text("文件损坏，或不是压缩包（.zip）或工作簿（.xlsx）", "the file is damaged, or neither a .zip nor an .xlsx"),
        Text("请重新压缩，或在 Excel、WPS 中另存为 .xlsx。", "Zip it again, or save it as .xlsx."),
    )


def refuse_huge_workbook(content: bytes, limits: ServerLimits) -> None:
    """Raise where a workbook would fill more memory than its size says: stray cells far out, texts used a million
    times, entities; see `open_package` for what else is refused."""
    with open_package(content, limits) as package:
        try:
            _measure(package, limits)
        except DAMAGE as problem:
            if isinstance(problem, InputError):
                raise
            raise damaged() from problem


def _measure(package: zipfile.ZipFile, limits: ServerLimits) -> None:
    cells, shared = 0, [0]
    sheets = []
    for member in package.infolist():
        name = member.filename.casefold()
        if not name.endswith((".xml", ".rels")):
            continue
        for chunk in _chunks(package, member):
            if b"<!DOCTYPE" in chunk or b"<!ENTITY" in chunk:
                raise _refused(
                    "entities",
                    Text("工作簿中有实体声明，不予读取", "the workbook declares entities, which are not read"),
                    Text("请在 Excel 或 WPS 中打开后另存为 .xlsx。", "Open it in Excel or WPS and save it as .xlsx."),
                )
        if "sharedstrings" in name:
            texts = package.read(member)
            starts = [*(text.start() for text in _TEXT.finditer(texts)), len(texts)]
            shared = [end - start for start, end in itertools.pairwise(starts)] or [0]
        elif "/worksheets/" in f"/{name}" and name.endswith(".xml"):
            sheets.append(member)
            _refuse_odd_cells(package, member)
            cells += _area(package, member, limits)
    if cells > limits.cells:
        raise too_many_cells(cells, limits)
    # Each use of a shared text is a copy of it once read.
    if max(shared) * cells > limits.unpacked_bytes:
        used = sum(_used(package, member, shared) for member in sheets)
        if used > limits.unpacked_bytes:
            raise too_large(
                Text(
                    f"工作簿的文字展开后有 {used // MEBIBYTE} MB",
                    f"the texts of the workbook come to {used // MEBIBYTE} MB",
                ),
                f"{limits.unpacked_mb} MB",
            )


def _area(package: zipfile.ZipFile, member: zipfile.ZipInfo, limits: ServerLimits) -> int:
    """Cells of the rectangle a sheet fills, from its first cell to its last row and column."""
    row, column, counted = 0, 0, 0
    for chunk in _chunks(package, member):
        counted += len(_CELL.findall(chunk))
        if counted > limits.cells:
            raise too_many_cells(counted, limits)
        for letters, digits in _ADDRESS.findall(chunk):
            row = max(row, int(digits))
            column = max(column, _column(letters))
    return max(counted, row * column)


def _refuse_odd_cells(package: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Raise where tags are not closed, or a cell holds more than one formula: the reader looks from each formula to
    both ends of its cell, and would look through the whole sheet each time."""
    tags: re.Pattern[bytes] | None = None
    found: list[bytes] = []
    for chunk in _chunks(package, member):
        if tags is None:
            prefix = _PREFIX.search(chunk[:4096])
            tag = re.escape(prefix[1] or b"") if prefix is not None else b""
            tags = re.compile(
                b"<" + tag + rb"c(?:\s[^<>]*)?(/)>|<" + tag + rb"(c)\s|<" + tag + rb"(f)[\s>/]|<(/)" + tag + b"c>"
            )
        if _UNCLOSED.search(chunk):
            raise ValueError(member.filename)
        found += [b"".join(parts) if not parts[0] else b"" for parts in tags.findall(chunk)]
    cells = b"".join(found).replace(b"cf/", b"").replace(b"c/", b"")
    if cells.count(b"c") or cells.count(b"f") > _BARE:
        raise ValueError(member.filename)


def _column(letters: bytes) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + letter - 64
    return column


def _used(package: zipfile.ZipFile, member: zipfile.ZipInfo, shared: list[int]) -> int:
    used = 0
    for chunk in _chunks(package, member):
        for index in _SHARED.findall(chunk):
            number = int(index)
            used += shared[number] if number < len(shared) else 0
    return used


def _chunks(package: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """The content in pieces that end with a `>`, so that no tag is cut in two."""
    rest = b""
    with package.open(member) as stream:
        while piece := stream.read(CHUNK):
            whole, tag, rest = (rest + piece).rpartition(b">")
            if len(rest) > LONGEST:
                raise ValueError(member.filename)
            yield whole + tag
    yield rest


def too_many_cells(count: int, limits: ServerLimits) -> TooLarge:
    """What is said of tables with more cells than are read."""
    return too_large(Text(f"表格共有 {count:,} 个单元格", f"the tables have {count:,} cells"), f"{limits.cells:,}")


def too_large(what: Text, most: str) -> TooLarge:
    """An upload beyond a limit: what was seen, and the most that is read."""
    return TooLarge(
        [
            Finding(
                Level.ERROR,
                "too-large",
                Text(f"{what.zh}，最多 {most}", f"{what.en}; {most} at most"),
                Where(),
                Text(
                    "请删去与案例无关的内容，或请管理员放宽限制。",
                    "Remove what is not part of the case, or ask for a higher limit.",
                ),
            )
        ]
    )


def _refused(code: str, what: Text, fix: Text) -> InputError:
    return InputError([Finding(Level.ERROR, code, what, Where(), fix)])
