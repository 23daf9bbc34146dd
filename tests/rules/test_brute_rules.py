"""Each rule on random small cases: the tool against the oracle with the rule on, and what the oracle says of it off."""

from __future__ import annotations

import pytest
from against_brute import agree
from brute import brute_force
from hypothesis import given
from hypothesis import strategies as st
from strategies import AT_ODDS, RULES, drawn, examples


@pytest.mark.parametrize("rule", RULES)
def test_with_the_rule_on_the_tool_finds_what_trying_everything_finds(rule: str) -> None:
    @given(drawn(must=(rule,)))
    @examples(6)
    def compare(case) -> None:  # type: ignore[no-untyped-def]
        agree(case.settings, case.tables)

    compare()


@given(st.data())
@examples(20)
def test_by_the_oracle_alone_a_rule_never_adds_anything(data: st.DataObject) -> None:
    # That the oracle itself behaves is worth knowing before it judges others.
    rule = data.draw(st.sampled_from([rule for rule in RULES if rule != "accounting"]))  # which only counts
    case = data.draw(drawn(must=(rule,), without=AT_ODDS.get(rule, ()), plain=True))
    case.settings["rules"].get("chain", {})["complete_points"] = 0.0  # a reward goes with its rule
    off = case.without_rule(rule)
    with_rule, without = brute_force(case.settings, case.tables), brute_force(off.settings, off.tables)
    if with_rule is not None:
        assert without is not None
        assert without.objective >= with_rule.objective - 1e-6 * max(1.0, abs(with_rule.objective))
