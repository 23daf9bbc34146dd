"""The weighted objective of a finished plan: measures, the rules' own points, the penalties of soft targets."""

from __future__ import annotations

from quota_opt.model.objective import weights
from quota_opt.model.outcome import Outcome


def objective_of(outcome: Outcome) -> float | None:
    """The objective recomputed from the tables; None where it is lexicographic."""
    case = outcome.case
    if case.scenario.settings.objective.form != "weighted":
        return None
    points = sum(rule.worth(outcome) for rule in case.rules)
    measured = sum(weight * outcome.measure(name) for name, weight in weights(case).items())
    return measured + points - _soft_penalties(outcome)


def _soft_penalties(outcome: Outcome) -> float:
    """What missed soft targets take off a weighted objective."""
    rule = outcome.case.rule("targets")
    if rule is None:
        return 0.0
    figures = rule.audit(outcome).figures
    if "shortfall" not in figures:
        return 0.0
    soft = figures[figures["kind"] == "soft"]
    return float((soft["shortfall"].to_numpy(dtype=float) * soft["penalty"].to_numpy(dtype=float)).sum())
