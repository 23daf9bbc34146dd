"""Scenarios side by side: what each brings, what each costs against the first, and what all plans agree on.

    qo.compare(["zhuji", "zhuji/strict-access"]).write("results/compare-zhuji")

The first is the baseline. A scenario without a plan (infeasible, or a limit came first) is said, and the others still
compare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from quota_opt.analysis.addresses import is_result, plan_at
from quota_opt.analysis.compare.decisions import Pair, outcome_of, pair_of
from quota_opt.analysis.compare.regret import Carried, carry, is_minimised, obstacle_words, worth_of
from quota_opt.analysis.compare.tables import (
    category_table,
    decision_table,
    difference_table,
    measure_table,
    place_table,
)
from quota_opt.analysis.opened import Opened
from quota_opt.errors import InfeasibleScenario, Language, NoPlanFound, QuotaOptError, Text
from quota_opt.plan.folder import whole_folder, write_table
from quota_opt.plan.plan import Plan
from quota_opt.report.document import Document, scenario_title, write_reports
from quota_opt.scenario import Scenario, read
from quota_opt.solving.profile import Profile, read_profile
from quota_opt.solving.status import OnProgress, Status

Source = Plan | Scenario | str | Path
"""What can be compared: a plan, a case to solve, or an address of either (`CASE/VARIANT`, a result folder)."""
BASE = "base"


@dataclass(frozen=True)
class Entry:
    """One scenario of a comparison: its name, its title, and its plan or why it has none.

    `folder` is the result folder the plan was read from, None where it was solved or given.
    """

    name: str
    title: Text
    plan: Plan | None
    failure: QuotaOptError | None = None
    folder: Path | None = None

    @property
    def status(self) -> Status:
        """How the solve ended."""
        if self.plan is not None:
            return self.plan.status
        return Status.INFEASIBLE if isinstance(self.failure, InfeasibleScenario) else Status.NO_SOLUTION_FOUND


@dataclass(frozen=True, eq=False)
class Comparison:
    """Scenarios side by side; frames have one column per scenario that has a plan, under its name.

    `measures`     measure, unit, then a value per scenario ("objective" first)
    `differences`  measure, unit, better (max, min or ""), best (names), then value minus baseline per other scenario
    `decisions`    kind (project, firm), id, name, place, category, then year (or action and year) per scenario, count,
                   group (all, most, few, none of the plans), same (whether those that do it agree on when)
    `places`       scenario, place, name, used, freed, value_added, cost, projects, firms …; `categories` likewise
    `regret`       plan, scenario, feasible, rerouted, value, best, regret, rule, clause, amount, unit, text, text_en
    """

    entries: tuple[Entry, ...]
    profile: Profile
    measures: pd.DataFrame
    differences: pd.DataFrame
    decisions: pd.DataFrame
    places: pd.DataFrame
    categories: pd.DataFrame
    regret: pd.DataFrame
    pairs: Mapping[str, Pair] = field(repr=False)

    @cached_property
    def standing(self) -> tuple[Entry, ...]:
        """The scenarios that have a plan, in order."""
        return tuple(entry for entry in self.entries if entry.plan is not None)

    @property
    def baseline(self) -> Entry:
        """What the others are set against: the first that has a plan."""
        return self.standing[0]

    @property
    def exit_code(self) -> int:
        """0 where all plans stand, 3 where a scenario has none, 4 where a limit came first in one."""
        statuses = {entry.status for entry in self.entries}
        if Status.INFEASIBLE in statuses:
            return 3
        return 0 if statuses == {Status.OPTIMAL} else 4

    def title(self, name: str) -> Text:
        """What people call a scenario of the comparison."""
        return next(entry.title for entry in self.entries if entry.name == name)

    def answers(self) -> dict[str, Text]:
        """By scenario, one paragraph: what it costs against the baseline, and who pays."""
        from quota_opt.report.comparison_words import answer

        return {name: answer(pair) for name, pair in self.pairs.items()}

    def document(self) -> Document:
        """The comparison as a report for people."""
        from quota_opt.report.comparison import document_of

        return document_of(self)

    def write(self, folder: str | Path, language: Language = "zh") -> Path:
        """Write tables, reports and, below `plans/`, a result folder for each plan that has none yet.

        The folder appears whole or not at all; it must not exist. Returns its path.
        """
        target = Path(folder)
        with whole_folder(target) as work:
            write_table(self.measures, work / "comparison.csv")
            for name in ("regret", "decisions", "places", "categories"):
                write_table(getattr(self, name), work / f"{name}.csv")
            for entry in self.standing:
                if entry.folder is None and entry.plan is not None:
                    entry.plan.write(work / "plans" / file_name(entry.name), language)
            write_reports(self.document(), work, language)
        return target


def file_name(name: str) -> str:
    """A scenario's name as a folder name every system takes."""
    kept = "".join("-" if character in '<>:"/\\|?*' or ord(character) < 32 else character for character in name)
    return kept.strip(" .-")[:60] or "plan"


