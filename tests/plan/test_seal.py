"""The seal of a result folder: what changed since it was written is told, and reports alone may."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import quota_opt as qo
from quota_opt.cli import main
from quota_opt.plan.seal import SEAL, add_to_seal


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return qo.solve("worked-example").write(tmp_path_factory.mktemp("sealed") / "plan")


@pytest.fixture
def folder(sealed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sealed, tmp_path / "plan"))


def test_every_file_is_in_the_seal_but_the_seal(sealed: Path) -> None:
    content = json.loads((sealed / SEAL).read_text(encoding="utf-8"))
    there = {path.relative_to(sealed).as_posix() for path in sealed.rglob("*") if path.is_file()}
    assert set(content["files"]) == there - {SEAL}
    assert {"run.json", "report.html", "inputs/scenario.toml"} <= there
    assert content["contract"] == 1
    assert all(len(digest) == 64 for digest in (*content["files"].values(), content["sha256"]))


def test_a_folder_moved_elsewhere_verifies_without_a_word(folder: Path) -> None:
    found = qo.verify(folder)
    assert (found.ok, found.problems, found.notes) == (True, (), ())


def spaced(path: Path) -> None:
    """A change that leaves the meaning as it is."""
    path.write_bytes(path.read_bytes() + b"\n")


READ = ("run.json", "actions.csv", "awards.csv", "transfers.csv", "ledger.csv")
"""What a result is read from: without these a folder is none, which is told before the seal is looked at."""
BESIDE = ("prices.csv", "reasons.csv", "rounded.csv", "inputs/scenario.toml", "inputs/projects.csv")


@pytest.mark.parametrize(
    ("name", "change"), [*((name, spaced) for name in (*READ, *BESIDE)), *((name, Path.unlink) for name in BESIDE)]
)
def test_a_part_of_the_result_that_is_not_as_it_was_sealed_fails_and_is_named(
    folder: Path, name: str, change: Callable[[Path], None]
) -> None:
    change(folder / name)
    found = qo.verify(folder)
    assert not found.ok
    assert name in {finding.where.file for finding in found.problems if finding.code == "verify-seal"}


@pytest.mark.parametrize("name", ["inputs/targets.csv", "more.csv", "notes.json"])
def test_a_part_that_was_added_fails(folder: Path, name: str) -> None:
    (folder / name).write_text("measure,sense,value\n", encoding="utf-8")
    found = qo.verify(folder)
    assert not found.ok
    assert [finding.where.file for finding in found.problems if finding.code == "verify-seal"] == [name]


@pytest.mark.parametrize("change", [spaced, Path.unlink], ids=["changed", "gone"])
def test_a_report_may_change_and_is_told(folder: Path, change: Callable[[Path], None]) -> None:
    change(folder / "report.html")
    found = qo.verify(folder)
    assert found.ok
    assert [(f.level, f.code, f.where.file) for f in found.notes] == [("warning", "seal-report", "report.html")]


@pytest.mark.parametrize("name", [".DS_Store", "~$report.xlsx", "Thumbs.db", "before-migration/run.json"])
def test_what_file_managers_and_migrations_leave_is_passed_over(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"x")
    assert qo.verify(folder).notes == ()


def test_a_file_of_another_kind_beside_the_result_is_told_and_fails_nothing(folder: Path) -> None:
    (folder / "minutes.txt").write_text("approved", encoding="utf-8")
    found = qo.verify(folder)
    assert found.ok
    assert [(f.level, f.where.file) for f in found.notes] == [("info", "minutes.txt")]


def test_a_list_that_was_edited_to_fit_is_noticed(folder: Path) -> None:
    content = json.loads((folder / SEAL).read_text(encoding="utf-8"))
    del content["files"]["prices.csv"]
    (folder / "prices.csv").unlink()
    (folder / SEAL).write_text(json.dumps(content), encoding="utf-8")
    found = qo.verify(folder)
    assert not found.ok
    assert {finding.where.file for finding in found.problems if finding.code == "verify-seal"} == {SEAL}


@pytest.mark.parametrize("content", ["", "[]", "{", '{"files": 3}'])
def test_a_seal_that_is_none_fails(folder: Path, content: str) -> None:
    (folder / SEAL).write_text(content, encoding="utf-8")
    assert not qo.verify(folder).ok


def test_a_seal_of_a_newer_program_is_an_error_that_says_so(folder: Path) -> None:
    content = json.loads((folder / SEAL).read_text(encoding="utf-8"))
    (folder / SEAL).write_text(json.dumps({**content, "contract": 99}), encoding="utf-8")
    with pytest.raises(qo.InputError) as caught:
        qo.verify(folder)
    assert [finding.code for finding in caught.value.findings] == ["newer-contract"]


def test_a_folder_of_before_the_seal_verifies_as_it_did_with_a_note(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / SEAL).unlink()
    found = qo.verify(folder)
    assert found.ok
    assert [finding.code for finding in found.notes] == ["unsealed"]
    capsys.readouterr()
    assert main(["--lang", "en", "verify", str(folder)]) == 0
    assert "migrate" in capsys.readouterr().out


def test_sealing_more_does_not_hide_what_has_changed_since(folder: Path) -> None:
    spaced(folder / "prices.csv")
    (folder / "report.docx").write_bytes(b"made later")
    add_to_seal(folder, ["report.docx"])
    found = qo.verify(folder)
    assert [finding.where.file for finding in found.problems if finding.code == "verify-seal"] == ["prices.csv"]
    assert found.notes == ()


def test_nothing_is_read_from_a_folder_whose_seal_is_broken(folder: Path) -> None:
    spaced(folder / "prices.csv")
    with pytest.raises(qo.VerificationFailed, match=r"prices\.csv"):
        qo.read_result(folder)
    assert main(["verify", str(folder)]) == 5
