"""Fairness: N and M free 100 each by closing F1 and F2, at a loss of 5 and 6 a year.

P and Q in N (100 each) are worth 50 and 40, R in M (60) is worth 20. Left alone, N's projects use what M frees.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from against_brute import case_of, solved, words

import quota_opt as qo
from quota_opt.errors import InputError
from quota_opt.plan.solve import prepared
from quota_opt.rules import rules_of

FIRMS = "firm place\nF1 N\nF2 M"
ACTIONS = "firm action frees_energy_tce value_added_lost\nF1 close 100 5\nF2 close 100 6"
PROJECTS = """
    project place energy_tce value_added ramp divisible
    P       N     100        50          -    no
    Q       N     100        40          -    no
    R       M     60         20          -    no"""
FREED = "measure sense value\nenergy_freed >= 200"


def case_with(rule: dict[str, Any] | None, *, places: str = "C county -\nN town C\nM zone C", **changes: Any) -> Any:
    rules = {"fairness": rule} if rule is not None else {}
    given = {"firms": FIRMS, "actions": ACTIONS, "projects": PROJECTS, **changes}
    return case_of(places, rules=rules, **given)


def best(case: Any) -> tuple[set[str], set[str], Any]:
    """(what is done, what starts, objective) of a plan that passes its check."""
    plan = solved(*case)
    assert plan is not None
    assert qo.verify(plan).ok, qo.verify(plan).problems
    return *words(plan), plan.objective


def chosen(case: Any) -> tuple[str, str, Any]:
    done, started, objective = best(case)
    firms = " ".join(sorted(name.split(":")[0] for name in done))
    return firms, " ".join(sorted(name.split(":")[0] for name in started)), pytest.approx(objective)


ALONE = ("F1 F2", "P Q", 79.0)


@pytest.mark.parametrize(
    ("rule", "answer"),
    [
        (None, ALONE),
        ({"min_ratio": 0.5, "enabled": False}, ALONE),
        ({"min_ratio": 0.0}, ALONE),
        ({"min_ratio": 0.5}, ("F1 F2", "P R", 59.0)),  # R uses 60 of the 100 freed in M
        ({"min_ratio": 0.6}, ("F1 F2", "P R", 59.0)),
        ({"min_ratio": 0.7}, ("F1", "P", 45.0)),  # 60 are not enough: nothing may be freed in M
        ({"min_ratio": 2.1}, ("", "", 0.0)),  # P and Q would use twice what F1 frees at most
        ({"min_ratio": 0.7, "level": "county"}, ALONE),  # the county as a whole uses all it frees
        ({"min_ratio": 0.7, "level": "zone"}, ("F1", "P", 45.0)),  # M is a zone
    ],
)
def test_each_place_uses_its_share(rule: dict[str, Any] | None, answer: tuple[str, str, float]) -> None:
    assert chosen(case_with(rule)) == answer


def test_a_place_answers_for_what_lies_below_it() -> None:
    # F2 is in M, R in M's county D itself: D uses 60 of the 100 freed below it; M uses none.
    places = "G city -\nC county G\nN town C\nD county G\nM town D"
    projects = PROJECTS.replace("R       M", "R       D")
    case = case_with({"min_ratio": 0.5, "level": "county"}, places=places, projects=projects)
    assert chosen(case) == ("F1 F2", "P R", 59.0)
    assert chosen(case_with({"min_ratio": 0.5}, places=places, projects=projects)) == ("F1", "P", 45.0)


def test_every_year_counts_where_asked() -> None:
    # R uses 30 in its first year and 60 then. By 2025 it keeps the half: 100 + 40 - 10 - 12. In 2024 it does not.
    projects = PROJECTS.replace("R       M     60         20          -", "R       M     60         20          0.5;1")
    years = (2024, 2025)
    last = best(case_with({"min_ratio": 0.5}, projects=projects, years=years))
    assert last == ({"F1:close:2024", "F2:close:2024"}, {"P:2024", "R:2024"}, pytest.approx(118.0))
    each = best(case_with({"min_ratio": 0.5, "each_year": True}, projects=projects, years=years))
    assert each == ({"F1:close:2024"}, {"P:2024"}, pytest.approx(90.0))


def first_stage(plan: Any) -> float:
    stage = plan.certificate["stages"][0]
    assert stage["name"] == "fairness"
    return float(stage["objective"])


def test_the_smallest_ratio_comes_before_the_objective() -> None:
    # 200 must be freed. P and R: N at 1, M at 0.6. P and Q, worth more, leave M at 0.
    case = case_with({"maximise_smallest": True}, targets=FREED)
    assert chosen(case_with(None, targets=FREED)) == ALONE
    assert chosen(case) == ("F1 F2", "P R", 59.0)
    plan = solved(*case)
    assert plan is not None
    assert first_stage(plan) == pytest.approx(0.6)
    assert plan.measures["smallest_town_ratio"] == pytest.approx(0.6)


def test_where_nothing_must_be_freed_only_what_is_used_at_home_is() -> None:
    # F1 for P: N at 1, M frees nothing. With two fifths given up, M may free 100 for R's 60.
    assert chosen(case_with({"maximise_smallest": True})) == ("F1", "P", 45.0)
    assert chosen(case_with({"maximise_smallest": True, "tolerance": 0.401})) == ("F1 F2", "P R", 59.0)


def test_a_floor_and_the_smallest_ratio_hold_together() -> None:
    rule = {"maximise_smallest": True, "tolerance": 1.0, "min_ratio": 0.5}
    assert chosen(case_with(rule)) == ("F1 F2", "P R", 59.0)


def test_the_smallest_ratio_may_fall_between_whole_plans() -> None:
    # P takes 150 of 200; R, divisible up to 100 tce, gets the other 50: N at 1.5, M at a half. Without P, N is at 0.
    projects = PROJECTS.replace("N     100        50", "N     150        50").replace("60         20", "100        20")
    projects = "\n".join(line for line in projects.splitlines() if " Q " not in line)
    projects = projects[: projects.rindex("no")] + "yes"
    plan = solved(*case_with({"maximise_smallest": True}, projects=projects, targets=FREED))
    assert plan is not None and qo.verify(plan).ok
    assert first_stage(plan) == pytest.approx(0.5)
    assert plan.awards.set_index("project")["share"].to_dict() == {"P": 1.0, "R": pytest.approx(0.5)}


POOL = """
    project place energy_tce value_added
    K       C     100        60
    S       N     100        10
    R       M     60         5"""


def case_with_bonus(rule: dict[str, Any] | None) -> Any:
    actions = "firm action frees_energy_tce value_added_lost\nF1 close 200 1"
    settings, tables = case_with(rule, actions=actions, projects=POOL)
    tables["places"] = [{**row, **({"rating": "优秀"} if row["place"] == "M" else {})} for row in tables["places"]]
    return settings, tables


@pytest.mark.parametrize(
    ("share", "answer"),
    [
        (None, ("F1", "K S", 69.0)),  # N keeps 100, sends 100 to the pool
        (0.0, ("F1", "K S", 69.0)),
        (0.5, ("F1", "K R", 64.0)),  # for K's 100, N sends 200, of which M receives 100
        (0.6, ("F1", "R S", 14.0)),  # of 200 the pool may keep 80: K is out
    ],
)
def test_rated_places_receive_their_share_of_what_goes_up(share: float | None, answer: tuple[str, str, float]) -> None:
    rule = {"bonus": {"rating": "优秀", "share": share}} if share is not None else None
    assert chosen(case_with_bonus(rule)) == answer


def codes(case: Any) -> set[str]:
    settings, tables = case
    try:
        return {finding.code for finding in qo.check(qo.Scenario.from_tables(settings, **tables))}
    except InputError as error:
        return {finding.code for finding in error.findings}


@pytest.mark.parametrize(
    ("code", "rule", "changes"),
    [
        ("unknown-choice", {"min_ratio": 0.5, "level": "city"}, {}),
        ("no-rating", {"bonus": {"share": 0.2}}, {}),
        ("no-energy", {"min_ratio": 0.5}, {"resources": ("land",)}),
    ],
)
def test_what_cannot_be_is_found(code: str, rule: dict[str, Any], changes: dict[str, Any]) -> None:
    assert code in codes(case_with(rule, **changes))
    assert code not in codes(case_with({"min_ratio": 0.5}))


def test_a_rating_that_no_place_has_is_found() -> None:
    assert "unknown-choice" in codes(case_with_bonus({"bonus": {"rating": "良好", "share": 0.2}}))
    assert codes(case_with_bonus({"bonus": {"share": 0.2}})).isdisjoint({"unknown-choice", "no-rating"})


@pytest.mark.parametrize(
    "rule",
    [{}, {"min_ratio": -0.1}, {"maximise_smallest": True, "tolerance": 2.0}, {"bonus": {"share": 1.5}}, {"ratio": 1.0}],
)
def test_parameters_that_cannot_be_are_refused(rule: dict[str, Any]) -> None:
    settings, tables = case_with(rule)
    with pytest.raises(InputError):
        qo.solve(qo.Scenario.from_tables(settings, **tables))


def audit_under(free: Any, held: Any) -> Any:
    """The rule's audit, under the settings of `held`, of the plan that was made for `free`."""
    plan = solved(*free)
    assert plan is not None
    scenario = qo.Scenario.from_tables(held[0], **held[1])
    case, _ = prepared(scenario, rules_of(scenario.rules))
    return case.rule("fairness").audit(replace(plan.outcome, case=case))  # type: ignore[union-attr]


