"""What of a clause can be changed, and in which direction that relaxes it: settings, cells of tables, switches."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quota_opt.analysis.infeasible.clauses import LINKS, Key, clause_of, directive_at
from quota_opt.errors import Text, Where
from quota_opt.model.case import Case
from quota_opt.model.measures import known_measures, measure_unit
from quota_opt.report.numbers import figure, percent, short
from quota_opt.report.words import unit_name
from quota_opt.scenario import Scenario
from quota_opt.scenario.paths import join_path
from quota_opt.scenario.scenario import effective_document

SHARE_STEP = 0.001
"""Shares and limits are changed in thousandths."""


@dataclass(frozen=True, eq=False)
class Knob:
    """One number (or switch) of a clause: where it stands and how it gives.

    `direction` is +1 or -1 for numbers, which move in whole `step`s as far as `extreme` (None: without end); 0 for a
    switch, whose only other value is `off`. It stands at a `path` of the settings, in a `cell` (table, row, column), or
    is a whole `line` (path of the list, place in it) that stays or goes.
    """

    key: Key
    words: Text
    before: Any
    where: Where
    unit: str = ""
    direction: int = 0
    step: float = 0.0
    extreme: float | None = None
    off: Any = None
    path: str | None = None
    cell: tuple[str, int, str] | None = None
    line: tuple[str, int] | None = None

    @property
    def place(self) -> str:
        """Where it stands, as one word: two knobs of one place move the same number."""
        return str(self.path or self.cell or self.line)

    @property
    def steps(self) -> int | None:
        """How many steps there are to the extreme; None without one."""
        if not self.direction:
            return 1
        if self.extreme is None:
            return None
        return max(0, math.ceil(abs(self.extreme - float(self.before)) / self.step - 1e-9))

    def value(self, steps: int) -> Any:
        """The value after so many steps: on the grid of steps, from the stated value outward."""
        if not self.direction:
            return self.off if steps else self.before
        if not steps:
            return self.before
        last = self.steps
        if last is not None and steps >= last:
            return self.extreme
        # Grid values are round numbers (0.505, 4,200), wherever the stated value lies.
        base = float(self.before) / self.step
        whole = math.floor(base + 1e-9) if self.direction > 0 else math.ceil(base - 1e-9)
        moved = (whole + self.direction * steps) * self.step
        rounded = round(moved, max(0, -math.floor(math.log10(self.step))))
        return int(rounded) if isinstance(self.before, int) and not isinstance(self.before, bool) else rounded

    def written(self, value: Any) -> Text:
        """A value as people read it, with its unit."""
        if isinstance(value, bool):
            return Text("启用" if value else "停用", "on" if value else "off")
        if isinstance(value, tuple | list):
            listed = ";".join(map(str, value))
            return Text(listed or "（空）", listed or "(blank)")
        if not isinstance(value, int | float):
            return Text(str(value), str(value))
        if self.unit == "share":
            digits = next((d for d in (0, 1, 2, 3) if math.isclose(value * 100, round(value * 100, d))), 3)
            return Text(percent(value, digits), percent(value, digits))
        if self.unit == "year":
            return Text(f"{value:.0f} 年", f"{value:.0f}")
        unit, text = unit_name(self.unit), f"{value:,.10g}"
        return Text(f"{text} {unit.zh}".rstrip(), f"{text} {unit.en}".rstrip())

    def difference(self, value: Any) -> Text:
        """By how much a value differs from the stated one, signed, in its unit; nothing for switches."""
        if not self.direction:
            return Text("", "")
        amount = float(value) - float(self.before)
        sign = "+" if amount > 0 else "−"
        if self.unit == "share":
            points = figure(abs(amount) * 100, 1)
            return Text(f"{sign}{points} 个百分点", f"{sign}{points} points")
        unit = unit_name("" if self.unit == "year" else self.unit)
        size = short(abs(amount))
        return Text(f"{sign}{size} {unit.zh}".rstrip(), f"{sign}{size} {unit.en}".rstrip())


def grid_step(value: float, most: float = 1.0) -> float:
    """The step a number is changed in: a hundredth of its power of ten, and no more than `most`."""
    size = abs(value)
    return 1.0 if size < 1e-9 else min(10.0 ** (math.floor(math.log10(size)) - 2), most)


def knobs_of(case: Case, key: Key) -> list[Knob]:
    """All that can be changed of a clause, numbers before switches."""
    name, item = key
    if name in LINKS:
        assert item is not None
        return [_link(case, name, item)]
    makers: Mapping[str, Callable[[Case, Key], Iterator[Knob]]] = {
        "targets": _targets, "caps": _caps, "budget": _budget, "jobs": _jobs, "retention": _retention,
        "fairness": _fairness, "priority": _priority, "intensity_decline": _decline, "slow_approval": _approval,
        "trading": _trading, "admission": _admission, "listing": _listing, "two_high": _two_high,
        "clearance": _clearance, "chain": _chain, "directives": _directives,
    }  # fmt: skip
    found = list(makers[name](case, key)) if name in makers else []
    if name not in ("targets", "caps", "admission", "trading", "directives"):
        words = clause_of(case, (name, None)).title
        found.append(_switch(key, f"rules.{name}.enabled", Text(words.zh, words.en), True, False, name))
    return found


def applied(scenario: Scenario, values: Mapping[Knob, Any]) -> Scenario:
    """The case with these values: settings first, cells of its tables then. Raises InputError as `Scenario.with_`."""
    settings = {knob.path: value for knob, value in values.items() if knob.path is not None}
    off = {knob.line for knob, value in values.items() if knob.line is not None and not value}
    for path in {path for path, _ in off}:
        lines: Any = effective_document(scenario)
        for part in path.split("."):
            lines = lines[part]
        settings[path] = [line for i, line in enumerate(lines) if (path, i) not in off]
    changed = scenario.with_(**settings) if settings else scenario
    tables = dict(changed.tables)
    for knob, value in values.items():
        if knob.cell is not None:
            name, row, column = knob.cell
            table = tables[name].copy()
            table.iat[row, list(table.columns).index(column)] = value
            tables[name] = table
    return replace(changed, tables=tables)


def _dial(
    key: Key,
    path: str,
    words: Text,
    before: float,
    direction: int,
    unit: str,
    *,
    step: float | None = None,
    extreme: float | None = None,
) -> Knob:
    grid = step if step is not None else SHARE_STEP if unit == "share" else grid_step(before)
    where = Where(path=path, rule=key[0])
    return Knob(key, words, before, where, unit, direction, grid, extreme, path=path)


def _switch(key: Key, path: str, words: Text, before: Any, off: Any, rule: str) -> Knob:
    return Knob(key, words, before, Where(path=path, rule=rule), off=off, path=path)


def _parameters(case: Case, key: Key) -> Any:
    rule = case.rule(key[0])
    assert rule is not None
    return rule.parameters


def _link(case: Case, name: str, item: int) -> Knob:
    row = int(case.projects["source_row"].iloc[item])
    before = case.scenario.projects[name].iloc[row]
    clause = clause_of(case, (name, item))
    return Knob((name, item), clause.title, before, clause.where, off=(), cell=("projects", row, name))


def _targets(case: Case, key: Key) -> Iterator[Knob]:
    assert key[1] is not None
    line = case.scenario.targets.iloc[key[1]]
    measure, value = str(line["measure"]), float(line["value"])
    unit = measure_unit(case, measure if measure in known_measures(case) else measure.split("+", maxsplit=1)[0].strip())
    clause = clause_of(case, key)
    counted = unit in ("firms", "projects", "jobs", "chains") and value == int(value)
    for sense, direction in ((">=", -1), ("<=", 1)):
        if line["sense"] in (sense, "=="):
            step = 1.0 if counted else grid_step(value)
            cell = ("targets", key[1], "value")
            yield Knob(key, clause.title, value, clause.where, unit, direction, step, cell=cell)


def _caps(case: Case, key: Key) -> Iterator[Knob]:
    assert key[1] is not None
    cap = _parameters(case, key).caps[key[1]]
    title = clause_of(case, key).title
    path = f"rules.caps.caps.{key[1]}.amount"
    yield _dial(key, path, title, cap.amount, 1, case.unit(cap.resource))


def _budget(case: Case, key: Key) -> Iterator[Knob]:
    given = _parameters(case, key).by_year
    every = float(np.abs(case.actions["cost"].to_numpy(dtype=float)).sum())
    for year in case.years.tolist():
        before = float(given.get(year, 0.0))
        words = Text(f"专项资金 {year} 年", f"special fund of {year}")
        path = f"rules.budget.by_year.{year}"
        step = grid_step(before) if before else grid_step(every)
        extreme = max(before, 0.0) + math.ceil(every + abs(min(0.0, sum(given.values()))))
        yield _dial(key, path, words, before, 1, "10k yuan", step=step, extreme=extreme)


def _jobs(case: Case, key: Key) -> Iterator[Knob]:
    given = _parameters(case, key)
    every = math.ceil(float(case.actions["jobs_lost"].abs().sum() + case.projects["jobs"].abs().sum())) + 1.0
    if given.max_lost is not None:
        words = Text("每年最多减少的岗位", "most jobs lost in a year")
        yield _dial(key, "rules.jobs.max_lost", words, given.max_lost, 1, "jobs", step=1.0, extreme=every)
    if given.max_lost_share is not None:
        words = Text("每年最多减少岗位的比例", "most jobs lost in a year, as a share")
        yield _dial(key, "rules.jobs.max_lost_share", words, given.max_lost_share, 1, "share", extreme=1.0)


def _retention(case: Case, key: Key) -> Iterator[Knob]:
    given = _parameters(case, key)
    keeps = Text("镇街留用比例", "share that stays in towns")
    if given.keep > 0:
        yield _dial(key, "rules.retention.keep", keeps, given.keep, -1, "share", extreme=0.0)
    for place, share in given.by_place.items():
        if share > 0:
            title = case.place_title(place)
            words = Text(f"{title}留用比例", f"share that stays in {title}")
            path = join_path(("rules", "retention", "by_place", place))
            yield _dial(key, path, words, share, -1, "share", extreme=0.0)
    if given.pool > 0:
        words = Text("上级统筹比例", "share that goes up")
        yield _dial(key, "rules.retention.pool", words, given.pool, -1, "share", extreme=0.0)


def _fairness(case: Case, key: Key) -> Iterator[Knob]:
    given = _parameters(case, key)
    if given.min_ratio:
        words = Text("镇街用腾比下限", "least ratio of used to freed")
        yield _dial(key, "rules.fairness.min_ratio", words, given.min_ratio, -1, "share", extreme=0.0)
    if given.bonus is not None and given.bonus.share > 0:
        words = Text("评优镇街统筹占比", "least share of rated places")
        yield _dial(key, "rules.fairness.bonus.share", words, given.bonus.share, -1, "share", extreme=0.0)


def _priority(case: Case, key: Key) -> Iterator[Knob]:
    from quota_opt.report.words import CATEGORIES, listed

    for category, least in _parameters(case, key).min_shares.items():
        if least > 0:
            name = listed(CATEGORIES, category)
            words = Text(f"{name.zh}比例下限", f"least share of {name.en}")
            yield _dial(key, f"rules.priority.min_shares.{category}", words, least, -1, "share", extreme=0.0)


def _decline(case: Case, key: Key) -> Iterator[Knob]:
    given = _parameters(case, key)
    words = Text("强度下降比例", "decline of intensity")
    if given.decline > 0:
        yield _dial(key, "rules.intensity_decline.decline", words, given.decline, -1, "share", extreme=0.0)


def _approval(case: Case, key: Key) -> Iterator[Knob]:
    given = _parameters(case, key)
    words = Text("缓批行业每年批准上限", "most approved a year in slowed sectors")
    yield _dial(key, "rules.slow_approval.max_per_year", words, given.max_per_year, 1, "tce")


def _trading(case: Case, key: Key) -> Iterator[Knob]:
    given = _parameters(case, key)
    for keys, amount in _leaves(given.max_buy, ()):
        resource = next((k for k in keys if k in case.resources), given.resources[0])
        named = "、".join(keys)
        words = Text(f"每年最多购入（{named}）" if named else "每年最多购入", " ".join(["most bought a year", *keys]))
        yield _dial(key, join_path(("rules", "trading", "max_buy", *keys)), words, amount, 1, case.unit(resource))
    if given.max_sell_share < 1:
        words = Text("可出售比例", "share that may be sold")
        yield _dial(key, "rules.trading.max_sell_share", words, given.max_sell_share, 1, "share", extreme=1.0)


def _leaves(figures: Any, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], float]]:
    if isinstance(figures, Mapping):
        for name, inner in figures.items():
            yield from _leaves(inner, (*keys, str(name)))
    elif figures is not None:
        yield keys, float(figures)


def _admission(case: Case, key: Key) -> Iterator[Knob]:
    limit = _parameters(case, key).limits[key[1]]
    path, title = f"rules.admission.limits.{key[1]}", clause_of(case, key).title
    of = limit.criteria
    unit = of.unit.en
    direction = 1 if of.is_most else -1
    step = SHARE_STEP if limit.value < 10 else None
    base = case.projects[of.base].to_numpy(dtype=float)
    amount = case.base_energy if of.amount == "energy" else case.projects[of.amount].to_numpy(dtype=float)
    there = base > 0
    worst = float((amount[there] / base[there]).max(initial=0.0)) if of.is_most else 0.0
    extreme = max(math.ceil(worst / SHARE_STEP) * SHARE_STEP, limit.value) if of.is_most else 0.0
    yield _dial(key, f"{path}.value", title, limit.value, direction, unit, step=step, extreme=round(extreme, 3))
    words = Text(f"{title.zh}的处理", f"what follows from {title.en}")
    yield _switch(key, f"{path}.action", words, limit.action, "report", key[0])


def _listing(case: Case, key: Key) -> Iterator[Knob]:
    for i, condition in enumerate(_parameters(case, key).any_of):
        if isinstance(condition.value, int | float) and condition.op in ("<=", "<", ">=", ">"):
            direction = 1 if condition.op in ("<=", "<") else -1
            words = Text(f"低效线 {condition.measure} {condition.op}", f"line {condition.measure} {condition.op}")
            yield _dial(key, f"rules.listing.any_of.{i}.value", words, float(condition.value), direction, "")


def _two_high(case: Case, key: Key) -> Iterator[Knob]:
    given = _parameters(case, key)
    for name, zh, en in (
        ("reject_above", "两高项目不予准入的规模", "size from which two-high projects are rejected"),
        ("control", "两高控制线", "control on two-high projects"),
    ):
        value = getattr(given, name)
        if value is not None:
            unit = "tce" if name == "reject_above" else ""
            yield _dial(key, f"rules.two_high.{name}", Text(zh, en), float(value), 1, unit)


def _clearance(case: Case, key: Key) -> Iterator[Knob]:
    given = _parameters(case, key)
    last = int(case.years[-1])
    by = last if given.by is None else given.by
    if by < last:
        words = Text("清零期限", "deadline of clearance")
        yield _dial(key, "rules.clearance.by", words, by, 1, "year", step=1.0, extreme=last)
    if given.op in ("<=", "<", ">=", ">"):
        direction = -1 if given.op in ("<=", "<") else 1
        words = Text(f"清零线 {given.measure} {given.op}", f"line of clearance {given.measure} {given.op}")
        yield _dial(key, "rules.clearance.value", words, given.value, direction, "")


def _chain(case: Case, key: Key) -> Iterator[Knob]:
    given = _parameters(case, key)
    for i, some in enumerate(given.k_of_n):
        names = "、".join(some.projects)
        if some.at_least > 0:
            words = Text(f"{names} 至少开工个数", f"fewest of {', '.join(some.projects)}")
            path = f"rules.chain.k_of_n.{i}.at_least"
            yield _dial(key, path, words, some.at_least, -1, "projects", step=1.0, extreme=0)
        if some.at_most is not None:
            words = Text(f"{names} 最多开工个数", f"most of {', '.join(some.projects)}")
            path, most = f"rules.chain.k_of_n.{i}.at_most", len(case.projects)
            yield _dial(key, path, words, some.at_most, 1, "projects", step=1.0, extreme=most)
    if given.protect_last_supplier:
        words = Text("最后供应方不得关停", "last suppliers stay")
        yield _switch(key, "rules.chain.protect_last_supplier", words, True, False, key[0])
    if given.require:
        words = Text("必须完整的产业链", "chains that must be complete")
        yield _switch(key, "rules.chain.require", words, tuple(given.require), [], key[0])


def _directives(case: Case, key: Key) -> Iterator[Knob]:
    """A bound on a measure, or how many changes there may be; a project or firm that is laid down, taken off."""
    given = _parameters(case, key)
    assert key[1] is not None
    name, i = directive_at(given, key[1])
    clause = clause_of(case, key)
    if name == "reference":
        path, most = "rules.directives.reference.most_changes", len(case.projects) + len(case.firms)
        yield _dial(key, path, clause.title, given.reference.most_changes, 1, "", step=1.0, extreme=most)
        return
    one = getattr(given, name)[i]
    if name == "measures":
        unit = "" if one.measure == "objective" else measure_unit(case, one.measure)
        for sense, direction in ((">=", -1), ("<=", 1)):
            if one.sense in (sense, "=="):
                yield _dial(key, f"rules.directives.measures.{i}.value", clause.title, one.value, direction, unit)
        return
    yield Knob(key, clause.title, True, clause.where, off=False, line=(f"rules.directives.{name}", i))
