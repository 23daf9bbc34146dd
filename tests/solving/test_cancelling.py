"""A solve is cancelled by `on_progress` returning False, whoever wished it so, and keeps the best plan it has."""

import threading

import numpy as np
import pytest
import scipy.sparse as sp

import quota_opt as qo
from quota_opt.model.linear import Arrays
from quota_opt.solving.engine import engine_of
from quota_opt.solving.profile import read_profile
from quota_opt.solving.status import Status

ENGINES = ["auto", "second-opinion", "ortools-highs", "cp-sat", "cbc"]


def hard():
    """Thirty knapsacks over the same 150 things: plans are found at once, a proof takes ages."""
    rng = np.random.default_rng(5)
    needs = rng.integers(1, 1000, (30, 150)).astype(float)
    worth = needs.sum(axis=0) // 30 + rng.integers(0, 50, 150)
    return Arrays(
        worth, 0.0, np.zeros(150), np.ones(150), np.ones(150, dtype=bool), sp.csr_array(needs),
        np.full(30, -np.inf), needs.sum(axis=1) // 2,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("profile", ENGINES)
def test_the_incumbent_is_kept_when_the_callback_says_no(profile):
    chosen = read_profile(profile).with_limits(gap=0.0, time_limit=120)
    told = []

    def until_there_is_a_plan(progress):
        told.append(progress)
        return progress.incumbent is None

    solution = engine_of(chosen).solve(hard(), chosen, on_progress=until_there_is_a_plan)
    assert (solution.status, solution.message) == (Status.FEASIBLE, "cancelled")
    assert solution.objective >= told[-1].incumbent - 1e-6 * abs(told[-1].incumbent)
    assert all(progress.incumbent is None for progress in told[:-1])


def test_another_thread_may_ask_for_it_by_an_event():
    wish, found = threading.Event(), threading.Event()
    chosen = read_profile("auto").with_limits(gap=0.0, time_limit=120)

    def told(progress):
        if progress.incumbent is not None:
            found.set()
        return not wish.is_set()

    solved = []
    worker = threading.Thread(
        target=lambda: solved.append(engine_of(chosen).solve(hard(), chosen, on_progress=told)), daemon=True
    )
    worker.start()
    assert found.wait(100)
    wish.set()
    worker.join(100)
    assert solved and solved[0].status is Status.FEASIBLE


def test_a_case_cancelled_at_once_has_a_verified_plan_or_says_that_there_is_none(tmp_path):
    case = qo.read(qo.generate_case(tmp_path / "county", firms=400, projects=60, towns=6, years=4, seed=2))
    try:
        plan = qo.solve(case, gap=0.0, on_progress=lambda progress: False)
    except qo.NoPlanFound as error:
        assert error.exit_code == 4
    else:
        assert plan.status is qo.Status.FEASIBLE
        assert qo.verify(plan).ok


def test_what_the_callback_raises_comes_through_and_the_solver_stops():
    class Enough(Exception):
        pass

    def told(progress):
        raise Enough

    with pytest.raises(Enough):
        engine_of(read_profile("auto")).solve(hard(), read_profile("auto").with_limits(gap=0.0), on_progress=told)
    for thread in threading.enumerate():
        if thread.name.startswith("quota-opt-solver"):
            thread.join(100)
            assert not thread.is_alive()
