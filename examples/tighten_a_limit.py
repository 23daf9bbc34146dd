"""What does a stricter intensity limit cost? Solve twice and put the measures side by side.

python examples/tighten_a_limit.py
"""

import pandas as pd

import quota_opt as qo

LIMIT = "rules.admission.limits.0.value"


def main() -> None:
    case = qo.read("worked-example")
    plans = {value: qo.solve(case.with_(**{LIMIT: value})) for value in (0.52, 0.49)}
    measures = pd.DataFrame({f"limit {value}": plan.measures for value, plan in plans.items()})
    measures["difference"] = measures["limit 0.49"] - measures["limit 0.52"]
    print(measures[measures["difference"].abs() > 1e-9].round(3).to_string())
    lost = set(plans[0.52].awards["project"]) - set(plans[0.49].awards["project"])
    print("no longer awarded:", ", ".join(sorted(lost)))


if __name__ == "__main__":
    main()
