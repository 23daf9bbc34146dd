"""What is given up for what, what a number decides, why a project is out, and what an order costs.

python examples/trade_offs.py
"""

import quota_opt as qo

LIMIT = "rules.admission.limits.0.value"


def main() -> None:
    case = qo.read("worked-example")

    front = qo.pareto(case, ["value_added_final:max", "energy_used:min"], exact=True)
    print(front.points.to_string(index=False))
    print("complete:", front.complete)

    sweep = qo.sweep(case, LIMIT, 0.49, 0.52)
    print("the plan changes at a limit of", *sweep.breaks)

    strict = qo.solve(case.with_(**{LIMIT: 0.49}))
    found = qo.compare({"0.52": qo.solve(case), "0.49": strict})
    print(found.measures.to_string(index=False))
    print(*(sentence.en for sentence in qo.explain(strict, project="P2").sentences), sep="\n")

    receipt = qo.override(case, award=["P3"], bend=True, by="county meeting", reason="anchor of the park")
    lost = receipt.decisions.query("change == 'lost'")["id"]
    print(f"P3 by order costs {receipt.cost:,.0f} of the objective; out for it: {', '.join(lost)}")


if __name__ == "__main__":
    main()
