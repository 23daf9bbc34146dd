"""Writes the workbook a planner fills in, blank or with a case in it; reading it gives the same case again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from quota_opt.errors import Finding, InputError, Level, Text, Where
from quota_opt.scenario.headers import read_heading
from quota_opt.scenario.paths import flattened
from quota_opt.scenario.raw import column_letters
from quota_opt.scenario.scenario import Scenario, effective_document
from quota_opt.scenario.schema import RESOURCE_WORDS
from quota_opt.scenario.settings import rule_parameters
from quota_opt.scenario.settings_words import setting_words
from quota_opt.scenario.spec import KIND_WORDS, ColumnSpec, TableSpec
from quota_opt.scenario.tables import TableContext, context_of, tables_of
from quota_opt.scenario.toml_values import written
from quota_opt.scenario.units import SHARE, unit_words
from quota_opt.scenario.workbook import LISTS_SHEET, NOTES_SHEET, SETTINGS_SHEET, setting_value

BLANK_SETTINGS: Mapping[str, Any] = {
    "scenario": {
        "name": "",
        "title": {"zh": ""},
        "first_year": "",
        "last_year": "",
        "price_year": "",
        "energy_basis": "equal_value",
        "data": "real",
        "resources": ["energy", "carbon", "land"],
        "discount_rate": 0.05,
    },
    "objective": {"form": "weighted", "maximise": {"value_added": 1.0}},
}
"""What the settings of the blank workbook start from; empty values are for the planner to fill in."""

ROOM = 2000
"""Rows below the data that drop-downs and checks cover as well."""
LONGEST_TEXT = 32_767
TINT, PLAIN, LINE = "#FFF4D6", "#E8EEF4", "#BFC8D2"


class _ExactWorksheet(Worksheet):  # type: ignore[misc]  # the library is untyped
    """Writes every digit of a number, so that what is read back is the same number."""

    def _xml_number_element(self, number: float, attributes: Sequence[tuple[str, Any]] = ()) -> None:
        inside = "".join(f' {key}="{self._escape_attributes(value)}"' for key, value in attributes)
        text = repr(int(number)) if float(number).is_integer() and abs(number) < 2**53 else repr(float(number))
        self.fh.write(f"<c{inside}><v>{text}</v></c>")


def write_workbook(path: str | Path, scenario: Scenario | None = None) -> Path:
    """Write the workbook: blank, or with the scenario (its variant and overrides applied) in it.

    Raises InputError where a text is too long for a cell.
    """
    path = Path(path)
    document = dict(BLANK_SETTINGS) if scenario is None else effective_document(scenario)
    context = context_of(BLANK_SETTINGS) if scenario is None else scenario.context
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    _refuse_long_texts(scenario)
    with xlsxwriter.Workbook(str(path), options) as book:
        # A fixed date keeps the bytes the same from run to run.
        book.set_properties({"title": "quota-opt", "created": _CREATED})
        _Writer(book, document, context, scenario).write()
    return path


@dataclass(frozen=True)
class TypedSheet:
    """A table as it was typed: its headings on `header_row` (1-based), and the cells of the rows below, blank ones
    too."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    header_row: int = 1


def write_typed_workbook(path: str | Path, document: Mapping[str, Any], sheets: Mapping[str, TypedSheet]) -> Path:
    """Write the workbook with cells as they were typed, faults and all, each where it stands in its table.

    Further columns it may have stand blank at its right. Raises InputError where a text is too long for a cell.
    """
    path = Path(path)
    cells = (cell for sheet in sheets.values() for row in (sheet.headers, *sheet.rows) for cell in row)
    longest = max(map(len, cells), default=0)
    if longest > LONGEST_TEXT:
        raise InputError([_too_long(longest, Where())])
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": "quota-opt", "created": _CREATED})
        _TypedWriter(book, document, sheets).write()
    return path


_CREATED = datetime(2020, 1, 1, tzinfo=UTC)


