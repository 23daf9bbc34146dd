"""Reports of a result that was written without them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import quota_opt as qo


@pytest.fixture(scope="module")
def plan() -> qo.Plan:
    return qo.solve("worked-example")


@pytest.fixture
def bare(plan: qo.Plan, tmp_path: Path) -> Path:
    """A result as batches write it."""
    return replace(plan, reporters=()).write(tmp_path / "bare")


def test_a_result_gains_its_reports_and_stays_sealed(bare: Path) -> None:
    before = {path.name: path.read_bytes() for path in bare.iterdir() if path.is_file()}
    written = qo.write_reports(bare, language="en")
    assert [path.name for path in written] == ["report.docx", "report.html", "report.xlsx"]
    assert "proven optimal" in (bare / "report.html").read_text(encoding="utf-8")
    assert all((bare / name).read_bytes() == content for name, content in before.items() if name != "seal.json")
    assert not [path for path in bare.iterdir() if path.name.startswith(".")]
    found = qo.verify(bare)
    assert (found.ok, found.notes) == (True, ())
    (bare / "report.html").write_text("other", encoding="utf-8")
    assert [note.where.file for note in qo.verify(bare).notes] == ["report.html"]


def test_reports_that_are_there_are_kept(bare: Path) -> None:
    (bare / "report.html").write_text("mine", encoding="utf-8")
    assert [path.name for path in qo.write_reports(bare)] == ["report.docx", "report.xlsx"]
    assert (bare / "report.html").read_text(encoding="utf-8") == "mine"
    with pytest.raises(qo.OutputExists):
        qo.write_reports(bare)


def test_reports_may_be_written_elsewhere(bare: Path, tmp_path: Path) -> None:
    seal = (bare / "seal.json").read_bytes()
    written = qo.write_reports(bare, tmp_path / "out")
    assert [path.relative_to(tmp_path).as_posix() for path in written] == [
        "out/report.docx", "out/report.html", "out/report.xlsx"
    ]  # fmt: skip
    assert not (bare / "report.html").exists()
    assert (bare / "seal.json").read_bytes() == seal


def test_no_report_is_made_of_a_result_that_does_not_hold(bare: Path) -> None:
    with (bare / "awards.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    with pytest.raises(qo.VerificationFailed):
        qo.write_reports(bare)
    assert not (bare / "report.html").exists()


def test_a_failing_report_leaves_the_folder_as_it_was(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from quota_opt.analysis import late_reports

    def broken(plan: qo.Plan, folder: Path, language: str) -> None:
        (folder / "report.html").write_text("half", encoding="utf-8")
        raise OSError("disk full")

    monkeypatch.setattr(
        late_reports, "read_result", lambda folder: replace(qo.read_result(folder), reporters=(broken,))
    )
    before = {path.name: path.read_bytes() for path in bare.iterdir() if path.is_file()}
    with pytest.raises(OSError, match="disk full"):
        qo.write_reports(bare)
    assert {path.name: path.read_bytes() for path in bare.iterdir() if path.is_file()} == before
