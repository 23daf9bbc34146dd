"""Reports show the intensity that admission judges: by the energy that counts in the year of the start.

One MWh is 0.3 tce. P, Q, R: 1,000 tce and 1,000 MWh green (300 tce), worth 1,000: 1.0 until 2023, 0.7 from 2024. P may
start in 2024 only, Q in 2023 only, R whenever; the limit of 0.8 admits P and R, and R waits for 2024.
"""

from __future__ import annotations

import pytest
from small import FINAL, case

import quota_opt as qo
from quota_opt.report.content import gather


@pytest.mark.parametrize(
    ("enabled", "intensity", "awarded"),
    [(True, {"P": 0.7, "Q": 1.0, "R": 0.7}, {"P", "R"}), (False, {"P": 1.0, "Q": 1.0, "R": 1.0}, set())],
)
def test_projects_are_shown_by_what_counts(enabled: bool, intensity: dict[str, float], awarded: set[str]) -> None:
    same = {"place": "N1", "energy_tce": 1000, "value_added": 1000, "green_electricity_mwh": 1000}
    windows = {"P": (2024, 2024), "Q": (2023, 2023), "R": (None, None)}
    plan = qo.solve(
        case(
            first=2023,
            last=2024,
            objective=FINAL,
            settings={"factors": {"electricity_equal_value": 0.3}},
            projects=[{"project": p, **same, "earliest": a, "latest": b} for p, (a, b) in windows.items()],
            quotas=[{"place": "N1", "resource": "energy", "year": "*", "amount": 5000.0}],
            rules={"accounting": {"enabled": enabled}, "admission": {"limits": [{"value": 0.8}]}},
        ),
        profile="exact",
    )
    projects = gather(plan).projects.set_index("project")
    assert projects["intensity"].to_dict() == pytest.approx(intensity)
    assert set(plan.awards["project"]) == awarded
    assert plan.awards.set_index("project")["intensity"].to_dict() == pytest.approx(dict.fromkeys(awarded, 0.7))


def test_the_reason_is_the_limit_that_takes_the_projects_own_years() -> None:
    # The first limit bars 2023 alone, the second 2024: P, of 2024 only, is out by the second.
    limits = [{"value": 0.8, "to_year": 2023}, {"value": 0.6, "from_year": 2024}]
    plan = qo.solve(
        case(
            first=2023,
            last=2024,
            objective=FINAL,
            projects=[{"project": "P", "place": "N1", "energy_tce": 900, "value_added": 1000, "earliest": 2024}],
            quotas=[{"place": "N1", "resource": "energy", "year": "*", "amount": 5000.0}],
            rules={"admission": {"limits": limits}},
        ),
        profile="exact",
    )
    (reason,) = plan.reasons.to_dict("records")
    assert reason["figure"] == "0.9 / 0.6"
    assert "line of 0.6" in reason["text_en"]
