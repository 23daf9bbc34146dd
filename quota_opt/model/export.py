"""The model as a file for any other solver: MPS or CPLEX-LP, with the labels of its rows and columns as names.

Written here rather than by a solver's library, which drops the names or the last digits: every number has the
fewest digits that read back as the same double, and the same model gives the same bytes.

The model stays the maximisation it is: the MPS file says so in its `OBJSENSE` section (a reader that does not know
the section would minimise), the LP file begins with `Maximize`. The constant of the objective is the negative
right-hand side of the objective row in MPS. Rows that restrict nothing are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import numpy as np

from quota_opt.model.linear import Arrays

ExportFormat = Literal["mps", "lp"]
_OBJECTIVE = "objective"


def export_model(arrays: Arrays, path: Path | str, format: ExportFormat) -> Path:  # noqa: A002 - the command's word
    """Write `arrays` to `path` as free MPS or CPLEX-LP, replacing a file that is there; returns the path."""
    lines = _mps(arrays) if format == "mps" else _lp(arrays)
    path = Path(path)
    path.write_bytes(("\n".join(lines) + "\n").encode("ascii"))
    return path


def _mps(arrays: Arrays) -> Iterator[str]:
    columns, rows = arrays.column_names(), arrays.row_names()
    lower, upper = arrays.row_lower.tolist(), arrays.row_upper.tolist()
    kept = [math.isfinite(low) or math.isfinite(high) for low, high in zip(lower, upper, strict=True)]
    yield from ("NAME quota_opt", "OBJSENSE", "    MAX", "ROWS", f" N {_OBJECTIVE}")
    for name, low, high, keep in zip(rows, lower, upper, kept, strict=True):
        if keep:
            yield f" {'E' if low == high else 'L' if math.isfinite(high) else 'G'} {name}"
    yield "COLUMNS"
    yield from _mps_columns(arrays, columns, rows, kept)
    yield "RHS"
    if arrays.offset:
        yield f" RHS {_OBJECTIVE} {_number(-arrays.offset)}"
    for name, low, high, keep in zip(rows, lower, upper, kept, strict=True):
        side = high if math.isfinite(high) else low
        if keep and side:
            yield f" RHS {name} {_number(side)}"
    yield "RANGES"
    for name, low, high in zip(rows, lower, upper, strict=True):
        if math.isfinite(low) and math.isfinite(high) and low != high:
            yield f" RANGE {name} {_number(high - low)}"
    yield "BOUNDS"
    whole = arrays.integer.tolist()
    for name, low, high, is_whole in zip(columns, arrays.lower.tolist(), arrays.upper.tolist(), whole, strict=True):
        yield from (f" {kind} BOUND {name}{value}" for kind, value in _mps_bounds(low, high, is_whole))
    yield "ENDATA"


def _mps_columns(arrays: Arrays, columns: list[str], rows: list[str], kept: list[bool]) -> Iterator[str]:
    matrix = arrays.matrix.tocsc()
    matrix.sort_indices()
    pointer, index, data = matrix.indptr.tolist(), matrix.indices.tolist(), matrix.data.tolist()
    marked = False
    for j, (name, price, whole) in enumerate(
        zip(columns, arrays.objective.tolist(), arrays.integer.tolist(), strict=True)
    ):
        if whole != marked:
            yield " MARKER 'MARKER' 'INTORG'" if whole else " MARKER 'MARKER' 'INTEND'"
            marked = whole
        entries = [(rows[index[k]], data[k]) for k in range(pointer[j], pointer[j + 1]) if kept[index[k]]]
        if price or not entries:
            yield f" {name} {_OBJECTIVE} {_number(price)}"
        for row, value in entries:
            yield f" {name} {row} {_number(value)}"
    if marked:
        yield " MARKER 'MARKER' 'INTEND'"


def _mps_bounds(low: float, high: float, whole: bool) -> list[tuple[str, str]]:
    """Bounds of one column; said in full where readers differ in what they assume."""
    if low == high:
        return [("FX", f" {_number(low)}")]
    if math.isinf(low) and math.isinf(high):
        return [("FR", "")]
    said = [("MI", "")] if math.isinf(low) else [("LO", f" {_number(low)}")] if low or whole or high < 0 else []
    if math.isfinite(high):
        said.append(("UP", f" {_number(high)}"))
    elif whole:
        said.append(("PL", ""))
    return said


def _lp(arrays: Arrays) -> Iterator[str]:
    columns = [_lp_name(name) for name in arrays.column_names()]
    rows = [_lp_name(name) for name in arrays.row_names()]
    matrix = arrays.matrix.copy()
    matrix.sort_indices()
    pointer, index, data = matrix.indptr.tolist(), matrix.indices.tolist(), matrix.data.tolist()
    yield "Maximize"
    kept = np.isfinite(arrays.row_lower) | np.isfinite(arrays.row_upper)
    written = matrix.indices[np.repeat(kept, np.diff(matrix.indptr))]
    unused = np.bincount(written, minlength=arrays.columns) == 0
    priced = np.flatnonzero((arrays.objective != 0.0) | unused).tolist()
    constant = [_signed(arrays.offset)] if arrays.offset else []
    yield from _lp_row(_OBJECTIVE, (_term(arrays.objective[j], columns[j]) for j in priced), " ".join(constant))
    yield "Subject To"
    for i, (name, low, high) in enumerate(zip(rows, arrays.row_lower.tolist(), arrays.row_upper.tolist(), strict=True)):
        terms = [_term(data[k], columns[index[k]]) for k in range(pointer[i], pointer[i + 1])]
        if not terms and columns:
            terms = [_term(0.0, columns[0])]
        if not terms:
            continue
        two = math.isfinite(low) and math.isfinite(high)
        if low == high:
            yield from _lp_row(name, terms, f"= {_number(high)}")
            continue
        if math.isfinite(low):
            yield from _lp_row(f"{name}.low" if two else name, terms, f">= {_number(low)}")
        if math.isfinite(high):
            yield from _lp_row(f"{name}.high" if two else name, terms, f"<= {_number(high)}")
    yield "Bounds"
    binary = arrays.integer & (arrays.lower == 0.0) & (arrays.upper == 1.0)
    for name, low, high, plain in zip(
        columns, arrays.lower.tolist(), arrays.upper.tolist(), (~binary).tolist(), strict=True
    ):
        if plain and (low != 0.0 or math.isfinite(high)):
            yield f" {_lp_bounds(name, low, high)}"
    for section, chosen in (("Binaries", binary), ("Generals", arrays.integer & ~binary)):
        members = np.flatnonzero(chosen).tolist()
        if members:
            yield section
            yield from (f" {columns[j]}" for j in members)
    yield "End"


def _lp_row(name: str, terms: Iterable[str], ending: str) -> Iterator[str]:
    """`name: terms ending`, a few terms to a line: readers limit the length of lines."""
    pieces = [f"{name}:", *terms, ending]
    for at in range(0, len(pieces), 6):
        yield " " + " ".join(piece for piece in pieces[at : at + 6] if piece)


def _lp_bounds(name: str, low: float, high: float) -> str:
    if low == high:
        return f"{name} = {_number(low)}"
    if math.isinf(low) and math.isinf(high):
        return f"{name} free"
    left = "-inf" if math.isinf(low) else _number(low)
    return f"{left} <= {name}" + (f" <= {_number(high)}" if math.isfinite(high) else "")


def _lp_name(name: str) -> str:
    """Square brackets mean something else in LP files."""
    return name.replace("[", "(").replace("]", ")")


def _term(coefficient: float, name: str) -> str:
    return f"{_signed(coefficient)} {name}"


def _signed(value: float) -> str:
    return f"{'-' if value < 0 else '+'} {_number(abs(value))}"


def _number(value: float) -> str:
    """The fewest digits that read back as the same double."""
    return repr(float(value)).removesuffix(".0")
