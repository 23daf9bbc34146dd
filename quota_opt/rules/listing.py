"""Listing: which firms are on the list of inefficient firms; only listed firms may be closed.

A firm is listed if it is in scope and any condition holds:

    scope      above scale (if asked), or land >= or_land_mu
    condition  a figure against a line or the mean of its sector, a grade, a violation, a tag, a place, or several of
               these together; this year or two years; of some firms only (`scope` of the condition)

The forms of a condition, their figures and means are those of `_screening.py`. Which reading of a sector mean is
taken is said in a note of every result.

==================  ===================================================  ============  ==========
figure              meaning                                              unit          source
==================  ===================================================  ============  ==========
tax_per_mu          tax / land; undefined (not met) without land         10k yuan/mu   firms.csv
value_added_per_mu  value added / land                                   10k yuan/mu   firms.csv
energy_intensity    energy on the declared basis / value added           tce/10k yuan  firms.csv
any numeric column  as stated                                            its own       firms.csv
==================  ===================================================  ============  ==========
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from quota_opt.errors import Finding, Level, Text
from quota_opt.model.case import Case
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Bar, Listing, Rule, RuleAudit
from quota_opt.rules._screening import (
    FIGURES,
    Condition,
    ConditionWords,
    Operator,
    Scope,
    flags_known,
    in_scope,
    measures_known,
    met,
)
from quota_opt.rules._shared import audited, check_choices, check_places, note
from quota_opt.scenario import RuleParameters

__all__ = ["FIGURES", "Condition", "ListingParameters", "ListingRule", "Operator", "Scope"]


class ListingParameters(RuleParameters):
    """`any_of` conditions, `scope`, and the kinds of action that only listed firms may undergo."""

    any_of: tuple[Condition, ...] = Field(description="conditions; any of them lists a firm")
    scope: Scope = Field(default=Scope(), description="firms that are screened at all")
    restricts: tuple[str, ...] = Field(default=("close",), description="kinds of action for listed firms only")


class ListingRule(Rule[ListingParameters]):
    """The list of inefficient firms."""

    name: ClassVar[str] = "listing"
    title: ClassVar[Text] = Text("低效企业清单", "list of inefficient firms")
    order: ClassVar[int] = 10
    Parameters: ClassVar[type[RuleParameters]] = ListingParameters

    def check(self, case: Case) -> list[Finding]:
        """Unknown figures, columns, places and sectors."""
        found: list[Finding] = []
        sectors = sorted(set(case.firms["sector"]) - {""})
        what = Text("企业指标", "figure of a firm")
        for i, whole in enumerate(self.parameters.any_of):
            path = f"any_of.{i}"
            for part in whole.parts():
                named = [name for name in (part.measure, part.column) if name is not None]
                found += check_choices(self, named, measures_known(case), path, what)
                flags = [part.flag] if part.flag is not None else []
                found += check_choices(self, flags, flags_known(case), path, Text("是/否列", "yes/no column of firms"))
                found += check_places(self, part.places or (), case.places, f"{path}.places")
                of = part.scope
                found += check_places(self, (of.places if of else None) or (), case.places, f"{path}.scope.places")
                given = [*((of.sectors if of else None) or ())]
                given += part.value if isinstance(part.value, dict) else ()
                given += part.sector_mean.published if part.sector_mean is not None else ()
                # One policy may serve many counties, and not every county has every sector it names.
                found += check_choices(self, given, sectors, path, Text("行业", "sector"), Level.WARNING)
        return found

    def notes(self, case: Case) -> list[Finding]:
        """Which reading of a sector mean is taken, and how many firms meet it."""
        found = []
        for part in (part for whole in self.parameters.any_of for part in whole.parts()):
            if part.sector_mean is None:
                continue
            count, words = int(met(case, part).sum()), part.sector_mean.words
            over = Text("", "")
            if part.years == 2:
                each = part.over == "each"
                over = Text(
                    "，两年均须满足" if each else "，按两年平均", ", in each of two years" if each else ", by the mean"
                )
            found.append(
                note(
                    self,
                    "sector-mean-reading",
                    Text(
                        f"行业平均的读法：{part.measure} {words.zh}{over.zh}；{count} 家企业符合。",
                        f"The sector mean is read as: {part.measure} {words.en}{over.en}; firms that meet it: {count}.",
                    ),
                    Text(
                        "条款有不同读法时，请改 sector_mean 比较。",
                        "Where the clause may be read otherwise, change sector_mean and compare.",
                    ),
                    seen=str(part.measure),
                )
            )
        return found

    def listing(self, case: Case) -> Listing:
        """Listed or not, and the first condition met, firm by firm."""
        listed = np.zeros(len(case.firms), dtype=bool)
        which = np.full(len(case.firms), -1, dtype=np.int16)
        scope = in_scope(case.firms, self.parameters.scope)
        for number, condition in enumerate(self.parameters.any_of):
            here = met(case, condition) & scope
            which[here & ~listed] = number
            listed |= here
        words = tuple(ConditionWords(case, condition) for condition in self.parameters.any_of)
        return Listing(listed, _Because(which, words))

    def bars(self, case: Case) -> list[Bar]:
        """Firms that are not listed get none of the restricted actions, nor any that come of their being listed."""
        listed = _listed(case)
        kinds = case.actions["action"].isin(list(self.parameters.restricts)).to_numpy()
        rows = np.flatnonzero(
            (kinds | (not case.scenario.has_table("actions"))) & ~listed[case.actions["firm_code"].to_numpy()]
        )
        text = Text("不在低效企业清单内，不得关停。", "Not on the list of inefficient firms; it may not be closed.")
        years = np.ones((len(rows), case.horizon), dtype=bool)
        return [Bar("action", rows, years, "not_listed", [text] * len(rows), [""] * len(rows))]

    def audit(self, outcome: Outcome) -> RuleAudit:
        """Restricted actions on firms that the conditions do not list."""
        case = outcome.case
        again = self.listing(case).listed
        action = case.actions.iloc[outcome.action_row]
        restricted = action["action"].isin(list(self.parameters.restricts)).to_numpy()
        outside = restricted & ~again[action["firm_code"].to_numpy()]
        outside &= ~case.bent_acts[outcome.action_row, outcome.action_year]
        figures = pd.DataFrame({"firm": action["firm"].to_numpy(), "figure": outside.astype(float), "upper": 0.0})
        figures = figures[restricted]

        def sentence(row: Any) -> Text:
            return Text(f"{row.firm} 不在清单内却被关停。", f"{row.firm} is closed without being listed.")

        made = audited(self, "firms", figures, sentence)
        return made if not made.ok else RuleAudit(self.name, True, 0.0, "firms", self.clause, figures=made.figures)


@dataclass(frozen=True)
class _Because(Sequence[Text | None]):
    """What lists each firm: the words of the first condition it meets (`which`, -1 for none)."""

    which: NDArray[np.int16]
    words: tuple[ConditionWords, ...]

    def __len__(self) -> int:
        return len(self.which)

    @overload
    def __getitem__(self, firm: int) -> Text | None: ...

    @overload
    def __getitem__(self, firm: slice) -> Sequence[Text | None]: ...

    def __getitem__(self, firm: int | slice) -> Text | Sequence[Text | None] | None:
        if isinstance(firm, slice):
            return [self[i] for i in range(*firm.indices(len(self)))]
        number = int(self.which[firm])
        return self.words[number](firm) if number >= 0 else None


def _listed(case: Case) -> NDArray[np.bool_]:
    return case.listing.listed if case.listing is not None else np.ones(len(case.firms), dtype=bool)
