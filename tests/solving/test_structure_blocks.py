"""Random models of choices in blocks: by structure and to a gap of nought they come out alike, proofs included.

`QUOTA_OPT_EXAMPLES=30` tries some thousand of them.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import choice_models as choices
import numpy as np
import pytest
import scipy.sparse as sp
from choice_models import Shape
from hypothesis import given
from hypothesis import strategies as st
from rule_cases import RULE_CASES, small_case
from strategies import examples

import quota_opt as qo
from quota_opt.rules import RULES
from quota_opt.solving import structure
from quota_opt.solving.highs import relaxed
from quota_opt.solving.packing import groups_of
from quota_opt.solving.profile import read_profile
from quota_opt.solving.proof import Kind, proof_of_prices, proven
from quota_opt.solving.search import Search
from quota_opt.solving.status import Status
from quota_opt.solving.structure import solve_structured
from quota_opt.solving.watch import Watch

GAP = 1e-4
AUTO = read_profile("auto").with_limits(gap=GAP, time_limit=60)

shapes = st.builds(
    Shape,
    seed=st.integers(0, 10**9),
    blocks=st.integers(1, 4),
    groups=st.integers(1, 4),
    options=st.integers(1, 4),
    local=st.integers(0, 2),
    links=st.integers(0, 3),
    moves=st.integers(0, 2),
    common=st.integers(0, 2),
    demand=st.sampled_from([0.0, 0.3, 0.6, 1.2]),
    twists=st.lists(st.sampled_from(choices.TWISTS), max_size=3, unique=True).map(tuple),
)


@examples(100)
@given(shape=shapes)
def test_with_blocks_and_without_the_answer_is_that_of_the_exact_engine(shape):
    arrays, of = choices.model(shape)
    truth = choices.exact(arrays)
    for blocks in (None, choices.nested(of)):
        choices.check(arrays, solve_structured(arrays, AUTO, blocks=blocks), truth, GAP)


@examples(40)
@given(shape=shapes)
def test_county_by_county_the_answer_is_that_of_the_exact_engine(shape):
    arrays, of = choices.model(shape)
    truth = choices.exact(arrays)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structure, "COUNTY", 0)
        patch.setattr(structure, "processors", lambda: 1)
        found = solve_structured(arrays, AUTO, blocks=choices.nested(of))
    choices.check(arrays, found, truth, GAP)


@examples(100)
@given(shape=shapes)
def test_what_search_and_blocks_say_before_a_solver_goes_on_is_proven(shape):
    arrays, of = choices.model(replace(shape, twists=tuple(t for t in shape.twists if t != "nothing")))
    truth = choices.exact(arrays)
    parts = [structure._as_one(arrays, AUTO, Watch(), None, math.inf)]
    if of.max() > 0:
        parts.append(structure._by_blocks(arrays, of, AUTO, Watch(), None, math.inf))
    for found in parts:
        if found is None:
            continue
        choices.check_proof(arrays, found.proof, truth)
        assert found.proof.bound <= found.bound + 1e-9 * abs(found.bound)
        if truth.values is None:
            assert found.values is None
            continue
        assert found.bound >= truth.objective - choices.room(truth)
        if found.values is not None:
            assert found.value == arrays.value(found.values) <= truth.objective + choices.room(truth)


def test_on_most_random_models_the_search_and_the_blocks_have_much_to_say():
    # So that the two tests above are about them, and not about the solver that goes on where they end.
    ends = Counter()
    for seed in range(40):
        arrays, of = choices.model(Shape(seed))
        one = structure._as_one(arrays, AUTO, Watch(), None, math.inf)
        blocks = structure._by_blocks(arrays, of, AUTO, Watch(), None, math.inf)
        ends["closed"] += one.bound - one.value <= GAP * abs(one.value)
        ends["planned"] += blocks.values is not None
        relaxation = proof_of_prices(arrays, relaxed(arrays).prices).bound
        ends["tighter"] += blocks.proof.bound < relaxation * (1 - 1e-6)
    assert ends["closed"] >= 36, ends
    assert ends["planned"] >= 36, ends
    assert ends["tighter"] >= 20, ends


def flat(**changes):
    """Two blocks of two firms with two options, and what is changed."""
    return choices.model(Shape(3, blocks=2, groups=2, options=2, **changes))


def without_choices(count):
    """Blocks of continuous columns alone, `count` columns in each of two."""
    arrays, of = choices.model(Shape(5, blocks=2, groups=1, options=1, moves=count))
    kept = np.flatnonzero(~arrays.integer)
    return replace(
        arrays,
        objective=np.abs(arrays.objective[kept]),
        lower=arrays.lower[kept],
        upper=arrays.upper[kept],
        integer=arrays.integer[kept],
        matrix=sp.csr_array(arrays.matrix[:, kept]),
        row_lower=np.full(arrays.rows, -math.inf),
    ), of[kept]


@pytest.mark.parametrize(
    ("made", "status"),
    [
        pytest.param(flat(), Status.OPTIMAL, id="plain"),
        pytest.param(flat(demand=3.0), Status.INFEASIBLE, id="more is asked for than all give"),
        pytest.param(choices.model(Shape(2, 1, 1, 1)), Status.OPTIMAL, id="a single firm with a single action"),
        pytest.param(choices.model(Shape(2, 4, 1, 1)), Status.OPTIMAL, id="a firm and an action in each block"),
        pytest.param(without_choices(2), Status.OPTIMAL, id="neither firms nor projects"),
        pytest.param(flat(links=0, common=0), Status.OPTIMAL, id="blocks that nothing ties but what is asked for"),
        pytest.param(flat(twists=("tied",)), Status.OPTIMAL, id="all alike"),
        pytest.param(flat(twists=("loss",), demand=0.0), Status.OPTIMAL, id="nothing pays"),
        pytest.param(flat(twists=("wild", "dear")), Status.OPTIMAL, id="rows from 1e-4 to 1e6, worth of millions"),
        # The best plan brings exactly 0 in the one, and the noise of millions beside it is no gap.
        pytest.param(
            choices.model(Shape(2490, 3, 1, 1, 1, 3, 0, 0, 0.0, ("tied", "dear", "loss", "endless"))),
            Status.OPTIMAL,
            id="nothing pays, in millions",
        ),
        # Nodes priced a second time, by prices that prove less.
        pytest.param(
            choices.model(Shape(1205, 4, 4, 4, 1, 0, 1, 2, 1.2, ("wild", "loss", "implied"))),
            Status.OPTIMAL,
            id="a long search among losses",
        ),
    ],
)
def test_awkward_models_in_blocks_end_as_they_should(made, status):
    arrays, of = made
    truth = choices.exact(arrays)
    assert truth.status is status
    for blocks in (None, choices.nested(of)):
        choices.check(arrays, solve_structured(arrays, AUTO, blocks=blocks), truth, GAP)


def test_a_block_that_can_grow_without_end_makes_the_whole_unbounded():
    arrays, of = flat()
    grown = replace(
        arrays,
        objective=np.append(arrays.objective, 1.0),
        lower=np.append(arrays.lower, 0.0),
        upper=np.append(arrays.upper, math.inf),
        integer=np.append(arrays.integer, False),
        matrix=sp.csr_array(sp.hstack([arrays.matrix, sp.csr_array((arrays.rows, 1))])),
    )
    assert solve_structured(grown, AUTO, blocks=choices.nested(np.append(of, 1))).status is Status.UNBOUNDED


@pytest.mark.parametrize("twists", [(), ("tied",), ("wild", "implied"), ("equal",)])
def test_the_same_blocks_give_the_same_bits_again(twists):
    arrays, of = choices.model(Shape(11, blocks=4, groups=6, options=4, links=3, twists=twists))
    for blocks in (None, choices.nested(of)):
        first, second = (solve_structured(arrays, AUTO, blocks=blocks) for _ in range(2))
        assert first.values.tobytes() == second.values.tobytes()
        assert (first.objective, first.bound) == (second.objective, second.bound)
        assert proven(arrays, first.proof) == proven(arrays, second.proof)


@pytest.mark.parametrize("seed", [26, 90])
def test_parts_of_the_tree_without_a_plan_are_proven_so(seed):
    # Where rows cannot be kept, the core breaks them at a price. Dear enough, the part is worse than the best plan.
    shape = {
        26: Shape(26, 2, 2, 4, 2, 0, 0, 1, 0.0, ("dear",)),
        90: Shape(90, 2, 1, 4, 2, 2, 2, 1, 1.2, ("equal",)),
    }[seed]
    arrays, _ = choices.model(shape)
    found = Search(arrays, groups_of(arrays), Watch(), gap=GAP, patience=2000).run()
    assert not found.stopped
    assert found.bound - found.value <= GAP * abs(found.value)
    choices.check_proof(arrays, found.proof, choices.exact(arrays))


def test_a_part_without_a_plan_is_proven_by_a_ray_where_no_row_is_eased(make):
    # A or B, A or C, and not both B and C: without A there is no plan. A costs 10, B and C bring 1 each: 1 - 10 = -9.
    # The relaxation takes a quarter of A, and three quarters of B and C. With B taken, half of A and of C is left, and
    # whichever is torn next, one of its halves is empty: C taken, or A not. Rows of two columns stay as they are there.
    rows = [(1.0, [1, 1, 0], math.inf), (1.0, [1, 0, 1], math.inf), (-math.inf, [0, 1, 1], 1.5)]
    arrays = make([-10.0, 1.0, 1.0], rows, upper=1.0, integer=True)
    found = Search(arrays, groups_of(arrays), Watch(), gap=0.0, patience=2000).run()
    assert found.value == pytest.approx(-9.0)
    assert found.bound == pytest.approx(-9.0)
    assert proven(arrays, found.proof) == pytest.approx(-9.0)
    assert Kind.INFEASIBLE in {node.kind for node in found.proof.nodes}


def test_a_county_of_nothing_but_continuous_columns_has_its_plan(monkeypatch):
    # The common columns are a county by themselves, which has no group to round.
    arrays, of = choices.model(Shape(20040, 4, 1, 1, 2, 1, 2, 1, 0.0, ("dear",)))
    assert not arrays.integer[choices.nested(of).coarse == 2].any()
    monkeypatch.setattr(structure, "COUNTY", 0)
    monkeypatch.setattr(structure, "processors", lambda: 1)
    found = solve_structured(arrays, AUTO, blocks=choices.nested(of))
    choices.check(arrays, found, choices.exact(arrays), GAP)


def test_the_time_that_the_search_took_is_not_given_again(monkeypatch):
    # No optimum of the relaxation, and half of the time is gone: the solver gets the rest.
    arrays, _ = flat()
    given = []

    def took_half(arrays, limit=math.inf):
        given.append(limit)
        monkeypatch.setattr(Watch, "seconds", property(lambda watch: 30.0))

    def asked(arrays, profile, watch, start):
        given.append(profile.time_limit_s)
        return real(arrays, profile, watch, start)

    real = structure.ask_highs
    monkeypatch.setattr("quota_opt.solving.search.relaxed", took_half)
    monkeypatch.setattr(structure, "ask_highs", asked)
    assert solve_structured(arrays, AUTO).status is Status.OPTIMAL
    assert given == [pytest.approx(30.0, abs=5.0), 30.0]


@pytest.fixture
def everything_is_large(monkeypatch):
    """Cases of any size are solved by structure; how often is counted, and blocks are as small as towns."""
    asked = []

    def counted(*arguments, **named):
        asked.append(named.get("blocks"))
        return solve_structured(*arguments, **named)

    monkeypatch.setattr(structure, "LARGE", 1)
    monkeypatch.setattr("quota_opt.solving.stages.BLOCK", 12)
    monkeypatch.setattr("quota_opt.solving.stages.solve_structured", counted)
    return asked


@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize("rule", RULES)
def test_every_rules_case_has_the_optimum_of_the_exact_engine(rule, on, everything_is_large):
    assert rule in RULE_CASES, f"give {rule} a case in tests/rule_cases.py"
    settings, tables = small_case(rule, on=on)
    scenario = qo.Scenario.from_tables(settings, **tables)
    truth = qo.solve(scenario, profile="exact")
    assert not everything_is_large
    plan = qo.solve(scenario, profile="auto")
    assert everything_is_large
    assert plan.status == truth.status == "OPTIMAL"
    assert plan.objective == pytest.approx(truth.objective, rel=GAP)
    assert plan.bound >= truth.objective * (1 - 1e-9)
    assert qo.verify(plan).ok


@pytest.mark.parametrize("address", ["worked-example", "worked-example/keep-70", "zhuji", "yueqing", "ouhai"])
def test_built_in_cases_in_towns_agree_with_the_solver_as_a_whole(address, everything_is_large, monkeypatch):
    plan = qo.solve(address, time_limit=60)
    assert everything_is_large
    monkeypatch.setattr(structure, "LARGE", 10**9)
    whole = qo.solve(address, time_limit=60)
    assert plan.status == whole.status == "OPTIMAL"
    assert plan.objective <= whole.bound * (1 + 1e-6)
    assert whole.objective <= plan.bound * (1 + 1e-6)
    assert qo.verify(plan).ok
