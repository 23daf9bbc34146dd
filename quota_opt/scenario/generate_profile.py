"""What a synthetic county looks like: sectors, places and magnitudes, read from the data files beside this module."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

_HERE = Path(__file__).resolve().parent


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Sector(_Data):
    """One industry: tce (equal value) per 10k yuan of value added, and what its energy is made of."""

    zh: str
    intensity: tuple[float, float]
    electricity: tuple[float, float]
    carriers: dict[str, float]
    two_high: bool = False


class Site(_Data):
    """One place of the tree. Firms and projects stand in places with a weight; `sectors` are the local trades."""

    place: str
    level: str
    parent: str = ""
    name: str = ""
    weight: float = 0.0
    sectors: tuple[str, ...] = ()
    rating: str = ""


class Mark(_Data):
    """A tag put on `share` of the firms or projects that are of the sectors, grades, categories and places named."""

    tag: str
    share: float
    sectors: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


class Link(_Data):
    """One stage of a chain, and how many firms and projects of `sector` supply it."""

    chain: str
    stage: str
    sector: str
    needs: tuple[str, ...] = ()
    weight: float = 1.0
    firms: int = 0
    grades: tuple[str, ...] = ()
    projects: int = 0


class Anchor(_Data):
    """One project that is named, not drawn."""

    project: str
    place: str
    name: str
    sector: str
    energy: float
    value_added: float
    land: float
    category: str = "strategic"


class Profile(_Data):
    """Magnitudes of one county. Ranges are [low, high]; medians are of log-normal spreads."""

    short: str
    seed: int = 0
    firms: int = 500
    projects: int = 60
    first_year: int = 2021
    years: int = 3
    places: tuple[Site, ...] = ()
    sectors: dict[str, float]
    strategic: tuple[str, ...]
    chain: tuple[str, ...]

    listed_share: float = 0.45
    listed_energy: float = 200.0
    listed_value_added_per_mu: tuple[float, float] = (10.0, 80.0)
    listed_tax_per_mu: tuple[float, float] = (0.5, 5.0)
    listed_above_scale: float = 0.5

    energy: float = 300.0
    energy_small: float = 50.0
    energy_sigma: float = 1.1
    above_scale: float = 0.75
    value_added_per_mu: float = 180.0
    tax_per_mu: float = 38.0
    jobs_per_mu: float = 6.0
    violations: float = 0.05
    protected: float = 0.0
    protected_as: tuple[str, ...] = ()

    project_energy: float = 900.0
    project_sigma: float = 0.8
    project_value_added_per_mu: tuple[float, float] = (60.0, 220.0)
    value_added_per_job: float = 28.0
    projects_in_zones: float = 0.35
    favoured_tags: tuple[str, ...] = ()
    fuel_share: float = 1.0
    """Share of their trade's fuels that new projects burn; the rest is electricity."""
    arrivals: tuple[float, ...] = ()
    """Weights of the years from which projects can start; empty: most can start at once."""
    batches: tuple[float, ...] = ()
    """Weights of the years in which listed firms have their turn; empty: any year, and no actions table."""
    firm_marks: tuple[Mark, ...] = ()
    green_power: float = 0.0  # share of electricity held with certificates, by strategic projects and firms of grade A
    project_marks: tuple[Mark, ...] = ()
    chains: tuple[Link, ...] = ()
    anchors: tuple[Anchor, ...] = ()


@cache
def sectors() -> dict[str, Sector]:
    """Every sector by name."""
    data = tomllib.loads((_HERE / "sectors.toml").read_text(encoding="utf-8"))
    return {name: Sector.model_validate(values) for name, values in data.items()}


@cache
def profiles() -> dict[str, Profile]:
    """Every county profile by name; `generic` is the one of `quota-opt generate`."""
    data = tomllib.loads((_HERE / "counties.toml").read_text(encoding="utf-8"))
    return {name: Profile.model_validate(values) for name, values in data.items()}
