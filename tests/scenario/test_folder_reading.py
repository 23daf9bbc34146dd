from __future__ import annotations

import codecs
from typing import Any

import numpy as np
import pytest

from quota_opt.errors import InputError
from quota_opt.scenario import TABLES, read

CHINESE = "企业,区域,名称,综合能耗\nF1,N1,诸暨市店口铜加工厂,1000\n"


@pytest.mark.parametrize(
    "content",
    [
        CHINESE.encode("utf-8"),
        codecs.BOM_UTF8 + CHINESE.encode("utf-8"),
        CHINESE.encode("gb18030"),
        CHINESE.encode("utf-16"),
        CHINESE.replace("\n", "\r\n").encode("gb18030"),
        CHINESE.replace(",", "\t").encode("utf-16"),
    ],
    ids=["utf-8", "utf-8 with BOM", "gb18030", "utf-16", "gb18030 from windows", "excel unicode text"],
)
def test_a_table_reads_the_same_in_every_encoding_offices_use(case: Any, content: bytes) -> None:
    firms = read(case(firms=content)).firms
    assert firms.loc[0, ["firm", "place", "name", "energy_tce"]].tolist() == ["F1", "N1", "诸暨市店口铜加工厂", 1000.0]


def test_a_file_that_is_no_text_is_a_finding(case: Any, findings_of: Any) -> None:
    found = findings_of(case(firms=b"firm,place\n\xff\xff\x80,\x00"))
    assert "not-text" in [f.code for f in found]


def test_all_seven_tables_are_there_with_all_columns_and_kinds(case: Any) -> None:
    scenario = read(case())
    assert list(scenario.tables) == [t.name for t in TABLES]
    for table in TABLES:
        frame = scenario.tables[table.name]
        for column in table.columns:
            kind = frame[column.name].dtype
            if column.numeric:
                assert kind == np.float64, column.name
            elif column.kind == "yes/no":
                assert kind == np.bool_, column.name
            else:
                assert kind.kind == "O", column.name
    assert scenario.firms["name"].tolist() == ["", ""]
    assert scenario.firms["tags"].tolist() == [(), ()]
    assert scenario.firms["above_scale"].tolist() == [False, False]
    assert scenario.projects["min_share"].tolist() == [0.0, 0.0]
    assert np.isnan(scenario.firms["tax"]).all()
    assert not scenario.has_table("quotas")
    assert scenario.has_table("firms")


def test_a_case_without_firms_reads(case: Any) -> None:
    assert len(read(case(firms=None)).firms) == 0


def test_cells_are_read_as_people_write_them(case: Any) -> None:
    firms = (
        "firm,place,energy_tce,tax,value_added,above_scale,tags,grade,built_year,protected_as\n"
        'Ｆ１,N1,１２３４．５,"1,234,567.5", 3e2 ,是,two_high；x; y ,A类,2010年,high-tech\n'
        "F2,N2,,,,否,,,,\n"
    )
    row = read(case(firms=firms)).firms.iloc[0]
    assert row["firm"] == "F1"
    assert row["energy_tce"] == 1234.5
    assert row["tax"] == 1234567.5
    assert row["value_added"] == 300.0
    assert row["above_scale"]
    assert row["tags"] == ("two_high", "x", "y")
    assert row["grade"] == "A"
    assert row["built_year"] == 2010.0
    assert row["protected_as"] == ("high-tech",)


def test_ramps_are_numbers_and_chinese_choices_mean_the_english_ones(case: Any) -> None:
    projects = "项目,区域,类别,爬坡,可分割\nP1,N1,强链补链,0.5;0.8;1,是\nP2,N2,,1,\n"
    frame = read(case(projects=projects)).projects
    assert frame["ramp"].tolist() == [(0.5, 0.8, 1.0), (1.0,)]
    assert frame["category"].tolist() == ["chain", "other"]
    assert frame["divisible"].tolist() == [True, False]


def test_any_year_is_kept_as_nan_and_resources_may_be_named_in_chinese(case: Any) -> None:
    quotas = read(case(quotas="place,resource,year,amount\nC,用能,*,5\nC,energy,2024,7\n")).quotas
    assert quotas["resource"].tolist() == ["energy", "energy"]
    assert np.isnan(quotas["year"].iloc[0])
    assert quotas["year"].iloc[1] == 2024


def test_line_numbers_hold_after_quoted_line_breaks_and_blank_lines(case: Any, findings_of: Any) -> None:
    firms = 'firm,place,name,energy_tce\n\nF1,N1,"two\nlines",1\n,,,\nF2,N2,plain,viel\n'
    (found,) = findings_of(case(firms=firms))
    assert (found.code, found.where.file, found.where.row) == ("not-a-number", "firms.csv", 6)
    assert found.where.column == "energy_tce"
    assert found.seen == "viel"


def test_a_ragged_row_is_one_finding_with_its_line(case: Any, findings_of: Any) -> None:
    (found,) = findings_of(case(firms="firm,place,energy_tce\nF1,N1,1,234\nF2,N2,5\n"))
    assert (found.code, found.where.row) == ("ragged-row", 2)
    (found,) = findings_of(case(firms="firm,place,energy_tce\nF1,N1,1\nF2\n"))
    assert (found.code, found.where.row) == ("ragged-row", 3)


