"""Directives: what is laid down holds, what is barred needs `bend`, and what cannot be is said before solving.

The case is the worked example: at 0.52 the best plan closes F1 and F2 and awards P1, P2 and P4, 2,000. F1 frees 1,000
and F2 500 in N1, of which 40 % may leave; F3 frees 200 in N2. P1 (500) and P4 (100) are in N1, P2 (600) and P3 (300) in
N2; P3 is at 0.545. Gained: 1,250, 1,200, 550, 250 by P1 to P4; lost: 300, 400, 900 by F1 to F3.
"""

from __future__ import annotations

from typing import Any

import pytest
from against_brute import agree, both, case_of, neither, solved, table
from hypothesis import assume, given
from hypothesis import strategies as st
from small import case
from strategies import Drawn, drawn, examples

import quota_opt as qo
from quota_opt.errors import InfeasibleScenario, InputError, Level


def directed(variant: str = "worked-example", **directives: Any) -> qo.Scenario:
    return qo.read(variant).with_(**{"rules.directives": directives})


def decided(scenario: qo.Scenario) -> tuple[set[str], set[str], float]:
    plan = qo.solve(scenario, profile="exact")
    assert qo.verify(plan).ok
    return set(plan.actions["firm"]), set(plan.awards["project"]), pytest.approx(plan.objective)  # type: ignore[return-value]


def wrong(scenario: qo.Scenario) -> list[str]:
    return [finding.code for finding in qo.check(scenario) if finding.level is Level.ERROR]


# What is laid down


def test_a_refused_project_is_out_and_the_next_best_plan_is_made() -> None:
    # P2 and P4 with F1 and F2: 1,450 - 700 = 750; with F1 and F3: 250.
    assert decided(directed(projects=[{"project": "P1", "award": False}])) == ({"F1", "F2"}, {"P2", "P4"}, 750.0)


def test_a_kept_firm_is_left_as_it_is() -> None:
    # Without F2, F3 gives the 200 that P2 lacks: 2,700 - 1,200.
    assert decided(directed(firms=[{"firm": "F2", "action": "keep"}])) == ({"F1", "F3"}, {"P1", "P2", "P4"}, 1500.0)


@pytest.mark.parametrize("action", ["close", "any"])
def test_an_action_laid_down_is_done_though_it_costs(action: str) -> None:
    # F3 closes: F2 is no longer needed.
    assert decided(directed(firms=[{"firm": "F3", "action": action}])) == ({"F1", "F3"}, {"P1", "P2", "P4"}, 1500.0)


def test_an_award_and_an_action_fall_in_the_year_laid_down() -> None:
    plan = qo.solve(directed(projects=[{"project": "P4", "year": 2025}], firms=[{"firm": "F1", "action": "close",
                             "year": 2025}]), profile="exact")  # fmt: skip
    assert plan.awards.set_index("project")["year"]["P4"] == 2025
    assert plan.actions.set_index("firm")["year"]["F1"] == 2025
    assert plan.objective == pytest.approx(2000.0)  # the last year counts alone


def test_a_bound_on_a_measure_holds() -> None:
    # 600 tce are used by P1 and P4 (F1 closes: 1,500 - 300), or by P2 (F1 and F2: 500).
    bound = {"measure": "energy_used", "sense": "<=", "value": 600.0}
    assert decided(directed(measures=[bound])) == ({"F1"}, {"P1", "P4"}, 1200.0)
    exactly = {"measure": "firms_closed", "sense": "==", "value": 3.0}
    assert decided(directed(measures=[exactly])) == ({"F1", "F2", "F3"}, {"P1", "P2", "P4"}, 1100.0)


def test_a_bound_on_the_objective_holds() -> None:
    # Of the plans worth at most 1,600 the best is that without F2, 1,500.
    most = {"measure": "objective", "sense": "<=", "value": 1600.0}
    assert decided(directed(measures=[most])) == ({"F1", "F3"}, {"P1", "P2", "P4"}, 1500.0)
    plan = qo.solve(directed(measures=[{**most, "sense": ">=", "value": 1999.0}]), profile="exact")
    entry = next(entry for entry in plan.audit if entry.rule == "directives")
    assert entry.figures["figure"].tolist() == pytest.approx([2000.0])
    assert "目标值" in entry.headline.zh and "objective" in entry.headline.en


