"""One person's open case: steps undone and redone, kept over a reload, saved as versions, and others' versions."""

import pytest

import quota_opt as qo
from quota_opt.errors import InputError
from quota_opt.store.store import Store
from quota_opt.store.workspace import Workspace
from quota_opt.store.workspace_values import BuiltIn, Changed
from quota_opt.web.desk.editing import Editing
from quota_opt.web.desk.edits import AddRows, RemoveRows, SetCell, SetSetting
from quota_opt.web.desk.pasting import cells_of, plan_paste
from quota_opt.web.desk.tables import edit, tables

FILES = dict(qo.read("worked-example").files)
NAME = tables(FILES)["firms"].column_called("name")


@pytest.fixture
def workspace(tmp_path):
    with Store.open(tmp_path / "store.db") as store:
        yield Workspace(store)


@pytest.fixture
def key(workspace):
    return workspace.add_case("li", FILES, title="第12周", source="第12周.xlsx").key


def names(editing):
    return [row[NAME] for row in editing.state.tables["firms"].rows]


def test_steps_are_undone_and_done_again(workspace, key):
    editing = Editing(workspace, "li", key)
    before = editing.state.files
    editing.apply([SetCell("firms", 0, NAME, "甲厂")])
    touched = editing.apply([RemoveRows("firms", (1,))])
    assert touched.whole == {"firms"}
    after = editing.state.files
    editing.undo()
    touched = editing.undo()
    assert touched.rows == {"firms": (0,)}
    assert editing.state.files == before
    assert not editing.can_undo
    assert editing.undo() is None
    editing.redo()
    editing.redo()
    assert editing.state.files == after
    editing.undo()
    editing.apply([SetCell("firms", 0, NAME, "乙厂")])
    assert not editing.can_redo


def test_a_reload_finds_what_was_not_saved(workspace, key):
    first = Editing(workspace, "li", key)
    first.apply([SetCell("firms", 0, NAME, "甲厂")])
    first.apply([SetSetting("rules.retention.keep", 0.4)])
    again = Editing(workspace, "li", key)
    assert again.unsaved == 2
    assert again.state.files == first.state.files
    again.undo()
    assert Editing(workspace, "li", key).unsaved == 1


def test_nobody_sees_what_another_has_not_saved(workspace, key):
    Editing(workspace, "li", key).apply([SetCell("firms", 0, NAME, "甲厂")])
    assert workspace.kept("wang", f"data/{key}") is None
    with pytest.raises(qo.QuotaOptError):
        Editing(workspace, "wang", key)


def test_saving_makes_a_version_and_leaves_nothing_to_save(workspace, key):
    editing = Editing(workspace, "li", key)
    editing.apply([SetCell("firms", 0, NAME, "甲厂")])
    assert editing.save().version == 2
    assert editing.unsaved == 0
    assert not editing.can_undo
    assert Editing(workspace, "li", key).state.files == editing.state.files
    assert editing.edited("firms") == {}


def test_faults_are_saved_too_and_counted_with_the_version(workspace, key):
    editing = Editing(workspace, "li", key)
    editing.apply([SetCell("firms", 0, 1, "没有这个镇")])
    assert editing.save().errors == editing.check().errors > 0


def test_cells_that_differ_from_the_version_are_marked_also_after_rows_moved(workspace, key):
    editing = Editing(workspace, "li", key)
    editing.apply([SetCell("firms", 1, NAME, "甲厂")])
    editing.apply([AddRows("firms", (("NEW",),), at=0)])
    width = len(editing.state.tables["firms"].columns)
    assert editing.edited("firms") == {0: frozenset(range(width)), 2: frozenset({NAME})}
    editing.apply([RemoveRows("firms", (0,))])
    assert editing.edited("firms") == {1: frozenset({NAME})}


def test_a_built_in_case_is_copied_before_the_first_step(workspace):
    editing = Editing(workspace, "li", "worked-example")
    assert editing.read_only
    editing.apply([SetCell("firms", 0, NAME, "甲厂")])
    with pytest.raises(BuiltIn):
        editing.save()
    copy = Editing(workspace, "li", editing.copy("我的示例", [SetCell("firms", 0, NAME, "甲厂")]).key)
    assert names(copy)[0] == "甲厂"
    assert copy.unsaved == 1
    assert copy.entry.title == "我的示例"


def two(workspace, key, mine, theirs):
    """My open case, after someone saved a newer version with `theirs`."""
    editing = Editing(workspace, "li", key)
    editing.apply(mine)
    workspace.save("li", key, edit(FILES, theirs), based_on=1, note="别处")
    with pytest.raises(Changed):
        editing.save()
    return editing


def test_a_version_saved_meanwhile_is_not_overwritten_but_shown(workspace, key):
    editing = two(workspace, key, [SetCell("firms", 0, NAME, "甲厂")], [SetCell("firms", 0, NAME, "丙厂")])
    entry, theirs, apart = editing.newer()
    assert entry.version == 2
    assert "丙厂" in theirs[0].zh
    assert not apart
    editing.save_over(entry.version)
    assert names(Editing(workspace, "li", key))[0] == "甲厂"
    assert [v.number for v in workspace.versions("li", key)] == [3, 2, 1]


