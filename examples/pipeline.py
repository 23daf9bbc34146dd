"""A night's work without a person, as plain functions: check a case, solve it and its variants, verify, list them.

Each step is a function of values, so that a scheduler (Prefect, Airflow, cron) can run, retry and cache it. A folder is
named by the content address of what is asked: started again after a breakdown, it goes on where it was.

python examples/pipeline.py [CASE] [FOLDER]        exits with 1 if any step did not end well
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

import quota_opt as qo

Row = dict[str, Any]


def with_retries(step: Callable[[], Path], times: int = 3, pause_s: float = 1.0) -> Path:
    """What may be over next time is tried again: a solver that broke, a full disk. Faulty input is not."""
    for left in reversed(range(times)):
        try:
            return step()
        except (qo.EngineFailed, OSError):
            if not left:
                raise
            time.sleep(pause_s)
    raise ValueError("times is 1 or more")


def fetched(address: str) -> qo.Scenario:
    """The case, with every fault of it told at once. In your house: from a database, by Scenario.from_tables."""
    case = qo.read(address)
    for finding in qo.check(case):
        print("\n  ".join(finding.lines("en")))
    return case


def solved(case: qo.Scenario, folder: Path, gap: float = 1e-4) -> Path:
    """The result folder of the case; one that is there already is the answer to the same question."""
    place = folder / qo.address(case, gap=gap)
    if not place.exists():
        qo.solve(case, gap=gap).write(place)
    return place


def told(case: qo.Scenario, folder: Path) -> Row:
    """One line of the summary."""
    row: Row = {"variant": case.variant or "base"}
    try:
        place = with_retries(lambda: solved(case, folder))
    except qo.InfeasibleScenario as error:
        return row | {"status": "INFEASIBLE", "rules": ", ".join(conflict.rule for conflict in error.conflicts)}
    plan = qo.read_result(place)
    return row | {
        "status": str(plan.status),
        "gap": plan.gap,
        "verified": qo.verify(place).ok,
        "objective": plan.objective,
        "projects": len(plan.awards),
        "firms treated": len(plan.actions),
        "folder": place.name,
    }


def main(address: str = "worked-example", folder: str = "night") -> int:
    case = fetched(address)
    out = Path(folder)
    summary = pd.DataFrame([told(case.with_variant(variant), out) for variant in (None, *case.variants)])
    summary.to_csv(out / "summary.csv", index=False, encoding="utf-8-sig")
    print(summary.to_string(index=False))
    return 0 if (summary["status"] == "OPTIMAL").all() and summary["verified"].all() else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
