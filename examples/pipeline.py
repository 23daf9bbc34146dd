"""A night's work without a person: check a case, solve it and each of its variants, verify, list what came out.

python examples/pipeline.py [CASE] [FOLDER]        exits with 1 if any step did not end well
"""

import sys
from pathlib import Path

import pandas as pd

import quota_opt as qo


def main(address: str = "worked-example", folder: str = "night") -> int:
    case = qo.read(address)
    rows = []
    for variant in [None, *case.settings.variants]:
        name = variant or "base"
        row: dict[str, object] = {"variant": name}
        try:
            plan = qo.solve(case.with_variant(variant) if variant else case)
            written = plan.write(Path(folder) / name)
            row |= {
                "status": str(plan.status),
                "gap": plan.gap,
                "verified": qo.verify(written).ok,
                "objective": plan.objective,
                "projects": len(plan.awards),
                "firms treated": len(plan.actions),
            }
        except qo.InfeasibleScenario as error:
            row |= {"status": "INFEASIBLE", "rules": ", ".join(conflict.rule for conflict in error.conflicts)}
        rows.append(row)
    summary = pd.DataFrame(rows)
    summary.to_csv(Path(folder) / "summary.csv", index=False, encoding="utf-8-sig")
    print(summary.to_string(index=False))
    return 0 if (summary["status"] == "OPTIMAL").all() and summary["verified"].all() else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
