"""Cases of an earlier version are brought to the present contract: what changed then, and nothing besides."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import quota_opt as qo
from quota_opt.scenario.migrate import with_contract

SETTINGS = """\
# Kept by the planning office.
[scenario]
name = "demo"          # short
last_year = 2026
first_year = 2024

# Two resources.
resources = ["energy", "carbon"]

[rules.retention]
keep = 0.5
"""
MIGRATED = SETTINGS.replace("\n\n[rules", "\ncontract = 1\n\n[rules")
FIRMS = '企业,区域,综合能耗,"碳排放（万吨）",用地(亩)\r\nF1,N1,1000,0.3,10\r\n"F2, east",N2,500,0.1,20\r\n'
PROJECTS = "project,place,energy_tce,carbon_t(t/年),value_added\nP1,N1,500,1200,1250\n"


def old_case(case: Any, **files: Any) -> Path:
    """As the first versions read it: carbon in plain tonnes was carbon dioxide."""
    return Path(case(**{"settings": SETTINGS, "firms": FIRMS, "projects": PROJECTS, **files}))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_checking_an_old_case_says_how_it_is_mended(case: Any) -> None:
    found = [finding for finding in qo.check(old_case(case)) if finding.code == "wrong-unit"]
    assert {finding.where.file for finding in found} == {"firms.csv", "projects.csv"}
    assert all("quota-opt migrate" in text for finding in found for text in finding.fix)


def test_an_old_case_reads_as_it_did_once_it_is_migrated(case: Any) -> None:
    folder = old_case(case)
    before = contents(folder)
    made = qo.migrate(folder)
    assert made.target == folder.with_name("demo-migrated")
    scenario = qo.read(made.target)
    assert scenario.firms["carbon_t"].tolist() == [3000.0, 1000.0]
    assert scenario.projects["carbon_t"].tolist() == [1200.0]
    assert {change.file for change in made.changes} == {"firms.csv", "projects.csv", "scenario.toml"}
    assert contents(folder) == before


def test_nothing_changes_but_the_headings_and_the_contract(case: Any) -> None:
    folder = old_case(case)
    (folder / "README.md").write_text("ours", encoding="utf-8")
    before, target = contents(folder), qo.migrate(folder).target
    assert target is not None
    assert contents(target) == before | {
        "firms.csv": FIRMS.replace("（万吨）", "（万吨二氧化碳）").encode(),
        "projects.csv": PROJECTS.replace("(t/年)", "(tCO2/年)").encode(),
        "scenario.toml": MIGRATED.encode(),
    }


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_the_encoding_of_a_table_stays(case: Any, encoding: str) -> None:
    folder = old_case(case, firms=FIRMS.encode(encoding))
    target = qo.migrate(folder).target
    assert target is not None
    assert (target / "firms.csv").read_bytes() == FIRMS.replace("万吨", "万吨二氧化碳").encode(encoding)


HEADINGS = {
    "碳排放(吨)": "碳排放(吨二氧化碳)",
    "碳排放量[千吨/年]": "碳排放量[千吨二氧化碳/年]",
    "二氧化碳排放（公斤）": "二氧化碳排放（公斤二氧化碳）",
    "carbon_t (kg)": "carbon_t (kgCO2)",
    "carbon_t(tonnes)": "carbon_t(tCO2)",
    "carbon_t(KT)": "carbon_t(ktCO2)",
}


@pytest.mark.parametrize("old", HEADINGS)
def test_every_unit_of_weight_keeps_its_factor(case: Any, old: str) -> None:
    folder = old_case(case, firms=f"firm,place,{old}\nF1,N1,2\n", projects=None)
    target = qo.migrate(folder).target
    assert target is not None
    assert (target / "firms.csv").read_text(encoding="utf-8").splitlines()[0] == f"firm,place,{HEADINGS[old]}"
    factor = 1000.0 if "千吨" in old or "KT" in old else 0.001 if "k" in old or "公斤" in old else 1.0
    assert qo.read(target).firms["carbon_t"].tolist() == [pytest.approx(2 * factor)]


def test_actions_are_migrated_too_and_other_columns_are_not(case: Any) -> None:
    actions = "firm,action,frees_carbon_t(吨),jobs_lost\nF1,close,10,5\n"
    folder = old_case(case, firms="firm,place,原煤(吨)\nF1,N1,5\n", projects=None, actions=actions)
    target = qo.migrate(folder).target
    assert target is not None
    assert (target / "actions.csv").read_text(encoding="utf-8") == actions.replace("(吨)", "(吨二氧化碳)")
    assert (target / "firms.csv").read_bytes() == (folder / "firms.csv").read_bytes()


def test_a_case_of_today_is_left_alone(case: Any, tmp_path: Path) -> None:
    folder = case()
    for address in (folder, "worked-example", "zhuji/strict-access"):
        made = qo.migrate(address)
        assert (made.target, made.changes) == (None, ())
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_a_migrated_case_is_of_today(case: Any) -> None:
    target = qo.migrate(old_case(case)).target
    assert target is not None
    assert qo.migrate(target).changes == ()


def test_a_case_that_says_its_contract_is_taken_at_its_word(case: Any) -> None:
    folder = old_case(case, settings=SETTINGS.replace('name = "demo"', 'contract = 1\nname = "demo"'))
    assert qo.migrate(folder).changes == ()
    fixes = [finding.fix.en for finding in qo.check(folder) if finding.code == "wrong-unit"]
    assert fixes
    assert not any("migrate" in fix for fix in fixes)


def test_a_case_of_a_newer_program_is_one_clear_error(case: Any) -> None:
    settings = SETTINGS.replace("[rules.retention]", "[rules.of_tomorrow]")
    folder = case(settings=settings.replace('name = "demo"', 'contract = 2\nname = "demo"'))
    (finding,) = qo.check(folder)
    assert (finding.code, finding.where.row) == ("newer-contract", 3)
    assert "newer program" in finding.what.en


@pytest.mark.parametrize("contract", ["0", '"new"', "1.5"])
def test_a_contract_that_is_none_is_an_error_at_its_line(case: Any, contract: str) -> None:
    folder = case(settings=SETTINGS.replace('name = "demo"', f'contract = {contract}\nname = "demo"'))
    findings = [finding for finding in qo.check(folder) if finding.level == "error"]
    assert [finding.where.path for finding in findings] == ["scenario.contract"]


def test_what_is_there_already_is_never_overwritten(case: Any, tmp_path: Path) -> None:
    folder = old_case(case)
    (tmp_path / "demo-migrated").mkdir()
    (tmp_path / "demo-migrated" / "mine").write_text("mine", encoding="utf-8")
    with pytest.raises(qo.OutputExists):
        qo.migrate(folder)
    assert qo.migrate(folder, tmp_path / "elsewhere").target == tmp_path / "elsewhere"


def test_in_place_the_originals_are_kept(case: Any, tmp_path: Path) -> None:
    folder = old_case(case)
    before = contents(folder)
    made = qo.migrate(folder, in_place=True)
    assert (made.target, made.kept) == (folder, folder / "before-migration")
    assert contents(folder / "before-migration") == {
        name: content for name, content in before.items() if name != "places.csv"
    }
    assert qo.read(folder).firms["carbon_t"].tolist() == [3000.0, 1000.0]
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_in_place_all_of_it_or_nothing(case: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = old_case(case)
    before = contents(folder)

    def full(source: object, target: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(shutil, "copy2", full)
    with pytest.raises(OSError, match="disk full"):
        qo.migrate(folder, in_place=True)
    assert contents(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_faults_of_another_kind_are_left_for_check(case: Any) -> None:
    target = qo.migrate(old_case(case, projects=PROJECTS + "P2,nowhere,1,1,1\n")).target
    assert target is not None
    assert {finding.code for finding in qo.check(target) if finding.level == "error"} == {"unknown-place"}


def test_a_case_that_extends_another_brings_up_its_own_tables(case: Any, tmp_path: Path) -> None:
    case(projects=None)
    county = tmp_path / "county"
    county.mkdir()
    (county / "scenario.toml").write_text('extends = "../demo"\n[scenario]\nname = "county"\n', encoding="utf-8")
    (county / "projects.csv").write_text(PROJECTS, encoding="utf-8")
    target = qo.migrate(county).target
    assert target is not None
    assert qo.read(target).projects["carbon_t"].tolist() == [1200.0]


def old_workbook(case: Any, path: Path) -> Path:
    """The old case as a workbook with a heading that the first versions read."""
    from quota_opt.scenario import write_workbook

    folder = old_case(case, firms=FIRMS.replace("（万吨）", ""), projects=PROJECTS.replace("(t/年)", ""))
    write_workbook(path, qo.read(folder))
    book = openpyxl.load_workbook(path)
    (cell,) = (cell for row in book["企业"].iter_rows() for cell in row if str(cell.value).startswith("碳排放"))
    cell.value = "碳排放（万吨）"
    book.save(path)
    return path


def test_a_workbook_is_written_anew_with_what_it_says(case: Any, tmp_path: Path) -> None:
    path = old_workbook(case, tmp_path / "county.xlsx")
    assert any("migrate" in finding.fix.en for finding in qo.check(path))
    before = path.read_bytes()
    made = qo.migrate(path)
    assert made.target == tmp_path / "county-migrated.xlsx"
    scenario = qo.read(made.target)
    assert scenario.firms["carbon_t"].tolist() == [3000.0, 1000.0]
    assert scenario.settings.scenario.contract == 1
    assert qo.migrate(made.target).changes == ()
    assert path.read_bytes() == before
    made = qo.migrate(path, in_place=True)
    assert (made.target, made.kept) == (path, tmp_path / "county-before-migration.xlsx")
    assert made.kept is not None
    assert made.kept.read_bytes() == before
    assert qo.read(path).equals(scenario)


def test_a_workbook_of_a_newer_program_is_told_at_its_cell(case: Any, tmp_path: Path) -> None:
    from quota_opt.scenario import write_workbook

    path = write_workbook(tmp_path / "county.xlsx", qo.read(case()))
    book = openpyxl.load_workbook(path)
    book["设置"].append(["scenario.contract", 2])
    row = book["设置"].max_row
    book.save(path)
    (finding,) = qo.check(path)
    assert (finding.code, finding.where.cell) == ("newer-contract", f"B{row}")


def test_the_contract_is_written_where_there_was_no_section() -> None:
    assert with_contract(b"# mine\n").decode() == "# mine\n\n[scenario]\ncontract = 1\n"
