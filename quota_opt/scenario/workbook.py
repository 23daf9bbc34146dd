"""Reading a workbook: the tables as sheets, the settings as rows of path and value in the sheet 设置."""

from __future__ import annotations

import io
import tomllib
import unicodedata
from datetime import datetime, time
from pathlib import Path
from typing import Any

import numpy as np
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, XmlError, ZipError

from quota_opt.errors import Finding, Level, Text, Where
from quota_opt.scenario.cells import _text_of
from quota_opt.scenario.folder import LARGEST_FILE
from quota_opt.scenario.nearest import mend_name
from quota_opt.scenario.paths import BadPathError, join_path, split_path, unflattened
from quota_opt.scenario.raw import RawCase, RawTable, cell_name
from quota_opt.scenario.schema import TABLES
from quota_opt.scenario.sheet import Merged, odd_code, odd_words, raw_table_of
from quota_opt.scenario.spec import TableSpec
from quota_opt.scenario.tables import context_of, tables_of
from quota_opt.scenario.units import normal
from quota_opt.scenario.workbook_scan import NotAWorkbookError, SheetScan, WorkbookScan

SETTINGS_SHEET = Text("设置", "settings")
NOTES_SHEET = Text("说明", "notes")
LISTS_SHEET = Text("清单", "lists")
IGNORED_SHEETS = ("说明", "notes", "清单", "lists", "校验", "汇总", "备注")
PATH_HEADINGS = frozenset(("路径", "path", "设置项"))
VALUE_HEADINGS = frozenset(("值", "value", "取值"))

Rows = list[list[Any]]


def read_workbook(path: Path, source: str) -> RawCase:
    """What a workbook holds; a file that is none gives a case with nothing but the finding that says so."""
    file = path.name
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise NotAWorkbookError(
                Text("工作簿太大", "the workbook is too large"),
                Text("请只保留案例的工作表后另存。", "Keep only the sheets of the case and save it again."),
            )
        content = path.read_bytes()
        scan = WorkbookScan(content)
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        return _Reader(book, scan, file).read(content, source)
    except NotAWorkbookError as problem:
        return _nothing(file, source, problem.what, problem.fix)
    except (CalamineError, PasswordError, XmlError, ZipError) as problem:
        return _nothing(
            file,
            source,
            Text(f"工作簿读不了（{problem}）", f"the workbook cannot be read ({problem})"),
            Text("请在 Excel 或 WPS 中打开后另存为 .xlsx。", "Open it in Excel or WPS and save it as .xlsx."),
        )
    except OSError as problem:
        return _nothing(
            file,
            source,
            Text(f"文件读不了（{problem.strerror}）", f"the file cannot be read ({problem.strerror})"),
            Text("请检查权限，或关闭占用它的程序。", "Check its permissions, or close the program that holds it."),
        )


def _nothing(file: str, source: str, what: Text, fix: Text) -> RawCase:
    finding = Finding(Level.ERROR, "unreadable-workbook", what, Where(file=file), fix)
    return RawCase({}, {}, {}, source, file, findings=(finding,))


