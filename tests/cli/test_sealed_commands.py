"""replay and report from the command line: what they say, write and end with."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from forging import record, reseal


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """A result folder of the worked example; copy before changing it."""
    import quota_opt as qo

    return qo.solve("worked-example").write(tmp_path_factory.mktemp("solved") / "plan", "en")


def test_replay_says_that_the_plan_is_the_same(cli, solved):
    call = cli("replay", solved)
    assert call.code == 0, call.err
    assert "The same plan again" in call.out
    assert not Path("results").exists()
    assert "重算得到同一方案" in cli("replay", solved, "--lang", "zh").out
    assert cli("replay", solved, "--quiet").out.strip() == "identical"


def test_replay_as_one_document_and_as_a_folder(cli, solved):
    call = cli("replay", solved, "--out", "again", "--json")
    assert call.code == 0, call.err
    assert call.document["verdict"] == json.loads(Path("again/replay.json").read_text(encoding="utf-8"))["verdict"]
    assert call.document["folder"] == "again"
    assert cli("verify", "again/plan").code == 0
    assert cli("replay", solved, "--out", "again").code == 2


def test_a_contradiction_ends_with_5_and_names_both_figures(cli, tmp_path):
    import quota_opt as qo

    second = qo.alternatives("worked-example", within=0.2, count=2).plans[1]
    folder = replace(second, reporters=()).write(tmp_path / "second")
    certificate = record(folder)["certificate"]
    best = {"status": "OPTIMAL", "bound": 1750.0, "gap": 0.0}
    record(folder, **best, certificate={**certificate, **best, "stages": [{**certificate["stages"][0], **best}]})
    call = cli("replay", reseal(folder), "--json")
    assert call.code == 5
    assert call.document["error"]["exit_code"] == 5
    assert "2,000" in call.document["beyond"][0]["en"]


def test_a_folder_that_is_no_result_ends_with_2(cli):
    assert cli("replay", "nowhere").code == 2
    assert cli("report", "nowhere").code == 2


def test_report_writes_what_is_missing(cli, solved, tmp_path):
    folder = shutil.copytree(solved, tmp_path / "bare", ignore=shutil.ignore_patterns("report.*"))
    call = cli("report", folder, "--json")
    assert call.code == 0, call.err
    assert [Path(name).name for name in call.document["reports"]] == ["report.docx", "report.html", "report.xlsx"]
    assert cli("report", folder).code == 2
    assert cli("verify", folder, "--json").document["findings"] == []


def test_report_says_what_the_office_adds_and_leaves_firms_out(cli, solved, tmp_path):
    from docx import Document as Word

    call = cli("report", solved, "--out", "papers", "--unit", "发展和改革局", "--issued", "2026-07-04", "--hide-firms",
               "--template", solved / "report.docx")  # fmt: skip
    assert call.code == 0, call.err
    assert {path.name for path in Path("papers").iterdir()} == {
        "report.docx", "report.html", "report.xlsx", "one-page.docx"
    }  # fmt: skip
    said = [paragraph.text for paragraph in Word("papers/report.docx").paragraphs]
    assert any(text.startswith("发展和改革局") or "issued" in text for text in said)
    assert "示例企业" not in Path("papers/report.html").read_text(encoding="utf-8")
    assert cli("report", solved, "--out", "more", "--issued", "yesterday").code == 2


OLD = Path(__file__).parents[1] / "old_results" / "first-version"


def test_migrate_says_what_changed_and_where_it_stands(cli, tmp_path):
    folder = shutil.copytree(OLD, tmp_path / "old")
    assert "quota-opt migrate" in cli("replay", folder).err
    call = cli("migrate", folder)
    assert call.code == 0, call.err
    assert "awards.csv: It has the columns energy_counted_tce." in call.out
    assert cli("verify", tmp_path / "old-migrated").code == 0
    assert cli("migrate", folder).code == 2
    again = cli("migrate", tmp_path / "old-migrated")
    assert (again.code, "nothing is to be done" in again.out) == (0, True)


def test_migrate_in_place_as_one_document(cli, tmp_path):
    folder = shutil.copytree(OLD, tmp_path / "old")
    call = cli("migrate", folder, "--in-place", "--json")
    assert call.code == 0, call.err
    assert call.document["kept"] == str(folder / "before-migration")
    assert {change["file"] for change in call.document["changes"]} >= {"awards.csv", "seal.json"}
    assert cli("migrate", folder, "--in-place", "--out", "x").code == 2
    assert cli("migrate", "nowhere").code == 2


def test_a_result_that_does_not_hold_is_not_migrated_and_ends_with_5(cli, tmp_path):
    folder = shutil.copytree(OLD, tmp_path / "old")
    record(folder, objective=9999.0)
    assert cli("migrate", folder).code == 5
    assert not (tmp_path / "old-migrated").exists()