def test_changes_of_two_to_different_tables_are_merged(workspace, key):
    editing = two(workspace, key, [SetCell("firms", 0, NAME, "甲厂")], [SetSetting("rules.retention.keep", 0.4)])
    assert editing.newer()[2]
    editing.take_newer(with_mine=True)
    assert names(editing)[0] == "甲厂"
    assert b"0.4" in editing.state.files["scenario.toml"]
    assert editing.save().version == 3


def test_changes_of_two_to_different_cells_of_a_table_are_merged(workspace, key):
    editing = two(workspace, key, [SetCell("firms", 0, NAME, "甲厂")], [SetCell("firms", 1, NAME, "丙厂")])
    assert editing.newer()[2]
    editing.take_newer(with_mine=True)
    assert names(editing)[:2] == ["甲厂", "丙厂"]


def test_rows_that_moved_meanwhile_are_not_merged_into(workspace, key):
    editing = two(workspace, key, [SetCell("firms", 1, NAME, "甲厂")], [RemoveRows("firms", (0,))])
    assert not editing.newer()[2]


@pytest.mark.parametrize(("mine", "merged"), [("rules.retention.pool", True), ("rules.retention", False)])
def test_settings_are_merged_unless_one_holds_the_other(workspace, key, mine, merged):
    value = 0.1 if merged else {"keep": 0.1}
    editing = two(workspace, key, [SetSetting(mine, value)], [SetSetting("rules.retention.keep", 0.4)])
    assert editing.newer()[2] == merged


def test_mine_can_be_given_up_for_the_newer_version(workspace, key):
    editing = two(workspace, key, [SetCell("firms", 0, NAME, "甲厂")], [SetCell("firms", 0, NAME, "丙厂")])
    editing.take_newer(with_mine=False)
    assert names(editing)[0] == "丙厂"
    assert editing.unsaved == 0


def test_steps_kept_from_an_older_version_wait_until_it_is_said_what_to_do(workspace, key):
    editing = Editing(workspace, "li", key)
    editing.apply([SetCell("firms", 0, NAME, "甲厂")])
    workspace.save("li", key, edit(FILES, [SetCell("firms", 1, NAME, "丙厂")]), based_on=1)
    again = Editing(workspace, "li", key)
    assert len(again.stale) == 1
    assert names(again)[:2] != ["甲厂", "丙厂"]
    again.drop_stale(use=True)
    assert names(again)[:2] == ["甲厂", "丙厂"]


def test_kept_steps_that_do_not_fit_are_refused_in_words(workspace, key):
    editing = Editing(workspace, "li", key)
    editing.apply([SetCell("firms", len(names(editing)) - 1, NAME, "甲厂")])
    workspace.save("li", key, edit(FILES, [RemoveRows("firms", (0, 1))]), based_on=1)
    again = Editing(workspace, "li", key)
    with pytest.raises(InputError):
        again.drop_stale(use=True)


# Pasting


def pasted(text, **where):
    return plan_paste(tables(FILES)["firms"], text, **where)


def test_cells_copied_with_headings_go_by_heading_and_rows_by_their_identifier():
    first = tables(FILES)["firms"].rows[0][0]
    plan = pasted(f"企业\t名称\t不认识的列\n{first}\t甲厂\tx\nF99\t新厂\ty\n")
    assert (len(plan.changed), plan.added, plan.left_out) == (1, 1, ("不认识的列",))
    rows = tables(edit(FILES, plan.edits))["firms"].rows
    assert rows[0][NAME] == "甲厂"
    assert (rows[-1][0], rows[-1][NAME]) == ("F99", "新厂")


def test_a_column_the_table_does_not_have_comes_with_the_paste():
    first = tables(FILES)["firms"].rows[0][0]
    table = tables(edit(FILES, pasted(f"企业\t违法次数\n{first}\t2\n").edits))["firms"]
    assert table.rows[0][table.column_called("violations")] == "2"


def test_cells_without_headings_go_from_where_they_are_put():
    table = tables(FILES)["firms"]
    last = len(table.rows) - 1
    plan = pasted("一\n二\n", row=last, column=NAME)
    assert plan.changed == ((last, NAME, table.rows[last][NAME], "一"),)
    assert plan.added == 1
    assert pasted("\t".join(["x"] * 99), column=NAME).refused is not None
    assert pasted("").refused is not None


def test_figures_in_another_unit_are_not_mixed_in():
    assert pasted("企业\t综合能耗(万吨标准煤)\nF1\t1\n").refused is not None


def test_quoted_cells_of_excel_are_one_cell_each():
    assert cells_of('a\t"b\n""c"""\r\n\r\n') == [["a", 'b "c"']]


def test_pasting_what_is_there_already_changes_nothing():
    table = tables(FILES)["firms"]
    copied = "\n".join("\t".join(row) for row in [[c.header for c in table.columns], *table.rows])
    assert pasted(copied).edits == ()
