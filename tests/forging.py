"""Result folders broken on purpose, and what `quota-opt verify` sees in them.

A forgery is a function that changes a folder in place: a cell, a row, a figure of `run.json`, or the inputs themselves.
The tests of mutations apply one to the folder of a sound plan and ask `verify` for its findings. The seal is made anew
over the forgery, as a forger would, so that it is the check in question that must notice: `tests/plan/test_seal.py` has
the seal itself.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import quota_opt as qo
from quota_opt.cli import main
from quota_opt.plan.seal import seal_folder

Findings = list[dict[str, Any]]
Forgery = Callable[[Path], None]
CERTIFICATE = "verify-certificate"
"""The code of findings on the proof of a plan, which is of the whole model and so of no rule."""


def copy_to_break(sound: Path, target: Path) -> Path:
    """A copy of a result folder, without its reports: they play no part."""
    return Path(shutil.copytree(sound, target, ignore=shutil.ignore_patterns("report.*")))


def reseal(folder: Path) -> Path:
    """Seal a folder as it is now."""
    seal_folder(folder, "forged")
    return folder


def verified(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, Findings]:
    """Exit code and findings of `quota-opt verify DIR --json`, under a seal made anew."""
    reseal(folder)
    capsys.readouterr()
    code = main(["--json", "--lang", "en", "verify", str(folder)])
    findings: Findings = json.loads(capsys.readouterr().out)["findings"]
    return code, findings


def rules_named(findings: Findings, also: Collection[str] = ()) -> set[str]:
    """The rules that findings name; a finding of no rule must be on the certificate, or have a code of `also`.

    The prices of one model prove nothing of another: where a plan is put beside other inputs, the certificate may fail
    with the rule. Nothing else may.
    """
    nameless = [finding for finding in findings if finding["at"].get("rule") is None]
    strangers = [finding for finding in nameless if finding["code"] not in {CERTIFICATE, *also}]
    assert not strangers, f"findings that name no rule: {json.dumps(strangers, ensure_ascii=False)}"
    return {finding["at"]["rule"] for finding in findings if finding not in nameless}


def record(folder: Path, **changes: Any) -> dict[str, Any]:
    """The content of run.json, after changing it."""
    path = folder / "run.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if changes:
        content.update(changes)
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return content


def table(folder: Path, name: str) -> pd.DataFrame:
    """A table of the folder, every cell as the text that is written there."""
    return pd.read_csv(folder / name, encoding="utf-8-sig", dtype=str, keep_default_na=False)


def state_other_inputs(folder: Path, other: qo.Scenario) -> None:
    """Put another case's inputs into a result, hashes and all, and claim that all its rules were audited."""
    shutil.rmtree(folder / "inputs")
    for name, content in other.files.items():
        target = folder / "inputs" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in other.files.items()}
    audit = record(folder)["audit"]
    record(folder, inputs=hashes, audit={**audit, **{rule: dict(audit["pool"]) for rule in other.rules}})


def edited(name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Forgery:
    """Rewrite the table `name` as `change` makes it."""

    def forge(folder: Path) -> None:
        frame = change(table(folder, name))
        frame.to_csv(folder / name, index=False, encoding="utf-8-sig", lineterminator="\n")

    return forge


def set_cell(name: str, row: int, header: str, value: object) -> Forgery:
    """Write another value under `header` in one row, counted from 0."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[row, header] = str(value)
        return frame

    return edited(name, change)


def drop_row(name: str, row: int) -> Forgery:
    """Leave one row out, counted from 0."""
    return edited(name, lambda frame: frame.drop(index=row))


def add_row(name: str, like: int, **cells: object) -> Forgery:
    """Append a copy of the row `like`, with `cells` instead of its own."""
    texts = {header: str(value) for header, value in cells.items()}
    return edited(name, lambda frame: pd.concat([frame, frame.iloc[[like]].assign(**texts)]))


def say(**changes: Any) -> Forgery:
    """State other values in run.json."""

    def forge(folder: Path) -> None:
        record(folder, **changes)

    return forge


def say_measure(name: str, value: float | None) -> Forgery:
    """State another value of a measure in run.json; None leaves the measure out."""

    def forge(folder: Path) -> None:
        measures = record(folder)["measures"]
        if value is None:
            del measures[name]
        else:
            measures[name]["value"] = value
        record(folder, measures=measures)

    return forge
