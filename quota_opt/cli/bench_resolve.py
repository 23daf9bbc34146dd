"""Re-solve of `quota-opt bench`: one case opened in a session, then solved with one number changed at a time.

python -m quota_opt.cli.bench_resolve CASE
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Mapping
from typing import Any

from quota_opt.cli.bench_steps import timed

FIRST_GAP, FIRST_SECONDS = 1e-2, 20.0
GAP, SECONDS = 1e-3, 20.0
MORE_BUDGET, KEEP, LIMIT = 1.02, 0.55, 0.50


def changes(settings: Any) -> dict[str, Mapping[str, Any]]:
    """The changed numbers, by the name of their line; `settings` are those of a generated case."""
    made: dict[str, Mapping[str, Any]] = {}
    if "budget" in settings.rules:
        by_year = settings.rules["budget"].by_year
        more = {f"rules.budget.by_year.{year}": amount * MORE_BUDGET for year, amount in by_year.items()}
        made["re-solve: budget +2 %"] = more
    if "retention" in settings.rules:
        made[f"re-solve: keep {KEEP}"] = {"rules.retention.keep": KEEP}
    if "admission" in settings.rules:
        made[f"re-solve: access limit {LIMIT}"] = {"rules.admission.limits.0.value": LIMIT}
    return made


def resolved(case: str, seconds: float = SECONDS) -> list[dict[str, Any]]:
    """A line each for reading, the first solve and every changed number: whole seconds, those of `solve`, the gap."""
    qo = importlib.import_module("quota_opt")
    scenario, read = timed("read", lambda: qo.read(case))
    session = qo.Session(scenario, gap=FIRST_GAP, time_limit=FIRST_SECONDS)
    lines = [read, _solve("first solve", session, None, {})]
    for name, change in changes(scenario.settings).items():
        lines.append(_solve(name, session, change, {"gap": GAP, "time_limit": seconds}))
    return lines


def _solve(step: str, session: Any, change: Mapping[str, Any] | None, limits: dict[str, float]) -> dict[str, Any]:
    from quota_opt.errors import NoPlanFound

    def work() -> Any:
        try:
            return session.solve(change, **limits)
        except NoPlanFound:
            return None

    plan, line = timed(step, work)
    if plan is None:
        return line
    return line | {"solve_seconds": round(plan.seconds["solve"], 3), "gap": plan.gap}


if __name__ == "__main__":
    json.dump(resolved(sys.argv[1]), sys.stdout)
