"""The folder of a batch: `runs/ADDRESS/`, `failures/ADDRESS.json`, `logs/ADDRESS.log`; whole at any moment.

Whatever is there under its own name was written completely, so that a batch that was killed goes on from it. What was
being written stands under a name that begins with a dot, and is removed by the next batch. A result that is not as it
was sealed, after a power cut or by hand, is moved to `damaged/`, never deleted, and solved again.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from quota_opt.batch.grid_runs import UNREAD, Run
from quota_opt.batch.pool import Limits
from quota_opt.batch.task import EXIT_CODES, Done, Ending, gap_text, unpack
from quota_opt.errors import InputError, OutputExists, Text
from quota_opt.plan.folder import finite
from quota_opt.plan.places import MEASURES
from quota_opt.plan.seal import seal_findings
from quota_opt.solving.status import Status

GRID_FILE = "grid.toml"
LOCK_FILE = ".lock"
_PARTS = ("runs", "failures", "logs")
_LIMITED = ("TIMEOUT", "OUT_OF_MEMORY")
_LASTING = ("INVALID", "INFEASIBLE", "UNBOUNDED", "NO_SOLUTION_FOUND", "FAILED_VERIFICATION")
"""Endings that another try would only repeat; those of `_LIMITED` as long as the limits stay as they are."""


@dataclass(frozen=True)
class Entry:
    """One run that ended: how, in which sense its objective is better ("max" or "min"), and whether it was there
    already."""

    run: Run
    ending: Ending
    sense: str = "max"
    reused: bool = False


@dataclass(frozen=True)
class Shelf:
    """The folder of a batch while this process holds it."""

    folder: Path
    limits: Limits

    def result(self, run: Run) -> Path:
        """Where the result folder of a run stands, if it has a plan."""
        return self.folder / "runs" / run.address

    def failure(self, run: Run) -> Path:
        """Where it says why a run has no plan."""
        return self.folder / "failures" / f"{run.address}.json"

    def kept(self, run: Run) -> Entry | None:
        """How the run ended before; None where it is to be solved, or solved again."""
        result = self.result(run)
        if result.is_dir():
            record = _json(result / "run.json")
            if record.get("address") == run.address and _as_sealed(result):
                self.failure(run).unlink(missing_ok=True)
                return Entry(run, ending_of(record), sense_of(record), reused=True)
            self._set_aside(result)
        record = _json(self.failure(run))
        if not record or run.task is None:
            return None
        status = record.get("status")
        lasting = status in _LASTING or (status in _LIMITED and record.get("limits") == asdict(self.limits))
        ending = _ending(record) if lasting else None
        return None if ending is None else Entry(run, ending, reused=True)

    def _set_aside(self, result: Path) -> None:
        damaged = self.folder / "damaged"
        damaged.mkdir(exist_ok=True)
        number = 1
        while (place := damaged / f"{result.name}-{number}").exists():
            number += 1
        result.rename(place)

    def put(self, run: Run, done: Done) -> Entry:
        """Keep a run that ended: its result folder or why there is none, and its log."""
        ending = done.ending
        if done.log:
            with whole_file(self.folder / "logs" / f"{run.address}.log") as path:
                path.write_text(done.log, encoding="utf-8")
        if done.files:
            unpack(done.files, self.result(run))
            self.failure(run).unlink(missing_ok=True)
            return Entry(run, ending, sense_of(json.loads(done.files["run.json"])))
        record = {
            **asdict(ending),
            "reason": None if ending.reason is None else ending.reason._asdict(),
            "case": run.case,
            "variant": run.variant,
            "parameters": dict(run.parameters),
            "profile": run.profile,
            "seed": run.seed,
            "limits": asdict(self.limits),
        }
        with whole_file(self.failure(run)) as path:
            path.write_text(json.dumps(finite(record), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        return Entry(run, ending)


@contextmanager
def opened(folder: Path, limits: Limits, *, resume: bool) -> Iterator[Shelf]:
    """The folder of a batch, held by this process alone until the context is left, or until the process dies.

    Raises OutputExists as `refuse_taken` does, and where another process holds the folder.
    """
    refuse_taken(folder, resume=resume)
    for part in _PARTS:
        (folder / part).mkdir(parents=True, exist_ok=True)
    with (folder / LOCK_FILE).open("ab") as lock:
        if not _locked(lock):
            raise OutputExists(
                Text(
                    f"另一个批量试算正在使用 {folder}。请等它结束，或换一个 --out。",
                    f"Another batch is at work on {folder}. Wait for it to end, or choose another --out.",
                )
            )
        half = [left for place in (folder, *(folder / part for part in _PARTS)) for left in place.glob(".*-*")]
        for left in (*half, *(folder / "failures").glob(f"{UNREAD}*")):
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        yield Shelf(folder, limits)


def refuse_taken(folder: Path, *, resume: bool) -> None:
    """Raise OutputExists where `folder` holds something that is not a batch, or is one and is not to be resumed."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if folder.exists() and not folder.is_dir():
        text = Text(f"{folder} 是一个文件。请换一个 --out。", f"{folder} is a file. Choose another --out.")
        raise OutputExists(text)
    begun = {name for name in names if not name.startswith(".")} <= {*_PARTS}  # killed before it wrote the grid
    if not names or (resume and (GRID_FILE in names or begun)):
        return
    if GRID_FILE in names:
        text = Text(
            f"{folder} 里已有一次批量试算。要接着算请加 --resume，否则换一个 --out。",
            f"{folder} holds a batch already. Add --resume to go on with it, or choose another --out.",
        )
    else:
        text = Text(
            f"{folder} 里有别的内容，不会覆盖。请换一个 --out。",
            f"{folder} holds something else and is never overwritten. Choose another --out.",
        )
    raise OutputExists(text)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A file to write, which takes the place of `path` when all is written, and leaves nothing if that fails."""
    work = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        yield work
        work.replace(path)
    except BaseException:
        work.unlink(missing_ok=True)
        raise


def ending_of(record: dict[str, Any]) -> Ending:
    """The ending a run.json stands for."""
    proven = record["status"] == Status.OPTIMAL
    gap = record["gap"]
    return Ending(
        record["address"],
        record["status"],
        0 if proven else 4,
        None if proven else gap_text(gap),
        record["objective"],
        record["bound"],
        gap,
        sum(record["seconds"].values()),
    )


def sense_of(record: dict[str, Any]) -> str:
    """In which sense the objective of a run.json is better: "max" or "min"."""
    return str(record["certificate"]["stages"][-1]["sense"])


def _ending(record: dict[str, Any]) -> Ending | None:
    """The ending a file of a failure states; None where it lacks something."""
    names = ("address", "status", "objective", "bound", "gap", "seconds", "peak_mb")
    try:
        known = {name: record[name] for name in names}
        return Ending(**known, exit_code=EXIT_CODES[record["status"]], reason=Text(**record["reason"]))
    except (KeyError, TypeError):
        return None


def _as_sealed(result: Path) -> bool:
    """Whether a result folder holds its measures, and all of it is as it was written."""
    try:
        errors, _ = seal_findings(result)
    except InputError:  # sealed by a version that is newer than this one
        return False
    return not errors and (result / MEASURES).is_file()


def _json(path: Path) -> dict[str, Any]:
    """The object a file holds; empty where it is missing or is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _locked(file: IO[bytes]) -> bool:
    """Take the lock of the operating system on a file, which ends with the process; False where another has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