def _refuse_long_texts(scenario: Scenario | None) -> None:
    if scenario is None:
        return
    findings = [
        _too_long(len(text), scenario.where(name, i, column))
        for name, frame in scenario.tables.items()
        for column in frame.columns
        if frame[column].dtype == object and len(frame) and frame[column].map(len).max() > 1000
        for i, text in enumerate(map(_cell_text, frame[column]))
        if len(text) > LONGEST_TEXT
    ]
    if findings:
        raise InputError(findings)


def _too_long(length: int, where: Where) -> Finding:
    return Finding(
        Level.ERROR,
        "text-too-long",
        Text(
            f"文字长 {length} 字，工作簿一格最多 {LONGEST_TEXT} 字",
            f"a text of {length} characters; a cell holds {LONGEST_TEXT}",
        ),
        where,
        Text("请缩短后再写工作簿。", "Shorten it before writing a workbook."),
    )


def _cell_text(value: object) -> str:
    if isinstance(value, tuple):
        return ";".join(v if isinstance(v, str) else f"{v:g}" if float(f"{v:g}") == v else repr(v) for v in value)
    return str(value)


class _Writer:
    def __init__(
        self, book: xlsxwriter.Workbook, document: Mapping[str, Any], context: TableContext, scenario: Scenario | None
    ) -> None:
        self.book, self.document, self.scenario = book, document, scenario
        self.tables = tables_of(context)
        self.resources = context.resources
        self.lists: dict[str, str] = {}

    def write(self) -> None:
        """All sheets, in the order a planner meets them."""
        notes = self._sheet(NOTES_SHEET.zh)
        settings = self._sheet(SETTINGS_SHEET.zh)
        sheets = {spec.name: self._sheet(spec.sheet) for spec in self.tables}
        self._lists(self._sheet(LISTS_SHEET.zh))
        self._notes(notes)
        self._settings(settings)
        for spec in self.tables:
            self._table(sheets[spec.name], spec)
        notes.activate()

    def _sheet(self, name: str) -> Any:
        sheet = self.book.add_worksheet(name, worksheet_class=_ExactWorksheet)
        sheet.set_paper(9)  # A4
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        return sheet

    def _format(self, **parts: Any) -> Any:
        return self.book.add_format({"font_name": "宋体", "font_size": 11, "valign": "vcenter", **parts})

    # Lists behind the drop-downs: lists written into a check stop at 255 characters, so they stand on a sheet.

    def _lists(self, sheet: Any) -> None:
        sheet.hide()
        columns: dict[str, list[str]] = {
            "是否": ["是", "否"],
            "资源": [RESOURCE_WORDS[r].zh if r in RESOURCE_WORDS else r for r in self.resources],
        }
        for spec in self.tables:
            for column in spec.columns:
                if column.choices:
                    shown = [c.value if column.kind == "text" else c.zh for c in column.choices]
                    name = next((n for n, words in columns.items() if words == shown), f"{spec.sheet}_{column.zh}")
                    columns[name] = shown
                    self.lists[f"{spec.name}.{column.name}"] = name
        columns |= {
            "能耗口径": ["equal_value", "equivalent"],
            "数据性质": ["real", "synthetic", "mixed"],
            "目标形式": ["weighted", "lexicographic"],
        }
        for j, (name, words) in enumerate(columns.items()):
            sheet.write_string(0, j, name)
            for i, word in enumerate(words, 1):
                sheet.write_string(i, j, word)
            letter = column_letters(j)
            self.book.define_name(name, f"='{LISTS_SHEET.zh}'!${letter}$2:${letter}${len(words) + 1}")

    def _notes(self, sheet: Any) -> None:
        title = self._format(bold=True, font_size=16)
        head = self._format(bold=True, bg_color=PLAIN, border=1, border_color=LINE)
        cell = self._format(text_wrap=True, border=1, border_color=LINE)
        plain = self._format()
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 12)
        sheet.set_column(1, 1, 22)
        sheet.set_column(2, 2, 24)
        sheet.set_column(3, 3, 14)
        sheet.set_column(4, 4, 8)
        sheet.set_column(5, 5, 60)
        sheet.write_string(0, 0, "用能指标、碳排放空间和用地再分配：数据工作簿", title)
        lines = [
            "1. 在“设置”表填写案例名称、年份等；每张表一行一条记录，浅黄色的列必填，其余可留空。",
            "2. 单位写在表头括号里，可改成习惯的单位（如 万吨标准煤、公顷、亿元、万千瓦时），读入时自动换算。",
            "3. 一格里有多项时用英文分号“;”分隔；数字不要带单位；编号按文本填写。",
            "4. 不要合并单元格，不要留合计行；公式须算好并保存。不需要的表留空即可。",
            "5. 填好后运行 quota-opt check 本工作簿.xlsx，一次列出全部问题。",
        ]
        if self.scenario is not None and self.scenario.data != "real":
            words = {"synthetic": "本工作簿的数据为合成数据。", "mixed": "本工作簿的数据部分为合成数据。"}
            lines.insert(0, words[self.scenario.data])
        for i, line in enumerate(lines, 2):
            sheet.write_string(i, 0, line, plain)
        row = len(lines) + 3
        for j, heading in enumerate(("工作表", "列", "英文列名", "单位或类型", "必填", "说明")):
            sheet.write_string(row, j, heading, head)
        for spec in self.tables:
            for column in spec.columns:
                row += 1
                unit = unit_words(column.unit).zh or KIND_WORDS[column.kind].zh
                said = column.description.zh
                if column.default not in (None, False):
                    said += f"；留空按 {_shown_default(column)} 计"
                for j, text in enumerate(
                    (spec.sheet, column.zh, column.name, unit, "是" if column.required else "", said)
                ):
                    sheet.write_string(row, j, text, cell)
        sheet.freeze_panes(0, 0)

    def _settings(self, sheet: Any) -> None:
        head = self._format(bold=True, bg_color=PLAIN, border=1, border_color=LINE)
        text = self._format(num_format="@", border=1, border_color=LINE)
        value_text = self._format(num_format="@", border=1, border_color=LINE, text_wrap=True)
        number = self._format(border=1, border_color=LINE, align="left")
        day = self._format(num_format="yyyy-mm-dd", border=1, border_color=LINE, align="left")
        note = self._format(font_color="#555555", border=1, border_color=LINE, text_wrap=True)
        for j, (heading, width) in enumerate((("路径", 44), ("值", 52), ("说明", 60))):
            sheet.set_column(j, j, width)
            sheet.write_string(0, j, heading, head)
        sheet.freeze_panes(1, 0)
        rows = self._setting_rows()
        lists = {"scenario.energy_basis": "能耗口径", "scenario.data": "数据性质", "objective.form": "目标形式"}
        for i, (path, value) in enumerate(rows.items(), 1):
            sheet.write_string(i, 0, path, text)
            sheet.write_string(i, 2, setting_words(path).zh, note)
            if value == "" and self.scenario is None:
                sheet.write_blank(i, 1, None, number)
            elif isinstance(value, bool):
                sheet.write_boolean(i, 1, value, number)
            elif isinstance(value, int | float) and abs(value) < 2**53:
                sheet.write_number(i, 1, value, number)
            elif type(value) is date:
                sheet.write_datetime(i, 1, value, day)
            else:
                sheet.write_string(i, 1, _setting_text(value), value_text)
            if path in lists:
                sheet.data_validation(i, 1, i, 1, {"validate": "list", "source": f"={lists[path]}", **_STOP})

    def _setting_rows(self) -> dict[str, Any]:
        """Settings by path; the blank workbook has a row for every parameter of every rule besides."""
        rows = flattened(self.document)
        return rows if self.scenario is not None else rows | {p: "" for p in _rule_paths() if p not in rows}

    def _table(self, sheet: Any, spec: TableSpec) -> None:
        frame = self.scenario.tables[spec.name] if self.scenario is not None else None
        count = len(frame) if frame is not None else 0
        sheet.freeze_panes(1, 1)
        sheet.repeat_rows(0)
        sheet.set_row(0, 32)
        for j, column in enumerate(spec.columns):
            body = self._column(sheet, j, column, _heading(column))
            self._check(sheet, spec, column, j, count)
            if frame is not None:
                _write_cells(sheet, j, column, frame[column.name], body)
        if count:
            sheet.autofilter(0, 0, count, len(spec.columns) - 1)

    def _column(self, sheet: Any, j: int, column: ColumnSpec | None, heading: str, row: int = 0) -> Any:
        """Width, format and heading of a column; returns the format of its cells."""
        needed = column is not None and column.required
        color = TINT if needed else PLAIN
        head = self._format(bold=True, bg_color=color, border=1, border_color=LINE, text_wrap=True, align="center")
        parts: dict[str, Any] = {"bg_color": TINT, "border": 1, "border_color": LINE} if needed else {}
        if column is None or column.kind in ("identifier", "text", "list", "numbers"):
            parts["num_format"] = "@"
        body = self._format(**parts)
        sheet.set_column(j, j, max(10, min(28, 2 * len(heading) + 2)), body)
        sheet.write_string(row, j, heading, head)
        return body

    def _check(self, sheet: Any, spec: TableSpec, column: ColumnSpec, j: int, count: int) -> None:
        """The drop-down or the check of numbers of one column."""
        rule: dict[str, Any] | None = None
        unit = unit_words(column.unit).zh
        name = self.lists.get(f"{spec.name}.{column.name}")
        if column.wildcard is not None:
            rule = None  # Numbers or `*`: Excel has no check for both that people can read.
        elif name is not None:
            rule = {"validate": "list", "source": f"={name}", **(_WARN if column.kind == "text" else _STOP)}
        elif column.kind == "yes/no":
            rule = {"validate": "list", "source": "=是否", **_STOP}
        elif column.refers == "resources":
            rule = {"validate": "list", "source": "=资源", **_STOP}
        elif column.refers in ("places", "firms"):
            target = next(t for t in self.tables if t.name == column.refers)
            last = (len(self.scenario.tables[target.name]) if self.scenario is not None else 0) + ROOM
            rule = {"validate": "list", "source": f"='{target.sheet}'!$A$2:$A${last}", **_WARN}
        elif column.kind == "year":
            rule = {
                "validate": "integer",
                "criteria": "between",
                "minimum": 1900,
                "maximum": 2200,
                **_message("请填四位年份，如 2023。"),
            }
        elif column.numeric:
            kind = "integer" if column.kind == "integer" else "decimal"
            low, high = column.minimum, column.maximum
            said = f"“{column.zh}”只填数字" + (f"，单位为{unit}" if unit else "")
            if low is not None and high is not None:
                rule = {
                    "criteria": "between",
                    "minimum": low,
                    "maximum": high,
                    **_message(f"{said}，在 {low:g} 到 {high:g} 之间。"),
                }
            elif low is not None:
                rule = {"criteria": ">=", "value": low, **_message(f"{said}，不小于 {low:g}。")}
            else:
                rule = {"criteria": "between", "minimum": -1e15, "maximum": 1e15, **_message(f"{said}。")}
            rule["validate"] = kind
        if rule is not None:
            sheet.data_validation(1, j, count + ROOM, j, rule)


