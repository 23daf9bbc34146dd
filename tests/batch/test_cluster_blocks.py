"""One large case on a Dask cluster: the plan of one process bit for bit, also when a worker dies in the middle."""

import operator
import os
import signal
import sys
import threading
from functools import partial

import numpy as np
import pytest

import quota_opt as qo
from quota_opt.batch import cluster_blocks
from quota_opt.batch.cluster import connected
from quota_opt.batch.cluster_blocks import ClusterWorkers, Held, called, changes
from quota_opt.solving import stages, structure
from quota_opt.solving.by_place import nested_blocks, split
from quota_opt.solving.by_place_block import Block, Until
from quota_opt.solving.by_place_plans import prove
from quota_opt.solving.by_place_workers import PLACE_OF_WORK
from quota_opt.solving.pipes import WorkerError

pytest.importorskip("distributed")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")


class Does:
    """A program that a worker works out when it takes this in."""

    def __init__(self, program):
        self._program = program

    def __reduce__(self):
        return exec, (self._program,)


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """Three counties in a city."""
    folder = tmp_path_factory.mktemp("city") / "case"
    qo.generate_case(folder, firms=360, projects=54, towns=3, counties=3, years=3, seed=1, first_year=2021)
    return qo.read(str(folder))


@pytest.fixture(scope="module")
def problem(city):
    return qo.build(city)


@pytest.fixture(scope="module")
def client():
    with connected("local:2") as shared:
        yield shared


