"""How a plan fares when things do not go as planned: many worlds drawn, each with its measures and what is lacking.

evaluation = evaluate(plan, samples=1000, seed=0)
evaluation.years        # probability that all awards can be served, by year
evaluation.measures     # quantiles of each measure

Decisions and trades stay as planned; quota is passed along the tree anew in each world (`uncertainty_pools`). Nothing
is curtailed: measures are those of all that is done and awarded, and what is lacking stands beside them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from quota_opt.analysis.addresses import plan_at
from quota_opt.analysis.uncertain.draws import Worlds, draw
from quota_opt.analysis.uncertain.measures import in_worlds, linear_measures, objective_weights
from quota_opt.analysis.uncertain.pools import Lacking, award_use, lacking
from quota_opt.errors import Finding, InputError, Language, Level, Text, Where
from quota_opt.model.case import Case, FloatArray
from quota_opt.model.outcome import Outcome
from quota_opt.plan.folder import finite, identity_record, whole_folder, write_table
from quota_opt.plan.headlines import objective_unit
from quota_opt.plan.plan import Plan
from quota_opt.scenario import Scenario, Uncertainty

if TYPE_CHECKING:
    from quota_opt.report.document import Document

QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p95": 0.95}
ALPHA = 0.95
"""Where the tail of what is lacking begins, where the case does not say."""
TOGETHER = 200
"""Worlds worked on at once, so that memory does not grow with their number."""
TABLES = ("measures", "years", "places", "awards", "worlds")


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A plan in many worlds. Tables (pandas, one row per …):

    measures  measure: measure, unit, planned, mean, sd, p05 … p95 (quantiles over the worlds), and `objective`,
              `shortfall_cost` and `objective_net` (their difference) where the case has them
    years     year: year, served (probability that no award lacks anything), met (share of what awards use that is
              there on average, of the scarcest resource), and of each resource short_<resource> (mean of what is
              lacking) and tail_<resource> (mean of the worst 1 - alpha)
    places    place, resource and year where something may lack: probability, expected, tail, used (mean)
    awards    award: project, name, place, category, year, share, drops_out and late (probabilities), short
              (probability that it lacks something in some year), unserved (mean share of its need that is lacking)
    worlds    world: world, each measure, short_<resource> (over all years)

    `served` is the probability that no award lacks anything in any year.
    """

    scenario: Scenario
    uncertainty: Uncertainty
    samples: int
    seed: int
    alpha: float
    served: float
    measures: pd.DataFrame
    years: pd.DataFrame
    places: pd.DataFrame
    awards: pd.DataFrame
    worlds: pd.DataFrame
    plan: Plan = field(repr=False)

    def measure(self, name: str) -> dict[str, Any]:
        """The line of one measure: unit, planned, mean, sd and quantiles. Raises KeyError where there is none."""
        line = self.measures.set_index("measure").loc[name]
        return {str(key): value for key, value in line.items()}

    def record(self) -> dict[str, Any]:
        """What was drawn, how often and with which seed, and the answer: evaluation.json."""
        made: dict[str, Any] = finite(
            {
                "samples": self.samples,
                "seed": self.seed,
                "alpha": self.alpha,
                "served": self.served,
                "uncertainty": self.uncertainty.model_dump(mode="json", exclude_unset=True),
                "years": self.years.to_dict("records"),
                "measures": self.measures.to_dict("records"),
                **identity_record(self.scenario),
            }
        )
        return made

    def document(self) -> Document:
        """The report of the evaluation."""
        from quota_opt.report.uncertainty import evaluation_document

        return evaluation_document(self)

    def write(self, folder: str | Path, language: Language = "zh") -> Path:
        """Write evaluation.json, the tables and report.html, report.xlsx, whole or not at all. Returns the folder."""
        from quota_opt.report.document import write_reports

        target = Path(folder)
        with whole_folder(target) as work:
            for name in TABLES:
                write_table(getattr(self, name), work / f"{name}.csv")
            write_record(self.record(), work / "evaluation.json")
            write_reports(self.document(), work, language)
        return target


def evaluate(
    plan: Plan | Scenario | str | Path,
    samples: int | None = None,
    seed: int | None = None,
    *,
    uncertainty: Uncertainty | Mapping[str, Any] | None = None,
) -> Evaluation:
    """How a plan (or a result folder, or a case that is solved first) fares in `samples` worlds.

    The worlds are drawn from `[uncertainty]` of the case, or from `uncertainty` in its place; `samples` and `seed` are
    the section's where they are not given. The same seed draws the same worlds for every plan of the case.

    Raises InputError where nothing says what is uncertain, and what `read_result` or `solve` raise.
    """
    made = plan_at(plan)
    assert made.outcome is not None
    given = uncertainty_of(made.scenario, uncertainty)
    count, start = given.samples if samples is None else samples, given.seed if seed is None else seed
    alpha = ALPHA if given.recourse is None else given.recourse.alpha
    outcome = made.outcome
    worlds = draw(outcome.case, given, outcome.action_row, outcome.award_row, worlds=count, seed=start)
    found = _Found(outcome, worlds)
    return Evaluation(
        scenario=made.scenario,
        uncertainty=given,
        samples=count,
        seed=start,
        alpha=alpha,
        served=float(found.served.all(axis=0).mean()),
        measures=_measures(made, found, given),
        years=_years(outcome.case, found, alpha),
        places=_places(outcome.case, found, alpha),
        awards=_awards(outcome, worlds, found),
        worlds=found.frame,
        plan=made,
    )


