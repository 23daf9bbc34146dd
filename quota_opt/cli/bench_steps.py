"""Steps of `quota-opt bench`, each case in a process of its own so that memory is that of the steps alone.

python -m quota_opt.cli.bench_steps generate CASE SIZES          SIZES as JSON, see `bench.CASES`
python -m quota_opt.cli.bench_steps steps CASE [relaxation]      load, read, build, hand over
python -m quota_opt.cli.bench_steps model WAY CASE MODEL         the same model in one of `WAYS`
"""

from __future__ import annotations

import importlib
import itertools
import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from quota_opt.cli.bench_race import cpu_seconds, imported, peak_mb, rule_starts
from quota_opt.cli.bench_solvers import TABLES, WAYS
from quota_opt.model.linear import Arrays, FloatArray, IntArray, LinearModel

WIDER = 2.0
"""Rows are stated together where none has more than this many times the terms of the shortest."""


def generate(case: str, sizes: str) -> None:
    """Write the synthetic case."""
    from quota_opt.scenario.generate import SHAPES, generate_case

    wanted = json.loads(sizes)
    generate_case(Path(case), first_year=2021, shape=SHAPES[wanted.pop("shape")], **wanted)


def timed(step: str, work: Callable[[], Any], **counts: Callable[[Any], int]) -> tuple[Any, dict[str, Any]]:
    """What `work` gives, and a line of the table about it; `counts` are taken of the result."""
    began, began_cpu = time.perf_counter(), cpu_seconds()
    result = work()
    seconds, cpu = time.perf_counter() - began, cpu_seconds() - began_cpu
    line = {"step": step, "seconds": round(seconds, 3), "cpu_seconds": round(cpu, 3), "peak_mb": peak_mb()}
    return result, line | {name: int(count(result)) for name, count in counts.items()}


def steps(case: str, *, relaxation: bool) -> list[dict[str, Any]]:
    """Each step from the import to the solver that holds the model; the linear relaxation, if asked for."""
    import quota_opt as qo

    _, loaded = timed("load", lambda: importlib.import_module("quota_opt.facade"))
    scenario, read = timed("read", lambda: qo.read(case))
    problem, built = timed("build", lambda: qo.build(scenario), **_sizes(lambda built: built.arrays))
    from quota_opt.solving.highs import load, relaxed

    _, handed = timed("hand over", lambda: load(problem.arrays))
    lines = [loaded, read, built, handed]
    if relaxation:
        lines.append(timed("LP relaxation", lambda: relaxed(problem.arrays))[1])
    return lines


def model(way: str, case: str, exported: str) -> dict[str, Any]:
    """The model built one way: a line of the table with columns per second of processor time."""
    import quota_opt as qo

    if way == TABLES:
        importlib.import_module("quota_opt.facade")
        scenario = qo.read(case)
        line = timed(way, lambda: qo.build(scenario), **_sizes(lambda built: built.arrays))[1]
    else:
        importlib.import_module(WAYS[way])
        arrays, starts = imported(exported), rule_starts(exported)
        line = timed(way, lambda: _STATE[way](arrays, starts), **_sizes(lambda _: arrays))[1]
    return line | {"columns_per_second": round(line["columns"] / max(line["cpu_seconds"], 1e-3))}


def with_quota_opt(arrays: Arrays, starts: IntArray) -> Arrays:
    """The model stated block by block in our own `LinearModel`."""
    stated = LinearModel()
    changes = np.flatnonzero(np.diff(arrays.integer)) + 1
    for first, last in itertools.pairwise([0, *changes.tolist(), arrays.columns]):
        low, high, whole = arrays.lower[first:last], arrays.upper[first:last], bool(arrays.integer[first])
        stated.add_columns("x", {"column": np.arange(first, last)}, lower=low, upper=high, integer=whole)
    stated.add_objective(np.arange(arrays.columns), arrays.objective)
    for first, last in itertools.pairwise([*starts.tolist(), arrays.rows]):
        low, high = arrays.row_lower[first:last], arrays.row_upper[first:last]
        row, column, value = _entries(arrays, first, last)
        entries = (row - first, column, value)
        stated.add_rows("r", {"row": np.arange(first, last)}, entries=entries, lower=low, upper=high)
    return stated.arrays()


def with_linopy(arrays: Arrays, starts: IntArray) -> Any:
    """The model as a linopy model: the terms of a rule as one expression, summed by row with `groupby`."""
    import linopy
    import xarray as xr

    stated, label = _linopy_columns(arrays)
    for first, last in itertools.pairwise([*starts.tolist(), arrays.rows]):
        row, column, value = _entries(arrays, first, last)
        if not len(row):
            continue
        dims = ("entry", "_term")
        data = {"coeffs": (dims, value[:, None]), "vars": (dims, label[column][:, None])}
        terms = linopy.LinearExpression(xr.Dataset(data), stated)
        summed = terms.groupby(xr.DataArray(row, dims="entry", name="row")).sum()
        _linopy_rows(stated, summed, summed.coords["row"].to_numpy(), arrays)
    return stated


def with_linopy_arrays(arrays: Arrays, _: IntArray) -> Any:
    """The same in the quickest way there is, past linopy's own verbs: rows of like length as one array of terms."""
    import linopy
    import xarray as xr

    stated, label = _linopy_columns(arrays)
    for rows in _of_like_length(arrays):
        coefficients, variables = _terms(arrays, rows, label)
        data = {"coeffs": (("row", "_term"), coefficients), "vars": (("row", "_term"), variables)}
        _linopy_rows(stated, linopy.LinearExpression(xr.Dataset(data, coords={"row": rows}), stated), rows, arrays)
    return stated


