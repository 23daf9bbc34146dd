"""The tables of a case as the page edits them: cells as typed, addresses as a spreadsheet shows them, findings."""

import csv
import io
import json

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quota_opt as qo
from quota_opt.errors import InputError, Level
from quota_opt.scenario.workbook_writer import write_workbook
from quota_opt.web.desk.case_files import MERGED, editable, raw_case
from quota_opt.web.desk.edits import (
    AddColumn,
    AddItem,
    AddRows,
    RemoveColumn,
    RemoveRows,
    RemoveSetting,
    RenameColumn,
    SetCell,
    SetSetting,
    edits_of,
    kept_edits,
)
from quota_opt.web.desk.placed import findings
from quota_opt.web.desk.tables import cell_fault, edit, tables
from quota_opt.web.desk.workbooks import workbook_of

FILES = dict(qo.read("worked-example").files)
TABLES = tables(FILES)


def place(table, row, column):
    """A cell of the worked example: name of its table, row, and where the column of that name stands."""
    return table, row, TABLES[table].column_called(column)


def at(checked, table, row, column):
    """Codes of what is found at one cell."""
    return [p.finding.code for p in checked.findings if (p.place, p.row, p.column) == place(table, row, column)]


def test_a_case_that_is_right_has_nothing_to_mend():
    checked = findings(FILES)
    assert checked.errors == 0
    assert checked.scenario is not None
    assert checked.scenario.equals(qo.read("worked-example"))


@pytest.mark.parametrize(
    ("spot", "typed", "code"),
    [
        (("firms", 0, "energy_tce"), "很多", "not-a-number"),
        (("firms", 0, "energy_tce"), "=1+1", "not-a-number"),
        (("firms", 0, "energy_tce"), "-3", "out-of-range"),
        (("firms", 1, "firm"), "", "missing-value"),
        (("firms", 1, "firm"), "=1+1", "unsafe-identifier"),
        (("projects", 0, "place"), "没有这个镇", "unknown-place"),
        (("projects", 0, "category"), "不知哪类", "unknown-choice"),
    ],
)
def test_a_faulty_cell_is_found_where_it_stands_and_mending_it_ends_that(spot, typed, code):
    bad = edit(FILES, [SetCell(*place(*spot), typed)])
    checked = findings(bad)
    assert at(checked, *spot) == [code]
    was = TABLES[spot[0]].rows[spot[1]][place(*spot)[2]]
    assert edit(bad, [SetCell(*place(*spot), was)]) == edit(FILES, [SetCell(*place(*spot), was)])
    assert findings(edit(bad, [SetCell(*place(*spot), was)])).errors == 0


def test_an_identifier_used_twice_is_found_at_the_second_row():
    first = TABLES["firms"].rows[0][0]
    assert "repeated-identifier" in at(findings(edit(FILES, [SetCell("firms", 1, 0, first)])), "firms", 1, "firm")


def test_a_finding_gives_the_address_that_the_sheet_shows():
    spot = place("firms", 1, "energy_tce")
    (found,) = findings(edit(FILES, [SetCell(*spot, "abc")])).by_cell[spot]
    what, where, fix = found.lines("zh")
    assert where == f"{TABLES['firms'].address(1, spot[2])}，“综合能耗（吨标准煤）”"
    assert "企业!" in where
    assert "abc" in what
    assert ".csv" not in what + where + fix


@pytest.mark.parametrize("hostile", ["<img src=x onerror=alert(1)>", "</script>", "𠮷野家", ":key", '引"号,逗号'])
def test_what_is_typed_comes_out_as_typed(hostile):
    spot = place("firms", 0, "name")
    files = edit(FILES, [SetCell(*spot, hostile)])
    assert tables(files)["firms"].rows[0][spot[2]] == hostile
    assert findings(files).scenario.firms["name"].iloc[0] == hostile


def test_line_breaks_in_a_cell_do_not_move_the_rows_below():
    files = edit(FILES, [SetCell(*place("firms", 0, "name"), "一\n二\t三\x00")])
    table = tables(files)["firms"]
    assert table.rows[0][place("firms", 0, "name")[2]] == "一 二 三 "
    assert table.lines == TABLES["firms"].lines


