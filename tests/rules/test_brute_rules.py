"""Each rule on random small cases: the tool against the oracle with the rule on, and what switching it off does."""

from __future__ import annotations

import pytest
from against_brute import agree
from brute import brute_force
from hypothesis import given
from hypothesis import strategies as st
from strategies import RULES, drawn, examples


@pytest.mark.parametrize("rule", RULES)
def test_with_the_rule_on_the_tool_finds_what_trying_everything_finds(rule: str) -> None:
    @given(drawn(must=(rule,)))
    @examples(6)
    def compare(case) -> None:  # type: ignore[no-untyped-def]
        agree(case.settings, case.tables)

    compare()


@pytest.mark.parametrize("rule", RULES)
def test_switching_the_rule_off_never_makes_the_best_plan_worse(rule: str) -> None:
    @given(drawn(must=(rule,), plain=True))
    @examples(2)
    def compare(case) -> None:  # type: ignore[no-untyped-def]
        _, plan = agree(case.settings, case.tables)
        off = case.without_rule(rule)
        _, freer = agree(off.settings, off.tables)
        if plan is not None:
            assert freer is not None
            # A priority order comes before the objective, so it is the objective alone that is compared.
            assert freer.objective >= plan.objective - 1e-6 * max(1.0, abs(plan.objective))

    compare()


@given(st.data())
@examples(20)
def test_by_the_oracle_alone_a_rule_never_adds_anything(data: st.DataObject) -> None:
    # That the oracle itself behaves is worth knowing before it judges others.
    rule = data.draw(st.sampled_from(RULES))
    case = data.draw(drawn(must=(rule,), plain=True))
    off = case.without_rule(rule)
    with_rule, without = brute_force(case.settings, case.tables), brute_force(off.settings, off.tables)
    if with_rule is not None:
        assert without is not None
        assert without.objective >= with_rule.objective - 1e-6 * max(1.0, abs(with_rule.objective))
