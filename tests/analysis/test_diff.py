"""What differs, and each change's share: worked by hand, against the definition on random games, and by re-solves."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import FINAL, case
from strategies import examples

import quota_opt as qo
from quota_opt.analysis.compare.inputs import setting_changes, table_changes, with_changes
from quota_opt.analysis.compare.shares import Change, Solved, changes_of, shares_of
from quota_opt.errors import Text
from quota_opt.resources import builtin

STRICT, KEEP = "rules.admission.limits.0.value", "rules.retention.keep"


def shares(found, measure="objective"):
    table = found.shares.table
    return table[table["measure"] == measure].set_index("change")


@pytest.fixture(scope="module")
def both():
    """The worked example with both clauses tightened: 2,000 becomes 1,200, and either alone does as much."""
    base = qo.read("worked-example")
    return qo.diff(base, base.with_(**{STRICT: 0.49, KEEP: 0.7}))


def test_settings_rules_and_decisions_that_differ_are_listed(both):
    settings = both.settings.set_index("path")
    assert settings.loc[STRICT, ["before", "after", "rule"]].tolist() == ["0.52", "0.49", "admission"]
    assert set(both.rules["rule"]) == {"admission", "retention"} and set(both.rules["change"]) == {"changed"}
    assert dict(zip(both.decisions["id"], both.decisions["change"], strict=True)) == {"P2": "out", "F2": "left"}
    objective = both.measures.set_index("measure").loc["objective"]
    assert objective[["before", "after", "difference"]].tolist() == pytest.approx([2000.0, 1200.0, -800.0])


def test_two_changes_that_each_do_it_all_have_half_of_it(both):
    table = shares(both)
    assert table["alone"].tolist() == pytest.approx([-800.0, -800.0])
    assert table["last"].tolist() == pytest.approx([0.0, 0.0], abs=1e-6)
    assert table["share"].tolist() == pytest.approx([-400.0, -400.0])
    assert both.shares.solves == 2 and both.shares.orders == 1.0


def test_shares_of_every_measure_add_up_to_its_difference(both):
    whole = both.measures.set_index("measure")["difference"]
    for measure, part in both.shares.table.groupby("measure"):
        assert part["share"].sum() == pytest.approx(whole[measure], abs=1e-6), measure


def projects(*rows):
    return [{"project": name, "place": "N1", "energy_tce": need, "value_added": worth} for name, need, worth in rows]


def held(amount, *rows):
    quotas = [{"place": "N1", "resource": "energy", "year": "*", "amount": amount}]
    return case(objective=FINAL, projects=projects(*rows), quotas=quotas)


def test_rows_of_tables_are_added_removed_and_changed_and_each_has_its_share():
    """Quota 10: P1 (needs 10, worth 5) is best at first. Then P1 is worth 8, P2 leaves, P3 (needs 10, worth 12) comes.

    P1 alone brings 3 (5 to 8), nothing where P3 is there; P3 brings 7 (5 to 12) or 4 (8 to 12); P2 never matters.
    """
    found = qo.diff(held(10.0, ("P1", 10.0, 5.0), ("P2", 10.0, 1.0)), held(10.0, ("P1", 10.0, 8.0), ("P3", 10.0, 12.0)))
    rows = {(row.key[0], row.kind): row.cells for row in found.pair.rows}
    assert rows == {
        ("P1", "changed"): (("value_added", "5", "8"),), ("P2", "removed"): (), ("P3", "added"): (),
    }  # fmt: skip
    table = shares(found)
    assert table.loc["projects:P1", ["alone", "last", "share"]].tolist() == pytest.approx([3.0, 0.0, 1.5])
    assert table.loc["projects:P3", ["alone", "last", "share"]].tolist() == pytest.approx([7.0, 4.0, 5.5])
    assert table.loc["projects:P2", ["alone", "last", "share"]].tolist() == pytest.approx([0.0, 0.0, 0.0])
    assert found.shares.solves == 6


def test_a_set_of_changes_that_has_no_plan_is_left_out_and_said():
    """A target of 2 projects with quota for one: only with more quota is there a plan."""
    target = [{"measure": "projects_started", "sense": ">=", "value": 2.0}]
    rows = projects(("P1", 10.0, 5.0), ("P2", 10.0, 4.0))

    def of(amount, **more):
        quotas = [{"place": "N1", "resource": "energy", "year": "*", "amount": amount}]
        return case(objective=FINAL, projects=rows, quotas=quotas, **more)

    found = qo.diff(of(10.0, targets=[]), of(20.0, targets=target))
    assert len(found.shares.failed) == 1 and "targets" in found.shares.failed[0][0].en
    assert found.shares.orders == 0.5  # only the order quota, then target
    table = shares(found)
    assert table["share"].sum() == pytest.approx(4.0)
    target_key = next(key for key in table.index if key.startswith("targets"))
    assert math.isnan(table.loc[target_key, "alone"])


def test_a_change_that_is_no_case_by_itself_is_said():
    """A project at a new town cannot come without the town."""
    town = {"place": "N3", "level": "town", "parent": "county"}
    tree = [{"place": "county", "level": "county"}, {"place": "N1", "level": "town", "parent": "county"}]
    quotas = [{"place": "county", "resource": "energy", "year": "*", "amount": 10.0}]
    new = {"project": "P9", "place": "N3", "energy_tce": 10.0, "value_added": 7.0}
    first = case(objective=FINAL, places=tree, projects=projects(("P1", 10.0, 5.0)), quotas=quotas)
    second = case(objective=FINAL, places=[*tree, town], projects=[*projects(("P1", 10.0, 5.0)), new], quotas=quotas)
    found = qo.diff(first, second)
    assert [why.en.startswith("not a case by itself") for _, why in found.shares.failed] == [True]
    assert shares(found)["share"].sum() == pytest.approx(2.0)


def test_without_shares_nothing_is_solved_between(both):
    found = qo.diff("worked-example", "worked-example/strict-access", shares=False)
    assert found.shares is None and found.exit_code == 0


def test_too_many_changes_are_grouped_by_table_then_by_rule_then_as_one():
    base = qo.read("zhuji")
    other = base.with_(**{
        "rules.admission.limits.0.value": 0.49, "rules.admission.limits.1.ratio": 1.2, "actions.close.lag": 1,
        "rules.retention.enabled": True, "rules.retention.keep": 0.7,
    })  # fmt: skip
    settings, rows = setting_changes(base, other), table_changes(base, other)
    assert rows == ()
    keys = [[change.key for change in changes_of(base, other, settings, rows, most)] for most in (8, 3, 1)]
    assert len(keys[0]) == 4  # the rule that is switched on is one change with its parameters
    assert len(keys[1]) == 3 and {"rules.admission", "rules.retention", "actions"} == set(keys[1])
    assert keys[2] == ["settings"]
    for most in (8, 3, 1):
        made = changes_of(base, other, settings, rows, most)
        assert sum(len(change.settings) for change in made) == len(settings)


def test_rows_are_grouped_by_table_where_there_are_many():
    old, new = (held(10.0, *((f"P{k}", 10.0, float(k + shift)) for k in range(9))) for shift in (0, 1))
    rows = table_changes(old, new)
    assert len(rows) == 9
    (change,) = changes_of(old, new, (), rows, 8)
    assert change.key == "projects" and len(change.rows) == 9


@pytest.mark.parametrize("name", builtin("scenarios"))
def test_a_case_made_again_from_its_own_rows_is_the_same_case(name):
    base = qo.read(name)
    again = with_changes(base, base, (), ())
    assert not table_changes(base, again)
    assert not [change for change in setting_changes(base, again) if change.matters]
    for table in base.tables:
        assert set(base.parsed.columns[table]) == set(again.parsed.columns[table])
        assert base.tables[table].equals(again.tables[table])


@pytest.mark.parametrize(
    "variant", ["strict-access", "carbon-first", "priority-order", "full-retention", "net-delivery"]
)
def test_all_changes_together_make_the_other_case(variant):
    base, other = qo.read("zhuji"), qo.read(f"zhuji/{variant}")
    made = with_changes(base, other, setting_changes(base, other), ())
    assert not [change for change in setting_changes(made, other) if change.matters]
    assert all(made.tables[name].equals(other.tables[name]) for name in made.tables)


def test_another_order_of_rows_or_spelling_of_headings_is_no_difference():
    rows = projects(("P1", 10.0, 5.0), ("P2", 10.0, 4.0))
    chinese = [
        {
            "项目": row["project"],
            "区域": "N1",
            "综合能耗(万吨标准煤)": row["energy_tce"] / 10_000,
            "增加值": row["value_added"],
        }
        for row in reversed(rows)
    ]
    first, second = (case(objective=FINAL, projects=table) for table in (rows, chinese))
    assert table_changes(first, second) == ()


def shapley(value, count):
    """The definition: the average over all orders of what a player adds when it comes."""
    found = np.zeros(count)
    for order in itertools.permutations(range(count)):
        mask = 0
        for player in order:
            found[player] += value[mask | 1 << player] - value[mask]
            mask |= 1 << player
    return found / math.factorial(count)


def changes(count):
    return [Change(str(i), Text(str(i), str(i))) for i in range(count)]


def game(value):
    """A solve of a set of changes that looks its value up; None has no plan."""

    def solve(members):
        mask = sum(1 << int(change.key) for change in members)
        if value[mask] is None:
            return Text("无解", "no plan")
        return Solved({"objective": value[mask]}, 0.0)

    return solve


@given(st.integers(1, 5).flatmap(lambda n: st.lists(st.integers(-50, 50).map(float), min_size=2**n, max_size=2**n)))
@examples(40)
def test_fair_shares_are_the_average_over_all_orders(value):
    count = len(value).bit_length() - 1
    ends = (Solved({"objective": value[0]}, 0.0), Solved({"objective": value[-1]}, 0.0))
    made = shares_of(changes(count), ends, game(value), {})
    assert made.table["share"].to_numpy() == pytest.approx(shapley(value, count))
    assert made.table["share"].sum() == pytest.approx(value[-1] - value[0])
    assert made.solves == max(0, 2**count - 2)
    assert made.table["alone"].tolist() == pytest.approx([value[1 << i] - value[0] for i in range(count)])


@given(st.data(), st.integers(2, 4))
@examples(40)
def test_with_sets_that_have_no_plan_the_average_is_over_the_orders_left(data, count):
    size = 2**count
    value = [data.draw(st.integers(-9, 9).map(float)) for _ in range(size)]
    for mask in data.draw(st.sets(st.integers(1, size - 2), max_size=size // 2)):
        value[mask] = None
    orders = [order for order in itertools.permutations(range(count)) if _open(order, value)]
    ends = (Solved({"objective": value[0]}, 0.0), Solved({"objective": value[-1]}, 0.0))
    made = shares_of(changes(count), ends, game(value), {})
    assert made.orders == pytest.approx(len(orders) / math.factorial(count))
    if not orders:
        assert made.table["share"].isna().all()
        return
    expected = np.zeros(count)
    for order in orders:
        mask = 0
        for player in order:
            expected[player] += value[mask | 1 << player] - value[mask]
            mask |= 1 << player
    assert made.table["share"].to_numpy() == pytest.approx(expected / len(orders))
    assert made.table["share"].sum() == pytest.approx(value[-1] - value[0])


def _open(order, value):
    mask = 0
    for player in order:
        mask |= 1 << player
        if value[mask] is None:
            return False
    return True


def test_with_more_changes_than_asked_for_each_is_made_and_undone_alone():
    value = [0.0, 1.0, 2.0, 5.0, 4.0, 7.0, 6.0, 9.0]
    ends = (Solved({"objective": 0.0}, 0.0), Solved({"objective": 9.0}, 0.5))
    made = shares_of(changes(3), ends, game(value), {}, fair=False)
    assert made.table["alone"].tolist() == [1.0, 2.0, 4.0] and made.table["last"].tolist() == [3.0, 2.0, 4.0]
    assert made.table["share"].isna().all() and made.solves == 6 and made.slack == 0.5


def test_the_folder_of_a_difference_and_result_folders_as_input(tmp_path):
    for name in ("worked-example", "worked-example/keep-70"):
        replace(qo.solve(name), reporters=()).write(tmp_path / name.rpartition("/")[2])
    found = qo.diff(tmp_path / "worked-example", tmp_path / "keep-70")
    out = found.write(tmp_path / "out")
    assert {path.name for path in out.iterdir()} == {
        "settings.csv", "tables.csv", "rules.csv", "decisions.csv", "measures.csv", "shares.csv", "report.html",
        "report.xlsx",
    }  # fmt: skip
    assert "由 0.6 改为 0.7" in (out / "report.html").read_text(encoding="utf-8")


def test_two_equal_cases_have_no_difference():
    found = qo.diff("worked-example", "worked-example")
    assert found.settings.empty and found.tables.empty and found.decisions.empty and found.shares is None
    assert "没有变化" in found.document().sections[0].sentences[0].zh
