"""Accounting: energy that does not count, by calendar year: feedstock, and renewables in their three eras.

    counted[p, s]   =  1 − excluded[p, s] / energy[p]          share of the energy of p that counts in year s, >= 0
    use in year s   =  kappa · need · ramp · counted[p, s]     what pools give, caps bound and the ledger books
    freed in year s =  free · counted[f, s]                    an action frees the part of the firm's energy that counts

==================  ==================  ================================  =================================
excluded in year s  of the total        of intensity                      years
==================  ==================  ================================  =================================
feedstock           all                 all                               from `feedstock_from`
green electricity   none                none                              before `green_increment_from`
                    the increment       none                              from `green_increment_from`
                    all                 all                               from `green_all_from`
==================  ==================  ================================  =================================

The increment is over the base year: what new projects use is all increment, what existing firms use is base. Green
electricity is that held with certificates (green_electricity_mwh, part of the electricity), converted on the declared
basis; feedstock is feedstock_tce, part of the energy. Energy as awarded, priority points, review sizes, slow approval
and the screening of firms stay gross. Measures of energy freed, used and idle, and so targets for them, are about what
counts; quota held at the start is taken to be in such units. Where this rule is off, all energy counts.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from quota_opt.errors import Finding, Level, Text
from quota_opt.model.case import Case, Counted, FloatArray, records
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Rule, RuleAudit
from quota_opt.rules._shared import amount, audited, note
from quota_opt.scenario import RuleParameters, refused
from quota_opt.scenario.accounting import Eras, electricity_factor, excluded_energy


class AccountingParameters(RuleParameters):
    """Which energy leaves the count, and from when."""

    feedstock: bool = Field(default=True, description="whether energy used as material leaves the count")
    feedstock_from: int = Field(default=2022, description="first year in which feedstock leaves total and intensity")
    renewables: bool = Field(default=True, description="whether renewables leave the count")
    green_increment_from: int = Field(
        default=2022, description="first year in which the increment of renewables leaves the total, not intensity"
    )
    green_all_from: int = Field(default=2024, description="first year in which renewables leave total and intensity")
    certificates_count: bool = Field(
        default=True, description="whether electricity held with green certificates is renewable"
    )

    @model_validator(mode="after")
    def _in_order(self) -> AccountingParameters:
        if self.green_all_from < self.green_increment_from:
            raise refused(
                Text(
                    f"green_all_from（{self.green_all_from}）早于 green_increment_from（{self.green_increment_from}）",
                    f"green_all_from ({self.green_all_from}) is before green_increment_from "
                    f"({self.green_increment_from})",
                )
            )
        return self

    @property
    def eras(self) -> Eras:
        """The first years of what is switched on."""
        green = self.renewables and self.certificates_count
        return Eras(
            self.feedstock_from if self.feedstock else None,
            self.green_increment_from if green else None,
            self.green_all_from if green else None,
        )


class Accounting(Rule[AccountingParameters]):
    """What energy counts, year by year."""

    name: ClassVar[str] = "accounting"
    title: ClassVar[Text] = Text("能耗核算口径", "accounting of energy")
    order: ClassVar[int] = 5
    Parameters: ClassVar[type[RuleParameters]] = AccountingParameters

    def check(self, case: Case) -> list[Finding]:
        """No energy in the case; rows whose parts are more than the whole."""
        if case.energy < 0:
            return [
                note(
                    self,
                    "no-energy",
                    Text(
                        "能耗核算口径只涉及能耗，而本案例没有资源 energy，不起作用。",
                        "The accounting of energy does nothing: the case has no resource energy.",
                    ),
                    Text('在 resources 中加上 "energy"，或关闭本规则。', 'Add "energy", or switch the rule off.'),
                    level=Level.WARNING,
                )
            ]
        found = []
        electricity = electricity_factor(case.scenario)
        for table, key in ((case.firms, "firm"), (case.projects, "project")):
            feedstock, green = _parts(table, electricity)
            over = feedstock + green > table["energy"].to_numpy(dtype=float) * (1.0 + 1e-9) + 1e-9
            power = table["electricity_mwh"].to_numpy(dtype=float)
            over |= table["green_electricity_mwh"].fillna(0.0).to_numpy(dtype=float) > power * (1.0 + 1e-9)
            if over.any():
                names = table[key].to_numpy(dtype=object)[over]
                zh, en = "、".join(names[:3]), ", ".join(names[:3])
                found.append(
                    note(
                        self,
                        "part-above-whole",
                        Text(
                            f"原料用能与绿电合计超过综合能耗，或绿电超过用电量："
                            f"{zh}{' 等' if len(names) > 3 else ''}。",
                            "Feedstock and green electricity are more than the energy, or green electricity more than "
                            f"the electricity: {en}{' …' if len(names) > 3 else ''}.",
                        ),
                        Text("最多扣减到 0；请核对这些数。", "No more than all is left out; check these figures."),
                        level=Level.WARNING,
                        seen=str(len(names)),
                    )
                )
        return found

    def counts(self, case: Case) -> tuple[Counted, Counted] | None:
        """The shares of energy that count, of projects and of firms."""
        if case.energy < 0:
            return None
        electricity, years = electricity_factor(case.scenario), tuple(case.years.tolist())
        made = []
        for table, new in ((case.projects, True), (case.firms, False)):
            out = excluded_energy(table, years, electricity, self.parameters.eras, new=new)
            energy = table["energy"].to_numpy(dtype=float)[:, None]
            made.append(Counted(_share(out.total, energy), _share(out.intensity, energy)))
        return made[0], made[1]

    def notes(self, case: Case) -> list[Finding]:
        """How many projects and firms have energy that does not count, and how much, in the last year."""
        if case.energy < 0:
            return []
        year, found = int(case.years[-1]), []
        for table, counted, words in (
            (case.projects, case.counted, Text("个项目", "projects")),
            (case.firms, case.counted_firms, Text("家企业", "firms")),
        ):
            energy = table["energy"].to_numpy(dtype=float)
            out, dense = energy * (1.0 - counted.total[:, -1]), energy * (1.0 - counted.intensity[:, -1])
            if not (out > 0).any():
                continue
            count = int((out > 0).sum())
            found.append(
                note(
                    self,
                    "energy-not-counted",
                    Text(
                        f"{year} 年 {count} {words.zh}的用能有 {amount(out.sum())} 吨标准煤不计入总量、"
                        f"{amount(dense.sum())} 吨标准煤不计入强度。",
                        f"In {year}, {amount(out.sum())} tce of {count} {words.en} leave the total, "
                        f"{amount(dense.sum())} tce leave intensity.",
                    ),
                    Text("无需修改；口径见条款。", "Nothing to mend; the clause says what counts."),
                    seen=f"{out.sum():g}",
                )
            )
        return found

    def audit(self, outcome: Outcome) -> RuleAudit:
        """What awards take of the pools each year, against their energy less what leaves the count, row by row."""
        case, eras = outcome.case, self.parameters.eras
        if case.energy < 0:
            return RuleAudit(self.name, True, 0.0, "tce", self.clause)
        electricity = electricity_factor(case.scenario)
        feedstock, green = _parts(case.projects, electricity)
        energy = case.projects["energy"].to_numpy(dtype=float)
        lines = []
        for t, year in enumerate(case.years.tolist()):
            taken = outcome.award_use(case.energy, t)
            expected, gross = 0.0, 0.0
            for i, (p, t0) in enumerate(zip(outcome.award_row.tolist(), outcome.award_year.tolist(), strict=True)):
                if t0 > t:
                    continue
                out = feedstock[p] if eras.feedstock_from is not None and year >= eras.feedstock_from else 0.0
                out += green[p] if eras.green_increment_from is not None and year >= eras.green_increment_from else 0.0
                size = case.kappa[p, t0] * case.ramp[p, t - t0] * outcome.award_share[i]
                gross += size * energy[p]
                expected += size * max(energy[p] - out, 0.0)
            figure = float(taken.sum())
            lines.append((year, gross, gross - figure, figure, expected, expected))
        figures = pd.DataFrame(lines, columns=["year", "gross", "not_counted", "figure", "lower", "upper"])
        made = audited(self, "tce", figures)
        texts = () if not made.ok else _texts(made.figures)
        return RuleAudit(self.name, made.ok, made.worst_excess, "tce", self.clause, bool(texts), made.figures, texts)


def _texts(figures: pd.DataFrame) -> tuple[Text, ...]:
    """One sentence for the last year, where some of the awards' energy does not count."""
    last = [row for row in records(figures) if row.not_counted > 1e-6][-1:]
    return tuple(
        Text(
            f"{int(row.year)} 年安排项目占用 {amount(row.gross)} 吨标准煤，其中 {amount(row.not_counted)} 吨标准煤"
            f"（原料用能、可再生能源）不计入总量，指标账上记 {amount(row.figure)} 吨标准煤。",
            f"Of the {amount(row.gross)} tce that awards take in {int(row.year)}, {amount(row.not_counted)} tce "
            f"(feedstock, renewables) do not count; the ledger books {amount(row.figure)} tce.",
        )
        for row in last
    )


def _parts(table: pd.DataFrame, electricity: float) -> tuple[FloatArray, FloatArray]:
    """Feedstock and green electricity of each row, tce on the declared basis."""
    feedstock: Any = table["feedstock_tce"].fillna(0.0).to_numpy(dtype=float)
    green: Any = electricity * table["green_electricity_mwh"].fillna(0.0).to_numpy(dtype=float)
    return feedstock, green


def _share(excluded: FloatArray, energy: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        share: FloatArray = np.where(energy > 0, 1.0 - excluded / energy, 1.0)
    return share
