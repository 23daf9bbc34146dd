"""How long reading may take on a small machine."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from quota_opt.scenario import read
from quota_opt.scenario.generate import generate_case


@pytest.mark.bench
@pytest.mark.parametrize(
    ("firms", "projects", "towns", "counties", "seconds"), [(2_000, 200, 15, 1, 0.7), (200_000, 20_000, 20, 90, 10.0)]
)
def test_a_county_reads_at_once_and_a_province_in_seconds(
    tmp_path: Path, firms: int, projects: int, towns: int, counties: int, seconds: float
) -> None:
    folder = tmp_path / "case"
    generate_case(folder, firms=firms, projects=projects, towns=towns, counties=counties, years=5, seed=1)
    start = time.perf_counter()
    scenario = read(folder)
    assert time.perf_counter() - start < seconds
    assert len(scenario.firms) == firms
