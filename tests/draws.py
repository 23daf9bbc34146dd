"""Small pieces of random cases: numbers on a coarse grid, blanks, lists; and the world that rules are drawn about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

CATEGORIES = ("strategic", "chain", "upgrade", "other")
SECTORS = ("C17", "C39")


@dataclass
class World:
    """What a rule may speak of: the case's places, resources, years and rows."""

    places: list[str]
    resources: list[str]
    years: list[int]
    firms: list[dict[str, Any]]
    projects: list[dict[str, Any]]
    user: bool
    plain: bool

    @property
    def place(self) -> st.SearchStrategy[str]:
        return st.sampled_from(self.places)

    @property
    def year(self) -> st.SearchStrategy[int]:
        return st.sampled_from(self.years)


def grid(low: int, high: int, step: int) -> st.SearchStrategy[float]:
    return st.integers(low // step, high // step).map(lambda n: float(n * step))


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), strategy)


def listed(values: tuple[str, ...] | list[str], most: int = 2) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(values), max_size=most, unique=True).map(";".join)


def present(row: dict[str, Any]) -> dict[str, Any]:
    """The row without its blank cells (a blank column is a column that is not there)."""
    return {key: value for key, value in row.items() if value is not None and value != ""}
