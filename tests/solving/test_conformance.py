"""One suite for every solver: each passes, or says why it cannot take such a model."""

import time
from itertools import pairwise

import numpy as np
import pytest

from quota_opt.errors import EngineUnavailable, InputError
from quota_opt.solving.engine import engine_of
from quota_opt.solving.profile import Profile, list_profiles, read_profile
from quota_opt.solving.status import Status

INF = float("inf")
SOLVERS = ["highs", "ortools-highs", "scip", "cp-sat", "glop", "pdlp", "cbc"]

LINEAR_ONLY = "linear programs only"
WHOLE_ONLY = "whole numbers"
CANNOT = {
    ("glop", "integer"): LINEAR_ONLY,
    ("pdlp", "integer"): LINEAR_ONLY,
    ("glop", "mixed"): LINEAR_ONLY,
    ("pdlp", "mixed"): LINEAR_ONLY,
    ("cp-sat", "linear"): WHOLE_ONLY,
    ("cp-sat", "mixed"): WHOLE_ONLY,
    ("cp-sat", "unbounded integer"): WHOLE_ONLY,
    ("cp-sat", "many decimals"): WHOLE_ONLY,
    ("glop", "unbounded integer"): LINEAR_ONLY,
    ("pdlp", "unbounded integer"): LINEAR_ONLY,
    ("glop", "many decimals"): LINEAR_ONLY,
    ("pdlp", "many decimals"): LINEAR_ONLY,
}
"""What a solver cannot take, by kind of model, and the words it says so with. Everything else must be solved."""

NO_DUALS = {"scip"}
"""Solvers that MathOpt gives no duals for."""

TOLERANCE = {"pdlp": 1e-6}


@pytest.fixture(params=SOLVERS)
def solver(request):
    return request.param


def solve(solver, kind, arrays, *, gap=0.0, time_limit=None, **rest):
    """Solve, or check the refusal and leave the test."""
    profile = read_profile(solver).with_limits(gap=gap, time_limit=time_limit)
    engine = engine_of(profile)
    words = CANNOT.get((solver, kind))
    if words is None:
        return engine.solve(arrays, profile, **rest)
    with pytest.raises(EngineUnavailable, match=words):
        engine.solve(arrays, profile, **rest)
    pytest.skip(f"cannot: {words}")


def about(solver, value):
    return pytest.approx(value, rel=TOLERANCE.get(solver, 1e-9), abs=TOLERANCE.get(solver, 1e-9))


def test_every_built_in_profile_names_a_solver_of_this_suite():
    covered = {(read_profile(name).engine, read_profile(name).solver) for name in SOLVERS}
    for name in list_profiles():
        profile = read_profile(name)
        assert (profile.engine, profile.solver) in covered, name


@pytest.mark.parametrize("name", ["auto", "exact", "quick", "second-opinion"])
def test_profiles_by_purpose_solve_a_small_plan(name, make):
    arrays = make([5, 4, 3], [(-INF, [2, 3, 1], 5), (-INF, [4, 1, 2], 11)], upper=1.0, integer=True)
    profile = read_profile(name)
    solution = engine_of(profile).solve(arrays, profile)
    assert solution.status is Status.OPTIMAL
    assert solution.objective == pytest.approx(9.0)
    assert solution.engine.solver == profile.solver
    assert solution.engine.version
    assert solution.engine.options["relative_gap"] == profile.relative_gap


def test_a_linear_program_is_solved_with_duals_of_the_right_sign(solver, make):
    # Worth 3 and 2 a unit; 4 units in all, x + 3y <= 7 (slack), and at least one of y.
    arrays = make([3, 2], [(-INF, [1, 1], 4), (-INF, [1, 3], 7), (1, [0, 1], INF)], offset=10.0)
    solution = solve(solver, "linear", arrays)
    assert solution.status is Status.OPTIMAL
    assert solution.values == about(solver, [3.0, 1.0])
    assert solution.objective == about(solver, 21.0)
    assert solution.bound == about(solver, 21.0)
    if solver in NO_DUALS:
        assert solution.row_duals is None
        return
    # A binding <= row is worth something, a slack one nothing, a binding >= row costs.
    assert solution.row_duals == about(solver, [3.0, 0.0, -1.0])
    assert solution.reduced_costs == about(solver, [0.0, 0.0])
    assert solution.row_duals @ [4, 7, 1] + 10.0 == about(solver, 21.0)


