"""Headings to columns: English or Chinese, with or without a unit in half- or full-width parentheses."""

from __future__ import annotations

from typing import NamedTuple

from quota_opt.errors import Text
from quota_opt.scenario.collector import Collector
from quota_opt.scenario.nearest import mend_name, nearest
from quota_opt.scenario.raw import RawTable
from quota_opt.scenario.spec import ColumnSpec, TableSpec
from quota_opt.scenario.units import normal, read_unit, unit_words


class Heading(NamedTuple):
    """A heading understood: the column it names and the unit it states, if any."""

    column: ColumnSpec
    unit: str | None


def read_heading(text: str, table: TableSpec) -> Heading | None:
    """What a heading means, or None where it names no column of `table`."""
    plain = normal(text)
    whole = table.headings.get(plain)
    if whole is not None:
        return Heading(whole, None)
    for opening, closing in (("(", ")"), ("[", "]"), ("【", "】")):
        if plain.endswith(closing):
            name, _, unit = plain[: -len(closing)].rpartition(opening)
            # What else stands beside a unit (“万吨标准煤，当量值”) may change the meaning: it is refused as a unit.
            column = table.headings.get(name)
            if column is not None:
                return Heading(column, unit)
    for separator in (",", "/", ":", "-"):
        name, found, unit = plain.partition(separator)
        column = table.headings.get(name) if found else None
        if column is not None and read_unit(unit) is not None:
            return Heading(column, unit)
    return None


def match_headings(raw: RawTable, table: TableSpec, report: Collector) -> dict[str, tuple[int, float]]:
    """Column name → (index in the raw table, factor to the kept unit); what does not fit is reported."""
    matched: dict[str, tuple[int, float]] = {}
    unknown: list[int] = []
    for index, text in enumerate(raw.headers):
        if not text.strip():
            report.error(
                "no-heading",
                Text("这一列有数据但没有表头", "this column has data and no heading"),
                raw.where(None, index),
                Text("请补上表头，或清空该列。", "Give it a heading, or clear the column."),
            )
            continue
        heading = read_heading(text, table)
        if heading is None:
            unknown.append(index)
        elif heading.column.name in matched:
            first = raw.headers[matched[heading.column.name][0]]
            report.error(
                "repeated-column",
                Text(f"“{text}”与“{first}”是同一列", f"{text!r} and {first!r} are the same column"),
                raw.where(None, index),
                Text("请只保留一列。", "Keep one of them."),
                text,
            )
        else:
            matched[heading.column.name] = (index, _factor(raw, index, heading, report))
    meant: set[str] = set()
    for index in unknown:
        free = [c for c in table.columns if c.name not in matched and c.name not in meant]
        meant |= _report_unknown(raw, index, free, report)
    for column in table.columns:
        if column.required and column.name not in matched and column.name not in meant:
            report.error(
                "missing-column",
                Text(f"缺少必填列“{column.zh}”", f"the required column {column.name} is missing"),
                raw.where(None, None),
                Text(f"请加上“{column.zh}”（{column.name}）一列。", f"Add a column {column.name} ({column.zh})."),
            )
    return matched


def _report_unknown(raw: RawTable, index: int, free: list[ColumnSpec], report: Collector) -> set[str]:
    """Report an unknown heading; the column it was probably meant to be is then not reported as missing as well."""
    text = raw.headers[index]
    words = {word: c.name for c in free for word in (c.name, c.zh, *c.aliases)}
    plain = normal(text).partition("(")[0] or text
    near = nearest(plain, words)
    report.error(
        "unknown-column",
        Text(f"没有名为“{text}”的列", f"no column is called {text!r}"),
        raw.where(None, index),
        mend_name(plain, words, else_zh="不需要的列请删除。", else_en=" Delete columns that are not needed."),
        text,
    )
    return {words[near]} if near is not None else set()


def _factor(raw: RawTable, index: int, heading: Heading, report: Collector) -> float:
    column, written = heading
    if written is None:
        return 1.0
    unit = read_unit(written)
    takes_one = column.numeric or column.kind == "numbers"
    if unit is not None and takes_one:
        if column.unit is None and column.kind == "year":
            pass
        elif column.unit in (unit.dimension, None, ""):
            # A resource of the case's own has no kept unit: the first root of its dimension is the one kept.
            return unit.factor
    elif (column.kind == "year" and written in ("年", "year")) or (column.unit and normal(column.unit) == written):
        return 1.0
    words = unit_words(column.unit)
    if unit is None and takes_one:
        report.error(
            "unknown-unit",
            Text(
                f"表头“{raw.headers[index]}”里的单位“{written}”不认识",
                f"the unit {written!r} in the heading {raw.headers[index]!r} is not known",
            ),
            raw.where(None, index),
            Text(f"请换算为“{words.zh}”并写在表头。", f"Convert to {words.en} and say so in the heading.")
            if words.zh
            else Text("请从表头去掉单位。", "Remove the unit from the heading."),
            written,
        )
        return 1.0
    report.error(
        "wrong-unit",
        Text(
            f"“{column.zh}”应以“{words.zh}”计，表头写的是“{written}”",
            f"{column.name} is counted in {words.en}, and the heading says {written!r}",
        )
        if words.zh
        else Text(
            f"“{column.zh}”没有单位，表头写了“{written}”",
            f"{column.name} has no unit, and the heading says {written!r}",
        ),
        raw.where(None, index),
        Text(f"请填以“{words.zh}”计的数，并改正表头。", f"Give figures in {words.en} and correct the heading.")
        if words.zh
        else Text("请从表头去掉单位。", "Remove the unit from the heading."),
        written,
    )
    return 1.0
