"""What the spreadsheet reader hides: error cells, formulas never computed, cells far outside, seen in the sheet's XML.

The reader gives "" for `#DIV/0!` and 0 or "" for a formula no program has computed; neither may pass for a datum.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from quota_opt.errors import Text

MOST_UNPACKED = 1024 * 1024 * 1024
MOST_MEMBERS = 5000
MOST_ROWS = 400_000
MOST_COLUMNS = 702  # ZZ; a table that wide has a stray cell, and the reader would fill everything up to it.

# What unpacking a damaged (or encrypted) package, or a member that is not there, raises.
_DAMAGE = (zipfile.BadZipFile, zlib.error, LookupError, RuntimeError, EOFError)
_ADDRESS = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_SHEETS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"


class NotAWorkbookError(Exception):
    """The file is no workbook that can be read; says why and what to do."""

    def __init__(self, what: Text, fix: Text) -> None:
        super().__init__(what.en)
        self.what, self.fix = what, fix


@dataclass(frozen=True)
class OddCell:
    """A cell whose value is not one: 1-based row, 0-based column, and what is wrong."""

    row: int
    column: int
    kind: str
    """`error` (an error value), `formula` (never computed)."""
    seen: str


@dataclass(frozen=True)
class SheetScan:
    """What the XML of one sheet says beyond its values; `too_far` is an address beyond what is read."""

    odd: tuple[OddCell, ...]
    too_far: str | None


class WorkbookScan:
    """The package of a workbook: its sheets' names and their XML."""

    def __init__(self, content: bytes) -> None:
        if content.startswith(b"\xd0\xcf\x11\xe0"):
            raise NotAWorkbookError(
                Text("工作簿加了密码，或是旧的 .xls 格式", "the workbook has a password or is in the old .xls format"),
                Text("请去掉密码，另存为 .xlsx。", "Remove the password and save it as .xlsx."),
            )
        try:
            self._package = zipfile.ZipFile(io.BytesIO(content))
            members = self._package.infolist()
            if len(members) > MOST_MEMBERS or sum(m.file_size for m in members) > MOST_UNPACKED:
                raise NotAWorkbookError(
                    Text("工作簿解开后太大", "the workbook is too large when unpacked"),
                    Text("请只保留案例的工作表后另存。", "Keep only the sheets of the case and save it again."),
                )
            self.sheets: Mapping[str, str] = self._sheet_members()
        except (*_DAMAGE, ElementTree.ParseError, ValueError) as problem:
            raise NotAWorkbookError(
                Text("文件损坏，或不是 .xlsx 工作簿", "the file is damaged, or no .xlsx workbook"),
                Text("请在 Excel 或 WPS 中打开后另存为 .xlsx。", "Open it in Excel or WPS and save it as .xlsx."),
            ) from problem

    def _xml(self, member: str) -> ElementTree.Element:
        content = self._package.read(member)
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            raise ValueError(member)
        return ElementTree.fromstring(content)

    def _sheet_members(self) -> dict[str, str]:
        root = self._xml("_rels/.rels")
        main = next(
            (r.get("Target", "") for r in root if r.get("Type", "").endswith("/officeDocument")), "xl/workbook.xml"
        ).lstrip("/")
        folder, name = posixpath.split(main)
        links = {r.get("Id"): r.get("Target", "") for r in self._xml(posixpath.join(folder, "_rels", f"{name}.rels"))}
        workbook = self._xml(main)
        # A writer that asks for a full calculation on load has put placeholders (0) where results should be.
        calculation = next((e for e in workbook if e.tag.endswith("}calcPr")), None)
        self.placeholders = calculation is not None and calculation.get("fullCalcOnLoad") in ("1", "true")
        members: dict[str, str] = {}
        for sheet in workbook.iter():
            if sheet.tag not in (f"{_SHEETS}sheet", f"{_STRICT}sheet"):
                continue
            link = next((v for k, v in sheet.attrib.items() if k.endswith("}id")), None)
            target = links.get(link, "")
            members[sheet.get("name", "")] = (
                target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            )
        return members

    def scan(self, sheet: str) -> SheetScan:
        """Look through the XML of `sheet`."""
        try:
            xml = self._package.read(self.sheets[sheet])
        except _DAMAGE as problem:
            raise NotAWorkbookError(
                Text(f"工作表“{sheet}”损坏", f"the sheet {sheet!r} is damaged"),
                Text("请在 Excel 或 WPS 中打开后另存为 .xlsx。", "Open it in Excel or WPS and save it as .xlsx."),
            ) from problem
        prefix = re.search(rb"<(\w+:)?worksheet[\s>]", xml[:4096])
        tag = prefix[1] or b"" if prefix is not None else b""
        odd = {**self._formulas(xml, tag), **_errors(xml, tag)}
        return SheetScan(tuple(odd[k] for k in sorted(odd)), _too_far(xml, tag))

    def _formulas(self, xml: bytes, tag: bytes) -> dict[tuple[int, int], OddCell]:
        found: dict[tuple[int, int], OddCell] = {}
        opening, closing = b"<" + tag + b"c ", b"</" + tag + b"c>"
        for formula in re.finditer(b"<" + tag + rb"f[\s>/]", xml):
            start = xml.rfind(opening, 0, formula.start())
            end = xml.find(closing, formula.end())
            cell = xml[start:end]
            value = re.search(b"<" + tag + rb"v(?:\s[^>]*)?(?:/>|>([^<]*)<)", cell)
            text = value[1] if value is not None else None
            attributes = cell[: cell.find(b">")]
            if text or (b't="str"' in attributes and value is not None):
                placeholder = self.placeholders and text is not None and re.fullmatch(rb"0(\.0+)?", text)
                if not placeholder:
                    continue
            spot = _spot(attributes)
            if spot is not None:
                written = re.search(b"<" + tag + rb"f[^>]*>([^<]*)<", cell)
                seen = "=" + written[1].decode("utf-8", "replace") if written is not None else "="
                found[spot] = OddCell(*spot, "formula", seen)
        return found