def test_a_dual_is_what_one_more_unit_on_the_right_is_worth(solver, make):
    arrays = make([3, 2], [(-INF, [1, 1], 4), (2, [1, -1], INF)], upper=[INF, INF])
    more = make([3, 2], [(-INF, [1, 1], 5), (2, [1, -1], INF)], upper=[INF, INF])
    first = solve(solver, "linear", arrays)
    second = solve(solver, "linear", more)
    if solver not in NO_DUALS:
        assert first.row_duals[0] == about(solver, second.objective - first.objective)
        assert first.row_duals[1] == about(solver, 0.0)
        assert first.reduced_costs == about(solver, [0.0, -1.0])


def test_equalities_ranges_and_free_columns(solver, make):
    # x - y = 2; -3 <= x + y <= 8; y free; maximise x - 3 y
    arrays = make([1, -3], [(2, [1, -1], 2), (-3, [1, 1], 8)], lower=[-INF, -INF])
    solution = solve(solver, "linear", arrays)
    assert solution.status is Status.OPTIMAL
    assert solution.values == about(solver, [-0.5, -2.5])
    assert solution.objective == about(solver, 7.0)
    if solver not in NO_DUALS:
        assert solution.row_duals == about(solver, [2.0, -1.0])


def test_a_plan_in_whole_numbers(solver, make):
    arrays = make([3, 2], [(-INF, [2, 2], 5)], upper=9.0, integer=True, offset=7.0)
    solution = solve(solver, "integer", arrays)
    assert solution.status is Status.OPTIMAL
    assert solution.values.tolist() == [2.0, 0.0]
    assert solution.objective == pytest.approx(13.0)
    assert solution.bound == pytest.approx(13.0)
    assert solution.gap <= 1e-9
    assert solution.row_duals is None


def test_equalities_and_ranges_in_whole_numbers(solver, make):
    arrays = make([1, 1, 0], [(7, [3, 2, 0], 7), (1, [1, -1, 1], 2)], upper=5.0, integer=True)
    solution = solve(solver, "integer", arrays)
    assert solution.status is Status.OPTIMAL
    assert solution.values[:2].tolist() == [1.0, 2.0]


def test_a_mixed_plan_has_exactly_whole_numbers(solver, make):
    # A project of 12,345.678 a share, switched on by a decision; one pool of 20,000.
    arrays = make(
        [5.5, 5.4, -100.0, -100.0],
        [(-INF, [1, 1, 0, 0], 20000), (-INF, [1, 0, -12345.678, 0], 0), (-INF, [0, 1, 0, -17000.123], 0)],
        upper=[INF, INF, 1, 1],
        integer=[False, False, True, True],
    )
    solution = solve(solver, "mixed", arrays)
    assert solution.status is Status.OPTIMAL
    assert solution.values[2:].tolist() == [1.0, 1.0]
    assert solution.values[:2] == pytest.approx([12345.678, 7654.322], abs=1e-6)
    assert arrays.worst_violation(solution.values) <= 1e-8


def test_infeasible_linear(solver, make):
    solution = solve(solver, "linear", make([1, 1], [(3, [1, 1], INF)], upper=1.0))
    assert solution.status is Status.INFEASIBLE
    assert solution.values is None


def test_infeasible_in_whole_numbers_only(solver, make):
    solution = solve(solver, "integer", make([1, 1], [(3, [2, 2], 3)], upper=5.0, integer=True))
    assert solution.status is Status.INFEASIBLE
    assert solution.values is None