def uncertainty_of(scenario: Scenario, given: Uncertainty | Mapping[str, Any] | None = None) -> Uncertainty:
    """What is uncertain: what is given, else the section of the case.

    Raises InputError where neither says anything: nothing is drawn from figures nobody stated.
    """
    if isinstance(given, Mapping):
        try:
            given = Uncertainty.model_validate(dict(given))
        except ValidationError as problem:
            raise InputError([_refused(str(problem))]) from problem
    made = scenario.settings.uncertainty if given is None else given
    if made is None or made.certain:
        what = Text("案例没有写明哪些是不确定的。", "The case does not say what is uncertain.")
        fix = Text(
            "在 [uncertainty.actions.<措施>] 或 [uncertainty.projects.<类别>] 中写明分布，"
            "如 [uncertainty.actions.close] slip = { probability = 0.2 }。",
            "Write distributions in [uncertainty.actions.<kind>] or [uncertainty.projects.<category>], "
            "e.g. [uncertainty.actions.close] slip = { probability = 0.2 }.",
        )
        raise InputError([Finding(Level.ERROR, "nothing-uncertain", what, Where(path="uncertainty"), fix)])
    return made


def tail_mean(values: FloatArray, alpha: float) -> float:
    """Conditional value at risk: the mean of the worst (largest) 1 - alpha of equally likely values."""
    ordered = np.sort(values)[::-1]
    mass = (1.0 - alpha) * len(ordered)
    weight = np.clip(mass - np.arange(len(ordered)), 0.0, 1.0)
    return float((weight * ordered).sum() / mass)


