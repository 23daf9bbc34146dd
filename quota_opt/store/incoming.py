"""A run on its way into the store: what is kept of a result folder, and of a run that ended without a plan."""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath, PureWindowsPath
from types import NoneType
from typing import Any, Protocol

from quota_opt.errors import Finding, InputError, Level, QuotaOptError, Text, Where
from quota_opt.facade import Scenario
from quota_opt.plan.address import case_digest, run_address
from quota_opt.plan.folder import finite, hashes, read_inputs, version, write_files
from quota_opt.plan.places import MEASURES
from quota_opt.plan.seal import seal_findings
from quota_opt.scenario.scenario import BASE_VARIANT
from quota_opt.scenario.standing import documents_record
from quota_opt.solving.profile import Profile

INPUTS = "inputs/"
LONGEST_NAME = 500


class Asked(Protocol):
    """What a run was asked: a `batch.task.Task`, of which the store knows no more than this."""

    @property
    def address(self) -> str:
        """Content address."""
        ...

    @property
    def case(self) -> str:
        """Digest of the case."""
        ...

    @property
    def variant(self) -> str | None:
        """Name of the variant; None is the case itself."""
        ...

    @property
    def overrides(self) -> Mapping[str, Any]:
        """Changed settings by dotted path."""
        ...

    @property
    def profile(self) -> Profile:
        """How it is solved."""
        ...


class Ended(Protocol):
    """How a run ended: a `batch.task.Ending`."""

    @property
    def address(self) -> str:
        """Content address."""
        ...

    @property
    def status(self) -> str:
        """A Status, or why there is no plan."""
        ...

    @property
    def exit_code(self) -> int:
        """The exit code it stands for."""
        ...

    @property
    def reason(self) -> Text | None:
        """Why it is no proven plan."""
        ...

    @property
    def objective(self) -> float | None:
        """Value of the objective."""
        ...

    @property
    def bound(self) -> float | None:
        """Proven bound."""
        ...

    @property
    def gap(self) -> float | None:
        """Relative gap, a fraction."""
        ...

    @property
    def seconds(self) -> float:
        """Wall time."""
        ...

    @property
    def peak_mb(self) -> float | None:
        """Most memory held, in MB."""
        ...


@dataclass(frozen=True)
class Provenance:
    """Where a run came from: `run`, `batch`, `api` or `import`; the batch's name, and the run it was made from."""

    source: str = "run"
    batch: str | None = None
    parent: str | None = None


@dataclass(frozen=True)
class Incoming:
    """The rows of one run: of itself, its case (None where that is not known), its measures, and its files."""

    run: Mapping[str, Any]
    case: Mapping[str, Any] | None
    files: Mapping[str, bytes]
    case_files: Mapping[str, bytes]
    measures: tuple[Mapping[str, Any], ...]

    @property
    def address(self) -> str:
        """The content address."""
        return str(self.run["address"])


def read_sealed(folder: Path) -> dict[str, bytes]:
    """Every file of a result folder by its path in it.

    Raises InputError where it is no result folder, or is not as it was sealed.
    """
    if not (folder / "run.json").is_file():
        raise InputError([_no_result(str(folder))])
    errors, _ = seal_findings(folder)
    if errors:
        raise InputError(errors)
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def incoming(
    files: Mapping[str, bytes],
    provenance: Provenance,
    *,
    ending: Ended | None = None,
    task: Asked | None = None,
    case: Scenario | None = None,
    note: str = "",
) -> Incoming:
    """The rows of a run: of the files of its result folder; without any, of its ending.

    Raises InputError where the files are no result folder, or its inputs are not those it was solved from.
    """
    came = {
        "created": datetime.now(UTC),
        "source": provenance.source,
        "batch": provenance.batch,
        "parent": provenance.parent,
        "note": note,
    }
    if not files:
        if ending is None:
            raise InputError([_no_result("{}")])
        return _without_plan(ending, task, case, came)
    check_names(files)
    record = _record(files)
    inputs = {name.removeprefix(INPUTS): data for name, data in files.items() if name.startswith(INPUTS)}
    digests = hashes(inputs)
    if digests != record.get("inputs"):
        raise InputError([_changed(digests, record.get("inputs") or {})])
    run = {**_planned(record, digests), **(_of_ending(ending) if ending is not None else {}), **came}
    try:
        measures = tuple(_measures(files, record))
    except (KeyError, TypeError, ValueError):
        raise InputError([_no_measures()]) from None
    known = {"name": str(record.get("case") or ""), "data": record.get("data")}
    kept = {"digest": case_digest(digests), **known, "documents": record.get("documents") or []}
    return Incoming(_clean({**run, "case": kept["digest"]}), _clean(kept), dict(files), inputs, measures)


