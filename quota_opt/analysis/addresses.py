"""What a user names where a plan is wanted: a result folder is read, a case is solved."""

from __future__ import annotations

from pathlib import Path

from quota_opt.analysis.opened import Opened
from quota_opt.plan.plan import Plan
from quota_opt.plan.reading import read_result as read_folder
from quota_opt.report.reporters import REPORTERS
from quota_opt.rules import rules_of
from quota_opt.scenario import Scenario
from quota_opt.solving.profile import Profile
from quota_opt.solving.status import OnProgress


def is_result(address: Plan | Scenario | str | Path) -> bool:
    """Whether an address is a result folder."""
    return isinstance(address, str | Path) and (Path(address) / "run.json").is_file()


def read_result(folder: str | Path) -> Plan:
    """The plan of a result folder, verified anew from its inputs and tables.

    Raises InputError where it is no result folder, VerificationFailed where it does not hold any more.
    """
    return read_folder(Path(folder), lambda scenario: rules_of(scenario.rules), REPORTERS)


def plan_at(
    address: Plan | Scenario | str | Path,
    profile: str | Path | Profile = "auto",
    *,
    gap: float | None = None,
    time_limit: float | None = None,
    on_progress: OnProgress | None = None,
) -> Plan:
    """The plan an address means: a plan itself, a result folder read again, or a case (`CASE/VARIANT`) solved.

    Raises what `read_result` and `quota_opt.solve` raise.
    """
    if isinstance(address, Plan):
        return address
    if not isinstance(address, Scenario) and is_result(address):
        return read_result(address)
    return Opened.of(address, profile, gap=gap, time_limit=time_limit).solve(on_progress=on_progress)
