"""The façade: what users and other programs call. Each step is a value that can be looked at.

read → check → build → solve → verify → write
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from quota_opt.errors import (
    Finding,
    InfeasibleScenario,
    InputError,
    Language,
    Level,
    NoPlanFound,
    Text,
    UnboundedScenario,
    Where,
)
from quota_opt.model.build import Problem
from quota_opt.model.build import build as build_case
from quota_opt.plan.address import run_address
from quota_opt.plan.folder import hashes, verify_folder, versions_of
from quota_opt.plan.plan import Plan
from quota_opt.plan.solve import check_case, prepared, solve_scenario
from quota_opt.plan.verify import Stated, Verification, verify_outcome
from quota_opt.report.reporters import REPORTERS
from quota_opt.resources import builtin
from quota_opt.rules import RULES, rules_of
from quota_opt.scenario import Scenario, write_case, write_workbook
from quota_opt.scenario import read as read_scenario
from quota_opt.scenario.standing import documents_record
from quota_opt.solving.engine import EngineState, engines_state
from quota_opt.solving.memory import Recall
from quota_opt.solving.profile import Profile, read_profile
from quota_opt.solving.status import OnProgress

if TYPE_CHECKING:
    from quota_opt.plan.migrating import Migration

__all__ = [
    "CaseInfo",
    "Scenario",
    "Session",
    "address",
    "build",
    "check",
    "dictionary_page",
    "engines",
    "export",
    "migrate",
    "new",
    "read",
    "rule_example",
    "rule_page",
    "rule_titles",
    "scenarios",
    "schema",
    "solve",
    "verify",
    "write_handbook",
]


@dataclass(frozen=True)
class CaseInfo:
    """A built-in case: name, title, years, whether its data are real or synthetic, its variants and its documents."""

    name: str
    title: Text
    first_year: int
    last_year: int
    data: str
    variants: tuple[str, ...]
    documents: tuple[Mapping[str, Any], ...] = ()


def read(source: str | Path, *, overrides: Mapping[str, object] | None = None) -> Scenario:
    """Read a case: a folder, an `.xlsx` workbook, a built-in name (`zhuji`), or any of them with `/VARIANT`.

    `overrides` maps dotted settings paths to values (`{"rules.retention.keep": 0.7}`).

    Raises
    ------
    InputError
        The input needs correcting; `.findings` lists every problem at once, with file or sheet and cell.
    """
    began = time.perf_counter()
    scenario = read_scenario(source, overrides=overrides)
    return replace(scenario, read_seconds=time.perf_counter() - began)


def check(case: Scenario | str | Path) -> tuple[Finding, ...]:
    """All findings about a case (errors, warnings, notes); an address is read first. Never raises InputError."""
    try:
        scenario = case if isinstance(case, Scenario) else read(case)
    except InputError as error:
        return error.findings
    _, findings = check_case(scenario, rules_of(scenario.rules))
    return findings


def build(case: Scenario | str | Path) -> Problem:
    """The model of a case as sparse arrays (`.arrays`), with labels for every row and column.

    Raises InputError where the input needs correcting.
    """
    scenario = case if isinstance(case, Scenario) else read(case)
    prepared_case, _ = prepared(scenario, rules_of(scenario.rules))
    return build_case(prepared_case)


def solve(
    case: Scenario | str | Path,
    profile: str | Path | Profile = "auto",
    *,
    gap: float | None = None,
    time_limit: float | None = None,
    on_progress: OnProgress | None = None,
) -> Plan:
    """Allocate the quota of one case.

    Parameters
    ----------
    profile
        A built-in solver profile (see `engines()`), a `.toml` file, or a Profile.
    gap, time_limit
        Relative gap and seconds of wall time, in place of the profile's.
    on_progress
        Called with a Progress now and then; returning False cancels, and the incumbent is kept.

    Returns
    -------
    Plan
        `awards`, `actions`, `transfers`, `ledger`, `prices`, `reasons` (DataFrames), `measures`, `audit` …
        `status` is OPTIMAL (within the gap), or FEASIBLE if a limit came first. Every rule holds to 1e-6 of its unit:
        the plan has been verified from the tables.

    Raises
    ------
    InputError, InfeasibleScenario (`.conflicts`), UnboundedScenario, NoPlanFound, EngineUnavailable, VerificationFailed
    """
    scenario = case if isinstance(case, Scenario) else read(case)
    chosen = profile if isinstance(profile, Profile) else read_profile(profile)
    return _solved(scenario, chosen.with_limits(gap=gap, time_limit=time_limit), on_progress, None)


class Session:
    """One case, opened to be solved again and again with a number changed: a limit, a quota, a weight, a budget.

        session = Session("zhuji")
        session.solve()
        session.solve({"rules.retention.keep": 0.6}, gap=1e-3)

    The case as opened is solved once, by the first `solve`; what that leaves (plan, proof, prices) is where every
    changed case starts from. Changes count from the case as opened, not from the last ones, so the same change gives
    the same plan whatever was asked before. Use one session per thread; a copy of it (pickled, or by `copy.deepcopy`)
    is the same case newly opened.

    `scenario` and `plan` are those of the last `solve`; `plan` is None before it.
    """

    def __init__(
        self,
        case: Scenario | str | Path,
        profile: str | Path | Profile = "auto",
        *,
        gap: float | None = None,
        time_limit: float | None = None,
    ) -> None:
        self._opened = case if isinstance(case, Scenario) else read(case)
        chosen = profile if isinstance(profile, Profile) else read_profile(profile)
        self._profile = chosen.with_limits(gap=gap, time_limit=time_limit)
        self._first: Plan | None = None
        self._recall = Recall()
        self._failed = False  # the case as opened has no plan
        self.scenario = self._opened
        self.plan: Plan | None = None

    def solve(
        self,
        changes: Mapping[str, Any] | None = None,
        *,
        gap: float | None = None,
        time_limit: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> Plan:
        """The case as opened, or with `changes`: dotted settings paths and their values.

        `gap` and `time_limit` are for this changed case, in place of the session's. Returns and raises what `solve`
        does; a change that cannot be met leaves the session as it was.
        """
        scenario = self._opened.with_(**changes) if changes else self._opened
        if self._first is None and not (changes and self._failed):
            self._open(on_progress, must=not changes)
        if not changes and self._first is not None:
            plan = self._first
        else:
            profile = self._profile.with_limits(gap=gap, time_limit=time_limit)
            plan = _solved(scenario, profile, on_progress, self._recall if self._recall.stages else None)
        self.scenario, self.plan = scenario, plan
        return plan

    def __reduce__(self) -> tuple[Any, ...]:
        # What a solver left in memory cannot leave the process, and half of it would give other plans than the whole.
        return Session, (self._opened, self._profile)

    def _open(self, on_progress: OnProgress | None, *, must: bool) -> None:
        """Solve the case as opened; where it has no plan and a changed one is wanted, that is solved by itself."""
        try:
            self._first = _solved(self._opened, self._profile, on_progress, self._recall)
        except (InfeasibleScenario, UnboundedScenario, NoPlanFound):
            self._failed = True
            if must:
                raise


def address(
    case: Scenario | str | Path,
    profile: str | Path | Profile = "auto",
    *,
    gap: float | None = None,
    time_limit: float | None = None,
) -> str:
    """The content address of what `solve` would be asked: 24 hexadecimal digits, as `run.json` states them.

    The same files, variant, overrides, profile and versions have the same address, wherever the case was read from.
    """
    scenario = case if isinstance(case, Scenario) else read(case)
    chosen = profile if isinstance(profile, Profile) else read_profile(profile)
    asked = chosen.with_limits(gap=gap, time_limit=time_limit)
    inputs = hashes(scenario.files)
    return run_address(inputs, scenario.variant, scenario.overrides, asked.model_dump(), versions_of(asked))


def _solved(scenario: Scenario, profile: Profile, on_progress: OnProgress | None, recall: Recall | None) -> Plan:
    return solve_scenario(
        scenario,
        rules_of(scenario.rules),
        profile,
        on_progress=on_progress,
        reporters=REPORTERS,
        recall=recall,
    )


def verify(result: Plan | str | Path) -> Verification:
    """Re-check a plan, or a result folder, from inputs and tables; needs neither model nor solver.

    Raises InputError where the folder is not a result folder.
    """
    if isinstance(result, Plan):
        assert result.outcome is not None
        stages = result.certificate["stages"]
        stated = Stated(
            result.actions,
            result.awards,
            result.ledger,
            result.measures,
            result.objective,
            result.bound,
            stages[-1]["sense"],
            result.trades,
        )
        return verify_outcome(result.outcome, stated)
    return verify_folder(Path(result), lambda scenario: rules_of(scenario.rules))


def export(case: Scenario | str | Path, path: str | Path, format: Literal["mps", "lp"] | None = None) -> Path:  # noqa: A002
    """Write the model of a case for any other solver; the format follows the file name where it is not given."""
    from quota_opt.model.export import export_model

    target = Path(path)
    chosen: Literal["mps", "lp"] = format or ("lp" if target.suffix == ".lp" else "mps")
    export_model(build(case).arrays, target, chosen)
    return target


def engines() -> list[EngineState]:
    """Every solver profile, whether it runs here, and why not."""
    return engines_state()


def scenarios() -> list[CaseInfo]:
    """The built-in cases."""
    listed = []
    for name in builtin("scenarios"):
        scenario = read(name)
        listed.append(
            CaseInfo(
                name,
                scenario.title,
                scenario.first_year,
                scenario.last_year,
                scenario.data,
                tuple(scenario.variants),
                tuple(documents_record(scenario)),
            )
        )
    return listed


def new(target: str | Path, source: str | Path | None = None, *, xlsx: bool = False) -> Path:
    """A working copy of a case as a folder, or the blank (no `source`) or filled workbook.

    Raises OutputExists where the target is there already; nothing is overwritten.
    """
    from quota_opt.plan.folder import ensure_free

    path = Path(target)
    as_workbook = xlsx or path.suffix.lower() == ".xlsx"
    scenario = read(source) if source is not None else None
    if not as_workbook:
        if scenario is None:
            what = Text("没有说明由哪个案例复制。", "It is not said which case to copy.")
            fix = Text(
                "写明由哪个案例复制，或要空白工作簿（xlsx）。",
                "Name the case to copy, or ask for the blank workbook (xlsx).",
            )
            raise InputError([Finding(Level.ERROR, "no-source", what, Where(), fix)])
        ensure_free(path)
        return write_case(path, scenario)
    if path.suffix.lower() != ".xlsx":
        path = path / f"{scenario.name if scenario is not None else 'case'}.xlsx"
    ensure_free(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_workbook(path, scenario)


def migrate(address: str | Path, out: str | Path | None = None, *, in_place: bool = False) -> Migration:
    """Bring a case or a result folder of an earlier version to the present contract.

    What is written stands beside the old (`NAME-migrated`), at `out`, or with `in_place` in its place, where the files
    that changed are kept in `before-migration/` (a workbook beside itself). It is whole or not there at all; where
    there is nothing to do, nothing is written. A workbook is written anew, with what it says.

    Raises
    ------
    InputError
        There is no such case, it was made by a newer program, or a workbook has faults of another kind as well.
    VerificationFailed
        A result does not hold even so, and must be run again.
    OutputExists
        The target is there already.
    """
    from quota_opt.plan.migrating import migrate_at

    target = None if out is None else Path(out)
    return migrate_at(address, target, lambda scenario: rules_of(scenario.rules), in_place=in_place)


def rule_titles() -> dict[str, Text]:
    """Every policy rule by name, with what people call it."""
    return {name: rule.title for name, rule in RULES.items()}


def rule_page(name: str, language: Language = "zh") -> str:
    """The page of one rule in Markdown: what it does, formula, parameters, example, clauses of the built-in cases.

    Raises InputError where there is no such rule.
    """
    from quota_opt.report.library import rule_page as page

    _known(name, RULES, Text("规则", "rule"))
    return page(name, language)


def rule_example(name: str) -> Scenario:
    """The small case of a rule's page, with the rule on; solve it, or write it with `write_case`.

    Raises InputError where there is no such rule, or it has no example.
    """
    from quota_opt.rules._examples import example_of

    _known(name, RULES, Text("规则", "rule"))
    example = example_of(name)
    if example is None:
        what = Text(f"规则“{name}”没有示例", f"the rule {name} has no example")
        fix = Text("请看规则的说明和参数。", "See its page for formula and parameters.")
        raise InputError([Finding(Level.ERROR, "no-example", what, Where(rule=name), fix)])
    return example.scenario()


def dictionary_page(name: str | None = None, language: Language = "zh") -> str:
    """The data dictionary in Markdown: a table, `settings`, `units`, `factors` or `measures`; else how a case is made.

    Raises InputError where there is no such page.
    """
    from quota_opt.report import dictionary

    if name is None:
        return dictionary.index_page(language)
    _known(name, dictionary.page_names(), Text("字典页", "page of the dictionary"))
    return dictionary.dictionary_page(name, language)


def schema(name: str | None = None) -> dict[str, Any]:
    """A JSON schema (2020-12): `case`, `settings`, `tables`, `findings`, `result`, `result-tables` or `grid`.

    Without a name one document with all of them under `$defs`. Raises InputError where there is no such schema.
    """
    from quota_opt.report.schemas import SCHEMAS, all_schemas, schema_of

    if name is None:
        return all_schemas()
    _known(name, SCHEMAS, Text("模式", "schema"))
    return schema_of(name)


def write_handbook(folder: str | Path) -> list[Path]:
    """Write rule library and data dictionary, in both languages, below `folder`; returns the files."""
    from quota_opt.report.handbook import write_handbook as write

    return write(folder)


def _known(name: str, known: Iterable[str], kind: Text) -> None:
    from quota_opt.scenario.nearest import mend_name

    names = list(known)
    if name not in names:
        what = Text(f"没有名为“{name}”的{kind.zh}", f"no {kind.en} is called {name!r}")
        raise InputError([Finding(Level.ERROR, "unknown-name", what, Where(), mend_name(name, names), name)])
