"""What a planner does to a case on the page, as values: each can be kept as JSON and done again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class SetCell:
    """A cell gets another value, as typed."""

    table: str
    row: int
    column: int
    value: str


@dataclass(frozen=True)
class AddRows:
    """New rows before row `at`, or at the end."""

    table: str
    rows: tuple[tuple[str, ...], ...]
    at: int | None = None


@dataclass(frozen=True)
class RemoveRows:
    """Rows taken out."""

    table: str
    rows: tuple[int, ...]


@dataclass(frozen=True)
class AddColumn:
    """A new column on the right, blank."""

    table: str
    header: str


@dataclass(frozen=True)
class RenameColumn:
    """Another heading for a column."""

    table: str
    column: int
    header: str


@dataclass(frozen=True)
class RemoveColumn:
    """A column taken out with all that stands in it."""

    table: str
    column: int


@dataclass(frozen=True)
class SetSetting:
    """A setting gets a value: number, text, true or false, a list or a table of them."""

    path: str
    value: Any


@dataclass(frozen=True)
class AddItem:
    """One more item at the end of a list of settings, which begins where it is not there."""

    path: str
    value: Any


@dataclass(frozen=True)
class RemoveSetting:
    """A setting is no longer written (its default holds), or an item no longer in its list."""

    path: str


@dataclass(frozen=True)
class SetSettingsText:
    """The whole of `scenario.toml`."""

    text: str


TableEdit = SetCell | AddRows | RemoveRows | AddColumn | RenameColumn | RemoveColumn
SettingsEdit = SetSetting | AddItem | RemoveSetting | SetSettingsText
Edit = TableEdit | SettingsEdit

_KINDS: Mapping[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        SetCell, AddRows, RemoveRows, AddColumn, RenameColumn, RemoveColumn, SetSetting, AddItem, RemoveSetting,
        SetSettingsText,
    )
}  # fmt: skip


def kept_edits(edits: Iterable[Edit]) -> list[dict[str, Any]]:
    """The edits as JSON."""
    return [{"edit": type(edit).__name__, **_plain(asdict(edit))} for edit in edits]


def _plain(value: Any) -> Any:
    """Dates as text, which settings take as well; the rest is JSON already."""
    if isinstance(value, dict):
        return {key: _plain(below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(below) for below in value]
    return value.isoformat() if isinstance(value, date) else value


def edits_of(kept: Iterable[Mapping[str, Any]]) -> list[Edit]:
    """The edits that `kept_edits` made `kept` of. Raises ValueError where it is something else."""
    made: list[Edit] = []
    for entry in kept:
        values = dict(entry)
        kind = _KINDS.get(str(values.pop("edit", "")))
        if kind is None or set(values) != set(kind.__dataclass_fields__):
            raise ValueError("no edit of a case")
        if kind is AddRows:
            values["rows"] = tuple(tuple(row) for row in values["rows"])
        elif kind is RemoveRows:
            values["rows"] = tuple(values["rows"])
        made.append(kind(**values))
    return made
