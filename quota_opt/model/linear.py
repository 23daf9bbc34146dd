"""The neutral model: sparse, labelled, assembled from arrays; engines only translate it.

    maximise    objective @ x + offset
    subject to  row_lower <= matrix @ x <= row_upper
                lower <= x <= upper,   x[integer] integral

Columns and rows come in blocks. A block knows what it stands for (`act`, `start`, `pool`, `retention` …) and keeps
its labels as arrays of codes (place number, year, project number …), so that a million columns cost a few arrays
and no Python objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from quota_opt.model.entries import Entries, Stack

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """Consecutive columns or rows of one kind: `name`, first position, and label arrays of equal length.

    `labels` maps a label name to codes or plain values; `categories` to the names that codes stand for.
    """

    name: str
    first: int
    size: int
    labels: Mapping[str, NDArray[np.generic]]
    categories: Mapping[str, NDArray[np.object_]] = field(default_factory=dict)

    @property
    def positions(self) -> IntArray:
        """Positions of the block's columns or rows in the model."""
        return np.arange(self.first, self.first + self.size)

    def frame(self, rows: NDArray[np.int64] | slice = slice(None)) -> pd.DataFrame:
        """The labels of (some of) the block as a table, codes decoded to names."""
        decoded = {
            key: (
                self.categories[key][np.asarray(values)[rows]] if key in self.categories else np.asarray(values)[rows]
            )
            for key, values in self.labels.items()
        }
        return pd.DataFrame(decoded, index=self.positions[rows])

    def label_of(self, position: int) -> dict[str, object]:
        """The labels of one column or row, decoded."""
        at = position - self.first
        return {
            key: (self.categories[key][int(values[at])] if key in self.categories else values[at].item())
            for key, values in self.labels.items()
        }


@dataclass(frozen=True)
class Arrays:
    """The finished model as plain arrays: all an engine sees. Always a maximisation.

    Shapes: `objective`, `lower`, `upper`, `integer` (bool) have one entry per column; `row_lower`, `row_upper` one
    per row; `matrix` is CSR, rows by columns. Infinite bounds are ±inf.
    """

    objective: FloatArray
    offset: float
    lower: FloatArray
    upper: FloatArray
    integer: NDArray[np.bool_]
    matrix: sp.csr_array
    row_lower: FloatArray
    row_upper: FloatArray
    column_blocks: tuple[Block, ...] = ()
    row_blocks: tuple[Block, ...] = ()

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.objective)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.row_lower)

    def column_names(self) -> list[str]:
        """A unique, LP-safe name per column, e.g. `act[F001,close,2024]`; made only when asked for."""
        return _names(self.column_blocks, self.columns, "x")

    def row_names(self) -> list[str]:
        """A unique, LP-safe name per row, e.g. `pool[N1,energy,2024]`."""
        return _names(self.row_blocks, self.rows, "r")

    def value(self, x: FloatArray) -> float:
        """The objective at `x`."""
        return float(self.objective @ x + self.offset)

    def worst_violation(self, x: FloatArray) -> float:
        """The largest amount by which `x` breaks a row or a bound (integrality aside)."""
        activity = self.matrix @ x
        parts = [activity - self.row_upper, self.row_lower - activity, x - self.upper, self.lower - x]
        return max((float(part.max()) for part in parts if part.size), default=0.0)


def _names(blocks: Sequence[Block], size: int, fallback: str) -> list[str]:
    names = [f"{fallback}{i}" for i in range(size)]
    for block in blocks:
        decoded = [
            (block.categories[key][values] if key in block.categories else values)
            for key, values in block.labels.items()
        ]
        for offset in range(block.size):
            parts = ",".join(_safe(str(values[offset])) for values in decoded)
            names[block.first + offset] = f"{block.name}[{parts}]"
    seen: dict[str, int] = {}
    for i, name in enumerate(names):
        count = seen.get(name, 0)
        seen[name] = count + 1
        if count:
            names[i] = f"{name}#{count}"
    return names


