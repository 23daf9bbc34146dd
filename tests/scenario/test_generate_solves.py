"""Generated cases read without errors and have a plan that satisfies all their rules."""

import numpy as np
import pytest

from quota_opt.errors import Level
from quota_opt.scenario.generate import HEAVY, TIGHT, generate_case
from quota_opt.solving.highs import relaxed

qo = pytest.importorskip("quota_opt")


@pytest.mark.parametrize(("counties", "seed"), [(1, 0), (1, 1), (3, 2)])
def test_a_generated_case_reads_and_checks_without_errors(tmp_path, counties, seed):
    folder = generate_case(tmp_path / "case", firms=120, projects=30, towns=4, counties=counties, years=3, seed=seed)
    assert not [finding for finding in qo.check(str(folder)) if finding.level is Level.ERROR]
    assert qo.read(str(folder)).settings.scenario.data == "synthetic"


@pytest.mark.parametrize("shape", [TIGHT, HEAVY], ids=["tight", "heavy"])
@pytest.mark.parametrize(("counties", "seed"), [(1, 0), (1, 3), (2, 1), (3, 5)])
def test_a_generated_case_is_feasible_and_its_plan_verifies(tmp_path, counties, seed, shape):
    folder = generate_case(
        tmp_path / "case", firms=40, projects=6, towns=2, counties=counties, years=2, seed=seed, shape=shape
    )
    plan = qo.solve(qo.read(str(folder)), profile="quick", gap=0.05, time_limit=60.0)
    assert qo.verify(plan).ok
    assert len(plan.actions)


@pytest.mark.parametrize("seed", range(12))
def test_the_smallest_cases_have_a_plan_too(tmp_path, seed):
    """Few firms: one closure may be all of a county's jobs, and a target of closures that rounds to none."""
    folder = generate_case(tmp_path / "case", firms=3 + 2 * seed, projects=2, towns=1, years=1 + seed % 3, seed=seed)
    plan = qo.solve(qo.read(str(folder)), profile="exact", time_limit=60.0)
    assert qo.verify(plan).ok


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_energy_carbon_money_and_jobs_have_a_price_in_a_generated_county(tmp_path, seed):
    folder = generate_case(tmp_path / "case", firms=1_000, projects=100, towns=8, years=5, seed=seed)
    arrays = qo.build(qo.read(str(folder))).arrays
    found = relaxed(arrays)
    names = np.array(arrays.row_names())[np.abs(found.prices) > 1e-6]
    for start in ("pool[county,energy,", "pool[county,carbon,", "jobs["):
        assert any(name.startswith(start) for name in names), start
    assert sum(name.startswith("budget[") for name in names) == 5