def test_the_objective_counts_what_rules_and_soft_targets_add() -> None:
    # Nothing is to be gained; to close F costs 3, and to miss the target of one firm closed 5. At 4 at most F closes.
    def bounded(sense: str, value: float) -> qo.Scenario:
        bound = {"measure": "objective", "sense": sense, "value": value}
        return scenario.with_(**{"rules.directives": {"measures": [bound]}})

    scenario = case(
        last=2024,
        objective={"maximise": {"value_added_final": 1.0}},
        firms=[{"firm": "F", "place": "N1", "energy_tce": 100.0}],
        actions=[{"firm": "F", "action": "close", "value_added_lost": 3.0}],
        projects=[{"project": "P", "place": "N1", "energy_tce": 900.0, "value_added": 1.0}],
        targets=[{"measure": "firms_closed", "sense": ">=", "value": 1, "kind": "soft", "penalty": 5.0}],
    )
    plan = qo.solve(bounded(">=", -4.0), profile="exact")
    assert plan.objective == pytest.approx(-3.0)
    assert qo.verify(plan).ok
    with pytest.raises(InfeasibleScenario):
        qo.solve(bounded(">=", -2.0))
    # From above it would be kept by missing the target on purpose, and more than there is to miss.
    assert wrong(bounded("<=", -4.0)) == ["objective-of-soft-targets"]


DIVISIBLE = """
    project place energy_tce value_added divisible min_share
    A       C     400        400         yes       0.25
    B       C     300        900         yes       0.25"""


def sized(**directives: Any) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """400 tce for A and B: the best is all of B and a quarter of A, 900 + 100."""
    return case_of(
        projects=DIVISIBLE,
        quotas="place resource year amount\nC energy * 400",
        objective={"maximise": {"value_added_final": 1.0}},
        rules={"directives": directives},
    )


def test_a_share_is_given_exactly() -> None:
    # Half of A is 200; two thirds of B are left: 200 + 600.
    assert both(sized(projects=[{"project": "A", "share": 0.5}]))[2] == pytest.approx(800.0)
    assert both(sized(projects=[{"project": "A"}]))[2] == pytest.approx(1000.0)


# A plan to stay near

BEFORE = {
    "projects": [{"project": name, "year": 2024} for name in ("P1", "P2", "P4")],
    "firms": [{"firm": name, "action": "close", "year": 2024} for name in ("F1", "F2")],
}


@pytest.mark.parametrize(("most", "best"), [(1, 800.0), (2, 1200.0), (5, 1200.0)])
def test_few_changes_are_made_to_the_plan_before(most: int, best: float) -> None:
    # At 0.49 P2 is out, one change: 1,500 - 700. To spare F2 is the second: 1,500 - 300, the best there is.
    stricter = directed(reference={**BEFORE, "most_changes": most}).with_(**{"rules.admission.limits.0.value": 0.49})
    plan = qo.solve(stricter, profile="exact")
    assert plan.objective == pytest.approx(best)
    assert qo.verify(plan).ok


def test_no_change_at_all_is_impossible_where_an_award_before_is_barred_now() -> None:
    reference = {**BEFORE, "most_changes": 0, "by": "council"}
    stricter = directed(reference=reference).with_(**{"rules.admission.limits.0.value": 0.49})
    with pytest.raises(InfeasibleScenario) as caught:
        qo.solve(stricter)
    assert [(c.rule, c.clause, c.amount) for c in caught.value.conflicts] == [
        ("directives", "council", pytest.approx(1.0))
    ]


def test_another_year_another_action_and_a_new_award_are_one_change_each() -> None:
    from quota_opt.rules._directing import DirectivesParameters
    from quota_opt.rules.directives import changes

    given = DirectivesParameters.model_validate(
        {
            "reference": {
                "projects": [{"project": "P1", "year": 2025}, {"project": "P2", "year": 2024}],
                "firms": [{"firm": "F1", "action": "upgrade", "year": 2024}],
                "most_changes": 9,
            }
        }
    )
    plan = qo.solve(
        directed(projects=[{"project": name, "year": 2024} for name in ("P1", "P2", "P4")]), profile="exact"
    )
    assert given.reference is not None
    # P1 is a year earlier, P4 is new; F1 closes instead, F2 as well.
    assert sorted(changes(plan.outcome, given.reference)) == ["F1", "F2", "P1", "P4"]


@pytest.mark.parametrize(("listed", "most", "best"), [(0.5, 0, 800.0), (0.5, 1, 1000.0), (None, 0, 1000.0)])
def test_another_share_is_a_change_where_the_share_is_listed(listed: float | None, most: int, best: float) -> None:
    # A at half and B at two thirds: 200 + 600. B's share is not listed, so it may become whole; A's may where allowed.
    share = {} if listed is None else {"share": listed}
    before = [{"project": "A", "year": 2024, **share}, {"project": "B", "year": 2024}]
    settings, tables = sized(reference={"projects": before, "most_changes": most})
    plan = solved(settings, tables)
    assert plan is not None and plan.objective == pytest.approx(best)
    assert qo.verify(plan).ok


