"""What can be moved on the what-if screen, found from the settings of a case; and what is moved, as settings.

A slider shows a number as planners write it (60 %, 28,000 万元); its changes are exact settings by dotted path. Locks
are directives.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from quota_opt.errors import Text
from quota_opt.facade import Scenario
from quota_opt.report.words import PARAMETERS, WORDS, measure_name, unit_name
from quota_opt.rules._limits import CRITERIA, Limit
from quota_opt.scenario.paths import flattened, join_path
from quota_opt.scenario.scenario import effective_document

Lock = Literal["in", "out", "bend"]
"""必须安排, 不安排, and 必须安排 though a clause bars it."""
POLICY = (0.49, 0.52)
"""Access limits that provincial documents name, in tce per 10k yuan."""
LOCKS = "rules.directives.projects"
BY = "试算"
LIMITS_SHOWN = 3
_PERCENT = Text("%", "%")
_BUDGET = 0.5, 1.5
_WEIGHT = 2.0
_JOBS = 3.0
_LIMIT = 0.6, 1.4


@dataclass(frozen=True)
class Tick:
    """A value worth a mark: what the case or a variant of it says, or a document."""

    value: float
    title: Text


@dataclass(frozen=True)
class Slider:
    """One number that can be moved from `low` to `high`; `base` is what the case says.

    `parts` are the settings it stands for and what they are at `base`; all are moved in proportion. `scale` is what one
    unit of a setting shows as (100 for a share in per cent). `switch` is the path of a rule's switch, `on` whether the
    case has it on.
    """

    key: str
    title: Text
    unit: Text
    low: float
    high: float
    step: float
    base: float
    parts: Mapping[str, float]
    scale: float = 1.0
    clause: str = ""
    ticks: tuple[Tick, ...] = ()
    switch: str = ""
    on: bool = True

    @property
    def path(self) -> str | None:
        """Its one setting; None where it stands for several."""
        return next(iter(self.parts)) if len(self.parts) == 1 else None

    @property
    def digits(self) -> int:
        """Decimals its values are shown with."""
        return max(0, -math.floor(math.log10(self.step) + 1e-9))

    def setting(self, value: float) -> float:
        """The value of its one setting where it shows `value`."""
        return round(value / self.scale, 9)

    def changes(self, value: float, on: bool) -> dict[str, Any]:
        """The settings where it shows `value`, with its rule on or off."""
        made: dict[str, Any] = {}
        if self.switch and on != self.on:
            made[self.switch] = on
        if on and not math.isclose(value, self.base, rel_tol=1e-9, abs_tol=1e-9):
            if self.path is not None:
                made[self.path] = self.setting(value)
            else:
                made |= {path: round(part * value / self.base, 6) for path, part in self.parts.items()}
        return made


@dataclass(frozen=True)
class Position:
    """Where everything stands on the screen of one user: sliders that were moved, rules switched, projects locked.

    `more` are settings that no slider stands for, by dotted path, such as those of a repair that is tried.
    """

    values: Mapping[str, float] = field(default_factory=dict)
    on: Mapping[str, bool] = field(default_factory=dict)
    locks: Mapping[str, Lock] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """As it is kept."""
        return {name: dict(value) for name, value in vars(self).items()}

    @staticmethod
    def of(record: Mapping[str, Any] | None, sliders: tuple[Slider, ...], projects: frozenset[str]) -> Position:
        """From what was kept, or from an address; what the case does not have (any more) is left out."""
        known = {slider.key: slider for slider in sliders}
        given = record or {}

        def part(name: str) -> Mapping[str, Any]:
            found = given.get(name)
            return found if isinstance(found, Mapping) else {}

        values = {
            key: min(max(float(value), known[key].low), known[key].high)
            for key, value in part("values").items()
            if key in known and isinstance(value, int | float) and math.isfinite(value)
        }
        on = {key: bool(value) for key, value in part("on").items() if key in known and known[key].switch}
        locks = {
            key: value for key, value in part("locks").items() if key in projects and value in ("in", "out", "bend")
        }
        return Position(values, on, locks, {str(path): value for path, value in part("more").items()})


def record_of(settings: Mapping[str, Any], sliders: tuple[Slider, ...]) -> dict[str, Any]:
    """Settings by dotted path as a position is kept: on the sliders that stand for them, else beside them."""
    made: dict[str, dict[str, Any]] = {"values": {}, "on": {}, "locks": {}, "more": {}}
    by_path = {slider.path: slider for slider in sliders if slider.path is not None}
    by_switch = {slider.switch: slider for slider in sliders if slider.switch}
    for path, value in settings.items():
        slider = by_path.get(path)
        if slider is not None and isinstance(value, int | float):
            made["values"][slider.key] = value * slider.scale
        elif path in by_switch:
            made["on"][by_switch[path].key] = bool(value)
        elif path == LOCKS and (locks := _locks_of(value)) is not None:
            made["locks"] = locks
        else:
            made["more"][path] = value
    return made


def _locks_of(lines: Any) -> dict[str, Lock] | None:
    """Directives on projects as locks; None where they say more than that."""
    plain = isinstance(lines, list) and all(
        isinstance(line, Mapping) and "project" in line and set(line) <= {"project", "award", "by", "bend"}
        for line in lines
    )
    if not plain:
        return None
    return {
        str(line["project"]): "out" if line.get("award") is False else "bend" if line.get("bend") else "in"
        for line in lines
    }


def changes_of(case: Scenario, sliders: tuple[Slider, ...], position: Position) -> dict[str, Any]:
    """The exact settings of a position, by dotted path."""
    made: dict[str, Any] = {}
    for slider in sliders:
        on = position.on.get(slider.key, slider.on)
        made |= slider.changes(position.values.get(slider.key, slider.base), on)
    if position.locks:
        made |= _locked(case, position.locks)
    return {**made, **position.more}


def _locked(case: Scenario, locks: Mapping[str, Lock]) -> dict[str, Any]:
    rules = effective_document(case).get("rules", {})
    given = rules.get("directives", {}).get("projects", [])
    kept = [dict(line) for line in given if line.get("project") not in locks]
    lines = [
        {"project": project, "award": lock != "out", "by": BY, **({"bend": True} if lock == "bend" else {})}
        for project, lock in sorted(locks.items())
    ]
    off = rules.get("directives", {}).get("enabled") is False
    return {LOCKS: [*kept, *lines], **({"rules.directives.enabled": True} if off else {})}


def sliders_of(case: Scenario) -> tuple[Slider, ...]:
    """The sliders of a case: access limits, retention, budget, protection of jobs, weights of the objective."""
    return (*_limits(case), *_share(case, "retention", "keep"), *_budget(case), *_jobs(case), *_weights(case))


def _limits(case: Scenario) -> Iterator[Slider]:
    rule = case.settings.rules.get("admission")
    limits: tuple[Limit, ...] = getattr(rule, "limits", ())
    shown = [(number, limit) for number, limit in enumerate(limits) if limit.value > 0.0]
    for number, limit in shown[:LIMITS_SHOWN]:
        assert rule is not None
        path = f"rules.admission.limits.{number}.value"
        title = _limit_title(case, limit, alone=len(shown) == 1)
        named = limit.criterion if isinstance(limit.criterion, str) else ""
        unit = CRITERIA[named].unit if named else Text("", "")
        step = _step(limit.value)
        low, high = (_round(limit.value * share, 10 * step) for share in _LIMIT)
        ticks = _ticks(case, path, 1.0, limit.value)
        if named == "energy_intensity":
            missing = [value for value in POLICY if all(not math.isclose(value, tick.value) for tick in ticks)]
            ticks += tuple(Tick(value, Text(f"{value:g}", f"{value:g}")) for value in missing if low <= value <= high)
        yield Slider(
            path, title, unit, low, high, step, limit.value, {path: limit.value},
            clause=limit.clause or rule.clause or "", ticks=tuple(sorted(ticks, key=lambda tick: tick.value)),
            **_switch("admission", rule),
        )  # fmt: skip


def _limit_title(case: Scenario, limit: Limit, *, alone: bool) -> Text:
    named = limit.criterion
    if named == "energy_intensity":
        title = WORDS["limit"]
    elif isinstance(named, str):
        title = Text(f"{CRITERIA[named].title.zh}准入线", f"{CRITERIA[named].title.en} limit")
    else:
        own = named.title
        title = (
            Text(own.zh or "准入线", own.en or "access limit") if own is not None else Text("准入线", "access limit")
        )
    whom = [*(limit.sectors or ()), *(_place(case, place) for place in limit.places or ())]
    if not whom or alone:
        return title
    return Text(f"{title.zh}（{'、'.join(whom)}）", f"{title.en} ({', '.join(whom)})")


def _place(case: Scenario, place: str) -> str:
    row = case.places[case.places["place"] == place]
    return str(row["name"].iloc[0] or place) if len(row) else place


def _share(case: Scenario, rule_name: str, parameter: str, *, most: float = math.inf) -> Iterator[Slider]:
    """A share from 0 % to 100 %, or to `most` times what the case says, in fives."""
    rule = case.settings.rules.get(rule_name)
    if rule is None:
        return
    path = f"rules.{rule_name}.{parameter}"
    value = float(getattr(rule, parameter))
    base = round(value * 100.0, 7)
    high = max(5.0, min(100.0, math.ceil(base * most / 5.0) * 5.0)) if math.isfinite(most) else 100.0
    yield Slider(
        path, PARAMETERS[path], _PERCENT, 0.0, high, 1.0 if base.is_integer() else 0.1, base, {path: value}, 100.0,
        rule.clause or "", _ticks(case, path, 100.0, base), **_switch(rule_name, rule),
    )  # fmt: skip


def _budget(case: Scenario) -> Iterator[Slider]:
    rule = case.settings.rules.get("budget")
    parts = {f"rules.budget.by_year.{year}": float(amount) for year, amount in getattr(rule, "by_year", {}).items()}
    total = sum(parts.values())
    if rule is None or total <= 0.0:
        return
    step = 10.0 ** max(0, math.floor(math.log10(total)) - 2)
    low, high = (_round(total * share, step) for share in _BUDGET)
    several = len(parts) > 1
    title = Text("专项资金（各年合计）", "special fund, all years") if several else WORDS["fund"]
    yield Slider(
        "rules.budget.by_year", title, unit_name("10k yuan"), low, high, step, total, parts, 1.0, rule.clause or "",
        (), **_switch("budget", rule),
    )  # fmt: skip


def _jobs(case: Scenario) -> Iterator[Slider]:
    rule = case.settings.rules.get("jobs")
    if rule is None or getattr(rule, "max_lost_share", None) is None:
        return
    yield from _share(case, "jobs", "max_lost_share", most=_JOBS)


def _weights(case: Scenario) -> Iterator[Slider]:
    """The weights of a weighted objective but the first, against which the others are weighed."""
    objective = case.settings.objective
    if objective.form != "weighted":
        return
    weights = [("maximise", name, value) for name, value in objective.maximise.items()]
    weights += [("minimise", name, value) for name, value in objective.minimise.items()]
    lead = next((each for each in weights if each[1].startswith("value_added")), weights[0] if weights else None)
    titles = {name: measure.title for name, measure in case.settings.measures.items() if measure.title is not None}
    for side, name, value in weights:
        if (side, name, value) == lead or value <= 0.0:
            continue
        path = join_path(["objective", side, name])
        words = measure_name(name, titles)
        title = Text(f"权重：{words.zh}", f"weight: {words.en}")
        step = _step(value)
        high = _round(value * _WEIGHT, step)
        yield Slider(path, title, Text("", ""), 0.0, high, step, value, {path: value})


def _switch(name: str, rule: Any) -> dict[str, Any]:
    return {"switch": f"rules.{name}.enabled", "on": bool(rule.enabled)}


def _ticks(case: Scenario, path: str, scale: float, base: float) -> tuple[Tick, ...]:
    """What the case says, and what its variants say of the same setting."""
    ticks = [Tick(base, Text(f"{base:g}", f"{base:g}"))]
    for variant in case.settings.variants.values():
        value = flattened(variant.set).get(f'"{path}"', variant.set.get(path))
        if isinstance(value, int | float) and not isinstance(value, bool):
            at = round(float(value) * scale, 7)
            if all(not math.isclose(at, tick.value) for tick in ticks):
                ticks.append(Tick(at, Text(f"{at:g}", f"{at:g}")))
    return tuple(sorted(ticks, key=lambda tick: tick.value))


def _step(value: float) -> float:
    """A fiftieth of a number or less, as a power of ten: 0.01 for 0.52, 0.1 for 5."""
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return step if math.isclose(value / step, round(value / step), rel_tol=1e-9) else step / 10.0


def _round(value: float, step: float) -> float:
    return round(round(value / step) * step, 9)