def compare(
    scenarios: Mapping[str, Source] | Sequence[Source],
    profile: str | Path | Profile = "auto",
    *,
    gap: float | None = None,
    time_limit: float | None = None,
    on_progress: OnProgress | None = None,
) -> Comparison:
    """Set scenarios side by side; the first is the baseline.

    Parameters
    ----------
    scenarios
        Plans, cases or addresses; a mapping gives each the name it is shown under. Cases are solved here, result
        folders read and verified.
    profile, gap, time_limit
        How cases are solved; see `quota_opt.solve`.

    Returns
    -------
    Comparison
        Scenarios without a plan are among its `entries`, with the reason; tables hold the others.

    Raises
    ------
    InputError
        An address cannot be read.
    InfeasibleScenario, NoPlanFound
        No scenario has a plan: the error of the first.
    """
    given = list(scenarios.items()) if isinstance(scenarios, Mapping) else [(None, source) for source in scenarios]
    chosen = (profile if isinstance(profile, Profile) else read_profile(profile)).with_limits(
        gap=gap, time_limit=time_limit
    )
    sources = [(name, _read(source), source) for name, source in given]  # every address is read before any is solved
    found = [_entry(name, source, address, chosen, on_progress) for name, source, address in sources]
    entries = _named(found, fixed_names=isinstance(scenarios, Mapping))
    standing = [entry for entry in entries if entry.plan is not None]
    if not standing:
        raise next(entry.failure for entry in entries if entry.failure is not None)
    plans = {entry.name: entry.plan for entry in standing if entry.plan is not None}
    baseline = standing[0].name
    pairs = {name: pair_of(plans[baseline], plan) for name, plan in plans.items() if name != baseline}
    measures = measure_table(plans)
    return Comparison(
        tuple(entries),
        chosen,
        measures,
        difference_table(plans, measures),
        decision_table(plans),
        place_table(plans),
        category_table(plans),
        regret_table(plans, chosen),
        pairs,
    )


def regret_table(plans: Mapping[str, Plan], profile: Profile) -> pd.DataFrame:
    """Every plan in every scenario: its value there and how far that is from the best plan known, or why it fails."""
    rows = []
    for into, other in plans.items():
        model: list[Opened] = []

        def opened(other: Plan = other, model: list[Opened] = model) -> Opened:
            if not model:
                model.append(Opened.of(other.scenario, profile))
            return model[0]

        sign = -1.0 if is_minimised(outcome_of(other)) else 1.0
        carried = {name: carry(plan, other, opened) for name, plan in plans.items()}
        best = _best(other, carried, sign)
        rows += [_regret_row(name, into, made, best, sign) for name, made in carried.items()]
    columns = ["plan", "scenario", "feasible", "rerouted", "value", "best", "regret", "rule", "clause", "amount",
               "unit", "text", "text_en"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _best(own: Plan, carried: Mapping[str, Carried], sign: float) -> float:
    """The best value known in a scenario: its own plan's, or another's that is better within the gap.

    Where a rule's own goal comes before the objective (a fair share first), only the scenario's own plan counts.
    """
    if len(own.certificate["stages"]) > 1:
        return worth_of(outcome_of(own))
    return sign * max(sign * made.value for made in carried.values() if made.value is not None)


def _regret_row(plan: str, scenario: str, made: Carried, best: float, sign: float) -> tuple[object, ...]:
    if made.value is None:
        first = made.obstacles[0] if made.obstacles else None
        words = [obstacle_words(obstacle) for obstacle in made.obstacles]
        told = (first.rule, first.clause, first.amount, first.unit) if first is not None else ("", "", None, "")
        said = ("；".join(text.zh for text in words), "; ".join(text.en for text in words))
        return (plan, scenario, False, False, None, best, None, *told, *said)
    regret = max(0.0, sign * (best - made.value))
    return (plan, scenario, True, made.rerouted, made.value, best, regret, "", "", None, "", "", "")


def _read(source: Source) -> Plan | Scenario | Path:
    if isinstance(source, Plan | Scenario):
        return source
    return Path(source) if is_result(source) else read(source)


def _entry(
    name: str | None, source: Plan | Scenario | Path, address: Source, profile: Profile, on_progress: OnProgress | None
) -> Entry:
    """One scenario, solved or read; a case without a plan keeps the reason."""
    folder = source if isinstance(source, Path) else None
    try:
        plan = plan_at(source, profile, on_progress=on_progress)
    except (InfeasibleScenario, NoPlanFound) as error:
        assert isinstance(source, Scenario)
        title = scenario_title(source) if name is None else Text(name, name)
        return Entry(name or _short(source), title, None, error)
    title = scenario_title(plan.scenario) if name is None else Text(name, name)
    return Entry(name or _short(plan.scenario), title, plan, None, folder)


def _short(scenario: Scenario) -> str:
    return f"{scenario.name}/{scenario.variant}" if scenario.variant else scenario.name


def _named(entries: list[Entry], *, fixed_names: bool) -> list[Entry]:
    """The entries under names that are short and told apart: the variant alone where all are of one case."""
    if fixed_names:
        return entries
    heads = {entry.name.split("/")[0] for entry in entries}
    made: list[Entry] = []
    for entry in entries:
        head, _, variant = entry.name.partition("/")
        stem = (variant or BASE) if len(heads) == 1 else entry.name
        title = entry.title if len(heads) == 1 else _with_case(entry, head)
        number = sum(other.name == stem or other.name.startswith(f"{stem} ") for other in made) + 1
        name = stem if number == 1 else f"{stem} {number}"
        if number > 1:
            title = Text(f"{title.zh}（{number}）", f"{title.en} ({number})")
        made.append(Entry(name, title, entry.plan, entry.failure, entry.folder))
    return made


def _with_case(entry: Entry, head: str) -> Text:
    case = entry.plan.scenario.title if entry.plan is not None else Text(head, head)
    return Text(f"{case.zh}·{entry.title.zh}", f"{case.en}: {entry.title.en}")