def test_a_plan_made_without_the_rule_is_caught() -> None:
    broken = audit_under(case_with(None), case_with({"min_ratio": 0.5}))
    assert (broken.ok, broken.worst_excess) == (False, 50.0)
    assert "M frees 100 tce by 2024 and uses 0, at least 50" in broken.texts[0].en
    assert "应不少于 50" in broken.texts[0].zh
    assert audit_under(case_with(None), case_with({"min_ratio": 0.0})).ok
    assert audit_under(case_with(None), case_with({"maximise_smallest": True})).ok


def test_a_bonus_that_was_not_given_is_caught() -> None:
    # N sends 100 to the pool, M receives nothing of its 50.
    broken = audit_under(case_with_bonus(None), case_with_bonus({"bonus": {"share": 0.5}}))
    assert (broken.ok, broken.worst_excess) == (False, 50.0)
    assert "rated places receive 0 tce" in broken.texts[0].en


def random_case(seed: int, rule: dict[str, Any]) -> tuple[Any, list[Any], list[Any]]:
    """A year of three towns: (case, actions as (town, frees, lost), projects as (town, uses, worth))."""
    draw = np.random.default_rng(seed)
    towns = ["N", "M", "Z"]
    actions = [
        (towns[draw.integers(3)], int(draw.choice([-30, 40, 70, 100])), int(draw.integers(1, 9))) for _ in "1234"
    ]
    projects = [(towns[draw.integers(3)], int(draw.integers(2, 12)) * 10, int(draw.integers(1, 60))) for _ in "12345"]
    names = [f"F{i}" for i in range(4)]
    case = case_of(
        "C county -\nN town C\nM town C\nZ zone C",
        firms="\n".join(["firm place", *(f"{n} {a[0]}" for n, a in zip(names, actions, strict=True))]),
        actions="\n".join(
            ["firm action frees_energy_tce value_added_lost"]
            + [f"{n} close {a[1]} {a[2]}" for n, a in zip(names, actions, strict=True)]
        ),
        projects="\n".join(
            ["project place energy_tce value_added", *(f"P{i} {p[0]} {p[1]} {p[2]}" for i, p in enumerate(projects))]
        ),
        targets="measure sense value\nenergy_freed >= 100",
        rules={"fairness": rule},
    )
    return case, actions, projects


