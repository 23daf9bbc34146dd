"""Synthetic cases of any size, the same bytes for the same seed: for trying things out, for tests and for timing.

Magnitudes are those of Zhejiang counties (assumptions, none of them policy). Targets, money and jobs are set from a
plan made on the way, so a generated case always has a plan that satisfies it. What is scarce is a `Shape`: `TIGHT`
(energy, carbon, money and jobs; firms by the evidence) or `HEAVY` (few large firms hold most of the energy; land).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tomli_w

from quota_opt.errors import Finding, InputError, Level, OutputExists, Text, Where
from quota_opt.scenario.generate_draws import BoolArray, Draws, FloatArray, IntArray
from quota_opt.scenario.generate_energy import COLUMNS
from quota_opt.scenario.generate_firms import make_firms
from quota_opt.scenario.generate_marks import mark_tables
from quota_opt.scenario.generate_profile import Profile, Site, profiles
from quota_opt.scenario.generate_projects import CATEGORY_WEIGHTS, SIZE, make_projects

KEEP = 0.5
FAVOUR_RATIO = 1.2
SHARE_UPGRADED = 0.35  # of the listed firms, in the plan that targets are set from
EASE = 0.94  # targets ask for this much of what that plan reaches
RESOURCES = {"energy": "energy_tce", "carbon": "carbon_t", "land": "land_mu"}
HEADER = "# Synthetic case (合成数据): made by `quota-opt generate`; no firm, project or target in it is real.\n"


@dataclass(frozen=True)
class Shape:
    """How large firms are, and what is scarce.

    Counties report 30 to 290 tce freed per treated firm (Ouhai 2023: 52; Fenghua 2025: 94; Zhuji 2023: 286); medians
    are of log-normal spreads. `energy`, `carbon` and `land` say how many times what the plan on the way frees the
    projects ask for in all; that plan frees about half of what the best one does, so a resource is scarce well above 2.
    """

    listed_energy: float = 100.0
    energy_sigma: float = 0.8
    energy: float = 2.8
    carbon: float | None = 2.8
    """None leaves carbon to the fuels of the projects; else projects state totals only, which process emissions and
    green power take off their fuels by `carbon_sigma`."""
    carbon_sigma: float = 0.35
    land: float = 0.8
    closed: float = 0.2
    """Share of the listed firms that the plan on the way closes."""
    level_jobs: bool = True
    """Whether that plan spreads the jobs it costs evenly over the years of each county."""
    jobs_air: float = 1.0
    """The share of jobs that may go in a year, beside what that plan needs in its worst county and year."""


TIGHT = Shape()
HEAVY = Shape(
    listed_energy=200.0,
    energy_sigma=1.1,
    energy=1.6,
    carbon=None,
    land=1.6,
    closed=0.3,
    level_jobs=False,
    jobs_air=1.1,
)
SHAPES = {"tight": TIGHT, "heavy": HEAVY}


@dataclass(frozen=True)
class Generated:
    """A synthetic case: `settings` as scenario.toml says them, `tables` by name in contract columns."""

    settings: dict[str, Any]
    tables: dict[str, pd.DataFrame]


@dataclass(frozen=True)
class _Plan:
    """The plan that targets, money and jobs are set from: rows of `actions` done, and in which year (position)."""

    rows: IntArray
    year: IntArray
    county: IntArray


def generate(
    *,
    firms: int,
    projects: int,
    towns: int,
    counties: int = 1,
    years: int = 5,
    first_year: int = 2021,
    seed: int = 0,
    shape: Shape = TIGHT,
) -> Generated:
    """A synthetic case: `firms` and `projects` in all, `towns` in each of `counties`."""
    _check_sizes(firms=firms, projects=projects, towns=towns, counties=counties, years=years)
    draws = Draws(seed)
    sizes = {"listed_energy": shape.listed_energy, "energy_sigma": shape.energy_sigma}
    profile = profiles()["generic"].model_copy(update=sizes)
    sites, roots = _tree(draws, towns, counties, profile)
    places = places_table(sites)
    firm_table = make_firms(draws, firms, profile, sites, first_year)
    actions = _actions(draws, firm_table)
    county_of = pd.Series({site.place: root for root, site in _under(sites, roots)})
    county = pd.Index(roots).get_indexer(pd.Index(firm_table["place"].map(county_of))).astype(np.int64)
    plan = _plan(firm_table, actions, county, years, shape)
    freed = _freed(firm_table, actions, plan, counties=len(roots), years=years)
    spread = float(np.exp(profile.project_sigma**2 / 2.0))
    mean_size = float(np.average(SIZE, weights=CATEGORY_WEIGHTS)) * spread
    typical = max(20.0, shape.energy * float(freed["energy"].sum()) / projects / mean_size)
    project_table = make_projects(
        draws,
        projects,
        profile.model_copy(update={"project_energy": typical}),
        sites,
        first_year=first_year,
        years=years,
    )
    project_table = _asking_for(draws, project_table, freed, shape)
    tables = {
        "places": places,
        "firms": firm_table,
        "actions": actions,
        "projects": project_table,
        "quotas": _quotas(freed, roots),
        "targets": _targets(freed, actions, plan, roots, first_year + years - 1),
    }
    settings = _settings(firm_table, actions, plan, years=years, first_year=first_year, seed=seed)
    jobs = firm_table["jobs"].to_numpy(dtype=float)
    most = _jobs_share(jobs, county, plan, years, air=shape.jobs_air)
    settings["rules"]["jobs"] = {"max_lost_share": most, "per": "county"}
    return Generated(settings, tables)


def generate_case(
    folder: Path,
    *,
    firms: int,
    projects: int,
    towns: int,
    counties: int = 1,
    years: int = 5,
    first_year: int = 2021,
    seed: int = 0,
    shape: Shape = TIGHT,
) -> Path:
    """Write a synthetic case into `folder` (new or empty) and return it."""
    made = generate(
        firms=firms,
        projects=projects,
        towns=towns,
        counties=counties,
        years=years,
        first_year=first_year,
        seed=seed,
        shape=shape,
    )
    return write_generated(folder, made)


def write_generated(folder: Path, made: Generated) -> Path:
    """Write `made` as a case folder; OutputExists if there is something in it already."""
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputExists(
            Text(
                f"{folder} 已存在且不为空，没有覆盖。请换一个文件夹。",
                f"{folder} exists and is not empty; nothing was overwritten. Name another folder.",
            )
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scenario.toml").write_bytes((HEADER + tomli_w.dumps(made.settings)).encode())
    for name, table in made.tables.items():
        (folder / f"{name}.csv").write_bytes(csv_bytes(table))
    return folder


def generate_county(name: str) -> dict[str, pd.DataFrame]:
    """Tables of a built-in case: places, firms, projects; actions where firms have turns; chains where named."""
    profile = profiles()[name]
    draws = Draws(profile.seed)
    sites = [site for site in profile.places if site.weight > 0]
    tables = {
        "places": places_table(list(profile.places)),
        "firms": make_firms(draws, profile.firms, profile, sites, profile.first_year),
        "projects": make_projects(
            draws, profile.projects, profile, sites, first_year=profile.first_year, years=profile.years
        ),
    }
    if profile.batches:
        tables["actions"] = _batches(draws, tables["firms"], profile)
    return mark_tables(tables, profile)


def csv_bytes(table: pd.DataFrame) -> bytes:
    """A table as UTF-8 CSV with unix line ends; columns without any entry are left out."""
    kept = [column for column in table if not _blank(table[column])]
    text = table[kept].to_csv(index=False, lineterminator="\n", float_format="%.12g")
    return text.encode()


def _blank(column: pd.Series) -> bool:
    """Whether a column has no entry; numbers are not turned into text for it."""
    empty = column.isna()
    if not pd.api.types.is_numeric_dtype(column.dtype):
        empty |= column.astype(str) == ""
    return bool(empty.all())


def places_table(sites: list[Site]) -> pd.DataFrame:
    """The places table of a tree."""
    rows = [{"place": s.place, "level": s.level, "parent": s.parent, "name": s.name} for s in sites]
    rated = any(s.rating for s in sites)
    return pd.DataFrame([{**row, "rating": s.rating} for row, s in zip(rows, sites, strict=True)] if rated else rows)


def _check_sizes(**sizes: int) -> None:
    findings = [
        Finding(
            Level.ERROR,
            "size-too-small",
            Text(f"{name} 为 {value}，至少要 1。", f"{name} is {value}; at least 1 is needed."),
            Where(column=name),
            Text("请写不小于 1 的整数。", "Give a whole number of 1 or more."),
            str(value),
        )
        for name, value in sizes.items()
        if value < 1
    ]
    if findings:
        raise InputError(findings)


def _tree(draws: Draws, towns: int, counties: int, profile: Profile) -> tuple[list[Site], list[str]]:
    """(places, counties): one county, or a city of counties; the last place of a county with four or more is a zone."""
    sites: list[Site] = []
    roots: list[str] = []
    if counties > 1:
        sites.append(Site(place="city", level="city", name="合成市"))
    trades = list(profile.sectors)
    for c in range(counties):
        root = "county" if counties == 1 else f"c{c + 1:02d}"
        roots.append(root)
        name = "合成县" if counties == 1 else f"合成县{c + 1:02d}"
        sites.append(Site(place=root, level="county", parent="" if counties == 1 else "city", name=name))
        weight = draws.log_normal(towns, 1.0, 0.5)
        own = draws.choose(2 * towns, np.ones(len(trades))).reshape(towns, 2)
        for t in range(towns):
            zone = towns >= 4 and t == towns - 1
            sites.append(
                Site(
                    place=f"t{t + 1:02d}" if counties == 1 else f"{root}-t{t + 1:02d}",
                    level="zone" if zone else "town",
                    parent=root,
                    name=f"{name}{'开发区' if zone else f'镇{t + 1:02d}'}",
                    weight=float(weight[t]) * (2.0 if zone else 1.0),
                    sectors=tuple(trades[i] for i in own[t]),
                )
            )
    return sites, roots


def _under(sites: list[Site], roots: list[str]) -> list[tuple[str, Site]]:
    return [(site.parent if site.parent in roots else site.place, site) for site in sites if site.level != "city"]


def _actions(draws: Draws, firms: pd.DataFrame) -> pd.DataFrame:
    """Closing and upgrading for every firm; blank cells take the defaults of [actions.close] and [actions.upgrade]."""
    count = len(firms)
    jobs, land = firms["jobs"].to_numpy(dtype=float), firms["land_mu"].to_numpy(dtype=float)
    saved = draws.uniform(count, 0.10, 0.30)
    energy = np.round(firms["energy_tce"].to_numpy() * saved, 1)
    close = pd.DataFrame(
        {
            "firm": firms["firm"],
            "action": "close",
            "frees_energy_tce": np.nan,
            "frees_carbon_t": np.nan,
            "frees_land_mu": np.nan,
            "cost": np.round(land * draws.uniform(count, 30.0, 150.0) + jobs * draws.uniform(count, 1.0, 3.0), 1),
            "lag": np.where(draws.happens(count, 0.2), 1, 0),
        }
    )
    spare = draws.happens(count, 0.15)
    upgrade = pd.DataFrame(
        {
            "firm": firms["firm"],
            "action": "upgrade",
            "frees_energy_tce": energy,
            "frees_carbon_t": np.round(firms["carbon_t"].to_numpy() * saved * draws.uniform(count, 0.85, 1.15), 1),
            "frees_land_mu": np.where(spare, np.round(land * draws.uniform(count, 0.05, 0.3), 1), 0.0),
            "cost": np.round(energy * draws.uniform(count, 0.2, 0.6), 1),
            "lag": np.where(draws.happens(count, 0.3), 1, 0),
        }
    )
    return pd.concat([close, upgrade], ignore_index=True)


def _batches(draws: Draws, firms: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    """Closing (in the year of its batch or the next) or upgrading (in that year) for each firm of grade C or D."""
    chosen = firms[firms["grade"].isin(["C", "D"])].reset_index(drop=True)
    count = len(chosen)
    year = profile.first_year + draws.choose(count, profile.batches)
    saved = draws.uniform(count, 0.10, 0.26)
    rows = pd.DataFrame({"firm": chosen["firm"], "earliest": year})
    close = rows.assign(action="close", latest=np.minimum(year + 1, profile.first_year + profile.years - 1))
    upgrade = rows.assign(
        action="upgrade",
        latest=year,
        frees_energy_tce=np.round(chosen["energy_tce"] * saved, 1),
        frees_carbon_t=np.round(chosen["carbon_t"] * saved, 1),
        frees_land_mu=np.round(chosen["land_mu"] * draws.uniform(count, 0.0, 0.2), 1),
    )
    table = pd.concat([close, upgrade], ignore_index=True).sort_values("firm", kind="stable", ignore_index=True)
    return table[["firm", "action", "earliest", "latest", "frees_energy_tce", "frees_carbon_t", "frees_land_mu"]]


def _listed(firms: pd.DataFrame) -> BoolArray:
    """As the listing rule of the generated settings reads the table, less what is protected."""
    land = firms["land_mu"].to_numpy(dtype=float)
    scope = (firms["above_scale"] == "yes").to_numpy() | (land >= 3.0)
    low = firms["tax"].to_numpy(dtype=float) / land <= 5.0
    fault = (firms["violations"] > 0).to_numpy()
    free = (firms["protected_as"] == "").to_numpy()
    listed: BoolArray = scope & (low | fault) & free
    return listed


def _plan(firms: pd.DataFrame, actions: pd.DataFrame, county: IntArray, years: int, shape: Shape) -> _Plan:
    """Close the listed firms that free most per cost, upgrade the next, spread evenly over the years."""
    count = len(firms)
    listed = np.flatnonzero(_listed(firms))
    worth = firms["energy_tce"].to_numpy()[listed] / (actions["cost"].to_numpy(dtype=float)[listed] + 1.0)
    order = listed[np.argsort(-worth, kind="stable")]
    closed = order[: int(len(order) * shape.closed)]
    upgraded = order[len(closed) : len(closed) + int(len(order) * SHARE_UPGRADED)]
    rows = np.concatenate([closed, upgraded + count]).astype(np.int64)
    when = np.arange(len(closed)) % years
    if shape.level_jobs:
        when = _dealt(county[closed], firms["jobs"].to_numpy(dtype=float)[closed], years)
    year = np.concatenate([when, np.arange(len(upgraded)) % years]).astype(np.int64)
    return _Plan(rows, year, np.concatenate([county, county])[rows])


def _dealt(county: IntArray, jobs: FloatArray, years: int) -> IntArray:
    """A year for each closure: a county's are dealt to the years largest first, forth and back."""
    order = np.lexsort((-jobs, county))
    first = np.searchsorted(county[order], county[order], side="left")
    turn = (np.arange(len(order)) - first) % (2 * years)
    year = np.empty(len(order), dtype=np.int64)
    year[order] = np.minimum(turn, 2 * years - 1 - turn)
    return year


