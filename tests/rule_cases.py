"""One small case per rule, in which the rule alone stands between the planner and the best plan.

Two firms free 500 and 300, for two projects of 300 and 400: without a rule both firms close and both projects start,
1,600 gained and 20 lost; F3 frees 5 at a loss of 10 and is left as it is. Each rule forbids just that plan. The golden
models and the mutations go through all rules there are: a new rule needs an entry here, and its golden file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from against_brute import case_of, table

PLACES = [
    {"place": "C", "level": "county"},
    {"place": "N", "level": "town", "parent": "C"},
    {"place": "M", "level": "town", "parent": "C"},
]
FIRMS = """
    firm place grade protected_as jobs energy_tce stages
    F1   N     D     -            30   500        casting
    F2   M     A     grain        20   300        -
    F3   M     D     -            9    5          -"""
ACTIONS = """
    firm action frees_energy_tce value_added_lost cost jobs_lost
    F1   close  500              10               60   30
    F2   close  300              10               50   20
    F3   close  5                10               1    1"""
PROJECTS = """
    project place category  energy_tce value_added sector
    A       N     strategic 300        900         steel
    B       M     chain     400        700         steel"""
CHAINS = "chain stage\nvalves casting"
FEEDSTOCK = [row | ({"feedstock_tce": 200.0} if row["firm"] == "F1" else {}) for row in table(FIRMS)]
FREE = ({"F1:close:2024", "F2:close:2024"}, {"A:2024", "B:2024"})


@dataclass(frozen=True)
class RuleCase:
    """What the rule is given: its table of settings, tables besides the common ones, and other settings.

    `loose` stands for the rule's table in the case whose best plan breaks it; None: the rule is off there. `named` is
    what `verify` must name, where it is not the rule itself.
    """

    rule: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    loose: dict[str, Any] | None = None
    named: str | None = None


RULE_CASES = {
    # F2 is not on the list.
    "listing": RuleCase({"any_of": [{"grade": "D"}]}),
    # F2 is protected.
    "protection": RuleCase({"protected_as": ["grain"]}),
    # F3 is left as it is: under the line, or on the list of all.
    "clearance": RuleCase({"measure": "jobs", "op": "<", "value": 10.0}),
    "one_treatment": RuleCase({}),
    # 100 leave N, which frees 500.
    "retention": RuleCase({"keep": 0.875}),
    # B is at 0.571, and of 400 tce.
    "admission": RuleCase({"limits": [{"value": 0.5}]}),
    "two_high": RuleCase({"sectors": ["steel"], "reject_above": 350.0}),
    # 700 are approved, used, and 400 of them go to the chain: 0.571.
    "slow_approval": RuleCase({"sectors": ["steel"], "max_per_year": 699.0}),
    "caps": RuleCase({"caps": [{"amount": 699.0}]}),
    "priority": RuleCase({"form": "shares", "min_shares": {"chain": 0.6}}),
    "targets": RuleCase(tables={"targets": table("measure sense value\nfirms_closed <= 1")}),
    # 1,000 - 800 + 700 on 1,000 - 20 + 1,600 is 0.349; from 1.0 it shall fall to 0.3.
    "intensity_decline": RuleCase({"decline": 0.7, "base_energy": 1000.0, "base_value_added": 1000.0}),
    # 110 are spent, and 50 jobs lost.
    "budget": RuleCase({"by_year": {"2024": 100.0}}),
    "jobs": RuleCase({"max_lost": 49.0}),
    # F1 alone casts.
    "chain": RuleCase({}, tables={"chains": table(CHAINS)}),
    # N uses 300 of the 500 it frees.
    "fairness": RuleCase({"min_ratio": 0.7}),
    # 100 are left to sell of the 800 freed: an eighth, and a fifth of what N frees.
    "trading": RuleCase({"sell_price": 1.0, "max_sell_share": 0.1}, loose={"sell_price": 1.0}),
    # 100 are left of the 800 freed; the worst closure may free 125 less.
    "robustness": RuleCase({"gamma": 1, "frees_less": {"close": 0.25}}),
    # B is refused: its 400 tce are not needed, and F2 stays open.
    "directives": RuleCase({"projects": [{"project": "B", "award": False}]}),
    # Of F1's 500, 200 are feedstock, which forbids nothing; but 600 freed in all are too little for both projects.
    "accounting": RuleCase({}, tables={"firms": FEEDSTOCK}, named="pool"),
}


def small_case(name: str, *, on: bool = True) -> Any:
    """(settings, tables) of the rule's case; `on = False`: the one whose best plan breaks the rule."""
    given = RULE_CASES[name]
    rules: dict[str, Any] = {}
    tables = given.tables
    if on and name != "targets":
        rules[name] = {"clause": "3.1", **given.rule}
    if not on:
        tables = {key: rows for key, rows in tables.items() if key != "targets"}
        if given.loose is not None:
            rules[name] = given.loose
    settings, rows = case_of(firms=FIRMS, actions=ACTIONS, projects=PROJECTS, rules=rules, **given.settings)
    return settings, {**rows, "places": PLACES, **tables}
