"""A rule never adds anything: switched off, the best plan is as good or better; tightened, as good or worse.

Compared is the objective alone, a sum of money less penalties: what a priority order or the smallest ratio take before
it counts only by what it costs. Points for complete chains are a reward: more of them never make the optimum smaller.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, get_args

import pytest
from against_brute import solved
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from strategies import AT_ODDS, BY_TOOL_ALONE, RULES, Drawn, drawn, examples

from quota_opt.rules import RULES as LIBRARY

# Switched off in one of these cases, and tightened in one of each row below: QUOTA_OPT_EXAMPLES tries more.
FEW = 2


def value_of(case: Drawn) -> float:
    """The objective of the best plan, minus infinity where there is none."""
    plan = solved(case.settings, case.tables)
    return -float("inf") if plan is None else float(plan.objective)


def without_reward(case: Drawn) -> None:
    """Points for complete chains would go with the rule that gives them."""
    if "chain" in case.settings["rules"]:
        case.settings["rules"]["chain"]["complete_points"] = 0.0


def no_better(one: float, other: float) -> bool:
    """Whether the first optimum is no better than the second, rounding aside."""
    if one == -float("inf"):
        return True
    return one <= other + 2e-6 * max(1.0, abs(one), abs(other))


# A market is a way out more, not less; what does not count need not be given up, but is not freed either.
NEITHER_WAY = ("trading", "accounting")


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule not in NEITHER_WAY])
def test_switching_a_rule_off_never_makes_the_optimum_worse(rule: str) -> None:
    @given(drawn(must=(rule,), without=AT_ODDS.get(rule, ()), plain=True))
    @examples(FEW)
    def compare(case: Drawn) -> None:
        without_reward(case)
        assert no_better(value_of(case), value_of(case.without_rule(rule)))

    compare()


@pytest.mark.skipif("trading" not in LIBRARY, reason="there is no market")
def test_opening_a_market_never_makes_the_optimum_worse() -> None:
    # Without payments for going early, which are dues and not a way out. What is bought must not be fairly used.
    @given(drawn(must=("trading",), without=("fairness", "retention"), plain=True))
    @examples(3 * FEW)
    def compare(case: Drawn) -> None:
        assert no_better(value_of(case.without_rule("trading")), value_of(case))

    compare()


# Tightening


@dataclass(frozen=True)
class Tightening:
    """A parameter, values from loose to tight, and how a case is given one of them."""

    name: str
    values: tuple[Any, ...]
    put: Callable[[dict[str, Any], Any], object]

    @property
    def rule(self) -> str:
        return self.name.partition(".")[0]

    def at(self, case: Drawn, value: Any) -> Drawn:
        changed = copy.deepcopy(case)
        self.put(changed.settings["rules"].setdefault(self.rule, {}), value)
        return changed


def replaces(name: str, values: tuple[Any, ...], made: Callable[[Any], dict[str, Any]]) -> Tightening:
    """The whole rule, made from a value."""

    def put(rule: dict[str, Any], value: Any) -> None:
        rule.clear()
        rule.update(made(value))

    return Tightening(name, values, put)


def limited(**limit: Any) -> dict[str, Any]:
    return {"limits": [limit]}


def directed(value: float) -> dict[str, Any]:
    return {"measures": [{"measure": "jobs_lost", "sense": "<=", "value": value}]}


ALLOWED = {"allow_untreatable": True}
LISTED = {"any_of": [{"grade": ["A", "C", "D"]}]}
TIGHTENINGS = (
    replaces("retention.keep", (0.0, 0.3, 0.7, 1.0), lambda v: {"keep": v}),
    replaces("retention.pool", (0.0, 0.2, 0.6, 1.0), lambda v: {"pool": v}),
    replaces("retention.by_place", (0.0, 0.4, 1.0), lambda v: {"keep": 0.0, "by_place": {"T1": v}}),
    replaces("admission.value", (2.0, 1.0, 0.5, 0.2), lambda v: limited(value=v)),
    replaces("admission.value of a mean", (2.0, 1.0, 0.5, 0.2), lambda v: limited(value=v, scope="portfolio")),
    replaces(
        "admission.value of a least",
        (0.0, 5.0, 20.0),
        lambda v: limited(value=v, criterion={"amount": "investment", "per": "tax", "at_least": True}),
    ),
    replaces("admission.ratio", (1.0, 1.5, 3.0), lambda v: limited(value=0.4, action="substitute", ratio=v)),
    replaces("two_high.reject_above", (800.0, 400.0, 100.0), lambda v: {"sectors": ["C17"], "reject_above": v}),
    replaces("two_high.control", (2.0, 0.5, 0.1), lambda v: {"sectors": ["C17"], "control": v, "reject": True}),
    replaces("slow_approval.max_per_year", (800.0, 300.0, 0.0), lambda v: {"sectors": ["C17"], "max_per_year": v}),
    replaces("slow_approval.to", (2024, 2025, 2026), lambda v: {"sectors": ["C17", "C39"], "to": v}),
    replaces("slow_approval.from", (2026, 2025, 2024), lambda v: {"sectors": ["C17", "C39"], "from": v}),
    replaces("priority.min_shares", (0.0, 0.3, 0.6, 1.0), lambda v: {"form": "shares", "min_shares": {"strategic": v}}),
    replaces("budget.by_year", (300.0, 60.0, 20.0, 0.0), lambda v: {"by_year": {"2024": v, "2025": v}}),
    replaces("jobs.max_lost", (200.0, 70.0, 30.0, 0.0), lambda v: {"max_lost": v}),
    replaces("jobs.max_lost_share", (1.0, 0.6, 0.2, 0.0), lambda v: {"max_lost_share": v}),
    replaces("caps.amount", (1500.0, 700.0, 300.0, 0.0), lambda v: {"caps": [{"amount": v}]}),
    replaces(
        "caps.year", (2024, None), lambda v: {"caps": [{"amount": 300.0, **({"year": v} if v is not None else {})}]}
    ),
    replaces("clearance.value", (0.0, 3.0, 8.0, 99.0), lambda v: {"measure": "tax_per_mu", "value": v, **ALLOWED}),
    replaces(
        "clearance.or_land_mu",
        (99.0, 10.0, 2.0),
        lambda v: {"measure": "jobs", "value": 99.0, "scope": {"or_land_mu": v}, **ALLOWED},
    ),
    replaces(
        "intensity_decline.decline",
        (0.0, 0.1, 0.3, 0.9),
        lambda v: {"decline": v, "base_energy": 2000.0, "base_value_added": 5000.0},
    ),
    replaces("fairness.min_ratio", (0.0, 0.4, 0.9, 1.5), lambda v: {"min_ratio": v}),
    replaces(
        "chain.last_supplier_cost",
        (0.0, 100.0, 900.0),
        lambda v: {"protect_last_supplier": False, "last_supplier_cost": v},
    ),
    replaces("chain.complete_points", (900.0, 200.0, 0.0), lambda v: {"complete_points": v}),
    replaces("chain.at_least", (0, 1), lambda v: {"k_of_n": [{"projects": ["P1"], "at_least": v}]}),
    replaces("chain.at_most", (1, 0), lambda v: {"k_of_n": [{"projects": ["P1"], "at_most": v}]}),
    replaces("listing.value", (99.0, 8.0, 3.0, 0.0), lambda v: {"any_of": [{"measure": "tax_per_mu", "value": v}]}),
    replaces(
        "listing.below",
        (2.0, 1.1, 0.83, 0.13),
        lambda v: {"any_of": [{"measure": "tax_per_mu", "sector_mean": {"below": v}}]},
    ),
    replaces(
        "listing.above",
        (0.13, 0.83, 1.1, 2.0),
        lambda v: {"any_of": [{"measure": "energy_intensity", "sector_mean": {"above": v}}]},
    ),
    replaces(
        "listing.less",
        (0.01, 0.7, 5.3),
        lambda v: {"any_of": [{"measure": "value_added_per_mu", "sector_mean": {"less": v}}]},
    ),
    replaces(
        "listing.points",
        (0.01, 7.3, 50.3),
        lambda v: {"any_of": [{"measure": "tax_per_value_added", "sector_mean": {"points": v}}]},
    ),
    replaces("listing.or_land_mu", (0.0, 2.0, 10.0, 99.0), lambda v: {**LISTED, "scope": {"or_land_mu": v}}),
    replaces(
        "listing.least_land_mu",
        (0.0, 2.0, 10.0, 99.0),
        lambda v: {"any_of": [{"grade": ["A", "C", "D"], "scope": {"least_land_mu": v}}]},
    ),
    replaces("directives.value", (200.0, 60.0, 0.0), directed),
    replaces("directives.most_changes", (3, 2, 1, 0), lambda v: {"reference": {"most_changes": v}}),
    replaces("trading.buy_price", (0.5, 1.5, 3.0, 9.0), lambda v: {"buy_price": v}),
    replaces("trading.max_buy", (900.0, 400.0, 100.0, 0.0), lambda v: {"buy_price": 1.5, "max_buy": v}),
    replaces("trading.sell_price", (2.0, 1.0, 0.1), lambda v: {"sell_price": v}),
    replaces("trading.max_sell_share", (1.0, 0.5, 0.1), lambda v: {"sell_price": 1.0, "max_sell_share": v}),
    replaces("trading.levy", (0.0, 0.3, 0.9), lambda v: {"sell_price": 1.0, "levy": v}),
    replaces("trading.lasts", (3, 2, 1), lambda v: {"buy_price": 1.5, "lasts": v}),
    replaces("trading.exit_payment", (0.0, 0.2, 2.0), lambda v: {"exit_payment": v}),
    replaces("robustness.gamma", (0, 0.5, 1, 2, "all"), lambda v: {"gamma": v, "frees_less": {"close": 0.5}}),
    replaces("robustness.frees_less", (0.0, 0.2, 1.0), lambda v: {"gamma": 1, "frees_less": {"close": v}}),
    replaces("robustness.needs_more", (0.0, 0.2, 1.0), lambda v: {"gamma": 1, "needs_more": {"chain": v}}),
    replaces("robustness.late", (0, 1, 2), lambda v: {"gamma": 1, "late": {"close": v}}),
    replaces("listing.years", (1, 2), lambda v: {"any_of": [{"grade": "D", "years": v}]}),
)
NEITHER = {
    "admission.value of a set": "less value added than is lost turns the sense of the limit round",
    "clearance.by": "an earlier year lets off firms that nothing can treat by then",
    "intensity_decline.by": "another year is another demand, not a stricter one",
    "intensity_decline.base_energy": "a larger base allows more energy, and asks for more to be saved",
    "intensity_decline.base_value_added": "a larger base is a lower intensity to decline from, but dilutes losses",
    "directives.year": "another year is another demand, not a stricter one",
    "directives.share": "another share is another demand, not a stricter one",
    "fairness.tolerance": "it loosens a stage that is no part of the objective compared",
    "fairness.share": "where the others receive, a larger share of it asks for less",
    "listing.published": "a mean may be published on either side of the one computed",
    "priority.weights": "weights make points, and points count where the objective says so",
    "trading.weight": "it is the worth of money, which may be spent or earned",
    "trading.above": "bands are prices of those who must buy; who must is the matter of admission",
    "trading.price": "bands are prices of those who must buy; who must is the matter of admission",
    "trading.buy_share": "who must buy is the matter of admission",
    "admission.buy_share": "a larger share to be bought leaves more of the pool to others",
    "admission.from_year": "years are switched by the law, not tightened",
    "admission.to_year": "years are switched by the law, not tightened",
    "accounting.feedstock_from": "what counts of projects counts of firms too",
    "accounting.green_increment_from": "what counts of projects counts of firms too",
    "accounting.green_all_from": "what counts of projects counts of firms too",
    "two_high.tce": "thresholds and levels are reported",
    "two_high.mwh": "levels are reported",
    "two_high.built_from": "thresholds are reported",
    "two_high.built_before": "thresholds are reported",
}


def sane(case: Drawn) -> Drawn:
    """No action frees less than nothing and no project costs value added: a share of a loss would turn round."""
    for row in case.tables.get("actions", []):
        row.update({key: abs(value) for key, value in row.items() if key.startswith("frees_")})
    for row in case.tables["projects"]:
        row["value_added"] = abs(row["value_added"])
    return case


@pytest.mark.parametrize(
    "tightening", [each for each in TIGHTENINGS if each.rule in LIBRARY], ids=lambda tightening: tightening.name
)
def test_tightening_a_rule_never_makes_the_optimum_better(tightening: Tightening) -> None:
    beside = AT_ODDS.get(tightening.rule, ())

    @given(st.data())
    @examples(FEW)
    def compare(data: st.DataObject) -> None:
        must = tuple({tightening.rule, "targets"})
        case = sane(data.draw(drawn(must=must, without=beside, plain=True)))
        at = data.draw(st.integers(0, len(tightening.values) - 2))
        loose, tight = (tightening.at(case, tightening.values[i]) for i in (at, at + 1))
        assert no_better(value_of(tight), value_of(loose))

    compare()


def stricter(target: dict[str, Any], by: float) -> dict[str, Any]:
    """A target with a bound moved inwards; a count that must be exact has no stricter one."""
    moved = {">=": by, "<=": -by, "==": 0.0}[target["sense"]]
    return {**target, "value": target["value"] + moved}


@given(drawn(must=("targets",), plain=True), st.sampled_from([1.0, 50.0]))
@examples(3 * FEW)
def test_moving_a_target_inwards_never_makes_the_optimum_better(case: Drawn, by: float) -> None:
    moved = copy.deepcopy(case)
    moved.tables["targets"] = [stricter(target, by) for target in moved.tables["targets"]]
    assert no_better(value_of(moved), value_of(case))


@given(drawn(must=("targets",), plain=True))
@examples(3 * FEW)
def test_a_dearer_shortfall_never_makes_the_optimum_better(case: Drawn) -> None:
    dearer = copy.deepcopy(case)
    for target in dearer.tables["targets"]:
        if target.get("kind") == "soft":
            target["penalty"] *= 3.0
    assert no_better(value_of(dearer), value_of(case))


# That nothing is left out


def numeric(model: type[BaseModel], within: tuple[type[BaseModel], ...] = ()) -> Iterator[str]:
    """Names of a rule's parameters that are numbers, those of the tables within it too."""
    for name, described in model.model_fields.items():
        parts = [described.annotation, *nested(described.annotation)]
        if int in parts or float in parts or any(isinstance(part, int) and part is not True for part in parts):
            yield described.alias or name
        for part in parts:
            if isinstance(part, type) and issubclass(part, BaseModel) and part not in (*within, model):
                yield from numeric(part, (*within, model))


def nested(annotation: Any) -> Iterator[Any]:
    """All that a type is made of."""
    for part in get_args(annotation):
        yield part
        yield from nested(part)


@pytest.mark.parametrize("rule", LIBRARY)
def test_every_number_of_every_rule_is_tightened_or_it_is_said_why_not(rule: str) -> None:
    known = {name.split(" ")[0] for name in (*(each.name for each in TIGHTENINGS), *NEITHER)}
    assert {f"{rule}.{name}" for name in numeric(LIBRARY[rule].Parameters)} <= known


def test_the_random_cases_know_every_rule() -> None:
    assert set(LIBRARY) <= {*RULES, *BY_TOOL_ALONE}
