"""Fronts of cases: equal to trying every plan, each point a verified plan, and plain words for what cannot be done."""

import itertools
import json

import numpy as np
import pytest
from fronts import unbettered
from small import case

import quota_opt as qo
from quota_opt.analysis.front.record import record_problems

EXACT = {"exact": True, "profile": "exact"}
MEASURES = ["value_added_final:max", "energy_used:min", "jobs_net:max", "public_cost:min"]


def drawn(seed):
    """(case, firms, projects): one town and one year; firms that may close, projects that need what they free."""
    random = np.random.default_rng(seed)
    firms = [
        {
            "firm": f"F{k}",
            "place": "N1",
            "energy_tce": float(random.integers(1, 9)) * 100,
            "value_added": float(random.integers(0, 9)) * 50,
            "jobs": float(random.integers(0, 30)),
        }
        for k in range(int(random.integers(1, 4)))
    ]
    projects = [
        {
            "project": f"P{k}",
            "place": "N1",
            "energy_tce": float(random.integers(1, 9)) * 100,
            "value_added": float(random.integers(1, 20)) * 100,
            "jobs": float(random.integers(0, 30)),
        }
        for k in range(int(random.integers(1, 5)))
    ]
    costs = [float(random.integers(0, 20)) for _ in firms]
    actions = [
        {
            "firm": firm["firm"],
            "action": "close",
            "frees_energy_tce": firm["energy_tce"],
            "value_added_lost": firm["value_added"],
            "jobs_lost": firm["jobs"],
            "cost": cost,
        }
        for firm, cost in zip(firms, costs, strict=True)
    ]
    made = case(first=2024, last=2024, firms=firms, actions=actions, projects=projects)
    return made, actions, projects


def every_plan(actions, projects):
    """Value added, energy used, net jobs and cost of every plan that uses no more than it frees."""
    points = []
    for chosen in itertools.product([0, 1], repeat=len(actions) + len(projects)):
        done = [row for row, x in zip(actions, chosen, strict=False) if x]
        awarded = [row for row, x in zip(projects, chosen[len(actions) :], strict=True) if x]
        used = sum(row["energy_tce"] for row in awarded)
        if used > sum(row["frees_energy_tce"] for row in done):
            continue
        gained = sum(row["value_added"] for row in awarded) - sum(row["value_added_lost"] for row in done)
        jobs = sum(row["jobs"] for row in awarded) - sum(row["jobs_lost"] for row in done)
        points.append((gained, used, jobs, sum(row["cost"] for row in done)))
    return np.array(points)


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("seed", range(6))
def test_fronts_of_cases_are_those_of_trying_every_plan(seed, count):
    made, actions, projects = drawn(seed)
    signs = np.array([-1.0, 1, -1, 1])[:count]
    true = unbettered(every_plan(actions, projects)[:, :count] * signs) * signs
    front = qo.pareto(made, MEASURES[:count], **EXACT)
    assert front.complete
    assert front.status is qo.Status.OPTIMAL
    assert front.points.to_numpy() == pytest.approx(true, abs=1e-6)
    assert record_problems(front.proof) == ()


# The worked example by hand (2025): {F1, F2; P1, P2, P4} 2,000 with 1,200 tce; without P4 250 and 100 tce less;
# {F1; P1, P4} 1,200 with 600; {F1; P1} 950 with 500; {} 0 with 0. Any other plan is no better than one of these.
ENERGY = [[2000, 1200], [1750, 1100], [1200, 600], [950, 500], [0, 0]]
TRADED = ["value_added_final", "energy_used:min"]


@pytest.fixture(scope="module")
def front():
    return qo.pareto("worked-example", TRADED, exact=True)


def test_the_worked_example_has_the_front_worked_out_by_hand(front):
    assert front.points.to_numpy().tolist() == ENERGY
    assert list(front.points.columns) == ["value_added_final", "energy_used"]
    assert list(front.points.index) == [1, 2, 3, 4, 5]


def test_rates_and_the_knee_are_those_worked_out_by_hand(front):
    # 250 for 100 tce, 550 for 500, 250 for 100, 950 for 500. On scales from 0 to 1 the points lie below the line
    # between the ends by -1 + 1,750/2,000 + 100/1,200 = -0.042, 0.1, 0.058; the third is the knee.
    assert front.table["slope"].tolist()[:-1] == [2.5, 1.1, 2.5, 1.9]
    assert front.table["slope"].isna().tolist() == [False] * 4 + [True]
    assert front.knee == 3
    assert front.table["knee"].tolist() == [False, False, True, False, False]


@pytest.fixture(scope="module")
def folder(front, tmp_path_factory):
    return front.write(tmp_path_factory.mktemp("fronts") / "front")


def test_every_point_is_a_plan_that_verifies_and_can_be_solved_again(folder):
    points = sorted(path.name for path in folder.glob("point-*"))
    assert points == [f"point-{k:03d}" for k in range(1, 6)]
    for name, (value, energy) in zip(points, ENERGY, strict=True):
        assert qo.verify(folder / name).ok
        plan = qo.read_result(folder / name)
        assert plan.status == "OPTIMAL"
        assert (plan.measures["value_added_final"], plan.measures["energy_used"]) == (value, energy)
        again = qo.solve(plan.scenario)
        assert (again.measures["value_added_final"], again.measures["energy_used"]) == (value, energy)