def test_a_new_blank_row_stays_until_it_is_filled_and_does_no_harm():
    width = len(TABLES["firms"].columns)
    files = edit(FILES, [AddRows("firms", (("",) * width,))])
    assert len(tables(files)["firms"].rows) == len(TABLES["firms"].rows) + 1
    assert findings(files).errors == 0
    filled = edit(files, [SetCell("firms", len(TABLES["firms"].rows), 0, "NEW")])
    assert findings(filled).by_cell  # its place is missing
    assert edit(files, [RemoveRows("firms", (len(TABLES["firms"].rows),))]) == edit(FILES, [AddRows("firms", ())])


def test_a_wrong_heading_is_found_at_the_heading_and_renaming_mends_it():
    column = TABLES["projects"].column_called("category")
    header = TABLES["projects"].columns[column].header
    bad = edit(FILES, [RenameColumn("projects", column, "种类名")])
    checked = findings(bad)
    spots = [(p.place, p.row, p.column) for p in checked.findings if p.finding.code == "unknown-column"]
    assert spots == [("projects", None, column)]
    assert findings(edit(bad, [RenameColumn("projects", column, header)])).errors == 0


def test_columns_come_and_go():
    files = edit(FILES, [AddColumn("firms", "违法次数")])
    last = len(TABLES["firms"].columns)
    files = edit(files, [SetCell("firms", 0, last, "2")])
    assert findings(files).scenario.firms["violations"].iloc[0] == 2
    assert edit(files, [RemoveColumn("firms", last)]) == edit(FILES, [AddRows("firms", ())])


def test_a_table_that_is_not_there_begins_with_its_first_row():
    assert not TABLES["quotas"].given
    town = TABLES["places"].rows[-1][0]
    files = edit(FILES, [AddRows("quotas", ((town, "energy", "*", "500"),))])
    assert findings(files).scenario.quotas["amount"].tolist() == [500.0]


def test_files_that_are_not_touched_stay_byte_for_byte():
    files = edit(FILES, [SetCell(*place("firms", 0, "name"), "新名")])
    assert {n for n in files if files[n] != FILES.get(n)} == {"firms.csv"}


def test_a_file_of_another_encoding_is_read_as_it_is_and_kept_in_utf8():
    table = TABLES["places"]
    rows = [[c.header for c in table.columns], *table.rows]
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    files = {**FILES, "places.csv": out.getvalue().encode("gb18030")}
    assert tables(files)["places"].rows == table.rows
    assert tables(edit(files, [SetCell("places", 0, 0, table.rows[0][0])]))["places"].rows == table.rows


def test_a_table_whose_quotes_are_broken_cannot_be_edited_and_is_not_lost():
    files = {**FILES, "firms.csv": b'firm,place\n"F1,N1\n'}
    assert tables(files)["firms"].broken is not None
    with pytest.raises(InputError):
        edit(files, [SetCell("firms", 0, 0, "x")])
    assert findings(files).errors


@pytest.mark.parametrize(("typed", "wrong"), [("abc", True), ("12", False), ("", False), ("1,000", False)])
def test_a_cell_is_judged_by_itself_as_it_is_typed(typed, wrong):
    _, _, column = place("firms", 0, "energy_tce")
    assert (cell_fault(TABLES["firms"], column, typed) is not None) == wrong


@settings(max_examples=30)
@given(st.data())
def test_any_edit_taken_back_by_its_opposite_gives_the_same_files(data):
    files = edit(FILES, [AddRows(name, ()) for name in ("firms", "projects")])  # as the page writes them
    name = data.draw(st.sampled_from(["firms", "projects"]))
    table = tables(files)[name]
    row = data.draw(st.integers(0, len(table.rows) - 1))
    column = data.draw(st.integers(0, len(table.columns) - 1))
    text = data.draw(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=12))
    new = edit(files, [SetCell(name, row, column, text)])
    assert tables(new)[name].rows[row][column] == text
    assert edit(new, [SetCell(name, row, column, table.rows[row][column])]) == files
    added = edit(files, [AddRows(name, ((text or "x",),), at=row)])
    assert edit(added, [RemoveRows(name, (row,))]) == files


EVERY_EDIT = [
    SetCell("firms", 0, 1, "x"),
    AddRows("firms", (("a", "b"),), at=0),
    RemoveRows("firms", (0, 2)),
    AddColumn("firms", "税收"),
    RenameColumn("firms", 1, "区域"),
    RemoveColumn("firms", 1),
    SetSetting("rules.retention", {"keep": 0.5, "levels": ["town"]}),
    AddItem("documents", {"id": "X", "title": "某文件"}),
    RemoveSetting("rules.retention"),
]


