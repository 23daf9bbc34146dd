"""The built-in cases solve to their gap within seconds and every plan verifies."""

import pytest

from quota_opt.solving.status import Status

qo = pytest.importorskip("quota_opt")

COUNTIES = ("cixi", "zhuji", "fenghua", "ouhai", "yueqing")
LONGEST = 120.0  # seconds; a few on an idle machine


@pytest.mark.slow
@pytest.mark.parametrize("county", COUNTIES)
def test_a_county_is_solved_to_its_gap_and_verifies(county):
    plan = qo.solve(qo.read(county), time_limit=LONGEST)
    assert plan.status is Status.OPTIMAL
    assert plan.gap <= 1e-4 + 1e-12
    assert qo.verify(plan).ok
    assert len(plan.awards) and len(plan.actions)


def test_published_projects_compete_and_the_largest_pair_does_not_fit():
    plan = qo.solve(qo.read("published"), profile="exact")
    assert set(plan.awards["project"]) == {"R2", "R3", "R4", "R5"}
    assert set(plan.actions["firm"]) == {"C3", "C4"}
    assert qo.verify(plan).ok


def test_counted_at_equivalent_value_every_published_project_fits():
    plan = qo.solve(qo.read("published/equivalent"), profile="exact")
    assert set(plan.awards["project"]) == {"R1", "R2", "R3", "R4", "R5"}
