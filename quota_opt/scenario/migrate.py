"""Cases written to an older contract, brought to this one: what changes in which file, and the files as they become.

Each change of the contract is one function below. A case says its contract in `[scenario] contract = N`; without it it
is of the present one, unless it has a form that only an older contract allowed.

=====  ====================================================================================================
from   what was read otherwise
=====  ====================================================================================================
0      a column of carbon headed in plain tonnes (`碳排放(吨)`) was taken for tonnes of CO2; it may be carbon as well
=====  ====================================================================================================
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from quota_opt.errors import Finding, Text
from quota_opt.scenario.contract import CONTRACT
from quota_opt.scenario.csv_table import decode, read_csv
from quota_opt.scenario.folder import TABLE_FILES
from quota_opt.scenario.headers import read_heading
from quota_opt.scenario.raw import RawCase, RawTable
from quota_opt.scenario.settings_reading import SETTINGS_FILE
from quota_opt.scenario.spec import TableSpec
from quota_opt.scenario.tables import context_of, tables_of
from quota_opt.scenario.units import TCO2, TONNE, read_unit

_CO2 = {"吨": "吨二氧化碳", "千克": "千克二氧化碳", "公斤": "公斤二氧化碳", "tonnes": "tCO2", "tonne": "tCO2",
        "kt": "ktCO2", "kg": "kgCO2", "t": "tCO2"}  # fmt: skip
"""Plain units of weight, the longer before those they end in, and what they are of CO2."""


@dataclass(frozen=True)
class Change:
    """One thing that was brought to this contract: the file it stands in, and what became of what."""

    file: str
    what: Text


def declared_contract(document: Mapping[str, Any]) -> int | None:
    """The contract a case says it is of; None where it says nothing that can be read."""
    section = document.get("scenario")
    stated = section.get("contract") if isinstance(section, Mapping) else None
    try:
        return None if stated is None or isinstance(stated, bool) else int(stated)
    except (TypeError, ValueError):
        return None


def old_headings(table: RawTable, spec: TableSpec) -> dict[str, str]:
    """Headings of contract 0, and what they are now: plain tonnes of carbon were tonnes of CO2."""
    found = {}
    for text in table.headers:
        heading = read_heading(text, spec)
        unit = read_unit(heading.unit) if heading is not None and heading.unit else None
        if heading is None or unit is None or heading.column.unit != TCO2 or unit.dimension != TONNE:
            continue
        for plain, of_co2 in _CO2.items():
            new = re.sub(rf"(?i){plain}(?=(/年|/a|/yr|/year|每年|)[)）\]】\s]*$)", of_co2, text, count=1)
            again = read_heading(new, spec)
            known = read_unit(again.unit) if again is not None and again.unit else None
            if known == (TCO2, unit.factor) and again is not None and again.column == heading.column:
                found[text] = new
                break
    return found


def old_forms(tables: Mapping[str, RawTable], document: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Table → heading → what it becomes; empty where the case is of this contract, or says that it is."""
    if declared_contract(document) is not None:
        return {}
    specs = {spec.name: spec for spec in tables_of(context_of(document))}
    found = {name: old_headings(table, specs[name]) for name, table in tables.items()}
    return {name: headings for name, headings in found.items() if headings}


def with_hints(findings: Iterable[Finding], raw: RawCase) -> list[Finding]:
    """The findings of a case, those on old forms with how `migrate` mends them."""
    listed = list(findings)
    old = {heading for headings in old_forms(raw.tables, raw.document).values() for heading in headings}
    hint = Text("旧版案例可用 quota-opt migrate 改写。", " quota-opt migrate rewrites a case of an earlier version.")
    return [
        replace(finding, fix=Text(finding.fix.zh + hint.zh, finding.fix.en + hint.en))
        if finding.code == "wrong-unit" and finding.where.column in old
        else finding
        for finding in listed
    ]


def migrated_folder(folder: Path, document: Mapping[str, Any]) -> tuple[dict[str, bytes], tuple[Change, ...]]:
    """The files of a case folder that change, as they become; its settings are `document`, with what it extends.

    Everything else in them stays as it is: encoding, order, comments.
    """
    contents = {
        path.name: path.read_bytes() for path in sorted(folder.glob("*.csv")) if path.name in TABLE_FILES
    }  # fmt: skip
    tables = {TABLE_FILES[name]: read_csv(content, TABLE_FILES[name], name) for name, content in contents.items()}
    files: dict[str, bytes] = {}
    changes: list[Change] = []
    for table, headings in old_forms(tables, document).items():
        name = f"{table}.csv"
        files[name] = _with_headings(contents[name], headings)
        changes += _changes(name, headings)
    if files and (folder / SETTINGS_FILE).is_file():
        files[SETTINGS_FILE] = with_contract((folder / SETTINGS_FILE).read_bytes())
        changes.append(_contract_change(SETTINGS_FILE))
    return files, tuple(changes)


def migrated_workbook(raw: RawCase) -> tuple[RawCase, tuple[Change, ...]]:
    """What a workbook holds, with its old forms brought to this contract."""
    tables = dict(raw.tables)
    changes: list[Change] = []
    for name, headings in old_forms(raw.tables, raw.document).items():
        table = tables[name]
        tables[name] = replace(table, headers=tuple(headings.get(header, header) for header in table.headers))
        changes += _changes(table.sheet or name, headings)
    if not changes:
        return raw, ()
    section = {**raw.document.get("scenario", {}), "contract": CONTRACT}
    changes.append(_contract_change(raw.settings_sheet or raw.settings_file))
    return replace(raw, document={**raw.document, "scenario": section}, tables=tables), tuple(changes)


def with_contract(content: bytes) -> bytes:
    """A `scenario.toml` that says its contract; comments and order stay."""
    import tomlkit

    bom = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    text = decode(content) or ""
    document = tomlkit.parse(text)
    section = document.setdefault("scenario", tomlkit.table())
    section["contract"] = CONTRACT
    return bom + tomlkit.dumps(document).encode("utf-8")


def _changes(file: str, headings: Mapping[str, str]) -> list[Change]:
    return [
        Change(
            file,
            Text(
                f"表头“{old}”改为“{new}”：旧版把碳排放列的吨读作吨二氧化碳，请核对确是二氧化碳。",
                f"{old!r} is now {new!r}: tonnes of carbon were read as tonnes of CO2; check that they are.",
            ),
        )
        for old, new in headings.items()
    ]


def _contract_change(file: str) -> Change:
    what = Text(f"写明数据约定 contract = {CONTRACT}。", f"It says its contract: contract = {CONTRACT}.")
    return Change(file, what)


def _with_headings(content: bytes, headings: Mapping[str, str]) -> bytes:
    """A CSV file with other headings, in its own encoding."""
    encoding, bom = _encoding(content)
    text = content[len(bom) :].decode(encoding)
    # csv counts the lines of quoted line breaks too, so that the headings end where its first full record does.
    reader = csv.reader(io.StringIO(text, newline=""))
    for record in reader:
        if any(cell.strip() for cell in record):
            break
    lines = io.StringIO(text, newline="").readlines()
    head, body = "".join(lines[: reader.line_num]), "".join(lines[reader.line_num :])
    for old, new in headings.items():
        whole = rf'(?<![^,;\t"\s]){re.escape(old)}(?![^,;\t"\s])'
        head = re.sub(whole, new.replace("\\", r"\\"), head, count=1)
    return bom + (head + body).encode(encoding)


def _encoding(content: bytes) -> tuple[str, bytes]:
    for bom, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if content.startswith(bom):
            return encoding, bom
    bom = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030", b""
    return "utf-8", bom