class _TypedWriter(_Writer):
    """Writes tables as they were typed."""

    def __init__(
        self, book: xlsxwriter.Workbook, document: Mapping[str, Any], sheets: Mapping[str, TypedSheet]
    ) -> None:
        super().__init__(book, document, context_of(document), None)
        self.sheets = sheets

    def _setting_rows(self) -> dict[str, Any]:
        return flattened(self.document)

    def _table(self, sheet: Any, spec: TableSpec) -> None:
        typed = self.sheets.get(spec.name)
        if typed is None:
            super()._table(sheet, spec)
            return
        top = typed.header_row - 1
        sheet.freeze_panes(top + 1, 1)
        there: set[str] = set()
        for j, heading in enumerate(typed.headers):
            read = read_heading(heading, spec) if heading else None
            column = read.column if read is not None else None
            body = self._column(sheet, j, column, heading, top)
            if column is not None:
                there.add(column.name)
                self._check(sheet, spec, column, j, top + len(typed.rows))
            for i, row in enumerate(typed.rows, top + 1):
                _write_typed(sheet, i, j, row[j], column, body)
        # A needed column that is missing stays missing: blank in every row it would be another fault.
        absent = [c for c in spec.columns if c.name not in there and not (c.required and typed.rows)]
        for j, column in enumerate(absent, len(typed.headers)):
            self._column(sheet, j, column, _heading(column), top)
            self._check(sheet, spec, column, j, top + len(typed.rows))