def case_rows(coming: Incoming, case: Scenario | None) -> dict[str, Any]:
    """The row of a case that is new: title and years too, from the case itself or, where not given, from its files."""
    assert coming.case is not None
    row = {"title_zh": coming.case["name"], "title_en": coming.case["name"], "first_year": None, "last_year": None}
    found = case if case is not None else _read_again(coming.case_files)
    if found is not None:
        title = {"title_zh": found.title.zh, "title_en": found.title.en}
        row = {**title, "first_year": found.first_year, "last_year": found.last_year}
    clean: dict[str, Any] = _clean({**coming.case, **row, "created": datetime.now(UTC)})
    return clean


def check_names(names: Iterable[str]) -> None:
    """Raise InputError where a name would lead out of the folder, or is no file name."""
    for name in names:
        path, elsewhere = PurePosixPath(name), PureWindowsPath(name)
        inside = not (path.is_absolute() or elsewhere.anchor or ".." in path.parts) and str(path) == name != "."
        if not inside or len(name) > LONGEST_NAME or any(letter == "\\" or letter < " " for letter in name):
            what = Text(f"不能使用文件名 {name!r}。", f"the file name {name!r} cannot be used")
            fix = Text("结果文件夹里只应有 run --out 写出的文件。", "A result folder holds what `run --out` writes.")
            raise InputError([Finding(Level.ERROR, "bad-file-name", what, Where(), fix, name)])


_NUMBER = (int, float, NoneType)
_SHAPE: Mapping[str, tuple[type, ...]] = {
    "status": (str,),
    "address": (str, NoneType),
    "case": (str, NoneType),
    "variant": (str, NoneType),
    **dict.fromkeys(("objective", "bound", "gap"), _NUMBER),
    **dict.fromkeys(("overrides", "profile", "engine", "seconds", "measures", "inputs"), (dict, NoneType)),
}
"""What the store reads of a run.json, by kind."""


def _record(files: Mapping[str, bytes]) -> dict[str, Any]:
    try:
        record = json.loads(files["run.json"])
    except (KeyError, ValueError):
        record = None
    sound = isinstance(record, dict) and all(isinstance(record.get(name), kind) for name, kind in _SHAPE.items())
    if not sound or not re.fullmatch(r"[0-9a-f]{8,64}", record.get("address") or "00000000"):
        raise InputError([_no_result("run.json")])
    return dict(record)


def _planned(record: Mapping[str, Any], digests: Mapping[str, str]) -> dict[str, Any]:
    """What run.json says of the run; its address is made again where it is of a version that wrote none."""
    engine, seconds = record.get("engine") or {}, record.get("seconds") or {}
    variant, overrides = record.get("variant"), record.get("overrides") or {}
    older = {"name": engine.get("profile"), "random_seed": engine.get("seed"), "options": engine.get("options") or {}}
    profile = record.get("profile") or older
    program = record.get("quota_opt")
    versions = {"quota-opt": str(program), f"{engine.get('name')} {engine.get('solver')}": str(engine.get("version"))}
    return {
        "address": record.get("address") or run_address(digests, variant, overrides, profile, versions),
        "case_name": str(record.get("case") or ""),
        "variant": variant,
        "overrides": overrides,
        "profile": profile,
        "status": record["status"],
        "exit_code": 0 if record["status"] == "OPTIMAL" else 4,
        **{name: record.get(name) for name in ("objective", "bound", "gap")},
        "seconds": sum(value for value in seconds.values() if isinstance(value, int | float)) if seconds else None,
        "peak_mb": None,
        "reason_zh": None,
        "reason_en": None,
        "engine": engine.get("solver") or engine.get("name"),
        "engine_version": engine.get("version"),
        "program_version": program,
    }


def _of_ending(ending: Ended) -> dict[str, Any]:
    reason = ending.reason
    names = ("address", "status", "exit_code", "objective", "bound", "gap", "seconds", "peak_mb")
    return {
        **{name: getattr(ending, name) for name in names},
        "reason_zh": None if reason is None else reason.zh,
        "reason_en": None if reason is None else reason.en,
    }


