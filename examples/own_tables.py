"""A case made of one's own pandas tables, without files.

python examples/own_tables.py
"""

import pandas as pd

import quota_opt as qo

SETTINGS = """
[scenario]
name = "two-towns"
title = { zh = "两镇示例", en = "Two towns" }
first_year = 2026
last_year = 2028
price_year = 2025
energy_basis = "equal_value"
data = "synthetic"
resources = ["energy"]

[objective]
maximise = { value_added_final = 1.0 }

[rules.retention]
keep = 0.5
levels = ["town"]
"""

PLACES = pd.DataFrame(
    {
        "place": ["county", "north", "south"],
        "level": ["county", "town", "town"],
        "parent": ["", "county", "county"],
    }
)
FIRMS = pd.DataFrame(
    {
        "firm": ["kiln", "dye-works"],
        "place": ["north", "south"],
        "energy_tce": [1000.0, 600.0],
        "value_added": [300.0, 500.0],
    }
)
ACTIONS = pd.DataFrame(
    {"firm": ["kiln", "dye-works"], "action": ["close", "upgrade"], "frees_energy_tce": [1000.0, 200.0]}
)
PROJECTS = pd.DataFrame(
    {
        "project": ["chips", "batteries"],
        "place": ["south", "north"],
        "category": ["strategic", "chain"],
        "energy_tce": [600.0, 500.0],
        "value_added": [1500.0, 900.0],
    }
)


def main() -> None:
    case = qo.Scenario.from_tables(SETTINGS, places=PLACES, firms=FIRMS, actions=ACTIONS, projects=PROJECTS)
    for finding in qo.check(case):
        print("\n  ".join(finding.lines("en")))
    plan = qo.solve(case)
    print(plan.status, f"{plan.measures['value_added_final']:,.0f} 10k yuan in the last year")
    print(plan.awards[["project", "year", "share"]].to_string(index=False))


if __name__ == "__main__":
    main()