def test_edits_can_be_kept_and_done_again():
    assert edits_of(json.loads(json.dumps(kept_edits(EVERY_EDIT)))) == EVERY_EDIT
    with pytest.raises(ValueError, match="no edit"):
        edits_of([{"edit": "Anything", "table": "firms"}])


# Workbooks


def workbook(tmp_path, change=None):
    """The worked example as a workbook, changed by `change(book)`."""
    path = write_workbook(tmp_path / "case.xlsx", qo.read("worked-example"))
    if change is not None:
        book = openpyxl.load_workbook(path)
        change(book)
        book.save(path)
    return {"case.xlsx": path.read_bytes()}


def test_a_workbook_becomes_tables_that_are_the_same_case(tmp_path):
    form = editable(workbook(tmp_path))
    assert form.lost == ()
    assert set(form.files) >= {"scenario.toml", "firms.csv", "projects.csv"}
    assert findings(form.files).scenario.equals(qo.read("worked-example"))


def test_a_cell_of_a_workbook_keeps_its_address(tmp_path):
    def shift(book):
        sheet = book["企业"]
        sheet.insert_rows(1, 2)
        sheet["A1"] = "某县企业表"
        sheet.insert_cols(1)
        sheet["F5"] = "很多"

    files = editable(workbook(tmp_path, shift)).files
    (found,) = [p for p in findings(files).findings if p.finding.code == "not-a-number"]
    assert tables(files)["firms"].address(found.row, found.column) == "企业!F5"
    assert found.lines("zh")[1].startswith("企业!F5，")


def test_formulas_without_a_result_and_merged_cells_are_not_lost_on_the_way(tmp_path):
    def spoil(book):
        sheet = book["企业"]
        names = {str(c.value).split("（")[0]: c.column_letter for c in sheet[1]}
        sheet[f"{names['综合能耗']}2"] = "=1+1"
        sheet.merge_cells(f"{names['税收']}2:{names['税收']}3")

    form = editable(workbook(tmp_path, spoil))
    table = tables(form.files)["firms"]
    assert table.rows[0][table.column_called("energy_tce")] == "=1+1"
    assert table.rows[1][table.column_called("tax")] == MERGED
    found = {p.column for p in findings(form.files).findings if p.finding.level is Level.ERROR}
    assert {table.column_called("energy_tce"), table.column_called("tax")} <= found


def test_a_sheet_nobody_knows_is_said_to_be_left_out(tmp_path):
    def more(book):
        book.create_sheet("企业名录二")["A1"] = "F9"

    form = editable(workbook(tmp_path, more))
    assert [f.code for f in form.lost] == ["unknown-sheet"]


def test_a_faulty_case_comes_out_as_a_workbook_with_its_faults_where_they_were(tmp_path):
    bad = edit(
        FILES,
        [
            SetCell(*place("firms", 0, "energy_tce"), "=1+1"),
            SetCell(*place("firms", 1, "name"), "=cmd|'/c calc'!A1"),
            RenameColumn("projects", 1, "哪里"),
        ],
    )
    path = tmp_path / "out.xlsx"
    path.write_bytes(workbook_of(bad))
    sheet = openpyxl.load_workbook(path)["企业"]
    spot = TABLES["firms"].address(0, place("firms", 0, "energy_tce")[2]).partition("!")[2]
    assert sheet[spot].value == "=1+1"
    assert sheet[spot].data_type == "s"
    again = editable({"case.xlsx": path.read_bytes()})

    def places(checked):
        return {(p.place, p.row, p.column, p.finding.code) for p in checked.findings}

    assert places(findings(bad)) <= places(findings(again.files))


def test_a_sound_case_comes_out_as_a_workbook_that_is_the_same_case(tmp_path):
    checked = findings(FILES)
    (tmp_path / "a.xlsx").write_bytes(workbook_of(FILES, checked.scenario))
    assert qo.read(tmp_path / "a.xlsx").equals(qo.read("worked-example"))


def test_a_case_may_build_on_nothing_but_built_in_cases(tmp_path):
    (tmp_path / "scenario.toml").write_text("[scenario]\n")
    files = {"scenario.toml": f'extends = "{tmp_path}"\n'.encode()}
    assert [p.finding.code for p in findings(files).findings] != []
    assert raw_case(files).tables == {}
    with pytest.raises(InputError):
        edit(FILES, [SetSetting("extends", str(tmp_path))])
    assert "places.csv" in editable({"scenario.toml": b'extends = "worked-example"\n'}).files