class _Reader:
    """One workbook being read."""

    def __init__(self, book: CalamineWorkbook, scan: WorkbookScan, file: str) -> None:
        self.book, self.scan, self.file = book, scan, file
        self.findings: list[Finding] = []
        self.broken: set[str] = set()

    def read(self, content: bytes, source: str) -> RawCase:
        sheets = self._assigned()
        document: dict[str, Any] = {}
        rows: dict[str, int] = {}
        settings = sheets.pop("settings", None)
        if settings is None:
            self._say(
                "no-settings",
                Text(f"工作簿没有“{SETTINGS_SHEET.zh}”工作表", "the workbook has no sheet of settings"),
                Where(file=self.file),
                Text(
                    f"请加上工作表“{SETTINGS_SHEET.zh}”，列为“路径”和“值”；可从空白工作簿复制。",
                    f"Add a sheet {SETTINGS_SHEET.zh} (settings) (path, value); the blank workbook has one.",
                ),
            )
        else:
            document, rows = self._settings(settings)
        tables: dict[str, RawTable] = {}
        specs = {t.name: t for t in tables_of(context_of(document))}
        for name, sheet in sheets.items():
            table = self._table(specs[name], sheet)
            if table is not None:
                tables[name] = table
        return RawCase(
            document,
            tables,
            {self.file: content},
            source,
            self.file,
            settings_sheet=settings or SETTINGS_SHEET.zh,
            settings_rows=rows,
            settings_broken=frozenset(self.broken),
            findings=tuple(self.findings),
        )

    def _say(self, code: str, what: Text, where: Where, fix: Text, seen: str | None = None) -> None:
        self.findings.append(Finding(Level.ERROR, code, what, where, fix, seen))

    def _assigned(self) -> dict[str, str]:
        """Which sheet holds which table (`settings` among them); sheets of other names must be empty."""
        known = {normal(n): t.name for t in TABLES for n in (t.name, t.sheet, *t.aliases)}
        known |= dict.fromkeys(map(normal, SETTINGS_SHEET), "settings")
        names = [*(t.sheet for t in TABLES), SETTINGS_SHEET.zh]
        assigned: dict[str, str] = {}
        for sheet in self.book.sheet_names:
            table = known.get(normal(sheet))
            if table is None:
                if normal(sheet) not in map(normal, IGNORED_SHEETS) and not self._is_empty(sheet):
                    self._say(
                        "unknown-sheet",
                        Text(f"没有名为“{sheet}”的工作表", f"no sheet is called {sheet!r}"),
                        Where(file=self.file, sheet=sheet),
                        mend_name(
                            sheet,
                            [*names, *(t.name for t in TABLES)],
                            else_zh="与案例无关的内容请移到“备注”工作表。",
                            else_en=" Move what is not part of the case to a sheet called 备注.",
                        ),
                        sheet,
                    )
            elif table in assigned:
                self._say(
                    "repeated-sheet",
                    Text(
                        f"工作表“{sheet}”与“{assigned[table]}”是同一张表",
                        f"the sheets {sheet!r} and {assigned[table]!r} are the same table",
                    ),
                    Where(file=self.file, sheet=sheet),
                    Text("请只保留一张。", "Keep one of them."),
                    sheet,
                )
            else:
                assigned[table] = sheet
        return assigned

    def _is_empty(self, sheet: str) -> bool:
        # Charts and macro sheets are not in the scan's worksheets with values; reading them is not our business.
        if sheet not in self.scan.sheets or not self.scan.sheets[sheet].rpartition("/")[0].endswith("worksheets"):
            return True
        if self.scan.scan(sheet).too_far is not None:
            return False
        return all(cell == "" for row in self.book.get_sheet_by_name(sheet).iter_rows() for cell in row)

    def _cells(self, sheet: str) -> tuple[Rows, SheetScan, list[Merged]] | None:
        scan = self.scan.scan(sheet)
        if scan.too_far is not None:
            self._say(
                "sheet-too-large",
                Text(
                    f"在 {scan.too_far} 有内容，超出可读范围",
                    f"there is something in {scan.too_far}, beyond what is read",
                ),
                Where(file=self.file, sheet=sheet, cell=scan.too_far),
                Text("请删除表格之外的内容。", "Delete what stands outside the table."),
                scan.too_far,
            )
            return None
        # Leading empty rows and columns must stay, or every address after them would be wrong.
        found = self.book.get_sheet_by_name(sheet)
        merged = [(r0 + 1, c0, r1 + 1, c1) for (r0, c0), (r1, c1) in found.merged_cell_ranges or []]
        return found.to_python(skip_empty_area=False), scan, merged

    def _table(self, spec: TableSpec, sheet: str) -> RawTable | None:
        cells = self._cells(sheet)
        if cells is None:
            return RawTable(spec.name, (), (), (), np.array([], dtype=np.int64), file=self.file, sheet=sheet)
        rows, scan, merged = cells
        return raw_table_of(spec, rows, scan, merged=merged, file=self.file, sheet=sheet)

    def _settings(self, sheet: str) -> tuple[dict[str, Any], dict[str, int]]:
        cells = self._cells(sheet)
        if cells is None:
            return {}, {}
        rows, scan, _ = cells
        head = next((i for i, row in enumerate(rows[:10]) if {normal(str(c)) for c in row} & PATH_HEADINGS), None)
        words = [normal(str(c)) for c in rows[head]] if head is not None else []
        path_at = next((i for i, w in enumerate(words) if w in PATH_HEADINGS), None)
        value_at = next((i for i, w in enumerate(words) if w in VALUE_HEADINGS), None)
        if head is None or path_at is None or value_at is None:
            self._say(
                "no-heading",
                Text(f"“{sheet}”工作表要有“路径”和“值”两列", f"the sheet {sheet!r} needs the columns path and value"),
                Where(file=self.file, sheet=sheet, row=1, cell="A1"),
                Text("请在第一行写上表头“路径”“值”。", "Write the headings path and value in the first row."),
            )
            return {}, {}
        odd = {(o.row, o.column): o for o in scan.odd}
        flat: dict[tuple[str, ...], Any] = {}
        spots: dict[str, int] = {}
        for number, row in enumerate(rows[head + 1 :], head + 2):
            text, value = _text_of(row[path_at]), row[value_at]
            here = Where(
                file=self.file,
                sheet=sheet,
                row=number,
                column="值",
                cell=cell_name(number, value_at),
                path=text or None,
            )
            if (number, value_at) in odd:
                cell = odd[(number, value_at)]
                what, fix = odd_words(cell.kind, cell.seen)
                self._say(odd_code(cell.kind), what, here, fix, cell.seen)
                self.broken.add(text)
                spots.setdefault(text, number)
            elif value == "" or (isinstance(value, str) and not value.strip()):
                if text:
                    spots.setdefault(text, number)
            elif not text:
                self._say(
                    "no-path",
                    Text(f"值“{_text_of(value)}”没有对应的路径", f"the value {_text_of(value)!r} has no path"),
                    Where(file=self.file, sheet=sheet, row=number, cell=cell_name(number, path_at)),
                    Text("请在“路径”列填写设置项。", "Fill in the path, or delete the value."),
                    _text_of(value),
                )
            else:
                self._one_setting(text, value, here, flat, spots)
        try:
            return unflattened(flat), spots
        except BadPathError as problem:
            path = str(problem)
            self._say(
                "repeated-setting",
                Text(f"“{path}”既有值又有下级", f"{path!r} has a value and parts of its own"),
                Where(file=self.file, sheet=sheet, row=spots.get(path), path=path),
                Text("请只保留一种写法。", "Keep one of the two."),
            )
            return {}, spots

    def _one_setting(
        self, text: str, value: Any, here: Where, flat: dict[tuple[str, ...], Any], spots: dict[str, int]
    ) -> None:
        try:
            keys = split_path(text)
        except BadPathError:
            self._say(
                "bad-path",
                Text(f"“{text}”不是点号分隔的路径", f"{text!r} is not a dotted path"),
                here,
                Text("请写成 rules.retention.keep 的形式。", "Write it like rules.retention.keep."),
                text,
            )
            return
        path = join_path(keys)
        if keys in flat:
            self._say(
                "repeated-setting",
                Text(
                    f"“{path}”写了两次，第 {spots[path]} 行已有",
                    f"{path!r} is there twice; line {spots[path]} has it already",
                ),
                here,
                Text("请删除一行。", "Delete one of the rows."),
                path,
            )
            return
        try:
            flat[keys] = setting_value(value)
        except tomllib.TOMLDecodeError as problem:
            self._say(
                "toml-syntax",
                Text(f"“{value}”写法有误（{problem}）", f"{value!r} is not written right ({problem})"),
                here,
                Text(
                    "列表写成 [1, 2]，表写成 { a = 1 }，文字加引号。",
                    "Write lists as [1, 2], tables as { a = 1 }, text in quotes.",
                ),
                str(value),
            )
            self.broken.add(path)
        spots[path] = here.row or 0


def setting_value(value: Any) -> Any:
    """A cell of the sheet of settings as a TOML value: lists, tables and quoted text are written as in TOML."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, datetime) and value.time() == time():
        return value.date()
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.casefold() in ("true", "false"):
        return text.casefold() == "true"
    if text[:1] in ("[", "{", '"', "'"):
        return tomllib.loads(f"value = {text}")["value"]
    plain = unicodedata.normalize("NFKC", text)
    return plain if plain.replace(".", "", 1).replace("-", "", 1).isdecimal() else text
