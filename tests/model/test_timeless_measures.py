"""Measures that weigh what happens alike in every year: up to a year they are the part of the whole until then."""

from __future__ import annotations

import numpy as np
import pytest

import quota_opt as qo
from quota_opt.model.measures import coefficients, known_measures, nonlinear, timeless


@pytest.mark.parametrize(("case", "count"), [("worked-example", 10), ("wenzhou/quota-trading", 14)])
def test_up_to_a_year_a_timeless_measure_is_the_part_of_it_until_then(case: str, count: int) -> None:
    made = qo.build(case).case
    names = [name for name in known_measures(made) if name not in nonlinear(made) and timeless(made, name)]
    assert len(names) == count
    for name in names:
        whole = coefficients(made, name)
        for t, year in enumerate(made.years.tolist()):
            part, until = coefficients(made, name, year=year), np.arange(made.horizon) <= t
            for key in ("actions", "shares", "starts"):
                np.testing.assert_array_equal(getattr(part, key), getattr(whole, key) * until)
            if whole.trades is not None:
                assert part.trades is not None
                for one, all_years in zip(part.trades, whole.trades, strict=True):
                    np.testing.assert_array_equal(one, all_years * until)


def test_what_stands_in_a_year_is_not_timeless() -> None:
    made = qo.build("worked-example").case
    for name in ("value_added", "value_added_final", "tax", "energy_freed", "energy_used"):
        assert not timeless(made, name)