def _asking_for(draws: Draws, projects: pd.DataFrame, freed: dict[str, FloatArray], shape: Shape) -> pd.DataFrame:
    """The projects with land and carbon so scaled that all of them ask for what the shape says."""
    projects = projects.copy()
    if shape.carbon is not None:
        projects["carbon_t"] *= draws.log_normal(len(projects), 1.0, shape.carbon_sigma)
    for column, digits, resource, times in (
        ("land_mu", 1, "land", shape.land),
        ("carbon_t", 2, "carbon", shape.carbon),
    ):
        if times is not None:
            scale = times * float(freed[resource].sum()) / max(float(projects[column].sum()), 1e-9)
            projects[column] = np.round(projects[column] * scale, digits)
    if shape.carbon is not None:
        projects = projects.drop(columns=["electricity_mwh", *COLUMNS.values()])  # fuels would give another total
    return projects


def _freed(
    firms: pd.DataFrame, actions: pd.DataFrame, plan: _Plan, *, counties: int, years: int
) -> dict[str, FloatArray]:
    """What the plan frees by the last year, by resource and county (array over counties)."""
    effective = plan.year + actions["lag"].to_numpy()[plan.rows] < years
    freed = {}
    for resource, column in RESOURCES.items():
        whole = np.concatenate([firms[column].to_numpy(dtype=float)] * 2)
        stated = actions[f"frees_{column}"].to_numpy(dtype=float)
        amount = np.where(np.isnan(stated), whole, stated)[plan.rows]
        freed[resource] = np.asarray(
            np.bincount(plan.county, weights=np.where(effective, amount, 0.0), minlength=counties), dtype=float
        )
    return freed


