"""Solve a built-in case, look at the plan, write the result folder.

python examples/solve_built_in.py [CASE] [FOLDER]
"""

import sys

import quota_opt as qo


def main(address: str = "worked-example", folder: str = "plan") -> None:
    plan = qo.solve(qo.read(address))
    print(f"{plan.status}: objective {plan.objective:,.1f}, bound {plan.bound:,.1f}, gap {plan.gap:.4%}")
    print(plan.awards[["project", "place", "year", "share", "energy_tce", "value_added"]].to_string(index=False))
    print(plan.actions[["firm", "action", "year", "frees_energy_tce", "value_added_lost"]].to_string(index=False))
    for name in ("energy_freed", "energy_used", "energy_idle"):
        print(f"{name}: {plan.measures[name]:,.1f} {plan.measure_units[name]}")
    print(f"written to {plan.write(folder)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