def test_unbounded_linear(solver, make):
    solution = solve(solver, "linear", make([1, 1], [(-INF, [1, -1], 3)]))
    assert solution.status is Status.UNBOUNDED
    assert solution.bound == INF


def test_unbounded_in_whole_numbers(solver, make):
    solution = solve(solver, "unbounded integer", make([1, 1], [(-INF, [1, -1], 3)], integer=True))
    assert solution.status is Status.UNBOUNDED


def test_infeasible_is_never_called_unbounded(solver, make):
    # The first column could grow for ever, if the second could be a half.
    arrays = make([1, 0], [(1, [0, 2], 1)], upper=[INF, 1], integer=[False, True])
    assert solve(solver, "mixed", arrays).status is Status.INFEASIBLE


def test_infeasible_linear_is_never_called_unbounded(solver, make):
    arrays = make([1, 0, 0], [(3, [0, 1, 1], INF), (-INF, [0, 1, 2], 2)])
    assert solve(solver, "linear", arrays).status is Status.INFEASIBLE


def test_a_time_limit_keeps_the_incumbent_and_its_bound(solver, hard):
    limit = 0.3
    began = time.monotonic()
    solution = solve(solver, "integer", hard, time_limit=limit)
    assert time.monotonic() - began < limit + 2.0
    assert solution.status is Status.FEASIBLE
    assert solution.objective == pytest.approx(hard.value(solution.values))
    assert solution.objective < solution.bound < 1.5 * solution.objective
    assert 0 < solution.gap < 0.5
    assert hard.worst_violation(solution.values) <= 1e-6


def test_a_time_limit_before_any_plan(solver, elusive):
    solution = solve(solver, "integer", elusive, time_limit=0.25)
    assert solution.status is Status.NO_SOLUTION_FOUND
    assert solution.values is None
    assert solution.gap == INF


def test_a_cancelled_solve_keeps_the_incumbent(solver, hard):
    reports = []

    def enough(progress):
        reports.append(progress)
        return progress.seconds < 0.3 or progress.incumbent is None or progress.bound is None

    began = time.monotonic()
    solution = solve(solver, "integer", hard, time_limit=20, on_progress=enough, stage="try")
    assert time.monotonic() - began < 10.0
    assert solution.status is Status.FEASIBLE
    assert solution.message == "cancelled"
    assert hard.worst_violation(solution.values) <= 1e-6
    assert {progress.stage for progress in reports} == {"try"}
    assert reports[0].seconds < 0.1
    assert all(later.seconds - earlier.seconds >= 0.099 for earlier, later in pairwise(reports))
    last = reports[-1]
    assert last.incumbent is not None and last.incumbent <= solution.objective + 1e-6
    assert last.bound is not None and last.bound >= last.incumbent
    assert last.gap == pytest.approx((last.bound - last.incumbent) / last.incumbent)


def test_cancelled_before_any_plan(solver, elusive):
    solution = solve(solver, "integer", elusive, time_limit=20, on_progress=lambda progress: progress.seconds < 0.2)
    assert solution.status is Status.NO_SOLUTION_FOUND
    assert solution.message == "cancelled"


def test_a_start_is_never_lost(solver, elusive, make):
    # The only known solution of a market split made to have one.
    rows = elusive.matrix.toarray()
    planted = np.zeros(50)
    planted[::3] = 1.0
    arrays = make(np.ones(50), [(row @ planted, row, row @ planted) for row in rows], upper=1.0, integer=True)
    solution = solve(solver, "integer", arrays, time_limit=0.25, start=planted)
    assert solution.status in (Status.FEASIBLE, Status.OPTIMAL)
    assert solution.objective >= planted.sum()