def test_a_quote_never_closed_is_a_finding_where_it_opens(case: Any, findings_of: Any) -> None:
    found = findings_of(case(firms='firm,place,name\nF1,N1,x\nF2,N2,"open\nF3,N1,y\n'))
    assert ("csv-syntax", 3) in [(f.code, f.where.row) for f in found]


@pytest.mark.parametrize("content", ["", "\n\n", ",,,\n"])
def test_an_empty_file_is_a_finding(case: Any, findings_of: Any, content: str) -> None:
    assert [f.code for f in findings_of(case(firms=content))] == ["empty-file"]


def test_a_table_of_headings_alone_is_given_and_empty(case: Any) -> None:
    scenario = read(case(actions="firm,action\n"))
    assert scenario.has_table("actions")
    assert len(scenario.actions) == 0


def test_an_unknown_csv_file_names_the_nearest_table(case: Any, findings_of: Any) -> None:
    (found,) = findings_of(case(**{"project.csv": "a\n1\n"}))
    assert (found.code, found.where.file) == ("unknown-file", "project.csv")
    assert "projects.csv" in found.fix.en


def test_other_files_in_the_folder_are_nobodys_business(case: Any) -> None:
    assert len(read(case(**{"README.md": "hello", "notes.txt": "x"})).firms) == 2


def test_missing_places_and_missing_settings_are_reported_together(case: Any, findings_of: Any) -> None:
    found = findings_of(case(places=None, settings=None))
    assert {"no-settings", "missing-table"} <= {f.code for f in found}


def test_a_source_that_is_nothing_names_the_nearest_built_in_case() -> None:
    with pytest.raises(InputError) as caught:
        read("zhuij")
    assert "zhuji" in caught.value.findings[0].fix.en


def test_everything_wrong_is_reported_at_once(case: Any, findings_of: Any) -> None:
    found = findings_of(
        case(
            settings=SETTINGS_WITH_TWO_FAULTS,
            places="place,level,parent\nC,conty,\nN1,town,C\nN2,town,D\n",
            firms="firm,place,energy_tce\nF1,N3,-1\nF1,N2,x\n",
        )
    )
    assert sorted(f.code for f in found) == [
        "not-a-number", "out-of-range", "repeated-identifier", "unknown-choice", "unknown-choice", "unknown-key",
        "unknown-place", "unknown-place",
    ]  # fmt: skip
    for finding in found:
        assert finding.where.file
        assert finding.where.row
        for language in ("zh", "en"):
            assert all(finding.lines(language))


SETTINGS_WITH_TWO_FAULTS = """\
[scenario]
name = "demo"
first_year = 2024
last_year = 2026
energy_basis = "equal"
discount = 0.05
"""


def test_a_fault_down_a_whole_column_is_listed_a_hundred_times_and_then_counted(case: Any, findings_of: Any) -> None:
    rows = "".join(f"F{i},N1,viel\n" for i in range(500))
    found = findings_of(case(firms=f"firm,place,energy_tce\n{rows}"))
    assert len(found) == 101
    assert "400" in found[-1].what.en


def test_folder_files_are_kept_as_they_are_and_read_as_the_same_case(case: Any, tmp_path: Any) -> None:
    scenario = read(case(firms=CHINESE.encode("gb18030")))
    copy = tmp_path / "copy"
    copy.mkdir()
    for name, content in scenario.files.items():
        (copy / name).write_bytes(content)
    assert scenario.files["firms.csv"] == CHINESE.encode("gb18030")
    assert read(copy).equals(scenario)


def test_a_case_extends_another_with_only_its_changes(case: Any, tmp_path: Any) -> None:
    case(settings=SETTINGS_FULL)
    child = tmp_path / "child"
    child.mkdir()
    (child / "scenario.toml").write_text('extends = "../demo"\n[scenario]\nname = "child"\nlast_year = 2025\n', "utf-8")
    (child / "projects.csv").write_text("project,place\nP9,N1\n", "utf-8")
    scenario = read(child)
    assert (scenario.name, scenario.first_year, scenario.last_year) == ("child", 2024, 2025)
    assert scenario.projects["project"].tolist() == ["P9"]
    assert scenario.firms["firm"].tolist() == ["F1", "F2"]
    whole = tmp_path / "whole"
    whole.mkdir()
    for name, content in scenario.files.items():
        (whole / name).write_bytes(content)
    assert read(whole).equals(scenario)


SETTINGS_FULL = '[scenario]\nname = "demo"\nfirst_year = 2024\nlast_year = 2026\n'


@pytest.mark.parametrize("base", ["../nothing", "../child"])
def test_extending_nothing_or_oneself_is_a_finding(tmp_path: Any, findings_of: Any, base: str) -> None:
    child = tmp_path / "child"
    child.mkdir()
    (child / "scenario.toml").write_text(f'extends = "{base}"\n', "utf-8")
    assert [f.code for f in findings_of(child)] == ["unknown-case" if "nothing" in base else "circular-extends"]
