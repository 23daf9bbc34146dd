"""Protection: firms of the protected kinds get no closure until their protection expires.

    act[f, a, t] = 0   for a in forbids, f with protected_as ∩ kinds ≠ ∅, t ≤ protected_until[f]  (blank: for good)

Upgrading stays possible. Source: columns `protected_as` (a list) and `protected_until` (a year) of firms.csv.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from quota_opt.errors import Text
from quota_opt.model.case import Case
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Bar, Rule, RuleAudit
from quota_opt.rules._shared import audited
from quota_opt.scenario import RuleParameters


class ProtectionParameters(RuleParameters):
    """Kinds of protection that count, and the kinds of action they forbid."""

    protected_as: tuple[str, ...] = Field(description='kinds of protection that count, e.g. ["high-tech"]')
    forbids: tuple[str, ...] = Field(default=("close",), description="kinds of action forbidden while it holds")


class Protection(Rule[ProtectionParameters]):
    """Phased protection of firms."""

    name: ClassVar[str] = "protection"
    title: ClassVar[Text] = Text("阶段性保护", "protection")
    order: ClassVar[int] = 20
    Parameters: ClassVar[type[RuleParameters]] = ProtectionParameters

    def bars(self, case: Case) -> list[Bar]:
        """Forbidden actions of protected firms, year by year."""
        until = self._until(case)
        kinds = case.actions["action"].isin(list(self.parameters.forbids)).to_numpy()
        owner = case.actions["firm_code"].to_numpy()
        forbidden = (case.years[None, :] <= until[owner][:, None]) & kinds[:, None]
        rows = np.flatnonzero(forbidden.any(axis=1))
        protected_as = case.firms["protected_as"].to_numpy(dtype=object)
        same: dict[tuple[tuple[str, ...], float], tuple[Text, str]] = {}  # thousands of firms, a handful of reasons
        words = []
        for kinds_of, year in zip(protected_as[owner[rows]], until[owner[rows]].tolist(), strict=True):
            if (kinds_of, year) not in same:
                same[kinds_of, year] = (self._words(kinds_of, year), "" if np.isinf(year) else f"{year:.0f}")
            words.append(same[kinds_of, year])
        texts, figures = [text for text, _ in words], [figure for _, figure in words]
        return [Bar("action", rows, forbidden[rows], "protected", texts, figures)]

    def overrides(self, outcome: Outcome) -> tuple[str, ...]:
        """Firms on the list of inefficient firms whose protection forbids to close them in some year."""
        case = outcome.case
        if case.listing is None:
            return ()
        held = case.listing.listed & (self._until(case) >= case.years[0])
        return tuple(map(str, case.firms["firm"].to_numpy()[held]))

    def audit(self, outcome: Outcome) -> RuleAudit:
        """Forbidden actions taken while the protection holds."""
        case = outcome.case
        action = case.actions.iloc[outcome.action_row]
        year = case.years[outcome.action_year]
        until = self._until(case)[action["firm_code"].to_numpy()]
        broken = action["action"].isin(list(self.parameters.forbids)).to_numpy() & (year <= until)
        broken &= ~case.bent_acts[outcome.action_row, outcome.action_year]
        figures = pd.DataFrame(
            {"firm": action["firm"].to_numpy(), "year": year, "figure": broken.astype(float), "upper": 0.0}
        )

        def sentence(row: Any) -> Text:
            return Text(
                f"{row.firm} 在保护期内（{row.year} 年）被关停。",
                f"{row.firm} is closed in {row.year} while protected.",
            )

        made = audited(self, "firms", figures[broken], sentence)
        return made if not made.ok else RuleAudit(self.name, True, 0.0, "firms", self.clause)

    def _until(self, case: Case) -> NDArray[np.float64]:
        """(F,): the last protected year, inf where it never ends, -inf where there is no protection."""
        wanted = set(self.parameters.protected_as)
        kinds_of = case.firms["protected_as"].to_numpy(dtype=object)
        protected = np.fromiter((bool(own) and not wanted.isdisjoint(own) for own in kinds_of), bool, len(kinds_of))
        until = case.firms["protected_until"].fillna(np.inf).to_numpy(dtype=float)
        return np.where(protected, until, -np.inf) if len(protected) else np.zeros(0)

    def _words(self, protected_as: tuple[str, ...], until: float) -> Text:
        kinds = [kind for kind in protected_as if kind in self.parameters.protected_as]
        end = Text("", "") if np.isinf(until) else Text(f"，至 {until:.0f} 年", f" until {until:.0f}")
        return Text(f"受保护（{'、'.join(kinds)}）{end.zh}", f"protected as {', '.join(kinds)}{end.en}")