def test_badly_scaled_linear(solver, make):
    # Coefficients from 1e-6 to 1e9, worth from 1e-3 to 1e6: tonnes beside kilograms, yuan beside billions.
    arrays = make(
        [3e6, 2e-3],
        [(-INF, [1e9, 1e3], 4e9), (-INF, [1e-6, 3e-6 * 1e-6], 6e-6), (-INF, [0, 1], 2.5e6)],
    )
    solution = solve(solver, "linear", arrays)
    assert solution.status is Status.OPTIMAL
    # One unit of the second costs 1e-6 of the first: 3 of worth for 0.002.
    assert solution.values == pytest.approx([4.0, 0.0], rel=1e-6, abs=1.0)
    assert solution.objective == pytest.approx(12e6, rel=1e-6)
    if solver not in NO_DUALS and solution.row_duals is not None:
        assert solution.row_duals[0] == pytest.approx(3e-3, rel=1e-5)


def test_badly_scaled_with_whole_numbers(solver, make):
    # The switch costs 1e9, opens 2.5e7 units worth 100 each; a second one 1e-6 of that.
    arrays = make(
        [100.0, 100.0, -1e9, -1e3],
        [
            (-INF, [1, 0, -2.5e7, 0], 0),
            (-INF, [0, 1, 0, -25.0], 0),
            (-INF, [1e-6, 1, 0, 0], 40),
        ],
        upper=[INF, INF, 1, 1],
        integer=[False, False, True, True],
    )
    solution = solve(solver, "mixed", arrays)
    assert solution.status is Status.OPTIMAL
    assert solution.values == pytest.approx([2.5e7, 15.0, 1, 1], rel=1e-7)
    assert solution.objective == pytest.approx(100 * (2.5e7 + 15) - 1e9 - 1e3, rel=1e-9)


def test_an_objective_far_from_one_is_not_ignored(solver, make):
    for worth in (1e-7, 1e9):
        solution = solve(solver, "linear", make([worth, 2 * worth], [(-INF, [1, 1], 4)]))
        assert solution.values == about(solver, [0.0, 4.0])
        assert solution.objective == pytest.approx(8 * worth)


def test_the_last_digits_of_large_amounts_are_kept(solver, make):
    arrays = make([1.0, 0.5], [(123456.789012, [1, 1], 123456.789012), (-INF, [1, 0], 98765.432101)])
    solution = solve(solver, "linear", arrays)
    assert solution.values == pytest.approx([98765.432101, 24691.356911], abs=1e-6 if solver == "pdlp" else 1e-8)


def test_decimals_of_integer_rows_are_not_rounded_away(solver, make):
    # 0.1 + 0.2 must be exactly 0.3 here, and 0.300001 too much.
    arrays = make([1, 1, 3], [(-INF, [0.1, 0.2, 0.300001], 0.3)], upper=1.0, integer=True)
    solution = solve(solver, "integer", arrays)
    assert solution.status is Status.OPTIMAL
    assert solution.values.tolist() == [1.0, 1.0, 0.0]


def test_many_decimals_are_solved_or_refused(solver, make):
    arrays = make([1, 1], [(-INF, [1 / 3, 2 / 3], 0.99)], upper=1.0, integer=True)
    solution = solve(solver, "many decimals", arrays)
    assert solution.objective == pytest.approx(1.0)


def test_a_whole_number_within_tolerance_is_made_whole(solver, make):
    # 1e-7 of slack in the switch would be worth 10 units of flow.
    arrays = make([1.0, -0.5], [(-INF, [1, -1e8], 0), (-INF, [1, 0], 10)], upper=[INF, 1], integer=[False, True])
    solution = solve(solver, "mixed", arrays)
    assert solution.status is Status.OPTIMAL
    assert solution.values.tolist() == pytest.approx([10.0, 1.0])
    assert solution.values[1] == 1.0


def test_the_gap_of_the_profile_is_kept(solver, hard):
    solution = solve(solver, "integer", hard, gap=0.5, time_limit=10)
    assert solution.status is Status.OPTIMAL
    assert solution.gap <= 0.5


