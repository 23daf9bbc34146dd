from __future__ import annotations

import numpy as np
import pytest

from quota_opt.model.linear import LinearModel


def two_by_two() -> LinearModel:
    model = LinearModel()
    x = model.add_columns("x", {"year": [2024, 2025]}, upper=[1.0, 2.0], integer=True)
    model.add_rows("cap", {"place": [0]}, entries=([0, 0], x, [3.0, 4.0]), upper=5.0,
                   categories={"place": np.array(["店口镇"], dtype=object)})  # fmt: skip
    model.add_objective(x, [1.0, 2.0])
    return model


def test_blocks_join_into_one_matrix_with_their_bounds() -> None:
    arrays = two_by_two().arrays()
    assert arrays.matrix.toarray().tolist() == [[3.0, 4.0]]
    assert arrays.upper.tolist() == [1.0, 2.0]
    assert arrays.row_upper.tolist() == [5.0]
    assert arrays.integer.all()
    assert arrays.value(np.array([1.0, 0.5])) == 2.0


def test_entries_that_meet_add_up_and_those_that_cancel_vanish() -> None:
    model = LinearModel()
    x = model.add_columns("x", {"n": [0, 1]})
    model.add_rows("r", {"n": [0]}, entries=([0, 0, 0, 0], [x[0], x[0], x[1], x[1]], [1.0, 2.0, 5.0, -5.0]))
    arrays = model.arrays()
    assert arrays.matrix.nnz == 1
    assert arrays.matrix.toarray().tolist() == [[3.0, 0.0]]


def test_names_are_unique_and_safe_for_lp_files() -> None:
    arrays = two_by_two().arrays()
    assert arrays.column_names() == ["x[2024]", "x[2025]"]
    (name,) = arrays.row_names()
    assert name.isascii()
    assert name.startswith("cap[")


def test_two_labels_that_read_alike_still_get_two_names() -> None:
    model = LinearModel()
    model.add_columns("x", {"firm": [0, 1]}, categories={"firm": np.array(["A B", "AuB"], dtype=object)})
    model.add_columns("x", {"firm": [0]}, categories={"firm": np.array(["AuB"], dtype=object)})
    assert len(set(model.arrays().column_names())) == 3


def test_a_label_decodes_to_what_it_stands_for() -> None:
    block = two_by_two().arrays().row_blocks[0]
    assert block.label_of(0) == {"place": "店口镇"}
    assert block.frame()["place"].tolist() == ["店口镇"]


def test_an_entry_outside_its_block_is_refused() -> None:
    model = LinearModel()
    x = model.add_columns("x", {"n": [0]})
    with pytest.raises(ValueError, match="names row 1"):
        model.add_rows("r", {"n": [0]}, entries=([1], x, [1.0]))


def test_the_worst_violation_sees_rows_and_bounds() -> None:
    arrays = two_by_two().arrays()
    assert arrays.worst_violation(np.array([1.0, 0.5])) == 0.0
    assert arrays.worst_violation(np.array([1.0, 1.0])) == 2.0
    assert arrays.worst_violation(np.array([-0.5, 0.0])) == 0.5


def test_an_empty_model_is_a_model() -> None:
    arrays = LinearModel().arrays()
    assert (arrays.columns, arrays.rows, arrays.matrix.nnz) == (0, 0, 0)
