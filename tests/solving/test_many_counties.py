"""Many counties are proven and planned apart, in one process or several: same answer, same bound, each checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import quota_opt as qo
from quota_opt.scenario.generate import generate_case
from quota_opt.solving import stages, structure
from quota_opt.solving.by_place import nested_blocks
from quota_opt.solving.checking import check_values
from quota_opt.solving.highs import HighsEngine
from quota_opt.solving.profile import read_profile
from quota_opt.solving.proof import proven
from quota_opt.solving.status import Solution, Status

GAP = 1e-2


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Three counties of 200 firms and 30 projects each, in a city."""
    folder = tmp_path_factory.mktemp("city") / "case"
    generate_case(folder, firms=600, projects=90, towns=3, counties=3, years=3, seed=1, first_year=2021)
    return qo.build(qo.read(str(folder)))


def solved(problem: Any, processes: int, monkeypatch: pytest.MonkeyPatch) -> Solution:
    """The city solved county by county; HiGHS does not go on, so that what is found is the counties' own."""
    columns = problem.arrays.columns
    monkeypatch.setattr(structure, "COUNTY", columns // 2)
    monkeypatch.setattr(structure, "processors", lambda: processes)

    def nothing_more(arrays: Any, profile: Any, watch: Any, start: Any) -> structure.Answer:
        return structure.Answer(Status.FEASIBLE, start)

    monkeypatch.setattr(structure, "ask_highs", nothing_more)
    blocks = nested_blocks(problem, columns // 6, columns // 2)
    assert blocks.coarse.max() >= 2
    assert blocks.fine.max() > blocks.coarse.max()
    return structure.solve_structured(problem.arrays, read_profile("auto").with_limits(gap=GAP), blocks=blocks)


def test_one_process_and_two_give_the_same_plan_and_bound(city: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = (solved(city, processes, monkeypatch) for processes in (1, 2))
    assert one.values is not None
    assert two.values is not None
    assert np.array_equal(one.values, two.values)
    assert one.bound == two.bound


def test_the_bound_of_all_counties_is_proven_again_and_holds(city: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = solved(city, 1, monkeypatch)
    assert found.proof is not None
    again = proven(city.arrays, found.proof)
    assert again <= found.proof.bound
    monkeypatch.undo()
    best = HighsEngine().solve(city.arrays, read_profile("highs").with_limits(gap=1e-3, time_limit=60))
    assert best.values is not None
    assert again >= best.objective * (1 - 1e-9)
    assert found.objective <= best.bound * (1 + 1e-9)


def test_a_plan_of_all_counties_keeps_every_row(city: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = solved(city, 1, monkeypatch)
    assert found.values is not None
    assert check_values(city.arrays, found.values).ok
    assert found.gap <= 0.05


def test_a_plan_put_together_from_counties_is_stated_as_its_tables_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What counties share (here a shortfall) is made exact when all are done, which improves the objective."""
    folder = tmp_path / "case"
    generate_case(folder, firms=360, projects=54, towns=3, counties=3, years=3, seed=1, first_year=2021)
    case = qo.read(folder)
    columns = qo.build(case).arrays.columns
    for module, name, value in (
        (structure, "COUNTY", columns // 2), (stages, "COUNTY", columns // 2), (stages, "BLOCK", columns // 6),
        (structure, "LARGE", 1), (structure, "TOO_LARGE", 1), (structure, "processors", lambda: 1),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    plan = qo.solve(case, gap=GAP)
    assert plan.gap == pytest.approx((plan.bound - plan.objective) / plan.objective)
    assert plan.bound >= plan.objective
    assert qo.verify(plan).ok
