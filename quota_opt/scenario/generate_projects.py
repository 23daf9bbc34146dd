"""Synthetic projects: lumpy and divisible ones, phases, chains of conditions, and strategic ones above the limits."""

from __future__ import annotations

import numpy as np
import pandas as pd

from quota_opt.scenario.generate_draws import Draws, FloatArray, IntArray
from quota_opt.scenario.generate_energy import COLUMNS, carriers
from quota_opt.scenario.generate_firms import sector_of
from quota_opt.scenario.generate_profile import Profile, Site, sectors

CATEGORIES = ("strategic", "chain", "upgrade", "other")
CATEGORY_WORDS = ("新兴", "强链补链", "技改", "其他")
CATEGORY_WEIGHTS = (0.22, 0.28, 0.38, 0.12)
SIZE = np.array([1.9, 1.2, 0.7, 0.8])  # mean size of a category beside the county's median project
LIMITS = (0.49, 0.52)
RAMPS = ("", "0.5;0.8;1", "0.6;1", "0.3;0.7;1")


def make_projects(
    draws: Draws, count: int, profile: Profile, sites: list[Site], *, first_year: int, years: int
) -> pd.DataFrame:
    """`count` projects in contract columns; blank cells mean the documented defaults."""
    zones = np.array([s.level == "zone" for s in sites])
    weight = np.array([s.weight for s in sites])
    if zones.any():
        boost = profile.projects_in_zones / (1.0 - profile.projects_in_zones)
        weight = np.where(zones, weight / weight[zones].sum() * boost, weight / max(weight[~zones].sum(), 1e-9))
    site = draws.choose(count, weight)
    category = draws.choose(count, CATEGORY_WEIGHTS)
    category[: min(count, 6)] = 0  # the first few are strategic whatever the draw: some must fail the limits
    draw_sector, names = _sectors(draws, site, sites, category, profile)
    kinds = [sectors()[name] for name in names]
    sigma = profile.project_sigma
    energy = np.clip(
        profile.project_energy * SIZE[category] * draws.log_normal(count, 1.0, sigma, 2.0),
        30.0,
        12 * profile.project_energy,
    )
    table = carriers(draws, energy, draw_sector, kinds, first_year, fuel_share=profile.fuel_share)
    intensity = _intensity(draws, draw_sector, names, category)
    value_added = np.round(table["energy_tce"].to_numpy() / intensity, 1)
    land = np.round(value_added / draws.uniform(count, *profile.project_value_added_per_mu), 1)
    number = pd.Series(np.arange(1, count + 1)).astype(str).str.zfill(max(3, len(str(count))))
    trade = pd.Series([kind.zh for kind in kinds]).take(draw_sector).reset_index(drop=True)
    words = pd.Series(CATEGORY_WORDS).take(category).reset_index(drop=True)
    divisible = draws.happens(count, 0.3)
    divisible[: min(count, 6)] = False
    earliest, latest = _windows(draws, count, first_year, years, profile.arrivals)
    projects = pd.DataFrame(
        {
            "project": "P" + number,
            "place": pd.Series([s.place for s in sites]).take(site).reset_index(drop=True),
            "name": profile.short + "合成-" + trade + "-" + words + "项目-" + number,
            "category": pd.Series(CATEGORIES).take(category).reset_index(drop=True),
            "sector": trade,
            "energy_tce": table["energy_tce"],
            "energy_equivalent_tce": table["energy_equivalent_tce"],
            "carbon_t": table["carbon_t"],
            "land_mu": land,
            "value_added": value_added,
            "tax": np.round(value_added * draws.uniform(count, 0.16, 0.24), 1),
            "jobs": np.maximum(3, np.round(value_added / profile.value_added_per_job)).astype(np.int64),
            "investment": np.round(value_added * draws.uniform(count, 2.5, 5.0)),
            "earliest": earliest,
            "latest": latest,
            "divisible": np.where(divisible, "yes", "no"),
            "min_share": pd.Series(np.round(draws.uniform(count, 0.25, 0.6), 2)).where(divisible),
            "ramp": np.array(RAMPS, dtype=object)[draws.choose(count, (0.6, 0.15, 0.15, 0.1))],
            "requires": "",
            "excludes": "",
            "variant_of": "",
            "tags": _tags(draws, category, draw_sector, names, profile),
        }
    )
    projects = projects.join(table[["electricity_mwh", *COLUMNS.values()]])
    return _conditions(draws, projects)


def _sectors(
    draws: Draws, site: IntArray, sites: list[Site], category: IntArray, profile: Profile
) -> tuple[IntArray, list[str]]:
    """Strategic and chain projects have trades of their own; the others the county's, as its places have them."""
    local, names = sector_of(draws, site, sites, profile.sectors)
    names = list(dict.fromkeys([*names, *profile.strategic, *profile.chain]))
    for which, trades in ((0, profile.strategic), (1, profile.chain)):
        drawn = draws.choose(len(site), np.ones(len(trades)))
        local = np.where(category == which, np.array([names.index(t) for t in trades])[drawn], local)
    return local, names