def _heading(column: ColumnSpec) -> str:
    return column.header("" if column.unit == SHARE else unit_words(column.unit).zh)


def _write_typed(sheet: Any, i: int, j: int, cell: str, column: ColumnSpec | None, body: Any) -> None:
    """A figure as a number where it is one and nothing is lost, anything else as the text it is."""
    if column is not None and column.numeric:
        try:
            number = float(cell)
        except ValueError:
            number = np.nan
        if np.isfinite(number) and cell.strip().replace(".", "", 1).removeprefix("-").isdecimal() and len(cell) < 16:
            sheet.write_number(i, j, number, body)
            return
    if cell:
        sheet.write_string(i, j, cell, body)


_STOP = {"error_title": "不在选项中", "error_message": "请从下拉列表中选择。"}
_WARN = {
    "error_title": "不在列表中",
    "error_message": "列表中没有这一项，请先在对应的表中登记。",
    "error_type": "warning",
}


def _message(text: str) -> dict[str, str]:
    return {"error_title": "请核对", "error_message": text}


def _shown_default(column: ColumnSpec) -> str:
    for choice in column.choices:
        if choice.value == column.default:
            return choice.zh
    return f"{column.default:g}" if isinstance(column.default, float) else str(column.default)


def _setting_text(value: Any) -> str:
    """A setting as text that reads back as itself: quoted where it could be taken for something else."""
    if isinstance(value, str) and value and value == value.strip() and setting_value_or_none(value) == value:
        looks_like_number = value.replace(".", "", 1).replace("-", "", 1).isdecimal()
        if not looks_like_number:
            return value
    return written(value)


