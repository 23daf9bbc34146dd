"""The proof of a search, added up again: never below the true optimum, and refused where it leaves a choice out."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from quota_opt.model.linear import Arrays
from quota_opt.solving.packing import PriceBound, groups_of
from quota_opt.solving.proof import Kind, Node, Prices, Proof, ProofError, Tree, joined, proof_of_prices, proven

EXAMPLES = 150 * int(os.environ.get("QUOTA_OPT_EXAMPLES", "1"))


def packed(groups, blocks, worth, use, upper, lower=None, offset=0.0):
    """Groups of 0/1 columns (each a row `Σ x <= 1`) and the rows `use`; `groups` gives each column its group."""
    count = max(groups) + 1
    own = np.array([[float(g == i) for g in groups] for i in range(count)])
    use = np.asarray(use, dtype=float).reshape(-1, len(groups))
    columns = len(groups)
    return Arrays(
        objective=np.asarray(worth, dtype=float),
        offset=offset,
        lower=np.zeros(columns),
        upper=np.ones(columns),
        integer=np.ones(columns, dtype=bool),
        matrix=sp.csr_array(np.vstack([own, use])),
        row_lower=np.concatenate([np.full(count, -math.inf), np.full(len(use), -math.inf) if lower is None else lower]),
        row_upper=np.concatenate([np.ones(count), np.asarray(upper, dtype=float)]),
    ), np.asarray(blocks)


def best(arrays):
    """The true optimum, from every 0/1 plan in exact fractions; -inf where none is feasible."""
    rows = arrays.matrix.toarray()
    found = -math.inf
    for plan in product((0, 1), repeat=arrays.columns):
        taken = [j for j, x in enumerate(plan) if x]
        activity = [sum((Fraction(row[j]) for j in taken), Fraction(0)) for row in rows]
        if all(low <= a <= high for low, a, high in zip(arrays.row_lower, activity, arrays.row_upper, strict=True)):
            value = sum((Fraction(arrays.objective[j]) for j in taken), Fraction(arrays.offset))
            found = max(found, value)
    return found


def three_lots():
    """Lots of 6, 6 and 5 that bring 6, 6 and 5 from a pool of 10, each a group of its own.

    By hand: two lots need 11 or 12, so one is all that fits, and the best plan brings 6. At a price of 1 every lot is
    worth what it costs, and the bound is the pool, 10. Where the first lot is taken, 4 are left: at 1 again the bound
    is 6 - 6 + 10 = 10 with the lots whole, and no better.
    """
    return packed([0, 1, 2], [0, 0, 0], [6, 6, 5], [[6, 6, 5]], [10])[0]


def price(arrays, **by_row):
    """Prices with some rows set, counted from the last (`r1`)."""
    made = np.zeros(arrays.rows)
    for name, value in by_row.items():
        made[-int(name[1:])] = value
    return made


def split_in_two():
    """Two lots of 6 that bring 6 from a pool of 10, and its proof by one split on the first lot.

    By hand: at a price of 1 the bound is 10. With the first lot refused, a price of 0 proves 6. With the first lot
    taken, 4 are left: at a price of 1, 6 - 6 + max(0, 6 - 6) + 10 = 10; at a price of 3, (6 - 18) + 0 + 30 = 18.
    So the split alone proves no more than 10, and the second split, on the second lot under the first, ends it: taken
    as well, the ray 1 on the pool says 10 - 12 < 0; refused, a price of 0 proves 6. The whole proof says 6.
    """
    arrays, _ = packed([0, 1], [0, 0], [6, 6], [[6, 6]], [10])
    tree = Tree()
    root = tree.root()
    taken, refused = tree.split(root, [((), 0), ((0,), None)])
    both, first_only = tree.split(taken, [((), 1), ((1,), None)])
    tree.price(refused, price(arrays), 6.0)
    tree.empty(both, price(arrays, r1=1.0))
    tree.price(first_only, price(arrays), 6.0)
    return arrays, tree.proof(6.0)


def test_one_node_proves_what_its_prices_do():
    arrays = three_lots()
    proof = proof_of_prices(arrays, price(arrays, r1=1.0))
    assert proof.leaves == 1
    assert proven(arrays, proof) == proof.bound
    assert 10.0 <= proof.bound <= 10.0 + 1e-12


def test_splits_prove_more_than_prices_alone():
    arrays, proof = split_in_two()
    assert proof.leaves == 3
    assert 6.0 <= proven(arrays, proof) <= 6.0 + 1e-12
    assert best(arrays) == 6


def changed(proof, at, **how):
    """The proof with one node changed."""
    return replace(proof, nodes=tuple(replace(n, **how) if n.number == at else n for n in proof.nodes))


COLUMNS = np.array


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(lambda p: replace(p, nodes=p.nodes[:-1]), "take none", id="a leaf is dropped"),
        pytest.param(lambda p: replace(p, nodes=p.nodes[1:]), "parent is missing", id="the root is dropped"),
        pytest.param(lambda p: changed(p, 2, closed=COLUMNS([1])), "more than one group", id="another lot is refused"),
        pytest.param(lambda p: changed(p, 2, closed=COLUMNS([0, 1])), "more than one group", id="both are refused"),
        pytest.param(lambda p: changed(p, 1, forced=COLUMNS([0, 1])), "more than one group", id="both are taken"),
        pytest.param(lambda p: changed(p, 1, forced=COLUMNS([7])), "not of its block", id="no such column"),
        pytest.param(lambda p: changed(p, 2, closed=COLUMNS([-1])), "not of its block", id="a negative position"),
        pytest.param(lambda p: changed(p, 1, closed=COLUMNS([0])), "more than take one", id="taken and refused"),
        pytest.param(lambda p: changed(p, 0, closed=COLUMNS([0])), "root", id="a root that restricts"),
        pytest.param(lambda p: changed(p, 4, number=3), "twice", id="a number twice"),
        pytest.param(lambda p: changed(p, 4, parent=9), "parent is missing", id="a parent that is not there"),
        pytest.param(lambda p: changed(p, 1, parent=3), "no root", id="a ring of parents"),
        pytest.param(lambda p: changed(p, 1, parent=-1), "another root", id="a second root"),
        pytest.param(lambda p: changed(p, 1, block=1), "parent's block", id="another block half-way"),
        pytest.param(lambda p: replace(p, linking=Prices(COLUMNS([2]), COLUMNS([1.0]))), "blocks", id="linking prices"),
        pytest.param(lambda p: changed(p, 3, prices=Prices()), "ray", id="a ray that shows nothing"),
        pytest.param(
            lambda p: changed(p, 4, prices=Prices(COLUMNS([3]), COLUMNS([1.0]))), "within its block", id="no such row"
        ),
        pytest.param(
            lambda p: changed(p, 4, kind=Kind.INFEASIBLE, prices=Prices(COLUMNS([2]), COLUMNS([1.0]))),
            "ray",
            id="feasible, and called infeasible",
        ),
    ],
)
def test_a_proof_with_a_hole_is_refused(change, reason):
    arrays, proof = split_in_two()
    with pytest.raises(ProofError, match=reason):
        proven(arrays, change(proof))


def test_a_proof_that_is_refused_says_where_in_both_languages():
    arrays, proof = split_in_two()
    with pytest.raises(ProofError) as caught:
        proven(arrays, changed(proof, 3, prices=Prices()))
    assert caught.value.text.en == (
        "The proof does not hold at node 3: its ray does not show that nothing is feasible there."
    )
    assert caught.value.text.zh == "证明不成立：节点 3，射线没有证明此处无解。"


def test_closed_sets_of_one_group_must_leave_every_option_somewhere():
    # One firm with three options worth 3, 2 and 1, nothing else: the best plan is 3.
    arrays, _ = packed([0, 0, 0], [0, 0, 0], [3, 2, 1], np.zeros((0, 3)), [])

    def bound(*closed):
        tree = Tree()
        root = tree.root()
        for number in tree.split(root, [(columns, None) for columns in closed]):
            tree.price(number, np.zeros(arrays.rows), 0.0)
        return proven(arrays, tree.proof(3.0))

    assert bound([0], [1, 2]) == pytest.approx(3.0)
    assert bound([0, 1], [1, 2], [0, 2]) == pytest.approx(3.0)
    with pytest.raises(ProofError, match="take column 0"):
        bound([0], [0, 1])
    with pytest.raises(ProofError, match="take column 1"):
        bound([0, 1], [1, 2])


def test_options_taken_one_by_one_need_a_part_for_none_of_them():
    arrays, _ = packed([0, 0], [0, 0], [-3, -2], np.zeros((0, 2)), [])
    tree = Tree()
    for number in tree.split(tree.root(), [((), 0), ((), 1)]):
        tree.price(number, np.zeros(arrays.rows), 0.0)
    # Doing nothing is best, 0; the two parts alone would prove -2.
    with pytest.raises(ProofError, match="take none"):
        proven(arrays, tree.proof(-2.0))


def test_a_node_without_prices_has_its_parents_bound():
    arrays, _ = split_in_two()
    tree = Tree()
    root = tree.root()
    tree.price(root, price(arrays, r1=1.0), 10.0)
    _, refused = tree.split(root, [((), 0), ((0,), None)])
    tree.price(refused, price(arrays), 6.0)
    assert proven(arrays, tree.proof(10.0)) == pytest.approx(10.0)
    nothing = Proof((Node(0),), 0.0)
    assert proven(arrays, nothing) == math.inf


def test_prices_that_no_leaf_needs_are_left_out():
    arrays = three_lots()
    tree = Tree()
    root = tree.root()
    tree.price(root, price(arrays, r1=1.0), 10.0)
    for number in tree.split(root, [((), 0), ((0,), None)]):
        tree.price(number, price(arrays, r1=2.0), 9.0)
    assert [node.prices is None for node in tree.proof(9.0).nodes] == [True, False, False]


def test_prices_that_prove_less_than_the_parents_are_not_kept():
    arrays = three_lots()
    tree = Tree()
    root = tree.root()
    assert tree.price(root, price(arrays, r1=1.0), 10.0) == 10.0
    taken, refused = tree.split(root, [((), 0), ((0,), None)])
    assert tree.price(taken, price(arrays, r1=2.0), 14.0) == 10.0
    assert tree.price(refused, price(arrays, r1=0.5), 9.5) == 9.5
    assert [node.prices is None for node in tree.proof(10.0).nodes] == [False, True, False]


def test_prices_that_prove_less_than_earlier_ones_of_the_node_are_not_kept():
    # A price of 1 proves 10. Tried again at 2, the root would prove 20 only, and both leaves have the root's bound.
    arrays = three_lots()
    tree = Tree()
    root = tree.root()
    assert tree.price(root, price(arrays, r1=1.0), 10.0) == 10.0
    assert tree.price(root, price(arrays, r1=2.0), 20.0) == 10.0
    tree.split(root, [((), 0), ((0,), None)])
    assert 10.0 <= proven(arrays, tree.proof(10.0)) <= 10.0 + 1e-12


def test_prices_of_a_groups_own_row_are_not_kept():
    arrays = three_lots()
    tree = Tree(groups_of(arrays).tying)
    tree.price(tree.root(), np.ones(arrays.rows), 10.0)
    assert tree.proof(10.0).nodes[0].prices.rows.tolist() == [3]


def two_counties():
    """Two counties of one project each, worth 5 and 4, needing 3 of a common pool of 4 and 1 of their own pool of 1.

    By hand: only one fits, so 5 is best. A common price of 1.4 leaves 5 - 4.2 and max(0, 4 - 4.2) = 0 beside a pool
    worth 5.6: the bound is 6.4.
    """
    use = [[3, 3], [1, 0], [0, 1]]
    return packed([0, 1], [0, 1], [5, 4], use, [4, 1, 1])


def test_blocks_are_bounded_apart_and_meet_in_their_prices():
    arrays, block = two_counties()
    tree = Tree()
    for number in (tree.root(0), tree.root(1)):
        tree.price(number, np.zeros(arrays.rows), 0.0)
    linking = Prices.of(price(arrays, r3=1.4))
    assert proven(arrays, tree.proof(6.4, linking, block)) == pytest.approx(6.4, abs=1e-12)


@pytest.mark.parametrize(
    ("linking", "local", "block", "reason"),
    [
        pytest.param({"r2": 1.0}, {}, None, "as one between", id="a county's own row as one between"),
        pytest.param({}, {"r3": 1.0}, None, "within its block", id="the common row within a county"),
        pytest.param({}, {"r1": 1.0}, None, "within its block", id="the other county's row"),
        pytest.param({}, {}, [0, 0], "model's columns", id="a tree too many"),
        pytest.param({}, {}, [0, 2], "model's columns", id="a county without a tree"),
        pytest.param({}, {}, [0], "model's columns", id="a column without a county"),
        pytest.param({}, {}, [0, -1], "model's columns", id="a negative county"),
    ],
)
def test_blocks_that_do_not_fit_are_refused(linking, local, block, reason):
    arrays, fitting = two_counties()
    tree = Tree()
    for number in (tree.root(0), tree.root(1)):
        tree.price(number, price(arrays, **local) if number == 0 else np.zeros(arrays.rows), 0.0)
    chosen = fitting if block is None else np.array(block)
    with pytest.raises(ProofError, match=reason):
        proven(arrays, tree.proof(6.4, Prices.of(price(arrays, **linking)), chosen))


def test_proofs_of_blocks_made_apart_are_joined():
    # Two counties as above, the first with two lots of 6 in a pool of its own of 10 besides (`split_in_two`: 6).
    # By hand, at a common price of 1: the lots draw nothing there; 5 - 3 and 4 - 3 are left; 6 + 2 + 1 + 4 = 13.
    worth, use = [6, 6, 5, 4], [[0, 0, 3, 3], [6, 6, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    arrays, _ = packed([0, 1, 2, 3], [0, 0, 0, 1], worth, use, [4, 10, 1, 1])
    _, lots = split_in_two()
    # In the model of the first county alone: lots 0 and 1, project 2, and rows as they come there.
    first = replace(
        lots,
        nodes=tuple(
            node if node.prices is None else replace(node, prices=Prices(node.prices.rows + 1, node.prices.values))
            for node in lots.nodes
        ),
    )
    second = Proof((Node(0, prices=Prices()),), 1.0)
    parts = [
        (first, np.array([0, 1, 2]), np.array([0, 1, 2, 5, 6])),
        (second, np.array([3]), np.array([3, 7])),
    ]
    proof = joined(parts, 4, Prices(np.array([4]), np.array([1.0])), 13.0)
    assert len({node.number for node in proof.nodes}) == len(proof.nodes) == 6
    assert proven(arrays, proof) == pytest.approx(13.0, abs=1e-12)
    assert best(arrays) == 11


def test_what_a_block_holds_of_a_row_between_blocks_is_no_group():
    # x1 + x2 - y <= 1 with y elsewhere: both x may be taken, if y is. By hand: 5 + 5 - 1 = 9, and no prices prove 10.
    whole, _ = packed([0, 1, 2], [0, 0, 1], [5, 5, -1], [[1, 1, -1]], [1])
    arrays = replace(
        whole, matrix=sp.csr_array(whole.matrix[3:]), row_lower=whole.row_lower[3:], row_upper=whole.row_upper[3:]
    )
    assert best(arrays) == 9
    nodes = (Node(0, block=0, prices=Prices()), Node(1, block=1, prices=Prices()))
    assert proven(arrays, Proof(nodes, 10.0, block=np.array([0, 0, 1]))) == pytest.approx(10.0)


@st.composite
def models(draw):
    """Up to eight 0/1 columns in groups, blocks of whole groups, rows of any sign; awkward decimals throughout."""
    groups = sorted(draw(st.lists(st.integers(0, 3), min_size=1, max_size=8)))
    groups = [sorted(set(groups)).index(g) for g in groups]
    of_group = draw(st.lists(st.integers(0, 1), min_size=max(groups) + 1, max_size=max(groups) + 1))
    numbers = st.sampled_from([0.0, 0.1, 0.3, 0.7, 1.0, 1.1, 3.3, -0.2, -1.7, 1e6, 1e-6])
    rows = draw(st.integers(0, 3))
    use = [[draw(numbers) for _ in groups] for _ in range(rows)]
    upper = [draw(st.sampled_from([0.3, 1.1, 2.2, 4.4, math.inf])) for _ in range(rows)]
    lower = [draw(st.sampled_from([-math.inf, -3.0, 0.1, 0.9])) for _ in range(rows)]
    lower = np.minimum(lower, upper) if rows else np.zeros(0)
    worth = [draw(numbers) for _ in groups]
    arrays, block = packed(groups, [of_group[g] for g in groups], worth, use, upper, lower, draw(numbers))
    return arrays, np.unique(block, return_inverse=True)[1]


def some_prices(draw, arrays, rows):
    made = np.zeros(arrays.rows)
    for row in rows:
        made[row] = draw(st.sampled_from([0.0, 0.0, 0.1, 1.0, 0.7, -0.3, -1.0, 1e3]))
    return made


def grow(draw, tree, number, arrays, columns, rows, depth):
    """A random valid tree below a node: splits on one group each, prices at random, rays where they hold."""
    of = groups_of(arrays).of
    if depth and len(columns) and draw(st.booleans()):
        j = draw(st.sampled_from(columns))
        group = [int(k) for k in columns if of[k] == of[j]]
        if draw(st.booleans()):
            parts = [((), j), ((j,), None)]
        else:
            cut = draw(st.integers(0, len(group)))
            parts = [(group[:cut], None), (group[cut:], None)]
        for child in tree.split(number, parts):
            grow(draw, tree, child, arrays, columns, rows, depth - 1)
    elif draw(st.integers(0, 5)):
        tree.price(number, some_prices(draw, arrays, rows), -float(number))


@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data(), drawn=models())
def test_no_valid_tree_with_any_prices_proves_less_than_the_best_plan(data, drawn):
    arrays, block = drawn
    truth = best(arrays)
    tree = Tree()
    whole = tree.root()
    tree.price(whole, some_prices(data.draw, arrays, range(arrays.rows)), 0.0)
    grow(data.draw, tree, whole, arrays, list(range(arrays.columns)), range(arrays.rows), 3)
    assert Fraction(proven(arrays, tree.proof(0.0))) >= truth if truth > -math.inf else True
    # The same by blocks: rows within one are priced in it, the others between.
    tree, dense = Tree(), arrays.matrix.toarray() != 0.0
    spans = [set(block[row].tolist()) for row in dense]
    for number in range(int(block.max()) + 1):
        root, own = tree.root(number), [i for i, span in enumerate(spans) if span == {number}]
        tree.price(root, some_prices(data.draw, arrays, own), 0.0)
        grow(data.draw, tree, root, arrays, np.flatnonzero(block == number).tolist(), own, 2)
    between = [i for i, span in enumerate(spans) if len(span) > 1]
    proof = tree.proof(0.0, Prices.of(some_prices(data.draw, arrays, between)), block)
    bound = proven(arrays, proof)
    assert bound == math.inf or truth == -math.inf or Fraction(bound) >= truth


@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data(), drawn=models())
def test_whatever_is_done_to_a_proof_it_is_refused_or_still_proves_no_less(data, drawn):
    arrays, _ = drawn
    truth = best(arrays)
    tree = Tree()
    grow(data.draw, tree, tree.root(), arrays, list(range(arrays.columns)), range(arrays.rows), 3)
    nodes = list(tree.proof(0.0).nodes)
    at = data.draw(st.integers(0, len(nodes) - 1))
    columns = st.lists(st.integers(-1, arrays.columns), max_size=3).map(lambda c: np.array(c, dtype=np.int64))
    kind = data.draw(st.sampled_from(["dropped", "closed", "forced", "parent", "ray", "doubled"]))
    if kind == "dropped":
        del nodes[at]
    elif kind == "doubled":
        nodes.append(replace(nodes[at], number=len(nodes)))
    elif kind in ("closed", "forced"):
        nodes[at] = replace(nodes[at], **{kind: data.draw(columns)})
    elif kind == "parent":
        nodes[at] = replace(nodes[at], parent=data.draw(st.integers(-1, len(nodes))))
    else:
        nodes[at] = replace(nodes[at], kind=Kind.INFEASIBLE)
    try:
        bound = proven(arrays, Proof(tuple(nodes), 0.0))
    except ProofError:
        return
    assert bound == math.inf or truth == -math.inf or Fraction(bound) >= truth


@settings(max_examples=EXAMPLES, deadline=None)
@given(drawn=models(), data=st.data())
def test_a_bound_is_rounded_outwards_to_the_last_digit(drawn, data):
    # In exact fractions: offset + λb + Σ groups max(0, best d) for the computed λ. The float bound is never below it.
    arrays, _ = drawn
    groups = groups_of(arrays)
    prices = some_prices(data.draw, arrays, range(arrays.rows))
    computed = PriceBound(arrays, groups).value(prices, arrays.lower, arrays.upper)
    exact, priced = Fraction(arrays.offset), []
    for i, value in enumerate(prices):
        side = arrays.row_upper[i] if value > 0 else arrays.row_lower[i]
        if value and groups.tying[i] and math.isfinite(side):
            exact += Fraction(value) * Fraction(side)
            priced.append((i, Fraction(value)))
    dense = arrays.matrix.toarray()
    margin = [
        Fraction(arrays.objective[j]) - sum((value * Fraction(dense[i, j]) for i, value in priced), Fraction(0))
        for j in range(arrays.columns)
    ]
    for group in range(groups.count):
        exact += max(Fraction(0), *(margin[j] for j in np.flatnonzero(groups.of == group)))
    size = 1 + abs(exact) + sum((abs(m) for m in margin), Fraction(0)) + sum(abs(v) for _, v in priced) * 10**6
    assert exact <= Fraction(computed) <= exact + size / 10**10


def test_scaling_a_row_changes_no_group():
    arrays = three_lots()
    factors = np.array([0.5, 4.0, 1.0, 0.25])
    scaled = replace(
        arrays,
        matrix=sp.csr_array(sp.diags_array(factors) @ arrays.matrix),
        row_lower=arrays.row_lower * factors,
        row_upper=arrays.row_upper * factors,
    )
    assert groups_of(scaled).of.tolist() == groups_of(arrays).of.tolist()
    assert groups_of(scaled).tying.tolist() == [False, False, False, True]


def test_a_column_without_an_end_that_may_gain_proves_nothing():
    # x + 0.1 x + 0.2 x priced at 0.1 and 0.2 against an objective of 0.3: whether it gains is a matter of rounding.
    arrays = Arrays(
        objective=np.array([0.3]),
        offset=0.0,
        lower=np.zeros(1),
        upper=np.array([math.inf]),
        integer=np.zeros(1, dtype=bool),
        matrix=sp.csr_array(np.array([[1.0], [1.0]])),
        row_lower=np.full(2, -math.inf),
        row_upper=np.ones(2),
    )
    assert proof_of_prices(arrays, np.array([0.1, 0.2])).bound == math.inf
    assert proof_of_prices(arrays, np.array([0.1, 0.3])).bound == pytest.approx(0.4)
