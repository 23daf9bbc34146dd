from __future__ import annotations

import pandas as pd
import pytest
from small import FINAL, case

import quota_opt as qo


@pytest.fixture(scope="module")
def plan() -> qo.Plan:
    """F1 in N1 frees 100; the county holds 30; P in N2 needs 120, which both must serve; 10 stay idle in N1."""
    return qo.solve(
        case(
            objective=FINAL,
            firms=[{"firm": "F1", "place": "N1", "energy_tce": 100, "value_added": 1, "name": "甲厂"}],
            actions=[{"firm": "F1", "action": "close"}],
            projects=[
                {"project": "P", "place": "N2", "energy_tce": 120, "value_added": 50},
                {"project": "Q", "place": "N2", "energy_tce": 5000, "value_added": 1},
            ],
            quotas=[{"place": "county", "resource": "energy", "year": "*", "amount": 30}],
        )
    )


def lines(found: qo.Trace) -> set[tuple[str, str, str, str, float]]:
    table = found.lines
    return set(zip(table["role"], table["from"], table["pool_path"], table["to"], table["amount"], strict=True))


def test_where_a_firms_quota_went(plan: qo.Plan) -> None:
    found = qo.trace(plan, firm="F1", year=2025)
    assert lines(found) == {("freed", "F1", "N1 > county > N2", "P", 90.0), ("freed", "F1", "N1", "idle", 10.0)}
    assert found.sums.to_dict("records") == [
        {"year": 2025, "resource": "energy", "role": "freed", "amount": 100.0, "stated": 100.0, "difference": 0.0}
    ]


def test_where_a_projects_quota_came_from_in_every_year(plan: qo.Plan) -> None:
    found = qo.trace(plan, project="P")
    assert lines(found) == {
        ("given", "initial", "county > N2", "P", 30.0),
        ("given", "F1", "N1 > county > N2", "P", 90.0),
    }
    assert found.sums[["amount", "stated"]].to_numpy().tolist() == [[120.0, 120.0]] * len(plan.ledger["year"].unique())


def test_what_passed_through_a_place_has_both_its_sides(plan: qo.Plan) -> None:
    # The county holds 30 and gets 90 from N1; 120 leave for N2.
    sums = qo.trace(plan, place="county", year=2025).sums.set_index("role")
    assert sums["amount"].to_dict() == {"held": 30.0, "came in": 90.0, "went out": 120.0}
    assert sums["stated"].to_dict() == sums["amount"].to_dict()


def test_a_project_that_is_given_nothing_has_no_lines(plan: qo.Plan) -> None:
    found = qo.trace(plan, project="Q")
    assert (len(found.lines), found.difference) == (0, 0.0)
    assert "没有得到指标" in found.document().sections[0].sentences[0].zh


def test_the_report_names_the_largest_other_end(plan: qo.Plan) -> None:
    first = qo.trace(plan, firm="F1").document().sections[0].sentences[0]
    assert first.zh == "2025 年用能：腾出 100 吨标准煤（其中 90% 给 P）。"
    assert qo.trace(plan, firm="F1").document().title.zh == "F1 甲厂 的指标去了哪里"


@pytest.mark.parametrize("asked", [{}, {"firm": "F2"}, {"firm": "F1", "project": "P"}, {"firm": "F1", "year": 1999}])
def test_what_is_not_there_is_an_error_of_the_input(plan: qo.Plan, asked: dict[str, str]) -> None:
    with pytest.raises(qo.InputError):
        qo.trace(plan, **asked)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["worked-example", "yueqing"])
def test_the_ledger_adds_up_to_the_plan_for_every_firm_project_and_place(name: str) -> None:
    plan = qo.solve(name, time_limit=20, gap=0.01)
    assert plan.outcome is not None
    awarded, treated = plan.awards["project"], plan.actions["firm"]
    found = [qo.trace(plan, project=str(project)) for project in awarded]
    found += [qo.trace(plan, firm=str(firm)) for firm in treated[:40]]
    found += [qo.trace(plan, place=str(place)) for place in plan.outcome.case.places.names]
    assert max(one.difference for one in found) < 1e-6
    given = pd.concat([one.lines for one in found[: len(awarded)]])
    assert given["amount"].sum() == pytest.approx(plan.ledger.loc[plan.ledger["to_kind"] == "project", "amount"].sum())


def test_a_firm_that_takes_quota_is_traced_too() -> None:
    plan = qo.solve(
        case(
            objective={"maximise": {"value_added_final": 1.0, "firms_treated": 1.0}},
            first=2025,
            firms=[{"firm": f, "place": "N1", "energy_tce": 100} for f in ("A", "B")],
            actions=[
                {"firm": "A", "action": "relocate", "frees_energy_tce": -40, "value_added_lost": 0},
                {"firm": "B", "action": "close", "frees_energy_tce": 100},
            ],
        )
    )
    taken = qo.trace(plan, firm="A")
    assert lines(taken) == {("taken", "B", "N1", "A", 40.0)}
    assert qo.trace(plan, place="N1").sums.set_index("role")["difference"].abs().max() == 0.0
    assert taken.difference == 0.0
