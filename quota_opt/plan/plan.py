"""The answer: actions, awards, transfers, ledger, prices, reasons, certificate and audit of one solved scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from quota_opt.errors import Finding, Language
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import RuleAudit
from quota_opt.plan.trades import COLUMNS as TRADES
from quota_opt.scenario import Scenario
from quota_opt.solving.proof import Proof
from quota_opt.solving.status import EngineInfo, Status

if TYPE_CHECKING:
    from quota_opt.plan.whole import Whole

__all__ = ["Plan", "RuleAudit"]


@dataclass(frozen=True)
class Plan:
    """What `solve` returns; the README names the files it is written to.

    Tables (pandas, one row per …):

    actions    firm treated: firm, name, place, sector, action, option, year, effective, frees_energy_tce,
               frees_carbon_t, frees_land_mu, frees_<resource> …, cost, value_added_lost, tax_lost, jobs_lost
    awards     project started: project, name, place, category, sector, year, share, energy_tce, carbon_t, land_mu,
               uses_<resource> … (at full size times share), substitution_ratio,
               quota_energy_tce (what the pool gives up), value_added, tax, jobs, investment,
               intensity (tce per 10k yuan, declared basis)
    transfers  movement along a tree edge: resource, year, from_place, to_place, amount (standing that year)
    ledger     entry, year, resource, from, action, pool_path, to, amount: one line per (source, destination) of a year
    prices     place, resource, year, price (objective units per unit of resource), unit, method, holds_from, holds_to
    reasons    every project and every listed firm: kind, id, verdict, rule, clause, document_status, figure,
               text, text_en
    balances   pool of one place, resource, year: place, resource, year, initial, freed, bought, inflow, outflow, used,
               sold, idle
    trades     purchase or sale, where a market is open: place, resource, year, until (last year it stands), side (buy
               or sell), amount, price (10k yuan per unit), levy, money (paid, or received after the levy), for (the
               project that must buy)
    row_prices price of a row of the model that proves `certificate["price_bound"]`: row, price; empty where the
               objective is lexicographic, or the relaxation was not solved

    `proofs` are the trees of a search that prove the bounds of the stages, where there was one.
    `receipt` is what the case's directives cost, as `receipt.json` states it; None where that was not computed.
    `objective`, `bound` and `gap` are those of the last stage where the objective is lexicographic.
    """

    scenario: Scenario
    status: Status
    objective: float
    bound: float
    gap: float
    actions: pd.DataFrame
    awards: pd.DataFrame
    transfers: pd.DataFrame
    ledger: pd.DataFrame
    prices: pd.DataFrame
    reasons: pd.DataFrame
    balances: pd.DataFrame
    measures: Mapping[str, float]
    measure_units: Mapping[str, str]
    audit: tuple[RuleAudit, ...]
    certificate: Mapping[str, Any]
    engine: EngineInfo
    profile: Mapping[str, Any]
    seconds: Mapping[str, float]
    findings: tuple[Finding, ...] = ()
    trades: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=TRADES))
    row_prices: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["row", "price"]))
    proofs: tuple[Proof | None, ...] = field(default=(), repr=False, compare=False)
    outcome: Outcome | None = field(default=None, repr=False, compare=False)
    receipt: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)
    reporters: tuple[Reporter, ...] = field(default=(), repr=False, compare=False)

    @cached_property
    def whole(self) -> Whole | None:
        """The plan's energy in whole tce, which every balance and rule still holds for; None without an outcome."""
        from quota_opt.plan.whole import whole_numbers

        return None if self.outcome is None else whole_numbers(self.outcome)

    @cached_property
    def measures_table(self) -> pd.DataFrame:
        """Measures in long form, by place and year: place, year, measure, unit, value; see `plan.places`.

        Blank place and year are the whole plan. Needs the outcome, which every solved or re-read plan has.
        """
        from quota_opt.plan.places import measures_table

        assert self.outcome is not None
        return measures_table(self.outcome, self.measures)

    def _repr_html_(self) -> str:
        """The plan as a notebook shows it."""
        from quota_opt.plan.notebook import plan_html

        return plan_html(self)

    def write(self, folder: str | Path, language: Language = "zh") -> Path:
        """Write the result folder, whole or not at all; it must not exist (or be empty). Returns its path.

        Reports and the texts of `reasons.csv` are in `language`.
        """
        from quota_opt.plan.folder import write_folder

        return write_folder(self, Path(folder), language)


Reporter = Callable[[Plan, Path, Language], None]
"""Writes one report of a plan into a folder."""
