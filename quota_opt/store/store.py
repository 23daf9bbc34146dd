"""The run store: runs are added, found, tagged, compared with a baseline, taken out as folders, and cleared away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pandas as pd
from sqlalchemy import delete, select, update
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from quota_opt.errors import Finding, InputError, Level, Text, Where
from quota_opt.facade import Scenario
from quota_opt.plan.folder import whole_folder, write_files
from quota_opt.store import asking, sweeping
from quota_opt.store.batches import Taken, add_batch
from quota_opt.store.blobs import digest_of, insert_missing, inserting, missing, packed, unpacked
from quota_opt.store.incoming import (
    Asked,
    Ended,
    Incoming,
    Provenance,
    case_rows,
    check_names,
    incoming,
    plain,
    read_sealed,
)
from quota_opt.store.opening import engine_of, shown, telling, url_of
from quota_opt.store.schema import Blob, Case, CaseFile, Measure, Pin, Run, RunFile, Tag

LONGEST_TAG = 100
_BETTER = {"OPTIMAL": 3, "FEASIBLE": 2, "INFEASIBLE": 1, "UNBOUNDED": 1, "INVALID": 1}
"""A run that comes again replaces what is kept where it ended better; other endings are 0."""


class Store:
    """Every run in one database: what was asked, how it ended, its measures, and its result folder byte for byte.

        with qo.Store.open("runs.db") as store:  # or postgresql://…; nothing: QUOTA_OPT_STORE, or the user's own
            address = store.add("results/zhuji", tags=["draft"])
            store.pin(address)  # the baseline its case is compared with
            store.runs(case="zhuji", measure="value_added")  # a DataFrame, newest first
            store.export(address, "again/")

    A run is named by its content address, or the beginning of one. Several processes may write at once; adding a run
    that is there already changes nothing. One store may be used by several threads.
    """

    def __init__(self, url: URL, *, create: bool = True) -> None:
        self.url = url
        self._engine = engine_of(url, create=create)

    @classmethod
    def open(cls, url: str | Path | None = None, *, create: bool = True) -> Self:
        """Open a store, made where it is not there (unless `create` is False) and brought up to date where it is older.

        `url` is a file or a URL (`postgresql://user@host/database`); None is what QUOTA_OPT_STORE says, else
        `quota-opt/store.db` in the user's data folder. Raises StoreUnavailable where that cannot be used.
        """
        return cls(url_of(url), create=create)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def place(self) -> str:
        """Where the store is, for people: a path, or a URL without its password."""
        return shown(self.url)

    @contextmanager
    def session(self, *, writing: bool = False) -> Iterator[Session]:
        """A transaction: kept when the block is left, undone where it raises. One that writes must say so.

        What the database refuses is raised as StoreUnavailable.
        """
        engine = self._engine.execution_options(writing=writing)
        with telling(self.url), Session(engine) as session, session.begin():
            yield session

    def add(
        self,
        result: str | Path | Mapping[str, bytes],
        ending: Ended | None = None,
        *,
        task: Asked | None = None,
        case: Scenario | None = None,
        tags: Iterable[str] = (),
        note: str = "",
        source: str = "run",
        batch: str | None = None,
        parent: str | None = None,
    ) -> str:
        """Add a run: a result folder, or its files by path; returns its address.

        `ending` tells what a folder does not (memory, why it stopped). A run without a plan is `{}` with its `ending`,
        the `task` that was asked, and the `case` it was asked of. `source` is where it came from: run, batch, api or
        import. A run that is there already stays as it is, unless this one ended better; tags and note are added.
        Raises InputError where it is no result folder, or was changed after it was sealed.
        """
        files = result if isinstance(result, Mapping) else read_sealed(Path(result))
        provenance = Provenance(source, batch, parent)
        return self.take(incoming(files, provenance, ending=ending, task=task, case=case, note=note), tags, case)

    def take(self, coming: Incoming, tags: Iterable[str] = (), case: Scenario | None = None) -> str:
        """Add a run that was read already, see `add`; the `case` saves reading it again where it is new."""
        words = [_tag(tag) for tag in tags]
        contents = {digest_of(content): content for content in coming.files.values()}
        contents |= {digest_of(content): content for content in coming.case_files.values()}
        with self.session() as session:
            new_case = coming.case is not None and session.get(Case, coming.case["digest"]) is None
            rows = packed(contents, missing(session, contents))
        kept = case_rows(coming, case) if new_case else None
        with self.session(writing=True) as session:
            sweeping.hold_off(session)
            rows |= packed(contents, missing(session, contents) - set(rows))
            insert_missing(session, Blob, [rows[digest] for digest in sorted(rows)])
            if kept is not None:
                insert_missing(session, Case, [kept])
                insert_missing(session, CaseFile, _file_rows("case", kept["digest"], coming.case_files))
            self._put(session, coming)
            insert_missing(session, Tag, [{"run": coming.address, "tag": word} for word in words])
            if coming.run["note"]:
                session.execute(update(Run).where(Run.address == coming.address).values(note=coming.run["note"]))
        return coming.address

    def add_batch(self, folder: str | Path, *, tags: Iterable[str] = ()) -> Taken:
        """Add all runs of a batch's folder, also those that failed; they bear the folder's name as their batch.

        A result that is none any more is told in `refused`, and stops no other. Raises InputError where the folder is
        no batch.
        """
        return add_batch(self, Path(folder), tuple(tags))

    def _put(self, session: Session, coming: Incoming) -> None:
        """Insert the run, or replace one that ended worse; else leave all as it is."""
        address = coming.address
        put = inserting(session, Run).execution_options(preserve_rowcount=True)
        if session.connection().execute(put, dict(coming.run)).rowcount == 0:
            kept = session.scalars(select(Run).where(Run.address == address).with_for_update()).one()
            if _BETTER.get(kept.status, 0) >= _BETTER.get(coming.run["status"], 0):
                return
            values = {name: value for name, value in coming.run.items() if name not in ("address", "note")}
            session.execute(update(Run).where(Run.address == address).values(**values))
            session.execute(delete(RunFile).where(RunFile.run == address))
            session.execute(delete(Measure).where(Measure.run == address))
        insert_missing(session, RunFile, _file_rows("run", address, coming.files))
        insert_missing(session, Measure, [{"run": address, **row} for row in coming.measures])

    def find(self, run: str) -> str:
        """The whole address of the run that `run` begins; raises InputError where none or several do."""
        with self.session() as session:
            return asking.find(session, run)

    def runs(
        self,
        *,
        case: str | None = None,
        status: str | Sequence[str] = (),
        tag: str | Sequence[str] = (),
        batch: str | None = None,
        search: str | None = None,
        since: datetime | None = None,
        limit: int | None = None,
        measure: str | None = None,
    ) -> pd.DataFrame:
        """Runs, newest first, one row each, that answer to all that is given.

        Columns: address, case, title_zh, title_en, variant, overrides (dict), profile (dict), status, exit_code,
        objective, bound, gap (fraction), seconds, peak_mb, reason_zh, reason_en, engine, engine_version,
        program_version, created (UTC), source, batch, parent, note, case_digest, tags (tuple), baseline (bool), value
        (the objective, or `measure` of the whole plan), unit, change (value above that of the baseline of the case).
        `search` are words that must all be in names, changed settings, tags, notes or reasons; `since` has a zone.
        """
        asked = {"case": case, "batch": batch, "search": search, "since": since, "limit": limit, "measure": measure}
        with self.session() as session:
            return asking.runs(session, status=_listed(status), tags=_listed(tag), **asked)  # type: ignore[arg-type]

    def cases(self) -> pd.DataFrame:
        """Cases by name: digest, name, titles, data, first_year, last_year, created, runs, baseline (address)."""
        with self.session() as session:
            return asking.cases(session)

    def measures(
        self, run: str | Sequence[str] = (), measure: str | None = None, *, batch: str | None = None
    ) -> pd.DataFrame:
        """Measures of runs that are named, or of a batch: run, place, year, measure, unit, value.

        No place and no year are the whole plan; else the measure up to that year for a place and all below it.
        """
        with self.session() as session:
            named = [asking.find(session, name) for name in _listed(run)]
            return asking.measures(session, named, measure, batch)

    def run(self, run: str) -> dict[str, Any]:
        """All about one run: what `runs` tells, its `files` (name, size, sha256), and the `pins` of its case."""
        with self.session() as session:
            address = asking.find(session, run)
            [told] = asking.runs(session, address=address).to_dict(orient="records")
            return {
                **{str(name): value for name, value in told.items()},
                "files": asking.files(session, address),
                "pins": asking.pins(session, told["case_digest"]),
            }

    def files(self, run: str) -> dict[str, bytes]:
        """The files of a run's result folder by path; none where it has no plan.

        Raises StoreUnavailable where the store is damaged.
        """
        with self.session() as session:
            address = asking.find(session, run)
            query = select(RunFile.name, Blob).join(Blob, Blob.digest == RunFile.blob).where(RunFile.run == address)
            return {name: unpacked(blob, self.place) for name, blob in session.execute(query.order_by(RunFile.name))}

    def case_files(self, run: str) -> dict[str, bytes]:
        """The input files of the case of a run, also of one without a plan."""
        with self.session() as session:
            address = asking.find(session, run)
            query = select(CaseFile.name, Blob).join(Blob, Blob.digest == CaseFile.blob)
            query = query.join(Run, Run.case == CaseFile.case).where(Run.address == address)
            return {name: unpacked(blob, self.place) for name, blob in session.execute(query.order_by(CaseFile.name))}

    def export(self, run: str, folder: str | Path) -> Path:
        """Write the result folder of a run as it came in; it appears whole or not at all.

        Raises InputError where the run has no plan, OutputExists where the folder is there.
        """
        files = self.files(run)
        if not files:
            what = Text(f"运行 {run} 没有方案，没有可导出的文件。", f"The run {run} has no plan: there are no files.")
            fix = Text("原因见 quota-opt store show。", "`quota-opt store show` tells why.")
            raise InputError([Finding(Level.ERROR, "no-plan", what, Where(), fix, run)])
        check_names(files)
        with whole_folder(Path(folder)) as work:
            write_files(files, work)
        return Path(folder)

    def tag(self, run: str, *tags: str, remove: bool = False) -> None:
        """Put words on a run, or `remove` them; those that are there, or are not, make no difference."""
        words = [_tag(tag) for tag in tags]
        with self.session(writing=True) as session:
            address = asking.find(session, run)
            if remove:
                session.execute(delete(Tag).where(Tag.run == address, Tag.tag.in_(words)))
            else:
                insert_missing(session, Tag, [{"run": address, "tag": word} for word in words])

    def note(self, run: str, text: str) -> None:
        """Write down something about a run, in place of what was written before."""
        with self.session(writing=True) as session:
            address = asking.find(session, run)
            session.execute(update(Run).where(Run.address == address).values(note=plain(text)))

    def pin(self, run: str) -> None:
        """Make a run the baseline of its case, in place of the one before; raises InputError where it has no plan."""
        with self.session(writing=True) as session:
            address = asking.find(session, run)
            chosen = session.get_one(Run, address)
            if chosen.case is None or chosen.objective is None:
                what = Text(f"运行 {run} 没有方案，不能作基准。", f"The run {run} has no plan to be a baseline.")
                fix = Text("换一个有方案的运行。", "Choose one that has a plan.")
                raise InputError([Finding(Level.ERROR, "no-plan", what, Where(), fix, run)])
            session.get_one(Case, chosen.case, with_for_update=True)  # two that pin at once come one after the other
            self._unpin(session, chosen.case)
            session.add(Pin(case=chosen.case, run=address, pinned=datetime.now(UTC)))

    def unpin(self, run: str) -> None:
        """Leave the case of a run without a baseline."""
        with self.session(writing=True) as session:
            chosen = session.get_one(Run, asking.find(session, run))
            if chosen.case is not None:
                self._unpin(session, chosen.case)

    @staticmethod
    def _unpin(session: Session, case: str) -> None:
        current = update(Pin).where(Pin.case == case, Pin.unpinned.is_(None))
        session.execute(current.values(unpinned=datetime.now(UTC)))

    def gc(self, *, older_than: timedelta | None = None, dry_run: bool = False) -> sweeping.Freed:
        """Remove what nothing refers to: files and cases without a run, and give the space back.

        With `older_than` also the runs added longer ago that have no tag, no note and are no baseline, unless the
        history of a planner leads to them, or a job that ended since. Cases that planners removed 30 days ago go for
        good. A `dry_run` removes nothing and tells what it would.
        """
        before = self._size()
        with self.session(writing=True) as session:
            freed = sweeping.sweep(session, older_than)
            if dry_run:
                session.rollback()
        if dry_run:
            return sweeping.Freed(**freed, before=before, after=before)
        with telling(self.url):
            sweeping.vacuum(self._engine)
        return sweeping.Freed(**freed, before=before, after=self._size())

    def info(self) -> dict[str, Any]:
        """What the store holds: place, revision, cases, runs, runs by status, files and their bytes, bytes on disk."""
        with self.session() as session:
            return {"place": self.place, **sweeping.census(session), "bytes_on_disk": sweeping.size(session)}

    def _size(self) -> int:
        with self.session() as session:
            return sweeping.size(session)


def _tag(word: str) -> str:
    """A tag as it is kept; raises InputError where it is none."""
    tag = word.strip()
    if not tag or len(tag) > LONGEST_TAG or not tag.isprintable():
        what = Text(f"标签 {word!r} 不能用。", f"{word[:LONGEST_TAG]!r} cannot be a tag.")
        fix = Text(f"写 1 到 {LONGEST_TAG} 个可见字符。", f"Write 1 to {LONGEST_TAG} visible characters.")
        raise InputError([Finding(Level.ERROR, "bad-tag", what, Where(), fix)])
    return tag


def _listed(given: str | Sequence[str]) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


def _file_rows(column: str, owner: str, files: Mapping[str, bytes]) -> list[dict[str, str]]:
    return [{column: owner, "name": name, "blob": digest_of(content)} for name, content in files.items()]
