from __future__ import annotations

import json
from pathlib import Path

import pytest
from forging import reseal
from small import FINAL, case

import quota_opt as qo
from quota_opt.plan.whole import whole_numbers
from quota_opt.plan.whole_check import whole_problems
from quota_opt.report.content import gather
from quota_opt.report.tables import awards


def whole_of(scenario: qo.Scenario) -> tuple[qo.Plan, dict[tuple[str, str, int], tuple[float, int]]]:
    plan = qo.solve(scenario)
    assert plan.outcome is not None
    made = whole_numbers(plan.outcome)
    assert made.failing == ()
    assert whole_problems(plan.outcome, made.table) == []
    lines = made.table.itertuples(index=False)
    return plan, {(str(x.kind), str(x.id), int(x.year)): (float(x.exact), int(x.whole)) for x in lines}


def test_largest_remainders_are_rounded_up_and_totals_are_kept() -> None:
    # N1 holds 10: A, B, C take 3.6, 3.3 and 3.1 of it, which is 10 in all. Rounded by themselves: 4 + 3 + 3 = 10.
    projects = [
        {"project": p, "place": "N1", "energy_tce": e, "value_added": 9}
        for p, e in (("A", 3.6), ("B", 3.3), ("C", 3.1))
    ]
    quotas = [{"place": "N1", "resource": "energy", "year": "*", "amount": 10}]
    _, found = whole_of(case(objective=FINAL, first=2025, projects=projects, quotas=quotas))
    assert {key[1]: value for key, value in found.items() if key[0] == "award"} == {
        "A": (3.6, 4),
        "B": (3.3, 3),
        "C": (3.1, 3),
    }


def test_what_rounds_up_by_itself_is_rounded_down_where_the_pool_has_no_more() -> None:
    # Three times 3.6 is 10.8: the pool holds 10.8, of which 10 whole. Two of them get 4, one 3, less than 11.
    projects = [{"project": p, "place": "N1", "energy_tce": 3.6, "value_added": 9} for p in "ABC"]
    quotas = [{"place": "N1", "resource": "energy", "year": "*", "amount": 10.8}]
    _, found = whole_of(case(objective=FINAL, first=2025, projects=projects, quotas=quotas))
    given = sorted(whole for key, (_, whole) in found.items() if key[0] == "award")
    assert (given, found["initial", "N1", 2025]) == ([3, 3, 4], (10.8, 10))


def test_an_amount_that_stands_for_years_is_the_same_in_each_of_them() -> None:
    projects = [{"project": "P", "place": "N1", "energy_tce": 3.5, "value_added": 9}]
    quotas = [{"place": "N1", "resource": "energy", "year": "*", "amount": 10}]
    _, found = whole_of(case(objective=FINAL, projects=projects, quotas=quotas))
    assert found["award", "P", 2024][1] == found["award", "P", 2025][1]


def test_the_share_that_stays_holds_in_whole_numbers_too() -> None:
    # F frees 1,001 in N1 of which 40 % may leave: 400.4. P in N2 takes a share of 1,000 as large as that: 0.4004.
    # In whole numbers 400 leave (401 would be more than 0.4 × 1,001), and P is given 400.
    plan, found = whole_of(
        case(
            objective=FINAL,
            first=2025,
            rules={"retention": {"keep": 0.6}},
            firms=[{"firm": "F", "place": "N1", "energy_tce": 1001, "value_added": 1}],
            actions=[{"firm": "F", "action": "close"}],
            projects=[{"project": "P", "place": "N2", "energy_tce": 1000, "value_added": 900, "divisible": True}],
        )
    )
    assert plan.awards["share"].tolist() == pytest.approx([0.4004])
    assert found["transfer", "N1", 2025] == (pytest.approx(400.4), 400)
    assert found["award", "P", 2025] == (pytest.approx(400.4), 400)
    assert found["idle", "N1", 2025] == (pytest.approx(600.6), 601)