def by_hand(actions: list[Any], projects: list[Any]) -> list[tuple[float, float]]:
    """(smallest ratio, at most 1, and worth) of every choice that frees 100 and uses no more than it frees."""
    found = []
    for done in itertools.product((0, 1), repeat=len(actions)):
        for started in itertools.product((0, 1), repeat=len(projects)):
            freed = {t: sum(d * a[1] for d, a in zip(done, actions, strict=True) if a[0] == t) for t in "NMZ"}
            used = {t: sum(s * p[1] for s, p in zip(started, projects, strict=True) if p[0] == t) for t in "NMZ"}
            if sum(freed.values()) < max(100, sum(used.values())):
                continue
            ratio = min([1.0, *(used[t] / freed[t] for t in "NMZ" if freed[t] > 0)])
            gained = sum(s * p[2] for s, p in zip(started, projects, strict=True))
            found.append((ratio, gained - sum(d * a[2] for d, a in zip(done, actions, strict=True))))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_random_cases_agree_with_every_choice_tried(seed: int) -> None:
    case, actions, projects = random_case(seed, {"maximise_smallest": True})
    choices, plan = by_hand(actions, projects), solved(*case)
    if not choices:
        assert plan is None
        return
    most = max(ratio for ratio, _ in choices)
    assert plan is not None and qo.verify(plan).ok
    assert first_stage(plan) == pytest.approx(most, abs=1e-6)
    assert plan.objective == pytest.approx(max(worth for ratio, worth in choices if ratio >= most - 1e-9))
    floored = solved(*random_case(seed, {"min_ratio": 0.4})[0])
    fair = [worth for ratio, worth in choices if ratio >= 0.4 - 1e-9]
    assert (floored and floored.objective) == (pytest.approx(max(fair)) if fair else None)
