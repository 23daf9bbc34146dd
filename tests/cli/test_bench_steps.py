"""The same model in other programs' words is the same model."""

import numpy as np
import pytest

import quota_opt as qo
from quota_opt.cli.bench_race import export, imported, rule_starts
from quota_opt.cli.bench_steps import with_linopy, with_linopy_arrays, with_pulp, with_quota_opt
from quota_opt.scenario.generate import generate_case


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    case = generate_case(folder / "case", firms=60, projects=12, towns=2, years=3)
    export(str(case), str(folder / "model.npz"))
    model = str(folder / "model.npz")
    return qo.build(qo.read(str(case))).arrays, imported(model), rule_starts(model)


def test_an_exported_model_is_read_back_to_the_digit(exported):
    arrays, again, _ = exported
    for name in ("objective", "offset", "lower", "upper", "integer", "row_lower", "row_upper"):
        assert np.array_equal(getattr(arrays, name), getattr(again, name)), name
    assert (arrays.matrix != again.matrix).nnz == 0


def test_a_rule_starts_where_the_name_of_the_rows_changes(exported):
    arrays, _, starts = exported
    names = [name.split("[")[0] for name in arrays.row_names()]
    changes = [row for row in range(len(names)) if row == 0 or names[row] != names[row - 1]]
    assert starts.tolist() == changes
    assert len(changes) > 5


def test_our_own_rows_and_columns_come_out_as_they_went_in(exported):
    _, arrays, starts = exported
    again = with_quota_opt(arrays, starts)
    for name in ("objective", "lower", "upper", "integer", "row_lower", "row_upper"):
        assert np.array_equal(getattr(arrays, name), getattr(again, name)), name
    assert (arrays.matrix != again.matrix).nnz == 0


@pytest.mark.parametrize("state", [with_linopy, with_linopy_arrays])
def test_linopy_states_the_same_columns_rows_and_prices(exported, state):
    pytest.importorskip("linopy")
    _, arrays, starts = exported
    stated = state(arrays, starts).matrices
    assert stated.A.shape == arrays.matrix.shape
    # linopy orders rows and columns its own way.
    assert stated.A.nnz == arrays.matrix.nnz
    assert sorted(stated.A.data) == sorted(arrays.matrix.data)
    assert sorted(stated.c) == sorted(arrays.objective)
    assert sorted(stated.lb) == sorted(arrays.lower) and sorted(stated.ub) == sorted(arrays.upper)
    sides = np.concatenate(
        [arrays.row_upper[np.isfinite(arrays.row_upper)], arrays.row_lower[np.isfinite(arrays.row_lower)]]
    )
    assert sorted(stated.b) == sorted(sides)


def test_pulp_states_the_same_rows(exported):
    arrays = exported[1]
    problem = with_pulp(arrays, exported[2])
    assert len(problem.variables()) == arrays.columns
    stated = list(problem.constraints.values())
    assert len(stated) == arrays.rows
    for i, row in enumerate(stated):
        part = slice(arrays.matrix.indptr[i], arrays.matrix.indptr[i + 1])
        entries = {int(variable.name[1:]): value for variable, value in row.items()}
        expected = zip(arrays.matrix.indices[part].tolist(), arrays.matrix.data[part].tolist(), strict=True)
        assert entries == dict(expected)