def _intensity(draws: Draws, sector: IntArray, names: list[str], category: IntArray) -> FloatArray:
    """tce per 10k yuan: new plant sits in the lower half of its sector; a band lies between the two limits."""
    count = len(sector)
    low = np.array([sectors()[name].intensity[0] for name in names])[sector]
    high = np.array([sectors()[name].intensity[1] for name in names])[sector]
    intensity = low * 0.75 + (high - low) * 0.6 * draws.uniform(count) ** 1.3
    # Energy-hungry trades send mostly their best projects; a share of them still misses the limits.
    tamed = (intensity > LIMITS[1]) & draws.happens(count, 0.55) & (category != 0)
    intensity = np.where(tamed, draws.uniform(count, 0.36, 0.488), intensity)
    between = draws.happens(count, 0.08)
    intensity = np.where(between, draws.uniform(count, LIMITS[0] + 0.003, LIMITS[1] - 0.003), intensity)
    forced = np.array([0.62, 0.50, 0.43, 0.78, 0.51, 0.38])[: min(count, 6)]
    intensity[: len(forced)] = forced
    return intensity


def _windows(
    draws: Draws, count: int, first_year: int, years: int, arrivals: tuple[float, ...]
) -> tuple[pd.Series, pd.Series]:
    """First and last year of starting; without `arrivals` most are free to start in any year."""
    waiting = (0.6, *[0.4 / max(years - 1, 1)] * (years - 1))
    wait = draws.choose(count, arrivals or waiting)
    earliest = pd.Series(first_year + wait, dtype="Int64")
    short = draws.happens(count, 0.1) & (wait + 1 < years)
    latest = (earliest + 1).where(short)
    return earliest.where(wait > 0), latest


def _tags(draws: Draws, category: IntArray, sector: IntArray, names: list[str], profile: Profile) -> list[str]:
    """two_high by sector; favoured tags for some of the strategic and chain projects, the first of them for certain."""
    count = len(category)
    two_high = np.array([sectors()[name].two_high for name in names])[sector]
    favoured = draws.happens(count, 0.15) & (category <= 1)
    favoured[:1] = True
    which = draws.choose(count, np.ones(max(len(profile.favoured_tags), 1)))
    tags = [["two_high"] if high else [] for high in two_high]
    if profile.favoured_tags:
        for row in np.flatnonzero(favoured):
            tags[row].append(profile.favoured_tags[which[row]])
    return [";".join(words) for words in tags]


def _conditions(draws: Draws, projects: pd.DataFrame) -> pd.DataFrame:
    """Some projects come as whole or first phase only (a variant group), need another one first, or exclude it."""
    count = len(projects)
    order = np.argsort(draws.uniform(count), kind="stable")
    order = order[order >= 6]
    pairs = max(count // 30, 0)
    groups, needs, rivals = (order[2 * pairs * k : 2 * pairs * (k + 1)].reshape(-1, 2) for k in range(3))
    code = projects["project"].to_numpy(dtype=object)
    numeric = ["energy_tce", "energy_equivalent_tce", "carbon_t", "land_mu", "value_added", "tax", "investment"]
    numeric += ["jobs", "electricity_mwh", *COLUMNS.values()]
    whole, phase = groups.T
    source = np.arange(count)
    source[phase] = whole
    same = ["place", "category", "sector", "earliest", "latest", "tags"]
    changed = {column: projects[column].take(source).set_axis(projects.index) for column in same}
    for column in numeric:
        values = projects[column].to_numpy(copy=True)
        values[phase] = np.round(values[whole] * 0.6, 0 if column == "jobs" else 2)
        changed[column] = pd.Series(values)
    paired = groups.ravel()
    texts = {
        column: projects[column].to_numpy(dtype=object, copy=True) for column in ("name", "variant_of", "divisible")
    }
    texts["name"][phase] = texts["name"][whole] + "（一期）"
    texts["variant_of"][paired] = np.repeat("G" + pd.Series(code[whole]).str[1:].to_numpy(dtype=object), 2)
    texts["divisible"][paired] = "no"
    texts["requires"] = projects["requires"].to_numpy(dtype=object, copy=True)
    texts["requires"][needs[:, 0]] = code[needs[:, 1]]
    texts["excludes"] = projects["excludes"].to_numpy(dtype=object, copy=True)
    texts["excludes"][rivals[:, 0]] = code[rivals[:, 1]]
    least = projects["min_share"].to_numpy(copy=True)
    least[paired] = np.nan
    in_needs = np.zeros(count, dtype=bool)
    in_needs[needs.ravel()] = True
    changed["latest"] = changed["latest"].mask(in_needs)
    return projects.assign(**changed, **texts, min_share=least)
