"""Fronts of `quota-opt bench`: exact ones beside PyAUGMECON on the same engine, spread ones beside single solves.

python -m quota_opt.cli.bench_front quota_opt ITEMS GOALS LARGEST SEED
python -m quota_opt.cli.bench_front pyaugmecon ITEMS GOALS LARGEST SEED GRID SECONDS
python -m quota_opt.cli.bench_front spread CASE POINTS GAP

The instances are knapsacks with whole profits from 1 to LARGEST. PyAUGMECON gets as many grid points as its goals have
values, so that it can find all; it asks for its solver with arguments that HiGHS does not take, so the solver is made
for it here.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from quota_opt.cli.session import Session
from quota_opt.errors import Text

INSTANCES = ((30, 2, 100), (50, 2, 100), (20, 3, 30))
"""Items, goals and largest profit of the knapsacks."""
OTHER = "pyaugmecon"
LIMIT = 300.0
"""Seconds after which PyAUGMECON is ended."""
SPREAD, GAP = 25, 1e-3
"""How many points are spread over the front of a case, and to which gap they and the single solve are proven."""
MEASURES = ("value_added", "carbon_net")


@dataclass(frozen=True)
class Row:
    """One way on one instance: `missed` points of the true front, `ratio` of its processor time to ours."""

    instance: str
    way: str
    seconds: float | None = None
    cpu_seconds: float | None = None
    points: int | None = None
    missed: int | None = None
    programs: int | None = None
    ratio: float | None = None


def knapsack(items: int, goals: int, largest: int, seed: int) -> tuple[Any, Any, float]:
    """Profits (goals, items), weights (items,) and what may be carried: half of all."""
    random = np.random.default_rng(seed)
    profits = random.integers(1, largest + 1, (goals, items)).astype(float)
    weights = random.integers(1, largest + 1, items).astype(float)
    return profits, weights, float(weights.sum() // 2)


def raced(seed: int) -> list[Row]:
    """Every instance with both ways; without seconds where PyAUGMECON is not installed or did not end in time."""
    rows = []
    for instance in INSTANCES:
        name = f"knapsack {instance[0]}, {instance[1]} goals"
        told = [str(part) for part in (*instance, seed)]
        ours = _child("quota_opt", *told)
        true = {tuple(point) for point in ours["points"]}
        rows.append(Row(name, "quota_opt", ours["seconds"], ours["cpu"], len(true), 0, ours["programs"], 1.0))
        if find_spec(OTHER) is None:
            rows.append(Row(name, OTHER))
            continue
        values = np.array(ours["points"])
        grid = int((values.max(axis=0) - values.min(axis=0))[1:].max()) + 1
        theirs = _child(OTHER, *told, str(grid), limit=LIMIT)
        if not theirs:
            rows.append(Row(name, OTHER, ratio=round(LIMIT / ours["seconds"], 1)))
            continue
        found = {tuple(point) for point in theirs["points"]}
        ratio = round(theirs["cpu"] / ours["cpu"], 1)
        rows.append(
            Row(name, OTHER, theirs["seconds"], theirs["cpu"], len(found), len(true - found), theirs["programs"], ratio)
        )
    return rows


def spread(size: str, case: str) -> list[Row]:
    """A single solve of a case, then so many points of its front; `ratio` counts in single solves."""
    told = _child("spread", case, str(SPREAD), str(GAP))
    one = Row(size, "solve", told["single"], told["single_cpu"], 1, ratio=1.0)
    ratio = round(told["cpu"] / told["single_cpu"], 1)
    return [one, Row(size, "front", told["seconds"], told["cpu"], told["points"], None, told["programs"], ratio)]


def _child(*arguments: str, limit: float | None = None) -> dict[str, Any]:
    command = [sys.executable, "-m", "quota_opt.cli.bench_front", *arguments]
    try:
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8", timeout=limit)
    except subprocess.TimeoutExpired:
        return {}
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _cpu() -> float:
    """Processor seconds of this process and of those it started and has ended."""
    return sum(os.times()[:4])


def _ours(items: int, goals: int, largest: int, seed: int) -> dict[str, Any]:
    import scipy.sparse as sp

    from quota_opt.analysis.front.exact import exact_front
    from quota_opt.model.linear import Arrays
    from quota_opt.solving.profile import read_profile

    profits, weights, most = knapsack(items, goals, largest, seed)
    arrays = Arrays(
        objective=np.zeros(items),
        offset=0.0,
        lower=np.zeros(items),
        upper=np.ones(items),
        integer=np.ones(items, dtype=bool),
        matrix=sp.csr_array(weights[None, :]),
        row_lower=np.array([-np.inf]),
        row_upper=np.array([most]),
    )
    began, cpu = time.perf_counter(), _cpu()
    front = exact_front(arrays, -profits, read_profile("exact"))
    return {
        "seconds": time.perf_counter() - began,
        "cpu": _cpu() - cpu,
        "points": (-front.points).tolist(),
        "programs": front.programs,
    }


def _theirs(items: int, goals: int, largest: int, seed: int, grid: int) -> dict[str, Any]:
    pyomo = importlib.import_module("pyomo.environ")
    pyaugmecon = importlib.import_module(OTHER)
    model_type = importlib.import_module(f"{OTHER}.model").Model

    def solve(self: Any) -> None:
        solver = pyomo.SolverFactory("appsi_highs")
        solver.highs_options = {"mip_rel_gap": 0.0, "threads": 1}
        self.result = solver.solve(self.model, load_solutions=False)
        self.term, self.status = self.result.solver.termination_condition, self.result.solver.status
        if self.term == pyomo.TerminationCondition.optimal:
            solver.load_vars()

    model_type.solve = solve
    profits, weights, most = knapsack(items, goals, largest, seed)
    model = pyomo.ConcreteModel()
    model.x = pyomo.Var(range(items), within=pyomo.Binary)
    model.carried = pyomo.Constraint(expr=sum(weights[i] * model.x[i] for i in range(items)) <= most)
    model.obj_list = pyomo.ObjectiveList()
    for row in profits:
        model.obj_list.add(expr=sum(row[i] * model.x[i] for i in range(items)), sense=pyomo.maximize)
    for at in range(goals):
        model.obj_list[at + 1].deactivate()
    options = {"grid_points": grid, "cpu_count": 1, "redivide_work": False, "output_excel": False,
               "logging_folder": "logs"}  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        began, cpu = time.perf_counter(), _cpu()
        with contextlib.redirect_stdout(io.StringIO()):
            asked = pyaugmecon.PyAugmecon(model, options, {"MIPGap": True, "NonConvex": True})
            asked.solve()
        return {
            "seconds": time.perf_counter() - began,
            "cpu": _cpu() - cpu,
            "points": [[float(round(value)) for value in point] for point in asked.unique_pareto_sols],
            "programs": int(asked.model.models_solved.value()),
        }


def _spread(case: str, points: int, gap: float) -> dict[str, Any]:
    qo = importlib.import_module("quota_opt")
    scenario = qo.read(case)
    began, cpu = time.perf_counter(), _cpu()
    qo.solve(scenario, gap=gap)
    middle, half = time.perf_counter(), _cpu()
    front = qo.pareto(scenario, list(MEASURES), points=points, gap=gap)
    return {
        "single": middle - began,
        "single_cpu": half - cpu,
        "seconds": time.perf_counter() - middle,
        "cpu": _cpu() - half,
        "points": len(front.points),
        "programs": front.found.programs,
    }


def main(words: list[str]) -> None:
    """Do what the head of this file says and print the result as one line of JSON."""
    way, *told = words
    if way == "spread":
        result = _spread(told[0], int(told[1]), float(told[2]))
    elif way == OTHER:
        result = _theirs(*(int(word) for word in told))
    else:
        result = _ours(*(int(word) for word in told))
    sys.stdout.write(json.dumps(result) + "\n")


def table(session: Session, rows: list[Row]) -> Any:
    """The rows for people; what did not run has dashes."""
    from rich.table import Table

    headings = (
        Text("算例", "case"),
        Text("做法", "way"),
        Text("秒", "seconds"),
        Text("处理器秒", "CPU s"),
        Text("点", "points"),
        Text("漏掉", "missed"),
        Text("求解次数", "programs"),
        Text("倍", "ratio"),
    )
    made = Table(box=None, pad_edge=False)
    for heading in headings:
        made.add_column(session.text(heading), justify="left" if heading in headings[:2] else "right")
    for row in rows:
        figures = (row.seconds, row.cpu_seconds, row.points, row.missed, row.programs, row.ratio)
        made.add_row(row.instance, row.way, *("–" if value is None else f"{value:.3g}" for value in figures))
    return made


def flat(rows: list[Row]) -> list[dict[str, Any]]:
    """The rows as lines of a table."""
    return [asdict(row) for row in rows]


if __name__ == "__main__":
    main(sys.argv[1:])
