"""Proofs on their way from a search to a solution: through dropped rows, scaling and stages."""

from __future__ import annotations

import math
import os
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
import tiny_search
from hypothesis import given, settings
from hypothesis import strategies as st

import quota_opt as qo
from quota_opt.model.linear import Arrays
from quota_opt.solving import stages, structure
from quota_opt.solving.attempt import Answer, solve_checked
from quota_opt.solving.engine import engine_of
from quota_opt.solving.profile import read_profile
from quota_opt.solving.proof import ProofError, proof_of_prices, proven
from quota_opt.solving.scaling import scaling_of
from quota_opt.solving.search import Found
from quota_opt.solving.status import EngineInfo, Status
from quota_opt.solving.watch import Watch

EXAMPLES = 60 * int(os.environ.get("QUOTA_OPT_EXAMPLES", "1"))
INFO = EngineInfo("tiny", "TINY", "1")


def model(seed, wild=False):
    """Five firms of three options, tied by a row that restricts nothing, an empty one, and two budgets."""
    random = np.random.default_rng(seed)
    use = random.integers(1, 30, (2, 15)).astype(float)
    rows = [np.kron(np.eye(5), np.ones(3)), np.ones((1, 15)), np.zeros((1, 15)), use]
    upper = np.concatenate([np.ones(5), [math.inf, 1.0], 0.3 * use.sum(axis=1)])
    factors = np.array([1e-9, 1e6]) if wild else np.ones(2)
    rows[-1], upper[-2:] = use * factors[:, None], upper[-2:] * factors
    return Arrays(
        objective=random.integers(1, 60, 15) * (1e9 if wild else 1.0),
        offset=3.5,
        lower=np.zeros(15),
        upper=np.ones(15),
        integer=np.ones(15, dtype=bool),
        matrix=sp.csr_array(np.vstack(rows)),
        row_lower=np.full(9, -math.inf),
        row_upper=upper,
    )


@pytest.mark.parametrize("wild", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_a_proof_comes_out_in_the_models_own_rows_and_units(seed, wild):
    arrays = model(seed, wild)
    assert scaling_of(arrays).idle is not wild
    profile = read_profile("exact")
    found = solve_checked(tiny_search.ask, INFO, arrays, profile)
    truth = engine_of(profile).solve(arrays, profile)
    assert found.status is Status.OPTIMAL
    assert found.proof is not None
    bound = proven(arrays, found.proof)
    assert bound == pytest.approx(found.proof.bound, rel=1e-12)
    assert truth.objective <= bound <= truth.objective * (1 + 1e-6)


def test_a_proof_for_a_model_that_was_changed_to_decide_it_is_not_handed_on():
    arrays = model(0)
    calls = []

    def undecided(given, profile, watch: Watch, start):
        calls.append(given.rows)
        return Answer(None) if len(calls) == 1 else tiny_search.ask(given, profile, watch, start)

    found = solve_checked(undecided, INFO, arrays, read_profile("exact"))
    assert calls[-1] == calls[0] + 1, "the last model has a row more"
    assert found.status is Status.OPTIMAL
    assert found.proof is None


def test_the_weaker_proof_stays_beside_the_better_bound_of_an_engine_that_went_on(monkeypatch):
    arrays = model(1)
    best = engine_of(read_profile("exact")).solve(arrays, read_profile("exact"))

    class Stopped:
        """A search that stops with the best plan, and the bound of no prices at all."""

        def __init__(self, given, *rest, **named):
            self.given = given

        def run(self):
            proof = proof_of_prices(self.given, np.zeros(self.given.rows))
            return Found(best.values, self.given.value(best.values), proof.bound, proof, True)

    monkeypatch.setattr(structure, "Search", Stopped)
    found = structure.solve_structured(arrays, read_profile("auto"))
    assert found.status is Status.OPTIMAL
    assert found.proof is not None
    assert found.bound < proven(arrays, found.proof)


def test_a_search_without_nodes_has_no_proof_and_is_none_the_worse():
    found = structure.solve_structured(model(2), read_profile("auto"))
    assert found.status is Status.OPTIMAL
    assert found.proof is None or proven(model(2), found.proof) <= found.bound * (1 + 1e-9)


def test_the_model_of_a_later_stage_is_made_again_from_what_the_earlier_came_to(monkeypatch):
    ordered = qo.read("worked-example").with_(
        objective={
            "form": "lexicographic",
            "order": [{"measure": "value_added_final"}, {"measure": "public_cost", "sense": "min", "tolerance": 0.1}],
        }
    )
    problem = qo.build(ordered)
    solved = stages.optimise(problem, read_profile("exact"))
    objectives = [stage.objective for stage in solved.stages]
    again = stages.stage_arrays(problem, 1, objectives)
    assert (again.matrix != solved.arrays.matrix).nnz == 0
    for name in ("objective", "row_lower", "row_upper", "offset"):
        assert np.array_equal(getattr(again, name), getattr(solved.arrays, name)), name
    assert again.rows == stages.stage_arrays(problem, 0, objectives).rows + 1


def test_trees_of_the_worked_example_prove_its_optimum():
    # With 70 % kept in the towns the best plan brings 1,200, the relaxation 1,800: splits must close the rest.
    arrays = qo.build("worked-example/keep-70").arrays
    proof = tiny_search.searched(arrays, 1200.0)
    assert proof.leaves > 1
    assert proof.bound == pytest.approx(1200.0, rel=1e-6)
    assert proven(arrays, replace(proof, bound=0.0)) == proof.bound


def with_demand(seed, share, relief):
    """The model with a continuous column that eases the budgets, and a third row that asks for most of one measure."""
    arrays, random = model(seed), np.random.default_rng(seed + 1)
    give = random.integers(0, 10, 15).astype(float)
    column = np.concatenate([np.zeros(7), [-relief, -relief]])
    matrix = np.vstack([np.hstack([arrays.matrix.toarray(), column[:, None]]), np.append(give, 0.0)])
    return Arrays(
        objective=np.append(arrays.objective, -1.0),
        offset=arrays.offset,
        lower=np.zeros(16),
        upper=np.append(np.ones(15), 3.0),
        integer=np.arange(16) < 15,
        matrix=sp.csr_array(matrix),
        row_lower=np.append(arrays.row_lower, share * give.reshape(5, 3).max(axis=1).sum()),
        row_upper=np.append(arrays.row_upper, math.inf),
    )


@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=st.integers(0, 10**9), share=st.sampled_from([0.0, 0.4, 0.7, 0.9, 1.1]), relief=st.integers(0, 5))
def test_trees_over_the_relaxations_prices_prove_the_optimum_of_random_models(seed, share, relief):
    arrays = with_demand(seed, share, relief)
    profile = read_profile("exact")
    truth = engine_of(profile).solve(arrays, profile)
    if truth.values is None:
        # Nothing is feasible, and the tree shows it: every leaf ends in a ray.
        assert truth.status is Status.INFEASIBLE
        assert tiny_search.searched(arrays, -math.inf).bound == -math.inf
        return
    proof = tiny_search.searched(arrays, truth.objective)
    room = 1e-6 * max(1.0, abs(truth.objective))
    assert truth.objective - room <= proof.bound <= truth.objective + room
    with pytest.raises(ProofError):
        proven(arrays, replace(proof, nodes=(*proof.nodes[1:], replace(proof.nodes[0], parent=0))))
