"""Energy intensity of projects as admission judges it, and the electricity factor that would put one at the limit.

Intensity is by the energy that counts in the year of the start.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from quota_opt.rules._break_even import even_factors


def counted_intensity(plan: Any, projects: pd.DataFrame) -> npt.NDArray[np.float64]:
    """tce per 10k yuan of each project, in its own year if awarded, else in the last year it might have started."""
    energy = projects["energy"].fillna(0.0).to_numpy(dtype=float)
    gained = projects["value_added"].fillna(0.0).to_numpy(dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        intensity: npt.NDArray[np.float64] = np.where(gained > 0, energy * _counted(plan, projects) / gained, np.nan)
    return intensity


def _counted(plan: Any, projects: pd.DataFrame) -> npt.NDArray[np.float64]:
    outcome = getattr(plan, "outcome", None)
    if outcome is None:
        return np.ones(len(projects))
    case = outcome.case
    window = case.start_window
    years = np.where(window.any(axis=1), case.horizon - 1 - window[:, ::-1].argmax(axis=1), case.horizon - 1)
    years[outcome.award_row] = outcome.award_year
    share = case.counted.intensity[np.arange(len(years)), years]
    by_name = dict(zip(case.projects["project"], share.tolist(), strict=True))
    return np.array([by_name.get(name, 1.0) for name in projects["project"]], dtype=float)


def even_factor(plan: Any, projects: pd.DataFrame, limits: tuple[float, ...]) -> npt.NDArray[np.float64]:
    """kgce/kWh at which each project is just even with the strictest of `limits`; nan where no factor decides."""
    none = np.full(len(projects), np.nan)
    outcome = getattr(plan, "outcome", None)
    if outcome is None or not limits:
        return none
    case = outcome.case
    rule = case.rule("admission")
    strictest = next(limit for limit in rule.parameters.limits if limit.value == limits[0])
    even = even_factors(case, np.arange(len(case.projects)), strictest)
    known = dict(zip(case.projects["project"], even.tolist(), strict=True))
    return np.array([known.get(name, np.nan) for name in projects["project"]], dtype=float)
