"""What the rules of single counties look at in synthetic tables: tags, stages of chains, ratings, one large project.

Everything here is drawn from a stream of its own and laid over finished tables: firms and projects stay as they are.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from quota_opt.scenario.generate_draws import BoolArray, Draws
from quota_opt.scenario.generate_energy import COLUMNS, carriers
from quota_opt.scenario.generate_profile import Mark, Profile, sectors

OWN_STREAM = 1_000_003  # added to a county's seed
TAX_TO_VALUE_ADDED = 0.2


def mark_tables(tables: dict[str, pd.DataFrame], profile: Profile) -> dict[str, pd.DataFrame]:
    """The tables with the marks of the profile, its large projects, and its table of chains."""
    draws = Draws(profile.seed + OWN_STREAM)
    firms, projects = tables["firms"].copy(), tables["projects"].copy()
    for mark in profile.firm_marks:
        firms["tags"] = _tagged(firms["tags"], mark.tag, _chosen(draws, firms, mark))
    for mark in profile.project_marks:
        projects["tags"] = _tagged(projects["tags"], mark.tag, _chosen(draws, projects, mark))
    made = {**tables, "firms": firms, "projects": projects}
    if profile.chains:
        made["firms"], made["projects"], made["chains"] = _chains(draws, firms, projects, profile)
    if profile.anchors:
        made["projects"] = pd.concat([made["projects"], _anchors(draws, profile)], ignore_index=True)
    if profile.green_power:
        made["firms"] = _green(made["firms"], (made["firms"]["grade"] == "A").to_numpy(), profile.green_power)
        strategic = (made["projects"]["category"] == "strategic").to_numpy()
        made["projects"] = _green(made["projects"], strategic, profile.green_power)
    return made


def _green(table: pd.DataFrame, chosen: BoolArray, share: float) -> pd.DataFrame:
    """The table with the part of the electricity that the chosen rows hold with certificates."""
    return table.assign(green_electricity_mwh=np.where(chosen, (share * table["electricity_mwh"]).round(1), 0.0))


def _chosen(draws: Draws, table: pd.DataFrame, mark: Mark) -> BoolArray:
    """Rows that a mark is put on: `share` of those it is about, at least one where there are any."""
    chance = draws.uniform(len(table))
    about = np.ones(len(table), dtype=bool)
    if mark.sectors:
        about &= table["sector"].isin([sectors()[name].zh for name in mark.sectors]).to_numpy()
    if mark.grades:
        about &= table["grade"].isin(mark.grades).to_numpy()
    if mark.categories:
        about &= table["category"].isin(mark.categories).to_numpy()
    if mark.places:
        about &= table["place"].isin(mark.places).to_numpy()
    count = max(1, round(mark.share * about.sum())) if about.any() else 0
    chosen = np.zeros(len(table), dtype=bool)
    chosen[np.argsort(np.where(about, chance, 2.0), kind="stable")[:count]] = True
    return chosen


def _tagged(tags: pd.Series, tag: str, chosen: BoolArray) -> pd.Series:
    joined = np.where(tags == "", tag, tags + ";" + tag)
    return tags.mask(chosen, pd.Series(joined, index=tags.index))


def _chains(
    draws: Draws, firms: pd.DataFrame, projects: pd.DataFrame, profile: Profile
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """(firms, projects, chains): who supplies which stage, and the stages."""
    stages = {"firms": pd.Series("", index=firms.index), "projects": pd.Series("", index=projects.index)}
    for link in profile.chains:
        for name, table, most in (("firms", firms, link.firms), ("projects", projects, link.projects)):
            chance = draws.uniform(len(table))
            about = (table["sector"] == sectors()[link.sector].zh).to_numpy(copy=True)
            if name == "firms" and link.grades:
                about &= table["grade"].isin(link.grades).to_numpy()
            order = np.argsort(np.where(about, chance, 2.0), kind="stable")[: min(most, int(about.sum()))]
            chosen = np.zeros(len(table), dtype=bool)
            chosen[order] = True
            stages[name] = _tagged(stages[name], f"{link.chain}:{link.stage}", chosen)
    links = [
        {"chain": link.chain, "stage": link.stage, "needs": ";".join(link.needs), "weight": link.weight}
        for link in profile.chains
    ]
    return (
        firms.assign(stages=stages["firms"]),
        projects.assign(stages=stages["projects"]),
        pd.DataFrame(links, columns=["chain", "stage", "needs", "weight"]),
    )


def _anchors(draws: Draws, profile: Profile) -> pd.DataFrame:
    """The large projects a profile names, with the carriers of their trade."""
    rows = []
    for anchor in profile.anchors:
        kind = sectors()[anchor.sector]
        energy = carriers(
            draws, np.array([anchor.energy]), np.zeros(1, dtype=np.int64), [kind], profile.first_year, fuel_share=0.5
        )
        columns = ["energy_tce", "energy_equivalent_tce", "carbon_t", "electricity_mwh", *COLUMNS.values()]
        rows.append(
            {
                "project": anchor.project,
                "place": anchor.place,
                "name": f"{profile.short}合成-{kind.zh}-{anchor.name}",
                "category": anchor.category,
                "sector": kind.zh,
                "land_mu": anchor.land,
                "value_added": anchor.value_added,
                "tax": round(anchor.value_added * TAX_TO_VALUE_ADDED, 1),
                "jobs": max(3, round(anchor.value_added / profile.value_added_per_job)),
                "investment": round(anchor.value_added * 4.0),
                "divisible": "no",
                "tags": "large",
                **{column: energy[column].iloc[0] for column in columns},
            }
        )
    return pd.DataFrame(rows)