def setting_value_or_none(text: str) -> Any:
    """What the reader would make of `text`, or None where it would refuse it."""
    try:
        return setting_value(text)
    except ValueError:
        return None


def _rule_paths() -> list[str]:
    """A row for every parameter of every rule, for the planner to fill in or leave blank."""
    return [
        f"rules.{name}.{field.alias or parameter}"
        for name, model in rule_parameters().items()
        for parameter, field in model.model_fields.items()
        if parameter != "enabled"
    ]


def _write_cells(sheet: Any, j: int, column: ColumnSpec, values: pd.Series, body: Any) -> None:
    if column.numeric:
        numbers = values.to_numpy(dtype=np.float64)
        for i in np.flatnonzero(~np.isnan(numbers)).tolist():
            sheet.write_number(i + 1, j, numbers[i], body)
        if column.wildcard is not None:
            for i in np.flatnonzero(np.isnan(numbers)).tolist():
                sheet.write_string(i + 1, j, column.wildcard, body)
        return
    if column.kind == "yes/no":
        for i, value in enumerate(values.tolist(), 1):
            sheet.write_string(i, j, "是" if value else "否", body)
        return
    words = {c.value: c.zh for c in column.choices} if column.kind == "choice" else {}
    if column.refers == "resources":
        words = {r: words.zh for r, words in RESOURCE_WORDS.items()}
    for i, value in enumerate(values.tolist(), 1):
        text = words.get(value, value) if isinstance(value, str) else _cell_text(value)
        if text:
            sheet.write_string(i, j, text, body)
