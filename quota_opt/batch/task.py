"""One run as data: what is asked, how it ended, and the files of its result folder. All of it can be pickled."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from quota_opt.errors import (
    InfeasibleScenario,
    InputError,
    Language,
    Level,
    NoPlanFound,
    QuotaOptError,
    Text,
    UnboundedScenario,
    VerificationFailed,
)
from quota_opt.facade import Scenario, solve
from quota_opt.plan.address import case_digest, run_address
from quota_opt.plan.folder import hashes, versions_of, whole_folder, write_files
from quota_opt.plan.plan import Plan
from quota_opt.solving.profile import Profile
from quota_opt.solving.status import OnProgress, Status


@dataclass(frozen=True)
class Task:
    """One run: a case by the digest of its files, a variant, dotted settings, and a profile.

    `address` is the content address of all that; `language` and `reports` shape the result folder only.
    """

    address: str
    case: str
    variant: str | None
    overrides: Mapping[str, Any]
    profile: Profile
    language: Language = "zh"
    reports: bool = False


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    `status` is a Status where there is a plan; else INVALID (exit code 2), INFEASIBLE (3), NO_SOLUTION_FOUND, TIMEOUT,
    OUT_OF_MEMORY or CANCELLED (4), FAILED_VERIFICATION (5), ERROR or LOST (1). `reason` is None where a plan is
    proven within its gap. `seconds` is wall time, `peak_mb` the most memory its process held.
    """

    address: str
    status: str
    exit_code: int
    reason: Text | None = None
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None
    seconds: float = 0.0
    peak_mb: float | None = None

    @property
    def planned(self) -> bool:
        """Whether there is a plan."""
        return self.status in (Status.OPTIMAL, Status.FEASIBLE)


@dataclass(frozen=True)
class Done:
    """A run that ended: its ending, the files of its result folder by path ({} without a plan), and its log."""

    ending: Ending
    files: Mapping[str, bytes] = field(default_factory=dict)
    log: str = ""


EXIT_CODES = {
    "INVALID": 2,
    "INFEASIBLE": 3,
    "UNBOUNDED": 2,
    "NO_SOLUTION_FOUND": 4,
    "TIMEOUT": 4,
    "OUT_OF_MEMORY": 4,
    "CANCELLED": 4,
    "FAILED_VERIFICATION": 5,
    "ERROR": 1,
    "LOST": 1,
}
"""The exit code a run without a plan stands for."""


def task_of(
    case: Scenario,
    profile: Profile,
    *,
    variant: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    language: Language = "zh",
    reports: bool = False,
    inputs: Mapping[str, str] | None = None,
) -> Task:
    """The task of one run of `case`, which is as it was read: no variant, no overrides.

    `inputs` are the hashes of its files, where they are known already.
    """
    files = hashes(case.files) if inputs is None else inputs
    chosen = None if variant == "base" else variant
    changes = dict(overrides or {})
    address = run_address(files, chosen, changes, profile.model_dump(), versions_of(profile))
    return Task(address, case_digest(files), chosen, changes, profile, language, reports)


def execute(task: Task, case: Scenario, on_progress: OnProgress | None = None) -> Done:
    """Solve one run here and hand back its result folder as bytes.

    What the project raises on purpose is an ending; anything else is raised.
    """
    began = time.perf_counter()
    try:
        scenario = case if task.variant is None else case.with_variant(task.variant)
        if task.overrides:
            scenario = scenario.with_(**task.overrides)
        plan = solve(scenario, task.profile, on_progress=on_progress)
        plan = replace(plan, reporters=plan.reporters if task.reports else ())
        files = files_of(plan, task.language)
    except QuotaOptError as error:
        return without_plan(task, status_of(error), error_text(error), time.perf_counter() - began)
    proven = plan.status is Status.OPTIMAL
    ending = Ending(
        task.address,
        str(plan.status),
        0 if proven else 4,
        None if proven else gap_text(_finite(plan.gap)),
        plan.objective,
        _finite(plan.bound),
        _finite(plan.gap),
        time.perf_counter() - began,
    )
    return Done(ending, files)


def without_plan(task: Task, status: str, reason: Text, seconds: float = 0.0, log: str = "") -> Done:
    """A run that ended without a plan: refused, infeasible, or stopped from outside."""
    return Done(Ending(task.address, status, EXIT_CODES[status], reason, seconds=seconds), log=log)


def files_of(plan: Plan, language: Language) -> dict[str, bytes]:
    """The result folder of a plan as bytes by relative path."""
    with tempfile.TemporaryDirectory(prefix="quota-opt-") as scratch:
        folder = plan.write(Path(scratch) / "run", language)
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }


def unpack(files: Mapping[str, bytes], folder: Path) -> Path:
    """Write the files of a result folder; it appears whole or not at all. Raises OutputExists where it is there."""
    with whole_folder(folder) as work:
        write_files(files, work)
    return folder


def error_text(error: QuotaOptError) -> Text:
    """What an error says; of faulty input every finding that is an error, what and where, one to a line."""
    if not isinstance(error, InputError):
        return error.text
    found = [finding for finding in error.findings if finding.level is Level.ERROR]
    zh, en = ("\n".join(" ".join(finding.lines(language)[:2]) for finding in found) for language in ("zh", "en"))
    return Text(zh, en)


def gap_text(gap: float | None) -> Text:
    """Why a plan is not proven: a limit came first, at this gap (None: no bound)."""
    told = "∞" if gap is None else f"{gap:.2%}"
    return Text(f"到限时止，差距 {told}。", f"A limit came first; the gap is {told}.")


def status_of(error: QuotaOptError) -> str:
    """The ending that an error of a solve stands for."""
    kinds = (
        (InputError, "INVALID"),
        (InfeasibleScenario, "INFEASIBLE"),
        (UnboundedScenario, "UNBOUNDED"),
        (NoPlanFound, "NO_SOLUTION_FOUND"),
        (VerificationFailed, "FAILED_VERIFICATION"),
    )
    found = next((status for kind, status in kinds if isinstance(error, kind)), "ERROR")
    return "INVALID" if found == "ERROR" and error.exit_code == 2 else found


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
