"""The audit is not blind: a result folder broken on purpose is refused by `quota-opt verify`, which names what broke.

Most are broken the hard way: the folder holds a plan that is consistent in every table, figure and hash, but was
solved without the one rule (or bound) that its inputs now state. Nothing but that rule can catch it.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from against_brute import case_of, table

import quota_opt as qo

PLACES = "C county -\nN town C\nM town C"
FIRMS = """
    firm place grade protected_as jobs
    F1   N     D     -            30
    F2   M     A     grain        20"""
ACTIONS = """
    firm action frees_energy_tce value_added_lost cost jobs_lost earliest
    F1   close  500              10               60   30        -
    F2   close  300              10               50   20        -"""
PROJECTS = """
    project place category  energy_tce value_added divisible min_share earliest requires excludes variant_of
    A       N     strategic 300        900         no        -         -        -        -        -
    B       M     chain     400        700         no        -         -        -        -        -
    D       M     other     200        400         yes       -         -        -        -        -"""


def loose_case(**settings: Any) -> Any:
    """Both firms close in 2024, A and B start, and D gets the 200 of 800 + 100 - 700 that are left."""
    quotas = "place resource year amount\nN energy * 100"
    return case_of(
        PLACES, years=(2024, 2025), firms=FIRMS, actions=ACTIONS, projects=PROJECTS, quotas=quotas, **settings
    )


def written(case: Any, folder: Path) -> Path:
    settings, tables = case
    return Path(qo.solve(qo.Scenario.from_tables(settings, **tables), profile="exact").write(folder))


def verified(folder: Path) -> tuple[int, str]:
    """Exit code and output of `quota-opt verify DIR`, as a user gets them."""
    command = [sys.executable, "-m", "quota_opt", "--lang", "en", "verify", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=120)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(loose_case(), tmp_path_factory.mktemp("sound") / "plan")


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / name, encoding="utf-8-sig", keep_default_na=False)


def save(folder: Path, name: str, frame: pd.DataFrame) -> None:
    frame.to_csv(folder / name, index=False, encoding="utf-8-sig", lineterminator="\n")
