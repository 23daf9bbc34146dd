"""The parts of the page's work under one name; one for each server."""

from __future__ import annotations

from dataclasses import dataclass, field

from quota_opt.web.desk.plans import Plans
from quota_opt.web.service import Service


@dataclass(frozen=True)
class Desk:
    """What screens call; safe from several threads."""

    service: Service
    plans: Plans = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "plans", Plans(self.service))

    def standing(self, user: str, case: str | None, job: str | None) -> tuple[str | None, str | None]:
        """The case and the plan that the bar leads to: those of the screen, else the last ones of the user."""
        return case, job

    def refused_login(self, address: str) -> None:
        """Someone at `address` showed a token that is not known."""

    def start(self) -> None:
        """Begin what works in the background."""

    def stop(self) -> None:
        """End it."""