def _without_plan(ending: Ended, task: Asked | None, case: Scenario | None, came: Mapping[str, Any]) -> Incoming:
    run = {
        **_of_ending(ending),
        **came,
        "case": None if case is None else case_digest(hashes(case.files)),
        "case_name": None if case is None else case.name,
        "variant": None if task is None else task.variant,
        "overrides": {} if task is None else dict(task.overrides),
        "profile": {} if task is None else task.profile.model_dump(),
        "engine": None if task is None else task.profile.solver,
        "engine_version": None,
        "program_version": version(),
    }
    kept = None
    if case is not None:
        kept = {"digest": run["case"], "name": case.name, "data": case.data, "documents": documents_record(case)}
    return Incoming(_clean(run), _clean(kept), {}, {} if case is None else dict(case.files), ())


def failure(record: Mapping[str, Any], case: tuple[str, str] | None, provenance: Provenance) -> Incoming:
    """The rows of a run a batch has no plan of, as it writes them; `case` is digest and name of its case, where known.

    Without it the case is called what the grid calls it.
    """
    digest, name = case or (None, record.get("case"))
    reason, variant = record.get("reason") or {}, record.get("variant")
    figures = ("objective", "bound", "gap", "seconds", "peak_mb")
    run = {
        **{name: record[name] for name in ("address", "status", "exit_code")},
        **{name: record.get(name) for name in figures},
        "reason_zh": reason.get("zh"),
        "reason_en": reason.get("en"),
        "case": digest,
        "case_name": name,
        "variant": None if variant == BASE_VARIANT else variant,
        "overrides": record.get("parameters") or {},
        "profile": {"name": record.get("profile"), "random_seed": record.get("seed")},
        "engine": None,
        "engine_version": None,
        "program_version": None,
        "created": datetime.now(UTC),
        "source": provenance.source,
        "batch": provenance.batch,
        "parent": provenance.parent,
        "note": "",
    }
    return Incoming(_clean(run), None, {}, {}, ())


def _measures(files: Mapping[str, bytes], record: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Rows of measures.csv; of a version that wrote none, the measures of the whole plan."""
    if MEASURES not in files:
        for name, entry in (record.get("measures") or {}).items():
            unit, value = entry["unit"], entry["value"]
            yield _clean({"place": None, "year": None, "measure": name, "unit": unit, "value": value})
        return
    text = plain(files[MEASURES].decode("utf-8-sig"))
    for row in csv.DictReader(io.StringIO(text, newline="")):
        yield {
            "place": row["place"] or None,
            "year": int(float(row["year"])) if row["year"] else None,
            "measure": row["measure"],
            "unit": row["unit"],
            "value": float(row["value"]) if row["value"] else None,
        }


def _read_again(inputs: Mapping[str, bytes]) -> Scenario | None:
    """The case its files hold; None where they cannot be read any more."""
    with tempfile.TemporaryDirectory(prefix="quota-opt-") as scratch:
        write_files(inputs, Path(scratch) / INPUTS)
        try:
            return read_inputs(Path(scratch), {})
        except QuotaOptError:
            return None


_CONTROLS = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n\r"}


def plain(text: str) -> str:
    """A text as every database and terminal takes it: no control characters, no halves of characters."""
    return text.translate(_CONTROLS).encode("utf-8", "replace").decode("utf-8")


def _clean(value: Any) -> Any:
    """The value with plain texts, and without numbers that are none."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Mapping):
        return {plain(str(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return finite(value)


def _no_result(place: str) -> Finding:
    what = Text("没有有效的 run.json，不是结果文件夹。", "There is no sound run.json: not a result folder.")
    fix = Text("请给出 run --out 写成的结果文件夹。", "Name a result folder as `run --out` writes it.")
    return Finding(Level.ERROR, "no-result", what, Where(file=place), fix)


def _no_measures() -> Finding:
    what = Text(f"{MEASURES} 读不出来。", f"{MEASURES} cannot be read.")
    fix = Text("重新求解，或换一个未改动的结果文件夹。", "Solve again, or name a folder that was not changed.")
    return Finding(Level.ERROR, "bad-table", what, Where(file=MEASURES), fix)


def _changed(actual: Mapping[str, str], stated: Mapping[str, str]) -> Finding:
    name = next(name for name in sorted({*actual, *stated}) if actual.get(name) != stated.get(name))
    what = Text(
        f"输入文件 {name} 与求解时不同，不能存入。",
        f"The input file {name} is not the one that was solved; the folder is not taken in.",
    )
    fix = Text("重新求解，或换一个未改动的结果文件夹。", "Solve again, or name a folder that was not changed.")
    return Finding(Level.ERROR, "changed-inputs", what, Where(file=f"{INPUTS}{name}"), fix)
