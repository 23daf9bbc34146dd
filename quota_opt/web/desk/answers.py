"""What a question of the what-if screen is answered with: plain values that outlive the plan and the process."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from quota_opt.errors import Text
from quota_opt.plan.headlines import objective_unit
from quota_opt.plan.plan import Plan
from quota_opt.report import words
from quota_opt.report.comparison_tables import MAIN
from quota_opt.report.values import records

Stage = Literal["quick", "proven", "repairs", "breaks"]
QUICK: Stage = "quick"
PROVEN: Stage = "proven"
REPAIRS: Stage = "repairs"
BREAKS: Stage = "breaks"
MORE_MEASURES = ("jobs_created", "jobs_lost", "investment", "carbon_freed", "carbon_used")


@dataclass(frozen=True)
class Measured:
    """One measure of a plan, with its unit as the plan states it."""

    name: str
    title: Text
    unit: str
    value: float


@dataclass(frozen=True)
class Decision:
    """A project that is awarded or a firm that is treated: what it is called, when, and its figures.

    Of a project the figures are energy, carbon, land, value_added, jobs and investment times its share; of a firm what
    it frees, its cost and the jobs lost. `how` is the category of a project, or the action.
    """

    id: str
    name: str
    place: str
    how: Text
    year: int
    share: float = 1.0
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Reason:
    """Why a project is decided so: the verdict, the rule and clause behind it, and the sentence."""

    verdict: str
    rule: str
    clause: str
    text: Text


@dataclass(frozen=True)
class Answer:
    """The answer to one question: the case with `changes`, solved to `stage` ("quick" or "proven").

    `status` is a Status or the ending of a run without a plan (INFEASIBLE, INVALID, TIMEOUT, OUT_OF_MEMORY, LOST …);
    `reason` says in words why there is no plan, or why it is not proven. Everything else is empty without a plan,
    save `conflicts`, the rules that clash.
    """

    stage: Stage
    changes: Mapping[str, Any]
    status: str
    reason: Text | None = None
    objective: float | None = None
    unit: str = ""
    bound: float | None = None
    gap: float | None = None
    seconds: float = 0.0
    measures: tuple[Measured, ...] = ()
    awards: Mapping[str, Decision] = field(default_factory=dict)
    firms: Mapping[str, Decision] = field(default_factory=dict)
    reasons: Mapping[str, Reason] = field(default_factory=dict)
    conflicts: tuple[Text, ...] = ()

    @property
    def planned(self) -> bool:
        """Whether there is a plan."""
        return self.status in ("OPTIMAL", "FEASIBLE")

    @property
    def proven(self) -> bool:
        """Whether the plan is the one `quota_opt.solve` gives, proven within the default gap."""
        return self.stage == PROVEN and self.status == "OPTIMAL"

    def measure(self, name: str) -> float | None:
        """The value of a measure; None where the answer does not have it."""
        return next((each.value for each in self.measures if each.name == name), None)

    def packed(self) -> bytes:
        """As JSON."""
        return json.dumps(asdict(self), ensure_ascii=False).encode("utf-8")

    @staticmethod
    def unpacked(content: bytes) -> Answer:
        """From what `packed` made."""
        found = json.loads(content)
        found["reason"] = None if found["reason"] is None else Text(*found["reason"])
        found["measures"] = tuple(_made(Measured, each, "title") for each in found["measures"])
        for name in ("awards", "firms"):
            found[name] = {key: _made(Decision, each, "how") for key, each in found[name].items()}
        found["reasons"] = {key: _made(Reason, each, "text") for key, each in found["reasons"].items()}
        found["conflicts"] = tuple(Text(*each) for each in found["conflicts"])
        return Answer(**found)


@dataclass(frozen=True)
class Repair:
    """One way out in words, as settings where that is possible, and whether it was solved to be sure."""

    words: Text
    changes: Mapping[str, Any]
    confirmed: bool


@dataclass(frozen=True)
class Repairs:
    """Which clauses exclude each other, and the repairs, the softest first."""

    clauses: tuple[Text, ...]
    repairs: tuple[Repair, ...]

    def packed(self) -> bytes:
        """As JSON."""
        return json.dumps(asdict(self), ensure_ascii=False).encode("utf-8")

    @staticmethod
    def unpacked(content: bytes) -> Repairs:
        """From what `packed` made."""
        found = json.loads(content)
        repairs = tuple(Repair(Text(*each["words"]), each["changes"], each["confirmed"]) for each in found["repairs"])
        return Repairs(tuple(Text(*each) for each in found["clauses"]), repairs)


@dataclass(frozen=True)
class Breaks:
    """Where the plan changes as one slider moves; `exact`: there and nowhere else between the ends."""

    values: tuple[float, ...]
    exact: bool

    def packed(self) -> bytes:
        """As JSON."""
        return json.dumps(asdict(self)).encode("utf-8")

    @staticmethod
    def unpacked(content: bytes) -> Breaks:
        """From what `packed` made."""
        found = json.loads(content)
        return Breaks(tuple(found["values"]), found["exact"])


def answer_of(plan: Plan, stage: Stage, changes: Mapping[str, Any], seconds: float) -> Answer:
    """What the screen shows of a plan."""
    case = plan.scenario
    titles = {name: measure.title for name, measure in case.settings.measures.items() if measure.title is not None}
    shown = [name for name in (*MAIN, *MORE_MEASURES, *titles) if name in plan.measures]
    stages = plan.certificate["stages"]
    return Answer(
        stage,
        changes,
        str(plan.status),
        objective=plan.objective,
        unit=objective_unit(case.settings, plan.measure_units, stages[-1]["name"]),
        bound=plan.bound if math.isfinite(plan.bound) else None,
        gap=plan.gap if math.isfinite(plan.gap) else None,
        seconds=seconds,
        measures=tuple(
            Measured(name, words.measure_name(name, titles), plan.measure_units[name], plan.measures[name])
            for name in dict.fromkeys(shown)
        ),
        awards=_awards(plan),
        firms=_firms(plan),
        reasons={
            row.id: Reason(row.verdict, row.rule, row.clause, Text(row.text, row.text_en))
            for row in records(plan.reasons)
            if row.kind == "project"
        },
    )


def _awards(plan: Plan) -> dict[str, Decision]:
    places = _place_names(plan)
    made = {}
    for row in records(plan.awards):
        figures = {
            name: float(getattr(row, column)) for name, column in _PROJECT_FIGURES.items() if hasattr(row, column)
        }
        how = words.listed(words.CATEGORIES, row.category)
        made[row.project] = Decision(
            row.project, row.name or row.project, places[row.place], how, int(row.year), float(row.share), figures
        )
    return made


def _firms(plan: Plan) -> dict[str, Decision]:
    names = dict(zip(plan.scenario.firms["firm"], plan.scenario.firms["name"], strict=True))
    homes = dict(zip(plan.scenario.firms["firm"], plan.scenario.firms["place"], strict=True))
    places = _place_names(plan)
    made = {}
    for row in records(plan.actions):
        figures = {name: float(getattr(row, column)) for name, column in _FIRM_FIGURES.items() if hasattr(row, column)}
        how = words.listed(words.ACTIONS, row.action)
        made[row.firm] = Decision(
            row.firm, names[row.firm] or row.firm, places[homes[row.firm]], how, int(row.year), 1.0, figures
        )
    return made


_PROJECT_FIGURES = {
    "energy": "energy_tce", "carbon": "carbon_t", "land": "land_mu", "value_added": "value_added", "jobs": "jobs",
    "investment": "investment",
}  # fmt: skip
_FIRM_FIGURES = {
    "energy": "frees_energy_tce", "carbon": "frees_carbon_t", "land": "frees_land_mu", "cost": "cost",
    "value_added": "value_added_lost", "jobs": "jobs_lost",
}  # fmt: skip


def _place_names(plan: Plan) -> dict[str, str]:
    places = plan.scenario.places
    return {place: name or place for place, name in zip(places["place"], places["name"], strict=True)}


def _made(kind: Any, record: Mapping[str, Any], text: str) -> Any:
    known = {each.name for each in fields(kind)}
    return kind(**{name: value for name, value in record.items() if name in known} | {text: Text(*record[text])})
