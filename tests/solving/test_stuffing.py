"""HiGHS 1.14.0 calls a worse point optimal here; the version this project asks for must not."""

from __future__ import annotations

import numpy as np

from quota_opt.model.linear import LinearModel
from quota_opt.solving.engine import engine_of
from quota_opt.solving.profile import read_profile


def test_a_covering_row_of_one_integer_and_one_continuous_column_is_solved_right() -> None:
    # minimise 2x + 3z with x + z >= 4.5, z whole: x = 4.5 alone is best, 9.
    model = LinearModel()
    x = model.add_columns("x", {"n": [0]}, upper=10.0)
    z = model.add_columns("z", {"n": [0]}, upper=10.0, integer=True)
    both = np.concatenate([x, z])
    model.add_rows("cover", {"n": [0]}, entries=([0, 0], both, [1.0, 1.0]), lower=4.5)
    model.add_objective(both, [-2.0, -3.0])
    profile = read_profile("auto")
    solution = engine_of(profile).solve(model.arrays(), profile)
    assert solution.objective == -9.0