# What is bent


def test_a_barred_project_is_an_error_that_names_clause_and_figure() -> None:
    scenario = directed(projects=[{"project": "P3"}]).with_(**{"rules.admission.clause": "YQ 一.5"})
    with pytest.raises(InputError) as caught:
        qo.solve(scenario)
    (finding,) = caught.value.findings
    assert finding.code == "directive-barred"
    assert "YQ 一.5" in finding.what.zh and "0.5455 / 0.52" in finding.what.zh
    assert "bend = true" in finding.fix.zh and "bend = true" in finding.fix.en


def test_a_barred_project_that_is_bent_in_takes_the_place_of_another() -> None:
    # P3 takes 300 of the 400 that may leave N1 when F1 closes: 2,050 - 300. P2 as well would need 900 in N2; all three
    # firms give 800.
    given = {"project": "P3", "bend": True, "by": "mayor", "reason": "signed"}
    scenario = directed(projects=[given])
    assert decided(scenario) == ({"F1"}, {"P1", "P3", "P4"}, 1750.0)
    audit = {entry.rule: entry for entry in qo.solve(scenario).audit}
    assert audit["admission"].ok and audit["admission"].state == "overriding"
    assert audit["admission"].overrides == ("P3",)
    assert "破例" in audit["admission"].headline.zh and "P3" in audit["admission"].headline.zh
    assert audit["directives"].state == "binding" and "mayor · signed" in audit["directives"].headline.zh


def test_what_bends_lifts_bars_in_the_year_named_alone() -> None:
    scenario = directed(projects=[{"project": "P3", "bend": True, "year": 2025}])
    plan = qo.solve(scenario, profile="exact")
    assert plan.awards.set_index("project")["year"]["P3"] == 2025


def test_a_mean_of_all_projects_is_no_bar_and_is_not_bent() -> None:
    limits = [{"value": 0.45, "scope": "portfolio"}]
    scenario = directed(projects=[{"project": "P3", "bend": True}]).with_(**{"rules.admission.limits": limits})
    # P1 and P4 (600 tce, 1,500) make room for 825 tce on 2,050 at most at 0.40: 900 is 0.439.
    assert decided(scenario) == ({"F1"}, {"P1", "P3", "P4"}, 1750.0)
    tighter = scenario.with_(**{"rules.admission.limits.0.value": 0.43})
    with pytest.raises(InfeasibleScenario):
        qo.solve(tighter)


def test_a_ratio_of_substitution_holds_for_what_is_bent_in() -> None:
    # At twice its need P3 takes 600: that is what leaves N1 when F1 and F2 close; P1 and P4: 2,050 - 700.
    limits = [{"value": 0.52}, {"value": 0.5, "action": "substitute", "ratio": 2.0}]
    scenario = directed(projects=[{"project": "P3", "bend": True}]).with_(**{"rules.admission.limits": limits})
    assert decided(scenario) == ({"F1", "F2"}, {"P1", "P3", "P4"}, 1350.0)


PLACES = "C county -\nN town C"
FIRMS = """
    firm place grade protected_as energy_tce value_added
    F1   N     A     -            500        10
    F2   N     D     grain        300        10
    F3   N     D     -            100        10"""
PROJECTS = """
    project place energy_tce value_added sector tags
    A       N     800        900         steel  two_high"""
RULES = {"listing": {"any_of": [{"grade": "D"}]}, "protection": {"protected_as": ["grain"]}}


def closing(*firms: str, bend: bool = True, **settings: Any) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """A needs 800: F1 is not listed, F2 is protected; actions come from defaults, where none are stated."""
    given = [{"firm": name, "action": "close", "bend": bend} for name in firms]
    rules = {**RULES, "directives": {"firms": given}}
    return case_of(PLACES, firms=FIRMS, projects=PROJECTS, rules=rules, actions=settings.pop("rows", ""), **settings)


ROWS = "firm action\nF1 close\nF2 close\nF3 close"


