"""A case built once, to be asked many questions: other objectives, bounds and rows over the same columns.

opened = Opened.of("zhuji")
carbon = opened.line("carbon_net")
arrays = replace(opened.problem.arrays, objective=-carbon.weights, offset=-carbon.constant)
least = opened.ask(arrays)               # proven, as every solve
opened.plan(least.values)                # a verified plan, as every plan
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

from quota_opt.errors import Finding, InputError, Text, Where
from quota_opt.model.build import Problem, build
from quota_opt.model.linear import Arrays, FloatArray, IntArray
from quota_opt.model.measures import coefficients, measure_title, measure_unit
from quota_opt.model.objective import check_measure
from quota_opt.plan.headlines import objective_unit
from quota_opt.plan.plan import Plan
from quota_opt.plan.solve import plan_of, prepared, solve_scenario
from quota_opt.report.reporters import REPORTERS
from quota_opt.report.words import measure_name
from quota_opt.rules import rules_of
from quota_opt.scenario import Scenario, read
from quota_opt.solving.by_place import Nested, nested_blocks
from quota_opt.solving.engine import engine_of
from quota_opt.solving.profile import Profile, read_profile
from quota_opt.solving.stages import StageResult, solved_before
from quota_opt.solving.status import EngineInfo, OnProgress, Solution
from quota_opt.solving.structure import BLOCK, COUNTY, applies, solve_structured

OBJECTIVE = "objective"
"""The name under which a line is the case's own (first) objective."""


@dataclass(frozen=True, eq=False)
class Line:
    """A measure over the columns of a model: `weights` (columns,), a `constant`, its unit and title."""

    name: str
    weights: FloatArray
    constant: float
    unit: str
    title: Text

    def value(self, x: FloatArray) -> float:
        """The measure at `x` (columns,)."""
        return float(self.weights @ x + self.constant)


@dataclass(frozen=True, eq=False)
class Opened:
    """A scenario with its profile and its built model (`problem`); see the head of this file."""

    scenario: Scenario
    profile: Profile
    problem: Problem
    findings: tuple[Finding, ...]

    @classmethod
    def of(
        cls,
        case: Scenario | str | Path,
        profile: str | Path | Profile = "auto",
        *,
        gap: float | None = None,
        time_limit: float | None = None,
    ) -> Opened:
        """Read (where it is an address), check and build a case. Raises InputError where it needs correcting."""
        scenario = case if isinstance(case, Scenario) else read(case)
        chosen = profile if isinstance(profile, Profile) else read_profile(profile)
        made, findings = prepared(scenario, rules_of(scenario.rules))
        return cls(scenario, chosen.with_limits(gap=gap, time_limit=time_limit), build(made), findings)

    def changed(self, **settings: Any) -> Opened:
        """The same case with settings changed by dotted path, built anew. Raises InputError as `Scenario.with_`."""
        return Opened.of(self.scenario.with_(**settings), self.profile)

    @property
    def arrays(self) -> Arrays:
        """The model, with the objective of the first stage."""
        return self.problem.arrays

    def line(self, measure: str) -> Line:
        """A measure, or "objective", over the columns of the model.

        Raises InputError where the case has no such measure, or it is no sum over decisions.
        """
        case = self.problem.case
        if measure == OBJECTIVE:
            weights, constant = self.problem.objectives[0]
            units = {name: measure_unit(case, name) for name in _weighed(self.scenario)}
            stage = self.problem.stages[0]
            unit = objective_unit(self.scenario.settings, units, stage.name)
            return Line(OBJECTIVE, weights, constant, unit, Text("目标值", "objective"))
        finding = check_measure(case, measure, Where())
        if finding is not None:
            raise InputError([finding])
        made = coefficients(case, measure)
        title = measure_title(case, measure) or measure_name(measure)
        return Line(measure, self.problem.weights_of(made), made.constant, measure_unit(case, measure), title)

    def ask(
        self,
        arrays: Arrays,
        *,
        start: FloatArray | None = None,
        profile: Profile | None = None,
        on_progress: OnProgress | None = None,
        stage: str = "solve",
    ) -> Solution:
        """Maximise `arrays.objective` over `arrays`: this model, or one with more rows and columns after its own.

        By the profile's engine, or the method `structure` where it applies and the columns are the model's.
        """
        chosen = profile or self.profile
        if not applies(arrays, chosen):
            return engine_of(chosen).solve(arrays, chosen, on_progress=on_progress, start=start, stage=stage)
        blocks = self._blocks if arrays.columns == self.arrays.columns else None
        return solve_structured(arrays, chosen, on_progress=on_progress, start=start, stage=stage, blocks=blocks)

    @property
    def _blocks(self) -> Nested:
        return nested_blocks(self.problem, BLOCK, COUNTY)

    def solve(self, *, on_progress: OnProgress | None = None) -> Plan:
        """The plan of the case itself, as `quota_opt.solve`; it raises what that does."""
        rules = rules_of(self.scenario.rules)
        return solve_scenario(self.scenario, rules, self.profile, on_progress=on_progress, reporters=REPORTERS)

    def plan(
        self, values: FloatArray, found: Solution | None = None, stages: Sequence[StageResult] | None = None
    ) -> Plan:
        """The verified plan of decisions known already; `values` has one entry per column of the model.

        `stages` says what was proven of the case's own objectives, one after the other; without it the plan counts as
        FEASIBLE with the bound of the relaxation. `found` tells which engine it came from.

        Raises VerificationFailed where the values break a rule.
        """
        engine = found.engine if found is not None else self._engine
        whole = np.asarray(values, dtype=np.float64)[: self.arrays.columns]
        solved = solved_before(self.problem, self.profile, whole, engine, stages or ())
        return plan_of(self.problem, solved, self.profile, findings=self.findings, reporters=REPORTERS)

    @property
    def _engine(self) -> EngineInfo:
        version = engine_of(self.profile).availability(self.profile.solver).version
        return EngineInfo(self.profile.engine, self.profile.solver, version)


def _weighed(scenario: Scenario) -> list[str]:
    """The measures a weighted objective names; value added where it names none."""
    objective = scenario.settings.objective
    return [*objective.maximise, *objective.minimise] or ["value_added"]


def with_rows(arrays: Arrays, rows: ArrayLike | sp.csr_array, lower: ArrayLike, upper: ArrayLike) -> Arrays:
    """`arrays` with rows after its own: `rows` (k, columns), dense or sparse; `lower`, `upper` (k,) or numbers."""
    added = sp.csr_array(rows if sp.issparse(rows) else np.atleast_2d(np.asarray(rows, dtype=np.float64)))
    count = added.shape[0]
    return replace(
        arrays,
        matrix=sp.csr_array(sp.vstack([arrays.matrix, added])),
        row_lower=np.concatenate([arrays.row_lower, np.broadcast_to(np.asarray(lower, dtype=np.float64), count)]),
        row_upper=np.concatenate([arrays.row_upper, np.broadcast_to(np.asarray(upper, dtype=np.float64), count)]),
    )


def fixed(arrays: Arrays, columns: IntArray, values: ArrayLike) -> Arrays:
    """`arrays` with some columns held at `values`."""
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    lower[columns] = values
    upper[columns] = values
    return replace(arrays, lower=lower, upper=upper)
