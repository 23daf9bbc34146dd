"""The price of robustness: the same case with room for ever more deviations, and how often each plan then holds.

found = robust("zhuji", gammas=(0, 1, 2, 5))
found.prices        # one row per gamma: objective, what it costs against none, how often all awards are served

The deviations are those of the rule `robustness` where the case has it; else the worst ends of `[uncertainty]`: the
least an action delivers, the years it may slip, the most a project needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from quota_opt.analysis.opened import Opened
from quota_opt.analysis.uncertain.evaluate import Evaluation, evaluate, uncertainty_of, write_record
from quota_opt.errors import (
    Finding,
    InfeasibleScenario,
    InputError,
    Language,
    Level,
    NoPlanFound,
    Text,
    Where,
)
from quota_opt.plan.folder import finite, identity_record, whole_folder, write_table
from quota_opt.plan.plan import Plan
from quota_opt.rules.robustness import RobustnessParameters
from quota_opt.scenario import Scenario, Uncertainty, read
from quota_opt.solving.profile import Profile
from quota_opt.solving.status import OnProgress, Status

if TYPE_CHECKING:
    from quota_opt.report.document import Document

Gamma = float | Literal["all"]
GAMMAS: tuple[Gamma, ...] = (0, 1, 2, 5, "all")
DEVIATIONS = ("frees_less", "needs_more", "late")


@dataclass(frozen=True, eq=False)
class RobustPlans:
    """Plans of one case by how many deviations they are protected against. `prices` has one row per gamma:

    gamma, status, objective, bound, gap, price (what it loses against gamma 0), price_share, awards, actions, and where
    the case says what is uncertain served (probability that no award lacks anything), met (least share over the years
    of what awards use that is there on average), expected and p05 (of the objective over the worlds),
    short_<resource> and tail_<resource> (of all years together)
    """

    scenario: Scenario
    deviations: Mapping[str, Mapping[str, float]]
    samples: int
    seed: int
    prices: pd.DataFrame
    plans: Mapping[Gamma, Plan] = field(repr=False)
    evaluations: Mapping[Gamma, Evaluation] = field(repr=False)

    def record(self) -> dict[str, Any]:
        """robust.json: the deviations, what was drawn, and the table."""
        made: dict[str, Any] = finite(
            {
                "deviations": {name: dict(values) for name, values in self.deviations.items()},
                "samples": self.samples,
                "seed": self.seed,
                "prices": self.prices.to_dict("records"),
                **identity_record(self.scenario),
            }
        )
        return made

    def document(self) -> Document:
        """The report: what protection costs, and what it brings."""
        from quota_opt.report.uncertainty import robust_document

        return robust_document(self)

    def write(self, folder: str | Path, language: Language = "zh") -> Path:
        """Write robust.csv, robust.json, report.html, report.xlsx and a result folder per plan (gamma-1 …)."""
        from quota_opt.report.document import write_reports

        target = Path(folder)
        with whole_folder(target) as work:
            write_table(self.prices, work / "robust.csv")
            write_record(self.record(), work / "robust.json")
            for gamma, plan in self.plans.items():
                plan.write(work / folder_of(gamma), language)
            write_reports(self.document(), work, language)
        return target


def robust(
    case: Scenario | str | Path,
    gammas: Sequence[Gamma] = GAMMAS,
    *,
    samples: int | None = None,
    seed: int | None = None,
    profile: str | Path | Profile = "auto",
    gap: float | None = None,
    time_limit: float | None = None,
    on_progress: OnProgress | None = None,
) -> RobustPlans:
    """The best plan of a case for each number of deviations it must stand (0, for the price, is always among them).

    Where the case has `[uncertainty]` each plan is tried in the same `samples` worlds. A gamma that no plan stands has
    status INFEASIBLE and no plan.

    Raises InputError where nothing says how far things deviate, and what `quota_opt.solve` raises of the case itself.
    """
    scenario = case if isinstance(case, Scenario) else read(case)
    deviations = deviations_of(scenario)
    certain = scenario.settings.uncertainty is None or scenario.settings.uncertainty.certain
    given = None if certain else uncertainty_of(scenario)
    plans: dict[Gamma, Plan] = {}
    evaluations: dict[Gamma, Evaluation] = {}
    lines = []
    for gamma in dict.fromkeys([0, *sorted(gammas, key=_size)]):
        settings: dict[str, Any] = {f"rules.robustness.{name}": dict(values) for name, values in deviations.items()}
        settings |= {"rules.robustness.gamma": gamma, "rules.robustness.enabled": True}
        try:
            plan = Opened.of(scenario.with_(**settings), profile, gap=gap, time_limit=time_limit).solve(
                on_progress=on_progress
            )
        except (InfeasibleScenario, NoPlanFound) as ending:
            if gamma == 0:
                raise
            status = Status.INFEASIBLE if isinstance(ending, InfeasibleScenario) else Status.NO_SOLUTION_FOUND
            lines.append({"gamma": gamma, "status": str(status)})
            continue
        plans[gamma] = plan
        if given is not None:
            evaluations[gamma] = evaluate(plan, samples, seed)
        lines.append({"gamma": gamma, **_line(plan, plans.get(0), evaluations.get(gamma))})
    first = next(iter(evaluations.values()), None)
    return RobustPlans(
        scenario=scenario,
        deviations=deviations,
        samples=0 if first is None else first.samples,
        seed=0 if first is None else first.seed,
        prices=pd.DataFrame(lines),
        plans=plans,
        evaluations=evaluations,
    )


def deviations_of(scenario: Scenario) -> dict[str, dict[str, float]]:
    """How far things deviate at the worst: as the rule `robustness` says, else the ends of `[uncertainty]`.

    Raises InputError where neither says anything that takes quota away.
    """
    rule = scenario.settings.rules.get("robustness")
    if isinstance(rule, RobustnessParameters):
        named = {name: {str(k): float(v) for k, v in getattr(rule, name).items()} for name in DEVIATIONS}
        return {name: values for name, values in named.items() if values}
    given = scenario.settings.uncertainty
    made = {} if given is None else _ends(given)
    if not made:
        what = Text(
            "案例没有写明措施会少腾出、推迟多少，或项目会多用多少。",
            "The case does not say how much less or later actions free, or how much more projects need.",
        )
        fix = Text(
            "写 [uncertainty.actions.close] delivery = { … } 等分布，"
            "或在 [rules.robustness] 中写 frees_less、needs_more、late。",
            "Write distributions such as [uncertainty.actions.close] delivery = { … }, or say it in [rules.robustness] "
            "with frees_less, needs_more or late.",
        )
        raise InputError([Finding(Level.ERROR, "nothing-deviates", what, Where(path="uncertainty"), fix)])
    return made


def _ends(given: Uncertainty) -> dict[str, dict[str, float]]:
    """The worst of each distribution, where it takes quota away."""
    less = {k: 1.0 - a.delivery.ends[0] for k, a in given.actions.items() if a.delivery is not None}
    more = {c: p.need.ends[1] - 1.0 for c, p in given.projects.items() if p.need is not None}
    late = {k: a.slip.years for k, a in given.actions.items() if a.slip is not None and a.slip.probability > 0.0}
    made: dict[str, dict[str, float]] = {}
    for name, values in (("frees_less", less), ("needs_more", more), ("late", late)):
        positive = {str(key): round(value, 12) for key, value in values.items() if value > 0.0}
        if positive:
            made[name] = positive
    return made


def folder_of(gamma: Gamma) -> str:
    """The name of the folder of a plan: gamma-2, gamma-0.5, gamma-all."""
    return f"gamma-{gamma}" if gamma == "all" else f"gamma-{float(gamma):g}"


def _size(gamma: Gamma) -> float:
    return np.inf if gamma == "all" else float(gamma)


def _line(plan: Plan, nominal: Plan | None, evaluation: Evaluation | None) -> dict[str, Any]:
    line: dict[str, Any] = {
        "status": str(plan.status),
        "objective": plan.objective,
        "bound": plan.bound,
        "gap": plan.gap,
    }
    if nominal is not None:
        sense = -1.0 if (plan.certificate.get("stages") or [{}])[-1].get("sense") == "min" else 1.0
        price = sense * (nominal.objective - plan.objective) + 0.0
        line |= {"price": price, "price_share": price / max(abs(nominal.objective), 1e-9)}
    line |= {"awards": len(plan.awards), "actions": len(plan.actions)}
    if evaluation is not None:
        line |= {"served": evaluation.served, "met": float(evaluation.years["met"].min())}
        if "objective" in set(evaluation.measures["measure"]):
            objective = evaluation.measure("objective")
            line |= {"expected": objective["mean"], "p05": objective["p05"]}
        for name in plan.scenario.resources:
            line[f"short_{name}"] = float(evaluation.years[f"short_{name}"].sum())
            line[f"tail_{name}"] = float(evaluation.years[f"tail_{name}"].sum())
    return line