@pytest.mark.parametrize("rows", [ROWS, ""], ids=["stated", "derived"])
def test_a_firm_off_the_list_and_a_protected_one_are_closed_where_that_is_bent(rows: str) -> None:
    settings, tables = closing("F1", "F2", rows=rows)
    if not rows:
        settings["actions"] = {"close": {}}
    done, started, best = both((settings, tables))
    assert (done, started, best) == ({"F1:close:2024", "F2:close:2024"}, {"A:2024"}, pytest.approx(880.0))
    plan = solved(settings, tables)
    assert plan is not None
    audit = {entry.rule: entry for entry in plan.audit}
    assert audit["listing"].overrides == ("F1",)
    assert "F2" in audit["protection"].overrides and audit["protection"].ok


def test_a_firm_off_the_list_without_an_action_is_an_error_that_says_how_to_bend() -> None:
    settings, tables = closing("F1", bend=False)
    settings["actions"] = {"close": {}}
    (finding,) = qo.check(qo.Scenario.from_tables(settings, **tables))
    assert finding.code == "no-such-action" and "bend = true" in finding.fix.zh


def test_a_two_high_project_is_let_pass() -> None:
    settings, tables = closing("F1", "F2", rows=ROWS)
    settings["rules"]["two_high"] = {"reject_above": 500.0}
    assert neither_or_idle(settings, tables)
    settings["rules"]["directives"]["projects"] = [{"project": "A", "bend": True}]
    assert both((settings, tables))[1] == {"A:2024"}
    plan = solved(settings, tables)
    assert plan is not None
    assert {entry.rule: entry.overrides for entry in plan.audit}["two_high"] == ("A",)


def neither_or_idle(settings: dict[str, Any], tables: dict[str, list[dict[str, Any]]]) -> bool:
    plan = solved(settings, tables)
    return plan is not None and plan.awards.empty


def test_a_duty_to_treat_a_firm_is_no_bar() -> None:
    settings, tables = closing(rows=ROWS)
    settings["rules"] = {
        "one_treatment": {},
        "listing": RULES["listing"],
        "directives": {"firms": [{"firm": "F3", "action": "keep"}]},
    }
    assert neither((settings, tables))


# What cannot be

ONE = {"project": "P1"}
UNSOUND: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a project nobody knows": ({"projects": [{"project": "P9"}]}, ["unknown-project"]),
    "a firm nobody knows": ({"firms": [{"firm": "F9", "action": "keep"}]}, ["unknown-firm"]),
    "a measure nobody knows": (
        {"measures": [{"measure": "glory", "sense": ">=", "value": 1.0}]},
        ["unknown-measure"],
    ),
    "a measure without a form": (
        {"measures": [{"measure": "smallest_town_ratio", "sense": ">=", "value": 1.0}]},
        ["measure-not-linear"],
    ),
    "a year outside": ({"projects": [{**ONE, "year": 2031}]}, ["year-outside-horizon"]),
    "a firm's year outside": (
        {"firms": [{"firm": "F1", "action": "close", "year": 2020}]},
        ["year-outside-horizon"],
    ),
    "in and out": ({"projects": [ONE, {**ONE, "award": False}]}, ["contradictory-directives"]),
    "closed and kept": (
        {"firms": [{"firm": "F1", "action": "close"}, {"firm": "F1", "action": "keep"}]},
        ["contradictory-directives"],
    ),
    "more than there may be": (
        {
            "measures": [
                {"measure": "tax", "sense": ">=", "value": 2.0},
                {"measure": "tax", "sense": "<=", "value": 1.0},
            ]
        },
        ["contradictory-directives"],
    ),
    "half of what is indivisible": ({"projects": [{**ONE, "share": 0.5}]}, ["share-of-indivisible"]),
    "an action a firm does not have": ({"firms": [{"firm": "F1", "action": "merge"}]}, ["no-such-action"]),
    "a reference of somebody nobody knows": (
        {
            "reference": {
                "projects": [{"project": "P9", "year": 2024}],
                "firms": [{"firm": "F1", "action": "relocate", "year": 2031}],
                "most_changes": 1,
            }
        },
        ["unknown-project", "year-outside-horizon"],
    ),
    "a refusal with a share": ({"projects": [{**ONE, "award": False, "share": 0.5}]}, ["bad-setting"]),
    "keeping with bend": ({"firms": [{"firm": "F1", "action": "keep", "bend": True}]}, ["bad-setting"]),
    "keeping in a year": ({"firms": [{"firm": "F1", "action": "keep", "year": 2024}]}, ["bad-setting"]),
}


@pytest.mark.parametrize("name", UNSOUND)
def test_what_cannot_be_is_said_before_solving(name: str) -> None:
    directives, expected = UNSOUND[name]
    try:
        found = wrong(directed(**directives))
    except InputError as error:
        found = [finding.code for finding in error.findings]
    assert found == expected