def test_the_record_proves_the_front_and_not_one_that_was_changed(folder):
    record = json.loads((folder / "front.json").read_text(encoding="utf-8"))
    assert record["complete"]
    assert record_problems(record) == ()
    for key in ("points", "boxes"):
        for at in range(len(record[key])):
            less = {**record, key: [*record[key][:at], *record[key][at + 1 :]]}
            assert record_problems(less), (key, at)
    worse = {**record, "points": [*record["points"], [1000, 600]]}
    assert record_problems(worse)


def test_the_folder_holds_table_record_and_reports(front, folder):
    names = {path.name for path in folder.iterdir() if path.is_file()}
    assert names == {"front.csv", "front.json", "report.html", "report.xlsx"}
    header = (folder / "front.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    assert header == "point,value_added_final,energy_used,status,bound,neighbour,slope,knee"
    assert "安排使用每少 1 吨标准煤/年" in (folder / "report.html").read_text(encoding="utf-8")
    with pytest.raises(qo.OutputExists):
        front.write(folder)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_fronts_of_three_and_four_measures_are_shown_in_pairs_and_as_lines(tmp_path, language):
    made, _, _ = drawn(1)
    for count in (3, 4):
        front = qo.pareto(made, MEASURES[:count], **EXACT)
        document = front.document()
        assert [figure(language).key for figure in document.sections[0].figures] == ["front_pairs", "front_lines"]
        assert front.write(tmp_path / f"{count}", language).is_dir()


def codes(error):
    return sorted(finding.code for finding in error.value.findings)


@pytest.mark.parametrize(
    ("measures", "code"),
    [
        (["value_added"], "front-measures"),
        (["value_added", "tax", "jobs_net", "investment", "public_cost"], "front-measures"),
        (["value_added", "value_added:min"], "front-twice"),
        (["value_added", "energy_used"], "front-sense"),
        (["value_added", "tax:most"], "front-sense"),
        (["value_added", "taxes:max"], "unknown-measure"),
        (["value_added", "smallest_town_ratio:max"], "measure-not-linear"),
        (["value_added", "objective"], "front-objective"),
    ],
)
def test_measures_that_make_no_front_are_findings(measures, code):
    with pytest.raises(qo.InputError) as error:
        qo.pareto("worked-example", measures, exact=True)
    assert codes(error) == [code]


def test_too_few_points_and_two_ways_at_once_are_findings():
    with pytest.raises(qo.InputError) as error:
        qo.pareto("worked-example", TRADED, points=1)
    assert codes(error) == ["front-points"]
    with pytest.raises(qo.InputError) as error:
        qo.pareto("worked-example", TRADED, points=5, exact=True)
    assert codes(error) == ["front-both"]


DIVISIBLE = {
    "quotas": [{"place": "N1", "resource": "energy", "year": "*", "amount": 300.0}],
    "projects": [
        {"project": "P1", "place": "N1", "energy_tce": 400.0, "value_added": 800.0, "divisible": True, "min_share": 0.0}
    ],
}


def test_an_exact_front_over_shares_is_refused_by_name_and_points_are_offered():
    made = case(first=2024, last=2024, **DIVISIBLE)
    with pytest.raises(qo.InputError) as error:
        qo.pareto(made, ["value_added_final", "energy_used:min"], exact=True)
    assert codes(error) == ["front-continuous", "front-continuous"]
    assert "share[P1,2024]" in error.value.findings[0].what.zh
    assert "--points" in error.value.findings[0].fix.zh


def test_a_front_over_shares_is_spread_along_the_line_it_is():
    # 300 of 400 tce may be used, and each tce is worth 2: the front is the line from (600, 300) to (0, 0).
    front = qo.pareto(case(first=2024, last=2024, **DIVISIBLE), ["value_added_final", "energy_used:min"], points=5)
    assert len(front.points) == 5
    assert front.points["value_added_final"].to_numpy() == pytest.approx(2 * front.points["energy_used"].to_numpy())
    assert sorted(front.points["energy_used"]) == pytest.approx([0, 75, 150, 225, 300], abs=0.5)


def test_a_case_without_a_plan_ends_as_a_solve_does():
    made = case(
        first=2024,
        last=2024,
        projects=[{"project": "P1", "place": "N1", "energy_tce": 400.0, "value_added": 800.0}],
        targets=[{"measure": "projects_started", "sense": ">=", "value": 1.0}],
    )
    for options in ({"exact": True}, {"points": 5}):
        with pytest.raises(qo.InfeasibleScenario) as error:
            qo.pareto(made, ["value_added", "energy_used:min"], **options)
        assert error.value.conflicts


def test_a_cancelled_front_keeps_its_points_and_a_front_without_any_is_no_plan_found():
    told = []
    front = qo.pareto("worked-example", TRADED, exact=True, on_progress=lambda p: told.append(p) or len(told) < 12)
    assert not front.complete
    assert 1 <= len(front.points) < 5
    with pytest.raises(qo.NoPlanFound):
        qo.pareto("worked-example", TRADED, exact=True, time_limit=1e-9)