def _quotas(freed: dict[str, FloatArray], roots: list[str]) -> pd.DataFrame:
    """A little quota each county holds from the start."""
    rows = [
        {"place": root, "resource": resource, "year": "*", "amount": float(np.round(0.03 * amount, 0))}
        for c, root in enumerate(roots)
        for resource, amounts in freed.items()
        for amount in amounts[c : c + 1]
    ]
    return pd.DataFrame(rows, columns=["place", "resource", "year", "amount"])


def _targets(
    freed: dict[str, FloatArray], actions: pd.DataFrame, plan: _Plan, roots: list[str], last_year: int
) -> pd.DataFrame:
    """Totals by the last year; energy also county by county where there are several."""
    kinds = actions["action"].to_numpy()[plan.rows]
    rows = [(f"{resource}_freed", "", float(np.floor(EASE * amounts.sum()))) for resource, amounts in freed.items()]
    rows += [
        (f"firms_{word}", "", float(int(EASE * (kinds == kind).sum())))
        for kind, word in (("close", "closed"), ("upgrade", "upgraded"))
    ]
    if len(roots) > 1:
        rows += [("energy_freed", roots[c], float(np.floor(0.8 * amount))) for c, amount in enumerate(freed["energy"])]
    return pd.DataFrame(
        [
            {
                "measure": measure,
                "sense": ">=",
                "value": value,
                "place": place,
                "year": last_year,
                "clause": "synthetic",
            }
            for measure, place, value in rows
        ]
    )


