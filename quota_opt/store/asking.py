"""Questions to the run store: which runs there are, all of one, and what a name means."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Select, and_, cast, exists, false, func, or_, select
from sqlalchemy import Text as TextType
from sqlalchemy.orm import Session, aliased

from quota_opt.errors import Finding, InputError, Level, Text, Where
from quota_opt.store.schema import Blob, Case, Measure, Pin, Run, RunFile, Tag

COLUMNS = (
    "address", "case", "title_zh", "title_en", "variant", "overrides", "profile", "status", "exit_code", "objective",
    "bound", "gap", "seconds", "peak_mb", "reason_zh", "reason_en", "engine", "engine_version", "program_version",
    "created", "source", "batch", "parent", "note", "case_digest",
)  # fmt: skip
"""What is told of a run, in order; `case` is the name of its case, and `tags`, `baseline` and figures follow."""
_MOMENT = "datetime64[us, UTC]"
_SHOWN = 6
"""How many runs a message names."""


def find(session: Session, name: str) -> str:
    """The address of the run that `name` begins.

    Raises InputError where no run, or more than one, begins so.
    """
    asked = name.strip().lower()
    query = select(Run.address).where(Run.address.startswith(asked, autoescape=True)).order_by(Run.address)
    found = list(session.scalars(query.limit(_SHOWN + 1))) if asked else []
    if asked in found:
        return asked
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join([*found[:_SHOWN], *(["…"] if len(found) > _SHOWN else [])])
        what = Text(f"不止一个运行的编号以“{name}”开头", f"more than one run begins with {name!r}")
        fix = Text(f"多写几位：{listed}", f"Write more of it: {listed}")
        raise InputError([Finding(Level.ERROR, "ambiguous-run", what, Where(), fix, name)])
    what = Text(f"运行库里没有编号以“{name}”开头的运行", f"no run in the store begins with {name!r}")
    fix = Text("编号见 quota-opt store list。", "See `quota-opt store list`.")
    raise InputError([Finding(Level.ERROR, "unknown-run", what, Where(), fix, name)])


def runs(
    session: Session,
    *,
    case: str | None = None,
    status: Sequence[str] = (),
    tags: Sequence[str] = (),
    batch: str | None = None,
    search: str | None = None,
    since: datetime | None = None,
    limit: int | None = None,
    measure: str | None = None,
    address: str | None = None,
) -> pd.DataFrame:
    """Runs, newest first: COLUMNS, then `tags`, `baseline` (whether it is its case's), `value`, `unit` and `change`.

    `value` is the objective, or `measure` over the whole plan; `change` what it is above the baseline of the case.
    """
    pin, base = aliased(Pin), aliased(Run)
    told = (
        *(getattr(Run, name) for name in COLUMNS if name not in ("case", "title_zh", "title_en", "case_digest")),
        Run.case_name.label("case"),
        Case.title_zh,
        Case.title_en,
        Run.case.label("case_digest"),
        pin.run.label("baseline_of_case"),
    )
    query: Select[Any] = select(*told).outerjoin(Case, Run.case == Case.digest)
    query = query.outerjoin(pin, and_(pin.case == Run.case, pin.unpinned.is_(None)))
    query = query.outerjoin(base, base.address == pin.run)
    if measure is None:
        query = query.add_columns(Run.objective.label("value"), base.objective.label("compared"))
    else:
        own, others = aliased(Measure), aliased(Measure)
        query = query.outerjoin(own, _whole(own, Run.address, measure)).outerjoin(
            others, _whole(others, pin.run, measure)
        )
        query = query.add_columns(own.value.label("value"), own.unit.label("unit"), others.value.label("compared"))
    query = query.where(*_conditions(case, status, tags, batch, search, since))
    if address is not None:
        query = query.where(Run.address == address)
    query = query.order_by(Run.created.desc(), Run.address).limit(limit)
    rows = [dict(row) for row in session.execute(query).mappings()]
    words = _tags(session, [row["address"] for row in rows])
    for row in rows:
        pinned = row.pop("baseline_of_case")
        compared = row.pop("compared")
        known = row["value"] is not None and compared is not None
        row["tags"] = words.get(row["address"], ())
        row["baseline"] = pinned is not None and pinned == row["address"]
        row["change"] = row["value"] - compared if known else None
        row.setdefault("unit", None)
    figures = ("objective", "bound", "gap", "seconds", "peak_mb", "value", "change")
    kinds = {**dict.fromkeys(figures, "float64"), "exit_code": "int64", "baseline": "bool", "created": _MOMENT}
    return _frame(rows, (*COLUMNS, "tags", "baseline", "value", "unit", "change"), kinds)


def _frame(rows: Sequence[Any], columns: Sequence[str], kinds: dict[str, str]) -> pd.DataFrame:
    """Rows as a table; texts stay as they are, None where there is none."""
    frame = pd.DataFrame([dict(row) for row in rows], columns=list(columns), dtype=object)
    return frame.astype(kinds)


def _whole(table: Any, run: Any, measure: str) -> ColumnElement[bool]:
    return and_(table.run == run, table.measure == measure, table.place.is_(None), table.year.is_(None))


def _conditions(
    case: str | None,
    status: Sequence[str],
    tags: Sequence[str],
    batch: str | None,
    search: str | None,
    since: datetime | None,
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if case is not None:
        conditions.append(or_(Run.case_name == case, Run.case == case))
    if status:
        conditions.append(Run.status.in_([word.upper() for word in status]))
    conditions += [exists().where(Tag.run == Run.address, Tag.tag == tag) for tag in tags]
    if batch is not None:
        conditions.append(Run.batch == batch)
    if since is not None:
        conditions.append(Run.created >= since)
    conditions += [_mentions(word) for word in (search or "").split()]
    return conditions


def _mentions(word: str) -> ColumnElement[bool]:
    """Whether a run has `word` in it anywhere: in its names, what was changed, how it ended, its tags and note."""
    texts: tuple[Any, ...] = (
        Run.address, Run.case_name, Case.title_zh, Case.title_en, Run.variant, cast(Run.overrides, TextType),
        Run.status, Run.reason_zh, Run.reason_en, Run.batch, Run.note, Run.engine,
    )  # fmt: skip
    tagged = exists().where(Tag.run == Run.address, Tag.tag.icontains(word, autoescape=True))
    return or_(tagged, *(func.coalesce(text.icontains(word, autoescape=True), false()) for text in texts))


def _tags(session: Session, addresses: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for chosen in _parts(addresses):
        for run, tag in session.execute(select(Tag.run, Tag.tag).where(Tag.run.in_(chosen)).order_by(Tag.tag)):
            found.setdefault(run, []).append(tag)
    return {run: tuple(tags) for run, tags in found.items()}


def _parts(addresses: Sequence[str]) -> list[Sequence[str]]:
    """Addresses a few at a time: a statement holds only so many values."""
    return [addresses[first : first + 500] for first in range(0, len(addresses), 500)]


def cases(session: Session) -> pd.DataFrame:
    """Cases by name: digest, name, titles, data, years, created, `runs` (how many), `baseline` (address or None)."""
    pin = aliased(Pin)
    columns = ("digest", "name", "title_zh", "title_en", "data", "first_year", "last_year", "created")
    count = select(func.count()).where(Run.case == Case.digest).scalar_subquery()
    query = select(*(getattr(Case, name) for name in columns), count.label("runs"), pin.run.label("baseline"))
    query = query.outerjoin(pin, and_(pin.case == Case.digest, pin.unpinned.is_(None)))
    rows = session.execute(query.order_by(Case.name, Case.created)).mappings()
    return _frame(list(rows), (*columns, "runs", "baseline"), {"runs": "int64", "created": _MOMENT})


def measures(
    session: Session, addresses: Sequence[str], measure: str | None = None, batch: str | None = None
) -> pd.DataFrame:
    """Measures of runs in long form: run, place, year, measure, unit, value; no place and year: the whole plan."""
    columns = ("run", "place", "year", "measure", "unit", "value")
    query = select(*(getattr(Measure, name) for name in columns)).order_by(Measure.run, Measure.id)
    if measure is not None:
        query = query.where(Measure.measure == measure)
    parts = [query.where(Measure.run.in_(chosen)) for chosen in _parts(addresses)]
    if batch is not None:
        parts.append(query.join(Run, Run.address == Measure.run).where(Run.batch == batch))
    rows = [row for part in parts for row in session.execute(part).mappings()]
    return _frame(rows, columns, {"year": "Int64", "value": "float64"})


def files(session: Session, address: str) -> list[dict[str, Any]]:
    """Files of a run's result folder: name, size in bytes, sha256."""
    query = select(RunFile.name, Blob.size, Blob.digest.label("sha256")).join(Blob, Blob.digest == RunFile.blob)
    return [dict(row) for row in session.execute(query.where(RunFile.run == address).order_by(RunFile.name)).mappings()]


def pins(session: Session, case: str | None) -> list[dict[str, Any]]:
    """Baselines of a case, the newest first: run, pinned, unpinned."""
    query = select(Pin.run, Pin.pinned, Pin.unpinned).where(Pin.case == case).order_by(Pin.id.desc())
    return [dict(row) for row in session.execute(query).mappings()]