def _safe(text: str) -> str:
    """A label as it may stand in an LP or MPS file: ASCII letters, digits, `_` and `.`; others as their code point."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "_.") else f"u{ord(c):x}" for c in text) or "_"


class LinearModel:
    """Collects columns and rows as blocks of arrays; `arrays()` joins them into one sparse model."""

    def __init__(self) -> None:
        self._columns: list[Block] = []
        self._rows: list[Block] = []
        self._lower: list[FloatArray] = []
        self._upper: list[FloatArray] = []
        self._integer: list[NDArray[np.bool_]] = []
        self._row_lower: list[FloatArray] = []
        self._row_upper: list[FloatArray] = []
        self._entries = Stack()
        self._objective: list[tuple[NDArray[np.int64], FloatArray]] = []
        self.offset = 0.0
        self.column_count = 0
        self.row_count = 0

    def add_columns(
        self,
        name: str,
        labels: Mapping[str, ArrayLike],
        *,
        lower: ArrayLike = 0.0,
        upper: ArrayLike = np.inf,
        integer: bool = False,
        categories: Mapping[str, NDArray[np.object_]] | None = None,
    ) -> IntArray:
        """Add one block of columns; its length is that of the label arrays. Returns their positions."""
        block = _block(name, self.column_count, labels, categories)
        self._columns.append(block)
        self._lower.append(_filled(lower, block.size))
        self._upper.append(_filled(upper, block.size))
        self._integer.append(np.broadcast_to(np.asarray(integer), block.size))
        self.column_count += block.size
        return block.positions

    def add_rows(
        self,
        name: str,
        labels: Mapping[str, ArrayLike],
        *,
        entries: Entries | tuple[ArrayLike, ArrayLike, ArrayLike],
        lower: ArrayLike = -np.inf,
        upper: ArrayLike = np.inf,
        categories: Mapping[str, NDArray[np.object_]] | None = None,
    ) -> IntArray:
        """Add one block of rows. `entries` is (row within the block, column position, coefficient), or made by row.

        Entries that meet in one cell add up. Returns the rows' positions.
        """
        block = _block(name, self.row_count, labels, categories)
        self._entries.append(_by_row(name, entries, block.size).canonical())
        self._rows.append(block)
        self._row_lower.append(_filled(lower, block.size))
        self._row_upper.append(_filled(upper, block.size))
        self.row_count += block.size
        return block.positions

    def expect(self, entries: int) -> None:
        """Make room for about so many entries, so that the arrays need not grow."""
        self._entries.reserve(entries)

    def add_objective(self, columns: ArrayLike, coefficients: ArrayLike) -> None:
        """Add terms to the objective (maximised); repeated columns add up."""
        self._objective.append((np.asarray(columns, dtype=np.int64), np.asarray(coefficients, dtype=np.float64)))

    def arrays(self) -> Arrays:
        """Join everything into one sparse model, once: the entries are handed over, not kept."""
        objective = np.zeros(self.column_count)
        for columns, coefficients in self._objective:
            np.add.at(objective, columns, coefficients)
        return Arrays(
            objective=objective,
            offset=self.offset,
            lower=_joined(self._lower),
            upper=_joined(self._upper),
            integer=np.concatenate(self._integer) if self._integer else np.zeros(0, dtype=bool),
            matrix=self._entries.matrix(self.column_count),
            row_lower=_joined(self._row_lower),
            row_upper=_joined(self._row_upper),
            column_blocks=tuple(self._columns),
            row_blocks=tuple(self._rows),
        )


def _block(
    name: str,
    first: int,
    labels: Mapping[str, ArrayLike],
    categories: Mapping[str, NDArray[np.object_]] | None,
) -> Block:
    arrays = {key: np.asarray(values) for key, values in labels.items()}
    sizes = {len(values) for values in arrays.values()}
    if len(sizes) != 1:
        raise ValueError(f"{name}: label arrays of lengths {sorted(sizes)}")
    return Block(name, first, sizes.pop(), arrays, dict(categories or {}))


def _by_row(name: str, entries: Entries | tuple[ArrayLike, ArrayLike, ArrayLike], size: int) -> Entries:
    if isinstance(entries, Entries):
        if entries.rows != size:
            raise ValueError(f"{name}: entries of {entries.rows} rows for a block of {size}")
        return entries
    row, column, coefficient = (np.asarray(part) for part in entries)
    if row.size and (row.min() < 0 or row.max() >= size):
        raise ValueError(f"{name}: an entry names row {row.max()} of a block of {size}")
    return Entries.of(row, column, coefficient, size)


def _filled(values: ArrayLike, size: int) -> FloatArray:
    return np.broadcast_to(np.asarray(values, dtype=np.float64), size)  # copied once, when all are joined


def _joined(parts: list[FloatArray]) -> FloatArray:
    return np.concatenate(parts) if parts else np.zeros(0)