def test_a_row_that_no_whole_numbers_keep_is_named() -> None:
    # 2.5 must be used (the target), N1 holds 2.5; whole it holds 2, and 2 is less than 2.5.
    scenario = case(
        objective=FINAL,
        first=2025,
        projects=[{"project": "P", "place": "N1", "energy_tce": 2.5, "value_added": 9}],
        quotas=[{"place": "N1", "resource": "energy", "year": "*", "amount": 2.5}],
        targets=[{"measure": "energy_used", "sense": ">=", "value": 2.5}],
    )
    plan = qo.solve(scenario)
    assert plan.outcome is not None
    made = whole_numbers(plan.outcome)
    (line,) = made.failing
    assert "0.5" in line.zh and ("targets" in line.en or "pool" in line.en)


def test_whole_numbers_that_were_edited_do_not_pass() -> None:
    projects = [{"project": p, "place": "N1", "energy_tce": 3.6, "value_added": 9} for p in "AB"]
    quotas = [{"place": "N1", "resource": "energy", "year": "*", "amount": 7.2}]
    plan = qo.solve(case(objective=FINAL, first=2025, projects=projects, quotas=quotas))
    assert plan.outcome is not None
    table = whole_numbers(plan.outcome).table
    assert sorted(table.loc[table["kind"] == "award", "whole"]) == [3, 4]
    more = table.assign(whole=table["whole"].where(table["kind"] != "award", 4))
    assert any("对不上账" in text.zh for text in whole_problems(plan.outcome, more))
    far = table.assign(whole=table["whole"] + 5)
    assert any("相邻" in text.zh for text in whole_problems(plan.outcome, far))
    assert whole_problems(plan.outcome, table[table["id"] != "A"]) != []
    assert whole_problems(plan.outcome, table.drop(columns="exact")) != []


def test_a_result_folder_holds_the_whole_numbers_and_its_check_reads_them(tmp_path: Path) -> None:
    projects = [{"project": p, "place": "N1", "energy_tce": 3.6, "value_added": 9} for p in "AB"]
    quotas = [{"place": "N1", "resource": "energy", "year": "*", "amount": 7.2}]
    plan = qo.solve(case(objective=FINAL, first=2025, projects=projects, quotas=quotas))
    folder = plan.write(tmp_path / "out")
    stated = json.loads((folder / "run.json").read_text(encoding="utf-8"))["rounded"]
    assert (stated["resources"], stated["failing"]) == (["energy"], [])
    assert "最大余数" in stated["method"]["zh"]
    assert qo.verify(folder).ok
    rounded = folder / "rounded.csv"
    text = rounded.read_text(encoding="utf-8-sig")
    assert text.count("\n") == 4  # heading, two awards, the pool at the start
    rounded.write_text(text.replace("A,N1,2025,energy,3.6,4", "A,N1,2025,energy,3.6,5"), encoding="utf-8-sig")
    assert [finding.code for finding in qo.verify(reseal(folder)).problems] != []
    rounded.unlink()
    assert [finding.code for finding in qo.verify(reseal(folder)).problems] == ["verify-tables"]


def test_reports_show_the_whole_numbers_where_a_plan_has_fractions() -> None:
    projects = [{"project": p, "place": "N1", "energy_tce": 3.6, "value_added": 9} for p in "AB"]
    quotas = [{"place": "N1", "resource": "energy", "year": "*", "amount": 7.2}]
    content = gather(qo.solve(case(objective=FINAL, first=2025, projects=projects, quotas=quotas)))
    table = awards(content, "zh")
    at = [column.key for column in table.columns].index("whole")
    assert sorted(row[at] for row in table.rows) == [3.0, 4.0]
    assert table.columns[at].heading("zh") == "取整指标（吨标准煤）"
    assert content.rounding is not None
    assert "最大余数" in content.rounding.zh
    plain = gather(qo.solve("worked-example"))
    assert "whole" not in [column.key for column in awards(plain, "zh").columns]
