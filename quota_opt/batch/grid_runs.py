"""From a grid to runs: every case is read once, every run gets its address; what cannot run says why."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quota_opt.batch.grid import ALL_VARIANTS, Grid, Wanted
from quota_opt.batch.task import Task, error_text, task_of
from quota_opt.errors import Finding, InputError, Language, Level, Text, Where
from quota_opt.plan.address import LENGTH
from quota_opt.plan.folder import finite, hashes
from quota_opt.resources import builtin
from quota_opt.scenario import Scenario, read
from quota_opt.scenario.scenario import BASE_VARIANT

UNREAD = "unread-"
"""What the address of a run begins with that has no content to be named by: its case could not be read."""


@dataclass(frozen=True)
class Run:
    """One run of a batch: its content address, what the grid calls it, and the task; or why there is none.

    `variant` is "base" for the case itself; `parameters` are dotted settings paths and their values.
    """

    address: str
    case: str
    variant: str
    parameters: Mapping[str, Any]
    profile: str
    seed: int
    task: Task | None = None
    refused: Text | None = None

    @property
    def written_parameters(self) -> str:
        """The parameters as one line of JSON, as the tables hold them."""
        return json.dumps(finite(dict(self.parameters)), ensure_ascii=False)


@dataclass(frozen=True)
class Runs:
    """All runs of a grid in its order, each address once, and the cases they are of by digest.

    `repeated` counts the lines of the grid that were there already.
    """

    runs: tuple[Run, ...]
    cases: Mapping[str, Scenario] = field(repr=False)
    repeated: int = 0


def runs_of(grid: Grid, *, language: Language = "zh", reports: bool = False) -> Runs:
    """Read the cases of a grid and make its runs; `language` and `reports` are those of the result folders.

    Raises InputError with the findings of all cases where not one of them can be read.
    """
    books = {case: _read(grid.folder, case) for case in dict.fromkeys(wanted.case for wanted in grid.wanted)}
    errors = [book for book in books.values() if isinstance(book, InputError)]
    if len(errors) == len(books):
        raise InputError([finding for error in errors for finding in error.findings])
    runs: dict[str, Run] = {}
    cases: dict[str, Scenario] = {}
    inputs = {case: hashes(book.files) for case, book in books.items() if isinstance(book, Scenario)}
    count = 0
    for wanted in grid.wanted:
        book = books[wanted.case]
        if isinstance(book, InputError):
            made: Iterator[Run] = iter([_unread(wanted, error_text(book))])
        else:
            made = _runs(wanted, book, inputs[wanted.case], language, reports)
        for run in made:
            count += 1
            runs.setdefault(run.address, run)
            if run.task is not None and run.task.case not in cases:
                whole = books[run.case]
                assert isinstance(whole, Scenario)
                cases[run.task.case] = whole.with_variant(None) if whole.variant else whole
    return Runs(tuple(runs.values()), cases, count - len(runs))


def _read(folder: Path, case: str) -> Scenario | InputError:
    try:
        return read(_address(folder, case))
    except InputError as error:
        return error
    except OSError as error:
        reason = error.strerror or str(error)
        what = Text(f"案例“{case}”读不了（{reason}）", f"the case {case!r} cannot be read ({reason})")
        fix = Text("请检查权限，或关闭占用它的程序。", "Check its permissions, or close the program that holds it.")
        return InputError([Finding(Level.ERROR, "unreadable-case", what, Where(file=case), fix)])


def _address(folder: Path, case: str) -> str:
    """Where a case of the grid stands: beside the grid, or built in."""
    beside = folder / case
    head = case.partition("/")[0]
    bare = "/" not in case and not beside.exists()
    return case if bare or (head in builtin("scenarios") and not (folder / head).exists()) else str(beside)


def _runs(
    wanted: Wanted, book: Scenario, inputs: Mapping[str, str], language: Language, reports: bool
) -> Iterator[Run]:
    named = book.variant
    if named is not None and wanted.variant not in (None, named):
        text = Text(
            f"案例地址“{wanted.case}”已写明方案，不能再写方案“{wanted.variant}”。请只写一处。",
            f"The address {wanted.case!r} names its variant; {wanted.variant!r} cannot be asked for as well. Give one.",
        )
        yield _unread(wanted, text)
        return
    variants: tuple[str, ...] = (wanted.variant or named or BASE_VARIANT,)
    if wanted.variant == ALL_VARIANTS:
        variants = (BASE_VARIANT, *book.variants)
    for variant in variants:
        task = task_of(
            book,
            wanted.profile,
            variant=None if variant == BASE_VARIANT else variant,
            overrides=wanted.parameters,
            language=language,
            reports=reports,
            inputs=inputs,
        )
        profile = wanted.profile
        yield Run(task.address, wanted.case, variant, wanted.parameters, profile.name, profile.random_seed, task)


def _unread(wanted: Wanted, why: Text) -> Run:
    """A run that has no task; its address stands for the words of the grid."""
    variant, profile = wanted.variant or BASE_VARIANT, wanted.profile
    said = {
        "unread": wanted.case,
        "variant": variant,
        "overrides": finite(dict(wanted.parameters)),
        "profile": profile.model_dump(mode="json"),
    }
    text = json.dumps(said, ensure_ascii=False, sort_keys=True)
    address = UNREAD + hashlib.sha256(text.encode("utf-8")).hexdigest()[:LENGTH]
    return Run(address, wanted.case, variant, wanted.parameters, profile.name, profile.random_seed, None, why)
