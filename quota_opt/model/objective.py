"""Which good the plan is for: one weighted sum of measures, or measures in strict order."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from quota_opt.errors import Finding, Level, Text, Where
from quota_opt.model.case import Case
from quota_opt.model.market import MONEY
from quota_opt.model.measures import Coefficients, coefficients, known_measures, nonlinear


@dataclass(frozen=True)
class Stage:
    """One objective to maximise. Later stages keep at least `value − tolerance·|value|` of it.

    `soft` tells whether penalties for missed soft targets belong to this stage; `name` is shown to people.
    """

    name: str
    coefficients: Coefficients
    sign: float = 1.0
    tolerance: float = 0.0
    soft: bool = False


def stages(case: Case) -> list[Stage]:
    """The objectives in the order in which they are solved: those of rules first, then the case's own."""
    before = [stage for rule in case.rules for stage in rule.stages(case)]
    objective = case.scenario.settings.objective
    if objective.form == "lexicographic":
        own = [
            Stage(
                item.measure,
                coefficients(case, item.measure) * (1.0 if item.sense == "max" else -1.0),
                1.0 if item.sense == "max" else -1.0,
                item.tolerance,
            )
            for item in objective.order
        ]
        if has_soft_targets(case):
            own.append(Stage("shortfall", coefficients(case, "public_cost") * 0.0, -1.0, 0.0, soft=True))
        return [*before, *own]
    total = coefficients(case, "public_cost") * 0.0
    for name, weight in weights(case).items():
        total = total + coefficients(case, name) * weight
    return [*before, Stage("objective", total, soft=True)]


def weights(case: Case) -> dict[str, float]:
    """Signed weight of each measure of a weighted objective; without `[objective]`, value added counts alone.

    Where a market is open and none of its money is named, its net cost counts with the weight of the market.
    """
    objective = case.scenario.settings.objective
    signed = {name: float(weight) for name, weight in objective.maximise.items()}
    if not objective.maximise and not objective.minimise:
        signed = {"value_added": 1.0}
    if case.market is not None and case.market.weight and not names_money(case):
        signed["trading_cost"] = -case.market.weight
    for name, weight in objective.minimise.items():
        signed[name] = signed.get(name, 0.0) - float(weight)
    return signed


def names_money(case: Case) -> bool:
    """Whether the case's objective names a measure of the market's money."""
    objective = case.scenario.settings.objective
    named = {*objective.maximise, *objective.minimise, *(item.measure for item in objective.order)}
    return not named.isdisjoint(MONEY)


def has_soft_targets(case: Case) -> bool:
    """Whether missed targets cost a penalty."""
    targets = case.scenario.targets
    soft = (targets["kind"] == "soft") & targets["value"].notna()
    return case.rule("targets") is not None and bool(soft.any())


def check_objective(case: Case) -> list[Finding]:
    """Unknown measures in the objective, and measures that have no linear form."""
    objective = case.scenario.settings.objective
    named = [("objective.maximise", name) for name in objective.maximise]
    named += [("objective.minimise", name) for name in objective.minimise]
    named += [(f"objective.order.{i}.measure", item.measure) for i, item in enumerate(objective.order)]
    found = [finding for path, name in named if (finding := check_measure(case, name, Where(path=path)))]
    if objective.form == "lexicographic" and not objective.order:
        found.append(
            Finding(
                Level.ERROR,
                "empty-order",
                Text("按次序优化，但没有写次序。", "The objective is lexicographic but names no order."),
                Where(path="objective.order"),
                Text(
                    '写明 order = [{ measure = …, sense = "max" }]，或改用 form = "weighted"。',
                    'Write order = [{ measure = …, sense = "max" }], or use form = "weighted".',
                ),
            )
        )
    return found


def check_measure(case: Case, name: str, where: Where) -> Finding | None:
    """A finding if `name` is no measure of the case, or cannot stand in an objective or target."""
    known = known_measures(case)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
        hint = near[0] if near else "value_added"
        if name in MONEY:
            return Finding(
                Level.ERROR,
                "unknown-measure",
                Text(
                    f"成效指标“{name}”要启用规则 trading 才有。",
                    f"There is a measure {name!r} only where trading is on.",
                ),
                where,
                Text(
                    "在 [rules.trading] 中写明价格，或改用其他成效指标。",
                    "Write prices in [rules.trading], or use another measure.",
                ),
                name,
            )
        return Finding(
            Level.ERROR,
            "unknown-measure",
            Text(f"没有名为“{name}”的成效指标。", f"There is no measure called {name!r}."),
            where,
            Text(
                f"最接近的是 {hint}；也可在 [measures] 中自定。", f"The nearest is {hint}; or define it in [measures]."
            ),
            name,
        )
    if name in nonlinear(case):
        chain = name == "chains_completed"
        return Finding(
            Level.ERROR,
            "measure-not-linear",
            Text(
                f"成效指标“{name}”只能在结果中计算，不能作目标。",
                f"The measure {name!r} is computed on finished plans only; it cannot be an objective or a target.",
            ),
            where,
            Text("启用规则 chain 后即可使用。", "It can stand here once the rule chain is on.")
            if chain
            else Text(
                "要让最低的镇街比值尽量高，请启用规则 fairness 并写 maximise_smallest = true。",
                "To make the smallest ratio as large as can be, use the rule fairness with maximise_smallest = true.",
            ),
            name,
        )
    return None
