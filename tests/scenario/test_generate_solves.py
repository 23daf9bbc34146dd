"""Generated cases read without errors and have a plan that satisfies all their rules."""

import pytest

from quota_opt.errors import Level
from quota_opt.scenario.generate import generate_case

qo = pytest.importorskip("quota_opt")


@pytest.mark.parametrize(("counties", "seed"), [(1, 0), (1, 1), (3, 2)])
def test_a_generated_case_reads_and_checks_without_errors(tmp_path, counties, seed):
    folder = generate_case(tmp_path / "case", firms=120, projects=30, towns=4, counties=counties, years=3, seed=seed)
    assert not [finding for finding in qo.check(str(folder)) if finding.level is Level.ERROR]
    assert qo.read(str(folder)).settings.scenario.data == "synthetic"


@pytest.mark.parametrize(("counties", "seed"), [(1, 0), (1, 3), (2, 1)])
def test_a_generated_case_is_feasible_and_its_plan_verifies(tmp_path, counties, seed):
    folder = generate_case(tmp_path / "case", firms=40, projects=6, towns=2, counties=counties, years=2, seed=seed)
    plan = qo.solve(qo.read(str(folder)), profile="quick", gap=0.05, time_limit=60.0)
    assert qo.verify(plan).ok
    assert len(plan.actions)