def test_the_same_model_gives_the_same_plan(solver, make):
    # Many optima; which one is found must not depend on the day.
    arrays = make([1] * 6, [(-INF, [1] * 6, 3)], upper=1.0, integer=True)
    first = solve(solver, "integer", arrays)
    second = solve(solver, "integer", arrays)
    assert first.values.tolist() == second.values.tolist()


def test_models_without_columns(solver, make):
    empty = solve(solver, "empty", make([], offset=3.0))
    assert empty.status is Status.OPTIMAL
    assert (empty.values.tolist(), empty.objective, empty.bound) == ([], 3.0, 3.0)
    assert solve(solver, "empty", make([], [(1, [], 2)])).status is Status.INFEASIBLE
    assert solve(solver, "empty", make([], [(-1, [], 2)])).status is Status.OPTIMAL


def test_models_without_rows(solver, make):
    solution = solve(solver, "linear", make([1, -1, 0], upper=[2, 2, 2]))
    assert solution.status is Status.OPTIMAL
    assert solution.values[:2] == about(solver, [2.0, 0.0])
    assert solution.objective == about(solver, 2.0)


def test_rows_without_columns(solver, make):
    fine = make([1, 1], [(-1, [0, 0], 5), (-INF, [1, 1], 1), (-INF, [1, 0], INF)], upper=1.0, integer=True)
    solution = solve(solver, "integer", fine)
    assert solution.status is Status.OPTIMAL
    assert solution.objective == pytest.approx(1.0)
    broken = make([1, 1], [(1, [0, 0], 5), (-INF, [1, 1], 1)], upper=1.0, integer=True)
    assert solve(solver, "integer", broken).status is Status.INFEASIBLE


def test_fixed_columns_and_crossed_bounds(solver, make):
    solution = solve(solver, "integer", make([1, 1], [(-INF, [1, 1], 3)], lower=[2, 0], upper=[2, 5], integer=True))
    assert solution.values.tolist() == [2.0, 1.0]
    crossed = make([1, 1], lower=[2, 0], upper=[1, 5], integer=True)
    assert solve(solver, "integer", crossed).status is Status.INFEASIBLE
    no_whole_number = make([1, 1], lower=[0.2, 0], upper=[0.8, 5], integer=True)
    assert solve(solver, "integer", no_whole_number).status is Status.INFEASIBLE


def test_numbers_that_are_not_finite_are_an_error(solver, make):
    assert (
        solve(solver, "empty", make([float("nan")], upper=1.0, integer=solver not in ("glop", "pdlp"))).status
        is Status.ERROR
    )


def test_an_option_the_solver_does_not_know_is_named(solver, make):
    profile = Profile.model_validate({**read_profile(solver).model_dump(), "options": {"no_such_option": 1}})
    arrays = make([1, 1], [(-INF, [2, 2], 3)], upper=1.0, integer=solver not in ("glop", "pdlp"))
    with pytest.raises(InputError) as caught:
        engine_of(profile).solve(arrays, profile)
    assert caught.value.findings[0].where.path == "options.no_such_option"


@pytest.mark.parametrize(
    ("solver", "option", "value"),
    [
        ("highs", "presolve", "off"),
        ("ortools-highs", "presolve", "off"),
        ("scip", "presolving/maxrounds", 0),
        ("cp-sat", "cp_model_presolve", False),
        ("glop", "use_dual_simplex", True),
        ("pdlp", "l2_norm_rescaling", False),
        ("cbc", "preprocess", "off"),
    ],
)
def test_an_option_the_solver_knows_is_passed_on(solver, option, value, make):
    profile = Profile.model_validate({**read_profile(solver).model_dump(), "options": {option: value}})
    arrays = make([2, 1], [(-INF, [1, 1], 1)], upper=1.0, integer=solver not in ("glop", "pdlp"))
    solution = engine_of(profile).solve(arrays, profile)
    assert solution.status is Status.OPTIMAL
    assert solution.engine.options[option] == value
