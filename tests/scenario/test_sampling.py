"""Parameters combined, zipped and sampled: how many, in which order, how evenly."""

import itertools
import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quota_opt.scenario.sampling import Range, combinations, size_of

VALUES = st.lists(st.one_of(st.integers(-5, 5), st.sampled_from(["a", "b"]), st.booleans()), min_size=1, max_size=4)
LISTED = st.dictionaries(st.sampled_from(["a.b", "c", "d.0.e"]), VALUES.map(tuple), max_size=3)


@given(LISTED)
def test_the_product_has_every_combination_once_the_last_parameter_fastest(parameters):
    found = combinations(parameters, "cartesian")
    assert len(found) == size_of(parameters, "cartesian", None) == math.prod(map(len, parameters.values()))
    assert [tuple(point.values()) for point in found] == list(itertools.product(*parameters.values()))
    assert all(list(point) == list(parameters) for point in found)


@given(st.integers(1, 5), st.integers(0, 3))
def test_zipped_parameters_go_side_by_side(length, count):
    parameters = {f"p{k}": tuple((k, n) for n in range(length)) for k in range(count)}
    found = combinations(parameters, "zip")
    expected = [{f"p{k}": (k, n) for k in range(count)} for n in range(length)]
    assert found == (expected if count else [{}])
    assert size_of(parameters, "zip", None) == len(found)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(0, 10), st.floats(-5, 5), st.floats(0.1, 9), st.integers(1, 7))
@example(samples=18, seed=0, start=0.0, width=1.0, choices=7)
def test_a_hypercube_hits_each_slice_of_each_range_once(samples, seed, start, width, choices):
    parameters = {
        "x": Range.model_validate({"from": start, "to": start + width}),
        "y": Range.model_validate({"from": 10.0, "to": -10.0}),
        "z": tuple(range(choices)),
    }
    found = combinations(parameters, "latin-hypercube", samples, seed)
    assert len(found) == size_of(parameters, "latin-hypercube", samples) == samples
    for name, low, high in (("x", start, start + width), ("y", 10.0, -10.0)):
        shares = [(point[name] - low) / (high - low) * samples for point in found]
        assert all(-1e-6 <= share <= samples + 1e-6 for share in shares)
        # A point on the edge of its slice may be rounded into the next one.
        slices = sorted(shares)
        assert all(k - 1e-6 <= share <= k + 1 + 1e-6 for k, share in enumerate(slices))
    picked = [sum(point["z"] == choice for point in found) for choice in range(choices)]
    assert sum(picked) == samples
    assert max(picked) - min(picked) <= (1 if choices <= samples else 2)
    assert found == combinations(parameters, "latin-hypercube", samples, seed)


def test_other_seeds_give_other_points():
    parameters = {"x": Range.model_validate({"from": 0.0, "to": 1.0})}
    assert combinations(parameters, "latin-hypercube", 5, 0) != combinations(parameters, "latin-hypercube", 5, 1)


@pytest.mark.parametrize(
    ("given_range", "values"),
    [
        ({"from": 0.0, "to": 1.0, "steps": 5}, (0.0, 0.25, 0.5, 0.75, 1.0)),
        ({"from": 0.1, "to": 0.4, "steps": 4}, (0.1, 0.2, 0.3, 0.4)),
        ({"from": 10, "to": 0, "steps": 3}, (10, 5, 0)),
        ({"from": 0, "to": 1, "steps": 3}, (0.0, 0.5, 1.0)),
        ({"from": 7, "to": 9, "steps": 1}, (7,)),
    ],
)
def test_steps_are_even_written_short_and_whole_where_they_can_be(given_range, values):
    listed = Range.model_validate(given_range).listed()
    assert listed == values
    assert [type(value) for value in listed] == [type(value) for value in values]
