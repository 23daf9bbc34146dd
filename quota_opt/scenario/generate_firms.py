"""Synthetic firms: what they use, earn and occupy, and why some of them are on the list of inefficient firms."""

from __future__ import annotations

import numpy as np
import pandas as pd

from quota_opt.scenario.generate_draws import BoolArray, Draws, FloatArray, IntArray
from quota_opt.scenario.generate_energy import COLUMNS, carriers
from quota_opt.scenario.generate_profile import Profile, Site, sectors

LOCAL_TRADE = 5.0  # how much likelier a firm of a place's own trade is to stand there
TYPICAL_INTENSITY, HEAVINESS = 0.45, 0.7  # firms of energy-hungry trades are larger users by this power
TAX_TO_VALUE_ADDED = (0.17, 0.24)


def sector_of(draws: Draws, site: IntArray, sites: list[Site], weights: dict[str, float]) -> tuple[IntArray, list[str]]:
    """A sector for each row, drawn with the place's own trades in front; (positions, names)."""
    names = list(weights)
    base = np.array([weights[name] for name in names], dtype=float)
    rows = np.array([base * [LOCAL_TRADE if name in s.sectors else 1.0 for name in names] for s in sites])
    return draws.choose_rows(site, rows), names


def make_firms(draws: Draws, count: int, profile: Profile, sites: list[Site], first_year: int) -> pd.DataFrame:
    """`count` firms in contract columns, ordered by place; `profile.listed_share` of them do badly per mu."""
    site = np.sort(draws.choose(count, [s.weight for s in sites]))
    sector, names = sector_of(draws, site, sites, profile.sectors)
    kinds = [sectors()[name] for name in names]
    poor = draws.exactly(count, round(count * profile.listed_share))
    above = np.where(poor, draws.happens(count, profile.listed_above_scale), draws.happens(count, profile.above_scale))
    median = np.where(poor, profile.listed_energy, np.where(above, profile.energy, profile.energy_small))
    heavy = np.array([np.clip(np.mean(kind.intensity) / TYPICAL_INTENSITY, 0.4, 6.0) for kind in kinds])
    median = median * heavy[sector] ** HEAVINESS
    energy = np.maximum(2.0, median * draws.log_normal(count, 1.0, profile.energy_sigma, 2.6))
    table = carriers(draws, energy, sector, kinds, first_year)
    value_added, land, tax_per_mu = _economy(
        draws, profile, energy=table["energy_tce"].to_numpy(), sector=sector, names=names, poor=poor
    )
    previous = np.round(tax_per_mu * draws.uniform(count, 0.88, 1.02), 3)
    grade, grade_before = _grades(draws, tax_per_mu, poor)
    width = len(str(count)) if count > 9999 else 4
    number = pd.Series(np.arange(1, count + 1)).astype(str).str.zfill(width)
    trade = pd.Series([kind.zh for kind in kinds]).take(sector).reset_index(drop=True)
    protected_as, protected_until = _protection(draws, count, poor, profile, first_year)
    faults = draws.happens(count, profile.violations) & (above | (land >= 3.0)) & poor
    two_high = np.array([kind.two_high for kind in kinds])[sector] & (table["energy_tce"].to_numpy() >= 1000.0)
    jobs = land * profile.jobs_per_mu * np.where(poor, 0.5, 1.0) * draws.log_normal(count, 1.0, 0.3)
    firms = pd.DataFrame(
        {
            "firm": "F" + number,
            "place": pd.Series([s.place for s in sites]).take(site).reset_index(drop=True),
            "name": profile.short + "合成-" + trade + "-" + number,
            "sector": trade,
            "energy_tce": table["energy_tce"],
            "energy_equivalent_tce": table["energy_equivalent_tce"],
            "carbon_t": table["carbon_t"],
            "land_mu": land,
            "value_added": value_added,
            "tax": np.round(tax_per_mu * land, 2),
            "jobs": np.maximum(2, np.round(jobs)).astype(np.int64),
            "above_scale": np.where(above, "yes", "no"),
            "grade": grade,
            "grade_previous": grade_before,
            "tax_per_mu_previous": previous,
            "built_year": (1990 + np.floor(draws.uniform(count, 0.0, 30.0))).astype(np.int64),
            "violations": np.where(faults, 1, 0),
            "tags": np.where(two_high, "two_high", ""),
            "protected_as": protected_as,
            "protected_until": protected_until,
        }
    )
    return firms.join(table[["electricity_mwh", *COLUMNS.values()]])


def _economy(
    draws: Draws, profile: Profile, *, energy: FloatArray, sector: IntArray, names: list[str], poor: BoolArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(value added, land, tax per mu) from the energy used; what is poor earns little on much land."""
    count = len(energy)
    low = np.array([sectors()[name].intensity[0] for name in names])[sector]
    high = np.array([sectors()[name].intensity[1] for name in names])[sector]
    intensity = (low + (high - low) * draws.uniform(count)) * np.where(poor, draws.uniform(count, 1.0, 1.6), 1.0)
    value_added = energy / intensity
    thin = draws.uniform(count, *profile.listed_value_added_per_mu)
    dense = profile.value_added_per_mu * draws.log_normal(count, 1.0, 0.4)
    land = np.maximum(1.0, np.round(value_added / np.where(poor, thin, dense), 1))
    # A floor on value added keeps small plots of poor firms from looking efficient per mu.
    value_added = np.round(np.minimum(value_added, land * np.where(poor, thin, np.inf)), 1)
    line = profile.listed_tax_per_mu[1]
    little = np.minimum(draws.uniform(count, *profile.listed_tax_per_mu), 0.9 * value_added / land)
    rate = draws.uniform(count, *TAX_TO_VALUE_ADDED) * profile.tax_per_mu / (0.205 * profile.value_added_per_mu)
    much = np.maximum(line * 1.3, value_added / land * rate)
    return value_added, land, np.where(poor, little, much)


def _grades(draws: Draws, tax_per_mu: FloatArray, poor: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Grades by rank of tax per mu within the two groups, and last year's, mostly the same."""
    count = len(tax_per_mu)
    rank = np.zeros(count)
    for group in (poor, ~poor):
        where = np.flatnonzero(group)
        order = np.argsort(tax_per_mu[where], kind="stable")
        rank[where[order]] = (np.arange(len(where)) + 0.5) / max(len(where), 1)
    letters = np.array(["A", "B", "C", "D"], dtype=object)
    level = np.where(poor, np.where(rank < 0.3, 3, 2), np.where(rank < 0.06, 2, np.where(rank < 0.7, 1, 0)))
    drift = draws.uniform(count)
    before = np.clip(level - (drift < 0.08) + (drift > 0.95), 0, 3)
    return letters[level], letters[before]


def _protection(
    draws: Draws, count: int, poor: BoolArray, profile: Profile, first_year: int
) -> tuple[FloatArray, pd.Series]:
    """Why and until when a firm is protected; a third of the protections have no end."""
    until = pd.Series(first_year + np.floor(draws.uniform(count, 0.0, 5.0)), dtype="Int64")
    endless = draws.happens(count, 0.3)
    chance = draws.uniform(count)
    kind = draws.choose(count, np.ones(max(len(profile.protected_as), 1)))
    chosen = chance < profile.protected if profile.protected_as else np.zeros(count, dtype=bool)
    words = np.array([*profile.protected_as, ""], dtype=object)
    return np.where(chosen, words[np.where(chosen, kind, -1)], ""), until.mask(~chosen | endless)
