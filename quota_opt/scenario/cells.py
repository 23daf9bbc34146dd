"""One column of raw cells to typed values: whole columns at a time, cell by cell only where something is odd."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from quota_opt.errors import Text
from quota_opt.scenario.collector import Collector
from quota_opt.scenario.nearest import mend_name
from quota_opt.scenario.raw import RawTable
from quota_opt.scenario.spec import ColumnSpec
from quota_opt.scenario.units import normal

Objects = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

YEARS = (1900, 2200)
_YES = frozenset(("是", "true", "yes", "y", "1", "√", "有", "t"))
_NO = frozenset(("否", "false", "no", "n", "0", "×", "无", "f"))
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_DIGITS_AND_POINTS = re.compile(r"[0-9.\n]*")
_DIGITS_OF_A_DOUBLE = 15
_AT_A_FORMULA_START = re.compile(r"\n[=+\-@\t\r]")
_SUMMARY = frozenset(("合计", "总计", "小计", "共计", "total", "subtotal", "sum"))
_FULL_WIDTH = str.maketrans(
    {chr(0xFF10 + i): chr(0x30 + i) for i in range(10)}
    | {chr(0xFF21 + i): chr(0x41 + i) for i in range(26)}
    | {chr(0xFF41 + i): chr(0x61 + i) for i in range(26)}
    | {"\u3000": " ", "－": "-", "＿": "_", "\u00a0": " "}
)
# Beyond 2**53 a spreadsheet has rounded the number, so an 18-digit code stored as one is already wrong.
_EXACT = float(2**53)


class ColumnReader:
    """Reads the cells of one heading and reports what is wrong with them."""

    def __init__(self, raw: RawTable, column: int, spec: ColumnSpec, factor: float, report: Collector) -> None:
        self.raw, self.column, self.spec, self.factor, self.report = raw, column, spec, factor, report
        self.values: Sequence[Any] | npt.NDArray[Any] = raw.columns[column]
        self._broken = self._broken_records()

    def read(self) -> npt.NDArray[Any]:
        """The typed column: float64, bool, or objects (str, tuple)."""
        kind = self.spec.kind
        if kind in ("number", "integer", "year"):
            return self._numbers()
        texts = self._texts()
        if kind == "identifier":
            return self._identifiers(texts)
        if kind == "text":
            return self._by_unique(texts, self._word) if self.spec.choices else texts
        if kind == "choice":
            self._need(texts == "")
            filled = self._by_unique(texts, self._choice)
            return self._defaulted(filled, "")
        if kind == "yes/no":
            default = bool(self.spec.default)
            return self._by_unique(texts, lambda t: default if not t else _yes_no(t), _bad_yes_no).astype(bool)
        if kind == "list":
            return self._by_unique(texts, split_list)
        return self._by_unique(texts, self._number_list, _bad_numbers)

    def _broken_records(self) -> Flags | None:
        if not self.raw.broken:
            return None
        rows = {row for row, position in self.raw.broken if position == self.raw.positions[self.column]}
        return np.isin(self.raw.rows, list(rows)) if rows else None

    # Reporting

    def _say(self, code: str, records: npt.NDArray[np.intp], text: Callable[[int], tuple[Text, Text, object]]) -> None:
        if self._broken is not None:
            records = records[~self._broken[records]]
        for index, record in enumerate(records):
            where = self.raw.where(int(record), self.column)
            if not self.report.room(code, where):
                self.report.count(code, where, len(records) - index)
                return
            what, fix, seen = text(int(record))
            self.report.error(code, what, where, fix, seen)

    def _need(self, blank: Flags) -> None:
        if self.spec.required and self.spec.unless is None and blank.any():
            what, fix = self.spec.missing or (
                Text(f"必填的“{self.spec.zh}”为空", f"{self.spec.name} is required and blank"),
                Text("请填写；若整行无用，请删除该行。", "Fill it in, or delete the row."),
            )
            self._say(
                "missing-value",
                np.flatnonzero(blank),
                lambda _: (what, fix, ""),
            )

    # Texts

    def _texts(self) -> Objects:
        """The cells as text without blanks around; numbers as people write them."""
        values = self.values
        result = np.empty(len(values), dtype=object)
        try:
            result[:] = [v.strip() for v in values]
        except AttributeError:
            result[:] = [v.strip() if isinstance(v, str) else _text_of(v) for v in values]
        return result

    def _identifiers(self, texts: Objects) -> Objects:
        values, whole = self.values, _as_one_text(self.values)
        # Most columns have nothing odd, which one look at the whole tells; only others are looked at cell by cell.
        risky = []
        if whole is None or _AT_A_FORMULA_START.search(whole):
            risky = [
                i for i, v in enumerate(values) if isinstance(v, str) and v.startswith(_FORMULA_STARTS) and texts[i]
            ]
        if risky:
            self._say(
                "unsafe-identifier",
                np.array(risky),
                lambda i: (
                    Text(
                        f"编号“{values[i]!s}”以 = + - @ 或制表符开头，会被表格软件当作公式".replace("\t", "⇥"),
                        f"the identifier {values[i]!r} starts with = + - @ or a tab, as formulas do",
                    ),
                    Text("请去掉开头的符号。", "Remove the leading sign."),
                    values[i],
                ),
            )
        if whole is not None:
            odd = np.array([], dtype=np.intp)
        elif isinstance(values, np.ndarray) and values.dtype != object:
            odd = np.flatnonzero(np.abs(values) >= _EXACT) if values.dtype.kind in "if" else np.array([], dtype=np.intp)
        else:
            odd = np.array(
                [i for i, v in enumerate(values) if not isinstance(v, str) and _not_an_identifier(v)], dtype=np.intp
            )
        if len(odd):
            self._say(
                "identifier-not-text",
                odd,
                lambda i: (
                    Text(
                        f"编号“{values[i]!s}”被存成了数字或日期，已失真",
                        f"the identifier {values[i]!s} is stored as a number or date and no longer exact",
                    ),
                    Text("请把该列设为“文本”格式后重新录入。", "Format the column as text and enter it again."),
                    values[i],
                ),
            )
        if not (whole or "".join(texts.tolist())).isascii():
            texts[:] = [t.translate(_FULL_WIDTH).strip() for t in texts]
        folded = "" if whole is None else whole.casefold().replace(" ", "")
        if (
            self.spec.refers is None
            and self.spec.required
            and (not folded.isascii() or whole is None or any(word in folded for word in _SUMMARY))
        ):
            totals = [i for i, t in enumerate(texts) if len(t) <= 8 and t.casefold().replace(" ", "") in _SUMMARY]
            if totals:
                self._say(
                    "summary-row",
                    np.array(totals),
                    lambda i: (
                        Text(f"“{texts[i]}”是汇总行，不是一条记录", f"{texts[i]!r} is a row of totals, not a record"),
                        Text("请删除汇总行。", "Delete the row of totals."),
                        texts[i],
                    ),
                )
        self._need(texts == "")
        return texts

    def _by_unique(
        self, texts: Objects, meaning: Callable[[str], Any], bad: Callable[[ColumnSpec, str], Text] | None = None
    ) -> Objects:
        """`meaning` of each different text, once; None means it has none, which is reported for every cell."""
        codes, uniques = pd.factorize(texts)
        meanings = np.empty(len(uniques), dtype=object)
        wrong = np.zeros(len(uniques), dtype=bool)
        for i, text in enumerate(uniques):
            value = meaning(text)
            if value is None:
                wrong[i], value = True, meaning("")
            meanings[i] = value
        if wrong.any():
            words = bad or _bad_choice
            self._say(
                "unknown-choice" if self.spec.kind in ("choice", "yes/no") else "bad-value",
                np.flatnonzero(wrong[codes]),
                lambda i: (
                    Text(f"“{self.spec.zh}”不能是“{texts[i]}”", f"{self.spec.name} cannot be {texts[i]!r}"),
                    words(self.spec, texts[i]),
                    texts[i],
                ),
            )
        if not len(texts):
            return np.empty(0, dtype=object)
        result: Objects = meanings[codes]
        return result

    def _word(self, text: str) -> str:
        return self.spec.spellings.get(normal(text), text)

    def _choice(self, text: str) -> str | None:
        return "" if not text else self.spec.spellings.get(normal(text))

    def _defaulted(self, values: Objects, blank: str) -> Objects:
        if self.spec.default is not None and len(values):
            values = values.copy()
            values[values == blank] = self.spec.default
        return values

    def _number_list(self, text: str) -> tuple[float, ...] | None:
        if not text:
            return ()
        numbers = tuple(_number_of(part) for part in split_list(text))
        low = self.spec.minimum
        if any(n is None or (low is not None and n < low) for n in numbers):
            return None
        return tuple(n * self.factor for n in numbers if n is not None)

    # Numbers

    def _numbers(self) -> Floats:
        numbers = self._parsed()
        spec = self.spec
        if spec.kind in ("integer", "year"):
            self._check(
                numbers,
                np.isfinite(numbers) & (numbers != np.floor(numbers)),
                Text("应为整数", "should be a whole number"),
            )
        if spec.kind == "year":
            low, high = YEARS
            outside = np.isfinite(numbers) & ((numbers < low) | (numbers > high))
            self._check(numbers, outside, Text("不像年份", "does not look like a year"))
        if self.factor != 1.0:
            numbers = _rounded(numbers * self.factor)
        if spec.minimum is not None:
            self._check(
                numbers,
                numbers < spec.minimum,
                Text(f"不能小于 {spec.minimum:g}", f"cannot be less than {spec.minimum:g}"),
            )
        if spec.maximum is not None:
            self._check(
                numbers,
                numbers > spec.maximum,
                Text(f"不能大于 {spec.maximum:g}", f"cannot be more than {spec.maximum:g}"),
            )
        if spec.default is not None:
            numbers = np.where(np.isnan(numbers), float(spec.default), numbers)
        return numbers

    def _check(self, numbers: Floats, wrong: Flags, why: Text) -> None:
        """Report figures out of range, and blank them so that nothing more is said of them."""
        if wrong.any():
            numbers[wrong] = np.nan
            self._say(
                "out-of-range",
                np.flatnonzero(wrong),
                lambda i: (
                    Text(
                        f"“{self.spec.zh}”为 {self._seen(i)}，{why.zh}",
                        f"{self.spec.name} is {self._seen(i)}; it {why.en}",
                    ),
                    Text("请核对该数。", "Check the figure."),
                    self._seen(i),
                ),
            )

    def _seen(self, record: int) -> str:
        value = self.values[record]
        return value.strip() if isinstance(value, str) else _text_of(value)

    def _parsed(self) -> Floats:
        values = self.values
        if isinstance(values, np.ndarray) and values.dtype.kind in "iuf":
            numbers = values.astype(np.float64)
            blank = np.isnan(numbers)
            wrong = np.isinf(numbers)
        else:
            numbers, blank, wrong = self._parsed_cells(values)
        if wrong.any():
            numbers[wrong] = np.nan
            self._say(
                "not-a-number",
                np.flatnonzero(wrong),
                lambda i: (
                    Text(
                        f"“{self.spec.zh}”为“{self._seen(i)}”，不是数字",
                        f"{self.spec.name} is {self._seen(i)!r}, not a number",
                    ),
                    _HOW_TO_WRITE_NUMBERS,
                    self._seen(i),
                ),
            )
        self._need(blank)
        return numbers

    def _parsed_cells(self, values: Sequence[Any] | npt.NDArray[Any]) -> tuple[Floats, Flags, Flags]:
        """Numbers, which cells are blank, and which hold something that is no number."""
        cells = np.empty(len(values), dtype=object)
        cells[:] = values
        plain = _plain_numbers(cells)
        if plain is not None:
            return plain, np.isnan(plain), np.zeros(len(cells), dtype=bool)
        kinds = set(map(type, values))
        numbers = np.array(pd.to_numeric(pd.Series(cells, dtype=object), errors="coerce"), dtype=np.float64)
        if kinds & {bool, np.bool_}:
            flags = np.fromiter((isinstance(v, bool | np.bool_) for v in cells), dtype=bool, count=len(cells))
            numbers[flags] = np.nan
        unread = np.isnan(numbers)
        blank = unread & ((cells == "") if kinds <= {str} else np.asarray(pd.isna(cells) | (cells == ""), dtype=bool))
        wrong = np.isinf(numbers)
        for i in np.flatnonzero(unread & ~blank):
            text = cells[i].strip() if isinstance(cells[i], str) else None
            if text == "":
                blank[i] = True
            elif text is not None and text == self.spec.wildcard:
                continue
            else:
                number = (
                    None if text is None else _number_of(text.removesuffix("年") if self.spec.kind == "year" else text)
                )
                wrong[i] = number is None
                numbers[i] = math.nan if number is None else number
        return numbers, blank, wrong


def _as_one_text(values: Sequence[Any] | npt.NDArray[Any]) -> str | None:
    """All cells, each after a line break, for looking at them at once; None where some are no text."""
    try:
        return "\n" + "\n".join(values) if len(values) else ""
    except TypeError:
        return None


def _plain_numbers(cells: Objects) -> Floats | None:
    """Numbers of digits and points alone, NaN for blank cells; None where any cell needs a closer look.

    With no more digits than a double holds, every way of reading them gives the same number; this is the fastest.
    """
    whole = _as_one_text(cells)
    if whole is None or whole.count("\n") != len(cells) or not _DIGITS_AND_POINTS.fullmatch(whole):
        return None
    if max(map(len, cells), default=0) > _DIGITS_OF_A_DOUBLE:
        return None
    numbers, filled = np.full(len(cells), np.nan), np.flatnonzero(cells != "")
    try:
        numbers[filled] = cells[filled].astype(np.float64)
    except ValueError:  # 1.2.3, or a point alone
        return None
    return numbers


def _rounded(numbers: Floats) -> Floats:
    """To 15 digits, which is all a spreadsheet holds: 0.849 万吨 is 8490 t, not 8490.000000000001."""
    with np.errstate(divide="ignore", invalid="ignore"):
        digits = 14 - np.floor(np.log10(np.abs(numbers)))
    result = numbers.copy()
    # Powers beyond these overflow, and such amounts are no less exact unrounded.
    fine = np.isfinite(digits) & (np.abs(digits) < 200)
    scale = 10.0 ** np.abs(digits[fine])
    some = numbers[fine]
    up = digits[fine] >= 0
    result[fine] = np.where(up, np.round(some * scale) / scale, np.round(some / scale) * scale)
    return result


_HOW_TO_WRITE_NUMBERS = Text(
    "请只填数字，单位写在表头；没有数据就留空。",
    "Give the number alone, with the unit in the heading; leave it blank if there is none.",
)


def _number_of(text: str) -> float | None:
    """The number written as `text`, full-width digits and thousands separators allowed."""
    plain = unicodedata.normalize("NFKC", text).strip().replace("\u2212", "-")
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", plain):
        return None
    number = float(plain)
    return number if math.isfinite(number) else None


def _text_of(value: object) -> str:
    """A cell that is no text, as text: whole numbers without a decimal point, dates in ISO form."""
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, float | np.floating):
        number = float(value)
        if math.isnan(number):
            return ""
        return str(int(number)) if number.is_integer() and abs(number) < _EXACT else repr(number)
    if isinstance(value, bool | np.bool_):
        return "TRUE" if value else "FALSE"
    if isinstance(value, tuple | list | set | frozenset):
        return ";".join(_text_of(v) if not isinstance(v, str) else v for v in value)
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return str(value).strip()


def _not_an_identifier(value: object) -> bool:
    if isinstance(value, bool | np.bool_ | date | time | timedelta):
        return True
    if not isinstance(value, int | float | np.integer | np.floating):
        return False
    return abs(float(value)) >= _EXACT


def split_list(text: str) -> tuple[str, ...]:
    """The items of a cell separated by `;` (or the full-width ；), blanks around them removed."""
    return tuple(part for part in (p.strip() for p in text.replace("；", ";").split(";")) if part)


def _yes_no(text: str) -> bool | None:
    word = normal(text)
    return True if word in _YES else False if word in _NO else None


def _bad_choice(spec: ColumnSpec, text: str) -> Text:
    return mend_name(text, [word for c in spec.choices for word in (c.zh, c.value)])


def _bad_yes_no(spec: ColumnSpec, text: str) -> Text:
    return Text("请填“是”或“否”。", "Write yes or no.")


def _bad_numbers(spec: ColumnSpec, text: str) -> Text:
    return Text(
        "请填用“;”分隔的不为负的数字，如 0.5;0.8;1。", "Write numbers, none negative, separated by ; such as 0.5;0.8;1."
    )
