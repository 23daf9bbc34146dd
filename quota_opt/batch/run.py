"""`run_batch`: solve a grid of scenarios, whatever becomes of single runs, and go on where an earlier batch stopped."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from quota_opt.batch.grid import Grid, read_grid
from quota_opt.batch.grid_runs import Run, Runs, runs_of
from quota_opt.batch.keeping import Keeper, keeping
from quota_opt.batch.live import OnEvent, Tally, extremes
from quota_opt.batch.pool import Limits, Pool
from quota_opt.batch.shelf import GRID_FILE, Entry, Shelf, opened, refuse_taken, whole_file
from quota_opt.batch.summary import SUMMARY_PARQUET, write_tables
from quota_opt.batch.task import EXIT_CODES, Done, Ending
from quota_opt.errors import Language, QuotaOptError, Text


@dataclass(frozen=True)
class Failures:
    """Runs that ended without a plan for the same reason: how many, and the first of them with its reason."""

    status: str
    exit_code: int
    reason: Text
    count: int
    example: Run


@dataclass(frozen=True, eq=False)
class Batch:
    """A batch that ended: its folder, the runs that ended in the order of the grid, and how many there are in all.

    `repeated` counts lines of the grid that ask for the same as an earlier one; `data` is "real", "synthetic" or
    "mixed", as the cases say.
    """

    folder: Path
    entries: tuple[Entry, ...]
    total: int
    repeated: int
    data: str
    runs: pd.DataFrame = field(repr=False)
    """The table of runs.csv: run (its content address), status, gap, seconds, exit_code, reason, case, variant,
    parameters (JSON), seed, profile, objective, bound, peak_mb, folder."""

    @cached_property
    def summary(self) -> pd.DataFrame:
        """The table of summary.parquet: run, case, variant, parameters, place, year, measure, unit, value.

        Blank place and no year are the whole plan; else the measure up to that year of a place and all below it.
        """
        return pd.read_parquet(self.folder / SUMMARY_PARQUET)

    @property
    def interrupted(self) -> bool:
        """Whether runs are left that have not been solved."""
        return len(self.entries) < self.total

    @property
    def counts(self) -> dict[str, int]:
        """total, planned (with a plan), failed (without), reused (there already), left (not solved), repeated."""
        planned = sum(entry.ending.planned for entry in self.entries)
        return {
            "total": self.total,
            "planned": planned,
            "failed": len(self.entries) - planned,
            "reused": sum(entry.reused for entry in self.entries),
            "left": self.total - len(self.entries),
            "repeated": self.repeated,
        }

    @property
    def extremes(self) -> dict[str, tuple[Entry, Entry]]:
        """The best and the worst run by case."""
        return extremes(self.entries)

    @property
    def failures(self) -> tuple[Failures, ...]:
        """What failed by status and reason, whatever the figures in it, the most frequent first."""
        groups: dict[tuple[str, str], list[Entry]] = {}
        for entry in self.entries:
            if not entry.ending.planned and entry.ending.reason is not None:
                groups.setdefault((entry.ending.status, _kind(entry.ending.reason)), []).append(entry)
        found = []
        for (status, _), entries in groups.items():
            first = entries[0]
            assert first.ending.reason is not None
            found.append(Failures(status, first.ending.exit_code, first.ending.reason, len(entries), first.run))
        return tuple(sorted(found, key=lambda group: -group.count))

    @property
    def exit_code(self) -> int:
        """0 where all runs ended and one has a plan at least; else the least exit code of the failures; 4 where runs
        are left."""
        if self.interrupted:
            return 4
        codes = [entry.ending.exit_code for entry in self.entries if not entry.ending.planned]
        return min(codes) if len(codes) == self.total else 0


def run_batch(
    grid: str | Path | Mapping[str, Any] | Grid,
    out: str | Path,
    *,
    jobs: int = 1,
    dask: str | None = None,
    resume: bool = False,
    profile: str | Path | None = None,
    gap: float | None = None,
    time_limit: float | None = None,
    run_limit: float | None = None,
    memory_limit: int | None = None,
    reports: bool = False,
    language: Language = "zh",
    store: str | Path | None = None,
    on_event: OnEvent | None = None,
) -> Batch:
    """Solve a grid of scenarios, each run in a process of its own, and write results and tables below `out`.

        batch = run_batch("grid.toml", "out", jobs=2)
        batch.runs, batch.summary, batch.failures

    A run that fails, runs out of time or memory, or whose process dies is kept with its reason and stops no other.
    Results stand under their content address; with `resume` those that are there are not solved again, and a batch
    that was killed goes on where it was. Ctrl-C ends it as well; what is done is kept, and the tables are written.

    Parameters
    ----------
    grid
        A GRID.toml, the same as a mapping, or what `read_grid` gives.
    jobs, dask
        Processes here; or the address of a Dask scheduler, "local" or "local:N".
    profile, gap, time_limit
        In place of what the grid says.
    run_limit, memory_limit
        Seconds and megabytes beyond which a run is ended, in place of the grid's `[limits]`.
    reports, language
        Whether result folders hold `report.html`, `.xlsx` and `.docx`, and the language of their texts.
    store
        The run store (a file, or a URL) whose proven runs are taken out instead of solved, and to which all are added.
    on_event
        Called with a BatchProgress as it begins and whenever a run ended; returning False ends the batch.

    Raises
    ------
    InputError
        The grid needs correcting, or none of its cases can be read.
    OutputExists
        `out` holds something already and `resume` is not given, or another batch is at work on it.
    StoreUnavailable
        The run store cannot be used.
    """
    folder = Path(out)
    refuse_taken(folder, resume=resume)
    made = grid if isinstance(grid, Grid) else read_grid(grid)
    made = made.with_profile(profile, gap, time_limit)
    runs = runs_of(made, language=language, reports=reports)
    said = made.file.limits
    limits = Limits(
        said.seconds if run_limit is None else run_limit, said.memory_mb if memory_limit is None else memory_limit
    )
    with (
        keeping(store, folder.absolute().name, made.file.grid.tags, runs.cases) as keeper,
        opened(folder, limits, resume=resume) as shelf,
    ):
        with whole_file(folder / GRID_FILE) as path:
            path.write_bytes(made.content)
        tally = Tally(len(runs.runs), jobs if dask is None else None)
        entries = _ready(runs, shelf, keeper)
        for entry in entries.values():
            tally.add(entry)
        try:
            if on_event is None or on_event(tally.progress()) is not False:
                with closing(_solved(runs, entries, shelf, keeper, jobs, dask)) as solved:
                    for entry in solved:
                        entries[entry.run.address] = entry
                        tally.add(entry)
                        if on_event is not None and on_event(tally.progress()) is False:
                            break
        except KeyboardInterrupt:
            pass  # what is done is kept, and `interrupted` says that there is more to do
        except QuotaOptError:
            write_tables(_ordered(runs, entries), shelf, language)
            raise
        ended = _ordered(runs, entries)
        table = write_tables(ended, shelf, language)
    kinds = {case.data for case in runs.cases.values()}
    return Batch(folder, ended, len(runs.runs), runs.repeated, kinds.pop() if len(kinds) == 1 else "mixed", table)


def _kind(reason: Text) -> str:
    """The first line of a reason with all figures alike: what is too slow takes another time each time."""
    return re.sub(r"\d[\d.,]*", "#", reason.en.partition("\n")[0])


def _ready(runs: Runs, shelf: Shelf, keeper: Keeper | None) -> dict[str, Entry]:
    """By address, the runs that ended before, here or in the store, and those that cannot begin."""
    found = {}
    for run in runs.runs:
        entry = shelf.kept(run)
        if entry is not None and entry.ending.planned and keeper is not None:
            keeper.add(run, shelf.result(run), entry.ending)
        if entry is None and run.refused is not None:
            entry = shelf.put(run, Done(Ending(run.address, "INVALID", EXIT_CODES["INVALID"], run.refused)))
        if entry is None and keeper is not None:
            done = keeper.found(run)
            entry = None if done is None else replace(shelf.put(run, done), reused=True)
        if entry is not None:
            found[run.address] = entry
    return found


def _solved(
    runs: Runs, ended: Mapping[str, Entry], shelf: Shelf, keeper: Keeper | None, jobs: int, dask: str | None
) -> Generator[Entry]:
    """Solve what is left, and put each run into its place as it ends."""
    waiting = {run.address: run for run in runs.runs if run.address not in ended}
    tasks = [run.task for run in waiting.values() if run.task is not None]
    if not tasks:
        return
    needed = {task.case for task in tasks}
    cases = {digest: case for digest, case in runs.cases.items() if digest in needed}
    with pool_of(min(jobs, len(tasks)), dask) as pool:
        for done in pool.run(cases, tasks, shelf.limits):
            run = waiting[done.ending.address]
            entry = shelf.put(run, done)
            if keeper is not None:
                keeper.add(run, done.files, done.ending)
            yield entry


def pool_of(jobs: int, dask: str | None) -> Pool:
    """What runs the tasks: `jobs` processes here, or a cluster."""
    if dask is not None:
        from quota_opt.batch.cluster import DaskPool

        return DaskPool(dask)
    from quota_opt.batch.local import LocalPool

    return LocalPool(jobs)


def _ordered(runs: Runs, entries: Mapping[str, Entry]) -> tuple[Entry, ...]:
    """What ended, in the order of the grid."""
    return tuple(entries[run.address] for run in runs.runs if run.address in entries)