def _settings(
    firms: pd.DataFrame, actions: pd.DataFrame, plan: _Plan, *, years: int, first_year: int, seed: int
) -> dict[str, Any]:
    cost = np.bincount(plan.year, weights=actions["cost"].to_numpy(dtype=float)[plan.rows], minlength=years)
    size = f"{len(firms)}-{seed}"
    return {
        "scenario": {
            "name": f"synthetic-{size}",
            "title": {"zh": f"合成案例 {size}", "en": f"Synthetic case {size}"},
            "first_year": first_year,
            "last_year": first_year + years - 1,
            "price_year": 2020,
            "energy_basis": "equal_value",
            "data": "synthetic",
            "resources": list(RESOURCES),
            "discount_rate": 0.05,
        },
        "objective": {
            "form": "weighted",
            "maximise": {"value_added": 1.0, "priority_points": 0.5},
            "minimise": {"public_cost": 0.2},
        },
        "rules": {
            "listing": {
                "any_of": [{"measure": "tax_per_mu", "op": "<=", "value": 5.0}, {"violation": True}],
                "scope": {"above_scale": True, "or_land_mu": 3.0},
            },
            "protection": {
                "protected_as": ["chain-key", "high-tech", "cultivated", "grain"],
                "forbids": ["close"],
            },
            "retention": {"keep": KEEP, "levels": ["town", "zone"]},
            "admission": {
                "limits": [{"value": 0.52, "applies_to": "new_projects", "action": "reject"}],
                "favour": {"tags": ["chain-key"], "action": "substitute", "ratio": FAVOUR_RATIO},
            },
            "priority": {"form": "weights", "weights": {"strategic": 1.3, "chain": 1.2, "upgrade": 1.1}},
            "budget": {"by_year": {str(first_year + t): float(np.ceil(1.02 * c)) for t, c in enumerate(cost)}},
        },
        "variants": {
            "strict-access": {
                "title": {"zh": "准入线 0.49", "en": "Admission limit 0.49"},
                "set": {"rules.admission.limits.0.value": 0.49},
            },
            "full-pooling": {
                "title": {"zh": "全部统筹", "en": "All quota may move"},
                "set": {"rules.retention.keep": 0.0},
            },
        },
    }


def _jobs_share(jobs: FloatArray, county: IntArray, plan: _Plan, years: int, *, air: float) -> float:
    """The largest share of a county's jobs that the plan's closures take in one year, times `air`, rounded up."""
    closes = plan.rows < len(jobs)
    cell = plan.county[closes] * years + plan.year[closes]
    lost = np.bincount(cell, weights=jobs[plan.rows[closes]], minlength=(int(county.max()) + 1) * years)
    there = np.bincount(county, weights=jobs)
    share = lost.reshape(-1, years).max(axis=1) / np.maximum(there, 1.0)
    return float(min(1.0, np.ceil(1e4 * air * share.max()) / 1e4))