@pytest.fixture
def by_county(problem, monkeypatch):
    """The city counts as large."""
    for module in (structure, stages):
        monkeypatch.setattr(module, "COUNTY", problem.arrays.columns // 2)
    monkeypatch.setattr(stages, "BLOCK", problem.arrays.columns // 6)
    monkeypatch.setattr(structure, "LARGE", 1)
    monkeypatch.setattr(structure, "processors", lambda: 1)


@pytest.fixture
def parts(problem):
    return split(problem.arrays, blocks_of(problem).coarse)


def blocks_of(problem):
    columns = problem.arrays.columns
    return nested_blocks(problem, columns // 6, columns // 2)


def holders(client, workers):
    """A worker that holds each block."""
    from distributed import wait

    with client.as_current():
        wait(workers._blocks)
    return [held[0] for held in client.who_has(workers._blocks).values()]


def solved(problem):
    found = structure.solve_structured(
        problem.arrays, qo.read_profile("auto").with_limits(gap=1e-2), blocks=blocks_of(problem)
    )
    assert found.values is not None
    return found.values.tobytes(), found.bound


@pytest.mark.slow
def test_processes_a_cluster_and_one_whose_workers_are_killed_give_the_same_plan_and_bound(
    problem, client, by_county, monkeypatch
):
    killed = []

    class Killing(ClusterWorkers):
        """Loses the worker of the first block while the sweeps go on, and once more while the blocks are proven."""

        def each(self, task, arguments):
            if (task is Block.solve and len(self._histories[0]) == 1 and not killed) or task is prove:
                home = holders(client, self)[0]
                pid = client.run(os.getpid, workers=[home])[home]
                sent = threading.Timer(0.0 if task is prove else 0.01, os.kill, (pid, signal.SIGKILL))
                sent.start()
                killed.append(pid)
            return super().each(task, arguments)

    def nothing_more(arrays, profile, watch, start):
        return structure.Answer(structure.Status.FEASIBLE, start)

    monkeypatch.setattr(structure, "ask_highs", nothing_more)

    one = solved(problem)  # what the counties find, and nobody goes on with
    monkeypatch.setattr(structure, "processors", lambda: 2)
    two = solved(problem)
    assert one == two
    for workers in (ClusterWorkers, Killing):
        token = PLACE_OF_WORK.set(partial(workers, client))
        try:
            assert solved(problem) == one
        finally:
            PLACE_OF_WORK.reset(token)
    assert len(killed) == 2


@pytest.mark.slow
def test_everything_that_is_solved_in_the_context_uses_the_cluster_and_nothing_after_it(city, by_county, monkeypatch):
    hired = []

    class Noted(ClusterWorkers):
        def __init__(self, client, parts):
            hired.append(len(parts.parts))
            super().__init__(client, parts)

    monkeypatch.setattr(cluster_blocks, "ClusterWorkers", Noted)
    with qo.cluster("local:1"):
        there = qo.solve(city, gap=0.01)
    assert hired
    count = len(hired)
    here = qo.solve(city, gap=0.01)
    assert len(hired) == count
    assert there.objective == here.objective
    assert there.awards.equals(here.awards)


def test_a_hot_block_answers_as_one_that_is_made_again_elsewhere(parts):
    part = parts.parts[0]
    never = Until(float("inf"))
    prices = [np.full(len(parts.linking), price) for price in (0.0, 0.01, 0.02)]
    kept = Held(part.arrays, part.linking)
    history, answers = (), []
    for price in prices:
        answers.append(kept.answer(history, Block.solve, (price, never)))
        history += ((Block.solve, (price, never)),)
    fresh = Held(part.arrays, part.linking).answer(history[:-1], Block.solve, history[-1][1])
    for mine, other in zip(vars(answers[-1]).values(), vars(fresh).values(), strict=True):
        assert mine.tobytes() == other.tobytes()


def test_methods_of_a_block_may_change_it_and_other_tasks_do_not():
    assert changes(Block.solve)
    assert changes(Block.change_sides)
    assert not changes(prove)
    assert not changes(operator.truediv)


def test_a_task_that_fails_is_told_and_the_blocks_go_on(client, parts):
    count = len(parts.parts)
    given = [(np.zeros(len(parts.linking)), Until(float("inf")))] * count
    with ClusterWorkers(client, parts) as workers:
        with pytest.raises(WorkerError, match="TypeError"):
            workers.each(operator.truediv, [(0,)] * count)
        assert all(answer is not None for answer in workers.each(Block.solve, given))
        assert workers.each(operator.is_, [(None,), *[()] * (count - 1)]) == [False, *[None] * (count - 1)]


def test_blocks_are_spread_over_the_workers(client, parts):
    with ClusterWorkers(client, parts) as workers:
        assert set(holders(client, workers)) == set(client.nthreads())


def test_closing_from_another_thread_ends_a_call(client, parts):
    with ClusterWorkers(client, parts) as workers:
        threading.Timer(0.5, workers.close).start()
        with pytest.raises(WorkerError, match="ended"):
            workers.each(operator.is_, [(Does("import time; time.sleep(5)"),)] * len(parts.parts))


def test_a_call_that_takes_longer_than_there_is_time_is_given_up(client, parts):
    import time

    hangs = (Does("import time; time.sleep(5)"), Until(time.time() + 0.1))
    with ClusterWorkers(client, parts) as workers, pytest.raises(WorkerError, match="time"):
        workers.each(operator.is_, [hangs] * len(parts.parts))


@pytest.mark.slow
def test_a_block_that_kills_every_worker_is_an_error_and_not_another_way_to_a_plan(client, parts):
    kills = Does("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with ClusterWorkers(client, parts) as workers, pytest.raises(qo.EngineFailed, match="every worker"):
        workers.each(operator.is_, [(kills,), *[()] * (len(parts.parts) - 1)])


def test_a_call_that_goes_wrong_leaves_no_half_changed_block_behind(parts):
    import pickle

    part, never = parts.parts[0], Until(float("inf"))
    block, right = Held(part.arrays, part.linking), (np.zeros(len(parts.linking)), never)
    payload = partial(pickle.dumps, protocol=pickle.HIGHEST_PROTOCOL)
    assert called(block, payload(((), Block.solve, (np.zeros(1), never))))[0] is False
    good, answer = called(block, payload(((), Block.solve, right)))
    assert good
    assert answer.values.tobytes() == Block.of(part).solve(*right).values.tobytes()