def _linopy_columns(arrays: Arrays) -> tuple[Any, IntArray]:
    """A linopy model with columns and objective, and linopy's label of each column."""
    import linopy
    import pandas as pd
    import xarray as xr

    stated = linopy.Model()
    label = np.empty(arrays.columns, dtype=np.int64)
    binary = arrays.integer & (arrays.lower == 0.0) & (arrays.upper == 1.0)
    worth = []
    kinds = {"binary": binary, "integer": arrays.integer & ~binary, "continuous": ~arrays.integer}
    for kind, chosen in kinds.items():
        columns = np.flatnonzero(chosen)
        if not len(columns):
            continue
        coords = [pd.Index(columns, name=kind)]
        if kind == "binary":
            variable = stated.add_variables(binary=True, coords=coords, name=kind)
        else:
            bounds = arrays.lower[columns], arrays.upper[columns]
            variable = stated.add_variables(*bounds, coords=coords, name=kind, integer=kind == "integer")
        label[columns] = variable.labels.to_numpy()
        worth.append((variable * xr.DataArray(arrays.objective[columns], coords=coords)).sum())
    stated.add_objective(sum(worth[1:], worth[0]), sense="max")
    return stated, label


def _linopy_rows(stated: Any, expression: Any, rows: IntArray, arrays: Arrays) -> None:
    """Rows of the linopy model: those with an upper side, then those with a lower one."""
    import xarray as xr

    for side, sign in ((arrays.row_upper[rows], "<="), (arrays.row_lower[rows], ">=")):
        there = np.isfinite(side)
        if there.any():
            part = expression if there.all() else expression.isel(row=np.flatnonzero(there))
            stated.add_constraints(part, sign, xr.DataArray(side[there], coords={"row": rows[there]}))


def _entries(arrays: Arrays, first: int, last: int) -> tuple[IntArray, IntArray, FloatArray]:
    """(row, column, coefficient) of the rows from `first` to before `last`."""
    pointer = arrays.matrix.indptr
    part = slice(pointer[first], pointer[last])
    row = np.repeat(np.arange(first, last), np.diff(pointer[first : last + 1]))
    return row, arrays.matrix.indices[part].astype(np.int64), arrays.matrix.data[part]


def _of_like_length(arrays: Arrays) -> list[IntArray]:
    """Rows in groups, so that little is filled up where shorter rows stand beside longer ones."""
    length = np.diff(arrays.matrix.indptr)
    group = np.ceil(np.log(np.maximum(length, 1)) / np.log(WIDER)).astype(np.int64)
    return [np.flatnonzero((group == chosen) & (length > 0)) for chosen in np.unique(group[length > 0])]


def _terms(arrays: Arrays, rows: IntArray, label: IntArray) -> tuple[Any, Any]:
    """(coefficients, labels), one line a row, filled up with what stands for no term."""
    pointer = arrays.matrix.indptr
    length = np.diff(pointer)[rows]
    there = np.arange(length.max()) < length[:, None]
    entry = (pointer[rows][:, None] + np.arange(length.max()))[there]
    coefficients = np.full(there.shape, np.nan)
    labels = np.full(there.shape, -1, dtype=np.int64)
    coefficients[there], labels[there] = arrays.matrix.data[entry], label[arrays.matrix.indices[entry]]
    return coefficients, labels


def with_pulp(arrays: Arrays, _: IntArray) -> Any:
    """The model as a PuLP problem: an object a column, an object a row."""
    import pulp

    problem = pulp.LpProblem("quota", pulp.LpMaximize)
    lower = [None if bound == -np.inf else bound for bound in arrays.lower.tolist()]
    upper = [None if bound == np.inf else bound for bound in arrays.upper.tolist()]
    kinds = [pulp.LpInteger if whole else pulp.LpContinuous for whole in arrays.integer.tolist()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # one a column, of what PuLP 4 will change
        x = [
            pulp.LpVariable(f"x{j}", *bounds, kind)
            for j, (*bounds, kind) in enumerate(zip(lower, upper, kinds, strict=True))
        ]
    problem += pulp.LpAffineExpression(zip(x, arrays.objective.tolist(), strict=True))
    matrix = arrays.matrix
    pointer, index, value = matrix.indptr.tolist(), matrix.indices.tolist(), matrix.data.tolist()
    sides = zip(arrays.row_lower.tolist(), arrays.row_upper.tolist(), strict=True)
    for i, (low, high) in enumerate(sides):
        entries = [(x[index[k]], value[k]) for k in range(pointer[i], pointer[i + 1])]
        for side, sense in ((high, pulp.LpConstraintLE), (low, pulp.LpConstraintGE)):
            if np.isfinite(side):
                problem += pulp.LpConstraint(pulp.LpAffineExpression(entries), sense, f"r{i}_{sense}", side)
    return problem


_STATE: dict[str, Callable[[Arrays, IntArray], Any]] = {
    "quota_opt: arrays": with_quota_opt,
    "linopy: grouped sums": with_linopy,
    "linopy: arrays": with_linopy_arrays,
    "pulp: objects": with_pulp,
}


def _sizes(arrays_of: Callable[[Any], Arrays]) -> dict[str, Callable[[Any], int]]:
    return {
        "columns": lambda result: arrays_of(result).columns,
        "rows": lambda result: arrays_of(result).rows,
        "entries": lambda result: arrays_of(result).matrix.nnz,
    }


def main(arguments: list[str]) -> None:
    """Do what the arguments say; see the head of this file."""
    verb, *rest = arguments
    if verb == "generate":
        generate(*rest)
    elif verb == "steps":
        json.dump(steps(rest[0], relaxation="relaxation" in rest), sys.stdout)
    else:
        json.dump(model(*rest), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