def test_projects_that_cannot_go_together_are_not_laid_down_together() -> None:
    rows = """
        project place energy_tce value_added excludes requires variant_of earliest
        A       C     1          1           B        -        -          2025
        B       C     1          1           -        D        G          -
        D       C     1          1           -        -        G          -"""

    def found(*projects: dict[str, Any]) -> list[str]:
        settings, tables = case_of(
            projects=rows, years=(2024, 2025), rules={"directives": {"projects": list(projects)}}
        )
        return wrong(qo.Scenario.from_tables(settings, **tables))

    assert found({"project": "A"}, {"project": "B"}) == ["contradictory-directives"]
    assert found({"project": "B"}, {"project": "D"}) == ["contradictory-directives"]
    assert found({"project": "B"}, {"project": "D", "award": False}) == ["contradictory-directives"]
    assert found({"project": "A", "year": 2024}) == ["directive-outside-window"]
    assert found({"project": "A", "year": 2025}) == []


def test_a_share_below_the_least_is_an_error_and_an_award_of_no_size_a_warning() -> None:
    settings, tables = sized(projects=[{"project": "A", "share": 0.2}])
    assert wrong(qo.Scenario.from_tables(settings, **tables)) == ["share-below-least"]
    tables["projects"][0]["min_share"] = 0.0
    settings["rules"]["directives"]["projects"] = [{"project": "A"}]
    (finding,) = qo.check(qo.Scenario.from_tables(settings, **tables))
    assert (finding.level, finding.code) == (Level.WARNING, "award-without-size")


def test_there_is_no_one_objective_to_bound_where_there_are_several() -> None:
    bound = [{"measure": "objective", "sense": ">=", "value": 1.0}]
    order = [{"measure": "tax", "sense": "max"}, {"measure": "investment", "sense": "max"}]
    settings, tables = case_of(
        projects=DIVISIBLE,
        objective={"form": "lexicographic", "order": order},
        rules={"directives": {"measures": bound}},
    )
    assert wrong(qo.Scenario.from_tables(settings, **tables)) == ["objective-of-stages"]


def test_what_no_clause_bars_needs_no_bending_and_that_is_said() -> None:
    (finding,) = qo.check(directed(projects=[{**ONE, "bend": True}]))
    assert (finding.level, finding.code) == (Level.INFO, "nothing-to-bend")


def test_directives_that_leave_no_plan_are_named_in_the_clash() -> None:
    kept = [{"firm": name, "action": "keep", "by": "mayor", "reason": "jobs"} for name in ("F1", "F2", "F3")]
    with pytest.raises(InfeasibleScenario) as caught:
        qo.solve(directed(projects=[{**ONE, "by": "council"}], firms=kept))
    named = {(c.rule, c.clause) for c in caught.value.conflicts}
    assert named & {("directives", "council"), ("directives", "mayor · jobs")} or {c[0] for c in named} == {"pool"}


# In random cases


@given(drawn(must=("listing", "protection"), without=("directives",)), st.data())
@examples(8)
def test_an_action_bent_in_is_done_as_trying_everything_does_it(drawn_case: Drawn, data: st.DataObject) -> None:
    settings, tables = drawn_case.settings, drawn_case.tables
    assume(tables.get("firms"))
    years = range(settings["scenario"]["first_year"], settings["scenario"]["last_year"] + 1)
    firms = [firm["firm"] for firm in tables["firms"]]
    kinds = [(firm, kind, {}) for firm in firms for kind in settings["actions"]]
    if "actions" in tables:
        kinds = [(row["firm"], row["action"], row) for row in tables["actions"]]
    kinds = [k for k in kinds if any(k[2].get("earliest", y) <= y <= k[2].get("latest", y) for y in years)]
    assume(kinds)
    firm, kind, _ = data.draw(st.sampled_from(kinds))
    settings["rules"]["directives"] = {"firms": [{"firm": firm, "action": kind, "bend": True}]}
    agree(settings, tables)


def test_every_option_of_the_tables_is_a_cell_of_these() -> None:
    # Kinds of action besides those above: "rebuild" and "upgrade" are laid down alike.
    for kind in ("upgrade", "rebuild", "merge", "relocate"):
        rows = table("firm action\nF1 " + kind)
        settings, tables = closing(rows="firm action\nF1 close")
        settings["rules"] = {"directives": {"firms": [{"firm": "F1", "action": kind}]}}
        tables["actions"] = [{**rows[0], "frees_energy_tce": 800.0}]
        assert both((settings, tables))[:2] == ({f"F1:{kind}:2024"}, {"A:2024"})
