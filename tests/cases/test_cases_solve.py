"""The case of published projects: which fit, counted one way and the other."""

import pytest

qo = pytest.importorskip("quota_opt")


def test_published_projects_compete_and_the_largest_pair_does_not_fit():
    plan = qo.solve(qo.read("published"), profile="exact")
    assert set(plan.awards["project"]) == {"R2", "R3", "R4", "R5"}
    assert set(plan.actions["firm"]) == {"C3", "C4"}
    assert qo.verify(plan).ok


def test_counted_at_equivalent_value_every_published_project_fits():
    plan = qo.solve(qo.read("published/equivalent"), profile="exact")
    assert set(plan.awards["project"]) == {"R1", "R2", "R3", "R4", "R5"}
