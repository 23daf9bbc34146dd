"""What stands between a solver and a wrong answer: checks, scaling, the watch."""

import threading
import time

import numpy as np
import pytest

from quota_opt.solving.attempt import Answer, solve_checked
from quota_opt.solving.checking import check_values, dual_bound, sharpened, snapped
from quota_opt.solving.profile import read_profile
from quota_opt.solving.scaling import in_whole_numbers, scaling_of
from quota_opt.solving.status import EngineInfo, Status
from quota_opt.solving.watch import Watch

INF = float("inf")
INFO = EngineInfo("test", "TEST", "1")


def solved_with(arrays, *answers, gap=0.0):
    """The outcome when a solver gives these answers, one per call."""
    told = iter(answers)
    profile = read_profile("auto").with_limits(gap=gap)
    return solve_checked(lambda *_: next(told), INFO, arrays, profile)


@pytest.fixture
def knapsack(make):
    return make([3, 2], [(-INF, [2, 2], 5)], upper=9.0, integer=True)


def test_values_that_break_a_row_are_an_error(knapsack):
    solution = solved_with(knapsack, Answer(Status.OPTIMAL, np.array([3.0, 0.0]), 9.0))
    assert solution.status is Status.ERROR
    assert solution.values is None
    assert "row 0" in solution.message


def test_values_that_break_a_bound_are_an_error(make):
    solution = solved_with(make([1], upper=2.0), Answer(Status.OPTIMAL, np.array([2.5]), 2.5))
    assert solution.status is Status.ERROR


def test_values_that_are_not_whole_are_an_error(make):
    arrays = make([1, 1], [(3, [2, 2], 3)], upper=5.0, integer=True)
    solution = solved_with(arrays, Answer(Status.OPTIMAL, np.array([1.5, 0.0]), 1.5))
    assert solution.status is Status.ERROR


def test_values_missing_or_not_finite_are_an_error(knapsack):
    assert solved_with(knapsack, Answer(Status.OPTIMAL, None, 6.0)).status is Status.ERROR
    assert solved_with(knapsack, Answer(Status.OPTIMAL, np.array([np.nan, 0]), 6.0)).status is Status.ERROR
    assert solved_with(knapsack, Answer(Status.OPTIMAL, np.array([1.0]), 6.0)).status is Status.ERROR


def test_the_objective_is_computed_anew(knapsack):
    solution = solved_with(knapsack, Answer(Status.FEASIBLE, np.array([1.0000004, 1.0]), 99.0))
    assert solution.values.tolist() == [1.0, 1.0]
    assert solution.objective == 5.0


def test_optimal_without_a_proof_of_the_gap_is_only_feasible(knapsack):
    solution = solved_with(knapsack, Answer(Status.OPTIMAL, np.array([1.0, 1.0]), 6.0), gap=0.1)
    assert solution.status is Status.FEASIBLE
    assert solution.gap == pytest.approx(0.2)


def test_infeasible_or_unbounded_is_decided(make):
    arrays = make([1, 1], [(-INF, [1, -1], 3)])
    undecided = Answer(None)
    assert solved_with(arrays, undecided, Answer(Status.OPTIMAL, np.zeros(2), 0.0)).status is Status.UNBOUNDED
    assert solved_with(arrays, undecided, Answer(Status.INFEASIBLE)).status is Status.INFEASIBLE
    assert solved_with(arrays, undecided, Answer(None)).status is Status.ERROR
    # Nor is "unbounded" believed of a model that nothing satisfies.
    assert solved_with(arrays, Answer(Status.UNBOUNDED), Answer(Status.INFEASIBLE)).status is Status.INFEASIBLE


def test_unbounded_is_not_believed_where_the_relaxation_is_bounded(make):
    arrays = make([1, 1], [(-INF, [2, 2], 5)], integer=True)
    best = Answer(Status.OPTIMAL, np.array([2.0, 0.0]), 2.0)
    relaxed = Answer(Status.OPTIMAL, np.array([2.5, 0.0]), 2.5)
    wrong = Answer(Status.UNBOUNDED)
    anything = Answer(Status.OPTIMAL, np.zeros(2), 0.0)
    assert solved_with(arrays, wrong, anything, relaxed, best).objective == 2.0
    assert solved_with(arrays, wrong, anything, relaxed, wrong).status is Status.ERROR
    assert solved_with(arrays, wrong, anything, Answer(Status.UNBOUNDED)).status is Status.UNBOUNDED


def test_duals_that_prove_nothing_are_dropped(make):
    arrays = make([3, 2], [(-INF, [1, 1], 4)])
    right = solved_with(arrays, Answer(Status.OPTIMAL, np.array([4.0, 0.0]), 12.0, np.array([3.0])))
    assert right.row_duals.tolist() == [3.0]
    wrong = solved_with(arrays, Answer(Status.OPTIMAL, np.array([4.0, 0.0]), 12.0, np.array([-3.0])))
    assert wrong.row_duals is None and wrong.reduced_costs is None


