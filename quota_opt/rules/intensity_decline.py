"""Intensity decline: energy per value added at the end lies below that of the base year by a share.

    E0 − freed + used  <=  (1 − decline) · (E0 / V0) · (V0 − lost + gained)          in the year `by`, at the place

=============  =================================================================  ============  ============
symbol         meaning                                                            unit          source
=============  =================================================================  ============  ============
E0, V0         base energy and value added: parameters, else sums over the firms  tce, 10k yuan  parameters
freed          energy that actions make available in the year (energy_freed)      tce/yr        decision
used           energy that pools give up for awards (energy_used), with ramp      tce/yr        decision
               and substitution ratio
lost, gained   value added lost by actions and gained by awards up to the year    10k yuan/yr   decision
decline        how much lower the intensity shall be                              -             parameters
=============  =================================================================  ============  ============

Both sides are linear: the base intensity is a number, and (1 − decline)·(E0/V0)·V0 − E0 = −decline·E0. Freed energy
is what is delivered, so a firm that is closed leaves the sum only by what becomes available of it. Energy that does not
count in intensity in the year `by` (rule `accounting`) is left out of base and end alike; a `base_energy` that is given
is taken to be without it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from quota_opt.errors import Finding, Level, Text
from quota_opt.model.build import Build, RowInfo
from quota_opt.model.case import Case
from quota_opt.model.measures import coefficients
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Rule, RuleAudit
from quota_opt.rules._shared import amount, audited, check_place, inside, note
from quota_opt.scenario import RuleParameters


class IntensityDeclineParameters(RuleParameters):
    """`decline` by the year `by`, from `base_energy` and `base_value_added`, at `place`."""

    decline: float = Field(ge=0.0, le=1.0, description="share by which energy per value added shall fall, e.g. 0.15")
    by: int | None = Field(default=None, description="year it is measured in; blank: the last")
    base_energy: float | None = Field(
        default=None, gt=0.0, allow_inf_nan=False, description="energy of the base year, tce; blank: that of the firms"
    )
    base_value_added: float | None = Field(
        default=None,
        gt=0.0,
        allow_inf_nan=False,
        description="value added of the base year, 10k yuan; blank: that of the firms",
    )
    place: str | None = Field(default=None, description="place, with all below it; blank: everywhere")


class IntensityDecline(Rule[IntensityDeclineParameters]):
    """Energy per value added shall fall."""

    name: ClassVar[str] = "intensity_decline"
    title: ClassVar[Text] = Text("能耗强度下降", "decline of energy intensity")
    Parameters: ClassVar[type[RuleParameters]] = IntensityDeclineParameters

    def check(self, case: Case) -> list[Finding]:
        """No energy in the case, an unknown place, a year outside the horizon, no base to decline from."""
        unknown = check_place(self, self.parameters.place, case.places, "place")
        found = list(unknown)
        if case.energy < 0:
            found.append(
                note(
                    self,
                    "no-energy",
                    Text(
                        "能耗强度下降要求案例含有资源 energy。", "The decline of intensity needs the resource energy."
                    ),
                    Text("在 scenario.resources 中加上 energy。", "Add energy to scenario.resources."),
                    level=Level.ERROR,
                )
            )
        if self._year(case) not in case.years:
            found.append(
                note(
                    self,
                    "year-outside-horizon",
                    Text(
                        f"强度下降的年份 {self._year(case)} 不在规划期内。",
                        f"The year of the decline, {self._year(case)}, lies outside the horizon.",
                    ),
                    Text(
                        f"改为 {case.years[0]}–{case.years[-1]} 年。",
                        f"Name a year from {case.years[0]} to {case.years[-1]}.",
                    ),
                    level=Level.ERROR,
                    seen=str(self.parameters.by),
                )
            )
        for name, value, zh in zip(
            ("base_energy", "base_value_added"), self._base(case), ("能耗", "增加值"), strict=True
        ):
            if not value > 0 and not unknown:
                found.append(
                    note(
                        self,
                        "no-base",
                        Text(
                            f"没有基期{zh}：未写 {name}，企业表中也没有可加总的数。",
                            f"There is no {name}: it is not given, and no firm there has any.",
                        ),
                        Text(f"写明 rules.intensity_decline.{name}。", f"Write rules.intensity_decline.{name}."),
                        level=Level.ERROR,
                        seen=f"{value:g}",
                    )
                )
        return found

    def notes(self, case: Case) -> list[Finding]:
        """Base figures that were taken from the firms."""
        energy, value_added = self._base(case)
        found = []
        for name, given, words in (
            (
                "base_energy",
                self.parameters.base_energy,
                Text(f"能耗 {amount(energy)} 吨标准煤", f"{amount(energy)} tce"),
            ),
            (
                "base_value_added",
                self.parameters.base_value_added,
                Text(f"增加值 {amount(value_added)} 万元", f"{amount(value_added)} 10k yuan"),
            ),
        ):
            if given is None:
                found.append(
                    note(
                        self,
                        "base-from-firms",
                        Text(
                            f"强度下降的基期{words.zh}，取自企业表合计。",
                            f"The decline of intensity starts from a {name} of {words.en}, the sum over the firms.",
                        ),
                        Text(
                            f"如基期数不同，请写明 rules.intensity_decline.{name}。",
                            f"If the base year's figure is another, write rules.intensity_decline.{name}.",
                        ),
                    )
                )
        return found

    def rows(self, build: Build) -> None:
        """One row: net new energy less what the growth of value added allows, at most −decline·E0."""
        case, place = build.case, self.parameters.place
        energy, value_added = self._base(case)
        year, allowed = self._year(case), (1.0 - self.parameters.decline) * energy / value_added
        made = (
            coefficients(case.as_intensity, "energy_net", year=year)
            + coefficients(case, "value_added_final", year=year) * -allowed
        )
        columns, values = build.expression(made, self._inside(case))
        labels: dict[str, ArrayLike] = {"year": [year], **({"place": [case.places.code[place]]} if place else {})}
        build.add_rows(
            RowInfo(self.name, self.clause, "tce"),
            labels,
            entries=(np.zeros(len(columns), dtype=int), columns, values),
            upper=-self.parameters.decline * energy,
        )

    def audit(self, outcome: Outcome) -> RuleAudit:
        """Energy at the end against what the lower intensity allows."""
        case, year, where = outcome.case, self._year(outcome.case), self._inside(outcome.case)
        energy, value_added = self._base(case)
        at_end = energy + replace(outcome, case=case.as_intensity).measure("energy_net", year=year, inside=where)
        worth = value_added + outcome.measure("value_added_final", year=year, inside=where)
        limit = (1.0 - self.parameters.decline) * energy / value_added
        figures = pd.DataFrame(
            {
                "place": [self.parameters.place or ""],
                "year": [year],
                "base_intensity": [energy / value_added],
                "value_added": [worth],
                "intensity": [at_end / worth if worth > 0 else np.inf],
                "limit": [limit],
                "figure": [at_end],
                "upper": [limit * worth],
            }
        )

        def sentence(row: Any) -> Text:
            place = case.place_title(row.place) if row.place else ""
            at = f" at {place}" if place else ""
            return Text(
                f"{place}{int(row.year)} 年用能 {amount(row.figure)} 吨标准煤，增加值 {amount(row.value_added)} 万元，"
                f"强度 {row.intensity:.4g} 吨标准煤/万元；较基期 {row.base_intensity:.4g} "
                f"下降 {self.parameters.decline:.4g} 后为 {row.limit:.4g}。",
                f"Energy{at} in {int(row.year)} is {amount(row.figure)} tce on a value added of "
                f"{amount(row.value_added)} 10k yuan: {row.intensity:.4g} tce/10k yuan; "
                f"{row.limit:.4g} is the base of {row.base_intensity:.4g} less {self.parameters.decline:.4g} of it.",
            )

        return audited(self, "tce", figures, sentence)

    def _year(self, case: Case) -> int:
        return int(case.years[-1]) if self.parameters.by is None else self.parameters.by

    def _inside(self, case: Case) -> NDArray[np.bool_] | None:
        return inside(case, [self.parameters.place]) if self.parameters.place is not None else None

    def _base(self, case: Case) -> tuple[float, float]:
        """Energy (tce, declared basis) and value added (10k yuan) of the base year."""
        where = self._inside(case)
        here = slice(None) if where is None else where[case.firms["place_code"].to_numpy()]
        energy, value_added = self.parameters.base_energy, self.parameters.base_value_added
        if energy is None:
            year = max(int(np.searchsorted(case.years, self._year(case), side="right")) - 1, 0)
            counted = case.firms["energy"].to_numpy(dtype=float) * case.counted_firms.intensity[:, year]
            energy = float(counted[here].sum())
        if value_added is None:
            value_added = float(case.firms["value_added"].to_numpy(dtype=float)[here].sum())
        return energy, value_added