def write_record(record: Mapping[str, Any], path: Path) -> None:
    """Write a record as JSON for people to read."""
    text = json.dumps(record, ensure_ascii=False, indent=2, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _refused(said: str) -> Finding:
    what = Text(f"不确定性的写法有误：{said}", f"what is said of uncertainty is not right: {said}")
    fix = Text("写法见设置字典 uncertainty。", "See `uncertainty` in the dictionary of settings.")
    return Finding(Level.ERROR, "bad-setting", what, Where(path="uncertainty"), fix)


class _Found:
    """What all worlds came to: measures, what is lacking by resource, year and place, and how awards fare."""

    def __init__(self, outcome: Outcome, worlds: Worlds) -> None:
        case = outcome.case
        shape = len(case.resources), case.horizon
        self.served = np.ones((case.horizon, worlds.count), dtype=bool)
        self.by_year = np.zeros((*shape, worlds.count))
        self.by_place: dict[tuple[int, int], FloatArray] = {}
        self.used: dict[tuple[int, int], FloatArray] = {}
        awards = len(outcome.award_row)
        self.lacks = np.zeros((awards, worlds.count), dtype=bool)
        unserved, taking = np.zeros(awards), np.zeros(awards)
        for first in range(0, worlds.count, TOGETHER):
            part = slice(first, min(first + TOGETHER, worlds.count))
            some = worlds.some(part)
            for t in range(case.horizon):
                worst = np.zeros((awards, some.count))
                for r in range(len(case.resources)):
                    found = lacking(outcome, some, r, t)
                    self._keep(r, t, part, found, worlds.count)
                    worst = np.maximum(worst, _unserved(outcome, found))
                uses = np.max([award_use(outcome, some, r, t) > 0.0 for r in range(shape[0])], axis=0)
                worst *= uses
                self.lacks[:, part] |= worst > 0.0
                unserved += worst.sum(axis=1)
                taking += uses.sum(axis=1)
        self.unserved = np.divide(unserved, taking, out=np.zeros(awards), where=taking > 0)
        measures = {name: in_worlds(outcome, worlds, name) for name in linear_measures(case)}
        short = {f"short_{name}": self.by_year[r].sum(axis=0) for r, name in enumerate(case.resources)}
        self.frame = pd.DataFrame({"world": np.arange(1, worlds.count + 1), **measures, **short})

    def _keep(self, r: int, t: int, part: slice, found: Lacking, worlds: int) -> None:
        self.by_year[r, t, part] = found.total
        self.served[t, part] &= found.total <= 0.0
        if found.short.any():
            whole = self.by_place.setdefault((r, t), np.zeros((len(found.short), worlds)))
            whole[:, part] = found.short
        mean = self.used.setdefault((r, t), np.zeros(len(found.short)))
        mean += found.used.sum(axis=1) / worlds


def _unserved(outcome: Outcome, found: Lacking) -> FloatArray:
    """(awards, worlds): the share that is lacking of what awards at the same place use."""
    share = np.divide(found.short, found.used, out=np.zeros_like(found.short), where=found.used > 0.0)
    at = outcome.case.projects["place_code"].to_numpy(dtype=np.int64)[outcome.award_row]
    of_award: FloatArray = np.minimum(share, 1.0)[at]
    return of_award


def _spread(name: str, unit: str, planned: float, values: FloatArray) -> dict[str, Any]:
    quantiles = np.quantile(values, list(QUANTILES.values()))
    line = {"measure": name, "unit": unit, "planned": planned, "mean": values.mean(), "sd": values.std()}
    return {**line, **dict(zip(QUANTILES, quantiles, strict=True))}


def _measures(plan: Plan, found: _Found, given: Uncertainty) -> pd.DataFrame:
    """Quantiles of each measure, and of the objective with and without what it costs to be short."""
    assert plan.outcome is not None
    case, frame = plan.outcome.case, found.frame
    lines = [
        _spread(name, plan.measure_units.get(name, ""), plan.measures[name], frame[name].to_numpy())
        for name in linear_measures(case)
        if name in plan.measures
    ]
    weighed = objective_weights(case)
    cost = np.zeros(len(frame))
    if given.recourse is not None:
        price = np.array([given.recourse.cost_of(name) for name in case.resources])
        cost = np.einsum("r,t,rts->s", price, case.discount, found.by_year)
        lines.append(_spread("shortfall_cost", "10k yuan", 0.0, cost))
    if weighed is not None and len(plan.certificate.get("stages") or (0,)) == 1:
        moved = sum((w * (frame[m].to_numpy() - plan.measures[m]) for m, w in weighed.items()), np.zeros(len(frame)))
        value = plan.objective + moved
        frame["objective"] = value
        unit = objective_unit(plan.scenario.settings, plan.measure_units, "objective")
        lines.append(_spread("objective", unit, plan.objective, value))
        if given.recourse is not None:
            frame["objective_net"] = value - cost
            lines.append(_spread("objective_net", unit, plan.objective, value - cost))
    if given.recourse is not None:
        frame["shortfall_cost"] = cost
    return pd.DataFrame(lines)


def _years(case: Case, found: _Found, alpha: float) -> pd.DataFrame:
    met = np.ones((len(case.resources), case.horizon))
    for (r, t), used in found.used.items():
        met[r, t] = 1.0 - found.by_year[r, t].mean() / max(float(used.sum()), 1e-9) if used.sum() > 0.0 else 1.0
    table = pd.DataFrame({"year": case.years, "served": found.served.mean(axis=1), "met": met.min(axis=0)})
    for r, name in enumerate(case.resources):
        table[f"short_{name}"] = found.by_year[r].mean(axis=1)
        table[f"tail_{name}"] = [tail_mean(found.by_year[r, t], alpha) for t in range(case.horizon)]
    return table


def _places(case: Case, found: _Found, alpha: float) -> pd.DataFrame:
    lines = []
    for (r, t), short in sorted(found.by_place.items()):
        for n in np.flatnonzero((short > 0.0).any(axis=1)).tolist():
            lines.append(
                {
                    "place": case.places.names[n],
                    "resource": case.resources[r],
                    "year": int(case.years[t]),
                    "probability": float((short[n] > 0.0).mean()),
                    "expected": float(short[n].mean()),
                    "tail": tail_mean(short[n], alpha),
                    "used": float(found.used[r, t][n]),
                }
            )
    columns = ["place", "resource", "year", "probability", "expected", "tail", "used"]
    table = pd.DataFrame(lines, columns=columns)
    order = ["expected", "place", "resource", "year"]
    return table.sort_values(order, ascending=[False, True, True, True], kind="stable", ignore_index=True)


def _awards(outcome: Outcome, worlds: Worlds, found: _Found) -> pd.DataFrame:
    case = outcome.case
    chosen = case.projects.iloc[outcome.award_row].reset_index(drop=True)
    table = chosen[["project", "name", "place", "category"]].assign(
        year=case.years[outcome.award_year],
        share=outcome.award_share,
        drops_out=1.0 - worlds.there.mean(axis=1),
        late=(worlds.delay > 0).mean(axis=1),
        short=found.lacks.mean(axis=1),
        unserved=found.unserved,
    )
    order = ["unserved", "short", "project"]
    return table.sort_values(order, ascending=[False, False, True], kind="stable", ignore_index=True)
