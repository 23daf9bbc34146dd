"""The seal of a result folder: the SHA-256 of every file in it, and of that list itself.

`verify` compares. What the plan rests on (inputs, tables, records) must be as it was sealed; reports are for people and
can be made again from the rest, so that one which changed or is gone is told and no more. Whoever rewrites a file can
rewrite the seal too: it shows what was changed by mistake or by hand, and is no signature.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from quota_opt.errors import Finding, InputError, Level, Text, Where
from quota_opt.scenario.contract import CONTRACT, newer_contract

SEAL = "seal.json"
BEFORE = "before-migration"
"""The folder that keeps what a migration in place replaced; no part of the result."""
REPORTS = frozenset((".html", ".xlsx", ".docx", ".pdf"))
"""Endings of files made for people alone."""
LITTER = frozenset(("thumbs.db", "desktop.ini"))
"""What file managers leave behind; so are names that begin with a dot, or with Office's `~$`."""


def seal_folder(folder: Path, program: str) -> None:
    """Write `seal.json` over all that is in a result folder now; `program` is the version that wrote it."""
    files = {name: _digest(path) for name, path in _files(folder)}
    _write(folder, {"contract": CONTRACT, "quota_opt": program, "files": files})


def add_to_seal(folder: Path, names: list[str]) -> None:
    """Seal files that were added to a sealed folder, and nothing else that may have changed since."""
    content = read_seal(folder)
    if content is None:
        return
    files = {**content["files"], **{name: _digest(folder / name) for name in names}}
    _write(folder, {**content, "files": dict(sorted(files.items()))})


def read_seal(folder: Path) -> dict[str, Any] | None:
    """The content of `seal.json`; None where the folder has none.

    Raises InputError where it is of a contract this program does not know, ValueError where it is no seal.
    """
    path = folder / SEAL
    if not path.is_file():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or not isinstance(content.get("files"), dict):
        raise ValueError("no list of files")
    if isinstance(content.get("contract"), int) and content["contract"] > CONTRACT:
        raise InputError([newer_contract(content["contract"], Where(file=SEAL, path="contract"))])
    return content


def seal_findings(folder: Path) -> tuple[list[Finding], list[Finding]]:
    """What is not as it was sealed: errors, and notes that fail nothing."""
    try:
        content = read_seal(folder)
    except ValueError as error:
        what = Text(f"{SEAL} 读不出来：{error}", f"{SEAL} cannot be read: {error}")
        return [_broken(what, SEAL)], []
    if content is None:
        return [], [_unsealed()]
    stated: Mapping[str, str] = content["files"]
    actual = {name: _digest(path) for name, path in _files(folder)}
    errors, notes = [], []
    if content.get("sha256") != _digest_of(content):
        errors.append(_broken(Text("封存清单本身被改过。", "The list of the seal itself was changed."), SEAL))
    for name in sorted({*stated, *actual}):
        if stated.get(name) == actual.get(name):
            continue
        how = (
            Text("封存之后被删除", "is gone") if name not in actual
            else Text("是封存之后添加的", "was added") if name not in stated
            else Text("封存之后被改动", "was changed")
        )  # fmt: skip
        what = Text(f"{name} {how.zh}。", f"{name} {how.en} since the result was sealed.")
        if _for_people(name):
            notes.append(_note(Level.WARNING, "seal-report", what, name))
        elif _part_of_result(name):
            errors.append(_broken(what, name))
        else:
            notes.append(_note(Level.INFO, "seal-stranger", what, name))
    return errors, notes


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files that are sealed, by relative name, in order; result folders inside are sealed by themselves."""
    found = []
    for at, folders, names in os.walk(folder):
        here = Path(at)
        folders[:] = [name for name in folders if name != BEFORE and not (here / name / "run.json").is_file()]
        found += [here / name for name in names if not _litter(name)]
    named = ((path.relative_to(folder).as_posix(), path) for path in found)
    return ((name, path) for name, path in sorted(named) if name != SEAL)


def _litter(name: str) -> bool:
    return name.startswith((".", "~$")) or name.casefold() in LITTER


def _for_people(name: str) -> bool:
    return not name.startswith("inputs/") and Path(name).suffix in REPORTS


def _part_of_result(name: str) -> bool:
    """Whether a result is made of such files; what is neither this nor a report may lie beside it."""
    return name.startswith("inputs/") or name.endswith((".csv", ".csv.gz", ".json", ".parquet"))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of the list as canonical JSON, its own hash left out."""
    listing = {key: value for key, value in content.items() if key != "sha256"}
    text = json.dumps(listing, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _write(folder: Path, content: Mapping[str, Any]) -> None:
    whole = {key: value for key, value in content.items() if key != "sha256"}
    whole["sha256"] = _digest_of(whole)
    beside = folder / f".{SEAL}"
    beside.write_text(json.dumps(whole, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline="\n")
    beside.replace(folder / SEAL)


def _broken(what: Text, file: str) -> Finding:
    fix = Text(
        "请找回原来的结果文件夹；找不回就由输入重新求解。",
        "Take the result folder from where it was kept unchanged, or solve again from the inputs.",
    )
    return Finding(Level.ERROR, "verify-seal", what, Where(file=file), fix)


def _note(level: Level, code: str, what: Text, file: str) -> Finding:
    if level is Level.INFO:
        fix = Text("不影响方案；与结果无关的文件最好移走。", "The plan stands; keep files of other things elsewhere.")
    else:
        fix = Text("不影响方案；报告可用 quota-opt report 重写。", "The plan stands; quota-opt report writes it anew.")
    return Finding(level, code, what, Where(file=file), fix)


def _unsealed() -> Finding:
    what = Text(
        f"没有 {SEAL}：由较早版本的程序写成，只能核对输入和各表是否一致。",
        f"There is no {SEAL}: an earlier version wrote this folder; only inputs and tables are checked.",
    )
    fix = Text("可用 quota-opt migrate 补齐并封存。", "quota-opt migrate brings it up to date and seals it.")
    return Finding(Level.INFO, "unsealed", what, Where(file=SEAL), fix)
