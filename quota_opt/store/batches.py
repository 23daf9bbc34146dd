"""A batch's folder on its way into the store: its result folders, and what it says of runs that have none."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quota_opt.errors import Finding, InputError, Level, Text, Where
from quota_opt.store.incoming import Provenance, failure, incoming, read_sealed

if TYPE_CHECKING:
    from quota_opt.store.store import Store

RUNS, FAILURES = "runs", "failures"


@dataclass(frozen=True)
class Taken:
    """What came of a batch's folder: addresses of runs with a plan and without, and what could not be taken in."""

    planned: tuple[str, ...]
    failed: tuple[str, ...]
    refused: tuple[Finding, ...]


def is_batch(folder: Path) -> bool:
    """Whether a folder is that of a batch, not of a single result."""
    return (folder / RUNS).is_dir() and not (folder / "run.json").exists()


def add_batch(store: Store, folder: Path, tags: tuple[str, ...]) -> Taken:
    """See `Store.add_batch`."""
    if not is_batch(folder):
        what = Text(f"{folder} 不是批量试算的文件夹。", f"{folder} is not the folder of a batch.")
        fix = Text("请给出 batch --out 写成的文件夹。", "Name a folder as `batch --out` writes it.")
        raise InputError([Finding(Level.ERROR, "no-batch", what, Where(file=str(folder)), fix)])
    provenance = Provenance("batch", folder.absolute().name)
    asked = _asked(folder / "runs.csv")
    planned, failed, refused = [], [], []
    cases: dict[str | None, tuple[str, str]] = {}  # digest and name of a case, by what the grid calls it
    for path in sorted((folder / RUNS).iterdir()):
        if path.name.startswith("."):  # was being written when the batch ended
            continue
        try:
            coming = incoming(read_sealed(path), provenance)
        except InputError as error:
            refused += [_found_in(path, finding) for finding in error.findings]
            continue
        planned.append(store.take(coming, tags))
        cases[asked.get(coming.address)] = coming.run["case"], coming.run["case_name"]
    for path in sorted((folder / FAILURES).glob("[!.]*.json")):
        record = _record(path)
        if record is None:
            what = Text("文件读不出来，未存入。", "the file cannot be read and is left out")
            fix = Text("用 batch --resume 重新求解。", "Solve it again with `batch --resume`.")
            refused.append(Finding(Level.ERROR, "bad-failure", what, Where(file=str(path)), fix))
            continue
        failed.append(store.take(failure(record, cases.get(record.get("case")), provenance), tags))
    return Taken(tuple(planned), tuple(failed), tuple(refused))


def _asked(path: Path) -> Mapping[str | None, str]:
    """What the grid calls the case of each run, by address; nothing where a batch did not come to its end."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row.get("run"): row.get("case") or "" for row in csv.DictReader(file)}


def _record(path: Path) -> dict[str, Any] | None:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    needed = {"address": str, "status": str, "exit_code": int}
    sound = isinstance(record, dict) and all(isinstance(record.get(name), kind) for name, kind in needed.items())
    return record if sound else None


def _found_in(path: Path, finding: Finding) -> Finding:
    place = str(path / finding.where.file) if finding.where.file and finding.where.file != str(path) else str(path)
    return Finding(finding.level, finding.code, finding.what, Where(file=place), finding.fix, finding.seen)