def test_the_dual_bound_of_a_model_by_hand(make):
    arrays = make([3, 2], [(-INF, [1, 1], 4)], upper=[3, INF], offset=1.0)
    assert dual_bound(arrays, np.array([2.0])) == pytest.approx(1 + 8 + 3)
    assert dual_bound(arrays, np.array([1.0])) == INF


def test_a_check_is_relative_to_what_is_large_in_the_row(make):
    arrays = make([1, 1], [(-INF, [1, 1], 1e9)])
    assert check_values(arrays, np.array([5e8, 5e8 + 0.5])).ok
    assert not check_values(arrays, np.array([5e8, 5e8 + 5000.0])).ok


def test_snapping_removes_noise_and_minus_zeros(make):
    arrays = make([1, 1], upper=1.0, integer=[True, False])
    values = snapped(arrays, np.array([-1e-9, 1 + 1e-9]))
    assert values.tolist() == [0.0, 1.0]
    assert not np.signbit(values).any()


def test_sharpening_restores_the_last_digits(make):
    arrays = make([1, 1, 0], [(123456.789012345, [1, 1, 0], 123456.789012345), (0, [0, 1, -2.5], 0)], upper=1e6)
    sharp = sharpened(arrays, np.array([98765.432, 24691.357, 9876.5428]))
    assert check_values(arrays, sharp).excess <= 1e-14
    assert sharp == pytest.approx([98765.432, 24691.357, 9876.5428], abs=1e-2)


def test_a_comfortable_model_is_not_scaled(knapsack):
    scaling = scaling_of(knapsack)
    assert scaling.idle
    assert scaling.apply(knapsack) is knapsack


def test_scaling_is_exact_and_undone(make):
    arrays = make(
        [3e8, 0.5, 1.0],
        [(-INF, [1e9, 1e-6, 7.0], 4e9), (1e-6, [1e-6, 0, 3e-6], INF)],
        upper=[INF, INF, 8],
        integer=[False, False, True],
    )
    scaling = scaling_of(arrays)
    assert not scaling.idle
    assert scaling.columns[2] == 1.0
    for factors in (scaling.rows, scaling.columns, np.array([scaling.objective])):
        assert (np.log2(factors) == np.round(np.log2(factors))).all()
    scaled = scaling.apply(arrays)
    spread = np.abs(scaled.matrix.data)
    assert spread.max() / spread.min() < 1e15 / 1e6
    x = np.array([1.25, 1e6, 3.0])
    inside = scaling.values_in(x)
    assert (scaling.values_out(inside) == x).all()
    assert scaling.objective_out(scaled.value(inside)) == pytest.approx(arrays.value(x), rel=1e-15)
    assert scaled.matrix @ inside == pytest.approx((arrays.matrix @ x) * scaling.rows, rel=1e-15)
    duals = np.array([0.5, -2.0])
    # y'A' c = s (yA) holds when y' = s y / r
    assert scaling.duals_out(duals) == pytest.approx(duals * scaling.rows / scaling.objective)


def test_rows_in_whole_numbers_keep_their_solutions(make):
    arrays = make([1, 1], [(0.15, [0.1, 0.25], 0.35)], upper=3.0, integer=True)
    whole = in_whole_numbers(arrays)
    assert whole.matrix.toarray().tolist() == [[10.0, 25.0]]
    assert (whole.row_lower.tolist(), whole.row_upper.tolist()) == ([15.0], [35.0])
    assert in_whole_numbers(make([1], [(0, [1 / 3], 1)], upper=1.0, integer=True)) is None
    assert in_whole_numbers(make([1], upper=1.0)) is None
    assert in_whole_numbers(make([1], integer=True)) is None


def test_an_error_of_the_callers_callback_stops_the_solver_and_is_raised():
    watch = Watch("solve", lambda progress: 1 / 0)
    stopped = threading.Event()

    def work():
        watch.cancelled.wait(5)
        stopped.set()

    with pytest.raises(ZeroDivisionError):
        watch.run(work)
    assert stopped.wait(5)


def test_an_error_of_the_solver_is_raised_to_the_caller():
    def work():
        raise OSError("no disk")

    with pytest.raises(OSError, match="no disk"):
        Watch().run(work)


def test_reports_come_at_once_and_then_not_too_often():
    seconds = []
    Watch("solve", lambda progress: seconds.append(progress.seconds)).run(lambda: time.sleep(0.35))
    assert seconds[0] < 0.05
    assert 3 <= len(seconds) <= 4


def test_what_is_not_known_yet_is_not_reported():
    reports = []
    watch = Watch("solve", reports.append)
    watch.objective_scale = 2.0

    def work():
        watch.update(-INF, 1e200)
        time.sleep(0.15)
        watch.update(8.0, 10.0)
        time.sleep(0.15)

    watch.run(work)
    assert (reports[0].incumbent, reports[0].bound, reports[0].gap) == (None, None, None)
    assert (reports[-1].incumbent, reports[-1].bound, reports[-1].gap) == (4.0, 5.0, 0.25)
