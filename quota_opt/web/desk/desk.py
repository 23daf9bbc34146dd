"""The parts of the page's work under one name; one for each server."""

from __future__ import annotations

from quota_opt.store.workspace import Workspace
from quota_opt.store.workspace_values import NoSuchCase
from quota_opt.web.desk.asking import Asking
from quota_opt.web.desk.cases import Cases
from quota_opt.web.desk.papers import Papers
from quota_opt.web.desk.plans import Plans
from quota_opt.web.desk.what_if import WhatIf
from quota_opt.web.service import Service

LAST = "last"
"""Under which name the case and the plan a user had in hand are kept."""


class Desk:
    """What screens call; safe from several threads."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.workspace = Workspace(service.store)
        self.cases = Cases(service, self.workspace)
        self.plans = Plans(service)
        self.what_if = WhatIf(memory_mb=service.limits.memory_mb)
        self.asking = Asking(service, lambda user, job: self.plans.read(user, job).plan)
        self.papers = Papers(service, self.plans, self.asking, self.workspace)

    def standing(self, user: str, case: str | None, job: str | None) -> tuple[str | None, str | None]:
        """The case and the plan that the bar leads to: those of the screen, else the last ones of the user.

        The case of a plan is the one it was run from, the plan of a case its last run that began there.
        """
        kept = self.workspace.kept(user, LAST) or {}
        if job is not None and case is None:
            run = self.workspace.run(user, job)
            case = run.case if run is not None else kept.get("case")
        elif case is not None and job is None:
            job = kept.get("job") if kept.get("case") == case else self._last_run(user, case)
        elif case is None and job is None:
            case, job = kept.get("case"), kept.get("job")
        if case is not None and not self._is_there(user, case):
            case, job = None, None
        elif {"case": case, "job": job} != kept:
            self.workspace.keep(user, LAST, {"case": case, "job": job})
        return case, job

    def logged(self, user: str, action: str, address: str) -> None:
        """Write down that someone at a network address signed in, out, or was refused."""
        self.workspace.log(user, action, address)

    def start(self) -> None:
        """Begin what works in the background."""
        self.what_if.begin()

    def stop(self) -> None:
        """End it."""
        self.what_if.close()

    def _last_run(self, user: str, case: str) -> str | None:
        runs = self.workspace.runs(user, case, limit=1)
        return runs[0].job if runs else None

    def _is_there(self, user: str, case: str) -> bool:
        try:
            self.workspace.case(user, case)
        except NoSuchCase:
            return False
        return True