def _errors(xml: bytes, tag: bytes) -> dict[tuple[int, int], OddCell]:
    found: dict[tuple[int, int], OddCell] = {}
    for cell in re.finditer(b"<" + tag + rb'c\s([^>]*?\bt="e"[^>]*?)(/?)>', xml):
        spot = _spot(b" " + cell[1])
        if spot is None:
            continue
        end = xml.find(b"</" + tag + b"c>", cell.end())
        value = re.search(b"<" + tag + rb"v[^>]*>([^<]*)<", xml[cell.end() : end]) if not cell[2] else None
        found[spot] = OddCell(*spot, "error", value[1].decode("utf-8", "replace") if value is not None else "#ERROR")
    return found


def _spot(attributes: bytes) -> tuple[int, int] | None:
    address = _ADDRESS.search(attributes)
    if address is None:
        return None
    column = 0
    for letter in address[1]:
        column = column * 26 + letter - 64
    return int(address[2]), column - 1


def _too_far(xml: bytes, tag: bytes) -> str | None:
    """The address of a cell with a value beyond the bounds, if there is one; formatted empty cells do not count."""
    content = rb"\s*<" + tag + rb"(?:v|f|is)\b"
    wide = re.search(b"<" + tag + rb'c\s[^>]*?\br="([A-Z]{3}[0-9]+)"[^>]*(?<!/)>' + content, xml)
    if wide is not None:
        return wide[1].decode()
    last = max(xml.rfind(b"<" + tag + b"v>"), xml.rfind(b"<" + tag + b"is>"))
    row = xml.rfind(b"<" + tag + b"row ", 0, last) if last >= 0 else -1
    if row >= 0:
        number = re.match(b"<" + tag + rb'row [^>]*?\br="([0-9]+)"', xml[row : row + 500])
        if number is not None and int(number[1]) > MOST_ROWS:
            return f"A{number[1].decode()}"
    return None
