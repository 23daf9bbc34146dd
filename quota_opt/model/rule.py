"""What the model and the verifier ask of a policy rule. Rules live in `quota_opt/rules/`, one file each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Generic, Literal, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from quota_opt.errors import Finding, Text
from quota_opt.scenario import RuleParameters

if TYPE_CHECKING:
    from quota_opt.model.build import Build
    from quota_opt.model.case import Case, Counted
    from quota_opt.model.market import Market
    from quota_opt.model.objective import Stage
    from quota_opt.model.outcome import Outcome

P = TypeVar("P", bound=RuleParameters)
State = Literal["binding", "slack", "broken", "overriding"]
NO_WORDS = Text("", "")


@dataclass(frozen=True)
class Listing:
    """Which firms are on the list of inefficient firms; `listed` and `texts` follow the order of the firms table."""

    listed: NDArray[np.bool_]
    texts: Sequence[Text | None]


@dataclass(frozen=True)
class Bar:
    """Candidates a rule takes out: `rows` of `case.actions` or `case.projects` (`kind`), `forbidden` years per row.

    `texts` and `figures` say, row by row, what decided and with which figure; shape of `forbidden`: (rows, years).
    """

    kind: str  # "action" or "project"
    rows: NDArray[np.int64]
    forbidden: NDArray[np.bool_]
    verdict: str
    texts: Sequence[Text]
    figures: Sequence[str]


@dataclass(frozen=True)
class Bend:
    """A candidate that may happen although other rules bar it: project `id`, or the `action` of firm `id`.

    `year` None: in any year; `by` and `reason`: who wants it, and why.
    """

    id: str
    action: str | None
    year: int | None
    by: str = ""
    reason: str = ""


@dataclass(frozen=True)
class RuleAudit:
    """One rule re-checked from the tables. `worst_excess` (in `unit`) is how far the plan breaks it, 0 if it holds.

    `binding` tells whether the rule holds with no slack left somewhere; `figures` are the rows behind it (place, year,
    limit, used …), `texts` the sentences for people about the tightest of them. `price` is what one more unit of
    right-hand side of the rule's dearest row is worth, in objective units per `price_unit` (None where unknown; then
    `price_note` says why).

    `state` and `headline` are filled once for all rules by `plan/headlines.py`: `broken`, else `overriding` where
    the rule let something pass (`overrides` names it), else `binding`, else `slack`. `clauses` are those of the rows
    that bind, where rows have clauses of their own.
    """

    rule: str
    ok: bool
    worst_excess: float
    unit: str
    clause: str | None = None
    binding: bool = False
    figures: pd.DataFrame = field(default_factory=pd.DataFrame)
    texts: tuple[Text, ...] = ()
    price: float | None = None
    price_unit: str | None = None
    price_note: Text | None = None
    state: State = "slack"
    headline: Text = NO_WORDS
    clauses: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()


class Rule(Generic[P]):
    """Base of all rules: every hook does nothing until a rule says otherwise."""

    name: ClassVar[str]
    title: ClassVar[Text]
    order: ClassVar[int] = 50  # rules that bar candidates are asked in this order
    Parameters: ClassVar[type[RuleParameters]]

    def __init__(self, parameters: P) -> None:
        self.parameters: P = parameters

    @property
    def clause(self) -> str | None:
        """The clause the case gives for this rule."""
        return self.parameters.clause

    def check(self, case: Case) -> list[Finding]:
        """Findings about the rule's parameters against the tables (unknown places, impossible values)."""
        return []

    def listing(self, case: Case) -> Listing | None:
        """The list of inefficient firms, if this rule makes one."""
        return None

    def counts(self, case: Case) -> tuple[Counted, Counted] | None:
        """Shares of energy that count by calendar year, of projects and of firms, if this rule changes them."""
        return None

    def bars(self, case: Case) -> list[Bar]:
        """Candidates this rule takes out; what of them the case lets pass is in `case.bent_acts`, `bent_starts`."""
        return []

    def bends(self, case: Case) -> Sequence[Bend]:
        """Candidates that no rule's bars keep out; asked before the actions are known."""
        return ()

    def ratios(self, case: Case) -> NDArray[np.float64] | None:
        """Substitution ratio (>= 1) on energy per project and year of its start, if this rule demands one."""
        return None

    def must_buy(self, case: Case) -> NDArray[np.float64] | None:
        """(projects, years): share of its energy that a project started then must buy, if this rule demands any."""
        return None

    def market(self, case: Case) -> Market | None:
        """What may be bought and sold, if this rule opens a market."""
        return None

    def notes(self, case: Case) -> list[Finding]:
        """Reports that change nothing: overrides, limits that are only reported."""
        return []

    def rows(self, build: Build) -> None:
        """Add the rule's rows (and own columns) to the model."""

    def stages(self, case: Case) -> list[Stage]:
        """Objectives that come before the case's own, in order."""
        return []

    def worth(self, outcome: Outcome) -> float:
        """What the rule's own columns add to a weighted objective on a finished plan, soft targets aside."""
        return 0.0

    def overrides(self, outcome: Outcome) -> tuple[str, ...]:
        """Names of what the rule let pass in this plan against its own line, or kept against another rule's."""
        return ()

    def audit(self, outcome: Outcome) -> RuleAudit:
        """The rule re-checked on a finished plan from the tables alone."""
        raise AssertionError(f"rule {self.name} has no audit")
