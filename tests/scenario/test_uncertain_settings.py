"""`[uncertainty]` says what is uncertain; nothing is made up where it is silent, and what does not fit is refused."""

from __future__ import annotations

from typing import Any

import pytest

from quota_opt.scenario import Uncertainty, read

HEAD = '[scenario]\nname = "d"\nfirst_year = 2024\nlast_year = 2026\n'
NEED = "[uncertainty.projects.chain]\nneed = "


@pytest.mark.parametrize(
    ("text", "code", "path", "word"),
    [
        ("[uncertainty]\nsample = 10\n", "unknown-key", "uncertainty.sample", "samples"),
        ("[uncertainty.actions.closed]\n", "unknown-choice", "uncertainty.actions.closed", "close"),
        ("[uncertainty.actions.close]\nslips = 1\n", "unknown-key", "uncertainty.actions.close.slips", "slip"),
        (
            "[uncertainty.actions.close]\nslip = { probability = 1.2 }\n",
            "out-of-range",
            "uncertainty.actions.close.slip.probability",
            "at most 1",
        ),
        ("[uncertainty.recourse]\nalpha = 0.9\n", "missing-setting", "uncertainty.recourse.shortfall_cost", "Add"),
        (NEED + '{ distribution = "beta" }\n', "unknown-choice", "uncertainty.projects.chain.need.distribution", ""),
        (NEED + '{ distribution = "uniform", low = 1 }\n', "bad-setting", "uncertainty.projects.chain.need", "high"),
        (
            NEED + '{ distribution = "uniform", low = 1, high = 2, mode = 1 }\n',
            "bad-setting",
            "uncertainty.projects.chain.need",
            "low, high",
        ),
        (
            NEED + '{ distribution = "triangular", low = 1, mode = 3, high = 2 }\n',
            "bad-setting",
            "uncertainty.projects.chain.need",
            "ascending",
        ),
        (
            NEED + '{ distribution = "discrete", values = [1, 2], probabilities = [0.5, 0.4] }\n',
            "bad-setting",
            "uncertainty.projects.chain.need",
            "[0.5, 1.0]",
        ),
    ],
)
def test_what_does_not_fit_is_refused_where_it_stands(
    case: Any, findings_of: Any, text: str, code: str, path: str, word: str
) -> None:
    (found,) = findings_of(case(settings=HEAD + text))
    assert (found.code, found.where.path) == (code, path)
    assert word in found.fix.en


def test_without_the_section_nothing_is_uncertain_and_an_empty_one_is_certain_too(case: Any) -> None:
    assert read(case(settings=HEAD)).settings.uncertainty is None
    made = read(case(settings=HEAD + "[uncertainty]\nseed = 7\n")).settings.uncertainty
    assert made is not None
    assert (made.certain, made.samples, made.seed, made.correlation) == (True, 1000, 7, 0.0)


def test_a_normal_distribution_ends_three_deviations_from_its_mean_and_never_below_nothing() -> None:
    made = Uncertainty.model_validate(
        {
            "projects": {
                "chain": {"need": {"distribution": "normal", "mean": 1.0, "sd": 0.1}},
                "other": {"need": {"distribution": "normal", "mean": 1.0, "sd": 0.5, "high": 1.2}},
            }
        }
    )
    chain, other = made.projects["chain"].need, made.projects["other"].need
    assert chain is not None and other is not None
    assert chain.ends == pytest.approx((0.7, 1.3))
    assert other.ends == (0.0, 1.2)


def test_a_setting_inside_can_be_overridden_by_its_path(case: Any) -> None:
    changed = read(case()).with_(**{"uncertainty.actions.close.slip.probability": 0.25})
    made = changed.settings.uncertainty
    assert made is not None
    slip = made.actions["close"].slip
    assert slip is not None
    assert (slip.probability, slip.years) == (0.25, 1)
