"""Caps: what awards use of a resource stays below a total, by year, place and sector.

    Σ_{awards in place and below, of the sector} use[p, r, s]  <=  amount      for each cap, every year s it holds in

============  ================================================================  ====  ============
symbol        meaning                                                           unit  source
============  ================================================================  ====  ============
use           what the pools give the award that year: need · ramp · share, and  r     decision
              for energy the substitution ratio; of energy what counts that year
amount        the cap                                                           r     parameters
============  ================================================================  ====  ============

A cap without `place` holds for the whole case, without `sector` for all sectors, without `year` in every year by
itself. Several caps stack. What existing firms use is not counted: caps bound what is newly given out.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field

from quota_opt.errors import Finding, Level, Text
from quota_opt.model.build import Build, RowInfo
from quota_opt.model.case import Case, IntArray
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Rule, RuleAudit
from quota_opt.rules._shared import amount, audited, check_choices, check_place, inside, note
from quota_opt.scenario import RuleParameters, resource_words, unit_words


class Cap(BaseModel):
    """One cap: how much of which resource, where, for which sector, in which year."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    resource: str = Field(default="energy", description="resource that is capped")
    amount: float = Field(ge=0.0, allow_inf_nan=False, description="most that awards may use a year, in its unit")
    place: str | None = Field(default=None, description="place, with all below it; blank: everywhere")
    sector: str | None = Field(default=None, description="sector of the projects; blank: all")
    year: int | None = Field(default=None, description="year it holds in; blank: every year")
    clause: str | None = Field(default=None, description="clause of this cap, where it is another than the rule's")


class CapsParameters(RuleParameters):
    """`caps`: the totals, each with its resource, place, sector and year."""

    caps: tuple[Cap, ...] = Field(description='caps, e.g. [{ resource = "carbon", amount = 5000.0, year = 2025 }]')


class Caps(Rule[CapsParameters]):
    """Totals that awards may not exceed."""

    name: ClassVar[str] = "caps"
    title: ClassVar[Text] = Text("总量上限", "caps")
    Parameters: ClassVar[type[RuleParameters]] = CapsParameters

    def check(self, case: Case) -> list[Finding]:
        """Unknown resources and places, sectors no one is in, years outside the horizon."""
        found: list[Finding] = []
        sectors = sorted(set(case.projects["sector"]) | set(case.firms["sector"]))
        for i, cap in enumerate(self.parameters.caps):
            what = Text("资源", "resource")
            found += check_choices(self, [cap.resource], case.resources, f"caps.{i}.resource", what)
            found += check_place(self, cap.place, case.places, f"caps.{i}.place")
            # One policy may serve many counties, and not every county has every sector it names.
            named = [cap.sector] if cap.sector is not None else []
            what = Text("行业", "sector")
            found += check_choices(self, named, sectors, f"caps.{i}.sector", what, Level.WARNING)
            if cap.year is not None and not len(self._years(case, cap)):
                found.append(
                    note(
                        self,
                        "cap-outside-horizon",
                        Text(
                            f"总量上限的年份 {cap.year} 不在规划期内，不起作用。",
                            f"The cap of {cap.year} lies outside the horizon and bounds nothing.",
                        ),
                        Text(
                            f"改为 {case.years[0]}–{case.years[-1]} 年，或不写 year。",
                            f"Name a year from {case.years[0]} to {case.years[-1]}, or leave year out.",
                        ),
                        level=Level.WARNING,
                        seen=str(cap.year),
                    )
                )
        return found

    def rows(self, build: Build) -> None:
        """One row per cap and year it holds in."""
        case = build.case
        names = np.array(sorted({cap.sector or "" for cap in self.parameters.caps}), dtype=object)
        for i, cap in enumerate(self.parameters.caps):
            r, years = case.resources.index(cap.resource), self._years(case, cap)
            if not len(years):
                continue
            live = (build.share >= 0) & self._concerned(case, cap)[:, None]
            parts = []
            for k, s in enumerate(years):
                use = case.standing_need(r, int(s))
                row, t = np.nonzero(live & (use != 0.0))
                parts.append((np.full(len(row), k), build.share[row, t], use[row, t]))
            labels: dict[str, ArrayLike] = {"resource": np.full(len(years), r), "year": case.years[years]}
            if cap.place is not None:
                labels["place"] = np.full(len(years), case.places.code[cap.place])
            if cap.sector is not None:
                labels["sector"] = np.full(len(years), int(np.searchsorted(names, cap.sector)))
            build.add_rows(
                RowInfo(self.name, cap.clause or self.clause, case.unit(cap.resource), item=i),
                labels,
                {"sector": names},
                entries=tuple(np.concatenate([part[k] for part in parts]) for k in range(3)),
                upper=cap.amount,
            )

    def audit(self, outcome: Outcome) -> RuleAudit:
        """What awards use against each cap, year by year."""
        case = outcome.case
        parts = []
        for cap in self.parameters.caps:
            r, years = case.resources.index(cap.resource), self._years(case, cap)
            held = self._concerned(case, cap)[outcome.award_row]
            parts.append(
                pd.DataFrame(
                    {
                        "resource": cap.resource,
                        "place": cap.place or "",
                        "sector": cap.sector or "",
                        "year": case.years[years],
                        "clause": cap.clause or self.clause or "",
                        "figure": [float(outcome.award_use(r, int(s))[held].sum()) for s in years],
                        "upper": cap.amount,
                    }
                )
            )
        figures = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"figure": [], "upper": []})

        def sentence(row: Any) -> Text:
            unit, what = unit_words(case.unit(row.resource)), resource_words(row.resource)
            place = case.place_title(row.place) if row.place else ""
            at = f" at {place}" if place else ""
            of = f" of {row.sector}" if row.sector else ""
            zh = "，".join(part for part in (place, row.sector) if part)
            head, clause = (f"{zh}：" if zh else ""), f"（{row.clause}）" if row.clause else ""
            by = f" ({row.clause})" if row.clause else ""
            return Text(
                f"{head}{row.year} 年新增使用{what.zh} {amount(row.figure)} {unit.zh}，"
                f"总量上限 {amount(row.upper)} {unit.zh}{clause}。",
                f"Awards{at}{of} use {amount(row.figure)} {unit.en} of {what.en} in {row.year}; "
                f"the cap is {amount(row.upper)} {unit.en}{by}.",
            )

        units = {case.unit(cap.resource) for cap in self.parameters.caps}
        return audited(self, units.pop() if len(units) == 1 else "-", figures, sentence)

    def _years(self, case: Case, cap: Cap) -> IntArray:
        """Positions of the years the cap holds in."""
        every = np.arange(case.horizon)
        return every if cap.year is None else every[case.years == cap.year]

    def _concerned(self, case: Case, cap: Cap) -> NDArray[np.bool_]:
        """(P,): projects whose use counts."""
        places = inside(case, [cap.place] if cap.place is not None else None)
        here: NDArray[np.bool_] = places[case.projects["place_code"].to_numpy()]
        return here if cap.sector is None else here & (case.projects["sector"] == cap.sector).to_numpy()
